//! Weighted sums, the ground of most check digits: each digit times the weight of its place, summed, then a remainder.
//!
//! The rules differ only in weights, modulus and what the remainder means; they stand beside the identifiers that use them.

use smallvec::SmallVec;

use super::digit;

/// The sum of digits, each times its weight; `None` unless there are as many weights as digits and all are digits.
pub(super) fn weighted(digits: &[u8], weights: &[u32]) -> Option<u32> {
    if digits.len() != weights.len() {
        return None;
    }
    digits.iter().zip(weights).try_fold(0, |sum, (&byte, weight)| Some(sum + digit(byte)? * weight))
}

/// The same over letters too, A read as 10 and Z as 35.
pub(super) fn weighted36(characters: &[u8], weights: &[u32]) -> Option<u32> {
    if characters.len() != weights.len() {
        return None;
    }
    characters.iter().zip(weights).try_fold(0, |sum, (&byte, weight)| Some(sum + value36(byte)? * weight))
}

/// The value of a digit or of an upper-case letter in base 36.
pub(super) fn value36(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'A'..=b'Z' => Some(u32::from(byte - b'A') + 10),
        _ => None,
    }
}

/// The character of a table at a place that was computed.
pub(super) fn pick(table: &[u8], place: u32) -> Option<u8> {
    table.get(usize::try_from(place).ok()?).copied()
}

/// All characters but the last, and the value of the last, which must be a digit.
pub(super) fn split_check(digits: &[u8]) -> Option<(&[u8], u32)> {
    let (&check, body) = digits.split_last()?;
    Some((body, digit(check)?))
}

/// Whether all is digits, this many of them.
pub(super) fn are_digits(characters: &[u8], count: usize) -> bool {
    characters.len() == count && characters.iter().all(u8::is_ascii_digit)
}

/// Whether one character is repeated from end to end: a placeholder.
pub(super) fn is_repeated(characters: &[u8]) -> bool {
    characters.iter().all(|byte| Some(byte) == characters.first())
}

/// Whether a value is written in one piece, every character apart, or in groups of one of these lengths.
pub(super) fn is_grouped(raw: &str, usual: &[&[usize]]) -> bool {
    let groups: SmallVec<[usize; 32]> =
        raw.split(|c: char| !c.is_ascii_alphanumeric()).map(str::len).filter(|&len| len > 0).collect();
    groups.len() == 1 || groups.iter().all(|&len| len == 1) || usual.contains(&groups.as_slice())
}

/// Whether a value is written in groups of these lengths, with one of these separators between all of them.
pub(super) fn is_written(raw: &str, separators: &[char], usual: &[&[usize]]) -> bool {
    separators.iter().any(|&separator| {
        let groups: SmallVec<[usize; 16]> = raw.split(separator).map(str::len).collect();
        groups.len() > 1
            && raw.chars().all(|c| c == separator || c.is_ascii_alphanumeric())
            && usual.contains(&groups.as_slice())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_a_value() {
        for (raw, expected) in [
            ("123456789", true),
            ("1 2 3 4 5 6 7 8 9", true),
            ("123-456-789", true),
            ("CHE-123.456.789", false),
            ("12 34 56 789", false),
        ] {
            assert_eq!(is_grouped(raw, &[&[3, 3, 3]]), expected, "{raw}");
        }
        for (raw, expected) in [
            ("123-456-789", true),
            ("123 456 789", true),
            ("123456789", false),
            ("123-456 789", false),
            ("12-3456-789", false),
        ] {
            assert_eq!(is_written(raw, &['-', ' '], &[&[3, 3, 3]]), expected, "{raw}");
        }
    }
}
