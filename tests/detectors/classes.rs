//! The classes of the evasion table that are no disguise of one value: spelling, splits, games, look-alikes.
//!
//! A row is a text and what must be found in it, as `type: text`; nothing at all for what only looks like a value.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{CATALOGUE, ENGINE};

/// Class, name, text, and what is found there.
type Row = (u8, &'static str, &'static str, &'static [&'static str]);

const ROWS: &[Row] = &[
    (7, "brackets for the sign", "mail jean.dupont [at] exemple.fr", &["email: jean.dupont [at] exemple.fr"]),
    (7, "round brackets, dots too", "jean (at) exemple (dot) fr", &["email: jean (at) exemple (dot) fr"]),
    (
        7,
        "in French",
        "jean point dupont arobase exemple point fr",
        &["email: jean point dupont arobase exemple point fr"],
    ),
    (7, "in English", "support dot team at example dot com", &["email: support dot team at example dot com"]),
    (7, "in Spanish", "escribe a juan arroba ejemplo punto es", &["email: juan arroba ejemplo punto es"]),
    (
        7,
        "digits in words, in French",
        "appelez-moi au zéro six douze trente-quatre cinquante-six soixante-dix-huit",
        &[
            "phone: zéro six douze trente-quatre cinquante-six soixante-dix-huit",
            "fr_phone: zéro six douze trente-quatre cinquante-six soixante-dix-huit",
        ],
    ),
    (
        7,
        "digits in words, in German",
        "Telefon: null eins sieben eins zwei drei vier fünf sechs sieben acht",
        &["phone: null eins sieben eins zwei drei vier fünf sechs sieben acht"],
    ),
    (
        7,
        "the alphabet of radio",
        "IBAN Foxtrot Romeo one four two zero zero four one zero one zero zero five zero five zero zero zero one three Mike zero two six zero six",
        &[
            "iban: Foxtrot Romeo one four two zero zero four one zero one zero zero five zero five zero zero zero one three Mike zero two six zero six",
        ],
    ),
    (7, "letters for digits", "card 4III 1III 1111 1111", &["card_pan: 4III 1III 1111 1111"]),
    (11, "numbers of a sentence", "one or two of the three cats, four dogs and five birds", &[]),
    (11, "no address", "look at the dot com boom at the end", &[]),
    (11, "UUID", "550e8400-e29b-41d4-a716-446655440000 00000000-0000-4000-8000-000000000000", &[]),
    (11, "git hash", "commit 3fe461a2b9c0d1e2f3a4b5c6d7e8f90123456789 (HEAD)", &[]),
    (11, "digests", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", &[]),
    (11, "timestamps", "2024-11-22T15:30:00.123456Z 20241122153000 1732287605123 1732287605123456", &[]),
    (11, "versions", "v1.2.3, 10.2.0-rc.1, lodash@4.17.21, Chrome/120.0.6099.129", &[]),
    (11, "drawing", "M10.5 31.39c0-1.2.0078 31.39-12.34 5.67z stroke-width=\"2\"", &[]),
    (11, "orders", "commande 2024-000123456, order #1234567890, ref 302646179", &[]),
    (11, "books and goods", "ISBN 978-2-07-036822-8 EAN 4006381333931 3017620422003", &[]),
    (11, "goods that pass the check of cards", "EAN 4006381333931 5901234123457", &[]),
    (
        11,
        "stack trace",
        "    at com.example.OrderController.handle(OrderController.java:4111)\n    at main.rs:1234:56",
        &[],
    ),
    (11, "minified code", "for(i=0;i<10;i++){a[i]=b[i]*0.5;std::vec<u8> x{0x7f,0xff};}", &[]),
    (11, "words", "C4, S3 and EKS; the cold start; BIC and SWIFT are SYSTEMS OF INTEREST", &[]),
    (11, "amounts", "1 234 567,89 EUR; 12.345.678,90; $1,234,567.00", &[]),
    (11, "cells of figures", "| 120 | 4 111 | 98,5 |\n| 730 | 1 284 | 12,0 |", &[]),
    (11, "a reading of a meter", "index 004571 kWh, puissance 36.5 kVA, 21:04:59", &[]),
];

/// What is found in a text, as `type: text`.
fn found(text: &str) -> Vec<String> {
    let named = |found: octroi::detect::Found| {
        let name = CATALOGUE.info(found.entity).unwrap().name.as_str().to_owned();
        format!("{name}: {}", &text[found.range])
    };
    ENGINE.find(text).into_iter().map(named).collect()
}

#[test]
fn classes_are_as_the_page_says() {
    for (class, name, text, expected) in ROWS {
        assert_eq!(&found(text), expected, "{class} {name}");
    }
}

/// Of random numbers that nothing says anything of, the share that a type may take for its own, in thousandths. One check
/// digit passes a hundred, and is no evidence by itself; two, or one and a date, pass about ten. Card numbers have one, and
/// the ranges of issuers, which hold four in ten numbers of sixteen digits.
const BARE_MAX: usize = 20;
const BARE_CARDS_MAX: usize = 60;

#[test]
fn bare_numbers_with_one_check_digit_are_nothing() {
    const NUMBERS: usize = 1_000;
    let mut state = 7_u64;
    let mut wrong = String::new();
    for digits in 5..=20 {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for _ in 0..NUMBERS {
            let mut number = String::new();
            while number.len() < digits {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let digit = u8::try_from((state >> 33) % 10).unwrap();
                // What begins with 0 may be a telephone number, which has no check digit.
                if digit > 0 || !number.is_empty() {
                    number.push(char::from(b'0' + digit));
                }
            }
            for found in found(&format!("So {number} went through, thanks.")) {
                *counts.entry(found.split(':').next().unwrap_or_default().to_owned()).or_default() += 1;
            }
        }
        for (kind, count) in counts {
            let most = if kind == "card_pan" { BARE_CARDS_MAX } else { BARE_MAX };
            if count * 1000 > most * NUMBERS {
                writeln!(wrong, "{kind}: {count} of {NUMBERS} random numbers of {digits} digits").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The table of the page.
pub(crate) fn rendered() -> String {
    let mut out = String::from("| class | written as | found |\n|---|---|---|\n");
    for (class, name, text, expected) in ROWS {
        let cell = |text: &str| text.replace('\n', " ").replace('|', "\\|");
        let found = if expected.is_empty() { "nothing, as it must be".to_owned() } else { cell(&expected.join("; ")) };
        writeln!(out, "| {class} | {name}: `{}` | {found} |", cell(text)).unwrap();
    }
    for (class, what, verdict) in [
        (7, "roman numerals", "not found"),
        (
            8,
            "parts, messages, elements of arrays (of JSON in a text too), a key and its value, deltas of a stream",
            "found: read joined with their neighbours, a finding in each part",
        ),
        (
            9,
            "a value of the same conversation again, without its word, reversed, in base64",
            "found once the value was found with its word",
        ),
        (9, "a new value reversed, acrostics, translations", "not found, and out of scope"),
        (
            10,
            "pictures, sound, documents, ids of files",
            "not read: the request counts as unreadable, and policy decides",
        ),
        (12, "inputs made to be slow", "nothing backtracks; over budget the scan counts as incomplete"),
    ] {
        writeln!(out, "| {class} | {what} | {verdict} |").unwrap();
    }
    out
}
