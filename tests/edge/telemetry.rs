//! Logs, and what a collector of traces and metrics is told.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use super::common::process::Process;
use super::common::{Client, Plot, VALUES, chat_body, prompt, scripted, until};

/// What came to a collector: the head in lower case, the body.
pub(super) type Exported = mpsc::UnboundedReceiver<(String, Vec<u8>)>;

/// A collector of traces and metrics: takes everything, answers 200. Over TLS when it has an identity.
pub(super) async fn collector(tls: Option<Arc<rustls::ServerConfig>>) -> (u16, Exported) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (sender, tls) = (sender.clone(), tls.clone());
            tokio::spawn(async move {
                match tls {
                    None => take(stream, sender).await,
                    Some(tls) => {
                        let mut tls = rustls::ServerConfig::clone(&tls);
                        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
                        if let Ok(stream) = TlsAcceptor::from(Arc::new(tls)).accept(stream).await {
                            take(stream, sender).await;
                        }
                    }
                }
            });
        }
    });
    (port, receiver)
}

async fn take(mut stream: impl AsyncRead + AsyncWrite + Unpin, sender: mpsc::UnboundedSender<(String, Vec<u8>)>) {
    let mut bytes = Vec::new();
    while let Ok(1..) = stream.read_buf(&mut bytes).await {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let whole = end + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap());
        if bytes.len() >= whole {
            let mut body = bytes[end + 4..whole].to_vec();
            if head.contains("content-encoding: gzip") {
                let coded = std::mem::take(&mut body);
                flate2::read::GzDecoder::new(&coded[..]).read_to_end(&mut body).unwrap();
            }
            bytes.drain(..whole);
            drop(sender.send((head, body)));
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        }
    }
}

/// Everything that comes until both signals have: heads, spans, metrics.
pub(super) async fn gather(exported: &mut Exported) -> (Vec<String>, Vec<u8>, Vec<u8>) {
    let (mut heads, mut spans, mut metrics) = (Vec::new(), Vec::new(), Vec::new());
    let mut sort = |head: String, body: Vec<u8>| {
        if head.starts_with("post /v1/traces") {
            spans.extend(body);
        } else {
            metrics.extend(body);
        }
        heads.push(head);
        !spans.is_empty() && !metrics.is_empty()
    };
    let gathering = async {
        loop {
            let (head, body) = exported.recv().await.unwrap();
            if sort(head, body) {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gathering).await.expect("not both signals came");
    while let Ok((head, body)) = exported.try_recv() {
        sort(head, body);
    }
    (heads, spans, metrics)
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Spans and metrics are exported where the standard variables say so, and no value of a request is in them.
#[tokio::test(flavor = "multi_thread")]
async fn exported_spans_hold_no_value() {
    let (port, mut exported) = collector(None).await;
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
    let (_, spans, metrics) = gather(&mut exported).await;
    for name in [
        "chat assistant",
        "gen_ai.operation.name",
        "gen_ai.request.model",
        "octroi.request_id",
        "us-cloud",
        "backends_unavailable",
    ] {
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

/// A caller's trace goes on through the gateway to a backend on premises, and no further; what is no trace is none.
#[tokio::test(flavor = "multi_thread")]
async fn traces_go_through_to_backends_on_premises() {
    let (port, mut exported) = collector(None).await;
    let endpoint = format!("http://127.0.0.1:{port}");
    let mut plot = Plot::new().await;
    let home = plot.script("paris-gpu-1", scripted::echo).await;
    let abroad = plot.script("us-cloud", scripted::echo).await;
    plot.only(&["paris-gpu-1", "us-cloud"]);
    let process = Process::start(&plot, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    let client = Client::new(&plot.authority, process.address, &plot.key);
    let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let ask = async |traceparent: &str| {
        let mut request = client.request(http::Method::POST, "/v1/chat/completions", chat_body("x", false));
        for (name, value) in [("traceparent", traceparent), ("tracestate", "a=b"), ("baggage", "name=camille")] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        assert_eq!(client.send(request).await.unwrap().status, 200);
    };
    // Not to be sampled, says the caller: that is not its to say.
    ask(&format!("00-{trace}-{parent}-00")).await;
    ask("00-camille-aubertin-01").await;
    let sent = |asked: &scripted::Asked| {
        let head = asked.head.to_lowercase();
        assert!(!head.contains("tracestate") && !head.contains("baggage") && !head.contains("camille"), "{head}");
        head.lines().find_map(|line| line.strip_prefix("traceparent: ").map(str::to_owned))
    };
    let told: Vec<_> = home.asked().iter().filter_map(sent).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with(&format!("00-{trace}-")) && told[0].ends_with("-01"), "{told:?}");
    assert!(!told[0].contains(parent), "the gateway's span is the parent now: {told:?}");
    assert!(!told[1].contains(trace) && told[1].len() == 55, "a trace of its own: {told:?}");
    home.set_script(|_| vec![scripted::Step::Reset]);
    ask(&format!("00-{trace}-{parent}-01")).await;
    let asked = abroad.asked();
    assert_eq!((asked.len(), sent(&asked[0])), (1, None), "nobody else is told");
    process.terminate();
    assert_eq!(process.ended().await.1.code(), Some(0));
    let (_, spans, _) = gather(&mut exported).await;
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let holds = |hex: &str| {
        let bytes: Vec<u8> = hex.as_bytes().chunks(2).map(byte).collect();
        spans.windows(bytes.len()).any(|window| window == bytes)
    };
    assert!(holds(trace) && holds(parent), "the span is part of the caller's trace");
    let entries = super::common::verified_entries(&plot.path("audit"));
    // An id of the caller's making may be a number of somebody's: it is in no entry, and one of ours is.
    let recorded: Vec<_> = entries.iter().filter_map(|entry| entry["trace"].as_str()).collect();
    assert_eq!(recorded.len(), 1, "{recorded:?}");
    assert!(entries.iter().all(|entry| !entry.to_string().contains(trace)), "{entries:?}");
}

/// A collector over TLS, by authorities of the system or of a variable; headers, names and attributes as the variables say.
#[tokio::test(flavor = "multi_thread")]
async fn collectors_over_tls() {
    for authorities in ["SSL_CERT_FILE", "OTEL_EXPORTER_OTLP_CERTIFICATE"] {
        let plot = Plot::new().await;
        let (port, mut exported) = collector(Some(Arc::clone(&plot.tls))).await;
        let (endpoint, roots) = (format!("https://localhost:{port}/v1/traces"), plot.path("certs/ca.pem"));
        let base = format!("https://localhost:{port}");
        let process = Process::start(
            &plot,
            &[
                ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &endpoint),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &base),
                ("OTEL_EXPORTER_OTLP_HEADERS", "x-scope=paris,authorization=Basic%20YTpi"),
                ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
                ("OTEL_SERVICE_NAME", "gate-of-paris"),
                ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=staging"),
                (authorities, roots.to_str().unwrap()),
            ],
        );
        let client = Client::new(&plot.authority, process.address, &plot.key);
        assert_eq!(client.chat("x", false).await.status, 200);
        process.terminate();
        let (said, status) = process.ended().await;
        assert_eq!(status.code(), Some(0), "{said}");
        let (heads, spans, metrics) = gather(&mut exported).await;
        for head in heads {
            assert!(head.contains("x-scope: paris") && head.contains("authorization: basic ytpi"), "{head}");
            assert!(head.contains(&format!("host: localhost:{port}")), "{head}");
        }
        for signal in [spans, metrics] {
            for name in ["gate-of-paris", "deployment.environment.name", "staging"] {
                assert!(holds(&signal, name), "{authorities}: {name} is missing");
            }
            assert!(!holds(&signal, "unknown_service"));
        }
    }
}

/// A collector that proves nothing gets nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_trusted_gets_nothing() {
    let (plot, stranger) = (Plot::new().await, Plot::new().await);
    let (port, mut exported) = collector(Some(Arc::clone(&stranger.tls))).await;
    let (endpoint, roots) = (format!("https://localhost:{port}"), plot.path("certs/ca.pem"));
    let process = Process::start(
        &plot,
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint), ("SSL_CERT_FILE", roots.to_str().unwrap())],
    );
    let client = Client::new(&plot.authority, process.address, &plot.key);
    assert_eq!(client.chat("x", false).await.status, 200);
    process.terminate();
    let (said, status) = process.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(exported.try_recv().is_err());
    assert_eq!(said.matches("Request ended").count(), 1, "{said}");
}

/// Variables that switch off what others switch on.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_off_is_not_exported() {
    for (off, expected) in [
        (vec![("OTEL_SDK_DISABLED", "true")], vec![]),
        (vec![("OTEL_TRACES_EXPORTER", "none"), ("OTEL_METRICS_EXPORTER", "none")], vec![]),
        (vec![("OTEL_TRACES_EXPORTER", "none")], vec!["post /v1/metrics"]),
    ] {
        let (port, mut exported) = collector(None).await;
        let endpoint = format!("http://127.0.0.1:{port}");
        let plot = Plot::new().await;
        let variables = [vec![("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())], off.clone()].concat();
        let process = Process::start(&plot, &variables);
        let client = Client::new(&plot.authority, process.address, &plot.key);
        assert_eq!(client.chat("x", false).await.status, 200);
        process.terminate();
        assert_eq!(process.ended().await.1.code(), Some(0));
        let mut came: Vec<String> = std::iter::from_fn(|| exported.try_recv().ok())
            .map(|(head, _)| head.split(" http").next().unwrap().to_owned())
            .collect();
        came.dedup();
        assert_eq!(came, expected, "{off:?}");
    }
}

/// A collector that takes the connection and says nothing is left after the time that the variable gives.
#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_a_collector_is_set() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let plot = Plot::new().await;
    let process = Process::start(
        &plot,
        &[
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &endpoint),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "300"),
            ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ],
    );
    let client = Client::new(&plot.authority, process.address, &plot.key);
    assert_eq!(client.chat("x", false).await.status, 200);
    let (mut stream, _) = tokio::time::timeout(Duration::from_secs(10), listener.accept()).await.unwrap().unwrap();
    let since = std::time::Instant::now();
    let mut all = Vec::new();
    let left = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut all)).await;
    drop(left.expect("the gateway waits on"));
    assert!(!all.is_empty() && since.elapsed() >= Duration::from_millis(200), "left after {:?}", since.elapsed());
}

/// What the variables ask for and this build has not is a fault at the start, with its name; a credential is not shown.
#[tokio::test(flavor = "multi_thread")]
async fn variables_that_cannot_be_honoured() {
    let plot = Plot::new().await;
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/json"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://collector"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "sk-secret"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zip"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "nowhere.pem"),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "nowhere.key"),
    ] {
        let roots = plot.path("certs/ca.pem");
        let variables = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://localhost:1"),
            ("SSL_CERT_FILE", roots.to_str().unwrap()),
            (name, value),
        ];
        let (said, status) = Process::start_in_vain(&plot, &variables).ended().await;
        assert_eq!(status.code(), Some(2), "{name}={value}: {said}");
        let word = name.strip_prefix("OTEL_EXPORTER_OTLP_").unwrap_or(name).to_lowercase();
        assert!(said.to_lowercase().contains(&word) && !said.contains("sk-secret"), "{name}={value}: {said}");
        assert!(!said.contains("ready"), "{name}={value}: it listened");
    }
}

/// N requests give N lines, whoever listens to traces: nobody, a collector, one that is down, one that hangs.
#[tokio::test(flavor = "multi_thread")]
async fn every_request_has_its_line() {
    const REQUESTS: usize = 60;
    let (port, _exported) = collector(None).await;
    let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let down = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    for (name, port) in [
        ("nobody", None),
        ("a collector", Some(port)),
        ("one that is down", Some(down)),
        ("one that hangs", Some(hanging.local_addr().unwrap().port())),
    ] {
        let endpoint = port.map(|port| format!("http://127.0.0.1:{port}")).unwrap_or_default();
        let plot = Plot::new().await;
        let process = Process::start(
            &plot,
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "500"),
                ("OTEL_BSP_SCHEDULE_DELAY", "20"),
                ("OTEL_METRIC_EXPORT_INTERVAL", "50"),
            ],
        );
        let client = Client::new(&plot.authority, process.address, &plot.key);
        let asking: Vec<_> = (0..4)
            .map(|worker| {
                let client = client.clone();
                tokio::spawn(async move {
                    for number in 0..REQUESTS / 4 {
                        assert_eq!(client.chat("x", (worker + number) % 2 == 0).await.status, 200);
                    }
                })
            })
            .collect();
        for asked in asking {
            asked.await.unwrap();
        }
        process.terminate();
        let (said, status) = process.ended().await;
        assert_eq!(status.code(), Some(0), "{name}: {said}");
        assert_eq!(said.matches("Request ended").count(), REQUESTS, "{name}: {said}");
    }
}

/// Whoever reads the lines may go away: requests are served on, and the process ends in order.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_lines_that_leaves_stops_nothing() {
    let plot = Plot::new().await;
    let process = Process::start_unread(&plot);
    let client = Client::new(&plot.authority, process.address, &plot.key);
    for _ in 0..10 {
        assert_eq!(client.chat("x", false).await.status, 200);
    }
    until("the metrics", async || {
        let (_, page) = super::common::page(process.admin, "/metrics").await.ok()?;
        assert!(page.contains("octroi_panics_total 0"), "{page}");
        page.contains("code=\"ok\"} 10").then_some(())
    })
    .await;
    process.terminate();
    assert_eq!(process.ended().await.1.code(), Some(0));
}
