//! Values in disguise (classes 1 to 5 of the evasion table): found whole when right, never found when wrong.

use base64::Engine as _;

use super::{catalogue, engine, found};

/// One way to disguise a value; `None` when it does not apply.
type Disguise = fn(&str) -> Option<String>;

const DISGUISES: &[(&str, Disguise)] = &[
    ("1 zero width", |value| Some(joined(value, "\u{200B}"))),
    ("1 soft hyphen", |value| value.contains(' ').then(|| value.replace(' ', "\u{AD} "))),
    ("2 full width", |value| Some(value.chars().map(full_width).collect())),
    ("2 Arabic digits", |value| Some(digits_from(value, 0x660))),
    ("2 mathematical digits", |value| Some(digits_from(value, 0x1_D7CE))),
    ("3 Cyrillic letters", |value| value.contains(['A', 'B', 'M', 'T']).then(|| value.chars().map(cyrillic).collect())),
    ("4 narrow no-break spaces", |value| value.contains(' ').then(|| value.replace(' ', "\u{202F}"))),
    ("4 dots", |value| value.contains(' ').then(|| value.replace(' ', "."))),
    ("4 hyphens", |value| value.contains(' ').then(|| value.replace(' ', "\u{2011}"))),
    ("4 one at a time", |value| Some(joined(&value.replace(' ', ""), " "))),
    ("5 JSON", |value| Some(escaped(value, |c| format!("\\u{:04x}", c as u32)))),
    ("5 JSON twice", |value| Some(escaped(value, |c| format!("\\\\u{:04x}", c as u32)))),
    ("5 URL", |value| Some(escaped(value, |c| format!("%{:02X}", c as u32)))),
    ("5 HTML", |value| Some(escaped(value, |c| format!("&#{};", c as u32)))),
    ("5 base64", |value| Some(base64::engine::general_purpose::STANDARD.encode(value))),
    ("5 hexadecimal", |value| Some(escaped(value, |c| format!("{:02x}", c as u32)))),
    ("1 and 2", |value| Some(joined(&value.chars().map(full_width).collect::<String>(), "\u{200D}"))),
    ("4 and 5", |value| value.contains(' ').then(|| value.replace(' ', "\\u202f"))),
    ("2 and 5", |value| Some(escaped(&digits_from(value, 0x660), |c| format!("\\u{:04x}", c as u32)))),
];

/// The characters with something between them.
fn joined(value: &str, between: &str) -> String {
    value.chars().map(String::from).collect::<Vec<_>>().join(between)
}

fn escaped(value: &str, escape: fn(char) -> String) -> String {
    value.chars().map(escape).collect()
}

fn digits_from(value: &str, zero: u32) -> String {
    value.chars().map(|c| c.to_digit(10).and_then(|digit| char::from_u32(zero + digit)).unwrap_or(c)).collect()
}

fn full_width(c: char) -> char {
    char::from_u32(c as u32 + 0xFEE0).filter(|_| c.is_ascii_graphic()).unwrap_or(c)
}

fn cyrillic(c: char) -> char {
    match c {
        'A' => 'А',
        'B' => 'В',
        'M' => 'М',
        'T' => 'Т',
        _ => c,
    }
}

#[test]
fn disguised_values_are_found_whole() {
    let (engine, catalogue) = (engine(), catalogue());
    let mut missed = Vec::new();
    for (entity, before, value) in [
        ("iban", "compte ", "FR14 2004 1010 0505 0001 3M02 606"),
        ("card_pan", "carte ", "4111 1111 1111 1111"),
        ("fr_nir", "nir ", "1 84 12 76 451 089 46"),
        ("fr_nir", "nir ", "1 07 03 2B 188 643 64"),
        ("fr_siren", "SIREN ", "732 829 320"),
        ("fr_siret", "SIRET ", "732 829 320 00074"),
        ("fr_tva", "TVA ", "FR 40 303 265 045"),
    ] {
        for (disguise, apply) in DISGUISES {
            let Some(disguised) = apply(value) else { continue };
            let text = format!("{before}{disguised}, fin");
            let wanted = format!("{entity}: {disguised}");
            if !found(engine, &catalogue, &text).contains(&wanted) {
                missed.push(format!("{entity} {disguise}: {:?}", found(engine, &catalogue, &text)));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn disguised_wrong_values_are_not_found() {
    let (engine, catalogue) = (engine(), catalogue());
    for value in
        ["FR14 2004 1010 0505 0001 3M02 607", "4111 1111 1111 1112", "1 84 12 76 451 089 47", "732 829 320 00075"]
    {
        for (disguise, apply) in DISGUISES {
            let Some(disguised) = apply(value) else { continue };
            let text = format!("nombre {disguised}, fin");
            let types = found(engine, &catalogue, &text);
            let wrong = types
                .iter()
                .any(|found| ["iban", "card_pan", "fr_nir", "fr_siret"].iter().any(|kind| found.starts_with(kind)));
            assert!(!wrong, "{disguise} {value}: {types:?}");
        }
    }
}
