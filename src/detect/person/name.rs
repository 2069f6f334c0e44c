//! Reads a name: capitalised words, initials, particles.

use std::ops::Range;

use smallvec::SmallVec;

use super::words::{ARTICLES, PARTICLES, stops};
use crate::detect::{fold, named};

/// Words of a name.
const WORDS_MAX: usize = 5;
/// Bytes of one word of a name.
const WORD_BYTES_MAX: usize = 40;

/// A name as it stands in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::detect) struct Name {
    /// The whole of it.
    pub(in crate::detect) range: Range<usize>,
    /// Its capitalised words.
    pub(in crate::detect) words: SmallVec<[Range<usize>; 4]>,
}

/// Reads the name that begins at `at`, titles before it skipped.
pub(super) fn name_at(text: &str, at: usize) -> Option<Name> {
    let mut words: SmallVec<[Range<usize>; 4]> = SmallVec::new();
    let mut start = at;
    let mut end = at;
    let mut next = at;
    let mut steps = 0;
    while words.len() < WORDS_MAX && steps < 2 * WORDS_MAX {
        steps += 1;
        let Some(word) = word_at(text, next) else { break };
        let body = text.get(word.clone())?;
        let dotted = text.get(word.end..).is_some_and(|rest| rest.starts_with('.'));
        let elided = ["d'", "d’"].iter().find_map(|head| body.strip_prefix(head)).filter(|_| !words.is_empty());
        let upper = elided.unwrap_or(body).starts_with(char::is_uppercase);
        let initial = upper && body.chars().count() == 1;
        // What stands behind a particle decides whether it was one.
        let particle = !upper && PARTICLES.contains(&body);
        let bare_initial = initial && !dotted;
        let begins = upper && (!is_stop(body) || opens_surname(text, &word)) && !(bare_initial && words.is_empty());
        if !begins && !particle {
            break;
        }
        if upper && !bare_initial {
            if words.is_empty() {
                start = start.max(at);
            }
            end = if initial { word.end + 1 } else { word.end };
            words.push(word.clone());
        }
        let behind = if initial && dotted { word.end + 1 } else { word.end };
        let Some(gap) = text.get(behind..).map(|rest| rest.len() - rest.trim_start_matches(' ').len()) else { break };
        if !(1..=2).contains(&gap) {
            break;
        }
        next = behind + gap;
    }
    let long_enough = words.iter().any(|word| text.get(word.clone()).is_some_and(|word| word.chars().count() > 1));
    (long_enough && end > start).then_some(Name { range: start..end, words })
}

/// Whether an article with a capital belongs to the surname behind it: `Le Goff`, `La Tour`, `El Amrani`.
pub(super) fn opens_surname(text: &str, article: &Range<usize>) -> bool {
    let body = text.get(article.clone()).unwrap_or_default();
    let Some(behind) = text.get(article.end..).and_then(|rest| rest.strip_prefix(' ')) else { return false };
    ARTICLES.contains(&body)
        && behind.starts_with(char::is_uppercase)
        && fold::next_word(behind, 0).is_some_and(|(own, folded)| {
            own.len() > 2 && !stops().contains(folded.as_slice()) && !named::is_common(folded.as_slice())
        })
}

/// The word of letters that begins exactly here, with inner hyphens and apostrophes; `None` when it is glued to something
/// that no name has (a digit, an underscore).
pub(super) fn word_at(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    let mut end = 0;
    let mut joined = None;
    for (offset, c) in rest.char_indices().take(WORD_BYTES_MAX) {
        if fold::is_word(c) && !c.is_numeric() || ('\u{300}'..='\u{36F}').contains(&c) {
            end = offset + c.len_utf8();
            joined = None;
        } else if matches!(c, '-' | '\'' | '’') && end == offset && end > 0 && joined.is_none() {
            joined = Some(c);
        } else {
            if c.is_numeric() || matches!(c, '_' | '@' | '/' | '(' | '\\') && end == offset {
                return None;
            }
            break;
        }
    }
    (end > 0).then_some(at..at + end)
}

/// Whether a word is none of a name: a role, a month, a form of address.
pub(super) fn is_stop(word: &str) -> bool {
    fold::next_word(word, 0)
        .is_some_and(|(range, folded)| range.len() == word.len() && stops().contains(folded.as_slice()))
}
