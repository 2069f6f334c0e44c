//! Ten thousand values through the whole system, and none of them, nor a plain hash of one, anywhere that it keeps or tells:
//! log, index, exports, reports, traces, metrics, messages.

use std::collections::BTreeMap;
use std::process::Command;

use aho_corasick::AhoCorasick;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::common::process::Process;
use super::common::{Client, Plot, chat_body, files_below, page};
use super::telemetry::{collector, gather};

const VALUES: u32 = 10_000;
const EACH: usize = 50;

/// The value with this number: of types that detectors find, and words that none does.
fn value(number: u32) -> String {
    let (kind, n) = (number % 8, number / 8);
    let first = ["Camille", "Noémie", "Anselme", "Blandine", "Corentin", "Delphine", "Edmond", "Fantine"];
    let last = ["Aubertin", "Bellanger", "Castelnau", "Delorme", "Escoffier", "Fontanel", "Grandval", "Hautecoeur"];
    let pick = |list: [&str; 8], by: u32| list[(by % 8) as usize].to_owned();
    match kind {
        0 => format!("{}.{}.{n}@example.com", pick(first, n).to_lowercase(), pick(last, n / 8).to_lowercase()),
        1 => iban(n),
        2 => format!("+33 6 39 98 {:02} {:02}", n / 100, n % 100),
        3 => card(n),
        4 => format!("{} {}-{}{}", pick(first, n), pick(last, n / 8), pick(last, n / 64), n / 512),
        5 => format!("2001:db8:{n:x}:7::{:x}", n + 17),
        6 => format!("dossier {}-{n:05}-Z", 7_000 + n % 1_000),
        _ => format!("zephyr{n:05}kestrel"),
    }
}

/// A French IBAN with the right check digits (ISO 13616).
fn iban(n: u32) -> String {
    let account = format!("3000600001{:011}89", 12_345_000_000_u64 + u64::from(n));
    let number = format!("{account}152700");
    let rest = number.bytes().fold(0_u32, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
    let plain = format!("FR{:02}{account}", 98 - rest);
    plain.as_bytes().chunks(4).map(|four| std::str::from_utf8(four).unwrap()).collect::<Vec<_>>().join(" ")
}

/// A card number of a test range with the right last digit (ISO/IEC 7812).
fn card(n: u32) -> String {
    let head = format!("40000012{n:07}");
    let sum: u32 = (0..)
        .zip(head.bytes().rev())
        .map(|(at, digit)| {
            let digit = u32::from(digit - b'0') * if at % 2 == 0 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    format!("{head}{}", (10 - sum % 10) % 10)
}

/// What must be found nowhere for a value: itself in its spellings, and the beginnings of its plain hashes.
fn traces(value: &str) -> Vec<Vec<u8>> {
    let plain: String = value.chars().filter(|c| *c != ' ').collect();
    let spellings = [value.to_owned(), plain, value.to_lowercase()];
    let mut traces: Vec<Vec<u8>> = Vec::new();
    for spelling in &spellings {
        traces.push(spelling.as_bytes().to_vec());
        for algorithm in [&SHA256, &SHA1_FOR_LEGACY_USE_ONLY] {
            let hash = digest(algorithm, spelling.as_bytes());
            let hash = hash.as_ref();
            traces.push(hash[..8].iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect());
            traces.push(STANDARD.encode(&hash[..9]).into_bytes());
            traces.push(hash[..8].to_vec());
        }
    }
    traces.sort();
    traces.dedup();
    traces
}

/// Sends all of them, by every way in.
async fn plant(plot: &Plot, client: &Client, values: &[String]) {
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    for (round, chunk) in values.chunks(EACH * 4).enumerate() {
        plot.paris_down(round % 3 == 2);
        let sending = chunk.chunks(EACH).enumerate().map(|(number, values)| {
            let (client, text) = (client.clone(), format!("Please write to each of: {}.", values.join("; ")));
            let (header, stream) = (values[0].clone(), number % 2 == 1);
            tokio::spawn(async move {
                let mut request = client.request(http::Method::POST, "/v1/chat/completions", chat_body(&text, stream));
                if number == 0 {
                    for name in ["octroi-case", "octroi-purpose", "user-agent", "x-customer", "traceparent"] {
                        request.headers_mut().insert(name, http::HeaderValue::from_bytes(header.as_bytes()).unwrap());
                    }
                }
                client.send(request).await.unwrap().status
            })
        });
        for sent in sending.collect::<Vec<_>>() {
            *statuses.entry(sent.await.unwrap()).or_default() += 1;
        }
    }
    assert!(statuses.get(&200).is_some_and(|well| *well > 50), "{statuses:?}");
    plot.paris_down(false);
    // What is turned away is recorded too, or only told.
    for (path, body) in [
        ("/v1/chat/completions", format!("{{\"model\":\"{}\",\"messages\":[]}}", values[0])),
        ("/v1/chat/completions", format!("{{\"model\":\"assistant\",\"{}\":1,\"messages\":[]}}", values[7])),
        ("/v1/chat/completions", format!("{{\"model\":\"assistant\",\"user\":\"{}\"", values[4])),
        ("/v1/zephyr00000kestrel", chat_body("x", false)),
        ("/v1/chat/completions?q=zephyr00000kestrel", chat_body("x", false)),
    ] {
        client.post(path, body).await;
    }
    let stranger = Client::new(&plot.authority, client.address, &values[7]);
    assert_eq!(stranger.chat("x", false).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_values_leave_no_trace() {
    let values: Vec<String> = (0..VALUES).map(value).collect();
    let patterns: Vec<(Vec<u8>, &String)> =
        values.iter().flat_map(|value| traces(value).into_iter().map(move |trace| (trace, value))).collect();
    let search = AhoCorasick::new(patterns.iter().map(|(trace, _)| trace)).unwrap();
    assert!(search.is_match(&format!("x {} y", values[1_234])), "the search finds what is there");

    let (port, mut exported) = collector(None).await;
    let endpoint = format!("http://127.0.0.1:{port}");
    let plot = Plot::new().await;
    let process = Process::start(&plot, &[("OCTROI_LOG", "debug"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    let client = Client::new(&plot.authority, process.address, &plot.key);
    plant(&plot, &client, &values).await;
    let mut places = vec![("metrics".to_owned(), page(process.admin, "/metrics").await.unwrap().1.into_bytes())];
    process.terminate();
    let (said, _) = process.ended().await;
    assert!(said.matches("Request ended").count() >= values.len() / EACH, "all went through");
    places.push(("messages".to_owned(), said.into_bytes()));
    let (_, spans, metrics) = gather(&mut exported).await;
    places.extend([("traces".to_owned(), spans), ("exported metrics".to_owned(), metrics)]);

    let decisions = super::common::verified_entries(&plot.path("audit"));
    let decisions: Vec<_> = decisions.into_iter().filter(|entry| entry["kind"] == "decision").collect();
    assert!(decisions.len() >= values.len() / EACH, "{}", decisions.len());
    let found: u64 = decisions
        .iter()
        .flat_map(|it| it["findings"].as_array().unwrap())
        .map(|it| it["count"].as_u64().unwrap())
        .sum();
    assert!(found > 5_000, "the detectors saw most of them: {found}");
    let id = decisions[0]["request"].as_str().unwrap();
    let month = jiff::Timestamp::now().strftime("%Y-%m").to_string();
    let report = |kind| ["audit", "report", kind, "--month", &month];
    let commands: [&[&str]; 9] = [
        &["audit", "export"],
        &["audit", "export", "--csv"],
        &["audit", "query", "--limit", "1000", "--csv"],
        &["audit", "query", "--by", "app,class,model"],
        &["audit", "show", id],
        &report("art30"),
        &report("transfers"),
        &report("ai-act"),
        &report("access"),
    ];
    for arguments in commands {
        let output = Command::new(env!("CARGO_BIN_EXE_octroi"))
            .args(arguments)
            .current_dir(plot.folder.path())
            .output()
            .unwrap();
        assert!(output.status.success() && output.stdout.len() > 40, "{arguments:?}: {output:?}");
        places.push((format!("{arguments:?}"), [output.stdout, output.stderr].concat()));
    }
    places.extend(files_below(plot.folder.path()).into_iter().map(|(path, bytes)| (path.display().to_string(), bytes)));
    assert!(places.iter().any(|(place, _)| place.ends_with("audit/index.db")), "the index is among them");
    for (place, bytes) in &places {
        if let Some(found) = search.find(bytes) {
            let (trace, value) = &patterns[found.pattern().as_usize()];
            panic!("{place} holds `{}` of `{value}`", String::from_utf8_lossy(trace));
        }
    }
}
