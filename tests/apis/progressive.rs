//! Texts that an API builds up beside the answer, piece by piece: an argument of a call under its path, what an answer cites.

use octroi::wire::eventstream::encode;
use serde_json::{Value, json};

use super::common::scripted::{Asked, Step};
use super::common::{EMAIL, NAME, Plot};
use super::servers;

/// Pieces that cut every pseudonym.
fn pieces(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(5).map(|piece| piece.iter().collect()).collect()
}

/// What Vertex AI streams where arguments are asked for as they are written: two calls, each of two arguments, with what else an
/// argument may be between them. The second begins in the event that ends the first.
fn calls(asked: &Asked) -> Vec<Step> {
    let said = asked.json()["contents"][0]["parts"][0]["text"].as_str().unwrap().to_owned();
    let event = |parts: Value| json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": parts}}]});
    let mut events = vec![event(json!([{"functionCall": {"name": "mail", "id": "1", "willContinue": true}}]))];
    for call in ["1", "2"] {
        let words = pieces(&said);
        for (number, piece) in words.iter().enumerate() {
            let goes_on = number + 1 < words.len();
            let args = json!([
                {"jsonPath": "$.body", "stringValue": piece, "willContinue": goes_on},
                {"jsonPath": "$.copies[0]", "numberValue": 20},
                {"jsonPath": "$.urgent", "boolValue": true},
                // Ended by the call alone.
                {"jsonPath": "$.copy.body", "stringValue": piece, "willContinue": true},
            ]);
            events.push(event(json!([{"functionCall": {"partialArgs": args, "willContinue": true}}])));
        }
        if call == "1" {
            let begun = json!({"name": "mail", "id": "2", "willContinue": true});
            events.push(event(json!([{"functionCall": {}}, {"functionCall": begun}])));
        }
    }
    events.push(event(json!([{"functionCall": {}}])));
    events.push(json!({"candidates": [{"index": 0, "finishReason": "STOP"}]}));
    servers::streamed(
        "text/event-stream",
        events.iter().map(|event| format!("data: {event}\n\n").into_bytes()).collect(),
    )
}

/// Code that Google's interpreter runs and what it printed, in pieces.
#[tokio::test(flavor = "multi_thread")]
async fn code_that_comes_in_pieces_is_one_text() {
    let script = |asked: &Asked| {
        let said = asked.json()["contents"][0]["parts"][0]["text"].as_str().unwrap().to_owned();
        let event = |part: Value| json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": [part]}}]});
        let words = pieces(&said);
        let code = words.iter().map(|piece| event(json!({"executableCode": {"language": "PYTHON", "code": piece}})));
        let printed =
            |piece: &String| event(json!({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": piece}}));
        let end = json!({"candidates": [{"index": 0, "finishReason": "STOP"}]});
        let events = code.chain(words.iter().map(printed)).chain([end]);
        servers::streamed("text/event-stream", events.map(|event| format!("data: {event}\n\n").into_bytes()).collect())
    };
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = "\"gemini\"".to_owned();
    let _server = plot.script("us-cloud", script).await;
    let house = plot.open().await;
    // It ends like a pseudonym begins, so that something is held back where the code ends.
    let said = format!("mail(\"{NAME}\", \"{EMAIL}\") <");
    let body = json!({"contents": [{"role": "user", "parts": [{"text": said}]}]});
    let path = "/v1beta/models/assistant:streamGenerateContent?alt=sse";
    let answer = house.client.post(path, body.to_string()).await;
    assert!(answer.status == 200 && answer.clean, "{}", answer.body);
    let data = answer.body.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = data.map(|data| serde_json::from_str(data).unwrap()).collect();
    for (member, name) in [("executableCode", "code"), ("codeExecutionResult", "output")] {
        let part = |event: &Value| Some(event["candidates"][0]["content"]["parts"][0].get(member)?.clone());
        let parts: Vec<Value> = events.iter().filter_map(part).collect();
        let whole: String = parts.iter().map(|part| part[name].as_str().unwrap()).collect();
        assert_eq!(whole, said, "{}", answer.body);
        assert!(
            parts.iter().all(|part| part["language"] == "PYTHON" || part["outcome"] == "OUTCOME_OK"),
            "{}",
            answer.body
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_that_come_in_pieces_are_one_text_each() {
    for (dialect, path) in [
        ("gemini", "/v1beta/models/assistant:streamGenerateContent?alt=sse"),
        ("vertex", "/v1/projects/p/locations/l/publishers/google/models/assistant:streamGenerateContent?alt=sse"),
    ] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = format!("\"{dialect}\"");
        let server = plot.script("us-cloud", calls).await;
        let house = plot.open().await;
        // It ends like a pseudonym begins, so that something is held back where the call ends.
        let said = format!("Write to Mme {NAME} at {EMAIL} <");
        let body = json!({"contents": [{"role": "user", "parts": [{"text": said}]}]});
        let answer = house.client.post(path, body.to_string()).await;
        assert_eq!(answer.status, 200, "{dialect}: {}", answer.body);
        assert!(!server.asked()[0].body.contains(EMAIL) && !server.asked()[0].body.contains(NAME), "{dialect}");
        let data = answer.body.lines().filter_map(|line| line.strip_prefix("data: "));
        let events: Vec<Value> = data.map(|data| serde_json::from_str(data).unwrap()).collect();
        // As clients put them together: a name begins a call, a call that does not go on ends.
        let mut made: Vec<[String; 2]> = Vec::new();
        let parts =
            events.iter().filter_map(|event| event.pointer("/candidates/0/content/parts")?.as_array()).flatten();
        for call in parts.map(|part| &part["functionCall"]) {
            if call["name"].is_string() {
                made.push(Default::default());
            }
            for piece in call["partialArgs"].as_array().into_iter().flatten() {
                let at = match piece["jsonPath"].as_str().unwrap() {
                    "$.body" => 0,
                    "$.copy.body" => 1,
                    _ => {
                        assert!(piece["numberValue"] == 20 || piece["boolValue"] == true, "{piece}");
                        continue;
                    }
                };
                made.last_mut().unwrap()[at].push_str(piece["stringValue"].as_str().unwrap());
            }
        }
        assert_eq!(made, [[said.clone(), said.clone()], [said.clone(), said.clone()]], "{dialect}: {}", answer.body);
    }
}

/// What Bedrock's Converse streams of a citation: its text comes in pieces too.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_answer_cites_in_pieces_is_one_text() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = "\"bedrock\"".to_owned();
    let script = |asked: &Asked| {
        let said = asked.json()["messages"][0]["content"][0]["text"].as_str().unwrap().to_owned();
        let framed = |name: &str, data: &Value| encode(name, false, &data.to_string()).to_vec();
        let delta = |delta: &Value| framed("contentBlockDelta", &json!({"contentBlockIndex": 0, "delta": delta}));
        let mut chunks = vec![framed("messageStart", &json!({"role": "assistant"}))];
        for piece in pieces(&said) {
            chunks.push(delta(&json!({"text": piece})));
            chunks.push(delta(&json!({"citation": {"title": "T", "sourceContent": [{"text": piece}]}})));
        }
        chunks.push(framed("contentBlockStop", &json!({"contentBlockIndex": 0})));
        chunks.push(framed("messageStop", &json!({"stopReason": "end_turn"})));
        servers::streamed("application/vnd.amazon.eventstream", chunks)
    };
    let server = plot.script("us-cloud", script).await;
    let house = plot.open().await;
    let said = format!("Write to Mme {NAME} at {EMAIL} <");
    let body = json!({"messages": [{"role": "user", "content": [{"text": said}]}]});
    let answer = house.client.post("/model/assistant/converse-stream", body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(!server.asked()[0].body.contains(EMAIL));
    let joined = |before: &str| -> String {
        answer.body.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    };
    assert_eq!(joined("\"delta\":{\"text\":\""), said, "{}", answer.body);
    assert_eq!(joined("\"sourceContent\":[{\"text\":\""), said, "{}", answer.body);
}
