//! Where one segment, one key or one epoch ends and the next begins: each check there, one at a time, on a log that nothing else
//! would find fault with.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use octroi_verify::note::SignerKey;
use octroi_verify::problem::ProblemKind;
use octroi_verify::verify::{CHECKPOINT, VERIFIER_KEY};
use octroi_verify::{Checkpoint, verify_all};

use super::*;
use crate::audit::OpenError;
use crate::audit::rotate::{Turn, announce, request, settle};
use crate::audit::storage::{LocalStorage, SegmentFile, Storage};
use crate::audit::store::{PRIVATE_KEY, Previous};

/// A disk on which the checkpoint can be replaced so often, and then no more.
#[derive(Debug)]
struct Unsigning {
    disk: LocalStorage,
    checkpoints_left: AtomicU32,
}

impl Storage for Unsigning {
    fn prepare(&self) -> io::Result<()> {
        self.disk.prepare()
    }

    fn lock(&self) -> io::Result<Box<dyn Send>> {
        self.disk.lock()
    }

    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        self.disk.names(folder)
    }

    fn create(&self, name: &str, private: bool) -> io::Result<Box<dyn SegmentFile>> {
        self.disk.create(name, private)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn SegmentFile>> {
        self.disk.open(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let less = |left: u32| left.checked_sub(1);
        if to == CHECKPOINT && self.checkpoints_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_err() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn sync_folder_of(&self, name: &str) -> io::Result<()> {
        self.disk.sync_folder_of(name)
    }
}

fn clock() -> crate::audit::Clock {
    Arc::new(|| jiff::Timestamp::from_second(1_795_000_000).unwrap())
}

fn settled(folder: &Path) -> Result<Options, OpenError> {
    settle(&Turn::of(folder)?, &Word::fixed("test"), &clock(), 4 * SEGMENT_BYTES_MIN)
}

/// Writes decisions with their outcomes into the epoch that is to be written now.
fn fill(folder: &Path, numbers: std::ops::Range<u32>) {
    write(&SegmentLog::open(settled(folder).unwrap()).unwrap(), numbers);
}

fn write(log: &SegmentLog, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let slot = log.reserve().unwrap();
        append(log, decision(number)).unwrap();
        slot.submit(outcome(number));
    }
    log.stop();
}

pub(super) fn copy_folder(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).into_iter().map(Result::unwrap) {
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(target).unwrap();
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The old key must not go before a checkpoint covers all that it should have signed: nobody could sign it any more.
#[test]
fn the_key_stays_until_all_that_it_wrote_is_signed() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), 0..10);
    let (key, kept) = (folder.path().join(PRIVATE_KEY), std::fs::read(folder.path().join(PRIVATE_KEY)).unwrap());
    // The checkpoint of the start is written, that of the announcement is not.
    let disk = Unsigning { disk: LocalStorage::new(folder.path()), checkpoints_left: AtomicU32::new(1) };
    let options = Options { storage: Arc::new(disk), ..options(folder.path()) };
    let error = announce(folder.path(), options, "octroi/test/2").unwrap_err();
    assert!(matches!(&error, OpenError::Io { name, kind: io::ErrorKind::WriteZero } if name == CHECKPOINT), "{error}");
    assert_eq!(std::fs::read(&key).unwrap(), kept, "it is the key of the running epoch still");
    assert!(!folder.path().join("epochs").exists(), "and nothing was moved");
    // With the disk well again the same rotation is finished, and all of it verifies.
    request(folder.path()).unwrap();
    fill(folder.path(), 10..20);
    let reports = verify_all(folder.path(), &Trust::default(), &mut |_| {}).unwrap();
    assert_eq!(reports.len(), 2);
    assert_ne!(std::fs::read(&key).unwrap(), kept);
}

#[test]
fn nothing_is_rotated_under_a_writer() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), 0..10);
    let log = SegmentLog::open(settled(folder.path()).unwrap()).unwrap();
    let kept = std::fs::read(folder.path().join(PRIVATE_KEY)).unwrap();
    request(folder.path()).unwrap();
    assert!(matches!(settled(folder.path()), Err(OpenError::Locked)));
    // Nor where a rotation was begun: the files are not moved away from under it.
    std::fs::create_dir_all(folder.path().join("epochs/1.new")).unwrap();
    assert!(matches!(settled(folder.path()), Err(OpenError::Locked)));
    std::fs::remove_dir(folder.path().join("epochs/1.new")).unwrap();
    assert_eq!(std::fs::read(folder.path().join(PRIVATE_KEY)).unwrap(), kept);
    append(&log, decision(50)).unwrap();
    log.stop();
    fill(folder.path(), 10..20);
    assert_eq!(verify_all(folder.path(), &Trust::default(), &mut |_| {}).map(|reports| reports.len()), Ok(2));
}

/// A new epoch says what the one before was; it does not begin behind one that is not what it says.
#[test]
fn an_epoch_begins_only_behind_the_one_of_its_node() {
    type Edit = fn(&Path);
    let cases: [(&str, Edit, &str); 3] = [
        (
            "another node's",
            |epoch| {
                let other = tempfile::tempdir().unwrap();
                SegmentLog::open(Options { origin: "octroi/lyon/1".to_owned(), ..options(other.path()) })
                    .unwrap()
                    .stop();
                for name in [CHECKPOINT, VERIFIER_KEY] {
                    std::fs::copy(other.path().join(name), epoch.join(name)).unwrap();
                }
            },
            "the audit log is named `octroi/lyon/1`",
        ),
        (
            "a checkpoint that its key did not sign",
            |epoch| {
                let other = tempfile::tempdir().unwrap();
                SegmentLog::open(options(other.path())).unwrap().stop();
                std::fs::copy(other.path().join(CHECKPOINT), epoch.join(CHECKPOINT)).unwrap();
            },
            "the private key is not the one of this audit log",
        ),
        (
            "one without its checkpoint",
            |epoch| std::fs::remove_file(epoch.join(CHECKPOINT)).unwrap(),
            "`checkpoint` of the audit log: entity not found",
        ),
    ];
    for (name, edit, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path(), 0..10);
        request(folder.path()).unwrap();
        drop(settled(folder.path()).unwrap());
        edit(&folder.path().join("epochs/1"));
        assert_eq!(settled(folder.path()).unwrap_err().to_string(), expected, "{name}");
    }
}

/// An epoch and the one behind it, of which just one link does not hold.
struct Chain {
    folder: tempfile::TempDir,
}

impl Chain {
    /// A first epoch that announced its successor, or did not.
    fn new(announced: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path(), 0..10);
        if announced {
            announce(folder.path(), options(folder.path()), "octroi/test/2").unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Moves the first epoch to where a finished one lies; its key goes elsewhere.
    fn finished(self) -> Self {
        std::fs::create_dir_all(self.path("epochs/1")).unwrap();
        for name in ["segments", "state", CHECKPOINT, VERIFIER_KEY] {
            std::fs::rename(self.path(name), self.path("epochs/1").join(name)).unwrap();
        }
        std::fs::rename(self.path(PRIVATE_KEY), self.path("old.key")).unwrap();
        self
    }

    fn checkpoint(&self) -> Checkpoint {
        let der = std::fs::read(self.path("old.key")).unwrap();
        let key = SignerKey::from_pkcs8("octroi/test/1", &der).unwrap();
        let text = std::fs::read_to_string(self.path("epochs/1").join(CHECKPOINT)).unwrap();
        Checkpoint::open(&text, key.verifier()).unwrap()
    }

    /// Writes the second epoch with the key in this file, or one of its own.
    fn follow(&self, key: Option<&str>, previous: impl FnOnce(Previous) -> Option<Previous>) {
        if let Some(key) = key {
            std::fs::copy(self.path(key), self.path(PRIVATE_KEY)).unwrap();
        }
        let Checkpoint { origin, size, root } = self.checkpoint();
        let previous = previous(Previous { origin, size, root });
        let origin = "octroi/test/2".to_owned();
        write(&SegmentLog::open(Options { origin, previous, ..options(self.folder.path()) }).unwrap(), 10..20);
    }

    fn verify(&self) -> Result<usize, (ProblemKind, String)> {
        let reports = verify_all(self.folder.path(), &Trust::default(), &mut |_| {});
        reports.map(|reports| reports.len()).map_err(|problem| (problem.kind, problem.to_string()))
    }
}

/// What the second epoch says of the first.
type Said = fn(Previous) -> Option<Previous>;

#[test]
fn each_link_between_two_epochs_is_checked() {
    let (right, nothing): (Said, Said) = (Some, |_| None);
    let shorter: Said = |previous| Some(Previous { size: previous.size - 1, ..previous });
    let other: Said = |previous| Some(Previous { root: octroi_verify::merkle::Hash([7; 32]), ..previous });
    let next = Some("log.key.next");
    for (name, announced, key, said, expected) in [
        ("whole", true, next, right, ""),
        ("a key that was not announced", false, None, right, "did not announce the key of `octroi/test/2`"),
        ("another key than was announced", true, None, right, "did not announce the key of `octroi/test/2`"),
        ("another key, and nothing said", true, None, nothing, "another key than `octroi/test/1` announced"),
        ("the announced key, and nothing said", true, next, nothing, "does not begin where `octroi/test/1`"),
        ("another size", true, next, shorter, "was begun after"),
        ("another root", true, next, other, "was begun after"),
    ] {
        let chain = Chain::new(announced).finished();
        chain.follow(key, said);
        match chain.verify() {
            Ok(2) if expected.is_empty() => {}
            Err((ProblemKind::Rewritten, told)) if !expected.is_empty() && told.contains(expected) => {}
            found => panic!("{name}: {found:?}"),
        }
    }
    let (kind, told) = Chain::new(true).finished().verify().unwrap_err();
    assert_eq!(kind, ProblemKind::MissingLog, "{told}");
    assert!(told.contains("`octroi/test/1` announced it"), "{told}");
}

/// Whoever kept a copy of the old key can go on signing the old epoch; the one behind it remembers where it ended.
#[test]
fn an_epoch_that_grew_after_its_end_is_named() {
    let chain = Chain::new(true).finished();
    chain.follow(Some("log.key.next"), Some);
    assert_eq!(chain.verify(), Ok(2));
    let epoch = chain.path("epochs/1");
    std::fs::rename(chain.path("old.key"), epoch.join(PRIVATE_KEY)).unwrap();
    write(&SegmentLog::open(options(&epoch)).unwrap(), 40..50);
    let (kind, told) = chain.verify().unwrap_err();
    assert_eq!(kind, ProblemKind::Rewritten, "{told}");
    assert!(told.contains("was begun after"), "{told}");
}

/// The last segment of another history is put where ours ended, before any checkpoint covers either: only the root in its header
/// tells them apart, for the gateway that starts as for the verifier.
#[test]
fn a_segment_of_another_history_is_refused_before_anything_is_signed() {
    let base = tempfile::tempdir().unwrap();
    fill(base.path(), 0..3);
    let image = |numbers: std::ops::Range<u32>| {
        let (folder, image) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        copy_folder(base.path(), folder.path());
        let quiet = Options { checkpoint_interval: std::time::Duration::from_hours(1), ..options(folder.path()) };
        let log = SegmentLog::open(quiet).unwrap();
        numbers.for_each(|number| assert!(append(&log, decision(number)).is_ok()));
        // What a crash leaves: all is durable, and nothing of it signed.
        copy_folder(folder.path(), image.path());
        image
    };
    let (ours, theirs) = (image(1_000..1_160), image(2_000..2_160));
    let last = || {
        let names = std::fs::read_dir(ours.path().join("segments")).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| Path::new(name).extension().is_some_and(|end| end == "seg"));
        names.sort();
        PathBuf::from("segments").join(names.pop().unwrap())
    };
    let sound = tempfile::tempdir().unwrap();
    copy_folder(ours.path(), sound.path());
    SegmentLog::open(options(sound.path())).unwrap().stop();
    assert!(last().to_str().unwrap() > "segments/00000002.seg", "{}", last().display());
    std::fs::copy(theirs.path().join(last()), ours.path().join(last())).unwrap();
    let problem = verify(ours.path()).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Rewritten, "{problem}");
    match SegmentLog::open(options(ours.path())) {
        Err(OpenError::Damaged(problem)) => {
            assert_eq!(problem.kind, ProblemKind::Rewritten, "{problem}");
            assert!(problem.to_string().contains("not those it was begun after"), "{problem}");
        }
        other => panic!("{other:?}"),
    }
}

/// The size is persisted before the checkpoint that shows it: where the disk is set back to what the published checkpoint covers,
/// as a restored copy of all but the state would be, the log does not go on as if nothing had been signed behind it.
#[test]
fn a_log_that_was_rolled_back_to_its_published_checkpoint_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), 0..3);
    // The checkpoint of the start is published, the next is signed and cannot be.
    let disk = Unsigning { disk: LocalStorage::new(folder.path()), checkpoints_left: AtomicU32::new(1) };
    let log = SegmentLog::open(Options { storage: Arc::new(disk), ..options(folder.path()) }).unwrap();
    let (opened, before) = (log.head().size, tempfile::tempdir().unwrap());
    copy_folder(folder.path(), before.path());
    append(&log, decision(100)).unwrap();
    log.stop();
    let published = std::fs::read_to_string(folder.path().join(CHECKPOINT)).unwrap();
    assert_eq!(published.lines().nth(1).unwrap(), opened.to_string(), "the newest was not published");
    assert_eq!(verify(folder.path()).unwrap().signed, opened, "and so a reader sees the one before");
    // What the published checkpoint covers is put back, exactly; the state stays.
    for entry in walkdir::WalkDir::new(before.path().join("segments")).min_depth(1) {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.path().join("segments").join(entry.file_name())).unwrap();
    }
    assert!(verify(folder.path()).is_ok(), "a reader finds no fault");
    let error = SegmentLog::open(options(folder.path())).unwrap_err();
    let told = error.to_string();
    assert!(matches!(error, OpenError::Damaged(problem) if problem.kind == ProblemKind::Truncated), "{told}");
    assert!(told.contains("entries were signed"), "{told}");
}

/// Two copies of one log: the shorter is the beginning of the longer, or somebody signed two histories.
#[test]
fn two_histories_of_one_log_are_named() {
    let both = tempfile::tempdir().unwrap();
    let (one, other) = (both.path().join("one"), both.path().join("other"));
    rotate::write(&one, 0..10);
    copy_folder(&one, &other);
    let sound = verify_all(both.path(), &Trust::default(), &mut |_| {}).unwrap();
    assert_eq!(sound.len(), 2, "equal copies");
    rotate::write(&one, 10..20);
    let sound = verify_all(both.path(), &Trust::default(), &mut |_| {}).unwrap();
    assert!(sound.iter().any(|report| report.known == 1), "an older copy beside a newer one: {sound:?}");
    rotate::write(&other, 30..35);
    let problem = verify_all(both.path(), &Trust::default(), &mut |_| {}).unwrap_err();
    assert_eq!((problem.kind, &*problem.file), (ProblemKind::Rewritten, "one/segments/00000001.seg"), "{problem}");
    assert!(problem.to_string().contains("`one` and `other` are both signed as"), "{problem}");
    // Alone each of them is sound: nothing in it can tell.
    for alone in [&one, &other] {
        verify_all(alone, &Trust::default(), &mut |_| {}).unwrap();
    }
    // Of the same name, and somebody else's key.
    std::fs::remove_dir_all(&other).unwrap();
    rotate::write(&other, 0..5);
    let problem = verify_all(both.path(), &Trust::default(), &mut |_| {}).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Checkpoint, "{problem}");
    assert!(problem.to_string().contains("not signed with the key of this log"), "{problem}");
}
