//! Policy as a whole, from text to plan. The parts have tests of their own beside them.

mod addresses;
mod algebra;
mod asked;
mod compared;
mod duties;
mod ends;
mod explained;
mod inventory_slips;
mod kept;
mod large;
mod laws;
mod lint;
mod messages;
mod naive;
mod own_machines;
mod parsing;
mod proofs;
mod random;
mod readings;
mod recall;
mod remedies;
mod request;
mod schema;
mod shipped;
mod slack;
mod slips;
pub(super) mod small;
mod statements;
mod strays;
mod study;
mod surfaces;
mod told;
mod versions;
mod windows;
mod words;

use std::sync::LazyLock;

use jiff::Timestamp;

use super::*;
use crate::model::{Catalogue, EntityId, Facts, Plan, TypeFact};

/// Noon in Paris on the day of the notes.
pub(super) fn now() -> Timestamp {
    "2026-11-22T11:00:00Z".parse().unwrap()
}

/// The shipped types and classes, read once.
pub(super) fn all_types() -> Catalogue {
    static SHIPPED: LazyLock<Catalogue> = LazyLock::new(|| catalogue(&[]).unwrap());
    SHIPPED.clone()
}

pub(super) fn every(catalogue: &Catalogue) -> Vec<EntityId> {
    (0..).take(catalogue.entities.len()).map(EntityId).collect()
}

pub(super) fn vocabulary() -> Vocabulary {
    use crate::model::Action::{Block, Drop, Keep, Pseudonymise, PseudonymiseUnlinkably, Redact};
    Vocabulary {
        actions: vec![Keep, Pseudonymise, PseudonymiseUnlinkably, Redact, Drop, Block],
        seals: false,
        hosted: Vec::new(),
    }
}

pub(super) fn file(name: &str, text: &str) -> SourceFile {
    SourceFile { name: name.to_owned(), text: text.to_owned() }
}

/// One sheet on an inventory.
pub(super) fn sources(sheet: &str, inventory: &str) -> Sources {
    Sources {
        sheets: vec![file("main.policy", sheet)],
        inventory: Some(file("backends.toml", inventory)),
        ..Sources::default()
    }
}

pub(super) fn compiled(sources: &Sources) -> Result<Policy, Vec<Diagnostic>> {
    let catalogue = all_types();
    compile(sources, &catalogue, &every(&catalogue), &vocabulary(), now())
}

pub(super) fn good(sources: &Sources) -> Policy {
    compiled(sources).unwrap_or_else(|faults| {
        let texts: Vec<String> = faults.iter().map(render).collect();
        panic!("{}", texts.join("\n"))
    })
}

/// A policy of these statements on the example inventory.
pub(super) fn policy(statements: &str) -> Policy {
    good(&sources(&format!("{HEADER}{statements}"), example()))
}

/// The first seven backends of the example inventory.
pub(super) fn example() -> &'static str {
    let (seven, _) = starter::example_inventory().split_once("[backend.cloud-us-no-contract]").unwrap();
    seven
}

pub(super) const HEADER: &str = "policy \"test\" version 1 owner \"dpo\" review before 2027-06-30\nhome FR\nlabels \"Public\", \"Internal\", \"Secret\"\n";

/// Admits every backend of the example inventory.
pub(super) const ALLOW_ALL: &str = "allow backends named any of gpu-paris, cloud-fr, cloud-fr-keeps, cloud-de, us-owned-in-eea, cloud-us, cloud-unknown\n";

/// A request in which nothing was found.
pub(super) fn nothing() -> Facts {
    scenario::nothing()
}

/// A request in which one of each of these types was surely found.
pub(super) fn with(policy: &Policy, types: &[&str]) -> Facts {
    let mut facts = nothing();
    let id = |name: &&str| policy.catalogue().entity(name).unwrap_or_else(|| panic!("no type {name}"));
    facts.types =
        types.iter().map(id).map(|entity| TypeFact { entity, possibly: 1, surely: 1, confidence: 100 }).collect();
    facts.types.sort_by_key(|fact| fact.entity);
    facts
}

pub(super) fn everyone(policy: &Policy) -> BackendSet {
    (0..).take(policy.backends().len()).map(crate::model::BackendId).collect()
}

pub(super) fn plan(policy: &Policy, facts: &Facts) -> Plan {
    decide(policy, facts, &everyone(policy), now())
}

/// The names of the allowed backends, sorted.
pub(super) fn allowed(policy: &Policy, facts: &Facts) -> Vec<String> {
    let mut names: Vec<String> =
        plan(policy, facts).choices.iter().map(|choice| name(policy, choice.backend)).collect();
    names.sort();
    names
}

pub(super) fn name(policy: &Policy, backend: crate::model::BackendId) -> String {
    policy.backend(backend).unwrap().name.as_str().to_owned()
}

/// A request in which these types were found, changed in one respect.
pub(super) fn changed(types: &[&str], change: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = with(&policy(ALLOW_ALL), types);
    change(&mut facts);
    facts
}
