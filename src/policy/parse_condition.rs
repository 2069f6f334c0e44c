//! Conditions on requests, predicates on backends, and areas.

use std::collections::BTreeSet;

use super::diagnostic::Diagnostic;
use super::lexer::Kind;
use super::parser::{Parsed, Parser};
use super::phrase::{CLAUSES, CONDITIONS, GATES, PREDICATES, Phrase, STATEMENTS};
use super::text::say;
use super::tree::{Area, Ask, Condition, Expr, Name, Predicate, Trait};
use crate::model::finding::POSSIBLY;

impl Parser<'_> {
    pub(super) fn condition(&mut self) -> Condition {
        self.expression(CONDITIONS, Self::ask)
    }

    pub(super) fn predicate(&mut self) -> Predicate {
        self.expression(PREDICATES, Self::quality)
    }

    /// One thing that a condition asks of a request.
    fn ask(&mut self) -> Parsed<Condition> {
        if let Some(between) = self.between() {
            return Ok(between);
        }
        if let Some(compared) = self.compared()? {
            return Ok(compared);
        }
        if let Some(asked) = self.app_in()? {
            return Ok(asked);
        }
        if self.lacks_data_includes() {
            return self.asked(Phrase::DataIncludes);
        }
        if let Some(phrase) = self.eat_denied(CONDITIONS) {
            return Ok(Expr::Not(Box::new(self.asked(phrase)?)));
        }
        if let Some(phrase) = self.equals() {
            return self.asked(phrase);
        }
        let phrase = self.one_of(CONDITIONS, "a condition on the request")?;
        self.asked(phrase)
    }

    /// What stands behind the phrase of a condition.
    pub(super) fn asked(&mut self, phrase: Phrase) -> Parsed<Condition> {
        match phrase {
            Phrase::DataIncludes => self.choice(Self::includes),
            Phrase::DataStillIncludes | Phrase::StillIncludes => {
                self.choice(|parser| Ok(Ask::StillIdentified(parser.data("a class or type of data")?)))
            }
            Phrase::LabelIs => self.choice_of_one(|parser| Ok(Ask::LabelIs(parser.named("a label")?))),
            Phrase::LabelAtLeast => Ok(Expr::Is(Ask::LabelAtLeast(self.named("a label")?))),
            Phrase::LeakAtLeast => Ok(Expr::Is(Ask::LeakAtLeast(self.score()?))),
            Phrase::LeakHistoryAtLeast => Ok(Expr::Is(Ask::LeakHistoryAtLeast(self.score()?))),
            Phrase::AppIs => self.choice_of_one(|parser| Ok(Ask::App(parser.named("the name of an app")?))),
            Phrase::AppInGroup => Ok(Expr::Is(Ask::AppInGroup(self.name("the name of a group")?))),
            Phrase::TenantIs => self.choice_of_one(|parser| Ok(Ask::Tenant(parser.named("the name of a tenant")?))),
            Phrase::RoleIs => self.choice(|parser| Ok(Ask::Role(parser.named("the name of a role")?))),
            Phrase::PurposeIs => self.choice_of_one(|parser| Ok(Ask::Purpose(parser.named("a purpose")?))),
            Phrase::ResidenceIn => Ok(Expr::Is(Ask::ResidenceIn(self.areas()?))),
            Phrase::MinorsConcerned => Ok(Expr::Is(Ask::Minors)),
            Phrase::ScanIncomplete => Ok(Expr::Is(Ask::ScanIncomplete)),
            Phrase::FieldUnreadable => Ok(Expr::Is(Ask::Unreadable)),
            Phrase::ReferenceIncluded => Ok(Expr::Is(Ask::Reference)),
            _ => Ok(Expr::Is(Ask::Hosted)),
        }
    }

    pub(super) fn score(&mut self) -> Parsed<u16> {
        if let Some((number, span)) = self.per_cent() {
            let score = u16::try_from(number.saturating_mul(10)).unwrap_or(1_000).min(1_000);
            let message = say!("a leak score runs from 0 to 1000, and is no per cent");
            let fault = Diagnostic::new("octroi::policy::out-of-range", self.file, span, message);
            self.faults.push(fault.help(say!("write `{}`", u64::from(score))));
            return Ok(score);
        }
        let score = self.number("a leak score", 0..=1_000)?;
        Ok(u16::try_from(score).unwrap_or(1_000))
    }

    /// `X`, `any of X, Y` or `all of X, Y`; `X, Y` alone is a fault, for it can be read both ways, and so is `X or Y`.
    fn choice<A>(&mut self, item: impl FnMut(&mut Self) -> Parsed<A>) -> Parsed<Expr<A>> {
        self.chosen(item, &[Phrase::AnyOf, Phrase::AllOf])
    }

    /// The same of what there is one of, such as the app that asks: it is any of several, and never all of them.
    fn choice_of_one<A>(&mut self, item: impl FnMut(&mut Self) -> Parsed<A>) -> Parsed<Expr<A>> {
        self.chosen(item, &[Phrase::AnyOf])
    }

    fn chosen<A>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<A>, offered: &[Phrase]) -> Parsed<Expr<A>> {
        let how = self.eat_one(&[Phrase::AnyOf, Phrase::AllOf]);
        let span = self.span();
        let mut written = Vec::new();
        let mut one = |parser: &mut Self| {
            let from = parser.span().start;
            let item = item(parser)?;
            written.push(parser.written_since(from));
            Ok(item)
        };
        let mut items: Vec<Expr<A>> = self.list(&mut one)?.into_iter().map(Expr::Is).collect();
        let (mut joint, mut is_mixed) = (None, false);
        while self.joins_names() {
            self.eat_comma();
            let next = self.eat_one(&[Phrase::And, Phrase::Or]);
            is_mixed |= joint.is_some() && joint != next;
            joint = next;
            items.extend(self.list(&mut one)?.into_iter().map(Expr::Is));
        }
        let offered_last = offered.last().copied().unwrap_or(Phrase::AnyOf);
        let list = how.unwrap_or_else(|| if joint == Some(Phrase::And) { offered_last } else { Phrase::AnyOf });
        // `health data or medical records` is health.
        let mut seen = BTreeSet::new();
        written.retain(|name| seen.insert(name.clone()));
        if let Some(joint) = joint {
            let span = span.start..self.previous().map_or(span.end, |token| token.span.end);
            let message = say!("`{}` stands between conditions, not between names", joint);
            let fault = Diagnostic::new("octroi::policy::any-or-all", self.file, span, message);
            let help = if is_mixed && how.is_none() && offered.len() > 1 {
                say!("write each as a condition of its own, with brackets around those that belong together")
            } else if let [only] = written.as_slice() {
                say!("write `{}`", only)
            } else {
                say!("write `{} {}`", list, written.join(", "))
            };
            self.faults.push(fault.help(help));
        } else if how.is_none() && items.len() > 1 {
            let (message, names) = (say!("any of these, or all of them?"), written.join(", "));
            let fault = Diagnostic::new("octroi::policy::any-or-all", self.file, span, message);
            self.faults.push(fault.help(match offered {
                [only] => say!("write `{} {}`", *only, names),
                _ => say!("write `{} {}` or `{} {}`", Phrase::AnyOf, &names, Phrase::AllOf, &names),
            }));
        }
        Ok(match list {
            _ if items.len() == 1 && how.is_none() => items.remove(0),
            Phrase::AllOf => Expr::All(items),
            _ => Expr::Any(items),
        })
    }

    /// Whether `and` or `or` stands here, behind a comma or not, with another name behind it, and not another condition.
    fn joins_names(&mut self) -> bool {
        let comma = usize::from(*self.kind() == Kind::Comma);
        if !self.stands(comma, Phrase::And) && !self.stands(comma, Phrase::Or) {
            return false;
        }
        let in_quotes = matches!(self.previous().map(|token| &token.kind), Some(Kind::Text(_)));
        let ends = |parser: &Self| {
            let behind = comma + 1 + parser.name_tokens(comma + 1);
            let next = parser.token(behind);
            let phrases = [STATEMENTS, CLAUSES, GATES, &[Phrase::And, Phrase::Or, Phrase::Then]];
            next.first
                || matches!(next.kind, Kind::End | Kind::Comma | Kind::Close)
                || phrases.into_iter().flatten().any(|phrase| parser.stands(behind, *phrase))
        };
        match self.token(comma + 1).kind {
            Kind::Text(_) => in_quotes,
            Kind::Word(_) if !in_quotes && ends(self) => {
                let here = self.at;
                self.at += comma + 1;
                let begins = [CONDITIONS, PREDICATES, &[Phrase::Not]].iter().any(|list| self.sees_one(list).is_some());
                self.at = here;
                !begins
            }
            _ => false,
        }
    }

    /// `[at least N] X [[with] confidence at least N]`
    fn includes(&mut self) -> Parsed<Ask> {
        if self.eat(Phrase::HealthOfAPerson) {
            return Ok(Ask::HealthOfAPerson);
        }
        if let Some(counted) = self.counted_between()? {
            return Ok(counted);
        }
        if let Some(counted) = self.counted()? {
            return Ok(counted);
        }
        let at_least = if self.eat(Phrase::AtLeast) { self.count()? } else { 1 };
        let what = self.data("a class or type of data")?;
        self.eat(Phrase::With);
        if let Some(confidence) = self.confident()? {
            return Ok(Ask::Includes { what, at_least, confidence });
        }
        if !self.eat(Phrase::ConfidenceAtLeast) {
            return Ok(Ask::Includes { what, at_least, confidence: 0 });
        }
        if at_least > 1 {
            let help = say!("write two conditions, one for each, joined by `{}`", Phrase::And);
            let message = say!("a count and a confidence cannot be asked together");
            return Err(self.fault("octroi::policy::out-of-range", message, Some(help)));
        }
        if let Some((number, span)) = self.per_cent() {
            let message = say!("a confidence is a number alone, from 50 to 100");
            let fault = Diagnostic::new("octroi::policy::out-of-range", self.file, span, message);
            self.faults.push(fault.help(say!("write `{}`", number)));
            let confidence = u8::try_from(number).unwrap_or(100).clamp(POSSIBLY, 100);
            return Ok(Ask::Includes { what, at_least, confidence });
        }
        let confidence = self.number("a confidence", u64::from(POSSIBLY)..=100)?;
        Ok(Ask::Includes { what, at_least, confidence: u8::try_from(confidence).unwrap_or(100) })
    }

    /// One thing that a predicate asks of a backend.
    fn quality(&mut self) -> Parsed<Predicate> {
        self.lose_repeated_backends();
        if let Some(phrase) = self.eat_denied(PREDICATES) {
            return Ok(Expr::Not(Box::new(self.of_backends(phrase)?)));
        }
        let phrase = match self.lacked_predicate() {
            Some(lacked) => lacked,
            None => self.one_of(PREDICATES, "what is asked of the backends")?,
        };
        self.of_backends(phrase)
    }

    /// What stands behind the phrase of a predicate.
    fn of_backends(&mut self, phrase: Phrase) -> Parsed<Predicate> {
        match phrase {
            Phrase::OnPremises => Ok(Expr::Is(Trait::OnPremises)),
            Phrase::Domestic => Ok(Expr::Is(Trait::Domestic)),
            Phrase::LocatedIn => Ok(Expr::Is(Trait::LocatedIn(self.areas()?))),
            Phrase::LocatedOutside => Ok(Expr::Not(Box::new(Expr::Is(Trait::LocatedIn(self.areas()?))))),
            Phrase::ControlledFrom => self.controlled_from(),
            Phrase::ExposedTo => self.choice(|parser| Ok(Trait::ExposedTo(parser.regime()?))),
            Phrase::Certified => self.choice(Self::certified),
            Phrase::WithTransferBasis => Ok(Expr::Is(Trait::TransferBasis)),
            Phrase::WithContract => Ok(Expr::Is(Trait::Contract)),
            Phrase::KeysOurs => Ok(Expr::Is(Trait::KeysOurs)),
            Phrase::Attested => Ok(Expr::Is(Trait::Attested)),
            Phrase::RetentionNone => Ok(Expr::Is(Trait::RetentionNone)),
            Phrase::TrainingNever => Ok(Expr::Is(Trait::TrainingNever)),
            _ => self.choice_of_one(|parser| Ok(Trait::Named(parser.name("the name of a backend")?))),
        }
    }

    /// A legal regime, which has no article.
    fn regime(&mut self) -> Parsed<Name> {
        let is_before = |token: &Kind| matches!(token, Kind::Word(word) if BEFORE_REGIME.contains(&word.as_str()));
        let (from, begins) = (self.span().start, self.token(0).first && self.begins_clause());
        let words = (0..2).take_while(|ahead| !begins && is_before(&self.token(*ahead).kind)).count();
        if words > 0 && matches!(self.token(words).kind, Kind::Word(_)) {
            // That of a country by its name is told with its code.
            if !matches!(&self.token(words).kind, Kind::Word(word) if is_proper(word)) {
                self.fault("octroi::policy::article", say!("a legal regime is named without an article"), None);
            }
            self.renamed.push((self.span().start..self.token(words).span.start, String::new()));
            (0..words).for_each(|_| self.step());
        }
        let mut name = self.name("a legal regime, such as US")?;
        self.whole_country(&mut name, from);
        Ok(name)
    }

    /// What stands behind `controlled from`; `outside` is a fault that does not stop parsing.
    fn controlled_from(&mut self) -> Parsed<Predicate> {
        let from = self.span().start;
        let tokens = match self.words_at(0).iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["outside" | "out", "of", ..] | ["hors", "de" | "du" | "des", ..] => 2,
            ["outside" | "hors", ..] => 1,
            _ => return Ok(Expr::Is(Trait::ControlledFrom(self.areas()?))),
        };
        let span = from..self.token(tokens - 1).span.end;
        (0..tokens).for_each(|_| self.step());
        let from = self.span().start;
        let areas = self.areas()?;
        let message = say!("what is denied has `{}` in front of it", Phrase::Not);
        let fault = Diagnostic::new("octroi::policy::denial", self.file, span, message);
        let (not, controlled) = (Phrase::Not, Phrase::ControlledFrom);
        self.faults.push(fault.help(say!("write `{} {} {}`", not, controlled, self.written_since(from))));
        Ok(Expr::Not(Box::new(Expr::Is(Trait::ControlledFrom(areas)))))
    }

    /// `FR`, or `any of FR, DE`: the areas together.
    fn areas(&mut self) -> Parsed<Vec<Area>> {
        let (mut any, mut joined) = (self.eat(Phrase::AnyOf), false);
        let span = self.span();
        let mut written = Vec::new();
        let mut one = |parser: &mut Self| {
            // `in France, in Germany`
            let within = parser.words_at(0).first().is_some_and(|word| WITHIN.contains(&word.as_str()));
            if within && !written.is_empty() {
                parser.step();
                any = false;
            }
            let from = parser.span().start;
            let area = parser.area()?;
            written.push(parser.written_since(from));
            Ok(area)
        };
        let mut areas = self.list(&mut one)?;
        while let Some(tokens) = self.area_behind() {
            (0..tokens).for_each(|_| self.step());
            areas.push(one(self)?);
            joined = true;
        }
        if areas.len() > 1 && (!any || joined) {
            let fault = Diagnostic::new(
                "octroi::policy::any-or-all",
                self.file,
                span,
                say!("several areas need `{}`", Phrase::AnyOf),
            )
            .help(say!("write `{} {}`: the areas are taken together", Phrase::AnyOf, written.join(", ")));
            self.faults.push(fault);
        }
        Ok(areas)
    }

    /// How many tokens stand before a further area that `and` or `or` joins: the joint, a comma before it, `in` behind it.
    fn area_behind(&mut self) -> Option<usize> {
        let comma = usize::from(*self.kind() == Kind::Comma);
        if !self.stands(comma, Phrase::Or) && !self.stands(comma, Phrase::And) {
            return None;
        }
        let within = self.words_at(comma + 1).first().is_some_and(|word| WITHIN.contains(&word.as_str()));
        let tokens = comma + 1 + usize::from(within);
        let article = matches!(&self.token(tokens).kind, Kind::Word(word) if ARTICLES.contains(&word.as_str()));
        // A country is written with a capital, as a code or in words.
        let capital = |word: &str| word.rsplit('\'').next().unwrap_or(word).starts_with(char::is_uppercase);
        let is_area = matches!(&self.token(tokens + usize::from(article)).kind, Kind::Word(word) if capital(word));
        is_area.then_some(tokens)
    }

    /// Takes in what else the name of a country is made of: `the United States` is the name of one.
    fn whole_country(&mut self, name: &mut Name, from: usize) {
        if name.text.chars().all(|c| !c.is_lowercase()) {
            return;
        }
        while !self.token(0).first && matches!(self.kind(), Kind::Word(word) if is_proper(word)) {
            name.span.end = self.span().end;
            self.step();
            self.file.text().get(name.span.clone()).unwrap_or_default().clone_into(&mut name.text);
        }
        name.span.start = from;
    }

    pub(super) fn area(&mut self) -> Parsed<Area> {
        if let Some(area) = self.area_in_words() {
            return Ok(area);
        }
        let article = matches!(self.kind(), Kind::Word(word) if ARTICLES.contains(&word.as_str()));
        let from = self.span().start;
        if article && matches!(self.token(1).kind, Kind::Word(_)) {
            // A country by its name is told with its code.
            let is_code = matches!(&self.token(1).kind, Kind::Word(word) if word.chars().all(char::is_uppercase));
            if is_code || self.behind(|parser| parser.sees(Phrase::Home)) {
                self.fault("octroi::policy::article", say!("an area is named without an article"), None);
            }
            self.step();
        }
        match self.eat_one(&[Phrase::Eea, Phrase::Eu, Phrase::Home]) {
            Some(Phrase::Eea) => return Ok(Area::Eea),
            Some(Phrase::Eu) => return Ok(Area::Eu),
            Some(_) => return Ok(Area::Home),
            None => {}
        }
        let mut code = self.name("a country (`FR`), `EEA`, `EU` or `home`")?;
        self.whole_country(&mut code, from);
        Ok(Area::Country { code, overseas: self.eat(Phrase::WithOverseas) })
    }
}

/// Whether a word is a further one of the name of a country.
fn is_proper(word: &str) -> bool {
    word.starts_with(char::is_uppercase) && word.chars().any(char::is_lowercase)
}

/// Words that stand before a legal regime in prose.
const BEFORE_REGIME: [&str; 8] = ["the", "to", "la", "le", "les", "à", "au", "aux"];
/// Words for being there, before an area.
const WITHIN: [&str; 7] = ["in", "dans", "en", "au", "aux", "from", "depuis"];
/// Words that stand before the name of a country in prose.
const ARTICLES: [&str; 4] = ["the", "la", "le", "les"];
