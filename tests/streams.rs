//! Answers on their way back, through a real gateway from scripted servers: cut anywhere, broken off, left, refused.
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

#[path = "streams/addresses.rs"]
mod addresses;
#[path = "streams/breaks.rs"]
mod breaks;
#[path = "streams/cuts.rs"]
mod cuts;
#[path = "streams/failover.rs"]
mod failover;
#[path = "streams/http2.rs"]
mod http2;

use bytes::Bytes;
use common::Client;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::task::JoinHandle;

/// A connection to the gateway that is kept. Dropping it closes the socket.
struct Talk {
    client: Client,
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
}

impl Talk {
    async fn new(client: &Client) -> Self {
        let stream = TokioIo::new(client.connect().await.unwrap());
        let (sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        let driver = tokio::spawn(async move { drop(connection.await) });
        Self { client: client.clone(), sender, driver }
    }

    fn request(&self, path: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
        self.client.request(Method::POST, path, body)
    }

    /// Posts a body and waits for the head of the answer.
    async fn post(&mut self, path: &str, body: impl Into<Bytes>) -> Response<Incoming> {
        let request = self.request(path, body);
        self.sender.ready().await.unwrap();
        self.sender.send_request(request).await.unwrap()
    }

    /// Posts a body and reads the whole answer.
    async fn ask(&mut self, path: &str, body: impl Into<Bytes>) -> String {
        let answer = self.post(path, body).await;
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// The next piece of a body as text; nothing at its end.
async fn piece(body: &mut Incoming) -> Option<Result<String, hyper::Error>> {
    let frame = tokio::time::timeout(common::PATIENCE, body.frame()).await.expect("nothing came")?;
    Some(frame.map(|frame| String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()))
}
