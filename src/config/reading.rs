//! Reads `octroi.toml` in spite of its faults, so that all of them are told in one run.
//!
//! serde stops at the first fault. Here it is noted, what is at fault is taken out of the parsed document, and the document is
//! read again, until it can be read whole. The document keeps the place of everything in it, so that places stay right. Where
//! something must stand for what was taken out or is missing, it is a stand-in whose place is behind the end of the file, where
//! nothing of the operator's is: what is found wrong there is our own doing and not told. What was read around a fault is only
//! ever checked, never used.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize as _;
use toml::Spanned;
use toml::de::{DeArray, DeInteger, DeTable, DeValue, Deserializer, Error};

use super::Fault;
use super::raw::{RawConfig, place, shown};
use crate::limits::CONFIG_MENDINGS_MAX;
use crate::policy::nearest;

/// What could be read.
pub(super) struct Read {
    /// The file as written, without what is at fault; `None` where it cannot be read around.
    pub(super) raw: Option<RawConfig>,
    /// What is at fault, each with its place.
    pub(super) faults: Vec<Fault>,
}

/// Reads the file as written.
pub(super) fn read(path: &Path, text: &str) -> Read {
    let (document, errors) = DeTable::parse_recoverable(text);
    let teller = Teller { path, text };
    let mut faults: Vec<Fault> = Vec::new();
    for error in errors.iter().take(CONFIG_MENDINGS_MAX) {
        let fault = teller.tell(error, true);
        // One slip of the pen may be several errors to a parser: the first of a line is what was meant.
        if !faults.iter().any(|known| line_of(&known.place) == line_of(&fault.place)) {
            faults.push(fault);
        }
    }
    if !faults.is_empty() {
        return Read { raw: None, faults };
    }
    let mut mending = Mending { document, end: text.len(), stand_ins: 0 };
    for _ in 0..CONFIG_MENDINGS_MAX {
        let error = match mending.read() {
            Ok(raw) => return Read { raw: Some(raw), faults },
            Err(error) => error,
        };
        let mended = mending.mend(&error);
        if mending.is_told(&error) {
            faults.push(teller.tell(&error, mended.is_none()));
        }
        if mended.is_none() {
            break;
        }
    }
    Read { raw: None, faults }
}

/// `file:line` of `file:line:column`.
fn line_of(place: &str) -> &str {
    place.rsplit_once(':').map_or(place, |(line, _)| line)
}

/// A document that is mended, fault by fault.
struct Mending<'t> {
    document: Spanned<DeTable<'t>>,
    /// Bytes of the file.
    end: usize,
    /// Values put in so far.
    stand_ins: usize,
}

/// A way from the root to a value.
type Way = Vec<Step>;

#[derive(Clone)]
enum Step {
    Key(String),
    Item(usize),
}

impl<'t> Mending<'t> {
    fn read(&self) -> Result<RawConfig, Error> {
        RawConfig::deserialize(Deserializer::from(self.document.clone()))
    }

    /// Whether a fault is the operator's, and not one of a stand-in's.
    fn is_told(&self, error: &Error) -> bool {
        error.span().is_none_or(|span| span.start <= self.end)
    }

    /// Takes what is at fault out of the document. `None`: there is no reading on.
    fn mend(&mut self, error: &Error) -> Option<()> {
        let span = error.span()?;
        if let Some(listed) = error.message().strip_prefix("unknown field `") {
            return self.rename(&span, listed);
        }
        if let Some(rest) = error.message().strip_prefix("missing field `") {
            let key = rest.split('`').next()?;
            let lacks = |value: &DeValue<'_>| value.as_table().is_some_and(|table| !table.contains_key(key));
            let is_root = self.document.span() == span && !self.document.get_ref().contains_key(key);
            let mut way = if is_root { Way::new() } else { find(self.document.get_ref(), &span, &lacks)? };
            way.push(Step::Key(key.to_owned()));
            return self.stand_in(&way);
        }
        let way = find(self.document.get_ref(), &span, &|_| true)?;
        self.stand_in(&way)
    }

    /// A key that is not known becomes the one that was meant, where that is plain and not there as well; else it goes.
    fn rename(&mut self, span: &Range<usize>, listed: &str) -> Option<()> {
        let mut quoted = listed.split('`').step_by(2);
        let unknown = quoted.next()?;
        let near = nearest(unknown, quoted);
        let table = table_of(self.document.get_mut(), span)?;
        let (key, value) = table.remove_entry(unknown)?;
        if let [meant] = near.as_slice()
            && !table.contains_key(*meant)
        {
            table.insert(Spanned::new(key.span(), Cow::Owned((*meant).to_owned())), value);
        }
        Some(())
    }

    /// Puts a value in the place of one that is at fault, of the first kind that can be read there; or nothing, where nothing may
    /// be. Numbers come last, since a bound that is left out compares better with the others than one of 0.
    fn stand_in(&mut self, way: &[Step]) -> Option<()> {
        let (Some(last), Some(around)) = (way.last(), way.len().checked_sub(1).and_then(|len| way.get(..len))) else {
            return None;
        };
        let kinds: [Option<DeValue<'t>>; 5] = [
            Some(DeValue::String(Cow::Borrowed(""))),
            Some(DeValue::Array(DeArray::new())),
            None,
            Some(DeValue::Integer(DeInteger::default())),
            Some(DeValue::Table(DeTable::new())),
        ];
        for kind in kinds {
            self.stand_ins += 1;
            let at = self.end + self.stand_ins;
            let is_nothing = kind.is_none();
            put(self.document.get_mut(), around, last, kind.map(|value| Spanned::new(at..at, value)))?;
            let Err(error) = self.read() else { return Some(()) };
            let lacking = error.message().strip_prefix("missing field `");
            let is_refused = match last {
                Step::Key(key) if is_nothing => lacking.is_some_and(|rest| rest.starts_with(&format!("{key}`"))),
                _ => error.span().is_some_and(|span| span.start == at) && lacking.is_none(),
            };
            if !is_refused {
                return Some(());
            }
        }
        None
    }
}

/// The way to the value of a place that is as asked.
fn find(table: &DeTable<'_>, span: &Range<usize>, is: &dyn Fn(&DeValue<'_>) -> bool) -> Option<Way> {
    table.iter().find_map(|(key, value)| {
        let mut way = find_in(value, span, is)?;
        way.insert(0, Step::Key(key.get_ref().to_string()));
        Some(way)
    })
}

fn find_in(value: &Spanned<DeValue<'_>>, span: &Range<usize>, is: &dyn Fn(&DeValue<'_>) -> bool) -> Option<Way> {
    if value.span() == *span && is(value.get_ref()) {
        return Some(Way::new());
    }
    match value.get_ref() {
        DeValue::Table(table) => find(table, span, is),
        DeValue::Array(items) => items.iter().enumerate().find_map(|(at, item)| {
            let mut way = find_in(item, span, is)?;
            way.insert(0, Step::Item(at));
            Some(way)
        }),
        _ => None,
    }
}

/// The table in which a key of a place stands.
fn table_of<'d, 't>(table: &'d mut DeTable<'t>, span: &Range<usize>) -> Option<&'d mut DeTable<'t>> {
    if table.keys().any(|key| key.span() == *span) {
        return Some(table);
    }
    table.iter_mut().find_map(|(_, value)| table_in(value.get_mut(), span))
}

fn table_in<'d, 't>(value: &'d mut DeValue<'t>, span: &Range<usize>) -> Option<&'d mut DeTable<'t>> {
    match value {
        DeValue::Table(table) => table_of(table, span),
        DeValue::Array(items) => items.iter_mut().find_map(|item| table_in(item.get_mut(), span)),
        _ => None,
    }
}

/// Puts a value at the end of a way, or takes away what is there. An item of a list stays where there is nothing to put.
fn put<'t>(table: &mut DeTable<'t>, around: &[Step], last: &Step, value: Option<Spanned<DeValue<'t>>>) -> Option<()> {
    let mut steps = around.iter().chain([last]).peekable();
    let Step::Key(first) = steps.next()? else { return None };
    if steps.peek().is_none() {
        set(table, first, value);
        return Some(());
    }
    let mut at = table.get_mut(first.as_str())?;
    while let Some(step) = steps.next() {
        let is_last = steps.peek().is_none();
        at = match (at.get_mut(), step) {
            (DeValue::Table(table), Step::Key(key)) if is_last => {
                set(table, key, value);
                return Some(());
            }
            (DeValue::Table(table), Step::Key(key)) => table.get_mut(key.as_str())?,
            (DeValue::Array(items), Step::Item(item)) => items.get_mut(*item)?,
            _ => return None,
        };
    }
    if let Some(value) = value {
        *at = value;
    }
    Some(())
}

fn set<'t>(table: &mut DeTable<'t>, key: &str, value: Option<Spanned<DeValue<'t>>>) {
    match value {
        Some(value) => drop(table.insert(Spanned::new(value.span(), Cow::Owned(key.to_owned())), value)),
        None => drop(table.remove(key)),
    }
}

/// Tells faults of one file.
struct Teller<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Teller<'_> {
    fn tell(&self, error: &Error, is_end: bool) -> Fault {
        let start = error.span().map(|span| span.start);
        let what = error.message().trim_end().replace('\n', "; ");
        let mut help =
            meant(&what).unwrap_or_else(|| "docs/configuration.md lists every key with its meaning".to_owned());
        if is_end {
            help += " (the rest of this file is read once this is mended, and may have faults of its own)";
        }
        Fault {
            place: start.map_or_else(|| self.path.display().to_string(), |start| place(self.path, self.text, start)),
            shown: start.map(|start| shown(self.text, start)).unwrap_or_default(),
            help,
            what: in_words(&what).unwrap_or(what),
        }
    }
}

/// A value of the wrong kind, told to somebody who is no programmer: what stands there and what belongs there. The value itself
/// is left out, since a secret may have been put there.
fn in_words(what: &str) -> Option<String> {
    let (found, expected) = what
        .strip_prefix("invalid type: ")
        .or_else(|| what.strip_prefix("invalid value: "))?
        .split_once(", expected ")?;
    let found = match found.split([' ', '`', '"']).next()? {
        "string" => "a text in quotes",
        "integer" => "a whole number",
        "floating" => "a number with a point",
        "boolean" => "`true` or `false`",
        "sequence" => "a list in brackets",
        "map" => "a table",
        "datetime" => "a date",
        _ => return None,
    };
    let expected = match expected.trim_start_matches("a ") {
        "u64" | "u32" | "usize" | "u16" => "a whole number, 0 or more",
        "sequence" => "a list in brackets, such as `[\"…\"]`",
        "string" | "borrowed string" => "a text in quotes",
        "boolean" => "`true` or `false`",
        table if table.starts_with("map") || table.starts_with("struct ") => "a table of keys and values",
        _ => return None,
    };
    let below = if found == "a whole number" && expected.starts_with(found) { " below 0, or too large," } else { "" };
    Some(format!("{found}{below} stands where {expected} belongs"))
}

/// What was probably meant by a key that is not known: the error names it, then those that are.
fn meant(what: &str) -> Option<String> {
    let listed = what.strip_prefix("unknown field `")?;
    let mut quoted = listed.split('`').step_by(2);
    let unknown = quoted.next()?;
    let near = nearest(unknown, quoted);
    let near: Vec<String> = near.into_iter().map(|word| format!("`{word}`")).collect();
    (!near.is_empty()).then(|| format!("did you mean {}?", near.join(" or ")))
}
