//! Answers that are none, and where a request goes then.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::common::scripted::{self, Asked, Scripted, Step, echo, json};
use super::common::{EMAIL, House, Plot, chat_body};

/// A house with one scripted server in Paris, and no other.
async fn alone(script: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static) -> (House, Scripted) {
    let mut plot = Plot::new().await;
    plot.backend = "first_byte_s = 1\nreply_idle_s = 1".to_owned();
    let server = plot.script("paris-gpu-1", script).await;
    plot.only(&["paris-gpu-1"]);
    (plot.open().await, server)
}

/// What one server's failures look like to a client that has no other.
#[tokio::test(flavor = "multi_thread")]
async fn failures_of_the_only_server() {
    let ok = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let raw = |text: String| vec![Step::Raw(text.into_bytes()), Step::Close];
    let error = "{\"error\":{\"message\":\"the key sk-secret is wrong\"}}";
    let redirect = "location: https://elsewhere.example/\r\n";
    let rows: Vec<(&str, Vec<Step>, u16, &str)> = vec![
        ("a body cut short", raw(format!("{ok}content-length: 100\r\n\r\n{{\"choices\":")), 502, "backend_failed"),
        (
            "a chunked body cut short",
            raw(format!("{ok}transfer-encoding: chunked\r\n\r\n5\r\n{{\"a\":")),
            502,
            "backend_failed",
        ),
        (
            "a body that stalls",
            vec![Step::Raw(format!("{ok}content-length: 9\r\n\r\n{{").into()), Step::Stall],
            502,
            "backend_failed",
        ),
        ("no JSON", json("200 OK", "", "<html>sk-secret</html>"), 502, "backend_failed"),
        ("two documents", json("200 OK", "", "{}{}"), 502, "backend_failed"),
        ("the same key twice", json("200 OK", "", "{\"id\":\"a\",\"id\":\"b\"}"), 502, "backend_failed"),
        ("a content coding", json("200 OK", "content-encoding: gzip\r\n", "{}"), 502, "backend_failed"),
        ("307", json("307 Temporary Redirect", redirect, "{}"), 502, "backend_failed"),
        ("302", json("302 Found", redirect, "{}"), 502, "backend_failed"),
        ("401", json("401 Unauthorized", "", error), 502, "backend_failed"),
        ("403", json("403 Forbidden", "", error), 502, "backend_failed"),
        ("402", json("402 Payment Required", "", error), 502, "backend_failed"),
        ("429", json("429 Too Many Requests", "retry-after: 17\r\n", error), 429, "backends_full"),
        ("500", json("500 Internal Server Error", "", error), 502, "backend_failed"),
        ("503", json("503 Service Unavailable", "retry-after: 9\r\n", error), 429, "backends_full"),
        ("no HTTP", raw("SSH-2.0-nothing\r\n\r\n".to_owned()), 503, "backends_unavailable"),
        ("a reset", vec![Step::Reset], 503, "backends_unavailable"),
        ("silence", vec![Step::Stall], 429, "backends_full"),
    ];
    for (name, steps, status, code) in rows {
        let (house, server) = alone(move |_| steps.clone()).await;
        for stream in [false, true] {
            let answer = house.client.chat(EMAIL, stream).await;
            assert_eq!(
                (answer.status, answer.json()["error"]["code"].as_str()),
                (status, Some(code)),
                "{name}: {answer:?}"
            );
            assert!(
                !answer.body.contains("sk-secret") && !answer.body.contains("elsewhere"),
                "{name}: {}",
                answer.body
            );
            assert_eq!(answer.headers.contains_key("retry-after"), matches!(status, 429 | 503), "{name}");
            match name {
                "429" => assert_eq!(answer.header("retry-after"), "17"),
                "503" => assert_eq!(answer.header("retry-after"), "9"),
                _ => {}
            }
        }
        assert_eq!(server.asked().len(), 2, "{name}: asked more than once for a request");
        let outcomes = house.outcomes(2).await;
        for outcome in outcomes {
            assert_eq!((&outcome["end"], &outcome["status"]), (&"refused".into(), &status.into()), "{name}");
            assert!(outcome["cause"].is_string(), "{name}: why it did not serve: {outcome}");
        }
        assert_eq!(house.entries_of("decision").await.len(), 2, "{name}");
    }
}

/// Errors that the caller can mend are passed on, in the server's words.
#[tokio::test(flavor = "multi_thread")]
async fn errors_of_the_caller_are_passed_on() {
    for status in ["400 Bad Request", "404 Not Found", "409 Conflict", "413 Too Large", "422 Unprocessable"] {
        let body = "{\"error\":{\"message\":\"max_tokens is too large\",\"code\":\"x\"}}";
        let (house, _server) = alone(move |_| json(status, "", body)).await;
        let answer = house.client.chat(EMAIL, true).await;
        assert_eq!(answer.status.to_string(), status[..3]);
        assert_eq!(answer.body, body);
    }
}

/// Two servers in Paris, of which the first asked fails as told and the other answers, and one abroad.
async fn pair(steps: impl Fn() -> Vec<Step> + Clone + Send + Sync + 'static) -> (House, [Scripted; 3]) {
    let mut plot = Plot::new().await;
    plot.backend = "first_byte_s = 1".to_owned();
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let script = move |request: &Asked| match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => steps(),
        _ => echo(request),
    };
    let one = plot.script("paris-gpu-1", script.clone()).await;
    let two = plot.script("paris-gpu-2", script).await;
    let abroad = plot.script("us-cloud", echo).await;
    (plot.open().await, [one, two, abroad])
}

fn backends(entries: &[Value]) -> Vec<(String, String)> {
    let of = |entry: &Value| {
        let cause = entry["cause"].as_str().unwrap_or("first").to_owned();
        (entry["sending"]["backend"].as_str().unwrap().to_owned(), cause)
    };
    entries.iter().filter(|entry| entry["sending"].is_object()).map(of).collect()
}

/// Before the first byte, the other server of the tier takes over, and each attempt is in the record.
#[tokio::test(flavor = "multi_thread")]
async fn failover_within_a_tier() {
    let rows: Vec<(&str, Vec<Step>)> = vec![
        ("broke", vec![Step::Reset]),
        ("malformed", vec![Step::Raw(b"nothing\r\n\r\n".to_vec()), Step::Close]),
        ("overloaded", json("429 Too Many Requests", "", "{}")),
        ("overloaded", json("503 Service Unavailable", "", "{}")),
        ("error", json("500 Internal Server Error", "", "{}")),
        ("denied", json("401 Unauthorized", "", "{}")),
        ("redirected", json("301 Moved Permanently", "location: /\r\n", "{}")),
        ("timeout", vec![Step::Stall]),
    ];
    for (cause, steps) in rows {
        let (house, [one, two, abroad]) = pair(move || steps.clone()).await;
        let answer = house.client.chat(EMAIL, false).await;
        assert_eq!(answer.status, 200, "{cause}: {}", answer.body);
        assert!(answer.body.contains(EMAIL), "{cause}");
        assert_eq!([one.asked().len(), two.asked().len(), abroad.asked().len()], [1, 1, 0], "{cause}");
        let entries = house.entries().await;
        let attempts = backends(&entries);
        assert_eq!(attempts.len(), 2, "{cause}: {attempts:?}");
        assert_ne!(attempts[0].0, attempts[1].0, "{cause}");
        assert_eq!(attempts[1].1, cause);
        assert_eq!(house.outcomes(1).await[0]["backend"], attempts[1].0.as_str(), "{cause}");
        assert_eq!(answer.header("octroi-backend"), attempts[1].0);
    }
}

/// After the first byte of an answer nobody else is asked.
#[tokio::test(flavor = "multi_thread")]
async fn no_failover_after_the_first_byte() {
    let begun = scripted::stream();
    let half = Step::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec());
    for (stream, steps) in [(true, vec![begun, Step::Reset]), (false, vec![half, Step::Reset])] {
        let (house, servers) = pair(move || steps.clone()).await;
        let answer = house.client.chat("x", stream).await;
        assert!(!answer.clean || answer.status == 502, "{answer:?}");
        let asked: usize = servers.iter().map(|server| server.asked().len()).sum();
        assert_eq!(asked, 1);
        assert!(house.entries_of("attempt").await.is_empty());
    }
}

/// `or after 2 s of waiting`: a full tier at home is waited for, then left, with duties of the next.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_home_is_left_after_the_wait() {
    let mut plot = Plot::new().await;
    let full = |_: &Asked| json("429 Too Many Requests", "retry-after: 5\r\n", "{}");
    let (one, two) = (plot.script("paris-gpu-1", full).await, plot.script("paris-gpu-2", full).await);
    let abroad = plot.script("us-cloud", echo).await;
    let house = plot.open().await;
    let since = Instant::now();
    let answer = house.client.chat(EMAIL, false).await;
    assert!(since.elapsed() >= Duration::from_secs(2), "left after {:?}", since.elapsed());
    assert_eq!(answer.header("octroi-backend"), "us-cloud", "{answer:?}");
    assert!(answer.body.contains(EMAIL) && !abroad.asked()[0].body.contains(EMAIL));
    assert_eq!([one.asked().len(), two.asked().len()], [1, 1]);
    let attempts = house.entries_of("attempt").await;
    assert_eq!(attempts.len(), 2);
    assert_eq!((&attempts[1]["fell_back"], &attempts[1]["cause"]), (&true.into(), &"overloaded".into()));
    // A health term may not cross: the client is told to come back.
    let body = chat_body("Mme Camille Aubertin has diabetes", false);
    let refused = house.client.post("/v1/chat/completions", body).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "5"), "{refused:?}");
    assert_eq!(abroad.asked().len(), 1);
}

/// Servers at home that are down and not full are left at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_is_down_is_left_at_once() {
    let mut plot = Plot::new().await;
    plot.paris_down(true);
    let abroad = plot.script("us-cloud", echo).await;
    let house = plot.open().await;
    let since = Instant::now();
    assert_eq!(house.client.chat("x", false).await.header("octroi-backend"), "us-cloud");
    assert!(since.elapsed() < Duration::from_secs(2));
    assert_eq!(abroad.asked().len(), 1);
}

/// What is said when nothing is left: full if one that is allowed is full, failed if one failed, down if all are down.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_when_nothing_is_left() {
    let full = json("429 Too Many Requests", "retry-after: 3\r\n", "{}");
    let busy = json("503 Service Unavailable", "", "{}");
    let down = vec![Step::Reset];
    let slow = vec![Step::Stall];
    let fails = json("500 Internal Server Error", "", "{}");
    let rows = [
        ("down, down", [&down, &down], 503, "backends_unavailable", "5"),
        ("full, full", [&full, &full], 429, "backends_full", "3"),
        ("busy, busy", [&busy, &busy], 429, "backends_full", "2"),
        ("slow, slow", [&slow, &slow], 429, "backends_full", "2"),
        ("full, down", [&full, &down], 429, "backends_full", "3"),
        ("down, busy", [&down, &busy], 429, "backends_full", "2"),
        ("fails, down", [&fails, &down], 502, "backend_failed", ""),
        ("fails, full", [&fails, &full], 429, "backends_full", "3"),
    ];
    for (name, steps, status, code, retry_after) in rows {
        let mut plot = Plot::new().await;
        plot.backend = "first_byte_s = 1".to_owned();
        let [one, two] = steps.map(Clone::clone);
        let one = plot.script("paris-gpu-1", move |_| one.clone()).await;
        let two = plot.script("paris-gpu-2", move |_| two.clone()).await;
        plot.only(&["paris-gpu-1", "paris-gpu-2"]);
        let house = plot.open().await;
        let answer = house.client.chat("x", false).await;
        assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (status, Some(code)), "{name}");
        assert_eq!(answer.header("retry-after"), retry_after, "{name}");
        assert_eq!([one.asked().len(), two.asked().len()], [1, 1], "{name}");
    }
}

/// A tier of which one server is full and the other down is not unavailable: it is left after the wait, not at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_is_half_down_is_waited_for() {
    let mut plot = Plot::new().await;
    let _full = plot.script("paris-gpu-1", |_| json("503 Service Unavailable", "", "{}")).await;
    let _down = plot.script("paris-gpu-2", |_| vec![Step::Reset]).await;
    let abroad = plot.script("us-cloud", echo).await;
    let house = plot.open().await;
    let since = Instant::now();
    assert_eq!(house.client.chat("x", false).await.header("octroi-backend"), "us-cloud");
    assert!(since.elapsed() >= Duration::from_secs(2), "left after {:?}", since.elapsed());
    assert_eq!(abroad.asked().len(), 1);
}
