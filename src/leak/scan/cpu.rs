//! The scan on this machine's processor.
//!
//! The walk keeps a stretch of rows in the second-level cache while all queries, 16 at a time, pass over it. For one block of
//! 16 rows a kernel of [`simd`](super::super::simd) yields the scores and says which queries have a row at or above their
//! *cut*, the smaller of the threshold and one more than the best score so far; nearly always none has.
#![expect(clippy::cast_possible_truncation, reason = "rows are counted in 32 bits (`ROWS_MAX`), queries are fewer")]

use std::ops::Range;
use std::sync::atomic::{AtomicI32, Ordering};

use super::rows::{BLOCK_ROWS, Block};
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

/// 16 queries as a kernel takes them.
#[derive(Debug)]
struct Sixteen {
    /// The first one's number in its batch.
    first: usize,
    /// For each four dimensions, those of the 16 queries.
    packed: Vec<[i32; QUERIES]>,
    /// 128 times the sum of each query, which the rows' offset of 128 added.
    offsets: [i32; QUERIES],
    /// Queries in use.
    width: usize,
}

impl Sixteen {
    fn new(queries: &Queries, first: usize) -> Self {
        let dimension = queries.dimension();
        let vectors = queries.vectors().chunks_exact(dimension).skip(first).take(QUERIES);
        let mut packed = vec![[0_i32; QUERIES]; dimension / 4];
        let mut offsets = [0; QUERIES];
        let mut width = 0;
        for (slot, (vector, offset)) in vectors.zip(&mut offsets).enumerate() {
            *offset = 128 * vector.iter().map(|x| i32::from(*x)).sum::<i32>();
            for (four, at) in vector.as_chunks::<4>().0.iter().zip(&mut packed) {
                if let Some(at) = at.get_mut(slot) {
                    *at = i32::from_ne_bytes(four.map(i8::cast_unsigned));
                }
            }
            width += 1;
        }
        Self { first, packed, offsets, width }
    }

    fn all(queries: &Queries) -> Vec<Self> {
        (0..queries.len()).step_by(QUERIES).map(|first| Self::new(queries, first)).collect()
    }

    fn tile<'a>(
        &'a self,
        (lines, biases): (&'a [Block], &'a [i32; BLOCK_ROWS]),
        live: u16,
        cuts: &'a [i32; QUERIES],
    ) -> Tile<'a> {
        Tile { lines, biases, live, queries: &self.packed, offsets: &self.offsets, cuts, width: self.width }
    }

    /// Hands over the scores of the live rows of a block with the queries of `reached`.
    fn each(&self, (reached, live): (u32, u16), scores: &Scores, block: usize, mut found: impl FnMut(Hit)) {
        for (slot, scores) in scores.0.iter().enumerate().filter(|(slot, _)| reached >> slot & 1 == 1) {
            for (row, &score) in scores.iter().enumerate().filter(|(row, _)| live >> row & 1 == 1) {
                let (query, row) = ((self.first + slot) as u32, (block * BLOCK_ROWS + row) as u32);
                found(Hit { query, row, score });
            }
        }
    }

    /// The cuts of the queries in use, by their numbers in the batch; a query without one is never reached.
    fn cuts(&self, of: &[AtomicI32]) -> [i32; QUERIES] {
        let mut cuts = [i32::MAX; QUERIES];
        for (to, cut) in cuts.iter_mut().take(self.width).zip(of.iter().skip(self.first)) {
            *to = cut.load(Ordering::Relaxed);
        }
        cuts
    }
}

/// Queries as the kernels take them, made once for any number of walks.
#[derive(Debug)]
pub struct Packed {
    dimension: usize,
    sixteens: Vec<Sixteen>,
}

impl Packed {
    /// Packs a batch; its thresholds are not kept.
    pub fn new(queries: &Queries) -> Self {
        Self { dimension: queries.dimension(), sixteens: Sixteen::all(queries) }
    }
}

/// 16 queries on their way.
struct Group {
    asked: Sixteen,
    thresholds: [i32; QUERIES],
    cuts: [i32; QUERIES],
    best: [Option<Best>; QUERIES],
}

impl Group {
    fn new(queries: &Queries, asked: Sixteen) -> Self {
        let mut thresholds = [i32::MAX; QUERIES];
        for (to, from) in thresholds.iter_mut().zip(queries.thresholds().iter().skip(asked.first)) {
            *to = *from;
        }
        let mut cuts = [i32::MAX; QUERIES];
        cuts.iter_mut().take(asked.width).for_each(|cut| *cut = i32::MIN);
        Self { cuts, thresholds, best: [None; QUERIES], asked }
    }

    /// Takes the scores of a block in which the queries of `reached` have a row at or above their cut.
    #[expect(clippy::too_many_arguments, reason = "a tile, its scores and where they go")]
    fn take(&mut self, reached: u32, live: u16, scores: &Scores, block: usize, out: &mut Pass, hits_max: usize) {
        for (slot, scores) in
            scores.0.iter().enumerate().take(self.asked.width).filter(|(slot, _)| reached >> slot & 1 == 1)
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
                        out.hits.push(Hit { query: (self.asked.first + slot) as u32, row, score });
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
    let mut scores = Scores([[0; BLOCK_ROWS]; QUERIES]);
    let groups = Sixteen::all(queries);
    for block in 0..rows.blocks() {
        let Some((lines, _)) = rows.block(block) else { continue };
        for group in &groups {
            path.scores(&group.tile((lines, &[0; BLOCK_ROWS]), u16::MAX, &[i32::MIN; QUERIES]), &mut scores);
            for (slot, scores) in scores.0.iter().enumerate().take(group.width) {
                take(group.first + slot, block * BLOCK_ROWS, scores);
            }
        }
    }
}

impl CpuScan<'_> {
    /// Walks over the live rows of a part of the rows, which begins at a whole block, and hands over every row that is at or
    /// above the cut of some query, in no order. There is one cut for each query, and it may rise on the way: what is below it when
    /// it is looked at next (every few hundred rows at the latest) is passed over.
    ///
    /// # Errors
    /// Vectors or a bitmap that do not fit the rows.
    pub fn above(
        &self,
        asked: &Packed,
        (live, rows): (&Live, Range<usize>),
        cuts: &[AtomicI32],
        take: &mut impl FnMut(Hit),
    ) -> Result<(), ScanError> {
        self.fits(asked.dimension, live)?;
        let blocks = rows.start / BLOCK_ROWS..rows.end.div_ceil(BLOCK_ROWS).min(self.rows.blocks());
        let mut scores = Scores([[0; BLOCK_ROWS]; QUERIES]);
        for start in blocks.clone().step_by(STRETCH_BLOCKS) {
            for group in &asked.sixteens {
                let mut reach = group.cuts(cuts);
                for block in start..(start + STRETCH_BLOCKS).min(blocks.end) {
                    let bits = live.block(block);
                    let Some(lines) = self.rows.block(block).filter(|_| bits != 0) else { continue };
                    let reached = self.path.scores(&group.tile(lines, bits, &reach), &mut scores);
                    if reached == 0 {
                        continue;
                    }
                    group.each((reached, bits), &scores, block, |hit| {
                        let cut = cuts.get(hit.query as usize);
                        if cut.is_some_and(|cut| hit.score >= cut.load(Ordering::Relaxed)) {
                            take(hit);
                        }
                    });
                    reach = group.cuts(cuts);
                }
            }
        }
        Ok(())
    }

    fn fits(&self, dimension: usize, live: &Live) -> Result<(), ScanError> {
        if dimension != self.rows.dimension() {
            return Err(ScanError::Length { expected: self.rows.dimension(), found: dimension });
        }
        if live.rows() != self.rows.len() {
            return Err(ScanError::Live { expected: self.rows.len(), found: live.rows() });
        }
        Ok(())
    }
}

impl Scan for CpuScan<'_> {
    fn pass(&self, queries: &Queries, live: &Live, hits_max: usize) -> Result<Pass, ScanError> {
        self.fits(queries.dimension(), live)?;
        let mut groups: Vec<Group> =
            Sixteen::all(queries).into_iter().map(|asked| Group::new(queries, asked)).collect();
        let mut out = Pass::default();
        let mut scores = Scores([[0; BLOCK_ROWS]; QUERIES]);
        let blocks = self.rows.blocks();
        for start in (0..blocks).step_by(STRETCH_BLOCKS) {
            for group in &mut groups {
                for block in start..(start + STRETCH_BLOCKS).min(blocks) {
                    let bits = live.block(block);
                    let Some(lines) = self.rows.block(block).filter(|_| bits != 0) else { continue };
                    let reached = self.path.scores(&group.asked.tile(lines, bits, &group.cuts), &mut scores);
                    if reached != 0 {
                        group.take(reached, bits, &scores, block, &mut out, hits_max);
                    }
                }
            }
        }
        out.best = groups.iter().flat_map(|group| group.best.iter().take(group.asked.width).copied()).collect();
        out.hits.sort_unstable();
        Ok(out)
    }
}
