//! The bytes of a streamed answer as its backend meant them: a coding that nobody asked for is undone as it comes.
//!
//! Backends are asked for answers as they are; some compress all the same. The client gets such a stream uncoded, each event
//! when it was flushed. INVARIANT: nothing is unfolded before what came out earlier was taken.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Body as _;

use crate::limits;
use crate::upstream::ReplyBody;
use crate::wire::unfold::{BadCoding, Codings, Layers};

/// A backend's body, uncoded.
#[derive(Debug)]
pub(super) struct Source {
    /// None: all of it was handed over already.
    body: Option<ReplyBody>,
    layers: Option<Layers>,
}

/// It goes no further: the backend broke off, or its coding is broken or unfolds beyond the bounds of an answer.
#[derive(Debug)]
pub(super) struct Broke;

impl From<BadCoding> for Broke {
    fn from(_: BadCoding) -> Self {
        Self
    }
}

impl Source {
    /// Starts on a body that is coded so, or not.
    pub(super) fn new(body: ReplyBody, codings: Codings) -> Result<Self, Broke> {
        Ok(Self { body: Some(body), layers: Layers::new(codings)? })
    }

    /// A source that has nothing, for what is in memory already.
    pub(super) const fn empty() -> Self {
        Self { body: None, layers: None }
    }

    /// The next bytes; nothing at the end.
    pub(super) fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broke>>> {
        loop {
            if let Some(layers) = &mut self.layers {
                match layers.piece() {
                    Ok(Some(_)) if layers.unfolded() > limits::STREAM_BYTES_MAX => return broke(),
                    Ok(Some(piece)) => return Poll::Ready(Some(Ok(piece))),
                    Ok(None) => {}
                    Err(BadCoding) => return broke(),
                }
            }
            let Some(body) = self.body.as_mut() else { return Poll::Ready(None) };
            let Some(frame) = ready!(Pin::new(body).poll_frame(cx)) else {
                let whole = self.layers.take().is_none_or(|layers| layers.finish().is_ok());
                return if whole { Poll::Ready(None) } else { broke() };
            };
            let Ok(frame) = frame else { return broke() };
            let Ok(bytes) = frame.into_data() else { continue };
            match &mut self.layers {
                Some(layers) => layers.push(bytes),
                None => return Poll::Ready(Some(Ok(bytes))),
            }
        }
    }

    /// Bytes that the codings hold.
    pub(super) fn held_bytes(&self) -> usize {
        self.layers.as_ref().map_or(0, Layers::held_bytes)
    }
}

const fn broke() -> Poll<Option<Result<Bytes, Broke>>> {
    Poll::Ready(Some(Err(Broke)))
}
