//! `redact`: a fixed word in place of the value, not undone.
//!
//! The word names the type as a pseudonym would (neutrally for special categories), so that the model still knows what kind
//! of thing stood there, and it cannot be read as a token. Keys are not redacted: two of them would become one.

use super::duty::{Duty, Instead};
use crate::model::{Action, EntityInfo};

/// Puts a fixed word in place of the value.
#[derive(Debug)]
pub(super) struct Redact;

impl Duty for Redact {
    fn action(&self) -> Action {
        Action::Redact
    }

    fn instead(&self, entity: &EntityInfo) -> Instead {
        Instead::Words(format!("[{} redacted]", entity.code))
    }
}
