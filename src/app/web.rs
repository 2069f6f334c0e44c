//! Requests to servers outside the data path: a collector, a witness, a published log. HTTP/1.1, `http://` or `https://`; what
//! such servers get is never content.
#![expect(clippy::disallowed_types, reason = "the sockets to these servers are opened here")]

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;
use tokio_util::task::AbortOnDropHandle;

use crate::gateway::tls::provider;

/// The way to a server.
#[derive(Clone, Default)]
pub(crate) struct Web {
    tls: Option<TlsConnector>,
}

impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Web").field("tls", &self.tls.is_some()).finish()
    }
}

impl Web {
    /// To an address: TLS with the authorities of a PEM file, else those of the system, when it is `https://`.
    ///
    /// # Errors
    /// Authorities that cannot be read, or none.
    pub(crate) fn to(address: &Uri, roots: Option<&Path>) -> anyhow::Result<Self> {
        if address.scheme() != Some(&Scheme::HTTPS) {
            return Ok(Self::default());
        }
        Ok(Self::with(client(roots.map(certificates).transpose()?, None)?))
    }

    /// With these settings of TLS.
    pub(crate) fn with(mut config: ClientConfig) -> Self {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { tls: Some(TlsConnector::from(Arc::new(config))) }
    }

    /// Asks once, over a connection of its own, and reads the whole answer of at most so many bytes. The caller sets the
    /// deadline.
    ///
    /// # Errors
    /// Whatever stands between the question and the answer.
    pub(crate) async fn ask(&self, mut request: Request<Bytes>, answer_max: usize) -> anyhow::Result<Response<Bytes>> {
        request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        let mut talk = self.connect(request.uri()).await?;
        talk.ask(request, answer_max).await
    }

    /// Opens a connection for several questions.
    ///
    /// # Errors
    /// Whatever stands between here and the server.
    pub(crate) async fn connect(&self, address: &Uri) -> anyhow::Result<Conversation> {
        let authority = address.authority().context("the address has no host")?.clone();
        let is_tls = address.scheme() == Some(&Scheme::HTTPS);
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = match authority.port_u16() {
            Some(port) => port,
            None if !authority.as_str().ends_with(authority.host()) => bail!("its port is not a number up to 65535"),
            None if is_tls => 443,
            None => 80,
        };
        let stream = TcpStream::connect((host.as_str(), port)).await?;
        let stream = match (&self.tls, is_tls) {
            (Some(tls), true) => Either::Left(tls.connect(ServerName::try_from(host)?, stream).await?),
            (_, false) => Either::Right(stream),
            (None, true) => bail!("no TLS was set up"),
        };
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = AbortOnDropHandle::new(tokio::spawn(async move { drop(connection.await) }));
        Ok(Conversation { sender, host: HeaderValue::from_str(authority.as_str())?, _connection: connection })
    }
}

/// A connection over which questions are asked one after another. It ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Conversation {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
    _connection: AbortOnDropHandle<()>,
}

impl Conversation {
    /// Asks, and reads the whole answer of at most so many bytes.
    ///
    /// # Errors
    /// When the connection ends before, or the answer is longer.
    pub(crate) async fn ask(&mut self, request: Request<Bytes>, answer_max: usize) -> anyhow::Result<Response<Bytes>> {
        let (mut parts, body) = request.into_parts();
        parts.headers.insert(header::HOST, self.host.clone());
        parts.uri = parts.uri.path_and_query().map_or_else(|| Uri::from_static("/"), |path| path.clone().into());
        self.sender.ready().await?;
        let answer = self.sender.send_request(Request::from_parts(parts, Full::new(body))).await?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, answer_max).collect().await.map_err(|error| anyhow!(error))?.to_bytes();
        Ok(Response::from_parts(parts, body))
    }
}

/// A certificate chain and its key, to be shown to a server.
pub(crate) type Own = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The TLS of a client that checks servers by these authorities, else by those of the system.
///
/// # Errors
/// Authorities that cannot be used, or none; a certificate that does not belong to its key.
pub(crate) fn client(
    authorities: Option<Vec<CertificateDer<'static>>>,
    own: Option<Own>,
) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    match authorities {
        Some(authorities) => authorities.into_iter().try_for_each(|authority| roots.add(authority))?,
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    if roots.is_empty() {
        bail!(
            "there are no authorities to check the server with; name a file of them, or one for the system in SSL_CERT_FILE"
        );
    }
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    Ok(match own {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
    })
}

/// The certificates of a text in PEM.
///
/// # Errors
/// What is no certificate.
pub(crate) fn pem(text: &[u8]) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    Ok(CertificateDer::pem_slice_iter(text).collect::<Result<_, _>>()?)
}

/// The certificates of a PEM file, one at least.
///
/// # Errors
/// A file that cannot be read or holds none.
pub(crate) fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.with_context(|| format!("`{}` cannot be read", path.display()))?;
    if found.is_empty() {
        bail!("`{}` holds no certificate", path.display());
    }
    Ok(found)
}
