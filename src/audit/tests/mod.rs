//! The writer on real files and on a disk that fails.
#![expect(clippy::disallowed_methods, reason = "tests read and edit the files of a log")]

mod conformance;
mod disk;
mod faults;
mod forward;
mod index;
mod kinds;
mod life;
mod links;
mod naive;
mod place;
mod prune;
mod publish;
mod report;
mod retain;
mod rivals;
mod rotate;
mod seal;
mod search;
mod succession;
mod tamper;
mod together;
mod upkeep;
mod witness;

use std::path::Path;
use std::sync::Arc;

use octroi_verify::problem::Problem;
use octroi_verify::report::Report;
use octroi_verify::verify::{Trust, verify_dir};

use super::store::SEGMENT_BYTES_MIN;
use super::{AuditError, AuditLog, Options, Position, SegmentLog};
use crate::model::Word;
use crate::model::entry::{Attempt, Change, Decision, Digest, Entry, FindingCount, Outcome, RequestId, Scan, Sending};

const ORIGIN: &str = "octroi/test/1";

fn options(folder: &Path) -> Options {
    let clock = || jiff::Timestamp::from_second(1_795_000_000).unwrap();
    Options { segment_bytes: 4 * SEGMENT_BYTES_MIN, ..Options::new(folder, ORIGIN, Arc::new(clock)) }
}

fn id(number: u32) -> RequestId {
    RequestId(uuid::Uuid::from_u128(0x0193_594c_1d2e_7000_8000_0000_0000_0000 + u128::from(number)).into_bytes())
}

pub(in crate::audit) fn decision(number: u32) -> Entry {
    Entry::Decision(Box::new(decision_of(number)))
}

fn decision_of(number: u32) -> Decision {
    let count = |entity, path| FindingCount {
        entity: Word::fixed(entity),
        classes: vec![Word::fixed("personal")],
        path: Word::fixed(path),
        count: 2,
        confidence: Word::fixed("sure"),
    };
    let us = super::super::model::Country::parse("US").unwrap();
    Decision {
        request: id(number),
        trace: None,
        tenant: Word::fixed("groupe-exemple"),
        app: Word::fixed("clinic-notes"),
        purpose: Some(Word::fixed("care-documentation")),
        actor: Word::fixed("A7KQ2M"),
        api: Word::fixed("openai"),
        operation: Word::fixed("chat"),
        model: Word::fixed("assistant-large"),
        stream: true,
        findings: vec![count("email", "messages[].content"), count("person", "messages[].content")],
        scan: Scan { status: Word::fixed("complete"), leaves: 9, scanned: 9, unknown: 0, unreadable: 0, bytes: 812 },
        label: None,
        leak_score: Some(0),
        left_out: None,
        facts: None,
        leak: None,
        policy: Digest([1; 32]),
        inventory: Digest([2; 32]),
        reference: Digest([3; 32]),
        rules: vec![Word::fixed("us-exposed-needs-pseudonyms")],
        verdict: Word::fixed("forward"),
        reason: None,
        plan: vec![crate::model::entry::PlannedBackend {
            backend: Word::fixed("us-cloud"),
            tier: Word::fixed("other"),
            countries: vec![us],
            operator: Some(Word::fixed("Example Cloud Inc.")),
            controlled_from: Some(us),
            transfer_basis: Some(Word::fixed("standard contractual clauses")),
            duties_as: None,
            duties: vec![(Word::fixed("email"), Word::fixed("pseudonymise"))],
        }],
        removed: vec![crate::model::entry::RemovedBackend {
            backend: Word::fixed("other-cloud"),
            why: Word::fixed("rule"),
            rules: vec![Word::fixed("health-stays-hds")],
        }],
        clock: None,
        exceptions: Vec::new(),
        crossed: None,
        fell_back: None,
        kept: None,
        sending: Some(sending("us-cloud")),
        body_mac: Digest([4; 32]),
        body_bytes: 812,
    }
}

fn sending(backend: &'static str) -> Sending {
    let changed = vec![Change { entity: Word::fixed("email"), action: Word::fixed("pseudonymise"), count: 2 }];
    Sending {
        backend: Word::fixed(backend),
        body_mac: Digest([5; 32]),
        body_bytes: 820,
        changed,
        found: Vec::new(),
        model: None,
        smaller: None,
        sealed: None,
    }
}

fn attempt(number: u32) -> Entry {
    Entry::Attempt(Box::new(Attempt {
        request: id(number),
        number: 2,
        cause: Word::fixed("connect"),
        crossed: None,
        fell_back: true,
        newest: None,
        policies: [Digest([1; 32]), Digest([1; 32])],
        sending: sending("us-cloud"),
    }))
}

pub(in crate::audit) fn outcome(number: u32) -> Entry {
    Entry::Outcome(Box::new(outcome_of(number)))
}

fn outcome_of(number: u32) -> Outcome {
    Outcome {
        request: id(number),
        end: Word::fixed("complete"),
        backend: Some(Word::fixed("us-cloud")),
        status: 200,
        restored: 2,
        sealed: None,
        unsealed: false,
        foreign_tokens: 0,
        withheld_tokens: 0,
        bytes_out: 1_204,
        cause: None,
        first_byte_us: 210_000,
        total_us: 900_000,
        input_tokens: Some(190),
        output_tokens: Some(77),
        kept: None,
        newest: None,
        reason: None,
    }
}

fn append(log: &SegmentLog, entry: Entry) -> Result<Position, AuditError> {
    super::wait(log.append(entry))
}

fn verify(folder: &Path) -> Result<Report, Problem> {
    verify_dir(folder, &Trust::default(), &mut |_| {})
}
