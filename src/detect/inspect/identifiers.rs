//! Names of tools, of speakers and of keys, read a second time with their words apart.
//!
//! `call_mathieu_delacourt` is one word to whoever looks for words. Nothing is taken back: what is found in the name as it
//! stands stays found, and what is found in its words is led back to the name's own bytes. A name that a call repeats, as every
//! row of a table repeats its keys, is read once.

use std::collections::HashMap;

use super::Work;
use crate::detect::page::{Page, Report, Sink};
use crate::detect::person::account::is_account;
use crate::detect::person::known::Search;
use crate::detect::values::Values;
use crate::detect::view::{Joint, View};
use crate::limits::FINDINGS_MAX;
use crate::model::{Field, Role, TokenKind, finding};

/// The names of one call that have several words.
#[derive(Default)]
pub(super) struct Identifiers(HashMap<Box<str>, Identifier>);

/// A name, its words apart, and where it stands.
struct Identifier {
    views: Vec<View>,
    fields: Vec<u32>,
}

/// Whether a field is a name of the program's rather than a text.
fn is_identifier(field: &Field) -> bool {
    match field.kind {
        // A schema says the names of its properties again (`required`, `$ref`, `enum`): all of them would have to change alike.
        TokenKind::Key => field.role != Role::Schema,
        TokenKind::String => matches!(field.role, Role::Name | Role::Identifier),
        TokenKind::Number => false,
    }
}

impl Identifiers {
    /// Notes a field if it is a name of several words.
    pub(super) fn note(&mut self, index: u32, field: &Field, text: &str) {
        if !is_identifier(field) {
            return;
        }
        if let Some(known) = self.0.get_mut(text) {
            return known.fields.push(index);
        }
        let mut views: Vec<View> =
            [Joint::Mark, Joint::Capital].into_iter().filter_map(|joint| View::of_name(text, joint)).collect();
        views.dedup_by(|one, other| one.text() == other.text());
        if !views.is_empty() {
            self.0.insert(text.into(), Identifier { views, fields: vec![index] });
        }
    }
}

impl Work<'_> {
    /// Reads all names with their words apart, by every detector.
    pub(super) fn read_identifiers(&mut self) {
        self.in_identifiers(|work, page, sink| {
            work.engine.scan(page, 0, sink);
            if is_account(page.text) {
                sink.push(work.engine.person, 0..page.text.len(), finding::SURELY);
            }
            super::retain(page, sink);
            work.learn(page, &sink.hits);
        });
    }

    /// Looks in all names for people that are known from elsewhere.
    pub(super) fn find_people(&mut self, search: &Search) {
        self.in_identifiers(|work, page, sink| {
            search.find(page, &mut Report { sink, detector: work.engine.person });
            super::retain(page, sink);
        });
    }

    /// Looks in all names for values that are known from elsewhere.
    pub(super) fn find_values(&mut self, values: &Values) {
        self.in_identifiers(|_, page, sink| {
            values.find(page.text, false, sink);
            super::retain(page, sink);
        });
    }

    fn in_identifiers(&mut self, mut look: impl FnMut(&mut Self, &Page<'_>, &mut Sink)) {
        let identifiers = std::mem::take(&mut self.identifiers);
        for (text, identifier) in &identifiers.0 {
            for view in &identifier.views {
                let page = Page { text: view.text(), key: None };
                let mut sink = Sink::new(self.used);
                look(self, &page, &mut sink);
                self.full |= sink.full;
                self.used.places += sink.places;
                for hit in &mut sink.hits {
                    hit.range = view.original(hit.range.clone());
                    hit.range.end = super::marks_end(text, hit.range.end);
                }
                for field in identifier.fields.iter().filter(|_| !sink.hits.is_empty()) {
                    if self.used.hits + sink.hits.len() > FINDINGS_MAX {
                        self.full = true;
                        break;
                    }
                    self.used.hits += sink.hits.len();
                    self.hits.entry(*field).or_default().extend(sink.hits.iter().cloned());
                }
            }
        }
        self.identifiers = identifiers;
    }
}
