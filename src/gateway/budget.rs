//! What tenants share of the process, the memory of bodies and the places of requests in work: for each one account for the
//! process, and within it one for each tenant.
//!
//! What counts: a request while it is read, what it unfolds to, its leaves, the copy of it that leaves; a whole answer while
//! it is gathered and restored, until the client has taken its last byte; what a stream makes the gateway hold back. A
//! [`Share`] is given back when it is dropped, so a client that goes away gives back what it held.
//!
//! A tenant may hold as much as it leaves free for the others (times its weight), and never more than its bound. With n tenants that take all
//! they can, each ends with one part in n + 1 and one part stays free: whoever has nothing yet is always served, whatever
//! the others do, and nobody has to be registered in advance for it (the dynamic thresholds of shared-memory switches).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limits;
use crate::model::{Fault, Refusal, Word};

/// Shares grow by this many bytes at least, so that a body is not counted piece by piece.
const STEP_BYTES: usize = 64 * 1024;
/// A share that holds so much more than is needed is cut back.
const SLACK_BYTES: usize = 16 * STEP_BYTES;

/// How much there is, in bytes or in requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// For all tenants together.
    pub all: usize,
    /// For any one of them.
    pub each: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { all: limits::BODIES_BYTES_MAX, each: limits::TENANT_BODIES_BYTES_MAX }
    }
}

/// Weights of those that share, by name; whoever is not there has 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weights {
    /// Of tenants.
    pub tenants: HashMap<Word, u32>,
    /// Of apps.
    pub apps: HashMap<Word, u32>,
}

/// What is shared.
#[derive(Debug, Clone, Copy, Default)]
enum Good {
    /// Memory for bodies, in bytes.
    #[default]
    Memory,
    /// Places of requests in work.
    Places,
    /// The same, shared out between apps.
    AppPlaces,
}

/// What tenants may hold together.
#[derive(Debug, Clone, Default)]
pub struct Budget(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    good: Good,
    bounds: Bounds,
    all: usize,
    /// What each tenant holds that holds something.
    tenants: HashMap<Word, usize>,
    weights: HashMap<Word, u32>,
}

impl Budget {
    /// A budget within bounds.
    pub fn new(bounds: Bounds) -> Self {
        Self(Arc::new(Mutex::new(Held { bounds, ..Held::default() })))
    }

    /// A budget of places for requests, one place more than may be in work: a single one can be had too.
    pub fn of_places(requests: usize) -> Self {
        Self::of(Good::Places, requests)
    }

    /// The same, for apps.
    pub fn of_app_places(requests: usize) -> Self {
        Self::of(Good::AppPlaces, requests)
    }

    fn of(good: Good, requests: usize) -> Self {
        let bounds = Bounds { all: requests.saturating_add(1), each: requests };
        Self(Arc::new(Mutex::new(Held { good, bounds, ..Held::default() })))
    }

    /// Puts other weights in force; what is held stays.
    pub fn weigh(&self, weights: &HashMap<Word, u32>) {
        self.held().weights.clone_from(weights);
    }

    /// Puts other bounds in force; what is held stays.
    pub fn set(&self, bounds: Bounds) {
        self.held().bounds = bounds;
    }

    /// Bytes that are held now.
    pub fn bytes(&self) -> usize {
        self.held().all
    }

    /// Bytes that may be held, over all tenants.
    pub fn bound(&self) -> usize {
        self.held().bounds.all
    }

    /// A share of a tenant that holds nothing yet.
    pub fn share(&self, tenant: &Word) -> Share {
        Share { budget: self.clone(), tenant: tenant.clone(), weight: None, bytes: 0 }
    }

    /// A share of an app of a tenant that holds nothing yet: it weighs as much as both do, or an app alone would get no more of its
    /// tenant's part than any other app of anybody.
    pub fn share_of_app(&self, (tenant, app): (&Word, &Word), weights: &Weights) -> Share {
        let of = |weights: &HashMap<Word, u32>, name| weights.get(name).map_or(1, |weight| *weight as usize);
        let weight = of(&weights.tenants, tenant).saturating_mul(of(&weights.apps, app));
        // Tenants may call apps alike.
        let account = Word::configured(&format!("{tenant}\0{app}"));
        Share { budget: self.clone(), tenant: account, weight: Some(weight), bytes: 0 }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn take(&mut self, tenant: &Word, weight: Option<usize>, bytes: usize) -> Result<(), Refusal> {
        let own = self.tenants.get(tenant).copied().unwrap_or_default();
        let (own_then, all_then) = (own.saturating_add(bytes), self.all.saturating_add(bytes));
        let free_then = self.bounds.all.saturating_sub(all_then);
        let weight = weight.unwrap_or_else(|| self.weights.get(tenant).map_or(1, |weight| *weight as usize));
        if own_then > self.bounds.each.min(free_then.saturating_mul(weight)) {
            // Whose fault it is: the tenant's when most of what would be held is its own.
            let others = self.all.saturating_sub(own);
            return Err(if own_then > others { self.good.crowding() } else { self.good.full() });
        }
        self.all = all_then;
        match self.tenants.get_mut(tenant) {
            Some(held) => *held = own_then,
            None => drop(self.tenants.insert(tenant.clone(), own_then)),
        }
        Ok(())
    }

    fn give(&mut self, tenant: &Word, bytes: usize) {
        self.all = self.all.saturating_sub(bytes);
        if let Some(held) = self.tenants.get_mut(tenant) {
            *held = held.saturating_sub(bytes);
            if *held == 0 {
                self.tenants.remove(tenant);
            }
        }
    }
}

impl Good {
    fn crowding(self) -> Refusal {
        let message = match self {
            Self::Memory => {
                "the requests of this tenant hold all the memory that it may have at once; try again when some have ended"
            }
            Self::Places => "this tenant has as many requests in work as it may; try again when some have ended",
            Self::AppPlaces => "this app has as many requests in work as it may; try again when some have ended",
        };
        Refusal::new(Fault::Caller, 429, "tenant_overloaded", message).retry_after(1)
    }

    fn full(self) -> Refusal {
        let message = match self {
            Self::Memory => "too many large requests at once; try again",
            Self::Places | Self::AppPlaces => "too many requests at once; try again",
        };
        Refusal::new(Fault::Gateway, 503, "overloaded", message).retry_after(1)
    }
}

/// What one request holds of the budget; given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Budget,
    tenant: Word,
    /// Its own weight; `None` for that of the tenant.
    weight: Option<usize>,
    bytes: usize,
}

impl Share {
    /// Holds so many bytes more.
    ///
    /// # Errors
    /// 429 when the tenant crowds the others out, 503 when there is no room; the share is as before.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        if bytes > 0 {
            self.budget.held().take(&self.tenant, self.weight, bytes)?;
            self.bytes = self.bytes.saturating_add(bytes);
        }
        Ok(())
    }

    /// Holds so many bytes at least.
    ///
    /// # Errors
    /// As [`Share::grow`].
    pub fn cover(&mut self, bytes: usize) -> Result<(), Refusal> {
        match bytes.saturating_sub(self.bytes) {
            0 => Ok(()),
            missing => self.grow(missing.max(STEP_BYTES)).or_else(|_| self.grow(missing)),
        }
    }

    /// Holds so many bytes at most.
    pub fn cut(&mut self, bytes: usize) {
        let surplus = self.bytes.saturating_sub(bytes);
        if surplus > 0 {
            self.bytes = bytes;
            self.budget.held().give(&self.tenant, surplus);
        }
    }

    /// Follows a size that goes up and down, without counting each step.
    ///
    /// # Errors
    /// As [`Share::grow`].
    pub fn follow(&mut self, bytes: usize) -> Result<(), Refusal> {
        if self.bytes.saturating_sub(bytes) > SLACK_BYTES {
            self.cut(bytes);
        }
        self.cover(bytes)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.cut(0);
    }
}

/// Bytes together with the share that pays for them: given back when the last piece of them is dropped.
#[derive(Debug)]
pub struct Paid {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What pays for them.
    pub share: Share,
}

impl AsRef<[u8]> for Paid {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Word = Word::fixed("a");
    const B: Word = Word::fixed("b");

    fn budget(all: usize, each: usize) -> Budget {
        Budget::new(Bounds { all, each })
    }

    /// Takes in steps until it is refused; what was taken, and how it was refused.
    fn fill(budget: &Budget, tenant: &Word) -> (Share, u16) {
        let mut share = budget.share(tenant);
        loop {
            if let Err(refusal) = share.grow(1) {
                assert_eq!(refusal.retry_after_s, Some(1));
                return (share, refusal.status);
            }
        }
    }

    #[test]
    fn a_tenant_takes_what_it_leaves_to_others() {
        for (name, all, each, taken) in [
            ("half of all, when it is alone", 1000, 1000, 500),
            ("not more than its bound", 1000, 300, 300),
            ("nothing of nothing", 0, 1000, 0),
        ] {
            let budget = budget(all, each);
            let (share, status) = fill(&budget, &A);
            assert_eq!((share.bytes, status, budget.bytes()), (taken, 429, taken), "{name}");
        }
    }

    /// Whoever has three times the weight ends with three times as much, and others still find room.
    #[test]
    fn weights_share_unequally() {
        let budget = budget(1000, 1000);
        budget.weigh(&HashMap::from([(A, 3)]));
        let (mut a, mut b) = (budget.share(&A), budget.share(&B));
        for _ in 0..5_000 {
            // Requests end and others come.
            a.cut(a.bytes.saturating_sub(1));
            b.cut(b.bytes.saturating_sub(1));
            for _ in 0..2 {
                a.grow(1).unwrap_or_default();
                b.grow(1).unwrap_or_default();
            }
        }
        assert!((590..=610).contains(&a.bytes) && (190..=210).contains(&b.bytes), "{} {}", a.bytes, b.bytes);
        assert!(budget.share(&Word::fixed("c")).grow(1).is_ok());
    }

    /// The only app of a tenant with three times the weight has as much as its tenant; apps of one name are told apart.
    #[test]
    fn an_app_weighs_as_much_as_its_tenant() {
        let (budget, app) = (budget(1000, 1000), Word::fixed("chat"));
        let weights = Weights { tenants: HashMap::from([(A, 3)]), apps: HashMap::new() };
        let (mut a, mut b) = (budget.share_of_app((&A, &app), &weights), budget.share_of_app((&B, &app), &weights));
        for _ in 0..5_000 {
            a.cut(a.bytes.saturating_sub(1));
            b.cut(b.bytes.saturating_sub(1));
            for _ in 0..2 {
                a.grow(1).unwrap_or_default();
                b.grow(1).unwrap_or_default();
            }
        }
        assert!((590..=610).contains(&a.bytes) && (190..=210).contains(&b.bytes), "{} {}", a.bytes, b.bytes);
    }

    /// However many are greedy, the next finds room, and the greedy ones are told that it is them.
    #[test]
    fn nobody_is_starved() {
        let names: Vec<Word> = (0..20).map(|number| Word::configured(&format!("tenant-{number}"))).collect();
        for greedy in 1..names.len() {
            let budget = budget(100_000, 100_000);
            let mut shares: Vec<Share> = names.iter().take(greedy).map(|name| budget.share(name)).collect();
            while shares.iter_mut().filter_map(|share| share.grow(10).ok()).count() > 0 {}
            let fair = 100_000 / (greedy + 1);
            assert!(shares.iter().all(|share| share.bytes.abs_diff(fair) <= 10), "{greedy}: {shares:?}");
            let mut late = budget.share(&names[greedy]);
            assert!(late.grow(fair / 2 - 10).is_ok(), "{greedy}: no room is left for the next");
        }
    }

    #[test]
    fn it_is_said_whose_fault_it_is() {
        let budget = budget(1000, 1000);
        let (_held, _) = fill(&budget, &A);
        let mut late = budget.share(&B);
        assert_eq!(late.grow(300).unwrap_err().code, "overloaded", "most is another's");
        assert!(late.grow(200).is_ok());
        assert_eq!(late.grow(400).unwrap_err().code, "tenant_overloaded", "most would be its own");
    }

    #[test]
    fn shares_are_given_back() {
        let budget = budget(1 << 20, 1 << 20);
        let mut share = budget.share(&A);
        share.cover(10).unwrap();
        assert_eq!(share.bytes, STEP_BYTES);
        share.cover(STEP_BYTES).unwrap();
        share.cut(20);
        assert_eq!((share.bytes, budget.bytes()), (20, 20));
        let paid = bytes::Bytes::from_owner(Paid { bytes: vec![0; 20], share });
        let (half, rest) = (paid.slice(..10), paid.slice(10..));
        drop((paid, half));
        assert_eq!(budget.bytes(), 20, "a piece is still there");
        drop(rest);
        assert_eq!((budget.bytes(), budget.held().tenants.len()), (0, 0));
    }

    #[test]
    fn a_share_follows_a_size() {
        let budget = budget(64 << 20, 64 << 20);
        let mut share = budget.share(&A);
        share.follow(8 << 20).unwrap();
        share.follow((8 << 20) - SLACK_BYTES).unwrap();
        assert_eq!(share.bytes, 8 << 20, "small steps are not counted");
        share.follow(100).unwrap();
        assert_eq!(share.bytes, 100);
        assert!(share.follow(40 << 20).is_err());
        assert_eq!(budget.bytes(), 100, "what is refused is not held");
    }

    #[test]
    fn other_bounds_hold_from_now_on() {
        let budget = budget(1000, 1000);
        let mut share = budget.share(&A);
        share.grow(500).unwrap();
        budget.set(Bounds { all: 400, each: 400 });
        assert!(share.grow(1).is_err());
        share.cut(100);
        assert!(share.grow(50).is_ok());
    }
}
