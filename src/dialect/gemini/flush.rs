//! The event of the gateway's own that carries held-back text of a candidate: of its answer, of its thoughts, of an argument of the
//! function that it calls. Nothing of the earlier event is said twice but what names the stream and the argument.

use serde_json::{Value, json};

use super::super::reply::ChannelKind::{Argument, Code, Reasoning, Stdout, Text};
use super::super::reply::{Channel, Flush, Held, argument};
use crate::model::Api;
use crate::wire::json::{Bounds, Document, Numbers};

/// An event of one candidate with one part.
pub(super) fn flush(_: Api, template: &str, channel: Channel, held: Held<'_>, _: Option<u64>) -> Option<Flush> {
    let text = held.text;
    let part = match channel.kind {
        Text => json!({ "text": text }),
        Reasoning => json!({ "text": text, "thought": true }),
        Code => json!({ "executableCode": { "language": said(template, "/executableCode/language")?, "code": text } }),
        Stdout => {
            json!({ "codeExecutionResult": { "outcome": said(template, "/codeExecutionResult/outcome")?, "output": text } })
        }
        Argument(_) => {
            json!({ "functionCall": { "partialArgs": [piece(template, channel, text)?], "willContinue": true } })
        }
        _ => return None,
    };
    let content = json!({ "role": "model", "parts": [part] });
    let mut candidate = json!({ "index": channel.outer, "content": content });
    let logprobs = held.logprobs.and_then(|told| Some(("logprobsResult".to_owned(), serde_json::from_str(told).ok()?)));
    candidate.as_object_mut()?.extend(logprobs);
    let mut event = json!({ "candidates": [candidate] });
    let document = Document::read(template, Bounds::REPLY, Numbers::NotInArrays).ok()?;
    let members = event.as_object_mut()?;
    for name in ["modelVersion", "responseId"] {
        let named = document.member(0, name).and_then(|value| document.node(value));
        members.extend(named.map(|value| (name.to_owned(), document.decoded(value).into_owned().into())));
    }
    Some(Flush { event: None, data: event.to_string() })
}

/// What a part of an earlier event says here.
fn said(template: &str, pointer: &str) -> Option<Value> {
    parts(template)?.iter().find_map(|part| part.pointer(pointer)).cloned()
}

/// The parts of an earlier event.
fn parts(template: &str) -> Option<Vec<Value>> {
    let event: Value = serde_json::from_str(template).ok()?;
    let candidates = event.get("candidates")?.as_array()?.iter();
    Some(
        candidates.filter_map(|candidate| candidate.pointer("/content/parts")?.as_array()).flatten().cloned().collect(),
    )
}

/// A piece of an argument, under the path that an earlier event has for it.
fn piece(template: &str, channel: Channel, text: &str) -> Option<Value> {
    let parts = parts(template)?;
    let pieces = parts.iter().filter_map(|part| part.pointer("/functionCall/partialArgs")?.as_array()).flatten();
    let mut paths = pieces.filter_map(|piece| piece.get("jsonPath")?.as_str());
    let path = paths.find(|path| argument(path) == channel.kind)?;
    Some(json!({ "jsonPath": path, "stringValue": text, "willContinue": true }))
}
