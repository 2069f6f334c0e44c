//! One backend: sends requests over its own connections, and watches how it fares.
//!
//! Its pool is its own: a connection is never shared with another backend, another credential or another binding. One
//! request is sent once (decision 0004). hyper takes another connection only for a request of which it has not begun to
//! write: it hands the request itself back, so there is nothing to guess. Whatever broke after that is an error, and any
//! further attempt is the gateway's, decided and recorded.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::response::Parts;
use http::uri::PathAndQuery;
use http::{Method, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::TokioTimer;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connect::{Connector, Peer, tls_cause, tls_fault};
use super::health::{Health, Why};
use super::request::{Accept, Maker, Outgoing};
use super::target::Target;
use super::{Region, Reply, SendError, Settings, SetupError, SetupFault, tls};
use crate::limits;
use crate::model::{Dialect, Word};

/// Bytes of a health page that are read before its connection is closed.
const HEALTH_BYTES_MAX: usize = 1024 * 1024;

/// A place data can go, with its connections and its health.
pub struct Backend {
    settings: Settings,
    maker: Maker,
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
        settings.region.as_ref().map_or(Ok(()), Region::check)?;
        let maker = Maker::new(&settings, target.clone())?;
        let check = match &settings.health.path {
            Some(path) if path.starts_with('/') => Some(path.parse().map_err(|_| SetupFault::HealthPath)?),
            Some(_) => return Err(SetupFault::HealthPath),
            None => None,
        };
        let connector = Connector::new(target, settings.binding.clone(), settings.bounds, tls);
        Ok(Self {
            pooled: client(connector.clone(), &settings, settings.bounds.pool_idle_max, tasks),
            fresh: client(connector, &settings, 0, tasks),
            health: Arc::new(Health::new(settings.health.clone())),
            settings,
            maker,
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

    /// Whether a request sent now has a chance: not ejected, not failing its checks, a credential at hand, no quarantine.
    pub fn available(&self) -> bool {
        self.settings().barred().is_none() && self.health.available(Instant::now())
    }

    /// Why the last request or check failed, in closed words; nothing once one succeeded.
    pub fn why(&self) -> Option<Why> {
        self.settings().barred().or_else(|| self.health.why())
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
        match self.settings().barred() {
            Some(Why::Region) => return Err(SendError::Region),
            Some(_) => return Err(SendError::Credential),
            None => {}
        }
        let now = Instant::now();
        let mut ticket = self.health.begin(now);
        let bounds = &self.settings.bounds;
        let answer = timeout_at(now + bounds.first_byte, self.attempt(&self.pooled, &outgoing))
            .await
            .unwrap_or(Err(SendError::Timeout));
        match answer {
            Ok(response) => {
                ticket.succeeded();
                let (head, body) = response.into_parts();
                self.proves_region(&head)?;
                Reply::new(&head, body, bounds, ticket)
            }
            Err(error) => {
                if error.is_unavailable() && ticket.failed(Instant::now(), error) {
                    tracing::warn!(backend = %self.name(), cause = error.cause(), why = %error, "Backend ejected");
                }
                Err(error)
            }
        }
    }

    async fn attempt(
        &self,
        client: &Client<Connector, Full<Bytes>>,
        outgoing: &Outgoing,
    ) -> Result<Response<Incoming>, SendError> {
        let mut request = self.maker.request(outgoing).ok_or(SendError::Request)?;
        let captured = capture_connection(&mut request);
        let response = client.request(request).await.map_err(|error| classify(&error))?;
        if let Some(peer) = response.extensions().get::<Peer>()
            && peer.since().elapsed() >= self.settings.bounds.connection_age
            && let Some(connected) = captured.connection_metadata().as_ref()
        {
            connected.poison();
        }
        Ok(response)
    }

    /// Holds an answer against the region that it must prove.
    fn proves_region(&self, head: &Parts) -> Result<(), SendError> {
        match &self.settings().region {
            Some(region) if !region.holds(head.status, &head.headers) => {
                tracing::error!(backend = %self.name(), "Backend in quarantine: an answer did not prove its region");
                Err(SendError::Region)
            }
            _ => Ok(()),
        }
    }

    /// Renews its credential until `stop`, where it is one that is fetched.
    pub(super) async fn renew(self: Arc<Self>, stop: CancellationToken) {
        if let Some(lease) = self.settings().lease() {
            lease.keep(self.name(), stop).await;
        }
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
            if self.settings().barred().is_some() {
                continue;
            }
            let passed = tokio::select! {
                () = stop.cancelled() => return,
                passed = self.passes(&path) => passed,
            };
            if self.health.checked(passed.err()) {
                match passed {
                    Ok(()) => tracing::info!(backend = %self.name(), "Backend passes its checks again"),
                    Err(why) => tracing::warn!(backend = %self.name(), %why, "Backend fails its checks"),
                }
            }
        }
    }

    /// Whether one check passes: a connection that proves itself, and any answer below 500 (a 401 is a sign of life).
    async fn passes(&self, path: &PathAndQuery) -> Result<(), Why> {
        let outgoing = Outgoing {
            method: Method::GET,
            path: path.clone(),
            headers: Vec::new(),
            body: Bytes::new(),
            accept: Accept::Json,
        };
        let check = async {
            let response = self.attempt(&self.fresh, &outgoing).await.map_err(Why::Unreached)?;
            let status = response.status();
            if self.settings().region.as_ref().is_some_and(|region| region.differs(response.headers())) {
                tracing::error!(backend = %self.name(), "Backend in quarantine: a check came from another region");
                return Err(Why::Region);
            }
            // Read to its end, so that the backend does not log a broken connection every few seconds.
            let _unread = Limited::new(response.into_body(), HEALTH_BYTES_MAX).collect().await;
            if status.is_server_error() { Err(Why::Status(status.as_u16())) } else { Ok(()) }
        };
        timeout(self.settings.health.deadline, check).await.unwrap_or(Err(Why::Silent))
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend").field("name", self.name()).field("health", &self.health).finish_non_exhaustive()
    }
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
        if let Some(fault) = cause.downcast_ref::<io::Error>().and_then(tls_cause) {
            return tls_fault(fault);
        }
        next = cause.source();
    }
    if error.is_connect() { SendError::Connect("protocol") } else { SendError::Broke }
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
