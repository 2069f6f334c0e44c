//! Makes JSON that fits a JSON Schema, with the user's text in every free string.
//!
//! It knows what the schemas of tools and of structured answers use: types, enumerations, constants, references, unions,
//! formats, lengths and bounds. It does not solve `pattern` or `not`. Depth, number of nodes and bytes are bounded, because
//! a reference can lead to itself and each string is a copy of the text.

use serde_json::{Map, Number, Value};

use crate::limits;

/// Makes an instance of a schema.
pub(super) fn instance(schema: &Value, text: &str) -> Value {
    Fitter { root: schema, text, nodes_left: NODES_MAX, bytes_left: limits::DEMO_ANSWER_BYTES_MAX }.fit(schema, 0)
}

/// Values of one instance.
const NODES_MAX: usize = 10_000;
/// Depth from which only what is required is made, so that a recursive schema ends.
const SHALLOW: usize = 8;
/// Depth at which nothing more is made.
const DEPTH_MAX: usize = 48;
/// Elements made for an array that asks for many.
const ELEMENTS_MAX: usize = 64;

struct Fitter<'a> {
    root: &'a Value,
    text: &'a str,
    nodes_left: usize,
    bytes_left: usize,
}

impl<'a> Fitter<'a> {
    fn fit(&mut self, schema: &'a Value, depth: usize) -> Value {
        if depth > DEPTH_MAX || self.nodes_left == 0 {
            return Value::Null;
        }
        self.nodes_left = self.nodes_left.saturating_sub(1);
        // `true`, and whatever is no schema, accepts anything.
        let Some(members) = schema.as_object() else { return self.string(None) };
        if let Some(value) = members.get("const") {
            return value.clone();
        }
        if let Some(value) = members.get("enum").and_then(Value::as_array).and_then(|values| values.first()) {
            return value.clone();
        }
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return target.map_or(Value::Null, |target| self.fit(target, depth + 1));
        }
        if let Some(options) = members.get("anyOf").or_else(|| members.get("oneOf")).and_then(Value::as_array) {
            return self.option(options, depth);
        }
        if let Some(parts) = members.get("allOf").and_then(Value::as_array) {
            return self.all(members, parts, depth);
        }
        self.plain(members, depth)
    }

    /// The first option that is not null; near the bottom the null, if there is one.
    fn option(&mut self, options: &'a [Value], depth: usize) -> Value {
        let is_null = |option: &&Value| option.get("type").is_some_and(|kind| kind == "null");
        if depth > SHALLOW && options.iter().any(|option| is_null(&option)) {
            return Value::Null;
        }
        let chosen = options.iter().find(|option| !is_null(option));
        chosen.map_or(Value::Null, |option| self.fit(option, depth + 1))
    }

    /// Objects are joined; of anything else the first part decides.
    fn all(&mut self, members: &'a Map<String, Value>, parts: &'a [Value], depth: usize) -> Value {
        let mut joined = if members.contains_key("properties") { self.object(members, depth) } else { Map::new() };
        for part in parts {
            match self.fit(part, depth + 1) {
                Value::Object(more) => joined.extend(more),
                other if joined.is_empty() => return other,
                _ => {}
            }
        }
        Value::Object(joined)
    }

    fn plain(&mut self, members: &'a Map<String, Value>, depth: usize) -> Value {
        let kind = match members.get("type") {
            Some(Value::String(kind)) => Some(kind.as_str()),
            Some(Value::Array(kinds)) => {
                let mut kinds = kinds.iter().filter_map(Value::as_str);
                kinds.clone().find(|kind| *kind != "null").or_else(|| kinds.next())
            }
            _ if members.contains_key("properties") => Some("object"),
            _ if members.contains_key("items") || members.contains_key("prefixItems") => Some("array"),
            _ => None,
        };
        match kind {
            Some("object") => Value::Object(self.object(members, depth)),
            Some("array") => self.array(members, depth),
            Some("integer") => number(members, true),
            Some("number") => number(members, false),
            Some("boolean") => Value::Bool(true),
            Some("null") => Value::Null,
            _ => self.string(Some(members)),
        }
    }

    fn object(&mut self, members: &'a Map<String, Value>, depth: usize) -> Map<String, Value> {
        let required = members.get("required").and_then(Value::as_array);
        let is_required = |name: &String| required.is_some_and(|names| names.iter().any(|listed| listed == name));
        let mut object = Map::new();
        for (name, schema) in members.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if depth <= SHALLOW || is_required(name) {
                object.insert(name.clone(), self.fit(schema, depth + 1));
            }
        }
        object
    }

    fn array(&mut self, members: &'a Map<String, Value>, depth: usize) -> Value {
        let bound =
            |name: &str| members.get(name).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
        let places = members.get("prefixItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut elements: Vec<Value> = places.iter().map(|schema| self.fit(schema, depth + 1)).collect();
        let least = bound("minItems").unwrap_or(0).max(usize::from(depth <= SHALLOW && places.is_empty()));
        let wanted = least.min(bound("maxItems").unwrap_or(usize::MAX)).min(ELEMENTS_MAX);
        if let Some(schema) = members.get("items").filter(|schema| **schema != Value::Bool(false)) {
            while elements.len() < wanted {
                elements.push(self.fit(schema, depth + 1));
            }
        }
        Value::Array(elements)
    }

    fn string(&mut self, members: Option<&Map<String, Value>>) -> Value {
        let member = |name: &str| members.and_then(|members| members.get(name));
        if let Some(formatted) = member("format").and_then(Value::as_str).and_then(example) {
            return Value::String(formatted.to_owned());
        }
        if self.text.len() > self.bytes_left {
            return Value::String(String::new());
        }
        self.bytes_left = self.bytes_left.saturating_sub(self.text.len());
        let length = |name: &str| member(name).and_then(Value::as_u64).and_then(|length| usize::try_from(length).ok());
        let mut text: String = match length("maxLength") {
            Some(longest) => self.text.chars().take(longest).collect(),
            None => self.text.to_owned(),
        };
        let missing = length("minLength").unwrap_or(0).min(PADDING_MAX).saturating_sub(text.chars().count());
        text.extend(std::iter::repeat_n('.', missing));
        Value::String(text)
    }
}

/// Characters that a short text is filled up to.
const PADDING_MAX: usize = 4_096;

/// A value of a format that the user's text would hardly have.
fn example(format: &str) -> Option<&'static str> {
    match format {
        "date" => Some("2026-01-31"),
        "time" => Some("12:00:00Z"),
        "date-time" => Some("2026-01-31T12:00:00Z"),
        "duration" => Some("P1D"),
        "uuid" => Some("00000000-0000-4000-8000-000000000000"),
        "email" => Some("demonstration@example.com"),
        "uri" => Some("https://example.com/demonstration"),
        "hostname" => Some("example.com"),
        "ipv4" => Some("192.0.2.1"),
        "ipv6" => Some("2001:db8::1"),
        _ => None,
    }
}

/// One, moved into the bounds.
fn number(members: &Map<String, Value>, whole: bool) -> Value {
    let bound = |name: &str| members.get(name).and_then(Value::as_f64);
    let step = if whole { 1.0 } else { 0.5 };
    let low = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|low| low + step));
    let high = bound("maximum").or_else(|| bound("exclusiveMaximum").map(|high| high - step));
    let mut value = 1.0_f64.min(high.unwrap_or(1.0)).max(low.unwrap_or(f64::MIN));
    if let Some(multiple) = bound("multipleOf").filter(|multiple| *multiple > 0.0) {
        value = (value / multiple).ceil() * multiple;
    }
    if !whole {
        return Number::from_f64(value).map_or(Value::Null, Value::Number);
    }
    let value = value.ceil();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the cast saturates, and a schema with such bounds gets its bound"
    )]
    let value = value as i64;
    Value::from(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_instance_fits_its_schema() {
        let rows = [
            ("no schema", json!(null), json!("T")),
            ("anything", json!(true), json!("T")),
            ("text", json!({"type": "string"}), json!("T")),
            ("nullable text", json!({"type": ["null", "string"]}), json!("T")),
            ("long text", json!({"type": "string", "minLength": 3}), json!("T..")),
            ("short text", json!({"type": "string", "maxLength": 0}), json!("")),
            ("date", json!({"type": "string", "format": "date"}), json!("2026-01-31")),
            ("unknown format", json!({"type": "string", "format": "phone"}), json!("T")),
            ("enumeration", json!({"enum": ["b", "a"]}), json!("b")),
            ("constant", json!({"const": 7}), json!(7)),
            ("integer", json!({"type": "integer"}), json!(1)),
            ("from", json!({"type": "integer", "minimum": 18}), json!(18)),
            ("above", json!({"type": "integer", "exclusiveMinimum": 18}), json!(19)),
            ("below", json!({"type": "integer", "exclusiveMaximum": -3}), json!(-4)),
            ("multiple", json!({"type": "integer", "minimum": 11, "multipleOf": 5}), json!(15)),
            ("number", json!({"type": "number", "maximum": 0.5}), json!(0.5)),
            ("boolean", json!({"type": "boolean"}), json!(true)),
            ("null", json!({"type": "null"}), json!(null)),
            ("list", json!({"type": "array", "items": {"type": "integer"}}), json!([1])),
            (
                "long list",
                json!({"type": "array", "items": {"type": "null"}, "minItems": 3}),
                json!([null, null, null]),
            ),
            ("empty list", json!({"type": "array", "items": {"type": "null"}, "maxItems": 0}), json!([])),
            (
                "pair",
                json!({"prefixItems": [{"type": "string"}, {"type": "boolean"}], "items": false}),
                json!(["T", true]),
            ),
            ("object", json!({"properties": {"a": {"type": "string"}, "b": {"const": 2}}}), json!({"a": "T", "b": 2})),
            ("union", json!({"anyOf": [{"type": "null"}, {"type": "string"}]}), json!("T")),
            (
                "all",
                json!({"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]}),
                json!({"a": 1, "b": 2}),
            ),
            ("reference", json!({"$ref": "#/$defs/x", "$defs": {"x": {"type": "boolean"}}}), json!(true)),
            ("dangling", json!({"$ref": "#/$defs/y"}), json!(null)),
        ];
        for (name, schema, expected) in rows {
            assert_eq!(instance(&schema, "T"), expected, "{name}");
        }
    }

    #[test]
    fn a_recursive_schema_ends() {
        let tree = json!({"type": "object", "required": ["text", "children"], "properties": {
            "text": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#"}},
        }});
        let made = instance(&tree, "T");
        assert_eq!(made.pointer("/children/0/text"), Some(&json!("T")));
        assert_eq!(instance(&json!({"$ref": "#"}), "T"), json!(null));
        let wide = json!({"properties": {
            "a": {"$ref": "#"}, "b": {"$ref": "#"}, "c": {"$ref": "#"}, "d": {"$ref": "#"}, "e": {"$ref": "#"},
        }});
        assert!(instance(&wide, "T").to_string().len() < 1_000_000);
    }

    #[test]
    fn copies_of_a_long_text_are_bounded() {
        let properties: Map<String, Value> = (0..200).map(|n| (n.to_string(), json!({"type": "string"}))).collect();
        let made = instance(&json!({"properties": properties}), &"t".repeat(1024 * 1024)).to_string();
        assert!(made.len() <= limits::DEMO_ANSWER_BYTES_MAX + 10_000, "{}", made.len());
    }
}
