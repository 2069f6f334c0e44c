//! No value in the name of a host, nor in an address of mail, that is made around its token.

use std::sync::Arc;

use super::super::vault::Pseudonym;
use super::tests::{cut, show};
use super::*;

const NIR: &str = "184127645108946";

fn vault() -> Vault {
    let rows: [(&str, &[u8; 8], &str); 4] = [
        ("NATIONAL_ID", b"K7Q2M9F3", NIR),
        ("PERSON", b"Z00000AA", "Mme Ünal"),
        ("EMAIL", b"0ABCDEFG", "zoe@example.com"),
        ("DOMAIN", b"VWXYZ012", "evil.com"),
    ];
    Vault::new(rows.map(|(word, code, value)| Pseudonym { word, code: *code, value }))
}

fn whole(text: &str, landing: Landing) -> Restored {
    Restorer::new(&vault()).restore_whole(text, landing)
}

const WITHHELD: &[(&str, &str)] = &[
    ("before a domain", "see NATIONAL_ID_K7Q2M9F3.evil.com"),
    ("before a path", "see <NATIONAL_ID_K7Q2M9F3>.evil.com/x.png"),
    ("before a sentence", "NATIONAL_ID_K7Q2M9F3.evil.com. Then"),
    ("between labels", "x.<NATIONAL_ID_K7Q2M9F3>.evil.com"),
    ("in a label", "<NATIONAL_ID_K7Q2M9F3>-x.evil.io"),
    ("letters behind", "<NATIONAL_ID_K7Q2M9F3>s.evil.io"),
    ("deeper", "<NATIONAL_ID_K7Q2M9F3>.a.b.c.evil.co.uk"),
    ("upper case", "<NATIONAL_ID_K7Q2M9F3>.EVIL.COM"),
    ("another alphabet", "<NATIONAL_ID_K7Q2M9F3>.пример.рф"),
    ("dots of another script", "<NATIONAL_ID_K7Q2M9F3>。evil。com"),
    ("escapes of Markdown", r"<NATIONAL_ID_K7Q2M9F3>\.evil\.com"),
    ("references", "<NATIONAL_ID_K7Q2M9F3>&period;evil&#46;com"),
    ("characters that are not seen", "<NATIONAL_ID_K7Q2M9F3>\u{ad}.evil.\u{200b}com"),
    ("destination", "![x](NATIONAL_ID_K7Q2M9F3.evil.com)"),
    ("mail", "NATIONAL_ID_K7Q2M9F3@evil.com"),
    ("link of mail", "mailto:NATIONAL_ID_K7Q2M9F3@evil.com"),
    ("mail in brackets", "<NATIONAL_ID_K7Q2M9F3@evil.com>"),
    ("mail with more before the sign", "<NATIONAL_ID_K7Q2M9F3>.x+y_z@evil.com"),
    ("port", "evil.com:NATIONAL_ID_K7Q2M9F3"),
    ("port that was begun", "evil.com:80<NATIONAL_ID_K7Q2M9F3>"),
    ("IPv6", "[::1]/NATIONAL_ID_K7Q2M9F3"),
    ("wide slash", "evil.com／NATIONAL_ID_K7Q2M9F3"),
    ("in JSON", r#"{"host":"NATIONAL_ID_K7Q2M9F3.evil.com"}"#),
];

#[test]
fn no_value_goes_into_a_name_without_a_scheme() {
    for (name, text) in WITHHELD {
        for landing in [Landing::Text, Landing::JsonInString] {
            if landing == Landing::JsonInString && text.contains(r"\.") {
                continue;
            }
            let restored = whole(text, landing);
            assert_eq!(restored.text, *text, "{name}");
            assert_eq!((restored.counts.restored, restored.counts.withheld), (0, 1), "{name}");
        }
    }
}

/// What follows is read as the client will see it.
#[test]
fn a_value_may_be_the_domain_behind_another() {
    for (text, expected) in [
        ("<NATIONAL_ID_K7Q2M9F3>.<DOMAIN_VWXYZ012>", "<NATIONAL_ID_K7Q2M9F3>.evil.com"),
        ("<NATIONAL_ID_K7Q2M9F3>@<DOMAIN_VWXYZ012>", "<NATIONAL_ID_K7Q2M9F3>@evil.com"),
        ("<NATIONAL_ID_K7Q2M9F3>-<EMAIL_0ABCDEFG>", "184127645108946-zoe@example.com"),
        ("PERSON_Z00000AA.NATIONAL_ID_K7Q2M9F3.evil.com", "PERSON_Z00000AA.NATIONAL_ID_K7Q2M9F3.evil.com"),
    ] {
        assert_eq!(whole(text, Landing::Text).text, expected);
    }
}

const RESTORED: &[(&str, &str)] = &[
    ("end", "to <PERSON_Z00000AA>"),
    ("end of a sentence", "to <PERSON_Z00000AA>."),
    ("before a sentence", "J'ai écrit à <PERSON_Z00000AA>. Cordialement"),
    ("before a glued sentence", "J'ai écrit à <PERSON_Z00000AA>.Cordialement. Zoé"),
    ("before a glued sentence of two letters", "<PERSON_Z00000AA>.In Paris"),
    ("before a sentence of another script", "<PERSON_Z00000AA>先生。他来了。他说：好"),
    ("dots", "<PERSON_Z00000AA>... and"),
    ("possessive", "<PERSON_Z00000AA>'s site is evil.com"),
    ("file", "<PERSON_Z00000AA>.pdf"),
    ("file of several endings", "<PERSON_Z00000AA>-2.tar.gz"),
    ("compound", "<PERSON_Z00000AA>-Dupont"),
    ("code", "<PERSON_Z00000AA>.name.trim()"),
    ("markup", "<b><PERSON_Z00000AA></b>.<br>"),
    ("table", "|<PERSON_Z00000AA>|<EMAIL_0ABCDEFG>|"),
    ("row", "<PERSON_Z00000AA>,<EMAIL_0ABCDEFG>;evil.com"),
    ("mail", "mailto:<EMAIL_0ABCDEFG>"),
    ("mail in a sentence", "Write to <EMAIL_0ABCDEFG>."),
    ("domain", "see <DOMAIN_VWXYZ012>/"),
    ("handle", "<PERSON_Z00000AA>@home"),
    ("reference", "<PERSON_Z00000AA>&nbsp;et evil.com"),
    ("behind a domain", "evil.com : <NATIONAL_ID_K7Q2M9F3>"),
    ("behind a file", "notes.md:<PERSON_Z00000AA>"),
    ("behind a line of a file", "notes.md:12:<NATIONAL_ID_K7Q2M9F3>"),
];

#[test]
fn what_makes_no_name_is_restored() {
    for (name, text) in RESTORED {
        let restored = whole(text, Landing::Text);
        assert_eq!(restored.counts.withheld, 0, "{name}: {}", restored.text);
        assert!(restored.counts.restored > 0, "{name}");
    }
}

#[test]
fn every_cut_gives_the_same() {
    for (name, text) in WITHHELD.iter().chain(RESTORED) {
        let expected = whole(text, Landing::Text);
        let places: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        let streamed = |places: &[usize]| {
            let mut stream = StreamRestore::new(Arc::new(vault()), Landing::Text);
            let mut out = String::new();
            for piece in cut(text, places) {
                let would_hold = stream.would_hold(piece);
                out.push_str(&stream.push(piece));
                assert!(would_hold || stream.held_bytes() == 0, "{name}");
            }
            out.push_str(&stream.finish());
            Restored { text: out, counts: stream.counts(), moves: stream.moves() }
        };
        for at in &places {
            assert_eq!(show(&streamed(&[0, *at, text.len()])), show(&expected), "{name}: cut at {at}");
        }
        assert_eq!(show(&streamed(&places)), show(&expected), "{name}: character by character");
    }
}

/// A run of letters without end does not hold a stream: no label is as long.
#[test]
fn what_is_longer_than_a_name_is_not_waited_for() {
    for (text, restored) in [("x".repeat(64), 1), (".x".repeat(200), 0), ("字".repeat(64), 1)] {
        let mut stream = StreamRestore::new(Arc::new(vault()), Landing::Text);
        stream.push("<PERSON_Z00000AA>");
        stream.push(&text);
        assert_eq!((stream.held_bytes(), stream.counts().restored), (0, restored), "{text}");
    }
}
