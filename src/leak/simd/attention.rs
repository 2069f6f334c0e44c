//! One head of attention over one sequence, in f32: plain arithmetic that the compiler makes wide instructions of.
//!
//! ```text
//! scores   of four queries with 32 keys at a time, sums held in registers
//! mix      of four queries' shares with 32 values' dimensions at a time
//! ```

use super::Path;
use super::wave::powers_plain;

/// Keys, or dimensions, that are summed together.
const WIDE: usize = 32;
/// Queries that are.
const QUERIES: usize = 4;

/// Where a head's queries, keys and values lie: rows of `3 * hidden` values, one a token.
#[derive(Debug, Clone, Copy)]
pub(in crate::leak) struct Head<'a> {
    /// The rows of one sequence.
    pub(in crate::leak) rows: &'a [f32],
    /// Values of a row of the model.
    pub(in crate::leak) hidden: usize,
    /// First dimension of the head.
    pub(in crate::leak) start: usize,
    /// Its dimensions, a multiple of 32.
    pub(in crate::leak) width: usize,
    /// What scores are multiplied by.
    pub(in crate::leak) factor: f32,
}

/// Memory that is used again.
#[derive(Debug, Default)]
pub(in crate::leak) struct Work {
    /// Blocks of 32 keys, dimension by dimension.
    keys: Vec<f32>,
    scores: Vec<f32>,
}

impl Path {
    /// Computes a head; `out` are rows of `hidden` values, one a token, of which the head's dimensions are set.
    pub(in crate::leak) fn attend(self, head: &Head<'_>, work: &mut Work, out: &mut [f32]) {
        let tokens = head.rows.len() / (3 * head.hidden).max(1);
        let padded = tokens.next_multiple_of(WIDE);
        work.keys.clear();
        work.keys.resize(padded * head.width, 0.0);
        work.scores.clear();
        work.scores.resize(padded * QUERIES, 0.0);
        self.attend_head(head, work, out);
    }
}

#[expect(clippy::inline_always, reason = "compiled anew within a function of other instructions")]
#[inline(always)]
pub(super) fn attend_plain(head: &Head<'_>, work: &mut Work, out: &mut [f32]) {
    let Head { rows, hidden, start, width, factor } = *head;
    let part = |row: &'_ [f32], kind: usize| kind * hidden + start..row.len().min(kind * hidden + start + width);
    for (token, row) in rows.chunks_exact(3 * hidden).enumerate() {
        let block = work.keys.iter_mut().skip(token / WIDE * WIDE * width + token % WIDE).step_by(WIDE);
        let key = row.get(part(row, 1)).unwrap_or_default();
        block.zip(key).for_each(|(to, from)| *to = *from);
    }
    let tokens = rows.len() / (3 * hidden);
    let padded = work.scores.len() / QUERIES;
    for (asked, out) in rows.chunks(3 * hidden * QUERIES).zip(out.chunks_mut(hidden * QUERIES)) {
        let mut queries: [&[f32]; QUERIES] = [&[]; QUERIES];
        for (query, row) in queries.iter_mut().zip(asked.chunks_exact(3 * hidden)) {
            *query = row.get(part(row, 0)).unwrap_or_default();
        }
        for (number, block) in work.keys.chunks_exact(WIDE * width).enumerate() {
            let mut sums = [[0.0_f32; WIDE]; QUERIES];
            for (dimension, keys) in block.as_chunks::<WIDE>().0.iter().enumerate() {
                for (sums, query) in sums.iter_mut().zip(&queries) {
                    let x = query.get(dimension).copied().unwrap_or(0.0) * factor;
                    sums.iter_mut().zip(keys).for_each(|(sum, key)| *sum += x * key);
                }
            }
            for (sums, scores) in sums.iter().zip(work.scores.chunks_exact_mut(padded)) {
                scores.iter_mut().skip(number * WIDE).zip(sums).for_each(|(to, from)| *to = *from);
            }
        }
        for scores in work.scores.chunks_exact_mut(padded).take(asked.len() / (3 * hidden)) {
            let scores = scores.get_mut(..tokens).unwrap_or_default();
            let most = scores.iter().copied().fold(f32::MIN, f32::max);
            let share = 1.0 / powers_plain(scores, most);
            for score in scores {
                *score *= share;
            }
        }
        for first in (0..width).step_by(WIDE) {
            let mut sums = [[0.0_f32; WIDE]; QUERIES];
            for (token, row) in rows.chunks_exact(3 * hidden).enumerate() {
                let at = 2 * hidden + start + first;
                let Some(values) = row.get(at..at + WIDE).and_then(<[f32]>::as_array::<WIDE>) else { continue };
                for (sums, scores) in sums.iter_mut().zip(work.scores.chunks_exact(padded)) {
                    let share = scores.get(token).copied().unwrap_or(0.0);
                    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += share * value);
                }
            }
            for (sums, out) in sums.iter().zip(out.chunks_exact_mut(hidden)) {
                out.iter_mut().skip(start + first).zip(sums).for_each(|(to, from)| *to = *from);
            }
        }
    }
}
