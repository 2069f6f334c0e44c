//! What is asked of the log, and what it says of one request. Where it is found is the index's part; it proves nothing, which is
//! the verifier's.

use jiff::Timestamp;
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
    /// Sent to a backend that processes in this country; with `backend` that is of one sending.
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

/// What was found in a request, by its detectors and beside what was changed for a backend.
pub(super) fn found(record: &Record) -> impl Iterator<Item = &Value> {
    let sendings = record.of_kind("decision").chain(record.of_kind("attempt")).filter_map(|body| body.get("sending"));
    let later = sendings.flat_map(|sending| items(sending, "found"));
    record.of_kind("decision").flat_map(|decision| items(decision, "findings")).chain(later)
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
