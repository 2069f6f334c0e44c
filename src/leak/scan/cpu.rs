//! The scan on this machine's processor.
//!
//! The walk keeps a stretch of rows in the second-level cache while all queries, 16 at a time, pass over it. For one block of
//! 16 rows a kernel of [`simd`](super::super::simd) yields the scores and says which queries have a row at or above their
//! *cut*, the smaller of the threshold and one more than the best score so far; nearly always none has.
#![expect(clippy::cast_possible_truncation, reason = "rows are counted in 32 bits (`ROWS_MAX`), queries are fewer")]

use super::rows::BLOCK_ROWS;
use super::{Best, Hit, Live, Pass, Queries, Rows, Scan, ScanError};
use crate::leak::simd::{Path, QUERIES, Scores, Tile};

/// Blocks that stay in the cache while all groups of queries pass: 256 rows of 256 bytes are 64 KiB.
const STRETCH_BLOCKS: usize = 16;

/// Scans rows in memory.
#[derive(Debug)]
pub struct CpuScan<'a> {
    rows: &'a Rows,
    path: Path,
}

impl<'a> CpuScan<'a> {
    /// Scans with the widest instructions that this processor has.
    pub fn new(rows: &'a Rows) -> Self {
        Self { rows, path: Path::widest() }
    }

    /// Scans with the given instructions, which the processor must have: `Path` values exist only where it has.
    pub fn with(rows: &'a Rows, path: Path) -> Self {
        Self { rows, path }
    }
}

/// 16 queries on their way.
struct Group {
    /// First query of the group in its batch.
    first: usize,
    /// For each four dimensions, those of the 16 queries.
    packed: Vec<[[i8; 4]; QUERIES]>,
    /// 128 times the sum of each query, which the rows' offset of 128 added.
    offsets: [i32; QUERIES],
    thresholds: [i32; QUERIES],
    cuts: [i32; QUERIES],
    best: [Option<Best>; QUERIES],
    /// Queries in use.
    width: usize,
}

impl Group {
    fn new(queries: &Queries, first: usize) -> Self {
        let dimension = queries.dimension();
        let vectors = queries.vectors().chunks_exact(dimension).skip(first).take(QUERIES);
        let mut packed = vec![[[0_i8; 4]; QUERIES]; dimension / 4];
        let mut offsets = [0; QUERIES];
        let mut width = 0;
        for (slot, (vector, offset)) in vectors.zip(&mut offsets).enumerate() {
            *offset = 128 * vector.iter().map(|x| i32::from(*x)).sum::<i32>();
            for (four, at) in vector.chunks_exact(4).zip(&mut packed) {
                if let Some(at) = at.get_mut(slot) {
                    at.copy_from_slice(four);
                }
            }
            width += 1;
        }
        let mut thresholds = [i32::MAX; QUERIES];
        for (to, from) in thresholds.iter_mut().zip(queries.thresholds().iter().skip(first)) {
            *to = *from;
        }
        let mut cuts = [i32::MAX; QUERIES];
        cuts.iter_mut().take(width).for_each(|cut| *cut = i32::MIN);
        Self { first, packed, offsets, thresholds, cuts, best: [None; QUERIES], width }
    }

    /// Takes the scores of a block in which the queries of `reached` have a row at or above their cut.
    #[expect(clippy::too_many_arguments, reason = "a tile, its scores and where they go")]
    fn take(&mut self, reached: u32, live: u16, scores: &Scores, block: usize, out: &mut Pass, hits_max: usize) {
        for (slot, scores) in scores.0.iter().enumerate().take(self.width).filter(|(slot, _)| reached >> slot & 1 == 1)
        {
            let (Some(cut), Some(best), Some(threshold)) =
                (self.cuts.get_mut(slot), self.best.get_mut(slot), self.thresholds.get(slot))
            else {
                continue;
            };
            for (row, &score) in
                scores.iter().enumerate().filter(|(row, score)| live >> row & 1 == 1 && **score >= *cut)
            {
                let row = (block * BLOCK_ROWS + row) as u32;
                if best.is_none_or(|best| score > best.score) {
                    *best = Some(Best { row, score });
                }
                if score >= *threshold {
                    out.counted += 1;
                    if out.hits.len() < hits_max {
                        out.hits.push(Hit { query: (self.first + slot) as u32, row, score });
                    }
                }
            }
            *cut = best.map_or(i32::MIN, |best| best.score.saturating_add(1)).min(*threshold);
        }
    }
}

/// Walks over all pairs of queries and rows, dead ones too and without biases. `take` gets the query, the number of the first
/// row of 16, and their scores; what lies behind the last row scores as a row of zeros.
pub(in crate::leak) fn every(rows: &Rows, queries: &Queries, mut take: impl FnMut(usize, usize, &[i32; BLOCK_ROWS])) {
    let path = Path::widest();
    let groups: Vec<Group> = (0..queries.len()).step_by(QUERIES).map(|first| Group::new(queries, first)).collect();
    let mut scores = Scores([[0; BLOCK_ROWS]; QUERIES]);
    for block in 0..rows.blocks() {
        let Some((lines, _)) = rows.block(block) else { continue };
        for group in &groups {
            let tile = Tile {
                lines,
                biases: &[0; BLOCK_ROWS],
                live: u16::MAX,
                queries: &group.packed,
                offsets: &group.offsets,
                cuts: &[i32::MIN; QUERIES],
                width: group.width,
            };
            path.scores(&tile, &mut scores);
            for (slot, scores) in scores.0.iter().enumerate().take(group.width) {
                take(group.first + slot, block * BLOCK_ROWS, scores);
            }
        }
    }
}

impl Scan for CpuScan<'_> {
    fn pass(&self, queries: &Queries, live: &Live, hits_max: usize) -> Result<Pass, ScanError> {
        if queries.dimension() != self.rows.dimension() {
            return Err(ScanError::Length { expected: self.rows.dimension(), found: queries.dimension() });
        }
        if live.rows() != self.rows.len() {
            return Err(ScanError::Live { expected: self.rows.len(), found: live.rows() });
        }
        let mut groups: Vec<Group> =
            (0..queries.len()).step_by(QUERIES).map(|first| Group::new(queries, first)).collect();
        let mut out = Pass::default();
        let mut scores = Scores([[0; BLOCK_ROWS]; QUERIES]);
        let blocks = self.rows.blocks();
        for start in (0..blocks).step_by(STRETCH_BLOCKS) {
            for group in &mut groups {
                for block in start..(start + STRETCH_BLOCKS).min(blocks) {
                    let bits = live.block(block);
                    let Some((lines, biases)) = self.rows.block(block).filter(|_| bits != 0) else { continue };
                    let tile = Tile {
                        lines,
                        biases,
                        live: bits,
                        queries: &group.packed,
                        offsets: &group.offsets,
                        cuts: &group.cuts,
                        width: group.width,
                    };
                    let reached = self.path.scores(&tile, &mut scores);
                    if reached != 0 {
                        group.take(reached, bits, &scores, block, &mut out, hits_max);
                    }
                }
            }
        }
        out.best = groups.iter().flat_map(|group| group.best.iter().take(group.width).copied()).collect();
        out.hits.sort_unstable();
        Ok(out)
    }
}
