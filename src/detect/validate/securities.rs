//! Finance: BIC (ISO 9362), LEI (ISO 17442), ISIN (ISO 6166), CUSIP (ANSI X9.6), FIGI (OMG FIGI).

use super::mod97::mod97;
use super::weights::{is_repeated, value36};
use super::{Candidate, Table, Verdict};

pub(super) const TABLE: Table = &[("bic", bic), ("cusip", cusip), ("figi", figi), ("isin", isin), ("lei", lei)];

/// BIC: four letters of the bank, a country, two characters of the place, three of the branch or none.
fn bic(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let bank = value.get(..4).is_some_and(|bank| bank.iter().all(u8::is_ascii_uppercase) && !is_repeated(bank));
    let country = value.get(4..6).is_some_and(is_country);
    Verdict::of(matches!(value.len(), 8 | 11) && bank && country)
}

/// LEI: eighteen characters and two check digits, MOD 97-10. One of digits alone is weak.
fn lei(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let check = value.get(18..).is_some_and(|check| check.iter().all(u8::is_ascii_digit));
    if value.len() != 20 || !check || mod97(value.iter().copied()) != Some(1) {
        return Verdict::Wrong;
    }
    if value.iter().any(u8::is_ascii_alphabetic) { Verdict::Right } else { Verdict::Weak }
}

/// ISIN: country, nine characters, Luhn over letters read as two digits.
fn isin(candidate: &Candidate<'_>) -> Verdict {
    const AGENCIES: [&[u8]; 8] = [b"XS", b"EU", b"XA", b"XB", b"XC", b"XD", b"QS", b"QT"];
    let value = candidate.compact;
    let prefix = value.get(..2).unwrap_or_default();
    let known = is_country(prefix) || AGENCIES.contains(&prefix);
    let shaped = value.len() == 12 && known && value.last().is_some_and(u8::is_ascii_digit);
    let mut digits: smallvec::SmallVec<[u8; 24]> = smallvec::SmallVec::new();
    for value in value.iter().filter_map(|&byte| value36(byte)) {
        if value > 9 {
            digits.push(b'0' + u8::try_from(value / 10).unwrap_or(0));
        }
        digits.push(b'0' + u8::try_from(value % 10).unwrap_or(0));
    }
    Verdict::of(shaped && super::luhn::is_luhn(&digits))
}

/// CUSIP: eight characters and a check digit; every second value doubled, digit sums, mod 10.
fn cusip(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let right = value.len() == 9 && !is_repeated(value) && completes_to_ten(value);
    Verdict::of(right)
}

/// FIGI: two consonants, `G`, eight digits or consonants, check digit as in a CUSIP; no prefix that an ISIN has.
fn figi(candidate: &Candidate<'_>) -> Verdict {
    const TAKEN: [&[u8]; 5] = [b"BS", b"BM", b"GG", b"GB", b"VG"];
    let value = candidate.compact;
    let consonant = |byte: &u8| byte.is_ascii_uppercase() && !b"AEIOU".contains(byte);
    let prefix = value.get(..2).is_some_and(|prefix| prefix.iter().all(consonant) && !TAKEN.contains(&prefix));
    let middle = value.get(3..11).is_some_and(|rest| rest.iter().all(|byte| byte.is_ascii_digit() || consonant(byte)));
    Verdict::of(value.len() == 12 && prefix && value.get(2) == Some(&b'G') && middle && completes_to_ten(value))
}

/// Values from the left, every second doubled, digit sums: the last digit completes to ten.
fn completes_to_ten(value: &[u8]) -> bool {
    let Some((last, body)) = value.split_last() else { return false };
    let sum = body.iter().enumerate().try_fold(0, |sum, (place, &byte)| {
        let value = value36(byte)? * if place % 2 == 0 { 1 } else { 2 };
        Some(sum + value / 10 + value % 10)
    });
    sum.zip(super::digit(*last)).is_some_and(|(sum, last)| (sum + last) % 10 == 0)
}

/// Whether two letters are a country of ISO 3166-1, or Kosovo.
pub(super) fn is_country(code: &[u8]) -> bool {
    COUNTRIES.as_bytes().as_chunks::<2>().0.binary_search_by(|known| known.as_slice().cmp(code)).is_ok()
}

const COUNTRIES: &str = "\
    ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCX\
    CYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIR\
    ISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNE\
    NFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTF\
    TGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW\
    ";
