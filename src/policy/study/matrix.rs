//! The matrix: for each class of data and each backend, what a request that carries nothing else may do, and whether another
//! request with this class may do otherwise. Exact: `never` and `always` are proven over all requests.

use std::collections::BTreeSet;

use super::super::scenario::nothing;
use super::dim::Dim;
use super::search::{Found, find};
use super::side::{Side, standing};
use super::space::{Place, Space};
use crate::model::{Action, BackendId, ClassId, EntityId, Facts, Removal, TypeFact};

/// What may be done with a class of data at a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    /// What must be done to the class's types; `None`: refused.
    pub(super) plain: Option<Vec<(EntityId, Action)>>,
    /// Why it is refused.
    pub(super) why: Option<Removal>,
    /// A request with this class that comes out the other way; `Found::None`: there is none, which is proven.
    pub(super) otherwise: Found,
}

/// The request that carries one of each found type of a class and nothing else.
pub(super) fn plain(side: Side<'_>, class: ClassId, served: &[EntityId]) -> Facts {
    let mut facts = nothing();
    let catalogue = side.policy.catalogue();
    let own: Vec<EntityId> = served
        .iter()
        .copied()
        .filter(|entity| catalogue.info(*entity).is_some_and(|info| info.classes.contains(class)))
        .collect();
    for entity in own {
        facts.types.push(TypeFact { entity, possibly: 1, surely: 1, confidence: 100 });
    }
    facts.types.sort_by_key(|fact| fact.entity);
    if facts.types.is_empty() {
        facts.declared = catalogue.class_info(class).map(|info| info.closure).unwrap_or_default();
    }
    facts
}

/// One cell.
pub(super) fn cell(side: Side<'_>, space: &Space, class: ClassId, backend: BackendId, served: &[EntityId]) -> Cell {
    let facts = plain(side, class, served);
    let plan = side.plan(&facts);
    let plain = standing(&plan, backend).map(|duties| duties.actions.clone());
    let why = plan.removed.iter().find(|removed| removed.backend == backend).map(|removed| removed.why.clone());
    let otherwise = otherwise(side, space, class, backend, plain.is_none());
    Cell { plain, why, otherwise }
}

/// Looks for a request that surely carries the class and is allowed (or refused).
pub(super) fn otherwise(side: Side<'_>, space: &Space, class: ClassId, backend: BackendId, allowed: bool) -> Found {
    let catalogue = side.policy.catalogue();
    let mut dims = BTreeSet::new();
    side.depends(space, backend, &mut dims);
    let mut unknown = false;
    for (at, dim) in space.dims.iter().enumerate() {
        let brings = match dim {
            Dim::Type(entity, _) => catalogue.info(*entity).is_some_and(|info| info.classes.contains(class)),
            Dim::Declared(classes) => classes.contains(class),
            _ => false,
        };
        if !brings {
            continue;
        }
        // The class is brought by this dimension, in each of its amounts that is sure.
        for value in 1..dim.values() {
            let mut from = space.open();
            if let Some(fixed) = from.get_mut(at) {
                *fixed = Some(value);
            }
            let surely = space.facts(&from, super::space::Open::Quiet);
            if surely.types.iter().any(|fact| fact.surely == 0) {
                continue;
            }
            // A hosted tool is a matter of its own, whatever the data: the matrix speaks of requests without one.
            let hosted = |dim: &usize| matches!(space.dims.get(*dim), Some(Dim::Hosted(_)));
            let dims: Vec<usize> = dims.iter().copied().filter(|dim| *dim != at && !hosted(dim)).collect();
            let excluded = |place: &Place| {
                let look = side.look(space, place);
                if allowed { !look.may_allow(backend) } else { look.must_allow(backend) }
            };
            let has = |facts: &Facts| standing(&side.plan(facts), backend).is_some() == allowed;
            match find(space, &dims, &from, &excluded, &has) {
                Found::None => {}
                Found::Unknown => unknown = true,
                found @ Found::Example(_) => return found,
            }
        }
    }
    if unknown { Found::Unknown } else { Found::None }
}
