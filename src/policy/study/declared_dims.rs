//! Values of what a request declares: scores around thresholds, and countries that areas tell apart.

use std::collections::BTreeSet;

use super::super::Policy;
use super::dim::Dim;
use crate::model::{Country, LeakFact};

/// Where data subjects may live: one country for each set of areas that countries can be in.
pub(super) fn residents(policy: &Policy, areas: &[Vec<Country>], told: bool) -> Vec<Dim> {
    if areas.is_empty() {
        return Vec::new();
    }
    let mut seen: BTreeSet<Vec<bool>> = BTreeSet::from([vec![false; areas.len()]]);
    let every: BTreeSet<Country> = areas.iter().flatten().copied().collect();
    // And one that is in none: whoever lives there too does not live within.
    let outside = policy.countries.difference(&every).next().copied();
    let within =
        every.into_iter().filter(|country| seen.insert(areas.iter().map(|area| area.contains(country)).collect()));
    let unknown = (!told).then_some(Country::UNKNOWN);
    outside.into_iter().chain(within).chain(unknown).map(Dim::Resident).collect()
}

/// The scores that thresholds tell apart, none where nothing asks.
pub(super) fn of_scores(thresholds: &BTreeSet<u16>, told: bool) -> Option<Vec<LeakFact>> {
    let first = std::iter::once(LeakFact::Score(0));
    let asked = thresholds.iter().filter(|score| **score > 0).map(|score| LeakFact::Score(*score));
    let unknown = (!told).then_some(LeakFact::Unknown);
    (!thresholds.is_empty()).then(|| first.chain(asked).chain(unknown).collect())
}
