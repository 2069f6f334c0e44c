//! The weights: for every feature of a token, how much it speaks for each tag.
//!
//! ```text
//! one row = 8 bytes: a print of the feature, then seven signed weights, one for each tag
//! four rows = one bucket; a feature is in its own bucket or nowhere
//! ```
//! A feature that training never saw is turned away by its print, all but one time in sixty.

use super::decode::TAGS;

/// Rows of a bucket.
pub(crate) const BUCKET_ROWS: usize = 4;

/// One row: the print and the weights.
pub(crate) type Row = [u8; 8];

/// The table of features.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    buckets: &'a [[Row; BUCKET_ROWS]],
}

impl std::fmt::Debug for Table<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Table({} buckets)", self.buckets.len())
    }
}

impl<'a> Table<'a> {
    /// Reads a table as it lies in the model; `None` when its length is no power of two of buckets.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        let (rows, rest) = bytes.as_chunks::<8>();
        let (buckets, odd) = rows.as_chunks::<BUCKET_ROWS>();
        (rest.is_empty() && odd.is_empty() && buckets.len().is_power_of_two()).then_some(Self { buckets })
    }

    /// Adds the weights of features to the scores of the tags, in the table's unit.
    ///
    /// The table is larger than a processor's nearest memories. All buckets are fetched before the first is looked into, so that
    /// it waits for all of them at once.
    pub(crate) fn add<const N: usize>(&self, keys: &[u64; N], scores: &mut [i32; TAGS]) {
        let places = keys.map(|key| place(key, self.buckets.len()));
        let buckets = places.map(|(bucket, _)| self.buckets.get(bucket).copied().unwrap_or_default());
        for ((_, print), rows) in places.iter().zip(&buckets) {
            if let Some([_, weights @ ..]) = rows.iter().find(|[own, ..]| own == print) {
                for (score, weight) in scores.iter_mut().zip(weights) {
                    *score += i32::from(weight.cast_signed());
                }
            }
        }
    }
}

/// The bucket of a feature and its print, which is never 0.
pub(crate) const fn place(key: u64, buckets: usize) -> (usize, u8) {
    let print = (key >> 56) as u8;
    ((key >> 20 & 0xFFFF_FFFF) as usize & (buckets - 1), if print == 0 { 1 } else { print })
}
