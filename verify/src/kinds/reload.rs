//! `reload`: the files were read again.

use crate::schema::{Schema, Shape, may, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "reload",
    when: "the files were read again",
    about_request: false,
    members: &[
        must("cause", Shape::OneOf(&["expiry", "files", "signal"]), "why"),
        may("certificate", Shape::OneOf(&["in-force", "refused"]), "absent where the gateway has none"),
        must("policy", Shape::OneOf(&["in-force", "refused", "unchanged"]), ""),
    ],
};
