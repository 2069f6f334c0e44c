//! A request as the chooser looks at it: what is asked, and who is believed to hold what of it.

use super::memory::HOLDERS_MAX;
use super::popular::Row;
use super::{Ask, BLOCKS_MAX, Micros};

/// A request, and who is believed to hold what of it.
pub(super) struct Wish<'a> {
    pub(super) ask: &'a Ask<'a>,
    pub(super) held: Holders,
    /// Its beginning, if many share it: the row, and its tokens.
    pub(super) beginning: Option<(Row, u32)>,
    pub(super) now: Micros,
}

impl Wish<'_> {
    /// Tokens that the home is believed to hold of a conversation that goes on and whose last turn this gateway did not place:
    /// another one did, and found the same home.
    pub(super) fn assumed(&self) -> u32 {
        let Some((last, before)) = self.ask.blocks.split_last() else { return 0 };
        let Some(turn) = before.last() else { return 0 };
        let goes_on = self.ask.home.is_some_and(|home| home != last.key);
        let is_known = self.held.iter().any(|held| held.tokens >= turn.tokens);
        if goes_on && !is_known { turn.tokens / 4 * 3 } else { 0 }
    }
}

/// An endpoint that is believed to hold a block.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Held {
    pub(super) slot: u32,
    /// Tokens that the endpoint had been sent by then.
    pub(super) sent: u64,
    pub(super) tokens: u32,
}

/// Those of all blocks of one request.
#[derive(Debug, Default)]
pub(super) struct Holders {
    list: [Held; BLOCKS_MAX * HOLDERS_MAX],
    count: usize,
}

impl Holders {
    pub(super) fn push(&mut self, held: Held) {
        if let Some(place) = self.list.get_mut(self.count) {
            *place = held;
            self.count += 1;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Held> {
        self.list.iter().take(self.count)
    }

    pub(super) fn first(&self) -> Option<&Held> {
        self.iter().next()
    }
}
