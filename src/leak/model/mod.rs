//! A model on disk: a folder that `octroi model add` made, every file of it pinned by its SHA-256.
//!
//! ```text
//! models/NAME/
//!   octroi-model.json         what the folder must hold: a digest for each file, and what is put before a text
//!   config.json  model.safetensors  tokenizer.json  [1_Pooling/config.json]
//! ```
//! The model's own digest is taken over the pins. Rows of a corpus carry it, so that what one model wrote is never compared
//! with what another reads; an operator who writes it into `octroi.toml` holds the folder to it. A folder whose files are not
//! the pinned ones is refused.
#![expect(clippy::disallowed_methods, reason = "this module owns the model's files")]

mod manifest;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;
use std::time::Instant;

pub use manifest::{MANIFEST, Manifest, NAME_BYTES_MAX, PREFIX_BYTES_MAX};

use super::encoder::{
    Batch, Config, Encoder, ModelError, Pooling, TOKENIZER_BYTES_MAX, Tensors, Tokenizer, WEIGHTS_BYTES_MAX, Weights,
    quantised,
};
use super::meaning::Embedder;
use crate::disk;
use crate::model::entry::Digest;

/// The files that a model must have.
const NEEDED: [&str; 3] = [CONFIG, WEIGHTS, TOKENIZER];
const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.safetensors";
const TOKENIZER: &str = "tokenizer.json";
/// Says how tokens become one vector; a model without it takes their mean.
const POOLING: &str = "1_Pooling/config.json";
/// Bytes of a configuration file.
const CONFIG_BYTES_MAX: u64 = 1024 * 1024;
/// Tokens of one passage: 96 words of most languages that write blanks stay below.
const PASSAGE_TOKENS_MAX: usize = 256;
/// Passages that are computed together.
const PASSAGES_MAX: usize = 8;

/// What tells models apart: SHA-256 over the pins of one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelDigest(pub [u8; 32]);

impl std::fmt::Display for ModelDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for ModelDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ModelDigest({self})")
    }
}

impl ModelDigest {
    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        Digest::parse(text).map(|digest| Self(digest.0))
    }
}

/// Why a folder is no model that can be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file cannot be read or written.
    #[error("`{path}`: {error}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        error: io::Error,
    },
    /// A file is longer than any of its kind.
    #[error("`{path}` has more than {most} bytes")]
    Large {
        /// The file.
        path: String,
        /// Its bound.
        most: u64,
    },
    /// The folder has no pins.
    #[error("`{0}` holds no registered model: `octroi model add` makes one of a folder with {needed}", needed = NEEDED.join(", "))]
    Unregistered(String),
    /// The pins cannot be read.
    #[error("`{0}` is not a list of pins that this version wrote")]
    Manifest(String),
    /// A file is not the pinned one.
    #[error("`{0}` is not the file that was registered: its SHA-256 is another")]
    Changed(String),
    /// The model is not the one that is asked for.
    #[error("the model in `{path}` is {found}, and {wanted} is asked for")]
    Other {
        /// The folder.
        path: String,
        /// What is there.
        found: ModelDigest,
        /// What is configured.
        wanted: ModelDigest,
    },
    /// The files do not make a model.
    #[error("the model in `{path}` cannot be used: {error}")]
    Model {
        /// The folder.
        path: String,
        /// Why.
        error: ModelError,
    },
    /// What somebody else wrote stands where it would go.
    #[error("`{0}` is there already and holds another model: choose a name with --name")]
    Taken(String),
    /// A name that is no name of a folder.
    #[error("`{0}` is no name for a model: letters, digits, `.`, `_` and `-`, no dot in front")]
    Name(String),
}

fn file_error(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.display().to_string();
    move |error| FolderError::File { path, error }
}

/// A model that is ready to read texts, on the processor.
#[derive(Debug)]
pub struct Model {
    name: String,
    digest: ModelDigest,
    prefix: String,
    tokenizer: Tokenizer,
    encoder: Encoder,
}

impl Model {
    /// Opens a registered model; `wanted` is the digest that it must have, where somebody wrote it down.
    ///
    /// # Errors
    /// A folder without pins, a file that is not the pinned one, another model, files that make no model.
    pub fn open(folder: &Path, wanted: Option<ModelDigest>) -> Result<Self, FolderError> {
        let manifest = pins(folder, wanted)?;
        Self::make(folder, &manifest, pinned(folder, &manifest))
    }

    /// The exact weights of a registered model, for whoever lays them out in another way than the processor.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn weights(folder: &Path, wanted: ModelDigest) -> Result<Weights, FolderError> {
        let manifest = pins(folder, Some(wanted))?;
        Ok(Self::parts(folder, pinned(folder, &manifest))?.1)
    }

    /// Makes a model of what `read` yields for each file's name.
    fn make(
        folder: &Path,
        manifest: &Manifest,
        read: impl Fn(&str) -> Result<Option<Vec<u8>>, FolderError>,
    ) -> Result<Self, FolderError> {
        let (tokenizer, weights) = Self::parts(folder, read)?;
        let (name, prefix) = (manifest.name().to_owned(), manifest.prefix().to_owned());
        Ok(Self { name, digest: manifest.digest(), prefix, tokenizer, encoder: Encoder::quick(&weights) })
    }

    /// What reads a text and what computes with it.
    fn parts(
        folder: &Path,
        read: impl Fn(&str) -> Result<Option<Vec<u8>>, FolderError>,
    ) -> Result<(Tokenizer, Weights), FolderError> {
        let needed =
            |name: &str| read(name)?.ok_or_else(|| FolderError::Manifest(folder.join(MANIFEST).display().to_string()));
        let fault = |error| FolderError::Model { path: folder.display().to_string(), error };
        let mut config = Config::parse(&needed(CONFIG)?).map_err(fault)?;
        if let Some(pooling) = read(POOLING)? {
            config.pooling = Pooling::parse(&pooling).map_err(fault)?;
        }
        let tokenizer = Tokenizer::parse(&needed(TOKENIZER)?, config.vocabulary).map_err(fault)?;
        let weights = needed(WEIGHTS)?;
        let tensors = Tensors::parse(&weights).map_err(fault)?;
        Ok((tokenizer, Weights::load(&tensors, config).map_err(fault)?))
    }

    /// The name that it was registered under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is shaped by.
    pub fn config(&self) -> &Config {
        self.encoder.config()
    }

    /// The unit vectors of passages.
    ///
    /// # Errors
    /// What the encoder does not compute.
    pub fn vectors(&self, passages: &[&str]) -> Result<Vec<Vec<f32>>, ModelError> {
        let mut batch = Batch::new();
        passages.iter().try_for_each(|passage| batch.push(&self.ids(passage)))?;
        self.encoder.encode(&batch)
    }

    /// The tokens of a passage, as the model reads it.
    pub fn ids(&self, passage: &str) -> Vec<u32> {
        let most = self.encoder.config().length_max().min(PASSAGE_TOKENS_MAX);
        if self.prefix.is_empty() {
            self.tokenizer.encode(passage, most)
        } else {
            self.tokenizer.encode(&[&self.prefix, passage].concat(), most)
        }
    }
}

impl Embedder for Model {
    fn digest(&self) -> ModelDigest {
        self.digest
    }

    fn dimension(&self) -> usize {
        self.encoder.config().hidden
    }

    fn embed(&self, _tenant: &str, passages: &[&str], until: Option<Instant>) -> Result<Vec<Vec<i8>>, ModelError> {
        let (mut rows, mut rest) = (Vec::with_capacity(passages.len()), passages);
        let start = Instant::now();
        // The first goes alone: it tells how long one takes.
        let mut together = if until.is_some() { 1 } else { PASSAGES_MAX };
        if until.is_some_and(|until| start >= until) {
            return Ok(rows);
        }
        while !rest.is_empty() && together > 0 {
            let (taken, behind) = rest.split_at(together.min(rest.len()));
            rows.extend(self.vectors(taken)?.iter().map(|vector| quantised(vector)));
            rest = behind;
            if let Some(until) = until {
                let each = start.elapsed().as_nanos() / rows.len().max(1) as u128;
                let left = until.saturating_duration_since(Instant::now()).as_nanos();
                together = usize::try_from(left / each.max(1)).unwrap_or(PASSAGES_MAX).min(PASSAGES_MAX);
            }
        }
        Ok(rows)
    }
}

/// The pins of a folder; `wanted` is the digest that they must have.
fn pins(folder: &Path, wanted: Option<ModelDigest>) -> Result<Manifest, FolderError> {
    let manifest = Manifest::read(folder)?;
    let found = manifest.digest();
    match wanted.filter(|wanted| *wanted != found) {
        Some(wanted) => Err(FolderError::Other { path: folder.display().to_string(), found, wanted }),
        None => Ok(manifest),
    }
}

/// Reads the files of a folder that are those which were pinned.
fn pinned<'a>(
    folder: &'a Path,
    manifest: &'a Manifest,
) -> impl Fn(&str) -> Result<Option<Vec<u8>>, FolderError> + use<'a> {
    move |name| {
        let Some(pinned) = manifest.pin(name) else { return Ok(None) };
        let bytes = read_bounded(&folder.join(name), bytes_max(name))?;
        if sha256(&bytes) != *pinned {
            return Err(FolderError::Changed(folder.join(name).display().to_string()));
        }
        Ok(Some(bytes))
    }
}

/// Registers a folder: reads it whole, computes a vector with it, and copies its files with their pins to `models/NAME`. One
/// that is there already and is the same stays.
///
/// # Errors
/// Files that make no model, a place that is taken, a disk that refuses.
pub fn add(from: &Path, models: &Path, name: &str, prefix: &str) -> Result<(Model, bool), FolderError> {
    if !manifest::is_name(name) {
        return Err(FolderError::Name(name.to_owned()));
    }
    let mut files = Vec::new();
    for file in NEEDED.into_iter().chain([POOLING]) {
        if file != POOLING || from.join(file).exists() {
            files.push((file, read_bounded(&from.join(file), bytes_max(file))?));
        }
    }
    let pins = files.iter().map(|(file, bytes)| ((*file).to_owned(), sha256(bytes))).collect();
    let manifest = Manifest::new(name, prefix, pins);
    let read = |name: &str| Ok(files.iter().find(|(file, _)| *file == name).map(|(_, bytes)| bytes.clone()));
    let model = Model::make(from, &manifest, read)?;
    let tried = model.vectors(&["A sentence to try the model with."]);
    tried.map_err(|error| FolderError::Model { path: from.display().to_string(), error })?;
    let place = models.join(name);
    if place.exists() {
        let is_same = Manifest::read(&place).is_ok_and(|there| there.digest() == manifest.digest());
        if !is_same {
            return Err(FolderError::Taken(place.display().to_string()));
        }
        return Ok((Model::open(&place, None)?, false));
    }
    // Beside its place until it is whole, so that a break leaves nothing that looks like a model.
    let beside = models.join(format!(".{name}.new"));
    if beside.exists() {
        std::fs::remove_dir_all(&beside).map_err(file_error(&beside))?;
    }
    for (file, bytes) in &files {
        let path = beside.join(file);
        let folder = path.parent().unwrap_or(&beside);
        std::fs::create_dir_all(folder).map_err(file_error(folder))?;
        std::fs::write(&path, bytes).map_err(file_error(&path))?;
    }
    manifest.write(&beside)?;
    std::fs::rename(&beside, &place).map_err(file_error(&place))?;
    Ok((model, true))
}

fn bytes_max(file: &str) -> u64 {
    match file {
        WEIGHTS => WEIGHTS_BYTES_MAX,
        TOKENIZER => TOKENIZER_BYTES_MAX as u64,
        _ => CONFIG_BYTES_MAX,
    }
}

/// Reads a file of at most so many bytes.
fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>, FolderError> {
    disk::read(path, usize::try_from(most).unwrap_or(usize::MAX)).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => FolderError::Large { path: path.display().to_string(), most },
        _ => file_error(path)(error),
    })
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    digest
}
