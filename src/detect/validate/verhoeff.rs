//! Verhoeff's formula (J. Verhoeff, Error detecting decimal codes, 1969): digits permuted by place and multiplied in the
//! dihedral group of order ten; right when the product is 0.
//!
//! Finds every single error and every transposition of neighbours; one random number in ten passes all the same.

use super::{Candidate, Verdict, digit};

/// Whether all is digits and the check digit, last, is right.
pub(super) fn verhoeff(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_verhoeff(candidate.compact))
}

/// Whether the digits, check digit last, multiply to 0.
pub(super) fn is_verhoeff(digits: &[u8]) -> bool {
    let product = digits.iter().rev().enumerate().try_fold(0, |product, (place, &byte)| {
        let value = usize::try_from(digit(byte)?).ok()?;
        Some(times(product, permuted(value, place)?))
    });
    digits.len() > 1 && product == Some(0)
}

/// The product of two elements of the dihedral group: 0 to 4 turn, 5 to 9 turn and mirror.
fn times(left: usize, right: usize) -> usize {
    let (turn, mirrored) = (left % 5, left >= 5);
    let turned = if mirrored { turn + 5 - right % 5 } else { turn + right % 5 } % 5;
    if mirrored == (right >= 5) { turned } else { turned + 5 }
}

/// A digit after as many rounds of the permutation as its place from the right.
fn permuted(value: usize, place: usize) -> Option<usize> {
    (0..place % 8).try_fold(value, |value, _| ROUND.get(value).copied())
}

const ROUND: [usize; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
