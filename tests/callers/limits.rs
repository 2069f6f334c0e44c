//! Limits over HTTP: 429 with when and what is left, tokens settled by what the answer took, money, requests at once, and what a
//! restart remembers.

use serde_json::json;

use crate::common::scripted::{Scripted, Step, delta, echo, json as json_answer, stream};
use crate::common::{House, Plot, until};

async fn house(quota: &str) -> House {
    let mut plot = Plot::new().await;
    plot.extra = quota.to_owned();
    plot.open().await
}

fn body(content: &str, max_tokens: u64, stream: bool) -> String {
    json!({"model": "assistant", "stream": stream, "max_tokens": max_tokens, "messages": [{"role": "user", "content": content}]})
        .to_string()
}

const CHAT: &str = "/v1/chat/completions";

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_a_minute() {
    let house = house("[[quota.limit]]\nof = \"app\"\nrequests_minute = 3\n").await;
    for left in ["2", "1", "0"] {
        let answer = house.client.chat("x", false).await;
        assert_eq!((answer.status, answer.header("x-ratelimit-remaining-requests")), (200, left));
        assert_eq!(answer.header("x-ratelimit-limit-requests"), "3");
        assert!(answer.header("ratelimit").starts_with(&format!("\"requests\";r={left};t=")), "{:?}", answer.headers);
        assert_eq!(answer.header("ratelimit-policy"), "\"requests\";q=3;w=60");
    }
    let refused = house.client.chat("x", false).await;
    assert_eq!((refused.status, refused.json()["error"]["code"].as_str().unwrap()), (429, "quota_exceeded"));
    assert_eq!(refused.json()["error"]["type"], "rate_limit_error");
    assert!((1..=120).contains(&refused.header("retry-after").parse::<u32>().unwrap()), "{:?}", refused.headers);
    assert_eq!(refused.header("x-ratelimit-remaining-requests"), "0");
    let entries = house.entries_of("decision").await;
    assert_eq!(entries.last().unwrap()["reason"], "quota_exceeded", "in the record");
    let metrics = crate::common::page(house.app.admin().unwrap(), "/metrics").await.unwrap().1;
    let line = "octroi_quota_refusals_total{of=\"app\",what=\"requests_minute\",app=\"public-website\"} 1";
    assert!(metrics.contains(line), "{metrics}");
}

/// Reserved before by what is asked for, settled after by what the answer took: whole, streamed with usage, streamed without.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_settled_by_what_was_used() {
    let house = house("[[quota.limit]]\nof = \"tenant\"\nname = \"demo\"\noutput_tokens_minute = 1000\n").await;
    let left = async || {
        let answer = house.client.post(CHAT, body("x", 1, false)).await;
        answer.header("x-ratelimit-remaining-tokens").parse::<u64>().unwrap()
    };
    let before = left().await;
    for stream in [false, true] {
        let answer = house.client.post(CHAT, body("x", 900, stream)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        until("the settlement", async || (left().await > 500).then_some(())).await;
    }
    assert!(before > left().await, "what answers took stays counted");
    let refused = house.client.post(CHAT, body("x", 1001, false)).await;
    assert!(refused.status == 429 && refused.body.contains("as a whole"), "{}", refused.body);
}

/// A plot whose only server streams 400 bytes of text and tells no usage.
async fn uncounted_plot() -> (Plot, Scripted) {
    let mut plot = Plot::new().await;
    let chunk = |text: String| Step::Chunk(text.into_bytes());
    let mut steps = vec![stream()];
    steps.extend((0..10).map(|_| chunk(delta(&"x".repeat(40)))));
    steps.extend([chunk("data: [DONE]\n\n".to_owned()), chunk(String::new())]);
    let server = plot.script("paris-gpu-1", move |_| steps.clone()).await;
    plot.only(&["paris-gpu-1"]);
    (plot, server)
}

/// A stream that tells no usage is counted as it passes; and what was used survives a restart.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_without_usage_is_counted_and_a_restart_forgets_nothing() {
    let (mut plot, _server) = uncounted_plot().await;
    plot.extra = "[[quota.limit]]\nof = \"app\"\noutput_tokens_day = 150\n".to_owned();
    let house = plot.open().await;
    assert_eq!(house.client.post(CHAT, body("x", 150, true)).await.status, 200);
    house.outcomes(1).await;
    let over = house.client.post(CHAT, body("x", 51, true)).await;
    assert_eq!(over.status, 429, "400 bytes were 100 tokens");
    let House { plot, app, client } = house;
    app.stop().await.unwrap();
    drop(client);
    let house = plot.open().await;
    assert_eq!(house.client.post(CHAT, body("x", 51, true)).await.status, 429, "they are remembered");
    assert_eq!(house.client.post(CHAT, body("x", 50, true)).await.status, 200, "and no more than they");
}

/// Money: by backend and model, a month at a time; what is refused by policy costs nothing.
#[tokio::test(flavor = "multi_thread")]
async fn money_of_a_month() {
    let quota = "[[quota.limit]]\nof = \"app\"\nmoney_month = \"1\"\n\
                 [[quota.price]]\nbackend = \"paris-gpu-1\"\ninput = \"0\"\noutput = \"1000\"\n\
                 [[quota.price]]\nbackend = \"paris-gpu-2\"\nmodel = \"assistant\"\ninput = \"0\"\noutput = \"1000\"\n";
    let house = house(quota).await;
    let refused = house.client.post(CHAT, body("x", 1_001, false)).await;
    assert_eq!(refused.status, 429, "a thousand tokens cost one: {}", refused.body);
    assert!(refused.body.contains("money per month"), "{}", refused.body);
    for _ in 0..20 {
        assert_eq!(house.client.post(CHAT, "{").await.status, 400, "costs nothing");
    }
    assert_eq!(house.client.post(CHAT, body("x", 900, false)).await.status, 200);
    assert_eq!(house.client.post(CHAT, body("x", 900, false)).await.status, 200, "settled by what it took");
}

/// A limit on one key leaves the other keys alone; requests at once end with their answers.
#[tokio::test(flavor = "multi_thread")]
async fn requests_at_once() {
    let mut plot = Plot::new().await;
    let steps = vec![
        stream(),
        Step::Chunk(delta("begun").into_bytes()),
        Step::Wait,
        Step::Chunk(b"data: [DONE]\n\n".to_vec()),
        Step::Chunk(Vec::new()),
    ];
    let server = plot.script("paris-gpu-1", move |_| steps.clone()).await;
    plot.only(&["paris-gpu-1"]);
    plot.extra = "[[quota.limit]]\nof = \"key\"\nconcurrent = 1\n".to_owned();
    let house = plot.open().await;
    let client = house.client.clone();
    let first = tokio::spawn(async move { client.chat("x", true).await });
    until("the first at work", async || (!server.asked().is_empty()).then_some(())).await;
    assert_eq!(house.client.chat("y", true).await.status, 429);
    server.go();
    assert_eq!(first.await.unwrap().status, 200);
    let client = house.client.clone();
    let second = tokio::spawn(async move { client.chat("x", true).await });
    until("the second at work, in the place of the first", async || (server.asked().len() > 1).then_some(())).await;
    server.go();
    assert_eq!(second.await.unwrap().status, 200);
}

/// Whoever leaves before the end has taken what was reserved; what backends failed to serve costs nothing.
#[tokio::test(flavor = "multi_thread")]
async fn leaving_before_the_answer_is_not_free() {
    let mut plot = Plot::new().await;
    let server = plot
        .script("paris-gpu-1", |asked| match asked.said().as_str() {
            "fail" => json_answer("500 Internal Server Error", "", "{}"),
            "reset" => vec![Step::Reset],
            "begin" => vec![stream(), Step::Chunk(delta("begun").into_bytes()), Step::Stall],
            "answer" => echo(asked),
            _ => vec![Step::Stall],
        })
        .await;
    plot.only(&["paris-gpu-1"]);
    plot.extra = "[[quota.limit]]\nof = \"app\"\noutput_tokens_day = 1000\n".to_owned();
    let house = plot.open().await;
    for said in ["fail", "reset"] {
        let answer = house.client.post(CHAT, body(said, 900, false)).await;
        assert!(answer.status >= 500, "{said}: {} {}", answer.status, answer.body);
    }
    house.outcomes(2).await;
    for (number, (said, streamed)) in (3..).zip([("stall", false), ("stall", true), ("begin", true)]) {
        let (client, asked) = (house.client.clone(), body(said, 300, streamed));
        let asking = tokio::spawn(async move { client.post(CHAT, asked).await });
        until("the request at the server", async || (server.asked().len() >= number).then_some(())).await;
        asking.abort();
        assert_eq!(house.outcomes(number).await.last().unwrap()["end"], "client-gone", "{said} {streamed}");
    }
    let over = house.client.post(CHAT, body("answer", 101, false)).await;
    assert_eq!((over.status, over.json()["error"]["code"].as_str().unwrap()), (429, "quota_exceeded"), "{}", over.body);
    assert_eq!(house.client.post(CHAT, body("answer", 100, false)).await.status, 200);
}

/// An app that is told only the id of its request is told nothing of limits, but for when to come again.
#[tokio::test(flavor = "multi_thread")]
async fn quiet_apps_are_not_told_what_is_left() {
    let mut plot = Plot::new().await;
    plot.app = "headers = \"id\"\n".to_owned();
    plot.extra = "[[quota.limit]]\nof = \"tenant\"\nrequests_minute = 1\noutput_tokens_minute = 100000\n".to_owned();
    let house = plot.open().await;
    for status in [200, 429] {
        let answer = house.client.chat("x", false).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        let told: Vec<_> = answer.headers.keys().filter(|name| name.as_str().contains("ratelimit")).collect();
        assert!(told.is_empty(), "{told:?}");
        assert_eq!(answer.headers.contains_key("retry-after"), status == 429);
    }
}
