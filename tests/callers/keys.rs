//! Keys: the command, the admin API, scopes, and revocation under load.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::{Client, House, Plot, admin_says, administer, page, until};

/// Runs `octroi key …` on a house's configuration; what it printed.
pub(crate) fn key(house: &House, arguments: &[&str]) -> String {
    let made = Command::new(env!("CARGO_BIN_EXE_octroi"))
        .arg("key")
        .args(arguments)
        .arg("--config")
        .arg(house.plot.path("octroi.toml"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

/// A house with the token of an administrator.
async fn administered(app: &str) -> (House, String) {
    let mut plot = Plot::new().await;
    plot.app = app.to_owned();
    let house = plot.open().await;
    let token = key(&house, &["new", "--admin", "provisioning"]);
    let admin = house.app.admin().unwrap();
    until("the token", async || (administer(admin, ("GET", "/keys"), &token, "").await.0 == 200).then_some(())).await;
    (house, token)
}

impl House {
    fn client_with(&self, key: &str) -> Client {
        Client::new(&self.plot.authority, self.app.address(), key)
    }
}

async fn issue(house: &House, token: &str, wanted: Value) -> (String, Client) {
    let admin = house.app.admin().unwrap();
    let (status, made) = administer(admin, ("POST", "/keys"), token, &wanted.to_string()).await;
    assert_eq!(status, 201, "{made}");
    (made["id"].as_str().unwrap().to_owned(), house.client_with(made["key"].as_str().unwrap()))
}

/// Issued, used, rotated, revoked by the API: each in force when it is answered, and in the record with who did it.
#[tokio::test(flavor = "multi_thread")]
async fn the_api_changes_keys_at_once() {
    let (house, token) = administered("").await;
    let admin = house.app.admin().unwrap();
    let (id, client) = issue(&house, &token, json!({"app": "public-website", "note": "for the tests"})).await;
    assert_eq!(client.chat("x", false).await.status, 200, "in force when it is answered");
    let (status, rotated) =
        administer(admin, ("POST", &format!("/keys/{id}/rotate")), &token, &json!({"overlap_s": 3600}).to_string())
            .await;
    assert_eq!(status, 201, "{rotated}");
    let second = house.client_with(rotated["key"].as_str().unwrap());
    assert_eq!((client.chat("x", false).await.status, second.chat("x", false).await.status), (200, 200), "overlap");
    let (status, said) = administer(admin, ("DELETE", &format!("/keys/{id}")), &token, "").await;
    assert_eq!(status, 200, "{said}");
    let refused = client.chat("x", false).await;
    assert_eq!((refused.status, refused.json()["error"]["code"].as_str().unwrap()), (401, "invalid_api_key"));
    assert_eq!(second.chat("x", false).await.status, 200, "the one in its place goes on");
    let unknown = house.client_with("octroi_nosuchkey").chat("x", false).await;
    assert_eq!(unknown.json()["error"]["message"], refused.json()["error"]["message"], "not told apart");
    let (_, listed) = administer(admin, ("GET", "/keys"), &token, "").await;
    let listed = listed["keys"].as_array().unwrap();
    let of = |id: &str| listed.iter().find(|key| key["id"] == id).unwrap();
    assert_eq!((&of(&id)["state"], &of(&id)["note"]), (&"revoked".into(), &"for the tests".into()));
    let new = of(rotated["id"].as_str().unwrap());
    assert!(new["replaces"] == *id && new["last_used"].is_string() && new["state"] == "in-force", "{new}");
    assert!(!listed.iter().any(|key| key.to_string().contains("h1:")), "no hash is shown");
    let entries = house.entries_of("credential").await;
    let told: Vec<_> =
        entries.iter().map(|entry| (entry["event"].as_str().unwrap(), entry["by"].as_str().unwrap())).collect();
    let user = format!("user-{}", rustix::process::getuid().as_raw());
    let by = "provisioning";
    assert_eq!(told, [("issued", user.as_str()), ("issued", by), ("rotated", by), ("revoked", by)]);
    assert_eq!(entries[1]["key"], *id);
    let decision = &house.entries_of("decision").await[0];
    assert_eq!(decision["actor"], *id, "the id of a key is the actor of its requests");
}

/// A scope refuses with 403 in the API's own shape, names what is missing, and is in the record.
#[tokio::test(flavor = "multi_thread")]
async fn scopes_narrow_what_a_key_is_good_for() {
    let (house, token) = administered("purpose = \"website\"\npurposes = [\"research\"]").await;
    let app = "public-website";
    let (_, models) = issue(&house, &token, json!({"app": app, "models": ["assistant"]})).await;
    assert_eq!(models.chat("x", false).await.status, 200);
    let (_, embeds) = issue(&house, &token, json!({"app": app, "apis": ["openai/embeddings"]})).await;
    let refused = embeds.chat("x", false).await;
    assert_eq!((refused.status, refused.json()["error"]["code"].as_str().unwrap()), (403, "scope_missing"));
    assert_eq!(refused.json()["error"]["type"], "permission_error");
    assert!(refused.json()["error"]["message"].as_str().unwrap().contains("`openai/chat`"), "{}", refused.body);
    let listed = embeds.send(embeds.request(http::Method::GET, "/v1/models", "")).await.unwrap();
    assert_eq!(listed.status, 200, "the list belongs to every operation");
    let declaring = async |client: &Client, purpose: &str| {
        let body = crate::common::chat_body("x", false);
        let mut request = client.request(http::Method::POST, "/v1/chat/completions", body);
        request.headers_mut().insert("octroi-purpose", purpose.parse().unwrap());
        client.send(request).await.unwrap()
    };
    let (_, research) = issue(&house, &token, json!({"app": app, "purposes": ["research"]})).await;
    for (name, client, purpose, status) in [
        ("the app's", &house.client, "website", 200),
        ("another of the app's", &house.client, "research", 200),
        ("none of the app's", &house.client, "marketing", 403),
        ("the key's", &research, "research", 200),
        ("the app's, not the key's", &research, "website", 403),
    ] {
        let answer = declaring(client, purpose).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.body);
        assert!(!answer.body.contains("marketing"), "the caller's word is not repeated");
    }
    research.chat("x", false).await;
    let last = house.entries_of("decision").await.pop().unwrap();
    assert_eq!(last["purpose"], "research", "what the key is for, where nothing is declared");
    let refusals = house.entries_of("decision").await;
    assert!(refusals.iter().any(|entry| entry["reason"] == "scope_missing"), "in the record");
    let admin = house.app.admin().unwrap();
    for (name, wanted) in [
        ("an app that is not there", json!({"app": "nosuch"})),
        ("a model that is not there", json!({"app": app, "models": ["nosuch"]})),
        ("a purpose that the app has not", json!({"app": app, "purposes": ["marketing"]})),
        ("an API that is not there", json!({"app": app, "apis": ["grpc"]})),
        ("no model at all", json!({"app": app, "models": []})),
        ("a member that is not there", json!({"app": app, "admin": "me"})),
        ("a day that is past", json!({"app": app, "expires": "2020-01-01"})),
    ] {
        let (status, said) = administer(admin, ("POST", "/keys"), &token, &wanted.to_string()).await;
        assert_eq!(status, 400, "{name}: {said}");
    }
}

/// An expired key is refused from the second on which it ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_ends_by_itself() {
    let (house, token) = administered("").await;
    let ends = house.app.gate().now() + Duration::from_secs(2);
    let (id, client) = issue(&house, &token, json!({"app": "public-website", "expires": ends.to_string()})).await;
    assert_eq!(client.chat("x", false).await.status, 200);
    until("its end", async || (client.chat("x", false).await.status == 401).then_some(())).await;
    assert!(house.app.gate().now() >= ends);
    let admin = house.app.admin().unwrap();
    let (status, said) = administer(admin, ("POST", &format!("/keys/{id}/rotate")), &token, "").await;
    assert_eq!((status, said["error"]["code"].as_str().unwrap()), (409, "key_over"));
}

/// The door of the API: tokens only, no browser, no other host, no app's key.
#[tokio::test(flavor = "multi_thread")]
async fn the_api_is_for_administrators() {
    let (house, token) = administered("").await;
    let admin = house.app.admin().unwrap();
    let app_key = house.client.key.clone();
    let bearer = format!("authorization: Bearer {token}\r\n");
    let json = "content-type: application/json\r\n";
    for (name, head, status) in [
        ("no token", "GET /keys HTTP/1.1\r\nhost: localhost\r\n".to_owned(), 401),
        ("an app's key", format!("GET /keys HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {app_key}\r\n"), 401),
        ("two tokens", format!("GET /keys HTTP/1.1\r\nhost: localhost\r\n{bearer}{bearer}"), 401),
        ("a cookie", format!("GET /keys HTTP/1.1\r\nhost: localhost\r\ncookie: token={token}\r\n"), 401),
        ("a token in the address", format!("GET /keys?token={token} HTTP/1.1\r\nhost: localhost\r\n"), 401),
        ("another host", format!("GET /keys HTTP/1.1\r\nhost: attacker.example\r\n{bearer}"), 421),
        ("no host", format!("GET /keys HTTP/1.0\r\n{bearer}"), 403),
        (
            "a page of another site",
            format!("GET /keys HTTP/1.1\r\nhost: localhost\r\norigin: https://a.example\r\n{bearer}"),
            403,
        ),
        ("a form", format!("POST /keys HTTP/1.1\r\nhost: localhost\r\n{bearer}content-type: text/plain\r\n"), 415),
        ("a preflight", "OPTIONS /keys HTTP/1.1\r\nhost: localhost\r\norigin: https://a.example\r\n".to_owned(), 403),
        ("an unknown key", format!("DELETE /keys/NOSUCH HTTP/1.1\r\nhost: localhost\r\n{bearer}"), 404),
        ("no JSON", format!("POST /keys HTTP/1.1\r\nhost: localhost\r\n{bearer}{json}"), 400),
        ("the token", format!("GET /keys HTTP/1.1\r\nhost: localhost\r\n{bearer}"), 200),
    ] {
        assert_eq!(admin_says(admin, &head, "").await.0, status, "{name}");
    }
    assert_eq!(house.client_with(&token).chat("x", false).await.status, 401, "an administrator's token calls no model");
    let before = house.plot.path("keys/callers.json");
    std::fs::write(&before, "{").unwrap();
    until("the fault", async || {
        let ready: Value = serde_json::from_str(&page(admin, "/readyz").await.unwrap().1).unwrap();
        ready["keys"].is_string().then_some(())
    })
    .await;
    assert_eq!(house.client.chat("x", false).await.status, 200, "what was known stays in force");
}

/// Keys come and go under load: a request with a key in force never fails, and one with a revoked key never succeeds once the
/// revocation was answered.
#[tokio::test(flavor = "multi_thread")]
async fn revocation_under_load_fails_no_request_that_should_succeed() {
    let (house, token) = administered("").await;
    let house = Arc::new(house);
    let (stop, served) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let load: Vec<_> = (0..3)
        .map(|worker| {
            let (client, stop, served) = (house.client.clone(), Arc::clone(&stop), Arc::clone(&served));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let answer = client.chat("x", worker == 0).await;
                    assert!(answer.status == 200 && answer.clean, "{answer:?}");
                    served.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let admin = house.app.admin().unwrap();
    let (mut good, mut slowest) = (0, Duration::ZERO);
    for _ in 0..10 {
        let (id, client) = issue(&house, &token, json!({"app": "public-website"})).await;
        let (asked, revoked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        assert_eq!(client.chat("x", false).await.status, 200, "in force when it is answered");
        let caller = {
            let (asked, revoked) = (Arc::clone(&asked), Arc::clone(&revoked));
            tokio::spawn(async move {
                let mut good = 1;
                loop {
                    let was_revoked = revoked.load(Ordering::SeqCst);
                    let answer = client.chat("x", false).await;
                    match (answer.status, was_revoked) {
                        (200, false) => good += 1,
                        (401, true) => return good,
                        // Refused between the revocation and its answer.
                        (401, false) if asked.load(Ordering::SeqCst) => {}
                        other => panic!("{other:?}: {}", answer.body),
                    }
                }
            })
        };
        until("its first answers", async || (served.load(Ordering::Relaxed) > 3).then_some(())).await;
        let began = Instant::now();
        asked.store(true, Ordering::SeqCst);
        assert_eq!(administer(admin, ("DELETE", &format!("/keys/{id}")), &token, "").await.0, 200);
        slowest = slowest.max(began.elapsed());
        revoked.store(true, Ordering::SeqCst);
        good += caller.await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    for worker in load {
        worker.await.unwrap();
    }
    println!(
        "{} requests beside, {good} with keys before their end; slowest revocation {slowest:?}",
        served.load(Ordering::Relaxed)
    );
    let revoked = house.entries_of("credential").await.into_iter().filter(|entry| entry["event"] == "revoked").count();
    assert_eq!(revoked, 10);
}

/// By the command: a gateway that runs takes it within a second, also of a key that stands in `octroi.toml`.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_counts_within_a_second() {
    let house = House::open().await;
    assert_eq!(house.client.chat("x", false).await.status, 200);
    let listed: Value = serde_json::from_str(&key(&house, &["list", "--json"])).unwrap();
    let id = listed[0]["id"].as_str().unwrap();
    key(&house, &["revoke", id]);
    let began = Instant::now();
    until("the revocation", async || (house.client.chat("x", false).await.status == 401).then_some(())).await;
    println!("a command's revocation counted after {:?}", began.elapsed());
    let entry = until("the entry", async || house.entries_of("credential").await.pop()).await;
    assert_eq!((&entry["event"], &entry["channel"]), (&"revoked".into(), &"command".into()));
}
