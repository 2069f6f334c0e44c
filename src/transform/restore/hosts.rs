//! Values in the addresses of hosts that policy names, and in no other.

use std::sync::Arc;

use super::super::vault::Pseudonym;
use super::tests::{cut, show};
use super::*;
use crate::model::Word;

fn vault() -> Vault {
    let rows: [(&str, &[u8; 8], &str); 3] = [
        ("PERSON", b"K7Q2M9F3", "Zoé O'Ünal/?&#"),
        ("EMAIL", b"0ABCDEFG", "zoe@example.com"),
        ("URL", b"VWXYZ012", "https://u:p@evil.example/"),
    ];
    let mut vault = Vault::new(rows.map(|(word, code, value)| Pseudonym { word, code: *code, value }));
    vault.name_hosts(["wiki.example", "files.example:8443", "wiki.exämple"].map(Word::configured).into());
    vault
}

fn whole(text: &str, landing: Landing) -> Restored {
    Restorer::new(&vault()).restore_whole(text, landing)
}

const PERSON: &str = "Zo%C3%A9%20O%27%C3%9Cnal%2F%3F%26%23";

#[test]
fn a_value_stands_percent_encoded_in_the_address_of_a_named_host() {
    let encoded = |text: &str| {
        text.replace("<PERSON_K7Q2M9F3>", PERSON)
            .replace("%3CEMAIL_0ABCDEFG%3E", "EMAIL_0ABCDEFG")
            .replace("EMAIL_0ABCDEFG", "zoe%40example.com")
    };
    for (name, text) in [
        ("image", "![x](https://wiki.example/?q=<PERSON_K7Q2M9F3>)"),
        ("link", "[<PERSON_K7Q2M9F3X>](https://wiki.example/people/EMAIL_0ABCDEFG/edit)"),
        ("bare", "see https://wiki.example/EMAIL_0ABCDEFG"),
        ("upper case", "HTTPS://WIKI.EXAMPLE/?q=<PERSON_K7Q2M9F3>"),
        ("in brackets", "<https://wiki.example/?q=EMAIL_0ABCDEFG>"),
        ("attribute", "<a href='https://wiki.example/?a=1&amp;q=<PERSON_K7Q2M9F3>'>"),
        ("in escaped brackets", "https://wiki.example/?q=%3CEMAIL_0ABCDEFG%3E"),
        ("port", "https://files.example:8443/EMAIL_0ABCDEFG"),
        ("another alphabet", "https://wiki.exämple/?q=<PERSON_K7Q2M9F3>"),
        ("two values", "https://wiki.example/?a=EMAIL_0ABCDEFG&b=<PERSON_K7Q2M9F3>"),
        ("fragment", "https://wiki.example/#<PERSON_K7Q2M9F3>"),
        ("behind another address", "https://evil.example/ https://wiki.example/EMAIL_0ABCDEFG"),
    ] {
        let restored = whole(text, Landing::Text);
        assert_eq!(restored.text, encoded(text), "{name}");
        assert_eq!(restored.counts.withheld, 0, "{name}");
    }
    let json = r#"{"url":"https:\/\/wiki.example\/?q=<PERSON_K7Q2M9F3>","who":"EMAIL_0ABCDEFG"}"#;
    let expected = json.replace("<PERSON_K7Q2M9F3>", PERSON).replace("EMAIL_0ABCDEFG", "zoe@example.com");
    assert_eq!(whole(json, Landing::JsonInString).text, expected);
}

#[test]
fn no_value_stands_in_an_address_that_may_be_another() {
    for (name, text) in [
        ("another host", "https://evil.example/?q=<PERSON_K7Q2M9F3>"),
        ("sub-domain", "https://a.wiki.example/?q=<PERSON_K7Q2M9F3>"),
        ("the host as a sub-domain", "https://wiki.example.evil.example/?q=<PERSON_K7Q2M9F3>"),
        ("the host behind another", "https://evil.example/wiki.example/?q=<PERSON_K7Q2M9F3>"),
        ("user", "https://wiki.example@evil.example/?q=<PERSON_K7Q2M9F3>"),
        ("a token for a user", "https://<PERSON_K7Q2M9F3>@wiki.example/"),
        ("behind a token for a user", "https://<PERSON_K7Q2M9F3X>@wiki.example/?q=<PERSON_K7Q2M9F3>"),
        ("a token in the host", "https://EMAIL_0ABCDEFG.wiki.example/"),
        ("a token behind the host", "https://wiki.example<PERSON_K7Q2M9F3>"),
        ("no path", "https://wiki.example?q=<PERSON_K7Q2M9F3>"),
        ("a look-alike", "https://w\u{456}ki.example/?q=<PERSON_K7Q2M9F3>"),
        ("letters taken apart", "https://wiki.exa\u{308}mple/?q=<PERSON_K7Q2M9F3>"),
        ("an escape", "https://wiki%2Eexample/?q=<PERSON_K7Q2M9F3>"),
        ("a dot behind", "https://wiki.example./?q=<PERSON_K7Q2M9F3>"),
        ("backslashes", r"https:\\wiki.example\?q=<PERSON_K7Q2M9F3>"),
        ("a backslash before another", r"https://wiki.example\@evil.example/?q=<PERSON_K7Q2M9F3>"),
        ("without a scheme", "![](//wiki.example/?q=<PERSON_K7Q2M9F3>)"),
        ("in the clear", "http://wiki.example/?q=<PERSON_K7Q2M9F3>"),
        ("another scheme", "xhttps://wiki.example/?q=<PERSON_K7Q2M9F3>"),
        ("web without a scheme", "www.wiki.example/?q=<PERSON_K7Q2M9F3>"),
        ("without its port", "https://files.example/?q=<PERSON_K7Q2M9F3>"),
        ("another port", "https://wiki.example:8443/?q=<PERSON_K7Q2M9F3>"),
        ("on to another", "https://wiki.example/?to=https://evil.example/?q=<PERSON_K7Q2M9F3>"),
        ("on to another, escaped", "https://wiki.example/?to=https%3a%2f%2fevil.example%2f<PERSON_K7Q2M9F3>"),
        ("within another", "https://evil.example/?to=https://wiki.example/?q=<PERSON_K7Q2M9F3>"),
        ("half an escape", "https://wiki.example/?q=%<PERSON_K7Q2M9F3>"),
    ] {
        let restored = whole(text, Landing::Text);
        assert_eq!(restored.text, text, "{name}");
        assert_eq!((restored.counts.restored, restored.counts.withheld), (0, 1), "{name}");
    }
}

/// A value is read as what it is where it stands: one that names a further address lets nothing follow it.
#[test]
fn a_value_that_leads_on_lets_none_follow() {
    let restored = whole("https://wiki.example/?to=<URL_VWXYZ012>&q=<EMAIL_0ABCDEFG>", Landing::Text);
    assert_eq!(restored.text, "https://wiki.example/?to=https%3A%2F%2Fu%3Ap%40evil.example%2F&q=<EMAIL_0ABCDEFG>");
    assert_eq!((restored.counts.restored, restored.counts.withheld), (1, 1));
}

#[test]
fn where_no_host_is_named_no_address_has_a_value() {
    let none = Vault::new([Pseudonym { word: "EMAIL", code: *b"0ABCDEFG", value: "zoe@example.com" }]);
    let text = "https://wiki.example/EMAIL_0ABCDEFG https:///EMAIL_0ABCDEFG";
    assert_eq!(Restorer::new(&none).restore_whole(text, Landing::Text).text, text);
}

#[test]
fn every_cut_gives_the_same() {
    for text in [
        "a https://wiki.example/?q=<PERSON_K7Q2M9F3>&p=EMAIL_0ABCDEFG) EMAIL_0ABCDEFG",
        "![](https://wiki.example@evil.example/?q=<PERSON_K7Q2M9F3>) <EMAIL_0ABCDEFG>",
        "(https://wiki.exämple/%C3%A9?to=%2F/<EMAIL_0ABCDEFG>) https://files.example:8443/<EMAIL_0ABCDEFG>",
    ] {
        let expected = whole(text, Landing::Text);
        let places: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        let streamed = |places: &[usize]| {
            let mut stream = StreamRestore::new(Arc::new(vault()), Landing::Text);
            let mut text: String = cut(text, places).into_iter().map(|piece| stream.push(piece)).collect();
            text.push_str(&stream.finish());
            Restored { text, counts: stream.counts(), moves: stream.moves() }
        };
        for at in &places {
            assert_eq!(show(&streamed(&[0, *at, text.len()])), show(&expected), "cut at {at}");
        }
        assert_eq!(show(&streamed(&places)), show(&expected), "character by character");
    }
}
