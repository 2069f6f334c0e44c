//! Which tokens may be part of a name at all; the model looks at no others.
//!
//! A word with a capital may, unless it only begins a sentence and is common in small letters. A word in small letters may
//! when the list knows it as a name and it is no common word, or when a title stands before it. What joins two such words
//! (`de`, a hyphen, an initial's stop) belongs to the run.

use std::ops::Range;

use super::lexicon::{CAPITAL, FORENAME, FREQUENT, PARTICLE, PLACE, SMALL, SURNAME, TITLE};
use super::token::{Case, Token};

/// Tokens of a run at most; a longer one is cut.
const RUN_TOKENS_MAX: usize = 256;
/// Tokens between two names that may join them.
const GAP_TOKENS_MAX: usize = 3;

/// The runs of tokens that may hold names, in order, never touching.
pub(crate) fn active(tokens: &[Token], mut found: impl FnMut(Range<usize>)) {
    let mut run: Option<Range<usize>> = None;
    for at in 0..tokens.len() {
        if !may_begin(tokens, at) {
            continue;
        }
        run = match run.take() {
            Some(open)
                if at - open.end <= GAP_TOKENS_MAX
                    && at - open.start < RUN_TOKENS_MAX
                    && tokens.get(open.end..at).is_some_and(joins) =>
            {
                Some(open.start..at + 1)
            }
            Some(open) => {
                found(open);
                Some(at..at + 1)
            }
            None => Some(at..at + 1),
        };
    }
    if let Some(open) = run {
        found(open);
    }
}

/// Whether a name may begin or end with the token at `at`.
fn may_begin(tokens: &[Token], at: usize) -> bool {
    let Some(token) = tokens.get(at) else { return false };
    if token.is_capital() {
        let common = token.is(SMALL) && token.is(FREQUENT) && !token.is(CAPITAL);
        return !(token.opens && common && token.case == Case::Title && !token.is(FORENAME));
    }
    if token.case != Case::Lower || token.len < 3 {
        return false;
    }
    let named = |token: &Token| token.is(FORENAME | SURNAME | PLACE) && !token.is(SMALL);
    let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at));
    let titled = before(1).is_some_and(|token| token.is(TITLE))
        || before(1).is_some_and(|token| token.mark() == u32::from('.'))
            && before(2).is_some_and(|token| token.is(TITLE));
    let common = token.is(SMALL) && token.is(FREQUENT);
    // `kevin brzezinski`: the unknown word behind a forename.
    let follows = before(1).is_some_and(|token| token.case == Case::Lower && token.is(FORENAME) && named(token));
    named(token) || !common && (titled || follows && !token.is(SMALL))
}

/// Whether what stands between two names may join them.
fn joins(gap: &[Token]) -> bool {
    gap.iter().all(|token| match token.case {
        Case::Lower => token.len <= 3 || token.is(PARTICLE),
        Case::Mark => {
            matches!(char::from_u32(token.mark()), Some('-' | '\'' | '’' | '.' | '&' | ',' | '/' | '‐' | '‑'))
        }
        Case::Title | Case::Upper | Case::Initial | Case::Mixed => true,
        Case::Digits | Case::Alphanumeric | Case::Line => false,
    })
}
