//! How a position in a text is counted.

/// What a position counts from the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Characters, as in Unicode scalar values.
    Chars,
    /// Bytes of UTF-8.
    Bytes,
}
