//! Restore: puts the values back where a model wrote their tokens, in whole texts and in streams.
//!
//! Only tokens of this request's vault are ever restored, and only where [`super::grammar`] is sure. What looks like a token
//! and is not of this vault is counted and left. A token inside a URL is counted and left, unless policy named its host: then
//! the value stands there percent-encoded (see [`super::address`] and decision 0016). One that would be a part of a host's name or
//! of an address of mail (see [`super::ahead`] and decision 0021), or stands behind more bytes of values than an answer may hold, is counted and left too.
//!
//! A stream passes on everything as it comes, except the longest suffix that could still become a live token, or is one of which the
//! next characters tell whether it is of a name: at most [`crate::limits::HELD_BYTES_MAX`] bytes. However a text is cut into fragments, what comes out is the same.

use std::fmt;
use std::sync::Arc;

use super::ahead::joins_name;
use super::cursor::{Fail, Spelling};
use super::grammar::{Find, Found, Source};
use super::joined::{Joined, Thread};
use super::lookalike::Lookalikes;
use super::moves::Moves;
use super::unit::{Landing, Read, Unit, escape_json};
use super::vault::Vault;

mod following;

pub use following::GoesOn;

/// What restoring did, counted from what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Tokens replaced by their values.
    pub restored: u32,
    /// Strings that look like tokens and are not of this request; left as they are.
    pub foreign: u32,
    /// Tokens of this request inside URLs and names, or behind more values than an answer may hold; left as they are.
    pub withheld: u32,
}

impl Counts {
    /// One value put back.
    pub const ONE: Self = Self { restored: 1, foreign: 0, withheld: 0 };

    /// What was done after an earlier count of the same text.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            restored: self.restored.saturating_sub(earlier.restored),
            foreign: self.foreign.saturating_sub(earlier.foreign),
            withheld: self.withheld.saturating_sub(earlier.withheld),
        }
    }
}

/// A restored text and what was done to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Restored {
    /// The text, values in place.
    pub text: String,
    /// What was done.
    pub counts: Counts,
    /// Where its places are now.
    pub moves: Moves,
}

/// Restores whole texts.
#[derive(Debug, Clone, Copy)]
pub struct Restorer<'v> {
    vault: &'v Vault,
}

/// Restores one channel of a streamed answer: a choice's content, one tool call's arguments.
pub struct StreamRestore {
    vault: Arc<Vault>,
    state: State,
    /// The suffix that may become a token. It holds what the model wrote, never a value.
    held: String,
}

impl<'v> Restorer<'v> {
    /// Restores from this vault.
    pub fn new(vault: &'v Vault) -> Self {
        Self { vault }
    }

    /// What it restores from.
    pub(super) const fn vault(self) -> &'v Vault {
        self.vault
    }

    /// Restores a whole text.
    #[must_use]
    pub fn restore_whole(&self, text: &str, landing: Landing) -> Restored {
        self.restore_part(text, landing, &mut Thread::default())
    }

    /// Restores a whole text that clients put behind others of its thread.
    #[must_use]
    pub fn restore_part(&self, text: &str, landing: Landing, thread: &mut Thread) -> Restored {
        let mut state = State::new(landing);
        state.link.go_on(thread);
        let mut out = String::with_capacity(text.len());
        state.run(self.vault, text, true, &mut out);
        state.lookalikes.end();
        *thread = state.link.thread();
        Restored { text: out, counts: state.counts(), moves: state.moves }
    }
}

impl StreamRestore {
    /// Restores a channel from this vault.
    pub fn new(vault: Arc<Vault>, landing: Landing) -> Self {
        Self { vault, state: State::new(landing), held: String::new() }
    }

    /// Takes the next fragment and returns what can be passed on.
    pub fn push(&mut self, fragment: &str) -> String {
        let mut out = String::with_capacity(self.held.len() + fragment.len());
        if self.held.is_empty() {
            let done = self.state.run(&self.vault, fragment, false, &mut out);
            self.held.push_str(fragment.get(done..).unwrap_or_default());
        } else {
            self.held.push_str(fragment);
            let done = self.state.run(&self.vault, &self.held, false, &mut out);
            self.held.drain(..done);
        }
        out
    }

    /// Ends the channel and returns what was held back.
    pub fn finish(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        let mut out = String::with_capacity(held.len());
        self.state.run(&self.vault, &held, true, &mut out);
        self.state.lookalikes.end();
        out
    }

    /// Passes over text that was told as the end of the part before.
    pub fn skip(&mut self, told: &str) {
        self.state.moves.replace(told, "");
    }

    /// What it restores from.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Goes on behind other texts, which clients put before what follows.
    pub fn go_on(&mut self, thread: &Thread) {
        self.state.link.go_on(thread);
    }

    /// What was read of the texts of the thread with this one, what is held back taken for its end.
    pub fn thread(&self) -> Thread {
        self.ended().link.thread()
    }

    /// Bytes that wait for the next fragment.
    pub fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// Where the places of the text are now that can be told, which is up to what is held back.
    pub const fn settled(&self) -> &Moves {
        &self.state.moves
    }

    /// What was done so far.
    pub fn counts(&self) -> Counts {
        self.state.counts()
    }
}

/// What must be remembered of the text before.
#[derive(Debug, Clone)]
struct State {
    landing: Landing,
    /// The last character that the model wrote; `None` at the beginning and behind a token.
    before: Option<char>,
    link: Joined,
    lookalikes: Lookalikes,
    moves: Moves,
    restored: u32,
    withheld: u32,
}

impl State {
    fn new(landing: Landing) -> Self {
        let (link, lookalikes) = (Joined::new(landing), Lookalikes::default());
        Self { landing, before: None, link, lookalikes, moves: Moves::default(), restored: 0, withheld: 0 }
    }

    fn counts(&self) -> Counts {
        Counts { restored: self.restored, foreign: self.lookalikes.count(), withheld: self.withheld }
    }

    /// Restores as much of a text as can be decided, and returns how many bytes of it that was.
    fn run(&mut self, vault: &Vault, text: &str, last: bool, out: &mut String) -> usize {
        let mut from = 0;
        loop {
            let source = Source { text, from, before: self.before, landing: self.landing, last };
            let (found, until) = match vault.find(source) {
                Find::Token(found) => (Some(found), found.start),
                Find::Hold(at) => (None, at),
                Find::Nothing => (None, text.len()),
            };
            let plain = text.get(from..until).unwrap_or_default();
            self.pass(plain);
            self.moves.pass(plain);
            out.push_str(plain);
            let Some(found) = found else { return until };
            let behind = Source { text, from: found.end, before: None, landing: self.landing, last };
            let Ok(may_stand) = self.may_stand(vault, found, behind) else { return until };
            let written = text.get(found.start..found.end).unwrap_or_default();
            self.replace(vault, (found, may_stand), written, out);
            from = found.end;
        }
    }

    /// Remembers text that is passed on as it is.
    fn pass(&mut self, text: &str) {
        let mut at = 0;
        loop {
            let rest = text.get(at..).unwrap_or_default();
            let loud = rest.bytes().position(is_loud).unwrap_or(rest.len());
            self.pass_quiet(rest.get(..loud).unwrap_or_default());
            at += loud;
            let Read::Unit(unit) = self.landing.read(text, at, true) else { return };
            self.step(unit);
            at += unit.bytes;
        }
    }

    /// Passes text in which no URL and no token begins; what lies between its first and last words leaves no trace.
    fn pass_quiet(&mut self, text: &str) {
        let (head, tail) = match edges(text) {
            Some((head, tail)) => (text.get(..head).unwrap_or_default(), text.get(tail..).unwrap_or_default()),
            None => (text, ""),
        };
        self.steps(head);
        if self.link.is_watchful() {
            self.steps(text.get(head.len()..).unwrap_or_default());
        } else {
            self.steps(tail);
        }
    }

    fn steps(&mut self, text: &str) {
        for char in text.chars() {
            self.step(Unit { char, bytes: char.len_utf8(), escaped: false });
        }
    }

    fn step(&mut self, unit: Unit) {
        self.link.pass(unit);
        self.lookalikes.pass(unit.char);
        self.before = Some(unit.char);
    }

    /// Whether the value of a token may stand where the token does, before what is behind it.
    fn may_stand(&self, vault: &Vault, found: Found, behind: Source<'_>) -> Result<bool, Fail> {
        let is_port =
            self.link.is_at_port() && vault.value(found.entry).starts_with(|char: char| char.is_ascii_digit());
        let in_url = self.link.is_inside() || is_port;
        let may_stand = !in_url || self.link.authority().is_some_and(|authority| vault.names_host(authority));
        Ok(may_stand && !joins_name(vault, behind)?)
    }

    /// Writes the value of a token, or the token itself where no value may stand.
    fn replace(&mut self, vault: &Vault, (found, may_stand): (Found, bool), written: &str, out: &mut String) {
        self.lookalikes.end();
        self.before = None;
        let in_url = self.link.is_inside();
        if !may_stand || !vault.has_room() {
            self.withheld += 1;
            self.link.spoil();
            self.moves.pass(written);
            out.push_str(written);
            return;
        }
        self.restored += 1;
        let value = vault.value(found.entry);
        let encoded = (in_url || found.spelling == Spelling::Percent).then(|| percent_encoded(value));
        let value = encoded.as_ref().map_or(value, |encoded| encoded.as_str());
        let escaped = self.landing == Landing::JsonInString;
        for char in value.chars() {
            self.link.pass(Unit { char, bytes: char.len_utf8(), escaped });
        }
        let (before, behind) = found.stars;
        let length = out.len();
        out.extend(std::iter::repeat_n('*', before));
        match found.spelling {
            Spelling::Plain | Spelling::Percent => self.landing.write(out, value),
            Spelling::Html => self.landing.write(out, &escape_html(value)),
            Spelling::Json => {
                let mut inner = zeroize::Zeroizing::new(String::new());
                escape_json(&mut inner, value);
                self.landing.write(out, &inner);
            }
        }
        out.extend(std::iter::repeat_n('*', behind));
        self.moves.replace(written, out.get(length..).unwrap_or_default());
        vault.spend(out.len() - length);
    }
}

/// Whether a byte can be the decisive one of a URL's beginning, of a tag, of a token or of an escape.
fn is_loud(byte: u8) -> bool {
    matches!(byte, b':' | b'/' | b'\\' | b'.' | b'_' | b'<' | b'=')
}

/// In text without loud bytes: behind its first blank, and before the blank in front of its last whole word. Whoever has
/// read up to the one may go on at the other, because a blank ends every word and a word replaces what stood before it.
fn edges(text: &str) -> Option<(usize, usize)> {
    if text.len() < QUIET_BYTES_MIN {
        return None;
    }
    let bytes = text.as_bytes();
    let head = memchr::memchr(b' ', bytes)? + 1;
    let word = bytes.windows(2).rposition(|pair| matches!(pair, [last, b' '] if last.is_ascii_graphic()))?;
    let tail = memchr::memrchr(b' ', bytes.get(..word)?)?;
    (tail >= head).then_some((head, tail))
}

/// Text shorter than this is not worth the search for its edges.
const QUIET_BYTES_MIN: usize = 32;

/// Writes a value so that it stays one part of a URL: whatever is no letter, digit or `-._~` as an escape (RFC 3986).
fn percent_encoded(value: &str) -> zeroize::Zeroizing<String> {
    let mut out = zeroize::Zeroizing::new(String::with_capacity(3 * value.len()));
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
            continue;
        }
        out.push('%');
        let digits = [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0'));
        out.extend(digits.map(|digit| digit.to_ascii_uppercase()));
    }
    out
}

/// Writes a value as text of HTML: its token's brackets were entities, so what surrounds it is HTML.
fn escape_html(value: &str) -> zeroize::Zeroizing<String> {
    let mut out = zeroize::Zeroizing::new(String::with_capacity(value.len()));
    for char in value.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(char),
        }
    }
    out
}

impl fmt::Debug for Restored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Restored({} bytes, {:?})", self.text.len(), self.counts)
    }
}

impl fmt::Debug for StreamRestore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamRestore({} bytes held, {:?})", self.held.len(), self.counts())
    }
}

#[cfg(test)]
mod bulk;
#[cfg(test)]
mod hosts;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod names;
#[cfg(test)]
mod tests;
