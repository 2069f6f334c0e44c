//! The pieces of a vocabulary by their bytes.

use crate::leak::encoder::ModelError;

/// Bytes of one piece of a vocabulary.
const PIECE_BYTES_MAX: usize = 512;
/// Nodes of the tree of pieces: the largest vocabularies in use need less than two million.
const NODES_MAX: usize = 1 << 24;

/// Pieces by their bytes: edges of a tree in one table, probed in a line.
#[derive(Debug)]
pub(super) struct Tree {
    /// `(node << 8 | byte, child)`; a child of 0 is an empty place, for no edge leads to the first root.
    edges: Vec<(u32, u32)>,
    /// Of each node, one more than the id of the piece that ends there.
    ends: Vec<u32>,
}

impl Tree {
    pub(super) const START: u32 = 0;
    pub(super) const WITHIN: u32 = 1;

    pub(super) fn new() -> Self {
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

    pub(super) fn insert(&mut self, root: u32, piece: &str, id: u32) -> Result<(), ModelError> {
        if piece.len() > PIECE_BYTES_MAX {
            return Err(ModelError::Tokenizer("a piece is too long"));
        }
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
    pub(super) fn longest(&self, root: u32, text: &[u8]) -> Option<(u32, usize)> {
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

    /// Every piece that a text begins with, the shortest first: its id and its bytes.
    #[inline]
    pub(super) fn each(&self, root: u32, text: &[u8], mut found: impl FnMut(u32, usize)) {
        let mut node = root;
        for (length, byte) in (1..).zip(text) {
            node = self.child(node, *byte);
            if node == 0 {
                return;
            }
            match self.ends.get(node as usize) {
                Some(0) | None => {}
                Some(end) => found(end - 1, length),
            }
        }
    }
}
