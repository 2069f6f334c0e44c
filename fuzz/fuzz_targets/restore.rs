//! Pseudonyms and back: what was changed comes back exactly, and however an answer is cut, it is restored the same.
#![no_main]

use std::sync::{Arc, LazyLock};

use arbitrary::Arbitrary;
use aws_lc_rs::hmac;
use libfuzzer_sys::fuzz_target;
use octroi::model::{Call, Catalogue, Duties, EntityId, Findings, Word};
use octroi::policy::catalogue;
use octroi::transform::{Keys, Landing, Restorer, StreamRestore, apply};
use octroi::wire::splice;

#[path = "../../tests/replay/call.rs"]
mod call;

#[derive(Debug, Arbitrary)]
struct Input {
    /// Text before, the value, and the number of its type.
    values: Vec<(String, String, u16)>,
    /// What the model writes between the tokens that it repeats.
    answer: Vec<(String, u8)>,
    /// Bytes of the fragments in which the answer comes.
    cuts: Vec<u8>,
    nested: bool,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| catalogue(&[]).unwrap());

fuzz_target!(|input: Input| {
    let (call, findings, duties) = request(&input);
    let keys = Keys::new(hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]), [7; 16]);
    let Ok(changed) = apply(&call, &findings, &duties, &CATALOGUE, &keys) else { return };
    let tokens: Vec<String> = changed.edits.iter().map(|edit| edit.replacement.clone()).collect();
    let sent = splice(&call.body, changed.edits).expect("the edits fit the body");
    let mut vault = changed.vault;
    // What is written may lead there: the cuts change nothing of what is put into addresses.
    vault.name_hosts([Word::fixed("a.b")].into());
    let vault = Arc::new(vault);
    let landing = if input.nested { Landing::JsonInString } else { Landing::Text };

    // Every fragment of what was sent, mixed with whatever the model writes.
    let mut answer = String::new();
    for (text, which) in &input.answer {
        answer.push_str(text);
        answer.push_str(tokens.get(usize::from(*which)).map_or("", |token| token.trim_matches('"')));
    }
    answer.push_str(&sent);
    let whole = Restorer::new(&vault).restore_whole(&answer, landing);
    if vault.is_empty() {
        assert_eq!(whole.text, answer, "changed without a token");
    }

    let mut stream = StreamRestore::new(vault, landing);
    let mut restored = String::new();
    let mut rest = answer.as_str();
    for cut in &input.cuts {
        let at = rest.floor_char_boundary(usize::from(*cut));
        let (fragment, after) = rest.split_at(at);
        restored.push_str(&stream.push(fragment));
        assert!(stream.held_bytes() <= octroi::limits::HELD_BYTES_MAX, "held back too much");
        rest = after;
    }
    restored.push_str(&stream.push(rest));
    restored.push_str(&stream.finish());
    assert!(restored == whole.text, "the cuts changed the answer");
    assert_eq!(stream.counts(), whole.counts);
});

/// Each value in a text of its own, as one of some type.
fn request(input: &Input) -> (Call, Findings, Duties) {
    call::request(input.values.iter().map(|(before, value, kind)| {
        let entity = EntityId(kind % CATALOGUE.entities.len() as u16);
        (format!("{before}{value} "), before.len()..before.len() + value.len(), entity)
    }))
}
