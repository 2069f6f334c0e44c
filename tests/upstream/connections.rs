//! Connections: reused, gone stale, cancelled, aged, and never by a proxy.

use std::process::Command;
use std::time::Duration;

use http_body_util::BodyExt;
use octroi::upstream::SendError;
use tokio::time::timeout;

use super::server::{Event, Line, Server, answer, closed_port, good, say, serve};
use super::{PATIENCE, backend, outgoing, settings, text};

/// Numbers of the connections that a server saw.
fn connected(events: &[Event]) -> Vec<usize> {
    let number = |event: &Event| match event {
        Event::Connected { number, .. } => Some(*number),
        _ => None,
    };
    events.iter().filter_map(number).collect()
}

fn requests(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::Request(_))).count()
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (mut server, roots) = Server::good(serve).await;
    let backend = backend(settings(server.port(), &roots));
    for _ in 0..5 {
        assert_eq!(text(backend.send(outgoing()).await.unwrap()).await.unwrap(), "{}");
    }
    let events = server.events();
    assert_eq!((connected(&events), requests(&events)), (vec![1], 5));
}

#[tokio::test]
async fn an_aged_connection_is_not() {
    let (mut server, roots) = Server::good(serve).await;
    let mut settings = settings(server.port(), &roots);
    settings.bounds.connection_age = Duration::ZERO;
    let backend = backend(settings);
    for _ in 0..3 {
        assert!(text(backend.send(outgoing()).await.unwrap()).await.is_ok());
    }
    assert_eq!(connected(&server.events()), [1, 2, 3]);
}

#[tokio::test]
async fn a_connection_closed_while_idle_fails_no_request() {
    let (mut server, roots) = Server::good(|mut line: Line| async move {
        line.request().await;
        line.write(answer("{}")).await;
        let _gone = tokio::io::AsyncWriteExt::shutdown(&mut line.stream).await;
    })
    .await;
    let backend = backend(settings(server.port(), &roots));
    for _ in 0..20 {
        assert!(text(backend.send(outgoing()).await.unwrap()).await.is_ok());
    }
    assert_eq!(connected(&server.events()).len(), 20);
}

/// Decision 0004: what a server may have begun to work on is not sent again, though its connection had answered before.
#[tokio::test]
async fn a_request_that_was_written_is_not_sent_again() {
    // The first connection takes a second request and closes: whether it worked on it nobody can tell.
    let (mut server, roots) = Server::good(|mut line: Line| async move {
        line.request().await;
        line.write(answer("{}")).await;
        if line.number == 1 {
            line.request().await;
        } else {
            serve(line).await;
        }
    })
    .await;
    let backend = backend(settings(server.port(), &roots));
    assert_eq!(text(backend.send(outgoing()).await.unwrap()).await.unwrap(), "{}");
    assert_eq!(backend.send(outgoing()).await.unwrap_err(), SendError::Broke);
    let events = server.events();
    assert_eq!((connected(&events), requests(&events)), (vec![1], 2));
    // The next one, which is another request, goes over a fresh connection.
    assert_eq!(text(backend.send(outgoing()).await.unwrap()).await.unwrap(), "{}");
}

#[tokio::test]
async fn a_fresh_connection_that_breaks_is_not_tried_again() {
    let (mut server, roots) = Server::good(|mut line: Line| async move {
        line.request().await;
    })
    .await;
    let error = backend(settings(server.port(), &roots)).send(outgoing()).await.unwrap_err();
    let events = server.events();
    assert_eq!((error, connected(&events), requests(&events)), (SendError::Broke, vec![1], 1));
}

#[tokio::test]
async fn an_answer_planted_behind_another_reaches_nobody() {
    let (mut server, roots) = Server::good(say(answer("own") + &answer("planted"))).await;
    let backend = backend(settings(server.port(), &roots));
    for _ in 0..3 {
        assert_eq!(text(backend.send(outgoing()).await.unwrap()).await.unwrap(), "own");
    }
    assert_eq!(connected(&server.events()), [1, 2, 3]);
}

#[tokio::test]
async fn a_client_that_leaves_cancels_the_request() {
    let (mut server, roots) = Server::good(|mut line: Line| async move {
        line.request().await;
        line.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n").await;
        for _ in 0..3 {
            line.write("9\r\ndata: 1\n\n\r\n").await;
        }
        line.request().await;
    })
    .await;
    let backend = backend(settings(server.port(), &roots));
    let mut reply = backend.send(outgoing()).await.unwrap();
    assert_eq!(backend.outstanding(), 1);
    reply.body.frame().await.unwrap().unwrap();
    drop(reply);
    assert_eq!(backend.outstanding(), 0);
    server.seen().await;
    assert_eq!(server.event().await, Event::Closed);
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_cancels_the_request() {
    let (mut server, roots) = Server::good(|mut line: Line| async move { while line.request().await {} }).await;
    let backend = backend(settings(server.port(), &roots));
    tokio::select! {
        _ = backend.send(outgoing()) => panic!("there is no answer"),
        _ = server.seen() => {}
    }
    assert_eq!(backend.outstanding(), 0);
    assert_eq!(server.event().await, Event::Closed);
}

#[tokio::test]
async fn a_host_that_refuses() {
    let (_taken, port) = closed_port();
    let (_, roots) = good(&[]);
    let error = backend(settings(port, &roots)).send(outgoing()).await.unwrap_err();
    assert_eq!((error, error.is_unavailable()), (SendError::Connect("refused"), true));
}

#[tokio::test]
async fn a_handshake_that_hangs_meets_the_deadline() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (_, roots) = good(&[]);
    let mut settings = settings(listener.local_addr().unwrap().port(), &roots);
    settings.bounds.connect = Duration::from_millis(200);
    let error = timeout(PATIENCE, backend(settings).send(outgoing())).await.unwrap().unwrap_err();
    assert_eq!(error, SendError::Connect("deadline"));
}

/// Runs another test of this file in a process whose environment names a proxy, and sees that nobody comes to the proxy.
#[test]
#[expect(clippy::disallowed_types, reason = "a proxy has a socket")]
fn proxy_variables_are_not_read() {
    let trap = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let proxy = format!("http://{}", trap.local_addr().unwrap());
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "connections::a_connection_is_used_again"]);
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        child.env(name, &proxy);
    }
    let output = child.env_remove("NO_PROXY").env_remove("no_proxy").output().unwrap();
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    assert_eq!(trap.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "the proxy was used");
}
