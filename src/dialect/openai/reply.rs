//! The reply tables.

use std::sync::LazyLock;

use super::super::reply::Says;
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

/// A pair of tables: of a whole reply and of a stream's events.
type Both = (&'static LazyLock<Table<Says>>, &'static LazyLock<Table<Says>>);

/// Chat, completions and embeddings.
pub(in crate::dialect) const CHOICES_BOTH: Both = (&CHOICES, &CHOICES);
/// Responses.
pub(in crate::dialect) const RESPONSE_BOTH: Both = (&RESPONSE_BODY, &RESPONSE_EVENT);
