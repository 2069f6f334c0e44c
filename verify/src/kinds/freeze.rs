//! `freeze`: an emergency freeze began or ended, or an order was refused.

use crate::schema::{Schema, Shape, may, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "freeze",
    when: "an emergency freeze began or ended, or an order was refused",
    about_request: false,
    members: &[
        may("because", Shape::Word, "the reason given"),
        may("by", Shape::List(&Shape::Word), "who signed the order, or its end"),
        must("cause", Shape::Word, "`order`, `thaw`, `expiry`; of a refused order `signature`, `faults`"),
        may("order", Shape::Digest, "SHA-256 of the order"),
        must("state", Shape::OneOf(&["begun", "ended", "refused"]), ""),
        may("until", Shape::Word, "until when only backends on premises are used, RFC 3339"),
    ],
};
