//! United States and Canada.
//!
//! - SSN (SSA, POMS RM 10201): area, group, serial, none of them zero, no area 666 or from 900; numbers of advertisements are
//!   nobody's. ITIN (IRS): area 9, certain groups. EIN (IRS): prefixes of the campuses.
//! - Routing number (ABA): weights 3 7 1 mod 10, first two digits of a Federal Reserve district. NPI (CMS, 45 CFR 162.406):
//!   Luhn with 80840 before it. MBI (CMS): eleven places, letters without S L O I B Z. DEA (21 CFR 1301): registrant letter,
//!   d1+d3+d5 and twice d2+d4+d6.
//! - SIN (ESDC): Luhn, not from 0 or 8. BN (CRA): Luhn, program account of two letters and four digits. Postal code (Canada
//!   Post): no D F I O Q U, nor W and Z first.

use super::luhn::is_luhn;
use super::weights::{are_digits, is_repeated, is_written, weighted};
use super::{Candidate, Table, Verdict, calendar, digit, if_written};

pub(super) const TABLE: Table = &[
    ("ca_bn", ca_bn),
    ("ca_postal_code", ca_postal_code),
    ("ca_sin", ca_sin),
    ("us_aba_routing", us_aba_routing),
    ("us_dea", us_dea),
    ("us_ein", us_ein),
    ("us_itin", us_itin),
    ("us_mbi", us_mbi),
    ("us_npi", us_npi),
    ("us_ssn", us_ssn),
];

fn us_ssn(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let part = |from, to| calendar::part(digits, from, to).unwrap_or(0);
    let right = are_digits(digits, 9)
        && matches!(part(0, 3), 1..=665 | 667..=899)
        && part(3, 5) > 0
        && part(5, 9) > 0
        && !ADVERTISED.contains(&digits)
        && !is_repeated(digits);
    three_two_four(candidate, right)
}

/// Numbers printed on cards in wallets and advertisements (SSA history).
const ADVERTISED: &[&[u8]] = &[b"078051120", b"219099999", b"457555462", b"123456789"];

/// A right number is sure only when it is written 3-2-4; with two kinds of separators it is none.
fn three_two_four(candidate: &Candidate<'_>, right: bool) -> Verdict {
    let mut separators = candidate.raw.bytes().filter(|byte| !byte.is_ascii_alphanumeric());
    let first = separators.next();
    if !right || separators.any(|other| Some(other) != first) {
        return Verdict::Wrong;
    }
    if_written(is_written(candidate.raw, &['-'], &[&[3, 2, 4]]))
}

fn us_itin(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let group = calendar::part(digits, 3, 5);
    let right = are_digits(digits, 9)
        && digits.starts_with(b"9")
        && matches!(group, Some(50..=65 | 70..=88 | 90..=92 | 94..=99));
    three_two_four(candidate, right)
}

fn us_ein(candidate: &Candidate<'_>) -> Verdict {
    let prefix = calendar::part(candidate.compact, 0, 2);
    let never = matches!(prefix, None | Some(0 | 7..=9 | 17..=19 | 28 | 29 | 49 | 69 | 70 | 78 | 79 | 89 | 96 | 97));
    Verdict::of(are_digits(candidate.compact, 9) && !never && !is_repeated(candidate.compact))
}

fn us_aba_routing(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let district = matches!(calendar::part(digits, 0, 2), Some(1..=12 | 21..=32 | 61..=72 | 80));
    let sum = weighted(digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]);
    // Numbers outside of the districts are nobody's today; a word decides.
    if_written(district).where_right(!is_repeated(digits) && sum.is_some_and(|sum| sum.is_multiple_of(10)))
}

fn us_npi(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    // The five digits before it add 24 to the Luhn sum: four more make a multiple of ten of it and the number's own.
    let mut prefixed = [0; 15];
    let whole = b"80840".iter().chain(digits);
    for (place, byte) in prefixed.iter_mut().zip(whole) {
        *place = *byte;
    }
    let right = are_digits(digits, 10) && matches!(digits.first(), Some(b'1' | b'2')) && is_luhn(&prefixed);
    Verdict::of(right && !is_repeated(digits.get(..9).unwrap_or_default()))
}

fn us_mbi(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let letter = |byte: u8| byte.is_ascii_uppercase() && !b"SLOIBZ".contains(&byte);
    let right = value.len() == 11
        && value.iter().zip(b"CAXNAXNAANN").all(|(&byte, kind)| match kind {
            b'C' => matches!(byte, b'1'..=b'9'),
            b'A' => letter(byte),
            b'N' => byte.is_ascii_digit(),
            _ => byte.is_ascii_digit() || letter(byte),
        });
    Verdict::of(right)
}

fn us_dea(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_dea(candidate.compact) == Some(true))
}

fn is_dea(value: &[u8]) -> Option<bool> {
    let (letters, digits) = value.split_at_checked(2)?;
    let registrant = b"ABCDEFGHJKLMPRSTUX".contains(letters.first()?);
    let owner = letters.last().is_some_and(|byte| byte.is_ascii_uppercase() || *byte == b'9');
    let sum = weighted(digits.get(..6)?, &[1, 2, 1, 2, 1, 2])?;
    Some(registrant && owner && digits.len() == 7 && digit(*digits.last()?)? == sum % 10 && !is_repeated(digits))
}

fn ca_sin(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let issued = !matches!(digits.first(), Some(b'0' | b'8'));
    // Three groups with blanks are an amount as well.
    let written = is_written(candidate.raw, &['-'], &[&[3, 3, 3]]);
    if_written(written).where_right(are_digits(digits, 9) && issued && is_luhn(digits) && !is_repeated(digits))
}

fn ca_bn(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let Some((number, account)) = value.split_at_checked(9) else { return Verdict::Wrong };
    let (program, place) = account.split_at_checked(2).unwrap_or_default();
    let programs: [&[u8]; 6] = [b"RC", b"RM", b"RP", b"RR", b"RT", b"RZ"];
    let account = account.is_empty() || programs.contains(&program) && are_digits(place, 4);
    Verdict::of(are_digits(number, 9) && is_luhn(number) && account)
}

fn ca_postal_code(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let right = value.iter().enumerate().all(|(place, byte)| {
        if place % 2 == 1 {
            return byte.is_ascii_digit();
        }
        byte.is_ascii_uppercase() && !b"DFIOQU".contains(byte) && (place > 0 || !b"WZ".contains(byte))
    });
    let written = is_written(candidate.raw, &[' '], &[&[3, 3]]);
    if_written(written && !candidate.raw.bytes().any(|byte| byte.is_ascii_lowercase()))
        .where_right(value.len() == 6 && right)
}
