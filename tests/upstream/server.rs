//! A backend that does what a script says, byte by byte, and tells what it saw.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use rustls::{HandshakeKind, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
#[expect(clippy::disallowed_types, reason = "a backend has a socket")]
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::PATIENCE;
use super::certificates::Authority;

/// What a server saw.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A connection of this number finished its handshake; whether the session was resumed.
    Connected { number: usize, resumed: bool },
    /// A handshake failed.
    Refused,
    /// A whole request, head and body.
    Request(String),
    /// The other side closed or reset the connection.
    Closed,
}

#[expect(clippy::disallowed_types, reason = "a backend has a socket")]
type Tcp = TcpStream;

/// One connection, as its script sees it.
pub(crate) struct Line {
    pub(crate) stream: TlsStream<Tcp>,
    /// 1 for the first connection.
    pub(crate) number: usize,
    events: mpsc::UnboundedSender<Event>,
}

impl Line {
    /// Reads one request and reports it; false when there is none any more.
    pub(crate) async fn request(&mut self) -> bool {
        let mut bytes = Vec::new();
        loop {
            if let Some(length) = whole(&bytes) {
                let request = bytes.drain(..length).collect();
                self.report(Event::Request(String::from_utf8(request).unwrap()));
                return true;
            }
            if !matches!(self.stream.read_buf(&mut bytes).await, Ok(1..)) {
                self.report(Event::Closed);
                return false;
            }
        }
    }

    /// Writes; false when the other side is gone.
    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok() && self.stream.flush().await.is_ok()
    }

    /// Cuts the connection off with a TCP reset.
    pub(crate) fn reset(self) {
        self.stream.get_ref().0.set_zero_linger().unwrap();
    }

    pub(crate) fn report(&self, event: Event) {
        self.teller()(event);
    }

    /// Reports what happens when the line itself is no longer at hand.
    pub(crate) fn teller(&self) -> impl Fn(Event) + Clone + Send + Sync + use<> {
        let events = self.events.clone();
        move |event| drop(events.send(event))
    }
}

/// Bytes of a whole request at the start of what was read.
fn whole(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    (bytes.len() >= head + length).then_some(head + length)
}

/// A backend with a script for each of its connections. It stops when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    events: mpsc::UnboundedReceiver<Event>,
    _tasks: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start<F>(tls: ServerConfig, script: impl Fn(Line) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let (sender, events) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut lines = JoinSet::new();
            for number in 1.. {
                let (stream, _) = listener.accept().await.unwrap();
                // A script that has ended is taken off the set by the next connection.
                while lines.try_join_next().is_some() {}
                let Ok(stream) = acceptor.accept(stream).await else {
                    drop(sender.send(Event::Refused));
                    continue;
                };
                let resumed = stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
                let line = Line { stream, number, events: sender.clone() };
                line.report(Event::Connected { number, resumed });
                lines.spawn(script(line));
            }
        });
        Self { address, events, _tasks: tasks }
    }

    /// A backend over HTTP/1.1 with a good certificate, and the root that it is checked with.
    pub(crate) async fn good<F>(script: impl Fn(Line) -> F + Send + 'static) -> (Self, String)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (tls, roots) = good(&["http/1.1"]);
        (Self::start(tls, script).await, roots)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The next thing that it sees.
    pub(crate) async fn event(&mut self) -> Event {
        timeout(PATIENCE, self.events.recv()).await.expect("the server saw nothing").unwrap()
    }

    /// The next request that it sees.
    pub(crate) async fn seen(&mut self) -> String {
        loop {
            if let Event::Request(request) = self.event().await {
                return request;
            }
        }
    }

    /// All that it has seen so far.
    pub(crate) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }
}

/// A port that is taken and at which nobody listens, as long as the socket lives.
pub(crate) fn closed_port() -> (TcpSocket, u16) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

/// A good certificate for `localhost`, and the root that it is checked with.
pub(crate) fn good(protocols: &[&str]) -> (ServerConfig, String) {
    let authority = Authority::new("test authority");
    (authority.certify("localhost").server(protocols), authority.pem())
}

/// A whole answer of HTTP/1.1.
pub(crate) fn answer(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// A script that answers every request of a connection.
pub(crate) async fn serve(mut line: Line) {
    while line.request().await {
        if !line.write(answer("{}")).await {
            return;
        }
    }
}

/// A script, as a value.
type Script = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A script that answers every request with these bytes, and waits for the other side to close.
pub(crate) fn say<T: Into<Vec<u8>>>(bytes: T) -> impl Fn(Line) -> Script + Send + use<T> + 'static {
    let bytes: Arc<[u8]> = bytes.into().into();
    move |mut line| {
        let bytes = Arc::clone(&bytes);
        Box::pin(async move { while line.request().await && line.write(&bytes).await {} })
    }
}
