//! Values that the tags of any vocabulary cut: the runs of Office (`<w:t>camille.</w:t></w:r><w:r><w:t>aubertin@…`), spans of ODF and
//! SVG, elements of TEI, elements that somebody made up.
//!
//! A tag may also say what its text is (`<nom>Aubertin</nom>`), so the text stays as it is, and what such tags cut is read a second
//! time: a copy of each stretch stands behind the text, without its tags. Tags join what stands around them where they stand
//! within a text: they only open, or only close, or close a run and open the next. Between two fields (`</nom><prenom>`), two cells
//! and two paragraphs nothing is joined.

use std::ops::Range;

use super::{Builder, markup};

/// Bytes of a tag.
const TAG_BYTES_MAX: usize = 512;
/// Bytes of the text before and behind a tag that are read with it.
const AROUND_BYTES_MAX: usize = 96;

/// A stretch of text that tags cut: its parts, and the tags behind each for which a blank is read.
pub(super) type Stretch = Vec<(Range<usize>, Option<Range<usize>>)>;

/// The stretches that are read a second time, in order.
pub(super) fn stretches(text: &str) -> Vec<Stretch> {
    let bytes = text.as_bytes();
    let Some(mut from) = memchr::memchr(b'<', bytes) else { return Vec::new() };
    // Generics and comparisons of code close nothing.
    if [&b"</"[..], b"/>", b"-->", b"@"].iter().all(|mark| memchr::memmem::find(bytes, mark).is_none()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut open: Stretch = Vec::new();
    // Whether the stretch has a tag that is not taken out of the text anyway, and whether it is markup.
    let (mut soft, mut sure) = (false, false);
    let mut left = 0;
    let mut group = next(bytes, from);
    while let Some(own) = group {
        from = own.range.end;
        group = next(bytes, from);
        let right = group.as_ref().map_or(bytes.len(), |next| next.range.start);
        let (ahead, behind) = (end_of(text, left..own.range.start), start_of(text, from..right));
        left = from;
        let joint = own.joint(bytes, !open.is_empty());
        if joint == Joint::None || !says(text, &ahead) || !says(text, &behind) {
            close(&mut open, soft && sure, &mut found);
            (soft, sure) = (false, false);
            continue;
        }
        if open.is_empty() {
            open.push((ahead, None));
        }
        if let (Some((_, blank)), Joint::Blank) = (open.last_mut(), joint) {
            *blank = Some(own.range.clone());
        }
        soft |= own.soft;
        let sign = |range: &Range<usize>| bytes.get(range.clone()).is_some_and(|own| own.contains(&b'@'));
        sure |= own.closes || own.void || sign(&behind) || open.last().is_some_and(|(ahead, _)| sign(ahead));
        let goes_on = behind.end == right;
        open.push((behind, None));
        if !goes_on {
            close(&mut open, soft && sure, &mut found);
            (soft, sure) = (false, false);
        }
    }
    close(&mut open, soft && sure, &mut found);
    found
}

/// Puts a stretch behind the text.
pub(super) fn append(stretch: &Stretch, builder: &mut Builder<'_>) {
    let Some((first, _)) = stretch.first() else { return };
    let end = builder.source.len();
    builder.copy_to(end);
    builder.done = first.start;
    builder.replace(first.start..first.start, "\n");
    for (part, blank) in stretch {
        builder.done = part.start;
        builder.copy_to(part.end);
        if let Some(tags) = blank {
            builder.replace(tags.clone(), " ");
        }
    }
    builder.done = end;
}

fn close(open: &mut Stretch, keep: bool, found: &mut Vec<Stretch>) {
    let stretch = std::mem::take(open);
    if keep {
        found.push(stretch);
    }
}

/// The end of a text before a tag, on one line.
fn end_of(text: &str, range: Range<usize>) -> Range<usize> {
    let from = text.ceil_char_boundary(range.start.max(range.end.saturating_sub(AROUND_BYTES_MAX)));
    let own = text.get(from..range.end).unwrap_or_default();
    from + own.rfind('\n').map_or(0, |line| line + 1)..range.end
}

/// The start of a text behind a tag, on one line; all of it where it is short.
fn start_of(text: &str, range: Range<usize>) -> Range<usize> {
    let most = if range.len() <= 2 * AROUND_BYTES_MAX { range.end } else { range.start + AROUND_BYTES_MAX };
    let to = text.floor_char_boundary(most);
    let own = text.get(range.start..to).unwrap_or_default();
    range.start..range.start + own.find('\n').unwrap_or(own.len())
}

fn says(text: &str, range: &Range<usize>) -> bool {
    text.get(range.clone()).is_some_and(|text| text.contains(|c: char| c.is_alphanumeric() || c == '@'))
}

/// Tags with nothing but blanks between them.
struct Group<'t> {
    range: Range<usize>,
    first: Tag<'t>,
    second: Option<Tag<'t>>,
    last: Tag<'t>,
    opens: bool,
    closes: bool,
    /// All are tags that only change how a text looks.
    looks: bool,
    /// One at least is not taken out of the text anyway.
    soft: bool,
    /// A paragraph, a cell or a line begins or ends.
    parts: bool,
    /// A tag for a blank, or a blank.
    blank: bool,
    /// A line of the source ends between two tags.
    breaks: bool,
    /// An end of line in the text.
    line: bool,
    /// A tag that neither opens nor closes.
    void: bool,
}

#[derive(Clone, Copy)]
struct Tag<'t> {
    /// Without its vocabulary: `t` of `w:t`.
    name: &'t [u8],
    /// With it.
    full: &'t [u8],
    closes: bool,
    /// Opens and closes at once.
    empty: bool,
}

/// How what stands around a group is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joint {
    None,
    Nothing,
    Blank,
}

impl Group<'_> {
    /// How it joins what stands around it; `within` a stretch that tags cut before.
    fn joint(&self, bytes: &[u8], within: bool) -> Joint {
        let gap = if self.blank { Joint::Blank } else { Joint::Nothing };
        // `camille.aubertin<br>@example.com`
        let address = markup::before(bytes, self.range.start) == b'@' || markup::byte(bytes, self.range.end) == b'@';
        if self.parts || self.line && !address {
            return Joint::None;
        }
        let same = self.first.full == self.last.full;
        if !(self.opens && self.closes) {
            return if self.breaks { Joint::None } else { gap };
        }
        if self.first.closes && !self.last.closes && same && self.is_run() {
            let spaced = self.blank && PROSE_RUNS.contains(&self.first.full);
            return if spaced { Joint::Blank } else { Joint::Nothing };
        }
        let empty = !self.first.closes && self.last.closes && same;
        let joins = self.looks || empty || same && self.blank && within;
        if joins && !self.breaks { gap } else { Joint::None }
    }

    /// Whether one run of a text ends and the next begins.
    fn is_run(&self) -> bool {
        let sheet = self.first.full == b"t" && self.second.is_some_and(|second| second.full == b"r");
        sheet || OFFICE_RUNS.contains(&self.first.full) || PROSE_RUNS.contains(&self.first.full)
    }
}

/// The group of tags that begins next.
fn next(bytes: &[u8], from: usize) -> Option<Group<'_>> {
    let mut at = from;
    let (first, mut end) = loop {
        at += memchr::memchr(b'<', bytes.get(at..)?)?;
        match tag(bytes, at) {
            Some(found) => break found,
            None => at += 1,
        }
    };
    let start = at;
    let mut group = Group {
        range: start..end,
        first,
        second: None,
        last: first,
        opens: false,
        closes: false,
        looks: true,
        soft: false,
        parts: false,
        blank: false,
        breaks: false,
        line: false,
        void: false,
    };
    group.note(bytes, start, first);
    loop {
        let gap = bytes.get(end..)?.iter().take(TAG_BYTES_MAX).take_while(|byte| byte.is_ascii_whitespace()).count();
        let Some((tag, behind)) = tag(bytes, end + gap) else { return Some(group) };
        let between = bytes.get(end..end + gap)?;
        group.blank |= gap > 0;
        group.breaks |= between.contains(&b'\n');
        group.second = group.second.or(Some(tag));
        group.last = tag;
        group.note(bytes, end + gap, tag);
        end = behind;
        group.range.end = end;
    }
}

impl<'t> Group<'t> {
    fn note(&mut self, bytes: &[u8], at: usize, tag: Tag<'t>) {
        let is = |names: &[&[u8]]| names.iter().any(|name| tag.name.eq_ignore_ascii_case(name));
        let line = tag.full.eq_ignore_ascii_case(b"br");
        let blank = BLANKS.contains(&tag.full);
        let void = tag.empty || line || is(VOID);
        self.opens |= !tag.closes && !void;
        self.closes |= tag.closes && !void;
        self.looks &= markup::is_inline(tag.full);
        self.soft |= line || markup::tag(bytes, at).is_none();
        self.parts |= is(BLOCKS);
        self.blank |= blank;
        self.line |= line;
        self.void |= void;
    }
}

/// The tag that begins here, and where it ends. A comment is an empty one.
fn tag(bytes: &[u8], at: usize) -> Option<(Tag<'_>, usize)> {
    let window = bytes.get(at..bytes.len().min(at + TAG_BYTES_MAX))?.strip_prefix(b"<")?;
    if window.starts_with(b"!--") {
        let len = memchr::memmem::find(window, b"-->")?;
        return Some((Tag { name: b"", full: b"", closes: false, empty: true }, at + len + 4));
    }
    let inside = window.strip_prefix(b"/").unwrap_or(window);
    let of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-' | b'_' | b'.');
    let full = inside.get(..inside.iter().take_while(|byte| of_name(byte)).count())?;
    let behind = inside.get(full.len()..)?;
    let ends = matches!(behind, [b'>' | b' ' | b'\n' | b'\t' | b'\r', ..] | [b'/', b'>', ..]);
    if !ends || !full.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_') {
        return None;
    }
    let len = memchr::memchr2(b'>', b'<', window).filter(|&len| window.get(len) == Some(&b'>'))?;
    let name = full.iter().rposition(|&byte| byte == b':').map_or(full, |colon| full.get(colon + 1..).unwrap_or(full));
    let closes = inside.len() < window.len();
    let empty = window.get(..len).is_some_and(|tag| tag.ends_with(b"/"));
    Some((Tag { name, full, closes, empty }, at + len + 2))
}

/// Runs between which blanks are only how the source is laid out, and those where they are text.
const OFFICE_RUNS: &[&[u8]] = &[b"w:t", b"a:t", b"m:t"];
const PROSE_RUNS: &[&[u8]] = &[b"text:span", b"tspan", b"svg:tspan", b"hi", b"tei:hi"];
/// What reads as a blank, and what is never closed.
const BLANKS: &[&[u8]] =
    &[b"w:tab", b"w:br", b"w:cr", b"a:br", b"text:s", b"text:tab", b"text:line-break", b"lb", b"tei:lb"];
const VOID: &[&[u8]] = &[b"wbr", b"img", b"input", b"hr", b"meta", b"link", b"source", b"col", b"embed", b"track"];

/// Elements that are a text of their own, without their vocabulary: of HTML, Office, ODF, sheets, TEI, `DocBook`, feeds.
#[rustfmt::skip]
const BLOCKS: &[&[u8]] = &[
    b"p", b"div", b"td", b"th", b"tr", b"li", b"ul", b"ol", b"dl", b"dt", b"dd", b"h", b"h1", b"h2", b"h3", b"h4", b"h5", b"h6",
    b"table", b"thead", b"tbody", b"tfoot", b"caption", b"body", b"head", b"html", b"title", b"section", b"article", b"aside",
    b"header", b"footer", b"main", b"nav", b"address", b"blockquote", b"pre", b"form", b"fieldset", b"legend", b"select", b"option",
    b"optgroup", b"textarea", b"figure", b"figcaption", b"details", b"summary", b"hr", b"center", b"dialog", b"script", b"style",
    b"template", b"input", b"tc", b"tbl", b"sectpr", b"si", b"is", b"c", b"v", b"f", b"row", b"cell", b"list", b"list-item", b"item",
    b"table-cell", b"table-row", b"para", b"entry", b"record", b"field", b"line", b"l", b"note", b"text", b"key", b"value", b"string",
];
