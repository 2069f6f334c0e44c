//! What changing a request and restoring its answer cost: `cargo bench --bench transform`.
//!
//! Bars: at most 10 µs a frame of a streamed answer; text without candidates at the speed of one pass over its bytes.
#![expect(clippy::unwrap_used, reason = "bench helpers")]

use std::sync::Arc;

use aws_lc_rs::hmac;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use octroi::model::call::{FieldKey, Spelling};
use octroi::model::{
    Action, Api, Call, Catalogue, ClassSet, Content, Dialect, Duties, EntityId, EntityInfo, Field, Finding, Findings,
    Line, Normal, Operation, Role, TokenKind, Word,
};
use octroi::transform::{Changed, Keys, Landing, Restorer, StreamRestore, Vault, apply};

fn main() {
    divan::main();
}

const VALUES: [(u16, &str); 5] = [
    (0, "zoe.unal@example.com"),
    (1, "Zoé Ünal"),
    (2, "FR76 3000 6000 0112 3456 7890 189"),
    (0, "jean.dupont@example.fr"),
    (1, "Jean Dupont"),
];
const FRAME_BYTES: usize = 8;

/// A request of about `bytes` bytes, one message, in which the five values stand once each.
fn request(bytes: usize) -> (Call, Findings) {
    let filler = "The quick brown fox, who is 42, jumps over the lazy dog. ".repeat(bytes / 5 / 57);
    let (mut text, mut list) = (String::new(), Vec::new());
    for (entity, value) in VALUES {
        text.push_str(&filler);
        let start = u32::try_from(text.len()).unwrap();
        text.push_str(value);
        let range = start..u32::try_from(text.len()).unwrap();
        list.push(Finding {
            entity: EntityId(entity),
            field: 0,
            range,
            confidence: 90,
            detector: Word::fixed("bench"),
        });
    }
    let body = serde_json::json!({ "messages": [{ "role": "user", "content": text }] }).to_string();
    let start = body.find("\"content\":").unwrap() + "\"content\":".len();
    let span = u32::try_from(start).unwrap()..u32::try_from(start + text.len() + 2).unwrap();
    let content = Content::Verbatim(span.start + 1..span.end - 1);
    let (path, role, kind) = ("messages[].content", Role::User, TokenKind::String);
    let field =
        Field { path, role, kind, spelling: Spelling::Any, span, content, group: 0, key: FieldKey::Known("content") };
    let api = Api { dialect: Dialect::OPENAI, operation: Operation::CHAT };
    let call = Call {
        api,
        body,
        fields: vec![field],
        line: Line::from(api),
        cited: Vec::new(),
        sources: Vec::new(),
        models: vec![0],
        stream: true,
        json: false,
        store: None,
        open: 1,
        hosted: Vec::new(),
        previous: None,
        places: Vec::new(),
    };
    (call, Findings { list, ..Findings::default() })
}

fn catalogue() -> Catalogue {
    let rows =
        [("email", "EMAIL", Normal::Lower), ("person", "PERSON", Normal::Name), ("iban", "IBAN", Normal::Alphanumeric)];
    let info = |(name, code, normal)| EntityInfo {
        name: Word::fixed(name),
        code: Word::fixed(code),
        classes: ClassSet::default(),
        normal,
        names_somebody: true,
    };
    Catalogue { entities: rows.map(info).into(), classes: Vec::new() }
}

fn keys() -> Keys {
    Keys::new(hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]), [9; 16])
}

fn change(call: &Call, findings: &Findings, catalogue: &Catalogue, keys: &Keys) -> Changed {
    let mut duties = Duties::default();
    (0..3).for_each(|entity| duties.require(EntityId(entity), Action::Pseudonymise));
    apply(call, findings, &duties, catalogue, keys).unwrap()
}

/// The vault of a request and an answer that repeats its text, tokens in place.
fn answer(bytes: usize) -> (Arc<Vault>, String) {
    let (call, findings) = request(bytes);
    let changed = change(&call, &findings, &catalogue(), &keys());
    let text = serde_json::from_str(&changed.edits.first().unwrap().replacement).unwrap();
    (Arc::new(changed.vault), text)
}

#[divan::bench(args = [2_000, 128_000])]
fn apply_five_values(bencher: Bencher<'_, '_>, bytes: usize) {
    let ((call, findings), catalogue, keys) = (request(bytes), catalogue(), keys());
    bencher.counter(BytesCount::new(call.body.len())).bench(|| change(&call, &findings, &catalogue, &keys));
}

#[divan::bench(args = [Landing::Text, Landing::JsonInString])]
fn restore_frames(bencher: Bencher<'_, '_>, landing: Landing) {
    let (vault, text) = answer(2_000);
    let frames: Vec<String> = text.chars().collect::<Vec<_>>().chunks(FRAME_BYTES).map(String::from_iter).collect();
    bencher.counter(ItemsCount::new(frames.len())).bench(|| {
        let mut stream = StreamRestore::new(Arc::clone(&vault), landing);
        let passed: usize = frames.iter().map(|frame| stream.push(divan::black_box(frame)).len()).sum();
        passed + stream.finish().len()
    });
}

/// Frames that each end where a token may go on: everything is held and read again.
#[divan::bench]
fn restore_frames_at_worst(bencher: Bencher<'_, '_>) {
    let (vault, text) = answer(2_000);
    let token: String = text.chars().skip_while(|char| *char != '<').take_while(|char| *char != '>').collect();
    let half: String = token.chars().take(token.len() - 2).collect();
    bencher.counter(ItemsCount::new(1_000_usize)).bench(|| {
        let mut stream = StreamRestore::new(Arc::clone(&vault), Landing::Text);
        (0..1_000).map(|_| stream.push(divan::black_box(&half)).len()).sum::<usize>()
    });
}

#[divan::bench(args = ["tokens", "plain", "brackets"])]
fn restore_whole(bencher: Bencher<'_, '_>, kind: &str) {
    let (vault, text) = answer(64_000);
    let text = match kind {
        "tokens" => text,
        "plain" => "0123456789, ".repeat(text.len() / 12),
        _ => "<p".repeat(text.len() / 2),
    };
    bencher
        .counter(BytesCount::new(text.len()))
        .bench(|| Restorer::new(&vault).restore_whole(divan::black_box(&text), Landing::Text).text.len());
}
