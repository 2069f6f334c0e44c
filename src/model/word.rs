//! Words of closed lists: the only strings that may enter a log, a metric label, a span or the audit record.
//!
//! A [`Word`] is a table path, an id of our own, or a name that an operator or officer wrote in a file. It is never made
//! from a byte of a request; `tests/laws.rs` looks for places that would.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A string that is safe to record because it comes from a closed list, never from a request.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Word(Repr);

#[derive(Clone)]
enum Repr {
    Fixed(&'static str),
    Configured(Arc<str>),
}

impl Word {
    /// The word for what is not on any list: an unknown model, an unnamed purpose.
    pub const UNKNOWN: Self = Self::fixed("unknown");

    /// Makes a word from a literal of the program.
    pub const fn fixed(word: &'static str) -> Self {
        Self(Repr::Fixed(word))
    }

    /// Makes a word from a name that stands in `octroi.toml`, a sheet, the inventory or a key file.
    ///
    /// Never call this with bytes of a request.
    pub fn configured(name: &str) -> Self {
        Self(Repr::Configured(Arc::from(name)))
    }

    /// Returns the word as text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Fixed(word) => word,
            Repr::Configured(word) => word,
        }
    }
}

impl PartialEq for Repr {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Repr {}

impl std::hash::Hash for Repr {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text().hash(state);
    }
}

impl PartialOrd for Repr {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Repr {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text().cmp(other.text())
    }
}

impl Repr {
    fn text(&self) -> &str {
        match self {
            Self::Fixed(word) => word,
            Self::Configured(word) => word,
        }
    }
}

impl Borrow<str> for Word {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl PartialEq<str> for Word {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Word {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl Serialize for Word {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Only configuration files and the audit log are deserialised into words.
        String::deserialize(deserializer).map(|name| Self::configured(&name))
    }
}
