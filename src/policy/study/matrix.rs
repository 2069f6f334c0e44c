//! The matrix: for each class of data and each backend, what becomes of a request that carries one value of it and nothing else,
//! and whether another request with this class may do otherwise. Exact: `never` and `always` are proven over all requests.

use super::super::phrase::Phrase;
use super::super::scenario::nothing;
use super::super::text::say;
use super::super::told::class_duties;
use super::by_type::with_one;
use super::dim::Dim;
use super::report::{MatrixCell, MatrixRow};
use super::search::{Found, Sought, Steps, find};
use super::side::{Side, standing};
use super::space::{Place, Space};
use super::{Study, sentence};
use crate::model::{Action, BackendId, ClassId, ClassSet, EntityId, Facts, Plan, Removal, TypeFact};

/// What becomes of one value of a class at a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It may go, with this done to it, and perhaps logged sealed.
    Allowed(Action, bool),
    Refused(Removal),
}

/// A request with one type and nothing else, and what was decided on it; no type for a class that no detector finds.
pub(super) type Alone = (Option<EntityId>, Facts, Plan);

impl Study {
    /// Which class of data may go where. Exact.
    pub fn matrix(&self) -> Vec<MatrixRow> {
        let space = self.space(false);
        let mut rows = Vec::new();
        for class in self.listed_classes() {
            let Some(info) = self.catalogue.class_info(class) else { continue };
            let reference = &self.gathered.world.reference;
            let plans = self.plans(class);
            rows.push(MatrixRow {
                class: sentence::class_name(class, &self.catalogue, self.language),
                law: reference.meaning(info.name.as_str(), self.language).cloned().unwrap_or_default(),
                cells: self.backends().map(|backend| self.cell(&space, (class, &plans), backend)).collect(),
            });
        }
        rows
    }

    /// The classes that something can find or declare.
    pub(super) fn listed_classes(&self) -> impl Iterator<Item = ClassId> {
        let all = (0_u8..).map(ClassId).zip(&self.catalogue.classes);
        all.filter(|(class, info)| info.declared || !self.types_of(*class).is_empty()).map(|(class, _)| class)
    }

    /// The types of a class that a detector finds.
    pub(super) fn types_of(&self, class: ClassId) -> Vec<EntityId> {
        let of = |entity: &EntityId| self.catalogue.info(*entity).is_some_and(|info| info.classes.contains(class));
        self.served.iter().copied().filter(of).collect()
    }

    /// The decision on each type of a class alone; on the class itself where no detector finds it.
    pub(super) fn plans(&self, class: ClassId) -> Vec<Alone> {
        let side = self.side();
        let decided = |entity: Option<EntityId>, facts: Facts| {
            let plan = side.plan(&facts);
            (entity, facts, plan)
        };
        let types = self.types_of(class);
        if types.is_empty() {
            let declared = self.catalogue.class_info(class).map(|info| info.closure).unwrap_or_default();
            return vec![decided(None, Facts { declared, ..nothing() })];
        }
        types.into_iter().map(|entity| decided(Some(entity), with_one(nothing(), entity, &self.catalogue))).collect()
    }

    /// What becomes of the types of a class at a backend, each alone; what becomes of most of them first.
    pub(super) fn outcomes(&self, plans: &[Alone], backend: BackendId) -> Vec<(Outcome, Vec<EntityId>)> {
        let mut groups: Vec<(Outcome, Vec<EntityId>)> = Vec::new();
        for (entity, facts, plan) in plans {
            let Some(outcome) = self.outcome((*entity, facts), plan, backend) else { continue };
            match groups.iter_mut().find(|(known, _)| *known == outcome) {
                Some((_, types)) => types.extend(*entity),
                None => groups.push((outcome, entity.iter().copied().collect())),
            }
        }
        groups.sort_by_key(|(_, types)| std::cmp::Reverse(types.len()));
        groups
    }

    fn cell(&self, space: &Space, (class, plans): (ClassId, &[Alone]), backend: BackendId) -> MatrixCell {
        let allowed = |outcome: &Outcome| matches!(outcome, Outcome::Allowed(..));
        let mut rest = self.outcomes(plans, backend).into_iter();
        let (main, most) = rest.next().unwrap_or((Outcome::Refused(Removal::NotAllowed), Vec::new()));
        // As a question names them: of the first of these types, or of the class that has none.
        let whys = |why: &Removal| match plans.iter().find(|(entity, ..)| *entity == most.first().copied()) {
            Some((_, _, plan)) => self.whys(why, plan, backend),
            None => self.reasons(why),
        };
        let rest: Vec<(Outcome, Vec<EntityId>)> = rest.collect();
        let mixed = rest.iter().any(|(outcome, _)| allowed(outcome) != allowed(&main));
        let found = if mixed { Found::None } else { otherwise(self.side(), space, class, backend, !allowed(&main)) };
        let (mut otherwise, mut otherwise_changes) = (None, Vec::new());
        if let Found::Example(facts) = &found {
            otherwise = sentence::given(facts, &self.catalogue, self.language, false);
            otherwise_changes = self.changed_for(facts, backend);
        }
        let name = || sentence::class_name(class, &self.catalogue, self.language);
        let (verdict, changes, why) = match &main {
            Outcome::Allowed(Action::Keep, false) => ("as it is", Vec::new(), Vec::new()),
            Outcome::Allowed(action, sealed) => {
                let change = (*action != Action::Keep).then(|| format!("{} {}", self.done(*action), name()));
                ("changed", change.into_iter().chain(self.sealed(*sealed)).collect(), Vec::new())
            }
            Outcome::Refused(why) => ("refused", Vec::new(), whys(why)),
        };
        let except = rest.iter().map(|(outcome, types)| self.exception(class, outcome, types)).collect();
        MatrixCell { verdict, changes, why, except, otherwise, otherwise_changes, exact: found != Found::Unknown }
    }

    /// The words for a duty to log sealed.
    pub(super) fn sealed(&self, sealed: bool) -> Option<String> {
        sealed.then(|| Phrase::LogSealed.surface(self.language).to_owned())
    }

    fn outcome(&self, (entity, facts): (Option<EntityId>, &Facts), plan: &Plan, backend: BackendId) -> Option<Outcome> {
        let Some(duties) = standing(plan, backend) else {
            let removed = plan.removed.iter().find(|removed| removed.backend == backend)?;
            return Some(Outcome::Refused(removed.why.clone()));
        };
        let of_class = || class_duties(&self.policy, plan, facts, backend).first().map(|(_, action)| *action);
        let action = entity.map_or_else(|| of_class().unwrap_or_default(), |entity| duties.action(entity));
        Some(Outcome::Allowed(action, duties.log_sealed))
    }

    /// Types of a class that come out otherwise than most, by the name of another class where they are what has it.
    pub(super) fn exception(&self, class: ClassId, outcome: &Outcome, types: &[EntityId]) -> String {
        let of = |other: ClassId| -> Vec<EntityId> {
            let mut both = self.types_of(class);
            both.retain(|entity| self.catalogue.info(*entity).is_some_and(|info| info.classes.contains(other)));
            both
        };
        let same = (0_u8..)
            .map(ClassId)
            .take(self.catalogue.classes.len())
            .find(|other| *other != class && of(*other) == types);
        let names: Vec<String> = types.iter().map(|entity| self.type_name(*entity)).collect();
        let what = same
            .map_or_else(|| self.listed(&names), |other| sentence::class_name(other, &self.catalogue, self.language));
        match outcome {
            Outcome::Allowed(Action::Keep, false) => say!("{}: as it is", what),
            Outcome::Allowed(action, sealed) => {
                let change = (*action != Action::Keep).then(|| self.done(*action));
                let changes: Vec<String> = change.into_iter().chain(self.sealed(*sealed)).collect();
                say!("{}: {}", what, changes.join(self.language.semicolon()))
            }
            Outcome::Refused(why) => say!("{}: refused ({})", what, self.reasons(why).join(self.language.semicolon())),
        }
        .said(self.language)
    }
}

/// Looks for a request that surely carries the class and is allowed (or refused).
pub(super) fn otherwise(side: Side<'_>, space: &Space, class: ClassId, backend: BackendId, allowed: bool) -> Found {
    let catalogue = side.policy.catalogue();
    // What refuses needs no help: each of it is looked for on its own, among what it depends on.
    let searches = if allowed { vec![side.everything(space, backend)] } else { side.obstacles(space, backend) };
    // A hosted tool is a matter of its own, whatever the data: the matrix speaks of requests without one.
    let hosted = |dim: &usize| matches!(space.dims.get(*dim), Some(Dim::Hosted(_)));
    let (steps, mut unknown) = (Steps::default(), false);
    for (at, dim) in space.dims.iter().enumerate() {
        let brings = match dim {
            Dim::Type(entity, _) => catalogue.info(*entity).is_some_and(|info| info.classes.contains(class)),
            // A protected document may bring any class; what is found comes first.
            Dim::Declared(classes, _) => classes.contains(class),
            _ => false,
        };
        if !brings {
            continue;
        }
        // The class is brought by this dimension, in each of its amounts that is sure.
        for (value, (obstacle, dims)) in
            (1..dim.values()).flat_map(|value| searches.iter().map(move |one| (value, one)))
        {
            let mut from = space.open();
            if let Some(fixed) = from.get_mut(at) {
                *fixed = Some(value);
            }
            let surely = space.facts(&from, super::space::Open::Quiet);
            if surely.types.iter().any(|fact| fact.surely == 0) || surely.suspected != ClassSet::default() {
                continue;
            }
            let dims: Vec<usize> = dims.iter().copied().filter(|dim| *dim != at && !hosted(dim)).collect();
            let excluded = |place: &Place| {
                let look = side.look(space, place);
                if allowed { !look.may_allow(backend) } else { !look.may_stop(*obstacle, backend) }
            };
            let carries = |facts: &Facts| {
                let of = |fact: &TypeFact| catalogue.info(fact.entity).is_some_and(|info| info.classes.contains(class));
                facts.declared.contains(class) || facts.types.iter().any(|fact| fact.surely > 0 && of(fact))
            };
            let has = |facts: &Facts| carries(facts) && standing(&side.plan(facts), backend).is_some() == allowed;
            let passes = allowed.then_some((side, backend));
            match find(space, &dims, &from, Sought { excluded: &excluded, has: &has, passes, steps: &steps }) {
                Found::None => {}
                Found::Unknown => unknown = true,
                found @ Found::Example(_) => return found,
            }
        }
    }
    if unknown { Found::Unknown } else { Found::None }
}
