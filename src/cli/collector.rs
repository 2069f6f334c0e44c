//! Where traces and metrics go: the standard `OTEL_*` variables, and the way to the collector that they name.
//!
//! OTLP over HTTP/1.1, `http://` or `https://`, from the runtime's threads: the exporters live on threads of their own, where
//! no socket can be opened. What the variables ask for and this build has not is a fault at the start, never a silence later.
#![expect(clippy::disallowed_methods, reason = "the standard variables are read here")]

use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response, Uri};
use opentelemetry_http::{HttpClient, HttpError};
use rustls::ClientConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::app::web::{self, Web};

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
    Logs,
}

impl Signal {
    const fn name(self) -> &'static str {
        match self {
            Self::Traces => "TRACES",
            Self::Metrics => "METRICS",
            Self::Logs => "LOGS",
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
    web: Web,
    /// The address, and whether it is this signal's own: then it is taken as it is.
    endpoint: (String, bool),
    headers: String,
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
            && (signal != Signal::Logs || text != "http/json")
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
        let headers = setting(signal, "HEADERS")?.map(|(_, text)| text).unwrap_or_default();
        let deadline = match setting(signal, "TIMEOUT")? {
            None => DEADLINE,
            Some((name, text)) => match text.parse::<u64>() {
                Ok(milliseconds @ 1..) => Duration::from_millis(milliseconds),
                _ => bail!("{name}: `{text}` is not a number of milliseconds above 0"),
            },
        };
        let (name, endpoint) = setting(signal, "ENDPOINT")?.unwrap_or_else(|| ("the default".into(), ENDPOINT.into()));
        let own = name.contains(signal.name());
        let uri: Option<Uri> = endpoint.parse().ok().filter(|uri: &Uri| uri.host().is_some());
        let scheme = uri.as_ref().and_then(Uri::scheme).cloned();
        let web = match scheme {
            Some(scheme) if scheme == Scheme::HTTP => Web::default(),
            Some(scheme) if scheme == Scheme::HTTPS => Web::with(tls(signal)?),
            _ => bail!("{name} must be an `http://` or `https://` address with a host"),
        };
        Ok(Some(Self { runtime: tokio::runtime::Handle::current(), deadline, web, endpoint: (endpoint, own), headers }))
    }
}

impl Collector {
    /// Where this signal goes: below the common address, or to its own as it is.
    pub(super) fn address(&self, path: &str) -> anyhow::Result<Uri> {
        let (endpoint, own) = &self.endpoint;
        let text = if *own { endpoint.clone() } else { format!("{}{path}", endpoint.trim_end_matches('/')) };
        Ok(text.parse()?)
    }

    /// Adds the headers that the variables name.
    pub(super) fn with_headers(&self, mut request: Request<Bytes>) -> anyhow::Result<Request<Bytes>> {
        for (name, value) in self.headers.split_terminator(',').filter_map(|entry| entry.split_once('=')) {
            let name = http::HeaderName::from_bytes(name.trim().as_bytes()).context("the name of a header")?;
            // The text may be a credential: it is not shown.
            let value = http::HeaderValue::from_bytes(&unescaped(value.trim())).context("the value of a header")?;
            request.headers_mut().insert(name, value);
        }
        Ok(request)
    }

    /// Asks within the deadline.
    pub(super) async fn ask(&self, request: Request<Bytes>, answer_max: usize) -> anyhow::Result<Response<Bytes>> {
        let asked = self.web.ask(request, answer_max);
        tokio::time::timeout(self.deadline, asked).await.context("the collector took too long")?
    }
}

/// A value of the variables without its percent signs.
fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    out.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        match part.split_at_checked(2).map(|(digits, rest)| (u8::from_str_radix(digits, 16), rest)) {
            Some((Ok(byte), rest)) => {
                out.push(byte);
                out.extend_from_slice(rest.as_bytes());
            }
            _ => out.extend_from_slice(format!("%{part}").as_bytes()),
        }
    }
    out
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
            let asked = collector.web.ask(request, ANSWER_BYTES_MAX);
            let answer = tokio::time::timeout(deadline, asked).await.map_err(|_| "the collector took too long")?;
            answer.map_err(|error| HttpError::from(format!("{error:#}")))
        });
        Box::pin(async move { sent.await? })
    }
}

/// TLS towards a collector: the authorities of a file if a variable names one, else those of the system (`SSL_CERT_FILE`,
/// `SSL_CERT_DIR`); a client certificate if variables name one.
fn tls(signal: Signal) -> anyhow::Result<ClientConfig> {
    let named = |(name, path): (String, String)| certificates(&name, &path);
    let authorities = setting(signal, "CERTIFICATE")?.map(named).transpose()?;
    let own = match (setting(signal, "CLIENT_CERTIFICATE")?, setting(signal, "CLIENT_KEY")?) {
        (None, None) => None,
        (Some(certificate), Some((key_name, key))) => {
            let key = PrivateKeyDer::from_pem_file(Path::new(&key)).with_context(|| format!("{key_name}: `{key}`"))?;
            Some((named(certificate)?, key))
        }
        _ => {
            bail!("a client certificate for the collector needs OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and _CLIENT_KEY")
        }
    };
    web::client(authorities, own)
}

fn certificates(name: &str, path: &str) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    web::certificates(Path::new(path)).with_context(|| name.to_owned())
}
