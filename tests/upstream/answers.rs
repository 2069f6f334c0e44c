//! Answers: whole, streamed, broken, endless, late, and of kinds that are not passed on.

use std::time::Duration;

use http_body_util::BodyExt;
use octroi::upstream::{BodyError, SendError};
use tokio::time::{interval, timeout};

use super::server::{Event, Line, Server, answer, say};
use super::{CANARY, PATIENCE, backend, outgoing, settings, text};

const SOON: Duration = Duration::from_millis(200);

/// What comes of an answer of these bytes: the body, or the error's word.
async fn outcome(bytes: impl Into<Vec<u8>>, idle: Duration) -> Result<String, &'static str> {
    let (server, roots) = Server::good(say(bytes)).await;
    let mut settings = settings(server.port(), &roots);
    settings.bounds.reply_idle = idle;
    let reply = backend(settings).send(outgoing()).await.map_err(SendError::cause)?;
    text(reply).await.map_err(BodyError::cause)
}

#[tokio::test]
async fn a_request_is_what_was_built_and_nothing_else() {
    let (mut server, roots) = Server::good(say(answer("{}"))).await;
    let reply = backend(settings(server.port(), &roots)).send(outgoing()).await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.is_stream(), reply.is_full()), (200, false, false));
    assert_eq!(reply.content_type.as_ref().unwrap(), "application/json");
    assert_eq!(text(reply).await.unwrap(), "{}");
    let request = server.seen().await;
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.split("\r\n").collect();
    lines[1..].sort_unstable();
    let expected = [
        "POST /v1/embeddings HTTP/1.1",
        "accept-encoding: identity",
        "accept: application/json",
        &format!("content-length: {}", CANARY.len()),
        "content-type: application/json",
        &format!("host: localhost:{}", server.port()),
        concat!("user-agent: octroi/", env!("CARGO_PKG_VERSION")),
    ];
    assert_eq!((lines.as_slice(), body), (expected.as_slice(), CANARY));
}

#[tokio::test]
async fn answers_and_what_becomes_of_them() {
    let head = "HTTP/1.1 200 OK\r\n";
    let chunks = "transfer-encoding: chunked\r\n\r\n";
    let rows = [
        ("whole", answer("[1]"), Ok("[1]")),
        ("chunks", format!("{head}{chunks}1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), Ok("abc")),
        (
            "interim answers",
            format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n{}", answer("x")),
            Ok("x"),
        ),
        ("trailers", format!("{head}{chunks}1\r\na\r\n0\r\nx-trailer: 1\r\n\r\n"), Ok("a")),
        ("an error", "HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\nno".into(), Ok("no")),
        (
            "redirect",
            "HTTP/1.1 302 Found\r\nlocation: https://localhost/\r\ncontent-length: 0\r\n\r\n".into(),
            Err("redirected"),
        ),
        ("not modified", "HTTP/1.1 304 Not Modified\r\n\r\n".into(), Err("redirected")),
        (
            "a coding nobody has",
            format!("{head}content-encoding: compress\r\ncontent-length: 1\r\n\r\nx"),
            Err("encoding"),
        ),
        ("gzip as transfer", format!("{head}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), Err("encoding")),
        ("upgrade", "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n".into(), Err("malformed")),
        ("garbage", "SSH-2.0-OpenSSH_9.9\r\n\r\n".into(), Err("malformed")),
        ("header of 1 MiB", format!("{head}x: {}\r\ncontent-length: 0\r\n\r\n", "a".repeat(1 << 20)), Err("malformed")),
        (
            "header of 128 KiB",
            format!("{head}x: {}\r\ncontent-length: 0\r\n\r\n", "a".repeat(1 << 17)),
            Err("malformed"),
        ),
        ("header of 32 KiB", format!("{head}x: {}\r\ncontent-length: 0\r\n\r\n", "a".repeat(1 << 15)), Ok("")),
        ("1,000 headers", format!("{head}{}content-length: 0\r\n\r\n", "a: b\r\n".repeat(1000)), Err("malformed")),
        ("garbled chunk", format!("{head}{chunks}1\r\na\r\nzz\r\n"), Err("broke")),
        ("stalled body", format!("{head}content-length: 9\r\n\r\nabc"), Err("idle")),
        ("stalled chunks", format!("{head}{chunks}1\r\na\r\n"), Err("idle")),
    ];
    for (name, bytes, expected) in rows {
        let idle = if expected == Err("idle") { SOON } else { PATIENCE };
        assert_eq!(outcome(bytes, idle).await.as_deref(), expected.as_ref().map(|text| *text), "{name}");
    }
}

#[tokio::test]
async fn heads_are_read_for_what_the_gateway_needs() {
    let head =
        "HTTP/1.1 429 Slow\r\nretry-after: 7\r\nx-request-id: req_1\r\nset-cookie: a=b\r\nalt-svc: h3=\":443\"\r\n";
    let (server, roots) =
        Server::good(say(format!("{head}content-type: text/event-stream\r\ncontent-length: 0\r\n\r\n"))).await;
    let reply = backend(settings(server.port(), &roots)).send(outgoing()).await.unwrap();
    assert!(reply.is_full() && reply.is_stream() && !reply.is_server_error());
    assert_eq!((reply.retry_after_s, reply.request_id.as_deref()), (Some(7), Some("req_1")));
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let (mut trap, _) = Server::good(say(answer("caught"))).await;
    let location = format!("https://localhost:{}/v1/embeddings", trap.port());
    let (server, roots) =
        Server::good(say(format!("HTTP/1.1 307 Go\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"))).await;
    let error = backend(settings(server.port(), &roots)).send(outgoing()).await.unwrap_err();
    assert_eq!((error, trap.events()), (SendError::Redirected, vec![]));
}

#[tokio::test]
async fn a_backend_that_never_answers_meets_the_deadline() {
    let (mut server, roots) = Server::good(say("")).await;
    let mut settings = settings(server.port(), &roots);
    settings.bounds.first_byte = SOON;
    let error = timeout(PATIENCE, backend(settings).send(outgoing())).await.unwrap().unwrap_err();
    assert_eq!((error, error.is_unavailable()), (SendError::Timeout, false));
    server.seen().await;
    assert_eq!(server.event().await, Event::Closed, "the connection is not kept");
}

#[tokio::test]
async fn a_head_that_drips_meets_the_deadline() {
    let (server, roots) = Server::good(|mut line: Line| async move {
        line.request().await;
        let mut tick = interval(Duration::from_millis(5));
        for byte in b"HTTP/1.1 200 OK\r\nx-slow: ".iter().chain(std::iter::repeat(&b'a')) {
            tick.tick().await;
            if !line.write([*byte]).await {
                return;
            }
        }
    })
    .await;
    let mut settings = settings(server.port(), &roots);
    settings.bounds.first_byte = SOON;
    assert_eq!(backend(settings).send(outgoing()).await.unwrap_err(), SendError::Timeout);
}

#[tokio::test]
async fn a_body_that_drips_meets_the_deadline_of_the_whole() {
    let (server, roots) = Server::good(|mut line: Line| async move {
        line.request().await;
        line.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
        let mut tick = interval(Duration::from_millis(5));
        while line.write("1\r\na\r\n").await {
            tick.tick().await;
        }
    })
    .await;
    let mut settings = settings(server.port(), &roots);
    settings.bounds.reply = SOON;
    let reply = backend(settings).send(outgoing()).await.unwrap();
    assert_eq!(text(reply).await, Err(BodyError::Late));
}

#[tokio::test]
async fn connections_that_break() {
    /// How the server ends, after it has said what it says.
    #[derive(Clone, Copy, PartialEq)]
    enum End {
        Reset,
        Cut,
        Goodbye,
    }
    let body = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc";
    let chunk = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n";
    for end in [End::Reset, End::Cut, End::Goodbye] {
        for (name, said, answered) in [
            ("before a head", "", false),
            ("in a head", "HTTP/1.1 200 OK\r\nx", false),
            ("in a body", body, true),
            ("in chunks", chunk, true),
        ] {
            let (server, roots) = Server::good(move |mut line: Line| async move {
                line.request().await;
                line.write(said).await;
                match end {
                    End::Reset => line.reset(),
                    End::Cut => drop(line),
                    End::Goodbye => {
                        let _gone = tokio::io::AsyncWriteExt::shutdown(&mut line.stream).await;
                    }
                }
            })
            .await;
            let outcome = backend(settings(server.port(), &roots)).send(outgoing()).await;
            match outcome {
                Err(error) => {
                    assert_eq!(error, SendError::Broke, "{name}");
                    // A reset may overtake what was said before it.
                    assert!(!answered || end == End::Reset, "{name}");
                }
                Ok(reply) => {
                    assert!(answered, "{name}");
                    assert_eq!(text(reply).await, Err(BodyError::Broke), "{name}");
                }
            }
        }
    }
}

/// A script that sends 256 MiB, and counts in mebibytes what it could write until nobody read for so long.
async fn flood(mut line: Line, content_type: &str, patience: Duration) -> usize {
    line.request().await;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n");
    line.write(head).await;
    let chunk = ["100000\r\n".as_bytes(), &vec![b'a'; 1 << 20], b"\r\n"].concat();
    for written in 0..256 {
        match timeout(patience, line.write(&chunk)).await {
            Ok(true) => {}
            _ => return written,
        }
    }
    line.write("0\r\n\r\n").await;
    256
}

#[tokio::test]
async fn what_nobody_reads_is_not_fetched() {
    let (mut server, roots) = Server::good(|line: Line| async move {
        let tell = line.teller();
        let written = flood(line, "text/event-stream", SOON).await;
        tell(Event::Request(written.to_string()));
    })
    .await;
    let reply = backend(settings(server.port(), &roots)).send(outgoing()).await.unwrap();
    server.seen().await;
    let Event::Request(written) = server.event().await else { panic!("the flood tells how far it came") };
    assert!(written.parse::<usize>().unwrap() < 16, "{written} MiB lie somewhere");
    drop(reply);
}

#[tokio::test]
async fn a_stream_of_256_mib_flows_and_a_whole_answer_meets_its_cap() {
    for (content_type, expected) in
        [("text/event-stream", Ok(256 << 20)), ("application/json", Err(BodyError::TooLarge))]
    {
        let (server, roots) = Server::good(move |line: Line| async move {
            flood(line, content_type, PATIENCE).await;
        })
        .await;
        let mut reply = backend(settings(server.port(), &roots)).send(outgoing()).await.unwrap();
        let mut bytes = 0;
        let end = loop {
            match reply.body.frame().await {
                Some(Ok(frame)) => {
                    let piece = frame.into_data().unwrap().len();
                    assert!(piece <= 1 << 20, "a piece of {piece} bytes was buffered");
                    bytes += piece;
                }
                Some(Err(error)) => break Err(error),
                None => break Ok(bytes),
            }
        };
        assert_eq!(end, expected, "{content_type}");
        assert!(bytes >= 63 << 20, "{content_type}: {bytes}");
    }
}

#[tokio::test]
async fn an_answer_that_says_that_it_is_too_large_is_not_begun() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 268435456\r\n\r\nabc";
    assert_eq!(outcome(head, PATIENCE).await, Err("too-large"));
}
