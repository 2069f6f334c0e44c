//! The keys of callers over HTTP: list, issue, rotate, revoke. A change is on disk, in the log and in force before it is
//! answered.
//!
//! ```text
//! GET    /keys                 every key, without the key itself
//! POST   /keys                 {"app": …, "expires": …, "models": […], "apis": […], "purposes": […], "note": …}
//! POST   /keys/{id}/rotate     {"overlap_s": 86400, "expires": …}
//! DELETE /keys/{id}            the key counts no more
//! ```
//! Whoever asks shows the token of an administrator (`octroi key new --admin NAME`) as `Authorization: Bearer`, or a client
//! certificate that is registered for one (`[admin] administrators`); a token that is sent counts alone, so that a wrong one is
//! not forgiven. Browsers are kept out: a request with an `Origin` is refused, no cookie is read, nothing allows another site to
//! read an answer. Where this listener speaks plaintext, keys are changed from this machine only. The API issues and rotates no
//! tokens of administrators.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::names_host;
use crate::gateway::Gate;
use crate::gateway::credentials::{self, Ask, Unchanged};
use crate::gateway::peer::Peer;
use crate::gateway::server::Visitor;
use crate::identity::change::{Issued, KeyFault, Wanted};
use crate::identity::moment;
use crate::limits;
use crate::model::Word;

/// The routes, for administrators only.
pub(super) fn routes(gate: Arc<Gate>) -> Router {
    Router::new()
        .route("/keys", get(list).post(issue))
        .route("/keys/{id}/rotate", post(rotate))
        .route("/keys/{id}", delete(revoke))
        .layer(middleware::from_fn_with_state(Arc::clone(&gate), administrators))
        .with_state(gate)
}

/// Lets administrators in, each under a name.
async fn administrators(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    let visitor = request.extensions().get::<Visitor>();
    let Some(visitor) = visitor.filter(|visitor| visitor.encrypted || visitor.address.ip().is_loopback()) else {
        return fault(
            StatusCode::FORBIDDEN,
            "not_local",
            "this listener speaks plaintext: keys are changed from this machine only",
        );
    };
    if request.headers().contains_key(header::ORIGIN) || !names_host(&request) {
        return fault(StatusCode::FORBIDDEN, "not_for_browsers", "keys are not changed from a browser");
    }
    let Some(name) = administrator(&gate, request.headers(), visitor.peer.as_deref()) else {
        let mut answer = fault(
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "show the token of an administrator as `Authorization: Bearer` (`octroi key new --admin NAME` makes one), or a \
             client certificate that `[admin] administrators` names",
        );
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return answer;
    };
    request.extensions_mut().insert(Administrator(name));
    let mut answer = next.run(request).await;
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// The administrator whom the token proves, or, where none is sent, the certificate of the connection. What it names is asked
/// anew for each request: its authority may have been withdrawn, and its name struck off, while the connection was open.
fn administrator(gate: &Gate, headers: &HeaderMap, peer: Option<&Peer>) -> Option<Word> {
    let (callers, now) = (Arc::clone(&gate.snapshot().callers), gate.now());
    let mut shown = headers.get_all(header::AUTHORIZATION).iter();
    match (shown.next(), shown.next()) {
        (None, _) => callers.certified_administrator(peer?.names(now)),
        (Some(one), None) => {
            let (scheme, token) = one.to_str().ok()?.split_once(' ')?;
            let bearer = scheme.eq_ignore_ascii_case("bearer");
            bearer.then(|| callers.administrator(token.trim(), now)).flatten()
        }
        (Some(_), Some(_)) => None,
    }
}

/// Who asks.
#[derive(Debug, Clone)]
struct Administrator(Word);

type Asked = axum::Extension<Administrator>;

async fn list(State(gate): State<Arc<Gate>>) -> Response {
    axum::Json(json!({ "keys": credentials::list(&gate) })).into_response()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    app: String,
    expires: Option<String>,
    models: Option<Vec<String>>,
    apis: Option<Vec<String>>,
    purposes: Option<Vec<String>>,
    note: Option<String>,
}

async fn issue(State(gate): State<Arc<Gate>>, by: Asked, headers: HeaderMap, body: Bytes) -> Response {
    let new: New = match read(&headers, &body) {
        Ok(new) => new,
        Err(refused) => return *refused,
    };
    let expires = match new.expires.as_deref().map(moment).transpose() {
        Ok(expires) => expires,
        Err(what) => return fault(StatusCode::BAD_REQUEST, "invalid_request", what),
    };
    let wanted = Wanted {
        app: Some(new.app),
        admin: None,
        expires,
        models: new.models,
        apis: new.apis,
        purposes: new.purposes,
        note: new.note,
    };
    answer(credentials::ask(&gate, &by.0.0, Ask::Issue(wanted)).await, StatusCode::CREATED)
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    overlap_s: Option<u32>,
    expires: Option<String>,
}

async fn rotate(
    State(gate): State<Arc<Gate>>,
    by: Asked,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let rotation: Rotation = match if body.is_empty() { Ok(Rotation::default()) } else { read(&headers, &body) } {
        Ok(rotation) => rotation,
        Err(refused) => return *refused,
    };
    let expires = match rotation.expires.as_deref().map(moment).transpose() {
        Ok(expires) => expires,
        Err(what) => return fault(StatusCode::BAD_REQUEST, "invalid_request", what),
    };
    let overlap = rotation.overlap_s.map_or(limits::KEY_OVERLAP, |seconds| SignedDuration::from_secs(seconds.into()));
    answer(credentials::ask(&gate, &by.0.0, Ask::Rotate { id, overlap, expires }).await, StatusCode::CREATED)
}

async fn revoke(State(gate): State<Arc<Gate>>, by: Asked, Path(id): Path<String>) -> Response {
    answer(credentials::ask(&gate, &by.0.0, Ask::Revoke { id }).await, StatusCode::OK)
}

/// Reads a body: JSON, said to be JSON, so that no form of another site can send it.
fn read<T: serde::de::DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Box<Response>> {
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !said.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        let what = "send JSON, with `content-type: application/json`";
        return Err(Box::new(fault(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", what)));
    }
    serde_json::from_slice(body).map_err(|error| {
        let what = format!("line {}, column {}: {}", error.line(), error.column(), category(&error));
        Box::new(fault(StatusCode::BAD_REQUEST, "invalid_request", &what))
    })
}

fn category(error: &serde_json::Error) -> &'static str {
    if error.is_data() {
        "a member is missing, unknown, or not of its kind; docs/configuration.md lists them"
    } else {
        "this is no JSON"
    }
}

fn answer(made: Result<Option<Issued>, Unchanged>, status: StatusCode) -> Response {
    match made {
        Ok(None) => axum::Json(json!({ "revoked": true })).into_response(),
        Ok(Some(issued)) => {
            let until = |at: Option<Timestamp>| at.map_or(Value::Null, |at| at.to_string().into());
            let body = json!({
                "id": issued.id,
                "key": issued.key.expose(),
                "expires": until(issued.expires),
                "replaced_until": until(issued.replaced_until),
            });
            (status, axum::Json(body)).into_response()
        }
        Err(Unchanged::Key(KeyFault::Unknown)) => {
            fault(StatusCode::NOT_FOUND, "unknown_key", &KeyFault::Unknown.to_string())
        }
        Err(Unchanged::Key(error @ KeyFault::Administrator)) => {
            fault(StatusCode::FORBIDDEN, "not_for_administrators", &error.to_string())
        }
        Err(Unchanged::Key(error @ (KeyFault::Over(_) | KeyFault::Replaced(_)))) => {
            fault(StatusCode::CONFLICT, "key_over", &error.to_string())
        }
        Err(Unchanged::Key(error @ KeyFault::Asked(_))) => {
            fault(StatusCode::BAD_REQUEST, "invalid_request", &error.to_string())
        }
        Err(error) => {
            tracing::error!(%error, "Keys could not be changed");
            fault(StatusCode::SERVICE_UNAVAILABLE, "not_changed", &error.to_string())
        }
    }
}

fn fault(status: StatusCode, code: &str, message: &str) -> Response {
    (status, axum::Json(json!({ "error": { "code": code, "message": message } }))).into_response()
}
