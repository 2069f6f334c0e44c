//! The reply tables.

use std::sync::LazyLock;

use super::super::reply::Says;
use super::super::table::{Row, Table, row};
use super::replies::{
    ANNOTATION, CHOICE, EMBEDDING, EVENT, EVENTS, FILTERED, FILTERS, FINISH, HEAD, ID, ITEM, MESSAGE, PAGE, PART,
    PROBABILITIES, PROMPT_RESULTS, RESPONSE, RESULTS, SUMMARY, USAGE,
};

/// Chat, completions and embeddings, whole and in pieces.
static CHOICES: LazyLock<Table<Says>> = LazyLock::new(|| {
    Table::new(&[
        ("", ID),
        ("", HEAD),
        ("", USAGE),
        ("", PROBABILITIES),
        ("choices[]", CHOICE),
        ("choices[]", FINISH),
        ("choices[]", FILTERED),
        ("choices[]", RESULTS),
        ("", PROMPT_RESULTS),
        ("choices[].message", MESSAGE),
        ("choices[].delta", MESSAGE),
        ("", EMBEDDING),
    ])
});

/// A whole response.
static RESPONSE_BODY: LazyLock<Table<Says>> = LazyLock::new(|| {
    Table::new(&[
        ("", HEAD),
        ("", USAGE),
        ("", RESPONSE),
        ("content_filters[]", FILTERS),
        ("output[]", ITEM),
        ("output[].content[]", PART),
        ("output[].content[].annotations[]", ANNOTATION),
    ])
});

/// A whole response that is shown again: what it took was counted when it was made.
static RESPONSE_AGAIN: LazyLock<Table<Says>> = LazyLock::new(|| {
    Table::new(&[
        ("", HEAD),
        ("", RESPONSE),
        ("content_filters[]", FILTERS),
        ("output[]", ITEM),
        ("output[].content[]", PART),
        ("output[].content[].annotations[]", ANNOTATION),
    ])
});

/// The items that a response was asked with.
static INPUT_ITEMS: LazyLock<Table<Says>> = LazyLock::new(|| {
    Table::new(&[
        ("", PAGE),
        ("data[]", TURN),
        ("data[]", ITEM),
        ("data[].content[]", PART),
        ("data[].content[].annotations[]", ANNOTATION),
    ])
});

/// Items of a page are turns of their own, by their position: nobody puts them together.
const TURN: &[Row<Says>] = &[row("index", Says::Outer)];

/// The events of a responses stream.
static RESPONSE_EVENT: LazyLock<Table<Says>> = LazyLock::new(|| events(USAGE));

/// The same for one that is shown again: what it took was counted when it was made.
static RESPONSE_EVENT_AGAIN: LazyLock<Table<Says>> = LazyLock::new(|| events(&[]));

fn events(usage: &[Row<Says>]) -> Table<Says> {
    Table::new(&[
        ("", EVENT),
        ("", EVENTS),
        ("response", HEAD),
        ("response", usage),
        ("response", RESPONSE),
        ("response.content_filters[]", FILTERS),
        ("response.output[]", ITEM),
        ("response.output[].content[]", PART),
        ("response.output[].content[].annotations[]", ANNOTATION),
        ("item", ITEM),
        ("item.content[]", PART),
        ("item.content[].annotations[]", ANNOTATION),
        ("part", PART),
        ("part", SUMMARY),
        ("part.annotations[]", ANNOTATION),
        ("annotation", ANNOTATION),
    ])
}

/// A pair of tables: of a whole reply and of a stream's events.
type Both = (&'static LazyLock<Table<Says>>, &'static LazyLock<Table<Says>>);

/// Chat, completions and embeddings.
pub(in crate::dialect) const CHOICES_BOTH: Both = (&CHOICES, &CHOICES);
/// Responses.
pub(in crate::dialect) const RESPONSE_BOTH: Both = (&RESPONSE_BODY, &RESPONSE_EVENT);
/// A response that is shown again, and what is said of one that was deleted.
pub(in crate::dialect) const AGAIN: &LazyLock<Table<Says>> = &RESPONSE_AGAIN;
/// The events by which a response is shown again.
pub(in crate::dialect) const EVENTS_AGAIN: &LazyLock<Table<Says>> = &RESPONSE_EVENT_AGAIN;
/// What a response was asked with.
pub(in crate::dialect) const ASKED: &LazyLock<Table<Says>> = &INPUT_ITEMS;
