//! Ireland: personal public service number (Social Welfare Consolidation Act 2005 section 262; Department of Social Protection),
//! VAT number (Revenue), Eircode (Eircode routing keys).

use super::weights::weighted;
use super::{Candidate, Table, Verdict};

pub(super) const TABLE: Table = &[("ie_eircode", ie_eircode), ("ie_pps", ie_pps), ("ie_vat", ie_vat)];

/// PPSN: seven digits, a check letter, and since 2013 a letter more that counts nine times; mod 23.
fn ie_pps(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_pps(candidate.compact))
}

fn is_pps(value: &[u8]) -> bool {
    let (Some(digits), Some(letter), Some(rest)) = (value.get(..7), value.get(7), value.get(8..)) else { return false };
    let extra = match rest {
        // W, T and X marked a spouse and do not count.
        [] | [b'W' | b'T' | b'X'] => 0,
        [more] if more.is_ascii_uppercase() => u32::from(more - b'A') + 1,
        _ => return false,
    };
    check_letter(digits, extra) == Some(*letter)
}

fn check_letter(digits: &[u8], extra: u32) -> Option<u8> {
    let sum = weighted(digits, &[8, 7, 6, 5, 4, 3, 2])? + 9 * extra;
    b"WABCDEFGHIJKLMNOPQRSTUV".get((sum % 23) as usize).copied()
}

/// VAT number: as a PPSN, or of the old form with a letter or sign in the second place.
fn ie_vat(candidate: &Candidate<'_>) -> Verdict {
    let raw = candidate.raw.as_bytes();
    // The old form may hold `+` or `*`, which are no letters.
    let value: smallvec::SmallVec<[u8; 12]> = raw
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric() || b"+*".contains(byte))
        .map(u8::to_ascii_uppercase)
        .collect();
    let value = value.strip_prefix(b"IE").unwrap_or(&value);
    Verdict::of(is_pps(value) || is_old(value))
}

fn is_old(value: &[u8]) -> bool {
    let (Some(first), Some(second), Some(tail), Some(letter)) =
        (value.first(), value.get(1), value.get(2..7), value.get(7))
    else {
        return false;
    };
    let mut digits = [b'0'; 7];
    for (to, from) in digits.iter_mut().skip(1).zip(tail.iter().chain([first])) {
        *to = *from;
    }
    let sign = second.is_ascii_uppercase() || b"+*".contains(second);
    value.len() == 8 && sign && check_letter(&digits, 0) == Some(*letter)
}

/// Eircode: a routing key that exists and four characters of the unique identifier.
fn ie_eircode(candidate: &Candidate<'_>) -> Verdict {
    let Some((key, rest)) = candidate.compact.split_at_checked(3) else { return Verdict::Wrong };
    let known = std::str::from_utf8(key).is_ok_and(|key| ROUTING_KEYS.binary_search(&key).is_ok());
    let allowed = |byte: &u8| b"0123456789ACDEFHKNPRTVWXY".contains(byte);
    Verdict::of(known && rest.len() == 4 && rest.iter().all(allowed))
}

/// Routing keys of An Post, sorted; A65 is the one of published samples.
#[rustfmt::skip]
const ROUTING_KEYS: &[&str] = &[
    "A41", "A42", "A45", "A63", "A65", "A67", "A75", "A81", "A82", "A83", "A84", "A85", "A86", "A91", "A92", "A94", "A96", "A98",
    "C15", "D01", "D02", "D03", "D04", "D05", "D06", "D07", "D08", "D09", "D10", "D11", "D12", "D13", "D14", "D15", "D16",
    "D17", "D18", "D20", "D22", "D24", "D6W", "E21", "E25", "E32", "E34", "E41", "E45", "E53", "E91", "F12", "F23", "F26",
    "F28", "F31", "F35", "F42", "F45", "F52", "F56", "F91", "F92", "F93", "F94", "H12", "H14", "H16", "H18", "H23", "H53",
    "H54", "H62", "H65", "H71", "H91", "K32", "K34", "K36", "K45", "K56", "K67", "K78", "N37", "N39", "N41", "N91", "P12",
    "P14", "P17", "P24", "P25", "P31", "P32", "P36", "P43", "P47", "P51", "P56", "P61", "P67", "P72", "P75", "P81", "P85",
    "R14", "R21", "R32", "R35", "R42", "R45", "R51", "R56", "R93", "R95", "T12", "T23", "T34", "T45", "T56", "V14", "V15",
    "V23", "V31", "V35", "V42", "V92", "V93", "V94", "V95", "W12", "W23", "W34", "W91", "X35", "X42", "X91", "Y14", "Y21",
    "Y25", "Y34", "Y35",
];
