//! Dates that have passed, and dates that have not come: said by every check, and never in an officer's favour.

use super::House;

#[test]
fn a_review_that_is_over_is_said() {
    let house = House::new();
    house.check().must(0, &[]);
    assert!(!house.check().said.contains("warning"), "{:?}", house.check());
    house.edit("policies/main.policy", "review before 2027-06-30", "review before 2026-01-31");
    let warning = "`Language models` was to be reviewed before 2026-01-31";
    house.check().must(0, &["warning", warning]);
    house.run("policy check --policies house/policies").must(0, &["warning", warning]);
    let lint = house.run("policy lint --policies house/policies");
    assert!(lint.status == Some(1) && lint.out.contains(warning) && lint.said.contains(" findings"), "{lint:?}");
}

/// Counts as unknown until then: the scenarios that rely on it no longer hold, and the reason is said.
#[test]
fn what_is_still_to_be_verified_is_unknown_and_said() {
    let house = House::new();
    house.edit("policies/backends.toml", "\nverified = 2026-11-22", "\nverified = 2099-01-01");
    let reason = "`home-gpu-1` is said to be verified on 2099-01-01, which is still to come";
    for line in ["check --config house/octroi.toml", "policy check --policies house/policies"] {
        let told = house.run(line);
        told.must(1, &["warning", reason]);
        assert!(told.out.contains("ordinary work is served at home"), "{told:?}");
    }
    let lint = house.run("policy lint --policies house/policies");
    assert!(lint.status == Some(1) && lint.out.contains(reason), "{lint:?}");
}

/// A statement that begins later is not tried today, and can be read as of a day on which it stands.
#[test]
fn a_folder_is_read_as_of_another_day() {
    let house = House::new();
    house.edit(
        "policies/main.policy",
        "\nscenario ",
        "\nrule from-next-century\n  because \"x\"\n  when data includes email\n  from 2098-03-01\n  only backends on premises\n  must block email\n\nscenario ",
    );
    let dormant = "not in force today, so not tried: from-next-century";
    let today = house.run("policy test --policies house/policies");
    assert!(today.out.contains(dormant), "{today:?}");
    let then = house.run("policy test --policies house/policies --on 2098-03-01");
    assert!(!then.out.contains(dormant), "{then:?}");
    house.run("policy ask email --policies house/policies").must(0, &[]);
    for (day, status) in [("2098-02-28", 0), ("2098-03-01", 1)] {
        let answer = house.run(&format!("policy ask email --policies house/policies --on {day}"));
        assert_eq!(answer.status, Some(status), "{day}: {answer:?}");
    }
    let wrong = house.run("policy test --policies house/policies --on tomorrow");
    assert!(wrong.status == Some(2) && wrong.said.contains("--on"), "{wrong:?}");
}

/// An order to freeze is no part of the sheets: what tells what they say warns that it counts before them.
#[test]
fn an_order_to_freeze_that_lasts_is_told() {
    let house = House::new();
    house.run("policy key dpo.key").must(0, &[]);
    let folder = "--policies house/policies";
    let notice = "an order to freeze lies in this folder (\"drill\")";
    let tools =
        [format!("policy check {folder}"), format!("policy matrix {folder}"), format!("policy ask email {folder}")];
    for tool in &tools {
        assert!(!house.run(tool).said.contains("freeze"), "{tool}");
    }
    house.run(&format!("policy freeze {folder} --key dpo.key --as dpo --because drill")).must(0, &[]);
    for tool in &tools {
        house.run(tool).must(0, &[notice, "whatever is said here"]);
    }
    let page = house.run(&format!("policy matrix {folder} --html"));
    assert!(page.out.contains("an order to freeze lies in this folder (&quot;drill&quot;)"), "{page:?}");
    for tool in ["matrix", "ask email"] {
        let answer = house.run(&format!("policy {tool} {folder} --json"));
        let answer: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
        assert!(answer["frozen"].as_str().is_some_and(|frozen| frozen.starts_with(notice)), "{answer}");
    }
    // On a day on which it will be over it is not said.
    assert!(!house.run(&format!("policy matrix {folder} --on 2098-03-01")).said.contains("freeze"));
    house.run("policy key ciso.key").must(0, &[]);
    let thaw =
        |key: &str, name: &str| house.run(&format!("policy thaw {folder} --key {key}.key --as {name} --because over"));
    for (approver, lasts) in [("dpo", true), ("ciso", false)] {
        thaw(approver, approver).must(0, &[]);
        assert_eq!(house.run(&tools[1]).said.contains("freeze"), lasts, "after {approver}");
        // One key is one person, whatever names it goes by.
        thaw(approver, "another").must(2, &["has signed as"]);
    }
}
