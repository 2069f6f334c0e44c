//! Rows of a request for a message, and for a count of its tokens.

use std::sync::LazyLock;

use super::super::openai::common::WORDS;
use super::super::request::Means::{
    self, Asks, Document, Host, Hosts, Is, Link, Model, OfDocument, Quoted, QuotedFile, RangeFrom, RangeUntil, Routes,
    Source, Speaker, Speaks, Spoken, State, Stream,
};
use super::super::request::RequestTable;
use super::super::table::{Row, Table, row};
use super::betas::BETAS;
use crate::model::{Measure, Role};

const CONTROL: Means = Is(Role::Control);
const ID: Means = Is(Role::Identifier);
const NAME: Means = Is(Role::Name);
const SCHEMA: Means = Is(Role::Schema);
const HOSTED: Means = Is(Role::Hosted);
const CALL: Means = Is(Role::ToolCall);
const RESULT: Means = Is(Role::ToolResult);
const BINARY: Means = Is(Role::Binary);
const REFERENCE: Means = Is(Role::Reference);

/// A request for a message, and for a count of its tokens.
pub(super) static MESSAGES: LazyLock<RequestTable> =
    LazyLock::new(|| RequestTable { table: Table::new(&message_groups()), words: WORDS });

/// The rows of a request, where each group stands.
pub(in crate::dialect) fn message_groups() -> Vec<(&'static str, &'static [Row<Means>])> {
    vec![
        ("", REQUEST),
        ("", OPTIONS),
        ("system[]", SYSTEM_BLOCK),
        ("messages[]", TURN),
        ("messages[].content[]", BLOCK),
        ("messages[].content[]", CITATION),
        ("messages[].content[]{tool_result}.content[]", RESULT_BLOCK),
        ("messages[].content[]{tool_result}.content[]", RESULT_DOCUMENT),
        ("messages[].content[]{mcp_tool_result}.content[]", RESULT_BLOCK),
        ("messages[].content[]{document}.source.content[]", RESULT_BLOCK),
        ("messages[].content[]{search_result}.content[]", RESULT_BLOCK),
        ("tools[]", TOOL),
    ]
}

/// Members of a request.
const REQUEST: &[Row<Means>] =
    &[row("model", Model), row("max_tokens", CONTROL), row("stream", Stream), row("system", Is(Role::System))];

/// What else a request may ask for, in this API and as fields of the model in Bedrock's.
pub(in crate::dialect) const OPTIONS: &[Row<Means>] = &[
    row("metadata.user_id", ID),
    row("metadata.*", ID),
    row("stop_sequences[]", Is(Role::User)),
    row("temperature", CONTROL),
    row("top_k", CONTROL),
    row("top_p", CONTROL),
    row("service_tier", CONTROL),
    row("anthropic_version", CONTROL),
    row("anthropic_beta", Asks(&BETAS)),
    row("anthropic_beta[]", Asks(&BETAS)),
    row("thread", State),
    row("diagnostics.previous_message_id", REFERENCE),
    row("inference_geo", Routes),
    row("fallbacks", Routes),
    row("speed", CONTROL),
    row("cache_control.type", CONTROL),
    row("cache_control.ttl", CONTROL),
    row("container", REFERENCE),
    row("container.id", REFERENCE),
    row("container.skills[].type", HOSTED),
    row("container.skills[].skill_id", HOSTED),
    row("container.skills[].version", HOSTED),
    row("thinking.type", CONTROL),
    row("thinking.budget_tokens", CONTROL),
    row("thinking.display", CONTROL),
    row("thinking.block_binding.prefix_mismatch_behavior", CONTROL),
    row("tool_choice.type", CONTROL),
    row("tool_choice.name", NAME),
    row("tool_choice.disable_parallel_tool_use", CONTROL),
    row("output_format.type", CONTROL),
    row("output_format.schema.**", SCHEMA),
    row("output_config.effort", CONTROL),
    row("output_config.format.type", CONTROL),
    row("output_config.format.schema.**", SCHEMA),
    row("output_config.task_budget.type", CONTROL),
    row("output_config.task_budget.total", CONTROL),
    row("output_config.task_budget.remaining", CONTROL),
    row("compaction.type", CONTROL),
    row("compaction.instructions", Is(Role::System)),
    row("context_management.edits[].type", CONTROL),
    row("context_management.edits[].instructions", Is(Role::System)),
    row("context_management.edits[].**", CONTROL),
    row("mcp_servers[]", Hosts("mcp")),
    row("mcp_servers[].url", Host),
    row("mcp_servers[].**", HOSTED),
];

/// A turn.
const TURN: &[Row<Means>] =
    &[row("role", Speaker), row("content", Spoken), row("clear_at", CONTROL), row("output_config.effort", CONTROL)];

/// A block of the system prompt.
const SYSTEM_BLOCK: &[Row<Means>] = &[
    row("type", CONTROL),
    row("text", Is(Role::System)),
    row("cache_control.type", CONTROL),
    row("cache_control.ttl", CONTROL),
];

/// A block of a turn.
const BLOCK: &[Row<Means>] = &[
    row("type", CONTROL),
    row("text", Spoken),
    row("cache_control.type", CONTROL),
    row("cache_control.ttl", CONTROL),
    row("{image}.source.type", CONTROL),
    row("{image}.source.media_type", CONTROL),
    row("{image}.source.data", BINARY),
    row("{image}.source.url", Link),
    row("{image}.source.file_id", REFERENCE),
    row("{document}", Document),
    row("{document}.source.type", CONTROL),
    row("{document}.source.media_type", CONTROL),
    row("{document}.source.data", QuotedFile),
    row("{document}.source{text}.data", Quoted),
    row("{document}.source.url", Link),
    row("{document}.source.file_id", REFERENCE),
    row("{document}.source.content", Spoken),
    row("{document}.title", Spoken),
    row("{document}.context", Spoken),
    row("{document}.citations.enabled", CONTROL),
    row("{search_result}.source", Source),
    row("{search_result}.title", Spoken),
    row("{search_result}.citations.enabled", CONTROL),
    row("{thinking}.thinking", Spoken),
    row("{thinking}.signature", BINARY),
    row("{redacted_thinking}.data", BINARY),
    row("{tool_use}.id", ID),
    row("{tool_use}.name", NAME),
    row("{tool_use}.input.**", CALL),
    row("{tool_use}.caller.type", CONTROL),
    row("{tool_use}.caller.tool_id", ID),
    row("{tool_result}", Speaks(Role::ToolResult)),
    row("{tool_result}.tool_use_id", ID),
    row("{tool_result}.content", Spoken),
    row("{tool_result}.is_error", CONTROL),
    row("{server_tool_use}.id", ID),
    row("{server_tool_use}.name", NAME),
    row("{server_tool_use}.input.**", CALL),
    row("{web_search_tool_result}", Speaks(Role::ToolResult)),
    row("{web_search_tool_result}.tool_use_id", ID),
    row("{web_search_tool_result}.content.type", CONTROL),
    row("{web_search_tool_result}.content.error_code", CONTROL),
    row("{web_search_tool_result}.content[].type", CONTROL),
    row("{web_search_tool_result}.content[].url", Spoken),
    row("{web_search_tool_result}.content[].title", Spoken),
    row("{web_search_tool_result}.content[].page_age", Spoken),
    row("{web_search_tool_result}.content[].encrypted_content", BINARY),
    row("{web_fetch_tool_result}.tool_use_id", ID),
    row("{web_fetch_tool_result}.content.**", RESULT),
    row("{code_execution_tool_result}.tool_use_id", ID),
    row("{code_execution_tool_result}.content.**", RESULT),
    row("{bash_code_execution_tool_result}.tool_use_id", ID),
    row("{bash_code_execution_tool_result}.content.**", RESULT),
    row("{text_editor_code_execution_tool_result}.tool_use_id", ID),
    row("{text_editor_code_execution_tool_result}.content.**", RESULT),
    row("{tool_search_tool_result}.tool_use_id", ID),
    row("{tool_search_tool_result}.content.**", RESULT),
    row("{mcp_tool_use}.id", ID),
    row("{mcp_tool_use}.name", NAME),
    row("{mcp_tool_use}.server_name", NAME),
    row("{mcp_tool_use}.input.**", CALL),
    row("{mcp_tool_result}", Speaks(Role::ToolResult)),
    row("{mcp_tool_result}.tool_use_id", ID),
    row("{mcp_tool_result}.is_error", CONTROL),
    row("{mcp_tool_result}.content", Spoken),
    row("{container_upload}.file_id", REFERENCE),
    row("{compaction}.content", Spoken),
    row("{compaction}.encrypted_content", BINARY),
    row("{compaction}.signature", BINARY),
];

/// A block of a tool's result, of a document, of a search result.
const RESULT_BLOCK: &[Row<Means>] = &[
    row("type", CONTROL),
    row("text", Spoken),
    row("cache_control.type", CONTROL),
    row("cache_control.ttl", CONTROL),
    row("title", Spoken),
    row("context", Spoken),
    row("source", Spoken),
    row("source.type", CONTROL),
    row("source.media_type", CONTROL),
    row("source.data", QuotedFile),
    row("source{text}.data", Quoted),
    row("source.url", Link),
    row("source.file_id", REFERENCE),
    row("content[].type", CONTROL),
    row("content[].text", Spoken),
    row("citations.enabled", CONTROL),
    row("tool_name", NAME),
];

/// A document among the blocks of a tool's result.
const RESULT_DOCUMENT: &[Row<Means>] = &[row("{document}", Document)];

/// What a text says of where it comes from; sent back as it was received.
const CITATION: &[Row<Means>] = &[
    row("citations[].type", CONTROL),
    row("citations[].cited_text", Spoken),
    row("citations[].document_title", Spoken),
    row("citations[].document_index", OfDocument),
    row("citations[].start_char_index", RangeFrom(Measure::Chars)),
    row("citations[].end_char_index", RangeUntil(Measure::Chars)),
    row("citations[].start_page_number", CONTROL),
    row("citations[].end_page_number", CONTROL),
    row("citations[].start_block_index", CONTROL),
    row("citations[].end_block_index", CONTROL),
    row("citations[].search_result_index", CONTROL),
    row("citations[].file_id", REFERENCE),
    row("citations[].source", Spoken),
    row("citations[].title", Spoken),
    row("citations[].url", Spoken),
    row("citations[].encrypted_index", BINARY),
];

/// A tool. Those of Anthropic's that the application runs are named; what else has a type runs at the provider.
pub(in crate::dialect) const TOOL: &[Row<Means>] = &[
    row("name", NAME),
    row("description", SCHEMA),
    row("input_schema.**", SCHEMA),
    row("input_examples[].**", SCHEMA),
    row("strict", CONTROL),
    row("defer_loading", CONTROL),
    row("eager_input_streaming", CONTROL),
    row("allowed_callers[]", CONTROL),
    row("cache_control.type", CONTROL),
    row("cache_control.ttl", CONTROL),
    row("display_width_px", CONTROL),
    row("display_height_px", CONTROL),
    row("display_number", CONTROL),
    row("enable_zoom", CONTROL),
    row("max_characters", CONTROL),
    row("{custom}.type", CONTROL),
    row("{bash_20241022}.type", CONTROL),
    row("{bash_20250124}.type", CONTROL),
    row("{text_editor_20241022}.type", CONTROL),
    row("{text_editor_20250124}.type", CONTROL),
    row("{text_editor_20250429}.type", CONTROL),
    row("{text_editor_20250728}.type", CONTROL),
    row("{computer_20241022}.type", CONTROL),
    row("{computer_20250124}.type", CONTROL),
    row("{computer_20251124}.type", CONTROL),
    row("{memory_20250818}.type", CONTROL),
    row("{web_search_20250305}", Hosts("web_search")),
    row("{web_search_20250305}.**", HOSTED),
    row("{web_fetch_20250910}", Hosts("web_fetch")),
    row("{web_fetch_20250910}.**", HOSTED),
    row("{code_execution_20250522}", Hosts("code_interpreter")),
    row("{code_execution_20250522}.**", HOSTED),
    row("{code_execution_20250825}", Hosts("code_interpreter")),
    row("{code_execution_20250825}.**", HOSTED),
    row("{tool_search_tool_regex_20251119}", Hosts("tool_search")),
    row("{tool_search_tool_regex_20251119}.**", HOSTED),
    row("{tool_search_tool_bm25_20251119}", Hosts("tool_search")),
    row("{tool_search_tool_bm25_20251119}.**", HOSTED),
    row("{mcp_toolset}", Hosts("mcp")),
    row("{mcp_toolset}.**", HOSTED),
    row("{?}", Hosts("unknown")),
    row("{?}.**", HOSTED),
];
