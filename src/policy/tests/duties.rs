//! Duties: merging, what cannot be done, the second decision, the last look.

use super::*;
use crate::model::{Action, BackendId, Duties, LabelFact, Removal, ScanStatus, Word};

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
    let mut sources = sources(&sheet, example());
    sources.packs.push(file("changes.policy", "pack changes version 1 owner \"o\" review before 2027-01-01\nrule changes because \"t\" must pseudonymise personal\n"));
    let policy = good(&sources);
    assert!(!allowed(&policy, &with(&policy, &["email"])).contains(&"cloud-us".to_owned()));
}

#[test]
fn the_last_look_sees_what_is_left() {
    let policy = policy(&format!(
        "{ALLOW_ALL}rule r because \"t\" when data includes personal on backends exposed to US must pseudonymise personal\nrule n because \"t\" when data includes health never backends named cloud-us\n"
    ));
    let us = policy.id_of("cloud-us").unwrap();
    let mut duties = Duties::default();
    duties.require(policy.catalogue().entity("email").unwrap(), Action::Pseudonymise);
    let look = |types: &[&str]| {
        let facts = with(&policy, types);
        recheck(&policy, Sent { facts: &facts, arrived: &nothing() }, us, &duties, now())
    };
    assert_eq!(look(&[]), Ok(()), "all was changed");
    assert_eq!(look(&["email"]), Err(Removal::Duty(Word::fixed("pseudonymise"))), "a value was left");
    assert_eq!(look(&["phone"]), Err(Removal::Duty(Word::fixed("pseudonymise"))), "a value that was not seen before");
    assert!(matches!(look(&["health_condition"]), Err(Removal::Rules(_))), "a rule that fires now");
    let nothing = nothing();
    let sent = Sent { facts: &nothing, arrived: &nothing };
    assert_eq!(recheck(&policy, sent, BackendId(99), &duties, now()), Err(Removal::NotAllowed));
}

/// Found by the law that nothing unchanged passes: what had been changed was counted beside what was still there.
#[test]
fn the_last_look_does_not_count_twice() {
    let policy = policy(&format!(
        "{ALLOW_ALL}rule r because \"t\" unless data includes at least 3 special must pseudonymise personal\n"
    ));
    let mut facts = with(&policy, &["health_condition"]);
    (facts.types[0].possibly, facts.types[0].surely) = (2, 2);
    let choice = &plan(&policy, &facts).choices[0];
    assert_eq!(choice.duties.changes(), 1);
    let sent = Sent { facts: &facts, arrived: &facts };
    let unchanged = recheck(&policy, sent, choice.backend, &choice.duties, now());
    assert_eq!(unchanged, Err(Removal::Duty(Word::fixed("pseudonymise"))));
}

/// Where a duty has changed all there was of a type, what is asked of it as it arrived has the answer that it had: how many, and how
/// surely found.
#[test]
fn the_last_look_counts_what_was_found() {
    let policy = |asked: &str| {
        policy(&format!(
            "{ALLOW_ALL}rule p because \"t\" when data includes personal on backends exposed to US must pseudonymise personal\nrule n because \"t\" when {asked} never backends exposed to US\n"
        ))
    };
    for (asked, found, confidence, allowed) in [
        ("data includes at least 3 person", 1, 97, true),
        ("data includes at least 3 person", 2, 97, true),
        ("data includes at least 3 person", 3, 97, false),
        ("data includes at least 3 personal", 2, 97, true),
        ("data includes person with confidence at least 99", 1, 97, true),
        ("data includes person with confidence at least 97", 1, 97, false),
        ("data includes person", 1, 97, false),
    ] {
        let policy = policy(asked);
        let us = policy.id_of("cloud-us").unwrap();
        let mut facts = with(&policy, &["person"]);
        let person = &mut facts.types[0];
        (person.possibly, person.surely, person.confidence) = (found, found, confidence);
        let plan = plan(&policy, &facts);
        let choice = plan.choices.iter().find(|choice| choice.backend == us);
        assert_eq!(choice.is_some(), allowed, "{asked}, {found} found");
        let mut duties = Duties::default();
        duties.require(facts.types[0].entity, Action::Pseudonymise);
        let mut sent = nothing();
        sent.pseudonymised = vec![facts.types[0].entity];
        let look = |arrived| recheck(&policy, Sent { facts: &sent, arrived }, us, &duties, now());
        assert_eq!(look(&facts).is_ok(), allowed, "{asked}, {found} found");
        // What only the change brought to light may be as many as is asked.
        assert!(look(&nothing()).is_err(), "{asked}");
    }
}

#[test]
fn a_policy_asks_for_what_it_is_about() {
    let rule = |clauses: &str| format!("rule r because \"t\" {clauses}\n");
    for (name, statements, expected) in [
        (
            "only the comment and the reason have the word",
            "# organisation\nrule r because \"our organisation\" must redact email\n".to_owned(),
            false,
        ),
        ("a condition", rule("when data includes organisation only backends domestic"), true),
        ("a negated condition", rule("unless data includes organisation only backends domestic"), true),
        ("a count", rule("when data includes at least 3 organisation only backends domestic"), true),
        ("a duty", rule("must redact organisation"), true),
        ("what is kept", rule("must redact personal keep organisation because \"t\""), false),
    ] {
        let policy = policy(&format!("{ALLOW_ALL}{statements}"));
        assert_eq!(policy.asks_for(policy.catalogue().entity("organisation").unwrap()), expected, "{name}");
    }
    let by_class = policy(&format!("{ALLOW_ALL}{}", rule("when data includes payment-card only backends domestic")));
    let asks = |name: &str| by_class.asks_for(by_class.catalogue().entity(name).unwrap());
    assert!(asks("card_pan") && !asks("organisation"), "a class asks for its types");
}

/// What a scenario gives and a label takes away is told as that: it was given.
#[test]
fn what_a_label_takes_away_was_given() {
    let lowers = "allow backends named cloud-us\nthe label \"Public\" lowers personal, health issued by \"bench\"\nrule r because \"x\" must drop personal, health, financial\n";
    let scenario = |given: &str, what: &str| {
        let scenario = format!("scenario \"s\" given {given} then cloud-us must drop {what}\n");
        let policy = good(&sources(&format!("{HEADER}{lowers}{scenario}"), example()));
        run_scenarios(&policy, now())[0].failures.join("; ")
    };
    for (given, what, told) in [
        (
            "data person, app \"bench\" and label \"Public\"",
            "person",
            "`cloud-us` must drop `person`, and the label takes it away",
        ),
        (
            "data health, app \"bench\" and label \"Public\"",
            "health",
            "`cloud-us` must drop `health`, and the label takes it away",
        ),
        (
            "data person, app \"bench\" and label \"Public\"",
            "email",
            "`cloud-us` must drop `email`, and it is not given",
        ),
        ("data person and label \"Public\"", "person", ""),
    ] {
        assert_eq!(scenario(given, what).replace('`', ""), told.replace('`', ""), "{given}");
    }
}
