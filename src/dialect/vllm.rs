//! What servers of open models (vLLM, NIM, `SGLang`, Text Embeddings Inference) have beside OpenAI's paths: reranking, scoring,
//! tokenising.
//!
//! Texts come as strings, in lists, or as parts. Tokens are numbers that cannot be read, so a request that sends them is
//! binary; the pieces of text that a reply shows beside tokens may hold part of a pseudonym and are withheld.

use std::sync::LazyLock;

use super::language::{Endpoint, Language};
use super::openai::{self, chat, common};
use super::reply::Says::{self, Failure, Fixed, InputTokens, Logprobs, Whole};
use super::request::Means::{self, Is, Prompt};
use super::request::RequestTable;
use super::table::{Row, Table, row};
use super::ungoverned;
use crate::model::{Dialect, Operation, Role};

const CONTROL: Means = Is(Role::Control);
const USER: Means = Is(Role::User);

/// The dialect.
pub(super) static LANGUAGE: Language = Language {
    dialect: Dialect::new("vllm"),
    endpoints: &ENDPOINTS,
    ungoverned: ungoverned::VLLM,
    ..openai::LANGUAGE_SHAPES
};

const RERANK: Operation = Operation::new("rerank");
const SCORE: Operation = Operation::new("score");
const BOTH: (&LazyLock<Table<Says>>, &LazyLock<Table<Says>>) = (&REPLY, &REPLY);

static ENDPOINTS: [Endpoint; 8] = [
    Endpoint::post(RERANK, "/v1/rerank", &RANKED, BOTH),
    Endpoint::post(RERANK, "/v2/rerank", &RANKED, BOTH),
    Endpoint::post(RERANK, "/rerank", &RANKED, BOTH),
    Endpoint::post(Operation::new("ranking"), "/v1/ranking", &RANKED, BOTH),
    Endpoint::post(SCORE, "/v1/score", &SCORED, BOTH),
    Endpoint::post(SCORE, "/score", &SCORED, BOTH),
    Endpoint::post(Operation::new("tokenize"), "/tokenize", &TOKENIZED, BOTH),
    Endpoint::post(Operation::new("detokenize"), "/detokenize", &TOKENS, BOTH),
];

static RANKED: LazyLock<RequestTable> = LazyLock::new(|| table(&[("", common::EVERY), ("", POOLED), ("", RANKING)]));

static SCORED: LazyLock<RequestTable> = LazyLock::new(|| table(&[("", common::EVERY), ("", POOLED), ("", SCORING)]));

static TOKENIZED: LazyLock<RequestTable> = LazyLock::new(|| {
    table(&[
        ("", common::EVERY),
        ("", TOKENIZING),
        ("messages[]", chat::MESSAGE),
        ("messages[].content[]", common::PART),
        ("tools[]", chat::TOOL),
        ("tools[]", common::HOSTED_TOOLS),
        ("tools[]", common::UNTYPED_TOOL),
    ])
});

static TOKENS: LazyLock<RequestTable> =
    LazyLock::new(|| table(&[("", common::EVERY), ("", &[row("tokens[]", Prompt)])]));

fn table(groups: &[(&'static str, &[Row<Means>])]) -> RequestTable {
    RequestTable { table: Table::new(groups), words: common::WORDS }
}

/// Members of every request about pairs of texts.
const POOLED: &[Row<Means>] = &[
    row("truncate_prompt_tokens", CONTROL),
    row("truncate", CONTROL),
    row("priority", CONTROL),
    row("activation", CONTROL),
    row("softmax", CONTROL),
    row("use_activation", CONTROL),
    row("mm_processor_kwargs.**", CONTROL),
    row("request_id", Is(Role::Identifier)),
];

/// A query and what is ranked by it.
const RANKING: &[Row<Means>] = &[
    row("query", USER),
    row("query.text", USER),
    row("query.image", Means::Link),
    row("documents[]", USER),
    row("documents[].text", USER),
    row("documents[].*", USER),
    row("passages[].text", USER),
    row("passages[].image", Means::Link),
    row("top_n", CONTROL),
    row("max_tokens_per_doc", CONTROL),
    row("return_documents", CONTROL),
];

/// Texts that are compared.
const SCORING: &[Row<Means>] = &[
    row("text_1", USER),
    row("text_1[]", USER),
    row("text_2", USER),
    row("text_2[]", USER),
    row("queries", USER),
    row("queries[]", USER),
    row("documents", USER),
    row("documents[]", USER),
    row("items", USER),
    row("items[]", USER),
];

/// A text or a conversation whose tokens are asked for.
const TOKENIZING: &[Row<Means>] = &[
    row("prompt", Prompt),
    row("add_special_tokens", CONTROL),
    row("add_generation_prompt", CONTROL),
    row("continue_final_message", CONTROL),
    row("return_token_strs", CONTROL),
    row("chat_template", Is(Role::System)),
    row("chat_template_kwargs.**", CONTROL),
    row("mm_processor_kwargs.**", CONTROL),
];

static REPLY: LazyLock<Table<Says>> = LazyLock::new(|| {
    Table::new(&[(
        "",
        &[
            row("id", Fixed),
            row("object", Fixed),
            row("model", Fixed),
            row("usage.prompt_tokens", InputTokens),
            row("results[].document.text", Whole),
            row("data[].object", Fixed),
            row("prompt", Whole),
            row("token_strs", Logprobs("null")),
            row("error", Failure),
        ],
    )])
});
