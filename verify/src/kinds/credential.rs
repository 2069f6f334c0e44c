//! `credential`: who may call is as much a matter of record as what was called.

use crate::schema::{Schema, Shape, may, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "credential",
    when: "a key that proves callers was issued, rotated or revoked",
    about_request: false,
    members: &[
        may("admin", Shape::Word, "the administrator, when the key is a token of the admin listener"),
        may("app", Shape::Word, "the app that the key proves"),
        must("at", Shape::Time, "when it was changed"),
        must("by", Shape::Word, "who changed it: the system's number of the user, or the name of an administrator"),
        must("change", Shape::Word, "id of the change: a repeated one is the same change"),
        must("channel", Shape::OneOf(&["api", "command"]), ""),
        must("event", Shape::OneOf(&["issued", "revoked", "rotated"]), ""),
        may("expires", Shape::Time, "when the key ends by itself"),
        must("key", Shape::Word, "keyed pseudonym of the key: the `actor` of its requests"),
        may("replaces", Shape::Word, "`rotated`: the key that it takes the place of"),
        must("scoped", Shape::List(&Shape::OneOf(&["apis", "models", "purposes"])), "what the key is restricted in"),
    ],
};
