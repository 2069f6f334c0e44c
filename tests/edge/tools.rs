//! Tools that run at the provider.

use serde_json::{Value, json};

use super::common::{Plot, scripted};
use super::echo_house;

/// Calls that ask for something hosted: name, path, body beside the model.
fn hosted() -> Vec<(&'static str, &'static str, Value)> {
    let said = json!([{"role": "user", "content": "x"}]);
    let tool = |tool: Value| json!({"input": "x", "tools": [tool]});
    vec![
        ("web search", "/v1/responses", tool(json!({"type": "web_search"}))),
        ("web search, older", "/v1/responses", tool(json!({"type": "web_search_preview"}))),
        ("web search in chat", "/v1/chat/completions", json!({"messages": said, "web_search_options": {}})),
        (
            "mcp",
            "/v1/responses",
            tool(json!({"type": "mcp", "server_label": "t", "server_url": "https://tools.example.com/mcp"})),
        ),
        ("prompt", "/v1/responses", json!({"input": "x", "prompt": {"id": "pmpt_1"}})),
    ]
}

fn body(rest: &Value) -> String {
    let mut body = json!({"model": "assistant"});
    for (key, value) in rest.as_object().unwrap() {
        body[key] = value.clone();
    }
    body.to_string()
}

/// Spellings that servers take for a hosted tool and that none of the documented ones is: name, path, body.
fn disguised() -> Vec<(&'static str, &'static str, Value)> {
    let said = json!([{"role": "user", "content": "x"}]);
    let (gemini, vertex) = (
        "/v1beta/models/assistant:generateContent",
        "/v1/projects/p/locations/l/publishers/google/models/assistant:generateContent",
    );
    let tools = |tools: Value| json!({"contents": [{"parts": [{"text": "x"}]}], "tools": tools});
    let converse =
        |name: &str, value: Value| json!({"messages": [{"role": "user", "content": [{"text": "x"}]}], name: value});
    let field = |name: &str, value: Value| converse("additionalModelRequestFields", json!({ name: value }));
    let search = json!({"type": "web_search_20250305", "name": "web_search"});
    let rag = json!({"retrieval": {"vertexRagStore": {"ragResources": [{"ragCorpus": "r"}]}}});
    let (system, bedrock) = (json!({"systemTool": {"name": "nova_grounding"}}), "/model/assistant/converse");
    vec![
        ("gemini, an object", gemini, tools(json!({"googleSearch": {}}))),
        ("gemini, an object in snake case", gemini, tools(json!({"google_search": {}}))),
        ("vertex, an object", vertex, tools(json!({"googleSearch": {}}))),
        ("vertex, retrieval", vertex, tools(rag)),
        ("chat, an object", "/v1/chat/completions", json!({"messages": said, "tools": {"type": "web_search"}})),
        ("chat, no type", "/v1/chat/completions", json!({"messages": said, "tools": [{"google_search": {}}]})),
        ("responses, an object", "/v1/responses", json!({"input": "x", "tools": {"type": "web_search"}})),
        ("responses, no type", "/v1/responses", json!({"input": "x", "tools": [{"google_search": {}}]})),
        ("messages, an object", "/v1/messages", json!({"max_tokens": 1, "messages": said, "tools": search})),
        (
            "messages, a server",
            "/v1/messages",
            json!({"max_tokens": 1, "messages": said, "mcp_servers": {"name": "n"}}),
        ),
        ("converse, system tool", bedrock, converse("toolConfig", json!({"tools": [system]}))),
        ("converse, an object", bedrock, converse("toolConfig", json!({"tools": system}))),
        ("converse, of tomorrow", bedrock, converse("toolConfig", json!({"tools": [{"madeTomorrow": {}}]}))),
        ("a model's search", bedrock, field("tools", json!([search]))),
        ("a model's search, an object", bedrock, field("tools", search)),
        ("a model's code", bedrock, field("tools", json!([{"type": "code_execution_20250522", "name": "x"}]))),
        ("a model's tool of tomorrow", bedrock, field("tools", json!([{"type": "of_tomorrow"}]))),
        ("a model's tool without type", bedrock, field("tools", json!([{"googleSearch": {}}]))),
        ("a model's server", bedrock, field("mcp_servers", json!([{"type": "url", "url": "https://x.example"}]))),
        ("a model's connector", bedrock, field("connectors", json!([{"id": "web-search"}]))),
        ("a model's options", bedrock, field("web_search_options", json!({}))),
        ("a model's system tool", bedrock, field("toolConfig", json!({"tools": [system]}))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_a_hosted_tool_passes() {
    let (house, server) = echo_house(|plot| plot.dialects = EVERY.to_owned()).await;
    for (name, path, rest) in disguised() {
        let in_path = path.contains("assistant");
        let answer = house.client.post(path, if in_path { rest.to_string() } else { body(&rest) }).await;
        assert_eq!(answer.status, 403, "{name}: {}", answer.body);
        assert!(answer.body.contains("hosted-tools"), "{name}: {}", answer.body);
    }
    let asked: Vec<_> = server.asked().into_iter().map(|asked| asked.body).collect();
    assert!(asked.is_empty(), "{asked:?}");
}

/// The dialects of a backend that speaks all of those below.
const EVERY: &str = r#""openai", "anthropic", "gemini", "vertex", "bedrock""#;

/// Tools that the application runs go as they always did, in the place of a list too.
#[tokio::test(flavor = "multi_thread")]
async fn a_function_of_the_application_is_no_hosted_tool() {
    let mut plot = Plot::new().await;
    plot.dialects = EVERY.to_owned();
    let server = plot.script("paris-gpu-1", |_| scripted::json("200 OK", "", "{}")).await;
    plot.only(&["paris-gpu-1"]);
    let house = plot.open().await;
    let function = json!({"functionDeclarations": [{"name": "find", "parameters": {"type": "object"}}]});
    let (gemini, bedrock) = ("/v1beta/models/assistant:generateContent", "/model/assistant/converse");
    let fields = |fields: Value| {
        let messages = json!([{"role": "user", "content": [{"text": "x"}]}]);
        json!({"messages": messages, "additionalModelRequestFields": fields})
    };
    for (path, rest) in [
        (gemini, json!({"contents": [{"parts": [{"text": "x"}]}], "tools": function})),
        (gemini, json!({"contents": {"parts": {"text": "x"}}, "tools": [function]})),
        (bedrock, fields(json!({"thinking": {"type": "enabled", "budget_tokens": 1024}, "top_k": 5}))),
        (
            bedrock,
            fields(
                json!({"tools": [{"type": "bash_20250124", "name": "bash"}], "anthropic_beta": ["computer-use-2025-01-24"]}),
            ),
        ),
    ] {
        let answer = house.client.post(path, rest.to_string()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let sent: Value = serde_json::from_str(&server.asked().pop().unwrap().body).unwrap();
        assert_eq!(sent, rest, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosted_tools_are_refused_unless_named() {
    let (house, server) = echo_house(|_| {}).await;
    for (name, path, rest) in hosted() {
        let answer = house.client.post(path, body(&rest)).await;
        assert_eq!(answer.status, 403, "{name}: {}", answer.body);
        assert!(answer.body.contains("hosted-tools"), "{name}: {}", answer.body);
    }
    assert!(server.asked().is_empty());
    let mut plot = Plot::new().await;
    let path = plot.path("policies/main.policy");
    let sheet = std::fs::read_to_string(&path).unwrap();
    let lines =
        "allow hosted tool web_search\nallow hosted tool mcp at \"tools.example.com\"\nallow hosted tool prompt\n";
    std::fs::write(
        &path,
        sheet.replace("allow backends on premises\n", &format!("allow backends on premises\n{lines}")),
    )
    .unwrap();
    let server = plot.script("paris-gpu-1", |_| scripted::json("200 OK", "", "{}")).await;
    plot.only(&["paris-gpu-1"]);
    let house = plot.open().await;
    for (name, path, rest) in hosted() {
        let answer = house.client.post(path, body(&rest)).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
    }
    assert_eq!(server.asked().len(), 5);
    // Another host, one that only looks like it, and tools that no line names.
    let mcp = |url: &str| json!({"type": "mcp", "server_label": "t", "server_url": url});
    for tool in [
        mcp("https://other.example.com/mcp"),
        mcp("https://tools.example.com.evil.example/"),
        mcp("https://tools.example.com@evil.example/"),
        json!({"type": "mcp", "server_label": "t", "connector_id": "connector_dropbox"}),
        json!({"type": "file_search", "vector_store_ids": ["vs_1"]}),
        json!({"type": "code_interpreter", "container": {"type": "auto"}}),
        json!({"type": "of_tomorrow"}),
    ] {
        let answer = house.client.post("/v1/responses", body(&json!({"input": "x", "tools": [tool]}))).await;
        assert_eq!(answer.status, 403, "{tool}: {}", answer.body);
    }
    assert_eq!(server.asked().len(), 5);
}
