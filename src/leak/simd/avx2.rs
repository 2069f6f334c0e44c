//! AVX2. Its byte multiplication saturates, so bytes are widened to 16 bits first; the sums are then exact.
#![expect(unsafe_code, reason = "vector loads and stores take raw addresses")]

use std::arch::x86_64::{
    __m256i, _mm_set1_epi32, _mm256_add_epi32, _mm256_castsi256_ps, _mm256_cmpgt_epi32, _mm256_cvtepi8_epi16,
    _mm256_hadd_epi32, _mm256_load_si256, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_movemask_ps, _mm256_set1_epi32,
    _mm256_setzero_si256, _mm256_store_si256, _mm256_sub_epi32, _mm256_unpackhi_epi8, _mm256_unpacklo_epi8,
};

use super::{Scores, Tile};

/// Queries summed at once: two registers each for the eight rows of half a block, and room for the rows.
const WIDE: usize = 4;

/// Scores of a tile; see [`Path::scores`](super::Path::scores).
#[target_feature(enable = "avx2")]
pub(super) fn scores(tile: &Tile<'_>, scores: &mut Scores) -> u32 {
    let mut reached = 0;
    for first in (0..tile.width).step_by(WIDE) {
        for half in 0..2 {
            reached |= half_block(tile, scores, first, half);
        }
    }
    reached
}

/// Eight rows (`half` 0 or 1) against four queries from `first` on.
#[target_feature(enable = "avx2")]
fn half_block(tile: &Tile<'_>, scores: &mut Scores, first: usize, half: usize) -> u32 {
    let zero = _mm256_setzero_si256();
    let mut sums = [[zero; 2]; WIDE];
    for (line, queries) in tile.lines.iter().zip(tile.queries) {
        // SAFETY: a `Block` is 64 bytes on a boundary of 64; either half is 32 bytes on a boundary of 32.
        let rows = unsafe { _mm256_load_si256(line.0.as_ptr().add(half * 32).cast()) };
        // In each half of the register: dimensions of rows 0 and 1 (4 and 5), then of rows 2 and 3 (6 and 7).
        let low = _mm256_unpacklo_epi8(rows, zero);
        let high = _mm256_unpackhi_epi8(rows, zero);
        for (sum, four) in sums.iter_mut().zip(queries.iter().skip(first)) {
            let query = _mm256_cvtepi8_epi16(_mm_set1_epi32(*four));
            sum[0] = _mm256_add_epi32(sum[0], _mm256_madd_epi16(low, query));
            sum[1] = _mm256_add_epi32(sum[1], _mm256_madd_epi16(high, query));
        }
    }
    // SAFETY: `biases` is an array of 16 i32; eight of them from 0 or 8 on are 32 bytes within it.
    let biases = unsafe { _mm256_loadu_si256(tile.biases.as_ptr().add(half * 8).cast()) };
    let live = u32::from(tile.live) >> (half * 8) & 0xFF;
    let mut reached = 0;
    let each = scores.0.iter_mut().zip(tile.offsets.iter().zip(tile.cuts)).skip(first).zip(sums);
    for (query, ((scores, (offset, cut)), sum)) in (first..).zip(each) {
        let score = _mm256_sub_epi32(rows_in_order(sum), _mm256_add_epi32(biases, _mm256_set1_epi32(*offset)));
        // SAFETY: each query's 16 scores are 64 bytes on a boundary of 64; either half lies within on a boundary of 32.
        unsafe { _mm256_store_si256(scores.as_mut_ptr().add(half * 8).cast(), score) };
        // At or above the cut is not below it.
        let below = _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(*cut), score)));
        reached |= u32::from(!below.cast_unsigned() & live != 0) << query;
    }
    reached
}

/// Adds the pairs of a row: (0 0 1 1 | 4 4 5 5) and (2 2 3 3 | 6 6 7 7) become rows 0 to 7.
#[target_feature(enable = "avx2")]
fn rows_in_order(sums: [__m256i; 2]) -> __m256i {
    // hadd works within halves: (0 1 2 3 | 4 5 6 7).
    _mm256_hadd_epi32(sums[0], sums[1])
}
