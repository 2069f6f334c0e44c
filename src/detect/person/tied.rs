//! Names with a sign tied to them: `Camille Aubertin²`, `{Camille Aubertin}`, `CV_Camille_Aubertin.pdf`, and names that a line end
//! parts.
//!
//! What is glued to a sign is left to code, addresses and paths, where capitals mean nothing, and the recogniser was trained on
//! prose. So here the words alone speak: one must be known as a given name and the other as a surname, and neither as a word or
//! as the name of anything else.
//!
//! False friends: `Visual_Studio`, `[Apache Maven]`, `Rolls-Royce`, `Grace_Period`.

use std::ops::Range;

use smallvec::SmallVec;

use super::stops;
use super::whole::{Trust, whole};
use crate::detect::names::lexicon::{
    BODY, CAPITAL, COMPANY, FORENAME, FREQUENT, PARTICLE, PLACE, POPULAR, SMALL, STREET, SURNAME, TITLE,
};
use crate::detect::names::token::{Case, Token};
use crate::detect::page::Page;
use crate::detect::{fold, named};

/// Confidence in a name that a sign is tied to, and in one that a line end parts.
const CONFIDENCE: (u8, u8) = (78, 84);
/// Tokens of a name behind its given name.
const TOKENS_MAX: usize = 7;
/// Figures and signs behind a name that are none of it: `Aubertin²`, `Aubertin2`.
const NOTE_CHARS_MAX: usize = 2;
/// Bytes between a name in the name of a file and the end of that.
const FILE_BYTES_MAX: usize = 32;
/// What names of files end with.
const FILES: &[&str] = &[
    "csv", "doc", "docx", "eml", "gif", "heic", "jpeg", "jpg", "json", "md", "mp3", "mp4", "msg", "odt", "ods", "pdf",
    "png", "ppt", "pptx", "rtf", "tif", "tiff", "txt", "vcf", "wav", "webp", "xls", "xlsx", "xml", "zip",
];

/// Reports the names of a block of tokens.
pub(in crate::detect) fn names(page: &Page<'_>, tokens: &[Token], mut found: impl FnMut(Range<usize>, u8)) {
    for at in 0..tokens.len() {
        let Some(first) = tokens.get(at).filter(|token| token.is_capital() && is_given(token.flags)) else { continue };
        let rest = tokens.get(at + 1..).unwrap_or_default();
        let behind = tokens.get(..at).unwrap_or_default();
        if let Some(second) = over_line(first, behind, rest) {
            let (given, surname) =
                (first.start as usize..first.end as usize, second.start as usize..second.end as usize);
            let gap = page.text.get(given.end..surname.start).unwrap_or_default();
            if gap.trim().is_empty() {
                found(given.start..surname.end, CONFIDENCE.1);
            } else {
                // What a quoted mail has before each line is no part of the name.
                found(given, CONFIDENCE.1);
                found(surname, CONFIDENCE.1);
            }
            continue;
        }
        let name =
            with_marks(page, tokens, at).or_else(|| longest(page, first, rest)).or_else(|| turned(page, behind, first));
        if let Some(name) = name {
            found(double_given(behind, first).unwrap_or(name.start)..name.end, CONFIDENCE.0);
        }
    }
}

/// The name of several words that begins with a given name, where something is tied to it.
fn longest(page: &Page<'_>, first: &Token, rest: &[Token]) -> Option<Range<usize>> {
    let start = first.start as usize;
    if rest.first().is_none_or(|next| next.glued && !is_hyphen(next)) {
        return None;
    }
    let line = rest.iter().take(TOKENS_MAX).take_while(|token| token.case != Case::Line);
    let ends =
        line.filter(|token| token.is_capital() || token.case == Case::Alphanumeric).map(|token| token.end as usize);
    let ends: SmallVec<[usize; TOKENS_MAX]> = ends.collect();
    ends.iter().rev().find_map(|end| {
        let range = without_note(page.text, start..*end);
        let last = page.text.get(range.clone())?.rsplit([' ', '\u{A0}']).next()?;
        let several = range.end > first.end as usize && is_tied(page, &range);
        // `Mercedes Benz`
        let known = first.is(POPULAR) || flags_of(last) != 0;
        (several && known && is_surname(last) && is_full(page.text, &range)).then_some(range)
    })
}

/// Where the given name begins of which this one is the end: `Jean-Paul`.
fn double_given(behind: &[Token], given: &Token) -> Option<usize> {
    let [.., first, hyphen] = behind else { return None };
    let joined = given.glued && hyphen.glued && is_hyphen(hyphen);
    (joined && first.case == Case::Title && first.is(FORENAME)).then_some(first.start as usize)
}

/// `Aubertin Camille`: a surname before a given name.
fn turned(page: &Page<'_>, behind: &[Token], given: &Token) -> Option<Range<usize>> {
    let surname = behind.last().filter(|token| token.is_capital() && !given.glued)?;
    let range = surname.start as usize..given.end as usize;
    (is_sure_surname(surname.flags) && is_tied(page, &range) && is_full(page.text, &range)).then_some(range)
}

/// `Camille_Aubertin`, in the name of a file `Aubertin-Camille`: two words that a mark joins. Beside a given name that is common, the
/// surname may be unknown.
fn with_marks(page: &Page<'_>, tokens: &[Token], at: usize) -> Option<Range<usize>> {
    let given = tokens.get(at)?;
    let in_file = in_file_name(page.text, given.end as usize);
    let joint = |mark: &Token| {
        let own = mark.mark() == u32::from('_') || in_file && is_hyphen(mark);
        own && mark.glued && mark.end - mark.start == 1
    };
    let apart = |at: usize| {
        tokens
            .get(at)
            .is_none_or(|token| !token.glued || !matches!(page.byte(token.start as usize), b'_' | b'(' | b':'))
    };
    let surname = |token: &Token| {
        let unknown = token.flags == 0 && token.len > 3 && given.is(POPULAR);
        // `ETH_ALEN`
        let written = token.case == Case::Title || in_file && token.case == Case::Upper;
        written && (unknown || is_sure_surname(token.flags))
    };
    if given.case != Case::Title && !in_file {
        return None;
    }
    let behind = match tokens.get(at + 1..at + 3) {
        Some([mark, next]) if joint(mark) && next.glued && surname(next) && apart(at + 3) => {
            Some(given.start..next.end)
        }
        _ => None,
    };
    let ahead = match at.checked_sub(2).and_then(|from| tokens.get(from..at)) {
        Some([last, mark]) if joint(mark) && given.glued && surname(last) && apart(at + 1) => {
            Some(last.start..given.end)
        }
        _ => None,
    };
    behind.or(ahead).map(|range| range.start as usize..range.end as usize)
}

/// The surname at the beginning of the next line, where prose was wrapped within a name: words stand before the given name on its
/// line, and something follows the surname on its own.
fn over_line<'t>(given: &Token, behind: &[Token], rest: &'t [Token]) -> Option<&'t Token> {
    rest.first().filter(|next| next.case == Case::Line)?;
    let before = behind.last().filter(|token| token.is_word() || token.mark() == u32::from('.'))?;
    let titled = before.is(TITLE) || behind.iter().rev().nth(1).is_some_and(|token| token.is(TITLE));
    let quoted = |token: &&Token| token.mark() == u32::from('>') || token.mark() == u32::from('|');
    let marks = rest.iter().skip(1).take_while(quoted).count();
    let surname = rest.get(1 + marks).filter(|token| matches!(token.case, Case::Title | Case::Upper))?;
    let unknown = surname.flags == 0 && surname.len > 3;
    // `Ruby`, and `Perl` below it.
    let common = given.is(POPULAR) || surname.is(POPULAR);
    let goes_on = rest.get(2 + marks).is_some_and(|next| next.case != Case::Line && (next.mark() == 0 || next.glued));
    let prose = before.case == Case::Lower || titled;
    (prose && goes_on && (titled || common) && (is_sure_surname(surname.flags) || unknown)).then_some(surname)
}

/// Known as a given name, and as no word or place.
fn is_given(flags: u16) -> bool {
    let common = flags & (SMALL | CAPITAL) == SMALL || flags & (SMALL | FREQUENT) == SMALL | FREQUENT;
    flags & FORENAME != 0
        && !common
        && (flags & PLACE == 0 || flags & POPULAR != 0)
        && flags & (BODY | COMPANY | STREET) == 0
}

/// Known as a surname, and as no word or place.
fn is_sure_surname(flags: u16) -> bool {
    flags & SURNAME != 0
        && flags & (SMALL | BODY | COMPANY | STREET | TITLE | PARTICLE) == 0
        && (flags & PLACE == 0 || flags & POPULAR != 0)
}

/// Whether a word may be somebody's surname: it is known as one and nothing else, or nothing is known of it.
fn is_surname(word: &str) -> bool {
    let Some((range, folded)) = fold::next_word(word, 0) else { return false };
    let flags = named::flags(folded.as_slice());
    let whole = range.len() == word.len() || word.contains(['-', '\'', '’']);
    whole && word.chars().count() > 2 && !stops().contains(folded.as_slice()) && (is_sure_surname(flags) || flags == 0)
}

/// Whether words are somebody's name from end to end.
fn is_full(text: &str, range: &Range<usize>) -> bool {
    whole(text, range.clone(), Trust::Perhaps).is_some_and(|(name, words)| name == *range && words > 1)
}

/// Without the figures of a note, or of a second of the same name.
fn without_note(text: &str, range: Range<usize>) -> Range<usize> {
    let name = text.get(range.clone()).unwrap_or_default();
    let bare = name.trim_end_matches(|c: char| c.is_numeric());
    let note = name.get(bare.len()..).unwrap_or_default().chars().count();
    if note <= NOTE_CHARS_MAX { range.start..range.start + bare.len() } else { range }
}

fn is_hyphen(token: &Token) -> bool {
    token.mark() == u32::from('-')
}

/// Whether two words are a given name and a surname, in either order, that lists know.
pub(super) fn are_name(one: &str, other: &str) -> bool {
    let pair = |given: &str, surname: &str| {
        let flags = flags_of(given);
        is_given(flags) && is_surname(surname) && (flags & POPULAR != 0 || flags_of(surname) != 0)
    };
    pair(one, other) || pair(other, one)
}

/// The same where lists know both, one of them as common.
pub(super) fn are_known_name(one: &str, other: &str) -> bool {
    let pair = |given: &str, surname: &str| {
        let (given, own) = (flags_of(given), flags_of(surname));
        is_given(given) && is_surname(surname) && own & SURNAME != 0 && (given | own) & POPULAR != 0
    };
    pair(one, other) || pair(other, one)
}

/// What the word list knows of a word.
fn flags_of(word: &str) -> u16 {
    fold::next_word(word, 0).map_or(SMALL, |(_, folded)| named::flags(folded.as_slice()))
}

/// Whether something is tied to a name, so that nobody else looks at it.
fn is_tied(page: &Page<'_>, name: &Range<usize>) -> bool {
    let in_file = in_file_name(page.text, name.end);
    // `San_Francisco Office`: a part of other words.
    let of_word = |mark: usize, other: usize| page.byte(mark) == b'_' && page.byte(other).is_ascii_alphanumeric();
    let begins = name.start > 1 && of_word(name.start - 1, name.start - 2);
    if !in_file && (begins || of_word(name.end, name.end + 1)) {
        return false;
    }
    let behind = page.text.get(name.end..).and_then(|rest| rest.chars().next());
    !named::stands_alone(page, name)
        || matches!(page.before(name.start), b'[' | b'{' | b'_' | b'-')
        || matches!(page.byte(name.end), b']' | b'}' | b'-')
        || behind.is_some_and(char::is_numeric)
        || in_file
}

/// Whether the name of a file ends a little behind: `Camille Aubertin 2024.pdf`.
fn in_file_name(text: &str, end: usize) -> bool {
    let rest = text.get(end..).unwrap_or_default();
    let rest = rest.get(..rest.floor_char_boundary(FILE_BYTES_MAX)).unwrap_or_default();
    let Some((own, behind)) = rest.split_once('.') else { return false };
    let letters = behind.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let file = behind.get(..letters).unwrap_or_default().to_ascii_lowercase();
    let of_name = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '(' | ')');
    own.chars().all(of_name) && FILES.contains(&file.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_end_a_little_behind() {
        for (text, expected) in [
            ("x.pdf", true),
            ("x 2024.PDF", true),
            ("x_final (2).docx", true),
            ("x.py", false),
            ("x, see a.pdf", false),
            ("x", false),
        ] {
            assert_eq!(in_file_name(text, 1), expected, "{text}");
        }
    }
}
