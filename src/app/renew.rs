//! What happens at the end of a policy's validity, and when the clock is put back: the same policy is compiled for the time that it is
//! then, from what it was compiled of.
//!
//! No file is read: at that instant somebody may be writing one, and what lies there may be broken. An end waits for nobody, and
//! takes nothing away but what it ends.

use std::sync::Arc;

use jiff::SignedDuration;

use super::in_force;
use super::reload::Keeper;
use crate::gateway::snapshot::Snapshot;
use crate::model::Word;
use crate::model::entry::{Entry, Reloaded};

/// What a clock may be put back by without anything being done: small corrections are made all day.
const CLOCK_STEP: SignedDuration = SignedDuration::from_secs(1);

impl Keeper {
    /// Whether the clock was put back to before the policy was compiled: what had begun or ended by then may not have now.
    pub(super) fn is_ahead(&self) -> bool {
        self.status.gate.now() < self.made_at.saturating_sub(CLOCK_STEP).unwrap_or(self.made_at)
    }

    /// The same while something else is being waited for, once for each end.
    pub(super) async fn renew_in_time(&mut self) {
        if self.expired() && self.ended != self.status.gate.snapshot().policy.valid_until() {
            self.renew().await;
        }
    }

    /// Puts the policy in force, compiled for now, into the place of the one whose validity has ended. Says whether that was done: what
    /// cannot be recorded does not come into force, and for what the detectors in use do not look for they are built anew from the files.
    pub(super) async fn renew(&mut self) -> bool {
        let gate = Arc::clone(&self.status.gate);
        let before = gate.snapshot();
        let ((recipe, signed), now) = (self.made_of.clone(), gate.now());
        self.ended = before.policy.valid_until().filter(|until| *until <= now).or(self.ended);
        self.made_at = now;
        let compiled = tokio::task::spawn_blocking(move || recipe.policy(now)).await;
        let Ok(Ok(policy)) = compiled else { return false };
        // A rule that begins now may ask for what these detectors do not look for.
        if before.engine.unsought().is_some_and(|entity| policy.asks_for(entity)) {
            return false;
        }
        match in_force::renewed(&gate, &policy, &signed).await {
            Ok(untrue) => self.status.set_scenarios(untrue),
            Err(error) => {
                tracing::error!(%error, "The policy of the time behind an end cannot be recorded: it does not come into force");
                return false;
            }
        }
        gate.replace(Arc::new(Snapshot { policy: Arc::new(policy), ..Snapshot::clone(&before) }));
        let unchanged = Reloaded { cause: Word::fixed("expiry"), policy: Word::fixed("unchanged"), certificate: None };
        gate.audit.append(Entry::Reload(unchanged)).await.map(drop).unwrap_or_default();
        self.status.observe();
        true
    }
}
