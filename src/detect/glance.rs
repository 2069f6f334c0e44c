//! Words at a glance: where each begins and ends and its first eight bytes, without folding it.
//!
//! Most words of a text mean nothing to anybody. Eight bytes of each, in small letters and without accents, are looked for in a
//! filter of bits; only a word that may be known is folded. A word that needs more than a glance (other scripts, letters that
//! become two, a capital within a word) says so and is read by [`super::fold`], whose words these are.

use super::fold;
use super::swar::{HIGH, SMALL, classes, gather, load};

/// A word as far as it shows at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glance {
    /// Where it begins.
    pub(super) start: usize,
    /// Where it ends; of an odd word nothing is known.
    pub(super) end: usize,
    /// Its first eight folded bytes, the first lowest, zero behind its end.
    pub(super) key: u64,
    /// It must be folded to be known.
    pub(super) odd: bool,
}

/// The word that begins at or after an offset, as [`fold::next_piece`] would read it in the bytes up to `to`.
pub(super) fn next(bytes: &[u8], from: usize, to: usize) -> Option<Glance> {
    let to = to.min(bytes.len());
    let mut at = from;
    loop {
        // Mostly one blank.
        let gap = bytes.get(at..to)?;
        at += gap.iter().position(|&byte| INSIDE.get(usize::from(byte)).is_some_and(|&inside| inside))?;
        if let Some(word) = plain(bytes, at, to) {
            return Some(word);
        }
        match accented(bytes, at, to) {
            Ok(word) => return Some(word),
            Err(behind) => at = behind,
        }
    }
}

/// Goes over words that mean nothing, 64 bytes at a time, and remembers the last of these.
#[derive(Debug, Default)]
pub(super) struct Skim {
    /// Where the block begins, a multiple of 64; it was read when it has any bit.
    base: usize,
    /// Letters, digits and what is not ASCII, the first byte lowest.
    inside: u64,
    /// What is not ASCII, and capitals directly behind a small letter.
    strange: u64,
}

impl Skim {
    /// Where the first word begins at or after `from` that may be known, must be folded, or is not seen whole. A word that begins
    /// at `to` or behind it is not looked at: then some place from there on, before which no such word begins.
    pub(super) fn skip(&mut self, bytes: &[u8], from: usize, to: usize, known: impl Fn(u64) -> bool) -> usize {
        let mut at = from;
        while at < to {
            let base = at & !63;
            if base != self.base || self.inside == 0 {
                self.read(bytes, base);
            }
            let rest = self.inside >> (at - base) << (at - base);
            if rest == 0 {
                at = base + 64;
                continue;
            }
            let place = rest.trailing_zeros();
            at = base + place as usize;
            let len = (self.inside >> place).trailing_ones();
            if at >= to || place + len >= 64 {
                break;
            }
            let own = ((1 << len) - 1) << place;
            if own & self.strange != 0 || known(key(load(bytes, at), len as usize)) {
                break;
            }
            at += len as usize;
        }
        at.min(bytes.len())
    }

    fn read(&mut self, bytes: &[u8], base: usize) {
        let (mut inside, mut foreign, mut capital, mut small) = (0, 0, 0, 0);
        for shift in (0..64).step_by(8) {
            let eight = load(bytes, base + shift);
            let (letter, digit) = classes(eight);
            // A small letter has the bit 0x20; two places up it is the verdict's.
            let lower = letter & eight << 2;
            inside |= gather(letter | digit | eight & HIGH) << shift;
            foreign |= gather(eight & HIGH) << shift;
            capital |= gather(letter & !lower) << shift;
            small |= gather(lower) << shift;
        }
        *self = Self { base, inside, strange: foreign | capital & small << 1 };
    }
}

/// Letters, digits, and whatever is not ASCII.
#[expect(clippy::indexing_slicing, reason = "computed when this is compiled")]
const INSIDE: [bool; 256] = {
    let mut inside = [true; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        inside[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    inside
};

/// A word of ASCII alone; `None` when something else is in it.
fn plain(bytes: &[u8], start: usize, to: usize) -> Option<Glance> {
    let mut end = start;
    let mut key = 0;
    let mut small = 0;
    let mut odd = false;
    while end < to {
        let eight = load(bytes, end);
        let (letter, digit) = classes(eight);
        let other = !(letter | digit) & HIGH;
        let len = ((other.trailing_zeros() / 8) as usize).min(to - end);
        // A small letter has the bit 0x20; two places up it is the verdict's.
        let lower = letter & eight << 2;
        odd |= letter & !lower & (lower << 8 | small) & first(len) != 0;
        if end == start {
            key = self::key(eight, len);
        }
        small = lower >> 63 << 7;
        end += len;
        if len < 8 {
            if end < to && eight >> (8 * len) & 0x80 != 0 {
                return None;
            }
            break;
        }
    }
    (end > start).then_some(Glance { start, end, key, odd })
}

/// A word of ASCII and the letters of Latin-1. `Err`: there is none, and the next begins no earlier than there.
fn accented(bytes: &[u8], start: usize, to: usize) -> Result<Glance, usize> {
    let (mut key, mut len, mut small) = (0_u64, 0, false);
    let mut at = start;
    let odd = Glance { start, end: to, key: 0, odd: true };
    let byte = |at: usize| if at < to { bytes.get(at).copied() } else { None };
    while let Some(first) = byte(at) {
        let (base, capital, width) = match (first, byte(at + 1)) {
            (0..=0x7F, _) if first.is_ascii_alphanumeric() => {
                (first.to_ascii_lowercase(), first.is_ascii_uppercase(), 1)
            }
            // Blanks, quotation marks and the degree sign; general punctuation.
            (0..=0x7F, _) | (0xC2, Some(0xA0 | 0xAB | 0xB0 | 0xBB)) | (0xE2, Some(0x80)) => break,
            (0xC3, Some(second)) => match fold::latin(second) {
                Some(base) => (base, second < 0xA0, 2),
                None => return Ok(odd),
            },
            _ => return Ok(odd),
        };
        if small && capital {
            return Ok(odd);
        }
        small = !capital && !base.is_ascii_digit();
        if len < 8 {
            key |= u64::from(base) << (8 * len);
            len += 1;
        }
        at += width;
    }
    if at > start {
        return Ok(Glance { start, end: at, key, odd: false });
    }
    Err(start + if bytes.get(start) == Some(&0xE2) { 3 } else { 2 })
}

/// The high bits of the first so many bytes.
const fn first(len: usize) -> u64 {
    if len >= 8 { HIGH } else { HIGH & ((1 << (8 * len)) - 1) }
}

/// The first bytes of a word in small letters; bytes behind the word are cleared.
pub(super) const fn key(first_eight: u64, len: usize) -> u64 {
    let lower = first_eight | SMALL;
    if len >= 8 { lower } else { lower & ((1 << (8 * len)) - 1) }
}

/// The key of a folded word.
pub(super) fn key_of(folded: &[u8]) -> u64 {
    let eight = load(folded, 0);
    if folded.len() >= 8 { eight } else { eight & ((1 << (8 * folded.len())) - 1) }
}

/// A set of eight-byte keys that may say yes wrongly, rarely.
#[derive(Debug, Clone)]
pub(super) struct Bits {
    words: Box<[u64]>,
    shift: u32,
}

impl Default for Bits {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Bits {
    /// A set for so many keys: 48 bits each, at most 32 KiB.
    pub(super) fn new(count: usize) -> Self {
        let bits = (count * 48).next_power_of_two().clamp(1 << 10, 1 << 18);
        Self { words: vec![0; bits / 64].into(), shift: 64 - bits.trailing_zeros() }
    }

    /// Adds a key.
    pub(super) fn insert(&mut self, key: u64) {
        let (slot, bits) = self.place(key);
        if let Some(word) = self.words.get_mut(slot) {
            *word |= bits;
        }
    }

    /// Whether the key is in the set, or is taken for one that is.
    pub(super) fn holds(&self, key: u64) -> bool {
        let (slot, bits) = self.place(key);
        self.words.get(slot).is_some_and(|word| word & bits == bits)
    }

    /// The word of a key and its two bits in that.
    const fn place(&self, key: u64) -> (usize, u64) {
        let mixed = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let hash = mixed.wrapping_shr(self.shift);
        ((hash >> 6) as usize, 1 << (hash & 63) | 1 << (mixed >> 24 & 63))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows() {
        for (text, expected) in [
            ("  numéro de", vec![("numéro", false), ("de", false)]),
            ("l’œuvre", vec![("l", false), ("œuvre", true)]),
            ("cardNumber x", vec![("cardNumber x", true)]),
            ("« IBAN »", vec![("IBAN", false)]),
            ("anticonstitutionnellement.", vec![("anticonstitutionnellement", false)]),
        ] {
            let mut found = Vec::new();
            let mut at = 0;
            while let Some(word) = next(text.as_bytes(), at, text.len()) {
                found.push((text.get(word.start..if word.odd { text.len() } else { word.end }).unwrap(), word.odd));
                at = if word.odd { text.len() } else { word.end };
            }
            let cut: Vec<_> = found.iter().map(|(word, odd)| (*word, *odd)).collect();
            assert_eq!(cut, expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_glance_sees_what_folding_reads(text in "[ -~]{0,40}|[a-zA-Z0-9éÀç’ «_.\u{A0}]{0,60}|\\PC{0,40}", cut in 0_usize..60) {
            let to = text.floor_char_boundary(cut.min(text.len()));
            let stretch = text.get(..to).unwrap();
            let mut at = 0;
            loop {
                let (word, read) = (next(text.as_bytes(), at, to), fold::next_piece(stretch, at));
                match (word, read) {
                    (Some(word), Some((range, folded))) if !word.odd => {
                        prop_assert_eq!((word.start, word.end, word.key), (range.start, range.end, key_of(&folded)));
                        at = word.end;
                    }
                    (Some(_), Some((range, _))) => at = range.end,
                    // Marks of other scripts are odd words that hold none.
                    (Some(word), None) => {
                        prop_assert!(word.odd);
                        break;
                    }
                    (None, None) => break,
                    (None, Some(_)) => prop_assert!(false, "missed at {}", at),
                }
            }
        }
    }
}
