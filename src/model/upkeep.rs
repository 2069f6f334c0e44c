//! The entries that are about the log itself: its keys, its readers, its silences.

use serde::Serialize;

use super::Word;
use super::entry::RequestId;

/// The log's signing key was announced or taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyChange {
    /// `announced`: of the next epoch, by the last entry of this; `begun`: of this epoch, by its first.
    pub event: Word,
    /// Origin of the epoch before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Word>,
    /// Root over them, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_root: Option<Word>,
    /// Entries of the epoch before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_size: Option<u64>,
    /// Verifier key in the form of C2SP signed-note.
    pub vkey: Word,
}

/// Somebody read the log, exported from it, or had something in it revealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Id of the access, made by us. What is written twice after a crash is one access.
    pub access: RequestId,
    /// `query`, `show`, `proof`, `index`, `export`, `report`, `reveal`.
    pub action: Word,
    /// Of an opening: the ids of both custodians' keys, `+` between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approver: Option<Word>,
    /// When it was asked for, as the log writes times.
    pub at: Word,
    /// `command` or `console`.
    pub channel: Word,
    /// First entry of a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Keyed pseudonym of who reads.
    pub reader: Word,
    /// Records at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// The request that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<RequestId>,
    /// Behind the last entry of a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// Names of the conditions that were set, never their values.
    pub words: Vec<Word>,
}

/// A key was destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Erasure {
    /// When the key was put where nobody finds it, as the log writes times.
    pub at: Word,
    /// Why: article or reason, one of a closed list.
    pub basis: Word,
    /// Who did it, as the system knows them.
    pub by: Word,
    /// Id of the key.
    pub key: Word,
    /// Of a month: the keys that went with it, or some of them where one entry has no room for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<Vec<Word>>,
    /// The month that it protected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<Word>,
    /// `month`, `subject`, `case`.
    pub scope: Word,
    /// Whose data.
    pub tenant: Word,
}

/// Entries were removed because their retention had ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Prune {
    /// The first of them.
    pub from: u64,
    /// Keys of sealed content that were destroyed, since no entry that is left names them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<u64>,
    /// Name of the log that they were of: an epoch that is finished takes no entries any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<Word>,
    /// They are older than this, as the log writes times.
    pub older_than: Word,
    /// Files of sealed content that were removed with them, or after them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<u64>,
    /// Behind the last of them.
    pub to: u64,
}

/// The gateway runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Heartbeat {
    /// `synchronised`, `unsynchronised`, `unknown`.
    pub clock: Word,
    /// Error of the clock at most, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_error_us: Option<u64>,
    /// Decisions handed in by this run.
    pub decisions: u64,
    /// Decisions without outcome.
    pub open: u64,
    /// Entries that the log could not take in this run.
    pub refused: u64,
}

/// For a time the log could not write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// `storage`: the disk failed; `torn`: a batch nobody was told of was wiped when the log opened.
    pub cause: Word,
    /// Entries refused meanwhile.
    pub refused: u64,
    /// When it began, as the log writes times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Word>,
}

/// A backend that must prove its region did not, and is not used; or may be used again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quarantine {
    /// Its name in the inventory.
    pub backend: Word,
    /// `another` region was told of, or `nothing`; what was told is a stranger's word and is not repeated.
    pub found: Word,
    /// Its header that tells the region.
    pub header: Word,
    /// `begun`; `ended`, because the configuration was loaded again.
    pub state: Word,
}
