//! What is found in a changed body and was not in the original: with a pseudonym in the place of a value, the words beside it may
//! say something else (`C. Laurent 06 12 34 56 78` is a list of codes to the one detector, and a person before a pseudonym).
//!
//! Such a finding is carried back to where it stands in the original, so that all that must be changed is changed at once.

use std::collections::BTreeMap;

use crate::model::{Call, Field, Finding, Findings, Measure};
use crate::transform::Moves;
use crate::wire::Edit;

/// Where the tokens and texts of a changed body were in the original.
pub(super) struct Shifts<'m> {
    /// Where each edit begins in the changed body, where in the original, and by how much what follows is shifted.
    edits: Vec<(i64, u32, i64)>,
    moves: &'m BTreeMap<u32, Moves>,
}

impl<'m> Shifts<'m> {
    /// Notes what edits will do.
    pub(super) fn of(edits: &[Edit], moves: &'m BTreeMap<u32, Moves>) -> Self {
        let mut sorted: Vec<&Edit> = edits.iter().collect();
        sorted.sort_by_key(|edit| edit.span.start);
        let mut shift = 0;
        let shifted = sorted.into_iter().map(|edit| {
            let begins = i64::from(edit.span.start) + shift;
            shift +=
                i64::try_from(edit.replacement.len()).unwrap_or(i64::MAX) - i64::from(edit.span.end - edit.span.start);
            (begins, edit.span.start, shift)
        });
        Self { edits: shifted.collect(), moves }
    }

    /// The findings of the changed body where they stand in the original; nothing where one of them stands in no field of it.
    pub(super) fn carried(&self, call: &Call, found: &[(Field, Finding)]) -> Option<Vec<Finding>> {
        found.iter().map(|(field, found)| self.back(call, field, found)).collect()
    }

    fn back(&self, call: &Call, field: &Field, found: &Finding) -> Option<Finding> {
        let begins = self.began(field.span.start)?;
        let index = call.fields.binary_search_by_key(&begins, |field| field.span.start).ok()?;
        let at = |place: u32, end: bool| match self.moves.get(&begins) {
            Some(moves) => u32::try_from(moves.at(place.into(), Measure::Bytes, end)?).ok(),
            None => Some(place),
        };
        let range = at(found.range.start, false)?..at(found.range.end, true)?;
        Some(Finding { field: u32::try_from(index).ok()?, range, ..found.clone() })
    }

    /// Where a token of the changed body began in the original.
    fn began(&self, begins: u32) -> Option<u32> {
        let begins = i64::from(begins);
        let before = self.edits.partition_point(|(at, ..)| *at <= begins);
        match before.checked_sub(1).and_then(|last| self.edits.get(last)) {
            None => u32::try_from(begins).ok(),
            Some((at, began, _)) if *at == begins => Some(*began),
            Some((.., shift)) => u32::try_from(begins - shift).ok(),
        }
    }
}

/// The findings with more of them; nothing where all are there already.
pub(super) fn grown(findings: &Findings, more: Vec<Finding>) -> Option<Findings> {
    let new: Vec<Finding> = more.into_iter().filter(|found| !is_among(found, findings)).collect();
    if new.is_empty() {
        return None;
    }
    let mut grown = findings.clone();
    grown.list.extend(new);
    grown.list.sort_by_key(|found| (found.field, found.range.start, u32::MAX - found.range.end));
    Some(grown)
}

/// What findings have that others have not.
pub(super) fn added<'f>(before: &'f Findings, now: &'f Findings) -> impl Iterator<Item = &'f Finding> {
    now.list.iter().filter(|found| !is_among(found, before))
}

fn is_among(found: &Finding, findings: &Findings) -> bool {
    findings.list.iter().any(|it| (it.entity, it.field, &it.range) == (found.entity, found.field, &found.range))
}
