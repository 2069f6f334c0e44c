//! The cursor under the tolerant grammar: reads the parts of a token, and never guesses past the end of a fragment.
//!
//! Every question about a character has three answers: it is as wanted, it is not, or the text ends here and the next
//! fragment will tell. [`super::grammar`] puts the parts together.

use super::code::Code;
use super::unit::{Landing, Read, Unit};

/// A place in a text from which a token is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    /// Nothing is read from this offset on.
    pub(super) limit: usize,
    pub(super) landing: Landing,
    pub(super) last: bool,
}

impl Cursor<'_> {
    /// The unit here; `None` where the text ends for good or the token would be too long.
    pub(super) fn peek(&self) -> Result<Option<Unit>, Fail> {
        if self.at >= self.limit {
            return Ok(None);
        }
        match self.landing.read(self.text, self.at, self.last) {
            Read::Unit(unit) => Ok(Some(unit)),
            Read::End => Ok(None),
            Read::More => Err(Fail::More),
        }
    }

    /// Passes the unit here if it is as wanted.
    fn take(&mut self, wanted: impl Fn(char) -> bool) -> Result<Option<char>, Fail> {
        let Some(unit) = self.peek()?.filter(|unit| wanted(unit.char)) else { return Ok(None) };
        self.at += unit.bytes;
        Ok(Some(unit.char))
    }

    /// Passes the unit here, which must be as wanted.
    fn must(&mut self, wanted: impl Fn(char) -> bool) -> Result<char, Fail> {
        self.take(wanted)?.ok_or(Fail::Never)
    }

    /// Passes the bracket of the list that stands here, which must be of the kind if one is given.
    pub(super) fn one_of(&mut self, brackets: &[Bracket], kind: Option<Kind>) -> Result<Bracket, Fail> {
        let mut fail = Fail::Never;
        let Some(first) = self.peek()? else { return Err(fail) };
        for bracket in brackets.iter().filter(|bracket| kind.is_none_or(|kind| bracket.1 == kind)) {
            if !bracket.0.starts_with(first.char) {
                continue;
            }
            let mut cursor = *self;
            match bracket.0.chars().try_for_each(|char| cursor.must(|read| lower(read) == char).map(|_| ())) {
                Ok(()) => {
                    *self = cursor;
                    return Ok(*bracket);
                }
                Err(Fail::More) => fail = Fail::More,
                Err(Fail::Never) => {}
            }
        }
        Err(fail)
    }

    /// Reads the counterpart of a bracket and the emphasis before it: where it ends, and the number of stars.
    pub(super) fn closing(mut self, kind: Kind) -> Result<(usize, usize), Fail> {
        let stars = self.stars()?;
        self.one_of(CLOSING, Some(kind))?;
        let link = kind == Kind::Square && self.peek()?.is_some_and(|unit| matches!(unit.char, '(' | '[' | ':'));
        if link { Err(Fail::Never) } else { Ok((self.at, stars)) }
    }

    pub(super) fn stars(&mut self) -> Result<usize, Fail> {
        let mut stars = 0;
        while stars < STARS_MAX && self.take(|char| char == '*')?.is_some() {
            stars += 1;
        }
        Ok(stars)
    }

    /// Reads one letter of a type word, lower case; any separator character, escaped or not, is its `_`.
    pub(super) fn letter(&mut self) -> Result<char, Fail> {
        match self.must(|_| true)? {
            '\\' => self.must(is_glue).map(|_| '_'),
            glue if is_glue(glue) => Ok('_'),
            char => Ok(lower(char)),
        }
    }

    /// Reads what stands between word and code: stars that close an emphasis, and stars that open one.
    pub(super) fn separator(&mut self) -> Result<(usize, usize), Fail> {
        let (mut closing, mut opening, mut glue) = (0, 0, false);
        for _ in 0..SEPARATOR_UNITS_MAX {
            match self.take(|char| char == '*' || char == '\\' || is_glue(char))? {
                Some('*') if glue => opening += 1,
                Some('*') => closing += 1,
                Some(_) => glue = true,
                None => break,
            }
        }
        if glue || closing > 0 { Ok((closing, opening)) } else { Err(Fail::Never) }
    }

    /// Reads a code, upper-cased. Where the text ends within one, `may_become` tells whether it is worth waiting.
    pub(super) fn code(&mut self, may_become: impl Fn(&[u8]) -> bool) -> Result<Code, Fail> {
        let mut code = Code::default();
        for index in 0..code.len() {
            let char = match self.must(|char| char.is_ascii_alphanumeric()) {
                Err(Fail::More) if !code.get(..index).is_some_and(&may_become) => return Err(Fail::Never),
                other => other?,
            };
            if let (Some(place), Ok(byte)) = (code.get_mut(index), u8::try_from(char.to_ascii_uppercase())) {
                *place = byte;
            }
        }
        Ok(code)
    }
}

/// How brackets were spelt, which tells how the text around them is escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As themselves, or there were none.
    Plain,
    /// As HTML entities.
    Html,
    /// As JSON escapes in a text that is not read as JSON.
    Json,
    /// As escapes of a URL.
    Percent,
}

/// Why there is no token at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fail {
    /// Whatever follows.
    Never,
    /// The text ends where one could still come to be.
    More,
}

/// Brackets that may be each other's counterparts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Angle,
    Square,
    Guillemet,
}

/// A spelling of a bracket.
pub(super) type Bracket = (&'static str, Kind, Spelling);

pub(super) const OPENING: &[Bracket] = &[
    ("<", Kind::Angle, Spelling::Plain),
    ("[", Kind::Square, Spelling::Plain),
    ("«", Kind::Guillemet, Spelling::Plain),
    ("\\<", Kind::Angle, Spelling::Plain),
    ("\\[", Kind::Square, Spelling::Plain),
    ("&lt;", Kind::Angle, Spelling::Html),
    ("\\u003c", Kind::Angle, Spelling::Json),
    ("%3c", Kind::Angle, Spelling::Percent),
];
const CLOSING: &[Bracket] = &[
    (">", Kind::Angle, Spelling::Plain),
    ("]", Kind::Square, Spelling::Plain),
    ("»", Kind::Guillemet, Spelling::Plain),
    ("\\>", Kind::Angle, Spelling::Plain),
    ("\\]", Kind::Square, Spelling::Plain),
    ("&gt;", Kind::Angle, Spelling::Html),
    ("\\u003e", Kind::Angle, Spelling::Json),
    ("%3e", Kind::Angle, Spelling::Percent),
];
const STARS_MAX: usize = 3;
const SEPARATOR_UNITS_MAX: usize = 6;

/// Turns what is not there into `None`, and keeps what cannot be known yet.
pub(super) fn optional<T>(read: Result<T, Fail>) -> Result<Option<T>, Fail> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(Fail::Never) => Ok(None),
        Err(Fail::More) => Err(Fail::More),
    }
}

/// Whether a character may stand between the parts of a token.
pub(super) fn is_glue(char: char) -> bool {
    matches!(char, '_' | ' ' | '-' | '\u{a0}' | '\u{202f}' | '\u{2010}' | '\u{2011}')
}

pub(super) fn lower(char: char) -> char {
    if char.is_ascii() { char.to_ascii_lowercase() } else { char.to_lowercase().next().unwrap_or(char) }
}
