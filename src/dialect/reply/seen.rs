//! What was seen of a reply or an event while it was read.

use super::{Ended, Logprobs, Position, ReplyLeaf, Sequence, Usage};

/// What was seen.
#[derive(Default)]
pub(crate) struct Seen<'a> {
    /// The leaves.
    pub(crate) leaves: Vec<ReplyLeaf<'a>>,
    /// See [`super::ReplyView::logprobs`].
    pub(crate) logprobs: Vec<Logprobs>,
    /// Positions in restored texts.
    pub(crate) positions: Vec<Position>,
    /// What ends.
    pub(crate) ends: Vec<Ended>,
    /// Whether the stream is over.
    pub(crate) over: bool,
    /// Whether the backend said that it failed.
    pub(crate) failed: bool,
    /// Tokens of request and answer.
    pub(crate) usage: (Option<u64>, Option<u64>),
    /// Those that were counted apart.
    pub(crate) more: (u64, u64),
    /// Tokens of the request that were read from a cache.
    pub(crate) cached: u64,
    /// Texts that no row names, each by the place of the table that is nearest.
    pub(crate) unknown: Vec<&'static str>,
    /// The event's number.
    pub(crate) sequence: Option<Sequence>,
}

impl Seen<'_> {
    /// What the answer took, if it said so.
    pub(crate) fn usage(&self) -> Option<Usage> {
        let ((input, output), (more_input, more_output)) = (self.usage, self.more);
        (input.is_some() || output.is_some() || self.more != (0, 0)).then(|| Usage {
            input: input.unwrap_or_default().saturating_add(more_input),
            output: output.unwrap_or_default().saturating_add(more_output),
            cached: self.cached,
        })
    }
}
