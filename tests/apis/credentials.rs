//! The credential that the gateway shows to a backend: an error of the backend's that quotes it, whole or masked, reaches no client
//! with it.

use serde_json::json;

use super::common::Plot;
use super::common::scripted::{self, Asked};
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
