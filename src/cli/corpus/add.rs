//! `octroi corpus add`: from files to sealed records.
//!
//! A document is recorded whole or not at all, and what is recorded already is passed over: a run that was killed is simply
//! started again. A file that changed since replaces what was registered under its path.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::progress::Progress;
use super::{Exit, Listed, Place, Printer, files, plain, read_text};
use crate::leak::corpus::EVERYBODY;
use crate::leak::meaning::{self, Embedder};
use crate::leak::model::ModelDigest;
use crate::leak::space::{About, Content, DocumentId, NAME_BYTES_MAX};
use crate::leak::store::{CorpusKeys, Lock, Meant, Record, Writer};
use crate::leak::text::{Spoken, Word, Words};
use crate::policy;

/// Words of one record; a longer document is registered in parts under one path.
const PART_WORDS_MAX: usize = 1_000_000;
/// Bytes of text after which what was written is made durable.
const SYNC_BYTES: usize = 16 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Files and folders
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The class of data that they are, as sheets name it
    #[arg(long, default_value = "trade-secret")]
    class: String,
    /// The tenant whose they are; without it they are guarded for every tenant
    #[arg(long, default_value = EVERYBODY, hide_default_value = true)]
    tenant: String,
    /// The model that reads them for their meaning, a folder that `octroi model add` made; without it the configuration's
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// What a registration did.
#[derive(Debug, Default)]
pub(in crate::cli) struct Counts {
    added: u64,
    replaced: u64,
    unchanged: u64,
    windows: usize,
    /// Documents that the model read.
    read: u64,
    /// Files that could not be read, each with the reason.
    pub(in crate::cli) unread: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, printer: Printer) -> anyhow::Result<Exit> {
    known_class(&arguments.class)?;
    let Listed { files, links } = files(&arguments.paths)?;
    let linked = |link: &PathBuf| format!("\n  {}: it is a symbolic link; name what it leads to", link.display());
    let links: Vec<String> = links.iter().map(linked).collect();
    anyhow::ensure!(!files.is_empty(), "there is no file to register{}", links.concat());
    let (folder, keys) = arguments.place.open(true, printer)?;
    let model = arguments.place.model(arguments.model.as_deref())?;
    let reader = model.as_ref().map(|model| model as &dyn Embedder);
    let Counts { added, replaced, unchanged, windows, read, mut unread } =
        register(&folder, &keys, (&arguments.class, &arguments.tenant), reader, &files)?;
    unread.extend(links.iter().map(|line| line.trim().to_owned()));
    printer.line(format!(
        "{added} documents added ({windows} windows), {replaced} replaced, {unchanged} unchanged, {} files not read",
        unread.len()
    ));
    if let Some(model) = &model {
        printer.line(format!("{read} documents read by the model {}", model.name()));
    }
    for line in &unread {
        printer.say(line);
    }
    Ok(if unread.is_empty() { Exit::Well } else { Exit::Findings })
}

/// Registers files as documents of a class and a tenant.
///
/// # Errors
/// When the corpus cannot be written; files that cannot be read are told in the counts.
pub(in crate::cli) fn register(
    folder: &Path,
    keys: &CorpusKeys,
    (class, tenant): (&str, &str),
    reader: Option<&dyn Embedder>,
    files: &[PathBuf],
) -> anyhow::Result<Counts> {
    let lock = Lock::take(folder)?;
    let mut known = Known { model: reader.map(Embedder::digest), ..Known::default() };
    let writer = Writer::open(folder, keys, tenant, &lock, |record| known.take(record))?;
    let total = files.iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
    let mut run = Registration { class, tenant, keys, reader, writer, known, counts: Counts::default(), unsynced: 0 };
    let mut progress = Progress::new(total);
    // A reader of hostile formats may panic; its words on it are noise here.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let mut ended = Ok(());
    for (number, file) in (1..).zip(files) {
        ended = run.register(file);
        if ended.is_err() {
            break;
        }
        progress.step(file.metadata().map_or(0, |file| file.len()), number);
    }
    drop(std::panic::take_hook());
    std::panic::set_hook(hook);
    run.writer.sync()?;
    progress.end();
    ended?;
    Ok(run.counts)
}

/// Refuses a class that no sheet can name.
fn known_class(class: &str) -> anyhow::Result<()> {
    let catalogue = policy::catalogue(&[])
        .map_err(|found| anyhow::anyhow!(found.iter().map(policy::render).collect::<Vec<_>>().join("\n")))?;
    if catalogue.class(class).is_none() {
        let names: Vec<&str> = catalogue.classes.iter().map(|class| class.name.as_str()).collect();
        anyhow::bail!("no class `{class}`; known: {}", names.join(", "));
    }
    Ok(())
}

/// What is registered already: by path, the ids of its parts.
#[derive(Debug, Default)]
struct Known {
    by_path: HashMap<String, Vec<(DocumentId, String)>>,
    paths: HashMap<DocumentId, String>,
    /// The model that reads.
    model: Option<ModelDigest>,
    /// Documents that it has read.
    read: HashSet<DocumentId>,
}

impl Known {
    fn take(&mut self, record: Record) {
        match record {
            Record::Document(document) => self.add(&document.0),
            Record::Replaced(document) => {
                document.0.iter().for_each(|id| self.remove(*id));
                self.add(&document.1);
            }
            Record::Removed(id) => self.remove(id),
            Record::Meant(meant) if Some(meant.model) == self.model => drop(self.read.insert(meant.document)),
            Record::Meant(_) | Record::Margin(_) | Record::Background(_) => {}
        }
    }

    fn add(&mut self, about: &About) {
        let path = plain(Path::new(&about.path)).to_string_lossy().into_owned();
        self.paths.insert(about.id, path.clone());
        self.by_path.entry(path).or_default().push((about.id, about.class.clone()));
    }

    fn remove(&mut self, id: DocumentId) {
        if let Some(parts) = self.paths.remove(&id).and_then(|path| self.by_path.get_mut(&path)) {
            parts.retain(|(part, _)| *part != id);
        }
        self.read.remove(&id);
    }
}

struct Registration<'a> {
    class: &'a str,
    tenant: &'a str,
    keys: &'a CorpusKeys,
    reader: Option<&'a dyn Embedder>,
    writer: Writer,
    known: Known,
    counts: Counts,
    unsynced: usize,
}

impl Registration<'_> {
    fn register(&mut self, file: &Path) -> anyhow::Result<()> {
        let path = file.to_string_lossy().into_owned();
        let (bytes, text) = match read_text(file) {
            Ok(read) => read,
            Err(error) => {
                self.counts.unread.push(format!("{path}: {error}"));
                return Ok(());
            }
        };
        if path.len() > NAME_BYTES_MAX {
            self.counts.unread.push(format!("{path}: its path has more than {NAME_BYTES_MAX} bytes"));
            return Ok(());
        }
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes).as_ref());
        let words = Words::of(&text);
        let parts = words.prose.len().div_ceil(PART_WORDS_MAX).max(1);
        let names: Vec<DocumentId> = (0..parts).map(|part| self.name(&path, part, &sha256)).collect();
        let before = self.known.by_path.remove(&path).unwrap_or_default();
        let is_kept = |(id, class): &(DocumentId, String)| names.contains(id) && class == self.class;
        let (kept, gone): (Vec<_>, Vec<_>) = before.iter().partition(|part| is_kept(part));
        if gone.is_empty() && kept.len() == names.len() {
            self.counts.unchanged += 1;
            return self.mean(&names, &text, &words);
        }
        let kept: Vec<DocumentId> = kept.into_iter().map(|(id, _)| *id).collect();
        let mut gone: Vec<DocumentId> = gone.into_iter().map(|(id, _)| *id).collect();
        self.known.read.retain(|id| !gone.contains(id));
        // The old goes in the step in which the new comes: whenever this run is killed, one of them is guarded.
        for (part, id) in names.iter().copied().enumerate().filter(|(_, id)| !kept.contains(id)) {
            let words = part_of(&words, part);
            let content = Content::of(&words, &self.keys.words(self.tenant));
            let class = self.class.to_owned();
            let about = About { id, sha256, path: path.clone(), class, registered_ms: now_ms() };
            self.counts.windows += content.rows.len();
            let gone = std::mem::take(&mut gone);
            self.writer.append(&if gone.is_empty() {
                Record::Document(Box::new((about, content)))
            } else {
                Record::Replaced(Box::new((gone, about, content)))
            })?;
        }
        gone.into_iter().try_for_each(|id| self.writer.append(&Record::Removed(id)))?;
        if before.is_empty() {
            self.counts.added += 1;
        } else {
            self.counts.replaced += 1;
        }
        self.mean(&names, &text, &words)?;
        self.unsynced += text.len();
        if self.unsynced > SYNC_BYTES {
            self.writer.sync()?;
            self.unsynced = 0;
        }
        Ok(())
    }

    /// Lets the model read the parts of a document that it has not read.
    fn mean(&mut self, parts: &[DocumentId], text: &str, words: &Words) -> anyhow::Result<()> {
        let Some(reader) = self.reader else { return Ok(()) };
        if parts.iter().all(|part| self.known.read.contains(part)) {
            return Ok(());
        }
        let spoken = Spoken::of(text, words);
        for (part, document) in parts.iter().enumerate() {
            if self.known.read.contains(document) {
                continue;
            }
            let start = part * PART_WORDS_MAX;
            let length = (spoken.len() - start.min(spoken.len())).min(PART_WORDS_MAX);
            let passage = |passage| {
                let range = meaning::range(passage, length);
                spoken.passage(start + range.start..start + range.end)
            };
            let passages: Vec<&str> = (0..meaning::passages(length)).map(passage).collect();
            let rows = meaning::embed_all(reader, &passages)?.concat();
            self.writer.append(&Record::Meant(Meant { document: *document, model: reader.digest(), rows }))?;
        }
        self.counts.read += 1;
        Ok(())
    }

    fn name(&self, path: &str, part: usize, sha256: &[u8; 32]) -> DocumentId {
        let path = if part == 0 { path.to_owned() } else { format!("{path}\0{part}") };
        self.keys.document(self.tenant, &path, sha256)
    }
}

/// A part of a document; all of its code is in the first.
fn part_of(words: &Words, part: usize) -> Words {
    let prose: Vec<Word> = words.prose.iter().skip(part * PART_WORDS_MAX).take(PART_WORDS_MAX).copied().collect();
    Words { prose, code: if part == 0 { words.code.clone() } else { Vec::new() } }
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
