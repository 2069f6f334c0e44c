//! Payment card numbers (ISO/IEC 7812-1): an issuer range, a length of that issuer, Luhn.
//!
//! False friends: EAN-13, order numbers, long ids. Luhn passes one number in ten, so that a length other than the issuer's
//! usual one, or blanks where no card has them, is weak: context decides.

use super::luhn::is_luhn;
use super::{Candidate, Verdict, number};

/// Checks issuer range, length, Luhn, and the grouping as written.
pub(super) fn card(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let Some(usual) = issuer_length(digits) else { return Verdict::Wrong };
    if !is_luhn(digits) || digits.iter().all(|digit| Some(digit) == digits.first()) {
        return Verdict::Wrong;
    }
    if digits.len() == usual && grouped_like_a_card(candidate.raw) { Verdict::Right } else { Verdict::Weak }
}

/// The usual length of the issuer that the leading digits name; `None` when no issuer has the range and the length.
fn issuer_length(digits: &[u8]) -> Option<usize> {
    let first_six = number(digits.get(..6)?)?;
    ISSUERS
        .iter()
        .find(|issuer| {
            let scale = 10_u64.pow(6 - issuer.digits);
            (issuer.from..=issuer.to).contains(&(first_six / scale))
                && (issuer.length_min..=issuer.length_max).contains(&digits.len())
        })
        .map(|issuer| issuer.usual)
}

/// Whether blanks and dashes stand where they stand on a card: none, after every digit, or in groups of four (four, six,
/// four or five on the fifteen-digit and fourteen-digit ones).
fn grouped_like_a_card(raw: &str) -> bool {
    let mut groups = raw.split(|c: char| !c.is_ascii_digit()).map(str::len);
    let (Some(first), second) = (groups.next(), groups.next()) else { return false };
    let Some(second) = second else { return true };
    let rest: smallvec::SmallVec<[usize; 20]> = groups.collect();
    let Some((last, middle)) = rest.split_last() else { return first == 8 && second == 8 };
    let even = second == first && middle.iter().all(|&group| group == first) && *last <= first;
    let uneven = first == 4 && second == 6 && middle.is_empty() && matches!(last, 4 | 5);
    uneven || even && matches!(first, 1 | 4)
}

/// A range of leading digits, as many as `digits`, and the lengths issued in it.
struct Issuer {
    digits: u32,
    from: u64,
    to: u64,
    length_min: usize,
    length_max: usize,
    usual: usize,
}

const fn issuer(digits: u32, range: (u64, u64), lengths: (usize, usize), usual: usize) -> Issuer {
    Issuer { digits, from: range.0, to: range.1, length_min: lengths.0, length_max: lengths.1, usual }
}

/// Narrow ranges first: the first that fits decides the usual length.
const ISSUERS: &[Issuer] = &[
    issuer(4, (2200, 2204), (16, 19), 16), // Mir
    issuer(4, (2221, 2720), (16, 16), 16), // Mastercard
    issuer(4, (3528, 3589), (16, 19), 16), // JCB
    issuer(1, (1, 1), (15, 15), 0),        // UATP, JCB old
    issuer(4, (2131, 2131), (15, 15), 0),  // JCB, old
    issuer(4, (9792, 9792), (16, 16), 16), // Troy
    issuer(2, (34, 34), (15, 15), 15),     // American Express
    issuer(2, (37, 37), (15, 15), 15),     // American Express
    issuer(3, (300, 305), (14, 19), 0),    // Diners Club
    issuer(4, (3095, 3095), (14, 19), 0),  // Diners Club
    issuer(2, (36, 36), (14, 19), 0),      // Diners Club
    issuer(2, (38, 39), (14, 19), 0),      // Diners Club
    issuer(1, (4, 4), (13, 13), 0),        // Visa, old; EAN-13 of Germany and Japan begin so too
    issuer(1, (4, 4), (16, 16), 16),       // Visa, Carte Bancaire
    issuer(1, (4, 4), (19, 19), 0),        // Visa
    issuer(2, (51, 55), (16, 16), 16),     // Mastercard
    issuer(3, (508, 508), (16, 16), 16),   // RuPay
    issuer(2, (62, 62), (16, 19), 16),     // UnionPay
    issuer(2, (81, 82), (16, 19), 16),     // UnionPay, RuPay
    issuer(2, (60, 60), (16, 16), 16),     // Discover, RuPay
    issuer(2, (64, 65), (16, 19), 16),     // Discover, RuPay
    issuer(2, (50, 50), (12, 19), 16),     // Maestro
    issuer(2, (56, 69), (12, 19), 16),     // Maestro
];
