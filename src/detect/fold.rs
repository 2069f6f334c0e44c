//! Words as a lexicon sees them: lower case, without accents, in ASCII where the script is Latin.
//!
//! A word is a run of letters and digits; every other character ends it. `Hépatite` and `HEPATITE`, precomposed or with
//! combining marks, fold to the same bytes. Offsets stay those of the text: folding never writes a text back.

use std::ops::Range;

use smallvec::SmallVec;

use super::swar;

/// A folded word. Longer words are cut: no lexicon has one.
pub(super) type Folded = SmallVec<[u8; 32]>;

/// Folded words of a short stretch of text.
pub(super) type Window = SmallVec<[u8; 256]>;

/// Bytes of a folded word that are kept.
const WORD_BYTES_MAX: usize = 48;

/// Reads the word that begins at or after `from`: its range in the text and its folded bytes.
pub(super) fn next_word(text: &str, from: usize) -> Option<(Range<usize>, Folded)> {
    next(text, from, false)
}

/// Reads a word as [`next_word`] does, but ends it where a capital follows a small letter: `cardNumber` reads as two.
pub(super) fn next_piece(text: &str, from: usize) -> Option<(Range<usize>, Folded)> {
    next(text, from, true)
}

fn next(text: &str, from: usize, camel: bool) -> Option<(Range<usize>, Folded)> {
    let bytes = text.as_bytes();
    // Nearly every word is short and in ASCII: it is read eight bytes at a time.
    let start = swar::begin(bytes, from)?;
    if let Some((range, folded)) =
        ascii_word(bytes, start).filter(|(word, _)| !camel || swar::is_one_piece(bytes, word))
    {
        return Some((range, folded));
    }
    slow_next(text, start, camel)
}

/// The word of ASCII letters and digits that begins here; `None` when it is long, or something else than ASCII is near.
fn ascii_word(bytes: &[u8], start: usize) -> Option<(Range<usize>, Folded)> {
    let mut folded = Folded::new();
    let mut at = start;
    loop {
        let (eight, len) = swar::run(bytes, at)?;
        folded.extend_from_slice(&(eight | swar::SMALL).to_le_bytes());
        at += len;
        if len < 8 {
            folded.truncate(at - start);
            return (at > start).then_some((start..at, folded));
        }
        if at - start + 8 > folded.inline_size() {
            return None;
        }
    }
}

/// Reads a word character by character.
fn slow_next(text: &str, from: usize, camel: bool) -> Option<(Range<usize>, Folded)> {
    let bytes = text.as_bytes();
    let mut small = false;
    let mut folded = Folded::new();
    let mut start = None;
    let mut end = from;
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        let (letter, len) = if byte.is_ascii() {
            if camel && small && byte.is_ascii_uppercase() {
                break;
            }
            let lower = ascii(byte);
            if lower != 0 && folded.len() < WORD_BYTES_MAX {
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
            let letter = fold(c, &mut folded, start.is_some());
            folded.truncate(WORD_BYTES_MAX);
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
    start.map(|start| (start..end, folded))
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
            Some(0xC3) => match LATIN_1.get(usize::from(*rest.next()?) & 0x1F) {
                Some(&base) if base != b'?' => base,
                _ => return None,
            },
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
    let mut folded = Folded::new();
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
        folded.clear();
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
                prop_assert_eq!(next(&text, from, camel), slow_next(&text, from, camel), "{}", from);
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
