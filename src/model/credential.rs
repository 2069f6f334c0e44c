//! The entry of a change of the keys that prove callers, and how those who change them may be called.

use serde::Serialize;

use super::Word;

/// A key was issued, rotated or revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CredentialChange {
    /// The administrator, when the key is a token of the admin listener's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin: Option<Word>,
    /// The app that the key proves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<Word>,
    /// When it was changed, as the log writes times.
    pub at: Word,
    /// Who changed it: the system's number of the user, or the name of an administrator.
    pub by: Word,
    /// Id of the change. What is written twice after a crash is one change.
    pub change: Word,
    /// `api` or `command`.
    pub channel: Word,
    /// `issued`, `rotated`, `revoked`.
    pub event: Word,
    /// When the key ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Word>,
    /// Keyed pseudonym of the key: the `actor` of its requests.
    pub key: Word,
    /// The key that it takes the place of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Word>,
    /// What it is restricted in: `apis`, `models`, `purposes`.
    pub scoped: Vec<Word>,
}

/// Whether administrators may be called so: 1 to 64 lower-case letters, digits and `-`.
pub fn is_administrator(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=64).contains(&name.len()) && name.bytes().all(fits)
}
