//! Finding requests in a log, and telling their stories.

use super::naive::query;
use super::*;
use crate::audit::query::Filter;
use crate::audit::story::tell;
use crate::model::entry::{Excepted, PolicyLoaded};

/// Requests 1 to 4: finished after a further attempt, refused, refused with an outcome, unfinished.
fn written() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(options(folder.path())).unwrap();
    append(&log, decision(1)).unwrap();
    let refusal = |number, app| {
        let mut refused = decision_of(number);
        (refused.verdict, refused.reason) = (Word::fixed("refuse"), Some(Word::fixed("policy_no_backend")));
        (refused.app, refused.sending, refused.plan) = (Word::fixed(app), None, Vec::new());
        refused.exceptions = vec![Excepted {
            exception: Word::fixed("pilot"),
            rule: Word::fixed("health-stays-hds"),
            until: Word::fixed("2027-06-30"),
        }];
        Entry::Decision(Box::new(refused))
    };
    append(&log, refusal(2, "public-website")).unwrap();
    append(&log, attempt(1)).unwrap();
    append(&log, refusal(3, "clinic-notes")).unwrap();
    let mut refused = Box::new(outcome_of(3));
    (refused.end, refused.status, refused.backend) = (Word::fixed("refused"), 403, None);
    append(&log, Entry::Outcome(refused)).unwrap();
    append(&log, outcome(1)).unwrap();
    let policy =
        PolicyLoaded { in_force: true, policy: Some(Digest([1; 32])), ..PolicyLoaded::refused("start", "faults") };
    append(&log, Entry::Policy(Box::new(policy))).unwrap();
    append(&log, decision(4)).unwrap();
    drop(log);
    folder
}

#[test]
fn filters_by_what_the_entries_say() {
    let folder = written();
    let text = |text: &str| Some(text.to_owned());
    let time = |second| jiff::Timestamp::from_second(second).ok();
    let all = Filter::default();
    for (name, filter, expected) in [
        ("all", all.clone(), vec![0, 1, 2, 4, 7, 8]),
        ("app", Filter { app: text("clinic-notes"), ..all.clone() }, vec![1, 4, 8]),
        ("decision", Filter { decision: text("refuse"), ..all.clone() }, vec![2, 4]),
        ("class", Filter { class: text("personal"), ..all.clone() }, vec![1, 2, 4, 8]),
        ("no such class", Filter { class: text("health"), ..all.clone() }, vec![]),
        ("backend", Filter { backend: text("us-cloud"), ..all.clone() }, vec![1, 8]),
        ("country", Filter { country: text("US"), ..all.clone() }, vec![1, 8]),
        ("other country", Filter { country: text("FR"), ..all.clone() }, vec![]),
        ("rule that removed", Filter { rule: text("health-stays-hds"), ..all.clone() }, vec![1, 2, 4, 8]),
        ("id", Filter { id: Some(id(3)), ..all.clone() }, vec![4]),
        ("since", Filter { since: time(1_795_000_000), ..all.clone() }, vec![0, 1, 2, 4, 7, 8]),
        ("until", Filter { until: time(1_795_000_000), ..all.clone() }, vec![]),
    ] {
        let page = query(folder.path(), &filter, 100, None).unwrap();
        let found: Vec<u64> = page.records.iter().map(|record| record.seq).collect();
        assert_eq!((found, page.more), (expected, false), "{name}");
    }
    let page = query(folder.path(), &all, 100, None).unwrap();
    let lengths: Vec<usize> = page.records.iter().map(|record| record.entries.len()).collect();
    assert_eq!(lengths, [1, 3, 1, 2, 1, 1], "entries of one request stand together");
    assert_eq!(page.read, 9);
}

#[test]
fn pages_backwards() {
    let folder = written();
    let page = |before| {
        let page = query(folder.path(), &Filter::default(), 2, before).unwrap();
        (page.records.iter().map(|record| record.seq).collect::<Vec<_>>(), page.more)
    };
    assert_eq!(page(None), (vec![7, 8], true));
    assert_eq!(page(Some(7)), (vec![2, 4], true));
    assert_eq!(page(Some(2)), (vec![0, 1], false));
}

#[test]
fn tells_a_story() {
    let folder = written();
    // What the clock of this machine is said to be differs from machine to machine.
    let clock = |told: String| {
        let told = told.replace("clock that was unsynchronised", "clock that was synchronised");
        told.replace("how true the clock was is not known", "by a clock that was synchronised")
    };
    let of = |number| {
        let filter = Filter { id: Some(id(number)), ..Filter::default() };
        query(folder.path(), &filter, 1, None).unwrap().records.pop()
    };
    let told = |number| of(number).map(|record| clock(tell(&record).join("\n")));
    insta::assert_snapshot!("served", told(1).unwrap());
    insta::assert_snapshot!("refused", told(3).unwrap());
    assert!(told(2).unwrap().contains("Nothing left the gateway."));
    assert!(told(4).unwrap().contains("It has no outcome yet."));
    assert_eq!(told(99), None);
}

/// A request of a plan of four that was refused after these were asked, when the newest policy had taken out others.
fn refused(asked: &[&str], (reason, cause): (&str, &str), removed: &[&str]) -> crate::audit::query::Record {
    use serde_json::json;
    let planned =
        |(backend, tier): (&str, &str)| json!({"backend": backend, "tier": tier, "countries": ["DE"], "duties": []});
    let plan = [("home-1", "domestic"), ("home-2", "domestic"), ("de-eu", "EEA"), ("us-cloud", "other")];
    let sending = |backend: &str| json!({"backend": backend, "body_bytes": 1, "changed": []});
    let decision = json!({
        "kind": "decision", "verdict": "forward", "plan": plan.map(planned), "sending": sending(asked[0]), "removed": [],
    });
    let attempt = |(number, backend): (usize, &&str)| json!({"kind": "attempt", "number": number, "cause": "broke", "sending": sending(backend), "fell_back": false});
    let attempts: Vec<_> = asked.iter().enumerate().skip(1).map(attempt).collect();
    let removed: Vec<_> = removed.iter().map(|one| json!({"backend": one, "why": "rule", "rules": ["r"]})).collect();
    let digest = "9".repeat(64);
    let newest = json!({"policy": digest, "inventory": digest, "reference": digest, "removed": removed});
    let outcome = json!({
        "kind": "outcome", "end": "refused", "reason": reason, "cause": cause, "backend": asked.last(), "newest": newest,
    });
    let bodies = [decision].into_iter().chain(attempts).chain([outcome]);
    let entries = bodies.map(|body| json!({"entry": body, "seq": 1, "time": ""})).collect();
    crate::audit::query::Record { seq: 1, time: String::new(), entries }
}

/// A backend to which no connection was made got nothing, the first one or a later one.
#[test]
fn a_story_says_where_nothing_arrived() {
    for (cause, expected) in [
        ("connect", "was to go to home-2, 1 bytes, unchanged, and nothing arrived there."),
        ("tls", "was to go to home-2, 1 bytes, unchanged, and nothing arrived there."),
        ("overloaded", "went to home-2, 1 bytes, unchanged."),
    ] {
        let told = tell(&refused(&["home-1", "home-2"], ("backends_unavailable", cause), &[])).join("\n");
        assert!(told.contains(expected) && told.contains("It was sent to home-1"), "{cause}: {told}");
    }
    let told = tell(&refused(&["home-1"], ("backends_unavailable", "tls"), &[])).join("\n");
    assert!(told.contains("It was to go to home-1, 1 bytes, unchanged, and nothing arrived there."), "{told}");
}

/// A request that was refused though the plan had more: the story says which were not asked and why, and where no entry tells why, that.
#[test]
fn a_story_says_why_others_of_the_plan_were_not_asked() {
    let later = "de-eu (tier: EEA) and us-cloud (tier: other) were not asked: ";
    for (name, asked, (reason, cause), removed, expected, unexpected) in [
        (
            "one failed",
            &["home-2"][..],
            ("backend_failed", "error"),
            &[][..],
            &[
                "Of the same tier home-1 was not asked. Why, the entries do not say",
                later,
                "a backend was there and failed",
            ][..],
            "No further backend",
        ),
        (
            "all of a tier down",
            &["home-1", "home-2"],
            ("backends_unavailable", "broke"),
            &[],
            &[later, "no `fall back` clause that opened a later tier"],
            "Of the same tier",
        ),
        (
            "one is full",
            &["home-1", "home-2", "de-eu"],
            ("backends_full", "full"),
            &[],
            &["us-cloud (tier: other) was not asked: the policy has no `fall back` clause"],
            "No further backend",
        ),
        (
            "the newest policy took the others",
            &["home-1", "home-2"],
            ("backends_unavailable", "broke"),
            &["de-eu", "us-cloud"],
            &["No further backend was left under policy", "It could not go to de-eu, because of r."],
            "not asked",
        ),
        (
            "all were asked",
            &["home-1", "home-2", "de-eu", "us-cloud"],
            ("backends_unavailable", "broke"),
            &[],
            &["No further backend was left under policy"],
            "not asked",
        ),
        (
            "asked as often as a request is",
            &["home-1"; 8],
            ("backends_unavailable", "broke"),
            &[],
            &[
                "home-2, de-eu (tier: EEA) and us-cloud (tier: other) were not asked: a request is sent at most 8 times.",
            ],
            "No further backend",
        ),
    ] {
        let told = tell(&refused(asked, (reason, cause), removed)).join("\n");
        for sentence in expected {
            assert!(told.contains(sentence), "{name}: {sentence}\n{told}");
        }
        assert!(!told.contains(unexpected), "{name}: {told}");
    }
}
