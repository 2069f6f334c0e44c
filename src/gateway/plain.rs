//! Plain HTTP on the port that speaks TLS: a mistake that everybody makes once, answered in words instead of silence.

#![expect(clippy::disallowed_types, reason = "this module looks at sockets of clients before TLS does")]

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::linger;

/// Whether a client begins with a letter, as every HTTP method does; a TLS record begins with 22 (RFC 8446, section 5.1). The
/// byte stays where it is.
pub(super) async fn is_http(stream: &TcpStream) -> bool {
    let mut first = [0];
    matches!(stream.peek(&mut first).await, Ok(1)) && first.iter().all(u8::is_ascii_uppercase)
}

/// Says what is wrong, and closes.
pub(super) async fn answer(mut stream: TcpStream) {
    let text = "400: this port speaks https, and you wrote http\n\n\
                Write https:// in the address. If the client then does not trust the certificate, give it the authority that\n\
                issued it: SSL_CERT_FILE for Python, NODE_EXTRA_CA_CERTS for Node, --cacert for curl.\n";
    let head = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n";
    let answer = format!("{head}content-length: {}\r\n\r\n{text}", text.len());
    if stream.write_all(answer.as_bytes()).await.is_ok() {
        linger::close(stream).await;
    }
}
