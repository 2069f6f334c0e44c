//! Machines and what opens them: IP addresses, URLs that carry credentials.

pub(super) mod ip;
pub(super) mod url;
