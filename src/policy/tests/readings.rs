//! Answers as an officer reads them: what a tool says must be what the sheet says when it is read aloud.

use super::*;
use crate::policy::study::{Kind, Study};

const PSEUDONYMS: &str =
    "rule p because \"x\" when data includes personal on backends exposed to US must pseudonymise personal\n";

fn study(statements: &str) -> Study {
    alone(&format!("{ALLOW_ALL}{statements}"))
}

/// The same, of statements that admit whom they name.
fn alone(statements: &str) -> Study {
    let catalogue = all_types();
    let sheet = format!("{HEADER}{statements}");
    Study::new(&sources(&sheet, example()), &catalogue, &every(&catalogue), &vocabulary(), now())
        .unwrap_or_else(|faults| panic!("{}", faults.iter().map(render).collect::<Vec<_>>().join("\n")))
}

/// What is done on the way, or `refused`.
fn told(study: &Study, question: &str) -> Vec<String> {
    let answer = study.ask(question, false).unwrap_or_else(|faults| panic!("{question}: {faults:?}"));
    let one = |backend: &crate::policy::study::BackendAnswer| {
        if backend.allowed { backend.changes.join("; ") } else { "refused".to_owned() }
    };
    answer.backends.iter().map(one).collect()
}

#[test]
fn a_class_that_is_asked_about_is_changed_as_its_values_are() {
    let nir = "rule n because \"x\" when data includes national-id on backends exposed to US must redact national-id\n";
    let study = study(&format!("{PSEUDONYMS}{nir}"));
    for (question, expected) in [
        ("email to cloud-us", &["pseudonymise email"][..]),
        ("personal to cloud-us", &["pseudonymise personal"]),
        ("health to cloud-us", &["pseudonymise health"]),
        // The strictest of what is demanded of the class and of those that it implies.
        ("national-id to cloud-us", &["redact national-id"]),
        ("trade-secret to cloud-us", &[""]),
        // Each backend that is named, in the order of the inventory.
        ("personal to cloud-de, cloud-us", &["", "pseudonymise personal"]),
        ("personal to cloud-de and cloud-us", &["", "pseudonymise personal"]),
    ] {
        assert_eq!(told(&study, question), expected, "{question}");
    }
}

#[test]
fn a_label_takes_away_a_class_that_a_question_names() {
    let study = study(
        "the label \"Public\" lowers personal issued by \"bench\"\nrule h because \"x\" when data includes health only backends on premises\n",
    );
    assert_eq!(told(&study, "health and label \"Public\" and app \"bench\" to cloud-us"), [""]);
    assert_eq!(told(&study, "health and label \"Public\" and app \"other\" to cloud-us"), ["refused"]);
}

/// What only a label brings nobody located, and of some classes no value is ever found: nobody can change it, and the gateway refuses.
#[test]
fn what_nobody_located_cannot_be_changed() {
    let rules = "the label \"Public\" brings trade-secret\nthe label \"Internal\" brings health\n\
        rule t because \"x\" when data includes trade-secret on backends exposed to US must redact trade-secret\n";
    let study = study(&format!("{PSEUDONYMS}{rules}"));
    for (question, expected) in [
        ("label \"Public\" to cloud-us", "refused"),
        ("email and label \"Public\" to cloud-us", "refused"),
        ("trade-secret to cloud-us", "refused"),
        ("label \"Internal\" to cloud-us", "refused"),
        ("health and label \"Internal\" to cloud-us", "refused"),
        ("health to cloud-us", "pseudonymise health"),
        ("label \"Public\" to cloud-de", ""),
    ] {
        assert_eq!(told(&study, question), [expected], "{question}");
    }
}

/// A duty that this build cannot do refuses, so that whoever replaces it by one that it can do opens a flow.
#[test]
fn what_cannot_be_done_is_as_strict_as_a_block() {
    let (undoable, done) = (study(&PSEUDONYMS.replace("pseudonymise", "generalise")), study(PSEUDONYMS));
    let opened = undoable.diff(&done).unwrap();
    assert!(!opened.no_flow_is_opened && opened.opened.len() == 3, "{opened:?}");
    assert!(opened.opened.iter().all(|one| one.sentence.starts_with("data email →")), "{opened:?}");
    let refused = done.diff(&undoable).unwrap();
    assert!(refused.no_flow_is_opened && refused.refused.len() == 3, "{refused:?}");
}

/// The example of a difference shows it: data that was located, and a cause that has a part in it.
#[test]
fn a_difference_is_told_by_what_makes_it() {
    let minors = "rule m because \"x\" when minors are concerned only backends located in EEA\n";
    let without = study(minors).diff(&study("")).unwrap();
    assert!(without.opened.iter().all(|one| one.example.contains("minors")), "{without:?}");
    let milder = study(PSEUDONYMS).diff(&study("")).unwrap();
    assert!(milder.opened.iter().any(|one| one.sentence.contains("less is changed on the way")), "{milder:?}");
    let both = study(&format!("{PSEUDONYMS}{minors}")).diff(&study(PSEUDONYMS)).unwrap();
    assert!(both.opened.iter().all(|one| one.cause == "m"), "{both:?}");
}

/// What nobody could read cannot be changed: whoever drops a duty lets that pass too, and reads so beside what is changed less.
#[test]
fn what_is_newly_possible_is_told_beside_what_is_changed_less() {
    let told = |differences: &[crate::policy::study::Difference], said: &str| -> Vec<String> {
        let of =
            differences.iter().filter(|one| one.backend.as_deref() == Some("cloud-us") && one.sentence.ends_with(said));
        of.map(|one| one.example.clone()).collect()
    };
    let (old, new) = (study(PSEUDONYMS), study(""));
    let dropped = old.diff(&new).unwrap();
    let [example] = told(&dropped.opened, "was refused, is possible").try_into().unwrap();
    assert!(["an unreadable field", "a reference", "scan incomplete"].contains(&example.as_str()), "{dropped:#?}");
    assert_eq!(told(&dropped.opened, "less is changed on the way"), ["data email"], "{dropped:#?}");
    assert!(dropped.undecided.is_empty() && dropped.refused_undecided.is_empty(), "{dropped:#?}");
    let added = new.diff(&old).unwrap();
    assert!(added.no_flow_is_opened, "{added:#?}");
    assert_eq!(told(&added.refused, "was possible, is refused"), [example]);
    assert_eq!(told(&added.refused, "more is changed on the way"), ["data email"]);
}

/// So it is of a label that takes personal data away: it opens what a number of persons refused.
#[test]
fn what_a_label_newly_lets_pass_is_told_beside_what_it_leaves_unchanged() {
    let rules =
        format!("{PSEUDONYMS}rule two because \"x\" when data includes at least 2 person only backends on premises\n");
    let us = |statements: &str| alone(&format!("allow backends named cloud-us\n{statements}"));
    let (old, new) = (us(&rules), us(&format!("{rules}the label \"Public\" lowers personal issued by \"bench\"\n")));
    let told = |differences: &[crate::policy::study::Difference]| -> Vec<String> {
        let of = differences.iter().filter(|one| one.backend.as_deref() == Some("cloud-us"));
        of.map(|one| one.sentence.clone()).collect()
    };
    let has = |sentences: &[String], said: &str, with: &str| {
        sentences.iter().any(|sentence| sentence.contains(said) && sentence.contains(with))
    };
    let there = old.diff(&new).unwrap();
    let opened = told(&there.opened);
    assert!(has(&opened, "was refused, is possible", "person"), "{there:#?}");
    assert!(has(&opened, "less is changed on the way", "label \"Public\""), "{there:#?}");
    let back = told(&new.diff(&old).unwrap().refused);
    assert!(has(&back, "was possible, is refused", "person"), "{back:#?}");
    assert!(has(&back, "more is changed on the way", "label \"Public\""), "{back:#?}");
}

/// What is changed less today, and would be refused from a day on, is newly possible from that day and not before.
#[test]
fn what_is_possible_from_a_day_on_is_not_told_of_today() {
    let rules = format!(
        "allow backends named cloud-us\n{PSEUDONYMS}rule later because \"x\" when data includes personal from 2026-12-15 never backends exposed to US\n"
    );
    let lowered = format!("{rules}the label \"Public\" lowers personal issued by \"bench\"\n");
    let differences = alone(&rules).diff(&alone(&lowered)).unwrap();
    let told: Vec<(&str, bool)> =
        differences.opened.iter().map(|one| (one.sentence.rsplit(": ").next().unwrap(), one.from.is_some())).collect();
    let expected = [("less is changed on the way", false), ("was refused, is possible", true)];
    assert_eq!(told, expected, "{differences:#?}");
}

#[test]
fn a_scenario_says_what_is_to_be_done_and_notices_when_it_is_not() {
    let scenario = |given: &str, then: &str| format!("scenario \"s\" given {given} then {then}\n");
    let failures = |sheet: String| -> Vec<String> {
        run_scenarios(study(&sheet).policy(), now()).into_iter().flat_map(|result| result.failures).collect()
    };
    for (given, then, well) in [
        ("data email", "cloud-us must pseudonymise email", true),
        ("data email", "allowed cloud-de and cloud-us must pseudonymise personal", true),
        ("data health", "cloud-us must pseudonymise personal", true),
        ("data health", "cloud-us must redact health", false),
        ("data email", "cloud-us must redact email", false),
        ("data email", "cloud-de must pseudonymise email", false),
        ("data email", "cloud-us must pseudonymise iban", false),
        ("data email", "cloud-us must log sealed", false),
    ] {
        let told = failures(format!("{PSEUDONYMS}{}", scenario(given, then)));
        assert_eq!(told.is_empty(), well, "{given} then {then}: {told:?}");
    }
    // What no scenario says of the duty goes unnoticed, and the scenario that is suggested notices.
    let loose = format!("{PSEUDONYMS}{}", scenario("data email", "allowed cloud-us"));
    let before = study(&loose);
    assert_eq!(before.mutants().len(), 1, "{:?}", before.mutants());
    let suggested: String = before.suggest().into_iter().map(|one| one.text).collect();
    assert!(suggested.contains("must pseudonymise email"), "{suggested}");
    assert_eq!(study(&format!("{loose}{suggested}")).mutants(), [], "{suggested}");
}

#[test]
fn windows_contracts_and_exceptions_that_are_not_what_they_seem() {
    let faults = faults_of(&format!(
        "{HEADER}{ALLOW_ALL}rule r because \"x\" never backends named cloud-us from 2026-12-15 until 2026-01-15\n"
    ));
    assert!(faults.contains("this window ends on 2026-01-15, before it begins on 2026-12-15"), "{faults}");
    let rule = "rule c because \"x\" only backends with contract\n";
    assert_eq!(told(&study(rule), "nothing to cloud-us"), [""]);
    let later = example().replace("\"contract 14\" }", "\"contract 14\", dated = 2099-01-01 }");
    assert!(later.contains("2099-01-01"), "the example inventory has contracts");
    let catalogue = all_types();
    let sheet = format!("{HEADER}{ALLOW_ALL}{rule}");
    let to_come = Study::new(&sources(&sheet, &later), &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap();
    assert_eq!(told(&to_come, "nothing to cloud-us"), ["refused"]);
    let spared =
        study(&format!("{PSEUDONYMS}exception e for rule p because \"pilot\" until 2027-03-31 approved by \"dpo\"\n"));
    let misread: Vec<Kind> = spared.misreadings().into_iter().map(|advice| advice.kind).collect();
    assert_eq!(misread, [Kind::Misread]);
    let dormant = study("rule later because \"x\" never backends named cloud-us from 2027-01-01\n").coverage();
    assert_eq!(dormant.dormant, ["later"]);
}

fn faults_of(sheet: &str) -> String {
    let catalogue = all_types();
    let faults =
        Study::new(&sources(sheet, example()), &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap_err();
    faults.iter().map(render).collect()
}

fn on(inventory: &str, labels: &str, statements: &str) -> Study {
    let catalogue = all_types();
    let header = HEADER.replace("labels \"Public\", \"Internal\", \"Secret\"", labels);
    let sheet = format!("{header}{statements}");
    Study::new(&sources(&sheet, inventory), &catalogue, &every(&catalogue), &vocabulary(), now())
        .unwrap_or_else(|faults| panic!("{}", faults.iter().map(render).collect::<Vec<_>>().join("\n")))
}

/// What the name of a backend stands for is part of what may go where.
#[test]
fn a_name_that_stands_for_another_server_is_a_difference() {
    let old = study("");
    let hosts = example().replacen("api.cloud-unknown.example", "api.elsewhere.example", 1);
    assert_ne!(hosts, example());
    let new = on(&hosts, "labels \"Public\", \"Internal\", \"Secret\"", ALLOW_ALL);
    let differences = old.diff(&new).unwrap();
    assert!(!differences.no_flow_is_opened, "{differences:?}");
    let opened = &differences.opened[0];
    assert!(
        opened
            .sentence
            .ends_with("cloud-unknown: the name stands for more than it did: the host `api.elsewhere.example`"),
        "{differences:?}"
    );
    assert_eq!(
        (opened.cause.as_str(), opened.binding.as_slice()),
        ("hosts", &["the host `api.elsewhere.example`".to_owned()][..])
    );
    assert!(
        differences.refused[0].sentence.ends_with("stands for less than it did: the host `api.cloud-unknown.example`"),
        "{differences:?}"
    );
    let more = example().replacen(
        "hosts = [\"api.cloud-unknown.example\"]\nmodels = [\"large\"]",
        "hosts = [\"api.cloud-unknown.example\"]\nmodels = [\"large\", \"new\"]",
        1,
    );
    let new = on(&more, "labels \"Public\", \"Internal\", \"Secret\"", ALLOW_ALL);
    let differences = old.diff(&new).unwrap();
    assert!(differences.opened[0].sentence.ends_with(": the model `new`"), "{differences:?}");
    assert_eq!((differences.old_version, differences.new_version), (1, 1));
}

/// To a sheet that does not list it, a label may be any: to list it is to say that it is none of the others.
#[test]
fn a_label_that_is_listed_newly_is_a_difference() {
    let rule = "rule s because \"x\" when label is \"Secret\" only backends on premises\n";
    let statements = format!("{ALLOW_ALL}{rule}");
    let old = on(example(), "labels \"Public\", \"Secret\"", &statements);
    let new = on(example(), "labels \"Public\", \"Strict\", \"Secret\"", &statements);
    let differences = old.diff(&new).unwrap();
    assert!(!differences.no_flow_is_opened && differences.undecided.is_empty(), "{differences:?}");
    assert!(differences.opened.iter().all(|one| one.example.contains("\"Strict\"")), "{differences:?}");
    assert!(new.diff(&old).unwrap().no_flow_is_opened);
}

/// Without a `fall back` only the nearest tier serves: a rule that takes it out lets the next one serve.
#[test]
fn a_rule_that_takes_out_what_is_nearer_is_a_difference() {
    let old = study("");
    let new = study("rule works because \"x\" never backends on premises\n");
    let differences = old.diff(&new).unwrap();
    assert!(!differences.no_flow_is_opened, "{differences:?}");
    assert!(differences.opened.iter().all(|one| one.sentence.contains("nothing nearer is left")), "{differences:?}");
    let falls = "fall back if unavailable\n";
    assert!(
        study(falls)
            .diff(&study(&format!("{falls}rule w because \"x\" never backends on premises\n")))
            .unwrap()
            .no_flow_is_opened
    );
}

#[test]
fn a_question_is_read_as_it_stands() {
    let study = on(
        example(),
        "labels \"Public\", \"Secret\"",
        &format!(
            "{ALLOW_ALL}rule r because \"x\" when app is \"R and D\" or data includes secret only backends on premises\n"
        ),
    );
    assert_eq!(told(&study, "app \"R and D\" to cloud-us"), ["refused"]);
    assert_eq!(told(&study, "app \"R, D\" and email to cloud-us"), [""]);
    assert_eq!(told(&study, "secret to cloud-us"), ["refused"], "the class, and not the label of that name");
    assert_eq!(told(&study, "\"Secret\" to cloud-us"), [""]);
}

#[test]
fn a_condition_that_is_weakened_goes_unnoticed_until_a_scenario_says_so() {
    let rule = "rule r because \"x\" when data includes at least 3 person or leak score at least 700 only backends on premises\n";
    let scenario = "scenario \"s\" given data 9 person and leak score 900 then refused cloud-us\n";
    let before = study(&format!("{rule}{scenario}"));
    let changes: Vec<String> = before.mutants().into_iter().map(|mutant| mutant.change).collect();
    assert_eq!(changes.len(), 4, "{changes:?}");
    let suggested: String = before.suggest().into_iter().map(|one| one.text).collect();
    assert_eq!(study(&format!("{rule}{scenario}{suggested}")).mutants(), [], "{suggested}");
}

#[test]
fn what_a_rule_asks_of_a_backend_and_how_it_changes_data_is_weakened_too() {
    let rows: &[(&str, &str, &str, &[&str])] = &[
        (
            "one demand of several",
            "when data includes health only backends on premises, or located in EEA and certified HDS",
            "scenario \"s\" given data health then allowed gpu-paris and refused cloud-us",
            &["rule `r` without `certified HDS` in `only backends`"],
        ),
        (
            "one backend of several",
            "when data includes health never backends located outside EEA or named cloud-de",
            "scenario \"s\" given data health then allowed gpu-paris and refused cloud-us",
            &["rule `r` without `named cloud-de` in `never backends`"],
        ),
        (
            "a duty for some only",
            "when data includes personal on backends located outside EEA or named cloud-de must pseudonymise personal",
            "scenario \"s\" given data email then allowed gpu-paris and cloud-us must pseudonymise email",
            &["rule `r` without `named cloud-de` in `on backends`"],
        ),
        (
            "a milder change",
            "when data includes personal on backends named cloud-us must redact personal",
            "scenario \"s\" given data email then cloud-us must pseudonymise email",
            &["rule `r` asks `pseudonymise unlinkably personal` instead"],
        ),
    ];
    for (name, rule, scenario, expected) in rows {
        let sheet = format!("{ALLOW_ALL}rule r because \"x\" {rule}\n{scenario}\n");
        let before = study(&sheet);
        let mutants = before.mutants();
        let changes: Vec<&str> = mutants.iter().map(|mutant| mutant.change.as_str()).collect();
        assert_eq!(&changes, expected, "{name}");
        let suggested: String = before.suggest().into_iter().map(|one| one.text).collect();
        assert_eq!(study(&format!("{sheet}{suggested}")).mutants(), [], "{name}: {suggested}");
    }
}

/// A day that ends a rule and stands behind what spares it reads as if the sparing ended then.
#[test]
fn a_day_behind_what_spares_is_on_a_line_of_its_own() {
    let rule = |joint: &str| {
        format!(
            "{HEADER}{ALLOW_ALL}rule r\n  because \"x\"\n  never backends named cloud-us\n  unless app is \"lab\"{joint}until 2027-01-15\n"
        )
    };
    let faults = faults_of(&rule(" "));
    assert!(faults.contains("`until` ends the whole rule, and not what `unless` spares"), "{faults}");
    assert!(faults.contains("exception NAME for rule r until"), "{faults}");
    study(rule("\n  ").strip_prefix(HEADER).unwrap());
}

#[test]
fn what_an_allow_asks_is_weakened_part_by_part() {
    let sheet = "allow backends on premises\nallow backends named cloud-us when app is \"a\" and tenant is \"t\"\n";
    let scenario = "scenario \"s\" given app \"a\" and tenant \"t\" then allowed cloud-us\nscenario \"n\" given data email then refused cloud-us\n";
    let before = alone(&format!("{sheet}{scenario}"));
    let mutants = before.mutants();
    let changes: Vec<&str> = mutants.iter().map(|mutant| mutant.change.as_str()).collect();
    assert_eq!(
        changes,
        [
            "`allow backends` number 2 no longer asks `app is \"a\"`",
            "`allow backends` number 2 no longer asks `tenant is \"t\"`",
        ]
    );
    let suggested: String = before.suggest().into_iter().map(|one| one.text).collect();
    assert_eq!(alone(&format!("{sheet}{scenario}{suggested}")).mutants(), [], "{suggested}");
}

#[test]
fn what_a_label_brings_is_watched_by_scenarios_too() {
    let sheet = "allow backends on premises\nallow backends named cloud-us\nthe label \"Secret\" brings trade-secret\nrule r because \"x\" when data includes trade-secret only backends on premises\nscenario \"s\" given data trade-secret then refused cloud-us\n";
    let before = study(sheet);
    let changes: Vec<String> = before.mutants().into_iter().map(|mutant| mutant.change).collect();
    assert_eq!(changes, ["the label `Secret` no longer brings anything"]);
    let suggested: String = before.suggest().into_iter().map(|one| one.text).collect();
    assert_eq!(study(&format!("{sheet}{suggested}")).mutants(), [], "{suggested}");
}

/// Not only what refuses has sides that nobody looks for first: a rule that changes data is at work where something cannot be read.
#[test]
fn each_side_of_a_boundary_that_a_scenario_can_see_is_suggested() {
    let sheet = "allow backends on premises\nallow backends named cloud-us\nrule pseudo\n  because \"t\"\n  when data includes personal\n  on backends not on premises\n  must pseudonymise personal\nscenario \"a\" given data email then cloud-us must pseudonymise email\nscenario \"b\" given nothing then allowed cloud-us\n";
    let before = alone(sheet);
    assert_eq!(before.coverage().unseen.len(), 1, "{:?}", before.coverage());
    let suggested: String = before.suggest().into_iter().map(|one| one.text).collect();
    let after = alone(&format!("{sheet}{suggested}"));
    assert_eq!((after.coverage().unseen, after.suggest()), (vec![], vec![]), "{suggested}");
}
