//! Streets whose name is one word or ends in its kind, and those that only their town tells: German, Dutch, Nordic.

use super::super::names::token::Case;
use super::reader::Reader;
use super::street::{LIKELY, NUMBERED, POSSIBLE, Read, SURE, amount, close};
use super::town;
use super::words::{AT, BEHIND, Compound, FRONT, GERMAN, PARTICLE, UNIT, VAGUE};

/// `Lindenstr. 8`, `Emil-Nolde-Str. 24`, `Kottbusser Damm 102`.
pub(super) fn compound(reader: &Reader<'_>, at: usize) -> Option<Read> {
    let mut next = at;
    let (mut apart, mut behind) = (false, false);
    let mut strength = Compound::No;
    // Parts joined by hyphens, then at most two further capitalised words, lead to the kind of street.
    while next < at + 8 {
        let token = reader.token(next)?;
        behind = next > at && !token.glued && token.case == Case::Lower && reader.is(next, BEHIND);
        if behind {
            strength = Compound::Strong;
            break;
        }
        if !token.is_word() || next > at && !token.glued && !token.is_capital() {
            return None;
        }
        apart |= next > at && !token.glued;
        let goes_on = reader.mark(next + 1) == '-' && reader.token(next + 1).is_some_and(|token| token.glued);
        if !goes_on {
            if reader.is(next, GERMAN) && next > at {
                strength = Compound::Strong;
                break;
            }
            strength = reader.compound(next);
            if strength > Compound::No {
                break;
            }
        }
        next += 1 + usize::from(goes_on);
    }
    // `Das Objekt Lindenstraße`: a street in one word begins with itself.
    if strength == Compound::No || apart && !behind && !reader.is(next, GERMAN) {
        return None;
    }
    if behind {
        return small(reader, at, next);
    }
    let first = reader.token(at)?;
    if reader.is_common(at) && next > at && first.opens {
        return None;
    }
    let end = reader.behind_stop(next + 1);
    let capital = reader.is_capital(at) || reader.is_capital(next);
    let number = reader.behind_number_word(reader.behind_comma(end));
    let number = if reader.number(number).is_some() && number > end && number == reader.behind_comma(end) && !capital {
        end
    } else {
        number
    };
    if let Some(behind) = reader.number(number).filter(|_| !amount(reader, number)) {
        let read = close(reader, at, behind, if capital { NUMBERED } else { LIKELY }, false);
        let told = read.0.end > behind || strength == Compound::Strong;
        return told.then_some(read);
    }
    let read = close(reader, at, end, POSSIBLE, false);
    let street = ["stra", "Stra", "str", "Str", "gass", "allee", "straat", "gracht", "laan"]
        .iter()
        .any(|part| reader.word(next).contains(part));
    let coded = read.1 == SURE;
    (capital && (coded && strength == Compound::Strong || street && !reader.is_common(next))).then_some((
        read.0,
        if coded { NUMBERED } else { POSSIBLE },
        false,
    ))
}

/// `Váci utca 12.`, `Karl Johans gate 22`: a kind of street in small letters behind its name, with its number; a kind that is also
/// another word needs its town.
fn small(reader: &Reader<'_>, at: usize, kind: usize) -> Option<Read> {
    let number = reader.behind_number_word(reader.behind_comma(reader.behind_stop(kind + 1)));
    let behind = reader.number(number).filter(|_| !amount(reader, number))?;
    // `12.` is an ordinal in Hungarian.
    let stop = reader.behind_stop(behind);
    let end = if reader.mark(stop) == ',' { stop } else { behind };
    let read = close(reader, at, end, NUMBERED, false);
    (reader.is_capital(at) && (!reader.is(kind, VAGUE) || read.1 == SURE)).then_some(read)
}

/// `Am Anger 3`, `Zum Weinberg 12 a`: sure only with a town.
pub(super) fn at_place(reader: &Reader<'_>, at: usize) -> Option<Read> {
    let from = at + 1 + usize::from(reader.is(at + 1, PARTICLE) && !reader.is_capital(at + 1));
    if reader.is(from, FRONT) {
        return None;
    }
    let capital = reader.is_capital(from);
    let end = reader.name(from, !capital, 2)?;
    let behind = reader.number(end).filter(|_| !amount(reader, end))?;
    // A preposition in small letters before a capital is the sentence's, not the street's.
    let start = if capital && !reader.is_capital(at) { from } else { at };
    let read = close(reader, start, behind, POSSIBLE, false);
    (read.1 == SURE).then_some(read)
}

/// `Krähenwinkel 8 in 30851 Langenhagen`: any name with its number, because five digits and a town follow.
pub(super) fn by_town(reader: &Reader<'_>, at: usize) -> Option<Read> {
    if !reader.coded {
        return None;
    }
    let mut end = at;
    while end < at + 7 && (reader.is_capital(end) || matches!(reader.mark(end), '-' | '\'' | '’') && end > at) {
        end += 1;
    }
    let comma = reader.behind_comma(end);
    let behind = reader.number(reader.behind_number_word(comma))?;
    let mut from = behind;
    for _ in 0..2 {
        if matches!(reader.mark(from), ',' | '-' | '–' | '·') || reader.is_line(from) {
            from += 1;
        }
    }
    from += usize::from(reader.word(from) == "in");
    let letters = reader.is_capital(from) && reader.mark(from + 1) == '-';
    let code = if letters { from + 2 } else { from };
    // `110 00 Praha`, `105 63 Αθήνα`.
    let groups = reader.digits(code) == 3 && reader.digits(code + 1) == 2;
    if !(reader.digits(code) == 5 || groups) || from == behind {
        return None;
    }
    let end = town::coded(reader, from)?;
    // `Praha 1`: a town keeps its district.
    let town = end - 1 - usize::from((1..=2).contains(&reader.digits(end - 1)));
    reader.is_capital(town).then_some((at..end, NUMBERED, false))
}

/// `04109 Leipzig, Thomaskirchhof 2`.
pub(super) fn town_first(reader: &Reader<'_>, at: usize) -> Option<Read> {
    if !(4..=5).contains(&reader.digits(at)) || reader.token(at)?.glued {
        return None;
    }
    let town = town::coded(reader, at)?;
    if reader.mark(town) != ',' && !reader.is_line(town) {
        return None;
    }
    let from = town + 1;
    let end = reader.name(from, false, 4)?;
    let number = reader.behind_stop(end);
    let behind = reader.number(number).filter(|_| !amount(reader, number) && !reader.is(end, UNIT))?;
    let street = reader.compound(end - 1) > Compound::No
        || reader.roles(end - 1) & GERMAN != 0
        || reader.roles(from) & (FRONT | AT) != 0;
    (reader.digits(at) == 5 && reader.mark(town) == ',' || street).then_some((at..behind, NUMBERED, false))
}
