//! The engine as a whole: rows of texts, and laws that hold for any text.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::model::{Catalogue, ClassId, ClassInfo, ClassSet, EntityInfo, Normal, Word};

mod calls;
mod escaped;
mod lexica;
mod names;
mod numbers;
mod order;
mod papers;
mod seams;
mod secrets;
mod signs;
mod structures;
mod tables;
mod vectors;

/// The catalogue of the repository, read as far as detection needs it.
fn catalogue() -> Catalogue {
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

/// The built-in engine, built once.
fn engine() -> &'static Engine {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
        Engine::new(embedded(), &catalogue()).unwrap_or_else(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            panic!("{}", lines.join("\n"))
        })
    });
    &ENGINE
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
    assert!(engine.table_bytes() < 8 * 1024 * 1024, "{} bytes of tables", engine.table_bytes());
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
                "fr_phone: 06 12 34 56 78",
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
            "in base64 over the end of a line",
            "data\nQWRyZXNzZTogTS4gRlI3NiAz\nMDAwIDYwMDAgMDExMiAzNDU2\nIDc4OTAgMTg5Lg==\nend",
            vec!["iban: QWRyZXNzZTogTS4gRlI3NiAz\nMDAwIDYwMDAgMDExMiAzNDU2\nIDc4OTAgMTg5Lg=="],
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
        (
            "what a URL carries",
            "https://example.fr/x?mail=jean.dupont@example.fr&n=1",
            vec!["url: https://example.fr/x?mail=jean.dupont@example.fr&n=1", "email: jean.dupont@example.fr"],
        ),
        ("JSON", r#"{"siren": "732829320", "nom": "Durand"}"#, vec!["fr_siren: 732829320", "person: Durand"]),
        ("CSV", "id,card\n12,4111111111111111,ok", vec!["card_pan: 4111111111111111"]),
    ] {
        assert_eq!(found(engine, &catalogue, text), expected, "{name}");
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
        assert_eq!(found(engine, &catalogue, text), Vec::<String>::new(), "{name}");
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
        ("b", "prefix `x` has fewer than 3 or more than 32 bytes"),
        ("b", "needs at least one example and one counter-example"),
        ("c", "example 2 is not found"),
        ("c", "counter-example 1 is found"),
    ] {
        assert!(faults.iter().any(|(id, fault)| (*id, fault.as_str()) == expected), "{expected:?} in {faults:?}");
    }
    assert!(faults.iter().any(|(id, fault)| *id == "b" && fault.starts_with("pattern: ")), "{faults:?}");
}

#[test]
fn nothing_detected_is_printed() {
    let engine = engine();
    let text = "jean.dupont@example.com";
    let found = engine.find(text);
    assert!(!format!("{found:?} {engine:?}").contains("dupont"));
}

#[test]
fn every_file_of_the_folder_is_built_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/detectors");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "toml"))
        .collect();
    names.sort();
    let listed: Vec<&str> = embedded().iter().map(|source| source.name).collect();
    assert_eq!(listed, names, "`embedded` lists other files than the folder holds");
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
        let text = fragments.concat();
        let found = engine().find(&text);
        for pair in found.windows(2) {
            prop_assert!((pair[0].range.start, std::cmp::Reverse(pair[0].range.end)) <= (pair[1].range.start, std::cmp::Reverse(pair[1].range.end)));
        }
        for found in found {
            prop_assert!(text.get(found.range.clone()).is_some_and(|part| !part.is_empty()));
            prop_assert!((50..=100).contains(&found.confidence));
        }
    }
}
