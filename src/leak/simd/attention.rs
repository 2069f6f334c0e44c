//! One head of attention over one sequence, in f32.
//!
//! ```text
//! scores   of four queries with 32 keys at a time, sums held in registers
//! mix      of four queries' shares with 32 values' dimensions at a time
//! ```
//! Both are the same sum: 32 values, four factors. It is all that is written for each set of instructions.

use super::wave::powers_plain;
use super::{Kind, Path};

/// Keys, or dimensions, that are summed together.
const WIDE: usize = 32;
/// Queries that are.
const QUERIES: usize = 4;

/// The sums of four queries.
type Sums = [[f32; WIDE]; QUERIES];

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
    keys: Vec<[f32; WIDE]>,
    /// A row for each of four queries.
    scores: Vec<f32>,
    /// Of each dimension, or token, what the four queries have of it.
    factors: Vec<[f32; QUERIES]>,
}

impl Path {
    /// Computes a head; `out` are rows of `hidden` values, one a token, of which the head's dimensions are set.
    pub(in crate::leak) fn attend(self, head: &Head<'_>, work: &mut Work, out: &mut [f32]) {
        let Head { rows, hidden, start, width, .. } = *head;
        let padded = work.lay_out(head);
        for (asked, out) in rows.chunks(3 * hidden * QUERIES).zip(out.chunks_mut(hidden * QUERIES)) {
            work.take_queries(asked, head);
            for (number, keys) in work.keys.chunks_exact(width).enumerate() {
                let sums = self.sums(&work.factors, keys.iter());
                keep(&sums, &mut work.scores, padded, number * WIDE);
            }
            self.attend_shares(work, rows.len() / (3 * hidden).max(1), padded);
            for first in (start..start + width).step_by(WIDE) {
                let values =
                    rows.chunks_exact(3 * hidden).filter_map(|row| row.get(2 * hidden + first..)?.first_chunk());
                keep(&self.sums(&work.factors, values), out, hidden, first);
            }
        }
    }

    /// Adds up values, each query with factors of its own.
    #[cfg_attr(
        target_arch = "x86_64",
        expect(unsafe_code, reason = "calls into functions that need instructions the processor was asked for")
    )]
    fn sums<'a>(self, factors: &[[f32; QUERIES]], values: impl Iterator<Item = &'a [f32; WIDE]>) -> Sums {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Kind::Avx512` is made only after avx512f was detected.
            Kind::Avx512 => unsafe { sums_wide(factors, values) },
            _ => sums_plain(factors, values),
        }
    }
}

impl Work {
    /// Turns the keys, so that one load takes a dimension of 32 of them. Returns the length of a row of scores.
    fn lay_out(&mut self, head: &Head<'_>) -> usize {
        let Head { rows, hidden, start, width, .. } = *head;
        let padded = (rows.len() / (3 * hidden).max(1)).next_multiple_of(WIDE);
        self.keys.clear();
        self.keys.resize(padded / WIDE * width, [0.0; WIDE]);
        self.scores.clear();
        self.scores.resize(padded * QUERIES, 0.0);
        for (token, row) in rows.chunks_exact(3 * hidden).enumerate() {
            let key = row.iter().skip(hidden + start).take(width);
            for (to, value) in self.keys.iter_mut().skip(token / WIDE * width).zip(key) {
                if let Some(to) = to.get_mut(token % WIDE) {
                    *to = *value;
                }
            }
        }
        padded
    }

    /// The next queries, dimension by dimension; those that are missing are zero.
    fn take_queries(&mut self, asked: &[f32], head: &Head<'_>) {
        self.factors.clear();
        self.factors.resize(head.width, [0.0; QUERIES]);
        for (query, row) in asked.chunks_exact(3 * head.hidden).enumerate() {
            for (factors, value) in self.factors.iter_mut().zip(row.iter().skip(head.start)) {
                if let Some(to) = factors.get_mut(query) {
                    *to = value * head.factor;
                }
            }
        }
    }
}

/// Writes the sums of four queries into their rows.
fn keep(sums: &Sums, rows: &mut [f32], length: usize, at: usize) {
    for (sums, row) in sums.iter().zip(rows.chunks_exact_mut(length)) {
        if let Some(to) = row.get_mut(at..at + WIDE) {
            to.copy_from_slice(sums);
        }
    }
}

/// From scores to shares of one, as factors of the tokens' values.
#[expect(clippy::inline_always, reason = "compiled anew within a function of other instructions")]
#[inline(always)]
pub(super) fn shares_plain(work: &mut Work, tokens: usize, padded: usize) {
    work.factors.clear();
    work.factors.resize(tokens, [0.0; QUERIES]);
    for (query, scores) in work.scores.chunks_exact_mut(padded).enumerate() {
        let scores = scores.get_mut(..tokens).unwrap_or_default();
        let most = scores.iter().copied().fold(f32::MIN, f32::max);
        let share = 1.0 / powers_plain(scores, most);
        for (factors, score) in work.factors.iter_mut().zip(scores) {
            if let Some(to) = factors.get_mut(query) {
                *to = *score * share;
            }
        }
    }
}

/// The reference.
fn sums_plain<'a>(factors: &[[f32; QUERIES]], values: impl Iterator<Item = &'a [f32; WIDE]>) -> Sums {
    let mut sums = [[0.0_f32; WIDE]; QUERIES];
    for (factors, values) in factors.iter().zip(values) {
        for (sums, factor) in sums.iter_mut().zip(factors) {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += factor * value;
            }
        }
    }
    sums
}

/// The same with each sum in registers of its own.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
#[expect(unsafe_code, reason = "vector loads and stores take raw addresses")]
fn sums_wide<'a>(factors: &[[f32; QUERIES]], values: impl Iterator<Item = &'a [f32; WIDE]>) -> Sums {
    use std::arch::x86_64::{_mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps};
    let zero = _mm512_setzero_ps();
    let (mut a, mut b, mut c, mut d) = ((zero, zero), (zero, zero), (zero, zero), (zero, zero));
    for (&[fa, fb, fc, fd], values) in factors.iter().zip(values) {
        // SAFETY: an array of 32 values is two registers.
        let (low, high) = unsafe { (_mm512_loadu_ps(values.as_ptr()), _mm512_loadu_ps(values.as_ptr().add(WIDE / 2))) };
        let (fa, fb, fc, fd) = (_mm512_set1_ps(fa), _mm512_set1_ps(fb), _mm512_set1_ps(fc), _mm512_set1_ps(fd));
        a = (_mm512_fmadd_ps(fa, low, a.0), _mm512_fmadd_ps(fa, high, a.1));
        b = (_mm512_fmadd_ps(fb, low, b.0), _mm512_fmadd_ps(fb, high, b.1));
        c = (_mm512_fmadd_ps(fc, low, c.0), _mm512_fmadd_ps(fc, high, c.1));
        d = (_mm512_fmadd_ps(fd, low, d.0), _mm512_fmadd_ps(fd, high, d.1));
    }
    let mut sums = [[0.0_f32; WIDE]; QUERIES];
    for (sums, (low, high)) in sums.iter_mut().zip([a, b, c, d]) {
        // SAFETY: as above.
        unsafe {
            _mm512_storeu_ps(sums.as_mut_ptr(), low);
            _mm512_storeu_ps(sums.as_mut_ptr().add(WIDE / 2), high);
        }
    }
    sums
}
