//! Germany: tax id (AO section 139b; `BZSt`), tax number (`StAuskV`; ELSTER), pension number (VKVV), health insurance number
//! (SGB V section 290), physician and practice numbers (KBV), identity card and passport (`PAuswV`, ICAO Doc 9303), licence,
//! register of companies (HRV), Leitweg-ID (`KoSIT`), plates (FZV annex 1).

use super::calendar::{is_day_of_any_century, part};
use super::mod97::mod97;
use super::sums::{digit_at, is_mod11_10, weighted_digit_sums, weights_731};
use super::weights::{are_digits, is_repeated, value36, weighted};
use super::{Candidate, Table, Verdict};

pub(super) const TABLE: Table = &[
    ("de_bsnr", de_bsnr),
    ("de_document", de_document),
    ("de_driver_licence", de_driver_licence),
    ("de_id_card", de_id_card),
    ("de_idnr", de_idnr),
    ("de_kvnr", de_kvnr),
    ("de_lanr", de_lanr),
    ("de_leitweg", de_leitweg),
    ("de_postcode", de_postcode),
    ("de_rvnr", de_rvnr),
    ("de_stnr", de_stnr),
    ("de_vat", de_vat),
];

/// Tax id: eleven digits, MOD 11,10; among the first ten just one digit occurs twice or three times, never three in a row.
fn de_idnr(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let Some(body) = digits.get(..10).filter(|_| are_digits(digits, 11)) else { return Verdict::Wrong };
    let count = |wanted: u8| memchr::memchr_iter(wanted, body).count();
    let most = (b'0'..=b'9').map(count).max().unwrap_or(0);
    let repeated = (b'0'..=b'9').filter(|&digit| count(digit) > 1).count();
    let row = body.windows(3).any(is_repeated);
    Verdict::of(!digits.starts_with(b"0") && repeated == 1 && most <= 3 && !row && is_mod11_10(digits))
}

/// VAT number: nine digits, MOD 11,10.
fn de_vat(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact.strip_prefix(b"DE").unwrap_or(candidate.compact);
    Verdict::of(digits.len() == 9 && !digits.starts_with(b"0") && is_mod11_10(digits))
}

/// Tax number: thirteen digits of the federal scheme (code of the Land, a 0 in the fifth place), ten or eleven of a Land's.
fn de_stnr(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    if !digits.iter().all(u8::is_ascii_digit) || is_repeated(digits) {
        return Verdict::Wrong;
    }
    let federal = || {
        let code = LANDS.iter().any(|land| digits.starts_with(land.as_bytes()));
        code && digit_at(digits, 4) == Some(0)
    };
    // A scheme of some vendors puts the Land's official key first.
    let key = || part(digits, 0, 2).is_some_and(|land| (1..=16).contains(&land));
    match digits.len() {
        10 | 11 => Verdict::Right,
        13 if federal() => Verdict::Right,
        13 if key() => Verdict::Weak,
        9 if candidate.raw.contains('/') => Verdict::Weak,
        _ => Verdict::Wrong,
    }
}

/// How the tax number of a Land begins in the federal scheme.
const LANDS: &[&str] = &["10", "11", "21", "22", "23", "24", "26", "27", "28", "30", "31", "32", "40", "41", "5", "9"];

/// Pension insurance number: area, `DDMMYY`, initial, serial, check digit; weights 2 1 2 5 7 1 2 1 2 1 2 1.
fn de_rvnr(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let (Some(letter), Some(head), Some(tail)) = (value.get(8), value.get(..8), value.get(9..)) else {
        return Verdict::Wrong;
    };
    let Some(place) = letter.checked_sub(b'A' - 1).filter(|place| *place <= 26) else { return Verdict::Wrong };
    let Some((check, serial)) = tail.split_last().filter(|_| value.len() == 12) else { return Verdict::Wrong };
    let mut digits = [b'0'; 12];
    let letter = [b'0' + place / 10, b'0' + place % 10];
    for (to, from) in digits.iter_mut().zip(head.iter().chain(&letter).chain(serial)) {
        *to = *from;
    }
    let date = || {
        let (day, month, year) = (part(head, 2, 4)?, part(head, 4, 6)?, part(head, 6, 8)?);
        // 40 is added to the day where a serial ran out.
        Some(is_day_of_any_century(year, month, if day > 40 { day - 40 } else { day }))
    };
    let sum = weighted_digit_sums(&digits, &[2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]).map(|sum| sum % 10);
    let area = part(head, 0, 2).is_some_and(|area| area >= 2);
    Verdict::of(area && date() == Some(true) && sum.is_some() && sum == super::digit(*check))
}

/// Health insurance number: a letter read as two digits, eight digits and a check digit; weights 1 2, digit sums, mod 10.
fn de_kvnr(candidate: &Candidate<'_>) -> Verdict {
    let Some((letter, digits)) = candidate.compact.split_first().filter(|(_, digits)| are_digits(digits, 9)) else {
        return Verdict::Wrong;
    };
    let Some(place) = letter.checked_sub(b'A' - 1).filter(|place| *place <= 26) else { return Verdict::Wrong };
    let letter = weighted_digit_sums(&[b'0' + place / 10, b'0' + place % 10], &[1, 2]);
    let body = digits.get(..8).and_then(|body| weighted_digit_sums(body, &[1, 2, 1, 2, 1, 2, 1, 2]));
    let sum = letter.zip(body).map(|(letter, body)| (letter + body) % 10);
    Verdict::of(sum == digit_at(digits, 8) && !is_repeated(digits))
}

/// Physician number: six digits, weights 4 9, what is missing to ten; two digits of the speciality.
fn de_lanr(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let sum = digits.get(..6).and_then(|body| weighted(body, &[4, 9, 4, 9, 4, 9])).map(|sum| (10 - sum % 10) % 10);
    let speciality = part(digits, 7, 9).is_some_and(|speciality| speciality <= 99);
    Verdict::of(digits.len() == 9 && speciality && !is_repeated(digits) && sum == digit_at(digits, 6))
}

/// Practice number: nine digits, the first two an association of physicians.
fn de_bsnr(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    Verdict::of(are_digits(digits, 9) && !is_repeated(digits) && !digits.starts_with(b"00"))
}

/// Identity card or passport: nine characters without vowels and look-alikes, from 2010 on with a check digit behind; other
/// writers count it among the nine, so that nine are right either way and ten need it.
fn de_document(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let allowed = |byte: &u8| byte.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(byte);
    let first = value.first().is_some_and(|first| b"CFGHJKLMNPRTVWXYZ".contains(first));
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let check = |count: usize| {
        let body = value.get(..count)?;
        Some(weights_731(body.iter().copied())? == digit_at(value, count)?)
    };
    let nine = value.get(..9).is_some_and(|nine| nine.iter().all(allowed));
    match value.len() {
        _ if !first || !nine || digits < 2 => Verdict::Wrong,
        10 => Verdict::of(check(9) == Some(true)),
        9 if check(8) == Some(true) => Verdict::Right,
        9 => Verdict::Weak,
        _ => Verdict::Wrong,
    }
}

/// Identity card before 2010, `T` and eight digits, or [`de_document`].
fn de_id_card(candidate: &Candidate<'_>) -> Verdict {
    let old = candidate.compact.strip_prefix(b"T").is_some_and(|digits| are_digits(digits, 8));
    if old { Verdict::Right } else { de_document(candidate) }
}

/// Driving licence: eleven characters, a letter of the authority first, check character and number of the copy last.
fn de_driver_licence(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let first = value.first().is_some_and(u8::is_ascii_uppercase);
    Verdict::of(value.len() == 11 && first && digits >= 4)
}

/// Leitweg-ID: key of the administration, own part, check digits; the whole without hyphens is 1 by MOD 97-10.
fn de_leitweg(candidate: &Candidate<'_>) -> Verdict {
    let mut parts = candidate.raw.split('-');
    let (Some(coarse), Some(second)) = (parts.next(), parts.next()) else { return Verdict::Wrong };
    let (fine, check) = match (parts.next(), parts.next()) {
        (None, _) => ("", second),
        (Some(check), None) => (second, check),
        _ => return Verdict::Wrong,
    };
    let state = coarse.get(..2).and_then(|state| state.parse::<u32>().ok()).unwrap_or(0);
    let shaped = matches!(coarse.len(), 2 | 3 | 5 | 8 | 9 | 12)
        && coarse.bytes().all(|byte| byte.is_ascii_digit())
        && ((1..=16).contains(&state) || state == 99)
        && fine.len() <= 30
        && fine.bytes().all(|byte| value36(byte).is_some())
        && are_digits(check.as_bytes(), 2);
    Verdict::of(shaped && mod97(candidate.compact.iter().copied()) == Some(1))
}

/// Postcode: five digits from 01001 to 99998.
fn de_postcode(candidate: &Candidate<'_>) -> Verdict {
    let number = part(candidate.compact, 0, 5);
    Verdict::of(candidate.compact.len() == 5 && number.is_some_and(|number| (1001..=99_998).contains(&number)))
}
