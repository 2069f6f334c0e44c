//! Verifies a whole log offline: frames, sequence, the root against the signed checkpoint, and the story of each request.
//!
//! It reads once from the first entry to the last in constant memory and stops at the first problem. What it shows: the
//! entries are exactly those that the holder of the key signed over, in number and order. What no log can show by itself:
//! that nothing was left out before it was written, and that the holder of the key did not sign a second history; for that
//! compare with a checkpoint kept elsewhere ([`Trust::known`]) or ask for witnesses ([`Trust::policy`]).

use std::io;
use std::path::{Path, PathBuf};

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::entry::ENTRY_BYTES_MAX;
use crate::export::Export;
use crate::fleet::{self, CUT_OFF, EPOCHS};
use crate::note::{self, NOTE_BYTES_MAX, VerifierKey};
use crate::pass::Pass;
use crate::policy::{Policy, Refused};
use crate::problem::{Problem, ProblemKind};
use crate::pruned::{self, BEGUN, PRUNED};
use crate::published::{self, Files};
use crate::relations::Relations;
use crate::report::Report;
use crate::review::check::Check;
use crate::walk::{SEGMENTS, Step, Walk, segment_name, unreadable};

/// The file with the newest published checkpoint (C2SP tlog-tiles).
pub const CHECKPOINT: &str = "checkpoint";
/// The file with the newest checkpoint that enough witnesses signed: the same text with their lines behind the log's.
pub const COSIGNED: &str = "checkpoint.cosigned";
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
    /// Checkpoints kept from earlier: the log must still begin with what they cover.
    pub known: Vec<Known>,
    /// Files with exported entries: each must be an entry of the log, as it stands there.
    pub exports: Vec<PathBuf>,
    /// Whether the review index beside the log is checked, too.
    pub index: bool,
}

/// A signed checkpoint that somebody kept from earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Where it was read: a problem with it is told of this file.
    pub name: String,
    /// The checkpoint with its signatures.
    pub text: String,
}

impl Known {
    /// Takes what was read somewhere, as [`as_written`]: the signature tells whether the rest is as it was.
    pub fn of(name: impl Into<String>, text: &str) -> Self {
        Self { name: name.into(), text: as_written(text) }
    }

    /// The log that it is of, when it is a checkpoint.
    pub(crate) fn origin(&self) -> Option<String> {
        Some(Checkpoint::parse(note::split(&self.text).ok()?.0).ok()?.origin)
    }
}

/// A text that somebody kept, without what a mail program or Windows made of it: line ends, a byte order mark.
pub fn as_written(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
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
    let report = verify_log(dir, trust, progress)?;
    match report.exports.iter().find_map(|export| export.problem.clone()) {
        None => Ok(report),
        Some(problem) => Err(problem),
    }
}

/// The same, but an export that is not of this log is only told in the report: it may be another log's.
pub(crate) fn verify_log(dir: &Path, trust: &Trust, progress: &mut dyn FnMut(Progress)) -> Result<Report, Problem> {
    let trusted = Trusted::read(&dir, trust).map_err(|problem| match problem.kind {
        // Beside entries its absence is somebody's doing, not a slip in the name of the folder.
        ProblemKind::NotALog if problem.file == CHECKPOINT && has_entries(dir) => {
            let before = if dir.join(EPOCHS).is_dir() { format!(" ({CUT_OFF})") } else { String::new() };
            Problem { kind: ProblemKind::NoCheckpoint, detail: problem.detail + &before, ..problem }
        }
        _ => problem,
    })?;
    let newest = trusted.newest.clone();
    let mut index = if trust.index { Check::open(dir)? } else { None };
    trusted.report(trust, index.as_mut(), &mut |pass| {
        // Of a log without entries there is no tile.
        let is_empty = newest.size == 0 && !dir.join(SEGMENTS).exists();
        if is_empty || published::is_published(dir) {
            published::walk(&dir, pass, newest.size, progress)
        } else {
            walk(dir, pass, &newest, progress)
        }
    })
}

/// Verifies a log that was published as tiles, wherever its files are.
///
/// # Errors
/// The first [`Problem`].
pub fn verify_published(
    files: &dyn Files,
    trust: &Trust,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, Problem> {
    let mut report = verify_tiles(files, trust, progress)?;
    fleet::check_removals(&[], std::slice::from_mut(&mut report))?;
    match report.exports.iter().find_map(|export| export.problem.clone()) {
        None => Ok(report),
        Some(problem) => Err(problem),
    }
}

/// The same, but what only other logs can tell is left to whoever knows them.
pub(crate) fn verify_tiles(
    files: &dyn Files,
    trust: &Trust,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, Problem> {
    let trusted = Trusted::read(files, trust)?;
    let size = trusted.newest.size;
    trusted.report(trust, None, &mut |pass| published::walk(files, pass, size, progress))
}

/// What a walk over the files found besides entries.
pub(crate) struct Walked {
    /// The folder of the entries.
    pub(crate) name: &'static str,
    /// Segments or bundles.
    pub(crate) files: u32,
    pub(crate) left_behind: u32,
    /// Entries of which only the hashes are left.
    pub(crate) pruned: u64,
    pub(crate) torn: Option<Problem>,
}

/// The key and the checkpoints from which a verification starts.
struct Trusted {
    key: VerifierKey,
    key_given: bool,
    witnesses: Vec<(String, u64)>,
    witnessed: Option<u64>,
    newest: Checkpoint,
    expected: Vec<(String, Checkpoint)>,
}

impl Trusted {
    /// Passes the log by, and tells what was found.
    fn report(
        self,
        trust: &Trust,
        mut index: Option<&mut Check>,
        walk: &mut dyn FnMut(&mut Pass<'_>) -> Result<Walked, Problem>,
    ) -> Result<Report, Problem> {
        let newest = &self.newest;
        let mut exports = trust.exports.iter().map(|path| Export::open(path)).collect::<Result<Vec<_>, _>>()?;
        let mut pass = Pass::new(&self.expected, &mut exports, index.as_deref_mut());
        pass.check_roots(CHECKPOINT)?;
        let found = walk(&mut pass)?;
        pass.check_reached(found.name)?;
        let size = pass.frontier.size();
        let report = Report {
            origin: newest.origin.clone(),
            key: self.key.clone(),
            key_given: self.key_given,
            witnesses: self.witnesses.clone(),
            witnessed: self.witnessed,
            signed: newest.size,
            root: newest.root,
            unsigned: size.saturating_sub(newest.size),
            torn: found.torn,
            segments: found.files,
            left_behind: found.left_behind,
            pruned: found.pruned,
            cut: pass.relations.cut(),
            bytes: pass.bytes,
            unfinished: pass.relations.open().len() as u64,
            kinds: pass.kinds,
            known: u32::try_from(trust.known.len()).unwrap_or(u32::MAX),
            first_time: pass.first_time,
            last_time: pass.last_time,
            clock_steps_back: pass.clock_steps_back,
            removals: pass.removals,
            recorded: false,
            announced: pass.announced,
            begun: pass.begun,
            exports: exports.iter().map(Export::told).collect(),
            indexed: None,
        };
        let indexed = index.map(|index| index.end(size)).transpose()?;
        Ok(Report { indexed: trust.index.then_some(indexed), ..report })
    }

    /// Reads them. The checkpoints come before the entries: what is appended meanwhile is then beyond them, not missing.
    fn read(files: &dyn Files, trust: &Trust) -> Result<Self, Problem> {
        let text = text_of(files, CHECKPOINT)?;
        let refused = |name: &str, refused: Refused| {
            let origin = text.lines().next().unwrap_or_default();
            let help = match refused {
                Refused::Quorum(_) => {
                    "; a witness signs for no key that it does not list: after a change of the log's key it needs the new one"
                }
                Refused::Log(_) => "",
            };
            Problem::new(name, ProblemKind::Policy, format!("`{origin}`: {refused}{help}"))
        };
        let (key, key_given) = match (&trust.key, &trust.policy) {
            (Some(key), _) => (key.clone(), true),
            (None, Some(policy)) => (policy.signed(&text).map_err(|error| refused(CHECKPOINT, error))?.1, true),
            (None, None) => {
                let key = VerifierKey::parse(&text_of(files, VERIFIER_KEY)?)
                    .map_err(|error| Problem::new(VERIFIER_KEY, ProblemKind::Key, error.to_string()))?;
                (key, false)
            }
        };
        let newest = open_checkpoint(CHECKPOINT, &text, &key)?;
        let mut expected = Vec::with_capacity(trust.known.len().saturating_add(2));
        for Known { name, text } in &trust.known {
            expected.push((name.clone(), open_checkpoint(name, text, &key)?));
        }
        let cosigned = match text_of(files, COSIGNED) {
            Err(problem) if problem.kind == ProblemKind::NotALog => None,
            cosigned => Some(cosigned?),
        };
        if let Some(text) = &cosigned {
            expected.push((COSIGNED.to_owned(), open_checkpoint(COSIGNED, text, &key)?));
        }
        let mut accepted = None;
        if let (None, Some(policy)) = (&trust.key, &trust.policy) {
            // Witnesses sign on a timer, so the newest checkpoint has their lines only where it was published with them.
            accepted = Some(match (policy.accept(&text), &cosigned) {
                (Ok(accepted), _) => accepted,
                (Err(_), Some(cosigned)) => policy.accept(cosigned).map_err(|error| refused(COSIGNED, error))?,
                (Err(error), None) => return Err(refused(CHECKPOINT, error)),
            });
        }
        expected.push((CHECKPOINT.to_owned(), newest.clone()));
        let (witnesses, witnessed) = accepted.map(|found| (found.witnesses, found.checkpoint.size)).unzip();
        let witnesses = witnesses.unwrap_or_default();
        let witnessed = witnessed.filter(|_| !witnesses.is_empty());
        Ok(Self { key, key_given, witnesses, witnessed, newest, expected })
    }
}

/// Walks over the segments of a log.
fn walk(
    dir: &Path,
    pass: &mut Pass<'_>,
    newest: &Checkpoint,
    progress: &mut dyn FnMut(Progress),
) -> Result<Walked, Problem> {
    if !dir.join(SEGMENTS).exists() {
        return Err(Problem::new(SEGMENTS, ProblemKind::MissingSegment, "the folder is not there"));
    }
    let mut walk = Walk::open(&dir)?;
    if let Some(header) = walk.headers().iter().find(|header| header.origin != newest.origin) {
        let detail = "its header names another log than the checkpoint";
        return Err(Problem::new(segment_name(header.number), ProblemKind::OtherLog, detail));
    }
    let pruned = walk.place().seq;
    if pruned != 0 {
        let begun = kept_beginning(&dir)?;
        pruned::read(dir, pruned, &mut |seq, hash| {
            if let (0, Some(begun)) = (seq, &begun) {
                pass.take_beginning(begun, hash)?;
            }
            pass.take_hash(PRUNED, seq, hash)
        })?;
        pass.relations = Relations::after_pruning();
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
    Ok(Walked { name: SEGMENTS, files, left_behind: walk.left_behind(), pruned, torn })
}

/// The first entry of an epoch, where it was kept when its segment went.
pub(crate) fn kept_beginning(files: &dyn Files) -> Result<Option<Vec<u8>>, Problem> {
    match files.read(BEGUN, ENTRY_BYTES_MAX as u64) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(BEGUN, &error)),
    }
}

fn open_checkpoint(name: &str, text: &str, key: &VerifierKey) -> Result<Checkpoint, Problem> {
    Checkpoint::open(text, key)
        .map_err(|error: CheckpointError| Problem::new(name, ProblemKind::Checkpoint, error.to_string()))
}

fn has_entries(dir: &Path) -> bool {
    dir.join(SEGMENTS).is_dir() || dir.join(published::TILES).is_dir()
}

/// Reads a small text file of the log.
fn text_of(files: &dyn Files, name: &str) -> Result<String, Problem> {
    let bytes = files.read(name, NOTE_BYTES_MAX as u64).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Problem::new(name, ProblemKind::NotALog, "the file is not there"),
        io::ErrorKind::FileTooLarge => Problem::new(name, ProblemKind::Unreadable, "the file is far too long"),
        _ => unreadable(name, &error),
    })?;
    // It was read, and what it holds is no note that anybody signed.
    let kind = if name == VERIFIER_KEY { ProblemKind::Key } else { ProblemKind::Checkpoint };
    String::from_utf8(bytes).map_err(|_| Problem::new(name, kind, "the file is not text"))
}
