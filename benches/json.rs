//! What it costs to read a request body into fields, by size, by depth and by shape, and one event of a stream.
//!
//! `cargo bench --bench json`. The law that the figures show: time is linear in the bytes of a body, whatever its depth.
#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]

use std::fmt::Write as _;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use octroi::dialect;
use octroi::model::{Api, Dialect, Operation};
use octroi::wire::json::{Bounds, Document, Numbers};
use octroi::wire::{Edit, quote, splice};

const CHAT: Api = Api { dialect: Dialect::OPENAI, operation: Operation::CHAT };

fn main() {
    divan::main();
}

/// A conversation of turns of about 400 bytes, of this many bytes in all.
fn conversation(bytes: usize) -> String {
    let turn = r#"{"role":"user","content":"Bonjour, je suis Erika Mustermann, joignable au +33 1 99 00 12 34 ou par courriel.\nVoici le compte rendu de la réunion : le budget est accepté, la suite est prévue en mars, et le dossier reste ouvert jusqu'à nouvel ordre. Merci de le résumer en trois phrases, sans omettre la date ni le nom du responsable, et d'en proposer une traduction."},"#;
    let mut body = String::from(r#"{"model":"assistant-large","stream":true,"temperature":0.2,"messages":["#);
    while body.len() + turn.len() + 64 < bytes {
        body.push_str(turn);
    }
    body.push_str(r#"{"role":"user","content":"Merci."}]}"#);
    body
}

/// One long text.
fn document(bytes: usize) -> String {
    format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{}"}}]}}"#, "mot ".repeat(bytes / 4))
}

/// Objects nested to the limit, again and again.
fn deep(bytes: usize) -> String {
    let nest = format!("{}1{}", r#"{"a":"#.repeat(60), "}".repeat(60));
    let mut body = String::from(r#"{"model":"m","x":["#);
    while body.len() < bytes {
        write!(body, "{nest},").unwrap();
    }
    body.push_str("0]}");
    body
}

#[divan::bench(args = [2_048, 131_072, 33_554_000])]
fn parse_conversation(bencher: Bencher<'_, '_>, bytes: usize) {
    let body = conversation(bytes);
    bencher
        .counter(BytesCount::of_str(&body))
        .with_inputs(|| body.clone())
        .bench_values(|body| dialect::parse(CHAT, body).unwrap());
}

#[divan::bench(args = [131_072, 33_554_000])]
fn parse_one_long_text(bencher: Bencher<'_, '_>, bytes: usize) {
    let body = document(bytes);
    bencher
        .counter(BytesCount::of_str(&body))
        .with_inputs(|| body.clone())
        .bench_values(|body| dialect::parse(CHAT, body).unwrap());
}

#[divan::bench(args = [2_048, 131_072, 1_048_576])]
fn parse_depth_64(bencher: Bencher<'_, '_>, bytes: usize) {
    let body = deep(bytes);
    bencher
        .counter(BytesCount::of_str(&body))
        .with_inputs(|| body.clone())
        .bench_values(|body| dialect::parse(CHAT, body).unwrap());
}

#[divan::bench(args = [131_072, 33_554_000])]
fn read_tokens_only(bencher: Bencher<'_, '_>, bytes: usize) {
    let body = conversation(bytes);
    bencher
        .counter(BytesCount::of_str(&body))
        .bench(|| Document::read(black_box(&body), Bounds::REQUEST, Numbers::All).unwrap().nodes().len());
}

/// A request is read, two hundred of its texts are written anew, and what leaves is spliced.
#[divan::bench(args = [1_048_576])]
fn parse_visit_and_patch(bencher: Bencher<'_, '_>, bytes: usize) {
    let body = conversation(bytes);
    bencher.counter(BytesCount::of_str(&body)).with_inputs(|| body.clone()).bench_values(|body| {
        let call = dialect::parse(CHAT, body).unwrap();
        let mut edits = dialect::outgoing(&call, "own-name", true);
        let texts = call.fields.iter().filter(|field| field.path == "messages[].content").step_by(12);
        edits.extend(texts.map(|field| {
            let text = call.text(field).replace("Erika Mustermann", "<PERSON_K7Q2M9F3>");
            Edit { span: field.span.clone(), replacement: quote(&field.content.written(&text)) }
        }));
        splice(&call.body, edits).unwrap()
    });
}

#[divan::bench]
fn read_one_event(bencher: Bencher<'_, '_>) {
    let data = r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-x","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":"Bonjour <PERSON_K7"},"logprobs":null,"finish_reason":null}]}"#;
    bencher
        .counter(BytesCount::of_str(data))
        .bench(|| dialect::event_leaves(CHAT, None, black_box(data)).unwrap().leaves.len());
}
