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

/// What the day's sheets did not name was recorded as unknown, and may have been what the candidate names: where that makes a
/// difference, the decision is not taken again, however alike the two look.
#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn a_word_that_only_the_candidate_names_is_not_guessed() {
    let home = |when: &str| format!("{ALLOW_ALL}rule r because \"x\" when {when} only backends on premises\n");
    let sheet = |labels: &str, statements: &str| {
        let header = HEADER.replace("\"Public\", \"Internal\", \"Secret\"", labels);
        good(&sources(&format!("{header}{statements}"), example()))
    };
    let usual = "\"Public\", \"Secret\"";
    let secret = home("label is \"Secret\"");
    let unknown_label = changed(&[], |facts| facts.label = crate::model::LabelFact::Unknown);
    let unknown_purpose = changed(&[], |facts| facts.purpose = Some(Word::UNKNOWN));
    let unknown_hosts = changed(&[], |facts| {
        facts.hosted = ["mcp", "web_search"].map(|tool| (Word::fixed(tool), Some(Word::UNKNOWN))).to_vec();
    });
    let tools =
        format!("{ALLOW_ALL}allow hosted tool mcp at \"a.example\"\nallow hosted tool web_search at \"b.example\"\n");
    for (name, day, candidate, facts, expected) in [
        ("the same labels", (usual, &*secret), (usual, &*secret), &unknown_label, Ok(())),
        ("in another case", ("\"PUBLIC\", \"secret\"", ALLOW_ALL), (usual, &*secret), &unknown_label, Ok(())),
        (
            "a new label",
            (usual, &*secret),
            ("\"Public\", \"Interne\", \"Secret\"", &*secret),
            &unknown_label,
            Err(Lost::Unnamed),
        ),
        (
            "a new label that changes nothing",
            (usual, ALLOW_ALL),
            ("\"Public\", \"Interne\"", ALLOW_ALL),
            &unknown_label,
            Ok(()),
        ),
        (
            "a new purpose",
            (usual, ALLOW_ALL),
            (usual, &home("not purpose is \"care\"")),
            &unknown_purpose,
            Err(Lost::Unnamed),
        ),
        (
            "the same purpose",
            (usual, &home("not purpose is \"care\"")),
            (usual, &home("not purpose is \"care\"")),
            &unknown_purpose,
            Ok(()),
        ),
        (
            "in another case, another",
            (usual, &home("not purpose is \"Care\"")),
            (usual, &home("not purpose is \"care\"")),
            &unknown_purpose,
            Err(Lost::Unnamed),
        ),
        (
            "two new hosts, which open only together",
            (usual, ALLOW_ALL),
            (usual, &*tools),
            &unknown_hosts,
            Err(Lost::Unnamed),
        ),
        ("the same hosts", (usual, &*tools), (usual, &*tools), &unknown_hosts, Ok(())),
    ] {
        let (day, candidate) = (sheet(day.0, day.1), sheet(candidate.0, candidate.1));
        let text = entry(&day, facts, &everyone(&day));
        let mut recall = Recall::new(&candidate);
        let types: Vec<Word> = all_types().entities.into_iter().map(|info| info.name).collect();
        let day = recall.day(&types, Some(&day));
        let again = recall.again(&serde_json::from_str::<Recorded<'_>>(&text).unwrap(), &day, now());
        assert_eq!(again.map(|_| ()), expected, "{name}");
        // Whose files are not kept may have named nothing.
        if expected.is_err() {
            let lost = recall.day(&types, None);
            let again = recall.again(&serde_json::from_str::<Recorded<'_>>(&text).unwrap(), &lost, now());
            assert_eq!(again.unwrap_err(), Lost::Unnamed, "{name}");
        }
    }
}
