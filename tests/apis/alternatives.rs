//! Alternatives to the tokens of an answer: none tells a pseudonym or a piece of one, and the others stay as they came.

use serde_json::{Value, json};

use super::common::scripted::{self, Asked, Step};
use super::common::{EMAIL, Plot};
use super::servers::streamed;

/// The pseudonym that left in the place of the address of mail.
fn token(asked: &Asked) -> String {
    let from = asked.body.find("<EMAIL_").unwrap();
    asked.body[from..].split_inclusive('>').next().unwrap().to_owned()
}

/// A server that says nothing of what it was asked, and tells that it nearly had.
fn wavering(asked: &Asked) -> Vec<Step> {
    let (token, body) = (token(asked), asked.json());
    let pieces = ["Hello", " you"];
    let others = [" the", "<", &token[..7], &token[5..11], &token];
    let entry = |piece: &str| {
        let other = |text: &&str| json!({"token": text, "logprob": -1.50e0, "bytes": text.as_bytes()});
        json!({"token": piece, "logprob": -0.5, "bytes": piece.as_bytes(), "top_logprobs": others.iter().map(other).collect::<Vec<_>>()})
    };
    let entries = |pieces: &[&str]| pieces.iter().map(|piece| entry(piece)).collect::<Vec<_>>();
    let columns = |pieces: &[&str]| {
        let map: serde_json::Map<String, Value> = others.iter().map(|text| ((*text).to_owned(), json!(-1.5))).collect();
        json!({"tokens": pieces, "token_logprobs": vec![-0.5; pieces.len()], "top_logprobs": vec![map; pieces.len()],
            "text_offset": null})
    };
    let sse = |events: Vec<Value>| {
        let chunks = events.iter().map(|event| format!("data: {event}\n\n").into_bytes());
        streamed("text/event-stream", chunks.chain([b"data: [DONE]\n\n".to_vec()]).collect())
    };
    let whole = |body: Value| scripted::json("200 OK", "", &body.to_string());
    let path = asked.head.split(' ').nth(1).unwrap();
    match (path.rsplit('/').next().unwrap(), body["stream"] == true) {
        ("responses", false) => whole(
            json!({"id": "r", "object": "response", "output": [{"type": "message", "id": "m", "role": "assistant",
            "content": [{"type": "output_text", "text": pieces.concat(), "annotations": [], "logprobs": entries(&pieces)}]}]}),
        ),
        ("responses", true) => {
            let place = |kind: &str| json!({"type": kind, "item_id": "m", "output_index": 0, "content_index": 0});
            let mut events: Vec<Value> = pieces
                .iter()
                .map(|piece| {
                    let mut event = place("response.output_text.delta");
                    (event["delta"], event["logprobs"]) = ((*piece).into(), entries(&[piece]).into());
                    event
                })
                .collect();
            let mut done = place("response.output_text.done");
            (done["text"], done["logprobs"]) = (pieces.concat().into(), entries(&pieces).into());
            events.extend([done, json!({"type": "response.completed", "response": {"id": "r", "output": []}})]);
            sse(events)
        }
        ("completions", stream) if path.ends_with("/chat/completions") => {
            let choice = |name: &str, pieces: &[&str]| {
                json!({"id": "c", "choices": [{"index": 0, "finish_reason": null,
                name: {"content": pieces.concat()}, "logprobs": {"content": entries(pieces), "refusal": null}}]})
            };
            if stream {
                sse(pieces.iter().map(|piece| choice("delta", &[piece])).collect())
            } else {
                whole(choice("message", &pieces))
            }
        }
        (_, stream) => {
            let choice = |pieces: &[&str]| {
                json!({"id": "c", "object": "text_completion", "choices": [{"index": 0,
                "finish_reason": null, "text": pieces.concat(), "logprobs": columns(pieces)}]})
            };
            if stream { sse(pieces.iter().map(|piece| choice(&[piece])).collect()) } else { whole(choice(&pieces)) }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_alternative_tells_a_piece_of_a_pseudonym() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let server = plot.script("us-cloud", wavering).await;
    let house = plot.open().await;
    let said = format!("to {EMAIL} now");
    for (path, body) in [
        (
            "/v1/chat/completions",
            json!({"messages": [{"role": "user", "content": said}], "logprobs": true, "top_logprobs": 5}),
        ),
        ("/v1/responses", json!({"input": said, "top_logprobs": 5, "include": ["message.output_text.logprobs"]})),
        ("/v1/completions", json!({"prompt": said, "logprobs": 5})),
    ] {
        for stream in [false, true] {
            let mut body = body.clone();
            (body["model"], body["stream"]) = ("assistant".into(), stream.into());
            let answer = house.client.post(path, body.to_string()).await;
            assert!(answer.status == 200 && answer.clean, "{path}: {}", answer.body);
            let token = token(server.asked().last().unwrap());
            for piece in [&token[..7], &token[7..11], &token[1..token.len() - 1]] {
                assert!(!answer.body.contains(piece), "{path}, {stream}: {piece} in {}", answer.body);
            }
            // The chosen ones and the other alternatives are there, as often as they came.
            let times = if path == "/v1/responses" && stream { 4 } else { 2 };
            assert_eq!(answer.body.matches("\" the\"").count(), times, "{path}, {stream}: {}", answer.body);
            assert_eq!(answer.body.matches("\"<\"").count(), times, "{path}, {stream}: {}", answer.body);
        }
    }
}
