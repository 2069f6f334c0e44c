//! Knows whether a text stands in the target of a link that a form of markup delimits and that began with an address.
//!
//! A URL of prose ends at a blank. The target of a link goes on to what closes it: `LaTeX`, `AsciiDoc`, `reStructuredText` and wikis take
//! blanks and ends of lines for part of it, and so do formulas and forms, which send what stands beside the address.
//!
//! ```text
//! ![](https://…)   \href{https://…}   [[https://…]]   <https://…>   pass:[https://…]   ++https://…++     to the bracket
//! image::https://…[]                                                                                     to `[`, or the end of the line
//! .. image:: https://…     __ https://…                                                                  to the end of the block
//! =WEBSERVICE("https://…"&…)     <form action="https://…">                                               to `)`, to `</form>`
//! ```
//! A bracket of prose is none: `(see https://… and …)`. No target but a form goes on over an empty line, and none over more than
//! [`TARGET_CHARS_MAX`]. It never says where an address begins.

use super::{ANGLE, DESTINATION, Mark};
use crate::limits::TARGET_CHARS_MAX;

/// Stands for the brace behind the name of a command of LaTeX.
pub(super) const COMMAND: char = '\u{F0003}';
/// Stands for the second of two square brackets, and for the one behind `pass:`.
pub(super) const WIKI: char = '\u{F0004}';

/// The reader's state after some text.
#[derive(Debug, Clone, Default)]
pub(super) struct Target {
    /// What closes the target, and the characters of it that were read; `None` outside.
    open: Option<(Close, usize)>,
    line: Line,
    /// In the name of a command of LaTeX.
    command: bool,
    /// In a formula, with so many brackets open.
    formula: Option<u32>,
    /// What the word that is being read makes of an address in it.
    word: Option<Close>,
    /// The last eight characters, lower case; zero for what is not ASCII.
    recent: u64,
}

/// What closes a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Close {
    /// The bracket at this depth; a title may stand before it.
    Titled(u32),
    /// The second bracket of such a pair at this depth.
    Bracket(char, char, u32),
    Angle,
    /// Two signs of plus.
    Plus,
    /// `[`, or the end of the line.
    Macro,
    /// A line that is not indented.
    Block,
    /// `</form>`.
    Form,
}

/// What stands on the line so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Line {
    /// Blanks.
    #[default]
    Start,
    /// One character of `..` or `__`, and both.
    Half(char),
    Both,
    /// Something behind both and a blank.
    Directive,
    Other,
}

impl Target {
    /// Whether the text stands in a target that began with an address.
    pub(super) fn is_open(&self) -> bool {
        // A line that is not indented is of no block.
        let is_over = self.line == Line::Start && self.ends_with(b"\n");
        self.open.is_some_and(|(close, _)| close != Close::Block || !is_over)
    }

    /// Whether what follows must be read character by character.
    pub(super) fn is_watchful(&self) -> bool {
        self.open.is_some() || self.formula.is_some() || matches!(self.line, Line::Both | Line::Directive)
    }

    /// What stands for an opening bracket that begins a target.
    pub(super) fn opening(&self, char: char) -> Option<char> {
        match char {
            '{' if self.command => Some(COMMAND),
            '[' if self.ends_with(b"[") || self.ends_with(b"pass:") => Some(WIKI),
            _ => None,
        }
    }

    /// Notes that an address begins, whose first run of characters stands behind this mark.
    pub(super) fn begin(&mut self, lead: Mark, is_form: bool) {
        let close = match lead.0 {
            _ if is_form => Some(Close::Form),
            _ if self.formula.is_some_and(|depth| depth > 0) => {
                self.formula.map(|depth| Close::Bracket('(', ')', depth - 1))
            }
            DESTINATION => Some(Close::Titled(0)),
            COMMAND => Some(Close::Bracket('{', '}', 0)),
            WIKI => Some(Close::Bracket('[', ']', 0)),
            '<' | ANGLE => Some(Close::Angle),
            _ if self.line == Line::Directive => Some(Close::Block),
            _ => self.word,
        };
        if self.open.is_none() {
            self.open = close.map(|close| (close, 0));
        }
    }

    /// Passes one character, of which those before and this one were looked at for an address; `cell` says whether a formula may
    /// begin with it.
    pub(super) fn pass(&mut self, char: char, escaped: bool, cell: bool) {
        let before = self.line;
        self.open = self.open.and_then(|(close, chars)| {
            let close = self.behind(close, char, escaped).filter(|_| chars < TARGET_CHARS_MAX)?;
            Some((close, chars + 1))
        });
        self.formula = self.of_formula(char, cell || before == Line::Start);
        self.line = match (before, char) {
            (_, '\n') => Line::Start,
            (Line::Start, _) if char.is_whitespace() => Line::Start,
            (Line::Start, '.' | '_') => Line::Half(char),
            (Line::Half(first), _) if char == first => Line::Both,
            (Line::Both, ' ' | '\t') | (Line::Directive, _) => Line::Directive,
            _ => Line::Other,
        };
        self.command = (char == '\\') || (self.command && char.is_ascii_alphabetic());
        self.word = self.word.filter(|_| !char.is_whitespace()).or_else(|| match char {
            ':' if self.ends_with(b"image") || self.ends_with(b"icon") || self.ends_with(b":") => Some(Close::Macro),
            '+' if self.ends_with(b":+") => Some(Close::Plus),
            _ => None,
        });
        let latest = if char.is_ascii() { u64::from(u32::from(char.to_ascii_lowercase())) } else { 0 };
        self.recent = self.recent << 8 | latest;
    }

    /// What closes the target behind this character; `None` where this one did.
    fn behind(&self, close: Close, char: char, escaped: bool) -> Option<Close> {
        let is_empty_line = char == '\n' && self.line == Line::Start;
        let is_title = matches!(char, '"' | '\'' | '(') && (self.ends_with(b" ") || self.ends_with(b"\n"));
        match close {
            Close::Form => (char != '>' || !self.ends_with(b"</form")).then_some(close),
            _ if is_empty_line => None,
            Close::Titled(_) if is_title => None,
            Close::Titled(depth) if !escaped => counted('(', ')', depth, char).map(Close::Titled),
            Close::Bracket(open, shut, depth) if !escaped => {
                counted(open, shut, depth, char).map(|depth| Close::Bracket(open, shut, depth))
            }
            Close::Angle if char == '>' && !escaped => None,
            Close::Plus if char == '+' && self.ends_with(b"+") => None,
            Close::Macro if matches!(char, '[' | '\n') => None,
            Close::Block if self.ends_with(b"\n") && !char.is_whitespace() => None,
            _ => Some(close),
        }
    }

    /// The brackets that are open in a formula behind this character; `None` where none is.
    fn of_formula(&self, char: char, cell: bool) -> Option<u32> {
        let is_empty_line = char == '\n' && self.line == Line::Start;
        let Some(depth) = self.formula else { return (char == '=' && cell).then_some(0) };
        if is_empty_line {
            return None;
        }
        match (depth, char) {
            // A formula begins with the name of a function or of a cell, close behind the sign.
            (0, _) if self.ends_with(b"=") && !char.is_ascii_alphanumeric() => None,
            (0, ',' | ';' | '|' | '\t' | '\n' | '"' | ' ') => None,
            (depth, '(') => Some(depth.saturating_add(1)),
            (depth, ')') => depth.checked_sub(1),
            (depth, _) => Some(depth),
        }
    }

    fn ends_with(&self, suffix: &[u8]) -> bool {
        super::ends_with(self.recent, suffix)
    }
}

/// The depth behind a character; `None` where it closes the outermost bracket.
fn counted(open: char, shut: char, depth: u32, char: char) -> Option<u32> {
    match char {
        _ if char == open => Some(depth.saturating_add(1)),
        _ if char == shut => depth.checked_sub(1),
        _ => Some(depth),
    }
}

#[cfg(test)]
mod tests;
