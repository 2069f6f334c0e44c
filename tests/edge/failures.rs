//! A stage that panics, and what a collector of traces is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use octroi::audit::{AuditError, AuditLog, BoxFuture, Head, Position, Slot};
use octroi::model::entry::Entry;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::common::process::Process;
use super::common::{Client, Plot, VALUES, chat_body, prompt};

/// A log that panics once it has written, when it is told to, as a fault of ours would.
#[derive(Debug)]
struct Panicking {
    inner: Arc<dyn AuditLog>,
    armed: Arc<AtomicBool>,
}

impl AuditLog for Panicking {
    fn append(&self, entry: Entry) -> BoxFuture<'_, Result<Position, AuditError>> {
        Box::pin(async move {
            let position = self.inner.append(entry).await;
            assert!(!self.armed.swap(false, Ordering::SeqCst), "a fault of ours");
            position
        })
    }

    fn reserve(&self) -> Result<Slot, AuditError> {
        self.inner.reserve()
    }

    fn head(&self) -> Head {
        self.inner.head()
    }

    fn read(&self, range: std::ops::Range<u64>) -> BoxFuture<'_, Result<Vec<Vec<u8>>, AuditError>> {
        self.inner.read(range)
    }

    fn healthy(&self) -> bool {
        self.inner.healthy()
    }
}

/// A panic refuses one request, on a connection that goes on, and ends in the record under its own word.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_refuses_one_request() {
    let armed = Arc::new(AtomicBool::new(false));
    let shared = Arc::clone(&armed);
    let house = Plot::new().await.open_on(move |inner| Arc::new(Panicking { inner, armed: shared })).await;
    let stream = hyper_util::rt::TokioIo::new(house.client.connect().await.unwrap());
    let (mut sender, driver) = hyper::client::conn::http1::handshake(stream).await.unwrap();
    tokio::spawn(driver);
    for (panics, status) in [(false, 200), (true, 500), (false, 200)] {
        armed.store(panics, Ordering::SeqCst);
        sender.ready().await.unwrap();
        let request = house.client.request(http::Method::POST, "/v1/chat/completions", chat_body(&prompt(), false));
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), status);
        let body = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        if panics {
            assert!(body.contains("\"internal\"") && !body.contains("a fault of ours"), "{body}");
        }
    }
    let seen: usize =
        ["paris-gpu-1", "paris-gpu-2", "us-cloud"].iter().map(|name| house.plot.received(name).len()).sum();
    assert_eq!(seen, 2);
    let page = house.app.gate().telemetry.page();
    assert!(page.contains("octroi_panics_total 1"), "{page}");
    assert!(page.contains("status=\"500\",code=\"internal\"") && !page.contains("client_gone"), "{page}");
    let outcomes = house.outcomes(3).await;
    let ends: Vec<_> = outcomes.iter().map(|outcome| outcome["end"].as_str().unwrap()).collect();
    assert_eq!(ends, ["complete", "failed", "complete"]);
}

/// A collector of traces and metrics: takes everything, answers 200.
async fn collector() -> (u16, mpsc::UnboundedReceiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                while let Ok(1..) = stream.read_buf(&mut bytes).await {
                    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
                    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                    let whole = end + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap());
                    if bytes.len() >= whole {
                        let body = bytes.drain(..whole).collect();
                        drop(sender.send((head, body)));
                        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                    }
                }
            });
        }
    });
    (port, receiver)
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Spans and metrics are exported where the standard variables say so, and no value of a request is in them.
#[tokio::test(flavor = "multi_thread")]
async fn exported_spans_hold_no_value() {
    let (port, mut exported) = collector().await;
    let endpoint = format!("http://127.0.0.1:{port}");
    let plot = Plot::new().await;
    let process = Process::start(&plot, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    let client = Client::new(&plot.authority, process.address, &plot.key);
    assert_eq!(client.chat(&prompt(), false).await.status, 200);
    plot.paris_down(true);
    let abroad = client.chat(&prompt(), true).await;
    assert_eq!(abroad.status, 200);
    assert_eq!(client.chat(&format!("{} has diabetes", prompt()), false).await.status, 503);
    process.terminate();
    let (said, status) = process.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
    let (mut spans, mut metrics) = (Vec::new(), Vec::new());
    let gathering = async {
        while spans.is_empty() || metrics.is_empty() {
            let (head, body) = exported.recv().await.unwrap();
            if head.starts_with("post /v1/traces") { spans.extend(body) } else { metrics.extend(body) }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gathering).await.unwrap_or_else(|_| panic!("nothing came: {said}"));
    while let Ok((head, body)) = exported.try_recv() {
        if head.starts_with("post /v1/traces") { spans.extend(body) } else { metrics.extend(body) }
    }
    for name in
        ["gen_ai.operation.name", "gen_ai.request.model", "octroi.request_id", "us-cloud", "backends_unavailable"]
    {
        assert!(holds(&spans, name), "spans lack {name}");
    }
    assert!(holds(&metrics, "gen_ai.server.request.duration"));
    for value in VALUES.iter().copied().chain([plot.key.as_str(), "Aubertin", "camille.aubertin", "<EMAIL", "diabetes"])
    {
        assert!(!holds(&spans, value) && !holds(&metrics, value), "exported: {value}");
        assert!(!said.contains(value), "logged: {value}");
    }
    assert_eq!(said.matches("Request ended").count(), 3, "{said}");
    let entries = super::common::verified_entries(&plot.path("audit"));
    let traces: Vec<_> = entries.iter().filter_map(|entry| entry["trace"].as_str()).collect();
    assert!(
        !traces.is_empty() && traces.iter().all(|trace| trace.len() == 32),
        "decisions name their trace: {traces:?}"
    );
}
