//! Letters as they are compared: small, without accents, look-alikes of other scripts and of digits made one.
//!
//! Documents and requests are folded alike, so that it matters little which letter a class is named by: `l`, `i` and `1` in a
//! word are one letter here, as are Latin `o`, Cyrillic `о` and `0`. What must stay apart are words, not letters.

use std::sync::LazyLock;

/// Latin letters with accents and ligatures, U+00C0 to U+024F, as one or two bytes.
const LATIN_FIRST: u32 = 0xC0;
const LATIN_LAST: u32 = 0x24F;

/// What an ASCII byte is in a word: its small letter or digit, 0 for what stands between words.
pub(super) static ASCII: [u8; 128] = ascii();

static LATIN: LazyLock<Vec<[u8; 2]>> = LazyLock::new(|| {
    let letters = (LATIN_FIRST..=LATIN_LAST).filter_map(char::from_u32);
    letters.map(base).collect()
});

const fn ascii() -> [u8; 128] {
    let mut table = [0; 128];
    let mut byte = 0_u8;
    while byte < 128 {
        let folded = match byte {
            b'L' | b'l' => b'i',
            b'A'..=b'Z' => byte + 32,
            b'a'..=b'z' | b'0'..=b'9' => byte,
            _ => 0,
        };
        #[expect(clippy::indexing_slicing, reason = "constant evaluation: a fault here does not compile")]
        {
            table[byte as usize] = folded;
        }
        byte += 1;
    }
    table
}

/// The table of Latin letters, for many look-ups.
pub(super) fn latin() -> &'static [[u8; 2]] {
    &LATIN
}

/// The letters that a character of two bytes stands for, and the character; `None` for one that is no Latin letter or sign.
#[inline]
pub(super) fn accented(latin: &[[u8; 2]], bytes: &[u8], at: usize) -> Option<([u8; 2], u32)> {
    let [first @ 0xC3..=0xC9, second, ..] = bytes.get(at..)? else { return None };
    let code = u32::from(first & 0x1F) << 6 | u32::from(second & 0x3F);
    let letters = latin.get(code.checked_sub(LATIN_FIRST)? as usize)?;
    (*letters != [b'?', 0]).then_some((*letters, code))
}

/// A Latin letter without its accent.
fn base(letter: char) -> [u8; 2] {
    let two = match letter {
        'Æ' | 'æ' => *b"ae",
        'Œ' | 'œ' => *b"oe",
        'ß' => *b"ss",
        'Þ' | 'þ' => *b"th",
        'Ø' | 'ø' => *b"o\0",
        'Đ' | 'đ' | 'Ð' | 'ð' => *b"d\0",
        'Ł' | 'ł' | 'ı' => *b"i\0",
        '×' | '÷' => [0, 0],
        _ => {
            let mut found = [0, 0];
            unicode_normalization::char::decompose_canonical(letter, |part| {
                if let (Some(folded), 0) = (ASCII.get(part as usize), found[0]) {
                    found[0] = *folded;
                }
            });
            found
        }
    };
    if two == [0, 0] && letter.is_alphabetic() { [b'?', 0] } else { two }
}

/// A character beyond ASCII, as it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folded {
    /// Between words.
    Between,
    /// Invisible, or a mark over the letter before it: as if it were not there.
    Nothing,
    /// Latin letters.
    Latin([u8; 2]),
    /// A letter of another script.
    Letter(char),
    /// A word of its own: scripts that put no blanks between words.
    Alone(char),
}

/// Folds a character beyond ASCII.
pub(super) fn fold(c: char) -> Folded {
    let code = c as u32;
    if (LATIN_FIRST..=LATIN_LAST).contains(&code) {
        let place = (code - LATIN_FIRST) as usize;
        return match LATIN.get(place).copied().unwrap_or([0, 0]) {
            [0, 0] => Folded::Between,
            [b'?', 0] => Folded::Letter(c),
            letters => Folded::Latin(letters),
        };
    }
    match c {
        '\u{300}'..='\u{36F}'
        | '\u{AD}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2060}'..='\u{2064}'
        | '\u{FEFF}'
        | '\u{FE00}'..='\u{FE0F}' => Folded::Nothing,
        '\u{E00}'..='\u{EFF}'
        | '\u{3040}'..='\u{30FF}'
        | '\u{3400}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}' => Folded::Alone(c),
        '\u{370}'..='\u{58F}' => {
            let small = c.to_lowercase().next().unwrap_or(c);
            match LOOK_ALIKES.iter().find(|(other, _)| *other == small) {
                Some((_, latin)) => Folded::Latin([*latin, 0]),
                None if small.is_alphanumeric() => Folded::Letter(small),
                None => Folded::Between,
            }
        }
        _ if c.is_alphanumeric() => Folded::Letter(c.to_lowercase().next().unwrap_or(c)),
        _ => Folded::Between,
    }
}

/// Whether a character that stands alone is a syllable or a letter rather than a word or a half: kana, Thai, Lao.
pub(super) const fn is_syllable(c: char) -> bool {
    matches!(c, '\u{E00}'..='\u{EFF}' | '\u{3040}'..='\u{30FF}')
}

/// The letter that a digit or sign inside a word stands for, as people write to be read and not found.
pub(super) const fn stands_for(byte: u8) -> u8 {
    match byte {
        b'0' => b'o',
        b'1' | b'!' | b'|' => b'i',
        b'3' => b'e',
        b'4' | b'@' => b'a',
        b'5' | b'$' => b's',
        b'7' => b't',
        b'8' => b'b',
        other => other,
    }
}

/// Small letters of other scripts that look like Latin ones, whatever stands around them.
#[rustfmt::skip]
const LOOK_ALIKES: &[(char, u8)] = &[
    ('а', b'a'), ('в', b'b'), ('с', b'c'), ('ԁ', b'd'), ('е', b'e'), ('ё', b'e'), ('һ', b'h'), ('н', b'h'), ('і', b'i'), ('ї', b'i'),
    ('ӏ', b'i'), ('ј', b'j'), ('к', b'k'), ('м', b'm'), ('о', b'o'), ('р', b'p'), ('ԛ', b'q'), ('г', b'r'), ('ѕ', b's'), ('т', b't'),
    ('ѵ', b'v'), ('ԝ', b'w'), ('х', b'x'), ('у', b'y'), ('п', b'n'), ('α', b'a'), ('ά', b'a'), ('β', b'b'), ('ε', b'e'), ('έ', b'e'),
    ('η', b'n'), ('ι', b'i'), ('ί', b'i'), ('κ', b'k'), ('μ', b'm'), ('ν', b'v'), ('ο', b'o'), ('ό', b'o'), ('ρ', b'p'), ('σ', b'o'),
    ('τ', b't'), ('υ', b'u'), ('χ', b'x'), ('ω', b'w'), ('ϲ', b'c'), ('ϳ', b'j'),
    ('ա', b'w'), ('ց', b'g'), ('հ', b'h'), ('ո', b'n'), ('օ', b'o'), ('ս', b'u'), ('ք', b'f'),
];
