//! `prune`: entries whose time was over were removed; their hashes stay in the tree.

use crate::schema::{Schema, Shape, may, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "prune",
    when: "the oldest segments were removed because their retention had ended",
    about_request: false,
    members: &[
        must("from", Shape::Number, "the first entry that was removed; `from` and `to` are 0 where only sealed content was"),
        may("keys", Shape::Number, "keys of sealed content that were destroyed, since no entry that is left names them"),
        may("log", Shape::Word, "the log that they were of; absent in entries of older versions: of this one"),
        must("older_than", Shape::Time, "what was removed is older than this"),
        may("sealed", Shape::Number, "files of sealed content that were removed, since no decision of their requests is left"),
        must("to", Shape::Number, "behind the last one"),
    ],
};
