//! A TOML file of the officer, mended where the format rejects it, so that what stands behind a fault is read and its faults told too.
//!
//! What is mended has been reported: nothing of such a file comes into force. Every byte keeps its place, so that what is found
//! behind a fault is shown where it stands.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, File};
use super::text::say;
use super::toml_faults::{Told, report};
use super::toml_slips::{OpenBracket, mended_line};
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
