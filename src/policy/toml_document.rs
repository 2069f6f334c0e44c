//! A TOML file of the officer, mended where the format rejects it, so that what stands behind a fault is read and its faults told too.
//!
//! What is mended has been reported: nothing of such a file comes into force. Every byte keeps its place, so that what is found
//! behind a fault is shown where it stands. Of a key that stands twice the format keeps what stands first: the second is read too, in
//! the file without the first.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::diagnostic::{Diagnostic, File};
use super::text::say;
use super::toml_brackets::OpenBracket;
use super::toml_faults::{Told, hidden_signs, report};
use super::toml_slips::{is_key, mended_line};
use crate::limits::{POLICY_FILE_BYTES_MAX, POLICY_TOML_MENDS_MAX};

/// A file that may have been mended.
#[derive(Debug)]
pub(super) struct Document<'f> {
    text: Cow<'f, str>,
    /// Values behind which a bracket was missing.
    closed: Vec<Closed>,
}

/// A value behind which a bracket was missing: in the text a number holds its place.
#[derive(Debug)]
struct Closed {
    at: usize,
    /// Blanks up to the key, then the key with its value, closed.
    text: String,
}

impl<'f> Document<'f> {
    /// Reads a file; what the format itself rejects is reported here.
    pub(super) fn read(file: &'f File, faults: &mut Vec<Diagnostic>) -> Self {
        let mut document = Self { text: Cow::Borrowed(file.text()), closed: Vec::new() };
        if file.text().len() > POLICY_FILE_BYTES_MAX {
            let message = say!("this file is larger than {} bytes", POLICY_FILE_BYTES_MAX);
            faults.push(Diagnostic::new("octroi::policy::too-large", file, 0..0, message));
            document.text = Cow::Borrowed("");
            return document;
        }
        for sign in hidden_signs(file, faults) {
            document.overwrite(&sign, "");
        }
        let mut told = Told::default();
        for _ in 0..POLICY_TOML_MENDS_MAX {
            let (_, errors) = DeTable::parse_recoverable(&document.text);
            let broken = report(file, &document.text, &errors, &mut told, faults);
            for line in &broken.lines {
                document.overwrite(line, &mended_line(document.text.get(line.clone()).unwrap_or_default()));
            }
            if let Some(open) = &broken.open {
                document.close(open, |text, errors| drop(report(file, text, errors, &mut told, faults)));
            }
            if broken.lines.is_empty() && broken.open.is_none() {
                return document;
            }
        }
        // So many are repaired one after the other: what is behind them is read in the next run.
        let (_, errors) = DeTable::parse_recoverable(&document.text);
        if let Some(from) = errors.iter().filter_map(|error| Some(error.span()?.start)).min() {
            let rest = document.text.len().min(from)..document.text.len();
            document.overwrite(&rest, "");
        }
        document
    }

    /// What stands in it, each with its place in the file.
    pub(super) fn table(&self) -> Spanned<DeTable<'_>> {
        let (mut table, _) = DeTable::parse_recoverable(&self.text);
        for closed in &self.closed {
            let (piece, errors) = DeTable::parse_recoverable(&closed.text);
            let value = piece.into_inner().into_iter().next().filter(|_| errors.is_empty());
            if let (Some(place), Some((_, value))) = (at(table.get_mut(), closed.at), value) {
                *place = value;
            }
        }
        table
    }

    /// Reads the file once more for each further copy of a key that stands twice, without the copies before it, so that the faults of
    /// the second are told beside those of the first. What was told of the rest is not told again.
    pub(super) fn read_copies(
        &self,
        faults: &mut Vec<Diagnostic>,
        mut read: impl FnMut(&mut DeTable<'_>, &mut Vec<Diagnostic>),
    ) {
        let mut copy = self.without_first();
        for _ in 0..POLICY_TOML_MENDS_MAX {
            let Some(document) = copy else { return };
            let known = faults.len();
            read(document.table().get_mut(), faults);
            let further = faults.split_off(known);
            for fault in further {
                if !faults.iter().any(|told| told.says_as(&fault)) {
                    faults.push(fault);
                }
            }
            copy = document.without_first();
        }
    }

    /// The file without what stands first of each key that stands twice; nothing where none does.
    fn without_first(&self) -> Option<Self> {
        let (table, errors) = DeTable::parse_recoverable(&self.text);
        let twice = errors.iter().filter(|error| error.message() == "duplicate key").filter_map(toml::de::Error::span);
        let firsts: Vec<Range<usize>> = twice.filter_map(|key| first_copy(&self.text, table.get_ref(), &key)).collect();
        if firsts.is_empty() {
            return None;
        }
        let closed = self.closed.iter().map(|one| Closed { at: one.at, text: one.text.clone() }).collect();
        let mut document = Document { text: Cow::Owned(self.text.to_string()), closed };
        for first in &firsts {
            document.overwrite(first, "");
        }
        Some(document)
    }

    /// Writes something in the place of a part of the text, with blanks behind it. The ends of lines stay.
    fn overwrite(&mut self, part: &Range<usize>, with: &str) {
        let Some(before) = self.text.get(part.clone()) else { return };
        let mut written = with.as_bytes().iter();
        let bytes = before.bytes().map(|byte| match byte {
            b'\n' | b'\r' => byte,
            _ => written.next().copied().unwrap_or(b' '),
        });
        if let Ok(after) = String::from_utf8(bytes.collect()) {
            self.text.to_mut().replace_range(part.clone(), &after);
        }
    }

    /// Closes what is open: a number takes the place of the value, which is read apart with its brackets closed.
    fn close(&mut self, open: &OpenBracket, mut tell: impl FnMut(&str, &[toml::de::Error])) {
        let statement = self.text.get(open.statement.clone()).unwrap_or_default();
        let Some(equals) = statement.find('=').filter(|_| !open.header) else {
            let closed = mended_line(statement);
            return self.overwrite(&open.statement, &closed);
        };
        let blanks = " ".repeat(open.statement.start);
        let text = format!("{blanks}{}\n{}", statement.trim_end(), open.closing);
        let (_, errors) = DeTable::parse_recoverable(&text);
        tell(&text, &errors);
        self.overwrite(&(open.statement.start + equals + 1..open.at), "");
        self.overwrite(&(open.at..open.statement.end), "0");
        self.closed.push(Closed { at: open.at, text });
    }
}

/// The value that begins at a byte, wherever in a table.
fn at<'t, 'i>(table: &'t mut DeTable<'i>, byte: usize) -> Option<&'t mut Spanned<DeValue<'i>>> {
    for (_, node) in table.iter_mut() {
        if node.span().start == byte && !node.get_ref().is_table() {
            return Some(node);
        }
        if let DeValue::Table(inner) = node.get_mut()
            && let Some(found) = at(inner, byte)
        {
            return Some(found);
        }
    }
    None
}

/// What stands first of a key that stands twice: the key with its value, and the comma behind it. A table that stands twice goes on as
/// one, so that nothing of its first header is in the way.
fn first_copy(text: &str, table: &DeTable<'_>, second: &Range<usize>) -> Option<Range<usize>> {
    let line = text.get(..second.start)?.rfind('\n').map_or(0, |end| end + 1);
    if text.get(line..)?.trim_start().starts_with('[') {
        return None;
    }
    let (key, value) = if let Some(inner) = within(table, second.start) {
        inner.get_key_value(text.get(second.clone())?.trim_matches(['"', '\'']))
    } else {
        let header = text.get(..line)?.lines().rev().find(|line| line.trim_start().starts_with('['));
        let path = format!("{}\n{} = 0", header.unwrap_or_default(), text.get(line..second.end)?);
        let (path, errors) = DeTable::parse_recoverable(&path);
        along(table, path.get_ref(), second.start).filter(|_| errors.is_empty())
    }?;
    if key.span().start >= second.start {
        return None;
    }
    // The tables of a dotted key are a part of it.
    let before = text.get(..key.span().start)?;
    let dotted = before.trim_end_matches(|c: char| is_key(c) || matches!(c, '.' | ' ' | '\t' | '"' | '\''));
    let from = if dotted.is_empty() || dotted.ends_with(['\n', '\r']) { dotted.len() } else { key.span().start };
    let behind = text.get(value.span().end..)?;
    let comma = behind.trim_start().starts_with(',').then(|| behind.find(',')).flatten();
    Some(from..value.span().end + comma.map_or(0, |at| at + 1))
}

/// The innermost table in brackets in which a byte stands.
fn within<'t, 'i>(table: &'t DeTable<'i>, byte: usize) -> Option<&'t DeTable<'i>> {
    table.iter().find_map(|(_, node)| within_value(node, byte))
}

fn within_value<'t, 'i>(node: &'t Spanned<DeValue<'i>>, byte: usize) -> Option<&'t DeTable<'i>> {
    match node.get_ref() {
        DeValue::Table(inner) => within(inner, byte).or_else(|| node.span().contains(&byte).then_some(inner)),
        DeValue::Array(items) => items.iter().find_map(|item| within_value(item, byte)),
        _ => None,
    }
}

/// The key and the value to which a path leads, which is a table with one key in each; of a list of tables, in the one that begins last
/// before a byte.
fn along<'t, 'i>(
    table: &'t DeTable<'i>,
    path: &DeTable<'_>,
    byte: usize,
) -> Option<(&'t Spanned<DeString<'i>>, &'t Spanned<DeValue<'i>>)> {
    let (name, further) = path.iter().next()?;
    let (key, node) = table.get_key_value(name.get_ref().as_ref())?;
    let further = match further.get_ref() {
        DeValue::Table(inner) => inner,
        DeValue::Array(items) => items.iter().next()?.get_ref().as_table()?,
        _ => return Some((key, node)),
    };
    let inner = match node.get_ref() {
        DeValue::Table(inner) => inner,
        DeValue::Array(items) => items.iter().rev().find(|item| item.span().start < byte)?.get_ref().as_table()?,
        _ => return None,
    };
    along(inner, further, byte)
}
