//! Administrators whom client certificates prove: let in under their names, and nobody else.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use octroi::app::App;
use rcgen::{CertificateParams, SanType};
use serde_json::{Value, json};

use crate::common::{Answer, Client, House, Issued, Plot, admin_says, page, until};
use crate::keys::key;

const PROVISIONING: &str = "spiffe://exemple.fr/provisioning";

/// What `[admin]` says in these tests.
const TABLE: &str = "certificate = \"certs/server.pem\"\nkey = \"certs/server.key\"\n\
    client_authorities = \"certs/administrators.pem\"\nhosts = [\"octroi.example.internal\"]\n\
    administrators = { provisioning = [\"spiffe://exemple.fr/provisioning\", \"dns:ADMIN.exemple.fr\"], \
    night-shift = [\"spiffe://exemple.fr/night\"] }\n";

/// A house whose admin listener trusts an authority.
async fn house(authority: &Issued) -> House {
    let mut plot = Plot::new().await;
    std::fs::write(plot.path("certs/administrators.pem"), authority.authority.pem()).unwrap();
    TABLE.clone_into(&mut plot.extra);
    plot.open().await
}

fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

fn named(names: Vec<SanType>) -> impl FnOnce(&mut CertificateParams) {
    move |params| params.subject_alt_names = names
}

/// Somebody with a certificate of an authority, at the admin listener of a house.
fn visitor(house: &House, authority: &Issued, change: impl FnOnce(&mut CertificateParams)) -> Client {
    Client::certified(&house.plot.authority, house.app.admin().unwrap(), &authority.authority, change)
}

/// A request without a token.
fn request(method: Method, path: &str, body: &Value) -> Request<Full<bytes::Bytes>> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::builder().method(method).uri(path).header("host", "localhost");
    request.header("content-type", "application/json").body(Full::new(body.into())).unwrap()
}

async fn listed(client: &Client) -> std::io::Result<Answer> {
    client.send(request(Method::GET, "/keys", &Value::Null)).await
}

/// What somebody with a certificate changes is done, in force, and in the record under the name that the certificate proves.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_proves_an_administrator() {
    let authority = Issued::new(|_| {});
    let house = house(&authority).await;
    let admin = visitor(&house, &authority, named(vec![uri(PROVISIONING)]));
    let made = admin.send(request(Method::POST, "/keys", &json!({"app": "public-website"}))).await.unwrap();
    assert_eq!(made.status, 201, "{made:?}");
    let (id, shown) = (made.json()["id"].as_str().unwrap().to_owned(), made.json()["key"].as_str().unwrap().to_owned());
    let caller = Client::new(&house.plot.authority, house.app.address(), &shown);
    assert_eq!(caller.chat("x", false).await.status, 200, "in force when it is answered");
    let night = visitor(&house, &authority, named(vec![uri("spiffe://exemple.fr/night")]));
    let ended = night.send(request(Method::DELETE, &format!("/keys/{id}"), &Value::Null)).await.unwrap();
    assert_eq!(ended.status, 200, "{ended:?}");
    assert_eq!(caller.chat("x", false).await.status, 401);
    let entries = house.entries_of("credential").await;
    let told = |entry: &Value| ["event", "by", "channel", "key"].map(|name| entry[name].as_str().unwrap().to_owned());
    let told: Vec<_> = entries.iter().map(told).collect();
    assert_eq!(told, [["issued", "provisioning", "api", &id], ["revoked", "night-shift", "api", &id]]);
}

/// Who has no certificate, one of another authority, or one that is registered for nobody, is refused; so is a page of a browser.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_let_in() {
    let (authority, other) = (Issued::new(|_| {}), Issued::new(|_| {}));
    let house = house(&authority).await;
    let address = house.app.admin().unwrap();
    for (name, names, status) in [
        ("a registered one", vec![uri(PROVISIONING)], 200),
        ("its host", vec![SanType::DnsName("admin.exemple.fr".try_into().unwrap())], 200),
        ("one that is registered for nobody", vec![uri("spiffe://exemple.fr/website")], 401),
        ("two ids, of which one is registered", vec![uri(PROVISIONING), uri("spiffe://exemple.fr/x")], 401),
        (
            "two administrators at once",
            vec![uri("spiffe://exemple.fr/night"), SanType::DnsName("admin.exemple.fr".try_into().unwrap())],
            401,
        ),
        ("no name", vec![], 401),
    ] {
        let answer = listed(&visitor(&house, &authority, named(names))).await.unwrap();
        assert_eq!(answer.status, status, "{name}: {answer:?}");
    }
    let bare = Client::new(&house.plot.authority, address, "");
    let answer = listed(&bare).await.unwrap();
    assert_eq!((answer.status, answer.json()["error"]["code"].as_str().unwrap()), (401, "invalid_token"), "none");
    assert!(listed(&visitor(&house, &other, named(vec![uri(PROVISIONING)]))).await.is_err(), "another authority");
    let ended = visitor(&house, &authority, |params| {
        named(vec![uri(PROVISIONING)])(params);
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    });
    assert!(listed(&ended).await.is_err(), "one that has ended");
    let admin = visitor(&house, &authority, named(vec![uri(PROVISIONING)]));
    for (name, header, value, status) in [
        ("a token that is wrong beside it", "authorization", "Bearer octroi_wrong", 401),
        ("a scheme that is none of ours", "authorization", "Basic eDp5", 401),
        ("a page of another site", "origin", "https://a.example", 403),
        ("another host", "host", "attacker.example", 421),
        ("a name of the operator's", "host", "octroi.example.internal", 200),
    ] {
        let mut asked = request(Method::GET, "/keys", &Value::Null);
        asked.headers_mut().insert(header, value.parse().unwrap());
        assert_eq!(admin.send(asked).await.unwrap().status, status, "{name}");
    }
    let token = key(&house, &["new", "--admin", "by-token"]);
    until("the token, over TLS", async || {
        let mut asked = request(Method::GET, "/keys", &Value::Null);
        asked.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        (bare.send(asked).await.unwrap().status == 200).then_some(())
    })
    .await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = bare.send(request(Method::GET, path, &Value::Null)).await.unwrap();
        assert_eq!(answer.status, 200, "{path} asks for no proof");
    }
    let (status, said) = admin_says(address, "GET /keys HTTP/1.1\r\nhost: localhost\r\n", "").await;
    assert!(status == 400 && said.contains("speaks https"), "plain HTTP: {said}");
    let at_the_data_path = Client::certified(
        &house.plot.authority,
        house.app.address(),
        &authority.authority,
        named(vec![uri(PROVISIONING)]),
    );
    let status = at_the_data_path.send(request(Method::GET, "/v1/models", &Value::Null)).await.unwrap().status;
    assert_eq!(status, 401, "the authority of administrators proves no caller");
}

/// HTTP/2 has no `Host`: the address of a request says for whom it is meant, and counts alike.
#[tokio::test(flavor = "multi_thread")]
async fn the_host_is_checked_in_http2_too() {
    let authority = Issued::new(|_| {});
    let house = house(&authority).await;
    let admin = visitor(&house, &authority, named(vec![uri(PROVISIONING)]));
    let stream = TokioIo::new(admin.connect_with(&["h2"]).await.unwrap());
    let (mut sender, driver) = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(driver);
    for (host, status) in [("localhost", 200), ("octroi.example.internal:9443", 200), ("attacker.example", 421)] {
        let asked = Request::get(format!("https://{host}/keys")).body(Full::<bytes::Bytes>::default()).unwrap();
        assert_eq!(sender.send_request(asked).await.unwrap().status(), status, "{host}");
    }
}

/// An authority that is withdrawn, a name that is struck off, and authorities that are no longer named at all: from then on
/// nothing is let in by them, on connections that are open either.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_withdrawn_lets_nobody_in() {
    let (old, new) = (Issued::new(|_| {}), Issued::new(|_| {}));
    let house = house(&old).await;
    let (first, second) =
        (visitor(&house, &old, named(vec![uri(PROVISIONING)])), visitor(&house, &new, named(vec![uri(PROVISIONING)])));
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(Kept::open(&first).await);
    }
    assert_eq!(open[0].ask().await, 200);
    assert!(listed(&second).await.is_err(), "not trusted yet");
    let file = house.plot.path("certs/administrators.pem");
    std::fs::write(&file, new.authority.pem()).unwrap();
    until("the new authority", async || listed(&second).await.is_ok_and(|answer| answer.status == 200).then_some(()))
        .await;
    for (name, kept) in ["one that has asked", "one that has not"].iter().zip(&mut open) {
        assert_eq!(kept.ask().await, 401, "{name}");
    }
    assert!(listed(&first).await.is_err(), "a new connection");
    std::fs::write(&file, "no certificate").unwrap();
    let bare = Client::new(&house.plot.authority, house.app.admin().unwrap(), "");
    let readiness = async || bare.send(request(Method::GET, "/readyz", &Value::Null)).await.unwrap().body;
    until("the faulty file is told", async || readiness().await.contains("administrators.pem").then_some(())).await;
    assert_eq!(listed(&second).await.unwrap().status, 200, "and changes nothing");
    std::fs::write(&file, new.authority.pem()).unwrap();
    let mut kept = Kept::open(&second).await;
    assert_eq!(kept.ask().await, 200);
    let configuration = house.plot.path("octroi.toml");
    let text = std::fs::read_to_string(&configuration).unwrap();
    std::fs::write(&configuration, text.replace(PROVISIONING, "spiffe://exemple.fr/somebody-else")).unwrap();
    until("a name that is struck off", async || (listed(&second).await.unwrap().status == 401).then_some(())).await;
    assert_eq!(kept.ask().await, 401, "on the open connection");
    std::fs::write(&configuration, &text).unwrap();
    until("the name is back", async || (listed(&second).await.unwrap().status == 200).then_some(())).await;
    assert_eq!(kept.ask().await, 200);
    // No TLS in the file any more: listeners do not reload, so it goes on, and trusts nobody.
    std::fs::write(&configuration, text.replace(TABLE, "")).unwrap();
    until("no authorities", async || (listed(&second).await.unwrap().status == 401).then_some(())).await;
    assert_eq!(kept.ask().await, 401, "on the open connection");
}

/// A connection that stays open.
struct Kept(hyper::client::conn::http1::SendRequest<Full<bytes::Bytes>>);

impl Kept {
    async fn open(client: &Client) -> Self {
        let stream = TokioIo::new(client.connect().await.unwrap());
        let (sender, driver) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        tokio::spawn(driver);
        Self(sender)
    }

    async fn ask(&mut self) -> u16 {
        self.0.ready().await.unwrap();
        let answer = self.0.send_request(request(Method::GET, "/keys", &Value::Null)).await.unwrap();
        let status = answer.status().as_u16();
        drop(answer.into_body().collect().await);
        status
    }
}

/// From another machine keys are changed over TLS only; in plaintext no token is taken from there.
#[tokio::test(flavor = "multi_thread")]
async fn from_elsewhere_only_over_tls() {
    let Some(own) = own_address() else {
        eprintln!("SKIPPED: this machine has no address but loopback");
        return;
    };
    for encrypted in [true, false] {
        let authority = Issued::new(|_| {});
        let mut plot = Plot::new().await;
        std::fs::write(plot.path("certs/administrators.pem"), authority.authority.pem()).unwrap();
        plot.extra = if encrypted { TABLE.to_owned() } else { String::new() };
        let path = plot.write_configuration();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replace(
            "[admin]\naddress = \"127.0.0.1:0\"",
            &format!("[admin]\naddress = \"{}\"", SocketAddr::new(own, 0)),
        );
        std::fs::write(&path, text).unwrap();
        let app = App::start(path).await.unwrap();
        let client = Client::new(&plot.authority, app.address(), &plot.key);
        let house = House { plot, app, client };
        let token = key(&house, &["new", "--admin", "provisioning"]);
        let address = house.app.admin().unwrap();
        if encrypted {
            let admin = visitor(&house, &authority, named(vec![uri(PROVISIONING)]));
            assert_eq!(listed(&admin).await.unwrap().status, 200);
            continue;
        }
        let head = format!("GET /keys HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n");
        let (status, said) = admin_says(address, &head, "").await;
        assert!(status == 403 && said.contains("not_local"), "{said}");
        assert_eq!(page(address, "/healthz").await.unwrap().0, 200);
    }
}

/// An address of this machine that is not loopback; nothing is sent to find it.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let own = socket.local_addr().ok()?.ip();
    (!own.is_loopback() && !own.is_unspecified()).then_some(own)
}
