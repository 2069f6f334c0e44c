//! The same promises over HTTP/2, against hyper's server.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use octroi::upstream::{BodyError, SendError};
use tokio::time::timeout;

use super::server::{Event, Line, Server, good};
use super::{CANARY, PATIENCE, backend, outgoing, settings, text};

/// An answer of so many pieces of 16 KiB, that then ends or hangs; tells when it is dropped.
struct Answer<T: Fn(Event)> {
    pieces: usize,
    hangs: bool,
    tell: T,
}

impl<T: Fn(Event) + Unpin> Body for Answer<T> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.pieces.checked_sub(1) {
            Some(left) => {
                self.pieces = left;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'a'; 16384])))))
            }
            None if self.hangs => Poll::Pending,
            None => Poll::Ready(None),
        }
    }
}

impl<T: Fn(Event)> Drop for Answer<T> {
    fn drop(&mut self) {
        (self.tell)(Event::Closed);
    }
}

/// A server that answers with `pieces` of 16 KiB.
async fn server(pieces: usize, hangs: bool, header: usize) -> (Server, String) {
    let (tls, roots) = good(&["h2", "http/1.1"]);
    let script = move |line: Line| async move {
        assert_eq!(line.stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
        let tell = line.teller();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let tell = tell.clone();
            async move {
                let seen = format!("{} {}", request.method(), request.uri());
                let body = request.into_body().collect().await.unwrap().to_bytes();
                tell(Event::Request(format!("{seen} {}", String::from_utf8(body.to_vec()).unwrap())));
                let answer = Response::builder()
                    .header("content-type", "text/event-stream")
                    .header("x-long", "a".repeat(header));
                Ok::<_, Infallible>(answer.body(Answer { pieces, hangs, tell }).unwrap())
            }
        });
        let mut server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _gone = server.max_send_buf_size(1 << 16).serve_connection(TokioIo::new(line.stream), service).await;
    };
    (Server::start(tls, script).await, roots)
}

fn connections(server: &mut Server) -> usize {
    server.events().iter().filter(|event| matches!(event, Event::Connected { .. })).count()
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let (mut server, roots) = server(1, false, 0).await;
    let backend = backend(settings(server.port(), &roots));
    let first = backend.send(outgoing()).await.unwrap();
    let mut replies = vec![first];
    for _ in 0..9 {
        replies.push(backend.send(outgoing()).await.unwrap());
    }
    assert_eq!(backend.outstanding(), 10);
    for reply in replies {
        assert_eq!(text(reply).await.unwrap().len(), 16384);
    }
    assert_eq!(server.seen().await, format!("POST https://localhost:{}/v1/embeddings {CANARY}", server.port()));
    assert_eq!((backend.outstanding(), connections(&mut server)), (0, 0), "the one connection was seen before");
}

#[tokio::test]
async fn a_client_that_leaves_resets_its_stream_alone() {
    let (mut server, roots) = server(1, true, 0).await;
    let backend = backend(settings(server.port(), &roots));
    let mut stays = backend.send(outgoing()).await.unwrap();
    let mut leaves = backend.send(outgoing()).await.unwrap();
    stays.body.frame().await.unwrap().unwrap();
    leaves.body.frame().await.unwrap().unwrap();
    server.seen().await;
    server.seen().await;
    drop(leaves);
    assert_eq!(server.event().await, Event::Closed);
    assert_eq!(backend.outstanding(), 1);
    let mut next = backend.send(outgoing()).await.unwrap();
    next.body.frame().await.unwrap().unwrap();
    assert_eq!(connections(&mut server), 0, "the connection is still the first");
    drop(stays);
}

#[tokio::test]
async fn clients_that_do_not_read_do_not_stall_the_others() {
    let (server, roots) = server(128, false, 0).await;
    let backend = backend(settings(server.port(), &roots));
    let mut unread = Vec::new();
    for _ in 0..50 {
        unread.push(backend.send(outgoing()).await.unwrap());
    }
    for _ in 0..3 {
        let reply = backend.send(outgoing()).await.unwrap();
        let read = timeout(PATIENCE, text(reply)).await.expect("stalled by others").unwrap();
        assert_eq!(read.len(), 128 * 16384);
    }
    assert_eq!(backend.outstanding(), unread.len());
}

#[tokio::test]
async fn a_stall_meets_the_idle_deadline() {
    let (server, roots) = server(3, true, 0).await;
    let mut settings = settings(server.port(), &roots);
    settings.bounds.reply_idle = Duration::from_millis(200);
    let reply = backend(settings).send(outgoing()).await.unwrap();
    assert_eq!(text(reply).await, Err(BodyError::Idle));
}

#[tokio::test]
async fn a_head_of_1_mib_is_refused() {
    let (server, roots) = server(1, false, 1 << 20).await;
    let error = backend(settings(server.port(), &roots)).send(outgoing()).await.unwrap_err();
    assert!(matches!(error, SendError::Broke | SendError::Malformed(_)), "{error}");
}
