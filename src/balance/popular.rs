//! Beginnings that many conversations share (system prompts): which endpoints are believed to hold each.
//!
//! The memory of visits knows four endpoints of a block. Of a beginning that is seen again and again far more hold it, and
//! whoever does not know that reads it as a reason to stay with the four. So each such beginning has a row with a mark for every
//! endpoint. The table has a fixed number of rows; one is given up once others came as often as it did. Like the memory it is
//! a hint, never a truth.

use super::outlook::LANES;

/// Sets of rows, and rows of a set: with 1,000 endpoints they take 1 MB.
const SETS: usize = 64;
const WAYS: usize = 4;
/// Uses beyond which a row is no safer.
const USES_MAX: u32 = 1_000;
/// Tokens that one unit of a mark stands for.
const UNIT: u64 = 1_024;

/// Which beginning: its place in the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row(usize);

/// Who holds one beginning.
#[derive(Debug, Default)]
struct Holders {
    key: u64,
    uses: u32,
    /// By slot: tokens that the endpoint had been sent when it was given the beginning last, in units from 1; 0: never.
    marks: Vec<u32>,
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Popular {
    rows: Vec<Holders>,
    slots: usize,
}

impl Popular {
    /// Makes room for so many endpoints; few need no rows, as the memory knows them all. What is held is forgotten when the
    /// room changes.
    pub(super) fn fit(&mut self, slots: usize) {
        if slots != self.slots {
            let rows = if slots > super::memory::HOLDERS_MAX { SETS * WAYS } else { 0 };
            self.rows = std::iter::repeat_with(Holders::default).take(rows).collect();
            self.slots = slots;
        }
    }

    /// Forgets an endpoint.
    pub(super) fn forget(&mut self, slot: usize) {
        for mark in self.rows.iter_mut().filter_map(|row| row.marks.get_mut(slot)) {
            *mark = 0;
        }
    }

    /// The row of a beginning, if it has one.
    pub(super) fn find(&self, key: u64) -> Option<Row> {
        let first = set_of(key) * WAYS;
        let set = self.rows.get(first..first + WAYS)?;
        set.iter().position(|row| row.key == key && row.uses > 0).map(|at| Row(first + at))
    }

    /// By slot whether an endpoint holds a beginning: 0 if not.
    pub(super) fn marks(&self, row: Row) -> &[u32] {
        self.rows.get(row.0).map_or(&[], |row| &row.marks)
    }

    /// Tokens that an endpoint had been sent when it was given a beginning last.
    pub(super) fn sent(&self, row: Row, slot: usize) -> Option<u64> {
        let mark = *self.rows.get(row.0)?.marks.get(slot)?;
        Some(u64::from(mark.checked_sub(1)?) * UNIT)
    }

    /// Notes that an endpoint which had been sent so many tokens is given a beginning that was seen before.
    pub(super) fn note(&mut self, key: u64, slot: usize, sent: u64) {
        let Some(set) = self.rows.get_mut(set_of(key) * WAYS..).and_then(|rows| rows.get_mut(..WAYS)) else { return };
        let at = set.iter().position(|row| row.key == key && row.uses > 0);
        let rarest = || (0_usize..).zip(set.iter()).min_by_key(|(_, row)| row.uses).map_or(0, |(at, _)| at);
        let Some(row) = set.get_mut(at.unwrap_or_else(rarest)) else { return };
        if row.key != key && row.uses > 0 {
            row.uses -= 1;
            return;
        }
        if row.key != key || row.uses == 0 {
            row.key = key;
            row.marks = vec![0; self.slots.next_multiple_of(LANES)];
        }
        row.uses = (row.uses + 1).min(USES_MAX);
        if let Some(mark) = row.marks.get_mut(slot) {
            *mark = u32::try_from(sent / UNIT + 1).unwrap_or(u32::MAX);
        }
    }
}

/// The set of a key: its upper bits.
fn set_of(key: u64) -> usize {
    usize::try_from((u128::from(key) * SETS as u128) >> 64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_marked() {
        let mut popular = Popular::default();
        popular.fit(104);
        for slot in 0..104 {
            popular.note(77, slot, 5_000);
        }
        let row = popular.find(77).unwrap();
        assert!((0..104).all(|slot| popular.sent(row, slot) == Some(4_096)));
        popular.forget(7);
        assert_eq!((popular.marks(row)[7], popular.sent(row, 7)), (0, None));
        assert!(popular.find(78).is_none());
    }

    #[test]
    fn what_comes_often_outlives_what_comes_once() {
        let mut popular = Popular::default();
        popular.fit(10);
        for round in 0..2_000 {
            // All keys here fall into the first set.
            popular.note(1, 3, 0);
            popular.note(1_000 + round, 4, 0);
        }
        assert!(popular.find(1).is_some());
    }
}
