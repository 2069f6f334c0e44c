//! Alternatives to a token of an answer, which APIs tell with its probability: those that hold a pseudonym or a piece of one are
//! taken out, the others stay as they are.
//!
//! ```text
//! entries   {"token": "Dear", "logprob": -0.1, "top_logprobs": [{"token": "<PER", …}, …]}     elements that name a token
//! columns   {" Dear": -0.1, "<PER": -3.2}                                                     members named by one
//! ```
//! Nobody can restore a piece, and what is never written is no answer: it only tells what the model was shown.

use std::borrow::Cow;
use std::ops::Range;

use crate::transform::Vault;
use crate::wire::json::{Bounds, Document, NodeKind, Numbers, slice};
use crate::wire::{Edit, splice};

/// What is told of a token, without the alternatives that hold pieces.
pub(super) fn without_pieces<'c>(told: &'c str, vault: &Vault) -> Cow<'c, str> {
    let Ok(document) = Document::read(told, Bounds::REPLY, Numbers::All) else { return Cow::Borrowed(told) };
    let (mut edits, mut index) = (Vec::new(), 0);
    while let Some(node) = document.node(index) {
        let all = alternatives(&document, index, vault);
        index += 1;
        if !all.iter().any(|(_, is_piece)| *is_piece) {
            continue;
        }
        let kept: Vec<&str> = all.iter().filter(|(_, piece)| !piece).map(|(span, _)| slice(told, span)).collect();
        let (open, close) = if node.kind == NodeKind::Array { ('[', ']') } else { ('{', '}') };
        edits.push(Edit { span: node.span(), replacement: format!("{open}{}{close}", kept.join(",")) });
        index = node.after;
    }
    if edits.is_empty() {
        return Cow::Borrowed(told);
    }
    splice(told, edits).map_or(Cow::Borrowed("null"), Cow::Owned)
}

/// What a container holds, and whether each of it tells a piece.
fn alternatives(document: &Document<'_>, container: u32, vault: &Vault) -> Vec<(Range<u32>, bool)> {
    let Some(node) = document.node(container) else { return Vec::new() };
    if node.kind == NodeKind::Object {
        let members = document.members(container).filter_map(|(key, value)| {
            let (key, value) = (document.node(key)?, document.node(value)?);
            Some((key.start..value.end, vault.has_piece_in(&document.decoded(key))))
        });
        return members.collect();
    }
    let (mut elements, mut at) = (Vec::new(), container + 1);
    while node.kind == NodeKind::Array && at < node.after {
        let Some(element) = document.node(at) else { break };
        elements.push((element.span(), tells_piece(document, at, vault)));
        at = element.after;
    }
    elements
}

/// Whether an element is a token that holds a piece, as text or in bytes.
fn tells_piece(document: &Document<'_>, element: u32, vault: &Vault) -> bool {
    let member = |name: &str| document.member(element, name).and_then(|value| document.node(value));
    let bytes = member("bytes").and_then(|node| serde_json::from_str::<Vec<u8>>(document.raw(node)).ok());
    member("token").is_some_and(|node| vault.has_piece_in(&document.decoded(node)))
        || bytes.is_some_and(|bytes| vault.has_piece_in(&String::from_utf8_lossy(&bytes)))
}
