//! The lexica on real text of the development data: nearly every clinical case must have words of health, and newspapers,
//! encyclopaedias and court decisions few.

use std::collections::BTreeMap;
use std::io::Read;

use super::*;

#[derive(serde::Deserialize)]
struct Line {
    text: String,
}

/// The texts of a file of the development data, every n-th of them; `None` when the file is not here.
pub(super) fn texts_of(file: &str, step: usize) -> Option<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/pii/dev").join(file);
    let bytes = std::fs::read(path).ok()?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    Some(text.lines().step_by(step).map(|line| serde_json::from_str::<Line>(line).unwrap().text).collect())
}

#[test]
fn words_of_health_on_real_text() {
    // At least and at most so many texts in a thousand with a finding of the type.
    for (file, step, entity, least, most) in [
        ("meddocan_dev.es.jsonl.gz", 4, "health_condition", 980, 1000),
        ("wikigold.en.jsonl.gz", 3, "health_condition", 0, 25),
        ("germeval14_dev.de.jsonl.gz", 4, "health_condition", 0, 40),
        ("swedish_ner_train.sv.jsonl.gz", 10, "health_condition", 0, 20),
        ("wikigold.en.jsonl.gz", 3, "belief_union_orientation_origin", 0, 15),
        ("germeval14_dev.de.jsonl.gz", 4, "belief_union_orientation_origin", 0, 15),
    ] {
        let Some(texts) = texts_of(file, step) else {
            eprintln!("skipped: {file} is not here");
            continue;
        };
        let (engine, catalogue) = (engine(), catalogue());
        let entity_id = catalogue.entity(entity).unwrap();
        let (mut with, mut words) = (0, BTreeMap::<String, usize>::new());
        for text in &texts {
            let found = engine.find(text);
            let mut found = found.iter().filter(|found| found.entity == entity_id).peekable();
            with += usize::from(found.peek().is_some());
            for found in found {
                *words.entry(text[found.range.clone()].to_lowercase()).or_default() += 1;
            }
        }
        let mut words: Vec<(usize, String)> = words.into_iter().map(|(word, count)| (count, word)).collect();
        words.sort_by(|a, b| b.cmp(a));
        words.truncate(40);
        let share = with * 1000 / texts.len();
        eprintln!("{file} {entity}: {share} of 1,000 texts; {words:?}");
        assert!((least..=most).contains(&share), "{file} {entity}: {share}");
    }
}
