//! `octroi detectors`: what the detectors find, as a table, as JSON, or as the Markdown of `docs/detectors.md`.

use super::{Exit, Printer, scan};
use crate::detect::Description;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Write JSON, one detector a line
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Write the table of the documentation
    #[arg(long)]
    markdown: bool,
    /// Also list the detectors of this folder
    #[arg(long, value_name = "FOLDER")]
    folder: Option<std::path::PathBuf>,
}

pub(super) fn run(arguments: &Arguments, printer: Printer) -> anyhow::Result<Exit> {
    let (engine, _) = scan::engine(arguments.folder.as_deref())?;
    let rows = engine.describe();
    if arguments.markdown {
        printer.text(markdown(&rows));
        return Ok(Exit::Well);
    }
    for row in &rows {
        if arguments.json {
            printer.json(&serde_json::json!({
                "id": row.id, "entity": row.entity, "country": row.country, "classes": row.classes,
                "method": row.method, "languages": row.languages,
            }));
        } else {
            let columns = [
                row.id.as_str(),
                row.entity.as_str(),
                row.country.as_str(),
                &row.classes.join(","),
                row.method.as_str(),
                &row.languages.join(","),
            ];
            printer.line(columns.join("\t"));
        }
    }
    Ok(Exit::Well)
}

/// The table of `docs/detectors.md`: one line for each detector, in the order of types.
fn markdown(rows: &[Description]) -> String {
    let mut rows: Vec<&Description> = rows.iter().collect();
    rows.sort_by(|a, b| (&a.entity, &a.id).cmp(&(&b.entity, &b.id)));
    let mut out =
        String::from("| type | detector | country | classes | method | languages |\n|---|---|---|---|---|---|\n");
    for row in rows {
        let cells = [
            row.entity.as_str(),
            row.id.as_str(),
            row.country.as_str(),
            &row.classes.join(", "),
            row.method.as_str(),
            &row.languages.join(" "),
        ]
        .map(|cell| cell.replace('|', "\\|").replace('*', "\\*"));
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out
}
