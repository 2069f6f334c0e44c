//! Retention: what goes, what stays, and that the rest still verifies.

use std::sync::atomic::{AtomicI64, Ordering};

use octroi_verify::problem::ProblemKind;
use octroi_verify::pruned::PRUNED;
use octroi_verify::verify::CHECKPOINT;

use super::*;
use crate::audit::index::{Index, compare};
use crate::audit::publish::publish;
use crate::audit::query::Filter;
use crate::audit::tile_store::LocalTiles;

const START: i64 = 1_795_000_000;

/// A log whose clock goes on by a minute an entry; small segments.
fn minutes(folder: &Path) -> Options {
    let now = Arc::new(AtomicI64::new(START));
    let clock = move || jiff::Timestamp::from_second(now.fetch_add(60, Ordering::Relaxed)).unwrap();
    Options { segment_bytes: SEGMENT_BYTES_MIN + 20_000, ..Options::new(folder, ORIGIN, Arc::new(clock)) }
}

fn write(folder: &Path, numbers: std::ops::Range<u32>) {
    let log = SegmentLog::open(minutes(folder)).unwrap();
    for number in numbers {
        let slot = log.reserve().unwrap();
        append(&log, decision(number)).unwrap();
        slot.submit(outcome(number));
    }
    log.stop();
}

fn at(seconds: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(START + seconds).unwrap()
}

/// The first entry that is left of the running epoch.
fn prune(folder: &Path, older_than: jiff::Timestamp) -> Result<u64, crate::audit::prune::PruneError> {
    Ok(crate::audit::prune::prune(folder, older_than)?[0].1)
}

fn segments(folder: &Path) -> usize {
    std::fs::read_dir(folder.join("segments")).unwrap().count()
}

#[test]
fn what_is_left_verifies_from_every_checkpoint() {
    let (folder, public) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = folder.path();
    write(path, 0..40);
    let kept = std::fs::read_to_string(path.join(CHECKPOINT)).unwrap();
    let (store, export) = (LocalTiles::new(public.path()), path.join("export.jsonl"));
    publish(path, &store).unwrap();
    let entries = super::super::read::read_range(&crate::audit::LocalStorage::new(path), 0..30).unwrap();
    let lines: Vec<String> = entries.into_iter().map(|entry| String::from_utf8(entry).unwrap()).collect();
    std::fs::write(&export, lines.join("\n")).unwrap();
    write(path, 100..160);
    Index::open(path).unwrap().catch_up().unwrap();
    let (whole, before) = (verify(path).unwrap(), segments(path));
    assert!(before > 4, "{before}");

    assert_eq!(prune(path, at(-1)).unwrap(), 0, "nothing is that old");
    let first = prune(path, at(60 * 40)).unwrap();
    let removed = before - segments(path);
    assert!(first > 20 && removed > 0, "{first}");
    assert_eq!(prune(path, at(60 * 40)).unwrap(), first, "once more changes nothing");
    let trust = Trust { known: vec![kept], exports: vec![export], ..Trust::default() };
    let report = verify_dir(path, &trust, &mut |_| {}).unwrap();
    assert_eq!((report.pruned, report.signed, report.root), (first, whole.signed, whole.root));
    assert_eq!(report.exports[0].matched, 30, "an export of what is gone is compared with its hashes");

    // The gateway goes on, with its state and without; the index is made anew; what was published is carried on.
    write(path, 200..220);
    std::fs::remove_file(path.join("state")).unwrap();
    write(path, 300..320);
    let report = verify_dir(path, &trust, &mut |_| {}).unwrap();
    assert_eq!(report.kinds["prune"], removed as u64, "an entry for each segment");
    let mut index = Index::open(path).unwrap();
    assert_eq!(index.catch_up().unwrap().entries, report.signed);
    let page = index.page(&Filter::default(), 10_000, None).unwrap();
    assert!(page.records.iter().all(|record| record.seq >= first));
    let signed = std::fs::read_to_string(path.join(CHECKPOINT)).unwrap();
    let checkpoint = octroi_verify::Checkpoint::open(&signed, &report.key).unwrap();
    let proof = index.prove(page.records[3].seq, &checkpoint, &signed).unwrap().unwrap();
    proof.verify(None, &checkpoint).unwrap();
    assert_eq!(compare(path).unwrap(), None);
    let indexed = verify_dir(path, &Trust { index: true, ..trust.clone() }, &mut |_| {}).unwrap().indexed;
    assert_eq!(indexed.flatten().map(|indexed| indexed.entries), Some(report.signed));
    publish(path, &store).unwrap();
    assert_eq!(verify(public.path()).unwrap().root, report.root);
    prune(path, at(i64::from(i32::MAX))).unwrap();
    assert_eq!(segments(path), 1, "the one that is written stays");
    verify_dir(path, &trust, &mut |_| {}).unwrap();
}

#[test]
fn hashes_that_were_changed_or_taken_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(path, 0..60);
    prune(path, at(60 * 40)).unwrap();
    let right = std::fs::read(path.join(PRUNED)).unwrap();
    let mut wrong = right.clone();
    wrong[100] ^= 1;
    for (name, bytes, expected) in
        [("a bit", wrong, ProblemKind::Rewritten), ("cut short", right[..640].to_vec(), ProblemKind::MissingEntries)]
    {
        std::fs::write(path.join(PRUNED), bytes).unwrap();
        assert_eq!(verify(path).unwrap_err().kind, expected, "{name}");
    }
    std::fs::remove_file(path.join(PRUNED)).unwrap();
    assert_eq!(verify(path).unwrap_err().kind, ProblemKind::MissingEntries, "gone");
    std::fs::write(path.join(PRUNED), right).unwrap();
    verify(path).unwrap();
    // A segment that was damaged is not pruned away.
    let name = std::fs::read_dir(path.join("segments")).unwrap().map(|entry| entry.unwrap().path()).min().unwrap();
    let mut bytes = std::fs::read(&name).unwrap();
    bytes[700] ^= 1;
    std::fs::write(&name, bytes).unwrap();
    assert!(prune(path, at(i64::from(i32::MAX))).is_err());
    assert!(name.exists());
}

/// A log that was removed from without a word is named, though the hashes are right.
#[test]
fn what_was_removed_by_hand_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(path, 0..60);
    prune(path, at(60 * 40)).unwrap();
    let reports = octroi_verify::verify_all(path, &Trust::default(), &mut |_| {}).unwrap();
    assert_eq!(reports[0].recorded, Some(false), "a note waits for the gateway");
    let notes = path.join("access");
    let kept: Vec<_> = std::fs::read_dir(&notes).unwrap().map(|note| note.unwrap().path()).collect();
    let read: Vec<_> = kept.iter().map(|note| std::fs::read(note).unwrap()).collect();
    for note in &kept {
        std::fs::remove_file(note).unwrap();
    }
    let problem = octroi_verify::verify_all(path, &Trust::default(), &mut |_| {}).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::MissingEntries, "{problem}");
    assert!(problem.to_string().contains("no `prune` entry says so"), "{problem}");
    for (note, text) in kept.iter().zip(read) {
        std::fs::write(note, text).unwrap();
    }
    write(path, 100..110);
    let report = octroi_verify::verify_all(path, &Trust::default(), &mut |_| {}).unwrap().remove(0);
    assert_eq!(report.recorded, Some(true), "{report}");
}
