//! The closed vocabulary of sheets: every fixed phrase, in one table, one column for each surface.
//!
//! The parser knows phrases, never words of a language: a further surface is a further column in [`super::surface`] and
//! nothing elsewhere. Blanks between the words of a phrase are free.

use super::surface::{self, TABLE};
use crate::model::Action;

/// A surface of the language. The tree, and so the digest, is the same in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

impl Language {
    /// Every surface, in the order of the columns.
    pub const ALL: [Self; 2] = [Self::En, Self::Fr];

    /// The code of ISO 639-1.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }

    /// The language of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// What stands between the items of a list that have commas, with the blanks around it that the language has.
    pub const fn semicolon(self) -> &'static str {
        match self {
            Self::En => "; ",
            Self::Fr => " ; ",
        }
    }
}

/// A fixed phrase of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Phrase {
    Policy,
    Pack,
    Version,
    Owner,
    ReviewBefore,
    Home,
    WithOverseas,
    Labels,
    LabelSays,
    Brings,
    Lowers,
    IssuedBy,
    UsePack,
    Group,
    OfApps,
    AllowBackends,
    AllowHosted,
    AllowValues,
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
    ForRule,
    ApprovedBy,
    Because,
    When,
    Unless,
    FromDate,
    UntilDate,
    OnBackends,
    OnlyBackends,
    NeverBackends,
    PreferBackends,
    Must,
    Have,
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
    Level,
    WithTransferBasis,
    WithContract,
    KeysOurs,
    Attested,
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
    LeakHistoryAtLeast,
    AppIs,
    AppInGroup,
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
    LeakHistory,
    Residence,
    Minors,
    UnreadableField,
    AReference,
    HostedTool,
}

use Phrase as P;

impl Phrase {
    /// The phrase as written in a sheet of a language.
    pub(super) fn surface(self, language: Language) -> &'static str {
        self.row().and_then(|(_, surfaces, _)| surface::column(surfaces, language)).unwrap_or_default()
    }

    /// An action as a sheet says it.
    pub(super) const fn of(action: Action) -> Self {
        match action {
            Action::Keep => Self::Keep,
            Action::Generalise => Self::Generalise,
            Action::Pseudonymise => Self::Pseudonymise,
            Action::PseudonymiseUnlinkably => Self::PseudonymiseUnlinkably,
            Action::Redact => Self::Redact,
            Action::Drop => Self::Drop,
            Action::Block => Self::Block,
        }
    }

    /// What it means, in a few words; empty for a phrase that no fault offers.
    pub(super) fn meaning(self, language: Language) -> &'static str {
        self.row().and_then(|(_, _, meanings)| surface::column(meanings, language)).unwrap_or_default()
    }

    /// Its row: rows stand in the order of the phrases, since a sheet is read by looking many of them up at each word.
    fn row(self) -> Option<&'static surface::Row> {
        TABLE.get(self as usize)
    }

    /// Its words.
    pub(super) fn words(self, language: Language) -> impl Iterator<Item = &'static str> {
        self.surface(language).split(' ')
    }
}

/// Every phrase.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = Phrase> {
    TABLE.iter().map(|(phrase, ..)| *phrase)
}

/// Phrases that begin a statement.
pub(super) const STATEMENTS: &[Phrase] = &[
    P::Policy,
    P::Pack,
    P::Home,
    P::Labels,
    P::LabelSays,
    P::UsePack,
    P::Group,
    P::AllowBackends,
    P::AllowHosted,
    P::AllowValues,
    P::Rule,
    P::FallBack,
    P::Scenario,
    P::Exception,
];

/// Parts of a header.
pub(super) const HEADER: &[Phrase] = &[P::Version, P::Owner, P::ReviewBefore];

/// Phrases that begin a clause of a rule.
pub(super) const CLAUSES: &[Phrase] = &[
    P::Because,
    P::When,
    P::Unless,
    P::FromDate,
    P::UntilDate,
    P::OnBackends,
    P::OnlyBackends,
    P::NeverBackends,
    P::PreferBackends,
    P::Must,
    P::Keep,
];

/// Phrases that begin a part of an exception.
pub(super) const EXCEPTION_PARTS: &[Phrase] = &[P::ForRule, P::Because, P::When, P::UntilDate, P::ApprovedBy];

/// Phrases that narrow an `allow` or a `fall back`.
pub(super) const GATES: &[Phrase] = &[P::When, P::Unless, P::FromDate, P::UntilDate];

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
    P::WithContract,
    P::KeysOurs,
    P::Attested,
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
    P::LeakHistoryAtLeast,
    P::AppIs,
    P::AppInGroup,
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

/// What a scenario expects of a backend.
pub(super) const OUTCOMES: [Phrase; 2] = [P::Refused, P::Allowed];

/// Phrases that begin one of the things a scenario gives.
pub(super) const GIVENS: &[Phrase] = &[
    P::Nothing,
    P::Data,
    P::App,
    P::Tenant,
    P::Role,
    P::Purpose,
    P::LeakScore,
    P::LeakHistory,
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
    fn every_listed_phrase_has_a_surface_and_a_meaning_in_every_language() {
        let lists = [STATEMENTS, CLAUSES, PREDICATES, CONDITIONS, DUTIES, GIVENS, EXCEPTION_PARTS, GATES];
        for phrase in lists.into_iter().flatten() {
            for language in Language::ALL {
                assert!(!phrase.surface(language).is_empty(), "{phrase:?}");
                assert!(!phrase.meaning(language).is_empty(), "{phrase:?}");
            }
        }
    }

    #[test]
    fn rows_stand_in_the_order_of_the_phrases() {
        for (at, (phrase, ..)) in TABLE.iter().enumerate() {
            assert_eq!(*phrase as usize, at, "{phrase:?}");
        }
    }

    #[test]
    fn no_surface_is_written_twice() {
        for language in Language::ALL {
            let mut surfaces: Vec<_> = all().map(|phrase| phrase.surface(language)).collect();
            surfaces.sort_unstable();
            let mut once = surfaces.clone();
            once.dedup();
            assert_eq!(once, surfaces, "{language:?}");
        }
    }
}
