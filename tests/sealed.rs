//! `must log sealed` from the policy to the custodians: a gateway in a process of its own, the commands of the house.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::too_many_lines,
    reason = "test helpers"
)]

mod common;

use std::path::Path;
use std::process::{Command, Output};

use common::process::Process;
use common::{Client, EMAIL, NAME, Plot, prompt, scripted, verified_entries};

fn octroi(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_octroi")).args(arguments).current_dir(folder).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Adds a rule to the sheet.
fn demand(plot: &Plot, rule: &str) {
    let folder = plot.path("policies");
    let sheet = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let sheet = sheet.into_iter().find(|path| path.extension().is_some_and(|end| end == "policy")).unwrap();
    let text = std::fs::read_to_string(&sheet).unwrap();
    std::fs::write(sheet, format!("{text}\n{rule}")).unwrap();
}

/// Names two persons, each with a key, who open together what is sealed.
fn entrust(plot: &mut Plot) {
    let folder = plot.folder.path();
    for name in ["dpo", "council"] {
        let made = octroi(folder, &["audit", "custodian", "new", name, "--file", &format!("{name}.key")]);
        assert!(made.status.success(), "{}", said(&made));
        std::fs::write(folder.join(format!("{name}.pub")), &made.stdout).unwrap();
    }
    // A key whose public half could not be shown is none.
    let new = ["audit", "custodian", "new", "third", "--file", "third.key"];
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_octroi")).args(new).current_dir(folder).stdout(full).output().unwrap();
    assert!(made.status.code() == Some(2) && !folder.join("third.key").exists(), "{}", said(&made));
    plot.extra.push_str("[audit]\ncustodians = [\"dpo.pub\", \"council.pub\"]\n");
}

const RULE: &str =
    "rule keep-for-the-court because \"records of disputes\" when data includes personal must log sealed\n";

#[tokio::test(flavor = "multi_thread")]
async fn content_is_sealed_opened_by_two_and_erased() {
    let mut plot = Plot::new().await;
    let folder = plot.folder.path().to_owned();
    demand(&plot, RULE);
    let in_vain = Process::start_in_vain(&plot, &[]).ended().await;
    assert!(in_vain.0.contains("nobody is named who could open it"), "{}", in_vain.0);
    entrust(&mut plot);
    let gateway = Process::start(&plot, &[]);
    let client = Client::new(&plot.authority, gateway.address, &plot.key);
    let harmless = client.chat("what is the capital of France?", false).await;
    let answer = client.chat(&prompt(), false).await;
    assert_eq!((harmless.status, answer.status), (200, 200), "{}", answer.body);
    let id = answer.header("octroi-request-id").to_owned();
    let streamed = client.chat(&prompt(), true).await;
    let stream_id = streamed.header("octroi-request-id").to_owned();
    let mut request = client.request(http::Method::POST, "/v1/chat/completions", common::chat_body(&prompt(), false));
    request.headers_mut().insert("octroi-case", "2026/4711 Aubertin".parse().unwrap());
    let case = client.send(request).await.unwrap();
    assert_eq!(case.status, 200, "{}", case.body);
    let case = case.header("octroi-request-id").to_owned();
    gateway.terminate();
    let (told, status) = gateway.ended().await;
    assert!(status.success(), "{status}: {told}");

    // The log names the sealed files; neither it nor they hold what was said.
    let entries = verified_entries(&folder.join("audit"));
    let decisions: Vec<_> = entries.iter().filter(|entry| entry["kind"] == "decision").collect();
    let sealed: Vec<_> = decisions.iter().filter(|entry| entry["sending"]["sealed"].is_object()).collect();
    assert_eq!((decisions.len(), sealed.len()), (4, 3), "{decisions:?}");
    let case_key = &sealed[2]["sending"]["sealed"]["key"];
    assert_eq!(sealed[2]["sending"]["sealed"]["scope"], "case");
    let outcomes: Vec<_> = entries.iter().filter(|entry| entry["kind"] == "outcome").collect();
    assert_eq!(outcomes.len(), 4);
    for outcome in outcomes {
        let decision = decisions.iter().find(|decision| decision["request"] == outcome["request"]).unwrap();
        let [sent, answered] = [&decision["sending"]["sealed"], &outcome["sealed"]];
        assert_eq!(
            sent["key"], answered["key"],
            "the answer has the key of its request, or neither has one: {outcome}"
        );
        assert!(outcome.get("unsealed").is_none(), "{outcome}");
    }
    for (path, bytes) in common::files_below(&folder.join("audit")) {
        for value in [NAME, EMAIL, "2026/4711", "Aubertin"] {
            let found = bytes.windows(value.len()).any(|window| window == value.as_bytes());
            assert!(!found, "{} holds `{value}`", path.display());
        }
    }

    let keys = ["--key", "dpo.key", "--key", "council.key"];
    let opened = octroi(&folder, &[&["audit", "reveal", &id], &keys[..]].concat());
    assert!(opened.status.success(), "{}", said(&opened));
    let content: serde_json::Value = serde_json::from_slice(&opened.stdout).unwrap();
    assert!(content["received"].as_str().unwrap().contains(EMAIL), "{content}");
    assert_eq!(content["answer"], answer.body, "what the caller got, byte for byte");
    assert!(answer.body.contains(EMAIL), "with the values restored: {}", answer.body);
    let opened = octroi(&folder, &[&["audit", "reveal", &stream_id], &keys[..]].concat());
    let content: serde_json::Value = serde_json::from_slice(&opened.stdout).unwrap();
    assert_eq!(content["answer"], streamed.body, "every event");
    let told = octroi(&folder, &["audit", "show", &id]);
    assert!(said(&told).contains("Its answer is kept under seal"), "{}", said(&told));
    let alone = octroi(&folder, &["audit", "reveal", &id, "--key", "dpo.key", "--key", "dpo.key"]);
    assert_eq!(alone.status.code(), Some(1), "{}", said(&alone));
    assert!(said(&alone).contains("two persons"), "{}", said(&alone));

    let sealed = folder.join("audit/sealed");
    let backup = folder.join("backup");
    let copy = |from: &Path, to: &Path| {
        let copied = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
        assert!(copied.success());
    };
    copy(&sealed, &backup);
    let no_month = ["audit", "erase", "--tenant", "clinic", "--month", "2027-13", "--basis", "case-closed"];
    let refused = octroi(&folder, &no_month);
    assert!(refused.status.code() == Some(2) && said(&refused).contains("is not a month"), "{}", said(&refused));
    let erased = octroi(&folder, &["audit", "erase", "--request", &case, "--basis", "case-closed"]);
    assert!(erased.status.success(), "{}", said(&erased));
    let gone = octroi(&folder, &[&["audit", "reveal", &case], &keys[..]].concat());
    assert_eq!(gone.status.code(), Some(1));
    assert!(said(&gone).contains("nobody can open it any more"), "{}", said(&gone));
    let other = octroi(&folder, &[&["audit", "reveal", &id], &keys[..]].concat());
    assert!(other.status.success(), "of another subject: {}", said(&other));
    // What was erased stays erased where a copy brings its key back, whether the log says so yet or not.
    let brought_back = || {
        let aside = folder.join("aside");
        std::fs::rename(&sealed, &aside).unwrap();
        copy(&backup, &sealed);
        let back = octroi(&folder, &[&["audit", "reveal", &case], &keys[..]].concat());
        assert_eq!(back.status.code(), Some(1));
        assert!(said(&back).contains("nobody can open it any more"), "{}", said(&back));
        let told = octroi(&folder, &["audit", "show", &case]);
        assert!(said(&told).contains("was destroyed (case-closed)"), "{}", said(&told));
        std::fs::remove_dir_all(&sealed).unwrap();
        std::fs::rename(&aside, &sealed).unwrap();
    };
    brought_back();

    // The next start takes it all into the log: who opened, with whose keys, and what was erased.
    let gateway = Process::start(&plot, &[]);
    gateway.terminate();
    let (told, status) = gateway.ended().await;
    assert!(status.success(), "{status}: {told}");
    let entries = verified_entries(&folder.join("audit"));
    let reveals: Vec<_> = entries.iter().filter(|entry| entry["action"] == "reveal").collect();
    assert_eq!(reveals.len(), 6, "each try: {reveals:?}");
    assert!(reveals.iter().all(|entry| entry["approver"].as_str().unwrap().len() == 33));
    let erasures: Vec<_> = entries.iter().filter(|entry| entry["kind"] == "erasure").collect();
    assert_eq!(erasures.len(), 1);
    assert_eq!(&erasures[0]["key"], case_key);
    for (id, is_gone) in [(&case, true), (&id, false)] {
        let told = octroi(&folder, &["audit", "show", id]);
        assert_eq!(said(&told).contains("was destroyed (case-closed)"), is_gone, "{}", said(&told));
    }
    brought_back();
    // The month goes too: the key of the case was destroyed before, and is not destroyed again.
    let decision = entries.iter().find(|entry| entry.pointer("/sending/sealed").is_some()).unwrap();
    let word = |at: &str| decision.pointer(at).unwrap().as_str().unwrap();
    let of = ["--tenant", word("/tenant"), "--month", word("/sending/sealed/month"), "--basis", "retention-ended"];
    let erased = octroi(&folder, &[&["audit", "erase"], &of[..]].concat());
    assert!(erased.status.success(), "{}", said(&erased));
    let gateway = Process::start(&plot, &[]);
    gateway.terminate();
    let (told, status) = gateway.ended().await;
    assert!(status.success(), "{status}: {told}");
    for (id, why) in [(&case, "case-closed"), (&id, "retention-ended")] {
        let told = octroi(&folder, &["audit", "show", id]);
        assert_eq!(said(&told).matches("was destroyed (").count(), 1, "{}", said(&told));
        assert!(said(&told).contains(&format!("was destroyed ({why})")), "{}", said(&told));
    }
}

/// What has left cannot be called back: that it is not kept is at least on record.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_sealed_is_told_in_its_outcome() {
    let mut plot = Plot::new().await;
    let folder = plot.folder.path().to_owned();
    demand(&plot, RULE);
    entrust(&mut plot);
    let sealed = folder.join("audit/sealed");
    let server = plot.script("paris-gpu-1", move |_| {
        // The request is sealed and recorded by now. From here on the disk takes no content.
        for content in walkdir::WalkDir::new(&sealed).into_iter().map(Result::unwrap) {
            if content.file_name() == "content" && content.file_type().is_dir() {
                std::fs::rename(content.path(), content.path().with_file_name("away")).unwrap();
                std::fs::write(content.path(), "in its place").unwrap();
            }
        }
        scripted::json("200 OK", "", r#"{"choices":[{"message":{"role":"assistant","content":"done"}}]}"#)
    });
    let _server = server.await;
    plot.only(&["paris-gpu-1"]);
    let gateway = Process::start(&plot, &[]);
    let client = Client::new(&plot.authority, gateway.address, &plot.key);
    let answer = client.chat(&prompt(), false).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let id = answer.header("octroi-request-id").to_owned();
    // The next one is refused, since what it holds cannot be kept either; both are counted where an alert looks.
    let next = client.chat(&prompt(), false).await;
    assert_eq!(next.status, 503, "{}", next.body);
    let counted = ["octroi_audit_unsealed_answers_total 1\n", "octroi_audit_unsealed_requests_total 1\n"];
    common::until("both are counted", async || {
        let (_, page) = common::page(gateway.admin, "/metrics").await.unwrap();
        counted.iter().all(|counted| page.contains(counted)).then_some(())
    })
    .await;
    gateway.terminate();
    let (told, status) = gateway.ended().await;
    assert!(status.success(), "{status}: {told}");
    let entries = verified_entries(&folder.join("audit"));
    let outcome = entries.iter().find(|entry| entry["kind"] == "outcome" && entry["request"] == id.as_str()).unwrap();
    assert_eq!((&outcome["end"], &outcome["unsealed"]), (&"complete".into(), &true.into()), "{outcome}");
    assert!(outcome.get("sealed").is_none(), "{outcome}");
    let told = octroi(&folder, &["audit", "show", &id]);
    assert!(said(&told).contains("could not be"), "{}", said(&told));
}

/// The month is erased while it lasts and while an answer is still to come: that answer is not kept, what comes later is, and
/// nobody is told that it was destroyed or changed.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_takes_what_was_before_it_and_nothing_after() {
    let mut plot = Plot::new().await;
    let folder = plot.folder.path().to_owned();
    demand(&plot, RULE);
    entrust(&mut plot);
    let (place, asked) = (folder.clone(), std::sync::atomic::AtomicU32::new(0));
    let server = plot.script("paris-gpu-1", move |_| {
        if asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 1 {
            // The second request is sealed and recorded by now, and its answer is yet to come.
            let tenant = std::fs::read_dir(place.join("audit/sealed")).unwrap().next().unwrap().unwrap().path();
            let month = std::fs::read_dir(&tenant).unwrap().next().unwrap().unwrap().file_name();
            let (tenant, month) = (tenant.file_name().unwrap().to_str().unwrap(), month.to_str().unwrap());
            let order = ["audit", "erase", "--tenant", tenant, "--month", month, "--basis", "retention-ended"];
            let erased = octroi(&place, &order);
            assert!(erased.status.success(), "{}", said(&erased));
        }
        scripted::json("200 OK", "", r#"{"choices":[{"message":{"role":"assistant","content":"done"}}]}"#)
    });
    let _server = server.await;
    plot.only(&["paris-gpu-1"]);
    let gateway = Process::start(&plot, &[]);
    let client = Client::new(&plot.authority, gateway.address, &plot.key);
    let mut ids = Vec::new();
    for _ in 0..3 {
        let answer = client.chat(&prompt(), false).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        ids.push(answer.header("octroi-request-id").to_owned());
    }
    gateway.terminate();
    let (told, status) = gateway.ended().await;
    assert!(status.success(), "{status}: {told}");
    let entries = verified_entries(&folder.join("audit"));
    let erasure = entries.iter().find(|entry| entry["kind"] == "erasure").unwrap();
    assert!(erasure["by"].as_str().unwrap().starts_with("user-") && erasure["at"].is_string(), "{erasure}");
    for (index, (id, is_gone)) in ids.iter().zip([true, true, false]).enumerate() {
        let of = |kind: &str| entries.iter().find(|entry| entry["kind"] == kind && entry["request"] == id.as_str());
        let outcome = of("outcome").unwrap();
        assert_eq!(outcome.get("unsealed").is_some(), index == 1, "{outcome}");
        let opened = octroi(&folder, &["audit", "reveal", id, "--key", "dpo.key", "--key", "council.key"]);
        assert_eq!(opened.status.success(), !is_gone, "{index}: {}", said(&opened));
        assert_eq!(said(&opened).contains("nobody can open it any more"), is_gone, "{index}: {}", said(&opened));
        let told = octroi(&folder, &["audit", "show", id]);
        assert_eq!(said(&told).contains("was destroyed (retention-ended)"), is_gone, "{index}: {}", said(&told));
    }
}
