//! Check digits and structures of identifiers: one file a family, named after the algorithm or the number.
//!
//! A validator sees one candidate that a pattern matched and says whether the issuing authority could have issued it. It
//! never searches, allocates nothing and is linear in a candidate that the engine has already bounded. Data rows of
//! `policies/detectors/` name validators by the words in [`named`].

mod africa;
mod austria;
mod baltic;
mod belgium;
mod benelux;
mod brazil;
mod britain;
mod bulgaria;
mod calendar;
mod card;
mod crypto;
mod czechia;
mod denmark;
mod devices;
mod east_asia;
mod europe;
mod finland;
mod fr_vat;
mod france;
mod germany;
mod greece;
mod hungary;
mod iban;
mod india;
mod ireland;
mod italy;
mod luhn;
mod malta;
mod mod97;
mod mrz;
mod nir;
mod nordic;
mod north_america;
mod oceania;
mod plate_de;
mod poland;
mod portugal;
mod romania;
mod securities;
mod siren;
mod slovenia;
mod spain;
mod sums;
mod switzerland;
mod token;
mod turkey;
mod verhoeff;
mod weights;

use std::collections::HashMap;
use std::sync::LazyLock;

pub(super) use calendar::is_day;

/// What a pattern matched: as written in the normalised view, and without separators in upper case.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// The text as matched.
    pub raw: &'a str,
    /// ASCII letters and digits of it, letters in upper case.
    pub compact: &'a [u8],
    /// The two bytes before it, zeros where the text begins.
    pub before: [u8; 2],
}

impl std::fmt::Debug for Candidate<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Candidate({} bytes)", self.raw.len())
    }
}

/// What a validator makes of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// No authority issued this.
    Wrong,
    /// The digits are right and yet the shape resembles something else (a timestamp, a row of figures): context decides.
    Weak,
    /// Right in every respect that can be computed.
    Right,
}

impl Verdict {
    /// Right or wrong, nothing between.
    const fn of(right: bool) -> Self {
        if right { Self::Right } else { Self::Wrong }
    }

    /// This, if the number is right.
    const fn where_right(self, right: bool) -> Self {
        if right { self } else { Self::Wrong }
    }
}

/// A check of one candidate.
pub type Validator = fn(&Candidate<'_>) -> Verdict;

/// Finds a validator by the name that data rows use.
pub fn named(name: &str) -> Option<Validator> {
    static BY_NAME: LazyLock<HashMap<&str, Validator>> =
        LazyLock::new(|| TABLES.iter().rev().copied().flatten().copied().collect());
    BY_NAME.get(name).copied()
}

/// The names of all validators, for error messages and documentation.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLES.iter().copied().flatten().map(|(name, _)| *name)
}

/// Checks one value outside of any text, separators and all. `None` when no validator has this name.
pub fn check(name: &str, value: &str) -> Option<Verdict> {
    let compact: Vec<u8> =
        value.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_uppercase()).collect();
    named(name).map(|validator| validator(&Candidate { raw: value, compact: &compact, before: [0; 2] }))
}

/// Names and validators; a family with many numbers brings its own table.
const TABLES: &[Table] = &[
    WORLD,
    africa::TABLE,
    austria::TABLE,
    baltic::TABLE,
    belgium::TABLE,
    benelux::TABLE,
    brazil::TABLE,
    britain::TABLE,
    bulgaria::TABLE,
    crypto::TABLE,
    czechia::TABLE,
    denmark::TABLE,
    devices::TABLE,
    east_asia::TABLE,
    europe::TABLE,
    finland::TABLE,
    france::TABLE,
    germany::TABLE,
    greece::TABLE,
    hungary::TABLE,
    india::TABLE,
    ireland::TABLE,
    italy::TABLE,
    malta::TABLE,
    mrz::TABLE,
    nordic::TABLE,
    north_america::TABLE,
    oceania::TABLE,
    poland::TABLE,
    portugal::TABLE,
    romania::TABLE,
    securities::TABLE,
    slovenia::TABLE,
    spain::TABLE,
    switzerland::TABLE,
    turkey::TABLE,
];

/// Validators by the names that data rows use.
type Table = &'static [(&'static str, Validator)];

const WORLD: Table = &[
    ("aws_access_key", token::aws_access_key),
    ("card", card::card),
    ("fr_vat_key", fr_vat::fr_vat_key),
    ("iban", iban::iban),
    ("luhn", luhn::luhn),
    ("nir_key", nir::nir_key),
    ("nir_without_key", nir::nir_without_key),
    ("plate_de", plate_de::plate_de),
    ("siren", siren::siren),
    ("siret", siren::siret),
    ("token", token::token),
    ("token_mixed", token::token_mixed),
    ("token_prose", token::token_prose),
    ("token_random", token::token_random),
    ("verhoeff", verhoeff::verhoeff),
];

/// A number without its country's letters, and what it is worth when it is right: with them much, without them context
/// decides.
fn behind<'a>(candidate: &Candidate<'a>, country: &[u8]) -> (&'a [u8], Verdict) {
    match candidate.compact.strip_prefix(country) {
        Some(number) => (number, Verdict::Right),
        None => (candidate.compact, Verdict::Weak),
    }
}

/// A right number that is evidence by the way it is written, or not without context.
const fn if_written(written: bool) -> Verdict {
    if written { Verdict::Right } else { Verdict::Weak }
}

/// The value of an ASCII digit.
fn digit(byte: u8) -> Option<u32> {
    byte.is_ascii_digit().then(|| u32::from(byte - b'0'))
}

/// Reads ASCII digits as a number; `None` for anything else or more than 18 digits.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, &byte| Some(sum * 10 + u64::from(digit(byte)?)))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests read vectors")]
mod tests;
