//! What is wrong with a TOML file, in words of ours and in the language of the policy: the parser of the format speaks English and of
//! its grammar, tells of a bracket that is not closed on every line behind it, and of a table that stands twice every key.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::civil::Date;

use super::diagnostic::{Diagnostic, File};
use super::lines::{lines, place};
use super::phrase::Language;
use super::signs::{advice as advice_on, called, misleads};
use super::text::{Text, say};
use super::toml_brackets::{OpenBracket, open_bracket};
use super::toml_slips::{broken_line, is_dropped, open_quote, slip};
use crate::limits::POLICY_FAULTS_MAX;

/// What the format rejects.
pub(super) const NOT_TOML: &str = "octroi::policy::not-toml";
/// A sign that nobody sees, or that ends a line on the screen alone.
pub(super) const HIDDEN_SIGN: &str = "octroi::policy::hidden-sign";
/// What it rejects so that nothing behind it is read as it is meant.
pub(super) const BROKEN_LINE: &str = "octroi::policy::broken-line";

/// What has been told of a file, by line and by table: each is told once, however often the file is read.
#[derive(Debug, Default)]
pub(super) struct Told {
    lines: BTreeSet<usize>,
    tables: BTreeSet<usize>,
}

/// What keeps that which stands behind it from being read as it is meant.
#[derive(Debug, Default)]
pub(super) struct Broken {
    /// Lines that are none.
    pub(super) lines: Vec<Range<usize>>,
    /// A bracket that is not closed.
    pub(super) open: Option<OpenBracket>,
}

/// Reports what the format rejects of a text that has the places of the file: its message and its place, in order; of a line, the
/// first.
pub(super) fn report(
    file: &File,
    text: &str,
    errors: &[toml::de::Error],
    told: &mut Told,
    faults: &mut Vec<Diagnostic>,
) -> Broken {
    let fault = |span: Range<usize>, message: Text| Diagnostic::new(NOT_TOML, file, span, message);
    let mut broken = Broken::default();
    // What stands behind them is told once they are mended.
    let quoteless = quoteless(file, text, errors, (&mut *told, &mut *faults), &mut broken);
    if let Some(open) = (!errors.is_empty()).then(|| open_bracket(text)).flatten() {
        let opening = text.get(open.at..=open.at).unwrap_or_default();
        let message = say!("`{}` is opened here and not closed", opening);
        let fault = Diagnostic::new(BROKEN_LINE, file, open.at..open.at + 1, message);
        faults.push(fault.help(say!("write `{}` behind what it holds", open.sign.to_string())));
        told.lines.insert(place(text, open.at).0);
        broken.open = Some(open);
    }
    let spans = errors.iter().map(|error| (error.message(), error.span().unwrap_or(0..0)));
    let before = |span: &Range<usize>| broken.open.as_ref().is_none_or(|open| span.start < open.at);
    let mut errors: Vec<(&str, Range<usize>)> =
        spans.filter(|(_, span)| before(span) && span.start < quoteless).collect();
    errors.sort_by_key(|(_, span)| span.start);
    // Each is looked up in the file: beyond what is shown there is nothing to gain.
    for (message, span) in errors.into_iter().take(POLICY_FAULTS_MAX) {
        if message == "duplicate key"
            && let Some((header, first)) = repeated_table(text, span.start)
        {
            if told.tables.insert(header.start) {
                let name = text.get(header.clone()).unwrap_or_default();
                let message = say!("`{}` stands twice: it begins on line {} too", name, first);
                faults.push(fault(header, message).help(say!("give one of them another name, or take one out")));
            }
            continue;
        }
        let line = line_of(text, span.start);
        // What follows on a line is mostly of the same making. No key that is known has an accent: it is told as unknown.
        if !told.lines.insert(place(text, span.start).0) || accented_key(line) {
            continue;
        }
        if message == "duplicate key"
            && let Some(message) = repeated_key(text, &span)
        {
            faults.push(fault(span, message).help(say!("keep one of the two, and take the other out")));
            continue;
        }
        if let Some(date) = day_first(line) {
            let fault = fault(span, say!("this is not written as the file asks"));
            faults.push(fault.help(say!("write {}: a date is year-month-day", date.to_string())));
            continue;
        }
        if let Some((span, wrong, help)) = broken_line(text, span.start) {
            broken.lines.push(span.clone());
            faults.push(Diagnostic::new(BROKEN_LINE, file, span, wrong).help(help));
            continue;
        }
        broken.lines.extend(is_dropped(text, span.start));
        if let Some((span, wrong, help)) = slip(text, &span) {
            faults.push(fault(span, wrong).help(help));
            continue;
        }
        faults.push(fault(span, said(message, file.language())).help(advice(message)));
    }
    broken
}

/// Reports the lists and tables in brackets that lack a quote; where the first of them begins, or the end of all.
fn quoteless(
    file: &File,
    text: &str,
    errors: &[toml::de::Error],
    (told, faults): (&mut Told, &mut Vec<Diagnostic>),
    broken: &mut Broken,
) -> usize {
    // The format tells of them on the lines behind, or not at all where it stopped before.
    let starts = text.match_indices('\n').map(|(at, _)| at + 1);
    let lines = std::iter::once(0).chain(starts).filter(|_| !errors.is_empty());
    for (line, (span, message, help)) in lines.filter_map(|start| open_quote(text, start)) {
        if told.lines.insert(place(text, line.start).0) {
            faults.push(Diagnostic::new(BROKEN_LINE, file, span, message).help(help));
            broken.lines.push(line);
        }
    }
    broken.lines.iter().map(|line| line.start).min().unwrap_or(usize::MAX)
}

/// Reports the signs that end a line on the screen and not for the format, and those that nobody sees: the places of the latter,
/// which the format takes for no part of anything.
pub(super) fn hidden_signs(file: &File, faults: &mut Vec<Diagnostic>) -> Vec<Range<usize>> {
    // Within a note the format takes them for letters, and what stands behind them on the screen would be a part of the note.
    let ends = |c: char| matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}');
    let unseen = |c: char| misleads(c) && !ends(c) && !matches!(c, '\n' | '\r');
    let signs = file.text().char_indices().filter(|(_, c)| ends(*c) || unseen(*c));
    let mut places = Vec::new();
    for (count, (at, sign)) in signs.enumerate() {
        let span = at..at + sign.len_utf8();
        if count < POLICY_FAULTS_MAX {
            let message = say!("the sign {} has no meaning here", called(sign));
            let fault = Diagnostic::new(HIDDEN_SIGN, file, span.clone(), message);
            let help = advice_on(sign).filter(|_| unseen(sign));
            faults.push(fault.help(help.unwrap_or_else(|| say!("end the line with the Enter key alone"))));
        }
        if unseen(sign) {
            places.push(span);
        }
    }
    places
}

/// Whether a line begins with a key in which a letter has an accent.
fn accented_key(line: &str) -> bool {
    let key = line.split_once('=').map_or("", |(key, _)| key.trim());
    key.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')) && !key.is_ascii()
}

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
        _ if message.contains("number") || message.contains("digit") || message.contains("float") => {
            say!("this is no number")
        }
        _ if language == Language::En => say!("this is not TOML: {}", message),
        _ => say!("this is not written as the file asks"),
    }
}

fn advice(message: &str) -> Text {
    match message {
        "duplicate key" => say!("give one of them another name, or take one out"),
        _ if message.contains("carriage return") => say!("save the file with the line ends of Windows or of Unix"),
        _ => say!(
            "a line reads: key = value; a text stands in double quotes, a list in square brackets with commas, a date is 2027-06-30"
        ),
    }
}

/// The tables up to a byte: where each header stands.
fn headers(text: &str, at: usize) -> Vec<Range<usize>> {
    let (mut start, mut headers) = (0, Vec::new());
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
    headers
}

/// The header of the table in which a byte stands, where a table of the same name began before, and on which line that did.
fn repeated_table(text: &str, at: usize) -> Option<(Range<usize>, usize)> {
    let mut headers = headers(text, at);
    let last = headers.pop()?;
    // Of a list of tables each stands under the same name.
    let name = text.get(last.clone()).filter(|name| !name.starts_with("[["))?;
    let first = headers.into_iter().find(|header| text.get(header.clone()) == Some(name))?;
    Some((last, place(text, first.start).0))
}

/// What is said of a key that stands twice: which, of which backend, and on which lines.
fn repeated_key(text: &str, span: &Range<usize>) -> Option<Text> {
    let key = text.get(span.clone())?.trim();
    let header = headers(text, span.start).pop();
    let from = header.as_ref().map_or(0, |header| header.end);
    let is_whole = |at: usize| {
        let before = text.get(..at).unwrap_or_default().chars().next_back();
        let behind = text.get(at + key.len()..).unwrap_or_default().trim_start_matches([' ', '\t']);
        before.is_none_or(|c| matches!(c, '\n' | ' ' | '\t' | '{' | ',')) && behind.starts_with(['=', '.'])
    };
    let before = text.get(from..span.start)?;
    let own = text.get(..span.start)?.rfind('\n').map_or(0, |end| end + 1);
    let all: Vec<usize> = before.match_indices(key).map(|(at, _)| from + at).filter(|at| is_whole(*at)).collect();
    // Within one line both are of one inner table, else of the outer one.
    let first = all.iter().find(|at| **at >= own).or_else(|| all.first())?;
    let (first, second) = (place(text, *first).0, place(text, span.start).0);
    let backend = header.and_then(|header| text.get(header)?.strip_prefix("[backend.")?.strip_suffix(']'));
    Some(match (backend, first == second) {
        (Some(name), true) => say!("`{}` of `{}` stands twice on line {}", key, name, first),
        (Some(name), false) => say!("`{}` of `{}` stands twice: on line {} and on line {}", key, name, first, second),
        (None, true) => say!("`{}` stands twice on line {}", key, first),
        (None, false) => say!("`{}` stands twice: on line {} and on line {}", key, first, second),
    })
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
