//! Exactness, shown by visiting every request of a small universe: what `diff` finds is there, and what it does not find is not.

use proptest::prelude::*;

use super::super::tests::{file, now, small, vocabulary};
use super::super::{Sources, catalogue};
use super::Study;
use super::diff::Kind;
use super::dim::Dim;
use super::matrix::otherwise;
use super::over_time::Dated;
use super::search::Found;
use super::side::{Side, opens, standing};
use super::space::{Open, Place, Space};
use crate::model::{BackendId, ClassId, EntityId, Facts, Plan, TypeFact};

/// Three types in four classes, so that the space is small enough to be visited.
const ENTITIES: &str = r#"
version = "test"
[entity.email]
classes = ["personal"]
code = "EMAIL"
normal = "lower"
names-somebody = true
[entity.iban]
classes = ["personal", "financial"]
code = "IBAN"
normal = "alphanumeric"
[entity.health_condition]
classes = ["health"]
code = "TERM"
normal = "lower"
"#;
const CLASSES: &str = r#"
version = "test"
[class.personal]
article = "x"
[class.financial]
article = "x"
implies = ["personal"]
[class.special]
article = "x"
implies = ["personal"]
[class.health]
article = "x"
implies = ["special"]
declared = true
"#;
/// One at home and one abroad.
const INVENTORY: &str = "[backend.b0]\nhosts = [\"b0.example\"]\nverified = 2026-11-01\nby = \"dpo\"\nprocessing = [\"FR\"]\nstorage = [\"FR\"]\nlogs = [\"FR\"]\nsupport = [\"FR\"]\nrun-by-owner = true\ncontrolled-from = \"FR\"\nexposed-to = []\nsub-processors = []\n[backend.b1]\nhosts = [\"b1.example\"]\nverified = 2026-11-01\nby = \"dpo\"\nprocessing = [\"US\"]\nstorage = [\"US\"]\nlogs = [\"US\"]\nsupport = [\"US\"]\nrun-by-owner = false\ncontrolled-from = \"US\"\nexposed-to = [\"US\"]\nsub-processors = []\n";
/// Requests that are visited at most; of a larger space a part, spread over it.
const VISITS_MAX: usize = 2_000;

fn study(sheet: &str) -> Option<Study> {
    let sources = Sources {
        sheets: vec![file("main.policy", sheet)],
        inventory: Some(file("backends.toml", INVENTORY)),
        reference: vec![file("classes.toml", CLASSES), file("entities.toml", ENTITIES)],
        ..Sources::default()
    };
    let catalogue = catalogue(&sources.reference).unwrap();
    let served: Vec<EntityId> = (0..).take(catalogue.entities.len()).map(EntityId).collect();
    Study::new(&sources, &catalogue, &served, &vocabulary(), now()).ok()
}

/// Every place of a space, or every so many.
fn places(space: &Space) -> impl Iterator<Item = Place> + '_ {
    let values: Vec<usize> = space.dims.iter().map(Dim::values).collect();
    let all: usize = values.iter().product();
    // A stride that shares no factor with the number of values walks through all of them.
    let stride = (all / VISITS_MAX).max(1) | 1;
    (0..all.min(VISITS_MAX)).map(move |visit| {
        let mut rest = visit.wrapping_mul(stride) % all;
        let digit = |values: &usize| {
            let digit = rest % values;
            rest /= values;
            Some(digit)
        };
        values.iter().map(digit).collect()
    })
}

fn allowed(plan: &Plan, backend: BackendId) -> bool {
    plan.choices.iter().any(|choice| choice.backend == backend)
}

/// Whether a request that these two backends serve may be sent to the one at once.
fn is_first(plan: &Plan, backend: BackendId, other: BackendId) -> bool {
    let tier = |backend| plan.choices.iter().find(|choice| choice.backend == backend).map(|choice| choice.tier);
    let behind = tier(other).is_some_and(|other| Some(other) < tier(backend));
    tier(backend).is_some() && (plan.fall_back.open || !behind)
}

/// In what a backend, beside which there is one other, may have a request under the second and not, or not so, or not at once, under
/// the first.
fn opens_at(backend: BackendId, (was, is): (&Plan, &Plan), facts: &Facts) -> Vec<Kind> {
    let other = BackendId(1 - backend.0);
    let moves = allowed(was, backend) && !is_first(was, backend, other) && is_first(is, backend, other);
    let opens = opens(standing(was, backend), standing(is, backend), facts);
    let kinds = [
        (opens && !allowed(was, backend), Kind::Possible),
        (opens && allowed(was, backend), Kind::Milder),
        (moves, Kind::Nearer),
    ];
    kinds.into_iter().filter(|(shows, _)| *shows).map(|(_, kind)| kind).collect()
}

/// In what some visited request shows that a flow to a backend opens from the one to the other, and from the other to the one.
fn visited(one: Side<'_>, other: Side<'_>, space: &Space) -> [Vec<(BackendId, Kind)>; 2] {
    let mut found = [Vec::new(), Vec::new()];
    for place in places(space) {
        let facts = space.facts(&place, Open::Quiet);
        let plans = (one.plan(&facts), other.plan(&facts));
        for (found, plans) in found.iter_mut().zip([(&plans.0, &plans.1), (&plans.1, &plans.0)]) {
            let of = |backend: BackendId| opens_at(backend, plans, &facts).into_iter().map(move |kind| (backend, kind));
            let fresh: Vec<_> = (0..2).map(BackendId).flat_map(of).filter(|one| !found.contains(one)).collect();
            found.extend(fresh);
        }
    }
    found
}

/// What is told of a direction holds: each difference is there at the request that is told with it, and what was found is told by what it
/// is, or said to be undecided.
fn agrees(
    (before, after): (Side<'_>, Side<'_>),
    found: &[(BackendId, Kind)],
    told: &Dated,
) -> Result<(), TestCaseError> {
    for (day, change) in &told.changes {
        prop_assert!(day.is_none(), "nothing of this universe changes by itself: {change:?}");
        let (was, is) = (before.plan(&change.example), after.plan(&change.example));
        let holds = match change.backend.as_ref().and_then(|name| after.policy.id_of(name.as_str())) {
            None => is.fall_back.open && !was.fall_back.open,
            Some(backend) => opens_at(backend, (&was, &is), &change.example).contains(&change.kind),
        };
        prop_assert!(holds, "{change:#?} is told and is not so");
    }
    for (backend, kind) in found {
        let name = format!("b{}", backend.0);
        let named = told.changes.iter().any(|(_, one)| match &one.backend {
            // A fall back that opens is told once, for whatever lies behind the nearest.
            None => *kind == Kind::Nearer,
            Some(one_name) => one_name.as_str() == name && one.kind == *kind,
        });
        // A search that was given up says so of its backend: it claims nothing.
        let named = named || told.undecided.iter().any(|one| one.what.starts_with(&name));
        prop_assert!(named, "{name} opens ({kind:?}) and is not told of: {told:#?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, failure_persistence: None, ..ProptestConfig::default() })]

    /// What `diff` proves holds for every request, and what it shows is so; where it was given up it says so.
    #[test]
    fn a_difference_is_exact(one in small::sheet(), other in small::sheet()) {
        is_exact(&one, &other)?;
    }

    /// So it does where nearly everything is the same in both, which is what is proven without being visited.
    #[test]
    fn a_difference_of_versions_is_exact((one, other) in small::versions()) {
        is_exact(&one, &other)?;
    }
}

fn is_exact(one: &str, other: &str) -> Result<(), TestCaseError> {
    let (Some(old), Some(new)) = (study(one), study(other)) else { return Ok(()) };
    let changes = old.changes(&new, &|_| ());
    let space = Space::new(&[(&old.policy, &old.today), (&new.policy, &new.today)], false);
    let (before, after) = (Side { told: false, ..old.side() }, Side { told: false, ..new.side() });
    let [opened, refused] = visited(before, after, &space);
    agrees((before, after), &opened, &changes.opened)?;
    agrees((after, before), &refused, &changes.refused)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases, failure_persistence: None, ..ProptestConfig::default() })]

    /// What the matrix says of all requests with a class holds for each of them, and its examples are what they are shown for.
    #[test]
    fn the_matrix_is_exact(sheet in small::sheet()) {
        let Some(study) = study(&sheet) else { return Ok(()) };
        let (side, space) = (study.side(), study.space(false));
        let requests: Vec<Facts> = places(&space).map(|place| space.facts(&place, Open::Quiet)).collect();
        let requests: Vec<(Facts, Plan)> =
            requests.into_iter().filter(|facts| facts.hosted.is_empty()).map(|facts| (facts.clone(), side.plan(&facts))).collect();
        for class in (0_u8..).map(ClassId).take(study.catalogue.classes.len()) {
            let of = |fact: &TypeFact| fact.surely > 0 && study.catalogue.info(fact.entity).unwrap().classes.contains(class);
            let carries = |facts: &Facts| facts.declared.contains(class) || facts.types.iter().any(of);
            for (backend, allowed) in [(0, false), (0, true), (1, false), (1, true)] {
                let backend = BackendId(backend);
                let shows = |facts: &Facts, plan: &Plan| carries(facts) && standing(plan, backend).is_some() == allowed;
                match otherwise(side, &space, class, backend, allowed) {
                    Found::Example(facts) => prop_assert!(shows(&facts, &side.plan(&facts)), "{class:?} {backend:?} {allowed}: {facts:?}"),
                    Found::None => {
                        let missed = requests.iter().find(|(facts, plan)| shows(facts, plan));
                        prop_assert!(missed.is_none(), "{class:?} {backend:?} {allowed}: {missed:?}");
                    }
                    Found::Unknown => {}
                }
            }
        }
    }
}

#[test]
fn the_small_universe_is_not_vacuous() {
    use proptest::strategy::{Strategy as _, ValueTree as _};
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut both, mut differ) = (0, 0);
    let pairs = (ProptestConfig::default().cases / 16).clamp(12, 40);
    for _ in 0..pairs {
        let mut one = || small::sheet().new_tree(&mut runner).unwrap().current();
        let (was, is) = (one(), one());
        let (Some(old), Some(new)) = (study(&was), study(&is)) else { continue };
        both += 1;
        let differences = old.diff(&new).unwrap();
        differ += u32::from(!differences.opened.is_empty());
        assert!(differences.undecided.is_empty(), "{was}\n{is}\n{:#?}", differences.undecided);
    }
    assert!(both * 2 >= pairs && differ * 4 >= pairs && differ < both, "{both} pairs compile, {differ} open a flow");
}

/// A class that is found can be brought by a protected document too, of which nothing is located.
#[test]
fn a_class_that_only_a_document_brings_is_no_gap_of_the_matrix() {
    let sheet = "policy \"test\" version 1 owner \"dpo\" review before 2027-06-30\nhome FR\nlabels \"Public\", \"Internal\", \"Secret\"\nallow backends on premises\nrule r0\n  because \"a test\"\n  when (not data includes iban and data includes personal)\n  unless (data includes health or data still includes identified email)\n  must pseudonymise personal\n";
    let study = study(sheet).unwrap();
    let personal = ClassId(2);
    assert!(matches!(otherwise(study.side(), &study.space(false), personal, BackendId(0), false), Found::Example(_)));
}

/// A rule that fires under both does not do the same to what is asked after the duties: surely under the one, perhaps under the other.
#[test]
fn a_rule_that_only_perhaps_fires_is_not_one_that_surely_does() {
    let rule = "rule r0\n  because \"a test\"\n  unless (data still includes identified email and label is \"Secret\")\n  must pseudonymise personal\n";
    let sheet = |labels: &str| {
        format!(
            "policy \"test\" version 1 owner \"dpo\" review before 2027-06-30\nhome FR\nlabels {labels}\nallow backends on premises\n{rule}"
        )
    };
    let (one, other) = (sheet("\"Public\", \"Internal\", \"Secret\""), sheet("\"Public\", \"Secret\""));
    let differences = study(&one).unwrap().diff(&study(&other).unwrap()).unwrap();
    assert!(!differences.refused.is_empty(), "{differences:#?}");
    is_exact(&one, &other).unwrap();
}
