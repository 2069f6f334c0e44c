//! Seals the content of a request before its entry is written, where policy wants it: no sealed file, no entry, no sending.
//! And the answer when it has ended, as the client got it, before the entry of its outcome is (decision 0014). By then the client has
//! it, so what cannot be kept stops nothing any more: the entry says that it was not.

use std::sync::Arc;

use aws_lc_rs::hmac;

use super::budget::Share;
use super::entries::month;
use super::outbound::Outbound;
use super::record::unavailable;
use super::route::Leg;
use crate::audit::AuditError;
use crate::audit::seal::{Content, Part, SealError, Sealer, Subject};
use crate::limits;
use crate::model::entry::{RequestId, Sealed};
use crate::model::{Refusal, Word};

/// Seals what this leg demands, and gives it back with what the entry says of it.
///
/// # Errors
/// 503 when the content cannot be kept: nothing leaves.
pub(super) async fn seal(outbound: Outbound) -> Result<(Outbound, Option<Sealed>), Refusal> {
    if !outbound.leg.duties.log_sealed {
        return Ok((outbound, None));
    }
    let failed = || unavailable(&AuditError::Closed);
    let Some(sealer) = outbound.leg.examined.snapshot.sealer.clone() else { return Err(failed()) };
    let sealing = tokio::task::spawn_blocking(move || {
        let examined = Arc::clone(&outbound.leg.examined);
        let subject = subject(&outbound.leg);
        let sealed = sealer.seal(&Content {
            tenant: &examined.caller.tenant,
            subject: &subject,
            month: &month(examined.decided_at),
            request: examined.id,
            part: Part::Attempt { number: outbound.leg.number, received: &examined.call.body, sent: &outbound.body },
        });
        (outbound, sealed)
    });
    match tokio::time::timeout(limits::AUDIT_DEADLINE, sealing).await {
        Ok(Ok((outbound, Ok(sealed)))) => Ok((outbound, Some(sealed))),
        Ok(Ok((_, Err(error)))) => {
            tracing::error!(%error, "Content cannot be sealed: the request is refused");
            Err(failed())
        }
        _ => Err(failed()),
    }
}

/// Under whose key: the case that the caller named, by a code that is stable within the tenant, or else who asks.
fn subject(leg: &Leg) -> Subject {
    let examined = &leg.examined;
    let Some(case) = &examined.declared.case else { return Subject::Actor(examined.caller.actor.clone()) };
    let code = hmac::sign(&examined.snapshot.case_key(&examined.caller.tenant), case.as_bytes());
    let code = code.as_ref().iter().take(16).fold(String::new(), |code, byte| format!("{code}{byte:02x}"));
    Subject::Case(Word::configured(&code))
}

/// What the client has got of an answer that is to be kept under seal. Its bytes are paid for from the tenant's share.
pub(super) struct Answer {
    sealer: Arc<Sealer>,
    tenant: Word,
    subject: Subject,
    month: String,
    request: RequestId,
    /// The key of what was sealed of the request.
    key: Word,
    body: Vec<u8>,
    /// Whether there was more than is kept.
    cut: bool,
    share: Share,
}

impl Answer {
    /// Begins to keep the answer to a leg, where its duties say so: under the key that the request has, of the same month.
    pub(super) fn of(leg: &Leg, key: Option<Word>, share: Share) -> Option<Self> {
        let examined = &leg.examined;
        let key = key?;
        let sealer = examined.snapshot.sealer.clone().filter(|_| leg.duties.log_sealed)?;
        Some(Self {
            sealer,
            tenant: examined.caller.tenant.clone(),
            subject: subject(leg),
            month: month(examined.decided_at),
            request: examined.id,
            key,
            body: Vec::new(),
            cut: false,
            share,
        })
    }

    /// A piece goes to the client.
    pub(super) fn push(&mut self, piece: &[u8]) {
        let room = limits::SEALED_ANSWER_BYTES_MAX.saturating_sub(self.body.len()).min(piece.len());
        let kept = piece.get(..room).unwrap_or_default();
        // Where there is no memory for more, what is kept ends here as well: nothing is left out in the middle.
        if self.cut || self.share.cover(self.body.len() + kept.len()).is_err() {
            self.cut = true;
            return;
        }
        self.body.extend_from_slice(kept);
        self.cut = kept.len() < piece.len();
    }

    /// Whether the client got nothing: then there is nothing to keep.
    pub(super) const fn is_empty(&self) -> bool {
        self.body.is_empty() && !self.cut
    }

    /// Brings it to durable storage. Blocks on the disk.
    ///
    /// # Errors
    /// [`SealError`].
    pub(super) fn seal(&self) -> Result<Sealed, SealError> {
        self.sealer.seal(&Content {
            tenant: &self.tenant,
            subject: &self.subject,
            month: &self.month,
            request: self.request,
            part: Part::Answer { body: &self.body, cut: self.cut, key: &self.key },
        })
    }
}
