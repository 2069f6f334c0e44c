//! The demonstration's folder: certificates, keys, configuration, policies, and the files that point an SDK at it.
#![expect(clippy::disallowed_methods, reason = "the demonstration keeps its state in files")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use super::model_server;
use crate::app;
use crate::cli::certificates::{self, Files};
use crate::cli::corpus::add;
use crate::cli::init::{secret_folder, write};
use crate::identity::{self, RootKey};
use crate::leak::corpus::{Corpus, EVERYBODY};
use crate::policy::starter;

/// The app of the demonstration's key.
pub(super) const APP: &str = "public-website";
/// The model that clients ask for.
pub(super) const MODEL: &str = "assistant";
/// An invented confidential paper, registered as a protected document.
const CONFIDENTIAL: &str = include_str!("confidential.txt");
/// Other names under which the servers are asked for: an embedding model.
const EMBEDDING_MODEL: &str = "embedder";

/// The folder and what is in it.
#[derive(Debug)]
pub(super) struct State {
    folder: PathBuf,
    files: Files,
    key: Zeroizing<String>,
    key_hash: String,
    /// Keyed id of the protected document.
    document: String,
}

impl State {
    /// Makes the folder, or takes it as an earlier run left it. A folder that no demonstration made is not touched.
    pub(super) fn prepare(folder: &Path) -> anyhow::Result<Self> {
        if !is_ours(folder)? {
            bail!(
                "`{}` is there and `octroi demo` did not make it: nothing in it was changed\n  help: choose another folder with --dir, one that is not there yet",
                folder.display()
            );
        }
        secret_folder(folder)?;
        write(&folder.join(MARK), "Made by `octroi demo`, which writes into this folder. Delete it whole.\n", 0o644)?;
        let folder = folder.canonicalize().with_context(|| format!("{}", folder.display()))?;
        let files = certificates::make(&folder.join("certs"), &["localhost", "127.0.0.1", "::1"])?;
        let root_path = folder.join("keys/root.key");
        secret_folder(&folder.join("keys"))?;
        let root = if root_path.exists() { RootKey::read(&root_path)? } else { RootKey::create(&root_path)? };
        let key = match earlier_key(&folder.join("client.env")) {
            Some(key) => key,
            None => identity::new_key(&root)?.key,
        };
        let key_hash = identity::hash_of(&root, &key);
        secret_folder(&folder.join("audit"))?;
        let authority = CertificateDer::from_pem_file(&files.authority).context("the development authority")?;
        let mut digest = [0; 32];
        digest.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &authority).as_ref());
        for (path, text) in starter::demo(&digest) {
            let path = folder.join("policies").join(path);
            // A sheet that somebody changed to try it out stays as it is.
            if !path.exists() {
                write(&path, &text, 0o644)?;
            }
        }
        let document = protect(&folder, &root)?;
        Ok(Self { folder, files, key, key_hash, document })
    }

    /// The configuration file.
    pub(super) fn configuration(&self) -> PathBuf {
        self.folder.join("octroi.toml")
    }

    /// The folder of the audit log.
    pub(super) fn audit(&self) -> PathBuf {
        self.folder.join("audit")
    }

    /// The officer's folder.
    pub(super) fn policies(&self) -> PathBuf {
        self.folder.join("policies")
    }

    /// The authority that clients must trust.
    pub(super) fn authority(&self) -> &Path {
        &self.files.authority
    }

    /// The keyed id of the protected document.
    pub(super) fn document(&self) -> &str {
        &self.document
    }

    /// The API key.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// TLS of the demonstration servers.
    pub(super) fn server_tls(&self) -> anyhow::Result<Arc<ServerConfig>> {
        let chain = CertificateDer::pem_file_iter(&self.files.certificate)?.collect::<Result<Vec<_>, _>>()?;
        Ok(model_server::tls(chain, PrivateKeyDer::from_pem_file(&self.files.key)?)?)
    }

    /// Writes `octroi.toml` for the ports of this run.
    pub(super) fn write_configuration(&self, port: u16, servers: &[(&str, u16)]) -> anyhow::Result<()> {
        let mut text = format!(
            r#"{WRITTEN}: the servers' ports change.
[listen]
address = "127.0.0.1:{port}"
certificate = "certs/server.pem"
key = "certs/server.key"
[admin]
address = "127.0.0.1:0"
[policy]
folder = "policies"
[audit]
folder = "audit"
[keys]
root = "keys/root.key"
[corpus]
folder = "corpus"
budget_ms = 10000

[[app]]
name = "{APP}"
tenant = "demo"
keys = ["{}"]
"#,
            self.key_hash
        );
        for (name, port) in servers {
            text += &format!(
                "\n[[backend]]\nname = \"{name}\"\nurl = \"https://localhost:{port}\"\ndialects = [\"openai\"]\nroots = \"certs/ca.pem\"\n"
            );
        }
        text.push_str("\n[models]\n");
        for model in [MODEL, EMBEDDING_MODEL] {
            let names: Vec<String> =
                servers.iter().map(|(name, _)| format!("\"{name}\" = \"demonstration\"")).collect();
            text += &format!("\"{model}\" = {{ {} }}\n", names.join(", "));
        }
        write(&self.configuration(), &text, 0o600)
    }

    /// Writes what a client needs: `client.env` for SDKs, `demo.json` with the addresses of the servers.
    pub(super) fn write_client_files(
        &self,
        port: u16,
        admin: Option<SocketAddr>,
        servers: &[(&str, u16)],
    ) -> anyhow::Result<()> {
        write(&self.folder.join("client.env"), &self.client_env(port), 0o600)?;
        let servers: Vec<serde_json::Value> = servers
            .iter()
            .map(|(name, port)| {
                let url = format!("https://localhost:{port}");
                serde_json::json!({"name": name, "received": format!("{url}/received"), "url": url})
            })
            .collect();
        let admin = admin.map(|admin| format!("http://{admin}"));
        let facts = serde_json::json!({
            "gateway": format!("https://localhost:{port}"), "admin": admin, "servers": servers,
            "ca": self.authority(), "models": [MODEL, EMBEDDING_MODEL],
        });
        write(&self.folder.join("demo.json"), &format!("{facts:#}\n"), 0o600)
    }

    fn client_env(&self, port: u16) -> String {
        let authority = self.authority().display();
        format!(
            "OPENAI_BASE_URL=https://localhost:{port}/v1\nOPENAI_API_KEY={}\nSSL_CERT_FILE={authority}\nNODE_EXTRA_CA_CERTS={authority}\n",
            self.key.as_str()
        )
    }

    /// How to point an SDK and curl at the gateway.
    pub(super) fn how_to(&self, port: u16) -> String {
        let env = self.folder.join("client.env");
        format!(
            "\nPoint an OpenAI SDK at it, in any language:\n  set -a; . {env}; set +a\n\nor ask with curl:\n  . {env}\n  curl --cacert {ca} https://localhost:{port}/v1/chat/completions \\\n    -H \"Authorization: Bearer $OPENAI_API_KEY\" -H 'Content-Type: application/json' \\\n    -d '{{\"model\":\"{MODEL}\",\"messages\":[{{\"role\":\"user\",\"content\":\"Write to anna.verne@example.com\"}}]}}'\n\nThe header octroi-changed of an answer tells what was changed; at home nothing is. Start the demo with --paris-down to\nsee requests leave with pseudonyms: what reached the server abroad is at its GET /received, named above. The record of a request:\n  {program} audit show ID --dir {audit}      (ID: the header octroi-request-id)\n\nCtrl-C ends it.",
            env = env.display(),
            ca = self.authority().display(),
            program = std::env::args().next().unwrap_or_else(|| "octroi".to_owned()),
            audit = self.folder.join("audit").display(),
        )
    }
}

/// The file that says whose the folder is.
const MARK: &str = ".octroi-demo";

/// How the configuration of a demonstration begins.
const WRITTEN: &str = "# Written anew by each `octroi demo`";

/// Whether a folder is not there, empty, or a demonstration's own.
fn is_ours(folder: &Path) -> anyhow::Result<bool> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => {
            let written = std::fs::read_to_string(folder.join("octroi.toml")).unwrap_or_default();
            Ok(folder.join(MARK).exists() || written.starts_with(WRITTEN) || entries.next().is_none())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error).with_context(|| format!("{}", folder.display())),
    }
}

/// Registers the confidential paper, as `octroi corpus add` does, and returns its id.
fn protect(folder: &Path, root: &RootKey) -> anyhow::Result<String> {
    let paper = folder.join("documents/offer.txt");
    if !paper.exists() {
        write(&paper, CONFIDENTIAL, 0o600)?;
    }
    let corpus = folder.join("corpus");
    secret_folder(&corpus)?;
    let (keys, papers) = (app::corpus_keys(root), std::slice::from_ref(&paper));
    let done = add::register(&corpus, &keys, ("trade-secret", EVERYBODY), None, papers)?;
    anyhow::ensure!(done.unread.is_empty(), "{}", done.unread.join("\n"));
    let corpus = Corpus::open(&corpus, keys)?;
    let tenants = corpus.tenants();
    let documents = tenants.values().flat_map(|tenant| tenant.space.documents());
    let mut found = documents.filter(|document| document.live && Path::new(&document.about.path) == paper);
    Ok(found.next().context("the paper was not registered")?.about.id.to_string())
}

/// The key of an earlier run, from its `client.env`.
fn earlier_key(path: &Path) -> Option<Zeroizing<String>> {
    let text = Zeroizing::new(std::fs::read_to_string(path).ok()?);
    let key = text.lines().find_map(|line| line.strip_prefix("OPENAI_API_KEY="))?;
    key.starts_with(identity::KEY_PREFIX).then(|| Zeroizing::new(key.to_owned()))
}
