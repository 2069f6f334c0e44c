//! `POST /v1/completions` of the demonstration server, whole and streamed.

use serde_json::{Value, json};

use super::model_question::{Ask, Fault, choices, is_on};
use super::model_reply::{DONE, Reply, event, pieces};
use crate::limits;

/// Answers a text completion: every prompt is repeated in each of its choices.
pub(super) fn answer(ask: &Ask<'_>, body: &Value) -> Result<Reply, Fault> {
    let model = ask.model(body)?;
    let count = choices(body)?;
    let texts: Vec<String> = prompts(body)?.iter().map(|prompt| format!("{}{prompt}", ask.opening())).collect();
    let bytes = texts.iter().map(String::len).sum::<usize>().saturating_mul(count);
    if bytes > limits::DEMO_ANSWER_BYTES_MAX || texts.len().saturating_mul(count) > CHOICES_MAX {
        return Err(Fault::invalid("prompt", "the answer would be too long for a demonstration"));
    }
    let usage = ask.usage(bytes).of_completion();
    let (id, created) = (ask.id("cmpl-"), ask.created_s);
    let document = |choices: Vec<Value>, usage: &Value| {
        json!({
            "id": id, "object": "text_completion", "created": created, "model": model,
            "system_fingerprint": "octroi-demonstration", "choices": choices, "usage": usage,
        })
    };
    // The choices of the first prompt come first.
    let repeated = texts.iter().flat_map(|text| std::iter::repeat_n(text, count)).enumerate();
    if !is_on(body, "/stream") {
        let choices = repeated.map(|(index, text)| choice(index, text, Some("stop"))).collect();
        return Ok(Reply::json(document(choices, &usage)));
    }
    let mut events = Vec::new();
    for (index, text) in repeated {
        events.extend(pieces(text).map(|piece| event(&document(vec![choice(index, piece, None)], &Value::Null))));
        events.push(event(&document(vec![choice(index, "", Some("stop"))], &Value::Null)));
    }
    if is_on(body, "/stream_options/include_usage") {
        events.push(event(&document(Vec::new(), &usage)));
    }
    events.push(DONE);
    Ok(Reply::Events(events))
}

/// Choices over all prompts of one request.
const CHOICES_MAX: usize = 1_024;

fn choice(index: usize, text: &str, finish_reason: Option<&str>) -> Value {
    json!({"index": index, "text": text, "logprobs": null, "finish_reason": finish_reason})
}

/// The prompts as text; a prompt of token numbers is repeated as its numbers.
fn prompts(body: &Value) -> Result<Vec<String>, Fault> {
    let malformed = || Fault::invalid("prompt", "`prompt` must be a text, a list of texts, or token numbers");
    match body.get("prompt") {
        Some(Value::String(prompt)) => Ok(vec![prompt.clone()]),
        Some(tokens @ Value::Array(list)) if list.iter().all(Value::is_number) => Ok(vec![tokens.to_string()]),
        Some(Value::Array(list)) => list
            .iter()
            .map(|prompt| match prompt {
                Value::String(prompt) => Ok(prompt.clone()),
                Value::Array(numbers) if numbers.iter().all(Value::is_number) => Ok(prompt.to_string()),
                _ => Err(malformed()),
            })
            .collect(),
        _ => Err(malformed()),
    }
}
