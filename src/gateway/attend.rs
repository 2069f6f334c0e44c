//! How many requests of one connection are in work: from their heads to the ends of their answers. A connection that has none
//! for too long is idle, and its place goes to others.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::watch;

use super::{Body, BrokenOff};

/// The requests of one connection.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Work {
    /// Whether there has been one.
    pub(super) spoken: bool,
    /// How many are in work now.
    pub(super) in_work: usize,
}

/// A request is in work until this is dropped.
#[derive(Debug)]
pub(super) struct Attended(watch::Sender<Work>);

/// Counts a request in.
pub(super) fn begin(work: &watch::Sender<Work>) -> Attended {
    work.send_modify(|work| *work = Work { spoken: true, in_work: work.in_work.saturating_add(1) });
    Attended(work.clone())
}

impl Attended {
    /// Goes with the body of the answer.
    pub(super) fn until_end_of(self, body: Body) -> Attending {
        Attending { body, _attended: self }
    }
}

impl Drop for Attended {
    fn drop(&mut self) {
        self.0.send_modify(|work| work.in_work = work.in_work.saturating_sub(1));
    }
}

/// The body of an answer; its end counts the request out.
#[derive(Debug)]
pub(super) struct Attending {
    body: Body,
    _attended: Attended,
}

impl http_body::Body for Attending {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
