//! Ids of small vocabularies, and hostile files.

use serde_json::json;

use super::*;

fn file() -> serde_json::Value {
    let pieces = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "the", "cafe", "don", "'", "t", "##t", "北", "京",
        "!", "a", "##b", "##bc", "strasse", "i", "[", "]", "sep", "σ", "##ς",
    ];
    let vocabulary: serde_json::Map<_, _> =
        pieces.iter().enumerate().map(|(id, piece)| ((*piece).to_owned(), json!(id))).collect();
    json!({
        "version": "1.0",
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [], "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}, "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 10, "vocab": vocabulary},
    })
}

fn parsed(file: &serde_json::Value) -> Result<Tokenizer, ModelError> {
    Tokenizer::parse(&serde_json::to_vec(file).unwrap(), 26)
}

#[test]
fn a_text_becomes_its_longest_pieces() {
    let tokenizer = parsed(&file()).unwrap();
    for (name, text, ids) in [
        ("nothing", "", &[][..]),
        ("blanks", " \t\n\u{a0}\u{3000}", &[]),
        ("pieces", "unaffable", &[4, 5, 6]),
        ("capitals", "UNAFFABLE the", &[4, 5, 6, 7]),
        ("an accent, composed and not", "Café cafe\u{301}", &[8, 8]),
        ("punctuation", "don't!", &[9, 10, 11, 15]),
        ("ideographs", "北京", &[13, 14]),
        ("the longest wins", "abc ab", &[16, 18, 16, 17]),
        ("an unknown end makes the word unknown", "unaffxx the", &[1, 7]),
        ("a word that is too long", "aaaaaaaaaaa", &[1]),
        ("controls vanish", "un\u{200d}aff\u{0}able", &[4, 5, 6]),
        ("a special token from outside is text", "[SEP]", &[21, 23, 22]),
        ("a dotted capital", "\u{130}", &[20]),
        ("a final sigma", "Σς", &[24, 25]),
    ] {
        let expected: Vec<u32> = std::iter::once(2).chain(ids.iter().copied()).chain([3]).collect();
        assert_eq!(tokenizer.encode(text, 64), expected, "{name}");
    }
}

#[test]
fn a_long_text_is_cut_with_its_frame_whole() {
    let tokenizer = parsed(&file()).unwrap();
    for most in 2..12 {
        let ids = tokenizer.encode(&"unaffable ".repeat(1_000), most);
        assert_eq!((ids.len(), ids.first(), ids.last()), (most, Some(&2), Some(&3)), "{most}");
    }
    assert_eq!(tokenizer.encode("the", 0), [2, 3]);
}

#[test]
fn a_hostile_file_is_refused() {
    for (at, value) in [
        ("/normalizer/type", json!("Replace")),
        ("/pre_tokenizer/type", json!("Metaspace")),
        ("/model/type", json!("BPE")),
        ("/model/type", json!(7)),
        ("/model/unk_token", json!("absent")),
        ("/model/vocab/the", json!(26)),
        ("/model/vocab/the", json!(-1)),
        ("/model/vocab/the", json!(1_u64 << 40)),
        ("/model/max_input_chars_per_word", json!(-1)),
        ("/post_processor/type", json!("Other")),
        ("/post_processor/single", json!([])),
        ("/post_processor/single/1/Sequence", json!(7)),
        ("/post_processor/single/0/SpecialToken/id", json!("absent")),
        ("/post_processor/special_tokens/[SEP]/ids", json!([26])),
        ("/post_processor/special_tokens/[SEP]/ids", json!(vec![0; 17])),
    ] {
        let mut changed = file();
        *changed.pointer_mut(at).unwrap() = value.clone();
        assert!(parsed(&changed).is_err(), "{at}: {value}");
    }
    let mut long = file();
    long["model"]["vocab"]["x".repeat(1_000)] = json!(5);
    assert!(parsed(&long).is_err());
    for json in [&b""[..], b"{}", b"[", &[0xFF; 100]] {
        assert!(Tokenizer::parse(json, 26).is_err());
    }
}
