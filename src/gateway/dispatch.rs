//! Dispatch: the only function that opens a backend to a body. It takes the [`Receipt`] of a durable record by value, so that
//! nothing can be sent before it is recorded, nor twice (law 3).

use std::sync::Arc;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue};

use super::outbound::Outbound;
use super::record::Receipt;
use super::route::{Failed, Failure, Leg};
use super::trace;
use crate::dialect;
use crate::transform::Vault;
use crate::upstream::{Accept, Outgoing, Reply, SendError};

/// An answer that has begun.
#[derive(Debug)]
pub struct Answering {
    /// From whom.
    pub leg: Leg,
    /// From which endpoint.
    pub endpoint: u64,
    /// The answer.
    pub reply: Reply,
    /// What each pseudonym in it stands for.
    pub vault: Arc<Vault>,
    /// How many values were changed on the way out.
    pub changed: Vec<crate::model::entry::Change>,
}

/// Sends what was recorded to the backend that the record names.
///
/// # Errors
/// [`Failed`]: the leg, why it did not serve, and the seconds after which the backend would be asked again.
pub async fn dispatch(receipt: Receipt) -> Result<Answering, Box<Failed>> {
    let Outbound { mut leg, body, model, vault, changes, .. } = receipt.into_outbound();
    let call = &leg.examined.call;
    let Some(place) = leg.place.take() else {
        return Err(Box::new(Failed { leg, failure: Failure::Impossible("place"), retry_after_s: None }));
    };
    let Ok(path) = PathAndQuery::try_from(dialect::path(&call.line, model.as_str())) else {
        return Err(Box::new(Failed { leg, failure: Failure::Impossible("model"), retry_after_s: None }));
    };
    let endpoint = place.endpoint();
    let mut outgoing = Outgoing::post(path, Bytes::from(body), call.stream);
    outgoing.method = dialect::method(call.api);
    if call.stream && !dialect::streams_events(call) {
        outgoing.accept = Accept::Any;
    }
    let passed = call.line.headers.iter();
    outgoing.headers.extend(
        passed.filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::from_str(value).ok()?))),
    );
    outgoing.headers.extend(trace::told(leg.backend.tier));
    let (failure, retry_after_s) = match leg.upstream.send_to(place, outgoing).await {
        Err(error) if error.is_unavailable() => (Failure::Unavailable(error.cause()), None),
        Err(SendError::Timeout) => (Failure::Waiting("timeout"), None),
        Err(error) => (Failure::Faulty(error.cause()), None),
        Ok(reply) if reply.is_full() => (Failure::Waiting("overloaded"), reply.retry_after_s),
        Ok(reply) if reply.is_server_error() => (Failure::Faulty("error"), None),
        // Our credential was refused: the client can do nothing about it, and the text may name it.
        Ok(reply) if matches!(reply.status.as_u16(), 401 | 403) => (Failure::Faulty("denied"), None),
        Ok(reply) => return Ok(Answering { leg, endpoint, reply, vault, changed: changes }),
    };
    Err(Box::new(Failed { leg, failure, retry_after_s }))
}
