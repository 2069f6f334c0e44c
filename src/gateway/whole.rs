//! Whole answers: collected, opened when they are coded, restored; and what streams share with them.

use http::StatusCode;
use http_body_util::BodyExt as _;

use super::ledger::Ledger;
use super::{body, edge};
use crate::dialect::{self, ChannelKind, ReplyLeaf, Usage};
use crate::model::{Api, Fault, Refusal};
use crate::transform::{Landing, Restorer, Vault};
use crate::upstream::Reply;
use crate::wire::{Edit, quote, splice};

/// Errors of a backend that the caller can mend: passed on, restored like any answer (decision 0002).
pub(super) fn relayed(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 404 | 409 | 413 | 422)
}

pub(super) fn failed(what: &str) -> Refusal {
    Refusal::new(Fault::Upstream, 502, "backend_failed", what)
}

pub(super) async fn collect(reply: Reply) -> Result<String, Refusal> {
    let coding = reply.coding;
    let bytes = reply.body.collect().await.map_err(|_| failed("the backend's answer broke off"))?.to_bytes();
    let bytes = match coding {
        None => bytes.to_vec(),
        Some(coding) => tokio::task::spawn_blocking(move || body::unfold_answer(coding, &bytes))
            .await
            .map_err(|_| edge::failed_inside())?
            .ok_or_else(|| failed("the backend's answer is not coded as it says"))?,
    };
    String::from_utf8(bytes).map_err(|_| failed("the backend's answer is not UTF-8"))
}

/// Restores a whole JSON answer.
pub(super) fn whole(
    ledger: &mut Ledger,
    (api, json): (Api, bool),
    vault: &Vault,
    text: String,
) -> Result<(String, Option<Usage>), Refusal> {
    let view = dialect::reply_leaves(api, &text).map_err(|_| failed("the backend's answer is not JSON"))?;
    let usage = view.usage;
    if vault.is_empty() {
        drop(view);
        return Ok((text, usage));
    }
    let restorer = Restorer::new(vault);
    let mut edits: Vec<Edit> = view.withhold.clone();
    for leaf in view.leaves.iter().filter(|leaf| leaf.restore) {
        let restored = restorer.restore_whole(&leaf.text, landing(leaf, json));
        ledger.count(restored.counts);
        if restored.text != *leaf.text {
            edits.push(Edit { span: leaf.span.clone(), replacement: quote(&restored.text) });
        }
    }
    let body = splice(&text, edits).map_err(|_| failed("the backend's answer cannot be restored"))?;
    Ok((body, usage))
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
