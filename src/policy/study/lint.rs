//! Lint: what is wrong with a policy although every word of it is right. Bugs only, never style.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

use super::super::declared::{Attestation, Entry};
use super::super::resolved::Rule;
use super::super::text::{Text, say};
use super::matrix;
use super::search::{Found, anywhere};
use super::side::{Side, led_by, opens, standing};
use super::space::{Place, Space};
use super::{Study, sentence};
use crate::model::{Action, BackendId, ClassId, Facts};

/// Days ahead within which an end is told.
const AHEAD_DAYS: i64 = 90;

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
    /// Rules that together leave no backend for what one of them is about.
    Contradiction,
    /// A class that no backend may have.
    DeadEnd,
    /// A duty that this build cannot do.
    Undoable,
    /// Evidence that ends soon, or has ended.
    Expiring,
    /// An exception or a review that is over.
    Overdue,
    /// A transfer that rests on a decision which somebody contests.
    Contested,
    /// A truth without evidence, a certificate without scope, a region that nobody knows.
    Unproven,
    /// A question about a rule or a class whose search was given up: nothing is claimed.
    Undecided,
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
    /// What a lawyer would misread: refused by `octroi policy check`.
    pub fn misreadings(&self) -> Vec<Advice> {
        let side = self.side();
        let backends = || (0..).take(self.policy.backends().len()).map(BackendId);
        let open = |gate: &super::super::resolved::Gate| gate.when.is_none() && gate.unless.is_none();
        let mut found = Vec::new();
        for (index, allow) in self.today.allows.iter().enumerate().filter(|(_, allow)| !open(&allow.gate)) {
            let admitted: Vec<BackendId> = backends().filter(|backend| side.admits(index, *backend)).collect();
            let swallowed = admitted.iter().all(|backend| {
                let others = self.today.allows.iter().enumerate();
                others.into_iter().any(|(at, other)| open(&other.gate) && side.admits(at, *backend))
            });
            if swallowed && !admitted.is_empty() {
                let text = say!(
                    "`{}` number {} has a condition, and every backend it admits is admitted without one",
                    super::super::phrase::Phrase::AllowBackends,
                    allow.number
                );
                found.push(self.advice(Kind::Misread, &text));
            }
        }
        let everybody = self.gathered.resolved.exceptions.iter().filter(|exception| exception.when.is_none());
        found.extend(everybody.map(|exception| {
            let text = say!(
                "exception `{}` spares every request: `{}` says which, or the rule goes until then",
                exception.name,
                super::super::phrase::Phrase::When
            );
            self.advice(Kind::Misread, &text)
        }));
        found
    }

    /// Everything that is wrong, the worst kinds first.
    pub fn lint(&self) -> Vec<Advice> {
        let mut found = self.misreadings();
        self.idle_allows(&mut found);
        self.rules(&mut found);
        self.dead_ends(&mut found);
        self.undoable(&mut found);
        self.dates(&mut found);
        self.contested(&mut found);
        self.unproven(&mut found);
        found.sort_by_key(|advice| advice.kind);
        found
    }

    fn advice(&self, kind: Kind, text: &Text) -> Advice {
        Advice { kind, text: text.said(self.language) }
    }

    fn idle_allows(&self, found: &mut Vec<Advice>) {
        for (allow, row) in self.today.allows.iter().zip(&self.policy.program().allows) {
            if row.admits.iter().all(|bits| *bits == 0) {
                let phrase = super::super::phrase::Phrase::AllowBackends;
                let text = say!("`{}` number {} admits no backend of the inventory today", phrase, allow.number);
                found.push(self.advice(Kind::IdleAllow, &text));
            }
        }
    }

    /// Rules that do nothing, alone or beside the others.
    fn rules(&self, found: &mut Vec<Advice>) {
        let space = self.space(false);
        // Packs overlap by design, and know neither the sheet nor the inventory.
        for (index, rule) in self.today.rules.iter().enumerate().filter(|(_, rule)| !rule.pack) {
            if let Some((kind, text)) = self.idle(index, rule, &space) {
                found.push(self.advice(kind, &text));
                continue;
            }
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
            Found::None => return Some((Kind::Unreachable, say!("rule `{}` can never fire", rule.name))),
            Found::Unknown => return Some((Kind::Undecided, say!("undecided: whether rule `{}` can fire", rule.name))),
            Found::Example(_) => {}
        }
        if prefers {
            return None;
        }
        match self.is_shadowed(index, &concerned, space) {
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

    /// Whether no request would come out otherwise without the rule.
    fn is_shadowed(&self, index: usize, concerned: &[BackendId], space: &Space) -> Known {
        let Some((without, today)) = self.without(index) else { return Known::No };
        let side = Side { told: false, ..self.side() };
        let other = Side { policy: &without, today: &today, now: self.now, told: false };
        let Some(rule) = self.today.rules.get(index) else { return Known::No };
        Known::all(concerned.iter().map(|backend| {
            let mut dims = BTreeSet::new();
            side.depends(space, *backend, &mut dims);
            let dims = led_by(&rule.gate, space, !self.policy.says.is_empty(), &dims);
            let excluded = |place: &Place| {
                let look = other.look(space, place);
                let done = || !side.removes(index, *backend) && look.must_do((side, rule), *backend);
                !side.look(space, place).may_fire(rule) || !look.may_allow(*backend) || done()
            };
            let has = |facts: &Facts| {
                let (with, without) = (side.plan(facts), other.plan(facts));
                opens(standing(&with, *backend), standing(&without, *backend), facts)
            };
            anywhere(space, &dims, &excluded, &has, Some((other, *backend)))
        }))
    }

    /// Whether no backend may have any request on which the rule fires, though the rule alone would leave one.
    fn contradicts(&self, index: usize, rule: &Rule, space: &Space) -> Known {
        let side = Side { told: false, ..self.side() };
        let left: Vec<BackendId> = self.backends().filter(|backend| !side.removes(index, *backend)).collect();
        let blocks = rule.actions.iter().any(|(_, action)| *action == Action::Block);
        if left.is_empty() || blocks {
            return Known::No;
        }
        Known::all(left.iter().map(|backend| {
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
            match Known::all(self.backends().map(allowed)) {
                Known::No => {}
                Known::Yes => found.push(self.advice(Kind::DeadEnd, &say!("no backend may have `{}` today", name()))),
                Known::Undecided => {
                    let text = say!("undecided: whether a backend may have `{}` today", name());
                    found.push(self.advice(Kind::Undecided, &text));
                }
            }
        }
    }

    fn undoable(&self, found: &mut Vec<Advice>) {
        for rule in &self.today.rules {
            let mut missing: Vec<&str> = Vec::new();
            let actions = rule.actions.iter().map(|(_, action)| *action);
            for action in actions.chain(rule.class_actions.iter().map(|(_, action)| *action)) {
                let done = matches!(action, Action::Block | Action::Keep) || self.vocabulary.actions.contains(&action);
                if !done && !missing.contains(&action.name()) {
                    missing.push(action.name());
                }
            }
            if rule.seals && !self.vocabulary.seals {
                missing.push("log sealed");
            }
            for duty in missing {
                let text = say!(
                    "rule `{}` demands `{}`, which this build cannot do: such backends are refused",
                    rule.name,
                    duty
                );
                found.push(self.advice(Kind::Undoable, &text));
            }
        }
    }

    fn dates(&self, found: &mut Vec<Advice>) {
        let today = self.gathered.day(self.now);
        let soon = today.checked_add(AHEAD_DAYS.days()).unwrap_or(Date::MAX);
        for entry in &self.gathered.inventory.entries {
            let mut lasts = Vec::new();
            entry.dates(&mut Vec::new(), &mut lasts);
            lasts.sort_unstable();
            lasts.dedup();
            for last in lasts.into_iter().filter(|last| (today..=soon).contains(last)) {
                let text = say!("a truth about `{}` ends on {}", entry.name, last.to_string());
                found.push(self.advice(Kind::Expiring, &text));
            }
        }
        found.extend(self.gathered.unknown_by_date(today).iter().map(|text| self.advice(Kind::Expiring, text)));
        found.extend(self.gathered.overdue(today).iter().map(|text| self.advice(Kind::Overdue, text)));
    }

    /// Transfers that rest on a contested decision alone.
    fn contested(&self, found: &mut Vec<Advice>) {
        let today = self.gathered.day(self.now);
        for entry in &self.gathered.inventory.entries {
            let claims = entry.adequacy.on(today).into_iter().flatten();
            for claim in claims.filter(|claim| claim.stands(today)) {
                let decisions = self.gathered.world.reference.decisions.iter();
                for decision in decisions.filter(|one| one.contested && one.country == claim.value) {
                    let text = say!("`{}` relies on {}, which is contested", entry.name, decision.instrument);
                    found.push(self.advice(Kind::Contested, &text));
                }
            }
        }
    }

    fn unproven(&self, found: &mut Vec<Advice>) {
        for entry in &self.gathered.inventory.entries {
            for region in &entry.notes.unknown_regions {
                let text = say!("the countries of region `{}` of `{}` are not known", region, entry.name);
                found.push(self.advice(Kind::Unproven, &text));
            }
            for scheme in &entry.notes.unscoped {
                let text = say!("the certificate {} of `{}` does not say its scope", scheme, entry.name);
                found.push(self.advice(Kind::Unproven, &text));
            }
            if entry.notes.no_evidence {
                found.push(self.advice(Kind::Unproven, &say!("the truths about `{}` name no evidence", entry.name)));
            }
            self.lapsed(entry, found);
        }
    }

    fn lapsed(&self, entry: &Entry, found: &mut Vec<Advice>) {
        let today = self.gathered.day(self.now);
        if let Some(Attestation::Until(day)) = entry.attestation.ever()
            && *day < today
        {
            let text = say!("the attestation of `{}` ended on {}", entry.name, day.to_string());
            found.push(self.advice(Kind::Expiring, &text));
        }
    }

    /// Every backend.
    pub(super) fn backends(&self) -> impl Iterator<Item = BackendId> + use<> {
        (0..).take(self.policy.backends().len()).map(BackendId)
    }
}

/// What searches for a counterexample come to together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Yes,
    No,
    /// No counterexample was found, and a search was given up.
    Undecided,
}

impl Known {
    /// Whether every search ends without an example. The first example settles it.
    fn all(searches: impl Iterator<Item = Found>) -> Self {
        let mut known = Self::Yes;
        for found in searches {
            match found {
                Found::Example(_) => return Self::No,
                Found::Unknown => known = Self::Undecided,
                Found::None => {}
            }
        }
        known
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
