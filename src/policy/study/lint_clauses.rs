//! Clauses without which every request would come out the same: told by `lint`, of rules and lines that do something otherwise.
//!
//! Each is taken out and both policies are compared over all requests, so that what is told is proven; where a search is given up,
//! that is told, and nothing claimed. Where something is asked after the duties, less may be more: there it is proven both that
//! nothing more passes without the clause and that nothing more is refused. A clause that takes out no backend of the inventory waits for
//! one: that is noted, and nothing wrong. What changes nothing today and does on a later day, when a window, an exception or evidence
//! has ended, is not told.

use std::collections::BTreeSet;

use super::super::Policy;
use super::super::phrase::Phrase;
use super::super::program::{Program, has};
use super::super::resolved::{Gate, Resolved, Rule};
use super::super::text::say;
use super::lint::{Advice, Kind};
use super::outcome::{Known, Pair};
use super::search::{Sought, Steps, find};
use super::side::Side;
use super::space::{Place, Space};
use super::{Study, sentence};
use crate::model::{BackendId, Facts};

/// What of a rule may be taken out: the clause it is of, how it is told, and how it goes.
type ClausePart<'r> = (Phrase, String, Box<dyn Fn(&mut Rule) + 'r>);

impl Study {
    /// The clauses of a rule that change nothing.
    pub(super) fn idle_clauses(&self, index: usize, rule: &Rule, found: &mut Vec<Advice>) {
        for (part, (clause, said, _)) in self.parts(rule).into_iter().enumerate() {
            let takes_out = match clause {
                Phrase::OnlyBackends => self.asks(&Rule { never: None, ..rule.clone() }),
                Phrase::NeverBackends => self.asks(&Rule { only: None, ..rule.clone() }),
                _ => None,
            };
            if takes_out.is_some_and(|asks| asks.rules.iter().all(|row| row.removes.iter().all(|bits| *bits == 0))) {
                let text = say!("note: `{}` of rule `{}` takes out no backend of the inventory today", said, rule.name);
                found.push(self.advice(Kind::Waiting, &text));
                continue;
            }
            let known = self.always(index, rule, &|study, index| study.is_idle_part(index, part));
            self.tell(known, &said, rule, found);
        }
        if rule.on.is_some() {
            let known = self.always(index, rule, &|study, index| study.is_idle_on(index));
            self.tell(known, Phrase::OnBackends.surface(self.language), rule, found);
        }
        self.idle_gate(index, rule, found);
    }

    /// What is known of a rule today and at every instant at which it stands.
    fn always(&self, index: usize, rule: &Rule, ask: &dyn Fn(&Self, usize) -> Known) -> Known {
        let then = |then: &Self| then.place_of(rule).map_or(Known::Yes, |index| ask(then, index));
        self.at_every_instant(ask(self, index), &then)
    }

    /// Whether a part of a rule changes nothing today.
    fn is_idle_part(&self, index: usize, part: usize) -> Known {
        let side = self.real();
        let parts = self.today.rules.get(index).map(|rule| self.parts(rule)).unwrap_or_default();
        let Some((_, _, gone)) = parts.get(part) else { return Known::Yes };
        let today = self.with(index, gone);
        let Some(policy) = self.asking(index, &today) else { return Known::No };
        self.comes_out_alike((side, Side { policy: &policy, today: &today, ..side }), index)
    }

    /// Whether the `on` of a rule changes nothing today.
    fn is_idle_on(&self, index: usize) -> Known {
        let wide = self.with(index, |rule| rule.on = None);
        let Some(policy) = self.asking(index, &wide) else { return Known::No };
        self.comes_out_alike((Side { policy: &policy, today: &wide, ..self.real() }, self.real()), index)
    }

    /// The conditions of a rule that ask nothing, or spare nobody.
    fn idle_gate(&self, index: usize, rule: &Rule, found: &mut Vec<Advice>) {
        // What exceptions spare is part of the gate, and has an end of its own.
        let spared = rule.unspared.as_ref().is_some_and(|written| written.unless != rule.gate.unless);
        let widen = |gate: &mut Gate, clause: Phrase| match clause {
            Phrase::When => gate.when = None,
            _ => gate.unless = None,
        };
        let clauses =
            [(Phrase::When, rule.gate.when.is_some()), (Phrase::Unless, rule.gate.unless.is_some() && !spared)];
        for (clause, _) in clauses.into_iter().filter(|(_, there)| *there) {
            if rule.gate.asks_still() {
                // When it fires is another thing for each backend: what becomes of the request tells.
                let known = self.always(index, rule, &|study, index| {
                    let today = study.with(index, |rule| widen(&mut rule.gate, clause));
                    let Some(policy) = study.compiled(&today) else { return Known::No };
                    let wider = Side { policy: &policy, today: &today, ..study.real() };
                    study.comes_out_alike((wider, study.real()), index)
                });
                self.tell(known, clause.surface(self.language), rule, found);
                continue;
            }
            let mut wider = rule.clone();
            widen(&mut wider.gate, clause);
            let known = self.fires_alike(rule, &wider);
            let text = match clause {
                Phrase::When => say!("`{}` of rule `{}` holds of every request: it asks nothing", clause, rule.name),
                _ => say!("`{}` of rule `{}` spares no request", clause, rule.name),
            };
            match known {
                Known::Yes => found.push(self.advice(Kind::IdleClause, &text)),
                known => self.tell(known, clause.surface(self.language), rule, found),
            }
        }
    }

    /// Tells of a clause what a comparison has shown.
    fn tell(&self, known: Known, said: &str, rule: &Rule, found: &mut Vec<Advice>) {
        match known {
            Known::No => {}
            Known::Yes => {
                let text = say!(
                    "`{}` of rule `{}` changes nothing: without it every request would come out the same",
                    said,
                    rule.name
                );
                found.push(self.advice(Kind::IdleClause, &text));
            }
            Known::Undecided => {
                let text = say!(
                    "note: not studied: whether `{}` of rule `{}` changes anything, for the search was given up",
                    said,
                    rule.name
                );
                found.push(self.advice(Kind::Unstudied, &text));
            }
        }
    }

    /// The conditions of `allow` that change nothing.
    pub(super) fn idle_conditions(&self, found: &mut Vec<Advice>) {
        for (index, allow) in self.today.allows.iter().enumerate() {
            let Some(today) = self.is_idle_condition(index) else { continue };
            let then = |then: &Self| {
                let index = then.today.allows.iter().position(|one| one.number == allow.number);
                index.and_then(|index| then.is_idle_condition(index)).unwrap_or(Known::Yes)
            };
            let (phrase, number) = (Phrase::AllowBackends, allow.number);
            let (kind, text) = match self.at_every_instant(today, &then) {
                Known::No => continue,
                Known::Yes => (
                    Kind::IdleClause,
                    say!(
                        "the condition of `{}` number {} changes nothing: without it every request would come out the same",
                        phrase,
                        number
                    ),
                ),
                Known::Undecided => (
                    Kind::Unstudied,
                    say!(
                        "note: not studied: whether the condition of `{}` number {} changes anything, for the search was given up",
                        phrase,
                        number
                    ),
                ),
            };
            found.push(self.advice(kind, &text));
        }
    }

    /// Whether the condition of an `allow` changes nothing today; nothing where it has none, or admits alone no backend.
    fn is_idle_condition(&self, index: usize) -> Option<Known> {
        let (side, allow) = (self.real(), self.today.allows.get(index)?);
        let open = |gate: &Gate| gate.when.is_none() && gate.unless.is_none();
        // What another line admits without a condition is told elsewhere.
        let elsewhere = |backend: BackendId| {
            let mut others = self.today.allows.iter().enumerate().filter(|(_, other)| open(&other.gate));
            others.any(|(other, _)| side.admits(other, backend))
        };
        let admits = |backend: &BackendId| side.admits(index, *backend) && !elsewhere(*backend);
        let admitted: Vec<BackendId> = self.backends().filter(admits).collect();
        if admitted.is_empty() || open(&allow.gate) {
            return None;
        }
        let mut wider = self.today.clone();
        let wide = wider.allows.get_mut(index)?;
        (wide.gate.when, wide.gate.unless) = (None, None);
        let policy = self.compiled(&wider)?;
        let loose = Side { policy: &policy, today: &wider, ..side };
        let space = Space::new(&[(side.policy, side.today), (loose.policy, loose.today)], false);
        let cannot = |place: &Place, _: BackendId| side.look(&space, place).must_open(&allow.gate);
        let pair = Pair { strict: side, loose, space: &space, gate: &allow.gate, steps: Steps::few };
        Some(pair.is_alike(&admitted, &cannot))
    }

    /// The parts of a rule that has several.
    fn parts<'r>(&self, rule: &'r Rule) -> Vec<ClausePart<'r>> {
        let said = |phrase: Phrase| phrase.surface(self.language).to_owned();
        let mut parts: Vec<ClausePart<'r>> = Vec::new();
        if rule.only.is_some() {
            parts.push((Phrase::OnlyBackends, said(Phrase::OnlyBackends), Box::new(|rule| rule.only = None)));
        }
        if rule.never.is_some() {
            parts.push((Phrase::NeverBackends, said(Phrase::NeverBackends), Box::new(|rule| rule.never = None)));
        }
        let must = |what: String| format!("{} {what}", Phrase::Must.surface(self.language));
        let of_class = rule.class_actions.iter().map(|(class, action)| {
            let name = sentence::class_name(*class, &self.catalogue, self.language);
            format!("{} {name}", self.done(*action))
        });
        let duties = of_class.collect::<Vec<_>>();
        let fewer = self.fewer_duties(rule);
        if fewer.is_empty() && !rule.actions.is_empty() {
            let what = duties.first().cloned().or_else(|| {
                let (entity, action) = rule.actions.first()?;
                Some(format!("{} {}", self.done(*action), self.type_name(*entity)))
            });
            parts.push((
                Phrase::Must,
                must(what.unwrap_or_default()),
                Box::new(|rule| {
                    rule.actions.clear();
                    rule.class_actions.clear();
                }),
            ));
        }
        for (name, actions, class_actions) in fewer {
            parts.push((
                Phrase::Must,
                must(format!("… {name}")),
                Box::new(move |rule| {
                    rule.actions.clone_from(&actions);
                    rule.class_actions.clone_from(&class_actions);
                }),
            ));
        }
        if rule.seals {
            parts.push((Phrase::LogSealed, must(said(Phrase::LogSealed)), Box::new(|rule| rule.seals = false)));
        }
        // One alone is the whole rule, of which is told elsewhere.
        if parts.len() > 1 { parts } else { Vec::new() }
    }

    /// The sheets with one rule changed.
    fn with(&self, index: usize, change: impl Fn(&mut Rule)) -> Resolved {
        let mut today = self.today.clone();
        today.rules.get_mut(index).into_iter().for_each(change);
        today
    }

    /// This policy and real requests.
    fn real(&self) -> Side<'_> {
        Side { told: false, ..self.side() }
    }

    /// What a rule asks of the backends, alone.
    fn asks(&self, rule: &Rule) -> Option<Program> {
        let alone = Resolved { rules: vec![rule.clone()], ..Resolved::default() };
        Program::new(&alone, &self.gathered.truths(self.now), self.catalogue.entities.len()).ok()
    }

    /// The policy in which a rule asks for what it does in these sheets, under the same condition.
    fn asking(&self, index: usize, today: &Resolved) -> Option<Policy> {
        let (truths, types) = (self.gathered.truths(self.now), self.catalogue.entities.len());
        let program = self.policy.program().asking(index, today.rules.get(index)?, &truths, types)?;
        Some(Policy { program, ..self.policy.clone() })
    }

    /// Whether no request comes out otherwise under a policy that differs in a rule alone, and asks less in it.
    fn comes_out_alike(&self, (strict, loose): (Side<'_>, Side<'_>), index: usize) -> Known {
        let (Some(wide), Some(rule)) = (strict.today.rules.get(index), loose.today.rules.get(index)) else {
            return Known::Undecided;
        };
        let space = Space::new(&[(strict.policy, strict.today), (loose.policy, loose.today)], false);
        let asks = |rule: &Rule| (rule.gate.clone(), rule.actions.clone(), rule.class_actions.clone(), rule.seals);
        let is_milder = asks(wide) != asks(rule);
        let row = |side: Side<'_>, backend: BackendId| {
            let row = side.policy.program().rules.get(index);
            row.map(|row| [&row.removes, &row.on, &row.surely_on].map(|mask| has(mask, backend)))
        };
        // Where the rule asks the same of a backend, nothing can show.
        let parts = |backend: &BackendId| {
            strict.concerns(index, *backend) && (is_milder || row(strict, *backend) != row(loose, *backend))
        };
        let backends: Vec<BackendId> = self.backends().filter(parts).collect();
        let cannot = |place: &Place, _: BackendId| !strict.look(&space, place).may_fire(wide);
        Pair { strict, loose, space: &space, gate: &wide.gate, steps: Steps::few }.is_alike(&backends, &cannot)
    }

    /// Whether a rule, which asks nothing after the duties, fires on the same requests as a wider one. It is no matter what else the
    /// sheets say but of labels.
    fn fires_alike(&self, rule: &Rule, wider: &Rule) -> Known {
        let of = |rule: &Rule| {
            let alone = Resolved { rules: vec![rule.clone()], says: self.today.says.clone(), ..Resolved::default() };
            self.compiled(&alone).map(|policy| (policy, alone))
        };
        let (Some((policy, today)), Some((loose, wide))) = (of(rule), of(wider)) else { return Known::Undecided };
        let (side, other) = (
            Side { policy: &policy, today: &today, ..self.real() },
            Side { policy: &loose, today: &wide, ..self.real() },
        );
        let space = Space::new(&[(&policy, &today), (&loose, &wide)], false);
        let mut dims = BTreeSet::new();
        space.asked(&rule.gate, !self.policy.says.is_empty(), &mut dims);
        let dims: Vec<usize> = dims.into_iter().collect();
        let excluded = |place: &Place| {
            let look = side.look(&space, place);
            look.must_fire(rule)
                || !look.may_hold_back(&rule.gate, &wider.gate)
                || !other.look(&space, place).may_fire(wider)
        };
        let fires = |side: Side<'_>, facts: &Facts| side.plan(facts).fired.contains(&rule.name);
        let has = |facts: &Facts| fires(other, facts) && !fires(side, facts);
        let sought = Sought { excluded: &excluded, has: &has, passes: None, steps: &Steps::few() };
        Known::all([find(&space, &dims, &space.open(), sought)].into_iter())
    }
}
