//! The seam of this module: a duty is one file that says what stands in place of a value, and where it cannot be done.
//!
//! `keep` changes nothing and `block` is the refusal itself, so neither has a file. A duty that is not in the table is not in
//! [`vocabulary`] either, and a sheet that demands it removes the backend.

use std::fmt;

use super::{drop, pseudonymise, redact};
use crate::model::{Action, EntityInfo, Field, Role, Spelling, TokenKind, Word};

/// What must be done to a value, carried out by one file of this folder.
pub(super) trait Duty: fmt::Debug + Sync {
    /// The word of the sheet.
    fn action(&self) -> Action;

    /// Whether restore undoes it, so that what must stay distinct does: keys and names.
    fn is_undone(&self) -> bool {
        false
    }

    /// What stands in place of a value of this type.
    fn instead(&self, entity: &EntityInfo) -> Instead;
}

/// What stands in place of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Instead {
    /// A token that restore undoes; salted ones differ in each request.
    Token {
        /// Whether the request's salt goes in.
        salted: bool,
    },
    /// These words.
    Words(String),
    /// Nothing, and nothing stays of the field around it.
    EmptyField,
}

/// A duty cannot be done on what the request carries; the backend may not have it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot {} `{entity}` in {path}: {why}", action.name())]
pub struct CannotDo {
    /// The duty.
    pub action: Action,
    /// The entity type.
    pub entity: Word,
    /// The dialect table's path of the field.
    pub path: &'static str,
    /// Why not.
    pub why: Why,
}

/// Why a duty cannot be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Why {
    /// The duty is `block`.
    #[error("the sheet blocks it")]
    Blocked,
    /// This build has no such duty.
    #[error("this build does not have the duty")]
    Unbuilt,
    /// The value stands in a number.
    #[error("a number would become a string")]
    Number,
    /// The value stands in what steers the call.
    #[error("the field would no longer mean what it says")]
    Control,
    /// The value stands in what cannot be read whole.
    #[error("the field cannot be read whole")]
    Unreadable,
    /// The value stands in a key, which must stay distinct and is not undone by this duty.
    #[error("a key would lose its name")]
    Key,
    /// The value stands in the name of a tool, a speaker or a format, which must stay one and is not undone by this duty.
    #[error("the name would no longer be one")]
    Name,
    /// The finding does not lie in its field, or is of another catalogue.
    #[error("the finding does not lie in its field")]
    Misplaced,
    /// The type's word cannot stand in a token.
    #[error("the word of the type cannot stand in a token")]
    Unspeakable,
    /// More values than a vault holds.
    #[error("too many values for one request")]
    TooMany,
    /// With the values gone, what stood beside them is read as one, whatever is changed.
    #[error("with the values beside it gone, something is still read as one")]
    Left,
    /// Every token tried for the value resolves to something else in the request.
    #[error("no token is free for the value")]
    Taken,
}

/// The actions that this build carries out, mildest first, `keep` and `block` included.
pub fn vocabulary() -> &'static [Action] {
    const VOCABULARY: &[Action] = &[
        Action::Keep,
        Action::Pseudonymise,
        Action::PseudonymiseUnlinkably,
        Action::Redact,
        Action::Drop,
        Action::Block,
    ];
    VOCABULARY
}

/// The duty for an action, if it can be done on a value in this field.
pub(super) fn duty(action: Action, field: &Field) -> Result<&'static dyn Duty, Why> {
    if action == Action::Block {
        return Err(Why::Blocked);
    }
    let duty = DUTIES.iter().find(|duty| duty.action() == action).ok_or(Why::Unbuilt)?;
    match (field.role, field.kind) {
        (Role::Control, _) => Err(Why::Control),
        (Role::Binary | Role::Reference | Role::Hosted, _) => Err(Why::Unreadable),
        (_, TokenKind::Number) => Err(Why::Number),
        // Two keys would become one, or two tools.
        (_, TokenKind::Key) if !duty.is_undone() => Err(Why::Key),
        (Role::Name, _) if !duty.is_undone() => Err(Why::Name),
        _ if field.spelling == Spelling::Label && !duty.is_undone() => Err(Why::Name),
        _ => Ok(*duty),
    }
}

const DUTIES: &[&dyn Duty] = &[&pseudonymise::LINKABLY, &pseudonymise::UNLINKABLY, &redact::Redact, &drop::Drop];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vocabulary_is_what_the_duties_can_do() {
        let mut actions: Vec<Action> = DUTIES.iter().map(|duty| duty.action()).collect();
        actions.extend([Action::Keep, Action::Block]);
        actions.sort_unstable();
        assert_eq!(actions, vocabulary());
    }

    #[test]
    fn every_file_with_a_duty_is_in_the_table() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/transform");
        let files = walkdir::WalkDir::new(folder).max_depth(1).into_iter().filter_map(Result::ok);
        let duties = files.filter(|file| {
            file.path().extension().is_some_and(|extension| extension == "rs")
                && include_text(file.path()).lines().any(|line| line.starts_with("impl Duty for "))
        });
        let mut names: Vec<String> =
            duties.map(|file| file.path().file_stem().unwrap().to_string_lossy().into_owned()).collect();
        names.sort();
        assert_eq!(names, ["drop", "pseudonymise", "redact"]);
    }

    #[expect(clippy::disallowed_methods, reason = "the test reads its own sources")]
    fn include_text(path: &std::path::Path) -> String {
        std::fs::read_to_string(path).unwrap()
    }
}
