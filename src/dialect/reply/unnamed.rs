//! Events of types that no table knows yet: their pieces are one text all the same, as long as their type is.
//!
//! It reads the type alone. Which member is a piece is the table's to say.

use super::ChannelKind;
use crate::wire::json::Document;

/// The running text that an event is of whose type no table knows, and the last word of the type: `response.new.delta` goes on
/// until `response.new.done`.
pub(super) fn unnamed(document: &Document<'_>) -> (ChannelKind, String) {
    let kind = document.member(0, "type").and_then(|value| document.node(value));
    let kind = kind.map(|kind| document.decoded(kind)).unwrap_or_default();
    let (family, last) = kind.rsplit_once('.').unwrap_or((&kind, ""));
    // FNV-1a: who could choose a type that meets another writes the whole answer.
    let hash = family.bytes().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (ChannelKind::Unnamed(hash), last.to_owned())
}
