//! What follows a street: parts of the building, postcode, town.

use super::super::names::lexicon::PLACE;
use super::super::names::token::Case;
use super::reader::Reader;
use super::words::{CEDEX, LINK, UNIT, WHOLE_UNIT};

/// Words of a town.
const TOWN_WORDS_MAX: usize = 6;
/// Units behind a street.
const UNITS_MAX: usize = 5;

/// Where an address ends that has been read up to `at`, and whether a postcode with its town was found.
pub(super) fn tail(reader: &Reader<'_>, at: usize) -> (usize, bool) {
    let mut end = at;
    for _ in 0..UNITS_MAX {
        let Some(next) = unit(reader, end) else { break };
        end = next;
    }
    match town(reader, end) {
        Some((next, coded)) => {
            // `75011 Paris, 5e étage`: units may also follow the town.
            let behind = unit(reader, next).filter(|_| coded).unwrap_or(next);
            (behind, coded)
        }
        None => (end, false),
    }
}

/// A part of a building at `at`, a comma or a bracket before it.
fn unit(reader: &Reader<'_>, at: usize) -> Option<usize> {
    let end = bare_unit(reader, at)?;
    let opened = reader.mark(reader.behind_comma(at)) == '(';
    Some(if opened && reader.mark(end) == ')' { end + 1 } else { end })
}

fn bare_unit(reader: &Reader<'_>, at: usize) -> Option<usize> {
    let from = reader.behind_comma(at);
    let from = from + usize::from(matches!(reader.mark(from), '(' | '-' | '–'));
    // `étage 3`, `Bât. C`, `int. 3`, `Stiege 2`.
    // `m. 15` is a dwelling in Polish, and metres elsewhere.
    let dwelling = reader.word(from) == "m" && reader.mark(from + 1) == '.' && reader.digits(from + 2) > 0;
    if dwelling || reader.is(from, UNIT) {
        let value = reader.behind_number_word(reader.behind_stop(from + 1));
        let short = reader.token(value).is_some_and(|token| {
            token.end - token.start <= 4
                && matches!(token.case, Case::Digits | Case::Alphanumeric | Case::Initial | Case::Upper)
        });
        return short.then_some(value + 1);
    }
    if reader.is(from, WHOLE_UNIT) {
        return Some(from + 1);
    }
    // `3e étage`, `2. OG`, `terzo piano` are led by their number.
    let ordinal = reader.digits(from) > 0 && reader.digits(from) <= 2
        || reader.token(from).is_some_and(|token| token.case == Case::Alphanumeric && token.len <= 4);
    if ordinal {
        let mut next = from + 1;
        while matches!(reader.mark(next), 'º' | '°' | 'ª' | '.') {
            next += 1;
        }
        if reader.is(next, UNIT | WHOLE_UNIT) {
            return Some(next + 1);
        }
        // `, 2, 3`, `3º B`: only behind a comma, and only where nothing else follows on.
        let comma = from > at;
        if comma && reader.digits(from) <= 2 {
            let letter = reader.token(next).is_some_and(|token| token.case == Case::Initial);
            let end = if letter { next + 1 } else { next };
            let stops = matches!(reader.mark(end), ',' | '.' | ';' | '\0') && !reader.is_capital(end);
            return stops.then_some(end);
        }
    }
    // `, B`.
    let letter = reader.token(from).is_some_and(|token| token.case == Case::Initial) && from > at;
    (letter && matches!(reader.mark(from + 1), ',' | '.' | ';')).then_some(from + 1)
}

/// Postcode and town at `at`, whatever joins them to the street; or a town alone behind `à`, `in`. The flag says whether
/// there was a postcode.
pub(super) fn town(reader: &Reader<'_>, at: usize) -> Option<(usize, bool)> {
    let mut from = at;
    for _ in 0..3 {
        if matches!(reader.mark(from), ',' | ';' | '-' | '–' | '—' | '·' | '|' | '(') || reader.is_line(from) {
            from += 1;
        }
    }
    let link = reader.is(from, LINK) && reader.token(from).is_some_and(|token| token.case == Case::Lower);
    let from = from + usize::from(link);
    if let Some(end) = coded(reader, from) {
        return Some((end, true));
    }
    if let Some(end) = town_then_code(reader, from) {
        return Some((end, true));
    }
    // A town alone: behind its preposition, or one that the list knows behind a comma.
    let comma = matches!(reader.mark(at), ',' | '-' | '–');
    let known = reader.token(from).is_some_and(|token| token.is(PLACE));
    let named = reader.is_capital(from) && (link || comma && known);
    if !named || reader.is_line(at) {
        return None;
    }
    name(reader, from).map(|end| (end, false))
}

/// Postcode, then town.
pub(super) fn coded(reader: &Reader<'_>, at: usize) -> Option<usize> {
    let mut from = at;
    // `D-10115`, `CH-3011`, `F - 75011`.
    if reader.is_capital(from)
        && reader.token(from).is_some_and(|token| token.len <= 2)
        && reader.mark(from + 1) == '-'
        && reader.digits(from + 2) >= 4
    {
        from += 2;
    }
    let digits = reader.digits(from);
    let next = match digits {
        // `37 000`, `75 011`: five digits in two groups.
        2 | 3 if digits + reader.digits(from + 1) == 5 && !reader.is_line(from + 1) => from + 2,
        // `00-950`, `1000-001`.
        2 | 4 if reader.mark(from + 1) == '-' && reader.digits(from + 2) == 3 => from + 3,
        // `1012 AB`.
        4 if reader.is_letters(from + 1) && reader.is_capital(from + 2) => from + 2,
        4 | 5 => from + 1,
        _ => return None,
    };
    let next = next + usize::from(matches!(reader.mark(next), ',' | '-') && digits == 5);
    let token = reader.token(next)?;
    // Small letters pass behind five digits only: years and amounts have four.
    let counted = matches!(
        reader.word(next),
        "euros" | "euro" | "eur" | "km" | "kg" | "people" | "personnes" | "tokens" | "bytes" | "fois"
    );
    let comma = at.checked_sub(1).is_some_and(|before| reader.mark(before) == ',');
    let small = digits == 5 && token.case == Case::Lower && (comma || !reader.is_common(next)) && !counted;
    let named = token.is_capital() || small;
    if !named || reader.is_line(next) {
        return None;
    }
    name(reader, next)
}

/// The end of a town's name that begins at `at`, with what belongs to it: `Cedex 08`, `(MI)`, `7e`, `a. M.`
fn name(reader: &Reader<'_>, at: usize) -> Option<usize> {
    let small = !reader.is_capital(at);
    let mut end = reader.name(at, small, if small { 1 } else { TOWN_WORDS_MAX })?;
    // `saint-denis`, `villefranche-sur-saône` in small letters.
    while small
        && reader.mark(end) == '-'
        && reader.token(end).is_some_and(|token| token.glued)
        && reader.token(end + 1).is_some_and(|token| token.glued && token.is_word())
    {
        end += 2;
    }
    if reader.is(end, CEDEX) {
        end += 1;
    }
    if (1..=2).contains(&reader.digits(end)) && !reader.is_line(end) {
        end += 1;
    }
    // The province of an Italian town.
    let province = reader.token(end + 1).is_some_and(|token| token.case == Case::Upper && token.len == 2);
    if reader.mark(end) == '(' && province && reader.mark(end + 2) == ')' {
        end += 3;
    }
    Some(end)
}

/// Town, then postcode: `London SW1A 1AA`, `Boston, MA 02110`. Up to three parts before it.
fn town_then_code(reader: &Reader<'_>, at: usize) -> Option<usize> {
    let mut from = at;
    for _ in 0..3 {
        let end = reader.name(from, false, 4)?;
        // The last word of the name may be a state or the first half of a British code.
        for next in [end, end + 1] {
            let state = next
                .checked_sub(1)
                .and_then(|at| reader.token(at))
                .is_some_and(|token| token.case == Case::Upper && token.len == 2);
            if state && reader.digits(next) == 5 {
                let long = reader.mark(next + 1) == '-' && reader.digits(next + 2) == 4;
                return Some(if long { next + 3 } else { next + 1 });
            }
        }
        let next = if matches!(reader.mark(end), ',') || reader.is_line(end) { end + 1 } else { end };
        if let Some(end) = british(reader, next).or_else(|| british(reader, end)) {
            return Some(end);
        }
        if next == end {
            return None;
        }
        let state = reader.token(next).is_some_and(|token| token.case == Case::Upper && token.len == 2);
        if state && reader.digits(next + 1) == 5 {
            return Some(next + 2);
        }
        from = next;
    }
    None
}

/// `SW1A 1AA`.
fn british(reader: &Reader<'_>, at: usize) -> Option<usize> {
    let outward = reader.word(at);
    let inward = reader.word(at + 1);
    let letters = outward.bytes().take_while(u8::is_ascii_uppercase).count();
    let right = (2..=4).contains(&outward.len())
        && (1..=2).contains(&letters)
        && outward.as_bytes().get(letters).is_some_and(u8::is_ascii_digit)
        && matches!(inward.as_bytes(), [digit, a, b] if digit.is_ascii_digit() && a.is_ascii_uppercase() && b.is_ascii_uppercase());
    right.then_some(at + 2)
}
