//! `docs/audit.md`: every command of it, run as an auditor types it, on a log of several hundred entries; and what the record and
//! the reports say of exceptions that a gateway made use of.
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

#[path = "audit/epochs.rs"]
mod epochs;
#[path = "audit/room.rs"]
mod room;
#[path = "audit/signed.rs"]
mod signed;
#[path = "audit/visits.rs"]
mod visits;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use octroi::audit::{AuditLog as _, Options, SegmentLog, rotate};
use octroi::model::entry::{
    Change, Decision, Digest, Entry, FindingCount, Outcome, PlannedBackend, RequestId, Scan, Sending,
};
use octroi::model::{Country, Word};

fn decision(number: u32) -> Entry {
    let (backend, country, basis) = if number.is_multiple_of(3) {
        ("us-cloud", "US", Some(Word::fixed("standard contractual clauses")))
    } else {
        ("paris-gpu", "FR", None)
    };
    let finding = FindingCount {
        entity: Word::fixed("email"),
        classes: vec![Word::fixed("personal")],
        path: Word::fixed("messages[].content"),
        count: 1,
        confidence: Word::fixed("sure"),
    };
    Entry::Decision(Box::new(Decision {
        request: id(number),
        trace: None,
        tenant: Word::fixed("groupe-exemple"),
        app: Word::fixed(if number.is_multiple_of(2) { "clinic-notes" } else { "=SUM(A1)" }),
        purpose: Some(Word::fixed("care-documentation")),
        actor: Word::fixed("A7KQ2M"),
        api: Word::fixed("openai"),
        operation: Word::fixed("chat"),
        model: Word::fixed("assistant-large"),
        stream: false,
        findings: vec![finding],
        scan: Scan { status: Word::fixed("complete"), leaves: 2, scanned: 2, unknown: 0, unreadable: 0, bytes: 80 },
        label: None,
        leak_score: Some(0),
        left_out: None,
        leak: None,
        facts: None,
        policy: Digest([1; 32]),
        inventory: Digest([2; 32]),
        reference: Digest([3; 32]),
        rules: vec![Word::fixed("us-exposed-needs-pseudonyms")],
        verdict: Word::fixed("forward"),
        reason: None,
        plan: vec![PlannedBackend {
            backend: Word::fixed(backend),
            tier: Word::fixed("other"),
            countries: vec![Country::parse(country).unwrap()],
            operator: None,
            controlled_from: None,
            transfer_basis: basis,
            duties_as: None,
            duties: Vec::new(),
        }],
        removed: Vec::new(),
        sending: Some(Sending {
            backend: Word::fixed(backend),
            body_mac: Digest([5; 32]),
            body_bytes: 90,
            found: Vec::new(),
            changed: vec![Change { entity: Word::fixed("email"), action: Word::fixed("pseudonymise"), count: 1 }],
            model: Some(Word::fixed("large-2026")),
            smaller: None,
            sealed: None,
        }),
        clock: None,
        exceptions: Vec::new(),
        crossed: None,
        fell_back: None,
        kept: None,
        body_mac: Digest([4; 32]),
        body_bytes: 80,
    }))
}

fn outcome(number: u32) -> Entry {
    Entry::Outcome(Box::new(Outcome {
        request: id(number),
        end: Word::fixed("complete"),
        backend: None,
        status: 200,
        restored: 1,
        sealed: None,
        unsealed: false,
        foreign_tokens: 0,
        withheld_tokens: 0,
        bytes_out: 120,
        cause: None,
        first_byte_us: 1_000,
        total_us: 2_000,
        input_tokens: Some(12),
        output_tokens: Some(34),
        kept: None,
        newest: None,
        reason: None,
    }))
}

fn id(number: u32) -> RequestId {
    let mut id = [1; 16];
    id[12..].copy_from_slice(&number.to_be_bytes());
    RequestId(id)
}

async fn write_log(folder: &Path) {
    write_epoch(Options::new(folder, "octroi/paris-1/1", Arc::new(jiff::Timestamp::now)), 0..200).await;
}

async fn write_epoch(options: Options, numbers: std::ops::Range<u32>) {
    let log = SegmentLog::open(options).unwrap();
    for number in numbers {
        let slot = log.reserve().unwrap();
        log.append(decision(number)).await.unwrap();
        slot.submit(outcome(number));
    }
    tokio::task::spawn_blocking(move || log.stop()).await.unwrap();
}

/// The blocks of a language in the documentation, in order.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let opening = format!("\n```{language}\n");
    text.split(&opening).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

/// A folder with the programs by the names that the documentation uses.
fn programs(folder: &Path) -> PathBuf {
    let bin = folder.join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_octroi"), bin.join("octroi")).unwrap();
    // The verifier is a package of its own: its program is built beside ours.
    let beside = Path::new(env!("CARGO_BIN_EXE_octroi")).parent().unwrap();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--locked", "--offline", "--package", "octroi-verify", "--bin", "octroi-verify"]);
    build.args(["--target-dir".as_ref(), beside.parent().unwrap().as_os_str()]);
    if beside.ends_with("release") {
        build.arg("--release");
    }
    let built = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
    assert!(built.success(), "octroi-verify does not build");
    std::os::unix::fs::symlink(beside.join("octroi-verify"), bin.join("octroi-verify")).unwrap();
    bin
}

#[tokio::test]
async fn every_command_of_the_documentation_works() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audit.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    write_log(&folder.path().join("audit")).await;
    let python = blocks(&text, "python");
    assert_eq!(python.len(), 1);
    std::fs::write(folder.path().join("check.py"), &python[0]).unwrap();
    let commands = blocks(&text, "sh");
    assert!(commands.len() >= 10, "{}", commands.len());
    let path = format!("{}:{}", programs(folder.path()).display(), std::env::var("PATH").unwrap());
    let run = |commands: &[String]| {
        let script = format!("set -eux\n{}\n", commands.join("\n"));
        Command::new("bash").arg("-c").arg(script).env("PATH", &path).current_dir(folder.path()).output().unwrap()
    };
    // What was kept is of a time before the key was changed: with it the rest is checked.
    assert!(run(&commands[..1]).status.success() && folder.path().join("kept.vkey").exists());
    rotate::request(&folder.path().join("audit")).unwrap();
    let clock: octroi::audit::Clock = Arc::new(jiff::Timestamp::now);
    let turn = rotate::Turn::of(&folder.path().join("audit")).unwrap();
    let options = rotate::settle(&turn, &Word::fixed("paris-1"), &clock, 1 << 20).unwrap();
    drop(turn);
    write_epoch(options, 1_000..1_200).await;
    let output = run(&commands[1..]);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    for expected in [
        "VERIFIED: octroi/paris-1/1",
        "405 entries of octroi/paris-1/1, from 0 on, are those that were signed; they follow 402 known ones",
        "403 entries of octroi/paris-1/2, from 0 on, are those that were signed; they follow 0 known ones",
        "PROVEN: entry 400 of 403 of octroi/paris-1/2",
        "extends     1 earlier checkpoint",
        "20 lines as in the log",
        "index       says of 403 entries what the log says",
        "the review index says what the log says",
        "\"'=SUM(A1)\"",
    ] {
        assert!(out.contains(expected), "{expected}\n{out}\n{err}");
    }
    let french = std::fs::read_to_string(folder.path().join("transferts.html")).unwrap();
    assert!(french.contains("<td>personnel</td>") && !french.contains("<td>personal</td>"), "{french}");
    // What an auditor would find if a byte of the published log were changed.
    let bundle = folder.path().join("published/tile/entries/000");
    let right = std::fs::read(&bundle).unwrap();
    for (at, expected) in
        [(&b"clinic-notes"[..], "not those that were signed"), (b"\"kind\":", "tile/entries/000 is not JSON")]
    {
        let mut bytes = right.clone();
        let at = bytes.windows(at.len()).position(|window| window == at).unwrap();
        bytes[at] ^= 1;
        std::fs::write(&bundle, bytes).unwrap();
        let check = ["check.py", "published", "kept.vkey"];
        let check = Command::new("python3").args(check).current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&check.stderr);
        assert!(!check.status.success() && said.contains(expected), "{said}");
    }
    // And what the verifier that is built alone says of an index in which only a count was edited.
    let database = rusqlite::Connection::open(folder.path().join("audit/index.db")).unwrap();
    assert!(database.execute("UPDATE hourly SET n = n - 1 WHERE country = 'US' AND class = ''", []).unwrap() > 0);
    drop(database);
    let verify = Command::new(folder.path().join("bin/octroi-verify"))
        .args(["audit", "--key", "kept.vkey", "--index"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&verify.stdout);
    assert_eq!(verify.status.code(), Some(1), "{said}");
    assert!(said.contains("NOT VERIFIED: index edited: index.db: its counts are not those of the log"), "{said}");
    // Each reading waits to be recorded, under conditions without their values.
    let accesses: Vec<_> = std::fs::read_dir(folder.path().join("audit/access"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert!(accesses.len() >= 10, "{accesses:?}");
    assert!(accesses.iter().all(|access| !access.contains("clinic-notes")), "{accesses:?}");
}

/// Answers each request on a connection with what a function makes of its path and body; returns the address.
async fn serve(answer: impl Fn(&str, &[u8]) -> (u16, Vec<u8>) + Send + Sync + 'static) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                while let Ok(1..) = stream.read_buf(&mut bytes).await {
                    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
                    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
                    let length = head.to_lowercase();
                    let length = length.lines().find_map(|line| line.strip_prefix("content-length: "));
                    let whole = end + 4 + length.map_or(0, |length| length.trim().parse::<usize>().unwrap());
                    if bytes.len() < whole {
                        continue;
                    }
                    let path = head.split(' ').nth(1).unwrap().to_owned();
                    let (status, body) = answer(&path, &bytes[end + 4..whole]);
                    bytes.drain(..whole);
                    // A page is said to be one, as web servers do.
                    let kind =
                        if body.starts_with(b"<html") { "content-type: text/html; charset=utf-8\r\n" } else { "" };
                    let head = format!("HTTP/1.1 {status} X\r\n{kind}content-length: {}\r\n\r\n", body.len());
                    if stream.write_all(&[head.into_bytes(), body].concat()).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    address
}

async fn octroi(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octroi"));
    command.args(arguments).envs(variables.iter().copied()).current_dir(folder);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_log_is_verified_where_it_is_served() {
    let folder = tempfile::tempdir().unwrap();
    write_log(&folder.path().join("audit")).await;
    let (code, said) = octroi(folder.path(), &["audit", "publish", "published"], &[]).await;
    assert_eq!(code, Some(0), "{said}");
    let root = folder.path().join("published");
    let files = root.clone();
    // Some stores say that a file that is not there is forbidden, and some servers have a page for it.
    let [address, shy, polite] = [(404, ""), (403, ""), (200, "<html>Welcome")].map(|(absent, page)| {
        let files = files.clone();
        serve(move |path, _| match std::fs::read(files.join(path.trim_start_matches('/'))) {
            Ok(bytes) => (200, bytes),
            Err(_) => (absent, page.into()),
        })
    });
    let (address, shy, polite) = (address.await, shy.await.replace("http://", "HTTP://"), polite.await);
    let verify = ["audit", "verify", &address, "--key", "audit/log.vkey", "--from", "audit/checkpoint"];
    for address in [&address, &shy, &polite] {
        let verify = ["audit", "verify", address, "--key", "audit/log.vkey", "--from", "audit/checkpoint"];
        let (code, said) = octroi(folder.path(), &verify, &[]).await;
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("sound: 402 entries of `octroi/paris-1/1`"), "{said}");
    }
    let bundle = root.join("tile/entries/000");
    let right = std::fs::read(&bundle).unwrap();
    let mut wrong = right.clone();
    wrong[300] ^= 1;
    std::fs::write(&bundle, wrong).unwrap();
    let (code, said) = octroi(folder.path(), &verify, &[]).await;
    assert_eq!(code, Some(1), "{said}");
    std::fs::write(&bundle, right).unwrap();
    std::fs::remove_file(root.join("tile/0/001.p/146")).unwrap();
    let (code, said) = octroi(folder.path(), &verify, &[]).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("entries missing: tile/0/001.p/146"), "{said}");
    // Of a log that cannot be read nothing is said, neither good nor bad.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (code, said) = octroi(folder.path(), &["audit", "verify", &nobody], &[]).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("could not check: ") && !said.contains("not sound"), "{said}");
    let (code, said) = octroi(folder.path(), &["audit", "verify", "http://127.0.0.1:99999/"], &[]).await;
    assert!(code == Some(2) && said.contains("its port is not a number up to 65535"), "{said}");
    let verify = ["audit", "verify", &nobody, "--json"];
    let (code, said) = octroi(folder.path(), &verify, &[]).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("\"sound\":null"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_forwarded_at_least_once_from_a_cursor() {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};
    let folder = tempfile::tempdir().unwrap();
    write_log(&folder.path().join("audit")).await;
    let (seen, down) = (Arc::new(Mutex::new(Vec::<u64>::new())), Arc::new(AtomicBool::new(true)));
    let (kept, closed) = (Arc::clone(&seen), Arc::clone(&down));
    let endpoint = serve(move |path, body| {
        assert_eq!(path, "/v1/logs");
        if closed.load(Ordering::SeqCst) {
            return (503, Vec::new());
        }
        let body: serde_json::Value = serde_json::from_slice(body).unwrap();
        for record in body.pointer("/resourceLogs/0/scopeLogs/0/logRecords").unwrap().as_array().unwrap() {
            let entry: serde_json::Value =
                serde_json::from_str(record["body"]["stringValue"].as_str().unwrap()).unwrap();
            assert_eq!(record["eventName"], format!("octroi.audit.{}", entry["entry"]["kind"].as_str().unwrap()));
            kept.lock().unwrap().push(entry["seq"].as_u64().unwrap());
        }
        (200, b"{}".to_vec())
    })
    .await;
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())];
    let forward = ["audit", "forward"];
    let (code, said) = octroi(folder.path(), &forward, &variables).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("503") && !folder.path().join("audit/forward.cursor").exists(), "{said}");
    down.store(false, Ordering::SeqCst);
    for (name, from, to) in [("all", 0, 402), ("nothing is new", 402, 402)] {
        let (code, said) = octroi(folder.path(), &forward, &variables).await;
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), (from..to).collect::<Vec<_>>(), "{name}");
    }
    // A cursor that was not written after a batch was taken: it is sent again, and nothing is left out.
    std::fs::write(folder.path().join("audit/forward.cursor"), "octroi/paris-1/1 300\n").unwrap();
    octroi(folder.path(), &forward, &variables).await;
    assert_eq!(*seen.lock().unwrap(), (300..402).collect::<Vec<_>>());
    for (cursor, told) in
        [("octroi/paris-1/1 5000", "5000 of `octroi/paris-1/1`, which has 402"), ("octroi/lyon/1 3", "no epoch")]
    {
        std::fs::write(folder.path().join("audit/forward.cursor"), format!("{cursor}\n")).unwrap();
        let (code, said) = octroi(folder.path(), &forward, &variables).await;
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(told) && said.contains("help: "), "{said}");
    }
}

/// An exception of the policy spares requests a rule: each decision says which, and the reports count its transfers.
#[tokio::test(flavor = "multi_thread")]
async fn exceptions_that_were_used_are_on_record_and_in_the_reports() {
    use common::{Client, Plot, process::Process, verified_entries};
    let plot = Plot::new().await;
    plot.paris_down(true);
    let folder = plot.folder.path().to_owned();
    let sheet = std::fs::read_dir(plot.path("policies")).unwrap().map(|entry| entry.unwrap().path());
    let sheet = sheet.into_iter().find(|path| path.extension().is_some_and(|end| end == "policy")).unwrap();
    let text = std::fs::read_to_string(&sheet).unwrap();
    let inventory = plot.path("policies/backends.toml");
    let declared = std::fs::read_to_string(&inventory).unwrap();
    let expired =
        "certificates = [{ scheme = \"HDS\", scope = \"all\", valid-until = 2026-11-01 }]\noperator = \"the owner\"";
    std::fs::write(inventory, declared.replacen("operator = \"the owner\"", expired, 1)).unwrap();
    let rule =
        "rule internal-stays because \"charter, section 2\" when label is \"Interne\" never backends exposed to US\n";
    let exception = "exception website-pilot for rule internal-stays because \"pilot agreed with the board\"\n  \
                     when app is \"public-website\" until 2099-12-31 approved by \"DPO\"\n";
    // Without the exception the rule holds and nothing crosses; with it one request makes use of it, and one need not.
    let mut ids = Vec::new();
    for (sheet_text, labels) in [
        (format!("{text}\n{rule}"), &["Interne"][..]),
        (format!("{text}\n{rule}{exception}"), &["Interne", "Public"][..]),
    ] {
        std::fs::write(&sheet, sheet_text).unwrap();
        let gateway = Process::start(&plot, &[]);
        let client = Client::new(&plot.authority, gateway.address, &plot.key);
        for label in labels {
            let body = common::chat_body(&common::prompt(), false);
            let mut request = client.request(http::Method::POST, "/v1/chat/completions", body);
            request.headers_mut().insert("octroi-label", label.parse().unwrap());
            let answer = client.send(request).await.unwrap();
            ids.push((answer.status, answer.header("octroi-request-id").to_owned()));
        }
        gateway.terminate();
        let (told, status) = gateway.ended().await;
        assert!(status.success(), "{status}: {told}");
    }
    let statuses: Vec<u16> = ids.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [503, 200, 200]);
    let entries = verified_entries(&folder.join("audit"));
    let used = |id: &str| {
        let of = |entry: &&serde_json::Value| entry["kind"] == "decision" && entry["request"] == id;
        entries.iter().find(of).unwrap()["exceptions"].clone()
    };
    let expected = serde_json::json!([
        { "exception": "website-pilot", "rule": "internal-stays", "until": "2099-12-31" }
    ]);
    assert_eq!(
        [used(&ids[0].1), used(&ids[1].1), used(&ids[2].1)],
        [serde_json::Value::Null, expected, serde_json::Value::Null]
    );
    // And each says what the system says of the clock that dates it.
    let mut clocks =
        entries.iter().filter(|entry| entry["kind"] == "decision").map(|entry| entry["clock"].as_str().unwrap());
    assert!(clocks.all(|clock| ["synchronised", "unsynchronised", "unknown"].contains(&clock)));

    let (_, told) = octroi(&folder, &["audit", "show", &ids[1].1], &[]).await;
    let sentence = "The exception website-pilot, in force until 2099-12-31, spared it the rule internal-stays";
    assert!(told.contains(sentence) && (told.contains("by a clock that was") || told.contains("not known")), "{told}");
    let (_, listed) = octroi(&folder, &["audit", "query", "--exception", "website-pilot", "--json"], &[]).await;
    assert!(listed.contains(&ids[1].1) && !listed.contains(&ids[0].1) && !listed.contains(&ids[2].1), "{listed}");
    // A change of the key begins another log; what is asked is asked of both.
    let (code, told) = octroi(&folder, &["audit", "key", "rotate", "--config", "octroi.toml"], &[]).await;
    assert_eq!(code, Some(0), "{told}");
    for arguments in [&["audit", "show", &ids[1].1][..], &["policy", "explain", &ids[1].1]] {
        let (code, told) = octroi(&folder, arguments, &[]).await;
        assert!(code == Some(0) && told.contains("us-cloud"), "{arguments:?}: {told}");
    }
    let (_, listed) = octroi(&folder, &["audit", "query", "--exception", "website-pilot"], &[]).await;
    assert!(listed.contains(&ids[1].1) && listed.contains("  1:"), "{listed}");
    let (_, counted) = octroi(&folder, &["audit", "query", "--by", "exception"], &[]).await;
    assert!(counted.contains("1  website-pilot"), "{counted}");
    let (_, rows) = octroi(&folder, &["audit", "query", "--exception", "website-pilot", "--csv"], &[]).await;
    assert!(
        rows.starts_with("epoch,seq,") && rows.contains(",website-pilot,paris-gpu-1 paris-gpu-2 us-cloud,"),
        "{rows}"
    );
    for (epoch, expected) in [("1", true), ("2", false)] {
        let (_, exported) = octroi(&folder, &["audit", "export", "--epoch", epoch], &[]).await;
        assert_eq!(exported.contains(&ids[1].1), expected, "{epoch}: {exported}");
    }
    // A word that another epoch holds is missed in that one alone.
    let (code, told) = octroi(&folder, &["audit", "query", "--epoch", "2", "--backend", "us-cloud"], &[]).await;
    assert!(code == Some(2) && told.contains("no request in epoch 2 of the log"), "{told}");
    assert!(told.contains("without --epoch all epochs are searched"), "{told}");
    let (code, told) = octroi(&folder, &["audit", "query", "--by", "backend,app,backend"], &[]).await;
    assert!(code == Some(2) && told.contains("names `backend` twice"), "{told}");
    let proof = ["audit", "show", &ids[1].1, "--proof", "kept.tlog-proof"];
    let (code, told) = octroi(&folder, &proof, &[]).await;
    assert_eq!(code, Some(0), "{told}");
    let (code, told) = octroi(&folder, &proof, &[]).await;
    assert!(code == Some(2) && told.contains("is there already") && told.contains("none is overwritten"), "{told}");
    let month = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m").to_string();
    for (report, language, heading) in [
        ("art30", "en", "Exceptions used"),
        ("transfers", "en", "Exceptions used"),
        ("transfers", "fr", "Exceptions utilisées"),
    ] {
        let arguments = ["audit", "report", report, "--month", &month, "--csv", "--lang", language];
        let (code, sheet) = octroi(&folder, &arguments, &[]).await;
        assert_eq!(code, Some(0), "{sheet}");
        let table = sheet.split(heading).nth(1).unwrap_or_else(|| panic!("{report}: {sheet}"));
        let row =
            table.lines().find(|line| line.starts_with("website-pilot,internal-stays,public-website,us-cloud,US"));
        assert!(row.is_some_and(|row| row.trim_end().ends_with(",0,1")), "{report}: {sheet}");
        let certificate = if language == "fr" { "certificat" } else { "certificate" };
        let ended = format!("paris-gpu-1,{certificate},2026-11-01,");
        let expired = sheet.lines().any(|line| line.starts_with(&ended) && line.contains("Z,1,"));
        assert_eq!(expired, report == "transfers", "{report}: {sheet}");
        // What no exception was used for is counted among all, and only there.
        let sent = sheet.lines().find(|line| line.starts_with("demo,public-website,") && line.contains("us-cloud"));
        assert!(report != "art30" || sent.is_some_and(|row| row.trim_end().ends_with(",0,2")), "{sheet}");
    }
}

/// A copy that its reader may not write, as an auditor has it or a member of the log's group: counts, reports and proofs are as
/// on the log itself, and nothing beside it is changed.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_cannot_be_written_answers_all_that_the_log_does() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt as _;
    let mode = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    let (folder, results) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let audit = folder.path().join("audit");
    write_log(&audit).await;
    let list = || -> std::collections::BTreeSet<(PathBuf, u64)> {
        let files = walkdir::WalkDir::new(&audit).into_iter().map(Result::unwrap);
        files.map(|entry| (entry.path().to_owned(), entry.metadata().unwrap().len())).collect()
    };
    mode(folder.path(), 0o755);
    mode(results.path(), 0o777);
    let month = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m").to_string();
    let (id, proof) = (id(7).to_string(), results.path().join("request.tlog-proof"));
    let proof = proof.to_str().unwrap();
    let none = "index missing: index.db: there is none beside this log: `octroi audit reindex audit` makes it";
    for indexed in [false, true] {
        if indexed {
            mode(&audit, 0o755);
            let (code, said) = octroi(folder.path(), &["audit", "reindex", "audit"], &[]).await;
            assert_eq!(code, Some(0), "{said}");
        }
        for entry in walkdir::WalkDir::new(&audit).into_iter().map(Result::unwrap) {
            mode(entry.path(), if entry.file_type().is_dir() { 0o555 } else { 0o444 });
        }
        let before = list();
        std::fs::remove_file(proof).unwrap_or_default();
        for (arguments, expected) in [
            (&["audit", "query", "--by", "decision"][..], "forward"),
            (&["audit", "query", "--limit", "3"], "3 shown"),
            (&["audit", "report", "transfers", "--csv", "--month", &month], "us-cloud"),
            (&["audit", "show", &id, "--proof", proof], "check it with"),
            (&["audit", "reindex", "audit", "--check"], if indexed { "says what the log says" } else { none }),
            (&["audit", "verify", "audit", "--index"], if indexed { "sound: 402" } else { none }),
        ] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_octroi"));
            command.args(arguments).current_dir(folder.path());
            if rustix::process::getuid().is_root() {
                // For whom no file is closed: somebody else asks.
                command.uid(65_534).gid(65_534);
            }
            let output = match command.output() {
                Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                    eprintln!("not run: another user may not run the program where it was built");
                    return;
                }
                output => output.unwrap(),
            };
            let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            assert!(said.contains(expected), "{arguments:?}: {said}");
            assert_eq!(output.status.code(), Some(i32::from(expected == none)), "{arguments:?}: {said}");
        }
        assert_eq!(list(), before, "indexed {indexed}");
    }
    for entry in
        walkdir::WalkDir::new(&audit).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_dir())
    {
        mode(entry.path(), 0o755);
    }
}
