//! What an operator says of how a backend's endpoints fare: how they are asked, and when they are full.

use std::time::Duration;

use super::Server;

/// How servers are asked what they say of themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct Poll {
    /// What kind of server.
    pub server: &'static Server,
    /// The path, behind the base path of the URL.
    pub path: String,
    /// The port, where it is not that of requests.
    pub port: Option<u16>,
    /// Time between two questions.
    pub every: Duration,
}

impl Eq for Poll {}

/// When an endpoint is full: the next request waits until it has room. What a server answers to a request that it turns away
/// counts as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Full {
    /// With so many requests of this gateway outstanding.
    pub requests: Option<u32>,
    /// While so many requests wait there, as it says itself.
    pub waiting: Option<u32>,
}
