//! Conditions that people write in a form of their own: `leak score between 300 and 700`, `app is in clinical`. Each is one fault
//! with the very words, and parsing goes on as if it were written so. Nothing here is ever taken as it stands.

use std::ops::Range;

use super::comparatives::VERBS;
use super::lexer::Kind;
use super::parser::{Parsed, Parser, folded};
use super::phrase::Phrase as P;
use super::text::{Part, Text, say};
use super::tree::{Ask, Condition, Expr};

/// Words for a range, folded, with those between its ends.
const RANGES: [(&str, &[&str]); 4] =
    [("between", &["and", "to"]), ("entre", &["et", "a"]), ("from", &["to"]), ("de", &["a"])];

/// What stands before an app's group without a word for it, folded.
const APP_IN: &[&[&str]] = &[
    &["app", "is", "in"],
    &["app", "in"],
    &["the", "app", "is", "in"],
    &["application", "is", "in"],
    &["l'application", "est", "dans"],
    &["l'application", "est", "parmi"],
    &["l'application", "dans"],
];

impl Parser<'_> {
    /// Takes a score between two numbers.
    pub(super) fn between(&mut self) -> Parsed<Option<Condition>> {
        let Some((phrase, subject)) = self.subject().filter(|(phrase, _)| *phrase != P::LabelAtLeast) else {
            return Ok(None);
        };
        let verb = usize::from(self.words_at(subject).first().is_some_and(|word| VERBS.contains(&word.as_str())));
        let Some((least, most, tokens)) = self.range_at(subject + verb).or_else(|| self.range_at(subject)) else {
            return Ok(None);
        };
        let from = self.span().start;
        (0..tokens).for_each(|_| self.step());
        let both = say!("({} {} {} {} {} {})", phrase, least, P::And, P::Not, phrase, most.saturating_add(1));
        self.is_meant(self.part_since(from), &both);
        let atom = |score: u64| {
            let score = u16::try_from(score.min(1_000)).unwrap_or_default();
            Expr::Is(if phrase == P::LeakAtLeast { Ask::LeakAtLeast(score) } else { Ask::LeakHistoryAtLeast(score) })
        };
        Ok(Some(atom(least)))
    }

    /// Takes a count between two numbers.
    pub(super) fn counted_between(&mut self) -> Parsed<Option<Ask>> {
        let Some((least, most, tokens)) = self.range_at(0) else { return Ok(None) };
        let from = self.span().start;
        (0..tokens).for_each(|_| self.step());
        let what = self.data("a class or type of data")?;
        let count = |count: u64| -> Text {
            say!("{} {} {} {}", P::DataIncludes, P::AtLeast, count, Part::Data(what.text.clone()))
        };
        let both = say!("({} {} {} {})", count(least), P::And, P::Not, count(most.saturating_add(1)));
        self.is_condition(self.part_since(from), &both);
        let at_least = u32::try_from(least).unwrap_or(u32::MAX).max(1);
        Ok(Some(Ask::Includes { what, at_least, confidence: 0 }))
    }

    /// Two numbers with words for a range, and how many tokens they are together.
    fn range_at(&self, ahead: usize) -> Option<(u64, u64, usize)> {
        let word = |ahead: usize| match &self.token(ahead).kind {
            Kind::Word(word) => Some(folded(word)),
            _ => None,
        };
        let number = |ahead: usize| match self.token(ahead).kind {
            Kind::Number(number) => Some(number),
            _ => None,
        };
        let (begins, between) = (word(ahead)?, word(ahead + 2)?);
        let (_, joints) = RANGES.iter().find(|(known, _)| *known == begins)?;
        let joined = joints.contains(&between.as_str());
        let (least, most) = (number(ahead + 1)?, number(ahead + 3)?);
        joined.then_some((least.min(most), least.max(most), ahead + 4))
    }

    /// Takes an app that is in something: in a group by its name, or among names in quotes.
    pub(super) fn app_in(&mut self) -> Parsed<Option<Condition>> {
        let words = self.words_at(0);
        let begins = |said: &&&[&str]| words.get(..said.len()).is_some_and(|words| words == **said);
        let Some(said) = APP_IN.iter().filter(begins).max_by_key(|said| said.len()) else { return Ok(None) };
        let (from, behind) = (self.span().start, said.len());
        let meant = match self.token(behind).kind {
            _ if self.sees(P::AppInGroup) => return Ok(None),
            Kind::Text(_) => P::AppIs,
            Kind::Word(_) => P::AppInGroup,
            _ => return Ok(None),
        };
        (0..behind).for_each(|_| self.step());
        self.is_meant(self.part_since(from), &say!("{}", meant));
        self.asked(meant).map(Some)
    }

    fn part_since(&self, from: usize) -> Range<usize> {
        from..self.previous().map_or(from, |token| token.span.end)
    }
}
