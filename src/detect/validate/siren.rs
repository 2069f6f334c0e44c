//! SIREN and SIRET, the French register of enterprises and their establishments (INSEE; code de commerce R.123-220).
//!
//! Nine digits with Luhn; a SIRET adds five, Luhn over all fourteen. La Poste (SIREN 356000000) ran out of numbers: its
//! establishments have a plain digit sum of 0 mod 5. False friends: timestamps `yyyymmddhhmmss` of fourteen digits.

use super::luhn::is_luhn;
use super::{Candidate, Verdict, number};

/// Checks nine digits by Luhn. One random number in ten passes.
pub(super) fn siren(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_siren(candidate.compact))
}

/// Whether these are the nine digits of a SIREN.
pub(super) fn is_siren(digits: &[u8]) -> bool {
    digits.len() == 9 && is_luhn(digits) && digits != b"000000000"
}

/// Checks fourteen digits: the SIREN within and the whole.
pub(super) fn siret(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    if digits.len() != 14 || !digits.get(..9).is_some_and(is_siren) {
        return Verdict::Wrong;
    }
    let post = digits.starts_with(b"356000000")
        && digits.iter().map(|byte| u32::from(byte.wrapping_sub(b'0'))).sum::<u32>() % 5 == 0;
    if !post && !is_luhn(digits) {
        return Verdict::Wrong;
    }
    if is_timestamp(digits) || !grouped_like_a_siret(candidate.raw) { Verdict::Weak } else { Verdict::Right }
}

/// Whether fourteen digits read as `yyyymmddhhmmss` of our time.
fn is_timestamp(digits: &[u8]) -> bool {
    let part = |from: usize, to: usize| digits.get(from..to).and_then(number).unwrap_or(u64::MAX);
    (1900..=2099).contains(&part(0, 4))
        && (1..=12).contains(&part(4, 6))
        && (1..=31).contains(&part(6, 8))
        && part(8, 10) < 24
        && part(10, 12) < 60
        && part(12, 14) < 60
}

/// Written in one piece, digit by digit, as 9 5, or as 3 3 3 5.
fn grouped_like_a_siret(raw: &str) -> bool {
    let groups: smallvec::SmallVec<[usize; 16]> = raw.split(|c: char| !c.is_ascii_digit()).map(str::len).collect();
    matches!(groups.as_slice(), [14] | [9, 5] | [3, 3, 3, 5] | [9, 3, 2] | [3, 3, 3, 3, 2])
        || groups.iter().all(|&group| group == 1)
}
