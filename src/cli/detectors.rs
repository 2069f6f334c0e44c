//! `octroi detectors`: what the detectors find.

use super::{Exit, Printer, scan};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Write JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, printer: Printer) -> anyhow::Result<Exit> {
    let (engine, _) = scan::engine()?;
    for row in engine.describe() {
        if arguments.json {
            printer.json(&row);
        } else {
            printer.line(format!("{}\t{}\t{}\t{}", row.entity, row.country, row.classes.join(","), row.method));
        }
    }
    Ok(Exit::Well)
}
