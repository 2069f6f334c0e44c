//! Names in a short line that is no sentence: an address block, a signature in the middle, a card, an item, a field of a form.
//!
//! ```text
//! Acme SAS\nJean Rossi\n12 rue de la Paix     - Camille Aubertin     Appeler Jean Rossi     Jean Rossi ; 01 99 00 12 34
//! ```
//! Nothing around such a name tells that it is one, so both of its words must: a given name that a list knows, and a surname that a
//! list knows, or that nobody knows beside a given name that is common and nothing else.
//!
//! False friends: headings (`Max Retries`), streets and schools (`Avenue Victor Hugo`), firms (`Martin Bois SARL`).

use std::ops::Range;

use super::surname::{is_given, is_mark, is_particle, is_strange, is_sure_given, is_surname};
use crate::detect::names::lexicon::{BODY, COMPANY, FREQUENT, PLACE, POPULAR, SMALL, STREET, SURNAME};
use crate::detect::names::token::{Case, Token};

/// Confidence in two words that lists know, and where the surname is known to none.
const CONFIDENCE: (u8, u8) = (78, 68);
/// Tokens of a line that is no sentence.
const TOKENS_MAX: usize = 18;
/// Letters of a surname that no list knows.
const STRANGE_LETTERS_MIN: u8 = 4;
/// Words of a surname, particles aside.
const SURNAMES_MAX: usize = 3;
/// What a name may be glued to.
const OPENS: &str = "-*•>#\"'([|:«_/";

/// Reports the names of a line.
pub(super) fn names(line: &[Token], found: &mut impl FnMut(Range<usize>, u8)) {
    let is_sentence = line.last().is_some_and(|last| is_mark(last, ".!?")) && line.len() > 4;
    if line.len() > TOKENS_MAX || line.len() < 2 || is_sentence {
        return;
    }
    let mut at = 0;
    while at + 1 < line.len() {
        match name(line, at) {
            Some((end, confidence)) => {
                let (Some(first), Some(last)) = (line.get(at), line.get(end - 1)) else { return };
                found(first.start as usize..last.end as usize, confidence);
                at = end;
            }
            None => at += 1,
        }
    }
}

/// Where the name ends that begins at a token, and how sure it is one.
fn name(line: &[Token], at: usize) -> Option<(usize, u8)> {
    let given = line.get(at).filter(|given| written(given) && is_given(given))?;
    let before = at.checked_sub(1).and_then(|before| line.get(before));
    let opens = !given.glued || before.is_none_or(|before| is_mark(before, OPENS));
    if !opens || before.is_some_and(|before| before.is(STREET | BODY | COMPANY) || written(before) && !before.is(SMALL))
    {
        return None;
    }
    let mut end = at + 1;
    // `Jean-Paul`, `Marie Anne`
    while let Some([joint, next]) = line.get(end..end + 2)
        && is_mark(joint, "-")
        && joint.glued
        && next.glued
        && written(next)
    {
        end += 2;
    }
    end += line.get(end..)?.iter().take(3).take_while(|token| !token.glued && is_particle(token)).count();
    let surname = line.get(end).filter(|surname| written(surname) && !surname.glued)?;
    let common = given.is(POPULAR) && !given.is(SMALL);
    // Half of the surnames are towns as well.
    let town = common && surname.is(SURNAME) && surname.is(PLACE) && !surname.is(SMALL | BODY | COMPANY | STREET);
    // `Hans` is a word in other languages, and nothing else beside a name that is only a surname.
    let rare = is_surname(surname) && surname.flags == SURNAME && given.case == Case::Title && is_given(given);
    let known = (is_surname(surname) || town) && is_sure_given(given) || rare;
    let strange = common && is_strange(surname, STRANGE_LETTERS_MIN);
    if !known && !strange {
        return None;
    }
    end += 1;
    for _ in 1..SURNAMES_MAX {
        let rest = line.get(end..)?;
        end += match rest {
            [joint, next, ..] if is_mark(joint, "-'’") && joint.glued && next.glued && written(next) => 2,
            [next, ..] if written(next) && !next.glued && next.is(SURNAME) && !next.is(PLACE | SMALL) => 1,
            _ => break,
        };
    }
    // A firm, a street, a heading that goes on.
    let goes_on = line.get(end).is_some_and(|next| {
        next.is(COMPANY | STREET | BODY) || written(next) && !next.glued && next.is(FREQUENT | SMALL)
    });
    (!goes_on).then_some((end, if known { CONFIDENCE.0 } else { CONFIDENCE.1 }))
}

/// As names are written.
fn written(token: &Token) -> bool {
    matches!(token.case, Case::Title | Case::Upper | Case::Mixed) && token.len > 1
}
