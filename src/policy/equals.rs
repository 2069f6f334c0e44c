//! Who asks and how it is labelled, written with a sign as programs do: `app = "site"`. It is one fault that says how it is written, and
//! parsing goes on as if it were written so.

use super::comparatives::{Compare, compare_sign};
use super::lexer::Kind;
use super::parser::Parser;
use super::phrase::Phrase::{self, self as P};
use super::text::say;

/// What may stand before a sign for `is`, folded.
const EQUALLED: [(Phrase, &[&str]); 5] = [
    (P::AppIs, &["app", "the app", "application", "the application", "l'application", "l'appli"]),
    (P::LabelIs, &["label", "the label", "marquage", "le marquage"]),
    (P::TenantIs, &["tenant", "the tenant", "entite", "l'entite"]),
    (P::RoleIs, &["role", "the role", "le role"]),
    (P::PurposeIs, &["purpose", "the purpose", "finalite", "la finalite"]),
];

impl Parser<'_> {
    /// Takes `app = "site"`: a fault that does not stop parsing.
    pub(super) fn equals(&mut self) -> Option<Phrase> {
        let words = self.words_at(0);
        let said = words.join(" ");
        let (phrase, _) = EQUALLED.iter().find(|(_, names)| names.contains(&said.as_str()))?;
        let (last, named) = (self.token(words.len().checked_sub(1)?), self.token(words.len()));
        let between = self.file.text().get(last.span.end..named.span.start)?;
        if !matches!(named.kind, Kind::Text(_)) || compare_sign(between.trim()) != Some(Compare::Exactly) {
            return None;
        }
        let part = self.span().start..last.span.end + between.trim_end().len();
        (0..words.len()).for_each(|_| self.step());
        self.is_meant(part, &say!("{}", *phrase));
        Some(*phrase)
    }
}
