//! Lint: what is wrong with a policy although every word of it is right. Bugs only, never style.

use std::collections::BTreeSet;

use super::super::Policy;
use super::super::phrase::Phrase;
use super::super::resolved::{Resolved, Rule};
use super::super::text::{Text, say};
use super::matrix;
use super::outcome::{Known, Pair, kinds};
use super::search::{Found, Steps, anywhere};
use super::side::{Side, led_by, standing};
use super::space::{Place, Space};
use super::{Study, sentence};
use crate::model::{Action, BackendId, ClassId, Facts};

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A text that can be misread: `check` refuses it.
    Misread,
    /// An `allow` that admits no backend.
    IdleAllow,
    /// A rule that never fires, or concerns no backend.
    Unreachable,
    /// A rule without which nothing would change.
    Shadowed,
    /// A clause without which nothing would change.
    IdleClause,
    /// Rules that together leave no backend for what one of them is about.
    Contradiction,
    /// A class that no backend may have.
    DeadEnd,
    /// A duty that this build cannot do.
    Undoable,
    /// Two backends of one host.
    OneHost,
    /// An exception that one person approved twice.
    OneApprover,
    /// Evidence that ends soon, has ended, or has not begun.
    Expiring,
    /// An exception, a rule, an `allow` or a review that is over.
    Overdue,
    /// A transfer that rests on a decision which somebody contests.
    Contested,
    /// Adequacy that is claimed for a country of the EEA, or for one of which there is no decision.
    Baseless,
    /// A truth without evidence, a certificate without scope, a region that nobody knows.
    Unproven,
    /// A question about a rule or a class whose search was given up: nothing is claimed.
    Undecided,
    /// A clause that takes out no backend of the inventory, and waits for one: a note, and no finding.
    Waiting,
    /// A clause that was not studied, for its search was given up: a note, and no finding.
    Unstudied,
    /// A class that rules speak of and neither a detector nor a label brings: a note, for a protected document may.
    Unbrought,
}

impl Kind {
    /// Whether it says that something is wrong, or may be.
    pub const fn is_finding(self) -> bool {
        !matches!(self, Self::Waiting | Self::Unstudied | Self::Unbrought)
    }
}

/// One piece of advice.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Advice {
    /// What is wrong.
    pub kind: Kind,
    /// In one sentence, in the language of the sheet.
    pub text: String,
}

impl Study {
    /// Everything that is wrong, the worst kinds first.
    pub fn lint(&self) -> Vec<Advice> {
        let mut found = self.misreadings();
        self.idle_allows(&mut found);
        self.rules(&mut found);
        self.idle_conditions(&mut found);
        self.dead_ends(&mut found);
        self.undoable(&mut found);
        self.one_host(&mut found);
        self.approved_twice(&mut found);
        self.dates(&mut found);
        self.contested(&mut found);
        self.baseless(&mut found);
        self.unproven(&mut found);
        self.unbrought(&mut found);
        found.sort_by_key(|advice| advice.kind);
        found
    }

    pub(super) fn advice(&self, kind: Kind, text: &Text) -> Advice {
        Advice { kind, text: text.said(self.language) }
    }

    fn idle_allows(&self, found: &mut Vec<Advice>) {
        for (allow, row) in self.today.allows.iter().zip(&self.policy.program().allows) {
            if row.admits.iter().all(|bits| *bits == 0) {
                let phrase = Phrase::AllowBackends;
                let text = say!("`{}` number {} admits no backend of the inventory today", phrase, allow.number);
                found.push(self.advice(Kind::IdleAllow, &text));
            }
        }
    }

    /// Rules that do nothing, alone or beside the others.
    fn rules(&self, found: &mut Vec<Advice>) {
        let space = self.space(false);
        let mut shadowed = Vec::new();
        // Packs overlap by design, and know neither the sheet nor the inventory.
        for (index, rule) in self.today.rules.iter().enumerate().filter(|(_, rule)| !rule.pack) {
            if self.is_suspended(index, rule, &space) {
                continue;
            }
            match self.idle(index, rule, &space) {
                None => {}
                Some((Kind::Shadowed, text)) => {
                    shadowed.push((index, text));
                    continue;
                }
                Some((kind, text)) => {
                    found.push(self.advice(kind, &text));
                    continue;
                }
            }
            self.idle_clauses(index, rule, found);
            match self.contradicts(index, rule, &space) {
                Known::No => {}
                Known::Yes => {
                    let text =
                        say!("rule `{}` and the others leave no backend for the requests it is about", rule.name);
                    found.push(self.advice(Kind::Contradiction, &text));
                }
                Known::Undecided => {
                    let text = say!("undecided: whether rule `{}` and the others leave a backend", rule.name);
                    found.push(self.advice(Kind::Undecided, &text));
                }
            }
        }
        self.shadowed(&shadowed, &space, found);
    }

    /// Rules that change nothing: each beside all others, or only as long as another that does the same is there.
    fn shadowed(&self, shadowed: &[(usize, Text)], space: &Space, found: &mut Vec<Advice>) {
        let mut gone: Vec<usize> = Vec::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (index, _) in shadowed {
            if gone.is_empty() || self.is_shadowed(*index, &gone, space) != Known::No {
                gone.push(*index);
                continue;
            }
            let mut group = gone.clone();
            for other in &gone {
                let fewer: Vec<usize> = group.iter().copied().filter(|member| member != other).collect();
                if self.is_shadowed(*index, &fewer, space) == Known::No {
                    group = fewer;
                }
            }
            group.push(*index);
            groups.push(group);
        }
        let alone = |index: &usize| !groups.iter().any(|group| group.contains(index));
        found.extend(
            shadowed.iter().filter(|(index, _)| alone(index)).map(|(_, text)| self.advice(Kind::Shadowed, text)),
        );
        for group in &groups {
            let names = group.iter().filter_map(|index| Some(format!("`{}`", self.today.rules.get(*index)?.name)));
            let text = say!(
                "rules {} cover one another: without one of them nothing would change, without all of them requests would come out otherwise",
                names.collect::<Vec<_>>().join(", ")
            );
            found.push(self.advice(Kind::Shadowed, &text));
        }
    }

    /// Whether a rule never fires because of an exception in date, and would without it: that is what the exception is for.
    fn is_suspended(&self, index: usize, rule: &Rule, space: &Space) -> bool {
        let spared = self.today.exceptions.iter().any(|exception| exception.rule == rule.name);
        if !spared || !matches!(self.fires(self.side(), space, rule), Found::None) {
            return false;
        }
        let mut today = self.today.clone();
        let whole = self.gathered.resolved.rules.iter().find(|one| one.name == rule.name && one.pack == rule.pack);
        let (Some(whole), Some(place)) = (whole, today.rules.get_mut(index)) else { return false };
        *place = whole.clone();
        let Some(policy) = self.compiled(&today) else { return false };
        let side = Side { policy: &policy, today: &today, now: self.now, told: self.told };
        let space = Space::new(&[(&policy, &today)], false);
        matches!(self.fires(side, &space, whole), Found::Example(_))
    }

    /// Why a rule does nothing, if it does.
    fn idle(&self, index: usize, rule: &Rule, space: &Space) -> Option<(Kind, Text)> {
        let side = self.side();
        let concerned: Vec<BackendId> = self.backends().filter(|backend| side.concerns(index, *backend)).collect();
        let prefers = !rule.prefers.is_empty();
        if concerned.is_empty() {
            let about = self.policy.program().rules.get(index).is_some_and(|row| row.on.iter().any(|bits| *bits != 0));
            let text = if about {
                say!("rule `{}` refuses no backend of the inventory today, and demands nothing", rule.name)
            } else {
                say!("rule `{}` concerns no backend of the inventory today", rule.name)
            };
            return (!prefers).then_some((Kind::Unreachable, text));
        }
        match self.fires(side, space, rule) {
            Found::None => {
                let fires = |then: &Self| {
                    let rule = then.place_of(rule).and_then(|index| then.today.rules.get(index));
                    Known::all(rule.map(|rule| then.fires(then.side(), &then.space(false), rule)).into_iter())
                };
                if self.at_every_instant(Known::Yes, &fires) == Known::Yes {
                    return Some((Kind::Unreachable, say!("rule `{}` can never fire", rule.name)));
                }
            }
            Found::Unknown => return Some((Kind::Undecided, say!("undecided: whether rule `{}` can fire", rule.name))),
            Found::Example(_) => {}
        }
        if prefers {
            return None;
        }
        match self.is_shadowed(index, &[], space) {
            Known::No => None,
            Known::Yes => Some((
                Kind::Shadowed,
                say!("rule `{}` changes nothing: without it every request would come out the same", rule.name),
            )),
            Known::Undecided => {
                Some((Kind::Undecided, say!("undecided: whether rule `{}` changes anything", rule.name)))
            }
        }
    }

    fn fires(&self, side: Side<'_>, space: &Space, rule: &Rule) -> Found {
        let dims = self.dims_of(side, space, rule);
        let excluded = |place: &Place| !side.look(space, place).may_fire(rule);
        let has = |facts: &Facts| side.plan(facts).fired.contains(&rule.name);
        anywhere(space, &dims, &excluded, &has, None)
    }

    fn dims_of(&self, side: Side<'_>, space: &Space, rule: &Rule) -> Vec<usize> {
        let mut dims = BTreeSet::new();
        if rule.gate.asks_still() {
            // What is left after the duties depends on all of them.
            self.backends().for_each(|backend| side.depends(space, backend, &mut dims));
        }
        space.asked(&rule.gate, !self.policy.says.is_empty(), &mut dims);
        dims.into_iter().collect()
    }

    /// Whether no request would ever come out otherwise without the rule, where others are gone already.
    fn is_shadowed(&self, index: usize, gone: &[usize], space: &Space) -> Known {
        self.at_every_instant(self.is_shadowed_today(index, gone, space), &|then| {
            let there = |index: &usize| then.place_of(self.today.rules.get(*index)?);
            let Some(index) = there(&index) else { return Known::Yes };
            let gone: Vec<usize> = gone.iter().filter_map(there).collect();
            then.is_shadowed_today(index, &gone, &then.space(false))
        })
    }

    /// Where a rule of another day stands today, if it does.
    pub(super) fn place_of(&self, rule: &Rule) -> Option<usize> {
        self.today.rules.iter().position(|known| known.name == rule.name && known.pack == rule.pack)
    }

    /// Whether no request would come out otherwise today without the rule, where others are gone already.
    fn is_shadowed_today(&self, index: usize, gone: &[usize], space: &Space) -> Known {
        let all: Vec<usize> = gone.iter().copied().chain([index]).collect();
        let base = (!gone.is_empty()).then(|| self.less(gone));
        let (policy, today) = base.as_ref().map_or((&self.policy, &self.today), |(policy, today)| (policy, today));
        let Some(rule) = self.today.rules.get(index) else { return Known::No };
        let (without, rest) = self.less(&all);
        let side = Side { policy, today, now: self.now, told: false };
        let other = Side { policy: &without, today: &rest, now: self.now, told: false };
        let index = index - gone.iter().filter(|other| **other < index).count();
        let concerned: Vec<BackendId> = self.backends().filter(|backend| side.concerns(index, *backend)).collect();
        // After the duties it counts who surely demands them, so that another that demands as much is not the same.
        let still = self.policy.program().asks_still();
        let cannot = |place: &Place, backend: BackendId| {
            let demanded = || other.look(space, place).must_do((side, rule), backend);
            !side.look(space, place).may_fire(rule) || (!still && !side.removes(index, backend) && demanded())
        };
        let pair = Pair { strict: side, loose: other, space, gate: &rule.gate, steps: Steps::default };
        pair.is_alike(&concerned, &cannot)
    }

    /// Whether every request would come out the same today without a rule: proven.
    pub(super) fn changes_nothing(&self, rule: &Rule) -> bool {
        let space = Space::new(&[(&self.policy, &self.today)], false);
        self.place_of(rule).is_some_and(|index| self.is_shadowed_today(index, &[], &space) == Known::Yes)
    }

    /// The policy without some rules.
    fn less(&self, gone: &[usize]) -> (Policy, Resolved) {
        let mut today = self.today.clone();
        let mut at = 0..;
        today.rules.retain(|_| at.next().is_none_or(|at| !gone.contains(&at)));
        (Policy { program: self.policy.program().without(gone), ..self.policy.clone() }, today)
    }

    /// Whether no backend may have any request on which the rule fires, though the rule alone would leave one.
    fn contradicts(&self, index: usize, rule: &Rule, space: &Space) -> Known {
        let side = Side { told: false, ..self.side() };
        let left: Vec<BackendId> = self.backends().filter(|backend| !side.removes(index, *backend)).collect();
        let blocks = rule.actions.iter().any(|(_, action)| *action == Action::Block);
        if left.is_empty() || blocks {
            return Known::No;
        }
        Known::all(kinds(&[side], &left).iter().map(|backend| {
            let mut dims = BTreeSet::new();
            side.depends(space, *backend, &mut dims);
            let dims = led_by(&rule.gate, space, !self.policy.says.is_empty(), &dims);
            let excluded = |place: &Place| {
                let look = side.look(space, place);
                !look.may_fire(rule) || !look.may_allow(*backend)
            };
            let has = |facts: &Facts| {
                let plan = side.plan(facts);
                plan.fired.contains(&rule.name) && standing(&plan, *backend).is_some()
            };
            anywhere(space, &dims, &excluded, &has, Some((side, *backend)))
        }))
    }

    fn dead_ends(&self, found: &mut Vec<Advice>) {
        let space = self.space(false);
        let all: Vec<BackendId> = self.backends().collect();
        for (class, info) in (0_u8..).map(ClassId).zip(&self.catalogue.classes) {
            let served = self
                .served
                .iter()
                .any(|entity| self.catalogue.info(*entity).is_some_and(|info| info.classes.contains(class)));
            let allowed = |backend| matrix::otherwise(self.side(), &space, class, backend, true);
            if !served && !info.declared {
                continue;
            }
            let name = || sentence::class_name(class, &self.catalogue, self.language);
            match Known::all(kinds(&[self.side()], &all).into_iter().map(allowed)) {
                Known::No => {}
                Known::Yes => found.push(self.advice(Kind::DeadEnd, &say!("no backend may have `{}` today", name()))),
                Known::Undecided => {
                    let text = say!("undecided: whether a backend may have `{}` today", name());
                    found.push(self.advice(Kind::Undecided, &text));
                }
            }
        }
    }

    /// Every backend.
    pub(super) fn backends(&self) -> impl Iterator<Item = BackendId> + use<> {
        (0..).take(self.policy.backends().len()).map(BackendId)
    }
}

/// A rule of the sheets that does nothing.
pub(super) fn superfluous(study: &Study) -> Option<String> {
    let space = study.space(false);
    let rules = study.today.rules.iter().enumerate().filter(|(_, rule)| !rule.pack);
    let mut idle =
        rules.filter(|(index, rule)| study.idle(*index, rule, &space).is_some_and(|(kind, _)| kind != Kind::Undecided));
    idle.next().map(|(_, rule)| rule.name.to_string())
}
