//! A sentence encoder of the BERT family: text to a unit vector, near to those of texts that mean the same.
//!
//! The model is a folder of the operator's: `model.safetensors`, `config.json`, `tokenizer.json`. It is read as hostile
//! bytes: sizes are bounded before anything is allocated, every tensor's shape is checked, and a fault is an error that names
//! the file's place and never a crash.
//!
//! ```text
//! ids -> embedding, norm -> layers x (attention, add, norm, GELU in the middle of two products, add, norm) -> mean -> unit
//! ```
//! Sequences lie end to end without padding, so that each costs what its own length asks. [`Encoder`] is the f32 reference
//! on the processor; the GPU computes the same in bf16 and stays within a cosine of 0.9999 of it.

mod config;
mod forward;
#[cfg(test)]
pub(in crate::leak) mod samples;
mod tensors;
#[cfg(test)]
mod tests;
mod tokenizer;
mod weights;

pub use config::{Config, Pooling};
pub use forward::Encoder;
pub use tensors::Tensors;
pub use tokenizer::{TOKENIZER_BYTES_MAX, Tokenizer};
pub use weights::{Layer, Norm, Product, Weights};

/// Bytes of a file of weights: the largest encoders of this family stay below.
pub const WEIGHTS_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// Tokens of one call, over all sequences.
pub const TOKENS_MAX: usize = 8_192;
/// Sequences of one call.
pub const SEQUENCES_MAX: usize = 256;

/// What is wrong with a model or with what it is asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The file of weights is cut off or does not follow its format.
    #[error("the weights are malformed: {0}")]
    Weights(&'static str),
    /// A tensor that the model needs is not there.
    #[error("the weights lack `{0}`")]
    Missing(String),
    /// A tensor of another shape than the configuration says.
    #[error("the tensor `{0}` has another shape than the configuration says")]
    Shape(String),
    /// The configuration cannot be read.
    #[error("the configuration is malformed: {0}")]
    Config(String),
    /// The tokenizer's file cannot be read.
    #[error("the tokenizer is malformed: {0}")]
    Tokenizer(&'static str),
    /// A model of a kind that this encoder does not compute.
    #[error("{what} `{found}` is not supported")]
    Unsupported {
        /// What of the configuration.
        what: &'static str,
        /// Its value, cut short.
        found: String,
    },
    /// More tokens or sequences than one call takes, an empty sequence, or an id outside the vocabulary.
    #[error("the input does not fit the model")]
    Input,
}

/// Sequences of token ids laid end to end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    ids: Vec<u32>,
    /// Where each sequence ends.
    ends: Vec<usize>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a sequence.
    ///
    /// # Errors
    /// An empty sequence, or more than a call takes.
    pub fn push(&mut self, ids: &[u32]) -> Result<(), ModelError> {
        if ids.is_empty() || self.ids.len() + ids.len() > TOKENS_MAX || self.ends.len() >= SEQUENCES_MAX {
            return Err(ModelError::Input);
        }
        self.ids.extend_from_slice(ids);
        self.ends.push(self.ids.len());
        Ok(())
    }

    /// Sequences held.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The ids of all sequences.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// Where each sequence starts and ends.
    pub fn spans(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(self.ends.iter().copied())
    }

    /// Refuses ids outside the vocabulary and sequences longer than the model has places for.
    pub(super) fn check(&self, config: &Config) -> Result<(), ModelError> {
        let long = self.spans().any(|(start, end)| end - start > config.length_max());
        if long || self.ids.iter().any(|id| *id as usize >= config.vocabulary) {
            return Err(ModelError::Input);
        }
        Ok(())
    }
}

/// A unit vector as the scan's bytes: one scale for all, rounded half to even.
#[expect(clippy::cast_possible_truncation, reason = "clamped to what a byte holds")]
pub fn quantised(vector: &[f32]) -> Vec<i8> {
    vector.iter().map(|x| (x * 127.0).round_ties_even().clamp(-127.0, 127.0) as i8).collect()
}
