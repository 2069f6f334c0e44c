//! What `diff` may never call proven: each row opens a flow in a way that once went unseen.

use super::*;
use crate::policy::study::Study;

const SOME: &str = "allow backends on premises\nallow backends named cloud-us\n";

fn studied(statements: &str, inventory: &str) -> Study {
    let catalogue = all_types();
    Study::new(
        &sources(&format!("{HEADER}{statements}"), inventory),
        &catalogue,
        &every(&catalogue),
        &Vocabulary { seals: true, ..vocabulary() },
        now(),
    )
    .unwrap_or_else(|faults| panic!("{statements}: {}", faults.iter().map(render).collect::<Vec<_>>().join("\n")))
}

/// Backends for which `diff` says that a flow opens.
fn opened(old: &Study, new: &Study) -> Vec<String> {
    let differences = old.diff(new).unwrap();
    let mut names: Vec<String> = differences.opened.iter().filter_map(|one| one.backend.clone()).collect();
    names.dedup();
    names
}

#[test]
fn what_the_sheets_open() {
    let mails = "rule r because \"x\" on backends named cloud-us must pseudonymise email\n";
    let cards = |what: &str| format!("{SOME}rule r because \"x\" on backends named cloud-us must block {what}\n");
    let rows = [
        (
            "a label that takes away what a duty is about",
            format!("{SOME}{mails}"),
            format!("{SOME}{mails}the label \"Public\" lowers personal issued by \"bench\"\n"),
        ),
        (
            "a class that a document may bring, written as its types",
            cards("payment-card"),
            cards("card_pan, card_cvv, card_exp"),
        ),
        (
            "an `allow` of the nearest that gets a condition",
            SOME.to_owned(),
            SOME.replace("on premises", "on premises when app is \"x\""),
        ),
        ("an `allow` of the nearest that is gone", SOME.to_owned(), SOME.replace("allow backends on premises\n", "")),
        (
            "a duty of the nearest that cannot be done",
            SOME.to_owned(),
            format!("{SOME}rule r because \"x\" on backends on premises must block email\n"),
        ),
    ];
    for (what, old, new) in rows {
        let (old, new) = (studied(&old, example()), studied(&new, example()));
        assert_eq!(opened(&old, &new), ["cloud-us"], "{what}");
    }
}

/// A duty to keep what is sent under seal beside one that changes it: where the build can seal, it takes nobody out.
#[test]
fn a_duty_to_seal_opens_nothing() {
    let before = format!("{SOME}rule r because \"x\" on backends named cloud-us must pseudonymise personal\n");
    let sealed = format!("{before}rule sealed because \"x\" must log sealed\n");
    let (old, new) = (studied(&before, example()), studied(&sealed, example()));
    let differences = old.diff(&new).unwrap();
    assert!(differences.no_flow_is_opened && differences.undecided.is_empty(), "{differences:#?}");
    // Taken away again, less is on record.
    let back = new.diff(&old).unwrap();
    assert!(!back.no_flow_is_opened && back.undecided.is_empty(), "{back:#?}");
}

/// A label that is new says nothing where no statement asks for one, nor says what one does: a proof, and no search is given up.
#[test]
fn a_new_label_that_nothing_speaks_of_opens_nothing() {
    let statements = |labels: &str, rest: &str| {
        let sheet = format!("{}allow backends on premises\n{rest}\n", HEADER.replace("\"Public\"", labels));
        let catalogue = all_types();
        Study::new(&sources(&sheet, example()), &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap()
    };
    let quiet = "allow backends named cloud-us when data includes personal";
    let cautious = "allow backends named cloud-us\nrule r because \"x\" unless data includes personal never backends named cloud-us";
    let lowers = "the label \"Public\" lowers personal issued by \"bench\"\n";
    for rest in [quiet, cautious] {
        let (old, new) = (statements("\"Public\"", rest), statements("\"Public\", \"Partner\"", rest));
        for (one, other) in [(&old, &new), (&new, &old)] {
            let differences = one.diff(other).unwrap();
            assert!(differences.no_flow_is_opened && differences.undecided.is_empty(), "{rest}: {differences:#?}");
        }
        // Where a label takes data away, one that is not listed may be that one, and then the data is not surely there.
        let rest = format!("{lowers}{rest}");
        let (old, new) = (statements("\"Public\"", &rest), statements("\"Public\", \"Partner\"", &rest));
        let differences = old.diff(&new).unwrap();
        let examples: Vec<&str> = differences.opened.iter().map(|one| one.example.as_str()).collect();
        assert_eq!(examples, ["data email and app \"bench\" and label \"Partner\""], "{rest}: {differences:#?}");
        assert!(new.diff(&old).unwrap().no_flow_is_opened, "{rest}");
    }
    // Where one asks for labels, one that it does not list may be any of them.
    let asks = "allow backends named cloud-us when not label is \"Secret\"";
    let (old, new) = (statements("\"Public\"", asks), statements("\"Public\", \"Partner\"", asks));
    assert!(!old.diff(&new).unwrap().no_flow_is_opened);
}

/// A label is seen as the gateway sees it: whatever its case, and as any other where it is not listed, also while the app is open.
#[test]
fn labels_are_seen_as_the_gateway_sees_them() {
    let on = |labels: &str, statements: &str| {
        let header = HEADER.replace("labels \"Public\", \"Internal\", \"Secret\"", labels);
        let (catalogue, files) = (all_types(), sources(&format!("{header}{statements}"), example()));
        Study::new(&files, &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap()
    };
    let keys = "allow backends on premises\nallow backends named cloud-us\nrule k because \"x\" unless data includes anthropic_key never backends named cloud-us\nrule h because \"x\" when a hosted tool is used never backends named cloud-us\n";
    let lowers = "the label \"Synthetic\" lowers secret issued by \"bench\"\n";
    let asks = "rule s because \"x\" when label is \"Synthetic\" never backends named cloud-us\n";
    let spelt = |labels: &str| {
        format!(
            "allow backends on premises\nallow backends named cloud-us when label is any of {labels}\nrule r because \"x\" when label is any of {labels} never backends on premises\n"
        )
    };
    let rows = [
        (
            "a label that the old one does not list",
            on("labels \"Public\", \"Synthetic\"", &format!("{lowers}{keys}")),
            on("labels \"Public\", \"Partner\", \"Synthetic\"", &format!("{keys}{asks}")),
        ),
        (
            "a label in another case",
            on("labels \"A\", \"B\"", &spelt("\"B\"")),
            on("labels \"a\", \"B\"", &spelt("\"a\", \"B\"")),
        ),
    ];
    for (name, old, new) in rows {
        let differences = old.diff(&new).unwrap();
        let backends: Vec<_> = differences.opened.iter().filter_map(|one| one.backend.as_deref()).collect();
        assert!(backends.contains(&"cloud-us"), "{name}: {differences:#?}");
    }
}

/// Numbers that several types add up to, beside numbers of these types: what is not told apart is not claimed.
#[test]
fn large_sums_beside_numbers_of_types_are_not_proven() {
    let cards = |sum: u32| {
        let each = ["card_pan", "card_cvv", "card_exp"];
        let each: Vec<String> = each.iter().map(|card| format!("data includes at least 13 {card}")).collect();
        format!(
            "{SOME}rule r because \"x\" when {} or data includes at least {sum} payment-card never backends named cloud-us\n",
            each.join(" or ")
        )
    };
    let differences = studied(&cards(30), example()).diff(&studied(&cards(31), example())).unwrap();
    assert!(!differences.undecided.is_empty() || !differences.opened.is_empty(), "{differences:#?}");
}

#[test]
fn what_the_inventory_opens() {
    let old = studied(SOME, example());
    let begin = example().find("[backend.gpu-paris]").unwrap();
    let (before, entry) = example().split_at(begin);
    let (entry, after) = entry.split_at(entry.get(1..).and_then(|rest| rest.find("[backend.")).unwrap() + 1);
    let sheet = SOME.replace("on premises", "named gpu-paris");
    let named = studied(&sheet, example());
    let unknown = entry.replace("run-by-owner = true", "run-by-owner = false").replace("[\"FR\"]", "[\"US\"]");
    assert_ne!(unknown, entry);
    let farther = studied(&sheet, &format!("{before}{unknown}{after}"));
    assert_eq!(opened(&named, &farther), ["cloud-us"], "the nearest is no longer near");
    let gone = studied(SOME, &format!("{before}{after}"));
    assert_eq!(opened(&old, &gone), ["cloud-us"], "the nearest is gone");
}

/// Which backends serve a request's model and speak its API is no part of the policy: a request may be served by any of them alone.
#[test]
fn what_another_backend_served_moves_to_a_farther_one() {
    let all = "allow backends on premises\nallow backends named cloud-de\nallow backends named cloud-us\n";
    let old = studied(all, example());
    let less = studied(&all.replace("allow backends named cloud-de\n", ""), example());
    assert_eq!(opened(&old, &less), ["cloud-us"], "home always serves, but perhaps not this model");
    // A home that serves fewer models.
    let begin = example().find("[backend.gpu-paris]").unwrap();
    let (before, entry) = example().split_at(begin);
    let models = entry.lines().find(|line| line.starts_with("models")).unwrap();
    let two = entry.replacen(models, "models = [\"one\", \"two\"]", 1);
    let one = entry.replacen(models, "models = [\"one\"]", 1);
    let (old, less) = (studied(all, &format!("{before}{two}")), studied(all, &format!("{before}{one}")));
    assert!(opened(&old, &less).contains(&"cloud-us".to_owned()), "{:#?}", old.diff(&less));
    assert!(less.diff(&old).unwrap().opened.iter().all(|one| one.backend.as_deref() == Some("gpu-paris")));
}

/// A class that a protected document nearby may have brought is neither there nor absent.
#[test]
fn a_class_that_is_suspected_is_a_case_of_its_own() {
    let known = "allow backends on premises\nrule known because \"x\" when scan incomplete or a field is unreadable or a reference is included only backends on premises\n";
    let old = format!(
        "{known}allow backends named cloud-us when not data includes trade-secret\nallow backends named cloud-us when data includes trade-secret and app is \"legal\"\n"
    );
    let new = old.replace("data includes trade-secret and app", "app");
    assert_eq!(opened(&studied(&old, example()), &studied(&new, example())), ["cloud-us"]);
}

/// A score of which only a part is known, as where an encoder was out of time.
#[test]
fn a_score_that_is_partly_known_is_a_case_of_its_own() {
    let old = "allow backends on premises\nallow backends named cloud-us when leak score at least 100 and leak score at least 400\nallow backends named cloud-us when leak score at least 100 and not leak score at least 400\n";
    let new = "allow backends on premises\nallow backends named cloud-us when leak score at least 100\n";
    assert_eq!(opened(&studied(old, example()), &studied(new, example())), ["cloud-us"]);
}

/// A scenario that `suggest` writes holds: classes that it tells are taken away by labels as in a scenario.
#[test]
fn suggestions_hold_beside_labels() {
    let statements = format!(
        "{SOME}the label \"Public\" lowers trade-secret issued by \"bench\"\nrule r because \"x\" when data includes trade-secret never backends named cloud-us\n"
    );
    let suggested = studied(&statements, example()).suggest();
    assert!(!suggested.is_empty());
    let texts: Vec<&str> = suggested.iter().map(|one| one.text.as_str()).collect();
    let with = studied(&format!("{statements}\n{}", texts.join("\n")), example());
    assert!(with.mutants().is_empty(), "{texts:#?}");
}

/// What the matrix shows beside a verdict: that a request is logged sealed, and what is done to an example that may go.
#[test]
fn the_matrix_hides_no_duty() {
    let statements = format!(
        "{SOME}rule seal because \"x\" when data includes financial must log sealed\nrule far because \"x\" when data includes personal on backends named cloud-us never backends named cloud-us unless app is \"site\"\nrule mask because \"x\" on backends named cloud-us must pseudonymise personal\n"
    );
    let study = studied(&statements, example());
    let (rows, columns) = (study.matrix(), study.columns());
    let cell = |class: &str, backend: &str| {
        let row = rows.iter().find(|row| row.class == class).unwrap();
        let at = columns.iter().position(|column| column == backend).unwrap();
        row.cells.get(at).unwrap().clone()
    };
    let sealed = cell("financial", "gpu-paris");
    assert_eq!((sealed.verdict, sealed.changes.as_slice()), ("changed", ["log sealed".to_owned()].as_slice()));
    let far = cell("national-id", "cloud-us");
    assert_eq!(far.verdict, "refused");
    assert!(far.otherwise.unwrap().contains("site"));
    assert!(
        far.otherwise_changes.iter().any(|change| change.starts_with("pseudonymise")),
        "{:?}",
        far.otherwise_changes
    );
}

/// A class in a question stands for any value of it: where some may not go, it is not simply allowed.
#[test]
fn a_question_about_a_class_is_about_all_of_it() {
    let statements =
        format!("{SOME}rule cards because \"x\" when data includes card_pan never backends named cloud-us\n");
    let answer = studied(&statements, example()).ask("payment-card to cloud-us", false).unwrap();
    assert!(!answer.allowed);
    let backend = answer.backends.first().unwrap();
    assert!(!backend.allowed && backend.except.iter().any(|except| except.starts_with("card_pan")), "{backend:?}");
    assert!(studied(&statements, example()).ask("financial to gpu-paris", false).unwrap().allowed);
}

/// Everyday edits of what opens, beside a rule that changes the data on its way: each is decided, in both directions, and where a flow
/// opens it is named.
#[test]
fn an_edit_of_a_condition_is_decided() {
    let duty =
        "rule r because \"x\" when data includes personal on backends located outside EEA must pseudonymise personal\n";
    let study = |sheet: &str| studied(sheet, example());
    for (name, narrow, wide) in [
        ("an app more", "when app is \"a\"", "when app is any of \"a\", \"b\""),
        ("another question", "when app is \"a\" and role is \"r\"", "when app is \"a\""),
        ("an exemption", "when app is \"a\" unless label is \"Secret\"", "when app is \"a\""),
        ("a purpose", "when app is \"a\" and purpose is \"p\"", "when app is \"a\""),
        ("data", "when app is \"a\" and data includes email", "when data includes email"),
        ("a window", "when app is \"a\" until 2026-12-31", "when app is \"a\" until 2027-01-31"),
        (
            "a window about data",
            "when data includes email until 2026-12-31",
            "when data includes email until 2027-01-31",
        ),
    ] {
        let sheet =
            |when: &str| study(&format!("allow backends on premises\nallow backends named cloud-us {when}\n{duty}"));
        let (narrow, wide) = (sheet(narrow), sheet(wide));
        let there = narrow.diff(&wide).unwrap();
        assert_eq!((&there.undecided, there.opened.is_empty()), (&Vec::new(), false), "{name}: {there:#?}");
        assert!(there.opened.iter().all(|one| one.backend.as_deref() == Some("cloud-us")), "{name}: {there:#?}");
        let back = wide.diff(&narrow).unwrap();
        assert!(back.no_flow_is_opened && back.whole && !back.refused.is_empty(), "{name}: {back:#?}");
    }
}

/// A range of addresses within another is nothing more.
#[test]
fn fewer_addresses_open_nothing() {
    let bound = |range: &str| {
        let inventory =
            example().replacen("[backend.cloud-us]\n", &format!("[backend.cloud-us]\naddresses = [\"{range}\"]\n"), 1);
        assert!(inventory.contains(range));
        studied(SOME, &inventory)
    };
    let (wide, narrow) = (bound("10.0.0.0/8"), bound("10.128.0.0/9"));
    assert!(wide.diff(&narrow).unwrap().no_flow_is_opened);
    assert!(!narrow.diff(&wide).unwrap().no_flow_is_opened);
    assert!(!bound("10.0.0.0/9").diff(&narrow).unwrap().no_flow_is_opened);
}

/// The documents' own line on a label that lowers, struck, added or narrowed, beside rules that change the data on its way or keep it at
/// home: the one is proven to open nothing, of the other it is said what it opens.
#[test]
fn a_label_that_lowers_less_opens_nothing() {
    const SHEET: &str = "allow backends on premises\nallow backends located in EEA and controlled from EEA\nallow backends exposed to US when app is \"site\"\n";
    let far = "rule far because \"x\" when data includes personal on backends located outside EEA or exposed to US must pseudonymise personal\nrule secret because \"x\" when label is \"Secret\" only backends on premises\n";
    // What changes the data for what is nearer too: it refuses nobody, or whoever is farther as well.
    let away =
        "rule away because \"x\" when data includes personal on backends not on premises must pseudonymise personal\n";
    let two = "rule two because \"x\" when data includes at least 2 person only backends on premises\n";
    let two = format!("{away}{two}");
    let lowers = |class: &str, issuers: &str| format!("the label \"Public\" lowers {class} issued by {issuers}\n");
    for rules in [far, away, &two] {
        let rows = [
            ("struck", lowers("personal", "\"site\""), String::new(), true),
            ("an issuer struck", lowers("personal", "\"bench\", \"site\""), lowers("personal", "\"bench\""), true),
            ("an issuer struck who may not go there", lowers("personal", "\"bench\""), String::new(), rules != far),
            ("a class struck", lowers("personal, health", "\"site\""), lowers("health", "\"site\""), true),
        ];
        for (name, loose, strict, opens) in rows {
            let sheet = |rest: &str| studied(&format!("{SHEET}{rules}{rest}"), example());
            let (loose, strict) = (sheet(&loose), sheet(&strict));
            let there = loose.diff(&strict).unwrap();
            assert!(there.no_flow_is_opened && there.whole, "{rules}{name}: {there:#?}");
            let back = strict.diff(&loose).unwrap();
            assert!(back.undecided.is_empty() && back.refused_undecided.is_empty(), "{rules}{name}: {back:#?}");
            assert_eq!(!back.opened.is_empty(), opens, "{rules}{name}: {back:#?}");
        }
    }
}

/// One rule more that changes data, also for what is nearest: what it refuses there it refuses everywhere.
#[test]
fn a_duty_more_opens_nothing() {
    let old = "group gg of apps \"site\", \"lab\"\nallow backends on premises\nallow backends controlled from any of FR, DE\nallow backends not exposed to US when data includes secret, or role is \"doctor\" unless not app is \"lab\"\nrule r48 because \"x\" when app in group gg on backends domestic only backends located in home, or on premises\nrule r49 because \"x\" when app is \"site\" must pseudonymise unlinkably financial\n";
    let more = |on: &str| {
        format!("rule r50 because \"x\" when role is \"doctor\" {on} must pseudonymise national-id, payment-card\n")
    };
    for pack in ["", "use pack fr-nir\n"] {
        let before = studied(&format!("{pack}{old}"), example());
        let everywhere = studied(&format!("{pack}{old}{}", more("")), example());
        let there = before.diff(&everywhere).unwrap();
        assert!(there.no_flow_is_opened && there.whole && !there.refused.is_empty(), "{there:#?}");
        // At the nearest alone it sends farther what cannot be changed there.
        let nearest = studied(&format!("{pack}{old}{}", more("on backends on premises")), example());
        assert!(!before.diff(&nearest).unwrap().opened.is_empty());
    }
}
