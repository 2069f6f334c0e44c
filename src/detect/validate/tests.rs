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
fn disputed(kind: &str, value: &str, valid: bool) -> bool {
    let month = value.get(2..4).and_then(|month| month.parse().ok()).unwrap_or(0);
    match kind {
        // A sentence around the value.
        "de_driver_licence" | "de_postal_code" | "de_stnr" | "de_vat" if valid && value.contains(' ') => true,
        "de_postal_code" | "de_vat" if value.contains(": ") => true,
        // The library asks lists of offices, of makers, and the clock.
        "at_tin" | "dk_cpr" => !valid,
        "mac" => !valid && value.len() == 17,
        // Nine characters are the number; its check digit is the tenth.
        "de_id_card" | "de_passport" => !valid && value.len() == 9,
        // No digit is repeated in these examples; the check digits of those are wrong.
        "de_idnr" => matches!(value, "12345678903" | "98765432106"),
        "de_vat" => matches!(value, "DE123456789" | "DE987654321" | "DE100000001"),
        // The scheme of some vendors begins with 01 to 16.
        "de_stnr" => !valid && value.len() == 13,
        // No law provides these months.
        "cz_rc" | "sk_rc" | "cz_dic" => !matches!(month, 1..=12 | 21..=32 | 51..=62 | 71..=82),
        // The code of the Vatican is assigned.
        "imsi" => value.starts_with("225"),
        // Makers outside North America and China fill the ninth place as they like.
        "vin" => !valid && value.starts_with(['J', 'K', 'M']),
        // Lower case within and one blank misplaced: ISO 13616 prints upper case, and a reader means the same account.
        "iban" => value.contains("bANK") || value.starts_with("G T"),
        _ => false,
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one line a type")]
fn every_vector_of_these_types() {
    let validators = BTreeMap::from([
        ("at_fn", "at_fn"),
        ("at_postleitzahl", "at_postcode"),
        ("at_svnr", "at_svnr"),
        ("at_tin", "at_tin"),
        ("at_uid", "at_uid"),
        ("be_bis", "be_bis"),
        ("be_eid", "be_eid"),
        ("be_iban", "be_iban"),
        ("be_nn", "be_nn"),
        ("be_ogm_vcs", "be_ogm_vcs"),
        ("be_vat", "be_vat"),
        ("bg_egn", "bg_egn"),
        ("bg_lnch", "bg_lnch"),
        ("bg_vat", "bg_vat"),
        ("bic", "bic"),
        ("card_pan", "card"),
        ("checksum_luhn", "luhn"),
        ("checksum_verhoeff", "verhoeff"),
        ("crypto_btc", "crypto_btc"),
        ("crypto_eth", "crypto_eth"),
        ("cusip", "cusip"),
        ("cy_vat", "cy_vat"),
        ("cz_bankaccount", "cz_bank_account"),
        ("cz_dic", "cz_dic"),
        ("cz_rc", "birth_number"),
        ("de_bsnr", "de_bsnr"),
        ("de_driver_licence", "de_driver_licence"),
        ("de_id_card", "de_id_card"),
        ("de_idnr", "de_idnr"),
        ("de_kvnr", "de_kvnr"),
        ("de_lanr", "de_lanr"),
        ("de_leitweg", "de_leitweg"),
        ("de_passport", "de_document"),
        ("de_postal_code", "de_postcode"),
        ("de_rvnr", "de_rvnr"),
        ("de_stnr", "de_stnr"),
        ("de_vat", "de_vat"),
        ("dk_cpr", "dk_cpr"),
        ("dk_cvr", "dk_cvr"),
        ("ee_ik", "baltic_code"),
        ("ee_kmkr", "ee_kmkr"),
        ("ee_registrikood", "ee_registrikood"),
        ("fi_alv", "fi_ytunnus"),
        ("fi_hetu", "fi_hetu"),
        ("fi_veronumero", "fi_veronumero"),
        ("fi_ytunnus", "fi_ytunnus"),
        ("figi", "figi"),
        ("fr_nif", "fr_nif"),
        ("fr_nir", "nir_key"),
        ("fr_rcs", "fr_rcs"),
        ("fr_rib", "fr_rib"),
        ("fr_rpps", "fr_rpps"),
        ("fr_siren", "siren"),
        ("fr_siret", "siret"),
        ("fr_tva", "fr_vat_key"),
        ("gr_afm", "gr_afm"),
        ("gr_amka", "gr_amka"),
        ("hr_oib", "mod11_10"),
        ("hu_adoazonosito", "hu_adoazonosito"),
        ("hu_anum", "hu_anum"),
        ("hu_taj", "hu_taj"),
        ("iban", "iban"),
        ("iccid", "iccid"),
        ("ie_pps", "ie_pps"),
        ("ie_vat", "ie_vat"),
        ("imei", "imei"),
        ("imsi", "imsi"),
        ("isin", "isin"),
        ("lei", "lei"),
        ("lt_asmens", "lt_asmens"),
        ("lt_pvm", "lt_pvm"),
        ("lv_pvn", "lv_pvn"),
        ("mac", "mac"),
        ("mc_tva", "mc_tva"),
        ("meid", "meid"),
        ("mrz", "mrz"),
        ("plate_fr", "plate_fr"),
        ("sk_dph", "sk_dph"),
        ("sk_rc", "birth_number"),
        ("vat_eu", "vat_eu"),
        ("vin", "vin"),
    ]);
    let mut checked = 0;
    for vector in vectors() {
        let (kind, value) = (vector["type"].as_str().unwrap(), vector["value"].as_str().unwrap());
        let Some(validator) = validators.get(kind) else { continue };
        if disputed(kind, value, vector["valid"].as_bool().unwrap()) {
            continue;
        }
        let without_key = vector["note"].as_str().is_some_and(|note| note.starts_with("13 characters"));
        let validator = if without_key { "nir_without_key" } else { validator };
        let right = check(validator, value).unwrap() != Verdict::Wrong;
        assert_eq!(right, vector["valid"].as_bool().unwrap(), "{kind} {vector}");
        checked += 1;
    }
    assert!(checked == 0 || checked > 8_000, "only {checked} vectors");
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
