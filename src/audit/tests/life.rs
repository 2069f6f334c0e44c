//! A log in its ordinary life: founding, writing, rotating, stopping, crashing, opening again.

use std::collections::BTreeMap;

use octroi_verify::verify::{CHECKPOINT, VERIFIER_KEY};

use super::*;
use crate::audit::OpenError;
use crate::audit::store::PRIVATE_KEY;

#[test]
fn a_whole_life_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(options(folder.path())).unwrap();
    assert_eq!(log.head().size, 1, "the start entry");
    assert_eq!(log.head().signed, 1);
    for number in 0..100 {
        let slot = log.reserve().unwrap();
        assert_eq!(append(&log, decision(number)).unwrap().seq, 1 + 3 * u64::from(number));
        append(&log, attempt(number)).unwrap();
        slot.submit(outcome(number));
    }
    log.stop();
    assert_eq!(append(&log, decision(500)), Err(AuditError::Closed));
    assert!(!log.healthy());
    let report = verify(folder.path()).unwrap();
    let kinds = [("attempt", 100), ("decision", 100), ("outcome", 100), ("start", 1), ("stop", 1)];
    assert_eq!(report.kinds, BTreeMap::from(kinds));
    assert_eq!((report.signed, report.unsigned, report.unfinished, report.torn), (302, 0, 0, None));
    assert!(report.segments > 1, "the log has rotated");
    assert_eq!((report.left_behind, report.key_given), (0, false));
}

#[test]
fn opens_again_where_it_ended_and_closes_what_was_open() {
    let folder = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(options(folder.path())).unwrap();
    append(&log, decision(1)).unwrap();
    append(&log, decision(2)).unwrap();
    let mut refused = decision_of(3);
    refused.verdict = Word::fixed("refuse");
    append(&log, Entry::Decision(Box::new(refused))).unwrap();
    log.reserve().unwrap().submit(outcome(1));
    drop(log);
    assert_eq!(verify(folder.path()).unwrap().unfinished, 1);

    let log = SegmentLog::open(options(folder.path())).unwrap();
    assert_eq!((log.opening().entries, log.opening().unfinished, log.opening().torn), (5, 1, false));
    log.stop();
    drop(log);
    let report = verify(folder.path()).unwrap();
    assert_eq!(report.unfinished, 0);
    assert_eq!((report.kinds["outcome"], report.kinds["start"], report.kinds["stop"]), (2, 2, 1));

    std::fs::remove_file(folder.path().join("state")).unwrap();
    let log = SegmentLog::open(options(folder.path())).unwrap();
    assert_eq!(log.opening().entries, 8, "without the state the log is read whole");
}

#[test]
fn one_writer_one_name_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(options(folder.path())).unwrap();
    assert!(matches!(SegmentLog::open(options(folder.path())), Err(OpenError::Locked)));
    drop(log);
    let renamed = Options { origin: "octroi/other/1".into(), ..options(folder.path()) };
    assert!(matches!(SegmentLog::open(renamed), Err(OpenError::Origin { found }) if found == ORIGIN));
    for origin in ["", "a b", "a+b"] {
        let options = Options { origin: origin.into(), ..options(folder.path()) };
        assert!(matches!(SegmentLog::open(options), Err(OpenError::Options(_))), "{origin:?}");
    }
    let key = std::fs::read(folder.path().join(PRIVATE_KEY)).unwrap();
    std::fs::remove_file(folder.path().join(PRIVATE_KEY)).unwrap();
    assert!(matches!(SegmentLog::open(options(folder.path())), Err(OpenError::KeyMissing)));
    let elsewhere = tempfile::tempdir().unwrap();
    drop(SegmentLog::open(options(elsewhere.path())).unwrap());
    std::fs::copy(elsewhere.path().join(PRIVATE_KEY), folder.path().join(PRIVATE_KEY)).unwrap();
    assert!(matches!(SegmentLog::open(options(folder.path())), Err(OpenError::Key)));
    std::fs::write(folder.path().join(PRIVATE_KEY), key).unwrap();
    std::fs::remove_file(folder.path().join(VERIFIER_KEY)).unwrap();
    drop(SegmentLog::open(options(folder.path())).unwrap());
    verify(folder.path()).unwrap();
}

#[test]
fn the_private_key_is_private_and_can_lie_elsewhere() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = keys.path().join("audit.key");
    drop(SegmentLog::open(Options { key_file: Some(path.clone()), ..options(folder.path()) }).unwrap());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!folder.path().join(PRIVATE_KEY).exists());
    verify(folder.path()).unwrap();
}

#[test]
fn refuses_what_is_too_long_and_what_has_no_place() {
    let folder = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(Options { queue_max: 2, ..options(folder.path()) }).unwrap();
    let mut long = decision_of(1);
    long.rules = vec![Word::fixed("a-rule-with-quite-a-long-name"); 600];
    assert!(
        matches!(append(&log, Entry::Decision(Box::new(long))), Err(AuditError::TooLarge { bytes }) if bytes > 16_384)
    );
    let slots = [log.reserve().unwrap(), log.reserve().unwrap()];
    assert_eq!(append(&log, decision(1)), Err(AuditError::Full));
    assert_eq!(log.reserve().unwrap_err(), AuditError::Full);
    drop(slots);
    append(&log, decision(1)).unwrap();
}

#[tokio::test]
async fn reads_back_what_was_stored() {
    let folder = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(options(folder.path())).unwrap();
    for number in 0..120 {
        log.append(decision(number)).await.unwrap();
    }
    let entries = log.read(60..64).await.unwrap();
    for (entry, seq) in entries.iter().zip(60_u64..) {
        assert_eq!(octroi_verify::entry::open(entry).unwrap().seq, seq);
    }
    assert_eq!(entries.len(), 4);
    assert_eq!(log.read(100..200).await, Err(AuditError::Unreadable));
    let one: serde_json::Value = serde_json::from_slice(&log.read(0..1).await.unwrap()[0]).unwrap();
    assert_eq!(one["entry"]["kind"], "start");
    assert_eq!(one["time"], "2026-11-18T11:06:40.000000000Z");
}

#[test]
fn many_writers_share_batches_and_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(Options { segment_bytes: 1 << 20, ..options(folder.path()) }).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..16 {
            let log = &log;
            scope.spawn(move || {
                for number in 0..60 {
                    let slot = log.reserve().unwrap();
                    append(log, decision(writer * 1_000 + number)).unwrap();
                    slot.submit(outcome(writer * 1_000 + number));
                }
            });
        }
    });
    log.stop();
    let report = verify(folder.path()).unwrap();
    assert_eq!((report.kinds["decision"], report.kinds["outcome"], report.unfinished), (960, 960, 0));
    let files = std::fs::read_dir(folder.path().join("segments")).unwrap().count();
    assert_eq!(u32::try_from(files), Ok(report.segments), "what was prepared and not used is gone");
    assert!(folder.path().join(CHECKPOINT).exists());
}

#[test]
fn a_log_that_is_being_written_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(options(folder.path())).unwrap();
    let mut verified = 0;
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|writer| {
                let log = &log;
                scope.spawn(move || {
                    for number in 0..400 {
                        let slot = log.reserve().unwrap();
                        append(log, decision(writer * 1_000 + number)).unwrap();
                        slot.submit(outcome(writer * 1_000 + number));
                    }
                })
            })
            .collect();
        while !writers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            verify(folder.path()).unwrap();
            verified += 1;
        }
    });
    assert!(verified > 0, "the verifier met the log at work");
}
