//! Where somebody is.

pub(super) mod geo;
