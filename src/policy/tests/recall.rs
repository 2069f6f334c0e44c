//! A decision taken again from its record is the decision that was taken.

use proptest::prelude::*;

use super::random::{self, written};
use super::*;
use crate::policy::facts::by_label;

/// The members of an entry that a replay reads.
fn entry(policy: &Policy, facts: &Facts, able: &BackendSet) -> String {
    let label = match &facts.label {
        crate::model::LabelFact::Absent => None,
        crate::model::LabelFact::Unknown => Some("unknown"),
        crate::model::LabelFact::Named(label) => Some(label.as_str()),
    };
    let leak = facts.leak.least();
    serde_json::json!({
        "kind": "decision", "tenant": facts.tenant, "app": facts.app, "purpose": facts.purpose, "label": label,
        "leak_score": leak, "scan": {"status": facts.scan.name(), "leaves": 3}, "plan": [],
        "facts": recorded(facts, policy, able, (&crate::model::Leak::scored(0), policy.catalogue().entity("organisation"))), "body_bytes": 7,
    })
    .to_string()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_record_holds_all_that_was_decided_on(draft in random::draft(true), inventory in random::inventory(), facts in random::facts()) {
        let sheet = draft.sheet(&(0..draft.rules.len()).collect::<Vec<_>>());
        let Ok(policy) = compiled(&sources(&sheet, &written(&inventory, usize::MAX, 0))) else { return Ok(()) };
        let mut facts = Facts { declared: crate::model::ClassSet::default(), suspected: crate::model::ClassSet::default(), ..facts };
        by_label(&mut facts, &policy);
        let text = entry(&policy, &facts, &everyone(&policy));
        let (again, able) = Recall::new(&policy).facts(&serde_json::from_str::<Recorded<'_>>(&text).unwrap()).unwrap();
        prop_assert_eq!(&again, &facts);
        prop_assert_eq!(plan(&policy, &again), plan(&policy, &facts));
        prop_assert_eq!(able, everyone(&policy));
    }
}

#[test]
fn what_a_label_took_away_is_recorded_and_replays_under_a_sheet_that_takes_nothing() {
    let says = "the label \"Public\" lowers personal issued by \"lab\"\n";
    let rule = "rule r because \"x\" when data includes personal only backends on premises\n";
    let before = policy(&format!("{ALLOW_ALL}{says}{rule}"));
    let mut facts = changed(&["email", "iban"], |facts| {
        facts.label = crate::model::LabelFact::Named(Word::fixed("Public"));
        facts.app = Word::fixed("lab");
    });
    by_label(&mut facts, &before);
    assert_eq!(facts.lowered.len(), 1, "an account is financial too");
    let text = entry(&before, &facts, &everyone(&before));
    assert!(text.contains("email"), "{text}");
    let after = policy(&format!("{ALLOW_ALL}{rule}"));
    let recorded: Recorded<'_> = serde_json::from_str(&text).unwrap();
    let (again, _) = Recall::new(&after).facts(&recorded).unwrap();
    assert_eq!(again.types.len(), 2);
    assert_eq!(allowed(&after, &again), ["gpu-paris"]);
}

#[test]
fn what_does_not_say_enough_is_told() {
    let policy = policy(ALLOW_ALL);
    let text = entry(&policy, &with(&policy, &["email"]), &everyone(&policy));
    for (name, text, expected) in [
        ("no facts", text.replace("\"facts\"", "\"other\""), Lost::NoFacts),
        ("another version", text.replace("\"v\":3", "\"v\":4"), Lost::Version),
        ("cut", text.replace("\"v\":3", "\"cut\":true,\"v\":3"), Lost::Version),
        ("an unknown type", text.replace("\"email\"", "\"telepathy\""), Lost::Type),
    ] {
        let recorded: Recorded<'_> = serde_json::from_str(&text).unwrap();
        assert_eq!(Recall::new(&policy).facts(&recorded).unwrap_err(), expected, "{name}");
    }
}

/// A purpose of the day that the other policy does not name says nothing of those that it names: as the request would be met now.
#[test]
fn a_purpose_that_only_the_day_named_may_be_any() {
    let rule = |purpose: &str| {
        policy(&format!("{ALLOW_ALL}rule r because \"x\" when purpose is \"{purpose}\" only backends on premises\n"))
    };
    let (before, after) = (rule("pilot"), rule("care"));
    let abroad =
        ["cloud-de", "cloud-fr", "cloud-fr-keeps", "cloud-unknown", "cloud-us", "gpu-paris", "us-owned-in-eea"];
    for (name, declared, version, reaches) in [
        ("declared", true, 3, &["gpu-paris"][..]),
        ("registered", false, 3, &abroad),
        ("of an entry that does not say", false, 2, &["gpu-paris"]),
    ] {
        let facts = changed(&[], |facts| {
            facts.purpose = Some(Word::fixed("pilot"));
            facts.purpose_declared = declared;
        });
        let text = entry(&before, &facts, &everyone(&before)).replace("\"v\":3", &format!("\"v\":{version}"));
        let (again, _) = Recall::new(&after).facts(&serde_json::from_str::<Recorded<'_>>(&text).unwrap()).unwrap();
        assert_eq!(allowed(&after, &again), reaches, "{name}");
    }
}
