//! Request bodies of OpenAI's API: a body that is accepted is read whole (law 1), and what goes out is a body again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use octroi::dialect::{error_body, event_leaves, outgoing, parse, reply_leaves, route};
use octroi::model::{Call, Content, Dialect};
use octroi::wire::json::{Bounds, Document, NodeKind, Numbers};
use octroi::wire::splice;

const PATHS: [&str; 4] = ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses"];

// The first byte chooses the endpoint, `0` to `3`; the rest is the body.
fuzz_target!(|input: &str| {
    let (Some(which), Some(body)) = (input.bytes().next(), input.get(1..)) else { return };
    let api = route(&http::Method::POST, PATHS[usize::from(which) % PATHS.len()], None, &http::HeaderMap::new())
        .expect("a governed endpoint")
        .api;
    drop(reply_leaves(api, body));
    drop(event_leaves(api, None, body));
    match parse(api, body.to_owned()) {
        Ok(call) => {
            read_whole(&call);
            let edits = outgoing(&call, "model-of-the-backend", true);
            let sent = splice(&call.body, edits).expect("the edits fit the body");
            let again = parse(api, sent).expect("what goes out is a request");
            assert_eq!(again.model_asked(), "model-of-the-backend");
            assert_eq!(again.stream, call.stream);
        }
        Err(refusal) => {
            let shown = error_body(Dialect::OPENAI, &refusal, "request");
            assert!(serde_json::from_str::<serde_json::Value>(&shown).is_ok());
        }
    }
});

/// Every string value and every number of the body is a field, and no two fields share a byte.
fn read_whole(call: &Call) {
    let document = Document::read(&call.body, Bounds::REQUEST, Numbers::All).expect("an accepted body is strict JSON");
    let mut fields = call.fields.iter();
    for node in document.nodes() {
        if matches!(node.kind, NodeKind::String | NodeKind::Number) {
            let field = fields.find(|field| field.span.start >= node.start).expect("a value that is no field");
            assert_eq!(field.span, node.span(), "a value that is no field");
            let attached = matches!(field.content, Content::Opened(_));
            assert!(attached || call.text(field) == document.decoded(node), "a field that reads differently");
        }
    }
    let disjoint = call.fields.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start);
    assert!(disjoint, "fields overlap or are out of order");
}
