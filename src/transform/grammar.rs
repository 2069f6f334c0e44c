//! The tolerant grammar: every way in which a model may write back a token that it was given.
//!
//! ```text
//! token     = bracket stars? word separator code stars? bracket     brackets of one kind, both or none
//! bracket   = "<" | "\<" | "&lt;" | "\u003c" | "[" | "\[" | "«"     and their counterparts
//! word      = a live type word or a translation of it, any case; its "_" may be any separator character
//! separator = one to six of "_" " " "-" "\" "*" and the no-break blank and hyphen
//! code      = the eight characters of a live token, any case, one of them wrong when no other token is near
//! stars     = one to three "*": Markdown emphasis that fell inside the token; it is kept around the value
//! ```
//! A token without brackets stands at a word's edge: no letter or digit before it, no digit or capital after it, so that
//! possessives and case endings stay outside. A bracket without its counterpart stays where it is, and so do square brackets
//! that make a Markdown link or an index.
//!
//! The reading is a function of the bytes from a place on, at most [`HOLD_BACK_BYTES_MAX`] of them, and answers yes, no, or
//! [`Fail::More`] exactly when the text ends where it could still become yes. That is all that streaming needs: whoever holds
//! back from that place on decides as if the whole text had been there. No backtracking beyond one token; linear.

use super::code::Code;
use super::unit::{Landing, Read, Unit};
use super::vault::{Form, Vault};
use crate::limits::HOLD_BACK_BYTES_MAX;

/// A text to be read, from `from` on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'t> {
    /// The text.
    pub(super) text: &'t str,
    /// Where to begin.
    pub(super) from: usize,
    /// The character before `from`, if there is one.
    pub(super) before: Option<char>,
    /// How the text spells its characters.
    pub(super) landing: Landing,
    /// Whether the text ends for good at its end.
    pub(super) last: bool,
}

/// The next token of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Find {
    /// A token.
    Token(Found),
    /// From this offset on only more text can tell.
    Hold(usize),
    /// None in the rest of the text.
    Nothing,
}

/// A live token in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// First byte that it replaces.
    pub(super) start: usize,
    /// Byte behind the last that it replaces.
    pub(super) end: usize,
    /// Which entry of the vault.
    pub(super) entry: u32,
    /// Emphasis to put before and behind the value.
    pub(super) stars: (usize, usize),
    /// How the brackets were spelt.
    pub(super) spelling: Spelling,
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
}

/// Why there is no token at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fail {
    /// Whatever follows.
    Never,
    /// The text ends where one could still come to be.
    More,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Angle,
    Square,
    Guillemet,
}

type Bracket = (&'static str, Kind, Spelling);

const OPENING: &[Bracket] = &[
    ("<", Kind::Angle, Spelling::Plain),
    ("[", Kind::Square, Spelling::Plain),
    ("«", Kind::Guillemet, Spelling::Plain),
    ("\\<", Kind::Angle, Spelling::Plain),
    ("\\[", Kind::Square, Spelling::Plain),
    ("&lt;", Kind::Angle, Spelling::Html),
    ("\\u003c", Kind::Angle, Spelling::Json),
];
const CLOSING: &[Bracket] = &[
    (">", Kind::Angle, Spelling::Plain),
    ("]", Kind::Square, Spelling::Plain),
    ("»", Kind::Guillemet, Spelling::Plain),
    ("\\>", Kind::Angle, Spelling::Plain),
    ("\\]", Kind::Square, Spelling::Plain),
    ("&gt;", Kind::Angle, Spelling::Html),
    ("\\u003e", Kind::Angle, Spelling::Json),
];
/// Bytes that a JSON escape takes at most; reading stops this far ahead of the limit, so that none crosses it.
const ESCAPE_BYTES: usize = 6;
const STARS_MAX: usize = 3;
const SEPARATOR_UNITS_MAX: usize = 6;

/// What a byte may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// No token.
    Nothing,
    /// The type word of a token without brackets, at a word's edge.
    Word,
    /// A bracket, or a character of more than one byte; a backslash always, so that no escape is cut.
    Other,
}

/// What each byte may begin, given the live type words.
pub(super) fn starts(forms: &[Form]) -> Box<[Start; 256]> {
    let mut starts = Box::new([Start::Nothing; 256]);
    let mut mark = |char: char| {
        if let Some(start) = starts.get_mut(usize::from(first_byte(char))) {
            *start = if char.is_ascii_alphanumeric() { Start::Word } else { Start::Other };
        }
    };
    mark('\\');
    for first in forms.iter().filter_map(|form| form.letters.first()) {
        mark(*first);
        first.to_uppercase().for_each(&mut mark);
        OPENING.iter().filter_map(|(opening, ..)| opening.chars().next()).for_each(&mut mark);
    }
    starts
}

impl Vault {
    /// Finds the first live token of a text.
    pub(super) fn find(&self, source: Source<'_>) -> Find {
        let Source { text, from, mut before, landing, last } = source;
        let mut at = from;
        loop {
            let Some(skipped) = self.skip(text.as_bytes().get(at..).unwrap_or_default()) else { return Find::Nothing };
            if skipped > 0 {
                at += skipped;
                before = text.get(..at).and_then(|text| text.chars().next_back());
            }
            let unit = match landing.read(text, at, last) {
                Read::Unit(unit) => unit,
                Read::More => return Find::Hold(at),
                Read::End => return Find::Nothing,
            };
            if may_begin(before, unit.char) {
                match self.read(Cursor { text, at, limit: at + HOLD_BACK_BYTES_MAX - ESCAPE_BYTES, landing, last }) {
                    Ok(found) => return Find::Token(found),
                    Err(Fail::More) => return Find::Hold(at),
                    Err(Fail::Never) => {}
                }
            }
            at += unit.bytes;
            before = Some(unit.char);
        }
    }

    /// Bytes until the next one that may begin a token; one inside an ASCII word may not.
    fn skip(&self, bytes: &[u8]) -> Option<usize> {
        let mut before = b' ';
        bytes.iter().position(|byte| {
            let inside = std::mem::replace(&mut before, *byte).is_ascii_alphanumeric();
            match self.starts().get(usize::from(*byte)) {
                Some(Start::Other) => true,
                Some(Start::Word) => !inside,
                _ => false,
            }
        })
    }

    /// Reads a token that begins here, brackets included.
    fn read(&self, mut cursor: Cursor<'_>) -> Result<Found, Fail> {
        if self.is_empty() {
            return Err(Fail::Never);
        }
        let start = cursor.at;
        let opening = match optional(cursor.one_of(OPENING, None))? {
            Some((_, kind, spelling)) => Some(Opening { start, kind, spelling, stars: cursor.stars()? }),
            None => None,
        };
        let Some(first) = cursor.peek()? else { return Err(Fail::Never) };
        let mut best: Result<Found, Fail> = Err(Fail::Never);
        for form in self.forms(lower(first.char)) {
            match (self.named(cursor, form, opening), best) {
                (Err(Fail::More), _) => return Err(Fail::More),
                (Ok(found), Err(_)) => best = Ok(found),
                (Ok(found), Ok(shorter)) if found.end > shorter.end => best = Ok(found),
                _ => {}
            }
        }
        best
    }

    /// Reads a token from its type word on, which must be spelt in this form.
    fn named(&self, mut cursor: Cursor<'_>, form: &Form, opening: Option<Opening>) -> Result<Found, Fail> {
        let start = cursor.at;
        cursor.word(form)?;
        let (behind, before) = cursor.separator()?;
        let code = cursor.code(|prefix| self.may_become(form.word, prefix))?;
        let entry = self.resolve(form.word, code).ok_or(Fail::Never)?;
        let bare = Found { start, end: cursor.at, entry, stars: (before, behind), spelling: Spelling::Plain };
        if let Some(Opening { start, kind, spelling, stars }) = opening
            && let Some((end, inner)) = optional(cursor.closing(kind))?
        {
            return Ok(Found { start, end, entry, stars: (stars + before, behind + inner), spelling });
        }
        match cursor.peek()? {
            Some(unit) if unit.char.is_ascii_digit() || unit.char.is_ascii_uppercase() => Err(Fail::Never),
            _ => Ok(bare),
        }
    }
}

/// A bracket that was read, and the emphasis behind it.
#[derive(Debug, Clone, Copy)]
struct Opening {
    start: usize,
    kind: Kind,
    spelling: Spelling,
    stars: usize,
}

/// A place in a text from which a token is read.
#[derive(Debug, Clone, Copy)]
struct Cursor<'t> {
    text: &'t str,
    at: usize,
    /// Nothing is read from this offset on.
    limit: usize,
    landing: Landing,
    last: bool,
}

impl Cursor<'_> {
    /// The unit here; `None` where the text ends for good or the token would be too long.
    fn peek(&self) -> Result<Option<Unit>, Fail> {
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
    fn one_of(&mut self, brackets: &[Bracket], kind: Option<Kind>) -> Result<Bracket, Fail> {
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
    fn closing(mut self, kind: Kind) -> Result<(usize, usize), Fail> {
        let stars = self.stars()?;
        self.one_of(CLOSING, Some(kind))?;
        let link = kind == Kind::Square && self.peek()?.is_some_and(|unit| matches!(unit.char, '(' | '[' | ':'));
        if link { Err(Fail::Never) } else { Ok((self.at, stars)) }
    }

    fn stars(&mut self) -> Result<usize, Fail> {
        let mut stars = 0;
        while stars < STARS_MAX && self.take(|char| char == '*')?.is_some() {
            stars += 1;
        }
        Ok(stars)
    }

    fn word(&mut self, form: &Form) -> Result<(), Fail> {
        for letter in &form.letters {
            if *letter == '_' {
                self.take(|char| char == '\\')?;
                self.must(is_glue)?;
            } else {
                self.must(|char| lower(char) == *letter)?;
            }
        }
        Ok(())
    }

    /// Reads what stands between word and code: stars that close an emphasis, and stars that open one.
    fn separator(&mut self) -> Result<(usize, usize), Fail> {
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
    fn code(&mut self, may_become: impl Fn(&[u8]) -> bool) -> Result<Code, Fail> {
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

/// Turns what is not there into `None`, and keeps what cannot be known yet.
fn optional<T>(read: Result<T, Fail>) -> Result<Option<T>, Fail> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(Fail::Never) => Ok(None),
        Err(Fail::More) => Err(Fail::More),
    }
}

/// Whether a token may begin with this character behind that one.
fn may_begin(before: Option<char>, char: char) -> bool {
    match before {
        Some(before) if char == '[' => !joins(before) && !matches!(before, ')' | ']'),
        Some(before) if char.is_alphanumeric() => !joins(before),
        _ => true,
    }
}

/// Whether a character makes one word with a Latin letter behind it; scripts without case do not.
fn joins(char: char) -> bool {
    char.is_ascii_digit() || char.is_lowercase() || char.is_uppercase()
}

/// Whether a character may stand between the parts of a token.
pub(super) fn is_glue(char: char) -> bool {
    matches!(char, '_' | ' ' | '-' | '\u{a0}' | '\u{202f}' | '\u{2010}' | '\u{2011}')
}

fn lower(char: char) -> char {
    if char.is_ascii() { char.to_ascii_lowercase() } else { char.to_lowercase().next().unwrap_or(char) }
}

fn first_byte(char: char) -> u8 {
    let mut bytes = [0; 4];
    char.encode_utf8(&mut bytes).as_bytes().first().copied().unwrap_or(0)
}
