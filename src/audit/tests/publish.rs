//! The published log, and the conformance of its stores.

use std::io;

use octroi_verify::problem::ProblemKind;
use octroi_verify::verify::CHECKPOINT;

use super::*;
use crate::audit::publish::{PublishError, Published, Removals};
use crate::audit::tile_store::{LocalTiles, Put, Swap, TileStore};

/// Publishes with what the log itself says was removed, as the command does.
pub(super) fn publish_all(log: &Path, store: &LocalTiles) -> Result<Published, PublishError> {
    crate::audit::publish::publish(log, store, &Removals::of(log).unwrap())
}

fn publish(log: &Path, store: &LocalTiles) -> Result<u64, PublishError> {
    publish_all(log, store).map(|published| published.entries)
}

/// What every store must do; each implementation runs this.
fn conformance(store: &(dyn TileStore + 'static)) {
    assert_eq!(store.get("tile/0/000").unwrap(), None);
    assert_eq!(store.put_new("tile/0/000", b"one").unwrap(), Put::Created);
    assert_eq!(store.put_new("tile/0/000", b"two").unwrap(), Put::Exists);
    assert_eq!(store.get("tile/0/000").unwrap().unwrap().0, b"one");
    assert_eq!(store.put_new("tile/0/x001/000.p/7", b"").unwrap(), Put::Created);
    assert_eq!(store.list("tile").unwrap(), ["tile/0/000", "tile/0/x001/000.p/7"]);
    assert_eq!(store.list("tile/9").unwrap(), Vec::<String>::new());

    assert_eq!(store.swap("checkpoint", Some("something"), b"a").unwrap(), Swap::Lost, "nothing is there");
    assert_eq!(store.swap("checkpoint", None, b"a").unwrap(), Swap::Done);
    assert_eq!(store.swap("checkpoint", None, b"b").unwrap(), Swap::Lost, "something is there");
    let (bytes, tag) = store.get("checkpoint").unwrap().unwrap();
    assert_eq!(bytes, b"a");
    assert_eq!(store.swap("checkpoint", Some(&tag), b"b").unwrap(), Swap::Done);
    assert_eq!(store.swap("checkpoint", Some(&tag), b"c").unwrap(), Swap::Lost, "it has changed");
    assert_eq!(store.get("checkpoint").unwrap().unwrap().0, b"b");

    store.remove("tile/0/x001/000.p/7").unwrap();
    store.remove("tile/0/x001/000.p/7").unwrap();
    assert_eq!(store.get("tile/0/x001/000.p/7").unwrap(), None);
    assert_eq!(store.list("tile").unwrap(), ["tile/0/000"], "and nothing else");

    for path in ["", "/etc/passwd", "../x", "tile/../x", "tile//x", ".lock", "Tile", "a b"] {
        assert_eq!(store.put_new(path, b"").unwrap_err().kind(), io::ErrorKind::InvalidInput, "{path:?}");
        assert_eq!(store.swap(path, None, b"").unwrap_err().kind(), io::ErrorKind::InvalidInput, "{path:?}");
        assert_eq!(store.remove(path).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{path:?}");
    }
    // Of many writers at one time exactly one wins.
    let (created, swapped) = (std::sync::atomic::AtomicU32::new(0), std::sync::atomic::AtomicU32::new(0));
    let tag = store.get("checkpoint").unwrap().unwrap().1;
    std::thread::scope(|scope| {
        for writer in 0..8_u8 {
            let (created, swapped, tag) = (&created, &swapped, &tag);
            scope.spawn(move || {
                if store.put_new("tile/1/000", &[writer]).unwrap() == Put::Created {
                    created.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
                if store.swap("checkpoint", Some(tag), &[writer, 1]).unwrap() == Swap::Done {
                    swapped.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!((created.into_inner(), swapped.into_inner()), (1, 1));
}

#[test]
fn a_folder_is_a_store() {
    let folder = tempfile::tempdir().unwrap();
    conformance(&LocalTiles::new(folder.path().join("log")));
}

#[test]
fn a_published_log_verifies_alone_and_grows() {
    let (folder, public) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = LocalTiles::new(public.path());
    for (from, to) in [(0, 3), (3, 140), (140, 400)] {
        let log = SegmentLog::open(Options { segment_bytes: 1 << 20, ..options(folder.path()) }).unwrap();
        for number in from..to {
            let slot = log.reserve().unwrap();
            append(&log, decision(number)).unwrap();
            slot.submit(outcome(number));
        }
        log.stop();
        let entries = publish(folder.path(), &store).unwrap();
        assert_eq!(publish(folder.path(), &store).unwrap(), entries, "once more changes nothing");
        let (private, public) = (verify(folder.path()).unwrap(), verify(public.path()).unwrap());
        assert_eq!((public.signed, public.root, &public.kinds), (entries, private.root, &private.kinds));
    }
    // Theirs read it too: the tree that the tiles give is the one that was signed.
    let report = verify(public.path()).unwrap();
    let tile = std::fs::read(public.path().join("tile/0/000")).unwrap();
    assert_eq!(tile.len(), 8_192);
    assert!(report.signed > 768, "{}", report.signed);
    // Another history finds its place taken.
    let other = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(options(other.path())).unwrap();
    (0..600).for_each(|number| assert!(append(&log, decision(5_000 + number)).is_ok()));
    log.stop();
    assert!(matches!(publish(other.path(), &store), Err(PublishError::Newer(_) | PublishError::Other(_))));
    assert_eq!(verify(public.path()).unwrap().signed, report.signed, "and changes nothing");
    // An edit of what is published is found by whoever reads it.
    let path = public.path().join("tile/entries/001");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(12).position(|window| window == b"clinic-notes").unwrap();
    bytes[at] = b'k';
    std::fs::write(&path, &bytes).unwrap();
    let problem = verify(public.path()).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Damaged, "{problem}");
    assert!(problem.file == "tile/entries/001" && problem.seq.is_some_and(|seq| seq < 512), "{problem}");
    bytes[at] = b'c';
    std::fs::write(&path, bytes).unwrap();
    let mut hashes = tile;
    hashes[70] ^= 1;
    std::fs::write(public.path().join("tile/0/000"), hashes).unwrap();
    let problem = verify(public.path()).unwrap_err();
    let place = (problem.kind, problem.file.as_str(), problem.offset, problem.seq);
    assert_eq!(place, (ProblemKind::Damaged, "tile/0/000", Some(70), Some(2)), "the hash, and not its entry");
    assert!(public.path().join(CHECKPOINT).exists());
}

#[test]
fn a_fork_is_refused_although_its_tiles_have_other_names() {
    let (folder, fork, public) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = LocalTiles::new(public.path());
    SegmentLog::open(options(folder.path())).unwrap().stop();
    let copied = std::process::Command::new("cp").arg("-a").arg(folder.path()).arg(fork.path().join("log")).status();
    assert!(copied.unwrap().success());
    // Both go on from the same entries with the same key; what is published of one is a partial tile.
    for (path, first, count) in [(folder.path().to_owned(), 0, 10), (fork.path().join("log"), 100, 20)] {
        let log = SegmentLog::open(options(&path)).unwrap();
        (first..first + count).for_each(|number| assert!(append(&log, decision(number)).is_ok()));
        log.stop();
    }
    let published = publish(folder.path(), &store).unwrap();
    let refused = publish(&fork.path().join("log"), &store);
    assert!(matches!(refused, Err(PublishError::Other(ref name)) if name == CHECKPOINT), "{refused:?}");
    assert_eq!(verify(public.path()).unwrap().signed, published, "and nothing of it is published");
}
