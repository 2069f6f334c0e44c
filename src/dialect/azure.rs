//! Azure OpenAI: OpenAI's bodies under Azure's paths, in the two shapes that its clients use.
//!
//! The older names the deployment in the path and a version of the API in the query; the newer (`/openai/v1/`) has OpenAI's
//! own paths. The deployment is an alias like any model, and the version one of a closed list, so that neither carries
//! anything of the caller's. Tables, errors and streams are [`super::openai`]'s.

use super::language::{Endpoint, Language};
use super::openai::{self, reply, request};
use super::query::{Parameters, Takes};
use super::ungoverned;
use crate::model::{Dialect, Operation};

/// The dialect.
pub(super) static LANGUAGE: Language = Language {
    dialect: Dialect::new("azure"),
    endpoints: &ENDPOINTS,
    ungoverned: ungoverned::AZURE,
    path_names_model: true,
    ..openai::LANGUAGE_SHAPES
};

static ENDPOINTS: [Endpoint; 13] = [
    Endpoint {
        query: VERSIONS,
        ..Endpoint::post(
            Operation::CHAT,
            "/openai/deployments/{model}/chat/completions",
            &request::CHAT,
            reply::CHOICES_BOTH,
        )
    },
    Endpoint {
        query: VERSIONS,
        ..Endpoint::post(
            Operation::COMPLETION,
            "/openai/deployments/{model}/completions",
            &request::COMPLETIONS,
            reply::CHOICES_BOTH,
        )
    },
    Endpoint {
        query: VERSIONS,
        ..Endpoint::post(
            Operation::EMBEDDINGS,
            "/openai/deployments/{model}/embeddings",
            &request::EMBEDDINGS,
            reply::CHOICES_BOTH,
        )
    },
    Endpoint {
        query: VERSIONS,
        ..Endpoint::post(Operation::CHAT, "/openai/v1/chat/completions", &request::CHAT, reply::CHOICES_BOTH)
    },
    Endpoint {
        query: VERSIONS,
        ..Endpoint::post(Operation::COMPLETION, "/openai/v1/completions", &request::COMPLETIONS, reply::CHOICES_BOTH)
    },
    Endpoint {
        query: VERSIONS,
        ..Endpoint::post(Operation::EMBEDDINGS, "/openai/v1/embeddings", &request::EMBEDDINGS, reply::CHOICES_BOTH)
    },
    Endpoint {
        query: VERSIONS,
        keeps: true,
        ..Endpoint::post(Operation::RESPONSES, "/openai/v1/responses", &request::RESPONSES, reply::RESPONSE_BOTH)
    },
    Endpoint { query: VERSIONS, ..Endpoint::get(Operation::MODELS, "/openai/v1/models") },
    Endpoint { query: VERSIONS, ..Endpoint::get(Operation::MODELS, "/openai/v1/models/{model}") },
    Endpoint {
        query: &[VERSION, openai::STREAM, openai::AFTER_EVENT, openai::OBFUSCATION, openai::INCLUDE, openai::INCLUDES],
        event: reply::EVENTS_AGAIN,
        ..Endpoint::kept(("GET", Operation::RETRIEVE), "/openai/v1/responses/{id}", reply::AGAIN)
    },
    Endpoint {
        query: VERSIONS,
        ..Endpoint::kept(("DELETE", Operation::DELETE), "/openai/v1/responses/{id}", reply::AGAIN)
    },
    Endpoint {
        query: &[VERSION, openai::ORDER, openai::LIMIT, openai::AFTER_ITEM, openai::INCLUDE, openai::INCLUDES],
        ..Endpoint::kept(("GET", Operation::INPUT_ITEMS), "/openai/v1/responses/{id}/input_items", reply::ASKED)
    },
    Endpoint::refused("POST", "/openai/v1/responses/{id}/cancel", openai::NO_BACKGROUND),
];

/// The versions of the API that Microsoft has published for inference.
const VERSIONS: Parameters = &[VERSION];
const VERSION: (&str, Takes) = (
    "api-version",
    Takes::Word(&[
        "2022-12-01",
        "2023-05-15",
        "2024-02-01",
        "2024-02-15-preview",
        "2024-03-01-preview",
        "2024-04-01-preview",
        "2024-05-01-preview",
        "2024-06-01",
        "2024-07-01-preview",
        "2024-08-01-preview",
        "2024-09-01-preview",
        "2024-10-01-preview",
        "2024-10-21",
        "2024-12-01-preview",
        "2025-01-01-preview",
        "2025-02-01-preview",
        "2025-03-01-preview",
        "2025-04-01-preview",
        "preview",
        "latest",
        "v1",
    ]),
);
