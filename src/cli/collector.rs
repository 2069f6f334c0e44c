//! Where traces and metrics go: the standard `OTEL_*` variables, and the way to the collector that they name.
//!
//! OTLP over HTTP/1.1, `http://` or `https://`, from the runtime's threads: the exporters live on threads of their own, where
//! no socket can be opened. What the variables ask for and this build has not is a fault at the start, never a silence later.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the standard variables are read here, and the sockets to collectors are opened here"
)]

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use opentelemetry_http::{HttpClient, HttpError};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;

use crate::gateway::tls::provider;

/// Bytes of a collector's answer: a status and, at most, the number of items that it did not take.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Time in which a collector must have taken what it is sent, unless a variable says otherwise: OpenTelemetry's default.
const DEADLINE: Duration = Duration::from_secs(10);
/// Where a collector listens when no variable says: OpenTelemetry's default.
const ENDPOINT: &str = "http://localhost:4318";

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    Traces,
    Metrics,
}

impl Signal {
    const fn name(self) -> &'static str {
        match self {
            Self::Traces => "TRACES",
            Self::Metrics => "METRICS",
        }
    }
}

/// Reads a variable of the environment; nothing when it is not set or empty.
fn variable(name: &str) -> anyhow::Result<Option<String>> {
    match std::env::var(name) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => bail!("{name} is not UTF-8"),
    }
}

/// Reads `OTEL_EXPORTER_OTLP_<SIGNAL>_<WHAT>`, or else `OTEL_EXPORTER_OTLP_<WHAT>`: its name and its text.
fn setting(signal: Signal, what: &str) -> anyhow::Result<Option<(String, String)>> {
    for name in [format!("OTEL_EXPORTER_OTLP_{}_{what}", signal.name()), format!("OTEL_EXPORTER_OTLP_{what}")] {
        if let Some(text) = variable(&name)? {
            return Ok(Some((name, text)));
        }
    }
    Ok(None)
}

/// Whether the variables switch telemetry off altogether.
pub(super) fn is_disabled() -> anyhow::Result<bool> {
    Ok(variable("OTEL_SDK_DISABLED")?.is_some_and(|text| text.eq_ignore_ascii_case("true")))
}

/// Whether the variables name the service; if they do not, it is `octroi`.
pub(super) fn names_service() -> anyhow::Result<bool> {
    let attributes = variable("OTEL_RESOURCE_ATTRIBUTES")?.unwrap_or_default();
    let named = attributes.split(',').any(|entry| entry.split('=').next().unwrap_or_default().trim() == "service.name");
    Ok(named || variable("OTEL_SERVICE_NAME")?.is_some())
}

/// Whether the variables ask for a signal: by an endpoint, or by naming the exporter.
fn is_wanted(signal: Signal) -> anyhow::Result<bool> {
    let name = format!("OTEL_{}_EXPORTER", signal.name());
    match variable(&name)?.as_deref() {
        Some("none") => Ok(false),
        Some("otlp") => Ok(true),
        Some(other) => bail!("{name}: `{other}` is no exporter of this build; use `otlp` or `none`"),
        None => Ok(setting(signal, "ENDPOINT")?.is_some()),
    }
}

/// The way to one signal's collector.
#[derive(Debug, Clone)]
pub(super) struct Collector {
    runtime: tokio::runtime::Handle,
    deadline: Duration,
    tls: Option<Tls>,
}

#[derive(Clone)]
struct Tls(TlsConnector);

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls(..)")
    }
}

impl Collector {
    /// Reads what the variables say of a signal; nothing when they do not ask for it. Made within the runtime.
    ///
    /// # Errors
    /// Values that cannot be honoured: a protocol or compression of another build, an address that is none, a certificate
    /// that cannot be read.
    pub(super) fn of(signal: Signal) -> anyhow::Result<Option<Self>> {
        if !is_wanted(signal)? {
            return Ok(None);
        }
        if let Some((name, text)) = setting(signal, "PROTOCOL")?
            && text != "http/protobuf"
        {
            bail!("{name}: `{text}` is not spoken here; use `http/protobuf`, to which collectors listen on port 4318");
        }
        if let Some((name, text)) = setting(signal, "COMPRESSION")?
            && !["gzip", "none"].iter().any(|known| text.eq_ignore_ascii_case(known))
        {
            bail!("{name}: `{text}` is not spoken here; use `gzip` or `none`");
        }
        if let Some((name, text)) = setting(signal, "HEADERS")?
            && text.split_terminator(',').any(|entry| !entry.contains('='))
        {
            // The text may hold a credential: it is not shown.
            bail!("{name} is not a list of `name=value` separated by commas");
        }
        let deadline = match setting(signal, "TIMEOUT")? {
            None => DEADLINE,
            Some((name, text)) => match text.parse::<u64>() {
                Ok(milliseconds @ 1..) => Duration::from_millis(milliseconds),
                _ => bail!("{name}: `{text}` is not a number of milliseconds above 0"),
            },
        };
        let (name, endpoint) = setting(signal, "ENDPOINT")?.unwrap_or_else(|| ("the default".into(), ENDPOINT.into()));
        let uri: Option<Uri> = endpoint.parse().ok().filter(|uri: &Uri| uri.host().is_some());
        let scheme = uri.as_ref().and_then(Uri::scheme).cloned();
        let tls = match scheme {
            Some(scheme) if scheme == Scheme::HTTP => None,
            Some(scheme) if scheme == Scheme::HTTPS => Some(tls(signal)?),
            _ => bail!("{name} must be an `http://` or `https://` address with a host"),
        };
        Ok(Some(Self { runtime: tokio::runtime::Handle::current(), deadline, tls }))
    }

    /// Posts over a connection of its own: a batch every few seconds gains little from one that is kept.
    async fn post(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (mut parts, body) = request.into_parts();
        let authority = parts.uri.authority().ok_or("the address has no host")?.clone();
        let is_tls = parts.uri.scheme() == Some(&Scheme::HTTPS);
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let stream = TcpStream::connect((host.as_str(), port)).await?;
        let stream = match (&self.tls, is_tls) {
            (Some(Tls(tls)), true) => Either::Left(tls.connect(ServerName::try_from(host)?, stream).await?),
            (_, false) => Either::Right(stream),
            (None, true) => return Err("no TLS was set up".into()),
        };
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        parts.headers.insert(header::HOST, HeaderValue::from_str(authority.as_str())?);
        parts.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        parts.uri = parts.uri.path_and_query().map_or_else(|| Uri::from_static("/"), |path| path.clone().into());
        let asked = async {
            let answer = sender.send_request(Request::from_parts(parts, Full::new(body))).await?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(parts, body))
        };
        let mut asked = std::pin::pin!(asked);
        tokio::select! {
            answer = asked.as_mut() => answer,
            // The connection may end with the last byte of the answer.
            ended = connection => { ended?; asked.await }
        }
    }
}

impl HttpClient for Collector {
    fn send_bytes<'a, 'f>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        'a: 'f,
        Self: 'f,
    {
        let collector = self.clone();
        let sent = self.runtime.spawn(async move {
            let deadline = collector.deadline;
            tokio::time::timeout(deadline, collector.post(request)).await.map_err(|_| "the collector took too long")?
        });
        Box::pin(async move { sent.await? })
    }
}

/// TLS towards a collector: the authorities of a file if a variable names one, else those of the system (`SSL_CERT_FILE`,
/// `SSL_CERT_DIR`); a client certificate if variables name one.
fn tls(signal: Signal) -> anyhow::Result<Tls> {
    let mut roots = RootCertStore::empty();
    if let Some((name, path)) = setting(signal, "CERTIFICATE")? {
        for root in certificates(&name, &path)? {
            roots.add(root).with_context(|| format!("{name}: `{path}`"))?;
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            bail!("the system has no authorities to check the collector with; name a file in SSL_CERT_FILE");
        }
    }
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let mut config = match (setting(signal, "CLIENT_CERTIFICATE")?, setting(signal, "CLIENT_KEY")?) {
        (None, None) => builder.with_no_client_auth(),
        (Some((name, certificate)), Some((key_name, key))) => {
            let key = PrivateKeyDer::from_pem_file(Path::new(&key)).with_context(|| format!("{key_name}: `{key}`"))?;
            builder.with_client_auth_cert(certificates(&name, &certificate)?, key)?
        }
        _ => {
            bail!("a client certificate for the collector needs OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and _CLIENT_KEY")
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Tls(TlsConnector::from(Arc::new(config))))
}

fn certificates(name: &str, path: &str) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(Path::new(path)).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.with_context(|| format!("{name}: `{path}` cannot be read"))?;
    if found.is_empty() {
        bail!("{name}: `{path}` holds no certificate");
    }
    Ok(found)
}
