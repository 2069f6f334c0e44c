//! Everything that reloads, in one value: swapped whole, so that no request sees half of a change.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::hmac;

use super::scan_memory::ScanMemory;
use crate::config::Limits;
use crate::detect::Engine;
use crate::identity::{Callers, Purpose, RootKey};
use crate::leak::Scanner;
use crate::model::{BackendId, Catalogue, Dialect, Word};
use crate::policy::{BackendSet, Policy};
use crate::upstream::Pool;

/// One consistent state of the gateway.
#[derive(Debug)]
pub struct Snapshot {
    /// The policy in force.
    pub policy: Policy,
    /// Its entity types and classes.
    pub catalogue: Arc<Catalogue>,
    /// The detectors.
    pub engine: Arc<Engine>,
    /// What texts were found to hold before; it outlives a reload.
    pub memory: Arc<ScanMemory>,
    /// The registered keys.
    pub callers: Callers,
    /// What a client may ask for, and each backend's own name for it.
    pub models: BTreeMap<Word, BTreeMap<Word, Word>>,
    /// Connections to the backends.
    pub pool: Arc<Pool>,
    /// Comparison with protected documents.
    pub scanner: Arc<dyn Scanner>,
    /// The root of all keys.
    pub root: Arc<RootKey>,
    /// Bounds that the operator set.
    pub limits: Limits,
}

/// Generation of derived keys; it changes when an operator rotates the root.
const EPOCH: &str = "1";

impl Snapshot {
    /// The backends that speak one of the dialects and serve the model, under names that the inventory binds.
    pub fn servable(&self, dialects: &[Dialect], model: &Word) -> BackendSet {
        let names = self.models.get(model);
        let mut set = BackendSet::default();
        for (index, backend) in (0..).zip(self.policy.backends()) {
            let Some(name) = names.and_then(|names| names.get(&backend.name)) else { continue };
            if self.able(&backend.name, dialects, name) {
                set.insert(BackendId(index));
            }
        }
        set
    }

    fn able(&self, backend: &Word, dialects: &[Dialect], model: &Word) -> bool {
        let upstream = self.pool.backend(backend.as_str());
        upstream.is_some_and(|upstream| {
            dialects.iter().any(|dialect| upstream.speaks(*dialect)) && upstream.serves(model.as_str())
        })
    }

    /// The backend's own name for a model.
    pub fn upstream_model(&self, model: &Word, backend: &Word) -> Option<&Word> {
        self.models.get(model)?.get(backend)
    }

    /// The key of pseudonyms, stable within tenant and app.
    pub fn token_key(&self, tenant: &Word, app: &Word) -> hmac::Key {
        self.root.mac_key(Purpose::WireToken, &[tenant.as_str(), app.as_str(), EPOCH])
    }

    /// The key of content MACs in the record, per tenant and month (`2026-11`).
    pub fn content_key(&self, tenant: &Word, month: &str) -> hmac::Key {
        self.root.mac_key(Purpose::ContentMac, &[tenant.as_str(), month])
    }
}
