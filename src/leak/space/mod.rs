//! The documents of one tenant, in memory: tokens with fingerprints, rows of sketches, and how often words occur.
//!
//! A tenant has a space and keys of its own, so that a request is compared with its tenant's documents and with those that
//! are everybody's, and nothing of a stranger's can be told from any answer. A space only grows; what is removed is marked dead
//! and counts for nothing from then on.
//!
//! ```text
//! document   tokens of its prose, tokens of its code (both with weights), one row for each window of 48 words
//! segment    at most 65 536 rows in scan order, with a bitmap of those that live
//! ```
#![expect(clippy::cast_possible_truncation, reason = "rows and tokens are counted in 32 bits")]

#[cfg(test)]
mod crowded;
mod document;
mod evidence;
mod nearest;
mod question;
#[cfg(test)]
mod tests;
mod verdict;
mod worth;

use std::collections::HashMap;
use std::ops::Range;

use zeroize::Zeroize;

pub use document::{About, Content, DocumentId};
pub use question::Question;
pub use verdict::{Match, Stage, THRESHOLD_MAX, THRESHOLD_MIN, Touched, Verdict};

use super::prints::{CODE, PROSE, Prints};
use super::scan::{Live, Rows, ScanError};
use super::sketch::{self, Row};
use super::text::Keys;

/// Rows of a segment.
pub const SEGMENT_ROWS: usize = 65_536;
/// The bit of a stored weight that marks a fact.
const FACT: u8 = 0x80;
/// Bytes of documents' names and classes.
pub const NAME_BYTES_MAX: usize = 4096;

/// A registered document.
#[derive(Debug, Clone)]
pub struct Document {
    /// What is said of it.
    pub about: About,
    /// Whether it counts.
    pub live: bool,
    /// Whether its words are counted: those of a version of another document are not.
    counted: bool,
    /// The first registered of its versions; itself where there is none.
    root: usize,
    /// The first registered of its versions that are of its class.
    kin: usize,
    prose: Range<usize>,
    code: Range<usize>,
    rows: Range<usize>,
}

impl Document {
    /// Its words.
    pub fn words(&self) -> usize {
        self.prose.len()
    }

    /// Its windows.
    pub fn windows(&self) -> usize {
        self.rows.len()
    }

    /// Whether it counts as a document of its own: a version of another one does not.
    pub fn is_counted(&self) -> bool {
        self.counted
    }
}

struct Segment {
    rows: Rows,
    live: Live,
}

/// The documents of one tenant.
pub struct Space {
    keys: Keys,
    documents: Vec<Document>,
    by_id: HashMap<DocumentId, usize>,
    prose: Prints,
    weights: Vec<u8>,
    code: Prints,
    code_weights: Vec<u8>,
    segments: Vec<Segment>,
    /// In how many live documents a token is; versions of one document are one.
    frequency: HashMap<u32, u32>,
    /// Live documents, versions counted once.
    counted: u32,
    /// For each first version and each class the first document of it, and how many versions live.
    kin: HashMap<(usize, String), usize>,
    versions: HashMap<usize, u32>,
    live: usize,
    /// Additions and removals so far: names the state that a score was made from.
    epoch: u64,
    scale: verdict::Scale,
}

impl std::fmt::Debug for Space {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Space")
            .field("documents", &self.documents.len())
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        self.weights.zeroize();
        self.code_weights.zeroize();
        self.frequency.clear();
    }
}

/// A space that holds no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpaceError {
    /// More tokens than 32 bits name.
    #[error("the corpus holds no more words")]
    Full,
    /// Rows that do not fit the words.
    #[error("a document whose rows do not fit its words")]
    Rows,
}

/// Why there is no score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JudgeError {
    /// The scan failed.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// It was told to stop.
    #[error("stopped before the end")]
    Stopped,
    /// A thread that compared was lost: a fault of this program.
    #[error("a thread of the comparison was lost")]
    Lost,
}

impl From<ScanError> for SpaceError {
    fn from(_: ScanError) -> Self {
        Self::Rows
    }
}

impl Space {
    /// No documents yet.
    pub fn new(keys: Keys) -> Self {
        Self::since(keys, 0)
    }

    /// No documents yet, in a state that has this number.
    pub fn since(keys: Keys, epoch: u64) -> Self {
        Self {
            keys,
            documents: Vec::new(),
            by_id: HashMap::new(),
            prose: Prints::new(PROSE),
            weights: Vec::new(),
            code: Prints::new(CODE),
            code_weights: Vec::new(),
            segments: Vec::new(),
            frequency: HashMap::new(),
            counted: 0,
            kin: HashMap::new(),
            versions: HashMap::new(),
            live: 0,
            epoch,
            scale: verdict::Scale::default(),
        }
    }

    /// The tenant's keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// All documents, dead ones among them.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// A live document.
    pub fn document(&self, id: DocumentId) -> Option<&Document> {
        self.by_id.get(&id).and_then(|index| self.documents.get(*index)).filter(|document| document.live)
    }

    /// Live documents.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether no document lives.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Additions and removals so far.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Rows, dead ones among them.
    pub fn rows(&self) -> usize {
        self.documents.last().map_or(0, |document| document.rows.end)
    }

    /// Sets which evidence is worth 500.
    pub fn calibrate(&mut self, threshold: u16) {
        self.scale = verdict::Scale::at(threshold);
        self.epoch += 1;
    }

    /// Adds a document; one that lives already under this id stays as it is.
    ///
    /// # Errors
    /// When the space is full or the content does not fit together.
    pub fn add(&mut self, about: About, content: &Content) -> Result<(), SpaceError> {
        if self.document(about.id).is_some() {
            return Ok(());
        }
        let fits = content.rows.len() == sketch::windows(content.prose.len())
            && content.weights.len() == content.prose.len()
            && content.code_weights.len() == content.code.len();
        if !fits {
            return Err(SpaceError::Rows);
        }
        let index = self.documents.len();
        let root = self.version_of(&content.prose).and_then(|of| self.documents.get(of)).map_or(index, |of| of.root);
        // Many versions are no drafts of one text but texts made of one template.
        let versions = self.versions.get(&root).copied().unwrap_or(0);
        let counted = root == index || versions == 0 || versions >= VERSIONS_MAX;
        let kin = *self.kin.entry((root, about.class.clone())).or_insert(index);
        let prose = self.prose.add(&content.prose).ok_or(SpaceError::Full)?;
        self.weights.extend_from_slice(&content.weights);
        let code = self.code.add(&content.code).ok_or(SpaceError::Full)?;
        self.code_weights.extend_from_slice(&content.code_weights);
        let first = self.rows();
        let mut same: HashMap<&Row, usize> = HashMap::with_capacity(content.rows.len());
        for row in &content.rows {
            let same = same.entry(row).or_default();
            *same += 1;
            // Equal rows are equally near to anything, and no window looks at more of one document: what repeats itself is
            // compared no more often than what does not.
            self.push_row(row, *same <= nearest::OF_KIN_MAX)?;
        }
        let document = Document {
            live: true,
            counted,
            root,
            kin,
            prose: prose..prose + content.prose.len(),
            code: code..code + content.code.len(),
            rows: first..first + content.rows.len(),
            about,
        };
        self.by_id.insert(document.about.id, index);
        self.documents.push(document);
        self.count(index, true);
        Ok(())
    }

    fn push_row(&mut self, row: &Row, live: bool) -> Result<(), SpaceError> {
        if self.segments.last().is_none_or(|segment| segment.rows.len() >= SEGMENT_ROWS) {
            self.segments.push(Segment { rows: Rows::new(sketch::DIMENSION)?, live: Live::default() });
        }
        if let Some(segment) = self.segments.last_mut() {
            let number = segment.rows.push(row, 0)? as usize;
            segment.live.grow(number + 1);
            segment.live.set(number, live);
        }
        Ok(())
    }

    /// Removes a document: from now on it counts for nothing. `false` when it was not there.
    pub fn remove(&mut self, id: DocumentId) -> bool {
        let Some(index) = self.by_id.remove(&id) else { return false };
        let Some(document) = self.documents.get_mut(index).filter(|document| document.live) else { return false };
        document.live = false;
        for row in document.rows.clone() {
            if let Some(segment) = self.segments.get_mut(row / SEGMENT_ROWS) {
                segment.live.set(row % SEGMENT_ROWS, false);
            }
        }
        let (prose, code) = (document.prose.clone(), document.code.clone());
        self.count(index, false);
        self.prose.remove(prose);
        self.code.remove(code);
        true
    }

    /// Keeps count of how many live documents a token is in.
    fn count(&mut self, index: usize, added: bool) {
        self.epoch += 1;
        self.live = if added { self.live + 1 } else { self.live.saturating_sub(1) };
        let Some(document) = self.documents.get(index) else { return };
        let versions = self.versions.entry(document.root).or_default();
        *versions = if added { *versions + 1 } else { versions.saturating_sub(1) };
        if !document.counted {
            return;
        }
        self.counted = if added { self.counted + 1 } else { self.counted.saturating_sub(1) };
        let mut tokens = self.prose.tokens().get(document.prose.clone()).unwrap_or_default().to_vec();
        tokens.sort_unstable();
        tokens.dedup();
        for token in &tokens {
            let count = self.frequency.entry(*token).or_default();
            *count = if added { *count + 1 } else { count.saturating_sub(1) };
        }
        tokens.zeroize();
    }

    /// The registered document that half of what is sampled of this one stands in: a draft, a new edition.
    fn version_of(&self, prose: &[u32]) -> Option<usize> {
        let mut sampled = 0;
        let mut hits: HashMap<usize, usize> = HashMap::new();
        let step = (prose.len() / VERSION_SAMPLES).max(1);
        let samples = prose.windows(PROSE.words + PROSE.window - 1).step_by(step);
        for sample in samples {
            sampled += 1;
            let place = |place: usize| self.prose_at(place).map(|(_, document)| document.prose.clone());
            let mut found: Vec<usize> =
                self.prose.runs(sample, place).iter().filter_map(|run| Some(self.prose_at(run.place)?.0)).collect();
            found.sort_unstable();
            found.dedup();
            for index in found {
                *hits.entry(index).or_default() += 1;
            }
        }
        let most = hits.into_iter().max_by_key(|(index, hits)| (*hits, std::cmp::Reverse(*index)));
        most.filter(|(_, hits)| 2 * hits >= sampled).map(|(index, _)| index)
    }

    /// The document that a place in the prose lies in.
    fn prose_at(&self, place: usize) -> Option<(usize, &Document)> {
        let index = self.documents.partition_point(|document| document.prose.end <= place);
        self.documents
            .get(index)
            .filter(|document| document.live && document.prose.contains(&place))
            .map(|document| (index, document))
    }

    fn code_at(&self, place: usize) -> Option<(usize, &Document)> {
        let index = self.documents.partition_point(|document| document.code.end <= place);
        self.documents
            .get(index)
            .filter(|document| document.live && document.code.contains(&place))
            .map(|document| (index, document))
    }

    /// The document of a row, and the window that it stands for.
    fn row_at(&self, row: usize) -> Option<(usize, usize)> {
        let index = self.documents.partition_point(|document| document.rows.end <= row);
        let document = self.documents.get(index).filter(|document| document.live)?;
        Some((index, row.checked_sub(document.rows.start)?))
    }
}

/// Places at which a new document is compared with those that are registered.
const VERSION_SAMPLES: usize = 48;
/// Versions of one document that are drafts. What is made of one text more often is made of a template.
const VERSIONS_MAX: u32 = 8;
