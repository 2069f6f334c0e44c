//! The lossless tree: every token of a sheet with what the parser took it for, the comments between, and where lines begin.
//!
//! Tokens and comments together hold every byte of the file but blanks, so that a sheet can be laid out anew, or said in
//! another language, without losing a word or a note.

use std::ops::Range;

use super::lexer::Token;
use super::phrase::Phrase;

/// A sheet as written.
#[derive(Debug)]
pub(super) struct Concrete {
    /// Ended by [`super::lexer::Kind::End`].
    pub(super) tokens: Vec<Token>,
    /// Spans of the comments, in order.
    pub(super) comments: Vec<Range<usize>>,
    /// What tokens were taken for, in order; a token without a mark stands for itself.
    pub(super) marks: Vec<Mark>,
    /// Indices of the tokens that begin a line when laid out, in order.
    pub(super) breaks: Vec<(usize, Break)>,
}

/// What some tokens were taken for.
#[derive(Debug)]
pub(super) struct Mark {
    /// Index of the first.
    pub(super) from: usize,
    /// How many.
    pub(super) tokens: usize,
    pub(super) item: Item,
}

/// What a token can be taken for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A phrase of the vocabulary.
    Phrase(Phrase),
    /// The identifier of a class or type of data, written as a bare word.
    Data(String),
}

/// How a line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Break {
    /// A statement of one line.
    Statement,
    /// A statement of several lines, set off by blank lines.
    Block,
    /// A clause of such a statement.
    Clause,
}
