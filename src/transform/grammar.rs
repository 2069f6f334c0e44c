//! The tolerant grammar: every way in which a model may write back a token that it was given.
//!
//! ```text
//! token     = bracket stars? word separator code stars? bracket     brackets of one kind, both or none
//! bracket   = "<" | "\<" | "&lt;" | "\u003c" | "%3c" | "[" | "\[" | "«"     and their counterparts
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

use super::cursor::{Cursor, Fail, Kind, OPENING, Spelling, optional};
use super::unit::{Landing, Read};
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

/// Bytes that a JSON escape takes at most; reading stops this far ahead of the limit, so that none crosses it.
const ESCAPE_BYTES: usize = 6;

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
                let limit = at + HOLD_BACK_BYTES_MAX - ESCAPE_BYTES;
                match self.read(before, Cursor { text, at, limit, landing, last }) {
                    Ok(found) => return Find::Token(found),
                    Err(Fail::More) => return Find::Hold(at),
                    Err(Fail::Never) => {}
                }
            }
            at += unit.bytes;
            before = Some(unit.char);
        }
    }

    /// The live token that begins where the source does, if one does.
    pub(super) fn token_at(&self, source: Source<'_>) -> Result<Option<Found>, Fail> {
        let Source { text, from, before, landing, last } = source;
        let Some(unit) = Cursor { text, at: from, limit: usize::MAX, landing, last }.peek()? else {
            return Ok(None);
        };
        if !may_begin(before, unit.char) {
            return Ok(None);
        }
        let limit = from + HOLD_BACK_BYTES_MAX - ESCAPE_BYTES;
        let found = optional(self.read(before, Cursor { text, at: from, limit, landing, last }))?;
        Ok(found.filter(|found| found.start == from))
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

    /// Reads a token that begins here behind a character, brackets included.
    fn read(&self, before: Option<char>, mut cursor: Cursor<'_>) -> Result<Found, Fail> {
        if self.is_empty() {
            return Err(Fail::Never);
        }
        let start = cursor.at;
        let opening = match optional(cursor.one_of(OPENING, None))? {
            // In `C:\Users\<PERSON_…>` the backslash is of the path.
            Some((r"\<" | r"\[", ..)) if before.is_some_and(|before| joins(before) || before == '\\') => {
                return Err(Fail::Never);
            }
            Some((_, kind, spelling)) => Some(Opening { start, kind, spelling, stars: cursor.stars()? }),
            None => None,
        };
        let (start, mut best): (usize, Result<Found, Fail>) = (cursor.at, Err(Fail::Never));
        let (mut forms, mut read) = (self.forms(), 0);
        loop {
            while let [form, longer @ ..] = forms
                && form.letters.len() == read
            {
                match (self.behind_word(cursor, form.word, start, opening), best) {
                    (Err(Fail::More), _) => return Err(Fail::More),
                    (Ok(found), Err(_)) => best = Ok(found),
                    (Ok(found), Ok(shorter)) if found.end > shorter.end => best = Ok(found),
                    _ => {}
                }
                forms = longer;
            }
            let letter = if forms.is_empty() { None } else { optional(cursor.letter())? };
            let Some(letter) = letter else { return best };
            forms = narrow(forms, read, letter);
            read += 1;
        }
    }

    /// Reads a token from behind its type word on, which began at `start`.
    fn behind_word(
        &self,
        mut cursor: Cursor<'_>,
        word: u16,
        start: usize,
        opening: Option<Opening>,
    ) -> Result<Found, Fail> {
        let (behind, before) = cursor.separator()?;
        let code = cursor.code(|prefix| self.may_become(word, prefix))?;
        let entry = self.resolve(word, code).ok_or(Fail::Never)?;
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

/// The forms that have this letter behind the ones that were read; all are longer than those, and sorted.
fn narrow(forms: &[Form], read: usize, letter: char) -> &[Form] {
    let at = |form: &Form| form.letters.get(read).copied().unwrap_or('\0');
    let tail = forms.get(forms.partition_point(|form| at(form) < letter)..).unwrap_or_default();
    tail.get(..tail.partition_point(|form| at(form) == letter)).unwrap_or_default()
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

fn first_byte(char: char) -> u8 {
    let mut bytes = [0; 4];
    char.encode_utf8(&mut bytes).as_bytes().first().copied().unwrap_or(0)
}
