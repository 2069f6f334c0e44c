//! Record: the entry of a decision or an attempt, durable before a byte leaves; and the entry of a refusal.
//!
//! [`Receipt`] has no public constructor: only [`record`] makes one, after the log said that the entry is on disk.

use super::entries::{self, content_mac, digest, state};
use super::examine::Examined;
use super::fitted::Room;
use super::ledger::Ledger;
use super::outbound::Outbound;
use super::{Gate, sealed};
use crate::audit::AuditError;
use crate::limits;
use crate::model::entry::{Entry, Sending};
use crate::model::{Fault, Refusal, Word};

/// Proof that an entry which names this backend and this body is on durable storage. It owns what may now be sent.
#[derive(Debug)]
pub struct Receipt {
    outbound: Outbound,
}

impl Receipt {
    /// Gives up the receipt for what it permits to send, once.
    pub(super) fn into_outbound(self) -> Outbound {
        self.outbound
    }
}

/// Writes the entry of a leg and waits until it is durable.
///
/// # Errors
/// 503 when the log cannot write: nothing leaves.
pub async fn record(gate: &Gate, ledger: &mut Ledger, outbound: Outbound) -> Result<Receipt, Refusal> {
    let (outbound, sealed) = sealed::seal(outbound).await.inspect_err(|_| gate.telemetry.unsealed_request())?;
    ledger.sealed_with = sealed.as_ref().map(|sealed| sealed.key.clone());
    let leg = &outbound.leg;
    let examined = &leg.examined;
    let mac = content_mac(examined);
    let sending = Sending {
        backend: leg.backend.name.clone(),
        body_mac: digest(&mac, &outbound.body),
        body_bytes: outbound.body.len() as u64,
        changed: outbound.changes.clone(),
        found: outbound.found.clone(),
        model: examined.snapshot.upstream_model(&leg.model, &leg.backend.name).cloned(),
        smaller: (leg.model != examined.model).then(|| leg.model.clone()),
        sealed,
    };
    let before = ledger.state;
    if leg.number == 1 {
        // The outcome's place in the queue is taken before the decision is written: it can always be recorded.
        ledger.reserve(gate.audit.reserve().map_err(|error| unavailable(&error))?);
        ledger.state = state(examined);
    }
    let known = ledger.known.take();
    let (id, trace) = (ledger.id, ledger.trace());
    let appended = append(gate, &|room| {
        if leg.number == 1 {
            entries::first(leg, &mac, &sending, trace.clone(), room)
        } else {
            entries::further(leg, id, &sending, before, room)
        }
    })
    .await;
    if let Err(Unrecorded { refusal, absent }) = appended {
        if leg.number == 1 && absent {
            // No decision, so no outcome: the place in the queue goes back, and the refusal is told on its own.
            ledger.release();
            ledger.known = known;
        }
        return Err(refusal);
    }
    ledger.backend = Some(outbound.leg.backend.name.clone());
    ledger.unanswered = None;
    let leg = &outbound.leg;
    if leg.number == 1 {
        gate.telemetry.found(&outbound.found);
    }
    if let Some(crossed) = &leg.crossed {
        gate.telemetry.crossed(ledger.id, crossed);
    }
    if leg.model != leg.examined.model {
        gate.telemetry.took_smaller(ledger.id, &leg.examined.model, &leg.model);
    }
    gate.telemetry.changed(&outbound.changes);
    gate.telemetry.added(&ledger.operation, ledger.started.elapsed().saturating_sub(leg.waited));
    Ok(Receipt { outbound })
}

/// Writes the entry of a refusal that policy or the state of the backends caused. Nothing was sent, so a log that cannot
/// write changes nothing for the client; the failure shows in health and metrics.
pub async fn refused(gate: &Gate, ledger: &mut Ledger, examined: &Examined, refusal: &Refusal) {
    ledger.known = None;
    let mac = content_mac(examined);
    // Nothing was sent, so nothing depends on this entry.
    let refused = |room| entries::refused(examined, &mac, Word::fixed(refusal.code), room);
    drop(append(gate, &refused).await);
}

/// Writes the entry of a refusal of a known caller that came before a decision: a body that cannot be read, a model that is
/// not configured. Nothing where another entry tells of the request, or nobody is known.
pub async fn unread(gate: &Gate, ledger: &mut Ledger, refusal: &Refusal) {
    if let Some(known) = ledger.known.take() {
        let undecided = |_| entries::undecided(ledger, &known, Word::fixed(refusal.code));
        drop(append(gate, &undecided).await);
    }
}

/// An entry that is not known to be on disk.
struct Unrecorded {
    refusal: Refusal,
    /// Whether it surely is not; after a deadline it may still get there.
    absent: bool,
}

/// Appends an entry, in less room where it is too long for the log.
async fn append(gate: &Gate, entry: &(dyn Fn(Room) -> Entry + Sync)) -> Result<(), Unrecorded> {
    let mut room = Room::Ample;
    loop {
        let appended = tokio::time::timeout(limits::AUDIT_DEADLINE, gate.audit.append(entry(room))).await;
        match (appended, room.less()) {
            (Ok(Err(AuditError::TooLarge { .. })), Some(less)) => room = less,
            (Ok(Ok(_position)), _) => return Ok(()),
            (Ok(Err(error)), _) => return Err(Unrecorded { refusal: unavailable(&error), absent: true }),
            (Err(_), _) => return Err(Unrecorded { refusal: unavailable(&AuditError::Full), absent: false }),
        }
    }
}

/// The refusal when the log cannot take an entry: a queue that is full passes by itself, a log that cannot write needs
/// somebody.
pub(super) fn unavailable(error: &AuditError) -> Refusal {
    tracing::error!(%error, "Entry could not be recorded: the request is refused");
    let refusal = |code, why| Refusal::new(Fault::Gateway, 503, code, why);
    match error {
        AuditError::Full => refusal(
            "audit_overloaded",
            "more waits to be recorded than there is room for, so it was not sent; try again",
        )
        .retry_after(2),
        // It would be the same the next time.
        AuditError::TooLarge { .. } | AuditError::Malformed => refusal(
            "audit_unavailable",
            "the request cannot be recorded, so it was not sent: its entry is longer than the log takes, since names in the configuration or the sheet are too long",
        ),
        _ => refusal("audit_unavailable", "the request cannot be recorded now, so it was not sent; try again")
            .retry_after(2),
    }
}
