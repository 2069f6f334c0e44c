//! What a new policy makes possible that the old one did not, and what it refuses: exact, with an example of each.
//!
//! A flow can only open because something old that refused is gone or weaker, or something new admits. So the search is led
//! by these causes: a rule that stands in both, in the same words and for the same backends, cannot be one. If there are no
//! causes there is nothing to search, and if every search ends without an example, that no flow is opened is proven.

use std::collections::BTreeSet;

use super::super::resolved::{Gate, Rule};
use super::search::{Found, find};
use super::side::{Side, led_by, opens, standing};
use super::space::{Place, Space};
use crate::model::{BackendId, Facts, Word};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// The backend; `None` for a fall back.
    pub(super) backend: Option<Word>,
    /// The rule or statement that makes the difference.
    pub(super) cause: Word,
    /// A request on which it shows.
    pub(super) example: Facts,
    /// The backend could be had before, with a stricter change.
    pub(super) milder: bool,
}

/// What is possible under `after` and not under `before`, and whether every search came to an end.
pub(super) fn opened(before: Side<'_>, after: Side<'_>, space: &Space) -> (Vec<Change>, bool) {
    let mut changes = Vec::new();
    let mut whole = true;
    for (index, backend) in after.policy.backends().iter().enumerate() {
        let Ok(new) = u16::try_from(index).map(BackendId) else { continue };
        let old = before.policy.id_of(backend.name.as_str());
        let one = Pair { before, after, space, old, new, name: &backend.name };
        whole &= one.changes(&mut changes);
    }
    whole &= fall_backs(before, after, space, &mut changes);
    (changes, whole)
}

struct Pair<'a> {
    before: Side<'a>,
    after: Side<'a>,
    space: &'a Space,
    old: Option<BackendId>,
    new: BackendId,
    name: &'a Word,
}

/// What may make a difference.
enum Cause<'a> {
    /// A rule of the old policy that the new one does not have so.
    Rule(&'a Rule),
    /// An `allow` of the new policy that the old one does not have so.
    Allow(&'a Gate),
    /// Something that concerns every request: labels, hosted tools, what is asked after the duties.
    Other(&'static str),
}

impl<'a> Pair<'a> {
    fn changes(&self, changes: &mut Vec<Change>) -> bool {
        let mut dims = BTreeSet::new();
        self.after.depends(self.space, self.new, &mut dims);
        if let Some(old) = self.old {
            self.before.depends(self.space, old, &mut dims);
        }
        let says = !(self.after.policy.says.is_empty() && self.before.policy.says.is_empty());
        let mut whole = true;
        for cause in self.causes() {
            let dims = match &cause {
                Cause::Rule(rule) => led_by(&rule.gate, self.space, says, &dims),
                Cause::Allow(gate) => led_by(gate, self.space, says, &dims),
                Cause::Other(_) => dims.iter().copied().collect(),
            };
            let excluded = |place: &Place| self.excluded(&cause, place);
            let has = |facts: &Facts| self.opens(facts);
            match find(self.space, &dims, &self.space.open(), &excluded, &has) {
                Found::None => {}
                Found::Unknown => whole = false,
                Found::Example(example) => {
                    let before =
                        self.old.map(|old| self.before.plan(&example).choices.iter().any(|c| c.backend == old));
                    changes.push(Change {
                        backend: Some(self.name.clone()),
                        cause: match cause {
                            Cause::Rule(rule) => rule.name.clone(),
                            Cause::Allow(_) => Word::fixed("allow"),
                            Cause::Other(what) => Word::fixed(what),
                        },
                        example: *example,
                        milder: before == Some(true),
                    });
                }
            }
        }
        whole
    }

    fn causes(&self) -> Vec<Cause<'a>> {
        let (before, after, new) = (self.before, self.after, self.new);
        let mut causes = Vec::new();
        let Some(old) = self.old else {
            let admitting = after.today.allows.iter().enumerate().filter(|(index, _)| after.admits(*index, new));
            causes.extend(admitting.map(|(_, allow)| Cause::Allow(&allow.gate)));
            return causes;
        };
        for (index, rule) in before.today.rules.iter().enumerate().filter(|(index, _)| before.concerns(*index, old)) {
            let kept = after.today.rules.iter().enumerate().any(|(at, other)| {
                other.gate == rule.gate
                    && (!before.removes(index, old) || after.removes(at, new))
                    && (!before.demands(index, old) || (after.demands(at, new) && as_strict(other, rule)))
            });
            if !kept {
                causes.push(Cause::Rule(rule));
            }
        }
        for (_, allow) in after.today.allows.iter().enumerate().filter(|(index, _)| after.admits(*index, new)) {
            let was = before
                .today
                .allows
                .iter()
                .enumerate()
                .any(|(at, other)| before.admits(at, old) && other.gate == allow.gate);
            if !was {
                causes.push(Cause::Allow(&allow.gate));
            }
        }
        if after.today.tools.iter().any(|tool| {
            !before
                .today
                .tools
                .iter()
                .any(|other| other.tool == tool.tool && other.host == tool.host && other.gate == tool.gate)
        }) {
            causes.push(Cause::Other("allow hosted tool"));
        }
        if before.today.says != after.today.says {
            causes.push(Cause::Other("the label"));
        }
        // What is asked after the duties depends on all of them.
        let still = before.policy.program().asks_still() || after.policy.program().asks_still();
        if still
            && (before.policy.digest() != after.policy.digest()
                || before.policy.inventory_digest() != after.policy.inventory_digest())
        {
            causes.push(Cause::Other("still includes identified"));
        }
        if before.policy.actions.iter().any(|action| !after.policy.actions.contains(action))
            || before.policy.on_premises(old) != after.policy.on_premises(new)
        {
            causes.push(Cause::Other("on premises"));
        }
        causes
    }

    fn excluded(&self, cause: &Cause<'_>, place: &Place) -> bool {
        let after = self.after.look(self.space, place);
        let idle = match cause {
            Cause::Rule(rule) => !self.before.look(self.space, place).may_fire(rule),
            Cause::Allow(gate) => !after.may_open(gate),
            Cause::Other(_) => false,
        };
        if idle || !after.may_allow(self.new) {
            return true;
        }
        self.old.is_some_and(|old| self.before.look(self.space, place).must_allow(old))
    }

    fn opens(&self, facts: &Facts) -> bool {
        let (before, after) = (self.before.plan(facts), self.after.plan(facts));
        opens(self.old.and_then(|old| standing(&before, old)), standing(&after, self.new), facts)
    }
}

/// Whether a rule demands at least what another does.
fn as_strict(rule: &Rule, other: &Rule) -> bool {
    let types = other
        .actions
        .iter()
        .all(|(entity, action)| rule.actions.iter().any(|(known, done)| known == entity && done >= action));
    let classes = other
        .class_actions
        .iter()
        .all(|(class, action)| rule.class_actions.iter().any(|(known, done)| known == class && done >= action));
    types && classes && (rule.seals || !other.seals)
}

/// A `fall back` that was not open, or opens sooner.
fn fall_backs(before: Side<'_>, after: Side<'_>, space: &Space, changes: &mut Vec<Change>) -> bool {
    let mut whole = true;
    for clause in &after.today.fall_backs {
        let was = before.today.fall_backs.iter().any(|other| {
            other.gate == clause.gate
                && (clause.after_ms.is_none() || other.after_ms.is_some_and(|ms| Some(ms) <= clause.after_ms))
        });
        if was {
            continue;
        }
        let mut dims = BTreeSet::new();
        let others = before.today.fall_backs.iter().map(|other| &other.gate);
        for condition in others.chain([&clause.gate]).flat_map(|gate| gate.when.iter().chain(&gate.unless)) {
            let says = !(after.policy.says.is_empty() && before.policy.says.is_empty());
            condition.visit(true, &mut |atom, _| space.depends(atom, says, &mut dims));
        }
        let dims: Vec<usize> = dims.into_iter().collect();
        let excluded = |place: &Place| !after.look(space, place).may_open(&clause.gate);
        let has = |facts: &Facts| {
            let (old, new) = (before.plan(facts).fall_back, after.plan(facts).fall_back);
            let sooner = match (old.after_ms, new.after_ms) {
                (_, None) => false,
                (None, Some(_)) => true,
                (Some(old), Some(new)) => new < old,
            };
            (new.open && !old.open) || sooner
        };
        match find(space, &dims, &space.open(), &excluded, &has) {
            Found::None => {}
            Found::Unknown => whole = false,
            Found::Example(example) => {
                let cause = Word::fixed("fall back");
                changes.push(Change { backend: None, cause, example: *example, milder: false });
            }
        }
    }
    whole
}
