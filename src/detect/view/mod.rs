//! The normalised view: the text as a reader would understand it, with an exact map back to the bytes as they came.
//!
//! Values arrive disguised, mostly by accident: a narrow no-break space between digits, a soft hyphen, full-width letters, a
//! JSON escape inside tool arguments. Detectors read the view; findings are reported on the original, widened so that a
//! replacement never leaves half a character or half an escape. A text that needs no view costs a few vectorised searches.
//!
//! ```text
//! original  0 6 U+202F 1 2 \u00e9      view  0 6 ' ' 1 2 é
//! pieces    [06 -> 06] [U+202F => ' '] [12 -> 12] [\u00e9 => é]     -> byte for byte, => as a whole
//! ```
//! What is dropped (zero-width characters) has no piece: it lies in the gap between two. What is set aside (a tag within a value)
//! and what is read twice (a value that tags cut which say something themselves, one with the sign of a note) has its piece behind the text.

mod apart;
mod characters;
mod escapes;
mod figures;
mod markup;
mod mixed;
mod notes;
mod printable;
mod spread;
mod terminal;
mod wrapped;

use std::ops::Range;

pub(super) use apart::Joint;
pub(super) use figures::plain_number;

use crate::limits::NESTED_DEPTH_MAX;

/// A text in normal form and the way back.
pub struct View {
    text: String,
    pieces: Vec<Piece>,
}

/// A stretch of the view and where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    /// Where it begins in the view.
    view: u32,
    /// Its bytes in the view.
    view_len: u32,
    /// Where it began in the original.
    original: u32,
    /// Its bytes in the original; equal to `view_len` when copied.
    original_len: u32,
    /// Copied byte for byte; otherwise only the whole maps.
    copied: bool,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "View({} bytes, {} pieces)", self.text.len(), self.pieces.len())
    }
}

impl View {
    /// Builds the view of a text; `None` when the text is its own view, or too long for 32-bit offsets.
    pub fn of(text: &str) -> Option<Self> {
        Self::through(text, &[terminal::strip, characters::normalise, markup::strip])
    }

    /// Builds the view that detectors read: whole numbers are digits, and what tags say that were taken out of the text stands
    /// behind it.
    pub(super) fn of_all(text: &str) -> Option<Self> {
        const LAYERS: [fn(&str) -> Option<View>; 7] = [
            terminal::set_aside,
            notes::read_twice,
            characters::normalise,
            wrapped::join,
            spread::read_twice,
            markup::set_aside,
            figures::plain,
        ];
        Self::through(text, &LAYERS)
    }

    fn through(text: &str, layers: &[fn(&str) -> Option<Self>]) -> Option<Self> {
        u32::try_from(text.len()).ok()?;
        let mut view: Option<Self> = None;
        for _ in 0..NESTED_DEPTH_MAX {
            let current = view.as_ref().map_or(text, |view| view.text.as_str());
            let Some(opened) = escapes::open(current) else { break };
            view = Some(opened.over(view));
        }
        for layer in layers {
            let current = view.as_ref().map_or(text, |view| view.text.as_str());
            if let Some(normal) = layer(current) {
                view = Some(normal.over(view));
            }
        }
        view
    }

    /// Builds the view of a name, its words apart; `None` when it is one word.
    pub(super) fn of_name(text: &str, joint: Joint) -> Option<Self> {
        let view = Self::of(text);
        let parted = apart::part(view.as_ref().map_or(text, |view| view.text.as_str()), joint)?;
        Some(parted.over(view))
    }

    /// The text in normal form.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the original that a range of the view stands for, widened to whole characters and escapes.
    pub fn original(&self, range: Range<usize>) -> Range<usize> {
        let first = self.piece_at(range.start);
        let start = first.map_or(0, |piece| piece.start(range.start));
        let Some(at) = range.end.checked_sub(1) else { return start..start };
        let last = self.piece_at(at);
        let end = last.map_or(start, |piece| piece.end(at));
        match (first, last) {
            // What was set aside stands behind the text, and came from within it.
            (Some(first), Some(last)) if last.original < first.original => {
                last.original as usize..(first.original + first.original_len) as usize
            }
            _ => start..end.max(start),
        }
    }

    /// The way back for many ranges, in the order of their beginnings.
    pub fn way_back(&self) -> WayBack<'_> {
        WayBack { pieces: &self.pieces, at: 0 }
    }

    /// The piece that holds a byte of the view.
    fn piece_at(&self, at: usize) -> Option<Piece> {
        let next = self.pieces.partition_point(|piece| piece.view as usize <= at);
        next.checked_sub(1).and_then(|index| self.pieces.get(index)).copied()
    }

    /// Reads this view as one made of `below`'s text: offsets then lead to the text below.
    fn over(self, below: Option<Self>) -> Self {
        let Some(below) = below else { return self };
        let mut pieces = Vec::with_capacity(self.pieces.len() + below.pieces.len());
        for piece in &self.pieces {
            if piece.copied {
                below.split(*piece, &mut pieces);
            } else {
                let range = below.original(piece.original as usize..(piece.original + piece.original_len) as usize);
                pieces.push(Piece { original: small(range.start), original_len: small(range.len()), ..*piece });
            }
        }
        Self { text: self.text, pieces }
    }

    /// Splits a copied piece of an upper view along the pieces of this one.
    fn split(&self, upper: Piece, out: &mut Vec<Piece>) {
        let (mut at, end) = (upper.original, upper.original + upper.original_len);
        while at < end {
            let Some(piece) = self.piece_at(at as usize) else { return };
            let stop = end.min(piece.view + piece.view_len);
            let len = stop.saturating_sub(at).max(1);
            let view = upper.view + (at - upper.original);
            out.push(if piece.copied {
                Piece {
                    view,
                    view_len: len,
                    original: piece.original + (at - piece.view),
                    original_len: len,
                    copied: true,
                }
            } else {
                Piece { view, view_len: len, ..piece }
            });
            at += len;
        }
    }
}

impl Piece {
    fn start(&self, at: usize) -> usize {
        let inside = at.saturating_sub(self.view as usize);
        self.original as usize + if self.copied { inside } else { 0 }
    }

    fn end(&self, last: usize) -> usize {
        let inside = last.saturating_sub(self.view as usize) + 1;
        self.original as usize + if self.copied { inside } else { self.original_len as usize }
    }
}

/// Leads ranges of a view back, one behind the other: what [`View::original`] does, without a search for each.
#[derive(Debug)]
pub struct WayBack<'a> {
    pieces: &'a [Piece],
    /// The piece that the last range began in.
    at: usize,
}

impl WayBack<'_> {
    /// The bytes of the original that a range stands for. It begins nowhere before the last one.
    pub fn original(&mut self, range: Range<usize>) -> Range<usize> {
        let piece = |from: usize, place: usize| {
            let rest = self.pieces.get(from..).unwrap_or_default();
            let steps = rest.iter().skip(1).take_while(|piece| piece.view as usize <= place).count();
            let found = rest.get(steps).filter(|piece| piece.view as usize <= place);
            (from + steps, found)
        };
        let (at, first) = piece(self.at, range.start);
        let start = first.map_or(0, |piece| piece.start(range.start));
        let end = range.end.checked_sub(1).and_then(|last| piece(at, last).1.map(|piece| piece.end(last)));
        self.at = at;
        start..end.unwrap_or(start).max(start)
    }
}

/// Writes a view from left to right.
struct Builder<'a> {
    source: &'a str,
    text: String,
    pieces: Vec<Piece>,
    /// Bytes of the source that are written, replaced or dropped.
    done: usize,
}

impl<'a> Builder<'a> {
    fn new(source: &'a str) -> Self {
        Self { source, text: String::with_capacity(source.len()), pieces: Vec::new(), done: 0 }
    }

    /// Copies the source up to `at`.
    fn copy_to(&mut self, at: usize) {
        let stretch = self.source.get(self.done..at).unwrap_or_default();
        if !stretch.is_empty() {
            self.pieces.push(Piece {
                view: small(self.text.len()),
                view_len: small(stretch.len()),
                original: small(self.done),
                original_len: small(stretch.len()),
                copied: true,
            });
            self.text.push_str(stretch);
        }
        self.done = at;
    }

    /// Replaces a range of the source, copying what lies before it. An empty replacement drops it.
    fn replace(&mut self, range: Range<usize>, replacement: &str) {
        self.copy_to(range.start);
        if !replacement.is_empty() {
            self.pieces.push(Piece {
                view: small(self.text.len()),
                view_len: small(replacement.len()),
                original: small(range.start),
                original_len: small(range.len()),
                copied: false,
            });
            self.text.push_str(replacement);
        }
        self.done = range.end;
    }

    /// Copies a range of the source a second time, behind the whole of it and on a line of its own.
    fn append(&mut self, range: Range<usize>) {
        self.copy_to(self.source.len());
        self.done = range.start;
        self.replace(range.start..range.start, "\n");
        self.copy_to(range.end);
        self.done = self.source.len();
    }

    /// Ends the view; `None` when nothing was replaced.
    fn finish(mut self) -> Option<View> {
        if self.done == 0 {
            return None;
        }
        self.copy_to(self.source.len());
        Some(View { text: self.text, pieces: self.pieces })
    }
}

/// Offsets of a text whose length was checked to fit.
fn small(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests;
