//! `octroi model`: encoders, as folders whose files are pinned. Nothing is ever fetched: an operator brings the files.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use super::{Exit, Printer};
use crate::leak::meaning::Embedder as _;
use crate::leak::model::{self, MANIFEST, Model, PREFIX_BYTES_MAX};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Copy an encoder's folder (config.json, model.safetensors, tokenizer.json) among the models and pin its files
    Add(Add),
    /// List the models; one whose files are not the pinned ones is told
    List(List),
}

#[derive(Debug, clap::Args)]
pub(super) struct Add {
    /// The folder with the files, as its makers publish them
    folder: PathBuf,
    /// Where models are kept
    #[arg(long, default_value = "models", value_name = "DIR")]
    models: PathBuf,
    /// Its name among them; without it the folder's
    #[arg(long)]
    name: Option<String>,
    /// What the model wants before each text, such as `query: `
    #[arg(long, default_value = "", hide_default_value = true)]
    prefix: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Where models are kept
    #[arg(long, default_value = "models", value_name = "DIR")]
    models: PathBuf,
    /// Write JSON, one model a line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    sha256: String,
    dimension: usize,
    layers: usize,
    vocabulary: usize,
    folder: String,
}

pub(super) fn run(command: &Command, printer: Printer) -> anyhow::Result<Exit> {
    match command {
        Command::Add(arguments) => add(arguments, printer),
        Command::List(arguments) => list(arguments, printer),
    }
}

fn add(arguments: &Add, printer: Printer) -> anyhow::Result<Exit> {
    let Add { folder, models, name, prefix } = arguments;
    anyhow::ensure!(prefix.len() <= PREFIX_BYTES_MAX, "--prefix has more than {PREFIX_BYTES_MAX} bytes");
    let own = folder.canonicalize().with_context(|| format!("`{}`", folder.display()))?;
    let own = own.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (model, is_new) = model::add(folder, models, name.as_deref().unwrap_or(&own), prefix)?;
    printer.line(format!("{}\t{}", model.name(), model.digest()));
    if !is_new {
        printer.say("it was registered already, and is as it was");
    }
    let place = models.join(model.name());
    printer.say(format!(
        "in octroi.toml, under [corpus]:\n  model = \"{}\"\n  model_sha256 = \"{}\"\nthen `octroi corpus add FILES` lets it read the documents",
        place.display(),
        model.digest()
    ));
    Ok(Exit::Well)
}

fn list(arguments: &List, printer: Printer) -> anyhow::Result<Exit> {
    let mut ended = Exit::Well;
    for folder in folders(&arguments.models)? {
        match Model::open(&folder, None) {
            Ok(model) => tell(&model, &folder, arguments.json, printer),
            Err(error) => {
                printer.say(error.to_string());
                ended = Exit::Findings;
            }
        }
    }
    Ok(ended)
}

fn tell(model: &Model, folder: &Path, json: bool, printer: Printer) {
    let config = model.config();
    let listed = Listed {
        name: model.name(),
        sha256: model.digest().to_string(),
        dimension: config.hidden,
        layers: config.layers,
        vocabulary: config.vocabulary,
        folder: folder.display().to_string(),
    };
    if json {
        return printer.json(&listed);
    }
    let Listed { name, sha256, dimension, layers, vocabulary, .. } = listed;
    printer.line(format!("{name}\t{sha256}\t{layers} layers, rows of {dimension}, {vocabulary} pieces"));
}

/// Folders with pins, in order of their names.
fn folders(models: &Path) -> anyhow::Result<Vec<PathBuf>> {
    anyhow::ensure!(
        models.is_dir(),
        "there are no models in `{}`\n  help: `octroi model add DIR` makes one of a folder; another place is named with --models DIR",
        models.display()
    );
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(models).with_context(|| format!("`{}`", models.display()))? {
        let folder = entry?.path();
        let is_hidden = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if folder.join(MANIFEST).exists() && !is_hidden {
            folders.push(folder);
        }
    }
    folders.sort();
    Ok(folders)
}
