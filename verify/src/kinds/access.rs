//! `access`: the log covers those who read it, too.

use crate::schema::{Schema, Shape, may, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "access",
    when: "somebody reads the log, exports from it, or has something in it revealed",
    about_request: false,
    members: &[
        must("access", Shape::Request, "id of the access: a repeated one is the same access"),
        must("action", Shape::OneOf(&["export", "index", "proof", "query", "report", "reveal", "show"]), ""),
        may("approver", Shape::TwoKeys, "`reveal`: the ids of both custodians' keys"),
        must("at", Shape::Time, "when it was asked for"),
        must("channel", Shape::OneOf(&["command", "console"]), ""),
        may("from", Shape::Number, "first entry of a range"),
        must("reader", Shape::Word, "who reads: the system's number of the user, or a keyed pseudonym"),
        may("records", Shape::Number, "how many records it is for at most"),
        may("subject", Shape::Request, "the request that it is about"),
        may("to", Shape::Number, "behind the last entry of a range; absent where it goes on as the log grows"),
        must("words", Shape::List(&Shape::OneOf(CONDITIONS)), "names of the conditions that were set, never their values"),
    ],
};

/// The conditions of a search.
const CONDITIONS: &[&str] =
    &["app", "backend", "class", "country", "decision", "exception", "id", "rule", "since", "until"];
