//! `octroi audit export`: entries as they stand in the log, for other programs.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use octroi_verify::entry;
use octroi_verify::verify::CHECKPOINT;
use octroi_verify::walk::{Step, Walk};

use super::read::chosen;
use super::{DIR, Exit, Printer, Reading, own_log_in, record};
use crate::audit::epochs::Epochs;
use crate::audit::{csv, read_text};

#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// The log's folder
    #[arg(default_value = DIR)]
    pub(super) dir: PathBuf,
    /// Of this epoch of the log, not of the running one
    #[arg(long)]
    epoch: Option<u32>,
    /// The first entry
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Behind the last entry; without it all that are signed
    #[arg(long)]
    to: Option<u64>,
    /// Write CSV for spreadsheets, not JSON lines
    #[arg(long)]
    csv: bool,
}

pub(super) fn export(export: &Export, printer: Printer) -> anyhow::Result<Exit> {
    let epochs = Epochs::of(&export.dir);
    epochs.unmoved(write(export, printer))
}

fn write(export: &Export, printer: Printer) -> anyhow::Result<Exit> {
    if let Some(to) = export.to.filter(|to| *to < export.from) {
        bail!("`--from {}` is behind `--to {to}`: there are no such entries", export.from);
    }
    own_log_in(&export.dir)?;
    let epochs = chosen(&export.dir, export.epoch)?;
    let folder = epochs.logs().first().map_or(export.dir.as_path(), |(_, log)| log.as_path());
    let signed = read_text(folder, CHECKPOINT).context("the log's checkpoint")?;
    let signed = signed.lines().nth(1).and_then(|size| size.parse::<u64>().ok()).context("the log's checkpoint")?;
    let to = export.to.unwrap_or(signed).min(signed);
    if export.from > signed {
        bail!("`--from {}` is behind the last entry: {signed} are signed", export.from);
    }
    let from = export.from.min(to);
    record(&export.dir, Reading { action: "export", range: Some((from, Some(to))), ..Reading::default() }, printer)?;
    if export.csv {
        printer.text(csv::row(csv::ENTRY));
    }
    let mut walk = Walk::open(&folder)?;
    let start = walk.headers().iter().rfind(|header| header.first_seq <= from).map(octroi_verify::walk::start_of);
    if let Some(start) = start {
        walk.seek(start);
    }
    while walk.place().seq < to {
        let batch = match walk.next()? {
            Step::Batch(batch) => batch,
            Step::Segment(_) => continue,
            Step::Torn(_) | Step::End => break,
        };
        // What could not be written before will not be written now.
        printer.written()?;
        for (_, seq, bytes) in batch.entries().filter(|(_, seq, _)| (from..to).contains(seq)) {
            let entry = entry::open(bytes).with_context(|| format!("entry {seq}"))?;
            if export.csv {
                printer.text(csv::entry(seq, entry.time, bytes));
            } else {
                printer.line(String::from_utf8_lossy(bytes));
            }
        }
    }
    if walk.place().seq < to {
        bail!(
            "{to} entries were signed, and the log ends before entry {}: run `octroi audit verify`",
            walk.place().seq
        );
    }
    printer.written()?;
    printer.say(format!("entries {from} to {to}; go on with --from {to}"));
    if let [_, older @ ..] = epochs.logs()
        && !older.is_empty()
    {
        let numbers: Vec<String> = older.iter().rev().map(|(number, _)| number.to_string()).collect();
        printer.say(format!("finished epochs of this log are exported with --epoch: {}", numbers.join(", ")));
    }
    Ok(Exit::Well)
}
