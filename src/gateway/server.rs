//! A listener: connections under limits and deadlines, TLS, HTTP/1.1 and HTTP/2, orderly shutdown. The data path is served by
//! one, the admin listener by another; what stands behind it is a [`Door`].
#![expect(clippy::disallowed_types, reason = "this module owns the sockets of clients")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use super::linger::Lent;
use super::pace::Paced;
use super::peer::Peer;
use super::tls::Front;
use super::{Body, attend, linger, plain};
use crate::config::Limits;
use crate::limits;

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Where it comes from.
    pub address: SocketAddr,
    /// Whether TLS is spoken.
    pub encrypted: bool,
    /// What its client certificate names, where it shows one that was verified.
    pub peer: Option<Arc<Peer>>,
}

/// What serves the requests of one connection.
pub type Service = BoxCloneSyncService<Request<Incoming>, Response<Body>, Never>;

/// Makes what serves a visitor.
pub type Door = Arc<dyn Fn(Visitor) -> Service + Send + Sync>;

/// A bound listener, not yet serving.
pub struct Server {
    listener: TcpListener,
    tls: Option<Arc<Front>>,
    door: Door,
    limits: Limits,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("tls", &self.tls.is_some()).finish_non_exhaustive()
    }
}

impl Server {
    /// Binds the listener.
    ///
    /// # Errors
    /// When the address is taken or not ours.
    pub async fn bind(
        address: SocketAddr,
        tls: Option<Arc<Front>>,
        door: Door,
        limits: Limits,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self { listener, tls, door, limits })
    }

    /// The address that was bound, with the port that the system chose.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop`, then takes no new work and lets what runs finish within the drain deadline. What has not by then is cut, and
    /// `cut` says so before it is.
    pub async fn run(self, stop: CancellationToken, cut: CancellationToken) {
        let connections = Arc::new(Semaphore::new(self.limits.connections));
        let tasks = TaskTracker::new();
        let drain = self.limits.drain;
        let streams = Spawner(tasks.clone());
        let shared = Arc::new(Connection { tls: self.tls, door: self.door, limits: self.limits, streams });
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = accept(&self.listener, &connections) => accepted,
            };
            let Some((accepted, permit)) = accepted else { continue };
            let (shared, stop, cut) = (Arc::clone(&shared), stop.clone(), cut.clone());
            tasks.spawn(async move {
                // Boxed before it is handed on: who takes a future by value has room for it twice.
                let serving = Box::pin(shared.serve(accepted, stop));
                cut.run_until_cancelled_owned(serving).await.unwrap_or_default();
                drop(permit);
            });
        }
        drop(self.listener);
        tasks.close();
        if tokio::time::timeout(drain, tasks.wait()).await.is_err() {
            tracing::warn!(connections = tasks.len(), "Drain deadline reached: open streams are cut");
            // What is cut still has its outcome in the log, which closes after us.
            cut.cancel();
            drop(tokio::time::timeout(limits::CUT_DEADLINE, tasks.wait()).await);
        }
    }
}

/// Waits for room, then for a connection. `None`: the connection failed before it was ours.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<((TcpStream, SocketAddr), OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok(accepted) => Some((accepted, permit)),
        Err(error) => {
            tracing::warn!(kind = ?error.kind(), "Connection could not be accepted");
            // Out of file descriptors: accepting again at once would spin until some connection ends.
            tokio::time::sleep(Duration::from_millis(20)).await;
            None
        }
    }
}

/// What every connection shares.
struct Connection {
    tls: Option<Arc<Front>>,
    door: Door,
    limits: Limits,
    streams: Spawner,
}

/// Runs HTTP/2's streams as tasks of the set that is drained.
#[derive(Clone)]
struct Spawner(TaskTracker);

impl<F> hyper::rt::Executor<F> for Spawner
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    fn execute(&self, future: F) {
        self.0.spawn(future);
    }
}

impl Connection {
    async fn serve(&self, (stream, address): (TcpStream, SocketAddr), stop: CancellationToken) {
        // Small frames of a stream must not wait for an acknowledgement (Nagle).
        stream.set_nodelay(true).unwrap_or_default();
        match &self.tls {
            None => self.speak(stream, self.builder(), Visitor { address, encrypted: false, peer: None }, stop).await,
            Some(front) => match tokio::time::timeout(limits::HANDSHAKE_DEADLINE, shake(front, stream)).await {
                Ok(Some(Ok(stream))) => {
                    let shown = stream.get_ref().1.peer_certificates().and_then(|chain| Peer::of(chain, front));
                    let visitor = Visitor { address, encrypted: true, peer: shown.map(Arc::new) };
                    // What is spoken was agreed on (RFC 9113, section 3.2). Where hyper has to look for itself, it keeps a buffer
                    // of twice the size for as long as the connection lasts.
                    let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    let builder = if is_h2 { self.builder().http2_only() } else { self.builder().http1_only() };
                    // The same: a TLS connection is large, and each step on its way has room for it.
                    self.speak(Box::new(stream), builder, visitor, stop).await;
                }
                Ok(Some(Err(error))) => tracing::debug!(kind = ?error.kind(), "Handshake failed"),
                Ok(None) => tracing::debug!("Connection spoke plain HTTP"),
                Err(_) => tracing::debug!("Handshake took too long"),
            },
        }
    }

    /// Serves one connection to its end: its own, or ours when it lies idle or the gateway takes no new work.
    async fn speak<S>(&self, stream: S, builder: auto::Builder<Spawner>, visitor: Visitor, stop: CancellationToken)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (work, mut at_work) = watch::channel(attend::Work::default());
        let (handed, patience) = (attend::Handed::default(), self.limits.stall);
        let untaken = handed.clone();
        let service = (self.door)(visitor);
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let (attended, answered) = (attend::begin(&work, &handed), service.clone().oneshot(request));
            async move { answered.await.map(|answer| answer.map(|body| attended.until_end_of(body, patience))) }
        });
        let stream = Lent::new(Paced::new(stream, self.limits.head, self.limits.body));
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream.again()), service));
        let mut closing = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        // The text of hyper's errors can quote what the client sent: it is not logged.
                        tracing::debug!(incomplete = is_incomplete(error.as_ref()), "Connection ended with an error");
                    }
                    let open = stream.get().is_open();
                    if open {
                        linger::close(stream).await;
                    }
                    return;
                }
                () = untaken.stalled(patience) => return tracing::debug!("Connection took nothing of an answer in time"),
                () = stop.cancelled(), if !closing => {}
                spoken = self.silence(&mut at_work, closing) => {
                    if closing || !spoken {
                        return tracing::debug!(spoken, "Connection brought no request in time");
                    }
                }
            }
            // Told first (GOAWAY, or no further request), left when it has heard or does not answer.
            closing = true;
            connection.as_mut().graceful_shutdown();
        }
    }

    /// Ends when no request is in work, and none has come for as long as a connection may be silent; says whether there was
    /// one before. hyper's own deadline begins when it knows which HTTP is spoken, and HTTP/2 has none: without this a client
    /// that says nothing, or answers pings and asks nothing, would keep its place for ever.
    async fn silence(&self, at_work: &mut watch::Receiver<attend::Work>, closing: bool) -> bool {
        loop {
            let work = *at_work.borrow_and_update();
            let patience = match (work.in_work, closing) {
                (0, false) if work.spoken => self.limits.idle,
                (0, false) => self.limits.head,
                (0, true) => limits::HANDSHAKE_DEADLINE,
                _ => Duration::MAX,
            };
            if tokio::time::timeout(patience, at_work.changed()).await.is_err() {
                return work.spoken;
            }
        }
    }

    fn builder(&self) -> auto::Builder<Spawner> {
        let mut builder = auto::Builder::new(self.streams.clone());
        builder
            .http1()
            .timer(TokioTimer::new())
            // Also bounds how long a kept-alive connection may lie idle.
            .header_read_timeout(self.limits.head)
            .max_buf_size(self.limits.head_bytes.max(8192))
            .max_headers(limits::HEADERS_MAX)
            .half_close(false);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(self.limits.streams)
            .max_pending_accept_reset_streams(self.limits.resets)
            .max_local_error_reset_streams(self.limits.resets)
            .max_header_list_size(u32::try_from(self.limits.head_bytes).unwrap_or(u32::MAX))
            .keep_alive_interval(self.limits.idle)
            .keep_alive_timeout(limits::HANDSHAKE_DEADLINE)
            .adaptive_window(false);
        builder
    }
}

/// Makes TLS of a connection; one that speaks plain HTTP is told so, and is nothing.
async fn shake(front: &Front, stream: TcpStream) -> Option<std::io::Result<TlsStream<TcpStream>>> {
    if plain::is_http(&stream).await {
        plain::answer(stream).await;
        return None;
    }
    Some(TlsAcceptor::from(front.config()).accept(stream).await)
}

fn is_incomplete(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message)
}

/// The error of a service that has none.
pub type Never = Infallible;
