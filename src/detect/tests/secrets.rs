//! Secrets of the examples that the development data holds: how many are found, how many placeholders are taken for one.

use super::*;
use crate::detect::settle::Bears;

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

/// Who stands within a secret is found over the whole of it: what speaks of persons must see that they are there.
#[test]
fn whose_secret_it_is() {
    let engine = engine();
    let catalogue = catalogue();
    let claims = base64_of(r#"{"sub":"1234","name":"Camille Aubertin","email":"camille.aubertin@example.com"}"#);
    let token = format!("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{claims}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let key = base64_of("Mme Camille Aubertin, camille.aubertin@example.com, today");
    let block = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----");
    for (text, secret, expected) in [
        ("see {}", "postgres://camille.aubertin@example.com:Secr3tPass99@db.example.com/x", &["email"][..]),
        ("see {}", "mongodb://camille.aubertin%40example.com:Secr3tPass99@db.example.com:27017/x", &["email"]),
        ("see {}", &token, &["email", "person"]),
        (r#"{"id_token":"{}"}"#, &token, &["email", "person"]),
        ("Authorization: Bearer {}", &token, &["email", "person"]),
        ("see {}", &block, &["email", "person"]),
        ("see {}", "postgres://app:Secr3tPass99@db/prod", &[]),
    ] {
        let text = text.replace("{}", secret);
        let found = engine.find(&text);
        let at = text.find(secret).unwrap();
        let whole: Vec<&str> = found
            .iter()
            .filter(|found| found.range.start <= at && at + secret.len() <= found.range.end)
            .map(|found| catalogue.info(found.entity).unwrap().name.as_str())
            .collect();
        assert!(found.iter().any(|found| found.range.start <= at), "{text}: {found:?}");
        for entity in expected {
            assert!(whole.contains(entity), "{text}: {whole:?} {found:?}");
        }
        assert!(!expected.is_empty() || whole.len() == 1, "{text}: {whole:?}");
    }
}

/// Secrets as such say nothing of anybody: what looks like a value within them is noise.
#[test]
fn noise_within_secrets() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/secrets/examples.jsonl");
    let Ok(lines) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not here", path.display());
        return;
    };
    let engine = engine();
    let (mut secrets, mut others) = (0, 0);
    for text in lines.lines().map(|line| serde_json::from_str::<Example>(line).unwrap().parts.concat()) {
        let found = engine.find(&text);
        let bears = |detector: &Word| {
            let number = engine.served.iter().position(|served| served.description.id == *detector).unwrap();
            engine.bears(u16::try_from(number).unwrap())
        };
        for whole in found.iter().filter(|found| bears(&found.detector) == Bears::Secret) {
            secrets += 1;
            for other in
                found.iter().filter(|found| found.range == whole.range && bears(&found.detector) == Bears::Data)
            {
                others += 1;
                eprintln!("{} in {}", other.detector, text[whole.range.clone()].escape_debug());
            }
        }
    }
    eprintln!("{others} other findings over {secrets} secrets");
    assert!(secrets > 1000 && others * 1000 <= secrets * 25);
}

fn base64_of(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}
