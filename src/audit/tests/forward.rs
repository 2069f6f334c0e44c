//! Forwarding over changes of the key: every entry of every epoch, and no cursor taken for another place.

use octroi_verify::verify::CHECKPOINT;

use super::rotate::{three, write};
use super::*;
use crate::audit::forward::{Cursor, ForwardError, Next, next};
use crate::audit::rotate::request;

/// Sends all that there is behind a cursor: what was sent, and where it ended.
fn all(folder: &Path, mut cursor: Option<Cursor>) -> (Vec<(String, u64)>, Cursor) {
    let mut sent = Vec::new();
    loop {
        let batch = match next(folder, cursor.as_ref()).unwrap() {
            Next::Batch(batch) => batch,
            Next::Sent(at) => return (sent, at),
            Next::Changing => panic!("nobody changes it"),
        };
        let body: serde_json::Value = serde_json::from_str(&batch.body).unwrap();
        let records = body.pointer("/resourceLogs/0/scopeLogs/0/logRecords").unwrap().as_array().unwrap();
        assert_eq!(records.len(), batch.entries);
        for record in records {
            let seq = record["attributes"][1]["value"]["intValue"].as_str().unwrap().parse().unwrap();
            sent.push((record["attributes"][0]["value"]["stringValue"].as_str().unwrap().to_owned(), seq));
        }
        cursor = Some(batch.cursor);
    }
}

fn every(folder: &Path, epochs: u32) -> Vec<(String, u64)> {
    let mut expected = Vec::new();
    for epoch in 1..=epochs {
        let log = if epoch == epochs { folder.to_owned() } else { folder.join(format!("epochs/{epoch}")) };
        let text = std::fs::read_to_string(log.join(CHECKPOINT)).unwrap();
        let size: u64 = text.lines().nth(1).unwrap().parse().unwrap();
        assert!(size > 20, "{size}");
        expected.extend((0..size).map(|seq| (format!("octroi/test/{epoch}"), seq)));
    }
    expected
}

#[test]
fn an_epoch_is_sent_to_its_end_before_the_next_begins() {
    let (folder, _) = three();
    let folder = folder.path();
    let expected = every(folder, 3);
    let (sent, end) = all(folder, None);
    assert_eq!(sent, expected, "without a cursor from the first entry of the first epoch");
    assert_eq!(all(folder, Some(end.clone())), (Vec::new(), end.clone()), "nothing is new");
    for taken in [1, 17, expected.len() - 1] {
        let (origin, seq) = expected[taken].clone();
        let (sent, _) = all(folder, Some(Cursor { origin, next: seq }));
        assert_eq!(sent, expected[taken..], "from {taken}");
    }
    // The key is changed while it is followed: what the old epoch still got comes first.
    request(folder).unwrap();
    write(folder, 100..112);
    let (sent, _) = all(folder, Some(end));
    assert_eq!(sent, every(folder, 4)[expected.len()..]);
}

#[test]
fn a_cursor_that_fits_no_entry_is_a_fault() {
    let (folder, _) = three();
    let at =
        |origin: &str, seq| next(folder.path(), Some(&Cursor { origin: origin.to_owned(), next: seq })).unwrap_err();
    for epoch in ["octroi/test/1", "octroi/test/3"] {
        let told = at(epoch, 5_000);
        assert!(matches!(told, ForwardError::Ahead { next: 5_000, .. }), "{told}");
    }
    for stranger in ["octroi/test/4", "octroi/lyon/1"] {
        let told = at(stranger, 0);
        assert!(matches!(told, ForwardError::Stranger { .. }), "{told}");
    }
}

#[test]
fn entries_that_are_signed_and_not_there_are_never_passed_over() {
    let (folder, _) = three();
    let epoch = folder.path().join("epochs/2");
    let segment = std::fs::read_dir(epoch.join("segments")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&segment).unwrap();
    let behind = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[behind - 2_000..].fill(0);
    std::fs::write(&segment, bytes).unwrap();
    let from = Cursor { origin: "octroi/test/2".to_owned(), next: 0 };
    let told = next(folder.path(), Some(&from)).unwrap_err();
    assert!(matches!(told, ForwardError::Log(_)), "{told}");
}

#[test]
fn an_epoch_that_is_being_moved_is_waited_for() {
    let (folder, _) = three();
    let epoch = folder.path().join("epochs/2");
    let moving = folder.path().join("epochs/2.new");
    std::fs::rename(&epoch, &moving).unwrap();
    let cursor = Cursor { origin: "octroi/test/2".to_owned(), next: 3 };
    assert!(matches!(next(folder.path(), Some(&cursor)).unwrap(), Next::Changing));
    std::fs::rename(&moving, &epoch).unwrap();
    assert!(matches!(next(folder.path(), Some(&cursor)).unwrap(), Next::Batch(_)));
}

/// Two that went on from one place would send everything twice, and each take the other's place.
#[test]
fn one_goes_on_from_a_cursor_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let alone = |name| Cursor::alone(folder.path(), name).unwrap();
    let first = alone("forward.cursor");
    assert!(first.is_some());
    assert!(alone("forward.cursor").is_none());
    assert!(alone("other.cursor").is_some(), "another collector");
    drop(first);
    assert!(alone("forward.cursor").is_some());
}
