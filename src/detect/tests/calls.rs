//! Whole calls: parts read joined, keys as context, names known elsewhere, coverage.

use super::{catalogue, engine};
use crate::detect::Engine;
use crate::model::call::FieldKey;
use crate::model::{Api, Call, Catalogue, Content, Dialect, Field, Operation, Role, ScanStatus, TokenKind};

/// A call whose body is not looked at: fields with their own decoded text.
fn call(fields: &[(Role, TokenKind, &str, u32, FieldKey)]) -> Call {
    let fields = fields.iter().map(|(role, kind, text, group, key)| Field {
        path: "messages[].content",
        role: *role,
        kind: *kind,
        span: 0..0,
        content: Content::Decoded((*text).into()),
        group: *group,
        key: *key,
    });
    Call {
        api: Api { dialect: Dialect::OpenAi, operation: Operation::ChatCompletions },
        body: String::new(),
        fields: fields.collect(),
        model: 0,
        stream: false,
        store: None,
        open: 1,
        hosted: vec![],
    }
}

fn inspected(engine: &Engine, catalogue: &Catalogue, call: &Call) -> Vec<(u32, String)> {
    let findings = engine.inspect(call);
    assert_eq!(findings.scan, ScanStatus::Complete);
    let row = |finding: &crate::model::Finding| {
        let text = call.text(&call.fields[finding.field as usize]);
        let part = &text[finding.range.start as usize..finding.range.end as usize];
        (finding.field, format!("{}: {part}", catalogue.info(finding.entity).unwrap().name))
    };
    findings.list.iter().map(row).collect()
}

/// A name, texts with their groups, and what is found in which.
type Row<'a> = (&'a str, &'a [(&'a str, u32)], &'a [(u32, &'a str)]);

/// Inspects calls of user text, one group number a field, and compares `(field, "type: text")`.
fn check(rows: &[Row<'_>]) {
    let (engine, catalogue) = (engine(), catalogue());
    for (name, texts, expected) in rows {
        let fields: Vec<_> =
            texts.iter().map(|(text, group)| (Role::User, TokenKind::String, *text, *group, FieldKey::None)).collect();
        let expected: Vec<(u32, String)> = expected.iter().map(|(field, text)| (*field, (*text).to_owned())).collect();
        assert_eq!(inspected(engine, &catalogue, &call(&fields)), expected, "{name}");
    }
}

#[test]
fn neighbours_are_read_joined() {
    let long = "x ".repeat(2000);
    let (first, second) = (format!("{long}mon compte FR14 2004 1010"), format!(" 0505 0001 3M02 606 merci {long}"));
    check(&[
        (
            "split over two parts",
            &[("carte 4111 1111 11", 1), ("11 1111 ok", 1)],
            &[(0, "card_pan: 4111 1111 11"), (1, "card_pan: 11 1111")],
        ),
        (
            "split between long parts",
            &[(&first, 1), (&second, 1)],
            &[(0, "iban: FR14 2004 1010"), (1, "iban:  0505 0001 3M02 606")],
        ),
        ("not neighbours", &[("carte 4111 1111 11", 1), ("11 1111 ok", 2)], &[]),
        (
            "one character a part",
            &[("siren ", 1), ("732", 1), ("8", 1), ("2", 1), ("9", 1), ("320", 1)],
            &[(1, "fr_siren: 732"), (2, "fr_siren: 8"), (3, "fr_siren: 2"), (4, "fr_siren: 9"), (5, "fr_siren: 320")],
        ),
        (
            "an escape is split with its value",
            &[("iban FR14 2004 1010\\u00", 1), ("a00505 0001 3M02 606", 1)],
            &[(0, "iban: FR14 2004 1010\\u00"), (1, "iban: a00505 0001 3M02 606")],
        ),
    ]);
}

#[test]
fn names_are_known_everywhere() {
    check(&[
        (
            "confirmed elsewhere",
            &[("Patient: Marie Lambert", 1), ("what has Lambert got?", 2)],
            &[(0, "person: Marie Lambert"), (1, "person: Lambert")],
        ),
        (
            "suggested, then confirmed",
            &[("anna.nowak@example.pl", 1), ("Anna Nowak called", 2), ("so did Nowak again", 3)],
            &[(0, "email: anna.nowak@example.pl"), (1, "person: Anna Nowak"), (2, "person: Nowak")],
        ),
        (
            "tool arguments",
            &[(r#"{"iban":"FR14 2004 1010\u00a00505 0001 3M02 606"}"#, 1)],
            &[(0, r"iban: FR14 2004 1010\u00a00505 0001 3M02 606")],
        ),
    ]);
}

#[test]
fn keys_are_context() {
    let (engine, catalogue) = (engine(), catalogue());
    for (name, fields, expected) in [
        (
            "known key",
            vec![(Role::Unknown, TokenKind::String, "732829320", 1, FieldKey::Known("siren"))],
            vec![(0, "fr_siren: 732829320")],
        ),
        (
            "caller's key and a number",
            vec![
                (Role::Unknown, TokenKind::Key, "numSiren", 1, FieldKey::None),
                (Role::Unknown, TokenKind::Number, "732829320", 2, FieldKey::Field(0)),
            ],
            vec![(1, "fr_siren: 732829320")],
        ),
        ("no key", vec![(Role::Unknown, TokenKind::String, "732829320", 1, FieldKey::None)], vec![]),
        ("short number", vec![(Role::Control, TokenKind::Number, "0.7", 1, FieldKey::None)], vec![]),
        (
            "name under a key",
            vec![(Role::Unknown, TokenKind::String, "Durand", 1, FieldKey::Known("last_name"))],
            vec![(0, "person: Durand")],
        ),
    ] {
        let expected: Vec<(u32, String)> = expected.into_iter().map(|(field, text)| (field, text.to_owned())).collect();
        assert_eq!(inspected(engine, &catalogue, &call(&fields)), expected, "{name}");
    }
}

#[test]
fn coverage_is_counted() {
    let engine = engine();
    let fields = [
        (Role::User, TokenKind::String, "hello", 1, FieldKey::None),
        (Role::Binary, TokenKind::String, "data:image/png;base64,iVBORw0KGgo", 2, FieldKey::None),
        (Role::Reference, TokenKind::String, "https://x.fr/a.png", 3, FieldKey::None),
        (Role::Unknown, TokenKind::Number, "12", 4, FieldKey::None),
    ];
    let coverage = engine.inspect(&call(&fields)).coverage;
    assert_eq!((coverage.leaves, coverage.scanned, coverage.unknown, coverage.unreadable), (4, 4, 1, 2));
    assert_eq!(coverage.bytes, fields.iter().map(|field| field.2.len() as u64).sum::<u64>());
}

#[test]
fn too_many_findings_make_the_scan_partial() {
    let engine = engine();
    let text = "a@b.fr ".repeat(crate::limits::FINDINGS_MAX + 1);
    let findings = engine.inspect(&call(&[(Role::User, TokenKind::String, &text, 1, FieldKey::None)]));
    assert_eq!(findings.scan, ScanStatus::Partial);
    assert_eq!(findings.list.len(), crate::limits::FINDINGS_MAX);
}
