//! The texts of an answer that clients put together, and what was read of each so far: a URL that begins in one part of a message
//! goes on in the next one.

use std::collections::HashMap;

use super::line::Line;
use crate::dialect::{Channel, ChannelKind, Joint, ReplyLeaf};
use crate::limits;
use crate::transform::{Moves, Thread};

/// Those of a streamed answer.
#[derive(Debug, Default)]
pub(super) struct Threads {
    /// The running text that had the last piece of each.
    latest: HashMap<Joint, Channel>,
    /// What was read of those whose last piece has ended.
    ended: HashMap<Joint, Thread>,
    /// What stood before each part, by its joint, block and place in that: events that end a part say it once more.
    before: HashMap<(Joint, u32, u32), Thread>,
    /// Where the places of the answers that ended are now: a filter that runs beside them speaks of them later.
    moved: HashMap<Channel, Moves>,
}

impl Threads {
    /// What was read before a piece, where it does not go on where the last one of its thread ended; `lines` are the texts that
    /// run.
    pub(super) fn before(&mut self, leaf: &ReplyLeaf<'_>, lines: &HashMap<Channel, Line>) -> Option<Thread> {
        let (joint, channel) = (leaf.joint?, leaf.channel);
        let latest = self.latest.insert(joint, channel);
        if latest == Some(channel) && lines.contains_key(&channel) {
            return None;
        }
        let running = latest.and_then(|latest| lines.get(&latest)).map(Line::thread);
        let thread = running.or_else(|| self.ended.get(&joint).cloned()).unwrap_or_default();
        self.before.entry((joint, channel.outer, channel.inner)).or_insert_with(|| thread.clone());
        Some(thread)
    }

    /// What a running text is a part of, where it is the latest of it.
    pub(super) fn joint(&self, channel: Channel) -> Option<Joint> {
        self.latest.iter().find(|(_, latest)| **latest == channel).map(|(joint, _)| *joint)
    }

    /// Notes that a running text ends.
    pub(super) fn end(&mut self, channel: Channel, line: &Line) {
        if channel.kind == ChannelKind::Text {
            self.moved.insert(channel, line.moves());
        }
        let ending = self.latest.iter().filter(|(_, latest)| **latest == channel);
        for joint in ending.map(|(joint, _)| *joint).collect::<Vec<_>>() {
            self.ended.insert(joint, line.thread());
        }
    }

    /// Whether as much is remembered as an answer may have: texts that ended count too, or one that never ends would fill memory.
    pub(super) fn is_full(&self) -> bool {
        self.before.len().max(self.moved.len()) >= limits::CHANNELS_MAX
    }

    /// Where the places of a text that ended are now.
    pub(super) fn moved(&self, channel: Channel) -> Option<Moves> {
        self.moved.get(&channel).cloned()
    }

    /// What was read before a text that repeats a part, or several; `said` is what was read of its own event.
    pub(super) fn repeated<'s>(
        &self,
        leaf: &ReplyLeaf<'_>,
        said: &'s mut HashMap<Joint, Thread>,
    ) -> Option<&'s mut Thread> {
        let joint = leaf.joint?;
        let part = (joint, leaf.channel.outer, leaf.channel.inner);
        Some(said.entry(joint).or_insert_with(|| self.before.get(&part).cloned().unwrap_or_default()))
    }
}
