//! Names by their place in a text: who speaks in a chat, who signs at the end.
//!
//! ```text
//! [10:07] Karine: il répond pas        Merci d'avance.\nClaire Petit
//! ```
//! What stands there is often nobody (`INFO:`, a heading), so a word that is common in small letters is none.

use std::ops::Range;

use super::{alone, initial, surname};
use crate::detect::names::lexicon::{FORENAME, FREQUENT, SMALL, SURNAME};
use crate::detect::names::token::{Case, Token};

/// Confidence in the speaker of a chat.
const SPEAKS: u8 = 84;
/// Confidence in a signature of two words and more, and of one.
const SIGNS: (u8, u8) = (78, 66);
/// Words of a signature.
const WORDS_MAX: usize = 4;
/// Tokens before a signature: a text that is no more than a name is no letter.
const TOKENS_MIN: usize = 12;

/// Reports the names of a block of tokens; `last` says that the text ends with it.
pub(in crate::detect) fn names(tokens: &[Token], last: bool, mut found: impl FnMut(Range<usize>, u8)) {
    let mut first = 0;
    while first < tokens.len() {
        let rest = tokens.get(first..).unwrap_or_default();
        let len = rest.iter().position(|token| token.case == Case::Line).unwrap_or(rest.len());
        let line = rest.get(..len).unwrap_or_default();
        if let Some(range) = speaker(line) {
            found(range, SPEAKS);
        } else if last
            && first > TOKENS_MIN
            && tokens.len() - first - len < TOKENS_MIN
            && let Some((range, words)) = signature(line)
        {
            found(range, if words > 1 { SIGNS.0 } else { SIGNS.1 });
        }
        surname::names(line, &mut found);
        alone::names(line, &mut found);
        initial::names(line, &mut found);
        first += len + 1;
    }
}

/// `[10:07] Karine:`, `10:07 Karine Dumas:`.
fn speaker(line: &[Token]) -> Option<Range<usize>> {
    let mark = |at: usize, c: char| line.get(at).is_some_and(|token| token.mark() == u32::from(c));
    let digits = |at: usize| line.get(at).is_some_and(|token| token.case == Case::Digits);
    let mut at = usize::from(mark(0, '['));
    let from = at;
    while digits(at) && (mark(at + 1, ':') || mark(at + 1, '.')) {
        at += 2;
    }
    if at == from || !digits(at) {
        return None;
    }
    at += 1;
    at += usize::from(mark(at, ']'));
    let name: &[Token] = line.get(at..).unwrap_or_default();
    let words = name.iter().take_while(|token| token.case == Case::Title && is_name(token)).count();
    let ends = name.get(words).is_some_and(|token| token.mark() == u32::from(':'));
    if !(1..=3).contains(&words) || !ends {
        return None;
    }
    Some(name.first()?.start as usize..name.get(words - 1)?.end as usize)
}

/// A line that is a name from end to end, with one word at least that a list knows.
fn signature(line: &[Token]) -> Option<(Range<usize>, usize)> {
    let words = line.iter().filter(|token| token.is_capital()).count();
    let right = |token: &Token| {
        token.is_capital() && is_name(token)
            || matches!(char::from_u32(token.mark()), Some('-' | '.' | '\'' | '’'))
            || token.case == Case::Lower && token.len <= 3
    };
    let known = line.iter().any(|token| token.case == Case::Title && token.is(FORENAME | SURNAME));
    let first = line.first().filter(|token| token.is_capital())?;
    let last = line.iter().rev().find(|token| token.mark() == 0)?;
    let whole = (1..=WORDS_MAX).contains(&words) && line.len() <= 2 * WORDS_MAX && line.iter().all(right) && known;
    whole.then_some((first.start as usize..last.end as usize, words))
}

/// Not a word that is common in small letters.
fn is_name(token: &Token) -> bool {
    !token.is(SMALL) && !token.is(FREQUENT) || token.is(FORENAME | SURNAME)
}
