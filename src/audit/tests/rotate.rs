//! Changing the key, crashes in the middle of it, and what a thief of the later key can do.

use std::path::PathBuf;

use octroi_verify::note::SignerKey;
use octroi_verify::problem::ProblemKind;
use octroi_verify::verify::{CHECKPOINT, VERIFIER_KEY};
use octroi_verify::{Checkpoint, Known, VerifierKey, verify_all};

use super::links::copy_folder;
use super::*;
use crate::audit::epochs::Epochs;
use crate::audit::index::{Dimension, FILE, Index, IndexError};
use crate::audit::key::KeyFile;
use crate::audit::open::{OpenError, open};
use crate::audit::prune::{PruneError, prune};
use crate::audit::publish::{PublishError, Removals, publish};
use crate::audit::query::Filter;
use crate::audit::report;
use crate::audit::rotate::{Turn, announce, is_requested, request, settle, withdraw};
use crate::audit::store::PRIVATE_KEY;
use crate::audit::tile_store::LocalTiles;

fn clock() -> crate::audit::Clock {
    Arc::new(|| jiff::Timestamp::from_second(1_795_000_000).unwrap())
}

/// What another test starts as a program has the lock of a log for as long as it takes to begin, where that was held at the moment.
fn unlocked<T>(open: impl Fn() -> Result<T, OpenError>) -> T {
    let began = std::time::Instant::now();
    loop {
        match open() {
            Err(OpenError::Locked) if began.elapsed().as_secs() < 10 => std::thread::yield_now(),
            opened => return opened.unwrap(),
        }
    }
}

fn settled(folder: &Path) -> Options {
    unlocked(|| settle(&Turn::of(folder).unwrap(), &Word::fixed("test"), &clock(), 4 * SEGMENT_BYTES_MIN))
}

pub(super) fn write(folder: &Path, numbers: std::ops::Range<u32>) -> VerifierKey {
    let log = unlocked(|| SegmentLog::open(settled(folder)));
    for number in numbers {
        let slot = log.reserve().unwrap();
        append(&log, decision(number)).unwrap();
        slot.submit(outcome(number));
    }
    log.stop();
    log.key().clone()
}

/// A log with two finished epochs and a third that is being written.
pub(super) fn three() -> (tempfile::TempDir, Vec<VerifierKey>) {
    let folder = tempfile::tempdir().unwrap();
    let mut keys = Vec::new();
    for epoch in 0..3 {
        if epoch > 0 {
            request(folder.path()).unwrap();
        }
        keys.push(write(folder.path(), epoch * 10..epoch * 10 + 10));
    }
    (folder, keys)
}

fn verify_epochs(folder: &Path, trust: &Trust) -> Result<Vec<Report>, Problem> {
    verify_all(folder, trust, &mut |_| {})
}

#[test]
fn epochs_follow_each_other() {
    let (folder, keys) = three();
    let reports = verify_epochs(folder.path(), &Trust::default()).unwrap();
    let origins: Vec<_> = reports.iter().map(|report| report.origin.as_str()).collect();
    assert_eq!(origins, ["octroi/test/1", "octroi/test/2", "octroi/test/3"]);
    assert_eq!(reports.iter().map(|report| report.kinds["decision"]).sum::<u64>(), 30);
    let mut publics: Vec<_> = keys.iter().map(VerifierKey::public).collect();
    publics.dedup();
    assert_eq!(publics.len(), 3, "each has a key of its own");
    let private: Vec<_> = walkdir::WalkDir::new(folder.path())
        .into_iter()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with(PRIVATE_KEY))
        .collect();
    assert_eq!(private.len(), 1, "the old ones are gone: {private:?}");
    // The first key is all that an auditor needs to have kept.
    let trust = Trust { key: Some(keys[0].clone()), ..Trust::default() };
    verify_epochs(folder.path(), &trust).unwrap();
    assert_eq!(write(folder.path(), 100..110), keys[2], "and no further key without being asked");
    // An index is of one log: that of the old one is not taken for an edited one of the new.
    let indexed = Trust { index: true, ..Trust::default() };
    let index = |log: &Path| Index::open(log).unwrap().catch_up().unwrap();
    let missing = || verify_epochs(folder.path(), &indexed).map_err(|problem| (problem.kind, problem.file));
    index(folder.path());
    let of = |epoch: u32| (ProblemKind::NoIndex, format!("epochs/{epoch}/{FILE}"));
    assert_eq!(missing().unwrap_err(), of(1), "a search goes through every epoch");
    Epochs::of(folder.path()).logs().iter().for_each(|(_, log)| assert!(index(log).entries > 0));
    assert!(missing().is_ok());
    request(folder.path()).unwrap();
    write(folder.path(), 200..210);
    assert_eq!(missing().unwrap_err().0, ProblemKind::NoIndex, "the key's change made another log");
    index(folder.path());
    assert_eq!(missing().unwrap_err(), of(3), "and the index of the old one was of that");
    index(&folder.path().join("epochs/3"));
    assert!(missing().is_ok());
    // A report of the month is of all of them.
    let month = report::Month::parse("2026-11").unwrap();
    let told = report::of_folder(report::Kind::Transfers, month, folder.path()).unwrap();
    let told = report::csv(&told, report::Language::English);
    assert!(told.contains("recipient,sendings\r\nus-cloud,50\r\n"), "{told}");
    verify_epochs(folder.path(), &indexed).unwrap();
}

/// A crash between the folder of an epoch and its first entry: the next change of the key lets it begin before it ends.
#[test]
fn an_epoch_that_ends_before_its_first_entry_says_where_it_began() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 0..10);
    request(folder.path()).unwrap();
    let options = settled(folder.path());
    options.storage.prepare().unwrap();
    let key = KeyFile { storage: options.storage.as_ref(), name: PRIVATE_KEY };
    drop(open(&options.storage, &key, &options.origin).unwrap());
    assert!(folder.path().join(CHECKPOINT).exists(), "founded, and nothing in it");
    let problem = verify_epochs(folder.path(), &Trust::default()).unwrap_err();
    assert_eq!((problem.kind, &*problem.file), (ProblemKind::MissingEntries, "octroi/test/2"), "{problem}");
    assert!(problem.to_string().contains("that was cut off is finished by the next start"), "{problem}");
    request(folder.path()).unwrap();
    write(folder.path(), 10..20);
    let reports = verify_epochs(folder.path(), &Trust::default()).unwrap();
    assert_eq!(reports.len(), 3);
}

/// An order that could not be carried out is taken back, unless the log has announced the next key.
#[test]
fn an_order_that_failed_takes_no_effect_later() {
    let folder = tempfile::tempdir().unwrap();
    let key = write(folder.path(), 0..10);
    // No room for the next key: its name is taken by something that no file can replace.
    let in_the_way = folder.path().join("log.key.next.new");
    std::fs::create_dir(&in_the_way).unwrap();
    request(folder.path()).unwrap();
    settle(&Turn::of(folder.path()).unwrap(), &Word::fixed("test"), &clock(), 4 * SEGMENT_BYTES_MIN).unwrap_err();
    assert!(is_requested(folder.path()));
    assert!(withdraw(folder.path()).unwrap());
    std::fs::remove_dir(in_the_way).unwrap();
    assert_eq!(write(folder.path(), 10..20), key, "the next start changes nothing");

    request(folder.path()).unwrap();
    announce(folder.path(), options_of(folder.path(), &key), "octroi/test/2").unwrap();
    // Until it is in force nobody is accused of the log that is not there yet, and of damage as before.
    let problem = verify_epochs(folder.path(), &Trust::default()).unwrap_err();
    assert!(octroi_verify::is_changing(&problem), "{problem}");
    let month = report::Month::parse("2026-11").unwrap();
    let report = report::of_folder(report::Kind::Access, month, folder.path());
    assert!(report.unwrap_err().to_string().contains("key of the log is being changed"));
    assert!(!withdraw(folder.path()).unwrap(), "only the key that was announced can go on behind it");
    assert_eq!(write(folder.path(), 20..30).name(), "octroi/test/2");
    assert_eq!(verify_epochs(folder.path(), &Trust::default()).unwrap().len(), 2);
    // The announcement of an epoch before is none of this one.
    request(folder.path()).unwrap();
    assert!(withdraw(folder.path()).unwrap());
}

/// Changes the key as the command does.
fn change(folder: &Path) -> Result<(), OpenError> {
    let turn = Turn::of(folder)?;
    request(folder).unwrap();
    let log = SegmentLog::open(settle(&turn, &Word::fixed("test"), &clock(), 4 * SEGMENT_BYTES_MIN)?)?;
    log.stop();
    Ok(())
}

/// Each of several orders at once is carried out behind the one before: no key goes that a log announced.
#[test]
fn several_changes_of_the_key_at_once_come_one_behind_the_other() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 0..10);
    let changes = std::thread::scope(|scope| {
        let running: Vec<_> =
            (0..6).map(|_| scope.spawn(|| change(folder.path()).map_err(|e| e.to_string()))).collect();
        running.into_iter().map(|change| change.join().unwrap()).collect::<Vec<_>>()
    });
    let reports = verify_epochs(folder.path(), &Trust::default());
    assert_eq!((changes, reports.map(|reports| reports.len())), (vec![Ok(()); 6], Ok(7)));
    write(folder.path(), 10..20);
}

fn options_of(folder: &Path, key: &VerifierKey) -> Options {
    Options { origin: key.name().to_owned(), ..options(folder) }
}

/// Copies what a rotation would leave after each of its steps, and goes on from there.
#[test]
fn a_crash_between_any_two_steps_is_finished_by_the_next_start() {
    for steps in 0..7 {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let before = write(folder.path(), 0..10);
        request(folder.path()).unwrap();
        let announced = tempfile::tempdir().unwrap();
        // The whole rotation once, elsewhere, to have a log that announced its key.
        for entry in walkdir::WalkDir::new(folder.path()).into_iter().map(Result::unwrap) {
            let target = announced.path().join(entry.path().strip_prefix(folder.path()).unwrap());
            if entry.file_type().is_dir() {
                std::fs::create_dir_all(target).unwrap();
            } else {
                std::fs::copy(entry.path(), target).unwrap();
            }
        }
        drop(settled(announced.path()));
        let epoch = announced.path().join("epochs/1");
        if steps > 0 {
            // After the key was announced.
            for name in ["segments", "state", CHECKPOINT] {
                let target = path(name);
                if target.is_dir() {
                    std::fs::remove_dir_all(&target).unwrap();
                } else {
                    std::fs::remove_file(&target).unwrap();
                }
                std::fs::rename(epoch.join(name), target).unwrap();
            }
            std::fs::copy(announced.path().join(PRIVATE_KEY), path("log.key.next")).unwrap();
        }
        let moved: &[&str] = match steps {
            0 | 1 => &[],
            2 => &["segments"],
            3 => &["segments", "state", CHECKPOINT],
            _ => &["segments", "state", CHECKPOINT, VERIFIER_KEY],
        };
        if steps > 1 {
            std::fs::create_dir_all(path("epochs/1.new")).unwrap();
        }
        for name in moved {
            std::fs::rename(path(name), path("epochs/1.new").join(name)).unwrap();
        }
        if steps > 4 {
            std::fs::remove_file(path(PRIVATE_KEY)).unwrap();
        }
        if steps > 5 {
            std::fs::rename(path("log.key.next"), path(PRIVATE_KEY)).unwrap();
            std::fs::remove_file(path("rotate")).unwrap();
        }
        let after = write(folder.path(), 10..20);
        assert_ne!(before.public(), after.public(), "step {steps}");
        assert_eq!(after.name(), "octroi/test/2", "step {steps}");
        let reports = verify_epochs(folder.path(), &Trust::default());
        assert_eq!(reports.map(|reports| reports.len()), Ok(2), "step {steps}");
        assert!(!path("rotate").exists() && !path("log.key.next").exists(), "step {steps}");
    }
}

/// Whoever holds the key of today rewrites an older epoch, and signs it with what they have.
#[test]
fn an_epoch_signed_anew_with_a_later_key_is_named() {
    type Edit = fn(&Path, &SignerKey, Checkpoint);
    let cases: [(&str, Edit, ProblemKind); 3] = [
        (
            "signed with the later key, its public key left",
            |folder, key, checkpoint| std::fs::write(folder.join(CHECKPOINT), checkpoint.sign(key)).unwrap(),
            ProblemKind::Checkpoint,
        ),
        (
            "and the public key exchanged",
            |folder, key, checkpoint| {
                std::fs::write(folder.join(CHECKPOINT), checkpoint.sign(key)).unwrap();
                std::fs::write(folder.join(VERIFIER_KEY), format!("{}\n", key.verifier())).unwrap();
            },
            ProblemKind::Rewritten,
        ),
        ("the epoch deleted", |folder, _, _| std::fs::remove_dir_all(folder).unwrap(), ProblemKind::MissingLog),
    ];
    for (name, edit, expected) in cases {
        let (folder, keys) = three();
        let epoch: PathBuf = folder.path().join("epochs/2");
        let der = std::fs::read(folder.path().join(PRIVATE_KEY)).unwrap();
        let key = SignerKey::from_pkcs8("octroi/test/2", &der).unwrap();
        let text = std::fs::read_to_string(epoch.join(CHECKPOINT)).unwrap();
        let checkpoint = Checkpoint::open(&text, &keys[1]).unwrap();
        edit(&epoch, &key, checkpoint);
        let problem = verify_epochs(folder.path(), &Trust::default()).unwrap_err();
        assert_eq!(problem.kind, expected, "{name}: {problem}");
    }
}

#[test]
fn a_deleted_log_is_missed_by_whoever_kept_a_checkpoint() {
    let fleet = tempfile::tempdir().unwrap();
    for node in ["paris", "lyon"] {
        let folder = fleet.path().join(node);
        std::fs::create_dir(&folder).unwrap();
        let options = Options { origin: format!("octroi/{node}/1"), ..options(&folder) };
        SegmentLog::open(options).unwrap().stop();
    }
    let kept = std::fs::read_to_string(fleet.path().join("lyon").join(CHECKPOINT)).unwrap();
    let trust = Trust { known: vec![Known::of("kept", &kept)], ..Trust::default() };
    assert_eq!(verify_epochs(fleet.path(), &trust).unwrap().len(), 2);
    std::fs::remove_dir_all(fleet.path().join("lyon")).unwrap();
    let problem = verify_epochs(fleet.path(), &trust).unwrap_err();
    assert_eq!((problem.kind, problem.file.as_str()), (ProblemKind::MissingLog, "octroi/lyon/1"));
}

/// A copy of an epoch in the place of another, or somebody else's log there, is counted with nothing.
#[test]
fn a_folder_among_the_epochs_that_holds_another_log_is_named() {
    let (folder, _) = three();
    let month = report::Month::parse("2026-11").unwrap();
    let of = |folder: &Path| report::of_folder(report::Kind::Transfers, month, folder).unwrap();
    let whole = report::csv(&of(folder.path()), report::Language::English);
    assert!(whole.contains("us-cloud,30\r\n"), "{whole}");
    let stranger = tempfile::tempdir().unwrap();
    SegmentLog::open(Options { origin: "octroi/other/7".to_owned(), ..options(stranger.path()) }).unwrap().stop();
    let first = folder.path().join("epochs/1");
    for (from, number, origin) in [(first.as_path(), 4, "octroi/test/1"), (stranger.path(), 7, "octroi/other/7")] {
        let stray = folder.path().join(format!("epochs/{number}"));
        copy_folder(from, &stray);
        let epochs = Epochs::of(folder.path());
        let named =
            format!("epochs/{number}/checkpoint: it is of `{origin}`, and this is the folder of epoch {number}");
        let page = epochs.page(&Filter::default(), 4, None).unwrap_err().to_string();
        let counted = epochs.count(&Filter::default(), &[Dimension::Decision]).unwrap_err().to_string();
        assert!(page.contains(&named) && counted.contains(&named), "{page} {counted}");
        let told = report::csv(&of(folder.path()), report::Language::English);
        assert!(told.contains(&named) && told.contains("us-cloud,30\r\n"), "{told}");
        std::fs::remove_dir_all(stray).unwrap();
    }
    assert_eq!(report::csv(&of(folder.path()), report::Language::English), whole);
}

/// What is asked of a log is asked of its finished epochs too: a change of the key hides nothing.
#[test]
fn epochs_are_searched_as_one() {
    let (folder, _) = three();
    let every = Filter { app: Some("clinic-notes".to_owned()), ..Filter::default() };
    let numbered: Vec<RequestId> = (0..30).map(id).collect();
    for temporary in [false, true] {
        if temporary {
            // Where no index can be written, each has one for the answer alone.
            for (_, log) in Epochs::of(folder.path()).logs() {
                std::fs::remove_file(log.join(FILE)).unwrap();
                std::fs::create_dir(log.join(FILE)).unwrap();
            }
        }
        let epochs = Epochs::of(folder.path());
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = epochs.page(&every, 4, before).unwrap();
            assert_eq!(page.temporary, temporary);
            let requests = page.records.iter().map(|(_, record)| {
                let request = record.entries[0].pointer("/entry/request").unwrap().as_str().unwrap();
                RequestId::parse(request).unwrap()
            });
            found.splice(0..0, requests);
            let (epoch, first) = page.records.first().unwrap();
            before = Some(format!("{epoch}:{}", first.seq).parse().unwrap());
            if !page.more {
                break;
            }
            assert_eq!(page.records.len(), 4);
        }
        assert_eq!(found, numbered);
        let (epoch, record) = epochs.find(id(5)).unwrap().unwrap();
        assert_eq!((epoch.number, record.entries.len()), (1, 2));
        assert!(epochs.find(id(77)).unwrap().is_none());
        let unknown = Filter { app: Some("clinic-note".to_owned()), ..Filter::default() };
        match epochs.page(&unknown, 4, None).unwrap_err() {
            IndexError::Unknown { dimension: "app", word, listed } => {
                assert_eq!((word.as_str(), listed), ("clinic-note", vec!["clinic-notes".to_owned()]));
            }
            other => panic!("{other}"),
        }
        let counted = epochs.count(&every, &[Dimension::Decision]).unwrap();
        assert_eq!(counted.counted.iter().map(|one| one.count).collect::<Vec<_>>(), [30]);
        assert_eq!(counted.temporary, temporary);
        assert_eq!(Epochs::of(folder.path()).only(2).unwrap().page(&every, 99, None).unwrap().records.len(), 10);
        assert!(Epochs::of(folder.path()).only(9).is_none());
    }
}

/// A folder that a change of the key has begun with, and a file of somebody's, are no epochs.
#[test]
fn what_holds_no_log_is_no_epoch() {
    let (folder, _) = three();
    std::fs::create_dir(folder.path().join("epochs/3")).unwrap();
    std::fs::write(folder.path().join("epochs/7"), "notes").unwrap();
    let numbers: Vec<_> = Epochs::of(folder.path()).logs().iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [3, 2, 1]);
}

/// Retention after changes of the key: every epoch goes as far as it may, and all of it still fits together.
#[test]
fn epochs_are_pruned_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for epoch in 0..4_u32 {
        if epoch > 0 {
            request(path).unwrap();
        }
        write(path, epoch * 100..epoch * 100 + 60);
    }
    let whole = verify_epochs(path, &Trust::default()).unwrap();
    let kept = |log: &Path| Known::of("kept", &std::fs::read_to_string(log.join(CHECKPOINT)).unwrap());
    let known = Epochs::of(path).logs().iter().map(|(_, log)| kept(log)).collect();
    let trust = Trust { known, ..Trust::default() };
    let far = jiff::Timestamp::from_second(1_800_000_000).unwrap();
    assert!(prune(&path.join("epochs/2"), far, far).is_err(), "the folder of the log is to be named");
    let left = prune(path, far, far).unwrap().left;
    assert!(left.len() == 4 && left.iter().all(|(_, first)| *first > 0), "{left:?}");
    assert_eq!(
        verify_epochs(path, &trust).unwrap_err().kind,
        ProblemKind::MissingEntries,
        "nobody signed the notes yet"
    );
    write(path, 900..960);
    // Once the gateway has taken the notes in, and when what said so is gone as well.
    for round in 0..3_u32 {
        let reports = verify_epochs(path, &trust).unwrap();
        assert_eq!(reports.len(), 4);
        assert!(reports.iter().all(|report| report.pruned > 0 && report.recorded), "{round}");
        let before = whole.iter().find(|report| report.origin == "octroi/test/2").unwrap();
        let now = reports.iter().find(|report| report.origin == "octroi/test/2").unwrap();
        assert_eq!((now.root, &now.begun), (before.root, &before.begun));
        write(path, 1_000 + round * 100..1_060 + round * 100);
        if round == 1 {
            prune(path, far, far).unwrap();
            write(path, 2_000..2_010);
        }
    }
    // What is published of it: all epochs, each from where it begins, and none before the log says that the rest was removed.
    let public = tempfile::tempdir().unwrap();
    let removals = Removals::of(path).unwrap();
    for (epoch, log) in Epochs::of(path).logs() {
        let folder = if log == path { public.path().to_owned() } else { public.path().join(format!("epochs/{epoch}")) };
        let store = LocalTiles::new(&folder);
        let early = publish(log, &store, &Removals::default());
        assert!(matches!(early, Err(PublishError::Unrecorded(_))), "{epoch}: {early:?}");
        let published = publish(log, &store, &removals).unwrap();
        assert!(published.first > 0 && !published.unrecorded, "{epoch}: {published:?}");
        assert_eq!(verify_dir(&folder, &Trust::default(), &mut |_| {}).unwrap().pruned, published.first, "{epoch}");
    }
    let reports = verify_epochs(public.path(), &trust).unwrap();
    assert!(reports.len() == 4 && reports.iter().all(|report| report.recorded), "{reports:?}");
    std::fs::remove_file(public.path().join("epochs/3/begun.entry")).unwrap();
    assert!(verify_epochs(public.path(), &trust).is_err(), "the entry that says which epoch is before it");
    // The entry with which an epoch began is needed, and cannot be exchanged.
    let begun = path.join("epochs/3/begun.entry");
    let right = std::fs::read(&begun).unwrap();
    std::fs::write(&begun, String::from_utf8(right).unwrap().replace("test/2", "test/1")).unwrap();
    assert_eq!(verify_epochs(path, &trust).unwrap_err().kind, ProblemKind::Rewritten);
    std::fs::remove_file(&begun).unwrap();
    assert_eq!(verify_epochs(path, &trust).unwrap_err().kind, ProblemKind::Rewritten);
}

/// An epoch that was pruned while it was written takes along what says which epoch is before it.
#[test]
fn an_epoch_that_was_pruned_is_finished_with_all_that_it_needs() {
    let (folder, _) = three();
    let path = folder.path();
    write(path, 1_000..1_060);
    let far = jiff::Timestamp::from_second(1_800_000_000).unwrap();
    assert!(prune(path, far, far).unwrap().left[0].1 > 0);
    write(path, 2_000..2_010);
    request(path).unwrap();
    write(path, 3_000..3_060);
    assert_eq!(verify_epochs(path, &Trust::default()).unwrap().len(), 4);
    prune(path, far, far).unwrap();
    write(path, 4_000..4_010);
    assert_eq!(verify_epochs(path, &Trust::default()).unwrap().len(), 4);
}

/// A prune that ends in its midst leaves nothing gone that nothing speaks of, also where what spoke of it went.
#[test]
fn a_prune_that_is_cut_off_leaves_a_log_that_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let far = jiff::Timestamp::from_second(1_800_000_000).unwrap();
    for epoch in 0..3_u32 {
        if epoch > 0 {
            request(path).unwrap();
        }
        write(path, epoch * 100..epoch * 100 + 60);
    }
    // The second epoch's entries speak of the first; then they are old enough themselves.
    prune(path, far, far).unwrap();
    write(path, 1_000..1_060);
    assert!(verify_epochs(path, &Trust::default()).unwrap().iter().all(|report| report.recorded));
    request(path).unwrap();
    write(path, 2_000..2_060);
    let stop = path.join("pruned.hashes");
    std::fs::create_dir(&stop).unwrap();
    let before = std::fs::read_dir(path.join("epochs/3/segments")).unwrap().count();
    assert!(prune(path, far, far).is_err(), "the running epoch cannot be pruned");
    assert!(std::fs::read_dir(path.join("epochs/3/segments")).unwrap().count() < before, "and the one before it was");
    std::fs::remove_dir(&stop).unwrap();
    let unsaid = |path: &Path| verify_epochs(path, &Trust::default()).unwrap_err().to_string();
    assert!(unsaid(path).contains("only a note beside the log"), "what is gone has its note");
    write(path, 3_000..3_010);
    verify_epochs(path, &Trust::default()).unwrap();
    prune(path, far, far).unwrap();
    assert!(unsaid(path).contains("only a note beside the log"));
    write(path, 4_000..4_010);
    verify_epochs(path, &Trust::default()).unwrap();
}

/// A change of the key waits for a prune, which goes by the paths of files; and no prune begins while one is cut off.
#[test]
fn a_change_of_the_key_and_a_prune_exclude_each_other() {
    let (folder, _) = three();
    let path = folder.path().to_owned();
    let far = jiff::Timestamp::from_second(1_800_000_000).unwrap();
    let held = crate::audit::prune::exclude(&path).unwrap();
    assert!(matches!(prune(&path, far, far), Err(PruneError::Locked)));
    request(&path).unwrap();
    let (done, changed) = std::sync::mpsc::channel();
    let folder_of = path.clone();
    let change = std::thread::spawn(move || {
        settled(&folder_of);
        done.send(()).unwrap();
    });
    assert!(changed.recv_timeout(std::time::Duration::from_millis(300)).is_err(), "the change did not wait");
    assert!(!path.join("epochs/3").exists());
    drop(held);
    changed.recv().unwrap();
    change.join().unwrap();
    assert!(path.join("epochs/3").exists());
    std::fs::rename(path.join("epochs/3"), path.join("epochs/3.new")).unwrap();
    assert!(matches!(prune(&path, far, far), Err(PruneError::Moving)));
}

/// Entries come behind the announcement of the next key: those of readers that waited. Whatever is pruned, it stays.
#[test]
fn the_announcement_of_a_key_is_never_pruned() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let small = || Options { segment_bytes: SEGMENT_BYTES_MIN, ..settled(path) };
    let log = SegmentLog::open(small()).unwrap();
    for number in 0..50 {
        let slot = log.reserve().unwrap();
        append(&log, decision(number)).unwrap();
        slot.submit(outcome(number));
    }
    log.stop();
    (0..600).for_each(|number| crate::audit::access::leave(path, &upkeep::reading(number)).unwrap());
    request(path).unwrap();
    write(path, 100..110);
    let finished = path.join("epochs/1");
    let mut at = Vec::new();
    crate::audit::decisions::read_marked(&finished, &["\"event\":\"announced\""], &mut |seq, _| at.push(seq)).unwrap();
    let finished = finished.as_path();
    let walk = octroi_verify::walk::Walk::open(&finished).unwrap();
    let last = walk.headers().last().unwrap().first_seq;
    assert!(at.len() == 1 && at[0] < last, "{at:?} is in the last segment, from {last}: nothing is tried");
    let far = jiff::Timestamp::from_second(1_800_000_000).unwrap();
    let left = prune(path, far, far).unwrap().left;
    assert!(left.iter().any(|(epoch, first)| *epoch == 1 && *first > 0 && *first <= at[0]), "{left:?}");
    write(path, 200..210);
    let reports = verify_epochs(path, &Trust::default()).unwrap();
    assert_eq!(reports.len(), 2);
}

#[test]
fn epochs_are_found_however_deep_and_each_in_its_own_folder() {
    let (folder, _) = three();
    let backups = tempfile::tempdir().unwrap();
    let deep = backups.path().join("a/b/c/d/e/f");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::rename(folder.path(), deep.join("audit")).unwrap();
    // Links lead to it as well, one of them around.
    std::os::unix::fs::symlink(backups.path(), deep.join("around")).unwrap();
    std::os::unix::fs::symlink(deep.join("audit"), backups.path().join("newest")).unwrap();
    assert_eq!(verify_epochs(backups.path(), &Trust::default()).unwrap().len(), 3);
    let epochs = deep.join("audit/epochs");
    for (from, to) in [("1", "x"), ("2", "1"), ("x", "2")] {
        std::fs::rename(epochs.join(from), epochs.join(to)).unwrap();
    }
    let problem = verify_epochs(&deep.join("audit"), &Trust::default()).unwrap_err();
    assert_eq!((problem.kind, &*problem.file), (ProblemKind::Checkpoint, "epochs/2/checkpoint"), "{problem}");
    assert!(problem.to_string().contains("the folder of epoch 2 holds octroi/test/1"), "{problem}");
    // What lies too deep is not passed over.
    let abyss = backups.path().join(["z"; 40].join("/"));
    std::fs::create_dir_all(&abyss).unwrap();
    let problem = verify_epochs(backups.path(), &Trust::default()).unwrap_err();
    assert!(problem.kind == ProblemKind::Unreadable && problem.to_string().contains("deep here"), "{problem}");
}
