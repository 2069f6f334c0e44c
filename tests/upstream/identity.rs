//! Who a backend is: certificates, pins, addresses, and that nothing is sent to anybody else.

use octroi::model::Binding;
use octroi::model::backend::AddressRange;
use octroi::upstream::{Backend, ClientCertificate, Secret, SendError, SetupFault};
use rcgen::date_time_ymd;
use rustls::version::{TLS12, TLS13};
#[expect(clippy::disallowed_types, reason = "a backend has a socket")]
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use super::certificates::{Authority, Leaf};
use super::server::{Event, Server, say, serve};
use super::{backend, binding, outgoing, settings, text};

/// Sends to a server that shows `leaf`; says how that ended, having checked that a refused server saw nothing.
async fn attempt(name: &str, leaf: &Leaf, roots: &str, bound: Binding) -> Result<(), SendError> {
    for version in [&TLS13, &TLS12] {
        let mut server = Server::start(leaf.server_of(&["http/1.1"], &[version], None), serve).await;
        let mut settings = settings(server.port(), roots);
        settings.binding = bound.clone();
        match backend(settings).send(outgoing()).await {
            Ok(reply) => {
                assert_eq!(reply.peer.spki, Some(leaf.spki()), "{name}");
                assert_eq!(reply.peer.address, server.address, "{name}");
            }
            Err(error) => {
                assert_eq!(server.event().await, Event::Refused, "{name}: a handshake must fail");
                assert_eq!(server.events(), [], "{name}: and nothing be seen");
                if version == &TLS12 {
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn bad_certificates_are_refused_before_a_byte_is_sent() {
    let authority = Authority::new("ours");
    let stranger = Authority::new("theirs");
    let roots = authority.pem();
    let expired = authority.certify_with("localhost", |params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 2, 1);
    });
    let early = authority.certify_with("localhost", |params| params.not_before = date_time_ymd(3000, 1, 1));
    let good = || authority.certify("localhost");
    let pinned = |spki: [u8; 32]| Binding { spki: vec![spki], ..binding() };
    let issued = |digest: [u8; 32]| Binding { authorities: vec![digest], ..binding() };
    let rows = [
        ("another host", authority.certify("example.org"), binding(), "certificate of another host"),
        ("expired", expired, binding(), "certificate expired"),
        ("not yet valid", early, binding(), "certificate not yet valid"),
        ("self-signed", Leaf::self_signed("localhost"), binding(), "unknown authority"),
        ("unknown authority", stranger.certify("localhost").with(&stranger), binding(), "unknown authority"),
        ("another key", good(), pinned(stranger.spki()), "pin"),
        ("another authority", good(), issued(stranger.digest()), "pin"),
        // The pinned certificate is sent, but the path to the root does not pass through it.
        ("a pinned key beside the path", good().with(&stranger), pinned(stranger.spki()), "pin"),
        ("a pinned authority beside the path", good().with(&stranger), issued(stranger.digest()), "pin"),
    ];
    for (name, leaf, bound, detail) in rows {
        assert_eq!(attempt(name, &leaf, &roots, bound).await, Err(SendError::Identity(detail)), "{name}");
    }
}

#[tokio::test]
async fn good_certificates_and_pins_are_accepted() {
    let root = Authority::new("root");
    let middle = root.below("intermediate");
    let other = Authority::new("other");
    let leaf = middle.certify("localhost").with(&middle);
    let roots = other.pem() + &root.pem();
    let pinned = |spki: &[[u8; 32]], authorities: &[[u8; 32]]| Binding {
        spki: spki.to_vec(),
        authorities: authorities.to_vec(),
        ..binding()
    };
    let rows = [
        ("no pin", pinned(&[], &[])),
        ("key of the server", pinned(&[leaf.spki()], &[])),
        ("key of the intermediate", pinned(&[middle.spki()], &[])),
        ("key of the root, which is not sent", pinned(&[root.spki()], &[])),
        ("one key of two", pinned(&[other.spki(), leaf.spki()], &[])),
        ("the intermediate", pinned(&[], &[middle.digest()])),
        ("the root", pinned(&[], &[root.digest()])),
        ("key and authority", pinned(&[leaf.spki()], &[root.digest()])),
    ];
    for (name, bound) in rows {
        assert_eq!(attempt(name, &leaf, &roots, bound).await, Ok(()), "{name}");
    }
    let both = pinned(&[leaf.spki()], &[other.digest()]);
    assert_eq!(attempt("key but not authority", &leaf, &roots, both).await, Err(SendError::Identity("pin")));
}

#[tokio::test]
#[expect(clippy::disallowed_types, reason = "the test looks at who connects")]
async fn an_address_outside_the_range_is_not_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut settings = settings(address.port(), &Authority::new("any").pem());
    settings.binding.addresses =
        vec![AddressRange::parse("10.0.0.0/8").unwrap(), AddressRange::parse("fd00::/8").unwrap()];
    assert_eq!(backend(settings).send(outgoing()).await.unwrap_err(), SendError::Address);

    // Connections are accepted in their order: the first one is the test's own.
    let own = TcpStream::connect(address).await.unwrap();
    let (_, from) = listener.accept().await.unwrap();
    assert_eq!(from, own.local_addr().unwrap());
}

#[tokio::test]
async fn an_address_within_the_range_is() {
    let (server, roots) = Server::good(serve).await;
    let mut settings = settings(server.port(), &roots);
    settings.binding.addresses = vec![AddressRange::parse("127.0.0.0/8").unwrap()];
    assert!(backend(settings).send(outgoing()).await.is_ok());
}

#[tokio::test]
async fn a_url_that_the_inventory_does_not_name_is_refused_at_load() {
    let mut settings = settings(443, &Authority::new("any").pem());
    settings.url = "https://api.openai.com".into();
    let fault = Backend::new(settings, &TaskTracker::new()).unwrap_err().fault;
    assert_eq!(fault, SetupFault::Host("api.openai.com".into()));
}

#[tokio::test]
async fn a_model_that_the_inventory_does_not_name_is_not_served() {
    let backend = backend(settings(443, &Authority::new("any").pem()));
    let asked = ["m", "M", "m ", "", "gpt-5"].map(|model| backend.serves(model));
    assert_eq!(asked, [true, false, false, false, false]);
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_whom_it_is_for() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let leaf = servers.certify("localhost");
    for version in [&TLS13, &TLS12] {
        let tls = leaf.server_of(&["http/1.1"], &[version], Some(&clients));
        let server = Server::start(tls, serve).await;
        let mut settings = settings(server.port(), &servers.pem());
        let without = backend(settings.clone()).send(outgoing()).await.unwrap_err();
        assert_eq!(without, SendError::Tls("refused by the backend"), "{version:?}");

        let (chain, key) = clients.certify("octroi").pem();
        settings.client_certificate = Some(ClientCertificate { chain, key: Secret::new(key) });
        assert!(backend(settings).send(outgoing()).await.is_ok(), "{version:?}");
    }
}

#[tokio::test]
async fn sessions_are_not_resumed_because_that_would_skip_the_certificate() {
    let (mut server, roots) =
        Server::good(say("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")).await;
    let backend = backend(settings(server.port(), &roots));
    for number in 1..=3 {
        assert!(text(backend.send(outgoing()).await.unwrap()).await.is_ok());
        loop {
            if let Event::Connected { number: seen, resumed } = server.event().await {
                assert_eq!((seen, resumed), (number, false));
                break;
            }
        }
    }
}

#[tokio::test]
async fn plain_text_needs_the_dangerous_flag() {
    let mut settings = settings(80, "");
    settings.url = "http://localhost".into();
    assert!(matches!(Backend::new(settings.clone(), &TaskTracker::new()).unwrap_err().fault, SetupFault::Url(_)));
    settings.plaintext = true;
    assert!(Backend::new(settings, &TaskTracker::new()).is_ok());
}
