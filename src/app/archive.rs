//! What the gateway remembers of its policies, beside the audit log: the files of each that was in force, and how far it got.
//!
//! ```text
//!  AUDIT/policies/POLICY/INVENTORY-REFERENCE/…   the officer's files, under the digests that decisions carry
//!  AUDIT/policies/state.json                     the newest signed bundle, and a freeze that lasts
//! ```
//!
//! The files answer "by which rules was this decided" for a decision of any day. The state makes versions only increase and a
//! freeze last over a restart, whatever becomes of the policy folder. Both are on disk before a policy comes into force.
#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "the composition root keeps these files")]

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::{Files, MATCH_LISTS};
use super::freeze::Orders;
use crate::model::entry::Digest;

/// The policies of one audit log.
#[derive(Debug, Clone)]
pub(crate) struct Archive {
    folder: PathBuf,
}

/// How far the gateway got.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// The newest signed bundle that was in force.
    pub(super) bundle: Option<Accepted>,
    /// The newest freeze.
    pub(super) freeze: Option<Orders>,
}

/// A signed bundle that was in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accepted {
    /// Its version.
    pub(crate) version: u32,
    /// SHA-256 of its manifest.
    pub(crate) manifest: String,
    /// SHA-256 of what decides which values are found: detectors and lists of exact values.
    #[serde(default)]
    pub(crate) detection: String,
    /// Approvers that it needed.
    pub(crate) needed: usize,
    /// Where its files are kept, below the folder of the archive.
    pub(crate) kept: PathBuf,
}

impl Accepted {
    /// SHA-256 of its manifest.
    pub(super) fn digest(&self) -> Option<Digest> {
        Digest::parse(&self.manifest)
    }
}

impl Archive {
    /// The archive of a log.
    pub(crate) fn of(audit: &Path) -> Self {
        Self { folder: audit.join("policies") }
    }

    /// Where the files of a policy are kept: those with these digests of sheets, inventory and reference data.
    pub(crate) fn place(&self, digests: [Digest; 3]) -> PathBuf {
        self.folder.join(Self::kept(digests))
    }

    /// The same, below the folder of the archive.
    pub(super) fn kept([policy, inventory, reference]: [Digest; 3]) -> PathBuf {
        Path::new(&policy.to_string()).join(format!("{inventory}-{reference}"))
    }

    /// A place that a state names.
    pub(super) fn below(&self, kept: &Path) -> PathBuf {
        self.folder.join(kept)
    }

    /// Keeps the files of a policy, once: what is there already has the same digests and says the same.
    ///
    /// # Errors
    /// When the disk does not take them.
    pub(crate) fn keep(&self, files: &Files, digests: [Digest; 3]) -> io::Result<()> {
        let place = self.place(digests);
        if place.exists() {
            return Ok(());
        }
        let beside = place.with_extension("new");
        if beside.exists() {
            // A crash left it.
            fs::remove_dir_all(&beside)?;
        }
        for (path, bytes) in files.by_path.iter().filter(|(path, _)| !path.starts_with(MATCH_LISTS)) {
            write(&beside.join(path), bytes)?;
        }
        for folder in walkdir::WalkDir::new(&beside).into_iter().filter_map(Result::ok) {
            if folder.file_type().is_dir() {
                sync_folder(Some(folder.path()))?;
            }
        }
        fs::rename(&beside, &place)?;
        sync_folder(place.parent())?;
        sync_folder(Some(&self.folder))
    }

    /// How far the gateway got; nothing where no state was written yet.
    ///
    /// # Errors
    /// A state that cannot be read: then nobody knows which version was the last.
    pub(crate) fn state(&self) -> Result<State, String> {
        let place = self.state_file();
        let told = |problem: &dyn std::fmt::Display| format!("{}: {problem}", place.display());
        match fs::read(&place) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| told(&error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(State::default()),
            Err(error) => Err(told(&error)),
        }
    }

    /// Remembers how far the gateway got.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(crate) fn set_state(&self, state: &State) -> io::Result<()> {
        if *state == State::default() && !self.state_file().exists() {
            return Ok(());
        }
        let beside = self.folder.join("state.json.new");
        let mut text = serde_json::to_vec_pretty(state).map_err(io::Error::other)?;
        text.push(b'\n');
        write(&beside, &text)?;
        fs::rename(&beside, self.state_file())?;
        sync_folder(Some(&self.folder))
    }

    fn state_file(&self) -> PathBuf {
        self.folder.join("state.json")
    }
}

/// Writes a file and its folders, and waits until the disk has it.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_folder(folder: Option<&Path>) -> io::Result<()> {
    folder.map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}
