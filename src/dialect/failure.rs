//! What a backend says of its own failure inside a stream, taken in closed words.
//!
//! An application decides by the class of an error whether to ask again, so the class goes on to the client in its API's own
//! shape. The text does not: it is made by a server that has the request in hand, and may quote it. Neither does a class that
//! is about the gateway's own credential (decision 0002): to the client that is a backend that failed. A word that no table has
//! says nothing.

use crate::wire::json::{Bounds, Document, NodeKind, Numbers};

/// The class of a backend's failure, in words of the API's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// The word for its sort (`overloaded_error`, `UNAVAILABLE`, `throttlingException`).
    pub kind: Option<&'static str>,
    /// The finer word, where the API has one (`context_length_exceeded`).
    pub code: Option<&'static str>,
}

/// The words of an API.
pub(crate) struct Failures {
    /// Words for the sort of a failure, each with the status that has the same meaning.
    pub(crate) kinds: &'static [(&'static str, u16)],
    /// Finer words.
    pub(crate) codes: &'static [(&'static str, u16)],
    /// Other words that servers have for one of the sorts.
    pub(crate) also: &'static [(&'static str, &'static str)],
}

/// The status of a failure of which nothing is known.
const UNKNOWN: u16 = 502;

/// Reads the event in which a backend says that it failed: its name and its data. Returns the status of the same meaning too.
pub(crate) fn read(failures: &Failures, event: Option<&str>, data: Option<&str>) -> (u16, Told) {
    let (mut kind, mut code, mut number) = (None, None, None);
    let mut hear = |word: &str| {
        let sort = failures.also.iter().find(|(said, _)| *said == word).map_or(word, |(_, sort)| sort);
        kind = kind.or_else(|| failures.kinds.iter().find(|(known, _)| *known == sort));
        code = code.or_else(|| failures.codes.iter().find(|(said, _)| *said == word));
        number = number.or_else(|| word.parse().ok().filter(|status| is_told(*status)));
    };
    event.into_iter().for_each(&mut hear);
    if let Some(document) = data.and_then(|data| Document::read(data, Bounds::REPLY, Numbers::NotInArrays).ok()) {
        let within = |object: u32, name: &str| {
            document
                .member(object, name)
                .filter(|at| document.node(*at).is_some_and(|node| node.kind == NodeKind::Object))
        };
        let response = within(0, "response");
        let objects = [within(0, "error"), response.and_then(|response| within(response, "error")), Some(0)];
        for object in objects.into_iter().flatten() {
            for name in ["code", "type", "status", "__type"] {
                let Some(node) = document.member(object, name).and_then(|at| document.node(at)) else { continue };
                match node.kind {
                    NodeKind::String => hear(&document.decoded(node)),
                    NodeKind::Number => hear(document.raw(node)),
                    _ => {}
                }
            }
        }
    }
    let of_kind = kind.map(|(_, status)| *status);
    let status = code.map(|(_, status)| *status).or(of_kind).or(number);
    (status.unwrap_or(UNKNOWN), Told { kind: kind.map(|(word, _)| *word), code: code.map(|(word, _)| *word) })
}

/// Whether a status says something to the client: not what is about the credential of the gateway.
const fn is_told(status: u16) -> bool {
    matches!(status, 400 | 404 | 408 | 409 | 413 | 422 | 429 | 500..=599)
}

/// OpenAI's words, and those of the servers that speak like it (vLLM, llama.cpp, TGI, Mistral).
pub(crate) const OPENAI: Failures = Failures {
    kinds: &[
        ("invalid_request_error", 400),
        ("not_found_error", 404),
        ("rate_limit_error", 429),
        ("insufficient_quota", 429),
        ("requests", 429),
        ("tokens", 429),
        ("server_error", 500),
        ("api_error", 500),
        ("internal_server_error", 500),
        ("service_unavailable_error", 503),
        ("overloaded_error", 503),
        ("timeout_error", 504),
        ("BadRequestError", 400),
        ("NotFoundError", 404),
        ("UnprocessableEntityError", 422),
        ("RateLimitError", 429),
        ("InternalServerError", 500),
        ("NotImplementedError", 501),
        ("ServiceUnavailableError", 503),
        ("exceed_context_size_error", 400),
        ("not_supported_error", 501),
        ("unavailable_error", 503),
        ("validation", 422),
        ("incomplete_generation", 500),
        ("generation", 500),
        ("overloaded", 429),
        ("service_tier_capacity_exceeded", 429),
    ],
    codes: &[
        ("context_length_exceeded", 400),
        ("content_filter", 400),
        ("content_policy_violation", 400),
        ("invalid_prompt", 400),
        ("invalid_image", 400),
        ("invalid_value", 400),
        ("model_not_found", 404),
        ("insufficient_quota", 429),
        ("rate_limit_exceeded", 429),
        ("server_error", 500),
        ("internal_error", 500),
        ("server_is_overloaded", 503),
        ("slow_down", 503),
        ("vector_store_timeout", 504),
        ("timeout", 504),
    ],
    also: &[],
};

/// Anthropic's.
pub(crate) const ANTHROPIC: Failures = Failures {
    kinds: &[
        ("invalid_request_error", 400),
        ("not_found_error", 404),
        ("request_too_large", 413),
        ("rate_limit_error", 429),
        ("api_error", 500),
        ("timeout_error", 504),
        ("overloaded_error", 529),
    ],
    codes: &[],
    also: &[],
};

/// Google's.
pub(crate) const GOOGLE: Failures = Failures {
    kinds: &[
        ("INVALID_ARGUMENT", 400),
        ("FAILED_PRECONDITION", 400),
        ("OUT_OF_RANGE", 400),
        ("NOT_FOUND", 404),
        ("ABORTED", 409),
        ("RESOURCE_EXHAUSTED", 429),
        ("UNKNOWN", 500),
        ("INTERNAL", 500),
        ("DATA_LOSS", 500),
        ("UNIMPLEMENTED", 501),
        ("UNAVAILABLE", 503),
        ("DEADLINE_EXCEEDED", 504),
    ],
    codes: &[],
    also: &[],
};

/// Those of AWS, as an exception and as the type of an error, and of the models behind it.
pub(crate) const AWS: Failures = Failures {
    kinds: &[
        ("validationException", 400),
        ("modelTimeoutException", 408),
        ("modelStreamErrorException", 424),
        ("throttlingException", 429),
        ("internalServerException", 500),
        ("serviceUnavailableException", 503),
    ],
    codes: &[],
    also: &[
        ("ValidationException", "validationException"),
        ("invalid_request_error", "validationException"),
        ("ModelTimeoutException", "modelTimeoutException"),
        ("ModelStreamErrorException", "modelStreamErrorException"),
        ("ThrottlingException", "throttlingException"),
        ("rate_limit_error", "throttlingException"),
        ("InternalServerException", "internalServerException"),
        ("api_error", "internalServerException"),
        ("ServiceUnavailableException", "serviceUnavailableException"),
        ("overloaded_error", "serviceUnavailableException"),
    ],
};

/// An API whose errors have no class.
pub(crate) const NONE: Failures = Failures { kinds: &[], codes: &[], also: &[] };
