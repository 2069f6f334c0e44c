//! Where a restored value lands, and what is said of an answer that cannot be handed over.

use crate::dialect::{self, ChannelKind, ReplyLeaf, Told};
use crate::model::{Api, Fault, Refusal};
use crate::transform::Landing;

/// The refusal of an answer that its backend spoilt.
pub(super) fn failed(what: &str) -> Refusal {
    Refusal::new(Fault::Upstream, 502, "backend_failed", what)
}

/// The refusal of an answer that repeats the credential which its backend was shown.
pub(super) fn quoting() -> Refusal {
    failed("the backend's answer repeats the gateway's own credential")
}

/// The refusal of an answer in which the backend says itself that it failed, and the class that it gives. The text that it gives
/// is not passed on: it may quote what the gateway sent.
pub(super) fn told(api: Api, event: Option<&str>, data: Option<&str>) -> (Refusal, Told) {
    let (status, told) = dialect::failure(api, event, data);
    let class = told.code.or(told.kind).map_or_else(String::new, |class| format!(" (`{class}`)"));
    let message = format!("the backend ended its answer with an error of its own{class}");
    (Refusal::new(Fault::Upstream, status, "backend_failed", message), told)
}

/// Where a value lands; `json`: the answer's own text is JSON, as the request asked.
pub(super) fn landing(leaf: &ReplyLeaf<'_>, json: bool) -> Landing {
    match leaf.landing {
        // The answer's own text, in pieces or whole.
        dialect::Landing::Text if json && (leaf.is_text || leaf.channel.kind == ChannelKind::TextPart) => {
            Landing::JsonInString
        }
        dialect::Landing::Text => Landing::Text,
        dialect::Landing::JsonInString => Landing::JsonInString,
    }
}
