//! How many requests of one connection are in work: from their heads to the ends of their answers. A connection that has none
//! for too long is idle, and its place goes to others; so does one whose client takes nothing of an answer.
//!
//! A piece of an answer that was handed over is taken when the next is asked for. HTTP asks for none while the client's window
//! or the socket is full: then nothing polls the answer, no deadline of its own can fire, and it would hold its place, its
//! backend and its memory for as long as the client likes.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Body, BrokenOff};
use crate::limits;

/// The requests of one connection.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Work {
    /// Whether there has been one.
    pub(super) spoken: bool,
    /// How many are in work now.
    pub(super) in_work: usize,
}

/// When the pieces that were handed over and not taken yet must have been, by answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Handed(Arc<Mutex<Due>>);

#[derive(Debug, Default)]
struct Due {
    next: u64,
    by: BTreeMap<u64, Instant>,
}

impl Handed {
    fn number(&self) -> u64 {
        let mut due = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        due.next = due.next.wrapping_add(1);
        due.next
    }

    fn set(&self, answer: u64, by: Option<Instant>) {
        let mut due = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match by {
            Some(by) => {
                due.by.insert(answer, by);
            }
            None => {
                due.by.remove(&answer);
            }
        }
    }

    /// Ends when a piece has not been taken in time; `patience` is the shortest time that any is given.
    pub(super) async fn stalled(&self, patience: Duration) {
        loop {
            let first = self.0.lock().unwrap_or_else(PoisonError::into_inner).by.values().min().copied();
            let now = Instant::now();
            match first {
                Some(by) if by <= now => return,
                Some(by) => tokio::time::sleep_until(by).await,
                None => tokio::time::sleep(patience).await,
            }
        }
    }
}

/// A request is in work until this is dropped.
#[derive(Debug)]
pub(super) struct Attended {
    work: watch::Sender<Work>,
    handed: Handed,
    number: u64,
}

/// Counts a request in.
pub(super) fn begin(work: &watch::Sender<Work>, handed: &Handed) -> Attended {
    work.send_modify(|work| *work = Work { spoken: true, in_work: work.in_work.saturating_add(1) });
    Attended { work: work.clone(), handed: handed.clone(), number: handed.number() }
}

impl Attended {
    /// Goes with the body of the answer, each piece of which must be taken in time: `patience`, and longer for a large one.
    pub(super) fn until_end_of(self, body: Body, patience: Duration) -> Attending {
        Attending { body, attended: self, patience }
    }
}

impl Drop for Attended {
    fn drop(&mut self) {
        self.handed.set(self.number, None);
        self.work.send_modify(|work| work.in_work = work.in_work.saturating_sub(1));
    }
}

/// The body of an answer; its end counts the request out.
#[derive(Debug)]
pub(super) struct Attending {
    body: Body,
    attended: Attended,
    patience: Duration,
}

impl http_body::Body for Attending {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let handed = match &polled {
            Poll::Ready(Some(Ok(frame))) => frame.data_ref().map(Bytes::len),
            _ => None,
        };
        let by = handed.map(|bytes| Instant::now() + self.patience + reading_time(bytes));
        self.attended.handed.set(self.attended.number, by);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The time that the slowest client takes for so many bytes.
fn reading_time(bytes: usize) -> Duration {
    Duration::from_secs(bytes as u64 / limits::READING_BYTES_PER_S)
}
