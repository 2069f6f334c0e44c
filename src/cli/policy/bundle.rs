//! `key`, `sign`, `verify`: a policy folder as a signed bundle. What a bundle is and when it holds stands in `app/bundle.rs`,
//! which the gateway asks too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::builder::NonEmptyStringValueParser;
use serde::Serialize;

use super::approval::Against;
use super::read::colon;
use super::{Exit, Folder, Printer, counted, now, say, show, study};
use crate::app::{Bundle, Files, Manifest, approvers, inside_bundle, opens, signatures, uncovered};
use crate::cli::init::write;
use crate::policy::study::Study;
use crate::policy::{Language, run_scenarios};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Key {
    /// The file to write the secret key to; never in the policy folder, which others read
    file: PathBuf,
    #[command(flatten)]
    pub(super) folder: Folder,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Sign {
    /// The bundle to make, or to add a signature to
    pub(super) bundle: PathBuf,
    /// The secret key
    #[arg(long)]
    key: PathBuf,
    /// The name of the approver
    #[arg(long = "as", value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    approver: String,
    /// The policy folder that the bundle is made of (default policies); for a bundle that is there already, it must be the same
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// Sign although scenarios of the sheets do not come out as told
    #[arg(long)]
    despite_scenarios: bool,
    /// Write JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    against: Against,
}

impl Sign {
    /// The folder whose sheets say in which language it answers: the bundle, else what it is made of.
    pub(super) fn folder(&self) -> &Path {
        let made_of = self.policies.as_deref().unwrap_or_else(|| Path::new("policies"));
        if self.bundle.exists() { &self.bundle } else { made_of }
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Verify {
    /// The bundle
    pub(super) bundle: PathBuf,
    /// A TOML file: [approver] with NAME = "ed25519:…" for each
    #[arg(long)]
    approvers: PathBuf,
    /// The bundle in force before
    #[arg(long)]
    previous: Option<PathBuf>,
    /// The policy folder that the bundle must be the same as
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// Write JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Made<'a> {
    file: &'a Path,
    public: String,
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
    /// Names under which it is signed that are no approver's.
    strangers: Vec<String>,
    /// What lies beside what was signed.
    uncovered: Vec<String>,
    /// Whether it was held against another.
    #[serde(skip)]
    compared: bool,
}

pub(super) fn key(arguments: &Key, printer: Printer) -> anyhow::Result<Exit> {
    ensure!(!arguments.file.exists(), "`{}` is there already: nothing was changed", arguments.file.display());
    // Where they really are: `../dpo.key` is not within the folder that it is named from.
    let place = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path));
    let place = |path: &Path| place(path).with_context(|| format!("{}", path.display()));
    let policies = &arguments.folder.policies;
    let beside =
        arguments.file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    ensure!(
        !place(beside)?.starts_with(place(policies)?),
        "`{}` lies in the policy folder `{}`, which others read and bundles copy: nothing was written\n  help: keep secret keys \
         elsewhere",
        arguments.file.display(),
        policies.display()
    );
    let secret = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).context("a key could not be made")?;
    let pair = Ed25519KeyPair::from_pkcs8(secret.as_ref()).context("a key could not be made")?;
    write(&arguments.file, &format!("{}\n", STANDARD.encode(secret.as_ref())), 0o600)?;
    let made = Made { file: &arguments.file, public: format!("ed25519:{}", STANDARD.encode(pair.public_key())) };
    show(printer, arguments.folder.json, &made, || printer.line(&made.public));
    Ok(Exit::Well)
}

/// Reads a secret key that [`key`] made.
pub(super) fn secret(file: &Path) -> anyhow::Result<Ed25519KeyPair> {
    let text = std::fs::read(file).with_context(|| format!("{}", file.display()))?;
    let pair = STANDARD.decode(text.trim_ascii()).ok().and_then(|secret| Ed25519KeyPair::from_pkcs8(&secret).ok());
    pair.with_context(|| {
        format!(
            "`{}` is no secret key: nothing was signed\n  help: name with --key the file that `octroi policy key` made",
            file.display()
        )
    })
}

/// Adds a signature to those of a text. One key is one person, whatever names it goes by, and a name has one key.
pub(super) fn add(
    signatures: &mut BTreeMap<String, String>,
    (name, signed): (&str, String),
    file: &Path,
) -> anyhow::Result<()> {
    let file = file.display();
    // Ed25519 signs the same text with the same key in the same way.
    if let Some((other, _)) = signatures.iter().find(|(other, by)| *other != name && **by == signed) {
        bail!(
            "this key has signed as `{other}` already: nothing was signed\n  help: a second approver signs with a key of their \
             own; to change the name, take that signature out of `{file}` first"
        );
    }
    ensure!(
        signatures.get(name).is_none_or(|there| *there == signed),
        "`{name}` has signed this with another key: nothing was signed\n  help: name yourself with --as; to replace that \
         signature, take it out of `{file}` first"
    );
    signatures.insert(name.to_owned(), signed);
    Ok(())
}

/// Signs some bytes.
pub(super) fn signature(pair: &Ed25519KeyPair, bytes: &[u8]) -> String {
    STANDARD.encode(pair.sign(bytes).as_ref())
}

pub(super) fn sign(arguments: &Sign, printer: Printer) -> anyhow::Result<Exit> {
    let pair = secret(&arguments.key)?;
    let is_there = arguments.bundle.join("manifest.json").exists();
    if !is_there {
        let folder = arguments.policies.as_deref().unwrap_or_else(|| Path::new("policies"));
        // From then on what is edited there would count for nothing: commands read what was signed.
        let is_same =
            arguments.bundle.canonicalize().is_ok_and(|bundle| folder.canonicalize().is_ok_and(|it| it == bundle));
        ensure!(
            !is_same,
            "`{}` is the folder of the sheets themselves: nothing was signed\n  help: name a folder of its own for the bundle, \
             such as `live`",
            folder.display()
        );
        make(&arguments.bundle, folder, arguments.despite_scenarios)?;
    }
    // Whoever signs second signs what lies there, and only if it is whole and what they mean.
    let bundle = Bundle::read(&arguments.bundle)?;
    if let Some(folder) = arguments.policies.as_deref().filter(|_| is_there) {
        is_of(&bundle, &arguments.bundle, folder).context("nothing was signed")?;
    }
    let study = bundle.officer.study(now())?;
    bundle.compiles_to(study.policy())?;
    let untrue = untrue(&study, arguments.despite_scenarios)?;
    let mut signatures = signatures(&arguments.bundle)?;
    let signed = signature(&pair, &bundle.bytes);
    let place = arguments.bundle.join("signatures.json");
    add(&mut signatures, (&arguments.approver, signed), &place)?;
    let what = (bundle.bytes.as_slice(), &signatures);
    let standing = arguments.against.stand(&arguments.bundle, what, &arguments.approver, study.language())?;
    let text = serde_json::to_string_pretty(&signatures).context("signatures")?;
    write(&place, &format!("{text}\n"), 0o644)?;
    let manifest = &bundle.manifest;
    show(printer, arguments.json, manifest, || {
        let signed = say(study.language(), "signed by", "signée par");
        printer.line(format!("{} version {} {signed} {}", manifest.policy, manifest.version, arguments.approver));
        for scenario in &untrue {
            let signed = say(
                study.language(),
                "signed although it does not come out as told",
                "signée malgré un scénario qui ne donne pas ce qui est annoncé",
            );
            printer.line(format!("{signed}{}{scenario}", colon(study.language())));
        }
        printer.line(standing.said(2, study.language()));
        // A second approver has made that good.
        if signatures.len() == 1 {
            printer.line(say(
                study.language(),
                "one is enough where it opens no flow: octroi policy verify --previous says so",
                "un seul suffit là où aucun flux n'est ouvert : octroi policy verify --previous le dit",
            ));
        }
    });
    Ok(Exit::Well)
}

/// Whether a bundle is what a folder would make.
fn is_of(bundle: &Bundle, path: &Path, folder: &Path) -> anyhow::Result<()> {
    let files = Files::read(&inside_bundle(folder))?.complete();
    let (lies, meant) = (&bundle.manifest.files, Manifest::of(study(folder)?.policy(), &files).files);
    let names: BTreeSet<&String> = lies.keys().chain(meant.keys()).collect();
    let differ: Vec<&str> =
        names.into_iter().filter(|name| lies.get(*name) != meant.get(*name)).map(String::as_str).collect();
    ensure!(
        differ.is_empty(),
        "`{}` is not what `{}` holds now: {} differ\n  help: make a new bundle of that folder, or leave --policies out to \
         take what lies in the bundle",
        path.display(),
        folder.display(),
        differ.join(", ")
    );
    Ok(())
}

/// The scenarios that do not come out as told: nobody signs them unawares.
fn untrue(study: &Study, despite: bool) -> anyhow::Result<Vec<String>> {
    let results = run_scenarios(study.policy(), study.instant());
    let untrue = results.iter().filter(|result| !result.failures.is_empty());
    let untrue: Vec<String> = untrue.map(|one| format!("`{}` ({}:{})", one.title, one.file, one.line)).collect();
    ensure!(
        despite || untrue.is_empty(),
        "these scenarios do not come out as told: {}: nothing was signed\n  help: `octroi policy check` says why; mend the sheet or \
         the scenario, or sign all the same with --despite-scenarios",
        untrue.join(", ")
    );
    Ok(untrue)
}

/// Copies the files of a folder into a new bundle, with what octroi brings and they rest on.
fn make(bundle: &Path, folder: &Path, despite: bool) -> anyhow::Result<()> {
    let study = study(folder)?;
    untrue(&study, despite)?;
    let files = Files::read(&inside_bundle(folder))?.complete();
    for (path, bytes) in &files.by_path {
        write_bytes(&bundle.join("policies").join(path), bytes)?;
    }
    let text = serde_json::to_string_pretty(&Manifest::of(study.policy(), &files)).context("the manifest")?;
    write(&bundle.join("manifest.json"), &format!("{text}\n"), 0o644)
}

fn write_bytes(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    }
    std::fs::write(path, bytes).with_context(|| format!("{}", path.display()))
}

pub(super) fn verify(arguments: &Verify, printer: Printer) -> anyhow::Result<Exit> {
    let bundle = Bundle::read(&arguments.bundle)?;
    if let Some(folder) = &arguments.policies {
        is_of(&bundle, &arguments.bundle, folder)?;
    }
    let new = bundle.officer.study(now())?;
    bundle.compiles_to(new.policy())?;
    let known = approvers(&arguments.approvers).map_err(anyhow::Error::msg)?;
    let signed = bundle.signed_by(&known)?;
    let opens = match &arguments.previous {
        None => None,
        Some(previous) => {
            let before = Bundle::read(previous)?;
            // Whoever may write files could put anything there; what is compared with must have been approved itself.
            let approved = before.signed_by(&known).with_context(|| format!("{}", previous.display()))?;
            ensure!(
                !approved.is_empty(),
                "`{}` is signed by no known approver: it cannot have been in force before",
                previous.display()
            );
            ensure!(
                bundle.manifest.version > before.manifest.version,
                "version {} does not follow version {}: versions only increase",
                bundle.manifest.version,
                before.manifest.version
            );
            // Where other values are found, rules alone prove nothing.
            let same = before.manifest.detection() == bundle.manifest.detection();
            opens(&before.officer.study(now())?, &new).filter(|_| same)
        }
    };
    let needed = if opens == Some(0) { 1 } else { 2 };
    let strangers = bundle.strangers(&known);
    let uncovered =
        uncovered(&arguments.bundle, &bundle.manifest).with_context(|| format!("{}", arguments.bundle.display()))?;
    let verified = Verified {
        holds: signed.len() >= needed,
        policy: bundle.manifest.policy,
        version: bundle.manifest.version,
        digest: bundle.manifest.digest,
        approvers: signed,
        needed,
        opens,
        strangers,
        uncovered,
        compared: arguments.previous.is_some(),
    };
    show(printer, arguments.json, &verified, || {
        words(&verified, new.language(), printer);
    });
    Ok(if verified.holds && verified.uncovered.is_empty() { Exit::Well } else { Exit::Findings })
}

fn words(verified: &Verified, language: Language, printer: Printer) {
    let said = |en, fr| say(language, en, fr);
    let (signed, needed, names) = (verified.approvers.len(), verified.needed, verified.approvers.join(", "));
    printer.line(format!("{} version {}", verified.policy, verified.version));
    printer.line(match language {
        Language::En => format!("signed by {signed} of {needed} needed: {names}"),
        Language::Fr => format!("signé par {signed} sur {needed} requis : {names}"),
    });
    for name in &verified.strangers {
        let nobody = said(
            "this signature counts for nothing: the file of approvers does not have its name",
            "cette signature ne compte pas : le fichier des approbateurs n'a pas ce nom",
        );
        printer.line(format!("{nobody}{}{name}", colon(language)));
    }
    printer.line(match verified.opens {
        Some(0) => {
            said("no flow is opened: proven over all requests", "aucun flux n'est ouvert : prouvé pour toute requête")
                .to_owned()
        }
        Some(opened) => {
            let flows = ["flow is opened", "flows are opened"];
            let flows = counted(language, opened, (flows, ["flux est ouvert", "flux sont ouverts"]));
            format!("{flows}{}", said(": two approvers are needed", " : il faut deux approbateurs"))
        }
        None => unshown(verified, language),
    });
    for path in &verified.uncovered {
        let beside = said(
            "no signature covers this, and no gateway reads it",
            "aucune signature ne couvre ceci, et aucune passerelle ne le lit",
        );
        printer.line(format!("{beside}{}{path}", colon(language)));
    }
    printer.line(match (verified.holds, verified.uncovered.is_empty()) {
        (true, true) => said("the bundle holds", "le lot tient"),
        (true, false) => said(
            "what was signed holds: take away what lies beside it",
            "ce qui a été signé tient : retirez ce qui se trouve à côté",
        ),
        (false, _) => said("the bundle does not hold", "le lot ne tient pas"),
    });
}

/// What is said where what a bundle opens is not shown: two approvers are needed then, and have signed or have not.
fn unshown(verified: &Verified, language: Language) -> String {
    let compared = match (language, verified.compared) {
        (Language::En, false) => "what it opens is not shown: no bundle before it was named (--previous)",
        (Language::En, true) => "what it opens is not shown: detectors, lists, types or classes are others than before",
        (Language::Fr, false) => "ce qu'il ouvre n'est pas montré : aucun lot précédent n'a été indiqué (--previous)",
        (Language::Fr, true) => {
            "ce qu'il ouvre n'est pas montré : détecteurs, listes, types ou classes ont changé depuis le précédent"
        }
    };
    let signed = match (language, verified.holds) {
        (Language::En, true) => "two approvers answer for it",
        (Language::En, false) => "two approvers must answer for it",
        (Language::Fr, true) => "deux approbateurs en répondent",
        (Language::Fr, false) => "deux approbateurs doivent en répondre",
    };
    format!("{compared}; {signed}").replace("; ", language.semicolon())
}
