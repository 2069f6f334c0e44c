//! Bodies of invoke-model: each model has a shape of its own, in the request, the answer and the chunks of a stream.
//!
//! Governed are those of Anthropic's API (its own tables), of Nova (that of Converse), and below those of Titan (`inputText`),
//! Llama and older models (`prompt`), Cohere (`message`) and of models that speak like OpenAI's. A chunk says which by the members
//! that it has, so one table reads all of them. What no row names is inspected in a request and restored whole in an answer; a
//! stream of another shape could not be restored, so a request for one is refused before anything is sent ([`GOVERNED`]).

use std::sync::LazyLock;

use serde_json::json;

use super::super::anthropic;
use super::super::openai::chat::{FORMAT, MESSAGE as SPOKEN};
use super::super::openai::common::WORDS;
use super::super::openai::replies::{CHOICE, MESSAGE};
use super::super::openai::stream::{TEXT, choice};
use super::super::reply::ChannelKind::{Arguments, Reasoning, Text};
use super::super::reply::Closing::{Item, Stream as TheStream};
use super::super::reply::Says::{
    self, Block, Called, Ends, FinishLast, Fixed, Inner, InputTokens, MoreCachedTokens, MoreInputTokens, Outer,
    OutputTokens, Over, Piece,
};
use super::super::reply::{Channel, Held};
use super::super::request::Means::{self, Is};
use super::super::request::RequestTable;
use super::super::table::{Row, Table, row};
use super::{ANSWER, BINARY, BLOCK, CONTROL, NOVA, SOURCED, fields};
use crate::model::Role;
use crate::wire::json::{Bounds, Document, Numbers};

/// Members of a request, one of which every model has whose stream can be restored.
pub(super) const GOVERNED: &[&str] = &["messages", "inputText", "prompt", "message"];

/// A request.
pub(super) static REQUEST: LazyLock<RequestTable> = LazyLock::new(|| {
    let mut groups = anthropic::message_groups();
    groups.extend::<[(&str, &[Row<Means>]); 9]>([
        ("", NOVA),
        ("", FORMAT),
        ("", OTHERS),
        ("", fields::SHARED),
        ("messages[]", SPOKEN),
        ("messages[].content[]", BLOCK),
        ("messages[].content[]", SOURCED),
        ("messages[].content[].toolResult.content[]", SOURCED),
        ("tools[]", fields::TOOL),
    ]);
    RequestTable { table: Table::new(&groups), words: WORDS }
});

/// Members of other models' requests.
const OTHERS: &[Row<Means>] = &[
    row("schemaVersion", CONTROL),
    row("inputText", Is(Role::User)),
    row("textGenerationConfig.maxTokenCount", CONTROL),
    row("textGenerationConfig.temperature", CONTROL),
    row("textGenerationConfig.topP", CONTROL),
    row("textGenerationConfig.stopSequences[]", Is(Role::User)),
    row("prompt", Is(Role::User)),
    row("suffix", Is(Role::User)),
    row("max_gen_len", CONTROL),
    row("max_tokens_to_sample", CONTROL),
    row("max_completion_tokens", CONTROL),
    row("stop", Is(Role::User)),
    row("stop[]", Is(Role::User)),
    row("images[]", BINARY),
    row("message", Is(Role::User)),
    row("chat_history[].role", CONTROL),
    row("chat_history[].message", Is(Role::User)),
];

/// A whole answer.
pub(super) static REPLY: LazyLock<Table<Says>> = LazyLock::new(|| {
    let mut groups = anthropic::reply_groups();
    groups.extend::<[(&str, &[Row<Says>]); 5]>([
        ("", ANSWERS),
        ("", WHOLES),
        ("output.message.content[]", ANSWER),
        ("choices[]", CHOICE),
        ("choices[].message", MESSAGE),
    ]);
    Table::new(&groups)
});

/// A chunk of a stream.
pub(super) static EVENT: LazyLock<Table<Says>> = LazyLock::new(|| {
    let mut groups = anthropic::event_groups();
    groups.extend::<[(&str, &[Row<Says>]); 6]>([
        ("", ANSWERS),
        ("", CALLS_OF_COHERE),
        ("", EVENTS_OF_NOVA),
        ("choices[]", CHOICE),
        ("choices[].message", MESSAGE),
        ("choices[].delta", MESSAGE),
    ]);
    Table::new(&groups)
});

/// Texts of answers and of chunks alike.
const ANSWERS: &[Row<Says>] = &[
    row("outputText", Piece(Text)),
    row("completionReason", FinishLast),
    row("inputTextTokenCount", InputTokens),
    row("totalOutputTextTokenCount", OutputTokens),
    row("generation", Piece(Text)),
    row("prompt_token_count", InputTokens),
    row("generation_token_count", OutputTokens),
    row("stop_reason", FinishLast),
    row("completion", Piece(Text)),
    row("text", Piece(Text)),
    row("is_finished", Over),
    row("finish_reason", Fixed),
    row("event_type", Fixed),
    row("outputs[].index", Outer),
    row("outputs[].text", Piece(Text)),
    row("outputs[].stop_reason", FinishLast),
    row("choices[].stop_reason", FinishLast),
    row("choices[].finish_reason", FinishLast),
    row("usage.prompt_tokens", InputTokens),
    row("usage.completion_tokens", OutputTokens),
];

/// What whole answers alone have.
const WHOLES: &[Row<Says>] = &[
    row("results[].completionReason", Fixed),
    row("results[].tokenCount", OutputTokens),
    row("output.message.role", Fixed),
    row("stopReason", Fixed),
    row("usage.inputTokens", InputTokens),
    row("usage.outputTokens", OutputTokens),
    row("usage.cacheReadInputTokenCount", MoreCachedTokens),
    row("usage.cacheWriteInputTokenCount", MoreInputTokens),
    row("tool_calls[].name", Called),
];

/// The call of a tool that Cohere's models stream.
const CALLS_OF_COHERE: &[Row<Says>] = &[
    row("tool_call_delta.index", Inner),
    row("tool_call_delta.name", Called),
    row("tool_call_delta.parameters", Piece(Arguments)),
    row("tool_calls[].name", Called),
    row("response.tool_calls[].name", Called),
];

/// Chunks of Nova: the events of Converse, each in a member of its name.
const EVENTS_OF_NOVA: &[Row<Says>] = &[
    row("messageStart.role", Fixed),
    row("contentBlockStart.contentBlockIndex", Block),
    row("contentBlockStart.start.toolUse.toolUseId", Fixed),
    row("contentBlockStart.start.toolUse.name", Called),
    row("contentBlockDelta.contentBlockIndex", Block),
    row("contentBlockDelta.delta.text", Piece(Text)),
    row("contentBlockDelta.delta.toolUse.input", Piece(Arguments)),
    row("contentBlockDelta.delta.reasoningContent.reasoningText.text", Piece(Reasoning)),
    row("contentBlockStop", Ends(Item)),
    row("contentBlockStop.contentBlockIndex", Block),
    row("messageStop", Ends(TheStream)),
    row("messageStop.stopReason", Fixed),
    row("metadata.usage.inputTokens", InputTokens),
    row("metadata.usage.outputTokens", OutputTokens),
    row("metadata.usage.cacheReadInputTokenCount", MoreCachedTokens),
    row("metadata.usage.cacheWriteInputTokenCount", MoreInputTokens),
];

/// The chunk that carries held-back text, in the shape of the one that the channel had its last piece in; nothing where that is
/// Anthropic's.
pub(super) fn flush(template: &str, channel: Channel, held: Held<'_>) -> Option<String> {
    let document = Document::read(template, Bounds::REPLY, Numbers::NotInArrays).ok()?;
    let has = |name: &str| document.member(0, name);
    let text = held.text;
    let alone = ["outputText", "generation", "completion", "text"].into_iter().find(|name| has(name).is_some());
    if let (Text, Some(name)) = (channel.kind, alone) {
        return Some(json!({ name: text }).to_string());
    }
    if has("tool_call_delta").is_some() {
        let delta = json!({ "index": channel.inner, "parameters": text });
        let chunk = json!({ "event_type": "tool-calls-chunk", "tool_call_delta": delta, "is_finished": false });
        return (channel.kind == Arguments).then(|| chunk.to_string());
    }
    if has("outputs").is_some() {
        let output = json!({ "index": channel.outer, "text": text });
        return (channel.kind == Text).then(|| json!({ "outputs": [output] }).to_string());
    }
    if let Some(choices) = has("choices") {
        // The first element of an array stands behind it.
        let within = |name: &&str| document.member(choices.saturating_add(1), name).is_some();
        let name = ["message", TEXT].into_iter().find(within).unwrap_or("delta");
        return choice(&document, channel, name, held).map(|chunk| chunk.data);
    }
    has("contentBlockDelta")?;
    let delta = match channel.kind {
        Text => json!({ "text": text }),
        Arguments => json!({ "toolUse": { "input": text } }),
        Reasoning => json!({ "reasoningContent": { "reasoningText": { "text": text } } }),
        _ => return None,
    };
    Some(json!({ "contentBlockDelta": { "contentBlockIndex": channel.outer, "delta": delta } }).to_string())
}
