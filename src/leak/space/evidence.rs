//! Evidence: what of a request points to which document. Integers all the way, so that a score replays.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::atomic::{AtomicI32, Ordering};

use super::document::terms;
use super::nearest::{Near, Nearest, of_window};
use super::{Document, FACT, JudgeError, Question, SEGMENT_ROWS, Space};
use crate::leak::align::{self, Alignment};
use crate::leak::cores::Cores;
use crate::leak::prints::Run;
use crate::leak::scan::{CpuScan, Packed, Queries};
use crate::leak::sketch::{self, Row, Term, UNIT, WINDOW_WORDS, pair_weight};

/// Cosine, in thousandths, from which the sketch of a window is looked at closely.
pub(super) const LOOK_AT: i32 = 155;
/// Weight that a run needs before it counts: phrases that everybody uses.
const PHRASE: u32 = 250;
/// Windows that go through the rows together.
const BATCH_WINDOWS: usize = 64;
/// Rows of a piece of the scan: some tenths of a millisecond, after which a request that was given up ends and a core that
/// somebody waits for is given back.
const PIECE_ROWS: usize = 8192;
/// Pieces of a segment.
const SEGMENT_PIECES: usize = SEGMENT_ROWS / PIECE_ROWS;
/// Words around a window that are aligned with it.
const MARGIN_WORDS: usize = 24;

/// A window of the request and one of a document, compared word by word.
#[derive(Debug, Clone, Default)]
pub(super) struct Pair {
    pub(super) asked_window: usize,
    pub(super) window: usize,
    /// Exact cosine of the two, in thousandths.
    pub(super) cosine: u32,
    /// Weight of the facts that both have.
    pub(super) facts: u32,
}

/// All that points to one document.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    /// Weight of the words that stand in the document as they are, phrases taken off.
    pub(super) copied: u32,
    /// The longest of these runs: words of the request, and the place in the document.
    pub(super) longest: Option<(Range<usize>, usize)>,
    /// What all words of that run are worth, the phrase taken off.
    pub(super) longest_worth: u32,
    /// The same for source code.
    pub(super) copied_code: u32,
    pub(super) longest_code: Option<(Range<usize>, usize)>,
    /// Windows compared, the nearest first, at most one for each window of the request.
    pub(super) pairs: Vec<Pair>,
}

/// Gathers all evidence of a request.
pub(super) fn gather(
    space: &Space,
    question: &Question,
    cores: &Cores,
    stop: &dyn Fn() -> bool,
) -> Result<BTreeMap<usize, Evidence>, JudgeError> {
    let mut found: BTreeMap<usize, Evidence> = BTreeMap::new();
    let go_on = || if stop() { Err(JudgeError::Stopped) } else { Ok(()) };
    go_on()?;
    let bounds = |place: usize| space.prose_at(place).map(|(_, document)| document.prose.clone());
    let runs = space.prose.runs(&question.prose, bounds);
    // Windows that a run lies in are compared whatever their sketches say: the most telling runs of each, that what many
    // documents have takes no place from what one has.
    let mut copied = Nearest::default();
    let asked_windows = sketch::windows(question.prose.len());
    let of = |place| space.prose_at(place).map(|(index, document)| (index, document.prose.start));
    let sum = |asked: Range<usize>, worth: &dyn Fn(u32, u8) -> u32| -> u32 {
        let words = question.prose.get(asked.clone()).unwrap_or_default().iter();
        words.zip(question.weights.get(asked).unwrap_or_default()).map(|(token, weight)| worth(*token, *weight)).sum()
    };
    let worth = |asked| sum(asked, &|token, weight| space.worth(token, weight));
    for (index, run, start) in counted(&runs, worth, of, &mut found, false) {
        let Some(document) = space.documents.get(index) else { continue };
        let (middle, known) =
            (usize::midpoint(run.asked.start, run.asked.end), run.place - start + run.asked.len() / 2);
        let window =
            |word: usize, windows: usize| (word / sketch::BLOCK_WORDS).saturating_sub(1).min(windows.saturating_sub(1));
        if asked_windows > 0 && document.windows() > 0 {
            let place = (window(middle, asked_windows), index, window(known, document.windows()));
            let telling = sum(run.asked.clone(), &|token, weight| u32::from(space.telling(token, weight)));
            let score = i32::try_from(telling).unwrap_or(i32::MAX);
            copied.take(Near { place, kin: document.kin, score }, of_window(asked_windows));
        }
    }
    go_on()?;
    let code = |place: usize| space.code_at(place).map(|(_, document)| document.code.clone());
    let runs = space.code.runs(&question.code, code);
    let of = |place| space.code_at(place).map(|(index, document)| (index, document.code.start));
    let worth = |asked: Range<usize>| -> u32 {
        question.code_weights.get(asked).unwrap_or_default().iter().map(|weight| u32::from(*weight)).sum()
    };
    counted(&runs, worth, of, &mut found, true);
    go_on()?;
    let mut near = Nearest::default();
    by_sketch(space, question, (cores, stop), &mut near)?;
    for window in 0..asked_windows {
        go_on()?;
        compare(space, question, window, [&copied, &near], &mut found);
    }
    found.values_mut().for_each(Evidence::order);
    Ok(found)
}

/// Adds up runs, each word of the request once for each document. Returns them with their documents.
fn counted(
    runs: &[Run],
    worth: impl Fn(Range<usize>) -> u32,
    document: impl Fn(usize) -> Option<(usize, usize)>,
    found: &mut BTreeMap<usize, Evidence>,
    code: bool,
) -> Vec<(usize, Run, usize)> {
    // How far the words of the request are counted already, for each document: runs come in order of their beginnings.
    let mut done: BTreeMap<usize, usize> = BTreeMap::new();
    let mut kept = Vec::new();
    for run in runs {
        let Some((index, start)) = document(run.place) else { continue };
        let done = done.entry(index).or_default();
        let fresh = run.asked.start.max(*done)..run.asked.end;
        let weight = if fresh.is_empty() { 0 } else { worth(fresh) };
        let is_longer = |longest: &Option<(Range<usize>, usize)>| {
            longest.as_ref().is_none_or(|(range, _)| range.len() < run.asked.len())
        };
        *done = run.asked.end.max(*done);
        let evidence = found.entry(index).or_default();
        let (sum, longest) = if code {
            (&mut evidence.copied_code, &mut evidence.longest_code)
        } else {
            (&mut evidence.copied, &mut evidence.longest)
        };
        *sum = sum.saturating_add(weight.saturating_sub(PHRASE));
        if is_longer(longest) {
            *longest = Some((run.asked.clone(), run.place - start));
            if !code {
                evidence.longest_worth = worth(run.asked.clone()).saturating_sub(PHRASE);
            }
        }
        kept.push((index, run.clone(), start));
    }
    kept
}

/// The rows that a request is scanned with: words that many documents have hardly count, so that no such word brings a window
/// near to anything.
pub(super) fn rows(space: &Space, question: &Question) -> Vec<Row> {
    let anywhere = question.terms();
    let telling = |term: &Term| Term { weight: space.telling(term.token, term.weight), ..*term };
    let here: Vec<Term> = anywhere.iter().map(telling).collect();
    let mut rows = Vec::with_capacity(sketch::windows(here.len()));
    sketch::rows_within(&here, &anywhere, space.keys.projection, |row| rows.push(row));
    rows
}

/// Finds windows whose sketches are near, on all cores that lie idle where there are many.
pub(super) fn by_sketch(
    space: &Space,
    question: &Question,
    (cores, stop): (&Cores, &dyn Fn() -> bool),
    near: &mut Nearest,
) -> Result<(), JudgeError> {
    let rows = rows(space, question);
    let most = of_window(rows.len());
    for (batch, rows) in rows.chunks(BATCH_WINDOWS).enumerate() {
        let mut queries = Queries::new(sketch::DIMENSION)?;
        for row in rows {
            queries.push(row, i32::MAX)?;
        }
        let asked = Packed::new(&queries);
        // Of each window what no thread has to look at any more, since one of them has enough pairs that are nearer.
        let cuts: Vec<AtomicI32> = rows.iter().map(|_| AtomicI32::new(UNIT / 1000 * LOOK_AT)).collect();
        let piece = |piece: usize, nearest: &mut Nearest| -> Result<(), JudgeError> {
            let (number, first) = (piece / SEGMENT_PIECES, piece % SEGMENT_PIECES * PIECE_ROWS);
            let Some(segment) = space.segments.get(number) else { return Ok(()) };
            let part = (&segment.live, first..first + PIECE_ROWS);
            CpuScan::new(&segment.rows).above(&asked, part, &cuts, &mut |hit| {
                let (query, row) = (hit.query as usize, number * SEGMENT_ROWS + hit.row as usize);
                let Some((index, window)) = space.row_at(row) else { return };
                let place = (batch * BATCH_WINDOWS + query, index, window);
                let kin = space.documents.get(index).map_or(index, |document| document.kin);
                nearest.take(Near { place, kin, score: hit.score }, most);
                if let (Some(cut), Some(last)) = (cuts.get(query), nearest.cut(place.0, most)) {
                    cut.fetch_max(last, Ordering::Relaxed);
                }
            })?;
            Ok(())
        };
        let pieces = space.rows().div_ceil(PIECE_ROWS);
        for part in cores.share((pieces, space.rows()), &piece, stop)? {
            near.take_all(&part, most);
        }
    }
    Ok(())
}

/// Compares a window of the request word by word with the most promising windows of documents.
fn compare(
    space: &Space,
    question: &Question,
    asked_window: usize,
    near: [&Nearest; 2],
    found: &mut BTreeMap<usize, Evidence>,
) {
    let mut places: Vec<(usize, usize)> =
        near.iter().flat_map(|near| near.of(asked_window)).map(|near| (near.place.1, near.place.2)).collect();
    if places.is_empty() {
        return;
    }
    places.sort_unstable();
    places.dedup();
    let asked = sketch::range(asked_window, question.prose.len());
    let (Some(tokens), Some(weights)) = (question.prose.get(asked.clone()), question.weights.get(asked)) else {
        return;
    };
    let one = Side::new(space, tokens, weights);
    for (index, window) in places {
        if let Some((cosine, facts)) = one.compared(space, index, window) {
            found.entry(index).or_default().pairs.push(Pair { asked_window, window, cosine, facts });
        }
    }
}

impl Evidence {
    /// Puts the nearest pair first, and keeps one for each window of the request.
    fn order(&mut self) {
        self.pairs.sort_by_key(|pair| (Reverse(pair.cosine), pair.asked_window, pair.window));
        let mut seen = BTreeSet::new();
        self.pairs.retain(|pair| seen.insert(pair.asked_window));
    }
}

/// The features of a window, sorted, with what they are worth in this corpus.
struct Side {
    features: Vec<(u64, u32)>,
    /// Sum of the squares of what they would be worth in any text. What a window shares is measured by this: one that is
    /// all boilerplate is near to nothing.
    squares: u64,
}

impl Side {
    fn new(space: &Space, tokens: &[u32], weights: &[u8]) -> Self {
        let small = |weight: u32| u8::try_from(weight).unwrap_or(u8::MAX);
        // Feature, worth here, worth anywhere.
        let mut features: Vec<(u64, u32, u32)> = Vec::with_capacity(2 * tokens.len());
        let mut last: Option<(u64, u32, u32)> = None;
        for (token, weight) in tokens.iter().zip(weights) {
            let (feature, here, anywhere) =
                (u64::from(*token), space.worth(*token, *weight), u32::from(weight & !FACT));
            features.push((feature, here, anywhere));
            if let Some((before, here_before, anywhere_before)) = last {
                let pair = |one, other| u32::from(pair_weight(small(one), small(other)));
                let (here, anywhere) = (pair(here_before, here), pair(anywhere_before, anywhere));
                features.push((before << 32 | feature | 1 << 63, here, anywhere));
            }
            last = Some((feature, here, anywhere));
        }
        features.sort_unstable();
        features.dedup_by_key(|(feature, ..)| *feature);
        let squares = features.iter().map(|(.., anywhere)| u64::from(*anywhere) * u64::from(*anywhere)).sum();
        Self { features: features.into_iter().map(|(feature, here, _)| (feature, here)).collect(), squares }
    }

    /// The cosine with a window of a document, and the weight of the facts that both have.
    fn compared(&self, space: &Space, index: usize, window: usize) -> Option<(u32, u32)> {
        let document = space.documents.get(index)?;
        let known = sketch::range(window, document.words());
        // The windows of the two texts begin at different words: the document's is moved by half a block to both sides.
        let shifts =
            [known.start.saturating_sub(sketch::BLOCK_WORDS / 2), known.start, known.start + sketch::BLOCK_WORDS / 2];
        let mut cosine = 0;
        for start in shifts {
            let range = start..(start + WINDOW_WORDS).min(document.words());
            if range.is_empty() {
                continue;
            }
            let (tokens, weights) = space.known(document, range)?;
            cosine = cosine.max(self.cosine(&Self::new(space, tokens, weights)));
        }
        let around = known.start.saturating_sub(MARGIN_WORDS)..(known.end + MARGIN_WORDS).min(document.words());
        let (tokens, weights) = space.known(document, around)?;
        Some((cosine, self.facts(&Self::new(space, tokens, weights), weights, tokens)))
    }

    /// The cosine of two windows, in thousandths.
    fn cosine(&self, other: &Self) -> u32 {
        let mut dot = 0_u64;
        let mut rest = other.features.iter().peekable();
        for (feature, weight) in &self.features {
            while rest.next_if(|(found, _)| found < feature).is_some() {}
            if let Some((_, other)) = rest.next_if(|(found, _)| found == feature) {
                dot += u64::from(*weight) * u64::from(*other);
            }
        }
        let lengths = (self.squares * other.squares).isqrt().max(1);
        u32::try_from(dot * 1000 / lengths).unwrap_or(1000)
    }

    /// The weight of the facts of a region that this window has too.
    fn facts(&self, other: &Self, weights: &[u8], tokens: &[u32]) -> u32 {
        let mut facts: Vec<u32> =
            tokens.iter().zip(weights).filter(|(_, weight)| **weight & FACT != 0).map(|(token, _)| *token).collect();
        facts.sort_unstable();
        facts.dedup();
        let has = |side: &Self, token: u32| {
            let place = side.features.binary_search_by_key(&u64::from(token), |(feature, _)| *feature).ok()?;
            side.features.get(place).map(|(_, weight)| *weight)
        };
        facts.into_iter().filter_map(|token| has(self, token).and_then(|_| has(other, token))).sum()
    }
}

impl Space {
    /// Tokens and weights of a stretch of a document.
    fn known(&self, document: &Document, range: Range<usize>) -> Option<(&[u32], &[u8])> {
        let range = document.prose.start + range.start..document.prose.start + range.end;
        Some((self.prose.tokens().get(range.clone())?, self.weights.get(range)?))
    }

    /// Aligns the surroundings of a pair: words of the request, words of the document.
    pub(super) fn aligned(&self, question: &Question, index: usize, pair: &Pair) -> Option<Alignment> {
        let document = self.documents.get(index)?;
        let around = |range: Range<usize>, len: usize| {
            range.start.saturating_sub(MARGIN_WORDS)..(range.end + MARGIN_WORDS).min(len)
        };
        let asked = around(sketch::range(pair.asked_window, question.prose.len()), question.prose.len());
        let known = around(sketch::range(pair.window, document.words()), document.words());
        let one: Vec<Term> = terms(question.prose.get(asked.clone())?, question.weights.get(asked.clone())?);
        let (tokens, weights) = self.known(document, known.clone())?;
        let mut found = align::align(&one, &terms(tokens, weights));
        found.asked = asked.start + found.asked.start..asked.start + found.asked.end;
        found.known = known.start + found.known.start..known.start + found.known.end;
        Some(found)
    }
}
