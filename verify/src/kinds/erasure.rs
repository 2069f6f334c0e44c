//! `erasure`: a key was destroyed, and with it what it protected. No entry changes, and every proof still holds.

use crate::schema::{Schema, Shape, may, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "erasure",
    when: "a key was destroyed so that what it protects is erased",
    about_request: false,
    members: &[
        may("at", Shape::Word, "when: what was sealed later has another key; absent in entries of older versions"),
        must("basis", Shape::OneOf(BASES), "why: an article, or a reason of the house"),
        may("by", Shape::Word, "who did it: `user-` and the number of the system's; absent in entries of older versions"),
        must("key", Shape::Word, "id of the key that was destroyed"),
        may(
            "keys",
            Shape::List(&Shape::Word),
            "of a month: ids of the keys that went with it, over several entries where one has no room for all; absent in entries of older versions",
        ),
        may("month", Shape::Word, "month that it protected"),
        must("scope", Shape::OneOf(&["case", "month", "subject"]), "what it protected"),
        must("tenant", Shape::Word, ""),
    ],
};

/// Reasons of an erasure: GDPR article 17(1) (a) to (f), and others.
pub const BASES: &[&str] = &[
    "case-closed",
    "consent-withdrawn",
    "court-order",
    "key-compromised",
    "legal-obligation",
    "no-longer-necessary",
    "objection",
    "retention-ended",
    "unlawful-processing",
];
