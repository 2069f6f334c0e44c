//! `POST /v1/responses` of the demonstration server, whole and streamed with its sequence of events.
//!
//! It keeps what it answers unless `store` is false. An answer that goes on from another repeats what the user said in both.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::model_kept::{Kept, One};
use super::model_question::{Answer, Ask, Fault, Form, Question, is_on, text_of};
use super::model_reply::{Reply, named_event, pieces};
use crate::limits;

/// Answers a response request.
pub(super) fn answer(ask: &Ask<'_>, kept: &Kept, body: &Value) -> Result<Reply, Fault> {
    let model = ask.model(body)?;
    let previous = kept.previous(body)?;
    let mut question = read(body)?;
    if let Some(previous) = &previous {
        question.text = format!("{}\n{}", previous.said, question.text);
    }
    let answer = question.answer(ask)?;
    if answer.len() > limits::DEMO_ANSWER_BYTES_MAX {
        return Err(Fault::invalid("input", "the answer would be too long for a demonstration"));
    }
    let store = body.get("store") != Some(&Value::Bool(false));
    let response = Response { ask, model, body, answer, store };
    if store {
        let document = response.document(Some(&response.item("completed")));
        kept.keep(One { document, events: response.events(), items: items(ask, body), said: question.text });
    }
    if is_on(body, "/stream") {
        return Ok(Reply::Events(response.events()));
    }
    Ok(Reply::json(response.document(Some(&response.item("completed")))))
}

/// The items of the input, as they are listed: a text is one of the user's, and each has an id.
fn items(ask: &Ask<'_>, body: &Value) -> Vec<Value> {
    let input = body.get("input");
    let mut items = match input {
        Some(Value::Array(items)) => items.clone(),
        Some(Value::String(text)) => vec![json!({"role": "user", "content": [{"type": "input_text", "text": text}]})],
        _ => Vec::new(),
    };
    for (number, item) in items.iter_mut().enumerate() {
        let Some(item) = item.as_object_mut() else { continue };
        item.entry("type").or_insert(json!("message"));
        item.entry("status").or_insert(json!("completed"));
        item.entry("id").or_insert(json!(format!("{}{number:02x}", ask.id("msg_"))));
    }
    items
}

/// Reads what is to be repeated: a text, the last message of the user, or the results of functions behind it.
fn read(body: &Value) -> Result<Question<'_>, Fault> {
    let malformed = || Fault::invalid("input", "`input` must be a text or a list of items that is not empty");
    let mut question = Question {
        functions: body.get("tools").and_then(Value::as_array).into_iter().flatten().filter_map(function).collect(),
        choice: body.get("tool_choice"),
        form: Form::read(body.pointer("/text/format"), "/schema"),
        ..Question::default()
    };
    match body.get("input") {
        Some(Value::String(text)) => question.text.clone_from(text),
        Some(Value::Array(items)) if !items.is_empty() => {
            let is_result = |item: &&Value| item.get("type").is_some_and(|kind| kind == "function_call_output");
            let is_users = |item: &&Value| item.get("role").is_some_and(|role| role == "user");
            let mut results: Vec<String> = items
                .iter()
                .rev()
                .take_while(is_result)
                .map(|item| item.get("output").map(text_of).unwrap_or_default())
                .collect();
            results.reverse();
            question.from_tools = !results.is_empty();
            let spoken = || items.iter().rfind(is_users).or_else(|| items.last()).and_then(|item| item.get("content"));
            question.text =
                if question.from_tools { results.join("\n") } else { spoken().map(text_of).unwrap_or_default() };
        }
        _ => return Err(malformed()),
    }
    Ok(question)
}

/// Name and schema of a function tool.
fn function(tool: &Value) -> Option<(&str, &Value)> {
    tool.get("type").filter(|kind| *kind == "function")?;
    Some((tool.get("name")?.as_str()?, tool.get("parameters").unwrap_or(&Value::Null)))
}

/// An answer about to take shape.
struct Response<'a> {
    ask: &'a Ask<'a>,
    model: &'a str,
    body: &'a Value,
    answer: Answer<'a>,
    store: bool,
}

impl Response<'_> {
    /// The whole response; without its item as it is at the beginning of a stream.
    fn document(&self, item: Option<&Value>) -> Value {
        let asked = |name: &str, otherwise: Value| {
            self.body.get(name).filter(|value| !value.is_null()).cloned().unwrap_or(otherwise)
        };
        let usage = item.map(|_| {
            let usage = self.ask.usage(self.answer.len());
            json!({
                "input_tokens": usage.input, "output_tokens": usage.output, "total_tokens": usage.total,
                "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                "output_tokens_details": {"reasoning_tokens": 0},
            })
        });
        json!({
            "id": self.ask.id("resp_"), "object": "response", "created_at": self.ask.created_s, "model": self.model,
            "status": if item.is_some() { "completed" } else { "in_progress" },
            "error": null, "incomplete_details": null, "background": false,
            "previous_response_id": asked("previous_response_id", Value::Null),
            "output": item.into_iter().collect::<Vec<_>>(), "usage": usage, "store": self.store,
            // As OpenAI does, a response repeats what it was asked with.
            "instructions": asked("instructions", Value::Null),
            "max_output_tokens": asked("max_output_tokens", Value::Null),
            "metadata": asked("metadata", json!({})),
            "parallel_tool_calls": asked("parallel_tool_calls", json!(true)),
            "reasoning": asked("reasoning", json!({"effort": null, "summary": null})),
            "temperature": asked("temperature", json!(1.0)), "top_p": asked("top_p", json!(1.0)),
            "text": asked("text", json!({"format": {"type": "text"}})),
            "tool_choice": asked("tool_choice", json!("auto")), "tools": asked("tools", json!([])),
            "truncation": asked("truncation", json!("disabled")), "user": asked("user", Value::Null),
        })
    }

    /// The only item of the output. While it is in progress it is still empty.
    fn item(&self, status: &str) -> Value {
        let complete = status == "completed";
        match &self.answer {
            Answer::Text(text) => json!({
                "id": self.ask.id("msg_"), "type": "message", "role": "assistant", "status": status,
                "content": if complete { vec![part(text)] } else { Vec::new() },
            }),
            Answer::Call(name, arguments) => json!({
                "id": self.ask.id("fc_"), "type": "function_call", "status": status, "name": name,
                "call_id": self.ask.id("call_"), "arguments": if complete { arguments } else { "" },
            }),
        }
    }

    fn events(&self) -> Vec<Bytes> {
        let mut events = Sequence::default();
        let begun = self.document(None);
        events.push("response.created", json!({"response": begun}));
        events.push("response.in_progress", json!({"response": begun}));
        events.push("response.output_item.added", json!({"output_index": 0, "item": self.item("in_progress")}));
        match &self.answer {
            Answer::Text(text) => {
                let at = |members: Value| place(&self.ask.id("msg_"), Some(0), members);
                events.push("response.content_part.added", at(json!({"part": part("")})));
                for piece in pieces(text) {
                    events.push("response.output_text.delta", at(json!({"delta": piece, "logprobs": []})));
                }
                events.push("response.output_text.done", at(json!({"text": text, "logprobs": []})));
                events.push("response.content_part.done", at(json!({"part": part(text)})));
            }
            Answer::Call(name, arguments) => {
                let at = |members: Value| place(&self.ask.id("fc_"), None, members);
                for piece in pieces(arguments) {
                    events.push("response.function_call_arguments.delta", at(json!({"delta": piece})));
                }
                let whole = json!({"name": name, "arguments": arguments});
                events.push("response.function_call_arguments.done", at(whole));
            }
        }
        let item = self.item("completed");
        events.push("response.output_item.done", json!({"output_index": 0, "item": item}));
        events.push("response.completed", json!({"response": self.document(Some(&item))}));
        events.events
    }
}

fn part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

/// Adds to an event where in the output it belongs.
fn place(item_id: &str, content_index: Option<u32>, members: Value) -> Value {
    let mut placed = Map::from_iter([("item_id".to_owned(), json!(item_id)), ("output_index".to_owned(), json!(0))]);
    placed.extend(content_index.map(|index| ("content_index".to_owned(), json!(index))));
    if let Value::Object(members) = members {
        placed.extend(members);
    }
    Value::Object(placed)
}

/// Numbers the events of a stream.
#[derive(Default)]
struct Sequence {
    events: Vec<Bytes>,
}

impl Sequence {
    fn push(&mut self, name: &str, mut members: Value) {
        if let Some(members) = members.as_object_mut() {
            members.insert("type".to_owned(), json!(name));
            members.insert("sequence_number".to_owned(), json!(self.events.len()));
        }
        self.events.push(named_event(name, &members));
    }
}
