//! The recogniser of names within the engine: the model that ships in the binary, and what is kept of its findings.
//!
//! The model says how likely a name is; `docs/models/names.md` says what its confidence was measured on. What is glued into an
//! identifier, a path or an address is no name, however it looks. Bodies are reported only when somebody asked for them: a
//! company's name is no personal data, and most texts are full of them.

use std::ops::Range;
use std::sync::LazyLock;

use super::names::decode::{Kind, Lattice};
use super::names::lexicon::{CAPITAL, FORENAME, FREQUENT, SMALL, SURNAME};
use super::names::model::Model;
use super::names::token::Block;
use super::page::{Page, Sink};
use super::wrapped::stands_alone;
use super::{Card, address, fold, person};

/// The model of this build.
static SHIPPED: LazyLock<Option<Model<'static>>> =
    LazyLock::new(|| Model::new(include_bytes!("../../models/names.bin")));

/// Confidence from which one word that is common in small letters is a name.
const COMMON_MIN: u8 = 85;
/// Confidence from which one word in small letters is a name.
const SMALL_MIN: u8 = 80;
/// Confidence in a whole text under the key of an address.
const KEYED: u8 = 90;
/// Bytes of the longest abbreviation, its stops and blanks included.
const ABBREVIATION_BYTES_MAX: usize = 16;
/// Abbreviations that look like an initial and a surname, folded.
const ABBREVIATIONS: [&str; 9] =
    ["p iva", "p i", "c f", "c fiscale", "c fisc", "cod fiscale", "cod fisc", "part iva", "n iva"];
/// Place names.
pub(super) const LOCATION: Card = Card { id: "location", country: "*", method: "trained recogniser" };
/// Bodies.
pub(super) const ORGANISATION: Card =
    Card { id: "organisation", country: "*", method: "trained recogniser, on request" };

/// The numbers of the detectors that the recogniser reports for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    pub(super) person: u16,
    pub(super) location: u16,
    pub(super) organisation: u16,
    pub(super) address: u16,
    pub(super) fr_address: u16,
}

/// The recogniser, with the numbers that its findings bear in the engine.
#[derive(Debug)]
pub(super) struct Recogniser {
    model: Model<'static>,
    numbers: Numbers,
    /// Whether bodies are reported.
    pub(super) bodies: bool,
    /// Whether anything is read at all.
    pub(super) reads: bool,
}

impl Recogniser {
    /// The number of the detector of bodies, where it reports none.
    pub(super) fn silent_bodies(&self) -> Option<u16> {
        (!self.bodies).then_some(self.numbers.organisation)
    }

    /// The recogniser over the model of this build; `None` when that cannot be read.
    pub(super) fn shipped(numbers: Numbers) -> Option<Self> {
        Some(Self { model: SHIPPED.clone()?, numbers, bodies: false, reads: true })
    }

    /// The same over another model.
    pub(super) fn with(self, model: &'static [u8]) -> Option<Self> {
        Some(Self { model: Model::new(model)?, ..self })
    }

    /// Reports the names and the addresses of a page: both read the same tokens.
    pub(super) fn read(&self, page: &Page<'_>, sink: &mut Sink) {
        if !self.reads {
            return;
        }
        if let Some(whole) = address::under_key(page) {
            sink.push(self.numbers.address, whole, KEYED);
        }
        let mut block = Block::default();
        let mut lattice = Lattice::default();
        let mut at = 0;
        while block.read(page.text, at, &self.model.lexicon()) {
            at = block.end;
            self.model.names(&block.tokens, &mut lattice, |named| {
                let detector = match named.kind {
                    Kind::Person => self.numbers.person,
                    Kind::Location => self.numbers.location,
                    Kind::Organisation if self.bodies => self.numbers.organisation,
                    Kind::Organisation => return,
                };
                let announces = named.kind == Kind::Person && is_abbreviation(page, &named.range);
                if !announces && stands_alone(page, &named.range) && !is_lone_word(page, &named.range, named.confidence)
                {
                    let person = named.kind == Kind::Person;
                    let range = if person { person::widen(page.text, named.range) } else { named.range };
                    sink.push(detector, range, named.confidence);
                }
            });
            let last = at >= page.text.trim_end().len();
            person::line::names(&block.tokens, last, |range, confidence| {
                if !is_abbreviation(page, &range) {
                    sink.push(self.numbers.person, range, confidence);
                }
            });
            address::find(page.text, &block.tokens, |found| {
                if found.french {
                    sink.push(self.numbers.fr_address, found.range.clone(), found.confidence);
                }
                sink.push(self.numbers.address, found.range, found.confidence);
            });
        }
    }
}

/// Whether a name is an abbreviation that announces a number: `P. IVA`, `C. Fiscale`.
fn is_abbreviation(page: &Page<'_>, range: &Range<usize>) -> bool {
    let name = page.text.get(range.clone()).unwrap_or_default();
    if name.len() > ABBREVIATION_BYTES_MAX {
        return false;
    }
    let mut folded = fold::Window::new();
    fold::words(name, &mut folded);
    let words = folded.trim_ascii();
    ABBREVIATIONS.iter().any(|known| known.as_bytes() == words)
}

/// Whether a name is one word of which there is too little to go by: a key, a tag, a cell in small letters, a word that is
/// common in them (`Price`).
fn is_lone_word(page: &Page<'_>, range: &Range<usize>, confidence: u8) -> bool {
    let word = page.text.get(range.clone()).unwrap_or_default();
    if word.contains(char::is_whitespace) {
        return false;
    }
    let small = !word.contains(char::is_uppercase);
    let flags = fold::next_word(word, 0).map_or(0, |(_, folded)| flags(&folded));
    if flags & SMALL != 0 && flags & (FREQUENT | CAPITAL) != CAPITAL && confidence < COMMON_MIN {
        return true;
    }
    small && (confidence < SMALL_MIN || page.text.trim().len() < 2 * word.len() + 2)
}

/// Whether a folded word is common in texts without being anybody's name, as far as the word list knows.
pub(super) fn is_common(folded: &[u8]) -> bool {
    let flags = flags(folded);
    flags & (SMALL | FREQUENT) != 0 && flags & (FORENAME | SURNAME) == 0
}

/// What the word list knows of a folded word.
pub(super) fn flags(folded: &[u8]) -> u16 {
    SHIPPED.as_ref().map_or(0, |model| model.lexicon().flags(fold::hash(folded)))
}
