//! The request tables.

use std::sync::LazyLock;

use super::super::request::{Means, RequestTable};
use super::super::table::{Row, Table};
use super::{chat, common, responses};

/// See [`super::ENDPOINTS`].
pub(in crate::dialect) static CHAT: LazyLock<RequestTable> = LazyLock::new(|| {
    table(&[
        ("", common::EVERY),
        ("", common::SAMPLING),
        ("", chat::CHAT),
        ("", chat::FORMAT),
        ("", chat::GUIDED),
        ("", chat::SERVED),
        ("messages[]", chat::MESSAGE),
        ("messages[].content[]", common::PART),
        ("tools[]", chat::TOOL),
        ("tools[]", common::HOSTED_TOOLS),
        ("tools[]", common::UNTYPED_TOOL),
    ])
});

/// See [`super::ENDPOINTS`].
pub(in crate::dialect) static COMPLETIONS: LazyLock<RequestTable> = LazyLock::new(|| {
    table(&[
        ("", common::EVERY),
        ("", common::SAMPLING),
        ("", chat::COMPLETION),
        ("", chat::FORMAT),
        ("", chat::GUIDED),
    ])
});

/// See [`super::ENDPOINTS`].
pub(in crate::dialect) static EMBEDDINGS: LazyLock<RequestTable> =
    LazyLock::new(|| table(&[("", common::EVERY), ("", chat::EMBEDDING)]));

/// See [`super::ENDPOINTS`].
pub(in crate::dialect) static RESPONSES: LazyLock<RequestTable> = LazyLock::new(|| {
    let mut groups: Vec<(&'static str, &[Row<Means>])> = vec![
        ("", common::EVERY),
        ("", common::SAMPLING),
        ("", responses::RESPONSES),
        ("", responses::CONFIGURATION),
        ("prompt.variables.*", responses::VARIABLE),
        ("tools[]", responses::TOOL),
        ("tools[]", common::HOSTED_TOOLS),
        ("tools[]", responses::SHELL),
        ("tools[]", common::UNTYPED_TOOL),
        ("input[]", responses::ITEM),
        ("input[]", responses::KINDS),
        ("input[].content[]", common::PART),
        ("input[]{function_call_output}.output[]", common::PART),
        ("input[]{custom_tool_call_output}.output[]", common::PART),
        ("input[]{configuration_update}", responses::CONFIGURATION),
        ("input[]{tool_search_output}.tools[]", responses::TOOL),
        ("input[]{tool_search_output}.tools[]", common::HOSTED_TOOLS),
        ("input[]{tool_search_output}.tools[]", responses::SHELL),
        ("input[]{tool_search_output}.tools[]", common::UNTYPED_TOOL),
        ("input[]{additional_tools}.tools[]", responses::TOOL),
        ("input[]{additional_tools}.tools[]", common::HOSTED_TOOLS),
        ("input[]{additional_tools}.tools[]", responses::SHELL),
        ("input[]{additional_tools}.tools[]", common::UNTYPED_TOOL),
    ];
    let mounts = responses::OWN_ID.iter().map(|kind| (&*String::leak(format!("input[]{{{kind}}}")), responses::OWN));
    groups.extend(mounts);
    table(&groups)
});

/// See [`super::ENDPOINTS`].
pub(in crate::dialect) static MODERATIONS: LazyLock<RequestTable> =
    LazyLock::new(|| table(&[("", common::EVERY), ("", chat::MODERATION)]));

fn table(groups: &[(&'static str, &[Row<Means>])]) -> RequestTable {
    RequestTable { table: Table::new(groups), words: common::WORDS }
}
