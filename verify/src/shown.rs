//! Paths as a terminal may show them. Whoever hands a folder over names what is in it: a name that moves the cursor, hides what
//! follows or turns its direction would write over what is said of it.

use std::path::Path;

/// A path with every character escaped that does something instead of being seen.
pub fn shown(path: impl AsRef<Path>) -> String {
    let mut shown = String::new();
    for c in path.as_ref().to_string_lossy().chars() {
        if c.is_control() || is_unseen(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// Characters without a shape of their own: of no width, line separators, and those that turn the direction of a text.
const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn what_is_seen_stays_and_the_rest_is_named() {
        for (path, expected) in [
            ("audit/été 1/segments", "audit/été 1/segments"),
            ("a\u{1b}[2K\rVERIFIED", "a\\u{1b}[2K\\rVERIFIED"),
            ("a\nb\u{9b}", "a\\nb\\u{9b}"),
            ("a\u{202e}b\u{200b}", "a\\u{202e}b\\u{200b}"),
        ] {
            assert_eq!(shown(path), expected);
        }
    }
}
