//! State that a provider holds: what cannot be read by its name is refused, in the API's own error shape, with why and what to do
//! instead; nothing of it reaches a backend.

use http::Method;
use serde_json::{Value, json};

use super::common::{Plot, scripted};

/// How an API writes an error: where its text stands, and what else must be there.
#[derive(Clone, Copy)]
enum Shape {
    OpenAi,
    Anthropic,
    Google,
    Bedrock,
}

impl Shape {
    /// The text of an error of this shape.
    fn message(self, body: &Value) -> &str {
        let (at, mark) = match self {
            Self::OpenAi => ("/error/message", "/error/code"),
            Self::Anthropic => ("/error/message", "/error/type"),
            Self::Google => ("/error/message", "/error/status"),
            Self::Bedrock => ("/message", "/__type"),
        };
        assert!(body.pointer(mark).is_some_and(Value::is_string), "{mark} in {body}");
        body.pointer(at).and_then(Value::as_str).unwrap_or_default()
    }
}

/// What is asked: method, path, body.
struct Asked(&'static str, &'static str, Value);

fn post(path: &'static str, mut body: Value) -> Asked {
    if !path.contains("/models/") && !path.starts_with("/model/") {
        body["model"] = "assistant".into();
    }
    Asked("POST", path, body)
}

const SEND_IT: &str = "send what it names in the request itself";

/// A row: the shape of the answer, what is asked, the status, and what the refusal must say.
type Row = (Shape, Asked, u16, Vec<&'static str>);

/// What OpenAI's clients, and Azure's, can name.
fn openai() -> Vec<Row> {
    let responses = |rest: Value| post("/v1/responses", rest);
    let azure = |rest: Value| post("/openai/v1/responses?api-version=preview", rest);
    let file = json!({"type": "file", "file": {"file_id": "file-1"}});
    let chat = post("/v1/chat/completions", json!({"messages": [{"role": "user", "content": [file]}]}));
    let input = json!([{"role": "user", "content": [{"type": "input_file", "file_id": "file-1"}]}]);
    let other = |method, path| Asked(method, path, if method == "GET" { Value::Null } else { json!({}) });
    let grows =
        || vec!["`conversation`", "no id can say what is in it", "`previous_response_id`", "whole conversation"];
    let not_kept = || vec!["no answer is kept", "send the whole conversation"];
    let unread = |place| vec!["unknown-means-home", place, SEND_IT];
    let rows = [
        (responses(json!({"input": "x", "conversation": "conv_1"})), 400, grows()),
        (responses(json!({"input": "x", "conversation": {"id": "conv_1"}})), 400, grows()),
        (azure(json!({"input": "x", "conversation": "conv_1"})), 400, grows()),
        (
            responses(json!({"input": "x", "background": true})),
            400,
            vec!["`background`", "nothing of it is recorded", "ask for a stream"],
        ),
        (responses(json!({"input": "x", "previous_response_id": "resp_1"})), 400, not_kept()),
        (other("GET", "/v1/responses/resp_1"), 404, not_kept()),
        (other("POST", "/v1/responses/resp_1/cancel"), 400, vec!["in the background", "close the connection"]),
        (other("POST", "/v1/conversations"), 404, vec!["`/v1/conversations`", "not governed"]),
        (other("POST", "/v1/files"), 404, vec!["`/v1/files`", "not governed"]),
        (other("POST", "/v1/vector_stores"), 404, vec!["`/v1/vector_stores`", "not governed"]),
        (chat, 403, unread("file.file_id`")),
        (responses(json!({"input": input})), 403, unread("file_id`")),
        (responses(json!({"input": [{"type": "item_reference", "id": "msg_1"}]})), 403, unread("`input[].id`")),
    ];
    rows.into_iter().map(|(asked, status, words)| (Shape::OpenAi, asked, status, words)).collect()
}

/// What the clients of the other APIs can name.
#[expect(clippy::too_many_lines, reason = "one table")]
fn others() -> Vec<Row> {
    let message = |block: Value| {
        post("/v1/messages", json!({"max_tokens": 9, "messages": [{"role": "user", "content": [block]}]}))
    };
    let said = json!([{"role": "user", "content": "x"}]);
    let contents = json!([{"role": "user", "parts": [{"text": "x"}]}]);
    let file = json!([{"role": "user", "parts": [{"fileData": {"fileUri": "files/1"}}]}]);
    let gemini = |body: Value| post("/v1beta/models/assistant:generateContent", body);
    let vertex =
        |body: Value| post("/v1/projects/p/locations/l/publishers/google/models/assistant:generateContent", body);
    let converse = |source: Value| {
        let document = json!({"document": {"format": "txt", "name": "n", "source": source}});
        post("/model/assistant/converse", json!({"messages": [{"role": "user", "content": [document]}]}))
    };
    let invoke = |mut body: Value| {
        body["max_tokens"] = 9.into();
        body["messages"] = json!([{"role": "user", "content": "x"}]);
        post("/model/assistant/invoke", body)
    };
    let fields = |fields: Value| {
        let messages = json!([{"role": "user", "content": [{"text": "x"}]}]);
        post("/model/assistant/converse", json!({"messages": messages, "additionalModelRequestFields": fields}))
    };
    let pdf = "JVBERi0xLjcKJeLjz9MKMSAwIG9iago8PC9UeXBlL0NhdGFsb2c+PgplbmRvYmoK";
    let unread = |place| vec!["unknown-means-home", place, SEND_IT];
    vec![
        (
            Shape::Anthropic,
            message(json!({"type": "document", "source": {"type": "file", "file_id": "file_1"}})),
            403,
            unread("source.file_id`"),
        ),
        (Shape::Anthropic, message(json!({"type": "container_upload", "file_id": "f"})), 403, unread("file_id`")),
        (
            Shape::Anthropic,
            post("/v1/messages", json!({"max_tokens": 9, "container": "c_1", "messages": said})),
            403,
            unread("`container`"),
        ),
        (
            Shape::Anthropic,
            post("/v1/messages", json!({"max_tokens": 9, "thread": {"type": "create"}, "messages": said})),
            400,
            vec!["`thread`", "kept at the provider", "send the whole conversation"],
        ),
        (
            Shape::Bedrock,
            invoke(json!({"thread": {"type": "continue", "previous_message_id": "msg_1"}})),
            400,
            vec!["`thread`", "kept at the provider"],
        ),
        (
            Shape::Bedrock,
            invoke(json!({"anthropic_beta": ["context-1m-2025-08-07", "message-threads-2026-08-12"]})),
            400,
            vec!["`message-threads-2026-08-12` does not pass", "what the provider keeps", "`anthropic_beta[]`"],
        ),
        (
            Shape::Bedrock,
            fields(json!({"thread": {"type": "create"}})),
            400,
            vec!["`additionalModelRequestFields.thread`", "kept at the provider"],
        ),
        (
            Shape::Bedrock,
            fields(json!({"anthropic_beta": "files-api-2025-04-14"})),
            400,
            vec!["`files-api-2025-04-14` does not pass", "files that the provider holds"],
        ),
        (Shape::Bedrock, fields(json!({"previous_response_id": "resp_1"})), 400, vec!["previous_response_id`"]),
        (Shape::Google, gemini(json!({"contents": contents, "cachedContent": "c/1"})), 403, unread("`cachedContent`")),
        (Shape::Google, vertex(json!({"contents": contents, "cached_content": "c/1"})), 403, unread("`cachedContent`")),
        (Shape::Google, gemini(json!({"contents": file})), 403, unread("fileData.fileUri`")),
        (
            Shape::Google,
            Asked("POST", "/v1beta/cachedContents", json!({})),
            404,
            vec!["`/v1beta/cachedContents`", "not governed"],
        ),
        (Shape::Bedrock, converse(json!({"s3Location": {"uri": "s3://b/k"}})), 403, unread("s3Location.uri`")),
        (
            Shape::Bedrock,
            converse(json!({"bytes": pdf})),
            403,
            vec!["unknown-means-home", "source.bytes`", "cannot be read here", "send it as text"],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn state_at_the_provider_is_refused_with_why_and_what_instead() {
    let mut plot = Plot::new().await;
    plot.dialects =
        ["openai", "azure", "anthropic", "gemini", "vertex", "bedrock"].map(|name| format!("\"{name}\"")).join(", ");
    let server = plot.script("us-cloud", scripted::echo).await;
    plot.only(&["us-cloud"]);
    let house = plot.open().await;
    for (shape, Asked(method, path, body), status, words) in openai().into_iter().chain(others()) {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let mut request = house.client.request(method.parse::<Method>().unwrap(), path, text);
        if matches!(shape, Shape::Anthropic) {
            request.headers_mut().insert("anthropic-version", http::HeaderValue::from_static("2023-06-01"));
        }
        let answer = house.client.send(request).await.unwrap();
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.body);
        let told = answer.json();
        let message = shape.message(&told);
        for word in words {
            assert!(message.contains(word), "{path} {body}: `{word}` is not in: {message}");
        }
    }
    assert!(server.asked().is_empty(), "nothing was sent");
}

/// What is too much for one scan may hold anything, and stays at home: the refusal says which bound was met.
#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_scan_reads_is_refused_with_its_bound() {
    let mut plot = Plot::new().await;
    let server = plot.script("us-cloud", scripted::echo).await;
    plot.only(&["us-cloud"]);
    let house = plot.open().await;
    let many = "a@b.fr ".repeat(octroi::limits::FINDINGS_MAX + 1);
    let answer = house.client.chat(&many, false).await;
    assert_eq!(answer.status, 403, "{}", answer.body);
    let bound = format!("a scan ends at {} findings", octroi::limits::FINDINGS_MAX);
    assert!(answer.body.contains(&bound) && answer.body.contains("several requests"), "{}", answer.body);
    assert!(server.asked().is_empty(), "nothing was sent");
}

/// Where policy permits it, a reference goes to whom it names: nothing is said of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_backend_on_the_premises_holds_may_be_named() {
    let mut plot = Plot::new().await;
    let server = plot.script("paris-gpu-1", |_| scripted::json("200 OK", "", "{}")).await;
    plot.only(&["paris-gpu-1"]);
    let house = plot.open().await;
    let part = json!({"type": "file", "file": {"file_id": "file-1"}});
    let body = json!({"model": "assistant", "messages": [{"role": "user", "content": [part]}]});
    let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(server.asked()[0].body.contains("file-1"));
}

/// Google keeps what says `store` in a log: abroad it says no, and at home what the application says stands.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_stored_outside_the_premises() {
    for (backend, kept) in [("us-cloud", false), ("paris-gpu-1", true)] {
        let mut plot = Plot::new().await;
        plot.dialects = "\"gemini\", \"vertex\", \"bedrock\"".to_owned();
        let server = plot.script(backend, scripted::echo).await;
        plot.only(&[backend]);
        let house = plot.open().await;
        let contents = json!([{"role": "user", "parts": [{"text": "x"}]}]);
        let google = json!({"contents": contents, "store": true});
        let bedrock = json!({"messages": [{"role": "user", "content": "x"}], "store": true});
        for (path, body) in [
            ("/v1beta/models/assistant:generateContent", &google),
            ("/v1/projects/p/locations/l/publishers/google/models/assistant:generateContent", &google),
            ("/model/assistant/invoke", &bedrock),
        ] {
            house.client.post(path, body.to_string()).await;
            let sent = server.asked().pop().unwrap().json();
            assert_eq!(sent["store"], kept, "{backend} {path}: {sent}");
        }
    }
}
