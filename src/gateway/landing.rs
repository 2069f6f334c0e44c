//! Where a restored value lands, and what is said of an answer that cannot be handed over.

use crate::dialect::{self, ChannelKind, ReplyLeaf};
use crate::model::{Fault, Refusal};
use crate::transform::Landing;

/// The refusal of an answer that its backend spoilt.
pub(super) fn failed(what: &str) -> Refusal {
    Refusal::new(Fault::Upstream, 502, "backend_failed", what)
}

/// Where a value lands; `json`: the answer's own text is JSON, as the request asked.
pub(super) fn landing(leaf: &ReplyLeaf<'_>, json: bool) -> Landing {
    match leaf.landing {
        dialect::Landing::Text if json && matches!(leaf.channel.kind, ChannelKind::Text | ChannelKind::TextPart) => {
            Landing::JsonInString
        }
        dialect::Landing::Text => Landing::Text,
        dialect::Landing::JsonInString => Landing::JsonInString,
    }
}
