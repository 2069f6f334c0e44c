//! The order of a streamed answer: what is held back of a text leaves where the text ends, before what comes behind it.
//!
//! Where a text ends, servers say in different ways. Some tell a reason in the last event (`finish_reason`), some tell one in
//! every event (Gemini's `STOP`, translators' `"null"`). So an event with a reason waits for the next one while something of
//! its texts is held back, and is then passed on as the last of them or as one among others.

use super::{Event, Restored};
use crate::dialect::{self, Channel, EventView, ReplyLeaf};
use crate::gateway::line::Line;
use crate::wire::frames::Framing;

/// An event that tells why texts ended, which waits to see whether they did.
pub(super) struct MayBeLast {
    frame: Event,
    /// The texts of which something is held back.
    held: Vec<Channel>,
}

impl Restored {
    /// Passes an event on, or keeps it until the next one shows whether its texts go on.
    pub(super) fn in_order(&mut self, frame: &Event, data: &str, view: &EventView<'_>) {
        let held = self.held_behind(view);
        if held.is_empty() {
            self.event(frame, data, (view, false));
            self.begun = true;
        } else {
            self.last = Some(MayBeLast { frame: frame.clone(), held });
        }
    }

    /// Decides what the event that waits is, now that this one has come.
    pub(super) fn decide(&mut self, next: &Event) {
        let Some(last) = &self.last else { return };
        // A comment or a blank says nothing; the end of an array does.
        let silent = next.data().is_none() && !next.failed();
        if silent && !(self.framing == Framing::Array && next.raw().contains(&b']')) {
            return;
        }
        let view = next.data().map(|data| dialect::event_leaves(self.api, next.event(), data));
        let goes_on = matches!(&view, Some(Ok(view)) if view.leaves.iter().any(|leaf| {
            leaf.fragment && !leaf.text.is_empty() && last.held.contains(&leaf.channel)
        }));
        self.pass_on(!goes_on);
    }

    /// Nothing follows the event that waits.
    pub(super) fn settle(&mut self) {
        self.go_on(true);
        self.pass_on(true);
    }

    pub(super) fn pass_on(&mut self, closes: bool) {
        let Some(MayBeLast { frame, .. }) = self.last.take() else { return };
        let Some(data) = frame.data() else { return };
        if let Ok(view) = dialect::event_leaves(self.api, frame.event(), data) {
            self.event(&frame, data, (&view, closes));
            self.begun = true;
        }
    }

    /// Bytes of the events that wait.
    pub(super) fn waiting(&self) -> usize {
        self.ahead_bytes() + self.last.as_ref().map_or(0, |last| last.frame.raw().len())
    }

    /// The texts of which an event tells why they ended, and of which something would still be held back behind it.
    fn held_behind(&self, view: &EventView<'_>) -> Vec<Channel> {
        if self.vault.is_empty() || view.ends.iter().all(|ended| ended.is_sure()) {
            return Vec::new();
        }
        let told = |channel: Channel| view.may_end(channel) && !view.ends(channel);
        let pieces = view.leaves.iter().filter(|leaf| leaf.fragment && leaf.restore);
        let mut channels: Vec<Channel> = self.lines.keys().copied().collect();
        channels.extend(pieces.clone().map(|leaf| leaf.channel));
        channels.retain(|channel| told(*channel));
        channels.sort_unstable();
        channels.dedup();
        channels.retain(|channel| {
            let own: Vec<&ReplyLeaf<'_>> = pieces.clone().filter(|leaf| leaf.channel == *channel).collect();
            let text: String = own.iter().map(|leaf| &*leaf.text).collect();
            match (self.lines.get(channel), own.first()) {
                (Some(line), _) => line.would_hold(&text),
                (None, Some(leaf)) => Line::new(&self.vault, leaf, self.json).would_hold(&text),
                (None, None) => false,
            }
        });
        channels
    }

    /// Bytes of the events that are kept for what is held back.
    pub(super) fn moulds(&self) -> usize {
        let names: usize = self.calling.values().map(super::called::Begun::held_bytes).sum();
        self.lines.values().map(Line::held_bytes).sum::<usize>() + names
    }

    /// Whether what a stream ended with is an event, all of it.
    pub(super) fn is_whole(&self, rest: &Event) -> bool {
        let reads = |data: &str| dialect::event_leaves(self.api, rest.event(), data).is_ok();
        rest.failed() || rest.data().is_some_and(reads)
    }
}
