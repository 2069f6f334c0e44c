//! What can be wrong with a log, and where. The first problem ends a verification: what follows it proves nothing.

use std::fmt;

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problem {
    /// The file, relative to the log's folder.
    pub file: String,
    /// Byte offset in it, where one is to blame.
    pub offset: Option<u64>,
    /// Sequence number of the entry, where one is to blame.
    pub seq: Option<u64>,
    /// What kind of thing.
    pub kind: ProblemKind,
    /// The particulars, in words and numbers of the format; never content of an entry.
    pub detail: String,
}

impl Problem {
    /// Makes a problem of a file.
    pub fn new(file: impl Into<String>, kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self { file: file.into(), offset: None, seq: None, kind, detail: detail.into() }
    }

    /// Names the place in the file.
    #[must_use]
    pub const fn at(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Names the entry.
    #[must_use]
    pub const fn entry(mut self, seq: u64) -> Self {
        self.seq = Some(seq);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.file)?;
        if let Some(offset) = self.offset {
            write!(f, " at byte {offset}")?;
        }
        if let Some(seq) = self.seq {
            write!(f, ", entry {seq}")?;
        }
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

/// The kinds of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// A file cannot be read.
    Unreadable,
    /// A file that a log must have is not there, or a name does not belong.
    NotALog,
    /// The key is malformed.
    Key,
    /// The checkpoint is malformed, or not signed by the key.
    Checkpoint,
    /// There are entries and no checkpoint.
    NoCheckpoint,
    /// A segment between two others is not there.
    MissingSegment,
    /// The header of a segment is damaged or does not fit its place.
    Header,
    /// A segment of another log.
    OtherLog,
    /// Bytes were changed: a checksum or a length does not fit.
    Damaged,
    /// Entries are missing before this one.
    MissingEntries,
    /// An entry stands here again, or out of order.
    Repeated,
    /// Entries that a checkpoint covers are not there any more.
    Truncated,
    /// The entries are not those that the checkpoint was signed over.
    Rewritten,
    /// An entry is not in the form of the format.
    Malformed,
    /// An attempt or an outcome of a request that has no open decision.
    NoDecision,
    /// A second decision on, or a second outcome of, one request.
    Twice,
    /// More decisions are open than a gateway can have.
    TooManyOpen,
    /// The trust policy does not accept the checkpoint.
    Policy,
    /// A log that must be there is not.
    MissingLog,
    /// An exported line is not the entry that the log has.
    Export,
    /// The review index says other than the log.
    Index,
    /// The review index of a log was to be checked, and is not there.
    NoIndex,
    /// The review index is of a time before entries were pruned.
    StaleIndex,
}

impl ProblemKind {
    /// Whether it only kept the log from being checked: nothing is said of the log then, neither good nor bad.
    pub const fn is_unchecked(self) -> bool {
        matches!(self, Self::Unreadable | Self::NotALog | Self::Key | Self::StaleIndex)
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "cannot be read",
            Self::NotALog => "not an audit log",
            Self::Key => "malformed key",
            Self::Checkpoint => "checkpoint not accepted",
            Self::NoCheckpoint => "checkpoint missing",
            Self::MissingSegment => "segment missing",
            Self::Header => "segment header damaged",
            Self::OtherLog => "segment of another log",
            Self::Damaged => "bytes changed",
            Self::MissingEntries => "entries missing",
            Self::Repeated => "entry repeated or out of order",
            Self::Truncated => "log cut short",
            Self::Rewritten => "log rewritten",
            Self::Malformed => "malformed entry",
            Self::NoDecision => "no open decision",
            Self::Twice => "recorded twice",
            Self::TooManyOpen => "too many open decisions",
            Self::Policy => "trust policy not met",
            Self::MissingLog => "log missing",
            Self::Export => "export edited",
            Self::Index => "index edited",
            Self::NoIndex => "index missing",
            Self::StaleIndex => "index not comparable",
        })
    }
}
