//! Rows of replies and stream events.
//!
//! Rows say where running texts are, what ends them, and what is never restored: names of tools (an instruction to the
//! application), ids, URLs (a way out) and opaque data. A string without a row is text and restored whole.

use super::super::reply::ChannelKind::{
    Arguments, Code, Command, CustomInput, FunctionArguments, McpArguments, Reasoning, ReasoningAlias, ReasoningDetail,
    ReasoningSummary, Refusal, Stderr, Stdout, Text, TextPart, ThinkingPart, Transcript, Unnamed,
};
use super::super::reply::Closing::{self, Failure as Failed, Item, Part, Stream};
use super::super::reply::Says::{
    self, Block, CachedTokens, Called, CalledInPieces, Cited, Ends, Failure, Finish, Fixed, Inner, InputTokens, Json,
    Kept, Logprobs, Object, Outer, OutputTokens, Piece, RangeFrom, RangeUntil, Sequence, Whole,
};
use super::super::table::{Row, row};
use crate::model::Measure;

/// The id of an answer that nobody asks for again.
pub(in crate::dialect) const ID: &[Row<Says>] = &[row("id", Fixed)];

/// Probabilities in the shapes of other servers: of llama.cpp, of `SGLang`.
pub(in crate::dialect) const PROBABILITIES: &[Row<Says>] = &[
    row("completion_probabilities", Logprobs("null")),
    row("__verbose.completion_probabilities", Logprobs("null")),
    row("choices[].completion_probabilities", Logprobs("null")),
    row("choices[].meta_info.input_token_logprobs", Logprobs("null")),
    row("choices[].meta_info.input_top_logprobs", Logprobs("null")),
    row("choices[].meta_info.input_token_ids_logprobs", Logprobs("null")),
    row("choices[].meta_info.output_token_logprobs", Logprobs("null")),
    row("choices[].meta_info.output_top_logprobs", Logprobs("null")),
    row("choices[].meta_info.output_token_ids_logprobs", Logprobs("null")),
];

/// What names a reply; the same in every shape.
pub(in crate::dialect) const HEAD: &[Row<Says>] = &[
    row("object", Object),
    row("model", Fixed),
    row("system_fingerprint", Fixed),
    row("service_tier", Fixed),
    row("obfuscation", Fixed),
    row("error", Failure),
];

/// What an answer took.
pub(in crate::dialect) const USAGE: &[Row<Says>] = &[
    row("usage.prompt_tokens", InputTokens),
    row("usage.prompt_tokens_details.cached_tokens", CachedTokens),
    row("usage.completion_tokens", OutputTokens),
    row("usage.input_tokens", InputTokens),
    row("usage.input_tokens_details.cached_tokens", CachedTokens),
    row("usage.output_tokens", OutputTokens),
];

/// What ends a choice; the stream goes on behind it.
pub(in crate::dialect) const FINISH: &[Row<Says>] = &[row("finish_reason", Finish)];

/// One choice of chat, whole or in pieces, and of completions, but for what ends it.
pub(in crate::dialect) const CHOICE: &[Row<Says>] = &[
    row("index", Outer),
    row("logprobs", Logprobs("null")),
    row("text", Piece(Text)),
    row("prompt_logprobs", Logprobs("null")),
    row("token_ids", Fixed),
];

/// How far a filter that runs beside the answer has come, and the range that it speaks of (Azure).
pub(in crate::dialect) const FILTERED: &[Row<Says>] = &[
    row("content_filter_offsets.check_offset", RangeUntil(Measure::Chars)),
    row("content_filter_offsets.start_offset", RangeFrom(Measure::Chars)),
    row("content_filter_offsets.end_offset", RangeUntil(Measure::Chars)),
];

/// What a filter says of a text, by category: words of its own, and of the public code that it knows (Azure).
const FILTER_URL: Row<Says> = row("content_filter_results.protected_material_code.citation.URL", Fixed);

/// What a filter says of an answer.
pub(in crate::dialect) const RESULTS: &[Row<Says>] =
    &[FILTER_URL, row("content_filter_results.**", Whole), row("content_filter_result.**", Whole)];

/// What a filter says of the prompts of a chat or a completion.
pub(in crate::dialect) const PROMPT_RESULTS: &[Row<Says>] = &[
    row("prompt_filter_results[].content_filter_results.**", Whole),
    row("prompt_filter_results[].content_filter_result.**", Whole),
    row("prompt_annotations[].content_filter_results.**", Whole),
];

/// What filters say of a response and of what it was asked with. Their offsets are in a text that they do not name.
pub(in crate::dialect) const FILTERS: &[Row<Says>] = &[
    FILTER_URL,
    row("source_type", Fixed),
    row("content_filter_raw[].**", Whole),
    row("content_filter_results.**", Whole),
];

/// The message of a choice, or a piece of it; the texts run where they stand in a `delta`.
pub(in crate::dialect) const MESSAGE: &[Row<Says>] = &[
    row("role", Fixed),
    row("content", Piece(Text)),
    row("content[].type", Fixed),
    row("content[].text", Piece(TextPart)),
    row("content[].thinking[].type", Fixed),
    row("content[].thinking[].text", Piece(ThinkingPart)),
    row("content[].reference_ids[]", Fixed),
    row("refusal", Piece(Refusal)),
    row("reasoning_content", Piece(Reasoning)),
    row("reasoning", Piece(ReasoningAlias)),
    row("reasoning_details[].index", Inner),
    row("reasoning_details[].type", Fixed),
    row("reasoning_details[].id", Fixed),
    row("reasoning_details[].format", Fixed),
    row("reasoning_details[].text", Piece(ReasoningDetail)),
    row("reasoning_details[].summary", Piece(ReasoningSummary)),
    row("reasoning_details[].data", Fixed),
    row("reasoning_details[].signature", Fixed),
    row("audio.id", Fixed),
    row("audio.data", Fixed),
    row("audio.transcript", Piece(Transcript)),
    row("function_call.name", Called),
    row("function_call.arguments", Piece(FunctionArguments)),
    row("tool_calls[].index", Inner),
    row("tool_calls[].id", Fixed),
    row("tool_calls[].type", Fixed),
    row("tool_calls[].function.name", CalledInPieces),
    row("tool_calls[].function.arguments", Piece(Arguments)),
    row("tool_calls[].custom.name", Called),
    row("tool_calls[].custom.input", Piece(CustomInput)),
    row("annotations[].type", Fixed),
    row("annotations[].url_citation.url", Fixed),
    row("annotations[].url_citation.title", Whole),
    row("annotations[].url_citation.start_index", RangeFrom(Measure::Chars)),
    row("annotations[].url_citation.end_index", RangeUntil(Measure::Chars)),
];

/// An embedding reply.
pub(in crate::dialect) const EMBEDDING: &[Row<Says>] =
    &[row("data[].object", Fixed), row("data[].embedding", Fixed), row("prompt_logprobs", Logprobs("null"))];

/// A response object: the whole reply, or what an event of the stream's life carries.
pub(in crate::dialect) const RESPONSE: &[Row<Says>] = &[
    row("id", Kept),
    row("status", Fixed),
    row("previous_response_id", Kept),
    row("conversation.id", Fixed),
    row("prompt.id", Fixed),
    row("tools[].name", Called),
    row("tools[].type", Fixed),
    row("tools[].server_url", Fixed),
    row("tool_choice.name", Called),
];

/// A page of a response's input items.
pub(in crate::dialect) const PAGE: &[Row<Says>] =
    &[row("object", Fixed), row("first_id", Fixed), row("last_id", Fixed), row("error", Failure)];

/// An item of a response's output.
pub(in crate::dialect) const ITEM: &[Row<Says>] = &[
    row("id", Fixed),
    row("call_id", Fixed),
    row("type", Fixed),
    row("status", Fixed),
    row("role", Fixed),
    row("name", Called),
    row("namespace", Called),
    row("server_label", Called),
    row("container_id", Fixed),
    row("approval_request_id", Fixed),
    row("encrypted_content", Fixed),
    row("arguments", Json),
    row("input", Whole),
    row("code", Whole),
    row("output", Whole),
    row("result", Fixed),
    row("summary[].type", Fixed),
    row("summary[].text", Whole),
    row("outputs[].url", Fixed),
    row("results[].file_id", Fixed),
    row("action.url", Fixed),
    row("action.sources[].url", Fixed),
    row("tools[].name", Called),
];

/// A part of an item's content.
pub(in crate::dialect) const PART: &[Row<Says>] = &[
    row("type", Fixed),
    row("text", Cited),
    row("{reasoning_text}.text", Whole),
    row("refusal", Whole),
    row("logprobs", Logprobs("[]")),
];

/// A part of a summary of reasoning, which an event shows as it does those of content.
pub(in crate::dialect) const SUMMARY: &[Row<Says>] = &[row("{summary_text}.text", Whole)];

/// A citation.
pub(in crate::dialect) const ANNOTATION: &[Row<Says>] = &[
    row("type", Fixed),
    row("url", Fixed),
    row("file_id", Fixed),
    row("container_id", Fixed),
    row("title", Whole),
    row("filename", Whole),
    row("start_index", RangeFrom(Measure::Chars)),
    row("end_index", RangeUntil(Measure::Chars)),
    // Where in the text the citation is to be put; that of a `file_path` counts files.
    row("{file_citation}.index", RangeUntil(Measure::Chars)),
];

/// What every event of a responses stream may have.
pub(in crate::dialect) const EVENT: &[Row<Says>] = &[
    row("type", Fixed),
    row("sequence_number", Sequence),
    row("item_id", Fixed),
    row("output_index", Block),
    row("obfuscation", Fixed),
    row("logprobs", Logprobs("[]")),
    row("partial_image_b64", Fixed),
    row("steer.id", Fixed),
    row("steer.previous_response_id", Kept),
    row("error", Failure),
];

/// The events of a responses stream that carry running text or end it. The index of the part has another name in each family.
pub(in crate::dialect) const EVENTS: &[Row<Says>] = &[
    row("{response.output_text.delta}.content_index", Inner),
    row("{response.output_text.delta}.delta", Piece(Text)),
    row("{response.output_text.done}", Ends(Part(&[Text]))),
    row("{response.output_text.done}.content_index", Inner),
    row("{response.output_text.done}.text", Cited),
    row("{response.output_text.annotation.added}.content_index", Inner),
    row("{response.refusal.delta}.content_index", Inner),
    row("{response.refusal.delta}.delta", Piece(Refusal)),
    row("{response.refusal.done}", Ends(Part(&[Refusal]))),
    row("{response.refusal.done}.content_index", Inner),
    row("{response.refusal.done}.refusal", Whole),
    row("{response.reasoning_text.delta}.content_index", Inner),
    row("{response.reasoning_text.delta}.delta", Piece(Reasoning)),
    row("{response.reasoning_text.done}", Ends(Part(&[Reasoning]))),
    row("{response.reasoning_text.done}.content_index", Inner),
    row("{response.reasoning_text.done}.text", Whole),
    row("{response.reasoning_summary_text.delta}.summary_index", Inner),
    row("{response.reasoning_summary_text.delta}.delta", Piece(ReasoningSummary)),
    row("{response.reasoning_summary_text.done}", Ends(Part(&[ReasoningSummary]))),
    row("{response.reasoning_summary_text.done}.summary_index", Inner),
    row("{response.reasoning_summary_text.done}.text", Whole),
    row("{response.reasoning_summary_part.done}", Ends(Part(&[ReasoningSummary]))),
    row("{response.reasoning_summary_part.done}.summary_index", Inner),
    row("{response.function_call_arguments.delta}.delta", Piece(Arguments)),
    row("{response.function_call_arguments.done}", Ends(Part(&[Arguments]))),
    row("{response.function_call_arguments.done}.name", Called),
    row("{response.function_call_arguments.done}.arguments", Json),
    row("{response.mcp_call_arguments.delta}.delta", Piece(McpArguments)),
    row("{response.mcp_call_arguments.done}", Ends(Part(&[McpArguments]))),
    row("{response.mcp_call_arguments.done}.arguments", Json),
    row("{response.custom_tool_call_input.delta}.delta", Piece(CustomInput)),
    row("{response.custom_tool_call_input.done}", Ends(Part(&[CustomInput]))),
    row("{response.custom_tool_call_input.done}.input", Whole),
    row("{response.code_interpreter_call_code.delta}.delta", Piece(Code)),
    row("{response.code_interpreter_call_code.done}", Ends(Part(&[Code]))),
    row("{response.code_interpreter_call_code.done}.code", Whole),
    row("{response.shell_call_command.delta}.command_index", Inner),
    row("{response.shell_call_command.delta}.delta", Piece(Command)),
    row("{response.shell_call_command.done}", Ends(Part(&[Command]))),
    row("{response.shell_call_command.done}.command_index", Inner),
    row("{response.shell_call_command.done}.command", Whole),
    row("{response.shell_call_output_content.delta}.command_index", Inner),
    row("{response.shell_call_output_content.delta}.delta.stdout", Piece(Stdout)),
    row("{response.shell_call_output_content.delta}.delta.stderr", Piece(Stderr)),
    row("{response.shell_call_output_content.done}", Ends(Part(&[Stdout, Stderr]))),
    row("{response.shell_call_output_content.done}.command_index", Inner),
    row("{response.audio.delta}.delta", Fixed),
    row("{response.audio.transcript.delta}.delta", Piece(Transcript)),
    row("{response.audio.transcript.done}", Ends(Part(&[Transcript]))),
    row("{?}", Ends(Closing::Unnamed)),
    row("{?}.content_index", Inner),
    row("{?}.delta", Piece(Unnamed(0))),
    row("{response.content_part.done}", Ends(Part(&[Text, Refusal, Reasoning]))),
    row("{response.content_part.done}.content_index", Inner),
    row("{response.output_item.done}", Ends(Item)),
    row("{response.completed}", Ends(Stream)),
    row("{response.incomplete}", Ends(Stream)),
    row("{response.failed}", Ends(Failed)),
    row("{response.cancelled}", Ends(Failed)),
    row("{error}", Ends(Failed)),
];
