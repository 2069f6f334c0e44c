//! The encoder's rows of one tenant's documents, with their cohorts.
//!
//! A row counts once its cohort is known. Between the moment at which a document is registered and that one, and for documents
//! that were registered without this model, what the encoder would say is unknown: [`Index::knows`] says of which documents it
//! can speak.
#![expect(clippy::cast_possible_truncation, reason = "rows are counted in 32 bits")]

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Range;
use std::sync::atomic::AtomicI32;

use super::UNIT;
use super::cohort::{Nearest, kept};
use crate::leak::model::ModelDigest;
use crate::leak::scan::{CpuScan, Live, Packed, Queries, Rows, ScanError, every};
use crate::leak::space::{DocumentId, SEGMENT_ROWS};

/// Rows that are compared with all others together.
const BATCH_ROWS: usize = 64;

/// A document's rows.
#[derive(Debug)]
struct Held {
    document: DocumentId,
    rows: Range<usize>,
    live: bool,
    /// Whether its rows are neighbours of others: versions of one document are once.
    counted: bool,
}

#[derive(Debug)]
struct Segment {
    rows: Rows,
    /// Rows that live and whose cohort is known.
    live: Live,
}

/// What the cohorts have to be told.
#[derive(Debug, Clone, Copy)]
enum News {
    Came(usize),
    Went(usize),
}

/// The passage of a document that a request is nearest to by meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// The document.
    pub document: DocumentId,
    /// Its passage.
    pub passage: usize,
    /// The passage of the request.
    pub asked: usize,
    /// By how much the cosine exceeds the cohort's mean, in thousandths.
    pub margin: i32,
}

impl Sight {
    /// The nearest first; of equals the first passage of the request, then of the document.
    fn order(&self) -> (Reverse<i32>, usize, usize) {
        (Reverse(self.margin), self.asked, self.passage)
    }
}

/// Rows of one model.
#[derive(Debug)]
pub struct Index {
    model: ModelDigest,
    dimension: usize,
    segments: Vec<Segment>,
    held: Vec<Held>,
    by_id: HashMap<DocumentId, usize>,
    /// Of each row, its neighbours.
    lists: Vec<Nearest>,
    /// Rows before this one have their cohorts.
    settled: usize,
    news: VecDeque<News>,
    epoch: u64,
}

/// Cohorts that changed: whole lists, and scores that single lists may take.
#[derive(Debug, Default)]
pub struct Settled {
    lists: Vec<(usize, Nearest)>,
    scores: Vec<(u32, i16)>,
    /// Rows before this one then have their cohorts.
    end: usize,
}

impl Index {
    /// No rows yet.
    pub fn new(model: ModelDigest, dimension: usize) -> Self {
        Self {
            model,
            dimension,
            segments: Vec::new(),
            held: Vec::new(),
            by_id: HashMap::new(),
            lists: Vec::new(),
            settled: 0,
            news: VecDeque::new(),
            epoch: 0,
        }
    }

    /// Whose rows these are.
    pub fn model(&self) -> ModelDigest {
        self.model
    }

    /// Values of a row.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Rows held, dead ones among them.
    pub fn rows(&self) -> usize {
        self.held.last().map_or(0, |held| held.rows.end)
    }

    /// Additions and removals so far.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Counts a change of what its margins are worth.
    pub fn count_change(&mut self) {
        self.epoch += 1;
    }

    /// Whether it can speak of a document.
    pub fn knows(&self, document: DocumentId) -> bool {
        let held = self.by_id.get(&document).and_then(|at| self.held.get(*at));
        held.is_some_and(|held| held.live && held.rows.end <= self.settled)
    }

    /// Whether it can speak of so many live documents, and of each with its cohorts known.
    pub fn is_whole(&self, documents: usize) -> bool {
        self.news.is_empty() && self.by_id.len() == documents
    }

    /// Live documents that it holds rows of.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether it holds rows of none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Adds a document's rows, one after the other; a document that is there already stays as it is.
    ///
    /// # Errors
    /// Rows of another length, no number left.
    pub fn add(&mut self, document: DocumentId, rows: &[i8], counted: bool) -> Result<(), ScanError> {
        if self.by_id.contains_key(&document) {
            return Ok(());
        }
        if !rows.len().is_multiple_of(self.dimension) {
            return Err(ScanError::Length { expected: self.dimension, found: rows.len() });
        }
        let first = self.rows();
        for row in rows.chunks_exact(self.dimension) {
            if self.segments.last().is_none_or(|segment| segment.rows.len() >= SEGMENT_ROWS) {
                self.segments.push(Segment { rows: Rows::new(self.dimension)?, live: Live::default() });
            }
            if let Some(segment) = self.segments.last_mut() {
                let number = segment.rows.push(row, 0)? as usize;
                segment.live.grow(number + 1);
            }
            self.lists.push(Nearest::default());
        }
        self.by_id.insert(document, self.held.len());
        self.news.push_back(News::Came(self.held.len()));
        let rows = first..first + rows.len() / self.dimension;
        self.held.push(Held { document, rows, live: true, counted });
        self.epoch += 1;
        Ok(())
    }

    /// Removes a document's rows: from now on they count for nothing.
    pub fn remove(&mut self, document: DocumentId) {
        let Some(at) = self.by_id.remove(&document) else { return };
        let Some(held) = self.held.get_mut(at) else { return };
        held.live = false;
        for row in held.rows.clone() {
            if let Some(segment) = self.segments.get_mut(row / SEGMENT_ROWS) {
                segment.live.set(row % SEGMENT_ROWS, false);
            }
        }
        self.news.push_back(News::Went(at));
        self.epoch += 1;
    }

    /// What the next news mean for the cohorts: reads only, so that requests go on meanwhile. `None` when there are none.
    ///
    /// # Errors
    /// What the scan does not take.
    pub fn settle(&self) -> Result<Option<Settled>, ScanError> {
        let settled = match self.news.front() {
            None => return Ok(None),
            Some(News::Came(at)) => self.held.get(*at).map(|held| self.joined(held)),
            Some(News::Went(at)) => self.held.get(*at).map(|held| self.left(held)),
        };
        settled.transpose()
    }

    /// Takes what was computed of the first news.
    ///
    /// # Errors
    /// A mean that no bias holds.
    pub fn take(&mut self, settled: Settled) -> Result<(), ScanError> {
        self.news.pop_front();
        let mut changed: Vec<usize> = settled.lists.iter().map(|(row, _)| *row).collect();
        for (row, list) in settled.lists {
            if let Some(to) = self.lists.get_mut(row) {
                *to = list;
            }
        }
        for (row, score) in settled.scores {
            if let Some(list) = self.lists.get_mut(row as usize) {
                list.take(score);
            }
            changed.push(row as usize);
        }
        changed.extend(self.settled..settled.end);
        self.settled = settled.end.max(self.settled);
        changed.sort_unstable();
        changed.dedup();
        for row in changed {
            let is_live = self.owner(row).is_some_and(|held| held.live);
            let mean = self.lists.get(row).map_or(0, Nearest::mean);
            if let Some(segment) = self.segments.get_mut(row / SEGMENT_ROWS) {
                segment.rows.set_bias(row % SEGMENT_ROWS, mean)?;
                segment.live.set(row % SEGMENT_ROWS, is_live);
            }
        }
        Ok(())
    }

    /// What is taken off the scores of a document's passage.
    #[cfg(test)]
    pub(super) fn bias(&self, document: DocumentId, passage: usize) -> Option<i32> {
        let row = self.held.get(*self.by_id.get(&document)?)?.rows.start + passage;
        Some(self.segments.get(row / SEGMENT_ROWS)?.rows.row(row % SEGMENT_ROWS)?.1)
    }

    /// The document of a row.
    fn owner(&self, row: usize) -> Option<&Held> {
        self.held.get(self.held.partition_point(|held| held.rows.end <= row))
    }

    /// Rows as queries.
    fn queries(&self, rows: &[usize]) -> Result<Queries, ScanError> {
        let mut queries = Queries::new(self.dimension)?;
        for row in rows {
            let segment = self.segments.get(row / SEGMENT_ROWS);
            let (vector, _) = segment.and_then(|segment| segment.rows.row(row % SEGMENT_ROWS)).unwrap_or_default();
            queries.push(&vector, i32::MAX)?;
        }
        Ok(queries)
    }

    /// Every score of these rows with the rows before `end`: place among `rows`, row, score.
    fn every(&self, rows: &[usize], end: usize, mut take: impl FnMut(usize, usize, i16)) -> Result<(), ScanError> {
        let queries = self.queries(rows)?;
        let segments = (0..).step_by(SEGMENT_ROWS).zip(&self.segments);
        for (start, segment) in segments.take_while(|(start, _)| *start < end) {
            every(&segment.rows, &queries, |query, first, scores| {
                for (row, score) in (start + first..end).zip(scores) {
                    take(query, row, kept(*score));
                }
            });
        }
        Ok(())
    }

    /// The cohorts when a document came: its rows' own, and what other rows' lists may take of it.
    fn joined(&self, new: &Held) -> Result<Settled, ScanError> {
        let mut settled = Settled { end: new.rows.end, ..Settled::default() };
        if !new.live {
            return Ok(settled);
        }
        let all: Vec<usize> = new.rows.clone().collect();
        for rows in all.chunks(BATCH_ROWS) {
            let mut lists = vec![Nearest::default(); rows.len()];
            self.every(rows, new.rows.start, |query, row, score| {
                let Some(list) = lists.get_mut(query) else { return };
                let is_near = score > list.floor();
                let takes = new.counted && self.lists.get(row).is_some_and(|list| score > list.floor());
                if !is_near && !takes {
                    return;
                }
                let Some(held) = self.owner(row).filter(|held| held.live) else { return };
                if is_near && held.counted {
                    list.take(score);
                }
                if takes {
                    settled.scores.push((row as u32, score));
                }
            })?;
            settled.lists.extend(rows.iter().copied().zip(lists));
        }
        Ok(settled)
    }

    /// The cohorts when a document went: of each row that it may be a neighbour of, anew.
    fn left(&self, gone: &Held) -> Result<Settled, ScanError> {
        let mut settled = Settled { end: self.settled, ..Settled::default() };
        if !gone.counted || gone.rows.end > self.settled {
            return Ok(settled);
        }
        let mut affected = vec![false; self.settled];
        for rows in gone.rows.clone().collect::<Vec<_>>().chunks(BATCH_ROWS) {
            self.every(rows, self.settled, |_, row, score| {
                let is_in = self.lists.get(row).is_some_and(|list| score >= list.floor());
                if let Some(affected) = affected.get_mut(row) {
                    *affected |= is_in;
                }
            })?;
        }
        let rows: Vec<usize> = (0..self.settled)
            .filter(|row| affected.get(*row) == Some(&true) && self.owner(*row).is_some_and(|held| held.live))
            .collect();
        for rows in rows.chunks(BATCH_ROWS) {
            let owners: Vec<Option<DocumentId>> = rows.iter().map(|row| Some(self.owner(*row)?.document)).collect();
            let mut lists = vec![Nearest::default(); rows.len()];
            self.every(rows, self.settled, |query, row, score| {
                let Some(list) = lists.get_mut(query).filter(|list| score > list.floor()) else { return };
                let Some(held) = self.owner(row).filter(|held| held.live && held.counted) else { return };
                if owners.get(query) != Some(&Some(held.document)) {
                    list.take(score);
                }
            })?;
            settled.lists.extend(rows.iter().copied().zip(lists));
        }
        Ok(settled)
    }

    /// The documents that passages of a request are near to, each with its nearest pair, the nearest first.
    ///
    /// # Errors
    /// Rows of another length.
    pub fn near(&self, rows: &[Vec<i8>], least: i32) -> Result<Vec<Sight>, ScanError> {
        let mut found: BTreeMap<usize, Sight> = BTreeMap::new();
        for (batch, rows) in rows.chunks(BATCH_ROWS).enumerate() {
            let mut queries = Queries::new(self.dimension)?;
            for row in rows {
                queries.push(row, i32::MAX)?;
            }
            // However many rows are near, one walk over them is all: of each document one pair is kept.
            let asked = Packed::new(&queries);
            let cuts: Vec<AtomicI32> = rows.iter().map(|_| AtomicI32::new(least * UNIT / 1000)).collect();
            for (start, segment) in (0..).step_by(SEGMENT_ROWS).zip(&self.segments) {
                let all = (&segment.live, 0..segment.rows.len());
                CpuScan::new(&segment.rows).above(&asked, all, &cuts, &mut |hit| {
                    let row = start + hit.row as usize;
                    let at = self.held.partition_point(|held| held.rows.end <= row);
                    let Some(held) = self.held.get(at) else { return };
                    let margin = hit.score * 1000 / UNIT;
                    let (passage, asked) = (row - held.rows.start, batch * BATCH_ROWS + hit.query as usize);
                    let sight = Sight { document: held.document, passage, asked, margin };
                    let best = found.entry(at).or_insert(sight);
                    if sight.order() < best.order() {
                        *best = sight;
                    }
                })?;
            }
        }
        let mut found: Vec<Sight> = found.into_values().collect();
        found.sort_by_key(|sight| (Reverse(sight.margin), sight.passage));
        Ok(found)
    }
}
