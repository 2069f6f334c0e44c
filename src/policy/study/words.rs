//! What a sheet asks, of a request and of a backend, and what it does, in the words of its language.

use super::super::in_quotes::as_written;
use super::super::phrase::Phrase;
use super::super::reference::Countries;
use super::super::resolved::{Atom, Condition, Predicate, Quality, What};
use super::super::text::say;
use super::super::tree::Expr;
use super::{Study, sentence};
use crate::model::{Action, Country, Word};

impl Study {
    /// An atom as a sheet says it.
    pub(super) fn said(&self, atom: &Atom) -> String {
        let said = |phrase: Phrase| phrase.surface(self.language).to_owned();
        let what = |what: &What| match what {
            What::Class(class) => sentence::class_name(*class, &self.catalogue, self.language),
            What::Type(entity) => self.type_name(*entity),
        };
        match atom {
            Atom::Includes { what: asked, at_least: 1, confidence: 0 } => {
                format!("{} {}", said(Phrase::DataIncludes), what(asked))
            }
            Atom::Includes { what: asked, at_least, confidence: 0 } => {
                format!("{} {} {at_least} {}", said(Phrase::DataIncludes), said(Phrase::AtLeast), what(asked))
            }
            Atom::Includes { what: asked, confidence, .. } => {
                let (includes, at_least) = (said(Phrase::DataIncludes), said(Phrase::ConfidenceAtLeast));
                format!("{includes} {} {at_least} {confidence}", what(asked))
            }
            Atom::HealthOfAPerson => format!("{} {}", said(Phrase::DataIncludes), said(Phrase::HealthOfAPerson)),
            Atom::Still(asked) => format!("{} {}", said(Phrase::DataStillIncludes), what(asked)),
            Atom::Label(labels) => format!("{} {}", said(Phrase::LabelIs), quoted(labels)),
            Atom::LeakAtLeast(score) => format!("{} {score}", said(Phrase::LeakAtLeast)),
            Atom::LeakHistoryAtLeast(score) => format!("{} {score}", said(Phrase::LeakHistoryAtLeast)),
            Atom::App(word) => format!("{} \"{word}\"", said(Phrase::AppIs)),
            Atom::Group(words) if words.is_empty() => say!("app in a group that no sheet names").said(self.language),
            Atom::Group(words) => format!("{} {}", said(Phrase::AppIs), quoted(words)),
            Atom::Tenant(word) => format!("{} \"{word}\"", said(Phrase::TenantIs)),
            Atom::Role(word) => format!("{} \"{word}\"", said(Phrase::RoleIs)),
            Atom::Purpose(word) => format!("{} \"{word}\"", said(Phrase::PurposeIs)),
            Atom::Residence(countries) => format!("{} {}", said(Phrase::ResidenceIn), codes(countries)),
            Atom::Minors => said(Phrase::MinorsConcerned),
            Atom::ScanIncomplete => said(Phrase::ScanIncomplete),
            Atom::Unreadable => said(Phrase::FieldUnreadable),
            Atom::Reference => said(Phrase::ReferenceIncluded),
            Atom::Hosted => said(Phrase::HostedUsed),
        }
    }

    /// The atoms of a part of a condition, each as the part asks for it: with `not` where it stands under one.
    pub(super) fn asked(&self, part: &Condition) -> String {
        let mut words = Vec::new();
        part.visit(true, &mut |atom, positive| {
            let not = if positive { String::new() } else { format!("{} ", Phrase::Not.surface(self.language)) };
            words.push(format!("{not}{}", self.said(atom)));
        });
        words.join(", ")
    }

    /// A predicate as a sheet says it.
    pub(super) fn said_of_backends(&self, predicate: &Predicate) -> String {
        let joined = |parts: &[Predicate], by: Phrase| {
            let inner = |part: &Predicate| match part {
                Expr::All(_) | Expr::Any(_) => format!("({})", self.said_of_backends(part)),
                _ => self.said_of_backends(part),
            };
            parts.iter().map(inner).collect::<Vec<_>>().join(&format!(" {} ", by.surface(self.language)))
        };
        match predicate {
            Expr::Is(quality) => self.quality(quality),
            Expr::Not(inner) => match &**inner {
                Expr::Is(Quality::LocatedIn(area)) => self.of_area(Phrase::LocatedOutside, area),
                _ => format!("{} ({})", Phrase::Not.surface(self.language), self.said_of_backends(inner)),
            },
            Expr::All(parts) => joined(parts, Phrase::And),
            Expr::Any(parts) => joined(parts, Phrase::Or),
        }
    }

    fn quality(&self, quality: &Quality) -> String {
        let said = |phrase: Phrase| phrase.surface(self.language).to_owned();
        match quality {
            Quality::OnPremises => said(Phrase::OnPremises),
            Quality::Domestic => said(Phrase::Domestic),
            Quality::LocatedIn(area) => self.of_area(Phrase::LocatedIn, area),
            Quality::ControlledFrom(area) => self.of_area(Phrase::ControlledFrom, area),
            Quality::ExposedTo(regime) => format!("{} {regime}", said(Phrase::ExposedTo)),
            Quality::Certified { scheme, level: None } => format!("{} {scheme}", said(Phrase::Certified)),
            Quality::Certified { scheme, level: Some(level) } => {
                format!("{} {scheme} {} {level}", said(Phrase::Certified), said(Phrase::Level))
            }
            Quality::TransferBasis => said(Phrase::WithTransferBasis),
            Quality::Contract => said(Phrase::WithContract),
            Quality::KeysOurs => said(Phrase::KeysOurs),
            Quality::Attested => said(Phrase::Attested),
            Quality::RetentionNone => said(Phrase::RetentionNone),
            Quality::TrainingNever => said(Phrase::TrainingNever),
            Quality::Named(name) => format!("{} {}", said(Phrase::Named), as_written(name.as_str())),
        }
    }

    /// `located in EEA`: the name that an area has, or else the codes of its countries.
    fn of_area(&self, phrase: Phrase, area: &Countries) -> String {
        let said = |phrase: Phrase| phrase.surface(self.language).to_owned();
        let world = &self.gathered.world;
        let named = if *area == world.eea {
            said(Phrase::Eea)
        } else if *area == world.reference.eu() {
            said(Phrase::Eu)
        } else if area.len() > 1 {
            format!("{} {}", said(Phrase::AnyOf), codes(area))
        } else {
            codes(area)
        };
        format!("{} {named}", said(phrase))
    }

    /// An action as a sheet says it.
    pub(super) fn done(&self, action: Action) -> String {
        Phrase::of(action).surface(self.language).to_owned()
    }
}

fn codes<'a>(countries: impl IntoIterator<Item = &'a Country>) -> String {
    countries.into_iter().map(Country::as_str).collect::<Vec<_>>().join(", ")
}

fn quoted(words: &[Word]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}
