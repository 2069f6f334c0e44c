//! Similarity of a request's text to protected documents.
//!
//! ```text
//! text (words) -> prints (copied runs) \
//!              -> sketch -> scan (near windows) -> align, space (evidence, score) -> corpus (all tenants) -> guard (a request)
//! text (spoken) -> encoder, model -> meaning (near passages, less their cohorts) -> seen /
//! extract (files) -> store (sealed segments) -> space
//! ```
//! [`Scanner`] is the seam to the journey: a registered corpus implements it ([`guard::Guard`]). Where no corpus is registered
//! the score is surely 0, which is a fact and not a guess ([`NoCorpus`]). A scanner never yields text, only integers that
//! replay and keyed names. The map for people is `docs/leak.md`.

pub mod align;
pub mod cores;
pub mod corpus;
pub mod cuda;
pub mod disguised;
pub mod encoder;
pub mod extract;
pub mod guard;
mod history;
pub mod meaning;
pub mod model;
pub mod prints;
pub mod scan;
mod seen;
mod simd;
pub mod sketch;
pub mod space;
pub mod store;
pub mod text;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::model::{Call, Caller, Leak};

/// A comparison on its way.
pub type Comparing<'a> = Pin<Box<dyn Future<Output = Leak> + Send + 'a>>;

/// Compares a call with protected documents.
pub trait Scanner: Send + Sync + std::fmt::Debug {
    /// Scores a call of a caller from 0 to 1000, or says that it is unknown (failure, budget).
    fn scan<'a>(&'a self, caller: &'a Caller, call: &'a Arc<Call>) -> Comparing<'a>;

    /// Takes what was registered or removed since the last look. May wait for files.
    fn look(&self) {}

    /// Where the encoder computes, and how much it did; nothing where there is none.
    fn encoder(&self) -> Option<meaning::Work> {
        None
    }
}

/// The scanner of a gateway at which no document is registered: nothing can match.
#[derive(Debug, Clone, Copy)]
pub struct NoCorpus;

impl Scanner for NoCorpus {
    fn scan<'a>(&'a self, _caller: &'a Caller, _call: &'a Arc<Call>) -> Comparing<'a> {
        Box::pin(std::future::ready(Leak::scored(0)))
    }
}
