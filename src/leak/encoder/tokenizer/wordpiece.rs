//! The words of BERT: text to ids, as the reference implementation does it, in one walk.
//!
//! ```text
//! clean (control out, white space to a blank) -> ideographs apart -> decompose, marks out -> lower case
//!   -> cut at blanks, and around each sign of punctuation -> longest pieces of the vocabulary, from the left
//! ```
//! A word of which no piece is known, or that is too long, is one unknown. What reads like a special token of the model
//! (`[SEP]`) is text here: it came from outside.

use super::classes::{Class, Classes};
use super::tree::Tree;
use crate::leak::encoder::ModelError;

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
