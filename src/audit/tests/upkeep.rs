//! What the log records of itself and of its readers.

use std::time::Duration;

use super::*;
use crate::audit::access;
use crate::model::entry::Access;

fn beating(folder: &Path) -> Options {
    Options { heartbeat_interval: Duration::from_millis(20), ..options(folder) }
}

fn entries(folder: &Path, kind: &str) -> Vec<serde_json::Value> {
    let page = crate::audit::query::query(folder, &crate::audit::query::Filter::default(), 10_000, None).unwrap();
    page.records.iter().flat_map(|record| record.of_kind(kind).cloned()).collect()
}

fn reading(number: u32) -> Access {
    Access {
        access: id(number),
        action: Word::fixed("query"),
        approver: None,
        at: Word::fixed("2026-11-18T11:06:40.000000000Z"),
        channel: Word::fixed("command"),
        reader: Word::fixed("user-1000"),
        from: None,
        to: None,
        records: Some(50),
        subject: None,
        words: vec![Word::fixed("app"), Word::fixed("since")],
    }
}

#[test]
fn beats_while_it_is_silent() {
    let folder = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(beating(folder.path())).unwrap();
    append(&log, decision(1)).unwrap();
    while log.head().size < 5 {
        std::thread::yield_now();
    }
    log.stop();
    let beats = entries(folder.path(), "heartbeat");
    assert!(beats.len() >= 3, "{beats:?}");
    let last = beats.last().unwrap();
    assert_eq!((&last["decisions"], &last["open"], &last["refused"]), (&1.into(), &1.into(), &0.into()));
    verify(folder.path()).unwrap();
}

#[test]
fn readers_are_recorded_by_the_writer_or_at_its_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(beating(folder.path())).unwrap();
    access::leave(folder.path(), &reading(1)).unwrap();
    while std::fs::read_dir(folder.path().join(access::FOLDER)).unwrap().count() > 0 {
        std::thread::yield_now();
    }
    log.stop();
    access::leave(folder.path(), &reading(2)).unwrap();
    std::fs::write(folder.path().join(access::FOLDER).join("x.json"), "{\"kind\":\"stop\"}").unwrap();
    std::fs::write(folder.path().join(access::FOLDER).join("y.json"), "{\"kind\":\"access\",\"name\":\"Jean\"}")
        .unwrap();
    SegmentLog::open(beating(folder.path())).unwrap().stop();
    let accesses = entries(folder.path(), "access");
    let ids: Vec<_> = accesses.iter().map(|access| access["access"].clone()).collect();
    assert_eq!(ids, [id(1).to_string(), id(2).to_string()], "and nothing else that lies there");
    assert_eq!(accesses[0]["words"], serde_json::json!(["app", "since"]));
    let left: Vec<_> = std::fs::read_dir(folder.path().join(access::FOLDER)).unwrap().collect();
    assert_eq!(left.len(), 2, "what is no access is left for somebody to look at");
    verify(folder.path()).unwrap();
}
