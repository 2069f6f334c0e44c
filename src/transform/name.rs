//! Names that APIs hold to letters, digits, `_` and `-`, and to a length: of tools, of who speaks, of formats.
//! Those of properties are none of them: a schema says them again as texts (`required`), which must stay equal.
//!
//! A bracket there is a request that the backend refuses. So a token stands in a name as it is, `call_PERSON_K7Q2M9F3`, where
//! restore finds it again between its neighbours and the name stays short enough; else one token stands for the whole name.
//! Two more leaves take fewer characters yet: the name of a document at Bedrock (`PERSON-K7Q2M9F3`) and a label at Google
//! (`person_k7q2m9f3`).

use std::ops::Range;

use super::code::LENGTH;
use crate::limits::{LABEL_BYTES_MAX, NAME_BYTES_MAX, TITLE_BYTES_MAX};
use crate::model::{Field, Role, Spelling};

/// Whether a field is a name that must stay one, or another leaf in which an API takes fewer characters than a token in brackets
/// has.
pub(super) fn is_name(field: &Field) -> bool {
    field.role == Role::Name || field.spelling != Spelling::Any
}

/// A token as the field takes it; restore knows it in any of these spellings.
pub(super) fn spelt(field: &Field, token: String) -> String {
    match field.spelling {
        Spelling::Any => token,
        Spelling::Title => token.replace('_', "-"),
        Spelling::Label => token.to_ascii_lowercase(),
    }
}

/// Whether tokens for parts of a name leave it one: `parts` are the parts in order, each with the bytes of its type word.
pub(super) fn takes_parts(field: &Field, text: &str, parts: &[(Range<usize>, usize)]) -> bool {
    let apart = parts.iter().enumerate().all(|(index, (part, _))| {
        let before = text.get(..part.start).and_then(|head| head.chars().next_back());
        let behind = text.get(part.end..).and_then(|tail| tail.chars().next());
        let touched = parts.get(index + 1).is_some_and(|(next, _)| next.start == part.end);
        is_apart(before, behind) && !touched
    });
    let kept = text.len().saturating_sub(parts.iter().map(|(part, _)| part.len()).sum());
    let bytes = kept + parts.iter().map(|(_, word)| word + 1 + LENGTH).sum::<usize>();
    let most = match field.spelling {
        Spelling::Any => NAME_BYTES_MAX,
        Spelling::Title => TITLE_BYTES_MAX,
        Spelling::Label => LABEL_BYTES_MAX,
    };
    apart && bytes <= most.max(text.len())
}

/// Whether restore finds a token without brackets between these neighbours in a name.
pub(super) fn is_apart(before: Option<char>, behind: Option<char>) -> bool {
    let joined = |char: char| char.is_alphanumeric() || matches!(char, '<' | '[' | '«' | ';' | '*' | '\\');
    !before.is_some_and(joined) && behind.is_none_or(|char| !char.is_ascii_digit() && !char.is_ascii_uppercase())
}
