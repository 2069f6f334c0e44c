//! United Kingdom: NHS number, National Insurance number, tax and pupil references, VAT, driving licence, SEDOL, postcode
//! and registration mark.
//!
//! - NHS (NHS Data Dictionary): ten digits, weights 10 to 1, sum 0 mod 11. CHI of Scotland is one with a birth date.
//! - NINO (HMRC, NIM39110): two letters, six digits, A to D; D F I Q U V not first, nor O second, some pairs never.
//! - UTR (HMRC): the first digit checks the other nine, mod 11. UPN (Department for Education): a letter mod 23, the local
//!   authority, year and serial.
//! - VAT (HMRC): weights 8 to 2, then 10 and 1; the sum mod 97 is 0, or 42 and 55 in the newer series.
//! - Driving licence (DVLA): five letters of the surname, decade, month (women +50), day, year, initials, three characters.
//! - SEDOL (London Stock Exchange): weights 1 3 1 7 3 9 1 mod 10, no vowels.
//! - Postcode (BS 7666, Royal Mail) and registration mark (DVLA INF104): structure and areas.

use super::weights::{are_digits, is_repeated, is_written, pick, weighted, weighted36};
use super::{Candidate, Table, Verdict, behind, calendar, digit, if_written};

pub(super) const TABLE: Table = &[
    ("gb_driving_licence", gb_driving_licence),
    ("gb_nhs", gb_nhs),
    ("gb_nino", gb_nino),
    ("gb_postcode", gb_postcode),
    ("gb_sedol", gb_sedol),
    ("gb_upn", gb_upn),
    ("gb_utr", gb_utr),
    ("gb_vat", gb_vat),
    ("plate_gb", plate_gb),
];

fn gb_nhs(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let sum = weighted(digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    // With blanks it may be any three cells of a table.
    let written = is_written(candidate.raw, &['-'], &[&[3, 3, 4]]);
    if_written(written).where_right(sum.is_some_and(|sum| sum.is_multiple_of(11)) && !is_repeated(digits))
}

fn gb_nino(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_nino(candidate.compact) == Some(true))
}

fn is_nino(value: &[u8]) -> Option<bool> {
    let (prefix, rest) = value.split_at_checked(2)?;
    let (suffix, digits) = rest.split_last()?;
    let letters = prefix.iter().all(|byte| byte.is_ascii_uppercase() && !b"DFIQUV".contains(byte));
    let never = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"].iter().any(|pair| prefix == *pair);
    Some(letters && prefix.last() != Some(&b'O') && !never && are_digits(digits, 6) && matches!(suffix, b'A'..=b'D'))
}

fn gb_utr(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_utr(candidate.compact) == Some(true))
}

fn is_utr(digits: &[u8]) -> Option<bool> {
    let (&check, body) = digits.split_first()?;
    let sum = weighted(body, &[6, 7, 8, 9, 10, 5, 4, 3, 2])?;
    Some(pick(b"21987654321", sum % 11)? == check)
}

fn gb_upn(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_upn(candidate.compact) == Some(true))
}

fn is_upn(value: &[u8]) -> Option<bool> {
    let (&check, body) = value.split_first()?;
    // A temporary number ends in a letter, which counts by its place among the check letters.
    let (&last, digits) = body.split_last()?;
    let value = digit(last).or_else(|| u32::try_from(UPN_LETTERS.iter().position(|&letter| letter == last)?).ok())?;
    let sum = weighted(digits, &[2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])? + value * 13;
    let authority = calendar::part(body, 0, 3)?;
    Some(AUTHORITIES.iter().any(|range| range.contains(&authority)) && pick(UPN_LETTERS, sum % 23)? == check)
}

const UPN_LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRTUVWXYZ";

/// Numbers of the local education authorities of England and Wales, and of the Department's own schools.
const AUTHORITIES: &[std::ops::RangeInclusive<u64>] = &[
    201..=213,
    301..=320,
    330..=336,
    340..=344,
    350..=359,
    370..=373,
    380..=384,
    390..=394,
    420..=420,
    660..=681,
    701..=708,
    800..=803,
    805..=808,
    810..=813,
    815..=816,
    820..=826,
    830..=831,
    835..=841,
    845..=846,
    850..=852,
    855..=857,
    860..=861,
    865..=896,
    908..=909,
    916..=916,
    919..=919,
    921..=921,
    925..=926,
    928..=929,
    931..=931,
    933..=933,
    935..=938,
    940..=943,
];

fn gb_vat(candidate: &Candidate<'_>) -> Verdict {
    let (value, worth) = behind(candidate, b"GB");
    worth.where_right(is_vat(value) == Some(true))
}

fn is_vat(value: &[u8]) -> Option<bool> {
    // Government departments and health authorities have three digits and no check.
    let body = |letters: &[u8]| value.strip_prefix(letters).filter(|rest| are_digits(rest, 3));
    if let Some(department) = body(b"GD") {
        return Some(department < b"500".as_slice());
    }
    if let Some(authority) = body(b"HA") {
        return Some(authority >= b"500".as_slice());
    }
    let sum = weighted(value.get(..9)?, &[8, 7, 6, 5, 4, 3, 2, 10, 1])? % 97;
    let branch = value.get(9..)?;
    // The newer series begin at 100.
    let newer = matches!(sum, 42 | 55) && !value.starts_with(b"0");
    Some((sum == 0 || newer) && (branch.is_empty() || are_digits(branch, 3)) && !value.starts_with(b"0000000"))
}

fn gb_driving_licence(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_licence(candidate.compact) == Some(true))
}

fn is_licence(value: &[u8]) -> Option<bool> {
    let (surname, born) = (value.get(..5)?, value.get(5..11)?);
    let padding = surname.iter().rev().take_while(|&&byte| byte == b'9').count();
    let letters = surname.get(..5 - padding)?;
    let (month, day) = (calendar::part(born, 1, 3)?, calendar::part(born, 3, 5)?);
    let month = if month > 50 { month - 50 } else { month };
    let initials = value.get(11..13)?;
    let tail = value.get(13..)?;
    Some(
        letters.len() >= 2
            && letters.iter().all(u8::is_ascii_uppercase)
            && are_digits(born, 6)
            // A leap year, for the year is split around the month.
            && calendar::is_day(2000, month, day)
            && initials.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'9')
            && tail.len() == 3
            && tail.first()?.is_ascii_digit()
            && tail.get(1..)?.iter().all(u8::is_ascii_alphanumeric),
    )
}

fn gb_sedol(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let vowel = value.iter().any(|byte| b"AEIOU".contains(byte));
    // Since 2004 a letter leads; before, all were digits.
    let shape = value.first().is_some_and(u8::is_ascii_uppercase) || are_digits(value, 7);
    let check = value.last().is_some_and(u8::is_ascii_digit);
    let sum = weighted36(value, &[1, 3, 1, 7, 3, 9, 1]);
    Verdict::of(shape && check && !vowel && sum.is_some_and(|sum| sum.is_multiple_of(10)))
}

fn gb_postcode(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    // In one piece or in small letters it is a word of code like any other.
    let written = candidate.raw.len() == value.len() + 1
        && candidate.raw.contains(' ')
        && !candidate.raw.bytes().any(|byte| byte.is_ascii_lowercase());
    if_written(written).where_right(is_postcode(value))
}

fn is_postcode(value: &[u8]) -> bool {
    if value == b"GIR0AA" {
        return true;
    }
    let Some((outward, inward)) = value.len().checked_sub(3).and_then(|at| value.split_at_checked(at)) else {
        return false;
    };
    let letters = outward.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let (area, district) = outward.split_at_checked(letters).unwrap_or_default();
    let known = std::str::from_utf8(area).is_ok_and(|area| AREAS.split(' ').any(|known| known == area));
    let district_right = match district {
        [one] => one.is_ascii_digit(),
        [one, two] => one.is_ascii_digit() && (two.is_ascii_digit() || two.is_ascii_uppercase() && *two != b'O'),
        _ => false,
    };
    let inward_right = matches!(inward, [digit, rest @ ..] if digit.is_ascii_digit()
        && rest.iter().all(|byte| byte.is_ascii_uppercase() && !b"CIKMOV".contains(byte)));
    known && district_right && inward_right
}

/// Postcode areas of the Royal Mail.
const AREAS: &str = "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE";

fn plate_gb(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let kinds: smallvec::SmallVec<[(bool, &[u8]); 4]> = value
        .chunk_by(|left, right| left.is_ascii_digit() == right.is_ascii_digit())
        .map(|run| (run.first().is_some_and(u8::is_ascii_digit), run))
        .collect();
    let free = |letters: &[u8]| !letters.iter().any(|byte| b"IQ".contains(byte));
    let year = |letter: &[u8]| !letter.iter().any(|byte| b"IOQUZ".contains(byte));
    let right = match kinds.as_slice() {
        // Since 2001: area, half year, three letters.
        [(false, area), (true, age), (false, serial)] if area.len() == 2 && age.len() == 2 && serial.len() == 3 => {
            free(area) && free(serial) && matches!(calendar::part(age, 0, 2), Some(2..=30 | 51..=80))
        }
        // 1983 to 2001: the year's letter leads. 1963 to 1983: it ends.
        [(false, age), (true, number), (false, serial)] if age.len() == 1 && number.len() <= 3 && serial.len() == 3 => {
            year(age) && free(serial)
        }
        [(false, serial), (true, number), (false, age)] if age.len() == 1 && number.len() <= 3 && serial.len() == 3 => {
            year(age) && free(serial)
        }
        _ => false,
    };
    Verdict::of(right)
}
