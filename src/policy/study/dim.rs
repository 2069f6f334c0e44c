//! One independent part of a request, and the values that a policy can tell apart.

use std::collections::BTreeSet;

use super::super::phrase::Phrase;
use super::super::resolved::{Atom, What};
use super::super::text::{Part, Text, say};
use super::space::Space;
use crate::model::finding::{POSSIBLY, SURELY};
use crate::model::{Certainty, ClassSet, Country, EntityId, Facts, LabelFact, LeakFact, ScanStatus, TypeFact, Word};

/// One independent part of a request. Value 0 is the quiet one: absent, unnamed, complete.
#[derive(Debug, Clone)]
pub(super) enum Dim {
    Label(Vec<LabelFact>),
    Leak(Vec<LeakFact>),
    History(Vec<LeakFact>),
    App(Vec<Word>),
    Tenant(Vec<Word>),
    /// Each with whether it is declared with the request and is not the registered one.
    Purpose(Vec<Option<(Word, bool)>>),
    Role(Word),
    Resident(Country),
    Minors,
    Scan,
    Unreadable,
    Reference,
    Hosted(Vec<Option<(Word, Option<Word>)>>),
    Health,
    Type(EntityId, Vec<Option<TypeFact>>),
    /// A class that is told, with all that it implies; and whether it may also be suspected, as where a protected document is near.
    Declared(ClassSet, bool),
}

impl Dim {
    /// How many values it has.
    pub(super) fn values(&self) -> usize {
        match self {
            Self::Label(values) => values.len(),
            Self::Leak(values) | Self::History(values) => values.len(),
            Self::App(values) | Self::Tenant(values) => values.len(),
            Self::Purpose(values) => values.len(),
            Self::Hosted(values) => values.len(),
            Self::Type(_, values) => values.len(),
            Self::Health | Self::Declared(_, true) => 3,
            _ => 2,
        }
    }

    /// Writes a value into a request.
    pub(super) fn set(&self, value: usize, facts: &mut Facts) {
        let on = value > 0;
        match self {
            Self::Label(values) => facts.label = values.get(value).cloned().unwrap_or_default(),
            Self::Leak(values) => facts.leak = values.get(value).copied().unwrap_or(LeakFact::Score(0)),
            Self::History(values) => {
                facts.leak_history = values.get(value).copied().unwrap_or(LeakFact::Score(0));
            }
            Self::App(values) => facts.app = values.get(value).cloned().unwrap_or(Word::UNKNOWN),
            Self::Tenant(values) => facts.tenant = values.get(value).cloned().unwrap_or(Word::UNKNOWN),
            Self::Purpose(values) => {
                let purpose = values.get(value).cloned().flatten();
                facts.purpose_declared = purpose.as_ref().is_some_and(|(_, declared)| *declared);
                facts.purpose = purpose.map(|(purpose, _)| purpose);
            }
            Self::Role(role) if on => facts.roles.push(role.clone()),
            Self::Resident(country) if on => facts.residence.push(*country),
            Self::Minors => facts.minors = on,
            Self::Scan => facts.scan = if on { ScanStatus::Partial } else { ScanStatus::Complete },
            Self::Unreadable => facts.unreadable = on,
            Self::Reference => facts.reference = on,
            Self::Hosted(values) => facts.hosted = values.get(value).cloned().flatten().into_iter().collect(),
            Self::Health => {
                facts.health_of_a_person = match value {
                    0 => Certainty::FALSE,
                    1 => Certainty::TRUE,
                    _ => Certainty::UNKNOWN,
                }
            }
            Self::Type(_, values) => facts.types.extend(values.get(value).copied().flatten()),
            Self::Declared(classes, _) => match value {
                0 => {}
                1 => facts.declared = facts.declared.union(*classes),
                _ => facts.suspected = facts.suspected.union(*classes),
            },
            Self::Role(_) | Self::Resident(_) => {}
        }
    }

    /// Writes the most that it can add, for what grows with it.
    pub(super) fn most(&self, facts: &mut Facts) {
        match self {
            Self::Leak(_) => facts.leak = LeakFact::Score(1_000),
            Self::History(_) => facts.leak_history = LeakFact::Score(1_000),
            Self::Health => facts.health_of_a_person = Certainty::TRUE,
            Self::Type(entity, values) => {
                let most = values.iter().flatten().map(|fact| fact.possibly).max().unwrap_or(1);
                facts.types.push(TypeFact { entity: *entity, possibly: most, surely: most, confidence: 100 });
            }
            Self::Label(_) | Self::App(_) | Self::Tenant(_) | Self::Purpose(_) => {}
            Self::Hosted(values) => self.set(values.len().saturating_sub(1), facts),
            _ => self.set(1, facts),
        }
    }
}

impl Space {
    /// Whether a type has a part in what is said of somebody's health: a health term, or what names somebody.
    pub(super) fn is_of_a_person(&self, entity: EntityId) -> bool {
        self.is_health(entity) || self.catalogue().info(entity).is_some_and(|info| info.names_somebody)
    }

    /// What tells requests apart in these dimensions, in words.
    pub(super) fn told_apart(&self, dims: &[usize]) -> Text {
        let mut words: Vec<Phrase> = Vec::new();
        let mut types = 0_usize;
        for dim in dims.iter().filter_map(|dim| self.dims.get(*dim)) {
            let word = match dim {
                Dim::Label(_) => Phrase::Label,
                Dim::Leak(_) => Phrase::LeakScore,
                Dim::History(_) => Phrase::LeakHistory,
                Dim::App(_) => Phrase::App,
                Dim::Tenant(_) => Phrase::Tenant,
                Dim::Purpose(_) => Phrase::Purpose,
                Dim::Role(_) => Phrase::Role,
                Dim::Resident(_) => Phrase::Residence,
                Dim::Minors => Phrase::Minors,
                Dim::Scan => Phrase::ScanIncomplete,
                Dim::Unreadable => Phrase::UnreadableField,
                Dim::Reference => Phrase::AReference,
                Dim::Hosted(_) => Phrase::HostedTool,
                Dim::Health | Dim::Declared(..) | Dim::Type(..) => {
                    types += 1;
                    continue;
                }
            };
            if !words.contains(&word) {
                words.push(word);
            }
        }
        let mut parts: Vec<Part> = words.into_iter().map(Part::Phrase).collect();
        if types > 0 {
            parts.push(Part::Text(say!("{} groups of types and classes of data", types)));
        }
        say!("{}", parts)
    }
}

/// Numbers of a class up to this are told apart one by one; of larger ones only those around thresholds.
const SUMS_MAX: u32 = 6;

/// Whether a large number of a class is asked for beside another number of what the type belongs to: what several types add up to
/// then matters more finely than it is told apart.
pub(super) fn adds_up(entity: EntityId, classes: ClassSet, atoms: &BTreeSet<Atom>) -> bool {
    let mut numbers: Vec<(What, u32)> = Vec::new();
    for atom in atoms {
        if let Atom::Includes { what, at_least, confidence: 0 } = atom
            && *at_least > 1
            && match what {
                What::Type(asked) => *asked == entity,
                What::Class(class) => classes.contains(*class),
            }
        {
            numbers.push((*what, *at_least));
        }
    }
    let large = |(what, at_least): &(What, u32)| matches!(what, What::Class(_)) && *at_least > SUMS_MAX;
    let different = |(what, _): &(What, u32)| numbers.first().is_some_and(|(first, _)| first != what);
    numbers.iter().any(large) && numbers.iter().any(different)
}

/// What a type can be: absent, or so often and so sure, around the thresholds of the atoms that ask for it.
pub(super) fn amounts(
    entity: EntityId,
    classes: ClassSet,
    atoms: &BTreeSet<Atom>,
    told: bool,
) -> Vec<Option<TypeFact>> {
    let mut counts: BTreeSet<u32> = BTreeSet::from([1]);
    let mut levels: BTreeSet<u8> = BTreeSet::from([100]);
    if !told {
        levels.insert(SURELY - 1);
    }
    for atom in atoms {
        let Atom::Includes { what, at_least, confidence } = atom else { continue };
        let asked = match what {
            What::Type(asked) => *asked == entity,
            What::Class(class) => classes.contains(*class),
        };
        if asked {
            counts.extend([*at_least, at_least.saturating_sub(1)].into_iter().filter(|count| *count > 0));
            if matches!(what, What::Class(_)) {
                // Several types add up to a number of the class.
                counts.extend(1..(*at_least).min(SUMS_MAX));
            }
            if *confidence > 0 && !told {
                levels.extend([*confidence, confidence.saturating_sub(1)].into_iter().filter(|c| *c >= POSSIBLY));
            }
        }
    }
    let mut amounts = vec![None];
    for possibly in &counts {
        for confidence in levels.iter().rev() {
            let sure = counts.iter().filter(|surely| **surely <= *possibly && (!told || **surely == *possibly));
            let surely: Vec<u32> = if *confidence >= SURELY { sure.copied().collect() } else { vec![0] };
            for surely in surely {
                amounts.push(Some(TypeFact { entity, possibly: *possibly, surely, confidence: *confidence }));
            }
        }
    }
    amounts
}
