//! Credentials that an issuer gives for a time: from each issuer, renewed ahead of their end, and never guessed.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use octroi::upstream::{
    AwsContainer, AwsInstance, Backend, Credential, Entra, GoogleAccount, GoogleMetadata, Issuer, Lease, Pool, Roots,
    Secret, SendError,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::server::{Event, Server, answer, serve};
use super::{PATIENCE, outgoing, settings};

/// What tests hide in secrets and answers, and nobody may see.
const SECRET: &str = "canary-of-a-secret";

/// An issuer near by, without TLS, that answers each request with what `answers` makes of it.
struct Near {
    port: u16,
    seen: mpsc::UnboundedReceiver<String>,
    _tasks: JoinSet<()>,
}

impl Near {
    async fn start(answers: impl Fn(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, seen) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut bytes = Vec::new();
                while !bytes.ends_with(b"\r\n\r\n") && matches!(stream.read_buf(&mut bytes).await, Ok(1..)) {}
                let asked = String::from_utf8(bytes).unwrap();
                drop(stream.write_all(answers(&asked).as_bytes()).await);
                drop(sender.send(asked));
            }
        });
        Self { port, seen, _tasks: tasks }
    }

    async fn seen(&mut self) -> String {
        timeout(PATIENCE, self.seen.recv()).await.expect("the issuer saw nothing").unwrap()
    }
}

/// A backend whose credential is fetched, and what it runs on.
struct Scene {
    server: Server,
    backend: Arc<Backend>,
    _pool: Pool,
    stop: CancellationToken,
}

impl Scene {
    async fn open(issuer: Issuer) -> Self {
        let (server, roots) = Server::good(serve).await;
        let mut settings = settings(server.port(), &roots);
        settings.credential = Some(Credential::Fetched(Lease::new(issuer)));
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let pool = Pool::build(vec![settings], None, &tasks).unwrap();
        let backend = Arc::clone(pool.backend("paris").unwrap());
        assert!(!backend.available(), "nothing is held yet");
        assert_eq!(backend.send(outgoing()).await.err(), Some(SendError::Credential));
        pool.spawn_health(&tasks, &stop);
        Self { server, backend, _pool: pool, stop }
    }

    /// Waits until it is as asked.
    async fn until(&self, what: &str, is: impl Fn(&Backend) -> bool) {
        let mut tick = interval(Duration::from_millis(5));
        let waited = async {
            while !is(&self.backend) {
                tick.tick().await;
            }
        };
        let why = || self.backend.why().map(|why| why.to_string());
        timeout(PATIENCE, waited).await.unwrap_or_else(|_| panic!("not {what}: {:?}", why()));
    }

    /// What the backend sees of a request.
    async fn sent(&mut self) -> String {
        self.until("available", Backend::available).await;
        self.backend.send(outgoing()).await.unwrap();
        self.server.seen().await
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn token(text: &str, expires_in: u64) -> String {
    answer(&format!(r#"{{"access_token":"{text}","token_type":"Bearer","expires_in":{expires_in},"scope":"s"}}"#))
}

fn keys(id: &str) -> String {
    answer(&format!(
        r#"{{"Code":"Success","AccessKeyId":"{id}","SecretAccessKey":"{SECRET}","Token":"session","Expiration":"2199-01-01T00:00:00Z"}}"#
    ))
}

fn entra(port: u16, roots: &str) -> Issuer {
    Issuer::Entra(Entra {
        login: format!("https://localhost:{port}"),
        tenant: "exemple.onmicrosoft.com".to_owned(),
        client: "client".to_owned(),
        secret: Secret::new(SECRET),
        scope: "https://cognitiveservices.azure.com/.default".to_owned(),
        roots: Roots::Pem(roots.into()),
    })
}

#[tokio::test]
async fn entra_gives_a_token_for_client_credentials_and_another_before_it_ends() {
    let (mut issuer, roots) = Server::good(|mut line| async move {
        if line.request().await {
            // The first lives two seconds.
            let (text, lifetime_s) = if line.number == 1 { ("first", 2) } else { ("second", 3600) };
            line.write(token(text, lifetime_s)).await;
        }
    })
    .await;
    let mut scene = Scene::open(entra(issuer.port(), &roots)).await;
    let asked = issuer.seen().await;
    assert!(asked.starts_with("POST /exemple.onmicrosoft.com/oauth2/v2.0/token HTTP/1.1\r\n"), "{asked}");
    let form = "grant_type=client_credentials&client_id=client&client_secret=canary-of-a-secret\
                &scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default";
    assert!(asked.ends_with(form), "{asked}");
    assert!(scene.sent().await.contains("\r\nauthorization: Bearer first\r\n"));
    issuer.seen().await;
    let second = async { while !scene.sent().await.contains("\r\nauthorization: Bearer second\r\n") {} };
    timeout(PATIENCE, second).await.unwrap();
    let printed = format!("{:?} {:?}", scene.backend, scene.backend.settings());
    assert!(!printed.contains(SECRET) && !printed.contains("second"), "{printed}");
}

#[tokio::test]
async fn google_gives_a_token_for_an_assertion_signed_with_the_accounts_key() {
    let (mut issuer, roots) = Server::good(|mut line| async move {
        if line.request().await {
            line.write(token("of-google", 3600)).await;
        }
    })
    .await;
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).unwrap();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()));
    let uri = format!("https://localhost:{}/token", issuer.port());
    let file = serde_json::json!({
        "type": "service_account", "client_email": "octroi@exemple.iam.gserviceaccount.com", "private_key": pem,
        "private_key_id": "k1", "token_uri": uri
    });
    let (key_file, scope) =
        (Secret::new(file.to_string()), "https://www.googleapis.com/auth/cloud-platform".to_owned());
    let account = GoogleAccount { key: key_file, scope, roots: Roots::Pem(roots.into()) };
    let mut scene = Scene::open(Issuer::GoogleAccount(account)).await;
    let asked = issuer.seen().await;
    let form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    let assertion = asked.split_once(form).unwrap().1;
    let (text, signature) = assertion.rsplit_once('.').unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref());
    public.verify(text.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let part =
        |part: &str| -> serde_json::Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
    let (head, claims) = text.split_once('.').map(|(head, claims)| (part(head), part(claims))).unwrap();
    assert_eq!(head, serde_json::json!({ "alg": "RS256", "typ": "JWT", "kid": "k1" }));
    assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (file["client_email"].as_str(), Some(uri.as_str())));
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 3600);
    assert!(scene.sent().await.contains("\r\nauthorization: Bearer of-google\r\n"));
}

#[tokio::test]
async fn the_metadata_server_of_google_gives_a_token_and_shows_what_it_is() {
    let mut issuer =
        Near::start(|_| token("of-the-machine", 3600).replacen("\r\n", "\r\nMetadata-Flavor: Google\r\n", 1)).await;
    let url = format!("http://localhost:{}", issuer.port);
    let mut scene = Scene::open(Issuer::GoogleMetadata(GoogleMetadata { url, account: "default".to_owned() })).await;
    let asked = issuer.seen().await;
    assert!(
        asked.starts_with("GET /computeMetadata/v1/instance/service-accounts/default/token HTTP/1.1\r\n"),
        "{asked}"
    );
    assert!(asked.to_ascii_lowercase().contains("\r\nmetadata-flavor: google\r\n"), "{asked}");
    assert!(scene.sent().await.contains("\r\nauthorization: Bearer of-the-machine\r\n"));
}

#[tokio::test]
async fn a_machine_at_aws_has_the_keys_of_its_role_by_the_second_version_alone() {
    let mut issuer = Near::start(|asked| match asked.split(' ').nth(1).unwrap() {
        "/latest/api/token" if asked.starts_with("PUT ") => answer("session-of-imds"),
        _ if !asked.contains("x-aws-ec2-metadata-token: session-of-imds\r\n") => {
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n".to_owned()
        }
        "/latest/meta-data/iam/security-credentials/" => answer("gateway-role\n"),
        "/latest/meta-data/iam/security-credentials/gateway-role" => keys("AKIAOFTHEMACHINE"),
        _ => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
    })
    .await;
    let instance = AwsInstance {
        url: format!("http://127.0.0.1:{}", issuer.port),
        role: None,
        region: "eu-west-3".to_owned(),
        service: "bedrock".to_owned(),
    };
    let mut scene = Scene::open(Issuer::AwsInstance(instance)).await;
    let sent = scene.sent().await;
    assert!(sent.contains("\r\nauthorization: AWS4-HMAC-SHA256 Credential=AKIAOFTHEMACHINE/"), "{sent}");
    assert!(sent.contains("\r\nx-amz-security-token: session\r\n") && sent.contains("/eu-west-3/bedrock/"), "{sent}");
    assert!(issuer.seen().await.contains("x-aws-ec2-metadata-token-ttl-seconds: 60\r\n"));
}

#[tokio::test]
async fn a_container_at_aws_has_the_keys_of_its_task() {
    let mut issuer = Near::start(|_| keys("AKIAOFTHETASK")).await;
    let container = AwsContainer {
        url: Secret::new(format!("http://127.0.0.1:{}/v2/credentials/task-1", issuer.port)),
        authorization: Some(Secret::new("token-of-the-pod")),
        region: "eu-west-3".to_owned(),
        service: "bedrock".to_owned(),
    };
    let mut scene = Scene::open(Issuer::AwsContainer(container)).await;
    let asked = issuer.seen().await;
    assert!(asked.starts_with("GET /v2/credentials/task-1 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("\r\nauthorization: token-of-the-pod\r\n"), "{asked}");
    assert!(scene.sent().await.contains("Credential=AKIAOFTHETASK/"));
}

#[tokio::test]
async fn where_no_credential_is_given_the_backend_is_unavailable_and_says_why() {
    let (mut trap, _) = Server::good(serve).await;
    let moved =
        format!("HTTP/1.1 307 Moved\r\nlocation: https://localhost:{}/\r\ncontent-length: 0\r\n\r\n", trap.port());
    for (name, said, why) in [
        ("refused", format!("HTTP/1.1 401 No\r\ncontent-length: {}\r\n\r\n{SECRET}", SECRET.len()), "status 401"),
        ("a redirect", moved, "redirect"),
        ("no token", answer(&format!(r#"{{"error":"{SECRET}"}}"#)), "is no token"),
        ("endless", answer(&SECRET.repeat(10_000)), "too large"),
    ] {
        let (issuer, roots) = Server::good(move |mut line| {
            let said = said.clone();
            async move {
                if line.request().await {
                    line.write(said).await;
                }
            }
        })
        .await;
        let mut scene = Scene::open(entra(issuer.port(), &roots)).await;
        let says = |backend: &Backend| backend.why().is_some_and(|found| found.to_string().contains(why));
        scene.until(name, says).await;
        let printed = format!("{:?} {}", scene.backend, scene.backend.why().unwrap());
        assert!(!printed.contains(SECRET), "{name}: {printed}");
        assert!(!scene.backend.available(), "{name}");
        assert_eq!(scene.backend.send(outgoing()).await.err(), Some(SendError::Credential), "{name}");
        assert_eq!(scene.server.events(), [], "{name}: nothing went to the backend");
    }
    assert_eq!(trap.events(), [], "a redirect is not followed");
}

#[tokio::test]
async fn an_issuer_that_cannot_prove_itself_is_told_no_secret() {
    let (mut issuer, _) = Server::good(serve).await;
    let (_, other_roots) = super::server::good(&["http/1.1"]);
    let scene = Scene::open(entra(issuer.port(), &other_roots)).await;
    let says =
        |backend: &Backend| backend.why().is_some_and(|why| why.to_string().contains("cannot prove its identity"));
    scene.until("refused", says).await;
    assert!(issuer.events().iter().all(|event| matches!(event, Event::Refused)));
}
