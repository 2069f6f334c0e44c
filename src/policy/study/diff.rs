//! What a new policy makes possible that the old one did not, and what it refuses: exact, with an example of each.
//!
//! A flow can only open because something old that refused is gone or weaker, or something new admits. So the search is led
//! by these causes: a rule that stands in both, in the same words and for the same backends, cannot be one. If there are no
//! causes there is nothing to search, and if every search ends without an example, that no flow is opened is proven.

use std::collections::BTreeSet;

use super::super::resolved::Rule;
use super::super::scenario::nothing;
use super::super::text::Text;
use super::causes::Cause;
use super::dim::Dim;
use super::search::{Effort, Found, Sought, Steps, anywhere, find};
use super::side::{Side, data_last, led_by, opens, standing};
use super::space::{Place, Scope, Space};
use crate::model::{Action, BackendId, Facts, Word};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// The backend; `None` for a fall back and for what answers may have put back.
    pub(super) backend: Option<Word>,
    /// The rule or statement that makes the difference; of addresses, the host.
    pub(super) cause: Word,
    /// A request on which it shows.
    pub(super) example: Facts,
    pub(super) kind: Kind,
}

/// In what a difference lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// What was refused is possible.
    Possible,
    /// Less is changed on the way, or it is no longer logged sealed.
    Milder,
    /// It was behind a nearer backend that could serve, and nothing nearer is left.
    Nearer,
    /// The same name may stand for another server or model.
    Elsewhere,
    /// Values may be put into addresses of a host, whatever the request.
    Addresses,
}

/// What searches for differences came to.
#[derive(Debug, Default)]
pub(super) struct Opened {
    pub(super) changes: Vec<Change>,
    pub(super) undecided: Vec<GivenUp>,
}

/// A search that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GivenUp {
    /// Backend and cause, or what else could not be compared.
    pub(super) what: String,
    /// What was looked at: groups of requests, and what tells them apart; none where numbers are not told apart finely enough.
    pub(super) looked: Option<(usize, Text)>,
}

/// What is possible under `after` and not under `before`, with what the searches for it may take.
pub(super) fn opened(before: Side<'_>, after: Side<'_>, effort: &Effort<'_>) -> Opened {
    let mut opened = Opened::default();
    for (index, backend) in after.policy.backends().iter().enumerate() {
        let Ok(new) = u16::try_from(index).map(BackendId) else { continue };
        let old = before.policy.id_of(backend.name.as_str());
        let one = Pair { before, after, old, new, name: &backend.name };
        one.changes(&mut opened, effort);
        effort.compared(1);
    }
    fall_backs(before, after, &mut opened);
    let known = before.policy.value_hosts();
    opened.changes.extend(after.today.hosts.iter().filter_map(|host| {
        let cause = host.spellings.iter().rfind(|spelling| !known.contains(spelling))?.clone();
        Some(Change { backend: None, cause, example: nothing(), kind: Kind::Addresses })
    }));
    opened
}

/// One backend under both policies.
pub(super) struct Pair<'a> {
    pub(super) before: Side<'a>,
    pub(super) after: Side<'a>,
    pub(super) old: Option<BackendId>,
    pub(super) new: BackendId,
    name: &'a Word,
}

impl Pair<'_> {
    fn changes(&self, opened: &mut Opened, effort: &Effort<'_>) {
        let causes = self.causes();
        let (space, dims) = self.space(&causes);
        let says = !(self.after.policy.says.is_empty() && self.before.policy.says.is_empty());
        for cause in causes {
            let dims = match &cause {
                Cause::Rule(rule) | Cause::Nearer(rule) => led_by(&rule.gate, &space, says, &dims),
                Cause::Allow(_, gate) => led_by(gate, &space, says, &dims),
                Cause::Label => first(&space, &dims, &|dim| matches!(dim, Dim::Label(_) | Dim::App(_))),
                Cause::Countries => first(&space, &dims, &|dim| matches!(dim, Dim::Resident(_))),
                Cause::Tool => first(&space, &dims, &|dim| matches!(dim, Dim::Hosted(_))),
                Cause::Still | Cause::Other | Cause::Binding | Cause::Left(..) => {
                    data_last(&space, dims.iter().copied())
                }
            };
            self.kinds(&cause, (&space, &dims), effort, opened);
        }
    }

    /// Searches for each kind of difference that a cause may make: whoever reads that less is changed of what was allowed must also read
    /// what was refused. One search for any of them proves that there is none.
    fn kinds(&self, cause: &Cause<'_>, (space, dims): (&Space, &[usize]), effort: &Effort<'_>, opened: &mut Opened) {
        let (mut sought, mut dims) = (self.may_be(cause), dims.to_vec());
        let mut is_first = true;
        while !sought.is_empty() {
            let excluded = |place: &Place| {
                self.excluded(cause, space, place) || (!is_first && self.are_not(cause, &sought, space, place))
            };
            let has = |facts: &Facts| self.shows(cause, facts).iter().any(|kind| sought.contains(kind));
            let steps = if is_first { Steps::of(effort) } else { Steps::late(effort) };
            let wanted = Sought { excluded: &excluded, has: &has, passes: Some((self.after, self.new)), steps: &steps };
            match located_first(space, &dims, wanted) {
                Found::None => return,
                Found::Unknown => {
                    let looked = steps.are_over().then(|| (steps.taken(), space.told_apart(&dims)));
                    opened.undecided.push(GivenUp { what: format!("{} [{}]", self.name, cause.name()), looked });
                    return;
                }
                Found::Example(example) => {
                    let shown = self.shows(cause, &example);
                    let Some(kind) = sought.iter().copied().find(|kind| shown.contains(kind)) else { return };
                    let backend = Some(self.name.clone());
                    opened.changes.push(Change { backend, cause: cause.name(), example: *example, kind });
                    sought.retain(|other| *other != kind);
                    // What is not of these kinds shows once all but the data is known.
                    (is_first, dims) = (false, data_last(space, dims));
                }
            }
        }
    }

    /// What can make a difference to this backend, and nothing else: the space, and its dimensions that count.
    fn space(&self, causes: &[Cause<'_>]) -> (Space, BTreeSet<usize>) {
        let (before, after) = (self.before, self.after);
        let mut told = vec![(after, self.new)];
        told.extend(self.old.map(|old| (before, old)));
        let mut scope = Scope::default();
        if causes.iter().any(Cause::moves) {
            // Whether it is the nearest depends on what becomes of those that are nearer.
            for side in [before, after] {
                let own =
                    side.policy.id_of(self.name.as_str()).and_then(|id| side.policy.backend(id)).map(|one| one.tier);
                let all = (0..).map(BackendId).zip(side.policy.backends());
                told.extend(all.filter(|(_, other)| Some(other.tier) < own).map(|(id, _)| (side, id)));
                scope.conditions.extend(side.fall_back_conditions());
            }
        }
        for (side, backend) in &told {
            side.tell(*backend, &mut scope);
        }
        let asked = scope.conditions.clone();
        let space = Space::among(&[(before.policy, before.today), (after.policy, after.today)], scope, false);
        let says = !(after.policy.says.is_empty() && before.policy.says.is_empty());
        let mut dims = BTreeSet::new();
        for (side, backend) in &told {
            side.depends(&space, *backend, &mut dims);
        }
        for condition in asked {
            condition.visit(true, &mut |atom, _| space.depends(atom, says, &mut dims));
        }
        (space, dims)
    }

    /// The kinds of difference that a cause may make, the gravest first.
    fn may_be(&self, cause: &Cause<'_>) -> Vec<Kind> {
        match cause {
            Cause::Binding => vec![Kind::Elsewhere],
            Cause::Nearer(..) | Cause::Left(..) => vec![Kind::Nearer],
            Cause::Label | Cause::Countries | Cause::Still | Cause::Other => {
                vec![Kind::Possible, Kind::Milder, Kind::Nearer]
            }
            Cause::Rule(rule) if self.may_ease(rule) => vec![Kind::Possible, Kind::Milder],
            Cause::Rule(..) | Cause::Allow(..) | Cause::Tool => vec![Kind::Possible],
        }
    }

    /// Whether a rule of the old policy changes what the backend gets, and does not refuse it wherever it fires.
    fn may_ease(&self, rule: &Rule) -> bool {
        let before = self.before;
        let does = |action: &Action| !matches!(action, Action::Keep | Action::Block) && before.policy.can(*action);
        let changes = rule.actions.iter().map(|(_, action)| action);
        let mut changes = changes.chain(rule.class_actions.iter().map(|(_, action)| action));
        let index = before.today.rules.iter().position(|known| known.name == rule.name);
        (rule.seals || changes.any(does))
            && index.zip(self.old).is_some_and(|(index, old)| {
                before.demands(index, old) && (rule.gate.asks_still() || !before.removes(index, old))
            })
    }

    /// Whether no request of a part shows any of these kinds by this cause.
    fn are_not(&self, cause: &Cause<'_>, kinds: &[Kind], space: &Space, place: &Place) -> bool {
        let (before, after) = (self.before.look(space, place), self.after.look(space, place));
        kinds.iter().all(|kind| match kind {
            // What another rule refuses has that for its cause.
            Kind::Possible => self.old.is_some_and(|old| {
                before.must_admit(old) || matches!(cause, Cause::Rule(rule) if !before.may_matter(rule, old))
            }),
            Kind::Milder => !self.old.is_some_and(|old| {
                let mut rules = self.before.today.rules.iter().enumerate();
                before.may_allow(old)
                    && rules.any(|(index, rule)| self.before.demands(index, old) && before.may_fire(rule))
            }),
            Kind::Nearer => !self.may_move(&before, &after),
            Kind::Elsewhere | Kind::Addresses => false,
        })
    }

    /// The differences that a request shows and a cause has a part in.
    fn shows(&self, cause: &Cause<'_>, facts: &Facts) -> Vec<Kind> {
        let (before, after) = (self.before.plan(facts), self.after.plan(facts));
        let was = self.old.and_then(|old| standing(&before, old));
        let is = standing(&after, self.new);
        let mut kinds = self.may_be(cause);
        kinds.retain(|kind| match kind {
            Kind::Possible => was.is_none() && is.is_some(),
            Kind::Milder => was.is_some() && opens(was, is, facts),
            Kind::Nearer => self.moves(&before, &after),
            Kind::Elsewhere => is.is_some(),
            Kind::Addresses => false,
        });
        if kinds.is_empty() || self.is_at_work(cause, &before, &after, facts) { kinds } else { Vec::new() }
    }
}

/// An example among requests whose data was all located, which are what an officer thinks of; else among all.
fn located_first(space: &Space, dims: &[usize], sought: Sought<'_>) -> Found {
    let told = |dim: &usize| matches!(space.dims.get(*dim), Some(Dim::Declared(..)));
    let located: Vec<usize> = dims.iter().copied().filter(|dim| !told(dim)).collect();
    if located.len() < dims.len()
        && let found @ Found::Example(_) = find(space, &located, &space.open(), sought)
    {
        return found;
    }
    find(space, dims, &space.open(), sought)
}

/// The dimensions, those of a kind first.
fn first(space: &Space, dims: &BTreeSet<usize>, kind: &dyn Fn(&Dim) -> bool) -> Vec<usize> {
    let of_kind = |at: &&usize| space.dims.get(**at).is_some_and(kind);
    let (first, rest): (Vec<&usize>, Vec<&usize>) = dims.iter().partition(of_kind);
    first.into_iter().copied().chain(data_last(space, rest.into_iter().copied())).collect()
}

/// A `fall back` that was not open, or opens sooner.
fn fall_backs(before: Side<'_>, after: Side<'_>, opened: &mut Opened) {
    let conditions = before.fall_back_conditions().chain(after.fall_back_conditions()).collect();
    let policies = [(before.policy, before.today), (after.policy, after.today)];
    let space = &Space::among(&policies, Scope { conditions, ..Scope::default() }, false);
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
        let says = !(after.policy.says.is_empty() && before.policy.says.is_empty());
        others.chain([&clause.gate]).for_each(|gate| space.asked(gate, says, &mut dims));
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
        match anywhere(space, &dims, &excluded, &has, None) {
            Found::None => {}
            Found::Unknown => opened.undecided.push(GivenUp { what: "[fall back]".to_owned(), looked: None }),
            Found::Example(example) => {
                let cause = Word::fixed("fall back");
                opened.changes.push(Change { backend: None, cause, example: *example, kind: Kind::Possible });
            }
        }
    }
}
