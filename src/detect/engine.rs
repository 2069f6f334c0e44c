//! The engine: every detector and row, compiled once, shared by all requests.
//!
//! Longer than 400 lines: the one walk over a page, with everything that wakes in it.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;
use std::sync::Arc;

use super::exact::MatchList;
use super::lexicon::{Lexicon, Meaning};
use super::literals::Literals;
use super::named::Recogniser;
use super::near::{Contexts, Near};
use super::page::{Hit, Mark, Page, Report, Sink, Wake};
use super::rows::Rows;
use super::scan::{self, Event, Openings};
use super::secret::keyed::Keyed;
use super::secret::label::Labelled;
use super::settle::Bears;
use super::source::{DetectorError, Fault, Source};
use super::spelt::{Plainly, Spelt};
use super::view::View;
use super::{Detector, encoded, person};
use crate::limits::NESTED_DEPTH_MAX;
use crate::model::{Catalogue, EntityId, Word, finding};

/// Confidence from which a hit is a finding; *possibly* begins here, and below it nobody would look.
pub(super) const CONFIDENCE_MIN: u8 = finding::POSSIBLY;
/// Confidence of a weak term that stands near a stronger one of the same type.
const CONFIDENCE_LENT: u8 = 60;
/// Confidence in a value of a list of exact values.
const CONFIDENCE_LISTED: u8 = 97;
/// Bytes within which a stronger term of the same type lends a weak one its meaning.
const TERM_REACH_BYTES: usize = 160;
/// Bytes before an encoded run that are context for what it holds.
const CONTEXT_BYTES: usize = 80;

/// One detected value of a single text, for `octroi scan`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What was found.
    pub entity: EntityId,
    /// Byte range in the text, half-open, on character boundaries.
    pub range: Range<usize>,
    /// 0 to 100.
    pub confidence: u8,
    /// The detector that found it.
    pub detector: Word,
}

/// What `octroi detectors` prints of one detector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Its id.
    pub id: Word,
    /// The entity type that it serves.
    pub entity: Word,
    /// ISO 3166-1 code, `*` for any.
    pub country: Word,
    /// The classes that the type implies.
    pub classes: Vec<Word>,
    /// How it tells.
    pub method: Word,
    /// Languages of its words; empty when it has none.
    pub languages: Vec<Word>,
}

/// All detectors, ready to run. Immutable, and cheap to clone: what was compiled is shared.
#[derive(Clone)]
pub struct Engine {
    pub(super) served: Vec<Served>,
    pub(super) logic: Arc<[Logic]>,
    /// Places in `logic` of those that a number wakes, and of those that a UUID does.
    pub(super) by_number: Vec<usize>,
    pub(super) by_uuid: Vec<usize>,
    /// The number of the detector of names by rule.
    pub(super) person: u16,
    pub(super) names: Recogniser,
    pub(super) numbers: Arc<Rows>,
    pub(super) prefixed: Arc<Rows>,
    pub(super) keyed: Arc<Keyed>,
    pub(super) labelled: Arc<Labelled>,
    pub(super) contexts: Arc<Contexts>,
    /// Lists of exact values, and the number of each column.
    pub(super) lists: Vec<(Arc<MatchList>, Vec<u16>)>,
    /// Tells engines apart that read other things into a text.
    pub(super) digest: u64,
    pub(super) openings: Arc<Openings>,
    pub(super) lexicon: Arc<Lexicon>,
    pub(super) literals: Option<Arc<Literals>>,
    /// What each literal wakes.
    pub(super) woken: Arc<[Woken]>,
}

/// What a literal wakes.
#[derive(Debug)]
pub(super) struct Woken {
    /// Places in `logic` of detectors that named it.
    pub(super) logic: Vec<usize>,
    /// Place among the prefixes of the prefixed rows.
    pub(super) prefix: Option<usize>,
    /// The row of labelled values, and the bytes of its label.
    pub(super) label: Option<(u16, usize)>,
}

/// What a detector's number stands for.
#[derive(Debug, Clone)]
pub(super) struct Served {
    pub(super) entity: EntityId,
    /// The confidence of a lexicon's terms; `None` for what is no lexicon.
    pub(super) terms: Option<u8>,
    pub(super) description: Description,
}

/// A detector that is code.
#[derive(Debug)]
pub(super) struct Logic {
    pub(super) number: u16,
    pub(super) wake: Wake,
    pub(super) detector: Box<dyn Detector>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tables = self.table_bytes();
        f.debug_struct("Engine")
            .field("detectors", &self.served.len())
            .field("table_bytes", &tables)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Builds the engine from data files and the detectors that are code, and runs every example.
    ///
    /// # Errors
    /// Every fault of every file: types the catalogue lacks, patterns that do not compile, examples that fail.
    pub fn new(sources: &[Source<'_>], catalogue: &Catalogue) -> Result<Self, Vec<DetectorError>> {
        super::build::build(sources, catalogue)
    }

    /// Reports organisations too: names of bodies are found on request only.
    #[must_use]
    pub fn with_organisations(mut self) -> Self {
        self.names.bodies = true;
        self.digest = !self.digest;
        self
    }

    /// The engine without the recogniser of names and addresses: patterns, lexicons and rules alone, for measuring them.
    #[must_use]
    pub fn without_names(mut self) -> Self {
        self.names.reads = false;
        self
    }

    /// The engine with another model of names, as `models/names.bin` holds one; `None` when it cannot be read.
    #[must_use]
    pub fn with_names(self, model: &'static [u8]) -> Option<Self> {
        let names = self.names.with(model)?;
        let mut hasher = DefaultHasher::new();
        (self.digest, model).hash(&mut hasher);
        Some(Self { names, digest: hasher.finish(), ..self })
    }

    /// The engine with a list of exact values more.
    ///
    /// # Errors
    /// A column of a type that the catalogue lacks, or more detectors than the engine numbers.
    pub fn with_list(mut self, name: &str, list: MatchList, catalogue: &Catalogue) -> Result<Self, DetectorError> {
        let fault = |fault| DetectorError { file: name.to_owned(), id: String::new(), fault };
        let mut numbers = Vec::new();
        for column in list.entities() {
            let entity = catalogue.entity(column).ok_or_else(|| fault(Fault::UnknownEntity(column.clone())))?;
            numbers.push(u16::try_from(self.served.len()).map_err(|_| fault(Fault::TooMany))?);
            let described = self.served.iter().find(|served| served.entity == entity);
            let description = Description {
                id: Word::configured(&format!("list_{name}_{column}")),
                entity: Word::configured(column),
                country: Word::fixed("*"),
                classes: described.map(|served| served.description.classes.clone()).unwrap_or_default(),
                method: Word::fixed("exact values of a list"),
                languages: Vec::new(),
            };
            self.served.push(Served { entity, terms: None, description });
        }
        let mut hasher = DefaultHasher::new();
        (self.digest, name, list.digest()).hash(&mut hasher);
        self.digest = hasher.finish();
        self.lists.push((Arc::new(list), numbers));
        Ok(self)
    }

    /// The entity types that at least one detector serves, sorted.
    pub fn served(&self) -> Vec<EntityId> {
        self.served.iter().map(|served| served.entity).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The type that a detector serves and this engine does not look for: bodies, unless somebody asked for them. That none is
    /// found then says nothing of whether one is there.
    pub fn unsought(&self) -> Option<EntityId> {
        let silent = self.names.silent_bodies()?;
        self.served.get(usize::from(silent)).map(|served| served.entity)
    }

    /// What each detector is, in the order of ids.
    pub fn describe(&self) -> Vec<Description> {
        let mut all: Vec<Description> = self.served.iter().map(|served| served.description.clone()).collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// Whether a detector serves e-mail addresses.
    pub(super) fn is_email(&self, detector: u16) -> bool {
        self.served.get(usize::from(detector)).is_some_and(|served| served.description.entity == "email")
    }

    /// Whether what a detector finds has a check digit.
    pub(super) fn is_checked(&self, detector: u16) -> bool {
        let served = self.served.get(usize::from(detector));
        served.is_some_and(|served| served.description.method.as_str().starts_with("pattern, check `"))
    }

    /// Whether a detector is a lexicon.
    pub(super) fn is_term(&self, detector: u16) -> bool {
        self.served.get(usize::from(detector)).is_some_and(|served| served.terms.is_some())
    }

    /// What the type of a detector brings.
    pub(super) fn bears(&self, detector: u16) -> Bears {
        match self.served.get(usize::from(detector)).map(|served| served.description.classes.as_slice()) {
            None | Some([]) => Bears::Nothing,
            Some([only]) if *only == "secret" => Bears::Secret,
            Some(_) => Bears::Data,
        }
    }

    /// Whether two detectors are lexicons of the same type.
    pub(super) fn are_alike(&self, one: &str, other: &str) -> bool {
        let lexicon = |id: &str| {
            let served = self.served.iter().find(|served| served.description.id == *id)?;
            served.terms.map(|_| served.entity)
        };
        lexicon(one).is_some_and(|entity| lexicon(other) == Some(entity))
    }

    /// Bytes of the automata.
    pub fn table_bytes(&self) -> usize {
        let literals = self.literals.as_deref().map_or(0, Literals::memory);
        self.numbers.memory() + self.prefixed.memory() + self.keyed.memory() + literals
    }

    /// Runs every detector over one page. `depth` counts the encodings around it.
    pub(super) fn scan(&self, page: &Page<'_>, depth: usize, sink: &mut Sink) {
        self.names.read(page, sink);
        self.scan_patterns(page, depth, sink);
    }

    /// Wakes what waits for a byte. `false` when the work that one call may do is done.
    fn at_bytes(&self, page: &Page<'_>, sink: &mut Sink) -> bool {
        for (place, logic) in self.logic.iter().enumerate() {
            let Wake::Byte(byte) = logic.wake else { continue };
            for at in memchr::memchr_iter(byte, page.text.as_bytes()) {
                if !sink.look() {
                    return false;
                }
                self.look(place, page, &Mark::Byte(at), sink);
            }
        }
        true
    }

    /// Reads numbers in words and with letters for digits; `first` is the first of this page's findings.
    fn disguised(&self, page: &Page<'_>, depth: usize, (spelt, first): (Spelt, usize), sink: &mut Sink) {
        let text = page.text;
        let plainly = Plainly::of(sink.hits.get(first..).unwrap_or_default(), !spelt.found.is_empty());
        for (range, plain, checked) in spelt.found {
            // What makes sense as it stands is not read another way.
            if checked && plainly.touch(&range) {
                continue;
            }
            let first = sink.hits.len();
            let before = text.get(text.floor_char_boundary(range.start.saturating_sub(CONTEXT_BYTES))..range.start);
            let key = before.filter(|before| !before.is_empty()).or(page.key);
            self.nested(&range, &Page { text: &plain, key }, depth, sink);
            // Letters for digits count only where a check digit agrees.
            let fresh = sink.hits.split_off(first);
            sink.hits.extend(fresh.into_iter().filter(|hit| !checked || self.is_checked(hit.detector)));
        }
    }

    /// Runs every detector but the recogniser of names and addresses.
    pub(super) fn scan_patterns(&self, page: &Page<'_>, depth: usize, sink: &mut Sink) {
        let text = page.text;
        let first = sink.hits.len();
        if !self.at_bytes(page, sink) {
            return;
        }
        let mut near = Near::new(&self.contexts);
        if let Some(literals) = &self.literals {
            literals.find(text, |literal, range| {
                let Some(woken) = self.woken.get(literal).filter(|_| sink.look()) else { return };
                if let Some(prefix) = woken.prefix {
                    self.prefixed.at_prefix(page, (prefix, range.start), &mut near, sink);
                }
                if let Some((row, len)) = woken.label {
                    self.labelled.behind(page, row, &(range.start..range.start + len), sink);
                }
                for &place in &woken.logic {
                    self.look(place, page, &Mark::Literal(range.start), sink);
                }
            });
        }
        let mut spelt = Spelt::default();
        scan::events(text, &self.lexicon, &self.openings, |event| match event {
            _ if !sink.look() => {}
            Event::Prefix(at) => self.prefixed.at_opening(page, at, &mut near, sink),
            Event::Phrase(range, Meaning::Term(detector)) => {
                let terms = self.served.get(usize::from(detector)).and_then(|served| served.terms);
                sink.push(detector, range, terms.unwrap_or(0));
            }
            Event::Phrase(range, Meaning::Cue(cue)) => {
                person::announced(page, cue, &range, &mut Report { sink, detector: self.person });
            }
            Event::Phrase(range, Meaning::Label(row)) => self.labelled.behind(page, row, &range, sink),
            Event::Phrase(range, Meaning::Spelt) => spelt.word(text, &range),
            Event::Phrase(range, Meaning::AddressHead) => self.names.addresses_below(page, &range, sink),
            Event::Number(run) => {
                spelt.number(text, &run);
                self.numbers.at_number(page, &run, &mut near, sink);
                self.keyed.at_number(page, &run, sink);
                self.look_all(&self.by_number, page, &Mark::Number(run), sink);
            }
            Event::Uuid(range) => {
                self.keyed.at_number(page, &range, sink);
                self.look_all(&self.by_uuid, page, &Mark::Uuid(range), sink);
            }
        });
        self.labelled.under_key(page, sink);
        person::by_place(page, &mut Report { sink, detector: self.person });
        for (list, numbers) in &self.lists {
            list.find(text, |range, column| {
                if let Some(&number) = numbers.get(column) {
                    sink.push(number, range, CONFIDENCE_LISTED);
                }
            });
        }
        if depth < NESTED_DEPTH_MAX {
            encoded::each(text, |range, decoded| {
                sink.encoded = true;
                // What stands before the run is context for what is inside.
                let before = text.get(text.floor_char_boundary(range.start.saturating_sub(CONTEXT_BYTES))..range.start);
                let key = before.filter(|before| !before.is_empty()).or(page.key);
                self.nested(&range, &Page { text: decoded, key }, depth, sink);
            });
            self.disguised(page, depth, (spelt, first), sink);
        }
        self.lend_meaning(sink.hits.get_mut(first..).unwrap_or_default());
    }

    /// What is found in decoded text is a finding over the whole run.
    fn nested(&self, range: &Range<usize>, decoded: &Page<'_>, depth: usize, sink: &mut Sink) {
        let view = View::of_all(decoded.text);
        let page = Page { text: view.as_ref().map_or(decoded.text, View::text), key: decoded.key };
        let mut inner = sink.inner();
        self.scan(&page, depth + 1, &mut inner);
        sink.full |= inner.full;
        sink.places += inner.places;
        let mut best: BTreeMap<u16, u8> = BTreeMap::new();
        for hit in inner.hits.iter().filter(|hit| hit.confidence >= CONFIDENCE_MIN) {
            let confidence = best.entry(hit.detector).or_default();
            *confidence = hit.confidence.max(*confidence);
        }
        for (detector, confidence) in best {
            sink.push(detector, range.clone(), confidence);
        }
    }

    fn look_all(&self, places: &[usize], page: &Page<'_>, mark: &Mark, sink: &mut Sink) {
        for &place in places {
            self.look(place, page, mark, sink);
        }
    }

    fn look(&self, place: usize, page: &Page<'_>, mark: &Mark, sink: &mut Sink) {
        let Some(logic) = self.logic.get(place) else { return };
        let before = sink.hits.len();
        logic.detector.look(page, mark, &mut Report { sink, detector: logic.number });
        // An address may have its owner's name before it.
        if logic.wake == Wake::Byte(b'@')
            && let Some(address) = sink.hits.get(before).map(|hit| hit.range.start)
        {
            person::before_address(page, address, &mut Report { sink, detector: self.person });
        }
    }

    /// Raises weak terms that stand near a stronger one of their type: `infection` beside `VIH`.
    fn lend_meaning(&self, hits: &mut [Hit]) {
        let terms = |hit: &Hit| {
            let served = self.served.get(usize::from(hit.detector))?;
            served.terms.map(|_| served.entity)
        };
        let mut last: Option<(EntityId, usize)> = None;
        let mut lent: Vec<usize> = Vec::new();
        let order: Vec<usize> = (0..hits.len()).filter(|&index| hits.get(index).and_then(terms).is_some()).collect();
        // Forward for strong terms before a weak one, backward for those behind it.
        for indexes in [order.clone(), order.iter().rev().copied().collect()] {
            last.take();
            for index in indexes {
                let Some((hit, entity)) = hits.get(index).and_then(|hit| Some((hit, terms(hit)?))) else { continue };
                if hit.confidence >= CONFIDENCE_MIN {
                    last = Some((entity, hit.range.start));
                } else if last.is_some_and(|(of, at)| of == entity && at.abs_diff(hit.range.start) <= TERM_REACH_BYTES)
                {
                    lent.push(index);
                }
            }
        }
        for index in lent {
            if let Some(hit) = hits.get_mut(index) {
                hit.confidence = CONFIDENCE_LENT;
            }
        }
    }
}
