//! Who may sign: a TOML file with a public key for each approver.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::disk;
use crate::limits::POLICY_SIGNATURES_BYTES_MAX;

/// Approvers by name, with their Ed25519 public keys.
pub(crate) type Approvers = BTreeMap<String, Vec<u8>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApproversFile {
    approver: BTreeMap<String, String>,
}

/// Reads the approvers: `[approver]`, and `NAME = "ed25519:…"` for each.
///
/// # Errors
/// What is wrong with the file.
pub(crate) fn approvers(file: &Path) -> Result<Approvers, String> {
    let told = |problem: &dyn Display| format!("{}: {problem}", file.display());
    let bytes = disk::read(file, POLICY_SIGNATURES_BYTES_MAX).map_err(|error| told(&error))?;
    let text = String::from_utf8(bytes).map_err(|error| told(&error))?;
    let read: ApproversFile = toml::from_str(&text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        told(&format!(
            "line {line} is not as in a file of approvers: {}\n  help: below [approver] stands a line for each: NAME = \"ed25519:…\"",
            error.message()
        ))
    })?;
    let mut keys = BTreeMap::new();
    for (name, key) in read.approver {
        let bytes = key.strip_prefix("ed25519:").and_then(|key| STANDARD.decode(key).ok());
        let bytes = bytes.filter(|bytes| bytes.len() == 32);
        let bytes = bytes.ok_or_else(|| told(&format!("the key of `{name}` is not `ed25519:` and 44 characters")))?;
        keys.insert(name, bytes);
    }
    Ok(keys)
}
