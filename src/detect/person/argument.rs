//! The parts of a name that are handed over side by side under their names: `User(first="Camille", last="Aubertin")`, also as attributes
//! of an element (`<person given='Camille' family='Aubertin'>`).
//!
//! `first` and `last` alone say nothing: both must stand there, and be a name together, or what they are handed to must be of people.
//!
//! False friends: `range(first="Monday", last="Friday")`, `first="Visual", last="Studio"`.

use std::ops::Range;

use super::call::is_of_people;
use super::keys;
use super::tied::are_name;
use super::whole::{Trust, whole};
use crate::detect::page::{Page, Report};

/// Bytes of a name of an argument, of a value, and within which the two stand.
const KEY_BYTES_MAX: usize = 8;
const VALUE_BYTES_MAX: usize = 60;
const BESIDE_BYTES: usize = 200;
/// Confidence in both.
const CONFIDENCE: u8 = 80;

/// Reports the names among the arguments of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    let mut last: Option<Argument> = None;
    for sign in memchr::memchr_iter(b'=', page.text.as_bytes()) {
        let Some(argument) = argument(page, sign) else { continue };
        let pair = last.replace(argument.clone()).filter(|before| {
            before.wants.eq_ignore_ascii_case(page.text.get(argument.key.clone()).unwrap_or_default())
                && argument.key.start.saturating_sub(before.value.end) < BESIDE_BYTES
        });
        let Some(before) = pair else { continue };
        let word = |range: &Range<usize>| page.text.get(range.clone()).unwrap_or_default();
        if is_handed_to_people(page, before.key.start) || are_name(word(&before.value), word(&argument.value)) {
            report.push(before.value, CONFIDENCE);
            report.push(argument.value, CONFIDENCE);
        }
    }
}

/// A part of a name under its name.
#[derive(Clone)]
struct Argument {
    key: Range<usize>,
    value: Range<usize>,
    /// The name that must stand beside it.
    wants: &'static str,
}

/// The argument whose sign stands here.
fn argument(page: &Page<'_>, sign: usize) -> Option<Argument> {
    let end = page.left(sign, 1, |byte| byte == b' ');
    let start = page.left(end, KEY_BYTES_MAX, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let (wants, _) = keys::beside(page.text.get(start..end)?)?;
    let open = page.right(sign + 1, 1, |byte| byte == b' ');
    let quote = page.byte(open);
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let close = page.right(open + 1, VALUE_BYTES_MAX, |byte| byte != quote && byte != b'\n');
    let (value, _) = whole(page.text, open + 1..close, Trust::People).filter(|_| page.byte(close) == quote)?;
    Some(Argument { key: start..end, value, wants })
}

/// Whether the brackets that an argument stands in are those of a function of people.
fn is_handed_to_people(page: &Page<'_>, at: usize) -> bool {
    let open = page.left(at, BESIDE_BYTES, |byte| !matches!(byte, b'(' | b')'));
    page.before(open) == b'(' && is_of_people(page, open - 1)
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::{Sink, Used};

    #[test]
    fn names_of_arguments() {
        for (text, expected) in [
            ("User(first=\"Camille\", last=\"Aubertin\")", &["Camille", "Aubertin"][..]),
            ("u = Patient( id=3, last = 'Quispe', age=4, first = 'Xiomara' )", &["Quispe", "Xiomara"]),
            ("<p given=\"Jean-Paul\" family=\"Martin\"/>", &["Jean-Paul", "Martin"]),
            ("range(first=\"Monday\", last=\"Friday\")", &[]),
            ("f(first=\"Visual\", last=\"Studio\")", &[]),
            ("page(first=\"Camille\", size=10)", &[]),
            ("User(first=name, last=\"Aubertin\") User(first=\"Camille", &[]),
        ] {
            let mut sink = Sink::new(Used::default());
            names(&Page { text, key: None }, &mut Report { sink: &mut sink, detector: 0 });
            let found: Vec<&str> = sink.hits.iter().map(|hit| &text[hit.range.clone()]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
