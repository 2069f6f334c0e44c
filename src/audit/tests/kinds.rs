//! One entry of each kind with every member it may have: what the writer makes of it, and what the verifier says to that.

use std::collections::BTreeSet;

use octroi_verify::canonical;
use octroi_verify::entry::{Kind, is_body};
use serde_json::Value;

use super::*;
use crate::model::Country;
use crate::model::entry::{
    Access, CredentialChange, Crossed, Ended, Erasure, Excepted, Frozen, Gap, Heartbeat, InventoryLoaded, KeyChange,
    LeftOut, Newest, PlannedBackend, PolicyLoaded, Protected, ProtectedToo, Prune, Quarantine, Reloaded, Sealed, Start,
};
use crate::model::recorded::{Brought, FACTS_VERSION, RecordedFacts, RecordedTool, RecordedType};

const TIME: &str = "2026-11-23T09:00:00.000000001Z";

fn word(word: &'static str) -> Word {
    Word::fixed(word)
}

fn sealed() -> Sealed {
    Sealed {
        bytes: 812,
        cut: true,
        digest: Digest([6; 32]),
        key: word("0f"),
        month: word("2026-11"),
        of: word("A7KQ2M"),
        scope: word("subject"),
    }
}

fn facts() -> RecordedFacts {
    RecordedFacts {
        able: vec![word("us-cloud")],
        brought: vec![Brought { class: word("secret"), sure: true }],
        cut: true,
        health: Some(word("surely")),
        hosted: vec![RecordedTool { host: Some(word("example.org")), tool: word("web search") }],
        label_unknown: true,
        leak_history: Some(300),
        leak_most: Some(400),
        minors: true,
        purpose_declared: true,
        reference: true,
        residence: vec![Country::parse("FR").unwrap()],
        roles: vec![word("physician")],
        types: vec![RecordedType { confidence: 90, possibly: 2, surely: 1, entity: word("email") }],
        unreadable: true,
        unsought: vec![word("person")],
        v: FACTS_VERSION,
    }
}

fn full_sending() -> Sending {
    Sending {
        found: decision_of(1).findings,
        model: Some(word("gpt-5")),
        smaller: Some(word("assistant-small")),
        sealed: Some(sealed()),
        ..sending("us-cloud")
    }
}

fn excepted() -> Excepted {
    Excepted { exception: word("pilot"), rule: word("health-stays-hds"), until: word("2027-06-30") }
}

fn newest() -> Newest {
    let Decision { mut plan, removed, .. } = decision_of(1);
    Newest {
        exceptions: vec![excepted()],
        inventory: Digest([2; 32]),
        planned: plan.pop().map(|planned| PlannedBackend { duties_as: Some(word("us-0")), ..planned }),
        policy: Digest([1; 32]),
        reference: Digest([3; 32]),
        removed,
        removed_left_out: 3,
    }
}

fn about_requests() -> [Entry; 3] {
    let crossed = Crossed { from: word("on premises"), to: word("other"), cause: word("waited") };
    let decision = Decision {
        trace: Some(word("0af7651916cd43dd8448eb211c80319c")),
        label: Some(word("Interne")),
        facts: Some(Box::new(facts())),
        leak: Some(Protected {
            asked_byte: Some(40),
            asked_from: 12,
            asked_leaf: Some(3),
            asked_until: 60,
            words_from: 168,
            words_until: 216,
            others: vec![ProtectedToo {
                asked_byte: Some(41),
                asked_from: 13,
                asked_leaf: Some(4),
                asked_until: 61,
                class: word("financial"),
                document: word("0a1c"),
                passage: 8,
                score: 600,
                stage: word("sketch"),
                words_from: 192,
                words_until: 240,
            }],
            document: word("0a1b"),
            passage: 7,
            class: word("secret"),
            stage: word("encoder"),
            chance_per_million: Some(3),
            history: Some(12),
            epoch: 4,
        }),
        left_out: Some(LeftOut { plan: 1, removed: 2, rules: 3 }),
        reason: Some(word("no-backend-permitted")),
        clock: Some(word("synchronised")),
        crossed: Some(crossed.clone()),
        exceptions: vec![excepted()],
        fell_back: Some(word("connect")),
        kept: Some(Digest([7; 32])),
        sending: Some(full_sending()),
        ..decision_of(1)
    };
    let attempt = Attempt {
        request: id(1),
        number: 2,
        cause: word("connect"),
        crossed: Some(crossed),
        fell_back: true,
        newest: Some(Box::new(newest())),
        policies: [Digest([1; 32]), Digest([1; 32])],
        sending: full_sending(),
    };
    let outcome = Outcome {
        cause: Some(word("connect")),
        kept: Some(Digest([7; 32])),
        newest: Some(Box::new(newest())),
        reason: Some(word("backends_full")),
        sealed: Some(sealed()),
        unsealed: true,
        ..outcome_of(1)
    };
    [Entry::Decision(Box::new(decision)), Entry::Attempt(Box::new(attempt)), Entry::Outcome(Box::new(outcome))]
}

fn about_the_log() -> Vec<Entry> {
    vec![
        Entry::Start(Start { version: word("1.0.0"), unfinished: 1 }),
        Entry::Stop,
        Entry::Key(KeyChange {
            event: word("begun"),
            vkey: word("octroi/test/2+00000000+AAAA"),
            previous: Some(word("octroi/test/1")),
            previous_size: Some(9),
            previous_root: Some(word("AAAA")),
        }),
        Entry::Access(Box::new(Access {
            access: id(2),
            action: word("reveal"),
            approver: Some(word("00112233445566aa+00112233445566bb")),
            at: word(TIME),
            channel: word("command"),
            reader: word("user-1000"),
            from: Some(1),
            to: Some(2),
            records: Some(3),
            subject: Some(id(1)),
            words: vec![word("app")],
        })),
        Entry::Erasure(Erasure {
            keys: Some(vec![Word::fixed("0badcafe")]),
            at: word(TIME),
            basis: word("case-closed"),
            by: word("user-1000"),
            key: word("0f"),
            month: Some(word("2026-11")),
            scope: word("month"),
            tenant: word("groupe-exemple"),
        }),
        Entry::Prune(Prune {
            from: 0,
            keys: Some(2),
            log: Some(word("octroi/test/1")),
            older_than: word(TIME),
            sealed: Some(7),
            to: 9,
        }),
        Entry::Heartbeat(Heartbeat {
            clock: word("synchronised"),
            clock_error_us: Some(12),
            decisions: 1,
            open: 0,
            refused: 0,
        }),
        Entry::Gap(Gap { cause: word("storage"), refused: 2, since: Some(word(TIME)) }),
    ]
}

fn about_the_house() -> Vec<Entry> {
    vec![
        Entry::Policy(Box::new(PolicyLoaded {
            approvers: vec![word("dpo")],
            ended: vec![Ended { backend: word("us-cloud"), on: word("2026-11-30"), what: word("certificate") }],
            bundle: Some(Digest([8; 32])),
            policy: Some(Digest([1; 32])),
            inventory: Some(Digest([2; 32])),
            reference: Some(Digest([3; 32])),
            name: Some(word("Groupe Exemple 7")),
            version: Some(7),
            valid_until: Some(word("2027-06-30T00:00:00Z")),
            ..PolicyLoaded::refused("start", "faults")
        })),
        Entry::Inventory(InventoryLoaded { inventory: Digest([2; 32]), reference: Digest([3; 32]), backends: 4 }),
        Entry::Reload(Reloaded {
            cause: word("files"),
            policy: word("unchanged"),
            certificate: Some(word("in-force")),
        }),
        Entry::Freeze(Box::new(Frozen {
            state: word("begun"),
            cause: word("order"),
            until: Some(word("2026-12-01T00:00:00Z")),
            by: vec![word("dpo")],
            because: Some(word("incident 12")),
            order: Some(Digest([9; 32])),
        })),
        Entry::Credential(Box::new(CredentialChange {
            admin: Some(word("ops")),
            app: Some(word("clinic-notes")),
            at: word(TIME),
            by: word("ops"),
            change: word("0f"),
            channel: word("api"),
            event: word("rotated"),
            expires: Some(word(TIME)),
            key: word("0f"),
            replaces: Some(word("0e")),
            scoped: vec![word("apis")],
        })),
        Entry::Quarantine(Quarantine {
            backend: word("us-cloud"),
            found: word("nothing"),
            header: word("x-region"),
            state: word("begun"),
        }),
    ]
}

#[test]
fn each_is_written_as_it_is_read_and_nothing_in_it_is_put_in_order() {
    let entries: Vec<Entry> = about_requests().into_iter().chain(about_the_log()).chain(about_the_house()).collect();
    let mut seen = BTreeSet::new();
    for entry in &entries {
        let mut written = Vec::new();
        canonical::write(entry, &mut written).unwrap();
        // A map of serde_json has its keys in order, so this is the same form by another way.
        let value: Value = serde_json::to_value(entry).unwrap();
        assert_eq!(String::from_utf8_lossy(&written), serde_json::to_string(&value).unwrap());
        let name = value["kind"].as_str().unwrap();
        let kind = Kind::named(name).unwrap();
        assert!(is_body(kind, &written), "{name} is not of its form: {value}");
        let members = value.as_object().unwrap().len();
        let known = kind.schema().members.len() + 1;
        assert_eq!(members, known, "{name}: a member that may be there is not, or none says what it is");
        // As its fields stand in the type, behind the tag that serde puts first.
        let as_declared = serde_json::to_string(entry).unwrap();
        let fields = as_declared.replacen(&format!("\"kind\":\"{name}\""), "", 1).replacen("{,", "{", 1);
        assert_eq!(canonical::check(fields.as_bytes()), Ok(()), "{name}: fields are not in the order of their keys");
        seen.insert(kind);
    }
    assert_eq!(seen.len(), Kind::ALL.len(), "one of each kind");
}
