//! What the log records of itself and of its readers.

use std::time::Duration;

use super::*;
use crate::audit::access;
use crate::audit::report::{self, Language};
use crate::model::entry::Access;

fn beating(folder: &Path) -> Options {
    Options { heartbeat_interval: Duration::from_millis(20), ..options(folder) }
}

fn entries(folder: &Path, kind: &str) -> Vec<serde_json::Value> {
    let page = naive::query(folder, &crate::audit::query::Filter::default(), 10_000, None).unwrap();
    page.records.iter().flat_map(|record| record.of_kind(kind).cloned()).collect()
}

pub(super) fn reading(number: u32) -> Access {
    Access {
        access: id(number),
        action: Word::fixed("query"),
        approver: None,
        at: Word::fixed("2026-11-18T11:06:40.000000000Z"),
        channel: Word::fixed("command"),
        reader: Word::configured(&format!("user-{}", rustix::process::getuid().as_raw())),
        from: None,
        to: None,
        records: Some(50),
        subject: None,
        words: vec![Word::fixed("app"), Word::fixed("since")],
    }
}

fn opening(number: u32) -> Access {
    let approver = Some(Word::fixed("00112233445566aa+00112233445566bb"));
    Access { action: Word::fixed("reveal"), approver, subject: Some(id(1)), ..reading(number) }
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
    let left: Vec<_> = std::fs::read_dir(folder.path().join(access::REFUSED)).unwrap().collect();
    assert_eq!(left.len(), 2, "what is no access is kept for somebody to look at");
    verify(folder.path()).unwrap();
}

#[test]
fn nobody_leaves_an_access_in_anothers_name_and_a_flood_ends() {
    let folder = tempfile::tempdir().unwrap();
    SegmentLog::open(beating(folder.path())).unwrap().stop();
    let place = folder.path().join(access::FOLDER);
    for (name, change) in [
        ("another reader", Access { reader: Word::fixed("user-4294967294"), ..reading(1) }),
        ("a pseudonym of the console", Access { reader: Word::fixed("A7KQ2M"), ..reading(2) }),
        ("another channel", Access { channel: Word::fixed("console"), ..reading(3) }),
        ("free text", Access { words: vec![Word::fixed("Jean Dupont")], ..reading(4) }),
        ("text for a key", Access { approver: Some(Word::fixed("Mme Camille Aubertin")), ..opening(5) }),
        ("one key", Access { approver: Some(Word::fixed("00112233445566aa")), ..opening(6) }),
    ] {
        access::leave(folder.path(), &change).unwrap();
        SegmentLog::open(beating(folder.path())).unwrap().stop();
        assert_eq!(entries(folder.path(), "access").len(), 0, "{name}");
        assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0, "{name}");
    }
    // Nor any text in the place of the access's own id.
    let text = serde_json::to_string(&Entry::Access(Box::new(reading(7)))).unwrap();
    let text = text.replace(&id(7).to_string(), "Camille Aubertin +33 6 12 34 56 78");
    assert!(text.contains("Aubertin"));
    std::fs::write(place.join("z.json"), text).unwrap();
    SegmentLog::open(beating(folder.path())).unwrap().stop();
    assert_eq!(entries(folder.path(), "access").len(), 0, "text for an id");
    // More than is looked at in one round, none of it an access; a true one behind is found all the same.
    std::fs::create_dir(place.join("folder.json")).unwrap();
    (0..2_000).for_each(|number| {
        std::os::unix::fs::symlink("/nowhere", place.join(format!("link-{number}.json"))).unwrap();
    });
    (0..3_000).for_each(|number| std::fs::write(place.join(format!("{number}.json")), "{}").unwrap());
    access::leave(folder.path(), &reading(9)).unwrap();
    let log = SegmentLog::open(beating(folder.path())).unwrap();
    while std::fs::read_dir(&place).unwrap().count() > 0 {
        std::thread::yield_now();
    }
    log.stop();
    assert_eq!(entries(folder.path(), "access").len(), 1);
    assert!(std::fs::read_dir(folder.path().join(access::REFUSED)).unwrap().count() <= 257, "and the folder");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&place).unwrap().permissions());
    assert_eq!(mode & 0o7777, 0o1770, "members leave files and take away none but their own");
}

/// What cannot be put out of the way hides nothing, and neither a mask nor a copy without modes takes the log's owner the right to read.
#[test]
fn what_stays_in_the_way_hides_no_access() {
    let folder = tempfile::tempdir().unwrap();
    SegmentLog::open(beating(folder.path())).unwrap().stop();
    let place = folder.path().join(access::FOLDER);
    for number in 0..1_500 {
        let within = place.join(format!("zz{number}.json"));
        std::fs::create_dir(&within).unwrap();
        std::fs::write(within.join("x"), "").unwrap();
    }
    let mode = |path: &Path| std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions()) & 0o7777;
    std::fs::set_permissions(&place, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    access::leave(folder.path(), &reading(9)).unwrap();
    assert_eq!(mode(&place), 0o1770);
    let files = std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path());
    assert_eq!(mode(&files.into_iter().find(|path| path.is_file()).unwrap()), 0o644);
    SegmentLog::open(beating(folder.path())).unwrap().stop();
    assert_eq!(entries(folder.path(), "access").len(), 1);
    assert!(std::fs::read_dir(folder.path().join(access::REFUSED)).unwrap().count() <= 256);
}

/// A crash may come between an access that is in the log and the end of its file: the next run does not take it again.
#[test]
fn an_access_is_recorded_once() {
    let folder = tempfile::tempdir().unwrap();
    SegmentLog::open(beating(folder.path())).unwrap().stop();
    for _ in 0..3 {
        (1..4).for_each(|number| access::leave(folder.path(), &reading(number)).unwrap());
        SegmentLog::open(beating(folder.path())).unwrap().stop();
    }
    assert_eq!(entries(folder.path(), "access").len(), 3);
    assert_eq!(std::fs::read_dir(folder.path().join(access::FOLDER)).unwrap().count(), 0);
}

/// What is sealed only the owner of the log can read there: nobody else says that it was opened, and by whose keys.
#[test]
fn an_opening_is_the_word_of_the_logs_owner_alone() {
    const NOBODY: u32 = 65_534;
    let folder = tempfile::tempdir().unwrap();
    SegmentLog::open(beating(folder.path())).unwrap().stop();
    access::leave(folder.path(), &opening(1)).unwrap();
    SegmentLog::open(beating(folder.path())).unwrap().stop();
    assert_eq!(entries(folder.path(), "access").len(), 1, "his own");
    for (number, action, count) in [(2, "query", 2), (3, "reveal", 2)] {
        let reader = Word::configured(&format!("user-{NOBODY}"));
        access::leave(folder.path(), &Access { action: Word::fixed(action), reader, ..opening(number) }).unwrap();
        let file = folder.path().join(access::FOLDER).join(format!("{}.json", id(number)));
        if std::os::unix::fs::chown(&file, Some(NOBODY), None).is_err() {
            eprintln!("skipped: only root can leave files in another's name");
            return;
        }
        SegmentLog::open(beating(folder.path())).unwrap().stop();
        assert_eq!(entries(folder.path(), "access").len(), count, "{action} of another");
    }
}

/// Whoever reads so often that a page does not take it cannot read unseen: what is not listed is counted, and where it stands is said.
#[test]
fn a_report_on_accesses_says_what_it_does_not_list() {
    let folder = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(options(folder.path())).unwrap();
    let early = Access { at: Word::fixed("2026-10-31T23:59:59.000000000Z"), ..reading(0) };
    for number in 0..10_003 {
        let access = if number == 10_002 { early.clone() } else { reading(number) };
        let slot = loop {
            match log.reserve() {
                Ok(slot) => break slot,
                Err(_) => std::thread::yield_now(),
            }
        };
        slot.submit(Entry::Access(Box::new(access)));
    }
    log.stop();
    let month = report::Month::parse("2026-11").unwrap();
    let told = report::of_folder(report::Kind::Access, month, folder.path()).unwrap();
    let (english, french) = (report::csv(&told, Language::English), report::csv(&told, Language::French));
    let head: Vec<_> = english.lines().take(30).collect();
    assert!(english.contains("access,10003\r\n"), "{head:?}");
    let left_out =
        "3 more, which came before the entry 1:4, are not listed. `octroi audit export --epoch 1 --to 4` writes";
    assert!(english.contains(left_out), "{head:?}");
    assert!(french.contains("3 de plus, antérieurs à l’entrée 1:4"), "{head:?}");
    assert!(report::html(&told, Language::English).contains("<strong>Accesses: 3 more"));
    // When it was recorded, and when it was asked for: the gateway may take it much later.
    let last = "2026-11-18T11:06:40.000000000Z,1,10003,2026-10-31T23:59:59.000000000Z,query,user-";
    assert!(english.contains(last), "{:?}", english.lines().last());
}
