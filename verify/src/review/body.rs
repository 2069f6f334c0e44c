//! Bodies of entries, as far as the review index reads them. What it makes of them is in `facts`.

use serde::Deserialize;

/// The body of an entry, as far as the index reads it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Body {
    /// Its kind.
    pub kind: String,
    pub(super) tenant: Option<String>,
    pub(super) app: Option<String>,
    pub(super) purpose: Option<String>,
    pub(super) actor: Option<String>,
    pub(super) api: Option<String>,
    pub(super) operation: Option<String>,
    pub(super) model: Option<String>,
    pub(super) verdict: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) label: Option<String>,
    pub(super) end: Option<String>,
    pub(super) findings: Vec<Finding>,
    pub(super) rules: Vec<String>,
    pub(super) removed: Vec<Removed>,
    pub(super) plan: Vec<Planned>,
    pub(super) sending: Option<Sending>,
    pub(super) scan: Option<Scan>,
    /// A word in a decision, a truth in an attempt.
    pub(super) fell_back: Option<serde_json::Value>,
    pub(super) crossed: Option<Crossed>,
    pub(super) exceptions: Vec<Excepted>,
    pub(super) newest: Option<Newest>,
    /// Bytes sent to the client, of an outcome.
    pub bytes_out: u64,
    /// Tokens in, of an outcome.
    pub input_tokens: Option<u64>,
    /// Tokens out, of an outcome.
    pub output_tokens: Option<u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Finding {
    pub(super) r#type: String,
    pub(super) classes: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Removed {
    pub(super) rules: Vec<String>,
    pub(super) why: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Scan {
    pub(super) status: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Planned {
    pub(super) backend: String,
    pub(super) countries: Vec<String>,
    pub(super) controlled_from: Option<String>,
    pub(super) transfer_basis: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sending {
    pub(super) backend: String,
    pub(super) found: Vec<Finding>,
    pub(super) smaller: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Crossed {
    pub(super) cause: String,
}

/// The state in force at a further attempt or a refusal after one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Newest {
    pub(super) exceptions: Vec<Excepted>,
    pub(super) planned: Option<Planned>,
    pub(super) removed: Vec<Removed>,
}

/// An exception that was used, and the rule that it spared the request from.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(default)]
pub(super) struct Excepted {
    pub(super) exception: String,
    pub(super) rule: String,
}

/// The envelope.
#[derive(Debug, Deserialize)]
pub struct Enveloped {
    /// The body.
    pub entry: Body,
}
