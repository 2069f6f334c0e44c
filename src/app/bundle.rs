//! A policy folder as a signed bundle, and what a gateway demands of one.
//!
//! ```text
//!  BUNDLE/manifest.json      name, version, digests of the compiled policy, SHA-256 of each file
//!  BUNDLE/signatures.json    { approver: base64 of an Ed25519 signature of the bytes of manifest.json }
//!  BUNDLE/policies/…         the files themselves, packs that octroi brings included
//! ```
//!
//! A bundle holds when every file has the hash of the manifest and nothing else lies beside them, the files compile to the
//! digests of the manifest, it bears the name of the bundle before it and a higher version, and enough distinct approvers signed:
//! two when the difference to the bundle before opens a flow or cannot be shown to open none, one otherwise.
//!
//! A name is for the life of a log: what approvers signed for another gateway does not come into force at this one, whatever its
//! version. Signatures, name and version are looked at before any other file is read, so that whoever can write the folder and
//! is no approver costs the gateway two small files.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::approvers::Approvers;
use super::archive::{Accepted, Archive, State};
use super::each_once::each_once;
use super::files::{Files, MATCH_LISTS, sha256};
use super::load::Rejection;
use super::officer::{Officer, now};
use super::problem::Problems;
use crate::disk;
use crate::limits::{POLICY_MANIFEST_BYTES_MAX, POLICY_SIGNATURES_BYTES_MAX};
use crate::policy::study::Study;
use crate::policy::{Language, Policy};

pub(crate) const FORMAT: &str = "octroi policy bundle 1";

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) format: String,
    pub(crate) policy: String,
    pub(crate) version: u32,
    pub(crate) digest: String,
    pub(crate) inventory_digest: String,
    pub(crate) reference_digest: String,
    /// Path below `policies/` and SHA-256.
    pub(crate) files: BTreeMap<String, String>,
}

impl Manifest {
    /// What is signed of these files.
    pub(crate) fn of(policy: &Policy, files: &Files) -> Self {
        Self {
            format: FORMAT.to_owned(),
            policy: policy.name().to_string(),
            version: policy.version(),
            digest: policy.digest().to_string(),
            inventory_digest: policy.inventory_digest().to_string(),
            reference_digest: policy.reference_digest().to_string(),
            files: files.hashes(),
        }
    }

    /// SHA-256 of what decides which values are found: the paths and hashes of detectors and of lists of exact values.
    pub(crate) fn detection(&self) -> String {
        let found = |path: &str| path.starts_with("detectors/") || path.starts_with(MATCH_LISTS);
        let lines = self.files.iter().filter(|(path, _)| found(path)).map(|(path, hash)| format!("{hash} {path}\n"));
        sha256(lines.collect::<Vec<_>>().concat().as_bytes()).to_string()
    }
}

/// What lies on top of a bundle: what was signed, and by whom it says so. Nothing else of it has been read.
#[derive(Debug)]
pub(super) struct Cover {
    manifest: Manifest,
    bytes: Vec<u8>,
    signatures: BTreeMap<String, String>,
}

impl Cover {
    /// Reads the top of a bundle.
    ///
    /// # Errors
    /// What cannot be read, and a manifest of another format.
    pub(super) fn read(bundle: &Path) -> Result<Self, Rejection> {
        let place = bundle.join("manifest.json");
        let told = |problem: &dyn Display| Rejection::signature(format!("{}: {problem}", place.display()));
        let bytes = disk::read(&place, POLICY_MANIFEST_BYTES_MAX).map_err(|error| told(&error))?;
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| told(&not_as_signed(&error)))?;
        if manifest.format != FORMAT {
            return Err(Rejection::signature(format!("this bundle is of another format: `{}`", manifest.format)));
        }
        Ok(Self { manifest, bytes, signatures: signatures(bundle)? })
    }

    /// Who signed, if anybody did and it can follow what was in force.
    ///
    /// # Errors
    /// A signature that does not hold, none at all, another name, and a version that does not increase.
    pub(super) fn may_follow(&self, known: &Approvers, state: &State) -> Result<Vec<String>, Rejection> {
        let rejected = |reason, problem| Err(Rejection { reason, problems: Problems::from(problem) });
        let signed = signed_by(&self.bytes, &self.signatures, known)
            .map_err(|bad| Rejection::signature(bad.said(Language::En)))?;
        if signed.is_empty() {
            return rejected("approvers", "this bundle is signed by none of the approvers".to_owned());
        }
        let Some(before) = &state.bundle else { return Ok(signed) };
        let (name, version) = (&self.manifest.policy, self.manifest.version);
        if before.manifest == sha256(&self.bytes).to_string() {
            return Ok(signed);
        }
        // A state of before names were remembered has none.
        if !before.name.is_empty() && before.name != *name {
            return rejected(
                "name",
                format!(
                    "this bundle is of the policy `{name}`, and `{}` was in force: a name is for the life of a log\n  help: give the sheet that name again, or begin with a new audit folder",
                    before.name
                ),
            );
        }
        if version <= before.version {
            return rejected(
                "rollback",
                format!(
                    "version {version} does not follow version {}, which was in force: versions only increase",
                    before.version
                ),
            );
        }
        Ok(signed)
    }

    /// Reads the files below and checks them against the manifest.
    ///
    /// # Errors
    /// What cannot be read, and the first file that is not what was signed.
    pub(super) fn whole(self, bundle: &Path) -> Result<Bundle, Rejection> {
        let files = Files::read(&bundle.join("policies")).map_err(|unread| Problems::from(unread.problems()))?;
        let found = files.hashes();
        for (path, hash) in &self.manifest.files {
            match found.get(path) {
                None => return Err(Rejection::signature(format!("`{path}` of the manifest is not in the bundle"))),
                Some(other) if other != hash => {
                    return Err(Rejection::signature(format!("`{path}` is not what was signed")));
                }
                Some(_) => {}
            }
        }
        if let Some(path) = found.keys().find(|path| !self.manifest.files.contains_key(*path)) {
            return Err(Rejection::signature(format!("`{path}` is in the bundle and not in the manifest")));
        }
        let Self { manifest, bytes, signatures } = self;
        Ok(Bundle { manifest, bytes, officer: Officer::of(files)?, signatures })
    }
}

/// A bundle whose files are those of its manifest.
#[derive(Debug)]
pub(crate) struct Bundle {
    pub(crate) manifest: Manifest,
    /// The manifest as it lies there: what signatures are of.
    pub(crate) bytes: Vec<u8>,
    pub(crate) officer: Officer,
    signatures: BTreeMap<String, String>,
}

impl Bundle {
    /// Reads a bundle and checks its files against the manifest.
    ///
    /// # Errors
    /// What cannot be read, and the first file that is not what was signed.
    pub(crate) fn read(bundle: &Path) -> Result<Self, Rejection> {
        Cover::read(bundle)?.whole(bundle)
    }

    /// Checks that the files compile here to what was signed.
    ///
    /// # Errors
    /// The first digest that is another.
    pub(crate) fn compiles_to(&self, policy: &Policy) -> Result<(), Rejection> {
        let manifest = &self.manifest;
        let digests = [
            (&manifest.digest, policy.digest(), "sheets"),
            (&manifest.inventory_digest, policy.inventory_digest(), "inventory"),
            (&manifest.reference_digest, policy.reference_digest(), "reference data"),
        ];
        for (told, found, what) in digests {
            if *told != found.to_string() {
                let problem = format!("the {what} compile to another digest here than was signed");
                return Err(Rejection::signature(problem));
            }
        }
        if manifest.version != policy.version() {
            return Err(Rejection::signature("the version of the manifest is not that of the sheet".to_owned()));
        }
        if manifest.policy != policy.name().as_str() {
            return Err(Rejection::signature("the name of the manifest is not that of the sheet".to_owned()));
        }
        Ok(())
    }

    /// The names of those who signed, one for each key.
    ///
    /// # Errors
    /// A signature of a known approver that does not hold.
    pub(crate) fn signed_by(&self, known: &Approvers) -> Result<Vec<String>, Rejection> {
        let language = self.officer.files.language().unwrap_or_default();
        signed_by(&self.bytes, &self.signatures, known).map_err(|bad| Rejection::signature(bad.said(language)))
    }

    /// Names under which something is signed that are no approver's: they count for nothing.
    pub(crate) fn strangers(&self, known: &Approvers) -> Vec<String> {
        self.signatures.keys().filter(|name| !known.contains_key(*name)).cloned().collect()
    }

    /// What a gateway demands of a bundle that [may follow](Cover::may_follow) the one that was in force before: that enough of
    /// those signed. Returns what is to be remembered.
    ///
    /// # Errors
    /// Files that compile to something else, and too few approvers.
    pub(super) fn accept(
        &self,
        policy: &Policy,
        signed: &[String],
        (archive, state): (&Archive, &State),
    ) -> Result<Accepted, Rejection> {
        self.compiles_to(policy)?;
        let manifest = sha256(&self.bytes).to_string();
        let needed = match &state.bundle {
            // It was accepted before; whoever signed then must still be an approver.
            Some(before) if before.manifest == manifest => before.needed.max(1),
            // Two are enough for anything.
            _ if signed.len() >= 2 => 2,
            // What is no longer found is no longer kept back: that is no matter of rules, and two answer for it.
            Some(before) if before.detection != self.manifest.detection() => 2,
            Some(before) => match self.opens(archive, before) {
                Some(0) => 1,
                _ => 2,
            },
            None => 2,
        };
        if signed.len() < needed {
            return Err(Rejection {
                reason: "approvers",
                problems: Problems::from(format!(
                    "this bundle is signed by {} of {needed} approvers that it needs: {}",
                    signed.len(),
                    if needed == 1 { "it opens no flow" } else { "it opens a flow, or nothing shows that it does not" }
                )),
            });
        }
        let digests = [policy.digest(), policy.inventory_digest(), policy.reference_digest()];
        let detection = self.manifest.detection();
        let kept = Archive::kept(digests);
        let name = policy.name().to_string();
        Ok(Accepted { name, version: policy.version(), manifest, detection, needed, kept })
    }

    /// How many flows it opens against the one that was accepted before; `None` when that cannot be told. The files that were
    /// kept of it count only while they compile to the digests that they lie under.
    fn opens(&self, archive: &Archive, before: &Accepted) -> Option<usize> {
        let old = Officer::read(&archive.below(&before.kept)).ok()?;
        let policy = old.policy(now()).ok()?;
        let digests = [policy.digest(), policy.inventory_digest(), policy.reference_digest()];
        if Archive::kept(digests) != before.kept {
            return None;
        }
        opens(&old.study(now()).ok()?, &self.officer.study(now()).ok()?)
    }
}

/// How many flows a newer policy opens; `None` when that cannot be told.
pub(crate) fn opens(old: &Study, new: &Study) -> Option<usize> {
    let differences = old.diff(new).ok()?;
    Some(if differences.no_flow_is_opened { 0 } else { differences.opened.len().max(1) })
}

/// The signatures of a bundle.
///
/// # Errors
/// A file that cannot be read, and one in which a name stands twice.
pub(crate) fn signatures(bundle: &Path) -> Result<BTreeMap<String, String>, Rejection> {
    let place = bundle.join("signatures.json");
    let told = |problem: &dyn Display| Rejection::signature(format!("{}: {problem}", place.display()));
    match disk::read(&place, POLICY_SIGNATURES_BYTES_MAX) {
        Ok(bytes) => {
            let mut json = serde_json::Deserializer::from_slice(&bytes);
            let read = each_once(&mut json).and_then(|signatures| json.end().map(|()| signatures));
            read.map_err(|error| told(&not_as_signed(&error)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(told(&error)),
    }
}

/// What is said of a file of a bundle that is not as it was written.
fn not_as_signed(error: &serde_json::Error) -> String {
    format!("it is not what `octroi policy sign` writes: {error}\n  help: take the whole bundle from whoever signed it")
}

/// A signature that is not of the approver whose name it bears.
#[derive(Debug)]
pub(crate) struct NotTheirs {
    name: String,
    /// The approver whose key made it.
    owner: Option<String>,
    /// Another signature of the same text holds.
    same_text: bool,
}

impl NotTheirs {
    /// In one sentence.
    pub(crate) fn said(&self, language: Language) -> String {
        let Self { name, owner, same_text } = self;
        match (language, owner, same_text) {
            (Language::En, Some(owner), _) => format!(
                "the signature of `{name}` does not hold: it was made with the key of `{owner}`, not with the one that the file of approvers names for `{name}`"
            ),
            (Language::En, None, true) => {
                format!("the signature of `{name}` does not hold: the key is not the one in the file of approvers")
            }
            (Language::En, None, false) => format!(
                "the signature of `{name}` does not hold: the key is not the one in the file of approvers, or what was signed has changed"
            ),
            (Language::Fr, Some(owner), _) => format!(
                "la signature de `{name}` ne tient pas : elle est de la clé de `{owner}`, non de celle que le fichier des approbateurs donne à `{name}`"
            ),
            (Language::Fr, None, true) => {
                format!("la signature de `{name}` ne tient pas : la clé n'est pas celle du fichier des approbateurs")
            }
            (Language::Fr, None, false) => format!(
                "la signature de `{name}` ne tient pas : la clé n'est pas celle du fichier des approbateurs, ou ce qui a été signé a changé"
            ),
        }
    }
}

/// Whose signatures of some bytes hold: one name for each key, since one key is one person, whatever names it goes by.
/// Signatures by others than the known approvers are left alone.
///
/// # Errors
/// A signature of a known approver that does not hold, and whether it was made with another key or of another text.
pub(crate) fn signed_by(
    bytes: &[u8],
    signatures: &BTreeMap<String, String>,
    known: &Approvers,
) -> Result<Vec<String>, NotTheirs> {
    let (signed, broken) = judged(bytes, signatures, known);
    broken.map_or(Ok(signed), Err)
}

/// The same, with what is wrong beside the signatures that hold: for what one approver may say alone, where whoever adds a bad
/// signature in the name of another must not void it.
pub(super) fn judged(
    bytes: &[u8],
    signatures: &BTreeMap<String, String>,
    known: &Approvers,
) -> (Vec<String>, Option<NotTheirs>) {
    let (mut signed, mut broken) = (BTreeMap::<&[u8], String>::new(), Vec::<(&String, Vec<u8>)>::new());
    let holds = |key: &[u8], signature: &[u8]| UnparsedPublicKey::new(&ED25519, key).verify(bytes, signature).is_ok();
    for (name, signature) in signatures {
        let Some(key) = known.get(name) else { continue };
        let signature = STANDARD.decode(signature).unwrap_or_default();
        if !holds(key, &signature) {
            broken.push((name, signature));
            continue;
        }
        signed.insert(key, name.clone());
    }
    let told = broken.first().map(|(name, signature)| {
        let owner = known.iter().find(|(_, key)| holds(key, signature)).map(|(owner, _)| owner.clone());
        // Where another signature of the same text holds, the text is not what differs.
        NotTheirs { name: (*name).clone(), owner, same_text: !signed.is_empty() }
    });
    let mut names: Vec<String> = signed.into_values().collect();
    names.sort_unstable();
    (names, told)
}
