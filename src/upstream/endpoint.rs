//! One endpoint of a backend: an address with connections and a health of its own.
//!
//! Connections are never shared with another endpoint, another credential or another binding. One request is sent once
//! (decision 0004). hyper takes another connection only for a request of which it has not begun to write: it hands the request
//! itself back, so there is nothing to guess. Whatever broke after that is an error, and any further attempt is the gateway's,
//! decided and recorded.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Method, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::TokioTimer;
use rustls::ClientConfig;
use tokio::time::{Instant, timeout};
use tokio_util::task::TaskTracker;

use super::connect::{Connector, Peer, tls_cause, tls_fault};
use super::health::{Health, Why};
use super::request::{Accept, Maker, Outgoing};
use super::target::Target;
use super::{Region, SendError, Settings, SetupFault};
use crate::limits;

/// What all endpoints of a backend have in common.
pub(super) struct Common {
    pub(super) settings: Settings,
    /// The URL taken apart.
    pub(super) target: Target,
    /// `None` for plain text.
    pub(super) tls: Option<Arc<ClientConfig>>,
    pub(super) tasks: TaskTracker,
}

/// One address.
pub(super) struct Endpoint {
    /// Stays the same as long as the address is the same.
    pub(super) id: u64,
    /// `host:port`, for the log.
    pub(super) name: String,
    pub(super) health: Arc<Health>,
    maker: Maker,
    /// Keeps connections.
    pooled: Client<Connector, Full<Bytes>>,
    /// Makes a connection for each request.
    fresh: Client<Connector, Full<Bytes>>,
    /// Asks at the port where a server tells of itself, where that is another.
    telling: Option<(Maker, Client<Connector, Full<Bytes>>)>,
    connection_age: Duration,
    /// The region that its answers must prove; the quarantine is its siblings' too.
    region: Option<Region>,
    /// Until when its siblings are asked first.
    avoided_until: Mutex<Option<Instant>>,
    /// Whether it has not served since it last did not.
    unproven: AtomicBool,
    /// Priority and weight beside its siblings.
    standing: AtomicU32,
    /// Attempts in a row that brought no answer, or one that says the server failed.
    troubles: AtomicU32,
}

impl Endpoint {
    /// Makes an endpoint at a target of the backend; connects nowhere yet.
    pub(super) fn new(common: &Common, target: &Target) -> Result<Self, SetupFault> {
        let settings = &common.settings;
        let bounds = settings.bounds;
        let connector = |target: &Target| {
            Connector::new(target.clone(), settings.binding.clone(), bounds, common.tls.as_ref().map(Arc::clone))
        };
        let telling = match settings.poll.as_ref().and_then(|poll| poll.port) {
            Some(port) if port != target.port => {
                let target = target.at_port(port).ok_or_else(|| SetupFault::Endpoint(target.name()))?;
                let client = client(connector(&target), settings, 1, &common.tasks);
                Some((Maker::new(settings, target)?, client))
            }
            _ => None,
        };
        Ok(Self {
            id: target.id(),
            name: target.name(),
            health: Arc::new(Health::new(settings.health.clone())),
            maker: Maker::new(settings, target.clone())?,
            pooled: client(connector(target), settings, bounds.pool_idle_max, &common.tasks),
            fresh: client(connector(target), settings, 0, &common.tasks),
            telling,
            connection_age: bounds.connection_age,
            region: settings.region.clone(),
            avoided_until: Mutex::new(None),
            unproven: AtomicBool::new(false),
            standing: AtomicU32::new(standing(target)),
            troubles: AtomicU32::new(0),
        })
    }

    /// Takes over the priority and the weight that it has by now.
    pub(super) fn stands_as(&self, target: &Target) {
        self.standing.store(standing(target), Ordering::Relaxed);
    }

    /// Those with a lower one are asked first.
    pub(super) fn priority(&self) -> u32 {
        self.standing.load(Ordering::Relaxed) >> 16
    }

    /// Its share among those with the same priority; 0 where none is said.
    pub(super) fn weight(&self) -> u32 {
        self.standing.load(Ordering::Relaxed) & 0xffff
    }

    /// Sends a request over a kept connection.
    pub(super) async fn ask(&self, outgoing: &Outgoing) -> Result<Response<Incoming>, SendError> {
        self.attempt((&self.maker, &self.pooled), outgoing).await
    }

    async fn attempt(
        &self,
        (maker, client): (&Maker, &Client<Connector, Full<Bytes>>),
        outgoing: &Outgoing,
    ) -> Result<Response<Incoming>, SendError> {
        let mut request = maker.request(outgoing).ok_or(SendError::Request)?;
        let captured = capture_connection(&mut request);
        let response = client.request(request).await.map_err(|error| classify(&error))?;
        if let Some(peer) = response.extensions().get::<Peer>()
            && peer.since().elapsed() >= self.connection_age
            && let Some(connected) = captured.connection_metadata().as_ref()
        {
            connected.poison();
        }
        Ok(response)
    }

    /// Whether one check passes: a connection that proves itself, and any answer below 500 (a 401 is a sign of life).
    pub(super) async fn passes(&self, path: &PathAndQuery, deadline: Duration) -> Result<(), Why> {
        let outgoing = get(path);
        let check = async {
            let response = self.attempt((&self.maker, &self.fresh), &outgoing).await.map_err(Why::Unreached)?;
            let status = response.status();
            if self.region.as_ref().is_some_and(|region| region.differs(response.headers())) {
                return Err(Why::Region);
            }
            // Read to its end, so that the backend does not log a broken connection every few seconds.
            let _unread = Limited::new(response.into_body(), limits::HEALTH_BYTES_MAX).collect().await;
            if status.is_server_error() { Err(Why::Status(status.as_u16())) } else { Ok(()) }
        };
        timeout(deadline, check).await.unwrap_or(Err(Why::Silent))
    }

    /// The page on which a server tells of itself; `None` when there is none in time, or it is too long.
    pub(super) async fn page(&self, path: &PathAndQuery, deadline: Duration) -> Option<String> {
        let outgoing = get(path);
        let way = self.telling.as_ref().map_or((&self.maker, &self.pooled), |(maker, client)| (maker, client));
        let read = async {
            let response = self.attempt(way, &outgoing).await.ok()?;
            if response.status() != StatusCode::OK {
                return None;
            }
            let body = Limited::new(response.into_body(), limits::POLL_BYTES_MAX).collect().await.ok()?;
            String::from_utf8(body.to_bytes().into()).ok()
        };
        timeout(deadline, read).await.ok().flatten()
    }

    /// Whether its siblings are asked first: it said that it is full, or did not serve a moment ago. It is not ejected by that.
    pub(super) fn is_avoided(&self, now: Instant) -> bool {
        self.avoided().is_some_and(|until| now < until)
    }

    /// Whether it would serve as far as anybody knows: it is in use, not avoided, and if it once did not serve, it has since.
    pub(super) fn has_proved_well(&self, now: Instant) -> bool {
        self.health.available(now) && !self.is_avoided(now) && !self.unproven.load(Ordering::Relaxed)
    }

    /// It answered that it is full.
    pub(super) fn is_full(&self, now: Instant, retry_after_s: Option<u32>) {
        self.unproven.store(true, Ordering::Relaxed);
        let time = retry_after_s.map_or(limits::AVOIDED_AT_LEAST, |seconds| Duration::from_secs(seconds.into()));
        *self.avoided() = Some(now + time.clamp(limits::AVOIDED_AT_LEAST, limits::AVOIDED_AT_MOST));
    }

    /// It did not serve; says whether it has not so often in a row that it is an outlier.
    pub(super) fn is_in_trouble(&self, now: Instant) -> bool {
        self.unproven.store(true, Ordering::Relaxed);
        let troubles = self.troubles.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let factor = 2_u32.saturating_pow(troubles.saturating_sub(1));
        let time = limits::AVOIDED_AT_LEAST.saturating_mul(factor).min(limits::AVOIDED_AT_MOST);
        *self.avoided() = Some(now + time);
        troubles >= limits::TROUBLES_MAX
    }

    /// It served.
    pub(super) fn is_well(&self) {
        self.unproven.store(false, Ordering::Relaxed);
        self.troubles.store(0, Ordering::Relaxed);
    }

    fn avoided(&self) -> MutexGuard<'_, Option<Instant>> {
        self.avoided_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("name", &self.name).field("health", &self.health).finish_non_exhaustive()
    }
}

fn standing(target: &Target) -> u32 {
    u32::from(target.priority) << 16 | u32::from(target.weight)
}

fn get(path: &PathAndQuery) -> Outgoing {
    Outgoing { method: Method::GET, path: path.clone(), headers: Vec::new(), body: Bytes::new(), accept: Accept::Any }
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

/// A client for one endpoint's connections.
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
