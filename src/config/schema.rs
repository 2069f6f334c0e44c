//! The JSON Schema of `octroi.toml`, for editors and for those who write the file by program: `octroi schema config`.
//!
//! It is taken from the very types that read the file: a [`Probe`] plays a file that has every key once, and notes what
//! each type asks of it. So no key can be missing, and none can be there that the reader refuses. Whether a key is required
//! is found by leaving it out. Only the sentences are written by hand ([`about`]); a test names those that describe nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::de::value::{BorrowedStrDeserializer, Error, MapDeserializer, SeqDeserializer};
use serde::de::{Deserialize as _, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value, json};

use super::raw::RawConfig;
use crate::balance::Priority;
use crate::model::{Algorithm, Whose};

/// The schema of the whole file.
pub fn schema() -> Value {
    let seen = shape();
    let mut whole = node("", &seen);
    if let Some(object) = whole.as_object_mut() {
        object.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        object.insert("title".to_owned(), json!("octroi.toml"));
    }
    whole
}

/// Paths of all keys: `backend[].credential.bearer.env`; `*` stands for a name of the operator's own.
#[cfg(test)]
pub(super) fn keys() -> Vec<String> {
    shape().into_keys().filter(|path| !path.is_empty()).collect()
}

/// What stands at a path.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Number,
    Flag,
    List,
    /// A table with these keys.
    Table(&'static [&'static str]),
    /// A table whose keys are names of the operator's own.
    Names,
}

type Seen = BTreeMap<String, Kind>;

fn shape() -> Seen {
    let seen = RefCell::default();
    // What is read is of no interest, only what was asked for.
    RawConfig::deserialize(Probe { path: String::new(), without: "", seen: Some(&seen) }).map(drop).unwrap_or_default();
    seen.into_inner()
}

/// Whether a file without this key, and with every other, is refused.
fn is_required(path: &str) -> bool {
    RawConfig::deserialize(Probe { path: String::new(), without: path, seen: None }).is_err()
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn node(path: &str, seen: &Seen) -> Value {
    let mut node = match seen.get(path) {
        Some(Kind::Text) => json!({ "type": "string" }),
        Some(Kind::Number) => json!({ "type": "integer", "minimum": 0 }),
        Some(Kind::Flag) => json!({ "type": "boolean" }),
        Some(Kind::List) => json!({ "type": "array", "items": node(&format!("{path}[]"), seen) }),
        Some(Kind::Names) => json!({ "type": "object", "additionalProperties": node(&join(path, "*"), seen) }),
        Some(Kind::Table(keys)) => {
            let properties: Map<String, Value> =
                keys.iter().map(|key| ((*key).to_owned(), node(&join(path, key), seen))).collect();
            let required: Vec<&&str> = keys.iter().filter(|key| is_required(&join(path, key))).collect();
            json!({
                "type": "object", "properties": properties, "required": required, "additionalProperties": false
            })
        }
        None => Value::Bool(true),
    };
    let Some(object) = node.as_object_mut() else { return node };
    if let Some((_, about)) = about().find(|(of, _)| *of == path) {
        object.insert("description".to_owned(), json!(about));
    }
    if let Some((_, words)) = WORDS.iter().find(|(of, _)| *of == path) {
        object.insert("enum".to_owned(), json!(words));
    }
    let words = match path {
        "issuer[].algorithms[]" => Algorithm::ALL.map(|(_, word)| word).to_vec(),
        "quota.limit[].of" => Whose::ALL.map(Whose::name).to_vec(),
        _ => Vec::new(),
    };
    if !words.is_empty() {
        object.insert("enum".to_owned(), json!(words));
    }
    if ONE_OF.contains(&path) {
        object.insert("minProperties".to_owned(), json!(1));
        object.insert("maxProperties".to_owned(), json!(1));
    }
    node
}

/// A file that has every key but `without`, each list with one element, each table of names with one name.
struct Probe<'a> {
    path: String,
    without: &'a str,
    /// Where to note what was asked for; names in tables are asked for too and not noted.
    seen: Option<&'a RefCell<Seen>>,
}

impl Probe<'_> {
    fn see(&self, kind: Kind) {
        if let Some(seen) = self.seen {
            seen.borrow_mut().insert(self.path.clone(), kind);
        }
    }

    fn at(&self, path: String) -> Self {
        Self { path, without: self.without, seen: self.seen }
    }
}

impl IntoDeserializer<'_, Error> for Probe<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("a key of a type that this probe does not know"))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.see(Kind::Flag);
        visitor.visit_bool(false)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.see(Kind::Number);
        visitor.visit_u32(1)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.see(Kind::Number);
        visitor.visit_u64(1)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.see(Kind::Text);
        visitor.visit_str("text")
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.see(Kind::List);
        let element = self.at(format!("{}[]", self.path));
        visitor.visit_seq(SeqDeserializer::new(std::iter::once(element)))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.see(Kind::Names);
        let name = Probe { path: String::new(), without: "", seen: None };
        let value = self.at(join(&self.path, "*"));
        visitor.visit_map(MapDeserializer::new(std::iter::once((name, value))))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        keys: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        // A value with its place in the file is three keys to serde and one to whoever writes it; the value comes last.
        if name.starts_with("$__serde_spanned") {
            let parts = keys.iter().map(|key| (BorrowedStrDeserializer::new(key), self.at(self.path.clone())));
            return visitor.visit_map(MapDeserializer::new(parts));
        }
        self.see(Kind::Table(keys));
        let children = keys.iter().map(|key| (BorrowedStrDeserializer::new(key), self.at(join(&self.path, key))));
        visitor.visit_map(MapDeserializer::new(children.filter(|(_, child)| child.path != self.without)))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u128 f32 f64 char bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct enum
        identifier ignored_any
    }
}

/// Closed sets of words.
pub(super) const WORDS: &[(&str, &[&str])] = &[
    ("app[].headers", &["all", "id"]),
    ("app[].priority", &Priority::NAMES),
    ("corpus.model_gpu", &["auto", "off"]),
    ("limits.unknown_leaves", &["inspect", "refuse"]),
    ("quota.on_unavailable", &["last-lease", "refuse"]),
];

/// Tables of which exactly one key is written.
pub(super) const ONE_OF: &[&str] = &[
    "quota.redis.password",
    "backend[].credential",
    "backend[].credential.bearer",
    "backend[].credential.header.value",
    "backend[].credential.sigv4.access_key",
    "backend[].credential.sigv4.secret_key",
    "backend[].credential.sigv4.session_token",
    "backend[].credential.google_account.key",
    "backend[].credential.entra.secret",
    "backend[].credential.aws_container.url",
    "backend[].credential.aws_container.authorization",
];

/// What each key is for, in a sentence that an editor shows.
pub(super) fn about() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    ABOUT.iter().chain(super::about::CALLERS)
}

const ABOUT: &[(&str, &str)] = &[
    ("listen", "The data path: where applications send their requests"),
    ("listen.address", "Address and port, such as 0.0.0.0:8443"),
    ("listen.certificate", "PEM file of the certificate chain; reloads on change"),
    ("listen.key", "PEM file of the private key; reloads on change"),
    (
        "listen.client_authorities",
        "PEM file of authorities whose client certificates are verified when one is presented",
    ),
    ("policy", "The officer's files"),
    ("policy.folder", "Folder of sheets, inventory, packs and reference data (default policies)"),
    (
        "policy.approvers",
        "TOML file of approvers; the folder is then a signed bundle, and nothing else comes into force",
    ),
    ("policy.shadow", "Folder or bundle that is evaluated beside the policy and never enforced"),
    ("audit", "The record of every decision"),
    ("audit.folder", "Folder of the log; one gateway writes it (default audit)"),
    ("audit.node", "This machine's name in the log's origin (default node-1)"),
    ("audit.segment_bytes", "Bytes of a segment of the log, 32768 to 1073741824 (default 67108864)"),
    ("audit.custodians", "Files with the public keys of those without two of whom sealed content is not opened"),
    ("audit.witnesses", "Who signs the log's checkpoints besides the log (C2SP tlog-witness)"),
    ("audit.witnesses[].url", "Its submission prefix; http:// is allowed: what counts is the signature"),
    ("audit.witnesses[].key", "Its public key"),
    ("audit.witnesses[].roots", "PEM of the authorities trusted for it"),
    ("audit.witness_quorum", "How many must have signed a checkpoint for it to be kept as cosigned (default all)"),
    ("audit.witness_interval_s", "Seconds between two rounds, 1 to 86400 (default 60)"),
    ("keys", "The root of all keys of the house"),
    ("keys.root", "File of 64 hexadecimal digits that only the gateway may read (default keys/root.key)"),
    (
        "keys.callers",
        "File of the keys that octroi key and the admin API issue; the gateway writes it (default keys/callers.json)",
    ),
    ("corpus", "Protected documents that requests are compared with"),
    ("corpus.folder", "Folder of the corpus (default corpus)"),
    ("corpus.budget_ms", "Milliseconds for the comparison of one request; beyond it the leak score is unknown"),
    ("corpus.history_s", "Seconds over which what a caller sent adds up"),
    ("corpus.model", "Folder of an encoder, as octroi model add makes it; without it nothing is compared by meaning"),
    ("corpus.model_sha256", "The digest that the model must have, as octroi model list prints it"),
    ("corpus.model_gpu", "Whether a GPU of this machine computes for the encoder, where there is one (default auto)"),
    ("corpus.encoder_budget_ms", "Milliseconds for the encoder on one request; what it does not say within is unknown"),
    ("app", "Who may call"),
    ("app[].name", "The app's name"),
    ("app[].tenant", "The tenant that it belongs to"),
    ("app[].purpose", "What it is registered for, where a caller declares nothing"),
    ("app[].purposes", "Purposes that its callers may declare by octroi-purpose; another one is refused"),
    (
        "app[].keys",
        "Keyed hashes of keys that are kept here; those of octroi key new stand in the file of keys.callers",
    ),
    ("app[].roles", "Roles that its keys carry"),
    ("app[].residence", "Countries where its data subjects reside, ISO 3166-1"),
    ("app[].minors", "Whether it handles data of minors"),
    ("app[].labels_required", "Whether a request without a label counts as possibly bearing any"),
    ("app[].headers", "Which headers answers carry: all, or only the request id"),
    ("app[].priority", "Whether its work comes after that of others where requests wait: interactive, or batch"),
    ("app[].certificates", "Names of client certificates that prove it: spiffe://domain/path, another URI, dns:host"),
    ("backend", "How to reach each backend; what is true of it stands in the inventory"),
    ("backend[].name", "Its entry in the inventory; without one it is never used"),
    ("backend[].url", "https://host[:port][/base]; the host must be one that the inventory binds"),
    ("backend[].dialects", "APIs that it speaks"),
    ("backend[].roots", "PEM file of the authorities trusted for it (default the system's)"),
    ("backend[].credential", "How the gateway proves itself"),
    ("backend[].credential.bearer", "Authorization: Bearer"),
    ("backend[].credential.bearer.env", "Variable that holds the secret"),
    ("backend[].credential.bearer.file", "File that holds the secret"),
    ("backend[].credential.header", "A header of the provider's own"),
    ("backend[].credential.header.name", "Name of the header, such as api-key"),
    ("backend[].credential.header.value", "Its value"),
    ("backend[].credential.header.value.env", "Variable that holds the secret"),
    ("backend[].credential.header.value.file", "File that holds the secret"),
    ("backend[].credential.sigv4", "Keys of AWS, with which each request is signed"),
    ("backend[].credential.sigv4.access_key", "The access key's id: a variable or a file"),
    ("backend[].credential.sigv4.secret_key", "The secret access key: a variable or a file"),
    ("backend[].credential.sigv4.session_token", "The token of temporary keys: a variable or a file"),
    ("backend[].credential.sigv4.region", "The region that the signature is for, such as eu-west-3"),
    ("backend[].credential.sigv4.service", "The service that the signature is for (default bedrock)"),
    ("backend[].credential.google_account", "A key of a Google service account, exchanged for tokens"),
    ("backend[].credential.google_account.key", "The key file, JSON: a variable or a file"),
    ("backend[].credential.google_account.scope", "What tokens are for (default the cloud-platform scope)"),
    ("backend[].credential.google_account.roots", "PEM file of the authorities trusted for its token_uri"),
    ("backend[].credential.google_metadata", "Tokens of the metadata server of a machine at Google"),
    ("backend[].credential.google_metadata.url", "The server (default http://metadata.google.internal)"),
    ("backend[].credential.google_metadata.account", "The service account (default default)"),
    ("backend[].credential.entra", "Client credentials of Microsoft Entra, exchanged for tokens"),
    ("backend[].credential.entra.tenant", "The tenant's id or domain"),
    ("backend[].credential.entra.client", "The application's id"),
    ("backend[].credential.entra.secret", "The application's secret: a variable or a file"),
    ("backend[].credential.entra.login", "The login endpoint (default https://login.microsoftonline.com)"),
    ("backend[].credential.entra.scope", "What tokens are for (default https://cognitiveservices.azure.com/.default)"),
    ("backend[].credential.entra.roots", "PEM file of the authorities trusted for the login endpoint"),
    ("backend[].credential.aws_instance", "Keys of the role of a machine at AWS, by its metadata service, version 2"),
    ("backend[].credential.aws_instance.url", "The metadata service (default http://169.254.169.254)"),
    ("backend[].credential.aws_instance.role", "The role (default the machine's)"),
    ("backend[].credential.aws_instance.region", "The region that the signature is for, such as eu-west-3"),
    ("backend[].credential.aws_instance.service", "The service that the signature is for (default bedrock)"),
    ("backend[].credential.aws_container", "Keys of the role of a container at AWS (ECS, EKS Pod Identity)"),
    ("backend[].credential.aws_container.url", "The URL, or the path at 169.254.170.2: a variable or a file"),
    ("backend[].credential.aws_container.authorization", "The token shown to it: a variable or a file"),
    ("backend[].credential.aws_container.region", "The region that the signature is for, such as eu-west-3"),
    ("backend[].credential.aws_container.service", "The service that the signature is for (default bedrock)"),
    ("backend[].client_certificate", "Certificate that the gateway presents"),
    ("backend[].client_certificate.certificate", "PEM file of the chain"),
    ("backend[].client_certificate.key", "PEM file of the private key"),
    ("backend[].headers", "Headers added to each request"),
    ("backend[].region", "The region that its answers must prove; another one puts it in quarantine until a reload"),
    ("backend[].region.header", "Header of its answers that tells the region, such as x-ms-region"),
    ("backend[].region.value", "What the header must say"),
    ("backend[].health_path", "Path that answers 2xx while it is well (default /v1/models)"),
    ("backend[].first_byte_s", "Seconds until an answer must begin (default 300)"),
    ("backend[].reply_idle_s", "Seconds that an answer may pause (default 120)"),
    ("backend[].endpoints", "Servers behind the backend, host or host:port; each must be what the inventory binds"),
    ("backend[].endpoints_file", "A file with one server a line, followed without a reload"),
    ("backend[].endpoints_dns_s", "Each address of the host of the URL is a server; asked again after so many seconds"),
    ("backend[].endpoints_srv", "The servers that DNS names for a service (SRV), by priority and weight"),
    ("backend[].endpoints_srv.name", "The service, such as _vllm._tcp.gpu.example.internal"),
    ("backend[].endpoints_srv.every_s", "Seconds between two questions, 1 to 3600 (default 30)"),
    ("backend[].endpoints_srv.resolver", "Address and port of the name server (default the system's)"),
    ("backend[].poll", "What kind of server tells of its load: vllm, sglang, tgi, nim, triton, llama.cpp, ollama"),
    ("backend[].poll_path", "Where it tells (default: where such servers do)"),
    ("backend[].poll_port", "The port at which it tells (default: that of the URL; triton 8002)"),
    ("backend[].poll_ms", "Milliseconds between two polls (default 1000)"),
    ("backend[].full_requests", "Requests in work at one server from which on the next wait for room (default never)"),
    ("backend[].full_waiting", "Requests waiting at a server, as it says itself, from which on the next wait here"),
    ("models", "What clients may ask for"),
    ("models.*", "A name that clients use: each backend that serves it"),
    ("models.*.*", "The backend's own name for the model"),
    ("smaller", "Which model serves at home in the place of which, where that would have to wait"),
    ("smaller.*", "The smaller model"),
    ("waiting", "How requests wait for room at home"),
    ("waiting.requests", "Requests that may wait in one tier (default 1024)"),
    ("waiting.deadline_s", "Seconds that a request waits at most, counted from the decision (default 20)"),
    ("waiting.smaller_ms", "Milliseconds after which the smaller model will do (default 1000)"),
    ("limits", "Bounds that may be set; the defaults are in docs/configuration.md"),
    ("limits.body_bytes", "Bytes of a request body after decompression"),
    ("limits.bodies_bytes", "Bytes of bodies held at one time, over all tenants"),
    ("limits.tenant_bodies_bytes", "Bytes of bodies held at one time for one tenant"),
    ("limits.json_depth", "Containers in containers of a body"),
    ("limits.unknown_leaves", "What becomes of a leaf that no table of its API names (default `inspect`)"),
    ("limits.head_s", "Seconds to receive a head"),
    ("limits.body_s", "Seconds to receive a body"),
    ("limits.idle_s", "Seconds that a connection may lie idle"),
    ("limits.stall_s", "Seconds in which a client must take a piece of an answer"),
    ("limits.connections", "Connections from clients"),
    ("limits.streams", "Concurrent streams of one HTTP/2 connection"),
    ("limits.resets", "Streams opened and reset before a client is cut off"),
    ("limits.requests", "Requests in work"),
    ("limits.head_bytes", "Bytes of a head"),
    ("limits.own_work_ms", "Milliseconds by which own work may be late before fewer are taken on (default 1000)"),
    ("limits.drain_s", "Seconds that streams have to finish on shutdown (default 30)"),
    ("dangerous", "What weakens the gateway; each use is logged"),
    ("dangerous.plaintext_listener", "Listen without TLS, behind a proxy that has it"),
    ("dangerous.plaintext_backends", "Names of backends reached by http://"),
];
