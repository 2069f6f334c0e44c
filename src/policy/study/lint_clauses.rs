//! Clauses without which every request would come out the same: told by `lint`, of rules and lines that do something otherwise.
//!
//! Each is taken out and both policies are compared over all requests, so that what is told is proven; where a search is given up,
//! nothing is. A clause that is about no backend of the inventory waits for one, and is left alone; so is what is asked after the
//! duties, of which less may be more.

use std::collections::BTreeSet;

use super::super::phrase::Phrase;
use super::super::resolved::{Gate, Resolved, Rule};
use super::super::text::{Text, say};
use super::lint::{Advice, Kind};
use super::search::{Found, Sought, Steps, find};
use super::side::{Side, led_by, opens, standing};
use super::space::{Place, Space};
use super::{Study, sentence};
use crate::model::{BackendId, Facts};

/// What of a rule may be taken out: the clause it is of, how it is told, and how it goes.
type ClausePart<'r> = (Phrase, String, Box<dyn Fn(&mut Rule) + 'r>);

impl Study {
    /// The clauses of a rule that change nothing.
    pub(super) fn idle_clauses(&self, index: usize, rule: &Rule, found: &mut Vec<Advice>) {
        if self.policy.program().asks_still() {
            return;
        }
        let side = Side { told: false, ..self.side() };
        let demands: Vec<BackendId> = self.backends().filter(|backend| side.demands(index, *backend)).collect();
        let mut told = |text: Text| found.push(self.advice(Kind::IdleClause, &text));
        for (clause, said, gone) in self.parts(rule) {
            let today = self.with(index, &gone);
            let about = match clause {
                Phrase::OnlyBackends => self.removed_by(index, |rule| rule.never = None),
                Phrase::NeverBackends => self.removed_by(index, |rule| rule.only = None),
                _ => demands.clone(),
            };
            if !about.is_empty() && self.never_shows((index, rule), &today, &about) {
                told(say!(
                    "`{}` of rule `{}` changes nothing: without it every request would come out the same",
                    said,
                    rule.name
                ));
            }
        }
        if rule.gate.when.is_some() && self.fires_alike(index, rule, |gate| gate.when = None) {
            told(say!("`{}` of rule `{}` holds of every request: it asks nothing", Phrase::When, rule.name));
        }
        // What exceptions spare is part of the gate, and has an end of its own.
        let spared = rule.unspared.as_ref().is_some_and(|written| written.unless != rule.gate.unless);
        if rule.gate.unless.is_some() && !spared && self.fires_alike(index, rule, |gate| gate.unless = None) {
            told(say!("`{}` of rule `{}` spares no request", Phrase::Unless, rule.name));
        }
    }

    /// The conditions of `allow` that change nothing.
    pub(super) fn idle_conditions(&self, found: &mut Vec<Advice>) {
        if self.policy.program().asks_still() {
            return;
        }
        let side = Side { told: false, ..self.side() };
        for (index, allow) in self.today.allows.iter().enumerate() {
            let open = |gate: &Gate| gate.when.is_none() && gate.unless.is_none();
            // What another line admits without a condition is told elsewhere.
            let elsewhere = |backend: BackendId| {
                let mut others = self.today.allows.iter().enumerate().filter(|(_, other)| open(&other.gate));
                others.any(|(other, _)| side.admits(other, backend))
            };
            let admits = |backend: &BackendId| side.admits(index, *backend) && !elsewhere(*backend);
            let admitted: Vec<BackendId> = self.backends().filter(admits).collect();
            if admitted.is_empty() || open(&allow.gate) {
                continue;
            }
            let mut wider = self.today.clone();
            if let Some(allow) = wider.allows.get_mut(index) {
                (allow.gate.when, allow.gate.unless) = (None, None);
            }
            let Some(policy) = self.compiled(&wider) else { continue };
            let loose = Side { policy: &policy, today: &wider, ..side };
            let excluded = |look: &Place, space: &Space| side.look(space, look).must_open(&allow.gate);
            if self.holds_back_nothing((side, loose), &allow.gate, &admitted, &excluded) {
                let text = say!(
                    "the condition of `{}` number {} changes nothing: without it every request would come out the same",
                    Phrase::AllowBackends,
                    allow.number
                );
                found.push(self.advice(Kind::IdleClause, &text));
            }
        }
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

    /// The backends that a rule takes out when it is changed so.
    fn removed_by(&self, index: usize, change: impl Fn(&mut Rule)) -> Vec<BackendId> {
        let today = self.with(index, change);
        let Some(policy) = self.compiled(&today) else { return Vec::new() };
        let side = Side { policy: &policy, today: &today, ..self.side() };
        self.backends().filter(|backend| side.removes(index, *backend)).collect()
    }

    /// Whether no request comes out otherwise at these backends in sheets in which a rule asks less: proven.
    fn never_shows(&self, (index, rule): (usize, &Rule), today: &Resolved, backends: &[BackendId]) -> bool {
        let Some(policy) = self.compiled(today) else { return false };
        let strict = Side { told: false, ..self.side() };
        let loose = Side { policy: &policy, today, ..strict };
        let asks = |rule: &Rule| (rule.actions.clone(), rule.class_actions.clone(), rule.seals);
        let is_milder = today.rules.get(index).is_some_and(|changed| asks(changed) != asks(rule));
        // Where another clause of the rule takes a backend out too, nothing can show.
        let parts =
            |backend: &&BackendId| is_milder || strict.removes(index, **backend) != loose.removes(index, **backend);
        let backends: Vec<BackendId> = backends.iter().filter(parts).copied().collect();
        let excluded = |place: &Place, space: &Space| !strict.look(space, place).may_fire(rule);
        self.holds_back_nothing((strict, loose), &rule.gate, &backends, &excluded)
    }

    /// Whether nothing that the stricter of two policies holds back passes under the looser, at these backends. What is excluded
    /// cannot show it.
    fn holds_back_nothing(
        &self,
        (strict, loose): (Side<'_>, Side<'_>),
        gate: &Gate,
        backends: &[BackendId],
        cannot: &dyn Fn(&Place, &Space) -> bool,
    ) -> bool {
        let space = Space::new(&[(strict.policy, strict.today), (loose.policy, loose.today)], false);
        let mut searches = backends.iter().map(|backend| {
            let mut dims = BTreeSet::new();
            strict.depends(&space, *backend, &mut dims);
            loose.depends(&space, *backend, &mut dims);
            let dims = led_by(gate, &space, !self.policy.says.is_empty(), &dims);
            let excluded = |place: &Place| cannot(place, &space) || !loose.look(&space, place).may_allow(*backend);
            let has = |facts: &Facts| {
                let (with, without) = (strict.plan(facts), loose.plan(facts));
                opens(standing(&with, *backend), standing(&without, *backend), facts)
            };
            never(&space, &dims, &excluded, &has, Some((loose, *backend)))
        });
        searches.all(|never| never)
    }

    /// Whether a rule fires on the same requests with a wider gate: proven.
    fn fires_alike(&self, index: usize, rule: &Rule, widen: impl Fn(&mut Gate)) -> bool {
        let today = self.with(index, |rule| widen(&mut rule.gate));
        let (Some(policy), Some(wider)) = (self.compiled(&today), today.rules.get(index)) else { return false };
        let side = Side { told: false, ..self.side() };
        let other = Side { policy: &policy, today: &today, ..side };
        let space = Space::new(&[(&self.policy, &self.today), (&policy, &today)], false);
        let mut dims = BTreeSet::new();
        space.asked(&rule.gate, !self.policy.says.is_empty(), &mut dims);
        let dims: Vec<usize> = dims.into_iter().collect();
        let excluded =
            |place: &Place| side.look(&space, place).must_fire(rule) || !other.look(&space, place).may_fire(wider);
        let fires = |side: Side<'_>, facts: &Facts| side.plan(facts).fired.contains(&rule.name);
        let has = |facts: &Facts| fires(other, facts) && !fires(side, facts);
        never(&space, &dims, &excluded, &has, None)
    }
}

/// Whether no request has a property: proven, in few steps.
fn never(
    space: &Space,
    dims: &[usize],
    excluded: &dyn Fn(&Place) -> bool,
    has: &dyn Fn(&Facts) -> bool,
    passes: Option<(Side<'_>, BackendId)>,
) -> bool {
    find(space, dims, &space.open(), Sought { excluded, has, passes, steps: &Steps::few() }) == Found::None
}
