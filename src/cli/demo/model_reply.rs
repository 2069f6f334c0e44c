//! What a demonstration server sends back: one JSON document, or server-sent events that leave one by one.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, SERVER};
use http::{HeaderValue, Response, StatusCode};
use hyper::body::{Body, Frame, SizeHint};
use serde_json::Value;

use super::model_question::Fault;

/// An answer.
pub(super) enum Reply {
    /// One document.
    Json(StatusCode, Value),
    /// A stream; each element is one event as it goes on the wire.
    Events(Vec<Bytes>),
    /// Bytes to be read by a person.
    Text(Bytes),
}

impl Reply {
    /// A document with status 200.
    pub(super) fn json(value: Value) -> Self {
        Self::Json(StatusCode::OK, value)
    }

    /// The HTTP response.
    pub(super) fn into_response(self, server: &str) -> Response<ReplyBody> {
        let (status, kind, body) = match self {
            Self::Json(status, value) => {
                (status, "application/json", ReplyBody::whole(Bytes::from(value.to_string().into_bytes())))
            }
            Self::Events(events) => (StatusCode::OK, "text/event-stream; charset=utf-8", ReplyBody::events(events)),
            Self::Text(bytes) => (StatusCode::OK, "text/plain; charset=utf-8", ReplyBody::whole(bytes)),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let named = HeaderValue::from_str(&format!("octroi-demonstration ({server})"));
        headers.insert(SERVER, named.unwrap_or(HeaderValue::from_static("octroi-demonstration")));
        response
    }
}

impl From<Fault> for Reply {
    fn from(fault: Fault) -> Self {
        let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::BAD_REQUEST);
        Self::Json(status, fault.into_body())
    }
}

/// An event without a name, as chat and text completions send them.
pub(super) fn event(data: &Value) -> Bytes {
    Bytes::from(format!("data: {data}\n\n"))
}

/// An event with its name, as responses send them.
pub(super) fn named_event(name: &str, data: &Value) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

/// The event that ends a stream of completions.
pub(super) const DONE: Bytes = Bytes::from_static(b"data: [DONE]\n\n");

/// Cuts a text into the deltas of a stream: a few characters each, of changing length, so that a pseudonym never arrives in
/// one piece. Long texts get longer pieces, so that a stream has at most some thousand events.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let factor = text.len() / LONG_BYTES + 1;
    let mut rest = text;
    let mut sizes = [3, 1, 4, 2, 5].into_iter().cycle();
    std::iter::from_fn(move || {
        let wanted = sizes.next().unwrap_or(1) * factor;
        let cut = rest.char_indices().nth(wanted).map_or(rest.len(), |(offset, _)| offset);
        let (piece, after) = rest.split_at_checked(cut)?;
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Bytes of a text from which on its pieces grow.
const LONG_BYTES: usize = 8 * 1024;

/// A body of ready frames. A streamed one gives way after each frame, so that each leaves on its own as a model's would.
pub(super) struct ReplyBody {
    frames: VecDeque<Bytes>,
    streamed: bool,
    paused: bool,
}

impl ReplyBody {
    fn whole(bytes: Bytes) -> Self {
        Self { frames: VecDeque::from([bytes]), streamed: false, paused: false }
    }

    fn events(events: Vec<Bytes>) -> Self {
        Self { frames: events.into(), streamed: true, paused: false }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.streamed && !self.paused {
            self.paused = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.paused = false;
        Poll::Ready(self.frames.pop_front().map(|frame| Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if self.streamed {
            return SizeHint::default();
        }
        SizeHint::with_exact(self.frames.iter().map(|frame| frame.len() as u64).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_small_and_join_to_the_text() {
        for text in ["", "a", "<PERSON_K7Q2M9F3>", "é€😀é€😀é€😀", &"é".repeat(100_000)] {
            let cut: Vec<&str> = pieces(text).collect();
            assert_eq!(cut.concat(), text);
            assert!(cut.len() < 8_000, "{} pieces", cut.len());
        }
        assert!(pieces("<PERSON_K7Q2M9F3>").all(|piece| piece.len() <= 5));
    }
}
