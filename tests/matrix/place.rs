//! Bodies made from a dialect's table: a text put where a row says, in everything that must stand around it.

use octroi::dialect;
use octroi::model::Api;
use serde_json::{Map, Value, json};

/// One step of a pattern.
enum Step<'a> {
    Member(&'a str),
    Any,
    Element,
    Kind(&'a str),
}

/// What is put in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    /// The text as a string.
    Text,
    /// The text as the key of an object.
    Key,
    /// The digits of the text as a number.
    Number,
}

/// What may be put at a row: a key only where the table leaves keys open.
pub(crate) fn puts(path: &str) -> &'static [Put] {
    if path.ends_with('*') { &[Put::Text, Put::Key, Put::Number] } else { &[Put::Text, Put::Number] }
}

fn steps(pattern: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix('.') {
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix("[]") {
            steps.push(Step::Element);
            rest = tail;
        } else if let Some((kind, tail)) = rest.strip_prefix('{').and_then(|open| open.split_once('}')) {
            steps.push(Step::Kind(if kind == "?" { "made_tomorrow" } else { kind }));
            rest = tail;
        } else {
            let (name, tail) = rest.split_at(rest.find(['.', '[', '{']).unwrap_or(rest.len()));
            steps.push(if name == "*" { Step::Any } else { Step::Member(name) });
            rest = tail;
        }
    }
    steps
}

fn build(steps: &[Step<'_>], leaf: Value) -> Value {
    match steps.split_first() {
        None => leaf,
        Some((Step::Member(name), rest)) => json!({ *name: build(rest, leaf) }),
        Some((Step::Any, rest)) => json!({ "any": build(rest, leaf) }),
        Some((Step::Element, rest)) => Value::Array(vec![build(rest, leaf)]),
        Some((Step::Kind(kind), rest)) => {
            let mut inner = match build(rest, leaf) {
                Value::Object(members) => members,
                other => Map::from_iter([("any".to_owned(), other)]),
            };
            inner.entry("type").or_insert_with(|| (*kind).into());
            Value::Object(inner)
        }
    }
}

/// A request with a text at a row; nothing where the row is the model's own place.
pub(crate) fn body(api: Api, path: &str, put: Put, text: &str) -> Value {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let leaf = match put {
        Put::Text => Value::from(text),
        Put::Key => json!({ text: "value" }),
        Put::Number => digits.trim_start_matches('0').parse::<serde_json::Number>().map_or(Value::Null, Value::Number),
    };
    // A row that leaves keys open at its own place has the text for its key there, and at any depth below it otherwise.
    let mut steps = steps(path);
    if put == Put::Key && matches!(steps.last(), Some(Step::Any)) {
        steps.pop();
    }
    let mut body = match build(&steps, leaf) {
        Value::Object(members) => members,
        other => Map::from_iter([("any".to_owned(), other)]),
    };
    for name in ["messages", "contents"] {
        if let Some(turn) = body.get_mut(name).and_then(|turns| turns.get_mut(0)).and_then(Value::as_object_mut) {
            turn.entry("role").or_insert_with(|| "user".into());
        }
    }
    let in_body = dialect::request_paths(api).contains(&"model");
    if in_body && !body.contains_key("model") {
        body.insert("model".to_owned(), "assistant".into());
    }
    if dialect::request_paths(api).contains(&"agent_id") && !body.contains_key("agent_id") {
        body.insert("agent_id".to_owned(), "assistant".into());
    }
    Value::Object(body)
}

/// Paths that no table names, one for every kind of place where such a key may stand.
pub(crate) const UNKNOWN: [&str; 4] =
    ["made_tomorrow", "made_tomorrow[]", "made_tomorrow.deep[].er", "messages[].made_tomorrow"];
