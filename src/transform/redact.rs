//! `redact`: a fixed word in place of the value, not undone.
//!
//! The word names the type as a pseudonym would (neutrally for special categories), so that the model still knows what kind
//! of thing stood there, and it cannot be read as a token. Keys are not redacted: two of them would become one.

use super::duty::{Duty, Instead, Why};
use crate::model::{Action, EntityInfo, Field, Role, TokenKind};

/// Puts a fixed word in place of the value.
#[derive(Debug)]
pub(super) struct Redact;

impl Duty for Redact {
    fn action(&self) -> Action {
        Action::Redact
    }

    fn fits(&self, field: &Field) -> Result<(), Why> {
        match field {
            Field { kind: TokenKind::Key, .. } => Err(Why::Key),
            Field { role: Role::Name, .. } => Err(Why::Name),
            _ => Ok(()),
        }
    }

    fn instead(&self, entity: &EntityInfo) -> Instead {
        Instead::Words(format!("[{} redacted]", entity.code))
    }
}
