//! Pseudonyms and back: what was changed comes back exactly, and however an answer is cut, it is restored the same.
#![no_main]

use std::sync::{Arc, LazyLock};

use arbitrary::Arbitrary;
use aws_lc_rs::hmac;
use libfuzzer_sys::fuzz_target;
use octroi::model::call::FieldKey;
use octroi::model::{
    Action, Api, Call, Catalogue, Content, Dialect, Duties, Field, Finding, Findings, Line, Operation, Role, TokenKind,
    Word,
};
use octroi::policy::catalogue;
use octroi::transform::{Keys, Landing, Restorer, StreamRestore, apply};
use octroi::wire::{quote, splice};

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
    let vault = Arc::new(changed.vault);
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
        assert!(stream.held_bytes() <= octroi::limits::HOLD_BACK_BYTES_MAX, "held back too much");
        rest = after;
    }
    restored.push_str(&stream.push(rest));
    restored.push_str(&stream.finish());
    assert!(restored == whole.text, "the cuts changed the answer");
    assert_eq!(stream.counts(), whole.counts);
});

/// A body that is a list of strings, each holding one value that must be pseudonymised.
fn request(input: &Input) -> (Call, Findings, Duties) {
    let mut body = "[\"model\"".to_owned();
    let field = |path, span: std::ops::Range<usize>, text: &str, group| Field {
        path,
        role: Role::User,
        kind: TokenKind::String,
        span: span.start as u32..span.end as u32,
        content: Content::Decoded(text.into()),
        group,
        key: FieldKey::None,
    };
    let mut fields = vec![field("model", 1..8, "model", 0)];
    let (mut findings, mut duties) = (Findings::default(), Duties::default());
    for (before, value, kind) in &input.values {
        let entity = octroi::model::EntityId(kind % CATALOGUE.entities.len() as u16);
        let text = format!("{before}{value} ");
        body.push(',');
        let start = body.len();
        body.push_str(&quote(&text));
        let number = fields.len() as u32;
        fields.push(field("messages[].content", start..body.len(), &text, number));
        duties.require(entity, Action::Pseudonymise);
        findings.list.push(Finding {
            entity,
            field: number,
            range: before.len() as u32..(before.len() + value.len()) as u32,
            confidence: 90,
            detector: Word::fixed("fuzz"),
        });
    }
    body.push(']');
    let api = Api { dialect: Dialect::OPENAI, operation: Operation::CHAT };
    let call = Call {
        api,
        body,
        fields,
        line: Line::from(api),
        models: vec![0],
        cited: Vec::new(),
        stream: true,
        store: None,
        open: 1,
        hosted: Vec::new(),
        previous: None,
        places: Vec::new(),
    };
    (call, findings, duties)
}
