//! The event that carries held-back text: built small, out of what names the stream and the channel in an earlier event.
//!
//! The earlier event is not copied whole, because that would say `usage`, a finish reason, a tool's name, probabilities or
//! another choice's text twice. Its tokens are copied as they stand.

use crate::model::{Api, Operation};
use crate::wire::json::{Bounds, Document, NodeKind, Numbers};
use crate::wire::quote;

use super::super::reply::{Channel, ChannelKind, Flush, Held};

/// Members of a chat or completion event that name the stream.
const STREAM: [&str; 6] = ["id", "object", "created", "model", "service_tier", "system_fingerprint"];
/// Members of a responses event that name the channel.
const PLACE: [&str; 6] = ["type", "item_id", "output_index", "content_index", "summary_index", "command_index"];

/// See [`super::super::flush_event`].
pub(in crate::dialect) fn flush_event(
    api: Api,
    template: &str,
    channel: Channel,
    held: Held<'_>,
    sequence: Option<u64>,
) -> Option<Flush> {
    let document = Document::read(template, Bounds::REPLY, Numbers::NotInArrays).ok()?;
    match api.operation {
        Operation::COMPLETION => choice(&document, channel, TEXT, held),
        Operation::RESPONSES | Operation::RETRIEVE => responses(&document, channel, held, sequence),
        Operation::EMBEDDINGS => None,
        // Chat, and what other servers answer in its shape.
        _ => choice(&document, channel, "delta", held),
    }
}

/// The member of a choice of completions.
pub(in crate::dialect) const TEXT: &str = "text";

/// Writes a chunk of one choice, the text in this member of it.
pub(in crate::dialect) fn choice(
    document: &Document<'_>,
    channel: Channel,
    name: &str,
    held: Held<'_>,
) -> Option<Flush> {
    let (text, logprobs) = (quote(held.text), held.logprobs.unwrap_or("null"));
    let content = match (name, channel.kind) {
        (TEXT, ChannelKind::Text) => text,
        (TEXT, _) => return None,
        _ => chat_delta(channel, &text)?,
    };
    let content = member(name, &content);
    let mut members = copied(document, &STREAM);
    let choice = format!(r#"{{"index":{},{content},"logprobs":{logprobs},"finish_reason":null}}"#, channel.outer);
    members.push(member("choices", &format!("[{choice}]")));
    Some(Flush { event: None, data: object(&members) })
}

/// Writes the `delta` of a chunk; `text` is a JSON string.
fn chat_delta(channel: Channel, text: &str) -> Option<String> {
    let inner = channel.inner;
    Some(match channel.kind {
        ChannelKind::Text => format!(r#"{{"content":{text}}}"#),
        ChannelKind::Reasoning => format!(r#"{{"reasoning_content":{text}}}"#),
        ChannelKind::TextPart => format!(r#"{{"content":[{{"type":"text","text":{text}}}]}}"#),
        ChannelKind::ThinkingPart => {
            format!(r#"{{"content":[{{"type":"thinking","thinking":[{{"type":"text","text":{text}}}]}}]}}"#)
        }
        ChannelKind::ReasoningAlias => format!(r#"{{"reasoning":{text}}}"#),
        ChannelKind::ReasoningDetail => {
            format!(r#"{{"reasoning_details":[{{"index":{inner},"type":"reasoning.text","text":{text}}}]}}"#)
        }
        ChannelKind::ReasoningSummary => {
            format!(r#"{{"reasoning_details":[{{"index":{inner},"type":"reasoning.summary","summary":{text}}}]}}"#)
        }
        ChannelKind::Refusal => format!(r#"{{"refusal":{text}}}"#),
        ChannelKind::Transcript => format!(r#"{{"audio":{{"transcript":{text}}}}}"#),
        ChannelKind::Name => format!(r#"{{"tool_calls":[{{"index":{inner},"function":{{"name":{text}}}}}]}}"#),
        ChannelKind::FunctionArguments => format!(r#"{{"function_call":{{"arguments":{text}}}}}"#),
        ChannelKind::Arguments => {
            format!(r#"{{"tool_calls":[{{"index":{inner},"function":{{"arguments":{text}}}}}]}}"#)
        }
        ChannelKind::CustomInput => format!(r#"{{"tool_calls":[{{"index":{inner},"custom":{{"input":{text}}}}}]}}"#),
        _ => return None,
    })
}

/// Writes a `*.delta` event like the template, with other text.
fn responses(
    document: &Document<'_>,
    channel: Channel,
    Held { text, logprobs }: Held<'_>,
    sequence: Option<u64>,
) -> Option<Flush> {
    let kind = document.member(0, "type").and_then(|value| document.node(value))?;
    let event = document.decoded(kind).into_owned();
    let delta = document.member(0, "delta").and_then(|value| document.node(value))?;
    let delta = match (channel.kind, delta.kind) {
        (ChannelKind::Stdout, NodeKind::Object) => format!(r#"{{"stdout":{}}}"#, quote(text)),
        (ChannelKind::Stderr, NodeKind::Object) => format!(r#"{{"stderr":{}}}"#, quote(text)),
        (ChannelKind::Whole, _) => return None,
        (_, NodeKind::String) => quote(text),
        _ => return None,
    };
    let mut members = copied(document, &PLACE);
    members.push(member("delta", &delta));
    if document.member(0, "logprobs").is_some() {
        members.push(member("logprobs", logprobs.unwrap_or("[]")));
    }
    members.extend(sequence.map(|sequence| member("sequence_number", &sequence.to_string())));
    Some(Flush { event: Some(event), data: object(&members) })
}

/// The top-level members with these names, their values as they stand.
fn copied(document: &Document<'_>, names: &[&str]) -> Vec<String> {
    let value = |name: &str| document.member(0, name).and_then(|value| document.node(value));
    names.iter().filter_map(|name| Some(member(name, document.raw(value(name)?)))).collect()
}

/// Writes a member whose value is JSON already.
fn member(name: &str, value: &str) -> String {
    format!("{}:{value}", quote(name))
}

fn object(members: &[String]) -> String {
    format!("{{{}}}", members.join(","))
}
