//! Malta: VAT number (Commissioner for Revenue): eight digits, the first not 0, weights 3 4 6 7 8 9 10 1, sum 0 mod 37.

use super::weights::weighted;
use super::{Candidate, Table, Verdict, behind};

pub(super) const TABLE: Table = &[("mt_vat", mt_vat)];

fn mt_vat(candidate: &Candidate<'_>) -> Verdict {
    let (digits, worth) = behind(candidate, b"MT");
    let sum = weighted(digits, &[3, 4, 6, 7, 8, 9, 10, 1]);
    worth.where_right(!digits.starts_with(b"0") && sum.is_some_and(|sum| sum.is_multiple_of(37)))
}
