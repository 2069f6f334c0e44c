//! OpenAI's HTTP API, which many servers speak: chat completions, completions, embeddings, responses,
//! moderations, models.
//!
//! The rows are in `common`, `chat`, `responses` (requests) and `replies` (replies and stream events); `request` and `reply`
//! assemble them into tables; `errors` and `stream` hold the shapes that are not a matter of paths.

pub(super) mod chat;
pub(super) mod common;
mod errors;
pub(super) mod replies;
pub(super) mod reply;
pub(super) mod request;
mod responses;
pub(super) mod stream;
#[cfg(test)]
mod tests;

pub(super) use errors::fault;

use super::language::{Endpoint, Language};
use super::query::Takes;
use super::{failure, ungoverned};
use crate::model::{Dialect, Operation};

/// The dialect.
pub(super) static LANGUAGE: Language =
    Language { endpoints: &ENDPOINTS, ungoverned: ungoverned::OPENAI, ..LANGUAGE_SHAPES };

/// The shapes, without endpoints: also those of servers that speak it under other paths.
pub(super) const LANGUAGE_SHAPES: Language = Language {
    dialect: Dialect::OPENAI,
    mark: None,
    endpoints: &[],
    ungoverned: &[],
    path_names_model: false,
    untyped: false,
    events: true,
    headers: &[],
    json_answers: JSON_ANSWERS,
    error_body: errors::error_body,
    stream_error: errors::stream_error,
    failures: &failure::OPENAI,
    models_body: errors::models_body,
    flush: stream::flush_event,
};

/// Where a request asks for JSON: by the name of the form, or by a schema, as text or as an object.
const JSON_ANSWERS: &[(&str, &str)] = &[
    ("response_format.type", "json"),
    ("text.format.type", "json"),
    ("input[]{configuration_update}.text.format.type", "json"),
    ("guided_json", "{"),
    ("guided_json.*", ""),
    ("structured_outputs.json", "{"),
    ("structured_outputs.json.*", ""),
    ("nvext.guided_json", "{"),
    ("nvext.guided_json.*", ""),
    ("json_schema", "{"),
    ("json_schema.*", ""),
];

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
        model_default: Some("omni-moderation-latest"),
        ..Endpoint::post(Operation::new("moderations"), "/v1/moderations", &request::MODERATIONS, reply::CHOICES_BOTH)
    },
    Endpoint { also: MANY, ..Endpoint::get(Operation::MODELS, "/v1/models") },
    Endpoint { also: MANY, ..Endpoint::get(Operation::MODELS, "/v1/models/{model}") },
    Endpoint {
        query: &[STREAM, AFTER_EVENT, OBFUSCATION, INCLUDE, INCLUDES],
        event: reply::EVENTS_AGAIN,
        ..Endpoint::kept(("GET", Operation::RETRIEVE), "/v1/responses/{id}", reply::AGAIN)
    },
    Endpoint::kept(("DELETE", Operation::DELETE), "/v1/responses/{id}", reply::AGAIN),
    Endpoint {
        query: &[ORDER, LIMIT, AFTER_ITEM, INCLUDE, INCLUDES],
        ..Endpoint::kept(("GET", Operation::INPUT_ITEMS), "/v1/responses/{id}/input_items", reply::ASKED)
    },
    Endpoint::refused("POST", "/v1/responses/{id}/cancel", NO_BACKGROUND),
];

/// Why nothing can be cancelled.
pub(super) const NO_BACKGROUND: &str = "only a response that is made in the background can be cancelled, and this gateway asks for none; close the connection";

/// A parameter of a query.
type Parameter = (&'static str, Takes);

/// Which way a page of input items goes.
pub(super) const ORDER: Parameter = ("order", Takes::Word(&["asc", "desc"]));
/// How many items it has.
pub(super) const LIMIT: Parameter = ("limit", Takes::Number(100));
/// The item that it goes on from.
pub(super) const AFTER_ITEM: Parameter = ("after", Takes::Name);
/// Whether a kept response is shown as the stream that it was.
pub(super) const STREAM: Parameter = ("stream", Takes::Word(&["true", "false"]));
/// The event that such a stream goes on from.
pub(super) const AFTER_EVENT: Parameter = ("starting_after", Takes::Number(u64::MAX));
/// Whether its pieces are padded to one length.
pub(super) const OBFUSCATION: Parameter = ("include_obfuscation", Takes::Word(&["true", "false"]));
/// What is shown that is left out otherwise.
pub(super) const INCLUDE: Parameter = ("include", SHOWN);
/// The same as the SDKs write a list.
pub(super) const INCLUDES: Parameter = ("include[]", SHOWN);

const SHOWN: Takes = Takes::Words(&[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
]);
