//! India: Aadhaar and VID (UIDAI), PAN (Income Tax Department), GSTIN (CGST rules 2017), EPIC (Election Commission), plates
//! (Motor Vehicles Act 1988 s. 41).
//!
//! - Aadhaar twelve digits, VID sixteen: Verhoeff, not from 0 or 1, no palindrome.
//! - PAN: three letters, the holder's kind, the name's first letter, four digits, a letter whose rule is not published.
//! - GSTIN: state, PAN, entity, `Z`, a character of base 36, weights 1 and 2 with quotient and remainder summed.
//! - EPIC: three letters, seven digits with Luhn.

use super::luhn::is_luhn;
use super::verhoeff::is_verhoeff;
use super::weights::{are_digits, is_grouped, pick, value36};
use super::{Candidate, Table, Verdict, calendar};

pub(super) const TABLE: Table = &[
    ("in_aadhaar", in_aadhaar),
    ("in_epic", in_epic),
    ("in_gstin", in_gstin),
    ("in_pan", in_pan),
    ("in_vid", in_vid),
    ("plate_in", plate_in),
];

fn in_aadhaar(candidate: &Candidate<'_>) -> Verdict {
    of_uidai(candidate, 12, &[4, 4, 4])
}

fn in_vid(candidate: &Candidate<'_>) -> Verdict {
    of_uidai(candidate, 16, &[4, 4, 4, 4])
}

fn of_uidai(candidate: &Candidate<'_>, count: usize, groups: &[usize]) -> Verdict {
    let digits = candidate.compact;
    let palindrome = digits.iter().eq(digits.iter().rev());
    let issued = !matches!(digits.first(), Some(b'0' | b'1'));
    if digits.len() != count || !issued || palindrome || !is_verhoeff(digits) {
        return Verdict::Wrong;
    }
    let written = is_grouped(candidate.raw, &[groups]) && candidate.raw.len() > digits.len();
    if written { Verdict::Right } else { Verdict::Weak }
}

fn in_pan(candidate: &Candidate<'_>) -> Verdict {
    let verdict = Verdict::of(is_pan(candidate.compact));
    if verdict == Verdict::Right && candidate.raw.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return Verdict::Weak;
    }
    verdict
}

fn is_pan(value: &[u8]) -> bool {
    let (letters, rest) = value.split_at_checked(5).unwrap_or_default();
    let (digits, check) = rest.split_at_checked(4).unwrap_or_default();
    letters.iter().chain(check).all(u8::is_ascii_uppercase)
        && value.len() == 10
        && letters.get(3).is_some_and(|kind| b"ABCFGHJLPTK".contains(kind))
        && are_digits(digits, 4)
        && digits != b"0000"
}

fn in_gstin(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_gstin(candidate.compact) == Some(true))
}

fn is_gstin(value: &[u8]) -> Option<bool> {
    let state = calendar::part(value, 0, 2)?;
    let (entity, z, &check) = (value.get(12)?, value.get(13)?, value.get(14)?);
    let sum = value.get(..14)?.iter().zip([1, 2].into_iter().cycle()).try_fold(0, |sum, (&byte, weight)| {
        let value = value36(byte)? * weight;
        Some(sum + value / 36 + value % 36)
    })?;
    let expected = pick(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", (36 - sum % 36) % 36)?;
    let shape = value.len() == 15 && is_pan(value.get(2..12)?) && *entity != b'0' && *z == b'Z';
    Some(shape && matches!(state, 1..=38 | 97) && check == expected)
}

fn in_epic(candidate: &Candidate<'_>) -> Verdict {
    let (letters, digits) = candidate.compact.split_at_checked(3).unwrap_or_default();
    Verdict::of(letters.iter().all(u8::is_ascii_uppercase) && are_digits(digits, 7) && is_luhn(digits))
}

fn plate_in(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let state = value.get(..2).and_then(|state| std::str::from_utf8(state).ok());
    if !state.is_some_and(|state| STATES.split(' ').any(|known| known == state)) {
        return Verdict::Wrong;
    }
    // State, district, series and number; without one of them it needs context.
    if value.len() >= 9 && !candidate.raw.bytes().any(|byte| byte.is_ascii_lowercase()) {
        Verdict::Right
    } else {
        Verdict::Weak
    }
}

/// Codes of states and territories, and of the defence and series for all of India.
const STATES: &str = "AN AP AR AS BH BR CG CH DD DL DN GA GJ HP HR JH JK KA KL LA LD MH ML MN MP MZ NL OD OR PB PY RJ SK TN TR TS UA UK UP WB";
