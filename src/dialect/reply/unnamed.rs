//! Pieces of texts that no table knows yet: events of other types, and members of other names beside the pieces that a table knows.
//! Those of one type and name are one text all the same.
//!
//! What such a text is remains unknown, so it is counted each time and restored as prose.

use std::ops::Range;

use super::super::table::{Place, Table};
use super::super::visit::Under;
use super::{ChannelKind, Says};
use crate::wire::json::{Bounds, Document, NodeKind, Numbers};
use crate::wire::quote;

/// The running text that an event is of whose type no table knows, and the last word of the type: `response.new.delta` goes on
/// until `response.new.done`.
pub(super) fn unnamed(document: &Document<'_>) -> (ChannelKind, String) {
    let kind = document.member(0, "type").and_then(|value| document.node(value));
    let kind = kind.map(|kind| document.decoded(kind)).unwrap_or_default();
    let (family, last) = kind.rsplit_once('.').unwrap_or((&kind, ""));
    (ChannelKind::Unnamed(mixed(0, family)), last.to_owned())
}

/// Whether pieces of running texts stand among the members of a place. Not at the root of an event, where names of all sorts stand;
/// nor in an API that numbers its events, where an event of an unknown type has its own rows; nor in a block that an event begins,
/// which says its own number: no other event goes on with it.
pub(super) fn carries_pieces(table: &Table<Says>, place: &Place<Says>) -> bool {
    let means = |place: &Place<Says>, of: &dyn Fn(Says) -> bool| {
        let mut members = place.members().iter().filter_map(|(_, id)| table.place(*id)?.means);
        members.any(of)
    };
    let piece = |says: Says| matches!(says, Says::Piece(kind) if !matches!(kind, ChannelKind::Unnamed(_)));
    let of_kinds = || place.kinds().filter_map(|id| table.place(id)).any(|kind| means(kind, &piece));
    let root =
        place.path.is_empty() || place.path.starts_with('{') && place.path.find('}') == Some(place.path.len() - 1);
    let apart = root || means(place, &|says| matches!(says, Says::Sequence | Says::Block));
    !apart && (means(place, &piece) || of_kinds())
}

/// Names that lead to a member that no row names, its own included.
pub(super) fn mixed_with(names: u32, document: &Document<'_>, key: Under) -> u32 {
    match key {
        Under::Key(key) => document.node(key).map_or(names, |key| mixed(names, &document.decoded(key))),
        Under::Word(word) => mixed(names, word),
        Under::Nothing => names,
    }
}

/// A piece of a running text that no row names.
pub(super) fn piece(document: &Document<'_>, key: Under, (names, object): (u32, u32)) -> Says {
    let kind = document.member(object, "type").and_then(|value| document.node(value));
    let kind = kind.map(|kind| document.decoded(kind)).unwrap_or_default();
    if matches!(key, Under::Key(key) if document.node(key).is_some_and(|key| document.decoded(key) == "type")) {
        return Says::Whole;
    }
    // Zero is the table's own word for the type of the event.
    Says::Piece(ChannelKind::Unnamed(mixed(mixed_with(names, document, key), &kind) | 1))
}

/// The running text that pieces of an argument at this path are.
pub(crate) fn argument(path: &str) -> ChannelKind {
    // Zero is the table's own word for a piece that has its path beside it.
    ChannelKind::Argument(mixed(0, path) | 1)
}

/// FNV-1a: who could choose a name that meets another writes the whole answer.
fn mixed(hash: u32, name: &str) -> u32 {
    name.bytes().fold(0x811C_9DC5 ^ hash, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Members that name the stream, the event and the place in it.
const NAMES: [&str; 12] = [
    "id",
    "object",
    "created",
    "model",
    "type",
    "index",
    "role",
    "contentBlockIndex",
    "modelVersion",
    "responseId",
    "created_at",
    "done",
];

/// The event that brings what was held back of such a text: of the one that brought a piece, what leads to the piece and what names
/// its place.
pub(crate) fn flush(template: &str, span: &Range<u32>, text: &str) -> Option<String> {
    let document = Document::read(template, Bounds::REPLY, Numbers::NotInArrays).ok()?;
    pruned(&document, 0, span, text)
}

fn pruned(document: &Document<'_>, at: u32, span: &Range<u32>, text: &str) -> Option<String> {
    let node = document.node(at)?;
    if node.span() == *span {
        return Some(quote(text));
    }
    let holds =
        |at: u32| document.node(at).is_some_and(|node| node.span().start <= span.start && span.end <= node.span().end);
    if node.kind == NodeKind::Object {
        let members = document.members(at).filter_map(|(key, value)| {
            let (name, of) = (document.node(key)?, document.node(value)?);
            let scalar = !of.is_container() && NAMES.contains(&&*document.decoded(name));
            let value = if holds(value) {
                pruned(document, value, span, text)?
            } else if scalar {
                document.raw(of).to_owned()
            } else {
                return None;
            };
            Some(format!("{}:{value}", document.raw(name)))
        });
        return Some(format!("{{{}}}", members.collect::<Vec<_>>().join(",")));
    }
    let mut element = at + 1;
    while element < node.after {
        if holds(element) {
            return Some(format!("[{}]", pruned(document, element, span, text)?));
        }
        element = document.node(element).map_or(node.after, |own| own.after.max(element + 1));
    }
    None
}
