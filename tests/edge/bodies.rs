//! Codings, bounds and deadlines of request bodies, through the real listener.

use std::time::{Duration, Instant};

use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::common::coding::coded;
use super::common::{PATIENCE, chat_body, page};
use super::{echo_house, raw};

const CHAT: &str = "/v1/chat/completions";

#[tokio::test(flavor = "multi_thread")]
async fn codings() {
    let (house, server) = echo_house(|_| {}).await;
    let body = chat_body(&"a text that folds ".repeat(100), false);
    for (coding, status) in [
        ("gzip", 200),
        ("deflate", 200),
        ("br", 200),
        ("zstd", 200),
        ("identity", 200),
        ("compress", 415),
        ("gzip, br", 415),
        ("", 415),
        ("x", 415),
    ] {
        let mut request = house.client.request(Method::POST, CHAT, coded(coding, body.as_bytes()));
        request.headers_mut().insert("content-encoding", coding.parse().unwrap());
        let answer = house.client.send(request).await.unwrap();
        assert_eq!(answer.status, status, "{coding}: {}", answer.body);
        if status == 415 {
            assert_eq!(answer.json()["error"]["code"], "unsupported_encoding");
        }
    }
    let asked = server.asked();
    assert_eq!(asked.len(), 5);
    for asked in asked {
        assert!(!asked.head.to_ascii_lowercase().contains("content-encoding"), "{}", asked.head);
        assert_eq!(asked.body, body.replace("\"assistant\"", "\"demonstration\""));
    }
    // A coding that is not the one said, cut short, or followed by something.
    let whole = coded("gzip", body.as_bytes());
    for wrong in [body.clone().into_bytes(), whole[..whole.len() / 2].to_vec(), [whole.clone(), whole].concat()] {
        let mut request = house.client.request(Method::POST, CHAT, wrong);
        request.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
        assert_eq!(house.client.send(request).await.unwrap().status, 400);
    }
    assert_eq!(server.asked().len(), 5);
}

/// A body beyond the bound is answered at once; the rest is not waited for.
#[tokio::test(flavor = "multi_thread")]
async fn too_large_bodies_are_not_read() {
    let (house, server) = echo_house(|plot| plot.extra = "[limits]\nbody_bytes = 1000\n".to_owned()).await;
    let head = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer {}\r\n",
        house.plot.key
    );
    for (name, rest) in [
        ("declared", "content-length: 1001\r\n\r\n".to_owned()),
        ("in chunks", format!("transfer-encoding: chunked\r\n\r\nffff\r\n{}", "x".repeat(1100))),
    ] {
        let answer = raw(&house.client, format!("{head}{rest}")).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{name}: {answer}");
        assert!(answer.contains("body_too_large"), "{name}: {answer}");
    }
    assert!(server.asked().is_empty());
}

/// A body that stops coming is answered, and its connection ends.
#[tokio::test(flavor = "multi_thread")]
async fn slow_bodies_are_cut() {
    let (house, server) = echo_house(|plot| plot.extra = "[limits]\nbody_s = 1\n".to_owned()).await;
    let head = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\nauthorization: Bearer {}\r\n\r\n{{",
        house.plot.key
    );
    let since = Instant::now();
    let answer = raw(&house.client, &head).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body_timeout"), "{answer}");
    assert!(since.elapsed() < Duration::from_secs(5));
    // One byte now and then is no progress either: the deadline is for the whole body.
    let mut stream = house.client.connect().await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let dripping = async {
        loop {
            tokio::select! {
                read = stream.read_buf(&mut answer) => if !matches!(read, Ok(1..)) || answer.ends_with(b"}}") { break },
                () = tokio::time::sleep(Duration::from_millis(50)) => drop(stream.write_all(b" ").await),
            }
        }
    };
    tokio::time::timeout(PATIENCE, dripping).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
    assert!(server.asked().is_empty());
}

/// What no table of an API names is read like text and counted by the table's nearest place, never by the caller's key; where the
/// operator says so, it is refused.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_table_names_is_counted_by_its_place_or_refused() {
    let body = serde_json::json!({"model": "assistant", "later": {"erika": "b"},
        "messages": [{"role": "user", "content": "x", "erika": 1}]})
    .to_string();
    let (house, server) = echo_house(|_| {}).await;
    let answer = house.client.post(CHAT, body.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let (_, metrics) = page(house.app.admin().unwrap(), "/metrics").await.unwrap();
    for (path, count) in [("*", 3), ("messages[].*", 2)] {
        let line = format!("octroi_unknown_leaves_total{{dialect=\"openai\",path=\"{path}\"}} {count}\n");
        assert!(metrics.contains(&line), "{path}: {metrics}");
    }
    assert!(!metrics.contains("erika"));
    let decision = &house.entries_of("decision").await[0];
    assert_eq!((&decision["scan"]["leaves"], &decision["scan"]["unknown"]), (&8.into(), &5.into()), "{decision}");
    assert_eq!(server.asked().len(), 1);

    let (house, server) = echo_house(|plot| plot.extra = "[limits]\nunknown_leaves = \"refuse\"\n".to_owned()).await;
    let answer = house.client.post(CHAT, body).await;
    let error = answer.json()["error"].clone();
    assert_eq!((answer.status, &error["code"]), (400, &"unknown_leaf".into()), "{}", answer.body);
    assert!(error["message"].as_str().unwrap().contains("under `*`") && !answer.body.contains("erika"), "{error}");
    assert_eq!(house.client.post(CHAT, chat_body("x", false)).await.status, 200);
    assert_eq!(server.asked().len(), 1, "only what the tables name was sent");
}
