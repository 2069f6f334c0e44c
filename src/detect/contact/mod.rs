//! How to reach somebody: e-mail addresses and telephone numbers.

pub(super) mod email;
pub(super) mod french;
pub(super) mod phone;
mod plan;
pub(super) mod spoken;
