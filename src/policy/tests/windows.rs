//! What ends by itself and what labels and groups do: exceptions, windows, labels that bring or lower a class.

use super::*;
use crate::model::{Certainty, LabelFact, Word};
use crate::policy::facts::by_label;

/// A policy of these statements on the example inventory, compiled on a day at noon in Paris.
fn on(day: &str, statements: &str) -> Policy {
    let catalogue = all_types();
    let sources = sources(&format!("{HEADER}{ALLOW_ALL}{statements}"), example());
    let noon = format!("{day}T11:00:00Z").parse().unwrap();
    compile(&sources, &catalogue, &every(&catalogue), &vocabulary(), noon).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn may_have(policy: &Policy, facts: &Facts, at: &str) -> Vec<String> {
    let plan = decide(policy, facts, &everyone(policy), at.parse().unwrap());
    let mut names: Vec<String> = plan.choices.iter().map(|choice| name(policy, choice.backend)).collect();
    names.sort();
    names
}

const RULE: &str = "rule stays because \"x\" when data includes personal only backends on premises\n";

fn facts(app: &str) -> Facts {
    changed(&["email"], |facts| facts.app = Word::configured(app))
}

#[test]
fn an_exception_spares_its_app_until_its_day_and_ends_by_itself() {
    let statements = format!(
        "{RULE}exception pilot for rule stays because \"a pilot\" when app is \"pilot\" until 2026-11-30 approved by \"DPO\"\n"
    );
    for (day, app, reaches_abroad) in [
        ("2026-11-22", "pilot", true),
        ("2026-11-22", "other", false),
        ("2026-11-30", "pilot", true),
        ("2026-12-01", "pilot", false),
    ] {
        let policy = on(day, &statements);
        let allowed = may_have(&policy, &facts(app), &format!("{day}T12:00:00Z"));
        assert_eq!(allowed.contains(&"cloud-us".to_owned()), reaches_abroad, "{day} {app}");
    }
    // It is in date until midnight at home, and the policy knows it.
    let policy = on("2026-11-30", &statements);
    assert_eq!(policy.valid_until().unwrap().to_string(), "2026-11-30T23:00:00Z");
    assert_eq!(may_have(&policy, &facts("pilot"), "2026-11-30T23:00:00Z"), ["gpu-paris"]);
}

#[test]
fn an_exception_needs_surely() {
    let statements = format!(
        "{RULE}exception pilot for rule stays because \"a pilot\" when label is \"Public\" until 2026-11-30 approved by \"DPO\"\n"
    );
    let policy = on("2026-11-22", &statements);
    for (label, many) in [
        (LabelFact::Named(Word::fixed("Public")), true),
        (LabelFact::Named(Word::fixed("Secret")), false),
        (LabelFact::Unknown, false),
        (LabelFact::Absent, false),
    ] {
        let facts = changed(&["email"], |facts| facts.label = label.clone());
        assert_eq!(may_have(&policy, &facts, "2026-11-22T12:00:00Z").len() > 1, many, "{label:?}");
    }
}

#[test]
fn an_exception_may_name_a_rule_of_a_pack_and_a_pack_may_hold_none() {
    let statements = "use pack gdpr-eea-only\nexception pilot for rule gdpr-eea-only because \"x\" when app is \"pilot\" until 2026-11-30 approved by \"DPO\"\n";
    let policy = on("2026-11-22", statements);
    assert!(may_have(&policy, &facts("pilot"), "2026-11-22T12:00:00Z").contains(&"cloud-us".to_owned()));
    assert!(!may_have(&policy, &facts("other"), "2026-11-22T12:00:00Z").contains(&"cloud-us".to_owned()));
    let mut own = sources(&format!("{HEADER}{ALLOW_ALL}{RULE}use pack mine\n"), example());
    let pack = "pack mine version 1 owner \"o\" review before 2027-01-01\nexception e for rule stays because \"x\" until 2026-11-30 approved by \"DPO\"\n";
    own.packs.push(file("packs/mine.policy", pack));
    assert_eq!(compiled(&own).unwrap_err()[0].code(), "octroi::policy::pack-opens");
}

#[test]
fn windows_include_their_last_day() {
    let rows = [
        ("an allow that begins", "from 2026-12-01", ["2026-11-30", "2026-12-01", "2027-06-01"], [false, true, true]),
        ("an allow that ends", "until 2026-12-01", ["2026-11-30", "2026-12-01", "2026-12-02"], [true, true, false]),
        (
            "a window",
            "from 2026-12-01 until 2026-12-31",
            ["2026-11-30", "2026-12-31", "2027-01-01"],
            [false, true, false],
        ),
    ];
    let catalogue = all_types();
    for (title, window, days, expected) in rows {
        let sheet = format!("{HEADER}allow backends on premises\nallow backends named cloud-us {window}\n");
        for (day, admitted) in days.iter().zip(expected) {
            let noon = format!("{day}T11:00:00Z").parse().unwrap();
            let sources = sources(&sheet, example());
            let policy = compile(&sources, &catalogue, &every(&catalogue), &vocabulary(), noon).unwrap();
            let found = may_have(&policy, &nothing(), &format!("{day}T11:00:00Z")).contains(&"cloud-us".to_owned());
            assert_eq!(found, admitted, "{title} on {day}");
        }
    }
}

#[test]
fn a_group_is_its_apps() {
    let policy = on(
        "2026-11-22",
        "group clinical of apps \"ward\", \"notes\"\nrule r because \"x\" when app in group clinical only backends on premises\n",
    );
    for (app, only_home) in [("ward", true), ("notes", true), ("site", false)] {
        assert_eq!(may_have(&policy, &facts(app), "2026-11-22T12:00:00Z") == ["gpu-paris"], only_home, "{app}");
    }
}

#[test]
fn a_label_brings_a_class_whoever_declares_it_and_lowers_one_only_for_its_issuers() {
    let policy = on(
        "2026-11-22",
        &format!(
            "{RULE}the label \"Secret\" brings trade-secret\nthe label \"Public\" lowers personal issued by \"bench\"\nrule s because \"x\" when data includes trade-secret never backends exposed to US\n"
        ),
    );
    let decided = |facts: &Facts| {
        let mut facts = facts.clone();
        by_label(&mut facts, &policy);
        may_have(&policy, &facts, "2026-11-22T12:00:00Z")
    };
    let with = |types: &[&str], app: &str, label: LabelFact| {
        changed(types, |facts| {
            facts.app = Word::configured(app);
            facts.label = label;
        })
    };
    let named = |label: &'static str| LabelFact::Named(Word::fixed(label));
    // Brings, for anybody; and an unknown label may bring it.
    assert!(!decided(&with(&[], "any", named("Secret"))).contains(&"cloud-us".to_owned()));
    assert!(decided(&with(&[], "any", named("Internal"))).contains(&"cloud-us".to_owned()));
    assert!(!decided(&with(&[], "any", LabelFact::Unknown)).contains(&"cloud-us".to_owned()));
    // Lowers, for the issuer alone; health goes with personal.
    for (types, app, lowered) in [
        (&["email"][..], "bench", true),
        (&["email"], "other", false),
        (&["health_condition", "person"], "bench", true),
        // An account is financial too, and nobody lowered that.
        (&["iban"], "bench", false),
    ] {
        let mut facts = with(types, app, named("Public"));
        facts.health_of_a_person = Certainty::known(types.len() > 1);
        assert_eq!(decided(&facts).len() > 1, lowered, "{types:?} {app}");
    }
    assert_eq!(decided(&with(&["email"], "bench", LabelFact::Unknown)), ["gpu-paris"]);
}

#[test]
fn a_pack_may_name_a_label_or_group_that_no_sheet_has() {
    let pack = |rule: &str| {
        let mut own = sources(&format!("{HEADER}{ALLOW_ALL}use pack mine\n"), example());
        let text = format!(
            "pack mine version 1 owner \"o\" review before 2027-01-01\nrule r because \"x\" {rule} only backends on premises\n"
        );
        own.packs.push(file("packs/mine.policy", &text));
        compiled(&own)
    };
    let policy = pack("when label is \"Diffusion Restreinte\"").unwrap();
    let unlisted = changed(&[], |facts| facts.label = LabelFact::Unknown);
    assert_eq!(allowed(&policy, &unlisted), ["gpu-paris"]);
    assert_eq!(allowed(&policy, &nothing()).len(), 7);
    // Case plays no part.
    let policy = pack("when label is \"SECRET\"").unwrap();
    let secret = changed(&[], |facts| facts.label = LabelFact::Named(Word::fixed("Secret")));
    assert_eq!(allowed(&policy, &secret), ["gpu-paris"]);
    // A group that nobody names spares nobody, and may not be what a rule is about.
    let policy = pack("unless app in group clinical").unwrap();
    assert_eq!(allowed(&policy, &nothing()), ["gpu-paris"]);
    assert!(pack("when app in group clinical").is_err());
}
