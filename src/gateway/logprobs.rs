//! Probabilities of tokens: those of tokens that hold a part of a pseudonym are withheld, the others go with their text.
//!
//! A token that holds a part of one says what nobody reads any more, and a part cannot be restored. In a stream a token waits,
//! as its text does, until it is known whether it is such a part; those that wait at the end of the text go with what was held back of
//! it. Where the tokens do not make up the text, nobody can tell which they are, and all are withheld. Of the alternatives to a token
//! those are withheld that hold a pseudonym or a piece of one.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::alternatives::without_pieces;
use super::cite::Moved;
use crate::dialect::{self, Channel, Logprobs, ReplyLeaf, TokenList};
use crate::model::{Api, Measure};
use crate::transform::{Moves, Vault};
use crate::wire::{Edit, splice};

/// Tokens of a running text whose end is not known yet.
#[derive(Default)]
pub(super) struct Waiting(VecDeque<Token>);

/// A token, and where it stands in the text as it was written.
struct Token {
    from_char: u64,
    /// In bytes.
    from: u64,
    until: u64,
    /// Its elements of the columns.
    cells: Vec<String>,
}

impl Waiting {
    /// Adds tokens whose text begins so many bytes and characters behind the beginning of the whole.
    fn add(&mut self, list: &TokenList, (mut from, mut from_char): (u64, u64)) {
        for (index, token) in list.tokens.iter().enumerate() {
            let until = from + token.len() as u64;
            let cells = list.columns.iter().filter_map(|column| column.cells.get(index).cloned()).collect();
            self.0.push_back(Token { from_char, from, until, cells });
            from = until;
            from_char += token.iter().filter(|byte| !(0x80..0xC0).contains(*byte)).count() as u64;
        }
    }

    /// The columns of a list with the tokens that are known now, up to this byte of the text.
    fn settled(&mut self, list: &TokenList, (moves, vault): (&Moves, &Vault), known: u64) -> Vec<Edit> {
        let mut kept: Vec<String> = vec![String::new(); list.columns.len()];
        while let Some(token) = self.0.pop_front_if(|token| token.until <= known) {
            if moves.touches(token.from, token.until) || token.cells.len() != kept.len() {
                continue;
            }
            for ((text, cell), column) in kept.iter_mut().zip(&token.cells).zip(&list.columns) {
                text.push(if text.is_empty() { '[' } else { ',' });
                match column.offsets.then(|| moved_by(cell, token.from_char, moves)).flatten() {
                    Some(offset) => text.push_str(&offset.to_string()),
                    None => text.push_str(&without_pieces(cell, vault)),
                }
            }
        }
        let whole = |text: String| if text.is_empty() { EMPTY.to_owned() } else { text + "]" };
        let edits = list.columns.iter().zip(kept.into_iter().map(whole));
        edits.map(|(column, replacement)| Edit { span: column.span.clone(), replacement }).collect()
    }

    /// Whether none waits.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What stands in the place of the probabilities in the event that brings the end of a text, whose moves are all known: those
    /// that still wait, in the shape in which an event of this channel told its own. Nothing where none is left to tell.
    pub(super) fn left(mut self, of: (Api, Channel), event: &str, told: (&Moves, &Vault)) -> Option<String> {
        let (api, channel) = of;
        if self.is_empty() {
            return None;
        }
        let view = dialect::event_leaves(api, None, event).ok()?;
        let leaf = view.leaves.iter().find(|leaf| leaf.fragment && leaf.channel == channel)?;
        let is_of = |list: &&TokenList| list.outer == channel.outer && list.is_of(&leaf.text);
        let (of, own) = view.logprobs.iter().find_map(|of| Some((of, of.lists.iter().find(is_of)?)))?;
        let mut edits = self.settled(own, told, u64::MAX);
        if edits.iter().all(|edit| edit.replacement == EMPTY) {
            return None;
        }
        let others = of.lists.iter().filter(|list| *list != own).flat_map(|list| &list.columns);
        edits.extend(others.map(|column| Edit { span: column.span.clone(), replacement: EMPTY.to_owned() }));
        for edit in &mut edits {
            edit.span = edit.span.start.checked_sub(of.span.start)?..edit.span.end.checked_sub(of.span.start)?;
        }
        splice(event.get(of.span.start as usize..of.span.end as usize)?, edits).ok()
    }

    /// Bytes that are held.
    pub(super) fn held_bytes(&self) -> usize {
        self.0.iter().flat_map(|token| &token.cells).map(String::len).sum()
    }

    /// What becomes of the probabilities that came with a piece of a text, of which so much is written and known.
    pub(super) fn of_piece(
        &mut self,
        list: &TokenList,
        start: (u64, u64),
        told: (&Moves, &Vault),
        known: u64,
    ) -> Vec<Edit> {
        self.add(list, start);
        self.settled(list, told, known)
    }
}

/// A column without a token.
const EMPTY: &str = "[]";

/// Where a token begins in the restored text; places of an API may count from another beginning.
fn moved_by(cell: &str, from_char: u64, moves: &Moves) -> Option<u64> {
    let now = moves.at(from_char, Measure::Chars, false)?;
    cell.parse::<u64>().ok()?.checked_add(now)?.checked_sub(from_char)
}

/// What becomes of the probabilities of a reply or event; `piece` says it of those of a running text, with its leaf.
pub(super) fn edits(
    of: &Logprobs,
    (leaves, moved): (&[ReplyLeaf<'_>], &Moved),
    vault: &Vault,
    mut piece: impl FnMut(&TokenList, &ReplyLeaf<'_>) -> Option<Vec<Edit>>,
) -> Vec<Edit> {
    let unmoved = Moves::default();
    let mut list = |list: &TokenList| {
        if list.tokens.is_empty() {
            return Some(Vec::new());
        }
        let is_of = |leaf: &ReplyLeaf<'_>| leaf.restore && leaf.channel.outer == list.outer && list.is_of(&leaf.text);
        let (index, leaf) = leaves.iter().enumerate().find(|(_, leaf)| is_of(leaf))?;
        if leaf.fragment {
            return piece(list, leaf);
        }
        let moves = match moved.of(index) {
            Some(moves) => moves,
            // Where nothing was put into the text and nothing tells of a pseudonym, it stays as it is.
            None if !tells_pieces(list, vault) => return Some(Vec::new()),
            None => &unmoved,
        };
        Some(Waiting::default().of_piece(list, (0, 0), (moves, vault), u64::MAX))
    };
    let told: Option<Vec<Vec<Edit>>> = of.lists.iter().map(&mut list).collect();
    match told.filter(|_| !of.lists.is_empty()) {
        Some(edits) => edits.concat(),
        None => vec![Edit { span: of.span.clone(), replacement: of.instead.to_owned() }],
    }
}

/// Whether an alternative to a token of the list tells a piece of a pseudonym.
fn tells_pieces(list: &TokenList, vault: &Vault) -> bool {
    let cells = || list.columns.iter().filter(|column| !column.offsets).flat_map(|column| &column.cells);
    cells().any(|cell| matches!(without_pieces(cell, vault), Cow::Owned(_)))
}
