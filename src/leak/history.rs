//! What callers sent of protected documents lately: whoever sends a contract sentence by sentence sends the contract.
//!
//! Of each caller the passages are remembered that its requests touched, by keyed names and with what each was worth. Passages
//! add up as independent signs do, each at half its worth: `1 - product(1 - score / 2)`. The same passage again adds nothing,
//! so an agent that repeats its history with every turn does not grow suspicious by it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::space::{DocumentId, Touched};
use crate::limits::{LEAK_CALLERS_MAX, LEAK_PASSAGES_MAX};
use crate::model::{Caller, Word};

/// Whose requests: tenant, app, credential.
type Who = (Word, Word, Word);

/// What one caller touched: when, and how much.
type Passages = HashMap<(DocumentId, u32), (Instant, u16)>;

/// The passages that callers touched.
#[derive(Debug)]
pub(super) struct History {
    callers: Mutex<HashMap<Who, Passages>>,
    within: Duration,
}

impl History {
    pub(super) fn new(within: Duration) -> Self {
        Self { callers: Mutex::default(), within }
    }

    /// Adds what a request touched and returns what the caller's requests are worth together, 0 to 1000, for the document
    /// that they are worth most for.
    pub(super) fn add(&self, caller: &Caller, touched: &[Touched], now: Instant) -> u16 {
        let who = (caller.tenant.clone(), caller.app.clone(), caller.actor.clone());
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if touched.is_empty() && !callers.contains_key(&who) {
            return 0;
        }
        if callers.len() >= LEAK_CALLERS_MAX && !callers.contains_key(&who) {
            forget_the_quietest(&mut callers);
        }
        let passages = callers.entry(who).or_default();
        passages.retain(|_, (at, _)| now.saturating_duration_since(*at) <= self.within);
        for touch in touched {
            let known = passages.entry((touch.document, touch.window)).or_insert((now, 0));
            *known = (now, known.1.max(touch.score));
        }
        while passages.len() > LEAK_PASSAGES_MAX {
            // The least telling goes first, the oldest among those.
            let least = passages.iter().min_by_key(|(_, (at, score))| (*score, *at)).map(|(passage, _)| *passage);
            least.map(|passage| passages.remove(&passage));
        }
        together(passages)
    }
}

fn forget_the_quietest(callers: &mut HashMap<Who, Passages>) {
    let last = |passages: &Passages| passages.values().map(|(at, _)| *at).max();
    let quietest = callers.iter().min_by_key(|(_, passages)| last(passages)).map(|(who, _)| who.clone());
    quietest.map(|who| callers.remove(&who));
}

/// The worth of all passages of the document that has most.
fn together(passages: &Passages) -> u16 {
    // What is left of certainty that nothing leaked, in millionths; and the best single passage.
    let mut documents: HashMap<DocumentId, (u64, u16)> = HashMap::new();
    for ((document, _), (_, score)) in passages {
        let (left, best) = documents.entry(*document).or_insert((1_000_000, 0));
        *left = *left * (2000 - u64::from(*score)) / 2000;
        *best = (*best).max(*score);
    }
    let worth = documents.into_values().map(|(left, best)| {
        let sum = (1_000_000_u64.saturating_sub(left)) / 1000;
        u16::try_from(sum).unwrap_or(1000).max(best)
    });
    worth.max().unwrap_or(0)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test asks the clock for a first instant")]
mod tests {
    use super::*;

    fn caller(actor: &str) -> Caller {
        Caller {
            tenant: Word::fixed("t"),
            app: Word::fixed("a"),
            purpose: None,
            roles: Vec::new(),
            residence: Vec::new(),
            minors: false,
            labels_required: false,
            actor: Word::configured(actor),
            quiet: false,
            scope: std::sync::Arc::default(),
        }
    }

    fn touch(document: u8, window: u32, score: u16) -> Touched {
        Touched { document: DocumentId([document; 12]), window, score }
    }

    #[test]
    fn passages_of_one_document_add_up_within_the_time() {
        let history = History::new(Duration::from_mins(1));
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let one = caller("one");
        assert_eq!(history.add(&one, &[], at(0)), 0);
        assert_eq!(history.add(&one, &[touch(1, 1, 300)], at(0)), 300);
        assert_eq!(history.add(&one, &[touch(1, 1, 300)], at(1)), 300, "the same passage adds nothing");
        assert_eq!(history.add(&one, &[touch(2, 1, 300)], at(2)), 300, "another document adds nothing");
        for window in 2..6 {
            history.add(&one, &[touch(1, window, 300)], at(10));
        }
        assert!((540..570).contains(&history.add(&one, &[], at(11))));
        assert_eq!(history.add(&caller("two"), &[touch(1, 1, 250)], at(11)), 250, "another caller's are its own");
        assert_eq!(history.add(&one, &[], at(100)), 0, "what is old is forgotten");
    }

    #[test]
    fn it_stays_bounded() {
        let history = History::new(Duration::from_mins(1));
        let start = Instant::now();
        for number in 0..LEAK_CALLERS_MAX + 50 {
            history.add(&caller(&number.to_string()), &[touch(1, 1, 300)], start);
        }
        for window in 0..2 * LEAK_PASSAGES_MAX {
            history.add(&caller("x"), &[touch(1, u32::try_from(window).unwrap(), 201)], start);
        }
        let callers = history.callers.lock().unwrap();
        assert!(callers.len() <= LEAK_CALLERS_MAX);
        assert!(callers.values().all(|passages| passages.len() <= LEAK_PASSAGES_MAX));
    }
}
