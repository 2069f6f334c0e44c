//! Commands that ask one log at the same time: none writes half of what another reads, nothing is counted twice, and nobody is
//! accused of it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use octroi_verify::problem::ProblemKind;
use octroi_verify::verify::{Trust, verify_dir};

use super::index::{filled, hours, write};
use super::naive::query;
use super::rotate;
use super::*;
use crate::audit::epochs::Epochs;
use crate::audit::index::{Dimension, FILE, Index, IndexError, compare};
use crate::audit::query::Filter;

const SEARCHES: usize = 6;
/// Requests written meanwhile.
const REQUESTS: u32 = 80;

/// A search, a count, and that both are of one state of the index.
fn search(folder: &Path) {
    let mut index = Index::open(folder).unwrap();
    let watermark = index.catch_up().unwrap();
    let newest = Filter { decision: Some("forward".to_owned()), ..Filter::default() };
    let page = index.page(&newest, usize::MAX, None).unwrap();
    let all = query(folder, &newest, usize::MAX, None).unwrap();
    // The log may have grown since: what was found is the beginning of what is there now.
    let seqs = |records: &[crate::audit::query::Record]| {
        records.iter().map(|one| one.seq).filter(|seq| *seq < watermark.entries).collect::<Vec<_>>()
    };
    assert_eq!(seqs(&page.records), seqs(&all.records));
    assert_eq!(page.watermark, watermark);
    let counted = index.count(&newest, &[Dimension::App]).unwrap();
    let sum: u64 = counted.iter().map(|one| one.count).sum();
    assert_eq!(sum, page.records.len() as u64, "{counted:?}");
}

/// Whoever checks an index while it is written may be told to ask again, and never that somebody edited it.
fn check(folder: &Path) {
    match compare(folder) {
        Ok(None) | Err(IndexError::Written { .. } | IndexError::Missing { .. }) => {}
        other => panic!("{other:?}"),
    }
    match verify_dir(folder, &Trust { index: true, ..Trust::default() }, &mut |_| {}) {
        Ok(_) => {}
        Err(problem) => assert_eq!(problem.kind, ProblemKind::StaleIndex, "{problem}"),
    }
}

#[test]
fn commands_that_ask_at_once_agree() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let log = SegmentLog::open(hours(path)).unwrap();
    write(&log, 0..40);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let over = &over;
        let searching: Vec<_> = (0..4).map(|_| scope.spawn(move || (0..SEARCHES).for_each(|_| search(path)))).collect();
        let until_over = |work: fn(&Path)| {
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    work(path);
                }
            })
        };
        until_over(check);
        until_over(|folder| {
            Index::rebuild(folder, &mut |_| {}).unwrap();
        });
        write(&log, 40..40 + REQUESTS);
        let ended: Vec<_> = searching.into_iter().map(thread::ScopedJoinHandle::join).collect();
        over.store(true, Ordering::Relaxed);
        assert!(ended.iter().all(Result::is_ok), "a search failed");
    });
    log.stop();
    search(path);
    assert_eq!(compare(path).unwrap(), None);
    assert!(verify_dir(path, &Trust { index: true, ..Trust::default() }, &mut |_| {}).unwrap().indexed.is_some());
    let left: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let new = format!("{FILE}.new");
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(&new)), "{left:?}");
}

/// The first search after an index went makes it; so do all that come at the same time.
#[test]
fn commands_that_begin_an_index_at_once_agree() {
    let folder = filled();
    for _ in 0..12 {
        for side in ["", "-wal", "-shm"] {
            std::fs::remove_file(folder.path().join(format!("{FILE}{side}"))).unwrap_or_default();
        }
        let path = folder.path();
        thread::scope(|scope| (0..5).for_each(|_| drop(scope.spawn(move || search(path)))));
        assert_eq!(compare(path).unwrap(), None);
    }
}

/// Requests of an epoch.
const EPOCH: u32 = 10;

/// A count and a search over all epochs, each of all that was written before, or told to ask again.
fn ask_all(folder: &Path, written: &AtomicU32) {
    let all = Filter::default();
    let least = written.load(Ordering::SeqCst);
    let is_all = |found: u64| {
        let most = written.load(Ordering::SeqCst) + EPOCH;
        assert!((u64::from(least)..=u64::from(most)).contains(&found), "{found} of {least} to {most}");
    };
    match Epochs::of(folder).count(&all, &[Dimension::Decision]) {
        Err(IndexError::Changing(_)) => {}
        counted => is_all(counted.unwrap().counted.iter().map(|one| one.count).sum()),
    }
    match Epochs::of(folder).page(&Filter { decision: Some("forward".to_owned()), ..all }, usize::MAX, None) {
        Err(IndexError::Changing(_)) => {}
        page => is_all(page.unwrap().records.len() as u64),
    }
}

#[test]
fn whoever_asks_while_the_key_is_changed_gets_all_or_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    rotate::write(path, 0..EPOCH);
    let (written, over) = (AtomicU32::new(EPOCH), AtomicBool::new(false));
    thread::scope(|scope| {
        let (written, over) = (&written, &over);
        let ask = move || {
            while !over.load(Ordering::Relaxed) {
                ask_all(path, written);
            }
        };
        let asking: Vec<_> = (0..2).map(|_| scope.spawn(ask)).collect();
        for epoch in 1..12 {
            crate::audit::rotate::request(path).unwrap();
            rotate::write(path, epoch * EPOCH..(epoch + 1) * EPOCH);
            written.fetch_add(EPOCH, Ordering::SeqCst);
        }
        over.store(true, Ordering::Relaxed);
        let ended: Vec<_> = asking.into_iter().map(thread::ScopedJoinHandle::join).collect();
        assert!(ended.iter().all(Result::is_ok), "an answer was not of all that was written");
    });
}
