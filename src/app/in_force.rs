//! From loaded to in force: what must be remembered is on disk, then the record says so, then requests are served by it.

use std::sync::Arc;

use super::archive::{Accepted, Archive};
use super::load::Loaded;
use crate::audit::AuditError;
use crate::gateway::Gate;
use crate::gateway::snapshot::{Freeze, Snapshot};
use crate::model::Word;
use crate::model::entry::{Entry, Frozen, InventoryLoaded, PolicyLoaded};

/// Why a policy that has no fault does not come into force.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unrecorded {
    /// The log did not take the entry.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The files of the policy or its state could not be kept.
    #[error("the policy cannot be kept beside the audit log: {0}")]
    Archive(std::io::Error),
    /// The work was lost.
    #[error("the policy could not be kept: it failed inside")]
    Inside,
}

/// Remembers and records a policy that is about to come into force. An entry is written for what differs from the snapshot
/// before; all of it at the start.
pub(super) async fn record(
    gate: &Gate,
    loaded: &Loaded,
    cause: &'static str,
    before: Option<&Snapshot>,
) -> Result<(), Unrecorded> {
    remember(loaded).await?;
    let (snapshot, policy) = (&loaded.snapshot, &loaded.snapshot.policy);
    for notice in policy.notices() {
        tracing::warn!(notice, "Policy in force has something that is past its date, or ahead of it");
    }
    let until = policy.valid_until().map_or(f64::INFINITY, |until| until.as_duration().as_secs_f64());
    gate.telemetry.policy_valid_until(until);
    if before.is_none_or(|before| told(before) != told(snapshot)) {
        let bundle = loaded.remembering.state.bundle.as_ref().filter(|_| loaded.config.approvers.is_some());
        let entry = PolicyLoaded {
            in_force: true,
            cause: Word::fixed(cause),
            reason: None,
            policy: Some(policy.digest()),
            inventory: Some(policy.inventory_digest()),
            reference: Some(policy.reference_digest()),
            name: Some(Word::configured(&format!("{} version {}", policy.name(), policy.version()))),
            valid_until: policy.valid_until().map(|until| Word::configured(&until.to_string())),
            bundle: bundle.and_then(Accepted::digest),
            approvers: loaded.remembering.approvers.clone(),
        };
        gate.audit.append(Entry::Policy(Box::new(entry))).await?;
    }
    let truths = |snapshot: &Snapshot| (snapshot.policy.inventory_digest(), snapshot.policy.reference_digest());
    if before.is_none_or(|before| truths(before) != truths(snapshot)) {
        let (inventory, reference) = truths(snapshot);
        let backends = u32::try_from(policy.backends().len()).unwrap_or(u32::MAX);
        gate.audit.append(Entry::Inventory(InventoryLoaded { inventory, reference, backends })).await?;
    }
    Ok(())
}

/// What an entry about a policy tells.
fn told(snapshot: &Snapshot) -> impl PartialEq + use<> {
    let policy = &snapshot.policy;
    let digests = [policy.digest(), policy.inventory_digest(), policy.reference_digest()];
    (digests, policy.valid_until())
}

/// Keeps the files of the policy and how far the gateway got.
async fn remember(loaded: &Loaded) -> Result<(), Unrecorded> {
    let archive = Archive::of(&loaded.config.audit_folder);
    let (files, state) = (loaded.remembering.files.clone(), loaded.remembering.state.clone());
    let policy = Arc::clone(&loaded.snapshot.policy);
    tokio::task::spawn_blocking(move || {
        archive.keep(&files, [policy.digest(), policy.inventory_digest(), policy.reference_digest()])?;
        archive.set_state(&state)
    })
    .await
    .map_err(|_| Unrecorded::Inside)?
    .map_err(Unrecorded::Archive)
}

/// Records that a freeze begins or ends, or that an order was refused. A freeze that cannot be recorded still holds: it only
/// takes backends away, and the log that cannot write refuses everything anyhow.
pub(super) async fn freeze(gate: &Gate, before: Option<&Freeze>, look: &super::freeze::Look) {
    let entry = |state: &'static str, cause: &'static str, freeze: Option<&Freeze>, by: &[Word]| {
        Entry::Freeze(Box::new(Frozen {
            state: Word::fixed(state),
            cause: Word::fixed(cause),
            until: freeze.map(|freeze| Word::configured(&freeze.until.to_string())),
            by: by.to_vec(),
            because: freeze.map(|freeze| freeze.because.clone()),
            order: freeze.map(|freeze| freeze.order),
        }))
    };
    let mut entries = Vec::new();
    if look.freeze.as_ref() != before {
        // One order that takes the place of another ends nothing.
        if let (Some(before), None) = (before, &look.freeze) {
            let ended = if before.until <= gate.now() { "expiry" } else { "thaw" };
            entries.push(entry("ended", ended, Some(before), &look.thawed_by));
        }
        entries.extend(look.freeze.iter().map(|freeze| entry("begun", "order", Some(freeze), &freeze.by)));
    }
    entries.extend(look.refused.iter().map(|(reason, _)| entry("refused", reason, None, &[])));
    for entry in entries {
        if let Err(error) = gate.audit.append(entry).await {
            tracing::error!(%error, "Freeze could not be recorded");
        }
    }
}
