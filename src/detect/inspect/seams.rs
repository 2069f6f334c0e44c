//! Neighbours of a call read joined: what only several of them make together is found in each.
//!
//! What lies within one of them was found there already, and a word that a text only happens to end or begin with is no part of what
//! stands in its neighbours.

use std::ops::Range;

use super::{Work, retain};
use crate::detect::joined::{Joined, Seam, is_own_word};
use crate::detect::page::{Hit, Page, Sink};
use crate::detect::view::View;
use crate::limits::FINDINGS_MAX;
use crate::model::{Call, finding};

impl Work<'_> {
    /// Reads the texts of a chain as one; what lies within one of them was found there already.
    pub(super) fn read_joined(&mut self, call: &Call, chain: &[u32], seam: &Seam) {
        let joined = Joined::of(call, chain, seam);
        let view = View::of_all(&joined.text);
        let page = Page { text: view.as_ref().map_or(joined.text.as_str(), View::text), key: None };
        let mut sink = Sink::new(self.used);
        if seam.names {
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
        let counts = |hit: &Hit| if seam.words { people(hit) } else { seam.names || !spoken(hit) };
        for hit in sink.hits.into_iter().filter(counts) {
            let range = match &view {
                Some(view) => view.original(hit.range),
                None => hit.range,
            };
            let pieces = joined.pieces(&range);
            // `Aubertin` alone is the end of a name, `Traduire en anglais` behind one is none.
            let apart = if seam.words {
                !pieces.iter().skip(1).all(|(field, own)| is_all(call, *field, own))
            } else {
                self.is_whole_in_one(call, hit.detector, &pieces, seam)
            };
            if apart {
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

    /// Whether what was read joined stands whole in one of its texts, and touches only words of the others' own.
    fn is_whole_in_one(&self, call: &Call, detector: u16, pieces: &[(u32, Range<usize>)], seam: &Seam) -> bool {
        let entity = |detector: u16| self.engine.served.get(usize::from(detector)).map(|served| served.entity);
        let within = |(field, range): &(u32, Range<usize>), of: &dyn Fn(&Hit) -> bool| {
            let own = self.hits.get(field).map_or(&[][..], Vec::as_slice);
            let covers = |hit: &Hit| hit.range.start <= range.start && range.end <= hit.range.end;
            own.iter().any(|hit| hit.confidence >= finding::SURELY && covers(hit) && of(hit))
        };
        let whole = pieces.iter().position(|piece| within(piece, &|hit| entity(hit.detector) == entity(detector)));
        let Some(whole) = whole else { return false };
        pieces.iter().enumerate().filter(|(at, _)| *at != whole).all(|(at, piece)| {
            let (field, range) = piece;
            let Some(field) = call.fields.get(*field as usize) else { return false };
            within(piece, &|_| true) || is_own_word(call.text(field), range, field.kind, seam, at < whole)
        })
    }
}

/// Whether a range is all that a field says.
fn is_all(call: &Call, field: u32, own: &Range<usize>) -> bool {
    call.fields.get(field as usize).is_some_and(|field| call.text(field).trim().len() <= own.len())
}
