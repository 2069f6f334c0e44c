//! Words as a lexicon sees them: lower case, without accents, in ASCII where the script is Latin.
//!
//! A word is a run of letters and digits; every other character ends it. `Hépatite` and `HEPATITE`, precomposed or with
//! combining marks, fold to the same bytes. Offsets stay those of the text: folding never writes a text back.

use std::ops::Range;

use smallvec::SmallVec;

use super::swar;

/// A folded word of at most [`WORD_BYTES_MAX`] bytes; longer ones are cut: no lexicon has one. It lies where it is made: words
/// are read by the million. Behind its bytes are zeros.
#[derive(Clone, Copy)]
pub(super) struct Folded {
    bytes: [u8; WORD_BYTES_MAX + 8],
    len: usize,
}

impl Folded {
    const fn new() -> Self {
        Self { bytes: [0; WORD_BYTES_MAX + 8], len: 0 }
    }

    fn push(&mut self, byte: u8) {
        if self.len < WORD_BYTES_MAX
            && let Some(slot) = self.bytes.get_mut(self.len)
        {
            *slot = byte;
            self.len += 1;
        }
    }

    fn extend_from_slice(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.push(byte);
        }
    }

    /// Appends the first `len` of eight bytes.
    fn append(&mut self, eight: u64, len: usize) {
        let eight = if len < 8 { eight & ((1 << (8 * len)) - 1) } else { eight };
        if let Some(slots) = self.bytes.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut::<8>) {
            *slots = eight.to_le_bytes();
            self.len = (self.len + len).min(WORD_BYTES_MAX);
        }
    }

    /// The hash of the bytes, as [`hash`] has it, without looking at each of them.
    pub(super) fn hash(&self) -> u64 {
        let (chunks, _) = self.bytes.as_chunks::<8>();
        finish(chunks.iter().take(self.len / 8 + 1).fold(begin(self.len), |hash, chunk| mix(hash, *chunk)))
    }

    /// The first eight bytes, the first lowest.
    pub(super) fn first_eight(&self) -> u64 {
        self.bytes.first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight))
    }

    /// The first four bytes, the first lowest.
    pub(super) fn first_four(&self) -> u32 {
        self.bytes.first_chunk().map_or(0, |four| u32::from_le_bytes(*four))
    }

    /// The last four bytes, the last lowest.
    pub(super) fn last_four(&self) -> u32 {
        match self.bytes.get(..self.len).and_then(|bytes| bytes.last_chunk::<4>()) {
            Some(four) => u32::from_be_bytes(*four),
            None => self.iter().fold(0, |four, byte| four << 8 | u32::from(*byte)),
        }
    }

    /// The folded bytes.
    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Default for Folded {
    fn default() -> Self {
        Self::new()
    }
}

impl std::ops::Deref for Folded {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl PartialEq for Folded {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl std::fmt::Debug for Folded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Folded({} bytes)", self.len)
    }
}

/// Folded words of a short stretch of text.
pub(super) type Window = SmallVec<[u8; 256]>;

/// Bytes of a folded word that are kept.
const WORD_BYTES_MAX: usize = 48;

/// Hashes folded bytes.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let (chunks, tail) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(tail) {
        *to = *from;
    }
    finish(chunks.iter().chain([&last]).fold(begin(bytes.len()), |hash, chunk| mix(hash, *chunk)))
}

/// The hash of a folded word of fewer than eight bytes, given as a little-endian number with zeros behind it.
pub(super) const fn hash_short(word: u64, len: usize) -> u64 {
    finish(mix(begin(len), word.to_le_bytes()))
}

const fn begin(len: usize) -> u64 {
    0x51_7C_C1_B7_27_22_0A_95 ^ len as u64
}

const fn mix(hash: u64, chunk: [u8; 8]) -> u64 {
    let mixed = (hash ^ u64::from_le_bytes(chunk)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 32)
}

const fn finish(hash: u64) -> u64 {
    hash.wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

/// Reads the word that begins at or after `from`: its range in the text and its folded bytes.
pub(super) fn next_word(text: &str, from: usize) -> Option<(Range<usize>, Folded)> {
    let mut folded = Folded::new();
    Some((read_word(text, from, &mut folded)?, folded))
}

/// Reads a word as [`next_word`] does, into what another word may have left.
pub(super) fn read_word(text: &str, from: usize, folded: &mut Folded) -> Option<Range<usize>> {
    read(text, from, false, folded)
}

/// Reads a word as [`next_word`] does, but ends it where a capital follows a small letter: `cardNumber` reads as two.
pub(super) fn next_piece(text: &str, from: usize) -> Option<(Range<usize>, Folded)> {
    let mut folded = Folded::new();
    Some((read(text, from, true, &mut folded)?, folded))
}

fn read(text: &str, from: usize, camel: bool, folded: &mut Folded) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    // Nearly every word is short and in ASCII: it is read eight bytes at a time.
    let start = swar::begin(bytes, from)?;
    let word = ascii_word(bytes, start, folded).filter(|word| !camel || swar::is_one_piece(bytes, word));
    word.or_else(|| read_slowly(text, start, camel, folded))
}

/// The word of ASCII letters and digits that begins here; `None` when it is long, or something else than ASCII is near.
fn ascii_word(bytes: &[u8], start: usize, folded: &mut Folded) -> Option<Range<usize>> {
    *folded = Folded::new();
    let mut at = start;
    while at - start < WORD_BYTES_MAX {
        let (eight, len) = swar::run(bytes, at)?;
        folded.append(eight | swar::SMALL, len);
        at += len;
        if len < 8 {
            return (at > start).then_some(start..at);
        }
    }
    None
}

/// Reads a word character by character.
fn read_slowly(text: &str, from: usize, camel: bool, folded: &mut Folded) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut small = false;
    *folded = Folded::new();
    let mut start = None;
    let mut end = from;
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        let (letter, len) = if byte.is_ascii() {
            if camel && small && byte.is_ascii_uppercase() {
                break;
            }
            let lower = ascii(byte);
            if lower != 0 {
                folded.push(lower);
            }
            small = byte.is_ascii_lowercase();
            (lower != 0, 1)
        } else {
            let c = text.get(at..)?.chars().next()?;
            if camel && small && c.is_uppercase() {
                break;
            }
            small = camel && c.is_lowercase();
            let letter = fold(c, folded, start.is_some());
            (letter, c.len_utf8())
        };
        if letter {
            start.get_or_insert(at);
            end = at + len;
        } else if start.is_some() {
            break;
        }
        at += len;
    }
    start.map(|start| start..end)
}

/// The first eight folded bytes of the word that begins here, as a little-endian number, and how many they are. `None` when
/// the word holds a character that only [`next_word`] folds.
pub(super) fn head(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut head = [0; 8];
    let mut len = 0;
    let mut rest = bytes.get(at..)?.iter();
    while let Some(slot) = head.get_mut(len) {
        let lower = match rest.next() {
            None => break,
            Some(&byte) if byte.is_ascii() => ascii(byte),
            Some(0xC3) => latin(*rest.next()?)?,
            // General punctuation ends a word.
            Some(0xE2) if rest.next() == Some(&0x80) => break,
            Some(_) => return None,
        };
        if lower == 0 {
            break;
        }
        *slot = lower;
        len += 1;
    }
    Some((u64::from_le_bytes(head), len))
}

/// Folds a text into words with one blank before, between and behind them. A capital after a small letter begins a word,
/// so that keys such as `cardNumber` read as two.
pub(super) fn words(text: &str, out: &mut Window) {
    let bytes = text.as_bytes();
    let mut small = false;
    let mut at = 0;
    if out.last() != Some(&b' ') {
        out.push(b' ');
    }
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii() {
            let lower = ascii(byte);
            let inside = out.last() != Some(&b' ');
            if inside && (lower == 0 || small && byte.is_ascii_uppercase()) {
                out.push(b' ');
            }
            if lower != 0 {
                out.push(lower);
            }
            small = byte.is_ascii_lowercase();
            at += 1;
            continue;
        }
        let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
        let mut folded = Folded::new();
        let inside = out.last() != Some(&b' ');
        let letter = fold(c, &mut folded, inside);
        if inside && (!letter || (small && c.is_uppercase())) {
            out.push(b' ');
        }
        out.extend_from_slice(&folded);
        small = letter && c.is_lowercase();
        at += c.len_utf8();
    }
    if out.last() != Some(&b' ') {
        out.push(b' ');
    }
}

/// Whether a character is part of a word.
pub(super) fn is_word(c: char) -> bool {
    match c {
        '\0'..='\u{7F}' => c.is_ascii_alphanumeric(),
        '\u{D7}' | '\u{F7}' | '\u{2000}'..='\u{206F}' => false,
        '\u{C0}'..='\u{24F}' => true,
        _ => c.is_alphanumeric(),
    }
}

/// The folded form of an ASCII letter or digit, 0 for anything else.
const fn ascii(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { 0 }
}

/// Appends the folded form of a character. `false`: it is no part of a word. A combining mark inside a word adds nothing.
fn fold(c: char, out: &mut Folded, inside: bool) -> bool {
    match c {
        '\u{2000}'..='\u{206F}' => return false,
        '\u{300}'..='\u{36F}' => return inside,
        '\u{C0}'..='\u{FF}' => match LATIN_1.get((c as usize) & 0x1F) {
            Some(&base) if base != b'?' => out.push(base),
            _ => return fold_rare(c, out),
        },
        _ => return fold_rare(c, out),
    }
    true
}

/// Letters outside Latin-1 and the few that become two.
fn fold_rare(c: char, out: &mut Folded) -> bool {
    match c {
        'œ' | 'Œ' => out.extend_from_slice(b"oe"),
        'æ' | 'Æ' => out.extend_from_slice(b"ae"),
        'ß' | 'ẞ' => out.extend_from_slice(b"ss"),
        'ł' | 'Ł' => out.push(b'l'),
        'đ' | 'Đ' => out.push(b'd'),
        'ı' => out.push(b'i'),
        'þ' | 'Þ' => out.extend_from_slice(b"th"),
        _ if !c.is_alphanumeric() => return false,
        _ => {
            for lower in c.to_lowercase() {
                unicode_normalization::char::decompose_canonical(lower, |part| {
                    if !matches!(part, '\u{300}'..='\u{36F}') {
                        let mut bytes = [0; 4];
                        out.extend_from_slice(part.encode_utf8(&mut bytes).as_bytes());
                    }
                });
            }
        }
    }
    true
}

/// The base letter of one of U+00C0 to U+00FF, given by its second byte; `None` where there is none or more than one.
pub(super) fn latin(second: u8) -> Option<u8> {
    LATIN_1.get(usize::from(second) & 0x1F).copied().filter(|&base| base != b'?')
}

/// Base letters of U+00C0 to U+00DF, which those of U+00E0 to U+00FF share; `?` where there is none or more than one.
const LATIN_1: &[u8; 32] = b"aaaaaa?ceeeeiiiidnooooo?ouuuuy??";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_fold_to_one_spelling() {
        for (text, word, range) in [
            ("  Hépatite B", "hepatite", 2..11),
            ("HE\u{301}PATITE", "hepatite", 0..10),
            ("l’œdème", "l", 0..1),
            ("œdème", "oedeme", 0..7),
            ("Łódź", "lodz", 0..7),
            ("Ωμέγα", "ωμεγα", 0..10),
        ] {
            let (found, folded) = next_word(text, 0).unwrap();
            assert_eq!((std::str::from_utf8(&folded).unwrap(), found), (word, range), "{text}");
        }
        assert_eq!(next_word(" .,- ÷ ×", 0), None);
    }

    proptest! {
        #[test]
        fn eight_bytes_at_a_time_or_one(text in "[ -~]{0,60}|[a-zA-Z0-9é’ _\\.]{0,90}|\\PC{0,60}", camel: bool) {
            for from in (0..=text.len()).filter(|&from| text.is_char_boundary(from)) {
                let (mut fast, mut slow) = (Folded::new(), Folded::new());
                prop_assert_eq!(read(&text, from, camel, &mut fast), read_slowly(&text, from, camel, &mut slow), "{}", from);
                prop_assert_eq!(&fast, &slow);
                prop_assert_eq!((fast.hash(), fast.bytes), (hash(&slow), slow.bytes));
                if slow.len() < 8 {
                    prop_assert_eq!(hash_short(slow.first_eight(), slow.len()), hash(&slow));
                }
                let four: Vec<u8> = slow.iter().rev().take(4).copied().collect();
                prop_assert_eq!(fast.last_four().to_le_bytes().into_iter().take(four.len()).collect::<Vec<_>>(), four);
            }
        }
    }

    #[test]
    fn keys_read_as_words() {
        for (text, expected) in [
            ("cardNumber", " card number "),
            ("n° de sécurité_sociale", " n de securite sociale "),
            ("", " "),
            ("IBAN", " iban "),
        ] {
            let mut out = Window::new();
            words(text, &mut out);
            assert_eq!(std::str::from_utf8(&out).unwrap(), expected);
        }
    }
}
