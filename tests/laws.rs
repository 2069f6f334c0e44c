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
use tokio::sync::Semaphore;

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
    let mut told = Vec::new();
    for (name, body) in rows {
        let answer = house.client.post("/v1/chat/completions", body).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.body);
        assert!(answer.json()["error"]["message"].is_string(), "{name}");
        told.push((answer.header("octroi-request-id").to_owned(), answer.json()["error"]["code"].clone()));
    }
    // The caller is known, so each refusal is in the record.
    let recorded: Vec<_> = house
        .entries_of("decision")
        .await
        .iter()
        .filter(|decision| decision["verdict"] == "refuse" && decision["scan"]["status"] == "failed")
        .map(|decision| (decision["request"].as_str().unwrap().to_owned(), decision["reason"].clone()))
        .collect();
    assert_eq!(recorded, told);
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
    for server in ["paris-gpu-1", "paris-gpu-2", "us-cloud"] {
        assert!(house.plot.received(server).is_empty(), "{server} received something");
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

/// Law 2: where no `allow` surely holds, nothing is served, wherever the backend stands.
#[tokio::test(flavor = "multi_thread")]
async fn law_2_no_allow_no_backend() {
    let plot = Plot::new().await;
    let path = plot.path("policies/main.policy");
    let sheet = std::fs::read_to_string(&path).unwrap();
    let rules = sheet.split("scenario ").next().unwrap();
    let kept: Vec<&str> = rules.lines().filter(|line| !line.starts_with("allow")).collect();
    std::fs::write(&path, kept.join("\n") + "\nallow backends exposed to US when app is \"clinic-notes\"\n").unwrap();
    let house = plot.open().await;
    let answer = house.client.chat("nothing personal", false).await;
    assert_eq!((answer.status, &answer.json()["error"]["code"]), (403, &"refused_by_policy".into()), "{}", answer.body);
    assert_eq!(seen(&house), 0);
}

/// Law 2: one address cannot be in two places. A backend that is moved abroad by editing its URL is not used.
#[tokio::test(flavor = "multi_thread")]
async fn law_2_one_address_is_in_one_place() {
    let plot = Plot::new().await;
    let path = plot.write_configuration();
    let text = std::fs::read_to_string(&path).unwrap();
    let port = |name: &str| plot.servers[name].address().port().to_string();
    for (moved, to, starts) in
        [("paris-gpu-1", "us-cloud", false), ("us-cloud", "paris-gpu-2", false), ("paris-gpu-1", "paris-gpu-2", true)]
    {
        std::fs::write(&path, text.replace(&port(moved), &port(to))).unwrap();
        assert_eq!(octroi::app::App::start(path.clone()).await.is_ok(), starts, "{moved} at {to}");
    }
}

/// Law 2: what cannot be read counts as holding anything.
#[tokio::test(flavor = "multi_thread")]
async fn law_2_the_unreadable_stays_home() {
    let house = House::open().await;
    let parts = |part| json!({"model": "assistant", "messages": [{"role": "user", "content": [part]}]}).to_string();
    let image = parts(json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}));
    let link = parts(json!({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}));
    let said =
        |content: serde_json::Value| json!({"model": "assistant", "messages": [{"role": "user", "content": content}]});
    let pdf = "JVBERi0xLjcKJeLjz9MKMSAwIG9iago8PC9UeXBlL0NhdGFsb2c+PgplbmRvYmoK";
    let mut bodies = vec![
        image,
        link,
        // Where no row of a table says what it is, and where one says that it is text.
        parts(json!({"type": "document", "source": {"type": "base64", "data": pdf}})),
        parts(json!({"type": "photo", "photo": format!("data:image/png;base64,{}", "iVBORw0KGgoAAAANSUhEUgAA")})),
        parts(json!({"type": "photo", "photo": "https://example.com/a.png"})),
        parts(json!({"type": "video_url", "video_url": "https://example.com/a.mp4"})),
        parts(json!({"type": "document_url", "document_url": "https://example.com/a.pdf"})),
        parts(json!({"type": "image_embeds", "image_embeds": "AAAA"})),
        parts(json!({"type": "input_audio", "input_audio": "UklGRg=="})),
        said(json!(format!("Summarise {pdf}"))).to_string(),
        json!({"model": "assistant", "messages": [{"role": "tool", "tool_call_id": "c", "content": pdf}]}).to_string(),
    ];
    for (key, value) in [
        ("prompt_token_ids", json!([15496, 995])),
        ("extra", json!({"input_ids": [[15496, 995]]})),
        ("cached_content", json!("cachedContents/1")),
    ] {
        let mut body = said(json!("x"));
        body[key] = value;
        bodies.push(body.to_string());
    }
    for body in &bodies {
        let answer = house.client.post("/v1/chat/completions", body.clone()).await;
        assert!(answer.header("octroi-backend").starts_with("paris"), "{}", answer.body);
    }
    house.plot.paris_down(true);
    for body in bodies {
        let answer = house.client.post("/v1/chat/completions", body.clone()).await;
        assert!(answer.status >= 400, "{body}: {}", answer.body);
        assert!(answer.body.contains("unknown-means-home"), "{}", answer.body);
    }
    let prompt = json!({"model": "assistant", "prompt": {"prompt_token_ids": [15496, 995]}}).to_string();
    let answer = house.client.post("/v1/completions", prompt).await;
    assert!(answer.status >= 400 && answer.body.contains("unknown-means-home"), "{}", answer.body);
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

/// A log that can be told to fail, as a full disk would, or to take its time, as a slow one would.
#[derive(Debug)]
struct Failing {
    inner: Arc<dyn AuditLog>,
    fails: Arc<AtomicBool>,
    /// How it fails.
    error: AuditError,
    /// An entry is written when there is a permit; the log's own are not counted.
    slow: Option<Arc<Semaphore>>,
}

impl AuditLog for Failing {
    fn append(&self, entry: Entry) -> BoxFuture<'_, Result<Position, AuditError>> {
        if self.fails.load(Ordering::SeqCst) {
            return Box::pin(std::future::ready(Err(self.error)));
        }
        let slow = self.slow.clone().filter(|_| matches!(entry, Entry::Decision(_) | Entry::Attempt(_)));
        Box::pin(async move {
            if let Some(slow) = slow {
                slow.acquire().await.map(tokio::sync::SemaphorePermit::forget).unwrap_or_default();
            }
            self.inner.append(entry).await
        })
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

    fn epoch(&self) -> u32 {
        self.inner.epoch()
    }

    fn fence(&self, epoch: u32) -> BoxFuture<'_, Result<(), AuditError>> {
        self.inner.fence(epoch)
    }
}

/// How many bodies have reached a server.
fn seen(house: &House) -> usize {
    ["paris-gpu-1", "paris-gpu-2", "us-cloud"].iter().map(|server| house.plot.received(server).len()).sum()
}

/// Law 3: as long as the entry is not on disk nothing leaves, for the first backend and for each further one.
#[tokio::test(flavor = "multi_thread")]
async fn law_3_nothing_is_sent_while_the_entry_is_written() {
    let slow = Arc::new(Semaphore::new(0));
    let (gate, never) = (Arc::clone(&slow), Arc::new(AtomicBool::new(false)));
    let mut plot = Plot::new().await;
    let home = plot.script("paris-gpu-1", |_| vec![common::scripted::Step::Reset]).await;
    let abroad = plot.script("us-cloud", common::scripted::echo).await;
    plot.only(&["paris-gpu-1", "us-cloud"]);
    let house = plot
        .open_on(move |inner| Arc::new(Failing { inner, fails: never, error: AuditError::Closed, slow: Some(gate) }))
        .await;
    let client = house.client.clone();
    let asking = tokio::spawn(async move { client.chat("x", false).await });
    // Long enough for a request to arrive, were it sent; what does not happen cannot be waited for.
    let a_while = std::time::Duration::from_millis(300);
    common::until("the request", async || (house.app.gate().telemetry.requests_in_work() == 1).then_some(())).await;
    tokio::time::sleep(a_while).await;
    assert_eq!((home.asked().len(), abroad.asked().len()), (0, 0), "sent before it was recorded");
    slow.add_permits(1);
    common::until("the first attempt", async || (home.asked().len() == 1).then_some(())).await;
    tokio::time::sleep(a_while).await;
    assert_eq!(abroad.asked().len(), 0, "a further attempt was sent before it was recorded");
    slow.add_permits(1);
    assert_eq!(asking.await.unwrap().header("octroi-backend"), "us-cloud");
}

/// Law 3: a log that cannot write refuses, and nothing leaves; when it can again, requests are served again. A full queue
/// passes by itself and has a code of its own.
#[tokio::test(flavor = "multi_thread")]
async fn law_3_no_record_no_sending() {
    for (error, code) in [(AuditError::Closed, "audit_unavailable"), (AuditError::Full, "audit_overloaded")] {
        let fails = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&fails);
        let plot = Plot::new().await;
        let house = plot.open_on(move |inner| Arc::new(Failing { inner, fails: shared, error, slow: None })).await;
        assert_eq!(house.client.chat("before", false).await.status, 200);
        let before = seen(&house);
        fails.store(true, Ordering::SeqCst);
        let answer = house.client.chat("while it fails", false).await;
        assert_eq!(answer.status, 503, "{}", answer.body);
        assert_eq!(answer.json()["error"]["code"], code);
        assert_eq!(before, seen(&house), "something left without a record");
        fails.store(false, Ordering::SeqCst);
        assert_eq!(house.client.chat("after", false).await.status, 200);
    }
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

/// Laws 3 and 4: a backend whose duties cannot be done is passed over as policy would have done it, and the next one is decided on
/// and recorded as the first.
#[tokio::test(flavor = "multi_thread")]
async fn law_4_a_duty_that_cannot_be_done_leaves_the_next_backend() {
    let plot = Plot::new().await;
    let path = plot.path("policies/main.policy");
    let sheet = std::fs::read_to_string(&path).unwrap();
    let rule = "rule cards because \"x\" when data includes payment-card on backends named paris-gpu-1\n  must pseudonymise payment-card\n  prefer backends named paris-gpu-1\n";
    std::fs::write(&path, format!("{sheet}\n{rule}")).unwrap();
    let house = plot.open().await;
    let body = json!({"model": "assistant", "card": 4_111_111_111_111_111_u64, "messages": [{"role": "user", "content": "hi"}]});
    // A number cannot be replaced by a pseudonym.
    let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
    assert_eq!((answer.status, answer.header("octroi-backend")), (200, "paris-gpu-2"), "{}", answer.body);
    assert!(house.plot.received("paris-gpu-1").is_empty());
    let decisions = house.entries_of("decision").await;
    assert_eq!(decisions.len(), 1);
    assert_eq!(decisions[0]["sending"]["backend"], "paris-gpu-2");
    assert!(house.entries_of("attempt").await.is_empty());
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
    let mut declared = house.client.request(Method::POST, "/v1/chat/completions", chat_body("x", false));
    for name in ["octroi-label", "octroi-purpose", "octroi-residence"] {
        declared.headers_mut().insert(name, EMAIL.parse().unwrap());
    }
    let declared = house.client.send(declared).await.unwrap();
    let unknown = format!("{{\"model\":\"{EMAIL}\",\"messages\":[]}}");
    let unknown = house.client.post("/v1/chat/completions", unknown).await;
    assert_eq!(unknown.status, 404);
    let mut texts = vec![("a refusal".to_owned(), refused.body.into_bytes())];
    texts.push(("the answer to a declaration".to_owned(), format!("{:?}", declared.headers).into_bytes()));
    texts.push(("an unknown model".to_owned(), unknown.body.into_bytes()));
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

/// Law 6 for logs: a process that tells more than it must, and still no value.
#[tokio::test(flavor = "multi_thread")]
async fn law_6_no_value_in_the_log() {
    let plot = Plot::new().await;
    let process = common::process::Process::start(&plot, &[("OCTROI_LOG", "debug")]);
    let client = common::Client::new(&plot.authority, process.address, &plot.key);
    assert_eq!(client.chat(&prompt(), false).await.status, 200);
    plot.paris_down(true);
    assert_eq!(client.chat(&prompt(), true).await.status, 200);
    assert!(client.chat(&format!("{} has diabetes", prompt()), false).await.status >= 400);
    assert!(
        client.post("/v1/chat/completions", format!("{{\"model\":\"{EMAIL}\",\"messages\":[]}}")).await.status >= 400
    );
    assert!(client.post("/v1/chat/completions", format!("{{\"model\":\"{EMAIL}\"")).await.status >= 400);
    process.terminate();
    let (said, _) = process.ended().await;
    assert_eq!(said.matches("Request ended").count(), 5, "{said}");
    for value in VALUES.iter().copied().chain([plot.key.as_str(), "Aubertin", "camille.aubertin", "diabetes"]) {
        assert!(!said.contains(value), "logged: {value}");
    }
}

/// Law 7: everything is bounded, and the bounds answer.
#[tokio::test(flavor = "multi_thread")]
async fn law_7_bounds_answer() {
    let mut plot = Plot::new().await;
    plot.extra = "[limits]\nbody_bytes = 2000\njson_depth = 8\nrequests = 7\nhead_bytes = 9000\n".to_owned();
    let server = plot
        .script("paris-gpu-1", |asked| {
            // What should have been refused is answered at once.
            let wait = if asked.said() == "x" { vec![common::scripted::Step::Wait] } else { Vec::new() };
            [wait, common::scripted::echo(asked)].concat()
        })
        .await;
    plot.only(&["paris-gpu-1"]);
    let house = plot.open().await;
    let large = house.client.chat(&"x".repeat(3000), false).await;
    assert_eq!(large.status, 413, "{}", large.body);
    let said = r#"[{"role":"user","content":"deep"}]"#;
    let deep = format!(r#"{{"model":"assistant","messages":{said},"x":{}1{}}}"#, "[".repeat(8), "]".repeat(8));
    let deep = house.client.post("/v1/chat/completions", deep).await;
    assert_eq!((deep.status, &deep.json()["error"]["code"]), (400, &"json_too_deep".into()));
    let mut long = house.client.request(Method::POST, "/v1/chat/completions", chat_body("long", false));
    long.headers_mut().insert("octroi-label", "x".repeat(300).parse().unwrap());
    assert_eq!(house.client.send(long).await.unwrap().status, 400);
    let mut long = house.client.request(Method::POST, "/v1/chat/completions", chat_body("long", false));
    long.headers_mut().insert("x-long", "x".repeat(60_000).parse().unwrap());
    assert_eq!(house.client.send(long).await.unwrap().status, 431);
    // As many in work as one tenant may have beside others, and one more.
    let asking: Vec<_> = (0..4)
        .map(|_| {
            let client = house.client.clone();
            tokio::spawn(async move { client.chat("x", false).await.status })
        })
        .collect();
    common::until("the requests", async || (server.asked().len() == 4).then_some(())).await;
    let one_more = tokio::time::timeout(common::PATIENCE, house.client.chat("x", false)).await;
    let one_more = one_more.expect("one more than may be was taken");
    assert_eq!((one_more.status, &one_more.json()["error"]["code"]), (429, &"tenant_overloaded".into()));
    assert!(!one_more.header("retry-after").is_empty());
    (0..4).for_each(|_| server.go());
    for asked in asking {
        assert_eq!(asked.await.unwrap(), 200);
    }
    server.go();
    assert_eq!(house.client.chat("x", false).await.status, 200);
}

/// Law 8 for what this build has: the same request gives the same decision, byte for byte in its facts.
#[tokio::test(flavor = "multi_thread")]
async fn law_8_the_same_request_gives_the_same_decision() {
    let house = House::open().await;
    for _ in 0..8 {
        assert_eq!(house.client.chat(&prompt(), false).await.status, 200);
    }
    let decisions = house.entries_of("decision").await;
    assert_eq!(decisions.len(), 8);
    for decision in &decisions {
        for key in ["findings", "rules", "plan", "removed", "policy", "scan", "leak_score", "body_mac"] {
            assert_eq!(decision[key], decisions[0][key], "{key}");
        }
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
