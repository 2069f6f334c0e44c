//! What reached a demonstration server: the last requests, kept in memory, bounded in number and bytes.
//!
//! A body is kept from its first byte: also when the client cuts it, when it is over the limit, and when the server refuses
//! it. A claim such as "this value never crossed" is only as good as that.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method};

use crate::limits;

/// A request that reached a demonstration server.
#[derive(Clone)]
pub struct Received {
    /// Method, in capitals.
    pub method: Method,
    /// Path and query, as received.
    pub target: String,
    /// Header fields, as received.
    pub headers: HeaderMap,
    /// Body bytes, as received; cut where the client or the limit cut it.
    pub body: Bytes,
}

impl fmt::Debug for Received {
    // A body may hold what the gateway was asked to protect; a panic message of a test must not show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Received({} bytes)", self.body.len())
    }
}

/// The last requests.
#[derive(Debug, Default)]
pub(super) struct Ring(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    requests: VecDeque<Received>,
    bytes: usize,
}

impl Ring {
    /// Copies of the requests, newest last.
    pub(super) fn requests(&self) -> Vec<Received> {
        self.kept().requests.iter().cloned().collect()
    }

    /// The bodies, newest last, a line feed after each.
    pub(super) fn shown(&self) -> Bytes {
        let kept = self.kept();
        let mut shown = BytesMut::with_capacity(kept.bytes.saturating_add(kept.requests.len()));
        for received in &kept.requests {
            shown.extend_from_slice(&received.body);
            shown.extend_from_slice(b"\n");
        }
        shown.freeze()
    }

    fn push(&self, received: Received) {
        let mut kept = self.kept();
        kept.bytes = kept.bytes.saturating_add(received.body.len());
        kept.requests.push_back(received);
        // The newest stays even when it alone is over the limit: it is the one that is asked about.
        while kept.requests.len() > 1
            && (kept.requests.len() > limits::DEMO_REQUESTS_MAX || kept.bytes > limits::DEMO_BYTES_MAX)
        {
            let freed = kept.requests.pop_front().map_or(0, |oldest| oldest.body.len());
            kept.bytes = kept.bytes.saturating_sub(freed);
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request on its way in. It is kept when it is whole and also when its task is cancelled.
pub(super) struct Arriving<'a> {
    ring: &'a Ring,
    head: Option<http::request::Parts>,
    bytes: BytesMut,
}

impl<'a> Arriving<'a> {
    /// A request whose head has arrived.
    pub(super) fn new(ring: &'a Ring, head: http::request::Parts) -> Self {
        Self { ring, head: Some(head), bytes: BytesMut::new() }
    }

    /// Adds what came and returns the bytes so far.
    pub(super) fn add(&mut self, data: &[u8]) -> usize {
        self.bytes.extend_from_slice(data);
        self.bytes.len()
    }

    /// Keeps the request and returns its body.
    pub(super) fn keep(&mut self) -> Bytes {
        let body = std::mem::take(&mut self.bytes).freeze();
        if let Some(head) = self.head.take() {
            let target = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
            self.ring.push(Received { method: head.method, target, headers: head.headers, body: body.clone() });
        }
        body
    }
}

impl Drop for Arriving<'_> {
    fn drop(&mut self) {
        self.keep();
    }
}
