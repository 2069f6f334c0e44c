//! Verifies a whole log offline: frames, sequence, the root against the signed checkpoint, and the story of each request.
//!
//! It reads once from the first entry to the last in constant memory and stops at the first problem. What it shows: the
//! entries are exactly those that the holder of the key signed over, in number and order. What no log can show by itself:
//! that nothing was left out before it was written, and that the holder of the key did not sign a second history; for that
//! compare with a checkpoint kept elsewhere ([`Trust::known`]).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::entry::{self, EntryError};
use crate::merkle::{Frontier, leaf_hash};
use crate::note::{NOTE_BYTES_MAX, VerifierKey};
use crate::problem::{Problem, ProblemKind};
use crate::relations::Relations;
use crate::report::Report;
use crate::segment::Batch;
use crate::walk::{SEGMENTS, Step, Walk, segment_name, unreadable};

/// The file with the newest published checkpoint (C2SP tlog-tiles).
pub const CHECKPOINT: &str = "checkpoint";
/// The file with the public key.
pub const VERIFIER_KEY: &str = "log.vkey";

/// What the verification starts from.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// The log's public key, from somewhere else than the log's folder; without it the folder's own is taken, and then
    /// only damage is found, not a log that was replaced together with its key.
    pub key: Option<VerifierKey>,
    /// Signed checkpoints kept from earlier, as text: the log must still begin with what they cover.
    pub known: Vec<String>,
}

/// How far a verification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Entries verified.
    pub entries: u64,
    /// Entries that the checkpoint covers.
    pub signed: u64,
}

/// Verifies the log in a folder. `progress` is called after each batch.
///
/// # Errors
/// The first [`Problem`].
pub fn verify_dir(dir: &Path, trust: &Trust, progress: &mut dyn FnMut(Progress)) -> Result<Report, Problem> {
    let key = match &trust.key {
        Some(key) => key.clone(),
        None => VerifierKey::parse(&small_file(dir, VERIFIER_KEY)?)
            .map_err(|error| Problem::new(VERIFIER_KEY, ProblemKind::Key, error.to_string()))?,
    };
    // Before the segments: what is appended while we read is then beyond the checkpoint, not missing from it.
    let newest = open_checkpoint(CHECKPOINT, &small_file(dir, CHECKPOINT)?, &key)?;
    let mut expected = Vec::with_capacity(trust.known.len().saturating_add(1));
    for (index, text) in trust.known.iter().enumerate() {
        expected.push((format!("known checkpoint {}", index + 1), open_checkpoint("known checkpoint", text, &key)?));
    }
    expected.push((CHECKPOINT.to_owned(), newest.clone()));
    let walk = Walk::open(&dir)?;
    let mut verifier = Verifier::new(&expected);
    if let Some(header) = walk.headers().iter().find(|header| header.origin != newest.origin) {
        let detail = "its header names another log than the checkpoint";
        return Err(Problem::new(segment_name(header.number), ProblemKind::OtherLog, detail));
    }
    let (walk, torn) = verifier.walk(walk, newest.size, progress)?;
    verifier.check_reached()?;
    Ok(Report {
        origin: newest.origin,
        key,
        key_given: trust.key.is_some(),
        signed: newest.size,
        root: newest.root,
        unsigned: verifier.frontier.size().saturating_sub(newest.size),
        torn,
        segments: u32::try_from(walk.headers().len()).unwrap_or(u32::MAX),
        left_behind: walk.left_behind(),
        bytes: verifier.bytes,
        kinds: verifier.kinds,
        unfinished: verifier.relations.open().len() as u64,
        known: u32::try_from(trust.known.len()).unwrap_or(u32::MAX),
        first_time: verifier.first_time,
        last_time: verifier.last_time,
        clock_steps_back: verifier.clock_steps_back,
    })
}

struct Verifier<'a> {
    /// Checkpoints that the log must reach and agree with.
    expected: &'a [(String, Checkpoint)],
    frontier: Frontier,
    relations: Relations,
    kinds: BTreeMap<&'static str, u64>,
    bytes: u64,
    first_time: Option<String>,
    last_time: Option<String>,
    clock_steps_back: u64,
}

impl<'a> Verifier<'a> {
    fn new(expected: &'a [(String, Checkpoint)]) -> Self {
        Self {
            expected,
            frontier: Frontier::default(),
            relations: Relations::default(),
            kinds: BTreeMap::new(),
            bytes: 0,
            first_time: None,
            last_time: None,
            clock_steps_back: 0,
        }
    }

    fn walk<'f>(
        &mut self,
        mut walk: Walk<'f>,
        signed: u64,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Walk<'f>, Option<Problem>), Problem> {
        if walk.place().seq != 0 {
            let detail = "the first segment does not begin with entry 0";
            return Err(Problem::new(SEGMENTS, ProblemKind::MissingEntries, detail).entry(0));
        }
        self.check_roots(SEGMENTS)?;
        loop {
            let name = segment_name(walk.place().segment);
            match walk.next()? {
                Step::Segment(header) if header.root != self.frontier.root() => {
                    let detail = "the entries before this segment are not those it was begun after";
                    let problem = Problem::new(segment_name(header.number), ProblemKind::Rewritten, detail);
                    return Err(problem.entry(header.first_seq));
                }
                Step::Segment(_) => {}
                Step::Batch(batch) => {
                    self.take(&name, &batch)?;
                    progress(Progress { entries: self.frontier.size(), signed });
                }
                // What the checkpoint covers was durable: it cannot have been cut short by a crash.
                Step::Torn(problem) if self.frontier.size() < signed => return Err(problem),
                Step::Torn(problem) => return Ok((walk, Some(problem))),
                Step::End => return Ok((walk, None)),
            }
        }
    }

    fn take(&mut self, name: &str, batch: &Batch<'_>) -> Result<(), Problem> {
        for (offset, seq, bytes) in batch.entries() {
            let problem = |kind, detail: String| Problem::new(name, kind, detail).at(offset).entry(seq);
            let malformed = |error: EntryError| problem(ProblemKind::Malformed, error.to_string());
            let entry = entry::open(bytes).map_err(malformed)?;
            if entry.seq != seq {
                let kind = if entry.seq > seq { ProblemKind::MissingEntries } else { ProblemKind::Repeated };
                return Err(problem(kind, format!("it says of itself that it is entry {}", entry.seq)));
            }
            self.relations.take(&entry.about).map_err(|(kind, detail)| problem(kind, detail.to_owned()))?;
            self.frontier.push(leaf_hash(bytes));
            self.check_roots(name)?;
            self.note(&entry, bytes.len());
        }
        Ok(())
    }

    fn note(&mut self, entry: &entry::Entry<'_>, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        let count = self.kinds.entry(entry.about.kind.name()).or_insert(0);
        *count = count.saturating_add(1);
        if self.last_time.as_deref().is_some_and(|before| entry.time < before) {
            self.clock_steps_back = self.clock_steps_back.saturating_add(1);
        }
        let last = self.last_time.get_or_insert_default();
        last.clear();
        last.push_str(entry.time);
        if self.first_time.is_none() {
            self.first_time = Some(entry.time.to_owned());
        }
    }

    /// Compares the root with that of each checkpoint of this very size.
    fn check_roots(&self, name: &str) -> Result<(), Problem> {
        let size = self.frontier.size();
        let here = self.expected.iter().filter(|(_, checkpoint)| checkpoint.size == size);
        for (source, checkpoint) in here {
            if checkpoint.root != self.frontier.root() {
                let detail = format!("the entries up to here are not those that the {source} was signed over");
                return Err(Problem::new(name, ProblemKind::Rewritten, detail).entry(size.saturating_sub(1)));
            }
        }
        Ok(())
    }

    fn check_reached(&self) -> Result<(), Problem> {
        let size = self.frontier.size();
        match self.expected.iter().find(|(_, checkpoint)| checkpoint.size > size) {
            None => Ok(()),
            Some((source, checkpoint)) => {
                let detail = format!("the {source} covers {} entries, {size} are there", checkpoint.size);
                Err(Problem::new(SEGMENTS, ProblemKind::Truncated, detail).entry(size))
            }
        }
    }
}

fn open_checkpoint(name: &str, text: &str, key: &VerifierKey) -> Result<Checkpoint, Problem> {
    Checkpoint::open(text, key)
        .map_err(|error: CheckpointError| Problem::new(name, ProblemKind::Checkpoint, error.to_string()))
}

/// Reads a small text file of the log.
fn small_file(dir: &Path, name: &str) -> Result<String, Problem> {
    let path = dir.join(name);
    let length = fs::metadata(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Problem::new(name, ProblemKind::NotALog, "the file is not there"),
        _ => unreadable(name, &error),
    })?;
    if length.len() > NOTE_BYTES_MAX as u64 {
        return Err(Problem::new(name, ProblemKind::NotALog, "the file is far too long"));
    }
    fs::read_to_string(&path).map_err(|error| unreadable(name, &error))
}
