//! The recogniser of names within the engine: the model that ships in the binary, and what is kept of its findings.
//!
//! The model says how likely a name is; `docs/models/names.md` says what its confidence was measured on. What is glued into an
//! identifier, a path or an address is no name, however it looks. Bodies are reported only when somebody asked for them: a
//! company's name is no personal data, and most texts are full of them.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use super::names::decode::{Kind, Lattice};
use super::names::lexicon::{BODY, CAPITAL, COMPANY, FORENAME, FREQUENT, PLACE, SMALL, SURNAME, TITLE};
use super::names::model::Model;
use super::names::token::Block;
use super::page::{Hit, Page, Sink};
use super::{Card, address, fold, person};
use crate::model::finding::SURELY;

/// The model of this build.
static SHIPPED: LazyLock<Option<Model<'static>>> =
    LazyLock::new(|| Model::new(include_bytes!("../../models/names.bin")));

/// Confidence from which one word that is common in small letters is a name.
const COMMON_MIN: u8 = 85;
/// Confidence from which one word in small letters is a name.
const SMALL_MIN: u8 = 80;
/// Confidence below which what stands around one word may speak against it.
const DOUBTFUL: u8 = 60;
/// Confidence in a whole text under the key of an address.
const KEYED: u8 = 90;
/// Confidence in a name that nobody's list knows, above an address.
const ABOVE: u8 = 74;
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
#[derive(Debug, Clone)]
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

    /// Reports the addresses in the column of which a word is the head.
    pub(super) fn addresses_below(&self, page: &Page<'_>, head: &Range<usize>, sink: &mut Sink) {
        if self.reads {
            address::below(page, head, |range| sink.push(self.numbers.address, range, KEYED));
        }
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
        let first = sink.hits.len();
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
                let person = named.kind == Kind::Person;
                let range = if person {
                    behind_capitals(page.text, behind_greeting(page.text, named.range))
                } else {
                    named.range
                };
                let announces = person && is_abbreviation(page, &range);
                let alone = stands_alone(page, &range) && !is_thing_of_element(page, &range);
                if !announces && alone && !is_lone_word(page, &range, named.confidence) {
                    let range = if person { person::widen(page.text, behind_verb(page.text, range)) } else { range };
                    sink.push(detector, range, named.confidence);
                }
            });
            let last = at >= page.text.trim_end().len();
            person::line::names(&block.tokens, last, |range, confidence| {
                if !is_abbreviation(page, &range) {
                    sink.push(self.numbers.person, range, confidence);
                }
            });
            person::tied::names(page, &block.tokens, |range, confidence| {
                sink.push(self.numbers.person, range, confidence);
            });
            address::find(page.text, &block.tokens, |found| {
                if found.french {
                    sink.push(self.numbers.fr_address, found.range.clone(), found.confidence);
                }
                let start = found.range.start;
                sink.push(self.numbers.address, found.range, found.confidence);
                if let Some(name) = person::above::address(page, start) {
                    sink.push(self.numbers.person, name, ABOVE);
                }
            });
        }
        // What was surely found as it stands is not read again; of what was not, what stands around it may have been the cause.
        let sure = |hit: &&Hit| hit.detector == self.numbers.person && hit.confidence >= SURELY;
        let own = sink.hits.get(first..).unwrap_or_default().iter().filter(sure);
        let known: HashSet<(usize, usize)> = own.map(|hit| (hit.range.start, hit.range.end)).collect();
        person::leaf::each(page.text, |leaf| {
            let is_known = leaf.keyed.is_none() && known.contains(&(leaf.range.start, leaf.range.end));
            if is_known || is_abbreviation(page, &leaf.range) {
                return;
            }
            let mut read = || self.whole(page.text, &leaf.range, (&mut block, &mut lattice));
            // What a weak key leaves open is read like any other value.
            let keyed = leaf.keyed.filter(|keyed| *keyed >= SURELY);
            if let Some(confidence) = keyed.or_else(|| read().max(leaf.keyed)) {
                sink.push(self.numbers.person, leaf.range, confidence);
            }
        });
    }

    /// How sure it is that a value is somebody's name, read as the whole of a text.
    fn whole(&self, text: &str, range: &Range<usize>, (block, lattice): (&mut Block, &mut Lattice)) -> Option<u8> {
        if !block.read(text.get(..range.end)?, range.start, &self.model.lexicon()) {
            return None;
        }
        let mut best = None;
        self.model.names(&block.tokens, lattice, |named| {
            if named.kind == Kind::Person && 2 * named.range.len() > range.len() {
                best = Some(named.confidence);
            }
        });
        best
    }
}

/// A name without the greeting before it: `Bonjour Camille`.
fn behind_greeting(text: &str, range: Range<usize>) -> Range<usize> {
    let first = fold::next_word(text, range.start).filter(|(first, _)| first.start == range.start);
    let greets = first.filter(|(_, folded)| GREETINGS.iter().any(|word| word.as_bytes() == folded.as_slice()));
    let rest = greets.and_then(|(first, _)| text.get(first.end..range.end)?.strip_prefix(' '));
    let start = rest.map_or(range.start, |rest| range.end - rest.len());
    start..range.end
}

/// A name without the words in capitals before it, where given name and surname stand behind them: `PARIS LYON Paul Durand`. With
/// a given name alone behind it (`DURAND Paul`) such a word is the surname.
fn behind_capitals(text: &str, range: Range<usize>) -> Range<usize> {
    let name = text.get(range.clone()).unwrap_or_default();
    let shouted = |word: &&str| word.len() > 1 && word.chars().all(char::is_uppercase);
    let len: usize = name.split(' ').take_while(shouted).map(|word| word.len() + 1).sum();
    let Some(rest) = name.get(len..).filter(|_| len > 0) else { return range };
    let of = |word: &str| fold::next_word(word, 0).map_or(0, |(_, word)| flags(&word));
    let titled = |word: &&str| word.starts_with(char::is_uppercase) && word.contains(char::is_lowercase);
    let mut words = rest.split(' ').filter(titled).map(of);
    let (given, surname) = (words.next().unwrap_or(0), words.next().unwrap_or(0));
    // A second given name is one, unless a route stands before the first.
    let route = name.split(' ').take_while(shouted).count() > 1 && of(name) & PLACE != 0;
    let whole = given & FORENAME != 0 && surname & SURNAME != 0 && (route || surname & FORENAME == 0);
    if whole { range.start + len..range.end } else { range }
}

/// Greetings and thanks before a name, folded; those that are names as well (`Cara`, `Ola`) are none of them.
#[rustfmt::skip]
const GREETINGS: &[&str] = &[
    "bonjour", "bonsoir", "salut", "coucou", "merci", "cher", "chere", "chers", "cheres", "dear", "hi", "hello", "hey", "thanks",
    "hallo", "lieber", "liebe", "liebes", "hola", "querido", "querida", "gracias", "ciao", "buongiorno", "buonasera", "grazie",
    "beste", "obrigado", "obrigada", "hej",
];

/// A name without the word before it that only begins the sentence: `Cherche Camille Aubertin`.
fn behind_verb(text: &str, range: Range<usize>) -> Range<usize> {
    let Some((first, folded)) = fold::next_word(text, range.start).filter(|(first, _)| first.start == range.start)
    else {
        return range;
    };
    let Some(rest) = text.get(first.end..range.end).and_then(|rest| rest.strip_prefix(' ')) else { return range };
    let given = fold::next_word(rest, 0).is_some_and(|(_, folded)| flags(&folded) & (FORENAME | SMALL) == FORENAME);
    // `Appelez C. Laurent`, `Rappeler M.Dupont`
    let initial = rest.chars().next().is_some_and(char::is_uppercase) && rest.chars().nth(1) == Some('.');
    let opens = text.get(..range.start).unwrap_or_default().trim_end_matches(' ');
    let opens = opens.is_empty() || opens.ends_with(['.', '!', '?', '\n', ':', '-', '"']);
    let known = flags(&folded);
    // `Appelez`: a list need not have it.
    let asks = known == 0 && initial && folded.ends_with(b"ez");
    let verb = (known & SMALL != 0 || asks) && known & (FORENAME | SURNAME | TITLE) == 0;
    let several = rest.contains(' ');
    if !(opens && verb && (given && several || initial)) {
        return range;
    }
    // A title that is glued to the name.
    let name = rest.strip_prefix("M.").filter(|name| name.starts_with(char::is_uppercase)).unwrap_or(rest);
    range.end - name.len()..range.end
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
    // `Vitamin C. Dosierung`
    let first = fold::next_word(word, 0).filter(|_| confidence < DOUBTFUL);
    if first.is_some_and(|(_, folded)| THINGS.iter().any(|thing| thing.as_bytes() == folded.as_slice())) {
        return true;
    }
    if word.contains(char::is_whitespace) {
        return false;
    }
    if confidence < DOUBTFUL && is_of_things(page, range) {
        return true;
    }
    let small = !word.contains(char::is_uppercase);
    let flags = fold::next_word(word, 0).map_or(0, |(_, folded)| flags(&folded));
    if flags & SMALL != 0 && flags & (FREQUENT | CAPITAL) != CAPITAL && confidence < COMMON_MIN {
        return true;
    }
    small && (confidence < SMALL_MIN || page.text.trim().len() < 2 * word.len() + 2)
}

/// Whether a word stands in a list without blanks, or behind what names a body: `Java,Python,Ruby,Rust`, `la société Vexa`.
fn is_of_things(page: &Page<'_>, range: &Range<usize>) -> bool {
    let listed = page.before(range.start) == b',' && page.byte(range.end) == b',';
    let before = page.text.get(..range.start).and_then(|text| text.strip_suffix(' ')).unwrap_or_default();
    let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let body =
        |folded: &[u8]| flags(folded) & (COMPANY | BODY) != 0 || BODIES.iter().any(|word| word.as_bytes() == folded);
    listed || fold::next_word(word, 0).is_some_and(|(_, folded)| body(&folded))
}

/// What letters and numbers follow that look like initials, folded.
const THINGS: &[&str] = &["vitamin", "vitamine", "vitamina", "hepatitis", "hepatite", "influenza"];
/// What names bodies and no list has, folded.
const BODIES: &[&str] = &[
    "societe",
    "entreprise",
    "groupe",
    "agence",
    "cabinet",
    "company",
    "group",
    "firma",
    "azienda",
    "ditta",
    "empresa",
];

/// Whether a folded word is common in texts without being anybody's name, as far as the word list knows.
pub(super) fn is_common(folded: &[u8]) -> bool {
    let flags = flags(folded);
    flags & (SMALL | FREQUENT) != 0 && flags & (FORENAME | SURNAME) == 0
}

/// Whether the word list knows a word as somebody's name.
pub(super) fn is_a_name(word: &str) -> bool {
    fold::next_word(word, 0).is_some_and(|(_, folded)| flags(&folded) & (FORENAME | SURNAME) != 0)
}

/// What the word list knows of a folded word.
pub(super) fn flags(folded: &[u8]) -> u16 {
    SHIPPED.as_ref().map_or(0, |model| model.lexicon().flags(fold::hash(folded)))
}

/// Whether it is all that an element holds and nobody is known to be called so: names of projects and headings stand there as well,
/// and what looks like a whole name is read by itself.
pub(super) fn is_thing_of_element(page: &Page<'_>, range: &Range<usize>) -> bool {
    let whole = page.before(range.start) == b'>' && page.byte(range.end) == b'<';
    whole && page.text.get(range.clone()).is_some_and(|name| !is_a_name(name))
}

/// Not a part of an identifier, a path or an address.
pub(super) fn stands_alone(page: &Page<'_>, range: &Range<usize>) -> bool {
    let before = page.before(range.start);
    let member = before == b'.' && range.start.checked_sub(2).is_some_and(|at| page.byte(at).is_ascii_alphanumeric());
    !member && is_bounded(page, range)
}

/// The same, with no regard to what a stop before it belongs to.
pub(super) fn is_bounded(page: &Page<'_>, range: &Range<usize>) -> bool {
    let bound = |byte: u8| !matches!(byte, b'_' | b'@' | b'/' | b'=' | b'\\' | b'#' | b'$' | b'{' | b'%');
    let (before, after) = (page.before(range.start), page.byte(range.end));
    let domain = after == b'.' && page.byte(range.end + 1).is_ascii_alphanumeric();
    let path =
        after == b':' && page.byte(range.end + 1) == b':' || before == b':' && page.before(range.start - 1) == b':';
    // What closes an element (`Dupont</nom>`, `Dupont[/b]`) is no call and no type's argument.
    let closes = matches!(after, b'<' | b'[') && page.byte(range.end + 1) == b'/';
    let called = matches!(after, b'(' | b'<' | b'[' | b'!') && before != b' ' && !closes;
    (bound(before) || is_of_form(page, range)) && bound(after) && !domain && !path && !called
}

/// Whether it is the value of a form, with another beside it: `nom=Dupont&prenom=Jean`, `nom=Dupont, Jean&ville=Lyon`.
fn is_of_form(page: &Page<'_>, range: &Range<usize>) -> bool {
    let Some(sign) = range.start.checked_sub(1).filter(|at| page.byte(*at) == b'=') else { return false };
    let key = page.left(sign, FORM_KEY_BYTES_MAX, is_of_key);
    let opens = |byte: u8| matches!(byte, 0 | b'?' | b'"' | b'\'' | b'`' | b':' | b'(') || byte.is_ascii_whitespace();
    let (before, after) = (page.before(key), page.byte(range.end));
    // What another value stands before or behind is no statement of code.
    let between = before == b'&' && (matches!(after, b'&' | b',') || opens(after));
    key < sign && (between || opens(before) && goes_on(page, range.end))
}

/// Whether the value of a form ends behind a name, and another pair follows.
fn goes_on(page: &Page<'_>, end: usize) -> bool {
    let of_value = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || !byte.is_ascii()
            || matches!(byte, b',' | b' ' | b'+' | b'-' | b'.' | b'\'' | b'%')
    };
    let stop = page.right(end, FORM_VALUE_BYTES_MAX, of_value);
    if page.byte(stop) != b'&' || page.before(stop) == b' ' {
        return false;
    }
    let key = page.right(stop + 1, FORM_KEY_BYTES_MAX, is_of_key);
    stop == end || key > stop + 1 && page.byte(key) == b'='
}

const fn is_of_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Bytes of the key of a form.
const FORM_KEY_BYTES_MAX: usize = 40;
/// Bytes between a name in a value of a form and the end of that.
const FORM_VALUE_BYTES_MAX: usize = 80;
