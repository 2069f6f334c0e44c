//! AWS Signature Version 4: a request is signed anew for each sending, with the time at which it leaves.
//!
//! ```text
//! canonical request = method, path, query, headers, names of headers, SHA-256 of the body, a line each
//! text to sign      = "AWS4-HMAC-SHA256", time, day/region/service/"aws4_request", SHA-256 of the canonical request
//! key               = HMAC(HMAC(HMAC(HMAC("AWS4" + secret, day), region), service), "aws4_request")
//! ```
//!
//! The caller's own signature never comes here: its request was read and changed, so it would not hold.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::{digest, hmac};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Uri};
use zeroize::Zeroizing;

use super::Secret;

/// What a signature is made of.
#[derive(Clone, PartialEq, Eq)]
pub struct Signer {
    /// The id of the key.
    pub access_key: Secret,
    /// The key.
    pub secret_key: Secret,
    /// The token of temporary credentials.
    pub session_token: Option<Secret>,
    /// The region that the request goes to, such as `eu-west-3`.
    pub region: String,
    /// The service, such as `bedrock`.
    pub service: String,
}

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signed<'a> {
    /// The method.
    pub(super) method: &'a Method,
    /// The address, host included.
    pub(super) uri: &'a Uri,
    /// The body.
    pub(super) body: &'a [u8],
}

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
/// Headers that are signed beside the host, where the request has them.
const NAMES: [HeaderName; 3] = [CONTENT_TYPE, DATE, TOKEN];

impl Signer {
    /// What it holds that nobody else may see.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        [&self.access_key, &self.secret_key].into_iter().chain(&self.session_token)
    }

    /// Adds the time, the token and the signature to a request's headers; nothing when one of them cannot stand there.
    pub(super) fn sign(&self, signed: Signed<'_>, headers: &mut HeaderMap, now: SystemTime) -> Option<()> {
        let time = stamp(now)?;
        headers.insert(DATE, HeaderValue::from_str(&time).ok()?);
        if let Some(token) = &self.session_token {
            headers.insert(TOKEN, sensitive(token.expose())?);
        }
        let day = time.get(..8)?;
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let (canonical, names) = canonical(signed, headers)?;
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{canonical}");
        let mut key = Zeroizing::new([b"AWS4".as_slice(), self.secret_key.expose()].concat());
        for part in [day, &self.region, &self.service, "aws4_request"] {
            key = Zeroizing::new(mac(&key, part));
        }
        let access_key = std::str::from_utf8(self.access_key.expose()).ok()?;
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={}",
            hex(&mac(&key, &text))
        );
        headers.insert(AUTHORIZATION, sensitive(value.as_bytes())?);
        Some(())
    }
}

/// The digest of the canonical request, and the names of its headers. It is never written out: the token is among its lines.
fn canonical(signed: Signed<'_>, headers: &HeaderMap) -> Option<(String, String)> {
    let host = signed.uri.authority()?;
    let default = if signed.uri.scheme_str() == Some("http") { 80 } else { 443 };
    // Clients leave the scheme's own port out of `Host`, and so does the one that sends this.
    let host = match host.port_u16() {
        Some(port) if port != default => host.as_str(),
        _ => host.host(),
    };
    let mut lines = vec![(HOST, host.as_bytes())];
    lines.extend(NAMES.into_iter().filter_map(|name| {
        let value = headers.get(&name)?.as_bytes().trim_ascii();
        Some((name, value))
    }));
    lines.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
    let names = lines.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let mut query: Vec<&str> =
        signed.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).collect();
    query.sort_unstable();
    let query: Vec<String> =
        query.iter().map(|pair| if pair.contains('=') { (*pair).to_owned() } else { format!("{pair}=") }).collect();
    let body = hex(digest::digest(&digest::SHA256, signed.body).as_ref());
    let path = encoded(signed.uri.path());
    let mut canonical = digest::Context::new(&digest::SHA256);
    canonical.update(format!("{}\n{path}\n{}\n", signed.method, query.join("&")).as_bytes());
    for (name, value) in lines {
        for part in [name.as_str().as_bytes(), b":", value, b"\n"] {
            canonical.update(part);
        }
    }
    canonical.update(format!("\n{names}\n{body}").as_bytes());
    Some((hex(canonical.finish().as_ref()), names))
}

/// Encodes a path once more, as every service but S3 does.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push_str(&format!("{byte:02x}"));
    }
    out
}

/// A header's value that is not printed, and wiped when its last reference goes.
pub(super) fn sensitive(bytes: &[u8]) -> Option<HeaderValue> {
    let bytes = Bytes::from_owner(Zeroizing::new(bytes.to_vec()));
    let mut value = HeaderValue::from_maybe_shared(bytes).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Writes a time as `20150830T123600Z`.
fn stamp(now: SystemTime) -> Option<String> {
    let since: Duration = now.duration_since(UNIX_EPOCH).ok()?;
    let time = jiff::Timestamp::from_second(i64::try_from(since.as_secs()).ok()?).ok()?;
    Some(time.strftime("%Y%m%dT%H%M%SZ").to_string())
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("region", &self.region).field("service", &self.service).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(method: &Method, uri: &str, service: &str, content_type: Option<&'static str>, body: &str) -> String {
        let signer = Signer {
            access_key: Secret::new("AKIDEXAMPLE"),
            secret_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token: None,
            region: "us-east-1".to_owned(),
            service: service.to_owned(),
        };
        let mut headers = HeaderMap::new();
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        let uri: Uri = uri.parse().unwrap();
        // 2015-08-30T12:36:00Z
        let now = UNIX_EPOCH + Duration::from_mins(24_015_636);
        signer.sign(Signed { method, uri: &uri, body: body.as_bytes() }, &mut headers, now).unwrap();
        assert_eq!(headers[DATE], "20150830T123600Z");
        assert!(!format!("{headers:?} {signer:?}").contains("AKIDEXAMPLE"));
        headers[AUTHORIZATION].to_str().unwrap().rsplit_once('=').unwrap().1.to_owned()
    }

    /// AWS's published vectors: the suite of the signature's documentation, and the example of its walk-through.
    #[test]
    fn signatures_are_the_published_ones() {
        let form = Some("application/x-www-form-urlencoded; charset=utf-8");
        let rows = [
            (
                "get-vanilla",
                Method::GET,
                "https://example.amazonaws.com/",
                "service",
                None,
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "post-vanilla",
                Method::POST,
                "https://example.amazonaws.com/",
                "service",
                None,
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                "get-vanilla-query-order-key-case",
                Method::GET,
                "https://example.amazonaws.com/?Param2=value2&Param1=value1",
                "service",
                None,
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "the walk-through",
                Method::GET,
                "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
                "iam",
                form,
                "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            ),
        ];
        let json = Some("application/json");
        let rows =
            rows.map(|(name, method, uri, service, kind, expected)| (name, method, uri, service, kind, "", expected));
        // What botocore signs these with: a path is encoded twice, a port of its own stands in the host.
        let more = [
            (
                "an encoded model",
                Method::POST,
                "https://bedrock-runtime.us-east-1.amazonaws.com/model/eu.anthropic.claude-3%3A0/converse",
                "bedrock",
                json,
                "{}",
                "c27fc92e4204c1b92d985f67ee16c3526ff5e886c286af17a0a47a06ab99d0f8",
            ),
            (
                "a port",
                Method::POST,
                "https://localhost:8443/model/m/converse",
                "bedrock",
                json,
                "{}",
                "3bb3e59f3760dd6d5fc3f7c706d8d121a7eaab2c7d4c5b2ff45865cae26cad01",
            ),
        ];
        for (name, method, uri, service, content_type, body, expected) in rows.into_iter().chain(more) {
            assert_eq!(signature(&method, uri, service, content_type, body), expected, "{name}");
        }
    }
}
