//! The second decision: what the duties leave is put to the rules that ask for it.
//!
//! Only `still includes identified …` can come out otherwise after the duties than before: `data includes …` is the request
//! as it arrived. So only the rules and `allow` lines that ask for it are taken again, for each backend with its own duties.
//! They may remove the backend or add duties, once; if the added duties would bring further ones, the backend is refused.
//!
//! Only duties of the organisation's own sheets count as done here. Were a pack's duties to count, adding a pack could turn
//! a refusal by `when data still includes identified personal` into a permission, and a pack must never open a flow.

use super::engine::{Demand, Pass, named};
use super::program::{Bits, has};
use super::view::After;
use crate::model::{BackendId, ClassSet, Duties, Removal, Word};

/// The second decision on one backend.
pub(super) struct Second<'a, 'p> {
    pub(super) pass: &'a mut Pass<'p>,
    pub(super) backend: BackendId,
    /// What must be done, packs included.
    pub(super) duties: Duties,
    /// What the sheets alone demand.
    pub(super) own: Duties,
    /// The classes that the sheets' duties name.
    pub(super) classes: ClassSet,
}

impl Second<'_, '_> {
    pub(super) fn decide(mut self) -> Result<Duties, Removal> {
        let mut bits = self.bits();
        let grown = self.round(&bits)?;
        if grown {
            bits = self.bits();
            if self.round(&bits)? {
                return Err(Removal::Duty(Word::fixed("change data again after the second decision")));
            }
        }
        let program = self.pass.program;
        let still = program.allows.iter().filter(|allow| allow.still && has(&allow.admits, self.backend));
        if self.pass.is_candidate(self.backend) || still.into_iter().any(|allow| allow.gate.surely_open(&bits)) {
            Ok(self.duties)
        } else {
            Err(Removal::NotAllowed)
        }
    }

    /// The atoms as they are once the sheets' duties are done.
    fn bits(&self) -> Bits {
        let mut bits = self.pass.bits.clone();
        let after = After { duties: &self.own, declared: self.left() };
        self.pass.program.set_after(&mut bits, &self.pass.view, after);
        bits
    }

    /// Declared classes that no duty of a sheet reaches.
    fn left(&self) -> ClassSet {
        let mut left = ClassSet::default();
        for (index, info) in (0_u8..).zip(&self.pass.policy.catalogue().classes) {
            let class = crate::model::ClassId(index);
            if self.pass.facts.declared.contains(class) && !info.closure.intersects(self.classes) {
                left.insert(class);
            }
        }
        left
    }

    /// Applies the rules that ask for the state after the duties; true when the sheets' duties have grown.
    fn round(&mut self, bits: &Bits) -> Result<bool, Removal> {
        let before = (self.own.clone(), self.classes);
        let program = self.pass.program;
        let mut removing = Vec::new();
        for (index, rule) in program.rules.iter().enumerate().filter(|(_, rule)| rule.still) {
            if !rule.gate.fires(bits) {
                continue;
            }
            self.pass.fire(index);
            if has(&rule.removes, self.backend) {
                removing.push(named(rule));
            }
            if rule.has_duties() && has(&rule.on, self.backend) {
                let demand: Demand<'_> = self.pass.demand(rule);
                self.pass.merge(&mut self.duties, &demand)?;
                if !rule.pack {
                    self.pass.merge(&mut self.own, &demand)?;
                    self.classes = self.classes.union(rule.duty_classes());
                }
            }
        }
        if removing.is_empty() { Ok(before != (self.own.clone(), self.classes)) } else { Err(Removal::Rules(removing)) }
    }
}
