//! What is wrong with a TOML file, in words of ours and in the language of the policy: the parser of the format speaks English and of
//! its grammar, and of a table that stands twice it tells every key.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::civil::Date;

use super::dates::spelled;
use super::diagnostic::{Diagnostic, File};
use super::lines::{lines, place};
use super::parser::folded;
use super::phrase::Language;
use super::signs::called;
use super::text::{Text, say};
use crate::limits::POLICY_FAULTS_MAX;

/// Reports what the format rejects: its message and its place in the file, in order.
pub(super) fn report(file: &File, errors: &[(String, Range<usize>)], faults: &mut Vec<Diagnostic>) {
    let mut twice: BTreeSet<usize> = BTreeSet::new();
    // Each is looked up in the file: beyond what is shown there is nothing to gain.
    for (message, span) in errors.iter().take(POLICY_FAULTS_MAX) {
        let fault =
            |span: Range<usize>, message: Text| Diagnostic::new("octroi::policy::not-toml", file, span, message);
        if message == "duplicate key"
            && let Some((header, first)) = repeated_table(file.text(), span.start)
        {
            if twice.insert(header.start) {
                let name = file.text().get(header.clone()).unwrap_or_default();
                let message = say!("`{}` stands twice: it begins on line {} too", name, first);
                faults.push(fault(header, message).help(say!("give one of them another name, or take one out")));
            }
            continue;
        }
        let line = line_of(file.text(), span.start);
        if let Some(date) = day_first(line) {
            let fault = fault(span.clone(), say!("this is not written as the file asks"));
            faults.push(fault.help(say!("write {}: a date is year-month-day", date.to_string())));
            continue;
        }
        if let Some((span, wrong, help)) = slip(file.text(), span) {
            faults.push(fault(span, wrong).help(help));
            continue;
        }
        let fault = fault(span.clone(), said(message, file.language()));
        faults.push(match advice(message) {
            Some(help) => fault.help(help),
            None => fault,
        });
    }
    // Within a note the format takes them for letters, and what stands behind them on the screen would be a part of the note.
    let ends = |c: &char| matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}');
    for (at, sign) in file.text().char_indices().filter(|(_, c)| ends(c)).take(POLICY_FAULTS_MAX) {
        let message = say!("the sign {} has no meaning here", called(sign));
        let fault = Diagnostic::new("octroi::policy::hidden-sign", file, at..at + sign.len_utf8(), message);
        faults.push(fault.help(say!("end the line with the Enter key alone")));
    }
}

/// The value in which a byte stands, without quotes and as people write it: where it stands, what is wrong, and how it is written.
fn slip(text: &str, at: &Range<usize>) -> Option<(Range<usize>, Text, Text)> {
    let start = text.get(..at.start)?.rfind('\n').map_or(0, |end| end + 1);
    let line = text.get(start..)?.split('\n').next()?;
    // The last `key =` before the place, or at it.
    let upto = at.end.saturating_sub(start).min(line.len());
    let equals = line.get(..upto)?.rfind('=').or_else(|| line.find('='))?;
    let key = line.get(..equals)?.trim_end().rsplit([' ', '{', ',']).next()?;
    // `run-by-owner = { value = no }` is asked of `run-by-owner`.
    let key = if key == "value" { line.split('=').next()?.trim() } else { key };
    let value = line.get(equals + 1..)?;
    let end = value.find([',', '}', ']', '#']).unwrap_or(value.len());
    let value = value.get(..end)?;
    let written = value.trim();
    let from = start + equals + 1 + (value.len() - value.trim_start().len());
    let span = from..from + written.len();
    if written.is_empty() || written.contains(['"', '\'', '[', '{']) {
        return None;
    }
    if BOOLEANS.contains(&key) {
        let help = truth(written).map_or_else(|| say!("write `true` or `false`"), |truth| say!("write `{}`", truth));
        return Some((span, say!("expected {}", Text::from("`true` or `false`")), help));
    }
    if DATES.contains(&key) {
        let help = spelled(written)
            .or_else(|| padded(written).map(|date| say!("write {}: a date is year-month-day", date.to_string())));
        let help = help.unwrap_or_else(|| say!("a date is year-month-day: 2027-06-30"));
        return Some((span, say!("expected {}", Text::from("a date without quotes: 2027-06-30")), help));
    }
    let words =
        written.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/' | ':' | '\u{2019}'));
    let worded = words && written.chars().next().is_some_and(char::is_alphabetic);
    worded.then(|| (span, say!("a text stands in straight double quotes"), say!("write \"{}\"", written)))
}

/// A truth as people write it.
pub(super) fn truth(written: &str) -> Option<&'static str> {
    match folded(written).as_str() {
        "true" | "yes" | "oui" | "vrai" | "on" | "y" | "1" => Some("true"),
        "false" | "no" | "non" | "faux" | "off" | "n" | "0" => Some("false"),
        _ => None,
    }
}

/// A date that lacks a zero: `2027-4-3`.
fn padded(written: &str) -> Option<Date> {
    let [year, month, day] = *written.split('-').collect::<Vec<_>>() else { return None };
    format!("{year}-{month:0>2}-{day:0>2}").parse().ok()
}

/// Keys of the inventory that are true or false, or a date, wherever they stand.
const BOOLEANS: [&str; 1] = ["run-by-owner"];
const DATES: [&str; 4] = ["verified", "until", "valid-until", "dated"];

/// What the format says, in a language.
fn said(message: &str, language: Language) -> Text {
    match message {
        "duplicate key" => say!("this key stands twice"),
        "string values must be quoted" => say!("a text stands in straight double quotes"),
        _ if message.starts_with("unclosed") => say!("a bracket is not closed here"),
        _ if message.starts_with("missing comma") => say!("a comma is missing here"),
        _ if message.starts_with("extra comma") => say!("there is a comma too many here"),
        _ if message.starts_with("missing value") || message == "key with no value" => say!("a value is missing here"),
        _ if message.contains("quote") => say!("a quote is missing here"),
        _ if message.contains("carriage return") => say!("this line ends with a carriage return alone"),
        _ if language == Language::En => say!("this is not TOML: {}", message),
        _ => say!("this is not written as the file asks"),
    }
}

fn advice(message: &str) -> Option<Text> {
    match message {
        "duplicate key" => Some(say!("give one of them another name, or take one out")),
        _ if message.contains("carriage return") => {
            Some(say!("save the file with the line ends of Windows or of Unix"))
        }
        _ => None,
    }
}

/// The header of the table in which a byte stands, where a table of the same name began before, and on which line that did.
fn repeated_table(text: &str, at: usize) -> Option<(Range<usize>, usize)> {
    let mut start = 0;
    let mut headers: Vec<Range<usize>> = Vec::new();
    for line in text.split_inclusive('\n') {
        if start > at {
            break;
        }
        let indent = line.len() - line.trim_start().len();
        let header = line.split('#').next().unwrap_or_default().trim();
        if header.starts_with('[') && header.ends_with(']') {
            headers.push(start + indent..start + indent + header.len());
        }
        start += line.len();
    }
    let last = headers.pop()?;
    let name = text.get(last.clone())?;
    let first = headers.into_iter().find(|header| text.get(header.clone()) == Some(name))?;
    Some((last, place(text, first.start).0))
}

fn line_of(text: &str, at: usize) -> &str {
    let (line, _) = place(text, at);
    lines(text).nth(line.saturating_sub(1)).unwrap_or_default()
}

/// The date in a text in which a day is written first: `31/03/2027`.
pub(super) fn day_first(text: &str) -> Option<Date> {
    let mut words = text.split(|c: char| !(c.is_ascii_digit() || matches!(c, '/' | '.' | '-')));
    words.find_map(|word| {
        let parts: Vec<&str> = word.split(['/', '.', '-']).collect();
        match *parts.as_slice() {
            [day, month, year] if year.len() == 4 && day.len() <= 2 && month.len() <= 2 => {
                let date = |month: &str, day: &str| format!("{year}-{month:0>2}-{day:0>2}").parse::<Date>().ok();
                date(month, day).or_else(|| date(day, month))
            }
            [year, _, _] if year.len() == 4 => {
                word.replace(['/', '.'], "-").parse().ok().filter(|_| word.contains(['/', '.']))
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_people_write_them() {
        for (text, expected) in [
            ("until = 31/03/2027", Some("2027-03-31")),
            ("31.3.2027", Some("2027-03-31")),
            ("03/31/2027", Some("2027-03-31")),
            ("2027/03/31", Some("2027-03-31")),
            ("2027-03-31", None),
            ("31/02/2027", None),
            ("\"10.0.0.0/8\"", None),
        ] {
            assert_eq!(day_first(text).map(|date| date.to_string()).as_deref(), expected, "{text}");
        }
    }
}
