//! Secrets of the examples that the development data holds: how many are found, how many placeholders are taken for one.

use super::*;

#[derive(serde::Deserialize)]
struct Example {
    rule: String,
    valid: bool,
    parts: Vec<String>,
    start: Option<usize>,
    end: Option<usize>,
}

/// Detectors that go by the name of a key or a label, or that decode; no provider's rule says anything about them.
const OTHER_EVIDENCE: &[&str] = &["assigned_secret", "assigned_key", "password", "jwt"];

/// Share of true examples that must be found, and of false ones that may be, in thousandths.
const FOUND_MIN: usize = 980;
const ALARMS_MAX: usize = 30;

#[test]
fn examples_of_every_rule() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/secrets/examples.jsonl");
    let Ok(lines) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not here", path.display());
        return;
    };
    let (engine, catalogue) = (engine(), catalogue());
    let is_secret = |found: &Found| {
        let info = catalogue.info(found.entity).unwrap();
        info.code == "SECRET" || info.name == "url_with_credentials"
    };
    let (mut truly, mut found, mut falsely, mut alarms, mut others) = (0, 0, 0, 0, 0);
    for example in lines.lines().map(|line| serde_json::from_str::<Example>(line).unwrap()) {
        let text = example.parts.concat();
        let chars: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let place = example.start.zip(example.end).map(|(start, end)| chars[start]..chars[end]);
        let hits: Vec<Found> =
            engine.find(&text).into_iter().filter(|found| found.confidence >= 50 && is_secret(found)).collect();
        let touches =
            |hit: &Found| place.as_ref().is_none_or(|place| hit.range.start < place.end && place.start < hit.range.end);
        if example.valid {
            truly += 1;
            if hits.iter().any(touches) {
                found += 1;
            } else {
                eprintln!("missed {}: {}", example.rule, text.chars().take(120).collect::<String>().escape_debug());
            }
        } else {
            falsely += 1;
            if let Some(hit) = hits.first() {
                // A row says what its own rule must not take; another kind of evidence may be right about the same text.
                let own = !OTHER_EVIDENCE.contains(&hit.detector.as_str());
                *(if own { &mut alarms } else { &mut others }) += 1;
                eprintln!("alarm {} by {}: {}", example.rule, hit.detector, text[hit.range.clone()].escape_debug());
            }
        }
    }
    eprintln!(
        "{found} of {truly} true examples found; of {falsely} false ones {alarms} taken for what they are not, {others} for \
         something that their rule does not look for"
    );
    assert!(truly > 1000 && found * 1000 >= truly * FOUND_MIN && alarms * 1000 <= falsely * ALARMS_MAX);
}
