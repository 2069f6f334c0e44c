//! `key`: the log's signing key. The key of one epoch announces that of the next, which is all that ties the two logs.

use crate::schema::{Schema, Shape, may, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "key",
    when: "the first entry of an epoch names its key and the epoch before; near its end one announces the next",
    about_request: false,
    members: &[
        must("event", Shape::OneOf(&["announced", "begun"]), ""),
        may("previous", Shape::Word, "`begun`: origin of the epoch before"),
        may("previous_root", Shape::Word, "`begun`: root over the epoch before, base64"),
        may("previous_size", Shape::Number, "`begun`: entries of the epoch before"),
        must("vkey", Shape::Word, "`announced`: verifier key of the next epoch; `begun`: of this one"),
    ],
};
