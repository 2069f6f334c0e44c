//! Numbering plans of all regions (ITU-T E.164 and what each regulator assigned): which national numbers exist under a calling
//! code, and which are fixed lines or mobiles.
//!
//! The table is made by `cargo run -p xtask -- phones` from the metadata of libphonenumber. An expression is compiled when the
//! first number of its region is seen, and then shared.

use std::sync::{LazyLock, OnceLock};

use regex_automata::Anchored;
use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::{start, syntax};

/// Bytes of one region's automaton.
const AUTOMATON_BYTES_MAX: usize = 256 * 1024;

/// One region.
#[derive(Debug)]
pub(super) struct Region {
    /// Its calling code.
    pub(super) code: &'static str,
    /// ISO 3166-1 code, `001` for services of no country.
    pub(super) name: &'static str,
    /// What is dialled before a national number.
    pub(super) trunk: Option<&'static str>,
    any: &'static str,
    kinds: &'static str,
    any_compiled: OnceLock<Option<dense::DFA<Vec<u32>>>>,
    kinds_compiled: OnceLock<Option<dense::DFA<Vec<u32>>>>,
}

impl Region {
    fn read(line: &'static str) -> Option<Self> {
        let mut parts = line.split('\t');
        let (code, name, trunk) = (parts.next()?, parts.next()?, parts.next()?);
        let (any, kinds) = (parts.next()?, parts.next()?);
        let trunk = Some(trunk).filter(|trunk| *trunk != "-");
        Some(Self { code, name, trunk, any, kinds, any_compiled: OnceLock::new(), kinds_compiled: OnceLock::new() })
    }

    /// Whether a national number of any kind exists.
    pub(super) fn has(&self, digits: &[u8]) -> bool {
        self.any_compiled.get_or_init(|| compile(self.any)).as_ref().is_some_and(|dfa| matches(dfa, digits))
    }

    /// Whether a national number is a fixed line or a mobile.
    pub(super) fn has_line(&self, digits: &[u8]) -> bool {
        self.kinds_compiled.get_or_init(|| compile(self.kinds)).as_ref().is_some_and(|dfa| matches(dfa, digits))
    }
}

/// Whether calling code and number exist; the number may be written with its trunk prefix.
pub(super) fn exists(digits: &[u8]) -> bool {
    (1..=3).any(|length| {
        let Some((code, number)) = digits.split_at_checked(length) else { return false };
        coded(code).any(|region| {
            let trunk = region.trunk.and_then(|trunk| number.strip_prefix(trunk.as_bytes()));
            // Italy dials the zero that others leave out, and yet some write it in brackets.
            let zero = || code == b"39" && region.has(&[b"0", number].concat());
            region.has(number) || trunk.is_some_and(|number| region.has(number)) || zero()
        })
    })
}

/// The regions whose national forms are looked for: the Union, its neighbours, and where others write to it from.
pub(super) fn near() -> impl Iterator<Item = &'static Region> {
    NEARBY.iter().copied()
}

/// The regions of a calling code, in the order of the table.
fn coded(code: &[u8]) -> impl Iterator<Item = &'static Region> {
    let from = CODES.partition_point(|region| region.code.as_bytes() < code);
    CODES.iter().skip(from).take_while(move |region| region.code.as_bytes() == code).copied()
}

/// A region by its ISO 3166-1 code.
pub(super) fn region(name: &str) -> Option<&'static Region> {
    REGIONS.iter().find(|region| region.name == name)
}

static REGIONS: LazyLock<Vec<Region>> = LazyLock::new(|| {
    include_str!("plans.tsv").lines().filter(|line| !line.starts_with('#')).filter_map(Region::read).collect()
});

/// All regions, by calling code.
static CODES: LazyLock<Vec<&'static Region>> = LazyLock::new(|| {
    let mut regions: Vec<&Region> = REGIONS.iter().collect();
    regions.sort_by_key(|region| region.code);
    regions
});

static NEARBY: LazyLock<Vec<&'static Region>> =
    LazyLock::new(|| REGIONS.iter().filter(|region| NEAR.contains(&region.name)).collect());

/// Most likely first.
#[rustfmt::skip]
const NEAR: &[&str] = &[
    "FR", "DE", "BE", "CH", "LU", "IT", "ES", "NL", "PT", "AT", "GB", "IE", "PL", "CZ", "SK", "HU", "RO", "BG", "HR", "SI", "GR", "CY", "MT",
    "DK", "SE", "FI", "NO", "IS", "EE", "LV", "LT", "LI", "MC", "US", "CA", "TR", "IN", "PH", "AU", "SG", "KR", "TH", "ZA", "NG", "BR", "MX",
    "CN", "JP", "IL", "UA", "MA", "DZ", "TN",
];

fn compile(pattern: &str) -> Option<dense::DFA<Vec<u32>>> {
    if pattern.is_empty() {
        return None;
    }
    dense::Builder::new()
        .configure(
            dense::Config::new()
                .start_kind(regex_automata::dfa::StartKind::Anchored)
                .accelerate(false)
                .dfa_size_limit(Some(AUTOMATON_BYTES_MAX))
                .determinize_size_limit(Some(8 * AUTOMATON_BYTES_MAX)),
        )
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build(&format!("(?:{pattern})$"))
        .ok()
}

fn matches(dfa: &dense::DFA<Vec<u32>>, digits: &[u8]) -> bool {
    let Ok(mut state) = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)) else { return false };
    for &digit in digits {
        state = dfa.next_state(state, digit);
        if dfa.is_dead_state(state) {
            return false;
        }
    }
    dfa.is_match_state(dfa.next_eoi_state(state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_compiles() {
        assert!(REGIONS.len() > 240, "{}", REGIONS.len());
        for region in REGIONS.iter() {
            assert!(compile(region.any).is_some(), "{}", region.name);
            assert!(region.kinds.is_empty() || compile(region.kinds).is_some(), "{}", region.name);
        }
        assert!(NEAR.iter().all(|name| region(name).is_some()));
    }

    #[test]
    fn numbers() {
        for (digits, expected) in [
            ("33612345678", true),
            ("330612345678", true),
            ("3361234567", false),
            ("14155550132", true),
            ("493090182000", true),
            ("999123456789", false),
            ("3906678434", true),
        ] {
            assert_eq!(exists(digits.as_bytes()), expected, "{digits}");
        }
        assert!(region("FR").is_some_and(|region| region.has_line(b"612345678") && !region.has_line(b"12345")));
    }
}
