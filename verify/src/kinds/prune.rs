//! `prune`: entries whose time was over were removed; their hashes stay in the tree.

use crate::schema::{Schema, Shape, may, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "prune",
    when: "the oldest segments were removed because their retention had ended",
    about_request: false,
    members: &[
        must("from", Shape::Number, "the first entry that was removed"),
        may("log", Shape::Word, "the log that they were of; absent in entries of older versions: of this one"),
        must("older_than", Shape::Time, "what was removed is older than this"),
        must("to", Shape::Number, "behind the last one"),
    ],
};
