//! Rows of `additionalModelRequestFields`: members of the model's own API that Converse passes on as they are.
//!
//! Which model answers is not known here, so the members of all of them are: those of Anthropic's API (its own rows) and, below,
//! those of Nova, Cohere, Mistral and of models that speak like OpenAI's. Whatever asks the provider to search, to run or to
//! fetch something is hosted, and so is every tool that is not surely a function of the application.

use super::super::request::Means::{self, Hosts, Is, State, Store};
use super::super::table::{Row, row};
use super::{CONTROL, HOSTED, NAME, SCHEMA};
use crate::model::Role;

/// Members beside Anthropic's that invoke-model has too.
pub(super) const SHARED: &[Row<Means>] = &[
    row("tool_choice", CONTROL),
    row("reasoning_effort", CONTROL),
    row("frequency_penalty", CONTROL),
    row("presence_penalty", CONTROL),
    row("seed", CONTROL),
    row("k", CONTROL),
    row("p", CONTROL),
    row("n", CONTROL),
    row("preamble", Is(Role::System)),
    row("documents[].*", Is(Role::User)),
    row("web_search_options", Hosts("web_search")),
    row("web_search_options.**", HOSTED),
    row("store", Store),
    row("previous_response_id", State),
    row("conversation", State),
    row("background", State),
    row("connectors", Hosts("unknown")),
    row("connectors.**", HOSTED),
];

/// Members beside these.
pub(super) const OPTIONS: &[Row<Means>] = &[
    row("max_tokens", CONTROL),
    row("reasoning_config.type", CONTROL),
    row("reasoning_config.budget_tokens", CONTROL),
    row("reasoningConfig.type", CONTROL),
    row("reasoningConfig.maxReasoningEffort", CONTROL),
    row("inferenceConfig.topK", CONTROL),
    row("inferenceConfig.topP", CONTROL),
    row("inferenceConfig.temperature", CONTROL),
    row("inferenceConfig.maxTokens", CONTROL),
    row("repetition_penalty", CONTROL),
    row("safety_mode", CONTROL),
    row("citation_quality", CONTROL),
    row("prompt_truncation", CONTROL),
    row("search_queries_only", CONTROL),
    row("toolConfig.tools", Hosts("unknown")),
    row("toolConfig.tools.**", HOSTED),
];

/// A tool of models that speak like OpenAI's; what no API calls a member of a function is hosted.
pub(super) const TOOL: &[Row<Means>] = &[
    row("function.name", NAME),
    row("function.description", SCHEMA),
    row("function.parameters.**", SCHEMA),
    row("function.strict", CONTROL),
    row("{function}.type", CONTROL),
    row("parameter_definitions.**", SCHEMA),
    row("*", Hosts("unknown")),
    row("*.**", HOSTED),
];
