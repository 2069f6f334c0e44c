//! The URL of a backend, taken apart once and held against its binding.
//!
//! The operator writes the URL, the officer's inventory names the hosts: a URL that points elsewhere is refused at load
//! ("truths are bound to addresses"). So is one whose path names a deployment, a project, an account or a region that the
//! entry does not name: behind one host of a cloud stand machines of every country.

use std::net::{IpAddr, SocketAddr};

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use rustls_pki_types::{DnsName, ServerName};
use siphasher::sip::SipHasher13;

use super::SetupFault;
use crate::model::Binding;

/// Where a backend's connections go.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// Whether TLS is spoken.
    pub(super) tls: bool,
    /// Host name in lower case, or an address without brackets.
    pub(super) host: String,
    /// TCP port.
    pub(super) port: u16,
    /// What the certificate must be valid for.
    pub(super) server: ServerName<'static>,
    authority: Authority,
    base: String,
    /// Those with a lower one are asked first.
    pub(super) priority: u16,
    /// Its share among those with the same priority.
    pub(super) weight: u16,
}

impl Target {
    /// Takes a URL apart and checks it against the binding.
    pub(super) fn new(url: &str, plaintext: bool, binding: &Binding) -> Result<Self, SetupFault> {
        if url.contains(['?', '#']) {
            return Err(SetupFault::Url("has a query or a fragment"));
        }
        let uri = url.parse::<Uri>().map_err(|_| SetupFault::Url("is not a url"))?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if plaintext => false,
            Some("http") => return Err(SetupFault::Url("is http, which only `[dangerous]` permits")),
            _ => return Err(SetupFault::Url("does not begin with https://")),
        };
        let pinned = !binding.spki.is_empty() || !binding.authorities.is_empty();
        if pinned && !tls {
            return Err(SetupFault::Url("is http, but the inventory binds it to a certificate"));
        }
        let authority = uri.authority().cloned().ok_or(SetupFault::Url("has no host"))?;
        if authority.as_str().contains('@') {
            return Err(SetupFault::Url("carries a user name; use a credential"));
        }
        let host = bare(uri.host().unwrap_or_default());
        if !binding.hosts.iter().any(|bound| bare(bound.as_str()) == host) {
            return Err(SetupFault::Host(host));
        }
        let server = server_name(&host).ok_or(SetupFault::Url("has a host that no certificate can name"))?;
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let base = uri.path().trim_end_matches('/').to_owned();
        if let Some(id) = unbound_id(&base, binding) {
            return Err(SetupFault::PathId(id));
        }
        Ok(Self { tls, host, port, server, authority, base, priority: 0, weight: 0 })
    }

    /// Another endpoint of the same backend, `host` or `host:port`: a host that the binding names, or an address that lies in
    /// its ranges. An address has the name of the URL, in its certificate and in requests to it.
    pub(super) fn endpoint(&self, text: &str, binding: &Binding) -> Result<Self, SetupFault> {
        let unbound = || SetupFault::Endpoint(text.to_owned());
        let authority = text.parse::<Authority>().map_err(|_| unbound())?;
        if text.contains('@') {
            return Err(unbound());
        }
        let host = bare(authority.host());
        let port = authority.port_u16().unwrap_or(self.port);
        let is_named = binding.hosts.iter().any(|bound| bare(bound.as_str()) == host);
        if is_named {
            let server = server_name(&host).ok_or_else(unbound)?;
            return Ok(Self { host, port, server, authority, ..self.clone() });
        }
        let address: IpAddr = host.parse().map_err(|_| unbound())?;
        if !binding.addresses.iter().any(|range| range.contains(address)) {
            return Err(unbound());
        }
        Ok(self.at_address(SocketAddr::new(address, port)))
    }

    /// The same with a priority and a weight beside its siblings.
    pub(super) fn standing(self, priority: u16, weight: u16) -> Self {
        Self { priority, weight, ..self }
    }

    /// The same backend at one address of it.
    pub(super) fn at_address(&self, address: SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port(), ..self.clone() }
    }

    /// The same host at another port.
    pub(super) fn at_port(&self, port: u16) -> Option<Self> {
        let host = self.authority.host();
        let authority = format!("{host}:{port}").parse().ok()?;
        Some(Self { port, authority, ..self.clone() })
    }

    /// `host:port`, for the log.
    pub(super) fn name(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// A number that stays the same as long as the host and the port do, in every gateway.
    pub(super) fn id(&self) -> u64 {
        SipHasher13::new().hash(self.name().as_bytes())
    }

    /// The URL of an endpoint: `path` behind the base path.
    pub(super) fn uri(&self, path: &PathAndQuery) -> Option<Uri> {
        let scheme = if self.tls { Scheme::HTTPS } else { Scheme::HTTP };
        let path = if self.base.is_empty() { path.clone() } else { format!("{}{path}", self.base).parse().ok()? };
        Uri::builder().scheme(scheme).authority(self.authority.clone()).path_and_query(path).build().ok()
    }
}

/// Steps of a path that belong to an API and say nothing of where it leads.
const API_WORDS: [&str; 7] = ["ai", "api", "client", "compatible-mode", "inference", "openai", "serving-endpoints"];

/// Steps of a path behind which an id stands, whatever it looks like.
const COLLECTIONS: [&str; 13] = [
    "accounts",
    "deployments",
    "endpoints",
    "instances",
    "locations",
    "models",
    "organizations",
    "projects",
    "publishers",
    "regions",
    "resources",
    "tenants",
    "workspaces",
];

/// The first step of a base path that may be an id and that the binding does not name. What is no word of an API counts as an
/// id: a path that nobody knows is not taken for harmless.
fn unbound_id(base: &str, binding: &Binding) -> Option<String> {
    let mut behind_collection = false;
    for step in base.split('/').filter(|step| !step.is_empty()) {
        let named = binding.models.iter().chain(&binding.path_ids).any(|known| known == step);
        let collection = !behind_collection && COLLECTIONS.contains(&step);
        let known = !behind_collection && (API_WORDS.contains(&step) || is_version(step));
        if !(named || collection || known) {
            return Some(step.to_owned());
        }
        behind_collection = collection;
    }
    None
}

/// `v1`, `v4`, `v1beta`, `v1alpha2`: a short version, for a longer word may be an id.
fn is_version(step: &str) -> bool {
    let Some(rest) = step.strip_prefix('v') else { return false };
    let stage = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = rest.len() - stage.len();
    let stage = stage.trim_end_matches(|c: char| c.is_ascii_digit());
    (1..=2).contains(&digits) && step.len() <= 9 && ["", "alpha", "beta"].contains(&stage)
}

/// A host in the spelling in which two are compared: lower case, no brackets, no dot at the end.
fn bare(host: &str) -> String {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

fn server_name(host: &str) -> Option<ServerName<'static>> {
    match host.parse::<IpAddr>() {
        Ok(address) => Some(ServerName::from(address)),
        Err(_) => DnsName::try_from(host.to_owned()).ok().map(ServerName::DnsName),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Word;
    use crate::model::backend::AddressRange;

    fn bound_to(host: &str) -> Binding {
        Binding { hosts: vec![Word::configured(host)], ..Binding::default() }
    }

    #[test]
    fn urls_are_taken_apart() {
        let rows = [
            ("plain", "https://api.example.org", "api.example.org", 443, "https://api.example.org/v1/models"),
            ("port", "https://gpu1:8000", "gpu1", 8000, "https://gpu1:8000/v1/models"),
            ("base", "https://a.example/openai/", "a.example", 443, "https://a.example/openai/v1/models"),
            ("case", "https://API.example.org", "api.example.org", 443, "https://API.example.org/v1/models"),
            ("address", "https://10.1.2.3:8443", "10.1.2.3", 8443, "https://10.1.2.3:8443/v1/models"),
            ("address 6", "https://[::1]:8443", "::1", 8443, "https://[::1]:8443/v1/models"),
        ];
        for (name, url, host, port, models) in rows {
            let target = Target::new(url, false, &bound_to(host)).unwrap();
            assert_eq!((target.host.as_str(), target.port, target.tls), (host, port, true), "{name}");
            let uri = target.uri(&PathAndQuery::from_static("/v1/models")).unwrap();
            assert_eq!(uri.to_string(), models.parse::<Uri>().unwrap().to_string(), "{name}");
        }
    }

    /// Behind one host of a cloud stand machines of every country: what a path names must be named in the inventory.
    #[test]
    fn ids_in_paths_are_bound() {
        let binding = Binding {
            models: vec![Word::fixed("gpt-fr")],
            path_ids: vec![Word::fixed("acme-prod"), Word::fixed("europe-west9"), Word::fixed("openapi")],
            ..bound_to("a.example")
        };
        for (name, path, unbound) in [
            ("no path", "", None),
            ("a version", "/v1", None),
            ("words of an API", "/openai/v1", None),
            ("a beta", "/v1beta/openai", None),
            ("a deployment", "/openai/deployments/gpt-fr", None),
            ("another deployment", "/openai/deployments/gpt-us", Some("gpt-us")),
            ("a deployment in other letters", "/openai/deployments/GPT-fr", Some("GPT-fr")),
            ("a deployment called like a version", "/openai/deployments/v1", Some("v1")),
            ("a deployment called like a collection", "/openai/deployments/models", Some("models")),
            ("a project and a region", "/v1/projects/acme-prod/locations/europe-west9/endpoints/openapi", None),
            ("another project", "/v1/projects/other/locations/europe-west9/endpoints/openapi", Some("other")),
            ("another region", "/v1/projects/acme-prod/locations/us-east1/endpoints/openapi", Some("us-east1")),
            ("another endpoint", "/v1/projects/acme-prod/locations/europe-west9/endpoints/123", Some("123")),
            ("an id alone", "/0b1c/v1", Some("0b1c")),
            ("what looks like a version", "/v1234/chat", Some("v1234")),
        ] {
            let made = Target::new(&format!("https://a.example{path}"), false, &binding);
            assert_eq!(made.err(), unbound.map(|id| SetupFault::PathId(id.to_owned())), "{name}");
        }
    }

    #[test]
    fn endpoints_are_bound() {
        let binding = Binding {
            hosts: vec![Word::fixed("gpu.example"), Word::fixed("gpu2.example")],
            addresses: vec![AddressRange::parse("10.1.0.0/16").unwrap()],
            ..Binding::default()
        };
        let target = Target::new("https://gpu.example:8000", false, &binding).unwrap();
        let rows = [
            ("a bound host", "gpu2.example:9000", Some(("gpu2.example:9000", "gpu2.example"))),
            ("with the port of the url", "GPU2.example", Some(("gpu2.example:8000", "gpu2.example"))),
            ("an address in range", "10.1.2.3", Some(("10.1.2.3:8000", "gpu.example"))),
            ("with a port", "10.1.2.3:81", Some(("10.1.2.3:81", "gpu.example"))),
            ("an address out of range", "10.2.0.1", None),
            ("another host", "gpu3.example", None),
            ("a user", "gpu.example@evil.example", None),
            ("a url", "https://gpu.example", None),
            ("nothing", "", None),
        ];
        for (name, text, expected) in rows {
            let made = target.endpoint(text, &binding).ok();
            let seen = made.as_ref().map(|made| (made.name(), made.server.to_str().into_owned()));
            assert_eq!(seen, expected.map(|(name, server)| (name.to_owned(), server.to_owned())), "{name}");
        }
        let unranged = Binding { addresses: Vec::new(), ..binding };
        assert!(target.endpoint("10.1.2.3", &unranged).is_err(), "an address needs a range that names it");
    }

    #[test]
    fn urls_that_are_not_this_backend_are_refused() {
        let rows = [
            ("another host", "https://api.example.com"),
            ("a host below", "https://x.api.example.org"),
            ("the host as user", "https://api.example.org@evil.example"),
            ("a user name", "https://user@api.example.org"),
            ("plain http", "http://api.example.org"),
            ("another scheme", "ftp://api.example.org"),
            ("no scheme", "api.example.org"),
            ("query", "https://api.example.org/?a=b"),
            ("fragment", "https://api.example.org/#a"),
            ("nothing", ""),
        ];
        for (name, url) in rows {
            assert!(Target::new(url, false, &bound_to("api.example.org")).is_err(), "{name}");
        }
        assert!(Target::new("https://api.example.org", false, &Binding::default()).is_err(), "binding names no host");
        assert!(Target::new("http://api.example.org", true, &bound_to("api.example.org")).is_ok(), "dangerous");
        let pinned = Binding { spki: vec![[0; 32]], ..bound_to("api.example.org") };
        assert!(Target::new("http://api.example.org", true, &pinned).is_err(), "a pin cannot be proven in plain text");
    }
}
