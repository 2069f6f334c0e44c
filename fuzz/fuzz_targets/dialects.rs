//! Every dialect: a body that is accepted is read whole (law 1), what goes out is a body again, replies and events never panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use octroi::dialect::{self, event_leaves, flush_event, model_asked, outgoing, parse, reply_leaves};
use octroi::model::{Api, Call, Line};
use octroi::wire::json::{Bounds, Document, NodeKind, Numbers};
use octroi::wire::splice;

// The first byte chooses the endpoint; the rest is a body, a reply and the data of an event.
fuzz_target!(|input: &str| {
    let (Some(which), Some(body)) = (input.bytes().next(), input.get(1..)) else { return };
    let all: Vec<(Api, &str)> = dialect::all().flat_map(dialect::endpoints).collect();
    let (api, path) = all[usize::from(which) % all.len()];
    drop(reply_leaves(api, body));
    for name in [None, Some("contentBlockDelta"), Some("contentBlockStop")] {
        let Ok(view) = event_leaves(api, name, body) else { continue };
        for leaf in view.leaves.iter().filter(|leaf| leaf.fragment) {
            // What is too deep to be read as a request is held back to the end of its stream.
            let Some(flush) = flush_event(api, body, leaf.channel, "held".into(), Some(1)) else { continue };
            let again = event_leaves(api, flush.event.as_deref(), &flush.data).expect("what is added is an event");
            assert!(again.leaves.iter().any(|own| own.channel == leaf.channel && own.text == "held"));
        }
    }
    let model = path.contains("{model}").then(|| "m".to_owned());
    let Ok(call) = parse(Line { model: model.clone(), ..Line::from(api) }, body.to_owned()) else { return };
    read_whole(&call);
    let sent = splice(&call.body, outgoing(&call, "own", true)).expect("the edits fit the body");
    let again = parse(Line { model: model.map(|_| "own".to_owned()), ..Line::from(api) }, sent);
    let again = again.expect("what goes out is a request");
    assert_eq!(model_asked(&again), "own");
    assert_eq!(again.stream, call.stream);
});

/// Every string value and every number of the body is a field, and no two fields share a byte.
fn read_whole(call: &Call) {
    let document = Document::read(&call.body, Bounds::REQUEST, Numbers::All).expect("an accepted body is strict JSON");
    let mut fields = call.fields.iter();
    for node in document.nodes() {
        if matches!(node.kind, NodeKind::String | NodeKind::Number) {
            let field = fields.find(|field| field.span.start >= node.start).expect("a value that is no field");
            assert_eq!(field.span, node.span(), "a value that is no field");
        }
    }
    let disjoint = call.fields.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start);
    assert!(disjoint, "fields overlap or are out of order");
}
