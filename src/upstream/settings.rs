//! A backend as the operator wrote it and the officer's inventory binds it.
//!
//! Plain values; [`Backend::new`](super::Backend::new) is what checks them. Two equal settings are one backend, which is how
//! a reload keeps connections and health.

use std::time::Duration;

use super::{Credential, Denied, Lease, Region, Secret, Why};
use crate::balance::{Full, Poll};
use crate::limits;
use crate::model::{Binding, Dialect, Endpoints, Word};

/// Everything that makes a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its name in the inventory and in `octroi.toml`.
    pub name: Word,
    /// `https://host[:port][/base/path]`.
    pub url: String,
    /// The dialects that it speaks.
    pub dialects: Vec<Dialect>,
    /// Whose certificates are believed.
    pub roots: Roots,
    /// How a request proves that it comes from us.
    pub credential: Option<Credential>,
    /// What the connection proves us with.
    pub client_certificate: Option<ClientCertificate>,
    /// The hosts, keys, addresses and models that its declared truths hold for.
    pub binding: Binding,
    /// Headers added to every request, such as `openai-organization`.
    pub headers: Vec<(String, String)>,
    /// The region that its answers must prove.
    pub region: Option<Region>,
    /// Whether `http://` is permitted: only set from `[dangerous]`.
    pub plaintext: bool,
    /// Deadlines and caps.
    pub bounds: Bounds,
    /// How it is watched.
    pub health: HealthCheck,
    /// Which endpoints it has.
    pub endpoints: Endpoints,
    /// How its servers are asked what they say of themselves.
    pub poll: Option<Poll>,
    /// When one of its endpoints is full, where requests wait for room.
    pub full: Option<Full>,
}

impl Settings {
    /// Why nothing can be sent now, whatever the connections do: no credential, or a region that was not proven.
    pub(super) fn barred(&self) -> Option<Why> {
        if self.region.as_ref().is_some_and(Region::is_broken) {
            return Some(Why::Region);
        }
        self.denied().map(Why::Credential)
    }

    /// Why no credential can be shown now, where one is needed.
    fn denied(&self) -> Option<Denied> {
        self.lease()?.pass().err()
    }

    /// The credential, where it is one that is fetched.
    pub(super) fn lease(&self) -> Option<&Lease> {
        match &self.credential {
            Some(Credential::Fetched(lease)) => Some(lease),
            _ => None,
        }
    }

    /// Settings with the defaults: system roots, no credential, the bounds of [`limits`].
    pub fn new(name: Word, url: impl Into<String>, binding: Binding) -> Self {
        Self {
            name,
            url: url.into(),
            dialects: vec![Dialect::OPENAI],
            roots: Roots::System,
            credential: None,
            client_certificate: None,
            binding,
            headers: Vec::new(),
            region: None,
            plaintext: false,
            bounds: Bounds::default(),
            health: HealthCheck::default(),
            endpoints: Endpoints::Url,
            poll: None,
            full: None,
        }
    }
}

/// Whose certificates a backend's connections believe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// Those of the operating system.
    System,
    /// Only these certificates, in PEM.
    Pem(Vec<u8>),
}

/// A certificate of ours and its key, both in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The chain, end entity first.
    pub chain: Vec<u8>,
    /// The private key.
    pub key: Secret,
}

/// Deadlines and caps of one backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// To resolve, connect and finish TLS.
    pub connect: Duration,
    /// Until the head of an answer is complete, connecting included.
    pub first_byte: Duration,
    /// Between two pieces of an answer, counted only while we wait for the backend.
    pub reply_idle: Duration,
    /// For a whole answer, from its head.
    pub reply: Duration,
    /// Bytes of an answer's head.
    pub head_bytes: usize,
    /// Bytes of an answer that is not a stream of events.
    pub reply_bytes: usize,
    /// Bytes of an answer that is a stream of events.
    pub stream_bytes: usize,
    /// Idle connections kept.
    pub pool_idle_max: usize,
    /// How long an idle connection is kept.
    pub pool_idle: Duration,
    /// How long a connection is used at all, so that its addresses and certificate are looked at again.
    pub connection_age: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connect: limits::CONNECT_DEADLINE,
            first_byte: limits::FIRST_BYTE_DEADLINE,
            reply_idle: limits::REPLY_IDLE_DEADLINE,
            reply: limits::REPLY_DEADLINE,
            head_bytes: limits::REPLY_HEAD_BYTES_MAX,
            reply_bytes: limits::REPLY_BYTES_MAX,
            stream_bytes: limits::STREAM_BYTES_MAX,
            pool_idle_max: limits::POOL_IDLE_MAX,
            pool_idle: limits::POOL_IDLE_DEADLINE,
            connection_age: limits::CONNECTION_AGE_MAX,
        }
    }
}

/// How a backend is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// The path asked by `GET`, behind the base path of the URL; `None`: no active checks.
    pub path: Option<String>,
    /// Time between two checks.
    pub interval: Duration,
    /// Time that one check may take.
    pub deadline: Duration,
    /// Checks, or requests, that fail in a row before the backend counts as unavailable.
    pub failures: u32,
    /// How long it is first left alone after failed requests; doubles up to [`limits::EJECTION_MAX`].
    pub ejection: Duration,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            path: Some("/v1/models".to_owned()),
            interval: limits::HEALTH_INTERVAL,
            deadline: limits::HEALTH_DEADLINE,
            failures: limits::FAILURES_MAX,
            ejection: limits::EJECTION,
        }
    }
}
