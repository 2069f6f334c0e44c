//! Vector instructions, chosen at run time; the only place of the leak scan where the processor's own intrinsics stand.
//!
//! Each path computes what [`scalar`] does, to the bit: sums of products of small integers are exact in 32 bits, in whatever
//! order they are added. A [`Path`] value exists only where the processor has its instructions, which is what makes the calls
//! into `target_feature` functions sound.

mod attention;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod bytes;
mod matrix;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
mod wave;

pub(super) use attention::{Head, Work};
pub(super) use bytes::{BytePanels, ByteRows};
pub(super) use matrix::Panels;

use super::scan::Block;

/// Queries that a kernel takes at once.
pub(super) const QUERIES: usize = 16;

/// Scores of 16 queries (outer) against the 16 rows of a block.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(super) struct Scores(pub(super) [[i32; 16]; QUERIES]);

/// One block of rows and 16 queries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tile<'a> {
    /// Four dimensions of the 16 rows each, as bytes with 128 added.
    pub(super) lines: &'a [Block],
    pub(super) biases: &'a [i32; 16],
    /// One bit a row.
    pub(super) live: u16,
    /// The queries' values for each line: four signed bytes in the order of memory, one number because that is what a lane holds.
    pub(super) queries: &'a [[i32; QUERIES]],
    /// 128 times each query's sum.
    pub(super) offsets: &'a [i32; QUERIES],
    pub(super) cuts: &'a [i32; QUERIES],
    /// Queries in use: scores beyond are not looked at.
    pub(super) width: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Scalar,
}

/// A set of instructions that this processor has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path(Kind);

impl Path {
    /// All that this processor has, the widest first; scalar code is always among them.
    pub fn available() -> Vec<Self> {
        let mut paths = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vnni")
            {
                paths.push(Self(Kind::Avx512));
            }
            if is_x86_feature_detected!("avx2") {
                paths.push(Self(Kind::Avx2));
            }
        }
        #[cfg(target_arch = "aarch64")]
        paths.push(Self(Kind::Neon));
        paths.push(Self(Kind::Scalar));
        paths
    }

    /// The widest of them.
    pub fn widest() -> Self {
        Self::available().first().copied().unwrap_or(Self(Kind::Scalar))
    }

    /// The instructions' name, for reports.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512-vnni",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => "neon",
            Kind::Scalar => "scalar",
        }
    }

    /// Fills the scores of a tile (those of queries in use) and returns one bit for each query that has a live row at or
    /// above its cut.
    #[cfg_attr(
        any(target_arch = "x86_64", target_arch = "aarch64"),
        expect(unsafe_code, reason = "calls into functions that need instructions the processor was asked for")
    )]
    pub(super) fn scores(self, tile: &Tile<'_>, scores: &mut Scores) -> u32 {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Kind::Avx512` is made only in `available`, after avx512f, avx512bw and avx512vnni were detected.
            Kind::Avx512 => unsafe { avx512::scores(tile, scores) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Kind::Avx2` is made only in `available`, after avx2 was detected.
            Kind::Avx2 => unsafe { avx2::scores(tile, scores) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: every aarch64 processor has NEON.
            Kind::Neon => unsafe { neon::scores(tile, scores) },
            Kind::Scalar => scalar::scores(tile, scores),
        }
    }
}
