//! What a client is told that comes by the wrong door, writes too much, or asks in another's name.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::common::{House, PATIENCE, Plot, page, until};
use super::{echo_house, raw};

const CHAT: &str = "/v1/chat/completions";

/// What a plain socket answers, to the end of the connection.
async fn plainly(address: std::net::SocketAddr, bytes: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let reading = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
    reading.expect("the connection was not closed").expect("the connection was reset");
    answer
}

/// Somebody who writes `http://` is told to write `https://`, in words.
#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_told_about_https() {
    let (house, _server) = echo_house(|_| {}).await;
    let body = "x".repeat(100_000);
    for request in [
        "GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n".to_owned(),
        format!("POST {CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}", body.len()),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
    ] {
        let answer = plainly(house.app.address(), &request).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("Write https:// in the address"), "{answer}");
    }
    assert_eq!(house.client.chat("x", false).await.status, 200);
}

/// A client that writes its whole body before it reads gets the answer that came meanwhile, and no reset.
#[tokio::test(flavor = "multi_thread")]
async fn an_early_answer_is_heard() {
    let (house, server) = echo_house(|plot| plot.extra = "[limits]\nbody_bytes = 1000\n".to_owned()).await;
    let key = format!("authorization: Bearer {}\r\n", house.plot.key);
    let length = 6_000_000;
    for (name, head, status) in [
        ("too large", format!("{key}content-type: application/json\r\n"), 413),
        ("another type", format!("{key}content-type: text/plain\r\n"), 415),
        ("no key", "content-type: application/json\r\n".to_owned(), 401),
    ] {
        let mut stream = house.client.connect().await.unwrap();
        let head = format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\n{head}content-length: {length}\r\n\r\n");
        let exchange = async {
            stream.write_all(head.as_bytes()).await?;
            for _ in 0..length / 10_000 {
                stream.write_all(&[b'x'; 10_000]).await?;
            }
            stream.flush().await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            std::io::Result::Ok(String::from_utf8(answer).unwrap())
        };
        let answer = tokio::time::timeout(PATIENCE, exchange).await.unwrap();
        let answer = answer.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {answer}");
        assert!(answer.ends_with('}'), "{name}: cut: {answer}");
    }
    assert!(server.asked().is_empty());
}

/// The bound of a head is kept to the byte, also when the head comes in one piece that a buffer has room for.
#[tokio::test(flavor = "multi_thread")]
async fn a_head_beyond_its_bound_is_refused() {
    let (house, server) = echo_house(|plot| plot.extra = "[limits]\nhead_bytes = 2000\n".to_owned()).await;
    let start =
        format!("GET /v1/models HTTP/1.1\r\nauthorization: Bearer {}\r\nconnection: close\r\nx: ", house.plot.key);
    for (name, bytes, status) in [("at the bound", 2000, 200), ("one above", 2001, 431), ("far above", 7000, 431)] {
        let filler = "y".repeat(bytes - start.len() - 4 + 2);
        let answer = raw(&house.client, format!("{start}{filler}\r\n\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {answer}");
        assert!(status == 200 || answer.contains("head_too_large"), "{name}: {answer}");
    }
    assert!(server.asked().is_empty());
}

/// A page in a browser of this machine that gave its own name our address reads nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_admin_listener_answers_to_its_own_names() {
    let mut plot = Plot::new().await;
    plot.extra = "hosts = [\"octroi.example.internal\"]\n".to_owned();
    let house = plot.open().await;
    let admin = house.app.admin().unwrap();
    for (host, status) in [
        (admin.to_string(), 200),
        ("localhost".to_owned(), 200),
        ("octroi.example.internal:9443".to_owned(), 200),
        ("attacker.example".to_owned(), 421),
        (format!("attacker.example:{}", admin.port()), 421),
    ] {
        for path in ["/readyz", "/metrics", "/healthz"] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
            let answer = plainly(admin, &request).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{host} {path}: {answer}");
            assert!(status == 200 || answer.contains("[admin] hosts"), "{answer}");
        }
    }
}

/// What `/readyz` says of a backend.
async fn why(house: &House, name: &str) -> Option<String> {
    let (_, text) = page(house.app.admin().unwrap(), "/readyz").await.unwrap();
    let ready: serde_json::Value = serde_json::from_str(&text).unwrap();
    let backends = ready["backends"].as_array().unwrap();
    let backend = backends.iter().find(|backend| backend["name"] == name).unwrap();
    backend["why"].as_str().map(str::to_owned)
}

/// Why a backend is down stands in `/readyz`, in closed words.
#[tokio::test(flavor = "multi_thread")]
async fn why_a_backend_is_down_is_said() {
    let mut plot = Plot::new().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    plot.servers.remove("paris-gpu-1");
    plot.elsewhere.insert("paris-gpu-1", closed);
    let inventory = plot.path("policies/backends.toml");
    let text = std::fs::read_to_string(&inventory).unwrap();
    // The second in Paris is to be elsewhere in the network, and the cloud is to prove itself by another authority.
    let (first, rest) = text.split_once("[backend.paris-gpu-2]").unwrap();
    let rest = rest.replacen("addresses = [\"127.0.0.0/8\", \"::1\"]", "addresses = [\"192.0.2.0/24\"]", 1);
    let (second, cloud) = rest.split_once("[backend.us-cloud]").unwrap();
    let authority = cloud.find("sha256:").unwrap() + "sha256:".len();
    let cloud = format!("{}{}{}", &cloud[..authority], "0".repeat(64), &cloud[authority + 64..]);
    std::fs::write(inventory, format!("{first}[backend.paris-gpu-2]{second}[backend.us-cloud]{cloud}")).unwrap();
    let house = plot.open().await;
    for (name, reason) in [
        ("paris-gpu-1", "cannot connect: refused"),
        ("paris-gpu-2", "its host has no address within the ranges that the inventory names"),
        ("us-cloud", "cannot prove its identity: pin"),
    ] {
        let said = until("a reason", async || why(&house, name).await).await;
        assert_eq!(said, reason, "{name}");
    }
}
