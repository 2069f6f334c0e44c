//! What octroi says to an officer: sentences with places for words, in the language of the sheet.
//!
//! English is the key: a sentence is written once, where it is needed, and looked up in the other languages' tables when it
//! is shown. What stands in its places is data (a name, a number), a phrase of the vocabulary, or another sentence, and only
//! the last two are translated. A sentence that a table lacks is shown in English; a test fails for it.

use super::french;
use super::phrase::{Language, Phrase};
use super::surface;
use crate::model::Word;

/// A sentence with a `{}` for each part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    template: &'static str,
    parts: Vec<Part>,
}

/// What stands in a place of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// A name or number, the same in every language.
    Plain(String),
    Phrase(Phrase),
    /// The identifier of a class or type of data.
    Data(String),
    Text(Text),
    /// Parts joined by commas.
    List(Vec<Self>),
    /// Parts joined by commas, the last by `or`.
    Either(Vec<Self>),
}

/// Makes a [`Text`]: `say!("`{}` is no {}", name, what)`.
macro_rules! say {
    ($template:literal $(, $part:expr)* $(,)?) => {
        $crate::policy::text::Text::new($template, vec![$($crate::policy::text::ToPart::part(&$part)),*])
    };
}
pub(super) use say;

impl Text {
    pub(super) const fn new(template: &'static str, parts: Vec<Part>) -> Self {
        Self { template, parts }
    }

    /// The sentence in a language.
    pub(super) fn said(&self, language: Language) -> String {
        let template = match language {
            Language::En => self.template,
            Language::Fr => french::of(self.template),
        };
        let mut said = String::new();
        let mut pieces = template.split('{');
        said.push_str(pieces.next().unwrap_or_default());
        let mut next = 0_usize;
        for piece in pieces {
            let (place, rest) = match piece.split_once('}') {
                Some(("", rest)) => {
                    next += 1;
                    (Some(next - 1), rest)
                }
                Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => (number.parse().ok(), rest),
                // A brace that is no place, as in `{ days = 30 }`.
                _ => (None, piece),
            };
            match place {
                Some(place) => said.push_str(&self.parts.get(place).map(|p| p.said(language)).unwrap_or_default()),
                None => said.push('{'),
            }
            said.push_str(rest);
        }
        said
    }
}

impl Part {
    fn said(&self, language: Language) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Phrase(phrase) => phrase.surface(language).to_owned(),
            Self::Data(identifier) => surface::written(identifier, language).to_owned(),
            Self::Text(text) => text.said(language),
            Self::List(parts) => parts.iter().map(|part| part.said(language)).collect::<Vec<_>>().join(", "),
            Self::Either(parts) => {
                let said: Vec<String> = parts.iter().map(|part| part.said(language)).collect();
                let or = Phrase::Or.surface(language);
                match said.split_last() {
                    None => String::new(),
                    Some((last, [])) => last.clone(),
                    Some((last, rest)) => format!("{} {or} {last}", rest.join(", ")),
                }
            }
        }
    }
}

impl From<&'static str> for Text {
    fn from(template: &'static str) -> Self {
        Self::new(template, Vec::new())
    }
}

/// What can stand in a place of a sentence.
pub(super) trait ToPart {
    fn part(&self) -> Part;
}

impl<T: ToPart + ?Sized> ToPart for &T {
    fn part(&self) -> Part {
        (**self).part()
    }
}

impl ToPart for str {
    fn part(&self) -> Part {
        Part::Plain(self.to_owned())
    }
}

impl ToPart for String {
    fn part(&self) -> Part {
        Part::Plain(self.clone())
    }
}

impl ToPart for std::borrow::Cow<'_, str> {
    fn part(&self) -> Part {
        Part::Plain(self.to_string())
    }
}

impl ToPart for Word {
    fn part(&self) -> Part {
        Part::Plain(self.to_string())
    }
}

impl ToPart for usize {
    fn part(&self) -> Part {
        Part::Plain(self.to_string())
    }
}

impl ToPart for u64 {
    fn part(&self) -> Part {
        Part::Plain(self.to_string())
    }
}

impl ToPart for Phrase {
    fn part(&self) -> Part {
        Part::Phrase(*self)
    }
}

impl ToPart for Text {
    fn part(&self) -> Part {
        Part::Text(self.clone())
    }
}

impl ToPart for Part {
    fn part(&self) -> Part {
        self.clone()
    }
}

impl ToPart for Vec<Part> {
    fn part(&self) -> Part {
        Part::List(self.clone())
    }
}
