//! The pins of a model's folder.
#![expect(clippy::disallowed_methods, reason = "the list is a file of the model's folder")]

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{CONFIG_BYTES_MAX, FolderError, ModelDigest, NEEDED, POOLING, file_error, read_bounded, sha256};

/// The file with the pins.
pub const MANIFEST: &str = "octroi-model.json";
/// Bytes of a model's name.
pub const NAME_BYTES_MAX: usize = 64;
/// Bytes of what is put before each text.
pub const PREFIX_BYTES_MAX: usize = 256;
/// The version of the list.
const VERSION: u32 = 1;

/// The list as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    version: u32,
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    prefix: String,
    /// Name of a file, SHA-256 in hexadecimal digits.
    files: BTreeMap<String, String>,
}

/// What a model's folder must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    name: String,
    prefix: String,
    files: BTreeMap<String, [u8; 32]>,
}

impl Manifest {
    /// Pins of files.
    pub(super) fn new(name: &str, prefix: &str, files: BTreeMap<String, [u8; 32]>) -> Self {
        Self { name: name.to_owned(), prefix: prefix.to_owned(), files }
    }

    /// Reads the pins of a folder.
    ///
    /// # Errors
    /// None there, or none that this version wrote.
    pub fn read(folder: &Path) -> Result<Self, FolderError> {
        let path = folder.join(MANIFEST);
        if !path.exists() {
            return Err(FolderError::Unregistered(folder.display().to_string()));
        }
        let bytes = read_bounded(&path, CONFIG_BYTES_MAX)?;
        Self::parse(&bytes).ok_or_else(|| FolderError::Manifest(path.display().to_string()))
    }

    /// Reads the list; `None` for what no version wrote.
    pub fn parse(json: &[u8]) -> Option<Self> {
        let raw: Raw = serde_json::from_slice(json).ok()?;
        let is_known = raw.version == VERSION
            && is_name(&raw.name)
            && raw.prefix.len() <= PREFIX_BYTES_MAX
            && NEEDED.iter().all(|name| raw.files.contains_key(*name))
            && raw.files.keys().all(|name| NEEDED.contains(&name.as_str()) || name == POOLING);
        let pin = |(name, digest): (String, String)| Some((name, ModelDigest::parse(&digest)?.0));
        let files = raw.files.into_iter().map(pin).collect::<Option<_>>()?;
        is_known.then_some(Self { name: raw.name, prefix: raw.prefix, files })
    }

    /// Writes the list into a folder.
    pub(super) fn write(&self, folder: &Path) -> Result<(), FolderError> {
        let files = self.files.iter().map(|(name, digest)| (name.clone(), ModelDigest(*digest).to_string()));
        let (name, prefix) = (self.name.clone(), self.prefix.clone());
        let raw = Raw { version: VERSION, name, prefix, files: files.collect() };
        let path = folder.join(MANIFEST);
        let text = serde_json::to_string_pretty(&raw).map_err(|error| file_error(&path)(error.into()))?;
        std::fs::write(&path, text + "\n").map_err(file_error(&path))
    }

    /// The name that it was registered under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is put before each text.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What a file must be.
    pub fn pin(&self, file: &str) -> Option<&[u8; 32]> {
        self.files.get(file)
    }

    /// The pinned files.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// What tells this model from others: its files and what is put before a text, not its name.
    pub fn digest(&self) -> ModelDigest {
        let mut said = b"octroi model 1\0".to_vec();
        said.extend_from_slice(self.prefix.as_bytes());
        said.push(0);
        for (name, digest) in &self.files {
            said.extend_from_slice(name.as_bytes());
            said.push(0);
            said.extend_from_slice(digest);
        }
        ModelDigest(sha256(&said))
    }
}

/// Whether this can be the name of a folder, and of nothing else.
pub(super) fn is_name(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && !name.starts_with('.') && name.chars().all(is_letter)
}
