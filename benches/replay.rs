//! How fast recorded decisions are taken again: `octroi policy replay` on a log of a million. Bar: 10 s.
//!
//! `cargo bench --bench replay`. The log is written without proofs, since a replay asks for none: segments of 64 MiB, batches of
//! up to 256 entries, two thirds decisions and one third outcomes, facts that vary. Then the command runs twice, the second time with the log
//! in the system's memory.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a bench measures with clocks and files, prints, and may stop at the first fault"
)]

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use octroi::model::entry::{
    Decision, Digest, Entry, FindingCount, Outcome, PlannedBackend, RemovedBackend, RequestId, Scan,
};
use octroi::model::recorded::{RecordedFacts, RecordedType};
use octroi::model::{Country, Word};
use octroi_verify::merkle::Hash;
use octroi_verify::segment::{BatchBuilder, Header};
use octroi_verify::{canonical, entry};

const SEGMENT_BYTES: usize = 64 * 1024 * 1024;
const BATCH: u64 = 256;

fn main() {
    // Cargo's test runner calls benches with `--test`: once, briefly.
    let brief = std::env::args().any(|argument| argument == "--test");
    let decisions: u64 = if brief { 2_000 } else { 1_000_000 };
    let folder = tempfile::tempdir_in(".").unwrap();
    let bytes = write_log(&folder.path().join("audit"), decisions);
    println!("{decisions} decisions, as many outcomes for two thirds of them, {} MiB", bytes / 1024 / 1024);
    let octroi = |words: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_octroi")).args(words).current_dir(folder.path()).output().unwrap();
        assert!(output.status.code() != Some(2), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    octroi(&["policy", "init", "policies", "--home", "FR", "--packs", "gdpr-eea-only,gdpr-special-categories"]);
    for run in 1..=2 {
        let started = Instant::now();
        let told = octroi(&["policy", "replay", "--since", "2026-01-01", "policies"]);
        let first = told.lines().next().unwrap_or_default();
        println!("run {run}: {:.2} s in all; {first}", started.elapsed().as_secs_f64());
        assert!(first.starts_with(&format!("{decisions} decisions")), "{told}");
        assert!(!told.contains("not taken again"), "each decision is taken again: {told}");
    }
}

/// Writes the segments of a log and returns their bytes.
fn write_log(folder: &Path, decisions: u64) -> usize {
    std::fs::create_dir_all(folder.join("segments")).unwrap();
    let (mut seq, mut segment, mut all, mut written) = (0_u64, Vec::new(), 0, 0_u32);
    let mut batch = BatchBuilder::default();
    let (mut first, mut in_batch) = (0, 0);
    let mut flush = |segment: &mut Vec<u8>| {
        written += 1;
        segment.resize(SEGMENT_BYTES, 0);
        let mut file = File::create(folder.join(format!("segments/{written:08}.seg"))).unwrap();
        file.write_all(segment).unwrap();
        all += segment.len();
        segment.clear();
    };
    let mut push = |body: &Entry, segment: &mut Vec<u8>, end: bool| {
        let (mut canonical_body, mut wrapped) = (Vec::new(), Vec::new());
        canonical::write(body, &mut canonical_body).unwrap();
        entry::wrap(&canonical_body, seq, "2026-11-23T09:00:00.000000000Z", &mut wrapped);
        batch.push(&wrapped);
        seq += 1;
        in_batch += 1;
        if in_batch == BATCH || end {
            let full = std::mem::take(&mut batch).finish(first);
            if !segment.is_empty() && segment.len() + full.len() > SEGMENT_BYTES {
                flush(segment);
            }
            if segment.is_empty() {
                *segment = header(first);
            }
            segment.extend_from_slice(&full);
            (first, in_batch) = (seq, 0);
        }
    };
    for number in 0..decisions {
        push(&decision(number), &mut segment, false);
        let last = number + 1 == decisions;
        if number % 3 != 0 || last {
            push(&outcome(number), &mut segment, last);
        }
    }
    flush(&mut segment);
    number_segments(folder);
    all
}

fn header(first_seq: u64) -> Vec<u8> {
    Header { number: 1, first_seq, root: Hash([0; 32]), origin: "octroi/bench/1".to_owned() }.encode().unwrap()
}

/// Headers name their place; it is known once the file has its name.
fn number_segments(folder: &Path) {
    for (number, path) in (1..).map(|number: u32| (number, folder.join(format!("segments/{number:08}.seg")))) {
        if !path.exists() {
            break;
        }
        let bytes = std::fs::read(&path).unwrap();
        let header = Header { number, ..Header::decode(&bytes[..512]).unwrap() };
        let file = File::options().write(true).open(&path).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &header.encode().unwrap(), 0).unwrap();
    }
}

fn request(number: u64) -> RequestId {
    RequestId((0x0193_594c_1d2e_7000_8000_0000_0000_0000_u128 + u128::from(number)).to_be_bytes())
}

#[expect(clippy::too_many_lines, reason = "an entry with all its members")]
fn decision(number: u64) -> Entry {
    let country = |code| Country::parse(code).unwrap();
    let at = |list: &[&'static str]| Word::fixed(list[usize::try_from(number).unwrap() % list.len()]);
    let types = ["email", "person", "iban", "phone", "health_condition", "fr_nir"];
    let taken = 1 + usize::try_from(number % 5).unwrap();
    let count = |name: &&'static str| FindingCount {
        entity: Word::fixed(name),
        classes: vec![Word::fixed("personal")],
        path: Word::fixed("messages[].content"),
        count: 2,
        confidence: Word::fixed("sure"),
    };
    let found =
        |name: &&'static str| RecordedType { entity: Word::fixed(name), possibly: 2, surely: 2, confidence: 95 };
    let backend = at(&["home-gpu-1", "home-gpu-1", "example-cloud"]);
    let abroad = backend == *"example-cloud";
    Entry::Decision(Box::new(Decision {
        request: request(number),
        trace: None,
        tenant: Word::fixed("groupe-exemple"),
        app: at(&["clinic-notes", "public-website", "hr-desk", "lab"]),
        purpose: Some(at(&["care-documentation", "customer-care", "recruitment"])),
        actor: Word::fixed("A7KQ2M"),
        api: Word::fixed("openai"),
        operation: Word::fixed("chat"),
        model: Word::fixed("assistant-large"),
        stream: true,
        findings: types.iter().take(taken).map(count).collect(),
        scan: Scan { status: Word::fixed("complete"), leaves: 9, scanned: 9, unknown: 0, unreadable: 0, bytes: 812 },
        label: None,
        leak_score: Some(0),
        left_out: None,
        leak: None,
        facts: Some(Box::new(RecordedFacts {
            v: octroi::model::recorded::FACTS_VERSION,
            unsought: Vec::new(),
            types: types.iter().take(taken).map(found).collect(),
            brought: Vec::new(),
            leak_history: Some(0),
            leak_most: None,
            purpose_declared: false,
            cut: false,
            health: None,
            label_unknown: false,
            roles: Vec::new(),
            residence: vec![country("FR")],
            minors: false,
            unreadable: false,
            reference: false,
            hosted: Vec::new(),
            able: vec![Word::fixed("example-cloud"), Word::fixed("home-gpu-1")],
        })),
        policy: Digest([1; 32]),
        inventory: Digest([2; 32]),
        reference: Digest([3; 32]),
        rules: vec![Word::fixed("us-exposed-needs-pseudonyms")],
        verdict: Word::fixed("forward"),
        reason: None,
        plan: vec![PlannedBackend {
            backend,
            tier: Word::fixed(if abroad { "other" } else { "on premises" }),
            countries: vec![country(if abroad { "US" } else { "FR" })],
            operator: Some(Word::fixed("Example Cloud Inc.")),
            controlled_from: Some(country("US")),
            transfer_basis: Some(Word::fixed("standard-contractual-clauses")),
            duties_as: None,
            duties: vec![(Word::fixed("email"), Word::fixed("pseudonymise"))],
        }],
        removed: vec![RemovedBackend {
            backend: Word::fixed("other-cloud"),
            why: Word::fixed("rule"),
            rules: vec![Word::fixed("health-stays-hds")],
        }],
        sending: None,
        clock: None,
        exceptions: Vec::new(),
        crossed: None,
        fell_back: None,
        kept: None,
        body_mac: Digest([4; 32]),
        body_bytes: 812,
    }))
}

fn outcome(number: u64) -> Entry {
    Entry::Outcome(Box::new(Outcome {
        request: request(number),
        end: Word::fixed("complete"),
        backend: Some(Word::fixed("home-gpu-1")),
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
    }))
}
