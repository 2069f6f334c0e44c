//! The search for a request with a property: exact, because every part of the space is visited or excluded.
//!
//! Depth first over the dimensions that matter. A part is left as soon as bounds show that nothing in it has the property;
//! at each step the quiet completion is tried, so that what is found is the plainest example there is on the way. A search
//! that would visit too much says so, and nothing is claimed then.

use super::familiar::familiar;
use super::space::{Open, Place, Space};
use crate::limits::POLICY_SEARCH_STEPS_MAX;
use crate::model::Facts;

/// How a search ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// A request with the property.
    Example(Box<Facts>),
    /// There is none.
    None,
    /// The space was too large to say.
    Unknown,
}

/// Looks for a request in the part of the space that `from` leaves open in these dimensions; the others are quiet.
///
/// `excluded` says that nothing in a part has the property, `has` whether a request has it.
pub(super) fn find(
    space: &Space,
    dims: &[usize],
    from: &Place,
    excluded: &dyn Fn(&Place) -> bool,
    has: &dyn Fn(&Facts) -> bool,
) -> Found {
    let mut place = from.clone();
    for (dim, value) in place.iter_mut().enumerate() {
        if value.is_none() && !dims.contains(&dim) {
            *value = Some(0);
        }
    }
    let mut search = Search { space, dims, excluded, has, steps: 0 };
    let found = search.descend(&mut place, 0, true);
    match found {
        Some(place) => {
            let place = search.plainest(place, from);
            Found::Example(Box::new(familiar(space.catalogue(), space.facts(&place, Open::Quiet), has)))
        }
        None if search.steps >= POLICY_SEARCH_STEPS_MAX => Found::Unknown,
        None => Found::None,
    }
}

struct Search<'a> {
    space: &'a Space,
    dims: &'a [usize],
    excluded: &'a dyn Fn(&Place) -> bool,
    has: &'a dyn Fn(&Facts) -> bool,
    steps: usize,
}

impl Search<'_> {
    fn descend(&mut self, place: &mut Place, depth: usize, fresh: bool) -> Option<Place> {
        self.steps += 1;
        if self.steps >= POLICY_SEARCH_STEPS_MAX || (self.excluded)(place) {
            return None;
        }
        if fresh && (self.has)(&self.space.facts(place, Open::Quiet)) {
            return Some(place.clone());
        }
        let dim = *self.dims.get(depth)?;
        if place.get(dim).copied().flatten().is_some() {
            return self.descend(place, depth + 1, false);
        }
        let values = self.space.dims.get(dim).map_or(1, super::dim::Dim::values);
        for value in 0..values {
            if let Some(open) = place.get_mut(dim) {
                *open = Some(value);
            }
            // The quiet value completes to what has been tried above.
            if let Some(found) = self.descend(place, depth + 1, value > 0) {
                return Some(found);
            }
        }
        if let Some(open) = place.get_mut(dim) {
            *open = None;
        }
        None
    }

    /// Makes quiet whatever the property does not need.
    fn plainest(&self, mut place: Place, from: &Place) -> Place {
        for dim in 0..place.len() {
            let fixed = from.get(dim).copied().flatten().is_some();
            let Some(value) = place.get_mut(dim).filter(|value| !fixed && value.is_some_and(|value| value > 0)) else {
                continue;
            };
            let before = value.replace(0);
            if !(self.has)(&self.space.facts(&place, Open::Quiet))
                && let Some(value) = place.get_mut(dim)
            {
                *value = before;
            }
        }
        place
    }
}
