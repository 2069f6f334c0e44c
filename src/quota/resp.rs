//! As much of Redis's protocol (RESP 2) as the store of limits speaks: commands as arrays of bulk strings, replies of numbers,
//! texts and arrays. Connections are kept, a few of them; each has loaded the scripts, which are called by their digest.
#![expect(clippy::disallowed_types, reason = "this module owns the sockets to Redis")]

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls_pki_types::ServerName;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

/// Connections at one time.
const CONNECTIONS_MAX: usize = 16;
/// Bytes of one reply.
const REPLY_BYTES_MAX: usize = 64 * 1024;
/// Elements of one reply.
const REPLY_LENGTH_MAX: usize = 1_024;

/// Where Redis is, and how the gateway proves itself.
#[derive(Clone)]
pub struct Address {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Number of the database.
    pub database: u32,
    /// User, where access lists are used.
    pub user: Option<String>,
    /// Password.
    pub password: Option<Zeroizing<String>>,
    /// TLS, with the authorities that prove the server.
    pub tls: Option<Arc<rustls::ClientConfig>>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Address").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// What Redis replies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    Nothing,
    Number(i64),
    Text(Vec<u8>),
    Many(Vec<Self>),
    /// Its first word, such as `NOSCRIPT`.
    Fault(String),
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A connection that has loaded the scripts.
struct Connection {
    stream: BufReader<Box<dyn Stream>>,
    digests: Vec<Vec<u8>>,
}

/// Connections to one Redis.
pub(super) struct Client {
    address: Address,
    scripts: &'static [&'static str],
    idle: Mutex<Vec<Connection>>,
    places: Semaphore,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Client {
    pub(super) fn new(address: Address, scripts: &'static [&'static str]) -> Self {
        Self { address, scripts, idle: Mutex::default(), places: Semaphore::new(CONNECTIONS_MAX) }
    }

    /// Runs a script by its number, within a time.
    pub(super) async fn run(
        &self,
        script: usize,
        (keys, arguments): (&[Vec<u8>], &[Vec<u8>]),
        patience: Duration,
    ) -> io::Result<Reply> {
        let asking = async {
            let _place = self.places.acquire().await.map_err(io::Error::other)?;
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            if let Some(mut connection) = kept
                && let Ok(reply) = connection.call(script, keys, arguments).await
                && !is_fault(&reply)
            {
                self.keep(connection);
                return Ok(reply);
            }
            // One that was idle may have been closed, or Redis has forgotten the scripts: once more on a new one.
            let mut connection = Connection::open(&self.address, self.scripts).await?;
            let reply = connection.call(script, keys, arguments).await?;
            if let Reply::Fault(what) = reply {
                return Err(io::Error::other(what));
            }
            self.keep(connection);
            Ok(reply)
        };
        tokio::time::timeout(patience, asking).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }

    fn keep(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

const fn is_fault(reply: &Reply) -> bool {
    matches!(reply, Reply::Fault(_))
}

impl Connection {
    async fn open(address: &Address, scripts: &[&str]) -> io::Result<Self> {
        let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
        stream.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match &address.tls {
            None => Box::new(stream),
            Some(tls) => {
                let name = ServerName::try_from(address.host.clone()).map_err(io::Error::other)?;
                Box::new(TlsConnector::from(Arc::clone(tls)).connect(name, stream).await?)
            }
        };
        let mut connection = Self { stream: BufReader::new(stream), digests: Vec::new() };
        if let Some(password) = &address.password {
            let mut words: Vec<&[u8]> = vec![b"AUTH"];
            words.extend(address.user.as_ref().map(String::as_bytes));
            words.push(password.as_bytes());
            connection.must(&words).await?;
        }
        if address.database > 0 {
            connection.must(&[b"SELECT", address.database.to_string().as_bytes()]).await?;
        }
        for script in scripts {
            match connection.must(&[b"SCRIPT", b"LOAD", script.as_bytes()]).await? {
                Reply::Text(digest) => connection.digests.push(digest),
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        Ok(connection)
    }

    async fn call(&mut self, script: usize, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> io::Result<Reply> {
        let digest = self.digests.get(script).cloned().unwrap_or_default();
        let count = keys.len().to_string();
        let mut words: Vec<&[u8]> = vec![b"EVALSHA", &digest, count.as_bytes()];
        words.extend(keys.iter().chain(arguments).map(Vec::as_slice));
        self.ask(&words).await
    }

    async fn must(&mut self, words: &[&[u8]]) -> io::Result<Reply> {
        match self.ask(words).await? {
            Reply::Fault(what) => Err(io::Error::other(what)),
            reply => Ok(reply),
        }
    }

    async fn ask(&mut self, words: &[&[u8]]) -> io::Result<Reply> {
        let mut text = Zeroizing::new(format!("*{}\r\n", words.len()).into_bytes());
        for word in words {
            text.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            text.extend_from_slice(word);
            text.extend_from_slice(b"\r\n");
        }
        self.stream.write_all(&text).await?;
        self.stream.flush().await?;
        read(&mut self.stream).await
    }
}

/// Reads a reply of bounded size.
fn read<S: AsyncRead + Unpin + Send>(
    stream: &mut BufReader<S>,
) -> Pin<Box<dyn Future<Output = io::Result<Reply>> + Send + '_>> {
    Box::pin(async move {
        let line = line(stream).await?;
        let (kind, rest) = line.split_first().ok_or(io::ErrorKind::InvalidData)?;
        let rest = std::str::from_utf8(rest).map_err(io::Error::other)?;
        let number = || rest.parse::<i64>().map_err(io::Error::other);
        match kind {
            b'+' => Ok(Reply::Text(rest.as_bytes().to_vec())),
            // The first word alone: what follows may quote what was sent.
            b'-' => Ok(Reply::Fault(rest.split(' ').next().unwrap_or_default().to_owned())),
            b':' => number().map(Reply::Number),
            b'$' => match usize::try_from(number()?) {
                Err(_) => Ok(Reply::Nothing),
                Ok(length) if length > REPLY_BYTES_MAX => Err(io::ErrorKind::InvalidData.into()),
                Ok(length) => {
                    let mut bytes = vec![0; length + 2];
                    stream.read_exact(&mut bytes).await?;
                    bytes.truncate(length);
                    Ok(Reply::Text(bytes))
                }
            },
            b'*' => match usize::try_from(number()?) {
                Err(_) => Ok(Reply::Nothing),
                Ok(length) if length > REPLY_LENGTH_MAX => Err(io::ErrorKind::InvalidData.into()),
                Ok(length) => {
                    let mut many = Vec::with_capacity(length);
                    for _ in 0..length {
                        many.push(read(stream).await?);
                    }
                    Ok(Reply::Many(many))
                }
            },
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    })
}

async fn line<S: AsyncRead + Unpin + Send>(stream: &mut BufReader<S>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let bounded = stream.take(REPLY_BYTES_MAX as u64).read_until(b'\n', &mut line).await?;
    if bounded == 0 || line.pop() != Some(b'\n') || line.pop() != Some(b'\r') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn replies_are_read() {
        for (name, text, reply) in [
            ("a word", "+OK\r\n", Some(Reply::Text(b"OK".to_vec()))),
            ("a number", ":-7\r\n", Some(Reply::Number(-7))),
            ("a text", "$3\r\na\r\n\r\n", Some(Reply::Text(b"a\r\n".to_vec()))),
            ("nothing", "$-1\r\n", Some(Reply::Nothing)),
            (
                "several",
                "*2\r\n:1\r\n$1\r\nx\r\n",
                Some(Reply::Many(vec![Reply::Number(1), Reply::Text(b"x".to_vec())])),
            ),
            ("a fault", "-NOSCRIPT no such script\r\n", Some(Reply::Fault("NOSCRIPT".to_owned()))),
            ("an end", "", None),
            ("a line that is cut", ":1", None),
            ("a text that is too long", "$99999999\r\n", None),
            ("a list that is too long", "*99999999\r\n", None),
            ("no reply", "HTTP/1.1 400\r\n", None),
        ] {
            let read = read(&mut BufReader::new(text.as_bytes())).await;
            assert_eq!(read.ok(), reply, "{name}");
        }
    }
}
