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
