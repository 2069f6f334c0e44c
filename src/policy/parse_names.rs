//! Names, texts and numbers of a sheet.
//!
//! What stands in quotes is either prose (a reason, a title) or a name that must be met exactly by an app, a label or a host. A blank
//! at its end or a sign that nobody sees would make it another name, and the rule would never match without a word: so that is a
//! fault.

use std::ops::{Range, RangeInclusive};

use super::comparatives::spelled;
use super::concrete::{Item, Mark};
use super::diagnostic::Diagnostic;
use super::everyday;
use super::lexer::Kind;
use super::nearest::closeness;
use super::parser::{Broken, Parsed, Parser, folded};
use super::phrase::{CLAUSES, EXCEPTION_PARTS, GATES, Language, Phrase, STATEMENTS};
use super::signs::{advice, called, is_hidden, is_other_blank};
use super::surface::{self, NAMES, column};
use super::text::{Text, say};
use super::tree::{Name, Trait};

/// Words for `%`.
const PER_CENT: &[&str] = &["pour cent", "pourcent", "pour-cent", "per cent", "percent"];
/// Words that an everyday name of data may have.
const EVERYDAY_WORDS_MAX: usize = 6;
/// Letters of words that a phrase may be meant by though they are no slip for it: shorter ones are near to anything.
const NEAR_LETTERS_MIN: usize = 4;
/// Words that stand before a name in prose.
const ARTICLES: &[&str] = &["the", "a", "an", "any", "le", "la", "les", "un", "une", "des", "du", "de"];

/// Whether several names are meant, as other programs write them.
fn is_pattern(name: &str) -> bool {
    name.starts_with('*') || name.ends_with('*')
}

impl Parser<'_> {
    /// Takes a text in quotes: prose.
    pub(super) fn text(&mut self, wanted: &'static str) -> Parsed<Name> {
        self.quoted(wanted, true)
    }

    pub(super) fn quoted(&mut self, wanted: &'static str, prose: bool) -> Parsed<Name> {
        if let Kind::Text(text) = self.kind() {
            let name = Name { text: text.clone(), span: self.span() };
            self.step();
            if name.text.trim().is_empty() {
                let message = say!("this text is empty");
                let fault = Diagnostic::new("octroi::policy::missing", self.file, name.span.clone(), message);
                self.faults.push(fault.help(say!("write between the quotes: {}", Text::from(wanted))));
            }
            return Ok(name);
        }
        if let Some(name) = self.unquoted(prose) {
            return Ok(name);
        }
        let message = say!("expected {}, in double quotes", Text::from(wanted));
        Err(self.fault("octroi::policy::missing", message, None))
    }

    /// Takes a name in quotes that something must meet exactly.
    pub(super) fn named(&mut self, wanted: &'static str) -> Parsed<Name> {
        let name = self.quoted(wanted, false)?;
        self.exact(&name);
        Ok(name)
    }

    /// Reports what of a name in quotes nobody sees.
    fn exact(&mut self, name: &Name) {
        if !matches!(self.file.text().get(name.span.clone()), Some(written) if written.starts_with('"')) {
            return;
        }
        let written = self.file.text().get(name.span.clone()).unwrap_or_default();
        let odd = written.char_indices().find(|(_, c)| is_hidden(*c) || is_other_blank(*c));
        if let Some((at, sign)) = odd {
            let from = name.span.start + at;
            let message = say!("this name holds the sign {}: with it, it is another name", called(sign));
            let fault =
                Diagnostic::new("octroi::policy::hidden-sign", self.file, from..from + sign.len_utf8(), message);
            self.faults.push(match advice(sign) {
                Some(help) => fault.help(help),
                None => fault,
            });
        } else if is_pattern(&name.text) {
            self.no_pattern(name);
        } else if name.text.trim() != name.text && !name.text.trim().is_empty() {
            let message = say!("this name begins or ends with a blank: with it, it is another name");
            let fault = Diagnostic::new("octroi::policy::hidden-sign", self.file, name.span.clone(), message);
            self.faults.push(fault.help(say!("write \"{}\"", name.text.trim())));
        }
    }

    /// The rest of a line that should stand in quotes, which is one fault, whatever signs are in it.
    fn unquoted(&mut self, prose: bool) -> Option<Name> {
        let starts = matches!(self.kind(), Kind::Word(_) | Kind::Number(_) | Kind::Date(_));
        // What begins the next line was not meant to be a text.
        if !starts || (self.token(0).first && self.at > 0) {
            return None;
        }
        let from = self.span().start;
        let mut end = from;
        let joints: &[Phrase] = if prose { &[] } else { &[Phrase::And, Phrase::Or, Phrase::At] };
        let listed = [STATEMENTS, CLAUSES, EXCEPTION_PARTS, GATES, &[Phrase::Given, Phrase::Then], joints];
        while !self.ended() && !matches!(self.kind(), Kind::Text(_)) {
            // In prose `must` is a word like any other.
            let mut clauses = listed.iter().flat_map(|phrases| phrases.iter().copied());
            let stops = clauses.any(|phrase| self.stands(0, phrase) && (!prose || self.is_followed(phrase)))
                || self.begins_part();
            let closes = !prose && matches!(self.kind(), Kind::Comma | Kind::Close);
            if end > from && (self.token(0).first || stops || closes) {
                break;
            }
            end = self.span().end;
            self.step();
        }
        let span = from..end;
        let text =
            self.file.text().get(span.clone()).unwrap_or_default().trim_end_matches([',', ';', '.', ' ']).to_owned();
        let file = self.file;
        self.faults.retain(|fault| !fault.lies_in(file, &span));
        let name = Name { text, span: span.clone() };
        if !prose && is_pattern(&name.text) {
            self.no_pattern(&name);
            return Some(name);
        }
        let message = say!("a text stands in straight double quotes");
        let fault = Diagnostic::new("octroi::policy::missing", file, span, message);
        self.faults.push(fault.help(say!("write \"{}\"", &name.text)));
        Some(name)
    }

    /// Reports a name with which several were meant.
    fn no_pattern(&mut self, name: &Name) {
        let message = say!("`{}` is the name of nothing: there are no patterns", &name.text);
        let fault = Diagnostic::new("octroi::policy::no-meaning", self.file, name.span.clone(), message);
        self.faults.push(fault.help(say!("name each by itself; several apps may be a group of their own")));
    }

    /// Takes a bare word or a text in quotes.
    pub(super) fn name(&mut self, wanted: &'static str) -> Parsed<Name> {
        let name = match self.kind() {
            Kind::Word(text) | Kind::Text(text) => Name { text: text.clone(), span: self.span() },
            _ => {
                let message = say!("expected {}", Text::from(wanted));
                return Err(self.fault("octroi::policy::missing", message, None));
            }
        };
        self.step();
        self.exact(&name);
        Ok(name)
    }

    /// Takes a name that is one word. More words before what may stand behind it, on its line, are one fault, and read as the name
    /// that was meant: `rule health stays home` names `health-stays-home`.
    pub(super) fn one_word(&mut self, wanted: &'static str, ends: &[&[Phrase]]) -> Parsed<Name> {
        // What begins the next line as a clause does was not meant to be a name.
        let clause = ends.iter().flat_map(|list| list.iter()).find(|phrase| self.stands(0, **phrase)).copied();
        if self.token(0).first && clause.is_some_and(|clause| self.is_followed(clause)) {
            let message = say!("expected {}", Text::from(wanted));
            return Err(self.fault("octroi::policy::missing", message, None));
        }
        let in_quotes = matches!(self.kind(), Kind::Text(_));
        let first = self.name(wanted)?;
        let mut words = vec![first.text.clone()];
        let mut end = first.span.end;
        while !in_quotes && !self.token(0).first && !self.ends_name(ends) {
            let span = self.span();
            let (Kind::Word(_) | Kind::Number(_)) = self.kind() else { break };
            words.push(self.file.text().get(span.clone()).unwrap_or_default().to_owned());
            end = span.end;
            self.step();
        }
        if words.len() == 1 {
            return Ok(first);
        }
        let span = first.span.start..end;
        let text = words.join("-").replace(['\'', '\u{2019}', '.'], "-");
        let message = say!("a name is one word: hyphens stand in the place of blanks");
        let fault = Diagnostic::new("octroi::policy::name", self.file, span.clone(), message);
        self.faults.push(fault.help(say!("write `{}`", text)));
        Ok(Name { text, span })
    }

    /// Whether one of these phrases stands here, or words so near to it that they are meant for it.
    fn ends_name(&self, ends: &[&[Phrase]]) -> bool {
        let near = |phrase: &Phrase| {
            let surface = phrase.surface(self.language);
            let words = (0..surface.split(' ').count()).map_while(|ahead| match &self.token(ahead).kind {
                Kind::Word(word) if ahead == 0 || !self.token(ahead).first => Some(word.as_str()),
                _ => None,
            });
            let written = words.collect::<Vec<_>>().join(" ");
            written.chars().count() > NEAR_LETTERS_MIN && closeness(&written, surface).is_some()
        };
        ends.iter().any(|phrases| self.sees_one(phrases).is_some() || phrases.iter().any(near))
    }

    /// Takes the name of a class or type of data; what a language calls it becomes the identifier.
    pub(super) fn data(&mut self, wanted: &'static str) -> Parsed<Name> {
        if let Some(name) = self.everyday() {
            return Ok(name);
        }
        let article = matches!(self.kind(), Kind::Word(word) if ARTICLES.contains(&folded(word).as_str()));
        if article && matches!(self.token(1).kind, Kind::Word(_)) {
            self.fault("octroi::policy::article", say!("data is named without an article"), None);
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
        let mut names = self.list(|parser| parser.data(wanted))?;
        while self.and_for_comma(others) {
            names.extend(self.list(|parser| parser.data(wanted))?);
        }
        Ok(names)
    }

    /// Takes several everyday words for data, which no name can be.
    fn everyday(&mut self) -> Option<Name> {
        let words: Vec<String> = (0..EVERYDAY_WORDS_MAX)
            .map_while(|ahead| match &self.token(ahead).kind {
                Kind::Word(word) if ahead == 0 || !self.token(ahead).first => Some(word.clone()),
                _ => None,
            })
            .collect();
        let found = (2..=words.len()).rev().find_map(|count| {
            let said = words.get(..count)?.join(" ");
            Some((everyday::meant(&said)?, count))
        });
        let (identifier, count) = found?;
        let span = self.span().start..self.token(count.saturating_sub(1)).span.end;
        self.is_written(span.clone(), identifier);
        (0..count).for_each(|_| self.step());
        Some(Name { text: identifier.to_owned(), span })
    }

    /// Reports how data is written in this sheet.
    fn is_written(&mut self, span: Range<usize>, identifier: &str) {
        let written = self.file.text().get(span.clone()).unwrap_or_default().to_owned();
        let message = say!("`{}` is written `{}` in this sheet", written, surface::written(identifier, self.language));
        self.faults.push(Diagnostic::new("octroi::policy::spelling", self.file, span, message));
    }

    /// Names of a list in which `and` has no other sense than a comma: it is a fault that does not stop parsing.
    pub(super) fn names_of_list(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<Name>) -> Parsed<Vec<Name>> {
        let from = self.span().start;
        let mut items = vec![item(self)?];
        let mut joint: Option<Range<usize>> = None;
        loop {
            self.lose_before_comma();
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

    /// Takes `and` between two names of a list, where a comma is wanted: a fault that does not stop parsing. What begins with one of
    /// these phrases is no name.
    pub(super) fn and_for_comma(&mut self, others: &[&[Phrase]]) -> bool {
        if !self.stands(0, Phrase::And) || !matches!(self.token(1).kind, Kind::Word(_)) {
            return false;
        }
        let next = self.token(2);
        let others_end = [Phrase::And, Phrase::Or, Phrase::Then, Phrase::IssuedBy];
        let ends = [STATEMENTS, CLAUSES, GATES, EXCEPTION_PARTS, &others_end];
        let alone = next.first
            || matches!(next.kind, Kind::End | Kind::Comma | Kind::Close)
            || ends.into_iter().flatten().any(|phrase| self.stands(2, *phrase));
        self.step();
        let other = others.iter().any(|phrases| self.sees_one(phrases).is_some()) || self.stands(1, Phrase::Must);
        self.back();
        if !alone || other {
            return false;
        }
        let slice = |span: Range<usize>| self.file.text().get(span).unwrap_or_default().to_owned();
        let before = self.previous().map(|token| slice(token.span.clone())).unwrap_or_default();
        let behind = slice(self.token(1).span.clone());
        let message = say!("the names of a list have a comma between them, not `{}`", Phrase::And);
        let fault = Diagnostic::new("octroi::policy::list", self.file, self.span(), message);
        self.faults.push(fault.help(say!("write `{}, {}`", before, behind)));
        self.step();
        true
    }

    /// `HDS`, or `HDS level "2024"`.
    pub(super) fn certified(&mut self) -> Parsed<Trait> {
        let scheme = self.name("a certificate scheme")?;
        let level = if self.eat(Phrase::Level) { Some(self.named("the level")?) } else { None };
        Ok(Trait::Certified { scheme, level })
    }

    /// How often something is there.
    pub(super) fn count(&mut self) -> Parsed<u32> {
        let count = self.number("a count", 1..=1_000_000)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Takes a whole number between bounds; one beyond them is a fault that does not stop parsing.
    pub(super) fn number(&mut self, wanted: &'static str, bounds: RangeInclusive<u64>) -> Parsed<u64> {
        if let Kind::Number(number) = *self.kind() {
            if bounds.contains(&number) {
                self.step();
                return Ok(number);
            }
            let (wanted, from, to) = (Text::from(wanted), *bounds.start(), *bounds.end());
            let message = say!("{} is out of range: {} is {} to {}", number, wanted, from, to);
            self.fault("octroi::policy::out-of-range", message, None);
            self.step();
            return Ok(number.clamp(from, to));
        }
        let spelled = self.words_at(0).first().and_then(|word| spelled(word)).filter(|number| bounds.contains(number));
        let message = say!("expected a number: {}", Text::from(wanted));
        let broken = self.fault("octroi::policy::missing", message, spelled.map(|number| say!("write `{}`", number)));
        if let Some(number) = spelled {
            self.step();
            return Ok(number);
        }
        Err(broken)
    }

    /// Takes a number with `%` behind it, and gives its place. What the sign is a fault for is the affair of whoever asked.
    pub(super) fn per_cent(&mut self) -> Option<(u64, Range<usize>)> {
        let Kind::Number(number) = *self.kind() else { return None };
        let span = self.span();
        let behind = self.file.text().get(span.end..)?;
        let blanks = behind.len() - behind.trim_start_matches(|c: char| c == ' ' || is_other_blank(c)).len();
        if behind.get(blanks..)?.starts_with('%') {
            let sign = span.end + blanks;
            let file = self.file;
            self.faults.retain(|fault| !fault.lies_in(file, &(sign..sign + 1)));
            self.step();
            return Some((number, span.start..sign + 1));
        }
        let words: Vec<String> = (1..=2)
            .map_while(|ahead| match &self.token(ahead).kind {
                Kind::Word(word) => Some(folded(word)),
                _ => None,
            })
            .collect();
        let count = (1..=words.len())
            .rev()
            .find(|count| words.get(..*count).is_some_and(|words| PER_CENT.contains(&words.join(" ").as_str())))?;
        let end = self.token(count).span.end;
        (0..=count).for_each(|_| self.step());
        Some((number, span.start..end))
    }
}
