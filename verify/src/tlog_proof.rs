//! Proofs that travel (C2SP tlog-proof): one entry's place in the tree, with the checkpoint it leads to.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra <base64>                 optional; here the entry itself, so that the file is enough
//! index <number>
//! <base64 hash> …                from the leaf's sibling up
//!                                an empty line
//! <checkpoint with its signatures>
//! ```
//!
//! `extra` proves nothing by being there: it counts because its leaf hash leads to the signed root.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::Checkpoint;
use crate::entry::ENTRY_BYTES_MAX;
use crate::merkle::{Hash, leaf_hash};
use crate::note::NOTE_BYTES_MAX;
use crate::proof::{ProofError, verify_inclusion};

/// The first line.
const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// Hashes of a proof at most: the height of the tallest tree.
const HASHES_MAX: usize = 64;

/// A proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// The entry, when the file carries it.
    pub extra: Option<Vec<u8>>,
    /// Its number.
    pub index: u64,
    /// Hashes from the leaf's sibling up.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, as it was published.
    pub checkpoint: String,
}

/// Why a proof is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// Not in the format.
    #[error("line {0} of the proof is not in the format")]
    Format(usize),
    /// Neither the file nor the caller has the entry.
    #[error("the proof does not carry the entry: give it")]
    NoEntry,
    /// The entry given is not the one the file carries.
    #[error("the proof carries another entry")]
    OtherEntry,
    /// The hashes do not lead to the root.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl TlogProof {
    /// Reads a proof.
    ///
    /// # Errors
    /// [`TlogProofError::Format`] with the line, from 1.
    pub fn parse(text: &str) -> Result<Self, TlogProofError> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or(TlogProofError::Format(1))?;
        let mut lines = head.split('\n').zip(1..).peekable();
        let first = lines.next().is_some_and(|(line, _)| line == HEADER);
        let short = checkpoint.len() <= NOTE_BYTES_MAX;
        if !first || !short {
            return Err(TlogProofError::Format(1));
        }
        let mut extra = None;
        if let Some((line, number)) = lines.next_if(|(line, _)| line.starts_with("extra ")) {
            let bytes = line.strip_prefix("extra ").and_then(|extra| STANDARD.decode(extra).ok());
            let bytes = bytes.filter(|bytes| bytes.len() <= ENTRY_BYTES_MAX);
            extra = Some(bytes.ok_or(TlogProofError::Format(number))?);
        }
        let (line, number) = lines.next().ok_or(TlogProofError::Format(2))?;
        let index = line.strip_prefix("index ").and_then(|text| Some((text.parse::<u64>().ok()?, text)));
        // One number has one spelling.
        let index = index.filter(|(index, text)| index.to_string() == *text).ok_or(TlogProofError::Format(number))?.0;
        let mut hashes = Vec::new();
        for (line, number) in lines {
            let hash = Hash::from_base64(line).filter(|_| hashes.len() < HASHES_MAX);
            hashes.push(hash.ok_or(TlogProofError::Format(number))?);
        }
        Ok(Self { extra, index, hashes, checkpoint: checkpoint.to_owned() })
    }

    /// Checks that an entry is in the tree of a checkpoint that was accepted, and returns it.
    ///
    /// # Errors
    /// [`TlogProofError`] when there is no entry, there are two, or the hashes do not lead to the root.
    pub fn verify<'a>(&'a self, entry: Option<&'a [u8]>, accepted: &Checkpoint) -> Result<&'a [u8], TlogProofError> {
        let entry = match (entry, self.extra.as_deref()) {
            (Some(given), Some(extra)) if given != extra => return Err(TlogProofError::OtherEntry),
            (Some(entry), _) | (None, Some(entry)) => entry,
            (None, None) => return Err(TlogProofError::NoEntry),
        };
        verify_inclusion(self.index, accepted.size, &leaf_hash(entry), &self.hashes, &accepted.root)?;
        Ok(entry)
    }
}

impl std::fmt::Display for TlogProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The form of the specification's example, with hashes and signatures of the right length.
    fn example() -> String {
        let hash = leaf_hash(b"x");
        format!(
            "{HEADER}\nextra YWdl\nindex 73894\n{hash}\n{hash}\n\nexample.com/fancylog\n109482\n{hash}\n\n\
             — example.com/fancylog AAAAAAA=\n"
        )
    }

    #[test]
    fn reads_what_it_writes() {
        let proof = TlogProof::parse(&example()).unwrap();
        assert_eq!((proof.index, proof.hashes.len(), proof.extra.as_deref()), (73_894, 2, Some(b"age".as_slice())));
        assert!(proof.checkpoint.starts_with("example.com/fancylog\n109482\n"));
        assert_eq!(proof.to_string(), example());
        let bare = TlogProof { extra: None, hashes: Vec::new(), index: 0, ..proof };
        assert_eq!(TlogProof::parse(&bare.to_string()), Ok(bare));
    }

    #[test]
    fn refuses_other_spellings() {
        for (name, from, to, line) in [
            ("other version", "@v1", "@v2", 1),
            ("leading zero", "index 73894", "index 073894", 3),
            ("no index", "index 73894\n", "", 3),
            ("index before extra", "extra YWdl\nindex 73894", "index 73894\nextra YWdl", 3),
            ("short extra", "YWdl", "YWd", 2),
            ("no empty line", "\n\n", "\n", 0),
        ] {
            let text = example().replace(from, to);
            let expected = if line == 0 { TlogProofError::Format(1) } else { TlogProofError::Format(line) };
            assert_eq!(TlogProof::parse(&text), Err(expected), "{name}");
        }
    }

    #[test]
    fn the_entry_is_proven_not_believed() {
        let leaves: Vec<Hash> = (0..7_u8).map(|number| leaf_hash(&[number])).collect();
        let root = crate::proof::root(leaves.as_slice(), 7).unwrap();
        let hashes = crate::proof::inclusion(leaves.as_slice(), 5, 7).unwrap();
        let accepted = Checkpoint { origin: "o".into(), size: 7, root };
        let proof = TlogProof { extra: Some(vec![5]), index: 5, hashes, checkpoint: String::new() };
        assert_eq!(proof.verify(None, &accepted), Ok([5].as_slice()));
        assert_eq!(proof.verify(Some(&[5]), &accepted), Ok([5].as_slice()));
        assert_eq!(proof.verify(Some(&[6]), &accepted), Err(TlogProofError::OtherEntry));
        let forged = TlogProof { extra: Some(vec![6]), ..proof.clone() };
        assert_eq!(forged.verify(None, &accepted), Err(ProofError::Root.into()));
        let bare = TlogProof { extra: None, ..proof };
        assert_eq!(bare.verify(None, &accepted), Err(TlogProofError::NoEntry));
        assert_eq!(bare.verify(Some(&[5]), &accepted), Ok([5].as_slice()));
    }
}
