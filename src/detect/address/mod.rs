//! Postal addresses: a grammar for each order in which countries write them, over the tokens of the names' recogniser.
//!
//! ```text
//! number first   14 bis, rue des Tanneurs · 10 Downing Street            FR LU IE GB US CA
//! street first   via Roma 12 · Calle de Alcalá, 34, 3º B · Rua X, 5      IT ES PT PL RO GR BG, BE and CH in Romance languages
//! one word       Lindenstr. 8 · Kottbusser Damm 102 · Keizersgracht 1    DE AT CH NL SE DK FI
//! kind behind    Váci utca 12 · Karl Johans gate 22 · Národní třída 20   HU NO CZ SK HR SI LT LV EE
//! box            BP 70123 · Postfach 10 05 41 · P.O. Box 7
//! by its town    Krähenwinkel 8 in 30851 Langenhagen                     five-digit countries
//! then           units, postcode and town: 37000 Tours · 1012 AB Amsterdam · London SW1A 1AA · Boston, MA 02110
//! ```
//! A street needs its number or its town to be sure; a street name alone is reported as possible. Addresses that touch are
//! one. False friends: `5 places`, `via Slack`, `route 66 handlers`, `Klasse 7c`.

mod german;
mod reader;
mod street;
mod town;
mod words;

use std::ops::Range;

use super::names::token::{Case, Token};
use super::page::Page;
use super::secret::column;
use super::{Card, fold};
use reader::Reader;

/// What makes addresses known to listings.
pub(super) const ADDRESS: Card = Card { id: "address", country: "*", method: "grammar of street, number and town" };
/// The same, where the address is French.
pub(super) const FR_ADDRESS: Card = Card { id: "fr_address", country: "FR", method: "grammar of French addresses" };

/// An address in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// 0 to 100.
    pub(super) confidence: u8,
    /// Whether it is written as in France.
    pub(super) french: bool,
}

/// Bytes of a whole address under a key.
const VALUE_BYTES_MAX: usize = 160;
/// Words of a street with its number.
const STREET_WORDS_MAX: usize = 6;
/// Bytes between two addresses that are one: a comma, a blank, a line end.
const SEAM_BYTES: usize = 3;

/// Reports the addresses of a stretch of text, in order.
pub(super) fn find(text: &str, tokens: &[Token], mut found: impl FnMut(Address)) {
    let roles: Vec<u16> =
        tokens.iter().map(|token| if token.is_word() { words::roles(token.hash) } else { 0 }).collect();
    let digits = |token: &Token| if token.case == Case::Digits { token.end - token.start } else { 0 };
    let coded = tokens.iter().any(|token| digits(token) == 5)
        || tokens.windows(2).any(|pair| matches!(pair, [first, second] if digits(first) == 3 && digits(second) == 2));
    let reader = Reader { text, tokens, roles: &roles, coded };
    let mut last: Option<Address> = None;
    let mut at = 0;
    while at < tokens.len() {
        let Some((span, confidence, french)) = street::at(&reader, at) else {
            at += 1;
            continue;
        };
        at = span.end.max(at + 1);
        let Some(range) = reader.bytes(&span) else { continue };
        let next = Address { range, confidence, french };
        match &mut last {
            Some(open) if joined(text, open, &next) => {
                open.range.end = next.range.end.max(open.range.end);
                open.confidence = open.confidence.max(next.confidence);
                open.french |= next.french;
            }
            _ => {
                if let Some(done) = last.replace(next) {
                    found(done);
                }
            }
        }
    }
    if let Some(done) = last {
        found(done);
    }
}

/// The address that a whole text under a key such as `street` is.
pub(super) fn under_key(page: &Page<'_>) -> Option<Range<usize>> {
    let mut folded = fold::Window::new();
    fold::words(page.key?, &mut folded);
    let asked = words::VALUE_KEYS.iter().any(|key| folded.trim_ascii() == key.as_bytes());
    let value = page.text.trim();
    let start = page.text.len() - page.text.trim_start().len();
    (asked && may_be(value)).then_some(start..start + value.len())
}

/// What heads columns of addresses.
pub(super) fn heads() -> impl Iterator<Item = &'static str> {
    words::VALUE_KEYS.iter().copied()
}

/// The addresses in the column of which a word is the head.
pub(super) fn below(page: &Page<'_>, head: &Range<usize>, mut found: impl FnMut(Range<usize>)) {
    if let Some(value) = behind_label(page, head) {
        found(value);
        return;
    }
    column::below(page, head, |range, value| {
        if may_be(value) {
            found(range);
        }
    });
}

/// `bydliště: Na Slupi 7, Praha 2`: the rest of the line behind a label, where it begins as an address does.
fn behind_label(page: &Page<'_>, label: &Range<usize>) -> Option<Range<usize>> {
    let quoted = page.right(label.end, 2, |byte| matches!(byte, b'"' | b' '));
    if page.byte(quoted) != b':' {
        return None;
    }
    let start = page.right(quoted + 1, 3, |byte| matches!(byte, b' ' | b'"'));
    let rest = page.text.get(start..)?;
    let end = rest.find(['\n', '\r', ';', '|', '"', '(', '\t']).unwrap_or(rest.len());
    let value = rest.get(..end.min(rest.floor_char_boundary(VALUE_BYTES_MAX)))?.trim_end();
    let first = value.split(',').next()?.trim();
    let numbered = |word: Option<&str>| word.is_some_and(|word| word.contains(|c: char| c.is_ascii_digit()));
    let mut words = first.split(' ');
    let is_street = numbered(words.clone().next()) || numbered(words.next_back());
    let is_short = first.split(' ').count() <= STREET_WORDS_MAX && first.contains(char::is_uppercase);
    (is_street && is_short && may_be(first)).then_some(start..start + value.len())
}

/// Whether a value at the place of an address may be one: a word and a number, with a blank somewhere. Addresses of machines
/// (`0x7ffe12ab`, `localhost:8080`) have none.
fn may_be(value: &str) -> bool {
    let is_word = |part: &str| part.chars().count() > 2 && part.chars().all(|c| c.is_alphabetic() || "-'’".contains(c));
    let worded = value.contains(char::is_whitespace)
        && value.contains(|c: char| c.is_ascii_digit())
        && value.split(|c: char| c.is_whitespace() || ".,/".contains(c)).any(is_word);
    let whole = !value.contains(['@', '{', '<', '=', '\\']) && !value.contains("://");
    worded && whole && value.len() <= VALUE_BYTES_MAX
}

/// Whether two addresses are parts of one.
fn joined(text: &str, first: &Address, second: &Address) -> bool {
    if second.range.start <= first.range.end {
        return true;
    }
    let gap = text.get(first.range.end..second.range.start).unwrap_or("x");
    gap.len() <= SEAM_BYTES && gap.chars().all(|c| c.is_whitespace() || matches!(c, ',' | '-'))
}

#[cfg(test)]
mod tests;
