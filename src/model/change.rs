//! Entries about the policy itself: what came into force, what was refused, what was loaded again, and the emergency freeze.
//!
//! They stand between decisions, so that whoever reads the log sees under which policy each was taken, who had approved it,
//! and what somebody tried to load and could not. Names and reasons in them come from files of the officer and the operator.

use serde::Serialize;

use super::Word;
use super::entry::Digest;

/// A policy came into force, or was refused.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyLoaded {
    /// Who had signed it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<Word>,
    /// SHA-256 of the manifest of the signed bundle, where the operator demands one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle: Option<Digest>,
    /// Why it was loaded: `start`, `files`, `signal`, `expiry`.
    pub cause: Word,
    /// Evidence about backends whose day was over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<Ended>,
    /// Whether it is now in force. If not, what was in force before stays.
    pub in_force: bool,
    /// Digest of the inventory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Digest>,
    /// The name and version in its header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Word>,
    /// Digest of its sheets and packs; absent when it could not be compiled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Digest>,
    /// Why it was refused: `faults`, `signature`, `approvers`, `name`, `rollback`, `record`, `inside`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Word>,
    /// Digest of the reference data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Digest>,
    /// When a truth begins or ends and it must be compiled again, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Word>,
    /// The version alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
}

impl PolicyLoaded {
    /// A policy that was refused.
    pub fn refused(cause: &'static str, reason: &'static str) -> Self {
        Self {
            in_force: false,
            cause: Word::fixed(cause),
            reason: Some(Word::fixed(reason)),
            policy: None,
            inventory: None,
            reference: None,
            name: None,
            version: None,
            valid_until: None,
            bundle: None,
            approvers: Vec::new(),
            ended: Vec::new(),
        }
    }
}

/// Evidence about a backend that was over: what it spoke for counts as unknown since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// Which backend.
    pub backend: Word,
    /// Its last day, `2026-11-30`.
    pub on: Word,
    /// What it was: `certificate`, `transfer-basis`, `contract` …
    pub what: Word,
}

/// Another inventory, or other reference data, came into force.
#[derive(Debug, Clone, Serialize)]
pub struct InventoryLoaded {
    /// Backends that it declares.
    pub backends: u32,
    /// Digest of the inventory.
    pub inventory: Digest,
    /// Digest of the reference data.
    pub reference: Digest,
}

/// The files were read again.
#[derive(Debug, Clone, Serialize)]
pub struct Reloaded {
    /// Why: `files`, `signal`, `expiry`.
    pub cause: Word,
    /// `in-force` or `refused`; absent where the gateway has no certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Word>,
    /// `in-force`, `unchanged`, `refused`.
    pub policy: Word,
}

/// An emergency freeze began or ended, or an order was refused.
#[derive(Debug, Clone, Serialize)]
pub struct Frozen {
    /// The reason given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<Word>,
    /// Who signed the order, or its end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<Word>,
    /// `order`, `thaw`, `expiry`; for a refused order: `signature`, `faults`.
    pub cause: Word,
    /// SHA-256 of the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Digest>,
    /// `begun`, `ended`, `refused`.
    pub state: Word,
    /// Until when only backends on premises are used, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Word>,
}
