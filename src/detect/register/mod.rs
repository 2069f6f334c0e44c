//! Registers of companies that a number alone does not name.

pub(super) mod handelsregister;
