//! `octroi audit`: verifies and reads the log. Evidence is only ever the log; these commands need nothing else.
#![expect(clippy::disallowed_methods, reason = "the command line names files")]

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde_json::Value;

use octroi_verify::{Trust, VerifierKey, verify_dir};

use super::{Exit, Printer};
use crate::audit::query::{self, Filter, Record};
use crate::audit::story;
use crate::model::entry::RequestId;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Verify the log: every byte, the order, the tree, the signature
    Verify {
        /// The log's folder
        #[arg(default_value = "audit")]
        dir: PathBuf,
        /// The log's public key, as an auditor keeps it; without it the folder's own is taken
        #[arg(long)]
        key: Option<PathBuf>,
        /// A checkpoint kept from an earlier visit: the log must still begin with what it covers
        #[arg(long)]
        from: Vec<PathBuf>,
        /// Write JSON
        #[arg(long)]
        json: bool,
    },
    /// List requests of the log, the newest that match
    Query(Query),
    /// Tell the story of one request
    Show {
        /// The request's id, as in the header `octroi-request-id`
        id: String,
        /// The log's folder
        #[arg(long, default_value = "audit")]
        dir: PathBuf,
        /// Write its entries as JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Query {
    /// The log's folder
    #[arg(long, default_value = "audit")]
    dir: PathBuf,
    /// Decided at this time or later (RFC 3339, such as 2026-11-23T08:00:00Z)
    #[arg(long)]
    since: Option<jiff::Timestamp>,
    /// Decided before this time
    #[arg(long)]
    until: Option<jiff::Timestamp>,
    /// Asked by this app
    #[arg(long)]
    app: Option<String>,
    /// With findings of this class
    #[arg(long)]
    class: Option<String>,
    /// Sent to this backend
    #[arg(long)]
    backend: Option<String>,
    /// Sent to a backend that processes in this country
    #[arg(long)]
    country: Option<String>,
    /// `forward` or `refuse`
    #[arg(long)]
    decision: Option<String>,
    /// In which this rule fired
    #[arg(long)]
    rule: Option<String>,
    /// How many
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Only those that begin before this entry: the next page
    #[arg(long)]
    before: Option<u64>,
    /// Write JSON, one request a line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: Command, printer: Printer) -> anyhow::Result<Exit> {
    match command {
        Command::Verify { dir, key, from, json } => verify(&dir, key.as_deref(), &from, (json, printer)),
        Command::Query(query) => list(&query, printer),
        Command::Show { id, dir, json } => show(&id, &dir, (json, printer)),
    }
}

/// A folder that holds a log, or advice.
fn log_in(dir: &Path) -> anyhow::Result<()> {
    if dir.join("checkpoint").exists() || dir.join("segments").exists() {
        return Ok(());
    }
    let what = if dir.is_dir() { "holds no audit log" } else { "is not there" };
    bail!(
        "`{}` {what}\n  help: name the folder of the log, `[audit] folder` of octroi.toml: `audit verify DIR`, `audit query --dir DIR`, `audit show ID --dir DIR`",
        dir.display()
    )
}

/// A problem of a log, with the folder that it is in.
fn in_folder(dir: &Path) -> impl Fn(octroi_verify::problem::Problem) -> anyhow::Error {
    let dir = dir.display().to_string();
    move |problem| anyhow::anyhow!("the audit log in `{dir}`: {problem}")
}

/// Refuses a word that the log does not hold: an empty list would read as "it never happened".
fn known(query: &Query) -> anyhow::Result<()> {
    if let Some(decision) = &query.decision
        && !["forward", "refuse"].contains(&decision.as_str())
    {
        bail!("`--decision {decision}` is neither `forward` nor `refuse`");
    }
    let asked = [&query.app, &query.class, &query.backend, &query.country, &query.rule];
    if asked.iter().all(|asked| asked.is_none()) {
        return Ok(());
    }
    let words = query::words(&query.dir).map_err(in_folder(&query.dir))?;
    let listed = [&words.apps, &words.classes, &words.backends, &words.countries, &words.rules];
    let named = ["app", "class", "backend", "country", "rule"];
    for ((asked, listed), name) in asked.into_iter().zip(listed).zip(named) {
        if let Some(word) = asked.as_ref().filter(|word| !listed.contains(*word)) {
            let meant = super::meant(word, listed.iter().map(String::as_str));
            bail!("no request in the log in `{}` has the {name} `{word}`\n  help: {meant}", query.dir.display());
        }
    }
    Ok(())
}

fn list(query: &Query, printer: Printer) -> anyhow::Result<Exit> {
    log_in(&query.dir)?;
    known(query)?;
    let filter = Filter {
        since: query.since,
        until: query.until,
        app: query.app.clone(),
        class: query.class.clone(),
        backend: query.backend.clone(),
        country: query.country.clone(),
        decision: query.decision.clone(),
        rule: query.rule.clone(),
        id: None,
    };
    let page = query::query(&query.dir, &filter, query.limit, query.before).map_err(in_folder(&query.dir))?;
    for record in &page.records {
        if query.json {
            printer.json(&serde_json::json!({"seq": record.seq, "time": record.time, "entries": record.entries}));
        } else {
            printer.line(format!("{:>8}  {}  {}", record.seq, record.time, summary(record)));
        }
    }
    printer.say(format!("{} shown; {} entries of the log read", page.records.len(), page.read));
    if let (true, Some(first)) = (page.more, page.records.first()) {
        printer.say(format!("older ones match: --before {}", first.seq));
    }
    Ok(Exit::Well)
}

/// One request on one line.
fn summary(record: &Record) -> String {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
    let Some(decision) = record.of_kind("decision").next() else {
        let kind = record.entries.first().and_then(|entry| entry.pointer("/entry/kind")).and_then(Value::as_str);
        return kind.unwrap_or("-").to_owned();
    };
    let sent: Vec<String> = record
        .of_kind("decision")
        .chain(record.of_kind("attempt"))
        .filter_map(|body| body.pointer("/sending/backend").and_then(Value::as_str).map(ToOwned::to_owned))
        .collect();
    let end = record.of_kind("outcome").next().map_or_else(|| "-".to_owned(), |outcome| text(outcome, "end"));
    format!(
        "{}  {} {} by {}: {} {}, {end}",
        text(decision, "request"),
        text(decision, "operation"),
        text(decision, "model"),
        text(decision, "app"),
        text(decision, "verdict"),
        if sent.is_empty() { text(decision, "reason") } else { sent.join(" -> ") },
    )
}

fn show(id: &str, dir: &Path, (json, printer): (bool, Printer)) -> anyhow::Result<Exit> {
    let Some(id) = RequestId::parse(id) else {
        bail!(
            "`{id}` is not the id of a request\n  help: it stands in the header `octroi-request-id` of the answer, and in `audit query`"
        )
    };
    log_in(dir)?;
    let filter = Filter { id: Some(id), ..Filter::default() };
    let page = query::query(dir, &filter, 1, None).map_err(in_folder(dir))?;
    let Some(record) = page.records.first() else {
        printer.error(
            format!("the log in `{}` holds no request {id}", dir.display()),
            Some("another log is named with --dir; refusals before a caller is known have no entry"),
        );
        return Ok(Exit::Findings);
    };
    if json {
        for entry in &record.entries {
            printer.json(entry);
        }
    } else {
        for sentence in story::tell(record) {
            printer.line(sentence);
        }
    }
    Ok(Exit::Well)
}

fn verify(dir: &Path, key: Option<&Path>, known: &[PathBuf], (json, printer): (bool, Printer)) -> anyhow::Result<Exit> {
    log_in(dir)?;
    let read = |path: &Path| std::fs::read_to_string(path).with_context(|| format!("{}", path.display()));
    let key = match key {
        Some(path) => Some(VerifierKey::parse(read(path)?.trim()).with_context(|| format!("{}", path.display()))?),
        None => None,
    };
    let known = known.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let trust = Trust { key, known };
    let (sound, text) = match verify_dir(dir, &trust, &mut |_| {}) {
        Ok(report) if json => (
            true,
            serde_json::json!({
                "sound": true, "origin": report.origin, "signed": report.signed, "unsigned": report.unsigned,
                "root": report.root.to_string(), "segments": report.segments, "unfinished": report.unfinished,
                "kinds": report.kinds, "first": report.first_time, "last": report.last_time,
            })
            .to_string(),
        ),
        Ok(report) => (true, told(&report)),
        Err(problem) if json => (
            false,
            serde_json::json!({
                "sound": false, "file": problem.file, "offset": problem.offset, "seq": problem.seq,
                "problem": problem.to_string(),
            })
            .to_string(),
        ),
        Err(problem) => (false, format!("not sound: {problem}")),
    };
    printer.line(text);
    Ok(if sound { Exit::Well } else { Exit::Findings })
}

/// Verifies a folder with the key that lies in it, and tells the result in sentences.
pub(super) fn verify_folder(dir: &Path) -> (bool, String) {
    match verify_dir(dir, &Trust::default(), &mut |_| {}) {
        Ok(report) => (true, told(&report)),
        Err(problem) => (false, format!("not sound: {problem}")),
    }
}

fn told(report: &octroi_verify::Report) -> String {
    let kinds: Vec<String> = report.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let mut text = format!(
        "sound: {} entries of `{}` are intact, in order and signed (root {}), {} more are intact\n  {}",
        report.signed,
        report.origin,
        report.root,
        report.unsigned,
        kinds.join(", "),
    );
    if report.unfinished > 0 {
        text += &format!("\n  {} decisions have no outcome yet", report.unfinished);
    }
    if !report.key_given {
        text.push_str("\n  checked with the key in the folder: keep a copy elsewhere and pass it with --key");
    }
    text
}
