//! What announces a value: words directly before it, with no other number between, or the key that it stands under.
//!
//! For values that are nothing without their word (`CVV 123`, `né le 3 mai`), where a word somewhere near would be taken for
//! every number around it.

use super::columns::separators;
use super::context::Context;
use super::page::Page;
use super::statements;

/// Bytes before a value in which the head of its table must stand.
const TABLE_BYTES: usize = 4096;
/// Bytes behind a value within which the row of its statement must end.
const ROW_BYTES: usize = 1024;

/// Whether one of the words stands within so many bytes before `start`, behind the last digit, in the key of a text that
/// begins with the value, or at the head of its column.
pub(super) fn announces(words: &Context, page: &Page<'_>, start: usize, reach_bytes: usize) -> bool {
    let from = page.text.floor_char_boundary(start.saturating_sub(reach_bytes));
    let head = page.text.as_bytes().get(from..start).unwrap_or_default();
    let from = from + head.iter().rposition(u8::is_ascii_digit).map_or(0, |at| at + 1);
    let first = || from == 0 && !page.text.get(..start).unwrap_or_default().chars().any(char::is_alphanumeric);
    words.is_between(page.text, &(from..start))
        || page.key.is_some_and(|key| first() && words.is_in(key))
        || column(page, start).is_some_and(|head| words.is_in(head))
}

/// The head of the column in which a value begins: a delimiter stands before it, and the first line of its table holds as many.
/// Unlike for the rows of data, nothing is remembered between values, so that only a stretch before the value is read.
fn column<'p>(page: &Page<'p>, start: usize) -> Option<&'p str> {
    // Nearly every value has a word before it, and no table around it.
    let near = page.text.as_bytes().get(..start)?.iter().rev().take(TABLE_BYTES);
    let sign = near.copied().find(|byte| !matches!(byte, b' ' | b'"'))?;
    if matches!(sign, b'\'' | b',' | b'(' | b'\t')
        && let Some(head) = statement(page.text, start)
    {
        return Some(head);
    }
    matches!(sign, b',' | b';' | b'\t' | b'|' | b'\n').then_some(())?;
    let from = page.text.floor_char_boundary(start.saturating_sub(TABLE_BYTES));
    let before = page.text.get(from..start)?;
    let line = before.rfind('\n')? + 1;
    let row = before.get(line..)?;
    let delimiter =
        row.trim_end_matches([' ', '"']).chars().next_back().filter(|c| matches!(c, ',' | ';' | '\t' | '|'));
    let place = match delimiter {
        Some(delimiter) => separators(row.as_bytes(), delimiter as u8).count(),
        // The first column has none before it.
        None if row.trim_matches('"').is_empty() => 0,
        None => return None,
    };
    let table = before.get(..line)?;
    // A column of numbers alone has lines in thousands, and no head.
    let parted =
        |table: &[u8]| memchr::memchr3(b',', b';', b'\t', table).or_else(|| memchr::memchr(b'|', table)).is_some();
    if delimiter.is_none() && !parted(table.as_bytes()) {
        return None;
    }
    let paragraph = behind_blank_line(table.as_bytes()).or_else(|| (from == 0).then_some(0))?;
    let head = table.get(paragraph..)?.lines().next()?;
    let delimiter = delimiter.or_else(|| head.chars().find(|c| matches!(c, ',' | ';' | '\t' | '|')))?;
    head.split(delimiter).nth(place).filter(|cell| !cell.contains(|c: char| c.is_ascii_digit()))
}

/// The head of the column of a statement's row in which a value begins.
fn statement(text: &str, start: usize) -> Option<&str> {
    let from = text.floor_char_boundary(start.saturating_sub(TABLE_BYTES));
    // A row is one when its end is seen.
    let to = text.ceil_char_boundary(start.saturating_add(ROW_BYTES).min(text.len()));
    let near = text.get(from..to).filter(|near| near.contains('('))?;
    near.get(statements::head_near(near, start - from)?)
}

/// Where the text begins that stands behind the last blank line.
fn behind_blank_line(table: &[u8]) -> Option<usize> {
    let mut end = table.len();
    while let Some(line) = memchr::memrchr(b'\n', table.get(..end)?) {
        if line.checked_sub(1).is_some_and(|before| table.get(before) == Some(&b'\n')) {
            return Some(line + 1);
        }
        end = line;
    }
    None
}

/// Whether one of the words stands within so many bytes behind `end`, before the next digit.
pub(super) fn follows(words: &Context, page: &Page<'_>, end: usize, reach_bytes: usize) -> bool {
    let to = page.text.ceil_char_boundary(end.saturating_add(reach_bytes).min(page.text.len()));
    let tail = page.text.as_bytes().get(end..to).unwrap_or_default();
    let digit = tail.iter().position(u8::is_ascii_digit).unwrap_or(tail.len());
    words.is_between(page.text, &(end..end + digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        let words = Context::new(["cvv", "né le"]);
        for (name, text, key, expected) in [
            ("directly before", "CVV : 123", None, true),
            ("phrase", "Il est né le 123", None, true),
            ("another number between", "CVV 999, montant 123", None, false),
            ("key", "123", Some("cardCvv"), true),
            ("key of a longer text", "montant 123", Some("cvv"), false),
            ("column", "id;cvv;x\n7;123;y", None, true),
            ("first column", "\"cvv\",\"id\"\n\"123\",\"7\"", None, true),
            ("lower in the column", "id,cvv\n7,999\n8,123", None, true),
            ("column behind a cell in quotes", "id,street,cvv\n7,\"Rue x, 3\",123", None, true),
            ("another column", "cvv;id\n7;123", None, false),
            ("another table", "cvv;id\n7;8\n\nid;x\n123;5", None, false),
            ("row of a statement", "INSERT INTO c (id, cvv) VALUES (1, '999'), (2, '123')", None, true),
            ("another column of it", "INSERT INTO c (cvv, id) VALUES ('999', 1), ('998', 123)", None, false),
        ] {
            let page = Page { text, key };
            assert_eq!(announces(&words, &page, text.find("123").unwrap(), 40), expected, "{name}");
        }
        for text in ["", "\n", "\n\n", "a\n\nb\n\n\nc\nd", "a\nb", "a\n\n"] {
            let expected = text.rfind("\n\n").map(|blank| blank + 2);
            assert_eq!(behind_blank_line(text.as_bytes()), expected, "{text:?}");
        }
        assert!(follows(&words, &Page { text: "123 (CVV)", key: None }, 3, 20));
        assert!(!follows(&words, &Page { text: "123, 4 CVV", key: None }, 3, 20));
    }
}
