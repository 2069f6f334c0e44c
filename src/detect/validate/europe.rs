//! Numbers of the whole Union: VAT numbers by country (directive 2006/112/EC art. 215; VIES) and the health insurance card
//! (decision S2 of 12 June 2009).

use super::calendar::part;
use super::luhn::is_luhn;
use super::weights::are_digits;
use super::{Candidate, Table, Verdict};

pub(super) const TABLE: Table = &[("ehic", ehic), ("mod11_10", mod11_10), ("vat_eu", vat_eu)];

/// VAT number of a member state or Northern Ireland: its two letters and what its own register requires.
fn vat_eu(candidate: &Candidate<'_>) -> Verdict {
    let Some((prefix, body)) = candidate.compact.split_at_checked(2) else { return Verdict::Wrong };
    let Some((_, name)) = COUNTRIES.iter().find(|(country, _)| country.as_bytes() == prefix) else {
        return Verdict::Wrong;
    };
    let Some(check) = super::named(name) else { return Verdict::Wrong };
    // Some registers read their letters too, others do not.
    let raw = candidate.raw.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()).nth(2).map(|(at, _)| at);
    let raw = raw.and_then(|at| candidate.raw.get(at..)).unwrap_or_default();
    let right =
        check(candidate) != Verdict::Wrong || check(&Candidate { raw, compact: body, ..*candidate }) != Verdict::Wrong;
    Verdict::of(right)
}

/// Prefix and the validator of the national number.
#[rustfmt::skip]
pub(super) const COUNTRIES: &[(&str, &str)] = &[
    ("AT", "at_uid"), ("BE", "be_vat"), ("BG", "bg_vat"), ("CY", "cy_vat"), ("CZ", "cz_dic"), ("DE", "de_vat"),
    ("DK", "dk_cvr"), ("EE", "ee_kmkr"), ("EL", "gr_afm"), ("FI", "fi_ytunnus"), ("FR", "fr_vat_key"), ("HR", "mod11_10"),
    ("HU", "hu_anum"), ("IE", "ie_vat"), ("IT", "it_partita_iva"), ("LT", "lt_pvm"), ("LU", "lu_tva"),
    ("LV", "lv_pvn"), ("MT", "mt_vat"), ("NL", "nl_btw"), ("PL", "pl_nip"), ("PT", "pt_nif"), ("RO", "ro_cf"), ("SE", "se_vat"),
    ("SI", "si_ddv"), ("SK", "sk_dph"), ("ES", "es_nif"), ("XI", "gb_vat"),
];

/// European health insurance card: twenty digits, 80 and the number of an issuing country. The last digit is Luhn's in the
/// cards of most, so that another is weak.
fn ehic(candidate: &Candidate<'_>) -> Verdict {
    const COUNTRIES: &[u64] = &[
        40, 56, 100, 191, 196, 203, 208, 233, 246, 250, 276, 300, 348, 352, 372, 380, 428, 438, 440, 442, 470, 528,
        578, 616, 620, 642, 703, 705, 724, 752, 756, 826,
    ];
    let digits = candidate.compact;
    let country = part(digits, 2, 5).is_some_and(|country| COUNTRIES.binary_search(&country).is_ok());
    if !are_digits(digits, 20) || !digits.starts_with(b"80") || !country {
        return Verdict::Wrong;
    }
    if is_luhn(digits) { Verdict::Right } else { Verdict::Weak }
}

/// ISO/IEC 7064 MOD 11,10 over eleven digits, the Croatian OIB (act 60/2008) and VAT number.
fn mod11_10(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact.strip_prefix(b"HR").unwrap_or(candidate.compact);
    Verdict::of(digits.len() == 11 && !super::weights::is_repeated(digits) && super::sums::is_mod11_10(digits))
}
