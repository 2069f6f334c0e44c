//! Law 1 for random bodies: no byte of a body but punctuation, literals and words of the table escapes the fields.

use proptest::prelude::*;

use super::*;

/// Blanks out every field; what is left may only be punctuation, literals and words of the table.
fn left_over(call: &Call) -> String {
    let mut rest = call.body.clone().into_bytes();
    for field in &call.fields {
        rest[field.span.start as usize..field.span.end as usize].fill(b' ');
    }
    String::from_utf8(rest).unwrap()
}

/// Every string that the table of an operation knows as a name, and the words of its open parts.
fn known_words(api: Api) -> BTreeSet<String> {
    let mut words: BTreeSet<String> = common::WORDS.iter().map(|word| (*word).to_owned()).collect();
    for path in request_paths(api) {
        let names = path.split(['.', '[', ']', '{', '}']).filter(|name| !name.is_empty() && *name != "*");
        words.extend(names.map(str::to_owned));
    }
    words
}

fn assert_nothing_is_left(call: &Call) {
    let rest = left_over(call);
    let mut scanner = crate::wire::json::Scanner::new(&call.body, 64);
    let known = known_words(call.api);
    let mut bare = rest.into_bytes();
    while let Some(token) = scanner.token().unwrap() {
        let span = token.span.start as usize..token.span.end as usize;
        if bare[span.clone()].iter().all(|byte| *byte == b' ') {
            continue;
        }
        let text = call.body.get(span.clone()).unwrap();
        let structural = match token.kind {
            crate::wire::json::TokenKind::Key { .. } => {
                known.contains(serde_json::from_str::<String>(text).unwrap().as_str())
            }
            crate::wire::json::TokenKind::String { .. } | crate::wire::json::TokenKind::Number => false,
            _ => true,
        };
        assert!(structural, "{:?} at {} is no field", token.kind, token.span.start);
        bare[span].fill(b' ');
    }
    assert!(bare.iter().all(|byte| b" \t\r\n,:".contains(byte)));
}

#[test]
fn nothing_of_a_fixture_is_left_unread() {
    for (_, api, body) in FIXTURES {
        assert_nothing_is_left(&read(*api, body).unwrap());
    }
}

/// Random bodies in which the table's words occur where they belong and where they do not.
fn body() -> impl Strategy<Value = Value> {
    let words: Vec<&str> = vec![
        "model",
        "messages",
        "input",
        "role",
        "content",
        "type",
        "text",
        "tools",
        "function",
        "parameters",
        "properties",
        "metadata",
        "store",
        "stream",
        "name",
        "arguments",
        "image_url",
        "url",
        "id",
        "output",
        "x",
        "user",
        "mcp",
        "server_url",
        "prompt",
        "temperature",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        prop::sample::select(vec!["user", "system", "function", "mcp", "message", "reasoning", "data:x", "https://x"])
            .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let key = prop_oneof![3 => prop::sample::select(words).prop_map(str::to_owned), 1 => ".{0,5}"];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_left_unread(value in body(), chat in any::<bool>()) {
        let mut value = value;
        if let Value::Object(members) = &mut value {
            members.insert("model".to_owned(), "m".into());
            for steering in ["store", "stream", "conversation", "background", "previous_response_id"] {
                members.remove(steering);
            }
        }
        match read(if chat { CHAT } else { RESPONSES }, &value.to_string()) {
            Ok(call) => assert_nothing_is_left(&call),
            // A random key may look like a word of the table.
            Err(refusal) => prop_assert!(!value.is_object() || refusal.code == "key_variant", "{}", refusal.code),
        }
    }

    #[test]
    fn the_text_of_a_field_is_its_token_decoded(value in body()) {
        let mut value = value;
        if let Value::Object(members) = &mut value {
            members.insert("model".to_owned(), "m".into());
        }
        if let Ok(call) = read(CHAT, &value.to_string()) {
            for field in &call.fields {
                let token = call.body.get(field.span.start as usize..field.span.end as usize).unwrap();
                let decoded: Value = serde_json::from_str(token).unwrap();
                let text = decoded.as_str().map_or_else(|| token.to_owned(), str::to_owned);
                prop_assert_eq!(call.text(field), text);
            }
        }
    }
}
