//! Names, texts and numbers of a sheet.
//!
//! What stands in quotes is either prose (a reason, a title) or a name that must be met exactly by an app, a label or a host. A blank
//! at its end or a sign that nobody sees would make it another name, and the rule would never match without a word: so that is a
//! fault.

use std::ops::{Range, RangeInclusive};

use super::comparatives::spelled;
use super::diagnostic::Diagnostic;
use super::lexer::Kind;
use super::lines::ends_line;
use super::nearest::closeness;
use super::parser::{Parsed, Parser, folded};
use super::phrase::{CLAUSES, EXCEPTION_PARTS, GATES, Language, Phrase, STATEMENTS};
use super::reference::Reference;
use super::signs::{advice, called, is_hidden, is_other_blank};
use super::text::{Text, say};
use super::tree::{Name, Trait};

/// Words for `%`.
const PER_CENT: &[&str] = &["pour cent", "pourcent", "pour-cent", "per cent", "percent"];
/// Letters of words that a phrase may be meant by though they are no slip for it: shorter ones are near to anything.
const NEAR_LETTERS_MIN: usize = 4;

/// Whether a certificate scheme of this build is called so.
fn is_scheme(name: &str) -> bool {
    let shipped = Reference::read(&[], Language::En, &mut Vec::new());
    shipped.schemes.keys().any(|scheme| scheme.as_str() == name)
}

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
        let help = say!("it stands in straight double quotes, as in \"…\"");
        Err(self.fault("octroi::policy::missing", message, Some(help)))
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
        // That a text runs over lines was told where it was read.
        let odd = written.char_indices().find(|(_, c)| (is_hidden(*c) || is_other_blank(*c)) && !ends_line(*c));
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
        let blocks = [CLAUSES, EXCEPTION_PARTS, &[Phrase::Given, Phrase::Then]];
        let clause = blocks.into_iter().flatten().find(|phrase| self.stands(0, **phrase)).copied();
        if clause.is_some_and(|clause| self.is_followed(clause)) || self.begins_part() {
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
        // What begins the next line as a clause does was not meant to be a name.
        let begins = self.token(0).first && self.begins_clause();
        let name = match self.kind() {
            Kind::Word(text) | Kind::Text(text) if !begins && !self.is_reserved(0) => {
                Name { text: text.clone(), span: self.span() }
            }
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
        // What begins as a clause does was not meant to be a name.
        let listed = || ends.iter().flat_map(|list| list.iter());
        let clause =
            listed().filter(|_| matches!(self.kind(), Kind::Word(_))).find(|phrase| self.stands(0, **phrase)).copied();
        if clause.is_some_and(|clause| self.is_followed(clause)) {
            let message = say!("expected {}", Text::from(wanted));
            let help = say!("a name is one word, with hyphens in the place of blanks: {}", "its-name");
            return Err(self.fault("octroi::policy::missing", message, Some(help)));
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
    fn ends_name(&mut self, ends: &[&[Phrase]]) -> bool {
        let near = |phrase: &Phrase| {
            let surface = phrase.surface(self.language);
            let words = (0..surface.split(' ').count()).map_while(|ahead| match &self.token(ahead).kind {
                Kind::Word(word) if ahead == 0 || !self.token(ahead).first => Some(word.as_str()),
                _ => None,
            });
            let written = words.collect::<Vec<_>>().join(" ");
            written.chars().count() > NEAR_LETTERS_MIN && closeness(&written, surface).is_some()
        };
        // `group clinic of "ward"`: the first word of what belongs behind it.
        let begun = |phrase: &Phrase| {
            let first = phrase.surface(self.language).split(' ').next();
            matches!(self.kind(), Kind::Word(word) if first == Some(word.as_str()))
                && matches!(self.token(1).kind, Kind::Text(_))
        };
        if ends.iter().any(|phrases| phrases.iter().any(begun)) {
            return true;
        }
        let nears = ends.iter().any(|phrases| *phrases != STATEMENTS && phrases.iter().any(near));
        // A word of the language may be one of a name: `mon paquet`.
        let statement = self.takes_behind_statement();
        nears || ends.iter().any(|phrases| self.sees_one(phrases).is_some() && (*phrases != STATEMENTS || statement))
    }

    /// `HDS`, or `HDS level "2024"`.
    pub(super) fn certified(&mut self) -> Parsed<Trait> {
        let mut scheme = self.name("a certificate scheme")?;
        if let (Kind::Number(_), false) = (self.kind(), self.token(0).first) {
            let (from, number) = (scheme.span.start, self.span());
            self.step();
            let written = self.file.text().get(from..number.end).unwrap_or_default();
            let joined: String = written.split_whitespace().collect();
            if !is_scheme(&joined) {
                // `HDS 2024`
                let file = self.file;
                // `3.2` is no number.
                self.faults.retain(|fault| !fault.lies_in(file, &number));
                let level = file.text().get(number.clone()).unwrap_or_default();
                let message =
                    say!("the level of a certificate has `{}` in front of it, and stands in quotes", Phrase::Level);
                let fault = Diagnostic::new("octroi::policy::spelling", self.file, number.clone(), message);
                self.faults.push(fault.help(say!("write `{} \"{}\"`", Phrase::Level, level)));
                let level = Name { text: level.to_owned(), span: number };
                return Ok(Trait::Certified { scheme, level: Some(level) });
            }
            // `ISO 27001`
            scheme.span.end = number.end;
            scheme.text = joined;
            let message = say!("`{}` is written `{}` in this sheet", written, &scheme.text);
            self.renamed.push((scheme.span.clone(), scheme.text.clone()));
            let fault = Diagnostic::new("octroi::policy::spelling", self.file, scheme.span.clone(), message);
            self.faults.push(fault);
        }
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
