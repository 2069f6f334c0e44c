//! OpenAI's HTTP API, which many servers speak: chat completions, completions, embeddings, responses,
//! moderations, models.
//!
//! The rows are in `common`, `chat`, `responses` (requests) and `replies` (replies and stream events); `request` and `reply`
//! assemble them into tables; `errors` and `stream` hold the shapes that are not a matter of paths.

pub(super) mod chat;
pub(super) mod common;
mod errors;
mod replies;
pub(super) mod reply;
pub(super) mod request;
mod responses;
mod stream;
#[cfg(test)]
mod tests;

pub(super) use errors::fault;

use super::language::{Endpoint, Language};
use crate::model::{Dialect, Operation};

/// The dialect.
pub(super) static LANGUAGE: Language = Language {
    endpoints: &ENDPOINTS,
    ungoverned: &[
        "/v1/assistants",
        "/v1/audio",
        "/v1/batches",
        "/v1/chat/completions",
        "/v1/chatkit",
        "/v1/containers",
        "/v1/conversations",
        "/v1/evals",
        "/v1/files",
        "/v1/fine_tuning",
        "/v1/images",
        "/v1/models",
        "/v1/moderations",
        "/v1/organization",
        "/v1/realtime",
        "/v1/responses",
        "/v1/skills",
        "/v1/threads",
        "/v1/uploads",
        "/v1/vector_stores",
        "/v1/videos",
        "/v1/embeddings",
    ],
    ..LANGUAGE_SHAPES
};

/// The shapes, without endpoints: also those of servers that speak it under other paths.
pub(super) const LANGUAGE_SHAPES: Language = Language {
    dialect: Dialect::OPENAI,
    mark: None,
    endpoints: &[],
    ungoverned: &[],
    untyped: false,
    events: true,
    headers: &[],
    json_answers: &[("response_format.type", "json"), ("text.format.type", "json")],
    error_body: errors::error_body,
    stream_error: errors::stream_error,
    models_body: errors::models_body,
    flush: stream::flush_event,
};

/// Servers that have OpenAI's paths beside their own.
const MANY: &[Dialect] = &[Dialect::new("mistral"), Dialect::new("ollama"), Dialect::new("vllm")];

static ENDPOINTS: [Endpoint; 11] = [
    Endpoint {
        also: MANY,
        ..Endpoint::post(Operation::CHAT, "/v1/chat/completions", &request::CHAT, reply::CHOICES_BOTH)
    },
    Endpoint {
        also: MANY,
        ..Endpoint::post(Operation::COMPLETION, "/v1/completions", &request::COMPLETIONS, reply::CHOICES_BOTH)
    },
    Endpoint {
        also: MANY,
        ..Endpoint::post(Operation::EMBEDDINGS, "/v1/embeddings", &request::EMBEDDINGS, reply::CHOICES_BOTH)
    },
    Endpoint {
        keeps: true,
        ..Endpoint::post(Operation::RESPONSES, "/v1/responses", &request::RESPONSES, reply::RESPONSE_BOTH)
    },
    Endpoint {
        also: MANY,
        ..Endpoint::post(Operation::new("moderations"), "/v1/moderations", &request::MODERATIONS, reply::CHOICES_BOTH)
    },
    Endpoint { also: MANY, ..Endpoint::get(Operation::MODELS, "/v1/models") },
    Endpoint { also: MANY, ..Endpoint::get(Operation::MODELS, "/v1/models/{model}") },
    Endpoint::state("GET", "/v1/responses/{id}"),
    Endpoint::state("DELETE", "/v1/responses/{id}"),
    Endpoint::state("GET", "/v1/responses/{id}/input_items"),
    Endpoint::state("POST", "/v1/responses/{id}/cancel"),
];
