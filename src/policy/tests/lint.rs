//! Lint of what hangs together: rules that cover each other, exceptions, windows that are over, and what is declared twice.

use super::*;
use crate::policy::study::{Kind, Study};

const SHEET: &str = "policy \"Test\" version 1 owner \"dpo\" review before 2027-06-30\nhome FR\nlabels \"Public\", \"Secret\"\nallow backends on premises or not on premises\n";

fn told(statements: &str, inventory: &str) -> Vec<String> {
    let catalogue = all_types();
    let sources = sources(&format!("{SHEET}{statements}"), inventory);
    let study = Study::new(&sources, &catalogue, &every(&catalogue), &vocabulary(), now());
    study
        .unwrap_or_else(|faults| panic!("{statements}{faults:?}"))
        .lint()
        .into_iter()
        .filter(|one| one.kind != Kind::Unproven)
        .map(|one| one.text)
        .collect()
}

#[test]
fn what_hangs_together_is_told_once() {
    let rule = |name: &str, rest: &str| format!("rule {name} because \"x\" {rest}\n");
    let home = "when data includes iban only backends on premises";
    let exception = "exception e for rule a because \"x\" when";
    for (name, statements, expected) in [
        (
            "two that cover each other",
            rule("a", home) + &rule("b", home),
            &[
                "rules `a`, `b` cover one another: without one of them nothing would change, without all of them requests would come out otherwise",
            ] as &[&str],
        ),
        (
            "three that cover one another",
            rule("a", home) + &rule("b", home) + &rule("c", home),
            &[
                "rules `a`, `b`, `c` cover one another: without one of them nothing would change, without all of them requests would come out otherwise",
            ],
        ),
        (
            "one within another",
            rule("a", "when data includes financial only backends on premises") + &rule("b", home),
            &["rule `b` changes nothing: without it every request would come out the same"],
        ),
        (
            "one within another, and two that cover each other",
            rule("a", "when data includes email only backends on premises")
                + &rule("b", "when data includes email and data includes iban only backends on premises")
                + &rule("c", "when label is \"Secret\" only backends on premises")
                + &rule("d", "when label at least \"Secret\" only backends on premises"),
            &[
                "rule `b` changes nothing: without it every request would come out the same",
                "rules `c`, `d` cover one another: without one of them nothing would change, without all of them requests would come out otherwise",
            ],
        ),
        (
            "a rule that an exception suspends",
            rule("a", home) + &format!("{exception} data includes iban until 2026-12-31 approved by \"A\", \"B\"\n"),
            &[],
        ),
        (
            "a rule that never fires, with an exception",
            rule("a", "when app is \"x\" and app is \"y\" only backends on premises")
                + &format!("{exception} data includes iban until 2026-12-31 approved by \"A\"\n"),
            &["rule `a` can never fire"],
        ),
        (
            "an exception that one person approved twice",
            rule("a", home) + &format!("{exception} app is \"x\" until 2026-12-31 approved by \"DPO\", \"dpo \"\n"),
            &["exception `e` is approved twice by `dpo `, who is one person"],
        ),
        (
            "windows that are over",
            "allow backends domestic when app is \"x\" until 2026-11-21\n".to_owned()
                + &rule("a", &format!("{home} until 2026-11-21"))
                + "allow hosted tool web_search until 2026-11-21\n",
            &[
                "rule `a` ended on 2026-11-21: take it out",
                "`allow backends` number 2 ended on 2026-11-21: take it out",
                "`allow hosted tool web_search` ended on 2026-11-21: take it out",
            ],
        ),
        ("a window on its last day", rule("a", &format!("{home} until 2026-11-22")), &[]),
    ] {
        assert_eq!(told(&statements, example()), expected, "{name}");
    }
}

#[test]
fn what_is_declared_of_backends_is_looked_at() {
    let entry = |name: &str, rest: &str| {
        format!("\n[backend.{name}]\nverified = 2026-11-01\nby = \"dpo\"\nevidence = \"x\"\n{rest}")
    };
    for (name, entries, expected) in [
        ("apart", entry("one", "hosts = [\"a.example\"]\n") + &entry("two", "hosts = [\"b.example\"]\n"), None),
        (
            "one host",
            entry("one", "hosts = [\"a.example\"]\n") + &entry("two", "hosts = [\"b.example\", \"A.example\"]\n"),
            Some("`one` and `two` both name the host `a.example`: one place has two declarations"),
        ),
        (
            "one host, two models",
            entry("one", "hosts = [\"a.example\"]\nmodels = [\"x\"]\n")
                + &entry("two", "hosts = [\"a.example\"]\nmodels = [\"y\"]\n"),
            None,
        ),
        (
            "a contract to come",
            entry("one", "hosts = [\"a.example\"]\ncontract = { reference = \"1\", dated = 2026-11-23 }\n"),
            Some("the contract of `one` is dated 2026-11-23, which is still to come: until then it counts as none"),
        ),
        (
            "clauses to come",
            entry(
                "one",
                "hosts = [\"a.example\"]\ntransfer-basis = [{ kind = \"standard-contractual-clauses\", dated = 2026-11-23, until = 2027-11-23 }]\n",
            ),
            Some(
                "the transfer basis of `one` is dated 2026-11-23, which is still to come: until then it counts as none",
            ),
        ),
        (
            "a contract of today",
            entry("one", "hosts = [\"a.example\"]\ncontract = { reference = \"1\", dated = 2026-11-22 }\n"),
            None,
        ),
    ] {
        let found = told("", &format!("{}{entries}", example()));
        let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(found, expected, "{name}");
    }
}

/// A clause without which every request would come out the same is told; one that does something is not.
#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn clauses_that_change_nothing_are_told() {
    let rule = |rest: &str| format!("rule r because \"x\" {rest}\n");
    let home = "rule h because \"x\" when data includes health only backends on premises\n";
    let same = "changes nothing: without it every request would come out the same";
    let still = "rule s because \"x\" when data still includes identified financial never backends exposed to US\n";
    for (name, statements, expected) in [
        (
            "a ban of what another clause takes out",
            rule("when data includes health never backends exposed to US only backends on premises"),
            vec![format!("`never backends` of rule `r` {same}")],
        ),
        (
            "a duty that another rule demands",
            "rule s because \"x\" must redact person\n".to_owned()
                + &rule(
                    "when data includes iban only backends located in EEA must pseudonymise person keep iban because \"y\"",
                ),
            vec![format!("`must pseudonymise person` of rule `r` {same}")],
        ),
        (
            "a condition that is always true",
            rule("when leak score at least 0 never backends exposed to US"),
            vec!["`when` of rule `r` holds of every request: it asks nothing".to_owned()],
        ),
        (
            "a condition that spares nobody",
            rule(
                "when data includes iban unless data includes iban and not data includes iban never backends exposed to US",
            ),
            vec!["`unless` of rule `r` spares no request".to_owned()],
        ),
        (
            "a ban of what nobody is",
            rule("when data includes iban never backends on premises and named cloud-us only backends on premises"),
            vec!["note: `never backends` of rule `r` takes out no backend of the inventory today".to_owned()],
        ),
        (
            "an only that everybody meets",
            rule(
                "when data includes iban only backends named any of gpu-paris, cloud-fr, cloud-fr-keeps, cloud-de, us-owned-in-eea, cloud-us, cloud-unknown must pseudonymise iban",
            ),
            vec!["note: `only backends` of rule `r` takes out no backend of the inventory today".to_owned()],
        ),
        (
            "an on that leaves nobody out",
            rule("when data includes iban on backends not on premises only backends on premises"),
            vec![format!("`on backends` of rule `r` {same}")],
        ),
        (
            "an on that leaves somebody out",
            rule("when data includes iban on backends not on premises must pseudonymise iban"),
            vec![],
        ),
        (
            "a ban of what another clause takes out, where something is asked after the duties",
            format!(
                "{still}{}",
                rule("when data includes health never backends exposed to US only backends on premises",)
            ),
            vec![format!("`never backends` of rule `r` {same}")],
        ),
        (
            "a duty without which more is refused, and nothing else is otherwise",
            format!("{still}{}", rule("when data includes iban on backends exposed to US must pseudonymise iban")),
            vec![],
        ),
        (
            "an unless that spares nobody after the duties",
            rule(
                "when data still includes identified personal unless app is \"x\" and app is \"y\" never backends exposed to US",
            ),
            vec!["`unless` of rule `r` changes nothing: without it every request would come out the same".to_owned()],
        ),
        (
            "clauses that do something",
            home.to_owned() + &rule("when data includes iban only backends located in EEA must pseudonymise iban"),
            vec![],
        ),
    ] {
        assert_eq!(told(&statements, example()), expected, "{name}");
    }
}

/// A clause of which nothing can be proven, such as where a large number of a class is asked for beside a number of its types, is named: a
/// note, which finds nothing wrong.
#[test]
fn a_clause_that_is_not_studied_is_named() {
    let both = "data includes at least 20 personal and data includes at least 3 email";
    let rules = format!(
        "rule s because \"x\" must redact personal\nrule r because \"x\" when {both} only backends located in EEA must pseudonymise personal\n"
    );
    let catalogue = all_types();
    let sources = sources(&format!("{SHEET}{rules}"), example());
    let study = Study::new(&sources, &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap();
    let advice = study.lint();
    let notes: Vec<&str> =
        advice.iter().filter(|one| one.kind == Kind::Unstudied).map(|one| one.text.as_str()).collect();
    let duty = "note: not studied: whether `must pseudonymise personal` of rule `r` changes anything, for the search was given up";
    assert!(notes.contains(&duty), "{advice:#?}");
    assert!(advice.iter().all(|one| one.kind == Kind::Unproven || !one.kind.is_finding()), "{advice:#?}");
}

/// What is refused for another reason than before is refused, and no difference.
#[test]
fn another_reason_is_no_difference_in_the_matrix() {
    let study = |statements: &str| {
        let catalogue = all_types();
        let sources = sources(&format!("{SHEET}{statements}"), example());
        Study::new(&sources, &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap()
    };
    let old = "rule a because \"x\" when data includes personal only backends on premises\n";
    let new = format!("{old}rule b because \"y\" when data includes health never backends exposed to US\n");
    let moved = study(old).diff(&study(&new)).unwrap().matrix;
    assert!(moved.is_empty(), "{moved:#?}");
}

/// What a window covers for a time is not told to change nothing: whoever took it out would open a flow when the window ends.
#[test]
fn what_matters_on_a_later_day_is_not_told_to_change_nothing() {
    let moratorium = |until: &str| format!("rule moratorium {until} because \"x\" never backends exposed to US\n");
    let rule = |name: &str, rest: &str| format!("rule {name} because \"x\" {rest}\n");
    let nothing =
        |name: &str| format!("rule `{name}` changes nothing: without it every request would come out the same");
    let us = "when app is \"a\" never backends exposed to US";
    let health = "when data includes health never backends exposed to US";
    for (name, statements, expected) in [
        ("a rule within another", rule("own", us) + &moratorium(""), vec![nothing("own")]),
        ("a rule within another for a time", rule("own", us) + &moratorium("until 2027-03-31"), vec![]),
        (
            "two that cover each other, and are covered for a time",
            rule("one", health) + &rule("two", health) + &moratorium("until 2027-03-31"),
            vec![
                "rules `one`, `two` cover one another: without one of them nothing would change, without all of them requests would come out otherwise"
                    .to_owned(),
            ],
        ),
        (
            "a clause that a window covers for a time",
            rule("own", &format!("{us} must pseudonymise email")) + &moratorium("until 2027-03-31"),
            vec![],
        ),
        (
            "one that lasts no longer than what covers it",
            rule("own", &format!("until 2027-01-31 {us}")) + &moratorium("until 2027-03-31"),
            vec![nothing("own")],
        ),
    ] {
        assert_eq!(told(&statements, example()), expected, "{name}");
    }
}

/// The same of the condition of a line that admits.
#[test]
fn a_condition_that_matters_on_a_later_day_is_not_told_to_change_nothing() {
    let sheet = |until: &str| {
        format!(
            "policy \"Test\" version 1 owner \"dpo\" review before 2027-06-30\nhome FR\nallow backends on premises\n\
             allow backends exposed to US when app is \"site\"\n\
             rule moratorium {until} because \"x\" never backends exposed to US\n"
        )
    };
    let catalogue = all_types();
    let told = |sheet: &str| {
        let study = Study::new(&sources(sheet, example()), &catalogue, &every(&catalogue), &vocabulary(), now());
        let advice = study.unwrap().lint().into_iter().filter(|one| one.kind == Kind::IdleClause);
        advice.map(|one| one.text).collect::<Vec<_>>()
    };
    assert_eq!(
        told(&sheet("")),
        [
            "the condition of `allow backends` number 2 changes nothing: without it every request would come out the same"
        ]
    );
    assert_eq!(told(&sheet("until 2027-03-31")), [] as [&str; 0]);
}

/// A rule about a class that nothing in these files brings is dead but for protected documents, of which the folder knows nothing: that is
/// noted, and nothing wrong.
#[test]
fn a_class_that_nothing_here_brings_is_noted() {
    let catalogue = all_types();
    let rule = "rule r because \"x\" when data includes trade-secret only backends on premises\n";
    let label = "the label \"Secret\" brings trade-secret\n";
    for (name, statements, expected) in [
        ("nothing brings it", rule.to_owned(), Some("in `r` concerns only")),
        ("a pack's rule", "use pack trade-secret\n".to_owned(), Some("no detector finds `trade-secret`")),
        ("a label brings it", format!("{label}{rule}"), None),
        ("a detector finds it", rule.replace("trade-secret", "health"), None),
    ] {
        let sheet = format!("{SHEET}{statements}");
        let study = Study::new(&sources(&sheet, example()), &catalogue, &every(&catalogue), &vocabulary(), now());
        let advice = study.unwrap_or_else(|faults| panic!("{name}: {faults:?}")).lint();
        let noted: Vec<_> = advice.iter().filter(|one| one.kind == Kind::Unbrought).collect();
        match (expected, noted.as_slice()) {
            (Some(expected), [note]) => {
                assert!(note.text.contains(expected) && !note.kind.is_finding(), "{name}: {note:?}");
            }
            (None, []) => {}
            (_, noted) => panic!("{name}: {noted:?}"),
        }
    }
}
