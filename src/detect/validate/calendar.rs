//! Dates inside identifiers: whether the day exists (ISO 8601, Gregorian calendar).

use super::number;

/// Whether a day exists. `year` with its century.
pub(in crate::detect) fn is_day(year: u64, month: u64, day: u64) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=last).contains(&day)
}

/// Whether a day exists in a year of two digits, whatever the century.
pub(super) fn is_day_of_any_century(year: u64, month: u64, day: u64) -> bool {
    is_day(1900 + year, month, day) || is_day(2000 + year, month, day)
}

/// The number that some digits of a value are.
pub(super) fn part(digits: &[u8], from: usize, to: usize) -> Option<u64> {
    number(digits.get(from..to)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days() {
        for (year, month, day, expected) in [
            (2000, 2, 29, true),
            (1900, 2, 29, false),
            (2023, 2, 29, false),
            (2024, 4, 31, false),
            (2024, 12, 31, true),
            (2024, 13, 1, false),
            (2024, 0, 1, false),
            (2024, 1, 0, false),
        ] {
            assert_eq!(is_day(year, month, day), expected, "{year}-{month}-{day}");
        }
        assert!(is_day_of_any_century(0, 2, 29));
        assert_eq!(part(b"19840712", 4, 6), Some(7));
    }
}
