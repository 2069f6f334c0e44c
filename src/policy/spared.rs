//! Exceptions apart from the rules that they spare requests from. They are a part of a rule's `unless` when it is asked whether it
//! fires; here they say which of them a request made use of, so that the record can name them. Never used to decide.

use jiff::civil::Date;

use super::program::{Bits, GateRows};
use crate::model::Word;

/// The exceptions to one rule, apart from it: to say which of them a request made use of.
#[derive(Debug, Clone)]
pub(super) struct Exceptions {
    /// The rule's gate without them.
    pub(super) gate: GateRows,
    /// Each with its condition and its last day.
    pub(super) each: Vec<(Word, GateRows, Date)>,
}

impl Exceptions {
    /// Those that spare a request from the rule, which would have fired without them.
    pub(super) fn used<'a, 'b>(&'a self, bits: &'b Bits) -> impl Iterator<Item = (&'a Word, Date)> + use<'a, 'b> {
        let fires = self.gate.fires(bits);
        let holding = self.each.iter().filter(move |(_, gate, _)| fires && gate.surely_open(bits));
        holding.map(|(name, _, until)| (name, *until))
    }
}
