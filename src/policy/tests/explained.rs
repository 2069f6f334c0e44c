//! The smallest change that would let a refused request pass: named however the sheet says what it asks, sufficient, and what an officer
//! would rather do first.

use super::*;
use crate::policy::study::Study;

/// An inventory in which one entry says something else.
fn with(name: &str, from: &str, to: &str) -> String {
    let (before, behind) = example().split_once(&format!("[backend.{name}]")).unwrap();
    assert!(behind.contains(from), "{name}: {from}");
    format!("{before}[backend.{name}]{}", behind.replacen(from, to, 1))
}

fn study(sheet: &str, inventory: &str) -> Study {
    let catalogue = all_types();
    Study::new(&sources(sheet, inventory), &catalogue, &every(&catalogue), &vocabulary(), now())
        .unwrap_or_else(|faults| panic!("{sheet}: {}", faults.iter().map(render).collect::<Vec<_>>().join("\n")))
}

const ENGLISH: &str = "policy \"t\" version 1 owner \"o\" review before 2027-06-30\nhome FR\nlabels \"A\", \"B\"\nallow backends on premises\nallow backends located in EEA\nallow backends named cloud-us when app is \"site\"\n";
const FRENCH: &str = "politique \"t\" version 1 responsable \"o\" à revoir avant le 2027-06-30\nsiège FR\nmarquages \"A\", \"B\"\nautoriser les hébergeurs sur site\nautoriser les hébergeurs situés dans EEE\nautoriser les hébergeurs nommés cloud-us quand l'application est \"site\"\n";

fn advice(study: &Study, question: &str) -> Option<String> {
    let answer = study.ask(question, true).unwrap_or_else(|faults| panic!("{question}: {faults:?}"));
    assert_eq!(answer.backends[0].verdict, "refused", "{question}: {answer:?}");
    assert_eq!(answer.backends[0].none_found, answer.backends[0].smallest_change.is_none());
    answer.backends[0].smallest_change.clone()
}

/// What a backend lacks is named in whatever words the rule asks for it.
#[test]
fn a_truth_that_lacks_is_named_however_it_is_asked_for() {
    let keeps = with("cloud-fr-keeps", "", "");
    for rule in [
        "only backends retention none",
        "never backends not retention none",
        "on backends not retention none must block personal",
        "on backends not retention none never backends named any of cloud-fr-keeps, cloud-us",
        "on backends not retention none only backends on premises",
    ] {
        let sheet = format!("{ENGLISH}rule r because \"x\" when data includes personal {rule}\n");
        let said = advice(&study(&sheet, &keeps), "email to cloud-fr-keeps");
        assert_eq!(said.as_deref(), Some("agree that nothing is kept"), "{rule}");
    }
    let sheet = format!(
        "{ENGLISH}rule r because \"x\" when data includes health on backends not certified HDS only backends on premises\n"
    );
    assert_eq!(advice(&study(&sheet, &keeps), "health to cloud-de").as_deref(), Some("certify HDS"));
    let sheet = format!(
        "{FRENCH}règle r parce que \"x\" quand les données comprennent personnel jamais les hébergeurs non sans conservation\n"
    );
    let said = advice(&study(&sheet, &keeps), "courriel vers cloud-fr-keeps");
    assert_eq!(said.as_deref(), Some("convenir que rien n'est conservé"));
}

/// That a truth was never declared is said before any data is taken out.
#[test]
fn what_was_never_declared_is_said() {
    let declare = |key: &str| Some(format!("declare in the inventory, if it is so: `{key}`"));
    for (rule, key, line) in [
        ("never backends exposed to US", "exposed-to", "exposed-to = []\n"),
        ("only backends controlled from EEA", "controlled-from", "controlled-from = \"FR\"\n"),
        ("never backends controlled from US", "controlled-from", "controlled-from = \"FR\"\n"),
        ("never backends located outside EEA", "logs", "logs = [\"FR\"]\n"),
        ("on backends not controlled from EEA must block personal", "controlled-from", "controlled-from = \"FR\"\n"),
    ] {
        let sheet = format!("{ENGLISH}rule r because \"x\" when data includes personal {rule}\n");
        // A place that is not declared is not surely in the EEA either.
        let sheet = sheet.replace("located in EEA\n", "named cloud-fr\n");
        let study = study(&sheet, &with("cloud-fr", line, ""));
        assert_eq!(advice(&study, "email to cloud-fr"), declare(key), "{rule}");
    }
    let sheet = format!(
        "{FRENCH}règle r parce que \"x\" quand les données comprennent personnel jamais les hébergeurs exposés à US\n"
    );
    let said = advice(&study(&sheet, &with("cloud-fr", "exposed-to = []\n", "")), "courriel vers cloud-fr");
    assert_eq!(said.as_deref(), Some("déclarer dans l'inventaire, si c'est le cas : `exposed-to`"));
    // What is declared otherwise is a fact, which no paper changes.
    let sheet = format!("{ENGLISH}rule r because \"x\" when data includes personal never backends exposed to US\n");
    let said = advice(&study(&sheet, example()), "2 email and app site to cloud-us");
    assert_eq!(said.as_deref(), Some("take out 2 email"));
}

/// Of two things that lack both are named; one alone would not do.
#[test]
fn two_things_that_lack_are_both_named() {
    let certified = format!("{ENGLISH}rule r because \"x\" when data includes health only backends certified HDS\n");
    let paris = format!("{ENGLISH}rule r because \"x\" when data includes email only backends on premises\n");
    let unnamed = certified.replace("allow backends named cloud-us when app is \"site\"\n", "");
    for (sheet, question, expected) in [
        (&certified, "health and app site to cloud-us", "certify HDS"),
        (&certified, "health to cloud-us", "certify HDS, send it from the app \"site\""),
        (&unnamed, "health to cloud-us", "certify HDS, admit it with a line: `allow backends named cloud-us`"),
        (&paris, "2 email to cloud-us", "take out 2 email, send it from the app \"site\""),
    ] {
        assert_eq!(advice(&study(sheet, example()), question).as_deref(), Some(expected), "{question}");
    }
    // The two, done.
    let inventory = with(
        "cloud-us",
        "sub-processors = []\n",
        "sub-processors = []\ncertificates = [{ scheme = \"HDS\", level = \"2024\", scope = \"it\", valid-until = 2099-12-31 }]\n",
    );
    let done = study(&format!("{unnamed}allow backends named cloud-us\n"), &inventory);
    assert!(done.ask("health to cloud-us", false).unwrap().allowed);
    let one = study(&unnamed, &inventory);
    assert!(!one.ask("health to cloud-us", false).unwrap().allowed);
}

/// A label, a leak score and what spares a request are named too.
#[test]
fn how_a_request_is_sent_may_be_what_lacks() {
    for (rule, question, expected) in [
        ("unless label is \"A\"", "nothing to cloud-fr", "send it under the label \"A\""),
        ("when label is \"A\"", "label A to cloud-fr", "send it without the label \"A\""),
        ("when leak score at least 700", "leak score 800 to cloud-fr", "change it until its leak score is below 700"),
        ("unless app is any of \"lab\", \"ward\"", "nothing to cloud-fr", "send it from the app \"lab\""),
        ("when purpose is \"hiring\"", "purpose hiring to cloud-fr", "send it for another purpose than \"hiring\""),
        ("when data includes at least 3 person", "5 person to cloud-fr", "take out 3 person"),
        ("when data includes email and label is \"A\"", "email and label A to cloud-fr", "take out 1 email"),
    ] {
        let sheet = format!("{ENGLISH}rule r because \"x\" {rule} only backends on premises\n");
        assert_eq!(advice(&study(&sheet, example()), question).as_deref(), Some(expected), "{rule}");
    }
    let sheet = format!(
        "{FRENCH}règle r parce que \"x\" quand le score de fuite est au moins 700 seulement les hébergeurs sur site\n"
    );
    let said = advice(&study(&sheet, example()), "score de fuite 800 vers cloud-fr");
    assert_eq!(said.as_deref(), Some("la changer jusqu'à ce que son score de fuite soit inférieur à 700"));
}

/// Where nothing small suffices, that is said; of a class that is asked about, the advice is for most of its types.
#[test]
fn advice_for_a_class_lets_its_values_pass() {
    let sheet = format!(
        "{ENGLISH}rule r because \"x\" when data includes card_pan or data includes card_cvv or data includes card_exp only backends certified HDS\n"
    );
    assert_eq!(advice(&study(&sheet, example()), "payment-card to cloud-de").as_deref(), Some("certify HDS"));
    let sheet = format!("{ENGLISH}rule r because \"x\" never backends located in DE\n");
    assert_eq!(advice(&study(&sheet, example()), "email to cloud-de"), None);
}

/// What time alone mends is said, with the day: a rule that ends, a line that begins, a truth that is verified by then.
#[test]
fn what_only_has_to_be_waited_for_is_said() {
    let rule = "rule r because \"x\" when data includes personal only backends on premises until 2026-12-05\n";
    let two =
        format!("{rule}rule s because \"x\" when data includes email never backends named cloud-fr until 2026-12-07\n");
    let later = with("cloud-fr", "verified = 2026", "verified = 2026-12-20 # ");
    for (name, statements, inventory, question, expected) in [
        ("a rule that ends", rule, example(), "email to cloud-fr", Some("wait until 2026-12-06")),
        ("a class", rule, example(), "health to cloud-fr", Some("wait until 2026-12-06")),
        (
            "a line that begins",
            "allow backends named cloud-us from 2026-12-10\n",
            example(),
            "email to cloud-us",
            Some("wait until 2026-12-10"),
        ),
        ("a truth that is verified by then", "", later.as_str(), "email to cloud-fr", Some("wait until 2026-12-20")),
        ("two that end on different days", two.as_str(), example(), "email to cloud-fr", Some("wait until 2026-12-08")),
        (
            "a line that only another rule stops",
            "allow backends named cloud-us from 2026-12-10\nrule r because \"x\" when data includes personal never backends named cloud-us\n",
            example(),
            "email to cloud-us",
            None,
        ),
    ] {
        let said = advice(&study(&format!("{ENGLISH}{statements}"), inventory), question).unwrap_or_default();
        match expected {
            Some(expected) => assert!(said.ends_with(expected), "{name}: {said}"),
            None => assert!(!said.contains("wait"), "{name}: {said}"),
        }
    }
    let sheet = format!("{FRENCH}autoriser les hébergeurs nommés cloud-us à compter du 2026-12-10\n");
    let said = advice(&study(&sheet, example()), "courriel vers cloud-us").unwrap();
    assert!(said.ends_with(" ; ou attendre le 2026-12-10"), "{said}");
}
