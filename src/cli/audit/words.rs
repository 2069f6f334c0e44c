//! Words of a command line: times.

use crate::policy::{Language, day};

/// Reads a time of the command line.
pub(super) fn time(text: &str) -> Result<jiff::Timestamp, String> {
    text.parse().map_err(|_| match day(text, Language::En) {
        Ok(day) => format!("write a date, a time and its zone: {day}T00:00:00Z"),
        Err(help) => format!("write a date, a time and its zone, such as 2026-11-23T08:00:00Z; {help}"),
    })
}
