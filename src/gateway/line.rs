//! One running text of a streamed answer: a choice's text, a tool call's arguments.

use std::sync::Arc;

use super::landing::landing;
use super::logprobs::Waiting;
use crate::dialect::{self, Channel, Flush, Held, Position, ReplyLeaf, TokenList};
use crate::model::{Api, Measure};
use crate::transform::{Counts, GoesOn, Moves, StreamRestore, Thread, Vault};
use crate::wire::Edit;

/// A running text, restored as it comes.
pub(super) struct Line {
    restore: StreamRestore,
    /// An event that carried a piece of this text when something was held back, and the probabilities of its tokens if any wait:
    /// the mould of the event that brings them, should the text end there.
    mould: Option<String>,
    tokens: Waiting,
    /// What the next part completed, for that event.
    ending: String,
    /// Bytes and characters that came before the latest piece.
    before: (u64, u64),
    /// The same with it.
    came: (u64, u64),
}

impl Line {
    /// Begins a text that lands where this leaf does.
    pub(super) fn new(vault: &Arc<Vault>, leaf: &ReplyLeaf<'_>, json: bool) -> Self {
        let restore = StreamRestore::new(Arc::clone(vault), landing(leaf, json));
        Self { restore, mould: None, tokens: Waiting::default(), ending: String::new(), before: (0, 0), came: (0, 0) }
    }

    /// Goes on behind other texts.
    pub(super) fn go_on(&mut self, thread: &Thread) {
        self.restore.go_on(thread);
    }

    /// What was read of the texts of its thread.
    pub(super) fn thread(&self) -> Thread {
        self.restore.thread()
    }

    /// Takes a piece, which came in an event with this data; what may become a pseudonym stays behind, unless the text ends here.
    pub(super) fn push(&mut self, data: &str, piece: &str, ends: bool) -> (String, Counts) {
        let before = self.restore.counts();
        let (bytes, chars) = self.came;
        (self.before, self.came) = (self.came, (bytes + piece.len() as u64, chars + piece.chars().count() as u64));
        let mut text = self.restore.push(piece);
        if ends {
            text.push_str(&self.restore.finish());
        }
        if self.tokens.is_empty() || self.mould.is_none() {
            self.mould = self.is_holding().then(|| data.to_owned());
        }
        (text, self.restore.counts().since(before))
    }

    /// What becomes of the probabilities of the tokens of the latest piece.
    pub(super) fn logprobs(&mut self, list: &TokenList) -> Vec<Edit> {
        let moves = self.restore.settled();
        let (known, _) = moves.written();
        self.tokens.of_piece(list, self.before, (moves, self.restore.vault()), known)
    }

    /// Passes over text that was told as the end of the part before.
    pub(super) fn skip(&mut self, told: &str) {
        if !told.is_empty() {
            let (bytes, chars) = self.came;
            self.came = (bytes + told.len() as u64, chars + told.chars().count() as u64);
            self.restore.skip(told);
        }
    }

    /// What the text behind, which is of another part, makes of what is held back; `last`: nothing follows it.
    pub(super) fn goes_on(&self, behind: &str, last: bool) -> GoesOn {
        self.restore.goes_on(behind, last)
    }

    /// Takes the beginning of the next part as the end of this one.
    pub(super) fn complete(&mut self, rest: &str) -> Counts {
        let before = self.restore.counts();
        self.ending.push_str(&self.restore.push(rest));
        self.restore.counts().since(before)
    }

    /// Ends the text: the event that brings what was held back of it, where anything was.
    pub(super) fn finish(mut self, api: Api, channel: Channel, number: Option<u64>) -> (Option<Flush>, Counts) {
        let before = self.restore.counts();
        let mut text = self.ending;
        text.push_str(&self.restore.finish());
        let event = self.mould.and_then(|mould| {
            let logprobs = self.tokens.left((api, channel), &mould, (self.restore.settled(), self.restore.vault()));
            let held = Held { text: &text, logprobs: logprobs.as_deref() };
            let any = !text.is_empty() || logprobs.is_some();
            any.then(|| dialect::flush_event(api, &mould, channel, held, number)).flatten()
        });
        (event, self.restore.counts().since(before))
    }

    /// Whether something is held back.
    pub(super) fn is_holding(&self) -> bool {
        self.restore.held_bytes() > 0
    }

    /// Whether something would be held back behind this piece.
    pub(super) fn would_hold(&self, piece: &str) -> bool {
        self.restore.would_hold(piece)
    }

    /// Where the places of the text are now, what is held back taken for its end.
    pub(super) fn moves(&self) -> Moves {
        self.restore.moves()
    }

    /// The same, were this to follow.
    pub(super) fn moves_behind(&self, behind: &str) -> Moves {
        self.restore.moves_behind(behind)
    }

    /// Whether it is sure where a place is, were this to follow.
    pub(super) fn is_settled(&self, behind: &str, position: &Position) -> bool {
        let (bytes, chars) = self.restore.settled_behind(behind);
        position.value <= if position.measure == Measure::Bytes { bytes } else { chars }
    }

    /// Bytes that are kept for what is held back.
    pub(super) fn held_bytes(&self) -> usize {
        self.mould.as_ref().map_or(0, String::len) + self.tokens.held_bytes()
    }
}
