//! The search for a request with a property: exact, because every part of the space is visited or excluded.
//!
//! Depth first over the dimensions that matter. A part is left as soon as bounds show that nothing in it has the property;
//! at each step the quiet completion is tried, so that what is found is the plainest example there is on the way. Where it
//! fails because a backend is refused that should pass, the dimensions of what refuses it are the next to be fixed: nothing
//! else can help. Before these come the dimensions by which parts were left, the last one first: what decided in one part mostly
//! decides in its neighbours, which are then left at once, whatever else is open in them. Which dimension is fixed first changes what a
//! search takes, never what it finds to be none. A search that would visit too much says so, and nothing is claimed then.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::familiar::familiar;
use super::side::Side;
use super::space::{Open, Place, Space};
use crate::limits::{
    POLICY_DIFF_STEPS_MAX, POLICY_SEARCH_STEPS_FURTHER, POLICY_SEARCH_STEPS_LATE, POLICY_SEARCH_STEPS_MAX,
};
use crate::model::{BackendId, Facts};

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

/// The property that is looked for.
#[derive(Clone, Copy)]
pub(super) struct Sought<'a> {
    /// Whether nothing in a part has it.
    pub(super) excluded: &'a dyn Fn(&Place) -> bool,
    /// Whether a request has it.
    pub(super) has: &'a dyn Fn(&Facts) -> bool,
    /// The backend that each request with it may have, and under which policy. It only says where to look first.
    pub(super) passes: Option<(Side<'a>, BackendId)>,
    /// What searches for one answer may take together.
    pub(super) steps: &'a Steps<'a>,
}

/// The steps that the searches for one answer have taken.
#[derive(Debug)]
pub(super) struct Steps<'a> {
    taken: Cell<usize>,
    most: usize,
    effort: Option<&'a Effort<'a>>,
}

impl Default for Steps<'_> {
    fn default() -> Self {
        Self { taken: Cell::new(0), most: POLICY_SEARCH_STEPS_MAX, effort: None }
    }
}

impl<'a> Steps<'a> {
    /// Those of a search that is one of very many, and of which nothing is said where it does not end.
    pub(super) fn few() -> Self {
        Self { taken: Cell::new(0), most: POLICY_SEARCH_STEPS_LATE, effort: None }
    }

    /// Those of one of many searches.
    pub(super) fn of(effort: &'a Effort<'a>) -> Self {
        let left = POLICY_DIFF_STEPS_MAX.saturating_sub(effort.taken.get());
        let late = left <= POLICY_DIFF_STEPS_MAX / 2;
        let most = if late { POLICY_SEARCH_STEPS_LATE } else { POLICY_SEARCH_STEPS_MAX }.min(left);
        Self { taken: Cell::new(0), most, effort: Some(effort) }
    }

    /// Those of a search for one more thing to tell beside what was found.
    pub(super) fn late(effort: &'a Effort<'a>) -> Self {
        let steps = Self::of(effort);
        Self { most: steps.most.min(POLICY_SEARCH_STEPS_FURTHER), ..steps }
    }

    fn take(&self) {
        self.taken.set(self.taken.get().saturating_add(1));
        if let Some(effort) = self.effort {
            effort.taken.set(effort.taken.get().saturating_add(1));
            if effort.taken.get() % WATCHED_EVERY == 0 {
                effort.show();
            }
        }
    }

    pub(super) fn are_over(&self) -> bool {
        self.taken.get() >= self.most
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.get()
    }
}

/// Steps after which whoever watches is told again.
const WATCHED_EVERY: usize = 256;

/// What many searches take together, and how far they are.
pub(super) struct Effort<'a> {
    taken: Cell<usize>,
    /// Backends that were compared, of so many.
    compared: Cell<usize>,
    of: usize,
    watch: &'a dyn Fn(Looked),
}

impl std::fmt::Debug for Effort<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Effort").field("taken", &self.taken).field("compared", &self.compared).finish_non_exhaustive()
    }
}

/// How far a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// Comparisons of one backend that are done, in both directions, and on each day on which something begins or ends.
    pub compared: usize,
    /// Of so many.
    pub of: usize,
    /// Groups of requests that were looked at.
    pub requests: usize,
}

impl<'a> Effort<'a> {
    pub(super) fn new(of: usize, watch: &'a dyn Fn(Looked)) -> Self {
        Self { taken: Cell::new(0), compared: Cell::new(0), of, watch }
    }

    /// Counts so many comparisons of one backend as done.
    pub(super) fn compared(&self, backends: usize) {
        self.compared.set(self.compared.get().saturating_add(backends));
        self.show();
    }

    fn show(&self) {
        (self.watch)(Looked { compared: self.compared.get().min(self.of), of: self.of, requests: self.taken.get() });
    }
}

/// Looks for a request in the whole space, as [`find`] does, with steps of its own.
pub(super) fn anywhere(
    space: &Space,
    dims: &[usize],
    excluded: &dyn Fn(&Place) -> bool,
    has: &dyn Fn(&Facts) -> bool,
    passes: Option<(Side<'_>, BackendId)>,
) -> Found {
    find(space, dims, &space.open(), Sought { excluded, has, passes, steps: &Steps::default() })
}

/// Looks for a request in the part of the space that `from` leaves open in these dimensions; the others are quiet.
pub(super) fn find(space: &Space, dims: &[usize], from: &Place, sought: Sought<'_>) -> Found {
    let mut place = from.clone();
    for (dim, value) in place.iter_mut().enumerate() {
        if value.is_none() && !dims.contains(&dim) {
            *value = Some(0);
        }
    }
    let search = Search { space, dims, sought, decided: RefCell::default() };
    let found = search.descend(&mut place, None, None);
    match found {
        Some(place) => {
            let place = search.plainest(place, from);
            Found::Example(Box::new(familiar(space.catalogue(), space.facts(&place, Open::Quiet), sought.has)))
        }
        None if sought.steps.are_over() || dims.iter().any(|dim| space.coarse.contains(dim)) => Found::Unknown,
        None => Found::None,
    }
}

struct Search<'a> {
    space: &'a Space,
    dims: &'a [usize],
    sought: Sought<'a>,
    /// The dimensions by which parts were left, the last one at the end: likely what decides in the next part too, whatever was fixed
    /// before it.
    decided: RefCell<Vec<usize>>,
}

impl Search<'_> {
    /// `tried` holds what refuses the quiet completion, where that has been tried already.
    fn descend(&self, place: &mut Place, fixed: Option<usize>, tried: Option<&BTreeSet<usize>>) -> Option<Place> {
        self.sought.steps.take();
        if self.sought.steps.are_over() {
            return None;
        }
        if (self.sought.excluded)(place) {
            self.decides(fixed);
            return None;
        }
        let mut fresh = BTreeSet::new();
        if tried.is_none() {
            let facts = self.space.facts(place, Open::Quiet);
            if (self.sought.has)(&facts) {
                return Some(place.clone());
            }
            if let Some((side, backend)) = self.sought.passes {
                fresh = side.hurdles(self.space, backend, &facts);
            }
        }
        let hurdles = tried.unwrap_or(&fresh);
        let is_open = |dim: &&usize| place.get(**dim).copied().flatten().is_none();
        let mut open = self.dims.iter().filter(is_open);
        let decided = self.decided.borrow().iter().rev().find(|dim| is_open(dim)).copied();
        let hurdle = || open.clone().find(|dim| hurdles.contains(dim)).copied();
        let dim = decided.or_else(hurdle).or_else(|| open.next().copied())?;
        for value in 0..self.space.dims.get(dim).map_or(1, super::dim::Dim::values) {
            if let Some(open) = place.get_mut(dim) {
                *open = Some(value);
            }
            // The quiet value completes to what has been tried above.
            if let Some(found) = self.descend(place, Some(dim), (value == 0).then_some(hurdles)) {
                return Some(found);
            }
        }
        if let Some(open) = place.get_mut(dim) {
            *open = None;
        }
        None
    }

    /// Notes that a part was left as soon as this dimension was fixed.
    fn decides(&self, fixed: Option<usize>) {
        let mut decided = self.decided.borrow_mut();
        decided.retain(|known| Some(*known) != fixed);
        decided.extend(fixed);
    }

    /// Makes quiet whatever the property does not need.
    fn plainest(&self, mut place: Place, from: &Place) -> Place {
        for dim in 0..place.len() {
            let fixed = from.get(dim).copied().flatten().is_some();
            let Some(value) = place.get_mut(dim).filter(|value| !fixed && value.is_some_and(|value| value > 0)) else {
                continue;
            };
            let before = value.replace(0);
            if !(self.sought.has)(&self.space.facts(&place, Open::Quiet))
                && let Some(value) = place.get_mut(dim)
            {
                *value = before;
            }
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Many searches for one difference share what they may take: late ones get little, and then none. None of them claims anything.
    #[test]
    fn the_searches_of_a_difference_end() {
        let space = Space::new(&[], false);
        let effort = Effort::new(1, &|_| ());
        let search = || {
            let steps = Steps::of(&effort);
            let sought = Sought { excluded: &|_| false, has: &|_| false, passes: None, steps: &steps };
            (find(&space, &[], &space.open(), sought), steps.most)
        };
        assert_eq!(search(), (Found::None, POLICY_SEARCH_STEPS_MAX));
        effort.taken.set(POLICY_DIFF_STEPS_MAX / 2);
        assert_eq!(search(), (Found::None, POLICY_SEARCH_STEPS_LATE));
        effort.taken.set(POLICY_DIFF_STEPS_MAX);
        assert_eq!(search(), (Found::Unknown, 0));
    }
}
