//! Responses that a demonstration server keeps: shown again, gone on from, deleted. In memory, the oldest go first.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde_json::{Value, json};

use super::model_question::Fault;
use super::model_reply::Reply;
use crate::limits;

/// One response.
#[derive(Debug)]
pub(super) struct One {
    /// As it was answered.
    pub(super) document: Value,
    /// The same as a stream.
    pub(super) events: Vec<Bytes>,
    /// What it was asked with, what it went on from not included.
    pub(super) items: Vec<Value>,
    /// What the user said up to here.
    pub(super) said: String,
}

impl One {
    fn id(&self) -> &str {
        self.document.get("id").and_then(Value::as_str).unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        // The document and the items hold the text too.
        let events: usize = self.events.iter().map(Bytes::len).sum();
        self.said.len().saturating_mul(3).saturating_add(events)
    }
}

/// The responses of one server.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<VecDeque<Arc<One>>>);

impl Kept {
    /// Keeps a response.
    pub(super) fn keep(&self, one: One) {
        let mut all = self.all();
        all.push_back(Arc::new(one));
        let mut bytes: usize = all.iter().map(|one| one.bytes()).sum();
        while all.len() > 1 && (all.len() > limits::DEMO_KEPT_MAX || bytes > limits::DEMO_BYTES_MAX) {
            bytes = bytes.saturating_sub(all.pop_front().map_or(0, |oldest| oldest.bytes()));
        }
    }

    /// The response that a request goes on from.
    pub(super) fn previous(&self, body: &Value) -> Result<Option<Arc<One>>, Fault> {
        match body.get("previous_response_id") {
            None | Some(Value::Null) => Ok(None),
            Some(id) => {
                let id = id.as_str().unwrap_or_default();
                let found = self.find(id).map(Some);
                found.ok_or_else(|| Fault::new(400, "previous_response_not_found", &not_found(id)))
            }
        }
    }

    /// Answers at a path behind `/v1/responses/`.
    pub(super) fn answer(&self, delete: bool, path: &str, query: &str) -> Result<Reply, Fault> {
        let (id, rest) = path.split_once('/').map_or((path, None), |(id, rest)| (id, Some(rest)));
        let one = self.find(id).ok_or_else(|| Fault::new(404, "response_not_found", &not_found(id)))?;
        match (delete, rest) {
            (true, None) => {
                self.all().retain(|kept| kept.id() != id);
                Ok(Reply::json(json!({"id": id, "object": "response.deleted", "deleted": true})))
            }
            (false, None) if said(query, "stream") == Some("true") => {
                let after = said(query, "starting_after").and_then(|number| number.parse::<usize>().ok());
                let from = after.map_or(0, |number| number.saturating_add(1));
                Ok(Reply::Events(one.events.iter().skip(from).cloned().collect()))
            }
            (false, None) => Ok(Reply::json(one.document.clone())),
            (false, Some("input_items")) => {
                let limit = said(query, "limit").and_then(|number| number.parse::<usize>().ok()).unwrap_or(PAGE);
                let id_of = |item: &Value| item.get("id").cloned();
                let after = said(query, "after");
                let passed = |item: &Value| item.get("id").and_then(Value::as_str) == after;
                let from = after.and_then(|_| one.items.iter().position(passed)).map_or(0, |at| at.saturating_add(1));
                let rest = one.items.get(from..).unwrap_or_default();
                let page = rest.get(..limit).unwrap_or(rest);
                Ok(Reply::json(json!({
                    "object": "list", "data": page, "has_more": page.len() < rest.len(),
                    "first_id": page.first().and_then(id_of), "last_id": page.last().and_then(id_of),
                })))
            }
            _ => Err(Fault::new(404, "unknown_url", "a response has `input_items` and nothing else")),
        }
    }

    fn find(&self, id: &str) -> Option<Arc<One>> {
        self.all().iter().find(|one| one.id() == id).cloned()
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<Arc<One>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a query says under a name; of the names that are looked at here none has a value that needs percent-encoding.
fn said<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Items on a page where nobody says how many.
const PAGE: usize = 20;

/// As `OpenAI` says it, with the id where it is one of ours: a fault quotes nothing else.
fn not_found(id: &str) -> String {
    let ours = id.starts_with("resp_demo")
        && id.len() < 64
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if ours { format!("Response with id '{id}' not found.") } else { "no such response is kept here".to_owned() }
}
