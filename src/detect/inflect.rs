//! The forms of a word: plurals, genders, cases. What a language does is data (`[[inflection]]`); here it is only applied.
//!
//! A rule says what an ending becomes; the first whose ending a word has applies, so that longer endings stand first. Some of
//! the forms that come out nobody uses; they match nothing and cost a few bytes. Words in capitals (HIV) have no forms.

use serde::Deserialize;

/// Characters of a word alone below which it is left as it is: a form of a short word is too often another word.
const LETTERS_MIN: usize = 5;
/// Characters of a word of a phrase that ends the inflected part: `cancers du sein`.
const PARTICLE_LETTERS_MAX: usize = 3;

/// How the words of one language change, as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Inflection {
    /// ISO 639-1 code.
    pub(super) language: String,
    /// Which words of a phrase change.
    pub(super) phrase: Phrase,
    /// An ending and the endings that replace it, separated by blanks; `-` is none.
    pub(super) rules: Vec<(String, String)>,
}

/// Which words of a phrase change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Phrase {
    /// The first word alone, in all its forms.
    First,
    /// The last word alone.
    Last,
    /// Either the first or the last.
    Ends,
    /// All words up to a particle, each in its first form: `maladies chroniques`.
    All,
}

impl Inflection {
    /// The forms of a term, without the term itself.
    pub(super) fn forms(&self, term: &str) -> Vec<String> {
        if !term.chars().any(char::is_lowercase) || !term.ends_with(char::is_alphabetic) {
            return Vec::new();
        }
        let Some((first, rest)) = term.split_once(' ') else {
            return if term.chars().count() < LETTERS_MIN { Vec::new() } else { self.word(term) };
        };
        let head = || self.word(first).into_iter().map(|form| format!("{form} {rest}"));
        let tail = || {
            let (head, last) = term.rsplit_once(' ').unwrap_or_default();
            self.word(last).into_iter().map(move |form| format!("{head} {form}"))
        };
        match self.phrase {
            Phrase::First => head().collect(),
            Phrase::Last => tail().collect(),
            Phrase::Ends => head().chain(tail()).collect(),
            Phrase::All => self.all(term).into_iter().collect(),
        }
    }

    /// All words up to a particle in their first form.
    fn all(&self, term: &str) -> Option<String> {
        let mut open = true;
        let words: Vec<String> = term
            .split(' ')
            .map(|word| {
                open &= word.chars().count() > PARTICLE_LETTERS_MAX;
                let form = if open { self.word(word).into_iter().next() } else { None };
                form.unwrap_or_else(|| word.to_owned())
            })
            .collect();
        Some(words.join(" ")).filter(|form| form != term)
    }

    /// The forms of one word.
    fn word(&self, word: &str) -> Vec<String> {
        let rule = self.rules.iter().find_map(|(ending, forms)| Some((word.strip_suffix(ending.as_str())?, forms)));
        let Some((stem, forms)) = rule else { return Vec::new() };
        let forms = forms.split_whitespace().map(|ending| format!("{stem}{}", ending.trim_matches('-')));
        forms.filter(|form| form != word).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_words_and_phrases() {
        let french = Inflection {
            language: "fr".to_owned(),
            phrase: Phrase::All,
            rules: vec![
                ("al".to_owned(), "aux ale".to_owned()),
                ("s".to_owned(), String::new()),
                (String::new(), "s".to_owned()),
            ],
        };
        let german = Inflection {
            language: "de".to_owned(),
            phrase: Phrase::Last,
            rules: vec![(String::new(), "en s".to_owned())],
        };
        for (name, inflection, term, expected) in [
            ("plural", &french, "hépatite", vec!["hépatites"]),
            ("ending", &french, "médical", vec!["médicaux", "médicale"]),
            ("already one", &french, "vertiges", vec![]),
            ("phrase", &french, "maladie rare", vec!["maladies rares"]),
            ("up to a particle", &french, "cancer du poumon", vec!["cancers du poumon"]),
            ("capitals", &french, "AVC", vec![]),
            ("short", &french, "sida", vec![]),
            ("last word", &german, "akute Erkrankung", vec!["akute Erkrankungen", "akute Erkrankungs"]),
        ] {
            assert_eq!(inflection.forms(term), expected, "{name}");
        }
    }
}
