//! From text to words as all stages compare them, with the way back to the bytes.
//!
//! ```text
//! text -> normalised view (detection's own: escapes, invisible characters, markup) -> letters folded -> words without endings
//! ```
//! A word is 64 bits of a hash without a key, a weight (how much it says) and its place. Keys come later, one tenant at a time:
//! see [`Keys`]. Registered documents and requests pass through the same code.
#![expect(clippy::cast_possible_truncation, reason = "texts of 4 GiB are refused, words are shorter than 64 bytes")]

mod apart;
mod code;
mod common;
pub mod disguise;
mod fold;
mod lexeme;
mod plain;
mod spoken;
pub(super) mod stock;
#[cfg(test)]
mod tests;

use std::ops::Range;

use common::Weights;
use lexeme::lexemes;
pub use spoken::Spoken;

use crate::detect::view::View;

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
        code::tokens(seen, &mut words);
        if let Some(view) = &view {
            for words in [&mut words.prose, &mut words.code] {
                let mut way = view.way_back();
                for word in words {
                    let Range { start, end } = way.original(word.start as usize..word.end as usize);
                    (word.start, word.end) = (start as u32, end as u32);
                }
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
        sip13(self.words, word) as u32
    }
}

/// SipHash-1-3 of eight bytes, as the crate `siphasher` computes it of any number of them.
#[inline]
const fn sip13([low, high]: [u64; 2], word: u64) -> u64 {
    /// The block that ends a message of eight bytes.
    const LENGTH: u64 = 8 << 56;
    let (a, b) = (low ^ 0x736f_6d65_7073_6575, high ^ 0x646f_7261_6e64_6f6d);
    let (c, d) = (low ^ 0x6c79_6765_6e65_7261, high ^ 0x7465_6462_7974_6573);
    let [a, b, c, d] = round([a, b, c, d ^ word]);
    let [a, b, c, d] = round([a ^ word, b, c, d ^ LENGTH]);
    let [a, b, c, d] = round(round(round([a ^ LENGTH, b, c ^ 0xFF, d])));
    a ^ b ^ c ^ d
}

#[inline]
const fn round([a, b, c, d]: [u64; 4]) -> [u64; 4] {
    let (a, c) = (a.wrapping_add(b), c.wrapping_add(d));
    let (b, d) = (b.rotate_left(13) ^ a, d.rotate_left(16) ^ c);
    let a = a.rotate_left(32);
    let (c, a) = (c.wrapping_add(b), a.wrapping_add(d));
    let (b, d) = (b.rotate_left(17) ^ c, d.rotate_left(21) ^ a);
    [a, b, c.rotate_left(32), d]
}
