//! Reads the address of a URL, character by character, as far as a value may be put behind it.
//!
//! Officers name hosts into whose addresses values may be put (decision 0016). That a URL surely leads there is told by one
//! spelling alone: `https://`, the host as it was named with its port, `/`. Whatever renderers read in more than one way is no
//! address here: another scheme, backslashes, names of users, escapes or a token in the host. Behind the first slash it stays
//! one until something in it may be a further address, which the server of the first may send its visitors on to: in its query a
//! slash or a question mark is enough, because such servers take addresses without a scheme too.
//!
//! ```text
//! https://wiki.example/search?q=       an address of wiki.example
//! https://wiki.example@evil.example/   of `wiki.example@evil.example`, which is none
//! https://wiki.example/?to=//evil…     none behind the second double slash, nor behind `%2F%2F`
//! https://wiki.example/?to=evil…/      none behind the slash
//! ```
//! It only reads: whether a host was named is the vault's to say. It never decides where a URL begins or ends.

use crate::limits::AUTHORITY_BYTES_MAX;

/// The address of the URL that is being read.
#[derive(Debug, Clone, Default)]
pub(super) struct Address {
    at: Part,
    /// Host and port.
    authority: String,
    /// The last eight characters behind the host, percent-decoded, lower case; zero for what is not ASCII.
    recent: u64,
    escape: Escape,
    /// In the query, or in what looks like one behind a `#`.
    query: bool,
}

/// What is being read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    /// No address behind which a value may stand.
    #[default]
    None,
    /// The second slash.
    Slash,
    Authority,
    /// What stands behind the first slash of the path.
    Path,
}

/// A percent escape of which a part was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    Sign,
    Digit(u32),
}

impl Address {
    /// Begins behind `https:/`.
    pub(super) fn begun() -> Self {
        Self { at: Part::Slash, ..Self::default() }
    }

    /// Host and port, where the text stands in the path of an address that is surely theirs.
    pub(super) fn authority(&self) -> Option<&str> {
        (self.at == Part::Path && self.escape == Escape::None).then_some(self.authority.as_str())
    }

    /// Ends it: no value may stand behind it any more.
    pub(super) fn spoil(&mut self) {
        *self = Self::default();
    }

    /// Reads one character.
    pub(super) fn pass(&mut self, char: char) {
        let sound = match self.at {
            Part::None => return,
            Part::Slash => {
                self.at = Part::Authority;
                char == '/'
            }
            Part::Authority if char == '/' => {
                (self.at, self.recent) = (Part::Path, u64::from(b'/'));
                !self.authority.is_empty()
            }
            Part::Authority => {
                self.authority.push(char);
                is_of_authority(char) && self.authority.len() <= AUTHORITY_BYTES_MAX
            }
            Part::Path => self.of_path(char),
        };
        if !sound {
            self.spoil();
        }
    }

    /// Reads a character of the path, query or fragment, and says whether no further address begins with it.
    fn of_path(&mut self, char: char) -> bool {
        let escaped = self.escape != Escape::None;
        let char = match (self.escape, char, char.to_digit(16)) {
            (Escape::None, '%', _) => {
                self.escape = Escape::Sign;
                return true;
            }
            (Escape::None, _, _) => char,
            (Escape::Sign, _, Some(digit)) => {
                self.escape = Escape::Digit(digit);
                return true;
            }
            (Escape::Digit(first), _, Some(digit)) => {
                self.escape = Escape::None;
                // One byte of a longer character begins nothing; an escaped `%` may begin an escape for the next reader.
                match char::from_u32(first * 16 + digit).filter(char::is_ascii) {
                    Some('%') => return false,
                    Some(char) => char,
                    None => char::REPLACEMENT_CHARACTER,
                }
            }
            _ => return false,
        };
        if !escaped && char == '#' {
            // A further reader's, not the server's; `&#` begins an entity.
            self.query = false;
        }
        if self.query && matches!(char, '/' | '?') {
            return false;
        }
        self.query |= char == '?';
        let before = self.recent;
        let latest = if char.is_ascii() { u64::from(u32::from(char.to_ascii_lowercase())) } else { 0 };
        self.recent = before << 8 | latest;
        let ends = |suffix: &[u8]| before.to_be_bytes().ends_with(suffix);
        let begins = match char {
            '\\' => true,
            '/' => ends(b"/"),
            ':' => ends(b"http") || ends(b"https"),
            '.' => ends(b"www"),
            // Entities of HTML spell what they like.
            '#' => ends(b"&"),
            ';' => !ends(b"&amp"),
            // An escaped blank is of the address; what renderers take out of one is not.
            _ => char.is_control() || (char.is_whitespace() && !escaped),
        };
        !begins
    }
}

/// Whether a character can be of a host that was named, or of its port.
fn is_of_authority(char: char) -> bool {
    matches!(char, '-' | '.' | ':') || char.is_alphanumeric() || (!char.is_ascii() && !char.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The address of a URL behind all of it.
    fn read(url: &str) -> Option<String> {
        let mut address = Address::begun();
        url.strip_prefix("https:/").unwrap().chars().for_each(|char| address.pass(char));
        address.authority().map(str::to_owned)
    }

    #[test]
    fn reads_the_address_that_every_renderer_reads() {
        let rows = [
            ("path", "https://wiki.example/a/b?q=", Some("wiki.example")),
            ("at once", "https://wiki.example/", Some("wiki.example")),
            ("port", "https://wiki.example:8443/", Some("wiki.example:8443")),
            ("another alphabet", "https://wiki.exämple/?q=", Some("wiki.exämple")),
            ("a colon in the path", "https://wiki.example/Special:Search?q=", Some("wiki.example")),
            ("an escaped letter", "https://wiki.example/%C3%A9t%C3%A9%20?q=", Some("wiki.example")),
            ("an escaped address of mail", "https://wiki.example/?a=zoe%40example.com&b=", Some("wiki.example")),
            ("an entity between parameters", "https://wiki.example/?a=1&amp;b=", Some("wiki.example")),
            ("sub-domain", "https://a.wiki.example/", Some("a.wiki.example")),
            ("user", "https://wiki.example@evil.example/", None),
            ("user and password", "https://wiki.example:x@evil.example/", None),
            ("no path", "https://wiki.example?q=", None),
            ("fragment without a path", "https://wiki.example#", None),
            ("host alone", "https://wiki.example", None),
            ("no host", "https:///", None),
            ("a single slash", "https:/wiki.example/", None),
            ("backslash for a slash", "https:/\\wiki.example/", None),
            ("backslash in the host", "https://wiki.example\\@evil.example/", None),
            ("an escape in the host", "https://wiki%2eexample/", None),
            ("an entity in the host", "https://wiki.example&#64;evil.example/", None),
            ("a blank in the host", "https://wiki .example/", None),
            ("a new line in the path", "https://wiki.example/\n?q=", None),
            ("a further address", "https://wiki.example/?to=https://evil.example/?q=", None),
            ("a further address without slashes", "https://wiki.example/?to=HTTPS:evil.example/?q=", None),
            ("a further address without a scheme", "https://wiki.example/?to=//evil.example/?q=", None),
            ("a further address of another scheme", "https://wiki.example/?to=ftp:evil.example/?q=", None),
            ("a further address by its host", "https://wiki.example/?to=evil.example/?q=", None),
            ("a further address by its host, escaped", "https://wiki.example/?to=evil.example%2F&q=", None),
            ("a further address by its host, no path", "https://wiki.example/?to=evil.example%3Fq=", None),
            ("a further address in the fragment", "https://wiki.example/#/go?to=evil.example/", None),
            ("an escaped fragment in the query", "https://wiki.example/?to=evil.example%23/", None),
            ("a word with a colon in the query", "https://wiki.example/?q=author:", Some("wiki.example")),
            ("a path in the fragment", "https://wiki.example/?a=1#/search?q=", Some("wiki.example")),
            ("a further address at once", "https://wiki.example//evil.example/?q=", None),
            ("a further address, escaped", "https://wiki.example/?to=https%3A%2F%2Fevil.example", None),
            ("a further address, escaped twice", "https://wiki.example/?to=https%253A%252F%252Fevil.example", None),
            ("a further address, half of it escaped", "https://wiki.example/?to=/%2fevil.example", None),
            ("a further address of the web", "https://wiki.example/?to=www.evil.example/?q=", None),
            ("backslash in the path", "https://wiki.example/\\evil.example/", None),
            ("an entity in the path", "https://wiki.example/&sol;evil.example/", None),
            ("a number for an entity", "https://wiki.example/&#47evil.example/", None),
            ("an escaped tab", "https://wiki.example/%09/evil.example/", None),
            ("half an escape", "https://wiki.example/?q=%", None),
            ("most of an escape", "https://wiki.example/?q=%3", None),
            ("no escape", "https://wiki.example/?q=%zz", None),
        ];
        for (name, url, expected) in rows {
            assert_eq!(read(url).as_deref(), expected, "{name}");
        }
        let long = format!("https://{}/", "a".repeat(AUTHORITY_BYTES_MAX + 1));
        assert_eq!(read(&long), None, "longer than any host");
    }
}
