//! Identifiers: the vectors, valid and invalid, embedded in prose, JSON, CSV and logs, with and without a word that says what
//! they are.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;

use super::score::ratio;
use super::{Eye, data};

#[derive(Deserialize)]
struct Vector {
    r#type: String,
    value: String,
    valid: bool,
    context: Option<String>,
}

/// Counts of one type.
#[derive(Default)]
struct Count {
    valid: usize,
    found: usize,
    any: usize,
    bare: usize,
    bare_any: usize,
    invalid: usize,
    wrong: usize,
    characters: usize,
    leaked: usize,
}

/// Values of one type that are tried: enough for two digits.
const VALUES: usize = 40;

/// Runs all vectors of the types that the engine serves.
pub(crate) fn run(data: &Path, eye: &Eye<'_>) -> String {
    let words = context_words(data);
    let served: Vec<String> = eye
        .engine
        .served()
        .into_iter()
        .filter_map(|entity| Some(eye.catalogue.info(entity)?.name.as_str().to_owned()))
        .collect();
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let mut unserved: BTreeMap<String, usize> = BTreeMap::new();
    for file in ["stdnum", "computed", "presidio"] {
        for line in data::lines(&data.join(format!("pii/vectors/{file}.jsonl"))).lines() {
            let vector: Vector = serde_json::from_str(line).expect("a vector");
            if vector.context.is_some() || vector.r#type.starts_with("checksum") || file == "presidio" && !vector.valid
            {
                continue;
            }
            if !served.contains(&vector.r#type) {
                *unserved.entry(vector.r#type).or_default() += 1;
                continue;
            }
            let count = counts.entry(vector.r#type.clone()).or_default();
            if if vector.valid { count.valid >= 4 * VALUES } else { count.invalid >= 4 * VALUES } {
                continue;
            }
            let word = words.get(&vector.r#type).map_or(vector.r#type.as_str(), String::as_str);
            for text in embedded(word, &vector.value) {
                with_context(count, &vector, &text, eye);
            }
            if vector.valid {
                let text = format!("Bitte prüfen: {} und dann zurück an uns.", vector.value);
                let found = eye.found(&text);
                let place = text.find(&vector.value).unwrap_or_default()
                    ..text.find(&vector.value).unwrap_or_default() + vector.value.len();
                let over = |found: &&super::Sheet| found.range.start < place.end && place.start < found.range.end;
                count.bare += usize::from(found.iter().filter(over).any(|found| found.kind == vector.r#type));
                count.bare_any += usize::from(found.iter().any(|found| over(&found)));
            }
        }
    }
    render(&counts, &unserved)
}

/// A value as prose, JSON, CSV and a log carry it.
fn embedded(word: &str, value: &str) -> [String; 4] {
    [
        format!("Bonjour, je vous transmets comme convenu mon {word} : {value}. Merci de votre retour."),
        format!("{{\"id\": 7, \"{word}\": \"{value}\", \"state\": \"open\"}}"),
        format!("ref;{word};state\n7;{value};open\n"),
        format!("2026-11-03T08:14:22Z INFO request handled {word}={value} status=ok"),
    ]
}

fn with_context(count: &mut Count, vector: &Vector, text: &str, eye: &Eye<'_>) {
    let found = eye.found(text);
    let start = text.find(&vector.value).unwrap_or_default();
    let place = start..start + vector.value.len();
    let over = |found: &&super::Sheet| found.range.start < place.end && place.start < found.range.end;
    let own = found.iter().filter(over).any(|found| found.kind == vector.r#type);
    if !vector.valid {
        count.invalid += 1;
        count.wrong += usize::from(own);
        if own && eye.shows(&vector.r#type) {
            println!("wrong {text}");
        }
        return;
    }
    count.valid += 1;
    count.found += usize::from(own);
    count.any += usize::from(found.iter().any(|found| over(&found)));
    if !own && eye.shows(&vector.r#type) {
        println!("missed {text}");
    }
    for at in place.filter(|at| text.is_char_boundary(*at)) {
        count.characters += 1;
        count.leaked += usize::from(!found.iter().any(|found| found.range.contains(&at)));
    }
}

/// The first context word of each type in the catalogue of types.
fn context_words(data: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(data.join("catalogue.md")).expect("catalogue.md");
    let mut words = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let Some((id, context)) = cells.get(1).zip(cells.get(5)) else { continue };
        let word = context.split(',').next().unwrap_or_default().trim();
        if !word.is_empty() && word != "-" {
            words.insert((*id).to_owned(), word.to_owned());
        }
    }
    words
}

fn render(counts: &BTreeMap<String, Count>, unserved: &BTreeMap<String, usize>) -> String {
    let mut out = String::from(
        "\n## Identifiers in prose, JSON, CSV and logs\n\n| type | valid | recall | any type | invalid | taken for valid | F1 | bare: type | bare: any | leaked |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    let mut sum = Count::default();
    for (kind, count) in counts {
        let precision = ratio(count.found, count.found + count.wrong);
        let recall = ratio(count.found, count.valid);
        let mean = 2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE);
        _ = writeln!(
            out,
            "| {kind} | {} | {recall:.3} | {:.3} | {} | {} | {mean:.3} | {:.3} | {:.3} | {:.1} % |",
            count.valid,
            ratio(count.any, count.valid),
            count.invalid,
            count.wrong,
            ratio(4 * count.bare, count.valid),
            ratio(4 * count.bare_any, count.valid),
            100.0 * ratio(count.leaked, count.characters)
        );
        sum.valid += count.valid;
        sum.found += count.found;
        sum.any += count.any;
        sum.invalid += count.invalid;
        sum.wrong += count.wrong;
        sum.characters += count.characters;
        sum.leaked += count.leaked;
    }
    _ = writeln!(
        out,
        "| all | {} | {:.3} | {:.3} | {} | {} | | | | {:.1} % |",
        sum.valid,
        ratio(sum.found, sum.valid),
        ratio(sum.any, sum.valid),
        sum.invalid,
        sum.wrong,
        100.0 * ratio(sum.leaked, sum.characters)
    );
    if !unserved.is_empty() {
        let names: Vec<&str> = unserved.keys().map(String::as_str).collect();
        _ = writeln!(out, "\nTypes with vectors that no detector serves yet ({}): {}.", names.len(), names.join(", "));
    }
    out
}
