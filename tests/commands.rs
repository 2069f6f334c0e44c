//! The commands, as a newcomer types them.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "test helpers"
)]

use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs a command in a folder.
fn octroi(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_octroi"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("OCTROI_CONFIG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// What it printed, and how it ended.
fn told(output: &Output) -> (String, String, Option<i32>) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

/// Data that cannot be written is not told as written: a nightly job would believe it. A reader that has seen enough is no fault.
#[test]
fn what_cannot_be_written_is_a_fault() {
    let to = |out: std::fs::File| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_octroi"));
        let output = command.arg("detectors").stdout(out).stderr(Stdio::piped()).output().unwrap();
        (String::from_utf8(output.stderr).unwrap(), output.status.code())
    };
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let (said, status) = to(full);
    assert!(status == Some(2) && said.contains("standard output cannot be written"), "{said}");
    assert_eq!(to(std::fs::OpenOptions::new().write(true).open("/dev/null").unwrap()), (String::new(), Some(0)));
    let mut closed = Command::new("sh");
    closed.args(["-c", "\"$0\" detectors | head -1"]).arg(env!("CARGO_BIN_EXE_octroi"));
    assert_eq!(String::from_utf8(closed.output().unwrap().stderr).unwrap(), "");
}

/// `init`, `check`, `key new`, `explain`, `serve`: what `init` makes fits together.
#[test]
fn from_nothing_to_a_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], input: &str| told(&octroi(folder.path(), arguments, input));
    let (_, said, status) = run(&["init", "house", "--home", "FR"], "");
    assert_eq!(status, Some(0), "{said}");
    let (_, said, status) = run(&["init", "house", "--home", "FR"], "");
    assert!(status == Some(2) && said.contains("nothing was changed"), "{said}");
    assert_eq!(run(&["init", "other", "--home", "XX"], "").2, Some(2));
    // The log's group may come to the log, as where the gateway makes the folder, and to no key.
    let others = |name: &str| {
        let metadata = std::fs::metadata(folder.path().join(name)).unwrap();
        std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077
    };
    assert_eq!(["house", "house/audit", "house/keys"].map(others), [0o050, 0o050, 0]);
    let configuration = ["--config", "house/octroi.toml"];
    let (told, said, status) = run(&[&["check"], &configuration[..]].concat(), "");
    assert_eq!(status, Some(0), "{said}");
    assert!(told.contains("scenarios as told") && said.contains("has no key yet"), "{told}{said}");
    assert!(!said.contains("no entry in the inventory"), "{said}");
    let (key, said, status) = run(&[&["key", "new", "--app", "example"], &configuration[..]].concat(), "");
    assert!(status == Some(0) && key.starts_with("octroi_"), "{said}");
    let written = std::fs::read_to_string(folder.path().join("house/keys/callers.json")).unwrap();
    assert!(written.contains("h1:") && !written.contains(key.trim()), "{written}");
    let (listed, said, _) = run(&[&["key", "list"], &configuration[..]].concat(), "");
    let id = listed.split(' ').next().unwrap();
    assert!(
        listed.contains("unrecorded") && listed.contains("app `example`"),
        "no gateway has taken it yet: {listed}{said}"
    );
    let scoped =
        ["key", "new", "--app", "example", "--model", "assistant", "--api", "openai/chat", "--expires", "2099-01-31"];
    assert_eq!(run(&[&scoped, &configuration[..]].concat(), "").2, Some(0));
    for (wrong, said) in [
        (&["--model", "nosuch"][..], "`nosuch` is no model"),
        (&["--api", "openai/nosuch"], "`openai/nosuch` is no API"),
        (&["--purpose", "nosuch"], "`nosuch` is no purpose"),
        (&["--expires", "2020-01-31"], "ended before it begins"),
        (&["--expires", "soon"], "write a day"),
    ] {
        let (_, told, status) = run(&[&["key", "new", "--app", "example"], wrong, &configuration[..]].concat(), "");
        assert!(status == Some(2) && told.contains(said), "{told}");
    }
    assert_eq!(run(&[&["key", "rotate", id, "--overlap", "7d"], &configuration[..]].concat(), "").2, Some(0));
    assert_eq!(run(&[&["key", "revoke", id], &configuration[..]].concat(), "").2, Some(0));
    let (_, said, status) = run(&[&["key", "revoke", id], &configuration[..]].concat(), "");
    assert!(status == Some(2) && said.contains("revoked already"), "{said}");
    let (listed, _, _) = run(&[&["key", "list", "--json"], &configuration[..]].concat(), "");
    let listed: Vec<serde_json::Value> = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["state"], "revoked");
    assert_eq!((&listed[1]["apis"][0], &listed[1]["expires"]), (&"openai/chat".into(), &"2099-02-01T00:00:00Z".into()));
    assert_eq!(listed[2]["replaces"], id);
    assert_eq!(run(&[&["key", "new", "--app", "nobody"], &configuration[..]].concat(), "").2, Some(2));
    let body = r#"{"model":"assistant","messages":[{"role":"user","content":"Mme Camille Aubertin"}]}"#;
    std::fs::write(folder.path().join("body.json"), body).unwrap();
    let (told, said, status) = run(&[&["explain", "body.json", "--app", "example"], &configuration[..]].concat(), "");
    assert_eq!(status, Some(0), "{told}{said}");
    assert!(told.contains("person") && told.contains("home-gpu-1"), "{told}");
    assert!(!told.contains("Aubertin"), "{told}");
    let (told, _, status) = run(&[&["audit", "verify", "--dir", "house/audit"][..]].concat(), "");
    assert_ne!(status, Some(70), "{told}");
}

/// `scan` reads standard input, tells places and types, and no value.
#[test]
fn scan_tells_places() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Mme Camille Aubertin, camille.aubertin@example.com";
    let (found, said, status) = told(&octroi(folder.path(), &["scan", "-"], text));
    assert_eq!(status, Some(1), "{said}");
    assert!(found.contains("email") && found.contains("person") && !found.contains("camille"), "{found}");
    assert_eq!(told(&octroi(folder.path(), &["scan", "-"], "nothing")).2, Some(0));
}

/// The tour twice in one folder: the second takes what the first made, and its log goes on.
#[test]
fn the_demo_runs_again_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["demo", "--dir", "demo", "--port", "0", "--tour-only"];
    let mut keys = Vec::new();
    for _ in 0..2 {
        let (told, said, status) = told(&octroi(folder.path(), &arguments, ""));
        assert_eq!(status, Some(0), "{told}{said}");
        assert!(told.contains("All was as told.") && told.contains("sound:"), "{told}");
        let environment = std::fs::read_to_string(folder.path().join("demo/client.env")).unwrap();
        keys.push(environment.lines().find(|line| line.starts_with("OPENAI_API_KEY=")).unwrap().to_owned());
    }
    assert_eq!(keys[0], keys[1]);
    let (told, said, status) = told(&octroi(folder.path(), &["audit", "query", "--dir", "demo/audit"], ""));
    assert_eq!(
        (status, told.lines().count()),
        (Some(0), 10 + told.lines().filter(|line| !line.contains("chat")).count()),
        "{said}"
    );
    let id = told.lines().find(|line| line.contains("us-cloud")).unwrap().split_whitespace().nth(2).unwrap();
    let (story, _, status) = self::told(&octroi(folder.path(), &["audit", "show", id, "--dir", "demo/audit"], ""));
    assert!(status == Some(0) && story.contains("us-cloud"), "{story}");
}

/// A port that is taken is said, with what to do, and nothing stays behind that listens.
#[test]
fn a_port_that_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (told, said, status) =
        told(&octroi(folder.path(), &["demo", "--dir", "demo", "--port", &port, "--no-tour"], ""));
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains(&port) && said.contains("--port") && !told.contains("ready"), "{said}");
}

/// Plaintext is listened to under `[dangerous]` only, and the line that says so tells it as it is.
#[test]
fn plaintext_is_dangerous() {
    let folder = tempfile::tempdir().unwrap();
    let (_, said, status) = told(&octroi(folder.path(), &["init", "house", "--home", "FR"], ""));
    assert_eq!(status, Some(0), "{said}");
    let path = folder.path().join("house/octroi.toml");
    let text = std::fs::read_to_string(&path)
        .unwrap()
        .replace("127.0.0.1:8443", "127.0.0.1:0")
        .replace("127.0.0.1:9443", "127.0.0.1:0");
    let tls = |line: &&str| line.starts_with("certificate =") || line.starts_with("key =");
    let without = text.lines().filter(|line| !tls(line)).collect::<Vec<_>>().join("\n");
    std::fs::write(&path, &without).unwrap();
    let (_, said, status) = told(&octroi(folder.path(), &["check", "--config", "house/octroi.toml"], ""));
    assert!(status == Some(2) && said.contains("[dangerous]"), "{said}");
    std::fs::write(&path, format!("{without}\n[dangerous]\nplaintext_listener = true\n")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_octroi"))
        .args(["serve", "--config"])
        .arg(&path)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    let mut said = String::new();
    let ready = lines.by_ref().map_while(Result::ok).find(|line| {
        said.push_str(line);
        line.starts_with("ready ")
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(ready.is_some_and(|line| line.starts_with("ready http://")), "{said}");
    assert!(said.contains("Listening without TLS"), "{said}");
}
