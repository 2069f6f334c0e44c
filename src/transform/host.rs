//! Knows, character by character, whether a text stands behind the name of a host that no scheme goes before.
//!
//! Clients of chats make links of `evil.com/…`, `evil.com:8080/…`, `evil.com?…` and `evil.com#…`, and fetch previews of them; git
//! fetches `git@evil.com:…`, Windows opens `\\evil.com\share\…`. One rule says what a place on the network is (decision 0022):
//!
//! ```text
//! a host      two labels and more, the last a top-level domain; four numbers; what IPv6 writes in brackets; `localhost`
//! a place     host/  host?  host#  host:PORT/ …  user@host:  \\host\
//! ```
//! The destination of a Markdown link asks for no domain. Dots and slashes of other scripts are some, as in names of DNS. What follows a
//! slash is a path (`src/main.rs/`), what follows `@` an address of mail, which leads somewhere with a colon alone. A word alone is no
//! host (`Aubertin/…`, `chapter#…`), and the colon behind a host that nobody is named at stands behind keys and files (`main.rs:…`).
//!
//! It says where a URL begins, and never where one ends.

use std::sync::LazyLock;

use super::value::is_ignorable;

/// Bytes of a label that are compared; no top-level domain is longer.
const LABEL_BYTES_MAX: usize = 24;
/// Digits of a port.
const PORT_DIGITS_MAX: u8 = 5;
/// The last letter of the Latin alphabet and its extensions A and B.
const LATIN_LAST: char = '\u{24F}';
/// A slash of full width.
const WIDE_SLASH: char = '\u{ff0f}';
/// The one host of a single label that is the same everywhere.
const LOCAL: &str = "localhost";
/// Labels of an address in numbers.
const NUMBERS: usize = 4;

/// The reader's state after some text.
#[derive(Debug, Clone, Default)]
pub(super) struct Host {
    lead: Lead,
    /// Labels that ended in a dot.
    labels: usize,
    /// The label that is being read, and the one before; lower case.
    label: String,
    last: String,
    /// Whether there was anything but digits and dots.
    named: bool,
    /// A dot was one of another script, which ends sentences too.
    wide: bool,
    literal: Literal,
    /// Digits of the port, once its colon was read.
    port: Option<u8>,
}

/// An address of IPv6 in brackets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Literal {
    #[default]
    None,
    /// Open, with so many colons.
    Open(u8),
    Closed,
}

/// What stands before a word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Lead {
    /// Nothing that is tied to it.
    #[default]
    Free,
    /// A backslash, and two of them.
    Backslash,
    Share,
    /// The name of a user and `@`.
    User,
    /// Something that makes it part of a path.
    Tied,
}

impl Host {
    /// Whether this character is the first behind the name of a host.
    pub(super) fn ends_with(&self, char: char, is_destination: bool) -> bool {
        let is_end = match (self.lead, self.port) {
            (Lead::Tied | Lead::Backslash, _) | (_, Some(0)) => false,
            (Lead::User, _) => char == ':',
            (Lead::Share, None) => matches!(char, '\\' | '/' | '@'),
            _ => matches!(char, '/' | '?' | '#' | WIDE_SLASH),
        };
        is_end && self.is_host(is_destination)
    }

    /// Whether a number that follows would be of the port of a host.
    pub(super) fn is_at_port(&self, is_destination: bool) -> bool {
        self.port.is_some() && self.lead == Lead::Free && self.is_host(is_destination)
    }

    fn is_host(&self, is_destination: bool) -> bool {
        let (count, top) =
            if self.label.is_empty() { (self.labels, &self.last) } else { (self.labels + 1, &self.label) };
        let is_known = || is_top(top) && (!self.wide || top.is_ascii());
        self.literal == Literal::Closed
            || (count == 1 && top == LOCAL)
            || (count == 1 && is_hexadecimal(top))
            || (count > 1 && (is_destination || is_known() || (count == NUMBERS && !self.named)))
    }

    /// Passes one character.
    pub(super) fn pass(&mut self, char: char) {
        if is_ignorable(char) || self.is_of_literal(char) {
            return;
        }
        let is_word = char.is_alphanumeric() || matches!(char, '-' | '_');
        match self.port {
            Some(digits) if char.is_ascii_digit() && digits < PORT_DIGITS_MAX => self.port = Some(digits + 1),
            Some(_) if is_word => {
                self.begin(Lead::Free);
                self.letter(char);
            }
            _ if is_word => self.letter(char),
            None if is_dot(char) => self.dot(char),
            None if char == ':' && !self.is_empty() => self.port = Some(0),
            _ => {
                let lead = match (char, self.lead) {
                    ('\\', Lead::Free) if self.is_empty() => Lead::Backslash,
                    ('\\', Lead::Backslash | Lead::Share) if self.is_empty() => Lead::Share,
                    ('@', Lead::Free | Lead::User) if !self.is_empty() => Lead::User,
                    ('/' | '\\' | '@' | '.', _) => Lead::Tied,
                    _ => Lead::Free,
                };
                self.begin(lead);
            }
        }
    }

    /// Passes a character of an address in brackets.
    fn is_of_literal(&mut self, char: char) -> bool {
        self.literal = match (self.literal, char) {
            (_, '[') => {
                self.begin(Lead::Free);
                Literal::Open(0)
            }
            (Literal::Open(colons), ':') => Literal::Open(colons.saturating_add(1)),
            (Literal::Open(colons), '.' | '%' | '0'..='9' | 'a'..='f' | 'A'..='F') => Literal::Open(colons),
            (Literal::Open(2..), ']') => Literal::Closed,
            (Literal::Closed, ':') if self.port.is_none() => return false,
            (Literal::Closed, char) if self.port.is_some() && char.is_ascii_digit() => return false,
            _ => {
                self.literal = Literal::None;
                return false;
            }
        };
        true
    }

    fn begin(&mut self, lead: Lead) {
        (self.lead, self.labels, self.named, self.port) = (lead, 0, false, None);
        (self.wide, self.literal) = (false, Literal::None);
        self.label.clear();
        self.last.clear();
    }

    fn letter(&mut self, char: char) {
        // Marks of emphasis, and of a list.
        if matches!(char, '-' | '_') && self.is_empty() {
            return;
        }
        self.named |= !char.is_ascii_digit();
        if self.label.len() <= LABEL_BYTES_MAX {
            self.label.extend(char.to_lowercase());
        }
    }

    fn dot(&mut self, char: char) {
        if self.label.is_empty() {
            self.begin(if char == '.' { Lead::Tied } else { Lead::Free });
            return;
        }
        self.wide |= char != '.';
        self.labels += 1;
        std::mem::swap(&mut self.label, &mut self.last);
        self.label.clear();
    }

    fn is_empty(&self) -> bool {
        self.labels == 0 && self.label.is_empty() && self.literal != Literal::Closed
    }
}

/// Whether a character is a dot between labels: names of DNS have those of other scripts too (UTS 46).
pub(super) fn is_dot(char: char) -> bool {
    matches!(char, '.' | '\u{2024}' | '\u{3002}' | '\u{fe52}' | '\u{ff0e}' | '\u{ff61}')
}

/// Whether a label is an address in numbers that is written as one: eight digits of sixteen, which code has more or fewer of.
fn is_hexadecimal(label: &str) -> bool {
    label.strip_prefix("0x").is_some_and(|digits| digits.len() == 8 && digits.chars().all(|it| it.is_ascii_hexdigit()))
}

/// Whether a label can be a top-level domain.
pub(super) fn is_top(label: &str) -> bool {
    /// Sorted; one list for whoever reads names of hosts.
    static TOPS: LazyLock<Box<[&str]>> = LazyLock::new(|| include_str!("../detect/contact/tlds.txt").lines().collect());
    // Those of other alphabets have two letters and more; accents stand in words that a sentence glued to the next.
    let is_letter = |char: char| char.is_alphabetic() && char > LATIN_LAST;
    let is_foreign = label.starts_with("xn--") || (label.chars().nth(1).is_some() && label.chars().all(is_letter));
    is_foreign || TOPS.binary_search(&label).is_ok()
}
