//! One backend: makes requests of parts, sends them over its own connections, and watches how it fares.
//!
//! Its pool is its own: a connection is never shared with another backend, another credential or another binding. One
//! request is sent once, with one exception: a pooled connection that the backend closed at the very moment in which it was
//! used (common servers close after 5 s of idling) breaks without an answer, and the same bytes go to the same backend once
//! more over a fresh one. Any further attempt is the gateway's, decided and recorded.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, EXPECT,
    HOST, HeaderName, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use http::uri::PathAndQuery;
use http::{Extensions, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::{Connected, capture_connection};
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::TokioTimer;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connect::{Connector, Peer, tls_cause};
use super::credential::Pass;
use super::health::Health;
use super::target::Target;
use super::{Reply, SendError, Settings, SetupError, SetupFault, tls};
use crate::limits;
use crate::model::{Dialect, Word};

const AGENT: HeaderValue = HeaderValue::from_static(concat!("octroi/", env!("CARGO_PKG_VERSION")));
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");

/// Bytes of a health page that are read before its connection is closed.
const HEALTH_BYTES_MAX: usize = 1024 * 1024;

/// Headers that only this module sets, or that nobody may.
const OURS: [HeaderName; 17] = [
    HOST,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    CONTENT_ENCODING,
    TRANSFER_ENCODING,
    TE,
    TRAILER,
    CONNECTION,
    UPGRADE,
    EXPECT,
    ACCEPT,
    ACCEPT_ENCODING,
    USER_AGENT,
    COOKIE,
    PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Whether a header belongs to the connection and not to a caller or an operator.
pub(super) fn is_ours(name: &HeaderName) -> bool {
    OURS.contains(name)
}

/// What is to be sent: the parts of a request that are not the backend's own.
#[derive(Clone)]
pub struct Outgoing {
    /// The method of the endpoint.
    pub method: Method,
    /// The endpoint, from the dialect's table: `/v1/chat/completions`. The backend's base path comes before it.
    pub path: PathAndQuery,
    /// Headers that the dialect's table passes on, each made by the gateway. Those of the connection, `authorization` and
    /// the backend's own are not taken from here.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body; empty for none.
    pub body: Bytes,
    /// Whether a stream of events is asked for.
    pub stream: bool,
}

impl Outgoing {
    /// A JSON body for an endpoint.
    pub fn post(path: PathAndQuery, body: Bytes, stream: bool) -> Self {
        Self { method: Method::POST, path, headers: Vec::new(), body, stream }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("method", &self.method)
            .field("body_bytes", &self.body.len())
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

/// A place data can go, with its connections and its health.
pub struct Backend {
    settings: Settings,
    target: Target,
    pass: Option<Pass>,
    extra: Vec<(HeaderName, HeaderValue)>,
    check: Option<PathAndQuery>,
    /// Keeps connections.
    pooled: Client<Connector, Full<Bytes>>,
    /// Makes a connection for each request.
    fresh: Client<Connector, Full<Bytes>>,
    health: Arc<Health>,
}

impl Backend {
    /// Checks the settings and makes the backend; connects nowhere yet. Connections run as tasks of `tasks`.
    ///
    /// # Errors
    ///
    /// Settings that contradict each other or the binding.
    pub fn new(settings: Settings, tasks: &TaskTracker) -> Result<Self, SetupError> {
        let name = settings.name.clone();
        Self::check(settings, tasks).map_err(|fault| SetupError { backend: name, fault })
    }

    fn check(settings: Settings, tasks: &TaskTracker) -> Result<Self, SetupFault> {
        let target = Target::new(&settings.url, settings.plaintext, &settings.binding)?;
        let tls = if target.tls {
            Some(tls::client(&settings.roots, settings.client_certificate.as_ref(), &settings.binding)?)
        } else {
            None
        };
        let pass = settings.credential.as_ref().map(Pass::new).transpose()?;
        let extra = settings.headers.iter().map(|(name, value)| header(name, value)).collect::<Result<_, _>>()?;
        let check = match &settings.health.path {
            Some(path) if path.starts_with('/') => Some(path.parse().map_err(|_| SetupFault::HealthPath)?),
            Some(_) => return Err(SetupFault::HealthPath),
            None => None,
        };
        let connector = Connector::new(target.clone(), settings.binding.clone(), settings.bounds, tls);
        Ok(Self {
            pooled: client(connector.clone(), &settings, settings.bounds.pool_idle_max, tasks),
            fresh: client(connector, &settings, 0, tasks),
            health: Arc::new(Health::new(settings.health.clone())),
            settings,
            target,
            pass,
            extra,
            check,
        })
    }

    /// Its name in the inventory and in `octroi.toml`.
    pub fn name(&self) -> &Word {
        &self.settings.name
    }

    /// What it was made of.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether it speaks a dialect.
    pub fn speaks(&self, dialect: Dialect) -> bool {
        self.settings.dialects.contains(&dialect)
    }

    /// Whether its declared truths hold for this model or deployment of its own.
    pub fn serves(&self, model: &str) -> bool {
        self.settings.binding.models.iter().any(|bound| bound == model)
    }

    /// Whether a request sent now has a chance: not ejected, not failing its checks.
    pub fn available(&self) -> bool {
        self.health.available(Instant::now())
    }

    /// Requests whose answer has not ended.
    pub fn outstanding(&self) -> usize {
        self.health.outstanding()
    }

    /// Sends a request and waits for the head of its answer. Dropping the future, or the reply's body, cancels it.
    ///
    /// # Errors
    ///
    /// No answer, or one that is not passed on. Any status but 1xx and 3xx is a reply.
    pub async fn send(&self, outgoing: Outgoing) -> Result<Reply, SendError> {
        let now = Instant::now();
        let mut ticket = self.health.begin(now);
        let bounds = &self.settings.bounds;
        let answer =
            timeout_at(now + bounds.first_byte, self.exchange(&outgoing)).await.unwrap_or(Err(SendError::Timeout));
        match answer {
            Ok(response) => {
                ticket.succeeded();
                let (head, body) = response.into_parts();
                Reply::new(&head, body, bounds, ticket)
            }
            Err(error) => {
                if error.is_unavailable() && ticket.failed(Instant::now()) {
                    tracing::warn!(backend = %self.name(), cause = error.cause(), "Backend ejected");
                }
                Err(error)
            }
        }
    }

    /// One request over a pooled connection, and once more over a fresh one if the pooled one had gone stale.
    async fn exchange(&self, outgoing: &Outgoing) -> Result<Response<Incoming>, SendError> {
        match self.attempt(&self.pooled, outgoing).await {
            Err(Failed { error: SendError::Broke, stale: true }) => {
                self.attempt(&self.fresh, outgoing).await.map_err(|failed| failed.error)
            }
            answer => answer.map_err(|failed| failed.error),
        }
    }

    async fn attempt(
        &self,
        client: &Client<Connector, Full<Bytes>>,
        outgoing: &Outgoing,
    ) -> Result<Response<Incoming>, Failed> {
        let mut request = self.request(outgoing).ok_or(Failed { error: SendError::Request, stale: false })?;
        let captured = capture_connection(&mut request);
        let response = client.request(request).await.map_err(|error| Failed::of(&error))?;
        if let Some(peer) = response.extensions().get::<Peer>() {
            peer.note_answer();
            if peer.since().elapsed() >= self.settings.bounds.connection_age
                && let Some(connected) = captured.connection_metadata().as_ref()
            {
                connected.poison();
            }
        }
        Ok(response)
    }

    /// Builds the request of its parts; later ones replace earlier ones, so that the connection's own always hold.
    fn request(&self, outgoing: &Outgoing) -> Option<Request<Full<Bytes>>> {
        let mut request = Request::new(Full::new(outgoing.body.clone()));
        *request.method_mut() = outgoing.method.clone();
        *request.uri_mut() = self.target.uri(&outgoing.path)?;
        let headers = request.headers_mut();
        for (name, value) in &outgoing.headers {
            if !is_ours(name) && *name != AUTHORIZATION {
                headers.insert(name.clone(), value.clone());
            }
        }
        for (name, value) in &self.extra {
            headers.insert(name.clone(), value.clone());
        }
        if !outgoing.body.is_empty() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        headers.insert(ACCEPT, if outgoing.stream { EVENTS } else { JSON });
        headers.insert(ACCEPT_ENCODING, IDENTITY);
        headers.insert(USER_AGENT, AGENT);
        if let Some(pass) = &self.pass {
            pass.apply(headers);
        }
        Some(request)
    }

    /// Asks the health path at every interval until `stop`.
    pub(super) async fn watch(self: Arc<Self>, stop: CancellationToken) {
        let Some(path) = self.check.clone() else { return };
        let mut tick = interval(self.settings.health.interval);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            let passed = tokio::select! {
                () = stop.cancelled() => return,
                passed = self.passes(&path) => passed,
            };
            if self.health.checked(passed) {
                if passed {
                    tracing::info!(backend = %self.name(), "Backend passes its checks again");
                } else {
                    tracing::warn!(backend = %self.name(), "Backend fails its checks");
                }
            }
        }
    }

    /// Whether one check passes: a connection that proves itself, and any answer below 500 (a 401 is a sign of life).
    async fn passes(&self, path: &PathAndQuery) -> bool {
        let outgoing = Outgoing {
            method: Method::GET,
            path: path.clone(),
            headers: Vec::new(),
            body: Bytes::new(),
            stream: false,
        };
        let check = async {
            let response = self.attempt(&self.fresh, &outgoing).await.ok()?;
            let status = response.status();
            // Read to its end, so that the backend does not log a broken connection every few seconds.
            let _unread = Limited::new(response.into_body(), HEALTH_BYTES_MAX).collect().await;
            Some(status)
        };
        let status = timeout(self.settings.health.interval, check).await;
        status.is_ok_and(|status| status.is_some_and(|status| !status.is_server_error()))
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend").field("name", self.name()).field("health", &self.health).finish_non_exhaustive()
    }
}

/// Why an attempt gave no answer.
struct Failed {
    error: SendError,
    /// Whether the connection had answered before and may just have been closed for idleness.
    stale: bool,
}

impl Failed {
    fn of(error: &ClientError) -> Self {
        let stale = error.connect_info().and_then(peer_of).is_some_and(|peer| peer.has_answered());
        Self { error: classify(error), stale }
    }
}

fn peer_of(connected: &Connected) -> Option<Peer> {
    let mut extensions = Extensions::new();
    connected.get_extras(&mut extensions);
    extensions.remove::<Peer>()
}

/// Finds in a chain of errors what matters here.
fn classify(error: &ClientError) -> SendError {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(own) = cause.downcast_ref::<SendError>() {
            return *own;
        }
        if let Some(http) = cause.downcast_ref::<hyper::Error>() {
            if http.is_parse_too_large() {
                return SendError::Malformed("head too large");
            }
            if http.is_parse() {
                return SendError::Malformed("head");
            }
        }
        // A client certificate is refused only after the handshake has ended on our side.
        if cause.downcast_ref::<io::Error>().and_then(tls_cause).is_some() {
            return SendError::Tls("refused by the backend");
        }
        next = cause.source();
    }
    if error.is_connect() { SendError::Connect("protocol") } else { SendError::Broke }
}

/// An extra header of the operator's.
fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), SetupFault> {
    let fault = |reason| SetupFault::Header { name: name.to_owned(), reason };
    let parsed = HeaderName::try_from(name).map_err(|_| fault("is not a header name"))?;
    if is_ours(&parsed) {
        return Err(fault("belongs to the connection"));
    }
    if parsed == AUTHORIZATION {
        return Err(fault("is a credential and belongs there"));
    }
    let value = HeaderValue::try_from(value).map_err(|_| fault("has a value that no header can carry"))?;
    Ok((parsed, value))
}

/// A client for one backend's connections.
fn client(
    connector: Connector,
    settings: &Settings,
    idle_max: usize,
    tasks: &TaskTracker,
) -> Client<Connector, Full<Bytes>> {
    let bounds = &settings.bounds;
    Client::builder(Spawner(tasks.clone()))
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(bounds.pool_idle)
        .pool_max_idle_per_host(idle_max)
        .http1_max_buf_size(bounds.head_bytes.max(8192)) // hyper's own minimum
        .http1_max_headers(limits::HEADERS_MAX)
        .http2_max_header_list_size(u32::try_from(bounds.head_bytes).unwrap_or(u32::MAX))
        .http2_initial_stream_window_size(limits::STREAM_WINDOW_BYTES)
        .http2_initial_connection_window_size(limits::CONNECTION_WINDOW_BYTES)
        .build(connector)
}

/// Runs connections as tasks of a set that is waited for at the end.
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
