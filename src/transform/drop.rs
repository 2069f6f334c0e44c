//! `drop`: the whole field that holds the value is emptied, not undone.
//!
//! Keys are not dropped: two of them would become one, and their values would be anybody's.

use super::duty::{Duty, Instead};
use crate::model::{Action, EntityInfo};

/// Empties the field.
#[derive(Debug)]
pub(super) struct Drop;

impl Duty for Drop {
    fn action(&self) -> Action {
        Action::Drop
    }

    fn instead(&self, _entity: &EntityInfo) -> Instead {
        Instead::EmptyField
    }
}
