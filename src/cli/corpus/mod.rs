//! `octroi corpus`: the documents that must not leave. Runs on the officer's machine: only here are paths and passages shown.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the command line names files and reads the time"
)]

pub(super) mod add;
mod calibrate;
mod progress;
mod scan;
mod show;

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::{Exit, Printer};
use crate::app;
use crate::identity::RootKey;
use crate::leak::corpus::EVERYBODY;
use crate::leak::model::{Model, ModelDigest};
use crate::leak::store::CorpusKeys;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Register documents: files, or folders with all that is in them. Going on after a break adds what is missing
    Add(add::Arguments),
    /// List registered documents
    List(show::List),
    /// Remove documents by path, folder or id; at once, for a running gateway too
    Remove(show::Remove),
    /// Write the files anew without removed documents, under a running gateway too
    Compact(show::Compact),
    /// Say what would be found in a text, with the passage side by side
    Scan(scan::Arguments),
    /// Measure what harmless texts score, and set the scale by it
    Calibrate(calibrate::Arguments),
    /// Count what is registered
    Stats(show::Stats),
}

/// Where the corpus is, and its key.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// The folder of the corpus; without it that of the configuration
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// The configuration file, for its folder and its root key
    #[arg(long, default_value = "octroi.toml", env = "OCTROI_CONFIG")]
    config: PathBuf,
}

impl Place {
    /// The folder and the keys of it. A corpus that has a key of its own (`corpus.key`) keeps it; else the configuration's root
    /// seals it; where there is neither, a key is made beside the segments.
    fn open(&self, make: bool, printer: Printer) -> anyhow::Result<(PathBuf, CorpusKeys)> {
        let config = if self.config.exists() { Some(app::configuration(&self.config)?) } else { None };
        let folder =
            self.corpus.clone().or_else(|| config.as_ref()?.corpus.as_ref().map(|corpus| corpus.folder.clone()));
        let folder = folder.unwrap_or_else(|| PathBuf::from("corpus"));
        anyhow::ensure!(
            make || folder.is_dir(),
            "there is no corpus in `{}`\n  help: `octroi corpus add FILES` makes one; another is named with --corpus DIR, or by `[corpus] folder` of octroi.toml",
            folder.display()
        );
        let own = folder.join(app::CORPUS_KEY);
        let root = match &config {
            _ if own.exists() => RootKey::read(&own)?,
            Some(config) => RootKey::read(&config.root_key)?,
            None => {
                anyhow::ensure!(make, "`{}` has no corpus", folder.display());
                anyhow::ensure!(
                    !is_sealed(&folder)?,
                    "`{}` holds documents, and their key is not there: a second key would make them unreadable\n  help: name the configuration whose root key sealed them with --config, or put `{}` back",
                    folder.display(),
                    app::CORPUS_KEY
                );
                super::init::secret_folder(&folder)?;
                printer.say(format!("a key was made: {}; keep it apart from copies of the corpus", own.display()));
                RootKey::create(&own)?
            }
        };
        Ok((folder, app::corpus_keys(&root)))
    }

    /// The model that reads for meaning: the one that is named, else the configuration's, if it has one.
    fn model(&self, named: Option<&Path>) -> anyhow::Result<Option<Model>> {
        if let Some(folder) = named {
            return Ok(Some(Model::open(folder, None)?));
        }
        let config = if self.config.exists() { Some(app::configuration(&self.config)?) } else { None };
        let model = config.and_then(|config| config.corpus?.model);
        Ok(model.map(|model| Model::open(&model.folder, model.sha256.map(ModelDigest))).transpose()?)
    }
}

pub(super) fn run(command: Command, printer: Printer) -> anyhow::Result<Exit> {
    match command {
        Command::Add(arguments) => add::run(&arguments, printer),
        Command::List(arguments) => show::list(&arguments, printer),
        Command::Remove(arguments) => show::remove(&arguments, printer),
        Command::Compact(arguments) => show::run_compact(&arguments, printer),
        Command::Scan(arguments) => scan::run(&arguments, printer),
        Command::Calibrate(arguments) => calibrate::run(&arguments, printer),
        Command::Stats(arguments) => show::stats(&arguments, printer),
    }
}

/// Whether a folder holds what a key sealed: the folders of tenants.
fn is_sealed(folder: &Path) -> anyhow::Result<bool> {
    match std::fs::read_dir(folder) {
        Ok(entries) => {
            for entry in entries {
                if entry?.file_type()?.is_dir() {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Files, and what is none and is passed over.
#[derive(Debug, Default)]
pub(in crate::cli) struct Listed {
    /// In order.
    pub(in crate::cli) files: Vec<PathBuf>,
    /// Symbolic links: what they lead to may lie anywhere, so nobody follows them.
    pub(in crate::cli) links: Vec<PathBuf>,
}

/// Every file below the paths, in order; hidden folders and what builds leave behind are left out. A link that is named itself is
/// what it leads to.
fn files(paths: &[PathBuf]) -> anyhow::Result<Listed> {
    let mut listed = Listed::default();
    for path in paths {
        let is_wanted = |entry: &walkdir::DirEntry| {
            let name = entry.file_name().to_string_lossy();
            entry.depth() == 0
                || !(entry.file_type().is_dir()
                    && (name.starts_with('.') || ["target", "node_modules"].contains(&&*name)))
        };
        for entry in walkdir::WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(is_wanted) {
            let entry = entry.map_err(|error| match error.io_error() {
                // The system's word alone: the error names the path once more.
                Some(cause) => anyhow::anyhow!("`{}` cannot be read: {cause}", path.display()),
                None => anyhow::Error::from(error),
            })?;
            let (is_link, is_named) = (entry.path_is_symlink(), entry.depth() == 0);
            if entry.file_type().is_file() || (is_link && is_named && entry.path().is_file()) {
                listed.files.push(plain(entry.path()));
            } else if is_link && !(is_named && entry.path().is_dir()) {
                listed.links.push(plain(entry.path()));
            }
        }
    }
    Ok(listed)
}

/// A path without its `.`: one file has one name, however it was typed.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect()
}

/// A tenant as it is shown.
fn shown(tenant: &str) -> &str {
    if tenant == EVERYBODY { "*" } else { tenant }
}

/// Reads a file and its text.
fn read_text(path: &Path) -> anyhow::Result<(Vec<u8>, String)> {
    use crate::leak::extract;
    let size = std::fs::metadata(path)?.len();
    anyhow::ensure!(size <= extract::FILE_BYTES_MAX, "it has more than {} bytes", extract::FILE_BYTES_MAX);
    let bytes = std::fs::read(path)?;
    let text = extract::text(&path.to_string_lossy(), &bytes)?;
    Ok((bytes, text))
}
