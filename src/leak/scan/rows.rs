//! Rows in memory, in the order in which vector instructions take them.
//!
//! ```text
//! block of 16 rows = dimension / 4 lines of 64 bytes
//! line k           = dimensions 4k..4k+4 of row 0, of row 1, … of row 15, each byte x + 128
//! ```
//! One line is one 512-bit register: an instruction that multiplies unsigned by signed bytes adds four dimensions of all 16
//! rows at once, and no sum across a register is ever needed. The 128 is taken out again by the query's own sum.

use zeroize::Zeroize;

use super::{BIAS_MAX, ROWS_MAX, ScanError, check_dimension};

/// Rows of a block.
pub(super) const BLOCK_ROWS: usize = 16;

/// 64 bytes on a boundary of 64: four dimensions of 16 rows.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct Block(pub [u8; 64]);

/// Registered rows with their biases. They are as confidential as the documents they stand for, and are wiped when dropped.
pub struct Rows {
    dimension: usize,
    lines: Vec<Block>,
    biases: Vec<[i32; BLOCK_ROWS]>,
    len: usize,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Rows")
            .field("dimension", &self.dimension)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

impl Rows {
    /// No rows yet.
    ///
    /// # Errors
    /// A dimension that no kernel takes.
    pub fn new(dimension: usize) -> Result<Self, ScanError> {
        check_dimension(dimension)?;
        Ok(Self { dimension, lines: Vec::new(), biases: Vec::new(), len: 0 })
    }

    /// Appends a row and returns its number.
    ///
    /// # Errors
    /// A vector of another length, a bias beyond [`BIAS_MAX`], no number left.
    pub fn push(&mut self, vector: &[i8], bias: i32) -> Result<u32, ScanError> {
        if vector.len() != self.dimension {
            return Err(ScanError::Length { expected: self.dimension, found: vector.len() });
        }
        if !(-BIAS_MAX..=BIAS_MAX).contains(&bias) {
            return Err(ScanError::Bias);
        }
        if self.len >= ROWS_MAX {
            return Err(ScanError::Full);
        }
        let slot = self.len % BLOCK_ROWS;
        if slot == 0 {
            self.lines.resize(self.lines.len() + self.dimension / 4, Block([128; 64]));
            self.biases.push([0; BLOCK_ROWS]);
        }
        let start = self.lines.len() - self.dimension / 4;
        for (line, four) in self.lines.iter_mut().skip(start).zip(vector.chunks_exact(4)) {
            for (to, from) in line.0.iter_mut().skip(slot * 4).zip(four) {
                *to = from.cast_unsigned() ^ 0x80;
            }
        }
        if let Some(to) = self.biases.last_mut().and_then(|biases| biases.get_mut(slot)) {
            *to = bias;
        }
        self.len += 1;
        u32::try_from(self.len - 1).map_err(|_| ScanError::Full)
    }

    /// Sets the bias of a row.
    ///
    /// # Errors
    /// A bias beyond [`BIAS_MAX`].
    pub fn set_bias(&mut self, row: usize, bias: i32) -> Result<(), ScanError> {
        if !(-BIAS_MAX..=BIAS_MAX).contains(&bias) {
            return Err(ScanError::Bias);
        }
        let biases = self.biases.get_mut(row / BLOCK_ROWS).filter(|_| row < self.len);
        if let Some(to) = biases.and_then(|biases| biases.get_mut(row % BLOCK_ROWS)) {
            *to = bias;
        }
        Ok(())
    }

    /// Rows held.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Dimensions of each row.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Copies a row out, as it was pushed.
    pub fn row(&self, row: usize) -> Option<(Vec<i8>, i32)> {
        if row >= self.len {
            return None;
        }
        let (lines, biases) = self.block(row / BLOCK_ROWS)?;
        let slot = row % BLOCK_ROWS;
        let four = |line: &Block| {
            line.0.iter().skip(slot * 4).take(4).map(|byte| (byte ^ 0x80).cast_signed()).collect::<Vec<_>>()
        };
        Some((lines.iter().flat_map(four).collect(), biases.get(slot).copied().unwrap_or(0)))
    }

    /// Blocks of 16 rows, the last one filled up with zero rows.
    pub(super) fn blocks(&self) -> usize {
        self.biases.len()
    }

    /// The lines and biases of a block.
    pub(super) fn block(&self, block: usize) -> Option<(&[Block], &[i32; BLOCK_ROWS])> {
        let lines = self.dimension / 4;
        Some((self.lines.get(block * lines..(block + 1) * lines)?, self.biases.get(block)?))
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        for line in &mut self.lines {
            line.0.zeroize();
        }
        self.biases.iter_mut().for_each(Zeroize::zeroize);
    }
}
