//! The admin listener: metrics, health, readiness, and the keys of callers. Bound to loopback by default, never on the data
//! path, and served as that is: with the same deadlines and bounds, in TLS where `[admin]` names a certificate.
//!
//! It reads what [`Facts`] gives it. What it can change is in `keys`, for whoever proves to be an administrator.

mod keys;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use crate::config::Limits;
use crate::gateway::server::{Door, Never, Server, Visitor};
use crate::gateway::tls::Front;
use crate::gateway::{BrokenOff, Gate};
use crate::limits;
use crate::model::Word;

/// What the admin listener shows.
pub trait Facts: Send + Sync + 'static {
    /// The page that Prometheus scrapes.
    fn metrics(&self) -> String;
    /// Whether requests can be served, and why not.
    fn readiness(&self) -> Readiness;
}

/// Whether requests can be served, and what stands in the way.
#[derive(Debug, Clone, Serialize)]
pub struct Readiness {
    /// The gateway takes no new work.
    pub draining: bool,
    /// The log can write.
    pub audit: bool,
    /// Name and version of the policy in force.
    pub policy: String,
    /// Its digest.
    pub policy_digest: String,
    /// When it must be compiled again.
    pub policy_valid_until: Option<String>,
    /// Until when an emergency freeze lasts, by whom and why.
    pub freeze: Option<Freeze>,
    /// Name and version of the candidate that is evaluated beside it.
    pub shadow: Option<String>,
    /// Its digest.
    pub shadow_digest: Option<String>,
    /// What was wrong with the files that were last rejected; `null` when the newest are in force.
    pub rejected: Option<String>,
    /// The scenarios that the policy in force does not do, each with its title and place. None of them refuses anything.
    pub scenarios: Vec<String>,
    /// What is wrong with the file of keys; `null` when it is in force.
    pub keys: Option<String>,
    /// Where the encoder computes; `null` without one.
    pub encoder: Option<EncoderState>,
    /// The backends.
    pub backends: Vec<BackendState>,
}

/// Where the encoder computes.
#[derive(Debug, Clone, Serialize)]
pub struct EncoderState {
    /// `gpu` or `processor`.
    pub place: Word,
    /// Why no GPU does, in one closed word; `null` where one does, is being brought up, or is switched off.
    pub why: Option<Word>,
}

/// How a backend fares.
#[derive(Debug, Clone, Serialize)]
pub struct BackendState {
    /// Its name.
    pub name: Word,
    /// Whether it is in use.
    pub up: bool,
    /// Why the last request to it, or check of it, failed, in closed words; `null` once one succeeded.
    pub why: Option<String>,
}

/// An emergency freeze.
#[derive(Debug, Clone, Serialize)]
pub struct Freeze {
    /// When it ends by itself.
    pub until: String,
    /// Who ordered it.
    pub by: Vec<Word>,
    /// Why.
    pub because: Word,
    /// SHA-256 of the order, which a thaw names.
    pub order: String,
}

impl Readiness {
    /// Whether requests can be served.
    pub const fn is_ready(&self) -> bool {
        !self.draining && self.audit
    }
}

/// Where the admin listener stands, and how.
#[derive(Debug)]
pub struct Place {
    /// Its address.
    pub address: SocketAddr,
    /// Its TLS; `None`: it speaks plaintext.
    pub front: Option<Arc<Front>>,
    /// Names by which it may be asked, beside addresses and loopback names.
    pub hosts: Vec<String>,
    /// Its deadlines and bounds.
    pub limits: Limits,
}

/// Binds the admin listener and serves it until `stop`.
///
/// # Errors
/// When the address is taken or not ours.
pub async fn listen(
    place: Place,
    (facts, gate): (Arc<dyn Facts>, Arc<Gate>),
    tasks: &TaskTracker,
    stop: CancellationToken,
) -> std::io::Result<SocketAddr> {
    let hosts = Arc::new(place.hosts);
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .layer(middleware::from_fn_with_state(Arc::clone(&hosts), ours))
        .with_state(facts)
        .merge(keys::routes(gate).layer(middleware::from_fn_with_state(hosts, ours)));
    let connections = place.limits.connections.min(limits::ADMIN_CONNECTIONS_MAX);
    let limits = Limits { connections, ..place.limits };
    let server = Server::bind(place.address, place.front, door(router, limits), limits).await?;
    let bound = server.address()?;
    tasks.spawn(server.run(stop, CancellationToken::new()));
    Ok(bound)
}

/// The door of the pages: a body is read whole, within its bound and in time, before anything is done for it.
fn door(router: Router, limits: Limits) -> Door {
    Arc::new(move |visitor: Visitor| {
        let router = router.clone();
        BoxCloneSyncService::new(tower::service_fn(move |request: http::Request<Incoming>| {
            let (router, visitor) = (router.clone(), visitor.clone());
            async move {
                let (parts, body) = request.into_parts();
                let read = Limited::new(body, limits::ADMIN_BODY_BYTES_MAX).collect();
                let answer = match tokio::time::timeout(limits.body, read).await {
                    Ok(Ok(read)) => {
                        let mut request = Request::from_parts(parts, axum::body::Body::from(read.to_bytes()));
                        request.extensions_mut().insert(visitor);
                        let Ok(answer) = router.oneshot(request).await;
                        answer
                    }
                    Ok(Err(_)) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
                    Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
                };
                Ok::<_, Never>(answer.map(|body| body.map_err(|_| BrokenOff).boxed_unsync()))
            }
        }))
    })
}

/// The hosts that a request names: in its `Host`, and, as HTTP/2 and absolute addresses do, in its address.
fn hosts_of(request: &Request) -> impl Iterator<Item = &str> {
    let headers = request.headers().get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default());
    headers.chain(request.uri().authority().map(Authority::as_str))
}

/// Whether a request says for which host it is meant. HTTP/1.0 need not, and no browser sends it.
fn names_host(request: &Request) -> bool {
    hosts_of(request).next().is_some()
}

/// Refuses a request that was meant for another host. A page in a browser of this machine may give its own name the address
/// of this listener (DNS rebinding); what it then asks carries that name. An address, a loopback name and the names that the
/// operator gave are ours.
async fn ours(State(hosts): State<Arc<Vec<String>>>, request: Request, next: Next) -> Response {
    let once = request.headers().get_all(header::HOST).iter().count() <= 1;
    if once && hosts_of(&request).all(|host| is_ours(host, &hosts)) {
        return next.run(request).await;
    }
    let text = "421: this listener does not answer to that host\n\n\
                Ask it by its address or as localhost, or add the name to `[admin] hosts` in octroi.toml.\n";
    (StatusCode::MISDIRECTED_REQUEST, text).into_response()
}

/// Whether a `Host` is an address, a loopback name or one of `hosts`; the port does not matter.
fn is_ours(host: &str, hosts: &[String]) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().to_ascii_lowercase();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok()
        || name == "localhost"
        || name.ends_with(".localhost")
        || hosts.iter().any(|known| known.eq_ignore_ascii_case(&name))
}

async fn readyz(State(facts): State<Arc<dyn Facts>>) -> impl IntoResponse {
    let readiness = facts.readiness();
    let status = if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(readiness))
}

async fn metrics(State(facts): State<Arc<dyn Facts>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], facts.metrics())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_are_ours() {
        let hosts = ["octroi.example.internal".to_owned()];
        for (name, host, ours) in [
            ("an address", "127.0.0.1:9443", true),
            ("an address of the network", "10.1.2.3:9443", true),
            ("an address in brackets", "[::1]:9443", true),
            ("a loopback name", "localhost:9443", true),
            ("in capitals", "LOCALHOST", true),
            ("below localhost", "octroi.localhost:9443", true),
            ("a name of the operator's", "Octroi.Example.Internal:9443", true),
            ("another name", "attacker.example:9443", false),
            ("one that ends alike", "evillocalhost:9443", false),
            ("a user before it", "localhost@attacker.example", false),
            ("nothing", "", false),
            ("no host", ":9443", false),
        ] {
            assert_eq!(is_ours(host, &hosts), ours, "{name}");
        }
    }
}
