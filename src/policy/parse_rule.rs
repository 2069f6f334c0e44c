//! Rules and exceptions of a sheet.

use std::ops::Range;

use super::concrete::Break;
use super::diagnostic::Diagnostic;
use super::lexer::Kind;
use super::lines::ends_line;
use super::parser::{Broken, Parsed, Parser};
use super::phrase::{CLAUSES, DUTIES, EXCEPTION_PARTS, Phrase, STATEMENTS};
use super::suggest::how_to_forbid;
use super::text::{Text, say};
use super::tree::{Condition, Duty, Exception, Gate, Keep, Name, Predicate, Rule};
use crate::model::Action;

impl Parser<'_> {
    pub(super) fn rule(&mut self) -> Rule {
        let mut rule = Rule {
            name: self.name_of("the name of the rule", &[CLAUSES]),
            because: None,
            gate: Gate::default(),
            on: None,
            only: None,
            never: None,
            duties: Vec::new(),
            seals: false,
            keeps: Vec::new(),
            prefers: Vec::new(),
            torn: false,
        };
        let said = self.clauses(CLAUSES, "a clause of the rule, or the next statement", |parser, clause| {
            parser.clause(&mut rule, clause)
        });
        rule.torn = self.torn;
        self.complete(&rule, &said);
        rule
    }

    /// The name behind the word that begins a block.
    fn name_of(&mut self, wanted: &'static str, ends: &[&[Phrase]]) -> Name {
        let name = self.one_word(wanted, ends).unwrap_or_else(|Broken| self.lost_name());
        self.eat_colon();
        name
    }

    /// Reads clauses until the next statement, and says which there were. A clause that cannot be read is left out.
    fn clauses(
        &mut self,
        clauses: &[Phrase],
        wanted: &'static str,
        mut read: impl FnMut(&mut Self, Phrase) -> Parsed<bool>,
    ) -> Said {
        let (mut said, mut round) = (Said::default(), None);
        let (block, mut indented) = (self.margin, false);
        while self.further(&mut round) {
            self.eat_idle_comma();
            self.eat_idle_then(clauses);
            let span = self.span();
            if self.token(0).first {
                let column = self.column();
                let at_margin = block.is_some_and(|block| column <= block);
                // A restriction in words that are no clause, further left than the clauses: it begins a statement, and is told so.
                let exact = clauses.iter().any(|clause| self.stands(0, *clause));
                if at_margin && indented && self.restricts() && !exact {
                    break;
                }
                indented |= !at_margin;
                self.margin = Some(column);
            }
            let seen = self.sees_one(clauses);
            let misspelt = || self.meant(clauses).is_none() && self.begins_statement();
            if seen.is_none() && (self.sees_one(STATEMENTS).is_some() || (self.token(0).first && misspelt())) {
                break;
            }
            if seen.is_some() {
                self.line(Break::Clause);
            }
            let Ok(clause) = self.one_of(clauses, wanted) else {
                let from = self.at;
                // Half a phrase says which was meant.
                said.clauses.extend(clauses.iter().filter(|clause| self.begins_like(**clause)));
                self.skip_line(&[clauses]);
                said.unknown = true;
                said.text |= self.held(from, |kind| matches!(kind, Kind::Text(_)));
                said.date |= self.held(from, |kind| matches!(kind, Kind::Date(_)));
                continue;
            };
            said.clauses.push(clause);
            match read(self, clause) {
                Ok(false) => {}
                // Behind what was not understood, it may be of another block.
                Ok(true) if said.unknown => {}
                Ok(true) => self.twice_said(clause, span),
                Err(Broken) => self.skip_to(&[clauses]),
            }
        }
        said
    }

    /// Whether a token of a kind stands between another and this one.
    fn held(&mut self, from: usize, is_kind: impl Fn(&Kind) -> bool) -> bool {
        let here = std::mem::replace(&mut self.at, from);
        let held = (0..here.saturating_sub(from)).any(|ahead| is_kind(&self.token(ahead).kind));
        self.at = here;
        held
    }

    /// Reads one clause into the rule; true when the rule had it already.
    fn clause(&mut self, rule: &mut Rule, clause: Phrase) -> Parsed<bool> {
        let twice = match clause {
            Phrase::Because => {
                let because = self.text("the reason, such as the article of the law")?;
                rule.because.replace(because).is_some()
            }
            Phrase::OnBackends => self.predicate_of(&mut rule.on),
            Phrase::OnlyBackends => self.predicate_of(&mut rule.only),
            Phrase::NeverBackends => self.predicate_of(&mut rule.never),
            Phrase::PreferBackends => {
                rule.prefers.push(self.predicate());
                false
            }
            Phrase::Must => {
                self.must(rule)?;
                false
            }
            Phrase::Keep => {
                let targets = self.data_list("a type or class of data", &[])?;
                self.eat_idle_comma();
                self.expect(Phrase::Because)?;
                rule.keeps.push(Keep { targets, because: self.text("the reason why it may cross unchanged")? });
                false
            }
            narrowing => {
                self.ends_alone(rule, narrowing);
                self.narrow(&mut rule.gate, narrowing)?
            }
        };
        Ok(twice)
    }

    /// Reads a predicate where there is none yet; true where there is, and the further one is looked up all the same.
    fn predicate_of(&mut self, known: &mut Option<Predicate>) -> bool {
        let predicate = self.predicate();
        if known.is_some() {
            self.strays.predicates.push(predicate);
            return true;
        }
        *known = Some(predicate);
        false
    }

    /// The same of a condition.
    pub(super) fn condition_of(&mut self, known: &mut Option<Condition>) -> bool {
        let condition = self.condition();
        if known.is_some() {
            self.strays.conditions.push(condition);
            return true;
        }
        *known = Some(condition);
        false
    }

    /// A day that ends a rule and is written behind what spares it reads as if the sparing ended then, which is the opposite.
    fn ends_alone(&mut self, rule: &Rule, clause: Phrase) {
        if clause != Phrase::UntilDate || rule.gate.unless.is_none() {
            return;
        }
        let span = self.span();
        let before = self.file.text().get(..span.start).unwrap_or_default();
        // Of a long sheet, the line alone.
        let line = before.rfind(ends_line).and_then(|at| before.get(at..)).unwrap_or(before);
        let words = |text: &str| text.split_whitespace().count();
        if words(line) <= words(clause.surface(self.file.language())) {
            return;
        }
        let message = say!("`{}` ends the whole rule, and not what `{}` spares", clause, Phrase::Unless);
        let help = say!(
            "write it on a line of its own; what spares until a day is an exception: {} NAME {} {} {} 2027-06-30",
            Phrase::Exception,
            Phrase::ForRule,
            rule.name.text.as_str(),
            Phrase::UntilDate
        );
        self.faults.push(Diagnostic::new("octroi::policy::misread", self.file, span, message).help(help));
    }

    fn must(&mut self, rule: &mut Rule) -> Parsed<()> {
        self.eat(Phrase::Have);
        if self.is_about_reserved() {
            return Err(Broken);
        }
        loop {
            match self.duty()? {
                Some(duty) => rule.duties.push(duty),
                None => rule.seals = true,
            }
            if !self.eat_joint_of_duties() {
                return Ok(());
            }
        }
    }

    /// What stands behind `must`; nothing for `log sealed`.
    pub(super) fn duty(&mut self) -> Parsed<Option<Duty>> {
        if self.denies() {
            let message = say!("a rule says what must be done, not what must not");
            return Err(self.fault("octroi::policy::denial", message, Some(how_to_forbid())));
        }
        let duty = match self.one_of(DUTIES, "a duty") {
            Ok(duty) => duty,
            Err(broken) => {
                self.stray_data();
                return Err(broken);
            }
        };
        let action = match duty {
            Phrase::LogSealed => return Ok(None),
            Phrase::PseudonymiseUnlinkably => Action::PseudonymiseUnlinkably,
            Phrase::Pseudonymise if self.eat_adverb() => Action::PseudonymiseUnlinkably,
            Phrase::Pseudonymise => Action::Pseudonymise,
            Phrase::Generalise => Action::Generalise,
            Phrase::Redact => Action::Redact,
            Phrase::Drop => Action::Drop,
            _ => Action::Block,
        };
        let from = self.span().start;
        let targets = self.data_list("a type or class of data", &[DUTIES, &[Phrase::Refused, Phrase::Allowed]])?;
        let late = action == Action::Pseudonymise && self.eat_late_adverb(from);
        let action = if late { Action::PseudonymiseUnlinkably } else { action };
        Ok(Some(Duty { action, targets }))
    }

    /// What a rule must have to mean something. What may have been said in words that were not understood is not missed.
    fn complete(&mut self, rule: &Rule, said: &Said) {
        let span = rule.name.span.clone();
        let name = &rule.name.text;
        if said.lacks(Phrase::Because) && !rule.name.text.is_empty() {
            self.lacks_because(say!("rule `{}` does not say why", name), span.clone());
        }
        if rule.torn {
            return;
        }
        let acts = rule.only.is_some() || rule.never.is_some() || !rule.duties.is_empty() || rule.seals;
        if !acts && rule.prefers.is_empty() {
            let message = say!("rule `{}` does nothing", name);
            let help = say!(
                "say what it demands: `{} …`, `{} …`, `{} …` or `{} …`",
                Phrase::OnlyBackends,
                Phrase::NeverBackends,
                Phrase::Must,
                Phrase::PreferBackends
            );
            self.faults.push(Diagnostic::new("octroi::policy::no-effect", self.file, span.clone(), message).help(help));
        }
        if !rule.keeps.is_empty() && rule.duties.is_empty() {
            let message = say!("rule `{}` keeps something but changes nothing", name);
            let help = say!(
                "`{}` is for a type that the rule's own `{}` would otherwise have to change",
                Phrase::Keep,
                Phrase::Must
            );
            self.faults.push(Diagnostic::new("octroi::policy::no-effect", self.file, span, message).help(help));
        }
    }

    /// Takes `rule` for `for rule` behind the name of an exception: a fault that does not stop parsing.
    fn bare_rule(&mut self) -> Option<()> {
        let is_name = matches!(self.token(1).kind, Kind::Word(_)) && !self.token(1).first;
        if self.token(0).first || !self.stands(0, Phrase::Rule) || !is_name {
            return None;
        }
        let span = self.span();
        let message = say!("`{}` is written `{}` in this sheet", Phrase::Rule, Phrase::ForRule);
        self.faults.push(Diagnostic::new("octroi::policy::spelling", self.file, span, message));
        self.step();
        Some(())
    }

    fn lacks_because(&mut self, message: Text, span: Range<usize>) {
        let help = say!("add a line: {} \"the article, contract or decision it follows from\"", Phrase::Because);
        self.faults.push(Diagnostic::new("octroi::policy::no-because", self.file, span, message).help(help));
    }

    pub(super) fn exception(&mut self) -> Exception {
        let name = self.name_of("the name of the exception", &[EXCEPTION_PARTS, &[Phrase::Rule]]);
        let span = name.span.clone();
        let mut one =
            Exception { name, rule: None, because: None, when: None, until: None, approved: Vec::new(), torn: false };
        let bare = self.bare_rule();
        one.rule = bare.and_then(|()| self.one_word("the name of the rule", &[EXCEPTION_PARTS]).ok());
        let said = self.clauses(EXCEPTION_PARTS, "a part of the exception, or the next statement", |parser, part| {
            Ok(match part {
                Phrase::ForRule => {
                    let rule = parser.one_word("the name of the rule", &[EXCEPTION_PARTS])?;
                    one.rule.replace(rule).is_some()
                }
                Phrase::Because => one.because.replace(parser.text("the reason of the exception")?).is_some(),
                Phrase::When => parser.condition_of(&mut one.when),
                Phrase::UntilDate => {
                    let until = parser.date_or_lost()?;
                    until.is_some_and(|until| one.until.replace(until).is_some())
                }
                _ => {
                    let twice = !one.approved.is_empty();
                    one.approved.extend(parser.names_of_list(|parser| parser.text("who approved it"))?);
                    twice
                }
            })
        });
        one.torn = self.torn;
        if one.name.text.is_empty() {
            return one;
        }
        if said.lacks(Phrase::Because) {
            self.lacks_because(say!("exception `{}` does not say why", &one.name.text), span.clone());
        }
        let parts = [Phrase::ForRule, Phrase::UntilDate, Phrase::ApprovedBy];
        let known = |part: Phrase| part == Phrase::ForRule && one.rule.is_some();
        for part in parts.into_iter().filter(|part| said.lacks(*part) && !known(*part)) {
            let message = say!("exception `{}` lacks `{}`", &one.name.text, part);
            let help = say!(
                "an exception names its rule, ends by itself and says who answers for it: {} NAME {} 2027-06-30 {} \"DPO\"",
                Phrase::ForRule,
                Phrase::UntilDate,
                Phrase::ApprovedBy
            );
            let fault = Diagnostic::new("octroi::policy::missing", self.file, span.clone(), message);
            self.faults.push(fault.help(help));
        }
        one
    }
}

/// The clauses of a block.
#[derive(Debug, Default)]
struct Said {
    /// Those that there are, whether they could be read or not.
    clauses: Vec<Phrase>,
    /// Whether something else was there, that was not understood.
    unknown: bool,
    /// And a text in quotes in it.
    text: bool,
    /// And a day.
    date: bool,
}

impl Said {
    /// Whether a clause surely is not there.
    fn lacks(&self, clause: Phrase) -> bool {
        let perhaps = match clause {
            Phrase::Because | Phrase::ApprovedBy => self.text,
            Phrase::UntilDate => self.date,
            _ => self.unknown,
        };
        !perhaps && !self.clauses.contains(&clause)
    }
}
