//! The tree after every name has been looked up: what compiles to masks, and what a naive evaluator can read.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::declared::Today;
use super::phrase::Language;
use super::reference::Countries;
use super::tree::Expr;
use crate::model::{Action, BackendId, Catalogue, ClassId, ClassSet, Country, EntityId, Facts, Word};

/// A class or a type of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum What {
    Class(ClassId),
    Type(EntityId),
}

/// What a condition asks of a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Atom {
    /// `confidence` is 0 when none is asked.
    Includes {
        what: What,
        at_least: u32,
        confidence: u8,
    },
    HealthOfAPerson,
    /// After the duties, in a form that identifies.
    Still(What),
    /// One of these labels.
    Label(Vec<Word>),
    LeakAtLeast(u16),
    LeakHistoryAtLeast(u16),
    App(Word),
    /// One of these apps.
    Group(Vec<Word>),
    Tenant(Word),
    Role(Word),
    Purpose(Word),
    Residence(Vec<Country>),
    Minors,
    ScanIncomplete,
    Unreadable,
    Reference,
    Hosted,
}

/// What a predicate asks of a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Quality {
    OnPremises,
    Domestic,
    LocatedIn(Countries),
    ControlledFrom(Countries),
    ExposedTo(Word),
    Certified { scheme: Word, level: Option<Word> },
    TransferBasis,
    Contract,
    KeysOurs,
    Attested,
    RetentionNone,
    TrainingNever,
    Named(Word),
}

pub(super) type Condition = Expr<Atom>;
pub(super) type Predicate = Expr<Quality>;

/// `[when …] [unless …] [from DATE] [until DATE]`
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Gate {
    pub(super) when: Option<Condition>,
    pub(super) unless: Option<Condition>,
    pub(super) from: Option<Date>,
    pub(super) until: Option<Date>,
}

impl Gate {
    /// What it asks, to open and to spare.
    pub(super) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.when.iter().chain(&self.unless)
    }

    /// Whether today surely lies in its window: for what opens.
    fn surely_stands(&self, today: Today) -> bool {
        self.from.is_none_or(|from| today.has_begun(from)) && self.until.is_none_or(|until| today.lasts(until))
    }

    /// Whether today may lie in its window: for what restricts.
    fn may_stand(&self, today: Today) -> bool {
        self.from.is_none_or(|from| today.may_have_begun(from)) && self.until.is_none_or(|until| today.may_last(until))
    }

    /// Whether it asks for the state after the duties.
    pub(super) fn asks_still(&self) -> bool {
        let mut still = false;
        for condition in self.conditions() {
            condition.visit(true, &mut |atom, _| still |= matches!(atom, Atom::Still(_)));
        }
        still
    }

    /// Whether it can come to hold because data is no longer identified.
    pub(super) fn asks_no_longer(&self) -> bool {
        let mut no_longer = false;
        for (condition, positive) in
            self.when.iter().map(|when| (when, true)).chain(self.unless.iter().map(|u| (u, false)))
        {
            condition.visit(positive, &mut |atom, positive| no_longer |= matches!(atom, Atom::Still(_)) && !positive);
        }
        no_longer
    }
}

/// `allow backends …`
#[derive(Debug, Clone)]
pub(super) struct Allow {
    /// Its place among those of the sheets, from 1, in force or not.
    pub(super) number: usize,
    pub(super) backends: Predicate,
    pub(super) gate: Gate,
}

/// `allow hosted tool …`
#[derive(Debug, Clone)]
pub(super) struct AllowTool {
    pub(super) tool: Word,
    pub(super) host: Option<Word>,
    pub(super) gate: Gate,
}

/// A host of `allow values in addresses of …`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ValueHost {
    /// How a URL may spell it, with its port; the first is that of DNS.
    pub(super) spellings: Vec<Word>,
}

/// `rule …`
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) name: Word,
    pub(super) because: Word,
    pub(super) pack: bool,
    pub(super) gate: Gate,
    /// Its gate as it is written, where exceptions in date are part of the other.
    pub(super) unspared: Option<Gate>,
    pub(super) on: Option<Predicate>,
    pub(super) only: Option<Predicate>,
    pub(super) never: Option<Predicate>,
    /// Sorted by type; what the rule keeps is left out.
    pub(super) actions: Vec<(EntityId, Action)>,
    /// The classes that duties name, each with its strictest action.
    pub(super) class_actions: Vec<(ClassId, Action)>,
    pub(super) seals: bool,
    pub(super) prefers: Vec<Predicate>,
}

impl Rule {
    /// Whether it names a class, in a condition or a duty.
    pub(super) fn names(&self, class: ClassId) -> bool {
        let mut names = self.class_actions.iter().any(|(named, _)| *named == class);
        for condition in self.gate.conditions() {
            condition.visit(true, &mut |atom, _| {
                names |= match atom {
                    Atom::Includes { what, .. } | Atom::Still(what) => *what == What::Class(class),
                    _ => false,
                };
            });
        }
        names
    }
}

/// `exception … for rule …`
#[derive(Debug, Clone)]
pub(super) struct Exception {
    pub(super) name: Word,
    pub(super) rule: Word,
    pub(super) when: Option<Condition>,
    pub(super) until: Date,
}

/// What a label says of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LabelSays {
    pub(super) label: Word,
    pub(super) lowers: bool,
    /// Brought: closed under implication. Lowered: these, and every class that implies one of them.
    pub(super) classes: ClassSet,
    pub(super) issuers: Vec<Word>,
}

/// `fall back if unavailable …`
#[derive(Debug, Clone)]
pub(super) struct FallBackClause {
    pub(super) after_ms: Option<u64>,
    pub(super) gate: Gate,
}

/// `scenario …`
#[derive(Debug, Clone)]
pub(super) struct Scenario {
    pub(super) title: Word,
    pub(super) file: Word,
    pub(super) line: u32,
    /// That of its sheet.
    pub(super) language: Language,
    pub(super) facts: Facts,
    pub(super) then: Vec<Expected>,
}

/// What a scenario expects of one backend.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    pub(super) backend: BackendId,
    pub(super) allowed: bool,
    /// What is done to the data on the way, at least.
    pub(super) must: Vec<(What, Action)>,
    pub(super) seals: bool,
}

/// All sheets and packs of a policy.
#[derive(Debug, Clone, Default)]
pub(super) struct Resolved {
    pub(super) allows: Vec<Allow>,
    /// How many there are in the sheets, with those that could not be understood: by it they are numbered.
    pub(super) written: usize,
    pub(super) tools: Vec<AllowTool>,
    pub(super) hosts: Vec<ValueHost>,
    pub(super) rules: Vec<Rule>,
    pub(super) exceptions: Vec<Exception>,
    pub(super) says: Vec<LabelSays>,
    pub(super) fall_backs: Vec<FallBackClause>,
    pub(super) scenarios: Vec<Scenario>,
}

impl Resolved {
    /// What holds on a day: statements outside their window are left out, and exceptions in date are part of their rule. Where
    /// nobody knows what day it is at home, what opens holds only if it does on each of them, and a rule if it does on any.
    pub(super) fn on(&self, day: impl Into<Today>) -> Self {
        let day = day.into();
        let mut today = self.clone();
        today.allows.retain(|allow| allow.gate.surely_stands(day));
        today.tools.retain(|tool| tool.gate.surely_stands(day));
        today.rules.retain(|rule| rule.gate.may_stand(day));
        today.fall_backs.retain(|clause| clause.gate.surely_stands(day));
        today.exceptions.retain(|exception| day.lasts(exception.until));
        // What stands today stands: between two policies the rest of their windows makes no difference today.
        let allows = today.allows.iter_mut().map(|allow| &mut allow.gate);
        let tools = today.tools.iter_mut().map(|tool| &mut tool.gate);
        let falling = today.fall_backs.iter_mut().map(|clause| &mut clause.gate);
        let rules = today.rules.iter_mut().map(|rule| &mut rule.gate);
        for gate in allows.chain(tools).chain(falling).chain(rules) {
            (gate.from, gate.until) = (None, None);
        }
        // Side by side, not each within the one before: many exceptions of one rule nest no deeper than one.
        let mut spared: BTreeMap<&Word, Vec<Condition>> = BTreeMap::new();
        for exception in &today.exceptions {
            // Without a condition it spares every request: the empty conjunction is surely true.
            let when = exception.when.clone().unwrap_or(Expr::All(Vec::new()));
            spared.entry(&exception.rule).or_default().push(when);
        }
        for rule in &mut today.rules {
            let Some(spared) = spared.remove(&rule.name) else { continue };
            rule.unspared = Some(rule.gate.clone());
            rule.gate.unless = Some(Expr::Any(rule.gate.unless.take().into_iter().chain(spared).collect()));
        }
        today
    }

    /// Every condition that something asks.
    pub(super) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let gates = self.allows.iter().map(|allow| &allow.gate).chain(self.tools.iter().map(|tool| &tool.gate));
        let gates = gates.chain(self.rules.iter().map(|rule| &rule.gate));
        let gates = gates.chain(self.fall_backs.iter().map(|clause| &clause.gate));
        gates.flat_map(Gate::conditions)
    }

    /// The types that conditions, duties and exceptions are about on any day, sorted.
    pub(super) fn asked(&self, catalogue: &Catalogue) -> Vec<EntityId> {
        let (mut types, mut classes) = (BTreeSet::new(), ClassSet::default());
        let exceptions = self.exceptions.iter().filter_map(|exception| exception.when.as_ref());
        for condition in self.conditions().chain(exceptions) {
            condition.visit(true, &mut |atom, _| match atom {
                Atom::Includes { what: What::Type(entity), .. } | Atom::Still(What::Type(entity)) => {
                    types.insert(*entity);
                }
                Atom::Includes { what: What::Class(class), .. } | Atom::Still(What::Class(class)) => {
                    classes.insert(*class);
                }
                Atom::HealthOfAPerson => {
                    if let Some(class) = catalogue.class("health") {
                        classes.insert(class);
                    }
                }
                _ => {}
            });
        }
        types.extend(self.rules.iter().flat_map(|rule| &rule.actions).map(|(entity, _)| *entity));
        let of_class =
            (0..).map(EntityId).zip(&catalogue.entities).filter(|(_, info)| info.classes.intersects(classes));
        types.extend(of_class.map(|(entity, _)| entity));
        types.into_iter().collect()
    }

    /// First and last days of windows and exceptions.
    pub(super) fn dates(&self, first: &mut Vec<Date>, last: &mut Vec<Date>) {
        let gates = self.allows.iter().map(|allow| &allow.gate).chain(self.tools.iter().map(|tool| &tool.gate));
        let gates = gates.chain(self.rules.iter().map(|rule| &rule.gate));
        for gate in gates.chain(self.fall_backs.iter().map(|clause| &clause.gate)) {
            first.extend(gate.from);
            last.extend(gate.until);
        }
        last.extend(self.exceptions.iter().map(|exception| exception.until));
    }
}

/// Classes of a list of duties.
pub(super) fn classes(actions: &[(ClassId, Action)]) -> ClassSet {
    let mut classes = ClassSet::default();
    for (class, _) in actions {
        classes.insert(*class);
    }
    classes
}
