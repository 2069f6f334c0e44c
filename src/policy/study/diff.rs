//! What a new policy makes possible that the old one did not, and what it refuses: exact, with an example of each.
//!
//! A flow can only open because something old that refused is gone or weaker, or something new admits. So the search is led
//! by these causes: a rule that stands in both, in the same words and for the same backends, cannot be one. If there are no
//! causes there is nothing to search, and if every search ends without an example, that no flow is opened is proven.

use std::collections::BTreeSet;

use super::super::resolved::{Gate, LabelSays, Rule};
use super::dim::Dim;
use super::search::{Found, find};
use super::side::{Side, led_by, opens, standing};
use super::space::{Place, Space};
use crate::model::{Action, BackendId, Facts, LabelFact, Word};

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

/// What searches for differences came to.
#[derive(Debug, Default)]
pub(super) struct Opened {
    pub(super) changes: Vec<Change>,
    /// Backend and cause of each search that was given up.
    pub(super) undecided: Vec<String>,
}

/// What is possible under `after` and not under `before`.
pub(super) fn opened(before: Side<'_>, after: Side<'_>, space: &Space) -> Opened {
    let mut opened = Opened::default();
    for (index, backend) in after.policy.backends().iter().enumerate() {
        let Ok(new) = u16::try_from(index).map(BackendId) else { continue };
        let old = before.policy.id_of(backend.name.as_str());
        let one = Pair { before, after, space, old, new, name: &backend.name };
        one.changes(&mut opened);
    }
    fall_backs(before, after, space, &mut opened);
    opened
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
    /// An `allow` of the new policy that the old one does not have so, by its place there.
    Allow(usize, &'a Gate),
    /// What labels say of the data.
    Label,
    /// A hosted tool that a line of the new policy allows.
    Tool,
    /// What is asked of the data after the duties, which depends on all of them.
    Still,
    /// What this build does, or where the backend stands.
    Other,
}

impl Cause<'_> {
    fn name(&self) -> Word {
        match self {
            Self::Rule(rule) => rule.name.clone(),
            Self::Allow(..) => Word::fixed("allow"),
            Self::Label => Word::fixed("the label"),
            Self::Tool => Word::fixed("allow hosted tool"),
            Self::Still => Word::fixed("still includes identified"),
            Self::Other => Word::fixed("on premises"),
        }
    }
}

impl<'a> Pair<'a> {
    fn changes(&self, opened: &mut Opened) {
        let mut dims = BTreeSet::new();
        self.after.depends(self.space, self.new, &mut dims);
        if let Some(old) = self.old {
            self.before.depends(self.space, old, &mut dims);
        }
        let says = !(self.after.policy.says.is_empty() && self.before.policy.says.is_empty());
        for cause in self.causes() {
            let dims = match &cause {
                Cause::Rule(rule) => led_by(&rule.gate, self.space, says, &dims),
                Cause::Allow(_, gate) => led_by(gate, self.space, says, &dims),
                Cause::Label => self.first(&dims, &|dim| matches!(dim, Dim::Label(_) | Dim::App(_))),
                Cause::Tool => self.first(&dims, &|dim| matches!(dim, Dim::Hosted(_))),
                Cause::Still | Cause::Other => dims.iter().copied().collect(),
            };
            let excluded = |place: &Place| self.excluded(&cause, place);
            let has = |facts: &Facts| self.opens(facts) && self.is_at_work(&cause, facts);
            match self.find(&dims, &excluded, &has) {
                Found::None => {}
                Found::Unknown => opened.undecided.push(format!("{} [{}]", self.name, cause.name())),
                Found::Example(example) => {
                    let before =
                        self.old.map(|old| self.before.plan(&example).choices.iter().any(|c| c.backend == old));
                    opened.changes.push(Change {
                        backend: Some(self.name.clone()),
                        cause: cause.name(),
                        example: *example,
                        milder: before == Some(true),
                    });
                }
            }
        }
    }

    fn causes(&self) -> Vec<Cause<'a>> {
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
        if before.today.says != after.today.says {
            causes.push(Cause::Label);
        }
        // What is asked after the duties depends on all of them.
        let still = before.policy.program().asks_still() || after.policy.program().asks_still();
        if still
            && (before.policy.digest() != after.policy.digest()
                || before.policy.inventory_digest() != after.policy.inventory_digest())
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

    /// An example among requests whose data was all located, which are what an officer thinks of; else among all.
    fn find(&self, dims: &[usize], excluded: &dyn Fn(&Place) -> bool, has: &dyn Fn(&Facts) -> bool) -> Found {
        let told = |dim: &usize| matches!(self.space.dims.get(*dim), Some(Dim::Declared(_)));
        let located: Vec<usize> = dims.iter().copied().filter(|dim| !told(dim)).collect();
        if located.len() < dims.len()
            && let found @ Found::Example(_) = find(self.space, &located, &self.space.open(), excluded, has)
        {
            return found;
        }
        find(self.space, dims, &self.space.open(), excluded, has)
    }

    /// Whether a cause has a part in what becomes of a request. What opens without it has another cause, which is searched too.
    fn is_at_work(&self, cause: &Cause<'_>, facts: &Facts) -> bool {
        match cause {
            Cause::Rule(rule) => self.before.plan(facts).fired.contains(&rule.name),
            Cause::Allow(index, _) => self.after.opens(*index, facts),
            Cause::Label | Cause::Tool | Cause::Still | Cause::Other => true,
        }
    }

    fn excluded(&self, cause: &Cause<'_>, place: &Place) -> bool {
        let after = self.after.look(self.space, place);
        let idle = match cause {
            Cause::Rule(rule) => !self.before.look(self.space, place).may_fire(rule),
            Cause::Allow(_, gate) => !after.may_open(gate),
            Cause::Label => !self.label_differs(place),
            Cause::Tool => self.is(place, &|dim, value| matches!(dim, Dim::Hosted(_)) && value == 0),
            Cause::Still => !after.may_still() && !self.before.look(self.space, place).may_still(),
            Cause::Other => false,
        };
        if idle || !after.may_allow(self.new) {
            return true;
        }
        self.old.is_some_and(|old| self.before.look(self.space, place).must_allow(old))
    }

    /// The dimensions, those of a kind first.
    fn first(&self, dims: &BTreeSet<usize>, kind: &dyn Fn(&Dim) -> bool) -> Vec<usize> {
        let of_kind = |at: &&usize| self.space.dims.get(**at).is_some_and(kind);
        let (first, rest): (Vec<&usize>, Vec<&usize>) = dims.iter().partition(of_kind);
        first.into_iter().chain(rest).copied().collect()
    }

    /// Whether a dimension is fixed so.
    fn is(&self, place: &Place, wanted: &dyn Fn(&Dim, usize) -> bool) -> bool {
        self.space.dims.iter().zip(place).any(|(dim, value)| value.is_some_and(|value| wanted(dim, value)))
    }

    /// Whether the policies may say other things of the label of a place.
    fn label_differs(&self, place: &Place) -> bool {
        let fixed = self.space.dims.iter().zip(place).find_map(|(dim, value)| match dim {
            Dim::Label(labels) => labels.get((*value)?),
            _ => None,
        });
        let says = |side: &Side<'a>, label: Option<&Word>| -> Vec<LabelSays> {
            let all = side.today.says.iter();
            all.filter(|says| label.is_none_or(|label| says.label == *label)).cloned().collect()
        };
        match fixed {
            None => true,
            Some(LabelFact::Absent) => false,
            Some(LabelFact::Unknown) => says(&self.before, None) != says(&self.after, None),
            Some(LabelFact::Named(label)) => says(&self.before, Some(label)) != says(&self.after, Some(label)),
        }
    }

    fn opens(&self, facts: &Facts) -> bool {
        let (before, after) = (self.before.plan(facts), self.after.plan(facts));
        opens(self.old.and_then(|old| standing(&before, old)), standing(&after, self.new), facts)
    }
}

/// Whether a rule of one policy demands at least what a rule of another does. What cannot be done is as strict as a block: both
/// refuse.
fn as_strict((one, rule): (Side<'_>, &Rule), (two, other): (Side<'_>, &Rule)) -> bool {
    let demanded = |side: Side<'_>, action: Action| match action {
        Action::Keep | Action::Block => action,
        action if side.policy.can(action) => action,
        _ => Action::Block,
    };
    let strict = |done: Action, asked: Action| demanded(one, done) >= demanded(two, asked);
    let types = other
        .actions
        .iter()
        .all(|(entity, action)| rule.actions.iter().any(|(known, done)| known == entity && strict(*done, *action)));
    let classes = other
        .class_actions
        .iter()
        .all(|(class, action)| rule.class_actions.iter().any(|(known, done)| known == class && strict(*done, *action)));
    types && classes && (rule.seals || !other.seals)
}

/// A `fall back` that was not open, or opens sooner.
fn fall_backs(before: Side<'_>, after: Side<'_>, space: &Space, opened: &mut Opened) {
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
            Found::Unknown => opened.undecided.push("[fall back]".to_owned()),
            Found::Example(example) => {
                let cause = Word::fixed("fall back");
                opened.changes.push(Change { backend: None, cause, example: *example, milder: false });
            }
        }
    }
}
