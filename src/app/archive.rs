//! What the gateway remembers of its policies, beside the audit log: the files of each that was in force, and how far it got.
//!
//! ```text
//!  AUDIT/policies/POLICY/INVENTORY-REFERENCE/…   the officer's files, under the digests that decisions carry
//!  AUDIT/policies/state.json                     the newest signed bundle, the freezes that last, and those thawed too early,
//!                                                with a MAC of it
//! ```
//!
//! The files answer "by which rules was this decided" for a decision of any day. The state makes versions only increase and a
//! freeze last over a restart, whatever becomes of the policy folder. Both are on disk before a policy comes into force. What
//! the log holds behind the place up to which a state knows it is gathered from there ([`super::recover`]): taking the state
//! away, or laying an old copy in its place, brings nothing back. A state whose MAC does not hold is as one that is gone: whoever
//! may write the file, and does not hold the gateway's root key, decides nothing by it.
#![expect(clippy::disallowed_types, reason = "the composition root keeps these files")]

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::files::{Files, MATCH_LISTS};
use super::recover::{self, Found};
use crate::audit::decisions::Place;
use crate::disk;
use crate::gateway::snapshot::Freeze;
use crate::identity::{Purpose, RootKey};
use crate::limits::POLICY_STATE_BYTES_MAX;
use crate::model::Word;
use crate::model::entry::Digest;

/// The policies of one audit log.
#[derive(Debug, Clone)]
pub(crate) struct Archive {
    folder: PathBuf,
}

/// The file of the state: the MAC is of the very bytes of the state.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proven<'f> {
    mac: String,
    #[serde(borrow)]
    state: &'f RawValue,
}

/// The key of the MAC: of this gateway, so that the state of another one that has the same root proves nothing here.
pub(super) fn state_key(root: &RootKey, node: &Word) -> hmac::Key {
    root.mac_key(Purpose::PolicyState, &[node.as_str()])
}

/// How far the gateway got.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// The newest signed bundle that was in force.
    pub(super) bundle: Option<Accepted>,
    /// The freezes that last, as they came.
    #[serde(default)]
    pub(super) freezes: Vec<Held>,
    /// The freezes that a thaw ended and that would last yet: their orders, laid there again, do not begin them anew.
    #[serde(default)]
    pub(super) thawed: Vec<Thawed>,
    /// Where the log ended that this knows.
    #[serde(default)]
    pub(super) log: Place,
    /// Whether it lies on the disk with a MAC that holds; else it was gathered from the log alone, and is to be written.
    #[serde(skip)]
    pub(super) proven: bool,
}

impl State {
    /// This, and what the log says since: the higher version counts, and what was thawed stays thawed.
    fn and_then(self, found: Found) -> Self {
        let Found { state: newer, over, .. } = found;
        let mut state = Self { log: newer.log, ..self };
        let highest = state.bundle.as_ref().map(|bundle| bundle.version);
        if let Some(bundle) = newer.bundle.filter(|bundle| highest.is_none_or(|highest| highest < bundle.version)) {
            state.bundle = Some(bundle);
        }
        state.freezes.retain(|freeze| !over.contains(&freeze.order));
        for freeze in newer.freezes {
            if !state.freezes.iter().any(|known| known.order == freeze.order) {
                state.freezes.push(freeze);
            }
        }
        for thawed in newer.thawed {
            if !state.thawed.iter().any(|known| known.order == thawed.order) {
                state.thawed.push(thawed);
            }
        }
        state
    }
}

/// An order to freeze that was thawed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Thawed {
    /// SHA-256 of the order.
    pub(super) order: String,
    /// When it would have ended.
    pub(super) until: Timestamp,
}

/// A freeze that was verified when it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Held {
    pub(super) until: Timestamp,
    pub(super) by: Vec<String>,
    pub(super) because: String,
    /// SHA-256 of the order.
    pub(super) order: String,
}

impl Held {
    /// What is remembered of a freeze.
    pub(super) fn of(freeze: &Freeze) -> Self {
        Self {
            until: freeze.until,
            by: freeze.by.iter().map(ToString::to_string).collect(),
            because: freeze.because.to_string(),
            order: freeze.order.to_string(),
        }
    }

    /// The freeze again; nothing where the order is no digest.
    pub(super) fn freeze(&self) -> Option<Freeze> {
        Some(Freeze {
            until: self.until,
            by: self.by.iter().map(|name| Word::configured(name)).collect(),
            because: Word::configured(&self.because),
            order: Digest::parse(&self.order)?,
        })
    }
}

/// A signed bundle that was in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accepted {
    /// The name of its policy; empty in a state that was written before names were remembered.
    #[serde(default)]
    pub(crate) name: String,
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
                disk::sync_folder(folder.path())?;
            }
        }
        fs::rename(&beside, &place)?;
        disk::sync_folder(place.parent().unwrap_or(&self.folder))?;
        disk::sync_folder(&self.folder)
    }

    /// How far the gateway got: what the state says, and what the log says since. `signed`: only signed bundles come into force,
    /// so that it matters which was the last. Without a key, which is without a root, nothing comes into force by what is told, and
    /// the MAC is not looked at.
    ///
    /// # Errors
    /// A state that cannot be read, or that is gone together with the log: then nobody knows which version was the last.
    pub(crate) fn state(&self, key: Option<&hmac::Key>, signed: bool, now: Timestamp) -> Result<State, String> {
        let place = self.state_file();
        let told = |problem: &dyn std::fmt::Display| format!("{}: {problem}", place.display());
        let (state, lost) = match disk::read(&place, POLICY_STATE_BYTES_MAX) {
            Ok(bytes) => match proven(&bytes, key) {
                Ok(state) => (Some(state), ""),
                Err(lost) => {
                    lost.tell(&place);
                    (None, "this gateway did not write it as it is")
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => (None, "it is gone"),
            Err(error) => return Err(told(&error)),
        };
        let audit = self.folder.parent().unwrap_or(&self.folder);
        let since = state.as_ref().map(|state| state.log).unwrap_or_default();
        // It is the log that does not hold then, and not what lies beside it.
        let in_log = |problem| format!("the audit log in `{}`: {problem}", audit.display());
        let found = recover::from_log(audit, since, now).map_err(in_log)?;
        if state.is_none() && signed && !found.spoke && self.keeps_any() {
            return Err(told(&format!(
                "{lost}, and the log that would say which bundle was the last is gone too\n  help: put it back from a copy, or begin anew: take this folder away, and have the bundle signed by two approvers",
            )));
        }
        Ok(state.unwrap_or_default().and_then(found))
    }

    /// Whether files of a policy that was in force lie here.
    fn keeps_any(&self) -> bool {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().filter_map(Result::ok);
        entries.into_iter().any(|entry| entry.path().is_dir())
    }

    /// Remembers how far the gateway got.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(crate) fn set_state(&self, key: &hmac::Key, state: &State) -> io::Result<()> {
        let state = serde_json::to_string_pretty(state).map_err(io::Error::other)?;
        let mac = STANDARD.encode(hmac::sign(key, state.as_bytes()));
        let text = format!("{{\n\"mac\": \"{mac}\",\n\"state\": {state}\n}}\n");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        disk::replace(&self.state_file(), text.as_bytes(), 0o644)
    }

    fn state_file(&self) -> PathBuf {
        self.folder.join("state.json")
    }
}

/// Why a state is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unproven {
    /// It has no MAC at all.
    Older,
    /// It has one that does not hold, or is no state.
    Edited,
}

impl Unproven {
    /// Says so in the log of the process: the audit log is asked instead.
    fn tell(self, place: &Path) {
        let file = place.display().to_string();
        match self {
            Self::Older => tracing::warn!(
                file,
                "State of the policies bears no MAC, as those of older versions: the audit log is read from its start instead"
            ),
            Self::Edited => tracing::error!(
                file,
                "State of the policies is not as this gateway wrote it with its root key: the audit log is read from its start instead"
            ),
        }
    }
}

/// The state of a file, if the gateway that holds the key wrote it.
fn proven(bytes: &[u8], key: Option<&hmac::Key>) -> Result<State, Unproven> {
    let Ok(file) = serde_json::from_slice::<Proven<'_>>(bytes) else {
        return Err(serde_json::from_slice::<State>(bytes).map_or(Unproven::Edited, |_| Unproven::Older));
    };
    if let Some(key) = key {
        let mac = STANDARD.decode(&file.mac).map_err(|_| Unproven::Edited)?;
        hmac::verify(key, file.state.get().as_bytes(), &mac).map_err(|_| Unproven::Edited)?;
    }
    let state: State = serde_json::from_str(file.state.get()).map_err(|_| Unproven::Edited)?;
    Ok(State { proven: true, ..state })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Only the very bytes that a gateway with this root and of this name wrote are believed.
    #[test]
    fn a_state_is_believed_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::of(folder.path());
        let root = RootKey::generate().unwrap();
        let [key, other] = ["node-1", "node-2"].map(|node| state_key(&root, &Word::configured(node)));
        let state = State { log: Place { epoch: 1, seq: 20 }, ..State::default() };
        archive.set_state(&key, &state).unwrap();
        let written = disk::read(&archive.state_file(), POLICY_STATE_BYTES_MAX).unwrap();
        let edited = String::from_utf8(written.clone()).unwrap().replace("20", "21");
        let bare = serde_json::to_vec(&state).unwrap();
        for (name, bytes, key, expected) in [
            ("as it was written", &*written, &key, Ok(State { proven: true, ..state })),
            ("another gateway with the same root", &written, &other, Err(Unproven::Edited)),
            ("another number", edited.as_bytes(), &key, Err(Unproven::Edited)),
            ("half a file", written.get(..40).unwrap(), &key, Err(Unproven::Edited)),
            ("no MAC", &bare, &key, Err(Unproven::Older)),
        ] {
            assert_eq!(proven(bytes, Some(key)), expected, "{name}");
        }
    }
}
