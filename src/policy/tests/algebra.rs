//! Facts and algebra of DESIGN section 7: rules, duties, tiers, `fall back`, hosted tools, the second decision, the last look.

use super::*;
use crate::model::finding::{Coverage, SURELY};
use crate::model::{
    Action, BackendId, Call, Caller, Certainty, Country, Dialect, Duties, Field, Finding, Findings, LabelFact,
    LeakFact, Operation, Removal, Role, ScanStatus, Tier, TokenKind, Word,
};

/// What one condition lets happen: whether a rule of it fires, and whether an `allow` of it opens.
fn fires_and_opens(condition: &str, facts: &Facts) -> (bool, bool) {
    let forbids =
        policy(&format!("{ALLOW_ALL}rule r\n  because \"t\"\n  when {condition}\n  never backends named cloud-us\n"));
    let opens = policy(&format!("allow backends named cloud-us when {condition}\n"));
    let us = |names: Vec<String>| names.iter().any(|name| name == "cloud-us");
    (!us(allowed(&forbids, facts)), us(allowed(&opens, facts)))
}

const NO: (bool, bool) = (false, false);
const PERHAPS: (bool, bool) = (true, false);
const YES: (bool, bool) = (true, true);

fn changed(types: &[&str], change: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = with(&policy(ALLOW_ALL), types);
    change(&mut facts);
    facts
}

#[test]
fn facts_are_two_bits() {
    let rows: Vec<(&str, &str, Facts, (bool, bool))> = vec![
        ("a type implies its class", "data includes personal", changed(&["email"], |_| ()), YES),
        ("special implies personal", "data includes personal", changed(&["health_condition"], |_| ()), YES),
        ("what was not found is not there", "data includes health", changed(&["email"], |_| ()), NO),
        (
            "possibly from 50, surely from 80",
            "data includes personal",
            changed(&["email"], |f| f.types[0].surely = 0),
            PERHAPS,
        ),
        (
            "a field that cannot be read makes every class possible",
            "data includes health",
            changed(&[], |f| f.unreadable = true),
            PERHAPS,
        ),
        ("a reference as well", "data includes health", changed(&[], |f| f.reference = true), PERHAPS),
        ("and every type", "data includes fr_nir", changed(&[], |f| f.unreadable = true), PERHAPS),
        ("an unfinished scan as well", "data includes fr_nir", changed(&[], |f| f.scan = ScanStatus::Partial), PERHAPS),
        (
            "a count that is reached",
            "data includes at least 3 person",
            changed(&["person"], |f| {
                f.types[0].possibly = 3;
                f.types[0].surely = 3;
            }),
            YES,
        ),
        (
            "a count that is possibly reached",
            "data includes at least 3 person",
            changed(&["person"], |f| f.types[0].possibly = 3),
            PERHAPS,
        ),
        (
            "a count that is not",
            "data includes at least 3 person",
            changed(&["person"], |f| f.types[0].possibly = 2),
            NO,
        ),
        ("a class counts its types", "data includes at least 2 personal", changed(&["person", "email"], |_| ()), YES),
        (
            "confidence at least N",
            "data includes person with confidence at least 90",
            changed(&["person"], |f| f.types[0].confidence = 90),
            YES,
        ),
        (
            "confidence below N",
            "data includes person with confidence at least 90",
            changed(&["person"], |f| f.types[0].confidence = 89),
            NO,
        ),
        ("health is a health term", "data includes health", changed(&["health_condition"], |_| ()), YES),
        (
            "health of a person is one beside a name",
            "data includes health of a person",
            changed(&["health_condition"], |f| f.health_of_a_person = Certainty::TRUE),
            YES,
        ),
        ("and not a term alone", "data includes health of a person", changed(&["health_condition"], |_| ()), NO),
        ("any of", "data includes any of iban, email", changed(&["email"], |_| ()), YES),
        ("all of", "data includes all of iban, email", changed(&["email"], |_| ()), NO),
        ("no label: false", "label is \"Secret\"", changed(&[], |_| ()), NO),
        (
            "a label that is not listed: possibly any",
            "label is \"Secret\"",
            changed(&[], |f| f.label = LabelFact::Unknown),
            PERHAPS,
        ),
        ("a label", "label is \"Secret\"", changed(&[], |f| f.label = LabelFact::Named(Word::fixed("Secret"))), YES),
        (
            "another label",
            "label is \"Secret\"",
            changed(&[], |f| f.label = LabelFact::Named(Word::fixed("Public"))),
            NO,
        ),
        (
            "labels are listed from lowest to highest",
            "label at least \"Internal\"",
            changed(&[], |f| f.label = LabelFact::Named(Word::fixed("Secret"))),
            YES,
        ),
        (
            "a lower label",
            "label at least \"Internal\"",
            changed(&[], |f| f.label = LabelFact::Named(Word::fixed("Public"))),
            NO,
        ),
        ("no corpus registered: leak score surely 0", "leak score at least 1", changed(&[], |_| ()), NO),
        ("leak score", "leak score at least 700", changed(&[], |f| f.leak = LeakFact::Score(700)), YES),
        (
            "leak scan failed or over budget: unknown",
            "leak score at least 700",
            changed(&[], |f| f.leak = LeakFact::Unknown),
            PERHAPS,
        ),
        ("app", "app is \"a\"", changed(&[], |f| f.app = Word::fixed("a")), YES),
        ("another app", "app is \"a\"", changed(&[], |f| f.app = Word::fixed("b")), NO),
        ("purpose absent: false", "purpose is \"care\"", changed(&[], |_| ()), NO),
        (
            "purpose that no sheet names: unknown",
            "purpose is \"care\"",
            changed(&[], |f| f.purpose = Some(Word::UNKNOWN)),
            PERHAPS,
        ),
        ("residence", "residence in EEA", changed(&[], |f| f.residence = vec![Country::parse("FR").unwrap()]), YES),
        ("residence absent: false", "residence in EEA", changed(&[], |_| ()), NO),
        ("residence unknown", "residence in EEA", changed(&[], |f| f.residence = vec![Country::UNKNOWN]), PERHAPS),
        ("minors", "minors are concerned", changed(&[], |f| f.minors = true), YES),
        ("tenant", "tenant is \"t\"", changed(&[], |f| f.tenant = Word::fixed("t")), YES),
        ("role", "role is \"r\"", changed(&[], |f| f.roles = vec![Word::fixed("r")]), YES),
        (
            "negation swaps the bits",
            "not data includes personal",
            changed(&["email"], |f| f.types[0].surely = 0),
            PERHAPS,
        ),
        ("negation of what is there", "not data includes personal", changed(&["email"], |_| ()), NO),
    ];
    for (sentence, condition, facts, expected) in rows {
        assert_eq!(fires_and_opens(condition, &facts), expected, "{sentence}");
    }
}

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
    assert_eq!(*why, Removal::Rules(vec![(word("a"), word("one")), (word("b"), word("two"))]));
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
    let rows: [(&str, String, &[(&str, u32)]); 2] = [
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
    let rows: [(&str, &str, fn(&mut Facts), (bool, Option<u64>)); 7] = [
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

/// The duties of `cloud-us`, or why it was removed.
fn us_duties(statements: &str, facts: impl FnOnce(&Policy) -> Facts) -> Result<Duties, Removal> {
    let policy = policy(&format!("{ALLOW_ALL}{statements}"));
    let facts = facts(&policy);
    let (plan, us) = (plan(&policy, &facts), policy.id_of("cloud-us").unwrap());
    match plan.choices.iter().find(|choice| choice.backend == us) {
        Some(choice) => Ok(choice.duties.clone()),
        None => Err(plan.removed.iter().find(|removed| removed.backend == us).unwrap().why.clone()),
    }
}

#[test]
fn duties_merge_to_the_strictest_and_name_what_is_there() {
    let statements = "rule a because \"t\" must pseudonymise personal\nrule b because \"t\" must redact iban\nrule c because \"t\" must pseudonymise unlinkably email\n";
    let duties = us_duties(statements, |policy| with(policy, &["email", "iban"])).unwrap();
    let catalogue = all_types();
    let actions: Vec<(&str, Action)> = duties
        .actions
        .iter()
        .map(|(entity, action)| (catalogue.info(*entity).unwrap().name.as_str(), *action))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|(name, action)| (if name == "email" { "email" } else { "iban" }, action))
        .collect();
    assert_eq!(actions, [("email", Action::PseudonymiseUnlinkably), ("iban", Action::Redact)]);
}

#[test]
fn what_cannot_be_done_removes_the_backend() {
    let rule = |duty: &str| format!("rule r because \"t\" on backends named cloud-us must {duty}\n");
    let email = |policy: &Policy| with(policy, &["email"]);
    let duty = |word: &'static str| Err(Removal::Duty(Word::fixed(word)));
    let unlocated = duty("change data that no detector could locate");
    assert_eq!(us_duties(&rule("generalise personal"), email), duty("generalise"), "an action that this build lacks");
    assert!(us_duties(&rule("generalise personal"), |_| nothing()).is_ok(), "nothing to generalise");
    assert_eq!(us_duties(&rule("log sealed"), email), duty("log sealed"), "no sealed log in this build");
    assert!(matches!(us_duties(&rule("block personal"), email), Err(Removal::Rules(_))), "block");
    let partial = |_: &Policy| changed(&["email"], |facts| facts.scan = ScanStatus::Partial);
    assert_eq!(us_duties(&rule("pseudonymise personal"), partial), unlocated, "what was not read cannot be changed");
    let declared = |policy: &Policy| {
        let mut facts = nothing();
        facts.declared =
            policy.catalogue().class_info(policy.catalogue().class("trade-secret").unwrap()).unwrap().closure;
        facts
    };
    assert_eq!(
        us_duties(&rule("redact trade-secret"), declared),
        unlocated,
        "what a label declares is nowhere to be found"
    );
}

#[test]
fn after_the_duties_the_decision_is_taken_again() {
    let still =
        "rule no-names because \"t\" when data still includes identified personal never backends exposed to US\n";
    let must =
        "rule names because \"t\" when data includes personal on backends exposed to US must pseudonymise personal\n";
    let email = |policy: &Policy| with(policy, &["email"]);
    let removed = us_duties(still, email);
    assert!(matches!(removed, Err(Removal::Rules(_))), "identified data is removed: {removed:?}");
    assert_eq!(
        us_duties(&format!("{must}{still}"), email).unwrap().changes(),
        1,
        "pseudonymised data is no longer identified"
    );
    let perhaps = "rule names because \"t\" when label is \"Secret\" must pseudonymise personal\n";
    let unlabelled = |policy: &Policy| {
        let mut facts = with(policy, &["email"]);
        facts.label = LabelFact::Unknown;
        facts
    };
    assert!(
        us_duties(&format!("{perhaps}{still}"), unlabelled).is_err(),
        "a duty that only may apply does not open a flow"
    );
    let adds = "rule more because \"t\" when data still includes identified iban must redact iban\n";
    let both = |policy: &Policy| with(policy, &["email", "iban"]);
    assert_eq!(us_duties(adds, both).unwrap().changes(), 1, "it may add duties");
    let again = "rule again because \"t\" when not data still includes identified iban must pseudonymise email\n";
    let grown = us_duties(&format!("{adds}{again}"), both);
    assert!(matches!(&grown, Err(Removal::Duty(_))), "a second growth refuses: {grown:?}");
    let allow = policy(&format!("allow backends exposed to US unless data still includes identified personal\n{must}"));
    assert_eq!(allowed(&allow, &with(&allow, &["email"])), ["cloud-us", "us-owned-in-eea"], "an allow may ask as well");
}

#[test]
fn a_pack_cannot_open_by_changing() {
    let sheet = format!(
        "{HEADER}{ALLOW_ALL}rule no-names because \"t\" when data still includes identified personal never backends exposed to US\nuse pack changes\n"
    );
    let mut sources = sources(&sheet, starter::example_inventory());
    sources.packs.push(file("changes.policy", "pack changes version 1 owner \"o\" review before 2027-01-01\nrule changes because \"t\" must pseudonymise personal\n"));
    let policy = good(&sources);
    assert!(!allowed(&policy, &with(&policy, &["email"])).contains(&"cloud-us".to_owned()));
}

#[test]
fn hosted_tools_need_a_line_by_name_and_host() {
    let mcp = |host: &'static str| vec![(Word::fixed("mcp"), Some(Word::fixed(host)))];
    let search = || vec![(Word::fixed("web_search"), None)];
    let rows: Vec<(&str, &str, Vec<(Word, Option<Word>)>, bool)> = vec![
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
    assert_eq!(recheck(&policy, &nothing(), us, &Duties::default(), until), Err(Removal::Expired));
}

#[test]
fn the_last_look_sees_what_is_left() {
    let policy = policy(&format!(
        "{ALLOW_ALL}rule r because \"t\" when data includes personal on backends exposed to US must pseudonymise personal\nrule n because \"t\" when data includes health never backends named cloud-us\n"
    ));
    let us = policy.id_of("cloud-us").unwrap();
    let mut duties = Duties::default();
    duties.require(policy.catalogue().entity("email").unwrap(), Action::Pseudonymise);
    let look = |types: &[&str]| recheck(&policy, &with(&policy, types), us, &duties, now());
    assert_eq!(look(&[]), Ok(()), "all was changed");
    assert_eq!(look(&["email"]), Err(Removal::Duty(Word::fixed("pseudonymise"))), "a value was left");
    assert_eq!(look(&["phone"]), Err(Removal::Duty(Word::fixed("pseudonymise"))), "a value that was not seen before");
    assert!(matches!(look(&["health_condition"]), Err(Removal::Rules(_))), "a rule that fires now");
    assert_eq!(recheck(&policy, &nothing(), BackendId(99), &duties, now()), Err(Removal::NotAllowed));
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

fn caller() -> Caller {
    Caller {
        tenant: Word::fixed("t"),
        app: Word::fixed("a"),
        purpose: Some(Word::fixed("care")),
        roles: Vec::new(),
        residence: Vec::new(),
        minors: false,
        labels_required: false,
        actor: Word::fixed("x"),
        quiet: false,
    }
}

/// A call of these roles, each field in a group of its own.
fn call(fields: &[(Role, &'static str)]) -> Call {
    let field = |(group, (role, text)): (u32, &(Role, &'static str))| Field {
        path: "messages[].content",
        role: *role,
        kind: TokenKind::String,
        span: 0..0,
        content: crate::model::Content::Decoded((*text).into()),
        group,
        key: crate::model::call::FieldKey::None,
    };
    Call {
        api: crate::model::Api { dialect: Dialect::OpenAi, operation: Operation::ChatCompletions },
        body: String::new(),
        fields: (0..).zip(fields).map(field).collect(),
        model: 0,
        stream: false,
        store: None,
        open: 0,
        hosted: Vec::new(),
    }
}

#[test]
fn facts_hold_words_of_ours_only() {
    let policy = policy(&format!(
        "{ALLOW_ALL}allow hosted tool mcp at \"tools.example\"\nrule r because \"t\" when purpose is \"marketing\" never backends named cloud-us\n"
    ));
    let context = Context { leak: LeakFact::Score(3), policy: &policy };
    let none = Findings { list: Vec::new(), scan: ScanStatus::Complete, coverage: Coverage::default() };
    let of = |declared: Declared<'_>, caller: &Caller, call: &Call| facts(call, &none, caller, &declared, context);
    let plain = call(&[(Role::User, "x")]);
    let label = |label: &str| of(Declared { label: Some(label), ..Declared::default() }, &caller(), &plain).label;
    assert_eq!(label(" secret "), LabelFact::Named(Word::fixed("Secret")), "in the sheet's spelling");
    assert_eq!(label("Très secret"), LabelFact::Unknown, "one that the sheet does not list");
    assert_eq!(label(""), LabelFact::Absent);
    let required = Caller { labels_required: true, ..caller() };
    assert_eq!(of(Declared::default(), &required, &plain).label, LabelFact::Unknown, "labels required");
    let purpose = |purpose: Option<&str>| of(Declared { purpose, ..Declared::default() }, &caller(), &plain).purpose;
    assert_eq!(purpose(None), Some(Word::fixed("care")), "the app's registration");
    assert_eq!(purpose(Some("marketing")), Some(Word::fixed("marketing")));
    assert_eq!(purpose(Some("anna@example.com")), Some(Word::UNKNOWN), "no text of the request");
    let residence = of(Declared { residence: Some("FR, XX,fr"), ..Declared::default() }, &caller(), &plain).residence;
    assert_eq!(residence, [Country::parse("FR").unwrap(), Country::UNKNOWN]);
    for (url, host) in [("https://tools.example/sse", "tools.example"), ("https://anna.example/", "unknown")] {
        let mut asking = call(&[(Role::Hosted, url)]);
        asking.hosted.push(crate::model::call::Hosted { kind: Word::fixed("mcp"), host: Some(0) });
        assert_eq!(of(Declared::default(), &caller(), &asking).hosted, [(Word::fixed("mcp"), Some(Word::fixed(host)))]);
    }
    let odd =
        of(Declared::default(), &caller(), &call(&[(Role::Hosted, "?"), (Role::Binary, ""), (Role::Reference, "")]));
    assert_eq!((odd.hosted, odd.unreadable, odd.reference), (vec![(Word::UNKNOWN, None)], true, true));
}

#[test]
fn findings_become_counts() {
    let policy = policy(ALLOW_ALL);
    let id = |name: &str| policy.catalogue().entity(name).unwrap();
    let finding = |entity: &str, field: u32, confidence: u8| Finding {
        entity: id(entity),
        field,
        range: 0..1,
        confidence,
        detector: Word::fixed("d"),
    };
    let of = |list: Vec<Finding>| {
        let found = Findings { list, scan: ScanStatus::Complete, coverage: Coverage::default() };
        let context = Context { leak: LeakFact::Score(0), policy: &policy };
        facts(&call(&[(Role::User, "a"), (Role::User, "b")]), &found, &caller(), &Declared::default(), context)
    };
    let counted = of(vec![finding("email", 0, 90), finding("email", 1, 60), finding("email", 1, 49)]).types;
    assert_eq!(counted, [TypeFact { entity: id("email"), possibly: 2, surely: 1, confidence: 90 }]);
    let health = |list| of(list).health_of_a_person;
    assert_eq!(
        health(vec![finding("health_condition", 0, SURELY), finding("person", 0, SURELY)]),
        Certainty::TRUE,
        "in one message"
    );
    assert_eq!(
        health(vec![finding("person", 0, SURELY), finding("health_condition", 1, SURELY)]),
        Certainty::UNKNOWN,
        "in two"
    );
    assert_eq!(
        health(vec![finding("health_condition", 0, 60), finding("person", 0, SURELY)]),
        Certainty::UNKNOWN,
        "not sure"
    );
    assert_eq!(
        health(vec![finding("health_condition", 0, SURELY), finding("fr_siren", 0, SURELY)]),
        Certainty::FALSE,
        "names nobody"
    );
}
