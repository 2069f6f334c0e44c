//! Which servers stand behind a backend, as an operator says it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

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
