//! `docs/audit.md`: every command of it, run as an auditor types it, on a log of several hundred entries.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "test helpers"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use octroi::audit::{AuditLog as _, Options, SegmentLog};
use octroi::model::entry::{
    Change, Decision, Digest, Entry, FindingCount, Outcome, PlannedBackend, RequestId, Scan, Sending,
};
use octroi::model::{Country, Word};

fn decision(number: u32) -> Entry {
    let (backend, country, basis) = if number.is_multiple_of(3) {
        ("us-cloud", "US", Some(Word::fixed("standard contractual clauses")))
    } else {
        ("paris-gpu", "FR", None)
    };
    let finding = FindingCount {
        entity: Word::fixed("email"),
        classes: vec![Word::fixed("personal")],
        path: Word::fixed("messages[].content"),
        count: 1,
        confidence: Word::fixed("sure"),
    };
    Entry::Decision(Box::new(Decision {
        request: id(number),
        trace: None,
        tenant: Word::fixed("groupe-exemple"),
        app: Word::fixed(if number.is_multiple_of(2) { "clinic-notes" } else { "=SUM(A1)" }),
        purpose: Some(Word::fixed("care-documentation")),
        actor: Word::fixed("A7KQ2M"),
        api: Word::fixed("openai"),
        operation: Word::fixed("chat"),
        model: Word::fixed("assistant-large"),
        stream: false,
        findings: vec![finding],
        scan: Scan { status: Word::fixed("complete"), leaves: 2, scanned: 2, unknown: 0, unreadable: 0, bytes: 80 },
        label: None,
        leak_score: Some(0),
        leak: None,
        facts: None,
        policy: Digest([1; 32]),
        inventory: Digest([2; 32]),
        reference: Digest([3; 32]),
        rules: vec![Word::fixed("us-exposed-needs-pseudonyms")],
        verdict: Word::fixed("forward"),
        reason: None,
        plan: vec![PlannedBackend {
            backend: Word::fixed(backend),
            tier: Word::fixed("other"),
            countries: vec![Country::parse(country).unwrap()],
            operator: None,
            controlled_from: None,
            transfer_basis: basis,
            duties: Vec::new(),
        }],
        removed: Vec::new(),
        sending: Some(Sending {
            backend: Word::fixed(backend),
            body_mac: Digest([5; 32]),
            body_bytes: 90,
            changed: vec![Change { entity: Word::fixed("email"), action: Word::fixed("pseudonymise"), count: 1 }],
            model: Some(Word::fixed("large-2026")),
        }),
        fell_back: None,
        body_mac: Digest([4; 32]),
        body_bytes: 80,
    }))
}

fn outcome(number: u32) -> Entry {
    Entry::Outcome(Box::new(Outcome {
        request: id(number),
        end: Word::fixed("complete"),
        backend: None,
        status: 200,
        restored: 1,
        foreign_tokens: 0,
        withheld_tokens: 0,
        bytes_out: 120,
        first_byte_us: 1_000,
        total_us: 2_000,
        input_tokens: Some(12),
        output_tokens: Some(34),
    }))
}

fn id(number: u32) -> RequestId {
    let mut id = [1; 16];
    id[12..].copy_from_slice(&number.to_be_bytes());
    RequestId(id)
}

async fn write_log(folder: &Path) {
    let log = SegmentLog::open(Options::new(folder, "octroi/paris-1/1", Arc::new(jiff::Timestamp::now))).unwrap();
    for number in 0..200 {
        let slot = log.reserve().unwrap();
        log.append(decision(number)).await.unwrap();
        slot.submit(outcome(number));
    }
    tokio::task::spawn_blocking(move || log.stop()).await.unwrap();
}

/// The blocks of a language in the documentation, in order.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let opening = format!("\n```{language}\n");
    text.split(&opening).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

/// A folder with the programs by the names that the documentation uses.
fn programs(folder: &Path) -> PathBuf {
    let bin = folder.join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_octroi"), bin.join("octroi")).unwrap();
    // The verifier is a package of its own: its program is built beside ours.
    let beside = Path::new(env!("CARGO_BIN_EXE_octroi")).parent().unwrap();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--locked", "--offline", "--package", "octroi-verify", "--bin", "octroi-verify"]);
    build.args(["--target-dir".as_ref(), beside.parent().unwrap().as_os_str()]);
    if beside.ends_with("release") {
        build.arg("--release");
    }
    let built = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
    assert!(built.success(), "octroi-verify does not build");
    std::os::unix::fs::symlink(beside.join("octroi-verify"), bin.join("octroi-verify")).unwrap();
    bin
}

#[tokio::test]
async fn every_command_of_the_documentation_works() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audit.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    write_log(&folder.path().join("audit")).await;
    let python = blocks(&text, "python");
    assert_eq!(python.len(), 1);
    std::fs::write(folder.path().join("check.py"), &python[0]).unwrap();
    let commands = blocks(&text, "sh");
    assert!(commands.len() >= 10, "{}", commands.len());
    let path = format!("{}:{}", programs(folder.path()).display(), std::env::var("PATH").unwrap());
    let script = format!("set -eux\n{}\n", commands.join("\n"));
    let output =
        Command::new("bash").arg("-c").arg(script).env("PATH", path).current_dir(folder.path()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    for expected in [
        "VERIFIED: octroi/paris-1/1",
        "402 entries of octroi/paris-1/1 are those that were signed",
        "PROVEN: entry 399 of 402 of octroi/paris-1/1",
        "extends     1 earlier checkpoint",
        "20 lines as in the log",
        "the review index says what the log says",
        "\"'=SUM(A1)\"",
    ] {
        assert!(out.contains(expected), "{expected}\n{out}\n{err}");
    }
    // What an auditor would find if a byte of the published log were changed.
    let bundle = folder.path().join("published/tile/entries/000");
    let mut bytes = std::fs::read(&bundle).unwrap();
    bytes[300] ^= 1;
    std::fs::write(&bundle, bytes).unwrap();
    let check =
        Command::new("python3").args(["check.py", "published", "kept.vkey"]).current_dir(folder.path()).output();
    let check = check.unwrap();
    assert!(!check.status.success());
    assert!(String::from_utf8_lossy(&check.stderr).contains("not those that were signed"));
    // Each reading waits to be recorded, under conditions without their values.
    let accesses: Vec<_> = std::fs::read_dir(folder.path().join("audit/access"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert!(accesses.len() >= 10, "{accesses:?}");
    assert!(accesses.iter().all(|access| !access.contains("clinic-notes")), "{accesses:?}");
}
