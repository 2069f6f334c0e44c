//! `[[issuer]]`: who may sign tokens that prove callers, and what of a token is believed.

use serde::Deserialize;
use toml::Spanned;

use super::raw::RawConfig;
use super::resolve::Resolver;
use crate::model::{Algorithm, Word};

/// Most seconds by which clocks may differ.
const SKEW_S_MAX: u64 = 600;
/// Seconds by which they may differ unless the file says otherwise.
const SKEW_S: u64 = 60;
/// The most that they can be: keys are fetched as often in any case.
const REFRESH_S_MAX: u64 = 900;
/// Seconds between two fetches of keys, at least, unless the file says otherwise.
const REFRESH_S: u64 = 30;

/// `[[issuer]]` as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawIssuer {
    pub(super) name: Spanned<String>,
    pub(super) issuer: Spanned<String>,
    pub(super) audience: Spanned<String>,
    pub(super) keys_url: Option<Spanned<String>>,
    pub(super) keys_file: Option<Spanned<String>>,
    pub(super) roots: Option<Spanned<String>>,
    pub(super) algorithms: Vec<Spanned<String>>,
    pub(super) apps: Vec<Spanned<String>>,
    pub(super) app_claim: Option<String>,
    pub(super) tenant_claim: Option<String>,
    pub(super) purpose_claim: Option<String>,
    pub(super) roles_claim: Option<String>,
    #[serde(default)]
    pub(super) roles: Vec<String>,
    pub(super) skew_s: Option<Spanned<u64>>,
    pub(super) refresh_s: Option<Spanned<u64>>,
}

/// An issuer of tokens.
#[derive(Debug, Clone)]
pub struct IssuerConfig {
    /// Its name, for people.
    pub name: Word,
    /// What `iss` must be.
    pub issuer: String,
    /// What `aud` must hold.
    pub audience: String,
    /// The text of a file of keys.
    pub keys_file: Option<String>,
    /// The address of its keys.
    pub keys_url: Option<String>,
    /// PEM of the authorities trusted for that address; `None`: those of the system.
    pub roots: Option<Vec<u8>>,
    /// Algorithms that are taken.
    pub algorithms: Vec<Algorithm>,
    /// Apps that its tokens may prove.
    pub apps: Vec<Word>,
    /// The claim that names the app.
    pub app_claim: String,
    /// The claim that must name the app's tenant.
    pub tenant_claim: Option<String>,
    /// The claim that narrows the purpose.
    pub purpose_claim: Option<String>,
    /// The claim that lists roles.
    pub roles_claim: Option<String>,
    /// Roles that its tokens may bring.
    pub roles: Vec<Word>,
    /// Seconds by which clocks may differ.
    pub skew_s: u64,
    /// Seconds between two fetches for a key that is not known, at least.
    pub refresh_s: u64,
}

impl Resolver<'_> {
    /// Reads the issuers.
    pub(super) fn issuers(&mut self, raw: &RawConfig) -> Vec<IssuerConfig> {
        self.unique(raw.issuer.iter().map(|issuer| &issuer.issuer), "issuer");
        raw.issuer.iter().map(|issuer| self.issuer(issuer, raw)).collect()
    }

    fn issuer(&mut self, raw: &RawIssuer, whole: &RawConfig) -> IssuerConfig {
        let mut algorithms = Vec::new();
        for name in &raw.algorithms {
            let Some(algorithm) = Algorithm::named(name.get_ref()) else {
                let help = format!("write some of {}", Algorithm::ALL.map(|(_, word)| word).join(", "));
                self.fault(name, format!("`{}` is no algorithm that is taken", name.get_ref()), &help);
                continue;
            };
            algorithms.push(algorithm);
        }
        if raw.algorithms.is_empty() || raw.apps.is_empty() {
            let help = "name the algorithms that it signs by, and the apps that its tokens may prove";
            self.fault(&raw.name, "takes no algorithm, or proves no app", help);
        }
        for app in &raw.apps {
            if !whole.app.iter().any(|known| known.name.get_ref() == app.get_ref()) {
                self.fault(app, format!("no app is called `{}`", app.get_ref()), "name one of the [[app]] tables");
            }
        }
        if raw.keys_url.is_some() == raw.keys_file.is_some() {
            self.fault(&raw.name, "has its keys at no place, or at two", "write one of `keys_url`, `keys_file`");
        }
        if let Some(url) = &raw.keys_url
            && !is_sound(url.get_ref())
        {
            let help = "write `https://…`; `http://` reaches this machine only";
            self.fault(url, "is not where keys can be fetched from", help);
        }
        self.within("skew_s", raw.skew_s.as_ref(), (0, SKEW_S_MAX));
        self.within("refresh_s", raw.refresh_s.as_ref(), (1, REFRESH_S_MAX));
        let said = |value: &Option<Spanned<u64>>, default| value.as_ref().map_or(default, |value| *value.get_ref());
        let (skew_s, refresh_s) = (said(&raw.skew_s, SKEW_S), said(&raw.refresh_s, REFRESH_S));
        let keys_file = raw.keys_file.as_ref().and_then(|file| self.readable(file));
        IssuerConfig {
            name: Word::configured(raw.name.get_ref()),
            issuer: raw.issuer.get_ref().clone(),
            audience: raw.audience.get_ref().clone(),
            keys_file: keys_file.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            keys_url: raw.keys_url.as_ref().map(|url| url.get_ref().clone()),
            roots: raw.roots.as_ref().and_then(|file| self.readable(file)),
            algorithms,
            apps: raw.apps.iter().map(|app| Word::configured(app.get_ref())).collect(),
            app_claim: raw.app_claim.clone().unwrap_or_else(|| "azp".to_owned()),
            tenant_claim: raw.tenant_claim.clone(),
            purpose_claim: raw.purpose_claim.clone(),
            roles_claim: raw.roles_claim.clone(),
            roles: raw.roles.iter().map(|role| Word::configured(role)).collect(),
            skew_s,
            refresh_s,
        }
    }

    /// Checks names of client certificates: each proves one app.
    pub(super) fn certificates(&mut self, raw: &RawConfig) {
        let names = raw.app.iter().flat_map(|app| &app.certificates);
        self.unique(names.clone(), "certificate's name");
        for name in names {
            self.certificate_name(name, ("[listen]", raw.listen.client_authorities.is_some()));
        }
    }

    /// Checks the name of a client certificate, and that such are verified by the listener that sees them.
    pub(super) fn certificate_name(&mut self, name: &Spanned<String>, (listener, verified): (&str, bool)) {
        let text = name.get_ref();
        let host = text.strip_prefix("dns:");
        if !text.contains("://") && host.is_none_or(str::is_empty) {
            let help = "write `spiffe://domain/path`, another URI, or `dns:host`";
            self.fault(name, "is no name of a client certificate", help);
        }
        if !verified {
            let help = format!("name the authorities of clients in `{listener} client_authorities`");
            self.fault(name, "proves nobody: no client certificate is verified", &help);
        }
    }
}

/// Names of client certificates as they are compared: hosts in lower case.
pub(super) fn as_compared(names: &[Spanned<String>]) -> Vec<String> {
    let compared = |name: &Spanned<String>| match name.get_ref().strip_prefix("dns:") {
        Some(host) => format!("dns:{}", host.to_ascii_lowercase()),
        None => name.get_ref().clone(),
    };
    names.iter().map(compared).collect()
}

fn is_sound(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let is_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    !host.is_empty() && (uri.scheme_str() == Some("https") || (uri.scheme_str() == Some("http") && is_here))
}
