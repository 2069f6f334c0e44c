//! `attempt`: a further backend is about to see a request.

use super::decision::{CROSSED, NEWEST, SENDING};
use crate::schema::{Schema, Shape, may, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "attempt",
    when: "before a further backend sees the request",
    about_request: true,
    members: &[
        must("cause", Shape::Word, "why the one before did not serve: `connect`, `address`, `identity`, `tls`, `timeout`, `broke`, `malformed`, `redirected`, `encoding`, `error` (its answer said that it failed), `overloaded` (that it has no room: 429, 503), `denied` (that it does not take the gateway's credential: 401, 403), `credential` (none is held), `region`, `request`, that it was not asked: `full`, `unavailable`, `waited`, `retries`, or that nothing could be made for it that may leave: `duty`, `residue`, `place`, `model`, `randomness`"),
        may("crossed", Shape::Object(CROSSED), "the tier that was left for it; absent where another attempt went there before"),
        must("fell_back", Shape::Flag, "whether the tier is a later one than the first: a `fall back` clause was used"),
        may(
            "newest",
            Shape::Object(NEWEST),
            "what the newest state says of it, where that is another than the decision's; absent in entries of older versions",
        ),
        must("number", Shape::Number, "2 for the second backend tried, and so on"),
        must("policies", Shape::Exactly(2, &Shape::Digest), "the request's own policy and the newest: both allow it"),
        must("request", Shape::Request, ""),
        must("sending", Shape::Object(SENDING), "as in a decision"),
    ],
};
