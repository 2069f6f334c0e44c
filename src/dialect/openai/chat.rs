//! Rows of `POST /v1/chat/completions`, `/v1/completions` and `/v1/embeddings`.

use crate::model::{Measure, Role};

use super::super::request::Means::{
    self, Cited, Hosts, Is, Link, Prompt, RangeFrom, RangeUntil, Routes, Speaker, State,
};
use super::super::table::{Row, row};

const CONTROL: Means = Is(Role::Control);
const ID: Means = Is(Role::Identifier);
const NAME: Means = Is(Role::Name);
const SCHEMA: Means = Is(Role::Schema);
const ASSISTANT: Means = Is(Role::Assistant);

/// Members of a chat request beside those of [`super::common`].
pub(in crate::dialect) const CHAT: &[Row<Means>] = &[
    row("previous_response_id", State),
    row("max_completion_tokens", CONTROL),
    row("modalities[]", CONTROL),
    row("audio.voice", CONTROL),
    row("audio.voice.id", Is(Role::Reference)),
    row("audio.format", CONTROL),
    row("reasoning_effort", CONTROL),
    row("verbosity", CONTROL),
    row("prediction.type", CONTROL),
    row("prediction.content", ASSISTANT),
    row("prediction.content[].type", CONTROL),
    row("prediction.content[].text", ASSISTANT),
    row("web_search_options", Hosts("web_search")),
    row("web_search_options.**", Is(Role::Hosted)),
    row("functions[].name", NAME),
    row("functions[].description", SCHEMA),
    row("functions[].parameters.**", SCHEMA),
    row("function_call", CONTROL),
    row("function_call.name", NAME),
    row("tool_choice", CONTROL),
    row("tool_choice.type", CONTROL),
    row("tool_choice.function.name", NAME),
    row("tool_choice.custom.name", NAME),
    row("tool_choice.allowed_tools.mode", CONTROL),
    row("tool_choice.allowed_tools.tools[].type", CONTROL),
    row("tool_choice.allowed_tools.tools[].function.name", NAME),
    row("tool_choice.allowed_tools.tools[].custom.name", NAME),
];

/// How the answer is to look.
pub(in crate::dialect) const FORMAT: &[Row<Means>] = &[
    row("response_format.type", CONTROL),
    row("response_format.json_schema.name", NAME),
    row("response_format.json_schema.description", SCHEMA),
    row("response_format.json_schema.strict", CONTROL),
    row("response_format.json_schema.schema.**", SCHEMA),
    row("response_format.schema.**", SCHEMA),
    row("response_format.grammar", SCHEMA),
];

/// How it is to look in the words of NIM, `SGLang` and llama.cpp.
pub(in crate::dialect) const GUIDED: &[Row<Means>] =
    &[row("nvext.guided_json.**", SCHEMA), row("nvext.**", SCHEMA), row("json_schema.**", SCHEMA)];

/// What servers of open models add to chat: parts of its template, retrieval, guided decoding, sampling.
pub(in crate::dialect) const SERVED: &[Row<Means>] = &[
    row("add_generation_prompt", CONTROL),
    row("continue_final_message", CONTROL),
    row("add_special_tokens", CONTROL),
    row("include_stop_str_in_output", CONTROL),
    row("bad_words[]", Is(Role::User)),
    row("documents[].title", Is(Role::User)),
    row("documents[].text", Is(Role::User)),
    row("documents[].doc_id", ID),
    row("documents[].*", Is(Role::User)),
    row("truncate_prompt_tokens", CONTROL),
    row("length_penalty", CONTROL),
    row("use_beam_search", CONTROL),
    row("priority", CONTROL),
    row("request_id", ID),
    row("rid", ID),
    row("cache_salt", ID),
    row("mm_processor_kwargs.**", CONTROL),
    row("return_tokens_as_token_ids", CONTROL),
    row("return_token_ids", CONTROL),
    row("kv_transfer_params", Routes),
    row("bootstrap_host", Routes),
    row("vllm_xargs.*", CONTROL),
    row("guided_decoding_backend", CONTROL),
    row("guided_whitespace_pattern", SCHEMA),
    row("regex", SCHEMA),
    row("ebnf", SCHEMA),
    row("grammar", SCHEMA),
    row("separate_reasoning", CONTROL),
    row("stream_reasoning", CONTROL),
    row("reasoning_format", CONTROL),
    row("lora_path", Is(Role::Reference)),
    row("no_stop_trim", CONTROL),
    row("cache_prompt", CONTROL),
    row("n_predict", CONTROL),
    row("mirostat", CONTROL),
    row("typical_p", CONTROL),
    row("tfs_z", CONTROL),
    row("id_slot", CONTROL),
    row("random_seed", CONTROL),
    row("safe_prompt", CONTROL),
    row("prompt_mode", CONTROL),
    row("document_image_limit", CONTROL),
    row("document_page_limit", CONTROL),
];

/// One message.
pub(in crate::dialect) const MESSAGE: &[Row<Means>] = &[
    row("role", Speaker),
    row("content", Cited),
    row("name", NAME),
    row("tool_call_id", ID),
    row("refusal", ASSISTANT),
    row("reasoning", ASSISTANT),
    row("reasoning_content", ASSISTANT),
    row("reasoning_details[].type", CONTROL),
    row("reasoning_details[].id", ID),
    row("reasoning_details[].index", CONTROL),
    row("reasoning_details[].format", CONTROL),
    row("reasoning_details[].text", ASSISTANT),
    row("reasoning_details[].summary", ASSISTANT),
    row("reasoning_details[].data", Is(Role::Binary)),
    row("reasoning_details[].signature", Is(Role::Binary)),
    row("audio.id", Is(Role::Reference)),
    row("audio.data", Is(Role::Binary)),
    row("audio.expires_at", CONTROL),
    row("audio.transcript", ASSISTANT),
    row("prefix", CONTROL),
    row("function_call.name", NAME),
    row("function_call.arguments", Is(Role::ToolCall)),
    row("tool_calls[].type", CONTROL),
    row("tool_calls[].id", ID),
    row("tool_calls[].index", CONTROL),
    row("tool_calls[].function.name", NAME),
    row("tool_calls[].function.arguments", Is(Role::ToolCall)),
    row("tool_calls[].custom.name", NAME),
    row("tool_calls[].custom.input", Is(Role::ToolCall)),
    row("annotations[].type", CONTROL),
    row("annotations[].url_citation.title", ASSISTANT),
    row("annotations[].url_citation.url", ASSISTANT),
    row("annotations[].url_citation.start_index", RangeFrom(Measure::Chars)),
    row("annotations[].url_citation.end_index", RangeUntil(Measure::Chars)),
];

/// One tool.
pub(in crate::dialect) const TOOL: &[Row<Means>] = &[
    row("type", CONTROL),
    row("server_url", Hosts("mcp")),
    row("function.name", NAME),
    row("function.description", SCHEMA),
    row("function.parameters.**", SCHEMA),
    row("function.strict", CONTROL),
    row("{function}.type", CONTROL),
    row("{custom}.type", CONTROL),
    row("{custom}.custom.name", NAME),
    row("{custom}.custom.description", SCHEMA),
    row("{custom}.custom.format.type", CONTROL),
    row("{custom}.custom.format.grammar.definition", SCHEMA),
    row("{custom}.custom.format.grammar.syntax", CONTROL),
];

/// Members of a completion request.
pub(in crate::dialect) const COMPLETION: &[Row<Means>] = &[
    row("previous_response_id", State),
    row("prompt", Prompt),
    row("prompt[]", Prompt),
    row("prompt[][]", Prompt),
    row("suffix", Is(Role::User)),
    row("prompt_embeds", Is(Role::Binary)),
    row("prompt_embeds[]", Is(Role::Binary)),
    row("images[]", Link),
];

/// Members of a request for a classification of texts.
pub(in crate::dialect) const MODERATION: &[Row<Means>] = &[
    row("input", Is(Role::User)),
    row("input[]", Is(Role::User)),
    row("input[].type", CONTROL),
    row("input[].text", Is(Role::User)),
    row("input[].image_url", Link),
    row("input[].image_url.url", Link),
];

/// Members of an embedding request.
pub(in crate::dialect) const EMBEDDING: &[Row<Means>] = &[
    row("input", Prompt),
    row("input[]", Prompt),
    row("input[][]", Prompt),
    row("dimensions", CONTROL),
    row("encoding_format", CONTROL),
    row("truncate_prompt_tokens", CONTROL),
    row("input_type", CONTROL),
    row("output_dimension", CONTROL),
    row("output_dtype", CONTROL),
    row("add_special_tokens", CONTROL),
    row("truncate", CONTROL),
];
