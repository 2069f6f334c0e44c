//! Scenarios of a sheet: what is given, and what follows.

use std::ops::Range;

use super::concrete::Break;
use super::diagnostic::Diagnostic;
use super::lexer::Kind;
use super::parser::{Broken, Parsed, Parser};
use super::phrase::{GIVENS, OUTCOMES, Phrase};
use super::text::say;
use super::tree::{Expectation, Given, Name, Scenario};

impl Parser<'_> {
    pub(super) fn scenario(&mut self) -> Scenario {
        let title = self.text("the title of the scenario").unwrap_or_else(|Broken| self.lost_name());
        self.eat_colon();
        self.line(Break::Clause);
        if self.expect(Phrase::Given).is_err() {
            self.skip_to(&[&[Phrase::Given, Phrase::Then], GIVENS]);
            self.eat(Phrase::Given);
        }
        let given = self.givens(false);
        self.line(Break::Clause);
        if self.expect(Phrase::Then).is_err() {
            self.skip_to(&[&[Phrase::Then], &OUTCOMES]);
            self.eat(Phrase::Then);
        }
        Scenario { title, given, then: self.expectations() }
    }

    fn expectations(&mut self) -> Vec<Expectation> {
        let mut then = Vec::new();
        loop {
            if self.expectation(&mut then).is_err() {
                self.lose_expectation();
            }
            self.lose_behind_expectation();
            if self.then_again() {
                self.line(Break::Clause);
                continue;
            }
            let behind = self.span();
            let comma = self.eat_comma();
            if let Some(outcome) = self.sees_one(&OUTCOMES) {
                let message = say!("what is expected is joined by `{}`", Phrase::And);
                let span = if comma { behind } else { self.span() };
                let fault = Diagnostic::new("octroi::policy::list", self.file, span, message);
                self.faults.push(fault.help(say!("write `{} {}`", Phrase::And, outcome)));
            } else if !self.sees(Phrase::And) {
                return then;
            }
            self.line(Break::Clause);
            self.eat(Phrase::And);
        }
    }

    /// Takes a second `then`, which is a fault that does not stop parsing.
    fn then_again(&mut self) -> bool {
        let behind = usize::from(*self.kind() == Kind::Comma);
        if !self.stands(behind, Phrase::Then) {
            return false;
        }
        (0..behind).for_each(|_| self.step());
        let message = say!("`{}` stands once in a scenario", Phrase::Then);
        let fault = Diagnostic::new("octroi::policy::twice", self.file, self.span(), message);
        let help = say!("write `{}` in its place: what is expected is joined by it", Phrase::And);
        self.faults.push(fault.help(help));
        (0..Phrase::Then.words(self.language).count()).for_each(|_| self.step());
        true
    }

    /// `refused NAME, NAME`, `allowed NAME` or `NAME must DUTY`.
    fn expectation(&mut self, then: &mut Vec<Expectation>) -> Parsed<()> {
        if matches!(self.kind(), Kind::Word(_) | Kind::Text(_)) && self.stands(1, Phrase::Must) {
            let backend = self.name("the name of a backend")?;
            self.expect(Phrase::Must)?;
            let must = self.duty()?;
            then.push(Expectation { allowed: true, backend, seals: must.is_none(), must });
            return Ok(());
        }
        if let Some((backend, allowed)) = self.turned_expectation() {
            then.push(Expectation { allowed, backend, must: None, seals: false });
            return Ok(());
        }
        let allowed =
            self.one_of(&OUTCOMES, say!("`{}` or `{}`", Phrase::Refused, Phrase::Allowed))? == Phrase::Allowed;
        let (mut backends, mut joint) = (vec![self.backend()?], None);
        loop {
            let and = self.and_for_comma(&[&OUTCOMES]);
            if and.is_none() && !self.comma_begins_name() {
                break;
            }
            joint = joint.or(and);
            backends.push(self.backend()?);
        }
        let names: Vec<String> = backends.iter().map(|name| name.text.clone()).collect();
        self.commas_are_meant(joint, &names);
        then.extend(backends.into_iter().map(|backend| Expectation { allowed, backend, must: None, seals: false }));
        Ok(())
    }

    fn backend(&mut self) -> Parsed<Name> {
        let article = matches!(self.kind(), Kind::Word(word) if ARTICLES.contains(&word.as_str()));
        if article && matches!(self.token(1).kind, Kind::Word(_)) && !self.token(1).first {
            self.fault("octroi::policy::article", say!("a backend is named without an article"), None);
            self.step();
        }
        self.name("the name of a backend")
    }

    /// Takes a comma before another name of a backend.
    fn comma_begins_name(&mut self) -> bool {
        let others = [Phrase::And, Phrase::Or, Phrase::Refused, Phrase::Allowed];
        let takes = *self.kind() == Kind::Comma && !others.iter().any(|other| self.stands(1, *other));
        if takes {
            self.step();
        }
        takes
    }

    /// What is given. Of a question, which has no `then`, what is none is told by [`Self::only_givens`].
    fn givens(&mut self, is_question: bool) -> Vec<Given> {
        let mut given = Vec::new();
        loop {
            let (before, from) = (given.len(), self.span());
            if self.given(&mut given).is_err() {
                self.lose_given();
            }
            self.tell_repeated(&given, before, from);
            if !is_question && self.lose_behind_given() {
                continue;
            }
            let comma = !self.comma_says_nothing() && self.eat_comma();
            if !self.eat(Phrase::And) && !comma {
                self.eat_idle_comma();
                return given;
            }
        }
    }

    /// Tells of what there is one of in a request, such as its app, where it is given a second time.
    fn tell_repeated(&mut self, given: &[Given], before: usize, span: Range<usize>) {
        let Some((last, earlier)) = given.split_last().filter(|(_, earlier)| earlier.len() == before) else { return };
        let once = |one: &Given| match one {
            Given::App(_) => Some(Phrase::App),
            Given::Tenant(_) => Some(Phrase::Tenant),
            Given::Purpose(_) => Some(Phrase::Purpose),
            Given::Label(_) => Some(Phrase::Label),
            Given::LeakScore(_) => Some(Phrase::LeakScore),
            Given::LeakHistory(_) => Some(Phrase::LeakHistory),
            _ => None,
        };
        let Some(phrase) = once(last).filter(|phrase| earlier.iter().any(|one| once(one) == Some(*phrase))) else {
            return;
        };
        let span = span.start..self.previous().map_or(span.end, |token| token.span.end);
        let message = say!("`{}` is said twice", phrase);
        let help = say!("a request has one: each stands in a scenario or a question of its own");
        self.faults.push(Diagnostic::new("octroi::policy::twice", self.file, span, message).help(help));
    }

    /// Everything that a scenario gives, up to the end of the tokens. Nothing of it may be used beside a fault.
    pub(super) fn only_givens(&mut self) -> Vec<Given> {
        let given = self.givens(true);
        if !self.ended() {
            self.unknown(GIVENS, say!("`{}` or `,`", Phrase::And));
        }
        given
    }

    fn given(&mut self, given: &mut Vec<Given>) -> Parsed<()> {
        if self.lacks_data() {
            return self.given_data(given);
        }
        let phrase = self.one_of(GIVENS, "what the scenario gives")?;
        let one = match phrase {
            Phrase::Nothing => return Ok(()),
            Phrase::Data => return self.given_data(given),
            Phrase::App => Given::App(self.named("the name of an app")?),
            Phrase::Tenant => Given::Tenant(self.named("the name of a tenant")?),
            Phrase::Role => Given::Role(self.named("the name of a role")?),
            Phrase::Purpose => Given::Purpose(self.named("a purpose")?),
            Phrase::Label => Given::Label(self.named("a label")?),
            Phrase::LeakScore => {
                self.lose_comparison(phrase);
                Given::LeakScore(self.score()?)
            }
            Phrase::LeakHistory => {
                self.lose_comparison(phrase);
                Given::LeakHistory(self.score()?)
            }
            Phrase::Residence => Given::Residence(self.area()?),
            Phrase::Minors => Given::Minors,
            Phrase::ScanIncomplete => Given::ScanIncomplete,
            Phrase::UnreadableField => Given::Unreadable,
            Phrase::AReference => Given::Reference,
            _ => {
                let tool: Name = self.name("the kind of the tool")?;
                let host = if self.eat(Phrase::At) { Some(self.named("its host")?) } else { None };
                Given::Hosted { tool, host }
            }
        };
        given.push(one);
        Ok(())
    }

    /// `health, 3 person`; the list ends before another given.
    fn given_data(&mut self, given: &mut Vec<Given>) -> Parsed<()> {
        let (mut joint, mut written) = (None, Vec::new());
        loop {
            let from = self.span().start;
            if self.eat(Phrase::HealthOfAPerson) {
                given.push(Given::HealthOfAPerson);
            } else {
                let count = if matches!(self.kind(), Kind::Number(_)) { self.count()? } else { 1 };
                given.push(Given::Data { count, what: self.data("a class or type of data")? });
            }
            written.push(self.written_since(from));
            let behind = matches!(self.token(1).kind, Kind::Word(_) | Kind::Number(_));
            let and = self.and_for_comma(&[GIVENS]);
            if and.is_some() {
                joint = joint.or(and);
                continue;
            }
            if *self.kind() != Kind::Comma || !behind || self.comma_begins_given() {
                self.commas_are_meant(joint, &written);
                return Ok(());
            }
            self.step();
        }
    }

    fn comma_begins_given(&mut self) -> bool {
        self.step();
        let begins = self.sees_one(GIVENS).is_some() || self.sees(Phrase::And) || self.sees(Phrase::Then);
        self.back();
        begins
    }
}

/// Words that stand before the name of a backend in prose.
const ARTICLES: [&str; 4] = ["the", "le", "la", "les"];
