//! What goes with a payment: the security code, the expiry and the PIN of a card, and the bank's code.

pub(super) mod bic;
pub(super) mod card;
