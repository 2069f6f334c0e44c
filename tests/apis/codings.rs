//! Answers that come in a coding that nobody asked for: opened, restored, and handed over as they are; or refused.

use serde_json::json;

use super::common::coding::{CODINGS, ODD, called, coded};
use super::common::scripted::{Asked, Step};
use super::common::{Plot, VALUES, prompt};

/// An answer that comes compressed although it was not asked for so is opened, restored, and leaves as it is.
#[tokio::test(flavor = "multi_thread")]
async fn compressed_answers_are_opened() {
    for coding in CODINGS.into_iter().chain(ODD) {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        let script = move |asked: &Asked| {
            let message = json!({"role": "assistant", "content": asked.said()});
            let body = json!({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]});
            let body = coded(coding, body.to_string().as_bytes());
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: {}\r\ncontent-length: {}\r\n\r\n",
                called(coding),
                body.len()
            );
            vec![Step::Raw([head.as_bytes(), &body].concat())]
        };
        let server = plot.script("us-cloud", script).await;
        let house = plot.open().await;
        let answer = house.client.chat(&prompt(), false).await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, ""), "{coding}: {}", answer.body);
        assert_eq!(answer.header("content-length"), answer.body.len().to_string(), "{coding}");
        for value in VALUES {
            assert!(answer.body.contains(value) && !server.asked()[0].body.contains(value), "{coding}");
        }
    }
}

/// What cannot be undone is no answer: the caller hears why, and nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn answers_in_codings_that_cannot_be_undone_are_refused() {
    let spaces = || coded("gzip", &coded("gzip", &vec![b' '; 80 << 20]));
    for (name, said, body) in [
        ("three on top of each other", "gzip, gzip, gzip", coded("gzip, gzip, gzip", b"{}")),
        ("unknown", "compress", b"{}".to_vec()),
        ("another than it says", "deflate", b"{\"choices\":[]}".to_vec()),
        ("the other order", "br, gzip", coded("gzip, br", b"{}")),
        ("one of two", "gzip, gzip", coded("gzip", b"{}")),
        ("more than an answer may hold", "gzip, gzip", spaces()),
    ] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        let script = move |_: &Asked| {
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: {said}\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            vec![Step::Raw([head.as_bytes(), &body].concat())]
        };
        let _server = plot.script("us-cloud", script).await;
        let house = plot.open().await;
        let answer = house.client.chat("hello", false).await;
        let error = &answer.json()["error"];
        assert_eq!(answer.status, 502, "{name}: {}", answer.body);
        assert_eq!(error["code"], "backend_failed", "{name}");
        // Of what its head already tells, the body is not looked at.
        let head = matches!(name, "three on top of each other" | "unknown");
        assert!(head || error["message"].as_str().unwrap().contains("cod"), "{name}: {error}");
    }
}
