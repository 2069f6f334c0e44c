//! OpenAI's HTTP API, which many servers speak: chat completions, completions, embeddings, responses, models.
//!
//! The rows are in `common`, `chat`, `responses` (requests) and `replies` (replies and stream events); `request` and `reply`
//! assemble them into tables; `route`, `errors` and `stream` hold the shapes that are not a matter of paths.

mod chat;
mod common;
mod errors;
mod replies;
mod reply;
mod request;
mod responses;
mod route;
mod stream;
#[cfg(test)]
mod tests;

pub(super) use errors::{error_body, models_body, stream_error};
pub(super) use reply::{event_leaves, reply_leaves, reply_paths};
pub(super) use request::{answers_in_json, outgoing, parse, request_paths};
pub(super) use route::{path, route};
pub(super) use stream::flush_event;
