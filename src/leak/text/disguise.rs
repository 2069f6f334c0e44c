//! What a text says when it is read another way: encoded, shifted, backwards, letter by letter.
//!
//! Each reading is tried only where the text asks for it: a run that decodes to text, or a text with hardly a common word that
//! has many when it is read so.

use super::common::Weights;
use super::lexemes;
use crate::detect::encoded_runs;

/// Words that a reading is judged by.
const SAMPLE_WORDS: usize = 400;
/// Words below which nothing can be said of a text.
const WORDS_MIN: usize = 8;
/// Bytes of all readings of one text; encodings within encodings end here.
const READINGS_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The other readings of a text, each a text of its own.
pub fn readings(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut bytes = 0;
    let mut keep = |reading: String, found: &mut Vec<String>| {
        bytes += reading.len();
        if bytes <= READINGS_BYTES_MAX {
            found.push(reading);
        }
    };
    encoded_runs(text, |_, decoded| keep(decoded.to_owned(), &mut found));
    let plain = familiar(text);
    if plain.words >= WORDS_MIN && plain.per_mille() < 150 {
        let shifted: String = text.chars().map(shift).collect();
        let backwards: String = text.chars().rev().collect();
        for reading in [shifted, backwards] {
            let read = familiar(&reading);
            if read.per_mille() >= 150 && read.per_mille() > 2 * plain.per_mille() + 50 {
                keep(reading, &mut found);
            }
        }
    }
    if plain.letters * 2 > plain.words && plain.words >= 2 * WORDS_MIN {
        keep(joined(text), &mut found);
    }
    found
}

struct Familiar {
    words: usize,
    common: usize,
    /// Words of one letter.
    letters: usize,
}

impl Familiar {
    fn per_mille(&self) -> usize {
        1000 * self.common / self.words.max(1)
    }
}

/// How many of the first words are common ones.
fn familiar(text: &str) -> Familiar {
    let end = text.floor_char_boundary(text.len().min(SAMPLE_WORDS * 8));
    let mut seen = Familiar { words: 0, common: 0, letters: 0 };
    let weights = Weights::new();
    lexemes(text.get(..end).unwrap_or_default(), |lexeme| {
        seen.words += 1;
        seen.letters += usize::from(lexeme.end == lexeme.start + 1);
        seen.common +=
            usize::from(lexeme.end > lexeme.start + 1 && weights.of(lexeme.hash).is_some_and(|weight| weight < 64));
    });
    seen
}

/// ROT13.
fn shift(c: char) -> char {
    let turn = |first: u8| char::from(first + (c as u8 - first + 13) % 26);
    match c {
        'a'..='z' => turn(b'a'),
        'A'..='Z' => turn(b'A'),
        other => other,
    }
}

/// A text that was written letter by letter: one separator is dropped, more of them part words.
fn joined(text: &str) -> String {
    let mut out = String::with_capacity(text.len() / 2);
    let mut gap = 0;
    let mut single = true;
    for c in text.chars() {
        if c.is_alphanumeric() {
            if gap > 1 || !single {
                out.push(' ');
            }
            out.push(c);
            (gap, single) = (0, true);
        } else {
            gap += 1;
            single = gap == 1 && matches!(c, ' ' | '-' | '.' | '_' | '*');
        }
    }
    out
}
