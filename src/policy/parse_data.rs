//! Names of data, and lists of names: what people call data otherwise, and `and` where a comma is wanted.

use std::ops::Range;

use super::concrete::{Item, Mark};
use super::diagnostic::Diagnostic;
use super::everyday;
use super::lexer::Kind;
use super::parser::{Broken, Parsed, Parser, folded};
use super::phrase::{CLAUSES, EXCEPTION_PARTS, GATES, Language, Phrase, STATEMENTS};
use super::surface::{self, NAMES, column};
use super::text::say;
use super::tree::Name;

/// Words that an everyday name of data may have.
const EVERYDAY_WORDS_MAX: usize = 6;
/// Words that stand before a name in prose.
const ARTICLES: &[&str] =
    &["the", "a", "an", "any", "le", "la", "les", "un", "une", "des", "du", "de", "all", "every", "tous", "toutes"];

impl Parser<'_> {
    /// Takes the name of a class or type of data; what a language calls it becomes the identifier.
    pub(super) fn data(&mut self, wanted: &'static str) -> Parsed<Name> {
        if let Some(name) = self.everyday() {
            return Ok(name);
        }
        let article = matches!(self.kind(), Kind::Word(word) if ARTICLES.contains(&folded(word).as_str()));
        if article && matches!(self.token(1).kind, Kind::Word(_)) {
            self.fault("octroi::policy::article", say!("data is named without an article"), None);
            self.renamed.push((self.span().start..self.token(1).span.start, String::new()));
            self.step();
        }
        let bare = matches!(self.kind(), Kind::Word(_));
        let from = self.at;
        let mut name = self.name(wanted)?;
        if bare {
            name.text = match self.foreign(&name.text) {
                Some(identifier) => {
                    self.is_written(name.span.clone(), identifier);
                    identifier.to_owned()
                }
                None => surface::identifier(&name.text, self.language).to_owned(),
            };
            self.marks.push(Mark { from, tokens: 1, item: Item::Data(name.text.clone()) });
        }
        Ok(name)
    }

    /// The identifier of a word for data that is one of another language, or one of this but for accents and capitals.
    fn foreign(&self, written: &str) -> Option<&'static str> {
        let own = |row: &[&'static str]| column(row, self.language).unwrap_or_default();
        if NAMES.iter().any(|row| own(row) == written) {
            return None;
        }
        let row = NAMES.iter().find(|row| folded(own(*row)) == folded(written) || row.contains(&written));
        row.and_then(|row| column(row, Language::En))
    }

    /// Classes and types of data with commas between; `and` for one is a fault that does not stop parsing. What begins with one of
    /// these phrases is none.
    pub(super) fn data_list(&mut self, wanted: &'static str, others: &[&[Phrase]]) -> Parsed<Vec<Name>> {
        let mut written = Vec::new();
        let mut one = |parser: &mut Self| {
            let from = parser.span().start;
            let name = parser.data(wanted)?;
            written.push(parser.written_since(from));
            Ok(name)
        };
        let mut names = self.list(&mut one)?;
        let mut joint = None;
        while let Some(and) = self.and_for_comma(others) {
            joint = joint.or(Some(and));
            names.extend(self.list(&mut one)?);
        }
        self.commas_are_meant(joint, &written);
        Ok(names)
    }

    /// Takes several everyday words for data, which no name can be.
    fn everyday(&mut self) -> Option<Name> {
        let (identifier, count) = self.everyday_at(0)?;
        let span = self.span().start..self.token(count.saturating_sub(1)).span.end;
        self.is_written(span.clone(), identifier);
        (0..count).for_each(|_| self.step());
        Some(Name { text: identifier.to_owned(), span })
    }

    /// The identifier that several everyday words mean, so many tokens from here, and how many they are.
    pub(super) fn everyday_at(&self, from: usize) -> Option<(&'static str, usize)> {
        let words: Vec<String> = (0..EVERYDAY_WORDS_MAX)
            .map_while(|ahead| match &self.token(from + ahead).kind {
                Kind::Word(word) if ahead == 0 || !self.token(from + ahead).first => Some(word.clone()),
                _ => None,
            })
            .collect();
        (2..=words.len()).rev().find_map(|count| {
            let said = words.get(..count)?.join(" ");
            Some((everyday::meant(&said)?, count))
        })
    }

    /// Tokens of the name that begins so many tokens from here: several everyday words, or one with an article before it.
    pub(super) fn name_tokens(&self, from: usize) -> usize {
        let is_article = |ahead: &usize| {
            let behind = self.token(ahead + 1);
            let article =
                matches!(&self.token(*ahead).kind, Kind::Word(word) if ARTICLES.contains(&folded(word).as_str()));
            article && matches!(behind.kind, Kind::Word(_)) && !behind.first
        };
        // `à la Chine`
        let articles = (from..from + 2).take_while(is_article).count();
        self.everyday_at(from).map_or(1 + articles, |(_, count)| count)
    }

    /// Reports how data is written in this sheet.
    fn is_written(&mut self, span: Range<usize>, identifier: &str) {
        let written = self.file.text().get(span.clone()).unwrap_or_default().to_owned();
        let own = surface::written(identifier, self.language);
        self.renamed.push((span.clone(), own.to_owned()));
        if self.is_told(&span) {
            return;
        }
        let message = say!("`{}` is written `{}` in this sheet", written, own);
        self.faults.push(Diagnostic::new("octroi::policy::spelling", self.file, span, message));
    }

    /// Names of a list in which `and` has no other sense than a comma: it is a fault that does not stop parsing.
    pub(super) fn names_of_list(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<Name>) -> Parsed<Vec<Name>> {
        let from = self.span().start;
        let mut items = vec![item(self)?];
        let mut joint: Option<Range<usize>> = None;
        loop {
            if self.lacks_comma() {
                let Ok(one) = item(self) else { break };
                items.push(one);
                continue;
            }
            self.lose_before_comma();
            if self.comma_ends_statement() {
                break;
            }
            let comma = *self.kind() == Kind::Comma;
            let and = self.stands(usize::from(comma), Phrase::And);
            if (!comma && !and) || self.comma_says_nothing() {
                break;
            }
            if and {
                let span = self.token(usize::from(comma)).span.clone();
                joint = joint.or(Some(span));
            }
            (0..usize::from(comma) + usize::from(and)).for_each(|_| self.step());
            match item(self) {
                Ok(one) => items.push(one),
                Err(Broken) => self.lose_item(),
            }
        }
        if let Some(joint) = joint {
            let slice = |name: &Name| self.file.text().get(name.span.clone()).unwrap_or_default().to_owned();
            let names: Vec<String> = items.iter().map(slice).collect();
            let message = say!("the names of a list have a comma between them, not `{}`", Phrase::And);
            let part = from..items.last().map_or(joint.end, |name| name.span.end);
            if !self.faults.iter().any(|fault| fault.lies_in(self.file, &part)) {
                let fault = Diagnostic::new("octroi::policy::list", self.file, joint, message);
                self.faults.push(fault.help(say!("write `{}`", names.join(", "))));
            }
        }
        Ok(items)
    }

    /// Takes `and` between two names of a list, where a comma is wanted, and says where it stood. What begins with one of these
    /// phrases is no name.
    pub(super) fn and_for_comma(&mut self, others: &[&[Phrase]]) -> Option<Range<usize>> {
        let comma = usize::from(*self.kind() == Kind::Comma);
        if !self.stands(comma, Phrase::And) || !matches!(self.token(comma + 1).kind, Kind::Word(_)) {
            return None;
        }
        let behind = comma + 1 + self.name_tokens(comma + 1);
        let next = self.token(behind);
        let others_end = [Phrase::And, Phrase::Or, Phrase::Then, Phrase::IssuedBy];
        let ends = [STATEMENTS, CLAUSES, GATES, EXCEPTION_PARTS, &others_end];
        let alone = next.first
            || matches!(next.kind, Kind::End | Kind::Comma | Kind::Close)
            || ends.into_iter().flatten().any(|phrase| self.stands(behind, *phrase));
        let here = self.at;
        self.at += comma + 1;
        let other = others.iter().any(|phrases| self.sees_one(phrases).is_some()) || self.stands(1, Phrase::Must);
        self.at = here;
        if !alone || other {
            return None;
        }
        (0..comma).for_each(|_| self.step());
        let span = self.span();
        self.step();
        Some(span)
    }

    /// Reports `and` where the names of a list, as the sheet writes them, have commas between them.
    pub(super) fn commas_are_meant(&mut self, joint: Option<Range<usize>>, names: &[String]) {
        let Some(span) = joint else { return };
        let message = say!("the names of a list have a comma between them, not `{}`", Phrase::And);
        let fault = Diagnostic::new("octroi::policy::list", self.file, span, message);
        self.faults.push(fault.help(say!("write `{}`", names.join(", "))));
    }
}
