//! `upstream` against real sockets: scripted backends over TLS that misbehave in every way we know.
//!
//! No sleeps, no fixed ports, no outside network: a backend listens on a port of the system's choice, and what it saw comes
//! to the test through a channel. Deadlines are settings, so those that must pass are short.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test helpers")]

#[path = "upstream/answers.rs"]
mod answers;
#[path = "upstream/certificates.rs"]
mod certificates;
#[path = "upstream/connections.rs"]
mod connections;
#[path = "upstream/health.rs"]
mod health;
#[path = "upstream/http2.rs"]
mod http2;
#[path = "upstream/identity.rs"]
mod identity;
#[path = "upstream/server.rs"]
mod server;
#[path = "upstream/tokens.rs"]
mod tokens;

use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http_body_util::BodyExt;
use octroi::model::{Binding, Word};
use octroi::upstream::{Backend, BodyError, Outgoing, Reply, Roots, Settings};
use tokio_util::task::TaskTracker;

/// The body that tests send, which a server that must see nothing must not see.
const CANARY: &str = r#"{"input":"erika.mustermann@example.org"}"#;

/// A test that hangs has failed.
const PATIENCE: Duration = Duration::from_secs(30);

fn binding() -> Binding {
    Binding { hosts: vec![Word::fixed("localhost")], models: vec![Word::fixed("m")], ..Binding::default() }
}

/// Settings of a backend at `localhost:port` that trusts `roots`, with patience but without active checks.
fn settings(port: u16, roots: &str) -> Settings {
    let mut settings = Settings::new(Word::fixed("paris"), format!("https://localhost:{port}"), binding());
    settings.roots = Roots::Pem(roots.into());
    settings.health.path = None;
    settings
}

fn backend(settings: Settings) -> Backend {
    Backend::new(settings, &TaskTracker::new()).unwrap()
}

fn outgoing() -> Outgoing {
    Outgoing::post(PathAndQuery::from_static("/v1/embeddings"), Bytes::from_static(CANARY.as_bytes()), false)
}

/// The whole body of an answer, or how it broke.
async fn text(reply: Reply) -> Result<String, BodyError> {
    Ok(String::from_utf8(reply.body.collect().await?.to_bytes().to_vec()).unwrap())
}
