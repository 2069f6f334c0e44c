//! The strings of JSON that stands in a text: an answer of a tool, arguments, a document in prose.
//!
//! Read by its quotes alone: two strings are neighbours where nothing but the marks of JSON, numbers and its three words stands
//! between them. JSON within a string of JSON has its quotes behind backslashes. What is no document whole is read all the same, and
//! quotes of prose have other words between them.

use super::windows::Leaf;

/// Bytes between two strings: numbers and the marks around them.
const BETWEEN_BYTES_MAX: usize = 512;
/// Backslashes before the quotes of a document: of one in the text, in a string, in a string of that.
const LEVELS: [usize; 3] = [0, 1, 3];

/// Strings that stand one behind the other, in groups of neighbours.
pub(super) fn strings(field: u32, text: &str) -> Vec<Vec<Leaf<'_>>> {
    let bytes = text.as_bytes();
    let mut quotes = LEVELS.map(|_| Vec::new());
    for at in memchr::memchr_iter(b'"', bytes) {
        let head = bytes.get(..at).unwrap_or_default();
        let backslashes = head.iter().rev().take_while(|&&byte| byte == b'\\').count();
        // Of a string in the text itself, pairs of them are its own.
        let level = if backslashes % 2 == 0 { 0 } else { backslashes };
        if let Some((quotes, _)) = quotes.iter_mut().zip(LEVELS).find(|(_, own)| *own == level) {
            quotes.push(at);
        }
    }
    let mut groups = Vec::new();
    for (quotes, level) in quotes.iter().zip(LEVELS) {
        groups.append(&mut neighbours(field, text, quotes, level));
    }
    groups
}

/// The groups of one level.
fn neighbours<'a>(field: u32, text: &'a str, quotes: &[usize], level: usize) -> Vec<Vec<Leaf<'a>>> {
    let (mut groups, mut group): (Vec<Vec<Leaf<'a>>>, Vec<Leaf<'a>>) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some([left, close, open, right]) = quotes.get(at..at + 4).and_then(|four| four.first_chunk()) {
        let between = text.get(close + 1..open.saturating_sub(level)).unwrap_or_default();
        let Some(mark) = separator(between) else {
            if group.len() > 1 {
                groups.push(std::mem::take(&mut group));
            }
            group.clear();
            at += 1;
            continue;
        };
        let leaf = |open: usize, close: usize, is_key: bool, key: Option<&'a str>| {
            let own = open + 1..close.saturating_sub(level);
            Some(Leaf { field, text: text.get(own.clone())?, own, is_key, key })
        };
        if group.is_empty() {
            group.extend(leaf(*left, *close, mark == b':', None));
        }
        if let Some(last) = group.last_mut() {
            last.is_key = mark == b':';
        }
        let key = group.last().filter(|last| last.is_key).map(|last| last.text);
        group.extend(leaf(*open, *right, false, key));
        at += 2;
    }
    if group.len() > 1 {
        groups.push(group);
    }
    groups
}

/// The first mark of what stands between two strings, where that is of the document.
fn separator(between: &str) -> Option<u8> {
    let is_mark = |byte: &u8| matches!(byte, b',' | b':');
    let is_of_json =
        |byte: &u8| byte.is_ascii_whitespace() || byte.is_ascii_digit() || b",:[]{}+-.Eetrufalsn\\".contains(byte);
    let mark = *between.as_bytes().iter().find(|byte| is_mark(byte))?;
    (between.len() <= BETWEEN_BYTES_MAX && between.bytes().all(|byte| is_of_json(&byte))).then_some(mark)
}
