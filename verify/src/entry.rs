//! The envelope of an entry: what the log adds, and what the cross-checks need from inside.
//!
//! ```text
//! {"entry":{"kind":"decision",…},"seq":17,"time":"2026-11-23T09:00:00.000000000Z","v":1}
//! ```
//!
//! `entry`, `seq`, `time`, `v` are in order, so the writer puts a prefix and a suffix round a body made elsewhere. These
//! bytes, exactly, are the leaf of the Merkle tree.

use std::io::Write as _;

use serde::Deserialize;

use crate::canonical::{self, NotCanonical, Reader};
pub use crate::kinds::Kind;
use crate::schema::Fault;

/// Version of the envelope and of the entries in it.
pub const VERSION: u8 = 1;
/// Bytes of an entry at most, envelope included.
pub const ENTRY_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a time: `2026-11-23T09:00:00.000000000Z`.
const TIME_BYTES: usize = 30;

/// Why the bytes of a frame are not an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not canonical JSON.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// Not the envelope of an entry.
    #[error("not an entry with its envelope")]
    Envelope,
    /// A member is not there.
    #[error("the member `{0}` is not where it belongs")]
    Missing(&'static str),
    /// A member is of the wrong form.
    #[error("the member `{0}` is not in its form")]
    Form(&'static str),
    /// A member that the kind does not have.
    #[error("a member that this kind does not have")]
    Unknown,
    /// Written by a version that this build does not know.
    #[error("version {0} is not known here")]
    Version(u64),
    /// A kind that is not in this version's list.
    #[error("a kind that version 1 does not have")]
    Kind,
    /// The time is not UTC with nine digits of a second.
    #[error("time is not in the form 2026-11-23T09:00:00.000000000Z")]
    Time,
    /// Longer than an entry may be.
    #[error("longer than {ENTRY_BYTES_MAX} bytes")]
    TooLong,
}

/// An entry as far as the envelope and the cross-checks go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its number, counted from 0 without gaps.
    pub seq: u64,
    /// When the log numbered it: RFC 3339, UTC, nanoseconds.
    pub time: &'a str,
    /// What it is about.
    pub about: About,
}

/// What an entry is about, as far as it must fit those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// What it records.
    pub kind: Kind,
    /// The request it is about, for decisions, attempts and outcomes.
    pub request: Option<Request>,
    /// For a decision: whether it refused, so that nothing left and no outcome need follow.
    pub refuses: bool,
}

/// A request's id, its 32 hexadecimal digits as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Request(pub u128);

impl Request {
    /// Reads the hyphenated lower-case form.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 36 {
            return None;
        }
        let digits = text.bytes().enumerate().try_fold(0, |id: u128, (at, byte)| match (at, byte) {
            (8 | 13 | 18 | 23, b'-') => Some(id),
            (8 | 13 | 18 | 23, _) => None,
            (_, b'0'..=b'9') => Some(id << 4 | u128::from(byte - b'0')),
            (_, b'a'..=b'f') => Some(id << 4 | u128::from(byte - b'a' + 10)),
            _ => None,
        });
        digits.map(Self)
    }
}

impl std::fmt::Display for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(id) = self;
        let part = |shift: u32, bits: u32| (id >> shift) & ((1 << bits) - 1);
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            part(96, 32),
            part(80, 16),
            part(64, 16),
            part(48, 16),
            part(0, 48)
        )
    }
}

/// Reads an entry and checks its form.
///
/// # Errors
/// [`EntryError`] with the first thing that is wrong.
pub fn open(bytes: &[u8]) -> Result<Entry<'_>, EntryError> {
    if bytes.len() > ENTRY_BYTES_MAX {
        return Err(EntryError::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| NotCanonical { at: error.valid_up_to() })?;
    pass(text).map_err(|error| blame(text, error))
}

/// Passes an entry of which all is as it should be.
fn pass(text: &str) -> Result<Entry<'_>, EntryError> {
    let envelope = |_| EntryError::Envelope;
    let mut reader = Reader::new(text);
    reader.eat(b"{\"entry\":").map_err(envelope)?;
    let kind = kind_of(text).ok_or(EntryError::Kind)?;
    let seen = kind.schema().pass(&mut reader).map_err(|fault| match fault {
        Fault::NotCanonical(error) => error.into(),
        Fault::Missing(member) => EntryError::Missing(member),
        Fault::Form(member) => EntryError::Form(member),
        Fault::Unknown => EntryError::Unknown,
    })?;
    reader.eat(b",\"seq\":").map_err(envelope)?;
    let start = reader.place();
    reader.number().map_err(envelope)?;
    let seq = reader.text(start..reader.place()).parse().map_err(|_| EntryError::Envelope)?;
    reader.eat(b",\"time\":").map_err(envelope)?;
    let start = reader.place();
    reader.string().map_err(envelope)?;
    let time = reader.text(start + 1..reader.place() - 1);
    reader.eat(b",\"v\":1}").map_err(envelope)?;
    if reader.place() != text.len() {
        return Err(EntryError::Envelope);
    }
    if !is_time(time) {
        return Err(EntryError::Time);
    }
    let request = seen.request.and_then(Request::parse);
    let refuses = kind == Kind::Decision && seen.verdict == Some("refuse");
    Ok(Entry { seq, time, about: About { kind, request, refuses } })
}

/// The kind that an entry says it is of. No schema has a nested member of that name, so the first is the right one.
fn kind_of(text: &str) -> Option<Kind> {
    let (_, rest) = text.split_once("\"kind\":\"")?;
    Kind::named(rest.split_once('"')?.0)
}

/// Whether these bytes are the body of an entry of this kind, as [`wrap`] takes it.
pub fn is_body(kind: Kind, bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut reader = Reader::new(text);
    kind.schema().pass(&mut reader).is_ok()
        && reader.place() == text.len()
        && text.len() + ENVELOPE_BYTES_MAX <= ENTRY_BYTES_MAX
}

/// Finds the plainest reason why an entry is not one: spelling before version, version before members.
fn blame(text: &str, error: EntryError) -> EntryError {
    #[derive(Deserialize)]
    struct Version {
        v: u64,
    }
    if let Err(error) = canonical::check(text.as_bytes()) {
        return error.into();
    }
    match serde_json::from_str::<Version>(text) {
        Err(_) => EntryError::Envelope,
        Ok(Version { v }) if v != u64::from(VERSION) => EntryError::Version(v),
        Ok(_) => error,
    }
}

/// Appends an entry to `out`: the envelope round a body that is already canonical JSON.
pub fn wrap(body: &[u8], seq: u64, time: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"entry\":");
    out.extend_from_slice(body);
    // Writing to a vector cannot fail.
    let _infallible = write!(out, ",\"seq\":{seq},\"time\":\"{time}\",\"v\":{VERSION}}}");
}

/// Bytes that [`wrap`] adds to a body at most.
pub const ENVELOPE_BYTES_MAX: usize =
    "{\"entry\":,\"seq\":18446744073709551615,\"time\":\"\",\"v\":1}".len() + TIME_BYTES;

pub(crate) fn is_time(time: &str) -> bool {
    time.len() == TIME_BYTES
        && time.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            10 => byte == b'T',
            13 | 16 => byte == b':',
            19 => byte == b'.',
            29 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &str = "2026-11-23T09:00:00.000000001Z";
    const ID: &str = "0193594c-1d2e-7000-8000-0123456789ab";

    fn outcome() -> String {
        format!(
            r#"{{"bytes_out":1,"end":"complete","first_byte_us":1,"foreign_tokens":0,"kind":"outcome","request":"{ID}","#
        ) + r#""restored":0,"status":200,"total_us":2,"withheld_tokens":0}"#
    }

    fn wrapped(body: &str) -> Vec<u8> {
        let mut out = Vec::new();
        wrap(body.as_bytes(), 17, TIME, &mut out);
        out
    }

    #[test]
    fn wraps_and_opens() {
        let bytes = wrapped(&outcome());
        let entry = open(&bytes).unwrap();
        let request = Request::parse(ID).unwrap();
        let about = About { kind: Kind::Outcome, request: Some(request), refuses: false };
        assert_eq!(entry, Entry { seq: 17, time: TIME, about });
        assert_eq!(request.to_string(), ID);
        assert!(is_body(Kind::Outcome, outcome().as_bytes()));
        assert!(!is_body(Kind::Decision, outcome().as_bytes()));
        assert!(bytes.len() - outcome().len() <= ENVELOPE_BYTES_MAX);
    }

    #[test]
    fn names_what_is_wrong() {
        let outer = Err(EntryError::Envelope);
        let upper = outcome().replace(ID, &ID.to_uppercase());
        for (name, bytes, error) in [
            ("no request", wrapped(r#"{"kind":"outcome"}"#), Err(EntryError::Missing("bytes_out"))),
            ("request of a stop", wrapped(&format!(r#"{{"kind":"stop","request":"{ID}"}}"#)), Err(EntryError::Unknown)),
            ("upper-case id", wrapped(&upper), Err(EntryError::Form("request"))),
            ("unknown kind", wrapped(r#"{"kind":"party"}"#), Err(EntryError::Kind)),
            ("unknown member", br#"{"entry":{"kind":"stop"},"extra":1,"seq":1,"time":"","v":1}"#.to_vec(), outer),
            ("other version", wrapped(r#"{"kind":"stop"}"#).replace_last(b"1}", b"2}"), Err(EntryError::Version(2))),
            ("no version", br#"{"entry":{"kind":"stop"},"seq":1}"#.to_vec(), outer),
            ("blank", wrapped(r#"{"kind": "stop"}"#), Err(NotCanonical { at: 17 }.into())),
            ("too long", wrapped(&format!("\"{}\"", "x".repeat(ENTRY_BYTES_MAX))), Err(EntryError::TooLong)),
        ] {
            assert_eq!(open(&bytes), error, "{name}");
            // The body alone is as wrong, where it is the body that is.
            if !matches!(error, Err(EntryError::Envelope | EntryError::Version(_))) {
                let body = bytes.strip_prefix(b"{\"entry\":").unwrap();
                let end = body.windows(7).rposition(|part| part == b",\"seq\":").unwrap();
                assert!(Kind::ALL.iter().all(|kind| !is_body(*kind, &body[..end])), "{name}");
            }
        }
        let mut out = Vec::new();
        wrap(br#"{"kind":"stop"}"#, 1, "2026-11-23T09:00:00Z", &mut out);
        assert_eq!(open(&out), Err(EntryError::Time));
    }

    trait ReplaceLast {
        fn replace_last(self, from: &[u8], to: &[u8]) -> Vec<u8>;
    }

    impl ReplaceLast for Vec<u8> {
        fn replace_last(mut self, from: &[u8], to: &[u8]) -> Vec<u8> {
            let at = self.len() - from.len();
            assert_eq!(&self[at..], from);
            self.truncate(at);
            self.extend_from_slice(to);
            self
        }
    }
}
