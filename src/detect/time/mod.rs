//! Dates, births and ages.

pub(super) mod age;
pub(super) mod date;
mod written;
