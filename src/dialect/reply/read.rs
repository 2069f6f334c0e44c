//! Reads a reply or an event with a dialect's table.
//!
//! The same walk as for requests. A string at a place that no row names is text and restored whole, and so is a key that is
//! the caller's or the backend's own: a reply echoes metadata, tool definitions and instructions of the request.

use std::convert::Infallible;

use crate::model::Measure;
use crate::wire::json::{Bounds, Document, Node, NodeKind, Numbers};

use super::super::table::{Row, Table, row};
use super::super::visit::{At, Spot, Under, Visitor, walk_as};
use super::{
    Channel, ChannelKind, Ended, EventKind, EventView, Joint, Landing, Position, ReplyLeaf, Sequence, Unreadable,
    Within, logprobs,
    seen::Seen,
    unnamed::{carries_pieces, mixed_with, piece, unnamed},
};

mod indices;

/// What stands at a place of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    /// Text, whole, restored.
    Whole,
    /// The same, and the positions beside it are in it.
    Cited,
    /// Where a range of a restored text begins.
    RangeFrom(Measure),
    /// Where it ends.
    RangeUntil(Measure),
    /// Which part of the text the range is in.
    OfPart,
    /// Which document of the request the range is in.
    OfDocument,
    /// JSON in a string, whole, restored for where it lands.
    Json,
    /// A piece of a running text in a stream, the whole of it elsewhere; restored.
    Piece(ChannelKind),
    /// An id, a URL, opaque data: never restored.
    Fixed,
    /// The name of a tool, or of a source: restored only where the whole of it is one of the request, so that no value is put into one.
    Called,
    /// The same where a stream may bring it in pieces.
    CalledInPieces,
    /// The name of an object that the provider may keep: never restored, and replaced by a sealed name of ours.
    Kept,
    /// The path of the argument that the piece beside it is of.
    OfArgument,
    /// Unless this is `true`, the argument that the piece beside it is of ends here, or all arguments of the call.
    GoesOn,
    /// The index of the choice or candidate that encloses it.
    Outer,
    /// The index of the output item or content block that encloses it: one of the parts of a message.
    Block,
    /// The index of the tool call or part that encloses it.
    Inner,
    /// Probabilities of tokens; what replaces them when they must be withheld.
    Logprobs(&'static str),
    /// Tokens of the request.
    InputTokens,
    /// Tokens of the answer.
    OutputTokens,
    /// Tokens of the request that the provider counts apart from the others: written to a cache, of tools.
    MoreInputTokens,
    /// The same, read from a cache.
    MoreCachedTokens,
    /// Tokens of the request, counted among the others, that were read from a cache.
    CachedTokens,
    /// Tokens of the answer that it counts apart: reasoning.
    MoreOutputTokens,
    /// Why a choice ended; any string here ends its channels, if nothing more of them follows.
    Finish,
    /// The same where the stream has no mark of its own and may end behind it.
    FinishLast,
    /// `true` here says that the stream is over.
    Over,
    /// `true` here says that the text beside it is reasoning.
    Thought,
    /// The number of an event.
    Sequence,
    /// An object or string here says that the backend failed.
    Failure,
    /// What the object is; where it is an `error`, the backend failed.
    Object,
    /// Marks an object, or a string that is not empty, whose presence ends running texts.
    Ends(Closing),
}

/// A range of the answer, in bytes of one of its parts, and what it cites.
pub(crate) const RANGE_OF_BYTES: &[Row<Says>] = &[
    row("uri", Says::Fixed),
    row("partIndex", Says::OfPart),
    row("startIndex", Says::RangeFrom(Measure::Bytes)),
    row("endIndex", Says::RangeUntil(Measure::Bytes)),
];

/// The running texts that an event ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    /// All; the stream is over.
    Stream,
    /// All; the backend failed.
    Failure,
    /// Those of the output item.
    Item,
    /// These kinds, of the output item and part that the event names.
    Part(&'static [ChannelKind]),
    /// The text of an event whose type no table knows, where its last word is `done`.
    Unnamed,
}

/// Whether a text is a whole reply or one event of a stream, with the name that the framing gives it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Piecewise<'n> {
    /// A whole reply.
    No,
    /// One event.
    Event(Option<&'n str>),
}

/// Reads one event of a stream.
pub(crate) fn event<'a>(name: Option<&str>, data: &'a str, table: &Table<Says>) -> Result<EventView<'a>, Unreadable> {
    if data.trim() == "[DONE]" {
        let ends = vec![Ended::All];
        let (leaves, logprobs, positions) = (Vec::new(), Vec::new(), Vec::new());
        let kind = EventKind::Done;
        let unknown = Vec::new();
        return Ok(EventView { kind, leaves, logprobs, positions, ends, usage: None, unknown, sequence: None });
    }
    let mut seen = read(data, table, Piecewise::Event(name))?;
    if name == Some("error") && !seen.failed {
        seen.failed = true;
        seen.ends.push(Ended::All);
    }
    let kind = match (seen.failed, seen.over) {
        (true, _) => EventKind::Error,
        (_, true) => EventKind::Done,
        _ if seen.leaves.iter().any(|leaf| leaf.fragment) => EventKind::Delta,
        _ => EventKind::Other,
    };
    let usage = seen.usage();
    let (leaves, logprobs, ends) = (seen.leaves, seen.logprobs, seen.ends);
    let (positions, unknown, sequence) = (seen.positions, seen.unknown, seen.sequence);
    Ok(EventView { kind, leaves, logprobs, positions, ends, usage, unknown, sequence })
}

/// Reads a whole reply, or one event.
pub(crate) fn read<'a>(text: &'a str, table: &Table<Says>, piecewise: Piecewise<'_>) -> Result<Seen<'a>, Unreadable> {
    // Numbers in arrays are not counted, so that vectors of embeddings do not use up the leaves.
    let document = Document::read(text, Bounds::REPLY, Numbers::NotInArrays)
        .map_err(|malformed| Unreadable { at: malformed.at })?;
    let (stream, kind) = match piecewise {
        Piecewise::No => (false, None),
        Piecewise::Event(name) => (true, name),
    };
    let mut reading = Reading { table, stream, seen: Seen::default(), scopes: vec![Scope::default()] };
    match walk_as(&document, table, kind, &mut reading) {
        Ok(()) => Ok(reading.seen),
        Err(never) => match never {},
    }
}

struct Reading<'t, 'a> {
    table: &'t Table<Says>,
    stream: bool,
    seen: Seen<'a>,
    scopes: Vec<Scope>,
}

#[derive(Clone, Default)]
struct Scope {
    within: Within,
    /// Which part of a text the positions in the object are in.
    of_part: u32,
    /// Which document of the request they are in, where it is one.
    of_document: Option<u32>,
    outer: u32,
    inner: u32,
    /// The choice or candidate, whatever the block.
    choice: u32,
    /// Within probabilities: nothing there is a leaf.
    muted: bool,
    /// In a part that is reasoning.
    thought: bool,
    /// Pieces stand here or, where no row names what encloses this, around it: a mix of the names in between.
    unnamed: Option<u32>,
    /// The argument of a call that the pieces in the object are of, where it names one.
    argument: Option<ChannelKind>,
    /// The node of the object that is nearest.
    object: u32,
}

impl<'a> Visitor<'a, Says> for Reading<'_, 'a> {
    type Error = Infallible;

    fn enter(&mut self, document: &Document<'a>, at: &At<'_, Says>, node: &Node) -> Result<(), Infallible> {
        let mut scope = self.scope();
        let part = if at.key == Under::Nothing { at.position } else { 0 };
        scope.within = Within { span: node.span(), part };
        scope.object = at.index;
        scope.unnamed = match at.spot {
            Spot::Known(place) => (self.stream && carries_pieces(self.table, place)).then_some(0),
            Spot::Unknown(_) => scope.unnamed.map(|names| mixed_with(names, document, at.key)),
            Spot::Below(..) => None,
        };
        if let Spot::Known(place) = at.spot {
            self.indices(document, at, place, &mut scope);
            self.goes_on(document, (at, place), &scope);
            match place.means {
                Some(Says::Logprobs(instead)) => {
                    let read = logprobs::read(document, at.index, node, instead, scope.outer);
                    self.seen.logprobs.push(read);
                    scope.muted = true;
                }
                Some(Says::Ends(Closing::Unnamed)) => {
                    let (kind, last) = unnamed(document);
                    if last == "done" {
                        self.end_parts(&[kind], &scope);
                    }
                }
                Some(Says::Ends(closing)) => self.end(closing, &scope),
                Some(Says::Failure) => self.end(Closing::Failure, &scope),
                _ => {}
            }
        }
        self.scopes.push(scope);
        Ok(())
    }

    fn leave(&mut self) {
        self.scopes.pop();
    }

    fn key(&mut self, document: &Document<'a>, _: &At<'_, Says>, node: &Node) -> Result<(), Infallible> {
        if !self.scope().muted {
            self.leaf_of(document, node, Says::Whole);
        }
        Ok(())
    }

    fn leaf(&mut self, document: &Document<'a>, at: &At<'_, Says>, node: &Node) -> Result<(), Infallible> {
        let scope = self.scope();
        if scope.muted {
            return Ok(());
        }
        let says = match at.spot {
            Spot::Known(place) => place.means.or(place.below),
            Spot::Below(_, says) => Some(says),
            Spot::Unknown(_) => None,
        };
        if let (Spot::Unknown(path), NodeKind::String) = (at.spot, node.kind) {
            self.seen.unknown.push(path);
        }
        if let (Spot::Known(place), Some(Says::Piece(ChannelKind::Unnamed(_)))) = (at.spot, says) {
            // A row for pieces of events whose type no row names: what they say is as unknown as they are.
            self.seen.unknown.push(place.path);
        }
        let says = says.unwrap_or_else(|| {
            scope.unnamed.map_or(Says::Whole, |names| piece(document, at.key, (names, scope.object)))
        });
        match (says, node.kind) {
            (Says::Logprobs(instead), NodeKind::String) => {
                self.seen.logprobs.push(logprobs::read(document, at.index, node, instead, scope.outer));
            }
            (_, NodeKind::String) => {
                if matches!(says, Says::Finish | Says::FinishLast) && !matches!(&*document.decoded(node), "" | "null") {
                    self.seen.ends.push(Ended::Told(scope.outer));
                    self.seen.over |= says == Says::FinishLast;
                }
                if let (Says::Ends(closing), false) = (says, document.decoded(node).is_empty()) {
                    self.end(closing, &scope);
                }
                if says == Says::Failure || (says == Says::Object && document.decoded(node) == "error") {
                    self.end(Closing::Failure, &scope);
                }
                self.leaf_of(document, node, says);
            }
            (Says::Over, NodeKind::True) => self.end(Closing::Stream, &scope),
            (Says::InputTokens, NodeKind::Number) => self.seen.usage.0 = document.raw(node).parse().ok(),
            (Says::OutputTokens, NodeKind::Number) => self.seen.usage.1 = document.raw(node).parse().ok(),
            (Says::MoreInputTokens, NodeKind::Number) => add(&mut self.seen.more.0, document.raw(node)),
            (Says::CachedTokens, NodeKind::Number) => add(&mut self.seen.cached, document.raw(node)),
            (Says::MoreCachedTokens, NodeKind::Number) => {
                add(&mut self.seen.more.0, document.raw(node));
                add(&mut self.seen.cached, document.raw(node));
            }
            (Says::MoreOutputTokens, NodeKind::Number) => add(&mut self.seen.more.1, document.raw(node)),
            (Says::RangeFrom(measure), NodeKind::Number) => self.position(document, node, measure, false),
            (Says::RangeUntil(measure), NodeKind::Number) => self.position(document, node, measure, true),
            (Says::Sequence, NodeKind::Number) => {
                let value = document.raw(node).parse().ok();
                self.seen.sequence = value.map(|value| Sequence { span: node.span(), value });
            }
            _ => {}
        }
        Ok(())
    }
}

/// Adds a count as written; what is none adds nothing.
fn add(sum: &mut u64, count: &str) {
    *sum = sum.saturating_add(count.parse().unwrap_or_default());
}

impl<'a> Reading<'_, 'a> {
    fn scope(&self) -> Scope {
        self.scopes.last().cloned().unwrap_or_default()
    }

    fn position(&mut self, document: &Document<'_>, node: &Node, measure: Measure, end: bool) {
        let scope = self.scope();
        let channel = Channel { kind: ChannelKind::Text, outer: scope.outer, inner: scope.inner };
        if let Ok(value) = document.raw(node).parse() {
            let (span, part, document) = (node.span(), scope.of_part, scope.of_document);
            self.seen.positions.push(Position { span, value, measure, end, channel, part, document });
        }
    }

    fn end(&mut self, closing: Closing, scope: &Scope) {
        match closing {
            Closing::Stream | Closing::Failure => {
                self.seen.over = true;
                self.seen.failed |= closing == Closing::Failure;
                self.seen.ends.push(Ended::All);
            }
            Closing::Item => self.seen.ends.push(Ended::Outer(scope.outer)),
            Closing::Part(kinds) => self.end_parts(kinds, scope),
            Closing::Unnamed => {}
        }
    }

    fn end_parts(&mut self, kinds: &[ChannelKind], scope: &Scope) {
        let of = |kind: &ChannelKind| Channel { kind: *kind, outer: scope.outer, inner: scope.inner };
        self.seen.ends.extend(kinds.iter().map(|kind| Ended::Channel(of(kind))));
    }

    fn leaf_of(&mut self, document: &Document<'a>, node: &Node, says: Says) {
        let scope = self.scope();
        let (kind, restore) = match says {
            Says::Piece(ChannelKind::Text) if scope.thought => (ChannelKind::Reasoning, true),
            Says::Piece(kind @ ChannelKind::Argument(_)) => (scope.argument.unwrap_or(kind), true),
            Says::Piece(ChannelKind::Unnamed(0)) => (unnamed(document).0, true),
            Says::Piece(kind) => (kind, true),
            // A path names keys of an object, which may be of the request.
            Says::Whole | Says::Cited | Says::Json | Says::OfArgument => (ChannelKind::Whole, true),
            _ => (ChannelKind::Whole, false),
        };
        let in_string = says == Says::Json || kind.is_json();
        let joined = if says == Says::Cited { Some(ChannelKind::Text) } else { kind.joined() };
        self.seen.leaves.push(ReplyLeaf {
            span: node.span(),
            text: document.decoded(node),
            landing: if in_string { Landing::JsonInString } else { Landing::Text },
            restore,
            channel: Channel { kind, outer: scope.outer, inner: scope.inner },
            joint: joined.map(|kind| Joint { kind, choice: scope.choice }),
            kept: says == Says::Kept,
            called: matches!(says, Says::Called | Says::CalledInPieces),
            in_pieces: self.stream && says == Says::CalledInPieces,
            fragment: self.stream && kind != ChannelKind::Whole,
            is_text: says == Says::Cited || kind == ChannelKind::Text,
            within: scope.within,
        });
    }
}
