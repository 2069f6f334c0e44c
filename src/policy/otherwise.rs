//! Conditions that people write in a form of their own: `leak score between 300 and 700`, `app is in clinical`. Each is one fault
//! with the very words, and parsing goes on as if it were written so. Nothing here is ever taken as it stands.

use std::ops::Range;

use jiff::civil::Date;

use super::comparatives::{VERBS, compare};
use super::dates::in_words;
use super::diagnostic::Diagnostic;
use super::everyday;
use super::lexer::Kind;
use super::parser::{Parsed, Parser, folded};
use super::phrase::Language;
use super::phrase::Phrase::{self, self as P};
use super::phrase::{CONDITIONS, DUTIES, GIVENS, OUTCOMES, PREDICATES};
use super::surface::NAMES;
use super::text::{Part, Text, say};
use super::tree::{Area, Ask, Condition, Expr, Name};

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

/// What stands behind a label in the list of the sheet.
pub(super) enum Next {
    Label(String),
    None,
}

/// What the areas are called, folded, with their articles.
#[rustfmt::skip]
const AREAS: [(Phrase, &[&str]); 2] = [
    (P::Eea, &["european economic area", "the european economic area", "the EEA", "the eea", "espace economique europeen", "l'espace economique europeen"]),
    (P::Eu, &["european union", "the european union", "the EU", "the eu", "union europeenne", "l'union europeenne"]),
];

/// What begins a line that says what a label says, folded.
const LABEL: &[&[&str]] = &[
    &["label"],
    &["labels"],
    &["a", "label"],
    &["any", "label"],
    &["every", "label"],
    &["marquage"],
    &["le", "marquage"],
    &["un", "marquage"],
    &["chaque", "marquage"],
];

/// Tokens of the longest date in words, and more: `le 1 er janvier 2027`.
const DATE_TOKENS_MAX: usize = 6;

impl Parser<'_> {
    /// Takes a score between two numbers.
    pub(super) fn between(&mut self) -> Option<Condition> {
        let (phrase, subject) = self.subject().filter(|(phrase, _)| *phrase != P::LabelAtLeast)?;
        let verb = usize::from(self.words_at(subject).first().is_some_and(|word| VERBS.contains(&word.as_str())));
        // `est compris entre`
        let ranges = [subject, subject + verb, subject + verb + 1];
        let (least, most, tokens) = ranges.into_iter().find_map(|ahead| self.range_at(ahead))?;
        let from = self.span().start;
        (0..tokens).for_each(|_| self.step());
        let both = say!("({} {} {} {} {} {})", phrase, least, P::And, P::Not, phrase, most.saturating_add(1));
        self.is_meant(self.part_since(from), &both);
        let atom = |score: u64| {
            let score = u16::try_from(score.min(1_000)).unwrap_or_default();
            Expr::Is(if phrase == P::LeakAtLeast { Ask::LeakAtLeast(score) } else { Ask::LeakHistoryAtLeast(score) })
        };
        Some(atom(least))
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
        if let Some(group) = self.the_group(behind) {
            (0..=behind).for_each(|_| self.step());
            let name = Name { text: group, span: self.span() };
            (0..2).for_each(|_| self.step());
            self.is_meant(self.part_since(from), &say!("{} {}", P::AppInGroup, &name.text));
            return Ok(Some(Expr::Is(Ask::AppInGroup(name))));
        }
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

    /// The label behind this one in the list of the sheet; [`Next::None`] behind the last, `None` where the list has no such label.
    pub(super) fn label_above(&mut self, name: &Name) -> Option<Next> {
        let (here, limit) = (std::mem::take(&mut self.at), std::mem::replace(&mut self.limit, usize::MAX));
        while !(self.ended() || self.token(0).first && self.stands(0, P::Labels)) {
            self.at += 1;
        }
        self.at += P::Labels.words(self.language).count();
        let mut listed: Vec<String> = Vec::new();
        while let Kind::Text(label) = self.kind() {
            listed.push(label.clone());
            self.at += 1;
            if *self.kind() == Kind::Comma {
                self.at += 1;
            }
        }
        (self.at, self.limit) = (here, limit);
        let place = listed.iter().position(|label| *label == name.text)?;
        Some(listed.get(place + 1).cloned().map_or(Next::None, Next::Label))
    }

    /// Whether data or a count begins here, where a condition should: a fault that does not stop parsing.
    pub(super) fn lacks_data_includes(&mut self) -> bool {
        if CONDITIONS.iter().any(|phrase| self.stands(0, *phrase)) {
            return false;
        }
        let words = self.words_at(0);
        let compared = compare(&words).is_some_and(|(_, count)| self.is_number(count));
        let counted = matches!(self.kind(), Kind::Number(_)) && matches!(self.token(1).kind, Kind::Word(_));
        let lacks = (compared || counted || self.is_data()) && self.sees_one(CONDITIONS).is_none();
        if lacks {
            self.is_missing_before_data(P::DataIncludes);
        }
        lacks
    }

    /// The same where a scenario should say what it gives.
    pub(super) fn lacks_data(&mut self) -> bool {
        let counted = matches!(self.kind(), Kind::Number(_)) && matches!(self.token(1).kind, Kind::Word(_));
        let lacks = (counted || self.is_data()) && self.sees_one(GIVENS).is_none() && self.meant(GIVENS).is_none();
        if lacks {
            self.is_missing_before_data(P::Data);
        }
        lacks
    }

    /// Whether a word for data stands here, one of the sheet's or an everyday one.
    pub(super) fn is_data(&self) -> bool {
        let Kind::Word(word) = self.kind() else { return false };
        let listed = || NAMES.iter().flatten().any(|known| folded(known) == folded(word));
        self.everyday_at(0).is_some() || listed() || everyday::meant(word).is_some()
    }

    /// The phrase that is missing before what is asked of backends: a certificate, a place or a name alone.
    pub(super) fn lacked_predicate(&mut self) -> Option<Phrase> {
        let Kind::Word(word) = self.kind() else { return None };
        if self.sees_one(PREDICATES).is_some() || self.stands(0, P::Not) {
            return None;
        }
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        let capitals = letters > 1 && !word.chars().any(char::is_lowercase);
        let lacked = if self.sees(P::Eea) || self.sees(P::Eu) || (capitals && word.len() == 2) {
            P::LocatedIn
        } else if capitals {
            P::Certified
        } else if word.contains(['-', '.']) && self.suggest(word, PREDICATES).is_none() {
            P::Named
        } else {
            return None;
        };
        self.is_missing(lacked);
        Some(lacked)
    }

    /// Passes over `backends` in the middle of what is asked of them, and says that it stands once: `located in EEA or backends on
    /// premises`.
    pub(super) fn lose_repeated_backends(&mut self) {
        let words: &[&str] = match self.language {
            Language::En => &["backends"],
            Language::Fr => &["les", "hebergeurs"],
        };
        let is = |ahead: usize, word: &str| matches!(&self.token(ahead).kind, Kind::Word(written) if folded(written) == word);
        let whole = (0..).zip(words).all(|(ahead, word)| is(ahead, word));
        if !whole || self.sees_one(PREDICATES).is_some() {
            return;
        }
        let span = self.span().start..self.token(words.len() - 1).span.end;
        let written = self.file.text().get(span.clone()).unwrap_or_default();
        let message = say!("`{}` stands once, before all that is asked of them", written);
        let fault = Diagnostic::new("octroi::policy::spelling", self.file, span, message);
        self.faults.push(fault.help(say!("take it out here")));
        for _ in words {
            self.step();
        }
    }

    /// Reports that a phrase is missing before what stands here.
    pub(super) fn is_missing(&mut self, phrase: Phrase) {
        let word = match self.kind() {
            Kind::Word(word) if !self.token(0).first => Some(word.clone()),
            _ => None,
        };
        let help = word.map(|word| say!("write `{} {}`", phrase, word));
        self.fault("octroi::policy::missing", say!("`{}` is missing before this", phrase), help);
    }

    /// The same before a word for data, with the name that it has in this sheet: of that, nothing more is told.
    fn is_missing_before_data(&mut self, phrase: Phrase) {
        let called = self.everyday_at(0).map(|(identifier, words)| (words, Some(identifier)));
        let counted = || compare(&self.words_at(0)).map(|(_, words)| (words + 1, None));
        let Some((tokens, identifier)) = called.or_else(counted).filter(|_| !self.is_reported()) else {
            return self.is_missing(phrase);
        };
        let span = self.span().start..self.token(tokens.saturating_sub(1)).span.end;
        let written = self.file.text().get(span.clone()).unwrap_or_default().to_owned();
        let behind = identifier.map_or(Part::Plain(written), |identifier| Part::Data(identifier.to_owned()));
        let message = say!("`{}` is missing before this", phrase);
        let fault = Diagnostic::new("octroi::policy::missing", self.file, span, message);
        self.faults.push(fault.help(say!("write `{} {}`", phrase, behind)));
    }

    /// The name in `the clinical group`, so many tokens from here.
    fn the_group(&self, ahead: usize) -> Option<String> {
        let word = |ahead: usize| match &self.token(ahead).kind {
            Kind::Word(word) => Some(word.as_str()),
            _ => None,
        };
        let fits = word(ahead)? == "the" && word(ahead + 2)? == "group";
        fits.then(|| word(ahead + 1).map(str::to_owned)).flatten()
    }

    /// Takes an area that is called by several words or with its article: a fault that does not stop parsing.
    pub(super) fn area_in_words(&mut self) -> Option<Area> {
        let words = self.words_at(0);
        let fits = |said: &&&str| words.get(..said.split(' ').count()).is_some_and(|words| words.join(" ") == **said);
        let found = AREAS.iter().filter_map(|(phrase, said)| {
            Some((*phrase, said.iter().filter(fits).map(|said| said.split(' ').count()).max()?))
        });
        let (phrase, count) = found.max_by_key(|(_, count)| *count)?;
        let from = self.span().start;
        (0..count).for_each(|_| self.step());
        self.is_meant(self.part_since(from), &say!("{}", phrase));
        Some(if phrase == P::Eea { Area::Eea } else { Area::Eu })
    }

    /// The date that names its month, and how many tokens it is.
    pub(super) fn date_in_words(&self) -> Option<(Date, usize)> {
        let from = self.span().start;
        let years = (1..DATE_TOKENS_MAX).take_while(|ahead| !self.token(*ahead).first);
        let mut years = years.filter(|ahead| matches!(self.token(*ahead).kind, Kind::Number(1_000..)));
        let last = years.next()?;
        let written = self.file.text().get(from..self.token(last).span.end)?;
        Some((in_words(written)?, last + 1))
    }

    /// Takes `label "X"` before what a label says: a fault that does not stop parsing.
    pub(super) fn label_says_here(&mut self) -> bool {
        let words = self.words_at(0);
        let begins = |said: &&&[&str]| words.get(..said.len()).is_some_and(|words| words == **said);
        let Some(said) = LABEL.iter().find(begins) else { return false };
        let verb = &self.token(said.len() + 1);
        let verbs = [P::Brings, P::Lowers].map(|verb| verb.surface(self.language));
        let says = matches!(&verb.kind, Kind::Word(word) if verbs.contains(&word.as_str()));
        if self.stands(0, P::LabelSays) || !says || !matches!(self.token(said.len()).kind, Kind::Text(_)) {
            return false;
        }
        let from = self.span().start;
        (0..said.len()).for_each(|_| self.step());
        self.is_meant(self.part_since(from), &say!("{}", P::LabelSays));
        true
    }

    /// Takes `then` before a clause of a rule: a fault that does not stop parsing.
    pub(super) fn eat_idle_then(&mut self, clauses: &[Phrase]) {
        let comma = usize::from(*self.kind() == Kind::Comma);
        let words = P::Then.words(self.language).count();
        if !self.stands(comma, P::Then) {
            return;
        }
        let here = self.at;
        self.at += comma + words;
        let says = self.begins(clauses);
        self.at = here;
        if says {
            (0..comma).for_each(|_| self.step());
            let help = Some(say!("leave it out"));
            self.fault("octroi::policy::misplaced", say!("`{}` belongs to scenarios", P::Then), help);
            (0..words).for_each(|_| self.step());
        }
    }

    /// Takes what joins a duty to another, which is a fault that does not stop parsing: each has its own `must`.
    pub(super) fn eat_joint_of_duties(&mut self) -> bool {
        let comma = usize::from(*self.kind() == Kind::Comma);
        let joint = self.stands(comma, P::And) || self.stands(comma, P::Or);
        let behind = comma + usize::from(joint);
        let here = self.at;
        self.at += behind;
        let duty = if behind > 0 { self.sees_one(DUTIES) } else { None };
        self.at = here;
        let Some(duty) = duty else { return false };
        let message = say!("each duty has a `{}` of its own", P::Must);
        let help = say!("write it on a line of its own: {} {}", P::Must, duty);
        let (from, to) = (self.span().start, self.token(behind - 1).span.end);
        self.faults.push(Diagnostic::new("octroi::policy::list", self.file, from..to, message).help(help));
        (0..behind).for_each(|_| self.step());
        true
    }

    /// Takes `gpu-paris is allowed`, the wrong way round: a fault that does not stop parsing.
    pub(super) fn turned_expectation(&mut self) -> Option<(Name, bool)> {
        let Kind::Word(text) = self.kind().clone() else { return None };
        let verb = usize::from(self.words_at(1).first().is_some_and(|word| VERBS.contains(&word.as_str())));
        if self.token(1).first || self.sees_one(&OUTCOMES).is_some() {
            return None;
        }
        let (here, name) = (self.at, Name { text, span: self.span() });
        self.at += 1 + verb;
        let outcome = self.sees_one(&OUTCOMES).filter(|outcome| self.stands(0, *outcome));
        self.at = here;
        let outcome = outcome?;
        let tokens = 1 + verb + outcome.words(self.language).count();
        // `gpu-paris refused cloud-us` says something else.
        let behind = self.token(tokens);
        if matches!(behind.kind, Kind::Word(_)) && !behind.first && !self.stands(tokens, P::And) {
            return None;
        }
        let from = name.span.start;
        (0..tokens).for_each(|_| self.step());
        self.is_meant(self.part_since(from), &say!("{} {}", outcome, &name.text));
        Some((name, outcome == P::Allowed))
    }

    /// Takes a comparison where a scenario gives one number: a fault that does not stop parsing.
    pub(super) fn lose_comparison(&mut self, given: Phrase) {
        let Some((_, count)) = compare(&self.words_at(0)) else { return };
        let Kind::Number(number) = self.token(count).kind else { return };
        let from = self.span().start;
        let span = from..self.token(count - 1).span.end;
        let message = say!("a scenario gives one number");
        let fault = Diagnostic::new("octroi::policy::misplaced", self.file, span, message);
        self.faults.push(fault.help(say!("write `{} {}`", given, number)));
        (0..count).for_each(|_| self.step());
    }
}
