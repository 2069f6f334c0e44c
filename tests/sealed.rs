//! `must log sealed` from the policy to the custodians: a gateway in a process of its own, the commands of the house.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "test helpers"
)]

mod common;

use std::path::Path;
use std::process::{Command, Output};

use common::process::Process;
use common::{Client, EMAIL, NAME, Plot, prompt, verified_entries};

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

const RULE: &str =
    "rule keep-for-the-court because \"records of disputes\" when data includes personal must log sealed\n";

#[tokio::test(flavor = "multi_thread")]
async fn content_is_sealed_opened_by_two_and_erased() {
    let mut plot = Plot::new().await;
    let folder = plot.folder.path().to_owned();
    demand(&plot, RULE);
    let in_vain = Process::start_in_vain(&plot, &[]).ended().await;
    assert!(in_vain.0.contains("nobody is named who could open it"), "{}", in_vain.0);
    for name in ["dpo", "council"] {
        let made = octroi(&folder, &["audit", "custodian", "new", name, "--file", &format!("{name}.key")]);
        assert!(made.status.success(), "{}", said(&made));
        std::fs::write(folder.join(format!("{name}.pub")), &made.stdout).unwrap();
    }
    plot.extra = "[audit]\ncustodians = [\"dpo.pub\", \"council.pub\"]\n".to_owned();
    let gateway = Process::start(&plot, &[]);
    let client = Client::new(&plot.authority, gateway.address, &plot.key);
    let harmless = client.chat("what is the capital of France?", false).await;
    let answer = client.chat(&prompt(), false).await;
    assert_eq!((harmless.status, answer.status), (200, 200), "{}", answer.body);
    let id = answer.header("octroi-request-id").to_owned();
    let mut request = client.request(http::Method::POST, "/v1/chat/completions", common::chat_body(&prompt(), false));
    request.headers_mut().insert("octroi-case", "2026/4711 Aubertin".parse().unwrap());
    let case = client.send(request).await.unwrap();
    assert_eq!(case.status, 200, "{}", case.body);
    let case = case.header("octroi-request-id").to_owned();
    gateway.terminate();
    let (told, status) = gateway.ended().await;
    assert!(status.success(), "{status}: {told}");

    // The log names the sealed files; neither it nor they hold what was said.
    let decisions = verified_entries(&folder.join("audit"));
    let decisions: Vec<_> = decisions.into_iter().filter(|entry| entry["kind"] == "decision").collect();
    let sealed: Vec<_> = decisions.iter().filter(|entry| entry["sending"]["sealed"].is_object()).collect();
    assert_eq!((decisions.len(), sealed.len()), (3, 2), "{decisions:?}");
    assert_eq!(sealed[1]["sending"]["sealed"]["scope"], "case");
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
    let alone = octroi(&folder, &["audit", "reveal", &id, "--key", "dpo.key", "--key", "dpo.key"]);
    assert_eq!(alone.status.code(), Some(1), "{}", said(&alone));
    assert!(said(&alone).contains("two persons"), "{}", said(&alone));

    let erased = octroi(&folder, &["audit", "erase", "--request", &case, "--basis", "case-closed"]);
    assert!(erased.status.success(), "{}", said(&erased));
    let gone = octroi(&folder, &[&["audit", "reveal", &case], &keys[..]].concat());
    assert_eq!(gone.status.code(), Some(1));
    assert!(said(&gone).contains("nobody can open it any more"), "{}", said(&gone));
    let other = octroi(&folder, &[&["audit", "reveal", &id], &keys[..]].concat());
    assert!(other.status.success(), "of another subject: {}", said(&other));

    // The next start takes it all into the log: who opened, with whose keys, and what was erased.
    let gateway = Process::start(&plot, &[]);
    gateway.terminate();
    let (told, status) = gateway.ended().await;
    assert!(status.success(), "{status}: {told}");
    let entries = verified_entries(&folder.join("audit"));
    let reveals: Vec<_> = entries.iter().filter(|entry| entry["action"] == "reveal").collect();
    assert_eq!(reveals.len(), 4, "each try: {reveals:?}");
    assert!(reveals.iter().all(|entry| entry["approver"].as_str().unwrap().len() == 33));
    let erasures: Vec<_> = entries.iter().filter(|entry| entry["kind"] == "erasure").collect();
    assert_eq!(erasures.len(), 1);
    assert_eq!(erasures[0]["key"], sealed[1]["sending"]["sealed"]["key"]);
}
