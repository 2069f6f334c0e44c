//! A streamed answer that repeats the credential which its backend was shown: it reaches no client.
//!
//! Where the credential stands in the data of one event it is taken out, and the answer goes on. Where it cannot be taken out (it is
//! the event's name, it is written with escapes, its beginning went in events before) the answer ends there. Nothing is held back
//! for it: how long an event takes would tell a caller how near a guess is.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::{Event, Restored};
use crate::dialect::{Channel, EventView, Told};
use crate::gateway::end::End;
use crate::gateway::landing;
use crate::limits;
use crate::upstream::Shown;

/// What is looked for, and how much of it the texts ended with.
#[derive(Debug, Default)]
pub(super) struct Quoted {
    shown: Shown,
    /// By text: what it ended with that may be the beginning of a credential.
    begun: HashMap<Channel, Zeroizing<Vec<u8>>>,
}

impl Restored {
    /// Looks for what the backend is shown.
    #[must_use]
    pub(in crate::gateway) fn looking_for(mut self, shown: Shown) -> Self {
        self.quoted.shown = shown;
        self
    }

    /// Takes a frame without what its data quote.
    pub(super) fn unquoted(&mut self, frame: Event) {
        let shown = &self.quoted.shown;
        let concealed = frame.data().and_then(|data| shown.conceal(data)).map(|data| frame.rewritten(&data));
        let frame = concealed.unwrap_or(frame);
        if !shown.is_in(frame.raw()) {
            self.frame(&frame);
        } else if frame.data().is_some() || frame.failed() {
            self.stop_quoting();
        }
        // Else a comment, which carries nothing to a client: it is left out.
    }

    /// Ends the answer where a text of an event, or a text that it goes on with, quotes what the backend is shown.
    pub(super) fn quotes(&mut self, view: &EventView<'_>) -> bool {
        let Quoted { shown, begun } = &mut self.quoted;
        if shown.is_nothing() {
            return false;
        }
        let mut quotes = false;
        for leaf in &view.leaves {
            quotes |= shown.is_in(leaf.text.as_bytes());
            if leaf.fragment && !leaf.text.is_empty() {
                let mut ended = begun.remove(&leaf.channel).unwrap_or_default();
                quotes |= shown.goes_on(&mut ended, leaf.text.as_bytes());
                if !ended.is_empty() && begun.len() < limits::CHANNELS_MAX {
                    begun.insert(leaf.channel, ended);
                }
            }
        }
        if quotes {
            self.stop_quoting();
        }
        quotes
    }

    fn stop_quoting(&mut self) {
        self.stop((&landing::quoting(), Told::default()), End::UpstreamBroke);
    }
}
