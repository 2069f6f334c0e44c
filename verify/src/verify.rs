//! Verifies a whole log offline: frames, sequence, the root against the signed checkpoint, and the story of each request.
//!
//! It reads once from the first entry to the last in constant memory and stops at the first problem. What it shows: the
//! entries are exactly those that the holder of the key signed over, in number and order. What no log can show by itself:
//! that nothing was left out before it was written, and that the holder of the key did not sign a second history; for that
//! compare with a checkpoint kept elsewhere ([`Trust::known`]) or ask for witnesses ([`Trust::policy`]).

use std::fs;
use std::path::{Path, PathBuf};

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::export::Export;
use crate::note::{NOTE_BYTES_MAX, VerifierKey};
use crate::pass::Pass;
use crate::policy::Policy;
use crate::problem::{Problem, ProblemKind};
use crate::published;
use crate::report::Report;
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
    /// The logs and witnesses that are trusted, and how many of these must have signed.
    pub policy: Option<Policy>,
    /// Signed checkpoints kept from earlier, as text: the log must still begin with what they cover.
    pub known: Vec<String>,
    /// Files with exported entries: each must be an entry of the log, as it stands there.
    pub exports: Vec<PathBuf>,
}

/// How far a verification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Entries verified.
    pub entries: u64,
    /// Entries that the checkpoint covers.
    pub signed: u64,
}

/// Verifies the log in a folder: one that a gateway writes, or one that was published as tiles. `progress` is called
/// after each batch or bundle.
///
/// # Errors
/// The first [`Problem`].
pub fn verify_dir(dir: &Path, trust: &Trust, progress: &mut dyn FnMut(Progress)) -> Result<Report, Problem> {
    let trusted = Trusted::read(dir, trust)?;
    let newest = trusted.newest.clone();
    let mut exports = trust.exports.iter().map(|path| Export::open(path)).collect::<Result<Vec<_>, _>>()?;
    let mut pass = Pass::new(&trusted.expected, &mut exports);
    pass.check_roots(CHECKPOINT)?;
    let found = if published::is_published(dir) {
        published::walk(dir, &mut pass, newest.size, progress)?
    } else {
        walk(dir, &mut pass, &newest, progress)?
    };
    pass.check_reached(found.name)?;
    Ok(Report {
        origin: newest.origin,
        key: trusted.key,
        key_given: trusted.key_given,
        witnesses: trusted.witnesses,
        signed: newest.size,
        root: newest.root,
        unsigned: pass.frontier.size().saturating_sub(newest.size),
        torn: found.torn,
        segments: found.files,
        left_behind: found.left_behind,
        bytes: pass.bytes,
        unfinished: pass.relations.open().len() as u64,
        kinds: pass.kinds,
        known: u32::try_from(trust.known.len()).unwrap_or(u32::MAX),
        first_time: pass.first_time,
        last_time: pass.last_time,
        clock_steps_back: pass.clock_steps_back,
        announced: pass.announced,
        begun: pass.begun,
        exports: exports.iter().map(Export::told).collect(),
    })
}

/// What a walk over the files found besides entries.
pub(crate) struct Walked {
    /// The folder of the entries.
    pub(crate) name: &'static str,
    /// Segments or bundles.
    pub(crate) files: u32,
    pub(crate) left_behind: u32,
    pub(crate) torn: Option<Problem>,
}

/// The key and the checkpoints from which a verification starts.
struct Trusted {
    key: VerifierKey,
    key_given: bool,
    witnesses: Vec<(String, u64)>,
    newest: Checkpoint,
    expected: Vec<(String, Checkpoint)>,
}

impl Trusted {
    /// Reads them. The checkpoint comes before the entries: what is appended meanwhile is then beyond it, not missing.
    fn read(dir: &Path, trust: &Trust) -> Result<Self, Problem> {
        let published = || small_file(dir, CHECKPOINT);
        let (key, key_given, witnesses, text) = match (&trust.key, &trust.policy) {
            (Some(key), _) => (key.clone(), true, Vec::new(), published()?),
            (None, Some(policy)) => {
                let text = published()?;
                let accepted = policy.accept(&text);
                let accepted =
                    accepted.map_err(|refused| Problem::new(CHECKPOINT, ProblemKind::Policy, refused.to_string()))?;
                (accepted.key, true, accepted.witnesses, text)
            }
            (None, None) => {
                let key = VerifierKey::parse(&small_file(dir, VERIFIER_KEY)?)
                    .map_err(|error| Problem::new(VERIFIER_KEY, ProblemKind::Key, error.to_string()))?;
                (key, false, Vec::new(), published()?)
            }
        };
        let newest = open_checkpoint(CHECKPOINT, &text, &key)?;
        let mut expected = Vec::with_capacity(trust.known.len().saturating_add(1));
        for (index, text) in trust.known.iter().enumerate() {
            let known = open_checkpoint("known checkpoint", text, &key)?;
            expected.push((format!("known checkpoint {}", index + 1), known));
        }
        expected.push((CHECKPOINT.to_owned(), newest.clone()));
        Ok(Self { key, key_given, witnesses, newest, expected })
    }
}

/// Walks over the segments of a log.
fn walk(
    dir: &Path,
    pass: &mut Pass<'_>,
    newest: &Checkpoint,
    progress: &mut dyn FnMut(Progress),
) -> Result<Walked, Problem> {
    let mut walk = Walk::open(&dir)?;
    if let Some(header) = walk.headers().iter().find(|header| header.origin != newest.origin) {
        let detail = "its header names another log than the checkpoint";
        return Err(Problem::new(segment_name(header.number), ProblemKind::OtherLog, detail));
    }
    if walk.place().seq != 0 {
        let detail = "the first segment does not begin with entry 0";
        return Err(Problem::new(SEGMENTS, ProblemKind::MissingEntries, detail).entry(0));
    }
    let torn = loop {
        let name = segment_name(walk.place().segment);
        match walk.next()? {
            Step::Segment(header) if header.root != pass.frontier.root() => {
                let detail = "the entries before this segment are not those it was begun after";
                let problem = Problem::new(segment_name(header.number), ProblemKind::Rewritten, detail);
                return Err(problem.entry(header.first_seq));
            }
            Step::Segment(_) => {}
            Step::Batch(batch) => {
                batch.entries().try_for_each(|(offset, seq, bytes)| pass.take((&name, offset, seq), bytes))?;
                progress(Progress { entries: pass.frontier.size(), signed: newest.size });
            }
            // What the checkpoint covers was durable: it cannot have been cut short by a crash.
            Step::Torn(problem) if pass.frontier.size() < newest.size => return Err(problem),
            Step::Torn(problem) => break Some(problem),
            Step::End => break None,
        }
    };
    let files = u32::try_from(walk.headers().len()).unwrap_or(u32::MAX);
    Ok(Walked { name: SEGMENTS, files, left_behind: walk.left_behind(), torn })
}

fn open_checkpoint(name: &str, text: &str, key: &VerifierKey) -> Result<Checkpoint, Problem> {
    Checkpoint::open(text, key)
        .map_err(|error: CheckpointError| Problem::new(name, ProblemKind::Checkpoint, error.to_string()))
}

/// Reads a small text file of the log.
pub(crate) fn small_file(dir: &Path, name: &str) -> Result<String, Problem> {
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
