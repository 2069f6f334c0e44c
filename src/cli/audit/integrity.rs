//! Whether the log is whole: `verify`, `reindex`, `publish`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use octroi_verify::fleet::no_index;
use octroi_verify::policy::Policy;
use octroi_verify::report::Exported;
use octroi_verify::{Known, Problem, Progress, Report, Trust, VerifierKey, folders, shown, verify_all, verify_served};

use super::remote::Remote;
use super::{DIR, Exit, Printer, Reading, as_owner, log_in, own_log_in, record, text_of};
use crate::audit;
use crate::audit::epochs::Epochs;
use crate::audit::index::{FILE, Index, compare};
use crate::audit::prune::Removed;
use crate::audit::publish::{self, PublishError, Published};
use crate::limits::UNDER_WAY_MAX;

// Which log: these commands take it with `--dir`, as those that name something else first do, and without. (No documentation
// comment: clap would take it for the command's.)
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// The log's folder; for `verify` also one with the folders of several, or the address of a published log [default: audit]
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The same
    #[arg(long = "dir", value_name = "DIR", conflicts_with = "dir")]
    named: Option<PathBuf>,
}

impl Place {
    pub(super) fn path(&self) -> &Path {
        self.dir.as_deref().or(self.named.as_deref()).unwrap_or_else(|| Path::new(DIR))
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    place: Place,
    /// PEM of the authorities trusted for that address; without it those of the system
    #[arg(long)]
    roots: Option<PathBuf>,
    /// The log's public key, as an auditor keeps it; without it the folder's own is taken
    #[arg(long, conflicts_with = "policy")]
    key: Option<PathBuf>,
    /// A trust policy: logs, witnesses, and how many of these must have signed (C2SP tlog-policy)
    #[arg(long)]
    policy: Option<PathBuf>,
    /// A checkpoint kept from an earlier visit: the log must still begin with what it covers
    #[arg(long)]
    from: Vec<PathBuf>,
    /// Exported JSON lines: each must stand in the log as it does there
    #[arg(long)]
    export: Vec<PathBuf>,
    /// Compare the review index with the log, too
    #[arg(long)]
    index: bool,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Reindex {
    #[command(flatten)]
    place: Place,
    /// Change nothing: make it anew elsewhere and compare
    #[arg(long)]
    check: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Publish {
    /// The folder to publish in
    to: PathBuf,
    /// The log's folder
    #[arg(long, default_value = DIR)]
    pub(super) dir: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Prune {
    #[command(flatten)]
    pub(super) place: Place,
    /// RFC 3339, such as 2026-05-01T00:00:00Z
    #[arg(long, value_parser = super::words::time)]
    older_than: jiff::Timestamp,
}

pub(super) fn prune(prune: &Prune, printer: Printer) -> anyhow::Result<Exit> {
    own_log_in(prune.place.path())?;
    as_owner(prune.place.path())?;
    // A request that is under way keeps its decision: its outcome is yet to come.
    let settled = super::now() - UNDER_WAY_MAX;
    if prune.older_than > settled {
        printer.say(format!("what was written since {settled:.0} stays: requests of that time may be under way"));
    }
    let pruned = audit::prune::prune(prune.place.path(), prune.older_than.min(settled), super::now())?;
    if pruned.left.iter().all(|(_, first)| *first == 0) {
        printer.say("no segment is wholly older than that: nothing was removed");
    }
    for (epoch, first) in pruned.left.iter().rev().filter(|(_, first)| *first > 0) {
        printer.say(format!("epoch {epoch} begins with entry {first} now; the hashes of those before it are kept"));
    }
    let Removed { content, keys, more, left } = pruned.sealed;
    if content > 0 || keys > 0 {
        printer.say(format!("of sealed content {content} files were removed and {keys} keys destroyed"));
    }
    for path in left {
        printer.say(format!("`{}` is no file or folder of sealed content: it was left as it is", shown(path)));
    }
    if more {
        printer.say("there is more sealed content that old: ask again");
    }
    Ok(Exit::Well)
}

pub(super) fn verify(verify: &Verify, printer: Printer) -> anyhow::Result<Exit> {
    let checked = checked(verify, printer);
    match checked {
        // Whoever reads JSON gets JSON, also of what kept the log from being checked.
        Err(error) if verify.json => {
            printer.json(&serde_json::json!({"sound": null, "problem": format!("{error:#}")}));
            Ok(Exit::Fault)
        }
        checked => Ok(tell(checked?, verify, printer)),
    }
}

fn checked(verify: &Verify, printer: Printer) -> anyhow::Result<Result<Vec<Report>, Problem>> {
    let dir = verify.place.path();
    let knows_it = verify.key.is_some() || verify.policy.is_some() || !verify.from.is_empty();
    let is_scheme = |scheme: &str| scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let url = dir.to_str().filter(|dir| dir.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme)));
    if url.is_none() && !verify.json && !(knows_it && dir.is_dir()) && folders(dir).is_ok_and(|logs| logs.is_empty()) {
        // A folder that never held a log is a slip of the pen, not a log that is not sound.
        log_in(dir)?;
    }
    let key = match &verify.key {
        Some(path) => Some(VerifierKey::parse(text_of(path)?.trim()).with_context(|| shown(path))?),
        None => None,
    };
    let policy = match &verify.policy {
        Some(path) => Some(Policy::parse(&text_of(path)?).with_context(|| shown(path))?),
        None => None,
    };
    let known = verify.from.iter().map(|path| Ok(Known::of(shown(path), &text_of(path)?)));
    let known = known.collect::<anyhow::Result<Vec<_>>>()?;
    let trust = Trust { key, policy, known, exports: verify.export.clone(), index: false };
    let mut result = match url {
        None => verify_all(dir, &trust, &mut bar(printer)),
        Some(url) => {
            let remote = Remote::of(url, verify.roots.as_deref())?;
            verify_served(&remote, &trust, &mut bar(printer))
        }
    };
    printer.progress_end();
    if verify.index
        && url.is_none()
        && result.is_ok()
        && let Some(problem) = compare_all(dir)?
    {
        result = Err(problem);
    }
    if verify.index && url.is_some() {
        bail!("no review index is served with a log: give the log's folder to have it compared");
    }
    Ok(result)
}

fn tell(result: Result<Vec<Report>, Problem>, verify: &Verify, printer: Printer) -> Exit {
    let json = verify.json;
    match result {
        Ok(reports) => {
            for report in &reports {
                if json {
                    printer.json(&as_json(report, verify.index));
                } else {
                    printer.line(told(report));
                }
            }
            if verify.index && !json {
                printer.line("the review index says what the log says");
            }
            Exit::Well
        }
        Err(problem) => {
            let unchecked = problem.kind.is_unchecked();
            if json {
                printer.json(&serde_json::json!({
                    "sound": (!unchecked).then_some(false), "file": problem.file, "offset": problem.offset,
                    "seq": problem.seq, "problem": problem.to_string(),
                }));
            } else if unchecked {
                // Of a log that could not be read nothing is said, neither good nor bad.
                printer.line(format!("could not check: {problem}"));
            } else {
                printer.line(format!("not sound: {problem}"));
            }
            if unchecked { Exit::Fault } else { Exit::Findings }
        }
    }
}

fn as_json(report: &Report, indexed: bool) -> serde_json::Value {
    let exports = report.exports.iter().map(|export| {
        let (first, last) = export.range.unzip();
        let around = around(report, export).map(|(before, behind)| [before, behind]);
        serde_json::json!({
            "file": export.name, "matched": export.matched, "first": first, "last": last, "left_out": export.left_out,
            "before": around.map(|[before, _]| before), "behind": around.map(|[_, behind]| behind),
        })
    });
    let exports: Vec<_> = exports.collect();
    serde_json::json!({
        "exports": exports, "index": if indexed { "as the log" } else { "not compared" },
        "sound": true, "origin": report.origin, "signed": report.signed, "unsigned": report.unsigned,
        "root": report.root.to_string(), "segments": report.segments, "unfinished": report.unfinished, "pruned": report.pruned,
        "kinds": report.kinds, "first": report.first_time, "last": report.last_time,
        "witnessed": report.witnessed,
        "witnesses": report.witnesses.iter().map(|(name, _)| name).collect::<Vec<_>>(),
    })
}

/// Entries of the log before the first line of an export, and behind its last.
fn around(report: &Report, export: &Exported) -> Option<(u64, u64)> {
    let (first, last) = export.range?;
    Some((first, report.signed.saturating_add(report.unsigned).saturating_sub(last.saturating_add(1))))
}

/// Draws how far a verification is.
fn bar(printer: Printer) -> impl FnMut(Progress) {
    let mut shown = None;
    move |progress: Progress| {
        let percent = progress.entries.saturating_mul(100) / progress.signed.max(1);
        if shown != Some(percent) {
            shown = Some(percent);
            printer.progress(percent, &format!("{} entries", progress.entries));
        }
    }
}

/// Verifies a folder with the key that lies in it, and tells the result in sentences.
pub(crate) fn verify_folder(dir: &Path) -> (bool, String) {
    match octroi_verify::verify_dir(dir, &Trust::default(), &mut |_| {}) {
        Ok(report) => (true, told(&report)),
        Err(problem) if problem.kind.is_unchecked() => (false, format!("could not check: {problem}")),
        Err(problem) => (false, format!("not sound: {problem}")),
    }
}

fn told(report: &Report) -> String {
    let kinds: Vec<String> = report.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let mut text = format!(
        "sound: {} entries of `{}` are intact, in order and signed (root {}), {} more are intact\n  {}",
        report.signed,
        report.origin,
        report.root,
        report.unsigned,
        kinds.join(", "),
    );
    if report.pruned > 0 {
        let recorded = if report.recorded { "an entry says so" } else { "a later epoch of this log must say so" };
        let pruned = report.pruned;
        text += &format!("\n  the first {pruned} entries are pruned; their hashes are in the tree; {recorded}");
    }
    if report.unfinished > 0 {
        text += &format!("\n  {} decisions have no outcome yet", report.unfinished);
    }
    for (witness, _) in &report.witnesses {
        text += &format!("\n  witness {witness} signed {} entries", report.witnessed.unwrap_or_default());
    }
    for export in &report.exports {
        let (name, matched, left_out) = (&export.name, export.matched, export.left_out);
        text += &match export.range {
            None => format!("\n  {name}: it holds no entry"),
            Some((first, last)) => {
                let (before, behind) = around(report, export).unwrap_or_default();
                format!(
                    "\n  {name}: {matched} lines as in the log, from entry {first} to {last}; it leaves out {left_out} between these, {before} before and {behind} behind"
                )
            }
        };
    }
    if !report.key_given {
        text.push_str("\n  checked with the key in the folder: keep a copy elsewhere and pass it with --key");
    }
    text
}

pub(super) fn reindex(reindex: &Reindex, printer: Printer) -> anyhow::Result<Exit> {
    let dir = reindex.place.path();
    record(dir, Reading { action: "index", ..Reading::default() }, printer)?;
    if reindex.check {
        return Ok(match Epochs::of(dir).unmoved(compare_all(dir))? {
            None => {
                printer.line("the review index says what the log says");
                Exit::Well
            }
            Some(problem) => {
                printer.line(format!("not sound: {problem}"));
                Exit::Findings
            }
        });
    }
    let (epochs, mut indexed) = (Epochs::of(dir), 0_u64);
    for (_, log) in epochs.logs() {
        let mut progress = |entries: u64| printer.progress(0, &format!("{} entries", indexed.saturating_add(entries)));
        let watermark = epochs.unmoved(Index::rebuild(log, &mut progress))?;
        indexed = indexed.saturating_add(watermark.entries);
    }
    printer.progress_end();
    printer.say(format!("indexed {indexed} entries"));
    Ok(Exit::Well)
}

/// Compares the index of each log in a folder, and of each of its epochs, with that log. Where one is not there nobody can rely on a
/// search.
fn compare_all(dir: &Path) -> anyhow::Result<Option<Problem>> {
    let within = |log: &Path, problem: Problem| {
        let file = log.strip_prefix(dir).map_or_else(|_| problem.file.clone().into(), |log| log.join(&problem.file));
        Problem { file: shown(&file), ..problem }
    };
    let mut logs = match folders(dir) {
        Err(problem) => return Ok(Some(problem)),
        Ok(logs) => logs,
    };
    if logs.is_empty() {
        logs.push(dir.to_owned());
    }
    let (there, missing): (Vec<_>, Vec<_>) = logs.into_iter().partition(|log| log.join(FILE).exists());
    for log in there {
        if let Some(problem) = compare(&log)? {
            return Ok(Some(within(&log, problem)));
        }
    }
    Ok(missing.first().map(|log| within(log, no_index(dir))))
}

pub(super) fn publish(publish: &Publish, printer: Printer) -> anyhow::Result<Exit> {
    record(&publish.dir, Reading { action: "export", ..Reading::default() }, printer)?;
    let all = publish::publish_all(&publish.dir, &publish.to).map_err(|error| match error {
        PublishError::Unrecorded(_) => anyhow!(
            "{error}\n  help: the gateway that writes the log records it within seconds when it runs, and with its next start; then ask again"
        ),
        other => other.into(),
    })?;
    for (to, Published { entries, first, removed, unrecorded }) in all {
        let from = if first == 0 { String::new() } else { format!(", kept from entry {first} on") };
        printer.say(format!("published {entries} entries in {}{from}", shown(&to)));
        if removed > 0 {
            printer.say(format!("removed {removed} files there: they held entries that the log says were pruned"));
        }
        if unrecorded {
            printer.say(
                "more entries were pruned, and the log does not say so yet: they stay published until it does (when the gateway runs)",
            );
        }
    }
    Ok(Exit::Well)
}
