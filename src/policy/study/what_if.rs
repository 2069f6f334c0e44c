//! What would have to be done to the data on its way, as a rule of the sheet would demand it.

use std::collections::BTreeMap;

use super::super::resolved::{Gate, Predicate, Quality, Rule};
use super::Study;
use super::change::{Files, Trials};
use super::less::amount;
use super::sentence::class_name;
use crate::model::{Action, ClassId, EntityId, TypeFact, Word};

/// A change of the data on its way to one backend.
#[derive(Debug, Clone)]
pub(super) struct Duties {
    action: Action,
    items: Vec<Item>,
}

/// What is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    /// Findings of a type.
    Type(TypeFact),
    /// A class that was declared.
    Class(ClassId),
}

impl Duties {
    /// The mildest action and the fewest types that let the request pass under some files. Only a sheet that asks what is *still
    /// identified* can be content with a change: `data includes` is the request as it arrived.
    pub(super) fn smallest(trials: &Trials<'_>, files: &Files) -> Option<Self> {
        let (study, facts) = (trials.study, trials.facts);
        if !study.policy.program().asks_still() {
            return None;
        }
        let types = facts.types.iter().filter(|fact| fact.possibly > 0).map(|fact| Item::Type(*fact));
        let classes = (0_u8..).map(ClassId).take(study.catalogue.classes.len());
        let classes = classes.filter(|class| facts.declared.contains(*class)).map(Item::Class);
        let items: Vec<Item> = types.chain(classes).collect();
        let can = |action: &Action| study.vocabulary.actions.contains(action);
        for action in [Action::Pseudonymise, Action::Redact].into_iter().filter(can) {
            let mut duties = Self { action, items: items.clone() };
            if !trials.passes_with(files, &duties) {
                continue;
            }
            for item in &items {
                let fewer = Self { action, items: duties.items.iter().filter(|one| *one != item).cloned().collect() };
                if !fewer.items.is_empty() && trials.passes_with(files, &fewer) {
                    duties = fewer;
                }
            }
            return Some(duties);
        }
        None
    }

    /// How many things are changed.
    pub(super) fn parts(&self) -> usize {
        self.items.len()
    }

    /// As a rule about one backend.
    pub(super) fn rule(&self, study: &Study, backend: &Word) -> Rule {
        let mut actions: BTreeMap<EntityId, Action> = BTreeMap::new();
        let mut class_actions: Vec<(ClassId, Action)> = Vec::new();
        for item in &self.items {
            match item {
                Item::Type(fact) => drop(actions.insert(fact.entity, self.action)),
                Item::Class(class) => {
                    class_actions.push((*class, self.action));
                    actions.extend(study.types_of(*class).into_iter().map(|entity| (entity, self.action)));
                }
            }
        }
        Rule {
            name: Word::fixed("what-if"),
            because: Word::fixed("what-if"),
            pack: false,
            gate: Gate::default(),
            unspared: None,
            on: Some(Predicate::Is(Quality::Named(backend.clone()))),
            only: None,
            never: None,
            actions: actions.into_iter().collect(),
            class_actions,
            seals: false,
            prefers: Vec::new(),
        }
    }

    pub(super) fn said(&self, study: &Study) -> String {
        let part = |item: &Item| match item {
            Item::Type(fact) => amount(study, fact, fact.possibly),
            Item::Class(class) => class_name(*class, &study.catalogue, study.language),
        };
        // A type of a class that is named too goes without saying.
        let info = |fact: &TypeFact| study.catalogue.info(fact.entity).map(|info| info.classes).unwrap_or_default();
        let said = |item: &&Item| match item {
            Item::Type(fact) => {
                let of = |other: &Item| matches!(other, Item::Class(class) if info(fact).contains(*class));
                !self.items.iter().any(of)
            }
            Item::Class(_) => true,
        };
        let parts: Vec<String> = self.items.iter().filter(said).map(part).collect();
        format!("{} {}", study.done(self.action), parts.join(", "))
    }
}
