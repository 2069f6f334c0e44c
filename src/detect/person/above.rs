//! A name above an address: `Jory Tregenza⏎27 Quayside Rd⏎Falmouth TR11 3LH`, as invoices, letters and résumés have it.
//!
//! Who lives there stands above; lists need not know the name. What stands there may be a firm or a department: words that are common,
//! or of firms, bodies and streets, are none.

use std::ops::Range;

use super::whole::{Trust, whole};
use crate::detect::page::Page;

/// Bytes of a line with a name.
const LINE_BYTES_MAX: usize = 60;
/// Words of a name.
const WORDS: std::ops::RangeInclusive<usize> = 2..=4;

/// The name on the line above an address that begins its own line.
pub(in crate::detect) fn address(page: &Page<'_>, address: usize) -> Option<Range<usize>> {
    let begins = page.left(address, LINE_BYTES_MAX, |byte| byte != b'\n');
    let before = page.text.get(begins..address)?;
    if begins == 0 || page.before(begins) != b'\n' || before.contains(char::is_alphanumeric) {
        return None;
    }
    let end = page.left(begins, 2, |byte| matches!(byte, b'\n' | b'\r'));
    let start = page.left(end, LINE_BYTES_MAX, |byte| byte != b'\n');
    let line = page.text.get(start..end)?;
    let written = line.chars().all(|c| c.is_alphabetic() || " -'’.".contains(c));
    let is_whole = start == 0 || page.before(start) == b'\n';
    (written && is_whole).then_some(())?;
    whole(page.text, start..end, Trust::Strange)
        .or_else(|| whole(page.text, start..end, Trust::People))
        .filter(|(_, words)| WORDS.contains(words))
        .map(|(range, _)| range)
}
