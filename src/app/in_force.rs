//! From loaded to in force: what must be remembered is on disk, then the record says so, then requests are served by it.

use std::sync::Arc;

use super::archive::{Accepted, Archive, State, state_key};
use super::loaded::Loaded;
use crate::audit::AuditError;
use crate::gateway::Gate;
use crate::gateway::snapshot::{Freeze, Snapshot};
use crate::model::Word;
use crate::model::entry::{Digest, Entry, Frozen, InventoryLoaded, PolicyLoaded};
use crate::policy::{Policy, run_scenarios};

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
/// before; all of it at the start. Returns the scenarios that the policy does not do, each with its title and place.
pub(super) async fn record(
    gate: &Gate,
    loaded: &Loaded,
    cause: &'static str,
    before: Option<&Snapshot>,
) -> Result<Vec<String>, Unrecorded> {
    remember(loaded, true, &loaded.remembering.state).await?;
    if let Err(error) = entries(gate, loaded, cause, before).await {
        // What does not come into force was not the last one: the next may have its version.
        let restored = remember(loaded, false, &loaded.remembering.before).await;
        restored.unwrap_or_else(|error| tracing::error!(%error, "State of the policies could not be put back"));
        return Err(error.into());
    }
    Ok(told_of(gate, &loaded.snapshot.policy))
}

/// Tells of a policy that comes into force: what is past its date, and until when it holds. Returns the scenarios that it does not do.
fn told_of(gate: &Gate, policy: &Policy) -> Vec<String> {
    for notice in policy.notices() {
        tracing::warn!(notice, "Policy in force has something that is past its date, or ahead of it");
    }
    let results = run_scenarios(policy, gate.now());
    let untrue = results.iter().filter(|one| !one.failures.is_empty()).map(|scenario| {
        let (title, file, line) = (scenario.title.as_str(), scenario.file.as_str(), scenario.line);
        tracing::error!(title, file, line, "Policy in force does not do what a scenario of it tells");
        format!("{title} ({file}:{line})")
    });
    let untrue = untrue.collect();
    let until = policy.valid_until().map_or(f64::INFINITY, |until| until.as_duration().as_secs_f64());
    gate.telemetry.policy_valid_until(until);
    untrue
}

/// Writes what differs from the snapshot before.
async fn entries(
    gate: &Gate,
    loaded: &Loaded,
    cause: &'static str,
    before: Option<&Snapshot>,
) -> Result<(), AuditError> {
    let (snapshot, policy) = (&loaded.snapshot, &loaded.snapshot.policy);
    if before.is_none_or(|before| told(before) != told(snapshot)) {
        let entry = Entry::Policy(Box::new(entry(policy, &Signed::of(loaded), cause)));
        gate.audit.append(entry).await?;
    }
    let truths = |snapshot: &Snapshot| (snapshot.policy.inventory_digest(), snapshot.policy.reference_digest());
    if before.is_none_or(|before| truths(before) != truths(snapshot)) {
        let (inventory, reference) = truths(snapshot);
        let backends = u32::try_from(policy.backends().len()).unwrap_or(u32::MAX);
        gate.audit.append(Entry::Inventory(InventoryLoaded { backends, inventory, reference })).await?;
    }
    Ok(())
}

/// Records that a policy goes on in force, compiled for the time behind the end of its validity. Returns the scenarios that it does
/// not do.
pub(super) async fn renewed(gate: &Gate, policy: &Policy, signed: &Signed) -> Result<Vec<String>, AuditError> {
    gate.audit.append(Entry::Policy(Box::new(entry(policy, signed, "expiry")))).await?;
    Ok(told_of(gate, policy))
}

/// The bundle that a policy came in, and who signed it.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    bundle: Option<Digest>,
    approvers: Vec<Word>,
}

impl Signed {
    pub(super) fn of(loaded: &Loaded) -> Self {
        let bundle = loaded.remembering.state.bundle.as_ref().filter(|_| loaded.config.approvers.is_some());
        Self { bundle: bundle.and_then(Accepted::digest), approvers: loaded.remembering.approvers.clone() }
    }
}

fn entry(policy: &Policy, signed: &Signed, cause: &'static str) -> PolicyLoaded {
    PolicyLoaded {
        in_force: true,
        cause: Word::fixed(cause),
        reason: None,
        policy: Some(policy.digest()),
        inventory: Some(policy.inventory_digest()),
        reference: Some(policy.reference_digest()),
        name: Some(Word::configured(&format!("{} version {}", policy.name(), policy.version()))),
        version: Some(policy.version()),
        valid_until: policy.valid_until().map(|until| Word::configured(&until.to_string())),
        bundle: signed.bundle,
        approvers: signed.approvers.clone(),
        ended: policy.ended().to_vec(),
    }
}

/// What an entry about a policy tells.
fn told(snapshot: &Snapshot) -> impl PartialEq + use<> {
    let policy = &snapshot.policy;
    let digests = [policy.digest(), policy.inventory_digest(), policy.reference_digest()];
    (digests, policy.valid_until())
}

/// Keeps how far the gateway got, and perhaps the files of the policy.
async fn remember(loaded: &Loaded, with_files: bool, state: &State) -> Result<(), Unrecorded> {
    let (archive, state) = (Archive::of(&loaded.config.audit_folder), state.clone());
    let key = state_key(&loaded.snapshot.root, &loaded.config.node);
    let policy = with_files.then(|| (loaded.remembering.files.clone(), Arc::clone(&loaded.snapshot.policy)));
    tokio::task::spawn_blocking(move || {
        if let Some((files, policy)) = policy {
            archive.keep(&files, [policy.digest(), policy.inventory_digest(), policy.reference_digest()])?;
        }
        archive.set_state(&key, &state)
    })
    .await
    .map_err(|_| Unrecorded::Inside)?
    .map_err(Unrecorded::Archive)
}

/// Records which freezes begin and end, and that an order was refused. A freeze that cannot be recorded still holds: it only
/// takes backends away, and the log that cannot write refuses everything anyhow.
pub(super) async fn freeze(gate: &Gate, look: &super::freeze::Look) {
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
    let begun = look.begun.iter().map(|freeze| entry("begun", "order", Some(freeze), &freeze.by));
    let ended = look.ended.iter().map(|(freeze, cause, by)| entry("ended", cause, Some(freeze), by));
    let refused = look.refused.iter().map(|(reason, _)| entry("refused", reason, None, &[]));
    for entry in begun.chain(ended).chain(refused) {
        if let Err(error) = gate.audit.append(entry).await {
            tracing::error!(%error, "Freeze could not be recorded");
        }
    }
}
