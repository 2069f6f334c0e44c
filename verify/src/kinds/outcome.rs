//! `outcome`: how a request ended.

use crate::schema::{Schema, Shape, may, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "outcome",
    when: "when the answer has ended, however it ended",
    about_request: true,
    members: &[
        may("backend", Shape::Word, "the backend that answered"),
        must("bytes_out", Shape::Number, "bytes sent to the client"),
        must(
            "end",
            Shape::Word,
            "`complete`, `client-gone`, `upstream-broke`, `refused`, `failed`, `gateway-restart`",
        ),
        must("first_byte_us", Shape::Number, "microseconds from accept to the first byte of the answer"),
        must("foreign_tokens", Shape::Number, "strings that look like pseudonyms and are not of this request"),
        may("input_tokens", Shape::Number, "as the backend counted"),
        may("kept", Shape::Digest, "keyed code of the answer, where the backend keeps it"),
        may("output_tokens", Shape::Number, "as the backend counted"),
        must("request", Shape::Request, ""),
        must("restored", Shape::Number, "pseudonyms restored in the answer"),
        must("status", Shape::Number, "status sent to the client"),
        must("total_us", Shape::Number, "microseconds from accept to the end"),
        must("withheld_tokens", Shape::Number, "pseudonyms left in addresses of the answer"),
    ],
};
