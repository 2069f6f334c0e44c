//! A request as a space takes it: the words of all its texts, one after the other, under the space's keys.

use std::ops::Range;

use super::JudgeError;
use super::document::terms;
use crate::leak::sketch::Term;
use crate::leak::text::{Keys, Words, stock};

/// The words of a request under one tenant's keys. Texts follow one another, so that a passage that was split over messages is
/// read as one.
#[derive(Debug, Clone, Default)]
pub struct Question {
    pub(super) prose: Vec<u32>,
    pub(super) weights: Vec<u8>,
    pub(super) code: Vec<u32>,
    pub(super) code_weights: Vec<u8>,
    /// Text and byte range of each word of the prose.
    pub(super) places: Vec<(u32, Range<u32>)>,
    pub(super) code_places: Vec<(u32, Range<u32>)>,
}

impl Question {
    /// Brings texts under a tenant's keys. `texts` yields the number of a text and its words.
    ///
    /// # Errors
    /// When `stop` says so, which it is asked before each text.
    pub fn new<'a>(
        texts: impl Iterator<Item = (u32, &'a Words)>,
        keys: &Keys,
        stop: &dyn Fn() -> bool,
    ) -> Result<Self, JudgeError> {
        let mut question = Self::default();
        for (number, words) in texts {
            if stop() {
                return Err(JudgeError::Stopped);
            }
            let before = question.weights.len();
            for word in &words.prose {
                question.prose.push(keys.token(word.hash));
                question.weights.push(word.weight);
                question.places.push((number, word.start..word.end));
            }
            stock::words_of(&words.prose, |word| {
                if let Some(weight) = question.weights.get_mut(before + word) {
                    *weight = 0;
                }
            });
            for word in &words.code {
                question.code.push(keys.token(word.hash));
                question.code_weights.push(word.weight);
                question.code_places.push((number, word.start..word.end));
            }
        }
        Ok(question)
    }

    pub(super) fn terms(&self) -> Vec<Term> {
        terms(&self.prose, &self.weights)
    }
}
