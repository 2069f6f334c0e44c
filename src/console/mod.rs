//! The admin listener: metrics, health, readiness. Bound to loopback by default, never on the data path.
//!
//! It reads what [`Facts`] gives it and changes nothing.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

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
    /// What was wrong with the files that were last rejected; `null` when the newest are in force.
    pub rejected: Option<String>,
    /// Backends and whether they are in use.
    pub backends: Vec<(Word, bool)>,
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
}

impl Readiness {
    /// Whether requests can be served.
    pub const fn is_ready(&self) -> bool {
        !self.draining && self.audit
    }
}

/// Binds the admin listener and serves it until `stop`.
///
/// # Errors
/// When the address is taken or not ours.
pub async fn listen(
    address: SocketAddr,
    facts: Arc<dyn Facts>,
    tasks: &TaskTracker,
    stop: CancellationToken,
) -> std::io::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(facts);
    tasks.spawn(async move {
        let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(kind = ?error.kind(), "Admin listener failed");
        }
    });
    Ok(bound)
}

async fn readyz(State(facts): State<Arc<dyn Facts>>) -> impl IntoResponse {
    let readiness = facts.readiness();
    let status = if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(readiness))
}

async fn metrics(State(facts): State<Arc<dyn Facts>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], facts.metrics())
}
