//! The matrix as text, CSV and one self-contained page that prints well. Meaning is never by colour only.

use super::read::{colon, tier};
use super::say;
use crate::model::Word;
use crate::policy::Language;
use crate::policy::study::{MatrixCell, MatrixRow, Study};

/// A verdict in words.
fn verdict(cell: &MatrixCell, language: Language) -> &'static str {
    match cell.verdict {
        "as it is" => say(language, "as it is", "tel quel"),
        "changed" => say(language, "changed", "changé"),
        _ => say(language, "refused", "refusé"),
    }
}

/// What a cell says in few words.
fn short(cell: &MatrixCell, language: Language) -> String {
    let mut said = match cell.verdict {
        "changed" => cell.changes.join(language.semicolon()),
        _ => verdict(cell, language).to_owned(),
    };
    if cell.otherwise.is_some() || !cell.except.is_empty() {
        said.push_str(" *");
    } else if !cell.exact {
        said.push_str(" ?");
    }
    said
}

/// A table in plain text; below it what refuses, and the exceptions.
pub(super) fn text(columns: &[String], rows: &[MatrixRow], language: Language) -> String {
    let mut lines: Vec<Vec<String>> = vec![[String::new()].into_iter().chain(columns.iter().cloned()).collect()];
    for row in rows {
        lines.push([row.class.clone()].into_iter().chain(row.cells.iter().map(|cell| short(cell, language))).collect());
    }
    let widths: Vec<usize> = (0..=columns.len())
        .map(|at| lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for line in &lines {
        let cells = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.chars().count()))));
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    let refused = say(language, "refused by:", "refusé par :");
    let otherwise = say(language, "* otherwise:", "* autrement :");
    for (title, notes) in [(refused, reasons(columns, rows)), (otherwise, notes(columns, rows, language))] {
        if !notes.is_empty() {
            out.push_str(&format!("\n{title}\n"));
            for note in &notes {
                out.push_str(&format!("  {note}\n"));
            }
        }
    }
    out
}

/// The hosts into whose addresses answers may have values put back, as a URL may spell them.
pub(super) fn value_hosts(study: &Study) -> Vec<&str> {
    study.policy().value_hosts().iter().map(Word::as_str).collect()
}

/// What is said of them; nothing where there are none.
pub(super) fn addresses(study: &Study) -> Option<String> {
    let (hosts, language) = (value_hosts(study), study.language());
    let said = "answers may have values put back into addresses of";
    let dit = "les réponses peuvent reprendre des valeurs dans les adresses de";
    (!hosts.is_empty()).then(|| format!("{}{}{}", say(language, said, dit), colon(language), hosts.join(", ")))
}

/// The rules that refuse, each with the cells in which they do.
fn reasons(columns: &[String], rows: &[MatrixRow]) -> Vec<String> {
    let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
    for row in rows {
        for (column, cell) in columns.iter().zip(&row.cells) {
            for why in &cell.why {
                let place = format!("{} → {column}", row.class);
                match reasons.iter_mut().find(|(known, _)| known == why) {
                    Some((_, places)) => places.push(place),
                    None => reasons.push((why.clone(), vec![place])),
                }
            }
        }
    }
    reasons.into_iter().map(|(why, places)| format!("{why}\n      {}", places.join(", "))).collect()
}

/// What comes out otherwise than the cell says: the same at several backends is said once.
fn notes(columns: &[String], rows: &[MatrixRow], language: Language) -> Vec<String> {
    let mut notes = Vec::new();
    for row in rows {
        let mut of_row: Vec<(String, Vec<&str>)> = Vec::new();
        for (column, cell) in columns.iter().zip(&row.cells) {
            for note in cell.except.iter().cloned().chain(other_way(cell, language)) {
                match of_row.iter_mut().find(|(known, _)| *known == note) {
                    Some((_, places)) => places.push(column),
                    None => of_row.push((note, vec![column])),
                }
            }
        }
        notes.extend(
            of_row.into_iter().map(|(note, at)| format!("{} → {}{}{note}", row.class, at.join(", "), colon(language))),
        );
    }
    notes
}

/// The request that comes out the other way, with how it comes out.
fn other_way(cell: &MatrixCell, language: Language) -> Option<String> {
    let otherwise = cell.otherwise.as_ref()?;
    let changes = cell.otherwise_changes.join(language.semicolon());
    let changed = if changes.is_empty() { String::new() } else { format!(" ({changes})") };
    Some(match (cell.verdict, language) {
        ("refused", Language::En) => format!("allowed{changed} for: {otherwise}"),
        ("refused", Language::Fr) => format!("permis{changed} pour : {otherwise}"),
        (_, Language::En) => format!("refused for: {otherwise}"),
        (_, Language::Fr) => format!("refusé pour : {otherwise}"),
    })
}

/// One line for each class and backend.
pub(super) fn csv(columns: &[String], rows: &[MatrixRow], day: &str, language: Language) -> String {
    let said = |en, fr| say(language, en, fr);
    let heads = said(
        "class,law,backend,verdict,changes,why,except,otherwise,exact,as of",
        "classe,loi,hébergeur,issue,changements,motif,hormis,autrement,prouvé,état au",
    );
    let mut out = format!("{heads}\r\n");
    let quoted = |text: &str| {
        // A spreadsheet must not take a cell for a formula.
        let safe = if text.starts_with(['=', '+', '-', '@', '\t']) { format!("'{text}") } else { text.to_owned() };
        format!("\"{}\"", safe.replace('"', "\"\""))
    };
    for row in rows {
        for (column, cell) in columns.iter().zip(&row.cells) {
            let cells = [
                row.class.as_str(),
                row.law.as_str(),
                column.as_str(),
                verdict(cell, language),
                &cell.changes.join(language.semicolon()),
                &cell.why.join(language.semicolon()),
                &cell.except.join(language.semicolon()),
                &other_way(cell, language).unwrap_or_default(),
                if cell.exact { said("yes", "oui") } else { said("no", "non") },
                day,
            ];
            out.push_str(&cells.map(quoted).join(","));
            out.push_str("\r\n");
        }
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const STYLE: &str = "body{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#111}table{border-collapse:collapse;width:100%}\
th,td{border:1px solid #888;padding:.4em .5em;text-align:left;vertical-align:top}thead th{background:#eee}\
td.as-it-is{background:#e6f4e6}td.changed{background:#fff6d6}td.refused{background:#fbe3e3}small{color:#444;display:block}\
caption{text-align:left;padding:.5em 0}@media print{body{margin:0;font-size:10px}thead{display:table-header-group}\
tr{break-inside:avoid}@page{size:A4 landscape;margin:12mm}}";

/// One page, without scripts and without anything from elsewhere.
pub(super) fn html(study: &Study, columns: &[String], rows: &[MatrixRow], notice: Option<&str>) -> String {
    let policy = study.policy();
    let say = |english: &'static str, french: &'static str| say(study.language(), english, french);
    let heading = say("Which data may go where", "Quelles données peuvent aller où");
    let mut out = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><title>{heading}</title><style>{STYLE}</style></head>\n<body>\n<h1>{heading}</h1>\n<p>{} — version {}<small>{} {}<br>{} {}<br>{} {}<br>{} {}</small></p>\n{}<table>\n<thead><tr><th scope=\"col\"></th>",
        study.language().code(),
        escaped(policy.name().as_str()),
        policy.version(),
        say("as it stands on", "état au"),
        escaped(&study.clock(study.instant())),
        say("sheets", "feuilles"),
        policy.digest(),
        say("inventory", "inventaire"),
        policy.inventory_digest(),
        say("reference data", "données de référence"),
        policy.reference_digest(),
        notice.map(|notice| format!("<p><strong>{}</strong></p>\n", escaped(notice))).unwrap_or_default(),
    );
    for backend in policy.backends() {
        out.push_str(&format!(
            "<th scope=\"col\">{}<small>{}</small></th>",
            escaped(backend.name.as_str()),
            tier(backend.tier.name(), study.language())
        ));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        out.push_str(&format!(
            "<tr><th scope=\"row\">{}<small>{}</small></th>",
            escaped(&row.class),
            escaped(&row.law)
        ));
        for cell in &row.cells {
            let verdict = verdict(cell, study.language());
            let class = cell.verdict.replace(' ', "-");
            out.push_str(&format!("<td class=\"{class}\"><strong>{verdict}</strong>"));
            for line in cell.changes.iter().chain(&cell.why) {
                out.push_str(&format!("<small>{}</small>", escaped(line)));
            }
            for line in cell.except.iter().cloned().chain(other_way(cell, study.language())) {
                out.push_str(&format!("<small>{}</small>", escaped(&line)));
            }
            if !cell.exact {
                let open = say("not known for all requests", "non établi pour toute requête");
                out.push_str(&format!("<small>{open}</small>"));
            }
            out.push_str("</td>");
        }
        out.push_str("</tr>\n");
    }
    let addresses = addresses(study).map(|said| format!("<p>{}</p>\n", escaped(&said))).unwrap_or_default();
    out.push_str(&format!("</tbody>\n</table>\n{addresses}<p><small>{}</small></p>\n</body>\n</html>\n", say(
        "Each cell is the verdict on a request that carries one value of this class and nothing else; types of the class that come out otherwise are named. Where no request with this class is named that comes out otherwise, there is none: that is proven over all requests without a hosted tool, which is refused whatever the data unless a line allows it. Backends: ",
        "Chaque case est l'issue d'une requête qui porte une valeur de cette classe et rien d'autre ; les types de la classe qui ont une autre issue sont nommés. Là où aucune requête de cette classe qui a une autre issue n'est nommée, il n'y en a pas : cela est prouvé pour toute requête sans outil hébergé, lequel est refusé quelles que soient les données, sauf si une ligne l'autorise. Hébergeurs : "
    ).to_owned() + &escaped(&columns.join(", ")) + "."));
    out
}
