//! From one text to a whole call: keys as context, neighbours read joined, names known everywhere, coverage counted.

mod fields;
mod identifiers;
mod seams;

use std::collections::{BTreeMap, BTreeSet};

use fields::{can_hold_anything, is_title_of_schema, key};

use super::engine::{CONFIDENCE_MIN, Engine, Found};
use super::joined::{Seam, chains, texts};
use super::memory::{BLOCK_BYTES_MIN, Block, Memory, Place, Remembered};
use super::page::{Hit, Page, Report, Sink, Used};
use super::person::known::{Known, Search};
use super::settle;
use super::values::Values;
use super::view::{View, plain_number};
use crate::limits::{FINDINGS_MAX, SCAN_PLACES_MAX};
use crate::model::{Call, Coverage, Finding, Findings, Role, ScanStatus, TokenKind, Word, finding};

/// Rounds in which names lead to further names.
const NAME_ROUNDS: usize = 2;

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
            if is_title_of_schema(field, text, key(call, field)) {
                work.read_instead(index, text, text, None);
            } else if can_hold_anything(field, text) {
                work.read(index, text, key(call, field));
            }
            work.identifiers.note(index, field, text);
            if field.kind == TokenKind::Number
                && let Some(plain) = plain_number(text)
            {
                work.read_instead(index, text, &plain, key(call, field));
            }
        }
        work.read_identifiers();
        let chains = chains(call);
        for chain in &chains {
            work.read_joined(call, chain, &Seam::PARTS);
            if Seam::WORDS.has_words(call, chain) {
                work.read_joined(call, chain, &Seam::WORDS);
            }
        }
        let all = texts(call);
        if chains.first().is_none_or(|chain| chain.len() < all.len()) && all.len() > 1 {
            work.read_joined(call, &all, &Seam::STRANGERS);
        }
        for &index in &all {
            work.read_documents(call, index);
        }
        work.follow_names(|work, search| {
            for (index, field) in (0_u32..).zip(&call.fields) {
                let text = call.text(field);
                if can_hold_anything(field, text) {
                    work.read_again(search, index, text, key(call, field));
                }
            }
            work.find_people(search);
        });
        work.follow_values(|work, values| {
            for (index, field) in (0_u32..).zip(&call.fields) {
                let text = call.text(field);
                if can_hold_anything(field, text) {
                    work.read_values(values, index, text, key(call, field));
                }
            }
            work.find_values(values);
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

/// The inspection of one call or text while it goes on.
struct Work<'e> {
    engine: &'e Engine,
    /// Hits by field, in the field's own offsets.
    hits: BTreeMap<u32, Vec<Hit>>,
    /// Views of the fields that need one, kept for the search of known names.
    views: BTreeMap<u32, View>,
    /// Fields of which a run decodes to another text.
    encoded: BTreeSet<u32>,
    /// Names, for the same search.
    identifiers: identifiers::Identifiers,
    used: Used,
    known: Known,
    values: Values,
    full: bool,
    memory: Option<&'e dyn Memory>,
}

impl<'e> Work<'e> {
    fn new(engine: &'e Engine) -> Self {
        Self {
            engine,
            hits: BTreeMap::new(),
            views: BTreeMap::new(),
            encoded: BTreeSet::new(),
            identifiers: identifiers::Identifiers::default(),
            used: Used::default(),
            known: Known::default(),
            values: Values::default(),
            full: false,
            memory: None,
        }
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
        let view = View::of_all(text);
        let page = Page { text: view.as_ref().map_or(text, View::text), key };
        let mut sink = Sink::new(self.used);
        self.engine.scan(&page, 0, &mut sink);
        let (whole, places, encoded) = (!sink.full, sink.places, sink.encoded);
        self.encoded.extend(encoded.then_some(field));
        let seen = self.take((field, text), &page, view.as_ref(), sink);
        if let Some(memory) = memory.filter(|_| whole) {
            let found = self.hits.get(&field).map_or(&[][..], Vec::as_slice);
            let hits: Option<Box<[Place]>> =
                seen.iter().zip(found).map(|(seen, found)| Place::new(seen, found)).collect();
            if let Some(hits) = hits {
                memory.keep(&block, Remembered { hits, places, viewed: view.is_some(), encoded });
            }
        }
        self.views.extend(view.map(|view| (field, view)));
    }

    /// Reads what a text stands for: what is found there is found in the whole of it.
    fn read_instead(&mut self, field: u32, text: &str, plain: &str, key: Option<&str>) {
        let page = Page { text: plain, key };
        let mut sink = Sink::new(self.used);
        self.engine.scan_patterns(&page, 0, &mut sink);
        for hit in &mut sink.hits {
            hit.range = 0..text.len();
        }
        self.take((field, text), &Page { text, key }, None, sink);
    }

    /// Takes over what is remembered of a text.
    fn recall(&mut self, (field, text): (u32, &str), key: Option<&str>, known: &Remembered) {
        let view = if known.viewed { View::of_all(text) } else { None };
        let page = Page { text: view.as_ref().map_or(text, View::text), key };
        self.learn(&page, &known.seen());
        self.used.hits += known.hits.len();
        self.used.places += known.places;
        self.encoded.extend(known.encoded.then_some(field));
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
        values.find(page.text, self.encoded.contains(&field), &mut sink);
        // These lead to no further ones.
        retain(&page, &mut sink);
        self.keep((field, text), view.as_ref(), sink);
        self.views.extend(view.map(|view| (field, view)));
    }

    /// Keeps what is sure enough and not ours, learns names, and leads hits back to the original. Returns what was kept in the
    /// view's own offsets when somebody remembers it.
    fn take(&mut self, place: (u32, &str), page: &Page<'_>, view: Option<&View>, mut sink: Sink) -> Vec<Hit> {
        retain(page, &mut sink);
        self.learn(page, &sink.hits);
        let seen = if self.memory.is_some() { sink.hits.clone() } else { Vec::new() };
        self.keep(place, view, sink);
        seen
    }

    /// Leads hits back to the original and keeps them.
    fn keep(&mut self, (field, text): (u32, &str), view: Option<&View>, mut sink: Sink) {
        self.full |= sink.full;
        self.used.places += sink.places;
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
        let bears = |detector: u16| self.engine.bears(detector);
        for (field, mut hits) in std::mem::take(&mut self.hits) {
            settle::settle(&mut hits, bears);
            all.extend(hits.into_iter().map(|hit| (field, hit)));
        }
        let partial = self.full || self.known.full;
        (all, if partial { ScanStatus::Partial } else { ScanStatus::Complete })
    }
}

/// Leaves out what is not sure enough, and what is ours.
fn retain(page: &Page<'_>, sink: &mut Sink) {
    sink.hits.retain(|hit| hit.confidence >= CONFIDENCE_MIN && !settle::is_pseudonym(page.text, &hit.range));
}

/// The end of a range, moved behind combining marks and variation selectors that belong to its last character.
fn marks_end(text: &str, end: usize) -> usize {
    let rest = text.get(end..).unwrap_or_default();
    let mark =
        |c: &char| matches!(c, '\u{300}'..='\u{36F}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{200D}');
    end + rest.chars().take_while(mark).map(char::len_utf8).sum::<usize>()
}
