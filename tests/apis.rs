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
use std::sync::atomic::{AtomicUsize, Ordering};

mod common;

#[path = "apis/alternatives.rs"]
mod alternatives;
#[path = "apis/answers.rs"]
mod answers;
#[path = "apis/beyond.rs"]
mod beyond;
#[path = "apis/citations.rs"]
mod citations;
#[path = "apis/codings.rs"]
mod codings;
#[path = "apis/credentials.rs"]
mod credentials;
#[path = "apis/early.rs"]
mod early;
#[path = "apis/ends.rs"]
mod ends;
#[path = "apis/failures.rs"]
mod failures;
#[path = "apis/filters.rs"]
mod filters;
#[path = "apis/forms.rs"]
mod forms;
#[path = "apis/hidden.rs"]
mod hidden;
#[path = "apis/joints.rs"]
mod joints;
#[path = "apis/middle.rs"]
mod middle;
#[path = "apis/models.rs"]
mod models;
#[path = "apis/names.rs"]
mod names;
#[path = "matrix/place.rs"]
#[allow(dead_code, reason = "keys and numbers are of the leak matrix")]
mod place;
#[path = "apis/progressive.rs"]
mod progressive;
#[path = "apis/refusals.rs"]
mod refusals;
#[path = "apis/residues.rs"]
mod residues;
#[path = "apis/schemas.rs"]
mod schemas;
#[path = "apis/servers.rs"]
mod servers;
#[path = "apis/signs.rs"]
mod signs;
#[path = "apis/spellings.rs"]
mod spellings;
#[path = "apis/unasked.rs"]
mod unasked;
#[path = "apis/unnamed.rs"]
mod unnamed;
#[path = "apis/ways_out.rs"]
mod ways_out;
#[path = "apis/weights.rs"]
mod weights;
#[path = "apis/wire.rs"]
mod wire;

use common::coding::CODINGS;
use common::scripted::{self, Asked};
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

/// Runs the SDK suites of an API against a gateway whose only backend is abroad; `codes`: it compresses what it answers,
/// each answer in another coding, although it was not asked to.
async fn suite(api: Speaks, package: &str, codes: bool) {
    let Some(python) = python(package) else { return };
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = api.dialects();
    let count = AtomicUsize::new(0);
    let script = move |asked: &Asked| {
        let steps = servers::answer(api, asked);
        match CODINGS.get(count.fetch_add(1, Ordering::Relaxed) % CODINGS.len()).filter(|_| codes) {
            Some(coding) => scripted::coded(coding, steps),
            None => steps,
        }
    };
    let server = plot.script("us-cloud", script).await;
    let house = plot.open().await;
    let ca = house.plot.path("certs/ca.pem");
    let test = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/sdk/apis/test_{}.py", api.name()));
    let address = house.app.address();
    let key = house.client.key.clone();
    let run = move || {
        let mut python = Command::new(python);
        python.args(["-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]).arg(test);
        // Whatever a server's coding was, clients get none: one suite shows it.
        let node = node(api).filter(|_| !codes).map(|suite| {
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
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = servers::ALL.map(Speaks::dialects).join(", ");
    let script = |asked: &Asked| {
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
        let body = common::coding::coded("gzip", body.as_bytes());
        let mut request = house.client.request(http::Method::POST, path, body);
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

macro_rules! suites {
    ($($test:ident $api:expr, $package:literal;)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            suite($api, $package, false).await;
        })*

        /// The same from servers that compress every answer.
        mod compressed {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                suite($api, $package, true).await;
            })*
        }
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
