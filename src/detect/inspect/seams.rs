//! Neighbours of a call read joined: what only several of them make together is found in each.
//!
//! What lies within one of them was found there already, and a word that a text only happens to end or begin with is no part of what
//! stands in its neighbours.

use std::ops::Range;

use super::{Work, retain};
use crate::detect::joined::{Joined, Seam, is_own_word};
use crate::detect::page::{Hit, Page, Sink};
use crate::detect::view::View;
use crate::detect::{quoted, windows};
use crate::limits::FINDINGS_MAX;
use crate::model::{Call, TokenKind, finding};

impl Work<'_> {
    /// Reads the texts of a chain as one; what lies within one of them was found there already.
    pub(super) fn read_joined(&mut self, call: &Call, chain: &[u32], seam: &Seam) {
        self.read_seams(call, &Joined::of(call, chain, seam), seam, seam.names);
        let leaves = windows::leaves(call, if seam.words { &[] } else { chain });
        let mut left = WINDOWS_BYTES + leaves.iter().map(|leaf| leaf.text.len()).sum::<usize>();
        if let Some(joined) = windows::joined(&leaves, seam, &mut left) {
            self.read_seams(call, &joined, seam, false);
        }
    }

    /// Reads the strings of documents that stand in a text as the texts of a chain.
    pub(super) fn read_documents(&mut self, call: &Call, index: u32) {
        let Some(field) = call.fields.get(index as usize).filter(|field| field.kind == TokenKind::String) else {
            return;
        };
        let text = call.text(field);
        let mut left = WINDOWS_BYTES + text.len();
        for group in quoted::strings(index, text) {
            if let Some(joined) = windows::joined(&group, &Seam::STRANGERS, &mut left) {
                self.read_seams(call, &joined, &Seam::STRANGERS, false);
            }
        }
    }

    /// Reads texts that were joined, names too or not.
    fn read_seams(&mut self, call: &Call, joined: &Joined, seam: &Seam, names: bool) {
        let view = View::of_all(&joined.text);
        let page = Page { text: view.as_ref().map_or(joined.text.as_str(), View::text), key: None };
        let mut sink = Sink::new(self.used);
        if names {
            self.engine.scan(&page, 0, &mut sink);
        } else {
            self.engine.scan_patterns(&page, 0, &mut sink);
        }
        self.full |= sink.full;
        self.used.places += sink.places;
        retain(&page, &mut sink);
        // Words and names do not run from one text into another; numbers, addresses and secrets can be made to.
        let spoken = |hit: &Hit| hit.detector == self.engine.person || self.engine.is_term(hit.detector);
        let people = |hit: &Hit| hit.detector == self.engine.person;
        let counts = |hit: &Hit| if seam.words { people(hit) } else { names || !spoken(hit) };
        for hit in sink.hits.into_iter().filter(counts) {
            let range = match &view {
                Some(view) => view.original(hit.range),
                None => hit.range,
            };
            let mut pieces = joined.pieces(&range);
            let before = joined
                .text
                .get(range)
                .map_or(0, |text| self.own_words_before(call, (hit.detector, text), &pieces, seam));
            pieces.drain(..before);
            if !seam.words {
                pieces = self.without_others(call, hit.detector, pieces, seam);
            }
            // `Aubertin` alone is the end of a name, `Traduire en anglais` behind one is none.
            let apart = seam.words && !pieces.iter().skip(1).all(|(field, own)| is_all(call, *field, own));
            if apart || self.are_known(hit.detector, &pieces) {
                continue;
            }
            if pieces.len() < 2 || self.used.hits + pieces.len() > FINDINGS_MAX {
                self.full |= pieces.len() > 1;
                continue;
            }
            self.used.hits += pieces.len();
            for (field, range) in pieces {
                let hit = Hit { detector: hit.detector, range, confidence: hit.confidence };
                self.hits.entry(field).or_default().push(hit);
            }
        }
    }

    /// What was read joined, without what is no part of it. Where it stands whole in one of its texts, that is whatever stands beyond
    /// a word of their own. Where only its syntax says what it is, no name of a member is of it, and nothing is left.
    fn without_others(&self, call: &Call, detector: u16, pieces: Vec<Piece>, seam: &Seam) -> Vec<Piece> {
        let entity = |detector: u16| self.engine.served.get(usize::from(detector)).map(|served| served.entity);
        let within = |(field, range): &Piece, of: &dyn Fn(&Hit) -> bool| {
            let own = self.hits.get(field).map_or(&[][..], Vec::as_slice);
            let covers = |hit: &Hit| hit.range.start <= range.start && range.end <= hit.range.end;
            own.iter().any(|hit| hit.confidence >= finding::SURELY && covers(hit) && of(hit))
        };
        let whole = pieces.iter().position(|piece| within(piece, &|hit| entity(hit.detector) == entity(detector)));
        let Some(whole) = whole else {
            let names = |(field, range): &Piece| {
                let field = call.fields.get(*field as usize).filter(|field| field.kind == TokenKind::Key);
                field.is_some_and(|field| call.text(field).len() == range.len() && windows::is_name(call.text(field)))
            };
            let has_name = !self.engine.is_checked(detector) && pieces.iter().any(names);
            return if has_name { Vec::new() } else { pieces };
        };
        let is_other = |(at, piece): (usize, &Piece)| {
            let Some(field) = call.fields.get(piece.0 as usize) else { return false };
            within(piece, &|_| true) || is_own_word(call.text(field), &piece.1, field.kind, seam, at < whole)
        };
        let around = |at: Option<usize>| at.and_then(|at| Some(is_other((at, pieces.get(at)?)))).unwrap_or(false);
        let from = if around(whole.checked_sub(1)) { whole } else { 0 };
        let to = if around(Some(whole + 1)) { whole + 1 } else { pieces.len() };
        pieces.get(from..to).unwrap_or_default().to_vec()
    }

    /// How many pieces at the beginning of what was read joined are words of their own texts: what stands behind them is the same
    /// without them, or begins with the mark of a domain. `hello` before a list of domains (`@example.com`) is no address.
    fn own_words_before(
        &self,
        call: &Call,
        (detector, text): (u16, &str),
        pieces: &[(u32, Range<usize>)],
        seam: &Seam,
    ) -> usize {
        let (mut at, mut rest) = (0, text);
        for (field, own) in pieces {
            let Some(behind) = rest.get(own.len()..) else { break };
            let field = call.fields.get(*field as usize);
            if !field.is_some_and(|field| is_own_word(call.text(field), own, field.kind, seam, true)) {
                break;
            }
            if !(behind.starts_with('@') || self.reads_as(detector, behind)) {
                break;
            }
            (at, rest) = (at + 1, behind);
        }
        at
    }

    /// Whether a text is, all of it, what a detector finds.
    fn reads_as(&self, detector: u16, text: &str) -> bool {
        let mut sink = Sink::new(self.used);
        self.engine.scan_patterns(&Page { text, key: None }, 0, &mut sink);
        sink.hits.iter().any(|hit| hit.detector == detector && hit.range == (0..text.len()))
    }

    /// Whether all of it was found before.
    fn are_known(&self, detector: u16, pieces: &[Piece]) -> bool {
        pieces.iter().all(|(field, range)| {
            let own = self.hits.get(field).map_or(&[][..], Vec::as_slice);
            own.iter().any(|hit| hit.detector == detector && hit.range == *range)
        })
    }
}

/// Bytes of neighbours that are read apart from the others, whatever they are; beyond it as many as their texts have.
const WINDOWS_BYTES: usize = 4096;

/// A field, and a stretch of it.
type Piece = (u32, Range<usize>);

/// Whether a range is all that a field says.
fn is_all(call: &Call, field: u32, own: &Range<usize>) -> bool {
    call.fields.get(field as usize).is_some_and(|field| call.text(field).trim().len() <= own.len())
}
