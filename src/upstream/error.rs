//! What can go wrong on the way to a backend and back, in closed words.
//!
//! None of these carries a byte that a backend sent or that a request held: the second level is a literal of this program,
//! so that an error may be logged, counted and recorded (law 6).

use thiserror::Error;

use crate::model::Word;

/// A backend's settings that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("backend `{backend}`: {fault}")]
pub struct SetupError {
    /// Which backend.
    pub backend: Word,
    /// What is wrong with it.
    pub fault: SetupFault,
}

/// What is wrong with a backend's settings.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SetupFault {
    /// The URL cannot be used.
    #[error("its url {0}")]
    Url(&'static str),
    /// The URL names a host that the inventory entry does not hold for.
    #[error("the inventory's truths about it do not hold for the host `{0}`")]
    Host(String),
    /// The URL's path names an id that the inventory entry does not hold for.
    #[error("the inventory's truths about it do not hold for `{0}` in the path of its url")]
    PathId(String),
    /// The trusted roots cannot be used.
    #[error("its roots {0}")]
    Roots(&'static str),
    /// The client certificate or its key cannot be used.
    #[error("its client certificate {0}")]
    ClientCertificate(&'static str),
    /// The credential cannot stand in a header.
    #[error("its credential {0}")]
    Credential(&'static str),
    /// An extra header cannot be sent.
    #[error("its header `{name}` {reason}")]
    Header {
        /// As configured.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// The path of the health check cannot be used.
    #[error("its health path is not an absolute path")]
    HealthPath,
    /// An endpoint is not what the inventory entry holds for.
    #[error("the inventory's truths about it do not hold for its endpoint `{0}`")]
    Endpoint(String),
    /// The file of endpoints cannot be read.
    #[error("its file of endpoints cannot be read")]
    EndpointFile,
    /// No endpoint, or too many.
    #[error("it has no endpoint, or too many")]
    EndpointCount,
    /// The path of the polls cannot be used.
    #[error("its poll path is not an absolute path")]
    PollPath,
    /// Another backend has the same name.
    #[error("its name stands twice")]
    Duplicate,
}

impl SetupFault {
    /// What to do about it.
    pub const fn help(&self) -> Option<&'static str> {
        match self {
            Self::Host(_) => Some(
                "correct the `url`, or let the officer add the host to `hosts` in backends.toml, if they hold for it",
            ),
            Self::PathId(_) => Some(
                "correct the `url`, or let the officer add a deployment to `models`, a project, account or region to `path-ids` in backends.toml, if they hold for it",
            ),
            Self::Url(_) => Some("write `https://host:port`"),
            Self::Roots(_) => Some("`roots` names a PEM file of the authorities that issued the backend's certificate"),
            Self::ClientCertificate(_) => {
                Some("`client_certificate` names a PEM chain and the key that belongs to its first certificate")
            }
            Self::HealthPath => Some("begin `health_path` with a slash"),
            Self::PollPath => Some("begin the `path` of `poll` with a slash"),
            Self::Endpoint(_) => Some(
                "write `host` or `host:port`; a host must stand in `hosts` of backends.toml, an address must lie in its `addresses`",
            ),
            Self::EndpointFile => Some("write one endpoint a line into the file that `endpoints` names"),
            Self::EndpointCount => Some("name one endpoint at least and 4096 at most"),
            Self::Credential(_) | Self::Header { .. } | Self::Duplicate => None,
        }
    }
}

/// Why a backend gave no answer. The request may have reached it, unless the variant says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SendError {
    /// No connection: name not resolved, refused, unreachable, or the connect deadline passed. Nothing was sent.
    #[error("cannot connect: {0}")]
    Connect(&'static str),
    /// Its host resolves to no address that the binding covers. Nothing was sent, not even a SYN.
    #[error("its host has no address within the ranges that the inventory names")]
    Address,
    /// Its certificate does not prove that it is this backend. Nothing was sent.
    #[error("cannot prove its identity: {0}")]
    Identity(&'static str),
    /// TLS failed for another reason. Nothing was sent.
    #[error("tls failed: {0}")]
    Tls(&'static str),
    /// No answer began in time.
    #[error("no answer began in time")]
    Timeout,
    /// The connection was lost before the head of an answer was complete.
    #[error("the connection broke before an answer")]
    Broke,
    /// What came is not the head of an HTTP answer, or it is too large.
    #[error("malformed answer: {0}")]
    Malformed(&'static str),
    /// It answered with a redirect, which is never followed.
    #[error("it answered with a redirect")]
    Redirected,
    /// The answer has a content coding that cannot be undone, or too many of them.
    #[error("the answer has a content coding that cannot be undone")]
    Encoding,
    /// No credential that it would take is held. Nothing was sent.
    #[error("no credential is held")]
    Credential,
    /// Its answer did not come from the region that it must prove, or an earlier one did not.
    #[error("its region is not proven")]
    Region,
    /// The request cannot be made of the parts given.
    #[error("the request cannot be built")]
    Request,
}

impl SendError {
    /// The closed word for records, logs and metric labels.
    pub const fn cause(self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::Address => "address",
            Self::Identity(_) => "identity",
            Self::Tls(_) => "tls",
            Self::Timeout => "timeout",
            Self::Broke => "broke",
            Self::Malformed(_) => "malformed",
            Self::Redirected => "redirected",
            Self::Encoding => "encoding",
            Self::Credential => "credential",
            Self::Region => "region",
            Self::Request => "request",
        }
    }

    /// Whether this is the sheet's *unavailable*: failed to connect, or broke before the first byte of an answer, what is not
    /// HTTP included. A timeout is not: it belongs to *after N s of waiting*, because a caller can provoke it with a long
    /// prompt.
    pub const fn is_unavailable(self) -> bool {
        match self {
            Self::Connect(_)
            | Self::Address
            | Self::Identity(_)
            | Self::Tls(_)
            | Self::Broke
            | Self::Malformed(_)
            | Self::Credential => true,
            Self::Timeout | Self::Redirected | Self::Encoding | Self::Region | Self::Request => false,
        }
    }
}

/// Why the body of an answer ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BodyError {
    /// Nothing came for the idle deadline.
    #[error("the answer stalled")]
    Idle,
    /// The whole answer took longer than its deadline.
    #[error("the answer took too long")]
    Late,
    /// The connection broke, or what came is not well formed.
    #[error("the answer broke off")]
    Broke,
    /// More bytes than the cap.
    #[error("the answer is too large")]
    TooLarge,
}

impl BodyError {
    /// The closed word for records, logs and metric labels.
    pub const fn cause(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Late => "late",
            Self::Broke => "broke",
            Self::TooLarge => "too-large",
        }
    }
}
