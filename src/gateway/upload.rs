//! The body of a request on its way in, and whether it was read to its end.
//!
//! A request may be answered before that: an unknown path, a false key, a body too large. On HTTP/1.1 the next request stands
//! behind what was not read, so such an answer ends its connection and says so (RFC 9112, section 9.6): a client that is not
//! told may write its next request on a connection that is closing, and loses it. Never changes what is read.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

/// The body of a request.
#[derive(Debug)]
pub struct Upload {
    body: Incoming,
    whole: Whole,
}

/// Whether a body was read to its end.
#[derive(Debug, Clone)]
pub(super) struct Whole(Arc<AtomicBool>);

impl Upload {
    /// A body of which nothing was read, and who tells of its end.
    pub(super) fn new(body: Incoming) -> (Self, Whole) {
        let whole = Whole(Arc::new(AtomicBool::new(body.is_end_stream())));
        (Self { body, whole: whole.clone() }, whole)
    }
}

impl Whole {
    /// Whether nothing of the body is left on the connection.
    pub(super) fn was_read(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None)) {
            self.whole.0.store(true, Ordering::Release);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
