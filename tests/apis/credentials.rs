//! The credential that the gateway shows to a backend: an error of the backend's that quotes it, whole or masked, reaches no client
//! with it.

use serde_json::json;

use super::common::scripted::{self, Asked};
use super::common::{EMAIL, Plot};
use super::servers;

/// The gateway's own key of the backend.
const KEY: &str = "sk-proj-Q7mPz2LkT9vXwYbA";

#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_quotes_the_gateways_key_is_told_without_it() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    std::fs::write(plot.path("backend.key"), KEY).unwrap();
    plot.backend = "credential = { bearer = { file = \"backend.key\" } }".to_owned();
    let quoting = |asked: &Asked| {
        assert!(asked.head.contains(KEY), "the gateway shows its key");
        let shown = match asked.said().as_str() {
            "whole" => KEY,
            "masked" => "sk-proj-****************wYbA.",
            "short" => "sk-...wYbA,",
            _ => "sk-proj-Q7mPz2Lk…",
        };
        let message = format!("Incorrect API key provided: {shown} See your account");
        let error = json!({"error": {"message": message, "type": "invalid_request_error", "param": KEY, "code": 400}});
        if asked.json()["stream"] == true {
            let in_words = format!("event: error\ndata: {message}\n\n");
            let event = if asked.said() == "cut" { in_words } else { format!("data: {error}\n\n") };
            return servers::streamed("text/event-stream", vec![event.into_bytes()]);
        }
        scripted::json("400 Bad Request", "", &error.to_string())
    };
    let _server = plot.script("us-cloud", quoting).await;
    let house = plot.open().await;
    for (said, told) in [
        ("whole", "provided: [credential] See"),
        ("masked", "provided: [credential]. See"),
        ("short", "provided: [credential], See"),
        ("cut", "provided: [credential] See"),
    ] {
        for stream in [false, true] {
            let body = json!({"model": "assistant", "stream": stream, "messages": [{"role": "user", "content": said}]});
            let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
            assert_eq!(answer.status, if stream { 200 } else { 400 }, "{answer:?}");
            for part in [KEY, "sk-proj", "wYbA"] {
                assert!(!answer.body.contains(part), "{part}: {}", answer.body);
            }
            assert!(stream || answer.body.contains(told), "{}", answer.body);
        }
    }
}

/// What a model server may send its client, with the gateway's key in it.
fn answers(chunk: impl Fn(&str) -> String) -> Vec<(&'static str, Vec<String>)> {
    let escaped = format!("\\u0073{}", &KEY[1..]);
    vec![
        ("in a text", vec![chunk(&format!("Your key is {KEY}."))]),
        ("escaped", vec![chunk(&format!("Your key is {escaped}."))]),
        ("in pieces", KEY.as_bytes().chunks(5).map(|piece| chunk(str::from_utf8(piece).unwrap())).collect()),
        ("in words", vec![format!("data: upstream answered: bad key {KEY}\n\n")]),
        ("in a comment", vec![format!(": authorization: Bearer {KEY}\n\n")]),
        ("as the event's name", vec![format!("event: {KEY}\n{}", chunk("a"))]),
        ("as a member's name", vec![format!("data: {{\"{KEY}\": 1, \"choices\": []}}\n\n")]),
    ]
}

/// A relay before the model puts the heads that it got into its answer, or says in words what went wrong.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_repeats_the_gateways_key_reaches_no_client_with_it() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    std::fs::write(plot.path("backend.key"), KEY).unwrap();
    plot.backend = "credential = { bearer = { file = \"backend.key\" } }".to_owned();
    let chunk =
        |text: &str| format!("data: {{\"choices\": [{{\"index\": 0, \"delta\": {{\"content\": \"{text}\"}}}}]}}\n\n");
    let quoting = move |asked: &Asked| {
        let said = asked.said();
        let (said, coded) = said.split_once(" for ").unwrap_or((said.as_str(), ""));
        if asked.json()["stream"] != true {
            let text = format!(
                "Your key is {}.",
                if said == "escaped" { KEY.replace("sk", "\\u0073k") } else { KEY.to_owned() }
            );
            let answer = format!(
                "{{\"headers\": {{\"{KEY}\": 1}}, \"choices\": [{{\"message\": {{\"content\": \"{text}\"}}}}]}}"
            );
            let answer = if said == "escaped" { answer.replacen(KEY, "key", 1) } else { answer };
            return scripted::json("200 OK", "", &answer);
        }
        let (_, mut events) = answers(chunk).into_iter().find(|(name, _)| *name == said).unwrap();
        events.insert(0, chunk(&format!("For {coded}: ")));
        events.push(chunk(" Bye."));
        events.push("data: [DONE]\n\n".to_owned());
        servers::streamed("text/event-stream", events.into_iter().map(String::into_bytes).collect())
    };
    let _server = plot.script("us-cloud", quoting).await;
    let house = plot.open().await;
    for (how, _) in answers(chunk) {
        // With something to restore in the answer, and without.
        for of in [EMAIL, "you"] {
            let messages = json!([{"role": "user", "content": format!("{how} for {of}")}]);
            let body = json!({"model": "assistant", "stream": true, "messages": messages});
            let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
            assert_eq!(answer.status, 200, "{how}: {answer:?}");
            let said = answer.streamed();
            assert!(said.starts_with(&format!("For {of}: ")), "{how}: {}", answer.body);
            for text in [&answer.body, &said] {
                assert!(!text.contains(KEY) && !text.contains("wYbA"), "{how}: {}", answer.body);
            }
            let concealed = matches!(how, "in a text" | "in words" | "as a member's name");
            assert_eq!(answer.body.contains("[credential]"), concealed, "{how}: {}", answer.body);
            assert_eq!(said.ends_with(" Bye."), concealed || how == "in a comment", "{how}: {}", answer.body);
        }
    }
    for (how, status) in [("plain", 200), ("escaped", 502)] {
        let body =
            json!({"model": "assistant", "messages": [{"role": "user", "content": format!("{how} for {EMAIL}")}]});
        let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(!answer.body.contains("Q7mPz2LkT9vXwYbA"), "{how}: {}", answer.body);
        assert_eq!(answer.body.matches("[credential]").count(), if how == "plain" { 2 } else { 0 }, "{}", answer.body);
    }
}
