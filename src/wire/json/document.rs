//! A whole text as a flat tree: nodes in the order of the text, each knowing where its subtree ends.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::{Bounds, Flaw, Malformed, Scanner, TokenKind, decode, inner, slice};

/// A key, a value or a container of a [`Document`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Which kind.
    pub kind: NodeKind,
    /// Whether a key or string is spelt with escapes.
    pub escaped: bool,
    /// First byte of the token or container.
    pub start: u32,
    /// Byte behind it.
    pub end: u32,
    /// Index of the node behind its subtree. For a key that is its value's own index.
    pub after: u32,
}

/// The kinds of node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// An object; its members follow as pairs of a key and a value.
    Object,
    /// An array; its elements follow.
    Array,
    /// The name of a member; its value follows.
    Key,
    /// A string value.
    String,
    /// A number.
    Number,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
}

/// Which numbers become nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Numbers {
    /// All of them.
    All,
    /// Those that are not elements of an array. The vectors of an embedding reply are millions and none is of interest.
    NotInArrays,
}

/// A text that was read whole.
#[derive(Clone)]
pub struct Document<'a> {
    text: &'a str,
    nodes: Vec<Node>,
}

impl Node {
    /// Byte range in the text, half-open, quotes and brackets included.
    pub const fn span(&self) -> Range<u32> {
        self.start..self.end
    }

    /// Whether it holds other nodes.
    pub const fn is_container(&self) -> bool {
        matches!(self.kind, NodeKind::Object | NodeKind::Array)
    }
}

impl<'a> Document<'a> {
    /// Reads a text.
    ///
    /// # Errors
    /// [`Malformed`] when the text is not JSON as the bounds have it, or exceeds them.
    pub fn read(text: &'a str, bounds: Bounds, numbers: Numbers) -> Result<Self, Malformed> {
        let mut scanner = Scanner::within(text, bounds);
        let mut nodes: Vec<Node> = Vec::with_capacity((text.len() / 24).min(bounds.leaves));
        let mut open: Vec<usize> = Vec::with_capacity(8);
        let mut in_array = false;
        while let Some(token) = scanner.token()? {
            let (kind, escaped) = match token.kind {
                TokenKind::ObjectClose | TokenKind::ArrayClose => {
                    let after = index(nodes.len());
                    if let Some(node) = open.pop().and_then(|at| nodes.get_mut(at)) {
                        node.end = token.span.end;
                        node.after = after;
                    }
                    in_array =
                        open.last().and_then(|at| nodes.get(*at)).is_some_and(|node| node.kind == NodeKind::Array);
                    continue;
                }
                TokenKind::Number if in_array && numbers == Numbers::NotInArrays => continue,
                TokenKind::ObjectOpen => (NodeKind::Object, false),
                TokenKind::ArrayOpen => (NodeKind::Array, false),
                TokenKind::Key { escaped } => (NodeKind::Key, escaped),
                TokenKind::String { escaped } => (NodeKind::String, escaped),
                TokenKind::Number => (NodeKind::Number, false),
                TokenKind::True => (NodeKind::True, false),
                TokenKind::False => (NodeKind::False, false),
                TokenKind::Null => (NodeKind::Null, false),
            };
            if nodes.len() >= bounds.leaves {
                return Err(Malformed { flaw: Flaw::Size, at: token.span.start });
            }
            let after = index(nodes.len() + 1);
            let node = Node { kind, escaped, start: token.span.start, end: token.span.end, after };
            if node.is_container() {
                open.push(nodes.len());
                in_array = kind == NodeKind::Array;
            }
            nodes.push(node);
        }
        Ok(Self { text, nodes })
    }

    /// The text that was read.
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// The nodes in the order of the text; the first is the whole value.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node at an index.
    pub fn node(&self, at: u32) -> Option<&Node> {
        self.nodes.get(at as usize)
    }

    /// A node's bytes as they stand.
    pub fn raw(&self, node: &Node) -> &'a str {
        slice(self.text, &node.span())
    }

    /// The decoded text of a key or string, the digits of a number, the word of a literal.
    pub fn decoded(&self, node: &Node) -> Cow<'a, str> {
        match node.kind {
            NodeKind::Key | NodeKind::String => {
                let inside = slice(self.text, &inner(&node.span()));
                if node.escaped { decode(inside) } else { Cow::Borrowed(inside) }
            }
            _ => Cow::Borrowed(self.raw(node)),
        }
    }

    /// The members of an object as indices of key and value; nothing for any other node.
    pub fn members(&self, object: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let end = self.node(object).filter(|node| node.kind == NodeKind::Object).map_or(0, |node| node.after);
        let mut key = object.saturating_add(1);
        std::iter::from_fn(move || {
            if key >= end {
                return None;
            }
            let (at, value) = (key, key.saturating_add(1));
            key = self.node(value)?.after;
            Some((at, value))
        })
    }

    /// The value of an object's member with this name.
    pub fn member(&self, object: u32, name: &str) -> Option<u32> {
        self.members(object)
            .find(|(key, _)| self.node(*key).is_some_and(|key| self.decoded(key) == name))
            .map(|(_, value)| value)
    }
}

impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} bytes, {} nodes)", self.text.len(), self.nodes.len())
    }
}

/// An index as it is kept; a text of less than 4 GiB has fewer nodes.
fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
