//! Backends: from a plan's name to an answer, over pooled connections that proved who they are.
//!
//! For the journey's `dispatch`: it hands a recorded [`Outgoing`] to one [`Backend`] and gets a [`Reply`] whose body streams.
//! This module owns sockets towards backends and nothing else. It never decides where a request may go, never reads what a
//! request carries, never follows a redirect, never reads a proxy variable, and never copies a header map.
//!
//! ```text
//! Settings -> Backend::new     URL, binding, roots, credential: refused here when they contradict each other
//! token                        credentials that an issuer gives for a time: fetched ahead of need, held by the backend
//! Pool::pick                   order within a tier: available, rank, outstanding
//! Backend::choose              a place at the endpoint where the answer is expected soonest (balance)
//! Backend::send_to             request made of parts -> pooled client of that endpoint
//!   connect                    resolve -> addresses in range -> TCP -> TLS (chain, host, pins) -> HTTP/2 or 1.1
//! Reply                        status, few headers, the proven peer, a body with idle deadline and cap
//! ```
//!
//! INVARIANT: no byte of a request is written to a connection whose address or certificate the binding does not cover. The
//! address is compared before the TCP connection, the certificate path within the TLS handshake.

mod backend;
mod conceal;
mod connect;
mod credential;
mod endpoint;
mod error;
mod fleet;
mod follow;
mod health;
mod pool;
mod region;
mod reply;
mod request;
mod settings;
mod sigv4;
mod srv;
mod target;
mod tls;
mod token;
mod watch;

pub use backend::Backend;
pub use conceal::Shown;
pub use connect::Peer;
pub use credential::{Credential, Secret};
pub use error::{BodyError, SendError, SetupError, SetupFault};
pub use fleet::{Choice, Place};
pub use health::Why;
pub use pool::Pool;
pub use region::{Region, Unproven};
pub use reply::{Reply, ReplyBody};
pub use request::{Accept, Outgoing};
pub use settings::{Bounds, ClientCertificate, HealthCheck, Roots, Settings};
pub use sigv4::Signer;
pub use token::{AwsContainer, AwsInstance, Denied, Entra, GoogleAccount, GoogleMetadata, Issuer, Lease};
