//! Knows, character by character, whether a text stands in a tag of HTML, and in the value of one of its attributes.
//!
//! A tag begins with `<` and a letter and ends at `>` outside quotes, as browsers read it: code that compares (`a<b`) is in a tag
//! for them too, and so it is here. It tells neither elements nor attributes apart but `<base>`, which says where all others lead, and `<form>`.

use super::link::Mark;

/// The reader's state after some text.
#[derive(Debug, Clone, Default)]
pub(super) struct Markup {
    at: At,
    /// The last eight characters of the tag's name, lower case.
    name: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum At {
    #[default]
    Text,
    /// Behind `<`.
    Open,
    Name,
    Tag,
    /// Behind `=`, blanks apart.
    Equals,
    /// In a value that this quote opened.
    Quoted(Mark),
    /// In a value without quotes.
    Bare,
}

impl Markup {
    /// Whether the text stands in a tag.
    pub(super) fn is_in_tag(&self) -> bool {
        self.at != At::Text
    }

    /// Whether it stands in the value of an attribute, or where one may begin.
    pub(super) fn is_in_value(&self) -> bool {
        matches!(self.at, At::Equals | At::Quoted(_) | At::Bare)
    }

    /// The quote around the value that it stands in.
    pub(super) fn quote(&self) -> Option<Mark> {
        match self.at {
            At::Quoted(quote) => Some(quote),
            _ => None,
        }
    }

    /// Whether the tag says where addresses lead.
    pub(super) fn is_base(&self) -> bool {
        self.is_in_tag() && self.name == u64::from(u32::from_be_bytes(*b"base"))
    }

    /// Whether the tag says where what stands in its fields is sent.
    pub(super) fn is_form(&self) -> bool {
        self.is_in_tag() && self.name == u64::from(u32::from_be_bytes(*b"form"))
    }

    /// Passes one character.
    pub(super) fn pass(&mut self, mark: Mark) {
        if self.at == At::Text && mark.0 != '<' {
            return;
        }
        let (char, is_blank) = (mark.0, mark.0.is_ascii_whitespace());
        let before = self.at;
        self.at = match (before, char) {
            (At::Quoted(quote), _) if char != quote.0 => before,
            (At::Text | At::Open, '<') => At::Open,
            (At::Open, _) if !char.is_ascii_alphabetic() => At::Text,
            (At::Text, _) | (_, '>') => At::Text,
            (At::Open, _) => At::Name,
            (At::Name, _) if !is_blank && char != '/' => At::Name,
            (At::Tag, '=') => At::Equals,
            (At::Equals, '"' | '\'') => At::Quoted(mark),
            (At::Equals, _) if is_blank => At::Equals,
            (At::Equals, _) => At::Bare,
            (At::Bare, _) if !is_blank => At::Bare,
            _ => At::Tag,
        };
        if self.at == At::Name {
            let so_far = if before == At::Name { self.name } else { 0 };
            self.name = so_far << 8 | u64::from(u32::from(char.to_ascii_lowercase()));
        }
    }
}
