//! The names of tools in a streamed answer: a name that was sent as another is that of the client again, also where a server
//! streams it in pieces.
//!
//! No value is ever put into a name: only one that is, all of it, a name of the request as it was sent is replaced by that name as
//! it came. While what was said may still become such a name it is held back, and told at once when something else of the call
//! follows. A name that is whole is told without waiting for more of it: what a server adds to it in a later piece stands behind
//! the client's own name.

use std::collections::BTreeMap;

use super::Restored;
use crate::dialect::{self, Channel, ChannelKind, EventView, ReplyLeaf};
use crate::limits;
use crate::transform::Counts;
use crate::wire::frames;
use crate::wire::{Edit, quote};

/// Names that may not be whole yet, by choice and call.
pub(super) type Calling = BTreeMap<(u32, u32), Begun>;

/// The beginning of a name.
pub(super) struct Begun {
    said: String,
    /// An event that brought a piece: the mould of the one that brings it.
    mould: String,
}

impl Begun {
    /// Bytes that are kept until the name is whole.
    pub(super) fn held_bytes(&self) -> usize {
        self.said.len() + self.mould.len()
    }
}

impl Restored {
    /// What becomes of the names in an event.
    pub(super) fn called(&mut self, data: &str, view: &EventView<'_>) -> Vec<Edit> {
        let number = view.sequence.as_ref().map(|sequence| sequence.value);
        let over: Vec<(u32, u32)> = self.calling.keys().copied().filter(|call| is_over(*call, view)).collect();
        for call in over {
            self.tell(call, number);
        }
        let mut edits = Vec::new();
        for leaf in view.leaves.iter().filter(|leaf| leaf.called) {
            let call = place(leaf);
            let mut said = self.calling.remove(&call).map_or_else(String::new, |begun| begun.said);
            said.push_str(&leaf.text);
            let goes_on = leaf.in_pieces && !says_more(call, view) && self.vault.begins_name(&said);
            let now = if goes_on && self.calling.len() < limits::CHANNELS_MAX {
                self.calling.insert(call, Begun { said, mould: data.to_owned() });
                String::new()
            } else {
                self.own(said)
            };
            if now != *leaf.text {
                edits.push(Edit { span: leaf.span.clone(), replacement: quote(&now) });
            }
        }
        edits
    }

    /// The client's name for what was said, where it is one that was sent.
    fn own(&mut self, said: String) -> String {
        match self.vault.name(&said).map(str::to_owned) {
            Some(own) => {
                self.count(Counts::ONE);
                own
            }
            None => said,
        }
    }

    /// Tells the name of a call that goes no further, in an event of its own.
    fn tell(&mut self, call: (u32, u32), number: Option<u64>) {
        let Some(Begun { said, mould }) = self.calling.remove(&call) else { return };
        let channel = Channel { kind: ChannelKind::Name, outer: call.0, inner: call.1 };
        let name = self.own(said);
        let number = number.map(|number| number.saturating_add(self.added));
        if let Some(event) = dialect::flush_event(self.api, &mould, channel, name.as_str().into(), number) {
            self.added += 1;
            self.out.push_back(frames::encode(self.framing, event.event.as_deref(), &event.data, false, !self.begun));
        }
    }
}

const fn place(leaf: &ReplyLeaf<'_>) -> (u32, u32) {
    (leaf.channel.outer, leaf.channel.inner)
}

/// Whether an event has more of a call than its name.
fn says_more(call: (u32, u32), view: &EventView<'_>) -> bool {
    view.leaves
        .iter()
        .any(|leaf| leaf.fragment && !leaf.text.is_empty() && leaf.channel.kind.is_json() && place(leaf) == call)
}

/// Whether an event shows that the name of a call is whole: it has no piece of it, and something else of it, of another or its end.
fn is_over(call: (u32, u32), view: &EventView<'_>) -> bool {
    let channel = Channel { kind: ChannelKind::Name, outer: call.0, inner: call.1 };
    let names = |leaf: &ReplyLeaf<'_>| leaf.called && !leaf.text.is_empty();
    let goes_on = view.leaves.iter().any(|leaf| names(leaf) && place(leaf) == call);
    let other =
        |leaf: &ReplyLeaf<'_>| (names(leaf) || leaf.fragment && !leaf.text.is_empty()) && leaf.channel.outer == call.0;
    view.may_end(channel) || !goes_on && view.leaves.iter().any(other)
}
