//! `inventory`: another inventory, or other reference data, came into force.

use crate::schema::{Schema, Shape, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "inventory",
    when: "another inventory or other reference data came into force",
    about_request: false,
    members: &[
        must("backends", Shape::Number, "backends that it declares"),
        must("inventory", Shape::Digest, "digest of the inventory"),
        must("reference", Shape::Digest, "digest of the reference data"),
    ],
};
