//! The reply tables and reading with them.

use std::sync::LazyLock;

use crate::model::{Api, Operation};

use super::super::reply::{self, Ended, EventKind, EventView, ReplyView, Says, Unreadable};
use super::super::table::Table;
use super::replies::{ANNOTATION, CHOICE, EMBEDDING, EVENT, EVENTS, HEAD, ITEM, MESSAGE, PART, RESPONSE};

/// Chat, completions and embeddings, whole and in pieces.
static CHOICES: LazyLock<Table<Says>> = LazyLock::new(|| {
    Table::new(&[
        ("", HEAD),
        ("choices[]", CHOICE),
        ("choices[].message", MESSAGE),
        ("choices[].delta", MESSAGE),
        ("", EMBEDDING),
    ])
});

/// A whole response.
static RESPONSE_BODY: LazyLock<Table<Says>> = LazyLock::new(|| {
    Table::new(&[
        ("", HEAD),
        ("", RESPONSE),
        ("output[]", ITEM),
        ("output[].content[]", PART),
        ("output[].content[].annotations[]", ANNOTATION),
    ])
});

/// The events of a responses stream.
static RESPONSE_EVENT: LazyLock<Table<Says>> = LazyLock::new(|| {
    Table::new(&[
        ("", EVENT),
        ("", EVENTS),
        ("response", HEAD),
        ("response", RESPONSE),
        ("response.output[]", ITEM),
        ("response.output[].content[]", PART),
        ("response.output[].content[].annotations[]", ANNOTATION),
        ("item", ITEM),
        ("item.content[]", PART),
        ("item.content[].annotations[]", ANNOTATION),
        ("part", PART),
        ("part.annotations[]", ANNOTATION),
        ("annotation", ANNOTATION),
    ])
});

/// The table of an operation's whole reply.
pub(super) fn whole(operation: Operation) -> &'static Table<Says> {
    if operation == Operation::Responses { &RESPONSE_BODY } else { &CHOICES }
}

/// The table of an operation's stream events.
pub(super) fn event(operation: Operation) -> &'static Table<Says> {
    if operation == Operation::Responses { &RESPONSE_EVENT } else { &CHOICES }
}

/// See [`super::super::reply_leaves`].
pub(in crate::dialect) fn reply_leaves(api: Api, body: &str) -> Result<ReplyView<'_>, Unreadable> {
    let seen = reply::read(body, whole(api.operation), false)?;
    let usage = seen.usage();
    Ok(ReplyView { leaves: seen.leaves, withhold: seen.withhold, usage })
}

/// See [`super::super::event_leaves`].
pub(in crate::dialect) fn event_leaves<'a>(
    api: Api,
    name: Option<&str>,
    data: &'a str,
) -> Result<EventView<'a>, Unreadable> {
    if data.trim() == "[DONE]" {
        let ends = vec![Ended::All];
        let (leaves, withhold) = (Vec::new(), Vec::new());
        return Ok(EventView { kind: EventKind::Done, leaves, withhold, ends, usage: None, sequence: None });
    }
    let mut seen = reply::read(data, event(api.operation), true)?;
    if name == Some("error") && !seen.failed {
        seen.failed = true;
        seen.ends.push(Ended::All);
    }
    let kind = match (seen.failed, seen.over) {
        (true, _) => EventKind::Error,
        (_, true) => EventKind::Done,
        _ if seen.leaves.iter().any(|leaf| leaf.fragment) => EventKind::Delta,
        _ => EventKind::Other,
    };
    let usage = seen.usage();
    let (leaves, withhold, ends) = (seen.leaves, seen.withhold, seen.ends);
    Ok(EventView { kind, leaves, withhold, ends, usage, sequence: seen.sequence })
}

/// See [`super::super::reply_paths`].
pub(in crate::dialect) fn reply_paths(api: Api) -> (Vec<&'static str>, Vec<&'static str>) {
    let paths = |table: &Table<Says>| table.rows().iter().map(|row| row.path).collect();
    (paths(whole(api.operation)), paths(event(api.operation)))
}
