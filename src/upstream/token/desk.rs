//! One exchange with an issuer, over a connection of its own.
//!
//! The rules are those towards backends, by the same code: names are resolved here, no proxy variable is read, the certificate
//! is verified against the roots given, a redirect is an error. `http://` is there for the metadata services of clouds alone:
//! such a connection reaches addresses of the machine or of its link, whatever a name resolves to.
//!
//! What comes is copied into memory that is wiped; hyper's own buffers of the connection are not.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderName, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use tokio::time::timeout;
use tower::Service;
use zeroize::Zeroizing;

use super::Denied;
use crate::limits;
use crate::model::backend::AddressRange;
use crate::model::{Binding, Word};
use crate::upstream::connect::{Connector, Link};
use crate::upstream::request::AGENT;
use crate::upstream::sigv4::sensitive;
use crate::upstream::target::Target;
use crate::upstream::{Bounds, Roots, SendError, SetupFault, tls};

/// Where plain text may go: this machine, its link, and the metadata services' own addresses of IPv6.
const NEAR: [&str; 6] = ["127.0.0.0/8", "::1/128", "169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "fd20:ce::/32"];

/// An issuer's address, ready to be asked.
pub(super) struct Desk {
    connector: Connector,
    host: HeaderValue,
    /// The path of the URL, without a trailing slash.
    base: String,
}

/// What is asked.
#[derive(Default)]
pub(super) struct Asked<'a> {
    pub(super) method: Method,
    /// Behind the URL's own path, query included.
    pub(super) path: &'a str,
    /// A header that is sent along.
    pub(super) header: Option<(&'static str, &'a [u8])>,
    /// A form.
    pub(super) form: &'a [(&'a str, &'a [u8])],
}

/// What was answered, with a status of 2xx.
pub(super) struct Told {
    pub(super) headers: HeaderMap,
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Desk {
    /// Takes `https://host[:port][/path]`, or `http://` for an address near by.
    pub(super) fn new(url: &str, roots: &Roots) -> Result<Self, SetupFault> {
        let fault = SetupFault::Credential("has an issuer whose address is no url without a query");
        let uri: Uri = url.parse().ok().filter(|_| !url.contains(['?', '#'])).ok_or_else(|| fault.clone())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(fault) };
        let plain = scheme == "http";
        let addresses =
            if plain { NEAR.iter().filter_map(|range| AddressRange::parse(range)).collect() } else { Vec::new() };
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        let binding = Binding { hosts: vec![Word::configured(&host)], addresses, ..Binding::default() };
        let target = Target::new(&format!("{scheme}://{authority}"), plain, &binding)?;
        let tls = if plain {
            None
        } else {
            let mut config = tls::client(roots, None, &binding)?;
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Some(Arc::new(config))
        };
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| fault)?;
        let base = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { connector: Connector::new(target, binding, Bounds::default(), tls), host, base })
    }

    /// Asks, and reads the whole answer.
    pub(super) async fn ask(&self, asked: Asked<'_>) -> Result<Told, Denied> {
        let request = self.request(asked).ok_or(Denied::Unasked)?;
        timeout(limits::TOKEN_DEADLINE, self.exchange(request)).await.unwrap_or(Err(Denied::Silent))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Told, Denied> {
        let broke = Denied::Unreached(SendError::Broke);
        let link: Link = self.connector.clone().call(Uri::default()).await.map_err(Denied::Unreached)?;
        let mut builder = http1::Builder::new();
        builder.max_buf_size(limits::REPLY_HEAD_BYTES_MAX.max(8192)).max_headers(limits::HEADERS_MAX);
        let (mut sender, connection) = builder.handshake(link).await.map_err(|_| broke)?;
        let answer = async {
            let (head, body) = sender.send_request(request).await.map_err(|_| broke)?.into_parts();
            if head.status.is_redirection() {
                return Err(Denied::Unreached(SendError::Redirected));
            }
            if !head.status.is_success() {
                return Err(Denied::Status(head.status.as_u16()));
            }
            let read = Limited::new(body, limits::TOKEN_BYTES_MAX).collect().await;
            let bytes = read.map_err(|_| Denied::Malformed("broke off, or is too large"))?.to_bytes();
            Ok(Told { headers: head.headers, body: Zeroizing::new(bytes.to_vec()) })
        };
        let (mut answer, connection) = (pin!(answer), pin!(connection));
        tokio::select! {
            biased;
            told = &mut answer => told,
            // A server that closes behind its answer: what it sent is still there to be read.
            _ = connection => answer.await,
        }
    }

    fn request(&self, asked: Asked<'_>) -> Option<Request<Full<Bytes>>> {
        let body = form(asked.form);
        let filled = !body.is_empty();
        let mut request = Request::new(Full::new(Bytes::from_owner(body)));
        *request.method_mut() = asked.method;
        *request.uri_mut() = format!("{}{}", self.base, asked.path).parse().ok()?;
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(USER_AGENT, AGENT);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/plain"));
        if filled {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        if let Some((name, value)) = asked.header {
            headers.insert(HeaderName::from_static(name), sensitive(value)?);
        }
        Some(request)
    }
}

/// Writes a form (`application/x-www-form-urlencoded`), every byte but letters, digits and `-._~` encoded.
fn form(pairs: &[(&str, &[u8])]) -> Zeroizing<Vec<u8>> {
    let written = pairs.iter().map(|(name, value)| name.len() + 3 * value.len() + 2).sum();
    // Room for all of it, so that no part is left behind by growing.
    let mut form = Zeroizing::new(Vec::with_capacity(written));
    for (name, value) in pairs {
        if !form.is_empty() {
            form.push(b'&');
        }
        form.extend_from_slice(name.as_bytes());
        form.push(b'=');
        encode(value, &mut form);
    }
    form
}

/// Adds bytes as they stand in a form or in a query.
fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(*byte);
        } else {
            let digit =
                |half: u8| char::from_digit(u32::from(half), 16).map_or(b'0', |digit| digit.to_ascii_uppercase() as u8);
            out.extend([b'%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_encoded() {
        let written = form(&[("grant_type", b"client_credentials"), ("secret", "a+b/c~\u{e9}".as_bytes())]);
        assert_eq!(written.as_slice(), b"grant_type=client_credentials&secret=a%2Bb%2Fc~%C3%A9");
    }

    #[test]
    fn what_is_no_address_of_an_issuer_is_refused() {
        for (name, url) in [
            ("no scheme", "login.example"),
            ("another scheme", "ftp://login.example"),
            ("a user", "https://me@login.example"),
            ("a query", "https://login.example/?a=b"),
        ] {
            assert!(Desk::new(url, &Roots::System).is_err(), "{name}");
        }
        assert_eq!(NEAR.iter().filter(|range| AddressRange::parse(range).is_some()).count(), NEAR.len());
    }

    #[tokio::test]
    async fn plain_text_goes_to_no_address_but_near_ones() {
        let desk = Desk::new("http://192.0.2.1:80", &Roots::System).unwrap();
        let told = desk.ask(Asked { path: "/", ..Asked::default() }).await;
        assert_eq!(told.err(), Some(Denied::Unreached(SendError::Address)));
    }
}
