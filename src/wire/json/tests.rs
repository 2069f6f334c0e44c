//! Rows for the grammar, and laws held by random texts: the reader accepts what `serde_json` accepts less the refusals that
//! the module's essay lists, and a document's tokens cover its text.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const WIDE: Bounds = Bounds { depth: 64, leaves: 1_000_000, lenient: false };

fn read(text: &str) -> Result<Document<'_>, Malformed> {
    Document::read(text, WIDE, Numbers::All)
}

#[test]
fn accepts() {
    for text in [
        "{}",
        "[]",
        "0",
        "-0",
        "1.5e-7",
        "\"\"",
        "null",
        " \t\r\n{ \"a\" : [ 1 , 2 ] } \n",
        "\"\\ud83d\\ude00\"",
        "\"\u{7f}\u{2028}\"",
        "[1e308, -1.7976931348623157e308, 1e-999, 0e999, 9007199254740993]",
        "{\"a\":{\"a\":1},\"b\":{\"a\":2}}",
        "\"\\u0000\"",
        "{\"A\":1,\"a\":2}",
        "{\"\":1}",
    ] {
        assert!(read(text).is_ok(), "{text}");
        assert!(serde_json::from_str::<Value>(text).is_ok(), "{text}");
    }
}

#[test]
fn refuses_with_a_flaw_and_a_place() {
    let long_number = format!("[{}]", "9".repeat(400));
    let rows: &[(&str, &str, Flaw, u32)] = &[
        ("empty", "", Flaw::Cut, 0),
        ("blank", "  ", Flaw::Cut, 2),
        ("order mark", "\u{feff}{}", Flaw::ByteOrderMark, 0),
        ("two values", "{} {}", Flaw::Trailing, 3),
        ("nul behind", "{}\0", Flaw::Trailing, 2),
        ("leading zero", "[01]", Flaw::Syntax, 2),
        ("plus", "[+1]", Flaw::Syntax, 1),
        ("bare point", "[.5]", Flaw::Syntax, 1),
        ("point without digits", "[1.]", Flaw::Syntax, 3),
        ("exponent without digits", "[1e+]", Flaw::Syntax, 4),
        ("hexadecimal", "[0x10]", Flaw::Syntax, 2),
        ("not a number", "[NaN]", Flaw::Syntax, 1),
        ("infinity", "[-Infinity]", Flaw::Syntax, 2),
        ("beyond f64", "[1e999]", Flaw::NumberRange, 1),
        ("beyond f64, negative", "[-1E+400]", Flaw::NumberRange, 1),
        ("beyond f64, long", &long_number, Flaw::NumberRange, 1),
        ("trailing comma in array", "[1,]", Flaw::Syntax, 3),
        ("trailing comma in object", "{\"a\":1,}", Flaw::Syntax, 7),
        ("comment", "[1/*x*/]", Flaw::Syntax, 2),
        ("line comment", "//x\n1", Flaw::Syntax, 0),
        ("single quotes", "{'a':1}", Flaw::Syntax, 1),
        ("bare key", "{a:1}", Flaw::Syntax, 1),
        ("no colon", "{\"a\" 1}", Flaw::Syntax, 5),
        ("wrong close", "[1}", Flaw::Syntax, 2),
        ("control character", "\"a\nb\"", Flaw::Syntax, 2),
        ("tab in a string", "\"a\tb\"", Flaw::Syntax, 2),
        ("unknown escape", "\"\\x41\"", Flaw::Syntax, 1),
        ("short escape", "\"\\u12\"", Flaw::Cut, 6),
        ("cut string", "\"abc", Flaw::Cut, 4),
        ("cut escape", "\"\\", Flaw::Cut, 2),
        ("cut word", "tru", Flaw::Cut, 0),
        ("wrong word", "trux", Flaw::Syntax, 0),
        ("longer word", "truee", Flaw::Trailing, 4),
        ("capital word", "True", Flaw::Syntax, 0),
        ("cut object", "{\"a\":", Flaw::Cut, 5),
        ("no-break space", "\u{a0}1", Flaw::Syntax, 0),
        ("high half alone", "\"\\ud83dx\"", Flaw::LoneSurrogate, 1),
        ("low half alone", "\"x\\ude00\"", Flaw::LoneSurrogate, 2),
        ("two high halves", "\"\\ud83d\\ud83d\"", Flaw::LoneSurrogate, 1),
        ("half in a key", "{\"\\ud83d\":1}", Flaw::LoneSurrogate, 2),
        ("same key", "{\"a\":1,\"b\":2,\"a\":3}", Flaw::DuplicateKey, 13),
        ("same key by escape", "{\"a\":1,\"\\u0061\":3}", Flaw::DuplicateKey, 7),
        ("same key nested", "[{\"a\":{\"x\":1,\"x\":1}}]", Flaw::DuplicateKey, 13),
    ];
    for (name, text, flaw, at) in rows {
        let got = read(text).map(|_| ()).unwrap_err();
        assert_eq!(got, Malformed { flaw: *flaw, at: *at }, "{name}");
        let ours_alone = matches!(flaw, Flaw::DuplicateKey);
        assert_eq!(serde_json::from_str::<Value>(text).is_ok(), ours_alone, "{name}");
    }
}

/// What a reply may be beyond the standard: every token of it is read all the same.
#[test]
fn a_reply_may_be_what_servers_write() {
    let lenient = |text| Document::read(text, Bounds { lenient: true, ..WIDE }, Numbers::All);
    for (text, nodes, decoded) in [
        ("\u{feff} [\"a\"]", 2, "a"),
        ("[NaN,Infinity,-Infinity,1e999,\"b\"]", 6, "b"),
        ("[\"\\ud83dx\"]", 2, "\u{fffd}x"),
        ("[\"\\ud83d\\ud83d\\ude00\"]", 2, "\u{fffd}😀"),
        ("[\"\\ude00\\\"\"]", 2, "\u{fffd}\""),
        ("[\"\\ud83d\\u0041\"]", 2, "\u{fffd}A"),
        ("[\"\\ud83d\"]", 2, "\u{fffd}"),
        ("[\"a\tb\u{1}\n\"]", 2, "a\tb\u{1}\n"),
    ] {
        assert!(read(text).is_err(), "{text}");
        let document = lenient(text).unwrap_or_else(|_| panic!("{text}"));
        assert_eq!(document.nodes().len(), nodes, "{text}");
        assert_eq!(document.decoded(document.nodes().last().unwrap()), decoded, "{text}");
    }
    for text in [
        "[nan]",
        "[-NaN]",
        "[+Infinity]",
        "[Infinit]",
        "{\"a\":1,\"a\":2}",
        "[\"\\ud83\"]",
        "[\"\t]",
        "[\u{feff}1]",
        "{a:1}",
    ] {
        assert!(lenient(text).is_err(), "{text}");
    }
    assert_eq!(halved("a\\ud83d\u{fffd}\\ud83d\\ude00\\uFFFDb"), Some(vec!["\\ud83d", "\u{fffd}", "\\uFFFD"]));
    assert_eq!(halved("\\ud83d\\ude00\u{fffd}\\ufffd\\n"), None);
}

#[test]
fn finds_a_duplicate_among_many_keys() {
    let body = |extra: &str| {
        let keys: Vec<String> = (0..5_000).map(|n| format!("\"k{n}\":{n}")).collect();
        format!("{{{},{extra}}}", keys.join(","))
    };
    assert!(read(&body("\"other\":{\"k1\":1}")).is_ok());
    assert_eq!(read(&body("\"k\\u0034999\":1")).unwrap_err().flaw, Flaw::DuplicateKey);
    assert_eq!(read(&body("\"k3\":1")).unwrap_err().flaw, Flaw::DuplicateKey);
}

#[test]
fn bounds_depth_and_leaves() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&nested(64)).is_ok());
    assert_eq!(read(&nested(65)).unwrap_err(), Malformed { flaw: Flaw::Depth, at: 64 });
    assert_eq!(read(&"[".repeat(1_000_000)).unwrap_err(), Malformed { flaw: Flaw::Depth, at: 64 });
    assert_eq!(read(&"{\"a\":".repeat(1_000_000)).unwrap_err().flaw, Flaw::Depth);
    let few = Bounds { leaves: 3, ..WIDE };
    assert!(Document::read("[1,2]", few, Numbers::All).is_ok());
    assert_eq!(Document::read("[1,2,3]", few, Numbers::All).unwrap_err(), Malformed { flaw: Flaw::Size, at: 5 });
    assert!(Document::read("[1,2,3,4]", few, Numbers::NotInArrays).is_ok());
}

#[test]
fn gives_members_and_decoded_text() {
    let document = read(r#"{"a":[1,{"x":"y"}],"r\u006fle":"sys\ntem","n":-1.50}"#).unwrap();
    let role = document.node(document.member(0, "role").unwrap()).unwrap();
    assert_eq!(document.decoded(role), "sys\ntem");
    let number = document.node(document.member(0, "n").unwrap()).unwrap();
    assert_eq!(document.raw(number), "-1.50");
    assert_eq!(document.members(0).count(), 3);
    assert_eq!(document.member(0, "x"), None);
    assert_eq!(document.member(1, "a"), None, "a key has no members");
}

#[test]
fn folds_what_lax_parsers_confuse() {
    for key in [
        "messages",
        "Messages",
        "MESSAGES",
        "meſſages",
        "messages\0x",
        " messages",
        "ｍessages",
        "mes\u{200b}sages",
        "messages\u{ad}",
    ] {
        assert_eq!(folded(key), "messages", "{key:?}");
    }
    for key in ["message", "messages2", "mëssages", ""] {
        assert_ne!(folded(key), "messages", "{key:?}");
    }
}

/// Texts that are nearly JSON: pieces of the grammar in random order.
fn nearly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\\", " ", "\n", "true", "false", "null", "0", "1", "-", "1.5", "e5", "E+", "00", "1e999",
            "\"a\"", "\"b\":", "\"a\":1,", "\\u0041", "\\ud83d\\ude00", "\\ud83d", "\\n", "é", "😀", "\u{1}", "\u{feff}", "//", "NaN",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(|c| c.to_string()),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Random JSON values, and how they are written.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(|float: f64| Value::from(float)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..8).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn has_duplicates(document_error: Malformed) -> bool {
    document_error.flaw == Flaw::DuplicateKey
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_serde_json_on_near_misses(text in nearly()) {
        let theirs = serde_json::from_str::<Value>(&text).is_ok();
        match read(&text) {
            Ok(_) => prop_assert!(theirs),
            Err(error) => prop_assert!(!theirs || has_duplicates(error), "{error}"),
        }
    }

    #[test]
    fn agrees_with_serde_json_after_a_mutation(value in value(), at in any::<prop::sample::Index>(), byte in any::<char>(), cut in any::<bool>()) {
        let text = value.to_string();
        let mut characters: Vec<char> = text.chars().collect();
        let at = at.index(characters.len());
        if cut { characters.remove(at); } else { characters.insert(at, byte); }
        let text: String = characters.into_iter().collect();
        let theirs = serde_json::from_str::<Value>(&text).is_ok();
        match read(&text) {
            Ok(_) => prop_assert!(theirs),
            Err(error) => prop_assert!(!theirs || has_duplicates(error), "{error}"),
        }
    }

    #[test]
    fn decodes_as_serde_json_does(text in any::<String>(), ascii in any::<bool>()) {
        let token = if ascii {
            let units: Vec<String> = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
            format!("\"{}\"", units.concat())
        } else {
            serde_json::to_string(&text).unwrap()
        };
        let document = read(&token).unwrap();
        prop_assert_eq!(document.decoded(document.node(0).unwrap()), text);
    }

    #[test]
    fn tokens_cover_the_text(value in value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        let mut rest: Vec<u8> = text.clone().into_bytes();
        let mut scanner = Scanner::new(&text, 64);
        while let Some(token) = scanner.token().unwrap() {
            rest[token.span.start as usize..token.span.end as usize].fill(b' ');
        }
        prop_assert!(rest.iter().all(|byte| b" \n,:".contains(byte)));
    }
}

#[test]
fn debug_shows_no_text() {
    let text = r#"{"erika@example.org":["GB82WEST12345698765432"]}"#;
    let mut scanner = Scanner::new(text, 64);
    let token = scanner.token().unwrap();
    let shown = format!("{:?} {:?} {:?}", scanner, read(text).unwrap(), token);
    assert!(!shown.contains("erika") && !shown.contains("GB82"), "{shown}");
}
