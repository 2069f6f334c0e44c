//! The demonstration model server: an OpenAI-compatible server that repeats what it received and shows it.
//!
//! `octroi demo` starts three of them behind the gateway, and the SDK suites talk to them. No language model runs here and
//! every answer says so. Because the answer repeats the user's text byte for byte, whoever reads it sees what crossed, and
//! pseudonyms come back for the gateway to undo. It logs nothing: what reached it is kept in memory, in a bounded ring, and
//! shown at `GET /received`. It is never part of the data path of `octroi serve`.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a server owns its sockets and reads the clock"
)]

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Uri, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use super::model_kept::Kept;
use super::model_question::{Ask, Fault};
pub use super::model_received::Received;
use super::model_received::{Arriving, Ring};
use super::model_reply::{Reply, ReplyBody};
use super::{model_chat, model_completions, model_embeddings, model_responses};
use crate::limits;

/// What a demonstration server is started with.
#[derive(Debug)]
pub struct Options {
    /// The name it gives itself in its answers, such as `paris-gpu-1`.
    pub name: String,
    /// Where it listens; without one it picks a free port of the loopback interface.
    pub listener: Option<TcpListener>,
    /// Certificate, key and protocols; [`tls`] makes one.
    pub tls: Arc<ServerConfig>,
    /// The models that it serves. Empty: any, and its list shows [`ANY_MODEL`].
    pub models: Vec<String>,
    /// The bearer token that it asks for. None: it serves anybody.
    pub credential: Option<String>,
}

impl Options {
    /// Options for a server on a free port that serves any model to anybody.
    pub fn new(name: impl Into<String>, tls: Arc<ServerConfig>) -> Self {
        Self { name: name.into(), listener: None, tls, models: Vec::new(), credential: None }
    }
}

/// The model that a server without a list shows.
pub const ANY_MODEL: &str = "demonstration";

/// Makes the TLS configuration of a server: TLS 1.3 and 1.2, HTTP/2 and HTTP/1.1, no client certificates.
///
/// # Errors
/// When the key does not belong to the certificate.
pub fn tls(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A running demonstration server. Dropping it stops it.
#[derive(Debug)]
pub struct ModelServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    tasks: TaskTracker,
    accepting: JoinHandle<()>,
}

impl ModelServer {
    /// Starts a server and returns when it listens.
    ///
    /// # Errors
    /// When no listener could be made.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = match options.listener {
            Some(listener) => listener,
            None => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
        };
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            name: options.name,
            models: options.models,
            credential: options.credential,
            state: watch::Sender::new(State::Up),
            answered: AtomicU64::new(0),
            ring: Ring::default(),
            kept: Kept::default(),
        });
        let tasks = TaskTracker::new();
        let acceptor = TlsAcceptor::from(options.tls);
        let accepting = tasks.spawn(accept(Arc::clone(&shared), listener, acceptor, tasks.clone()));
        Ok(Self { address, shared, tasks, accepting })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes the server down or up again. While it is down it keeps its port, resets every new connection before the TLS
    /// handshake, and has cut those that were open, answers in flight included.
    pub fn set_down(&self, down: bool) {
        let wanted = if down { State::Down } else { State::Up };
        self.shared.state.send_if_modified(|state| {
            let changes = *state != wanted && *state != State::Stopped;
            if changes {
                *state = wanted;
            }
            changes
        });
    }

    /// The exact bytes of the bodies received, newest last, cut ones included.
    pub fn received(&self) -> Vec<Bytes> {
        self.shared.ring.requests().into_iter().map(|received| received.body).collect()
    }

    /// The requests received with a body, newest last, with their heads.
    pub fn requests(&self) -> Vec<Received> {
        self.shared.ring.requests()
    }

    /// Stops, cuts what is open, and returns when every task has ended.
    pub async fn shutdown(self) {
        self.shared.state.send_replace(State::Stopped);
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.shared.state.send_replace(State::Stopped);
        self.accepting.abort();
    }
}

/// Whether the server serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Up,
    Down,
    Stopped,
}

/// What the tasks of one server share.
#[derive(Debug)]
struct Shared {
    name: String,
    models: Vec<String>,
    credential: Option<String>,
    state: watch::Sender<State>,
    answered: AtomicU64,
    ring: Ring,
    kept: Kept,
}

/// The server went down while it worked on a request: the connection is cut without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the demonstration server is down")]
struct Down;

impl Shared {
    async fn not_up(&self) {
        // An error means that the sender is gone, which this `self` excludes.
        drop(self.state.subscribe().wait_for(|state| *state != State::Up).await);
    }

    async fn stopped(&self) {
        drop(self.state.subscribe().wait_for(|state| *state == State::Stopped).await);
    }

    /// Answers one request, or cuts it when the server goes down first.
    async fn serve(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<ReplyBody>, Down> {
        tokio::select! {
            biased;
            () = self.not_up() => Err(Down),
            reply = self.reply(request) => Ok(reply.unwrap_or_else(Reply::from).into_response(&self.name)),
        }
    }

    async fn reply(&self, request: Request<Incoming>) -> Result<Reply, Fault> {
        let (head, body) = request.into_parts();
        if head.method != Method::POST {
            return self.show(&head.method, &head.uri, &head.headers);
        }
        let path = head.uri.path().to_owned();
        let encoded = head.headers.get(header::CONTENT_ENCODING).is_some_and(|value| value != "identity");
        let credential = self.admit(&head.headers);
        let body = self.receive(head, body).await?;
        credential?;
        if encoded {
            return Err(Fault::new(415, "unsupported_encoding", "this server reads no compressed bodies"));
        }
        let question = serde_json::from_slice(&body)
            .map_err(|_| Fault::new(400, "invalid_json", "the body is not the JSON that this endpoint reads"))?;
        let ask = Ask {
            server: &self.name,
            models: &self.models,
            number: self.answered.fetch_add(1, Ordering::Relaxed),
            created_s: now_s(),
            prompt_bytes: body.len(),
        };
        match path.as_str() {
            "/v1/chat/completions" => model_chat::answer(&ask, &question),
            "/v1/completions" => model_completions::answer(&ask, &question),
            "/v1/embeddings" => model_embeddings::answer(&ask, &question),
            "/v1/responses" => model_responses::answer(&ask, &self.kept, &question),
            _ => Err(Fault::no_such_url(&Method::POST)),
        }
    }

    /// Answers what needs no body.
    fn show(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Reply, Fault> {
        let path = uri.path();
        if let Some(kept) =
            path.strip_prefix("/v1/responses/").filter(|_| [Method::GET, Method::DELETE].contains(method))
        {
            self.admit(headers)?;
            return self.kept.answer(*method == Method::DELETE, kept, uri.query().unwrap_or_default());
        }
        if method != Method::GET {
            return Err(Fault::no_such_url(method));
        }
        match path {
            "/received" => return Ok(Reply::Text(self.ring.shown())),
            "/health" => return Ok(Reply::Text(Bytes::from_static(b"ok\n"))),
            _ => {}
        }
        self.admit(headers)?;
        let listed = if self.models.is_empty() { vec![ANY_MODEL.to_owned()] } else { self.models.clone() };
        let model = |id: &String| serde_json::json!({"id": id, "object": "model", "created": 0, "owned_by": self.name});
        match path.strip_prefix("/v1/models") {
            Some("") => {
                let data: Vec<_> = listed.iter().map(model).collect();
                Ok(Reply::json(serde_json::json!({"object": "list", "data": data})))
            }
            Some(id) if id.starts_with('/') => {
                let wanted = id.trim_start_matches('/');
                let found = listed.iter().find(|id| *id == wanted).ok_or_else(Fault::no_such_model)?;
                Ok(Reply::json(model(found)))
            }
            _ => Err(Fault::no_such_url(method)),
        }
    }

    /// Checks the bearer token, if the server asks for one.
    fn admit(&self, headers: &HeaderMap) -> Result<(), Fault> {
        let Some(credential) = &self.credential else { return Ok(()) };
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        if shown.is_some_and(|shown| subtle::ConstantTimeEq::ct_eq(shown, credential.as_bytes()).into()) {
            return Ok(());
        }
        Err(Fault::new(401, "invalid_api_key", "the API key is missing or not known to this demonstration server"))
    }

    /// Reads a body to its end and keeps it in the ring, also when it is cut, too large, or refused later.
    async fn receive(&self, head: http::request::Parts, mut body: Incoming) -> Result<Bytes, Fault> {
        let mut arriving = Arriving::new(&self.ring, head);
        let reading = async {
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|_| Fault::new(400, "broken_body", "the body ended early"))?;
                let Ok(data) = frame.into_data() else { continue };
                if arriving.add(&data) > limits::DEMO_BODY_BYTES_MAX {
                    return Err(Fault::new(413, "body_too_large", "the body is too large for a demonstration"));
                }
            }
            Ok(())
        };
        tokio::time::timeout(limits::BODY_DEADLINE, reading)
            .await
            .map_err(|_| Fault::new(408, "body_too_slow", "the body took too long"))??;
        Ok(arriving.keep())
    }
}

/// Accepts connections until the server stops.
async fn accept(shared: Arc<Shared>, listener: TcpListener, acceptor: TlsAcceptor, tasks: TaskTracker) {
    let slots = Arc::new(Semaphore::new(limits::CONNECTIONS_MAX));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let accepted = tokio::select! {
            biased;
            () = shared.stopped() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, most likely: wait for connections to end instead of spinning.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        if *shared.state.borrow() != State::Up {
            // A zero linger turns the close into a reset. Where that fails the close alone still cuts the connection.
            drop(stream.set_zero_linger());
            continue;
        }
        drop(stream.set_nodelay(true));
        let (shared, acceptor, tasks_of_connection) = (Arc::clone(&shared), acceptor.clone(), tasks.clone());
        tasks.spawn(async move {
            let _slot = slot;
            tokio::select! {
                biased;
                () = shared.not_up() => {}
                () = talk(&shared, stream, acceptor, tasks_of_connection) => {}
            }
        });
    }
}

/// Time between two attempts to accept after one failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Serves one connection to its end. What goes wrong on it concerns only that client.
async fn talk(shared: &Arc<Shared>, stream: tokio::net::TcpStream, acceptor: TlsAcceptor, tasks: TaskTracker) {
    let Ok(Ok(stream)) = tokio::time::timeout(limits::HANDSHAKE_DEADLINE, acceptor.accept(stream)).await else {
        return;
    };
    let mut server = auto::Builder::new(Tracked(tasks));
    server.http1().timer(TokioTimer::new()).header_read_timeout(limits::IDLE_DEADLINE);
    server.http2().timer(TokioTimer::new()).max_concurrent_streams(limits::STREAMS_MAX);
    let service = hyper::service::service_fn(|request| Arc::clone(shared).serve(request));
    drop(server.serve_connection(TokioIo::new(stream), service).await);
}

/// Runs HTTP/2's streams as tasks of the server, so that shutting down waits for them.
#[derive(Clone)]
struct Tracked(TaskTracker);

impl<F> hyper::rt::Executor<F> for Tracked
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        drop(self.0.spawn(future));
    }
}

/// Seconds since the epoch.
fn now_s() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default()
}
