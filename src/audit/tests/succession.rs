//! One folder, published into again and again while the key changes; cut off anywhere.

use std::path::PathBuf;

use octroi_verify::policy::Policy;
use octroi_verify::problem::ProblemKind;
use octroi_verify::verify::{CHECKPOINT, VERIFIER_KEY};
use octroi_verify::{Known, VerifierKey, verify_all};

use super::rotate::{three, write};
use super::*;
use crate::audit::decisions::logs;
use crate::audit::prune::prune;
use crate::audit::publish::{PublishError, Removals, publish, publish_all, renames};
use crate::audit::rotate::request;
use crate::audit::tile_store::LocalTiles;

fn verify_published(folder: &Path, key: &VerifierKey) -> Result<Vec<Report>, Problem> {
    verify_all(folder, &Trust { key: Some(key.clone()), ..Trust::default() }, &mut |_| {})
}

/// What no reader looks at, and no publication left behind.
fn hidden(folder: &Path) -> Vec<String> {
    let names = walkdir::WalkDir::new(folder).min_depth(1).into_iter().map(|entry| entry.unwrap());
    let names = names.filter_map(|entry| entry.file_name().to_str().map(str::to_owned));
    names.filter(|name| name.starts_with('.') && name != ".lock" && name != ".publishing").collect()
}

fn copy(from: &Path, to: &Path) {
    assert!(std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

/// A log whose first epoch was published twice as the running one, and went on, and then its key was changed.
fn published_before_the_change() -> (tempfile::TempDir, PathBuf, PathBuf, VerifierKey) {
    let folder = tempfile::tempdir().unwrap();
    let (log, to) = (folder.path().join("audit"), folder.path().join("published"));
    std::fs::create_dir(&log).unwrap();
    let key = write(&log, 0..100);
    publish_all(&log, &to).unwrap();
    write(&log, 100..150);
    publish_all(&log, &to).unwrap();
    write(&log, 150..300);
    request(&log).unwrap();
    write(&log, 300..310);
    (folder, log, to, key)
}

#[test]
fn the_same_command_publishes_over_changes_of_the_key() {
    let (_folder, log, to, key) = published_before_the_change();
    let before = verify_published(&to, &key).unwrap();
    assert_eq!(before.len(), 1);
    let published = publish_all(&log, &to).unwrap();
    let places: Vec<_> = published.iter().map(|(place, _)| place.clone()).collect();
    assert_eq!(places, [to.join("epochs/1"), to.clone()]);
    let reports = verify_published(&to, &key).unwrap();
    assert_eq!(reports.len(), 2);
    assert!(reports[0].signed > before[0].signed, "to its last entry");
    assert_eq!(hidden(&to), [""; 0]);
    // Once more, and over two changes at once.
    publish_all(&log, &to).unwrap();
    for first in [400, 500] {
        request(&log).unwrap();
        write(&log, first..first + 20);
    }
    publish_all(&log, &to).unwrap();
    let origins: Vec<_> = verify_published(&to, &key).unwrap().into_iter().map(|report| report.origin).collect();
    assert_eq!(origins, [1, 2, 3, 4].map(|epoch| format!("octroi/test/{epoch}")));
    assert_eq!(hidden(&to), [""; 0]);
}

/// What stands there and does not fit is a finding, and no change that is under way.
#[test]
fn a_key_of_another_name_beside_a_served_log_excuses_nothing() {
    let (_folder, log, to, key) = published_before_the_change();
    publish_all(&log, &to).unwrap();
    let served = |trust: &Trust| octroi_verify::verify_served(&to.as_path(), trust, &mut |_| {});
    assert_eq!(served(&Trust::default()).unwrap().len(), 2);
    std::fs::write(to.join(VERIFIER_KEY), key.to_string()).unwrap();
    let problem = served(&Trust::default()).unwrap_err();
    assert_ne!(problem.kind, ProblemKind::Unreadable, "{problem}");
}

#[test]
fn a_publication_that_is_cut_off_anywhere_goes_on() {
    let (folder, log, to, key) = published_before_the_change();
    let removals = Removals::of(&log).unwrap();
    let staged = |to: &Path, count: usize| {
        for ((_, log), name) in logs(&log).iter().rev().zip([".finished", ".next"]).take(count) {
            publish(log, &LocalTiles::new(to.join(name)), &removals).unwrap();
        }
    };
    let steps = renames(&to, 1).len();
    for cut in 0..steps + 5 {
        let at = folder.path().join(format!("cut-{cut}"));
        copy(&to, &at);
        staged(&at, cut.min(2));
        if cut > 2 {
            std::fs::create_dir_all(at.join("epochs")).unwrap();
            std::fs::create_dir(at.join(".old")).unwrap();
            for (from, behind) in renames(&at, 1).into_iter().take(cut - 3) {
                let there = from.exists();
                assert_eq!(std::fs::rename(from, behind).is_ok(), there);
            }
        }
        if cut == steps + 4 {
            // In the middle of removing what is over.
            std::fs::remove_file(at.join(".gone").join(VERIFIER_KEY)).unwrap();
        }
        publish_all(&log, &at).unwrap();
        assert_eq!(verify_published(&at, &key).map(|reports| reports.len()), Ok(2), "cut at {cut}");
        assert_eq!(hidden(&at), [""; 0], "cut at {cut}");
    }
}

/// Only what is shown to be of the former epoch is moved or removed.
#[test]
fn what_is_of_no_epoch_stays_and_is_named() {
    type Edit = fn(&Path);
    let (folder, log, to, key) = published_before_the_change();
    let cases: [(&str, Edit); 5] = [
        ("tile/readme", |to| std::fs::write(to.join("tile/readme"), "mine").unwrap()),
        ("tile/entries/000", |to| {
            let mut bytes = std::fs::read(to.join("tile/entries/000")).unwrap();
            bytes[300] ^= 1;
            std::fs::write(to.join("tile/entries/000"), bytes).unwrap();
        }),
        ("tile/0/000", |to| std::fs::write(to.join("tile/0/000"), [7; 8_192]).unwrap()),
        ("kept.entries", |to| std::fs::write(to.join("kept.entries"), "3\n").unwrap()),
        ("tile/0/009", |to| std::os::unix::fs::symlink("000", to.join("tile/0/009")).unwrap()),
    ];
    for (number, (name, edit)) in cases.into_iter().enumerate() {
        let at = folder.path().join(format!("case-{number}"));
        copy(&to, &at);
        edit(&at);
        let refused = publish_all(&log, &at);
        let named = matches!(&refused, Err(PublishError::Foreign(file)) if file.ends_with(name));
        assert!(named, "{name}: {refused:?}");
        assert!(at.join(name).symlink_metadata().is_ok() && at.join(CHECKPOINT).exists(), "{name}");
        std::fs::remove_file(at.join(name)).unwrap();
        copy(&to.join("tile/."), &at.join("tile"));
        publish_all(&log, &at).unwrap();
        assert_eq!(verify_published(&at, &key).unwrap().len(), 2, "{name}");
    }
}

#[test]
fn what_a_killed_publication_was_writing_is_removed() {
    let (_folder, log, to, _) = published_before_the_change();
    for name in [".new-0123456789abcdef", "tile/0/.new-00000000000000aa", ".new-mine", "tile/.new-0123456789ABCDEF"] {
        std::fs::write(to.join(name), "half").unwrap();
    }
    assert!(matches!(publish_all(&log, &to), Err(PublishError::Foreign(_))), "one is not ours, and stays");
    assert_eq!(hidden(&to).into_iter().filter(|name| name.starts_with(".new-")).count(), 2);
    assert!(to.join(".new-mine").exists() && to.join("tile/.new-0123456789ABCDEF").exists());
    std::fs::remove_file(to.join("tile/.new-0123456789ABCDEF")).unwrap();
    publish_all(&log, &to).unwrap();
    assert_eq!(hidden(&to), [".new-mine"]);
}

/// The entry that says what was pruned of a finished epoch lies in the running one: until that is published nothing goes.
#[test]
fn bundles_of_a_finished_epoch_go_behind_the_entry_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (log, to) = (folder.path().join("audit"), folder.path().join("published"));
    std::fs::create_dir(&log).unwrap();
    let key = write(&log, 0..200);
    request(&log).unwrap();
    write(&log, 300..310);
    publish_all(&log, &to).unwrap();
    let far = jiff::Timestamp::from_second(1_800_000_000).unwrap();
    let left = prune(&log, far, far).unwrap().left;
    assert!(left.iter().any(|(epoch, first)| *epoch == 1 && *first > 256), "{left:?}");
    write(&log, 310..320);
    let right = std::fs::read(to.join(CHECKPOINT)).unwrap();
    std::fs::write(to.join(CHECKPOINT), "nothing that can go on\n").unwrap();
    assert!(publish_all(&log, &to).is_err());
    assert!(to.join("epochs/1/tile/entries/000").exists() && !to.join("epochs/1/kept.entries").exists());
    std::fs::write(to.join(CHECKPOINT), right).unwrap();
    verify_published(&to, &key).unwrap();
    let removed: u64 = publish_all(&log, &to).unwrap().iter().map(|(_, published)| published.removed).sum();
    assert!(removed > 0 && !to.join("epochs/1/tile/entries/000").exists());
    assert!(verify_published(&to, &key).unwrap().iter().all(|report| report.pruned == 0 || report.recorded));
}

/// What an auditor types who kept the key of the first epoch: what is missing is named, and nobody's key or checkpoint is blamed.
#[test]
fn an_epoch_that_was_taken_away_is_named_whatever_was_kept() {
    let (folder, keys) = three();
    let folder = folder.path();
    let kept = |log: &Path| std::fs::read_to_string(log.join(CHECKPOINT)).unwrap();
    let (first, third) = (kept(&folder.join("epochs/1")), kept(folder));
    let policy = |key: &VerifierKey| Some(Policy::parse(&format!("log {key}\nquorum none\n")).unwrap());
    let by_key = Trust { key: Some(keys[0].clone()), ..Trust::default() };
    let trusts = [
        ("the key", by_key.clone()),
        ("both", Trust { known: vec![Known::of("first", &first)], ..by_key.clone() }),
        ("the checkpoint", Trust { known: vec![Known::of("first", &first)], ..Trust::default() }),
        ("a policy", Trust { policy: policy(&keys[0]), ..Trust::default() }),
        (
            "a policy of the newest, which goes on from the others",
            Trust { policy: policy(&keys[2]), ..Trust::default() },
        ),
        ("a policy of the one between", Trust { policy: policy(&keys[1]), ..Trust::default() }),
        ("the checkpoint that is newer", Trust { known: vec![Known::of("third", &third)], ..by_key }),
    ];
    let verify = |folder: &Path, trust: &Trust| verify_all(folder, trust, &mut |_| {});
    for (name, trust) in &trusts {
        assert_eq!(verify(folder, trust).unwrap().len(), 3, "{name}");
    }
    // A stranger's policy is not met, whatever the log is: another log beside this one is none of its epochs.
    let (both, (other, _)) = (tempfile::tempdir().unwrap(), three());
    copy(folder, &both.path().join("log"));
    let renamed = VerifierKey::new("octroi/else/3", *keys[2].public()).unwrap();
    let stranger = Trust { policy: policy(&renamed), ..Trust::default() };
    let stranger = verify(&both.path().join("log"), &stranger).unwrap_err();
    assert_eq!((stranger.kind, stranger.file.as_str()), (ProblemKind::MissingLog, "octroi/else/3"), "{stranger}");
    drop(other);
    // However deep it lies below the folder that is named, its epochs are its own.
    let deep = both.path().join("hosts/a/gateway");
    std::fs::create_dir_all(&deep).unwrap();
    copy(folder, &deep.join("audit"));
    for place in ["hosts/a", "hosts"] {
        assert_eq!(verify(&both.path().join(place), &Trust::default()).unwrap().len(), 3, "{place}");
    }
    // The finished epochs go.
    let alone = tempfile::tempdir().unwrap();
    copy(folder, &alone.path().join("log"));
    let alone = alone.path().join("log");
    std::fs::remove_dir_all(alone.join("epochs")).unwrap();
    for (name, trust) in &trusts {
        let problem = verify(&alone, trust).unwrap_err();
        let found = (problem.kind, problem.file.as_str());
        assert_eq!(found, (ProblemKind::MissingLog, "octroi/test/2"), "{name}: {problem}");
    }
    // The disk is put back to before the key was changed, and somebody kept a checkpoint from afterwards.
    let before = tempfile::tempdir().unwrap();
    write(before.path(), 0..10);
    let key = SegmentLog::open(options(before.path())).map(|log| {
        log.stop();
        log.key().clone()
    });
    let trust = Trust { key: Some(key.unwrap()), known: vec![Known::of("third", &third)], ..Trust::default() };
    let problem = verify(before.path(), &trust).unwrap_err();
    assert_eq!((problem.kind, problem.file.as_str()), (ProblemKind::MissingLog, "octroi/test/3"), "{problem}");
    assert!(problem.detail.contains("a copy from before the key was changed"), "{problem}");
}
