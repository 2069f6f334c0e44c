//! Whether any request comes out otherwise at a backend under two policies of one inventory, of which one asks less: proven, or shown by
//! a request, or given up.

use std::collections::BTreeSet;

use super::super::program::has;
use super::super::resolved::Gate;
use super::search::{Found, Sought, Steps, find};
use super::side::{Side, led_by, opens, standing};
use super::space::{Place, Space};
use crate::model::{BackendId, Facts};

/// What searches for a counterexample come to together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Yes,
    No,
    /// No counterexample was found, and a search was given up.
    Undecided,
}

impl Known {
    /// Whether every search ends without an example. The first example settles it.
    pub(super) fn all(searches: impl Iterator<Item = Found>) -> Self {
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

/// Two policies of one inventory, of which the second asks less where a gate holds, in a space that tells apart what either does.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) strict: Side<'a>,
    pub(super) loose: Side<'a>,
    pub(super) space: &'a Space,
    pub(super) gate: &'a Gate,
    /// How many steps each search may take.
    pub(super) steps: fn() -> Steps<'static>,
}

impl Pair<'_> {
    /// Whether every request comes out the same at these backends under both; what is excluded cannot show it.
    ///
    /// What asks less opens and closes nothing, but where something is asked after the duties: with fewer of them more may be
    /// refused, so there both directions are searched.
    pub(super) fn is_alike(&self, backends: &[BackendId], cannot: &dyn Fn(&Place, BackendId) -> bool) -> Known {
        let still = |side: Side<'_>| side.policy.program().asks_still();
        let back = still(self.strict) || still(self.loose);
        let kinds = kinds(&[self.strict, self.loose], backends);
        Known::all(kinds.iter().flat_map(|backend| {
            let there = std::iter::once_with(move || self.opened((self.strict, self.loose), *backend, cannot));
            let back = back.then_some(()).into_iter();
            there.chain(back.map(move |()| self.opened((self.loose, self.strict), *backend, cannot)))
        }))
    }

    /// A request that the second of two sides lets pass, or changes less, and the first does not.
    fn opened(
        &self,
        (before, after): (Side<'_>, Side<'_>),
        backend: BackendId,
        cannot: &dyn Fn(&Place, BackendId) -> bool,
    ) -> Found {
        let mut dims = BTreeSet::new();
        before.depends(self.space, backend, &mut dims);
        after.depends(self.space, backend, &mut dims);
        let says = !before.policy.says.is_empty();
        let dims = led_by(self.gate, self.space, says, &dims);
        let excluded = |place: &Place| cannot(place, backend) || !after.look(self.space, place).may_allow(backend);
        let has = |facts: &Facts| {
            let (before, after) = (before.plan(facts), after.plan(facts));
            opens(standing(&before, backend), standing(&after, backend), facts)
        };
        let sought = Sought { excluded: &excluded, has: &has, passes: Some((after, backend)), steps: &(self.steps)() };
        find(self.space, &dims, &self.space.open(), sought)
    }
}

/// One of each kind of these backends: of those of a kind the policies make the same, whatever the request.
pub(super) fn kinds(sides: &[Side<'_>], backends: &[BackendId]) -> Vec<BackendId> {
    let mut seen = BTreeSet::new();
    backends.iter().copied().filter(|backend| seen.insert(kind(sides, *backend))).collect()
}

/// What policies make of a backend: which lines admit it, which rules take it out or demand something for it.
fn kind(sides: &[Side<'_>], backend: BackendId) -> Vec<bool> {
    let mut kind = Vec::new();
    for side in sides {
        let program = side.policy.program();
        kind.push(side.policy.on_premises(backend));
        kind.extend(program.allows.iter().map(|allow| has(&allow.admits, backend)));
        kind.extend(
            program
                .rules
                .iter()
                .flat_map(|rule| [&rule.removes, &rule.on, &rule.surely_on].map(|mask| has(mask, backend))),
        );
    }
    kind
}
