//! Czechia and Slovakia: birth number (act 133/2000 Coll. section 13), tax numbers (DIČ, IČ DPH), Czech bank accounts (CNB
//! decree 169/2011).

use super::calendar::{is_day, part};
use super::sums::digit_at;
use super::weights::{are_digits, weighted};
use super::{Candidate, Table, Verdict};

pub(super) const TABLE: Table =
    &[("birth_number", birth_number), ("cz_bank_account", cz_bank_account), ("cz_dic", cz_dic), ("sk_dph", sk_dph)];

/// Birth number: `YYMMDD`, month raised by 50 for women and by 20 or 70 where serials ran out since 2004; ten digits are 0
/// mod 11 (a first part with remainder 10 has check digit 0), nine digits end in 1953.
fn birth_number(candidate: &Candidate<'_>) -> Verdict {
    if !is_birth_number(candidate.compact) {
        return Verdict::Wrong;
    }
    // Nine digits have no check digit, a raised month before 2004 is odd, and one raised otherwise no law provides.
    let weak = candidate.compact.len() == 9 || is_raised(candidate.compact) || month(candidate.compact).is_none();
    if weak { Verdict::Weak } else { Verdict::Right }
}

fn is_raised(digits: &[u8]) -> bool {
    let raised = part(digits, 2, 4).is_some_and(|month| matches!(month, 21..=32 | 71..=82));
    raised && part(digits, 0, 2).is_some_and(|year| !(4..=53).contains(&year))
}

/// The month, as the law raises it.
fn month(digits: &[u8]) -> Option<u64> {
    match part(digits, 2, 4)? {
        month @ 1..=12 => Some(month),
        month @ 21..=32 => Some(month - 20),
        month @ 51..=62 => Some(month - 50),
        month @ 71..=82 => Some(month - 70),
        _ => None,
    }
}

fn is_birth_number(digits: &[u8]) -> bool {
    let (Some(year), Some(raised), Some(day)) = (part(digits, 0, 2), part(digits, 2, 4), part(digits, 4, 6)) else {
        return false;
    };
    let month = month(digits).unwrap_or(raised % 50 % 20);
    let short = are_digits(digits, 9);
    let year = match (short, year) {
        // Nine digits were given until 1953, to those born from 1880 on.
        (true, 54..=79) => return false,
        (true, 80..) => 1800 + year,
        (true, _) | (false, 54..) => 1900 + year,
        (false, _) => 2000 + year,
    };
    let body = part(digits, 0, 9).map(|body| body % 11 % 10);
    let check = digit_at(digits, 9).map(u64::from);
    is_day(year, month, day) && (short && digits.get(6..) != Some(b"000") || are_digits(digits, 10) && body == check)
}

/// DIČ: the birth number of a person, the IČO of a company (eight digits), or nine digits that begin with 6.
fn cz_dic(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact.strip_prefix(b"CZ").unwrap_or(candidate.compact);
    Verdict::of(is_ico(digits) || is_special(digits) || is_birth_number(digits))
}

/// Weights 8 to 2; the check digit completes to 11, its last digit counts.
fn is_ico(digits: &[u8]) -> bool {
    let sum = digits.get(..7).and_then(|body| weighted(body, &[8, 7, 6, 5, 4, 3, 2]));
    digits.len() == 8 && !digits.starts_with(b"9") && sum.map(|sum| (11 - sum % 11) % 10) == digit_at(digits, 7)
}

/// Nine digits from 6: weights 8 to 2 over the middle, what is missing to a multiple of 11, mirrored at 9.
fn is_special(digits: &[u8]) -> bool {
    let sum = digits.get(1..8).and_then(|body| weighted(body, &[8, 7, 6, 5, 4, 3, 2]));
    let check = sum.map(|sum| (19 - (11 - sum % 11)) % 10);
    digits.len() == 9 && digits.starts_with(b"6") && check == digit_at(digits, 8)
}

/// IČ DPH: ten digits, 0 mod 11, the third 2, 3, 4, 7, 8 or 9; older ones are birth numbers.
fn sk_dph(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact.strip_prefix(b"SK").unwrap_or(candidate.compact);
    let third = digits.get(2).is_some_and(|digit| b"234789".contains(digit));
    let new = are_digits(digits, 10) && !digits.starts_with(b"0") && third;
    let zero = part(digits, 0, 10).is_some_and(|number| number % 11 == 0);
    Verdict::of(new && zero || are_digits(digits, 10) && is_birth_number(digits))
}

/// Account `prefix-number/bank`: prefix and number each with weights 6 3 7 9 10 5 8 4 2 1 mod 11, a bank that exists.
fn cz_bank_account(candidate: &Candidate<'_>) -> Verdict {
    let Some((account, bank)) = candidate.raw.split_once('/') else { return Verdict::Wrong };
    let (prefix, number) = account.split_once('-').unwrap_or(("0", account));
    // `954573-9552338625/4300`: an account whose prefix is wrong is none without it.
    let cut = !account.contains('-') && candidate.before[1] == b'-' && candidate.before[0].is_ascii_digit();
    let shaped = !cut && (1..=6).contains(&prefix.len()) && (2..=10).contains(&number.len());
    let known = bank.parse().is_ok_and(|bank: u16| BANKS.binary_search(&bank).is_ok()) && bank.len() == 4;
    let zero = number.bytes().all(|byte| byte == b'0');
    Verdict::of(shaped && known && !zero && is_account_part(prefix.as_bytes()) && is_account_part(number.as_bytes()))
}

fn is_account_part(digits: &[u8]) -> bool {
    let weights = [6, 3, 7, 9, 10, 5, 8, 4, 2, 1];
    let tail = weights.get(weights.len().saturating_sub(digits.len())..).unwrap_or_default();
    weighted(digits, tail).is_some_and(|sum| sum % 11 == 0)
}

/// Bank codes of payment services (Czech National Bank, list of codes), those withdrawn in the last years included.
#[rustfmt::skip]
const BANKS: &[u16] = &[
    100, 300, 600, 710, 800, 2010, 2020, 2030, 2060, 2070, 2100, 2200, 2210, 2220, 2240, 2250, 2260, 2275, 2310, 2600, 2700,
    3030, 3040, 3050, 3060, 3500, 4000, 4300, 5500, 5800, 6000, 6100, 6200, 6210, 6300, 6363, 6700, 6800, 7910, 7940, 7950,
    7960, 7970, 7980, 7990, 8030, 8040, 8060, 8090, 8150, 8190, 8198, 8199, 8200, 8215, 8220, 8225, 8230, 8240, 8250, 8255,
    8260, 8265, 8270, 8280, 8283, 8291, 8292, 8293, 8294, 8296, 8297, 8298, 8299, 8500,
];
