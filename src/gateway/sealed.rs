//! Seals the content of a request before its entry is written, where policy wants it: no sealed file, no entry, no sending.

use std::sync::Arc;

use aws_lc_rs::hmac;

use super::outbound::Outbound;
use super::record::{month, unavailable};
use crate::audit::AuditError;
use crate::audit::seal::{Content, Subject};
use crate::limits;
use crate::model::entry::Sealed;
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
        let subject = subject(&outbound);
        let sealed = sealer.seal(&Content {
            tenant: &examined.caller.tenant,
            subject: &subject,
            month: &month(examined.decided_at),
            request: examined.id,
            attempt: outbound.leg.number,
            received: &examined.call.body,
            sent: &outbound.body,
        });
        (outbound, sealed)
    });
    match tokio::time::timeout(limits::AUDIT_DEADLINE, sealing).await {
        Ok(Ok((outbound, Ok(sealed)))) => Ok((outbound, Some(sealed))),
        Ok(Ok((_, Err(error)))) => {
            tracing::error!(error = %error.kind(), "Content cannot be sealed: the request is refused");
            Err(failed())
        }
        _ => Err(failed()),
    }
}

/// Under whose key: the case that the caller named, by a code that is stable within the tenant, or else who asks.
fn subject(outbound: &Outbound) -> Subject {
    let examined = &outbound.leg.examined;
    let Some(case) = &examined.declared.case else { return Subject::Actor(examined.caller.actor.clone()) };
    let code = hmac::sign(&examined.snapshot.case_key(&examined.caller.tenant), case.as_bytes());
    let code = code.as_ref().iter().take(16).fold(String::new(), |code, byte| format!("{code}{byte:02x}"));
    Subject::Case(Word::configured(&code))
}
