//! Tables for spreadsheets: RFC 4180, and no cell that a spreadsheet would run as a formula.
//!
//! A cell that begins with `=`, `+`, `-`, `@`, a tab or a return gets a `'` in front: names of apps and models come from
//! files that several people write, and a spreadsheet believes what it opens.

use serde_json::Value;

use super::query::{Record, excepted, found, items, sent_to, word};

/// Columns of [`record`].
pub const RECORD: &[&str] = &[
    "epoch",
    "seq",
    "time",
    "kind",
    "request",
    "tenant",
    "app",
    "purpose",
    "actor",
    "operation",
    "model",
    "decision",
    "reason",
    "classes",
    "rules",
    "exceptions",
    "backends",
    "countries",
    "bases",
    "end",
    "status",
    "input_tokens",
    "output_tokens",
    "bytes_out",
];
/// Columns of [`entry`].
pub const ENTRY: &[&str] = &["seq", "time", "kind", "request", "entry"];

/// Writes one row, with its line end.
pub fn row(cells: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut text = String::new();
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        let cell = cell.as_ref();
        let guarded = guarded(cell);
        if cell.contains([',', ';', '"', '\n', '\r', '\t']) || guarded != cell {
            text.push_str(&format!("\"{}\"", guarded.replace('"', "\"\"")));
        } else {
            text.push_str(cell);
        }
    }
    text + "\r\n"
}

/// Puts a `'` before whatever a spreadsheet would run, at the beginning and wherever one that divides rows by another sign
/// than the comma (`;` in half of Europe, a tab) would see a cell begin.
fn guarded(cell: &str) -> String {
    let mut guarded = String::with_capacity(cell.len() + 1);
    let mut begins = true;
    for c in cell.chars() {
        if begins && ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'].contains(&c) {
            guarded.push('\'');
        }
        // A blank or a quotation mark before it is passed over by some.
        begins = [';', ',', '\t', '\n', '\r', '|'].contains(&c) || (begins && [' ', '"'].contains(&c));
        guarded.push(c);
    }
    guarded
}

/// A record of an epoch on one row.
pub fn record(epoch: u32, record: &Record) -> String {
    let nothing = Value::Null;
    let body = |kind| record.of_kind(kind).next();
    let first = record.entries.first().and_then(|entry| entry.get("entry")).unwrap_or(&nothing);
    let (decision, outcome) = (body("decision").unwrap_or(&nothing), body("outcome").unwrap_or(&nothing));
    let sent: Vec<&str> = sent_to(record).map(|(backend, _)| backend).collect();
    let planned = || sent_to(record).filter_map(|(_, declared)| declared);
    let words = |value: &Value, key: &str| -> Vec<String> {
        items(value, key).filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let classes = found(record).flat_map(|finding| words(finding, "classes"));
    let number = |key: &str| outcome.get(key).and_then(Value::as_u64).map(|number| number.to_string());
    let reason = [decision, outcome].map(|body| word(body, "reason")).into_iter().find(|reason| !reason.is_empty());
    row([
        epoch.to_string(),
        record.seq.to_string(),
        record.time.clone(),
        word(first, "kind").to_owned(),
        word(first, "request").to_owned(),
        word(decision, "tenant").to_owned(),
        word(decision, "app").to_owned(),
        word(decision, "purpose").to_owned(),
        word(decision, "actor").to_owned(),
        word(decision, "operation").to_owned(),
        word(decision, "model").to_owned(),
        word(decision, "verdict").to_owned(),
        reason.unwrap_or_default().to_owned(),
        unique(classes),
        words(decision, "rules").join(" "),
        unique(excepted(record).map(|used| word(used, "exception").to_owned())),
        sent.join(" "),
        unique(planned().flat_map(|planned| words(planned, "countries"))),
        unique(planned().map(|planned| word(planned, "transfer_basis").to_owned())),
        word(outcome, "end").to_owned(),
        number("status").unwrap_or_default(),
        number("input_tokens").unwrap_or_default(),
        number("output_tokens").unwrap_or_default(),
        number("bytes_out").unwrap_or_default(),
    ])
}

/// An entry on one row: what is common to all kinds, and the rest as JSON.
pub fn entry(seq: u64, time: &str, bytes: &[u8]) -> String {
    let whole: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let body = whole.get("entry").cloned().unwrap_or_default();
    let cells = [seq.to_string(), time.to_owned(), word(&body, "kind").to_owned(), word(&body, "request").to_owned()];
    row(cells.into_iter().chain([body.to_string()]))
}

fn unique(words: impl Iterator<Item = String>) -> String {
    let words: std::collections::BTreeSet<String> = words.filter(|word| !word.is_empty()).collect();
    words.into_iter().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_breaks_its_row() {
        for (name, cell, expected) in [
            ("plain", "clinic-notes", "clinic-notes"),
            ("equals", "=1+1", "\"'=1+1\""),
            ("plus", "+33 1", "\"'+33 1\""),
            ("minus", "-2", "\"'-2\""),
            ("at", "@SUM(A1)", "\"'@SUM(A1)\""),
            ("tab", "\t=1", "\"'\t'=1\""),
            ("comma", "a,b", "\"a,b\""),
            ("behind a semicolon", "a;=1+1", "\"a;'=1+1\""),
            ("behind a tab and a blank", "a\t =1", "\"a\t '=1\""),
            ("full width", "＝1", "\"'＝1\""),
            ("within", "a=b-c", "a=b-c"),
            ("quote", "a\"b", "\"a\"\"b\""),
            ("line", "a\nb", "\"a\nb\""),
            ("quoted formula", "=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
        ] {
            assert_eq!(row([cell]), format!("{expected}\r\n"), "{name}");
        }
        assert_eq!(row(["a", "", "b"]), "a,,b\r\n");
    }
}
