//! `octroi.toml`: from the file as written (`raw`) to a configuration that can be used ([`Config`]).
//!
//! [`load`] reports every fault of the file in one run, each with its place and what to do. After it nothing is checked
//! again. It reads the files that the configuration names (certificates, roots, credentials) and opens nothing else. The
//! truths about backends are not here: they are the officer's, in `policies/backends.toml`.
#![expect(
    clippy::disallowed_methods,
    reason = "this module owns the reading of the configuration and of the files it names"
)]

mod about;
mod admin;
mod bounds;
mod checks;
mod corpus;
mod credential;
mod endpoints;
mod issuers;
mod models;
mod quota;
mod raw;
mod reading;
mod resolve;
mod schema;
mod secret;
mod waiting;
mod witnesses;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use admin::Administrator;
pub use credential::{AwsScope, Credential};
pub use issuers::IssuerConfig;
pub use quota::{LimitConfig, PriceConfig, QuotaConfig, RedisConfig};
pub use schema::schema;
pub use secret::Secret;
pub use waiting::Waiting;
pub use witnesses::{Witness, Witnesses};

use crate::balance::{Full, Poll};
use crate::model::{Country, Dialect, Endpoints, Word};

#[cfg(test)]
mod tests;

/// The configuration of one gateway, ready for use.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data path.
    pub listen: Listen,
    /// Metrics and health; `None` when switched off.
    pub admin: Option<SocketAddr>,
    /// Names by which the admin listener may be asked, beside loopback names and addresses.
    pub admin_hosts: Vec<String>,
    /// The files of its identity; `None`: it speaks plaintext.
    pub admin_tls: Option<ServerTls>,
    /// The administrators whom client certificates prove.
    pub administrators: Vec<Administrator>,
    /// Where the sheets and the inventory are.
    pub policy_folder: PathBuf,
    /// Who may approve a policy: the folder is then a signed bundle.
    pub approvers: Option<PathBuf>,
    /// A candidate that is evaluated beside the policy and not enforced.
    pub shadow: Option<PathBuf>,
    /// Where the audit log is.
    pub audit_folder: PathBuf,
    /// Name of this gateway in the log's origin.
    pub node: Word,
    /// Bytes of a segment of the log.
    pub segment_bytes: u64,
    /// Who signs the log's checkpoints besides the log.
    pub witnesses: Witnesses,
    /// Files with the public keys of the custodians of sealed content, and what they hold; none when nothing is sealed.
    pub custodians: Vec<(PathBuf, String)>,
    /// The file that holds the root key.
    pub root_key: PathBuf,
    /// The file of keys that were issued.
    pub callers: PathBuf,
    /// Protected documents; `None` where none are registered.
    pub corpus: Option<CorpusConfig>,
    /// Registered apps.
    pub apps: Vec<App>,
    /// Who may sign tokens that prove callers.
    pub issuers: Vec<IssuerConfig>,
    /// Addresses and credentials of backends.
    pub backends: Vec<BackendConfig>,
    /// What a client may ask for, and each backend's own name for it.
    pub models: BTreeMap<Word, BTreeMap<Word, Word>>,
    /// Where each of these names stands, by what is asked for and backend: `file:line:column`.
    pub model_places: BTreeMap<(Word, Word), String>,
    /// How requests wait for room, and what serves in the place of what.
    pub waiting: Waiting,
    /// Bounds that the operator set.
    pub limits: Limits,
    /// How much may be used, and where it is counted.
    pub quota: QuotaConfig,
    /// Files that were read for it: certificates, roots, credentials.
    pub files: Vec<PathBuf>,
}

/// Protected documents that requests are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorpusConfig {
    /// Where the corpus is.
    pub folder: PathBuf,
    /// Time for the comparison of one request; beyond it the leak score is unknown.
    pub budget: Duration,
    /// Time over which a caller's requests add up.
    pub history: Duration,
    /// Who reads passages for their meaning; `None`: nobody does.
    pub model: Option<ModelConfig>,
}

/// An encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelConfig {
    /// The folder that `octroi model add` made.
    pub folder: PathBuf,
    /// The digest that it must have: SHA-256 over the pins of its files.
    pub sha256: Option<[u8; 32]>,
    /// Time that it may take for one request; what it does not say within is unknown.
    pub budget: Duration,
    /// Whether a GPU of this machine computes for it, where there is one.
    pub gpu: bool,
}

/// The data path's listener.
#[derive(Debug, Clone)]
pub struct Listen {
    /// Where to listen.
    pub address: SocketAddr,
    /// Certificate chain and key, in PEM; `None` only with `[dangerous] plaintext_listener`.
    pub tls: Option<ServerTls>,
}

/// Files of the listener's identity; they are read again when they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerTls {
    /// Certificate chain, PEM.
    pub certificate: PathBuf,
    /// Private key, PEM.
    pub key: PathBuf,
    /// Authorities whose client certificates are accepted, PEM; a client without one is still asked for a key.
    pub client_authorities: Option<PathBuf>,
}

/// A registered app.
#[derive(Debug, Clone)]
pub struct App {
    /// Its name.
    pub name: Word,
    /// The tenant it belongs to.
    pub tenant: Word,
    /// What it is registered for, where a caller declares nothing.
    pub purpose: Option<Word>,
    /// Purposes that its callers may declare beside it.
    pub purposes: Vec<Word>,
    /// Keyed hashes of its keys (`h1:` and base64url).
    pub keys: Vec<String>,
    /// Names of client certificates that prove it.
    pub certificates: Vec<String>,
    /// Roles that its keys carry.
    pub roles: Vec<Word>,
    /// Where its data subjects reside.
    pub residence: Vec<Country>,
    /// Whether it handles minors' data.
    pub minors: bool,
    /// Whether a request without a label counts as possibly bearing any.
    pub labels_required: bool,
    /// Whether answers carry only the request id.
    pub quiet: bool,
}

/// Address and credential of one backend.
#[derive(Debug, Clone)]
pub struct BackendConfig {
    /// Its name in the inventory.
    pub name: Word,
    /// Where it is.
    pub url: BackendUrl,
    /// The APIs it speaks.
    pub dialects: Vec<Dialect>,
    /// PEM of the authorities trusted for it; `None`: those of the system.
    pub roots: Option<Vec<u8>>,
    /// How the gateway proves itself.
    pub credential: Option<Credential>,
    /// Certificate chain and key, PEM, presented to the backend.
    pub client_certificate: Option<(Vec<u8>, Secret)>,
    /// Headers added to each request.
    pub headers: Vec<(Word, Word)>,
    /// The header of its answers that proves its region, and the value that it must have.
    pub region: Option<(Word, Word)>,
    /// Path that answers 2xx while the backend is well.
    pub health_path: Word,
    /// Time until the answer begins.
    pub first_byte: Duration,
    /// Time between two pieces of an answer.
    pub reply_idle: Duration,
    /// Which endpoints it has.
    pub endpoints: Endpoints,
    /// How its servers are asked what they say of themselves.
    pub poll: Option<Poll>,
    /// When one of its endpoints is full.
    pub full: Option<Full>,
    /// Where its `url` stands: `file:line:column`.
    pub place: String,
}

/// A backend's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendUrl {
    /// Whether TLS is used; `false` only with `[dangerous] plaintext_backends`.
    pub tls: bool,
    /// Host name or address, lower case.
    pub host: Word,
    /// Port.
    pub port: u16,
    /// Path put before the API's own, without a trailing slash.
    pub base_path: Word,
}

/// Bounds that an operator may set; the defaults are in [`crate::limits`].
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a request body after decompression.
    pub body_bytes: usize,
    /// Bytes of bodies held at one time, over all tenants.
    pub bodies_bytes: usize,
    /// The same for one tenant.
    pub tenant_bodies_bytes: usize,
    /// Containers in containers of a body.
    pub json_depth: usize,
    /// A request with a leaf that no table names is refused, and not only read like text.
    pub refuse_unknown: bool,
    /// Time to receive a head.
    pub head: Duration,
    /// Time to receive a body.
    pub body: Duration,
    /// Time that a connection may lie idle.
    pub idle: Duration,
    /// Time in which a client must take a piece of an answer.
    pub stall: Duration,
    /// Connections from clients.
    pub connections: usize,
    /// Concurrent streams of one HTTP/2 connection.
    pub streams: u32,
    /// Streams opened and reset before a client is cut off.
    pub resets: usize,
    /// Requests in work.
    pub requests: usize,
    /// Time that own work may take longer than when nothing else is done.
    pub own_work: Duration,
    /// Bytes of a head.
    pub head_bytes: usize,
    /// Time that streams have to finish on shutdown.
    pub drain: Duration,
}

/// One fault of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `file:line:column` when the place is known, else the file and the key.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// The line of the file and a caret under the place, where it is known and holds no secret.
    pub shown: String,
    /// What to do.
    pub help: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}\n{}  help: {}", self.place, self.what, self.shown, self.help)
    }
}

/// Every fault of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Faults(pub Vec<Fault>);

/// Reads and resolves `octroi.toml`. Relative paths in it are relative to its folder.
///
/// # Errors
/// Every fault of the file in one go: unknown keys, missing files, addresses that are none, names used twice or not
/// defined. Nothing is opened but the files it names.
pub fn load(path: &Path) -> Result<Config, Faults> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Faults(vec![Fault {
            place: path.display().to_string(),
            what: format!("cannot be read: {error}"),
            shown: String::new(),
            help: "make one with `octroi init DIR --home FR`, or name another with --config".to_owned(),
        }])
    })?;
    let mut read = reading::read(path, &text);
    let resolved = read.raw.as_ref().map(|raw| resolve::resolve(path, &text, raw));
    match resolved {
        Some(Ok(config)) if read.faults.is_empty() => Ok(config),
        resolved => {
            read.faults.extend(resolved.and_then(Result::err).into_iter().flat_map(|faults| faults.0));
            Err(Faults(read.faults))
        }
    }
}

/// What a configuration names and a gateway needs, and is not there: the root key, the corpus, and, where that is asked, the
/// candidate, without which a gateway runs. Nothing where the file cannot be read: [`load`] tells why.
pub fn missing(path: &Path, candidate: bool) -> Vec<Fault> {
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    reading::read(path, &text).raw.map_or_else(Vec::new, |raw| resolve::missing(path, &text, &raw, candidate))
}

/// The policy folder of a configuration that may have faults: as it says, where that can be read, else the default.
pub fn policy_folder(path: &Path) -> PathBuf {
    let read = std::fs::read_to_string(path).ok().and_then(|text| toml::from_str::<toml::Table>(&text).ok());
    let said = read.as_ref().and_then(|table| table.get("policy")?.get("folder")?.as_str());
    path.parent().unwrap_or_else(|| Path::new(".")).join(said.unwrap_or("policies"))
}
