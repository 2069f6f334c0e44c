//! The edge: where tower stands. A panic refuses one request, load beyond the limit is shed, every request has an id.

use std::sync::Arc;

use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{HeaderValue, Request, Response, Version};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tower::util::BoxCloneSyncService;
use tower::{Layer as _, ServiceExt as _};
use tower_http::catch_panic::{CatchPanicLayer, ResponseForPanic};

use tracing::Instrument as _;

use super::ledger::Ledger;
use super::peer::Peer;
use super::server::{Door, Never, Service};
use super::upload::Upload;
use super::{Body, BrokenOff, Gate, journey, record, respond, trace};
use crate::model::entry::RequestId;
use crate::model::{Dialect, Fault, Refusal};

/// The door of the data path.
pub fn door(gate: Arc<Gate>) -> Door {
    Arc::new(move |visitor| service(Arc::clone(&gate), visitor.peer))
}

/// The service of one connection.
fn service(gate: Arc<Gate>, peer: Option<Arc<Peer>>) -> Service {
    BoxCloneSyncService::new(tower::service_fn(move |request: Request<Incoming>| {
        // The id is made before anything can fail: a panic is answered under the id that the record and the log have.
        let (gate, id, peer) = (Arc::clone(&gate), gate.new_id(), peer.clone());
        // From HTTP/2 on, a request has a stream of its own.
        let alone = request.version() < Version::HTTP_2;
        let in_chunks = request.headers().contains_key(TRANSFER_ENCODING);
        let (head, body) = request.into_parts();
        let (body, whole) = Upload::new(body);
        let request = Request::from_parts(head, body);
        let inner = tower::service_fn(move |request: Request<Upload>| {
            let (gate, peer) = (Arc::clone(&gate), peer.clone());
            async move { Ok::<_, Never>(serve(gate, (id, peer), request).await) }
        });
        let answered = CatchPanicLayer::custom(Panicked(id)).layer(inner).oneshot(request);
        async move {
            let mut answer = answered.await?.map(|body| body.map_err(|_| BrokenOff).boxed_unsync());
            // Behind a body that was not read to its end stands what would be taken for a request. And hyper drops a
            // `Content-Length` beside chunks, so nobody here can see that a request had two framings: a proxy in front may
            // have gone by the other one, and nothing that follows on this connection is a request (RFC 9112 section 6.1).
            if alone && (in_chunks || !whole.was_read()) {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Never>(answer)
        }
    }))
}

async fn serve(
    gate: Arc<Gate>,
    (id, peer): (RequestId, Option<Arc<Peer>>),
    request: Request<Upload>,
) -> Response<Body> {
    let mut ledger = Ledger::open(&gate, id);
    ledger.peer = peer;
    ledger.is_joined = trace::join(&ledger.span, request.headers());
    let Ok(permit) = Arc::clone(&gate.requests).try_acquire_owned() else {
        let refusal =
            Refusal::new(Fault::Gateway, 503, "overloaded", "too many requests at once; try again").retry_after(1);
        return respond::refusal(ledger, &refusal, None);
    };
    let span = ledger.span.clone();
    match journey::journey(&gate, &mut ledger, request).instrument(span).await {
        Ok(answer) => respond::answer(ledger, answer, permit),
        Err(refusal) => {
            record::unread(&gate, &mut ledger, &refusal).await;
            respond::refusal(ledger, &refusal, Some(permit))
        }
    }
}

/// Answers a request whose handling panicked; the ledger, dropped on the way, has told the log and the metrics. The panic's
/// text is not used: it may quote what was being handled.
#[derive(Clone)]
struct Panicked(RequestId);

impl ResponseForPanic for Panicked {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, _panic: Box<dyn std::any::Any + Send + 'static>) -> Response<Body> {
        respond::plain_refusal(Dialect::OPENAI, &failed_inside(), self.0)
    }
}

/// The refusal of a request that failed inside the gateway.
pub(super) fn failed_inside() -> Refusal {
    Refusal::new(Fault::Gateway, 500, INTERNAL, "the request failed inside the gateway")
}

/// The code of such a refusal.
pub(super) const INTERNAL: &str = "internal";
