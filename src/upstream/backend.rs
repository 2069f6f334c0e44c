//! One backend: sends requests to its endpoints, and watches how they fare.
//!
//! What is true of a backend is true of each of its endpoints: each is held against the same binding when it is made, and its
//! address again at every connection.

use std::fmt;
use std::sync::Arc;

use http::StatusCode;
use http::response::Parts;
use http::uri::PathAndQuery;
use tokio::sync::futures::Notified;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::endpoint::{Common, Endpoint};
use super::fleet::{Choice, Fleet, Place};
use super::follow;
use super::health::Why;
use super::request::Outgoing;
use super::target::Target;
use super::watch::Watched;
use super::{Region, Reply, SendError, Settings, SetupError, SetupFault, tls};
use crate::balance::Ask;
use crate::model::{Dialect, Word};

/// A place data can go, with its endpoints.
pub struct Backend {
    common: Common,
    check: Option<PathAndQuery>,
    fleet: Arc<Fleet>,
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
        let check = match &settings.health.path {
            Some(path) if path.starts_with('/') => Some(path.parse().map_err(|_| SetupFault::HealthPath)?),
            Some(_) => return Err(SetupFault::HealthPath),
            None => None,
        };
        if let Some(poll) = &settings.poll
            && !(poll.path.starts_with('/') && poll.path.parse::<PathAndQuery>().is_ok())
        {
            return Err(SetupFault::PollPath);
        }
        let common = Common { settings, target, tls: tls.map(Arc::new), tasks: tasks.clone() };
        let made = follow::at_first(&common)?.into_iter().map(|target| Endpoint::new(&common, &target).map(Arc::new));
        let fleet = Arc::new(Fleet::new(&made.collect::<Result<Vec<_>, _>>()?, common.settings.full));
        Ok(Self { common, check, fleet })
    }

    /// Its name in the inventory and in `octroi.toml`.
    pub fn name(&self) -> &Word {
        &self.common.settings.name
    }

    /// What it was made of.
    pub fn settings(&self) -> &Settings {
        &self.common.settings
    }

    /// Whether it speaks a dialect.
    pub fn speaks(&self, dialect: Dialect) -> bool {
        self.settings().dialects.contains(&dialect)
    }

    /// Whether its declared truths hold for this model or deployment of its own.
    pub fn serves(&self, model: &str) -> bool {
        self.settings().binding.models.iter().any(|bound| bound == model)
    }

    /// Whether a request sent now has a chance at one of its endpoints: not ejected, not failing its checks, a credential at
    /// hand, no quarantine.
    pub fn available(&self) -> bool {
        self.has_untried(&[])
    }

    /// Whether it has a chance at an endpoint that was not tried.
    pub fn has_untried(&self, tried: &[u64]) -> bool {
        self.settings().barred().is_none() && self.fleet.is_available(Instant::now(), tried)
    }

    /// Whether it did not serve, or said that it is full, a moment ago at every endpoint that was not tried.
    pub fn is_avoided(&self, tried: &[u64]) -> bool {
        self.fleet.is_avoided(Instant::now(), tried)
    }

    /// The endpoints that would serve as far as anybody knows: in use, not avoided, and those that did not serve once have since.
    pub fn proved_well(&self) -> Vec<u64> {
        if self.settings().barred().is_some() { Vec::new() } else { self.fleet.proved_well(Instant::now()) }
    }

    /// How many endpoints it has.
    pub fn endpoints(&self) -> usize {
        self.fleet.len()
    }

    /// What names each of them, in every process alike.
    pub fn endpoint_ids(&self) -> Vec<u64> {
        self.fleet.members().iter().map(|endpoint| endpoint.id).collect()
    }

    /// How many of them are not ejected and do not fail their checks.
    pub fn endpoints_up(&self) -> usize {
        let now = Instant::now();
        self.fleet.members().iter().filter(|endpoint| endpoint.health.available(now)).count()
    }

    /// Why the last request or check of an endpoint failed, in closed words; nothing once one succeeded.
    pub fn why(&self) -> Option<Why> {
        self.settings().barred().or_else(|| self.fleet.why(Instant::now()))
    }

    /// Requests whose answer has not ended.
    pub fn outstanding(&self) -> usize {
        self.fleet.outstanding()
    }

    /// Takes a place for a request at the endpoint where its answer is expected soonest, of those with room not tried yet.
    pub fn choose(&self, ask: &Ask<'_>, tried: &[u64]) -> Choice {
        if self.settings().barred().is_some() { Choice::None } else { self.fleet.choose(ask, tried) }
    }

    /// Whether requests wait for room at its endpoints.
    pub fn queues(&self) -> bool {
        self.fleet.queues()
    }

    /// Ends when there may be room that was not there before; of several who wait for that one is woken.
    pub fn freed(&self) -> Notified<'_> {
        self.fleet.freed()
    }

    /// Sends a request to any endpoint, for callers who do not care which.
    ///
    /// # Errors
    ///
    /// As [`Backend::send_to`].
    pub async fn send(&self, outgoing: Outgoing) -> Result<Reply, SendError> {
        let ask = Ask { tokens: 1, blocks: &[], home: None, adapter: None, stream: false };
        let place = self.fleet.any(&ask).ok_or(SendError::Connect("no endpoint"))?;
        self.send_to(place, outgoing).await
    }

    /// Sends a request to the endpoint at which a place was taken and waits for the head of its answer. Dropping the future,
    /// or the reply's body, cancels it.
    ///
    /// # Errors
    ///
    /// No answer, or one that is not passed on. Any status but 1xx and 3xx is a reply.
    pub async fn send_to(&self, mut place: Place, outgoing: Outgoing) -> Result<Reply, SendError> {
        match self.settings().barred() {
            Some(Why::Region) => return Err(SendError::Region),
            Some(_) => return Err(SendError::Credential),
            None => {}
        }
        let bounds = &self.settings().bounds;
        let endpoint = Arc::clone(&place.endpoint);
        let asked = endpoint.ask(&outgoing);
        let answer = timeout_at(Instant::now() + bounds.first_byte, asked).await.unwrap_or(Err(SendError::Timeout));
        match answer {
            Ok(response) => {
                place.ticket.succeeded();
                let now = Instant::now();
                let full = matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
                if !response.status().is_server_error() {
                    endpoint.is_well();
                } else if !full && endpoint.is_in_trouble(now) && place.fleet().outlier(&endpoint, now) {
                    tracing::warn!(backend = %self.name(), endpoint = endpoint.name, "Endpoint ejected: it fails where its siblings do not");
                }
                let (head, body) = response.into_parts();
                self.proves_region(&head)?;
                let reply = Reply::new(&head, body, bounds, place)?;
                if full {
                    endpoint.is_full(now, reply.retry_after_s);
                    reply.turned_away();
                }
                Ok(reply)
            }
            Err(error) => {
                endpoint.is_in_trouble(Instant::now());
                if error.is_unavailable() && place.ticket.failed(Instant::now(), error) {
                    tracing::warn!(backend = %self.name(), endpoint = endpoint.name, cause = error.cause(), why = %error, "Backend ejected");
                }
                Err(error)
            }
        }
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

    /// Checks and polls its endpoints, and follows which there are, until `stop`.
    pub(super) async fn watch(self: Arc<Self>, stop: CancellationToken) {
        let watched = Watched { common: &self.common, check: self.check.as_ref(), fleet: &self.fleet };
        tokio::select! {
            () = stop.cancelled() => {}
            ((), (), ()) = async { tokio::join!(watched.check(), watched.poll(), follow::follow(&self.common, &self.fleet)) } => {}
        }
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend").field("name", self.name()).field("fleet", &self.fleet).finish_non_exhaustive()
    }
}
