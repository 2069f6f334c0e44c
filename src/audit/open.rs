//! Opening a log: what is trusted, what is repaired, and what is refused.
//!
//! An entry was acknowledged only after its batch had been synced, and a batch is begun only after the one before it was.
//! So the only thing that a crash can leave is a damaged batch at the very end, beyond the newest signed size: it is wiped.
//! Everything else that does not fit is somebody's doing or a failing disk, and the log refuses to open and says what and
//! where. Nothing is ever guessed.

use std::io;
use std::sync::Arc;

use octroi_verify::checkpoint::Checkpoint;
use octroi_verify::entry;
use octroi_verify::merkle::{Frontier, leaf_hash};
use octroi_verify::note::{NOTE_BYTES_MAX, SignerKey, VerifierKey};
use octroi_verify::problem::{Problem, ProblemKind};
use octroi_verify::pruned::{self, PRUNED};
use octroi_verify::relations::Relations;
use octroi_verify::segment::{BATCH_BYTES_MAX, BATCH_FRAME_BYTES, Batch, HEADER_BYTES};
use octroi_verify::verify::CHECKPOINT;
use octroi_verify::walk::{Place, SEGMENTS, Step, Walk, segment_name, segment_number, start_of};

use super::key::KeyFile;
use super::state::{STATE, State};
use super::storage::{Storage, StorageFolder, read_small, replace};
use super::tail::remove_unused;

/// Why a log does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("another process writes it")]
    Locked,
    /// The system refuses something.
    #[error("`{name}` of the audit log: {kind}")]
    Io {
        /// The file, relative to the log's folder.
        name: String,
        /// The system's word.
        kind: io::ErrorKind,
    },
    /// The log is not as its writer left it.
    #[error("the audit log is damaged: {0}")]
    Damaged(#[from] Problem),
    /// There is a log but not its private key.
    #[error("the audit log is there but its private key is not")]
    KeyMissing,
    /// The private key is malformed, or not the one of this log.
    #[error("the private key is not the one of this audit log")]
    Key,
    /// The log has another name.
    #[error("the audit log is named `{found}`")]
    Origin {
        /// Its name.
        found: String,
    },
    /// A writer of a later epoch has the log.
    #[error(
        "the audit log was taken over by a writer of epoch {epoch}: begin a new epoch with `octroi audit key rotate`"
    )]
    Fenced {
        /// The lowest epoch that may write.
        epoch: u32,
    },
    /// The name cannot be one, or segments are too short to hold an entry.
    #[error("{0}")]
    Options(&'static str),
    /// No thread for the committer.
    #[error("the audit log cannot start its thread")]
    Thread,
}

impl OpenError {
    /// Names the file in an error of the system.
    pub(super) fn io(name: &str) -> impl FnOnce(io::Error) -> Self {
        let name = name.to_owned();
        move |error| Self::Io { name, kind: error.kind() }
    }
}

/// A log as it was found, ready to go on.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) key: SignerKey,
    pub(super) tree: Frontier,
    pub(super) relations: Relations,
    /// Where the next entry goes; `None` when there is no segment yet.
    pub(super) place: Option<Place>,
    /// The newest signed size.
    pub(super) signed: u64,
    /// Whether a torn batch was wiped.
    pub(super) torn: bool,
}

/// Opens the log in a storage that is already locked, or founds it.
pub(super) fn open(storage: &Arc<dyn Storage>, key: &KeyFile<'_>, origin: &str) -> Result<Found, OpenError> {
    let storage = storage.as_ref();
    remove_unused(storage);
    let names = storage.names(SEGMENTS).map_err(OpenError::io(SEGMENTS))?;
    let published = read_small(storage, CHECKPOINT, NOTE_BYTES_MAX as u64).map_err(OpenError::io(CHECKPOINT))?;
    let Some(published) = published else {
        if names.iter().any(|name| segment_number(name).is_some()) {
            let detail = "there are entries but the checkpoint is not there";
            return Err(Problem::new(CHECKPOINT, ProblemKind::NotALog, detail).into());
        }
        return found_log(storage, key, origin);
    };
    let key = key.load(storage, origin)?;
    let published = String::from_utf8(published).ok().and_then(|text| Checkpoint::open(&text, key.verifier()).ok());
    let Some(published) = published else {
        let detail = "malformed, or not signed by this log's key";
        return Err(Problem::new(CHECKPOINT, ProblemKind::Checkpoint, detail).into());
    };
    resume(storage, key, &published)
}

/// Begins a log: a checkpoint of nothing comes first, so that segments without a checkpoint are never in order.
fn found_log(storage: &dyn Storage, key: &KeyFile<'_>, origin: &str) -> Result<Found, OpenError> {
    let key = key.create(storage, origin)?;
    let tree = Frontier::default();
    let nothing = Checkpoint { origin: origin.to_owned(), size: 0, root: tree.root() };
    replace(storage, CHECKPOINT, nothing.sign(&key).as_bytes(), false).map_err(OpenError::io(CHECKPOINT))?;
    Ok(Found { key, tree, relations: Relations::default(), place: None, signed: 0, torn: false })
}

fn resume(storage: &dyn Storage, key: SignerKey, published: &Checkpoint) -> Result<Found, OpenError> {
    let folder = StorageFolder(storage);
    let mut walk = Walk::open(&folder)?;
    if let Some(header) = walk.headers().iter().find(|header| header.origin != published.origin) {
        let detail = "its header names another log than the checkpoint";
        return Err(Problem::new(segment_name(header.number), ProblemKind::OtherLog, detail).into());
    }
    let mut signed = vec![published.clone()];
    let mut reader = Reader::start(storage, key.verifier(), &mut walk, &mut signed)?;
    let from = reader.known;
    let torn = reader.read(&mut walk, &signed)?;
    let place = (!walk.headers().is_empty()).then(|| walk.place());
    if let Some(place) = place {
        let repair = || {
            if torn {
                wipe(storage, place)?;
            }
            rewrite(storage, from, place)
        };
        repair().map_err(OpenError::io(&segment_name(place.segment)))?;
    }
    let signed = signed.iter().map(|checkpoint| checkpoint.size).max().unwrap_or(0);
    Ok(Found { key, tree: reader.tree, relations: reader.relations, place, signed, torn })
}

struct Reader {
    /// Up to where the persisted state knows the log. Before it, what is read is only compared with it.
    known: Place,
    tree: Frontier,
    relations: Relations,
}

impl Reader {
    /// Goes to the segment in which the persisted state ends, or else to the beginning.
    fn start(
        storage: &dyn Storage,
        key: &VerifierKey,
        walk: &mut Walk<'_>,
        signed: &mut Vec<Checkpoint>,
    ) -> Result<Self, OpenError> {
        check_pruned(storage, walk.headers().first().map_or(0, |header| header.first_seq))?;
        let state = State::load(storage, key).map_err(OpenError::io(STATE))?;
        if let Some((state, checkpoint)) = state {
            signed.push(checkpoint);
            let header = walk.headers().iter().find(|header| header.number == state.place.segment);
            if let Some(start) = header.map(start_of).filter(|start| start.seq <= state.place.seq) {
                walk.seek(start);
                let relations = Relations::resume(state.open);
                return Ok(Self { known: state.place, tree: state.tree, relations });
            }
        }
        tracing::warn!("The audit log has no usable state and is read from its first entry");
        let tree = pruned_tree(storage, walk.place().seq)?;
        Ok(Self { known: walk.place(), tree, relations: Relations::default() })
    }

    /// Reads to the end of the log and compares it with what was signed. Returns whether a torn batch stands at the end.
    fn read(&mut self, walk: &mut Walk<'_>, signed: &[Checkpoint]) -> Result<bool, Problem> {
        let torn = loop {
            let (name, place) = (segment_name(walk.place().segment), walk.place());
            if place.seq == self.known.seq && place.segment == self.known.segment && place.offset != self.known.offset {
                let detail = format!("entry {} was at byte {} when it was signed", place.seq, self.known.offset);
                return Err(Problem::new(name, ProblemKind::Rewritten, detail).at(place.offset).entry(place.seq));
            }
            match walk.next()? {
                Step::Segment(header) if header.first_seq >= self.known.seq && header.root != self.tree.root() => {
                    let detail = "the entries before this segment are not those it was begun after";
                    let problem = Problem::new(segment_name(header.number), ProblemKind::Rewritten, detail);
                    return Err(problem.entry(header.first_seq));
                }
                Step::Segment(_) => {}
                Step::Batch(batch) => self.take(&name, &batch, signed)?,
                Step::Torn(problem) if signed.iter().any(|signed| signed.size > place.seq) => return Err(problem),
                Step::Torn(_) => break true,
                Step::End => break false,
            }
        };
        let size = walk.place().seq;
        match signed.iter().find(|signed| signed.size > size) {
            None => Ok(torn),
            Some(signed) => {
                let detail = format!("{} entries were signed, {size} are there", signed.size);
                Err(Problem::new(SEGMENTS, ProblemKind::Truncated, detail).entry(size))
            }
        }
    }

    fn take(&mut self, name: &str, batch: &Batch<'_>, signed: &[Checkpoint]) -> Result<(), Problem> {
        for (offset, seq, bytes) in batch.entries().skip_while(|(_, seq, _)| *seq < self.known.seq) {
            let problem = |kind, detail: String| Problem::new(name, kind, detail).at(offset).entry(seq);
            let entry = entry::open(bytes).map_err(|error| problem(ProblemKind::Malformed, error.to_string()))?;
            if entry.seq != seq {
                return Err(problem(
                    ProblemKind::Repeated,
                    format!("it says of itself that it is entry {}", entry.seq),
                ));
            }
            self.tree.push(leaf_hash(bytes));
            let size = self.tree.size();
            if signed.iter().any(|signed| signed.size == size && signed.root != self.tree.root()) {
                let detail = "the entries up to here are not those that were signed";
                return Err(problem(ProblemKind::Rewritten, detail.to_owned()));
            }
            // Whether the stories fit is for the verifier to say: only which decisions are open matters here, and of
            // refusals before the persisted state nothing is known any more.
            if self.relations.take(&entry.about).is_err() {
                tracing::debug!(seq, "An entry of a request that the state does not know");
            }
        }
        Ok(())
    }
}

/// Whether the hashes of the entries before the first segment are kept: else it was not retention that removed them.
fn check_pruned(storage: &dyn Storage, count: u64) -> Result<(), OpenError> {
    if count == 0 {
        return Ok(());
    }
    match storage.open(PRUNED).and_then(|file| file.length()) {
        Ok(length) if length / pruned::HASH_BYTES >= count => Ok(()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(OpenError::Io { name: PRUNED.to_owned(), kind: error.kind() })
        }
        _ => {
            let detail =
                format!("the first segment begins with entry {count}, and the hashes of those before it are not kept");
            Err(Problem::new(SEGMENTS, ProblemKind::MissingEntries, detail).entry(0).into())
        }
    }
}

/// The tree over the entries that were pruned. Whether it is the right one the header of the first segment tells.
fn pruned_tree(storage: &dyn Storage, count: u64) -> Result<Frontier, OpenError> {
    let mut tree = Frontier::default();
    if count > 0 {
        let file = storage.open(PRUNED).map_err(OpenError::io(PRUNED))?;
        pruned::read_from(&*file, 0..count, &mut |_, hash| {
            tree.push(hash);
            Ok(())
        })?;
    }
    Ok(tree)
}

/// Writes zeros over a torn batch.
fn wipe(storage: &dyn Storage, place: Place) -> io::Result<()> {
    let file = storage.open(&segment_name(place.segment))?;
    let length = file.length()?.saturating_sub(place.offset);
    let zeros = vec![0; usize::try_from(length).unwrap_or(usize::MAX).min(BATCH_FRAME_BYTES + BATCH_BYTES_MAX)];
    file.write_all_at(&zeros, place.offset)?;
    file.sync()
}

/// Writes once more what lies behind the persisted state. A batch whose sync failed before a restart may be whole in the
/// system's cache and nowhere else, marked as written; only writing it again brings it to the disk.
fn rewrite(storage: &dyn Storage, from: Place, to: Place) -> io::Result<()> {
    let file = storage.open(&segment_name(to.segment))?;
    let mut at = if from.segment == to.segment { from.offset } else { HEADER_BYTES as u64 };
    let mut chunk = vec![0; 256 * 1024];
    while at < to.offset {
        let wanted = usize::try_from(to.offset - at).unwrap_or(usize::MAX).min(chunk.len());
        let part = chunk.get_mut(..wanted).unwrap_or_default();
        let read = file.read_at(part, at)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.write_all_at(part.get(..read).unwrap_or_default(), at)?;
        at += read as u64;
    }
    file.sync()
}
