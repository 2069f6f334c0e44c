//! Searching the log by reading it: what each request's entries say together, newest last.
//!
//! It reads every entry once, without the writer and without a lock, so it works on a live log and on a copy. Memory is
//! bounded by the page and by the requests in work. It proves nothing: that is the verifier's part.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use jiff::Timestamp;
use octroi_verify::entry::{self, Kind, Request};
use octroi_verify::problem::{Problem, ProblemKind};
use octroi_verify::relations::OPEN_MAX;
use octroi_verify::segment::Batch;
use octroi_verify::walk::{Step, Walk, segment_name};
use serde_json::Value;

use super::index::Dimension;
use crate::model::entry::RequestId;

/// Which requests are wanted: those that meet every condition that is set. One without any also finds entries that belong
/// to no request (start, stop, policy).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Decided at this time or later.
    pub since: Option<Timestamp>,
    /// Decided before this time.
    pub until: Option<Timestamp>,
    /// Asked by this app.
    pub app: Option<String>,
    /// A finding implies this class.
    pub class: Option<String>,
    /// Sent to this backend, at the first attempt or a further one.
    pub backend: Option<String>,
    /// Sent to a backend that processes in this country.
    pub country: Option<String>,
    /// `forward` or `refuse`.
    pub decision: Option<String>,
    /// This rule fired, or removed a backend.
    pub rule: Option<String>,
    /// This exception spared it a rule.
    pub exception: Option<String>,
    /// This very request.
    pub id: Option<RequestId>,
}

impl Filter {
    /// The conditions that are words of a dimension of the index.
    pub(super) fn words(&self) -> impl Iterator<Item = (Dimension, &str)> {
        let words = [
            (Dimension::App, &self.app),
            (Dimension::Class, &self.class),
            (Dimension::Backend, &self.backend),
            (Dimension::Country, &self.country),
            (Dimension::Decision, &self.decision),
            (Dimension::Rule, &self.rule),
            (Dimension::Exception, &self.exception),
        ];
        words.into_iter().filter_map(|(dimension, word)| Some((dimension, word.as_deref()?)))
    }
}

/// One page of results.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The newest that match, oldest first.
    pub records: Vec<Record>,
    /// Entries read: the result speaks of the log up to here.
    pub read: u64,
    /// More, older ones match: ask again with `before` set to the first record's number.
    pub more: bool,
}

/// What the log holds of one request, or one entry that belongs to none.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Sequence number of its first entry.
    pub seq: u64,
    /// Time of its first entry.
    pub time: String,
    /// Its entries in order, each with its envelope.
    pub entries: Vec<Value>,
}

impl Record {
    /// The bodies of the entries of one kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.entries.iter().filter_map(|entry| entry.get("entry")).filter(move |body| word(body, "kind") == kind)
    }
}

/// Finds the newest `limit` records that match, among those that begin before entry `before`.
///
/// # Errors
/// A [`Problem`] when the log cannot be read.
pub fn query(dir: &Path, filter: &Filter, limit: usize, before: Option<u64>) -> Result<Page, Problem> {
    let mut walk = Walk::open(&dir)?;
    let mut search = Search { filter, limit, before, open: HashMap::new(), found: BTreeMap::new(), more: false };
    loop {
        let name = segment_name(walk.place().segment);
        match walk.next()? {
            Step::Segment(_) => {}
            Step::Batch(batch) => search.take(&name, &batch)?,
            Step::Torn(_) | Step::End => break,
        }
    }
    let read = walk.place().seq;
    for record in std::mem::take(&mut search.open).into_values() {
        search.finish(record);
    }
    Ok(Page { records: search.found.into_values().collect(), read, more: search.more })
}

struct Search<'a> {
    filter: &'a Filter,
    limit: usize,
    before: Option<u64>,
    /// Requests whose outcome is still to come.
    open: HashMap<Request, Record>,
    found: BTreeMap<u64, Record>,
    more: bool,
}

impl Search<'_> {
    fn take(&mut self, name: &str, batch: &Batch<'_>) -> Result<(), Problem> {
        let wanted = self.filter.id.map(|id| Request(u128::from_be_bytes(id.0)));
        for (offset, seq, bytes) in batch.entries() {
            let malformed = |detail: String| Problem::new(name, ProblemKind::Malformed, detail).at(offset).entry(seq);
            let entry = entry::open(bytes).map_err(|error| malformed(error.to_string()))?;
            if wanted.is_some() && entry.about.request != wanted {
                continue;
            }
            let value: Value = serde_json::from_slice(bytes).map_err(|_| malformed("not JSON".to_owned()))?;
            let record = Record { seq, time: entry.time.to_owned(), entries: vec![value] };
            match (entry.about.kind, entry.about.request) {
                (Kind::Decision, Some(request)) if !entry.about.refuses && self.open.len() < OPEN_MAX => {
                    self.open.insert(request, record);
                }
                (Kind::Attempt, Some(request)) => {
                    if let Some(open) = self.open.get_mut(&request) {
                        open.entries.extend(record.entries);
                    }
                }
                (Kind::Outcome, Some(request)) => match self.open.remove(&request) {
                    Some(mut open) => {
                        open.entries.extend(record.entries);
                        self.finish(open);
                    }
                    None => self.add_to_refusal(record),
                },
                _ => self.finish(record),
            }
        }
        Ok(())
    }

    /// A refusal is complete without an outcome; when one follows, it belongs to it.
    fn add_to_refusal(&mut self, outcome: Record) {
        let id = outcome.entries.first().and_then(|entry| entry.pointer("/entry/request"));
        let refusal = self.found.values_mut().rev().take(64).find(|record| {
            id.is_some() && record.entries.first().and_then(|entry| entry.pointer("/entry/request")) == id
        });
        if let Some(refusal) = refusal {
            refusal.entries.extend(outcome.entries);
        }
    }

    fn finish(&mut self, record: Record) {
        if self.before.is_some_and(|before| record.seq >= before) || !matches(self.filter, &record) {
            return;
        }
        self.found.insert(record.seq, record);
        if self.found.len() > self.limit {
            self.found.pop_first();
            self.more = true;
        }
    }
}

fn matches(filter: &Filter, record: &Record) -> bool {
    if *filter == Filter::default() {
        return true;
    }
    let at = |time: Timestamp| format!("{time:.9}");
    if filter.since.is_some_and(|since| record.time < at(since))
        || filter.until.is_some_and(|until| record.time >= at(until))
    {
        return false;
    }
    let about_requests = Filter { since: None, until: None, ..filter.clone() } != Filter::default();
    let Some(decision) = record.of_kind("decision").next() else {
        return !about_requests;
    };
    let is = |wanted: &Option<String>, key| wanted.as_deref().is_none_or(|wanted| word(decision, key) == wanted);
    let any = |wanted: &Option<String>, found: &dyn Fn(&str) -> bool| wanted.as_deref().is_none_or(found);
    is(&filter.app, "app")
        && is(&filter.decision, "verdict")
        && any(&filter.class, &|class| items(decision, "findings").any(|finding| holds(finding, "classes", class)))
        && any(&filter.backend, &|backend| sent_to(record).any(|(sent, _)| sent == backend))
        && any(&filter.country, &|country| {
            sent_to(record).any(|(_, declared)| declared.is_some_and(|it| holds(it, "countries", country)))
        })
        && any(&filter.exception, &|name| excepted(record).any(|used| word(used, "exception") == name))
        && any(&filter.rule, &|rule| {
            let newest = record.of_kind("outcome").filter_map(|outcome| outcome.get("newest"));
            let removed = [decision].into_iter().chain(newest).flat_map(|body| items(body, "removed"));
            holds(decision, "rules", rule) || removed.into_iter().any(|removed| holds(removed, "rules", rule))
        })
}

/// The backends that the request was sent to, in order.
/// The backends that it was sent to, each with what was declared of it at that moment.
pub(super) fn sent_to(record: &Record) -> impl Iterator<Item = (&str, Option<&Value>)> {
    let bodies = record.of_kind("decision").chain(record.of_kind("attempt"));
    bodies.filter_map(|body| {
        let backend = word(body.get("sending")?, "backend");
        let mut plan = record.of_kind("decision").flat_map(|decision| items(decision, "plan"));
        let declared = || plan.find(|planned| word(planned, "backend") == backend);
        Some((backend, body.pointer("/newest/planned").or_else(declared)))
    })
}

/// What an exception of the policy spared it from, at the decision or at a further attempt.
pub(super) fn excepted(record: &Record) -> impl Iterator<Item = &Value> {
    let attempts = record.of_kind("attempt").filter_map(|attempt| attempt.get("newest"));
    record.of_kind("decision").chain(attempts).flat_map(|body| items(body, "exceptions"))
}

/// A text member, empty when it is not there.
pub(super) fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The items of a list, none when it is not there.
pub(super) fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn holds(value: &Value, key: &str, wanted: &str) -> bool {
    items(value, key).any(|item| item.as_str() == Some(wanted))
}
