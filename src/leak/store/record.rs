//! What a frame holds once it is open. Numbers are little-endian; lists and texts have their length before them.
//!
//! ```text
//! 1 document    id (12), SHA-256 (32), time (i64, ms), path, class, prose tokens (u32 each), their weights (u8 each), code
//!               tokens, their weights, rows (256 bytes each)
//! 2 removal     id (12)
//! 3 background  threshold (u16), share of false positives (u32, per million), time (i64, ms), scores (u16 each, ascending)
//! 4 meant       id of a document before it (12), digest of the model (32), rows end to end (i8 each)
//! 5 margin      digest of the model (32), least (u16), share (u32, per million), texts (u32), time (i64, ms)
//! 6 replacement ids of the documents that it stands for (12 each), and a document as in 1
//! ```

use zeroize::{Zeroize as _, Zeroizing};

use crate::leak::model::ModelDigest;
use crate::leak::sketch::{DIMENSION, Row};
use crate::leak::space::{About, Content, DocumentId, NAME_BYTES_MAX};

/// What harmless texts of a tenant score.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Background {
    /// The score that becomes 500.
    pub threshold: u16,
    /// The share of false positives that was asked for, per million.
    pub share: u32,
    /// When it was measured, in milliseconds since the epoch.
    pub measured_ms: i64,
    /// The scores, ascending.
    pub scores: Vec<u16>,
}

/// What a model makes of a document: one row for each of its passages.
#[derive(Clone, PartialEq, Eq)]
pub struct Meant {
    /// The document.
    pub document: DocumentId,
    /// The model.
    pub model: ModelDigest,
    /// The rows, one after the other.
    pub rows: Vec<i8>,
}

impl std::fmt::Debug for Meant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Meant({}, {})", self.document, self.model)
    }
}

// Rows of a known model can be turned back into words.
impl Drop for Meant {
    fn drop(&mut self) {
        self.rows.zeroize();
    }
}

/// What harmless texts of a tenant reach by meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Margin {
    /// The model.
    pub model: ModelDigest,
    /// The margin, in thousandths of a cosine, that is worth 300.
    pub least: u16,
    /// The share of false positives that was asked for, per million.
    pub share: u32,
    /// How many texts were measured.
    pub texts: u32,
    /// When it was measured, in milliseconds since the epoch.
    pub measured_ms: i64,
}

/// A record of a tenant's segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A document was added.
    Document(Box<(About, Content)>),
    /// A document was added in the place of others: they go and it comes in one step.
    Replaced(Box<(Vec<DocumentId>, About, Content)>),
    /// A document was removed.
    Removed(DocumentId),
    /// Harmless texts were measured.
    Background(Background),
    /// A model read a document.
    Meant(Meant),
    /// Harmless texts were measured by a model.
    Margin(Margin),
}

impl Record {
    /// Rows that it adds to its segment.
    pub fn rows(&self) -> usize {
        match self {
            Self::Document(document) => document.1.rows.len(),
            Self::Replaced(document) => document.2.rows.len(),
            Self::Removed(_) | Self::Background(_) | Self::Meant(_) | Self::Margin(_) => 0,
        }
    }

    /// The bytes of the record.
    pub fn write(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(self.size()));
        match self {
            Self::Document(document) => {
                out.push(1);
                write_document(&mut out, &document.0, &document.1);
            }
            Self::Replaced(document) => {
                let (gone, about, content) = &**document;
                out.push(6);
                count(&mut out, gone.len());
                for id in gone {
                    out.extend_from_slice(&id.0);
                }
                write_document(&mut out, about, content);
            }
            Self::Removed(id) => {
                out.push(2);
                out.extend_from_slice(&id.0);
            }
            Self::Background(background) => {
                out.push(3);
                out.extend_from_slice(&background.threshold.to_le_bytes());
                out.extend_from_slice(&background.share.to_le_bytes());
                out.extend_from_slice(&background.measured_ms.to_le_bytes());
                count(&mut out, background.scores.len());
                background
                    .scores
                    .iter()
                    .map(|score| score.to_le_bytes())
                    .for_each(|score| out.extend_from_slice(&score));
            }
            Self::Meant(meant) => {
                out.push(4);
                out.extend_from_slice(&meant.document.0);
                out.extend_from_slice(&meant.model.0);
                count(&mut out, meant.rows.len());
                out.extend(meant.rows.iter().map(|value| value.cast_unsigned()));
            }
            Self::Margin(margin) => {
                out.push(5);
                out.extend_from_slice(&margin.model.0);
                out.extend_from_slice(&margin.least.to_le_bytes());
                out.extend_from_slice(&margin.share.to_le_bytes());
                out.extend_from_slice(&margin.texts.to_le_bytes());
                out.extend_from_slice(&margin.measured_ms.to_le_bytes());
            }
        }
        out
    }

    /// Bytes that it takes, so that no copy of it is left behind by a growing list.
    fn size(&self) -> usize {
        match self {
            Self::Document(document) => document_size(&document.0, &document.1),
            Self::Replaced(document) => document_size(&document.1, &document.2) + 16 * document.0.len(),
            Self::Removed(_) => 16,
            Self::Background(background) => 32 + 2 * background.scores.len(),
            Self::Meant(meant) => 64 + meant.rows.len(),
            Self::Margin(_) => 64,
        }
    }

    /// Reads a record; `None` for what no version wrote.
    pub fn read(plain: &[u8]) -> Option<Self> {
        let mut rest = plain;
        let record = match array::<1>(&mut rest)? {
            [1] => Self::Document(Box::new(document(&mut rest)?)),
            [6] => {
                let gone = list(&mut rest, 12)?.as_chunks::<12>().0.iter().copied().map(DocumentId).collect();
                let (about, content) = document(&mut rest)?;
                Self::Replaced(Box::new((gone, about, content)))
            }
            [2] => Self::Removed(DocumentId(array(&mut rest)?)),
            [3] => {
                let threshold = u16::from_le_bytes(array(&mut rest)?);
                let share = u32::from_le_bytes(array(&mut rest)?);
                let measured_ms = i64::from_le_bytes(array(&mut rest)?);
                let scores =
                    list(&mut rest, 2)?.as_chunks::<2>().0.iter().map(|score| u16::from_le_bytes(*score)).collect();
                Self::Background(Background { threshold, share, measured_ms, scores })
            }
            [4] => {
                let document = DocumentId(array(&mut rest)?);
                let model = ModelDigest(array(&mut rest)?);
                let rows = list(&mut rest, 1)?.iter().map(|value| value.cast_signed()).collect();
                Self::Meant(Meant { document, model, rows })
            }
            [5] => {
                let model = ModelDigest(array(&mut rest)?);
                let least = u16::from_le_bytes(array(&mut rest)?);
                let share = u32::from_le_bytes(array(&mut rest)?);
                let texts = u32::from_le_bytes(array(&mut rest)?);
                let measured_ms = i64::from_le_bytes(array(&mut rest)?);
                Self::Margin(Margin { model, least, share, texts, measured_ms })
            }
            _ => return None,
        };
        rest.is_empty().then_some(record)
    }
}

fn write_document(out: &mut Vec<u8>, about: &About, content: &Content) {
    out.extend_from_slice(&about.id.0);
    out.extend_from_slice(&about.sha256);
    out.extend_from_slice(&about.registered_ms.to_le_bytes());
    bytes(out, about.path.as_bytes());
    bytes(out, about.class.as_bytes());
    for (tokens, weights) in [(&content.prose, &content.weights), (&content.code, &content.code_weights)] {
        count(out, tokens.len());
        tokens.iter().map(|token| token.to_le_bytes()).for_each(|token| out.extend_from_slice(&token));
        out.extend_from_slice(weights);
    }
    count(out, content.rows.len());
    for row in &content.rows {
        out.extend(row.iter().map(|value| value.cast_unsigned()));
    }
}

fn document_size(about: &About, content: &Content) -> usize {
    128 + about.path.len()
        + about.class.len()
        + 5 * (content.prose.len() + content.code.len())
        + DIMENSION * content.rows.len()
}

fn document(rest: &mut &[u8]) -> Option<(About, Content)> {
    let id = DocumentId(array(rest)?);
    let sha256 = array(rest)?;
    let registered_ms = i64::from_le_bytes(array(rest)?);
    let path = text(rest)?;
    let class = text(rest)?;
    let (prose, weights) = tokens(rest)?;
    let (code, code_weights) = tokens(rest)?;
    let rows = rows(rest)?;
    let about = About { id, sha256, path, class, registered_ms };
    Some((about, Content { prose, weights, code, code_weights, rows }))
}

fn count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    count(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (array, behind) = rest.split_first_chunk::<N>()?;
    *rest = behind;
    Some(*array)
}

/// The bytes of a list whose entries have a size.
fn list<'a>(rest: &mut &'a [u8], size: usize) -> Option<&'a [u8]> {
    let count = u32::from_le_bytes(array(rest)?) as usize;
    let (list, behind) = rest.split_at_checked(count.checked_mul(size)?)?;
    *rest = behind;
    Some(list)
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let bytes = list(rest, 1).filter(|bytes| bytes.len() <= NAME_BYTES_MAX)?;
    String::from_utf8(bytes.to_vec()).ok()
}

fn tokens(rest: &mut &[u8]) -> Option<(Vec<u32>, Vec<u8>)> {
    let tokens: Vec<u32> = list(rest, 4)?.as_chunks::<4>().0.iter().map(|token| u32::from_le_bytes(*token)).collect();
    let (weights, behind) = rest.split_at_checked(tokens.len())?;
    *rest = behind;
    Some((tokens, weights.to_vec()))
}

fn rows(rest: &mut &[u8]) -> Option<Vec<Row>> {
    let bytes = list(rest, DIMENSION)?;
    let row = |bytes: &[u8; DIMENSION]| bytes.map(u8::cast_signed);
    Some(bytes.as_chunks::<DIMENSION>().0.iter().map(row).collect())
}
