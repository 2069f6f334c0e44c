//! What changes while the gateway runs: policy, certificates, keys; and how it ends.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::assigning_clones,
    clippy::match_bool,
    clippy::or_fun_call,
    clippy::zombie_processes,
    clippy::redundant_closure_for_method_calls,
    clippy::type_complexity,
    reason = "test helpers"
)]

mod common;
#[path = "reload/moments.rs"]
mod moments;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use common::process::Process;
use common::scripted::{Scripted, Step, delta, json, stream};
use common::{Client, House, Issued, PATIENCE, Plot, chat_body, page, prompt, until};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;

const CHAT: &str = "/v1/chat/completions";

/// Replaces a file as an editor does: whole, by a rename.
fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("beside");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(beside, path).unwrap();
}

fn sheet(house: &House) -> String {
    std::fs::read_to_string(house.plot.path("policies/main.policy")).unwrap()
}

fn set_sheet(house: &House, text: &str) {
    replace(&house.plot.path("policies/main.policy"), text);
}

fn readiness(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// Waits until `/readyz` says that the newest files were, or were not, rejected; returns what it says.
async fn rejected(house: &House, wanted: bool) -> serde_json::Value {
    let admin = house.app.admin().unwrap();
    until("a reload", async || {
        let ready = readiness(&page(admin, "/readyz").await.unwrap().1);
        (ready["rejected"].is_string() == wanted).then_some(ready)
    })
    .await
}

async fn metric(house: &House, name: &str) -> u64 {
    let text = page(house.app.admin().unwrap(), "/metrics").await.unwrap().1;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0, |value| value.trim().parse().unwrap())
}

/// A streamed answer that goes on when the test says so, begun.
async fn open_stream(
    client: &Client,
) -> (hyper::client::conn::http1::SendRequest<http_body_util::Full<Bytes>>, Incoming) {
    let connection = TokioIo::new(client.connect().await.unwrap());
    let (mut sender, driver) = hyper::client::conn::http1::handshake(connection).await.unwrap();
    tokio::spawn(async move { drop(driver.await) });
    let request = client.request(http::Method::POST, CHAT, chat_body("x", true));
    let mut body = sender.send_request(request).await.unwrap().into_body();
    assert!(piece(&mut body).await.contains("begun"));
    (sender, body)
}

async fn piece(body: &mut Incoming) -> String {
    let frame = tokio::time::timeout(PATIENCE, body.frame()).await.unwrap().unwrap().unwrap();
    String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
}

/// A plot whose only server begins a stream, and ends it when the test says so.
async fn waiting_plot() -> (Plot, Scripted) {
    let mut plot = Plot::new().await;
    let chunk = |text: &str| Step::Chunk(text.as_bytes().to_vec());
    let steps = vec![
        stream(),
        chunk(&delta("begun")),
        Step::Wait,
        chunk(&delta("ended")),
        chunk("data: [DONE]\n\n"),
        chunk(""),
    ];
    let server = plot.script("paris-gpu-1", move |_| steps.clone()).await;
    plot.only(&["paris-gpu-1"]);
    (plot, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_policy_takes_effect() {
    let house = House::open().await;
    house.plot.paris_down(true);
    assert_eq!(house.client.chat("x", false).await.status, 200);
    let before = sheet(&house);
    set_sheet(&house, &before.replace("fall back if", "# fall back if"));
    until("the new policy", async || (house.client.chat("x", false).await.status == 503).then_some(())).await;
    set_sheet(&house, &before);
    until("the old policy", async || (house.client.chat("x", false).await.status == 200).then_some(())).await;
    assert!(house.entries_of("policy").await.len() >= 3, "each policy in force is in the record");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_policy_keeps_the_old_one_and_shows() {
    let house = House::open().await;
    let digest = house.app.gate().snapshot().policy.digest();
    let before = sheet(&house);
    set_sheet(&house, &before.replace("allow backends on premises", "allow backends on premisses"));
    let ready = rejected(&house, true).await;
    let problem = ready["rejected"].as_str().unwrap();
    assert!(problem.contains("main.policy") && problem.contains("premisses"), "{problem}");
    assert_eq!(ready["policy_digest"], digest.to_string());
    assert!(metric(&house, "octroi_reloads_total{what=\"policy\",result=\"rejected\"}").await >= 1);
    assert_eq!(page(house.app.admin().unwrap(), "/readyz").await.unwrap().0, 200, "it still serves");
    assert_eq!(house.client.chat("x", false).await.header("octroi-tier"), "on premises");
    assert!(house.entries_of("policy").await.iter().any(|entry| entry["in_force"] == false));
    set_sheet(&house, &before);
    rejected(&house, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_served_without_dropping_a_stream() {
    let (plot, server) = waiting_plot().await;
    let house = plot.open().await;
    let (_sender, mut body) = open_stream(&house.client).await;
    let new = Issued::new(|_| {});
    replace(&house.plot.path("certs/server.key"), &new.key.serialize_pem());
    replace(&house.plot.path("certs/server.pem"), &new.certificate.pem());
    let client = Client::new(&new.root(), house.app.address(), &house.plot.key);
    until("the new certificate", async || client.connect().await.ok().map(drop)).await;
    assert!(house.client.connect().await.is_err(), "the old certificate is still served");
    server.go();
    assert!(piece(&mut body).await.contains("ended"));
    assert!(piece(&mut body).await.contains("[DONE]"));
    assert!(body.frame().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_pair_keeps_the_old_certificate_and_shows() {
    let (one, two) = (Issued::new(|_| {}), Issued::new(|_| {}));
    let past = Issued::new(|params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    for (name, certificate, key) in [
        ("of two pairs", one.certificate.pem(), two.key.serialize_pem()),
        ("no certificate", "nothing".to_owned(), two.key.serialize_pem()),
        ("no key", two.certificate.pem(), "nothing".to_owned()),
        ("expired", past.certificate.pem(), past.key.serialize_pem()),
    ] {
        let house = House::open().await;
        replace(&house.plot.path("certs/server.key"), &key);
        replace(&house.plot.path("certs/server.pem"), &certificate);
        let ready = rejected(&house, true).await;
        assert!(ready["rejected"].as_str().unwrap().contains("server."), "{name}: {ready}");
        assert!(metric(&house, "octroi_reloads_total{what=\"certificate\",result=\"rejected\"}").await >= 1, "{name}");
        assert_eq!(house.client.chat("x", false).await.status, 200, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_added_while_running_works() {
    let house = House::open().await;
    let made = Command::new(env!("CARGO_BIN_EXE_octroi"))
        .args(["key", "new", "--app", "public-website", "--config"])
        .arg(house.plot.path("octroi.toml"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let client = Client::new(&house.plot.authority, house.app.address(), &key);
    until("the new key", async || (client.chat("x", false).await.status == 200).then_some(())).await;
    assert_eq!(house.client.chat("x", false).await.status, 200, "the old key works on");
    let text = std::fs::read_to_string(house.plot.path("keys/callers.json")).unwrap();
    assert!(!text.contains(&client.key), "the key itself is in the file");
}

/// Reloads while requests run: each is served under one policy or the other, none fails.
#[tokio::test(flavor = "multi_thread")]
async fn reloads_under_load_fail_no_request() {
    let house = House::open().await;
    let before = sheet(&house);
    let (stop, served) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let load: Vec<_> = (0..4)
        .map(|worker| {
            let (client, stop, served) = (house.client.clone(), Arc::clone(&stop), Arc::clone(&served));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let answer = client.chat(&prompt(), worker % 2 == 0).await;
                    assert!(answer.status == 200 && answer.clean, "{answer:?}");
                    served.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for version in 2..8 {
        set_sheet(&house, &before.replace("version 1 ", &format!("version {version} ")));
        until("the next version", async || {
            (house.app.gate().snapshot().policy.version().to_string() == version.to_string()).then_some(())
        })
        .await;
        let before = served.load(Ordering::Relaxed);
        let more = async || (served.load(Ordering::Relaxed) >= before + 4).then_some(());
        until("requests under the next version", more).await;
    }
    stop.store(true, Ordering::Relaxed);
    for worker in load {
        worker.await.unwrap();
    }
}

/// A rule on what nobody looked for before it came into force.
const UNSOUGHT: &str = "rule no-firms because \"nda\" when data includes organisation only backends on premises\n";

/// A rule that would close the border, and an exception to it.
const EXCEPTED: &str = "rule home-only because \"charter 9\" when data includes personal only backends on premises\n\
    exception website-trial for rule home-only because \"trial\" when app is \"public-website\" until 2099-01-31 \
    approved by \"D. Officer\"\n";

/// A policy that changed between two attempts: the second must pass the newest too, with the strictest duties of both.
#[tokio::test(flavor = "multi_thread")]
async fn a_further_attempt_must_pass_the_newest_policy() {
    let duty = "must pseudonymise personal";
    let rows: [(&str, fn(&str) -> String, Option<&str>); 7] = [
        ("unchanged", |sheet| format!("{sheet}\n# a note\n"), Some("<EMAIL_")),
        ("closed", |sheet| sheet.replace("fall back if", "# fall back if"), None),
        ("forbidden", |sheet| sheet.replace("when app is \"public-website\"", "when app is \"clinic-notes\""), None),
        ("stricter", |sheet| sheet.replace("must pseudonymise personal", "must redact personal"), Some("[")),
        ("unsought", |sheet| format!("{sheet}\n{UNSOUGHT}"), None),
        ("excepted", |sheet| format!("{sheet}\n{EXCEPTED}"), Some("<EMAIL_")),
        ("weaker", |sheet| sheet.replace("must pseudonymise personal", ""), Some("<EMAIL_")),
    ];
    for (name, change, crosses) in rows {
        let mut plot = Plot::new().await;
        let home = plot.script("paris-gpu-1", |_| vec![Step::Wait, Step::Reset]).await;
        let abroad = plot.script("us-cloud", common::scripted::echo).await;
        plot.only(&["paris-gpu-1", "us-cloud"]);
        let house = plot.open().await;
        let before = sheet(&house);
        assert!(before.contains(duty));
        let digest = house.app.gate().snapshot().policy.digest();
        let client = house.client.clone();
        let asking = tokio::spawn(async move { client.chat(&format!("{} of Siemens AG", common::EMAIL), false).await });
        until("the request at home", async || (!home.asked().is_empty()).then_some(())).await;
        // What the scenarios of the sheet say is of the sheet as it was.
        let new = change(before.split("scenario ").next().unwrap()).replace("version 1 ", "version 2 ");
        set_sheet(&house, &new);
        let ready = async || {
            let ready = readiness(&page(house.app.admin().unwrap(), "/readyz").await.unwrap().1);
            assert!(ready["rejected"].is_null(), "{name}: {ready}");
            (house.app.gate().snapshot().policy.digest() != digest).then_some(())
        };
        until("the new policy", ready).await;
        home.go();
        let answer = asking.await.unwrap();
        let Some(crosses) = crosses else {
            assert!(answer.status >= 400, "{name}: {}", answer.body);
            assert!(abroad.asked().is_empty(), "{name}: it crossed");
            let outcome = &house.outcomes(1).await[0];
            let reason: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(outcome["reason"], reason["error"]["code"], "{name}: {outcome}");
            assert_ne!(outcome["newest"]["policy"], digest.to_string(), "{name}: {outcome}");
            let removed = outcome["newest"]["removed"].as_array().cloned().unwrap_or_default();
            let went = removed.iter().any(|one| one["backend"] == "us-cloud" && one["why"] == "not-allowed");
            assert_eq!(went, name == "forbidden", "{name}: {outcome}");
            let story = explained(&house, answer.header("octroi-request-id"));
            assert!(story.contains("another state was in force") && story.contains("version 2"), "{name}: {story}");
            let unsought = story.contains("nobody looked for") && story.contains("us-cloud: refused (no-firms)");
            assert_eq!(unsought, name == "unsought", "{name}: {story}");
            continue;
        };
        assert_eq!(answer.header("octroi-backend"), "us-cloud", "{name}: {}", answer.body);
        let said = abroad.asked()[0].said();
        assert!(said.contains(crosses) && !said.contains(common::EMAIL), "{name}: {said}");
        let attempt = &house.entries_of("attempt").await[0];
        assert_eq!(attempt["policies"][0], digest.to_string(), "{name}");
        assert_ne!(attempt["policies"][0], attempt["policies"][1], "{name}");
        let newest = &attempt["newest"];
        assert_eq!(newest["policy"], attempt["policies"][1], "{name}: {attempt}");
        assert_eq!(newest["planned"]["backend"], "us-cloud", "{name}: {attempt}");
        assert_eq!(newest["exceptions"].is_array(), name == "excepted", "{name}: {attempt}");
        let story = explained(&house, answer.header("octroi-request-id"));
        assert!(story.contains("attempt 2: us-cloud, after `broke`; changed: "), "{name}: {story}");
    }
}

/// What `octroi policy explain` tells of a request.
fn explained(house: &House, id: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octroi"));
    command.args(["policy", "explain", id]).current_dir(house.plot.folder.path());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// SIGHUP reads everything again; signals that mean nothing to a gateway do not end it.
#[tokio::test(flavor = "multi_thread")]
async fn other_signals_do_not_end_it() {
    use rustix::process::Signal;
    let plot = Plot::new().await;
    let process = Process::start(&plot, &[]);
    let client = Client::new(&plot.authority, process.address, &plot.key);
    for signal in [Signal::USR1, Signal::USR2, Signal::PIPE, Signal::HUP] {
        process.signal(signal);
        assert_eq!(client.chat("x", false).await.status, 200, "{signal:?}");
    }
    until("the reload", async || {
        let (_, text) = page(process.admin, "/metrics").await.ok()?;
        text.contains("octroi_reloads_total{what=\"policy\",result=\"ok\"} 1").then_some(())
    })
    .await;
    process.terminate();
    assert_eq!(process.ended().await.1.code(), Some(0));
}

/// SIGTERM: no new work, readiness says so, open streams end as they should, the log ends signed.
#[tokio::test(flavor = "multi_thread")]
async fn sigterm_drains() {
    let (plot, server) = waiting_plot().await;
    let process = Process::start(&plot, &[]);
    let client = Client::new(&plot.authority, process.address, &plot.key);
    let (_sender, mut body) = open_stream(&client).await;
    process.terminate();
    until("the listener's end", async || client.connect().await.is_err().then_some(())).await;
    let ready =
        until("readiness", async || page(process.admin, "/readyz").await.ok().filter(|page| page.0 == 503)).await;
    assert_eq!(readiness(&ready.1)["draining"], true);
    server.go();
    assert!(piece(&mut body).await.contains("ended"));
    assert!(piece(&mut body).await.contains("[DONE]"));
    assert!(body.frame().await.is_none());
    let (_, status) = process.ended().await;
    assert_eq!(status.code(), Some(0));
    let folder = plot.path("audit");
    let report = octroi_verify::verify_dir(&folder, &octroi_verify::Trust::default(), &mut |_| {}).unwrap();
    let entries = common::verified_entries(&folder);
    let [.., outcome, stop] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((&outcome["end"], &stop["kind"]), (&"complete".into(), &"stop".into()), "{entries:?}");
    assert_eq!((report.signed, report.unsigned), (entries.len() as u64, 0), "the last checkpoint covers every entry");
}

/// The same over HTTP/2: the client is told (GOAWAY), open streams end as they should, new ones are not taken.
#[tokio::test(flavor = "multi_thread")]
async fn sigterm_drains_http2() {
    let (plot, server) = waiting_plot().await;
    let process = Process::start(&plot, &[]);
    let client = Client::new(&plot.authority, process.address, &plot.key);
    let stream = TokioIo::new(client.connect_with(&["h2"]).await.unwrap());
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, driver) = hyper::client::conn::http2::handshake(executor, stream).await.unwrap();
    let driver = tokio::spawn(driver);
    let request = || {
        let mut request =
            client.request(http::Method::POST, "https://localhost/v1/chat/completions", chat_body("x", true));
        request.headers_mut().remove("host");
        request
    };
    let mut body = sender.send_request(request()).await.unwrap().into_body();
    assert!(piece(&mut body).await.contains("begun"));
    process.terminate();
    until("the listener's end", async || client.connect().await.is_err().then_some(())).await;
    until("the end of new streams", async || {
        match sender.clone().send_request(request()).await {
            // One that was sent before the GOAWAY came is served as well, to its end.
            Ok(served) => {
                // The stream from before waits in front of it.
                server.go();
                server.go();
                served.into_body().collect().await.unwrap();
                None
            }
            Err(_) => Some(()),
        }
    })
    .await;
    server.go();
    assert!(piece(&mut body).await.contains("ended"));
    assert!(piece(&mut body).await.contains("[DONE]"));
    assert!(body.collect().await.unwrap().to_bytes().is_empty());
    drop(sender);
    drop(tokio::time::timeout(PATIENCE, driver).await.expect("the connection is kept"));
    let (said, status) = process.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
    let outcomes = common::verified_entries(&plot.path("audit"));
    let ends: Vec<_> = outcomes.iter().filter(|entry| entry["kind"] == "outcome").map(|entry| &entry["end"]).collect();
    assert!(ends.contains(&&"complete".into()) && !ends.contains(&&"client-gone".into()), "{ends:?}");
}

/// Streams that do not end within the drain deadline are cut, and the process ends all the same.
#[tokio::test(flavor = "multi_thread")]
async fn sigterm_does_not_wait_for_ever() {
    let (mut plot, _server) = waiting_plot().await;
    plot.extra = "[limits]\ndrain_s = 1\n".to_owned();
    let process = Process::start(&plot, &[]);
    let client = Client::new(&plot.authority, process.address, &plot.key);
    let (_sender, _body) = open_stream(&client).await;
    process.terminate();
    assert_eq!(process.ended().await.1.code(), Some(0));
    let folder = plot.path("audit");
    let entries = common::verified_entries(&folder);
    let outcome = entries.iter().find(|entry| entry["kind"] == "outcome").unwrap();
    assert_eq!(outcome["end"], "gateway-stop", "the client was there: {outcome}");
    let report = octroi_verify::verify_dir(&folder, &octroi_verify::Trust::default(), &mut |_| {}).unwrap();
    assert_eq!((report.unsigned, report.unfinished), (0, 0), "the stream that was cut has its outcome: {report}");
}

/// A backend that does not prove its region: nothing of its answer is passed on, the record says so, and so does it when the
/// operator has looked into it and the files are read again.
#[tokio::test(flavor = "multi_thread")]
async fn a_quarantine_begins_and_ends_in_the_record() {
    let mut plot = Plot::new().await;
    let said = |region: &str| json("200 OK", &format!("x-ms-region: {region}\r\n"), "{\"choices\":[]}");
    let server = plot.script("paris-gpu-1", move |_| said("East US")).await;
    plot.only(&["paris-gpu-1"]);
    let region = "[backend.region]\nheader = \"x-ms-region\"\nvalue = \"France Central\"\n";
    plot.backends.insert("paris-gpu-1", region.to_owned());
    let house = plot.open().await;
    assert_eq!(house.client.chat("x", false).await.status, 502);
    let begun = until("the quarantine", async || house.entries_of("quarantine").await.into_iter().next()).await;
    let told = |entry: &serde_json::Value| {
        ["backend", "found", "header", "state"].map(|name| entry[name].as_str().unwrap().to_owned())
    };
    assert_eq!(told(&begun), ["paris-gpu-1", "another", "x-ms-region", "begun"]);
    assert_eq!(house.client.chat("x", false).await.status, 503);
    assert_eq!(server.asked().len(), 1, "nothing more goes there");
    server.set_script(move |_| said("France Central"));
    set_sheet(&house, &format!("{}\n# looked into\n", sheet(&house)));
    until("the end", async || (house.entries_of("quarantine").await.len() == 2).then_some(())).await;
    assert_eq!(told(&house.entries_of("quarantine").await[1])[3], "ended");
    assert_eq!(house.client.chat("x", false).await.status, 200);
}
