//! What the entry of a decision says of the protected documents that its request is near to: keyed names and numbers.
//!
//! Members stand in the order of their keys, as in [`entry`](super::entry).

use serde::Serialize;

use super::Word;

/// A protected document that a request is near to, by keyed names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Protected {
    /// Byte of that leaf, as it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_byte: Option<u32>,
    /// The first word of the request that is near to it; the words of all its texts are counted, other readings behind them.
    pub asked_from: u32,
    /// The leaf of the body that this word is in, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_leaf: Option<u32>,
    /// The word behind the last.
    pub asked_until: u32,
    /// Of a million harmless texts, how many would score as much; where that was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance_per_million: Option<u32>,
    /// Its class.
    pub class: Word,
    /// Keyed id of the document; `octroi corpus list` knows its path.
    pub document: Word,
    /// State of the corpus that the score replays from.
    pub epoch: u64,
    /// What the caller sent of it within a time, 0 to 1000; absent when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<u16>,
    /// The nearest document of each other class that it brings; at most eight.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<ProtectedToo>,
    /// Number of the passage: windows of 48 words, 24 apart.
    pub passage: u32,
    /// Which stage found it: `fingerprint`, `code`, `sketch`, `encoder`.
    pub stage: Word,
    /// The first word of the document that the request is near to.
    pub words_from: u32,
    /// The word behind the last.
    pub words_until: u32,
}

/// The protected document of another class that a request is near to as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProtectedToo {
    /// Byte of that leaf, as it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_byte: Option<u32>,
    /// The first word of the request that is near to it.
    pub asked_from: u32,
    /// The leaf of the body that this word is in, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_leaf: Option<u32>,
    /// The word behind the last.
    pub asked_until: u32,
    /// Its class.
    pub class: Word,
    /// Keyed id of the document.
    pub document: Word,
    /// Number of the passage.
    pub passage: u32,
    /// How near the request is to it, 0 to 1000.
    pub score: u16,
    /// Which stage found it.
    pub stage: Word,
    /// The first word of the document that the request is near to.
    pub words_from: u32,
    /// The word behind the last.
    pub words_until: u32,
}
