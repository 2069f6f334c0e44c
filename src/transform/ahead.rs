//! Tells, of what stands behind a token, whether it would make the value a part of the name of a host or of an address of mail.
//!
//! Clients of chats make links of `184….evil.com` and of `184…@evil.com`. The name alone tells the value to whoever owns the
//! domain, once it is looked up. So the text behind a token is read ahead for as long as it goes on like a name:
//!
//! ```text
//! <ID>.evil.com   <ID>-x.evil.io   <ID>.<DOMAIN>   <ID>@evil.com      a part of a name
//! <ID>. And so    <ID>.com   <ID>.pdf   <ID>-42.   <ID>@home          none
//! ```
//! One label behind the value is not enough: nobody owns `184….com` before the value is known. A token that follows is read as it
//! is written and as what it stands for, and what renderers undo is undone. Only the text behind a token is read: what stands
//! before it makes a URL of it or not (see [`super::link`]).

use super::cursor::Fail;
use super::grammar::Source;
use super::host::{is_dot, is_top};
use super::undone::{is_of_reference, meant};
use super::unit::{Landing, Read, Unit};
use super::value::is_ignorable;
use super::vault::Vault;
use crate::limits::NAME_AHEAD_BYTES_MAX;

/// Characters of a label of DNS, and of what stands before the `@` of an address.
const LABEL_CHARS_MAX: usize = 63;
/// Labels of a name that its owner may have chosen: his domain, and the one above it.
const OWNED_DOTS: usize = 2;

/// Whether the value of a token that ends where `source` begins would be a part of a name.
///
/// # Errors
/// [`Fail::More`] where only more text can tell.
pub(super) fn joins_name(vault: &Vault, source: Source<'_>) -> Result<bool, Fail> {
    Ok(read(None, source)? || read(Some(vault), source)?)
}

/// Reads what follows: with a vault, its tokens as what they stand for.
fn read(vault: Option<&Vault>, mut source: Source<'_>) -> Result<bool, Fail> {
    let limit = source.from + NAME_AHEAD_BYTES_MAX;
    let mut name = Name::default();
    while source.from < limit {
        let token = vault.map(|vault| vault.token_at(source)).transpose()?.flatten();
        if let (Some(found), Some(vault)) = (token, vault) {
            let value = vault.value(found.entry);
            // An address of mail that follows is one of its own.
            let told = if value.contains('@') { Some(false) } else { value.chars().find_map(|char| name.pass(char)) };
            if let Some(told) = told {
                return Ok(told);
            }
            (source.from, source.before) = (found.end, None);
            continue;
        }
        let Some((char, bytes)) = undone(source)? else { return Ok(name.is_name()) };
        if let Some(told) = name.pass(char) {
            return Ok(told);
        }
        (source.from, source.before) = (source.from + bytes, Some(char));
    }
    // Longer than any name: what it would be for a reader is not known.
    Ok(true)
}

/// The character that stands here once escapes and references are undone, and the bytes that it takes; `None` at the end.
fn undone(source: Source<'_>) -> Result<Option<(char, usize)>, Fail> {
    let Some(unit) = unit(source, 0)? else { return Ok(None) };
    if unit.char == '\\' {
        let escaped = unit_behind(source, unit)?.filter(|next| next.char.is_ascii_punctuation());
        return Ok(Some(escaped.map_or((unit.char, unit.bytes), |next| (next.char, unit.bytes + next.bytes))));
    }
    if unit.char != '&' {
        return Ok(Some((unit.char, unit.bytes)));
    }
    let (mut reference, mut bytes) = (vec![unit], unit.bytes);
    loop {
        let next = self::unit(source, bytes)?;
        let char = next.map_or(' ', |next| next.char);
        if let Some(meant) = meant(&reference, char) {
            let end = next.filter(|next| next.char == ';').map_or(0, |next| next.bytes);
            return Ok(Some((meant, bytes + end)));
        }
        let Some(next) = next.filter(|next| is_of_reference(reference.len(), next.char)) else {
            return Ok(Some((unit.char, unit.bytes)));
        };
        reference.push(next);
        bytes += next.bytes;
    }
}

fn unit_behind(source: Source<'_>, unit: Unit) -> Result<Option<Unit>, Fail> {
    self::unit(source, unit.bytes)
}

/// The unit so many bytes from here; `None` where the text ends for good.
fn unit(Source { text, from, landing, last, .. }: Source<'_>, bytes: usize) -> Result<Option<Unit>, Fail> {
    match Landing::read(landing, text, from + bytes, last) {
        Read::Unit(unit) => Ok(Some(unit)),
        Read::End => Ok(None),
        Read::More => Err(Fail::More),
    }
}

/// A name that goes on behind a value.
#[derive(Debug, Default)]
struct Name {
    /// Dots that were read, of its domain where it is an address of mail.
    dots: usize,
    /// The label that is being read, lower case.
    label: String,
    chars: usize,
    /// Behind the `@` of an address of mail.
    mail: bool,
    /// There was what only such an address has before its `@`.
    local: bool,
    /// A dot was one of another script, which ends sentences too.
    wide: bool,
}

impl Name {
    /// Passes one character, and says whether the value is of a name once that is known.
    fn pass(&mut self, char: char) -> Option<bool> {
        match char {
            char if is_ignorable(char) => None,
            char if char.is_alphanumeric() || matches!(char, '-' | '_') => self.letter(char),
            '+' if !self.mail => {
                self.local = true;
                self.letter(char)
            }
            char if is_dot(char) => self.dot(char),
            '@' if !self.mail => {
                *self = Self { mail: true, ..Self::default() };
                None
            }
            _ => Some(self.is_name()),
        }
    }

    fn letter(&mut self, char: char) -> Option<bool> {
        self.chars += 1;
        self.label.extend(char.to_lowercase());
        (self.chars > LABEL_CHARS_MAX).then_some(false)
    }

    /// A name that could end before the dot is one: what follows may be the next sentence.
    fn dot(&mut self, char: char) -> Option<bool> {
        let is_over = self.label.is_empty() && (self.mail || self.dots > 0);
        if is_over || self.is_name() {
            return Some(!is_over);
        }
        self.dots += 1;
        self.wide |= char != '.';
        self.label.clear();
        self.chars = 0;
        None
    }

    /// Whether the text may end here, and the value with it be a part of a name.
    fn is_name(&self) -> bool {
        let dots = if self.mail { 1 } else { OWNED_DOTS };
        let is_whole = self.dots >= dots && !self.local && is_top(&self.label);
        is_whole && (!self.wide || self.label.is_ascii())
    }
}
