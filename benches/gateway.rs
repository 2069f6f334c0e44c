//! What the gateway adds: latency over going direct, requests a second, CPU a request, for bodies that stay home as they are and
//! for bodies that go abroad changed and come back restored.
//!
//! ```text
//! this process: load ──TLS──> octroi serve (its own process) ──TLS──> null server (this process)
//!               load ──TLS──────────────────────────────────────────> null server     (direct)
//! ```
//! Every figure of a row comes from one run. CPU is the gateway process's own, from `/proc/PID/stat`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::cast_precision_loss,
    reason = "a bench is a program that measures and reports"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::FileExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use common::{Client, Plot};
use hdrhistogram::Histogram;
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Frames of a streamed answer.
const FRAMES: usize = 64;

/// A server that answers at once, by repeating nothing: what it costs is the floor.
async fn null_server(tls: Arc<rustls::ServerConfig>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = TlsAcceptor::from(tls);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = hyper::service::service_fn(answer);
                hyper_util::server::conn::auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await
                    .unwrap_or_default();
            });
        }
    });
    address
}

async fn answer(request: Request<Incoming>) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let stream = body.windows(13).any(|window| window == b"\"stream\":true");
    let response = Response::builder();
    Ok(if stream {
        let chunk = Bytes::from_static(
            b"data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word \"},\"finish_reason\":null}]}\n\n",
        );
        let frames = (0..FRAMES).map(move |_| chunk.clone()).chain([Bytes::from_static(b"data: [DONE]\n\n")]);
        let frames = frames.map(|bytes| Ok::<_, Infallible>(Frame::data(bytes)));
        response.header("content-type", "text/event-stream").body(StreamBody::new(Iter(frames)).boxed()).unwrap()
    } else {
        let whole = Bytes::from_static(
            b"{\"id\":\"c\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"ok\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}",
        );
        response.header("content-type", "application/json").body(Full::new(whole).boxed()).unwrap()
    })
}

/// An iterator as a stream that yields to the reactor between items, so that each is a frame of its own.
struct Iter<I>(I);

impl<I: Iterator + Unpin> futures_core::Stream for Iter<I> {
    type Item = I::Item;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<I::Item>> {
        std::task::Poll::Ready(self.0.next())
    }
}

/// A gateway in a process of its own.
struct Gateway {
    child: Child,
    address: SocketAddr,
}

impl Gateway {
    fn start(plot: &Plot) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_octroi"))
            .args(["serve", "--config"])
            .arg(plot.path("octroi.toml"))
            .env("OCTROI_LOG", "error")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let ready = |line: &String| line.strip_prefix("ready https://").map(|address| address.parse().unwrap());
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            ready(&line).or_else(|| {
                said.push(line);
                None
            })
        });
        let address = address.unwrap_or_else(|| panic!("the gateway did not start:\n{}", said.join("\n")));
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    /// CPU time of the process so far, all threads: in its own code, and in the kernel for it.
    fn cpu(&self) -> [Duration; 2] {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        [11, 12].map(|field: usize| Duration::from_millis(fields[field].parse::<u64>().unwrap() * 10))
    }

    /// Resident memory, in KiB.
    fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        self.child.wait().map(drop).unwrap_or_default();
    }
}

/// Sends `count` requests over `connections` kept-alive connections and times each to its last byte.
/// Sends so many requests over so many connections; no two have one body.
async fn load(client: &Client, body: &Bytes, connections: usize, count: usize) -> (Histogram<u64>, Duration) {
    let begun = Instant::now();
    let mut workers = Vec::new();
    for _ in 0..connections {
        let (client, body) = (client.clone(), body.clone());
        workers.push(tokio::spawn(async move {
            let mut times = Histogram::<u64>::new(3).unwrap();
            let stream = client.connect().await.unwrap();
            let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(connection);
            for _ in 0..count / connections {
                let request = client.request(http::Method::POST, "/v1/chat/completions", unlike_any_other(&body));
                let at = Instant::now();
                sender.ready().await.unwrap();
                let response = sender.send_request(request).await.unwrap();
                assert_eq!(response.status(), 200);
                let mut body = response.into_body();
                while let Some(frame) = body.frame().await {
                    frame.unwrap();
                }
                times.record(u64::try_from(at.elapsed().as_nanos()).unwrap()).unwrap();
            }
            times
        }));
    }
    let mut times = Histogram::<u64>::new(3).unwrap();
    for worker in workers {
        times.add(worker.await.unwrap()).unwrap();
    }
    (times, begun.elapsed())
}

/// Prose without findings, of about `bytes`, with the values of the tests in it or not.
/// Where a body differs from every other.
const NONCE: &[u8] = b"nnnnnnnn";

/// A body with a word in it that no other body has: what the gateway remembers of texts that it has read is no help.
fn unlike_any_other(body: &Bytes) -> Bytes {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut number = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut own = body.to_vec();
    let at = own.windows(NONCE.len()).position(|window| window == NONCE).unwrap();
    for byte in &mut own[at..at + NONCE.len()] {
        *byte = b'a' + u8::try_from(number % 26).unwrap();
        number /= 26;
    }
    Bytes::from(own)
}

fn body(bytes: usize, personal: bool, stream: bool) -> Bytes {
    let prose = "The quarterly review compares planned and actual output of each site and lists open questions. ";
    let mut text = format!("About nnnnnnnn. {}", if personal { common::prompt() } else { String::new() });
    while text.len() < bytes {
        text.push_str(prose);
    }
    Bytes::from(common::chat_body(&text, stream))
}

fn micros(nanos: u64) -> f64 {
    Duration::from_nanos(nanos).as_secs_f64() * 1e6
}

struct Row {
    what: &'static str,
    bytes: usize,
    personal: bool,
    stream: bool,
}

impl Row {
    fn title(&self) -> String {
        format!("{}, {} KiB{}", self.what, self.bytes >> 10, if self.stream { ", stream" } else { "" })
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick" || argument == "--test");
    let only = arguments.iter().find(|argument| !argument.starts_with('-')).cloned().unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run(if quick { 200 } else { 4000 }, &only));
}

/// Runs the rows whose title contains `only`, and the memory test where that is part of its name.
async fn run(count: usize, only: &str) {
    let sync = log_sync();
    println!(
        "One sync of the log's disk: p50 {:.0} µs, p99 {:.0} µs\n",
        micros(sync.value_at_quantile(0.5)),
        micros(sync.value_at_quantile(0.99))
    );
    println!(
        "| case | added p50 µs | added p99 µs | added p99.9 µs | requests/s | CPU µs/request = own + kernel's | direct p50 µs |"
    );
    println!("|---|---|---|---|---|---|---|");
    for row in [
        Row { what: "home, as it is", bytes: 2 << 10, personal: false, stream: false },
        Row { what: "home, as it is", bytes: 2 << 10, personal: false, stream: true },
        Row { what: "home, as it is", bytes: 128 << 10, personal: false, stream: false },
        Row { what: "abroad, changed and restored", bytes: 2 << 10, personal: true, stream: false },
        Row { what: "abroad, changed and restored", bytes: 2 << 10, personal: true, stream: true },
        Row { what: "abroad, changed and restored", bytes: 128 << 10, personal: true, stream: false },
    ] {
        if row.title().contains(only) {
            measure(&row, count).await;
        }
    }
    if "memory".contains(only) {
        memory(count).await;
    }
}

/// What one durable write costs here, the floor of any request that is recorded before it is sent: 2 KiB into a file that is
/// laid out already, then `fdatasync`, as the log does it.
fn log_sync() -> Histogram<u64> {
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(folder.path().join("segment")).unwrap();
    file.write_all_at(&vec![0; 4 << 20], 0).unwrap();
    file.sync_all().unwrap();
    let mut times = Histogram::<u64>::new(3).unwrap();
    for at in 0..1000 {
        let begun = Instant::now();
        file.write_all_at(&[7; 2048], at * 2048).unwrap();
        file.sync_data().unwrap();
        times.record(u64::try_from(begun.elapsed().as_nanos()).unwrap()).unwrap();
    }
    times
}

/// A house whose servers are all the null server, which speaks HTTP/1.1 as today's model servers do (vLLM, `SGLang`, TGI); those in Paris are left out of the models when a row goes abroad.
async fn house(abroad: bool) -> (Plot, SocketAddr) {
    let plot = Plot::new().await;
    let mut tls = rustls::ServerConfig::clone(&plot.tls);
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let tls = Arc::new(tls);
    // Two, since one address cannot be in two places.
    let (null, elsewhere) = (null_server(Arc::clone(&tls)).await, null_server(tls).await);
    let path = plot.write_configuration();
    let mut text = std::fs::read_to_string(&path).unwrap();
    for (name, server) in &plot.servers {
        let to = if name.starts_with("us-") { elsewhere } else { null };
        text = text.replace(&format!(":{}\"", server.address().port()), &format!(":{}\"", to.port()));
    }
    if abroad {
        text = text.split("[models]").next().unwrap().to_owned()
            + "[models]\n\"assistant\" = { \"us-cloud\" = \"demonstration\" }\n";
    }
    std::fs::write(path, text).unwrap();
    (plot, null)
}

async fn measure(row: &Row, count: usize) {
    let (plot, null) = house(row.personal).await;
    let gateway = Gateway::start(&plot);
    let body = body(row.bytes, row.personal, row.stream);
    let through = Client::new(&plot.authority, gateway.address, &plot.key);
    let direct = Client::new(&plot.authority, null, &plot.key);
    // Warm both ways, then measure in turns so that drift of the machine falls on both.
    load(&through, &body, 1, count / 10).await;
    load(&direct, &body, 1, count / 10).await;
    let (mut with, mut without) = (Histogram::<u64>::new(3).unwrap(), Histogram::<u64>::new(3).unwrap());
    for _ in 0..4 {
        with.add(load(&through, &body, 1, count / 4).await.0).unwrap();
        without.add(load(&direct, &body, 1, count / 4).await.0).unwrap();
    }
    let before = gateway.cpu().map(|time| time.as_secs_f64() * 1e6 / count as f64);
    let (_, took) = load(&through, &body, 16, count).await;
    let [own, kernel] = gateway.cpu().map(|time| time.as_secs_f64() * 1e6 / count as f64);
    let [own, kernel] = [own - before[0], kernel - before[1]];
    let added = |quantile: f64| micros(with.value_at_quantile(quantile)) - micros(without.value_at_quantile(quantile));
    println!(
        "| {} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} = {own:.0} + {kernel:.0} | {:.0} |",
        row.title(),
        added(0.5),
        added(0.99),
        added(0.999),
        count as f64 / took.as_secs_f64(),
        own + kernel,
        micros(without.value_at_quantile(0.5)),
    );
}

/// Memory after many requests: at a tenth, at half, at the end.
async fn memory(count: usize) {
    let (plot, _) = house(true).await;
    let gateway = Gateway::start(&plot);
    let body = body(2 << 10, true, false);
    let client = Client::new(&plot.authority, gateway.address, &plot.key);
    let total = count * 25;
    let start = gateway.resident();
    let mut seen = Vec::new();
    for _ in 0..10 {
        load(&client, &body, 16, total / 10).await;
        seen.push(gateway.resident() >> 10);
    }
    println!("\nMemory over {total} requests: {} MiB at start, then {seen:?} MiB after each tenth", start >> 10);
}
