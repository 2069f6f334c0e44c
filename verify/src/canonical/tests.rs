//! One spelling for one value, read and written.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

#[test]
fn one_spelling() {
    for (name, text) in [
        ("blank", r#"{"a": 1}"#),
        ("order", r#"{"b":1,"a":2}"#),
        ("repetition", r#"{"a":1,"a":1}"#),
        ("fraction", "1.0"),
        ("exponent", "1e3"),
        ("leading zero", "01"),
        ("minus zero", "-0"),
        ("plus", "+1"),
        ("beyond 64 bits", "18446744073709551616"),
        ("solidus", r#""\/""#),
        ("long escape", r#""\u000a""#),
        ("escaped letter", r#""\u0041""#),
        ("upper-case hexadecimal", r#""\u001F""#),
        ("escaped key", r#"{"\n":1}"#),
        ("raw control", "\"\u{1}\""),
        ("open string", "\"a"),
        ("open object", r#"{"a":1"#),
        ("comma at the end", "[1,]"),
        ("two values", "1 2"),
        ("nothing", ""),
        ("half a word", "nul"),
    ] {
        assert!(check(text.as_bytes()).is_err(), "{name}: {text}");
    }
    assert_eq!(check(b"\"\xff\""), Err(NotCanonical { at: 1 }));
    let deep = "[".repeat(18) + &"]".repeat(18);
    assert!(check(deep.as_bytes()).is_err());
}

#[test]
fn writes_sorted_without_blanks() {
    let mut out = Vec::new();
    write(&json!({"b": [1, -2, true, null], "a": "é\"\\\n\u{1}\u{7f}/"}), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "{\"a\":\"é\\\"\\\\\\n\\u0001\u{7f}/\",\"b\":[1,-2,true,null]}");
    for bad in [json!(1.5), json!({"a\n": 1}), json!([1e300])] {
        let mut out = b"before".to_vec();
        assert!(write(&bad, &mut out).is_err(), "{bad}");
        assert_eq!(out, b"before");
    }
}

/// Members that come in this order.
struct InOrder<'a>(&'a [(&'a str, u8)]);

impl Serialize for InOrder<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

#[test]
fn members_are_put_in_order_and_none_is_repeated() {
    for (name, members, expected) in [
        ("none", &[][..], Some("{}")),
        ("in order", &[("a", 1), ("b", 2), ("c", 3)], Some(r#"{"a":1,"b":2,"c":3}"#)),
        ("the first belongs last", &[("c", 3), ("a", 1), ("b", 22)], Some(r#"{"a":1,"b":22,"c":3}"#)),
        ("the first belongs between", &[("b", 22), ("a", 1), ("c", 3)], Some(r#"{"a":1,"b":22,"c":3}"#)),
        ("backwards", &[("cc", 3), ("b", 22), ("a", 1)], Some(r#"{"a":1,"b":22,"cc":3}"#)),
        ("the first again, in order", &[("b", 1), ("a", 2), ("b", 3)], None),
        ("the first again, behind it", &[("a", 1), ("a", 2), ("b", 3)], None),
        ("one of many again", &[("c", 1), ("b", 2), ("a", 3), ("b", 4)], None),
    ] {
        let mut out = b"before".to_vec();
        let written = write(&[InOrder(members)], &mut out).is_ok();
        let expected = expected.map_or_else(|| "before".to_owned(), |expected| format!("before[{expected}]"));
        assert_eq!((String::from_utf8(out).unwrap(), written), (expected.clone(), expected != "before"), "{name}");
    }
}

#[test]
fn depth_is_bounded_as_it_is_when_it_is_read() {
    for depth in 0..24 {
        let deep = "[".repeat(depth) + &"]".repeat(depth);
        let value: Value = serde_json::from_str(&format!("[{deep}]").replace("[]", "[1]")).unwrap();
        let (mut out, text) = (Vec::new(), serde_json::to_vec(&value).unwrap());
        assert_eq!(write(&value, &mut out).is_ok(), check(&text).is_ok(), "{depth}");
    }
}

#[test]
fn numbers_are_written_to_their_ends() {
    let mut out = Vec::new();
    write(&(i64::MIN, u64::MAX, 0_u8, -1_i8, 10_u32, Some('"'), None::<u8>, ()), &mut out).unwrap();
    assert_eq!(out, br#"[-9223372036854775808,18446744073709551615,0,-1,10,"\"",null,null]"#);
    for bad in [f64::NAN, 1.0] {
        assert!(write(&bad, &mut Vec::new()).is_err(), "{bad}");
    }
    assert!(write(&BTreeMap::from([(1, 2)]), &mut Vec::new()).is_err(), "a key that is no string");
    assert!(write(&Ok::<u8, u8>(1), &mut Vec::new()).is_err(), "a variant without a tag inside");
}

#[test]
fn plain_bytes_end_at_the_first_that_needs_an_escape() {
    for length in 0..20 {
        for byte in 0..=u8::MAX {
            for at in 0..length {
                let mut bytes = vec![b' '; length];
                bytes[at] = byte;
                let expected = bytes.iter().position(|byte| needs_escape(*byte)).unwrap_or(length);
                assert_eq!(plain(&bytes), expected, "{byte:#x} at {at} of {length}");
            }
        }
    }
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-z_é]{0,8}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn members_in_any_order_become_those_of_a_sorted_map(
        members in prop::collection::vec(("[a-d]{0,3}", any::<u8>()), 0..40),
    ) {
        let sorted: BTreeMap<_, _> = members.iter().cloned().collect();
        let members: Vec<_> = members.iter().map(|(key, value)| (key.as_str(), *value)).collect();
        let mut out = Vec::new();
        let written = write(&InOrder(&members), &mut out);
        prop_assert_eq!(written.is_ok(), sorted.len() == members.len());
        if written.is_ok() {
            prop_assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&sorted).unwrap());
        }
    }

    #[test]
    fn what_is_written_checks_and_reads_back(value in values()) {
        let mut out = Vec::new();
        write(&value, &mut out).unwrap();
        prop_assert_eq!(check(&out), Ok(()));
        // Its maps are in order, its strings have the shortest escapes.
        prop_assert_eq!(String::from_utf8(out.clone()).unwrap(), serde_json::to_string(&value).unwrap());
        prop_assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), value);
    }

    #[test]
    fn what_checks_is_what_is_written(value in values(), at in any::<usize>(), byte in any::<u8>()) {
        let mut bytes = Vec::new();
        write(&value, &mut bytes).unwrap();
        let at = at % bytes.len();
        bytes[at] = byte;
        if check(&bytes).is_ok() {
            let mut again = Vec::new();
            write(&serde_json::from_slice::<Value>(&bytes).unwrap(), &mut again).unwrap();
            prop_assert_eq!(again, bytes);
        }
    }
}
