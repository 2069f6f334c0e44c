//! Machine-readable zones of travel documents (ICAO Doc 9303 parts 4 to 6) and of the French identity card until 2021.
//!
//! ```text
//! TD3  P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<
//!      L898902C36UTO7408122F1204159ZE184226B<<<<<10    number, check, nation, birth, check, sex, expiry, check, own, check, all
//! ```

use smallvec::SmallVec;

use super::sums::{digit_at, weights_731};
use super::{Candidate, Table, Verdict};

pub(super) const TABLE: Table = &[("mrz", mrz)];

/// Checks lines, their length, and every check digit of birth, expiry, number and the whole.
fn mrz(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(is_mrz(candidate.raw))
}

fn is_mrz(text: &str) -> bool {
    let lines: SmallVec<[&[u8]; 4]> = text.split_whitespace().map(str::as_bytes).take(4).collect();
    let shaped = lines.iter().all(|line| line.iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'<')));
    let right = match lines.as_slice() {
        [first, second] if first.len() == 44 && second.len() == 44 => booklet(first, second, 42),
        [first, second] if first.len() == 36 && second.len() == 36 => {
            booklet(first, second, 35).filter(|right| *right).or_else(|| french_card(first, second))
        }
        [first, second, third] if [first, second, third].iter().all(|line| line.len() == 30) => card(first, second),
        _ => None,
    };
    shaped && right.unwrap_or(false)
}

/// Whether the digit at a place is the check of the stretches before it.
fn holds(line: &[u8], stretches: &[&[u8]], check: usize) -> Option<bool> {
    let sum = weights_731(stretches.iter().flat_map(|stretch| stretch.iter().copied()))?;
    // An empty field may have `<` for its check digit.
    let found = if line.get(check) == Some(&b'<') { 0 } else { digit_at(line, check)? };
    Some(sum == found)
}

/// TD3 and TD2: everything that is checked is in the second line, which ends where `own` does.
fn booklet(first: &[u8], second: &[u8], own: usize) -> Option<bool> {
    let document = first.first().is_some_and(|kind| b"PVACI".contains(kind));
    let single = holds(second, &[second.get(..9)?], 9)?
        && holds(second, &[second.get(13..19)?], 19)?
        && holds(second, &[second.get(21..27)?], 27)?;
    let all = [second.get(..10)?, second.get(13..20)?, second.get(21..second.len() - 1)?];
    let personal = own == 35 || holds(second, &[second.get(28..42)?], 42)?;
    // Visas have no check over all; their last characters are free.
    Some(document && single && (first.starts_with(b"V") || personal && holds(second, &all, second.len() - 1)?))
}

/// TD1: number in the first line, dates and the check over both in the second.
fn card(first: &[u8], second: &[u8]) -> Option<bool> {
    let document = first.first().is_some_and(|kind| b"ACI".contains(kind));
    let single = holds(first, &[first.get(5..14)?], 14)?
        && holds(second, &[second.get(..6)?], 6)?
        && holds(second, &[second.get(8..14)?], 14)?;
    let all = [first.get(5..30)?, second.get(..7)?, second.get(8..15)?, second.get(18..29)?];
    Some(document && single && holds(second, &all, 29)?)
}

/// The French card until 2021: `IDFRA` and the name above, number, given names, birth and sex below.
fn french_card(first: &[u8], second: &[u8]) -> Option<bool> {
    let single = holds(second, &[second.get(..12)?], 12)? && holds(second, &[second.get(27..33)?], 33)?;
    Some(first.starts_with(b"IDFRA") && single && holds(second, &[first, second.get(..35)?], 35)?)
}
