//! One connection to a backend: resolve, compare, connect, prove.
//!
//! The only place that opens a socket towards a backend. It resolves the host itself at every connection, so that a changed
//! name is seen (DNS rebinding), and drops every address that the binding does not cover before a packet goes there. It reads
//! no proxy variable: there is no code that would.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::{CertificateError, ClientConfig};
#[expect(clippy::disallowed_types, reason = "this module owns the sockets towards backends")]
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;
use tower::Service;

use super::target::Target;
use super::{Bounds, SendError, tls};
use crate::limits;
use crate::model::Binding;

/// Opens connections to one backend.
#[derive(Clone)]
pub(super) struct Connector(Arc<Settled>);

struct Settled {
    target: Target,
    binding: Binding,
    bounds: Bounds,
    /// `None` for plain text.
    tls: Option<TlsConnector>,
}

impl Connector {
    pub(super) fn new(target: Target, binding: Binding, bounds: Bounds, tls: Option<Arc<ClientConfig>>) -> Self {
        let tls = tls.map(TlsConnector::from);
        Self(Arc::new(Settled { target, binding, bounds, tls }))
    }
}

impl Service<Uri> for Connector {
    type Response = Link;
    type Error = SendError;
    type Future = Pin<Box<dyn Future<Output = Result<Link, SendError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        Poll::Ready(Ok(()))
    }

    /// Connects to the backend; the URI is not looked at, because a connector has one target only.
    fn call(&mut self, _: Uri) -> Self::Future {
        let settled = Arc::clone(&self.0);
        Box::pin(async move {
            let deadline = Instant::now() + settled.bounds.connect;
            match timeout_at(deadline, settled.connect(deadline)).await {
                Ok(link) => link,
                Err(_) => Err(SendError::Connect("deadline")),
            }
        })
    }
}

impl Settled {
    async fn connect(&self, deadline: Instant) -> Result<Link, SendError> {
        let (stream, address) = self.open(deadline).await?;
        let Some(tls) = &self.tls else {
            return Ok(Link::new(Either::Right(stream), address, None));
        };
        let stream = tls
            .connect(self.target.server.clone(), stream)
            .await
            .map_err(|error| tls_cause(&error).map_or(SendError::Tls("connection lost"), tls_fault))?;
        let leaf = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let spki = leaf.and_then(tls::spki_of).ok_or(SendError::Identity("no certificate"))?;
        Ok(Link::new(Either::Left(Box::new(stream)), address, Some(spki)))
    }

    /// Opens a TCP connection to the first address that answers, each within its share of the time that is left.
    async fn open(&self, deadline: Instant) -> Result<(Tcp, SocketAddr), SendError> {
        let candidates = self.addresses().await?;
        let mut fault = SendError::Connect("no address");
        for (tried, address) in candidates.iter().enumerate() {
            let left = u32::try_from(candidates.len() - tried).unwrap_or(1);
            let share = deadline.saturating_duration_since(Instant::now()) / left;
            match timeout_at(Instant::now() + share, Tcp::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Answers are small frames that must not wait for each other; without the option they are only slower.
                    let _slower = stream.set_nodelay(true);
                    return Ok((stream, *address));
                }
                Ok(Err(error)) => fault = SendError::Connect(socket_fault(&error)),
                Err(_) => fault = SendError::Connect("deadline"),
            }
        }
        Err(fault)
    }

    /// The addresses of the host that the binding covers.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, SendError> {
        let resolved = tokio::net::lookup_host((self.target.host.as_str(), self.target.port))
            .await
            .map_err(|_| SendError::Connect("name not resolved"))?;
        let ranges = &self.binding.addresses;
        let covered =
            |address: &SocketAddr| ranges.is_empty() || ranges.iter().any(|range| range.contains(address.ip()));
        let candidates: Vec<_> = resolved.filter(covered).take(limits::ADDRESSES_TRIED_MAX).collect();
        if candidates.is_empty() { Err(SendError::Address) } else { Ok(candidates) }
    }
}

/// Says in closed words why a socket did not open.
fn socket_fault(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "refused",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "unreachable",
        io::ErrorKind::TimedOut => "deadline",
        _ => "socket",
    }
}

/// Says whether TLS failed because of who the other side is, or for another reason.
pub(super) fn tls_fault(error: &rustls::Error) -> SendError {
    match error {
        rustls::Error::InvalidCertificate(fault) => SendError::Identity(certificate_fault(fault)),
        rustls::Error::NoCertificatesPresented => SendError::Identity("no certificate"),
        rustls::Error::AlertReceived(_) => SendError::Tls("refused by the backend"),
        rustls::Error::PeerIncompatible(_) => SendError::Tls("no version or cipher in common"),
        _ => SendError::Tls("protocol"),
    }
}

/// The TLS error within an I/O error, if there is one.
pub(super) fn tls_cause(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn certificate_fault(fault: &CertificateError) -> &'static str {
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "certificate expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "certificate not yet valid",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "certificate of another host"
        }
        CertificateError::UnknownIssuer => "unknown authority",
        CertificateError::ApplicationVerificationFailure => "pin",
        _ => "certificate",
    }
}

#[expect(clippy::disallowed_types, reason = "this module owns the sockets towards backends")]
type Tcp = TcpStream;

/// Whom a connection reached, as it proved.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The address that was connected to.
    pub address: SocketAddr,
    /// SHA-256 of the key in its certificate; `None` in plain text.
    pub spki: Option<[u8; 32]>,
    since: Instant,
}

impl Peer {
    /// When the connection was made.
    pub(super) fn since(&self) -> Instant {
        self.since
    }
}

/// A connection that proved who it reaches.
pub(super) struct Link {
    io: TokioIo<Either<Box<TlsStream<Tcp>>, Tcp>>,
    peer: Peer,
}

impl Link {
    fn new(io: Either<Box<TlsStream<Tcp>>, Tcp>, address: SocketAddr, spki: Option<[u8; 32]>) -> Self {
        let peer = Peer { address, spki, since: Instant::now() };
        Self { io: TokioIo::new(io), peer }
    }

    fn is_h2(&self) -> bool {
        match self.io.inner() {
            Either::Left(stream) => stream.get_ref().1.alpn_protocol() == Some(b"h2"),
            Either::Right(_) => false,
        }
    }
}

impl Connection for Link {
    fn connected(&self) -> Connected {
        let connected = Connected::new().extra(self.peer.clone());
        if self.is_h2() { connected.negotiated_h2() } else { connected }
    }
}

impl Read for Link {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl Write for Link {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, pieces)
    }
}
