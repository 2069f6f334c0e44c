//! Türkiye: T.C. kimlik no (5490 sayılı Nüfus Hizmetleri Kanunu), VKN (Gelir İdaresi Başkanlığı), plates (Karayolları
//! Trafik Yönetmeliği).
//!
//! - TCKN: eleven digits, not from 0; seven times the odd places less the even ones mod 10, then the sum of ten mod 10.
//! - VKN: ten digits; each, moved by its place, is multiplied by a power of two mod 9; the sum's complement to ten.
//! - Plate: province 01 to 81, one to three letters, two to five digits.

use super::weights::{are_digits, is_grouped, split_check, weighted};
use super::{Candidate, Table, Verdict, calendar, digit, if_written};

pub(super) const TABLE: Table = &[("plate_tr", plate_tr), ("tr_tckn", tr_tckn), ("tr_vkn", tr_vkn)];

fn tr_tckn(candidate: &Candidate<'_>) -> Verdict {
    let written = is_grouped(candidate.raw, &[&[3, 3, 3, 2], &[3, 3, 5], &[9, 2]]);
    if_written(written).where_right(is_tckn(candidate.compact) == Some(true))
}

fn is_tckn(digits: &[u8]) -> Option<bool> {
    // Minus one is 9 mod 10.
    let first = weighted(digits.get(..9)?, &[7, 9, 7, 9, 7, 9, 7, 9, 7])? % 10;
    let second = weighted(digits.get(..10)?, &[1; 10])? % 10;
    let checks = digits.get(9..)?;
    Some(
        !digits.starts_with(b"0")
            && are_digits(checks, 2)
            && calendar::part(checks, 0, 2)? == u64::from(first * 10 + second),
    )
}

fn tr_vkn(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_vkn(candidate.compact) == Some(true))
}

fn is_vkn(digits: &[u8]) -> Option<bool> {
    let (body, check) = split_check(digits)?;
    if body.len() != 9 {
        return None;
    }
    let sum = body.iter().zip((1..=9).rev()).try_fold(0, |sum, (&byte, place)| {
        let moved = (digit(byte)? + place) % 10;
        // A product that is a multiple of nine counts nine, zero counts nothing.
        let value = if moved == 0 { 0 } else { (moved * 2_u32.pow(place) - 1) % 9 + 1 };
        Some(sum + value)
    })?;
    Some((10 - sum % 10) % 10 == check)
}

fn plate_tr(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(matches!(calendar::part(candidate.compact, 0, 2), Some(1..=81)))
}
