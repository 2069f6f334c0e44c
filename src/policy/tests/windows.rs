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
        // An account is financial too, and is nothing else now.
        (&["iban"], "bench", true),
        (&["iban"], "other", false),
    ] {
        let mut facts = with(types, app, named("Public"));
        facts.health_of_a_person = Certainty::known(types.len() > 1);
        assert_eq!(decided(&facts).len() > 1, lowered, "{types:?} {app}");
    }
    assert_eq!(decided(&with(&["email"], "bench", LabelFact::Unknown)), ["gpu-paris"]);
}

/// A label takes away the class that it names, and with it those that imply it: no other, of whatever type.
#[test]
fn a_type_loses_the_class_that_is_lowered_and_keeps_the_others() {
    let named = LabelFact::Named(Word::fixed("Public"));
    for (lowers, asked, types, fires) in [
        ("health", "health", &["health_condition"][..], false),
        ("health", "special", &["health_condition"], true),
        ("health", "personal", &["health_condition"], true),
        ("health", "at least 1 health", &["health_condition"], false),
        ("health", "health with confidence at least 60", &["health_condition"], false),
        ("special", "health", &["health_condition"], false),
        ("special", "personal", &["health_condition"], true),
        ("personal", "personal", &["iban"], false),
        ("personal", "financial", &["iban"], true),
        ("financial", "personal", &["iban"], true),
        ("financial", "financial", &["iban"], false),
    ] {
        let policy = on(
            "2026-11-22",
            &format!(
                "rule r because \"x\" when data includes {asked} only backends on premises\nthe label \"Public\" lowers {lowers} issued by \"bench\"\n"
            ),
        );
        for (app, fires) in [("bench", fires), ("other", true)] {
            let mut facts = changed(types, |facts| {
                facts.app = Word::configured(app);
                facts.label = named.clone();
            });
            by_label(&mut facts, &policy);
            let only_home = may_have(&policy, &facts, "2026-11-22T12:00:00Z") == ["gpu-paris"];
            assert_eq!(only_home, fires, "lowers {lowers}: {asked} of {types:?} by {app}");
        }
    }
}

/// Where home has several time zones nothing opens while the day may not have come, or may be over, somewhere in it; and nothing
/// that restricts ends before it is over everywhere.
#[test]
fn a_home_of_several_zones_opens_late_and_closes_early() {
    let catalogue = all_types();
    let may_go_abroad = |statements: &str, inventory: &str, at: &str| {
        let sheet = format!("{}{statements}", HEADER.replace("home FR", "home AU"));
        let now = at.parse().unwrap();
        let sources = sources(&sheet, inventory);
        let policy = compile(&sources, &catalogue, &every(&catalogue), &vocabulary(), now).unwrap();
        // A policy is not used beyond the instant at which something of it changes.
        assert!(policy.valid_until().is_none_or(|until| until > now));
        // And the officer is told whose days they are.
        let told = policy.notices().iter().any(|notice| notice.starts_with("home has several time zones"));
        assert_eq!(told, statements.contains("2026-12-") || inventory.contains("2026-12-"), "{statements}");
        (may_have(&policy, &nothing(), at).contains(&"cloud-us".to_owned()), policy.valid_until())
    };
    let allow = "allow backends named cloud-us\n";
    let rule = "rule r because \"x\" never backends named cloud-us";
    // The first of December begins on 30 November at 10:00 and ends on 2 December at 12:00, both UTC.
    let begins = ["2026-11-30T09:59:59Z", "2026-11-30T10:00:00Z", "2026-12-01T11:59:59Z", "2026-12-01T12:00:00Z"];
    let ends = ["2026-12-01T09:59:59Z", "2026-12-01T10:00:00Z", "2026-12-02T11:59:59Z", "2026-12-02T12:00:00Z"];
    let rows = [
        (
            "an allow begins",
            "allow backends named cloud-us from 2026-12-01\n".to_owned(),
            begins,
            [false, false, false, true],
        ),
        (
            "an allow ends",
            "allow backends named cloud-us until 2026-12-01\n".to_owned(),
            ends,
            [true, false, false, false],
        ),
        ("a rule begins", format!("{allow}{rule} from 2026-12-01\n"), begins, [true, false, false, false]),
        ("a rule ends", format!("{allow}{rule} until 2026-12-01\n"), ends, [false, false, false, true]),
        (
            "an exception ends",
            format!("{allow}{rule}\nexception e for rule r because \"x\" until 2026-12-01 approved by \"DPO\"\n"),
            ends,
            [true, false, false, false],
        ),
    ];
    for (name, statements, instants, expected) in rows {
        for (at, goes) in instants.iter().zip(expected) {
            let (found, until) = may_go_abroad(&statements, example(), at);
            assert_eq!(found, goes, "{name} at {at}");
            let next =
                instants.iter().map(|at| at.parse::<Timestamp>().unwrap()).find(|next| *next > at.parse().unwrap());
            let next = next.filter(|next| next.to_string().contains("0:00:00") || next.to_string().contains("2:00:00"));
            assert!(next.is_none_or(|next| until.unwrap() <= next), "{name} at {at}: compiled anew in time");
        }
    }
    // A declared truth is one for what opens.
    let declared = "[backend.cloud-us]\nhosts = [\"x.example\"]\nverified = 2026-11-01\nby = \"dpo\"\n";
    let kept = "allow backends retention none\n";
    let until = format!("{declared}retention = {{ value = \"none\", until = 2026-12-01 }}\n");
    let verified = format!("{declared}retention = {{ value = \"none\", verified = 2026-12-01 }}\n");
    for (name, inventory, instants, expected) in [
        ("a truth ends", until, ends, [true, false, false, false]),
        ("a truth begins", verified, begins, [false, false, false, true]),
    ] {
        for (at, goes) in instants.iter().zip(expected) {
            assert_eq!(may_go_abroad(kept, &inventory, at).0, goes, "{name} at {at}");
        }
    }
}

/// What no sheet names is told as `unknown`; a sheet cannot name that.
#[test]
fn unknown_is_the_name_of_no_tool_and_no_host() {
    for line in ["mcp at \"unknown\"", "mcp at \"UNKNOWN\"", "unknown", "unknown at \"tools.example\""] {
        let faults =
            compiled(&sources(&format!("{HEADER}{ALLOW_ALL}allow hosted tool {line}\n"), example())).unwrap_err();
        assert_eq!(faults[0].code(), "octroi::policy::no-meaning", "{line}");
    }
}

/// What grows with a sheet is bounded, or it would take a gateway minutes to read one.
#[test]
fn a_flood_of_labels_exceptions_and_apps_is_refused_or_read_at_once() {
    let many = |of: &dyn Fn(usize) -> String, between: &str| (0..6_000).map(of).collect::<Vec<_>>().join(between);
    let labels = format!("labels {}\n", many(&|n| format!("\"label {n}\""), ", "));
    let exceptions =
        many(&|n| format!("exception e{n} for rule r because \"x\" until 2027-01-01 approved by \"DPO\""), "\n");
    let rule = "rule r because \"x\" never backends exposed to US\n";
    let header = HEADER.split_once("labels").unwrap().0;
    for (name, statements) in [("labels", labels), ("exceptions", format!("{rule}{exceptions}\n"))] {
        let faults = compiled(&sources(&format!("{header}{ALLOW_ALL}{statements}"), example())).unwrap_err();
        assert_eq!((faults.len(), faults[0].code()), (1, "octroi::policy::too-large"), "{name}");
    }
    // Each app is an atom of its own, found again without a look at all the others.
    let rules: Vec<String> = (0..20)
        .map(|rule| {
            let apps: Vec<String> = (0..1_000).map(|app| format!("\"app {rule} {app}\"")).collect();
            format!("rule r{rule} because \"x\" when app is any of {} never backends exposed to US\n", apps.join(", "))
        })
        .collect();
    let policy = policy(&format!("{ALLOW_ALL}{}", rules.concat()));
    assert!(!allowed(&policy, &facts("app 19 999")).contains(&"cloud-us".to_owned()));
    // As many exceptions of one rule nest no deeper than one.
    let spares: Vec<String> = (0..1_000)
        .map(|n| {
            format!(
                "exception e{n} for rule r because \"x\" when app is \"a{n}\" until 2027-01-01 approved by \"DPO\"\n"
            )
        })
        .collect();
    let policy = super::policy(&format!("{ALLOW_ALL}{rule}{}", spares.concat()));
    for (app, spared) in [("a0", true), ("a999", true), ("a1000", false)] {
        assert_eq!(allowed(&policy, &facts(app)).contains(&"cloud-us".to_owned()), spared, "{app}");
    }
}

/// An exception by purpose is one for whoever declares it, registered or not (until it was, nobody could).
#[test]
fn an_exception_by_purpose_spares_whoever_pursues_it() {
    let policy = on(
        "2026-11-22",
        &format!(
            "{RULE}exception trial for rule stays because \"x\" when purpose is \"trial\" until 2026-11-30 approved by \"DPO\"\n"
        ),
    );
    for (declared, registered, spared) in [
        (Some("trial"), None, true),
        (Some("trial"), Some("care"), true),
        (None, Some("trial"), true),
        (Some("care"), Some("trial"), false),
        (Some("other"), None, false),
        (None, None, false),
    ] {
        let mut asked = facts("any");
        let registered = registered.map(Word::fixed);
        facts::set_purpose(&mut asked, declared, registered.as_ref(), &policy);
        let found = may_have(&policy, &asked, "2026-11-22T12:00:00Z").len() > 1;
        assert_eq!(found, spared, "{declared:?} {registered:?}");
    }
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

/// A label that nobody knows may be one that takes a class away: what it would take is then not surely there, so that neither an
/// `allow` nor an exception opens for it.
#[test]
fn what_an_unknown_label_may_take_away_is_not_surely_there() {
    let sheet = format!(
        "{HEADER}allow backends on premises\nallow backends named cloud-us when data includes personal\nthe label \"Public\" lowers personal issued by \"bench\"\n"
    );
    let policy = good(&sources(&sheet, example()));
    let admits = |app: &'static str, label: LabelFact| {
        let mut facts = Facts { app: Word::fixed(app), label, ..with(&policy, &["email"]) };
        by_label(&mut facts, &policy);
        allowed(&policy, &facts).contains(&"cloud-us".to_owned())
    };
    assert!(admits("bench", LabelFact::Absent), "there is an address");
    assert!(!admits("bench", LabelFact::Named(Word::fixed("Public"))), "the label takes it away");
    assert!(!admits("bench", LabelFact::Unknown), "it may be that label");
    assert!(admits("other", LabelFact::Unknown), "this app takes nothing away");
}
