//! NEON: products of bytes widened to 16 bits, pairs added into 32. Every aarch64 processor has it.
#![expect(unsafe_code, reason = "vector loads and stores take raw addresses")]

use std::arch::aarch64::{
    int32x4_t, vaddq_s32, vandq_u32, vcgeq_s32, vdup_n_s32, vdupq_n_s32, vdupq_n_u8, veorq_u8, vget_high_s8,
    vget_low_s8, vld1q_s32, vld1q_u8, vld1q_u32, vmaxvq_u32, vmull_s8, vpaddlq_s16, vpaddq_s32, vreinterpret_s8_s32,
    vreinterpretq_s8_u8, vst1q_s32, vsubq_s32,
};

use super::{Scores, Tile};

/// Queries summed at once.
const WIDE: usize = 4;

/// Scores of a tile; see [`Path::scores`](super::Path::scores).
#[target_feature(enable = "neon")]
pub(super) fn scores(tile: &Tile<'_>, scores: &mut Scores) -> u32 {
    let mut reached = 0;
    for first in (0..tile.width).step_by(WIDE) {
        for quarter in 0..4 {
            reached |= quarter_block(tile, scores, first, quarter);
        }
    }
    reached
}

/// Four rows (`quarter` 0 to 3) against four queries from `first` on.
#[target_feature(enable = "neon")]
fn quarter_block(tile: &Tile<'_>, scores: &mut Scores, first: usize, quarter: usize) -> u32 {
    let mut sums = [[vdupq_n_s32(0); 2]; WIDE];
    for (line, queries) in tile.lines.iter().zip(tile.queries) {
        // SAFETY: a `Block` is 64 bytes; each quarter of it is 16.
        let rows = unsafe { vld1q_u8(line.0.as_ptr().add(quarter * 16)) };
        // The stored byte is x + 128; turned over its highest bit it is x as a signed byte, and the query's offset is not due.
        let rows = vreinterpretq_s8_u8(veorq_u8(rows, vdupq_n_u8(0x80)));
        for (sum, four) in sums.iter_mut().zip(queries.iter().skip(first)) {
            let query = vreinterpret_s8_s32(vdup_n_s32(*four));
            // A product is at most 2^14, and the pair is added in 32 bits: (0 0 1 1) and (2 2 3 3).
            sum[0] = vaddq_s32(sum[0], vpaddlq_s16(vmull_s8(vget_low_s8(rows), query)));
            sum[1] = vaddq_s32(sum[1], vpaddlq_s16(vmull_s8(vget_high_s8(rows), query)));
        }
    }
    // SAFETY: `biases` is an array of 16 i32; each quarter of it is four.
    let biases = unsafe { vld1q_s32(tile.biases.as_ptr().add(quarter * 4)) };
    let mut bits = [0_u32; 4];
    for (row, bit) in bits.iter_mut().enumerate() {
        *bit = if tile.live >> (quarter * 4 + row) & 1 == 1 { u32::MAX } else { 0 };
    }
    // SAFETY: `bits` is an array of four u32.
    let live = unsafe { vld1q_u32(bits.as_ptr()) };
    let mut reached = 0;
    let each = scores.0.iter_mut().zip(tile.cuts).skip(first).zip(sums);
    for (query, ((scores, cut), sum)) in (first..).zip(each) {
        let score: int32x4_t = vsubq_s32(vpaddq_s32(sum[0], sum[1]), biases);
        // SAFETY: each query's 16 scores hold four from `quarter * 4` on.
        unsafe { vst1q_s32(scores.as_mut_ptr().add(quarter * 4), score) };
        let rows = vandq_u32(vcgeq_s32(score, vdupq_n_s32(*cut)), live);
        reached |= u32::from(vmaxvq_u32(rows) != 0) << query;
    }
    reached
}
