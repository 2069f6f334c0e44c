//! The table: module, validator, shape, and what is disputed. A comment above a predicate says why.

use super::Row;

/// The two always agree.
fn never(_: &str) -> bool {
    false
}

const fn row(module: &'static str, validator: &'static str, shape: &'static str) -> Row {
    Row { module, validator, shape, disputed: never }
}

const fn disputed(row: Row, disputed: fn(&str) -> bool) -> Row {
    Row { disputed, ..row }
}

/// The digits of a value from one place to another, as a number; a large one where they are none.
fn part(value: &str, from: usize, to: usize) -> u32 {
    let digits: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
    digits.get(from..to).and_then(|part| part.parse().ok()).unwrap_or(u32::MAX)
}

/// Digits that are all the same, which fill forms and nobody has.
fn uniform(value: &str) -> bool {
    let mut digits = value.chars().filter(char::is_ascii_digit);
    let first = digits.next();
    digits.all(|digit| Some(digit) == first)
}

pub(crate) const ROWS: &[Row] = &[
    // The world.
    // ISO 17442: twenty characters, the last two are digits; the library takes letters there.
    disputed(row("lei", "lei", "[0-9A-Z]{18}[0-9]{2}"), |value| {
        value.len() != 20 || !value.bytes().rev().take(2).all(|byte| byte.is_ascii_digit())
    }),
    disputed(
        row(
            "iban",
            "iban",
            "iban:(DE[0-9]{18}|FR[0-9]{10}[0-9A-Z]{11}[0-9]{2}|AT[0-9]{16}|NLABNA[0-9]{10}|PL[0-9]{24})",
        ),
        iban,
    ),
    disputed(row("isin", "isin", "(US|DE|FR|GB|XS)[0-9A-Z]{9}[0-9]"), |value| value.starts_with('X')),
    disputed(row("cusip", "cusip", "[0-9]{3}[0-9A-Z]{5}[0-9]"), uniform),
    row("figi", "figi", "BBG[0-9BCDFGHJKLMNPQRSTVWXYZ]{8}[0-9]"),
    disputed(row("imei", "imei", "(35|86|01)[0-9]{13}"), uniform),
    disputed(row("meid", "meid", "[A-F][0-9A-F]{13}"), meid),
    disputed(
        row(
            "mac",
            "mac",
            "([0-9A-F][048C]:[0-9A-F]{2}:[0-9A-F]{2}:[0-9A-F]{2}:[0-9A-F]{2}:[0-9A-F]{2}|02(:[0-9A-F]{2}){5})",
        ),
        mac,
    ),
    row("luhn", "luhn", "[0-9]{8,16}"),
    row("verhoeff", "verhoeff", "[0-9]{8,16}"),
    // France and Monaco.
    disputed(
        row(
            "fr.nir",
            "nir_key",
            "[12][0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[1-8][0-9]|2A|2B)(0[0-9]{2}|[1-8][0-9]{2})[0-9]{3}[0-9]{2}",
        ),
        nir,
    ),
    row("fr.nif", "fr_nif", "[0-3][0-9]{12}"),
    disputed(row("fr.siren", "siren", "[0-9]{9}"), uniform),
    disputed(row("fr.siret", "siret", "([0-9]{14}|35600000[0-9]{6})"), post),
    disputed(row("fr.rcs", "fr_rcs", "RCS Nantes [AB] [0-9]{9}"), rcs),
    disputed(row("fr.tva", "fr_vat_key", "(FR)?[0-9A-HJ-NP-Z][0-9A-HJ-NP-Z][0-9]{9}"), fr_tva),
    disputed(row("mc.tva", "mc_tva", "FR[0-9]{2}000[0-9]{6}"), fr_tva),
    // Austria to Ireland.
    disputed(row("at.vnr", "at_svnr", "[1-9][0-9]{3}(0[1-9]|[12][0-9]|30)(0[1-9]|1[0-2])[0-9]{2}"), at_svnr),
    row("at.tin", "at_tin", "[0-9]{9}"),
    row("at.uid", "at_uid", "ATU[0-9]{8}"),
    // The library does not know the check letter, and fewer than five digits are printed with zeros.
    disputed(row("at.businessid", "at_fn", "[0-9]{6}[a-z]"), |value| value.len() > 7),
    row("at.postleitzahl", "at_postcode", "[1-9][0-9]{3}"),
    disputed(row("be.nn", "be_nn", "[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9])[0-9]{5}"), be_nn),
    disputed(row("be.bis", "be_bis", "[0-9]{2}(2[1-9]|3[0-2]|4[1-9]|5[0-2])(0[1-9]|[12][0-9])[0-9]{5}"), be_nn),
    disputed(row("be.eid", "be_eid", "[0-9]{12}"), uniform),
    disputed(row("be.vat", "be_vat", "(BE)?[01][0-9]{9}"), be_vat),
    // The library also asks whether a bank has this code today and lacks two of these; accounts outlive banks: we do not ask.
    disputed(row("be.iban", "be_iban", "iban:BE[0-9]{12}"), |value| matches!(part(value, 4, 7), 532 | 690)),
    disputed(row("be.ogm_vcs", "be_ogm_vcs", "[0-9]{12}"), uniform),
    disputed(row("bg.egn", "bg_egn", "[0-9]{2}(0[1-9]|1[0-2]|4[1-9]|5[0-2])(0[1-9]|[12][0-9])[0-9]{4}"), never),
    disputed(row("bg.pnf", "bg_lnch", "[0-9]{10}"), uniform),
    disputed(row("bg.vat", "bg_vat", "(BG)?[0-9]{9}"), uniform),
    disputed(row("hr.oib", "mod11_10", "[0-9]{11}"), uniform),
    row("cy.vat", "cy_vat", "[0-9]{8}[A-Z]"),
    disputed(
        row("cz.rc", "birth_number", "[5-9][0-9](0[1-9]|1[0-2]|5[1-9]|6[0-2])(0[1-9]|[12][0-9])[0-9]{4}"),
        birth_number,
    ),
    disputed(row("cz.dic", "cz_dic", "(CZ)?[0-8][0-9]{7}"), birth_number),
    disputed(row("cz.bankaccount", "cz_bank_account", "[0-9]{6}-[0-9]{10}/(0100|0800|0300)"), cz_account),
    disputed(
        row("sk.rc", "birth_number", "[5-9][0-9](0[1-9]|1[0-2]|5[1-9]|6[0-2])(0[1-9]|[12][0-9])[0-9]{4}"),
        birth_number,
    ),
    disputed(row("sk.dph", "sk_dph", "(SK)?[1-9][0-9][234789][0-9]{7}"), birth_number),
    disputed(row("de.idnr", "de_idnr", "[1-9][0-9]{10}"), three_in_a_row),
    row("de.vat", "de_vat", "(DE)?[1-9][0-9]{8}"),
    disputed(row("de.leitweg", "de_leitweg", "(99|0[1-9]|1[0-6])[0-9]-[0-9A-Z]{5,12}-[0-9]{2}"), leitweg),
    disputed(row("de.stnr", "de_stnr", "[0-9]{10,11}"), stnr),
    disputed(row("dk.cpr", "dk_cpr", "(0[1-9]|[12][0-9])(0[1-9]|1[0-2])[0-9]{2}[0-4][0-9]{3}"), dk_cpr),
    row("dk.cvr", "dk_cvr", "(DK)?[1-9][0-9]{7}"),
    disputed(row("ee.ik", "baltic_code", "[3-6][0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9])[0-9]{4}"), ee_ik),
    disputed(row("ee.kmkr", "ee_kmkr", "(EE)?[0-9]{9}"), uniform),
    row("ee.registrikood", "ee_registrikood", "[1789][0-9]{7}"),
    disputed(row("lt.asmens", "lt_asmens", "[3-6][0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9])[0-9]{4}"), ee_ik),
    row("lt.pvm", "lt_pvm", "(LT)?[0-9]{7}1[0-9]"),
    disputed(
        row(
            "lv.pvn",
            "lv_pvn",
            "(LV)?([4-9][0-9]{10}|(0[1-9]|[12][0-9])(0[1-9]|1[0-2])[0-9]{2}[12][0-9]{4}|32[0-9]{9})",
        ),
        uniform,
    ),
    disputed(row("fi.hetu", "fi_hetu", "(0[1-9]|[12][0-9])(0[1-9]|1[0-2])[0-9]{2}[-A+][0-9]{3}[0-9A-Y]"), fi_hetu),
    disputed(row("fi.ytunnus", "fi_ytunnus", "[0-9]{7}-[0-9]"), uniform),
    disputed(row("fi.alv", "fi_ytunnus", "(FI)?[0-9]{8}"), uniform),
    disputed(row("fi.veronumero", "fi_veronumero", "[0-9]{12}"), uniform),
    disputed(row("gr.vat", "gr_afm", "(EL)?[0-9]{9}"), short),
    disputed(row("gr.amka", "gr_amka", "(0[1-9]|[12][0-9])(0[1-9]|1[0-2])[0-9]{7}"), gr_amka),
    disputed(row("hu.anum", "hu_anum", "(HU)?[0-9]{8}"), hu_anum),
    disputed(row("ie.pps", "ie_pps", "[0-9]{7}[A-W]([A-IWTX])?"), second_letter),
    disputed(row("ie.vat", "ie_vat", "(IE)?[0-9]{7}[A-W][A-I]?"), second_letter),
];

/// The library accepts small letters, and countries that joined the registry or left it since.
fn iban(value: &str) -> bool {
    value.chars().any(|c| c.is_ascii_lowercase())
}

/// Without the letter of a region, or in decimal, it is whatever fourteen digits are.
fn meid(value: &str) -> bool {
    value.len() != 14 && value.len() != 15 || value.starts_with(|c: char| c.is_ascii_digit())
}

/// The library asks the register of makers; a card may carry a locally administered or a random address.
fn mac(value: &str) -> bool {
    value.len() == 17 || value.split(':').any(|octet| octet.len() == 1)
}

/// Communes end at 990 and orders begin at 001; of two letters the library reads any month.
fn nir(value: &str) -> bool {
    part(value, 7, 10) > 990
        || part(value, 7, 10) == 0
        || part(value, 10, 13) == 0
        || !(1..=96).contains(&part(value, 5, 7))
        || part(value, 3, 5) > 12
}

/// What stands between is a city for us, a word of letters there; the registers C and D are unknown there.
fn rcs(value: &str) -> bool {
    let words: Vec<&str> = value.split_whitespace().collect();
    words.len() != 4 || words[0] != "RCS" || !matches!(words[2], "A" | "B")
}

/// SIRENs of zeros alone, and the range of Monaco that each leaves to the other.
fn fr_tva(value: &str) -> bool {
    value.contains("000")
}

/// Months 13 to 15 exist; the library knows no date.
fn at_svnr(value: &str) -> bool {
    !(1..=31).contains(&part(value, 4, 6)) || !(1..=15).contains(&part(value, 6, 8))
}

/// Dates: the library refuses births in the future, for which it asks the clock, and reads odd days and months its own way.
fn be_nn(value: &str) -> bool {
    part(value, 4, 6) > 28
        || part(value, 4, 6) == 0
        || part(value, 0, 2) < 40
        || part(value, 2, 4).is_multiple_of(20)
        || part(value, 2, 4) % 20 > 12
        || part(value, 6, 9) > 997
        || part(value, 6, 9) == 0
}

/// The library adds the 0 of old numbers; a number of zeros is nobody's.
fn be_vat(value: &str) -> bool {
    uniform(value) || value.chars().filter(char::is_ascii_digit).count() == 9
}

/// Months: the library takes any that a remainder brings into the year; nine digits have no check digit in either.
fn birth_number(value: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let month = part(value.trim_start_matches(['C', 'Z', 'S', 'K']), 2, 4);
    digits == 9 || !matches!(month, 1..=12 | 51..=62)
}

/// Banks that closed, and accounts without a prefix.
fn cz_account(value: &str) -> bool {
    !value.ends_with("/0100") && !value.ends_with("/0800") && !value.ends_with("/0300") || value.len() != 22
}

/// The library asks the clock whether the birth is in the future.
fn dk_cpr(value: &str) -> bool {
    (20..58).contains(&part(value, 4, 6))
}

/// The library asks the clock whether the birth is in the future; centuries before 1800 are nobody's.
fn ee_ik(value: &str) -> bool {
    !(3..=6).contains(&part(value, 0, 1)) || part(value, 0, 1) >= 5 && part(value, 1, 3) > 20
}

/// Serials of 900 and more are temporary, given by hospitals; the signs of 2023 are of one century each.
fn fi_hetu(value: &str) -> bool {
    part(&value.replace(['-', '+'], "A"), 7, 10) >= 900 || part(&value.replace(['-', '+'], "A"), 7, 10) < 2
}

/// The library decides the century by the clock.
fn gr_amka(value: &str) -> bool {
    part(value, 0, 4) % 100 == 2 && part(value, 0, 2) >= 29
}

/// In full it has eleven digits.
fn hu_anum(value: &str) -> bool {
    uniform(value) || value.chars().filter(char::is_ascii_digit).count() == 11
}

/// Establishments of La Poste: the library takes the digit sum alone, older ones have Luhn.
fn post(value: &str) -> bool {
    uniform(value) || value.starts_with("356000000")
}

/// No tax id has a digit three times in a row (`BZSt`).
fn three_in_a_row(value: &str) -> bool {
    value.as_bytes().windows(3).any(|three| three[0] == three[1] && three[1] == three[2])
}

/// The key of an administration has 2, 3, 5, 8, 9 or 12 digits (`KoSIT`), and a Land's number.
fn leitweg(value: &str) -> bool {
    let coarse = value.split('-').next().unwrap_or_default();
    !matches!(coarse.len(), 2 | 3 | 5 | 8 | 9 | 12) || !matches!(part(coarse, 0, 2), 1..=16 | 99)
}

/// The scheme of some vendors, thirteen digits from 01 to 16.
fn stnr(value: &str) -> bool {
    uniform(value) || value.len() == 13 && part(value, 0, 2) <= 16
}

/// The library puts a 0 before eight digits.
fn short(value: &str) -> bool {
    uniform(value) || value.chars().filter(char::is_ascii_digit).count() == 8
}

/// Letters that have not been given yet count as they will.
fn second_letter(value: &str) -> bool {
    let tail = value.trim_start_matches("IE").get(8..).unwrap_or_default();
    !matches!(tail, "" | "A" | "B" | "H" | "W")
}
