//! Many at once: slow clients of each kind, idle connections by the thousand, three times the work that can be done, a hundred
//! streams at a shutdown, and certificates that change under all of it. `OCTROI_CROWD` says how large a crowd is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::common::process::Process;
use super::common::scripted::{self, Step, delta, stream};
use super::common::{Client, Issued, PATIENCE, Plot, until};
use super::echo_house;

/// Clients of each kind.
fn crowd() -> usize {
    std::env::var("OCTROI_CROWD").ok().and_then(|text| text.parse().ok()).unwrap_or(100)
}

/// The ninety-ninth of a hundred times that a good client's requests take, on connections of its own.
async fn ninety_ninth(client: &Client) -> Duration {
    let mut times = Vec::new();
    for _ in 0..100 {
        let since = Instant::now();
        assert_eq!(client.chat("x", false).await.status, 200);
        times.push(since.elapsed());
    }
    times.sort_unstable();
    times[98]
}

/// How a slow client goes on after its first bytes: a byte a second, or nothing.
#[derive(Debug, Clone, Copy)]
struct Slow {
    name: &'static str,
    /// Whether it speaks TLS at all.
    tls: bool,
    first: &'static str,
    drips: bool,
}

const KINDS: [Slow; 5] = [
    Slow { name: "says nothing", tls: false, first: "", drips: false },
    Slow { name: "TLS and then nothing", tls: true, first: "", drips: false },
    Slow {
        name: "a head that drips",
        tls: true,
        first: "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nx: ",
        drips: true,
    },
    Slow { name: "a body that stops", tls: true, first: "BODY", drips: false },
    Slow { name: "a body that drips", tls: true, first: "BODY", drips: true },
];

/// Plays a slow client until the gateway has closed its connection.
async fn play(client: Client, slow: Slow) {
    let mut head = slow.first.to_owned();
    if head == "BODY" {
        head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             authorization: Bearer {}\r\ncontent-length: 100000\r\n\r\n{{\"model\": \"",
            client.key
        );
    }
    if !slow.tls {
        let mut bare = TcpStream::connect(client.address).await.unwrap();
        return drop(bare.read(&mut [0]).await);
    }
    // Whoever is cut while it still shakes hands has been cut as well.
    let Ok(stream) = client.connect().await else { return };
    let (mut reading, mut writing) = tokio::io::split(stream);
    drop(writing.write_all(head.as_bytes()).await);
    drop(writing.flush().await);
    let dripping = async {
        if !slow.drips {
            return std::future::pending::<()>().await;
        }
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(writing.write_all(b"a").await);
            drop(writing.flush().await);
        }
    };
    let closed = async { drop(reading.read_to_end(&mut Vec::new()).await) };
    tokio::select! {
        () = dripping => {}
        () = closed => {}
    }
}

/// A crowd of each kind: every one is cut by its deadline, and a good client is served beside all of them.
#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_of_each_kind() {
    let limits = "[limits]\nhead_s = 5\nbody_s = 5\nconnections = 9000\nrequests = 4000\n";
    let (house, _server) = echo_house(|plot| plot.extra = limits.to_owned()).await;
    let alone = ninety_ninth(&house.client).await;
    for slow in KINDS {
        let mut slows = JoinSet::new();
        let since = Instant::now();
        for _ in 0..crowd() {
            slows.spawn(play(house.client.clone(), slow));
        }
        let beside = ninety_ninth(&house.client).await;
        let cut = async { while slows.join_next().await.is_some() {} };
        tokio::time::timeout(Duration::from_secs(30), cut).await.unwrap_or_else(|_| panic!("{}: not cut", slow.name));
        eprintln!(
            "{} x {}: cut after {:?}; p99 beside them {beside:?}, alone {alone:?}",
            crowd(),
            slow.name,
            since.elapsed()
        );
        // The handshakes of the crowd take the processors that the good client needs too.
        assert!(beside < alone * 4 + Duration::from_millis(400), "{}: p99 {beside:?}, alone {alone:?}", slow.name);
    }
    assert_eq!(house.client.chat("x", false).await.status, 200);
}

/// Kibibytes that a process holds now.
fn held_kib(process: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Idle connections that were kept alive: each costs little, and the next client is served.
#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_cost_little() {
    let count = crowd() * 20;
    let mut plot = Plot::new().await;
    plot.extra = format!("[limits]\nhead_s = 600\nidle_s = 600\nconnections = {}\n", count + 100);
    let server = plot.script("paris-gpu-1", scripted::echo).await;
    plot.only(&["paris-gpu-1"]);
    let process = Process::start(&plot, &[]);
    let client = Client::new(&plot.authority, process.address, &plot.key);
    assert_eq!(client.chat("x", false).await.status, 200);
    let open = async |client: &Client| {
        let (mut sender, driver) =
            hyper::client::conn::http1::handshake(TokioIo::new(client.connect().await.unwrap())).await.unwrap();
        let driver = tokio::spawn(driver);
        let asked = client.request(http::Method::GET, "/v1/models", Bytes::new());
        let answer = sender.send_request(asked).await.unwrap();
        assert_eq!(answer.status(), 200);
        drop(answer.into_body().collect().await.unwrap());
        (sender, driver)
    };
    // What is allocated once, and by the first few, is not theirs.
    let mut idle = Vec::new();
    for _ in 0..50 {
        idle.push(open(&client).await);
    }
    let before = held_kib(&process);
    while idle.len() < count + 50 {
        idle.push(open(&client).await);
    }
    let each = (held_kib(&process) - before) / count as u64;
    eprintln!("{count} idle connections: {each} KiB each");
    // hyper keeps two buffers of 8 KiB, TLS and the task the rest; docs/performance.md has the figures.
    assert!(each < 40, "{each} KiB each");
    assert_eq!(client.chat("x", false).await.status, 200, "the next one");
    assert!(idle.iter().all(|(sender, _)| !sender.is_closed()), "none was closed before its time");
    assert_eq!(server.asked().len(), 2);
}

/// Three times what the servers can do, whoever has been answered or not: each request is served or told to come again, in time,
/// and what can be done is done.
#[tokio::test(flavor = "multi_thread")]
async fn three_times_the_work() {
    let script = |asked: &scripted::Asked| [vec![Step::Wait], scripted::echo(asked)].concat();
    let mut plot = Plot::new().await;
    plot.backends.insert("paris-gpu-1", "full_requests = 4".to_owned());
    plot.extra = "[waiting]\nrequests = 8\ndeadline_s = 1\n".to_owned();
    let server = Arc::new(plot.script("paris-gpu-1", script).await);
    plot.only(&["paris-gpu-1"]);
    let house = plot.open().await;
    // Ten a second are done, and thirty a second come.
    let working = Arc::clone(&server);
    let going = Arc::new(AtomicBool::new(true));
    let metronome = tokio::spawn({
        let going = Arc::clone(&going);
        async move {
            while going.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(100)).await;
                working.go();
            }
        }
    });
    let (began, mut asked) = (Instant::now(), JoinSet::new());
    for number in 0..180_u32 {
        tokio::time::sleep_until((began + Duration::from_millis(33) * number).into()).await;
        let client = house.client.clone();
        asked.spawn(async move {
            let since = Instant::now();
            (client.chat(&format!("{number}"), false).await, since.elapsed())
        });
    }
    let (mut served, mut refused, mut slowest) = (0, 0, Duration::ZERO);
    while let Some(answer) = asked.join_next().await {
        let (answer, took) = answer.unwrap();
        match answer.status {
            200 => served += 1,
            429 | 503 => {
                assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
                (refused, slowest) = (refused + 1, slowest.max(took));
            }
            _ => panic!("{answer:?}"),
        }
    }
    going.store(false, Ordering::SeqCst);
    metronome.await.unwrap();
    eprintln!("{served} served, {refused} told to come again, the last after {slowest:?}");
    assert_eq!(served + refused, 180, "none is lost");
    assert!((40..=80).contains(&served), "ten a second for six seconds were done: {served}");
    assert!(slowest < Duration::from_secs(3), "told in time: {slowest:?}");
    assert_eq!(server.asked().len(), served, "what was refused was sent nowhere");
}

/// SIGTERM with a hundred streams: the listener is closed at once, and each of them ends as it should.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_streams_at_a_shutdown() {
    let chunk = |text: &str| Step::Chunk(text.as_bytes().to_vec());
    let steps = vec![
        stream(),
        chunk(&delta("begun")),
        Step::Wait,
        chunk(&delta("ended")),
        chunk("data: [DONE]\n\n"),
        chunk(""),
    ];
    let mut plot = Plot::new().await;
    let server = plot.script("paris-gpu-1", move |_| steps.clone()).await;
    plot.only(&["paris-gpu-1"]);
    let process = Process::start(&plot, &[]);
    let client = Client::new(&plot.authority, process.address, &plot.key);
    let (begun, mut streams) = (Arc::new(AtomicU64::new(0)), JoinSet::new());
    for _ in 0..100 {
        let (client, begun) = (client.clone(), Arc::clone(&begun));
        streams.spawn(async move {
            let io = TokioIo::new(client.connect().await.unwrap());
            let (mut sender, driver) = hyper::client::conn::http1::handshake(io).await.unwrap();
            tokio::spawn(driver);
            let body = super::common::chat_body("x", true);
            let asked = client.request(http::Method::POST, "/v1/chat/completions", body);
            let mut answer: hyper::body::Incoming = sender.send_request(asked).await.unwrap().into_body();
            let first = answer.frame().await.unwrap().unwrap().into_data().unwrap();
            begun.fetch_add(1, Ordering::SeqCst);
            let rest = answer.collect().await.unwrap().to_bytes();
            String::from_utf8([first, rest].concat()).unwrap()
        });
    }
    until("a hundred streams", async || (begun.load(Ordering::SeqCst) == 100).then_some(())).await;
    process.terminate();
    until("the listener's end", async || client.connect().await.is_err().then_some(())).await;
    (0..100).for_each(|_| server.go());
    while let Some(text) = tokio::time::timeout(PATIENCE, streams.join_next()).await.unwrap() {
        let text = text.unwrap();
        assert!(text.contains("ended") && text.trim_end().ends_with("data: [DONE]"), "{text}");
    }
    assert_eq!(process.ended().await.1.code(), Some(0));
    let entries = super::common::verified_entries(&plot.path("audit"));
    let complete = entries.iter().filter(|entry| entry["kind"] == "outcome" && entry["end"] == "complete").count();
    assert_eq!(complete, 100);
}

/// The certificate changes, and changes again, while every request makes a handshake of its own: none fails.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_change_under_load() {
    let issued = Issued::new(|_| {});
    let (house, _server) = echo_house(|plot| {
        std::fs::write(plot.path("certs/server.pem"), issued.certificate.pem()).unwrap();
        std::fs::write(plot.path("certs/server.key"), issued.key.serialize_pem()).unwrap();
    })
    .await;
    let client = Client::new(&issued.root(), house.app.address(), &house.plot.key);
    let (going, served) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)));
    let mut load = JoinSet::new();
    for _ in 0..2 {
        let (client, going, served) = (client.clone(), Arc::clone(&going), Arc::clone(&served));
        load.spawn(async move {
            while going.load(Ordering::SeqCst) {
                let answer = client.chat("x", false).await;
                assert!(answer.status == 200 && answer.clean, "{answer:?}");
                served.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    let shown = async || {
        let stream = client.connect().await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone()
    };
    for _ in 0..2 {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let next = params.signed_by(&key, &issued.authority).unwrap();
        // One file after the other: in between they do not fit together, and the old pair is served.
        std::fs::write(house.plot.path("certs/server.key"), key.serialize_pem()).unwrap();
        std::fs::write(house.plot.path("certs/server.pem"), next.pem()).unwrap();
        // A reload reads everything again, and the one before must have ended: both take their part of a busy processor.
        let changed = async { while shown().await != *next.der() {} };
        tokio::time::timeout(PATIENCE * 4, changed).await.expect("the next certificate is not served");
        let before = served.load(Ordering::SeqCst);
        let more = async || (served.load(Ordering::SeqCst) >= before + 4).then_some(());
        until("requests under the next certificate", more).await;
    }
    going.store(false, Ordering::SeqCst);
    while let Some(worker) = load.join_next().await {
        worker.unwrap();
    }
}
