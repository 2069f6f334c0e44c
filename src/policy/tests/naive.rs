//! A second, slow reading of DESIGN section 7: one backend at a time, trees instead of masks, no shared code but the truths of
//! the inventory.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::finding::{POSSIBLY, SURELY};
use crate::model::{
    Action, Catalogue, Certainty, ClassId, ClassSet, EntityId, Facts, LabelFact, LeakFact, ScanStatus, TypeFact, Word,
};
use crate::policy::Vocabulary;
use crate::policy::compile::Gathered;
use crate::policy::resolved::{Atom, Gate, Rule, What};
use crate::policy::truth::Truth;

/// The duties of a backend that may have the request, or `None`.
pub(super) type Verdict = Option<BTreeMap<EntityId, Action>>;

type Done = BTreeMap<EntityId, Action>;

pub(super) struct Naive<'a> {
    pub(super) gathered: &'a Gathered,
    pub(super) catalogue: &'a Catalogue,
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) facts: &'a Facts,
    pub(super) now: Timestamp,
}

/// What has been done when `still includes identified` is asked.
#[derive(Default, Clone)]
struct State {
    surely: Done,
    possibly: Done,
    classes: Vec<ClassId>,
}

/// What the declared label says of a request: it brings classes, whoever declares it, and takes away, when one of the named
/// apps declares it, the types of which every class is taken away.
pub(super) fn labelled(gathered: &Gathered, catalogue: &Catalogue, facts: &Facts) -> Facts {
    let mut labelled = facts.clone();
    if let Some(purpose) = facts.purpose.as_ref().filter(|_| facts.purpose_declared) {
        let mut named = false;
        let exceptions = gathered.resolved.exceptions.iter().filter_map(|exception| exception.when.as_ref());
        for condition in gathered.resolved.conditions().chain(exceptions) {
            condition.visit(true, &mut |atom, _| named |= *atom == Atom::Purpose(purpose.clone()));
        }
        if !named {
            labelled.purpose = Some(Word::UNKNOWN);
        }
    }
    let LabelFact::Named(label) = &facts.label else { return labelled };
    let mut gone: Vec<ClassId> = Vec::new();
    let classes = || (0_u8..).map(ClassId).take(catalogue.classes.len());
    for says in gathered.resolved.says.iter().filter(|says| says.label == *label) {
        for class in classes().filter(|class| says.classes.contains(*class)) {
            if !says.lowers {
                labelled.declared.insert(class);
            } else if says.issuers.contains(&facts.app) {
                gone.push(class);
            }
        }
    }
    if gone.is_empty() {
        return labelled;
    }
    let (mut kept, mut lowered) = (Vec::new(), Vec::new());
    for fact in &facts.types {
        let info = catalogue.info(fact.entity).unwrap();
        let left = classes().filter(|class| info.classes.contains(*class)).any(|class| !gone.contains(&class));
        if left { kept.push(*fact) } else { lowered.push(*fact) }
    }
    (labelled.types, labelled.lowered) = (kept, lowered);
    for class in &gone {
        labelled.lowered_classes.insert(*class);
    }
    if gone.iter().any(|class| catalogue.class_info(*class).unwrap().name == *"health") {
        labelled.lowered_health = facts.health_of_a_person;
        labelled.health_of_a_person = Certainty::FALSE;
    }
    labelled
}

impl Naive<'_> {
    pub(super) fn verdicts(&self) -> Vec<Verdict> {
        self.gathered.truths(self.now).iter().map(|truth| self.verdict(truth)).collect()
    }

    fn verdict(&self, truth: &Truth<'_>) -> Verdict {
        let rules = &self.gathered.resolved.rules;
        if !self.tools_allowed() {
            return None;
        }
        let mut state = State::default();
        for rule in rules.iter().filter(|rule| !rule.gate.asks_still()) {
            self.apply(rule, truth, None, &mut state)?;
        }
        let first = state.clone();
        let mut next = state.clone();
        for rule in rules.iter().filter(|rule| rule.gate.asks_still()) {
            self.apply(rule, truth, Some(&first), &mut next)?;
        }
        let second = next.clone();
        for rule in rules.iter().filter(|rule| rule.gate.asks_still()) {
            let demands = !rule.actions.is_empty() || !rule.class_actions.is_empty() || rule.seals;
            let demands = demands && !self.excepted(rule);
            let fires = self.fires(&rule.gate, Some(&second));
            let surely_before = self.surely(&rule.gate, Some(&first));
            if demands && fires && on(rule, truth).possibly && rule.gate.asks_no_longer() && !surely_before {
                return None;
            }
            self.apply(rule, truth, Some(&second), &mut next)?;
        }
        let admitted = self.gathered.resolved.allows.iter().any(|allow| {
            let state = allow.gate.asks_still().then_some(&next);
            truth.holds(&allow.backends).surely && self.surely(&allow.gate, state)
        });
        admitted.then_some(next.possibly)
    }

    /// Applies one rule to one backend; `None` when it takes the backend out.
    fn apply(&self, rule: &Rule, truth: &Truth<'_>, asked: Option<&State>, into: &mut State) -> Option<()> {
        if !self.fires(&rule.gate, asked) || self.excepted(rule) {
            return Some(());
        }
        let on = on(rule, truth);
        if !on.possibly {
            return Some(());
        }
        if rule.never.as_ref().is_some_and(|never| truth.holds(never).possibly) {
            return None;
        }
        if rule.only.as_ref().is_some_and(|only| !truth.holds(only).surely) {
            return None;
        }
        if rule.seals && !self.vocabulary.seals {
            return None;
        }
        if (!rule.actions.is_empty() || !rule.class_actions.is_empty()) && self.opaque() {
            return None;
        }
        if rule.class_actions.iter().any(|(class, _)| self.facts.declared.contains(*class) || self.brought(*class)) {
            return None;
        }
        let counts = !rule.pack && on.surely && self.surely(&rule.gate, asked);
        for fact in self.facts.types.iter().filter(|fact| fact.possibly > 0) {
            let Some((_, action)) = rule.actions.iter().find(|(entity, _)| *entity == fact.entity) else { continue };
            if *action == Action::Block || !self.vocabulary.actions.contains(action) {
                return None;
            }
            let mut done = vec![&mut into.possibly];
            if counts {
                done.push(&mut into.surely);
            }
            for done in done {
                let listed = done.entry(fact.entity).or_default();
                *listed = (*listed).max(*action);
            }
        }
        if counts {
            into.classes.extend(rule.class_actions.iter().map(|(class, _)| *class));
        }
        Some(())
    }

    fn tools_allowed(&self) -> bool {
        self.facts.hosted.iter().all(|(kind, host)| {
            let rows = &self.gathered.resolved.tools;
            let unknown = *kind == Word::UNKNOWN || host.as_ref() == Some(&Word::UNKNOWN);
            !unknown && rows.iter().any(|row| row.tool == *kind && row.host == *host && self.surely(&row.gate, None))
        })
    }

    fn gate(&self, gate: &Gate, state: Option<&State>) -> (Certainty, Certainty) {
        let when =
            gate.when.as_ref().map_or(Certainty::TRUE, |when| when.certainty(&mut |atom| self.atom(atom, state)));
        let unless = gate
            .unless
            .as_ref()
            .map_or(Certainty::FALSE, |unless| unless.certainty(&mut |atom| self.atom(atom, state)));
        (when, unless)
    }

    fn fires(&self, gate: &Gate, state: Option<&State>) -> bool {
        let (when, unless) = self.gate(gate, state);
        let fires = when.possibly && !unless.surely;
        fires && self.today(gate)
    }

    /// Whether the day lies in the window of a gate.
    fn today(&self, gate: &Gate) -> bool {
        let day = self.gathered.day(self.now);
        let (from, until) = (gate.from.unwrap_or(day), gate.until.unwrap_or(day));
        from <= day && day <= until
    }

    /// Whether an exception in date surely spares the request from the rule.
    fn excepted(&self, rule: &Rule) -> bool {
        let day = self.gathered.day(self.now);
        self.gathered.resolved.exceptions.iter().any(|exception| {
            let when = exception.when.as_ref();
            let holds = when.is_none_or(|when| when.certainty(&mut |atom| self.atom(atom, None)).surely);
            exception.rule == rule.name && exception.until >= day && holds
        })
    }

    /// The exceptions, each with its rule, that spare the request from a rule which would fire without them; of the rules that
    /// do not ask for the state after the duties.
    pub(super) fn exceptions(&self) -> Vec<(Word, Word)> {
        let day = self.gathered.day(self.now);
        let resolved = &self.gathered.resolved;
        let fires = |rule: &&Rule| !rule.gate.asks_still() && self.fires(&rule.gate, None);
        let mut used: Vec<(Word, Word)> = Vec::new();
        for rule in resolved.rules.iter().filter(fires) {
            for exception in resolved.exceptions.iter().filter(|exception| exception.rule == rule.name) {
                let when = exception.when.as_ref();
                let holds = when.is_none_or(|when| when.certainty(&mut |atom| self.atom(atom, None)).surely);
                if exception.until >= day && holds {
                    used.push((exception.name.clone(), rule.name.clone()));
                }
            }
        }
        used
    }

    /// Whether an exception is in date and surely holds.
    pub(super) fn holds(&self, name: &Word) -> bool {
        let day = self.gathered.day(self.now);
        let named = self.gathered.resolved.exceptions.iter().find(|exception| exception.name == *name);
        named.is_some_and(|exception| {
            let when = exception.when.as_ref();
            exception.until >= day && when.is_none_or(|when| when.certainty(&mut |atom| self.atom(atom, None)).surely)
        })
    }

    fn surely(&self, gate: &Gate, state: Option<&State>) -> bool {
        let (when, unless) = self.gate(gate, state);
        let open = when.surely && !unless.possibly;
        open && self.today(gate)
    }

    /// Whether the label is unknown and one that brings this class may be it.
    fn brought(&self, class: ClassId) -> bool {
        let says = &self.gathered.resolved.says;
        self.facts.label == LabelFact::Unknown && says.iter().any(|says| !says.lowers && says.classes.contains(class))
    }

    fn opaque(&self) -> bool {
        self.facts.unreadable || self.facts.reference || self.facts.scan != ScanStatus::Complete
    }

    fn is(&self, what: What, entity: EntityId) -> bool {
        match what {
            What::Type(asked) => asked == entity,
            What::Class(class) => {
                self.catalogue.info(entity).unwrap().classes.contains(class)
                    && !self.facts.lowered_classes.contains(class)
            }
        }
    }

    /// Whether what is asked is there for certain with this type: nobody knows the label, and one of those that this app may set
    /// takes some of its classes away, perhaps all.
    fn stays(&self, what: What, entity: EntityId) -> bool {
        let facts = self.facts;
        let lowering =
            self.gathered.resolved.says.iter().filter(|says| says.lowers && says.issuers.contains(&facts.app));
        let taken: Vec<ClassSet> = lowering.map(|says| says.classes).collect();
        if facts.label != LabelFact::Unknown || taken.is_empty() {
            return true;
        }
        let classes = self.catalogue.info(entity).unwrap().classes;
        let kept = |class: ClassId| {
            classes.contains(class)
                && !facts.lowered_classes.contains(class)
                && !taken.iter().any(|gone| gone.contains(class))
        };
        match what {
            What::Class(class) => kept(class),
            What::Type(_) => (0..64).map(ClassId).any(kept),
        }
    }

    /// As found, or brought: somebody's surely where somebody is surely named.
    fn health_of_a_person(&self) -> Certainty {
        let health = self.catalogue.class("health").unwrap();
        let surely = self.facts.declared.contains(health);
        let names = |entity| self.catalogue.info(entity).unwrap().names_somebody;
        let stays = |entity| self.stays(What::Type(entity), entity);
        let named = self.facts.types.iter().any(|fact| fact.surely > 0 && names(fact.entity) && stays(fact.entity));
        let lowering =
            self.gathered.resolved.says.iter().filter(|says| says.lowers && says.issuers.contains(&self.facts.app));
        let taken =
            self.facts.label == LabelFact::Unknown && lowering.into_iter().any(|says| says.classes.contains(health));
        let mut found = self.facts.health_of_a_person;
        found.surely &= !taken;
        let brought = Certainty { possibly: surely || self.brought(health), surely: surely && named };
        found.or(brought)
    }

    /// Enough findings of it; of a declared class one, whose confidence nobody knows.
    fn includes(&self, what: What, at_least: u32, confidence: u8, perhaps: Certainty) -> Certainty {
        let facts = self.facts;
        let declared = matches!(what, What::Class(class) if facts.declared.contains(class));
        let perhaps =
            if matches!(what, What::Class(class) if self.brought(class)) { Certainty::UNKNOWN } else { perhaps };
        let of = facts.types.iter().filter(|fact| self.is(what, fact.entity));
        if confidence > 0 {
            let mut reached = of.clone().filter(|fact| fact.confidence >= confidence);
            let surely = reached.clone().any(|fact| self.stays(what, fact.entity));
            let reached = Certainty { possibly: reached.next().is_some(), surely };
            let declared = if declared { Certainty::UNKNOWN } else { Certainty::FALSE };
            return reached.or(declared).or(perhaps);
        }
        let possibly: u32 = of.clone().map(|fact| fact.possibly).sum();
        let certain = of.filter(|fact| self.stays(what, fact.entity));
        let surely: u32 = certain.map(|fact| fact.surely).sum::<u32>().max(u32::from(declared));
        Certainty { possibly: declared || possibly >= at_least, surely: surely >= at_least }.or(perhaps)
    }

    fn atom(&self, atom: &Atom, state: Option<&State>) -> Certainty {
        let facts = self.facts;
        let perhaps = if self.opaque() { Certainty::UNKNOWN } else { Certainty::FALSE };
        match atom {
            Atom::Includes { what, at_least, confidence } => self.includes(*what, *at_least, *confidence, perhaps),
            Atom::HealthOfAPerson => self.health_of_a_person().or(perhaps),
            Atom::Still(what) => {
                let state = state.unwrap();
                let open = |done: &Done, entity| {
                    !matches!(
                        done.get(&entity),
                        Some(Action::Pseudonymise | Action::PseudonymiseUnlinkably | Action::Redact | Action::Drop)
                    )
                };
                let of: Vec<_> = facts.types.iter().filter(|fact| self.is(*what, fact.entity)).collect();
                let possibly = of.iter().any(|fact| fact.possibly > 0 && open(&state.surely, fact.entity));
                let certain = |fact: &TypeFact| fact.surely > 0 && self.stays(*what, fact.entity);
                let surely = of.iter().any(|fact| certain(fact) && open(&state.possibly, fact.entity));
                let declared = match what {
                    What::Class(class) if facts.declared.contains(*class) => {
                        let closure = self.catalogue.class_info(*class).unwrap().closure;
                        !state.classes.iter().any(|changed| closure.contains(*changed))
                    }
                    _ => false,
                };
                let brought = matches!(what, What::Class(class) if self.brought(*class));
                Certainty { possibly: possibly || declared || brought, surely }.or(perhaps)
            }
            Atom::Label(labels) => match &facts.label {
                LabelFact::Absent => Certainty::FALSE,
                LabelFact::Unknown => Certainty::UNKNOWN,
                LabelFact::Named(label) => Certainty::known(labels.iter().any(|one| one == label)),
            },
            Atom::LeakAtLeast(least) => reached(facts.leak, *least),
            Atom::LeakHistoryAtLeast(least) => reached(facts.leak_history, *least),
            Atom::App(word) => Certainty::known(facts.app == *word),
            Atom::Group(apps) => Certainty::known(apps.contains(&facts.app)),
            Atom::Tenant(word) => Certainty::known(facts.tenant == *word),
            Atom::Role(word) => Certainty::known(facts.roles.iter().any(|role| role == word)),
            Atom::Purpose(word) => match &facts.purpose {
                Some(purpose) if *purpose == Word::UNKNOWN => Certainty::UNKNOWN,
                Some(purpose) if purpose != word && facts.purpose_declared => Certainty::UNKNOWN,
                purpose => Certainty::known(purpose.as_ref() == Some(word)),
            },
            Atom::Residence(countries) => {
                let listed = facts.residence.iter().any(|country| countries.contains(country));
                let unknown = facts.residence.contains(&crate::model::Country::UNKNOWN);
                let outside = facts.residence.iter().any(|country| !countries.contains(country));
                Certainty { possibly: listed || unknown, surely: listed && !outside }
            }
            Atom::Minors => Certainty::known(facts.minors),
            Atom::ScanIncomplete => Certainty::known(facts.scan != ScanStatus::Complete),
            Atom::Unreadable => Certainty::known(facts.unreadable),
            Atom::Reference => Certainty::known(facts.reference),
            Atom::Hosted => Certainty::known(!facts.hosted.is_empty()),
        }
    }
}

fn on(rule: &Rule, truth: &Truth<'_>) -> Certainty {
    rule.on.as_ref().map_or(Certainty::TRUE, |on| truth.holds(on))
}

/// Counts as the fact builder makes them: what is surely there is possibly there.
pub(super) fn plausible(fact: &TypeFact) -> bool {
    fact.surely <= fact.possibly && (fact.confidence >= SURELY) == (fact.surely > 0) && fact.confidence >= POSSIBLY
}

fn reached(leak: LeakFact, least: u16) -> Certainty {
    match leak {
        LeakFact::Unknown => Certainty::UNKNOWN,
        LeakFact::Score(score) => Certainty::known(score >= least),
        LeakFact::Between(low, high) => {
            Certainty::known(low >= least).or(Certainty::UNKNOWN.and(Certainty::known(high >= least)))
        }
    }
}
