//! The edge: where tower stands. A panic refuses one request, load beyond the limit is shed, every request has an id.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tower::ServiceBuilder;
use tower::util::BoxCloneSyncService;
use tower_http::body::UnsyncBoxBody;
use tower_http::catch_panic::{CatchPanicLayer, ResponseForPanic};

use tracing::Instrument as _;

use super::ledger::Ledger;
use super::server::Never;
use super::{Body, BrokenOff, Gate, journey, respond};
use crate::model::{Dialect, Fault, Refusal};

/// The service of one connection.
pub fn service(gate: Arc<Gate>) -> BoxCloneSyncService<Request<Incoming>, Response<Body>, Never> {
    let panic = Panicked(Arc::clone(&gate));
    let inner = tower::service_fn(move |request: Request<Incoming>| {
        let gate = Arc::clone(&gate);
        async move { Ok::<_, Never>(serve(gate, request).await) }
    });
    let service = ServiceBuilder::new()
        .map_response(|response: Response<UnsyncBoxBody<Bytes, tower_http::BoxError>>| {
            response.map(|body| body.map_err(|_| BrokenOff).boxed_unsync())
        })
        .layer(CatchPanicLayer::custom(panic))
        .service(inner);
    BoxCloneSyncService::new(service)
}

async fn serve(gate: Arc<Gate>, request: Request<Incoming>) -> Response<Body> {
    let id = gate.new_id();
    let mut ledger = Ledger::open(&gate, id);
    let Ok(permit) = Arc::clone(&gate.requests).try_acquire_owned() else {
        let refusal =
            Refusal::new(Fault::Gateway, 503, "overloaded", "too many requests at once; try again").retry_after(1);
        return respond::refusal(ledger, &refusal, None);
    };
    let span = ledger.span.clone();
    match journey::journey(&gate, &mut ledger, request).instrument(span).await {
        Ok(answer) => respond::answer(ledger, answer, permit),
        Err(refusal) => respond::refusal(ledger, &refusal, Some(permit)),
    }
}

/// Answers a request whose handling panicked. The panic's text is not used: it may quote what was being handled.
#[derive(Clone)]
struct Panicked(Arc<Gate>);

impl ResponseForPanic for Panicked {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, _panic: Box<dyn std::any::Any + Send + 'static>) -> Response<Body> {
        self.0.telemetry.panicked();
        let refusal =
            Refusal::new(Fault::Gateway, 500, "internal", "the request failed inside the gateway and was not sent on");
        let id = self.0.new_id();
        respond::plain_refusal(Dialect::OpenAi, &refusal, id)
    }
}
