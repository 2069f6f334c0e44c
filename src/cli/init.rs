//! `octroi init`: a new configuration in a folder: the operator's file, the officer's folder, the root key, a certificate to
//! begin with.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::{Exit, Printer, certificates, policy};
use crate::disk;
use crate::identity::RootKey;
use crate::policy::{Language, starter};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder to make it in
    dir: PathBuf,
    /// The country that is home, as two letters of ISO 3166-1
    #[arg(long)]
    home: String,
    /// The language of the policy sheet: en or fr (default: that of the system)
    #[arg(long)]
    lang: Option<String>,
}

/// The operator's file of a new configuration.
const CONFIGURATION: &str = include_str!("init.toml");

pub(super) fn run(arguments: &Arguments, printer: Printer) -> anyhow::Result<Exit> {
    let language = match &arguments.lang {
        Some(code) => policy::language(code)?,
        None => policy::locale(),
    };
    policy::answered(make(arguments, language, printer), language, printer)
}

fn make(arguments: &Arguments, language: Language, printer: Printer) -> anyhow::Result<Exit> {
    let home = super::home_of(&arguments.home)?;
    let dir = &arguments.dir;
    let configuration = dir.join("octroi.toml");
    if configuration.exists() {
        bail!("`{}` is there already: nothing was changed", configuration.display());
    }
    group_folder(dir)?;
    for (path, text) in starter::init(home.as_str(), language)? {
        write(&dir.join("policies").join(path), &text, 0o644)?;
    }
    secret_folder(&dir.join("keys"))?;
    RootKey::create(&dir.join("keys/root.key"))?;
    certificates::make(&dir.join("certs"), &["localhost", "127.0.0.1", "::1"])?;
    group_folder(&dir.join("audit"))?;
    write(&configuration, CONFIGURATION, 0o644)?;
    if language == Language::Fr {
        printer.line(format!("{} est fait", dir.display()));
        printer.say(format!(
            "ensuite :\n  1. le délégué dit ce qui est vrai de vos hébergeurs dans {0}/policies/backends.toml et lit {0}/policies/main.policy (docs/politique.md)\n  2. vous donnez leurs adresses dans {0}/octroi.toml\n  3. octroi check --config {0}/octroi.toml\n  4. octroi key new --app example --config {0}/octroi.toml\n  5. octroi serve --config {0}/octroi.toml\nle certificat de {0}/certs est pour le développement : remplacez-le par un de votre propre autorité",
            dir.display()
        ));
        return Ok(Exit::Well);
    }
    printer.line(format!("made {}", dir.display()));
    printer.say(format!(
        "next:\n  1. the officer states what is true of your backends in {0}/policies/backends.toml and reads {0}/policies/main.policy\n  2. you give their addresses in {0}/octroi.toml\n  3. octroi check --config {0}/octroi.toml\n  4. octroi key new --app example --config {0}/octroi.toml\n  5. octroi serve --config {0}/octroi.toml\nthe certificate in {0}/certs is for development: replace it by one of your own authority",
        dir.display()
    ));
    Ok(Exit::Well)
}

/// Makes a folder that only its owner may enter.
pub(super) fn secret_folder(path: &Path) -> anyhow::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(|| format!("{}", path.display()))
}

/// Makes a folder that its group may enter and read: the log's readers do, as in one that the gateway makes.
fn group_folder(path: &Path) -> anyhow::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o750).create(path).with_context(|| format!("{}", path.display()))
}

/// Writes a new file and its folders.
pub(super) fn write(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)
        .with_context(|| format!("{}", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("{}", path.display()))
}

/// Replaces a file whole: a reader sees the old text or the new, never half of one.
pub(super) fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let mode = std::fs::metadata(path).map(|data| std::os::unix::fs::PermissionsExt::mode(&data.permissions()) & 0o777);
    disk::replace(path, text.as_bytes(), mode.unwrap_or(0o644)).with_context(|| format!("{}", path.display()))
}
