//! Values in pieces: over neighbours of a call, and over the strings of a document in a text, whatever stands around.

use super::calls::{call, check, inspected};
use super::{catalogue, engine};
use crate::model::call::FieldKey;
use crate::model::{Role, TokenKind};

const MAIL: &str = "camille.aubertin@example.com";
const FOUND: &str = "email: camille.aubertin@example.com";

#[test]
fn a_value_in_pieces_ends_where_its_texts_do() {
    let iban = [(1, "iban: FR76 3000 6000 0112 "), (2, "iban: 3456 7890 189")];
    let mail = [(1, "email: camille.aubertin@"), (2, "email: example.com")];
    let card = [(1, "card_pan: 4111 1111 "), (2, "card_pan: 1111 1111")];
    for around in ["ok", "x", "Sure, done.", "1. yes", "12", " thanks", "(thanks)"] {
        for groups in [[1, 1, 1, 1], [1, 2, 3, 4], [1, 2, 2, 3]] {
            for (first, second, found) in [
                ("IBAN FR76 3000 6000 0112 ", "3456 7890 189", &iban[..]),
                ("write to camille.aubertin@", "example.com", &mail),
                ("card 4111 1111 ", "1111 1111", &card),
            ] {
                let [a, b, c, d] = groups;
                check(&[(
                    &format!("{around} {groups:?}"),
                    &[(around, a), (first, b), (second, c), (around, d)],
                    found,
                )]);
            }
        }
    }
    check(&[
        (
            "at both ends",
            &[("ok", 1), ("FR76 3000 6000 0112 ", 1), ("3456 7890 189", 1), ("ok", 1)],
            &[(1, "iban: FR76 3000 6000 0112 "), (2, "iban: 3456 7890 189")],
        ),
        (
            "four pieces",
            &[("ok", 1), ("FR76 3000 ", 2), ("6000 0112 ", 3), ("3456 7890 ", 4), ("189", 5), ("ok", 6)],
            &[(1, "iban: FR76 3000 "), (2, "iban: 6000 0112 "), (3, "iban: 3456 7890 "), (4, "iban: 189")],
        ),
        ("a list of years", &[("4012", 1), ("4013", 2), ("4014", 3), ("4015", 4), ("4016", 5), ("4017", 6)], &[]),
    ]);
}

#[test]
fn a_key_and_its_value_are_read_joined() {
    let (engine, catalogue) = (engine(), catalogue());
    let key = |text| (Role::Unknown, TokenKind::Key, text, 1, FieldKey::None);
    let value = |text, key| (Role::Unknown, TokenKind::String, text, 1, FieldKey::Field(key));
    for (name, fields, expected) in [
        (
            "an account",
            [key("IBAN FR76 3000 6000 0112"), value("3456 7890 189", 0), key("tier"), value("gold", 2)],
            [(0, "iban: FR76 3000 6000 0112"), (1, "iban: 3456 7890 189")],
        ),
        (
            "an address",
            [key("camille.aubertin@exa"), value("mple.com", 0), key("tier"), value("gold", 2)],
            [(0, "email: camille.aubertin@exa"), (1, "email: mple.com")],
        ),
        (
            "two values",
            [key("first"), value("camille.aubertin@", 0), key("second"), value("example.com", 2)],
            [(1, "email: camille.aubertin@"), (3, "email: example.com")],
        ),
    ] {
        let found = inspected(engine, &catalogue, &call(&fields));
        assert_eq!(found, expected.map(|(field, text)| (field, text.to_owned())), "{name}");
    }
}

/// What stands whole in one text ends there: neither keys nor the end of the text before are of it.
#[test]
fn a_whole_address_takes_nothing_along() {
    let (engine, catalogue) = (engine(), catalogue());
    let key = |text| (Role::Unknown, TokenKind::Key, text, 2, FieldKey::None);
    for before in
        ["Where is order 12345678.", "v1.2.", "a_b.", "plate AB-123-CD.", "born 12/03/1984.", "order 12345678", "Hello"]
    {
        let text = (Role::User, TokenKind::String, before, 1, FieldKey::None);
        let mail = |key| (Role::Unknown, TokenKind::String, MAIL, 2, FieldKey::Field(key));
        for (fields, at) in [
            (vec![text, key("user"), mail(1)], 2),
            (vec![text, key("foo"), key("x1"), mail(2)], 3),
            (vec![text, mail(0)], 1),
        ] {
            let found = inspected(engine, &catalogue, &call(&fields));
            let mails: Vec<_> = found.into_iter().filter(|(_, found)| found.starts_with("email")).collect();
            assert_eq!(mails, [(at, FOUND.to_owned())], "{before} {fields:?}");
        }
    }
    let part = |text| (Role::User, TokenKind::String, text, 1, FieldKey::None);
    let found = inspected(engine, &catalogue, &call(&[part("Where is order 12345678."), part(MAIL)]));
    assert_eq!(found, [(1, FOUND.to_owned())], "parts of one text");
}

#[test]
fn strings_of_a_document_in_a_text_are_read_joined() {
    let iban = [(0, "iban: FR76 3000 6000 0112 "), (0, "iban: 3456 7890 189")];
    let mail = [(0, "email: camille.aubertin@"), (0, "email: example.com")];
    for (name, text, found) in [
        ("a list", r#"["IBAN FR76 3000 6000 0112 ","3456 7890 189"]"#, &iban[..]),
        ("in prose, with more behind", r#"see ["IBAN FR76 3000 6000 0112 ", "3456 7890 189", "ok"] please"#, &iban),
        ("an address", r#"["camille.aubertin@","example.com"]"#, &mail),
        ("over lines", "[\n  \"camille.aubertin@\",\n  \"example.com\",\n  \"ok\"\n]", &mail),
        ("two objects", r#"[{"start":0.0,"text":"camille.aubertin@"},{"start":1.5,"text":"example.com"}]"#, &mail),
        ("rich text", r#"[{"type":"text","text":"camille.aubertin@"},{"type":"text","text":"example.com"}]"#, &mail),
        ("a key and its value", r#"{"camille.aubertin@":"example.com","tier":"gold"}"#, &mail),
        ("in a string", r#"{"out":"[\"camille.aubertin@\",\"example.com\"]"}"#, &mail),
        ("prose between", r#"he wrote "IBAN FR76 3000 6000 0112 " and then "3456 7890 189""#, &[]),
        ("a whole one", r#"{"note":"order 12345678.","user":"camille.aubertin@example.com"}"#, &[(0, FOUND)]),
        ("a list of numbers", r#"["41111111","11111111","41111111"]"#, &[]),
    ] {
        check(&[(name, &[(text, 1)], found)]);
    }
}

/// What stands behind the middle that is asked for is read behind what stands before it, whichever of the two the body has first.
#[test]
fn prompt_and_suffix_are_read_in_the_order_of_their_text() {
    let (engine, catalogue) = (engine(), catalogue());
    let text = |text, group| (Role::User, TokenKind::String, text, group, FieldKey::None);
    for order in [
        ["prompt", "suffix", "user"],
        ["suffix", "prompt", "user"],
        ["suffix", "user", "prompt"],
        ["prompt", "user", "suffix"],
    ] {
        let texts = order.map(|path| match path {
            "prompt" => ("prompt", "IBAN FR76 3000 6000 0112 "),
            "suffix" => ("suffix", "3456 7890 189"),
            _ => ("metadata.*", "team blue"),
        });
        let mut call = call(&[text(texts[0].1, 1), text(texts[1].1, 2), text(texts[2].1, 3)]);
        call.fields.iter_mut().zip(texts).for_each(|(field, (path, _))| field.path = path);
        let found: Vec<String> = inspected(engine, &catalogue, &call).into_iter().map(|(_, found)| found).collect();
        assert_eq!(found.len(), 2, "{order:?}: {found:?}");
        assert!(found.iter().all(|found| found.starts_with("iban: ")), "{order:?}: {found:?}");
    }
}
