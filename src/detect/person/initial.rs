//! Names of an initial and a surname, as lists of people, signatures and notes have them: `C. Laurent`, `J.-P. Martin`, and
//! before what somebody is called at or beside another such name `C.Laurent` and `Laurent C.`: lists of authors (`Aubertin C., Dupont J.`).
//!
//! An initial is little to go by, so the surname must be one that a list knows and no word that is common in small letters.
//! False friends: headings (`A. Introduction`), abbreviations (`P. IVA`), places (`A. Berlin: Nebel`), companies.

use std::ops::Range;

use crate::detect::names::lexicon::{BODY, COMPANY, FORENAME, FREQUENT, PARTICLE, PLACE, SMALL, STREET, SURNAME};
use crate::detect::names::token::{Case, Token};

/// Confidence in a name before what somebody is called at, and in any other.
const CONFIDENCE: (u8, u8) = (72, 62);
/// Initials of a name.
const INITIALS_MAX: usize = 3;
/// Particles before a surname.
const PARTICLES_MAX: usize = 2;
/// Bytes of a word that joins the last two authors.
const AND_BYTES_MAX: u8 = 3;
/// Tokens between a name and the number behind it: `: tél. +`.
const GAP_MAX: usize = 4;

/// A name at the start of some tokens.
struct Name {
    /// Its tokens.
    len: usize,
    /// Where it ends in the text.
    end: usize,
    /// Whether it needs no number behind it.
    surely: bool,
}

/// Reports the names of a line of tokens.
pub(super) fn names(line: &[Token], found: &mut impl FnMut(Range<usize>, u8)) {
    let mut at = 0;
    // Where the next name of a list of authors begins.
    let mut listed = None;
    while at < line.len() {
        let rest = line.get(at..).unwrap_or_default();
        let is_listed = listed == Some(at);
        at += 1;
        let Some(first) = rest.first().filter(|first| first.is_capital()) else { continue };
        // What is glued to a word is a part of it.
        let before = at.checked_sub(2).and_then(|before| line.get(before));
        if first.glued && before.is_some_and(|before| before.is_word() || is_joint(before)) {
            continue;
        }
        let Some(name) = initials_first(rest).or_else(|| surname_first(rest)) else { continue };
        let behind = rest.get(name.len..).unwrap_or_default();
        let called = calls(behind);
        let next = joint_of_authors(behind)
            .filter(|joint| is_author(rest) && is_author(behind.get(*joint..).unwrap_or_default()));
        listed = next.map(|joint| at - 1 + name.len + joint);
        if called || name.surely || is_listed || listed.is_some() {
            found(first.start as usize..name.end, if called { CONFIDENCE.0 } else { CONFIDENCE.1 });
            at += name.len - 1;
        }
    }
}

/// `C. Laurent`, `J.-P. Martin`, `A. de Vries`.
fn initials_first(line: &[Token]) -> Option<Name> {
    let mut at = 0;
    for _ in 0..INITIALS_MAX {
        let initial = line.get(at).is_some_and(|token| token.case == Case::Initial);
        if !initial || !line.get(at + 1).is_some_and(is_stop) {
            break;
        }
        at += 2;
        let [hyphen, next, ..] = line.get(at..).unwrap_or_default() else { break };
        at += usize::from(is_hyphen(hyphen) && next.glued && next.case == Case::Initial);
    }
    // `M. Dupont` is a title and a name.
    if at == 2 && line.first().is_some_and(|title| title.head == u32::from(b'm')) {
        return None;
    }
    let initials = at;
    let particle = |token: &Token| token.case == Case::Lower && token.is(PARTICLE);
    while at < initials + PARTICLES_MAX && line.get(at).is_some_and(particle) {
        at += 1;
    }
    let surname = line.get(at).filter(|token| initials > 0 && is_surname(token))?;
    let surely = !surname.glued && (!surname.is(PLACE) || surname.is(FORENAME));
    let mut name = Name { len: at + 1, end: surname.end as usize, surely };
    while let [hyphen, next, ..] = line.get(name.len..).unwrap_or_default()
        && is_hyphen(hyphen)
        && next.glued
        && next.is_capital()
    {
        name.end = next.end as usize;
        name.len += 2;
    }
    Some(name)
}

/// `Laurent C.`, `LAURENT C`.
fn surname_first(line: &[Token]) -> Option<Name> {
    let [surname, initial, rest @ ..] = line else { return None };
    if !is_surname(surname) || surname.is(FREQUENT) && !surname.is(FORENAME) || initial.case != Case::Initial {
        return None;
    }
    match rest.first().filter(|next| next.glued) {
        _ if initial.glued => None,
        Some(stop) if is_stop(stop) => {
            let second = second_initial(rest.get(1..).unwrap_or_default());
            let last = second.checked_sub(1).and_then(|last| rest.get(1 + last)).unwrap_or(stop);
            Some(Name { len: 3 + second, end: last.end as usize, surely: false })
        }
        Some(mark) if mark.mark() == 0 || is_joint(mark) => None,
        _ => Some(Name { len: 2, end: initial.end as usize, surely: false }),
    }
}

/// The tokens of a second initial behind the stop of the first: `-P.`, `P.`.
fn second_initial(behind: &[Token]) -> usize {
    let initial = |tokens: Option<&[Token]>| match tokens {
        Some([initial, stop]) => initial.case == Case::Initial && is_stop(stop),
        _ => false,
    };
    match behind.first() {
        Some(hyphen) if is_hyphen(hyphen) && initial(behind.get(1..3)) => 3,
        Some(_) if initial(behind.get(..2)) => 2,
        _ => 0,
    }
}

/// Whether a surname and initials begin some tokens, and no name of a place.
fn is_author(line: &[Token]) -> bool {
    line.first().is_some_and(|first| !first.is(PLACE) || first.is(FORENAME)) && surname_first(line).is_some()
}

/// The tokens between two authors of a list: a comma, a short word in small letters, or both.
fn joint_of_authors(behind: &[Token]) -> Option<usize> {
    let mark = behind.first().is_some_and(|mark| matches!(char::from_u32(mark.mark()), Some(',' | ';' | '&')));
    let word = |word: &Token| word.case == Case::Lower && word.len <= AND_BYTES_MAX;
    let joint = usize::from(mark) + usize::from(behind.get(usize::from(mark)).is_some_and(word));
    (joint > 0).then_some(joint)
}

/// A word that is known as a family name and as nothing else that is common.
fn is_surname(token: &Token) -> bool {
    matches!(token.case, Case::Title | Case::Upper | Case::Mixed)
        && token.len > 2
        && token.is(SURNAME)
        && !token.is(BODY | COMPANY | STREET | SMALL)
}

/// Whether a number of several figures or an address follows: what somebody is called at.
fn calls(behind: &[Token]) -> bool {
    let near = behind.get(..GAP_MAX.min(behind.len())).unwrap_or_default();
    let number = |token: &Token| token.case == Case::Digits && token.len > 1;
    near.iter().any(|token| number(token) || matches!(char::from_u32(token.mark()), Some('+' | '@')))
}

/// One full stop directly behind a word.
fn is_stop(token: &Token) -> bool {
    token.mark() == u32::from('.') && token.glued && token.end - token.start == 1
}

fn is_hyphen(token: &Token) -> bool {
    token.glued && matches!(char::from_u32(token.mark()), Some('-' | '‐' | '‑'))
}

/// A mark that makes one word of what stands around it.
fn is_joint(token: &Token) -> bool {
    matches!(char::from_u32(token.mark()), Some('.' | '_' | '@' | '/' | '\'' | '’' | '-' | '‐' | '‑' | ':' | '='))
}
