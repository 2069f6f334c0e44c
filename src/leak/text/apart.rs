//! What was encoded in pieces: bytes in hexadecimal that stand apart, and words of which each alone is base64 or hexadecimal.
//!
//! A piece alone says nothing: some short words are base64 of something, and most numbers are hexadecimal. Pieces in a row that
//! are all text are no chance.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Digits of a stretch of bytes that stand apart: eight bytes, as the lines of dumps have at least.
const DIGITS_MIN: usize = 16;
/// Words in a row below which none is read.
const WORDS_MIN: usize = 6;
/// Characters of a word that is decoded: a longer one is found by itself.
const WORD_BYTES_MAX: usize = 256;

/// Bytes in hexadecimal that stand apart, as dumps have them: pairs of digits with a blank, a colon or `\x` between them, or
/// pairs of pairs; the digits of each stretch in one. Offsets and what else stands in the lines of a dump are left out.
pub(super) fn bytes(text: &str) -> Vec<String> {
    let mut stretches: Vec<String> = Vec::new();
    let mut is_going_on = false;
    for line in text.lines() {
        let mut best = String::new();
        let mut stretch = String::new();
        for part in line.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()) {
            let digits = part.strip_prefix("0x").or_else(|| part.strip_prefix('x')).unwrap_or(part);
            if matches!(digits.len(), 2 | 4) && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                stretch.push_str(digits);
                continue;
            }
            if stretch.len() > best.len() {
                std::mem::swap(&mut best, &mut stretch);
            }
            stretch.clear();
        }
        if stretch.len() > best.len() {
            best = stretch;
        }
        let is_stretch = best.len() >= DIGITS_MIN;
        match stretches.last_mut().filter(|_| is_going_on) {
            Some(last) => last.push_str(&best),
            None if is_stretch => stretches.push(best),
            None => {}
        }
        is_going_on = is_stretch;
    }
    stretches
}

/// What the words say of every stretch in which each was encoded alone. Where they may also be one encoding in groups of four, what
/// that says too.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut readings = Vec::new();
    let mut stretch = Stretch::default();
    for part in text.split(|c: char| !is_code(c)).map(|part| part.trim_matches('=')).filter(|part| !part.is_empty()) {
        match decoded(part) {
            Some(word) => stretch.take(part, &word),
            None => std::mem::take(&mut stretch).end(&mut readings),
        }
    }
    stretch.end(&mut readings);
    readings
}

/// Words in a row that were all decoded.
#[derive(Default)]
struct Stretch {
    words: Vec<String>,
    /// Whether a letter is in one of them: where none is they are a table of numbers.
    has_letter: bool,
    /// Whether one of them, and one before the last, is no whole number of groups.
    has_rest: bool,
    is_parted: bool,
}

impl Stretch {
    fn take(&mut self, part: &str, word: &str) {
        self.is_parted |= self.has_rest;
        self.has_rest |= !part.len().is_multiple_of(4);
        self.has_letter |= part.bytes().any(|byte| byte.is_ascii_alphabetic());
        self.words.push(word.to_owned());
    }

    fn end(self, readings: &mut Vec<String>) {
        if self.words.len() < WORDS_MIN || !self.has_letter {
            return;
        }
        readings.push(self.words.join(" "));
        if !self.is_parted {
            readings.push(self.words.concat());
        }
    }
}

fn is_code(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=')
}

/// The text that a word is an encoding of.
fn decoded(word: &str) -> Option<String> {
    // What text begins with, in either encoding: most words of a language end here.
    let begins = matches!(word.bytes().next()?, b'C'..=b'Z' | b'a'..=b'f' | b'w'..=b'z' | b'0'..=b'9');
    if !begins || word.len() > WORD_BYTES_MAX {
        return None;
    }
    let readable = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).ok()?;
        let is_text = !text.trim().is_empty() && !text.trim_end().contains(char::is_control);
        is_text.then_some(text)
    };
    let url = || URL_SAFE_NO_PAD.decode(word).ok();
    hexadecimal(word).and_then(readable).or_else(|| STANDARD_NO_PAD.decode(word).ok().or_else(url).and_then(readable))
}

fn hexadecimal(word: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    let (pairs, []) = word.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| u8::try_from(value(*high)? * 16 + value(*low)?).ok()).collect()
}
