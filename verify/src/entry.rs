//! The envelope of an entry: what the log adds, and what the cross-checks need from inside.
//!
//! ```text
//! {"entry":{"kind":"decision",…},"seq":17,"time":"2026-11-23T09:00:00.000000000Z","v":1}
//! ```
//!
//! `entry`, `seq`, `time`, `v` are in order, so the writer puts a prefix and a suffix round a body made elsewhere. These
//! bytes, exactly, are the leaf of the Merkle tree.

use serde::Deserialize;

use crate::canonical::{self, NotCanonical};

/// Version of the envelope and of the entries in it.
pub const VERSION: u8 = 1;
/// Bytes of an entry at most, envelope included.
pub const ENTRY_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a time: `2026-11-23T09:00:00.000000000Z`.
const TIME_BYTES: usize = 30;

/// The kinds of entries of version 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Where a request may go, or that it was refused.
    Decision,
    /// A further backend is about to see a request.
    Attempt,
    /// How a request ended.
    Outcome,
    /// The gateway started.
    Start,
    /// The gateway stopped in good order.
    Stop,
    /// A policy came into force or was refused.
    Policy,
    /// Another inventory or other reference data came into force.
    Inventory,
    /// The files were read again.
    Reload,
    /// A freeze of the policy began, ended, or was refused.
    Freeze,
}

impl Kind {
    /// Every kind with its word.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Decision, "decision"),
        (Self::Attempt, "attempt"),
        (Self::Outcome, "outcome"),
        (Self::Start, "start"),
        (Self::Stop, "stop"),
        (Self::Policy, "policy"),
        (Self::Inventory, "inventory"),
        (Self::Reload, "reload"),
        (Self::Freeze, "freeze"),
    ];

    /// The word in the entry.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, listed)| *listed == name).map(|(kind, _)| *kind)
    }
}

/// Why the bytes of a frame are not an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not canonical JSON.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// Members missing, unknown, or of the wrong type.
    #[error("not an entry with its envelope")]
    Shape,
    /// Written by a version that this build does not know.
    #[error("version {0} is not known here")]
    Version(u8),
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
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let fits = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => digit(byte),
            });
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        fits.then(|| u128::from_str_radix(&digits, 16).ok().map(Self)).flatten()
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    #[serde(borrow)]
    entry: Body<'a>,
    seq: u64,
    time: &'a str,
    v: u8,
}

#[derive(Deserialize)]
struct Body<'a> {
    kind: &'a str,
    request: Option<&'a str>,
    verdict: Option<&'a str>,
}

/// Reads an entry and checks its form.
///
/// # Errors
/// [`EntryError`] with the first thing that is wrong.
pub fn open(bytes: &[u8]) -> Result<Entry<'_>, EntryError> {
    if bytes.len() > ENTRY_BYTES_MAX {
        return Err(EntryError::TooLong);
    }
    canonical::check(bytes)?;
    let envelope: Envelope<'_> = serde_json::from_slice(bytes).map_err(|_| EntryError::Shape)?;
    if envelope.v != VERSION {
        return Err(EntryError::Version(envelope.v));
    }
    if !is_time(envelope.time) {
        return Err(EntryError::Time);
    }
    let kind = Kind::named(envelope.entry.kind).ok_or(EntryError::Kind)?;
    let about_a_request = matches!(kind, Kind::Decision | Kind::Attempt | Kind::Outcome);
    let request = match envelope.entry.request {
        Some(id) if about_a_request => Some(Request::parse(id).ok_or(EntryError::Shape)?),
        None if !about_a_request => None,
        _ => return Err(EntryError::Shape),
    };
    let refuses = kind == Kind::Decision && envelope.entry.verdict == Some("refuse");
    Ok(Entry { seq: envelope.seq, time: envelope.time, about: About { kind, request, refuses } })
}

/// Appends an entry to `out`: the envelope round a body that is already canonical JSON.
pub fn wrap(body: &[u8], seq: u64, time: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"entry\":");
    out.extend_from_slice(body);
    out.extend_from_slice(format!(",\"seq\":{seq},\"time\":\"{time}\",\"v\":{VERSION}}}").as_bytes());
}

/// Bytes that [`wrap`] adds to a body at most.
pub const ENVELOPE_BYTES_MAX: usize =
    "{\"entry\":,\"seq\":18446744073709551615,\"time\":\"\",\"v\":1}".len() + TIME_BYTES;

fn is_time(time: &str) -> bool {
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

    fn wrapped(body: &str) -> Vec<u8> {
        let mut out = Vec::new();
        wrap(body.as_bytes(), 17, TIME, &mut out);
        out
    }

    #[test]
    fn wraps_and_opens() {
        let bytes = wrapped(&format!(r#"{{"kind":"decision","request":"{ID}","verdict":"refuse"}}"#));
        let entry = open(&bytes).unwrap();
        let request = Request::parse(ID).unwrap();
        let about = About { kind: Kind::Decision, request: Some(request), refuses: true };
        assert_eq!(entry, Entry { seq: 17, time: TIME, about });
        assert_eq!(request.to_string(), ID);
        let body = r#"{"kind":"decision","request":"","verdict":"refuse"}"#.len() + ID.len();
        assert!(bytes.len() - body <= ENVELOPE_BYTES_MAX);
    }

    #[test]
    fn names_what_is_wrong() {
        let shape = Err(EntryError::Shape);
        for (name, bytes, error) in [
            ("no request", wrapped(r#"{"kind":"outcome"}"#), shape),
            ("request of a stop", wrapped(&format!(r#"{{"kind":"stop","request":"{ID}"}}"#)), shape),
            ("upper-case id", wrapped(&format!(r#"{{"kind":"attempt","request":"{}"}}"#, ID.to_uppercase())), shape),
            ("unknown kind", wrapped(r#"{"kind":"party"}"#), Err(EntryError::Kind)),
            ("unknown member", br#"{"entry":{"kind":"stop"},"extra":1,"seq":1,"time":"","v":1}"#.to_vec(), shape),
            ("other version", wrapped(r#"{"kind":"stop"}"#).replace_last(b"1}", b"2}"), Err(EntryError::Version(2))),
            ("too long", wrapped(&format!("\"{}\"", "x".repeat(ENTRY_BYTES_MAX))), Err(EntryError::TooLong)),
        ] {
            assert_eq!(open(&bytes), error, "{name}");
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
