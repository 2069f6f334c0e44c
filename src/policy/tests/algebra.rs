//! The algebra of DESIGN section 7: `allow`, rules, tiers, `fall back`, hosted tools, validity, scenarios.

use super::*;
use crate::model::{Duties, LabelFact, LeakFact, Removal, Tier, Word};

/// A sentence, the statements, and the order of the backends with their ranks.
type Ranked = (&'static str, String, &'static [(&'static str, u32)]);
/// A sentence, the clause, what is changed in an empty request, and whether and when it opens.
type FallBackRow = (&'static str, &'static str, fn(&mut Facts), (bool, Option<u64>));
type Tools = Vec<(Word, Option<Word>)>;

#[test]
fn rules_remove_and_allow_admits() {
    let names = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    let rows = [
        ("nothing is allowed by default", "allow backends named gpu-paris when app is \"a\"", ""),
        (
            "candidates are the union of the allow that surely hold",
            "allow backends on premises\nallow backends domestic",
            "cloud-fr cloud-fr-keeps gpu-paris",
        ),
        (
            "allow asks for surely: who has a part unknown is not admitted",
            "allow backends located outside US",
            "cloud-de cloud-fr cloud-fr-keeps gpu-paris us-owned-in-eea",
        ),
        (
            "never asks for possibly: the undeclared is removed",
            "ALL rule r because \"t\" never backends located in US",
            "cloud-de cloud-fr cloud-fr-keeps gpu-paris us-owned-in-eea",
        ),
        (
            "only asks for surely",
            "ALL rule r because \"t\" only backends retention none",
            "cloud-de cloud-fr cloud-us gpu-paris us-owned-in-eea",
        ),
        (
            "on asks for possibly: the undeclared is meant too",
            "ALL rule r because \"t\" on backends located outside EEA only backends on premises",
            "cloud-de cloud-fr cloud-fr-keeps gpu-paris us-owned-in-eea",
        ),
        (
            "a rule with only and never removes for both",
            "ALL rule r because \"t\" only backends located in EEA never backends exposed to US",
            "cloud-de cloud-fr cloud-fr-keeps gpu-paris",
        ),
        (
            "unless must be sure",
            "ALL rule r because \"t\" never backends located outside EEA unless app is \"a\"",
            "cloud-de cloud-fr cloud-fr-keeps gpu-paris us-owned-in-eea",
        ),
    ];
    for (sentence, statements, expected) in rows {
        let statements = statements.replace("ALL ", ALLOW_ALL);
        assert_eq!(allowed(&policy(&statements), &nothing()), names(expected), "{sentence}");
    }
}

#[test]
fn a_plan_says_who_was_removed_and_why() {
    let policy = policy(&format!(
        "{ALLOW_ALL}rule a because \"one\" never backends named cloud-us\nrule b because \"two\" never backends located in US\n"
    ));
    let plan = plan(&policy, &nothing());
    let us = policy.id_of("cloud-us").unwrap();
    let why = &plan.removed.iter().find(|removed| removed.backend == us).unwrap().why;
    let word = |text: &'static str| Word::fixed(text);
    assert_eq!(*why, Removal::Rules([(word("a"), word("one")), (word("b"), word("two"))].into()));
    assert_eq!(plan.fired, [word("a"), word("b")]);
    assert_eq!(policy.because("b"), Some(&word("two")));
}

#[test]
fn what_cannot_serve_is_no_choice_and_no_tier() {
    let policy = policy(ALLOW_ALL);
    let only_us: BackendSet = [policy.id_of("cloud-us").unwrap()].into_iter().collect();
    let plan = decide(&policy, &nothing(), &only_us, now());
    assert_eq!(plan.choices.len(), 1);
    assert_eq!((plan.choices[0].tier, plan.unable.len(), plan.removed.len()), (Tier::Other, 6, 0));
    assert!(!plan.fall_back.open, "a model that only a foreign backend serves reaches it without `fall back`");
    assert!(!plan.forbids_all());
}

#[test]
fn tiers_then_prefer_then_fewest_changes() {
    let statements = format!(
        "{ALLOW_ALL}rule r because \"t\" on backends named cloud-fr must pseudonymise personal\nrule p because \"t\" prefer backends named cloud-fr-keeps prefer backends named cloud-fr\n"
    );
    let rows: [Ranked; 2] = [
        (
            "fewest changes",
            format!("{ALLOW_ALL}rule r because \"t\" on backends named cloud-fr must pseudonymise personal\n"),
            &[
                ("gpu-paris", 0),
                ("cloud-fr-keeps", 0),
                ("cloud-fr", 1),
                ("cloud-de", 0),
                ("us-owned-in-eea", 0),
                ("cloud-unknown", 1),
                ("cloud-us", 1),
            ],
        ),
        (
            "prefer as written",
            statements.replace("prefer backends named cloud-fr-keeps prefer", "prefer"),
            &[
                ("gpu-paris", 0),
                ("cloud-fr", 0),
                ("cloud-fr-keeps", 1),
                ("cloud-de", 0),
                ("us-owned-in-eea", 0),
                ("cloud-unknown", 1),
                ("cloud-us", 1),
            ],
        ),
    ];
    for (sentence, statements, expected) in rows {
        let policy = policy(&statements);
        let facts = with(&policy, &["email"]);
        let order: Vec<(String, u32)> =
            plan(&policy, &facts).choices.iter().map(|choice| (name(&policy, choice.backend), choice.rank)).collect();
        let expected: Vec<(String, u32)> = expected.iter().map(|(name, rank)| ((*name).to_owned(), *rank)).collect();
        assert_eq!(order, expected, "{sentence}");
    }
}

#[test]
fn fall_back_opens_flows_so_it_asks_for_surely() {
    let rows: [FallBackRow; 8] = [
        ("no clause", "", |_| (), (false, None)),
        ("if unavailable", "fall back if unavailable", |_| (), (true, None)),
        ("after N s of waiting", "fall back if unavailable or after 2 s of waiting", |_| (), (true, Some(2_000))),
        (
            "the shortest of several",
            "fall back if unavailable or after 2 s of waiting fall back if unavailable or after 500 ms of waiting",
            |_| (),
            (true, Some(500)),
        ),
        (
            "surely when",
            "fall back if unavailable when label is \"Public\"",
            |facts| facts.label = LabelFact::Unknown,
            (false, None),
        ),
        (
            "not possibly unless",
            "fall back if unavailable unless leak score at least 300",
            |facts| facts.leak = LeakFact::Unknown,
            (false, None),
        ),
        (
            "not possibly unless, where an encoder did not say",
            "fall back if unavailable unless leak score at least 300",
            |facts| facts.leak = LeakFact::Between(0, 499),
            (false, None),
        ),
        (
            "not unless",
            "fall back if unavailable unless leak score at least 300",
            |facts| facts.leak = LeakFact::Score(299),
            (true, None),
        ),
    ];
    for (sentence, clause, change, expected) in rows {
        let fall_back = plan(&policy(&format!("{ALLOW_ALL}{clause}\n")), &changed(&[], change)).fall_back;
        assert_eq!((fall_back.open, fall_back.after_ms), expected, "{sentence}");
    }
}

#[test]
fn hosted_tools_need_a_line_by_name_and_host() {
    let mcp = |host: &'static str| vec![(Word::fixed("mcp"), Some(Word::fixed(host)))];
    let search = || vec![(Word::fixed("web_search"), None)];
    let rows: Vec<(&str, &str, Tools, bool)> = vec![
        ("refused unless allowed", "", search(), false),
        ("allowed by name", "allow hosted tool web_search", search(), true),
        ("another tool", "allow hosted tool file_search", search(), false),
        ("allowed by name and host", "allow hosted tool mcp at \"tools.example\"", mcp("tools.example"), true),
        ("another host", "allow hosted tool mcp at \"tools.example\"", mcp("unknown"), false),
        (
            "a name alone does not allow a host",
            "allow hosted tool web_search",
            vec![(Word::fixed("web_search"), Some(Word::UNKNOWN))],
            false,
        ),
        ("one of two", "allow hosted tool web_search", [search(), mcp("x")].concat(), false),
        ("only when", "allow hosted tool web_search when app is \"a\"", search(), false),
    ];
    for (sentence, line, hosted, expected) in rows {
        let policy = policy(&format!("{ALLOW_ALL}{line}\n"));
        let plan = plan(&policy, &changed(&[], |facts| facts.hosted = hosted));
        assert_eq!(!plan.choices.is_empty(), expected, "{sentence}");
        assert_eq!(plan.fired.contains(&Word::fixed("hosted-tools")), !expected, "{sentence}");
    }
}

#[test]
fn past_its_validity_only_on_premises_is_allowed() {
    let policy = policy(ALLOW_ALL);
    let until = policy.valid_until().unwrap();
    let before = decide(&policy, &nothing(), &everyone(&policy), until - jiff::SignedDuration::from_secs(1));
    let after = decide(&policy, &nothing(), &everyone(&policy), until);
    assert_eq!((before.choices.len(), after.choices.len()), (7, 1));
    assert_eq!(name(&policy, after.choices[0].backend), "gpu-paris");
    assert!(after.removed.iter().all(|removed| removed.why == Removal::Expired));
    let us = policy.id_of("cloud-us").unwrap();
    let nothing = nothing();
    let sent = Sent { facts: &nothing, arrived: &nothing };
    assert_eq!(recheck(&policy, sent, us, &Duties::default(), until), Err(Removal::Expired));
}

#[test]
fn a_scenario_that_does_not_hold_says_so() {
    let policy = policy(
        "allow backends on premises\nscenario \"wrong\" given nothing then allowed cloud-us and refused gpu-paris\n",
    );
    let results = run_scenarios(&policy, now());
    assert_eq!(results.len(), 1);
    assert_eq!((results[0].line, results[0].failures.len()), (5, 2), "{results:?}");
    assert_eq!(results[0].failures[0], "`cloud-us` was to be allowed and is refused: no `allow` surely admits it");
}

#[test]
fn the_digest_is_of_what_a_sheet_says() {
    let digest = |statements: &str| policy(statements).digest();
    let plain = digest("allow backends on premises\n");
    assert_eq!(digest("# a note\nallow    backends\n  on premises # more\n"), plain);
    assert_ne!(digest("allow backends domestic\n"), plain);
    let inventory =
        |text: &str| good(&sources(&format!("{HEADER}allow backends on premises\n"), text)).inventory_digest();
    let entry = "[backend.a]\nhosts = [\"a\"]\nverified = 2026-01-01\nby = \"x\"\n";
    assert_eq!(
        inventory(entry),
        inventory("# note\n[backend.a]\nby = \"x\"\nhosts = [ \"a\" ]\nverified = 2026-01-01\n")
    );
    assert_ne!(inventory(entry), inventory(&entry.replace("\"x\"", "\"y\"")));
}

#[test]
fn a_freeze_leaves_what_is_on_premises_and_says_why() {
    let policy = policy(ALLOW_ALL);
    for facts in [nothing(), with(&policy, &["email", "iban"])] {
        let mut frozen = plan(&policy, &facts);
        let before = (frozen.choices.len(), frozen.removed.len());
        freeze(&policy, &mut frozen);
        let names: Vec<String> = frozen.choices.iter().map(|choice| name(&policy, choice.backend)).collect();
        assert_eq!(names, ["gpu-paris"]);
        assert_eq!(frozen.removed.len(), before.0 + before.1 - 1);
        assert!(frozen.removed.iter().all(|removed| removed.why == Removal::Frozen));
        assert!(frozen.removed.is_sorted_by_key(|removed| removed.backend));
    }
    // What the policy had taken out anyway keeps its reason.
    let rule = format!("{ALLOW_ALL}rule r because \"x\" never backends located in US or located in FR\n");
    let policy = super::policy(&rule);
    let mut frozen = plan(&policy, &nothing());
    freeze(&policy, &mut frozen);
    assert!(frozen.choices.is_empty() && frozen.forbids_all());
    assert!(frozen.removed.iter().any(|removed| matches!(removed.why, Removal::Rules(_))));
}
