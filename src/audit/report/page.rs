//! A report as one page without anything from elsewhere, and as CSV.
//!
//! Every cell is escaped: names of apps, models and rules come from files that several people write. The page has no script,
//! no font and no picture of its own; bars are SVG in the text, with their numbers beside them.

use super::words::{Language, Text};
use super::{Report, Section, french};
use crate::audit::csv::row;

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#111;\
background:#fff}h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc;vertical-align:top;overflow-wrap:anywhere}\
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}footer{margin-top:2rem;color:#444}\
svg{display:block}@media print{body{margin:0;max-width:none;font-size:10pt}h2{break-after:avoid}tr{break-inside:avoid}\
thead{display:table-header-group}}";
/// Width of the longest bar.
const BAR_WIDTH: u64 = 240;
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Writes a page.
pub fn html(report: &Report, language: Language) -> String {
    let title = escape(&format!("{} {}", language.title(report.kind), report.month));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         </head>\n<body>\n<h1>{title}</h1>\n",
        language.code()
    );
    for statement in statements(report, language) {
        page.push_str(&format!("<p><strong>{}</strong></p>\n", escape(&statement)));
    }
    for section in &report.sections {
        page.push_str(&table(report, section, language));
    }
    page.push_str(&format!("<footer>{}</footer>\n</body>\n</html>\n", escape(Text::Foot.say(language))));
    page
}

/// What stands above the tables.
fn statements(report: &Report, language: Language) -> Vec<String> {
    let unsound = report.problem.iter().map(|_| language.unsound(report.indexed));
    let unread = report.unread.iter().map(|unread| language.unread(unread));
    let incomplete = report.incomplete.iter().map(|gone| language.incomplete(gone));
    let left_out = report.left_out.iter().map(|left_out| language.left_out(*left_out));
    let illegible = report.illegible.iter().map(|illegible| language.illegible(*illegible));
    unsound.chain(unread).chain(incomplete).chain(left_out).chain(illegible).collect()
}

/// Writes CSV: each table under its heading, and behind it what its reader must know. It begins with a byte order mark, without which
/// a spreadsheet that opens the file takes its letters for others; the place of an entry is two columns, since `2:4` is a time of
/// day to one.
pub fn csv(report: &Report, language: Language) -> String {
    let mut text = BYTE_ORDER_MARK.to_owned();
    text.push_str(&row([language.title(report.kind), &report.month.to_string()]));
    for statement in statements(report, language) {
        text.push_str(&row([statement]));
    }
    for section in &report.sections {
        text.push_str(&row([""; 0]));
        text.push_str(&row([section.heading.say(language)]));
        let columns = section.columns.iter().flat_map(|column| match column {
            Text::Entry => vec![Text::Epoch.say(language), Text::Entry.say(language)],
            column => vec![column.say(language)],
        });
        text.push_str(&row(columns));
        for cells in &section.rows {
            let cells = told(report, section, cells, language);
            let cells = section.columns.iter().zip(&cells).flat_map(|(column, cell)| match column {
                Text::Entry => cell.split(':').collect(),
                _ => vec![cell.as_str()],
            });
            text.push_str(&row(cells));
        }
        if let Some(note) = section.note {
            text.push_str(&row([language.note(note)]));
        }
    }
    text
}

/// The cells of a row in a language.
fn told(report: &Report, section: &Section, cells: &[String], language: Language) -> Vec<String> {
    if language == Language::English {
        return cells.to_vec();
    }
    let cell = |(column, cell): (&Text, &String)| match (column, &report.problem) {
        (Text::Log, Some(problem)) => french::problem(problem),
        _ => french::cell(*column, cell),
    };
    section.columns.iter().zip(cells).map(cell).collect()
}

fn table(report: &Report, section: &Section, language: Language) -> String {
    let note = section.note.map(|note| format!("<p>{}</p>\n", escape(&language.note(note)))).unwrap_or_default();
    let heading = escape(section.heading.say(language));
    if section.rows.is_empty() {
        return format!("<h2>{heading}</h2>\n{note}<p>{}</p>\n", escape(Text::Nothing.say(language)));
    }
    let mut text = format!("<h2>{heading}</h2>\n{note}<table>\n<thead><tr>");
    for column in &section.columns {
        text.push_str(&format!("<th scope=\"col\">{}</th>", escape(column.say(language))));
    }
    if section.bars {
        text.push_str("<td></td>");
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    let number = |cell: &String| cell.parse::<u64>().ok();
    let most = section.rows.iter().filter_map(|cells| number(cells.last()?)).max().unwrap_or(0).max(1);
    for cells in &section.rows {
        text.push_str("<tr>");
        for cell in &told(report, section, cells, language) {
            let class = if number(cell).is_some() { " class=\"n\"" } else { "" };
            text.push_str(&format!("<td{class}>{}</td>", escape(cell)));
        }
        if section.bars {
            let width = cells.last().and_then(number).unwrap_or(0).saturating_mul(BAR_WIDTH) / most;
            text.push_str(&format!(
                "<td aria-hidden=\"true\"><svg width=\"{BAR_WIDTH}\" height=\"12\"><rect width=\"{}\" height=\"12\" \
                 fill=\"#3b6ea5\"/></svg></td>",
                width.max(1)
            ));
        }
        text.push_str("</tr>\n");
    }
    text + "</tbody>\n</table>\n"
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Month};
    use super::*;

    #[test]
    fn nothing_in_a_cell_is_markup_or_comes_from_elsewhere() {
        let nasty = "<script src=\"https://x.example/\"></script>&'=1+1";
        let rows = vec![vec![nasty.to_owned(), "7".to_owned()], vec!["FR".to_owned(), "14".to_owned()]];
        let columns = vec![Text::Country, Text::Sendings];
        let sections = vec![
            Section { heading: Text::ByCountry, columns: columns.clone(), rows, bars: true, note: None },
            Section { heading: Text::Refusals, columns, rows: Vec::new(), bars: true, note: None },
        ];
        let month = Month::parse("2026-11").unwrap();
        let report = Report {
            kind: Kind::Transfers,
            month,
            sections,
            problem: None,
            incomplete: Vec::new(),
            left_out: Vec::new(),
            unread: Vec::new(),
            illegible: Vec::new(),
            indexed: 0,
        };
        for language in [Language::English, Language::French] {
            let page = html(&report, language);
            assert!(!page.contains("<script") && !page.contains("src=\"") && !page.contains("url("), "{page}");
            assert!(page.contains("&lt;script") && page.contains("width=\"120\" height=\"12\" fill"), "{page}");
            assert!(page.contains(&escape(Text::Nothing.say(language))), "{page}");
            assert!(page.starts_with(&format!("<!doctype html>\n<html lang=\"{}\">", language.code())));
        }
        let sheet = csv(&report, Language::French);
        assert!(sheet.contains("pays,envois\r\n") && sheet.contains("FR,14\r\n"), "{sheet}");
    }
}
