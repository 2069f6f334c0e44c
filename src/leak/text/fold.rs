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
        _ => match alike(c) {
            Some(latin) => Folded::Latin([latin, 0]),
            None if c.is_alphanumeric() => Folded::Letter(c.to_lowercase().next().unwrap_or(c)),
            None => Folded::Between,
        },
    }
}

/// The letter that a character is drawn like, of those that stand beyond Greek, Cyrillic and Armenian.
fn alike(c: char) -> Option<u8> {
    let code = c as u32;
    // Small letters of Cherokee have their capitals' shapes.
    let c = match code {
        0xAB70..=0xABBF => char::from_u32(code - 0xAB70 + 0x13A0).unwrap_or(c),
        _ => c,
    };
    let boxed = match code {
        0x1_F150..=0x1_F169 => Some(code - 0x1_F150),
        0x1_F170..=0x1_F189 => Some(code - 0x1_F170),
        _ => None,
    };
    let boxed = boxed.and_then(|place| u8::try_from(place).ok()).map(|place| b'a' + place);
    // The tables name the letter as it is read; `l` is compared as `i`.
    let plain = |letter: u8| if letter == b'l' { b'i' } else { letter };
    let found = || SMALL_CAPITALS.iter().chain(OTHERS).find(|(other, _)| *other == c).map(|(_, latin)| *latin);
    boxed.or_else(|| is_listed(c).then(found).flatten()).map(plain)
}

/// Whether one of the tables may have a character.
const fn is_listed(c: char) -> bool {
    matches!(c, '\u{250}'..='\u{2AF}' | '\u{13A0}'..='\u{13F5}' | '\u{1D00}'..='\u{1D7F}' | '\u{A4D0}'..='\u{A4F7}' | '\u{A730}'..='\u{A7AF}')
}

/// Whether a character is a Latin letter that only its dress tells from a plain one: no language writes words in it.
pub(super) fn is_dressed(c: char) -> bool {
    matches!(c, '\u{1F150}'..='\u{1F189}') || SMALL_CAPITALS.iter().any(|(other, _)| *other == c)
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
    ('ғ', b'f'), ('ա', b'w'), ('ց', b'g'), ('հ', b'h'), ('ո', b'n'), ('օ', b'o'), ('ս', b'u'), ('ք', b'f'),
];

/// Small capitals of the phonetic alphabets.
#[rustfmt::skip]
const SMALL_CAPITALS: &[(char, u8)] = &[
    ('ᴀ', b'a'), ('ʙ', b'b'), ('ᴄ', b'c'), ('ᴅ', b'd'), ('ᴇ', b'e'), ('ꜰ', b'f'), ('ɢ', b'g'), ('ʜ', b'h'),
    ('ɪ', b'i'), ('ᴊ', b'j'), ('ᴋ', b'k'), ('ʟ', b'l'), ('ᴍ', b'm'), ('ɴ', b'n'), ('ᴏ', b'o'), ('ᴘ', b'p'),
    ('ꞯ', b'q'), ('ʀ', b'r'), ('ꜱ', b's'), ('ᴛ', b't'), ('ᴜ', b'u'), ('ᴠ', b'v'), ('ᴡ', b'w'), ('ʏ', b'y'),
    ('ᴢ', b'z'),
];

/// Letters of Cherokee and Lisu, and of the phonetic alphabets, that are drawn like Latin ones (UTS 39), and two that are
/// put in their place.
#[rustfmt::skip]
const OTHERS: &[(char, u8)] = &[
    ('ɑ', b'a'), ('ɡ', b'g'), ('ɩ', b'i'), ('Ꭰ', b'd'), ('Ꭱ', b'r'), ('Ꭲ', b't'), ('Ꭵ', b'i'), ('Ꭹ', b'y'),
    ('Ꭺ', b'a'), ('Ꭻ', b'j'), ('Ꭼ', b'e'), ('Ꮃ', b'w'), ('Ꮇ', b'm'), ('Ꮋ', b'h'), ('Ꮍ', b'y'), ('Ꮐ', b'g'),
    ('Ꮒ', b'h'), ('Ꮓ', b'z'), ('Ꮟ', b'b'), ('Ꮢ', b'r'), ('Ꮤ', b'w'), ('Ꮥ', b's'), ('Ꮩ', b'v'), ('Ꮪ', b's'),
    ('Ꮮ', b'l'), ('Ꮯ', b'c'), ('Ꮲ', b'p'), ('Ꮶ', b'k'), ('Ꮷ', b'd'), ('Ᏻ', b'g'), ('Ᏼ', b'b'), ('ꓐ', b'b'),
    ('ꓑ', b'p'), ('ꓒ', b'd'), ('ꓓ', b'd'), ('ꓔ', b't'), ('ꓖ', b'g'), ('ꓗ', b'k'), ('ꓙ', b'j'), ('ꓚ', b'c'),
    ('ꓜ', b'z'), ('ꓝ', b'f'), ('ꓟ', b'm'), ('ꓠ', b'n'), ('ꓡ', b'l'), ('ꓢ', b's'), ('ꓣ', b'r'), ('ꓦ', b'v'),
    ('ꓧ', b'h'), ('ꓪ', b'w'), ('ꓫ', b'x'), ('ꓬ', b'y'), ('ꓮ', b'a'), ('ꓰ', b'e'), ('ꓲ', b'i'), ('ꓳ', b'o'),
    ('ꓴ', b'u'), ('Ꮎ', b'o'), ('Ꮖ', b'i'),
];
