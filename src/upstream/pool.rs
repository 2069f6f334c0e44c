//! The backends that `octroi.toml` configures, by name.
//!
//! The plan says which may have a request; this says in which order those of one tier are best asked. A reload builds a new
//! pool and takes over each backend whose settings did not change, with its connections and its health.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Backend, Settings, SetupError, SetupFault};
use crate::model::Word;

/// Backends by name.
#[derive(Debug, Default)]
pub struct Pool {
    backends: BTreeMap<Word, Arc<Backend>>,
}

impl Pool {
    /// Makes the backends, taking over from `before` those whose settings are the same.
    ///
    /// Connections run as tasks of `tasks`: wait for it after the last pool is dropped.
    ///
    /// # Errors
    ///
    /// All faults of all backends.
    pub fn build(settings: Vec<Settings>, before: Option<&Self>, tasks: &TaskTracker) -> Result<Self, Vec<SetupError>> {
        let mut backends = BTreeMap::new();
        let mut faults = Vec::new();
        for settings in settings {
            let name = settings.name.clone();
            let kept = before.and_then(|pool| pool.backend(name.as_str())).filter(|old| *old.settings() == settings);
            let made = kept.map_or_else(|| Backend::new(settings, tasks).map(Arc::new), |old| Ok(Arc::clone(old)));
            match made {
                Ok(backend) if backends.contains_key(&name) => {
                    faults.push(SetupError { backend: backend.name().clone(), fault: SetupFault::Duplicate });
                }
                Ok(backend) => {
                    backends.insert(name, backend);
                }
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok(Self { backends }) } else { Err(faults) }
    }

    /// The backend of this name, if one is configured.
    pub fn backend(&self, name: &str) -> Option<&Arc<Backend>> {
        self.backends.get(name)
    }

    /// All backends, by name.
    pub fn backends(&self) -> impl Iterator<Item = &Arc<Backend>> {
        self.backends.values()
    }

    /// Orders the candidates of one tier: available ones first, those that did not serve a moment ago behind the others, then by the
    /// caller's rank (low first), then those with less to do; equals stay as given. Yields indexes into `candidates`; a name that is not configured is left out.
    pub fn pick(&self, candidates: &[(Word, u32)]) -> Vec<usize> {
        let mut order: Vec<_> = candidates
            .iter()
            .enumerate()
            .filter_map(|(index, (name, rank))| {
                let backend = self.backend(name.as_str())?;
                let ill = backend.is_avoided(&[]);
                Some(((Reverse(backend.available()), ill, *rank, backend.outstanding()), index))
            })
            .collect();
        order.sort_by_key(|(key, _)| *key);
        order.into_iter().map(|(_, index)| index).collect()
    }

    /// Starts the active checks of every backend that has a path for them, and the renewal of credentials, as tasks of `tasks` that end with `stop`.
    pub fn spawn_health(&self, tasks: &TaskTracker, stop: &CancellationToken) {
        for backend in self.backends() {
            tasks.spawn(Arc::clone(backend).renew(stop.clone()));
            tasks.spawn(Arc::clone(backend).watch(stop.clone()));
        }
    }
}
