//! Signs that have no place in a sheet, each told once with what to do about it, and read as what it was most likely meant for: the
//! brackets and semicolons of programs, the numbers, hyphens and bullets with which lists begin their lines.

use super::lexer::{Kind, Lexer, begins_line};
use super::lines::{ends_line, lines};
use super::signs::{advice, called, is_dash};
use super::text::say;

/// Digits of the number of a line: more are a date.
const NUMBER_DIGITS_MAX: usize = 3;

impl Lexer<'_> {
    /// A character that has no place; what it was probably meant for is read so, and nothing more is reported of it.
    pub(super) fn stray(&mut self, c: char) -> Option<Kind> {
        let start = self.at;
        // The slashes of an address are no note.
        let note = self.rest().starts_with("//") && !self.text.get(..start).unwrap_or_default().ends_with(':');
        self.at += c.len_utf8();
        let round = match c {
            '{' | '[' => Some(('(', Kind::Open)),
            '}' | ']' => Some((')', Kind::Close)),
            _ => None,
        };
        let ends = c == ';' && self.ends_clause();
        let help = match c {
            '.' => say!("a clause ends without a full stop"),
            ';' if ends => say!("take it out: the end of the line is enough"),
            ';' => say!("write `{}`", ","),
            '%' => say!("a number stands alone, without it"),
            _ if note => say!("a note begins with #"),
            _ if is_dash(c) => say!("take it out"),
            _ => match &round {
                Some((bracket, _)) => say!("write `{}`", bracket.to_string()),
                None => advice(c).unwrap_or_else(|| {
                    say!(
                        "a sheet is made of words, \"texts in straight quotes\", numbers, dates, commas and brackets; a comment begins with #"
                    )
                }),
            },
        };
        let message = if round.is_some() {
            say!("brackets are round in a sheet")
        } else {
            say!("the sign {} has no meaning here", called(c))
        };
        self.fault("octroi::policy::stray-character", start..self.at, message, Some(help));
        if note {
            self.take(|c| !ends_line(c));
        }
        match round {
            Some((_, bracket)) => Some(bracket),
            None => (c == ';' && !ends).then_some(Kind::Comma),
        }
    }

    /// Whether the line ends here, and the next one begins as one of a sheet does.
    fn ends_clause(&self) -> bool {
        let mut rest = lines(self.rest());
        let ends = rest.next().is_none_or(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        let written = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        ends && rest.find(written).is_none_or(begins_line)
    }

    /// Takes the number, hyphen or bullet with which a line of a list begins: a fault, and the line is read without it.
    pub(super) fn lists(&mut self) -> bool {
        if !self.first {
            return false;
        }
        let rest = self.rest();
        let digits = rest.chars().take_while(char::is_ascii_digit).count();
        // `a.`
        let letter = rest.starts_with(|c: char| c.is_ascii_alphabetic());
        let written = digits.max(usize::from(letter));
        let behind = rest.get(written..).unwrap_or_default().chars();
        let mark = behind.clone().next().unwrap_or(' ');
        // A bracket may close what another line opened.
        let is_number =
            |sign| sign == '.' || (sign == ')' && self.open == 0 && rest.get(written + 1..).is_some_and(begins_line));
        let numbered = (1..=NUMBER_DIGITS_MAX).contains(&written) && is_number(mark);
        let listed = written == 0 && (matches!(mark, '-' | '*' | '•' | '·' | '>') || is_dash(mark));
        let apart = behind.clone().nth(1).is_some_and(|c| c.is_whitespace() && !ends_line(c));
        if !(apart && (numbered || listed)) {
            return false;
        }
        let start = self.at;
        self.at += written + mark.len_utf8();
        let message = say!("a line bears no number and no mark before its words");
        let help = say!("take it out: each statement stands by itself, and their order plays no part");
        self.fault("octroi::policy::stray-character", start..self.at, message, Some(help));
        true
    }
}
