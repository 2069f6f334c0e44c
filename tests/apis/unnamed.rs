//! Texts of answers that no table of an API names are restored like others, and counted by the nearest place of the table.

use octroi::wire::eventstream::encode;
use serde_json::{Value, json};

use super::common::scripted::{self, Asked, Step};
use super::common::{EMAIL, Plot, page};
use super::servers::{self, Speaks};

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_answers_that_no_table_names_are_counted() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let script = |asked: &Asked| {
        let message = json!({"role": "assistant", "content": "yes", "later": {"erika": asked.said()}});
        let choice = |name: &str| json!({"choices": [{"index": 0, name: message, "finish_reason": "stop"}]});
        if asked.json()["stream"] != true {
            return scripted::json("200 OK", "", &choice("message").to_string());
        }
        let chunks = [format!("data: {}\n\n", choice("delta")), "data: [DONE]\n\n".to_owned()];
        servers::streamed("text/event-stream", chunks.map(String::into_bytes).to_vec())
    };
    let _server = plot.script("us-cloud", script).await;
    let house = plot.open().await;
    for stream in [false, true] {
        let said: Value = json!([{"role": "user", "content": format!("write to {EMAIL} today")}]);
        let body = json!({"model": "assistant", "messages": said, "stream": stream});
        let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
        assert!(answer.status == 200 && answer.body.contains(EMAIL), "{}", answer.body);
    }
    let (_, metrics) = page(house.app.admin().unwrap(), "/metrics").await.unwrap();
    for name in ["message", "delta"] {
        let line = format!("octroi_unknown_leaves_total{{dialect=\"openai\",path=\"choices[].{name}.*\"}} 1\n");
        assert!(metrics.contains(&line), "{name}: {metrics}");
    }
    assert!(!metrics.contains("erika"));
}

/// An event of a type that no table knows is restored, and said to be unknown.
#[tokio::test(flavor = "multi_thread")]
async fn pieces_of_an_unknown_event_are_counted() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let script = |asked: &Asked| {
        let said = asked.json()["input"].as_str().unwrap().to_owned();
        let new = json!({"type": "response.tomorrow.delta", "sequence_number": 0, "item_id": "i", "output_index": 0, "delta": said});
        let response = json!({"id": "resp_1", "object": "response", "status": "completed", "output": []});
        let end = json!({"type": "response.completed", "sequence_number": 1, "response": response});
        let events = [new, end].map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()));
        servers::streamed("text/event-stream", events.map(String::into_bytes).to_vec())
    };
    let _server = plot.script("us-cloud", script).await;
    let house = plot.open().await;
    let body = json!({"model": "assistant", "input": format!("write to {EMAIL} today"), "stream": true});
    let answer = house.client.post("/v1/responses", body.to_string()).await;
    assert!(answer.status == 200 && answer.body.contains(EMAIL), "{}", answer.body);
    let (_, metrics) = page(house.app.admin().unwrap(), "/metrics").await.unwrap();
    let line = "octroi_unknown_leaves_total{dialect=\"openai\",path=\"{?}.delta\"} 1\n";
    assert!(metrics.contains(line), "{metrics}");
}

/// Pieces of a text that no table names, in the stream of each API: what is held back of a pseudonym waits for the next piece.
#[tokio::test(flavor = "multi_thread")]
async fn pieces_of_texts_that_no_table_names_are_one_text() {
    for (api, path, place) in [
        (Speaks::OpenAi, "/v1/chat/completions", "choices[].delta.*"),
        (Speaks::Anthropic, "/v1/messages", "{content_block_delta}.delta.*"),
        (Speaks::Gemini, "/v1beta/models/assistant:streamGenerateContent?alt=sse", "candidates[].content.parts[].*"),
        (Speaks::Bedrock, "/model/assistant/converse-stream", "{contentBlockDelta}.delta.*"),
        (Speaks::Ollama, "/api/chat", "message.*"),
    ] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = api.dialects();
        let server = plot.script("us-cloud", move |asked| later(api, asked)).await;
        let house = plot.open().await;
        let said = format!("write to {EMAIL} today");
        let turns = match api {
            Speaks::Gemini => json!({"contents": [{"role": "user", "parts": [{"text": said}]}]}),
            Speaks::Bedrock => json!({"messages": [{"role": "user", "content": [{"text": said}]}]}),
            _ => {
                json!({"model": "assistant", "max_tokens": 9, "stream": true, "messages": [{"role": "user", "content": said}]})
            }
        };
        let answer = house.client.post(path, turns.to_string()).await;
        assert_eq!(answer.status, 200, "{api:?}: {}", answer.body);
        assert!(!server.asked()[0].body.contains(EMAIL), "{api:?}");
        // Put together from all pieces of the same name.
        let pieces: String =
            answer.body.split("\"words\":\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(pieces, format!("{said} or {EMAIL}"), "{api:?}: {}", answer.body);
        let (_, metrics) = page(house.app.admin().unwrap(), "/metrics").await.unwrap();
        let line = format!("octroi_unknown_leaves_total{{dialect=\"{}\",path=\"", api.name());
        let counted = metrics.lines().filter(|told| told.starts_with(&line)).collect::<Vec<_>>().join("\n");
        assert!(counted.contains(place), "{api:?}: {counted}");
    }
}

/// The stream of an API that says what reached it, and its last word once more, in pieces under a name that nobody knows.
fn later(api: Speaks, asked: &Asked) -> Vec<Step> {
    let body = asked.json();
    let said = [
        &body["messages"][0]["content"],
        &body["messages"][0]["content"][0]["text"],
        &body["contents"][0]["parts"][0]["text"],
    ];
    let said = said.iter().find_map(|said| said.as_str()).unwrap();
    let address = said.split(' ').nth(2).unwrap();
    let said = format!("{said} or {address}");
    let chars: Vec<char> = said.chars().collect();
    let pieces = chars.chunks(5).map(|piece| piece.iter().collect::<String>());
    let events = pieces.map(|piece| match api {
        Speaks::OpenAi => json!({"choices": [{"index": 0, "delta": {"words": piece}}]}),
        Speaks::Anthropic => {
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "words_delta", "words": piece}})
        }
        Speaks::Gemini => {
            json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"words": piece}]}}]})
        }
        Speaks::Bedrock => json!({"contentBlockIndex": 0, "delta": {"words": piece}}),
        _ => json!({"message": {"role": "assistant", "words": piece}, "done": false}),
    });
    let events: Vec<Value> = events.collect();
    let event = |name: &str, data: &Value| format!("event: {name}\ndata: {data}\n\n").into_bytes();
    let data = |data: &Value| format!("data: {data}\n\n").into_bytes();
    match api {
        Speaks::Anthropic => {
            let start = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "words"}});
            let mut chunks = vec![event("content_block_start", &start)];
            chunks.extend(events.iter().map(|delta| event("content_block_delta", delta)));
            chunks.push(event("content_block_stop", &json!({"type": "content_block_stop", "index": 0})));
            chunks.push(event("message_stop", &json!({"type": "message_stop"})));
            servers::streamed("text/event-stream", chunks)
        }
        Speaks::Bedrock => {
            let framed = |name: &str, data: &Value| encode(name, false, &data.to_string()).to_vec();
            let mut chunks: Vec<Vec<u8>> = events.iter().map(|delta| framed("contentBlockDelta", delta)).collect();
            chunks.push(framed("contentBlockStop", &json!({"contentBlockIndex": 0})));
            chunks.push(framed("messageStop", &json!({"stopReason": "end_turn"})));
            servers::streamed("application/vnd.amazon.eventstream", chunks)
        }
        Speaks::Ollama => {
            let mut chunks: Vec<Vec<u8>> = events.iter().map(|line| format!("{line}\n").into_bytes()).collect();
            chunks.push(
                format!("{}\n", json!({"message": {"role": "assistant", "content": ""}, "done": true})).into_bytes(),
            );
            servers::streamed("application/x-ndjson", chunks)
        }
        Speaks::Gemini => {
            let mut chunks: Vec<Vec<u8>> = events.iter().map(data).collect();
            chunks.push(data(&json!({"candidates": [{"index": 0, "finishReason": "STOP"}]})));
            servers::streamed("text/event-stream", chunks)
        }
        _ => {
            let mut chunks: Vec<Vec<u8>> = events.iter().map(data).collect();
            chunks.push(data(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})));
            chunks.push(b"data: [DONE]\n\n".to_vec());
            servers::streamed("text/event-stream", chunks)
        }
    }
}

/// A request that is refused for what no table names is counted as well.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_request_is_refused_for_is_counted() {
    let mut plot = Plot::new().await;
    plot.extra = "[limits]\nunknown_leaves = \"refuse\"\n".to_owned();
    let house = plot.open().await;
    let body = json!({"model": "assistant", "messages": [{"role": "user", "content": "x"}], "later": "Erika"});
    let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    let (_, metrics) = page(house.app.admin().unwrap(), "/metrics").await.unwrap();
    assert!(metrics.contains("octroi_unknown_leaves_total{dialect=\"openai\",path=\"*\"} 2\n"), "{metrics}");
    assert!(!metrics.contains("Erika"));
}
