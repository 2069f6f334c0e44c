//! What `diff` proves of a policy and its next version holds for any request: decided by the slow reading of [`super::naive`], on
//! requests made without regard to the space that `diff` searches. Sheets, labels, exceptions, tools and inventories change.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::naive::{self, Naive, Verdict};
use super::random::{self, Draft, written};
use super::*;
use crate::model::{Action, LabelFact, Word};
use crate::policy::compile::{Gathered, gather};
use crate::policy::study::{Differences, Study};

/// Requests that are put to both.
const REQUESTS: usize = 40;
/// Backends and rules at most: every one is searched, on each day on which something begins or ends.
const BACKENDS: usize = 2;
const RULES: usize = 2;

#[derive(Debug, Clone)]
struct Files {
    draft: Draft,
    labels: &'static str,
    inventory: Vec<Vec<String>>,
}

impl Files {
    fn sources(&self) -> Sources {
        let all: Vec<usize> = (0..self.draft.rules.len()).collect();
        let sheet = self.draft.sheet(&all).replace("labels \"Public\", \"Internal\", \"Secret\"", self.labels);
        sources(&sheet, &written(&self.inventory, usize::MAX, 0))
    }
}

fn versions() -> impl Strategy<Value = (Files, Files)> {
    let labels = || {
        select(
            &[
                "labels \"Public\", \"Internal\", \"Secret\"",
                "labels \"Public\", \"Internal\", \"Secret\"",
                "labels \"Public\", \"Internal\", \"Secret\", \"Top\"",
                "labels \"Public\", \"Internal\", \"Secret\", \"Neu\", \"Top\"",
            ][..],
        )
    };
    let files = move || {
        (random::draft(true), labels(), random::inventory()).prop_map(|(mut draft, labels, mut inventory)| {
            inventory.truncate(BACKENDS);
            draft.rules.truncate(RULES);
            Files { draft, labels, inventory }
        })
    };
    let some = || proptest::collection::vec(proptest::bool::weighted(0.3), 6);
    (files(), files(), some(), any::<Index>()).prop_map(|(one, other, changes, at)| {
        let next = next(&one, other, &changes, at);
        (one, next)
    })
}

/// A version in which some parts are another's.
fn next(one: &Files, other: Files, changes: &[bool], at: Index) -> Files {
    let mut next = one.clone();
    if changes[0] && !next.draft.rules.is_empty() {
        let at = at.index(next.draft.rules.len());
        match other.draft.rules.first() {
            Some(rule) => next.draft.rules[at].clone_from(rule),
            None => drop(next.draft.rules.remove(at)),
        }
    }
    if changes[1] {
        let at = at.index(next.draft.allows.len());
        next.draft.allows[at].clone_from(&other.draft.allows[0]);
    }
    if changes[2] {
        next.draft.rest = other.draft.rest;
    }
    if changes[3] {
        next.draft.exceptions = other.draft.exceptions;
    }
    if changes[4] {
        next.labels = other.labels;
    }
    if changes[5] {
        let at = at.index(next.inventory.len());
        next.inventory[at].clone_from(&other.inventory[0]);
    }
    next
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(all_types);

struct Version {
    gathered: Gathered,
    study: Study,
}

fn version(files: &Files) -> Option<Version> {
    let (sources, served) = (files.sources(), every(&CATALOGUE));
    let gathered = gather(&sources, &CATALOGUE, &served, &vocabulary()).ok()?;
    let study = Study::new(&sources, &CATALOGUE, &served, &vocabulary(), now()).ok()?;
    Some(Version { gathered, study })
}

impl Version {
    /// What becomes of a request at each backend, by name.
    fn verdicts(&self, said: &Facts) -> BTreeMap<String, Verdict> {
        let (vocabulary, facts) = (vocabulary(), self.heard(said));
        let naive = Naive {
            gathered: &self.gathered,
            catalogue: &CATALOGUE,
            vocabulary: &vocabulary,
            facts: &facts,
            now: now(),
        };
        let names =
            self.gathered.truths(now()).iter().map(|truth| truth.backend().name.to_string()).collect::<Vec<_>>();
        names.into_iter().zip(naive.verdicts()).collect()
    }

    /// The request as a gateway with these files hears it: labels whatever their case and only those listed, hosts only those named.
    fn heard(&self, said: &Facts) -> Facts {
        let mut heard = said.clone();
        if let LabelFact::Named(label) = &said.label {
            let same = |listed: &&Word| listed.as_str().to_lowercase() == label.as_str().to_lowercase();
            let listed = self.study.policy().labels().iter().find(same);
            heard.label = listed.map_or(LabelFact::Unknown, |listed| LabelFact::Named(listed.clone()));
        }
        for (_, host) in &mut heard.hosted {
            let named = |host: &Word| self.gathered.resolved.tools.iter().any(|tool| tool.host.as_ref() == Some(host));
            if host.as_ref().is_some_and(|host| !named(host)) {
                *host = Some(Word::UNKNOWN);
            }
        }
        naive::labelled(&self.gathered, &CATALOGUE, &heard)
    }
}

/// A request with a label of any spelling.
fn request() -> impl Strategy<Value = Facts> {
    let label = select(&["", "", "Public", "public", "Secret", "SECRET", "Internal", "Top", "Neu", "Anything"][..]);
    (random::facts(), label).prop_map(|(facts, label)| {
        let label = if label.is_empty() { facts.label.clone() } else { LabelFact::Named(Word::fixed(label)) };
        Facts { label, ..facts }
    })
}

/// Whether a backend may have a request that it might not have, or with less done to it.
fn opens(was: Option<&Verdict>, is: &Verdict, said: &Facts) -> bool {
    let Some(after) = is else { return false };
    let Some(Some(before)) = was else { return true };
    let done = |duties: &BTreeMap<EntityId, Action>, entity| duties.get(&entity).copied().unwrap_or(Action::Keep);
    said.types.iter().any(|fact| done(after, fact.entity) < done(before, fact.entity))
}

fn told(differences: &Differences, backend: &str, opened: bool) -> bool {
    let (told, undecided) = if opened {
        (&differences.opened, &differences.undecided)
    } else {
        (&differences.refused, &differences.refused_undecided)
    };
    told.iter().any(|one| one.backend.as_deref() == Some(backend))
        || undecided.iter().any(|one| one.starts_with(backend))
}

/// A thirty-second of what is asked for by `PROPTEST_CASES`: each case searches a policy of hundreds of types.
fn fewer() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: asked.cases.div_ceil(32), failure_persistence: None, ..asked }
}

proptest! {
    #![proptest_config(fewer())]

    #[test]
    #[ignore = "minutes: `scripts/test --long` runs it"]
    fn what_a_difference_proves_holds_for_any_request((old, new) in versions(), requests in proptest::collection::vec(request(), REQUESTS)) {
        let (Some(before), Some(after)) = (version(&old), version(&new)) else { return Ok(()) };
        let differences = before.study.diff(&after.study).unwrap();
        for said in &requests {
            let (was, is) = (before.verdicts(said), after.verdicts(said));
            for (backend, verdict) in &is {
                let shown = || format!("{backend} {said:?}\n{:?}\n{:?}\n{differences:#?}", old.sources(), new.sources());
                prop_assert!(!opens(was.get(backend), verdict, said) || told(&differences, backend, true), "opened: {}", shown());
                let refused = was.get(backend).is_some_and(|was| opens(Some(verdict), was, said));
                prop_assert!(!refused || told(&differences, backend, false), "refused: {}", shown());
            }
        }
    }
}

#[test]
fn the_versions_are_not_vacuous() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut both, mut differ) = (0, 0);
    for _ in 0..120 {
        let (old, new) = versions().new_tree(&mut runner).unwrap().current();
        let (Some(before), Some(after)) = (version(&old), version(&new)) else { continue };
        both += 1;
        let requests: Vec<Facts> = (0..REQUESTS).map(|_| request().new_tree(&mut runner).unwrap().current()).collect();
        let opened = |said: &Facts| {
            let was = before.verdicts(said);
            after.verdicts(said).iter().any(|(backend, is)| opens(was.get(backend), is, said))
        };
        differ += u32::from(requests.iter().any(opened));
    }
    assert!(both >= 10 && differ >= 5, "{both} pairs compile, {differ} open a flow");
}
