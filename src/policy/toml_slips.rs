//! What people write in a TOML file in the place of what the format asks, line by line: each is one fault that says how it is
//! written.

use std::ops::Range;

use jiff::civil::Date;

use super::dates::{self, spelled};
use super::parser::folded;
use super::text::{Text, say};
use super::toml_brackets::open_bracket;

/// Where something is written otherwise, what is wrong, and how it is written.
pub(super) type Slip = (Range<usize>, Text, Text);

/// Keys of the inventory that are true or false, or a date, wherever they stand.
const BOOLEANS: [&str; 1] = ["run-by-owner"];
const DATES: [&str; 4] = ["verified", "until", "valid-until", "dated"];

/// The line in which a byte stands, and where it begins.
fn line(text: &str, at: usize) -> Option<(usize, &str)> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    Some((start, text.get(start..)?.split('\n').next()?))
}

/// The slip in the line in which an error of the format stands.
pub(super) fn slip(text: &str, at: &Range<usize>) -> Option<Slip> {
    let (from, written) = line_without_note(text, at.start)?;
    let within = |(part, message, help): Slip| (from + part.start..from + part.end, message, help);
    equals(written).and_then(|equals| value(written, equals)).map(within).or_else(|| typed(text, at))
}

/// The slip by which a line is none at all, so that what follows is not read as it is meant: a name in brackets that is none, a note,
/// a key without its sign.
pub(super) fn broken_line(text: &str, at: usize) -> Option<Slip> {
    let (from, written) = line_without_note(text, at)?;
    let span = from..from + written.len();
    if ["//", ";", "--", "/*"].iter().any(|sign| written.starts_with(sign)) {
        let note = written.trim_start_matches(['/', ';', '-', '*', ' ']);
        return Some((span, say!("a note begins with #"), say!("write `# {}`", note)));
    }
    if written.starts_with('[') {
        return header(written).map(|(message, help)| (span, message, help));
    }
    if let Some((key, behind)) = garbled(written) {
        let (key, value) = (written.get(key)?, written.get(behind..)?.trim());
        let message = say!("a key is one word, and behind it stands `=`");
        return Some((span, message, say!("write `{} = {}`", key, value)));
    }
    let help = equals(written).is_none().then(|| without_equals(written)).flatten()?;
    Some((span, say!("a key and its value have `=` between them"), help))
}

/// The key of a line that has more than a key before its `=`, and where what is behind that begins.
fn garbled(written: &str) -> Option<(Range<usize>, usize)> {
    let equals = written.find('=')?;
    let before = written.get(..equals)?;
    let bare = before.trim().trim_start_matches(['"', '\'']);
    if bare.contains(['"', '\'', '[', '{', ':']) || before.trim_end().chars().all(|c| is_key(c) || c == '.') {
        return None;
    }
    let from = before.find(|c: char| c.is_ascii_alphabetic())?;
    let key = before.get(from..)?;
    let key = key.split(|c| !is_key(c)).next()?;
    Some((from..from + key.len(), equals + 1))
}

/// Whether a line, which stands in no bracket of a line before it, is one that the format drops with all that is behind it.
pub(super) fn is_dropped(text: &str, at: usize) -> Option<Range<usize>> {
    let (from, written) = line_without_note(text, at)?;
    let begun = open_bracket(text.get(..from)?).is_some();
    let (read, _) = toml::de::DeTable::parse_recoverable(written);
    (!written.is_empty() && !written.starts_with('[') && !begun && read.get_ref().is_empty())
        .then(|| from..from + written.len())
}

/// The slip of a list or a table in brackets with a quote too few: as it is read, its closing bracket stands within the text. And the line.
pub(super) fn open_quote(text: &str, at: usize) -> Option<(Range<usize>, Slip)> {
    let (from, written) = line_without_note(text, at)?;
    let begins = in_brackets(written)?;
    let value = written.get(begins..)?;
    let parts = || {
        let inside = value.get(1..).unwrap_or_default().split(',');
        inside.map(|part| part.trim().trim_matches(['[', ']', '{', '}']).trim())
    };
    let bare = |part: &str| part.trim_matches(['"', ' ']).to_owned();
    let items: Vec<String> = parts().map(bare).filter(|item| !item.is_empty()).collect();
    let help = if items.iter().any(|item| item.contains(['"', '='])) {
        let mut odd = parts().filter(|part| part.matches('"').count() % 2 == 1);
        let pair = odd.next().and_then(|part| part.split_once('='));
        pair.map(|(key, value)| format!("{} = \"{}\"", key.trim(), bare(value)))
    } else {
        Some(format!("[{}]", items.iter().map(|item| format!("\"{item}\"")).collect::<Vec<_>>().join(", ")))
    };
    let help = help.map_or_else(|| say!("a text stands in straight double quotes"), |help| say!("write `{}`", help));
    let span = from + begins..from + written.len();
    Some((from..from + written.len(), (span, say!("a quote is missing here"), help)))
}

/// Where the value of a line begins, if it is a list or a table in brackets that lacks a quote.
fn in_brackets(written: &str) -> Option<usize> {
    let equals =
        equals(written).filter(|equals| written.get(..*equals).is_some_and(|key| key.trim().chars().all(is_key)))?;
    let value = written.get(equals + 1..)?;
    let begins = equals + 1 + (value.len() - value.trim_start().len());
    let value = value.trim_start();
    let odd = value.starts_with(['[', '{']) && value.matches('"').count() % 2 == 1;
    // `['"']` is whole.
    (odd && !toml::de::DeTable::parse_recoverable(written).1.is_empty()).then_some(begins)
}

/// The line in which a byte stands, without its note and the blanks around it, and where that begins.
fn line_without_note(text: &str, at: usize) -> Option<(usize, &str)> {
    let (start, whole) = line(text, at)?;
    let written = without_note(whole).trim_end();
    let indent = written.len() - written.trim_start().len();
    Some((start + indent, written.trim_start()))
}

/// A line up to its note.
pub(super) fn without_note(line: &str) -> &str {
    let mut quoted = false;
    let note = line.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == '#' && !quoted
    });
    note.map_or(line, |(at, _)| line.get(..at).unwrap_or(line))
}

/// The first `=` of a line that stands in no quotes and no brackets.
fn equals(written: &str) -> Option<usize> {
    let before = written.find(['"', '{', '[']).unwrap_or(written.len());
    written.find('=').filter(|at| *at < before)
}

/// Whether a sign may stand in a key.
pub(super) fn is_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

/// What is wrong with a name in brackets.
fn header(written: &str) -> Option<(Text, Text)> {
    let inside = written.trim_start_matches('[').trim_end_matches(']').trim();
    if inside.contains(['"', '\'', '=', ',']) {
        return None;
    }
    if !written.ends_with(']') {
        return Some((say!("a bracket is not closed here"), say!("write `[{}]`", inside)));
    }
    if inside.contains(' ') {
        let named = inside.strip_prefix("backend ").map(|name| format!("backend.{name}"));
        let named = named.as_deref().unwrap_or(inside).split_whitespace().collect::<Vec<_>>().join("-");
        return Some((say!("a name is one word: hyphens stand in the place of blanks"), say!("write `[{}]`", named)));
    }
    let plain = inside.chars().all(|c| is_key(c) || c == '.');
    (!plain).then(|| {
        (say!("a name in brackets is of plain letters, digits, `-` and `_`"), say!("write `[{}]`", folded(inside)))
    })
}

/// How a line is written that begins with a key and has no `=`.
fn without_equals(written: &str) -> Option<Text> {
    let key = written.split(|c| !is_key(c)).next().filter(|key| key.starts_with(|c: char| c.is_ascii_alphabetic()))?;
    let value = written.get(key.len()..)?.trim_start();
    let value = value.strip_prefix(':').unwrap_or(value).trim_start();
    (!value.is_empty()).then(|| say!("write `{} = {}`", key, value))
}

/// What is wrong with the value of a line, and where in it.
fn value(written: &str, equals: usize) -> Option<Slip> {
    let value = written.get(equals + 1..)?;
    let from = equals + 1 + (value.len() - value.trim_start().len());
    let value = value.trim_start();
    let span = from..from + value.len();
    if value.is_empty() {
        let example =
            say!("a text stands in quotes, a list in square brackets; a key whose value is not known is left out");
        return Some((equals..equals + 1, say!("a value is missing here"), example));
    }
    if let Some(bare) = straight(value) {
        return Some((span, say!("these quotes are not straight"), say!("write \"{}\"", bare)));
    }
    if value.matches('"').count() % 2 == 1 {
        let bare = value.trim_matches('"').split('"').next().unwrap_or_default().trim();
        return Some((span, say!("a quote is missing here"), say!("write \"{}\"", bare)));
    }
    if let Some(at) = value.find('\\') {
        let help = say!("write `/` in its place");
        return Some((from + at..from + at + 1, say!("within a text, a backslash begins a sign of its own"), help));
    }
    if let Some(key) = value.strip_prefix('{').map(str::trim_start)
        && !key.contains('=')
        && let Some(help) = without_equals(key.trim_end_matches(['}', ' ']))
    {
        return Some((span, say!("a key and its value have `=` between them"), help));
    }
    let list = value.strip_prefix('[').and_then(|list| list.strip_suffix(']'));
    let items: Vec<&str> = list.into_iter().flat_map(|list| list.split(',')).map(str::trim).collect();
    let bare = |item: &&str| !item.is_empty() && item.chars().all(is_key);
    if !items.is_empty() && items.iter().all(bare) {
        let quoted: Vec<String> = items.iter().map(|item| format!("\"{item}\"")).collect();
        return Some((span, say!("a text stands in straight double quotes"), say!("write `[{}]`", quoted.join(", "))));
    }
    None
}

/// The value in which a byte stands, without quotes and as people write it: a truth, a date, a text.
fn typed(text: &str, at: &Range<usize>) -> Option<Slip> {
    let (start, line) = line(text, at.start)?;
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
        let spelled = spelled(written)
            .or_else(|| padded(written).map(|date| say!("write {}: a date is year-month-day", date.to_string())));
        if spelled.is_none() && written.split('-').filter(|part| part.parse::<u64>().is_ok()).count() == 3 {
            let meant = dates::meant(written);
            return Some((span, meant.message, meant.help));
        }
        let help = spelled.unwrap_or_else(|| say!("a date is year-month-day: 2027-06-30"));
        return Some((span, say!("expected {}", Text::from("a date without quotes: 2027-06-30")), help));
    }
    let words =
        written.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/' | ':' | '\u{2019}'));
    let worded = words && written.chars().next().is_some_and(char::is_alphabetic);
    worded.then(|| (span, say!("a text stands in straight double quotes"), say!("write \"{}\"", written)))
}

/// What stands in quotes that are not straight.
fn straight(value: &str) -> Option<&str> {
    let opening = value.chars().next().filter(|c| matches!(c, '«' | '“' | '”' | '„' | '‟' | '‘' | '’'))?;
    let inside = value.get(opening.len_utf8()..)?;
    let inside = inside.split(['«', '»', '“', '”', '’', '"']).find(|piece| !piece.trim().is_empty())?;
    Some(inside.trim())
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

/// A line that is none, as it was most likely meant; nothing where that is not known. Never longer than it was.
pub(super) fn mended_line(line: &str) -> String {
    let written = without_note(line).trim_end();
    let indent = written.len() - written.trim_start().len();
    let (blanks, written) = written.split_at_checked(indent).unwrap_or_default();
    if written.starts_with('[') {
        return format!("{blanks}{}", mended_header(written));
    }
    if let Some((key, behind)) = garbled(written) {
        let kept = |(at, byte): (usize, u8)| if key.contains(&at) || at + 1 >= behind { byte } else { b' ' };
        return format!(
            "{blanks}{}",
            String::from_utf8_lossy(&written.bytes().enumerate().map(kept).collect::<Vec<_>>())
        );
    }
    if let Some(begins) = in_brackets(written) {
        // A number holds the place of what cannot be read.
        return format!("{blanks}{}0", written.get(..begins).unwrap_or_default());
    }
    let key = written.split(|c| !is_key(c)).next().unwrap_or_default();
    let Some(value) = written.get(key.len()..).filter(|_| !key.is_empty()) else { return String::new() };
    // The sign between them, a blank at least, gives its place to `=`.
    match value.trim_start().strip_prefix(':') {
        Some(value) => format!("{blanks}{key}={value}"),
        None if value.starts_with(' ') => format!("{blanks}{key}={}", value.get(1..).unwrap_or_default()),
        None => String::new(),
    }
}

/// A name in brackets, in as many bytes: every sign that no name has is a hyphen, and a first blank a dot.
fn mended_header(written: &str) -> String {
    let closed = written.ends_with(']');
    let inside = written.trim_start_matches('[').trim_end_matches(']');
    let inside = inside.strip_prefix("backend ").map_or_else(|| inside.to_owned(), |name| format!("backend.{name}"));
    let mut inside: Vec<u8> =
        inside.bytes().map(|byte| if is_key(char::from(byte)) || byte == b'.' { byte } else { b'-' }).collect();
    if !closed {
        inside.pop();
    }
    format!("[{}]", String::from_utf8_lossy(&inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_broken_line_was_meant_for() {
        for (line, expected) in [
            ("training: \"never\"", "training= \"never\""),
            ("  training \"never\" # note", "  training=\"never\""),
            ("training : \"never\"", "training= \"never\""),
            ("[backend.one", "[backend.on]"),
            ("[backend one]", "[backend.one]"),
            ("[backend.a b]", "[backend.a-b]"),
            ("[backend.é]", "[backend.--]"),
            ("retention { days = 30 }", "retention={ days = 30 }"),
            ("sub-processors EEA = []", "sub-processors     = []"),
            ("\" certificates = []", "  certificates = []"),
            ("controlled-from ( = \"FR\"", "controlled-from   = \"FR\""),
            ("hosts = [\"a]", "hosts = 0"),
            ("storage = [US\"] # note", "storage = 0"),
            ("// a note", ""),
            ("?", ""),
            ("", ""),
        ] {
            let mended = mended_line(line);
            assert_eq!(mended, expected, "{line}");
            assert!(mended.len() <= line.len(), "{line}");
        }
    }
}
