//! Papers of identity.

pub(super) mod mrz;
