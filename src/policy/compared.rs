//! Comparisons as people write them: `leak score above 700`, `more than 3 person`, `label is higher than "Internal"`.
//!
//! The language compares in one way, `at least`, and denies with `not`. Whoever compares otherwise is told the very words, with the
//! number that means the same: *above 700* is at least 701, *below 700* is not at least 700. Each is one fault, and parsing goes on
//! as if it were written so. Nothing here is ever taken as it stands.

use std::ops::{Range, RangeInclusive};

use super::comparatives::{CONFIDENCE, Compare, DENIED, VERBS, compare, compare_sign, spelled, trailing};
use super::diagnostic::Diagnostic;
use super::everyday;
use super::lexer::Kind;
use super::otherwise::Next;
use super::parser::{Parsed, Parser};
use super::phrase::Phrase::{self, self as P};
use super::text::{Part, Text, say};
use super::tree::{Ask, Condition, Expr, Name};
use crate::model::finding::POSSIBLY;

/// What stands before a comparison, folded, in every language, with the condition that asks for it.
const SUBJECTS: &[(Phrase, &[&str])] = &[
    (P::LeakAtLeast, &["leak score", "the leak score", "le score de fuite", "score de fuite", "un score de fuite"]),
    (P::LeakHistoryAtLeast, &["leak history", "the leak history", "l'historique de fuite", "historique de fuite"]),
    (P::LabelAtLeast, &["label", "the label", "le marquage", "marquage"]),
];

/// Where a denial stands in the middle of a phrase.
const DENIAL: &str = "octroi::policy::denial";

/// The highest count.
const COUNT_MAX: u64 = 1_000_000;
/// The highest leak score.
const SCORE_MAX: u64 = 1_000;

/// Where `data includes` begins before a count.
#[derive(Clone, Copy)]
struct Lead {
    from: usize,
    denied: bool,
    /// Whether the denial stands in the middle of it, as in `data does not include`, and has been told of.
    midst: bool,
}

/// A comparison that was found ahead of the cursor.
#[derive(Clone, Copy)]
struct Found {
    how: Compare,
    /// Tokens before what it compares with.
    tokens: usize,
}

impl Parser<'_> {
    /// Takes a comparison in other words than those of the language.
    pub(super) fn compared(&mut self) -> Parsed<Option<Condition>> {
        let exact = [P::LeakAtLeast, P::LeakHistoryAtLeast, P::LabelAtLeast];
        if exact.iter().any(|phrase| self.sees(*phrase)) {
            return Ok(None);
        }
        let Some((phrase, subject)) = self.subject() else { return Ok(None) };
        if phrase == P::LabelAtLeast {
            return self.label_compared(subject);
        }
        let Some(found) = self.comparison(subject).or_else(|| self.bare(subject)) else { return Ok(None) };
        let from = self.span().start;
        self.over(found.tokens);
        let (number, end) = match self.per_cent() {
            Some((number, span)) => (number.saturating_mul(10).min(SCORE_MAX), span.end),
            None => (self.a_number("a leak score", 0..=SCORE_MAX)?, self.end()),
        };
        Ok(Some(self.score_is_meant(from..end, phrase, found.how, number)))
    }

    /// Says how the comparison of a score is written.
    fn score_is_meant(&mut self, from: Range<usize>, phrase: Phrase, how: Compare, number: u64) -> Condition {
        let atom = |score: u64| {
            let score = u16::try_from(score.min(SCORE_MAX)).unwrap_or_default();
            Expr::Is(if phrase == P::LeakAtLeast { Ask::LeakAtLeast(score) } else { Ask::LeakHistoryAtLeast(score) })
        };
        let least = how.least(number);
        if least > SCORE_MAX || (number == 0 && how == Compare::Below) {
            let is_true = how == Compare::AtMost;
            self.says_nothing(from, is_true);
            return atom(SCORE_MAX);
        }
        let asked = say!("{} {}", phrase, least);
        if how == Compare::Exactly && number < SCORE_MAX {
            let both = say!("({} {} {} {} {})", asked, P::And, P::Not, phrase, number + 1);
            self.is_meant(from, &both);
            return Expr::All(vec![atom(number), Expr::Not(Box::new(atom(number + 1)))]);
        }
        self.is_meant(from, &if how.is_denied() { say!("{} {}", P::Not, asked) } else { asked });
        let is = atom(least);
        if how.is_denied() { Expr::Not(Box::new(is)) } else { is }
    }

    /// Takes `more than 3 person` behind `data includes`: a count in other words than those of the language.
    pub(super) fn counted(&mut self) -> Parsed<Option<Ask>> {
        let least = P::AtLeast.words(self.language).count();
        if self.stands(0, P::AtLeast) && matches!(self.token(least).kind, Kind::Number(_)) {
            return Ok(None);
        }
        let (from, lead) = (self.sign_before().unwrap_or_else(|| self.span().start), self.lead());
        let (mut how, tokens) = match self.compared_at(0).filter(|found| self.is_number(found.tokens)) {
            Some(found) => (found.how, found.tokens),
            None if matches!(self.kind(), Kind::Number(_)) => (Compare::AtLeast, 0),
            None => return Ok(None),
        };
        self.over(tokens);
        let number = self.a_number("a count", 0..=COUNT_MAX)?;
        // `3 or more person`
        how = self.behind_number().unwrap_or(how);
        let mut what = self.data("a class or type of data")?;
        // A word that is no name is told of here.
        what.text = everyday::meant(&what.text).map_or(what.text, str::to_owned);
        // `3 person or more`
        how = self.behind_number().unwrap_or(how);
        // `exactly 0`, `0 person`: none.
        let (how, number) =
            if number == 0 && !how.is_denied() && how != Compare::Above { (Compare::Below, 1) } else { (how, number) };
        let end = self.end();
        self.count_is_meant(from..end, lead, (how, number), &what.text);
        let at_least = u32::try_from(how.least(number)).unwrap_or(u32::MAX).max(1);
        Ok(Some(Ask::Includes { what, at_least, confidence: 0 }))
    }

    /// Takes a comparison behind what is compared with.
    fn behind_number(&mut self) -> Option<Compare> {
        let (how, words) = trailing(&self.words_at(0))?;
        self.over(words);
        Some(how)
    }

    /// Says how a count is written, behind `lead`.
    fn count_is_meant(&mut self, from: Range<usize>, lead: Option<Lead>, (how, number): (Compare, u64), data: &str) {
        let count = |least: u64| say!("{} {} {}", P::AtLeast, least, Part::Data(data.to_owned()));
        let least = how.least(number);
        if how == Compare::Exactly {
            let (includes, and, not) = (P::DataIncludes, P::And, P::Not);
            let both =
                say!("({} {} {} {} {} {})", includes, count(number.max(1)), and, not, includes, count(number + 1));
            return self.is_condition(from, &both);
        }
        if least == 0 && how.is_denied() {
            return self.says_nothing(from, false);
        }
        let asked = say!("{} {}", P::DataIncludes, count(least.max(1)));
        if !how.is_denied() {
            return match lead.filter(|lead| lead.midst) {
                Some(lead) => self.is_meant(lead.from..from.end, &say!("{} {}", P::Not, asked)),
                None => self.is_meant(from, &count(least.max(1))),
            };
        }
        match lead {
            // `not … fewer than` denies twice.
            Some(lead) if lead.denied => self.is_meant(lead.from..from.end, &asked),
            Some(lead) => self.is_meant(lead.from..from.end, &say!("{} {}", P::Not, asked)),
            None => self.is_condition(from, &say!("{} {}", P::Not, asked)),
        }
    }

    /// The `data includes` before the cursor, with the denial before or in it; `None` within a list.
    fn lead(&self) -> Option<Lead> {
        let words = P::DataIncludes.words(self.language).count();
        let stood = |back: usize, phrase: Phrase| {
            let mut words = phrase.words(self.language).enumerate();
            words.all(|(at, word)| {
                let token = back.checked_sub(at).and_then(|back| self.earlier(back));
                token.is_some_and(|token| matches!(&token.kind, Kind::Word(written) if written == word))
            })
        };
        if stood(words, P::DataIncludes) {
            let denied = stood(words + 1, P::Not);
            let from = self.earlier(words + usize::from(denied))?.span.start;
            return Some(Lead { from, denied, midst: false });
        }
        let (last, before) = (self.faults.last()?, self.previous()?.span.clone());
        let is_denial = last.code() == DENIAL && last.touches(self.file, &before);
        is_denial.then(|| Lead { from: last.order().1, denied: true, midst: true })
    }

    /// Takes `confidence above 80` behind data, in other words than those of the language.
    pub(super) fn confident(&mut self) -> Parsed<Option<u8>> {
        if self.sees(P::ConfidenceAtLeast) {
            return Ok(None);
        }
        let words = self.words_at(0);
        let begins = |said: &&&[&str]| words.get(..said.len()).is_some_and(|words| words == **said);
        let Some(said) = CONFIDENCE.iter().find(begins) else { return Ok(None) };
        let Some(found) = self.comparison(said.len()).or_else(|| self.bare(said.len())) else { return Ok(None) };
        if found.how.is_denied() {
            return Ok(None);
        }
        let from = self.span().start;
        self.over(found.tokens);
        let number = match self.per_cent() {
            Some((number, _)) => number,
            None => self.a_number("a confidence", 0..=u64::MAX)?,
        };
        let (part, least, lowest) = (from..self.end(), found.how.least(number), u64::from(POSSIBLY));
        let meant = say!("{} {}", P::ConfidenceAtLeast, least.max(lowest));
        if least > 100 {
            self.says_nothing(part, false);
        } else if least < lowest {
            let message = say!("`{}` is written `{}` in this sheet", self.slice(&part), meant);
            self.compares(part, message, Some(say!("a confidence runs from {} to 100: {} is none", lowest, least)));
        } else {
            self.is_meant(part, &meant);
        }
        let least = least.max(lowest);
        Ok(Some(u8::try_from(least).unwrap_or(100).min(100)))
    }

    /// A label that is compared. `label is "X"` alone compares with nothing.
    fn label_compared(&mut self, subject: usize) -> Parsed<Option<Condition>> {
        let from = self.span().start;
        let (how, name) = if let Some(found) = self.comparison(subject).filter(|found| found.how != Compare::Exactly) {
            if !matches!(self.token(found.tokens).kind, Kind::Text(_)) {
                return Ok(None);
            }
            self.over(found.tokens);
            (found.how, self.named("a label")?)
        } else {
            let verb = usize::from(self.words_at(subject).first().is_some_and(|word| VERBS.contains(&word.as_str())));
            let Some((how, words)) = trailing(&self.words_at(subject + verb + 1)) else { return Ok(None) };
            if !matches!(self.token(subject + verb).kind, Kind::Text(_)) {
                return Ok(None);
            }
            self.over(subject + verb);
            let name = self.named("a label")?;
            self.over(words);
            (how, name)
        };
        let from = from..self.end();
        let name = if matches!(how, Compare::Above | Compare::AtMost) {
            match self.label_above(&name) {
                Some(Next::Label(next)) => Name { text: next, span: name.span },
                // The highest of all.
                Some(Next::None) => {
                    self.says_nothing(from, how == Compare::AtMost);
                    return Ok(Some(Expr::Is(Ask::LabelAtLeast(name))));
                }
                None => {
                    self.has_no_next(from, &name);
                    return Ok(Some(Expr::Is(Ask::LabelAtLeast(name))));
                }
            }
        } else {
            name
        };
        let asked = say!("{} \"{}\"", P::LabelAtLeast, name.text);
        self.is_meant(from, &if how.is_denied() { say!("{} {}", P::Not, asked) } else { asked });
        let is = Expr::Is(Ask::LabelAtLeast(name));
        Ok(Some(if how.is_denied() { Expr::Not(Box::new(is)) } else { is }))
    }

    /// What is compared here, with its condition and how many words it is.
    pub(super) fn subject(&self) -> Option<(Phrase, usize)> {
        let words = self.words_at(0);
        let found = SUBJECTS.iter().flat_map(|(phrase, said)| said.iter().map(|said| (*phrase, *said)));
        let found = found.filter_map(|(phrase, said)| {
            let count = said.split(' ').count();
            words.get(..count).is_some_and(|words| words.join(" ") == said).then_some((phrase, count))
        });
        found.max_by_key(|(_, count)| *count)
    }

    /// A comparison that begins `ahead` tokens from here, behind a verb and a denial, with something to compare with behind it.
    fn comparison(&self, ahead: usize) -> Option<Found> {
        let words = self.words_at(ahead);
        let behind = |said: &&[&str]| words.get(..said.len()).is_some_and(|words| words == *said);
        let verb = usize::from(words.first().is_some_and(|word| VERBS.contains(&word.as_str())));
        let denied = DENIED.iter().filter(|said| behind(said)).map(|said| said.len()).max();
        let plain = || self.compared_at(ahead + verb).or_else(|| self.compared_at(ahead));
        // `ne dépasse pas` is a comparison, `n'est pas supérieur à` a denied one.
        let found = match denied.and_then(|denied| self.compared_at(ahead + denied)) {
            Some(found) => Found { how: found.how.denied()?, tokens: found.tokens },
            None => plain()?,
        };
        let fits =
            matches!(self.token(found.tokens).kind, Kind::Number(_) | Kind::Text(_)) || self.is_number(found.tokens);
        fits.then_some(found)
    }

    /// A number without a comparison, behind a verb or not.
    fn bare(&self, ahead: usize) -> Option<Found> {
        let verb = usize::from(self.words_at(ahead).first().is_some_and(|word| VERBS.contains(&word.as_str())));
        let number = matches!(self.token(ahead + verb).kind, Kind::Number(_));
        number.then_some(Found { how: Compare::AtLeast, tokens: ahead + verb })
    }

    /// A comparison that begins exactly `ahead` tokens from here, in words or as a sign.
    fn compared_at(&self, ahead: usize) -> Option<Found> {
        if let Some((how, words)) = compare(&self.words_at(ahead)) {
            return Some(Found { how, tokens: ahead + words });
        }
        let before = if ahead == 0 { self.previous()? } else { self.token(ahead - 1) };
        let between = before.span.end..self.token(ahead).span.start;
        let how = compare_sign(self.file.text().get(between)?.trim())?;
        Some(Found { how, tokens: ahead })
    }

    /// Whether a number stands ahead, in digits or in a word.
    pub(super) fn is_number(&self, ahead: usize) -> bool {
        matches!(self.token(ahead).kind, Kind::Number(_))
            || self.words_at(ahead).first().is_some_and(|word| spelled(word).is_some())
    }

    /// Takes a number in digits or in a word.
    fn a_number(&mut self, wanted: &'static str, bounds: RangeInclusive<u64>) -> Parsed<u64> {
        if let Some(number) = self.words_at(0).first().and_then(|word| spelled(word)) {
            self.step();
            return Ok(number);
        }
        self.number(wanted, bounds)
    }

    fn over(&mut self, tokens: usize) {
        (0..tokens).for_each(|_| self.step());
    }

    /// Where the last token ends.
    fn end(&self) -> usize {
        self.previous().map_or(0, |token| token.span.end)
    }

    /// Where a sign begins that compares with what stands here.
    fn sign_before(&self) -> Option<usize> {
        let before = self.previous()?.span.end;
        let between = self.file.text().get(before..self.span().start)?;
        compare_sign(between.trim()).map(|_| before + between.len() - between.trim_start().len())
    }

    /// Reports how a part of the sheet is written.
    pub(super) fn is_meant(&mut self, part: Range<usize>, meant: &Text) {
        let written = self.slice(&part);
        let message = say!("`{}` is written `{}` in this sheet", written, meant);
        self.renamed.push((part.clone(), meant.said(self.language)));
        self.compares(part, message, None);
    }

    /// Reports how a part is written, where it is one of a list.
    pub(super) fn is_condition(&mut self, part: Range<usize>, meant: &Text) {
        let message = say!("`{}` is a condition of its own", self.slice(&part));
        self.compares(part, message, Some(say!("write the condition `{}`", meant)));
    }

    /// Reports that a part is true of every request, or of none.
    fn says_nothing(&mut self, part: Range<usize>, is_true: bool) {
        let written = self.slice(&part);
        let message = if is_true {
            say!("`{}` is true whatever is sent: nothing goes beyond it", written)
        } else {
            say!("`{}` is never true: nothing goes beyond it", written)
        };
        self.compares(part, message, None);
    }

    /// Reports a comparison with a label that has no next one, for it is not listed in this file.
    fn has_no_next(&mut self, part: Range<usize>, name: &Name) {
        let message = say!("labels are compared with `{}` alone", P::LabelAtLeast);
        let help = say!("write `{} \"…\"` with the label that comes next above \"{}\"", P::LabelAtLeast, name.text);
        self.compares(part, message, Some(help));
    }

    fn slice(&self, part: &Range<usize>) -> String {
        self.file.text().get(part.clone()).unwrap_or_default().to_owned()
    }

    fn compares(&mut self, part: Range<usize>, message: Text, help: Option<Text>) {
        let file = self.file;
        // What is said of the signs and words in it is said by this.
        self.faults.retain(|fault| !fault.lies_in(file, &part));
        let fault = Diagnostic::new("octroi::policy::spelling", file, part, message);
        self.faults.push(match help {
            Some(help) => fault.help(help),
            None => fault,
        });
    }
}
