//! Who may call, for what, and how much: keys that are issued, narrowed, rotated and revoked while the gateway runs.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::or_fun_call,
    reason = "test helpers"
)]

#[path = "callers/admin.rs"]
mod admin;
mod common;
#[path = "callers/keys.rs"]
mod keys;
#[path = "callers/limits.rs"]
mod limits;
#[path = "callers/proofs.rs"]
mod proofs;
