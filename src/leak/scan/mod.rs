//! Exact scan of int8 rows: which registered rows come nearest to a batch of queries, in integers.
//!
//! ```text
//! score(query, row) = dot(query, row) - bias[row]        all i32, exact
//! ```
//!
//! Every implementation of [`Scan`] (this processor's widest instructions, scalar code, a GPU) yields the same numbers, so
//! that a decision replays anywhere. A row is *live* when it belongs to the asker and was not removed; dead rows are as good
//! as absent. A query's best row is the live one with the highest score, the lowest row among equals.
//!
//! Hits are bounded. When more rows reach the thresholds than a caller takes, [`scan`] raises all thresholds halfway to each
//! query's best score until they fit, and says how many were left out: nothing is dropped in silence, and the answer is the
//! same on every path.

mod cpu;
mod live;
mod rows;
#[cfg(test)]
mod tests;

pub(in crate::leak) use cpu::every;
pub use cpu::{CpuScan, Packed};
pub use live::Live;
pub use rows::{Block, Rows};

/// Dimensions of a row: a multiple of this, so that every kernel's inner step is whole.
pub const DIMENSION_STEP: usize = 64;
/// Most dimensions of a row: the largest encoders in use have 1024.
pub const DIMENSIONS_MAX: usize = 1024;
/// Most rows of one store: a row is named by 32 bits.
pub const ROWS_MAX: usize = u32::MAX as usize - DIMENSION_STEP;
/// Hits of one answer, whatever a caller asks for: what a device hands over at once.
pub const HITS_MAX: usize = 65_536;
/// A bias lies within this of zero, so that no score leaves i32.
pub const BIAS_MAX: i32 = 1 << 30;

/// Why rows, queries or a bitmap cannot be scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// The dimension is not a multiple of 64 up to 1024.
    #[error("a row of {0} dimensions: a multiple of {DIMENSION_STEP} up to {DIMENSIONS_MAX} is needed")]
    Dimension(usize),
    /// A row or query has another length than its store.
    #[error("a vector of {found} dimensions among vectors of {expected}")]
    Length {
        /// Dimensions of the store.
        expected: usize,
        /// Dimensions given.
        found: usize,
    },
    /// A bias beyond [`BIAS_MAX`].
    #[error("a row bias beyond {BIAS_MAX}")]
    Bias,
    /// More rows than 32 bits name.
    #[error("more than {ROWS_MAX} rows")]
    Full,
    /// The bitmap is of another number of rows.
    #[error("a bitmap of {found} rows for {expected} rows")]
    Live {
        /// Rows of the store.
        expected: usize,
        /// Rows of the bitmap.
        found: usize,
    },
    /// The device failed; the processor must do this scan.
    #[error("the device failed: {0}")]
    Device(super::cuda::WhyNot),
}

/// A batch of queries, each with the score from which a row is a hit.
#[derive(Debug, Clone)]
pub struct Queries {
    dimension: usize,
    vectors: Vec<i8>,
    thresholds: Vec<i32>,
}

impl Queries {
    /// An empty batch.
    ///
    /// # Errors
    /// A dimension that no kernel takes.
    pub fn new(dimension: usize) -> Result<Self, ScanError> {
        check_dimension(dimension)?;
        Ok(Self { dimension, vectors: Vec::new(), thresholds: Vec::new() })
    }

    /// Adds a query; rows that score at least `threshold` are its hits (`i32::MAX`: none is).
    ///
    /// # Errors
    /// A vector of another length.
    pub fn push(&mut self, vector: &[i8], threshold: i32) -> Result<(), ScanError> {
        if vector.len() != self.dimension {
            return Err(ScanError::Length { expected: self.dimension, found: vector.len() });
        }
        self.vectors.extend_from_slice(vector);
        self.thresholds.push(threshold);
        Ok(())
    }

    /// Queries of the batch.
    pub fn len(&self) -> usize {
        self.thresholds.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.thresholds.is_empty()
    }

    /// Dimensions of each query.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// All vectors, `len x dimension`, row-major.
    pub fn vectors(&self) -> &[i8] {
        &self.vectors
    }

    /// The thresholds, one a query.
    pub fn thresholds(&self) -> &[i32] {
        &self.thresholds
    }
}

/// The best row of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Best {
    /// The row.
    pub row: u32,
    /// Its score.
    pub score: i32,
}

/// A row that reaches a query's threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Index of the query in its batch.
    pub query: u32,
    /// The row.
    pub row: u32,
    /// Its score.
    pub score: i32,
}

/// What one walk over all rows yields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pass {
    /// Best live row of each query; none when no row is live.
    pub best: Vec<Option<Best>>,
    /// Hits in order of query and row: all of them when `counted` is at most the caller's bound, else an arbitrary part.
    pub hits: Vec<Hit>,
    /// How many hits there are in all.
    pub counted: u64,
}

/// Something that holds rows and can walk over them.
pub trait Scan: Send + Sync + std::fmt::Debug {
    /// Walks over all live rows once, keeping at most `hits_max` hits, and at most [`HITS_MAX`].
    ///
    /// # Errors
    /// Vectors or a bitmap that do not fit the rows; a device that failed.
    fn pass(&self, queries: &Queries, live: &Live, hits_max: usize) -> Result<Pass, ScanError>;
}

/// The answer to a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Best live row of each query.
    pub best: Vec<Option<Best>>,
    /// Every row that reaches `thresholds`, in order of query and row.
    pub hits: Vec<Hit>,
    /// Rows that reach the asked thresholds and not the raised ones.
    pub left_out: u64,
    /// The thresholds that `hits` meet: those asked for, or raised ones.
    pub thresholds: Vec<i32>,
}

/// Answers a batch with at most `hits_max` hits, raising the thresholds where there are more.
///
/// # Errors
/// Those of [`Scan::pass`].
pub fn scan(scanner: &dyn Scan, queries: &Queries, live: &Live, hits_max: usize) -> Result<Found, ScanError> {
    let hits_max = hits_max.min(HITS_MAX);
    let mut asked = queries.clone();
    let mut pass = scanner.pass(&asked, live, hits_max)?;
    let counted = pass.counted;
    while pass.counted > hits_max as u64 {
        for (threshold, best) in asked.thresholds.iter_mut().zip(&pass.best) {
            *threshold = raised(*threshold, *best);
        }
        pass = scanner.pass(&asked, live, hits_max)?;
    }
    let left_out = counted - pass.counted;
    Ok(Found { best: pass.best, hits: pass.hits, left_out, thresholds: asked.thresholds })
}

/// Halfway from a threshold to the best score, at least one further; past the best score when it is there.
fn raised(threshold: i32, best: Option<Best>) -> i32 {
    let Some(best) = best else { return threshold };
    if best.score < threshold {
        return threshold;
    }
    let half = (i64::from(best.score) - i64::from(threshold)) / 2;
    i32::try_from(i64::from(threshold) + half.max(1)).unwrap_or(i32::MAX)
}

/// Refuses a dimension that no kernel takes.
fn check_dimension(dimension: usize) -> Result<(), ScanError> {
    if dimension == 0 || dimension > DIMENSIONS_MAX || !dimension.is_multiple_of(DIMENSION_STEP) {
        return Err(ScanError::Dimension(dimension));
    }
    Ok(())
}
