//! Other proofs than keys: tokens of an issuer that rotates its keys, and client certificates.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::SanType;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::common::{Answer, Client, House, Issued, Plot, chat_body, until};

/// An issuer that serves its keys over HTTP on this machine.
struct Sso {
    keys: Arc<Mutex<String>>,
    asked: Arc<AtomicU64>,
    port: u16,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn jwks(kid: &str, key: &Ed25519KeyPair) -> String {
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": encode(key.public_key())}]}).to_string()
}

fn token(kid: &str, key: &Ed25519KeyPair, claims: &Value) -> String {
    let header = json!({"alg": "EdDSA", "kid": kid, "typ": "JWT"});
    let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    format!("{signed}.{}", encode(key.sign(signed.as_bytes())))
}

impl Sso {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (keys, asked) = (Arc::new(Mutex::new(String::new())), Arc::new(AtomicU64::new(0)));
        let (served, counted) = (Arc::clone(&keys), Arc::clone(&asked));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = vec![0; 4096];
                drop(stream.read(&mut head).await);
                counted.fetch_add(1, Ordering::SeqCst);
                let body = served.lock().unwrap().clone();
                let answer =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
                drop(stream.write_all(answer.as_bytes()).await);
            }
        });
        Self { keys, asked, port }
    }

    fn serve(&self, keys: String) {
        *self.keys.lock().unwrap() = keys;
    }
}

async fn chat(house: &House, token: &str) -> Answer {
    Client::new(&house.plot.authority, house.app.address(), token).chat("x", false).await
}

/// Served by its token; refused when it is for another, over, or of a key that was withdrawn; a new key is fetched while the request
/// waits, and no stranger makes the gateway ask the issuer again and again.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_prove_callers() {
    let sso = Sso::start().await;
    let (old, new) = (Ed25519KeyPair::generate().unwrap(), Ed25519KeyPair::generate().unwrap());
    sso.serve(jwks("one", &old));
    let mut plot = Plot::new().await;
    plot.app = format!(
        "purpose = \"website\"\n[[issuer]]\nname = \"sso\"\nissuer = \"https://sso.example\"\naudience = \"octroi\"\n\
         keys_url = \"http://127.0.0.1:{}/jwks\"\nalgorithms = [\"EdDSA\"]\napps = [\"public-website\"]\nrefresh_s = 1\n",
        sso.port
    );
    let house = plot.open().await;
    let now = house.app.gate().now().as_second();
    let claims = |changes: Value| {
        let mut claims = json!({"iss": "https://sso.example", "aud": "octroi", "sub": "anna", "azp": "public-website", "exp": now + 600});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    };
    let good = token("one", &old, &claims(json!({})));
    assert_eq!(chat(&house, &good).await.status, 200, "the first request waits for the first keys");
    for (name, changes) in [
        ("another audience", json!({"aud": "other"})),
        ("over", json!({"exp": now - 61})),
        ("an app of nobody's", json!({"azp": "other"})),
    ] {
        let answer = chat(&house, &token("one", &old, &claims(changes))).await;
        assert_eq!(
            (answer.status, answer.json()["error"]["code"].as_str().unwrap()),
            (401, "invalid_api_key"),
            "{name}"
        );
    }
    sso.serve(jwks("two", &new));
    let rotated = token("two", &new, &claims(json!({})));
    until("the new key", async || (chat(&house, &rotated).await.status == 200).then_some(())).await;
    assert_eq!(chat(&house, &good).await.status, 401, "withdrawn");
    let before = sso.asked.load(Ordering::SeqCst);
    let began = std::time::Instant::now();
    let strange = token("nosuch", &old, &claims(json!({})));
    for _ in 0..20 {
        assert_eq!(chat(&house, &strange).await.status, 401);
    }
    let asked = sso.asked.load(Ordering::SeqCst) - before;
    assert!(asked <= began.elapsed().as_secs() + 2, "{asked} fetches in {:?}", began.elapsed());
    let decision = house.entries_of("decision").await.into_iter().find(|entry| entry["verdict"] == "forward").unwrap();
    let actor = decision["actor"].as_str().unwrap();
    assert!(actor.len() == 16 && !decision.to_string().contains("anna"), "{decision}");
}

/// A certificate of a trusted authority proves the app for which it is registered, and a key that is sent counts before it.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_prove_callers() {
    let mut plot = Plot::new().await;
    let (ours, other) = (Issued::new(|_| {}), Issued::new(|_| {}));
    std::fs::write(plot.path("certs/clients.pem"), ours.authority.pem()).unwrap();
    plot.listen = "client_authorities = \"certs/clients.pem\"\n".to_owned();
    plot.app = "certificates = [\"spiffe://exemple.fr/website\", \"dns:website.exemple.fr\"]\n".to_owned();
    let house = plot.open().await;
    let (root, address) = (house.plot.authority.clone(), house.app.address());
    let keyless = async |client: &Client| {
        let mut request = client.request(http::Method::POST, "/v1/chat/completions", chat_body("x", false));
        request.headers_mut().remove("authorization");
        client.send(request).await.map(|answer| answer.status)
    };
    let names = |names: Vec<SanType>| move |params: &mut rcgen::CertificateParams| params.subject_alt_names = names;
    let uri = |text: &str| SanType::URI(text.try_into().unwrap());
    let dns = |text: &str| SanType::DnsName(text.try_into().unwrap());
    for (name, alternatives, status) in [
        ("the id of the workload", vec![uri("spiffe://exemple.fr/website")], 200),
        ("its host", vec![dns("WEBSITE.exemple.fr")], 200),
        ("another id", vec![uri("spiffe://exemple.fr/website2")], 401),
        ("two ids", vec![uri("spiffe://exemple.fr/website"), uri("spiffe://exemple.fr/x")], 401),
        ("no name", vec![], 401),
    ] {
        let client = Client::certified(&root, address, &ours.authority, names(alternatives));
        assert_eq!(keyless(&client).await.unwrap(), status, "{name}");
    }
    let mut client =
        Client::certified(&root, address, &ours.authority, names(vec![uri("spiffe://exemple.fr/website")]));
    assert_eq!(keyless(&client).await.unwrap(), 200);
    client.key = "octroi_wrong".to_owned();
    assert_eq!(client.chat("x", false).await.status, 401, "a wrong key is not forgiven");
    let stranger = Client::certified(&root, address, &other.authority, names(vec![uri("spiffe://exemple.fr/website")]));
    assert!(keyless(&stranger).await.is_err(), "an authority that is not trusted ends the handshake");
    assert_eq!(keyless(&house.client).await.unwrap(), 401, "neither");
    assert_eq!(house.client.chat("x", false).await.status, 200, "a key alone goes on");
}

/// An authority that is withdrawn vouches for nobody any more, on connections that are open either; one that takes its place does.
#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_authority_vouches_for_nobody() {
    let mut plot = Plot::new().await;
    let (old, new) = (Issued::new(|_| {}), Issued::new(|_| {}));
    let clients = plot.path("certs/clients.pem");
    std::fs::write(&clients, old.authority.pem()).unwrap();
    plot.listen = "client_authorities = \"certs/clients.pem\"\n".to_owned();
    plot.app = "certificates = [\"spiffe://exemple.fr/website\"]\n".to_owned();
    let house = plot.open().await;
    let named = |params: &mut rcgen::CertificateParams| {
        params.subject_alt_names = vec![SanType::URI("spiffe://exemple.fr/website".try_into().unwrap())];
    };
    let of = |authority| Client::certified(&house.plot.authority, house.app.address(), authority, named);
    let (client, other) = (of(&old.authority), of(&new.authority));
    let keyless = |client: &Client| {
        let mut request = client.request(http::Method::POST, "/v1/chat/completions", chat_body("x", false));
        request.headers_mut().remove("authorization");
        request
    };
    let stream = hyper_util::rt::TokioIo::new(client.connect().await.unwrap());
    let (mut open, driver) = hyper::client::conn::http1::handshake(stream).await.unwrap();
    tokio::spawn(driver);
    let mut ask = async || {
        open.ready().await.unwrap();
        let answer = open.send_request(keyless(&client)).await.unwrap();
        let status = answer.status().as_u16();
        drop(http_body_util::BodyExt::collect(answer.into_body()).await);
        status
    };
    assert_eq!(ask().await, 200);
    assert!(other.send(keyless(&other)).await.is_err());
    std::fs::write(&clients, new.authority.pem()).unwrap();
    until("the new authority", async || {
        other.send(keyless(&other)).await.is_ok_and(|answer| answer.status == 200).then_some(())
    })
    .await;
    assert_eq!(ask().await, 401, "the connection was open before");
    assert!(client.send(keyless(&client)).await.is_err(), "a new one");
    std::fs::write(&clients, "no certificate").unwrap();
    let rejected = async || {
        let ready = crate::common::page(house.app.admin().unwrap(), "/readyz").await.unwrap().1;
        ready.contains("clients.pem").then_some(())
    };
    until("the faulty file is told", rejected).await;
    assert_eq!(other.send(keyless(&other)).await.unwrap().status, 200, "and changes nothing");
}
