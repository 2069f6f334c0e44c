//! Streams in which the backend says itself that it failed: the client learns the class in its API's own shape and words, and
//! nothing of the backend's text; and streams that end inside an event, of which the client sees only whole ones.

use octroi::wire::eventstream::encode;
use serde_json::{Value, json};

use super::common::scripted::{self, Asked};
use super::common::{EMAIL, House, Plot};
use super::servers::{self, Speaks};

/// What a backend says, and what its client is told.
struct Row {
    api: Speaks,
    path: &'static str,
    content_type: &'static str,
    /// The frame in which the backend fails.
    said: Vec<u8>,
    /// What stands in the client's error event.
    told: Vec<Value>,
}

const CHAT: &str = "/v1/chat/completions";
const RESPONSES: &str = "/v1/responses";
const MESSAGES: &str = "/v1/messages";
const EVENTS: &str = "text/event-stream";
const BINARY: &str = "application/vnd.amazon.eventstream";
/// What no client may see: a backend's text may quote the request.
const QUOTED: &str = "the prompt of 8192 tokens was";

#[expect(clippy::too_many_lines, reason = "a table: a row of each API beside the others")]
fn rows() -> Vec<Row> {
    let event = |data: Value| format!("data: {data}\n\n").into_bytes();
    let named = |name: &str, data: Value| format!("event: {name}\ndata: {data}\n\n").into_bytes();
    let exception = |name: &str| encode(name, true, &json!({"message": QUOTED}).to_string()).to_vec();
    let row = |api, path, content_type, said, told: &[(&str, Value)]| Row {
        api,
        path,
        content_type,
        said,
        told: told.iter().map(|(at, value)| json!([at, value])).collect(),
    };
    let gemini = "/v1beta/models/assistant:streamGenerateContent?alt=sse";
    let array = "/v1beta/models/assistant:streamGenerateContent";
    let google = json!({"error": {"code": 429, "message": QUOTED, "status": "RESOURCE_EXHAUSTED"}});
    let exhausted = [("/error/status", json!("RESOURCE_EXHAUSTED")), ("/error/code", json!(429))];
    let vllm = json!({"error": {"message": QUOTED, "type": "BadRequestError", "param": null, "code": 400}});
    let older = json!({"object": "error", "message": QUOTED, "type": "BadRequestError", "param": null, "code": 400});
    let long =
        json!({"error": {"message": QUOTED, "type": "invalid_request_error", "code": "context_length_exceeded"}});
    let failed = json!({"code": "rate_limit_exceeded", "message": QUOTED});
    let failed = json!({"type": "response.failed", "sequence_number": 3, "response": {"id": "r", "error": failed}});
    let flat = json!({"type": "error", "code": "server_error", "message": QUOTED, "sequence_number": 3});
    let anthropic = |kind: &str| named("error", json!({"type": "error", "error": {"type": kind, "message": QUOTED}}));
    let key = json!({"error": {"message": QUOTED, "type": "invalid_request_error", "code": 401}});
    vec![
        row(Speaks::OpenAi, CHAT, EVENTS, event(vllm), &[("/error/type", json!("BadRequestError"))]),
        row(Speaks::OpenAi, CHAT, EVENTS, event(older), &[("/error/type", json!("BadRequestError"))]),
        row(
            Speaks::OpenAi,
            CHAT,
            EVENTS,
            event(long),
            &[("/error/type", json!("invalid_request_error")), ("/error/code", json!("context_length_exceeded"))],
        ),
        row(
            Speaks::OpenAi,
            CHAT,
            EVENTS,
            event(json!({"error": {"message": QUOTED, "type": "made_up", "code": 429}})),
            &[("/error/type", json!("rate_limit_error")), ("/error/code", json!("backend_failed"))],
        ),
        row(
            Speaks::OpenAi,
            CHAT,
            EVENTS,
            event(json!({"error": {"message": QUOTED, "type": "authentication_error", "code": 401}})),
            &[("/error/type", json!("server_error")), ("/error/code", json!("backend_failed"))],
        ),
        row(Speaks::OpenAi, CHAT, EVENTS, event(key), &[("/error/code", json!("backend_failed"))]),
        row(
            Speaks::OpenAi,
            RESPONSES,
            EVENTS,
            named("response.failed", failed),
            &[("/error/code", json!("rate_limit_exceeded")), ("/code", json!("rate_limit_exceeded"))],
        ),
        row(Speaks::OpenAi, RESPONSES, EVENTS, named("error", flat), &[("/code", json!("server_error"))]),
        row(
            Speaks::Anthropic,
            MESSAGES,
            EVENTS,
            anthropic("overloaded_error"),
            &[("/type", json!("error")), ("/error/type", json!("overloaded_error"))],
        ),
        row(Speaks::Anthropic, MESSAGES, EVENTS, anthropic("permission_error"), &[("/error/type", json!("api_error"))]),
        row(Speaks::Gemini, gemini, EVENTS, event(google.clone()), &exhausted),
        row(Speaks::Gemini, array, "application/json", format!("[{google}").into_bytes(), &exhausted),
        row(
            Speaks::Bedrock,
            "/model/assistant/converse-stream",
            BINARY,
            exception("throttlingException"),
            &[("/__type", json!("ThrottlingException"))],
        ),
        row(
            Speaks::Bedrock,
            "/model/assistant/invoke-with-response-stream",
            BINARY,
            exception("modelStreamErrorException"),
            &[("/__type", json!("ModelStreamErrorException"))],
        ),
    ]
}

/// A body that asks for a stream.
fn body(api: Speaks, path: &str) -> String {
    let messages = json!([{"role": "user", "content": EMAIL}]);
    let blocks = json!([{"role": "user", "content": [{"text": EMAIL}]}]);
    let body = match api {
        Speaks::Gemini => json!({"contents": [{"role": "user", "parts": [{"text": EMAIL}]}]}),
        Speaks::Bedrock if path.ends_with("converse-stream") => json!({"messages": blocks}),
        Speaks::Bedrock => json!({"max_tokens": 9, "messages": messages}),
        _ if path == RESPONSES => json!({"model": "assistant", "input": EMAIL, "stream": true}),
        _ => json!({"model": "assistant", "max_tokens": 9, "messages": messages, "stream": true}),
    };
    body.to_string()
}

/// A house whose only server, of an API, sends these bytes and ends its stream in order.
async fn house(api: Speaks, content_type: &str, said: Vec<u8>) -> (House, scripted::Scripted) {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = api.dialects();
    let steps = servers::streamed(content_type, vec![said]);
    let server = plot.script("us-cloud", move |_: &Asked| steps.clone()).await;
    (plot.open().await, server)
}

/// The JSON of the last event of a stream in any framing.
fn last(text: &str) -> Value {
    let events = text.match_indices('{').filter_map(|(at, _)| {
        let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
        values.next()?.ok()
    });
    // Objects within the event come behind it: the first that holds an error of ours whole.
    events.into_iter().find(|event| event.to_string().contains("request_id")).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_class_of_a_backends_failure_reaches_the_client() {
    for Row { api, path, content_type, said, told } in rows() {
        let (house, _server) = house(api, content_type, said.clone()).await;
        let answer = house.client.post(path, body(api, path)).await;
        let said = String::from_utf8_lossy(&said);
        assert!(!answer.clean, "{api:?}, {said}: the body ended cleanly: {}", answer.body);
        assert!(!answer.body.contains(QUOTED), "{api:?}, {said}: the text passed: {}", answer.body);
        let event = last(&answer.body);
        for row in told {
            let (at, value) = (row[0].as_str().unwrap(), &row[1]);
            assert_eq!(event.pointer(at), Some(value), "{api:?}, {said}, {at}: {}", answer.body);
        }
        if content_type == BINARY {
            let name = said.split("Exception").next().unwrap().rsplit(['\0', '\u{1}', '\u{fffd}']).next().unwrap();
            assert!(answer.body.contains("exception-type"), "{}", answer.body);
            assert!(name.len() > 4 && answer.body.contains(&name[name.len() - 8..]), "{name}: {}", answer.body);
        }
        let outcome = house.outcomes(1).await.remove(0);
        assert_eq!(outcome["end"], "upstream-broke", "{outcome}");
    }
}

/// A stream that ends inside an event: what came of it is not written, and the error stands in an event of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_sees_whole_events_only() {
    let choice = |text: &str| json!({"id": "c", "choices": [{"index": 0, "delta": {"content": text}}]});
    let line = |text: &str| json!({"model": "m", "message": {"role": "assistant", "content": text}, "done": false});
    let half = |whole: String| whole[..whole.len() - 9].to_owned();
    let first = format!("data: {}\n\n", choice("one"));
    let rows = [
        ("cut", Speaks::OpenAi, EVENTS, format!("{first}{}", half(format!("data: {}", choice("two")))), 2),
        ("no blank line", Speaks::OpenAi, EVENTS, format!("{first}data: {}\n", choice("two")), 3),
        ("no end of a line", Speaks::OpenAi, EVENTS, format!("{first}data: {}", choice("two")), 3),
        ("a name alone", Speaks::OpenAi, EVENTS, format!("{first}event: chu"), 2),
        ("a field alone", Speaks::OpenAi, EVENTS, format!("{first}dat"), 2),
        (
            "a line cut",
            Speaks::Ollama,
            "application/x-ndjson",
            format!("{}\n{}", line("one"), half(line("two").to_string())),
            2,
        ),
        (
            "a line without its end",
            Speaks::Ollama,
            "application/x-ndjson",
            format!("{}\n{}", line("one"), line("two")),
            3,
        ),
    ];
    for (name, api, content_type, said, count) in rows {
        let (house, _server) = house(api, content_type, said.into_bytes()).await;
        let path = if api == Speaks::Ollama { "/api/chat" } else { CHAT };
        let answer = house.client.post(path, body(api, path)).await;
        let events: Vec<&str> = match content_type {
            EVENTS => {
                answer.body.split("\n\n").filter_map(|event| event.split_once("data: ")).map(|(_, data)| data).collect()
            }
            _ => answer.body.lines().collect(),
        };
        let read: Result<Vec<Value>, _> = events.iter().map(|event| serde_json::from_str(event)).collect();
        let read = read.unwrap_or_else(|error| panic!("{name}: {error}: {}", answer.body));
        assert_eq!(read.len(), count, "{name}: {}", answer.body);
        assert!(read.last().unwrap().get("error").is_some() && !answer.clean, "{name}: {}", answer.body);
        assert_eq!(answer.body.contains("two"), count == 3, "{name}: {}", answer.body);
    }
}

/// A failure that lacks only the end of its last line is one.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_at_the_very_end_is_read() {
    let said = json!({"error": {"message": QUOTED, "type": "overloaded_error"}});
    let (house, _server) = house(Speaks::OpenAi, EVENTS, format!("data: {said}").into_bytes()).await;
    let answer = house.client.post(CHAT, body(Speaks::OpenAi, CHAT)).await;
    assert_eq!(last(&answer.body)["error"]["type"], "overloaded_error", "{}", answer.body);
}
