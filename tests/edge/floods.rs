//! More than there is room for: bodies of a gigabyte, bodies that unfold, connections without number.

use std::io::Write as _;
use std::time::{Duration, Instant};

use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::common::process::Process;
use super::common::{Client, PATIENCE, Plot, chat_body};
use super::echo_house;

const CHAT: &str = "/v1/chat/completions";

/// Megabytes that the process of a gateway held at most.
fn peak(process: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

/// Twenty clients that would send a gigabyte each: answered at the limit, what follows is not read, memory stays.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_a_gigabyte() {
    let mut plot = Plot::new().await;
    plot.extra = "[limits]\nbody_bytes = 1000000\n".to_owned();
    let process = Process::start(&plot, &[]);
    let client = Client::new(&plot.authority, process.address, &plot.key);
    assert_eq!(client.chat("x", false).await.status, 200);
    let before = peak(&process);
    let head = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer {}\r\n\
         transfer-encoding: chunked\r\n\r\n",
        plot.key
    );
    let chunk = [b"10000\r\n".as_slice(), &vec![b'x'; 65_536], b"\r\n"].concat();
    let floods: Vec<_> = (0..20)
        .map(|_| {
            let (client, head, chunk) = (client.clone(), head.clone(), chunk.clone());
            tokio::spawn(async move {
                let (mut reading, mut writing) = tokio::io::split(client.connect().await.unwrap());
                writing.write_all(head.as_bytes()).await.unwrap();
                let mut written = 0;
                while written < 1 << 30 && writing.write_all(&chunk).await.is_ok() {
                    written += chunk.len();
                }
                // Whoever writes on is cut off, and may lose the answer to the reset.
                let mut answer = Vec::new();
                drop(reading.read_to_end(&mut answer).await);
                (written, String::from_utf8_lossy(&answer).into_owned())
            })
        })
        .collect();
    for flood in floods {
        let (written, answer) = tokio::time::timeout(PATIENCE, flood).await.unwrap().unwrap();
        // What lies in the buffers of the system was taken by nobody.
        assert!(written < 32 << 20, "{written} bytes were taken");
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
    let (_, page) = super::common::page(process.admin, "/metrics").await.unwrap();
    assert!(page.contains("status=\"413\",code=\"body_too_large\"} 20"), "{page}");
    let grown = peak(&process) - before;
    assert!(grown < 64, "20 bodies of at most 1 MB took {grown} MB");
    assert_eq!(client.chat("x", false).await.status, 200);
}

/// A body that unfolds a thousandfold: refused at its ratio, quickly, in every coding.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_unfold() {
    let (house, server) = echo_house(|_| {}).await;
    let spaces = vec![b' '; 30 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&spaces).unwrap();
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    deflate.write_all(&spaces).unwrap();
    let mut zstd = Vec::with_capacity(64 * 1024);
    zstd_safe::compress(&mut zstd, &spaces, 1).unwrap();
    for (coding, body) in [("gzip", gzip.finish().unwrap()), ("deflate", deflate.finish().unwrap()), ("zstd", zstd)] {
        assert!(body.len() < 64 * 1024, "{coding}: {} bytes", body.len());
        let mut request = house.client.request(Method::POST, CHAT, body);
        request.headers_mut().insert("content-encoding", coding.parse().unwrap());
        let since = Instant::now();
        let answer = house.client.send(request).await.unwrap();
        assert_eq!(answer.status, 413, "{coding}: {}", answer.body);
        assert!(since.elapsed() < Duration::from_secs(2), "{coding}: {:?}", since.elapsed());
    }
    assert!(server.asked().is_empty());
}

/// Hundreds of connections that say nothing, or half a head: a good client is served beside them, and when they hold every
/// place, as soon as the deadline has cut them.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_only_hold_places() {
    let (house, _server) = echo_house(|plot| plot.extra = "[limits]\nhead_s = 2\nconnections = 300\n".to_owned()).await;
    let mut held = Vec::new();
    for number in 0..290 {
        let mut stream = house.client.connect().await.unwrap();
        if number % 2 == 0 {
            stream.write_all(b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nx: ").await.unwrap();
        }
        held.push(stream);
    }
    let since = Instant::now();
    assert_eq!(house.client.chat("x", false).await.status, 200);
    assert!(since.elapsed() < Duration::from_secs(1), "served beside them after {:?}", since.elapsed());
    // And now all places, by those that do not even begin TLS.
    let mut silent = Vec::new();
    for _ in 0..300 {
        silent.push(tokio::net::TcpStream::connect(house.app.address()).await.unwrap());
    }
    let served = tokio::time::timeout(PATIENCE, house.client.post(CHAT, chat_body("x", false))).await;
    assert_eq!(served.expect("the places were never given back").status, 200);
}
