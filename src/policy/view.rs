//! What is possibly and surely so of a request: the atoms of conditions, put to its facts.
//!
//! A request that was not read whole may hold anything: every class and type is then possibly there.

use super::Policy;
use super::engine::Undetected;
use super::residual::Sent;
use super::resolved::{Atom, What};
use crate::model::{
    Action, Catalogue, Certainty, ClassSet, Country, Duties, EntityId, EntityInfo, Facts, LabelFact, LeakFact,
    ScanStatus, TypeFact, Word,
};

/// The facts of a request, with what every atom needs worked out once.
pub(super) struct View<'a> {
    facts: &'a Facts,
    catalogue: &'a Catalogue,
    /// Types that were there and have been changed, no longer identified: each as it was found in the request as it arrived.
    were: Vec<TypeFact>,
    /// Those of them that only the change brought to light: present in unknown number.
    changed: Vec<EntityId>,
    /// Whether health was somebody's, as the request arrived.
    health_was: Certainty,
    possibly: ClassSet,
    surely: ClassSet,
    /// Classes that a label may bring which nobody knows.
    perhaps: ClassSet,
    /// Classes that such a label may take away: what has no other is not surely there.
    wavering: ClassSet,
    opaque: bool,
}

/// The state of a request after duties.
#[derive(Debug, Clone, Copy)]
pub(super) struct After<'a> {
    /// What is surely done, and by the organisation's own sheets.
    pub(super) surely: &'a Duties,
    /// What may be done, by whatever rule.
    pub(super) possibly: &'a Duties,
    /// Declared classes that are not surely changed.
    pub(super) declared: ClassSet,
}

/// Whether a score reaches a threshold; nobody knows where there is none.
fn reached(leak: LeakFact, score: u16) -> Certainty {
    match leak {
        LeakFact::Score(found) => Certainty::known(found >= score),
        LeakFact::Between(least, most) => Certainty { surely: least >= score, possibly: most >= score },
        LeakFact::Unknown => Certainty::UNKNOWN,
    }
}

/// The classes of a type but for those that the label took away.
fn left(classes: ClassSet, facts: &Facts) -> ClassSet {
    ClassSet(classes.0 & !facts.lowered_classes.0)
}

impl<'a> View<'a> {
    /// The request as it arrived.
    pub(super) fn arrived(facts: &'a Facts, policy: &'a Policy) -> Self {
        Self::with_changed(facts, policy, (Vec::new(), Vec::new()))
    }

    /// What is about to be sent, with the types that duties changed.
    pub(super) fn residual(sent: Sent<'a>, policy: &'a Policy, duties: &Duties) -> Self {
        let by_duty = duties.actions.iter().map(|(entity, _)| *entity);
        let mut changed: Vec<EntityId> = sent.facts.pseudonymised.iter().copied().chain(by_duty).collect();
        changed.sort_unstable();
        changed.dedup();
        let mut were = Vec::new();
        changed.retain(|entity| {
            let found = sent.arrived.types.iter().find(|fact| fact.entity == *entity && fact.possibly > 0);
            were.extend(found);
            found.is_none()
        });
        let health_was = if were.is_empty() { Certainty::FALSE } else { sent.arrived.health_of_a_person };
        Self { health_was, ..Self::with_changed(sent.facts, policy, (were, changed)) }
    }

    fn with_changed(facts: &'a Facts, policy: &'a Policy, (were, changed): (Vec<TypeFact>, Vec<EntityId>)) -> Self {
        let catalogue = policy.catalogue();
        let (mut perhaps, mut wavering) = (ClassSet::default(), ClassSet::default());
        if facts.label == LabelFact::Unknown {
            for says in &policy.says {
                if !says.lowers {
                    perhaps = perhaps.union(says.classes);
                } else if says.issuers.contains(&facts.app) {
                    wavering = wavering.union(says.classes);
                }
            }
        }
        let sure = |classes: ClassSet| ClassSet(classes.0 & !wavering.0);
        let (mut possibly, mut surely) = (facts.declared.union(facts.suspected), facts.declared);
        for fact in facts.types.iter().chain(&were) {
            let Some(info) = catalogue.info(fact.entity) else { continue };
            let classes = left(info.classes, facts);
            if fact.possibly > 0 {
                possibly = possibly.union(classes);
            }
            if fact.surely > 0 {
                surely = surely.union(sure(classes));
            }
        }
        for info in changed.iter().filter_map(|entity| catalogue.info(*entity)) {
            let classes = left(info.classes, facts);
            possibly = possibly.union(classes);
            surely = surely.union(sure(classes));
        }
        let opaque = facts.scan != ScanStatus::Complete || facts.unreadable || facts.reference;
        let possibly = possibly.union(perhaps);
        let health_was = Certainty::FALSE;
        Self { facts, catalogue, were, changed, health_was, possibly, surely, perhaps, wavering, opaque }
    }

    /// Classes that something other than a detector brings, or may bring: nobody knows where such data is.
    pub(super) fn undetected(&self) -> ClassSet {
        self.facts.declared.union(self.facts.suspected).union(self.perhaps)
    }

    /// Those of [`Self::undetected`] whose data nobody can change. A scenario speaks of the classes that it gives as if a detector had
    /// found a value of each; what a label brings, or may bring, nobody located there either.
    pub(super) fn nowhere(&self, undetected: Undetected) -> ClassSet {
        match undetected {
            Undetected::Real => self.undetected(),
            Undetected::Assumed => {
                let brought = ClassSet(self.facts.declared.0 & !self.facts.located.0);
                brought.union(self.facts.suspected).union(self.perhaps)
            }
        }
    }

    /// Whether parts of the request were not read: a duty cannot be carried out on them.
    pub(super) fn opaque(&self) -> bool {
        self.opaque
    }

    /// An atom. Those about the state after duties need it given; without it they are unknown.
    pub(super) fn certainty(&self, atom: &Atom, after: Option<After<'_>>) -> Certainty {
        let facts = self.facts;
        match atom {
            Atom::Includes { what, at_least: 1, confidence: 0 } => self.includes(*what),
            Atom::Includes { what, at_least, confidence: 0 } => self.count(*what, *at_least),
            Atom::Includes { what, confidence, .. } => self.confidence(*what, *confidence),
            Atom::HealthOfAPerson => self.health_of_a_person(),
            Atom::Still(what) => after.map_or(Certainty::UNKNOWN, |after| self.still(*what, after)),
            Atom::Label(labels) => match &facts.label {
                LabelFact::Absent => Certainty::FALSE,
                LabelFact::Unknown => Certainty::UNKNOWN,
                LabelFact::Named(label) => Certainty::known(labels.contains(label)),
            },
            Atom::LeakAtLeast(score) => reached(facts.leak, *score),
            Atom::LeakHistoryAtLeast(score) => reached(facts.leak_history, *score),
            Atom::App(app) => Certainty::known(facts.app == *app),
            Atom::Group(apps) => Certainty::known(apps.contains(&facts.app)),
            Atom::Tenant(tenant) => Certainty::known(facts.tenant == *tenant),
            Atom::Role(role) => Certainty::known(facts.roles.contains(role)),
            Atom::Purpose(purpose) => match &facts.purpose {
                None => Certainty::FALSE,
                Some(named) if *named == Word::UNKNOWN => Certainty::UNKNOWN,
                Some(named) if named == purpose => Certainty::TRUE,
                // Whoever declares a purpose of their own may pursue others; a registration is complete.
                Some(_) => Certainty { possibly: facts.purpose_declared, surely: false },
            },
            Atom::Residence(countries) => self.residence(countries),
            Atom::Minors => Certainty::known(facts.minors),
            Atom::ScanIncomplete => Certainty::known(facts.scan != ScanStatus::Complete),
            Atom::Unreadable => Certainty::known(facts.unreadable),
            Atom::Reference => Certainty::known(facts.reference),
            Atom::Hosted => Certainty::known(!facts.hosted.is_empty()),
        }
    }

    /// True when it cannot be excluded that an unread part holds what is asked for.
    fn perhaps(&self) -> Certainty {
        Certainty { possibly: self.opaque, surely: false }
    }

    fn matches(&self, what: What, entity: EntityId) -> bool {
        match what {
            What::Type(asked) => asked == entity,
            What::Class(class) => {
                self.catalogue.info(entity).is_some_and(|info| left(info.classes, self.facts).contains(class))
            }
        }
    }

    /// Whether a type matches whatever a label that nobody knows takes away.
    fn surely_matches(&self, what: What, entity: EntityId) -> bool {
        if self.wavering == ClassSet::default() {
            return self.matches(what, entity);
        }
        let stays = |info: &EntityInfo| {
            let classes = ClassSet(left(info.classes, self.facts).0 & !self.wavering.0);
            match what {
                What::Type(_) => classes != ClassSet::default(),
                What::Class(class) => classes.contains(class),
            }
        };
        self.matches(what, entity) && self.catalogue.info(entity).is_some_and(stays)
    }

    /// What was found of each type: in the request as it arrived, where it has been changed since, or now. What is still found of it
    /// is among what was.
    fn found(&self) -> impl Iterator<Item = TypeFact> {
        let was = |entity| self.were.iter().find(|was| was.entity == entity);
        let now = self.facts.types.iter().map(move |fact| match was(fact.entity) {
            Some(was) => TypeFact {
                entity: fact.entity,
                possibly: was.possibly.max(fact.possibly),
                surely: was.surely.max(fact.surely),
                confidence: was.confidence.max(fact.confidence),
            },
            None => *fact,
        });
        let gone = |was: &&TypeFact| !self.facts.types.iter().any(|fact| fact.entity == was.entity);
        now.chain(self.were.iter().filter(gone).copied())
    }

    /// Whether the class was declared, or a type of it was there that only its change brought to light.
    fn uncounted(&self, what: What) -> Certainty {
        let declared = matches!(what, What::Class(class) if self.facts.declared.contains(class));
        let mut changed = self.changed.iter();
        Certainty {
            possibly: declared || self.changed.iter().any(|entity| self.matches(what, *entity)),
            surely: declared || changed.any(|entity| self.surely_matches(what, *entity)),
        }
    }

    fn may_be_brought(&self, what: What) -> bool {
        matches!(what, What::Class(class) if self.perhaps.union(self.facts.suspected).contains(class))
    }

    fn includes(&self, what: What) -> Certainty {
        let found = match what {
            What::Class(class) => {
                Certainty { possibly: self.possibly.contains(class), surely: self.surely.contains(class) }
            }
            What::Type(_) => self.count(what, 1),
        };
        found.or(self.perhaps())
    }

    fn count(&self, what: What, at_least: u32) -> Certainty {
        let uncounted = self.uncounted(what);
        let (mut possibly, mut surely) = (0_u32, 0_u32);
        for fact in self.found().filter(|fact| self.matches(what, fact.entity)) {
            possibly = possibly.saturating_add(fact.possibly);
            if self.surely_matches(what, fact.entity) {
                surely = surely.saturating_add(fact.surely);
            }
        }
        // What was declared or changed is one at least, and may be among those that were found: it is not added to them.
        let surely = surely.max(u32::from(uncounted.surely));
        let possibly = possibly >= at_least || uncounted.possibly || self.may_be_brought(what);
        let counted = Certainty { possibly, surely: surely >= at_least };
        counted.or(self.perhaps())
    }

    /// The highest confidence is a measured number: there is nothing uncertain about it but what was not read, and what a label
    /// may take away.
    fn confidence(&self, what: What, at_least: u8) -> Certainty {
        let mut reached = Certainty::FALSE;
        for fact in self.found().filter(|fact| fact.confidence >= at_least) {
            reached.possibly |= self.matches(what, fact.entity);
            reached.surely |= self.surely_matches(what, fact.entity);
        }
        let uncounted =
            Certainty { possibly: self.uncounted(what).possibly || self.may_be_brought(what), surely: false };
        reached.or(uncounted).or(self.perhaps())
    }

    /// Surely when everybody lives in the area, possibly when anybody does or may.
    fn residence(&self, countries: &[Country]) -> Certainty {
        let residence = &self.facts.residence;
        let inside = |country: &Country| countries.contains(country);
        let unknown = |country: &Country| *country == Country::UNKNOWN;
        Certainty {
            possibly: residence.iter().any(|country| unknown(country) || inside(country)),
            surely: !residence.is_empty() && residence.iter().all(|country| !unknown(country) && inside(country)),
        }
    }

    /// A health term beside a name, as found; or health that a label or a document brings, where nobody knows whose it is: surely
    /// somebody's where the request surely names one. What a question or a scenario tells as found is nobody's where nobody is named.
    fn health_of_a_person(&self) -> Certainty {
        let Some(health) = self.catalogue.class("health") else { return Certainty::FALSE };
        let names = |fact: &TypeFact| self.catalogue.info(fact.entity).is_some_and(|info| info.names_somebody);
        let located = self.facts.located.contains(health) && !self.facts.suspected.contains(health);
        let nobody = located && !self.facts.types.iter().any(|fact| fact.possibly > 0 && names(fact));
        let there = |fact: &TypeFact| fact.surely > 0 && self.surely_matches(What::Type(fact.entity), fact.entity);
        let somebody = self.facts.types.iter().any(|fact| there(fact) && names(fact));
        let found = self.facts.health_of_a_person.or(self.health_was);
        let found = Certainty { surely: found.surely && !self.wavering.contains(health), ..found };
        let brought = Certainty {
            possibly: self.undetected().contains(health) && (!nobody || self.perhaps.contains(health)),
            surely: self.facts.declared.contains(health) && somebody,
        };
        found.or(brought).or(self.perhaps())
    }

    /// Pseudonymised data stays personal and is no longer identified; what was only made coarser still is. It is possibly
    /// identified unless it is surely changed, and surely identified only if nothing may change it.
    fn still(&self, what: What, after: After<'_>) -> Certainty {
        let mut still = self.perhaps();
        if let What::Class(class) = what {
            let perhaps = self.perhaps.union(self.facts.suspected);
            still.possibly |= after.declared.contains(class) || perhaps.contains(class);
        }
        for fact in self.facts.types.iter().filter(|fact| self.matches(what, fact.entity)) {
            still.possibly |= fact.possibly > 0 && after.surely.action(fact.entity) <= Action::Generalise;
            still.surely |= fact.surely > 0
                && self.surely_matches(what, fact.entity)
                && after.possibly.action(fact.entity) <= Action::Generalise;
        }
        still
    }
}
