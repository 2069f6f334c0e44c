//! The words that compare, in every language: what each says of a number, and nothing of where it may stand.

/// What a comparison says of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    Above,
    AtLeast,
    Below,
    AtMost,
    Exactly,
}

impl Compare {
    /// The opposite; that of an exact number is no comparison.
    pub(super) const fn denied(self) -> Option<Self> {
        match self {
            Self::Above => Some(Self::AtMost),
            Self::AtLeast => Some(Self::Below),
            Self::Below => Some(Self::AtLeast),
            Self::AtMost => Some(Self::Above),
            Self::Exactly => None,
        }
    }

    /// The number from which it holds, or from which it does not: `at least` alone is in the language.
    pub(super) const fn least(self, number: u64) -> u64 {
        match self {
            Self::Above | Self::AtMost => number.saturating_add(1),
            Self::AtLeast | Self::Below | Self::Exactly => number,
        }
    }

    /// Whether it holds below that number.
    pub(super) const fn is_denied(self) -> bool {
        matches!(self, Self::Below | Self::AtMost)
    }
}

use Compare::{Above, AtLeast, AtMost, Below, Exactly};

/// Words between what is compared and the comparison.
pub(super) const VERBS: &[&str] = &["is", "are", "of", "est", "sont", "soit", "de"];
/// Words that deny the comparison behind them, alone or behind a verb.
pub(super) const DENIED: &[&[&str]] =
    &[&["is", "not"], &["isn't"], &["not"], &["n'est", "pas"], &["est", "pas"], &["n'est"], &["pas"]];

/// Words that ask for a confidence, folded.
pub(super) const CONFIDENCE: &[&[&str]] =
    &[&["confidence"], &["a", "confidence"], &["confiance"], &["une", "confiance"]];

/// Folded words. The longest that fit are meant.
#[rustfmt::skip]
const WORDS: &[(Compare, &[&str])] = &[
    (Above, &["above", "over", "more than", "of more than", "greater than", "higher than", "larger than", "bigger than", "strictly above", "strictly more than", "strictly greater than", "exceeds", "exceed", "exceeding", "in excess of", "beyond"]),
    (AtLeast, &["at least", "of at least", "no less than", "no fewer than", "greater than or equal to", "greater or equal to", "more than or equal to", "above or equal to", "higher than or equal to", "equal to or greater than", "equal to or more than", "equal to or above", "a minimum of", "minimum", "reaches", "starting at"]),
    (Below, &["below", "under", "less than", "fewer than", "of less than", "lower than", "smaller than", "strictly below", "strictly less than"]),
    (AtMost, &["at most", "of at most", "no more than", "no greater than", "no higher than", "does not exceed", "not exceeding", "up to", "less than or equal to", "fewer than or equal to", "lower than or equal to", "below or equal to", "a maximum of", "maximum"]),
    (Exactly, &["exactly", "equal to", "equals", "precisely", "egal a", "egale a", "exactement"]),
    (Above, &["plus de", "plus que", "plus d'", "de plus de", "au-dessus de", "au dessus de", "au-dessus du", "au dessus du", "au-dela de", "au dela de", "superieur a", "superieure a", "superieurs a", "superieures a", "superieur au", "strictement superieur a", "strictement superieure a", "depasse", "depassent", "depassant", "excede", "excedent", "excedant", "plus haut que", "plus eleve que", "plus grand que"]),
    (AtLeast, &["au moins", "d'au moins", "pas moins de", "superieur ou egal a", "superieure ou egale a", "superieurs ou egaux a", "egal ou superieur a", "egale ou superieure a", "au minimum", "un minimum de", "au moins egal a", "atteint", "atteignant", "a partir de"]),
    (Below, &["moins de", "moins que", "moins d'", "de moins de", "en dessous de", "en-dessous de", "au-dessous de", "au dessous de", "sous", "inferieur a", "inferieure a", "inferieurs a", "inferieures a", "strictement inferieur a", "strictement inferieure a", "plus bas que", "plus petit que"]),
    (AtMost, &["au plus", "d'au plus", "pas plus de", "au maximum", "un maximum de", "ne depasse pas", "n'excede pas", "inferieur ou egal a", "inferieure ou egale a", "egal ou inferieur a", "jusqu'a"]),
];

/// Folded words behind a number.
#[rustfmt::skip]
const BEHIND: &[(Compare, &[&str])] = &[
    (AtLeast, &["or more", "and more", "or over", "or above", "and above", "or higher", "and higher", "or up", "and up", "at least", "ou plus", "et plus", "ou davantage", "ou au-dessus", "et au-dessus", "ou superieur", "ou plus haut", "et superieur", "au moins", "au minimum"]),
    (AtMost, &["or less", "or fewer", "or below", "and below", "or lower", "and lower", "at most", "ou moins", "et moins", "ou au-dessous", "ou en dessous", "ou inferieur", "ou plus bas", "au plus", "au maximum"]),
];

/// Numbers in words, folded.
#[rustfmt::skip]
const SPELLED: &[(u64, &[&str])] = &[
    (1, &["one", "un", "une"]), (2, &["two", "deux"]), (3, &["three", "trois"]), (4, &["four", "quatre"]), (5, &["five", "cinq"]),
    (6, &["six"]), (7, &["seven", "sept"]), (8, &["eight", "huit"]), (9, &["nine", "neuf"]), (10, &["ten", "dix"]),
    (20, &["twenty", "vingt"]), (50, &["fifty", "cinquante"]), (100, &["hundred", "cent"]), (1_000, &["thousand", "mille"]),
];

/// The comparison that some words begin with, and how many words it is. `plus d'une` leaves `une` out.
pub(super) fn compare(words: &[String]) -> Option<(Compare, usize)> {
    longest(WORDS, words)
}

/// What a sign between two tokens says.
pub(super) fn compare_sign(sign: &str) -> Option<Compare> {
    match sign {
        ">" => Some(Above),
        ">=" | "=>" | "≥" => Some(AtLeast),
        "<" => Some(Below),
        "<=" | "=<" | "≤" => Some(AtMost),
        "=" | "==" => Some(Exactly),
        _ => None,
    }
}

/// A comparison behind what is compared with: `or more`.
pub(super) fn trailing(words: &[String]) -> Option<(Compare, usize)> {
    longest(BEHIND, words)
}

/// The number that a word says, with an article elided before it or without: `trois`, `d'une`.
pub(super) fn spelled(word: &str) -> Option<u64> {
    let bare = word.strip_prefix("d'").unwrap_or(word);
    SPELLED.iter().find(|(_, words)| words.contains(&bare)).map(|(number, _)| *number)
}

fn longest(table: &[(Compare, &[&str])], words: &[String]) -> Option<(Compare, usize)> {
    let all = table.iter().flat_map(|(how, said)| said.iter().map(|said| (*how, *said)));
    let found = all.filter_map(|(how, said)| {
        // `plus d'` stands before a word that it is written together with.
        let (bare, elided) = said.strip_suffix(" d'").map_or((said, false), |bare| (bare, true));
        let count = bare.split(' ').count();
        let stands = words.get(..count)?.iter().map(String::as_str).eq(bare.split(' '));
        let fits = stands && (!elided || words.get(count).is_some_and(|word| word.starts_with("d'")));
        fits.then_some((how, count))
    });
    found.max_by_key(|(_, count)| *count)
}

#[cfg(test)]
mod tests {
    use super::super::parser::folded;
    use super::*;

    #[test]
    fn the_longest_comparison_is_meant() {
        for (said, expected) in [
            ("more than three", Some((Above, 2))),
            ("less than or equal to", Some((AtMost, 5))),
            ("superieur ou egal a", Some((AtLeast, 4))),
            ("plus d'une personne", Some((Above, 1))),
            ("plus d personne", None),
            ("person", None),
        ] {
            let words: Vec<String> = said.split(' ').map(str::to_owned).collect();
            assert_eq!(compare(&words), expected, "{said}");
        }
        assert_eq!((spelled("d'une"), spelled("deux"), spelled("adresse")), (Some(1), Some(2), None));
    }

    #[test]
    fn words_are_folded_and_listed_once() {
        for table in [WORDS, BEHIND] {
            let mut all: Vec<&str> = table.iter().flat_map(|(_, words)| words.iter().copied()).collect();
            assert!(all.iter().all(|words| folded(words) == **words));
            let listed = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), listed);
        }
    }
}
