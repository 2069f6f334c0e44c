//! Where the review index lies: made anew in the place of a damaged one, elsewhere where nothing can be written, and never
//! changed by a comparison.

use octroi_verify::Checkpoint;
use octroi_verify::problem::ProblemKind;
use octroi_verify::verify::CHECKPOINT;

use super::index::{filled, filters, found_by_the_verifier, hours, write};
use super::*;
use crate::audit::index::{Dimension, FILE, Index, IndexError, compare};
use crate::audit::query::Filter;

/// Somewhere that a file cannot be: what lies there can neither be opened nor written, whoever asks.
fn barred(folder: &Path) {
    let file = folder.join(FILE);
    std::fs::remove_file(&file).unwrap_or_default();
    std::fs::create_dir(&file).unwrap();
}

/// Whoever owns the folder of a log could lead its readers to a file of theirs.
#[test]
fn no_link_in_the_place_of_an_index_is_followed() {
    let folder = filled();
    let other = folder.path().join("another program's");
    let database = rusqlite::Connection::open(&other).unwrap();
    database.execute_batch("CREATE TABLE request (what TEXT); INSERT INTO request VALUES ('kept')").unwrap();
    drop(database);
    let before = std::fs::read(&other).unwrap();
    for target in [other.clone(), folder.path().join("nowhere")] {
        let link = folder.path().join(FILE);
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let opened = Index::open(folder.path()).map(drop);
        assert!(matches!(opened, Err(IndexError::Linked { .. })), "{opened:?}");
        assert!(Index::rebuild(folder.path(), &mut |_| {}).is_err());
        assert_eq!(target.exists(), target == other);
        std::fs::remove_file(link).unwrap();
    }
    assert_eq!(std::fs::read(&other).unwrap(), before);
    // A link to the folder is as good as the folder.
    let around = tempfile::tempdir().unwrap();
    let linked = around.path().join("audit");
    std::os::unix::fs::symlink(folder.path(), &linked).unwrap();
    assert!(Index::open(&linked).unwrap().catch_up().unwrap().entries > 0);
}

/// Whatever lies in the place of an index, it can be made anew, and every message says so.
#[test]
fn a_damaged_index_is_named_and_made_anew() {
    type Damage = fn(&[u8]) -> Vec<u8>;
    let cases: [(&str, Damage); 5] = [
        ("no database", |_| b"this is no database, whatever its name says".repeat(40)),
        ("cut short", |right| right[..right.len() / 3].to_vec()),
        ("its first page overwritten", |right| [vec![7; 4_096], right[4_096..].to_vec()].concat()),
        ("all but its first page overwritten", |right| {
            [right[..4_096].to_vec(), vec![7; right.len() - 4_096]].concat()
        }),
        ("empty", |_| Vec::new()),
    ];
    for (name, damage) in cases {
        let folder = filled();
        let entries = Index::open(folder.path()).unwrap().catch_up().unwrap().entries;
        let file = folder.path().join(FILE);
        std::fs::write(&file, damage(&std::fs::read(&file).unwrap())).unwrap();
        let counted =
            Index::open(folder.path()).and_then(|mut index| index.catch_up().map(|_| index)).and_then(|index| {
                index.count(&Filter::default(), &[Dimension::Kind]).map_err(|error| error.of(folder.path()))
            });
        match counted {
            Err(told @ IndexError::Damaged { .. }) => {
                let (told, dir) = (told.to_string(), folder.path().display());
                assert!(told.contains(&*file.to_string_lossy()), "{name}: {told}");
                assert!(told.ends_with(&format!("`octroi audit reindex {dir}`")), "{name}: {told}");
            }
            // An empty file is a database without tables: it is filled.
            Ok(_) => assert_eq!(name, "empty"),
            Err(other) => panic!("{name}: {other}"),
        }
        assert_eq!(Index::rebuild(folder.path(), &mut |_| {}).unwrap().entries, entries, "{name}");
        assert_eq!(compare(folder.path()).unwrap(), None, "{name}");
        assert_eq!(found_by_the_verifier(folder.path()), None, "{name}");
        assert_eq!(Index::open(folder.path()).unwrap().catch_up().unwrap().entries, entries, "{name}");
        let beside = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let beside: Vec<_> = beside.filter(|name| name.to_string_lossy().starts_with("index.db.new")).collect();
        assert!(beside.is_empty(), "{name}: {beside:?}");
    }
}

#[test]
fn where_no_index_can_be_written_one_is_made_for_the_answer() {
    let folder = filled();
    let path = folder.path();
    let mut right = Index::open(path).unwrap();
    right.catch_up().unwrap();
    barred(path);
    let mut index = Index::open(path).unwrap();
    assert!(index.is_temporary() && !right.is_temporary());
    assert_eq!(index.catch_up().unwrap(), right.watermark().unwrap());
    for (name, filter) in filters() {
        assert_eq!(index.page(&filter, 9, None).unwrap(), right.page(&filter, 9, None).unwrap(), "{name}");
        let by = [Dimension::App];
        assert_eq!(index.count(&filter, &by).unwrap(), right.count(&filter, &by).unwrap(), "{name}");
    }
    let report = verify(path).unwrap();
    let signed = std::fs::read_to_string(path.join(CHECKPOINT)).unwrap();
    let checkpoint = Checkpoint::open(&signed, &report.key).unwrap();
    index.prove(3, &checkpoint, &signed).unwrap().unwrap().verify(None, &checkpoint).unwrap();
    let told = Index::rebuild(path, &mut |_| {}).unwrap_err().to_string();
    assert!(told.contains(&*path.join(FILE).to_string_lossy()), "{told}");
}

/// What the index beside the log says so far is taken over, unless it is damaged: the rest comes from the log.
#[test]
fn a_temporary_index_begins_with_what_is_kept() {
    let folder = filled();
    let path = folder.path();
    let kept = Index::open(path).unwrap().catch_up().unwrap();
    let log = SegmentLog::open(hours(path)).unwrap();
    write(&log, 6_000..6_040);
    log.stop();
    let before = std::fs::read(path.join(FILE)).unwrap();
    let mut index = Index::elsewhere(path).unwrap();
    assert_eq!(index.watermark().unwrap(), kept);
    let whole = index.catch_up().unwrap();
    assert_eq!(whole.entries, verify(path).unwrap().signed);
    assert_eq!(std::fs::read(path.join(FILE)).unwrap(), before, "nothing of the kept one is changed");
    std::fs::write(path.join(FILE), &before[..before.len() / 2]).unwrap();
    let mut index = Index::elsewhere(path).unwrap();
    assert_eq!(index.catch_up().unwrap(), whole);
}

#[test]
fn a_comparison_changes_nothing() {
    let folder = filled();
    let path = folder.path();
    assert!(matches!(compare(path), Err(IndexError::Missing { .. })), "there is none");
    Index::open(path).unwrap().catch_up().unwrap();
    let log = SegmentLog::open(hours(path)).unwrap();
    write(&log, 6_000..6_040);
    log.stop();
    let names = || {
        let names = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let (before, listed) = (std::fs::read(path.join(FILE)).unwrap(), names());
    assert_eq!(compare(path).unwrap(), None, "as far as it goes");
    assert_eq!((std::fs::read(path.join(FILE)).unwrap(), names()), (before.clone(), listed));
    std::fs::write(path.join(FILE), &before[..before.len() / 2]).unwrap();
    assert_eq!(compare(path).unwrap().map(|problem| problem.kind), Some(ProblemKind::Index));
}

/// A new index whose maker was killed goes with the next one that is made; one that is being made stays.
#[test]
fn what_killed_makers_left_goes() {
    let folder = filled();
    let [left, made] = ["1", "2"].map(|number| folder.path().join(format!("{FILE}.new-{number}")));
    std::fs::write(&left, "half of an index").unwrap();
    std::fs::write(&made, "").unwrap();
    let held = std::fs::OpenOptions::new().write(true).open(&made).unwrap();
    held.lock().unwrap();
    Index::rebuild(folder.path(), &mut |_| {}).unwrap();
    assert!(!left.exists() && made.exists());
    assert_eq!(compare(folder.path()).unwrap(), None);
}
