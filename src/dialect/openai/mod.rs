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
    Endpoint::kept(("GET", Operation::RETRIEVE), "/v1/responses/{id}", reply::AGAIN),
    Endpoint::kept(("DELETE", Operation::DELETE), "/v1/responses/{id}", reply::AGAIN),
    Endpoint {
        query: PAGES,
        ..Endpoint::kept(("GET", Operation::INPUT_ITEMS), "/v1/responses/{id}/input_items", reply::ASKED)
    },
    Endpoint::refused("POST", "/v1/responses/{id}/cancel", NO_BACKGROUND),
];

/// Why nothing can be cancelled.
pub(super) const NO_BACKGROUND: &str = "only a response that is made in the background can be cancelled, and this gateway asks for none; close the connection";

/// How a page of input items is asked for. A place in the list (`after`) would be a text of the caller's.
pub(super) const PAGES: &[(&str, &[&str])] = &[
    ("order", &["asc", "desc"]),
    (
        "limit",
        &[
            "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19",
            "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31", "32", "33", "34", "35", "36", "37",
            "38", "39", "40", "41", "42", "43", "44", "45", "46", "47", "48", "49", "50", "51", "52", "53", "54", "55",
            "56", "57", "58", "59", "60", "61", "62", "63", "64", "65", "66", "67", "68", "69", "70", "71", "72", "73",
            "74", "75", "76", "77", "78", "79", "80", "81", "82", "83", "84", "85", "86", "87", "88", "89", "90", "91",
            "92", "93", "94", "95", "96", "97", "98", "99", "100",
        ],
    ),
];
