//! The paths of C2SP tlog-tiles: where any static server keeps the hashes and entries of a log.
//!
//! A tile holds 256 hashes of one level; level `L` of tiles is level `8 L` of the tree. The number of a tile is written in
//! groups of three digits, all but the last with an `x` in front, so that no folder has more than a thousand names.

use std::fmt::Write as _;

use crate::merkle::{Hash, node_hash};
use crate::proof::Nodes;

/// Hashes in a full tile.
pub const TILE_WIDTH: u64 = 256;
/// Levels of tiles at most: 8 levels of the tree each.
pub const TILE_LEVEL_MAX: u8 = 7;

/// The path of a tile of hashes, `width` wide: 1 to 256.
pub fn hashes_path(level: u8, number: u64, width: u16) -> String {
    format!("tile/{level}/{}", number_path(number, width))
}

/// The path of a bundle of entries, `width` of them: 1 to 256.
pub fn entries_path(number: u64, width: u16) -> String {
    format!("tile/entries/{}", number_path(number, width))
}

fn number_path(number: u64, width: u16) -> String {
    let mut path = format!("{:03}", number % 1000);
    let mut rest = number / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if u64::from(width) < TILE_WIDTH {
        // Writing to a string cannot fail.
        let _infallible = write!(path, ".p/{width}");
    }
    path
}

/// The tiles of a growing tree: each is handed over as soon as it is full.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Growing {
    size: u64,
    /// The hashes of the tile that is being filled, at each level of tiles.
    levels: Vec<Vec<Hash>>,
}

/// A tile of hashes with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Level of tiles.
    pub level: u8,
    /// Its number at that level.
    pub number: u64,
    /// Its hashes, 1 to 256.
    pub hashes: Vec<Hash>,
}

impl Tile {
    /// Its path.
    pub fn path(&self) -> String {
        hashes_path(self.level, self.number, u16::try_from(self.hashes.len()).unwrap_or(256))
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| hash.0).collect()
    }
}

impl Growing {
    /// Appends a leaf; full tiles go to `full`, lowest level first.
    pub fn push(&mut self, leaf: Hash, full: &mut Vec<Tile>) {
        let mut hash = leaf;
        for level in 0..=TILE_LEVEL_MAX {
            let index = usize::from(level);
            if self.levels.len() <= index {
                self.levels.push(Vec::new());
            }
            let Some(filling) = self.levels.get_mut(index) else { break };
            filling.push(hash);
            if (filling.len() as u64) < TILE_WIDTH {
                break;
            }
            let hashes = std::mem::take(filling);
            hash = subtree(&hashes);
            let number = above(self.size, level);
            full.push(Tile { level, number, hashes });
        }
        self.size = self.size.saturating_add(1);
    }

    /// Goes on with a tree of this size whose tiles on the right edge were kept: `partial` are those of each level that are
    /// not full, as [`Self::partial`] gave them. Returns `None` when they do not fit the size.
    pub fn restore(size: u64, partial: impl IntoIterator<Item = Tile>) -> Option<Self> {
        let mut levels: Vec<Vec<Hash>> = (0..=TILE_LEVEL_MAX).map(|_| Vec::new()).collect();
        for tile in partial {
            *levels.get_mut(usize::from(tile.level))? = tile.hashes;
        }
        let width = |level: u8| size.checked_shr(8 * u32::from(level)).unwrap_or(0) % TILE_WIDTH;
        let fits = (0..=TILE_LEVEL_MAX).zip(&levels).all(|(level, hashes)| hashes.len() as u64 == width(level));
        fits.then_some(Self { size, levels })
    }

    /// Leaves so far.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The tiles on the right edge that are not full.
    pub fn partial(&self) -> Vec<Tile> {
        let levels = (0..=TILE_LEVEL_MAX).zip(&self.levels).filter(|(_, hashes)| !hashes.is_empty());
        levels.map(|(level, hashes)| Tile { level, number: above(self.size, level), hashes: hashes.clone() }).collect()
    }
}

/// The number of the tile of this level in which the leaf with this index lies.
fn above(index: u64, level: u8) -> u64 {
    index.checked_shr(8 * (u32::from(level) + 1)).unwrap_or(0)
}

/// The root of a complete subtree over these hashes, a power of two of them.
fn subtree(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => Hash::empty(),
        [one] => *one,
        more => {
            let (left, right) = more.split_at(more.len() / 2);
            node_hash(&subtree(left), &subtree(right))
        }
    }
}

/// Where tiles of hashes are kept.
pub trait Tiles {
    /// The hashes of a tile, as many as are known; empty when it is not there.
    fn hashes(&self, level: u8, number: u64) -> Vec<Hash>;
}

/// The nodes of a tree, from its tiles.
#[derive(Debug)]
pub struct FromTiles<'a, T: ?Sized>(pub &'a T);

impl<T: Tiles + ?Sized> Nodes for FromTiles<'_, T> {
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        let (tiles, within) = (u8::try_from(level / 8).ok()?, level % 8);
        let first = index.checked_mul(1 << within)?;
        let hashes = self.0.hashes(tiles, first / TILE_WIDTH);
        let start = usize::try_from(first % TILE_WIDTH).ok()?;
        Some(subtree(hashes.get(start..start.checked_add(1 << within)?)?))
    }
}

/// Appends an entry to a bundle.
///
/// An entry of a log of ours always fits its length of two bytes; a longer one is left out and `false` is returned.
pub fn bundle(entry: &[u8], out: &mut Vec<u8>) -> bool {
    let Ok(length) = u16::try_from(entry.len()) else { return false };
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(entry);
    true
}

/// The entries of a bundle; `None` where it is cut short.
pub fn unbundle(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        bytes = rest;
    }
    bytes.is_empty().then_some(entries)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::merkle::leaf_hash;
    use crate::proof;

    struct Kept(HashMap<(u8, u64), Vec<Hash>>);

    impl Tiles for Kept {
        fn hashes(&self, level: u8, number: u64) -> Vec<Hash> {
            self.0.get(&(level, number)).cloned().unwrap_or_default()
        }
    }

    /// The example of the specification: what tiles a tree of 70,000 has.
    #[test]
    fn the_tiles_of_seventy_thousand() {
        let (mut growing, mut tiles) = (Growing::default(), Vec::new());
        let leaves: Vec<Hash> = (0..70_000_u32).map(|number| leaf_hash(&number.to_be_bytes())).collect();
        for leaf in &leaves {
            growing.push(*leaf, &mut tiles);
        }
        let full = |level| tiles.iter().filter(|tile: &&Tile| tile.level == level).count();
        assert_eq!((full(0), full(1), full(2)), (273, 1, 0));
        let partial: Vec<_> = growing.partial().iter().map(|tile| (tile.path(), tile.hashes.len())).collect();
        let expected = [("tile/0/273.p/112", 112), ("tile/1/001.p/17", 17), ("tile/2/000.p/1", 1)];
        assert_eq!(partial, expected.map(|(path, width)| (path.to_owned(), width)));
        tiles.extend(growing.partial());
        let kept = Kept(tiles.into_iter().map(|tile| ((tile.level, tile.number), tile.hashes)).collect());
        let nodes = FromTiles(&kept);
        let root = proof::root(leaves.as_slice(), 70_000).unwrap();
        assert_eq!(proof::root(&nodes, 70_000), Some(root));
        for index in [0, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999] {
            let found = proof::inclusion(&nodes, index, 70_000).unwrap();
            let leaf = leaves[usize::try_from(index).unwrap()];
            assert_eq!(proof::verify_inclusion(index, 70_000, &leaf, &found, &root), Ok(()), "{index}");
        }
        for old in [1, 256, 65_536, 69_999] {
            assert_eq!(proof::consistency(&nodes, old, 70_000), proof::consistency(leaves.as_slice(), old, 70_000));
        }
    }

    #[test]
    fn bundles_hold_entries_and_nothing_else() {
        let mut bytes = Vec::new();
        for entry in [b"".as_slice(), b"one", &[7; 300]] {
            assert!(bundle(entry, &mut bytes));
        }
        assert!(!bundle(&vec![0; 65_536], &mut bytes));
        assert_eq!(unbundle(&bytes), Some(vec![b"".as_slice(), b"one", &[7; 300]]));
        assert_eq!(unbundle(&bytes[..bytes.len() - 1]), None);
        assert_eq!(unbundle(&[0]), None);
        assert_eq!(unbundle(&[]), Some(Vec::new()));
    }

    #[test]
    fn paths_of_the_specification() {
        for (path, expected) in [
            (hashes_path(0, 1_234_067, 256), "tile/0/x001/x234/067"),
            (hashes_path(1, 0, 256), "tile/1/000"),
            (hashes_path(2, 999, 255), "tile/2/999.p/255"),
            (entries_path(1_000, 1), "tile/entries/x001/000.p/1"),
        ] {
            assert_eq!(path, expected);
        }
    }
}
