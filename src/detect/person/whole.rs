//! Whether a stretch of text is the name of somebody from end to end: a cell of a table, an item of a list.
//!
//! How much its surroundings say decides how strange the words may be: under `last_name` stands a name whatever it is, under
//! `Name` perhaps a product.

use std::ops::Range;

use super::stops;
use super::words::PARTICLES;
use crate::detect::fold;
use crate::detect::named::{self, flags};
use crate::detect::names::lexicon::{BODY, COMPANY, FORENAME, FREQUENT, PLACE, SMALL, SURNAME};

/// Characters of a name.
const CHARS: std::ops::RangeInclusive<usize> = 2..=60;
/// Words of a name.
const WORDS_MAX: usize = 6;
/// Characters of one word.
const WORD_CHARS_MAX: usize = 40;

/// How sure it is that somebody's name stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trust {
    /// It may be the name of a thing: words that are known as names are needed.
    Perhaps,
    /// People are listed, and bodies among them.
    People,
    /// Nothing but a name of somebody.
    Sure,
    /// What else is said of it decides: every word is one of somebody's names, be it common besides.
    Likely,
    /// The model decides: words that nobody's list knows, and none that is common or the name of something else.
    Strange,
}

/// Words that stand where a name is missing, and types of columns, folded.
#[rustfmt::skip]
const NOBODY: &[&str] = &[
    "null", "none", "nil", "nan", "true", "false", "yes", "no", "oui", "non", "ja", "nein", "si", "unknown", "inconnu", "inconnue",
    "unbekannt", "desconocido", "sconosciuto", "onbekend", "anonymous", "anonyme", "string", "text", "varchar", "char", "int",
    "integer", "number", "boolean", "date", "required", "optional", "obligatoire", "facultatif", "total", "sum", "tbd", "todo",
    "na", "str", "bool", "object", "mandatory", "nullable", "alphanumeric", "identifier", "various", "divers", "other", "autre", "test", "example", "exemple", "default", "empty", "vide", "redacted", "todos",
];

/// Titles before a name, folded.
#[rustfmt::skip]
const TITLES: &[&str] = &[
    "m", "mr", "mrs", "ms", "miss", "mme", "mlle", "dr", "dra", "prof", "me", "monsieur", "madame", "herr", "frau", "sr", "sra",
    "srta", "don", "dona", "sig", "dott", "avv", "ing", "mevr", "dhr", "maitre",
];

/// What the words of a name are.
#[derive(Default)]
struct Words {
    /// All but the particles.
    count: usize,
    /// Known as somebody's.
    known: usize,
    /// All but the particles, those of double names each by itself.
    parts: usize,
    /// Of those, somebody's, whatever they are besides.
    named: usize,
    /// Common in small letters.
    common: bool,
    /// In small letters.
    small: usize,
    /// Part of the name of a body.
    body: bool,
    /// A place and nobody's name.
    place: bool,
    /// Names nobody.
    stop: bool,
}

/// The name that a stretch is from end to end, titles left out, and the number of its words.
pub(super) fn whole(text: &str, range: Range<usize>, trust: Trust) -> Option<(Range<usize>, usize)> {
    let range = trimmed(text, range);
    let range = behind_title(text, range);
    let value = text.get(range.clone())?;
    // A value without a letter is turned away by its first character.
    let opens = value.chars().next().is_some_and(char::is_alphabetic);
    if !opens || value.len() > 4 * CHARS.end() || !CHARS.contains(&value.chars().count()) {
        return None;
    }
    let words = read(value)?;
    let fits = match trust {
        Trust::Sure => words.small == 0 || !words.common,
        Trust::Likely => words.small == 0 && !words.stop && words.parts == words.named,
        _ if words.body || words.stop || words.common => false,
        Trust::Strange => words.small == 0,
        Trust::People if words.small > 0 => words.known > 0 && words.small == words.count,
        Trust::People => words.count > 1 || !words.place,
        Trust::Perhaps => words.small == 0 && words.known > 0 && !words.place,
    };
    fits.then_some((range, words.count))
}

/// Without blanks, quotes and emphasis around it.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let around = |c: char| c.is_whitespace() || matches!(c, '"' | '*' | '\'' | '“' | '”' | '«' | '»');
    let value = text.get(range.clone()).unwrap_or_default();
    let start = range.start + value.len() - value.trim_start_matches(around).len();
    let len = value.trim_matches(around).len();
    start..start + len
}

/// Without the titles that stand before a name.
fn behind_title(text: &str, mut range: Range<usize>) -> Range<usize> {
    for _ in 0..2 {
        let value = text.get(range.clone()).unwrap_or_default();
        let Some((first, rest)) = value.split_once(' ') else { break };
        let title = fold::next_word(first, 0).is_some_and(|(own, folded)| {
            first.trim_end_matches('.').len() == own.len()
                && TITLES.iter().any(|title| title.as_bytes() == folded.as_slice())
        });
        if !title {
            break;
        }
        range.start = range.end - rest.trim_start().len();
    }
    range
}

/// Reads the words; `None` where something stands that no name has.
fn read(value: &str) -> Option<Words> {
    let mut words = Words::default();
    let (mut commas, mut initials) = (0, 0);
    let mut joined = false;
    for (place, word) in value.split([' ', '\u{A0}']).filter(|word| !word.is_empty()).enumerate() {
        commas += usize::from(word.ends_with(','));
        let word = word.trim_end_matches(',');
        let initial = word.ends_with('.') && word.chars().count() <= 3;
        let word = if initial { word.trim_end_matches('.') } else { word };
        // Alone, many a letter is a word; with its stop before a surname it is somebody's.
        if initial && word.chars().count() == 1 && word.starts_with(char::is_uppercase) {
            initials += 1;
            continue;
        }
        if place >= WORDS_MAX || commas > 1 || !is_word_of_name(word) {
            return None;
        }
        let lower = word.to_lowercase();
        if place > 0 && PARTICLES.contains(&lower.as_str()) {
            joined = true;
            continue;
        }
        // What particles join is a surname, whatever it means by itself: `de La Tour d'Auvergne`.
        let elided = ["d'", "d’"].iter().find_map(|head| word.strip_prefix(head)).filter(|_| place > 0);
        if (joined || elided.is_some()) && elided.unwrap_or(word).starts_with(char::is_uppercase) && words.known > 0 {
            words.count += 1;
            continue;
        }
        words.note(word);
    }
    // A comma behind the last word separates nothing.
    let named = words.count > 0 && !value.ends_with(',');
    words.count += initials;
    named.then_some(words)
}

impl Words {
    fn note(&mut self, word: &str) {
        self.count += 1;
        self.small += usize::from(word.starts_with(char::is_lowercase));
        // The parts of a double name are known each by itself.
        for part in word.split('-').filter(|part| !part.is_empty()) {
            let Some((_, folded)) = fold::next_word(part, 0) else { continue };
            let flags = flags(folded.as_slice());
            let name = flags & (FORENAME | SURNAME) != 0;
            self.parts += 1;
            self.named += usize::from(name);
            self.known += usize::from(name && flags & SMALL == 0);
            self.common |=
                named::is_common(folded.as_slice()) || flags & SMALL != 0 && (!name || flags & FREQUENT != 0);
            self.body |= flags & (COMPANY | BODY) != 0 && !name;
            self.place |= flags & PLACE != 0 && !name;
            self.stop |= stops().contains(folded.as_slice());
        }
    }
}

/// Letters with inner hyphens, apostrophes and stops; no `camelCase`, no code, nobody.
fn is_word_of_name(word: &str) -> bool {
    let mut last = ' ';
    for (chars, c) in word.chars().enumerate() {
        let joins = matches!(c, '-' | '\'' | '’' | '.') && last.is_alphabetic();
        let mark = ('\u{300}'..='\u{36F}').contains(&c) && chars > 0;
        if !(c.is_alphabetic() || joins || mark) || chars == WORD_CHARS_MAX {
            return false;
        }
        // `McKay`, `DeVito`: a capital inside stands near the start.
        if c.is_uppercase() && last.is_lowercase() && chars > 4 {
            return false;
        }
        last = c;
    }
    let nobody = fold::next_word(word, 0).is_some_and(|(own, folded)| {
        own.len() == word.len() && NOBODY.iter().any(|nobody| nobody.as_bytes() == folded.as_slice())
    });
    let ends = last.is_alphabetic() || ('\u{300}'..='\u{36F}').contains(&last);
    ends && !nobody
}
