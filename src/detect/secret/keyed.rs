//! Secrets without a shape of their own, known by the name of the key: `ADAFRUIT_TOKEN = "…"`, `"client_secret": "…"`.
//!
//! The walk goes from the value to its key, since values are rare and words are not: only a token of ten characters with a
//! digit in it is looked at, then what assigns it, then the name before that, in one pass over all words of all rows. A UUID
//! is a value too. Rows are data (`[[keyed]]`).

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex_automata::Anchored;
use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::start;
use smallvec::SmallVec;
use std::ops::{Range, RangeInclusive};

use super::value;
use crate::detect::page::{Page, Sink};
use crate::detect::rows;
use crate::detect::source::{Fault, RawKeyed};

/// Bytes of a value; the longest of a known service has 300.
const VALUE_BYTES_MAX: usize = 400;
/// Bytes of a value below which it is none.
const VALUE_BYTES_MIN: usize = 8;
/// Bytes of a name that are read.
const NAME_BYTES_MAX: usize = 72;
/// Bytes of a name that may stand behind the word that tells: `STRIPE` in `STRIPE_WEBHOOK_SIGNING_SECRET`.
const BEHIND_WORD_MAX: usize = 28;
/// Places within one token where a value may begin: behind `=` and `:`.
const STARTS_MAX: usize = 4;

/// One row, ready to run.
#[derive(Debug)]
pub(in crate::detect) struct KeyRow {
    detector: u16,
    shape: Shape,
    words: Vec<String>,
    except: Vec<String>,
    entropy: f32,
    random: bool,
    confidence: u8,
}

/// What a whole value looks like.
#[derive(Debug, Clone)]
enum Shape {
    /// So many characters of a set of ASCII.
    Run { chars: u128, bytes: RangeInclusive<usize> },
    /// A regular expression.
    Pattern(Box<dense::DFA<Vec<u32>>>),
}

impl Shape {
    fn resolve(raw: &RawKeyed) -> Result<Self, Fault> {
        match (&raw.value, &raw.chars, raw.length) {
            (Some(pattern), None, None) => {
                Ok(Self::Pattern(Box::new(rows::automaton(pattern).map_err(Fault::Pattern)?)))
            }
            (None, Some(chars), Some([least, most]))
                if chars.is_ascii() && least >= VALUE_BYTES_MIN && least <= most =>
            {
                Ok(Self::Run { chars: set(chars.as_bytes()), bytes: least..=most })
            }
            _ => Err(Fault::NoShape),
        }
    }

    /// Bytes of the table.
    fn memory(&self) -> usize {
        match self {
            Self::Run { .. } => 0,
            Self::Pattern(dfa) => dfa.memory_usage(),
        }
    }

    /// Whether a whole value looks so; `held` are the bytes that it holds, when all are ASCII.
    fn fits(&self, value: &[u8], held: Option<u128>) -> bool {
        let dfa = match self {
            Self::Run { chars, bytes } => {
                return held.is_some_and(|held| held & !chars == 0) && bytes.contains(&value.len());
            }
            Self::Pattern(dfa) => dfa,
        };
        let start = start::Config::new().anchored(Anchored::Yes);
        let Ok(mut state) = dfa.start_state(&start) else { return false };
        for &byte in value {
            state = dfa.next_state(state, byte);
            if dfa.is_dead_state(state) {
                return false;
            }
        }
        dfa.is_match_state(dfa.next_eoi_state(state))
    }
}

/// The set that `a-z0-9_-` names, in either case.
fn set(mut chars: &[u8]) -> u128 {
    let mut set = 0;
    let mut add = |byte: u8| set |= 1 << (byte.to_ascii_lowercase() & 127) | 1 << (byte.to_ascii_uppercase() & 127);
    loop {
        match chars {
            [first, b'-', last, rest @ ..] => {
                (*first..=*last).for_each(&mut add);
                chars = rest;
            }
            [byte, rest @ ..] => {
                add(*byte);
                chars = rest;
            }
            [] => return set,
        }
    }
}

impl KeyRow {
    /// Resolves a row as written; every fault of it is reported.
    pub(in crate::detect) fn resolve(raw: &RawKeyed, detector: u16) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        if raw.confidence > 100 || !(0.0..=8.0).contains(&raw.entropy) {
            faults.push(Fault::Confidence);
        }
        if raw.examples.is_empty() {
            faults.push(Fault::NoExamples);
        }
        if raw.words.is_empty()
            || raw.words.iter().chain(&raw.except).any(|word| word.trim_start_matches('*').len() < 2)
        {
            faults.push(Fault::NoWords);
        }
        let shape = match Shape::resolve(raw) {
            Ok(shape) if faults.is_empty() => shape,
            Ok(_) => return Err(faults),
            Err(fault) => {
                faults.push(fault);
                return Err(faults);
            }
        };
        Ok(Self {
            detector,
            shape,
            words: raw.words.clone(),
            except: raw.except.clone(),
            entropy: raw.entropy,
            random: raw.random,
            confidence: raw.confidence,
        })
    }
}

/// All rows.
#[derive(Debug, Default)]
pub(in crate::detect) struct Keyed {
    rows: Vec<KeyRow>,
    /// Every word of every row.
    words: Option<AhoCorasick>,
    /// For each word, what it says of which rows.
    said: Vec<SmallVec<[Said; 2]>>,
}

/// What a word in a name says of a row.
#[derive(Debug, Clone, Copy)]
struct Said {
    row: usize,
    /// It makes the key the name of something else.
    except: bool,
    /// It counts within a longer word too.
    within: bool,
}

impl Keyed {
    /// Compiles rows that each resolved by itself.
    pub(in crate::detect) fn new(rows: Vec<KeyRow>) -> Result<Self, Fault> {
        if rows.is_empty() {
            return Ok(Self::default());
        }
        let mut words: Vec<&str> = Vec::new();
        let mut said: Vec<SmallVec<[Said; 2]>> = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let all = row.words.iter().map(|word| (word, false)).chain(row.except.iter().map(|word| (word, true)));
            for (word, except) in all {
                let bare = word.trim_start_matches('*');
                let says = Said { row: index, except, within: bare.len() < word.len() };
                if let Some(place) = words.iter().position(|known| *known == bare) {
                    if let Some(said) = said.get_mut(place) {
                        said.push(says);
                    }
                } else {
                    words.push(bare);
                    said.push(SmallVec::from_slice(&[says]));
                }
            }
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&words)
            .map_err(|error| Fault::Pattern(error.to_string()))?;
        Ok(Self { words: Some(automaton), said, rows })
    }

    /// Bytes of the tables.
    pub(in crate::detect) fn memory(&self) -> usize {
        self.words.as_ref().map_or(0, AhoCorasick::memory_usage)
            + self.rows.iter().map(|row| row.shape.memory()).sum::<usize>()
    }

    /// Looks at the token around a run of letters and digits, when the run is the first in it that has a digit.
    pub(in crate::detect) fn at_number(&self, page: &Page<'_>, run: &Range<usize>, sink: &mut Sink) {
        let Some(token) = token(page, run) else { return };
        let bytes = page.text.as_bytes().get(token.clone()).unwrap_or_default();
        let mut starts: SmallVec<[usize; STARTS_MAX]> = SmallVec::from_slice(&[token.start]);
        for (offset, pair) in bytes.windows(2).enumerate() {
            if let [b'=' | b':', next] = pair
                && !matches!(next, b'=' | b':')
                && starts.len() < STARTS_MAX
            {
                starts.push(token.start + offset + 1);
            }
        }
        for start in starts {
            if self.at_value(page, start, token.end, sink) {
                return;
            }
        }
    }

    /// Judges the value that begins here, if something assigns it to a name.
    fn at_value(&self, page: &Page<'_>, start: usize, token_end: usize, sink: &mut Sink) -> bool {
        let quote = page.before(start);
        let quoted = matches!(quote, b'"' | b'\'' | b'`');
        let end = if quoted {
            let end = page.right(start, VALUE_BYTES_MAX, |byte| byte != quote && byte != b'\n' && byte != b'\\');
            if page.byte(end) == quote { end } else { token_end }
        } else if matches!(page.byte(token_end), b'(' | b'[') {
            return false;
        } else {
            page.left(token_end, token_end - start, |byte| matches!(byte, b'.' | b':' | b',' | b'|'))
        };
        // `sk-abc...`: the rest was left out by whoever wrote it.
        if page.text.as_bytes().get(end..end + 2) == Some(b"..")
            || page.text.get(end..).is_some_and(|rest| rest.starts_with('…'))
        {
            return false;
        }
        let Some(value) = page.text.as_bytes().get(start..end) else { return false };
        if value.len() < VALUE_BYTES_MIN || value.len() > VALUE_BYTES_MAX {
            return false;
        }
        let Some(name) = name(page, start) else { return false };
        let hits = self.rows_named(name);
        if hits.is_empty() || value::is_placeholder(value) || value::is_reference(value) {
            return false;
        }
        let held = value.iter().try_fold(0_u128, |held, &byte| byte.is_ascii().then(|| held | 1 << (byte & 127)));
        let (mut entropy, mut spoken) = (None, None);
        let best =
            hits.iter().filter_map(|&row| self.rows.get(row)).filter(|row| row.shape.fits(value, held)).filter(|row| {
                let entropy = *entropy.get_or_insert_with(|| value::entropy(value));
                let noise =
                    !row.random || !*spoken.get_or_insert_with(|| value::is_spoken(value) || value::is_counted(value));
                entropy >= row.entropy && noise
            });
        let Some(best) = best.reduce(|best, row| if row.confidence > best.confidence { row } else { best }) else {
            return false;
        };
        sink.push(best.detector, start..end, best.confidence);
        true
    }

    /// The rows whose words stand in a name, less those that a word excepts.
    fn rows_named(&self, name: &[u8]) -> SmallVec<[usize; 8]> {
        let (mut named, mut excepted) = (SmallVec::<[usize; 8]>::new(), SmallVec::<[usize; 8]>::new());
        let Some(words) = &self.words else { return named };
        for found in words.find_overlapping_iter(name) {
            let opens = begins_word(name, found.start());
            let runs_on = runs_on(name, found.start(), found.end());
            for said in self.said.get(found.pattern().as_usize()).into_iter().flatten() {
                if said.except {
                    excepted.push(said.row);
                } else if name.len() - found.end() <= BEHIND_WORD_MAX && (said.within || opens && !runs_on) {
                    named.push(said.row);
                }
            }
        }
        named.retain(|row| !excepted.contains(row));
        named
    }
}

/// The token around a run with a digit. `None`: too short, or an earlier run of the same token has a digit.
fn token(page: &Page<'_>, run: &Range<usize>) -> Option<Range<usize>> {
    let head = page.text.as_bytes().get(run.start.saturating_sub(VALUE_BYTES_MAX)..run.start)?;
    let mut start = run.start;
    for &byte in head.iter().rev() {
        if byte.is_ascii_digit() {
            return None;
        }
        if !is_token(byte) {
            break;
        }
        start -= 1;
    }
    let end = page.right(run.end, VALUE_BYTES_MAX, is_token);
    (end - start >= VALUE_BYTES_MIN).then_some(start..end)
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'=' | b'+' | b'/' | b'~' | b'%' | b'|' | b':')
}

/// The name that a value is assigned to: what stands before `=`, `:`, `=>`, `>` or a comma, else the key of the text.
fn name<'p>(page: &Page<'p>, start: usize) -> Option<&'p [u8]> {
    let bytes = page.text.as_bytes();
    let gap = page.left(start, 6, |byte| b"\"'` \t\r\n\\=".contains(&byte));
    let assigned = bytes.get(gap..start)?.contains(&b'=');
    let sign = page.left(gap, 4, |byte| b"=:>,|?".contains(&byte));
    if !assigned && sign == gap {
        // The whole text is the value of a key.
        return if gap == 0 { page.key.map(str::as_bytes) } else { None };
    }
    let end = page.left(sign, 4, |byte| b"\"' \t`]\\".contains(&byte));
    let start = page.left(end, NAME_BYTES_MAX, |byte| byte.is_ascii_alphanumeric() || b"_.- \t".contains(&byte));
    bytes.get(start..end).filter(|name| !name.is_empty())
}

/// Whether a word begins here: behind no letter, or as a capital behind a small letter.
fn begins_word(name: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| name.get(before));
    let capital = name.get(at).is_some_and(u8::is_ascii_uppercase);
    before.is_none_or(|before| !before.is_ascii_alphabetic() || before.is_ascii_lowercase() && capital)
}

/// Whether the last word of a match goes on behind it: `sumO` in `sumOfParts`.
fn runs_on(name: &[u8], start: usize, end: usize) -> bool {
    let inside = name.get(start..end).unwrap_or_default();
    let breaks =
        inside.windows(2).any(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()));
    breaks && name.get(end).is_some_and(u8::is_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_before_values() {
        for (text, key, expected) in [
            ("ADAFRUIT_TOKEN = 'V9'", None, Some("ADAFRUIT_TOKEN")),
            ("set(\"ASANA_TOKEN\", \"V9\")", None, Some("ASANA_TOKEN")),
            ("  \"client secret\": \"V9\"", None, Some("  \"client secret".trim_start_matches([' ', '"']))),
            ("<apiKey>V9", None, Some("apiKey")),
            ("token ?= V9", None, Some("token ")),
            ("V9", Some("api_key"), Some("api_key")),
            ("a V9", Some("api_key"), None),
        ] {
            let page = Page { text, key };
            let found = name(&page, text.find("V9").unwrap());
            assert_eq!(found.map(|name| std::str::from_utf8(name).unwrap().trim()), expected.map(str::trim), "{text}");
        }
    }

    #[test]
    fn a_token_is_read_once() {
        let text = "key = ab1c-de2f/gh3i";
        let page = Page { text, key: None };
        assert_eq!(token(&page, &(6..10)), Some(6..20));
        assert_eq!(token(&page, &(11..15)), None);
    }

    #[test]
    fn words_of_a_name() {
        let name = b"mySumoLogicKey";
        assert!(begins_word(name, 2) && !begins_word(name, 4));
        assert!(runs_on(b"sumOfParts", 0, 4) && !runs_on(b"launchDarklyKey", 0, 12));
    }
}
