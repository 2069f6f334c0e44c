//! Italian numbers that no word for a telephone announces: mobiles in their groups (`347 1234567`, `347 12 34 567`), and any line
//! directly behind `al` or `allo`, as letters give it (`mi chiami allo 080.5212345`).
//!
//! Italian mobiles have no trunk zero, so that their groups alone look like amounts and counters: they are possible only where
//! somebody gives a number: near a word of Italian that says so, alone in a line or in brackets, or behind a name. Decimals
//! (`345.1234567`) need such a word directly before them.

use std::ops::Range;

use smallvec::SmallVec;

use super::plan;
use super::shapes::Number;
use crate::detect::announce;
use crate::detect::context::Context;
use crate::detect::page::Page;

/// Bytes before a mobile in groups in which a word must stand.
const NEAR_BYTES: usize = 40;
/// Bytes before any other line: the word is the last one.
const DIRECT_BYTES: usize = 10;
/// Digits of a mobile.
const MOBILE_DIGITS: usize = 10;

/// Words that say in Italian that a number follows.
#[rustfmt::skip]
const NEAR_WORDS: &[&str] = &[
    "al", "allo", "numero", "nr", "urgenze", "emergenza", "emergenze", "recapiti", "fisso", "segreteria", "chiamare", "chiamate", "chiamami",
    "telefonami", "telefonate", "richiami", "richiamami", "scrivimi", "contattare", "reperibile", "raggiungibile", "rispondo", "mamma", "papà",
    "moglie", "marito",
];

/// Words directly before a line in any form: not `numero`, which Spanish has as well.
const DIRECT_WORDS: &[&str] = &["al", "allo", "urgenze", "emergenza", "emergenze"];

/// The two kinds of words, prepared.
#[derive(Debug)]
pub(super) struct Words {
    near: Context,
    direct: Context,
}

impl Words {
    pub(super) fn new() -> Self {
        let [near, direct] = [NEAR_WORDS, DIRECT_WORDS].map(|words| Context::new(words.iter().copied()));
        Self { near, direct }
    }
}

/// The end of a number, and how sure it is.
pub(super) fn italian(words: &Words, page: &Page<'_>, number: &Number, start: usize) -> Option<(usize, u8)> {
    let it = plan::region("IT")?;
    let before = page.before(start);
    if matches!(before, b'.' | b'/' | b'-' | b'_' | b'#' | b'=' | b'$' | b',') {
        return None;
    }
    number.ends.iter().rev().find_map(|&(count, end)| {
        let digits = number.digits.get(..count).filter(|digits| it.has_line(digits))?;
        if goes_on(page, end) {
            return None;
        }
        let groups = groups(page.text.get(start..end)?)?;
        let decimal = groups.len() == 2 && page.text.get(start..end)?.contains('.');
        let mobile = digits.starts_with(b"3");
        if mobile && count != MOBILE_DIGITS {
            return None;
        }
        let grouped = mobile && is_mobile(&groups) && !decimal;
        let direct = || is_short(&groups) && announce::announces(&words.direct, page, start, DIRECT_BYTES);
        if grouped && announce::announces(&words.near, page, start, NEAR_BYTES) || direct() {
            return Some((end, 75));
        }
        (grouped && stands_alone(page, &(start..end))).then_some((end, 58))
    })
}

/// Digits in each group; `None` where more than a blank, a stop, a dash or a stroke parts two of them.
fn groups(written: &str) -> Option<SmallVec<[usize; 8]>> {
    let mut groups = SmallVec::new();
    for part in written.split([' ', '.', '-', '/']) {
        // ` / ` and ` - ` part as well as their mark alone.
        if part.is_empty() && !written.contains(" / ") && !written.contains(" - ") {
            return None;
        }
        if !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        groups.extend((!part.is_empty()).then_some(part.len()));
    }
    Some(groups)
}

/// How the ten digits of mobiles are grouped: the prefix of three, then the rest.
fn is_mobile(groups: &[usize]) -> bool {
    matches!(groups, [3, 7] | [3, 3, 4] | [3, 4, 3] | [3, 2, 2, 3] | [3, 3, 2, 2] | [3, 2, 5] | [3, 2, 2, 2, 1])
}

/// An area and the rest, or all in one: no date (`al 03/04/2024`, `al 03042024`).
fn is_short(groups: &[usize]) -> bool {
    match groups {
        [all] => *all >= 9,
        [area, rest] => (2..=4).contains(area) && *rest >= 5,
        _ => false,
    }
}

/// Whether digits or letters go on behind a number.
fn goes_on(page: &Page<'_>, end: usize) -> bool {
    let next = page.byte(end);
    let behind = page.byte(end + 1);
    next.is_ascii_alphanumeric()
        || matches!(next, b'.' | b',' | b'-' | b'/' | b':' | b'_') && behind.is_ascii_alphanumeric()
        || matches!(next, b' ' | b'%') && (next == b'%' || behind.is_ascii_digit())
}

/// Whether a number is all that its line or its brackets hold, or ends a line that begins with words: `Anna Conti, 347 1234567`.
fn stands_alone(page: &Page<'_>, range: &Range<usize>) -> bool {
    let text = page.text.as_bytes();
    let before = text.get(..range.start).unwrap_or_default().trim_ascii_end();
    let gap = text.get(before.len()..range.start).unwrap_or_default();
    let ends = matches!(page.byte(range.end), b'\n' | b'\r' | 0);
    let letter = |bytes: &[u8]| bytes.last().is_some_and(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    match before.split_last() {
        Some((b'(', _)) => gap.is_empty() && page.byte(range.end) == b')',
        // A signature: the line before it ends with a word.
        Some(_) if gap == b"\n" || gap == b"\r\n" => ends && letter(before),
        Some((b',', words)) => gap == b" " && ends && letter(words),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str) -> Option<(&str, u8)> {
        let words = Words::new();
        let page = Page { text, key: None };
        let digit = |at: usize| page.byte(at).is_ascii_digit();
        (0..text.len()).filter(|&at| digit(at) && !page.before(at).is_ascii_digit()).find_map(|start| {
            let (end, confidence) = italian(&words, &page, &Number::read(&page, start), start)?;
            Some((text.get(start..end)?, confidence))
        })
    }

    #[test]
    fn given_in_letters() {
        for (text, expected) in [
            ("Mi richiami per favore al 338 765 4321.", "338 765 4321"),
            ("Se non rispondo prova al 347.12.34.567 dopo le sei.", "347.12.34.567"),
            ("Il portiere è reperibile al 347 1122334.", "347 1122334"),
            ("Potete contattarci allo 080.5212345.", "080.5212345"),
            ("Mandami un messaggio al 3281234567.", "3281234567"),
            ("il mio nr. è 347 55 66 778", "347 55 66 778"),
            ("Il numero di mia moglie è 331-2345678.", "331-2345678"),
            ("per urgenze: 389.1234567", "389.1234567"),
            ("sono raggiungibile al 351 987 65 43", "351 987 65 43"),
            ("mio marito (349/1234567) verrà a prenderla", "349/1234567"),
            ("Cordiali saluti, Anna Conti\n338 1122334", "338 1122334"),
            ("Lucia Ferri, 347 2233445", "347 2233445"),
            ("chiamate il 340 / 1234567", "340 / 1234567"),
        ] {
            assert_eq!(find(text).map(|(found, _)| found), Some(expected), "{text}");
        }
    }

    #[test]
    fn amounts_and_counters() {
        for text in [
            "fino al 31/12/2025",
            "dal 2019 al 2024",
            "al 345 678 901 234",
            "media ponderata: 345.1234567",
            "Compiling 345/1234567 crates",
            "345 6789012 total",
            "offset 345 1234567",
            "let x = [345, 1234567];",
            "12, 345 1234567, 8",
            "al 347 1234567%",
            "id=3471234567",
            "al 347 1234567.50",
            "1\n347 1234567\n2",
            "al 123456789",
            "dal 01/03/2024 al 03/04/2024",
            "fino al 31/12/2025 12 persone",
            "fino al 03042024",
            "numero d'ordine 34712345678901",
            "número 3471234567",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
