//! Breaks, departures and failures over HTTP/2, where many streams share one connection.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::common::scripted::{self, Scripted, Step, delta};
use super::common::{Client, EMAIL, House, Plot, chat_body};
use super::piece;

fn chunk(text: impl Into<String>) -> Step {
    Step::Chunk(text.into().into_bytes())
}

/// A house whose server does what the seed of a request says: 0 ends its stream well when it may, 1 breaks it, 2 stalls.
async fn house() -> (House, Scripted) {
    let mut plot = Plot::new().await;
    let server = plot
        .script("us-cloud", |asked| {
            let begun = vec![scripted::stream(), chunk(delta(&format!("begun {}. ", asked.said())))];
            let then = match asked.json()["seed"].as_u64() {
                Some(0) => vec![Step::Wait, chunk(delta("ended")), chunk("data: [DONE]\n\n"), chunk("")],
                Some(1) => vec![Step::Reset],
                _ => vec![Step::Stall],
            };
            [begun, then].concat()
        })
        .await;
    plot.only(&["us-cloud"]);
    (plot.open().await, server)
}

async fn connect(client: &Client) -> SendRequest<Full<Bytes>> {
    let stream = TokioIo::new(client.connect_with(&["h2"]).await.unwrap());
    let (sender, driver) = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(driver);
    sender
}

fn request(client: &Client, seed: u64) -> Request<Full<Bytes>> {
    let mut body: serde_json::Value = serde_json::from_str(&chat_body(EMAIL, true)).unwrap();
    body["seed"] = seed.into();
    let mut request = client.request(http::Method::POST, "https://localhost/v1/chat/completions", body.to_string());
    request.headers_mut().remove("host");
    request
}

async fn begin(sender: &mut SendRequest<Full<Bytes>>, client: &Client, seed: u64) -> Response<Incoming> {
    sender.ready().await.unwrap();
    let mut answer = sender.send_request(request(client, seed)).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_2));
    assert!(piece(answer.body_mut()).await.unwrap().unwrap().contains(EMAIL));
    answer
}

/// A stream that breaks says so and is reset; the others of its connection go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_stream_is_reset_alone() {
    let (house, server) = house().await;
    let mut sender = connect(&house.client).await;
    let mut whole = begin(&mut sender, &house.client, 0).await;
    let mut broken = begin(&mut sender, &house.client, 1).await;
    let mut said = String::new();
    let error = loop {
        match piece(broken.body_mut()).await {
            Some(Ok(text)) => said.push_str(&text),
            Some(Err(error)) => break error,
            None => panic!("the stream ended cleanly: {said}"),
        }
    };
    assert!(said.contains("backend_failed") && !said.contains("[DONE]"), "{said}");
    assert!(error.to_string().contains("body"), "{error:?}");
    server.go();
    let rest = whole.body_mut().collect().await.expect("the other stream broke too").to_bytes();
    assert!(String::from_utf8_lossy(&rest).ends_with("data: [DONE]\n\n"));
    let mut ends: Vec<_> =
        house.outcomes(2).await.iter().map(|outcome| outcome["end"].as_str().unwrap().to_owned()).collect();
    ends.sort();
    assert_eq!(ends, ["complete", "upstream-broke"]);
    // The connection takes the next request.
    let last = begin(&mut sender, &house.client, 0).await;
    server.go();
    assert!(last.into_body().collect().await.is_ok());
}

/// A client that resets one stream cancels one request.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_a_stream_cancels_its_request() {
    let (house, server) = house().await;
    let mut sender = connect(&house.client).await;
    let stays = begin(&mut sender, &house.client, 0).await;
    let leaves = begin(&mut sender, &house.client, 2).await;
    let since = Instant::now();
    drop(leaves);
    server.left(1).await;
    assert!(since.elapsed() < Duration::from_secs(1), "cancelled after {:?}", since.elapsed());
    assert_eq!(house.outcomes(1).await[0]["end"], "client-gone");
    server.go();
    assert!(stays.into_body().collect().await.is_ok());
}

/// A client that leaves before the head of an answer cancels too.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_before_the_answer_cancels_its_request() {
    let mut plot = Plot::new().await;
    let server = plot.script("us-cloud", |_| vec![Step::Stall]).await;
    plot.only(&["us-cloud"]);
    let house = plot.open().await;
    let mut sender = connect(&house.client).await;
    sender.ready().await.unwrap();
    let asking = tokio::spawn(sender.send_request(request(&house.client, 0)));
    super::common::until("the request at the server", async || (!server.asked().is_empty()).then_some(())).await;
    asking.abort();
    server.left(1).await;
    assert_eq!(house.outcomes(1).await[0]["end"], "client-gone");
}

/// A connection that goes away takes all its requests with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_cancels_all_its_requests() {
    let (house, server) = house().await;
    // A runtime of its own: what it drops is closed without a word of HTTP/2.
    let elsewhere = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let client = house.client.clone();
    let mut sender = elsewhere.spawn(async move { connect(&client).await }).await.unwrap();
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(begin(&mut sender, &house.client, 2).await);
    }
    elsewhere.shutdown_background();
    server.left(3).await;
    assert!(house.outcomes(3).await.iter().all(|outcome| outcome["end"] == "client-gone"));
}
