//! The JSON Schema of a sheet's canonical JSON, the text that its digest is of. `policies/schema.json` holds it.
//!
//! It is closed: a key that it does not name is a fault, so it cannot fall behind the tree unnoticed.

use serde_json::{Map, Value, json};

/// An object with these keys, all required.
fn object(keys: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    let required: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// A value that names its kind by its only key.
fn tagged(tag: &str, value: &Value) -> Value {
    object(&[(tag, value.clone())])
}

fn list(of: &Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn optional(of: &Value) -> Value {
    json!({ "anyOf": [of, { "type": "null" }] })
}

fn of(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// Atoms joined by `not`, `and`, `or`.
fn expression(own: &str, atom: &Value) -> Value {
    let parts = list(&of(own));
    json!({ "anyOf": [tagged("is", atom), tagged("not", &of(own)), tagged("all", &parts), tagged("any", &parts)] })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn number() -> Value {
    json!({ "type": "integer" })
}

fn boolean() -> Value {
    json!({ "type": "boolean" })
}

fn words(words: &[&str]) -> Value {
    json!({ "enum": words })
}

/// What a condition asks of a request.
fn ask() -> Value {
    let includes = object(&[("what", text()), ("at_least", number()), ("confidence", number())]);
    let mut kinds = vec![
        words(&["health-of-a-person", "minors", "scan-incomplete", "unreadable", "reference", "hosted"]),
        tagged("includes", &includes),
        tagged("leak-at-least", &number()),
        tagged("leak-history-at-least", &number()),
        tagged("residence-in", &list(&of("area"))),
    ];
    let named = ["still-identified", "label-is", "label-at-least", "app", "app-in-group", "tenant", "role", "purpose"];
    kinds.extend(named.iter().map(|tag| tagged(tag, &text())));
    json!({ "anyOf": kinds })
}

/// What a predicate asks of a backend.
fn quality() -> Value {
    let plain = [
        "on-premises",
        "domestic",
        "transfer-basis",
        "contract",
        "keys-ours",
        "attested",
        "retention-none",
        "training-never",
    ];
    let certified = object(&[("scheme", text()), ("level", optional(&text()))]);
    json!({ "anyOf": [
        words(&plain),
        tagged("located-in", &list(&of("area"))),
        tagged("controlled-from", &list(&of("area"))),
        tagged("exposed-to", &text()),
        tagged("certified", &certified),
        tagged("named", &text()),
    ] })
}

/// What a scenario gives.
fn given() -> Value {
    let mut kinds = vec![
        words(&["health-of-a-person", "minors", "scan-incomplete", "unreadable", "reference"]),
        tagged("data", &object(&[("count", number()), ("what", text())])),
        tagged("leak-score", &number()),
        tagged("leak-history", &number()),
        tagged("residence", &of("area")),
        tagged("hosted", &object(&[("tool", text()), ("host", optional(&text()))])),
    ];
    kinds.extend(["app", "tenant", "role", "purpose", "label"].iter().map(|tag| tagged(tag, &text())));
    json!({ "anyOf": kinds })
}

fn action() -> Value {
    words(&["generalise", "pseudonymise", "pseudonymise unlinkably", "redact", "drop", "block"])
}

fn rule() -> Value {
    object(&[
        ("name", text()),
        ("because", optional(&text())),
        ("gate", of("gate")),
        ("on", optional(&of("predicate"))),
        ("only", optional(&of("predicate"))),
        ("never", optional(&of("predicate"))),
        ("duties", list(&object(&[("action", action()), ("targets", list(&text()))]))),
        ("seals", boolean()),
        ("keeps", list(&object(&[("targets", list(&text())), ("because", text())]))),
        ("prefers", list(&of("predicate"))),
    ])
}

fn exception() -> Value {
    object(&[
        ("name", text()),
        ("rule", optional(&text())),
        ("because", optional(&text())),
        ("when", optional(&of("condition"))),
        ("until", optional(&text())),
        ("approved", list(&text())),
    ])
}

fn sheet() -> Vec<(&'static str, Value)> {
    let says =
        object(&[("label", text()), ("lowers", boolean()), ("classes", list(&text())), ("issuers", list(&text()))]);
    let allow = object(&[("backends", of("predicate")), ("gate", of("gate"))]);
    let tool = object(&[("tool", text()), ("host", optional(&text())), ("gate", of("gate"))]);
    let fall_back = object(&[("after_ms", optional(&number())), ("gate", of("gate"))]);
    let duty = object(&[("action", action()), ("targets", list(&text()))]);
    let mut then = object(&[("allowed", boolean()), ("backend", text()), ("must", duty), ("seals", boolean())]);
    if let Some(then) = then.as_object_mut() {
        // Absent where nothing is to be done.
        then.insert("required".to_owned(), json!(["allowed", "backend"]));
    }
    let scenario = object(&[("title", text()), ("given", list(&given())), ("then", list(&then))]);
    vec![
        ("pack", boolean()),
        ("title", text()),
        ("version", number()),
        ("owner", text()),
        ("review_before", optional(&text())),
        ("home", optional(&of("area"))),
        ("labels", list(&text())),
        ("says", list(&says)),
        ("uses", list(&text())),
        ("groups", list(&object(&[("name", text()), ("apps", list(&text()))]))),
        ("allows", list(&allow)),
        ("tools", list(&tool)),
        ("rules", list(&rule())),
        ("exceptions", list(&exception())),
        ("fall_backs", list(&fall_back)),
        ("scenarios", list(&scenario)),
    ]
}

/// The schema.
pub fn schema() -> Value {
    let gate = object(&[
        ("when", optional(&of("condition"))),
        ("unless", optional(&of("condition"))),
        ("from", optional(&text())),
        ("until", optional(&text())),
    ]);
    let country = object(&[("code", text()), ("overseas", boolean())]);
    let area = json!({ "anyOf": [words(&["eea", "eu", "home"]), tagged("country", &country)] });
    let mut whole = object(&sheet());
    // A statement that a sheet need not have, and that its digest does not count where it has none.
    let values = list(&object(&[("hosts", list(&text()))]));
    if let Some(properties) = whole.pointer_mut("/properties").and_then(Value::as_object_mut) {
        properties.insert("addresses".to_owned(), values);
    }
    if let Some(whole) = whole.as_object_mut() {
        whole.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        whole.insert("title".to_owned(), json!("octroi policy sheet or pack, canonical form"));
        let defs = json!({
            "area": area,
            "gate": gate,
            "condition": expression("condition", &ask()),
            "predicate": expression("predicate", &quality()),
        });
        whole.insert("$defs".to_owned(), defs);
    }
    whole
}
