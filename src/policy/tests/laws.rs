//! Laws that hold for every policy, inventory and request.

use proptest::prelude::*;

use super::naive::Naive;
use super::random::{self, written};
use super::*;
use crate::model::{Action, Certainty, Duties, LabelFact, ScanStatus, Word};
use crate::policy::compile::gather;
use crate::policy::facts::{by_label, set_purpose};

const NOWHERE: usize = usize::MAX;

/// A quarter of what is asked for by `PROPTEST_CASES`: each case compiles two policies.
fn fewer() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: asked.cases / 4, failure_persistence: None, ..asked }
}

/// For each backend, by name, what it may have the request for; absent when it may not.
fn outcome(policy: &Policy, facts: &Facts) -> std::collections::BTreeMap<String, Duties> {
    plan(policy, &heard(policy, facts))
        .choices
        .into_iter()
        .map(|choice| (name(policy, choice.backend), choice.duties))
        .collect()
}

/// The facts with what the policy makes of a declared purpose, and what its labels say of them.
fn heard(policy: &Policy, facts: &Facts) -> Facts {
    let mut heard = facts.clone();
    if facts.purpose_declared {
        let declared = facts.purpose.as_ref().map(Word::as_str);
        set_purpose(&mut heard, declared, None, policy);
    }
    by_label(&mut heard, policy);
    heard
}

/// Nothing that was refused is allowed, and nothing is done more mildly.
fn no_flow_opened(
    before: &std::collections::BTreeMap<String, Duties>,
    after: &std::collections::BTreeMap<String, Duties>,
) -> Result<(), TestCaseError> {
    for (backend, duties) in after {
        let Some(demanded) = before.get(backend) else {
            return Err(TestCaseError::fail(format!("{backend} was refused and is allowed")));
        };
        for (entity, action) in &demanded.actions {
            prop_assert!(duties.action(*entity) >= *action, "{backend}: a duty became milder");
        }
    }
    Ok(())
}

fn forward(draft: &random::Draft) -> Vec<usize> {
    (0..draft.rules.len()).collect()
}

/// The random sheets hold rules that `check` would refuse; those are not the subject here.
fn try_compile(sources: &Sources) -> Option<Policy> {
    compiled(sources).ok()
}

proptest! {
    #![proptest_config(fewer())]

    #[test]
    fn masks_decide_as_the_naive_reading_does(draft in random::draft(true), inventory in random::inventory(), facts in random::facts()) {
        let catalogue = all_types();
        let sources = sources(&draft.sheet(&forward(&draft)), &written(&inventory, NOWHERE, 0));
        let Ok(gathered) = gather(&sources, &catalogue, &every(&catalogue), &vocabulary()) else { return Ok(()) };
        prop_assert!(facts.types.iter().all(naive::plausible));
        let vocabulary = vocabulary();
        let labelled = naive::labelled(&gathered, &catalogue, &facts);
        let policy = good(&sources);
        prop_assert_eq!(&heard(&policy, &facts), &labelled);
        let facts = labelled;
        let naive = Naive { gathered: &gathered, catalogue: &catalogue, vocabulary: &vocabulary, facts: &facts, now: now() };
        let verdicts = naive.verdicts();
        let plan = plan(&policy, &facts);
        let still = |rule: &Word| gathered.resolved.rules.iter().any(|one| one.name == *rule && one.gate.asks_still());
        let used = plan.exceptions.iter().map(|used| (used.exception.clone(), used.rule.clone()));
        let (after, before): (Vec<_>, Vec<_>) = used.partition(|(_, rule)| still(rule));
        prop_assert_eq!(before, naive.exceptions());
        prop_assert!(after.iter().all(|(exception, _)| naive.holds(exception)));
        for (index, verdict) in verdicts.iter().enumerate() {
            let id = crate::model::BackendId(u16::try_from(index).unwrap());
            let choice = plan.choices.iter().find(|choice| choice.backend == id);
            prop_assert_eq!(choice.is_some(), verdict.is_some(), "{} {:?}", name(&policy, id), plan.removed);
            if let (Some(choice), Some(duties)) = (choice, verdict) {
                let duties: Vec<(EntityId, Action)> = duties.iter().map(|(entity, action)| (*entity, *action)).collect();
                prop_assert_eq!(&choice.duties.actions, &duties);
            }
        }
        prop_assert_eq!(plan.choices.len() + plan.removed.len(), policy.backends().len());
        prop_assert!(plan.choices.is_sorted_by_key(|choice| (choice.tier, choice.rank)));
    }

    #[test]
    fn any_text_is_parsed_or_reported(text in "(rule|when|on backends|only backends|must|allow backends|any of|not|and|or|given|then|scenario|\"|[(),#\n 0-9é;-]|[a-z]{1,4}|data includes|policy \"x\"|\\PC){0,40}", toml in "(\\[backend.x\\]|processing|=|\\[|\\]|\"FR\"|\n|\\{|\\}|value|until|2026-01-01|\\PC){0,30}") {
        for sheet in [text.clone(), format!("{HEADER}{text}")] {
            if let Err(faults) = compiled(&sources(&sheet, &toml)) {
                for fault in &faults {
                    prop_assert!(render(fault).contains("octroi::policy::"));
                }
            }
        }
    }

    #[test]
    fn order_plays_no_part(draft in random::draft(true), inventory in random::inventory(), facts in random::facts()) {
        let text = written(&inventory, NOWHERE, 0);
        let Some(one) = try_compile(&sources(&draft.sheet(&forward(&draft)), &text)) else { return Ok(()) };
        let mut turned = draft.clone();
        turned.allows.reverse();
        let order: Vec<usize> = forward(&draft).into_iter().rev().collect();
        let other = good(&sources(&turned.sheet(&order), &text));
        prop_assert_eq!(outcome(&one, &facts), outcome(&other, &facts));
    }

    #[test]
    fn adding_a_pack_never_opens_a_flow(draft in random::draft(true), extra in random::restriction(), inventory in random::inventory(), facts in random::facts()) {
        let text = written(&inventory, NOWHERE, 0);
        let sheet = draft.sheet(&forward(&draft));
        let Some(before) = try_compile(&sources(&sheet, &text)) else { return Ok(()) };
        let mut with_pack = sources(&format!("{sheet}use pack extra\n"), &text);
        let pack = format!("pack extra version 1 owner \"o\" review before 2027-01-01\nrule extra\n{extra}");
        with_pack.packs.push(file("extra.policy", &pack));
        let Some(after) = try_compile(&with_pack) else { return Ok(()) };
        no_flow_opened(&outcome(&before, &facts), &outcome(&after, &facts))?;
        let opens = |policy: &Policy| plan(policy, &heard(policy, &facts)).fall_back;
        prop_assert_eq!(opens(&before), opens(&after));
    }

    #[test]
    fn adding_a_never_never_opens_a_flow(draft in random::draft(true), extra in random::never(), inventory in random::inventory(), facts in random::facts()) {
        let text = written(&inventory, NOWHERE, 0);
        let sheet = draft.sheet(&forward(&draft));
        let Some(before) = try_compile(&sources(&sheet, &text)) else { return Ok(()) };
        let Some(after) = try_compile(&sources(&format!("{sheet}rule extra\n{extra}"), &text)) else { return Ok(()) };
        no_flow_opened(&outcome(&before, &facts), &outcome(&after, &facts))?;
    }

    #[test]
    fn an_unknown_fact_never_opens_a_flow(draft in random::draft(false), inventory in random::inventory(), facts in random::facts(), which in 0..8_u8) {
        let Some(policy) = try_compile(&sources(&draft.sheet(&forward(&draft)), &written(&inventory, NOWHERE, 0))) else { return Ok(()) };
        let mut unknown = facts.clone();
        match which {
            0 => unknown.label = LabelFact::Unknown,
            1 => unknown.leak = crate::model::LeakFact::Unknown,
            2 => unknown.scan = ScanStatus::Partial,
            3 => unknown.unreadable = true,
            4 => unknown.reference = true,
            5 => unknown.purpose = Some(Word::UNKNOWN),
            6 => unknown.residence = vec![crate::model::Country::UNKNOWN],
            _ => unknown.health_of_a_person = Certainty::UNKNOWN,
        }
        let (known, unknown) = (plan(&policy, &heard(&policy, &facts)), plan(&policy, &heard(&policy, &unknown)));
        let outcome = |plan: &Plan| plan.choices.iter().map(|choice| (name(&policy, choice.backend), choice.duties.clone())).collect();
        no_flow_opened(&outcome(&known), &outcome(&unknown))?;
        prop_assert!(known.fall_back.open || !unknown.fall_back.open);
    }

    #[test]
    fn an_undeclared_truth_never_opens_a_flow(draft in random::draft(true), inventory in random::inventory(), facts in random::facts(), of in 0..4_usize, line in 0..13_usize) {
        let sheet = draft.sheet(&forward(&draft));
        let Some(declared) = try_compile(&sources(&sheet, &written(&inventory, NOWHERE, 0))) else { return Ok(()) };
        let undeclared = good(&sources(&sheet, &written(&inventory, of, line)));
        no_flow_opened(&outcome(&declared, &facts), &outcome(&undeclared, &facts))?;
    }

    #[test]
    fn the_last_look_allows_only_what_was_decided(draft in random::draft(true), inventory in random::inventory(), facts in random::facts()) {
        let Some(policy) = try_compile(&sources(&draft.sheet(&forward(&draft)), &written(&inventory, NOWHERE, 0))) else { return Ok(()) };
        let facts = heard(&policy, &facts);
        let decided = plan(&policy, &facts);
        for removed in &decided.removed {
            // Unchanged bytes to a backend that was refused: refused again, but for what only a second growth refuses.
            let again = recheck(&policy, Sent { facts: &facts, arrived: &facts }, removed.backend, &Duties::default(), now());
            let grown = scenario::reasons(&removed.why, Language::En).concat().contains("second decision");
            prop_assert!(again.is_err() || grown, "{:?}", removed);
        }
        for choice in decided.choices.iter().filter(|choice| !choice.duties.actions.is_empty()) {
            let again = recheck(&policy, Sent { facts: &facts, arrived: &facts }, choice.backend, &choice.duties, now());
            prop_assert!(again.is_err(), "nothing was changed, and it passed");
        }
    }

    #[test]
    fn what_was_changed_as_demanded_passes(draft in random::draft(true), inventory in random::inventory(), facts in random::facts()) {
        let Some(policy) = try_compile(&sources(&draft.sheet(&forward(&draft)), &written(&inventory, NOWHERE, 0))) else { return Ok(()) };
        let facts = heard(&policy, &facts);
        for choice in plan(&policy, &facts).choices {
            let mut sent = facts.clone();
            sent.types.retain(|fact| choice.duties.action(fact.entity) == Action::Keep);
            sent.pseudonymised = choice.duties.actions.iter().map(|(entity, _)| *entity).collect();
            // Who is changed is named no more.
            sent.health_of_a_person = Certainty::FALSE;
            let again = recheck(&policy, Sent { facts: &sent, arrived: &facts }, choice.backend, &choice.duties, now());
            prop_assert!(choice.duties.actions.is_empty() || again.is_ok(), "{:?} {:?}", choice, again);
        }
    }
}

#[test]
fn the_random_policies_are_not_vacuous() {
    use proptest::strategy::{Strategy as _, ValueTree as _};
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut compiled_, mut with_choice, mut with_duty, mut with_removal) = (0, 0, 0, 0);
    let (mut spared, mut over, mut labelled) = (0, 0, 0);
    for _ in 0..150 {
        let mut one = || -> (random::Draft, Vec<Vec<String>>, Facts) {
            (random::draft(true), random::inventory(), random::facts()).new_tree(&mut runner).unwrap().current()
        };
        let (draft, inventory, facts) = one();
        let Some(policy) = try_compile(&sources(&draft.sheet(&forward(&draft)), &written(&inventory, NOWHERE, 0)))
        else {
            continue;
        };
        let plan = plan(&policy, &heard(&policy, &facts));
        let sheet = draft.sheet(&forward(&draft));
        spared += u32::from(sheet.contains("\nexception "));
        over += u32::from(sheet.contains("  from 2026-11-23\n"));
        labelled += u32::from(heard(&policy, &facts) != facts);
        compiled_ += 1;
        with_choice += u32::from(!plan.choices.is_empty());
        with_duty += u32::from(plan.choices.iter().any(|choice| !choice.duties.actions.is_empty()));
        with_removal +=
            u32::from(plan.removed.iter().any(|removed| matches!(removed.why, crate::model::Removal::Rules(_))));
    }
    eprintln!(
        "of 150: {compiled_} compile, {with_choice} allow somebody, {with_duty} demand a change, {with_removal} remove"
    );
    eprintln!("{spared} have exceptions, {over} windows that are not open, {labelled} labels that say something");
    assert!(compiled_ >= 100 && with_choice >= 40 && with_duty >= 2 && with_removal >= 30);
    assert!(spared >= 40 && over >= 10 && labelled >= 6);
}
