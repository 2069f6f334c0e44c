//! `octroi audit`: verifies and reads the log. Evidence is only ever the log; these commands need nothing else.
//!
//! Each reading is itself recorded: the command leaves a note beside the log, which the gateway takes into it.

mod absent;
mod export;
mod forward;
mod integrity;
mod read;
mod remote;
mod report;
mod rotation;
mod sealed;
mod words;

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use octroi_verify::published::is_published;
use octroi_verify::shown;
use octroi_verify::verify::{CHECKPOINT, as_written};

use super::{ConfigPath, Exit, Printer};
use crate::audit::epochs::KeyChanging;
use crate::audit::rotate::{is_log, is_unfinished};
use crate::audit::{LocalStorage, Storage as _, access};
use crate::model::Word;
use crate::model::entry::{Access, RequestId};

pub(super) use integrity::verify_folder;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Verify the log: every byte, the order, the tree, the signature
    Verify(integrity::Verify),
    /// List requests of the log, the newest that match, or count them
    Query(read::Query),
    /// Tell the story of one request, or write its proof
    Show(read::Show),
    /// Write entries to standard output, as JSON lines or CSV
    Export(export::Export),
    /// Send entries to a collector as OTLP logs, from where it last ended
    Forward(forward::Forward),
    /// Write a report on a month: records of processing, transfers, use of models, accesses
    Report(report::Report),
    /// Make the review index anew from the log, or compare it with the log
    Reindex(integrity::Reindex),
    /// The key that signs the log
    #[command(subcommand)]
    Key(Key),
    /// The custodians of sealed content
    #[command(subcommand)]
    Custodian(sealed::Custodian),
    /// Open the sealed content of one request with the keys of two custodians
    Reveal(sealed::Reveal),
    /// Destroy the keys of sealed content: of a subject, a case or a month
    Erase(sealed::Erase),
    /// Remove the oldest segments, all of whose entries are older than a time; what is left verifies as before
    Prune(integrity::Prune),
    /// Write the log as static files that others can read and verify (C2SP tlog-tiles)
    Publish(integrity::Publish),
}

#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// Begin a new epoch with a new key, which the old log announces; the old private key is destroyed
    Rotate {
        #[command(flatten)]
        path: ConfigPath,
    },
}

pub(super) fn run(command: Command, printer: Printer) -> anyhow::Result<Exit> {
    match command {
        Command::Verify(verify) => integrity::verify(&verify, printer),
        Command::Query(query) => read::list(&query, printer),
        Command::Show(show) => read::show(&show, printer),
        Command::Export(arguments) => of_one_key(&arguments.dir, export::export(&arguments, printer)),
        Command::Forward(arguments) => forward::forward(&arguments, printer),
        Command::Report(arguments) => report::report(&arguments, printer),
        Command::Reindex(reindex) => integrity::reindex(&reindex, printer),
        Command::Key(Key::Rotate { path }) => rotation::rotate(&path.config, printer),
        Command::Custodian(command) => sealed::custodian(&command, printer),
        Command::Reveal(reveal) => sealed::reveal(&reveal, printer),
        Command::Erase(erase) => sealed::erase(&erase, printer),
        Command::Prune(prune) => of_one_key(prune.place.path(), integrity::prune(&prune, printer)),
        Command::Publish(publish) => of_one_key(&publish.dir, integrity::publish(&publish, printer)),
    }
}

/// Where a command fails while a change of the key is not finished, that is said: files are not where they would be looked for.
fn of_one_key(dir: &Path, done: anyhow::Result<Exit>) -> anyhow::Result<Exit> {
    done.map_err(|error| if is_unfinished(dir) { error.context(KeyChanging) } else { error })
}

/// A folder that holds a log, or advice.
fn log_in(dir: &Path) -> anyhow::Result<()> {
    if is_log(dir) {
        return Ok(());
    }
    // What may not be looked into is not said to be empty.
    if let Err(error) = dir.join(CHECKPOINT).symlink_metadata()
        && ![ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&error.kind())
    {
        bail!("`{}` cannot be read: {}", shown(dir), error.kind());
    }
    let what = if dir.is_dir() { "holds no audit log" } else { "is not there" };
    bail!(
        "`{}` {what}\n  help: name the folder of the log, `[audit] folder` of octroi.toml: `audit verify DIR`, `audit query --dir DIR`, \
         `audit show ID --dir DIR`",
        shown(dir)
    )
}

/// The same, of a log as a gateway writes it: one that was published is only verified, and nothing is left in it.
fn own_log_in(dir: &Path) -> anyhow::Result<()> {
    log_in(dir)?;
    if is_published(dir) {
        bail!(
            "`{}` is a published log, in tiles: `octroi audit verify` and `octroi-verify` read it\n  help: what else is asked is asked \
             of the folder that the gateway writes, or of a copy of that",
            shown(dir)
        );
    }
    Ok(())
}

/// Whoever writes files of the log must be its owner: the gateway, which runs as them, could not read what another user makes there.
fn as_owner(dir: &Path) -> anyhow::Result<()> {
    let (owner, own) = (LocalStorage::new(dir).owner(), rustix::process::geteuid().as_raw());
    let Some(owner) = owner.filter(|owner| *owner != own) else { return Ok(()) };
    bail!(
        "`{}` belongs to the user {owner}, and this runs as the user {own}, whose files the gateway could not read\n  help: run it as \
         them: `sudo -u '#{owner}' octroi audit …`",
        shown(dir)
    )
}

/// Whoever opens what was sealed must be one whose record of it the gateway takes: the owner of the log, or the administrator.
fn as_opener(dir: &Path) -> anyhow::Result<()> {
    let (owner, own) = (LocalStorage::new(dir).owner(), rustix::process::geteuid().as_raw());
    if own == 0 || owner.is_none_or(|owner| owner == own) {
        return Ok(());
    }
    bail!(
        "sealed content is opened by the owner of the log alone, the user {}: of anybody else it could not be recorded\n  help: run it \
         as them: `sudo -u '#{}' octroi audit reveal …`",
        owner.unwrap_or_default(),
        owner.unwrap_or_default(),
    )
}

/// What somebody is about to read.
#[derive(Debug, Default)]
struct Reading {
    action: &'static str,
    words: Vec<&'static str>,
    /// Its first entry, and behind its last; without that it goes on as the log grows.
    range: Option<(u64, Option<u64>)>,
    records: Option<u64>,
    subject: Option<RequestId>,
    /// Who else had to agree: without a record nothing is shown.
    approver: Option<String>,
}

/// Leaves a record of an access for the gateway, durable before anything is shown.
///
/// A folder that this user cannot write is a copy, or not theirs to change: then it says that the access is not recorded.
#[expect(clippy::disallowed_methods, reason = "an access has an id of its own")]
fn record(dir: &Path, reading: Reading, printer: Printer) -> anyhow::Result<()> {
    own_log_in(dir)?;
    let access = Access {
        access: RequestId(*uuid::Uuid::now_v7().as_bytes()),
        action: Word::fixed(reading.action),
        approver: reading.approver.as_deref().map(Word::configured),
        at: Word::configured(&format!("{:.9}", now())),
        channel: Word::fixed("command"),
        reader: reader(),
        from: reading.range.map(|(from, _)| from),
        to: reading.range.and_then(|(_, to)| to),
        records: reading.records,
        subject: reading.subject,
        words: reading.words.into_iter().map(Word::fixed).collect(),
    };
    match access::leave(dir, &access) {
        Err(error) if error.kind() == ErrorKind::StorageFull => bail!(
            "the disk of the log is full: the access cannot be recorded, so nothing is shown\n  help: make room, or ask a copy of the \
             folder elsewhere; `verify` and `octroi-verify` record nothing, and work"
        ),
        Err(error) if access.approver.is_none() && is_read_only(error.kind()) => {
            printer.say(format!("`{}` cannot be written: this access is not recorded in the log", shown(dir)));
            Ok(())
        }
        left => left.context("the access cannot be recorded, so nothing is shown"),
    }
}

/// Who runs this, as the system knows them.
fn reader() -> Word {
    Word::configured(&format!("user-{}", rustix::process::getuid().as_raw()))
}

fn is_read_only(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

#[expect(clippy::disallowed_methods, reason = "an access is dated")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// The folder of the log, unless another is named.
const DIR: &str = "audit";

/// Reads a file that the command line names.
#[expect(clippy::disallowed_methods, reason = "the command line names files")]
fn text_of(path: &Path) -> anyhow::Result<String> {
    Ok(as_written(&std::fs::read_to_string(path).with_context(|| shown(path))?))
}

/// Writes a file that the command line names, and that is not there yet.
#[expect(clippy::disallowed_types, reason = "the command line names files")]
fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    let file = std::fs::File::create_new(path);
    if file.as_ref().is_err_and(|error| error.kind() == ErrorKind::AlreadyExists) {
        bail!("`{}` is there already\n  help: name a file that is not: none is overwritten", shown(path));
    }
    file.and_then(|mut file| file.write_all(text.as_bytes())).with_context(|| shown(path))
}
