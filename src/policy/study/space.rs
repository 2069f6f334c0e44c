//! The space of requests that a policy can tell apart: finite, because the vocabulary is.
//!
//! Each dimension is one independent part of a request: its label, its app, how many findings of a type. Types that no rule
//! treats differently share a dimension, counts are those around the thresholds that rules name, and countries are told
//! apart only by the areas that rules ask for. Two requests with the same place in this space are decided alike, so what is
//! found or excluded here is exact and not sampled.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Policy;
use super::super::facts::findable;
use super::super::program::RuleRow;
use super::super::resolved::{Atom, Condition, Gate, Resolved, What};
use super::super::scenario::nothing;
use super::super::view::View;
pub(super) use super::bound::Bound;
use super::dim::{Dim, adds_up, amounts};
use super::side::{is_any, says, seen};
use crate::model::{Action, Catalogue, Certainty, ClassId, ClassSet, Country, EntityId, Facts, LabelFact, Word};

/// A place in the space, part of it perhaps open.
pub(super) type Place = Vec<Option<usize>>;

/// What an open dimension is taken to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    /// Its quiet value.
    Quiet,
    /// The least that it can add.
    Least,
    /// The most that it can add.
    Most,
}

/// What of some policies a space has to tell apart.
#[derive(Debug, Default)]
pub(super) struct Scope<'a> {
    pub(super) conditions: Vec<&'a Condition>,
    /// The rules whose duties count.
    pub(super) rules: Vec<&'a RuleRow>,
}

#[derive(Debug, Default)]
pub(super) struct Space {
    pub(super) dims: Vec<Dim>,
    /// For atoms that ask for one of several values: the dimension, and what each value comes to.
    tables: BTreeMap<Atom, (usize, Vec<Certainty>)>,
    /// Each type's dimension.
    of_type: Vec<usize>,
    catalogue: Catalogue,
    health: Option<ClassId>,
    /// Types whose numbers add up to more than is told apart: where nothing is found among them, nothing is proven.
    pub(super) coarse: BTreeSet<usize>,
    /// Whether only what a scenario can say is told apart.
    told: bool,
}

impl Space {
    /// The space that these policies tell apart; all of one catalogue.
    ///
    /// With `told`, only what a scenario can say: nothing unknown but what was not read.
    pub(super) fn new(policies: &[(&Policy, &Resolved)], told: bool) -> Self {
        let conditions = policies.iter().flat_map(|(_, resolved)| resolved.conditions()).collect();
        let rules = policies.iter().flat_map(|(policy, _)| &policy.program().rules).collect();
        Self::among(policies, Scope { conditions, rules }, told)
    }

    /// The space that a part of these policies tells apart.
    pub(super) fn among(policies: &[(&Policy, &Resolved)], scope: Scope<'_>, told: bool) -> Self {
        let Some((first, _)) = policies.first() else { return Self::default() };
        let catalogue = first.catalogue().clone();
        let mut atoms: BTreeSet<Atom> = BTreeSet::new();
        for condition in scope.conditions {
            condition.visit(true, &mut |atom, _| {
                atoms.insert(atom.clone());
            });
        }
        let mut space = Self {
            dims: Vec::new(),
            tables: BTreeMap::new(),
            of_type: Vec::new(),
            health: catalogue.class("health"),
            catalogue,
            coarse: BTreeSet::new(),
            told,
        };
        space.declarations(policies, &atoms, told);
        space.flags(&atoms);
        space.hosted(policies);
        space.data(&scope.rules, &atoms, told);
        space.tabulate(policies, &atoms);
        space
    }

    /// What is so or not, whoever asks. What was not read may hold any data, so these are always there.
    fn flags(&mut self, atoms: &BTreeSet<Atom>) {
        if atoms.contains(&Atom::Minors) {
            self.dims.push(Dim::Minors);
        }
        self.dims.extend([Dim::Scan, Dim::Unreadable, Dim::Reference]);
        // What a scenario gives stands together: its types say whether health is somebody's.
        if atoms.contains(&Atom::HealthOfAPerson) && !self.told {
            self.dims.push(Dim::Health);
        }
    }

    /// Hosted tools: each that a policy allows, and another. Two tools are refused when either is, so one is enough.
    fn hosted(&mut self, policies: &[(&Policy, &Resolved)]) {
        let rows = policies.iter().flat_map(|(_, resolved)| &resolved.tools);
        let named: BTreeSet<(Word, Option<Word>)> = rows.map(|tool| (tool.tool.clone(), tool.host.clone())).collect();
        let other = (Word::UNKNOWN, None);
        let values = [None].into_iter().chain(named.into_iter().chain([other]).map(Some));
        self.dims.push(Dim::Hosted(values.collect()));
    }

    /// Types, one dimension for all that no rule tells apart, and classes that something may declare.
    fn data(&mut self, rules: &[&RuleRow], atoms: &BTreeSet<Atom>, told: bool) {
        let mut alike: BTreeMap<(u64, bool, Vec<bool>, Vec<Action>), usize> = BTreeMap::new();
        let entities: Vec<_> = (0_u16..).map(EntityId).zip(self.catalogue.entities.clone()).collect();
        for (entity, info) in entities {
            let named = atoms.iter().map(|atom| *atom_type(atom).unwrap_or(&EntityId(u16::MAX)) == entity).collect();
            let actions = rules.iter().map(|rule| rule.action(entity)).collect();
            let dim = *alike.entry((info.classes.0, info.names_somebody, named, actions)).or_insert_with(|| {
                if adds_up(entity, info.classes, atoms) {
                    self.coarse.insert(self.dims.len());
                }
                self.dims.push(Dim::Type(entity, amounts(entity, info.classes, atoms, told)));
                self.dims.len() - 1
            });
            self.of_type.push(dim);
        }
        // A protected document can bring any class, so that each that something asks for is a part of its own.
        for (class, info) in (0_u8..).map(ClassId).zip(self.catalogue.classes.clone()) {
            let demanded = rules.iter().any(|rule| rule.class_actions.iter().any(|(asked, _)| *asked == class));
            if info.declared || demanded || atoms.iter().any(|atom| atom_class(atom) == Some(class)) {
                self.dims.push(Dim::Declared(info.closure, !told));
            }
        }
    }

    fn tabulate(&mut self, policies: &[(&Policy, &Resolved)], atoms: &BTreeSet<Atom>) {
        let Some((policy, _)) = policies.first() else { return };
        for atom in atoms {
            let asks = |dim: &Dim| {
                matches!(
                    (atom, dim),
                    (Atom::Label(_), Dim::Label(_))
                        | (Atom::App(_) | Atom::Group(_), Dim::App(_))
                        | (Atom::Tenant(_), Dim::Tenant(_))
                        | (Atom::Purpose(_), Dim::Purpose(_))
                )
            };
            let Some(at) = self.dims.iter().position(asks) else { continue };
            let Some(dim) = self.dims.get(at) else { continue };
            let of = |value: usize| {
                let mut facts = nothing();
                dim.set(value, &mut facts);
                View::arrived(&facts, policy).certainty(atom, None)
            };
            self.tables.insert(atom.clone(), (at, (0..dim.values()).map(of).collect()));
        }
    }

    /// The types and classes of data.
    pub(super) const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// No dimension fixed.
    pub(super) fn open(&self) -> Place {
        vec![None; self.dims.len()]
    }

    /// The request of a place. What a label says is not yet applied.
    pub(super) fn facts(&self, place: &Place, open: Open) -> Facts {
        let mut facts = nothing();
        for (dim, value) in self.dims.iter().zip(place) {
            match (value, open) {
                (Some(value), _) => dim.set(*value, &mut facts),
                (None, Open::Most) => dim.most(&mut facts),
                (None, _) => {}
            }
        }
        facts.types.sort_by_key(|fact| fact.entity);
        // What is there at most bounds what it comes to: it grows with each of its parts.
        self.clamp(&mut facts);
        facts
    }

    /// A health term of a person needs a health term and a finding that names somebody.
    fn clamp(&self, facts: &mut Facts) {
        let found = |sure: bool, wanted: &dyn Fn(EntityId) -> bool| {
            facts.types.iter().any(|fact| (if sure { fact.surely } else { fact.possibly }) > 0 && wanted(fact.entity))
        };
        let info = |entity| self.catalogue.info(entity);
        let health = |entity| self.is_health(entity);
        let names = |entity| info(entity).is_some_and(|info| info.names_somebody);
        let possibly = found(false, &health) && found(false, &names);
        let surely = found(true, &health) && found(true, &names);
        let told = if self.told { Certainty::TRUE } else { facts.health_of_a_person };
        facts.health_of_a_person =
            Certainty { possibly: told.possibly && possibly, surely: told.surely && surely && possibly };
    }

    /// The least or the most that a policy may make of what is still open: monotone in all but what [`Self::bound`] looks
    /// up in tables.
    pub(super) fn extreme(&self, place: &Place, open: Open, policy: &Policy, told: bool) -> Facts {
        let mut facts = self.facts(place, open);
        facts.label = seen(&facts.label, policy);
        facts.located = if told { findable(facts.declared, policy) } else { ClassSet::default() };
        if policy.says.is_empty() {
            return facts;
        }
        let fixed = |wanted: fn(&Dim) -> bool| {
            self.dims.iter().zip(place).find(|(dim, _)| wanted(dim)).is_none_or(|(_, value)| value.is_some())
        };
        let label = fixed(|dim| matches!(dim, Dim::Label(_)));
        if label && fixed(|dim| matches!(dim, Dim::App(_))) {
            says(&mut facts, policy, told);
            return facts;
        }
        for says in &policy.says {
            let may =
                !label || facts.label == LabelFact::Unknown || facts.label == LabelFact::Named(says.label.clone());
            match (says.lowers, open) {
                (false, Open::Most) if may => {
                    facts.declared = facts.declared.union(says.classes);
                    facts.located.0 &= !says.classes.0;
                }
                (true, Open::Least) if may => {
                    facts.types.clear();
                    if told {
                        facts.declared = ClassSet(facts.declared.0 & !says.classes.0);
                    }
                    facts.health_of_a_person = Certainty::FALSE;
                }
                _ => {}
            }
        }
        facts
    }

    /// Bounds of an atom; the views are of the least and the most of one place.
    pub(super) fn bound(
        &self,
        atom: &Atom,
        place: &Place,
        policy: &Policy,
        (least, most): (&View<'_>, &View<'_>),
    ) -> Bound {
        if let Atom::Still(what) = atom {
            // What is still identified after the duties was there before them; and is still there where no duty changes it.
            let there = Atom::Includes { what: *what, at_least: 1, confidence: 0 };
            let changed = || policy.program().rules.iter().any(|rule| self.changes(rule, *what));
            let possibly = least.certainty(&there, None).possibly && !changed();
            return Bound { least: Certainty { possibly, surely: false }, most: most.certainty(&there, None) };
        }
        if let Atom::Residence(area) = atom {
            return self.residence(area, place, policy);
        }
        let Some((dim, table)) = self.tables.get(atom) else {
            return Bound { least: least.certainty(atom, None), most: most.certainty(atom, None) };
        };
        // A label is what this policy sees in it; the table is of the first one.
        let labels = match (atom, self.dims.get(*dim)) {
            (Atom::Label(asked), Some(Dim::Label(labels))) => Some((asked, labels)),
            _ => None,
        };
        let of = |value: usize| match labels {
            Some((asked, labels)) => labels.get(value).map(|label| is_any(&seen(label, policy), asked)),
            None => table.get(value).copied(),
        };
        match place.get(*dim).copied().flatten().and_then(of) {
            Some(certainty) => Bound { least: certainty, most: certainty },
            None => (0..table.len()).filter_map(of).fold(
                Bound { least: Certainty::TRUE, most: Certainty::FALSE },
                |bound, one| Bound { least: bound.least.and(one), most: bound.most.or(one) },
            ),
        }
    }

    /// Bounds of where the data subjects live: one more of them outside makes it less sure that all live within.
    fn residence(&self, area: &[Country], place: &Place, policy: &Policy) -> Bound {
        let mut bound = Bound::FALSE;
        // Whether somebody surely lives anywhere; whether anybody does, or may, outside.
        let (mut somebody, mut outside, mut may_outside) = (false, false, false);
        for (dim, value) in self.dims.iter().zip(place) {
            let Dim::Resident(country) = dim else { continue };
            // A country that the policy does not know may be any.
            let unknown = *country == Country::UNKNOWN || !policy.countries.contains(country);
            let inside = !unknown && area.contains(country);
            let (lives, may_live) = (*value == Some(1), *value != Some(0));
            bound.least.possibly |= lives && (inside || unknown);
            bound.most.possibly |= may_live && (inside || unknown);
            bound.most.surely |= may_live && inside;
            somebody |= lives;
            outside |= lives && !inside;
            may_outside |= may_live && !inside;
        }
        bound.least.surely = somebody && !may_outside;
        bound.most.surely &= !outside;
        bound
    }

    /// The dimensions that a gate depends on.
    pub(super) fn asked(&self, gate: &Gate, says: bool, into: &mut BTreeSet<usize>) {
        for condition in gate.conditions() {
            condition.visit(true, &mut |atom, _| self.depends(atom, says, into));
        }
    }

    /// The dimensions that an atom depends on.
    pub(super) fn depends(&self, atom: &Atom, says: bool, into: &mut BTreeSet<usize>) {
        if let Some((dim, _)) = self.tables.get(atom) {
            into.insert(*dim);
            return;
        }
        let data = matches!(atom, Atom::Includes { .. } | Atom::HealthOfAPerson | Atom::Still(_));
        for (at, dim) in self.dims.iter().enumerate() {
            let asked = match (atom, dim) {
                (Atom::Includes { what, .. } | Atom::Still(what), Dim::Type(entity, _)) => self.is(*what, *entity),
                (
                    Atom::Includes { what: What::Class(class), .. } | Atom::Still(What::Class(class)),
                    Dim::Declared(set, _),
                ) => set.contains(*class),
                (Atom::HealthOfAPerson, Dim::Declared(set, _)) => {
                    self.health.is_some_and(|health| set.contains(health))
                }
                (Atom::HealthOfAPerson, Dim::Type(entity, _)) => self.is_of_a_person(*entity),
                (Atom::HealthOfAPerson, Dim::Health)
                | (Atom::LeakAtLeast(_), Dim::Leak(_))
                | (Atom::LeakHistoryAtLeast(_), Dim::History(_))
                | (Atom::Residence(_), Dim::Resident(_))
                | (Atom::Minors, Dim::Minors)
                | (Atom::ScanIncomplete, Dim::Scan)
                | (Atom::Unreadable, Dim::Unreadable)
                | (Atom::Reference, Dim::Reference)
                | (Atom::Hosted, Dim::Hosted(_)) => true,
                (Atom::Role(role), Dim::Role(known)) => role == known,
                (_, Dim::Scan | Dim::Unreadable | Dim::Reference) => data,
                (_, Dim::Label(_) | Dim::App(_)) => data && says,
                _ => false,
            };
            if asked {
                into.insert(at);
            }
        }
    }

    /// The dimensions of the label and of who may issue it.
    pub(super) fn labels(&self, into: &mut BTreeSet<usize>) {
        let of = |dim: &Dim| matches!(dim, Dim::Label(_) | Dim::App(_));
        into.extend(self.dims.iter().enumerate().filter(|(_, dim)| of(dim)).map(|(at, _)| at));
    }

    /// The dimension of a type.
    pub(super) fn dim_of(&self, entity: EntityId) -> Option<usize> {
        self.of_type.get(usize::from(entity.0)).copied()
    }

    /// Whether a rule may demand a change of any of this data.
    fn changes(&self, rule: &RuleRow, what: What) -> bool {
        let mut actions = (0_u16..).map(EntityId).zip(&rule.actions);
        !rule.class_actions.is_empty()
            || actions.any(|(entity, action)| *action != Action::Keep && self.is(what, entity))
    }

    /// Whether a type is a health term.
    pub(super) fn is_health(&self, entity: EntityId) -> bool {
        self.health.is_some_and(|health| self.is(What::Class(health), entity))
    }

    fn is(&self, what: What, entity: EntityId) -> bool {
        match what {
            What::Type(asked) => asked == entity,
            What::Class(class) => self.catalogue.info(entity).is_some_and(|info| info.classes.contains(class)),
        }
    }
}

/// The class that an atom asks for.
fn atom_class(atom: &Atom) -> Option<ClassId> {
    match atom {
        Atom::Includes { what: What::Class(class), .. } | Atom::Still(What::Class(class)) => Some(*class),
        _ => None,
    }
}

fn atom_type(atom: &Atom) -> Option<&EntityId> {
    match atom {
        Atom::Includes { what: What::Type(entity), .. } | Atom::Still(What::Type(entity)) => Some(entity),
        _ => None,
    }
}
