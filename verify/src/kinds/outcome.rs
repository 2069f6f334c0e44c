//! `outcome`: how a request ended.

use super::decision::{NEWEST, SEALED};
use crate::schema::{Schema, Shape, may, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "outcome",
    when: "when the answer has ended, however it ended",
    about_request: true,
    members: &[
        may("backend", Shape::Word, "the backend that answered, or the last that was asked"),
        must("bytes_out", Shape::Number, "bytes sent to the client"),
        may(
            "cause",
            Shape::Word,
            "why the backend that was asked last did not answer, in the words of an attempt; absent in entries of older versions",
        ),
        must("end", Shape::Word, "`complete`, `client-gone`, `gateway-stop` (it was cut since the gateway was stopped), `upstream-broke`, `refused`, `failed`, `gateway-restart`"),
        must("first_byte_us", Shape::Number, "microseconds from accept to the first byte of the answer"),
        must("foreign_tokens", Shape::Number, "strings that look like pseudonyms and are not of this request"),
        may("input_tokens", Shape::Number, "as the backend counted"),
        may("kept", Shape::Digest, "keyed code of the answer, where the backend keeps it"),
        may(
            "newest",
            Shape::Object(NEWEST),
            "under what no further backend was left, when it was refused for that after one had seen it; absent in entries of older versions",
        ),
        may("output_tokens", Shape::Number, "as the backend counted"),
        may(
            "reason",
            Shape::Word,
            "the refusal's code, when it was refused after a backend had seen it; absent in entries of older versions",
        ),
        must("request", Shape::Request, ""),
        must("restored", Shape::Number, "pseudonyms restored in the answer"),
        may("sealed", Shape::Object(SEALED), "where the answer is kept under seal, when policy wants it"),
        must("status", Shape::Number, "status sent to the client"),
        must("total_us", Shape::Number, "microseconds from accept to the end"),
        may("unsealed", Shape::Flag, "whether the answer was to be kept under seal and could not be: the disk failed, or the key of its request was destroyed before it ended"),
        must("withheld_tokens", Shape::Number, "pseudonyms left in addresses of the answer"),
    ],
};
