//! Signs that word processors and web pages leave in a text: which are not seen, which only look like a hyphen, which turn the text
//! around; what each is called, and what to do about it.

use super::text::{Text, say};

/// Signs that nobody sees: a name that holds one is another name.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Dashes that are no hyphen.
pub(super) fn is_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Signs that make what follows be shown elsewhere than it stands, and control characters: a note could hide a rule with them.
pub(super) fn misleads(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') || (c.is_control() && c != '\t')
}

/// A blank that is no plain one.
pub(super) fn is_other_blank(c: char) -> bool {
    c.is_whitespace() && c != ' '
}

/// The number of a sign and what it is called.
pub(super) fn called(c: char) -> Text {
    let number = format!("U+{:04X}", u32::from(c));
    match c {
        '\u{a0}' | '\u{202f}' | '\u{2007}' => say!("{} (a no-break blank)", number),
        '\u{ad}' => say!("{} (a soft hyphen)", number),
        '\u{200b}' => say!("{} (a blank without width)", number),
        '\u{feff}' | '\u{2060}' => say!("{} (a mark without width)", number),
        '\u{200c}' | '\u{200d}' => say!("{} (a joiner without width)", number),
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            say!("{} (a mark of the direction of writing)", number)
        }
        '\u{2010}' | '\u{2011}' => say!("{} (a hyphen that is not the plain one)", number),
        '\u{2012}' | '\u{2013}' => say!("{} (an en dash)", number),
        '\u{2014}' | '\u{2015}' => say!("{} (an em dash)", number),
        '\u{2212}' => say!("{} (a minus sign)", number),
        '\u{2026}' => say!("{} (an ellipsis)", number),
        '\u{85}' | '\u{2028}' | '\u{2029}' => say!("{} (another end of a line)", number),
        c if c.is_control() => say!("{} (a control character)", number),
        c if c.is_whitespace() => say!("{} (a blank that is not the plain one)", number),
        c => say!("`{}`", c.to_string()),
    }
}

/// What to do about it.
pub(super) fn advice(c: char) -> Option<Text> {
    if is_hidden(c) || misleads(c) {
        Some(say!("it is not seen: delete it"))
    } else if is_dash(c) {
        Some(say!("write a plain hyphen: -"))
    } else if is_other_blank(c) {
        Some(say!("write a plain blank"))
    } else {
        None
    }
}
