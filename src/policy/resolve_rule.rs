//! Looks a rule up: its predicates, its duties by type and class, and what `check` holds against it.

use std::collections::BTreeMap;

use super::phrase::Phrase;
use super::resolve::Resolver;
use super::resolved::{Atom, Condition, Gate, Predicate, Rule, What};
use super::text::{Part, say};
use super::tree;
use crate::model::{Action, ClassId, EntityId, Word};

/// What a rule demands, without what it keeps; both sorted.
struct Demanded {
    types: Vec<(EntityId, Action)>,
    classes: Vec<(ClassId, Action)>,
}

/// The code of a rule whose duties let some of the data that it is about cross unchanged.
const CROSSES: &str = "octroi::policy::crosses-unchanged";

impl Resolver<'_> {
    pub(super) fn rule(&mut self, rule: &tree::Rule) -> Option<Rule> {
        let gate = self.gate(&rule.gate);
        let mut lost = false;
        let mut optional = |this: &mut Self, predicate: &Option<tree::Predicate>| {
            let found = predicate.as_ref().map(|predicate| this.predicate(predicate));
            lost |= matches!(found, Some(None));
            found.flatten()
        };
        let on = optional(self, &rule.on);
        let only = optional(self, &rule.only);
        let never = optional(self, &rule.never);
        let prefers: Vec<Predicate> = rule.prefers.iter().filter_map(|predicate| self.predicate(predicate)).collect();
        lost |= prefers.len() != rule.prefers.len();
        let demanded = self.actions(rule);
        let gate = gate?;
        self.check_crossing(rule, &gate, &demanded.types);
        if gate.asks_still() && !prefers.is_empty() {
            let message = say!("`{}` cannot stand beside `{}`", Phrase::PreferBackends, Phrase::StillIncludes);
            self.fault("octroi::policy::no-meaning", rule.name.span.clone(), message, Some(say!("write two rules")));
        }
        if self.pack && gate.when.as_ref().is_some_and(names_nobody) {
            let message = say!("rule `{}` needs a group of apps that no sheet names", &rule.name.text);
            let help = say!("name it in a sheet: {} NAME {} \"app\"", Phrase::Group, Phrase::OfApps);
            self.fault("octroi::policy::missing", rule.name.span.clone(), message, Some(help));
        }
        let because = rule.because.as_ref()?;
        (!lost && !rule.torn).then(|| Rule {
            name: Word::configured(&rule.name.text),
            because: Word::configured(&because.text),
            pack: self.pack,
            gate,
            unspared: None,
            on,
            only,
            never,
            actions: demanded.types,
            class_actions: demanded.classes,
            seals: rule.seals,
            prefers,
        })
    }

    /// The duties of a rule by type, without what it keeps, and by class.
    fn actions(&mut self, rule: &tree::Rule) -> Demanded {
        let mut actions: BTreeMap<EntityId, Action> = BTreeMap::new();
        let mut class_actions: BTreeMap<ClassId, Action> = BTreeMap::new();
        for duty in &rule.duties {
            for target in &duty.targets {
                let Some(what) = self.what(target) else { continue };
                if let What::Class(class) = what {
                    let listed = class_actions.entry(class).or_default();
                    *listed = (*listed).max(duty.action);
                }
                for entity in self.types_of(what) {
                    let listed = actions.entry(entity).or_default();
                    *listed = (*listed).max(duty.action);
                }
            }
        }
        for keep in &rule.keeps {
            for target in &keep.targets {
                let Some(what) = self.what(target) else { continue };
                for entity in self.types_of(what) {
                    actions.remove(&entity);
                }
                if let What::Class(class) = what {
                    class_actions.remove(&class);
                }
            }
        }
        Demanded { types: actions.into_iter().collect(), classes: class_actions.into_iter().collect() }
    }

    /// A rule that changes something must change, or keep with a reason, every type that its own condition asks for.
    fn check_crossing(&mut self, rule: &tree::Rule, gate: &Gate, actions: &[(EntityId, Action)]) {
        let targets = || {
            let duties = rule.duties.iter().flat_map(|duty| &duty.targets);
            duties.chain(rule.keeps.iter().flat_map(|keep| &keep.targets))
        };
        // A word that names no data has been reported, and may be what is missed.
        if rule.torn || rule.duties.is_empty() || !targets().all(|name| self.find(&name.text).is_some()) {
            return;
        }
        let mut kept: Vec<EntityId> = Vec::new();
        for target in rule.keeps.iter().flat_map(|keep| &keep.targets) {
            if let Some(what) = self.find(&target.text) {
                kept.extend(self.types_of(what));
            }
        }
        let mut asked: Vec<EntityId> = Vec::new();
        // `unless not …` asks as `when …` does.
        let conditions =
            gate.when.iter().map(|when| (when, true)).chain(gate.unless.iter().map(|unless| (unless, false)));
        for (condition, positive) in conditions {
            condition.visit(positive, &mut |atom, positive| match atom {
                Atom::Includes { what, .. } | Atom::Still(what) if positive => asked.extend(self.types_of(*what)),
                Atom::HealthOfAPerson if positive => {
                    asked.extend(self.find("health").into_iter().flat_map(|what| self.types_of(what)));
                }
                _ => {}
            });
        }
        asked.sort_unstable();
        asked.dedup();
        asked.retain(|entity| {
            self.names.served.contains(entity)
                && !kept.contains(entity)
                && !actions.iter().any(|(changed, _)| changed == entity)
        });
        if asked.is_empty() {
            return;
        }
        let names: Vec<&str> = asked
            .iter()
            .filter_map(|entity| self.names.catalogue.info(*entity))
            .map(|info| info.name.as_str())
            .collect();
        let language = self.file.language();
        let names: Vec<&str> = names.iter().map(|name| super::surface::written(name, language)).collect();
        let listed = few(&names);
        let message = say!(
            "rule `{}` changes some of the data it is about, but would let {} cross unchanged",
            &rule.name.text,
            &listed
        );
        let (must, keep, because) = (Phrase::Must, Phrase::Keep, Phrase::Because);
        let help = if names.len() > NAMES_MAX {
            say!("add their class to `{}`, or say why they may: {} CLASS {} \"…\"", must, keep, because)
        } else {
            say!("add them to `{}`, or say why they may: {} {} {} \"…\"", must, keep, listed, because)
        };
        self.fault(CROSSES, rule.name.span.clone(), message, Some(help));
    }
}

/// Types that a message names before it counts the rest.
const NAMES_MAX: usize = 8;

/// The names of a list, or the first few and how many there are besides.
fn few(names: &[&str]) -> Part {
    match names.get(..NAMES_MAX / 2) {
        Some(first) if names.len() > NAMES_MAX => {
            Part::Text(say!("{} and {} more", first.join(", "), names.len() - first.len()))
        }
        _ => Part::Plain(names.join(", ")),
    }
}

/// Whether a condition asks for a group that no sheet names.
fn names_nobody(condition: &Condition) -> bool {
    let mut nobody = false;
    condition.visit(true, &mut |atom, _| nobody |= matches!(atom, Atom::Group(apps) if apps.is_empty()));
    nobody
}
