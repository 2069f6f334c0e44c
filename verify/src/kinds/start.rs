//! `start`: the gateway opened the log.

use crate::schema::{Schema, Shape, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "start",
    when: "the gateway opened the log",
    about_request: false,
    members: &[
        must("unfinished", Shape::Number, "decisions of the run before that had no outcome and have just got one"),
        must("version", Shape::Word, "of octroi"),
    ],
};
