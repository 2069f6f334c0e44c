//! TLS, protocols, and connections that are too slow.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Version};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, NamedGroup, ProtocolVersion, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::common::{House, Issued, Plot, chat_body};
use super::{echo_house, raw};

/// Connects with settings of one's own.
pub(crate) async fn connect(
    house: &House,
    versions: &[&'static SupportedProtocolVersion],
    alpn: &[&str],
    proof: Option<&Issued>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(house.plot.authority.clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(octroi::gateway::tls::provider())
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match proof {
        None => builder.with_no_client_auth(),
        Some(proof) => {
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(proof.key.serialize_der()));
            builder.with_client_auth_cert(vec![proof.certificate.der().clone()], key).unwrap()
        }
    };
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(house.app.address()).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
}

fn request(house: &House, uri: &str) -> Request<Full<Bytes>> {
    let mut request = house.client.request(http::Method::POST, uri, chat_body("x", false));
    if uri.starts_with("https") {
        request.headers_mut().remove("host");
    }
    request
}

/// Asks over a connection; the version and status of the answer.
async fn ask(house: &House, stream: TlsStream<TcpStream>) -> Result<(Version, u16), hyper::Error> {
    let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let io = TokioIo::new(stream);
    let answer = if is_h2 {
        let (mut sender, driver) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await?;
        tokio::spawn(driver);
        sender.send_request(request(house, "https://localhost/v1/chat/completions")).await?
    } else {
        let (mut sender, driver) = hyper::client::conn::http1::handshake(io).await?;
        tokio::spawn(driver);
        sender.send_request(request(house, "/v1/chat/completions")).await?
    };
    let told = (answer.version(), answer.status().as_u16());
    answer.into_body().collect().await?;
    Ok(told)
}

pub(crate) const TLS13: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];
const TLS12: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];

#[tokio::test(flavor = "multi_thread")]
async fn protocols_and_versions() {
    let (house, _server) = echo_house(|_| {}).await;
    for (versions, version) in [(TLS13, ProtocolVersion::TLSv1_3), (TLS12, ProtocolVersion::TLSv1_2)] {
        for (alpn, agreed, http) in [
            (&["h2", "http/1.1"][..], Some("h2"), Version::HTTP_2),
            (&["http/1.1"][..], Some("http/1.1"), Version::HTTP_11),
            (&[][..], None, Version::HTTP_11),
        ] {
            let stream = connect(&house, versions, alpn, None).await.unwrap();
            let tls = stream.get_ref().1;
            assert_eq!(tls.protocol_version(), Some(version));
            assert_eq!(tls.alpn_protocol(), agreed.map(str::as_bytes));
            let group = tls.negotiated_key_exchange_group().map(|group| group.name());
            if version == ProtocolVersion::TLSv1_3 {
                assert_eq!(group, Some(NamedGroup::X25519MLKEM768));
            }
            assert_eq!(ask(&house, stream).await.unwrap(), (http, 200), "{alpn:?}");
        }
    }
    assert!(connect(&house, TLS13, &["spdy/3"], None).await.is_err(), "no protocol in common");
}

/// Many requests share one HTTP/2 connection, and one that is refused does not hurt the others.
#[tokio::test(flavor = "multi_thread")]
async fn requests_share_a_connection() {
    let (house, _server) = echo_house(|_| {}).await;
    let stream = connect(&house, TLS13, &["h2"], None).await.unwrap();
    let io = TokioIo::new(stream);
    let (sender, driver) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(driver);
    let asking = (0..20).map(|number| {
        let mut sender = sender.clone();
        let mut request = request(&house, "https://localhost/v1/chat/completions");
        if number % 5 == 0 {
            *request.body_mut() = Full::new(Bytes::from_static(b"{"));
        }
        tokio::spawn(async move { sender.send_request(request).await.unwrap().status().as_u16() })
    });
    for (number, asked) in asking.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(asked.await.unwrap(), if number % 5 == 0 { 400 } else { 200 }, "{number}");
    }
}

/// A client certificate is optional; one of an unknown authority is not accepted.
#[tokio::test(flavor = "multi_thread")]
async fn client_certificates() {
    let (known, stranger) = (Issued::new(|_| {}), Issued::new(|_| {}));
    let mut plot = Plot::new().await;
    std::fs::write(plot.path("certs/clients.pem"), known.authority.pem()).unwrap();
    plot.listen = "client_authorities = \"certs/clients.pem\"".to_owned();
    let house = plot.open().await;
    for (name, proof, accepted) in
        [("none", None, true), ("known", Some(&known), true), ("stranger", Some(&stranger), false)]
    {
        for versions in [TLS13, TLS12] {
            // TLS 1.3 refuses after the client's side of the handshake has ended: the request shows it.
            let served = match connect(&house, versions, &["http/1.1"], proof).await {
                Ok(stream) => ask(&house, stream).await.is_ok_and(|(_, status)| status == 200),
                Err(_) => false,
            };
            assert_eq!(served, accepted, "{name}");
        }
    }
}

/// Slow heads are cut, wherever they stop; so is a connection that says nothing, or lies idle between requests.
#[tokio::test(flavor = "multi_thread")]
async fn slow_heads_are_cut() {
    let (house, _server) = echo_house(|plot| plot.extra = "[limits]\nhead_s = 1\n".to_owned()).await;
    let get = format!("GET /v1/models HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\r\n", house.plot.key);
    for (name, bytes) in [
        ("nothing", ""),
        ("a letter", "P"),
        ("half of HTTP/2's first line", "PRI * HTTP/2.0\r\n"),
        ("half of a head", "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"),
        ("idle after a request", &get),
    ] {
        let since = Instant::now();
        let answer = raw(&house.client, bytes).await;
        assert!(since.elapsed() < Duration::from_secs(5), "{name}: cut after {:?}", since.elapsed());
        assert_eq!(answer.starts_with("HTTP/1.1 200"), bytes == get, "{name}: {answer}");
    }
    // The same where HTTP/2 was agreed and never spoken.
    let mut stream = connect(&house, TLS13, &["h2"], None).await.unwrap();
    let mut nothing = Vec::new();
    let reading = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut nothing);
    drop(tokio::time::timeout(Duration::from_secs(5), reading).await.expect("the connection is kept"));
}
