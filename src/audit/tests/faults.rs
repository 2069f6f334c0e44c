//! The disk fails, fills up, or loses power at every moment. The law: what was acknowledged is there afterwards, the log
//! opens or says why not, and what opened verifies.

use std::collections::BTreeSet;
use std::time::Duration;

use octroi_verify::verify::CHECKPOINT;
use proptest::prelude::*;

use super::disk::{Disk, Fault};
use super::*;
use crate::audit::log::Slot;
use crate::audit::outage;
use crate::audit::storage::Storage as _;

fn on(disk: &Disk) -> Options {
    let segment_bytes = SEGMENT_BYTES_MIN + 4_000;
    Options {
        storage: Arc::new(disk.clone()),
        segment_bytes,
        checkpoint_interval: Duration::ZERO,
        ..options(Path::new(""))
    }
}

/// Requests of the decisions in the log, after verifying it.
fn verified(disk: &Disk) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    disk.export(folder.path());
    verify(folder.path()).unwrap();
    let mut found = BTreeSet::new();
    let path = folder.path();
    let mut walk = octroi_verify::walk::Walk::open(&path).unwrap();
    loop {
        match walk.next().unwrap() {
            octroi_verify::walk::Step::Batch(batch) => {
                for (_, _, bytes) in batch.entries() {
                    let value: serde_json::Value = serde_json::from_slice(bytes).unwrap();
                    if value["entry"]["kind"] == "decision" {
                        found.insert(value["entry"]["request"].as_str().unwrap().to_owned());
                    }
                }
            }
            octroi_verify::walk::Step::Segment(_) => {}
            _ => return found,
        }
    }
}

/// Writes decisions and outcomes until `count` or the first refusal; returns what was acknowledged.
fn work(disk: &Disk, count: u32) -> BTreeSet<String> {
    let mut acknowledged = BTreeSet::new();
    let Ok(log) = SegmentLog::open(on(disk)) else {
        return acknowledged;
    };
    for number in 0..count {
        let Ok(slot) = log.reserve() else { break };
        if append(&log, decision(number)).is_ok() {
            acknowledged.insert(id(number).to_string());
        }
        slot.submit(outcome(number));
    }
    acknowledged
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// The power goes at any write; any part of what was not synced survives.
    #[test]
    fn what_was_acknowledged_survives_power_loss(at in 0_u64..140, seed in any::<u64>()) {
        let disk = Disk::default();
        disk.fail(Fault::PowerLoss(at));
        let acknowledged = work(&disk, 30);
        let mut random = seed;
        let after = disk.crash(|| {
            // Any sequence will do; this one is Knuth's.
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            random >> 63 == 1
        });
        let log = SegmentLog::open(on(&after)).unwrap();
        drop(log);
        let found = verified(&after);
        prop_assert!(acknowledged.is_subset(&found), "{} of {} are there", found.len(), acknowledged.len());
        prop_assert!(found.len() <= acknowledged.len() + 1, "nothing is there that was not handed in");
        // Everything is durable now: a second crash that keeps nothing changes nothing.
        let again = after.crash(|| false);
        drop(SegmentLog::open(on(&again)).unwrap());
        prop_assert_eq!(verified(&again), found);
    }

    /// A sync fails or a write is cut short at any moment, then the process starts anew or the power goes.
    #[test]
    fn what_was_acknowledged_survives_a_failing_disk(
        at in 0_u64..100,
        short in any::<bool>(),
        power in any::<bool>(),
    ) {
        let disk = Disk::default();
        disk.fail(if short { Fault::ShortWrite(at) } else { Fault::Sync(at) });
        let acknowledged = work(&disk, 30);
        let after = if power { disk.crash(|| false) } else { disk.restart() };
        drop(SegmentLog::open(on(&after)).unwrap());
        let found = verified(&after);
        prop_assert!(acknowledged.is_subset(&found));
        // What a restart found in the system's cache must be on the disk before anything is built on it.
        let again = after.crash(|| false);
        drop(SegmentLog::open(on(&again)).unwrap());
        prop_assert_eq!(verified(&again), found);
    }
}

#[test]
fn after_a_failed_sync_the_batch_goes_to_a_new_segment() {
    for short in [false, true] {
        let disk = Disk::default();
        let log = SegmentLog::open(on(&disk)).unwrap();
        append(&log, decision(1)).unwrap();
        // Checkpoints come between: wait for this one to be published, so that the next sync is the batch's.
        while log.head().signed < 2 {
            std::thread::yield_now();
        }
        let (writes, syncs) = disk.counts();
        disk.fail(if short { Fault::ShortWrite(writes) } else { Fault::Sync(syncs) });
        assert_eq!(append(&log, decision(2)).unwrap().seq, 2, "acknowledged from the new segment");
        assert!(log.healthy());
        log.stop();
        let folder = tempfile::tempdir().unwrap();
        disk.export(folder.path());
        let report = verify(folder.path()).unwrap();
        assert_eq!((report.segments, report.left_behind, report.signed), (2, 1, 4));
        let after = disk.crash(|| true);
        assert_eq!(SegmentLog::open(on(&after)).unwrap().opening().entries, 4);
    }
}

#[test]
fn a_full_disk_refuses_and_recovers_without_a_restart() {
    let disk = Disk::default();
    let options = Options { retry_interval: Duration::ZERO, ..on(&disk) };
    let log = SegmentLog::open(options).unwrap();
    // Room for checkpoints, none for a further segment.
    disk.set_room(Some(12_000));
    let (mut number, mut slots) = (0, Vec::new());
    let refused = loop {
        let slot = log.reserve().unwrap();
        match append(&log, decision(number)) {
            Ok(_) => slots.push((number, slot)),
            Err(error) => break error,
        }
        number += 1;
        assert!(number < 1_000);
    };
    assert_eq!(refused, AuditError::Closed);
    assert!(number > 0);
    assert!(!log.healthy());
    assert_eq!(append(&log, decision(5_000)), Err(AuditError::Closed));
    assert_eq!(log.reserve().unwrap_err(), AuditError::Closed);
    // Outcomes of requests in work wait in their places.
    for (number, slot) in slots {
        slot.submit(outcome(number));
    }
    disk.set_room(None);
    while !log.healthy() {
        std::thread::yield_now();
    }
    append(&log, decision(6_000)).unwrap();
    log.reserve().unwrap().submit(outcome(6_000));
    log.stop();
    let folder = tempfile::tempdir().unwrap();
    disk.export(folder.path());
    let report = verify(folder.path()).unwrap();
    assert_eq!((report.unfinished, report.kinds["outcome"]), (0, u64::from(number) + 1));
    assert_eq!(report.kinds["gap"], 1, "the log says for how long it could not write");
    let query = naive::query(folder.path(), &crate::audit::query::Filter::default(), 1_000, None);
    let records = query.unwrap().records;
    let gap = records.iter().flat_map(|record| record.of_kind("gap")).next().unwrap();
    // The one that met the full disk, and both that were turned away at the door.
    assert_eq!(gap["refused"], 3, "{gap}");
}

/// A log that met a full disk: with entries refused by the committer and at the door, and outcomes that wait.
fn met_a_full_disk(disk: &Disk) -> SegmentLog {
    let log = SegmentLog::open(Options { retry_interval: Duration::ZERO, ..on(disk) }).unwrap();
    disk.set_room(Some(12_000));
    let mut number = 0;
    while append(&log, decision(number)).is_ok() {
        number += 1;
        assert!(number < 1_000);
    }
    assert_eq!(append(&log, decision(5_000)), Err(AuditError::Closed));
    log
}

/// What the checkpoint that is published covers.
fn published(disk: &Disk) -> u64 {
    String::from_utf8(disk.read(CHECKPOINT)).unwrap().lines().nth(1).unwrap().parse().unwrap()
}

/// Decides one request after the other until the log takes no more: the places of those outcomes that are still to come.
fn until_closed(log: &SegmentLog) -> Vec<Slot> {
    let mut slots = Vec::new();
    for number in 0.. {
        let slot = log.reserve().unwrap();
        if append(log, decision(number)).is_err() {
            break;
        }
        slots.push(slot);
    }
    slots
}

/// Waits until what is durable is signed, which the caller then looks at.
fn until_signed(log: &SegmentLog, disk: &Disk) {
    let waited = std::time::Instant::now();
    while published(disk) < log.head().size && waited.elapsed() < Duration::from_secs(10) {
        std::thread::yield_now();
    }
}

/// While no segment can be made there is room for a checkpoint: what was acknowledged is signed, so that its end cannot be cut
/// off unseen, and a kill meanwhile leaves nothing open.
#[test]
fn what_is_durable_is_signed_while_the_log_is_closed() {
    let disk = Disk::default();
    let (checkpoint_interval, retry_interval) = (Duration::from_hours(1), Duration::from_millis(5));
    let log = SegmentLog::open(Options { checkpoint_interval, retry_interval, ..on(&disk) }).unwrap();
    let begun = published(&disk);
    disk.set_room(Some(12_000));
    let slots = until_closed(&log);
    until_signed(&log, &disk);
    assert!(!log.healthy());
    assert!(begun < log.head().size && published(&disk) == log.head().size, "{} signed", published(&disk));
    drop((log, slots));
}

/// Outcomes that wait for room are not in the log: to whoever opens it after a kill their requests are open.
#[test]
fn a_kill_while_outcomes_wait_for_room_leaves_no_request_without_one() {
    let disk = Disk::default();
    let (checkpoint_interval, retry_interval) = (Duration::from_millis(5), Duration::from_millis(5));
    let log = SegmentLog::open(Options { checkpoint_interval, retry_interval, ..on(&disk) }).unwrap();
    // Not even for a checkpoint.
    disk.set_room(Some(0));
    let slots = until_closed(&log);
    let begun = slots.len();
    for (number, slot) in (0..).zip(slots) {
        slot.submit(outcome(number));
    }
    std::thread::sleep(Duration::from_millis(200));
    disk.set_room(Some(12_000));
    until_signed(&log, &disk);
    assert_eq!(published(&disk), log.head().size);
    let killed = disk.restart();
    drop(log);
    let log = SegmentLog::open(on(&killed)).unwrap();
    assert_eq!(log.opening().unfinished, u32::try_from(begun).unwrap());
    log.stop();
    let folder = tempfile::tempdir().unwrap();
    killed.export(folder.path());
    assert_eq!(verify(folder.path()).unwrap().unfinished, 0);
}

fn gaps(disk: &Disk) -> Vec<serde_json::Value> {
    let folder = tempfile::tempdir().unwrap();
    disk.export(folder.path());
    verify(folder.path()).unwrap();
    let query = naive::query(folder.path(), &crate::audit::query::Filter::default(), 1_000, None);
    query.unwrap().records.iter().flat_map(|record| record.of_kind("gap")).cloned().collect()
}

#[test]
fn a_kill_while_the_disk_is_full_is_told_by_the_next_run() {
    let disk = Disk::default();
    let log = met_a_full_disk(&disk);
    // What was turned away at the door is noted at the next attempt to write.
    let killed = loop {
        let killed = disk.restart();
        let note = killed.read(outage::OUTAGE);
        if String::from_utf8(note).unwrap().trim_end().ends_with(" 2") {
            break killed;
        }
        std::thread::yield_now();
    };
    drop(log);
    let log = SegmentLog::open(on(&killed)).unwrap();
    append(&log, decision(6_000)).unwrap();
    log.stop();
    let told = gaps(&killed);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["cause"], &told[0]["refused"]), (&"storage".into(), &2.into()), "{told:?}");
    assert!(told[0]["since"].is_string(), "{told:?}");
    // And once only.
    let again = killed.restart();
    SegmentLog::open(on(&again)).unwrap().stop();
    assert_eq!(gaps(&again).len(), 1);
}

#[test]
fn a_stop_while_the_disk_is_full_is_told_by_the_next_run() {
    let disk = Disk::default();
    met_a_full_disk(&disk).stop();
    let after = disk.restart();
    SegmentLog::open(on(&after)).unwrap().stop();
    let told = gaps(&after);
    assert_eq!((told.len(), &told[0]["refused"]), (1, &2.into()), "{told:?}");
}

#[test]
fn a_disk_that_does_not_take_the_note_takes_the_log_all_the_same() {
    let disk = Disk::default();
    SegmentLog::open(on(&disk)).unwrap().stop();
    disk.remove(outage::OUTAGE).unwrap();
    // Nothing of the log itself is written before.
    disk.fail(Fault::ShortWrite(disk.counts().0));
    let log = SegmentLog::open(on(&disk)).unwrap();
    assert!(disk.read(outage::OUTAGE).len() < 64, "the note failed");
    append(&log, decision(1)).unwrap();
    log.stop();
    assert!(gaps(&disk).is_empty());
}

#[test]
fn a_segment_that_finds_no_room_gives_back_what_it_took() {
    let disk = Disk::default();
    disk.set_room(Some(5_000));
    let mut segments = super::super::tail::Segments::new(Arc::new(disk.clone()), 20_000, 1);
    let root = octroi_verify::Hash::empty();
    let header = octroi_verify::segment::Header { number: 0, first_seq: 0, root, origin: ORIGIN.to_owned() };
    assert_eq!(segments.create(header.clone()).unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    assert_eq!(disk.listing(), Vec::<String>::new());
    disk.set_room(Some(20_000));
    segments.create(header).unwrap();
    assert_eq!(disk.listing(), ["segments/00000001.seg"]);
}
