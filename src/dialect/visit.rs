//! The walk: takes a document and a table side by side and tells a visitor what stands where.
//!
//! One pass in the order of the body, with a stack of its own. The walk decides nothing: it finds the place of each leaf,
//! key and container; what a place means is the visitor's, and so is what to do with what no row names.

use crate::wire::json::{Document, Node, NodeKind};

use super::table::{Place, PlaceId, ROOT, Table};

/// Where a leaf, key or container stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'t, M: Copy> {
    /// Index of its node in the document.
    pub(crate) index: u32,
    /// The place of the table.
    pub(crate) spot: Spot<'t, M>,
    /// The key it stands under.
    pub(crate) key: Under,
    /// Its number among the elements of an array, or among the members of an object.
    pub(crate) position: u32,
}

/// A place as seen from a leaf.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Spot<'t, M> {
    /// A place that the rows lead to.
    Known(&'t Place<M>),
    /// Below a pattern that ends in `**`.
    Below(&'static str, M),
    /// Named by no row: the path of its nearest table parent.
    Unknown(&'static str),
}

/// The key that a value stands under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Under {
    /// None: an element, or the whole body.
    Nothing,
    /// A word of the table.
    Word(&'static str),
    /// A key of the document: index of its node.
    Key(u32),
}

/// What a walk reports to. Each returns an error to stop it.
pub(crate) trait Visitor<'d, M: Copy> {
    /// What stops the walk.
    type Error;

    /// An object or array begins.
    fn enter(&mut self, document: &Document<'d>, at: &At<'_, M>, node: &Node) -> Result<(), Self::Error>;
    /// The last object or array that began has ended.
    fn leave(&mut self);
    /// A key that is not a word of the table here; `at` is the place of its value.
    fn key(&mut self, document: &Document<'d>, at: &At<'_, M>, node: &Node) -> Result<(), Self::Error>;
    /// A string, number or literal.
    fn leaf(&mut self, document: &Document<'d>, at: &At<'_, M>, node: &Node) -> Result<(), Self::Error>;
    /// A key at a place with named members that is none of them: a visitor may refuse what looks like one.
    fn stray(&mut self, _: &Document<'d>, _: &Place<M>, _: &Node) -> Result<(), Self::Error> {
        Ok(())
    }
    /// Words that are structure below a `**` of this meaning, and so no leaves.
    fn word(&self, _: M, _: &str) -> Option<&'static str> {
        None
    }
}

/// An object or array that is being walked.
struct Container<'t, M> {
    after: u32,
    object: bool,
    spot: Spot<'t, M>,
    position: u32,
}

/// Walks a whole document.
pub(crate) fn walk<'d, M: Copy, V: Visitor<'d, M>>(
    document: &Document<'d>,
    table: &Table<M>,
    visitor: &mut V,
) -> Result<(), V::Error> {
    walk_as(document, table, None, visitor)
}

/// Walks a whole document whose root is of this kind unless its `type` says another.
pub(crate) fn walk_as<'d, M: Copy, V: Visitor<'d, M>>(
    document: &Document<'d>,
    table: &Table<M>,
    named: Option<&str>,
    visitor: &mut V,
) -> Result<(), V::Error> {
    let root = table.place(ROOT);
    let of_kind = named.and_then(|name| root?.kind(name)).and_then(|id| table.place(id));
    let root = of_kind.or(root).map_or(Spot::Unknown("*"), Spot::Known);
    let mut open: Vec<Container<'_, M>> = Vec::with_capacity(8);
    let mut index = 0;
    let mut at = At { index, spot: root, key: Under::Nothing, position: 0 };
    while let Some(node) = document.node(index) {
        while open.pop_if(|container| container.after <= index).is_some() {
            visitor.leave();
        }
        if let Some(container) = open.last_mut() {
            at = At { index, spot: container.spot, key: Under::Nothing, position: container.position };
            container.position += 1;
            if container.object {
                // A key: find the place of its value, which is the next node.
                index += 1;
                at = member(document, table, visitor, At { index, ..at }, node)?;
            } else {
                at.spot = element(table, at.spot);
            }
        }
        let Some(value) = document.node(index) else { break };
        index += 1;
        if !value.is_container() {
            visitor.leaf(document, &at, value)?;
            continue;
        }
        if value.kind == NodeKind::Object {
            at.spot = single(table, at.spot);
            at.spot = kind(document, table, at.spot, at.index);
        }
        visitor.enter(document, &at, value)?;
        let object = value.kind == NodeKind::Object;
        open.push(Container { after: value.after, object, spot: at.spot, position: 0 });
    }
    for _ in open {
        visitor.leave();
    }
    Ok(())
}

/// Finds the place of a member's value and reports the key when it is a leaf.
fn member<'t, 'd, M: Copy, V: Visitor<'d, M>>(
    document: &Document<'d>,
    table: &'t Table<M>,
    visitor: &mut V,
    object: At<'t, M>,
    key: &Node,
) -> Result<At<'t, M>, V::Error> {
    let name = document.decoded(key);
    let spot = match object.spot {
        Spot::Known(place) => {
            if let Some((word, id)) = table.member(place, &name) {
                return Ok(At { spot: known(table, id, place.beyond), key: Under::Word(word), ..object });
            }
            visitor.stray(document, place, key)?;
            match (place.any(), place.below) {
                (Some(any), _) => known(table, any, place.beyond),
                (None, Some(means)) => Spot::Below(place.beyond, means),
                (None, None) => Spot::Unknown(place.beyond),
            }
        }
        deeper => deeper,
    };
    if let Spot::Below(_, means) = spot
        && let Some(word) = visitor.word(means, &name)
    {
        return Ok(At { spot, key: Under::Word(word), ..object });
    }
    let at = At { spot, key: Under::Key(object.index - 1), ..object };
    visitor.key(document, &At { key: Under::Nothing, ..at }, key)?;
    Ok(at)
}

/// Finds the place of an array's elements.
fn element<'t, M: Copy>(table: &'t Table<M>, array: Spot<'t, M>) -> Spot<'t, M> {
    let Spot::Known(place) = array else { return array };
    match (place.elements(), place.below) {
        (Some(id), _) => known(table, id, place.beyond),
        (None, Some(means)) => Spot::Below(place.beyond, means),
        (None, None) => Spot::Unknown(place.beyond),
    }
}

/// The place of an object that stands where the rows want an array of them: servers that read JSON as protocol buffers, and
/// lenient ones, take it for an array of one. Where rows name members of the object itself, it is what they say.
fn single<'t, M: Copy>(table: &'t Table<M>, spot: Spot<'t, M>) -> Spot<'t, M> {
    match spot {
        Spot::Known(place) if place.holds_elements_alone() => element(table, spot),
        _ => spot,
    }
}

/// Narrows the place of an object to its kind, where the rows tell kinds apart.
fn kind<'t, M: Copy>(document: &Document<'_>, table: &'t Table<M>, spot: Spot<'t, M>, object: u32) -> Spot<'t, M> {
    let Spot::Known(place) = spot else { return spot };
    if !place.has_kinds() {
        return spot;
    }
    // A `type` that is no string is of no kind that rows could name; a missing one or `null` leaves the place as it is.
    let Some(named) = document.member(object, "type").and_then(|value| document.node(value)) else { return spot };
    let found = match named.kind {
        NodeKind::String => place.kind(&document.decoded(named)),
        NodeKind::Null => None,
        _ => place.kind(""),
    };
    found.and_then(|id| table.place(id)).map_or(spot, Spot::Known)
}

fn known<'t, M: Copy>(table: &'t Table<M>, id: PlaceId, beyond: &'static str) -> Spot<'t, M> {
    table.place(id).map_or(Spot::Unknown(beyond), Spot::Known)
}
