//! Quarantines to the record: that a backend did not prove its region, as soon as it shows, and that a reload made it anew.
//!
//! The quarantine itself waits for no record: it takes a backend away. Never repeats what a backend told: that is a stranger's word.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::gateway::Gate;
use crate::model::Word;
use crate::model::entry::{Entry, Quarantine};
use crate::upstream::{Pool, Region, Unproven};

/// Records what befalls the backends of a pool, as tasks of `tasks` that end with `stop`.
pub(super) fn follow(gate: &Arc<Gate>, pool: &Pool, (tasks, stop): (&TaskTracker, &CancellationToken)) {
    for backend in pool.backends() {
        let Some(region) = backend.settings().region.clone() else { continue };
        let (gate, stop, name) = (Arc::clone(gate), stop.clone(), backend.name().clone());
        tasks.spawn(async move {
            tokio::select! {
                why = region.broken() => append(&gate, entry(name, &region, why, "begun")).await,
                () = stop.cancelled() => {}
            }
        });
    }
}

/// Records which quarantines of the pool before another one ends, because the files were read again.
pub(super) async fn ended(gate: &Gate, before: &Pool) {
    for backend in before.backends() {
        let Some(region) = backend.settings().region.as_ref() else { continue };
        if let Some(why) = region.unproven() {
            append(gate, entry(backend.name().clone(), region, why, "ended")).await;
        }
    }
}

fn entry(backend: Word, region: &Region, why: Unproven, state: &'static str) -> Entry {
    let found = match why {
        Unproven::Another => "another",
        Unproven::Nothing => "nothing",
    };
    let header = Word::configured(region.header());
    Entry::Quarantine(Quarantine { backend, found: Word::fixed(found), header, state: Word::fixed(state) })
}

/// A log that cannot take it refuses every request too, and its gap says so.
async fn append(gate: &Gate, entry: Entry) {
    gate.audit.append(entry).await.map(drop).unwrap_or_default();
}
