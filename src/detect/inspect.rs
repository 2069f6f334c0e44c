//! From one text to a whole call: keys as context, neighbours read joined, names known everywhere, coverage counted.

use std::collections::BTreeMap;
use std::ops::Range;

use super::engine::{CONFIDENCE_MIN, Engine, Found};
use super::memory::{BLOCK_BYTES_MIN, Block, Memory, Place, Remembered};
use super::page::{Hit, Page, Report, Sink, Used};
use super::person::known::{Known, Search};
use super::settle;
use super::values::Values;
use super::view::View;
use crate::limits::{FINDINGS_MAX, SCAN_PLACES_MAX};
use crate::model::call::FieldKey;
use crate::model::{Call, Coverage, Field, Finding, Findings, Role, ScanStatus, TokenKind, Word, finding};

/// Digits below which a JSON number is none of the identifiers that any detector knows.
const NUMBER_BYTES_MIN: usize = 7;
/// Rounds in which names lead to further names.
const NAME_ROUNDS: usize = 2;
/// What of two neighbours is read joined.
struct Seam {
    /// Bytes of either end of a long one.
    bytes: usize,
    /// Whether names are looked for too: a reader reads them as one text.
    names: bool,
}

impl Seam {
    /// Parts of one text.
    const PARTS: Self = Self { bytes: 256, names: true };
    /// Texts of their own: messages, elements of an array, a key and its value. A number may still run from one into the next.
    const STRANGERS: Self = Self { bytes: 64, names: false };
}

/// What stands for the middle of a long part: nothing matches across it.
const GAP: &str = "\n\u{1F}\n";

impl Engine {
    /// Finds everything in one text, sorted by place, longest first.
    pub fn find(&self, text: &str) -> Vec<Found> {
        let mut work = Work::new(self);
        work.read(0, text, None);
        work.follow_names(|work, search| work.read_again(search, 0, text, None));
        work.follow_values(|work, values| work.read_values(values, 0, text, None));
        let (hits, _) = work.finish();
        hits.into_iter()
            .filter_map(|(_, hit)| {
                let served = self.served.get(usize::from(hit.detector))?;
                let detector = served.description.id.clone();
                Some(Found { entity: served.entity, range: hit.range, confidence: hit.confidence, detector })
            })
            .collect()
    }

    /// The ids of all detectors that find something in a text, also of those that a surer one explains.
    pub(super) fn candidates(&self, text: &str) -> Vec<Word> {
        let mut work = Work::new(self);
        work.read(0, text, None);
        let hits = work.hits.into_values().flatten();
        hits.filter_map(|hit| Some(self.served.get(usize::from(hit.detector))?.description.id.clone())).collect()
    }

    /// Inspects every field of a call.
    pub fn inspect(&self, call: &Call) -> Findings {
        self.inspect_with(call, None)
    }

    /// Inspects every field of a call, with the help of what is remembered of texts that were read before. The findings are
    /// the same as without.
    pub fn inspect_with(&self, call: &Call, memory: Option<&dyn Memory>) -> Findings {
        let mut work = Work { memory, ..Work::new(self) };
        let mut coverage = Coverage::default();
        for (index, field) in (0_u32..).zip(&call.fields) {
            let text = call.text(field);
            coverage.leaves += 1;
            coverage.scanned += 1;
            coverage.bytes += text.len() as u64;
            coverage.unknown += u32::from(field.role == Role::Unknown);
            coverage.unreadable += u32::from(matches!(field.role, Role::Binary | Role::Reference));
            if can_hold_anything(field, text) {
                work.read(index, text, key(call, field));
            }
        }
        let chains = chains(call);
        for chain in &chains {
            work.read_joined(call, chain, &Seam::PARTS);
        }
        let all = texts(call);
        if chains.first().is_none_or(|chain| chain.len() < all.len()) && all.len() > 1 {
            work.read_joined(call, &all, &Seam::STRANGERS);
        }
        work.follow_names(|work, search| {
            for (index, field) in (0_u32..).zip(&call.fields) {
                let text = call.text(field);
                if can_hold_anything(field, text) {
                    work.read_again(search, index, text, key(call, field));
                }
            }
        });
        work.follow_values(|work, values| {
            for (index, field) in (0_u32..).zip(&call.fields) {
                let text = call.text(field);
                if can_hold_anything(field, text) {
                    work.read_values(values, index, text, key(call, field));
                }
            }
        });
        let (hits, scan) = work.finish();
        let list = hits.into_iter().filter_map(|(field, hit)| self.finding(field, &hit)).collect();
        Findings { list, scan, coverage }
    }

    fn finding(&self, field: u32, hit: &Hit) -> Option<Finding> {
        let served = self.served.get(usize::from(hit.detector))?;
        let range = u32::try_from(hit.range.start).ok()?..u32::try_from(hit.range.end).ok()?;
        let detector = served.description.id.clone();
        Some(Finding { entity: served.entity, field, range, confidence: hit.confidence, detector })
    }
}

/// Whether a field is long enough to hold a value. A short number was read all the same: there is nothing in it.
fn can_hold_anything(field: &Field, text: &str) -> bool {
    field.kind != TokenKind::Number || text.len() >= NUMBER_BYTES_MIN
}

/// The key that a field stands under, where it says something.
fn key<'a>(call: &'a Call, field: &Field) -> Option<&'a str> {
    match field.key {
        FieldKey::None => None,
        FieldKey::Known(word) => Some(word),
        FieldKey::Field(index) => call.fields.get(index as usize).map(|field| call.text(field)),
    }
}

/// The fields that hold text, in the order of the body: what one of them begins, the next may end.
fn texts(call: &Call) -> Vec<u32> {
    let text = |field: &Field| {
        let other =
            matches!(field.role, Role::Control | Role::Identifier | Role::Binary | Role::Reference | Role::Schema);
        !other && matches!(field.kind, TokenKind::String | TokenKind::Key)
    };
    (0_u32..).zip(&call.fields).filter(|(_, field)| text(field)).map(|(index, _)| index).collect()
}

/// Fields of one group that a reader would read as one text, where there are several.
fn chains(call: &Call) -> Vec<Vec<u32>> {
    let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for index in texts(call) {
        if let Some(field) = call.fields.get(index as usize).filter(|field| field.kind == TokenKind::String) {
            groups.entry(field.group).or_default().push(index);
        }
    }
    groups.into_values().filter(|chain| chain.len() > 1).collect()
}

/// The inspection of one call or text while it goes on.
struct Work<'e> {
    engine: &'e Engine,
    /// Hits by field, in the field's own offsets.
    hits: BTreeMap<u32, Vec<Hit>>,
    /// Views of the fields that need one, kept for the search of known names.
    views: BTreeMap<u32, View>,
    used: Used,
    known: Known,
    values: Values,
    full: bool,
    memory: Option<&'e dyn Memory>,
}

impl<'e> Work<'e> {
    fn new(engine: &'e Engine) -> Self {
        let (hits, views, known) = (BTreeMap::new(), BTreeMap::new(), Known::default());
        Self { engine, hits, views, used: Used::default(), known, values: Values::default(), full: false, memory: None }
    }

    /// Reads one text with every detector.
    fn read(&mut self, field: u32, text: &str, key: Option<&str>) {
        let block = Block { text, key, engine: self.engine.digest };
        let memory = self.memory.filter(|_| text.len() >= BLOCK_BYTES_MIN);
        if let Some(known) = memory.and_then(|memory| memory.recall(&block))
            && self.used.hits + known.hits.len() <= FINDINGS_MAX
            && self.used.places + known.places <= SCAN_PLACES_MAX
        {
            self.recall((field, text), key, &known);
            return;
        }
        let view = View::of(text);
        let page = Page { text: view.as_ref().map_or(text, View::text), key };
        let mut sink = Sink::new(self.used);
        self.engine.scan(&page, 0, &mut sink);
        let (whole, places) = (!sink.full, sink.places);
        let seen = self.take((field, text), &page, view.as_ref(), sink);
        if let Some(memory) = memory.filter(|_| whole) {
            let found = self.hits.get(&field).map_or(&[][..], Vec::as_slice);
            let hits: Option<Box<[Place]>> =
                seen.iter().zip(found).map(|(seen, found)| Place::new(seen, found)).collect();
            if let Some(hits) = hits {
                memory.keep(&block, Remembered { hits, places, viewed: view.is_some() });
            }
        }
        self.views.extend(view.map(|view| (field, view)));
    }

    /// Takes over what is remembered of a text.
    fn recall(&mut self, (field, text): (u32, &str), key: Option<&str>, known: &Remembered) {
        let view = if known.viewed { View::of(text) } else { None };
        let page = Page { text: view.as_ref().map_or(text, View::text), key };
        self.learn(&page, &known.seen());
        self.used.hits += known.hits.len();
        self.used.places += known.places;
        if !known.hits.is_empty() {
            self.hits.entry(field).or_default().extend(known.found());
        }
        self.views.extend(view.map(|view| (field, view)));
    }

    /// Reads one text for names that are known from elsewhere.
    fn read_again(&mut self, search: &Search, field: u32, text: &str, key: Option<&str>) {
        let view = self.views.remove(&field);
        let page = Page { text: view.as_ref().map_or(text, View::text), key };
        let mut sink = Sink::new(self.used);
        search.find(&page, &mut Report { sink: &mut sink, detector: self.engine.person });
        self.take((field, text), &page, view.as_ref(), sink);
        self.views.extend(view.map(|view| (field, view)));
    }

    /// Reads one text for values that are known from elsewhere.
    fn read_values(&mut self, values: &Values, field: u32, text: &str, key: Option<&str>) {
        let view = self.views.remove(&field);
        let page = Page { text: view.as_ref().map_or(text, View::text), key };
        let mut sink = Sink::new(self.used);
        values.find(page.text, &mut sink);
        self.take((field, text), &page, view.as_ref(), sink);
        self.views.extend(view.map(|view| (field, view)));
    }

    /// Keeps what is sure enough and not ours, learns names, and leads hits back to the original. Returns what was kept in the
    /// view's own offsets when somebody remembers it.
    fn take(&mut self, (field, text): (u32, &str), page: &Page<'_>, view: Option<&View>, mut sink: Sink) -> Vec<Hit> {
        self.full |= sink.full;
        self.used.places += sink.places;
        sink.hits.retain(|hit| hit.confidence >= CONFIDENCE_MIN && !settle::is_pseudonym(page.text, &hit.range));
        self.learn(page, &sink.hits);
        let seen = if self.memory.is_some() { sink.hits.clone() } else { Vec::new() };
        for hit in &mut sink.hits {
            if let Some(view) = view {
                hit.range = view.original(hit.range.clone());
            }
            hit.range.end = marks_end(text, hit.range.end);
        }
        self.used.hits += sink.hits.len();
        if !sink.hits.is_empty() {
            self.hits.entry(field).or_default().append(&mut sink.hits);
        }
        seen
    }

    fn learn(&mut self, page: &Page<'_>, hits: &[Hit]) {
        for hit in hits.iter().filter(|hit| hit.confidence >= finding::SURELY) {
            let Some(value) = page.text.get(hit.range.clone()) else { continue };
            if hit.detector == self.engine.person {
                self.known.name(value, hit.confidence);
            } else if value.contains('@') && self.engine.is_email(hit.detector) {
                self.known.address(value);
            } else {
                self.values.note(value, hit.detector);
            }
        }
    }

    /// Reads the parts of a chain as one text; what lies within one part was found there already.
    fn read_joined(&mut self, call: &Call, chain: &[u32], seam: &Seam) {
        let mut joined = String::new();
        let mut parts: Vec<Part> = Vec::with_capacity(chain.len());
        for &index in chain {
            let Some(field) = call.fields.get(index as usize) else { continue };
            let text = call.text(field);
            if text.len() <= 2 * seam.bytes {
                parts.push(Part::add(&mut joined, index, text, 0..text.len()));
                continue;
            }
            let (head, tail) = (text.floor_char_boundary(seam.bytes), text.ceil_char_boundary(text.len() - seam.bytes));
            parts.push(Part::add(&mut joined, index, text, 0..head));
            joined.push_str(GAP);
            parts.push(Part::add(&mut joined, index, text, tail..text.len()));
        }
        let view = View::of(&joined);
        let page = Page { text: view.as_ref().map_or(joined.as_str(), View::text), key: None };
        let mut sink = Sink::new(self.used);
        if seam.names {
            self.engine.scan(&page, 0, &mut sink);
        } else {
            self.engine.scan_patterns(&page, 0, &mut sink);
        }
        self.full |= sink.full;
        self.used.places += sink.places;
        sink.hits.retain(|hit| hit.confidence >= CONFIDENCE_MIN && !settle::is_pseudonym(page.text, &hit.range));
        // Words and names do not run from one text into another; numbers, addresses and secrets can be made to.
        let spoken = |hit: &Hit| hit.detector == self.engine.person || self.engine.is_term(hit.detector);
        for hit in sink.hits.into_iter().filter(|hit| seam.names || !spoken(hit)) {
            let range = match &view {
                Some(view) => view.original(hit.range),
                None => hit.range,
            };
            let first = parts.partition_point(|part| part.end() <= range.start);
            let touched = parts.iter().skip(first).take_while(|part| part.joined < range.end);
            let pieces: Vec<(u32, Range<usize>)> = touched.filter_map(|part| part.piece(&range)).collect();
            if pieces.len() < 2 || self.used.hits + pieces.len() > FINDINGS_MAX {
                self.full |= pieces.len() > 1;
                continue;
            }
            self.used.hits += pieces.len();
            for (field, range) in pieces {
                let hit = Hit { detector: hit.detector, range, confidence: hit.confidence };
                self.hits.entry(field).or_default().push(hit);
            }
        }
    }

    /// Looks for known names until none leads to a further one.
    fn follow_names(&mut self, mut again: impl FnMut(&mut Self, &Search)) {
        for _ in 0..NAME_ROUNDS {
            let before = self.known.len();
            let Some(search) = self.known.search() else { return };
            again(self, &search);
            if self.known.len() == before {
                return;
            }
        }
    }

    /// Looks for known values once: they lead to no further ones.
    fn follow_values(&mut self, again: impl FnOnce(&mut Self, &Values)) {
        let values = std::mem::take(&mut self.values);
        if !values.is_empty() {
            again(self, &values);
        }
        self.full |= values.full;
    }

    /// Settles overlaps field by field.
    fn finish(mut self) -> (Vec<(u32, Hit)>, ScanStatus) {
        let mut all = Vec::with_capacity(self.used.hits);
        for (field, mut hits) in std::mem::take(&mut self.hits) {
            settle::settle(&mut hits);
            all.extend(hits.into_iter().map(|hit| (field, hit)));
        }
        let partial = self.full || self.known.full;
        (all, if partial { ScanStatus::Partial } else { ScanStatus::Complete })
    }
}

/// A stretch of a field within a joined text.
struct Part {
    field: u32,
    /// Where it begins in the joined text.
    joined: usize,
    /// The stretch of the field.
    own: Range<usize>,
}

impl Part {
    fn add(joined: &mut String, field: u32, text: &str, own: Range<usize>) -> Self {
        let part = Self { field, joined: joined.len(), own: own.clone() };
        joined.push_str(text.get(own).unwrap_or_default());
        part
    }

    fn end(&self) -> usize {
        self.joined + self.own.len()
    }

    /// The bytes of the field that lie in a range of the joined text.
    fn piece(&self, range: &Range<usize>) -> Option<(u32, Range<usize>)> {
        let (from, to) = (range.start.max(self.joined), range.end.min(self.end()));
        let own = self.own.start + from.saturating_sub(self.joined)..self.own.start + to.saturating_sub(self.joined);
        (from < to).then_some((self.field, own))
    }
}

/// The end of a range, moved behind combining marks and variation selectors that belong to its last character.
fn marks_end(text: &str, end: usize) -> usize {
    let rest = text.get(end..).unwrap_or_default();
    let mark =
        |c: &char| matches!(c, '\u{300}'..='\u{36F}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{200D}');
    end + rest.chars().take_while(mark).map(char::len_utf8).sum::<usize>()
}
