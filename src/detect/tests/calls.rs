//! Whole calls: parts read joined, keys as context, names known elsewhere, coverage.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::{catalogue, engine};
use crate::detect::page::{Page, Sink, Used};
use crate::detect::{Block, Engine, Memory, Remembered};
use crate::model::call::FieldKey;
use crate::model::{Api, Call, Catalogue, Content, Dialect, Field, Line, Operation, Role, ScanStatus, TokenKind};

/// A call whose body is not looked at: fields with their own decoded text.
pub(super) fn call(fields: &[(Role, TokenKind, &str, u32, FieldKey)]) -> Call {
    let fields = fields.iter().map(|(role, kind, text, group, key)| Field {
        path: "messages[].content",
        role: *role,
        kind: *kind,
        spelling: crate::model::Spelling::Any,
        span: 0..0,
        content: Content::Decoded((*text).into()),
        group: *group,
        key: *key,
    });
    let api = Api { dialect: Dialect::OPENAI, operation: Operation::CHAT };
    Call {
        api,
        body: String::new(),
        fields: fields.collect(),
        line: Line::from(api),
        cited: Vec::new(),
        sources: Vec::new(),
        models: vec![0],
        stream: false,
        json: false,
        store: None,
        open: 1,
        hosted: vec![],
        previous: None,
        places: vec![],
    }
}

pub(super) fn inspected(engine: &Engine, catalogue: &Catalogue, call: &Call) -> Vec<(u32, String)> {
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
pub(super) type Row<'a> = (&'a str, &'a [(&'a str, u32)], &'a [(u32, &'a str)]);

/// Inspects calls of user text, one group number a field, and compares `(field, "type: text")`.
pub(super) fn check(rows: &[Row<'_>]) {
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
        (
            "split over two messages",
            &[("carte 4111 1111 11", 1), ("11 1111 ok", 2)],
            &[(0, "card_pan: 4111 1111 11"), (1, "card_pan: 11 1111")],
        ),
        ("not neighbours", &[("carte 4111 1111 11", 1), ("well", 2), ("11 1111 ok", 3)], &[]),
        (
            "elements of an array",
            &[("iban ", 1), ("FR14 2004 1010 ", 2), ("0505 0001 3M02 606", 3)],
            &[(1, "iban: FR14 2004 1010 "), (2, "iban: 0505 0001 3M02 606")],
        ),
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

/// A word that happens to stand before an address in pieces, or before a domain, is a text of its own.
#[test]
fn words_before_a_split_address_are_not_taken_along() {
    check(&[
        (
            "an address in two elements",
            &[("hello", 1), ("camille.aub", 2), ("ertin@example.com", 3)],
            &[(1, "email: camille.aub"), (2, "email: ertin@example.com")],
        ),
        ("a list of domains", &[("Which of them is ours? hello", 1), ("@example.com", 2)], &[]),
        (
            "a local part of its own",
            &[("camille.aubertin", 1), ("@example.com", 2)],
            &[(0, "email: camille.aubertin"), (1, "email: @example.com")],
        ),
        (
            "parts of one text",
            &[("camille.", 1), ("aubertin@exa", 1), ("mple.com", 1)],
            &[(0, "email: camille."), (1, "email: aubertin@exa"), (2, "email: mple.com")],
        ),
    ]);
}

/// A program writes the titles of a schema from the names of its types and fields; what is called like somebody stays one.
#[test]
fn titles_of_schemas_are_no_people() {
    let (engine, catalogue) = (engine(), catalogue());
    for (text, key, expected) in [
        ("Dossier", "title", &[][..]),
        ("Claire Martin", "title", &["person: Claire Martin"]),
        ("Cherche Camille Aubertin", "description", &["person: Camille Aubertin"]),
    ] {
        let fields = [(Role::Schema, TokenKind::String, text, 1, FieldKey::Known(key))];
        let expected: Vec<(u32, String)> = expected.iter().map(|found| (0, (*found).to_owned())).collect();
        assert_eq!(inspected(engine, &catalogue, &call(&fields)), expected, "{text}");
    }
}

/// Names of tools, of speakers and of keys are read with their words apart; texts are not.
#[test]
fn names_of_programs_are_read_as_words() {
    let (engine, catalogue) = (engine(), catalogue());
    for (text, expected) in [
        ("Mathieu_Delacourt", &["person: Mathieu_Delacourt"][..]),
        ("call_mathieu_delacourt", &["person: mathieu_delacourt"]),
        ("mathieu.delacourt", &["person: mathieu.delacourt"]),
        ("getBalanceMathieuDelacourt", &["person: MathieuDelacourt"]),
        ("tel_0612345678", &["phone: 0612345678", "fr_phone: 0612345678"]),
        ("tel0612345678", &["phone: 0612345678", "fr_phone: 0612345678"]),
        ("get-balance-FR7630006000011234567890189", &["iban: FR7630006000011234567890189"]),
        ("get_current_weather", &[]),
        ("toolu_01A09q90qw90lq917835lq9", &[]),
        ("call-550e8400-e29b-41d4-a716-446655440000", &[]),
    ] {
        let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        for (role, kind) in
            [(Role::Name, TokenKind::String), (Role::Identifier, TokenKind::String), (Role::User, TokenKind::Key)]
        {
            let call = call(&[
                (role, kind, text, 1, FieldKey::None),
                (Role::Name, TokenKind::String, text, 2, FieldKey::None),
            ]);
            let all = inspected(engine, &catalogue, &call);
            let of = |index: u32| {
                all.iter().filter(|(field, _)| *field == index).map(|(_, found)| found.clone()).collect::<Vec<_>>()
            };
            assert_eq!((of(0), of(1)), (expected.clone(), expected.clone()), "{text}");
        }
    }
    // What a schema says several times (`properties`, `required`, `$ref`) is read alike everywhere, and its parts stay equal.
    let twice = [
        (Role::Schema, TokenKind::Key, "call_mathieu_delacourt", 1, FieldKey::None),
        (Role::Schema, TokenKind::String, "call_mathieu_delacourt", 1, FieldKey::None),
    ];
    assert_eq!(inspected(engine, &catalogue, &call(&twice)), []);
    // A name that only the prompt gives away is found in a name too.
    let call = call(&[
        (Role::User, TokenKind::String, "Mme Xelqua Vandroy est arrivée.", 1, FieldKey::None),
        (Role::Name, TokenKind::String, "call_xelqua_vandroy", 2, FieldKey::None),
    ]);
    let expected = [(0, "person: Xelqua Vandroy".to_owned()), (1, "person: xelqua_vandroy".to_owned())];
    assert_eq!(inspected(engine, &catalogue, &call), expected);
}

/// A value that stands whole in one text takes no word of the text before or behind it with it.
#[test]
fn words_of_a_neighbour_are_no_part_of_a_value() {
    let mail = "mathieu.delacourt@perrin-freres.fr";
    let found = "email: mathieu.delacourt@perrin-freres.fr";
    let wrote = "mathieu.delacourt@perrin-freres.fr wrote to me";
    check(&[
        ("a sentence before", &[("You are a helpful assistant", 1), (wrote, 2)], &[(1, found)]),
        ("and its stop", &[("You are a helpful assistant.", 1), (wrote, 2)], &[(1, found)]),
        ("a text of one word", &[("hello", 1), (mail, 2)], &[(1, found)]),
        (
            "a sentence behind a name",
            &[("Le patient est Mathieu Delacourt", 1), ("Traduire en anglais", 1)],
            &[(0, "person: Mathieu Delacourt")],
        ),
        (
            "a count behind a number",
            &[("mon numéro 06 12 34 56 78", 1), ("3 pommes", 2)],
            &[(0, "phone: 06 12 34 56 78"), (0, "fr_phone: 06 12 34 56 78")],
        ),
        (
            "two values",
            &[(mail, 1), ("06 12 34 56 78", 2)],
            &[(0, found), (1, "phone: 06 12 34 56 78"), (1, "fr_phone: 06 12 34 56 78")],
        ),
        // What may be part of it is: a cut in the middle of a word, and of an address.
        (
            "cut at a point",
            &[("write to mathieu.dela", 1), ("court@perrin-freres.fr", 2)],
            &[(0, "email: mathieu.dela"), (1, "email: court@perrin-freres.fr")],
        ),
        (
            "cut in a word",
            &[("write to mathi", 1), ("eu.delacourt@perrin-freres.fr", 1)],
            &[(0, "email: mathi"), (1, "email: eu.delacourt@perrin-freres.fr")],
        ),
        (
            "cut in a name",
            &[("Le patient est Mathieu Dela", 1), ("court depuis hier", 1)],
            &[(0, "person: Mathieu Dela"), (1, "person: court")],
        ),
    ]);
    let (engine, catalogue) = (engine(), catalogue());
    let keyed = call(&[
        (Role::User, TokenKind::Key, "user_id", 1, FieldKey::None),
        (Role::User, TokenKind::String, mail, 2, FieldKey::Field(0)),
    ]);
    assert_eq!(inspected(engine, &catalogue, &keyed), [(1, found.to_owned())], "a key keeps its name");
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
fn values_are_known_everywhere() {
    check(&[
        (
            "bare in a later message, backwards in the next",
            &[("SIREN 732 829 320", 1), ("and 732829320 again", 2), ("read 023928237 from its end", 3)],
            &[(0, "fr_siren: 732 829 320"), (1, "fr_siren: 732829320"), (2, "fr_siren: 023928237")],
        ),
        ("unknown", &[("and 732829320 again", 1)], &[]),
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
fn numbers_in_other_spellings() {
    let engine = engine();
    for (text, found) in [
        ("4111111111111111", true),
        ("4.111111111111111e15", true),
        ("4111111111111111.0", true),
        ("4111111111.111111E+6", true),
        ("4.1111111111111115e15", false),
        ("4111111111111111.5", false),
        ("4.1e999999999999999999", false),
    ] {
        let findings = engine.inspect(&call(&[(Role::Unknown, TokenKind::Number, text, 1, FieldKey::Known("card"))]));
        let ranges: Vec<_> = findings.list.iter().map(|finding| finding.range.clone()).collect();
        let whole = 0..u32::try_from(text.len()).unwrap();
        assert_eq!(ranges.contains(&whole), found, "{text} {ranges:?}");
    }
}

#[test]
fn too_many_findings_make_the_scan_partial() {
    let engine = engine();
    let text = "a@b.fr ".repeat(crate::limits::FINDINGS_MAX + 1);
    let findings = engine.inspect(&call(&[(Role::User, TokenKind::String, &text, 1, FieldKey::None)]));
    assert_eq!(findings.scan, ScanStatus::Partial);
    assert_eq!(findings.list.len(), crate::limits::FINDINGS_MAX);
}

#[test]
fn too_many_places_make_the_scan_partial() {
    let text = "1 ".repeat(40);
    let page = Page { text: &text, key: None };
    for (left, partial) in [(39, true), (40, false)] {
        let places = crate::limits::SCAN_PLACES_MAX - left;
        let mut sink = Sink::new(Used { hits: 0, places });
        engine().scan(&page, 0, &mut sink);
        assert_eq!((sink.full, sink.places), (partial, left), "{left}");
    }
}

type TextAndKey = (String, Option<String>);

/// A memory that forgets nothing and counts what it was asked.
#[derive(Debug, Default)]
struct Everything {
    known: Mutex<HashMap<TextAndKey, Arc<Remembered>>>,
    recalled: AtomicUsize,
}

impl Memory for Everything {
    fn recall(&self, block: &Block<'_>) -> Option<Arc<Remembered>> {
        let name = (block.text.to_owned(), block.key.map(str::to_owned));
        let known = self.known.lock().unwrap().get(&name).cloned();
        self.recalled.fetch_add(usize::from(known.is_some()), Ordering::Relaxed);
        known
    }

    fn keep(&self, block: &Block<'_>, found: Remembered) {
        let name = (block.text.to_owned(), block.key.map(str::to_owned));
        self.known.lock().unwrap().insert(name, Arc::new(found));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Turn after turn of a growing history, what is remembered and what is scanned afresh lead to the same findings.
    #[test]
    fn cached_and_fresh_give_the_same_findings(turns in proptest::collection::vec((proptest::collection::vec(prop_oneof![
        Just("Mme Durand ".to_owned()), Just("Durand ".to_owned()), Just("anna.nowak@example.pl ".to_owned()),
        Just("Anna Nowak ".to_owned()), Just("FR14 2004 1010 ".to_owned()), Just("0505 0001 3M02 606 ".to_owned()),
        Just("siren\u{A0}: 732\u{202F}829 320 ".to_owned()), Just("06 12 34 56 78 caf\u{E9} ".to_owned()),
        Just(r"\u0034111 1111 1111 1111 ".to_owned()), "[a-z ]{0,20}", Just("word and word ".repeat(40)),
    ], 0..8), 0_u32..3, any::<bool>()), 1..6)) {
        let engine = engine();
        let memory = Everything::default();
        let texts: Vec<(String, u32, bool)> = turns.iter().map(|(parts, group, keyed)| {
            (format!("{}{}", parts.concat(), "so it goes on and on ".repeat(25)), *group, *keyed)
        }).collect();
        for turn in 1..=texts.len() {
            let fields: Vec<_> = texts.iter().take(turn).map(|(text, group, keyed)| {
                let key = if *keyed { FieldKey::Known("siren") } else { FieldKey::None };
                (Role::User, TokenKind::String, text.as_str(), *group, key)
            }).collect();
            let call = call(&fields);
            prop_assert_eq!(engine.inspect_with(&call, Some(&memory)), engine.inspect(&call));
        }
        prop_assert!(texts.len() < 2 || memory.recalled.load(Ordering::Relaxed) > 0, "nothing was recalled");
    }
}
