//! Servers that tell in every event of a stream why it ends, as Gemini and translators of other APIs do: what a pseudonym is cut
//! into is whole again all the same.

use serde_json::{Value, json};

use super::common::scripted::{Asked, Step};
use super::common::{EMAIL, Plot};
use super::servers::{Speaks, streamed};

/// The pseudonym that left in the place of the address of mail.
fn token(body: &str) -> String {
    let from = body.find("<EMAIL_").unwrap();
    body[from..].split_inclusive('>').next().unwrap().to_owned()
}

fn pieces(text: &str) -> Vec<&str> {
    text.as_bytes().chunks(4).map(|piece| std::str::from_utf8(piece).unwrap()).collect()
}

fn sse(events: &[Value], done: bool) -> Vec<Step> {
    let end = if done { "data: [DONE]\n\n" } else { "" };
    let chunks = events.iter().map(|event| format!("data: {event}\n\n")).chain([end.to_owned()]);
    streamed("text/event-stream", chunks.filter(|chunk| !chunk.is_empty()).map(String::into_bytes).collect())
}

/// A stream in which every event says why the answer ended.
fn ending(what: &str, asked: &Asked) -> Vec<Step> {
    let text = format!("first {0}, then {0}", token(&asked.body));
    let pieces = pieces(&text);
    let gemini = |piece: &&str| json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": piece}]}, "finishReason": "STOP"}]});
    let chat = |reason: &str, piece: &str| json!({"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": reason}]});
    match what {
        "gemini" | "vertex" => sse(&pieces.iter().map(gemini).collect::<Vec<_>>(), false),
        "gemini, array" => {
            let events = pieces.iter().map(gemini).collect::<Vec<_>>();
            let mut chunks: Vec<Vec<u8>> = events
                .iter()
                .enumerate()
                .map(|(at, event)| format!("{}{event}\n", if at == 0 { "[" } else { "," }).into_bytes())
                .collect();
            chunks.push(b"]".to_vec());
            streamed("application/json", chunks)
        }
        "chat, null" => sse(&pieces.iter().map(|piece| chat("null", piece)).collect::<Vec<_>>(), true),
        "chat, stop" => sse(&pieces.iter().map(|piece| chat("stop", piece)).collect::<Vec<_>>(), true),
        "completions" => {
            let event = |piece: &&str| json!({"id": "c", "object": "text_completion", "choices": [{"index": 0, "text": piece, "finish_reason": "stop"}]});
            sse(&pieces.iter().map(event).collect::<Vec<_>>(), true)
        }
        _ => unreachable!("{what}"),
    }
}

/// What a client puts together of a stream.
fn said(body: &str) -> String {
    let array = serde_json::from_str::<Vec<Value>>(body).ok();
    let lines = || body.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect();
    let events: Vec<Value> = array.unwrap_or_else(lines);
    let places = ["/candidates/0/content/parts/0/text", "/choices/0/delta/content", "/choices/0/text"];
    events.iter().filter_map(|event| places.iter().find_map(|place| event.pointer(place)?.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_is_told_in_every_event_ends_nothing() {
    let contents = json!({"contents": [{"role": "user", "parts": [{"text": EMAIL}]}]});
    let chat = json!({"model": "assistant", "messages": [{"role": "user", "content": EMAIL}], "stream": true});
    let prompt = json!({"model": "assistant", "prompt": EMAIL, "stream": true});
    let gemini = "/v1beta/models/assistant:streamGenerateContent";
    let sse = format!("{gemini}?alt=sse");
    for (what, api, path, body) in [
        ("gemini", Speaks::Gemini, &*sse, &contents),
        ("gemini, array", Speaks::Gemini, gemini, &contents),
        ("chat, null", Speaks::OpenAi, "/v1/chat/completions", &chat),
        ("chat, stop", Speaks::OpenAi, "/v1/chat/completions", &chat),
        ("completions", Speaks::OpenAi, "/v1/completions", &prompt),
    ] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = api.dialects();
        let _server = plot.script("us-cloud", move |asked: &Asked| ending(what, asked)).await;
        let house = plot.open().await;
        let answer = house.client.post(path, body.to_string()).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.body);
        assert_eq!(said(&answer.body), format!("first {EMAIL}, then {EMAIL}"), "{what}: {}", answer.body);
        let outcome = house.outcomes(1).await.pop().unwrap();
        assert_eq!((&outcome["restored"], &outcome["end"]), (&2.into(), &"complete".into()), "{what}: {outcome}");
    }
}

/// A stream that is an array is one, also where it ends in an error: because it breaks off, is empty or is closed before the answer
/// ended.
#[tokio::test(flavor = "multi_thread")]
async fn an_array_that_ends_in_an_error_is_an_array() {
    let event = |piece: &str, end: Value| {
        json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": piece}]}, "finishReason": end}]}).to_string()
    };
    let (some, end) = (event("some of it", Value::Null), event("", "STOP".into()));
    let failed = json!({"error": {"code": 503, "message": "x", "status": "UNAVAILABLE"}}).to_string();
    for (name, text, complete, before) in [
        ("cut", format!("[{some}\n"), false, 1),
        ("cut behind a comma", format!("[{some},\r\n"), false, 1),
        ("cut in an event", format!("[{some},{{\"candi"), false, 1),
        ("cut at once", "[".to_owned(), false, 0),
        ("empty", "[]".to_owned(), false, 0),
        ("closed too early", format!("[{some}]\n"), false, 1),
        ("an error of the server's", format!("[{some},{failed}]"), false, 1),
        ("nothing but an error", format!("[{failed}]"), false, 0),
        ("whole", format!("[{some},{end}]\n"), true, 2),
    ] {
        for vault in [EMAIL, "nobody"] {
            let mut plot = Plot::new().await;
            plot.only(&["us-cloud"]);
            plot.dialects = Speaks::Gemini.dialects();
            let sent = text.clone();
            let _server =
                plot.script("us-cloud", move |_| streamed("application/json", vec![sent.clone().into_bytes()])).await;
            let house = plot.open().await;
            let body = json!({"contents": [{"role": "user", "parts": [{"text": vault}]}]}).to_string();
            let answer = house.client.post("/v1beta/models/assistant:streamGenerateContent", body).await;
            let events: Vec<Value> =
                serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{name}: {}", answer.body));
            assert_eq!(answer.clean, complete, "{name}: {}", answer.body);
            let errors = events.iter().filter(|event| event.get("error").is_some()).count();
            assert_eq!((events.len() - errors, errors), (before, usize::from(!complete)), "{name}: {}", answer.body);
        }
    }
}

/// What the second of two answers holds back leaves before the array is closed, although that answer never said why it ended.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_stands_behind_the_end_of_an_array() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = Speaks::Gemini.dialects();
    let script = |asked: &Asked| {
        let token = token(&asked.body);
        let candidate = |index: u32, text: &str, end: Value| json!({"index": index, "content": {"role": "model", "parts": [{"text": text}]}, "finishReason": end});
        let event =
            json!({"candidates": [candidate(0, "done", "STOP".into()), candidate(1, &token[..9], Value::Null)]});
        streamed("application/json", vec![format!("[{event}]").into_bytes()])
    };
    let _server = plot.script("us-cloud", script).await;
    let house = plot.open().await;
    let body = json!({"contents": [{"role": "user", "parts": [{"text": EMAIL}]}]}).to_string();
    let answer = house.client.post("/v1beta/models/assistant:streamGenerateContent", body).await;
    let events: Vec<Value> = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}", answer.body));
    assert!(answer.clean && events.len() == 2, "{}", answer.body);
    assert!(answer.body.contains("<EMAIL_"), "{}", answer.body);
}

/// What was held back of a thought comes before its signature, which SDKs take for the end of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_back_of_a_thought_comes_before_its_signature() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = Speaks::Anthropic.dialects();
    let _server = plot.script("us-cloud", signing).await;
    let house = plot.open().await;
    let body = json!({"model": "assistant", "max_tokens": 9, "stream": true, "messages": [{"role": "user", "content": EMAIL}]});
    let answer = house.client.post("/v1/messages", body.to_string()).await;
    assert!(answer.status == 200 && answer.clean, "{}", answer.body);
    let at = |what: &str| answer.body.find(what).unwrap_or_else(|| panic!("no {what} in {}", answer.body));
    assert!(at(EMAIL) < at("signature_delta"), "{}", answer.body);
    assert!(at("signature_delta") < at("content_block_stop"), "{}", answer.body);
}

/// A server that thinks of what it was asked, and signs that.
fn signing(asked: &Asked) -> Vec<Step> {
    let token = token(&asked.body);
    let bare = token.trim_matches(['<', '>']);
    let delta = |delta: Value| json!({"type": "content_block_delta", "index": 0, "delta": delta});
    let events = [
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}}),
        delta(json!({"type": "thinking_delta", "thinking": format!("of {bare}")})),
        delta(json!({"type": "signature_delta", "signature": "EqQBabc=="})),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_stop"}),
    ];
    sse(&events, false)
}
