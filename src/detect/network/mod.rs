//! Machines and what opens them: IP addresses, URLs that carry credentials.

pub(super) mod handle;
pub(super) mod ip;
pub(super) mod mac;
pub(super) mod url;
pub(super) mod uuid;
pub(super) mod web;
