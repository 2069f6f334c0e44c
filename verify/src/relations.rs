//! The story that the entries must tell together: each attempt and outcome belongs to a decision, each decision that let
//! something out has at most one outcome.
//!
//! Memory is bounded: open decisions are as many as a gateway has requests in work, and of those that ended only the last
//! [`FINISHED_KEPT`] are remembered, to give a second outcome its right name.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::entry::{About, Kind, Request};
use crate::problem::ProblemKind;

/// Decisions that may be open at one time; a gateway has fewer requests in work.
pub const OPEN_MAX: usize = 65_536;
/// Requests that ended and are still remembered.
pub const FINISHED_KEPT: usize = 32_768;

/// How a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The decision refused: nothing left, and an outcome may follow but need not.
    Refused,
    /// It has its outcome.
    Ended,
}

/// The requests of a log so far.
#[derive(Debug, Default)]
pub struct Relations {
    open: HashSet<Request>,
    finished: HashMap<Request, State>,
    order: VecDeque<Request>,
    /// Attempts and outcomes of decisions before the first entry that is left; `None` when none was removed.
    cut: Option<u64>,
}

impl Relations {
    /// Begins behind entries that were removed: some of the stories that they began go on.
    pub fn after_pruning() -> Self {
        Self { cut: Some(0), ..Self::default() }
    }

    /// How many entries belong to decisions that were removed.
    pub fn cut(&self) -> u64 {
        self.cut.unwrap_or(0)
    }

    /// Goes on from a point at which these decisions were open.
    pub fn resume(open: impl IntoIterator<Item = Request>) -> Self {
        Self { open: open.into_iter().collect(), ..Self::default() }
    }

    /// Takes the next entry of the log.
    ///
    /// # Errors
    /// The kind of problem and a sentence when the entry does not fit those before it.
    pub fn take(&mut self, about: &About) -> Result<(), (ProblemKind, &'static str)> {
        let Some(request) = about.request else {
            return Ok(());
        };
        let known = self.finished.get(&request).copied();
        match about.kind {
            Kind::Decision if self.open.contains(&request) || known.is_some() => {
                Err((ProblemKind::Twice, "a second decision on one request"))
            }
            Kind::Decision if about.refuses => {
                self.finish(request, State::Refused);
                Ok(())
            }
            Kind::Decision if self.open.len() >= OPEN_MAX => {
                Err((ProblemKind::TooManyOpen, "more decisions wait for an outcome than a gateway has requests"))
            }
            Kind::Decision => {
                self.open.insert(request);
                Ok(())
            }
            Kind::Attempt if self.open.contains(&request) => Ok(()),
            Kind::Attempt | Kind::Outcome if self.is_cut(request, known.is_some()) => {
                if about.kind == Kind::Outcome {
                    self.finish(request, State::Ended);
                }
                Ok(())
            }
            Kind::Attempt => Err((ProblemKind::NoDecision, "an attempt of a request that has no open decision")),
            Kind::Outcome if self.open.remove(&request) || known == Some(State::Refused) => {
                self.finish(request, State::Ended);
                Ok(())
            }
            Kind::Outcome if known.is_some() => Err((ProblemKind::Twice, "a second outcome of one request")),
            Kind::Outcome => Err((ProblemKind::NoDecision, "an outcome of a request that has no open decision")),
            _ => Ok(()),
        }
    }

    /// Requests whose decision has no outcome, in no order.
    pub fn open(&self) -> impl ExactSizeIterator<Item = Request> {
        self.open.iter().copied()
    }

    /// Takes a decision back that did not get into the log after all.
    pub fn forget(&mut self, request: Request) {
        self.open.remove(&request);
        if self.finished.remove(&request).is_some() {
            self.order.retain(|finished| *finished != request);
        }
    }

    /// Whether it may belong to a decision that was removed: nothing is known of it. Counted.
    fn is_cut(&mut self, request: Request, known: bool) -> bool {
        let unknown = !known && !self.open.contains(&request);
        match &mut self.cut {
            Some(cut) if unknown => {
                *cut = cut.saturating_add(1);
                true
            }
            _ => false,
        }
    }

    fn finish(&mut self, request: Request, state: State) {
        if self.finished.insert(request, state).is_none() {
            self.order.push_back(request);
        }
        if self.order.len() > FINISHED_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.finished.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(kind: Kind, request: u128, refuses: bool) -> About {
        About { kind, request: Some(Request(request)), refuses }
    }

    #[test]
    fn names_what_does_not_fit() {
        use Kind::{Attempt, Decision, Outcome};
        let forward = |request| about(Decision, request, false);
        let refuse = |request| about(Decision, request, true);
        let (attempt, outcome) = (|request| about(Attempt, request, false), |request| about(Outcome, request, false));
        for (name, entries, expected) in [
            ("a whole life", vec![forward(1), attempt(1), outcome(1)], None),
            ("two at a time", vec![forward(1), forward(2), outcome(1), attempt(2), outcome(2)], None),
            ("a refusal alone", vec![refuse(1)], None),
            ("a refusal with its outcome", vec![refuse(1), outcome(1)], None),
            ("outcome first", vec![outcome(1)], Some(ProblemKind::NoDecision)),
            ("attempt first", vec![attempt(1)], Some(ProblemKind::NoDecision)),
            ("attempt after the end", vec![forward(1), outcome(1), attempt(1)], Some(ProblemKind::NoDecision)),
            ("attempt of a refusal", vec![refuse(1), attempt(1)], Some(ProblemKind::NoDecision)),
            ("two outcomes", vec![forward(1), outcome(1), outcome(1)], Some(ProblemKind::Twice)),
            ("two outcomes of a refusal", vec![refuse(1), outcome(1), outcome(1)], Some(ProblemKind::Twice)),
            ("two decisions", vec![forward(1), forward(1)], Some(ProblemKind::Twice)),
            ("a decision after the end", vec![forward(1), outcome(1), forward(1)], Some(ProblemKind::Twice)),
        ] {
            let mut relations = Relations::default();
            let found = entries.iter().map(|entry| relations.take(entry)).find_map(Result::err);
            assert_eq!(found.map(|(kind, _)| kind), expected, "{name}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut relations = Relations::default();
        for request in 0..100_000 {
            relations.take(&about(Kind::Decision, request, true)).unwrap();
        }
        assert_eq!((relations.finished.len(), relations.order.len()), (FINISHED_KEPT, FINISHED_KEPT));
        for request in 200_000..200_000 + OPEN_MAX as u128 {
            relations.take(&about(Kind::Decision, request, false)).unwrap();
        }
        let one_more = relations.take(&about(Kind::Decision, 1 << 100, false)).unwrap_err();
        assert_eq!(one_more.0, ProblemKind::TooManyOpen);
    }
}
