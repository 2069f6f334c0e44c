//! The end of a connection on which the client may still be writing: an answer that came before the end of a body must reach it.
//!
//! A socket that is closed while bytes of the client lie unread is reset, and a reset may take the answer with it (RFC 9112,
//! section 9.6). So the gateway closes its own side, then reads and throws away, for a while and up to a bound.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};

use crate::limits;

/// A connection that is lent to hyper and outlives what hyper does with it.
#[derive(Debug)]
pub(super) struct Lent<S>(Arc<Mutex<S>>);

impl<S> Lent<S> {
    /// A connection to lend.
    pub(super) fn new(stream: S) -> Self {
        Self(Arc::new(Mutex::new(stream)))
    }

    /// Another handle of the same connection.
    pub(super) fn again(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// The connection; held within one poll only.
    pub(super) fn get(&self) -> MutexGuard<'_, S> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lent<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.get()).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Lent<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.get()).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.get()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.get()).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.get()).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.get().is_write_vectored()
    }
}

/// Closes our side, then takes what the client still sends, until it closes its own.
pub(super) async fn close<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) {
    let closing = async {
        // A side that is closed already says so in an error.
        stream.shutdown().await.unwrap_or_default();
        let mut thrown = vec![0; 16 * 1024];
        let mut left = limits::LINGER_BYTES_MAX;
        while left > 0 {
            match stream.read(&mut thrown).await {
                Ok(0) | Err(_) => return,
                Ok(read) => left = left.saturating_sub(read),
            }
        }
    };
    tokio::time::timeout(limits::LINGER_DEADLINE, closing).await.unwrap_or_default();
}
