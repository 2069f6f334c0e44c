//! What ends a URL, by what opened it; and how brackets within one are counted.

use super::Mark;

/// What ends a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// This quote; when it was escaped, any spelling of it.
    Quote(Mark),
    /// `>`, or the end of the line.
    Angle,
    /// A blank, or the closing bracket at this depth.
    Bracket(char, char, u32),
    /// A blank behind the closing bracket: before it, one may end an escape of CSS.
    Css,
    /// A blank.
    Blank,
}

impl End {
    /// What ends the URL behind a character that did not.
    pub(super) fn behind(self, char: char, escaped: bool) -> Self {
        match self {
            Self::Bracket(open, close, depth) if char == open && !escaped => {
                Self::Bracket(open, close, depth.saturating_add(1))
            }
            Self::Bracket(open, close, depth) if char == close && !escaped => {
                Self::Bracket(open, close, depth.saturating_sub(1))
            }
            Self::Css if char == ')' && !escaped => Self::Blank,
            // A destination that holds one is none.
            Self::Bracket(..) if char.is_control() => Self::Blank,
            _ => self,
        }
    }
}
