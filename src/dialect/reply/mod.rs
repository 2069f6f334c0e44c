//! What a reply or an event of a stream shows to the restorer: leaves, channels, ends, usage.
//!
//! A fragment is a piece of a text that goes on in later events; fragments of one [`Channel`] are one text, and a pseudonym
//! may be cut between them. Everything else is whole in its leaf. A leaf that no row names counts as text and is restored
//! whole; ids and URLs are never restored (a URL is a way out). No value is put into the name of a tool, which is an instruction
//! to the application: only a name that the request had, sent with tokens in it, is that name again.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::model::Measure;

mod channel;
mod logprobs;
mod read;
mod seen;
mod unnamed;

pub use channel::{Channel, ChannelKind, Joint};
pub use logprobs::{Column, Logprobs, TokenList};
pub(crate) use read::{Closing, Piecewise, RANGE_OF_BYTES, Says, event, read};
pub(crate) use unnamed::{argument, flush as unnamed_event};

/// One string of a reply, or a key of an object that the table leaves open.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyLeaf<'a> {
    /// Byte range of the whole token, quotes included.
    pub span: Range<u32>,
    /// The decoded text.
    pub text: Cow<'a, str>,
    /// What a restored value must be escaped for, before the token itself is quoted.
    pub landing: Landing,
    /// Whether pseudonyms in it may be replaced by their values.
    pub restore: bool,
    /// The text that it belongs to.
    pub channel: Channel,
    /// The texts that clients put it together with, where they do.
    pub joint: Option<Joint>,
    /// The provider's name for an object that it may keep.
    pub kept: bool,
    /// The name of a tool.
    pub called: bool,
    /// That of one, which later events may go on with.
    pub in_pieces: bool,
    /// A piece to be joined with others of its channel, as opposed to a whole text.
    pub fragment: bool,
    /// Whether it is the text that positions are in, as opposed to a title or a quotation.
    pub is_text: bool,
    /// The object that it is a member of.
    pub within: Within,
}

/// An object of a reply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Within {
    /// Byte range of the object.
    pub span: Range<u32>,
    /// Its place in the array that it is an element of; 0 where it is of none.
    pub part: u32,
}

/// A number of a reply that is a position in a restored text: where a citation begins or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Byte range of the number.
    pub span: Range<u32>,
    /// The number.
    pub value: u64,
    /// What it counts.
    pub measure: Measure,
    /// Whether it is the end of a range.
    pub end: bool,
    /// The running text that it is in, unless a text stands beside it.
    pub channel: Channel,
    /// Which part of that text, where a reply has several.
    pub part: u32,
    /// It is no place of the answer but of this document of the request, from 0.
    pub document: Option<u32>,
}

impl Position {
    /// Which of the leaves of the same reply or event holds the text that it is in: the nearest whole text of an object around
    /// it, else the part of the running text.
    pub fn leaf(&self, leaves: &[ReplyLeaf<'_>]) -> Option<usize> {
        let around = |leaf: &ReplyLeaf<'_>| {
            let within = &leaf.within.span;
            within.start <= self.span.start && self.span.end <= within.end
        };
        let numbered = || leaves.iter().enumerate().filter(|(_, leaf)| leaf.is_text && leaf.restore && !leaf.fragment);
        let nearest = numbered().filter(|(_, leaf)| around(leaf)).min_by_key(|(_, leaf)| leaf.within.span.len());
        let part = || numbered().find(|(_, leaf)| leaf.channel == self.channel && leaf.within.part == self.part);
        nearest.or_else(part).map(|(index, _)| index)
    }
}

/// Where the decoded text of a leaf ends up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Landing {
    /// Plain text.
    Text,
    /// JSON text inside the string: a value must be escaped as within a JSON string.
    JsonInString,
}

/// Tokens that a reply says it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Tokens of the request.
    pub input: u64,
    /// Tokens of the answer.
    pub output: u64,
    /// Tokens of the request, counted in `input`, that the provider read from a cache.
    pub cached: u64,
}

/// The value of an event's `sequence_number`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// Byte range of the number in the event's data.
    pub span: Range<u32>,
    /// The number.
    pub value: u64,
}

/// A whole reply as the restorer sees it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ReplyView<'a> {
    /// Its strings, in the order of the body.
    pub leaves: Vec<ReplyLeaf<'a>>,
    /// Probabilities of tokens. A token may hold a part of a pseudonym, and a part cannot be restored, so those that do are
    /// taken out. No leaf lies in one of their spans.
    pub logprobs: Vec<Logprobs>,
    /// Its positions in restored texts.
    pub positions: Vec<Position>,
    /// What it took.
    pub usage: Option<Usage>,
    /// Its texts that no table names, each by the place of the table that is nearest.
    pub unknown: Vec<&'static str>,
}

/// One event of a stream as the restorer sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct EventView<'a> {
    /// What sort of event.
    pub kind: EventKind,
    /// Its strings, in the order of the data.
    pub leaves: Vec<ReplyLeaf<'a>>,
    /// As in [`ReplyView::logprobs`].
    pub logprobs: Vec<Logprobs>,
    /// Its positions in restored texts.
    pub positions: Vec<Position>,
    /// The texts that end with this event. Held-back text of a channel that ends goes out before this event, or at the end
    /// of this event's own fragment of that channel when it has one.
    pub ends: Vec<Ended>,
    /// What the answer took, where the event says it.
    pub usage: Option<Usage>,
    /// As in [`ReplyView::unknown`].
    pub unknown: Vec<&'static str>,
    /// The event's number, where the API counts events.
    pub sequence: Option<Sequence>,
}

/// The sorts of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The stream's end mark, or an event after which the stream may end.
    Done,
    /// At least one leaf is a fragment.
    Delta,
    /// The backend says that it failed. Its `ends` is [`Ended::All`].
    Error,
    /// Anything else.
    Other,
}

/// What ends with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ended {
    /// Every channel.
    All,
    /// Every channel of one choice or output item.
    Outer(u32),
    /// The same, if nothing more of it follows: a reason is told why it ended, and some servers tell one in every event.
    Told(u32),
    /// Every argument that comes in pieces of the call at hand of one candidate.
    Arguments(u32),
    /// One channel.
    Channel(Channel),
}

impl Ended {
    /// Whether a channel ends.
    pub fn covers(self, channel: Channel) -> bool {
        match self {
            Self::All => true,
            Self::Outer(outer) | Self::Told(outer) => channel.outer == outer,
            Self::Arguments(outer) => channel.outer == outer && matches!(channel.kind, ChannelKind::Argument(_)),
            Self::Channel(ended) => ended == channel,
        }
    }

    /// Whether what it covers surely ends.
    pub const fn is_sure(self) -> bool {
        !matches!(self, Self::Told(_))
    }
}

impl EventView<'_> {
    /// Whether a channel surely ends with this event.
    pub fn ends(&self, channel: Channel) -> bool {
        self.ends.iter().any(|ended| ended.is_sure() && ended.covers(channel))
    }

    /// Whether a channel ends with this event if nothing more of it follows.
    pub fn may_end(&self, channel: Channel) -> bool {
        self.ends.iter().any(|ended| ended.covers(channel))
    }
}

/// The end of a text that was held back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Held<'a> {
    /// The text.
    pub text: &'a str,
    /// What stands in the place of the probabilities of its tokens, where the stream tells them: JSON.
    pub logprobs: Option<&'a str>,
}

impl<'a> From<&'a str> for Held<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, logprobs: None }
    }
}

/// An event made by the gateway to carry held-back text.
#[derive(Clone, PartialEq, Eq)]
pub struct Flush {
    /// The name for the `event:` line, for APIs that name their events.
    pub event: Option<String>,
    /// The data.
    pub data: String,
}

/// A backend's reply that cannot be read: the reply is withheld, because what cannot be read cannot be restored or filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the backend's reply is not strict JSON at byte {at}")]
pub struct Unreadable {
    /// Byte offset in the body or the event's data.
    pub at: u32,
}

impl fmt::Debug for ReplyLeaf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyLeaf")
            .field("span", &self.span)
            .field("text_bytes", &self.text.len())
            .field("landing", &self.landing)
            .field("restore", &self.restore)
            .field("channel", &self.channel)
            .field("fragment", &self.fragment)
            .finish()
    }
}

impl fmt::Debug for ReplyView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyView").field("leaves", &self.leaves).field("usage", &self.usage).finish_non_exhaustive()
    }
}

impl fmt::Debug for EventView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventView")
            .field("kind", &self.kind)
            .field("leaves", &self.leaves)
            .field("ends", &self.ends)
            .field("usage", &self.usage)
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Held<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({} bytes)", self.text.len())
    }
}

impl fmt::Debug for Flush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flush({} bytes)", self.data.len())
    }
}
