//! `POST /v1/chat/completions` of the demonstration server, whole and streamed.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::model_question::{Answer, Ask, Fault, Form, Question, choices, is_on, text_of};
use super::model_reply::{DONE, Reply, event, pieces};
use crate::limits;

/// Answers a chat completion.
pub(super) fn answer(ask: &Ask<'_>, body: &Value) -> Result<Reply, Fault> {
    let model = ask.model(body)?;
    let count = choices(body)?;
    let answer = read(body)?.answer(ask)?;
    if answer.len().saturating_mul(count) > limits::DEMO_ANSWER_BYTES_MAX {
        return Err(Fault::invalid("n", "the answer would be too long for a demonstration"));
    }
    let chat = Chat { ask, model, count, answer };
    if is_on(body, "/stream") {
        return Ok(Reply::Events(chat.events(is_on(body, "/stream_options/include_usage"))));
    }
    Ok(Reply::json(chat.whole()))
}

/// Reads what is to be repeated: what stands behind the last assistant message, tools first.
fn read(body: &Value) -> Result<Question<'_>, Fault> {
    let messages = body
        .get("messages")
        .and_then(Value::as_array)
        .filter(|messages| !messages.is_empty())
        .ok_or_else(|| Fault::invalid("messages", "`messages` must be a list that is not empty"))?;
    let role = |message: &Value| message.get("role").and_then(Value::as_str).unwrap_or_default().to_owned();
    let text = |message: &Value| message.get("content").map(text_of).unwrap_or_default();
    let mut results: Vec<String> =
        messages.iter().rev().take_while(|message| role(message) == "tool").map(text).collect();
    results.reverse();
    let from_tools = !results.is_empty();
    let spoken = messages.iter().rfind(|message| role(message) == "user").or_else(|| messages.last());
    Ok(Question {
        text: if from_tools { results.join("\n") } else { spoken.map(text).unwrap_or_default() },
        from_tools,
        functions: body.get("tools").and_then(Value::as_array).into_iter().flatten().filter_map(function).collect(),
        choice: body.get("tool_choice"),
        form: Form::read(body.get("response_format"), "/json_schema/schema"),
    })
}

/// Name and schema of a function tool.
fn function(tool: &Value) -> Option<(&str, &Value)> {
    let function = tool.get("function")?;
    Some((function.get("name")?.as_str()?, function.get("parameters").unwrap_or(&Value::Null)))
}

/// An answer about to take shape.
struct Chat<'a> {
    ask: &'a Ask<'a>,
    model: &'a str,
    count: usize,
    answer: Answer<'a>,
}

impl Chat<'_> {
    fn whole(&self) -> Value {
        let message = match &self.answer {
            Answer::Text(text) => {
                json!({"role": "assistant", "content": text, "refusal": null, "annotations": []})
            }
            Answer::Call(name, arguments) => json!({
                "role": "assistant", "content": null, "refusal": null, "annotations": [],
                "tool_calls": [
                    {"id": self.ask.id("call_"), "type": "function", "function": {"name": name, "arguments": arguments}},
                ],
            }),
        };
        let choices: Vec<Value> = (0..self.count)
            .map(|index| {
                json!({"index": index, "message": message, "logprobs": null, "finish_reason": self.finish_reason()})
            })
            .collect();
        let mut whole = self.head("chat.completion");
        whole.insert("choices".to_owned(), Value::Array(choices));
        whole.insert("usage".to_owned(), self.usage());
        Value::Object(whole)
    }

    fn events(&self, include_usage: bool) -> Vec<Bytes> {
        let deltas = self.deltas();
        let last = deltas.len().saturating_sub(1);
        let mut events = Vec::with_capacity(deltas.len().saturating_mul(self.count).saturating_add(2));
        for (at, delta) in deltas.into_iter().enumerate() {
            // The choices take turns, as those of a model do.
            for index in 0..self.count {
                let finish_reason = if at == last { json!(self.finish_reason()) } else { Value::Null };
                let choice = json!({"index": index, "delta": delta, "logprobs": null, "finish_reason": finish_reason});
                events.push(self.chunk(vec![choice], include_usage.then_some(Value::Null)));
            }
        }
        if include_usage {
            events.push(self.chunk(Vec::new(), Some(self.usage())));
        }
        events.push(DONE);
        events
    }

    /// What the chunks of one choice add, the empty one that ends it included.
    fn deltas(&self) -> Vec<Value> {
        let mut deltas = match &self.answer {
            Answer::Text(text) => {
                let opening = json!({"role": "assistant", "content": "", "refusal": null});
                let parts = pieces(text).map(|piece| json!({"content": piece}));
                std::iter::once(opening).chain(parts).collect::<Vec<_>>()
            }
            Answer::Call(name, arguments) => {
                let opening = json!({"role": "assistant", "content": null, "tool_calls": [{
                    "index": 0, "id": self.ask.id("call_"), "type": "function",
                    "function": {"name": name, "arguments": ""},
                }]});
                let parts = pieces(arguments)
                    .map(|piece| json!({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}));
                std::iter::once(opening).chain(parts).collect()
            }
        };
        deltas.push(json!({}));
        deltas
    }

    fn chunk(&self, choices: Vec<Value>, usage: Option<Value>) -> Bytes {
        let mut chunk = self.head("chat.completion.chunk");
        chunk.insert("choices".to_owned(), Value::Array(choices));
        if let Some(usage) = usage {
            chunk.insert("usage".to_owned(), usage);
        }
        event(&Value::Object(chunk))
    }

    fn head(&self, object: &str) -> Map<String, Value> {
        Map::from_iter([
            ("id".to_owned(), json!(self.ask.id("chatcmpl-"))),
            ("object".to_owned(), json!(object)),
            ("created".to_owned(), json!(self.ask.created_s)),
            ("model".to_owned(), json!(self.model)),
            ("system_fingerprint".to_owned(), json!("octroi-demonstration")),
        ])
    }

    fn finish_reason(&self) -> &'static str {
        match self.answer {
            Answer::Text(_) => "stop",
            Answer::Call(..) => "tool_calls",
        }
    }

    fn usage(&self) -> Value {
        self.ask.usage(self.answer.len().saturating_mul(self.count)).of_completion()
    }
}
