//! Which backends can serve a request at all: those that speak its API and serve its model.
//!
//! The gateway fills the set from `octroi.toml`; policy orders what is left after its rules. Being able is no permission.

use smallvec::SmallVec;

use crate::model::BackendId;

/// A set of backends of one policy. Any number of them: 64 to a word.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BackendSet(SmallVec<[u64; 2]>);

impl BackendSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a backend.
    pub fn insert(&mut self, backend: BackendId) {
        let word = usize::from(backend.0) / 64;
        if self.0.len() <= word {
            self.0.resize(word.saturating_add(1), 0);
        }
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= 1_u64 << (backend.0 % 64);
        }
    }

    /// Whether the backend is in the set.
    pub fn contains(&self, backend: BackendId) -> bool {
        self.0.get(usize::from(backend.0) / 64).is_some_and(|bits| bits >> (backend.0 % 64) & 1 == 1)
    }
}

impl FromIterator<BackendId> for BackendSet {
    fn from_iter<I: IntoIterator<Item = BackendId>>(backends: I) -> Self {
        let mut set = Self::new();
        for backend in backends {
            set.insert(backend);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_more_than_64() {
        let set: BackendSet = [0, 63, 64, 700].map(BackendId).into_iter().collect();
        for (backend, held) in [(0, true), (1, false), (63, true), (64, true), (65, false), (700, true), (9000, false)]
        {
            assert_eq!(set.contains(BackendId(backend)), held, "backend {backend}");
        }
    }
}
