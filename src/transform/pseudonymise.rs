//! `pseudonymise`, and `pseudonymise unlinkably`: a token in place of the value, undone in the answer.
//!
//! Linkable tokens are the same in every request of a tenant and app, which agents and prompt caches need; unlinkable ones
//! take the request's salt. Either way the data stays personal: what surrounds a token may still tell who it is.

use super::duty::{Duty, Instead};
use crate::model::{Action, EntityInfo};

/// Stable within tenant and app.
pub(super) static LINKABLY: Pseudonymise = Pseudonymise { salted: false };
/// Different in each request.
pub(super) static UNLINKABLY: Pseudonymise = Pseudonymise { salted: true };

/// Puts a token in place of the value.
#[derive(Debug)]
pub(super) struct Pseudonymise {
    salted: bool,
}

impl Duty for Pseudonymise {
    fn action(&self) -> Action {
        if self.salted { Action::PseudonymiseUnlinkably } else { Action::Pseudonymise }
    }

    fn is_undone(&self) -> bool {
        true
    }

    fn instead(&self, _entity: &EntityInfo) -> Instead {
        Instead::Token { salted: self.salted }
    }
}
