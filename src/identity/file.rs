//! The file of keys as written: `format`, `keys` (hash, app, scopes, dates) and `changes` that the log has not taken yet.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ring;
use crate::limits;

/// Name and version of the file's form.
const FORMAT: &str = "octroi-callers/1";
/// The file as written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    format: String,
    /// The keys.
    pub keys: Vec<StoredKey>,
    /// Changes that the log has not taken yet.
    #[serde(default)]
    pub changes: Vec<Change>,
}

/// A key as it is kept: never the key itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredKey {
    /// Keyed pseudonym: what the record calls its requests' actor.
    pub id: String,
    /// Keyed hash of the key.
    pub hash: String,
    /// The app that it proves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The administrator whose token it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<String>,
    /// When it was issued.
    pub created: Timestamp,
    /// By whom.
    pub by: String,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
    /// Models that it may ask for; every one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<String>>,
    /// APIs that it may speak; every one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apis: Option<Vec<String>>,
    /// Purposes that it may declare; those of its app when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purposes: Option<Vec<String>>,
    /// What people note about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The key that it takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// It stands in `octroi.toml` too, and this entry counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
}

/// A change that the log is yet to take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Id of the change.
    pub id: String,
    /// What was done.
    pub event: Event,
    /// To which key.
    pub key: String,
    /// By whom.
    pub by: String,
    /// `api` or `command`.
    pub channel: Channel,
    /// When.
    pub at: Timestamp,
}

/// What may be done to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// It was made.
    Issued,
    /// It was made to take the place of another.
    Rotated,
    /// It counts no more.
    Revoked,
}

impl Event {
    /// The word in the record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Rotated => "rotated",
            Self::Revoked => "revoked",
        }
    }
}

/// By which way a key is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// `octroi key`.
    Command,
    /// The admin listener.
    Api,
}

impl Channel {
    /// The word in the record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Api => "api",
        }
    }
}

impl Default for KeyFile {
    fn default() -> Self {
        Self { format: FORMAT.to_owned(), keys: Vec::new(), changes: Vec::new() }
    }
}

impl KeyFile {
    /// Reads the text of a file.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let file: Self = serde_json::from_str(text)
            .map_err(|error| format!("line {}, column {}: it cannot be read", error.line(), error.column()))?;
        if file.format != FORMAT {
            return Err(format!("its format is not `{FORMAT}`"));
        }
        ring::table(&file, |_| std::sync::Arc::default()).map(|_| file)
    }

    /// A key that this file gives back although the one before took it, wholly or from some day on, and how; or whose revocation
    /// it forgot before its time. Nothing is ever revoked or shortened and then not.
    pub(super) fn gives_back(&self, before: &Self) -> Option<(String, &'static str)> {
        let known: HashMap<&str, &StoredKey> = self.keys.iter().map(|key| (key.id.as_str(), key)).collect();
        let dates = self.keys.iter().flat_map(|key| [Some(key.created), key.revoked]).flatten();
        let newest = dates.chain(self.changes.iter().map(|change| change.at)).max().unwrap_or(Timestamp::MIN);
        // What was over for long is taken out when a key is issued.
        let forgotten = |over: Timestamp| newest.checked_sub(limits::KEYS_KEPT).is_ok_and(|before| over <= before);
        before.keys.iter().find_map(|old| {
            let what = match known.get(old.id.as_str()) {
                None if old.adopted => "is missing, which stands in `octroi.toml` and was changed here",
                None if old.revoked.is_some_and(|over| !forgotten(over)) => "is missing, which was revoked",
                Some(new) if old.revoked.is_some() && new.revoked.is_none() => "is not revoked any more",
                Some(new) if old.expires.is_some_and(|ends| new.expires.is_none_or(|later| later > ends)) => {
                    "ends later"
                }
                _ => return None,
            };
            Some((old.id.clone(), what))
        })
    }

    /// The key with this id.
    pub fn key(&self, id: &str) -> Option<&StoredKey> {
        self.keys.iter().find(|key| key.id == id)
    }

    pub(super) fn key_mut(&mut self, id: &str) -> Option<&mut StoredKey> {
        self.keys.iter_mut().find(|key| key.id == id)
    }
}
