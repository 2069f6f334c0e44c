//! The paths of C2SP tlog-tiles: where any static server keeps the hashes and entries of a log.
//!
//! A tile holds 256 hashes of one level; level `L` of tiles is level `8 L` of the tree. The number of a tile is written in
//! groups of three digits, all but the last with an `x` in front, so that no folder has more than a thousand names.

use std::fmt::Write as _;

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

#[cfg(test)]
mod tests {
    use super::*;

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
