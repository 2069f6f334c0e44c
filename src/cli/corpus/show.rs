//! `octroi corpus list`, `remove`, `compact` and `stats`.

use std::path::Path;

use serde::Serialize;

use super::{Exit, Place, Printer, shown};
use crate::leak::corpus::Corpus;
use crate::leak::space::DocumentId;
use crate::leak::store::{Lock, Record, Writer, compact, tenants};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct List {
    /// Write JSON, one document a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Serialize)]
struct Listed<'a> {
    id: String,
    tenant: &'a str,
    class: &'a str,
    words: usize,
    registered: String,
    path: &'a str,
}

pub(super) fn list(arguments: &List, printer: Printer) -> anyhow::Result<Exit> {
    let (folder, keys) = arguments.place.open(false, printer)?;
    let corpus = Corpus::open(&folder, keys)?;
    for (tenant, of) in &*corpus.tenants() {
        for document in of.space.documents().iter().filter(|document| document.live) {
            let about = &document.about;
            let registered = jiff::Timestamp::from_millisecond(about.registered_ms).unwrap_or_default();
            let listed = Listed {
                id: about.id.to_string(),
                tenant: shown(tenant),
                class: &about.class,
                words: document.words(),
                registered: registered.strftime("%Y-%m-%d").to_string(),
                path: &about.path,
            };
            if arguments.json {
                printer.json(&listed);
            } else {
                let Listed { id, tenant, class, words, registered, path } = listed;
                printer.line(format!("{id}\t{tenant}\t{class}\t{words} words\t{registered}\t{path}"));
            }
        }
    }
    Ok(Exit::Well)
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Remove {
    /// Paths as they were registered, folders above them, or ids
    #[arg(required = true)]
    documents: Vec<String>,
    #[command(flatten)]
    place: Place,
}

pub(super) fn remove(arguments: &Remove, printer: Printer) -> anyhow::Result<Exit> {
    let (folder, keys) = arguments.place.open(false, printer)?;
    let lock = Lock::take(&folder)?;
    let corpus = Corpus::open(&folder, keys)?;
    let mut removed = 0;
    let mut unknown: Vec<&str> = arguments.documents.iter().map(String::as_str).collect();
    for (tenant, of) in &*corpus.tenants() {
        let mut ids: Vec<DocumentId> = Vec::new();
        for document in of.space.documents().iter().filter(|document| document.live) {
            let about = &document.about;
            let is_meant = |name: &str| about.id.to_string() == name || Path::new(&about.path).starts_with(name);
            if arguments.documents.iter().any(|name| is_meant(name)) {
                ids.push(about.id);
                unknown.retain(|name| !is_meant(name));
            }
        }
        if ids.is_empty() {
            continue;
        }
        let mut writer = Writer::open(&folder, corpus.keys(), tenant, &lock, drop)?;
        ids.iter().try_for_each(|id| writer.append(&Record::Removed(*id)))?;
        writer.sync()?;
        removed += ids.len();
    }
    printer.line(format!("{removed} documents removed"));
    if removed > 0 {
        printer.say("they count no more; `octroi corpus compact` takes them out of the files as well");
    }
    for name in &unknown {
        printer.say(format!("`{name}` is not registered"));
    }
    Ok(if unknown.is_empty() { Exit::Well } else { Exit::Findings })
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Compact {
    #[command(flatten)]
    place: Place,
}

pub(super) fn run_compact(arguments: &Compact, printer: Printer) -> anyhow::Result<Exit> {
    let (folder, keys) = arguments.place.open(false, printer)?;
    let lock = Lock::take(&folder)?;
    let before = bytes_of(&folder);
    let mut gone = 0;
    for tenant in tenants(&folder, &keys)? {
        gone += compact(&folder, &keys, &tenant, &lock)?;
    }
    printer.line(format!(
        "{gone} removed documents are gone from the files: {before} bytes before, {} now",
        bytes_of(&folder)
    ));
    Ok(Exit::Well)
}

/// Bytes of all files of a folder.
fn bytes_of(folder: &Path) -> u64 {
    let files = walkdir::WalkDir::new(folder).into_iter().filter_map(|entry| entry.ok()?.metadata().ok());
    files.filter(std::fs::Metadata::is_file).map(|file| file.len()).sum()
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Stats {
    /// Write JSON, one tenant a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Serialize)]
struct Counted<'a> {
    tenant: &'a str,
    documents: usize,
    removed: usize,
    words: usize,
    windows: usize,
    epoch: u64,
    /// The score that became 500, where harmless texts were measured.
    threshold: Option<u16>,
    background: usize,
}

pub(super) fn stats(arguments: &Stats, printer: Printer) -> anyhow::Result<Exit> {
    let (folder, keys) = arguments.place.open(false, printer)?;
    let corpus = Corpus::open(&folder, keys)?;
    for (tenant, of) in &*corpus.tenants() {
        let live = of.space.documents().iter().filter(|document| document.live);
        let counted = Counted {
            tenant: shown(tenant),
            documents: of.space.len(),
            removed: of.space.documents().len() - of.space.len(),
            words: live.clone().map(crate::leak::space::Document::words).sum(),
            windows: live.map(crate::leak::space::Document::windows).sum(),
            epoch: of.space.epoch(),
            threshold: of.background.as_ref().map(|background| background.threshold),
            background: of.background.as_ref().map_or(0, |background| background.scores.len()),
        };
        if arguments.json {
            printer.json(&counted);
            continue;
        }
        printer.line(format!(
            "tenant {}: {} documents, {} words, {} windows ({} removed), epoch {}",
            counted.tenant, counted.documents, counted.words, counted.windows, counted.removed, counted.epoch
        ));
        match counted.threshold {
            Some(threshold) => printer.line(format!(
                "  calibrated on {} harmless texts: a score of {threshold} became 500",
                counted.background
            )),
            None => printer.line("  not calibrated: `octroi corpus calibrate` measures harmless texts"),
        }
    }
    if !arguments.json {
        printer.line(format!("{}: {} bytes on disk", folder.display(), bytes_of(&folder)));
    }
    Ok(Exit::Well)
}
