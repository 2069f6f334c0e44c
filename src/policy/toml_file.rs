//! Reads TOML files of the officer value by value, so that every fault is reported with its place and none hides another.
//!
//! An unknown key is a fault: a misspelt declaration must not count as "nothing declared".

use std::ops::Range;

use jiff::civil::Date;
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::dates::spelled;
use super::diagnostic::{Diagnostic, File};
use super::nearest::{alike, did_you_mean, nearest};
use super::text::{Text, say};
use super::toml_faults::{BROKEN_LINE, HIDDEN_SIGN, NOT_TOML, day_first};
use super::toml_slips::{is_key, truth};
use super::tree::Name;

pub(super) type Node<'t> = Spanned<DeValue<'t>>;

/// The document as JSON, for digests: comments, order and layout play no part.
pub(super) fn json(table: &DeTable<'_>) -> Value {
    Value::Object(
        table.iter().map(|(key, node)| (key.get_ref().to_string(), value_json(node.get_ref()))).collect::<Map<_, _>>(),
    )
}

fn value_json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => Value::String(number.to_string()),
        DeValue::Float(number) => Value::String(number.to_string()),
        DeValue::Boolean(truth) => Value::Bool(*truth),
        DeValue::Datetime(date) => Value::String(date.to_string()),
        DeValue::Array(items) => Value::Array(items.iter().map(|item| value_json(item.get_ref())).collect()),
        DeValue::Table(table) => json(table),
    }
}

/// Takes typed values out of nodes and reports those of another type.
pub(super) struct Reader<'a> {
    pub(super) file: &'a File,
    pub(super) faults: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    pub(super) fn fault(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<Text>,
        help: Option<Text>,
    ) {
        let fault = Diagnostic::new(code, self.file, span, message);
        self.faults.push(match help {
            Some(help) => fault.help(help),
            None => fault,
        });
    }

    fn wrong<T>(&mut self, node: &Node<'_>, wanted: &'static str) -> Option<T> {
        self.wrong_and(node, wanted, None)
    }

    fn wrong_and<T>(&mut self, node: &Node<'_>, wanted: &'static str, help: Option<Text>) -> Option<T> {
        // What the format rejected has been reported.
        if !self.is_reported(&node.span()) {
            let message = say!("expected {}", Text::from(wanted));
            self.fault("octroi::policy::wrong-type", node.span(), message, help);
        }
        None
    }

    pub(super) fn table<'n, 't>(&mut self, node: &'n Node<'t>) -> Option<&'n DeTable<'t>> {
        match node.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => self.wrong(node, "a table"),
        }
    }

    pub(super) fn text(&mut self, node: &Node<'_>) -> Option<Name> {
        match node.get_ref() {
            // What nobody sees in it has been told, and what it was meant to be is not known.
            DeValue::String(_) if self.hides_a_sign(&node.span()) => None,
            DeValue::String(text) if text.trim().is_empty() && !self.is_reported(&node.span()) => {
                let help = say!("write it, or leave the key out where it is not known");
                self.fault("octroi::policy::missing", node.span(), "nothing stands in these quotes", Some(help));
                None
            }
            DeValue::String(text) => Some(Name { text: text.to_string(), span: node.span() }),
            _ => self.wrong(node, "a text in quotes"),
        }
    }

    pub(super) fn boolean(&mut self, node: &Node<'_>) -> Option<bool> {
        match node.get_ref() {
            DeValue::Boolean(truth) => Some(*truth),
            other => {
                let meant = other.as_str().and_then(truth);
                self.wrong_and(node, "`true` or `false`", meant.map(|truth| say!("write `{}`, without quotes", truth)))
            }
        }
    }

    pub(super) fn date(&mut self, node: &Node<'_>) -> Option<Date> {
        let date = match node.get_ref() {
            DeValue::Datetime(when) if when.time.is_none() => when.date,
            _ => None,
        };
        let civil = date.and_then(|date| {
            let year = i16::try_from(date.year).ok()?;
            Date::new(year, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?).ok()
        });
        if civil.is_some() {
            return civil;
        }
        let written = node.get_ref().as_str().unwrap_or_default();
        let meant = written.trim().parse::<Date>().ok().or_else(|| day_first(written));
        let help = meant.map(|date| say!("write {} without quotes", date.to_string())).or_else(|| spelled(written));
        self.wrong_and(node, "a date without quotes: 2027-06-30", help)
    }

    /// The items of a list; `alone` is whether a text by itself may be one of them.
    fn nodes<'n, 't>(&mut self, node: &'n Node<'t>, alone: bool) -> Option<Vec<&'n Node<'t>>> {
        match node.get_ref() {
            DeValue::Array(items) => Some(items.iter().collect()),
            other => {
                // What is no text is no list of tables either.
                let help = other.as_str().and_then(|written| {
                    if is_none(written) {
                        Some(say!("write `[]`"))
                    } else {
                        alone.then(|| say!("write `[\"{}\"]`", written))
                    }
                });
                self.wrong_and(node, "a list in square brackets", help)
            }
        }
    }

    /// The items of a list of tables.
    pub(super) fn rows<'n, 't>(&mut self, node: &'n Node<'t>) -> Option<Vec<&'n Node<'t>>> {
        self.nodes(node, false)
    }

    /// As [`Self::text`], where a number or a truth has words that are meant.
    pub(super) fn text_or(
        &mut self,
        node: &Node<'_>,
        meant: impl FnOnce(&DeValue<'_>) -> Option<Text>,
    ) -> Option<Name> {
        match node.get_ref() {
            DeValue::String(_) => self.text(node),
            other => {
                let help = meant(other);
                self.wrong_and(node, "a text in quotes", help)
            }
        }
    }

    pub(super) fn texts(&mut self, node: &Node<'_>) -> Option<Vec<Name>> {
        let nodes = self.nodes(node, true)?;
        let texts: Vec<Name> = nodes.iter().filter_map(|item| self.text(item)).collect();
        (texts.len() == nodes.len()).then_some(texts)
    }

    /// Reports the keys of a table that are not among the known ones.
    pub(super) fn only(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for (key, _) in table {
            if !known.contains(&key.get_ref().as_ref()) {
                let help = did_you_mean(&nearest(key.get_ref(), known.iter().copied()))
                    .or_else(|| Some(say!("known here: {}", known.join(", "))));
                let message = say!("the key `{}` is not known here", key.get_ref());
                self.fault("octroi::policy::unknown-key", key.span(), message, help);
            }
        }
    }

    /// Reports the keys of a table that are not among the known ones, and gives each the name that is meant, where there is one that
    /// the table lacks: what stands behind it is read too.
    pub(super) fn mend_keys(&mut self, table: &mut DeTable<'_>, known: &[&'static str]) {
        self.only(table, known);
        let is_known = |key: &str| known.contains(&key);
        let (own, others): (Vec<_>, Vec<_>) =
            std::mem::take(table).into_iter().partition(|(key, _)| is_known(key.get_ref().as_ref()));
        table.extend(own);
        for (key, node) in others {
            let meant = nearest(key.get_ref(), known.iter().copied()).first().copied();
            if let Some(there) = meant.and_then(|meant| table.get_mut(meant)) {
                join(there, node);
                continue;
            }
            let name = meant.map_or_else(|| key.get_ref().clone(), Into::into);
            table.insert(Spanned::new(key.span(), name), node);
        }
    }

    /// The value of a key that must be there; `at` is where its absence is shown.
    pub(super) fn required<'n, 't>(
        &mut self,
        table: &'n DeTable<'t>,
        key: &str,
        at: Range<usize>,
    ) -> Option<&'n Node<'t>> {
        let node = table.get(key);
        if node.is_none() && !self.is_lost(key, at.start) {
            self.fault("octroi::policy::missing", at, say!("`{}` is missing", key), None);
        }
        node
    }

    /// Whether the format rejected a key's own line, the first of that key behind a place: it is there, and cannot be read.
    fn is_lost(&self, key: &str, from: usize) -> bool {
        let text = self.file.text();
        let own = |line: &str| line.trim_start().strip_prefix(key).is_some_and(|rest| !rest.starts_with(is_key));
        let mut start = from;
        for line in text.get(from..).unwrap_or_default().split_inclusive('\n') {
            let span = start..start + line.len();
            if start > from && line.trim_start().starts_with('[') {
                return false;
            }
            if own(line) {
                return self.faults.iter().any(|fault| fault.lies_in(self.file, &span));
            }
            start = span.end;
        }
        false
    }

    /// Whether something of a place has been reported: what the format rejected is no name either.
    fn is_reported(&self, span: &Range<usize>) -> bool {
        let rejected = |fault: &Diagnostic| {
            matches!(fault.code(), NOT_TOML | BROKEN_LINE) && (span.is_empty() || fault.touches(self.file, span))
        };
        self.faults.iter().any(|fault| fault.lies_in(self.file, span) || rejected(fault))
    }

    /// Whether a sign that nobody sees has been reported within a place.
    fn hides_a_sign(&self, span: &Range<usize>) -> bool {
        self.faults.iter().any(|fault| fault.code() == HIDDEN_SIGN && fault.lies_in(self.file, span))
    }

    /// Reports a name that is not on a list, with the one that is meant.
    pub(super) fn meant(&mut self, name: &Name, what: &'static str, meant: &str) {
        if self.is_reported(&name.span) {
            return;
        }
        let message = say!("`{}` is no {}", name.text, Text::from(what));
        self.fault("octroi::policy::unknown-name", name.span.clone(), message, did_you_mean(&[meant]));
    }

    /// Reports a name that is not on a list, with the nearest that are, or with the list when it is short.
    pub(super) fn unlisted<'k>(
        &mut self,
        name: &Name,
        what: &'static str,
        known: impl IntoIterator<Item = &'k str> + Clone,
    ) {
        if self.is_reported(&name.span) {
            return;
        }
        let help = did_you_mean(&alike(&name.text, known.clone())).or_else(|| {
            let all: Vec<&str> = known.into_iter().collect();
            (all.len() <= LISTED_MAX).then(|| say!("known here: {}", all.join(", ")))
        });
        self.fault(
            "octroi::policy::unknown-name",
            name.span.clone(),
            say!("`{}` is no {}", name.text, Text::from(what)),
            help,
        );
    }
}

/// Words for nothing.
fn is_none(written: &str) -> bool {
    ["", "none", "no", "nothing", "aucun", "aucune", "rien", "non", "n/a", "-"]
        .contains(&written.trim().to_lowercase().as_str())
}

/// Adds the entries of a table to another that lacks them.
fn join<'t>(there: &mut Node<'t>, node: Node<'t>) {
    if let (DeValue::Table(there), DeValue::Table(further)) = (there.get_mut(), node.into_inner()) {
        for (key, node) in further {
            if !there.contains_key(&key) {
                there.insert(key, node);
            }
        }
    }
}

/// A list longer than this is looked up, not read.
const LISTED_MAX: usize = 12;
