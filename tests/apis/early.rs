//! A citation that a stream brings while the pseudonym that it cites, or a part of it, is still held back: its places are those of the
//! words that the client has once the value stands there.

use serde_json::{Value, json};

use super::common::scripted::{Asked, Step};
use super::common::{EMAIL, Plot};
use super::servers::{Speaks, streamed};

/// Streams a text with the pseudonym in pieces of four characters; behind the first `after` of them, an event that cites it.
fn citing(api: &str, asked: &Asked, after: usize) -> Vec<Step> {
    let from = asked.body.find("<EMAIL_").unwrap();
    let token = asked.body[from..].split_inclusive('>').next().unwrap();
    let text = format!("\u{e9} to {token} today");
    let start = text.find('<').unwrap();
    let place = |at: usize| if api == "gemini" { at } else { text[..at].chars().count() };
    let (from, until) = (place(start), place(start + token.len()));
    let chars: Vec<char> = text.chars().collect();
    let pieces = chars.chunks(4).map(|piece| piece.iter().collect::<String>());
    let choice =
        |delta: Value, end: Value| json!({"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": end}]});
    let of_item = |kind: &str, name: &str, value: Value| json!({"type": kind, "item_id": "m", "output_index": 0, "content_index": 0, name: value});
    let candidate = |text: &str| json!({"index": 0, "content": {"role": "model", "parts": [{"text": text}]}});
    let note = json!({"type": "url_citation", "url": "https://a.example", "title": "t", "start_index": from, "end_index": until});
    let (mut events, note, ends): (Vec<Value>, Value, Vec<Value>) = match api {
        "chat" => (
            pieces.map(|piece| choice(json!({"content": piece}), Value::Null)).collect(),
            choice(json!({"annotations": [{"type": "url_citation", "url_citation": note}]}), Value::Null),
            vec![choice(json!({}), "stop".into())],
        ),
        "responses" => {
            let part = json!({"type": "output_text", "text": text, "annotations": [note]});
            let item =
                json!({"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [part]});
            (
                pieces.map(|piece| of_item("response.output_text.delta", "delta", piece.into())).collect(),
                of_item("response.output_text.annotation.added", "annotation", note),
                vec![json!({"type": "response.completed", "response": {"id": "resp_1", "output": [item]}})],
            )
        }
        _ => {
            let mut cited = candidate("");
            cited["groundingMetadata"] =
                json!({"groundingSupports": [{"segment": {"startIndex": from, "endIndex": until}}]});
            let mut last = candidate("");
            last["finishReason"] = "STOP".into();
            let event = |candidate: Value| json!({"candidates": [candidate]});
            (pieces.map(|piece| event(candidate(&piece))).collect(), event(cited), vec![event(last)])
        }
    };
    events.insert(after.min(events.len()), note);
    events.extend(ends);
    let chunks = events.iter().map(|event| {
        let name = event["type"].as_str().map_or_else(String::new, |name| format!("event: {name}\n"));
        format!("{name}data: {event}\n\n").into_bytes()
    });
    let mark = (api == "chat").then(|| b"data: [DONE]\n\n".to_vec());
    streamed("text/event-stream", chunks.chain(mark).collect())
}

/// The text that a client has of a stream, and every range that is cited in it.
fn told(api: &str, body: &str) -> (String, Vec<(usize, usize)>) {
    let (mut text, mut ranges) = (String::new(), Vec::new());
    for event in body.lines().filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok()) {
        let pieces = ["/choices/0/delta/content", "/delta", "/candidates/0/content/parts/0/text"];
        text.extend(pieces.iter().filter_map(|at| event.pointer(at)?.as_str()));
        let places = [
            ("/choices/0/delta/annotations/0/url_citation", "start_index", "end_index"),
            ("/annotation", "start_index", "end_index"),
            ("/response/output/0/content/0/annotations/0", "start_index", "end_index"),
            ("/candidates/0/groundingMetadata/groundingSupports/0/segment", "startIndex", "endIndex"),
        ];
        let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        for (at, from, until) in places {
            ranges.extend(event.pointer(at).map(|range| (number(&range[from]), number(&range[until]))));
        }
    }
    if api != "gemini" {
        let byte =
            |place: usize| text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(place).unwrap_or(text.len());
        for range in &mut ranges {
            *range = (byte(range.0), byte(range.1));
        }
    }
    (text, ranges)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_citation_within_what_is_held_back_points_at_the_value() {
    for (name, api, path) in [
        ("chat", Speaks::OpenAi, "/v1/chat/completions"),
        ("responses", Speaks::OpenAi, "/v1/responses"),
        ("gemini", Speaks::Gemini, "/v1beta/models/assistant:streamGenerateContent?alt=sse"),
    ] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = api.dialects();
        let server = plot.script("us-cloud", |_: &Asked| Vec::new()).await;
        let house = plot.open().await;
        let body = match name {
            "gemini" => json!({"contents": [{"role": "user", "parts": [{"text": EMAIL}]}]}),
            "chat" => json!({"model": "assistant", "messages": [{"role": "user", "content": EMAIL}], "stream": true}),
            _ => json!({"model": "assistant", "input": EMAIL, "stream": true}),
        };
        // The second piece begins the pseudonym; behind the seventh it has ended.
        for after in 2..9 {
            server.set_script(move |asked| citing(name, asked, after));
            let answer = house.client.post(path, body.to_string()).await;
            assert!(answer.status == 200 && answer.clean, "{name}: {}", answer.body);
            let (text, ranges) = told(name, &answer.body);
            assert_eq!(text, format!("\u{e9} to {EMAIL} today"), "{name}, {after}: {}", answer.body);
            assert!(!ranges.is_empty(), "{name}, {after}: {}", answer.body);
            for (from, until) in ranges {
                assert_eq!(&text[from..until], EMAIL, "{name}, {after}: {}", answer.body);
            }
        }
    }
}
