//! `policy`: a policy came into force, or a new one was refused.

use crate::schema::{Member, Schema, Shape, may, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "policy",
    when: "a policy came into force, or a new one was refused",
    about_request: false,
    members: &[
        may("approvers", Shape::List(&Shape::Word), "who had signed the bundle"),
        may("bundle", Shape::Digest, "SHA-256 of the manifest of the signed bundle"),
        must("cause", Shape::OneOf(&["expiry", "files", "signal", "start"]), "why it was loaded"),
        may(
            "ended",
            Shape::List(&Shape::Object(ENDED)),
            "evidence about backends whose day was over, the latest 64: what it spoke for counts as unknown",
        ),
        must("in_force", Shape::Flag, "whether it is now in force"),
        may("inventory", Shape::Digest, "digest of the inventory with it"),
        may("name", Shape::Word, "name and version in its header"),
        may("policy", Shape::Digest, "its digest; absent when it could not be compiled"),
        may("reason", Shape::Word, "why it was refused: `faults`, `signature`, `approvers`, `name`, `rollback`, `record`, `inside`"),
        may("reference", Shape::Digest, "digest of the reference data with it"),
        may("valid_until", Shape::Word, "when it must be compiled again, RFC 3339"),
        may("version", Shape::Number, "the version in its header"),
    ],
};

const ENDED: &[Member] = &[
    must("backend", Shape::Word, ""),
    must("on", Shape::Word, "its last day"),
    must(
        "what",
        Shape::OneOf(&[
            "adequacy",
            "attestation",
            "certificate",
            "contract",
            "controlled-from",
            "exposed-to",
            "keys",
            "operator",
            "place",
            "retention",
            "run-by-owner",
            "sub-processors",
            "training",
            "transfer-basis",
        ]),
        "what it was evidence of",
    ),
];
