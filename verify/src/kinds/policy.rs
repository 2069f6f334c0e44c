//! `policy`: a policy came into force, or a new one was rejected.

use crate::schema::{Schema, Shape, may, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "policy",
    when: "a policy came into force, or a new one was rejected",
    about_request: false,
    members: &[
        must("in_force", Shape::Flag, "whether it is now in force"),
        may("inventory", Shape::Digest, "digest of the inventory with it"),
        may("name", Shape::Word, "name and version in its header"),
        may("policy", Shape::Digest, "its digest; absent when it could not be compiled"),
    ],
};
