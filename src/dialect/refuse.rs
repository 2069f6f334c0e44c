//! Refusals of a body that cannot be read, and of values that steer the gateway and may not.

use super::features::Features;
use super::request::Means;
use super::table::Place;
use crate::model::Refusal;
use crate::wire::json::{Flaw, Malformed, Node};

/// Turns a flaw of the text into a refusal.
pub(super) fn malformed(malformed: Malformed) -> Refusal {
    let code = match malformed.flaw {
        Flaw::Syntax | Flaw::Cut => "invalid_json",
        Flaw::Trailing => "trailing_bytes",
        Flaw::ByteOrderMark => "byte_order_mark",
        Flaw::DuplicateKey => "duplicate_key",
        Flaw::LoneSurrogate => "lone_surrogate",
        Flaw::NumberRange => "number_out_of_range",
        Flaw::Depth => "json_too_deep",
        Flaw::Size => "json_too_large",
    };
    Refusal::invalid(code, format!("the body cannot be read: {}", malformed.flaw.sentence()))
        .at(format!("byte {}", malformed.at))
}

/// Refuses a value that steers the gateway and is not of the kind that the API documents.
pub(super) fn misplaced(means: Means, place: &Place<Means>, node: &Node) -> Refusal {
    let refusal = match means {
        Means::State => Refusal::invalid("stateful_not_supported", state(place.path)),
        Means::Routes => Refusal::invalid(
            "routing_not_supported",
            format!("`{}` chooses where the request goes; here policy does, so leave it out", place.path),
        ),
        Means::Model | Means::Previous => {
            Refusal::invalid("invalid_type", format!("`{}` must be a string", place.path))
        }
        _ => Refusal::invalid("invalid_type", format!("`{}` must be true or false", place.path)),
    };
    refusal.at(format!("{} byte {}", place.path, node.start))
}

/// Refuses words of a body that ask for what does not pass.
pub(super) fn asks(features: &Features, words: &str, (place, node): (&Place<Means>, &Node)) -> Result<(), Refusal> {
    let admitted = features.admit(words, &format!("`{}`", place.path));
    let refused = |why| Refusal::invalid("feature_not_governed", why).at(format!("{} byte {}", place.path, node.start));
    admitted.map(|_| ()).map_err(refused)
}

/// Refuses a body of a shape that no table knows, where its answer could not be restored.
pub(super) fn ungoverned(one_of: &[&str]) -> Refusal {
    let known = one_of.join("`, `");
    Refusal::invalid(
        "model_body_not_governed",
        format!(
            "a stream of a model with such a body is not governed yet, so nothing was sent on; governed bodies have one of `{known}`"
        ),
    )
}

/// Why a reference to state is refused, and what to do instead.
fn state(path: &str) -> String {
    match path {
        // The model's own members stand deeper in Bedrock's.
        _ if path.ends_with("thread") => format!(
            "`{path}` has the conversation kept at the provider, and goes on from what this gateway has not read; send the \
             whole conversation in the request"
        ),
        "conversation" => {
            "`conversation` names an object that grows at the provider, so that no id can say what is in it by \
                           now; go on from an answer with `previous_response_id`, or send the whole conversation"
                .to_owned()
        }
        "background" => {
            "`background` has the answer made and kept after the connection has ended, where nothing of it is \
                         recorded; ask for a stream instead"
                .to_owned()
        }
        _ => format!(
            "`{path}` refers to state that the provider holds and this gateway has not read; send the whole conversation \
             in the request"
        ),
    }
}
