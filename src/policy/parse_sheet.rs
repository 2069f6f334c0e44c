//! Header, statements and rules of a sheet.

use jiff::civil::Date;

use super::diagnostic::Diagnostic;
use super::lexer::Kind;
use super::parser::{Broken, Parsed, Parser};
use super::phrase::{CLAUSES, DUTIES, Phrase, STATEMENTS};
use super::tree::{Allow, AllowTool, Duty, FallBackClause, Gate, Keep, Name, Rule, Sheet};
use crate::model::Action;

/// How long `after N s of waiting` may be: an hour.
const WAIT_SECONDS_MAX: u64 = 3_600;

impl Parser<'_> {
    /// Reads a whole sheet. A fault in the header does not hide those behind it.
    pub(super) fn sheet(mut self) -> Sheet {
        let mut sheet = Sheet::empty();
        if self.header(&mut sheet).is_err() {
            self.resume(false);
        }
        self.statements(&mut sheet);
        sheet
    }

    fn statements(&mut self, sheet: &mut Sheet) {
        while !self.ended() {
            if self.statement(sheet).is_err() {
                self.resume(false);
            }
        }
    }

    fn header(&mut self, sheet: &mut Sheet) -> Parsed<()> {
        let Some(kind) = self.eat_one(&[Phrase::Policy, Phrase::Pack]) else {
            let help =
                "begin with: policy \"its name\" version 1 owner \"who answers for it\" review before 2027-06-30";
            return Err(self.fault("octroi::policy::no-header", "a sheet begins with its header", help));
        };
        sheet.pack = kind == Phrase::Pack;
        sheet.title = if sheet.pack { self.name("the name of the pack")? } else { self.text("the policy's name")? };
        let mut missing = vec![Phrase::Version, Phrase::Owner, Phrase::ReviewBefore];
        while let Some(part) = self.eat_one(&missing) {
            missing.retain(|still| *still != part);
            match part {
                Phrase::Version => {
                    let version = self.number("the version", 1..=u64::from(u32::MAX))?;
                    sheet.version = u32::try_from(version).unwrap_or(u32::MAX);
                }
                Phrase::Owner => sheet.owner = self.text("who answers for this sheet")?.text,
                _ => sheet.review_before = Some(self.date()?),
            }
        }
        if let Some(first) = missing.first() {
            let message = format!("the header lacks `{}`", first.surface());
            let help =
                "a header reads: policy \"its name\" version 1 owner \"who answers for it\" review before 2027-06-30";
            let span = sheet.title.span.clone();
            self.faults.push(Diagnostic::new("octroi::policy::no-header", self.file, span, message).help(help));
        }
        Ok(())
    }

    fn date(&mut self) -> Parsed<Date> {
        if let Kind::Date(date) = *self.kind() {
            self.step();
            return Ok(date);
        }
        Err(self.fault("octroi::policy::missing", "expected a date", "write it as year-month-day: 2027-06-30"))
    }

    fn statement(&mut self, sheet: &mut Sheet) -> Parsed<()> {
        let span = self.span();
        let Some(statement) = self.eat_one(STATEMENTS) else {
            return Err(self.unknown(STATEMENTS, "the beginning of a statement"));
        };
        match statement {
            Phrase::Home => {
                let home = self.area()?;
                if sheet.home.replace(home).is_some() {
                    self.faults.push(Diagnostic::new("octroi::policy::twice", self.file, span, "`home` is said twice"));
                }
            }
            Phrase::Labels => sheet.labels.extend(self.list(|parser| parser.text("a label"))?),
            Phrase::UsePack => sheet.uses.extend(self.list(|parser| parser.name("the name of a pack"))?),
            Phrase::AllowBackends => {
                let backends = self.predicate()?;
                let gate = self.gate()?;
                sheet.allows.push(Allow { backends, gate, span });
            }
            Phrase::AllowHosted => {
                let tool = self.name("the kind of the tool, such as `web_search`")?;
                let host =
                    if self.eat(Phrase::At) { Some(self.text("the host that the tool may reach")?) } else { None };
                sheet.tools.push(AllowTool { tool, host, gate: self.gate()? });
            }
            Phrase::Rule => {
                let rule = self.rule()?;
                sheet.rules.push(rule);
            }
            Phrase::FallBack => {
                let after_ms = self.waiting()?;
                sheet.fall_backs.push(FallBackClause { after_ms, gate: self.gate()?, span });
            }
            Phrase::Scenario => {
                let scenario = self.scenario()?;
                sheet.scenarios.push(scenario);
            }
            Phrase::Exception => {
                let fault =
                    Diagnostic::new("octroi::policy::not-there-yet", self.file, span, "exceptions are not there yet")
                        .help("until they are, write the case as `unless …` in the rule itself");
                self.faults.push(fault);
                return Err(Broken);
            }
            _ => {
                let fault = Diagnostic::new("octroi::policy::twice", self.file, span, "a sheet has one header")
                    .help("put the second policy into a file of its own");
                self.faults.push(fault);
                return Err(Broken);
            }
        }
        Ok(())
    }

    /// `[or after N s of waiting]`, in milliseconds.
    fn waiting(&mut self) -> Parsed<Option<u64>> {
        if !self.eat(Phrase::OrAfter) {
            return Ok(None);
        }
        let number = self.number("the time to wait", 0..=WAIT_SECONDS_MAX * 1_000)?;
        let unit = self.eat_one(&[Phrase::Seconds, Phrase::Milliseconds]);
        let after_ms = match unit {
            Some(Phrase::Seconds) => number.min(WAIT_SECONDS_MAX) * 1_000,
            Some(_) => number,
            None => return Err(self.unknown(&[Phrase::Seconds, Phrase::Milliseconds], "`s` or `ms`")),
        };
        self.expect(Phrase::OfWaiting)?;
        Ok(Some(after_ms))
    }

    /// `[when …] [unless …]`, in either order.
    fn gate(&mut self) -> Parsed<Gate> {
        let mut gate = Gate::default();
        while let Some(clause) = self.sees_one(&[Phrase::When, Phrase::Unless]) {
            let span = self.span();
            self.eat(clause);
            let condition = self.condition()?;
            let place = if clause == Phrase::When { &mut gate.when } else { &mut gate.unless };
            if place.replace(condition).is_some() {
                self.twice(clause, span);
            }
        }
        Ok(gate)
    }

    fn twice(&mut self, clause: Phrase, span: std::ops::Range<usize>) {
        let message = format!("`{}` is said twice", clause.surface());
        let help = "join both with `and` or `or`, or write two rules";
        self.faults.push(Diagnostic::new("octroi::policy::twice", self.file, span, message).help(help));
    }

    fn rule(&mut self) -> Parsed<Rule> {
        let name = self.name("the name of the rule")?;
        let mut rule = Rule {
            name,
            because: None,
            gate: Gate::default(),
            on: None,
            only: None,
            never: None,
            duties: Vec::new(),
            seals: false,
            keeps: Vec::new(),
            prefers: Vec::new(),
        };
        let mut broken = false;
        while !self.ended() {
            let span = self.span();
            let Some(clause) = self.eat_one(CLAUSES) else {
                if self.sees_one(STATEMENTS).is_some() {
                    break;
                }
                self.unknown(CLAUSES, "a clause of the rule, or the next statement");
                broken = true;
                self.resume(true);
                continue;
            };
            match self.clause(&mut rule, clause) {
                Ok(false) => {}
                Ok(true) => self.twice(clause, span),
                Err(Broken) => {
                    broken = true;
                    self.resume(true);
                }
            }
        }
        if !broken {
            self.complete(&rule);
        }
        Ok(rule)
    }

    /// Reads one clause into the rule; true when the rule had it already.
    fn clause(&mut self, rule: &mut Rule, clause: Phrase) -> Parsed<bool> {
        let twice = match clause {
            Phrase::Because => {
                let because = self.text("the reason, such as the article of the law")?;
                rule.because.replace(because).is_some()
            }
            Phrase::When => rule.gate.when.replace(self.condition()?).is_some(),
            Phrase::Unless => rule.gate.unless.replace(self.condition()?).is_some(),
            Phrase::OnBackends => rule.on.replace(self.predicate()?).is_some(),
            Phrase::OnlyBackends => rule.only.replace(self.predicate()?).is_some(),
            Phrase::NeverBackends => rule.never.replace(self.predicate()?).is_some(),
            Phrase::PreferBackends => {
                rule.prefers.push(self.predicate()?);
                false
            }
            Phrase::Must => {
                self.must(rule)?;
                false
            }
            _ => {
                let targets = self.list(|parser| parser.name("a type or class of data"))?;
                self.expect(Phrase::Because)?;
                rule.keeps.push(Keep { targets, because: self.text("the reason why it may cross unchanged")? });
                false
            }
        };
        Ok(twice)
    }

    fn must(&mut self, rule: &mut Rule) -> Parsed<()> {
        if matches!(self.kind(), Kind::Word(word) if word == "have") {
            self.step();
        }
        if self.sees(Phrase::Approval) {
            let help = "until it is, keep such requests home with `only backends on premises`";
            return Err(self.fault("octroi::policy::not-there-yet", "`approval` is not there yet", help));
        }
        let action = match self.eat_one(DUTIES) {
            Some(Phrase::LogSealed) => {
                rule.seals = true;
                return Ok(());
            }
            Some(Phrase::PseudonymiseUnlinkably) => Action::PseudonymiseUnlinkably,
            Some(Phrase::Pseudonymise) => Action::Pseudonymise,
            Some(Phrase::Generalise) => Action::Generalise,
            Some(Phrase::Redact) => Action::Redact,
            Some(Phrase::Drop) => Action::Drop,
            Some(_) => Action::Block,
            None => return Err(self.unknown(DUTIES, "a duty")),
        };
        let targets: Vec<Name> = self.list(|parser| parser.name("a type or class of data"))?;
        rule.duties.push(Duty { action, targets });
        Ok(())
    }

    /// What a rule must have to mean something.
    fn complete(&mut self, rule: &Rule) {
        let span = rule.name.span.clone();
        if rule.because.is_none() {
            let message = format!("rule `{}` does not say why", rule.name.text);
            let help = "add a line: because \"the article, contract or decision it follows from\"";
            self.faults
                .push(Diagnostic::new("octroi::policy::no-because", self.file, span.clone(), message).help(help));
        }
        let acts = rule.only.is_some() || rule.never.is_some() || !rule.duties.is_empty() || rule.seals;
        if !acts && rule.prefers.is_empty() {
            let message = format!("rule `{}` does nothing", rule.name.text);
            let help = "say what it demands: `only backends …`, `never backends …`, `must …` or `prefer backends …`";
            self.faults.push(Diagnostic::new("octroi::policy::no-effect", self.file, span.clone(), message).help(help));
        }
        if !rule.keeps.is_empty() && rule.duties.is_empty() {
            let message = format!("rule `{}` keeps something but changes nothing", rule.name.text);
            let help = "`keep` is for a type that the rule's own `must` would otherwise have to change";
            self.faults.push(Diagnostic::new("octroi::policy::no-effect", self.file, span, message).help(help));
        }
    }
}

impl Sheet {
    fn empty() -> Self {
        Self {
            pack: false,
            title: Name { text: String::new(), span: 0..0 },
            version: 0,
            owner: String::new(),
            review_before: None,
            home: None,
            labels: Vec::new(),
            uses: Vec::new(),
            allows: Vec::new(),
            tools: Vec::new(),
            rules: Vec::new(),
            fall_backs: Vec::new(),
            scenarios: Vec::new(),
        }
    }
}
