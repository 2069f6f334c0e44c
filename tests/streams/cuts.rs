//! Chunk invariance: wherever an answer is cut, the client reads the same whole.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::Talk;
use super::common::coding::{CODINGS, coded};
use super::common::scripted::{self, Asked, Step};
use super::common::{EMAIL, House, IBAN, NAME, Plot};

/// Found by a detector of the test's own: a value with quotes, line breaks and a backslash.
const QUOTED: &str = "ref-9\"two\\\nlines\"7";
/// A name beyond ASCII.
const ACCENTED: &str = "Zoé Garçon-Müller";

const DETECTOR: &str = r#"
[[pattern]]
id = "quoted_reference"
entity = "email"
prefix = ["ref-"]
pattern = 'ref-[0-9]"[a-z\\\n ]+"[0-9]'
confidence = 95
examples = ['ref-1"a"2']
counter-examples = ['ref-x']
"#;

fn said() -> String {
    format!("à M. {NAME} <{EMAIL}>, {QUOTED}, Mme {ACCENTED} «{IBAN}» 😀 <x")
}

/// How the next answer is cut: pieces of text in characters, chunks in bytes, which may be coded ones.
#[derive(Debug, Clone)]
struct Shape {
    pieces: Vec<usize>,
    chunks: Vec<usize>,
    /// The coding that it comes in; empty for none.
    coding: &'static str,
}

/// Where one answer is cut in two comes with its request, so that many can run at once.
fn shape(asked: &Asked, next: &Mutex<Shape>) -> Shape {
    match asked.json().get("seed").and_then(Value::as_u64) {
        Some(at) => Shape { pieces: vec![32], chunks: vec![usize::try_from(at).unwrap(), usize::MAX], coding: "" },
        None => next.lock().unwrap().clone(),
    }
}

/// Cuts a text into pieces of so many characters, over and over.
fn pieces(text: &str, lengths: &[usize]) -> Vec<String> {
    let mut chars = text.chars().peekable();
    let mut lengths = lengths.iter().cycle();
    let mut pieces = Vec::new();
    while chars.peek().is_some() {
        pieces.push(chars.by_ref().take((*lengths.next().unwrap()).max(1)).collect());
    }
    pieces
}

/// JSON with everything that may be escaped escaped, for every other event.
fn written(event: &Value, number: usize) -> String {
    let plain = event.to_string();
    if number.is_multiple_of(2) {
        return plain;
    }
    let mut out = String::new();
    for char in plain.chars() {
        match char {
            '<' | '>' | '\u{80}'.. => {
                let mut units = [0; 2];
                char.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
            }
            char => out.push(char),
        }
    }
    out
}

/// Events as a stream: all line ends that the standard knows, comments, data in two lines.
fn sse(events: &[Value], named: bool) -> Vec<u8> {
    let mut out = String::new();
    for (number, event) in events.iter().enumerate() {
        let end = ["\n", "\r\n", "\r"][number % 3];
        if number == 2 {
            out.push_str(&format!(": heart beat{end}{end}"));
        }
        if named {
            out.push_str(&format!("event: {}{end}", event["type"].as_str().unwrap()));
        }
        let data = written(event, number);
        match data.strip_prefix('{').filter(|_| number == 3) {
            Some(rest) => out.push_str(&format!("data: {{{end}data:{rest}{end}{end}")),
            None => out.push_str(&format!("data: {data}{end}{end}")),
        }
    }
    if !named {
        out.push_str("data: [DONE]\n\n");
    }
    out.into_bytes()
}

/// Arguments of a tool call that hold the text and other things that need escapes.
fn arguments(text: &str) -> String {
    json!({"other": "é\"\n\\", "deep": [{"to": text}]}).to_string()
}

fn chat(text: &str, lengths: &[usize]) -> Vec<u8> {
    let mut events = vec![json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})];
    let (mut texts, mut calls) = (pieces(text, lengths).into_iter(), pieces(&arguments(text), lengths).into_iter());
    loop {
        let (text, call) = (texts.next(), calls.next());
        if text.is_none() && call.is_none() {
            break;
        }
        events.extend(text.map(|text| json!({"choices": [{"index": 0, "delta": {"content": text}}]})));
        events.extend(call.map(|call| {
            json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 1, "function": {"arguments": call}}]}}]})
        }));
    }
    events.push(json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}));
    sse(&events, false)
}

fn responses(text: &str, lengths: &[usize]) -> Vec<u8> {
    let mut events = vec![json!({"type": "response.created", "response": {"id": "r", "output": []}})];
    for piece in pieces(text, lengths) {
        events
            .push(json!({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": piece}));
    }
    events.push(json!({"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": text}));
    let call = arguments(text);
    for piece in pieces(&call, lengths) {
        events.push(json!({"type": "response.function_call_arguments.delta", "output_index": 1, "delta": piece}));
    }
    events.push(json!({"type": "response.function_call_arguments.done", "output_index": 1, "arguments": call}));
    let output = json!([{"type": "message", "content": [{"type": "output_text", "text": text}]}]);
    events.push(json!({"type": "response.completed", "response": {"id": "r", "output": output}}));
    for (number, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = number.into();
    }
    sse(&events, true)
}

/// The answer to a request, in chunks.
fn answer(asked: &Asked, shape: &Shape) -> Vec<Step> {
    let is_chat = asked.head.contains("/chat/");
    let text = if is_chat { chat(&asked.said(), &shape.pieces) } else { responses(&asked.said(), &shape.pieces) };
    let (head, mut rest) = match shape.coding {
        "" => (scripted::stream(), text),
        coding => (scripted::coded(coding, vec![scripted::stream()]).remove(0), coded(coding, &text)),
    };
    let mut steps = vec![head];
    let mut lengths = shape.chunks.iter().cycle();
    while !rest.is_empty() {
        let after = rest.split_off((*lengths.next().unwrap()).clamp(1, rest.len()));
        steps.push(Step::Chunk(std::mem::replace(&mut rest, after)));
    }
    steps.push(Step::Chunk(Vec::new()));
    steps
}

/// What a client makes of a stream: its texts joined by channel.
fn read(stream: &str) -> BTreeMap<String, String> {
    let stream = stream.replace("\r\n", "\n").replace('\r', "\n");
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let mut add = |name: String, text: &Value| {
        texts.entry(name).or_default().push_str(text.as_str().unwrap_or_default());
    };
    let mut number = 0;
    for event in stream.split("\n\n") {
        let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
        let data: String = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n");
        if data.is_empty() || data == "[DONE]" {
            continue;
        }
        let event: Value = serde_json::from_str(&data).unwrap_or_else(|error| panic!("{error}: {data}"));
        assert!(event.get("error").is_none(), "{event}");
        if let Some(kind) = event["type"].as_str() {
            assert_eq!(event["sequence_number"], number, "{event}");
            number += 1;
            for member in ["delta", "text", "arguments"] {
                add(format!("{kind} {member}"), &event[member]);
            }
            add("completed".to_owned(), &event["response"]["output"][0]["content"][0]["text"]);
        } else {
            let delta = &event["choices"][0]["delta"];
            add("content".to_owned(), &delta["content"]);
            add("call".to_owned(), &delta["tool_calls"][0]["function"]["arguments"]);
        }
    }
    texts.retain(|_, text| !text.is_empty());
    texts
}

/// What the client must read.
fn expected(path: &str) -> BTreeMap<String, String> {
    let (text, call) = (said(), arguments(&said()));
    let named = |names: &[(&str, &str)]| {
        names.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect::<BTreeMap<_, _>>()
    };
    if path.contains("chat") {
        return named(&[("content", &text), ("call", &call)]);
    }
    named(&[
        ("response.output_text.delta delta", &text),
        ("response.output_text.done text", &text),
        ("response.function_call_arguments.delta delta", &call),
        ("response.function_call_arguments.done arguments", &call),
        ("completed", &text),
    ])
}

const PATHS: [&str; 2] = ["/v1/chat/completions", "/v1/responses"];

fn body(path: &str, seed: Option<usize>) -> String {
    let mut body = json!({"model": "assistant", "stream": true});
    match path.contains("chat") {
        true => body["messages"] = json!([{"role": "user", "content": said()}]),
        false => body["input"] = said().into(),
    }
    if let Some(seed) = seed {
        body["seed"] = seed.into();
    }
    body.to_string()
}

async fn house(next: Arc<Mutex<Shape>>) -> (House, scripted::Scripted) {
    let mut plot = Plot::new().await;
    std::fs::create_dir_all(plot.path("policies/detectors")).unwrap();
    std::fs::write(plot.path("policies/detectors/own.toml"), DETECTOR).unwrap();
    let server = plot.script("us-cloud", move |asked| answer(asked, &shape(asked, &next))).await;
    plot.only(&["us-cloud"]);
    (plot.open().await, server)
}

fn whole() -> Arc<Mutex<Shape>> {
    Arc::new(Mutex::new(Shape { pieces: vec![32], chunks: vec![usize::MAX], coding: "" }))
}

/// Every place in which one answer can be cut in two.
#[tokio::test(flavor = "multi_thread")]
async fn one_cut_anywhere_changes_nothing() {
    let (house, server) = house(whole()).await;
    for path in PATHS {
        let expected = Arc::new(expected(path));
        let first = Talk::new(&house.client).await.ask(path, body(path, None)).await;
        assert_eq!(read(&first), *expected);
        let asked = server.asked().pop().unwrap();
        for value in [EMAIL, NAME, IBAN, ACCENTED, "two", "ref-"] {
            assert!(!asked.body.contains(value), "{value} crossed: {}", asked.body);
        }
        let length = match path.contains("chat") {
            true => chat(&asked.said(), &[32]).len(),
            false => responses(&asked.said(), &[32]).len(),
        };
        let workers: Vec<_> = (0..8)
            .map(|worker| {
                let (client, expected) = (house.client.clone(), Arc::clone(&expected));
                tokio::spawn(async move {
                    let mut talk = Talk::new(&client).await;
                    for at in (1..length).filter(|at| at % 8 == worker) {
                        let stream = talk.ask(path, body(path, Some(at))).await;
                        assert_eq!(read(&stream), *expected, "cut at byte {at} of {length}: {stream}");
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.await.unwrap();
        }
    }
    // What is counted does not depend on the cut either.
    let outcomes = house.outcomes(2).await;
    let chats = house.entries_of("decision").await.iter().filter(|entry| entry["operation"] == "chat").count();
    let restored: Vec<u64> = outcomes.iter().map(|outcome| outcome["restored"].as_u64().unwrap()).collect();
    assert!(restored[..chats].iter().all(|count| *count == restored[0] && *count > 0), "{restored:?}");
    assert!(restored[chats..].iter().all(|count| *count == restored[chats]), "{restored:?}");
}

/// Random pieces of text in random chunks.
#[test]
fn random_cuts_change_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let next = whole();
    let (_house, _server, talk) = runtime.block_on(async {
        let (house, server) = house(Arc::clone(&next)).await;
        let talk = Talk::new(&house.client).await;
        (house, server, RefCell::new(talk))
    });
    let lengths = |max: usize| proptest::collection::vec(1..max, 1..12);
    let codings = prop_oneof![Just(""), proptest::sample::select(&CODINGS[..])];
    let shapes = (lengths(12), prop_oneof![lengths(4), lengths(40), lengths(400)], codings, 0..PATHS.len());
    let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
    let result = runner.run(&shapes, |(pieces, chunks, coding, path)| {
        *next.lock().unwrap() = Shape { pieces, chunks, coding };
        let (path, mut talk) = (PATHS[path], talk.borrow_mut());
        let stream = runtime.block_on(talk.ask(path, body(path, None)));
        prop_assert_eq!(read(&stream), expected(path));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
