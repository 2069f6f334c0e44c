//! Similarity of a request's text to protected documents.
//!
//! [`Scanner`] is the seam: a registered corpus implements it. Where no corpus is registered the score is surely 0, which is
//! a fact and not a guess ([`NoCorpus`]). A scanner never yields text, only an integer that replays.

pub mod align;
pub mod corpus;
pub mod cuda;
pub mod disguised;
pub mod encoder;
pub mod extract;
pub mod prints;
pub mod scan;
mod simd;
pub mod sketch;
pub mod space;
pub mod store;
pub mod text;

use std::future::Future;
use std::pin::Pin;

use crate::model::{Call, LeakFact};

/// Compares a call with protected documents.
pub trait Scanner: Send + Sync + std::fmt::Debug {
    /// Scores a call from 0 to 1000, or says that it is unknown (failure, budget).
    fn scan<'a>(&'a self, call: &'a Call) -> Pin<Box<dyn Future<Output = LeakFact> + Send + 'a>>;
}

/// The scanner of a gateway at which no document is registered: nothing can match.
#[derive(Debug, Clone, Copy)]
pub struct NoCorpus;

impl Scanner for NoCorpus {
    fn scan<'a>(&'a self, _call: &'a Call) -> Pin<Box<dyn Future<Output = LeakFact> + Send + 'a>> {
        Box::pin(std::future::ready(LeakFact::Score(0)))
    }
}
