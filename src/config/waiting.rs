//! `[waiting]` and `[smaller]`: how requests wait for room at home, and which model serves in the place of which.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::raw::{RawBackend, RawConfig};
use super::resolve::Resolver;
use crate::balance::{Full, Priority};
use crate::limits;
use crate::model::Word;

/// How requests wait for room, and what serves in the place of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Requests that may wait in one tier.
    pub requests: usize,
    /// Time from the decision for which a request waits.
    pub deadline: Duration,
    /// Time from the decision after which a smaller model will do.
    pub smaller_after: Duration,
    /// Apps whose work comes after that of others.
    pub batch: BTreeSet<Word>,
    /// The smaller model of a model.
    pub smaller: BTreeMap<Word, Word>,
}

impl Waiting {
    /// The priority of a request that declares one: a batch is one of which its app says so, or it does itself.
    pub fn priority(&self, app: &Word, declared: Priority) -> Priority {
        if self.batch.contains(app) { Priority::Batch } else { declared }
    }
}

/// The table as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWaiting {
    pub(super) requests: Option<Spanned<u64>>,
    pub(super) deadline_s: Option<Spanned<u64>>,
    pub(super) smaller_ms: Option<Spanned<u64>>,
}

/// Requests that may be set to wait: each holds its body.
const REQUESTS: (u64, u64) = (1, 1 << 20);
/// The longest wait that can be set, in seconds.
const DEADLINE_S: (u64, u64) = (0, 600);

impl Resolver<'_> {
    /// How requests wait.
    pub(super) fn waiting(&mut self, raw: &RawConfig) -> Waiting {
        let table = &raw.waiting;
        self.within("requests", table.requests.as_ref(), REQUESTS);
        self.within("deadline_s", table.deadline_s.as_ref(), DEADLINE_S);
        self.within("smaller_ms", table.smaller_ms.as_ref(), (0, DEADLINE_S.1 * 1_000));
        let number = |value: &Option<Spanned<u64>>| value.as_ref().map(|value| *value.get_ref());
        Waiting {
            requests: number(&table.requests)
                .and_then(|number| usize::try_from(number).ok())
                .unwrap_or(limits::WAITING_MAX),
            deadline: number(&table.deadline_s).map_or(limits::WAITING_DEADLINE, Duration::from_secs),
            smaller_after: number(&table.smaller_ms).map_or(limits::WAITING_SMALLER, Duration::from_millis),
            batch: self.batch(raw),
            smaller: self.smaller(raw),
        }
    }

    /// Apps whose requests come after those of others.
    fn batch(&mut self, raw: &RawConfig) -> BTreeSet<Word> {
        let mut batch = BTreeSet::new();
        for app in &raw.app {
            let Some(priority) = &app.priority else { continue };
            match Priority::named(priority.get_ref()) {
                Some(Priority::Batch) => drop(batch.insert(Word::configured(app.name.get_ref()))),
                Some(Priority::Interactive) => {}
                None => self.fault(
                    priority,
                    "is neither `interactive` nor `batch`",
                    "`batch` lets interactive work go first where requests wait",
                ),
            }
        }
        batch
    }

    /// Which model serves in the place of which: both are configured, and nobody comes back to where they were.
    fn smaller(&mut self, raw: &RawConfig) -> BTreeMap<Word, Word> {
        let is_model = |name: &str| raw.models.keys().any(|model| model.get_ref() == name);
        let mut smaller: BTreeMap<&str, &str> = BTreeMap::new();
        for (model, small) in &raw.smaller {
            for name in [model, small] {
                if !is_model(name.get_ref()) {
                    let what = format!("no model is called `{}`", name.get_ref());
                    self.fault(name, what, "name two models of [models]: `\"large\" = \"small\"`");
                }
            }
            smaller.insert(model.get_ref(), small.get_ref());
        }
        for (model, small) in &raw.smaller {
            let mut at = small.get_ref().as_str();
            let mut steps = 0;
            // A way that is longer than the table comes back somewhere.
            while let Some(next) = smaller.get(at).filter(|_| at != model.get_ref() && steps <= smaller.len()) {
                at = next;
                steps += 1;
            }
            if at == model.get_ref() || steps > smaller.len() {
                let what = format!("`{}` comes back to itself", model.get_ref());
                self.fault(small, what, "a smaller model may not lead back to a larger one");
            }
        }
        let words = smaller.into_iter().map(|(model, small)| (Word::configured(model), Word::configured(small)));
        words.collect()
    }

    /// When an endpoint of a backend is full.
    pub(super) fn full(&mut self, raw: &RawBackend) -> Option<Full> {
        let most = u64::from(u32::MAX);
        self.within("full_requests", raw.full_requests.as_ref(), (1, most));
        self.within("full_waiting", raw.full_waiting.as_ref(), (1, most));
        if let (Some(waiting), None) = (&raw.full_waiting, &raw.poll) {
            self.fault(
                waiting,
                "nobody asks this server how many wait",
                "write `poll = \"vllm\"`, or leave the key out",
            );
        }
        let (requests, waiting) = (raw.full_requests.as_ref(), raw.full_waiting.as_ref());
        let number = |value: &Spanned<u32>| *value.get_ref();
        (requests.is_some() || waiting.is_some())
            .then(|| Full { requests: requests.map(number), waiting: waiting.map(number) })
    }
}
