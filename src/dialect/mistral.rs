//! Mistral's HTTP API: what it has beside OpenAI's paths (fill in the middle, agents, moderation of conversations).
//!
//! Chat, embeddings, moderations of texts and the list of models stand at OpenAI's own paths and are read with its tables,
//! which hold Mistral's members too. An agent is an object at the provider, with instructions and tools of its own: its id
//! takes the place of the model, so that the operator says which agents there are and where they run.

use super::language::{Endpoint, Language};
use super::openai::{self, chat, common, reply, request};
use super::request::Means::{self, Hosts, Is, Model, Speaker, Spoken, State};
use super::request::RequestTable;
use super::table::{Row, Table, row};
use super::ungoverned;
use crate::model::{Dialect, Operation, Role};
use std::sync::LazyLock;

const CONTROL: Means = Is(Role::Control);

/// The dialect.
pub(super) static LANGUAGE: Language = Language {
    dialect: Dialect::new("mistral"),
    endpoints: &ENDPOINTS,
    ungoverned: ungoverned::MISTRAL,
    ..openai::LANGUAGE_SHAPES
};

static ENDPOINTS: [Endpoint; 4] = [
    Endpoint::post(Operation::new("fim"), "/v1/fim/completions", &FIM, reply::CHOICES_BOTH),
    Endpoint::post(Operation::new("invoke_agent"), "/v1/agents/completions", &AGENTS, reply::CHOICES_BOTH),
    Endpoint::post(Operation::new("chat_moderations"), "/v1/chat/moderations", &CONVERSATION, reply::CHOICES_BOTH),
    Endpoint::post(
        Operation::new("classifications"),
        "/v1/classifications",
        &request::MODERATIONS,
        reply::CHOICES_BOTH,
    ),
];

static FIM: LazyLock<RequestTable> =
    LazyLock::new(|| table(&[("", common::EVERY), ("", common::SAMPLING), ("", MIDDLE)]));

static AGENTS: LazyLock<RequestTable> = LazyLock::new(|| {
    table(&[
        ("", common::EVERY),
        ("", common::SAMPLING),
        ("", AGENT),
        ("", chat::CHAT),
        ("", chat::FORMAT),
        ("messages[]", chat::MESSAGE),
        ("messages[].content[]", common::PART),
        ("tools[]", chat::TOOL),
        ("tools[]", common::HOSTED_TOOLS),
        ("tools[]", common::UNTYPED_TOOL),
    ])
});

static CONVERSATION: LazyLock<RequestTable> = LazyLock::new(|| {
    table(&[
        ("", common::EVERY),
        ("input[]", TURN),
        ("input[].content[]", common::PART),
        ("input[][]", TURN),
        ("input[][].content[]", common::PART),
    ])
});

fn table(groups: &[(&'static str, &[Row<Means>])]) -> RequestTable {
    RequestTable { table: Table::new(groups), words: common::WORDS }
}

/// What stands before and behind the middle that is asked for.
const MIDDLE: &[Row<Means>] = &[
    row("previous_response_id", State),
    row("prompt", Is(Role::User)),
    row("suffix", Is(Role::User)),
    row("random_seed", CONTROL),
];

/// An agent in the place of the model.
const AGENT: &[Row<Means>] =
    &[row("", Hosts("agent")), row("agent_id", Model), row("random_seed", CONTROL), row("prompt_mode", CONTROL)];

/// A turn of a conversation that is classified.
const TURN: &[Row<Means>] = &[row("role", Speaker), row("content", Spoken), row("name", Is(Role::Name))];
