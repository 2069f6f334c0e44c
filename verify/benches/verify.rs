//! How many entries a second one core verifies, and in how much memory: `cargo bench -p octroi-verify`.
//!
//! The log is written for this with the crate's own formats: decisions of about 1.1 KB, each with its outcome, a thousand a
//! batch, in segments of 64 MiB.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a bench measures with clocks and files, prints, and may stop at the first fault"
)]

use std::fs;
use std::path::Path;
use std::time::Instant;

use aws_lc_rs::signature::Ed25519KeyPair;
use octroi_verify::entry::wrap;
use octroi_verify::merkle::{Frontier, leaf_hash};
use octroi_verify::segment::{BatchBuilder, Header};
use octroi_verify::walk::segment_name;
use octroi_verify::{Checkpoint, SignerKey, Trust, verify_dir};

const ORIGIN: &str = "octroi/bench/1";
const SEGMENT_BYTES: usize = 64 * 1024 * 1024;
const BATCH: u64 = 800;

fn main() {
    // Cargo's test runner calls benches with `--test`: once, briefly.
    let brief = std::env::args().any(|argument| argument == "--test");
    let folder = tempfile::tempdir_in(".").unwrap();
    let entries = if brief { 10_000 } else { 1_000_000 };
    write(folder.path(), entries);
    let mut best = f64::MAX;
    for _ in 0..3 {
        let start = Instant::now();
        let cpu = cpu_ms();
        let report = verify_dir(folder.path(), &Trust::default(), &mut |_| {}).unwrap();
        let (wall, cpu) = (start.elapsed().as_secs_f64(), f64::from(cpu_ms() - cpu) / 1e3);
        best = best.min(cpu);
        let size = report.bytes / report.signed;
        println!("{} entries of {size} bytes: {wall:.2} s, {cpu:.2} s of one core", report.signed);
    }
    println!(
        "{:.0} entries a second and core, {}",
        f64::from(u32::try_from(entries).unwrap()) / best.max(0.001),
        peak()
    );
}

fn write(dir: &Path, entries: u64) {
    let pair = Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
    let key = SignerKey::from_pkcs8(ORIGIN, pair.as_ref()).unwrap();
    fs::create_dir(dir.join("segments")).unwrap();
    let mut tree = Frontier::default();
    let header = |number, tree: &Frontier| {
        let header = Header { number, first_seq: tree.size(), root: tree.root(), origin: ORIGIN.into() };
        header.encode().unwrap()
    };
    let (mut number, mut bytes) = (1, header(1, &tree));
    while tree.size() < entries {
        let (before, mut batch) = (tree.clone(), BatchBuilder::default());
        for _ in 0..BATCH.min(entries - before.size()) {
            let mut entry = Vec::new();
            let request = tree.size() / 2;
            let body = if tree.size().is_multiple_of(2) { decision(request) } else { outcome(request) };
            wrap(body.as_bytes(), tree.size(), "2026-11-23T09:00:00.000000000Z", &mut entry);
            batch.push(&entry);
            tree.push(leaf_hash(&entry));
        }
        let batch = batch.finish(before.size());
        if bytes.len() + batch.len() > SEGMENT_BYTES {
            save(dir, number, &mut bytes);
            number += 1;
            bytes = header(number, &before);
        }
        bytes.extend_from_slice(&batch);
    }
    save(dir, number, &mut bytes);
    let checkpoint = Checkpoint { origin: ORIGIN.into(), size: tree.size(), root: tree.root() };
    fs::write(dir.join("checkpoint"), checkpoint.sign(&key)).unwrap();
    fs::write(dir.join("log.vkey"), format!("{}\n", key.verifier())).unwrap();
}

fn save(dir: &Path, number: u32, bytes: &mut Vec<u8>) {
    bytes.resize(SEGMENT_BYTES.max(bytes.len()), 0);
    fs::write(dir.join(segment_name(number)), &bytes).unwrap();
    bytes.clear();
}

fn id(request: u64) -> String {
    format!("0193594c-1d2e-7000-8000-{request:012x}")
}

/// A decision with three kinds of findings, two planned backends and one removed.
fn decision(request: u64) -> String {
    let digest = "0f".repeat(32);
    let finding = |kind: &str| {
        format!(
            r#"{{"classes":["personal"],"confidence":"sure","count":2,"path":"messages[].content","type":"{kind}"}}"#
        )
    };
    let findings = ["email", "iban", "person"].map(finding).join(",");
    let planned = |name: &str| {
        format!(r#"{{"backend":"{name}","countries":["FR"],"duties":[["email","pseudonymise"]],"tier":"european"}}"#)
    };
    let plan = ["paris-gpu-1", "frankfurt-2"].map(planned).join(",");
    let scan = r#"{"bytes":2048,"leaves":9,"scanned":9,"status":"complete","unknown":0,"unreadable":0}"#;
    let changed = r#"{"action":"pseudonymise","count":2,"type":"email"}"#;
    [
        format!(r#"{{"actor":"K7Q2MZ4A","api":"openai","app":"clinic-notes","body_bytes":2048,"body_mac":"{digest}","#),
        format!(r#""findings":[{findings}],"inventory":"{digest}","kind":"decision","leak_score":0,"model":"large","#),
        format!(r#""operation":"chat","plan":[{plan}],"policy":"{digest}","purpose":"care","reference":"{digest}","#),
        r#""removed":[{"backend":"us-cloud","rules":["health-stays"],"why":"rule"}],"#.to_owned(),
        format!(r#""request":"{}","rules":["health-stays"],"scan":{scan},"#, id(request)),
        format!(
            r#""sending":{{"backend":"paris-gpu-1","body_bytes":2060,"body_mac":"{digest}","changed":[{changed}]}},"#
        ),
        r#""stream":true,"tenant":"groupe-exemple","verdict":"forward"}"#.to_owned(),
    ]
    .concat()
}

fn outcome(request: u64) -> String {
    [
        r#"{"backend":"paris-gpu-1","bytes_out":1204,"end":"complete","first_byte_us":210000,"foreign_tokens":0,"#
            .to_owned(),
        format!(r#""input_tokens":190,"kind":"outcome","output_tokens":77,"request":"{}","restored":3,"#, id(request)),
        r#""status":200,"total_us":900000,"withheld_tokens":0}"#.to_owned(),
    ]
    .concat()
}

/// Processor time of this process so far, user and system, in milliseconds.
fn cpu_ms() -> u32 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    // Fields 14 and 15 of proc(5), in ticks of 10 ms; the name in field 2 is cut off with its bracket.
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u32>().ok()).sum::<u32>() * 10
}

fn peak() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim();
    format!("peak memory {peak} (the writing of the log included)")
}
