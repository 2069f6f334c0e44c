//! From text to words as all stages compare them, with the way back to the bytes.
//!
//! ```text
//! text -> normalised view (detection's own: escapes, invisible characters, markup) -> letters folded -> words without endings
//! ```
//! A word is 64 bits of a hash without a key, a weight (how much it says) and its place. Keys come later, one tenant at a time:
//! see [`Keys`]. Registered documents and requests pass through the same code.
#![expect(clippy::cast_possible_truncation, reason = "texts of 4 GiB are refused, words are shorter than 64 bytes")]

mod code;
mod common;
pub mod disguise;
mod fold;
mod spoken;
#[cfg(test)]
mod tests;

use std::ops::Range;

use common::Weights;
use fold::Folded;
use siphasher::sip::SipHasher13;
pub use spoken::Spoken;

use crate::detect::view::View;

/// Bytes of a word that are compared; what is longer is cut.
const WORD_BYTES_MAX: usize = 48;

/// A word of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// Hash of its folded letters, without a key.
    pub hash: u64,
    /// Where it begins in the text, in bytes.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// How much it says, 0 to 127.
    pub weight: u8,
    /// Whether it is a number, an identifier or a name: what a rewrite keeps.
    pub fact: bool,
}

/// The words of a text, twice: as prose, and, where it is source code, as code with its identifiers folded.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Every word.
    pub prose: Vec<Word>,
    /// The tokens of lines that are source code: all identifiers are one.
    pub code: Vec<Word>,
}

impl Words {
    /// Reads a text. Offsets are those of the text as given, whatever was opened in it.
    pub fn of(text: &str) -> Self {
        let view = View::of(text);
        let seen = view.as_ref().map_or(text, View::text);
        // A word of English takes six bytes and a half.
        let mut words = Self { prose: Vec::with_capacity(seen.len() / 6), code: Vec::new() };
        let weights = Weights::new();
        lexemes(seen, |lexeme| words.prose.push(lexeme.weighed(weights)));
        code::tokens(seen, &mut words.code);
        if let Some(view) = &view {
            for word in words.prose.iter_mut().chain(&mut words.code) {
                let Range { start, end } = view.original(word.start as usize..word.end as usize);
                (word.start, word.end) = (start as u32, end as u32);
            }
        }
        words
    }
}

/// The keys of one tenant: what is stored of a word means nothing without them.
#[derive(Clone, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct Keys {
    words: [u64; 2],
    /// Seed of the projection.
    pub(super) projection: u64,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}

impl Keys {
    /// Keys from 24 secret bytes.
    pub fn new(secret: &[u8; 24]) -> Self {
        let (parts, _) = secret.as_chunks::<8>();
        let part = |place: usize| parts.get(place).map_or(0, |part| u64::from_le_bytes(*part));
        Self { words: [part(0), part(1)], projection: part(2) }
    }

    /// The token of a word: SipHash-1-3 of its hash, cut to 32 bits.
    #[inline]
    pub fn token(&self, word: u64) -> u32 {
        let [low, high] = self.words;
        SipHasher13::new_with_keys(low, high).hash(&word.to_le_bytes()) as u32
    }
}

/// A word as it is read: folded letters are gone, their hash stays.
struct Lexeme<'a> {
    hash: u64,
    start: usize,
    end: usize,
    letters: &'a [u8],
    digits: u8,
    capital: bool,
}

impl Lexeme<'_> {
    fn weighed(&self, weights: Weights) -> Word {
        let numeric = usize::from(self.digits) == self.letters.len();
        let known = if self.digits == 0 { weights.of(self.hash) } else { None };
        let weight = match known {
            Some(weight) => weight,
            None if numeric && self.digits <= 2 => common::SMALL_NUMBER,
            None if self.letters.len() == 1 => common::LETTER,
            None => common::RARE,
        };
        let fact = known.is_none() && (self.digits >= 2 || (self.digits == 0 && self.capital));
        Word { hash: self.hash, start: self.start as u32, end: self.end as u32, weight, fact }
    }
}

/// Reads words from left to right.
fn lexemes(text: &str, mut found: impl FnMut(Lexeme<'_>)) {
    let bytes = text.as_bytes();
    let mut reader = Reader::default();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte < 0x80 {
            let folded = fold::ASCII.get(usize::from(byte)).copied().unwrap_or(0);
            if folded == 0 {
                at = reader.between(bytes, at, &mut found);
            } else {
                reader.letter(folded, at, byte.is_ascii_uppercase());
                at += 1;
            }
            continue;
        }
        let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
        let next = at + c.len_utf8();
        match fold::fold(c) {
            Folded::Nothing => {}
            Folded::Between => reader.end(at, &mut found),
            Folded::Latin([first, second]) => {
                reader.letter(first, at, c.is_uppercase());
                if second != 0 {
                    reader.letter(second, at, false);
                }
            }
            Folded::Letter(letter) => reader.letters(letter, at, c.is_uppercase()),
            Folded::Alone(letter) => {
                reader.end(at, &mut found);
                reader.letters(letter, at, false);
                reader.end(next, &mut found);
            }
        }
        at = next;
    }
    reader.end(bytes.len(), &mut found);
}

/// The word that is being read.
#[derive(Debug)]
struct Reader {
    letters: [u8; WORD_BYTES_MAX],
    len: usize,
    start: usize,
    digits: u8,
    capital: bool,
    /// Whether an apostrophe stands before the word.
    apostrophe: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self { letters: [0; WORD_BYTES_MAX], len: 0, start: 0, digits: 0, capital: false, apostrophe: false }
    }
}

impl Reader {
    #[inline]
    fn letter(&mut self, letter: u8, at: usize, capital: bool) {
        if self.len == 0 {
            self.start = at;
            self.capital = capital;
        }
        self.digits = self.digits.saturating_add(u8::from(letter.is_ascii_digit()));
        if let Some(place) = self.letters.get_mut(self.len) {
            *place = letter;
            self.len += 1;
        }
    }

    fn letters(&mut self, letter: char, at: usize, capital: bool) {
        let mut utf8 = [0; 4];
        for (place, byte) in letter.encode_utf8(&mut utf8).bytes().enumerate() {
            self.letter(byte, at, capital && place == 0);
        }
    }

    /// A byte that is no letter: it may still belong to the word. Returns where to go on.
    #[inline]
    fn between(&mut self, bytes: &[u8], at: usize, found: &mut impl FnMut(Lexeme<'_>)) -> usize {
        let byte = bytes.get(at).copied().unwrap_or(0);
        if byte == b' ' || byte == b'\n' {
            self.end(at, found);
            return at + 1;
        }
        let next = bytes.get(at + 1).copied().unwrap_or(0);
        match byte {
            b'.' | b',' | b'\'' if self.len > 0 && self.is_number() && next.is_ascii_digit() => {
                // Three digits behind it: thousands, which may stand without a mark as well.
                let behind = bytes.get(at + 1..).unwrap_or_default();
                let digits = behind.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
                if digits != 3 {
                    self.letter(b'.', at, false);
                    self.digits = self.digits.saturating_add(1);
                }
            }
            b'@' | b'$' | b'!' | b'|' if self.len > 0 && next.is_ascii_alphabetic() && !self.is_number() => {
                self.letter(byte, at, false);
            }
            b'%' => {
                self.end(at, found);
                "percent".bytes().for_each(|letter| self.letter(letter, at, false));
                self.end(at + 1, found);
            }
            b'\'' => {
                self.end(at, found);
                self.apostrophe = true;
            }
            _ => self.end(at, found),
        }
        at + 1
    }

    fn is_number(&self) -> bool {
        usize::from(self.digits) == self.len
    }

    /// Ends the word before a byte.
    #[inline]
    fn end(&mut self, at: usize, found: &mut impl FnMut(Lexeme<'_>)) {
        let (len, apostrophe) = (self.len, self.apostrophe);
        (self.len, self.apostrophe) = (0, false);
        let digits = std::mem::take(&mut self.digits);
        if len == 0 {
            return;
        }
        let Some(letters) = self.letters.get_mut(..len) else { return };
        if apostrophe && letters == b"s" {
            return;
        }
        if usize::from(digits) < len {
            if digits > 0 || letters.iter().any(|byte| !byte.is_ascii_alphabetic()) {
                for letter in letters.iter_mut() {
                    *letter = fold::stands_for(*letter);
                }
            }
            let stem = stem(letters);
            let letters = letters.get(..stem).unwrap_or_default();
            found(Lexeme { hash: hash(letters), start: self.start, end: at, letters, digits, capital: self.capital });
        } else {
            found(Lexeme { hash: hash(letters), start: self.start, end: at, letters, digits, capital: false });
        }
    }
}

/// Bytes of a word without its ending: `agreement`, `agreements`; `operate`, `operated`, `operating`.
fn stem(word: &[u8]) -> usize {
    let mut len = word.len();
    if len < 4 {
        return len;
    }
    let ends = |len: usize, ending: &[u8]| word.get(..len).is_some_and(|word| word.ends_with(ending));
    if ends(len, b"s") && !ends(len, b"ss") && !ends(len, b"us") && !ends(len, b"is") {
        len -= 1;
    }
    // `l` is folded to `i`.
    let cut = if len >= 7 && ends(len, b"ing") {
        3
    } else if len >= 6 && (ends(len, b"ed") || ends(len, b"iy")) {
        2
    } else {
        usize::from(len >= 5 && ends(len, b"e"))
    };
    len -= cut;
    len - usize::from(cut == 0 && len >= 5 && ends(len, b"y"))
}

/// A hash of folded letters, without a key and never 0.
#[inline]
fn hash(letters: &[u8]) -> u64 {
    let (eights, tail) = letters.as_chunks::<8>();
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(tail) {
        *to = *from;
    }
    let mut state = 0x9E37_79B9_7F4A_7C15 ^ letters.len() as u64;
    for eight in eights.iter().chain([&last]) {
        state = (state ^ u64::from_le_bytes(*eight)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        state ^= state >> 32;
    }
    state.wrapping_mul(0xD6E8_FEB8_6659_FD93) | 1
}
