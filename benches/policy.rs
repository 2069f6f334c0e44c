//! How long one decision takes: 100 rules on 20 backends, bar 2 µs; 300 rules on 20 backends, bar 5 µs.
//!
//! The rules are of the kinds that real sheets hold, spread over apps, labels, types and scores, so that about one in ten
//! fires on the request; every allowed backend gets its duties.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a bench stops at the first fault")]

use std::fmt::Write as _;

use divan::{Bencher, black_box};
use jiff::Timestamp;
use octroi::model::{
    Action, BackendId, Certainty, ClassSet, EntityId, Facts, LabelFact, LeakFact, ScanStatus, TypeFact, Word,
};
use octroi::policy::{self, BackendSet, Policy, SourceFile, Sources, Vocabulary};

fn main() {
    divan::main();
}

#[divan::bench(args = [(100, 20), (300, 20), (100, 100)])]
fn decide(bencher: Bencher<'_, '_>, (rules, backends): (usize, usize)) {
    let policy = policy(rules, backends);
    let facts = facts(&policy);
    let servable: BackendSet = (0..).take(backends).map(BackendId).collect();
    let plan = policy::decide(&policy, &facts, &servable, now());
    let told = (plan.choices.len(), plan.removed.len(), plan.fired.len());
    assert!(told.0 >= backends / 5 && told.1 > 0 && told.2 >= rules / 12, "{told:?}");
    bencher.bench(|| policy::decide(black_box(&policy), black_box(&facts), black_box(&servable), now()));
}

#[divan::bench(args = [100, 300])]
fn compile(bencher: Bencher<'_, '_>, rules: usize) {
    bencher.bench(|| policy(rules, 20));
}

fn now() -> Timestamp {
    Timestamp::from_second(1_795_345_200).unwrap()
}

fn policy(rules: usize, backends: usize) -> Policy {
    let mut sheet =
        "policy \"bench\" version 1 owner \"o\" review before 2027-01-01\nhome FR\nlabels \"A\", \"B\", \"C\"\n"
            .to_owned();
    sheet.push_str("allow backends on premises\nallow backends located in EEA and controlled from EEA\nallow backends exposed to US when app is any of \"app-1\", \"app-2\"\n");
    let types = ["email", "person", "iban", "phone", "fr_nir", "card_pan", "ip", "fr_siren", "jwt", "health_condition"];
    for index in 0..rules {
        let entity = types[index % types.len()];
        let condition = match index % 5 {
            0 => format!("data includes at least {} {entity} and app is \"app-{}\"", 1 + index % 3, index % 4),
            1 => {
                format!("label is \"{}\" or leak score at least {}", ["A", "B", "C", "C"][index % 4], 500 + index % 400)
            }
            2 => format!("data includes {entity} and tenant is \"tenant-{}\"", index % 3),
            3 => {
                format!("data includes {entity} with confidence at least {} and not app is \"app-0\"", 60 + index % 40)
            }
            _ => {
                format!("purpose is \"purpose-{}\" and data includes personal, or role is \"role-{index}\"", index % 12)
            }
        };
        let effect = match index % 4 {
            0 => "never backends exposed to US and located outside FR".to_owned(),
            1 => "only backends located in EEA, or with transfer basis and retention none".to_owned(),
            2 => format!(
                "on backends not controlled from EEA must pseudonymise {entity} must redact secret keep personal because \"t\""
            ),
            _ => "never backends located in CH prefer backends domestic".to_owned(),
        };
        let prefers = index < 60 || !effect.contains("prefer");
        let effect = if prefers { effect } else { effect.replace(" prefer backends domestic", "") };
        writeln!(sheet, "rule r{index} because \"article {index}\" when {condition} {effect}").unwrap();
    }
    let mut inventory = String::new();
    for index in 0..backends {
        let (country, owner) =
            [("FR", "FR"), ("FR", "FR"), ("DE", "DE"), ("IE", "US"), ("US", "US"), ("CH", "CH")][index % 6];
        writeln!(inventory, "[backend.b{index:04}]\nhosts = [\"b{index}.example\"]\nverified = 2026-11-01\nby = \"o\"\nprocessing = [\"{country}\"]\nstorage = [\"{country}\"]\nlogs = [\"{country}\"]\nsupport = [\"{country}\"]\nrun-by-owner = {}\ncontrolled-from = \"{owner}\"\nexposed-to = []\nsub-processors = []\nretention = \"none\"\ntraining = \"never\"\ntransfer-basis = [{{ kind = \"binding-corporate-rules\", dated = 2026-01-01, until = 2036-01-01 }}]", index % 6 == 0).unwrap();
    }
    let file = |name: &str, text: String| SourceFile { name: name.to_owned(), text };
    let sources = Sources {
        sheets: vec![file("main.policy", sheet)],
        inventory: Some(file("backends.toml", inventory)),
        ..Sources::default()
    };
    let catalogue = policy::catalogue(&[]).unwrap();
    let served: Vec<EntityId> = (0..).take(catalogue.entities.len()).map(EntityId).collect();
    let vocabulary = Vocabulary { actions: Action::ALL.to_vec(), seals: false, hosted: Vec::new() };
    policy::compile(&sources, &catalogue, &served, &vocabulary, now()).unwrap_or_else(|faults| {
        let texts: Vec<String> = faults.iter().take(3).map(policy::render).collect();
        panic!("{}", texts.join("\n"))
    })
}

/// A prompt of the public site with a name, two addresses and an account.
fn facts(policy: &Policy) -> Facts {
    let mut types: Vec<TypeFact> = [("email", 2), ("person", 1), ("iban", 1)]
        .into_iter()
        .map(|(name, count)| TypeFact {
            entity: policy.catalogue().entity(name).unwrap(),
            possibly: count,
            surely: count,
            confidence: 95,
        })
        .collect();
    types.sort_by_key(|fact| fact.entity);
    Facts {
        tenant: Word::configured("tenant-1"),
        app: Word::configured("app-1"),
        purpose: Some(Word::configured("purpose-3")),
        purpose_declared: false,
        roles: Vec::new(),
        residence: Vec::new(),
        minors: false,
        label: LabelFact::Named(Word::configured("A")),
        types,
        declared: ClassSet::default(),
        suspected: ClassSet::default(),
        health_of_a_person: Certainty::FALSE,
        scan: ScanStatus::Complete,
        unreadable: false,
        reference: false,
        hosted: Vec::new(),
        leak: LeakFact::Score(0),
        lowered: Vec::new(),
        lowered_classes: ClassSet::default(),
        lowered_health: Certainty::FALSE,
        leak_history: LeakFact::Score(0),
        located: ClassSet::default(),
        pseudonymised: Vec::new(),
    }
}
