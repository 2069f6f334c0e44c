//! The street of an address, in each of the orders that countries use, and what follows it.

use std::ops::Range;

use super::super::names::token::{Case, Token};
use super::reader::Reader;
use super::words::{AT, BACK, BOX, Compound, FRONT, GRAND, KEY, PARTICLE, UNIT, VAGUE};
use super::{german, town};

/// With number and town.
pub(super) const SURE: u8 = 96;
/// With a number.
pub(super) const NUMBERED: u8 = 90;
/// With a number, in small letters or with a vague word.
pub(super) const LIKELY: u8 = 80;
/// The name of a street alone.
pub(super) const POSSIBLE: u8 = 58;

/// Tokens of a value behind a key.
const KEY_TOKENS_MAX: usize = 24;

/// Tokens of an address, its confidence, whether it is French.
pub(super) type Read = (Range<usize>, u8, bool);

/// The address that begins at this token, if one does.
pub(super) fn at(reader: &Reader<'_>, at: usize) -> Option<Read> {
    let token = reader.token(at)?;
    match token.case {
        Case::Digits | Case::Alphanumeric => numbered(reader, at).or_else(|| german::town_first(reader, at)),
        Case::Mark | Case::Line => None,
        _ => {
            if token.glued
                && at > 0
                && !matches!(reader.mark(at - 1), '(' | '"' | '\'' | ':' | '>' | '\0' | '/' | ',' | '[' | '*' | '«')
            {
                return None;
            }
            let roles = reader.roles(at);
            if roles & FRONT != 0
                && let Some(read) = front(reader, at, None)
            {
                return Some(read);
            }
            if (roles & BOX != 0 || token.case == Case::Initial && reader.mark(at + 1) == '.')
                && let Some(read) = post_box(reader, at)
            {
                return Some(read);
            }
            if roles & KEY != 0
                && let Some(read) = under_key(reader, at)
            {
                return Some(read);
            }
            // `Gran Vía, 85`, `Grand-Rue 4`.
            let joint = at + 1 + usize::from(matches!(reader.mark(at + 1), '-' | '\'' | '’'));
            if roles & GRAND != 0 && reader.is(joint, FRONT) && reader.is_capital(joint) {
                let number = reader.number(reader.behind_comma(joint + 1))?;
                return Some(close(reader, at, number, NUMBERED, false));
            }
            let capital = token.is_capital();
            if roles & AT != 0
                && let Some(read) = german::at_place(reader, at)
            {
                return Some(read);
            }
            let joined = reader.mark(at + 1) == '-' && reader.token(at + 1).is_some_and(|token| token.glued);
            if !capital && !joined && reader.compound(at) == Compound::No {
                return None;
            }
            german::compound(reader, at).or_else(|| german::by_town(reader, at).filter(|_| capital))
        }
    }
}

/// `14 bis, rue …`, `10 Downing Street`, `31 Grand'Rue`.
fn numbered(reader: &Reader<'_>, at: usize) -> Option<Read> {
    let end = reader.number(at)?;
    let next = reader.behind_comma(end);
    if reader.is(next, FRONT) {
        return front(reader, next, Some(at));
    }
    if reader.is(next, GRAND) {
        let joint = next + 1 + usize::from(matches!(reader.mark(next + 1), '-' | '\'' | '’'));
        if reader.is(joint, FRONT) {
            return Some(close(reader, at, joint + 1, NUMBERED, true));
        }
    }
    english(reader, at, next)
}

/// `10 Downing Street`, `1600 Pennsylvania Ave NW`.
fn english(reader: &Reader<'_>, at: usize, name: usize) -> Option<Read> {
    for next in name..name + 5 {
        let token = reader.token(next)?;
        let roles = reader.roles(next);
        if next > name && roles & BACK != 0 && token.is_capital() {
            let mut end = reader.behind_stop(next + 1);
            let short = |token: &Token| token.case == Case::Upper && token.len <= 2 || token.case == Case::Initial;
            if reader.token(end).is_some_and(short) && reader.roles(end) == 0 {
                end += 1;
            }
            let read = close(reader, at, end, NUMBERED, false);
            return (roles & VAGUE == 0 || read.1 == SURE).then_some(read);
        }
        let ordinal = token.case == Case::Alphanumeric && token.len <= 5;
        let joint = matches!(reader.mark(next), '-' | '\'' | '’') && token.glued;
        let other = next > name + 2 && reader.is_common(next) && token.case == Case::Title;
        if !(token.is_capital() || ordinal || joint) || other {
            return None;
        }
    }
    None
}

/// Where the name behind a kind of street begins, and whether the kind is a word that is also another.
fn opening(reader: &Reader<'_>, at: usize) -> Option<(usize, bool)> {
    let vague = reader.is(at, VAGUE);
    let token = reader.token(at)?;
    let mut from = if token.len <= 5 { reader.behind_stop(at + 1) } else { at + 1 };
    // `lieu-dit`, `rond-point`.
    if reader.mark(from) == '-' && matches!(reader.word(from + 1), "dit" | "point") {
        from += 2;
    }
    // `C/ Mayor`, `C/. Mayor`, `Av / X`.
    if reader.mark(from) == '/' && reader.token(from).is_some_and(|token| token.glued) {
        let from = reader.behind_stop(from + 1);
        return Some((from, vague && reader.word(at) != "C"));
    }
    // Short words that are also others keep their stop: `al.`, `os.`, `imp.`
    let whole = matches!(reader.word(at), "via" | "Via" | "VIA" | "ZA" | "ZI" | "ZAC" | "rte" | "zac");
    if vague && from == at + 1 && token.len <= 3 && !whole {
        return None;
    }
    // `v.le`, `p.zza` hold the rest of the word; `r. Victor Hugo` has its stop.
    let rest = matches!(reader.word(from), "le" | "zza" | "za" | "so" | "go" | "da");
    let stop = from > at + 1 && matches!(reader.word(at), "r" | "R");
    if token.len == 1 && !rest && !stop {
        return None;
    }
    let glued = reader.token(from).is_some_and(|token| token.glued && token.is_word());
    if glued && from > at + 1 && reader.mark(from - 1) == '.' {
        from += 1;
    }
    Some((from, vague))
}

/// A kind of street with its name behind it, its number before or behind.
fn front(reader: &Reader<'_>, at: usize, number: Option<usize>) -> Option<Read> {
    let (from, vague) = opening(reader, at)?;
    // `strada statale`, `zona industriale`, `rond-point`, `avenue du`.
    let small = reader.token(first_word(reader, from)).is_some_and(|token| token.case == Case::Lower);
    // `AV` above small letters is no avenue.
    if small && reader.token(at)?.case == Case::Upper {
        return None;
    }
    // In small letters a vague word says nothing unless a town follows.
    let end = reader.name(from, small, 7)?;
    let capital = (from..end).any(|at| reader.is_capital(at));
    let french = number.is_some();
    if let Some(start) = number {
        // `5 Route Handlers` is a heading.
        let heading = vague && reader.is_capital(at) && reader.is_capital(from);
        let confidence = if heading {
            POSSIBLE
        } else if capital {
            NUMBERED
        } else {
            LIKELY
        };
        let read = close(reader, start, end, confidence, french);
        return (capital || !vague || read.1 == SURE).then_some(read);
    }
    // The number behind: `via Roma 12`, `Calle Mayor, nº 3`, `rue de la Loi 155`.
    let comma = reader.behind_comma(end);
    let word = reader.behind_number_word(comma);
    if let Some(behind) = reader.number(word).filter(|_| word > comma || !amount(reader, word)) {
        let read = close(reader, at, behind, if capital { NUMBERED } else { LIKELY }, false);
        let before = at.checked_sub(1).map_or("", |before| reader.word(before));
        let led = matches!(before, "in" | "di" | "da" | "residente" | "abita" | "abito");
        let particle = matches!(reader.word(from), "dei" | "degli" | "delle" | "della" | "dello")
            || capital && first_word(reader, from) > from;
        // `ul. Długa 7`, `Str. Lipscani nr. 25`: with its stop it is nothing else.
        let stopped =
            matches!(reader.word(at), "ul" | "Ul" | "str" | "Str" | "ул" | "Ул" | "бул" | "Бул") && from > at + 1;
        let told = particle || capital && (comma > end || led || stopped || reader.is_italian(at));
        return (!vague || read.1 == SURE || told).then_some(read);
    }
    if !capital {
        return None;
    }
    let read = close(reader, at, end, POSSIBLE, false);
    let confidence = if read.1 == SURE { NUMBERED } else { POSSIBLE };
    // `AV` alone may be anything.
    if reader.token(at)?.len < 4 && read.1 != SURE && reader.word(at) != "rue" && reader.word(at) != "Rue" {
        return None;
    }
    (!vague || read.1 == SURE).then_some((read.0, confidence, read.2))
}

/// The first word behind particles and apostrophes.
fn first_word(reader: &Reader<'_>, at: usize) -> usize {
    let mut next = at;
    while next < at + 5
        && (reader.is(next, PARTICLE) && !reader.is_capital(next) || matches!(reader.mark(next), '\'' | '’'))
    {
        next += 1;
    }
    next
}

/// Whether a number counts something: `5 €`, `12 h`, `2019`.
pub(super) fn amount(reader: &Reader<'_>, at: usize) -> bool {
    const UNITS: &[&str] = &[
        "h", "euros", "euro", "Euro", "EUR", "ans", "jours", "Uhr", "Jahre", "kg", "cm", "min", "fois", "mesi", "anni",
        "años", "days", "mg", "ml", "%",
    ];
    let year = reader.digits(at) == 4 && matches!(reader.word(at).get(..2), Some("19" | "20"));
    year || matches!(reader.mark(at + 1), '€' | '%' | '$' | '°') || UNITS.contains(&reader.word(at + 1))
}

/// `BP 70123`, `Postfach 10 05 41`, `Casella Postale 118`, `P.O. Box 7`, `C.P. 70`.
fn post_box(reader: &Reader<'_>, at: usize) -> Option<Read> {
    let dotted = reader.is_capital(at)
        && reader.mark(at + 1) == '.'
        && matches!(reader.word(at + 2), "O" | "P")
        && reader.mark(at + 3) == '.';
    if !dotted && !reader.is(at, BOX) {
        return None;
    }
    let mut from = if dotted { at + 4 } else { reader.behind_stop(at + 1) };
    // `Casella Postale`, `Apartado de Correos`, `Caixa Postal`.
    let first = from;
    while from < first + 3 && reader.token(from).is_some_and(|token| token.is_word() && !token.glued) {
        from += 1;
    }
    let mut end = from;
    while end < from + 4 && reader.digits(end) > 0 {
        end += 1;
    }
    let boxed = reader.word(first).eq_ignore_ascii_case("box");
    let short = !boxed && (dotted || reader.word(at).len() <= 3);
    if end == from || reader.digits(from) > 6 || short && !reader.is_capital(at) {
        return None;
    }
    // Five digits and a town are the town's.
    if end > from + 1 && reader.digits(end - 1) == 5 && town::coded(reader, end - 1).is_some() {
        end -= 1;
    }
    let read = close(reader, at, end, LIKELY, false);
    (!short && reader.is_capital(at) || read.1 == SURE).then_some(read)
}

/// `Domicilio: Teatinos 180.`: the rest of the line, when it is short and begins as an address does.
fn under_key(reader: &Reader<'_>, at: usize) -> Option<Read> {
    let mut from = at + 1;
    while from < at + 3 && matches!(reader.mark(from), '*' | '"' | '\'') {
        from += 1;
    }
    if reader.mark(from) != ':' {
        return None;
    }
    from += 1;
    while matches!(reader.mark(from), '*' | '"' | '\'') {
        from += 1;
    }
    let begins = reader.is_capital(from) || reader.digits(from) > 0 || reader.is(from, FRONT);
    let mut end = from;
    let (mut numbered, mut worded) = (false, false);
    while let Some(token) = reader.token(end).filter(|_| end < from + KEY_TOKENS_MAX) {
        let stop = reader.mark(end) == '.' && (reader.is_line(end + 1) || reader.token(end + 1).is_none());
        if token.case == Case::Line || stop || matches!(reader.mark(end), '"' | '}' | '|' | ';' | '<' | '{' | '@') {
            break;
        }
        numbered |= matches!(token.case, Case::Digits | Case::Alphanumeric);
        worded |= token.is_word() && token.len > 2 && !reader.is(end, UNIT);
        end += 1;
    }
    let closed =
        reader.token(end).is_none() || reader.is_line(end) || matches!(reader.mark(end), '"' | '.' | '|' | ';' | '<');
    if !begins || !closed || end == from {
        return None;
    }
    let (tail, _) = town::tail(reader, end);
    let street = worded && (numbered || reader.is(from, FRONT));
    street.then_some((from..tail, NUMBERED, false))
}

/// The whole address: what was read, then its tail.
pub(super) fn close(reader: &Reader<'_>, start: usize, end: usize, confidence: u8, french: bool) -> Read {
    let (tail, coded) = town::tail(reader, end);
    (start..tail, if coded { SURE } else { confidence }, french)
}
