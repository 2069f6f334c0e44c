//! The words of BERT: text to ids, as the reference implementation does it, in one walk.
//!
//! ```text
//! clean (control out, white space to a blank) -> ideographs apart -> decompose, marks out -> lower case
//!   -> cut at blanks, and around each sign of punctuation -> longest pieces of the vocabulary, from the left
//! ```
//! A word of which no piece is known, or that is too long, is one unknown. What reads like a special token of the model
//! (`[SEP]`) is text here: it came from outside.

use super::classes::{Class, Classes};
use crate::leak::encoder::ModelError;

/// Bytes of one piece of a vocabulary.
const PIECE_BYTES_MAX: usize = 512;
/// Nodes of the tree of pieces: the largest vocabularies in use need less than two million.
const NODES_MAX: usize = 1 << 24;

/// What a tokenizer's file says about the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) clean: bool,
    pub(super) ideographs: bool,
    pub(super) strip_accents: bool,
    pub(super) lower: bool,
    /// Characters of a word; a longer one is unknown.
    pub(super) word_max: usize,
    pub(super) unknown: u32,
}

/// Text to ids by a vocabulary of pieces.
#[derive(Debug)]
pub(super) struct WordPiece {
    rules: Rules,
    classes: Classes,
    pieces: Tree,
}

impl WordPiece {
    /// Lays out a vocabulary. `continuing` is what pieces within a word begin with.
    pub(super) fn new<'a>(
        rules: Rules,
        continuing: &str,
        vocabulary: impl Iterator<Item = (&'a str, u32)>,
    ) -> Result<Self, ModelError> {
        let mut pieces = Tree::new();
        for (piece, id) in vocabulary {
            if piece.len() > PIECE_BYTES_MAX {
                return Err(ModelError::Tokenizer("a piece is too long"));
            }
            if let Some(rest) = piece.strip_prefix(continuing).filter(|rest| !rest.is_empty()) {
                pieces.insert(Tree::WITHIN, rest, id)?;
            }
            // `##x` is also what a word that begins so would match.
            pieces.insert(Tree::START, piece, id)?;
        }
        Ok(Self { rules, classes: Classes::new()?, pieces })
    }

    /// Appends the ids of a text, until there are `most`.
    pub(super) fn encode(&self, text: &str, most: usize, ids: &mut Vec<u32>) {
        let mut word = Word { letters: String::new(), count: 0 };
        let end = ids.len().saturating_add(most);
        for char in text.chars() {
            if ids.len() >= end {
                break;
            }
            self.take(char, &mut word, ids);
        }
        self.close(&mut word, ids);
        ids.truncate(end);
    }

    /// One character of the text.
    fn take(&self, char: char, word: &mut Word, ids: &mut Vec<u32>) {
        let class = self.classes.of(char);
        if self.rules.clean {
            if class == Class::Control {
                return;
            }
            if class == Class::Blank {
                return self.close(word, ids);
            }
        }
        if char.is_ascii() {
            let lowered = if self.rules.lower { char.to_ascii_lowercase() } else { char };
            return self.place(lowered, class, word, ids);
        }
        let alone = self.rules.ideographs && class == Class::Ideograph;
        if alone {
            self.close(word, ids);
        }
        if self.rules.strip_accents {
            unicode_normalization::char::decompose_canonical(char, |part| {
                if self.classes.of(part) != Class::Mark {
                    self.lower(part, word, ids);
                }
            });
        } else {
            self.lower(char, word, ids);
        }
        if alone {
            self.close(word, ids);
        }
    }

    fn lower(&self, char: char, word: &mut Word, ids: &mut Vec<u32>) {
        if self.rules.lower {
            for char in char.to_lowercase() {
                self.place(char, self.classes.of(char), word, ids);
            }
        } else {
            self.place(char, self.classes.of(char), word, ids);
        }
    }

    /// One character of the normalised text.
    fn place(&self, char: char, class: Class, word: &mut Word, ids: &mut Vec<u32>) {
        match class {
            Class::Blank => self.close(word, ids),
            // White space that is also a control character, where cleaning is off.
            Class::Control if char.is_whitespace() => self.close(word, ids),
            Class::Punctuation => {
                self.close(word, ids);
                word.push(char);
                self.close(word, ids);
            }
            _ => word.push(char),
        }
    }

    /// The pieces of a whole word.
    fn close(&self, word: &mut Word, ids: &mut Vec<u32>) {
        if word.count == 0 {
            return;
        }
        let start = ids.len();
        let mut rest = word.letters.as_bytes();
        let mut root = Tree::START;
        if word.count > self.rules.word_max {
            ids.push(self.rules.unknown);
            rest = &[];
        }
        while !rest.is_empty() {
            let Some((id, length)) = self.pieces.longest(root, rest) else {
                ids.truncate(start);
                ids.push(self.rules.unknown);
                break;
            };
            ids.push(id);
            rest = rest.get(length..).unwrap_or_default();
            root = Tree::WITHIN;
        }
        word.letters.clear();
        word.count = 0;
    }
}

/// A word on its way.
struct Word {
    letters: String,
    count: usize,
}

impl Word {
    fn push(&mut self, char: char) {
        self.letters.push(char);
        self.count += 1;
    }
}

/// Pieces by their bytes: edges of a tree in one table, probed in a line.
#[derive(Debug)]
struct Tree {
    /// `(node << 8 | byte, child)`; a child of 0 is an empty place, for no edge leads to the first root.
    edges: Vec<(u32, u32)>,
    /// Of each node, one more than the id of the piece that ends there.
    ends: Vec<u32>,
}

impl Tree {
    const START: u32 = 0;
    const WITHIN: u32 = 1;

    fn new() -> Self {
        Self { edges: vec![(0, 0); 1 << 12], ends: vec![0, 0] }
    }

    /// Where an edge is or would be.
    fn slot(&self, key: u32) -> usize {
        let mask = self.edges.len() - 1;
        // A power of two of places: the upper bits of the product are the well-mixed ones.
        let mut at = (key.wrapping_mul(0x9E37_79B1) >> 7) as usize & mask;
        while self.edges.get(at).is_some_and(|(held, child)| *child != 0 && *held != key) {
            at = (at + 1) & mask;
        }
        at
    }

    fn child(&self, node: u32, byte: u8) -> u32 {
        let key = node << 8 | u32::from(byte);
        self.edges.get(self.slot(key)).map_or(0, |(_, child)| *child)
    }

    fn insert(&mut self, root: u32, piece: &str, id: u32) -> Result<(), ModelError> {
        let mut node = root;
        for byte in piece.bytes() {
            let mut child = self.child(node, byte);
            if child == 0 {
                if self.ends.len() >= NODES_MAX {
                    return Err(ModelError::Tokenizer("the vocabulary is too large"));
                }
                child = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
                self.ends.push(0);
                if self.ends.len() * 2 > self.edges.len() {
                    self.grow();
                }
                let at = self.slot(node << 8 | u32::from(byte));
                if let Some(edge) = self.edges.get_mut(at) {
                    *edge = (node << 8 | u32::from(byte), child);
                }
            }
            node = child;
        }
        if let Some(end) = self.ends.get_mut(node as usize) {
            *end = id.saturating_add(1);
        }
        Ok(())
    }

    fn grow(&mut self) {
        let held = std::mem::take(&mut self.edges);
        self.edges = vec![(0, 0); held.len() * 4];
        for (key, child) in held.into_iter().filter(|(_, child)| *child != 0) {
            let at = self.slot(key);
            if let Some(edge) = self.edges.get_mut(at) {
                *edge = (key, child);
            }
        }
    }

    /// The longest piece that a text begins with, and its bytes.
    fn longest(&self, root: u32, text: &[u8]) -> Option<(u32, usize)> {
        let (mut node, mut found) = (root, None);
        for (length, byte) in (1..).zip(text) {
            node = self.child(node, *byte);
            if node == 0 {
                break;
            }
            match self.ends.get(node as usize) {
                Some(0) | None => {}
                Some(end) => found = Some((end - 1, length)),
            }
        }
        found
    }
}
