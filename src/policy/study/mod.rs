//! What the officer asks of a policy: what may go where, what would change, why this was refused.
//!
//! A [`Study`] is a compiled policy with what it was compiled from. Everything here is a question: nothing changes a policy,
//! and nothing of it is needed to decide a request. Answers are exact, because the space of requests that a policy can tell
//! apart is finite: see the module `space`.

mod alike;
mod answer;
mod ask;
mod begin;
mod beside;
mod bindings;
mod bound;
mod by_type;
mod caused;
mod causes;
mod cells;
mod change;
mod declared_dims;
mod diff;
mod dim;
mod evidence;
#[cfg(test)]
mod exact;
mod familiar;
mod lacks;
mod less;
mod lint;
mod lint_clauses;
mod lint_truths;
mod look;
mod matrix;
mod misread;
mod mutations;
mod nearer;
mod outcome;
mod over_time;
mod reach;
mod record;
mod report;
mod reworded;
mod scenarios;
mod search;
mod sentence;
mod side;
mod space;
mod unsure;
mod waits;
mod weaker;
mod what_if;
mod words;

use std::sync::OnceLock;

use jiff::Timestamp;

pub use begin::Begin;
pub use beside::{Beside, Unused};
pub use cells::Moved;
pub use lint::{Advice, Kind};
pub use record::Explained;
pub use report::{Answer, BackendAnswer, Coverage, Difference, Differences, MatrixCell, MatrixRow, Mutant, Suggestion};
pub use search::Looked;

use super::compile::{Gathered, gather_all};
use super::diagnostic::Diagnostic;
use super::phrase::Language;
use super::resolved::Resolved;
use super::text::say;
use super::{Policy, Sources, Vocabulary, sorted, starter};
use crate::model::{Catalogue, EntityId};
use side::Side;
use space::Space;

/// A compiled policy with what it was compiled from.
#[derive(Debug)]
pub struct Study {
    gathered: Gathered,
    today: Resolved,
    policy: Policy,
    catalogue: Catalogue,
    served: Vec<EntityId>,
    vocabulary: Vocabulary,
    language: Language,
    now: Timestamp,
    /// Classes that nothing located count as located, as scenarios and the matrix speak of them.
    told: bool,
    /// The same at each instant to come at which it decides otherwise, once somebody has asked.
    later: OnceLock<Option<Vec<Self>>>,
}

impl Study {
    /// Compiles the officer's files as they stand at `now`, and keeps what they were.
    ///
    /// # Errors
    /// Every fault of every file.
    pub fn new(
        sources: &Sources,
        catalogue: &Catalogue,
        served: &[EntityId],
        vocabulary: &Vocabulary,
        now: Timestamp,
    ) -> Result<Self, Vec<Diagnostic>> {
        let (mut gathered, mut faults) = gather_all(sources, catalogue, served, vocabulary);
        if !gathered.grounded {
            return Err(faults);
        }
        let policy = gathered.policy(catalogue, vocabulary, now).or_else(|too_wide| {
            faults.extend(too_wide);
            gathered.narrow();
            gathered.policy(catalogue, vocabulary, now)
        });
        let Ok(policy) = policy else { return Err(sorted(faults)) };
        let today = gathered.resolved.on(gathered.today(now));
        let language = sources.language();
        let study = Self {
            gathered,
            today,
            policy,
            catalogue: catalogue.clone(),
            served: served.to_vec(),
            vocabulary: vocabulary.clone(),
            language,
            now,
            told: true,
            later: OnceLock::new(),
        };
        if faults.is_empty() {
            return Ok(study);
        }
        // What would be misread is told in the same run.
        Err(sorted(faults.into_iter().chain(study.misread()).collect()))
    }

    /// Every fault of the files, and what in them would be misread.
    pub fn faults(
        sources: &Sources,
        catalogue: &Catalogue,
        served: &[EntityId],
        vocabulary: &Vocabulary,
        now: Timestamp,
    ) -> Vec<Diagnostic> {
        Self::new(sources, catalogue, served, vocabulary, now).map_or_else(|faults| faults, |study| study.misread())
    }

    /// The compiled policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The language of the first sheet, in which answers are given.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The packs that are used, each with what it is for: in the language of the first sheet where octroi brings the pack.
    pub fn packs(&self) -> Vec<(String, String)> {
        let told = |(name, text): (&str, &str)| {
            let brought = |language| starter::packs_in(language).into_iter().find(|(known, _)| *known == name);
            let mut copies = Language::ALL.into_iter().filter_map(brought);
            let is_copy = copies.any(|(_, brought)| brought == text);
            let text = brought(self.language).filter(|_| is_copy).map_or(text, |(_, brought)| brought);
            (name.to_owned(), starter::purpose(text))
        };
        self.gathered.packs().map(told).collect()
    }

    /// The instant as of which everything is said.
    pub const fn instant(&self) -> Timestamp {
        self.now
    }

    /// Noon of a day at home; nothing beyond the years that can be told.
    pub fn noon(&self, day: jiff::civil::Date) -> Option<Timestamp> {
        self.gathered.noon(day)
    }

    /// When a day begins at home; nothing beyond the years that can be told.
    pub fn midnight(&self, day: jiff::civil::Date) -> Option<Timestamp> {
        self.gathered.midnight(day)
    }

    /// Date and time in words: at home, or in Greenwich where home has several clocks.
    pub fn clock(&self, instant: Timestamp) -> String {
        match self.gathered.clock(instant) {
            Some(clock) => say!("{} (time at home)", clock).said(self.language),
            None => instant.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        }
    }

    /// The policy in a search.
    fn side(&self) -> Side<'_> {
        Side { policy: &self.policy, today: &self.today, now: self.now, told: self.told }
    }

    fn space(&self, told: bool) -> Space {
        Space::new(&[(&self.policy, &self.today)], told)
    }
}

/// Every choice of `size` among `count`.
fn choices(count: usize, size: usize) -> Vec<Vec<usize>> {
    let mut found: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..size {
        found = found
            .iter()
            .flat_map(|chosen| {
                let from = chosen.last().map_or(0, |last| last + 1);
                (from..count).map(|next| chosen.iter().copied().chain([next]).collect())
            })
            .collect();
    }
    found
}
