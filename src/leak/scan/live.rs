//! Which rows count for an asker: one bit a row, in words of 64.

/// One bit a row: set when the row belongs to the asker and was not removed.
///
/// INVARIANT: bits at and beyond `rows` are clear, so that kernels may walk whole words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Live {
    words: Vec<u64>,
    rows: usize,
}

impl Live {
    /// A bitmap of `rows` rows, all live or none.
    pub fn new(rows: usize, live: bool) -> Self {
        let mut words = vec![if live { u64::MAX } else { 0 }; rows.div_ceil(64)];
        if let (Some(last), true) = (words.last_mut(), !rows.is_multiple_of(64)) {
            *last &= (1 << (rows % 64)) - 1;
        }
        Self { words, rows }
    }

    /// Sets or clears a row's bit; a row that does not exist stays dead.
    pub fn set(&mut self, row: usize, live: bool) {
        if row >= self.rows {
            return;
        }
        if let Some(word) = self.words.get_mut(row / 64) {
            let bit = 1 << (row % 64);
            *word = if live { *word | bit } else { *word & !bit };
        }
    }

    /// Whether a row is live.
    pub fn is_live(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Grows to `rows` rows; the new ones are dead.
    pub fn grow(&mut self, rows: usize) {
        if rows > self.rows {
            self.words.resize(rows.div_ceil(64), 0);
            self.rows = rows;
        }
    }

    /// Rows of the bitmap, live or not.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Live rows.
    pub fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// The words, row 0 in the lowest bit of the first.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The 16 bits of a block of rows.
    #[expect(clippy::cast_possible_truncation, reason = "the lowest 16 bits are meant")]
    pub(super) fn block(&self, block: usize) -> u16 {
        let word = self.words.get(block / 4).copied().unwrap_or(0);
        (word >> (block % 4 * 16)) as u16
    }
}
