//! The demonstration model server, asked directly: by a plain TLS client and by the real SDKs.
#![expect(clippy::unwrap_used, reason = "test helpers")]
#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "the test is a client with sockets and files")]

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use octroi::cli::demo::model_server::{ModelServer, Options, tls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use serde_json::{Value, json};

#[path = "sdk/runner.rs"]
mod runner;

const CREDENTIAL: &str = "sk-demonstration";

/// A certificate authority of one test, and what it issued.
struct Certificates {
    authority_pem: String,
    server: Arc<ServerConfig>,
    client: ClientConfig,
}

fn certificates() -> Certificates {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    // OpenSSL takes a certificate whose issuer has its own name for self-signed, and rcgen gives all one name.
    params.distinguished_name.push(DnType::CommonName, "authority of a test");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, &authority).unwrap();
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Certificates { authority_pem: authority.pem(), server: tls(vec![certificate.der().clone()], der).unwrap(), client }
}

/// A server and a client that trusts it.
struct Pair {
    server: ModelServer,
    client: ClientConfig,
    authority_pem: String,
}

async fn start() -> Pair {
    let Certificates { authority_pem, server, client } = certificates();
    let mut options = Options::new("paris-gpu-1", server);
    options.models = vec!["assistant-large".to_owned()];
    options.credential = Some(CREDENTIAL.to_owned());
    Pair { server: ModelServer::start(options).await.unwrap(), client, authority_pem }
}

/// What came back, the body in the frames in which it came.
struct Answer {
    status: StatusCode,
    frames: Vec<Bytes>,
}

impl Answer {
    fn bytes(&self) -> Vec<u8> {
        self.frames.concat()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes()).unwrap()
    }

    /// The data of every event but the closing `[DONE]`.
    fn events(&self) -> Vec<Value> {
        let text = String::from_utf8(self.bytes()).unwrap();
        let data = text.split("\n\n").filter_map(|event| event.split_once("data: ").map(|(_, data)| data.to_owned()));
        data.filter(|data| data != "[DONE]").map(|data| serde_json::from_str(&data).unwrap()).collect()
    }
}

impl Pair {
    async fn stream(&self, protocol: &[u8]) -> std::io::Result<tokio_rustls::client::TlsStream<tokio::net::TcpStream>> {
        let mut config = self.client.clone();
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = tokio::net::TcpStream::connect(self.server.address()).await?;
        let name = ServerName::try_from("localhost").unwrap();
        tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(self.stream(b"http/1.1").await?)).await?;
        let connection = tokio::spawn(connection);
        let mut response = sender.send_request(request).await?;
        let mut frames = Vec::new();
        while let Some(frame) = response.body_mut().frame().await {
            frames.extend(frame?.into_data().ok());
        }
        connection.abort();
        Ok(Answer { status: response.status(), frames })
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path, Some(CREDENTIAL), "")).await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(request("POST", path, Some(CREDENTIAL), body.to_string())).await.unwrap()
    }

    fn received_url(&self) -> String {
        format!("https://localhost:{}/received", self.server.address().port())
    }
}

fn request(method: &str, path: &str, credential: Option<&str>, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let mut builder = Request::builder().method(method).uri(path).header("host", "localhost");
    if let Some(credential) = credential {
        builder = builder.header("authorization", format!("Bearer {credential}"));
    }
    builder.body(Full::new(body.into())).unwrap()
}

fn chat(text: &str) -> Value {
    json!({"model": "assistant-large", "messages": [{"role": "user", "content": text}]})
}

#[tokio::test]
async fn repeats_exactly_and_says_that_it_is_a_demonstration() {
    let pair = start().await;
    let text = "Mme <PERSON_K7Q2M9F3> \"quoted\" \\ é 🙂\n";
    let answer = pair.post("/v1/chat/completions", &chat(text)).await.json();
    let content = answer["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
    assert!(content.ends_with(text));
    assert!(content.contains("paris-gpu-1: a demonstration, not a language model"), "{content}");
    pair.server.shutdown().await;
}

#[tokio::test]
async fn shows_the_exact_bytes_newest_last() {
    let pair = start().await;
    let odd = "{ \"model\" :\"assistant-large\",\n\t\"messages\":[{\"role\":\"user\",\"content\":\"\\u00e9\"}] }";
    let broken = "{\"not json";
    for body in [odd, broken] {
        pair.send(request("POST", "/v1/chat/completions?a=b", Some(CREDENTIAL), body)).await.unwrap();
    }
    // Also what is refused has reached the server.
    pair.send(request("POST", "/v1/chat/completions", None, "stranger")).await.unwrap();
    let shown = pair.send(request("GET", "/received", None, "")).await.unwrap();
    assert_eq!(String::from_utf8(shown.bytes()).unwrap(), format!("{odd}\n{broken}\nstranger\n"));
    let bodies = pair.server.received();
    assert_eq!(bodies, [odd, broken, "stranger"]);
    let first = pair.server.requests().remove(0);
    assert_eq!(first.target, "/v1/chat/completions?a=b");
    assert_eq!(first.headers["authorization"], format!("Bearer {CREDENTIAL}"));
    assert_eq!(format!("{first:?}"), format!("Received({} bytes)", odd.len()));
}

#[tokio::test]
async fn streams_small_pieces_one_by_one() {
    let pair = start().await;
    let mut body = chat("<PERSON_K7Q2M9F3> and <EMAIL_K7Q2M9F3>");
    body["stream"] = json!(true);
    body["n"] = json!(2);
    body["stream_options"] = json!({"include_usage": true});
    let answer = pair.post("/v1/chat/completions", &body).await;
    assert!(answer.frames.len() > 20, "{} frames", answer.frames.len());
    assert!(answer.bytes().ends_with(b"data: [DONE]\n\n"));
    let events = answer.events();
    let mut texts = [String::new(), String::new()];
    for choice in events.iter().filter_map(|event| event["choices"].get(0)) {
        let piece = choice["delta"]["content"].as_str().unwrap_or_default();
        assert!(piece.len() <= 5, "{piece}");
        texts[usize::try_from(choice["index"].as_u64().unwrap()).unwrap()].push_str(piece);
    }
    assert!(texts.iter().all(|text| text.ends_with("\n<PERSON_K7Q2M9F3> and <EMAIL_K7Q2M9F3>")), "{texts:?}");
    assert!(events.last().unwrap()["usage"]["total_tokens"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn calls_tools_then_repeats_their_results() {
    let pair = start().await;
    let mut body = chat("say <PERSON_K7Q2M9F3>");
    let tool = |name: &str| {
        json!({"type": "function", "function": {"name": name, "parameters": {"type": "object",
            "properties": {"who": {"type": "string"}, "often": {"type": "integer"}}}}})
    };
    body["tools"] = json!([tool("first"), tool("second")]);
    let message = pair.post("/v1/chat/completions", &body).await.json().pointer("/choices/0/message").unwrap().clone();
    assert_eq!(message["tool_calls"][0]["function"]["name"], "first");
    let arguments: Value =
        serde_json::from_str(message["tool_calls"][0]["function"]["arguments"].as_str().unwrap()).unwrap();
    assert_eq!(arguments, json!({"who": "say <PERSON_K7Q2M9F3>", "often": 1}));

    let mut chosen = body.clone();
    chosen["tool_choice"] = json!({"type": "function", "function": {"name": "second"}});
    let answer = pair.post("/v1/chat/completions", &chosen).await.json();
    assert_eq!(answer["choices"][0]["message"]["tool_calls"][0]["function"]["name"], "second");
    chosen["tool_choice"] = json!({"type": "function", "function": {"name": "third"}});
    assert_eq!(pair.post("/v1/chat/completions", &chosen).await.status, 400);

    let id = message["tool_calls"][0]["id"].clone();
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(message);
    messages.push(json!({"role": "tool", "tool_call_id": id, "content": "result for <PERSON_K7Q2M9F3>"}));
    let answer = pair.post("/v1/chat/completions", &body).await.json();
    let content = answer["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
    assert!(content.ends_with("\nresult for <PERSON_K7Q2M9F3>"), "{content}");
}

#[tokio::test]
async fn errors_have_the_shape_of_openai_and_quote_nothing() {
    let pair = start().await;
    let planted = "planted@exemple.fr";
    let model = json!({"model": planted, "messages": [{"role": "user", "content": planted}]}).to_string();
    let rows = [
        ("no key", "POST", "/v1/chat/completions", None, chat(planted).to_string(), 401, "invalid_api_key"),
        ("no JSON", "POST", "/v1/responses", Some(CREDENTIAL), format!("{{{planted}"), 400, "invalid_json"),
        ("no model", "POST", "/v1/embeddings", Some(CREDENTIAL), "{}".to_owned(), 400, "invalid_value"),
        ("unknown model", "POST", "/v1/chat/completions", Some(CREDENTIAL), model, 404, "model_not_found"),
        ("unknown address", "POST", "/v1/planted@exemple.fr", Some(CREDENTIAL), "{}".to_owned(), 404, "unknown_url"),
        ("unknown method", "DELETE", "/v1/models", Some(CREDENTIAL), String::new(), 404, "unknown_url"),
        ("list of strangers", "GET", "/v1/models", None, String::new(), 401, "invalid_api_key"),
    ];
    for (name, method, path, credential, body, status, code) in rows {
        let answer = pair.send(request(method, path, credential, body)).await.unwrap();
        assert_eq!(answer.status, status, "{name}");
        let error = &answer.json()["error"];
        assert_eq!(error["code"], code, "{name}");
        assert!(error["message"].is_string() && error["type"].is_string(), "{name}");
        assert!(!answer.json().to_string().contains(planted), "{name}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_kept() {
    let pair = start().await;
    let body = vec![b' '; octroi::limits::DEMO_BODY_BYTES_MAX + 1];
    // The server answers before it has read everything, so the client may see the answer or a closed connection.
    if let Ok(answer) = pair.send(request("POST", "/v1/responses", Some(CREDENTIAL), body)).await {
        assert_eq!(answer.status, 413);
    }
    assert!(pair.server.received()[0].len() > octroi::limits::DEMO_BODY_BYTES_MAX);
}

#[tokio::test]
async fn speaks_http2() {
    let pair = start().await;
    let stream = pair.stream(b"h2").await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let address = format!("https://localhost:{}/v1/models", pair.server.address().port());
    let response = sender.send_request(request("GET", &address, Some(CREDENTIAL), "")).await.unwrap();
    assert_eq!(response.status(), 200);
    let list: Value = serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap();
    assert_eq!(list["data"][0]["id"], "assistant-large");
    // Shutting down cuts this connection too, and returns.
    pair.server.shutdown().await;
    assert!(connection.await.is_ok());
}

#[tokio::test]
async fn down_means_unavailable_and_up_means_back_on_the_same_port() {
    let pair = start().await;
    let stream = pair.stream(b"http/1.1").await.unwrap();
    let (mut open, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    open.send_request(request("GET", "/health", None, "")).await.unwrap().into_body().collect().await.unwrap();

    pair.server.set_down(true);
    assert!(open.send_request(request("GET", "/health", None, "")).await.is_err(), "an open connection still serves");
    assert!(pair.send(request("GET", "/health", None, "")).await.is_err(), "a new connection is served");
    connection.abort();

    pair.server.set_down(false);
    assert_eq!(pair.get("/health").await.status, 200);
    let address = pair.server.address();
    pair.server.shutdown().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "it still listens after shutdown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_real_sdks_are_served() {
    let Some(tools) = runner::Tools::find() else { return };
    let pair = start().await;
    let folder = tempfile::tempdir().unwrap();
    let (authority, client_env) = (folder.path().join("ca.pem"), folder.path().join("client.env"));
    std::fs::write(&authority, &pair.authority_pem).unwrap();
    let lines = format!(
        "OPENAI_BASE_URL=https://localhost:{}/v1\nOPENAI_API_KEY={CREDENTIAL}\nSSL_CERT_FILE={authority}\nNODE_EXTRA_CA_CERTS={authority}\n",
        pair.server.address().port(),
        authority = authority.display()
    );
    std::fs::write(&client_env, lines).unwrap();
    let received_urls = [pair.received_url()];
    tokio::task::spawn_blocking(move || {
        tools.run(&runner::Run { mode: "direct", client_env: &client_env, received_urls: &received_urls });
    })
    .await
    .unwrap();
}
