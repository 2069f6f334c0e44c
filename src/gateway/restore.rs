//! Restore: the backend's answer on its way to the client, pseudonyms undone, frame by frame.
//!
//! A stream is never gathered: each frame leaves as it comes, and only a true prefix of a live pseudonym is held back, per
//! choice and tool call, until the next frame decides it. A frame in which nothing changes leaves byte for byte as it came.
//! An answer that breaks off ends in an error event and a broken body, never in a clean end.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;

use super::budget::{Budget, Share};
use super::cite::Moved;
use super::end::End;
use super::kept::Keeper;
use super::landing::{failed, landing};
use super::ledger::Ledger;
use super::line::Line;
use super::source::Source;
use super::threads::Threads;
use super::{Body, charge, logprobs};
use crate::dialect::{self, Channel, Ended, EventKind, EventView, Joint, Position, ReplyLeaf, TokenList, Told, Usage};
use crate::limits;
use crate::model::{Api, Word, entry::Change};
use crate::transform::{Counts, Landing, Moves, Restorer, Thread, Vault};
use crate::wire::frames::{self, Decoder, Frame as Event, Framing};
use crate::wire::json::slice;
use crate::wire::{Edit, quote_as, splice};

mod ahead;
mod body;
mod called;
mod ending;
mod order;
mod quoted;

/// A streamed answer on its way to the client.
pub struct Restored {
    api: Api,
    /// The answer's own text is JSON, as the request asked.
    json: bool,
    source: Option<Source>,
    framing: Framing,
    decoder: Decoder,
    /// A frame was passed on.
    begun: bool,
    vault: Arc<Vault>,
    changed: Vec<Change>,
    /// The names by which the client refers to what the backend keeps.
    keeper: Option<Keeper>,
    lines: HashMap<Channel, Line>,
    threads: Threads,
    /// Events added so far: numbered events that follow are counted on.
    added: u64,
    out: VecDeque<Bytes>,
    /// The number of the next event, where the API counts them.
    next_number: Option<u64>,
    /// The names of tools that may not be whole yet.
    calling: called::Calling,
    /// Events that wait for what follows them.
    ahead: VecDeque<Event>,
    /// Bytes of the next part of a message that were told as the end of the one before.
    told: HashMap<Joint, usize>,
    /// An event that may be the last of a text of which something is held back.
    last: Option<order::MayBeLast>,
    /// The stream said that it is complete.
    done: bool,
    broken: bool,
    /// What may not be in it.
    quoted: quoted::Quoted,
    /// Armed once the error event of a broken answer is handed over: the broken end follows when it fires.
    parting: Option<Pin<Box<Sleep>>>,
    ledger: Option<Ledger>,
    permit: Option<OwnedSemaphorePermit>,
    /// Pays for what is held back.
    share: Share,
}

impl std::fmt::Debug for Restored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Restored").field("api", &self.api).field("lines", &self.lines.len()).finish_non_exhaustive()
    }
}

impl Restored {
    /// Starts on a backend's stream.
    pub(super) fn new(
        (api, json): (Api, bool),
        framing: Framing,
        source: Source,
        (vault, changed, keeper): (Arc<Vault>, Vec<Change>, Option<Keeper>),
        share: Share,
    ) -> Self {
        Self {
            api,
            json,
            source: Some(source),
            framing,
            decoder: Decoder::new(framing),
            begun: false,
            vault,
            changed,
            keeper,
            lines: HashMap::new(),
            threads: Threads::default(),
            added: 0,
            out: VecDeque::new(),
            next_number: None,
            calling: called::Calling::default(),
            ahead: VecDeque::new(),
            told: HashMap::new(),
            last: None,
            done: false,
            broken: false,
            quoted: quoted::Quoted::default(),
            parting: None,
            ledger: None,
            permit: None,
            share,
        }
    }

    /// Restores a stream that is in memory, without a backend, a client or an account, and tells whether it ended well. This is
    /// how recorded streams are replayed and how the whole path of a stream is fuzzed.
    pub fn replay(
        (api, json): (Api, bool),
        framing: Framing,
        vault: Arc<Vault>,
        pieces: impl IntoIterator<Item = Bytes>,
    ) -> (Vec<u8>, bool) {
        let share = Budget::default().share(&Word::UNKNOWN);
        let mut this = Self::new((api, json), framing, Source::empty(), (vault, Vec::new(), None), share);
        for piece in pieces {
            this.take(&piece);
        }
        if this.source.is_some() {
            this.finish();
        }
        (this.out.iter().flatten().copied().collect(), !this.broken)
    }

    /// What was changed on the way out.
    pub fn changed(&self) -> &[Change] {
        &self.changed
    }

    /// Makes the client's body; the account goes with it, and the request's place among those in work.
    pub fn into_body(mut self, ledger: Ledger, permit: OwnedSemaphorePermit) -> Body {
        self.ledger = Some(ledger);
        self.permit = Some(permit);
        self.boxed_unsync()
    }

    /// Takes bytes of the backend; complete frames go to `out`.
    fn take(&mut self, bytes: &Bytes) {
        self.decoder.push(bytes);
        while self.source.is_some() {
            match self.decoder.frame() {
                Ok(Some(frame)) => self.unquoted(frame),
                Ok(None) => break,
                Err(_) => {
                    self.settle();
                    if self.done { self.source = None } else { self.break_off() }
                }
            }
        }
        // Values, the frame that is not whole yet, moulds, and what the client has not taken.
        let out: usize = self.out.iter().map(Bytes::len).sum();
        let coded = self.source.as_ref().map_or(0, Source::held_bytes);
        let held = self.vault.held_bytes() + self.decoder.held_bytes() + self.moulds() + self.waiting() + out + coded;
        if !self.broken
            && let Err(refusal) = self.share.follow(held)
        {
            self.stop((&refusal, Told::default()), End::Refused);
        }
    }

    /// Passes an event on now.
    fn now(&mut self, frame: &Event) {
        self.decide(frame);
        if self.broken {
            return;
        }
        if frame.failed() {
            return self.fail(frame);
        }
        let Some(data) = frame.data() else {
            if frame.closes() {
                // Nothing can be said behind it: neither what is held back nor that the answer is not complete.
                if !self.done {
                    return self.break_off();
                }
                self.flush(&[Ended::All], self.next_number, &HashMap::new());
            }
            self.out.push_back(frame.raw().clone());
            return;
        };
        if let Ok(view) = dialect::event_leaves(self.api, frame.event(), data) {
            self.in_order(frame, data, &view);
        } else if frame.event() == Some("error") {
            self.fail(frame);
        } else if data.trim_start().starts_with('{') {
            // Meant to be read as JSON, and nobody here can say what stands where.
            self.pass_on(true);
            self.stop((&failed("the backend's answer is not JSON"), Told::default()), End::UpstreamBroke);
        } else {
            // Not JSON: text for the client, and nobody else; tokens in it are restored all the same.
            let restored = Restorer::new(&self.vault).restore_whole(data, Landing::Text);
            self.count(restored.counts);
            self.emit(frame, data, &restored.text);
        }
    }

    /// Passes an event on; `closes` says that the texts end of which it tells why they did.
    fn event(&mut self, frame: &Event, data: &str, (view, closes): (&EventView<'_>, bool)) {
        self.done |= view.kind == EventKind::Done;
        if view.kind == EventKind::Error {
            return self.fail(frame);
        }
        if let (Some(usage), Some(ledger)) = (view.usage, self.ledger.as_mut()) {
            // Some APIs tell the tokens of the request first and those of the answer last.
            let before = ledger.usage.unwrap_or_default();
            ledger.usage = Some(Usage {
                input: before.input.max(usage.input),
                output: before.output.max(usage.output),
                cached: before.cached.max(usage.cached),
            });
        }
        if let Some(sequence) = &view.sequence {
            self.next_number = Some(sequence.value.saturating_add(1));
        }
        if let Some(ledger) = self.ledger.as_mut() {
            ledger.text_out += charge::text_bytes(&view.leaves);
            ledger.unnamed(&view.unknown);
        }
        if self.quotes(view) {
            return;
        }
        let mut edits = self.names(&view.leaves);
        if self.vault.is_empty() {
            return self.spliced(frame, data, edits);
        }
        let number = view.sequence.as_ref().map(|sequence| sequence.value);
        let ends = |channel: Channel| view.ends(channel) || closes && view.may_end(channel);
        let (mut moved, mut said) = (Moved::default(), HashMap::new());
        for (index, leaf) in view.leaves.iter().enumerate().filter(|(_, leaf)| leaf.restore) {
            let text = if leaf.fragment {
                self.fragment(data, leaf, ends(leaf.channel))
            } else {
                let (text, moves) = self.entire(leaf, &mut said);
                moved.note(index, moves);
                text
            };
            if text != *leaf.text {
                let replacement = quote_as(slice(data, &leaf.span), &text);
                edits.push(Edit { span: leaf.span.clone(), replacement });
            }
        }
        edits.extend(self.called(data, view));
        if self.broken {
            return;
        }
        for of in &view.logprobs {
            let piece =
                |list: &TokenList, leaf: &ReplyLeaf<'_>| Some(self.lines.get_mut(&leaf.channel)?.logprobs(list));
            edits.extend(logprobs::edits(of, (&view.leaves, &moved), &self.vault, piece));
        }
        let running = |position: &Position| match self.lines.get(&position.channel) {
            Some(line) => Some(line.moves_behind(&self.behind(position.channel).0)),
            None => self.threads.moved(position.channel),
        };
        edits.extend(moved.edits((&view.positions, &view.leaves), &self.vault, running));
        let over: Vec<Ended> = view.ends.iter().copied().filter(|ended| closes || ended.is_sure()).collect();
        let completions = self.completions(view);
        self.flush(&over, number, &completions);
        if let (Some(sequence), true) = (&view.sequence, self.added > 0) {
            let replacement = sequence.value.saturating_add(self.added).to_string();
            edits.push(Edit { span: sequence.span.clone(), replacement });
        }
        self.spliced(frame, data, edits);
    }

    /// The client's names in the place of the backend's.
    fn names(&mut self, leaves: &[ReplyLeaf<'_>]) -> Vec<Edit> {
        let Some(keeper) = self.keeper.as_mut() else { return Vec::new() };
        let edits = keeper.edits(leaves);
        if let (Some(ledger), false) = (self.ledger.as_mut(), edits.is_empty()) {
            ledger.kept = keeper.code();
        }
        edits
    }

    fn spliced(&mut self, frame: &Event, data: &str, edits: Vec<Edit>) {
        if edits.is_empty() {
            return self.out.push_back(frame.raw().clone());
        }
        match splice(data, edits) {
            Ok(text) => self.emit(frame, data, &text),
            Err(_) => self.break_off(),
        }
    }

    /// Restores a piece of a channel; what may become a pseudonym stays behind, unless the channel ends here.
    fn fragment(&mut self, data: &str, leaf: &ReplyLeaf<'_>, ends: bool) -> String {
        let is_full = self.lines.len() >= limits::CHANNELS_MAX || self.threads.is_full();
        if is_full && !self.lines.contains_key(&leaf.channel) {
            self.break_off();
            return String::new();
        }
        let (told, rest) = self.untold(leaf);
        let (vault, json) = (&self.vault, self.json);
        let before = self.threads.before(leaf, &self.lines);
        let line = self.lines.entry(leaf.channel).or_insert_with(|| Line::new(vault, leaf, json));
        if let Some(before) = before {
            line.go_on(&before);
        }
        line.skip(told);
        let (text, counts) = line.push(data, rest, ends);
        let kept = line.is_holding();
        self.count(counts);
        if kept && self.moulds() > limits::MOULDS_BYTES_MAX {
            self.break_off();
        }
        text
    }

    fn entire(&self, leaf: &ReplyLeaf<'_>, said: &mut HashMap<Joint, Thread>) -> (String, Moves) {
        let mut alone = Thread::default();
        let thread = self.threads.repeated(leaf, said).unwrap_or(&mut alone);
        let restored = Restorer::new(&self.vault).restore_part(&leaf.text, landing(leaf, self.json), thread);
        // Whole texts repeat what came in pieces: they are restored but not counted again.
        (restored.text, restored.moves)
    }

    /// Brings what is held back of the channels that end with this event, in events of their own before it.
    fn flush(&mut self, ends: &[Ended], number: Option<u64>, completions: &HashMap<Channel, String>) {
        let ended = |channel: Channel| ends.iter().any(|ended| ended.covers(channel));
        let mut ending: Vec<Channel> = self.lines.keys().filter(|channel| ended(**channel)).copied().collect();
        ending.sort_unstable();
        for channel in ending {
            let Some(mut line) = self.lines.remove(&channel) else { continue };
            if let Some(rest) = completions.get(&channel) {
                let counts = line.complete(rest);
                self.count(counts);
            }
            self.threads.end(channel, &line);
            let number = number.map(|number| number.saturating_add(self.added));
            let (event, counts) = line.finish(self.api, channel, number);
            self.count(counts);
            if let Some(event) = event {
                self.added += 1;
                let name = event.event.as_deref();
                self.out.push_back(frames::encode(self.framing, name, &event.data, false, !self.begun));
            }
        }
    }

    fn emit(&mut self, frame: &Event, data: &str, text: &str) {
        let bytes = if text == data { frame.raw().clone() } else { frame.with_data(text) };
        self.out.push_back(bytes);
    }

    fn count(&mut self, counts: Counts) {
        if let Some(ledger) = self.ledger.as_mut() {
            ledger.count(counts);
        }
    }
}
