//! Brazil: CPF and CNPJ (Receita Federal, instruções normativas 2172/2024 and 2229/2024).
//!
//! Two digits mod 11, weights from 2 upwards from the right, for a CNPJ starting again after 9. New CNPJ have letters, each
//! read as its ASCII code less 48.

use super::weights::{are_digits, is_grouped, is_repeated};
use super::{Candidate, Table, Verdict, if_written};

pub(super) const TABLE: Table = &[("br_cnpj", br_cnpj), ("br_cpf", br_cpf)];

fn br_cpf(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let written = is_grouped(candidate.raw, &[&[3, 3, 3, 2], &[9, 2]]);
    if_written(written).where_right(are_digits(digits, 11) && !is_repeated(digits) && has_checks(digits, 12))
}

fn br_cnpj(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let checks = value.get(12..).is_some_and(|checks| are_digits(checks, 2));
    let written = is_grouped(candidate.raw, &[&[2, 3, 3, 4, 2], &[8, 4, 2], &[12, 2]]);
    if_written(written).where_right(value.len() == 14 && checks && !is_repeated(value) && has_checks(value, 9))
}

/// Whether the last two digits are right. The weights go from 2 to `weight_max` and start again.
fn has_checks(value: &[u8], weight_max: u32) -> bool {
    let check = |body: &[u8]| {
        let weights = (2..=weight_max).cycle();
        let sum: u32 =
            body.iter().rev().zip(weights).map(|(byte, weight)| u32::from(byte.wrapping_sub(b'0')) * weight).sum();
        (11 - sum % 11) % 11 % 10
    };
    let is_right = |len: usize| {
        let body = value.get(..len).unwrap_or_default();
        value.get(len).is_some_and(|&byte| u32::from(byte.wrapping_sub(b'0')) == check(body))
    };
    value.len().checked_sub(2).is_some_and(|len| is_right(len) && is_right(len + 1))
}
