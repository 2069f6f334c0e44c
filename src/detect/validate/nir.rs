//! NIR, the French social security number (INSEE; code de la sécurité sociale R.161-1), and the INS that equals it.
//!
//! ```text
//! 1   84  12   76     451      089    46
//! sex yy  mm   dept.  commune  order  key = 97 - (the 13 digits mod 97)
//! ```
//! Corsica writes 2A and 2B, read as 19 and 18 for the key; overseas departments have three digits and communes two; 99 is
//! a birth abroad with the country's code. Months 20 to 42 and 50 to 99 are INSEE's for unknown ones.

use super::{Candidate, Verdict, number};

/// Checks the structure of 15 characters and the key.
pub(super) fn nir_key(candidate: &Candidate<'_>) -> Verdict {
    let Some((body, key)) = candidate.compact.split_at_checked(13) else { return Verdict::Wrong };
    let right = key.len() == 2
        && structure(body)
        && value(body).zip(number(key)).is_some_and(|(value, key)| 97 - value % 97 == key);
    Verdict::of(right)
}

/// Checks the structure of the 13 characters, whether a key stands behind them or not and whatever it is.
pub(super) fn nir_without_key(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(matches!(candidate.compact.len(), 13 | 15) && structure(candidate.compact))
}

/// The number that the key is computed from.
fn value(body: &[u8]) -> Option<u64> {
    let (head, tail) = (body.get(..5)?, body.get(7..)?);
    let department = match body.get(5..7)? {
        b"2A" => 19,
        b"2B" => 18,
        digits => number(digits)?,
    };
    Some((number(head)? * 100 + department) * 1_000_000 + number(tail)?)
}

fn structure(body: &[u8]) -> bool {
    let (Some(sex), Some(month), Some(department)) = (body.first(), body.get(3..5).and_then(number), body.get(5..7))
    else {
        return false;
    };
    let (Some(commune), Some(order)) = (body.get(7..10).and_then(number), body.get(10..13).and_then(number)) else {
        return false;
    };
    let place = match department {
        b"2A" | b"2B" => (1..=990).contains(&commune),
        // The third digit of the department is the first of these three; what is left is the commune.
        b"97" | b"98" => (1..=90).contains(&(commune % 100)) && commune >= 100,
        digits => number(digits).is_some_and(|department| {
            (1..=96).contains(&department) && (1..=990).contains(&commune)
                || department == 99 && (1..=990).contains(&commune)
        }),
    };
    matches!(sex, b'1' | b'2' | b'3' | b'4' | b'7' | b'8')
        && matches!(month, 1..=12 | 20..=42 | 50..=99)
        && place
        && order > 0
}
