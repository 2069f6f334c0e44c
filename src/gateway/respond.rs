//! Answers: headers that tell the application what happened, refusals in the shape of the caller's API.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt as _, Full};
use tokio::sync::OwnedSemaphorePermit;

use super::accept;
use super::end::End;
use super::examine::Declarations;
use super::ledger::Ledger;
use super::restore::Restored;
use super::snapshot::Snapshot;
use super::{Body, BrokenOff, charge};
use crate::model::entry::{Change, RequestId};
use crate::model::{Backend, Caller, Country, Dialect, Fault, Line, Refusal, Word};
use crate::{dialect, limits};

const REQUEST_ID: HeaderName = HeaderName::from_static("octroi-request-id");
/// The name under which OpenAI's SDKs show an id.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const BACKEND: HeaderName = HeaderName::from_static("octroi-backend");
const COUNTRY: HeaderName = HeaderName::from_static("octroi-country");
const TIER: HeaderName = HeaderName::from_static("octroi-tier");
const CHANGED: HeaderName = HeaderName::from_static("octroi-changed");
/// The configured name of the smaller model that served.
const MODEL: HeaderName = HeaderName::from_static("octroi-model");
/// The one that was asked for, where a smaller one served.
const MODEL_ASKED: HeaderName = HeaderName::from_static("octroi-model-asked");
const RULE: HeaderName = HeaderName::from_static("octroi-rule");

/// An answer, before its headers.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    content_type: HeaderValue,
    told: Vec<(HeaderName, HeaderValue)>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// All of it is here.
    Whole(Bytes),
    /// It comes frame by frame.
    Frames(Box<Restored>),
}

impl Answer {
    /// The list of models, or the one that the path names, which the gateway answers itself.
    ///
    /// # Errors
    /// 403 for an API that the caller may not speak, 404 for a model that the operator did not configure, that no backend of this
    /// API serves, or that the caller may not ask for.
    pub fn models(snapshot: &Snapshot, line: &Line, caller: &Caller) -> Result<Self, Refusal> {
        accept::permit(caller, line.api, &mut Declarations::default())?;
        let speakers = dialect::speakers(line.api);
        let asked = snapshot
            .models
            .iter()
            .filter(|(name, _)| caller.scope.admits_model(name))
            .filter(|(name, _)| line.model.as_deref().is_none_or(|one| name.as_str() == one));
        // A model that no backend of the client's API serves would be refused with 404 when it is asked for.
        let models: Vec<(&str, Vec<Country>)> = asked
            .filter_map(|(name, by_backend)| {
                let serving = || by_backend.keys().filter(|backend| snapshot.serves(backend, &speakers, name));
                serving().next().map(|_| (name.as_str(), countries(snapshot, serving())))
            })
            .collect();
        let models: Vec<(&str, &[Country])> =
            models.iter().map(|(name, countries)| (*name, countries.as_slice())).collect();
        if models.is_empty() && line.model.is_some() {
            let message =
                "no such model is served here to clients of this API; its list of models shows those that are";
            return Err(Refusal::new(Fault::Caller, 404, "model_not_found", message));
        }
        let body = dialect::models_body(line.api.dialect, &models, line.model.is_some());
        let (content_type, content) = (HeaderValue::from_static("application/json"), Content::Whole(Bytes::from(body)));
        Ok(Self { status: StatusCode::OK, content_type, told: Vec::new(), content })
    }

    /// A whole answer of a backend.
    pub fn whole(status: StatusCode, server: &Server, changed: &[Change], body: Bytes) -> Self {
        let content_type = HeaderValue::from_static("application/json");
        Self { status, content_type, told: told(server, changed), content: Content::Whole(body) }
    }

    /// The same with a closed word of the backend's head.
    #[must_use]
    pub fn telling(mut self, word: Option<(HeaderName, &'static str)>) -> Self {
        self.told.extend(word.map(|(name, word)| (name, HeaderValue::from_static(word))));
        self
    }

    /// An answer of a backend that comes frame by frame.
    pub fn frames(status: StatusCode, content_type: HeaderValue, server: &Server, restored: Restored) -> Self {
        let told = told(server, restored.changed());
        Self { status, content_type, told, content: Content::Frames(Box::new(restored)) }
    }
}

/// Countries in which a model may be served, each once.
fn countries<'a>(snapshot: &Snapshot, names: impl Iterator<Item = &'a Word>) -> Vec<Country> {
    let mut countries = Vec::new();
    for name in names {
        let backend = snapshot.policy.backends().iter().find(|backend| backend.name == *name);
        countries.extend(backend.iter().flat_map(|backend| backend.processing.iter().copied()));
    }
    countries.sort_unstable();
    countries.dedup();
    countries
}

/// Who served.
#[derive(Debug)]
pub struct Server {
    /// The backend.
    pub backend: Backend,
    /// The model that served and the one that was asked for, where they are not the same.
    pub smaller: Option<(Word, Word)>,
}

/// What the application is told of how it was served.
fn told(Server { backend, smaller }: &Server, changed: &[Change]) -> Vec<(HeaderName, HeaderValue)> {
    let join = |words: Vec<String>| words.join(", ");
    let countries = join(backend.processing.iter().map(ToString::to_string).collect());
    let changed =
        join(changed.iter().map(|change| format!("{}={};{}", change.entity, change.count, change.action)).collect());
    let mut told = Vec::new();
    for (name, text) in [
        (BACKEND, backend.name.to_string()),
        (COUNTRY, countries),
        (TIER, backend.tier.name().to_owned()),
        (CHANGED, if changed.is_empty() { "none".to_owned() } else { changed }),
    ] {
        told.extend(HeaderValue::from_str(&text).ok().map(|value| (name, value)));
    }
    if let Some((served, asked)) = smaller {
        for (name, model) in [(MODEL, served), (MODEL_ASKED, asked)] {
            told.extend(HeaderValue::from_str(model.as_str()).ok().map(|value| (name, value)));
        }
    }
    told
}

/// Makes the response of an answer; the ledger goes with its body.
pub fn answer(mut ledger: Ledger, answer: Answer, permit: OwnedSemaphorePermit) -> Response<Body> {
    ledger.answered(answer.status.as_u16());
    let mut response = Response::new(());
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    identify(headers, ledger.id);
    headers.insert(CONTENT_TYPE, answer.content_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    charge::tell(&ledger, headers);
    if !ledger.quiet {
        headers.extend(answer.told);
    }
    let body = match answer.content {
        Content::Whole(bytes) => whole(ledger, bytes),
        Content::Frames(restored) => restored.into_body(ledger, permit),
    };
    response.map(|()| body)
}

/// Makes the response of a refusal, in the shape of the caller's API.
pub fn refusal(mut ledger: Ledger, refusal: &Refusal, permit: Option<OwnedSemaphorePermit>) -> Response<Body> {
    ledger.refused(refusal);
    ledger.first_byte = Some(ledger.started.elapsed());
    let mut response = plain_refusal(ledger.dialect, refusal, ledger.id);
    charge::tell(&ledger, response.headers_mut());
    if ledger.quiet {
        response.headers_mut().remove(RULE);
    }
    drop((ledger, permit));
    response
}

/// A refusal without an account: the request never entered the journey.
pub fn plain_refusal(dialect: Dialect, refusal: &Refusal, id: RequestId) -> Response<Body> {
    let body = dialect::error_body(dialect, refusal, &id.to_string());
    let mut response = Response::new(Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    identify(headers, id);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = refusal.retry_after_s {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(value) = refusal.rule.as_ref().and_then(|rule| HeaderValue::from_str(rule.as_str()).ok()) {
        headers.insert(RULE, value);
    }
    response
}

fn identify(headers: &mut http::HeaderMap, id: RequestId) {
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, value.clone());
        headers.insert(X_REQUEST_ID, value);
    }
}

/// A body that is all here. It is handed over in pieces: the connection asks for the next when the client has taken the one
/// before, and what was not asked for was not sent.
fn whole(mut ledger: Ledger, rest: Bytes) -> Body {
    if rest.is_empty() {
        ledger.end = End::Complete;
    }
    Pieces { ledger, rest }.boxed_unsync()
}

/// What is left of a whole answer. Its account ends with it.
#[derive(Debug)]
struct Pieces {
    ledger: Ledger,
    rest: Bytes,
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let len = self.rest.len().min(limits::ANSWER_PIECE_BYTES);
        let piece = self.rest.split_to(len);
        self.ledger.pass(&piece);
        if self.rest.is_empty() {
            self.ledger.end = End::Complete;
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
