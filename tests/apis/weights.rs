//! Probabilities in the shapes of llama.cpp and `SGLang`: pieces of a pseudonym stand in them, so they are withheld where there is one.

use serde_json::{Value, json};

use super::common::scripted::{self, Asked, Step};
use super::common::{EMAIL, Plot};
use super::servers::streamed;

/// A server that tells the probability of each piece of what it says, which is what it was asked.
fn weighing(asked: &Asked) -> Vec<Step> {
    let body = asked.json();
    let said = body["prompt"].as_str().unwrap();
    let pieces: Vec<&str> = said.as_bytes().chunks(4).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
    let told = |pieces: &[&str]| {
        let entries: Vec<Value> = pieces.iter().map(|piece| json!([-0.5, 7, piece])).collect();
        let others: Vec<Value> =
            pieces.iter().map(|piece| json!({"content": piece, "probs": [{"tok_str": piece, "prob": 0.5}]})).collect();
        (entries, others)
    };
    let event = |text: &str, pieces: &[&str], end: Value| {
        let (entries, others) = told(pieces);
        let meta = json!({"id": "m", "output_token_logprobs": entries, "input_top_logprobs": [entries]});
        let choice = json!({"index": 0, "text": text, "meta_info": meta, "completion_probabilities": others, "finish_reason": end});
        json!({"id": "c", "object": "text_completion", "choices": [choice], "completion_probabilities": others,
            "__verbose": {"completion_probabilities": others}})
    };
    if body["stream"] != true {
        return scripted::json("200 OK", "", &event(said, &pieces, "stop".into()).to_string());
    }
    let events = pieces.iter().map(|piece| event(piece, &[*piece], Value::Null)).chain([event("", &[], "stop".into())]);
    let chunks = events.map(|event| format!("data: {event}\n\n").into_bytes()).chain([b"data: [DONE]\n\n".to_vec()]);
    streamed("text/event-stream", chunks.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_piece_of_a_pseudonym_is_told_with_its_probability() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let _server = plot.script("us-cloud", weighing).await;
    let house = plot.open().await;
    for (stream, said) in [(false, EMAIL), (true, EMAIL), (false, "nobody"), (true, "nobody")] {
        let body = json!({"model": "assistant", "prompt": format!("to {said} now"), "stream": stream});
        let answer = house.client.post("/v1/completions", body.to_string()).await;
        assert!(answer.status == 200 && answer.clean, "{}", answer.body);
        let known = said == "nobody";
        assert_eq!(answer.body.contains("tok_str"), known, "{stream}: {}", answer.body);
        assert_eq!(answer.body.contains("-0.5,7,"), known, "{stream}: {}", answer.body);
        assert!(known || !answer.body.contains("<EM") && !answer.body.contains("EMAIL_"), "{stream}: {}", answer.body);
        let data = answer.body.lines().map(|line| line.strip_prefix("data: ").unwrap_or(line));
        let texts = data.filter_map(|data| serde_json::from_str::<Value>(data).ok());
        let whole: String = texts.filter_map(|event| Some(event["choices"][0]["text"].as_str()?.to_owned())).collect();
        assert_eq!(whole, format!("to {said} now"), "{stream}: {}", answer.body);
    }
}
