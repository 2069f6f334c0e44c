//! Names of tools and of speakers that hold somebody's name or number: what leaves is still a name that the APIs take, and a call
//! of the tool comes back under the name that the client declared.

use serde_json::{Value, json};

use super::common::Plot;
use super::common::scripted::{self, Asked, Step};
use super::servers::{self, Speaks};

/// Names that clients declare, and what must not leave of them.
const NAMES: [(&str, &str); 6] = [
    ("call_camille_aubertin", "aubertin"),
    ("Camille_Aubertin", "Aubertin"),
    ("getBalanceCamilleAubertin", "Aubertin"),
    ("tel_0199001234", "0199001234"),
    ("tel0199001234x", "0199001234"),
    ("get-balance-FR7630006000011234567890189-of-an-account-and-all", "FR7630006000011234567890189"),
];

/// Every member of these names that is a string.
fn named(value: &Value, names: &[&str], out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if names.contains(&name.as_str()) => out.push(text.clone()),
                    _ => named(member, names, out),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| named(item, names, out)),
        _ => {}
    }
}

/// A server that takes only names that OpenAI's API takes, as its own does.
fn strict(api: Speaks, asked: &Asked) -> Vec<Step> {
    let mut names = Vec::new();
    named(&asked.json(), &["name", "tool_name"], &mut names);
    let legal = |name: &String| {
        (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    match names.iter().find(|name| !legal(name)) {
        Some(name) => {
            let message = format!("'{name}' does not match '^[a-zA-Z0-9_-]{{1,64}}$'");
            scripted::json(
                "400 Bad Request",
                "",
                &json!({"error": {"message": message, "type": "invalid_request_error"}}).to_string(),
            )
        }
        None if asked.head.contains("/responses") => responding(&asked.json()),
        None => servers::answer(api, asked),
    }
}

/// An answer of the responses API that calls the first tool and repeats what tools there are.
fn responding(body: &Value) -> Vec<Step> {
    let item = json!({"type": "function_call", "id": "fc", "call_id": "c", "name": body["tools"][0]["name"],
        "arguments": "{}", "status": "completed"});
    let response = json!({"id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": [item],
        "tools": body["tools"], "tool_choice": body["tool_choice"]});
    if body["stream"] != true {
        return scripted::json("200 OK", "", &response.to_string());
    }
    let done = json!({"type": "response.function_call_arguments.done", "sequence_number": 2, "output_index": 0, "item_id": "fc",
        "name": item["name"], "arguments": "{}"});
    let events = [
        json!({"type": "response.created", "sequence_number": 0, "response": response}),
        json!({"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": item}),
        done,
        json!({"type": "response.output_item.done", "sequence_number": 3, "output_index": 0, "item": item}),
        json!({"type": "response.completed", "sequence_number": 4, "response": response}),
    ];
    let mut steps = vec![scripted::stream()];
    for event in events {
        let name = event["type"].as_str().unwrap();
        steps.push(Step::Chunk(format!("event: {name}\ndata: {event}\n\n").into_bytes()));
    }
    steps.push(Step::Chunk(Vec::new()));
    steps
}

/// A request of each API that declares a tool of this name, demands it, and called it before.
fn requests(name: &str) -> Vec<(&'static str, Speaks, &'static str, Value)> {
    let schema = json!({"type": "object", "properties": {"text": {"type": "string"}}});
    let function = json!({"name": name, "parameters": schema});
    let tools = json!([{"type": "function", "function": function}]);
    let called = json!({"id": "c1", "type": "function", "function": {"name": name, "arguments": "{}"}});
    let turns = json!([{"role": "user", "content": "x", "name": name}, {"role": "assistant", "content": "", "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "c1", "content": "y"}]);
    let chat = json!({"model": "assistant", "messages": turns, "tools": tools,
        "tool_choice": {"type": "function", "function": {"name": name}},
        "response_format": {"type": "json_schema", "json_schema": {"name": name, "schema": schema}}});
    let streamed = |body: &Value| {
        let mut body = body.clone();
        body["stream"] = true.into();
        body
    };
    let own = json!({"type": "function", "name": name, "parameters": schema});
    let responses = json!({"model": "assistant", "tools": [own], "tool_choice": {"type": "function", "name": name}, "input": [
        {"role": "user", "content": "x"}, {"type": "function_call", "call_id": "c1", "name": name, "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "y"}]});
    let blocks = json!([{"role": "user", "content": "x"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": name, "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "y"}]}]);
    let anthropic = json!({"model": "assistant", "max_tokens": 9, "messages": blocks,
        "tools": [{"name": name, "input_schema": schema}], "tool_choice": {"type": "tool", "name": name}});
    let contents = json!([{"role": "user", "parts": [{"text": "x"}]},
        {"role": "model", "parts": [{"functionCall": {"name": name, "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": name, "response": {"text": "y"}}}]}]);
    let gemini = json!({"contents": contents, "tools": [{"functionDeclarations": [function]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [name]}}});
    let converse = json!({
        "messages": [{"role": "user", "content": [{"text": "x"}]},
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c1", "name": name, "input": {}}}]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "content": [{"text": "y"}]}}]}],
        "toolConfig": {"tools": [{"toolSpec": {"name": name, "inputSchema": {"json": schema}}}],
            "toolChoice": {"tool": {"name": name}}}});
    let ollama = json!({"model": "assistant", "stream": false, "tools": tools,
        "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": name, "arguments": {}}}]},
            {"role": "tool", "tool_name": name, "content": "y"}]});
    let path = "/v1/chat/completions";
    vec![
        ("chat", Speaks::OpenAi, path, chat.clone()),
        ("chat, streamed", Speaks::OpenAi, path, streamed(&chat)),
        ("mistral", Speaks::Mistral, path, chat.clone()),
        ("responses", Speaks::OpenAi, "/v1/responses", responses.clone()),
        ("responses, streamed", Speaks::OpenAi, "/v1/responses", streamed(&responses)),
        ("anthropic", Speaks::Anthropic, "/v1/messages", anthropic.clone()),
        ("anthropic, streamed", Speaks::Anthropic, "/v1/messages", streamed(&anthropic)),
        ("gemini", Speaks::Gemini, "/v1beta/models/assistant:generateContent", gemini.clone()),
        ("gemini, streamed", Speaks::Gemini, "/v1beta/models/assistant:streamGenerateContent?alt=sse", gemini),
        ("bedrock", Speaks::Bedrock, "/model/assistant/converse", converse.clone()),
        ("bedrock, streamed", Speaks::Bedrock, "/model/assistant/converse-stream", converse),
        ("ollama", Speaks::Ollama, "/api/chat", ollama.clone()),
        ("ollama, streamed", Speaks::Ollama, "/api/chat", streamed(&ollama)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn names_leave_as_names_and_come_back_as_they_were_declared() {
    let apis = [Speaks::OpenAi, Speaks::Mistral, Speaks::Anthropic, Speaks::Gemini, Speaks::Bedrock, Speaks::Ollama];
    for api in apis {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = api.dialects();
        let server = plot.script("us-cloud", move |asked| strict(api, asked)).await;
        let house = plot.open().await;
        for (name, secret) in NAMES {
            for (what, _, path, body) in requests(name).into_iter().filter(|(_, of, ..)| *of == api) {
                let answer = house.client.post(path, body.to_string()).await;
                assert_eq!(answer.status, 200, "{what}, {name}: {}", answer.body);
                let asked = server.asked();
                let received = &asked.last().unwrap().body;
                assert!(!received.contains(secret), "{what}, {name}: {received}");
                let calls = format!("\"name\":\"{name}\"");
                assert!(answer.body.contains(&calls), "{what}, {name}: {}", answer.body);
                for word in ["PERSON_", "PHONE_", "IBAN_"] {
                    assert!(!answer.body.contains(word), "{what}, {name}: {}", answer.body);
                }
            }
        }
    }
}

/// A name that only holds a pseudonym is none of the client's: no value goes into it.
#[tokio::test(flavor = "multi_thread")]
async fn no_value_goes_into_a_name_that_the_client_did_not_declare() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let calling = |asked: &Asked| {
        let mut names = Vec::new();
        named(&asked.json(), &["name"], &mut names);
        let function = json!({"name": format!("x{}", names[0]), "arguments": "{}"});
        let other = json!({"name": names[0].to_lowercase(), "arguments": "{}"});
        let call = |function: Value| json!({"id": "c", "type": "function", "function": function});
        let message = json!({"role": "assistant", "tool_calls": [call(function), call(other)]});
        scripted::json(
            "200 OK",
            "",
            &json!({"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}).to_string(),
        )
    };
    let _server = plot.script("us-cloud", calling).await;
    let house = plot.open().await;
    let tool =
        json!({"type": "function", "function": {"name": "call_camille_aubertin", "parameters": {"type": "object"}}});
    let body = json!({"model": "assistant", "messages": [{"role": "user", "content": "x"}], "tools": [tool]});
    let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(!answer.body.to_lowercase().contains("aubertin"), "{}", answer.body);
}

/// Servers that stream the name of a tool in pieces: it is the client's again.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_comes_in_pieces_is_the_clients_again() {
    let rows: [(&str, &[&str], &str); 4] = [
        ("in pieces", &["call_", "¤"], "call_camille_aubertin"),
        ("in small pieces", &["c", "all", "_", "¤1", "¤2"], "call_camille_aubertin"),
        ("whole", &["call_¤"], "call_camille_aubertin"),
        ("another that begins alike", &["call", ""], "call"),
    ];
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let server = plot.script("us-cloud", |_: &Asked| Vec::new()).await;
    let house = plot.open().await;
    for (what, pieces, expected) in rows {
        server.set_script(move |asked: &Asked| {
            let mut names = Vec::new();
            named(&asked.json(), &["name"], &mut names);
            let code = names[0].strip_prefix("call_").unwrap();
            let (head, tail) = code.split_at(9);
            let chunk = |function: Value| json!({"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": function}]}, "finish_reason": null}]});
            let piece = |piece: &&str| piece.replace("¤1", head).replace("¤2", tail).replace('¤', code);
            let mut events: Vec<Value> = pieces.iter().map(|text| chunk(json!({"name": piece(text)}))).collect();
            events.push(chunk(json!({"arguments": "{}"})));
            events.push(json!({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}));
            let mut steps = vec![scripted::stream()];
            steps.extend(events.iter().map(|event| Step::Chunk(format!("data: {event}\n\n").into_bytes())));
            steps.extend([Step::Chunk(b"data: [DONE]\n\n".to_vec()), Step::Chunk(Vec::new())]);
            steps
        });
        let tool =
            |name: &str| json!({"type": "function", "function": {"name": name, "parameters": {"type": "object"}}});
        let body = json!({"model": "assistant", "messages": [{"role": "user", "content": "x"}], "stream": true,
            "tools": [tool("call_camille_aubertin"), tool("call")]});
        let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.body);
        let events =
            answer.body.lines().filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok());
        let (mut name, mut before) = (String::new(), true);
        for event in events {
            let function = &event["choices"][0]["delta"]["tool_calls"][0]["function"];
            before &= function["arguments"] != "{}";
            assert!(before || function["name"].is_null(), "{what}: {}", answer.body);
            name.push_str(function["name"].as_str().unwrap_or_default());
        }
        assert_eq!(name, expected, "{what}: {}", answer.body);
    }
}
