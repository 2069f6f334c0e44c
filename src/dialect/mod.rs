//! Which leaves of an API's request, reply and stream carry what.
//!
//! A dialect is a table of `(path pattern, meaning)` rows (`table`), walked by one visitor for all of them (`visit`), and
//! the few shapes that are not a matter of paths: its endpoints, its error body, the event that carries held-back text
//! (`language`). So another API is one file or folder with a `LANGUAGE`, named once below. Nothing is translated: a request
//! stays in the dialect it came in, and only whole tokens of it are ever replaced.
//!
//! Two stages of the journey live here. *Parse* turns a body into a [`Call`] with every leaf a field (law 1). *Restore* asks,
//! for a whole reply or for each event of a stream, where the text is that may hold a pseudonym, and for where it lands.
//!
//! What this module never does: decide, detect, change a value, or quote a byte of a body in a refusal.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod anthropic;
mod asked;
mod azure;
mod bedrock;
mod failure;
mod features;
mod gemini;
mod language;
mod leaf;
mod mistral;
mod ollama;
mod openai;
mod places;
mod query;
mod refuse;
mod reply;
mod request;
mod table;
#[cfg(test)]
mod tests;
mod ungoverned;
mod vertex;
mod visit;
mod vllm;

use http::HeaderMap;

use crate::limits;
use crate::model::{Api, Call, Country, Dialect, Line, Operation, Refusal};
use crate::wire::frames::Framing;
use crate::wire::{Edit, quote};
use language::{Language, Streams, endpoint, language};

pub use asked::{answers_in_text, output_asked};
pub use failure::Told;
pub use reply::{
    Channel, ChannelKind, Column, Ended, EventKind, EventView, Flush, Held, Joint, Landing, Logprobs, Position,
    ReplyLeaf, ReplyView, Sequence, TokenList, Unreadable, Usage, Within,
};

/// Every dialect. Where two have a path in common and no header tells them apart, the earlier one has it.
static LANGUAGES: &[&Language] = &[
    &openai::LANGUAGE,
    &anthropic::LANGUAGE,
    &azure::LANGUAGE,
    &mistral::LANGUAGE,
    &ollama::LANGUAGE,
    &vllm::LANGUAGE,
    &gemini::LANGUAGE,
    &vertex::LANGUAGE,
    &bedrock::LANGUAGE,
];

/// The dialect with this name, as configuration files write it.
pub fn named(name: &str) -> Option<Dialect> {
    LANGUAGES.iter().map(|language| language.dialect).find(|dialect| dialect.name() == name)
}

/// Every dialect, in the order of the table.
pub fn all() -> impl Iterator<Item = Dialect> {
    LANGUAGES.iter().map(|language| language.dialect)
}

/// The endpoints of a dialect that take a body, with the paths that clients use.
pub fn endpoints(dialect: Dialect) -> Vec<(Api, &'static str)> {
    let with_body = language(dialect).endpoints.iter().filter(|endpoint| endpoint.request.is_some());
    with_body.map(|endpoint| (Api { dialect, operation: endpoint.operation }, endpoint.path)).collect()
}

/// The paths that servers of a dialect have for bodies: its own, and those that they have in common with another's.
pub fn served(dialect: Dialect) -> Vec<&'static str> {
    let has = |of: &Language, endpoint: &language::Endpoint| of.dialect == dialect || endpoint.also.contains(&dialect);
    let own = LANGUAGES.iter().filter(|of| of.dialect == dialect);
    let others = LANGUAGES.iter().filter(|of| of.dialect != dialect);
    let with_body = |endpoint: &&language::Endpoint| endpoint.request.is_some();
    let endpoints = own.chain(others).flat_map(|of| of.endpoints.iter().filter(move |endpoint| has(of, endpoint)));
    endpoints.filter(with_body).map(|endpoint| endpoint.path).collect()
}

/// Finds the governed endpoint that a request line names, and what passes of the line and the head. The list is closed, and
/// paths are compared byte by byte: a path that would need normalising is not an endpoint.
///
/// # Errors
/// 404 `endpoint_not_governed`, 405 `method_not_allowed`, 400 `query_not_allowed`, `header_not_governed` or
/// `stateful_not_supported`.
pub fn route(method: &http::Method, path: &str, query: Option<&str>, headers: &HeaderMap) -> Result<Line, Refusal> {
    language::route(method, path, query, headers)
}

/// The dialect in which a client is answered that asks for this path, whether it is governed or not.
pub fn spoken(path: &str, headers: &HeaderMap) -> Dialect {
    language::spoken(path, headers).dialect
}

/// The dialects whose servers have an endpoint.
pub fn speakers(api: Api) -> Vec<Dialect> {
    let also = endpoint(api).map_or(&[][..], |endpoint| endpoint.also);
    std::iter::once(api.dialect).chain(also.iter().copied()).collect()
}

/// The path and query behind a backend's base path at which it serves an endpoint under its own name for the model.
pub fn path(line: &Line, model: &str) -> String {
    language::upstream_path(line, model)
}

/// How an answer to a call that comes as this type is streamed; nothing when it is whole.
pub fn framing(call: &Call, content_type: &str) -> Option<Framing> {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is = |name: &str| essence.eq_ignore_ascii_case(name);
    if is("text/event-stream") {
        Some(Framing::Events)
    } else if is("application/x-ndjson") || is("application/ndjson") {
        Some(Framing::Lines)
    } else if is("application/vnd.amazon.eventstream") {
        Some(Framing::Binary)
    } else {
        let always = endpoint(call.api).is_some_and(|endpoint| endpoint.streams == Streams::Always);
        (is("application/json") && always).then_some(Framing::Array)
    }
}

/// Whether an endpoint takes a body.
pub fn takes_body(api: Api) -> bool {
    endpoint(api).is_some_and(|endpoint| endpoint.request.is_some())
}

/// The method by which a backend is asked.
pub fn method(api: Api) -> http::Method {
    let named = endpoint(api).and_then(|endpoint| http::Method::from_bytes(endpoint.method.as_bytes()).ok());
    named.unwrap_or(http::Method::POST)
}

/// Whether the provider keeps the answer to a call, where nothing of ours forbids it; see [`outgoing`].
pub fn keeps(call: &Call, store_off: bool) -> bool {
    let said = call.store.as_ref().and_then(|span| call.body.get(span.start as usize..span.end as usize));
    !store_off && said != Some("false") && endpoint(call.api).is_some_and(|endpoint| endpoint.keeps)
}

/// Whether clients of an API may leave the type of a body out, and mean JSON.
pub fn untyped(api: Api) -> bool {
    language(api.dialect).untyped
}

/// Whether a streamed answer to a call comes as server-sent events.
pub fn streams_events(call: &Call) -> bool {
    language(call.api.dialect).events && !call.line.says("alt", "json")
}

/// Reads a request body whole: every string value, every number and every key that no table names becomes a field.
///
/// # Errors
/// A 400 with a code and a place, never with a value, when the body is not strict JSON, has duplicate or look-alike keys,
/// names no model, or refers to state that a provider holds.
pub fn parse(line: impl Into<Line>, body: String) -> Result<Call, Refusal> {
    parse_within(line, body, limits::JSON_DEPTH_MAX)
}

/// The same, with containers in containers down to `depth` and no further.
///
/// # Errors
/// As [`parse`].
pub fn parse_within(line: impl Into<Line>, body: String, depth: usize) -> Result<Call, Refusal> {
    let line = line.into();
    let spec = endpoint(line.api).and_then(|endpoint| Some((endpoint, endpoint.request?)));
    match spec {
        Some((endpoint, spec)) => request::read(line, body, (spec, endpoint), depth),
        None if line.object.is_some() && body.is_empty() => Ok(query::call(line)),
        None => Err(Refusal::invalid("body_not_allowed", "this endpoint takes no body")),
    }
}

/// The paths that a request's table names, in the order of its rows; what records, sheets and the coverage matrix show.
pub fn request_paths(api: Api) -> Vec<&'static str> {
    let table = endpoint(api).and_then(|endpoint| endpoint.request);
    table.map_or_else(Vec::new, |spec| spec.table.rows().iter().map(|row| row.path).collect())
}

/// The paths that the tables of a whole reply and of a stream's events name, in that order.
pub fn reply_paths(api: Api) -> (Vec<&'static str>, Vec<&'static str>) {
    endpoint(api).map_or_else(Default::default, |endpoint| {
        let whole = endpoint.whole.rows().iter().map(|row| row.path).collect();
        (whole, endpoint.event.rows().iter().map(|row| row.path).collect())
    })
}

/// The names of the query parameters and of the headers that are looked at, in that order; every other one is refused or left behind.
pub fn line_names(api: Api) -> (Vec<&'static str>, Vec<&'static str>) {
    let query = endpoint(api).map_or(&[][..], |endpoint| endpoint.query);
    let headers = language(api.dialect).headers;
    (query.iter().map(|(name, _)| *name).collect(), headers.iter().map(|(name, _)| *name).collect())
}

/// Whether the call asks for an answer that is JSON itself (structured output), so that a restored value in it must be escaped
/// as within a JSON string.
pub fn answers_in_json(call: &Call) -> bool {
    let asks = language(call.api.dialect).json_answers;
    let fits = |path: &str, text: &str| asks.iter().any(|(asked, begins)| *asked == path && text.starts_with(begins));
    call.json || call.fields.iter().any(|field| fits(field.path, call.text(field)))
}

/// The model that a call means which names none, where its API says so.
pub fn model_meant(call: &Call) -> Option<&'static str> {
    let unnamed = call.models.is_empty() && call.line.model.is_none();
    endpoint(call.api).and_then(|endpoint| endpoint.model_default).filter(|_| unnamed)
}

/// The model that a call asks for, without what its API writes before a model's name. It is the caller's text.
pub fn model_asked(call: &Call) -> &str {
    leaf::bare_model(call.model_asked())
}

/// Returns the edits that every outgoing request gets whatever its findings: the backend's own name for the model wherever
/// the body names it, the provider's own name for the answer that the call goes on from and, with `store_off`, `store` forced
/// to `false` and no wish that the provider keep the prompt in its cache for longer than it declared. None of them overlaps a field that was inspected, other than the model's.
pub fn outgoing(call: &Call, model: &str, store_off: bool) -> Vec<Edit> {
    let mut edits = Vec::new();
    for field in call.models.iter().filter_map(|index| call.fields.get(*index as usize)) {
        let prefix = leaf::model_prefix(call.text(field));
        if call.text(field).strip_prefix(prefix) != Some(model) {
            edits.push(Edit { span: field.span.clone(), replacement: quote(&format!("{prefix}{model}")) });
        }
    }
    if model_meant(call).is_some() {
        let rest = call.body.get(call.open as usize..).unwrap_or_default();
        let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
        edits.push(Edit { span: call.open..call.open, replacement: format!("\"model\":{}{comma}", quote(model)) });
    }
    if let Some(previous) = &call.previous {
        edits.push(Edit { span: previous.span.clone(), replacement: quote(&previous.id) });
    }
    if store_off {
        if let Some(span) = &call.store {
            edits.push(Edit { span: span.clone(), replacement: "false".to_owned() });
        } else if endpoint(call.api).is_some_and(|endpoint| endpoint.keeps) {
            edits.push(Edit { span: call.open..call.open, replacement: r#""store":false,"#.to_owned() });
        }
        edits.extend(call.fields.iter().filter_map(|field| {
            let (_, least, instead) = CACHE_KEPT.iter().find(|(path, ..)| field.path.ends_with(path))?;
            let kept = !least.contains(&call.text(field));
            kept.then(|| Edit { span: field.span.clone(), replacement: (*instead).to_owned() })
        }));
    }
    edits
}

/// Members by which a prompt is kept in a provider's cache, on its disks for the longest: what they say for the shortest, and
/// what stands there instead of more.
const CACHE_KEPT: [(&str, &[&str], &str); 3] = [
    ("prompt_cache_retention", &["in_memory", "in-memory"], "null"),
    ("prompt_cache_options.ttl", &["30m"], r#""30m""#),
    ("prompt_cache_breakpoint.ttl", &["30m"], r#""30m""#),
];

/// Writes a refusal in the shape that the dialect's official SDKs turn into their ordinary exceptions.
pub fn error_body(dialect: Dialect, refusal: &Refusal, request_id: &str) -> String {
    (language(dialect).error_body)(refusal, request_id)
}

/// Makes the event that ends a stream which broke on the way, so that a client sees an error and never a clean end.
/// `sequence` is the next `sequence_number` of the stream, for APIs that count their events; `told` the class of a failure that
/// the backend told of itself.
pub fn stream_error(api: Api, refusal: &Refusal, request_id: &str, (sequence, told): (Option<u64>, Told)) -> Flush {
    (language(api.dialect).stream_error)(api, refusal, request_id, (sequence, told))
}

/// Reads the class of a failure that a backend tells of itself within a stream: the status that means the same, and its words.
pub fn failure(api: Api, event: Option<&str>, data: Option<&str>) -> (u16, Told) {
    failure::read(language(api.dialect).failures, event, data)
}

/// Writes the list of models that a caller may ask for, each with the countries it may be served from; for `one`, the first
/// alone.
pub fn models_body(dialect: Dialect, models: &[(&str, &[Country])], one: bool) -> String {
    (language(dialect).models_body)(models, one)
}

/// Finds the leaves of a whole reply.
///
/// # Errors
/// [`Unreadable`] when the backend's body is not strict JSON.
pub fn reply_leaves(api: Api, body: &str) -> Result<ReplyView<'_>, Unreadable> {
    let endpoint = endpoint(api).ok_or(Unreadable { at: 0 })?;
    let seen = reply::read(body, endpoint.whole, reply::Piecewise::No)?;
    let usage = seen.usage();
    let (positions, unknown) = (seen.positions, seen.unknown);
    Ok(ReplyView { leaves: seen.leaves, logprobs: seen.logprobs, positions, usage, unknown })
}

/// Finds the leaves of one event of a stream; `event` is the name that the frame gives it, `data` its data.
///
/// # Errors
/// [`Unreadable`] when the data is neither strict JSON nor an end mark.
pub fn event_leaves<'a>(api: Api, event: Option<&str>, data: &'a str) -> Result<EventView<'a>, Unreadable> {
    let endpoint = endpoint(api).ok_or(Unreadable { at: 0 })?;
    reply::event(event, data, endpoint.event)
}

/// Builds the event that carries the held-back end of a channel's text.
///
/// `template` is the data of the last event in which the channel had a fragment: only what names the stream and the channel
/// is taken from it (ids, indices, model, time), so that neither other text nor `usage` or a finish reason is said twice.
/// The text is put in as it is, escaped for JSON once; for a channel that lands inside JSON the caller has escaped it for that.
/// Returns nothing when the template is not an event in which this channel could have had a fragment.
pub fn flush_event(api: Api, template: &str, channel: Channel, held: Held<'_>, sequence: Option<u64>) -> Option<Flush> {
    let flush = language(api.dialect).flush;
    if !matches!(channel.kind, ChannelKind::Unnamed(_))
        || matches!(api.operation, Operation::RESPONSES | Operation::RETRIEVE)
    {
        return flush(api, template, channel, held, sequence);
    }
    // A known text of the same place says how such an event is called.
    let like = flush(api, template, Channel { kind: ChannelKind::Text, ..channel }, held, sequence)?;
    let view = event_leaves(api, like.event.as_deref(), template).ok()?;
    let leaf = view.leaves.iter().find(|leaf| leaf.channel == channel)?;
    Some(Flush { data: reply::unnamed_event(template, &leaf.span, held.text)?, ..like })
}
