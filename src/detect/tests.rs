//! The engine as a whole: rows of texts, evasion classes, calls.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::model::call::FieldKey;
use crate::model::{
    Api, Call, Catalogue, ClassId, ClassInfo, ClassSet, Content, Dialect, EntityInfo, Field, Normal, Operation, Role,
    ScanStatus, TokenKind, Word,
};

/// The catalogue of the repository, read as far as detection needs it.
pub(super) fn catalogue() -> Catalogue {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/reference");
    let read =
        |file: &str| toml::from_str::<toml::Table>(&std::fs::read_to_string(folder.join(file)).unwrap()).unwrap();
    let (classes, entities) = (read("classes.toml"), read("entities.toml"));
    let classes = classes["class"].as_table().unwrap();
    let position = |name: &str| u8::try_from(classes.keys().position(|key| key == name).unwrap()).unwrap();
    let infos = entities["entity"].as_table().unwrap().iter().map(|(name, entity)| {
        let mut set = ClassSet::default();
        for class in entity["classes"].as_array().unwrap() {
            set.insert(ClassId(position(class.as_str().unwrap())));
        }
        EntityInfo {
            name: Word::configured(name),
            code: Word::configured(entity["code"].as_str().unwrap()),
            classes: set,
            normal: Normal::Exact,
            names_somebody: false,
        }
    });
    let class =
        |name: &String| ClassInfo { name: Word::configured(name), closure: ClassSet::default(), declared: false };
    Catalogue { entities: infos.collect(), classes: classes.keys().map(class).collect() }
}

pub(super) fn engine() -> Engine {
    Engine::new(embedded(), &catalogue()).unwrap_or_else(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

/// What is found, as `type: text`.
fn found(engine: &Engine, catalogue: &Catalogue, text: &str) -> Vec<String> {
    let name = |found: &Found| catalogue.info(found.entity).unwrap().name.to_string();
    engine.find(text).iter().map(|found| format!("{}: {}", name(found), &text[found.range.clone()])).collect()
}

#[test]
fn every_type_of_the_catalogue_is_served() {
    let (engine, catalogue) = (engine(), catalogue());
    let served = engine.served();
    for (index, entity) in catalogue.entities.iter().enumerate() {
        let id = crate::model::EntityId(u16::try_from(index).unwrap());
        assert!(served.contains(&id), "no detector serves {}", entity.name);
    }
    let described = engine.describe();
    assert!(
        described
            .iter()
            .any(|row| row.id == "fr_nir" && row.country == "FR" && row.classes == [Word::fixed("national-id")])
    );
    assert!(engine.table_bytes() < 2 * 1024 * 1024, "{} bytes of tables", engine.table_bytes());
}

#[test]
fn texts() {
    let (engine, catalogue) = (engine(), catalogue());
    for (name, text, expected) in [
        (
            "a prompt",
            "Mme Sophie Durand (sophie.durand@example.fr, 06 12 34 56 78) : IBAN FR14 2004 1010 0505 0001 3M02 606.",
            vec![
                "person: Sophie Durand",
                "email: sophie.durand@example.fr",
                "phone: 06 12 34 56 78",
                "iban: FR14 2004 1010 0505 0001 3M02 606",
            ],
        ),
        ("a SIRET explains its SIREN", "SIRET 732 829 320 00074 SIREN", vec!["fr_siret: 732 829 320 00074"]),
        ("a NIR is no phone", "nir 1 84 12 76 451 089 46", vec!["fr_nir: 1 84 12 76 451 089 46"]),
        (
            "health",
            "Elle souffre d’hypertension et de diabète de type 2",
            vec!["health_condition: hypertension", "health_condition: diabète de type 2"],
        ),
        (
            "a name confirmed once",
            "M. Jean Petit est venu. Hier, Petit dormait; jean petit aussi, et le petit chat.",
            vec!["person: Jean Petit", "person: Petit", "person: jean petit"],
        ),
        (
            "a name that an address suggests",
            "Claire Vasseur m'a écrit (claire.vasseur@example.org).",
            vec!["person: Claire Vasseur", "email: claire.vasseur@example.org"],
        ),
        (
            "display name",
            "Cc: \"Anna Nowak\" <a.nowak@example.pl>",
            vec!["person: Anna Nowak", "email: a.nowak@example.pl"],
        ),
        (
            "nested in base64",
            "data amVhbi5kdXBvbnRAZXhhbXBsZS5jb20= end",
            vec!["email: amVhbi5kdXBvbnRAZXhhbXBsZS5jb20="],
        ),
        (
            "private key with escapes",
            r"-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
            vec![r"private_key: -----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"],
        ),
        (
            "token",
            "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl ok",
            vec!["jwt: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"],
        ),
        ("JSON", r#"{"siren": "732829320", "nom": "Durand"}"#, vec!["fr_siren: 732829320", "person: Durand"]),
        ("CSV", "id,card\n12,4111111111111111,ok", vec!["card_pan: 4111111111111111"]),
    ] {
        assert_eq!(found(&engine, &catalogue, text), expected, "{name}");
    }
}

#[test]
fn false_friends() {
    let (engine, catalogue) = (engine(), catalogue());
    for (name, text) in [
        ("uuid", "550e8400-e29b-41d4-a716-446655440000 00000000-0000-4000-8000-000000000000"),
        ("git hash", "commit 3fe461a2b9c0d1e2f3a4b5c6d7e8f90123456789"),
        ("timestamps", "2024-11-22T15:30:00.123456Z 20241122153000 1732287605123 1732287605123456"),
        ("versions", "v1.2.3, 10.2.0-rc.1, lodash@4.17.21, Chrome/120.0.6099.129"),
        ("books and goods", "ISBN 978-2-07-036822-8 EAN 4006381333931 3017620422003"),
        ("svg", "M10.5 31.39c0-1.2.0078 31.39-12.34 5.67z stroke-width=\"2\""),
        ("orders", "commande 2024-000123456, order #1234567890, ref 302646179"),
        ("code", "for(i=0;i<10;i++){a[i]=b[i]*0.5;std::vec<u8> x{0x7f,0xff};}"),
        ("amounts", "1 234 567,89 EUR; 12.345.678,90; $1,234,567.00"),
        ("own pseudonyms", "<EMAIL_K7Q2M9F3> [PERSON_ABCDEFGH] Mme «PERSON_K7Q2M9F3» NATIONAL_ID_12345678"),
        ("words", "C4, S3 and EKS; the cold start of Mr President; Dear customer,"),
        ("hexadecimal", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ] {
        assert_eq!(found(&engine, &catalogue, text), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn faults_of_data_files_are_all_reported() {
    let toml = r#"
        [[pattern]]
        id = "a"
        entity = "nothing"
        pattern = "x[0-9]+"
        confidence = 90
        examples = ["x1"]
        counter-examples = ["y1"]
        [[pattern]]
        id = "b"
        entity = "iban"
        pattern = "x[0-9"
        validator = "nobody"
        prefix = ["x"]
        confidence = 101
        examples = []
        counter-examples = []
        [[pattern]]
        id = "c"
        entity = "iban"
        pattern = "xx[0-9]{4}"
        confidence = 90
        examples = ["xx1234", "xx123"]
        counter-examples = ["xx4321"]
    "#;
    let errors = Engine::new(&[Source { name: "own.toml", toml }], &catalogue()).unwrap_err();
    let faults: Vec<(&str, String)> = errors.iter().map(|error| (error.id.as_str(), error.fault.to_string())).collect();
    for expected in [
        ("a", "no entity type `nothing`"),
        ("b", "no validator `nobody`"),
        ("b", "prefix `x` is shorter than three bytes"),
        ("b", "needs at least one example and one counter-example"),
        ("c", "example 2 is not found"),
        ("c", "counter-example 1 is found"),
    ] {
        assert!(faults.iter().any(|(id, fault)| (*id, fault.as_str()) == expected), "{expected:?} in {faults:?}");
    }
    assert!(faults.iter().any(|(id, fault)| *id == "b" && fault.starts_with("pattern: ")), "{faults:?}");
}

/// One way to disguise a value; `None` when it does not apply.
type Disguise = fn(&str) -> Option<String>;

const DISGUISES: &[(&str, Disguise)] = &[
    ("1 zero width", |value| {
        Some(value.chars().flat_map(|c| [c, '\u{200B}']).collect::<String>().trim_end_matches('\u{200B}').to_owned())
    }),
    ("1 soft hyphen", |value| {
        Some(value.replacen(char::is_numeric, "\u{AD}", 0) + "").filter(|_| true).map(|v| v.replace(' ', "\u{AD} "))
    }),
    ("2 full width", |value| {
        Some(
            value
                .chars()
                .map(|c| char::from_u32(c as u32 + 0xFEE0).filter(|_| c.is_ascii_graphic()).unwrap_or(c))
                .collect(),
        )
    }),
    ("2 Arabic digits", |value| {
        Some(value.chars().map(|c| c.to_digit(10).and_then(|d| char::from_u32(0x660 + d)).unwrap_or(c)).collect())
    }),
    ("2 mathematical digits", |value| {
        Some(value.chars().map(|c| c.to_digit(10).and_then(|d| char::from_u32(0x1_D7CE + d)).unwrap_or(c)).collect())
    }),
    ("3 Cyrillic letters", |value| {
        value
            .contains(['A', 'B', 'E', 'M', 'T'])
            .then(|| value.replace('A', "А").replace('B', "В").replace('E', "Е").replace('M', "М").replace('T', "Т"))
    }),
    ("4 narrow no-break spaces", |value| value.contains(' ').then(|| value.replace(' ', "\u{202F}"))),
    ("4 dots", |value| value.contains(' ').then(|| value.replace(' ', "."))),
    ("4 hyphens", |value| value.contains(' ').then(|| value.replace(' ', "\u{2011}"))),
    ("4 one at a time", |value| Some(value.chars().filter(|c| *c != ' ').flat_map(|c| [' ', c]).skip(1).collect())),
    ("5 JSON", |value| Some(value.chars().map(|c| format!("\\u{:04x}", c as u32)).collect())),
    ("5 JSON twice", |value| Some(value.chars().map(|c| format!("\\\\u{:04x}", c as u32)).collect())),
    ("5 URL", |value| Some(value.bytes().map(|b| format!("%{b:02X}")).collect())),
    ("5 HTML", |value| Some(value.chars().map(|c| format!("&#{};", c as u32)).collect())),
    ("5 base64", |value| {
        use base64::Engine as _;
        Some(base64::engine::general_purpose::STANDARD.encode(value))
    }),
    ("5 hexadecimal", |value| Some(value.bytes().map(|b| format!("{b:02x}")).collect())),
    ("1 and 2", |value| {
        Some(
            value
                .chars()
                .flat_map(|c| {
                    [char::from_u32(c as u32 + 0xFEE0).filter(|_| c.is_ascii_graphic()).unwrap_or(c), '\u{200D}']
                })
                .collect::<String>()
                .trim_end_matches('\u{200D}')
                .to_owned(),
        )
    }),
    ("4 and 5", |value| value.contains(' ').then(|| value.replace(' ', "\\u202f"))),
];

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
            if !found(&engine, &catalogue, &text).contains(&wanted) {
                missed.push(format!("{entity} {disguise}: {:?}", found(&engine, &catalogue, &text)));
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
            let types = found(&engine, &catalogue, &text);
            let wrong = types
                .iter()
                .any(|found| ["iban", "card_pan", "fr_nir", "fr_siret"].iter().any(|kind| found.starts_with(kind)));
            assert!(!wrong, "{disguise} {value}: {types:?}");
        }
    }
}

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

#[test]
fn calls() {
    use FieldKey::{Field as Key, Known, None};
    use TokenKind::{Number, String};
    let (engine, catalogue) = (engine(), catalogue());
    let long = "x ".repeat(2000);
    let (first, second) = (format!("{long}mon compte FR14 2004 1010"), format!(" 0505 0001 3M02 606 merci {long}"));
    for (name, fields, expected) in [
        (
            "split over two parts",
            vec![(Role::User, String, "carte 4111 1111 11", 1, None), (Role::User, String, "11 1111 ok", 1, None)],
            vec![(0, "card_pan: 4111 1111 11"), (1, "card_pan: 11 1111")],
        ),
        (
            "split between long parts",
            vec![(Role::User, String, first.as_str(), 1, None), (Role::User, String, second.as_str(), 1, None)],
            vec![(0, "iban: FR14 2004 1010"), (1, "iban:  0505 0001 3M02 606")],
        ),
        (
            "not neighbours",
            vec![(Role::User, String, "carte 4111 1111 11", 1, None), (Role::User, String, "11 1111 ok", 2, None)],
            vec![],
        ),
        (
            "one digit a part",
            "732829320"
                .chars()
                .map(|c| (Role::User, String, &*std::string::String::leak(c.to_string()), 1, None))
                .chain([(Role::User, String, " siren", 1, None)])
                .collect(),
            (0..9)
                .map(|index| {
                    (
                        index,
                        [
                            "fr_siren: 7",
                            "fr_siren: 3",
                            "fr_siren: 2",
                            "fr_siren: 8",
                            "fr_siren: 2",
                            "fr_siren: 9",
                            "fr_siren: 3",
                            "fr_siren: 2",
                            "fr_siren: 0",
                        ][index as usize],
                    )
                })
                .collect(),
        ),
        ("known key", vec![(Role::Unknown, String, "732829320", 1, Known("siren"))], vec![(0, "fr_siren: 732829320")]),
        (
            "caller's key and a number",
            vec![(Role::Unknown, String, "numSiren", 1, None), (Role::Unknown, Number, "732829320", 2, Key(0))],
            vec![(1, "fr_siren: 732829320")],
        ),
        ("short number", vec![(Role::Control, Number, "0.7", 1, None)], vec![]),
        (
            "confirmed elsewhere",
            vec![
                (Role::System, String, "Patient: Marie Lambert", 1, None),
                (Role::User, String, "what has Lambert got?", 2, None),
            ],
            vec![(0, "person: Marie Lambert"), (1, "person: Lambert")],
        ),
        (
            "suggested, then confirmed",
            vec![
                (Role::System, String, "anna.nowak@example.pl", 1, None),
                (Role::User, String, "Anna Nowak called", 2, None),
                (Role::User, String, "so did Nowak again", 3, None),
            ],
            vec![(0, "email: anna.nowak@example.pl"), (1, "person: Anna Nowak"), (2, "person: Nowak")],
        ),
        (
            "tool arguments",
            vec![(Role::ToolCall, String, r#"{"iban":"FR14 2004 1010\u00a00505 0001 3M02 606"}"#, 1, None)],
            vec![(0, r"iban: FR14 2004 1010\u00a00505 0001 3M02 606")],
        ),
    ] {
        let expected: Vec<(u32, std::string::String)> =
            expected.into_iter().map(|(field, text)| (field, text.to_owned())).collect();
        assert_eq!(inspected(&engine, &catalogue, &call(&fields)), expected, "{name}");
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

#[test]
fn nothing_detected_is_printed() {
    let engine = engine();
    let text = "jean.dupont@example.com";
    let found = engine.find(text);
    assert!(!format!("{found:?} {engine:?}").contains("dupont"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever the text, findings are sorted, in it, and on character boundaries.
    #[test]
    fn findings_lie_in_the_text(fragments in proptest::collection::vec(prop_oneof![
        "\\PC{0,12}", "[0-9 .+-]{0,20}", "[A-Za-z0-9@.:/_-]{0,24}", Just("FR14 2004 1010 0505 0001 3M02 606".to_owned()),
        Just("\\u0030%40&eacute;".to_owned()), Just("Mme Durand ".to_owned()), Just("-----BEGIN PRIVATE KEY-----".to_owned()),
        Just("eyJhbGciOiJIUzI1NiJ9.".to_owned()), Just("https://a:b@c.fr?token=12345678 ".to_owned()),
    ], 0..10)) {
        thread_local!(static ENGINE: Engine = engine());
        let text = fragments.concat();
        let found = ENGINE.with(|engine| engine.find(&text));
        for pair in found.windows(2) {
            prop_assert!((pair[0].range.start, std::cmp::Reverse(pair[0].range.end)) <= (pair[1].range.start, std::cmp::Reverse(pair[1].range.end)));
        }
        for found in found {
            prop_assert!(text.get(found.range.clone()).is_some_and(|part| !part.is_empty()));
            prop_assert!((50..=100).contains(&found.confidence));
        }
    }
}
