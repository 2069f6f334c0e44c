//! What becomes of one request, backend by backend: what is done on the way, why not, and what would let it pass.
//!
//! A class that is asked about stands for any value of it, and the answer is that of most of its types, as the matrix has it; those
//! that come out otherwise are named. What is refused at the one is never allowed at the other.

use super::super::facts::by_label_as_told;
use super::super::text::say;
use super::super::told::class_duties;
use super::by_type::{Groups, OfClass};
use super::matrix::Outcome;
use super::report::{Answer, BackendAnswer};
use super::side::standing;
use super::{Study, change, sentence};
use crate::model::{Action, BackendId, ClassId, ClassSet, EntityId, Facts, Plan};

/// What was decided on a request, or on one value of a class in its place.
#[derive(Clone, Copy)]
struct Decided<'a> {
    facts: &'a Facts,
    plan: &'a Plan,
    /// The value.
    stands_in: Option<EntityId>,
}

impl Study {
    /// What would become of a request, at these backends or at all.
    pub(super) fn answer(&self, facts: &Facts, only: &[BackendId], changes: bool) -> Answer {
        let (classes, whole) = self.by_class(facts);
        let plan = self.side().plan(&whole);
        let whole = Decided { facts: &whole, plan: &plan, stands_in: None };
        let asked = self.backends().filter(|backend| only.is_empty() || only.contains(backend));
        let backends: Vec<BackendAnswer> =
            asked.filter_map(|backend| self.at(backend, (facts, whole), &classes, changes)).collect();
        Answer {
            given: sentence::given(facts, &self.catalogue, self.language, false).unwrap_or_default(),
            fired: plan.fired.iter().map(ToString::to_string).collect(),
            allowed: if only.is_empty() {
                backends.iter().any(|one| one.allowed)
            } else {
                backends.iter().all(|one| one.allowed)
            },
            backends,
            unknown: self.unknown(facts),
        }
    }

    /// What would become of it at one backend.
    fn at(
        &self,
        backend: BackendId,
        (facts, whole): (&Facts, Decided<'_>),
        classes: &[OfClass],
        changes: bool,
    ) -> Option<BackendAnswer> {
        let truths = self.policy.backend(backend)?;
        let groups: Vec<Groups> = classes.iter().map(|one| self.outcomes(&one.values, backend)).collect();
        let is_refused = |outcome: &Outcome| matches!(outcome, Outcome::Refused(_));
        let refused = |groups: &Groups| groups.first().is_some_and(|(outcome, _)| is_refused(outcome));
        // The class that is refused decides, of several.
        let at = groups.iter().position(refused).unwrap_or_default();
        let value = groups.get(at).and_then(|groups| groups.first()?.1.first());
        let value = classes.get(at).and_then(|one| one.values.iter().find(|(entity, ..)| entity.as_ref() == value));
        let decided = value.map_or(whole, |(entity, facts, plan)| Decided { facts, plan, stands_in: *entity });
        let removed = decided.plan.removed.iter().find(|removed| removed.backend == backend);
        let stands = standing(decided.plan, backend).is_some();
        let of_class = classes.iter().zip(&groups).map(|(one, groups)| {
            let action = |(outcome, _): &(Outcome, Vec<EntityId>)| match outcome {
                Outcome::Allowed(action, _) => *action,
                Outcome::Refused(_) => Action::Keep,
            };
            (one.class, groups.first().map(action).unwrap_or_default())
        });
        let of_class: Vec<(ClassId, Action)> = of_class.collect();
        let done = if stands { self.on_the_way((facts, decided), &of_class, backend) } else { Vec::new() };
        let except = classes.iter().zip(&groups).flat_map(|(one, groups)| {
            groups.iter().skip(1).map(|(outcome, types)| self.exception(one.class, outcome, types))
        });
        let smallest = || {
            let most = groups.get(at).and_then(|groups| groups.first()).map(|(_, types)| types.as_slice());
            let class = classes.get(at).zip(most);
            let change = change::smallest(self, whole.facts, class, backend);
            let day = self.passes_from(whole.facts, class, truths.name.as_str()).map(|day| day.to_string());
            let said = match (change, day) {
                (Some(change), Some(day)) => say!("{}; or wait until {}", change, day),
                (None, Some(day)) => say!("wait until {}", day),
                (change, None) => return change,
            };
            Some(said.said(self.language))
        };
        let smallest_change = if changes && !stands { smallest() } else { None };
        Some(BackendAnswer {
            backend: truths.name.to_string(),
            tier: truths.tier.name().to_owned(),
            allowed: stands && !groups.iter().flatten().any(|(outcome, _)| is_refused(outcome)),
            verdict: match (stands, done.is_empty()) {
                (true, true) => "as it is",
                (true, false) => "changed",
                (false, _) => "refused",
            },
            except: except.collect(),
            changes: done,
            why: removed.map(|removed| self.whys(&removed.why, decided.plan, backend)).unwrap_or_default(),
            none_found: changes && !stands && smallest_change.is_none(),
            smallest_change,
        })
    }

    /// What is done on the way to a backend: `pseudonymise email, person`; of classes that stand for their values, what is done to
    /// most of these.
    fn on_the_way(
        &self,
        (facts, decided): (&Facts, Decided<'_>),
        of_class: &[(ClassId, Action)],
        backend: BackendId,
    ) -> Vec<String> {
        let Some(duties) = standing(decided.plan, backend) else { return Vec::new() };
        let mut said: Vec<(Action, Vec<String>)> = Vec::new();
        let mut put = |action: Action, name: String| match said.iter_mut().find(|(known, _)| *known == action) {
            _ if action == Action::Keep => {}
            Some((_, names)) => names.push(name),
            None => said.push((action, vec![name])),
        };
        let class_name = |class: ClassId| sentence::class_name(class, &self.catalogue, self.language);
        for (class, action) in of_class {
            put(*action, class_name(*class));
        }
        if self.told {
            let (mut labelled, mut named) = (decided.facts.clone(), facts.clone());
            by_label_as_told(&mut labelled, &self.policy);
            by_label_as_told(&mut named, &self.policy);
            // A class that stands for its values is told by them; what these only imply was not asked.
            let closure =
                |class: ClassId| self.catalogue.class_info(class).map(|info| info.closure).unwrap_or_default();
            let by_values = of_class.iter().fold(ClassSet::default(), |all, (class, _)| all.union(closure(*class)));
            for (class, action) in class_duties(&self.policy, decided.plan, &labelled, backend) {
                if named.declared.contains(class) && !by_values.contains(class) {
                    put(action, class_name(class));
                }
            }
        }
        let stands_in = |entity: EntityId| {
            decided.stands_in == Some(entity) && !facts.types.iter().any(|fact| fact.entity == entity)
        };
        let types = duties.actions.iter().filter(|(entity, _)| !stands_in(*entity));
        types.for_each(|(entity, action)| put(*action, self.type_name(*entity)));
        let done = said.iter().map(|(action, names)| format!("{} {}", self.done(*action), self.listed(names)));
        done.chain(self.sealed(duties.log_sealed)).collect()
    }

    /// What is done to a request on its way to a backend; nothing where it is refused.
    pub(super) fn changed_for(&self, facts: &Facts, backend: BackendId) -> Vec<String> {
        let plan = self.side().plan(facts);
        self.on_the_way((facts, Decided { facts, plan: &plan, stands_in: None }), &[], backend)
    }
}
