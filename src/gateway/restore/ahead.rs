//! What of a stream waits for what follows it, so that it can be said right: the end of a part of a message that ends within a token,
//! which the next part of the same message may go on with, and a citation of a text of which the latest piece is still held back.
//!
//! ```text
//! part 0    "Dear <PERSO"              ends: nobody knows yet whether it ends in a pseudonym
//! part 1    "N_8F3K2M9Q>, your file"   it does: the value leaves as the end of part 0, the rest stays here
//! ```
//! While an event waits, those behind it wait as well, in their order; comments pass. Whatever decides ends the waiting: text that makes
//! no token, text of another kind, the end of the answer, more events than [`limits::EVENTS_AHEAD_MAX`]. Parts that their own end says
//! once more do not wait, because clients take them from there.

use std::collections::HashMap;

use super::{Event, Restored};
use crate::dialect::{self, Channel, EventKind, EventView, Joint, Position, ReplyLeaf};
use crate::gateway::line::Line;
use crate::limits;
use crate::transform::GoesOn;

impl Restored {
    /// Takes an event: passes it on, or lets it wait.
    pub(super) fn frame(&mut self, frame: &Event) {
        let is_silent = frame.data().is_none() && !frame.failed() && !frame.closes();
        if is_silent || (self.ahead.is_empty() && !self.must_wait(frame)) {
            return self.now(frame);
        }
        self.ahead.push_back(frame.clone());
        self.go_on(false);
    }

    /// Passes on what need not wait any more; `over`: nothing follows.
    pub(super) fn go_on(&mut self, over: bool) {
        while let Some(frame) = self.ahead.pop_front().filter(|_| !self.broken) {
            if !over && self.must_wait(&frame) {
                return self.ahead.push_front(frame);
            }
            self.now(&frame);
        }
    }

    /// Whether an event cannot be said right before more is known than what waits behind it.
    fn must_wait(&self, frame: &Event) -> bool {
        if self.ahead.len() >= limits::EVENTS_AHEAD_MAX || !self.lines.values().any(Line::is_holding) {
            return false;
        }
        let Some(Ok(view)) = frame.data().map(|data| dialect::event_leaves(self.api, frame.event(), data)) else {
            return false;
        };
        if view.kind == EventKind::Error {
            return false;
        }
        let cut = || self.lines.keys().any(|channel| self.crossing(*channel, &view) == GoesOn::More);
        let unsettled = |position: &Position| {
            let running = position.document.is_none() && position.leaf(&view.leaves).is_none();
            running
                && self.lines.get(&position.channel).filter(|line| line.is_holding()).is_some_and(|line| {
                    let own = view.leaves.iter().filter(|leaf| leaf.fragment && leaf.channel == position.channel);
                    let own: String = own.map(|leaf| &*leaf.text).collect();
                    let (behind, over) = self.behind(position.channel);
                    !over && !line.is_settled(&(own + &behind), position)
                })
        };
        cut() || view.positions.iter().any(unsettled)
    }

    /// What the parts behind make of what is held back of a part that ends with this event.
    pub(super) fn crossing(&self, channel: Channel, ending: &EventView<'_>) -> GoesOn {
        let (Some(line), Some(joint)) = (self.lines.get(&channel), self.threads.joint(channel)) else {
            return GoesOn::Never;
        };
        let place = (channel.outer, channel.inner);
        let repeated = |leaf: &ReplyLeaf<'_>| {
            leaf.joint == Some(joint) && (leaf.channel.outer, leaf.channel.inner) == place && !leaf.text.is_empty()
        };
        if !line.is_holding() || !ending.ends(channel) || ending.leaves.iter().any(repeated) || is_last(ending) {
            return GoesOn::Never;
        }
        let (behind, over) = self.next_part(channel, joint);
        line.goes_on(&behind, over)
    }

    /// The pieces of the next part with which the texts end that end with this event, and notes that they are told there.
    pub(super) fn completions(&mut self, ending: &EventView<'_>) -> HashMap<Channel, String> {
        let mut completions = HashMap::new();
        if ending.ends.is_empty() {
            return completions;
        }
        for channel in self.lines.keys().copied().collect::<Vec<_>>() {
            if let (GoesOn::Bytes(bytes), Some(joint)) = (self.crossing(channel, ending), self.threads.joint(channel)) {
                let (mut text, _) = self.next_part(channel, joint);
                text.truncate(bytes);
                self.told.insert(joint, bytes);
                completions.insert(channel, text);
            }
        }
        completions
    }

    /// The beginning of a piece that was told as the end of the part before, and the rest.
    pub(super) fn untold<'t>(&mut self, leaf: &'t ReplyLeaf<'_>) -> (&'t str, &'t str) {
        let left = leaf.joint.and_then(|joint| self.told.get_mut(&joint));
        let Some(left) = left.filter(|left| **left > 0) else { return ("", &*leaf.text) };
        let (told, rest) = leaf.text.split_at_checked((*left).min(leaf.text.len())).unwrap_or(("", &*leaf.text));
        *left -= told.len();
        (told, rest)
    }

    /// What waits of the parts behind one, and whether that is all.
    pub(super) fn next_part(&self, channel: Channel, joint: Joint) -> (String, bool) {
        let of_next = |leaf: &ReplyLeaf<'_>| leaf.joint == Some(joint) && leaf.channel != channel;
        self.text(of_next, |view, leaf| is_last(view) || leaf.is_some_and(|leaf| !of_next(leaf)))
    }

    /// What waits of a running text, and whether it ends there.
    pub(super) fn behind(&self, channel: Channel) -> (String, bool) {
        self.text(|leaf| leaf.channel == channel, |view, _| view.may_end(channel))
    }

    /// The pieces that wait of a text, up to where it is over; `over` is asked of each piece, and of each event once.
    fn text(
        &self,
        is_of: impl Fn(&ReplyLeaf<'_>) -> bool,
        over: impl Fn(&EventView<'_>, Option<&ReplyLeaf<'_>>) -> bool,
    ) -> (String, bool) {
        let mut text = String::new();
        for frame in &self.ahead {
            let view = frame.data().map(|data| dialect::event_leaves(self.api, frame.event(), data));
            let Some(Ok(view)) = view else { return (text, true) };
            for leaf in view.leaves.iter().filter(|leaf| leaf.fragment && !leaf.text.is_empty()) {
                if is_of(leaf) {
                    text.push_str(&leaf.text);
                } else if over(&view, Some(leaf)) {
                    return (text, true);
                }
            }
            if over(&view, None) {
                return (text, true);
            }
        }
        (text, false)
    }

    /// Bytes of what waits.
    pub(super) fn ahead_bytes(&self) -> usize {
        self.ahead.iter().map(|frame| frame.raw().len()).sum()
    }
}

/// Whether no part follows an event.
fn is_last(view: &EventView<'_>) -> bool {
    matches!(view.kind, EventKind::Done | EventKind::Error)
}
