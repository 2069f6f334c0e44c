//! Numbers of a request that are places in a text of it: what an earlier answer cites, sent back as it was received.
//!
//! A place is in the text that stands beside it, in the nearest object around both, or in a document of the request. It may come
//! before the text does, so it is resolved when all of the body was read.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::model::Field;
use crate::model::Measure;
use crate::model::call::Place;

/// Objects around a number that are looked at: the citation, the list of them, and the part that both are of.
const AROUND_MAX: usize = 4;

/// What was met so far.
#[derive(Default)]
pub(super) struct Places {
    /// Fields whose text may be cited beside it, in the order of the body.
    texts: Vec<u32>,
    drafts: Vec<Draft>,
}

/// A number whose text is not known yet.
struct Draft {
    field: u32,
    value: u64,
    measure: Measure,
    end: bool,
    document: Option<u32>,
    /// Spans of the objects and arrays around it, the nearest first.
    around: Vec<Range<u32>>,
}

impl Places {
    /// Notes a text.
    pub(super) fn text(&mut self, field: u32) {
        self.texts.push(field);
    }

    /// Notes a number as written; what is none is no place.
    pub(super) fn number(
        &mut self,
        (field, written): (u32, &str),
        (measure, end): (Measure, bool),
        document: Option<u32>,
        around: impl Iterator<Item = Range<u32>>,
    ) {
        if let Ok(value) = written.parse() {
            let around = around.take(AROUND_MAX).collect();
            self.drafts.push(Draft { field, value, measure, end, document, around });
        }
    }

    /// The places, once all fields are known; `cited` are the texts of documents and their numbers.
    pub(super) fn resolve(self, fields: &[Field], cited: &[(u32, u32)]) -> Vec<Place> {
        let documents: BTreeMap<u32, u32> = cited.iter().map(|(field, document)| (*document, *field)).collect();
        let span = |field: &u32| fields.get(*field as usize).map_or(0..0, |field| field.span.clone());
        let beside = |around: &Range<u32>| {
            let first = self.texts.partition_point(|text| span(text).start < around.start);
            self.texts.get(first).filter(|text| span(text).end <= around.end).copied()
        };
        let resolved = self.drafts.iter().filter_map(|draft| {
            let text = match draft.document {
                Some(document) => documents.get(&document).copied(),
                None => draft.around.iter().find_map(beside),
            };
            let Draft { field, value, measure, end, .. } = *draft;
            Some(Place { field, value, measure, end, text: text? })
        });
        resolved.collect()
    }
}
