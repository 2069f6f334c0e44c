//! Errors and the list of models, in the shapes that OpenAI's SDKs read.
//!
//! The SDKs choose their exception by status and take `error.message`, `type`, `code` and `param`; what is ours stands under
//! `error.octroi`, so that an application finds it in the exception's body.

use serde_json::{Value, json};

use super::super::failure::Told;
use super::super::reply::Flush;
use crate::model::{Api, Country, Fault, Operation, Refusal};

/// See [`super::super::error_body`].
pub(in crate::dialect) fn error_body(refusal: &Refusal, request_id: &str) -> String {
    json!({ "error": error(refusal, request_id, Told::default()) }).to_string()
}

/// See [`super::super::stream_error`]. The SDKs raise for any event whose data has `error`, whatever the event's name; the
/// members beside it are those of the responses API's own `error` event.
pub(in crate::dialect) fn stream_error(
    api: Api,
    refusal: &Refusal,
    request_id: &str,
    (sequence, told): (Option<u64>, Told),
) -> Flush {
    let mut data = json!({ "type": "error", "error": error(refusal, request_id, told) });
    if matches!(api.operation, Operation::RESPONSES | Operation::RETRIEVE)
        && let Value::Object(members) = &mut data
    {
        members.insert("code".to_owned(), told.code.unwrap_or(refusal.code).into());
        members.insert("message".to_owned(), refusal.message.as_str().into());
        members.insert("param".to_owned(), Value::Null);
        members.insert("sequence_number".to_owned(), sequence.unwrap_or_default().into());
    }
    Flush { event: Some("error".to_owned()), data: data.to_string() }
}

fn error(refusal: &Refusal, request_id: &str, told: Told) -> Value {
    json!({
        "message": refusal.message,
        "type": told.kind.unwrap_or_else(|| kind(refusal)),
        "code": told.code.unwrap_or(refusal.code),
        "param": refusal.place,
        "octroi": {
            "request_id": request_id,
            "fault": fault(refusal.fault),
            "rule": refusal.rule.as_ref().map(crate::model::Word::as_str),
            "place": refusal.place,
            "retry_after_s": refusal.retry_after_s,
        },
    })
}

/// The word that OpenAI's own server uses for this status.
const fn kind(refusal: &Refusal) -> &'static str {
    match refusal.status {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        500.. => "server_error",
        _ => "invalid_request_error",
    }
}

pub(in crate::dialect) const fn fault(fault: Fault) -> &'static str {
    match fault {
        Fault::Caller => "caller",
        Fault::Policy => "policy",
        Fault::Upstream => "upstream",
        Fault::Gateway => "gateway",
    }
}

/// See [`super::super::models_body`].
pub(in crate::dialect) fn models_body(models: &[(&str, &[Country])], one: bool) -> String {
    let data: Vec<Value> = models
        .iter()
        .map(|(name, countries)| {
            let countries: Vec<&str> = countries.iter().map(Country::as_str).collect();
            // The SDKs want a time of creation; an alias has none.
            json!({ "id": name, "object": "model", "type": "base", "created": 0, "owned_by": "octroi", "countries": countries, "capabilities": {} })
        })
        .collect();
    match data.first() {
        Some(first) if one => first.to_string(),
        _ => json!({ "object": "list", "data": data }).to_string(),
    }
}
