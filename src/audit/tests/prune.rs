//! Retention: what goes, what stays, and that the rest still verifies.

use std::sync::atomic::{AtomicI64, Ordering};

use octroi_verify::Known;
use octroi_verify::kept::{KEPT, Kept};
use octroi_verify::problem::ProblemKind;
use octroi_verify::pruned::PRUNED;
use octroi_verify::verify::CHECKPOINT;

use super::publish::publish_all as publish;
use super::*;
use crate::audit::index::{Index, compare};
use crate::audit::publish::PublishError;
use crate::audit::query::Filter;
use crate::audit::tile_store::LocalTiles;

const START: i64 = 1_795_000_000;

/// A log whose clock goes on by a minute an entry; small segments.
pub(super) fn minutes(folder: &Path) -> Options {
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

pub(super) fn at(seconds: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(START + seconds).unwrap()
}

/// The first entry that is left of the running epoch.
fn prune(folder: &Path, older_than: jiff::Timestamp) -> Result<u64, crate::audit::prune::PruneError> {
    Ok(crate::audit::prune::prune(folder, older_than, older_than)?.left[0].1)
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
    let trust = Trust { known: vec![Known::of("kept", &kept)], exports: vec![export], ..Trust::default() };
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
    let verified = verify_dir(path, &Trust { index: true, ..trust.clone() }, &mut |_| {}).unwrap();
    let told = format!(
        "says of {} entries what the log says, and of {first} pruned ones has their hashes",
        report.signed - first
    );
    assert!(verified.to_string().contains(&told), "{verified}");
    assert_eq!(verified.indexed.flatten().map(|indexed| indexed.entries), Some(report.signed));
    publish(path, &store).unwrap();
    let published = verify_dir(public.path(), &trust, &mut |_| {}).unwrap();
    assert_eq!(
        (published.root, published.pruned),
        (report.root, first),
        "from the same checkpoint and with the same export"
    );
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
    // A note waits for the gateway: nobody signed it, and anybody could have left it.
    let problem = octroi_verify::verify_all(path, &Trust::default(), &mut |_| {}).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::MissingEntries, "{problem}");
    assert!(problem.to_string().contains("only a note beside the log that nobody signed"), "{problem}");
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
    assert!(report.recorded, "{report}");
}

/// The files below a folder, with what they are.
fn files(folder: &Path) -> Vec<String> {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = files.filter(|file| file.file_type().is_file()).map(|file| file.path().to_owned());
    files.map(|path| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned()).collect()
}

fn verify_all(folder: &Path) -> Result<Report, Problem> {
    octroi_verify::verify_all(folder, &Trust::default(), &mut |_| {}).map(|mut reports| reports.remove(0))
}

#[test]
fn a_log_that_was_pruned_first_is_published_from_where_it_begins() {
    let (folder, public) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (path, store) = (folder.path(), LocalTiles::new(public.path()));
    write(path, 0..300);
    let first = prune(path, at(60 * 380)).unwrap();
    assert!(first > 256 && !first.is_multiple_of(256), "{first}");
    let refused = publish(path, &store);
    assert!(matches!(refused, Err(PublishError::Unrecorded(count)) if count == first), "{refused:?}");
    assert_eq!(files(public.path()), Vec::<String>::new(), "and nothing is written");
    // The gateway records it.
    for (round, numbers) in [(0, 400..410), (1, 500..800)] {
        write(path, numbers);
        let published = publish(path, &store).unwrap();
        let (whole, report) = (verify_all(path).unwrap(), verify_all(public.path()).unwrap());
        assert_eq!((published.first, published.entries, published.unrecorded), (first, whole.signed, false), "{round}");
        assert_eq!((report.pruned, report.recorded, report.root), (first, true, whole.root), "{round}: {report}");
        assert_eq!((&report.kinds, report.cut, &report.first_time), (&whole.kinds, whole.cut, &whole.first_time));
        assert!(!public.path().join("tile/entries/000").exists());
        assert_eq!(publish(path, &store).unwrap(), published, "once more changes nothing");
    }
    // A reader who is told of another beginning, or of none, names it.
    let right = std::fs::read(public.path().join(KEPT)).unwrap();
    let kept = Kept::parse(&right).unwrap();
    let lie = |first: u64, entries: &[Vec<u8>]| Kept { first, entries: entries.to_vec() }.bytes();
    let mut edited = right.clone();
    let at = edited.windows(12).position(|window| window == b"clinic-notes").unwrap();
    edited[at] = b'k';
    for (name, bytes, expected) in [
        ("later", lie(first + 1, &kept.entries[1..]), ProblemKind::MissingEntries),
        ("a bundle later", lie(kept.end() + 256, &[]), ProblemKind::MissingEntries),
        ("earlier", lie(first - 1, &kept.entries), ProblemKind::MissingEntries),
        ("beyond", lie(1 << 40, &[]), ProblemKind::Truncated),
        ("cut", right[..right.len() - 1].to_vec(), ProblemKind::Damaged),
        ("one less", lie(first, &kept.entries[..kept.entries.len() - 1]), ProblemKind::MissingEntries),
        ("edited", edited, ProblemKind::Damaged),
    ] {
        std::fs::write(public.path().join(KEPT), bytes).unwrap();
        let problem = verify_all(public.path()).unwrap_err();
        assert_eq!(problem.kind, expected, "{name}: {problem}");
    }
    std::fs::remove_file(public.path().join(KEPT)).unwrap();
    assert_eq!(verify_all(public.path()).unwrap_err().kind, ProblemKind::MissingEntries, "none");
    std::fs::write(public.path().join(KEPT), right).unwrap();
    // A hash of what is gone.
    let tile = public.path().join("tile/0/000");
    let mut bytes = std::fs::read(&tile).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&tile, bytes).unwrap();
    assert!(verify_all(public.path()).is_err());
}

#[test]
fn what_is_pruned_goes_from_what_was_published() {
    // Few entries, which all are of one bundle; and many.
    for (name, written, mark) in [("few", 40, 40), ("many", 400, 500)] {
        let (folder, public) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (path, store) = (folder.path(), LocalTiles::new(public.path()));
        write(path, 0..written);
        publish(path, &store).unwrap();
        let before = verify_all(public.path()).unwrap();
        write(path, 1_000..1_010);
        for (foreign, text) in
            [("index.html", "a page"), ("tile/entries/notes", "of somebody"), ("tile/0/notes", "too")]
        {
            std::fs::write(public.path().join(foreign), text).unwrap();
        }
        let first = prune(path, at(60 * mark)).unwrap();
        assert!(first > 20, "{name}: {first}");
        // Until the log says so what was published stays as it is, and grows.
        let published = publish(path, &store).unwrap();
        assert_eq!((published.first, published.unrecorded, published.removed), (0, true, 0), "{name}");
        assert_eq!(verify_all(public.path()).unwrap().pruned, 0, "{name}");
        let bundle = files(public.path()).into_iter().find(|file| file.starts_with("tile/entries/000")).unwrap();
        let removed = std::fs::read(public.path().join(&bundle)).unwrap();
        write(path, 2_000..2_010);
        let published = publish(path, &store).unwrap();
        assert_eq!((published.first, published.unrecorded), (first, false), "{name}");
        assert!(published.removed > 0, "{name}");
        let report = verify_all(public.path()).unwrap();
        assert_eq!((report.pruned, report.recorded), (first, true), "{name}");
        assert!(report.signed > before.signed, "{name}");
        let all: Vec<u8> =
            files(public.path()).iter().flat_map(|file| std::fs::read(public.path().join(file)).unwrap()).collect();
        let holds = |seq: u64| memchr::memmem::find(&all, format!("\"seq\":{seq},").as_bytes()).is_some();
        assert!(!holds(first - 1) && !holds(1) && holds(first), "{name}: the removed entries and no others are gone");
        for foreign in ["index.html", "tile/entries/notes", "tile/0/notes"] {
            assert!(public.path().join(foreign).exists(), "{name}: {foreign} is not ours");
        }
        // Pruned again, farther: before the log says so it is as it was; then what a crash left goes as well.
        write(path, 3_000..3_300);
        publish(path, &store).unwrap();
        let next = prune(path, at(60 * 600)).unwrap();
        assert!(next.div_ceil(256) > first.div_ceil(256), "{name}: {next}");
        let published = publish(path, &store).unwrap();
        assert_eq!((published.first, published.unrecorded), (first, true), "{name}");
        assert_eq!(verify_all(public.path()).unwrap().pruned, first, "{name}");
        write(path, 4_000..4_010);
        std::fs::write(public.path().join(&bundle), &removed).unwrap();
        assert_eq!(publish(path, &store).unwrap().first, next, "{name}");
        assert_eq!(verify_all(public.path()).unwrap().pruned, next, "{name}");
        assert!(!public.path().join(&bundle).exists(), "{name}");
        // A file in the place of a bundle that holds something else stays, and is named.
        std::fs::create_dir_all(public.path().join("tile/entries")).unwrap();
        std::fs::write(public.path().join("tile/entries/000"), b"not of this log").unwrap();
        let refused = publish(path, &store);
        assert!(
            matches!(&refused, Err(PublishError::Other(file)) if file == "tile/entries/000"),
            "{name}: {refused:?}"
        );
        assert!(public.path().join("tile/entries/000").exists(), "{name}");
    }
}

/// Where the clock was set back, a segment may end with older entries than it holds: what it holds decides.
#[test]
fn an_entry_that_is_young_keeps_its_segment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let write_at = |second: i64, numbers: std::ops::Range<u32>| {
        let clock = move || jiff::Timestamp::from_second(START + second).unwrap();
        let log = SegmentLog::open(Options { clock: Arc::new(clock), ..minutes(path) }).unwrap();
        for number in numbers {
            let slot = log.reserve().unwrap();
            append(&log, decision(number)).unwrap();
            slot.submit(outcome(number));
        }
        log.stop();
    };
    // Hours ahead for a moment, then right again.
    write_at(36_000, 0..3);
    write_at(0, 10..100);
    assert!(segments(path) > 3);
    assert_eq!(prune(path, at(3_600)).unwrap(), 0, "the first segment holds entries of ten hours later");
    assert!(prune(path, at(36_001)).unwrap() > 0);
    verify(path).unwrap();
}

/// An index of before the pruning speaks of what is gone: the prune makes it anew, and one that was put back is nobody's forgery.
#[test]
fn a_prune_takes_the_index_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(path, 0..60);
    Index::open(path).unwrap().catch_up().unwrap();
    let database = path.join(octroi_verify::review::FILE);
    let holds = |number: u32| {
        let bytes = std::fs::read(&database).unwrap();
        bytes.windows(16).any(|window| window == id(number).0)
    };
    assert!(holds(0) && holds(59));
    let before = std::fs::read(&database).unwrap();
    assert!(prune(path, at(60 * 40)).unwrap() > 20);
    assert!(!holds(0) && holds(59));
    let indexed = Trust { index: true, ..Trust::default() };
    let verified = |path: &Path| verify_dir(path, &indexed, &mut |_| {});
    assert!(verified(path).unwrap().indexed.unwrap().is_some(), "there, and as the log says");
    assert_eq!(compare(path).unwrap(), None);
    // That of before is put back.
    for side in ["-wal", "-shm"] {
        drop(std::fs::remove_file(path.join(format!("{}{side}", octroi_verify::review::FILE))));
    }
    std::fs::write(&database, before).unwrap();
    let problem = verified(path).unwrap_err();
    assert!(problem.kind == ProblemKind::StaleIndex && problem.kind.is_unchecked(), "{problem}");
    assert!(prune(path, at(60 * 40)).unwrap() > 20, "nothing more goes");
    assert!(!holds(0) && verified(path).is_ok(), "but the index is made anew");
    // Where there was none, none is made.
    std::fs::remove_file(&database).unwrap();
    prune(path, at(60 * 60)).unwrap();
    assert!(!database.exists());
}
