//! One character at a time: drops the invisible, turns compatibility forms, digits of other scripts and typographic
//! separators into ASCII, and Cyrillic, Greek and Armenian look-alikes into Latin where a token mixes scripts.
//!
//! Letters of European languages stay as they are: real Greek and Bulgarian must survive, accents are the lexicon's affair.

use super::{Builder, View};

/// Normalises the characters of a text; `None` when all are in normal form.
pub(super) fn normalise(text: &str) -> Option<View> {
    if text.is_ascii() {
        return None;
    }
    let mut builder: Option<Builder<'_>> = None;
    let mut token = Token::default();
    let mut at = 0;
    while let Some(found) = text.as_bytes().get(at..).and_then(first_non_ascii) {
        let start = at + found;
        let Some(c) = text.get(start..).and_then(|rest| rest.chars().next()) else { break };
        at = start + c.len_utf8();
        // Most of what is not ASCII in European text: accented letters, quotes, dashes of a list, the euro sign.
        if matches!(c, '\u{B0}' | '\u{AB}' | '\u{BB}' | '\u{C0}'..='\u{24F}' | '\u{2018}'..='\u{201E}' | '\u{2026}' | '€')
        {
            continue;
        }
        let after_digit = || text.as_bytes().get(start.wrapping_sub(1)).is_some_and(u8::is_ascii_digit);
        let mut utf8 = [0; 4];
        let mut ligature = String::new();
        let replacement = match simple(c) {
            Some(Simple::Mark) if !after_digit() => continue,
            Some(Simple::Drop | Simple::Mark) => "",
            Some(Simple::As(plain)) => plain.encode_utf8(&mut utf8),
            None => match look_alike(c) {
                Some(latin) if token.mixes_scripts(text, start) => latin.encode_utf8(&mut utf8),
                None if compatibility(c, &mut ligature) => ligature.as_str(),
                Some(_) | None => continue,
            },
        };
        builder.get_or_insert_with(|| Builder::new(text)).replace(start..at, replacement);
    }
    builder.and_then(Builder::finish)
}

enum Simple {
    /// Cannot be seen.
    Drop,
    /// A mark over the character before it: noise behind a digit, an accent behind a letter.
    Mark,
    /// Reads as this character.
    As(char),
}

fn simple(c: char) -> Option<Simple> {
    Some(match c {
        '\u{AD}'
        | '\u{34F}'
        | '\u{61C}'
        | '\u{115F}'
        | '\u{1160}'
        | '\u{17B4}'
        | '\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{3164}'
        | '\u{FFA0}'
        | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E0FFF}'
        | '\u{1D173}'..='\u{1D17A}' => Simple::Drop,
        '\u{300}'..='\u{36F}' | '\u{20D0}'..='\u{20FF}' => Simple::Mark,
        '\u{85}' | '\u{2028}' | '\u{2029}' => Simple::As('\n'),
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => Simple::As(' '),
        // The frame of a table, as databases and data frames print it, has dashes, bars and crossings.
        '\u{2010}'..='\u{2015}'
        | '\u{2043}'
        | '\u{2212}'
        | '\u{FE58}'
        | '\u{FE63}'
        | '\u{FF0D}'
        | '\u{2500}'
        | '\u{2501}'
        | '\u{2504}'
        | '\u{2505}'
        | '\u{2508}'
        | '\u{2509}'
        | '\u{254C}'
        | '\u{254D}'
        | '\u{2550}' => Simple::As('-'),
        '\u{B7}' | '\u{2022}' | '\u{2024}' | '\u{2027}' | '\u{22C5}' | '\u{30FB}' | '\u{FF65}' | '\u{3002}' => {
            Simple::As('.')
        }
        '\u{2044}' | '\u{2215}' => Simple::As('/'),
        '\u{2502}' | '\u{2503}' | '\u{2506}' | '\u{2507}' | '\u{250A}' | '\u{250B}' | '\u{254E}' | '\u{254F}'
        | '\u{2551}' => Simple::As('|'),
        '\u{250C}'..='\u{254B}' | '\u{2552}'..='\u{256C}' => Simple::As('+'),
        _ => return decimal_digit(c).map(Simple::As),
    })
}

/// The ASCII digit that any Unicode decimal digit (`Nd`) stands for.
fn decimal_digit(c: char) -> Option<char> {
    let code = c as u32;
    let next = ZEROS.partition_point(|&zero| zero <= code);
    let value = code - ZEROS.get(next.checked_sub(1)?)?;
    // The mathematical digits are five sets of ten in a row.
    let span = if (0x1_D7CE..=0x1_D7FF).contains(&code) { 50 } else { 10 };
    (value < span).then(|| char::from_digit(value % 10, 10)).flatten()
}

/// Forms that NFKC reads as ASCII: full width, superscript, circled, mathematical, ligatures.
fn compatibility(c: char, out: &mut String) -> bool {
    let form = matches!(c,
        '\u{AA}' | '\u{B2}' | '\u{B3}' | '\u{B9}' | '\u{BA}' | '\u{2B0}'..='\u{2B8}' | '\u{2E0}'..='\u{2E3}' |
        '\u{1D2C}'..='\u{1D6A}' | '\u{2070}'..='\u{209C}' | '\u{2100}'..='\u{214F}' | '\u{2460}'..='\u{24FF}' |
        '\u{FB00}'..='\u{FB06}' | '\u{FE50}'..='\u{FE6B}' | '\u{FF01}'..='\u{FFEE}' | '\u{1D400}'..='\u{1D7FF}' |
        '\u{1F100}'..='\u{1F1AD}');
    if !form {
        return false;
    }
    // Full-width full stop and circled words would add brackets and stops of their own: only letters, digits and the
    // printable ASCII of the full-width block are wanted.
    unicode_normalization::char::decompose_compatible(c, |part| out.push(part));
    if matches!(c, '\u{2460}'..='\u{249B}' | '\u{1F100}'..='\u{1F1AD}') {
        out.retain(|part| part.is_ascii_alphanumeric());
    }
    !out.is_empty() && out.is_ascii()
}

/// The Latin letter that a Cyrillic, Greek or Armenian one looks like (UTS 39 confusables, the single letters).
fn look_alike(c: char) -> Option<char> {
    if !matches!(c, '\u{370}'..='\u{58F}') {
        return None;
    }
    LOOK_ALIKES.iter().find(|(other, _)| *other == c).map(|(_, latin)| *latin)
}

/// The token around the last look-alike, so that a long token is measured once.
#[derive(Default)]
struct Token {
    start: usize,
    end: usize,
    mixed: bool,
}

impl Token {
    /// Whether the run of letters and digits around a place also holds an ASCII letter or digit.
    fn mixes_scripts(&mut self, text: &str, at: usize) -> bool {
        if !(self.start..self.end).contains(&at) {
            let (head, tail) = text.split_at_checked(at).unwrap_or_default();
            let left = head.chars().rev().take_while(|c| c.is_alphanumeric()).map(char::len_utf8).sum::<usize>();
            let right = tail.chars().take_while(|c| c.is_alphanumeric()).map(char::len_utf8).sum::<usize>();
            (self.start, self.end) = (at - left, at + right);
            let bytes = text.as_bytes().get(self.start..self.end).unwrap_or_default();
            self.mixed = bytes.iter().any(u8::is_ascii_alphanumeric);
        }
        self.mixed
    }
}

/// Where the first byte that is not ASCII lies, eight at a time.
fn first_non_ascii(bytes: &[u8]) -> Option<usize> {
    let (eights, tail) = bytes.as_chunks::<8>();
    let whole = eights.iter().position(|eight| u64::from_le_bytes(*eight) & 0x8080_8080_8080_8080 != 0);
    let from = whole.unwrap_or(eights.len()) * 8;
    let rest = if whole.is_some() { bytes.get(from..from + 8)? } else { tail };
    rest.iter().position(|byte| !byte.is_ascii()).map(|offset| from + offset)
}

#[rustfmt::skip]
const LOOK_ALIKES: &[(char, char)] = &[
    ('а', 'a'), ('в', 'b'), ('с', 'c'), ('ԁ', 'd'), ('е', 'e'), ('ё', 'e'), ('һ', 'h'), ('і', 'i'), ('ї', 'i'), ('ј', 'j'),
    ('к', 'k'), ('ӏ', 'l'), ('м', 'm'), ('о', 'o'), ('р', 'p'), ('ԛ', 'q'), ('ѕ', 's'), ('т', 't'), ('ѵ', 'v'), ('ԝ', 'w'),
    ('х', 'x'), ('у', 'y'), ('г', 'r'), ('п', 'n'), ('А', 'A'), ('В', 'B'), ('С', 'C'), ('Е', 'E'), ('Ё', 'E'), ('Н', 'H'),
    ('І', 'I'), ('Ї', 'I'), ('Ј', 'J'), ('К', 'K'), ('М', 'M'), ('О', 'O'), ('Р', 'P'), ('Ѕ', 'S'), ('Т', 'T'), ('Ѵ', 'V'),
    ('Х', 'X'), ('У', 'Y'), ('Ү', 'Y'), ('Ғ', 'F'), ('З', '3'), ('з', '3'), ('б', '6'), ('Ԍ', 'G'), ('Ԛ', 'Q'), ('Ԝ', 'W'),
    ('α', 'a'), ('β', 'b'), ('ε', 'e'), ('η', 'n'), ('ι', 'i'), ('κ', 'k'), ('ν', 'v'), ('ο', 'o'), ('ό', 'o'), ('ρ', 'p'),
    ('σ', 'o'), ('τ', 't'), ('υ', 'u'), ('χ', 'x'), ('γ', 'y'), ('ω', 'w'), ('ϲ', 'c'), ('ϳ', 'j'), ('Α', 'A'), ('Β', 'B'),
    ('Ε', 'E'), ('Ζ', 'Z'), ('Η', 'H'), ('Ι', 'I'), ('Κ', 'K'), ('Μ', 'M'), ('Ν', 'N'), ('Ο', 'O'), ('Ρ', 'P'), ('Τ', 'T'),
    ('Υ', 'Y'), ('Χ', 'X'), ('Ϲ', 'C'), ('Ϝ', 'F'),
    ('ա', 'w'), ('ց', 'g'), ('գ', 'q'), ('հ', 'h'), ('յ', 'j'), ('ո', 'n'), ('օ', 'o'), ('ս', 'u'), ('ք', 'f'), ('զ', 'q'),
    ('Ս', 'U'), ('Տ', 'S'), ('Օ', 'O'), ('Լ', 'L'), ('Հ', 'H'),
];

/// The zero of every set of decimal digits, in order (Unicode 16, general category `Nd`).
#[rustfmt::skip]
const ZEROS: &[u32] = &[
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0, 0xF20,
    0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0,
    0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x1_04A0, 0x1_0D30, 0x1_0D40, 0x1_1066, 0x1_10F0, 0x1_1136,
    0x1_11D0, 0x1_12F0, 0x1_1450, 0x1_14D0, 0x1_1650, 0x1_16C0, 0x1_16D0, 0x1_16DA, 0x1_1730, 0x1_18E0, 0x1_1950,
    0x1_1BF0, 0x1_1C50, 0x1_1D50, 0x1_1DA0, 0x1_1DE0, 0x1_6130, 0x1_6A60, 0x1_6AC0, 0x1_6B50, 0x1_6D70, 0x1_CCF0,
    0x1_D7CE, 0x1_D7D8, 0x1_D7E2, 0x1_D7EC, 0x1_D7F6, 0x1_E140, 0x1_E2F0, 0x1_E5F1, 0x1_E950, 0x1_FBF0,
];
