//! `quarantine`: a backend did not prove its region and is not used, or may be used again.

use crate::schema::{Schema, Shape, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "quarantine",
    when: "an answer or a health check of a backend did not prove the region that it must prove, and when the files that were read again end that",
    about_request: false,
    members: &[
        must("backend", Shape::Word, "its name in the inventory"),
        must("found", Shape::OneOf(&["another", "nothing"]), "another region was told of, or none"),
        must("header", Shape::Word, "the header that tells the region"),
        must("state", Shape::OneOf(&["begun", "ended"]), "`begun`: it is not used; `ended`: the files were read again"),
    ],
};
