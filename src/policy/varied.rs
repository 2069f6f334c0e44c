//! A compiled program with a rule less, or with a rule that asks for something else: what `lint` compares a policy with, many times, and
//! so without compiling all of it anew. Neither ever decides a request.

use super::program::Program;
use super::resolved::Rule;
use super::truth::Truth;

impl Program {
    /// The program without some of its rules.
    pub(super) fn without(&self, gone: &[usize]) -> Self {
        let mut less = self.clone();
        let mut at = 0..;
        less.rules.retain(|_| at.next().is_none_or(|at| !gone.contains(&at)));
        less.excepted =
            (0..).zip(&less.rules).filter(|(_, rule)| rule.exceptions.is_some()).map(|(at, _)| at).collect();
        less
    }

    /// The program with a rule that asks for something else under the same condition.
    pub(super) fn asking(&self, index: usize, rule: &Rule, truths: &[Truth<'_>], types: usize) -> Option<Self> {
        let mut alone = Self::default();
        alone.stride = self.stride;
        let asks = alone.rule(rule, truths, types, &mut 0).ok()?;
        let mut changed = self.clone();
        let row = changed.rules.get_mut(index)?;
        (row.removes, row.on, row.surely_on) = (asks.removes, asks.on, asks.surely_on);
        (row.actions, row.class_actions, row.seals) = (asks.actions, asks.class_actions, asks.seals);
        Some(changed)
    }
}
