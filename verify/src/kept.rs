//! Where a published log begins after its retention (C2SP tlog-tiles, *Pruning*: its minimum index), in a file of its own.
//!
//! Bundles of entries that were removed are not published any more, and the tiles of hashes all stay: so every proof and every
//! checkpoint holds as before. A log seldom begins with the first entry of a bundle. The entries that are left of the one in which
//! it begins are here, since a bundle is whole or is none.
//!
//! ```text
//! kept.entries    the number of the first entry that is kept, in decimal; a line feed; then the entries from it to the end of its
//!                 bundle, or of the log, in the form of a bundle; none where it begins a bundle
//! ```

use crate::tiles::{TILE_WIDTH, bundle, unbundle};

/// The file in the folder of a published log; there is none while nothing was removed.
pub const KEPT: &str = "kept.entries";

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The first entry that is kept: greater than 0.
    pub first: u64,
    /// It and those behind it in its bundle.
    pub entries: Vec<Vec<u8>>,
}

impl Kept {
    /// Reads the file; `None` when it is not one.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let (number, rest) = bytes.split_at_checked(end)?;
        let number = std::str::from_utf8(number).ok().filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        let first = number?.parse().ok().filter(|first| *first > 0)?;
        let entries: Vec<Vec<u8>> = unbundle(rest.get(1..)?)?.into_iter().map(<[u8]>::to_vec).collect();
        let kept = Self { first, entries };
        (kept.first.saturating_add(kept.entries.len() as u64) <= kept.end()).then_some(kept)
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{}\n", self.first).into_bytes();
        for entry in &self.entries {
            bundle(entry, &mut bytes);
        }
        bytes
    }

    /// Behind the last entry of the bundle in which it begins.
    pub const fn end(&self) -> u64 {
        self.first.div_ceil(TILE_WIDTH).saturating_mul(TILE_WIDTH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (first, entries) in [(1, vec![b"one".to_vec(), Vec::new()]), (256, Vec::new()), (300, vec![vec![7; 300]])] {
            let kept = Kept { first, entries };
            assert_eq!(Kept::parse(&kept.bytes()), Some(kept));
        }
        let long = Kept { first: 255, entries: vec![b"last".to_vec(), b"of the next bundle".to_vec()] };
        let whole = Kept { first: 256, entries: vec![b"of a bundle of its own".to_vec()] };
        for bytes in [
            &b""[..],
            b"7",
            b"0\n",
            b"-1\n",
            b"+7\n",
            b" 7\n",
            b"7\n\x00",
            b"7\n\x00\x05one",
            &long.bytes(),
            &whole.bytes(),
        ] {
            assert_eq!(Kept::parse(bytes), None, "{bytes:?}");
        }
    }
}
