//! How to reach somebody: e-mail addresses and telephone numbers.

pub(super) mod email;
pub(super) mod french;
mod italian;
pub(super) mod phone;
mod plan;
mod shapes;
pub(super) mod spoken;
mod words;
