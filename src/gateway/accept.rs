//! The first stage: a head that is canonical, routed and governed, its declarations, and the key that it presents.
//!
//! Nothing of the head goes on to a backend but what the dialect's closed lists name. Only the headers named here are read.

use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, Request, Version};
use jiff::Timestamp;

use super::examine::Declarations;
use super::peer::Peer;
use crate::balance::Priority;
use crate::dialect;
use crate::identity::{Callers, lacking, token, unauthenticated};
use crate::model::{Api, Caller, Fault, Line, Refusal, Word};

/// Bytes of one declaration header; labels and purposes are short.
const DECLARATION_BYTES_MAX: usize = 256;

/// A head that passed.
#[derive(Debug)]
pub struct Head {
    /// The endpoint, and what passes of the line and the head.
    pub line: Line,
    /// What the application declares.
    pub declared: Declarations,
}

/// Checks and routes a head.
///
/// # Errors
/// 404 for an endpoint that is not governed, 405 for a method, 400 for a query, a second `Host`, an upgrade or a
/// declaration that is repeated or too long, 431 for a head above `bytes_max`.
pub fn head<B>(request: &Request<B>, bytes_max: usize) -> Result<Head, Refusal> {
    let uri = request.uri();
    if head_bytes(request) > bytes_max {
        // hyper's own bound is that of its buffer: what comes in one piece may be longer.
        let message = format!("the request line and headers exceed {bytes_max} bytes");
        return Err(Refusal::new(Fault::Caller, 431, "head_too_large", message));
    }
    let headers = request.headers();
    let line = dialect::route(request.method(), uri.path(), uri.query(), headers)?;
    if headers.get_all(HOST).iter().count() > 1 {
        return Err(Refusal::invalid("repeated_host", "send one `Host` header"));
    }
    if headers.contains_key(http::header::UPGRADE) && request.version() < Version::HTTP_2 {
        return Err(Refusal::invalid("upgrade_refused", "this gateway opens no tunnels: send a plain request"));
    }
    if !dialect::takes_body(line.api) && has_body(headers) {
        return Err(Refusal::invalid("unexpected_body", "this endpoint takes no body"));
    }
    let declared = Declarations {
        label: declaration(headers, "octroi-label")?,
        purpose: declaration(headers, "octroi-purpose")?,
        residence: declaration(headers, "octroi-residence")?,
        case: declaration(headers, "octroi-case")?.filter(|case| !case.is_empty()),
        priority: priority(headers)?,
    };
    Ok(Head { line, declared })
}

/// Whether a request says that others may go before it.
fn priority(headers: &HeaderMap) -> Result<Priority, Refusal> {
    let Some(said) = declaration(headers, "octroi-priority")? else { return Ok(Priority::default()) };
    let wrong = || {
        Refusal::invalid(
            "invalid_header",
            format!("`octroi-priority` is {}", Priority::NAMES.map(|name| format!("`{name}`")).join(" or ")),
        )
    };
    Priority::named(&said).ok_or_else(wrong)
}

/// Bytes of a head, as HTTP/1.1 writes it.
fn head_bytes<B>(request: &Request<B>) -> usize {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let line = request.method().as_str().len() + target + " HTTP/1.1\r\n".len() + 1;
    let fields = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    line + fields.sum::<usize>()
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(http::header::TRANSFER_ENCODING)
        || headers.get(http::header::CONTENT_LENGTH).is_some_and(|length| length != "0")
}

fn declaration(headers: &HeaderMap, name: &'static str) -> Result<Option<String>, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) if value.len() <= DECLARATION_BYTES_MAX => match std::str::from_utf8(value.as_bytes()) {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(_) => Err(Refusal::invalid("invalid_header", format!("`{name}` must be UTF-8"))),
        },
        (Some(_), None) => {
            Err(Refusal::invalid("invalid_header", format!("`{name}` exceeds {DECLARATION_BYTES_MAX} bytes")))
        }
        (Some(_), Some(_)) => Err(Refusal::invalid("invalid_header", format!("send `{name}` once"))),
    }
}

/// Whether a caller may speak an API, and for the purpose that it declares: a purpose is narrowed by a header, never widened.
///
/// # Errors
/// 403 for what the credential is not good for.
pub fn permit(caller: &Caller, api: Api, declared: &mut Declarations) -> Result<(), Refusal> {
    if !caller.scope.admits_api(api) {
        return Err(lacking(&format!("the API `{}/{}`", api.dialect.name(), api.operation.name())));
    }
    let purposes = &caller.scope.purposes;
    match declared.purpose.as_deref() {
        None => Ok(()),
        Some(said) if purposes.iter().any(|purpose| purpose.as_str() == said) => Ok(()),
        // An app without registered purposes may say what it likes: it is some purpose that no sheet names, which opens nothing.
        Some(_) if purposes.is_empty() => {
            declared.purpose = Some(String::new());
            Ok(())
        }
        Some(_) => Err(lacking("the purpose that `octroi-purpose` declares").at("octroi-purpose")),
    }
}

/// Whether a caller may ask for a model.
///
/// # Errors
/// 403 when its credential is not good for it.
pub fn permit_model(caller: &Caller, model: &Word) -> Result<(), Refusal> {
    if caller.scope.admits_model(model) {
        return Ok(());
    }
    Err(lacking(&format!("the model `{model}`")).at("model"))
}

/// Finds who asks, by the key or the token that the head presents, else by the certificate of the connection.
///
/// # Errors
/// 401 without any, with several keys that differ, or with one that proves nobody now.
pub async fn identify<B>(
    callers: &Callers,
    request: &Request<B>,
    (peer, now): (Option<&Peer>, Timestamp),
) -> Result<Caller, Refusal> {
    let presented = presented(request)?;
    match (presented, peer.map(|peer| peer.names(now)).unwrap_or_default()) {
        (Some(token), _) if token::is_token(token) => token::identify(callers, token, now).await,
        (Some(key), _) => callers.identify(key, now),
        (None, []) => Err(unauthenticated("no API key was sent")),
        (None, names) => callers.certified(names),
    }
}

/// The one credential that a head presents.
fn presented<B>(request: &Request<B>) -> Result<Option<&str>, Refusal> {
    let (headers, query) = (request.headers(), request.uri().query());
    let mut presented: Option<&str> = None;
    let bearer = headers.get_all(AUTHORIZATION).iter().map(|value| {
        let text = value.to_str().ok()?;
        let (scheme, key) = text.split_once(' ')?;
        if scheme == "AWS4-HMAC-SHA256" {
            // The id of an AWS key stands in the clear in its signature; here the whole key of the gateway stands there. The
            // signature proves nothing beyond it, since only the hash of a key is kept.
            let credential = key.split(',').find_map(|part| part.trim().strip_prefix("Credential="))?;
            return credential.split('/').next();
        }
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    let named = ["x-api-key", "api-key", "x-goog-api-key"];
    let plain = named.iter().flat_map(|name| headers.get_all(*name)).map(|value| value.to_str().ok());
    // Google's clients may show the key in the query; keys of this gateway need no escapes there.
    let asked = query.unwrap_or_default().split('&').filter_map(|pair| pair.strip_prefix("key=")).map(Some);
    for key in bearer.chain(plain).chain(asked) {
        let key = key.ok_or_else(|| unauthenticated("the credential is not a key"))?;
        if presented.is_some_and(|earlier| earlier != key) {
            return Err(unauthenticated("several keys were sent"));
        }
        presented = Some(key);
    }
    Ok(presented)
}
