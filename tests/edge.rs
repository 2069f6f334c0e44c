//! The edge of the gateway: connections, heads, bodies, and what of them reaches a backend or a collector of traces.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::assigning_clones,
    clippy::match_bool,
    clippy::or_fun_call,
    clippy::zombie_processes,
    clippy::redundant_closure_for_method_calls,
    clippy::type_complexity,
    reason = "test helpers"
)]

mod common;

#[path = "edge/bodies.rs"]
mod bodies;
#[path = "edge/connections.rs"]
mod connections;
#[path = "edge/crowds.rs"]
mod crowds;
#[path = "edge/failures.rs"]
mod failures;
#[path = "edge/floods.rs"]
mod floods;
#[path = "edge/heads.rs"]
mod heads;
#[path = "edge/http2.rs"]
mod http2;
#[path = "edge/kept.rs"]
mod kept;
#[path = "edge/manners.rs"]
mod manners;
#[path = "edge/memory.rs"]
mod memory;
#[path = "edge/planted.rs"]
mod planted;
#[path = "edge/state.rs"]
mod state;
#[path = "edge/telemetry.rs"]
mod telemetry;
#[path = "edge/tools.rs"]
mod tools;

use common::{Client, PATIENCE, Plot, scripted};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A house with one scripted server in Paris that repeats what it is told.
async fn echo_house(change: impl FnOnce(&mut Plot)) -> (common::House, scripted::Scripted) {
    let mut plot = Plot::new().await;
    change(&mut plot);
    let server = plot.script("paris-gpu-1", scripted::echo).await;
    plot.only(&["paris-gpu-1"]);
    (plot.open().await, server)
}

/// Writes bytes on a new connection and reads all that comes until the gateway closes it.
async fn raw(client: &Client, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = client.connect().await.unwrap();
    stream.write_all(bytes.as_ref()).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    // A close without TLS's own notice is a close too.
    drop(tokio::time::timeout(PATIENCE, reading).await.expect("the gateway did not close the connection"));
    String::from_utf8_lossy(&answer).into_owned()
}
