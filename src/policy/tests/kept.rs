//! A request and the conversation that it goes on from are decided on as one, whatever happened to the sheets meanwhile.

use proptest::prelude::*;

use super::random::{self, written};
use super::*;
use crate::model::{LabelFact, Leak, LeakFact};
use crate::policy::facts::{by_corpus, by_label};
use crate::policy::{Recall, Recorded, join, told};

const NO_LEAK: Leak = Leak::scored(0);

/// The facts of a request that holds these types, under a label or none.
fn labelled(policy: &Policy, types: &[&str], label: Option<&'static str>) -> Facts {
    let mut facts = changed(types, |facts| {
        facts.app = Word::fixed("lab");
        facts.label = label.map_or(LabelFact::Absent, |label| LabelFact::Named(Word::fixed(label)));
    });
    by_label(&mut facts, policy);
    facts
}

fn joined(policy: &Policy, now: &Facts, before: &Facts) -> Facts {
    join(now.clone(), &NO_LEAK, &told(before, policy, (&NO_LEAK, None)), policy).0
}

#[test]
fn what_was_said_before_counts_now() {
    let rules = "rule health because \"x\" when data includes health of a person never backends named cloud-us\n\
                 rule secret because \"x\" when label is \"Secret\" only backends on premises\n\
                 rule many because \"x\" when data includes at least 3 email only backends on premises\n\
                 rule purpose because \"x\" when purpose is \"pilot\" only backends on premises\n";
    let policy = policy(&format!("{ALLOW_ALL}{rules}"));
    let plain = |types: &[&str]| labelled(&policy, types, None);
    let home = ["gpu-paris"];
    let reaches = |facts: &Facts| allowed(&policy, facts);
    let everywhere = reaches(&plain(&[]));
    let not_us: Vec<&str> = everywhere.iter().map(String::as_str).filter(|name| *name != "cloud-us").collect();
    let purpose = |named: &'static str| changed(&[], |facts| facts.purpose = Some(Word::fixed(named)));
    for (name, now, before, expected) in [
        ("the name now, the illness before", plain(&["person"]), plain(&["health_condition"]), &not_us[..]),
        ("the other way round", plain(&["health_condition"]), plain(&["person"]), &not_us),
        ("a label before", plain(&[]), labelled(&policy, &[], Some("Secret")), &home),
        ("a label now", labelled(&policy, &[], Some("Public")), plain(&[]), &home),
        ("two each", plain(&["email"]), changed(&["email"], |facts| facts.types[0].possibly = 2), &home),
        ("another purpose before", purpose("other"), purpose("pilot"), &home),
        ("another purpose now", purpose("pilot"), purpose("other"), &home),
    ] {
        assert!(
            reaches(&now).len() > expected.len() || reaches(&before).len() > expected.len(),
            "{name}: nothing to see"
        );
        assert_eq!(reaches(&joined(&policy, &now, &before)), expected, "{name}");
    }
    assert_eq!(reaches(&joined(&policy, &plain(&["email"]), &plain(&[]))), everywhere, "nothing new");
}

#[test]
fn a_label_takes_nothing_from_what_was_said_under_another() {
    let says = "the label \"Public\" lowers personal issued by \"lab\"\n";
    let rule = "rule r because \"x\" when data includes personal only backends on premises\n";
    let policy = policy(&format!("{ALLOW_ALL}{says}{rule}"));
    let facts = |label| labelled(&policy, &["email"], label);
    let rows = [(Some("Public"), Some("Public"), false), (Some("Public"), None, true), (None, Some("Public"), true)];
    for (now, before, stays) in rows {
        let once = joined(&policy, &facts(now), &facts(before));
        // A third turn under the first label does not take away what the second said without it.
        let twice = joined(&policy, &facts(Some("Public")), &once);
        for (turn, facts) in [("second", once), ("third", twice)] {
            assert_eq!(allowed(&policy, &facts) == ["gpu-paris"], stays, "{now:?} {before:?} {turn}");
        }
    }
}

#[test]
fn what_cannot_be_read_may_be_anything() {
    let policy =
        policy(&format!("{ALLOW_ALL}rule r because \"x\" when data includes secret only backends on premises\n"));
    let now = labelled(&policy, &[], None);
    let before = told(&labelled(&policy, &["email"], None), &policy, (&NO_LEAK, None));
    for (name, before) in [
        ("nothing", String::new()),
        ("no facts", "{}".to_owned()),
        ("a type that nobody knows any more", before.replace("\"email\"", "\"telepathy\"")),
        ("another version", before.replace("\"v\":3", "\"v\":9")),
    ] {
        let (facts, leak) = join(now.clone(), &NO_LEAK, &before, &policy);
        assert_eq!(allowed(&policy, &facts), ["gpu-paris"], "{name}");
        assert_eq!((leak.score, facts.leak), (LeakFact::Unknown, LeakFact::Unknown), "{name}");
    }
    assert_ne!(allowed(&policy, &join(now, &NO_LEAK, &before, &policy).0), ["gpu-paris"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is joined is recorded, and travels on, whole: a third turn knows as much as the second.
    #[test]
    fn a_conversation_travels_whole(draft in random::draft(true), inventory in random::inventory(), facts in (random::facts(), random::facts())) {
        let sheet = draft.sheet(&(0..draft.rules.len()).collect::<Vec<_>>());
        let Ok(policy) = compiled(&sources(&sheet, &written(&inventory, usize::MAX, 0))) else { return Ok(()) };
        let leak = |facts: &Facts| Leak { score: facts.leak, history: facts.leak_history, classes: Vec::new(), nearest: None };
        let real = |facts: &Facts| {
            let (declared, suspected) = Default::default();
            let mut facts = Facts { declared, suspected, pseudonymised: Vec::new(), ..facts.clone() };
            by_label(&mut facts, &policy);
            facts
        };
        let (now, before) = (real(&facts.0), real(&facts.1));
        let (both, leak_of_both) =
            join(now.clone(), &leak(&now), &told(&before, &policy, (&leak(&before), None)), &policy);
        let text = told(&both, &policy, (&leak_of_both, None));
        let (mut again, _) = Recall::new(&policy).facts(&serde_json::from_str::<Recorded<'_>>(&text).unwrap()).unwrap();
        by_corpus(&mut again, &leak_of_both, policy.catalogue());
        again.tenant = both.tenant.clone();
        prop_assert_eq!(&again.types, &both.types);
        prop_assert_eq!(plan(&policy, &again), plan(&policy, &both));
        // And it is no less than either was.
        for part in [&now, &before] {
            for fact in part.types.iter().chain(&part.lowered) {
                let held = both.types.iter().chain(&both.lowered).find(|held| held.entity == fact.entity).unwrap();
                prop_assert!(held.possibly >= fact.possibly && held.confidence >= fact.confidence);
            }
            prop_assert!(both.leak.most() >= part.leak.most() && (both.unreadable || !part.unreadable));
        }
    }
}
