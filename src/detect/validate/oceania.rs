//! Australia: ABN and TFN (Australian Taxation Office), ACN (ASIC), Medicare card (Services Australia).
//!
//! - ABN: eleven digits, one less in the first place, weights 10 1 3 5 … 19, sum 0 mod 89. ACN: nine digits, weights 8 to 1,
//!   what is missing to a multiple of ten.
//! - TFN: nine digits, weights 1 4 3 7 5 8 6 9 10, sum 0 mod 11; older ones of eight, weights 10 7 8 4 6 3 5 1.
//! - Medicare: ten digits from 2 to 6, weights 1 3 7 9 mod 10 in the ninth, then the issue.

use super::weights::{is_grouped, is_repeated, is_written, split_check, weighted};
use super::{Candidate, Table, Verdict, digit, if_written};

pub(super) const TABLE: Table =
    &[("au_abn", au_abn), ("au_acn", au_acn), ("au_medicare", au_medicare), ("au_tfn", au_tfn)];

fn au_abn(candidate: &Candidate<'_>) -> Verdict {
    let sum = weighted(candidate.compact, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    let right = sum.and_then(|sum| sum.checked_sub(10)).is_some_and(|sum| sum.is_multiple_of(89));
    if_written(is_grouped(candidate.raw, &[&[2, 3, 3, 3]])).where_right(right && !candidate.compact.starts_with(b"0"))
}

fn au_acn(candidate: &Candidate<'_>) -> Verdict {
    let right = split_check(candidate.compact)
        .and_then(|(body, check)| Some((weighted(body, &[8, 7, 6, 5, 4, 3, 2, 1])? + check).is_multiple_of(10)))
        .unwrap_or(false);
    Verdict::of(right && !is_repeated(candidate.compact))
}

fn au_tfn(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let weights: &[u32] = if digits.len() == 8 { &[10, 7, 8, 4, 6, 3, 5, 1] } else { &[1, 4, 3, 7, 5, 8, 6, 9, 10] };
    let sum = weighted(digits, weights);
    Verdict::of(sum.is_some_and(|sum| sum > 0 && sum.is_multiple_of(11)))
}

fn au_medicare(candidate: &Candidate<'_>) -> Verdict {
    let written = is_written(candidate.raw, &[' ', '-'], &[&[4, 5, 1]]);
    if_written(written).where_right(is_medicare(candidate.compact) == Some(true))
}

fn is_medicare(digits: &[u8]) -> Option<bool> {
    let sum = weighted(digits.get(..8)?, &[1, 3, 7, 9, 1, 3, 7, 9])?;
    let issue = digit(*digits.get(9)?)?;
    Some(
        digits.len() == 10
            && matches!(digits.first()?, b'2'..=b'6')
            && sum % 10 == digit(*digits.get(8)?)?
            && issue > 0,
    )
}
