//! Where a line of an officer's file ends: at whatever any program that people write with takes for a line's end.
//!
//! A note runs to the end of its line. Were the end that an editor shows not the end that is read, the rules behind a note would be
//! a part of it and vanish without a word. So carriage returns (old systems), U+2028 and U+2029, vertical tabs (Shift and Enter in a
//! word processor), form feeds and U+0085 all end a line; CR and LF together are one end.

/// Whether a character ends a line.
pub(super) fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The lines of a text, without their ends; a text that ends a line has an empty one behind it.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let whole = rest?;
        let Some((line, behind)) = whole.split_once(ends_line) else { return rest.take() };
        let end = whole.get(line.len()..).unwrap_or_default();
        rest = Some(if end.starts_with("\r\n") { behind.get(1..).unwrap_or_default() } else { behind });
        Some(line)
    })
}

/// The quotes of the line that a text begins with, as far as anybody sees which of them lacks: to count those of a long line for each
/// of its texts would take its square.
pub(super) fn quotes_near(text: &str) -> usize {
    let near = text.chars().take(LINE_CHARS_MAX);
    near.take_while(|c| !ends_line(*c)).filter(|c| *c == '"').count()
}

/// Characters behind a quote in which others of its line are counted.
const LINE_CHARS_MAX: usize = 2_048;

/// Where each line of a text begins, in bytes.
pub(super) fn starts(text: &str) -> Vec<usize> {
    let base = text.as_ptr().addr();
    lines(text).map(|line| line.as_ptr().addr().saturating_sub(base)).collect()
}

/// How many lines end in a text.
pub(super) fn ends(text: &str) -> usize {
    lines(text).count().saturating_sub(1)
}

/// Line and column of a byte, counted from 1; the column counts characters.
pub(super) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    // A fault between CR and LF stands behind the line, not on the next.
    let before = if text.get(at..).is_some_and(|rest| rest.starts_with('\n')) {
        before.strip_suffix('\r').unwrap_or(before)
    } else {
        before
    };
    let column = lines(before).last().unwrap_or_default().chars().count();
    (ends(before).saturating_add(1), column.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_ends_a_line_and_two_together_are_one() {
        for end in ["\n", "\r", "\r\n", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"] {
            let text = format!("a{end}{end}é{end}");
            assert_eq!(lines(&text).collect::<Vec<_>>(), ["a", "", "é", ""], "{end:?}");
            assert_eq!(ends(&text), 3, "{end:?}");
            assert_eq!(place(&text, text.len() - end.len()), (3, 2), "{end:?}");
        }
        assert_eq!(lines("").collect::<Vec<_>>(), [""]);
        assert_eq!(lines("\n\ra").collect::<Vec<_>>(), ["", "", "a"]);
        assert_eq!(place("a\r\nb", 2), (1, 2));
        assert_eq!(starts("a\r\né\n\u{2028}b"), [0, 3, 6, 9]);
        assert_eq!(starts(""), [0]);
    }
}
