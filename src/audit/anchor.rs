//! Anchors outside the operator's reach: what of a log witnesses are shown, and what of their answers is kept.
//!
//! A witness (C2SP tlog-witness) signs a checkpoint when the log proves that it extends the one that the witness signed
//! before. The file `checkpoint.cosigned` holds the newest checkpoint that enough of them signed; whoever restores the folder
//! from a copy cannot take back what the witnesses remember. Nothing here opens a connection: that is the app's part.
//!
//! ```text
//! checkpoint.cosigned   text, the log's signature, a line of each witness
//! anchor                size and right edge of the tree at that checkpoint, so that the next proof reads only what is new
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use octroi_verify::cosign::CosignerKey;
use octroi_verify::extend::Extension;
use octroi_verify::merkle::{Frontier, Hash, leaf_hash};
use octroi_verify::note::{self, NOTE_BYTES_MAX};
use octroi_verify::problem::{Problem, ProblemKind};
use octroi_verify::pruned;
use octroi_verify::verify::{CHECKPOINT, COSIGNED, VERIFIER_KEY};
use octroi_verify::walk::{Step, Walk, start_of};
use octroi_verify::{Checkpoint, VerifierKey};
use serde::{Deserialize, Serialize};

use super::storage::{LocalStorage, Storage, read_small, replace};

/// The file with the edge of the tree.
pub(super) const ANCHOR: &str = "anchor";
const ANCHOR_BYTES_MAX: u64 = 16 * 1024;

/// A log that is shown to witnesses.
#[derive(Debug)]
pub struct Anchored {
    folder: PathBuf,
    key: VerifierKey,
    /// The tree at the newest checkpoint that was shown; empty before.
    edge: Frontier,
    /// The newest checkpoint that enough witnesses signed.
    cosigned: Option<Checkpoint>,
}

/// A checkpoint with the proofs that it extends earlier ones.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The checkpoint as the log signed it.
    pub signed: String,
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The proof from each size that was asked for and is not beyond it.
    pub proofs: BTreeMap<u64, Vec<Hash>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edge {
    roots: Vec<String>,
    size: u64,
    v: u8,
}

impl Anchored {
    /// Takes up a log where its folder says that it was left.
    ///
    /// # Errors
    /// A [`Problem`] with its key or its cosigned checkpoint.
    pub fn open(folder: &Path) -> Result<Self, Problem> {
        let key = text(folder, VERIFIER_KEY)?.unwrap_or_default();
        let key = VerifierKey::parse(&key)
            .map_err(|error| Problem::new(VERIFIER_KEY, ProblemKind::Key, error.to_string()))?;
        let cosigned = match text(folder, COSIGNED)? {
            Some(signed) => Some(open(COSIGNED, &signed, &key)?),
            None => None,
        };
        let edge = cosigned.as_ref().and_then(|cosigned| edge_at(folder, cosigned)).unwrap_or_default();
        Ok(Self { folder: folder.to_owned(), key, edge, cosigned })
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        self.key.name()
    }

    /// Entries that enough witnesses signed.
    pub fn cosigned(&self) -> Option<u64> {
        self.cosigned.as_ref().map(|cosigned| cosigned.size)
    }

    /// The log's checkpoint, with the proof from each of these sizes. It reads the entries since the last time, or all when
    /// a size is not the last time's.
    ///
    /// # Errors
    /// A [`Problem`] when the log cannot be read or is not the one that was signed.
    pub fn show(&mut self, sizes: &BTreeSet<u64>) -> Result<Shown, Problem> {
        let missing = || Problem::new(CHECKPOINT, ProblemKind::NotALog, "the file is not there");
        let signed = text(&self.folder, CHECKPOINT)?.ok_or_else(missing)?;
        let checkpoint = open(CHECKPOINT, &signed, &self.key)?;
        let mut proofs = BTreeMap::new();
        for size in sizes {
            if let Some(extension) = Extension::new(*size, checkpoint.size) {
                proofs.insert(*size, extension);
            }
        }
        let from_edge = |size: &u64| *size == 0 || *size == self.edge.size() || *size == checkpoint.size;
        let near = self.edge.size() <= checkpoint.size && proofs.keys().all(from_edge);
        let mut tree = if near { self.edge.clone() } else { Frontier::default() };
        for proof in proofs.values_mut() {
            proof.begin(&tree);
        }
        read_on(&self.folder, &mut tree, checkpoint.size, &mut |index, leaf| {
            for proof in proofs.values_mut() {
                proof.push(index, leaf);
            }
        })?;
        if tree.root() != checkpoint.root {
            let detail = "the entries are not those that the checkpoint was signed over";
            return Err(Problem::new(CHECKPOINT, ProblemKind::Rewritten, detail).entry(checkpoint.size));
        }
        self.edge = tree;
        let proofs = proofs.into_iter().filter_map(|(size, proof)| Some((size, proof.finish()?))).collect();
        Ok(Shown { signed, checkpoint, proofs })
    }

    /// Keeps a checkpoint with the lines of the witnesses that signed it.
    ///
    /// # Errors
    /// What the disk says.
    pub fn keep(&mut self, shown: &Shown, lines: &str) -> io::Result<()> {
        let storage = LocalStorage::new(&self.folder);
        let cosigned = format!("{}{lines}", shown.signed);
        replace(&storage, COSIGNED, cosigned.as_bytes(), false)?;
        self.cosigned = Some(shown.checkpoint.clone());
        if self.edge.size() == shown.checkpoint.size {
            let roots = self.edge.roots().iter().map(Hash::to_string).collect();
            let edge = Edge { roots, size: self.edge.size(), v: 1 };
            replace(&storage, ANCHOR, &serde_json::to_vec(&edge)?, false)?;
        }
        Ok(())
    }
}

/// The lines of a witness's answer that hold: cosignatures of this checkpoint by this key. Empty when there is none.
pub fn lines_of(answer: &str, shown: &Shown, witness: &CosignerKey) -> String {
    let mut held = String::new();
    for line in answer.lines() {
        let cosigned = format!("{}\n{line}\n", shown.checkpoint.text());
        let Ok((text, lines)) = note::split(&cosigned) else { continue };
        if witness.time(text, &lines).is_some() {
            held.push_str(line);
            held.push('\n');
        }
    }
    held
}

/// The body of a request to a witness (C2SP tlog-witness, `add-checkpoint`).
pub fn request(shown: &Shown, old: u64) -> Option<String> {
    let mut body = format!("old {old}\n");
    for hash in shown.proofs.get(&old)? {
        body.push_str(&format!("{hash}\n"));
    }
    body.push('\n');
    body.push_str(&shown.signed);
    Some(body)
}

/// Hands over the leaves behind a tree's edge up to a size, and lets the tree grow with them.
fn read_on(folder: &Path, tree: &mut Frontier, size: u64, take: &mut dyn FnMut(u64, Hash)) -> Result<(), Problem> {
    let mut walk = Walk::open(&folder)?;
    // Of two segments that begin with the same entry the later holds it: the earlier was given up.
    let start = walk.headers().iter().rfind(|header| header.first_seq <= tree.size()).map(start_of);
    if let Some(start) = start {
        walk.seek(start);
    }
    let pruned = walk.headers().first().map_or(0, |header| header.first_seq).min(size);
    if tree.size() < pruned {
        let from = tree.size();
        pruned::read(folder, pruned, &mut |seq, hash| {
            if seq >= from {
                tree.push(hash);
                take(seq, hash);
            }
            Ok(())
        })?;
    }
    while tree.size() < size {
        match walk.next()? {
            Step::Segment(_) => {}
            Step::Batch(batch) => {
                for (_, seq, bytes) in batch.entries().filter(|(_, seq, _)| *seq < size) {
                    if seq == tree.size() {
                        let leaf = leaf_hash(bytes);
                        tree.push(leaf);
                        take(seq, leaf);
                    }
                }
            }
            Step::Torn(_) | Step::End => {
                let detail = format!("{size} entries were signed, {} are there", tree.size());
                return Err(Problem::new("segments", ProblemKind::Truncated, detail).entry(tree.size()));
            }
        }
    }
    Ok(())
}

/// The kept edge, when it is that of this checkpoint.
fn edge_at(folder: &Path, cosigned: &Checkpoint) -> Option<Frontier> {
    let bytes = read_small(&LocalStorage::new(folder), ANCHOR, ANCHOR_BYTES_MAX).ok()??;
    let edge: Edge = serde_json::from_slice(&bytes).ok()?;
    let roots = edge.roots.iter().map(|root| Hash::from_base64(root)).collect::<Option<_>>()?;
    Frontier::restore(edge.size, roots).filter(|tree| (tree.size(), tree.root()) == (cosigned.size, cosigned.root))
}

fn text(folder: &Path, name: &str) -> Result<Option<String>, Problem> {
    let unreadable = |what: String| Problem::new(name, ProblemKind::Unreadable, what);
    let bytes = read_small(&LocalStorage::new(folder) as &dyn Storage, name, NOTE_BYTES_MAX as u64);
    let bytes = bytes.map_err(|error| unreadable(error.kind().to_string()))?;
    bytes.map(|bytes| String::from_utf8(bytes).map_err(|_| unreadable("not text".to_owned()))).transpose()
}

fn open(name: &str, signed: &str, key: &VerifierKey) -> Result<Checkpoint, Problem> {
    Checkpoint::open(signed, key).map_err(|error| Problem::new(name, ProblemKind::Checkpoint, error.to_string()))
}
