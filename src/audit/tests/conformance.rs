//! What every audit log must do, whichever engine keeps it: one suite, run here on segment files, on a real disk and on one
//! in memory that loses what was not synced.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use super::disk::Disk;
use super::*;
use crate::audit::log::READ_ENTRIES_MAX;
use crate::audit::{Head, OpenError, Storage, rotate};

/// An engine under test: one log, its folder or its tables.
trait Engine {
    /// Takes up the log, or founds it.
    fn open(&self) -> Result<Arc<dyn AuditLog>, OpenError>;

    /// The same engine as it would be found if the power went now.
    fn after_power_loss(&self) -> Box<dyn Engine>;

    /// Takes up the log in the epoch behind, where the engine can begin one.
    fn open_next_epoch(&self) -> Option<Result<Arc<dyn AuditLog>, OpenError>>;
}

#[tokio::test(flavor = "multi_thread")]
async fn segment_files_conform() {
    let folder = tempfile::tempdir().unwrap();
    conforms(&Files { folder: folder.path().to_owned(), _copy: None }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn segment_files_conform_on_a_disk_that_forgets() {
    conforms(&Memory(Disk::default())).await;
}

/// The suite.
async fn conforms(engine: &dyn Engine) {
    let log = engine.open().unwrap();
    positions(log.as_ref()).await;
    ranges(log.as_ref()).await;
    refusals(log.as_ref()).await;
    let acknowledged = crowd(&log).await;
    durable(engine, log.as_ref(), &acknowledged).await;
    slots(log.as_ref()).await;
    fences(engine, log).await;
}

/// Entries stand where the log says, in order and as they were handed in; the head counts them.
async fn positions(log: &dyn AuditLog) {
    let before = log.head();
    for number in 0..5 {
        let position = log.append(decision(number)).await.unwrap();
        assert_eq!(position.seq, before.size + u64::from(number));
        assert!(log.head().size > position.seq);
        let read = log.read(position.seq..position.seq + 1).await.unwrap();
        assert!(String::from_utf8_lossy(&read[0]).contains(&id(number).to_string()), "entry {number}");
    }
    let after = log.head();
    assert_ne!(before.root, after.root);
    assert!(after.signed <= after.size && log.healthy());
    assert_eq!(root_of(log, after).await, after.root, "the root is that of the entries");
}

async fn root_of(log: &dyn AuditLog, head: Head) -> [u8; 32] {
    let mut tree = octroi_verify::Frontier::default();
    while tree.size() < head.size {
        let entries = log.read(tree.size()..head.size.min(tree.size() + READ_ENTRIES_MAX)).await.unwrap();
        for entry in &entries {
            tree.push(octroi_verify::merkle::leaf_hash(entry));
        }
    }
    tree.root().0
}

/// What is not there, or too much, cannot be read.
async fn ranges(log: &dyn AuditLog) {
    let size = log.head().size;
    assert_eq!(log.read(0..0).await.unwrap(), Vec::<Vec<u8>>::new());
    assert_eq!(log.read(0..size).await.unwrap().len() as u64, size);
    assert_eq!(log.read(size..size + 1).await, Err(AuditError::Unreadable), "behind the end");
    assert_eq!(log.read(0..READ_ENTRIES_MAX + 1).await, Err(AuditError::Unreadable), "too many at once");
}

/// What does not fit is turned away, changes nothing, and stands in nobody's way.
async fn refusals(log: &dyn AuditLog) {
    let before = log.head();
    let long = "x".repeat(20_000);
    let mut wide = decision_of(90);
    wide.rules = vec![Word::configured(&long)];
    for (name, entry, expected) in [
        ("an attempt without a decision", attempt(91), AuditError::Misplaced),
        ("an outcome without a decision", outcome(91), AuditError::Misplaced),
        ("a second decision", decision(0), AuditError::Misplaced),
    ] {
        assert_eq!(log.append(entry).await, Err(expected), "{name}");
    }
    let refused = log.append(Entry::Decision(Box::new(wide))).await.unwrap_err();
    assert!(matches!(refused, AuditError::TooLarge { .. } | AuditError::Malformed), "{refused}");
    assert_eq!(log.head(), Head { signed: log.head().signed, ..before });
    log.append(decision(5)).await.unwrap();
}

/// Many at one time: each gets a place of its own, without gaps. Returns what was acknowledged.
async fn crowd(log: &Arc<dyn AuditLog>) -> BTreeMap<u64, String> {
    let first = log.head().size;
    let places = Arc::new(Mutex::new(BTreeMap::new()));
    let mut writers = Vec::new();
    for writer in 0..8_u32 {
        let (log, places) = (Arc::clone(log), Arc::clone(&places));
        writers.push(tokio::spawn(async move {
            for number in 0..25 {
                let number = 1_000 + 100 * writer + number;
                let position = log.append(decision(number)).await.unwrap();
                places.lock().unwrap().insert(position.seq, id(number).to_string());
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let places = places.lock().unwrap().clone();
    assert_eq!(places.keys().copied().collect::<Vec<_>>(), (first..first + 200).collect::<Vec<_>>());
    places
}

/// What was acknowledged survives the loss of power at any later moment.
async fn durable(engine: &dyn Engine, log: &dyn AuditLog, acknowledged: &BTreeMap<u64, String>) {
    assert!(engine.open().is_err(), "a log has one writer");
    let lost = engine.after_power_loss();
    let after = lost.open().unwrap();
    for (seq, request) in acknowledged {
        let (one, other) = (log.read(*seq..seq + 1).await.unwrap(), after.read(*seq..seq + 1).await.unwrap());
        assert_eq!(one, other, "entry {seq}");
        assert!(String::from_utf8_lossy(&other[0]).contains(request), "entry {seq}");
    }
    // Each decision that was open has got an outcome by now.
    let mut open = BTreeSet::new();
    let size = after.head().size;
    for entry in after.read(0..size.min(READ_ENTRIES_MAX)).await.unwrap() {
        let entry = octroi_verify::entry::open(&entry).unwrap();
        match entry.about.kind {
            octroi_verify::entry::Kind::Decision => drop(open.insert(entry.about.request)),
            octroi_verify::entry::Kind::Outcome => drop(open.remove(&entry.about.request)),
            _ => {}
        }
    }
    assert_eq!(open.len(), 0);
}

/// A place that was taken is there when it is used, goes back when it is not, and there is an end of them.
async fn slots(log: &dyn AuditLog) {
    let slot = log.reserve().unwrap();
    slot.submit(outcome(0));
    let mut taken = Vec::new();
    let full = loop {
        match log.reserve() {
            Ok(slot) => taken.push(slot),
            Err(error) => break error,
        }
        assert!(taken.len() < 1_000_000, "the queue has no bound");
    };
    assert_eq!(full, AuditError::Full);
    assert_eq!(log.append(decision(6)).await, Err(AuditError::Full), "a full queue says so, and is not a failed one");
    assert!(log.healthy());
    drop(taken);
    let position = log.append(decision(7)).await.unwrap();
    let entries = log.read(position.seq.saturating_sub(3)..position.seq + 1).await.unwrap();
    assert!(entries.iter().any(|entry| String::from_utf8_lossy(entry).contains("\"kind\":\"outcome\"")));
}

/// A writer that was fenced off writes no more, now or later; what it wrote stays readable.
async fn fences(engine: &dyn Engine, log: Arc<dyn AuditLog>) {
    assert_eq!(log.fence(log.epoch()).await, Err(AuditError::Fenced), "not above its own");
    let before = log.append(decision(8)).await.unwrap();
    log.fence(log.epoch() + 1).await.unwrap();
    assert_eq!(log.append(decision(9)).await, Err(AuditError::Fenced));
    assert_eq!(log.reserve().map(drop), Err(AuditError::Fenced));
    assert!(!log.healthy());
    assert_eq!(log.read(before.seq..before.seq + 1).await.unwrap().len(), 1);
    let epoch = log.epoch();
    drop(log);
    for engine in [engine.after_power_loss().as_ref(), engine] {
        assert!(matches!(engine.open(), Err(OpenError::Fenced { epoch: fenced }) if fenced == epoch + 1));
    }
    if let Some(next) = engine.open_next_epoch() {
        let next = next.unwrap();
        assert_eq!(next.epoch(), epoch + 1);
        next.append(decision(10)).await.unwrap();
    }
}

/// Segment files in a folder.
struct Files {
    folder: std::path::PathBuf,
    /// Keeps a copy alive as long as it is used.
    _copy: Option<tempfile::TempDir>,
}

impl Engine for Files {
    fn open(&self) -> Result<Arc<dyn AuditLog>, OpenError> {
        let log = SegmentLog::open(Options { queue_max: 64, ..options(&self.folder) })?;
        Ok(Arc::new(log))
    }

    /// A copy of the files as the system has them: what a killed process leaves.
    fn after_power_loss(&self) -> Box<dyn Engine> {
        let folder = tempfile::tempdir().unwrap();
        let copied =
            std::process::Command::new("cp").arg("-a").arg(&self.folder).arg(folder.path().join("log")).status();
        assert!(copied.unwrap().success());
        Box::new(Self { folder: folder.path().join("log"), _copy: Some(folder) })
    }

    fn open_next_epoch(&self) -> Option<Result<Arc<dyn AuditLog>, OpenError>> {
        let clock: crate::audit::Clock = Arc::new(|| jiff::Timestamp::from_second(1_795_000_000).unwrap());
        let settled = rotate::settle(
            &rotate::Turn::of(&self.folder).unwrap(),
            &Word::fixed("test"),
            &clock,
            4 * SEGMENT_BYTES_MIN,
        );
        Some(settled.and_then(SegmentLog::open).map(|log| Arc::new(log) as Arc<dyn AuditLog>))
    }
}

/// Segment files on a disk that keeps only what was synced.
struct Memory(Disk);

impl Engine for Memory {
    fn open(&self) -> Result<Arc<dyn AuditLog>, OpenError> {
        let storage: Arc<dyn Storage> = Arc::new(self.0.clone());
        let options = Options { storage, queue_max: 64, ..options(Path::new("")) };
        Ok(Arc::new(SegmentLog::open(options)?))
    }

    fn after_power_loss(&self) -> Box<dyn Engine> {
        Box::new(Self(self.0.crash(|| false)))
    }

    fn open_next_epoch(&self) -> Option<Result<Arc<dyn AuditLog>, OpenError>> {
        // Rotation moves files, which is not a part of the storage.
        None
    }
}
