//! Brackets of a TOML file that are opened and not closed, so that what follows is read as a part of what they hold.

use std::ops::Range;

use super::toml_slips::{is_key, without_note};

/// A bracket that is opened and not closed before the next key or table begins, or at all.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OpenBracket {
    /// Where it stands.
    pub(super) at: usize,
    /// The sign that closes it.
    pub(super) sign: char,
    /// What closes it and every other that is open there.
    pub(super) closing: String,
    /// The lines of the key and its value, or of the header.
    pub(super) statement: Range<usize>,
    /// Whether it is that of a header: the name of a table.
    pub(super) header: bool,
}

/// The first bracket that is not closed.
pub(super) fn open_bracket(text: &str) -> Option<OpenBracket> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut start = 0;
    // The last sign that is no blank.
    let mut last = ' ';
    for line in text.split_inclusive('\n') {
        let written = line.trim();
        let header = written.starts_with('[') && written.ends_with(']') && !written.contains(['"', '\'', ',', '{']);
        let key = written.split(|c| !is_key(c)).next().unwrap_or_default();
        let begins_key =
            !key.is_empty() && written.get(key.len()..).is_some_and(|rest| rest.trim_start().starts_with('='));
        if let Some((_, closing)) = open.last()
            && (header || (begins_key && (*closing == ']' || !matches!(last, ',' | '{'))))
        {
            return opened(text, &open, start);
        }
        let mut quote = None;
        for (at, c) in without_note(line).char_indices() {
            match (quote, c) {
                (Some(closing), _) => quote = (c != closing).then_some(closing),
                (None, '"' | '\'') => quote = Some(c),
                (None, '[') => open.push((start + at, ']')),
                (None, '{') => open.push((start + at, '}')),
                (None, ']' | '}') => {
                    open.pop_if(|(_, closing)| *closing == c);
                }
                (None, _) => {}
            }
            if !c.is_whitespace() {
                last = c;
            }
        }
        if quote.is_some() {
            // Its closing bracket stands within a text that lacks a quote.
            let before = written.trim_end_matches([']', '}']).len();
            for closing in written.get(before..).unwrap_or_default().chars() {
                open.pop_if(|(_, wanted)| *wanted == closing);
            }
        }
        start += line.len();
    }
    opened(text, &open, text.len())
}

/// What is open where a line begins, or the text ends: told of the last, or at the text's end of the first.
fn opened(text: &str, open: &[(usize, char)], end: usize) -> Option<OpenBracket> {
    let (first, _) = open.first()?;
    let (at, sign) = *if end == text.len() { open.first() } else { open.last() }?;
    let start = text.get(..*first)?.rfind('\n').map_or(0, |end| end + 1);
    let header = text.get(start..*first)?.trim().is_empty();
    let closing = open.iter().rev().map(|(_, closing)| *closing).collect();
    Some(OpenBracket { at, sign, closing, statement: start..end, header })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_that_are_not_closed() {
        for (text, expected) in [
            ("a = [\"x\"]\nb = { c = 1 }\n", None),
            ("a = [\n  \"x\", # [\n]\n[t]\n", None),
            ("a = [{ b = \"]\" },\n  { b = \"{\" }]\n", None),
            ("a = {\n  b = 1,\n  c = 2\n}\n", None),
            ("a = [\"x\"\nb = 1\n", Some((4, "]", 0..9, false))),
            ("a = [\"x\",\nb = 1\n", Some((4, "]", 0..10, false))),
            ("c = 1\na = { b = 1\nc = 2\n", Some((10, "}", 6..18, false))),
            ("a = { b = [1\nc = 2\n", Some((10, "]}", 0..13, false))),
            ("a = [{ b = 1 }\n[t]\n", Some((4, "]", 0..15, false))),
            ("[t\na = 1\n", Some((0, "]", 0..3, true))),
            ("a = [\"x]\nb = 1\n", None),
            ("a = [{ b = \"x }]\nb = 1\n", None),
            ("a = [1", Some((4, "]", 0..6, false))),
        ] {
            let expected = expected.map(|(at, closing, statement, header)| OpenBracket {
                at,
                sign: closing.chars().next().unwrap(),
                closing: closing.to_owned(),
                statement,
                header,
            });
            assert_eq!(open_bracket(text), expected, "{text}");
        }
    }
}
