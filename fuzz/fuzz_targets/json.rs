//! The strict JSON reader: it accepts no more than `serde_json` does, refuses only for the reasons it names, and every token
//! lies where it says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use octroi::wire::json::{Bounds, Document, Flaw, NodeKind, Numbers};

fuzz_target!(|text: &str| {
    let theirs = serde_json::from_str::<serde_json::Value>(text);
    match Document::read(text, Bounds::REQUEST, Numbers::All) {
        Ok(document) => {
            assert!(theirs.is_ok(), "accepted what is not JSON");
            check(text, &document);
        }
        Err(malformed) => {
            let stricter = matches!(malformed.flaw, Flaw::DuplicateKey | Flaw::Depth | Flaw::Size);
            assert!(stricter || theirs.is_err(), "refused JSON as {:?}", malformed.flaw);
            assert!(malformed.at as usize <= text.len());
        }
    }
});

fn check(text: &str, document: &Document<'_>) {
    let mut last = 0;
    for node in document.nodes() {
        let span = node.span();
        assert!(span.start >= last && span.start < span.end, "tokens out of order");
        last = span.start;
        let raw = text.get(span.start as usize..span.end as usize).expect("a token outside the text");
        if matches!(node.kind, NodeKind::Key | NodeKind::String) {
            let theirs: String = serde_json::from_str(raw).expect("a string token that is no string");
            assert!(document.decoded(node) == theirs, "decoded differently");
        }
    }
}
