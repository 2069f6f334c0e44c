//! Proofs from the tiles that the index keeps: no entry is read for them.

use octroi_verify::Checkpoint;
use octroi_verify::merkle::Hash;
use octroi_verify::proof::{inclusion, root};
use octroi_verify::tiles::{FromTiles, Tiles};
use octroi_verify::tlog_proof::TlogProof;
use rusqlite::params;

use super::{Index, IndexError, Place, decode_places, signed};

impl Tiles for Index {
    fn hashes(&self, level: u8, number: u64) -> Vec<Hash> {
        let find = "SELECT hashes FROM tile WHERE level = ?1 AND number = ?2";
        let bytes = self.connection.query_row(find, params![level, signed(number)], |row| row.get::<_, Vec<u8>>(0));
        let bytes = bytes.unwrap_or_default();
        bytes.chunks_exact(32).filter_map(|chunk| chunk.try_into().ok()).map(Hash).collect()
    }
}

impl Index {
    /// The proof of an entry under a signed checkpoint; `None` when the checkpoint or the index does not cover it.
    ///
    /// # Errors
    /// [`IndexError`] when the entry is not where the index says.
    pub fn prove(&self, seq: u64, checkpoint: &Checkpoint, signed_text: &str) -> Result<Option<TlogProof>, IndexError> {
        let Some(hashes) = inclusion(&FromTiles(self), seq, checkpoint.size) else { return Ok(None) };
        let extra = self.read(self.place_of(seq)?)?;
        Ok(Some(TlogProof { extra: Some(extra), index: seq, hashes, checkpoint: signed_text.to_owned() }))
    }

    /// Whether the entries that were indexed are those that a checkpoint is signed over; `None` when it covers more than the index.
    pub fn is_of(&self, checkpoint: &Checkpoint) -> Option<bool> {
        root(&FromTiles(self), checkpoint.size).map(|root| root == checkpoint.root)
    }

    /// Where an entry lies.
    fn place_of(&self, seq: u64) -> Result<Place, IndexError> {
        // A record's first entry is at or before each of its entries, and requests in work are few.
        let mut find = self.connection.prepare("SELECT places FROM request WHERE seq <= ?1 ORDER BY seq DESC")?;
        let mut rows = find.query(params![signed(seq)])?;
        while let Some(row) = rows.next()? {
            let places = decode_places(&row.get::<_, Vec<u8>>(0)?);
            if let Some(place) = places.into_iter().find(|place| place.seq == seq) {
                return Ok(place);
            }
        }
        Err(IndexError::Unfit(seq))
    }
}
