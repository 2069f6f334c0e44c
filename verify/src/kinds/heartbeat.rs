//! `heartbeat`: silence that is not a gap.

use super::decision::CLOCK;
use crate::schema::{Schema, Shape, may, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "heartbeat",
    when: "about once a minute while the gateway runs: silence without it shows that the end of the log was cut off",
    about_request: false,
    members: &[
        must("clock", Shape::OneOf(CLOCK), "what the system says of its clock"),
        may("clock_error_us", Shape::Number, "error of the clock at most, as the system estimates it, in microseconds"),
        must("decisions", Shape::Number, "decisions that this run has handed in"),
        must("open", Shape::Number, "decisions without outcome"),
        must("refused", Shape::Number, "entries that the log could not take in this run"),
    ],
};
