//! What an object of a reply says of itself: which choice, block or call it is of, which argument, and whether that goes on.
//!
//! It says so of the pieces and positions beside and below it. No text is read here.

use super::super::unnamed::argument;
use super::super::{Channel, Ended};
use super::{Reading, Says, Scope};
use crate::dialect::table::{Place, PlaceId};
use crate::dialect::visit::{At, Under};
use crate::wire::json::{Document, Node, NodeKind};

impl Reading<'_, '_> {
    /// Takes the indices that an object says of itself; an element that says none has its position, a member those of what it is in.
    pub(super) fn indices(&self, document: &Document<'_>, at: &At<'_, Says>, place: &Place<Says>, scope: &mut Scope) {
        let named = |wanted: Says| self.name_of(place, wanted).map(|name| member(document, at, name));
        let said = |wanted: Says| {
            let element = (at.key == Under::Nothing).then_some(at.position);
            named(wanted).and_then(|value| value.and_then(|value| document.raw(value).parse().ok()).or(element))
        };
        if let Some(thought) = named(Says::Thought) {
            scope.thought = thought.is_some_and(|value| value.kind == NodeKind::True);
        }
        if let Some(outer) = said(Says::Outer) {
            (scope.outer, scope.inner, scope.choice) = (outer, 0, outer);
        }
        if let Some(block) = said(Says::Block) {
            (scope.outer, scope.inner) = (block, 0);
        }
        if let Some(inner) = said(Says::Inner) {
            scope.inner = inner;
        }
        if let Some(part) = named(Says::OfPart) {
            scope.of_part = part.and_then(|value| document.raw(value).parse().ok()).unwrap_or(0);
        }
        if let Some(cited) = named(Says::OfDocument) {
            scope.of_document = cited.and_then(|value| document.raw(value).parse().ok());
        }
        if let Some(path) = named(Says::OfArgument) {
            scope.argument = path.map(|path| argument(&document.decoded(path)));
        }
    }

    /// The member of objects at a place that rows say this of, where they say it of one.
    fn name_of(&self, place: &Place<Says>, wanted: Says) -> Option<&'static str> {
        let is_it = |id: PlaceId| self.table.place(id).is_some_and(|member| member.means == Some(wanted));
        place.members().iter().find(|(_, id)| is_it(*id)).map(|(name, _)| *name)
    }

    /// Notes whether an argument in pieces, or the call that it is of, ends with this object. A piece that goes on has the word over
    /// what was said before it: the next call may begin in the event that ends one.
    pub(super) fn goes_on(
        &mut self,
        document: &Document<'_>,
        (at, place): (&At<'_, Says>, &Place<Says>),
        scope: &Scope,
    ) {
        let Some(name) = self.name_of(place, Says::GoesOn) else { return };
        let goes_on = member(document, at, name).is_some_and(|node| node.kind == NodeKind::True);
        let call = Ended::Arguments(scope.outer);
        let own = |kind| Ended::Channel(Channel { kind, outer: scope.outer, inner: scope.inner });
        let ended = scope.argument.map_or(call, own);
        if goes_on && scope.argument.is_some() {
            self.seen.ends.retain(|known| ![call, ended].contains(known));
        } else if !goes_on && !self.seen.ends.contains(&ended) {
            self.seen.ends.push(ended);
        }
    }
}

/// The value of a member of an object.
fn member<'d>(document: &'d Document<'_>, at: &At<'_, Says>, name: &str) -> Option<&'d Node> {
    document.member(at.index, name).and_then(|value| document.node(value))
}
