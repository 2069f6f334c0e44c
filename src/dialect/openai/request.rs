//! The request tables, reading with them, and the edits that every outgoing request gets.

use std::sync::LazyLock;

use crate::model::{Api, Call, Field, Operation, Refusal};
use crate::wire::{Edit, quote};

use super::super::request::{self, Means, RequestTable};
use super::super::table::{Row, Table};
use super::{chat, common, responses};

static CHAT: LazyLock<RequestTable> = LazyLock::new(|| {
    table(&[
        ("", common::EVERY),
        ("", common::SAMPLING),
        ("", chat::CHAT),
        ("messages[]", chat::MESSAGE),
        ("messages[].content[]", common::PART),
        ("tools[]", chat::TOOL),
        ("tools[]", common::HOSTED_TOOLS),
    ])
});

static COMPLETIONS: LazyLock<RequestTable> =
    LazyLock::new(|| table(&[("", common::EVERY), ("", common::SAMPLING), ("", chat::COMPLETION)]));

static EMBEDDINGS: LazyLock<RequestTable> = LazyLock::new(|| table(&[("", common::EVERY), ("", chat::EMBEDDING)]));

static RESPONSES: LazyLock<RequestTable> = LazyLock::new(|| {
    let mut groups: Vec<(&'static str, &[Row<Means>])> = vec![
        ("", common::EVERY),
        ("", common::SAMPLING),
        ("", responses::RESPONSES),
        ("", responses::CONFIGURATION),
        ("prompt.variables.*", responses::VARIABLE),
        ("tools[]", responses::TOOL),
        ("tools[]", common::HOSTED_TOOLS),
        ("input[]", responses::ITEM),
        ("input[]", responses::KINDS),
        ("input[].content[]", common::PART),
        ("input[]{function_call_output}.output[]", common::PART),
        ("input[]{custom_tool_call_output}.output[]", common::PART),
        ("input[]{configuration_update}", responses::CONFIGURATION),
        ("input[]{tool_search_output}.tools[]", responses::TOOL),
        ("input[]{tool_search_output}.tools[]", common::HOSTED_TOOLS),
        ("input[]{additional_tools}.tools[]", responses::TOOL),
        ("input[]{additional_tools}.tools[]", common::HOSTED_TOOLS),
    ];
    let mounts = responses::OWN_ID.iter().map(|kind| (&*String::leak(format!("input[]{{{kind}}}")), responses::OWN));
    groups.extend(mounts);
    table(&groups)
});

fn table(groups: &[(&'static str, &[Row<Means>])]) -> RequestTable {
    RequestTable { table: Table::new(groups), words: common::WORDS }
}

/// The table of an operation that has a request body.
pub(super) fn of(operation: Operation) -> Option<&'static RequestTable> {
    match operation {
        Operation::ChatCompletions => Some(&CHAT),
        Operation::Completions => Some(&COMPLETIONS),
        Operation::Embeddings => Some(&EMBEDDINGS),
        Operation::Responses => Some(&RESPONSES),
        Operation::Models => None,
    }
}

/// Reads a body; see [`super::super::parse_within`].
pub(in crate::dialect) fn parse(api: Api, body: String, depth: usize) -> Result<Call, Refusal> {
    match of(api.operation) {
        Some(table) => request::read(api, body, table, depth),
        None => Err(Refusal::invalid("body_not_allowed", "this endpoint takes no body")),
    }
}

/// See [`super::super::answers_in_json`].
pub(in crate::dialect) fn answers_in_json(call: &Call) -> bool {
    let asks = |field: &&Field| {
        matches!(field.path, "response_format.type" | "text.format.type") && call.text(field).starts_with("json")
    };
    call.fields.iter().any(|field| asks(&field))
}

/// See [`super::super::outgoing`]. A `responses` call is stored unless it says otherwise; the other operations only when they
/// ask for it.
pub(in crate::dialect) fn outgoing(call: &Call, model: &str, store_off: bool) -> Vec<Edit> {
    let mut edits = Vec::new();
    if let Some(field) = call.fields.get(call.model as usize)
        && call.text(field) != model
    {
        edits.push(Edit { span: field.span.clone(), replacement: quote(model) });
    }
    if store_off {
        if let Some(span) = &call.store {
            edits.push(Edit { span: span.clone(), replacement: "false".to_owned() });
        } else if call.api.operation == Operation::Responses {
            edits.push(Edit { span: call.open..call.open, replacement: r#""store":false,"#.to_owned() });
        }
    }
    edits
}

/// See [`super::super::request_paths`].
pub(in crate::dialect) fn request_paths(api: Api) -> Vec<&'static str> {
    of(api.operation).map_or_else(Vec::new, |spec| spec.table.rows().iter().map(|row| row.path).collect())
}
