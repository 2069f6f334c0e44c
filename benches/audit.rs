//! How many durable entries a second the log takes, beside what the disk itself can do in the same run.
//!
//! `cargo bench --bench audit`. For 1, 32 and 256 writers: durable entries a second and the time from handing a decision in to
//! its being durable, of writers that hand in the next as soon as the last is durable, so that the log is as full as they can
//! make it, and of writers that hand in 20,000 a second, as requests come in; first, as the yardstick, one thread that writes
//! 1 KB and calls `fdatasync`; last, 32 writers that commit 1 KB one by one to `rusqlite` and to `redb`. Then how long a log of 1 GiB (`OCTROI_BENCH_MIB` says another size) takes to open, to verify, to index and to
//! search.
//! Runs take a few seconds each and are repeated in turn, since the disk of a shared machine is a noisy thing.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a bench measures with clocks and files, prints, and may stop at the first fault"
)]

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use octroi::audit::index::{Dimension, Index};
use octroi::audit::query::Filter;
use octroi::audit::{AuditLog as _, Options, SegmentLog};
use octroi::model::Word;
use octroi::model::entry::{
    Change, Decision, Digest, Entry, FindingCount, Outcome, PlannedBackend, RequestId, Scan, Sending,
};
use tokio::sync::Semaphore;

const ROUND: Duration = Duration::from_secs(3);
const ROUNDS: u32 = 3;

/// What the writers do.
#[derive(Clone, Copy)]
enum Kind {
    /// Decisions refused, which nothing follows, one behind the other: as many as the log takes.
    Refusals,
    /// Decisions, each with its outcome, one behind the other.
    Pairs,
    /// Decisions refused, so many a second from all writers together, as requests come in: not when the last is durable.
    Paced(u64),
}

/// A second, with which the log is to cope: the bar and a third above it.
const PACED: u64 = 20_000;
const LOADS: [(u64, Kind); 5] =
    [(1, Kind::Pairs), (32, Kind::Paced(PACED)), (32, Kind::Refusals), (32, Kind::Pairs), (256, Kind::Pairs)];

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Refusals => "refusals",
            Self::Pairs => "pairs",
            Self::Paced(_) => "paced refusals",
        }
    }

    const fn entries(self) -> u64 {
        if matches!(self, Self::Pairs) { 2 } else { 1 }
    }
}

fn main() {
    // Cargo's test runner calls benches with `--test`: once, briefly.
    let brief = std::env::args().any(|argument| argument == "--test");
    let (round, rounds) = if brief { (Duration::from_millis(100), 1) } else { (ROUND, ROUNDS) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!("{:<26} {:>10} {:>9} {:>9} {:>9}", "", "per s", "p50 us", "p99 us", "max us");
    let mut ours = Vec::new();
    for _ in 0..rounds {
        let folder = tempfile::tempdir_in(".").unwrap();
        let disk = fdatasync(folder.path(), round);
        show("fdatasync, 1 KB, 1 thread", &disk, 1, round);
        for (writers, kind) in LOADS {
            let folder = tempfile::tempdir_in(".").unwrap();
            let log = Arc::new(SegmentLog::open(options(folder.path())).unwrap());
            let times = runtime.block_on(write(&log, writers, kind, round));
            show(&format!("{}, {writers} writers", kind.name()), &times, kind.entries(), round);
            if writers == RIVALS as u64 {
                let [one, other] = [&times, &disk].map(|times| quotient(times.value_at_quantile(0.5), 1));
                println!("  its p50 is {:.2} times that of fdatasync", one / other.max(1.0));
                ours.push(times.len() * kind.entries());
            }
            log.stop();
        }
    }
    for (name, write) in [
        ("rusqlite, one by one", sqlite as fn(&Path, Duration) -> _),
        ("redb, one by one", redb as fn(&Path, Duration) -> _),
    ] {
        let folder = tempfile::tempdir_in(".").unwrap();
        let times = write(folder.path(), round);
        show(&format!("{name}, {RIVALS} writers"), &times, 1, round);
        let best = ours.iter().copied().max().unwrap_or(0);
        println!("  our best round of {RIVALS} writers: {:.1} times as many entries", quotient(best, times.len()));
    }
    let chosen = std::env::var("OCTROI_BENCH_MIB").ok().and_then(|text| text.parse().ok());
    large(&runtime, chosen.unwrap_or(if brief { 8 } else { 1_024 }));
}

fn quotient(one: u64, other: u64) -> f64 {
    let number = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    number(one) / number(other.max(1))
}

fn show(name: &str, times: &Histogram<u64>, entries_each: u64, round: Duration) {
    let [p50, p99] = [0.5, 0.99].map(|quantile| times.value_at_quantile(quantile));
    let rate = u128::from(times.len() * entries_each) * 1_000 / round.as_millis();
    println!("{name:<26} {rate:>10} {p50:>9} {p99:>9} {:>9}", times.max());
}

fn options(folder: &Path) -> Options {
    Options::new(folder, "octroi/bench/1", Arc::new(jiff::Timestamp::now))
}

/// Writes 1 KB into a file full of zeros and syncs, again and again.
fn fdatasync(folder: &Path, round: Duration) -> Histogram<u64> {
    let file = OpenOptions::new().write(true).create_new(true).open(folder.join("file")).unwrap();
    file.write_all_at(&vec![0; 64 * 1024 * 1024], 0).unwrap();
    file.sync_all().unwrap();
    let (mut times, start, mut at) = (Histogram::new(3).unwrap(), Instant::now(), 0);
    while start.elapsed() < round {
        let one = Instant::now();
        file.write_all_at(&[b'x'; 1_024], at).unwrap();
        file.sync_data().unwrap();
        times.record(micros(one)).unwrap();
        at = (at + 1_024) % (64 * 1024 * 1024);
    }
    times
}

/// Each writer hands in a decision and waits until it is durable; in pairs it then hands in the outcome through the reserved
/// place, else the decision is refused, which nothing follows.
async fn write(log: &Arc<SegmentLog>, writers: u64, kind: Kind, round: Duration) -> Histogram<u64> {
    let (start, turns) = (Instant::now(), Arc::new(Semaphore::new(0)));
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let (log, turns) = (Arc::clone(log), Arc::clone(&turns));
            tokio::spawn(async move {
                let (mut times, mut number) = (Histogram::<u64>::new(3).unwrap(), 0_u64);
                while start.elapsed() < round {
                    if let Kind::Paced(_) = kind {
                        turns.acquire().await.unwrap().forget();
                    }
                    let request = id(writer, number);
                    let slot = matches!(kind, Kind::Pairs).then(|| log.reserve().unwrap());
                    let entry = if slot.is_some() { decision(request) } else { refusal(request) };
                    let one = Instant::now();
                    log.append(entry).await.unwrap();
                    times.record(micros(one)).unwrap();
                    if let Some(slot) = slot {
                        slot.submit(outcome(request));
                    }
                    number += 1;
                }
                times
            })
        })
        .collect();
    if let Kind::Paced(rate) = kind {
        std::thread::spawn(move || pace(&turns, rate, start, round)).join().unwrap();
    }
    let mut all = Histogram::new(3).unwrap();
    for task in tasks {
        all.add(task.await.unwrap()).unwrap();
    }
    all
}

/// Gives so many turns a second, evenly, whether or not those before were used up; at the end, one to each who still waits.
fn pace(turns: &Semaphore, rate: u64, start: Instant, round: Duration) {
    let mut given = 0;
    while start.elapsed() < round {
        let due = u64::try_from(start.elapsed().as_micros()).unwrap() * rate / 1_000_000;
        turns.add_permits(usize::try_from(due - given).unwrap());
        given = due;
        std::thread::sleep(Duration::from_micros(20));
    }
    turns.add_permits(1_024);
}

/// Writers of the engines that are compared with.
const RIVALS: usize = 32;

/// Runs a thread for each writer, which commits 1 KB again and again.
fn rivals<W: FnMut(u64) + Send>(round: Duration, writer: impl Fn() -> W + Sync) -> Histogram<u64> {
    let mut all = Histogram::new(3).unwrap();
    let all_times = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..RIVALS as u64)
            .map(|number| {
                let writer = &writer;
                scope.spawn(move || {
                    let (mut commit, mut times, start) = (writer(), Histogram::<u64>::new(3).unwrap(), Instant::now());
                    let mut key = number << 32;
                    while start.elapsed() < round {
                        let one = Instant::now();
                        commit(key);
                        times.record(micros(one)).unwrap();
                        key += 1;
                    }
                    times
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    for times in &all_times {
        all.add(times).unwrap();
    }
    all
}

/// SQLite in WAL mode with full syncs, a connection a writer.
fn sqlite(folder: &Path, round: Duration) -> Histogram<u64> {
    let open = || {
        let database = rusqlite::Connection::open(folder.join("rival.db")).unwrap();
        database.busy_timeout(Duration::from_mins(1)).unwrap();
        database.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;").unwrap();
        database.execute_batch("CREATE TABLE IF NOT EXISTS entry (seq INTEGER PRIMARY KEY, body BLOB)").unwrap();
        database
    };
    drop(open());
    rivals(round, || {
        let database = open();
        move |key| {
            let body = [b'x'; 1_024];
            let commit = "INSERT INTO entry VALUES (?1, ?2)";
            database.execute(commit, rusqlite::params![i64::try_from(key).unwrap(), body.as_slice()]).unwrap();
        }
    })
}

/// redb, a transaction an entry.
fn redb(folder: &Path, round: Duration) -> Histogram<u64> {
    const TABLE: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("entry");
    let database = redb::Database::create(folder.join("rival.redb")).unwrap();
    let database = &database;
    rivals(round, move || {
        move |key| {
            let transaction = database.begin_write().unwrap();
            transaction.open_table(TABLE).unwrap().insert(key, [b'x'; 1_024].as_slice()).unwrap();
            transaction.commit().unwrap();
        }
    })
}

/// How long the review index takes to fill, to find a page and to count.
fn review(folder: &Path) {
    let start = Instant::now();
    let mut index = Index::open(folder).unwrap();
    let entries = index.catch_up().unwrap().entries;
    let bytes = std::fs::metadata(folder.join(octroi::audit::index::FILE)).unwrap().len() / 1_048_576;
    println!("indexed {entries} entries in {:.1} s, {bytes} MiB", start.elapsed().as_secs_f64());
    let word = |word: &str| Some(word.to_owned());
    let all = Filter::default();
    let pages = [
        ("page, newest", all.clone()),
        ("page, one app", Filter { app: word("app-3"), ..all.clone() }),
        (
            "page, app, backend, class",
            Filter { app: word("app-3"), backend: word("backend-2"), class: word("personal"), ..all.clone() },
        ),
        // Records of these two never meet: every block is looked at.
        ("page, nothing found", Filter { app: word("app-3"), backend: word("backend-1"), ..all.clone() }),
    ];
    for (name, filter) in pages {
        let found = index.page(&filter, 50, None).unwrap().records.len();
        println!("{name}: {found} records in {:.2} ms", median(|| drop(index.page(&filter, 50, None).unwrap())));
    }
    for by in [&[Dimension::Country, Dimension::Decision][..], &[Dimension::App, Dimension::Backend]] {
        let names: Vec<_> = by.iter().map(|dimension| dimension.name()).collect();
        let took = median(|| drop(index.count(&all, by).unwrap()));
        println!("count by {}: {took:.2} ms", names.join(", "));
    }
}

/// Milliseconds of the middle one of eleven runs.
fn median(mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..11)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[5]
}

/// Fills a log, then opens it anew with and without its state, and verifies it.
fn large(runtime: &tokio::runtime::Runtime, mebibytes: u64) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let log = Arc::new(SegmentLog::open(options(folder.path())).unwrap());
    let mut number = 0;
    let (start, cpu) = (Instant::now(), cpu_ms());
    runtime.block_on(async {
        while log.head().size < mebibytes * 1_024 * 1_024 / 900 {
            let appends = (0..1_024).map(|_| {
                number += 1;
                let (log, request) = (Arc::clone(&log), id(0, number));
                tokio::spawn(async move {
                    let slot = log.reserve().unwrap();
                    log.append(decision(request)).await.unwrap();
                    slot.submit(outcome(request));
                })
            });
            for append in appends.collect::<Vec<_>>() {
                append.await.unwrap();
            }
        }
    });
    let entries = log.head().size;
    log.stop();
    drop(log);
    let each = (cpu_ms() - cpu) * 1_000 / entries;
    println!("wrote {entries} entries in {:.2} s, {each} us of CPU each", start.elapsed().as_secs_f64());
    let open = |what: &str| {
        let start = Instant::now();
        let log = SegmentLog::open(options(folder.path())).unwrap();
        println!("opened {what} in {:.3} s", start.elapsed().as_secs_f64());
        drop(log);
    };
    open("with its state");
    std::fs::remove_file(folder.path().join("state")).unwrap();
    open("without its state");
    let start = Instant::now();
    let report = octroi_verify::verify_dir(folder.path(), &octroi_verify::Trust::default(), &mut |_| {}).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let bytes = report.bytes / 1_048_576;
    println!(
        "verified {} entries, {bytes} MiB, in {seconds:.2} s: {:.1} us each",
        report.signed,
        seconds * 1e6 / u32::try_from(report.signed).map_or(1.0, f64::from)
    );
    review(folder.path());
    println!("peak memory of all this {}", peak());
}

/// Processor time of this process so far, user and system, in milliseconds.
fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    // Fields 14 and 15 of proc(5), in ticks of 10 ms; the name in field 2 is cut off with its bracket.
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim().to_owned()
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

fn id(writer: u64, number: u64) -> RequestId {
    let [high, low] = [writer.to_be_bytes(), number.to_be_bytes()];
    let mut id = [0; 16];
    id[..8].copy_from_slice(&high);
    id[8..].copy_from_slice(&low);
    RequestId(id)
}

const APPS: [&str; 8] = ["app-0", "app-1", "app-2", "app-3", "app-4", "app-5", "app-6", "app-7"];
const BACKENDS: [&str; 4] = ["backend-0", "backend-1", "backend-2", "backend-3"];

/// A decision of about 1.2 KB, as a request with three kinds of findings has it.
/// A decision that refuses: about 1 KB.
fn refusal(request: RequestId) -> Entry {
    let mut entry = decision(request);
    if let Entry::Decision(decision) = &mut entry {
        (decision.verdict, decision.reason) = (Word::fixed("refuse"), Some(Word::fixed("no-backend-permitted")));
        (decision.sending, decision.plan) = (None, Vec::new());
    }
    entry
}

fn decision(request: RequestId) -> Entry {
    // Apps of even and odd numbers use other backends.
    let number = usize::from(request.0[15]);
    let (app, backend) = (APPS[number % 8], BACKENDS[(number % 2 + number / 64 * 2 + 1) % 4]);
    let count = |entity| FindingCount {
        entity: Word::fixed(entity),
        classes: vec![Word::fixed("personal")],
        path: Word::fixed("messages[].content"),
        count: 1,
        confidence: Word::fixed("sure"),
    };
    let change = |entity| Change { entity: Word::fixed(entity), action: Word::fixed("pseudonymise"), count: 1 };
    Entry::Decision(Box::new(Decision {
        request,
        trace: Some(Word::fixed("0af7651916cd43dd8448eb211c80319c")),
        tenant: Word::fixed("groupe-exemple"),
        app: Word::fixed(app),
        purpose: Some(Word::fixed("customer-service")),
        actor: Word::fixed("K7Q2MZ4A"),
        api: Word::fixed("openai"),
        operation: Word::fixed("chat"),
        model: Word::fixed("assistant-large"),
        stream: true,
        findings: vec![count("email"), count("person"), count("iban")],
        scan: Scan { status: Word::fixed("complete"), leaves: 9, scanned: 9, unknown: 0, unreadable: 0, bytes: 2_048 },
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
        plan: vec![PlannedBackend {
            backend: Word::fixed(backend),
            tier: Word::fixed("on premises"),
            countries: Vec::new(),
            operator: Some(Word::fixed("Groupe Exemple")),
            controlled_from: None,
            transfer_basis: None,
            duties_as: None,
            duties: Vec::new(),
        }],
        removed: Vec::new(),
        clock: None,
        exceptions: Vec::new(),
        crossed: None,
        fell_back: None,
        kept: None,
        sending: Some(Sending {
            backend: Word::fixed(backend),
            body_mac: Digest([5; 32]),
            body_bytes: 2_048,
            found: Vec::new(),
            changed: vec![change("email"), change("person"), change("iban")],
            model: Some(Word::fixed("assistant-large-2026")),
            smaller: None,
            sealed: None,
        }),
        body_mac: Digest([4; 32]),
        body_bytes: 2_048,
    }))
}

fn outcome(request: RequestId) -> Entry {
    Entry::Outcome(Box::new(Outcome {
        request,
        end: Word::fixed("complete"),
        backend: Some(Word::fixed("paris-gpu-1")),
        status: 200,
        restored: 3,
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
