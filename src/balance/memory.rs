//! Where a conversation was served: which endpoint is believed to hold which leading blocks in its KV cache.
//!
//! A table of fixed size: a key has one set of four places, and the newest replaces the oldest. It is a hint, never a truth: a
//! wrong one costs a prefill. An entry counts as gone once its endpoint has been sent more tokens since than its cache holds,
//! as a cache forgets what was used longest ago.

/// Sets of a table for many endpoints; with four places of 24 bytes it takes 6 MiB.
const SETS_MAX: usize = 64 * 1024;
/// Sets for each endpoint.
const SETS_EACH: usize = 1_024;

/// Endpoints that are remembered of one block.
pub(super) const HOLDERS_MAX: usize = 4;

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Key of the block; 0: free.
    key: u64,
    /// Slot of the endpoint.
    slot: u32,
    /// Order of the entries.
    order: u32,
    /// Tokens that the endpoint had been sent.
    sent: u64,
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Memory {
    sets: Vec<[Place; HOLDERS_MAX]>,
    order: u32,
}

impl Memory {
    /// Makes room for so many endpoints; a single one needs none. What is held is forgotten when the room changes.
    pub(super) fn fit(&mut self, endpoints: usize) {
        let sets = if endpoints < 2 { 0 } else { endpoints.saturating_mul(SETS_EACH).min(SETS_MAX) };
        if sets != self.sets.len() {
            self.sets = vec![[Place::default(); HOLDERS_MAX]; sets];
        }
    }

    /// Forgets an endpoint.
    pub(super) fn forget(&mut self, slot: u32) {
        for place in self.sets.iter_mut().flatten().filter(|place| place.slot == slot) {
            *place = Place::default();
        }
    }

    /// The endpoints that served a block, and the tokens that each had been sent by then.
    pub(super) fn holders(&self, key: u64) -> impl Iterator<Item = (u32, u64)> {
        let set = self.index(key).and_then(|index| self.sets.get(index));
        set.into_iter()
            .flatten()
            .filter(move |place| place.key == key && key != 0)
            .map(|place| (place.slot, place.sent))
    }

    /// Notes that an endpoint is given a block.
    pub(super) fn note(&mut self, key: u64, slot: u32, sent: u64) {
        self.order = self.order.wrapping_add(1);
        let order = self.order;
        let Some(set) = self.index(key).and_then(|index| self.sets.get_mut(index)) else { return };
        let same = set.iter().position(|place| place.key == key && place.slot == slot);
        let oldest = || {
            let aged =
                set.iter().enumerate().max_by_key(|(_, place)| (place.key == 0, order.wrapping_sub(place.order)));
            aged.map_or(0, |(index, _)| index)
        };
        let index = same.unwrap_or_else(oldest);
        if let Some(place) = set.get_mut(index) {
            *place = Place { key, slot, order, sent };
        }
    }

    fn index(&self, key: u64) -> Option<usize> {
        let sets = self.sets.len() as u128;
        usize::try_from((u128::from(key) * sets) >> 64).ok().filter(|_| sets > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_replaces_the_oldest() {
        let mut memory = Memory::default();
        memory.fit(8);
        for slot in 0..6 {
            memory.note(77, slot, u64::from(slot) * 10);
        }
        let mut held: Vec<_> = memory.holders(77).collect();
        held.sort_unstable();
        assert_eq!(held, [(2, 20), (3, 30), (4, 40), (5, 50)]);
        memory.forget(4);
        assert_eq!(memory.holders(77).count(), 3);
        assert_eq!(memory.holders(78).count(), 0);
    }

    #[test]
    fn a_single_endpoint_needs_no_memory() {
        let mut memory = Memory::default();
        memory.fit(1);
        memory.note(77, 0, 1);
        assert_eq!(memory.holders(77).count(), 0);
    }
}
