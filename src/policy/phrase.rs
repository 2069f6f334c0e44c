//! The closed vocabulary of sheets: every fixed phrase, in one table, one column for each surface.
//!
//! The parser knows phrases, never words of a language: a second surface is a second column here and nothing elsewhere.
//! Blanks between the words of a phrase are free.

/// A fixed phrase of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phrase {
    Policy,
    Pack,
    Version,
    Owner,
    ReviewBefore,
    Home,
    WithOverseas,
    Labels,
    UsePack,
    AllowBackends,
    AllowHosted,
    At,
    Rule,
    FallBack,
    OrAfter,
    Seconds,
    Milliseconds,
    OfWaiting,
    Scenario,
    Given,
    Then,
    Refused,
    Allowed,
    Exception,
    Because,
    When,
    Unless,
    OnBackends,
    OnlyBackends,
    NeverBackends,
    PreferBackends,
    Must,
    Keep,
    And,
    Or,
    Not,
    AnyOf,
    AllOf,
    Generalise,
    Pseudonymise,
    PseudonymiseUnlinkably,
    Redact,
    Drop,
    Block,
    LogSealed,
    Approval,
    OnPremises,
    Domestic,
    LocatedIn,
    LocatedOutside,
    ControlledFrom,
    ExposedTo,
    Certified,
    WithTransferBasis,
    RetentionNone,
    TrainingNever,
    Named,
    Eea,
    Eu,
    DataIncludes,
    DataStillIncludes,
    StillIncludes,
    AtLeast,
    With,
    ConfidenceAtLeast,
    HealthOfAPerson,
    LabelIs,
    LabelAtLeast,
    LeakAtLeast,
    AppIs,
    TenantIs,
    RoleIs,
    PurposeIs,
    ResidenceIn,
    MinorsConcerned,
    ScanIncomplete,
    FieldUnreadable,
    ReferenceIncluded,
    HostedUsed,
    Nothing,
    Data,
    App,
    Tenant,
    Role,
    Purpose,
    Label,
    LeakScore,
    Residence,
    Minors,
    UnreadableField,
    AReference,
    HostedTool,
}

use Phrase as P;

/// Every phrase with its English surface.
const TABLE: &[(Phrase, &str)] = &[
    (P::Policy, "policy"),
    (P::Pack, "pack"),
    (P::Version, "version"),
    (P::Owner, "owner"),
    (P::ReviewBefore, "review before"),
    (P::Home, "home"),
    (P::WithOverseas, "with overseas"),
    (P::Labels, "labels"),
    (P::UsePack, "use pack"),
    (P::AllowBackends, "allow backends"),
    (P::AllowHosted, "allow hosted tool"),
    (P::At, "at"),
    (P::Rule, "rule"),
    (P::FallBack, "fall back if unavailable"),
    (P::OrAfter, "or after"),
    (P::Seconds, "s"),
    (P::Milliseconds, "ms"),
    (P::OfWaiting, "of waiting"),
    (P::Scenario, "scenario"),
    (P::Given, "given"),
    (P::Then, "then"),
    (P::Refused, "refused"),
    (P::Allowed, "allowed"),
    (P::Exception, "exception"),
    (P::Because, "because"),
    (P::When, "when"),
    (P::Unless, "unless"),
    (P::OnBackends, "on backends"),
    (P::OnlyBackends, "only backends"),
    (P::NeverBackends, "never backends"),
    (P::PreferBackends, "prefer backends"),
    (P::Must, "must"),
    (P::Keep, "keep"),
    (P::And, "and"),
    (P::Or, "or"),
    (P::Not, "not"),
    (P::AnyOf, "any of"),
    (P::AllOf, "all of"),
    (P::Generalise, "generalise"),
    (P::Pseudonymise, "pseudonymise"),
    (P::PseudonymiseUnlinkably, "pseudonymise unlinkably"),
    (P::Redact, "redact"),
    (P::Drop, "drop"),
    (P::Block, "block"),
    (P::LogSealed, "log sealed"),
    (P::Approval, "approval"),
    (P::OnPremises, "on premises"),
    (P::Domestic, "domestic"),
    (P::LocatedIn, "located in"),
    (P::LocatedOutside, "located outside"),
    (P::ControlledFrom, "controlled from"),
    (P::ExposedTo, "exposed to"),
    (P::Certified, "certified"),
    (P::WithTransferBasis, "with transfer basis"),
    (P::RetentionNone, "retention none"),
    (P::TrainingNever, "training never"),
    (P::Named, "named"),
    (P::Eea, "EEA"),
    (P::Eu, "EU"),
    (P::DataIncludes, "data includes"),
    (P::DataStillIncludes, "data still includes identified"),
    (P::StillIncludes, "still includes identified"),
    (P::AtLeast, "at least"),
    (P::With, "with"),
    (P::ConfidenceAtLeast, "confidence at least"),
    (P::HealthOfAPerson, "health of a person"),
    (P::LabelIs, "label is"),
    (P::LabelAtLeast, "label at least"),
    (P::LeakAtLeast, "leak score at least"),
    (P::AppIs, "app is"),
    (P::TenantIs, "tenant is"),
    (P::RoleIs, "role is"),
    (P::PurposeIs, "purpose is"),
    (P::ResidenceIn, "residence in"),
    (P::MinorsConcerned, "minors are concerned"),
    (P::ScanIncomplete, "scan incomplete"),
    (P::FieldUnreadable, "a field is unreadable"),
    (P::ReferenceIncluded, "a reference is included"),
    (P::HostedUsed, "a hosted tool is used"),
    (P::Nothing, "nothing"),
    (P::Data, "data"),
    (P::App, "app"),
    (P::Tenant, "tenant"),
    (P::Role, "role"),
    (P::Purpose, "purpose"),
    (P::Label, "label"),
    (P::LeakScore, "leak score"),
    (P::Residence, "residence"),
    (P::Minors, "minors"),
    (P::UnreadableField, "an unreadable field"),
    (P::AReference, "a reference"),
    (P::HostedTool, "hosted tool"),
];

impl Phrase {
    /// The phrase as written in a sheet.
    pub(super) fn surface(self) -> &'static str {
        TABLE.iter().find(|(phrase, _)| *phrase == self).map_or("", |(_, surface)| surface)
    }

    /// Its words.
    pub(super) fn words(self) -> impl Iterator<Item = &'static str> {
        self.surface().split(' ')
    }
}

/// Every phrase.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = Phrase> {
    TABLE.iter().map(|(phrase, _)| *phrase)
}

/// Phrases that begin a statement.
pub(super) const STATEMENTS: &[Phrase] = &[
    P::Policy,
    P::Pack,
    P::Home,
    P::Labels,
    P::UsePack,
    P::AllowBackends,
    P::AllowHosted,
    P::Rule,
    P::FallBack,
    P::Scenario,
    P::Exception,
];

/// Phrases that begin a clause of a rule.
pub(super) const CLAUSES: &[Phrase] = &[
    P::Because,
    P::When,
    P::Unless,
    P::OnBackends,
    P::OnlyBackends,
    P::NeverBackends,
    P::PreferBackends,
    P::Must,
    P::Keep,
];

/// Phrases that begin a predicate on backends.
pub(super) const PREDICATES: &[Phrase] = &[
    P::OnPremises,
    P::Domestic,
    P::LocatedIn,
    P::LocatedOutside,
    P::ControlledFrom,
    P::ExposedTo,
    P::Certified,
    P::WithTransferBasis,
    P::RetentionNone,
    P::TrainingNever,
    P::Named,
];

/// Phrases that begin a condition on requests.
pub(super) const CONDITIONS: &[Phrase] = &[
    P::DataIncludes,
    P::DataStillIncludes,
    P::StillIncludes,
    P::LabelIs,
    P::LabelAtLeast,
    P::LeakAtLeast,
    P::AppIs,
    P::TenantIs,
    P::RoleIs,
    P::PurposeIs,
    P::ResidenceIn,
    P::MinorsConcerned,
    P::ScanIncomplete,
    P::FieldUnreadable,
    P::ReferenceIncluded,
    P::HostedUsed,
];

/// Phrases that begin a duty.
pub(super) const DUTIES: &[Phrase] =
    &[P::PseudonymiseUnlinkably, P::Pseudonymise, P::Generalise, P::Redact, P::Drop, P::Block, P::LogSealed];

/// Phrases that begin one of the things a scenario gives.
pub(super) const GIVENS: &[Phrase] = &[
    P::Nothing,
    P::Data,
    P::App,
    P::Tenant,
    P::Role,
    P::Purpose,
    P::LeakScore,
    P::Label,
    P::Residence,
    P::Minors,
    P::ScanIncomplete,
    P::UnreadableField,
    P::AReference,
    P::HostedTool,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_phrase_has_a_surface() {
        let lists = [STATEMENTS, CLAUSES, PREDICATES, CONDITIONS, DUTIES, GIVENS];
        for phrase in lists.into_iter().flatten() {
            assert!(!phrase.surface().is_empty(), "{phrase:?}");
        }
    }

    #[test]
    fn no_surface_is_written_twice() {
        let mut surfaces: Vec<_> = TABLE.iter().map(|(_, surface)| surface).collect();
        surfaces.sort_unstable();
        surfaces.dedup();
        assert_eq!(surfaces.len(), TABLE.len());
    }
}
