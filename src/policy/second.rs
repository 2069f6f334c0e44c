//! The second decision: what the duties leave is put to the rules that ask for it.
//!
//! Only `still includes identified …` can come out otherwise after the duties than before: `data includes …` is the request
//! as it arrived. So only the rules and `allow` lines that ask for it are taken again, for each backend with its own duties.
//! They may remove the backend or add duties, once. A rule that would add duties *because* data is no longer identified, and
//! did not surely do so the first time, would make a second growth, and the backend is refused.
//!
//! Two laws decide what counts as done. Were the duties of a pack to count, adding a pack could turn a refusal by
//! `when data still includes identified personal` into a permission; so only the organisation's own sheets count. Were a
//! duty of a rule that only possibly fires to count, an unknown label could do the same; so only rules that surely fire count
//! as having changed something, while anything that may fire counts against *surely* still identified.

use super::engine::{Demand, Pass, named};
use super::program::{Bits, RuleRow, has};
use super::view::After;
use crate::model::{BackendId, ClassId, ClassSet, Duties, Removal, Word};

/// The second decision on one backend.
pub(super) struct Second<'a, 'p> {
    pass: &'a mut Pass<'p>,
    backend: BackendId,
    /// What must be done, whoever demands it.
    duties: Duties,
    /// What is surely done, and demanded by the sheets.
    own: Duties,
    /// The classes that those duties name.
    classes: ClassSet,
}

impl<'a, 'p> Second<'a, 'p> {
    /// Begins with what the first decision demands.
    pub(super) fn new(pass: &'a mut Pass<'p>, backend: BackendId, duties: Duties) -> Result<Self, Removal> {
        let (mut own, mut classes) = (Duties::default(), ClassSet::default());
        for demand in pass.demands().iter().filter(|demand| counts(demand, backend)) {
            pass.merge(&mut own, demand)?;
            classes = classes.union(demand.rule.duty_classes());
        }
        Ok(Self { pass, backend, duties, own, classes })
    }

    pub(super) fn decide(mut self) -> Result<Duties, Removal> {
        let first = self.bits();
        self.round(&first, |_| false)?;
        let second = self.bits();
        self.round(&second, |rule| rule.no_longer && !rule.gate.surely_open(&first))?;
        let last = self.bits();
        let program = self.pass.program;
        let mut still = program.allows.iter().filter(|allow| allow.still && has(&allow.admits, self.backend));
        if self.pass.is_candidate(self.backend) || still.any(|allow| allow.gate.surely_open(&last)) {
            Ok(self.duties)
        } else {
            Err(Removal::NotAllowed)
        }
    }

    /// The atoms as they are once the duties are done.
    fn bits(&self) -> Bits {
        let mut bits = self.pass.bits.clone();
        let after = After { surely: &self.own, possibly: &self.duties, declared: self.left() };
        self.pass.program.set_after(&mut bits, &self.pass.view, after);
        bits
    }

    /// Declared classes that no duty surely changes.
    fn left(&self) -> ClassSet {
        let mut left = ClassSet::default();
        for (class, info) in (0_u8..).map(ClassId).zip(&self.pass.policy.catalogue().classes) {
            if self.pass.facts.declared.contains(class) && !info.closure.intersects(self.classes) {
                left.insert(class);
            }
        }
        left
    }

    /// Applies the rules that ask for the state after the duties; a duty of one that `grows` refuses.
    fn round(&mut self, bits: &Bits, grows: impl Fn(&RuleRow) -> bool) -> Result<(), Removal> {
        let program = self.pass.program;
        let mut removing = Vec::new();
        for (index, rule) in program.rules.iter().enumerate().filter(|(_, rule)| rule.still) {
            if !rule.gate.fires(bits) {
                self.pass.spare(index, rule, bits);
                continue;
            }
            self.pass.fire(index);
            if has(&rule.removes, self.backend) {
                removing.push(named(rule));
            }
            if !rule.has_duties() || !has(&rule.on, self.backend) {
                continue;
            }
            let demand = self.pass.demand(rule, bits);
            if grows(rule) {
                return Err(Removal::Duty(Word::fixed("change data again after the second decision")));
            }
            self.pass.merge(&mut self.duties, &demand)?;
            if counts(&demand, self.backend) {
                self.pass.merge(&mut self.own, &demand)?;
                self.classes = self.classes.union(rule.duty_classes());
            }
        }
        if removing.is_empty() { Ok(()) } else { Err(Removal::Rules(removing.into())) }
    }
}

/// Whether a duty counts as done when the rules are asked what is still identified.
fn counts(demand: &Demand<'_>, backend: BackendId) -> bool {
    demand.surely && !demand.rule.pack && has(&demand.rule.surely_on, backend)
}
