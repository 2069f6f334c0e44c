//! What is kept of a document: its names, and its words as tokens, weights and rows.

use zeroize::Zeroize;

use super::FACT;
use crate::leak::sketch::{self, Row, Term};
use crate::leak::text::{Keys, Word, Words, stock};

/// What identifies a document in records: a keyed hash of its content and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocumentId(pub [u8; 12]);

impl std::fmt::Display for DocumentId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What is said of a document beside its words.
#[derive(Clone, PartialEq, Eq)]
pub struct About {
    /// Its keyed name.
    pub id: DocumentId,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// The path that it was registered by.
    pub path: String,
    /// The class of data that it is.
    pub class: String,
    /// Milliseconds since the epoch.
    pub registered_ms: i64,
}

impl std::fmt::Debug for About {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "About({})", self.id)
    }
}

/// A document as it is stored: nothing in it is readable, all of it is confidential.
#[derive(Clone, Default, PartialEq, Eq, Zeroize, zeroize::ZeroizeOnDrop)]
pub struct Content {
    /// Tokens of the prose.
    pub prose: Vec<u32>,
    /// Their weights; the highest bit marks a fact.
    pub weights: Vec<u8>,
    /// Tokens of the code.
    pub code: Vec<u32>,
    /// Their weights.
    pub code_weights: Vec<u8>,
    /// One row for each window.
    pub rows: Vec<Row>,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Content({} words)", self.prose.len())
    }
}

impl Content {
    /// Makes what is stored of a document.
    pub fn of(words: &Words, keys: &Keys) -> Self {
        let token = |word: &Word| keys.token(word.hash);
        let weight = |word: &Word| word.weight.min(127) | if word.fact { FACT } else { 0 };
        let mut content = Self {
            prose: words.prose.iter().map(token).collect(),
            weights: words.prose.iter().map(weight).collect(),
            code: words.code.iter().map(token).collect(),
            code_weights: words.code.iter().map(weight).collect(),
            rows: Vec::new(),
        };
        stock::words_of(&words.prose, |word| {
            if let Some(weight) = content.weights.get_mut(word) {
                *weight = 0;
            }
        });
        let terms = terms(&content.prose, &content.weights);
        let rows = &mut content.rows;
        sketch::rows(&terms, keys.projection, |row| rows.push(row));
        content
    }
}

/// Tokens with their weights.
pub(super) fn terms(tokens: &[u32], weights: &[u8]) -> Vec<Term> {
    tokens.iter().zip(weights).map(|(token, weight)| Term { token: *token, weight: weight & !FACT }).collect()
}
