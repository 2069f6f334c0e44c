//! JSON with the place of every token: a strict RFC 8259 reader that changes nothing and copies nothing.
//!
//! Two parsers that disagree about a body are a leak: what the gateway inspects must be what the backend reads. So this
//! reader accepts exactly what the standard allows (a differential test holds it to what `serde_json` accepts) less what
//! parsers in the field read differently: an object with the same key twice (compared after decoding escapes), a lone
//! surrogate, a number that no `f64` holds, containers nested deeper than a limit.
//!
//! What a backend writes goes to a client whose parser may take more than the standard allows, and its servers write it: so
//! a reply may have a byte order mark, `NaN` and infinities, half a character and unescaped control characters. None of
//! these hides a token from the reader, and all leave as they came.
//!
//! [`Scanner`] yields tokens in one forward pass with a stack of its own, so neither depth nor size can overflow the thread's
//! stack or make it slower than linear. [`Document`] keeps the tokens as a flat tree in which a subtree is skipped in one
//! step, for readers that must look at a sibling first (`role` may follow `content`). Neither knows what a token means.

mod document;
mod scan;
mod string;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::limits;

pub use document::{Document, Node, NodeKind, Numbers};
pub use scan::{Scanner, Token, TokenKind};
pub use string::{decode, folded, halved};

/// Bounds of a text; beyond them it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Containers in containers.
    pub depth: usize,
    /// Keys, values and containers together.
    pub leaves: usize,
    /// Whether what servers write beyond the standard is read too.
    pub lenient: bool,
}

impl Bounds {
    /// The bounds of a request.
    pub const REQUEST: Self = Self { depth: limits::JSON_DEPTH_MAX, leaves: limits::JSON_LEAVES_MAX, lenient: false };
    /// Those of a reply, or of an event of one.
    pub const REPLY: Self = Self { depth: limits::REPLY_DEPTH_MAX, leaves: limits::JSON_LEAVES_MAX, lenient: true };
}

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// Not JSON: a token that RFC 8259 does not allow here, a control character in a string, an unknown escape.
    Syntax,
    /// The text ends within a value.
    Cut,
    /// Something follows the value.
    Trailing,
    /// A byte order mark before the value.
    ByteOrderMark,
    /// An object has the same key twice.
    DuplicateKey,
    /// A `\u` escape that is one half of a character.
    LoneSurrogate,
    /// A number outside the range of `f64`.
    NumberRange,
    /// More containers in containers than [`Bounds::depth`].
    Depth,
    /// More tokens than [`Bounds::leaves`], or more bytes than 4 GiB.
    Size,
}

/// A text that is refused, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} at byte {at}", flaw.sentence())]
pub struct Malformed {
    /// What is wrong.
    pub flaw: Flaw,
    /// Byte offset of the token at fault.
    pub at: u32,
}

impl Flaw {
    /// Says what is wrong, without the place.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Syntax => "not valid JSON (RFC 8259)",
            Self::Cut => "the JSON text ends too early",
            Self::Trailing => "bytes after the JSON value",
            Self::ByteOrderMark => "a byte order mark before the JSON value",
            Self::DuplicateKey => "an object has the same key twice",
            Self::LoneSurrogate => "an escape that is one half of a surrogate pair",
            Self::NumberRange => "a number outside the range of a 64-bit float",
            Self::Depth => "containers nested too deep",
            Self::Size => "more keys and values than are read",
        }
    }
}

/// The byte range between the quotes of a string token.
pub fn inner(span: &Range<u32>) -> Range<u32> {
    span.start.saturating_add(1)..span.end.saturating_sub(1)
}

/// Takes a piece of a text; empty when the range does not lie in it.
pub fn slice<'a>(text: &'a str, span: &Range<u32>) -> &'a str {
    text.get(span.start as usize..span.end as usize).unwrap_or_default()
}
