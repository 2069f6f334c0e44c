//! Ollama's own API: chat, generate, embed, and the list of models; its streams are lines of JSON.
//!
//! A request that does not say `stream` gets a stream. Arguments of tools are objects, not text, and come whole. Ollama's
//! OpenAI-compatible paths are [`super::openai`]'s.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::failure::Told;
use super::language::{Endpoint, Language, Streams};
use super::openai::{chat, common, fault};
use super::reply::ChannelKind::{Reasoning, Text};
use super::reply::Says::{self, Called, Failure, Fixed, InputTokens, Logprobs, OutputTokens, Over, Piece, Whole};
use super::reply::{Channel, Flush, Held};
use super::request::Means::{self, Is, Model, Prompt, Speaker, Spoken, Stream};
use super::request::RequestTable;
use super::table::{Row, Table, row};
use super::{failure, ungoverned};
use crate::model::{Api, Country, Dialect, Operation, Refusal, Role};
use crate::wire::json::{Bounds, Document, Numbers};

const CONTROL: Means = Is(Role::Control);
const ID: Means = Is(Role::Identifier);
const NAME: Means = Is(Role::Name);
const SCHEMA: Means = Is(Role::Schema);
const BINARY: Means = Is(Role::Binary);

/// The dialect.
pub(super) static LANGUAGE: Language = Language {
    dialect: Dialect::new("ollama"),
    mark: None,
    endpoints: &ENDPOINTS,
    ungoverned: ungoverned::OLLAMA,
    path_names_model: false,
    untyped: false,
    events: false,
    headers: &[],
    json_answers: &[("format", "json"), ("format.*", "")],
    error_body,
    stream_error,
    failures: &failure::NONE,
    models_body,
    flush,
};

const GENERATE: Operation = Operation::new("generate");

static ENDPOINTS: [Endpoint; 5] = [
    Endpoint { streams: Streams::Asked(true), ..Endpoint::post(Operation::CHAT, "/api/chat", &CHAT, (&REPLY, &REPLY)) },
    Endpoint {
        streams: Streams::Asked(true),
        ..Endpoint::post(GENERATE, "/api/generate", &PROMPTED, (&REPLY, &REPLY))
    },
    Endpoint::post(Operation::EMBEDDINGS, "/api/embed", &EMBED, (&REPLY, &REPLY)),
    Endpoint::post(Operation::new("embedding"), "/api/embeddings", &EMBED, (&REPLY, &REPLY)),
    Endpoint::get(Operation::MODELS, "/api/tags"),
];

static CHAT: LazyLock<RequestTable> = LazyLock::new(|| {
    table(&[
        ("", EVERY),
        ("", SAMPLED),
        ("messages[]", MESSAGE),
        ("tools[]", chat::TOOL),
        ("tools[]", common::HOSTED_TOOLS),
        ("tools[]", common::UNTYPED_TOOL),
    ])
});

static PROMPTED: LazyLock<RequestTable> = LazyLock::new(|| table(&[("", EVERY), ("", SAMPLED), ("", COMPLETED)]));

static EMBED: LazyLock<RequestTable> = LazyLock::new(|| table(&[("", EVERY), ("", EMBEDDED)]));

fn table(groups: &[(&'static str, &[Row<Means>])]) -> RequestTable {
    RequestTable { table: Table::new(groups), words: common::WORDS }
}

/// Members of every request.
const EVERY: &[Row<Means>] = &[
    row("model", Model),
    row("keep_alive", CONTROL),
    row("truncate", CONTROL),
    row("options.stop", Is(Role::User)),
    row("options.stop[]", Is(Role::User)),
    row("options.*", CONTROL),
];

/// Members of requests that generate.
const SAMPLED: &[Row<Means>] = &[
    row("stream", Stream),
    row("format", CONTROL),
    row("format.**", SCHEMA),
    row("think", CONTROL),
    row("shift", CONTROL),
    row("logprobs", CONTROL),
    row("top_logprobs", CONTROL),
];

/// Members of a completion.
const COMPLETED: &[Row<Means>] = &[
    row("prompt", Is(Role::User)),
    row("suffix", Is(Role::User)),
    row("system", Is(Role::System)),
    row("template", Is(Role::System)),
    row("context[]", BINARY),
    row("images[]", BINARY),
    row("raw", CONTROL),
    row("width", CONTROL),
    row("height", CONTROL),
    row("steps", CONTROL),
];

/// Members of an embedding request.
const EMBEDDED: &[Row<Means>] =
    &[row("input", Prompt), row("input[]", Prompt), row("prompt", Is(Role::User)), row("dimensions", CONTROL)];

/// One message.
const MESSAGE: &[Row<Means>] = &[
    row("role", Speaker),
    row("content", Spoken),
    row("thinking", Is(Role::Assistant)),
    row("images[]", BINARY),
    row("tool_name", NAME),
    row("tool_call_id", ID),
    row("tool_calls[].id", ID),
    row("tool_calls[].type", CONTROL),
    row("tool_calls[].function.index", CONTROL),
    row("tool_calls[].function.name", NAME),
    row("tool_calls[].function.arguments.**", Is(Role::ToolCall)),
];

/// Replies, whole and in lines.
static REPLY: LazyLock<Table<Says>> = LazyLock::new(|| {
    Table::new(&[(
        "",
        &[
            row("model", Fixed),
            row("remote_model", Fixed),
            row("remote_host", Fixed),
            row("created_at", Fixed),
            row("message.role", Fixed),
            row("message.content", Piece(Text)),
            row("message.thinking", Piece(Reasoning)),
            row("message.tool_name", Called),
            row("message.tool_calls[].id", Fixed),
            row("message.tool_calls[].function.name", Called),
            row("message.tool_calls[].function.arguments.**", Whole),
            row("response", Piece(Text)),
            row("thinking", Piece(Reasoning)),
            row("done", Over),
            row("done_reason", Fixed),
            row("prompt_eval_count", InputTokens),
            row("eval_count", OutputTokens),
            row("logprobs", Logprobs("null")),
            row("error", Failure),
        ],
    )])
});

fn error_body(refusal: &Refusal, request_id: &str) -> String {
    error(refusal, request_id).to_string()
}

/// The clients take the status and `error`; what is ours stands beside it.
fn error(refusal: &Refusal, request_id: &str) -> Value {
    json!({
        "error": refusal.message,
        "octroi": {
            "code": refusal.code,
            "request_id": request_id,
            "fault": fault(refusal.fault),
            "rule": refusal.rule.as_ref().map(crate::model::Word::as_str),
            "place": refusal.place,
            "retry_after_s": refusal.retry_after_s,
        },
    })
}

fn stream_error(_: Api, refusal: &Refusal, request_id: &str, _: (Option<u64>, Told)) -> Flush {
    Flush { event: None, data: error(refusal, request_id).to_string() }
}

fn models_body(models: &[(&str, &[Country])], one: bool) -> String {
    let models: Vec<Value> = models
        .iter()
        .map(|(name, countries)| {
            let countries: Vec<&str> = countries.iter().map(Country::as_str).collect();
            json!({ "name": name, "model": name, "modified_at": "1970-01-01T00:00:00Z", "size": 0, "digest": "", "details": {}, "countries": countries })
        })
        .collect();
    match models.first() {
        Some(first) if one => first.to_string(),
        _ => json!({ "models": models }).to_string(),
    }
}

/// A line with a piece of the text and nothing else.
fn flush(api: Api, template: &str, channel: Channel, held: Held<'_>, _: Option<u64>) -> Option<Flush> {
    let text = held.text;
    let mut line = match (api.operation == GENERATE, channel.kind) {
        (true, Text) => json!({ "response": text }),
        (true, Reasoning) => json!({ "thinking": text }),
        (false, Text) => json!({ "message": { "role": "assistant", "content": text } }),
        (false, Reasoning) => json!({ "message": { "role": "assistant", "thinking": text } }),
        _ => return None,
    };
    let document = Document::read(template, Bounds::REPLY, Numbers::NotInArrays).ok()?;
    let members = line.as_object_mut()?;
    for name in ["model", "created_at"] {
        let named = document.member(0, name).and_then(|value| document.node(value));
        members.extend(named.map(|value| (name.to_owned(), document.decoded(value).into_owned().into())));
    }
    members.extend(held.logprobs.and_then(|told| Some(("logprobs".to_owned(), serde_json::from_str(told).ok()?))));
    members.insert("done".to_owned(), false.into());
    Some(Flush { event: None, data: line.to_string() })
}
