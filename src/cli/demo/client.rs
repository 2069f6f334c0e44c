//! The tour's client: one HTTPS request at a time through the real socket, as an SDK would send it.
#![expect(clippy::disallowed_types, reason = "a client has a socket")]

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::app::web;

/// An answer, whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    /// The text of a header.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("-")
    }
}

/// A client that trusts one authority and holds one key.
#[derive(Clone)]
pub(super) struct Client {
    connector: TlsConnector,
    port: u16,
    key: String,
}

impl Client {
    pub(super) fn new(authority: &Path, port: u16, key: &str) -> anyhow::Result<Self> {
        let config = web::client(Some(web::certificates(authority)?), None)?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), port, key: key.to_owned() })
    }

    /// Posts a body and reads the whole answer.
    pub(super) async fn post(&self, path: &str, body: &str) -> anyhow::Result<Answer> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.context("the gateway does not listen")?;
        let stream = self.connector.connect(ServerName::try_from("localhost")?, stream).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let request = Request::post(path)
            .header(HOST, format!("localhost:{}", self.port))
            .header(AUTHORIZATION, format!("Bearer {}", self.key))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.to_owned())))?;
        let exchange = async {
            let response = sender.send_request(request).await?;
            let (parts, incoming) = response.into_parts();
            let bytes = incoming.collect().await?.to_bytes();
            let body = String::from_utf8(bytes.to_vec())?;
            anyhow::Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
        };
        tokio::pin!(exchange);
        tokio::select! {
            answer = &mut exchange => answer,
            ended = connection => {
                ended?;
                exchange.await
            }
        }
    }
}
