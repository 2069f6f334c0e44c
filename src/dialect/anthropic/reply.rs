//! Rows of messages and of the events of a stream.

use std::sync::LazyLock;

use super::super::reply::ChannelKind::{Arguments, Compaction, Reasoning, Text};
use super::super::reply::Closing::{Failure as Failed, Item, Part, Stream as TheStream};
use super::super::reply::Says::{
    self, Block, Called, Ends, Failure, Fixed, InputTokens, MoreCachedTokens, MoreInputTokens, OfDocument,
    OutputTokens, Piece, RangeFrom, RangeUntil, Whole,
};
use super::super::table::{Row, Table, row};
use crate::model::Measure;

/// A whole message, and a count.
pub(super) static MESSAGE: LazyLock<Table<Says>> = LazyLock::new(|| Table::new(&reply_groups()));

/// The events of a stream.
pub(super) static EVENT: LazyLock<Table<Says>> = LazyLock::new(|| Table::new(&event_groups()));

/// The rows of a whole message, where each group stands.
pub(in crate::dialect) fn reply_groups() -> Vec<(&'static str, &'static [Row<Says>])> {
    vec![("", HEAD), ("content[]", ANSWER_BLOCK), ("content[].citations[]", SOURCE)]
}

/// The rows of events.
pub(in crate::dialect) fn event_groups() -> Vec<(&'static str, &'static [Row<Says>])> {
    vec![
        ("", EVENTS),
        ("{message_start}.message", HEAD),
        ("{content_block_start}.content_block", ANSWER_BLOCK),
        ("{content_block_start}.content_block.citations[]", SOURCE),
        ("{content_block_delta}.delta{citations_delta}.citation", SOURCE),
    ]
}

/// What names a message.
const HEAD: &[Row<Says>] = &[
    row("id", Fixed),
    row("type", Fixed),
    row("role", Fixed),
    row("model", Fixed),
    row("stop_reason", Fixed),
    row("stop_sequence", Whole),
    row("usage.input_tokens", InputTokens),
    row("usage.output_tokens", OutputTokens),
    row("usage.cache_creation_input_tokens", MoreInputTokens),
    row("usage.cache_read_input_tokens", MoreCachedTokens),
    row("usage.service_tier", Fixed),
    row("usage.inference_geo", Fixed),
    row("usage.speed", Fixed),
    row("usage.iterations[].type", Fixed),
    row("context_management.applied_edits[].type", Fixed),
    row("input_transformations[].type", Fixed),
    row("input_transformations[].reason", Fixed),
    row("input_transformations[].path", Fixed),
    row("input_tokens", InputTokens),
    row("container.id", Fixed),
    row("error", Failure),
];

/// A block of an answer, whole or begun.
const ANSWER_BLOCK: &[Row<Says>] = &[
    row("index", Block),
    row("type", Fixed),
    row("text", Piece(Text)),
    row("thinking", Piece(Reasoning)),
    row("signature", Fixed),
    row("data", Fixed),
    row("id", Fixed),
    row("tool_use_id", Fixed),
    row("name", Called),
    row("server_name", Fixed),
    row("input.**", Whole),
    row("caller.type", Fixed),
    row("caller.tool_id", Fixed),
    row("{compaction}.content", Piece(Compaction)),
    row("{compaction}.encrypted_content", Fixed),
    row("content[].type", Fixed),
    row("content[].url", Fixed),
    row("content[].file_id", Fixed),
    row("content[].encrypted_content", Fixed),
    row("file_id", Fixed),
];

/// Where a text comes from.
const SOURCE: &[Row<Says>] = &[
    row("type", Fixed),
    row("cited_text", Whole),
    row("document_title", Whole),
    row("title", Whole),
    row("url", Fixed),
    row("source", Called),
    row("file_id", Fixed),
    row("encrypted_index", Fixed),
    row("{char_location}.document_index", OfDocument),
    row("{char_location}.start_char_index", RangeFrom(Measure::Chars)),
    row("{char_location}.end_char_index", RangeUntil(Measure::Chars)),
];

/// The events.
const EVENTS: &[Row<Says>] = &[
    row("type", Fixed),
    row("{message_start}.type", Fixed),
    row("{content_block_start}.index", Block),
    row("{content_block_delta}.index", Block),
    row("{content_block_delta}.delta.type", Fixed),
    row("{content_block_delta}.delta{text_delta}.text", Piece(Text)),
    row("{content_block_delta}.delta{input_json_delta}.partial_json", Piece(Arguments)),
    row("{content_block_delta}.delta{thinking_delta}.thinking", Piece(Reasoning)),
    row("{content_block_delta}.delta{compaction_delta}.content", Piece(Compaction)),
    row("{content_block_delta}.delta{compaction_delta}.encrypted_content", Fixed),
    row("{content_block_delta}.delta{signature_delta}.signature", Ends(Part(&[Reasoning]))),
    row("{content_block_stop}", Ends(Item)),
    row("{content_block_stop}.index", Block),
    row("{message_delta}.delta.stop_reason", Fixed),
    row("{message_delta}.delta.stop_sequence", Whole),
    row("{message_delta}.delta.container.id", Fixed),
    row("{message_delta}.usage.input_tokens", InputTokens),
    row("{message_delta}.usage.output_tokens", OutputTokens),
    row("{message_delta}.usage.cache_creation_input_tokens", MoreInputTokens),
    row("{message_delta}.usage.cache_read_input_tokens", MoreCachedTokens),
    row("{message_delta}.usage.iterations[].type", Fixed),
    row("{message_delta}.context_management.applied_edits[].type", Fixed),
    row("{message_delta}.input_transformations[].type", Fixed),
    row("{message_delta}.input_transformations[].reason", Fixed),
    row("{message_delta}.input_transformations[].path", Fixed),
    row("{message_stop}", Ends(TheStream)),
    row("{ping}.type", Fixed),
    row("{error}", Ends(Failed)),
];
