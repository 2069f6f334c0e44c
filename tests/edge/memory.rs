//! Memory for bodies and places for requests: shared out between tenants, and given back when a request ends or its client
//! goes away.

use octroi::identity;
use tokio::io::AsyncWriteExt as _;

use super::common::scripted::{self, Step};
use super::common::{Client, House, Plot, chat_body, page, until};

const CHAT: &str = "/v1/chat/completions";

/// A house with an app of a second tenant, and the client of that one.
async fn two_tenants(
    limits: &str,
    script: impl Fn(&scripted::Asked) -> Vec<Step> + Send + Sync + 'static,
) -> (House, Client, scripted::Scripted) {
    let mut plot = Plot::new().await;
    let key = identity::new_key(&plot.root).unwrap().key.to_string();
    let hash = identity::hash_of(&plot.root, &key);
    plot.extra = format!("[limits]\n{limits}\n[[app]]\nname = \"notes\"\ntenant = \"clinic\"\nkeys = [\"{hash}\"]\n");
    let server = plot.script("paris-gpu-1", script).await;
    plot.only(&["paris-gpu-1"]);
    let house = plot.open().await;
    let other = Client::new(&house.plot.authority, house.app.address(), &key);
    (house, other, server)
}

/// The gauge that an operator sees.
async fn held(house: &House) -> usize {
    let (_, page) = page(house.app.admin().unwrap(), "/metrics").await.unwrap();
    let line = page.lines().find_map(|line| line.strip_prefix("octroi_body_bytes_held ")).unwrap();
    line.parse().unwrap()
}

/// A connection on which a request was written and from which nothing is read.
async fn unread(client: &Client, length: usize, body: &str) -> impl Sized + use<> {
    let mut stream = client.connect().await.unwrap();
    let head = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer {}\r\n\
         content-length: {length}\r\n\r\n",
        client.key
    );
    // A gateway that refuses closes the connection: the rest is then not written.
    drop(stream.write_all(head.as_bytes()).await);
    drop(stream.write_all(body.as_bytes()).await);
    drop(stream.flush().await);
    stream
}

/// One tenant sends body after body and ends none: it is refused at its share, the other is served beside it, and what the
/// first held is free as soon as its clients have gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_sends_without_end_starves_no_other() {
    let (house, other, server) = two_tenants("body_bytes = 500000\nbodies_bytes = 4000000", scripted::echo).await;
    let text = "a long text ".repeat(33_000);
    let half = &chat_body(&text, false)[..300_000];
    let mut stalled = Vec::new();
    for _ in 0..10 {
        stalled.push(unread(&house.client, 450_000, half).await);
    }
    until("a tenant that holds all it may", async || (held(&house).await > 1_600_000).then_some(())).await;
    let refused = house.client.chat(&text, false).await;
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (429, &"tenant_overloaded".into()));
    assert_eq!(refused.header("retry-after"), "1");
    assert!(held(&house).await <= 2_000_000, "a tenant alone may have half");
    for _ in 0..3 {
        let served = other.chat(&text, false).await;
        assert_eq!(served.status, 200, "{}", served.body);
    }
    assert_eq!(server.asked().len(), 3);
    drop(stalled);
    until("the memory of clients that went away", async || (held(&house).await == 0).then_some(())).await;
    assert_eq!(house.client.chat(&text, false).await.status, 200);
    // The client may have read the last of an answer before the gateway lets go of it.
    until("the memory of an answer that was taken", async || (held(&house).await == 0).then_some(())).await;
}

/// One tenant asks for large answers and reads none: each is held until its client has taken it, the next is refused and that
/// is in the record, and the other tenant is served.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads_starve_no_other() {
    let large = |_: &scripted::Asked| {
        let content = "y".repeat(20_000_000);
        scripted::json("200 OK", "", &format!(r#"{{"choices":[{{"index":0,"message":{{"content":"{content}"}}}}]}}"#))
    };
    let (house, other, server) = two_tenants("body_bytes = 500000\nbodies_bytes = 100000000", large).await;
    let body = chat_body("x", false);
    let unread = [unread(&house.client, body.len(), &body).await, unread(&house.client, body.len(), &body).await];
    until("two answers", async || (held(&house).await > 40_000_000).then_some(())).await;
    until("what their restoring took", async || (held(&house).await < 41_000_000).then_some(())).await;
    let refused = house.client.chat("x", false).await;
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (429, &"tenant_overloaded".into()));
    // What nobody has read has not ended; the refusal has.
    let outcomes = house.outcomes(1).await;
    assert!(outcomes.iter().any(|outcome| outcome["end"] == "refused" && outcome["status"] == 429), "{outcomes:?}");
    let served = other.chat("x", false).await;
    assert_eq!((served.status, served.clean), (200, true));
    assert!(served.body.len() > 20_000_000);
    assert_eq!(server.asked().len(), 4);
    drop(unread);
    until("the memory of clients that went away", async || (held(&house).await == 0).then_some(())).await;
    let outcomes = house.outcomes(4).await;
    let gone = |outcome: &&serde_json::Value| {
        outcome["end"] == "client-gone" && outcome["bytes_out"].as_u64() < Some(20_000_000)
    };
    assert_eq!(outcomes.iter().filter(gone).count(), 2, "{outcomes:?}");
    assert_eq!(house.client.chat("x", false).await.status, 200);
    until("the memory of an answer that was read", async || (held(&house).await == 0).then_some(())).await;
}

/// When others hold most of it, who asks for more than is free is told that the gateway is full, not that it is its own doing.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_gateway_says_so() {
    let (house, other, server) = two_tenants("body_bytes = 1000000\nbodies_bytes = 4000000", scripted::echo).await;
    let text = "a long text ".repeat(75_000);
    let most = &"x".repeat(960_000);
    let stalled = [unread(&house.client, 990_000, most).await, unread(&house.client, 990_000, most).await];
    until("a tenant that holds much", async || (held(&house).await >= 1_920_000).then_some(())).await;
    let refused = other.chat(&text, false).await;
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (503, &"overloaded".into()), "{}", refused.body);
    assert_eq!(refused.header("retry-after"), "1");
    assert!(server.asked().is_empty());
    drop(stalled);
    until("the memory", async || (held(&house).await == 0).then_some(())).await;
    assert_eq!(other.chat(&text, false).await.status, 200);
}

/// One tenant keeps as many requests open as it may: it is refused beyond them, and the other is served until all is taken.
#[tokio::test(flavor = "multi_thread")]
async fn places_are_shared_out() {
    let script = |asked: &scripted::Asked| [vec![Step::Wait], scripted::echo(asked)].concat();
    let (house, other, server) = two_tenants("requests = 7", script).await;
    let mut open = Vec::new();
    let mut keep_open = async |client: &Client, count: usize| {
        for _ in 0..count {
            let client = client.clone();
            open.push(tokio::spawn(async move { client.chat("x", false).await.status }));
        }
        until("the requests", async || (server.asked().len() == open.len()).then_some(())).await;
    };
    keep_open(&house.client, 4).await;
    let refused = house.client.chat("x", false).await;
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (429, &"tenant_overloaded".into()));
    keep_open(&other, 2).await;
    let refused = other.chat("x", false).await;
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (503, &"overloaded".into()));
    assert!(!refused.header("retry-after").is_empty());
    (0..=open.len()).for_each(|_| server.go());
    for asked in open {
        assert_eq!(asked.await.unwrap(), 200);
    }
    assert_eq!(house.client.chat("x", false).await.status, 200);
}
