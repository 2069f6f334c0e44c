//! `gap`: what the log cannot tell, told by the log.

use crate::schema::{Schema, Shape, may, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "gap",
    when: "the log can write again after it could not, or a crash had cut a batch short",
    about_request: false,
    members: &[
        must("cause", Shape::OneOf(&["storage", "torn"]), "the disk failed; a batch at the very end, behind every checkpoint, was not whole and was wiped at the start"),
        must("refused", Shape::Number, "entries refused meanwhile, mostly two of a request (its decision, and that it was refused for that): nothing left the gateway for them"),
        may("since", Shape::Time, "when it began"),
    ],
};
