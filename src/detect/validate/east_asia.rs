//! Korea, Thailand, Singapore and the Philippines.
//!
//! - KR RRN and FRN (주민등록법 시행규칙 제2조): birth date, sex and century, a digit by weights 2 to 9 and 2 to 5, 11 less the
//!   remainder (foreigners 13). Since October 2020 the last six digits are random: a wrong digit needs context.
//! - KR business number (국세청): weights 1 3 7 1 3 7 1 3 5, the last product's tens added, mod 10. Driving licence: region 11
//!   to 28.
//! - TH (กรมการปกครอง): thirteen digits, kind 1 to 8, province, weights 13 to 2 mod 11.
//! - SG NRIC and FIN (ICA): weights 2 7 6 5 4 3 2, offsets by series, a letter. UEN (ACRA): three forms.
//! - PH TIN (Bureau of Internal Revenue): nine digits, the ninth by weights 9 to 2 mod 11, then the branch.

use super::weights::{are_digits, is_repeated, is_written, pick, split_check, weighted};
use super::{Candidate, Table, Verdict, calendar, digit, if_written};

pub(super) const TABLE: Table = &[
    ("kr_brn", kr_brn),
    ("kr_driver_licence", kr_driver_licence),
    ("kr_frn", kr_frn),
    ("kr_rrn", kr_rrn),
    ("ph_tin", ph_tin),
    ("sg_nric_fin", sg_nric_fin),
    ("sg_uen", sg_uen),
    ("th_tnin", th_tnin),
];

fn kr_rrn(candidate: &Candidate<'_>) -> Verdict {
    of_registration(candidate, 11).unwrap_or_else(|| of_a_foreigner(candidate.compact).unwrap_or(Verdict::Wrong))
}

/// A foreigner's number with the check digit of a citizen's: some are issued, and a word decides.
fn of_a_foreigner(digits: &[u8]) -> Option<Verdict> {
    let (body, check) = split_check(digits)?;
    let right = (11 - weighted(body, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5])? % 11) % 10 == check;
    let century = if matches!(digits.get(6)?, b'5' | b'6') { 1900 } else { 2000 };
    let (year, month, day) =
        (calendar::part(digits, 0, 2)?, calendar::part(digits, 2, 4)?, calendar::part(digits, 4, 6)?);
    let born = calendar::is_day(century + year, month, day);
    (right && born && matches!(digits.get(6)?, b'5'..=b'8')).then_some(Verdict::Weak)
}

fn kr_frn(candidate: &Candidate<'_>) -> Verdict {
    of_registration(candidate, 13).unwrap_or(Verdict::Wrong)
}

/// `base` less the remainder is the check digit: 11 for citizens, 13 for foreigners.
fn of_registration(candidate: &Candidate<'_>, base: u32) -> Option<Verdict> {
    let digits = candidate.compact;
    let (body, check) = split_check(digits)?;
    let right = (base - weighted(body, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5])? % 11) % 10 == check;
    let (year, month, day) =
        (calendar::part(digits, 0, 2)?, calendar::part(digits, 2, 4)?, calendar::part(digits, 4, 6)?);
    let century = match (base, digits.get(6)?) {
        // Of those born in the 1800s nobody has a number of the new kind.
        (11, b'0' | b'9') if right => 1800,
        (11, b'1' | b'2') | (13, b'5' | b'6') => 1900,
        (11, b'3' | b'4') | (13, b'7' | b'8') => 2000,
        _ => return None,
    };
    if !calendar::is_day(century + year, month, day) {
        return None;
    }
    let written = is_written(candidate.raw, &['-'], &[&[6, 7]]);
    // In one piece the digit must be right, and it must not be milliseconds since 1970.
    let whole = candidate.raw.len() == 13 && !candidate.raw.starts_with('1');
    Some(if_written(written || whole && right && century > 1800))
}

fn kr_brn(candidate: &Candidate<'_>) -> Verdict {
    let written = is_written(candidate.raw, &['-'], &[&[3, 2, 5]]);
    // Other implementations do not know the check digit: where a word says what it is, a wrong one is let pass.
    match is_brn(candidate.compact) {
        Some(true) => if_written(written),
        Some(false) if is_brn_shaped(candidate.compact) => Verdict::Weak,
        _ => Verdict::Wrong,
    }
}

/// A tax office, a kind, and a serial that is not zero.
fn is_brn_shaped(digits: &[u8]) -> bool {
    let part = |from, to| calendar::part(digits, from, to).unwrap_or(0);
    are_digits(digits, 10) && part(0, 3) > 100 && part(3, 5) > 0 && part(5, 9) > 0 && !is_repeated(digits)
}

fn is_brn(digits: &[u8]) -> Option<bool> {
    let (body, check) = split_check(digits)?;
    let sum = weighted(body, &[1, 3, 7, 1, 3, 7, 1, 3, 5])? + digit(*body.last()?)? * 5 / 10 + check;
    Some(calendar::part(digits, 0, 3)? > 100 && sum % 10 == 0)
}

fn kr_driver_licence(candidate: &Candidate<'_>) -> Verdict {
    let region = matches!(calendar::part(candidate.compact, 0, 2), Some(11..=26 | 28));
    if_written(is_written(candidate.raw, &['-'], &[&[2, 2, 6, 2]]))
        .where_right(region && are_digits(candidate.compact, 12))
}

fn th_tnin(candidate: &Candidate<'_>) -> Verdict {
    thai(candidate).unwrap_or(Verdict::Wrong)
}

fn thai(candidate: &Candidate<'_>) -> Option<Verdict> {
    let digits = candidate.compact;
    let (body, check) = split_check(digits)?;
    let sum = weighted(body, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2])?;
    let kind = matches!(digits.first()?, b'1'..=b'8');
    if !kind || !(10..=96).contains(&calendar::part(digits, 1, 3)?) || (11 - sum % 11) % 10 != check {
        return None;
    }
    Some(if_written(is_written(candidate.raw, &['-', ' '], &[&[1, 4, 5, 2, 1]])))
}

fn sg_nric_fin(candidate: &Candidate<'_>) -> Verdict {
    let small = candidate.raw.bytes().any(|byte| byte.is_ascii_lowercase());
    if_written(!small).where_right(is_nric(candidate.compact) == Some(true))
}

fn is_nric(value: &[u8]) -> Option<bool> {
    let (&series, rest) = value.split_first()?;
    let (&letter, digits) = rest.split_last()?;
    let sum = weighted(digits, &[2, 7, 6, 5, 4, 3, 2])?;
    let expected = match series {
        b'S' => pick(b"JZIHGFEDCBA", sum % 11),
        b'T' => pick(b"JZIHGFEDCBA", (sum + 4) % 11),
        b'F' => pick(b"XWUTRQPNMLK", sum % 11),
        b'G' => pick(b"XWUTRQPNMLK", (sum + 4) % 11),
        b'M' => pick(b"XWUTRQPNJLK", (sum + 3) % 11),
        _ => None,
    };
    Some(expected? == letter)
}

fn sg_uen(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_uen(candidate.compact) == Some(true))
}

fn is_uen(value: &[u8]) -> Option<bool> {
    let (&check, body) = value.split_last()?;
    let expected = match body.len() {
        // Businesses, then local companies whose first four digits are the year.
        8 => pick(b"XMKECAWLJDB", weighted(body, &[10, 4, 9, 3, 8, 2, 7, 1])? % 11),
        9 if (1800..2100).contains(&calendar::part(body, 0, 4).unwrap_or(0)) => {
            pick(b"ZKCMDNERGWH", weighted(body, &[10, 8, 6, 4, 9, 7, 5, 3, 1])? % 11)
        }
        9 => of_entity(body),
        _ => None,
    };
    Some(expected? == check)
}

/// The check character of the third form: `T`, year, two letters of the kind, four digits.
fn of_entity(body: &[u8]) -> Option<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWX0123456789";
    let kind = body.get(3..5)?;
    let shape = matches!(body.first()?, b'R' | b'S' | b'T')
        && calendar::part(body, 1, 3)? < if body.starts_with(b"T") { 50 } else { 100 }
        && kind.iter().all(u8::is_ascii_uppercase)
        && KINDS.split(' ').any(|known| known.as_bytes() == kind)
        && are_digits(body.get(5..)?, 4);
    let sum = body.iter().zip([4, 3, 5, 3, 10, 2, 2, 5, 7]).try_fold(0, |sum, (byte, weight)| {
        let place = u32::try_from(ALPHABET.iter().position(|known| known == byte)?).ok()?;
        Some(sum + place * weight)
    })?;
    // Five less, without going below zero.
    if shape { pick(ALPHABET, (sum + 6) % 11) } else { None }
}

/// Kinds of entities that ACRA and other agencies register.
const KINDS: &str =
    "CC CD CH CL CM CP CS CX DP FB FC FM FN GA GB GS HS LL LP MB MC MD MH MM MQ NB NR PA PB PF RF RP SM SS TC TU VH XL";

fn ph_tin(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let check = digits.get(8).copied().and_then(digit);
    let sum = digits.get(..8).and_then(|body| weighted(body, &[9, 8, 7, 6, 5, 4, 3, 2]));
    let right = sum.is_some_and(|sum| sum > 0 && Some(sum % 11) == check);
    let written = is_written(candidate.raw, &['-'], &[&[3, 3, 3, 3], &[3, 3, 3, 5]]);
    if_written(written).where_right(matches!(digits.len(), 9 | 12..=14) && right && !is_repeated(digits))
}
