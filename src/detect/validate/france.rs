//! France: tax number (`DGFiP`), bank account (AFB/CFONB), health professionals and establishments (ASIP Santé, DREES), pupils and
//! students (MENESR), identity papers (ANTS), plates (decree 2009-136; FNI before), delivery points (Enedis), the VAT of Monaco.

use super::calendar::part;
use super::fr_vat::is_key;
use super::luhn::is_luhn;
use super::siren::is_siren;
use super::sums::{digit_at, weights_731};
use super::weights::{are_digits, is_repeated, value36};
use super::{Candidate, Table, Verdict};

pub(super) const TABLE: Table = &[
    ("fr_adeli", fr_adeli),
    ("fr_am", fr_am),
    ("fr_cni", fr_cni),
    ("fr_cni_old", fr_cni_old),
    ("fr_finess", fr_finess),
    ("fr_ine", fr_ine),
    ("fr_nif", fr_nif),
    ("fr_permis_or_new", fr_permis_or_new),
    ("fr_reference", fr_reference),
    ("fr_rcs", fr_rcs),
    ("fr_rib", fr_rib),
    ("fr_rpps", fr_rpps),
    ("fr_titre", fr_titre),
    ("mc_tva", mc_tva),
    ("not_uniform", not_uniform),
    ("plate_fr", plate_fr),
];

/// Tax number: thirteen digits from 0 to 3, the first ten mod 511 are the last three.
fn fr_nif(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let parts = part(digits, 0, 10).zip(part(digits, 10, 13));
    let first = digit_at(digits, 0).is_some_and(|first| first <= 3);
    let right = parts.is_some_and(|(body, check)| body > 0 && body % 511 == check);
    Verdict::of(digits.len() == 13 && first && right)
}

/// `RCS`, a city, a letter, and a SIREN.
fn fr_rcs(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let siren = value.len().checked_sub(9).and_then(|at| value.get(at..));
    let longer = value.len().checked_sub(10).and_then(|at| value.get(at)).is_some_and(u8::is_ascii_digit);
    let city =
        candidate.raw.get(..3).filter(|head| head.eq_ignore_ascii_case("RCS")).and_then(|_| candidate.raw.get(3..));
    // `mon RCS est RCS Paris …`: the second one begins it.
    let again = city.is_some_and(|city| city.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("RCS")));
    Verdict::of(city.is_some() && !again && !longer && siren.is_some_and(is_siren))
}

/// RIB: bank, branch, account, key; 97 minus (89 bank + 15 branch + 3 account) mod 97, letters read as 1 to 9.
fn fr_rib(candidate: &Candidate<'_>) -> Verdict {
    let mut digits = [b'0'; 23];
    let value = candidate.compact;
    if value.len() != 23 || is_repeated(value) {
        return Verdict::Wrong;
    }
    for (to, from) in digits.iter_mut().zip(value) {
        *to = match from {
            b'A'..=b'I' => from - b'A' + b'1',
            b'J'..=b'R' => from - b'J' + b'1',
            b'S'..=b'Z' => from - b'S' + b'2',
            _ => *from,
        };
    }
    let plain =
        value.get(..10).is_some_and(|head| head.iter().all(u8::is_ascii_digit)) && part(value, 21, 23).is_some();
    let sum = || {
        let (bank, branch, account) = (part(&digits, 0, 5)?, part(&digits, 5, 10)?, part(&digits, 10, 21)?);
        (bank + branch > 0).then_some((89 * bank + 15 * branch + 3 * account) % 97)
    };
    Verdict::of(plain && sum().is_some_and(|sum| Some(97 - sum) == part(&digits, 21, 23)))
}

/// RPPS: eleven digits, Luhn; the first is a 1, or an 8 in the directory's range for other professions.
fn fr_rpps(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    Verdict::of(are_digits(digits, 11) && matches!(digits.first(), Some(b'1' | b'8')) && is_luhn(digits))
}

/// FINESS: department, seven digits, Luhn; Corsica's letter counts as a digit of 0.
fn fr_finess(candidate: &Candidate<'_>) -> Verdict {
    let Some(digits) = department_first(candidate.compact) else { return Verdict::Wrong };
    Verdict::of(is_luhn(&digits))
}

/// ADELI: department and seven digits without a public check.
fn fr_adeli(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(department_first(candidate.compact).is_some())
}

/// Nine characters that begin with a department of two, its letter replaced by 0.
fn department_first(value: &[u8]) -> Option<[u8; 9]> {
    let mut digits: [u8; 9] = value.try_into().ok()?;
    if let (b'2', [_, letter @ (b'A' | b'B'), ..]) = (digits[0], &mut digits) {
        *letter = b'0';
        return are_digits(&digits, 9).then_some(digits);
    }
    let department = part(&digits, 0, 2).is_some_and(|department| matches!(department, 1..=19 | 21..=95 | 97 | 98));
    (department && are_digits(&digits, 9) && !is_repeated(&digits)).then_some(digits)
}

/// Invoicing number of a health professional (AM): nine digits, Luhn where it is kept, else weak.
fn fr_am(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    if !are_digits(digits, 9) || is_repeated(digits) {
        return Verdict::Wrong;
    }
    if is_luhn(digits) { Verdict::Right } else { Verdict::Weak }
}

/// INE: ten digits and the letter of their remainder by 23 (BEA), or nine digits and two letters (RNIE), where no check is
/// public. What fits neither is weak.
fn fr_ine(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let key = part(value, 0, 10).and_then(|number| b"ABCDEFGHJKLMNPRSTUVWXYZ".get(usize::try_from(number % 23).ok()?));
    let letters = value.get(9..).is_some_and(|tail| tail.iter().all(u8::is_ascii_uppercase));
    let shaped = value.len() == 11 && value.get(..9).is_some_and(|head| are_digits(head, 9));
    match value.last() {
        _ if !shaped => Verdict::Wrong,
        Some(last) if key == Some(last) || letters => Verdict::Right,
        Some(last) if last.is_ascii_alphanumeric() => Verdict::Weak,
        _ => Verdict::Wrong,
    }
}

/// Plate: `AA-123-AA` since 2009 (no I, O, U; no SS; WW is provisional), or `1234 ABC 75` before.
fn plate_fr(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let groups: smallvec::SmallVec<[usize; 8]> =
        candidate.raw.split(|c: char| !c.is_ascii_alphanumeric()).map(str::len).collect();
    let right = match groups.as_slice() {
        [7] | [2, 3, 2] => is_siv(value) || is_fni(value),
        [_] | [1..=4, 1..=3, 2..=3] => is_fni(value),
        _ => false,
    };
    Verdict::of(right)
}

fn is_siv(value: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_uppercase() && !b"IOU".contains(byte);
    let (Some(head), Some(number), Some(tail)) = (value.get(..2), part(value, 2, 5), value.get(5..)) else {
        return false;
    };
    let letters = tail.len() == 2 && head.iter().chain(tail).all(letter);
    letters && number > 0 && head != b"SS" && tail != b"SS" && tail != b"WW"
}

fn is_fni(value: &[u8]) -> bool {
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let letters = value.iter().skip(digits).take_while(|byte| byte.is_ascii_uppercase()).count();
    // Corsica's department begins with a digit, so that its letter is no part of the series.
    let department = value.get(digits + letters..).unwrap_or_default();
    let series = value.get(digits..digits + letters).unwrap_or_default();
    let known = match department {
        b"2A" | b"2B" => true,
        [b'9', b'7', third] => (b'1'..=b'6').contains(third),
        _ => department.len() == 2 && part(department, 0, 2).is_some_and(|number| matches!(number, 1..=19 | 21..=95)),
    };
    let allowed = series.iter().all(|byte| !b"IOU".contains(byte)) || series.len() == 3;
    (1..=4).contains(&digits)
        && (1..=3).contains(&letters)
        && known
        && allowed
        && series != b"SS"
        && !value.starts_with(b"0")
}

/// Identity card until 2021: year and month of issue, department, serial; twelve digits.
fn fr_cni_old(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let month = part(value, 2, 4).is_some_and(|month| (1..=12).contains(&month));
    Verdict::of(month && value.len() == 12 && part(value, 7, 12).is_some())
}

/// Identity card since 2021: nine characters of the ICAO set, letters and digits; the check digit may follow.
fn fr_cni(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let Some(body) = value.get(..9).filter(|body| body.iter().all(|byte| !b"AEIOUQ".contains(byte))) else {
        return Verdict::Wrong;
    };
    let letters = body.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let check = weights_731(body.iter().copied());
    match value.len() {
        _ if !(1..=8).contains(&letters) => Verdict::Wrong,
        9 => Verdict::Weak,
        10 => Verdict::of(check.is_some() && check == digit_at(value, 9)),
        _ => Verdict::Wrong,
    }
}

/// Digits that are not one and the same, where nothing else is public.
fn not_uniform(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    Verdict::of(value.len() > 1 && !is_repeated(value) && value.iter().all(|&byte| value36(byte).is_some()))
}

/// VAT number of Monaco: as the French one, over a number that begins with 000 and is no SIREN.
fn mc_tva(candidate: &Candidate<'_>) -> Verdict {
    let body = candidate.compact.strip_prefix(b"FR").unwrap_or(candidate.compact);
    let right = body.len() == 11 && body.get(2..).is_some_and(|number| number.starts_with(b"000"));
    Verdict::of(right && is_key(body).unwrap_or(false))
}

/// Driving licence of either form: twelve digits, or nine characters as the residence of the card model of 2013.
fn fr_permis_or_new(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    if value.len() != 9 {
        return fr_cni_old(candidate);
    }
    let letters = value.get(2..4).is_some_and(|letters| letters.iter().all(u8::is_ascii_uppercase));
    Verdict::of(letters && part(value, 0, 2).is_some() && part(value, 4, 9).is_some())
}

/// Residence permit: ten digits of AGDREF, or nine or ten characters of the card with at least six digits.
fn fr_titre(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    Verdict::of(matches!(value.len(), 9 | 10) && digits >= 6 && !is_repeated(value))
}

/// A reference of an office: at least five digits, no date.
fn fr_reference(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let date = part(value, 0, 2).zip(part(value, 2, 4)).zip(part(value, 4, 8));
    let date = date
        .is_some_and(|((day, month), year)| value.len() == 8 && day <= 31 && month <= 12 && year > 1899 && year < 2100);
    Verdict::of(digits >= 5 && !is_repeated(value) && !date)
}
