//! The request that leaves, made of parts.
//!
//! A client's header map is never copied: what goes out is what stands in [`Maker::request`], and the few headers that the
//! dialect's table passes on. The connection's own headers cannot be replaced by either a caller or an operator.

use std::fmt;

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, EXPECT,
    HOST, HeaderName, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request};
use http_body_util::Full;

use super::credential::Pass;
use super::target::Target;
use super::{Settings, SetupFault};

pub(super) const AGENT: HeaderValue = HeaderValue::from_static(concat!("octroi/", env!("CARGO_PKG_VERSION")));
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
const ANY: HeaderValue = HeaderValue::from_static("*/*");
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");

/// Headers that only this module sets, or that nobody may.
const OURS: [HeaderName; 17] = [
    HOST,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    CONTENT_ENCODING,
    TRANSFER_ENCODING,
    TE,
    TRAILER,
    CONNECTION,
    UPGRADE,
    EXPECT,
    ACCEPT,
    ACCEPT_ENCODING,
    USER_AGENT,
    COOKIE,
    PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Headers in which a caller shows its own key to us: never taken from it, set by a credential only.
const KEYS: [HeaderName; 4] = [
    AUTHORIZATION,
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-goog-api-key"),
];

/// Whether a header belongs to the connection and not to a caller or an operator.
pub(super) fn is_ours(name: &HeaderName) -> bool {
    OURS.contains(name)
}

/// What is to be sent: the parts of a request that are not the backend's own.
#[derive(Clone)]
pub struct Outgoing {
    /// The method of the endpoint.
    pub method: Method,
    /// The endpoint, from the dialect's table: `/v1/chat/completions`. The backend's base path comes before it.
    pub path: PathAndQuery,
    /// Headers that the dialect's table passes on, each made by the gateway. Those of the connection, of
    /// credentials and of the backend itself are not taken from here.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body; empty for none.
    pub body: Bytes,
    /// The type of answer that is asked for.
    pub accept: Accept,
}

/// The type of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accept {
    /// JSON, whole.
    Json,
    /// A stream of server-sent events.
    Events,
    /// A stream in the API's own framing.
    Any,
}

impl Outgoing {
    /// A JSON body for an endpoint.
    pub fn post(path: PathAndQuery, body: Bytes, stream: bool) -> Self {
        let accept = if stream { Accept::Events } else { Accept::Json };
        Self { method: Method::POST, path, headers: Vec::new(), body, accept }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("method", &self.method)
            .field("body_bytes", &self.body.len())
            .field("accept", &self.accept)
            .finish_non_exhaustive()
    }
}

/// Makes the requests of one backend.
#[derive(Debug)]
pub(super) struct Maker {
    target: Target,
    pass: Option<Pass>,
    extra: Vec<(HeaderName, HeaderValue)>,
}

impl Maker {
    /// Checks the credential and the extra headers.
    pub(super) fn new(settings: &Settings, target: Target) -> Result<Self, SetupFault> {
        let pass = settings.credential.as_ref().map(Pass::new).transpose()?;
        let extra = settings.headers.iter().map(|(name, value)| header(name, value)).collect::<Result<_, _>>()?;
        Ok(Self { target, pass, extra })
    }

    /// Builds a request; later ones replace earlier ones, so that the connection's own always hold.
    pub(super) fn request(&self, outgoing: &Outgoing) -> Option<Request<Full<Bytes>>> {
        let mut request = Request::new(Full::new(outgoing.body.clone()));
        *request.method_mut() = outgoing.method.clone();
        *request.uri_mut() = self.target.uri(&outgoing.path)?;
        let headers = request.headers_mut();
        for (name, value) in &outgoing.headers {
            if !is_ours(name) && !KEYS.contains(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
        for (name, value) in &self.extra {
            headers.insert(name.clone(), value.clone());
        }
        if !outgoing.body.is_empty() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        let accept = match outgoing.accept {
            Accept::Json => JSON,
            Accept::Events => EVENTS,
            Accept::Any => ANY,
        };
        headers.insert(ACCEPT, accept);
        headers.insert(ACCEPT_ENCODING, IDENTITY);
        headers.insert(USER_AGENT, AGENT);
        if let Some(pass) = &self.pass {
            pass.apply(&mut request, &outgoing.body)?;
        }
        Some(request)
    }
}

/// An extra header of the operator's.
fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), SetupFault> {
    let fault = |reason| SetupFault::Header { name: name.to_owned(), reason };
    let parsed = HeaderName::try_from(name).map_err(|_| fault("is not a header name"))?;
    if is_ours(&parsed) {
        return Err(fault("belongs to the connection"));
    }
    if KEYS.contains(&parsed) {
        return Err(fault("is a credential and belongs there"));
    }
    let value = HeaderValue::try_from(value).map_err(|_| fault("has a value that no header can carry"))?;
    Ok((parsed, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Binding, Word};
    use crate::upstream::{Credential, Secret};

    fn settings() -> Settings {
        let binding = Binding {
            hosts: vec![Word::fixed("a.example")],
            path_ids: vec![Word::fixed("base")],
            ..Binding::default()
        };
        Settings::new(Word::fixed("a"), "https://a.example/base", binding)
    }

    fn maker(settings: &Settings) -> Result<Maker, SetupFault> {
        Maker::new(settings, Target::new(&settings.url, false, &settings.binding)?)
    }

    #[test]
    fn nobody_replaces_what_is_ours() {
        let mut settings = settings();
        settings.credential = Some(Credential::Bearer(Secret::new("key")));
        settings.headers = vec![("openai-organization".into(), "org".into())];
        let mut outgoing =
            Outgoing::post(PathAndQuery::from_static("/v1/embeddings"), Bytes::from_static(b"{}"), false);
        let value = HeaderValue::from_static("evil");
        outgoing.headers = OURS.into_iter().chain(KEYS).map(|name| (name, value.clone())).collect();
        let ours = HeaderName::from_static("openai-organization");
        outgoing.headers.push((ours, value));
        outgoing.headers.push((HeaderName::from_static("openai-beta"), HeaderValue::from_static("assistants=v2")));

        let request = maker(&settings).unwrap().request(&outgoing).unwrap();
        assert_eq!(request.uri(), "https://a.example/base/v1/embeddings");
        let mut headers: Vec<_> =
            request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        headers.sort_unstable();
        let expected = [
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("authorization", "Bearer key"),
            ("content-type", "application/json"),
            ("openai-beta", "assistants=v2"),
            ("openai-organization", "org"),
            ("user-agent", concat!("octroi/", env!("CARGO_PKG_VERSION"))),
        ];
        assert_eq!(headers, expected);
    }

    #[test]
    fn extra_headers_are_checked() {
        let rows = [
            ("not a name", "a b", "x"),
            ("the connection's", "Host", "x"),
            ("a credential", "Authorization", "x"),
            ("a key", "Api-Key", "x"),
            ("a line break", "x-a", "x\r\nhost: b"),
        ];
        for (row, name, value) in rows {
            let settings = Settings { headers: vec![(name.into(), value.into())], ..settings() };
            assert!(matches!(maker(&settings), Err(SetupFault::Header { .. })), "{row}");
        }
    }

    #[test]
    fn outgoing_does_not_print_its_content() {
        let outgoing = Outgoing::post(PathAndQuery::from_static("/v1/x"), Bytes::from_static(b"canary"), true);
        assert!(!format!("{outgoing:?}").contains("canary"));
    }
}
