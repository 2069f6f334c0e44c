//! Schemas of tools stay schemas on their way out, and what a model must repeat of them comes back in its arguments: a value of an
//! `enum`, the name of a property.

use serde_json::{Value, json};

use super::common::scripted::{self, Asked, Step};
use super::common::{Plot, VALUES};
use super::servers::Speaks;

/// The first member of this name at any depth.
fn find<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(members) => members.get(name).or_else(|| members.values().find_map(|member| find(member, name))),
        Value::Array(items) => items.iter().find_map(|item| find(item, name)),
        _ => None,
    }
}

/// A server whose model calls the first tool with the first property that it declares, and the first value of its `enum`.
fn calling(api: Speaks, asked: &Asked) -> Vec<Step> {
    let body = asked.json();
    let (property, schema) = find(&body, "properties").unwrap().as_object().unwrap().iter().next().unwrap();
    assert_eq!(schema["type"], "string", "a schema stays one");
    let arguments = json!({ property: schema["enum"][0] });
    let whole = |body: Value| scripted::json("200 OK", "", &body.to_string());
    match api {
        Speaks::Anthropic => whole(json!({"id": "m", "type": "message", "role": "assistant", "model": "m",
            "content": [{"type": "tool_use", "id": "t", "name": "find", "input": arguments}], "stop_reason": "tool_use",
            "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 1}})),
        Speaks::Gemini => {
            let content = json!({"role": "model", "parts": [{"functionCall": {"name": "find", "args": arguments}}]});
            whole(json!({"candidates": [{"index": 0, "content": content, "finishReason": "STOP"}]}))
        }
        Speaks::Bedrock => {
            let block = json!({"toolUse": {"toolUseId": "t", "name": "find", "input": arguments}});
            whole(json!({"output": {"message": {"role": "assistant", "content": [block]}}, "stopReason": "tool_use"}))
        }
        Speaks::Ollama => {
            let call = json!({"function": {"name": "find", "arguments": arguments}});
            let message = json!({"role": "assistant", "content": "", "tool_calls": [call]});
            whole(json!({"model": "m", "message": message, "done": true, "done_reason": "stop"}))
        }
        _ if asked.head.contains("/responses") => {
            let item = json!({"type": "function_call", "id": "fc", "call_id": "c", "name": "find", "status": "completed",
                "arguments": arguments.to_string()});
            whole(json!({"id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": [item]}))
        }
        _ if body["stream"] == true => {
            let text = arguments.to_string();
            let chars: Vec<char> = text.chars().collect();
            let mut steps = vec![scripted::stream()];
            let choice = |delta: Value, finish: Value| {
                let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
                Step::Chunk(format!("data: {}\n\n", json!({"id": "c", "choices": [choice]})).into_bytes())
            };
            for piece in chars.chunks(3) {
                let function = json!({"arguments": piece.iter().collect::<String>()});
                let call = json!({"index": 0, "id": "c", "type": "function", "function": function});
                steps.push(choice(json!({"tool_calls": [call]}), Value::Null));
            }
            steps.push(choice(json!({}), "tool_calls".into()));
            steps.extend([Step::Chunk(b"data: [DONE]\n\n".to_vec()), Step::Chunk(Vec::new())]);
            steps
        }
        _ => {
            let function = json!({"name": "find", "arguments": arguments.to_string()});
            let message =
                json!({"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": function}]});
            whole(json!({"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}))
        }
    }
}

/// A request of each API with a tool whose schema holds a value as the name of a property and in its `enum`.
fn requests() -> Vec<(&'static str, Speaks, &'static str, Value)> {
    let schema = json!({"type": "object", "properties": { VALUES[1]: {"type": "string", "enum": [VALUES[1]], "default": VALUES[1]} },
        "required": [VALUES[1]]});
    let function = json!({"name": "find", "parameters": schema});
    let said = json!([{"role": "user", "content": "x"}]);
    let chat = json!({"model": "assistant", "messages": said, "tools": [{"type": "function", "function": function}]});
    let mut stream = chat.clone();
    stream["stream"] = true.into();
    let mut own = function.clone();
    own["type"] = "function".into();
    let contents = json!([{"role": "user", "parts": [{"text": "x"}]}]);
    let blocks = json!([{"role": "user", "content": [{"text": "x"}]}]);
    let specification = json!({"name": "find", "inputSchema": {"json": schema}});
    vec![
        ("chat", Speaks::OpenAi, "/v1/chat/completions", chat.clone()),
        ("chat, streamed", Speaks::OpenAi, "/v1/chat/completions", stream),
        ("mistral", Speaks::Mistral, "/v1/chat/completions", chat),
        ("responses", Speaks::OpenAi, "/v1/responses", json!({"model": "assistant", "input": "x", "tools": [own]})),
        (
            "anthropic",
            Speaks::Anthropic,
            "/v1/messages",
            json!({"model": "assistant", "max_tokens": 9, "messages": said, "tools": [{"name": "find", "input_schema": schema}]}),
        ),
        (
            "gemini",
            Speaks::Gemini,
            "/v1beta/models/assistant:generateContent",
            json!({"contents": contents, "tools": [{"functionDeclarations": [function]}]}),
        ),
        (
            "bedrock",
            Speaks::Bedrock,
            "/model/assistant/converse",
            json!({"messages": blocks, "toolConfig": {"tools": [{"toolSpec": specification}]}}),
        ),
        (
            "ollama",
            Speaks::Ollama,
            "/api/chat",
            json!({"model": "assistant", "stream": false, "messages": said, "tools": [{"type": "function", "function": function}]}),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_must_repeat_of_a_schema_is_restored_in_its_arguments() {
    for (name, api, path, body) in requests() {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = api.dialects();
        let server = plot.script("us-cloud", move |asked| calling(api, asked)).await;
        let house = plot.open().await;
        let answer = house.client.post(path, body.to_string()).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        assert!(!server.asked()[0].body.contains(VALUES[1]), "{name}: {}", server.asked()[0].body);
        let arguments = if name.ends_with("streamed") {
            let data = answer.body.lines().filter_map(|line| line.strip_prefix("data: "));
            let events = data.filter_map(|data| serde_json::from_str::<Value>(data).ok());
            let at = "/choices/0/delta/tool_calls/0/function/arguments";
            Value::String(events.filter_map(|event| Some(event.pointer(at)?.as_str()?.to_owned())).collect())
        } else {
            let told = answer.json();
            ["arguments", "input", "args"].into_iter().find_map(|name| find(&told, name)).unwrap().clone()
        };
        let arguments =
            arguments.as_str().map_or_else(|| arguments.clone(), |text| serde_json::from_str(text).unwrap());
        assert_eq!(arguments, json!({ VALUES[1]: VALUES[1] }), "{name}: {}", answer.body);
    }
}
