//! Positions of citations: they point at the same words before and behind the restoring of the text that they are in.

use std::collections::HashMap;

use crate::dialect::{Position, ReplyLeaf};
use crate::transform::{Moves, Vault};
use crate::wire::Edit;

/// What moved in the leaves of one reply or event, by their index.
#[derive(Debug, Default)]
pub(super) struct Moved(HashMap<usize, Moves>);

impl Moved {
    /// Notes where the places of a leaf's text are now.
    pub(super) fn note(&mut self, index: usize, moves: Moves) {
        self.0.insert(index, moves);
    }

    /// Where the places of a leaf's text are now; nothing where all are where they were.
    pub(super) fn of(&self, index: usize) -> Option<&Moves> {
        self.0.get(&index)
    }

    /// The edits that move the positions; the vault knows the documents of the request, `running` the running texts of a stream.
    pub(super) fn edits(
        &self,
        (positions, leaves): (&[Position], &[ReplyLeaf<'_>]),
        vault: &Vault,
        running: impl Fn(&Position) -> Option<Moves>,
    ) -> Vec<Edit> {
        let mut edits = Vec::new();
        for position in positions {
            let now = match (position.document, position.leaf(leaves)) {
                (Some(document), _) => vault.document(document).and_then(|moves| at(position, moves)),
                (None, Some(index)) => self.0.get(&index).and_then(|moves| at(position, moves)),
                (None, None) => running(position).and_then(|moves| at(position, &moves)),
            };
            if let Some(now) = now.filter(|now| *now != position.value) {
                edits.push(Edit { span: position.span.clone(), replacement: now.to_string() });
            }
        }
        edits
    }
}

fn at(position: &Position, moves: &Moves) -> Option<u64> {
    moves.at(position.value, position.measure, position.end)
}
