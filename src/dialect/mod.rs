//! Which leaves of an API's request, reply and stream carry what.
//!
//! A dialect is a table of `(path pattern, meaning)` rows (`table`), walked by one visitor for all of them (`visit`), and
//! the few shapes that are not a matter of paths: its endpoints, its error body, the event that carries held-back text. So a
//! second API is one folder beside `openai/` and one arm in each `match` below. Nothing is translated: a request stays in the
//! dialect it came in, and only whole tokens of it are ever replaced.
//!
//! Two stages of the journey live here. *Parse* turns a body into a [`Call`] with every leaf a field (law 1). *Restore* asks,
//! for a whole reply or for each event of a stream, where the text is that may hold a pseudonym, and for where it lands.
//!
//! What this module never does: decide, detect, change a value, or quote a byte of a body in a refusal.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod openai;
mod reply;
mod request;
mod table;
mod visit;

use crate::limits;
use crate::model::{Api, Call, Country, Dialect, Refusal};
use crate::wire::Edit;

pub use reply::{
    Channel, ChannelKind, Ended, EventKind, EventView, Flush, Landing, ReplyLeaf, ReplyView, Sequence, Unreadable,
    Usage,
};

/// Finds the governed endpoint that a request line names. The list is closed, and paths are compared byte by byte: a path
/// that would need normalising is not an endpoint.
///
/// # Errors
/// 404 `endpoint_not_governed`, 405 `method_not_allowed`, 400 `query_not_allowed`.
pub fn route(method: &http::Method, path: &str, query: Option<&str>) -> Result<Api, Refusal> {
    openai::route(method, path, query)
}

/// The path at which a backend that speaks the dialect serves an endpoint.
pub fn path(api: Api) -> &'static str {
    match api.dialect {
        Dialect::OpenAi => openai::path(api.operation),
    }
}

/// Reads a request body whole: every string value, every number and every key that no table names becomes a field.
///
/// # Errors
/// A 400 with a code and a place, never with a value, when the body is not strict JSON, has duplicate or look-alike keys,
/// lacks `model`, or refers to state that a provider holds.
pub fn parse(api: Api, body: String) -> Result<Call, Refusal> {
    parse_within(api, body, limits::JSON_DEPTH_MAX)
}

/// The same, with containers in containers down to `depth` and no further.
///
/// # Errors
/// As [`parse`].
pub fn parse_within(api: Api, body: String, depth: usize) -> Result<Call, Refusal> {
    match api.dialect {
        Dialect::OpenAi => openai::parse(api, body, depth),
    }
}

/// The paths that a request's table names, in the order of its rows; what records, sheets and the coverage matrix show.
pub fn request_paths(api: Api) -> Vec<&'static str> {
    match api.dialect {
        Dialect::OpenAi => openai::request_paths(api),
    }
}

/// The paths that the tables of a whole reply and of a stream's events name, in that order.
pub fn reply_paths(api: Api) -> (Vec<&'static str>, Vec<&'static str>) {
    match api.dialect {
        Dialect::OpenAi => openai::reply_paths(api),
    }
}

/// Whether the call asks for an answer that is JSON itself (structured output), so that a restored value in it must be escaped
/// as within a JSON string.
pub fn answers_in_json(call: &Call) -> bool {
    match call.api.dialect {
        Dialect::OpenAi => openai::answers_in_json(call),
    }
}

/// Returns the edits that every outgoing request gets whatever its findings: the backend's own name for the model and, with
/// `store_off`, `store` forced to `false`. None of them overlaps a field other than the model's.
pub fn outgoing(call: &Call, model: &str, store_off: bool) -> Vec<Edit> {
    match call.api.dialect {
        Dialect::OpenAi => openai::outgoing(call, model, store_off),
    }
}

/// Writes a refusal in the shape that the dialect's official SDKs turn into their ordinary exceptions.
pub fn error_body(dialect: Dialect, refusal: &Refusal, request_id: &str) -> String {
    match dialect {
        Dialect::OpenAi => openai::error_body(refusal, request_id),
    }
}

/// Writes the frame that ends a stream which broke on the way, so that a client sees an error and never a clean end.
/// `sequence` is the next `sequence_number` of the stream, for APIs that count their events.
pub fn stream_error(api: Api, refusal: &Refusal, request_id: &str, sequence: Option<u64>) -> String {
    match api.dialect {
        Dialect::OpenAi => openai::stream_error(api, refusal, request_id, sequence),
    }
}

/// Writes the list of models that a caller may ask for, each with the countries it may be served from.
pub fn models_body(dialect: Dialect, models: &[(&str, &[Country])]) -> String {
    match dialect {
        Dialect::OpenAi => openai::models_body(models),
    }
}

/// Finds the leaves of a whole reply.
///
/// # Errors
/// [`Unreadable`] when the backend's body is not strict JSON.
pub fn reply_leaves(api: Api, body: &str) -> Result<ReplyView<'_>, Unreadable> {
    match api.dialect {
        Dialect::OpenAi => openai::reply_leaves(api, body),
    }
}

/// Finds the leaves of one event of a stream; `event` is the name on the frame's `event:` line, `data` its joined data.
///
/// # Errors
/// [`Unreadable`] when the data is neither strict JSON nor the dialect's end mark.
pub fn event_leaves<'a>(api: Api, event: Option<&str>, data: &'a str) -> Result<EventView<'a>, Unreadable> {
    match api.dialect {
        Dialect::OpenAi => openai::event_leaves(api, event, data),
    }
}

/// Builds the event that carries the held-back end of a channel's text.
///
/// `template` is the data of the last event in which the channel had a fragment: only what names the stream and the channel
/// is taken from it (ids, indices, model, time), so that neither other text nor `usage` or a finish reason is said twice.
/// `text` is put in as it is, escaped for JSON once; for a channel that lands inside JSON the caller has escaped it for that.
/// Returns nothing when the template is not an event in which this channel could have had a fragment.
pub fn flush_event(api: Api, template: &str, channel: Channel, text: &str, sequence: Option<u64>) -> Option<Flush> {
    match api.dialect {
        Dialect::OpenAi => openai::flush_event(api, template, channel, text, sequence),
    }
}
