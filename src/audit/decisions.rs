//! Every decision or further attempt of a log, read as fast as the disk gives it: segment by segment, several at a time, no proof
//! attempted; and the few other entries that matter to whoever begins, read from the end.
//!
//! For replays and statistics over millions of entries. Frames are checked against accidents; whether somebody changed the
//! log is the verifier's part (`octroi audit verify`), and whoever draws conclusions runs it first.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};

use memchr::memmem::Finder;
use octroi_verify::fleet::EPOCHS;
use octroi_verify::problem::{Problem, ProblemKind};
use octroi_verify::segment::{Found, HEADER_BYTES, Segment};
use octroi_verify::verify::CHECKPOINT;
use octroi_verify::walk::{Folder as _, SEGMENTS, Walk, segment_name};
use serde::{Deserialize, Serialize};

/// Takes entries, in the order of the log within one segment.
pub trait Reader: Send {
    /// One entry: its number, its time, and the entry with its envelope, canonical JSON.
    fn take(&mut self, seq: u64, time: &str, entry: &[u8]);
}

/// Which entries are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What was decided.
    Decision,
    /// Each backend that was tried after the first.
    Attempt,
}

impl Kind {
    /// How it is told from other entries: canonical JSON has no blanks, and a quotation mark within a text is escaped.
    const fn mark(self) -> &'static [u8] {
        match self {
            Self::Decision => b"\"kind\":\"decision\"",
            Self::Attempt => b"\"kind\":\"attempt\"",
        }
    }
}

/// What stands behind the time of an entry.
const TAIL: &[u8] = b"\",\"v\":1}";
const TIME_BYTES: usize = 30;

/// Hands every entry of a kind at or after `since` (RFC 3339 in UTC with nine digits, as entries have it) to one of the readers.
///
/// Each reader works in a thread of its own on whole segments.
///
/// # Errors
/// A [`Problem`] when a segment cannot be read, or is damaged where the log goes on behind it.
pub fn read_entries<R: Reader>(dir: &Path, kind: Kind, since: Option<&str>, readers: &mut [R]) -> Result<(), Problem> {
    let folder = &dir;
    let headers = headers(folder)?;
    // A segment ends where the next begins; one whose successor begins before the time is wholly before it.
    let mut work = Vec::new();
    for (index, (number, first)) in headers.iter().enumerate() {
        let next = headers.get(index + 1);
        let skipped = match (since, next) {
            (Some(since), Some((next, _))) => first_time(folder, *next)?.is_some_and(|time| *time < *since),
            _ => false,
        };
        if !skipped && next.is_none_or(|(_, end)| first < end) {
            work.push((*number, next.map(|(_, end)| *end)));
        }
    }
    let (work, at) = (&work, AtomicUsize::new(0));
    let each = |reader: &mut R| -> Result<(), Problem> {
        let wanted = Finder::new(kind.mark());
        while let Some((number, end)) = work.get(at.fetch_add(1, Ordering::Relaxed)) {
            segment(folder, (*number, *end), &mut |seq, bytes| {
                let Some(time) = time_of(bytes).filter(|time| since.is_none_or(|since| since <= *time)) else { return };
                if wanted.find(bytes).is_some() {
                    reader.take(seq, time, bytes);
                }
            })?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = readers.iter_mut().map(|reader| scope.spawn(|| each(reader))).collect();
        let lost = || Problem::new("segments", ProblemKind::Unreadable, "a reader failed inside");
        running.into_iter().try_for_each(|reader| reader.join().map_err(|_| lost())?)
    })
}

/// A place in a log: everything before it is of an older epoch or has a lower number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The epoch, counted from 1, as in the name of the log.
    pub epoch: u32,
    /// The number of an entry in it.
    pub seq: u64,
}

/// `17`, or `2:17` for the entry 17 of the epoch 2.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.seq)
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            || format!("`{text}` is no place in the log: write the number of an entry behind that of its epoch, 2:17");
        let (epoch, seq) = text.split_once(':').ok_or_else(wrong)?;
        Ok(Self { epoch: epoch.parse().map_err(|_| wrong())?, seq: seq.parse().map_err(|_| wrong())? })
    }
}

/// Hands the entries of some kinds over that stand at or behind a place, newest first, those of finished epochs behind those of
/// the running one. A folder without a log holds none. Returns the place behind the last entry; where that is before `since`,
/// the log is not the one that the place is of, and all of it is handed over.
///
/// # Errors
/// A [`Problem`] when a segment cannot be read, or is damaged where the log goes on behind it.
pub fn read_backwards(dir: &Path, kinds: &[&str], since: Place, take: &mut dyn FnMut(&[u8])) -> Result<Place, Problem> {
    let finders: Vec<Vec<u8>> = kinds.iter().map(|kind| format!("\"kind\":\"{kind}\"").into_bytes()).collect();
    let finders: Vec<Finder<'_>> = finders.iter().map(Finder::new).collect();
    let logs = logs(dir);
    let ends = end(&logs)?;
    let since = if ends < since { Place::default() } else { since };
    for (epoch, log) in logs.iter().filter(|(epoch, log)| *epoch >= since.epoch && log.join(SEGMENTS).exists()) {
        let first_new = if *epoch == since.epoch { since.seq } else { 0 };
        let folder = &log.as_path();
        let headers = headers(folder)?;
        for (index, (number, first)) in headers.iter().enumerate().rev() {
            let end = headers.get(index + 1).map(|(_, end)| *end);
            if end.is_some_and(|end| end <= (*first).max(first_new)) {
                continue;
            }
            let mut found: Vec<Vec<u8>> = Vec::new();
            segment(folder, (*number, end), &mut |seq, bytes| {
                if seq >= first_new && finders.iter().any(|finder| finder.find(bytes).is_some()) {
                    found.push(bytes.to_vec());
                }
            })?;
            found.iter().rev().for_each(|entry| take(entry));
        }
    }
    Ok(ends)
}

/// Hands every entry of one log over, in order, that holds one of these texts: whoever takes it looks what it is.
///
/// # Errors
/// A [`Problem`] when a segment cannot be read, or is damaged where the log goes on behind it.
pub(super) fn read_marked(log: &Path, marks: &[&str], take: &mut dyn FnMut(u64, &[u8])) -> Result<(), Problem> {
    let finders: Vec<Finder<'_>> = marks.iter().map(|mark| Finder::new(mark.as_bytes())).collect();
    let headers = headers(&log)?;
    for (index, (number, _)) in headers.iter().enumerate() {
        let end = headers.get(index + 1).map(|(_, end)| *end);
        segment(&log, (*number, end), &mut |seq, bytes| {
            if finders.iter().any(|finder| finder.find(bytes).is_some()) {
                take(seq, bytes);
            }
        })?;
    }
    Ok(())
}

/// The place behind the last entry.
fn end(logs: &[(u32, PathBuf)]) -> Result<Place, Problem> {
    let Some((epoch, log)) = logs.first() else { return Ok(Place::default()) };
    let mut seq = 0;
    if log.join(SEGMENTS).exists() {
        let folder = &log.as_path();
        if let Some((number, first)) = headers(folder)?.last() {
            seq = *first;
            segment(folder, (*number, None), &mut |last, _| seq = last.saturating_add(1))?;
        }
    }
    Ok(Place { epoch: *epoch, seq })
}

/// The numbers of the segments of a log, each with that of its first entry.
fn headers(folder: &&Path) -> Result<Vec<(u32, u64)>, Problem> {
    Ok(Walk::open(folder)?.headers().iter().map(|header| (header.number, header.first_seq)).collect())
}

/// The folder of a log, and those of its finished epochs, newest first, each with its number.
pub(super) fn logs(dir: &Path) -> Vec<(u32, PathBuf)> {
    let mut epochs: Vec<u32> = Vec::new();
    for entry in walkdir::WalkDir::new(dir.join(EPOCHS)).min_depth(1).max_depth(1).into_iter().filter_map(Result::ok) {
        // A change of the key begins with an empty folder, and a file is none.
        let is_log = [SEGMENTS, CHECKPOINT].iter().any(|name| entry.path().join(name).symlink_metadata().is_ok());
        if !is_log && is_listable(entry.path()) {
            continue;
        }
        epochs.extend(entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    epochs.sort_unstable_by(|one, other| other.cmp(one));
    let running = epochs.first().map_or(1, |last| last.saturating_add(1));
    let finished = epochs.into_iter().map(|epoch| (epoch, dir.join(EPOCHS).join(epoch.to_string())));
    [(running, dir.to_owned())].into_iter().chain(finished).collect()
}

/// Whether what lies in a folder can be seen; a file has nothing in it.
fn is_listable(path: &Path) -> bool {
    let denied =
        |error: walkdir::Error| error.io_error().is_some_and(|it| it.kind() == std::io::ErrorKind::PermissionDenied);
    !walkdir::WalkDir::new(path).max_depth(1).into_iter().filter_map(Result::err).any(denied)
}

/// What is wrong where the finished epochs of a log cannot be listed: it would be taken for one that has none.
pub(super) fn unlisted(dir: &Path) -> Option<Problem> {
    let faults = walkdir::WalkDir::new(dir.join(EPOCHS)).max_depth(1).into_iter().filter_map(Result::err);
    let mut kinds = faults.filter_map(|error| error.io_error().map(std::io::Error::kind));
    let kind = kinds.find(|kind| *kind != std::io::ErrorKind::NotFound)?;
    Some(Problem::new(EPOCHS, ProblemKind::Unreadable, kind.to_string()))
}

/// What is wrong where the folder of a finished epoch holds another log than its place says: a copy of one that is counted already, or
/// somebody else's. Of one without a checkpoint other checks tell.
pub(super) fn stray(dir: &Path, epoch: u32, log: &Path) -> Option<Problem> {
    let origin = |log: &Path| super::read_text(log, CHECKPOINT).ok()?.lines().next().map(str::to_owned);
    let (name, running) = (origin(log).filter(|_| log != dir)?, origin(dir));
    let of = running.as_deref().unwrap_or(&name).rsplit_once('/').map_or("", |(of, _)| of);
    if name == format!("{of}/{epoch}") {
        return None;
    }
    let detail = format!("it is of `{name}`, and this is the folder of epoch {epoch} of this log: move it away");
    Some(Problem::new(format!("{EPOCHS}/{epoch}/{CHECKPOINT}"), ProblemKind::Checkpoint, detail))
}

/// Hands every entry of a segment over, up to the number with which the next one begins.
fn segment(folder: &&Path, (number, end): (u32, Option<u64>), take: &mut dyn FnMut(u64, &[u8])) -> Result<(), Problem> {
    let name = segment_name(number);
    let unreadable = |error: std::io::Error| Problem::new(&name, ProblemKind::Unreadable, error.to_string());
    let file = folder.open(&name).map_err(unreadable)?;
    let damaged = || Problem::new(&name, ProblemKind::Header, "the header is not one");
    let mut segment = Segment::open(file).map_err(unreadable)?.ok_or_else(damaged)?;
    let mut offset = HEADER_BYTES as u64;
    let mut next = segment.header().first_seq;
    while end.is_none_or(|end| next < end) {
        match segment.batch(offset).map_err(unreadable)? {
            Found::Batch(batch) => {
                batch.entries().for_each(|(_, seq, bytes)| take(seq, bytes));
                offset = batch.end;
                next = batch.head.first_seq.saturating_add(u64::from(batch.head.count));
            }
            Found::End => break,
            // Being written, or cut short by a crash: nothing was acknowledged of it.
            Found::Damaged { torn: true, .. } if end.is_none() => break,
            Found::Damaged { offset, fault, .. } => {
                return Err(Problem::new(&name, ProblemKind::Damaged, fault.to_string()).at(offset).entry(next));
            }
        }
    }
    Ok(())
}

/// The time of the first entry of a segment, if it has one.
pub(super) fn first_time(folder: &&Path, number: u32) -> Result<Option<String>, Problem> {
    let name = segment_name(number);
    let unreadable = |error: std::io::Error| Problem::new(&name, ProblemKind::Unreadable, error.to_string());
    let file = folder.open(&name).map_err(unreadable)?;
    let Some(mut segment) = Segment::open(file).map_err(unreadable)? else { return Ok(None) };
    Ok(match segment.batch(HEADER_BYTES as u64).map_err(unreadable)? {
        Found::Batch(batch) => batch.entries().next().and_then(|(_, _, bytes)| time_of(bytes).map(str::to_owned)),
        _ => None,
    })
}

/// The time of an entry, which stands at a fixed place before its end.
pub(super) fn time_of(bytes: &[u8]) -> Option<&str> {
    let before = bytes.strip_suffix(TAIL)?;
    std::str::from_utf8(before.get(before.len().checked_sub(TIME_BYTES)?..)?).ok()
}
