//! Every API through a whole gateway, driven by its official SDK, against a server that repeats what reached it.
//!
//! Only a backend abroad is there, so every planted value must be replaced on the way out and come back in the answer:
//! whole, streamed, in arguments of tools. What reached the server is looked through for the values.
#![allow(
    clippy::allow_attributes,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "test helpers that start the SDKs and read what they wrote"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

mod common;

#[path = "matrix/place.rs"]
#[allow(dead_code, reason = "keys and numbers are of the leak matrix")]
mod place;
#[path = "apis/servers.rs"]
mod servers;
#[path = "apis/wire.rs"]
mod wire;

use common::{Plot, VALUES};
use servers::Speaks;

/// The interpreter that `scripts/test` installs. Without it the test is skipped aloud, or fails where
/// `OCTROI_REQUIRE_SDK=1` promises it.
fn python(package: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::var_os("OCTROI_TEST_TOOLS").map_or_else(|| root.join(".test-tools"), PathBuf::from);
    let python = folder.join("venv/bin/python");
    let check = Command::new(&python).args(["-c", &format!("import {package}")]).output();
    if check.is_ok_and(|check| check.status.success()) {
        return Some(python);
    }
    assert!(std::env::var("OCTROI_REQUIRE_SDK").is_err(), "`{package}` is required and missing");
    eprintln!("SKIPPED: the Python package `{package}` is not installed; scripts/test installs it");
    None
}

/// The suite for Node.js, where an API has one and its package is installed.
fn node(api: Speaks) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/node");
    let package = match api {
        Speaks::Anthropic => "@anthropic-ai/sdk",
        Speaks::Mistral => "@mistralai/mistralai",
        _ => return None,
    };
    if folder.join("node_modules").join(package).exists() {
        return Some(folder.join(format!("{}.test.mjs", api.name())));
    }
    assert!(std::env::var("OCTROI_REQUIRE_SDK").is_err(), "`{package}` is required and missing");
    eprintln!("SKIPPED: the package `{package}` is not installed; scripts/test installs it");
    None
}

/// Runs the SDK suites of an API against a gateway whose only backend is abroad.
async fn suite(api: Speaks, package: &str) {
    let Some(python) = python(package) else { return };
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = api.dialects();
    let server = plot.script("us-cloud", move |asked| servers::answer(api, asked)).await;
    let house = plot.open().await;
    let ca = house.plot.path("certs/ca.pem");
    let test = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/sdk/apis/test_{}.py", api.name()));
    let address = house.app.address();
    let key = house.client.key.clone();
    let run = move || {
        let mut python = Command::new(python);
        python.args(["-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]).arg(test);
        let node = node(api).map(|suite| {
            let mut node = Command::new("node");
            node.args(["--test", "--test-reporter=spec"]).arg(suite);
            node
        });
        let suites = std::iter::once(python).chain(node);
        let outputs = suites.map(|mut command| {
            command.env("OCTROI_URL", format!("https://localhost:{}", address.port())).env("OCTROI_KEY", &key);
            command.env("SSL_CERT_FILE", &ca).env("NODE_EXTRA_CA_CERTS", &ca);
            command.output().unwrap()
        });
        outputs.collect::<Vec<_>>()
    };
    let outputs = tokio::task::spawn_blocking(run).await.unwrap();
    for output in outputs {
        eprintln!("{}", String::from_utf8_lossy(&output.stdout));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let asked = server.asked();
    assert!(!asked.is_empty(), "nothing reached the server");
    for asked in asked {
        let received = format!("{}\n{}", asked.head, servers::opened(&asked.body));
        for (number, value) in VALUES.iter().enumerate() {
            assert!(!received.contains(value), "value {number} crossed");
        }
    }
}

/// An answer that comes compressed although it was not asked for so is opened, restored, and leaves as it is.
#[tokio::test(flavor = "multi_thread")]
async fn compressed_answers_are_opened() {
    use std::io::Write as _;
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let script = |asked: &common::scripted::Asked| {
        let message = serde_json::json!({"role": "assistant", "content": asked.said()});
        let body = serde_json::json!({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]});
        let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        coder.write_all(body.to_string().as_bytes()).unwrap();
        let coded = coder.finish().unwrap();
        let length = coded.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n"
        );
        vec![common::scripted::Step::Raw([head.as_bytes(), &coded].concat())]
    };
    let server = plot.script("us-cloud", script).await;
    let house = plot.open().await;
    let answer = house.client.chat(&common::prompt(), false).await;
    assert_eq!((answer.status, answer.header("content-encoding")), (200, ""), "{}", answer.body);
    for value in VALUES {
        assert!(answer.body.contains(value) && !server.asked()[0].body.contains(value));
    }
}

/// A request of an API with a text in it.
fn request_of(api: Speaks, text: &str) -> (&'static str, String) {
    let messages = serde_json::json!([{"role": "user", "content": text}]);
    let contents = serde_json::json!([{"role": "user", "parts": [{"text": text}]}]);
    let blocks = serde_json::json!([{"role": "user", "content": [{"text": text}]}]);
    let (path, body) = match api {
        Speaks::OpenAi => ("/v1/chat/completions", serde_json::json!({"model": "assistant", "messages": messages})),
        Speaks::Azure => (
            "/openai/deployments/assistant/chat/completions?api-version=2024-10-21",
            serde_json::json!({"messages": messages}),
        ),
        Speaks::Mistral => ("/v1/fim/completions", serde_json::json!({"model": "assistant", "prompt": text})),
        Speaks::Anthropic => ("/v1/messages", serde_json::json!({"model": "assistant", "messages": messages})),
        Speaks::Ollama => ("/api/chat", serde_json::json!({"model": "assistant", "messages": messages})),
        Speaks::Vllm => ("/rerank", serde_json::json!({"model": "assistant", "query": text, "documents": ["x"]})),
        Speaks::Gemini => ("/v1beta/models/assistant:generateContent", serde_json::json!({"contents": contents})),
        Speaks::Vertex => (
            "/v1/projects/p/locations/l/publishers/google/models/assistant:generateContent",
            serde_json::json!({"contents": contents}),
        ),
        Speaks::Bedrock => ("/model/assistant/converse", serde_json::json!({"messages": blocks})),
    };
    (path, body.to_string())
}

/// Every API takes compressed requests; a backend that speaks all of them gets each at its own path.
#[tokio::test(flavor = "multi_thread")]
async fn compressed_requests_are_read_in_every_api() {
    use std::io::Write as _;
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = servers::ALL.map(Speaks::dialects).join(", ");
    let script = |asked: &common::scripted::Asked| {
        let path = asked.head.split(' ').nth(1).unwrap();
        let speaks = servers::ALL.into_iter().find(|api| {
            let (own, _) = request_of(*api, "");
            let end = own.rsplit(['/', ':']).next().unwrap().split('?').next().unwrap();
            path.split('?').next().unwrap().ends_with(end)
        });
        servers::answer(speaks.unwrap(), asked)
    };
    let server = plot.script("us-cloud", script).await;
    let house = plot.open().await;
    for api in servers::ALL {
        let (path, body) = request_of(api, &common::prompt());
        let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        coder.write_all(body.as_bytes()).unwrap();
        let mut request = house.client.request(http::Method::POST, path, coder.finish().unwrap());
        request.headers_mut().insert("content-encoding", http::HeaderValue::from_static("gzip"));
        let answer = house.client.send(request).await.unwrap();
        assert_eq!(answer.status, 200, "{api:?}: {}", answer.body);
        let (back, received) = (servers::opened(&answer.body), server.asked().pop().unwrap());
        for value in VALUES {
            assert!(back.contains(value), "{api:?}: a value did not come back");
            assert!(!servers::opened(&received.body).contains(value), "{api:?}: a value crossed");
        }
        assert!(!received.head.contains("assistant"), "{api:?}: the alias went on: {}", received.head);
    }
}

/// A server that writes "é " and what it was asked, and says where the first pseudonym in it stands: a whole answer, or a
/// stream in pieces of five characters.
fn citing(api: Speaks, asked: &common::scripted::Asked) -> Vec<common::scripted::Step> {
    use common::scripted::Step;
    let (mut said, body) = (Vec::new(), asked.json());
    servers::texts(&body, &mut said);
    let said = format!("é {} and more", said.join("\n"));
    let start = said.find('<').unwrap();
    let end = said.match_indices('>').map(|(at, _)| at + 1).find(|end| *end > start).unwrap();
    let count = |place: usize| {
        if api == Speaks::Gemini { place } else { said.char_indices().take_while(|(at, _)| *at < place).count() }
    };
    let (from, until) = (count(start), count(end));
    let note = serde_json::json!({"type": "url_citation", "url": "https://a.example", "title": "t", "start_index": from, "end_index": until});
    let chars: Vec<char> = said.chars().collect();
    let pieces: Vec<String> = chars.chunks(5).map(|piece| piece.iter().collect()).collect();
    let streamed = asked.head.contains("streamGenerateContent") || body["stream"] == true;
    if api == Speaks::Gemini {
        let segment = serde_json::json!({"startIndex": from, "endIndex": until});
        let candidate =
            |text: &str| serde_json::json!({"index": 0, "content": {"role": "model", "parts": [{"text": text}]}});
        let end = |mut candidate: serde_json::Value| {
            candidate["finishReason"] = "STOP".into();
            candidate["groundingMetadata"] = serde_json::json!({"groundingSupports": [{"segment": segment}]});
            serde_json::json!({"candidates": [candidate]})
        };
        if !streamed {
            return common::scripted::json("200 OK", "", &end(candidate(&said)).to_string());
        }
        let mut steps = vec![common::scripted::stream()];
        let events = pieces.iter().map(|piece| serde_json::json!({"candidates": [candidate(piece)]}));
        for event in events.chain([end(candidate(""))]) {
            steps.push(Step::Chunk(format!("data: {event}\n\n").into_bytes()));
        }
        steps.push(Step::Chunk(Vec::new()));
        return steps;
    }
    let part = serde_json::json!({"type": "output_text", "text": said, "annotations": [note]});
    let item = serde_json::json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]});
    let response = serde_json::json!({"id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": [item]});
    if !streamed {
        return common::scripted::json("200 OK", "", &response.to_string());
    }
    let place =
        |kind: &str| serde_json::json!({"type": kind, "item_id": "msg_1", "output_index": 0, "content_index": 0});
    let with = |mut event: serde_json::Value, name: &str, value: serde_json::Value| {
        event[name] = value;
        event
    };
    let deltas = pieces.iter().map(|piece| with(place("response.output_text.delta"), "delta", piece.as_str().into()));
    let mut events: Vec<serde_json::Value> = deltas.collect();
    events.push(with(place("response.output_text.annotation.added"), "annotation", note));
    events.push(with(place("response.output_text.done"), "text", said.as_str().into()));
    events.push(serde_json::json!({"type": "response.completed", "response": response}));
    let mut steps = vec![common::scripted::stream()];
    for event in &events {
        let name = event["type"].as_str().unwrap();
        steps.push(Step::Chunk(format!("event: {name}\ndata: {event}\n\n").into_bytes()));
    }
    steps.push(Step::Chunk(Vec::new()));
    steps
}

/// Every pair of positions in an answer or an event, with the texts of its parts.
fn cited(value: &serde_json::Value, out: &mut Vec<(u64, u64)>) {
    let pair = |from: &str, until: &str| Some((value.get(from)?.as_u64()?, value.get(until)?.as_u64()?));
    out.extend(pair("start_index", "end_index").or_else(|| pair("startIndex", "endIndex")));
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| cited(item, out)),
        serde_json::Value::Object(members) => members.values().for_each(|member| cited(member, out)),
        _ => {}
    }
}

/// A citation points at the same words before and behind the restoring: whole, in a stream, and in what repeats the text.
#[tokio::test(flavor = "multi_thread")]
async fn citations_point_at_the_words_that_they_cite() {
    for (name, api, path, stream, places) in [
        ("responses", Speaks::OpenAi, "/v1/responses", false, 1),
        ("responses, streamed", Speaks::OpenAi, "/v1/responses", true, 2),
        ("gemini", Speaks::Gemini, "/v1beta/models/assistant:generateContent", false, 1),
        ("gemini, streamed", Speaks::Gemini, "/v1beta/models/assistant:streamGenerateContent?alt=sse", true, 1),
    ] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = api.dialects();
        let _server = plot.script("us-cloud", move |asked| citing(api, asked)).await;
        let house = plot.open().await;
        let text = format!("Write to {} today.", VALUES[1]);
        let body = match api {
            Speaks::Gemini => serde_json::json!({"contents": [{"role": "user", "parts": [{"text": text}]}]}),
            _ => serde_json::json!({"model": "assistant", "input": text, "stream": stream}),
        };
        let answer = house.client.post(path, body.to_string()).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        let events: Vec<serde_json::Value> = if stream {
            let data = answer.body.lines().filter_map(|line| line.strip_prefix("data: "));
            data.filter_map(|data| serde_json::from_str(data).ok()).collect()
        } else {
            vec![answer.json()]
        };
        // What the client has of the answer: "é ", what was asked (keys included, in this server's answer), "and more".
        let whole: String = match (api, stream) {
            (Speaks::Gemini, _) => {
                let piece = |event: &serde_json::Value| {
                    event["candidates"][0]["content"]["parts"][0]["text"].as_str().unwrap_or_default().to_owned()
                };
                events.iter().map(piece).collect()
            }
            (_, true) => events.iter().filter_map(|event| event["delta"].as_str()).collect(),
            (_, false) => events[0]["output"][0]["content"][0]["text"].as_str().unwrap().to_owned(),
        };
        let mut found = Vec::new();
        for event in &events {
            cited(event, &mut found);
        }
        assert_eq!(found.len(), places, "{name}: {}", answer.body);
        for (from, until) in found {
            let (from, until) = (usize::try_from(from).unwrap(), usize::try_from(until).unwrap());
            let words: String = match api {
                Speaks::Gemini => String::from_utf8(whole.as_bytes()[from..until].to_vec()).unwrap(),
                _ => whole.chars().skip(from).take(until - from).collect(),
            };
            assert_eq!(words, VALUES[1], "{name}");
        }
    }
}

/// A server that cites the first pseudonym in the last document that it got, by its place in that.
fn citing_a_document(asked: &common::scripted::Asked) -> Vec<common::scripted::Step> {
    let body = asked.json();
    let blocks = body["messages"][0]["content"].as_array().unwrap();
    let documents: Vec<&serde_json::Value> = blocks.iter().filter(|block| block["type"] == "document").collect();
    let text = documents.last().unwrap()["source"]["data"].as_str().unwrap();
    let (from, until) = (text.find('<').unwrap(), text.find('>').unwrap() + 1);
    let chars = |at: usize| text[..at].chars().count();
    let citation = serde_json::json!({"type": "char_location", "cited_text": text[from..until], "document_index": documents.len() - 1,
        "document_title": null, "start_char_index": chars(from), "end_char_index": chars(until)});
    let message = |content: serde_json::Value| {
        serde_json::json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content,
            "stop_reason": "end_turn", "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 1}})
    };
    if body["stream"] != true {
        let block = serde_json::json!({"type": "text", "text": "See there.", "citations": [citation]});
        return common::scripted::json("200 OK", "", &message(serde_json::json!([block])).to_string());
    }
    let delta =
        |delta: serde_json::Value| serde_json::json!({"type": "content_block_delta", "index": 0, "delta": delta});
    let events = [
        serde_json::json!({"type": "message_start", "message": message(serde_json::json!([]))}),
        serde_json::json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "", "citations": []}}),
        delta(serde_json::json!({"type": "citations_delta", "citation": citation})),
        delta(serde_json::json!({"type": "text_delta", "text": "See there."})),
        serde_json::json!({"type": "content_block_stop", "index": 0}),
        serde_json::json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}}),
        serde_json::json!({"type": "message_stop"}),
    ];
    let mut steps = vec![common::scripted::stream()];
    for event in &events {
        let name = event["type"].as_str().unwrap();
        steps.push(common::scripted::Step::Chunk(format!("event: {name}\ndata: {event}\n\n").into_bytes()));
    }
    steps.push(common::scripted::Step::Chunk(Vec::new()));
    steps
}

/// A citation of a document of the request points at the same words of the document that the client sent, although another was
/// sent on; documents of other kinds count.
#[tokio::test(flavor = "multi_thread")]
async fn citations_of_documents_point_at_the_words_that_the_client_sent() {
    for stream in [false, true] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = Speaks::Anthropic.dialects();
        let server = plot.script("us-cloud", citing_a_document).await;
        let house = plot.open().await;
        let text = format!("Dossier \u{e9}tabli pour {} \u{2014} suite.", VALUES[1]);
        let document = |source: serde_json::Value| serde_json::json!({"type": "document", "source": source, "citations": {"enabled": true}});
        let other = serde_json::json!({"type": "content", "content": [{"type": "text", "text": "nothing"}]});
        let quoted = serde_json::json!({"data": text, "media_type": "text/plain", "type": "text"});
        let content = serde_json::json!([document(other), {"type": "text", "text": "Who is it?"}, document(quoted)]);
        let body = serde_json::json!({"model": "assistant", "max_tokens": 9, "stream": stream, "messages": [{"role": "user", "content": content}]});
        let answer = house.client.post("/v1/messages", body.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(!server.asked()[0].body.contains(VALUES[1]));
        let data = answer.body.lines().map(|line| line.strip_prefix("data: ").unwrap_or(line));
        let event = data
            .filter(|data| data.contains("char_location"))
            .map(|data| serde_json::from_str::<serde_json::Value>(data).unwrap())
            .next();
        let event = event.unwrap();
        let citation = if stream { &event["delta"]["citation"] } else { &event["content"][0]["citations"][0] };
        let place = |name: &str| usize::try_from(citation[name].as_u64().unwrap()).unwrap();
        let (from, until) = (place("start_char_index"), place("end_char_index"));
        let words: String = text.chars().skip(from).take(until - from).collect();
        assert_eq!((words.as_str(), citation["cited_text"].as_str()), (VALUES[1], Some(VALUES[1])), "{}", answer.body);
    }
}

/// What an earlier answer cites, sent back as the client has it: what leaves points at the same words of what leaves.
#[tokio::test(flavor = "multi_thread")]
async fn citations_that_are_sent_back_point_at_the_words_that_leave() {
    let text = format!("\u{e9} Write to {} today.", VALUES[1]);
    let from = text.chars().count() - format!("{} today.", VALUES[1]).chars().count();
    let until = from + VALUES[1].chars().count();
    let range = serde_json::json!({"start_index": from, "end_index": until, "url": "https://a.example", "title": "t"});
    let mut note = range.clone();
    note["type"] = "url_citation".into();
    let nested = serde_json::json!({"type": "url_citation", "url_citation": range});
    let part = serde_json::json!({"type": "output_text", "annotations": [note], "text": text});
    let source = serde_json::json!({"type": "text", "media_type": "text/plain", "data": text});
    let document = serde_json::json!({"type": "document", "source": source, "citations": {"enabled": true}});
    let place = serde_json::json!({"type": "char_location", "cited_text": VALUES[1], "start_char_index": from,
        "end_char_index": until, "document_index": 0, "document_title": null});
    let said =
        serde_json::json!({"role": "assistant", "content": [{"type": "text", "text": "There.", "citations": [place]}]});
    let rows = [
        (
            "responses",
            Speaks::OpenAi,
            "/v1/responses",
            serde_json::json!({"input": [{"role": "assistant", "content": [part]}, {"role": "user", "content": "Who?"}]}),
            [
                "/input/0/content/0/text",
                "/input/0/content/0/annotations/0/start_index",
                "/input/0/content/0/annotations/0/end_index",
            ],
        ),
        (
            "chat",
            Speaks::OpenAi,
            "/v1/chat/completions",
            serde_json::json!({"messages": [{"role": "assistant", "content": text, "annotations": [nested]}, {"role": "user", "content": "Who?"}]}),
            [
                "/messages/0/content",
                "/messages/0/annotations/0/url_citation/start_index",
                "/messages/0/annotations/0/url_citation/end_index",
            ],
        ),
        (
            "anthropic",
            Speaks::Anthropic,
            "/v1/messages",
            serde_json::json!({"max_tokens": 9, "messages": [{"role": "user", "content": [document]}, said, {"role": "user", "content": "Who?"}]}),
            [
                "/messages/0/content/0/source/data",
                "/messages/1/content/0/citations/0/start_char_index",
                "/messages/1/content/0/citations/0/end_char_index",
            ],
        ),
    ];
    for (name, api, path, mut body, [text, from, until]) in rows {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = api.dialects();
        let server = plot.script("us-cloud", move |asked| servers::answer(api, asked)).await;
        let house = plot.open().await;
        body["model"] = "assistant".into();
        let answer = house.client.post(path, body.to_string()).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        let sent = server.asked()[0].json();
        let place = |at: &str| usize::try_from(sent.pointer(at).unwrap().as_u64().unwrap()).unwrap();
        let (from, until) = (place(from), place(until));
        let text = sent.pointer(text).unwrap().as_str().unwrap();
        let words: String = text.chars().skip(from).take(until - from).collect();
        assert!(words.starts_with("<EMAIL_") && words.ends_with('>'), "{name}: {words} in {text}");
    }
}

macro_rules! suites {
    ($($test:ident $api:expr, $package:literal;)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            suite($api, $package).await;
        })*
    };
}

suites! {
    anthropic Speaks::Anthropic, "anthropic";
    azure Speaks::Azure, "openai";
    mistral Speaks::Mistral, "mistralai";
    ollama Speaks::Ollama, "ollama";
    vllm Speaks::Vllm, "openai";
    gemini Speaks::Gemini, "google.genai";
    vertex Speaks::Vertex, "google.genai";
    bedrock Speaks::Bedrock, "boto3";
}
