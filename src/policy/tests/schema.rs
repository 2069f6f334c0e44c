//! The JSON Schema of the canonical JSON: `policies/schema.json` is the one that this build writes, and every sheet fits it.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::policy::diagnostic::File;
use crate::policy::parser::{language_of, parse};
use crate::policy::schema;

fn tree(text: &str) -> Value {
    let mut faults = Vec::new();
    let sheet = parse(&File::new("main.policy", text, language_of(text)), &mut faults).unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    serde_json::to_value(sheet).unwrap()
}

/// As much of JSON Schema as the schema uses; each keyword that it does not know is a fault.
fn fits(value: &Value, schema: &Value, whole: &Value) -> Result<(), String> {
    let told = schema.as_object().unwrap();
    for (keyword, demand) in told {
        match keyword.as_str() {
            "$schema" | "$id" | "title" | "description" | "$defs" | "required" | "additionalProperties" => {}
            "$ref" => {
                let name = demand.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                fits(value, &whole["$defs"][name], whole)?;
            }
            "type" => {
                let is = match demand.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_u64(),
                    "null" => value.is_null(),
                    other => return Err(format!("type {other}")),
                };
                if !is {
                    return Err(format!("{value} is no {demand}"));
                }
            }
            "enum" => {
                if !demand.as_array().unwrap().contains(value) {
                    return Err(format!("{value} is none of {demand}"));
                }
            }
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    fits(item, demand, whole)?;
                }
            }
            "anyOf" => {
                let tried: Vec<String> =
                    demand.as_array().unwrap().iter().filter_map(|one| fits(value, one, whole).err()).collect();
                if tried.len() == demand.as_array().unwrap().len() {
                    return Err(format!("{value}: {}", tried.join("; ")));
                }
            }
            "properties" => {
                let Some(object) = value.as_object() else { continue };
                for (key, item) in object {
                    match demand.get(key) {
                        Some(one) => fits(item, one, whole)?,
                        None => return Err(format!("`{key}` is not in the schema")),
                    }
                }
                for key in told.get("required").and_then(Value::as_array).into_iter().flatten() {
                    if !object.contains_key(key.as_str().unwrap()) {
                        return Err(format!("{key} is missing in {value}"));
                    }
                }
            }
            other => return Err(format!("keyword {other}")),
        }
    }
    Ok(())
}

fn check(text: &str) {
    let schema = schema::schema();
    if let Err(fault) = fits(&tree(text), &schema, &schema) {
        panic!("{fault}\n{text}");
    }
}

#[test]
fn the_file_is_not_stale() {
    let written = serde_json::to_string_pretty(&schema::schema()).unwrap();
    let file = include_str!("../../../policies/schema.json");
    assert_eq!(file.trim_end(), written, "the file is stale: it must be what `schema::schema` yields");
}

/// Whoever has the text can hash it again, and knows its form.
#[test]
fn the_digests_are_of_texts_that_can_be_had() {
    let french = "politique \"essai\" version 1 responsable \"dpo\" à revoir avant le 2027-06-30\nsiège FR\n\
        prendre le paquet gdpr-special-categories, own\nautoriser les hébergeurs sur site\n";
    let own = "pack own version 1 owner \"dpo\" review before 2027-06-30\nrule home because \"x\" only backends on premises\n";
    let mut sources = sources(french, example());
    sources.packs.push(file("packs/own.policy", own));
    let adequacy =
        "version = 2\n[[decision]]\ncountry = \"CH\"\ninstrument = \"x\"\nscope = \"whole\"\nfrom = 2000-07-26\n";
    sources.reference.push(file("reference/adequacy.toml", adequacy));
    let policy = good(&sources);
    for (part, digest) in [
        (Part::Sheets, policy.digest()),
        (Part::Inventory, policy.inventory_digest()),
        (Part::Reference, policy.reference_digest()),
    ] {
        let text = digest_text(&sources, part);
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        assert_eq!(hash.as_ref(), digest.0, "{part:?}");
    }
    let schema = schema::schema();
    let said: Value = serde_json::from_str(&digest_text(&sources, Part::Sheets)).unwrap();
    let titles: Vec<&str> = said.as_array().unwrap().iter().map(|sheet| sheet["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["essai", "gdpr-special-categories", "own"]);
    for sheet in said.as_array().unwrap() {
        fits(sheet, &schema, &schema).unwrap();
    }
    let said: Value = serde_json::from_str(&digest_text(&sources, Part::Reference)).unwrap();
    assert_eq!(said["adequacy.toml"]["version"], "2");
}

#[test]
fn every_shipped_sheet_fits() {
    for (_, text) in starter::packs() {
        check(text);
    }
    check(surfaces::EVERYTHING);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_sheet_fits(draft in random::draft(true)) {
        check(&draft.sheet(&(0..draft.rules.len()).collect::<Vec<_>>()));
    }
}
