//! Plain letters, read up to fifteen at once: two machine words hold them, and arithmetic folds, cuts and hashes them.
//!
//! Most words are plain as a whole. Of others (accents, digits, signs that may stand within a word) the plain stretches are
//! handed to the reader of letters, which makes the same of plain words too.

use super::lexeme::{Lexeme, mixed, mixed_last, seed};

/// Letters that are read at once.
const LETTERS_MAX: usize = 15;
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * ONES;

/// Plain letters in a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// As they are compared, the first lowest, zeros behind the last.
    letters: u128,
    pub(super) len: usize,
    pub(super) capital: bool,
    /// Whether a word ends with them, whatever follows.
    pub(super) is_last: bool,
}

/// The letters that stand at a byte; `None` when there is none, when they are more than are read at once, and near the end.
#[inline]
pub(super) fn run(bytes: &[u8], at: usize) -> Option<Run> {
    let here = bytes.get(at..)?.first_chunk::<{ LETTERS_MAX + 1 }>()?;
    let (eights, _) = here.as_chunks::<8>();
    let [low, high] = eights else { return None };
    let (low, high) = (u64::from_le_bytes(*low), u64::from_le_bytes(*high));
    let (behind, behind_high) = (not_letters(low), not_letters(high));
    let len = if behind != 0 {
        behind.trailing_zeros() / 8
    } else if behind_high != 0 {
        8 + behind_high.trailing_zeros() / 8
    } else {
        return None;
    } as usize;
    let stop = here.get(len)?;
    let letters = first(u128::from(folded(low)) | u128::from(folded(high)) << 64, len);
    let is_last = STOPS.get(usize::from(*stop)).is_some_and(|stops| *stops);
    (len > 0).then_some(Run { letters, len, capital: low & 0x20 == 0, is_last })
}

impl Run {
    /// The letters, one after the other.
    #[inline]
    pub(super) fn bytes(&self) -> [u8; 16] {
        self.letters.to_le_bytes()
    }

    /// The word that they are.
    #[inline]
    pub(super) fn lexeme(&self, start: usize, end: usize) -> Lexeme {
        word(self.letters, self.len, start..end, self.capital)
    }
}

/// A word of at most fifteen letters, as they are compared.
#[inline]
pub(super) fn letters(buffer: &[u8; 16], len: usize) -> Option<Run> {
    let letters = u128::from_le_bytes(*buffer);
    (len <= LETTERS_MAX).then(|| Run { letters: first(letters, len), len, capital: false, is_last: true })
}

#[inline]
fn word(letters: u128, len: usize, place: std::ops::Range<usize>, capital: bool) -> Lexeme {
    let stem = stem(letters, len);
    let letters = first(letters, stem);
    let (low, high) = (letters as u64, (letters >> 64) as u64);
    let hash = if stem < 8 { mixed_last(seed(stem), low) } else { mixed_last(mixed(seed(stem), low), high) };
    Lexeme { hash, start: place.start, end: place.end, letters: stem as u8, digits: 0, capital, alone: None }
}

/// Which bytes end a word whatever follows them.
static STOPS: [bool; 256] = stops();

const fn stops() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        #[expect(clippy::indexing_slicing, reason = "constant evaluation: a fault here does not compile")]
        {
            table[byte as usize] = !byte.is_ascii_alphanumeric() && !matches!(byte, b'@' | b'$' | b'!' | b'|' | b'-');
        }
        byte += 1;
    }
    table
}

/// The first bytes of sixteen, zeros behind them.
#[inline]
const fn first(letters: u128, len: usize) -> u128 {
    letters & ((1 << (8 * len as u32)) - 1)
}

/// The high bit of every byte that is no ASCII letter.
#[inline]
const fn not_letters(bytes: u64) -> u64 {
    let lower = bytes & !HIGH | (ONES * 0x20);
    let letter = (lower + ONES * (0x80 - b'a' as u64)) & !(lower + ONES * (0x7F - b'z' as u64)) & !bytes;
    !letter & HIGH
}

/// Letters as they are compared: small ones, `l` as `i`. What is no letter becomes anything.
#[inline]
const fn folded(bytes: u64) -> u64 {
    let lower = bytes & !HIGH | (ONES * 0x20);
    let other = ((lower ^ (ONES * b'l' as u64)) + ONES * 0x7F) & HIGH;
    let is_l = (!other & HIGH) >> 7;
    lower - is_l * (b'l' - b'i') as u64
}

/// Letters of a word without its ending, as `lexeme::stem` has it.
#[inline]
const fn stem(letters: u128, mut len: usize) -> usize {
    if len < 4 {
        return len;
    }
    // The last four letters, the last of all lowest.
    let mut tail = ((letters >> (8 * (len as u32 - 4))) as u32).swap_bytes();
    if tail & 0xFF == b's' as u32 && !matches!((tail >> 8 & 0xFF) as u8, b's' | b'u' | b'i') {
        len -= 1;
        tail >>= 8;
    }
    let two = tail & 0xFFFF;
    if len >= 7 && tail & 0xFF_FFFF == ending(b"ing") {
        len - 3
    } else if len >= 6 && (two == ending(b"ed") || two == ending(b"iy")) {
        len - 2
    } else if len >= 5 && matches!((tail & 0xFF) as u8, b'e' | b'y') {
        len - 1
    } else {
        len
    }
}

/// An ending as the lowest bytes of a tail.
const fn ending(letters: &[u8]) -> u32 {
    let mut tail = 0;
    let mut rest = letters;
    while let Some((letter, behind)) = rest.split_first() {
        tail = tail << 8 | *letter as u32;
        rest = behind;
    }
    tail
}
