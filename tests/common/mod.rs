//! A house for tests: a gateway made of real files on free ports, model servers that record what reached them, and a client
//! that speaks TLS.

#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::or_fun_call,
    clippy::zombie_processes,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "each test file uses its own part of these helpers, which are a client with sockets and files"
)]

pub(crate) mod coding;
pub(crate) mod process;
pub(crate) mod scripted;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use octroi::app::App;
use octroi::audit::AuditLog;
use octroi::cli::demo::model_server::{self, ModelServer, Options};
use octroi::identity::{self, RootKey};
use octroi::policy::starter;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Values that no foreign server may see: a documentation domain, numbers kept for fiction or published as examples.
pub(crate) const NAME: &str = "Camille Aubertin";
pub(crate) const EMAIL: &str = "camille.aubertin@example.com";
pub(crate) const PHONE: &str = "01 99 00 12 34";
pub(crate) const IBAN: &str = "FR76 3000 6000 0112 3456 7890 189";
pub(crate) const VALUES: [&str; 4] = [NAME, EMAIL, PHONE, IBAN];

/// A prompt that holds them all.
pub(crate) fn prompt() -> String {
    format!("Write to Mme {NAME} ({EMAIL}, tel. {PHONE}); refund to IBAN {IBAN}.")
}

/// A certificate for `localhost`, its key and the authority that issued it.
pub(crate) struct Issued {
    pub(crate) authority: CertifiedIssuer<'static, KeyPair>,
    pub(crate) certificate: rcgen::Certificate,
    pub(crate) key: KeyPair,
}

impl Issued {
    pub(crate) fn new(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut authority = CertificateParams::new(vec![]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // A name of its own: OpenSSL takes a certificate that names itself as its issuer for self-signed.
        authority.distinguished_name.push(DnType::CommonName, "octroi test authority");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.subject_alt_names.push(SanType::IpAddress([127, 0, 0, 1].into()));
        change(&mut params);
        let certificate = params.signed_by(&key, &authority).unwrap();
        Self { authority, certificate, key }
    }

    /// The authority as clients trust it.
    pub(crate) fn root(&self) -> CertificateDer<'static> {
        CertificateDer::from(self.authority.der().to_vec())
    }
}

/// Files and servers of a house that does not listen yet.
pub(crate) struct Plot {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) key: String,
    pub(crate) root: RootKey,
    pub(crate) authority: CertificateDer<'static>,
    pub(crate) tls: Arc<ServerConfig>,
    pub(crate) servers: BTreeMap<&'static str, ModelServer>,
    /// Added to `octroi.toml`.
    pub(crate) extra: String,
    /// Added to the listener's table.
    pub(crate) listen: String,
    /// Added to the app's table.
    pub(crate) app: String,
    /// Added to the table of each backend.
    pub(crate) backend: String,
    /// Added to the table of one backend.
    pub(crate) backends: BTreeMap<&'static str, String>,
    /// The APIs that every backend speaks, as `octroi.toml` lists them.
    pub(crate) dialects: String,
    /// Ports of servers that stand in for those of the same names.
    pub(crate) elsewhere: BTreeMap<&'static str, u16>,
    /// What stands in `[models]`, where that is not one model that every backend serves.
    pub(crate) models: String,
}

impl Plot {
    /// Two servers in Paris and one in the US, the demonstration's policy.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let Issued { authority, certificate, key } = Issued::new(|_| {});
        let der = CertificateDer::from(authority.der().to_vec());
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let tls = model_server::tls(vec![certificate.der().clone()], private).unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("certs/ca.pem", &authority.pem());
        write("certs/server.pem", &certificate.pem());
        write("certs/server.key", &key.serialize_pem());
        std::fs::create_dir_all(folder.path().join("keys")).unwrap();
        let root = RootKey::create(&folder.path().join("keys/root.key")).unwrap();
        let mut digest = [0; 32];
        digest.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &der).as_ref());
        for (name, text) in starter::demo(&digest) {
            write(&format!("policies/{name}"), &text);
        }
        let mut servers = BTreeMap::new();
        for name in ["paris-gpu-1", "paris-gpu-2", "us-cloud"] {
            servers.insert(name, ModelServer::start(Options::new(name, Arc::clone(&tls))).await.unwrap());
        }
        let key = identity::new_key(&root).unwrap().key.to_string();
        let (extra, listen, app, backend, models) = Default::default();
        let (elsewhere, backends, dialects) = (BTreeMap::new(), BTreeMap::new(), "\"openai\"".to_owned());
        Self {
            folder,
            key,
            root,
            authority: der,
            tls,
            servers,
            extra,
            listen,
            app,
            backend,
            backends,
            dialects,
            elsewhere,
            models,
        }
    }

    /// Puts a scripted server in the place of the one with this name.
    pub(crate) async fn script(
        &mut self,
        name: &'static str,
        script: impl Fn(&scripted::Asked) -> Vec<scripted::Step> + Send + Sync + 'static,
    ) -> scripted::Scripted {
        let server = scripted::Scripted::start(Arc::clone(&self.tls), script).await;
        self.servers.remove(name);
        self.elsewhere.insert(name, server.port);
        server
    }

    /// Leaves only these backends in the configuration.
    pub(crate) fn only(&mut self, names: &[&str]) {
        self.servers.retain(|name, _| names.contains(name));
        self.elsewhere.retain(|name, _| names.contains(name));
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Takes both servers in Paris down or up.
    pub(crate) fn paris_down(&self, down: bool) {
        for name in ["paris-gpu-1", "paris-gpu-2"] {
            self.servers[name].set_down(down);
        }
    }

    /// Bodies that reached a server.
    pub(crate) fn received(&self, server: &str) -> Vec<String> {
        self.servers[server].received().iter().map(|body| String::from_utf8_lossy(body).into_owned()).collect()
    }

    /// Writes `octroi.toml`.
    pub(crate) fn write_configuration(&self) -> PathBuf {
        let hash = identity::hash_of(&self.root, &self.key);
        let mut text = format!(
            "[listen]\naddress = \"127.0.0.1:0\"\ncertificate = \"certs/server.pem\"\nkey = \"certs/server.key\"\n{}\n\
             [admin]\naddress = \"127.0.0.1:0\"\n{}\n\
             [[app]]\nname = \"public-website\"\ntenant = \"demo\"\nkeys = [\"{hash}\"]\n{}\n",
            self.listen, self.extra, self.app
        );
        let mut names = Vec::new();
        let ports = self.servers.iter().map(|(name, server)| (*name, server.address().port()));
        for (name, port) in ports.chain(self.elsewhere.iter().map(|(name, port)| (*name, *port))) {
            text.push_str(&format!(
                "[[backend]]\nname = \"{name}\"\nurl = \"https://localhost:{port}\"\ndialects = [{}]\nroots = \"certs/ca.pem\"\n{}\n",
                self.dialects,
                [self.backend.as_str(), self.backends.get(name).map_or("", String::as_str)].join("\n")
            ));
            names.push(format!("\"{name}\" = \"demonstration\""));
        }
        let every = format!("\"assistant\" = {{ {} }}", names.join(", "));
        let models = if self.models.is_empty() { &every } else { &self.models };
        text.push_str(&format!("[models]\n{models}\n"));
        let path = self.path("octroi.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Starts a gateway in this process.
    pub(crate) async fn open(self) -> House {
        self.open_on(|log| log).await
    }

    /// Starts a gateway in this process, its log wrapped.
    pub(crate) async fn open_on(self, wrap: impl FnOnce(Arc<dyn AuditLog>) -> Arc<dyn AuditLog>) -> House {
        let app = App::start_on(self.write_configuration(), wrap).await.unwrap();
        let client = Client::new(&self.authority, app.address(), &self.key);
        House { plot: self, app, client }
    }
}

/// A gateway that listens, and its servers.
pub(crate) struct House {
    pub(crate) plot: Plot,
    pub(crate) app: App,
    pub(crate) client: Client,
}

impl House {
    /// The usual house.
    pub(crate) async fn open() -> Self {
        Plot::new().await.open().await
    }

    /// Entries of the log so far, parsed.
    pub(crate) async fn entries(&self) -> Vec<serde_json::Value> {
        let audit = &self.app.gate().audit;
        let size = audit.head().size;
        let mut entries = Vec::new();
        while (entries.len() as u64) < size {
            let from = entries.len() as u64;
            for entry in audit.read(from..size.min(from + 1000)).await.unwrap() {
                entries.push(inner(&entry));
            }
        }
        entries
    }

    /// Waits until there are so many outcomes, and returns them.
    pub(crate) async fn outcomes(&self, count: usize) -> Vec<serde_json::Value> {
        until("outcomes in the log", async || {
            let outcomes = self.entries_of("outcome").await;
            (outcomes.len() >= count).then_some(outcomes)
        })
        .await
    }

    /// Entries of one kind.
    pub(crate) async fn entries_of(&self, kind: &str) -> Vec<serde_json::Value> {
        self.entries().await.into_iter().filter(|entry| entry["kind"] == kind).collect()
    }
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// Whether the body ended as its framing says.
    pub(crate) clean: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The deltas of a streamed chat answer, joined.
    pub(crate) fn streamed(&self) -> String {
        let data = self.body.lines().filter_map(|line| line.strip_prefix("data: "));
        let parsed = data.filter_map(|data| serde_json::from_str::<serde_json::Value>(data).ok());
        parsed.filter_map(|chunk| Some(chunk.pointer("/choices/0/delta/content")?.as_str()?.to_owned())).collect()
    }
}

/// An HTTPS client with one key; one connection a request.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
    config: ClientConfig,
}

impl Client {
    pub(crate) fn new(authority: &CertificateDer<'static>, address: SocketAddr, key: &str) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(octroi::gateway::tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { address, key: key.to_owned(), config }
    }

    /// One that shows a certificate for what these parameters name, signed by an authority.
    pub(crate) fn certified(
        root: &CertificateDer<'static>,
        address: SocketAddr,
        authority: &CertifiedIssuer<'static, KeyPair>,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, authority).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(root.clone()).unwrap();
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ClientConfig::builder_with_provider(octroi::gateway::tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![certificate.der().clone()], private)
            .unwrap();
        Self { address, key: String::new(), config }
    }

    /// A TLS connection to the gateway.
    pub(crate) async fn connect(&self) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        self.connect_with(&[]).await
    }

    /// The same, offering these protocols.
    pub(crate) async fn connect_with(
        &self,
        protocols: &[&str],
    ) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.address).await?;
        let mut config = self.config.clone();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
    }

    /// Sends a request built by hand.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> std::io::Result<Answer> {
        let stream = self.connect().await?;
        let other = std::io::Error::other::<hyper::Error>;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(other)?;
        let driver = tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(other)?;
        let (parts, mut incoming) = response.into_parts();
        let (mut bytes, mut clean) = (Vec::new(), true);
        while let Some(frame) = incoming.frame().await {
            let Ok(frame) = frame else {
                clean = false;
                break;
            };
            bytes.extend_from_slice(&frame.into_data().unwrap_or_default());
        }
        driver.abort();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body, clean })
    }

    /// A request with the key and the usual headers.
    pub(crate) fn request(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
        Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .body(Full::new(body.into()))
            .unwrap()
    }

    /// Posts a body.
    pub(crate) async fn post(&self, path: &str, body: impl Into<Bytes>) -> Answer {
        self.send(self.request(Method::POST, path, body)).await.unwrap()
    }

    /// Asks a chat completion about one text.
    pub(crate) async fn chat(&self, content: &str, stream: bool) -> Answer {
        self.post("/v1/chat/completions", chat_body(content, stream)).await
    }
}

/// The body of a chat completion with one user message.
pub(crate) fn chat_body(content: &str, stream: bool) -> String {
    serde_json::json!({"model": "assistant", "stream": stream, "messages": [{"role": "user", "content": content}]})
        .to_string()
}

/// Gets a page of the admin listener.
pub(crate) async fn page(admin: SocketAddr, path: &str) -> std::io::Result<(u16, String)> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = TcpStream::connect(admin).await?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nhost: localhost\r\n\r\n").as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    Ok((head[9..12].parse().unwrap(), body.to_owned()))
}

/// Asks the admin listener with a token: status and JSON.
pub(crate) async fn administer(
    admin: SocketAddr,
    (method, path): (&str, &str),
    token: &str,
    body: &str,
) -> (u16, serde_json::Value) {
    let head = format!("host: localhost\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n");
    let (status, text) = admin_says(admin, &format!("{method} {path} HTTP/1.1\r\n{head}"), body).await;
    (status, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
}

/// Sends a head of one's own and a body to the admin listener: status and body of the answer.
pub(crate) async fn admin_says(admin: SocketAddr, head: &str, body: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = TcpStream::connect(admin).await.unwrap();
    let length = body.len();
    let text = format!("{head}connection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

/// Looks again and again until something holds; a test that waits in vain has failed.
pub(crate) async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// What stands in the envelope of an entry.
fn inner(entry: &[u8]) -> serde_json::Value {
    serde_json::from_slice::<serde_json::Value>(entry).unwrap()["entry"].take()
}

/// Verifies a log and returns its entries, parsed.
pub(crate) fn verified_entries(folder: &Path) -> Vec<serde_json::Value> {
    verified(folder).iter().map(|entry| inner(entry)).collect()
}

/// The same, each with its time in milliseconds since the epoch.
pub(crate) fn timed_entries(folder: &Path) -> Vec<(i128, serde_json::Value)> {
    let timed = |entry: &Vec<u8>| {
        let whole: serde_json::Value = serde_json::from_slice(entry).unwrap();
        let time: jiff::Timestamp = whole["time"].as_str().unwrap().parse().unwrap();
        (i128::from(time.as_millisecond()), inner(entry))
    };
    verified(folder).iter().map(timed).collect()
}

/// The entries of a log that was verified, as they stand there.
fn verified(folder: &Path) -> Vec<Vec<u8>> {
    let report = octroi_verify::verify_dir(folder, &octroi_verify::Trust::default(), &mut |_| {});
    report.unwrap_or_else(|problem| panic!("{problem}"));
    let mut walk = octroi_verify::walk::Walk::open(&folder).unwrap();
    let mut entries = Vec::new();
    loop {
        match walk.next().unwrap() {
            octroi_verify::walk::Step::Batch(batch) => {
                entries.extend(batch.entries().map(|(_, _, entry)| entry.to_vec()));
            }
            octroi_verify::walk::Step::End => return entries,
            octroi_verify::walk::Step::Segment(_) | octroi_verify::walk::Step::Torn(_) => {}
        }
    }
}

/// Every file below a folder with its bytes.
pub(crate) fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| (entry.path().to_owned(), std::fs::read(entry.path()).unwrap()))
        .collect()
}
