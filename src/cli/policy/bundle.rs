//! `key`, `sign`, `verify`: a policy folder as a signed bundle.
//!
//! ```text
//!  BUNDLE/manifest.json      name, version, digests of the compiled policy, SHA-256 of each file
//!  BUNDLE/signatures.json    { approver: base64 of an Ed25519 signature of the bytes of manifest.json }
//!  BUNDLE/policies/…         the files themselves, packs that octroi brings included
//! ```
//!
//! A bundle holds when every file has the hash of the manifest and nothing else lies beside them, the files compile to the
//! digests of the manifest, its version is higher than that of the bundle before it, and enough distinct approvers signed:
//! two when the difference to the bundle before opens a flow or cannot be shown to open none, one otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{Exit, Folder, Printer, show, study};
use crate::cli::init::write;
use crate::model::entry::Digest;
use crate::policy::starter;
use crate::policy::study::Study;

const FORMAT: &str = "octroi policy bundle 1";
/// Files of a bundle; a folder with more is not one.
const FILES_MAX: usize = 1_000;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Key {
    /// The file to write the secret key to
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Sign {
    /// The bundle to make, or to add a signature to
    bundle: PathBuf,
    /// The secret key
    #[arg(long)]
    key: PathBuf,
    /// The name of the approver
    #[arg(long = "as", value_name = "NAME")]
    approver: String,
    #[command(flatten)]
    folder: Folder,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Verify {
    /// The bundle
    bundle: PathBuf,
    /// A TOML file: [approver] with NAME = "ed25519:…" for each
    #[arg(long)]
    approvers: PathBuf,
    /// The bundle in force before
    #[arg(long)]
    previous: Option<PathBuf>,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    format: String,
    policy: String,
    version: u32,
    digest: String,
    inventory_digest: String,
    reference_digest: String,
    /// Path below `policies/` and SHA-256.
    files: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Approvers {
    approver: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Verified {
    policy: String,
    version: u32,
    digest: String,
    approvers: Vec<String>,
    needed: usize,
    opens: Option<usize>,
    holds: bool,
}

pub(super) fn key(arguments: &Key, printer: Printer) -> anyhow::Result<Exit> {
    ensure!(!arguments.file.exists(), "`{}` is there already: nothing was changed", arguments.file.display());
    let secret = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).context("a key could not be made")?;
    let pair = Ed25519KeyPair::from_pkcs8(secret.as_ref()).context("a key could not be made")?;
    write(&arguments.file, &format!("{}\n", STANDARD.encode(secret.as_ref())), 0o600)?;
    printer.line(format!("ed25519:{}", STANDARD.encode(pair.public_key())));
    Ok(Exit::Well)
}

pub(super) fn sign(arguments: &Sign, printer: Printer) -> anyhow::Result<Exit> {
    let text = std::fs::read_to_string(&arguments.key).with_context(|| format!("{}", arguments.key.display()))?;
    let secret = STANDARD.decode(text.trim()).context("this is no secret key")?;
    let pair = Ed25519KeyPair::from_pkcs8(&secret).context("this is no secret key")?;
    let place = arguments.bundle.join("manifest.json");
    if !place.exists() {
        let study = study(&arguments.folder.policies)?;
        make(&arguments.bundle, &arguments.folder.policies, &study)?;
    }
    // Whoever signs second signs what lies there, and only if it is whole.
    let (manifest, bytes, _) = read(&arguments.bundle)?;
    let mut signatures = signatures(&arguments.bundle)?;
    signatures.insert(arguments.approver.clone(), STANDARD.encode(pair.sign(&bytes).as_ref()));
    let text = serde_json::to_string_pretty(&signatures).context("signatures")?;
    write(&arguments.bundle.join("signatures.json"), &format!("{text}\n"), 0o644)?;
    show(printer, arguments.folder.json, &manifest, || {
        printer.line(format!("{} version {} signed by {}", manifest.policy, manifest.version, arguments.approver));
    });
    Ok(Exit::Well)
}

/// Copies the files of a folder into a new bundle.
fn make(bundle: &Path, folder: &Path, study: &Study) -> anyhow::Result<()> {
    let mut files = listed(folder)?;
    let own: BTreeSet<String> = files.keys().cloned().collect();
    let sheets = files.iter().filter(|(path, _)| !path.contains('/')).map(|(_, text)| text.clone()).collect::<String>();
    for (name, text) in starter::packs() {
        let path = format!("packs/{name}.policy");
        if sheets.contains(name) && !own.contains(&path) {
            files.insert(path, text.to_owned());
        }
    }
    let mut hashes = BTreeMap::new();
    for (path, text) in &files {
        write(&bundle.join("policies").join(path), text, 0o644)?;
        hashes.insert(path.clone(), sha256(text.as_bytes()));
    }
    let policy = study.policy();
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        policy: policy.name().to_string(),
        version: policy.version(),
        digest: policy.digest().to_string(),
        inventory_digest: policy.inventory_digest().to_string(),
        reference_digest: policy.reference_digest().to_string(),
        files: hashes,
    };
    let text = serde_json::to_string_pretty(&manifest).context("the manifest")?;
    write(&bundle.join("manifest.json"), &format!("{text}\n"), 0o644)
}

/// The officer's files of a folder: sheets, packs, reference data, detectors.
fn listed(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for (inside, extensions) in
        [("", &["policy", "toml"][..]), ("packs", &["policy"]), ("reference", &["toml"]), ("detectors", &["toml"])]
    {
        let place = folder.join(inside);
        if !place.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&place).with_context(|| format!("{}", place.display()))? {
            let path = entry?.path();
            let fits = path.extension().and_then(|e| e.to_str()).is_some_and(|e| extensions.contains(&e));
            let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| fits && path.is_file()) else {
                continue;
            };
            let name = if inside.is_empty() { name.to_owned() } else { format!("{inside}/{name}") };
            files.insert(name, std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?);
            ensure!(files.len() <= FILES_MAX, "there are more than {FILES_MAX} files in {}", folder.display());
        }
    }
    Ok(files)
}

/// Reads a bundle and checks its files against the manifest, and the compiled policy against the digests.
fn read(bundle: &Path) -> anyhow::Result<(Manifest, Vec<u8>, Study)> {
    let place = bundle.join("manifest.json");
    let bytes = std::fs::read(&place).with_context(|| format!("{}", place.display()))?;
    let manifest: Manifest = serde_json::from_slice(&bytes).with_context(|| format!("{}", place.display()))?;
    ensure!(manifest.format == FORMAT, "this bundle is of another format: `{}`", manifest.format);
    let folder = bundle.join("policies");
    let found: BTreeMap<String, String> =
        listed(&folder)?.into_iter().map(|(path, text)| (path, sha256(text.as_bytes()))).collect();
    for (path, hash) in &manifest.files {
        match found.get(path) {
            None => bail!("`{path}` of the manifest is not in the bundle"),
            Some(other) if other != hash => bail!("`{path}` is not what was signed"),
            Some(_) => {}
        }
    }
    if let Some(path) = found.keys().find(|path| !manifest.files.contains_key(*path)) {
        bail!("`{path}` is in the bundle and not in the manifest");
    }
    let study = study(&folder)?;
    let policy = study.policy();
    let digests = [
        (&manifest.digest, policy.digest(), "sheets"),
        (&manifest.inventory_digest, policy.inventory_digest(), "inventory"),
        (&manifest.reference_digest, policy.reference_digest(), "reference data"),
    ];
    for (told, found, what) in digests {
        ensure!(*told == found.to_string(), "the {what} compile to another digest here than was signed");
    }
    ensure!(manifest.version == policy.version(), "the version of the manifest is not that of the sheet");
    Ok((manifest, bytes, study))
}

fn signatures(bundle: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let place = bundle.join("signatures.json");
    if !place.exists() {
        return Ok(BTreeMap::new());
    }
    let text = std::fs::read_to_string(&place).with_context(|| format!("{}", place.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{}", place.display()))
}

pub(super) fn verify(arguments: &Verify, printer: Printer) -> anyhow::Result<Exit> {
    let (manifest, bytes, new) = read(&arguments.bundle)?;
    let known = approvers(&arguments.approvers)?;
    let mut signed: BTreeMap<Vec<u8>, String> = BTreeMap::new();
    for (name, signature) in signatures(&arguments.bundle)? {
        let Some(key) = known.get(&name) else { continue };
        let signature = STANDARD.decode(signature).with_context(|| format!("the signature of {name}"))?;
        if UnparsedPublicKey::new(&ED25519, key).verify(&bytes, &signature).is_err() {
            bail!("the signature of `{name}` does not hold");
        }
        // One key is one person, whatever names it goes by.
        signed.insert(key.clone(), name);
    }
    let opens = match &arguments.previous {
        None => None,
        Some(previous) => {
            let (before, _, old) = read(previous)?;
            ensure!(
                manifest.version > before.version,
                "version {} does not follow version {}: versions only increase",
                manifest.version,
                before.version
            );
            old.diff(&new).ok().map(
                |differences| {
                    if differences.no_flow_is_opened { 0 } else { differences.opened.len().max(1) }
                },
            )
        }
    };
    let needed = if opens == Some(0) { 1 } else { 2 };
    let verified = Verified {
        policy: manifest.policy,
        version: manifest.version,
        digest: manifest.digest,
        approvers: signed.into_values().collect(),
        needed,
        opens,
        holds: false,
    };
    let verified = Verified { holds: verified.approvers.len() >= needed, ..verified };
    show(printer, arguments.json, &verified, || {
        printer.line(format!("{} version {}", verified.policy, verified.version));
        printer.line(format!(
            "signed by {} of {} needed: {}",
            verified.approvers.len(),
            needed,
            verified.approvers.join(", ")
        ));
        printer.line(match verified.opens {
            Some(0) => "no flow is opened: proven over all requests".to_owned(),
            Some(opened) => format!("{opened} flows are opened: two approvers are needed"),
            None => "there is nothing to compare it with: two approvers are needed".to_owned(),
        });
        printer.line(if verified.holds { "the bundle holds" } else { "the bundle does not hold" });
    });
    Ok(if verified.holds { Exit::Well } else { Exit::Findings })
}

fn approvers(file: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
    let read: Approvers = toml::from_str(&text).with_context(|| format!("{}", file.display()))?;
    let mut keys = BTreeMap::new();
    for (name, key) in read.approver {
        let bytes = key.strip_prefix("ed25519:").and_then(|key| STANDARD.decode(key).ok());
        let bytes = bytes.filter(|bytes| bytes.len() == 32);
        keys.insert(
            name.clone(),
            bytes.with_context(|| format!("the key of `{name}` is not `ed25519:` and 44 characters"))?,
        );
    }
    Ok(keys)
}

fn sha256(bytes: &[u8]) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut digest = Digest([0; 32]);
    for (to, from) in digest.0.iter_mut().zip(hash.as_ref()) {
        *to = *from;
    }
    digest.to_string()
}
