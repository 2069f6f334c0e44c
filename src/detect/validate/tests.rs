//! Every validator against the published and computed vectors.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;

fn vectors() -> Vec<serde_json::Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/pii/vectors");
    if !folder.is_dir() {
        eprintln!("skipped: no vectors at ../shared/data/pii/vectors");
        return Vec::new();
    }
    ["presidio.jsonl", "stdnum.jsonl", "computed.jsonl"]
        .iter()
        .flat_map(|file| {
            std::fs::read_to_string(folder.join(file)).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .map(|line| serde_json::from_str(&line).unwrap())
        .collect()
}

/// Vectors in which the library's opinion differs from the authority's rule, each with the reason.
fn disputed(kind: &str, value: &str) -> bool {
    match kind {
        // Lower case within and one blank misplaced: ISO 13616 prints upper case, and a reader means the same account.
        "iban" => value.contains("bANK") || value.starts_with("G T"),
        _ => false,
    }
}

#[test]
fn every_vector_of_these_types() {
    let validators = BTreeMap::from([
        ("checksum_luhn", "luhn"),
        ("iban", "iban"),
        ("card_pan", "card"),
        ("fr_nir", "nir_key"),
        ("fr_siren", "siren"),
        ("fr_siret", "siret"),
        ("fr_tva", "fr_vat_key"),
    ]);
    let mut checked = 0;
    for vector in vectors() {
        let (kind, value) = (vector["type"].as_str().unwrap(), vector["value"].as_str().unwrap());
        let Some(validator) = validators.get(kind) else { continue };
        if disputed(kind, value) {
            continue;
        }
        let without_key = vector["note"].as_str().is_some_and(|note| note.starts_with("13 characters"));
        let validator = if without_key { "nir_without_key" } else { validator };
        let right = check(validator, value).unwrap() != Verdict::Wrong;
        assert_eq!(right, vector["valid"].as_bool().unwrap(), "{kind} {vector}");
        checked += 1;
    }
    assert!(checked == 0 || checked > 900, "only {checked} vectors");
}

#[test]
fn rows() {
    for (name, validator, value, verdict) in [
        ("siret of La Poste", "siret", "35600000049837", Verdict::Right),
        ("siret that reads as a timestamp", "siret", "20241122153007", Verdict::Wrong),
        ("siret grouped like a table", "siret", "73 28 29 32 00 00 74", Verdict::Weak),
        ("card in fours", "card", "4111 1111 1111 1111", Verdict::Right),
        ("card of amex", "card", "3782 822463 10005", Verdict::Right),
        ("card digit by digit", "card", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", Verdict::Right),
        ("card across table cells", "card", "411 11111 11 111111", Verdict::Weak),
        ("old visa is also an EAN", "card", "4222222222222", Verdict::Weak),
        ("nir of Corsica", "nir_key", "1 07 03 2B 188 643 64", Verdict::Right),
        ("placeholder", "token", "sk-xxxxxxxxxxxxxxxxxxxxxxxx", Verdict::Wrong),
    ] {
        assert_eq!(check(validator, value), Some(verdict), "{name}");
    }
    assert_eq!(check("nobody", "1"), None);
}
