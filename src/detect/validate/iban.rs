//! IBAN (ISO 13616-1, SWIFT IBAN registry): country, two check digits, and an account number of the country's own length
//! and structure; right when the number rearranged is 1 mod 97.
//!
//! False friends: order numbers and keys of the same shape; length, structure and remainder together leave about one in ten
//! thousand of them.

use super::mod97::mod97;
use super::{Candidate, Verdict};

/// Checks country, length, structure and MOD 97-10.
pub(super) fn iban(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_iban(candidate.compact))
}

pub(super) fn is_iban(value: &[u8]) -> bool {
    let (Some(country), Some(check), Some(account)) = (value.get(..2), value.get(2..4), value.get(4..)) else {
        return false;
    };
    let Ok(place) = REGISTRY.binary_search_by(|(known, _)| known.as_bytes().cmp(country)) else {
        return false;
    };
    let structure = REGISTRY.get(place).map_or("", |(_, structure)| *structure);
    check.iter().all(u8::is_ascii_digit)
        && matches(structure, account)
        && mod97(account.iter().chain(country).chain(check).copied()) == Some(1)
}

/// Whether an account number has this structure: `n` digits, `a` letters, `c` either, each with a count.
fn matches(structure: &str, mut account: &[u8]) -> bool {
    for run in structure.split(' ') {
        let Some((kind, count)) = run.split_at_checked(1) else { return false };
        let Some((head, rest)) = count.parse().ok().and_then(|count: usize| account.split_at_checked(count)) else {
            return false;
        };
        let right = match kind {
            "n" => head.iter().all(u8::is_ascii_digit),
            "a" => head.iter().all(u8::is_ascii_uppercase),
            _ => head.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()),
        };
        if !right {
            return false;
        }
        account = rest;
    }
    account.is_empty()
}

/// Country and structure of the account number, sorted by country.
#[rustfmt::skip]
const REGISTRY: &[(&str, &str)] = &[
    ("AD", "n8 c12"), ("AE", "n19"), ("AL", "n8 c16"), ("AT", "n16"), ("AZ", "a4 c20"), ("BA", "n16"), ("BE", "n12"),
    ("BG", "a4 n6 c8"), ("BH", "a4 c14"), ("BI", "n23"), ("BR", "n23 a1 c1"), ("BY", "c4 n4 c16"), ("CH", "n5 c12"),
    ("CR", "n18"), ("CY", "n8 c16"), ("CZ", "n20"), ("DE", "n18"), ("DJ", "n23"), ("DK", "n14"), ("DO", "c4 n20"),
    ("EE", "n16"), ("EG", "n25"), ("ES", "n20"), ("FI", "n14"), ("FK", "a2 n12"), ("FO", "n14"), ("FR", "n10 c11 n2"),
    ("GB", "a4 n14"), ("GE", "a2 n16"), ("GI", "a4 c15"), ("GL", "n14"), ("GR", "n7 c16"), ("GT", "c24"),
    ("HN", "a4 n20"), ("HR", "n17"), ("HU", "n24"), ("IE", "a4 n14"), ("IL", "n19"), ("IQ", "a4 n15"), ("IS", "n22"),
    ("IT", "a1 n10 c12"), ("JO", "a4 n4 c18"), ("KW", "a4 c22"), ("KZ", "n3 c13"), ("LB", "n4 c20"), ("LC", "a4 c24"),
    ("LI", "n5 c12"), ("LT", "n16"), ("LU", "n3 c13"), ("LV", "a4 c13"), ("LY", "n21"), ("MC", "n10 c11 n2"),
    ("MD", "c20"), ("ME", "n18"), ("MK", "n3 c10 n2"), ("MN", "n16"), ("MR", "n23"), ("MT", "a4 n5 c18"),
    ("MU", "a4 n19 a3"), ("NI", "a4 n20"), ("NL", "a4 n10"), ("NO", "n11"), ("OM", "n3 c16"), ("PK", "a4 c16"),
    ("PL", "n24"), ("PS", "a4 c21"), ("PT", "n21"), ("QA", "a4 c21"), ("RO", "a4 c16"), ("RS", "n18"),
    ("RU", "n14 c15"), ("SA", "n2 c18"), ("SC", "a4 n20 a3"), ("SD", "n14"), ("SE", "n20"), ("SI", "n15"),
    ("SK", "n20"), ("SM", "a1 n10 c12"), ("SO", "n19"), ("ST", "n21"), ("SV", "a4 n20"), ("TL", "n19"), ("TN", "n20"),
    ("TR", "n6 c16"), ("UA", "n6 c19"), ("VA", "n18"), ("VG", "a4 n16"), ("XK", "n16"), ("YE", "a4 n4 c18"),
];
