//! What lies around a body, through a whole gateway whose only backend is abroad: every endpoint of every API, streamed and not, in
//! every coding; values in the query and in the head; attachments of every kind at every place that takes one.
//!
//! Made from the dialects' tables, as the leak matrix is: an endpoint, parameter, header or place without a row here cannot be.
//! `docs/coverage-wire.md` is written from what was seen; the test fails while it says otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use http::{HeaderName, HeaderValue, Method};
use octroi::dialect;
use octroi::model::Api;

use crate::common::coding::coded;
use crate::common::{self, Client, EMAIL, House, IBAN, Plot, VALUES, scripted};
use crate::place::{self, Put};
use crate::servers::{self, Speaks};

/// Codings of a body.
const CODINGS: [&str; 5] = ["as it is", "gzip", "br", "zstd", "deflate"];

/// Headers that clients and proxies send anyway.
const HEADERS: [&str; 10] = [
    "user-agent",
    "x-anything",
    "cookie",
    "referer",
    "traceparent",
    "baggage",
    "x-request-id",
    "openai-organization",
    "x-forwarded-for",
    "idempotency-key",
];

/// Places of requests that take a text or what stands for a whole request of theirs, the most usual first.
const USUAL: [&str; 13] = [
    "messages[].content[].text",
    "messages[].content",
    "input",
    "prompt",
    "contents[].parts[].text",
    "query",
    "text_1",
    "queries",
    "query.text",
    "content.parts[].text",
    "requests[].content.parts[].text",
    "input[].content",
    "input[]",
];

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// It went out without the values, and they came back in the answer.
    Restored,
    /// It went out without the values; the answer holds no text.
    Replaced,
    /// It went out, and what held the values stayed behind.
    Left,
    /// It was refused.
    Refused,
}

impl Fate {
    const fn word(self) -> &'static str {
        match self {
            Self::Restored => "replaced, restored",
            Self::Replaced => "replaced",
            Self::Left => "left behind",
            Self::Refused => "refused",
        }
    }
}

/// One gateway before one server of an API.
struct Bench {
    house: House,
    server: scripted::Scripted,
    api: Speaks,
}

impl Bench {
    async fn new(api: Speaks) -> Self {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = api.dialects();
        let server = plot.script("us-cloud", move |asked| servers::answer(api, asked)).await;
        let house = plot.open().await;
        Self { house, server, api }
    }

    /// As [`Self::fate`], where the request must go out.
    async fn goes(&self, path: &str, body: Vec<u8>, headers: &[(&str, String)], what: &str) -> Fate {
        let fate = self.fate(path, body.clone(), headers, what).await;
        // What an agent does at its provider is hosted: refused unless a sheet allows it. Tokens are numbers that nobody can read.
        let refused = (path.contains("/agents/") || path.ends_with("/detokenize")) && fate == Fate::Refused;
        if !refused && !matches!(fate, Fate::Restored | Fate::Replaced) {
            let told = self.house.client.post(path, body).await;
            panic!("{:?} {path}, {what}: {fate:?} {}", self.api, told.body);
        }
        fate
    }

    /// Sends a request and looks at what reached the server and what came back.
    async fn fate(&self, path: &str, body: Vec<u8>, headers: &[(&str, String)], what: &str) -> Fate {
        let client: &Client = &self.house.client;
        let mut request = client.request(Method::POST, path, body);
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let before = self.server.asked().len();
        let answer = client.send(request).await.unwrap();
        let asked = self.server.asked();
        let gone: Vec<String> =
            asked[before..].iter().map(|asked| format!("{}\n{}", asked.head, opened(&asked.body))).collect();
        let gone = gone.join("\n");
        for value in VALUES {
            assert!(!gone.contains(value), "{:?} {path}, {what}: a value crossed in {gone}", self.api);
        }
        if answer.status != 200 {
            assert!(
                (400..500).contains(&answer.status),
                "{:?} {path}, {what}: {} {}",
                self.api,
                answer.status,
                answer.body
            );
            assert_eq!(asked.len(), before, "{:?} {path}, {what}: refused, and yet it went out", self.api);
            assert!(
                VALUES.iter().all(|value| !answer.body.contains(value)),
                "{path}, {what}: a refusal quotes a value"
            );
            return Fate::Refused;
        }
        // Streams of the binary framing and of pieces are joined before they are read.
        let back = joined(self.api, &answer);
        match (gone.contains("EMAIL_"), back.contains(EMAIL) && back.contains(IBAN)) {
            (_, true) => Fate::Restored,
            (true, false) => Fate::Replaced,
            (false, false) => Fate::Left,
        }
    }
}

/// All that a body may hold: its strings, and what lies in base64 in them.
fn opened(body: &str) -> String {
    let plain = servers::opened(body);
    let runs = plain.split(|char: char| !(char.is_ascii_alphanumeric() || "+/=".contains(char)));
    let decoded: Vec<String> = runs
        .filter_map(|run| base64::engine::general_purpose::STANDARD.decode(run).ok().filter(|bytes| bytes.len() > 5))
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect();
    format!("{plain}\n{}", decoded.join("\n"))
}

/// The texts of an answer in their order, those of a stream as one.
fn joined(api: Speaks, answer: &common::Answer) -> String {
    let kind = answer.header("content-type").to_owned();
    let mut out = Vec::new();
    let mut take = |text: &str| {
        if let Ok(value) = serde_json::from_str(text) {
            out.extend(said(&value));
        }
    };
    if kind.contains("event-stream") {
        answer.body.lines().filter_map(|line| line.strip_prefix("data: ")).for_each(take);
    } else if kind.contains("ndjson") {
        answer.body.lines().for_each(take);
    } else if kind.contains("eventstream") || api == Speaks::Bedrock && !kind.contains("json") {
        // The payloads are JSON between binary heads.
        let mut rest = answer.body.as_str();
        while let Some(open) = rest.find('{') {
            rest = &rest[open..];
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<serde_json::Value>();
            match values.next() {
                Some(Ok(value)) => {
                    take(&value.to_string());
                    rest = &rest[values.byte_offset()..];
                }
                _ => rest = &rest[1..],
            }
        }
    } else {
        take(&answer.body);
    }
    let pieces: String = out.concat();
    format!("{pieces}\n{}", out.join("\n"))
}

/// The strings of an event that a model wrote, decoded where a frame holds another.
fn said(value: &serde_json::Value) -> Vec<String> {
    if let Some(bytes) = value.get("bytes").and_then(serde_json::Value::as_str)
        && let Ok(inner) = base64::engine::general_purpose::STANDARD.decode(bytes)
    {
        return serde_json::from_slice(&inner).map(|inner| said(&inner)).unwrap_or_default();
    }
    match value {
        serde_json::Value::String(text) => vec![text.clone()],
        serde_json::Value::Array(items) => items.iter().flat_map(said).collect(),
        serde_json::Value::Object(members) => {
            let written =
                ["id", "object", "model", "type", "role", "created_at", "finish_reason", "done_reason", "stopReason"];
            let more =
                ["item_id", "p", "modelVersion", "responseId", "finishReason", "stop_reason", "status", "response_id"];
            let told = |key: &str| !written.contains(&key) && !more.contains(&key);
            members.iter().filter(|(key, _)| told(key)).flat_map(|(_, member)| said(member)).collect()
        }
        _ => Vec::new(),
    }
}

/// Percent-encodes a value for a query.
fn in_query(value: &str) -> String {
    value.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").unwrap();
        }
        out
    })
}

/// A request of an endpoint with a text at its most usual place.
fn usual(api: Api, text: &str) -> serde_json::Value {
    let rows = dialect::request_paths(api);
    let Some(row) = USUAL.into_iter().find(|row| rows.contains(row)) else {
        // Numbers of tokens, which nobody here can read.
        assert!(rows.contains(&"tokens[]"), "{api:?} has no usual place");
        return serde_json::json!({"model": "assistant", "tokens": [1, 2, 3]});
    };
    let mut body = place::body(api, row, Put::Text, text);
    // What these APIs require beside it.
    for (name, other) in [("documents", "x"), ("text_2", "x"), ("passages", "x")] {
        let listed = rows.iter().any(|path| *path == name || path.starts_with(&format!("{name}[]")));
        if listed
            && body.get(name).is_none()
            && rows.iter().any(|path| ["query", "query.text", "text_1"].contains(path))
        {
            body[name] =
                if name == "passages" { serde_json::json!([{"text": other}]) } else { serde_json::json!([other]) };
        }
    }
    body
}

/// The path of an endpoint as a client asks for it.
fn path_of(template: &str) -> String {
    let mut path = template.to_owned();
    while let Some((open, close)) = path.find('{').and_then(|open| Some((open, open + path[open..].find('}')?))) {
        let instead = if &path[open..=close] == "{model}" { "assistant" } else { "x" };
        path.replace_range(open..=close, instead);
    }
    path
}

/// Files of every kind with the values in them, each with its media type. Those that cannot be read are what they say they are.
fn files() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let text = common::prompt();
    let binary = |head: &[u8]| [head, text.as_bytes()].concat();
    vec![
        ("text", "text/plain", text.clone().into_bytes()),
        ("CSV", "text/csv", format!("who,mail,account\nCamille,{EMAIL},{IBAN}\n").into_bytes()),
        ("JSON", "application/json", serde_json::json!({"note": text}).to_string().into_bytes()),
        ("HTML", "text/html", format!("<!doctype html><html><body><p>{text}</p></body></html>").into_bytes()),
        ("XML", "application/xml", format!("<?xml version=\"1.0\"?><note>{text}</note>").into_bytes()),
        ("PDF", "application/pdf", binary(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")),
        ("image", "image/png", binary(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")),
        ("sound", "audio/wav", binary(b"RIFF\x24\0\0\0WAVEfmt ")),
        ("archive", "application/zip", binary(b"PK\x03\x04\x14\0\0\0\x08\0")),
        ("an image that says it is a text", "text/plain", binary(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")),
        ("a text that says it is an image", "image/png", text.into_bytes()),
    ]
}

/// Whether a place takes an attachment.
fn takes_files(path: &str) -> bool {
    let ends = [
        "image_url.url",
        "image_url",
        "file_data",
        "input_audio.data",
        "source.data",
        "inlineData.data",
        "inline_data.data",
        "source.bytes",
        "images[]",
        "audio_url.url",
        "video_url.url",
        "document_url",
        "file_url",
    ];
    ends.iter().any(|end| path.ends_with(end))
}

/// The lines of the page about an endpoint, and how many requests they took.
async fn endpoint(bench: &Bench, (api, template): (Api, &str)) -> (String, u32) {
    let (mut lines, mut cells) = (String::new(), 0);
    let path = path_of(template);
    let may_stream = dialect::request_paths(api).contains(&"stream");
    let streams: &[Option<bool>] = if may_stream { &[Some(false), Some(true)] } else { &[None] };
    for stream in streams {
        let mut body = usual(api, &common::prompt());
        if let Some(stream) = stream {
            body["stream"] = (*stream).into();
        }
        let mut line = vec![format!("`{template}`{}", if *stream == Some(true) { ", streamed" } else { "" })];
        for coding in CODINGS {
            let headers = (coding != "as it is").then(|| ("content-encoding", coding.to_owned()));
            let headers: Vec<(&str, String)> = headers.into_iter().collect();
            let fate = bench.goes(&path, coded(coding, body.to_string().as_bytes()), &headers, coding).await;
            line.push(fate.word().to_owned());
            cells += 1;
        }
        if *stream == Some(true) {
            line.extend(["as above".to_owned(), "as above".to_owned()]);
        } else {
            let (query, head, more) = around(bench, api, &path).await;
            line.extend([words(&query), words(&head)]);
            cells += more;
        }
        writeln!(lines, "| {} |", line.join(" | ")).unwrap();
    }
    (lines, cells)
}

/// What becomes of values in the query and in the head.
async fn around(bench: &Bench, api: Api, path: &str) -> (BTreeSet<Fate>, BTreeSet<Fate>, u32) {
    let quiet = usual(api, "a harmless question").to_string().into_bytes();
    let (parameters, known) = dialect::line_names(api);
    let (mut query, mut head, mut cells) = (BTreeSet::new(), BTreeSet::new(), 0);
    for name in parameters.into_iter().chain(["anything"]) {
        let joint = if path.contains('?') { '&' } else { '?' };
        let asked = format!("{path}{joint}{name}={}", in_query(VALUES[1]));
        query.insert(bench.fate(&asked, quiet.clone(), &[], name).await);
        cells += 1;
    }
    let usual = HEADERS.map(|name| (name, common::prompt()));
    let own = known.into_iter().map(|name| vec![(name, common::prompt())]);
    for headers in own.chain([usual.to_vec()]) {
        head.insert(bench.fate(path, quiet.clone(), &headers, headers[0].0).await);
        cells += 1;
    }
    (query, head, cells)
}

/// What becomes of files, for each place and each kind of file.
type Attached = BTreeMap<&'static str, BTreeMap<&'static str, BTreeSet<Fate>>>;

/// Attaches files at those places of an endpoint that no other of its API has shown yet.
async fn attach(bench: &Bench, api: Api, path: &str, attached: &mut Attached) -> u32 {
    let mut cells = 0;
    let rows = dialect::request_paths(api).into_iter().filter(|row| takes_files(row));
    let fresh: BTreeSet<&str> = rows.filter(|row| !attached.contains_key(row)).collect();
    for row in fresh {
        for (name, media, bytes) in files() {
            let coded = base64::engine::general_purpose::STANDARD.encode(&bytes);
            let is_url = row.ends_with("url") || row.ends_with("file_data");
            let data = if is_url { format!("data:{media};base64,{coded}") } else { coded };
            let body = place::body(api, row, Put::Text, &data).to_string().into_bytes();
            let fate = bench.fate(path, body, &[], &format!("{name} at {row}")).await;
            attached.entry(row).or_default().entry(name).or_default().insert(fate);
            cells += 1;
        }
    }
    cells
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_around_a_body() {
    // Dialects that share a table share what is said of its attachments: the first of them has it.
    let mut tables: BTreeMap<Vec<&str>, Speaks> = BTreeMap::new();
    for speaks in servers::ALL {
        for (api, _) in dialect::endpoints(dialect::named(speaks.name()).unwrap()) {
            tables.entry(dialect::request_paths(api)).or_insert(speaks);
        }
    }
    let tables = Arc::new(tables);
    let sections = servers::ALL.map(|speaks| tokio::spawn(section(speaks, Arc::clone(&tables))));
    let (mut page, mut cells) = (HEAD.to_owned(), 0_u32);
    for section in sections {
        let (text, more) = section.await.unwrap();
        page.push_str(&text);
        cells += more;
    }
    eprintln!("{cells} cells");
    check(&page);
}

/// What the page says of an API, and how many requests it took.
async fn section(speaks: Speaks, tables: Arc<BTreeMap<Vec<&'static str>, Speaks>>) -> (String, u32) {
    let (mut page, mut cells) = (String::new(), 0_u32);
    let bench = Bench::new(speaks).await;
    let (mut attached, mut same) = (Attached::new(), BTreeSet::new());
    let columns = "---|".repeat(CODINGS.len());
    write!(page, "\n## {}\n\n| endpoint | {} | query | head |\n", speaks.name(), CODINGS.join(" | ")).unwrap();
    writeln!(page, "|---|{columns}---|---|").unwrap();
    for (api, template) in dialect::endpoints(dialect::named(speaks.name()).unwrap()) {
        let (lines, more) = endpoint(&bench, (api, template)).await;
        page.push_str(&lines);
        let rows = dialect::request_paths(api);
        let first = tables[&rows];
        if first == speaks {
            cells += more + attach(&bench, api, &path_of(template), &mut attached).await;
        } else if rows.iter().any(|row| takes_files(row)) {
            same.insert(first.name());
        }
    }
    if !same.is_empty() {
        let names: Vec<&str> = same.into_iter().collect();
        write!(page, "\nAttachments as for {}.\n", names.join(", ")).unwrap();
    }
    if !attached.is_empty() {
        let names: Vec<&str> = files().iter().map(|(name, ..)| *name).collect();
        let columns = "---|".repeat(names.len());
        write!(page, "\n| attachment at | {} |\n|---|{columns}\n", names.join(" | ")).unwrap();
        for (row, fates) in attached {
            let told: Vec<String> = names.iter().map(|name| words(&fates[name])).collect();
            writeln!(page, "| `{row}` | {} |", told.join(" | ")).unwrap();
        }
    }
    (page, cells)
}

/// What the page says of several fates.
fn words(fates: &BTreeSet<Fate>) -> String {
    fates.iter().map(|fate| fate.word()).collect::<Vec<_>>().join("; or ")
}

/// Compares the page with what was seen; `OCTROI_UPDATE=1` writes it anew.
fn check(text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/coverage-wire.md");
    if std::env::var("OCTROI_UPDATE").is_ok_and(|value| value == "1") {
        return std::fs::write(path, text).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == text, "docs/coverage-wire.md is out of date: run this test with OCTROI_UPDATE=1");
}

const HEAD: &str = include_str!("wire.md");
