//! What long texts were found to hold, from one turn of an agent to the next.
//!
//! A history of a megabyte comes back with every turn; only its end is new. Each app of each tenant has a memory of its own,
//! under a key of its own: nobody can tell by the time it takes what another has sent. A text is known by a keyed hash of it,
//! its key and the detectors; neither it nor any part of it is kept. When a memory is full, what was not asked for since the
//! half of it was last full is forgotten.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::hmac;

use crate::detect::{Block, Memory, Remembered};
use crate::identity::{Purpose, RootKey};
use crate::limits::{SCAN_MEMORY_APPS_MAX, SCAN_MEMORY_BYTES_MAX};
use crate::model::{Caller, Word};

/// Bytes of an entry besides what is remembered: its hash, twice over for the table's free places.
const ENTRY_BYTES: usize = 96;

/// The memories of all apps.
#[derive(Debug, Default)]
pub struct ScanMemory {
    apps: Mutex<HashMap<TenantApp, Arc<Mutex<Generations>>>>,
}

/// Whose memory it is: tenant, then app.
type TenantApp = (Word, Word);

/// Keyed hash of a text.
type Name = [u8; 32];

/// Two halves of a memory: the younger is filled, the older forgotten when the younger is full.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Name, Arc<Remembered>>,
    old: HashMap<Name, Arc<Remembered>>,
    young_bytes: usize,
}

/// The memory of one app.
pub struct AppMemory {
    key: hmac::Key,
    generations: Arc<Mutex<Generations>>,
}

impl std::fmt::Debug for AppMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppMemory(..)")
    }
}

impl ScanMemory {
    /// The memory of a caller's app.
    pub fn of(&self, caller: &Caller, root: &RootKey) -> AppMemory {
        let scope = (caller.tenant.clone(), caller.app.clone());
        let mut apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        if apps.len() >= SCAN_MEMORY_APPS_MAX && !apps.contains_key(&scope) {
            apps.clear();
        }
        let generations = Arc::clone(apps.entry(scope).or_default());
        let key = root.mac_key(Purpose::ScanMemory, &[caller.tenant.as_str(), caller.app.as_str()]);
        AppMemory { key, generations }
    }
}

impl AppMemory {
    fn name(&self, block: &Block<'_>) -> Option<Name> {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&block.engine.to_be_bytes());
        // The key's length tells no key, an empty key, and where the text begins.
        let key = block.key.map_or(0, |key| key.len() as u64 + 1);
        context.update(&key.to_be_bytes());
        context.update(block.key.unwrap_or_default().as_bytes());
        context.update(block.text.as_bytes());
        context.sign().as_ref().first_chunk().copied()
    }
}

impl Memory for AppMemory {
    fn recall(&self, block: &Block<'_>) -> Option<Arc<Remembered>> {
        let name = self.name(block)?;
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = generations.young.get(&name) {
            return Some(Arc::clone(known));
        }
        let known = generations.old.remove(&name)?;
        generations.keep(name, Arc::clone(&known));
        Some(known)
    }

    fn keep(&self, block: &Block<'_>, found: Remembered) {
        if let Some(name) = self.name(block) {
            let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
            generations.keep(name, Arc::new(found));
        }
    }
}

impl Generations {
    fn keep(&mut self, name: Name, found: Arc<Remembered>) {
        let bytes = found.bytes() + ENTRY_BYTES;
        if bytes > SCAN_MEMORY_BYTES_MAX / 2 {
            return;
        }
        if self.young_bytes + bytes > SCAN_MEMORY_BYTES_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        if self.young.insert(name, found).is_none() {
            self.young_bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(app: &'static str, memory: &ScanMemory, root: &RootKey) -> AppMemory {
        let word = Word::fixed;
        let caller = Caller {
            tenant: word("tenant"),
            app: word(app),
            purpose: None,
            roles: Vec::new(),
            residence: Vec::new(),
            minors: false,
            labels_required: false,
            actor: word("actor"),
            quiet: false,
            scope: Arc::default(),
        };
        memory.of(&caller, root)
    }

    #[test]
    fn a_memory_belongs_to_one_app_one_key_and_one_engine() {
        let (all, root) = (ScanMemory::default(), RootKey::generate().unwrap());
        let one = memory("one", &all, &root);
        let block = Block { text: "some text", key: None, engine: 1 };
        one.keep(&block, Remembered::default());
        assert!(one.recall(&block).is_some());
        assert!(memory("one", &all, &root).recall(&block).is_some());
        assert!(memory("two", &all, &root).recall(&block).is_none());
        assert!(one.recall(&Block { key: Some(""), ..block }).is_none());
        assert!(one.recall(&Block { engine: 2, ..block }).is_none());
        assert!(one.recall(&Block { text: "some texts", ..block }).is_none());
    }

    #[test]
    fn a_full_memory_forgets_and_stays_bounded() {
        let (all, root) = (ScanMemory::default(), RootKey::generate().unwrap());
        let one = memory("one", &all, &root);
        let count = 2 * SCAN_MEMORY_BYTES_MAX / ENTRY_BYTES;
        for number in 0..count {
            one.keep(&Block { text: &number.to_string(), key: None, engine: 1 }, Remembered::default());
        }
        assert!(one.recall(&Block { text: "0", key: None, engine: 1 }).is_none());
        assert!(one.recall(&Block { text: &(count - 1).to_string(), key: None, engine: 1 }).is_some());
        let generations = one.generations.lock().unwrap();
        assert!((generations.young.len() + generations.old.len()) * ENTRY_BYTES <= SCAN_MEMORY_BYTES_MAX);
    }
}
