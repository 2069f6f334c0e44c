//! What a request declares, part by part: who asks, its label, scores around thresholds, and countries that areas tell apart.

use std::collections::BTreeSet;

use super::super::Policy;
use super::super::resolved::{Atom, Resolved};
use super::dim::Dim;
use super::space::Space;
use crate::model::{Country, LabelFact, Leak, LeakFact, Word};

impl Space {
    /// What an application declares: label, app, tenant, purpose, roles, residence; and the leak score.
    pub(super) fn declarations(&mut self, policies: &[(&Policy, &Resolved)], atoms: &BTreeSet<Atom>, told: bool) {
        let (mut apps, mut tenants, mut purposes) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let (mut roles, mut scores, mut areas) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        let mut sums = BTreeSet::new();
        let mut labelled = false;
        for atom in atoms {
            match atom {
                Atom::App(app) => {
                    apps.insert(app.clone());
                }
                Atom::Group(group) => apps.extend(group.iter().cloned()),
                Atom::Tenant(tenant) => {
                    tenants.insert(tenant.clone());
                }
                Atom::Purpose(purpose) => {
                    purposes.insert(purpose.clone());
                }
                Atom::Role(role) => {
                    roles.insert(role.clone());
                }
                Atom::LeakAtLeast(score) => {
                    scores.insert(*score);
                }
                Atom::LeakHistoryAtLeast(score) => {
                    sums.insert(*score);
                }
                Atom::Residence(countries) => areas.push(countries.clone()),
                Atom::Label(_) => labelled = true,
                _ => {}
            }
        }
        let mut labels: BTreeSet<Word> = BTreeSet::new();
        for (policy, resolved) in policies {
            labels.extend(policy.labels().iter().cloned());
            for says in &resolved.says {
                labelled = true;
                apps.extend(says.issuers.iter().cloned());
            }
        }
        if labelled {
            let unknown = (!told).then_some(LabelFact::Unknown);
            let named = labels.into_iter().map(LabelFact::Named);
            self.dims.push(Dim::Label([LabelFact::Absent].into_iter().chain(named).chain(unknown).collect()));
        }
        self.dims.extend(of_scores(&scores, told).map(|known| Dim::Leak(with_hints(known, told))));
        self.dims.extend(of_scores(&sums, told).map(Dim::History));
        let named = |words: BTreeSet<Word>| [Word::fixed("")].into_iter().chain(words).collect::<Vec<Word>>();
        if !apps.is_empty() {
            self.dims.push(Dim::App(named(apps)));
        }
        if !tenants.is_empty() {
            self.dims.push(Dim::Tenant(named(tenants)));
        }
        if !purposes.is_empty() {
            let mut values = vec![None];
            values.extend(purposes.iter().cloned().map(|purpose| Some((purpose, false))));
            if !told {
                values.extend(purposes.into_iter().chain([Word::UNKNOWN]).map(|purpose| Some((purpose, true))));
            }
            self.dims.push(Dim::Purpose(values));
        }
        self.dims.extend(roles.into_iter().map(Dim::Role));
        let own = policies.first().map(|(policy, _)| *policy);
        self.dims.extend(own.into_iter().flat_map(|policy| residents(policy, &areas, told)));
        self.dims.extend(strangers(policies, &areas));
    }
}

/// A country that only one of two policies knows, for each of them: to the other it may be any.
fn strangers(policies: &[(&Policy, &Resolved)], areas: &[Vec<Country>]) -> Vec<Dim> {
    let ([(one, _), (other, _)], false) = (policies, areas.is_empty()) else { return Vec::new() };
    let only = |known: &Policy, by: &Policy| known.countries.difference(&by.countries).next().copied();
    [only(one, other), only(other, one)].into_iter().flatten().map(Dim::Resident).collect()
}

/// Scores, and those of which the rest is not known: what an encoder would have said, up to what it says at most, and what stands
/// in parts that nobody can read, which may be anything.
fn with_hints(mut scores: Vec<LeakFact>, told: bool) -> Vec<LeakFact> {
    let between = |score: &LeakFact| match score {
        LeakFact::Score(score) if !told && *score < Leak::REVIEW_MAX => {
            Some(LeakFact::Between(*score, Leak::REVIEW_MAX))
        }
        _ => None,
    };
    let unread = |score: &LeakFact| match score {
        LeakFact::Score(score) if !told && (Leak::REVIEW..1000).contains(score) => {
            Some(LeakFact::Between(*score, 1000))
        }
        _ => None,
    };
    let hints: Vec<LeakFact> = scores.iter().filter_map(between).collect();
    let unread: Vec<LeakFact> = scores.iter().filter_map(unread).collect();
    scores.extend(hints.into_iter().chain(unread));
    scores
}

/// Where data subjects may live: one country for each set of areas that countries can be in.
fn residents(policy: &Policy, areas: &[Vec<Country>], told: bool) -> Vec<Dim> {
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
fn of_scores(thresholds: &BTreeSet<u16>, told: bool) -> Option<Vec<LeakFact>> {
    let first = std::iter::once(LeakFact::Score(0));
    let asked = thresholds.iter().filter(|score| **score > 0).map(|score| LeakFact::Score(*score));
    let unknown = (!told).then_some(LeakFact::Unknown);
    (!thresholds.is_empty()).then(|| first.chain(asked).chain(unknown).collect())
}
