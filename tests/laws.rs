//! One test for each law of the house. Each fails when the code that keeps its law is taken away.

#![expect(clippy::disallowed_methods, reason = "tests edit the files of a house")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{EMAIL, House, IBAN, NAME, PHONE, Plot, VALUES, chat_body, prompt};
use http::Method;
use octroi::audit::{AuditError, AuditLog, BoxFuture, Head, Position, Slot};
use octroi::model::entry::Entry;
use serde_json::json;

/// Law 1: nothing leaves unread. A value in every place of a body that a table knows or does not know.
#[tokio::test(flavor = "multi_thread")]
async fn law_1_nothing_leaves_unread() {
    let house = House::open().await;
    house.plot.paris_down(true);
    let body = json!({
        "model": "assistant",
        "messages": [
            {"role": "system", "content": format!("system {EMAIL}")},
            {"role": "user", "name": "u", "content": [{"type": "text", "text": format!("part {EMAIL}")}, {"type": "text", "text": "b"}]},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": json!({"to": EMAIL, "deep": [{"x": EMAIL}]}).to_string()}}]},
            {"role": "tool", "tool_call_id": "c1", "content": format!("result {EMAIL}")},
            {"role": "user", "content": format!("last {EMAIL}"), "unheard_of": {EMAIL: [EMAIL, {"k": EMAIL}]}},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "description": format!("about {EMAIL}"),
            "parameters": {"type": "object", "properties": {"to": {"type": "string", "description": EMAIL, "enum": [EMAIL]}}}}}],
        "metadata": {"note": EMAIL, EMAIL: "x"},
        "user": EMAIL,
        "stop": [EMAIL],
        "a_field_of_tomorrow": {"nested": [[EMAIL]]},
    });
    let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let crossed = house.plot.received("us-cloud");
    assert_eq!(crossed.len(), 1);
    assert!(!crossed[0].contains("camille"), "a value crossed: {}", crossed[0]);
    assert!(!crossed[0].contains("example.com"), "a part of a value crossed: {}", crossed[0]);
}

/// Law 1: a body that cannot be read whole is refused, and reaches nobody.
#[tokio::test(flavor = "multi_thread")]
async fn law_1_what_cannot_be_read_is_refused() {
    let house = House::open().await;
    let deep = format!("{}1{}", "[".repeat(80), "]".repeat(80));
    let rows: Vec<(&str, Vec<u8>)> = vec![
        (
            "duplicate key",
            br#"{"model":"assistant","messages":[],"messages":[{"role":"user","content":"x"}]}"#.to_vec(),
        ),
        ("duplicate key, escaped", br#"{"model":"assistant","messages":[],"\u006dessages":[]}"#.to_vec()),
        ("case variant of a governed key", br#"{"model":"assistant","messages":[],"Messages":[]}"#.to_vec()),
        (
            "invalid UTF-8",
            b"{\"model\":\"assistant\",\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}".to_vec(),
        ),
        ("lone surrogate", br#"{"model":"assistant","messages":[{"role":"user","content":"\ud800"}]}"#.to_vec()),
        ("trailing bytes", br#"{"model":"assistant","messages":[]} x"#.to_vec()),
        ("two documents", br#"{"model":"assistant","messages":[]}{}"#.to_vec()),
        ("comment", br#"{"model":"assistant",/* */"messages":[]}"#.to_vec()),
        ("trailing comma", br#"{"model":"assistant","messages":[],}"#.to_vec()),
        ("number outside f64", br#"{"model":"assistant","messages":[],"seed":1e999}"#.to_vec()),
        ("depth", format!(r#"{{"model":"assistant","messages":[],"x":{deep}}}"#).into_bytes()),
        ("byte order mark", "\u{feff}{\"model\":\"assistant\",\"messages\":[]}".as_bytes().to_vec()),
        ("not an object", b"[]".to_vec()),
        ("empty", Vec::new()),
    ];
    for (name, body) in rows {
        let answer = house.client.post("/v1/chat/completions", body).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.body);
        assert!(answer.json()["error"]["message"].is_string(), "{name}");
    }
    for server in ["paris-gpu-1", "paris-gpu-2", "us-cloud"] {
        assert!(house.plot.received(server).is_empty(), "{server} received something");
    }
}

/// Law 1: endpoints that are not governed, methods and paths that are not exact, are refused.
#[tokio::test(flavor = "multi_thread")]
async fn law_1_endpoints_that_are_not_governed_are_refused() {
    let house = House::open().await;
    for (method, path, status) in [
        (Method::POST, "/v1/files", 404),
        (Method::GET, "/v1/files", 404),
        (Method::POST, "/v1/audio/transcriptions", 404),
        (Method::POST, "/v1//chat/completions", 404),
        (Method::POST, "/v1/chat/completions/", 404),
        (Method::POST, "/v1/./chat/completions", 404),
        (Method::POST, "/V1/chat/completions", 404),
        (Method::POST, "/v1/chat%2fcompletions", 404),
        (Method::GET, "/v1/chat/completions", 405),
        (Method::PUT, "/v1/chat/completions", 405),
        (Method::POST, "/v1/chat/completions?region=us", 400),
    ] {
        let answer =
            house.client.send(house.client.request(method.clone(), path, chat_body("x", false))).await.unwrap();
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
    }
}

/// Law 2: fail closed. Without a policy nothing starts; without a matching `allow` nothing is served.
#[tokio::test(flavor = "multi_thread")]
async fn law_2_no_policy_no_gateway() {
    let plot = Plot::new().await;
    std::fs::remove_file(plot.path("policies/main.policy")).unwrap();
    assert!(octroi::app::App::start(plot.write_configuration()).await.is_err());
    let plot = Plot::new().await;
    std::fs::write(plot.path("policies/main.policy"), "policy \"broken\n").unwrap();
    assert!(octroi::app::App::start(plot.write_configuration()).await.is_err());
}

/// Law 2: what cannot be read counts as holding anything.
#[tokio::test(flavor = "multi_thread")]
async fn law_2_the_unreadable_stays_home() {
    let house = House::open().await;
    let parts = |part| json!({"model": "assistant", "messages": [{"role": "user", "content": [part]}]}).to_string();
    let image = parts(json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}));
    let link = parts(json!({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}));
    for body in [&image, &link] {
        let answer = house.client.post("/v1/chat/completions", body.clone()).await;
        assert!(answer.header("octroi-backend").starts_with("paris"), "{}", answer.body);
    }
    house.plot.paris_down(true);
    for body in [image, link] {
        let answer = house.client.post("/v1/chat/completions", body).await;
        assert!(answer.status >= 400, "{}", answer.body);
        assert!(answer.body.contains("unknown-means-home"), "{}", answer.body);
    }
    assert!(house.plot.received("us-cloud").is_empty());
}

/// Law 3: recorded before sent. Every body that a server saw has its MAC in an entry of the log.
#[tokio::test(flavor = "multi_thread")]
async fn law_3_recorded_before_sent() {
    let house = House::open().await;
    for _ in 0..3 {
        assert_eq!(house.client.chat(&prompt(), false).await.status, 200);
    }
    house.plot.paris_down(true);
    assert_eq!(house.client.chat(&prompt(), true).await.status, 200);
    let entries = house.entries().await;
    let mut sendings: Vec<(String, u64)> = entries
        .iter()
        .filter_map(|entry| entry.get("sending"))
        .map(|sending| (sending["backend"].as_str().unwrap().to_owned(), sending["body_bytes"].as_u64().unwrap()))
        .collect();
    for server in ["paris-gpu-1", "paris-gpu-2", "us-cloud"] {
        for body in house.plot.received(server) {
            let found = sendings.iter().position(|(to, bytes)| to == server && *bytes == body.len() as u64);
            sendings.remove(found.unwrap_or_else(|| panic!("{server} saw {} bytes that no entry names", body.len())));
        }
    }
}

/// A log that can be told to fail, as a full disk would.
#[derive(Debug)]
struct Failing {
    inner: Arc<dyn AuditLog>,
    fails: Arc<AtomicBool>,
}

impl AuditLog for Failing {
    fn append(&self, entry: Entry) -> BoxFuture<'_, Result<Position, AuditError>> {
        if self.fails.load(Ordering::SeqCst) {
            return Box::pin(std::future::ready(Err(AuditError::Closed)));
        }
        self.inner.append(entry)
    }

    fn reserve(&self) -> Result<Slot, AuditError> {
        self.inner.reserve()
    }

    fn head(&self) -> Head {
        self.inner.head()
    }

    fn read(&self, range: std::ops::Range<u64>) -> BoxFuture<'_, Result<Vec<Vec<u8>>, AuditError>> {
        self.inner.read(range)
    }

    fn healthy(&self) -> bool {
        !self.fails.load(Ordering::SeqCst) && self.inner.healthy()
    }
}

/// Law 3: a log that cannot write refuses, and nothing leaves; when it can again, requests are served again.
#[tokio::test(flavor = "multi_thread")]
async fn law_3_no_record_no_sending() {
    let fails = Arc::new(AtomicBool::new(false));
    let shared = Arc::clone(&fails);
    let house = Plot::new().await.open_on(move |inner| Arc::new(Failing { inner, fails: shared })).await;
    let seen = |house: &House| -> usize {
        ["paris-gpu-1", "paris-gpu-2", "us-cloud"].iter().map(|server| house.plot.received(server).len()).sum()
    };
    assert_eq!(house.client.chat("before", false).await.status, 200);
    let before = seen(&house);
    fails.store(true, Ordering::SeqCst);
    let answer = house.client.chat("while it fails", false).await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert_eq!(answer.json()["error"]["code"], "audit_unavailable");
    assert_eq!(before, seen(&house), "something left without a record");
    fails.store(false, Ordering::SeqCst);
    assert_eq!(house.client.chat("after", false).await.status, 200);
}

/// Law 4: decided per attempt. The payload of one backend never goes to another.
#[tokio::test(flavor = "multi_thread")]
async fn law_4_each_backend_has_its_own_payload() {
    let house = House::open().await;
    let home = house.client.chat(&prompt(), false).await;
    assert!(home.header("octroi-backend").starts_with("paris"));
    house.plot.paris_down(true);
    let abroad = house.client.chat(&prompt(), false).await;
    assert_eq!(abroad.header("octroi-backend"), "us-cloud", "{}", abroad.body);
    let crossed = house.plot.received("us-cloud").concat();
    assert!(VALUES.iter().all(|value| !crossed.contains(value)), "{crossed}");
    let raw = ["paris-gpu-1", "paris-gpu-2"].map(|server| house.plot.received(server).concat()).concat();
    assert!(VALUES.iter().all(|value| raw.contains(value)), "{raw}");
}

/// Law 4: where no clause opens the next tier, a request does not cross, whatever happens at home.
#[tokio::test(flavor = "multi_thread")]
async fn law_4_no_clause_no_crossing() {
    let plot = Plot::new().await;
    let path = plot.path("policies/main.policy");
    let sheet = std::fs::read_to_string(&path).unwrap();
    let without: String = sheet.lines().filter(|line| !line.starts_with("fall back")).collect::<Vec<_>>().join("\n");
    assert_ne!(sheet, without);
    std::fs::write(&path, without).unwrap();
    let house = plot.open().await;
    house.plot.paris_down(true);
    let answer = house.client.chat("nothing personal", false).await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(house.plot.received("us-cloud").is_empty());
}

/// Law 5: what was measured is what is claimed. The record's counts are those of the bytes.
#[tokio::test(flavor = "multi_thread")]
async fn law_5_the_record_counts_what_was_done() {
    let house = House::open().await;
    house.plot.paris_down(true);
    let answer = house.client.chat(&prompt(), false).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let crossed = house.plot.received("us-cloud").concat();
    let tokens = crossed.matches('<').count() as u64;
    let decisions = house.entries_of("decision").await;
    let attempts = house.entries_of("attempt").await;
    let sending = attempts
        .iter()
        .chain(&decisions)
        .map(|entry| &entry["sending"])
        .find(|sending| sending["backend"] == "us-cloud");
    let changed = sending.unwrap()["changed"].as_array().unwrap();
    let counted: u64 = changed.iter().map(|change| change["count"].as_u64().unwrap()).sum();
    assert_eq!(counted, tokens, "{changed:?} for {crossed}");
    assert!(counted >= 4);
    let outcome = house.outcomes(1).await.pop().unwrap();
    let back: usize = VALUES.iter().map(|value| answer.body.matches(value).count()).sum();
    assert_eq!(outcome["restored"].as_u64().unwrap(), back as u64, "{}", answer.body);
}

/// Law 6: no detected value outside the request: not in the log, the files, the metrics, or a refusal.
#[tokio::test(flavor = "multi_thread")]
async fn law_6_no_value_outside_the_request() {
    let house = House::open().await;
    assert_eq!(house.client.chat(&prompt(), false).await.status, 200);
    house.plot.paris_down(true);
    assert_eq!(house.client.chat(&prompt(), true).await.status, 200);
    let refused = house.client.chat(&format!("{} has diabetes", prompt()), false).await;
    assert!(refused.status >= 400);
    let mut texts = vec![("a refusal".to_owned(), refused.body.into_bytes())];
    texts.push(("metrics".to_owned(), house.app.gate().telemetry.page().into_bytes()));
    for (path, bytes) in common::files_below(house.plot.folder.path()) {
        texts.push((path.display().to_string(), bytes));
    }
    for (place, bytes) in &texts {
        for value in VALUES.iter().copied().chain([house.plot.key.as_str(), "Aubertin", "camille.aubertin"]) {
            let found = bytes.windows(value.len()).any(|window| window == value.as_bytes());
            assert!(!found, "`{place}` holds a value");
        }
    }
}

/// Law 7: everything is bounded, and the bounds answer.
#[tokio::test(flavor = "multi_thread")]
async fn law_7_bounds_answer() {
    let mut plot = Plot::new().await;
    plot.extra = "[limits]\nbody_bytes = 2000\nrequests = 4\n".to_owned();
    let house = plot.open().await;
    let large = house.client.chat(&"x".repeat(3000), false).await;
    assert_eq!(large.status, 413, "{}", large.body);
    let small = house.client.chat("x", false).await;
    assert_eq!(small.status, 200);
}

/// Law 8 for what this build has: the same request gives the same decision, byte for byte in its facts.
#[tokio::test(flavor = "multi_thread")]
async fn law_8_the_same_request_gives_the_same_decision() {
    let house = House::open().await;
    for _ in 0..2 {
        assert_eq!(house.client.chat(&prompt(), false).await.status, 200);
    }
    let decisions = house.entries_of("decision").await;
    assert_eq!(decisions.len(), 2);
    for key in ["findings", "rules", "plan", "removed", "policy", "scan"] {
        assert_eq!(decisions[0][key], decisions[1][key], "{key}");
    }
}

/// Answers tell the application what happened, and an app can be set to get only the id.
#[tokio::test(flavor = "multi_thread")]
async fn answers_tell_what_happened() {
    let house = House::open().await;
    house.plot.paris_down(true);
    let answer = house.client.chat(&prompt(), false).await;
    assert_eq!(answer.header("octroi-backend"), "us-cloud");
    assert_eq!(answer.header("octroi-country"), "US");
    assert!(answer.header("octroi-changed").contains("email=1;pseudonymise"), "{}", answer.header("octroi-changed"));
    let id = answer.header("octroi-request-id").to_owned();
    assert!(house.entries_of("decision").await.iter().any(|entry| entry["request"] == id.as_str()));
    for value in [NAME, EMAIL, PHONE, IBAN] {
        assert!(answer.body.contains(value), "{value} was not restored: {}", answer.body);
    }
    let mut plot = Plot::new().await;
    plot.app = "headers = \"id\"\n".to_owned();
    let quiet = plot.open().await;
    let answer = quiet.client.chat("x", false).await;
    assert!(!answer.header("octroi-request-id").is_empty());
    assert!(answer.headers.keys().filter(|name| name.as_str().starts_with("octroi-")).count() == 1);
}
