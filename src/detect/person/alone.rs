//! Names that are all that stands between two marks: the content of an element, a string of JSON within a text, emphasis.
//!
//! ```text
//! <td>Camille Aubertin</td>   <![CDATA[Camille Aubertin]]>   ["Claire Martin", …]   _Claire Martin_   \textbf{Claire Martin}
//! ```
//! There is no sentence around such a name to be read, so one of its words must be known as somebody's, and none as anything
//! else; under an element that names people (`<lastName>`) one word will do, whatever it is. What the model makes of such a name,
//! read alone, is `leaf`'s part.

use super::whole::{Trust, whole};
use super::words;
use crate::detect::fold;
use crate::detect::page::{Page, Report};

/// Bytes between the two marks.
const STRETCH_BYTES_MAX: usize = 64;
/// Bytes of a tag.
const TAG_BYTES_MAX: usize = 48;
/// Confidence in a name of several words, and in one under an element that names people.
const CONFIDENCE: (u8, u8) = (72, 80);

/// Reports the names of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    let bytes = page.text.as_bytes();
    let mut marks = memchr::memchr3_iter(b'>', b'"', b'`', bytes).collect::<Vec<_>>();
    marks.extend(memchr::memchr3_iter(b'{', b'_', b'[', bytes));
    marks.extend(memchr::memchr2_iter(b']', b';', bytes));
    marks.sort_unstable();
    for at in marks {
        let start = page.right(at + 1, STRETCH_BYTES_MAX, |byte| byte.is_ascii_whitespace());
        let opens = page.byte(start).is_ascii_uppercase() || !page.byte(start).is_ascii();
        let Some(end) = closes(page.byte(at)).filter(|_| opens).and_then(|closes| end_of(page, start, closes)) else {
            continue;
        };
        if !is_of_data(page, at, end) {
            continue;
        }
        let named = page.byte(at) == b'>' && names_people(page, at);
        let trust = if named { Trust::Sure } else { Trust::Perhaps };
        match whole(page.text, start..end, trust) {
            Some((range, words)) if words > 1 => report.push(range, CONFIDENCE.0),
            Some((range, _)) if named => report.push(range, CONFIDENCE.1),
            _ => {}
        }
    }
}

/// What ends a stretch that begins with a mark.
const fn closes(mark: u8) -> Option<u8> {
    Some(match mark {
        b'>' => b'<',
        b'"' | b'`' | b'_' => mark,
        b'{' => b'}',
        b'[' => b']',
        // `[b]Camille Aubertin[/b]`, `&lt;b&gt;Camille Aubertin&lt;/b&gt;`
        b']' => b'[',
        b';' => b'&',
        _ => return None,
    })
}

/// Where the stretch ends, if its mark is the first behind it.
fn end_of(page: &Page<'_>, start: usize, closes: u8) -> Option<usize> {
    let of_name =
        |byte: u8| byte.is_ascii_alphabetic() || !byte.is_ascii() || matches!(byte, b' ' | b'-' | b'\'' | b'.' | b',');
    let end = page.right(start, STRETCH_BYTES_MAX, of_name);
    let close = page.right(end, STRETCH_BYTES_MAX, |byte| byte.is_ascii_whitespace());
    (page.byte(close) == closes).then_some(end)
}

/// Whether marks that prose has too are those of data: the quotes of a string of JSON or of code, the brackets of CDATA. Prose
/// quotes the names of institutions, ships and books.
fn is_of_data(page: &Page<'_>, start: usize, end: usize) -> bool {
    let blank = |byte: u8| matches!(byte, b' ' | b'\n' | b'\t');
    match page.byte(start) {
        b'"' => {
            let before = page.before(page.left(start, STRETCH_BYTES_MAX, blank));
            let behind = page.byte(page.right(end + 1, STRETCH_BYTES_MAX, blank));
            matches!(before, b':' | b'[' | b',' | b'(' | b'=')
                && matches!(behind, b',' | b']' | b'}' | b')' | b';' | b'/' | b'>' | 0)
        }
        b'[' => page.text.get(..start).is_some_and(|head| head.ends_with("CDATA")),
        _ => true,
    }
}

/// Whether the tag that ends here says that somebody is named: `<lastName>`, `<ns:nom id="3">`.
fn names_people(page: &Page<'_>, end: usize) -> bool {
    let open = page.left(end, TAG_BYTES_MAX, |byte| byte != b'<');
    if page.before(open) != b'<' {
        return false;
    }
    let tag = page.text.get(open..end).unwrap_or_default();
    let name = tag.split(char::is_whitespace).next().unwrap_or_default();
    let name = name.rsplit(':').next().unwrap_or_default();
    let mut folded = fold::Window::new();
    fold::words(name, &mut folded);
    words::VALUE_KEYS.iter().any(|key| folded.trim_ascii() == key.as_bytes())
}
