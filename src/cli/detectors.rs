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
            printer.json(&serde_json::json!({
                "id": row.id, "entity": row.entity, "country": row.country, "classes": row.classes,
                "method": row.method, "languages": row.languages,
            }));
        } else {
            printer.line(format!("{}\t{}\t{}\t{}", row.entity, row.country, row.classes.join(","), row.method));
        }
    }
    Ok(Exit::Well)
}
