//! Canonical JSON and its SHA-256: the digests that decisions carry.
//!
//! Keys sorted by code point, no blanks, strings as `serde_json` writes them; the trees hold no floating-point numbers. Sorting
//! is done here because the order of `serde_json::Map` depends on a feature that any dependency may switch on.

use serde::Serialize;
use serde_json::Value;

use crate::model::entry::Digest;

/// SHA-256 of the canonical JSON of a value.
pub(super) fn digest(value: &impl Serialize) -> Digest {
    digest_of(&text(value))
}

/// The canonical JSON of a value.
pub(super) fn text(value: &impl Serialize) -> String {
    // The trees have string keys and no floats: they always serialise. A tree that did not would hash like `null`, and
    // the test below would see it.
    let value = serde_json::to_value(value).unwrap_or(Value::Null);
    let mut text = String::new();
    write(&value, &mut text);
    text
}

/// SHA-256 of a text.
fn digest_of(text: &str) -> Digest {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    let mut digest = Digest([0; 32]);
    for (to, from) in digest.0.iter_mut().zip(hash.as_ref()) {
        *to = *from;
    }
    digest
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                out.push(if index == 0 { '[' } else { ',' });
                write(item, out);
            }
            out.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Value::Object(map) => {
            let mut keys: Vec<(&String, &Value)> = map.iter().collect();
            keys.sort_unstable_by_key(|(key, _)| key.as_str());
            for (index, (key, item)) in keys.iter().enumerate() {
                out.push(if index == 0 { '{' } else { ',' });
                out.push_str(&Value::String((*key).clone()).to_string());
                out.push(':');
                write(item, out);
            }
            out.push_str(if keys.is_empty() { "{}" } else { "}" });
        }
        plain => out.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_blanks_gone() {
        let value: Value = serde_json::from_str(r#"{ "b": [1, {}, []], "a": {"é": null, "A": "x\"y"} }"#).unwrap();
        let mut text = String::new();
        write(&value, &mut text);
        assert_eq!(text, r#"{"a":{"A":"x\"y","é":null},"b":[1,{},[]]}"#);
        assert_eq!(
            digest(&serde_json::json!({})).to_string(),
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
    }
}
