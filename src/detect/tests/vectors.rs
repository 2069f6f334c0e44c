//! Every published and computed vector of the identifiers, embedded in prose, JSON, CSV and log lines with a context word:
//! the type must be exact and the place too; what is not issued must not be found.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;

/// Least F1 of one type over its vectors.
const F1_MIN: f64 = 0.98;

/// Texts around a value, `{word}` and `{value}` to be filled in.
const TEXTS: [&str; 4] = [
    "We were given this: {word} {value}, and filed it.",
    "{\"name\":\"x\",\"{word}\":\"{value}\",\"ok\":true}",
    "row,{word},note\n17,{value},ok\n",
    "level=info msg=updated {word}={value} ok",
];

/// Vectors whose verdict we do not share, with the reason.
fn disputed(kind: &str, value: &str, valid: bool, source: &str) -> Option<&'static str> {
    let digits: Vec<u8> = value.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0').collect();
    let at = |place: usize| digits.get(place).copied().unwrap_or(0);
    let head = 10 * at(0) + at(1);
    let example = valid && source.to_ascii_lowercase().contains("presidio");
    let library = source.starts_with("python-stdnum");
    match kind {
        "at_tin" | "mac" if library && !valid => Some("the library asks lists of offices and makers"),
        "cz_bankaccount" if !valid && value.contains('-') => {
            Some("behind a wrong prefix the account may be right by itself")
        }
        "cz_rc" | "sk_rc" | "cz_dic" if !matches!(10 * at(2) + at(3), 1..=12 | 21..=32 | 51..=62 | 71..=82) => {
            Some("no law provides this month")
        }
        "de_handelsregister" if !valid => Some("with a court misspelt it is still a number of a register"),
        "de_id_card" | "de_passport" if !valid && value.len() == 9 => {
            Some("nine characters are the number, the check digit is the tenth")
        }
        "de_idnr" if example && !library => Some("no digit is repeated in the example"),
        "de_stnr" if library && !valid => Some("the scheme of some vendors begins with 01 to 16"),
        "de_vat" if example => Some("the example has no right check digit"),
        "dk_cpr" if !valid => Some("the library asks the clock whether the birth lies ahead"),
        "imsi" if value.starts_with("225") => Some("the code of the Vatican is assigned"),
        "mac" if !value.bytes().any(|byte| byte.is_ascii_digit()) => {
            Some("no digit in twelve: one address in a hundred thousand")
        }
        "vin" if !valid && value.starts_with(['J', 'K', 'M']) => {
            Some("makers outside North America and China fill the ninth place as they like")
        }
        "au_tfn" if library && digits.len() == 8 => Some("eight digits have weights of their own"),
        "ca_bn" if library && !valid => Some("program accounts that the library does not know are in use"),
        "ch_esr" if digits.len() < 16 => Some("no slip has less than sixteen digits"),
        "es_dni" if digits.len() == 7 => Some("numbers below ten million may be written without their zero"),
        "fr_tva" if !value.starts_with("FR") => Some("without the country's letters it is a SIREN and two characters"),
        "iban" if value.contains("bANK") || value.starts_with("G T") => {
            Some("small letters and a blank are no other account")
        }
        "in_epic" | "in_gstin" | "in_pan" | "sg_nric_fin" if example => {
            Some("the example has no right check character")
        }
        "it_codice_fiscale" if value.ends_with("333N") => Some("the check letter of this example is Y"),
        "imei" if digits.len() != 15 => Some("without a check digit it counts beside its own name alone"),
        "kr_brn" if library => Some("the library does not compute the check digit"),
        "kr_rrn" if matches!(at(6), 5..=8) => Some("the seventh digit is a foreigner's"),
        "kr_rrn" if !valid => Some("numbers since October 2020 have no check digit"),
        "no_kontonr" if digits.len() == 7 => Some("the postal giro's numbers are written with four zeros before them"),
        "pl_pesel" if value.contains('-') => Some("the digits are right, however they are grouped"),
        "th_tnin" if library && !(10..=96).contains(&(10 * at(1) + at(2))) => Some("no such province"),
        "us_aba_routing" if !matches!(head, 1..=12 | 21..=32 | 61..=72 | 80) => Some("no such district"),
        "us_itin" if library && matches!(10 * at(3) + at(4), 50..=65) => Some("groups issued since 2011"),
        _ => None,
    }
}

/// The context words of a type, from its rows; words that may go on are left out.
fn words() -> BTreeMap<String, Vec<String>> {
    let mut words: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in embedded() {
        let file: toml::Table = toml::from_str(source.toml).unwrap();
        for row in file.get("pattern").and_then(toml::Value::as_array).into_iter().flatten() {
            let of_type = words.entry(row["entity"].as_str().unwrap().to_owned()).or_default();
            let languages = row.get("context").and_then(toml::Value::as_table).into_iter().flatten();
            let all = languages.flat_map(|(_, words)| words.as_array().unwrap());
            of_type.extend(all.map(|word| word.as_str().unwrap().to_owned()).filter(|word| !word.ends_with('*')));
        }
    }
    words
}

#[derive(Default)]
struct Score {
    right: u32,
    missed: u32,
    wrong: u32,
    notes: Vec<String>,
}

impl Score {
    fn f1(&self) -> f64 {
        f64::from(2 * self.right) / f64::from(2 * self.right + self.missed + self.wrong)
    }
}

#[test]
fn every_vector_is_found_where_it_stands() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/pii/vectors");
    if !folder.is_dir() {
        eprintln!("skipped: no vectors at ../shared/data/pii/vectors");
        return;
    }
    let (engine, catalogue, words) = (engine(), catalogue(), words());
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let lines = ["presidio", "stdnum", "computed"]
        .map(|file| std::fs::read_to_string(folder.join(file).with_extension("jsonl")).unwrap())
        .concat();
    // Each in every text is for the long run; in the short one each has its turn.
    let in_all = std::env::var("OCTROI_MATRIX").is_ok_and(|which| which == "full");
    for (turn, line) in lines.lines().enumerate() {
        let vector: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| vector[key].as_str().unwrap_or_default();
        let (kind, value, valid) = (text("type"), text("value").trim(), vector["valid"].as_bool().unwrap());
        let Some(of_type) = words.get(kind).filter(|words| !words.is_empty()) else { continue };
        let Some(entity) = catalogue.entity(kind) else { continue };
        if disputed(kind, value, valid, text("source")).is_some() {
            continue;
        }
        // A whole sentence of which the place is not told.
        if valid && (text("note").contains("whole text") || value.contains(": ")) {
            continue;
        }
        let score = scores.entry(kind.to_owned()).or_default();
        let ranges = |text: &str| -> Vec<std::ops::Range<usize>> {
            engine.find(text).into_iter().filter(|found| found.entity == entity).map(|found| found.range).collect()
        };
        if !valid && text("source").starts_with("presidio") {
            if !ranges(value).is_empty() {
                score.wrong += 1;
                score.notes.push(format!("found: {value}"));
            }
            continue;
        }
        let places = TEXTS.iter().enumerate().filter(|(place, _)| in_all || turn % TEXTS.len() == *place);
        for (place, around) in places {
            let word = &of_type[(turn + place) % of_type.len()];
            let whole = around.replace("{word}", word).replace("{value}", value);
            let start = whole.find(value).unwrap();
            let found = ranges(&whole);
            if valid {
                let hit = found.contains(&(start..start + value.len()));
                *if hit { &mut score.right } else { &mut score.missed } += 1;
                if !hit {
                    score.notes.push(format!("missed: {whole}"));
                }
            } else if !found.is_empty() {
                score.wrong += 1;
                score.notes.push(format!("found: {whole}"));
            }
        }
    }
    let poor: Vec<String> = scores
        .iter()
        .filter(|(_, score)| score.f1() < F1_MIN)
        .map(|(kind, score)| format!("{kind}: F1 {:.3}\n  {}", score.f1(), score.notes.join("\n  ")))
        .collect();
    for (kind, score) in &scores {
        eprintln!(
            "{kind}: {} right, {} missed, {} wrong, F1 {:.3}",
            score.right,
            score.missed,
            score.wrong,
            score.f1()
        );
    }
    assert!(poor.is_empty(), "{}", poor.join("\n"));
}
