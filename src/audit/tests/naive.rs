//! A search that reads every entry: what the index must find as well.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use jiff::Timestamp;
use octroi_verify::entry::{self, Kind, Request};
use octroi_verify::problem::{Problem, ProblemKind};
use octroi_verify::relations::OPEN_MAX;
use octroi_verify::segment::Batch;
use octroi_verify::walk::{Step, Walk, segment_name};
use serde_json::Value;

use crate::audit::query::{Filter, Record, excepted, found, items, sent_to, word};

/// One page of results.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Page {
    /// The newest that match, oldest first.
    pub(super) records: Vec<Record>,
    /// Entries read: the result speaks of the log up to here.
    pub(super) read: u64,
    /// More, older ones match: ask again with `before` set to the first record's number.
    pub(super) more: bool,
}

/// Finds the newest `limit` records that match, among those that begin before entry `before`.
///
/// # Errors
/// A [`Problem`] when the log cannot be read.
pub(super) fn query(dir: &Path, filter: &Filter, limit: usize, before: Option<u64>) -> Result<Page, Problem> {
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
        && any(&filter.class, &|class| found(record).any(|finding| holds(finding, "classes", class)))
        && (filter.backend.is_none() && filter.country.is_none()
            // Both are of one sending.
            || sent_to(record).any(|(sent, declared)| {
                let is_in = |country: &str| declared.is_some_and(|it| holds(it, "countries", country));
                any(&filter.backend, &|backend| sent == backend) && any(&filter.country, &is_in)
            }))
        && any(&filter.exception, &|name| excepted(record).any(|used| word(used, "exception") == name))
        && any(&filter.rule, &|rule| {
            let newest = record.of_kind("outcome").filter_map(|outcome| outcome.get("newest"));
            let removed = [decision].into_iter().chain(newest).flat_map(|body| items(body, "removed"));
            holds(decision, "rules", rule) || removed.into_iter().any(|removed| holds(removed, "rules", rule))
        })
}

fn holds(value: &Value, key: &str, wanted: &str) -> bool {
    items(value, key).any(|item| item.as_str() == Some(wanted))
}
