//! Answers that are JSON themselves, as the request asks in one way or another: a value with the end of a line in it leaves them
//! JSON. An answer that is none keeps the value as it was sent.

use serde_json::{Value, json};

use super::common::Plot;
use super::common::scripted::{self, Asked, Step};
use super::servers::{Speaks, streamed};

/// An address of two lines.
const PROMPT: &str = "Address:\nMme Camille Aubertin\n12 rue de la Paix\n75002 Paris";
const ADDRESS: &str = "12 rue de la Paix\n75002 Paris";

/// The pseudonyms that reached a server.
fn tokens(asked: &Asked) -> Vec<String> {
    let parts = asked.body.split('<').skip(1);
    parts.filter_map(|part| Some(format!("<{}>", part.split_once('>')?.0))).collect()
}

/// An answer in the shape of an API, with this text.
fn shaped(shape: &str, text: &str) -> Value {
    let part = json!({"type": "output_text", "text": text, "annotations": []});
    let item = json!({"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [part]});
    match shape {
        "chat" => {
            json!({"choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]})
        }
        "completions" => json!({"choices": [{"index": 0, "text": text, "finish_reason": "stop"}]}),
        "responses" => {
            json!({"id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": [item]})
        }
        "claude" => {
            json!({"id": "m", "type": "message", "role": "assistant", "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn"})
        }
        "converse" => json!({"output": {"message": {"role": "assistant", "content": [{"text": text}]}},
            "stopReason": "end_turn"}),
        _ => {
            json!({"model": "m", "message": {"role": "assistant", "content": text}, "done": true, "done_reason": "stop"})
        }
    }
}

/// Asks for an answer that says the pseudonyms as the server is told to, and returns what the client reads.
async fn ask(
    (api, path): (Speaks, &str),
    body: &Value,
    script: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static,
) -> String {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = api.dialects();
    let server = plot.script("us-cloud", script).await;
    let house = plot.open().await;
    let answer = house.client.post(path, body.to_string()).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    assert!(!server.asked()[0].body.contains("rue de la Paix"), "{path}: {}", server.asked()[0].body);
    answer.body
}

/// Every string of an answer that looks like an object.
fn objects(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) if text.starts_with('{') => vec![text],
        Value::Array(items) => items.iter().flat_map(objects).collect(),
        Value::Object(members) => members.values().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}

/// A request with members of its own.
fn with(mut body: Value, extra: &Value) -> Value {
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

fn chat() -> Value {
    json!({"model": "assistant", "messages": [{"role": "user", "content": PROMPT}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_two_lines_leaves_structured_output_json() {
    let schema = json!({"type": "object", "properties": {"all": {"type": "array"}}});
    let responses = json!({"model": "assistant", "input": PROMPT});
    let blocks = json!({"messages": [{"role": "user", "content": [{"text": PROMPT}]}]});
    let claude = json!({"max_tokens": 9, "messages": [{"role": "user", "content": PROMPT}]});
    let form = json!({"type": "json_schema", "name": "all", "schema": schema});
    let (invoke, converse) = ("/model/assistant/invoke", "/model/assistant/converse");
    let rows = [
        (
            "chat",
            Speaks::OpenAi,
            "/v1/chat/completions",
            with(chat(), &json!({"response_format": {"type": "json_object"}})),
        ),
        ("chat", Speaks::OpenAi, "/v1/chat/completions", with(chat(), &json!({"guided_json": schema}))),
        ("chat", Speaks::OpenAi, "/v1/chat/completions", with(chat(), &json!({"guided_json": schema.to_string()}))),
        (
            "chat",
            Speaks::OpenAi,
            "/v1/chat/completions",
            with(chat(), &json!({"structured_outputs": {"json": schema}})),
        ),
        (
            "chat",
            Speaks::OpenAi,
            "/v1/chat/completions",
            with(chat(), &json!({"structured_outputs": {"json_object": true}})),
        ),
        ("chat", Speaks::OpenAi, "/v1/chat/completions", with(chat(), &json!({"nvext": {"guided_json": schema}}))),
        ("chat", Speaks::OpenAi, "/v1/chat/completions", with(chat(), &json!({"json_schema": schema}))),
        (
            "completions",
            Speaks::OpenAi,
            "/v1/completions",
            json!({"model": "assistant", "prompt": PROMPT, "response_format": {"type": "json_object"}}),
        ),
        ("responses", Speaks::OpenAi, "/v1/responses", with(responses.clone(), &json!({"text": {"format": form}}))),
        (
            "responses",
            Speaks::Azure,
            "/openai/v1/responses",
            with(responses, &json!({"text": {"format": {"type": "json_object"}}})),
        ),
        ("claude", Speaks::Bedrock, invoke, with(claude.clone(), &json!({"output_config": {"format": form}}))),
        ("chat", Speaks::Bedrock, invoke, with(claude, &json!({"response_format": {"type": "json_object"}}))),
        (
            "converse",
            Speaks::Bedrock,
            converse,
            with(blocks, &json!({"additionalModelRequestFields": {"output_config": {"format": form}}})),
        ),
        ("ollama", Speaks::Ollama, "/api/chat", with(chat(), &json!({"stream": false, "format": schema}))),
    ];
    for (shape, api, path, body) in rows {
        let say = move |asked: &Asked| {
            let text = json!({"all": tokens(asked)}).to_string();
            scripted::json("200 OK", "", &shaped(shape, &text).to_string())
        };
        let told: Value = serde_json::from_str(&ask((api, path), &body, say).await).unwrap();
        let texts = objects(&told);
        assert_eq!(texts.len(), 1, "{body}: {told}");
        let said: Value = serde_json::from_str(texts[0]).unwrap_or_else(|fault| panic!("{body}: {fault}: {told}"));
        assert!(said["all"].as_array().unwrap().iter().any(|value| value == ADDRESS), "{body}: {told}");
    }
}

/// The pieces and every whole text of a stream of a response say the same.
#[tokio::test(flavor = "multi_thread")]
async fn every_text_of_a_streamed_response_is_the_same_json() {
    let form = json!({"type": "json_schema", "name": "all", "schema": {"type": "object"}});
    let body = json!({"model": "assistant", "stream": true, "input": PROMPT, "text": {"format": form}});
    let say = |asked: &Asked| {
        let text = json!({"all": tokens(asked)}).to_string();
        let response = shaped("responses", &text);
        let place = |kind: &str, name: &str, value: Value| json!({"type": kind, "item_id": "m", "output_index": 0, "content_index": 0, name: value});
        let chars: Vec<char> = text.chars().collect();
        let pieces = chars.chunks(5).map(|piece| piece.iter().collect::<String>());
        let mut all: Vec<Value> =
            pieces.map(|piece| place("response.output_text.delta", "delta", piece.into())).collect();
        all.push(place("response.output_text.done", "text", text.as_str().into()));
        all.push(place("response.content_part.done", "part", response["output"][0]["content"][0].clone()));
        all.push(place("response.output_item.done", "item", response["output"][0].clone()));
        all.push(json!({"type": "response.completed", "response": response}));
        let event = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
        streamed("text/event-stream", all.iter().map(|one| event(one).into_bytes()).collect())
    };
    let answer = ask((Speaks::OpenAi, "/v1/responses"), &body, say).await;
    let events = answer.lines().filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok());
    let (mut pieces, mut wholes) = (String::new(), Vec::new());
    for event in events {
        match event["delta"].as_str() {
            Some(piece) => pieces.push_str(piece),
            None => wholes.extend(objects(&event).into_iter().map(str::to_owned)),
        }
    }
    assert_eq!(wholes, vec![pieces.clone(); 4], "{answer}");
    let said: Value = serde_json::from_str(&pieces).unwrap();
    assert!(said["all"].as_array().unwrap().iter().any(|value| value == ADDRESS), "{answer}");
}

/// What clients of Ollama send for no form is none.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_no_form_keeps_the_end_of_a_line() {
    for extra in [json!({"format": ""}), json!({"format": null}), json!({})] {
        let body = with(with(chat(), &json!({"stream": false})), &extra);
        let say = |asked: &Asked| {
            scripted::json("200 OK", "", &shaped("ollama", &format!("It is {}", tokens(asked).join(", "))).to_string())
        };
        let told: Value = serde_json::from_str(&ask((Speaks::Ollama, "/api/chat"), &body, say).await).unwrap();
        assert!(told["message"]["content"].as_str().unwrap().contains(ADDRESS), "{body}: {told}");
    }
}
