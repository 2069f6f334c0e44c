//! What a provider's filter says of places in an answer: it points at the same words before and behind the restoring.

use serde_json::{Value, json};

use super::common::scripted::{self, Asked, Step};
use super::common::{Plot, VALUES};
use super::servers::{self, Speaks};

/// A filter that runs beside an answer says how far it is when the answer may long be over (Azure).
#[tokio::test(flavor = "multi_thread")]
async fn what_a_filter_says_of_an_answer_is_said_of_the_restored_one() {
    for (stream, tail) in [(false, ""), (true, ""), (true, " <PERSON")] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = Speaks::Azure.dialects();
        let _server = plot.script("us-cloud", move |asked| filtering(asked, tail)).await;
        let house = plot.open().await;
        let body = json!({"messages": [{"role": "user", "content": format!("Write to {} today.", VALUES[1])}], "stream": stream});
        let path = "/openai/deployments/assistant/chat/completions?api-version=2024-10-21";
        let answer = house.client.post(path, body.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let lines = answer.body.lines().map(|line| line.strip_prefix("data: ").unwrap_or(line));
        let events: Vec<Value> = lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
        let name = if stream { "delta" } else { "message" };
        let texts = events.iter().filter_map(|event| event["choices"][0][name]["content"].as_str());
        let whole: Vec<char> = texts.collect::<String>().chars().collect();
        let offsets = events.iter().map(|event| &event["choices"][0]["content_filter_offsets"]);
        let offsets = offsets.filter(|offsets| offsets.is_object()).collect::<Vec<_>>();
        assert_eq!(offsets.len(), 1, "{}", answer.body);
        let at = |name: &str| usize::try_from(offsets[0][name].as_u64().unwrap()).unwrap();
        let words: String = whole[at("start_offset")..at("end_offset")].iter().collect();
        assert_eq!((words.as_str(), at("check_offset")), (VALUES[1], at("end_offset")), "{}", answer.body);
    }
}

/// A server of Azure whose filter speaks of the pseudonym in what it was asked, behind the end of the answer where that streams.
fn filtering(asked: &Asked, tail: &str) -> Vec<Step> {
    let said = format!("é {}{tail}", asked.said());
    let count = |bytes: usize| said[..bytes].chars().count();
    let (from, until) = (count(said.find('<').unwrap()), count(said.find('>').unwrap() + 1));
    let offsets = json!({"check_offset": until, "start_offset": from, "end_offset": until});
    let choice = |choice: Value| json!({"id": "c", "choices": [choice]});
    if asked.json()["stream"] != true {
        let message = json!({"role": "assistant", "content": said});
        let whole = json!({"index": 0, "message": message, "finish_reason": "stop", "content_filter_offsets": offsets});
        return scripted::json("200 OK", "", &choice(whole).to_string());
    }
    let chars: Vec<char> = said.chars().collect();
    let pieces = chars.chunks(5).map(|piece| piece.iter().collect::<String>());
    let mut events: Vec<Value> =
        pieces.map(|piece| choice(json!({"index": 0, "delta": {"content": piece}, "finish_reason": null}))).collect();
    events.push(choice(json!({"index": 0, "delta": {}, "finish_reason": "stop"})));
    events.push(choice(json!({"index": 0, "finish_reason": null, "content_filter_offsets": offsets})));
    let chunks = events.iter().map(|event| format!("data: {event}\n\n")).chain(["data: [DONE]\n\n".to_owned()]);
    servers::streamed("text/event-stream", chunks.map(String::into_bytes).collect())
}
