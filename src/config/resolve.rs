//! From the file as written to a configuration that needs no further check. All faults are gathered, not only the first.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;

use super::checks::{ADMIN_DEFAULT, is_plain_path};
use super::issuers::as_compared;
use super::raw::{self, RawApp, RawBackend, RawConfig};
use super::{App, BackendConfig, BackendUrl, Config, Fault, Faults, Listen, Secret, ServerTls};
use crate::dialect;
use crate::disk;
use crate::limits::{self, CONFIG_FILE_BYTES_MAX};
use crate::model::{Country, Word};
use crate::policy::countries;

/// Gathers faults while resolving.
pub(super) struct Resolver<'a> {
    path: &'a Path,
    text: &'a str,
    pub(super) folder: PathBuf,
    faults: Vec<Fault>,
    /// Files that the configuration names and that were read, or tried.
    pub(super) files: Vec<PathBuf>,
}

/// Resolves a parsed file.
pub(super) fn resolve(path: &Path, text: &str, raw: &RawConfig) -> Result<Config, Faults> {
    let folder = path.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
    let mut resolver = Resolver { path, text, folder, faults: Vec::new(), files: Vec::new() };
    let config = resolver.config(raw);
    match config {
        Some(config) if resolver.faults.is_empty() => Ok(config),
        _ => Err(Faults(resolver.faults)),
    }
}

impl Resolver<'_> {
    pub(super) fn fault<T>(&mut self, at: &Spanned<T>, what: impl Into<String>, help: &str) {
        // What stands behind the end of the file stands for something whose fault is told already.
        if at.span().start > self.text.len() {
            return;
        }
        let (place, shown) = (self.place(at), raw::shown(self.text, at.span().start));
        self.faults.push(Fault { place, what: what.into(), shown, help: help.to_owned() });
    }

    pub(super) fn general(&mut self, what: impl Into<String>, help: &str) {
        let (place, shown) = (self.path.display().to_string(), String::new());
        self.faults.push(Fault { place, what: what.into(), shown, help: help.to_owned() });
    }

    pub(super) fn place<T>(&self, at: &Spanned<T>) -> String {
        raw::place(self.path, self.text, at.span().start)
    }

    fn config(&mut self, raw: &RawConfig) -> Option<Config> {
        self.check(raw);
        let listen = self.listen(raw);
        let admin = match (&raw.admin.address, raw.admin.off) {
            (_, true) => None,
            (Some(address), _) => self.address(address),
            (None, _) => Some(ADMIN_DEFAULT),
        };
        let plaintext: BTreeSet<&str> =
            raw.dangerous.plaintext_backends.iter().map(|name| name.get_ref().as_str()).collect();
        let backends = raw.backend.iter().filter_map(|raw| self.backend(raw, &plaintext)).collect::<Vec<_>>();
        self.unique(raw.backend.iter().map(|backend| &backend.name), "backend");
        self.unique(raw.app.iter().map(|app| &app.name), "app");
        let (apps, models) = (raw.app.iter().map(|raw| self.app(raw)).collect(), self.models(raw));
        raw.policy.approvers.iter().for_each(|file| drop(self.readable(file)));
        for name in &raw.dangerous.plaintext_backends {
            if !raw.backend.iter().any(|backend| backend.name.get_ref() == name.get_ref()) {
                let what = format!("no backend is called `{}`", name.get_ref());
                self.fault(name, what, "name one of the [[backend]] tables");
            }
        }
        let (limits, quota, issuers) = (self.limits(raw), self.quota(raw), self.issuers(raw));
        let (witnesses, custodians) = (self.witnesses(&raw.audit), self.custodians(&raw.audit.custodians));
        let segment_bytes = raw.audit.segment_bytes.as_ref().map_or(limits::SEGMENT_BYTES, |bytes| {
            self.between(
                bytes,
                limits::SEGMENT_BYTES_BETWEEN,
                limits::SEGMENT_BYTES,
                "64 MiB, 67108864, is a good choice",
            )
        });
        let waiting = self.waiting(raw);
        let (admin_tls, administrators) = self.admin(raw);
        Some(Config {
            listen: listen?,
            admin,
            admin_hosts: raw.admin.hosts.clone(),
            admin_tls,
            administrators,
            policy_folder: self.under(raw.policy.folder.as_ref(), "policies"),
            approvers: raw.policy.approvers.as_ref().map(|path| self.folder.join(path.get_ref())),
            shadow: raw.policy.shadow.as_ref().map(|path| self.folder.join(path.get_ref())),
            audit_folder: self.under(raw.audit.folder.as_ref(), "audit"),
            node: Word::configured(raw.audit.node.as_ref().map_or("node-1", |node| node.get_ref())),
            segment_bytes,
            witnesses,
            custodians,
            root_key: self.under(raw.keys.root.as_ref(), "keys/root.key"),
            callers: self.under(raw.keys.callers.as_ref(), "keys/callers.json"),
            corpus: raw.corpus.as_ref().map(|corpus| self.corpus(corpus)),
            apps,
            issuers,
            backends,
            models,
            model_places: self.model_places(raw),
            waiting,
            limits,
            quota,
            files: std::mem::take(&mut self.files),
        })
    }

    pub(super) fn under(&self, path: Option<&Spanned<String>>, default: &str) -> PathBuf {
        self.folder.join(path.map_or(default, |path| path.get_ref()))
    }

    fn listen(&mut self, raw: &RawConfig) -> Option<Listen> {
        let address = self.address(&raw.listen.address);
        let tls = match (&raw.listen.certificate, &raw.listen.key) {
            (Some(certificate), Some(key)) => {
                Some(self.server_tls(certificate, key, raw.listen.client_authorities.as_ref()))
            }
            (None, None) if raw.dangerous.plaintext_listener => None,
            _ => {
                self.fault(
                    &raw.listen.address,
                    "[listen] needs `certificate` and `key`",
                    "name two PEM files; plaintext is only for a listener behind a TLS proxy, with `[dangerous] plaintext_listener = true`",
                );
                return None;
            }
        };
        Some(Listen { address: address?, tls })
    }

    /// The files of a listener, which must be there.
    pub(super) fn server_tls(
        &mut self,
        certificate: &Spanned<String>,
        key: &Spanned<String>,
        authorities: Option<&Spanned<String>>,
    ) -> ServerTls {
        for file in [certificate, key].into_iter().chain(authorities) {
            self.readable(file);
        }
        let path = |file: &Spanned<String>| self.folder.join(file.get_ref());
        ServerTls { certificate: path(certificate), key: path(key), client_authorities: authorities.map(path) }
    }

    pub(super) fn address(&mut self, text: &Spanned<String>) -> Option<SocketAddr> {
        let address = text.get_ref().parse().ok();
        if address.is_none() {
            self.fault(text, "is not an address with a port", "write for example `0.0.0.0:8443` or `[::1]:9443`");
        }
        address
    }

    pub(super) fn readable(&mut self, file: &Spanned<String>) -> Option<Vec<u8>> {
        let path = self.folder.join(file.get_ref());
        self.files.push(path.clone());
        match disk::read(&path, CONFIG_FILE_BYTES_MAX) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.fault(
                    file,
                    format!("`{}` cannot be read: {error}", file.get_ref()),
                    "paths are relative to this file",
                );
                None
            }
        }
    }

    pub(super) fn unique<'n>(&mut self, names: impl Iterator<Item = &'n Spanned<String>>, what: &str) {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name.get_ref().clone()) {
                self.fault(
                    name,
                    format!("the {what} `{}` stands twice", name.get_ref()),
                    "give each a name of its own",
                );
            }
        }
    }

    fn app(&mut self, raw: &RawApp) -> App {
        let known = if raw.residence.is_empty() { Vec::new() } else { countries() };
        let residence = raw.residence.iter().filter_map(|code| {
            let country = Country::parse(code.get_ref()).filter(|code| known.iter().any(|(known, _)| known == code));
            if country.is_none() {
                self.fault(
                    code,
                    format!("`{}` is not the code of a country", code.get_ref()),
                    "write two upper-case letters of ISO 3166-1, such as `FR`",
                );
            }
            country
        });
        let residence = residence.collect();
        for key in &raw.keys {
            if !key.get_ref().starts_with("h1:") {
                self.fault(
                    key,
                    "is not the hash of a key",
                    "make one with `octroi key new --app NAME`; a key itself never stands here",
                );
            }
        }
        let quiet = match raw.headers.as_ref().map(|headers| (headers, headers.get_ref().as_str())) {
            None | Some((_, "all")) => false,
            Some((_, "id")) => true,
            Some((headers, _)) => {
                self.fault(
                    headers,
                    "is neither `all` nor `id`",
                    "`id` keeps all octroi headers but the request id out of answers",
                );
                false
            }
        };
        App {
            name: Word::configured(raw.name.get_ref()),
            tenant: Word::configured(raw.tenant.get_ref()),
            purpose: raw.purpose.as_deref().map(Word::configured),
            purposes: raw.purposes.iter().map(|purpose| Word::configured(purpose)).collect(),
            keys: raw.keys.iter().map(|key| key.get_ref().clone()).collect(),
            certificates: as_compared(&raw.certificates),
            roles: raw.roles.iter().map(|role| Word::configured(role)).collect(),
            residence,
            minors: raw.minors,
            labels_required: raw.labels_required,
            quiet,
        }
    }

    fn backend(&mut self, raw: &RawBackend, plaintext: &BTreeSet<&str>) -> Option<BackendConfig> {
        let url = self.url(&raw.url, plaintext.contains(raw.name.get_ref().as_str()));
        let mut dialects = Vec::new();
        for name in &raw.dialects {
            match dialect::named(name.get_ref()) {
                Some(dialect) => dialects.push(dialect),
                None => {
                    self.fault(
                        name,
                        format!("`{}` is not an API that octroi speaks", name.get_ref()),
                        &format!("write one of {}", dialects_known()),
                    );
                }
            }
        }
        if raw.dialects.is_empty() {
            self.fault(
                &raw.name,
                format!("backend `{}` speaks no API", raw.name.get_ref()),
                "write `dialects = [\"openai\"]`",
            );
        }
        let roots = raw.roots.as_ref().and_then(|file| self.readable(file));
        let credential = raw.credential.as_ref().and_then(|credential| self.credential(&raw.name, credential));
        let client_certificate = raw.client_certificate.as_ref().and_then(|files| {
            let certificate = self.readable(&files.certificate)?;
            let key = self.readable(&files.key).and_then(|bytes| String::from_utf8(bytes).ok())?;
            Some((certificate, Secret::new(key)))
        });
        let seconds = |value: &Option<Spanned<u64>>, default: Duration| {
            value.as_ref().map_or(default, |value| Duration::from_secs(*value.get_ref()))
        };
        Some(BackendConfig {
            name: Word::configured(raw.name.get_ref()),
            url: url?,
            dialects,
            roots,
            credential,
            client_certificate,
            headers: raw
                .headers
                .iter()
                .map(|(name, value)| (Word::configured(name), Word::configured(value)))
                .collect(),
            region: raw
                .region
                .as_ref()
                .map(|region| (Word::configured(&region.header), Word::configured(&region.value))),
            health_path: Word::configured(raw.health_path.as_deref().unwrap_or("/v1/models")),
            first_byte: seconds(&raw.first_byte_s, limits::FIRST_BYTE_DEADLINE),
            reply_idle: seconds(&raw.reply_idle_s, limits::REPLY_IDLE_DEADLINE),
            endpoints: self.endpoints(raw),
            poll: self.poll(raw),
            full: self.full(raw),
            place: self.place(&raw.url),
        })
    }

    fn url(&mut self, text: &Spanned<String>, plaintext: bool) -> Option<BackendUrl> {
        let parsed = text.get_ref().parse::<http::Uri>().ok().and_then(|uri| {
            let tls = match uri.scheme_str()? {
                "https" => true,
                "http" => false,
                _ => return None,
            };
            let authority = uri.authority()?;
            if authority.as_str().contains('@') || uri.query().is_some() || !is_plain_path(uri.path()) {
                return None;
            }
            let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
            let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
            let base_path = Word::configured(uri.path().trim_end_matches('/'));
            Some(BackendUrl { tls, host: Word::configured(&host), port, base_path })
        });
        match parsed {
            None => {
                self.fault(
                    text,
                    "is not the address of a backend",
                    "write `https://host:port`, without user, query, fragment, or dots and `%` in its path",
                );
                None
            }
            Some(url) if !url.tls && !plaintext => {
                self.fault(
                    text,
                    "is not https",
                    "use https; a plaintext backend must stand in `[dangerous] plaintext_backends`",
                );
                None
            }
            Some(url) => Some(url),
        }
    }
}

/// What the file names and is not there, each with its place: a run needs it, and a command that makes it does not.
pub(super) fn missing(path: &Path, text: &str, raw: &RawConfig, candidate: bool) -> Vec<Fault> {
    let folder = path.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
    let mut resolver = Resolver { path, text, folder, faults: Vec::new(), files: Vec::new() };
    let root = "a new gateway: `octroi init DIR` makes one; one that ran before: put its own key back, since pseudonyms, keys of apps and the corpus hang on it";
    let corpus = "`octroi corpus add FILES` makes it; or leave [corpus] out";
    let shadow = "name the folder of a candidate, or leave `shadow` out";
    let named = [
        ("the root key", raw.keys.root.as_ref(), Some("keys/root.key"), root),
        (
            "the corpus",
            raw.corpus.as_ref().and_then(|it| it.folder.as_ref()),
            raw.corpus.as_ref().map(|_| "corpus"),
            corpus,
        ),
        ("the candidate of `shadow`", raw.policy.shadow.as_ref().filter(|_| candidate), None, shadow),
    ];
    for (name, said, default, help) in named {
        let Some(file) = said.map(|said| said.get_ref().as_str()).or(default) else { continue };
        let whole = resolver.folder.join(file);
        if whole.exists() {
            continue;
        }
        let what = format!("{name}, `{}`, is not there", whole.display());
        match said {
            Some(said) => resolver.fault(said, what, help),
            None => resolver.general(what, help),
        }
    }
    resolver.faults
}

/// The names of the APIs that octroi speaks.
fn dialects_known() -> String {
    let names: Vec<String> = dialect::all().map(|dialect| format!("`{}`", dialect.name())).collect();
    names.join(", ")
}
