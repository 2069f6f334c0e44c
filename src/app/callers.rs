//! Follows the file of keys: what `octroi key` changes counts within a second, and is in the log. When keys were last used is
//! written down once a minute.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Status;
use crate::gateway::{Gate, credentials};
use crate::limits;

/// Time between two attempts to record what could not be recorded.
const AGAIN: Duration = Duration::from_secs(2);

/// Follows the file until `stop`.
pub(super) async fn follow(status: Arc<Status>, stop: CancellationToken) {
    let gate = Arc::clone(&status.gate);
    let mut look = interval(limits::KEYS_LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut noted, mut failed, mut told) = (Instant::now(), None::<Instant>, false);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = look.tick() => {}
        }
        let ring = Arc::clone(gate.snapshot().callers.ring());
        let looked = tokio::task::spawn_blocking(move || ring.look().map_err(|error| error.to_string()));
        match looked.await {
            Ok(Ok(changed)) => {
                if changed || status.keys_problem().is_some() {
                    gate.telemetry.reloaded("keys", None);
                    status.set_keys_problem(None);
                }
                if failed.is_none_or(|since| since.elapsed() >= AGAIN) {
                    failed = (!record(&gate).await).then(Instant::now);
                }
            }
            Ok(Err(problem)) => {
                if status.keys_problem().as_ref() != Some(&problem) {
                    gate.telemetry.reloaded("keys", Some(&problem));
                    status.set_keys_problem(Some(problem));
                }
            }
            Err(_) => tracing::error!("Looking at the file of keys failed inside"),
        }
        if noted.elapsed() >= limits::KEYS_USED {
            noted = Instant::now();
            told = !remember(&gate, told).await;
        }
    }
}

/// Gives the log the changes that it is yet to take; says whether it took them.
pub(super) async fn record(gate: &Gate) -> bool {
    match credentials::record(gate).await {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(%error, "Changes of keys could not be recorded: what was issued does not count yet");
            false
        }
    }
}

/// Writes down when keys were last used, and says whether it could. Nothing hangs on it, so it is told once that it could not.
pub(super) async fn remember(gate: &Gate, told: bool) -> bool {
    let ring = Arc::clone(gate.snapshot().callers.ring());
    let written = tokio::task::spawn_blocking(move || ring.write_used()).await;
    let Ok(Err(error)) = written else { return true };
    if !told {
        tracing::warn!(kind = ?error.kind(), "When keys were last used could not be written down");
    }
    false
}
