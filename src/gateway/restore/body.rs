//! A restored stream as the client's body: what was handed over leaves first, and a broken answer ends in a broken body.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Frame;

use super::Restored;
use crate::gateway::BrokenOff;
use crate::gateway::end::End;
use crate::limits;

impl Restored {
    /// Waits so long that what was handed over can leave. An error of a body makes hyper drop what it has not written yet:
    /// without the wait the client would see a torn connection, and never the event that says why.
    fn poll_parting(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let parting = self.parting.get_or_insert_with(|| Box::pin(tokio::time::sleep(limits::PARTING)));
        parting.as_mut().poll(cx)
    }
}

impl http_body::Body for Restored {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let this = &mut *self;
        loop {
            if let Some(bytes) = this.out.pop_front() {
                if let Some(ledger) = this.ledger.as_mut() {
                    ledger.pass(&bytes);
                }
                if this.out.is_empty() && this.done && !this.broken {
                    // Clients close at the mark of the end and do not wait for the connection's own.
                    this.end(End::Complete);
                }
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            let Some(source) = this.source.as_mut() else {
                // Dropping the account here, and not with the body, dates the end when it is.
                drop(this.ledger.take());
                drop(this.permit.take());
                if !this.broken {
                    return Poll::Ready(None);
                }
                ready!(this.poll_parting(cx));
                return Poll::Ready(Some(Err(BrokenOff)));
            };
            match ready!(source.poll_bytes(cx)) {
                Some(Ok(bytes)) => this.take(&bytes),
                None => this.finish(),
                Some(Err(_)) => {
                    this.settle();
                    // Behind the mark of the end there is nothing left to break.
                    if this.done { this.finish() } else { this.break_off() }
                }
            }
        }
    }
}
