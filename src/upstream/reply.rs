//! An answer as it comes: a few closed things of its head, and a body that streams.
//!
//! The body holds nothing back: a piece is read from the backend when the client side asks for it (back-pressure), at most
//! one deadline is armed, and dropping it closes the connection or resets the HTTP/2 stream, so that a client that left
//! stops the GPU. Trailers are not passed on.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, RETRY_AFTER, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use super::connect::Peer;
use super::fleet::Place;
use super::{BodyError, Bounds, SendError};
use crate::wire::unfold::{Coding, Codings};

/// Under which names backends tell their id of a request.
const REQUEST_IDS: [HeaderName; 4] = [
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("request-id"),
    HeaderName::from_static("apim-request-id"),
    HeaderName::from_static("x-amzn-requestid"),
];

/// The types of bodies that are streams of events.
const STREAMS: [&str; 4] =
    ["text/event-stream", "application/x-ndjson", "application/ndjson", "application/vnd.amazon.eventstream"];

/// Where AWS tells the class of an error.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// The classes of errors that go on from there: closed words, and none that is about the gateway's own credential.
const ERROR_TYPES: [&str; 10] = [
    "ValidationException",
    "ResourceNotFoundException",
    "ConflictException",
    "ModelErrorException",
    "ModelNotReadyException",
    "ModelTimeoutException",
    "ModelStreamErrorException",
    "ServiceQuotaExceededException",
    "SerializationException",
    "UnknownOperationException",
];

/// Bytes of a backend's request id that are kept; real ones are below 64.
const REQUEST_ID_BYTES_MAX: usize = 128;

/// The head of an answer, and its body to come.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status; never 1xx or 3xx.
    pub status: StatusCode,
    /// What the body is said to be.
    pub content_type: Option<HeaderValue>,
    /// How the body is coded although it was asked for as it is.
    pub codings: Codings,
    /// The backend's own id of the request, at most 128 visible characters.
    pub request_id: Option<String>,
    /// The class of an error, where the head says it.
    pub error_type: Option<(HeaderName, &'static str)>,
    /// Seconds after which the backend would be asked again.
    pub retry_after_s: Option<u32>,
    /// Who answered, as the connection proved.
    pub peer: Peer,
    /// The body.
    pub body: ReplyBody,
}

/// The class of an error: what stands before a colon is its name, what stands behind is where it is explained.
fn error_type(headers: &HeaderMap) -> Option<(HeaderName, &'static str)> {
    let said = headers.get(ERROR_TYPE)?.to_str().ok()?.split(':').next()?.trim();
    ERROR_TYPES.iter().find(|known| **known == said).map(|known| (ERROR_TYPE, *known))
}

impl Reply {
    /// Takes what is needed of an answer's head.
    pub(super) fn new(
        head: &http::response::Parts,
        body: Incoming,
        bounds: &Bounds,
        place: Place,
    ) -> Result<Self, SendError> {
        if head.status.is_redirection() {
            return Err(SendError::Redirected);
        }
        if head.status.is_informational() {
            return Err(SendError::Malformed("an interim status"));
        }
        let codings = codings(&head.headers)?;
        let peer = head.extensions.get::<Peer>().cloned().ok_or(SendError::Malformed("no connection"))?;
        let content_type = head.headers.get(CONTENT_TYPE).cloned();
        let cap = if is_event_stream(content_type.as_ref()) { bounds.stream_bytes } else { bounds.reply_bytes };
        Ok(Self {
            status: head.status,
            content_type,
            codings,
            request_id: request_id(&head.headers),
            error_type: error_type(&head.headers),
            retry_after_s: head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok()),
            peer,
            body: ReplyBody::new(body, bounds, cap, place),
        })
    }

    /// Says that this endpoint has no room until it would be asked again.
    pub(super) fn turned_away(&self) {
        if let Some(place) = &self.body.place {
            place.turned_away(self.retry_after_s);
        }
    }

    /// Whether the backend has no room now: 429 or 503.
    pub fn is_full(&self) -> bool {
        matches!(self.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
    }

    /// Whether the body is of a type that is a stream of events.
    pub fn is_stream(&self) -> bool {
        is_event_stream(self.content_type.as_ref())
    }

    /// Whether the backend failed at the request: any 5xx.
    pub fn is_server_error(&self) -> bool {
        self.status.is_server_error()
    }
}

/// The body of an answer. Dropping it cancels the request at the backend.
pub struct ReplyBody {
    inner: Option<Incoming>,
    /// Bytes that may still come.
    room: usize,
    bounds: Bounds,
    /// When the whole answer must have ended.
    end: Instant,
    /// Armed while we wait for the backend, so that a slow client does not count against it.
    timer: Pin<Box<Sleep>>,
    armed: bool,
    /// Keeps the request's place at its endpoint.
    place: Option<Place>,
}

impl ReplyBody {
    fn new(inner: Incoming, bounds: &Bounds, room: usize, place: Place) -> Self {
        let end = Instant::now() + bounds.reply;
        Self {
            inner: Some(inner),
            room,
            bounds: *bounds,
            end,
            timer: Box::pin(sleep_until(end)),
            armed: false,
            place: Some(place),
        }
    }

    /// Ends the body: cancels what is left of the request and gives its place free.
    fn close(&mut self) {
        self.inner = None;
        self.place = None;
    }

    fn fail(&mut self, error: BodyError) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.close();
        Poll::Ready(Some(Err(error)))
    }

    /// Waits no longer than the idle deadline, nor past the end.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<BodyError> {
        if !self.armed {
            self.armed = true;
            self.timer.as_mut().reset(self.end.min(Instant::now() + self.bounds.reply_idle));
        }
        ready!(self.timer.as_mut().poll(cx));
        Poll::Ready(if Instant::now() >= self.end { BodyError::Late } else { BodyError::Idle })
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let Some(inner) = this.inner.as_mut() else { return Poll::Ready(None) };
        if inner.size_hint().lower() > this.room as u64 {
            return this.fail(BodyError::TooLarge);
        }
        match Pin::new(inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                this.armed = false;
                let Ok(data) = frame.into_data() else {
                    // Trailers end an answer and are not passed on.
                    this.close();
                    return Poll::Ready(None);
                };
                let Some(room) = this.room.checked_sub(data.len()) else { return this.fail(BodyError::TooLarge) };
                this.room = room;
                if let Some(place) = &mut this.place {
                    place.piece();
                }
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Poll::Ready(Some(Err(_))) => this.fail(BodyError::Broke),
            Poll::Ready(None) => {
                this.close();
                Poll::Ready(None)
            }
            Poll::Pending => {
                let error = ready!(this.poll_deadline(cx));
                this.fail(error)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl fmt::Debug for ReplyBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyBody")
            .field("open", &self.inner.is_some())
            .field("room", &self.room)
            .finish_non_exhaustive()
    }
}

/// The codings of a body that comes in some.
///
/// # Errors
/// They cannot be undone, or the chunks are coded.
fn codings(headers: &HeaderMap) -> Result<Codings, SendError> {
    let words = |name: HeaderName| {
        let values = headers.get_all(name).iter();
        let texts: Option<Vec<&str>> = values.map(|value| value.to_str().ok()).collect();
        let texts = texts.ok_or(SendError::Encoding)?;
        Ok::<_, SendError>(texts.iter().flat_map(|text| text.split(',')).map(str::trim).collect::<Vec<_>>())
    };
    if !words(TRANSFER_ENCODING)?.iter().all(|word| word.eq_ignore_ascii_case("chunked")) {
        return Err(SendError::Encoding);
    }
    let said = words(CONTENT_ENCODING)?;
    said.iter().filter(|word| !word.eq_ignore_ascii_case("identity")).try_fold(Codings::default(), |codings, word| {
        let coding = Coding::named(word).ok_or(SendError::Encoding)?;
        codings.then(coding).map_err(|_| SendError::Encoding)
    })
}

fn is_event_stream(content_type: Option<&HeaderValue>) -> bool {
    content_type.and_then(|value| value.to_str().ok()).is_some_and(|text| {
        let essence = text.split(';').next().unwrap_or_default().trim();
        STREAMS.iter().any(|stream| essence.eq_ignore_ascii_case(stream))
    })
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = REQUEST_IDS.iter().find_map(|name| headers.get(name))?.to_str().ok()?;
    (id.len() <= REQUEST_ID_BYTES_MAX && id.bytes().all(|byte| byte.is_ascii_graphic())).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &HeaderName, values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn codings_other_than_identity_are_seen() {
        type Row = (&'static str, HeaderName, &'static [&'static str], Result<&'static [Coding], ()>);
        let rows: [Row; 11] = [
            ("none", CONTENT_ENCODING, &[], Ok(&[])),
            ("identity", CONTENT_ENCODING, &["Identity"], Ok(&[])),
            ("gzip", CONTENT_ENCODING, &["GZip"], Ok(&[Coding::Gzip])),
            ("beside identity", CONTENT_ENCODING, &["identity, br"], Ok(&[Coding::Brotli])),
            ("stacked", CONTENT_ENCODING, &["gzip, br"], Ok(&[Coding::Gzip, Coding::Brotli])),
            ("two lines", CONTENT_ENCODING, &["gzip", "zstd"], Ok(&[Coding::Gzip, Coding::Zstd])),
            ("three", CONTENT_ENCODING, &["gzip, br", "gzip"], Err(())),
            ("unknown", CONTENT_ENCODING, &["compress"], Err(())),
            ("empty word", CONTENT_ENCODING, &[""], Err(())),
            ("chunks", TRANSFER_ENCODING, &["chunked"], Ok(&[])),
            ("gzip in chunks", TRANSFER_ENCODING, &["gzip, chunked"], Err(())),
        ];
        for (name, header, values, expected) in rows {
            let expected = expected
                .map(|list| list.iter().try_fold(Codings::default(), |codings, coding| codings.then(*coding)).unwrap());
            assert_eq!(codings(&with(&header, values)).map_err(|_| ()), expected, "{name}");
        }
    }

    #[test]
    fn event_streams_are_told_by_their_type() {
        let rows = [
            ("plain", "text/event-stream", true),
            ("with charset", "Text/Event-Stream; charset=utf-8", true),
            ("json", "application/json", false),
            ("longer", "text/event-streams", false),
        ];
        for (name, value, expected) in rows {
            assert_eq!(is_event_stream(Some(&HeaderValue::from_static(value))), expected, "{name}");
        }
        assert!(!is_event_stream(None));
    }

    #[test]
    fn request_ids_are_short_and_visible() {
        let name = HeaderName::from_static("request-id");
        assert_eq!(request_id(&with(&name, &["req_1"])).as_deref(), Some("req_1"));
        assert_eq!(request_id(&with(&name, &["a b"])), None);
        let long = "x".repeat(REQUEST_ID_BYTES_MAX + 1);
        assert_eq!(request_id(&HeaderMap::from_iter([(name, HeaderValue::try_from(long).unwrap())])), None);
    }
}
