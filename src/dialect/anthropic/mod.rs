//! Anthropic's HTTP API: messages, token counts of messages, models.
//!
//! A content block stands in a turn, in the system prompt and in the result of a tool, so its rows are mounted in all three.
//! A stream is a run of blocks, each begun, continued and stopped by events that name its index: that index is the channel.
//! Arguments of a tool come as pieces of JSON text (`partial_json`) and as an object when they are whole.

mod betas;
mod reply;
mod request;

use serde_json::{Value, json};

use super::failure::Told;
use super::language::{Endpoint, Language};
use super::openai::fault;
use super::query::{Parameters, Takes};
use super::reply::ChannelKind::{Arguments, Compaction, Reasoning, Text};
use super::reply::{Channel, Flush, Held};
use super::{failure, ungoverned};
use crate::model::{Api, Country, Dialect, Operation, Refusal};

use reply::{EVENT, MESSAGE};
pub(super) use reply::{event_groups, reply_groups};
use request::MESSAGES;
pub(super) use request::{OPTIONS, TOOL, message_groups};

/// The dialect.
pub(super) static LANGUAGE: Language = Language {
    dialect: Dialect::new("anthropic"),
    mark: Some("anthropic-version"),
    endpoints: &ENDPOINTS,
    ungoverned: ungoverned::ANTHROPIC,
    path_names_model: false,
    untyped: false,
    events: true,
    headers: &[("anthropic-version", &betas::VERSIONS), ("anthropic-beta", &betas::BETAS)],
    json_answers: &[("output_format.type", "json"), ("output_config.format.type", "json")],
    error_body,
    stream_error,
    failures: &failure::ANTHROPIC,
    models_body,
    flush,
};

static ENDPOINTS: [Endpoint; 4] = [
    Endpoint {
        query: BETA,
        ..Endpoint::post(Operation::new("messages"), "/v1/messages", &MESSAGES, (&MESSAGE, &EVENT))
    },
    Endpoint {
        query: BETA,
        ..Endpoint::post(Operation::new("count_tokens"), "/v1/messages/count_tokens", &MESSAGES, (&MESSAGE, &EVENT))
    },
    Endpoint { query: PAGES, ..Endpoint::get(Operation::MODELS, "/v1/models") },
    Endpoint { query: BETA, ..Endpoint::get(Operation::MODELS, "/v1/models/{model}") },
];

/// The SDK's beta methods say so in the query.
const BETA: Parameters = &[("beta", Takes::Word(&["true"]))];
/// All models stand on one page.
const PAGES: Parameters = &[
    ("beta", Takes::Word(&["true"])),
    ("limit", Takes::Ignored),
    ("after_id", Takes::Ignored),
    ("before_id", Takes::Ignored),
];

fn error_body(refusal: &Refusal, request_id: &str) -> String {
    error(refusal, request_id, Told::default()).to_string()
}

/// The SDKs choose their exception by status and take `error.type` and `error.message`; what is ours stands under
/// `error.octroi`.
fn error(refusal: &Refusal, request_id: &str, told: Told) -> Value {
    json!({
        "type": "error",
        "error": {
            "type": told.kind.unwrap_or_else(|| kind(refusal.status)),
            "message": refusal.message,
            "octroi": {
                "code": refusal.code,
                "request_id": request_id,
                "fault": fault(refusal.fault),
                "rule": refusal.rule.as_ref().map(crate::model::Word::as_str),
                "place": refusal.place,
                "retry_after_s": refusal.retry_after_s,
            },
        },
        "request_id": request_id,
    })
}

/// The word that Anthropic's own server uses for this status.
const fn kind(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 | 529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

fn stream_error(_: Api, refusal: &Refusal, request_id: &str, (_, told): (Option<u64>, Told)) -> Flush {
    Flush { event: Some("error".to_owned()), data: error(refusal, request_id, told).to_string() }
}

fn models_body(models: &[(&str, &[Country])], one: bool) -> String {
    let data: Vec<Value> = models
        .iter()
        .map(|(name, countries)| {
            let countries: Vec<&str> = countries.iter().map(Country::as_str).collect();
            // The SDKs want a time of creation; an alias has none.
            json!({ "type": "model", "id": name, "display_name": name, "created_at": "1970-01-01T00:00:00Z", "countries": countries })
        })
        .collect();
    match data.first() {
        Some(first) if one => first.to_string(),
        _ => {
            let (first, last) = (models.first().map(|model| model.0), models.last().map(|model| model.0));
            json!({ "data": data, "has_more": false, "first_id": first, "last_id": last }).to_string()
        }
    }
}

/// A delta of the block that the channel is.
fn flush(_: Api, _: &str, channel: Channel, Held { text, .. }: Held<'_>, _: Option<u64>) -> Option<Flush> {
    let delta = match channel.kind {
        Text => json!({ "type": "text_delta", "text": text }),
        Reasoning => json!({ "type": "thinking_delta", "thinking": text }),
        Compaction => json!({ "type": "compaction_delta", "content": text }),
        Arguments => json!({ "type": "input_json_delta", "partial_json": text }),
        _ => return None,
    };
    let data = json!({ "type": "content_block_delta", "index": channel.outer, "delta": delta });
    Some(Flush { event: Some("content_block_delta".to_owned()), data: data.to_string() })
}
