//! Reading the log: `query`, `show`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use octroi_verify::note::VerifierKey;
use octroi_verify::verify::{CHECKPOINT, COSIGNED, VERIFIER_KEY};
use octroi_verify::{Checkpoint, shown};
use serde_json::Value;

use super::{DIR, Exit, Printer, Reading, absent, record, text_of, write_new};
use crate::audit::decisions::Place;
use crate::audit::epochs::{Epochs, Signed, Tally};
use crate::audit::index::{Dimension, Index, IndexError};
use crate::audit::query::{Filter, Record};
use crate::audit::{csv, read_text, story};
use crate::cli::meant;
use crate::model::entry::RequestId;

/// Longest wait for the checkpoint that covers an entry.
const SIGNED_WAIT: Duration = Duration::from_secs(5);
/// Time between two looks for it.
const SIGNED_LOOK: Duration = Duration::from_millis(50);

const TEMPORARY: &str = "the review index cannot be written here: one was made for this answer alone";

#[derive(Debug, clap::Args)]
pub(crate) struct Query {
    /// The log's folder
    #[arg(long, default_value = DIR)]
    pub(super) dir: PathBuf,
    /// Decided at this time or later (RFC 3339, such as 2026-11-23T08:00:00Z)
    #[arg(long, value_parser = super::words::time)]
    since: Option<jiff::Timestamp>,
    /// Decided before this time
    #[arg(long, value_parser = super::words::time)]
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
    /// Sent to a backend that processes in this country; with --backend to that very one there
    #[arg(long)]
    country: Option<String>,
    /// `forward` or `refuse`
    #[arg(long)]
    decision: Option<String>,
    /// In which this rule fired
    #[arg(long)]
    rule: Option<String>,
    /// That this exception spared a rule
    #[arg(long)]
    exception: Option<String>,
    /// This very request
    #[arg(long)]
    id: Option<String>,
    /// How many
    #[arg(long, default_value_t = 50, value_parser = limit)]
    limit: usize,
    /// Only those that begin before this entry: the next page (`17`, or `1:17` in the epoch 1)
    #[arg(long, value_parser = before)]
    before: Option<(Option<u32>, u64)>,
    /// Only in this epoch of the log: each change of its key begins another
    #[arg(long)]
    epoch: Option<u32>,
    /// Count instead, by one or more of: kind, tenant, app, purpose, actor, api, operation, model, class, type, backend,
    /// country, control, basis, decision, reason, rule, end, label, mark, exception. Backend, country, control and basis
    /// in a row are those of one sending, class and type those of one finding; all else is the request's
    #[arg(long, value_delimiter = ',', conflicts_with_all = ["limit", "before"])]
    by: Vec<String>,
    /// Write JSON, one request a line
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Write CSV, one request a line
    #[arg(long)]
    csv: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The request's id, as in the header `octroi-request-id`
    id: String,
    /// The log's folder
    #[arg(long, default_value = DIR)]
    dir: PathBuf,
    /// Write its entries as JSON
    #[arg(long)]
    json: bool,
    /// Write the proof of its decision, with the entry in it, to this file, `-` for standard output (C2SP tlog-proof)
    #[arg(long)]
    proof: Option<PathBuf>,
}

impl Query {
    fn filter(&self) -> anyhow::Result<Filter> {
        let id = match &self.id {
            None => None,
            Some(id) => Some(RequestId::parse(id).with_context(|| format!("`{id}` is not the id of a request"))?),
        };
        Ok(Filter {
            since: self.since,
            until: self.until,
            app: self.app.clone(),
            class: self.class.clone(),
            backend: self.backend.clone(),
            country: self.country.clone(),
            decision: self.decision.clone(),
            rule: self.rule.clone(),
            exception: self.exception.clone(),
            id,
        })
    }

    /// Names of the conditions that are set.
    fn conditions(&self) -> Vec<&'static str> {
        let set = [
            ("since", self.since.is_some()),
            ("until", self.until.is_some()),
            ("app", self.app.is_some()),
            ("class", self.class.is_some()),
            ("backend", self.backend.is_some()),
            ("country", self.country.is_some()),
            ("decision", self.decision.is_some()),
            ("rule", self.rule.is_some()),
            ("exception", self.exception.is_some()),
            ("id", self.id.is_some()),
        ];
        set.into_iter().filter(|(_, set)| *set).map(|(name, _)| name).collect()
    }
}

pub(super) fn list(query: &Query, printer: Printer) -> anyhow::Result<Exit> {
    let filter = query.filter()?;
    if let Some(decision) = query.decision.as_deref().filter(|word| !["forward", "refuse"].contains(word)) {
        bail!("`--decision {decision}` is neither `forward` nor `refuse`");
    }
    if let (Some(since), Some(until)) = (query.since, query.until)
        && since >= until
    {
        bail!("`--since {since}` is not before `--until {until}`: there is no such time");
    }
    let reading = Reading {
        action: "query",
        words: query.conditions(),
        records: query.by.is_empty().then_some(query.limit as u64),
        subject: filter.id,
        ..Reading::default()
    };
    record(&query.dir, reading, printer)?;
    let epochs = chosen(&query.dir, query.epoch)?;
    if !query.by.is_empty() {
        return count(query, &filter, &epochs, printer);
    }
    let newest = epochs.logs().first().map_or(0, |(number, _)| *number);
    let before = query.before.map(|(epoch, seq)| Place { epoch: epoch.unwrap_or(newest), seq });
    let page = told(query, epochs.page(&filter, query.limit, before))?;
    if page.temporary {
        printer.say(TEMPORARY);
    }
    if query.csv {
        printer.text(csv::row(csv::RECORD));
    }
    for (epoch, record) in &page.records {
        let Record { seq, time, entries } = record;
        if query.json {
            printer.json(&serde_json::json!({"epoch": epoch, "seq": seq, "time": time, "entries": entries}));
        } else if query.csv {
            printer.text(csv::record(*epoch, record));
        } else if epochs.are_several() {
            let place = Place { epoch: *epoch, seq: *seq }.to_string();
            printer.line(format!("{place:>10}  {time}  {}", summary(record)));
        } else {
            printer.line(format!("{seq:>8}  {time}  {}", summary(record)));
        }
    }
    printer.say(format!("{} shown; {}", page.records.len(), up_to(&page.signed, page.read, page.epochs)));
    if let (true, Some((epoch, first))) = (page.more, page.records.first()) {
        printer.say(format!("older ones match: --before {}", Place { epoch: *epoch, seq: first.seq }));
    }
    Ok(Exit::Well)
}

fn count(query: &Query, filter: &Filter, epochs: &Epochs, printer: Printer) -> anyhow::Result<Exit> {
    let mut by = Vec::new();
    for name in &query.by {
        let known = || Dimension::ALL.map(|(_, name)| name).join(", ");
        let dimension = Dimension::named(name).with_context(|| format!("`{name}` is none of {}", known()))?;
        if by.contains(&dimension) {
            bail!("`--by` names `{name}` twice");
        }
        by.push(dimension);
    }
    let Tally { counted, read, signed, temporary } = told(query, epochs.count(filter, &by))?;
    if temporary {
        printer.say(TEMPORARY);
    }
    if query.csv {
        printer.text(csv::row(by.iter().map(|dimension| dimension.name()).chain(["count"])));
    }
    for one in &counted {
        let count = one.count.to_string();
        if query.csv {
            printer.text(csv::row(one.words.iter().chain([&count])));
        } else if query.json {
            let words =
                by.iter().zip(&one.words).map(|(dimension, word)| (dimension.name().to_owned(), word.as_str().into()));
            let mut line: serde_json::Map<String, Value> = words.collect();
            line.insert("count".to_owned(), one.count.into());
            printer.json(&line);
        } else {
            printer.line(format!("{count:>10}  {}", one.words.join("  ")));
        }
    }
    printer.say(up_to(&signed, read, signed.len()));
    Ok(Exit::Well)
}

/// The epochs that are asked about: all, or one.
pub(super) fn chosen(dir: &Path, epoch: Option<u32>) -> anyhow::Result<Epochs> {
    let epochs = Epochs::of(dir);
    let Some(epoch) = epoch else { return Ok(epochs) };
    let numbers: Vec<String> = epochs.logs().iter().rev().map(|(number, _)| number.to_string()).collect();
    let there = numbers.join(", ");
    epochs.only(epoch).with_context(|| format!("the log in `{}` has no epoch {epoch}: there are {there}", shown(dir)))
}

/// How many records a page has.
fn limit(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("a page of none tells nothing: name 1 or more; --by counts without listing".to_owned()),
        Ok(limit) => Ok(limit),
        Err(_) => Err("name a number of requests, 1 or more".to_owned()),
    }
}

/// The place before which a page ends: the number of an entry, behind that of its epoch where it is not the newest.
fn before(text: &str) -> Result<(Option<u32>, u64), String> {
    match text.parse() {
        Ok(seq) => Ok((None, seq)),
        Err(_) => text.parse().map(|Place { epoch, seq }| (Some(epoch), seq)),
    }
}

/// Says what was probably meant by a word that no record has.
fn told<T>(query: &Query, result: Result<T, IndexError>) -> anyhow::Result<T> {
    match result {
        Err(IndexError::Unknown { dimension, word, listed }) => {
            let (dir, meant) = (shown(&query.dir), meant(&word, listed.iter().map(String::as_str)));
            let (of, all) = match query.epoch {
                Some(epoch) => (format!("epoch {epoch} of "), "; without --epoch all epochs are searched"),
                None => (String::new(), ""),
            };
            bail!("no request in {of}the log in `{dir}` has the {dimension} `{word}`\n  help: {meant}{all}")
        }
        other => Ok(other?),
    }
}

/// How far an answer goes, and how far what it was read from is signed.
fn up_to(signed: &[(u32, Signed)], read: u64, searched: usize) -> String {
    const HELP: &str = "run `octroi audit verify`";
    let fault = |signed: &Signed| match signed {
        Signed::UpTo(_) => None,
        Signed::Missing(signed) => Some(format!("{signed} entries were signed, and fewer are there: {HELP}")),
        Signed::Unseen(why) => Some(format!("what is signed of it could not be seen: {why}: {HELP}")),
    };
    let read = match signed.first() {
        Some((_, Signed::UpTo(signed))) if *signed < read => format!("{read}, of which {signed} are signed"),
        Some((_, Signed::UpTo(_))) => format!("{read}, all signed"),
        Some((_, other)) => format!("{read}; {}", fault(other).unwrap_or_default()),
        None => read.to_string(),
    };
    let told = match searched.saturating_sub(1) {
        0 => format!("read up to entry {read}"),
        1 => format!("read up to entry {read}, and the finished epoch"),
        finished => format!("read up to entry {read}, and the {finished} finished epochs"),
    };
    let older = signed.iter().skip(1).filter_map(|(epoch, signed)| Some(format!("epoch {epoch}: {}", fault(signed)?)));
    [told].into_iter().chain(older).collect::<Vec<_>>().join("; ")
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

pub(super) fn show(show: &Show, printer: Printer) -> anyhow::Result<Exit> {
    let Some(id) = RequestId::parse(&show.id) else {
        bail!(
            "`{}` is not the id of a request\n  help: it stands in the header `octroi-request-id` of the answer, and in `audit query`",
            show.id
        )
    };
    let action = if show.proof.is_some() { "proof" } else { "show" };
    record(&show.dir, Reading { action, subject: Some(id), ..Reading::default() }, printer)?;
    let epochs = Epochs::of(&show.dir);
    let Some((epoch, found)) = epochs.find(id)? else {
        let why = absent::told(&epochs, id)?;
        let other = "another log is named with --dir; refusals before a caller is known have no entry";
        let told = format!("the log in `{}` holds no request {id}", shown(&show.dir));
        printer.error(told, Some(why.as_deref().unwrap_or(other)));
        return Ok(Exit::Findings);
    };
    if epoch.index.is_temporary() {
        printer.say(TEMPORARY);
    }
    if let Some(path) = &show.proof {
        return prove(&epoch.log, path, found.seq, epoch.index, printer);
    }
    if show.json {
        for entry in &found.entries {
            printer.json(entry);
        }
    } else {
        let destroyed = super::sealed::destroyed(&epochs, &found)?.into_iter().map(|destroyed| destroyed.told);
        for sentence in story::tell(&found).into_iter().chain(destroyed) {
            printer.line(sentence);
        }
    }
    Ok(Exit::Well)
}

/// Writes the proof of an entry, after checking it as its reader will.
///
/// A gateway signs what it appends within milliseconds, and may append while this reads (the record of this very access, for
/// one). So the index is brought up to each checkpoint after that was read, and an entry that is not signed yet is waited for.
#[expect(clippy::disallowed_methods, reason = "another process signs, and tells it by a file alone")]
fn prove(dir: &Path, path: &Path, seq: u64, mut index: Index, printer: Printer) -> anyhow::Result<Exit> {
    let key = VerifierKey::parse(&text_of(&dir.join(VERIFIER_KEY))?).context("the log's public key")?;
    let started = std::time::Instant::now();
    let (checkpoint, proof) = loop {
        // The checkpoint that witnesses signed, where it covers the entry: a policy asks for their lines.
        let cosigned = read_text(dir, COSIGNED).ok().and_then(|text| Some((Checkpoint::open(&text, &key).ok()?, text)));
        let (checkpoint, signed) = if let Some(cosigned) = cosigned.filter(|(cosigned, _)| cosigned.size > seq) {
            cosigned
        } else {
            let signed = read_text(dir, CHECKPOINT).context("the log's checkpoint")?;
            (Checkpoint::open(&signed, &key).context("the log's checkpoint")?, signed)
        };
        index.catch_up()?;
        if let Some(proof) = index.prove(seq, &checkpoint, &signed)? {
            break (checkpoint, proof);
        }
        if started.elapsed() >= SIGNED_WAIT {
            let size = checkpoint.size;
            bail!(
                "entry {seq} is not signed: the newest checkpoint covers the {size} entries before it\n  help: it is signed when the gateway that writes this log runs; then ask again"
            );
        }
        std::thread::sleep(SIGNED_LOOK);
    };
    proof
        .verify(None, &checkpoint)
        .context("the entries are not those that the checkpoint is signed over: run `octroi audit verify`")?;
    if path == Path::new("-") {
        printer.text(proof.to_string());
        return Ok(Exit::Well);
    }
    write_new(path, &proof.to_string())?;
    printer.say(format!("entry {seq} of {} in {}", checkpoint.size, shown(path)));
    printer.say(format!("check it with: octroi-verify --proof {} --key {key}", shown(path)));
    Ok(Exit::Well)
}
