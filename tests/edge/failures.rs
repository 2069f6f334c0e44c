//! A stage that panics: one request is refused, under the id that the record has, and nothing is quoted.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use octroi::audit::{AuditError, AuditLog, BoxFuture, Head, Position, Slot};
use octroi::model::entry::Entry;

use super::common::{EMAIL, NAME, Plot, VALUES, chat_body, prompt};

/// Where a log panics, once.
const NOWHERE: u8 = 0;
const BEFORE_WRITING: u8 = 1;
const AFTER_WRITING: u8 = 2;

/// A log that panics when it is told to, as a fault of ours would, and quotes what was being handled.
#[derive(Debug)]
struct Panicking {
    inner: Arc<dyn AuditLog>,
    armed: Arc<AtomicU8>,
}

impl Panicking {
    fn pass(&self, place: u8) {
        let armed = self.armed.compare_exchange(place, NOWHERE, Ordering::SeqCst, Ordering::SeqCst);
        assert!(armed.is_err(), "a fault of ours at {NAME}, {EMAIL}");
    }
}

impl AuditLog for Panicking {
    fn append(&self, entry: Entry) -> BoxFuture<'_, Result<Position, AuditError>> {
        Box::pin(async move {
            let position = self.inner.append(entry).await;
            self.pass(AFTER_WRITING);
            position
        })
    }

    fn reserve(&self) -> Result<Slot, AuditError> {
        self.pass(BEFORE_WRITING);
        self.inner.reserve()
    }

    fn head(&self) -> Head {
        self.inner.head()
    }

    fn read(&self, range: std::ops::Range<u64>) -> BoxFuture<'_, Result<Vec<Vec<u8>>, AuditError>> {
        self.inner.read(range)
    }

    fn healthy(&self) -> bool {
        self.inner.healthy()
    }

    fn epoch(&self) -> u32 {
        self.inner.epoch()
    }

    fn fence(&self, epoch: u32) -> BoxFuture<'_, Result<(), AuditError>> {
        self.inner.fence(epoch)
    }
}

/// A panic refuses one request, on a connection that goes on, and ends in the record under its own word and its id.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_refuses_one_request() {
    // As in the product, when the test below runs this one for what it says.
    let _observed =
        std::env::var_os(SAYS).map(|_| octroi::cli::observe::start(octroi::cli::observe::Level::Info).unwrap());
    let armed = Arc::new(AtomicU8::new(NOWHERE));
    let shared = Arc::clone(&armed);
    let house = Plot::new().await.open_on(move |inner| Arc::new(Panicking { inner, armed: shared })).await;
    let stream = hyper_util::rt::TokioIo::new(house.client.connect().await.unwrap());
    let (mut sender, driver) = hyper::client::conn::http1::handshake(stream).await.unwrap();
    tokio::spawn(driver);
    let mut told = Vec::new();
    for (place, status) in [(NOWHERE, 200), (AFTER_WRITING, 500), (NOWHERE, 200), (BEFORE_WRITING, 500), (NOWHERE, 200)]
    {
        armed.store(place, Ordering::SeqCst);
        sender.ready().await.unwrap();
        let request = house.client.request(http::Method::POST, "/v1/chat/completions", chat_body(&prompt(), false));
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), status);
        let id = answer.headers()["octroi-request-id"].to_str().unwrap().to_owned();
        let body = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        if status == 500 {
            assert!(body.contains("\"internal\"") && body.contains(&id) && !body.contains("a fault of ours"), "{body}");
            assert!(VALUES.iter().all(|value| !body.contains(value)), "{body}");
        }
        told.push(id);
    }
    let seen: usize =
        ["paris-gpu-1", "paris-gpu-2", "us-cloud"].iter().map(|name| house.plot.received(name).len()).sum();
    assert_eq!(seen, 3);
    let page = house.app.gate().telemetry.page();
    assert!(page.contains("octroi_panics_total 2"), "{page}");
    assert!(page.contains("status=\"500\",code=\"internal\"") && !page.contains("client_gone"), "{page}");
    let outcomes = house.outcomes(4).await;
    let ends: Vec<_> = outcomes
        .iter()
        .map(|outcome| (outcome["request"].as_str().unwrap(), outcome["end"].as_str().unwrap()))
        .collect();
    let expected = [(&told[0], "complete"), (&told[1], "failed"), (&told[2], "complete"), (&told[4], "complete")];
    assert_eq!(ends, expected.map(|(id, end)| (id.as_str(), end)));
    // Of the one that panicked before it was decided on, the decision says so.
    let decisions = house.entries_of("decision").await;
    let undecided = decisions.iter().find(|decision| decision["request"] == told[3].as_str()).expect("no record");
    assert_eq!((&undecided["verdict"], &undecided["reason"]), (&"refuse".into(), &"internal".into()));
    println!("panicked: {} {}", told[1], told[3]);
}

/// Set in the environment of a test that is run for what it says.
const SAYS: &str = "OCTROI_TEST_SAYS";

/// What a panic's text quotes is not in the log: the log names the place, and the request by its id.
#[test]
fn the_log_of_a_panic_quotes_nothing() {
    let ran = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "failures::a_panic_refuses_one_request", "--nocapture"])
        .env(SAYS, "1")
        .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
        .output()
        .unwrap();
    let (told, said) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap());
    assert!(ran.status.success() && told.contains("1 passed"), "{told}\n{said}");
    let panicked: Vec<_> = said.lines().filter(|line| line.contains("\"Panicked\"")).collect();
    assert_eq!(panicked.len(), 2, "{said}");
    assert!(panicked.iter().all(|line| line.contains("tests/edge/failures.rs:")), "{panicked:?}");
    for value in VALUES.iter().copied().chain(["Aubertin", "camille.aubertin", "a fault of ours"]) {
        assert!(!said.contains(value), "logged: {value}");
    }
    let ids = told.lines().find_map(|line| line.split_once("panicked: ")).unwrap().1;
    for id in ids.split(' ') {
        let lines = said.lines().filter(|line| line.contains(id.trim()));
        let failed = lines.filter(|line| line.contains("failed inside the gateway")).count();
        assert_eq!(failed, 1, "{id}: {said}");
    }
}
