//! Luxembourg and the Netherlands.
//!
//! - LU matricule (loi du 19 juin 2013): birth date, three digits, a Luhn and a Verhoeff digit, each over the first eleven.
//! - LU TVA (Administration de l'enregistrement): the first six digits mod 89 are the last two.
//! - NL BSN (Wet algemene bepalingen burgerservicenummer): eight or nine digits, the 11-test (weights 9 to 2 and -1).
//! - NL btw (Belastingdienst): BSN or RSIN, `B`, two digits; since 2020 for sole traders any nine digits with MOD 97-10.
//! - NL onderwijsnummer: begins with 10, the 11-test leaves 5.
//! - NL document number (Rijksdienst voor Identiteitsgegevens): two letters, six letters or digits, a digit, no O.

use super::luhn::is_luhn;
use super::mod97::mod97;
use super::verhoeff::is_verhoeff;
use super::weights::{are_digits, is_grouped, split_check, weighted};
use super::{Candidate, Table, Verdict, behind, calendar, if_written};

pub(super) const TABLE: Table = &[
    ("lu_matricule", lu_matricule),
    ("lu_tva", lu_tva),
    ("nl_bsn", nl_bsn),
    ("nl_btw", nl_btw),
    ("nl_document", nl_document),
    ("nl_onderwijsnummer", nl_onderwijsnummer),
    ("nl_postcode", nl_postcode),
];

fn lu_matricule(candidate: &Candidate<'_>) -> Verdict {
    let written = is_grouped(candidate.raw, &[&[4, 2, 2, 3, 2], &[8, 5], &[8, 3, 2], &[4, 4, 3, 2], &[4, 4, 5]]);
    if_written(written).where_right(is_matricule(candidate.compact) == Some(true))
}

fn is_matricule(digits: &[u8]) -> Option<bool> {
    let part = |from, to| calendar::part(digits, from, to);
    let born = (1850..=2099).contains(&part(0, 4)?) && calendar::is_day(part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let mut second: [u8; 12] = digits.get(..12)?.try_into().ok()?;
    *second.last_mut()? = *digits.get(12)?;
    Some(born && are_digits(digits, 13) && is_luhn(digits.get(..12)?) && is_verhoeff(&second))
}

fn lu_tva(candidate: &Candidate<'_>) -> Verdict {
    let (digits, worth) = behind(candidate, b"LU");
    let right =
        calendar::part(digits, 0, 6).zip(calendar::part(digits, 6, 8)).is_some_and(|(body, key)| body % 89 == key);
    worth.where_right(are_digits(digits, 8) && right)
}

fn nl_bsn(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(eleven_test(candidate.compact) == Some(0))
}

/// The 11-test's remainder; eight digits have a zero before them.
fn eleven_test(digits: &[u8]) -> Option<u32> {
    let (body, check) = split_check(digits)?;
    let sum = match body.len() {
        8 => weighted(body, &[9, 8, 7, 6, 5, 4, 3, 2])?,
        7 => weighted(body, &[8, 7, 6, 5, 4, 3, 2])?,
        _ => return None,
    };
    // The check digit counts -1, which is 10 mod 11.
    (sum > 0).then_some((sum + 10 * check) % 11)
}

fn nl_btw(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_btw(candidate.compact) == Some(true))
}

fn is_btw(value: &[u8]) -> Option<bool> {
    let value = value.strip_prefix(b"NL").unwrap_or(value);
    let (body, tail) = value.split_at_checked(9)?;
    let company = tail.strip_prefix(b"B")?;
    let shape = are_digits(body, 9) && are_digits(company, 2) && company != b"00";
    let sole_trader = mod97(b"NL".iter().chain(value).copied()) == Some(1);
    Some(shape && (sole_trader || eleven_test(body) == Some(0)))
}

fn nl_onderwijsnummer(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    Verdict::of(digits.len() == 9 && digits.starts_with(b"10") && eleven_test(digits) == Some(5))
}

fn nl_document(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let letters = value.get(..2).is_some_and(|head| head.iter().all(u8::is_ascii_uppercase));
    let digit = value.last().is_some_and(u8::is_ascii_digit);
    // Two letters alone say nothing: the middle has digits too.
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    Verdict::of(value.len() == 9 && letters && digit && digits >= 3 && !value.contains(&b'O'))
}

/// SA, SD and SS are not issued; nor does a district begin with 0. Other than capitals may be a year and a word.
fn nl_postcode(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    if value.starts_with(b"0") || value.get(4..).is_none_or(|tail| matches!(tail, b"SA" | b"SD" | b"SS")) {
        return Verdict::Wrong;
    }
    if candidate.raw.bytes().any(|byte| byte.is_ascii_lowercase()) { Verdict::Weak } else { Verdict::Right }
}
