//! The URL of a backend, taken apart once and held against its binding.
//!
//! The operator writes the URL, the officer's inventory names the hosts: a URL that points elsewhere is refused at load
//! ("truths are bound to addresses").

use std::net::IpAddr;

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use rustls_pki_types::{DnsName, ServerName};

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
        Ok(Self { tls, host, port, server, authority, base })
    }

    /// The URL of an endpoint: `path` behind the base path.
    pub(super) fn uri(&self, path: &PathAndQuery) -> Option<Uri> {
        let scheme = if self.tls { Scheme::HTTPS } else { Scheme::HTTP };
        let path = if self.base.is_empty() { path.clone() } else { format!("{}{path}", self.base).parse().ok()? };
        Uri::builder().scheme(scheme).authority(self.authority.clone()).path_and_query(path).build().ok()
    }
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
