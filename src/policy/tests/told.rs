//! A class that a question or a scenario tells: what becomes of it is what becomes of a value of it that a detector has found.

use super::*;
use crate::policy::study::Study;

const SHEET: &str = "policy \"t\" version 1 owner \"o\" review before 2027-06-30\nhome FR\nlabels \"Public\", \"Patient\"\nallow backends on premises or not on premises\nthe label \"Patient\" brings health\nrule of-a-person because \"x\" when data includes health of a person only backends on premises\n";

/// Health is somebody's where somebody is named beside it, as with a term that a detector finds; what a label brings may always be.
#[test]
fn health_that_is_told_is_a_persons_where_somebody_is_named() {
    let scenario = |(number, (given, refused)): (usize, &(&str, bool))| {
        let then = if *refused { "refused" } else { "allowed" };
        format!("scenario \"{number}\" given {given} then {then} cloud-us\n")
    };
    let rows = [
        ("data health", false),
        ("data health_condition", false),
        ("data special", false),
        ("data health and app \"ward\"", false),
        ("data health, person", true),
        ("data health of a person", true),
        ("data health and label \"Public\"", false),
        ("label \"Patient\"", true),
        ("data health and label \"Patient\"", true),
        ("scan incomplete", true),
    ];
    let scenarios: String = rows.iter().enumerate().map(scenario).collect();
    let catalogue = all_types();
    let sources = sources(&format!("{SHEET}{scenarios}"), example());
    let study = Study::new(&sources, &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap();
    for result in run_scenarios(study.policy(), now()) {
        assert!(result.failures.is_empty(), "{result:?}");
    }
    for (given, refused) in rows {
        let question = format!("{} to cloud-us", given.trim_start_matches("data "));
        let answer = study.ask(&question, false).unwrap_or_else(|faults| panic!("{question}: {faults:?}"));
        assert_eq!(answer.backends[0].allowed, !refused, "{question}");
    }
    let matrix = study.matrix();
    let cell = |row: &str, backend: &str| {
        let row = matrix.iter().find(|one| one.class == row).unwrap();
        row.cells[study.columns().iter().position(|name| name == backend).unwrap()].clone()
    };
    assert_eq!(cell("health", "cloud-us").verdict, "as it is");
    assert!(cell("health", "cloud-us").otherwise.is_some_and(|given| given != "data health"), "{matrix:?}");
}

/// The smallest change is told also where nothing of the data or the inventory is the cause.
#[test]
fn the_smallest_change_of_what_was_not_read_and_of_a_line_that_lacks() {
    let sheet = "policy \"t\" version 1 owner \"o\" review before 2027-06-30\nhome FR\nallow backends on premises or named cloud-us\nrule unread because \"x\" when scan incomplete or a field is unreadable or a reference is included only backends on premises\nrule health because \"x\" when data includes health only backends on premises\n";
    let catalogue = all_types();
    let study = Study::new(&sources(sheet, example()), &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap();
    for (question, expected) in [
        ("a reference to cloud-us", Some("send what it names in the request itself")),
        ("an unreadable field to cloud-us", Some("send what cannot be read as text, or leave it out")),
        ("scan incomplete to cloud-us", Some("send it in several requests, so that all is read")),
        (
            "a reference, an unreadable field to cloud-us",
            Some("send what it names in the request itself, send what cannot be read as text, or leave it out"),
        ),
        ("hosted tool web_search to cloud-us", Some("leave the hosted tool out")),
        ("email to cloud-de", Some("admit it with a line: `allow backends named cloud-de`")),
        // A line alone would not do: a rule refuses it too.
        (
            "health_condition to cloud-de",
            Some("take out 1 health_condition, admit it with a line: `allow backends named cloud-de`"),
        ),
        ("email to cloud-us", None),
    ] {
        let answer = study.ask(question, true).unwrap_or_else(|faults| panic!("{question}: {faults:?}"));
        assert_eq!(answer.backends[0].smallest_change.as_deref(), expected, "{question}");
    }
}

/// Why a truth does not stand is told before a line that admits: what ended is renewed, and what is missing is declared.
#[test]
fn evidence_that_lacks_is_told_before_a_line_that_admits() {
    let sheet = format!(
        "{HEADER}allow backends on premises\nallow backends located in EEA and controlled from EEA\n\
         rule h because \"x\" when data includes health only backends certified HDS\n"
    );
    let catalogue = all_types();
    let entry = |from: &str, to: &str| {
        let (before, behind) = example().split_once("[backend.cloud-fr]").unwrap();
        assert!(behind.contains(from), "{from}");
        format!("{before}[backend.cloud-fr]{}", behind.replacen(from, to, 1))
    };
    for (name, inventory, question, expected) in [
        (
            "missing",
            entry("controlled-from = \"FR\"\n", ""),
            "email",
            "declare in the inventory, if it is so: `controlled-from`",
        ),
        ("a place", entry("logs = [\"FR\"]\n", ""), "email", "declare in the inventory, if it is so: `logs`"),
        (
            "no list of sub-processors",
            entry("sub-processors = []\n", ""),
            "email",
            "declare in the inventory, if it is so: `sub-processors`",
        ),
        (
            "ended",
            entry("controlled-from = \"FR\"", "controlled-from = { value = \"FR\", until = 2026-11-20 }"),
            "email",
            "renew what ended on 2026-11-20: `controlled-from`",
        ),
        (
            "all of it ended",
            entry("verified = 2026-11-01\n", "verified = 2026-11-01\nuntil = 2026-11-20\n"),
            "email",
            "renew what ended on 2026-11-20: `processing`, `storage`, `logs`, `support`, `controlled-from`, `sub-processors`",
        ),
        (
            "not yet looked at",
            entry("controlled-from = \"FR\"", "controlled-from = { value = \"FR\", verified = 2026-11-24 }"),
            "email",
            "verify now what is said to be verified on 2026-11-24: `controlled-from`; or wait until 2026-11-24",
        ),
        (
            "a certificate that ended",
            entry("inference service\", valid-until = 2099-12-31", "inference service\", valid-until = 2026-11-20"),
            "health",
            "renew what ended on 2026-11-20: HDS",
        ),
        (
            "of another area",
            entry("controlled-from = \"FR\"", "controlled-from = \"US\""),
            "email",
            "admit it with a line: `allow backends named cloud-fr`",
        ),
    ] {
        let study = Study::new(&sources(&sheet, &inventory), &catalogue, &every(&catalogue), &vocabulary(), now());
        let study = study.unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        let answer = study.ask(&format!("{question} to cloud-fr"), true).unwrap();
        assert_eq!(answer.backends[0].smallest_change.as_deref(), Some(expected), "{name}");
    }
}

/// What is said of a class is what the matrix says of it: what becomes of most of its types, and which come out otherwise. A list of
/// exceptions never names all of them.
#[test]
fn a_question_about_a_class_is_answered_as_the_matrix_has_it() {
    let english = "policy \"t\" version 1 owner \"o\" review before 2027-06-30\nhome FR\n";
    let french = "politique \"t\" version 1 responsable \"o\" à revoir avant le 2027-06-30\nsiège FR\n";
    let open = "allow backends on premises or not on premises\n";
    let only = |what: &str| format!("rule {what} because \"x\" when data includes {what} only backends on premises\n");
    let sheets = [
        // Every type of payment-card is financial too.
        format!("{english}allow backends named cloud-us when data includes financial\n"),
        format!("{english}{open}{}", only("financial")),
        format!("{english}{open}{}{}{}", only("card_pan"), only("card_cvv"), only("card_exp")),
        format!("{english}{open}{}{}", only("health"), only("iban")),
        format!(
            "{english}{open}rule d because \"x\" when data includes financial on backends exposed to US must redact financial\n"
        ),
        format!("{french}autoriser les hébergeurs nommés cloud-us quand les données comprennent financier\n"),
        format!(
            "{french}autoriser les hébergeurs sur site ou non sur site\nrègle f parce que \"x\" quand les données comprennent card_pan seulement les hébergeurs sur site\n"
        ),
    ];
    let catalogue = all_types();
    for sheet in sheets {
        let study = Study::new(&sources(&sheet, example()), &catalogue, &every(&catalogue), &vocabulary(), now());
        let study = study.unwrap_or_else(|faults| panic!("{sheet}: {faults:?}"));
        let columns = study.columns();
        for row in study.matrix() {
            let answer = study.ask(&row.class, false).unwrap_or_else(|faults| panic!("{}: {faults:?}", row.class));
            for (cell, said) in row.cells.iter().zip(&answer.backends) {
                let place = format!("{sheet}{} to {}: {cell:?} {said:?}", row.class, said.backend);
                assert_eq!(
                    (said.verdict, &said.changes, &said.except),
                    (cell.verdict, &cell.changes, &cell.except),
                    "{place}"
                );
                assert!(said.why.starts_with(&cell.why), "{place}");
                let some = said.except.iter().any(|one| one.contains("refused") || one.contains("refusé"));
                assert_eq!(said.allowed, said.verdict != "refused" && !some, "{place}");
            }
            assert_eq!(answer.backends.len(), columns.len());
        }
    }
    let us = |sheet: &str, question: &str| {
        let study =
            Study::new(&sources(sheet, example()), &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap();
        let answer = study.ask(question, false).unwrap().backends.remove(0);
        (answer.allowed, answer.except)
    };
    let by_class = format!("{english}allow backends named cloud-us when data includes financial\n");
    assert_eq!(us(&by_class, "payment-card to cloud-us"), (true, Vec::new()));
    let each = format!("{english}{open}{}{}{}", only("card_pan"), only("card_cvv"), only("card_exp"));
    let (allowed, except) = us(&each, "payment-card and minors to cloud-us");
    assert!(!allowed && except.len() == 2, "{except:?}");
}
