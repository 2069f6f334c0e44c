//! What made a difference, and for what a search was given up, in the words of a language.

use super::super::phrase::{Language, Phrase};
use super::super::text::say;
use super::diff::GivenUp;

/// A cause that is no rule as a sheet of this language says it.
pub(super) fn caused(cause: &str, language: Language) -> String {
    let phrase = match cause {
        "allow" => Phrase::AllowBackends,
        "fall back" => Phrase::FallBack,
        "allow hosted tool" => Phrase::AllowHosted,
        "allow values in addresses of" => Phrase::AllowValues,
        "the label" => Phrase::LabelSays,
        "still includes identified" => Phrase::StillIncludes,
        "on premises" => Phrase::OnPremises,
        other => return other.to_owned(),
    };
    // In English the cause is a word of its own, which programs know.
    if language == Language::En { cause.to_owned() } else { phrase.surface(language).to_owned() }
}

/// A search that was given up, by backend and cause, with what was looked at.
pub(super) fn searched(search: &GivenUp, language: Language) -> String {
    let cause = search.what.rsplit_once('[').and_then(|(backend, cause)| Some((backend, cause.strip_suffix(']')?)));
    let what =
        cause.map_or_else(|| search.what.clone(), |(backend, cause)| format!("{backend}[{}]", caused(cause, language)));
    match &search.looked {
        Some((groups, dims)) => {
            say!("{}: given up when {} groups of requests had been looked at, told apart by {}", what, *groups, dims)
                .said(language)
        }
        None => what,
    }
}
