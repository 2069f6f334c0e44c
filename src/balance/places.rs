//! What an operator says of a backend's endpoints: which there are, how they are asked how they fare, and when they are full.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::Server;

/// Which endpoints a backend has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoints {
    /// The host of its URL, looked up at every connection.
    Url,
    /// Each of these, `host` or `host:port`.
    Listed(Vec<String>),
    /// Each address of the host of its URL.
    Resolved {
        /// Time between two questions.
        every: Duration,
    },
    /// Each server that DNS names for a service (SRV): those of the lowest priority that are up, by weight.
    Service {
        /// The service, such as `_vllm._tcp.gpu.example`.
        name: String,
        /// Who is asked; `None`: the name servers of the system.
        resolver: Option<SocketAddr>,
        /// Time between two questions.
        every: Duration,
    },
    /// Each line of a file, which is watched.
    File(PathBuf),
}

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
