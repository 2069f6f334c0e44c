//! What countries are called in prose, and what was probably meant by a code that is none.
//!
//! Nothing here is a word of the language: a sheet names a country by its code, so that two readers mean the same.

use super::parser::folded;
use super::text::{Text, say};
use crate::model::Country;

/// What was probably meant by a code that is none.
pub(super) fn country_help(code: &str) -> Option<Text> {
    let upper = code.to_uppercase();
    let case = || (upper != code && Country::parse(&upper).is_some()).then_some(upper.as_str());
    alias(code).or_else(case).map(|meant| say!("did you mean `{}`?", meant))
}

/// The code that a country is called by in prose, where the reference data calls it otherwise.
pub(super) fn alias(name: &str) -> Option<&'static str> {
    let said = folded(name);
    ALIASES.iter().find(|(_, names)| names.contains(&said.as_str())).map(|(code, _)| *code)
}

/// What countries are called that the reference data calls otherwise, folded.
#[rustfmt::skip]
const ALIASES: &[(&str, &[&str])] = &[
    ("BO", &["bolivia", "bolivie"]),
    ("CZ", &["czech republic", "republique tcheque"]),
    ("DE", &["deu", "ger", "germany"]),
    ("FR", &["fra", "france"]),
    ("GB", &["uk", "gbr", "united kingdom", "england", "britain", "great britain", "royaume-uni", "grande-bretagne", "angleterre"]),
    ("GR", &["el", "grc"]),
    ("IR", &["iran"]),
    ("KP", &["north korea", "coree du nord"]),
    ("KR", &["south korea", "korea", "coree du sud", "coree"]),
    ("MD", &["moldova", "moldavie"]),
    ("NL", &["holland", "hollande", "netherlands", "pays-bas"]),
    ("RU", &["russia", "russie"]),
    ("SY", &["syria", "syrie"]),
    ("TR", &["turkey", "turquie"]),
    ("TW", &["taiwan"]),
    ("US", &["usa", "united states", "united states of america", "america", "amerique", "etats-unis", "cloud-act", "cloud act"]),
    ("VE", &["venezuela"]),
    ("VN", &["vietnam", "viet nam"]),
];
