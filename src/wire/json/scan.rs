//! The scanner: one token after another, each with its byte range.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use super::{Bounds, Flaw, Malformed, decode, string};

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Which kind.
    pub kind: TokenKind,
    /// Byte range in the text, half-open, quotes included.
    pub span: Range<u32>,
}

/// The kinds of token. Commas and colons are not reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// `{`
    ObjectOpen,
    /// `}`
    ObjectClose,
    /// `[`
    ArrayOpen,
    /// `]`
    ArrayClose,
    /// The name of an object's member.
    Key {
        /// Whether it is spelt with escapes.
        escaped: bool,
    },
    /// A string value.
    String {
        /// Whether it is spelt with escapes.
        escaped: bool,
    },
    /// A number, within the range of `f64`.
    Number,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
}

/// Reads tokens from a text, forward only. The first error is final.
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    lenient: bool,
    want: Want,
    open: Vec<Container<'a>>,
    /// The keys of all open objects, innermost last.
    keys: Vec<Cow<'a, str>>,
}

/// What the grammar allows next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    Value,
    FirstElement,
    FirstKey,
    CommaOrClose,
    End,
}

enum Container<'a> {
    Array,
    Object {
        /// Index into [`Scanner::keys`] of its first key.
        first: usize,
        /// Its keys, once there are many. The hash is keyed by the process, so that nobody can choose colliding keys.
        many: Option<HashSet<Cow<'a, str>>>,
    },
}

/// A byte order mark.
const MARK: char = '\u{feff}';

/// Keys up to which comparing each with each is faster than hashing.
const FEW_KEYS: usize = 16;

impl<'a> Scanner<'a> {
    /// Starts at the beginning of a text, allowing `depth` containers in containers.
    pub fn new(text: &'a str, depth: usize) -> Self {
        Self::within(text, Bounds { depth, ..Bounds::REQUEST })
    }

    /// The same within bounds, of which those of depth and leniency are kept here.
    pub(super) fn within(text: &'a str, Bounds { depth, lenient, .. }: Bounds) -> Self {
        Self { text, at: 0, depth, lenient, want: Want::Value, open: Vec::new(), keys: Vec::new() }
    }

    /// Returns the next token, or nothing when the value is complete and nothing but blanks followed it.
    ///
    /// # Errors
    /// [`Malformed`] at the first byte that is not allowed; after it the scanner must not be used.
    pub fn token(&mut self) -> Result<Option<Token>, Malformed> {
        if self.at == 0 {
            self.start()?;
        }
        let byte = self.blank();
        match (self.want, byte) {
            (Want::End, None) => Ok(None),
            (Want::End, Some(_)) => Err(self.flaw(Flaw::Trailing)),
            (_, None) => Err(self.flaw(Flaw::Cut)),
            (Want::FirstElement, Some(b']')) | (Want::FirstKey, Some(b'}')) => self.close().map(Some),
            (Want::Value | Want::FirstElement, Some(byte)) => self.value(byte).map(Some),
            (Want::FirstKey, Some(byte)) => self.key(byte).map(Some),
            (Want::CommaOrClose, Some(b',')) => {
                self.at += 1;
                match (self.blank(), self.open.last()) {
                    (None, _) => Err(self.flaw(Flaw::Cut)),
                    (Some(byte), Some(Container::Object { .. })) => self.key(byte).map(Some),
                    (Some(byte), _) => self.value(byte).map(Some),
                }
            }
            (Want::CommaOrClose, Some(_)) => self.close().map(Some),
        }
    }

    fn start(&mut self) -> Result<(), Malformed> {
        if u32::try_from(self.text.len()).is_err() {
            return Err(self.flaw(Flaw::Size));
        }
        if self.text.starts_with(MARK) {
            if !self.lenient {
                return Err(self.flaw(Flaw::ByteOrderMark));
            }
            self.at = MARK.len_utf8();
        }
        Ok(())
    }

    /// Skips blanks and returns the byte at hand.
    fn blank(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    fn value(&mut self, byte: u8) -> Result<Token, Malformed> {
        match byte {
            b'{' => {
                let first = self.keys.len();
                self.open(TokenKind::ObjectOpen, Container::Object { first, many: None }, Want::FirstKey)
            }
            b'[' => self.open(TokenKind::ArrayOpen, Container::Array, Want::FirstElement),
            b'"' => {
                let (end, escaped) = self.string()?;
                Ok(self.finish(TokenKind::String { escaped }, end))
            }
            b'-' if self.lenient && self.text.as_bytes().get(self.at + 1) == Some(&b'I') => {
                self.word("-Infinity", TokenKind::Number)
            }
            b'-' | b'0'..=b'9' => {
                let end = self.number()?;
                Ok(self.finish(TokenKind::Number, end))
            }
            b't' => self.word("true", TokenKind::True),
            b'f' => self.word("false", TokenKind::False),
            b'n' => self.word("null", TokenKind::Null),
            b'N' if self.lenient => self.word("NaN", TokenKind::Number),
            b'I' if self.lenient => self.word("Infinity", TokenKind::Number),
            _ => Err(self.flaw(Flaw::Syntax)),
        }
    }

    fn open(&mut self, kind: TokenKind, container: Container<'a>, want: Want) -> Result<Token, Malformed> {
        if self.open.len() >= self.depth {
            return Err(self.flaw(Flaw::Depth));
        }
        self.open.push(container);
        let token = self.take(kind, self.at + 1);
        self.want = want;
        Ok(token)
    }

    fn close(&mut self) -> Result<Token, Malformed> {
        let kind = match (self.text.as_bytes().get(self.at), self.open.last()) {
            (Some(b'}'), Some(Container::Object { first, .. })) => {
                self.keys.truncate(*first);
                TokenKind::ObjectClose
            }
            (Some(b']'), Some(Container::Array)) => TokenKind::ArrayClose,
            _ => return Err(self.flaw(Flaw::Syntax)),
        };
        self.open.pop();
        Ok(self.finish(kind, self.at + 1))
    }

    fn key(&mut self, byte: u8) -> Result<Token, Malformed> {
        if byte != b'"' {
            return Err(self.flaw(Flaw::Syntax));
        }
        let (end, escaped) = self.string()?;
        let inside = self.text.get(self.at + 1..end.saturating_sub(1)).unwrap_or_default();
        self.remember(if escaped { decode(inside) } else { Cow::Borrowed(inside) })?;
        let token = self.take(TokenKind::Key { escaped }, end);
        match self.blank() {
            Some(b':') => self.at += 1,
            Some(_) => return Err(self.flaw(Flaw::Syntax)),
            None => return Err(self.flaw(Flaw::Cut)),
        }
        self.want = Want::Value;
        Ok(token)
    }

    /// Adds a key to the innermost object.
    fn remember(&mut self, key: Cow<'a, str>) -> Result<(), Malformed> {
        let Some(Container::Object { first, many }) = self.open.last_mut() else {
            return Err(self.flaw(Flaw::Syntax));
        };
        if let Some(many) = many {
            return if many.insert(key) { Ok(()) } else { Err(self.flaw(Flaw::DuplicateKey)) };
        }
        let seen = self.keys.get(*first..).unwrap_or_default();
        if seen.contains(&key) {
            return Err(self.flaw(Flaw::DuplicateKey));
        }
        if seen.len() < FEW_KEYS {
            self.keys.push(key);
        } else {
            *many = Some(seen.iter().cloned().chain([key]).collect());
        }
        Ok(())
    }

    /// Returns the offset behind the string that starts here.
    fn string(&self) -> Result<(usize, bool), Malformed> {
        string::scan(self.text.as_bytes(), self.at + 1, self.lenient)
            .map(|(quote, escaped)| (quote + 1, escaped))
            .map_err(|(flaw, at)| Malformed { flaw, at: offset(at) })
    }

    /// Returns the offset behind the number that starts here.
    fn number(&self) -> Result<usize, Malformed> {
        let bytes = self.text.as_bytes();
        let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
        let some = |from: usize| match digits(from) {
            0 => Err(Malformed { flaw: if from < bytes.len() { Flaw::Syntax } else { Flaw::Cut }, at: offset(from) }),
            count => Ok(from + count),
        };
        let start = self.at + usize::from(bytes.get(self.at) == Some(&b'-'));
        let mut at = if bytes.get(start) == Some(&b'0') { start + 1 } else { some(start)? };
        if bytes.get(at) == Some(&b'.') {
            at = some(at + 1)?;
        }
        let exponent = matches!(bytes.get(at), Some(b'e' | b'E'));
        if exponent {
            at = some(at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-'))))?;
        }
        // 10^308 has 309 digits and lies within the range; only an exponent or more digits can leave it.
        if !self.lenient && (exponent || at - start > 308) {
            let held = self.text.get(self.at..at).and_then(|number| number.parse::<f64>().ok());
            if !held.is_some_and(f64::is_finite) {
                return Err(self.flaw(Flaw::NumberRange));
            }
        }
        Ok(at)
    }

    fn word(&mut self, word: &str, kind: TokenKind) -> Result<Token, Malformed> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if rest.starts_with(word.as_bytes()) {
            return Ok(self.finish(kind, self.at + word.len()));
        }
        let cut = word.as_bytes().starts_with(rest);
        Err(self.flaw(if cut { Flaw::Cut } else { Flaw::Syntax }))
    }

    /// Takes a token that completes a value.
    fn finish(&mut self, kind: TokenKind, end: usize) -> Token {
        self.want = if self.open.is_empty() { Want::End } else { Want::CommaOrClose };
        self.take(kind, end)
    }

    fn take(&mut self, kind: TokenKind, end: usize) -> Token {
        let span = offset(self.at)..offset(end);
        self.at = end;
        Token { kind, span }
    }

    fn flaw(&self, flaw: Flaw) -> Malformed {
        Malformed { flaw, at: offset(self.at) }
    }
}

impl fmt::Debug for Scanner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scanner").field("at", &self.at).field("depth", &self.open.len()).finish_non_exhaustive()
    }
}

/// An offset as it is reported; `start` has made sure that those of an accepted text fit.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
