//! What stands beside what in the tables.

use super::*;
use crate::audit::index::RollupKey;

/// What was refused stands beside no recipient, whatever else went there.
#[test]
fn a_class_stands_beside_those_who_got_it() {
    let rollup = |decision: &str, backend: &str, class: &str, count| {
        let (decision, backend, class) = (decision.to_owned(), backend.to_owned(), class.to_owned());
        let key = RollupKey { app: "notes".to_owned(), decision, backend, class, ..RollupKey::default() };
        Rollup { hour: 0, key, count, input_tokens: 0, output_tokens: 0, bytes_out: 0 }
    };
    let rollups = [
        rollup("forward", "us-cloud", "", 3),
        rollup("forward", "us-cloud", "personal", 2),
        rollup("refuse", "", "", 1),
        rollup("refuse", "", "health", 1),
    ];
    let told: Vec<_> = processing(&rollups)
        .rows
        .into_iter()
        .map(|row| row.into_iter().filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(told, ["notes health 1 0", "notes us-cloud personal 0 3"]);
}

#[test]
fn a_month_begins_and_ends() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    for (text, expected) in [
        ("2026-11", Some((at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z")))),
        ("2027-02", Some((at("2027-02-01T00:00:00Z"), at("2027-03-01T00:00:00Z")))),
        ("2026-12", Some((at("2026-12-01T00:00:00Z"), at("2027-01-01T00:00:00Z")))),
        ("2026-13", None),
        ("2026-1", None),
        ("november", None),
    ] {
        assert_eq!(Month::parse(text).and_then(Month::bounds), expected, "{text}");
    }
    assert_eq!(Month::parse("2026-11").unwrap().to_string(), "2026-11");
}
