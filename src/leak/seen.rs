//! What an encoder adds to an answer: documents that a request is near to by meaning alone.
//!
//! The passages of a request go to the encoder from the last to the first: in a conversation the end is what is new. What was
//! not read in time, and documents that the model has no rows of, leave the encoder's word unknown; what the other stages
//! said stands.

use std::time::Instant;

use super::corpus::{Answer, Corpus, EVERYBODY, counts_for};
use super::disguised::Texts;
use super::encoder::ModelError;
use super::meaning::{self, Embedder, Sight};
use super::scan::ScanError;
use super::space::{Match, Stage};
use crate::model::Leak;

/// Documents that an encoder names.
const MATCHES_MAX: usize = 4;

/// Why the encoder says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeeError {
    /// The encoder failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The scan failed.
    #[error(transparent)]
    Scan(#[from] ScanError),
}

impl Answer {
    /// Asks an encoder as well, until a moment.
    ///
    /// # Errors
    /// When it fails; the answer is as it was, but for what is now unknown.
    pub fn see(
        &mut self,
        (corpus, tenant): (&Corpus, Option<&str>),
        texts: &Texts,
        (embedder, until): (&dyn Embedder, Option<Instant>),
    ) -> Result<(), SeeError> {
        // It cannot say more than this.
        if self.score >= Leak::REVIEW_MAX {
            return Ok(());
        }
        self.unseen = true;
        let spoken = texts.spoken();
        let mut ranges = meaning::cut(&spoken.ends());
        ranges.reverse();
        let passages: Vec<&str> = ranges.iter().map(|range| spoken.passage(range.clone())).collect();
        let rows = embedder.embed(tenant.unwrap_or(EVERYBODY), &passages, until)?;
        let mut is_whole = rows.len() == ranges.len();
        for (name, of) in &*corpus.tenants() {
            if tenant.is_some_and(|tenant| !counts_for(name, tenant)) || of.space.is_empty() {
                continue;
            }
            let Some(index) = of.index.as_ref().filter(|index| index.model() == embedder.digest()) else {
                is_whole = false;
                continue;
            };
            is_whole &= index.is_whole(of.space.len());
            self.epoch += index.epoch();
            let least = of.margin.unwrap_or(meaning::MARGIN_MIN);
            let near = index.near(&rows, least)?;
            let matches = near.iter().take(MATCHES_MAX).filter_map(|sight: &Sight| {
                let document = of.space.document(sight.document)?;
                let found = Match {
                    score: meaning::worth(sight.margin, least),
                    stage: Stage::Encoder,
                    about: document.about.clone(),
                    window: u32::try_from(meaning::window(sight.passage)).unwrap_or(u32::MAX),
                    passage: meaning::range(sight.passage, document.words()),
                    words: ranges.get(sight.asked).cloned().unwrap_or_default(),
                    asked: ranges.get(sight.asked).and_then(|range| spoken.place(range.clone())),
                };
                Some((name.clone(), found))
            });
            self.matches.extend(matches);
        }
        self.matches.sort_by_key(|(_, found)| std::cmp::Reverse(found.score));
        let nearest = self.matches.first().map_or(0, |(_, found)| found.score);
        if nearest > self.score {
            // How harmless texts fare with the other stages says nothing of this one.
            (self.score, self.chance) = (nearest, None);
        }
        self.unseen = !is_whole;
        Ok(())
    }
}
