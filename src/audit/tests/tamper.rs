//! Somebody edits a finished log: each edit is found and named, by the verifier and, where it reads that part, on opening.

use std::path::PathBuf;

use octroi_verify::Known;
use octroi_verify::problem::ProblemKind;
use octroi_verify::segment::{BatchBuilder, Found, HEADER_BYTES, Header, Segment};
use octroi_verify::verify::{CHECKPOINT, VERIFIER_KEY};
use octroi_verify::walk::Folder;

use super::*;
use crate::audit::OpenError;

/// A finished log with several segments, one entry a batch.
fn finished() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), ORIGIN);
    folder
}

fn fill(folder: &Path, origin: &str) {
    let log = SegmentLog::open(Options { origin: origin.into(), ..options(folder) }).unwrap();
    for number in 0..120 {
        let slot = log.reserve().unwrap();
        append(&log, decision(number)).unwrap();
        slot.submit(outcome(number));
    }
    log.stop();
}

fn segment(folder: &Path, number: u32) -> PathBuf {
    folder.join(octroi_verify::walk::segment_name(number))
}

/// The entries of a segment, and where its batches begin and end.
fn read(path: &Path) -> (Header, Vec<Vec<u8>>, Vec<(usize, usize)>) {
    let name = format!("segments/{}", path.file_name().unwrap().to_str().unwrap());
    let mut segment =
        Segment::open(Folder::open(&path.parent().unwrap().parent().unwrap(), &name).unwrap()).unwrap().unwrap();
    let (mut at, mut entries, mut places) = (HEADER_BYTES as u64, Vec::new(), Vec::new());
    while let Found::Batch(batch) = segment.batch(at).unwrap() {
        entries.extend(batch.entries().map(|(_, _, bytes)| bytes.to_vec()));
        places.push((place(batch.start), place(batch.end)));
        at = batch.end;
    }
    (segment.header().clone(), entries, places)
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap()
}

/// Writes a segment anew, with checksums that are right.
fn write(path: &Path, header: &Header, entries: &[Vec<u8>]) {
    let length = place(std::fs::metadata(path).unwrap().len());
    let mut bytes = header.encode().unwrap();
    for (entry, seq) in entries.iter().zip(header.first_seq..) {
        let mut batch = BatchBuilder::default();
        batch.push(entry);
        bytes.extend_from_slice(&batch.finish(seq));
    }
    bytes.resize(length.max(bytes.len()), 0);
    std::fs::write(path, bytes).unwrap();
}

fn edit(path: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    edit(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

fn kind(folder: &Path) -> ProblemKind {
    verify(folder).unwrap_err().kind
}

#[test]
fn every_flipped_byte_is_found() {
    let folder = finished();
    let (_, _, places) = read(&segment(folder.path(), 1));
    let end = places.last().unwrap().1;
    for at in (0..end).step_by(401) {
        edit(&segment(folder.path(), 1), |bytes| bytes[at] ^= 4);
        let problem = verify(folder.path()).unwrap_err();
        let expected = if at < HEADER_BYTES { ProblemKind::Header } else { ProblemKind::Damaged };
        assert_eq!((problem.kind, problem.file.as_str()), (expected, "segments/00000001.seg"), "byte {at}");
        if at >= HEADER_BYTES {
            let around = places.iter().find(|(start, end)| (*start..*end).contains(&at)).unwrap();
            let offset = place(problem.offset.unwrap());
            assert!((around.0..around.1).contains(&offset), "byte {at} named as {offset}");
        }
        edit(&segment(folder.path(), 1), |bytes| bytes[at] ^= 4);
    }
    verify(folder.path()).unwrap();
}

#[test]
fn edits_with_right_checksums_are_found_and_named() {
    type Edit = fn(&mut Vec<Vec<u8>>);
    let cases: [(&str, Edit, ProblemKind); 5] = [
        ("a word changed", |entries| replace(&mut entries[5], "clinic-notes", "public-sites"), ProblemKind::Rewritten),
        ("one dropped", |entries| drop(entries.remove(4)), ProblemKind::MissingEntries),
        ("one repeated", |entries| entries.insert(4, entries[3].clone()), ProblemKind::Repeated),
        ("two exchanged", |entries| entries.swap(4, 6), ProblemKind::MissingEntries),
        ("blanks added", |entries| replace(&mut entries[5], ":812", ": 812"), ProblemKind::Malformed),
    ];
    for (name, change, expected) in cases {
        let folder = finished();
        let path = segment(folder.path(), 1);
        let (header, mut entries, _) = read(&path);
        change(&mut entries);
        write(&path, &header, &entries);
        let problem = verify(folder.path()).unwrap_err();
        assert_eq!(problem.kind, expected, "{name}: {problem}");
    }
}

#[test]
fn a_dropped_tail_is_found_at_any_length() {
    let folder = finished();
    let last = verify(folder.path()).unwrap().segments;
    let path = segment(folder.path(), last);
    let (header, entries, _) = read(&path);
    for kept in 0..entries.len() {
        write(&path, &header, &entries[..kept]);
        // Zero what the shorter file no longer has.
        let (_, _, places) = read(&path);
        let end = places.last().map_or(HEADER_BYTES, |place| place.1);
        edit(&path, |bytes| bytes[end..].fill(0));
        assert_eq!(kind(folder.path()), ProblemKind::Truncated, "{kept} kept");
        let refused = SegmentLog::open(options(folder.path())).unwrap_err();
        assert!(matches!(refused, OpenError::Damaged(_)), "{kept} kept: {refused}");
    }
}

#[test]
fn whole_files_removed_moved_or_taken_from_another_log() {
    type Edit = fn(&Path, &Path);
    let cases: [(&str, Edit, ProblemKind); 9] = [
        ("middle segment gone", |a, _| std::fs::remove_file(segment(a, 2)).unwrap(), ProblemKind::MissingSegment),
        ("first segment gone", |a, _| std::fs::remove_file(segment(a, 1)).unwrap(), ProblemKind::MissingEntries),
        ("segments exchanged", |a, _| swap(&segment(a, 1), &segment(a, 2)), ProblemKind::Header),
        ("segment of another log", |a, b| copy(&segment(b, 2), &segment(a, 2)), ProblemKind::OtherLog),
        ("checkpoint gone", |a, _| std::fs::remove_file(a.join(CHECKPOINT)).unwrap(), ProblemKind::NoCheckpoint),
        ("checkpoint of another log", |a, b| copy(&b.join(CHECKPOINT), &a.join(CHECKPOINT)), ProblemKind::Checkpoint),
        ("checkpoint edited", |a, _| edit(&a.join(CHECKPOINT), |text| text[15] ^= 1), ProblemKind::Checkpoint),
        ("key of another log", |a, b| copy(&b.join(VERIFIER_KEY), &a.join(VERIFIER_KEY)), ProblemKind::Checkpoint),
        ("segments cut short", |a, _| edit(&segment(a, 1), |bytes| bytes.truncate(9_000)), ProblemKind::Truncated),
    ];
    for (name, change, expected) in cases {
        let (folder, other) = (finished(), tempfile::tempdir().unwrap());
        fill(other.path(), "octroi/other/1");
        change(folder.path(), other.path());
        let problem = verify(folder.path()).unwrap_err();
        assert_eq!(problem.kind, expected, "{name}: {problem}");
        assert!(SegmentLog::open(options(folder.path())).is_err() || name == "segments cut short", "{name}");
    }
}

#[test]
fn an_older_copy_of_the_disk_is_found_by_a_kept_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), ORIGIN);
    let copy = tempfile::tempdir().unwrap();
    copy_folder(folder.path(), copy.path());
    let log = SegmentLog::open(options(folder.path())).unwrap();
    append(&log, decision(900)).unwrap();
    log.stop();
    let kept = std::fs::read_to_string(folder.path().join(CHECKPOINT)).unwrap();
    let trust = Trust { known: vec![Known::of("kept", &kept)], ..Trust::default() };
    assert!(verify_dir(folder.path(), &trust, &mut |_| {}).is_ok());
    let problem = verify_dir(copy.path(), &trust, &mut |_| {}).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Truncated, "rolled back");
    // The copy goes on and grows beyond: now it is another history.
    let log = SegmentLog::open(options(copy.path())).unwrap();
    (0..5).for_each(|number| assert!(append(&log, decision(1_000 + number)).is_ok()));
    log.stop();
    let problem = verify_dir(copy.path(), &trust, &mut |_| {}).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Rewritten, "forked");
}

#[test]
fn an_older_checkpoint_or_state_does_not_shorten_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(options(folder.path())).unwrap();
    append(&log, decision(1)).unwrap();
    drop(log);
    let state = std::fs::read(folder.path().join("state")).unwrap();
    let checkpoint = std::fs::read(folder.path().join(CHECKPOINT)).unwrap();
    let log = SegmentLog::open(options(folder.path())).unwrap();
    (2..100).for_each(|number| assert!(append(&log, decision(number)).is_ok()));
    log.stop();
    let size = verify(folder.path()).unwrap().signed;
    for (name, bytes) in [("state", &state), (CHECKPOINT, &checkpoint)] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let log = SegmentLog::open(options(folder.path())).unwrap();
        assert!(log.opening().entries >= size, "{name}");
        drop(log);
        verify(folder.path()).unwrap();
    }
}

fn replace(entry: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(std::mem::take(entry)).unwrap();
    let index = if text.contains(from) { text } else { panic!("{from} is not in {text}") };
    *entry = index.replacen(from, to, 1).into_bytes();
}

fn swap(one: &Path, other: &Path) {
    let bytes = std::fs::read(one).unwrap();
    copy(other, one);
    std::fs::write(other, bytes).unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::write(to, std::fs::read(from).unwrap()).unwrap();
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(target).unwrap();
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
