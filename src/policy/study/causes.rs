//! What may make a difference between two policies, and where it can show.
//!
//! A rule that stands in both, in the same words and for the same backends, is no cause; what is left leads the search of `diff`.

use super::super::resolved::{Gate, Rule};
use super::alike::{labels_differ, may_part};
use super::bindings::beyond;
use super::diff::Pair;
use super::dim::Dim;
use super::side::{Side, standing};
use super::space::{Place, Space};
use crate::model::{Action, BackendId, Country, Facts, Plan, Word};

/// What may make a difference.
pub(super) enum Cause<'a> {
    /// A rule of the old policy that the new one does not have so.
    Rule(&'a Rule),
    /// An `allow` of the new policy that the old one does not have so, by its place there.
    Allow(usize, &'a Gate),
    /// What labels say of the data.
    Label,
    /// Countries that only one of the two knows, where it is asked where somebody lives.
    Countries,
    /// A hosted tool that a line of the new policy allows.
    Tool,
    /// What is asked of the data after the duties, which depends on all of them.
    Still,
    /// What this build does, or where the backend stands.
    Other,
    /// A rule of the new policy that refuses backends nearer than this one.
    Nearer(&'a Rule),
    /// A nearer backend of the old policy that the new one admits less, or holds to be no nearer.
    Left(BackendId, Word),
    /// The servers, certificates or models that the inventory binds the name to.
    Binding,
}

impl Cause<'_> {
    /// Whether it may make a farther backend the nearest that is left.
    pub(super) const fn moves(&self) -> bool {
        matches!(self, Self::Nearer(..) | Self::Left(..) | Self::Label | Self::Countries | Self::Still | Self::Other)
    }

    pub(super) fn name(&self) -> Word {
        match self {
            Self::Rule(rule) | Self::Nearer(rule) => rule.name.clone(),
            Self::Left(_, nearer) => nearer.clone(),
            Self::Allow(..) => Word::fixed("allow"),
            Self::Label => Word::fixed("the label"),
            Self::Countries => Word::fixed("countries.toml"),
            Self::Tool => Word::fixed("allow hosted tool"),
            Self::Still => Word::fixed("still includes identified"),
            Self::Other => Word::fixed("on premises"),
            Self::Binding => Word::fixed("hosts, addresses, ca, spki, models, path-ids"),
        }
    }
}

impl<'a> Pair<'a> {
    pub(super) fn causes(&self) -> Vec<Cause<'a>> {
        let (before, after, new) = (self.before, self.after, self.new);
        let mut causes = Vec::new();
        let Some(old) = self.old else {
            let admitting = after.today.allows.iter().enumerate().filter(|(index, _)| after.admits(*index, new));
            causes.extend(admitting.map(|(index, allow)| Cause::Allow(index, &allow.gate)));
            return causes;
        };
        for (index, rule) in before.today.rules.iter().enumerate().filter(|(index, _)| before.concerns(*index, old)) {
            let kept = after.today.rules.iter().enumerate().any(|(at, other)| {
                other.gate == rule.gate
                    && (!before.removes(index, old) || after.removes(at, new))
                    && (!before.demands(index, old)
                        || (after.demands(at, new) && as_strict((after, other), (before, rule))))
            });
            if !kept {
                causes.push(Cause::Rule(rule));
            }
        }
        for (index, allow) in after.today.allows.iter().enumerate().filter(|(index, _)| after.admits(*index, new)) {
            let was = before
                .today
                .allows
                .iter()
                .enumerate()
                .any(|(at, other)| before.admits(at, old) && other.gate == allow.gate);
            if !was {
                causes.push(Cause::Allow(index, &allow.gate));
            }
        }
        if after.today.tools.iter().any(|tool| {
            !before
                .today
                .tools
                .iter()
                .any(|other| other.tool == tool.tool && other.host == tool.host && other.gate == tool.gate)
        }) {
            causes.push(Cause::Tool);
        }
        if before.today.says != after.today.says || before.policy.labels() != after.policy.labels() {
            causes.push(Cause::Label);
        }
        if before.policy.countries != after.policy.countries && (before.asks_residence() || after.asks_residence()) {
            causes.push(Cause::Countries);
        }
        if self.is_bound_elsewhere() {
            causes.push(Cause::Binding);
        }
        causes.extend(self.nearer(old).map(Cause::Nearer));
        causes.extend(self.left(old));
        // What is asked after the duties depends on all of them.
        if self.asks_still()
            && (before.policy.digest() != after.policy.digest()
                || before.policy.inventory_digest() != after.policy.inventory_digest()
                || before.policy.reference_digest() != after.policy.reference_digest())
        {
            causes.push(Cause::Still);
        }
        if before.policy.actions.iter().any(|action| !after.policy.actions.contains(action))
            || before.policy.on_premises(old) != after.policy.on_premises(new)
        {
            causes.push(Cause::Other);
        }
        causes
    }

    /// Whether what the duties leave has a part in what becomes of this backend, or of one that is nearer.
    fn asks_still(&self) -> bool {
        let of = |side: Side<'_>, own: Option<BackendId>| {
            let tier = own.and_then(|own| side.policy.backend(own)).map(|backend| backend.tier);
            let mut all = (0..).map(BackendId).zip(side.policy.backends());
            all.any(|(id, other)| (Some(id) == own || Some(other.tier) < tier) && side.asks_still_of(id))
        };
        of(self.before, self.old) || of(self.after, Some(self.new))
    }

    /// Whether a cause has a part in what becomes of a request. What opens without it has another cause, which is searched too.
    pub(super) fn is_at_work(&self, cause: &Cause<'_>, before: &Plan, after: &Plan, facts: &Facts) -> bool {
        match cause {
            Cause::Rule(rule) => rule.gate.asks_still() || before.fired.contains(&rule.name),
            Cause::Nearer(rule) => rule.gate.asks_still() || after.fired.contains(&rule.name),
            // What is asked after the duties is not known before them.
            Cause::Allow(index, gate) => gate.asks_still() || self.after.opens(*index, facts),
            Cause::Left(nearer, _) => standing(before, *nearer).is_some(),
            Cause::Label | Cause::Countries | Cause::Tool | Cause::Still | Cause::Other | Cause::Binding => true,
        }
    }

    /// Whether the new inventory lets the backend's name stand for something that the old one does not.
    fn is_bound_elsewhere(&self) -> bool {
        let (Some(old), Some(new)) =
            (self.old.and_then(|old| self.before.policy.backend(old)), self.after.policy.backend(self.new))
        else {
            return false;
        };
        !beyond(&old.binding, &new.binding).is_empty()
    }

    pub(super) fn excluded(&self, cause: &Cause<'_>, space: &Space, place: &Place) -> bool {
        let (before, after) = (self.before.look(space, place), self.after.look(space, place));
        let idle = match cause {
            Cause::Rule(rule) => {
                !before.may_fire(rule) || (!self.removed(rule) && after.must_do((self.before, rule), self.new))
            }
            Cause::Allow(_, gate) => !after.may_open(gate),
            Cause::Label => !labels_differ(&before, &after),
            Cause::Tool => is(space, place, &|dim, value| matches!(dim, Dim::Hosted(_)) && value == 0),
            Cause::Nearer(rule) => !after.may_fire(rule) || !self.may_stop_nearer(rule, &after),
            Cause::Left(nearer, _) => !before.may_allow(*nearer),
            Cause::Still => !after.may_still() && !before.may_still(),
            // Whoever lives where both know makes no difference.
            Cause::Countries => space.dims.iter().zip(place).all(|(dim, value)| match dim {
                Dim::Resident(country) => *value == Some(0) || !self.is_strange(*country),
                _ => true,
            }),
            Cause::Other | Cause::Binding => false,
        };
        if idle || !after.may_allow(self.new) {
            return true;
        }
        let had =
            || self.old.is_some_and(|old| before.must_allow(old) || !may_part((&before, old), (&after, self.new)));
        match cause {
            Cause::Binding => false,
            Cause::Nearer(..) | Cause::Left(..) => !self.may_move(&before, &after),
            // What is allowed in both may still have become the nearest.
            _ => had() && !(cause.moves() && self.may_move(&before, &after)),
        }
    }

    /// Whether only one of the two knows a country.
    fn is_strange(&self, country: Country) -> bool {
        self.before.policy.countries.contains(&country) != self.after.policy.countries.contains(&country)
    }

    /// Whether a rule of the old policy takes the backend out.
    fn removed(&self, rule: &Rule) -> bool {
        let index = self.before.today.rules.iter().position(|known| known.name == rule.name);
        index.zip(self.old).is_none_or(|(index, old)| self.before.removes(index, old))
    }
}

/// Whether a rule of one policy demands at least what a rule of another does. What cannot be done is as strict as a block: both
/// refuse.
pub(super) fn as_strict((one, rule): (Side<'_>, &Rule), (two, other): (Side<'_>, &Rule)) -> bool {
    let demanded = |side: Side<'_>, action: Action| match action {
        Action::Keep | Action::Block => action,
        action if side.policy.can(action) => action,
        _ => Action::Block,
    };
    let strict = |done: Action, asked: Action| demanded(one, done) >= demanded(two, asked);
    // Both are sorted by type.
    let mut mine = rule.actions.iter();
    let types = other.actions.iter().all(|(entity, asked)| {
        let found = mine.by_ref().find(|(known, _)| known >= entity);
        found.is_some_and(|(known, done)| known == entity && strict(*done, *asked))
    });
    let classes = other
        .class_actions
        .iter()
        .all(|(class, action)| rule.class_actions.iter().any(|(known, done)| known == class && strict(*done, *action)));
    types && classes && (rule.seals || !other.seals)
}

/// Whether a dimension is fixed so.
fn is(space: &Space, place: &Place, wanted: &dyn Fn(&Dim, usize) -> bool) -> bool {
    space.dims.iter().zip(place).any(|(dim, value)| value.is_some_and(|value| wanted(dim, value)))
}
