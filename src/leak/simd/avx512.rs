//! AVX-512 with VNNI: one instruction adds four products for each of 16 rows.
#![expect(unsafe_code, reason = "vector loads and stores take raw addresses")]

use std::arch::x86_64::{
    __m512i, _MM_HINT_T0, _mm_prefetch, _mm512_add_epi32, _mm512_dpbusd_epi32, _mm512_load_si512, _mm512_loadu_si512,
    _mm512_mask_cmpge_epi32_mask, _mm512_set1_epi32, _mm512_setzero_si512, _mm512_store_si512, _mm512_sub_epi32,
};

use super::{Scores, Tile};

/// How far ahead lines are asked for.
const AHEAD_BYTES: usize = 4096;

/// Scores of a tile; see [`Path::scores`](super::Path::scores).
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) fn scores(tile: &Tile<'_>, scores: &mut Scores) -> u32 {
    match tile.width {
        0..=1 => finish(tile, scores, one(tile)),
        2..=4 => finish(tile, scores, four(tile)),
        5..=8 => finish(tile, scores, eight(tile)),
        _ => finish(tile, scores, sixteen(tile)),
    }
}

/// Sums of the first queries. Each sum is a variable of its own: an array would be written to memory at every step.
macro_rules! sums {
    ($name:ident, $count:literal, $($sum:ident $query:ident),*) => {
        #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
        fn $name(tile: &Tile<'_>) -> [__m512i; $count] {
            $(let mut $sum = _mm512_setzero_si512();)*
            for (line, queries) in tile.lines.iter().zip(tile.queries) {
                // The processor fetches ahead within a page alone, and a block of 256 dimensions is one: what comes after it is
                // asked for here; an address beyond the end is passed over.
                _mm_prefetch::<_MM_HINT_T0>(line.0.as_ptr().wrapping_add(AHEAD_BYTES).cast());
                // SAFETY: a `Block` is 64 bytes on a boundary of 64.
                let rows = unsafe { _mm512_load_si512(line.0.as_ptr().cast()) };
                let [$($query,)* ..] = queries;
                $($sum = _mm512_dpbusd_epi32($sum, rows, _mm512_set1_epi32(*$query));)*
            }
            [$($sum),*]
        }
    };
}

sums!(one, 1, a qa);
sums!(four, 4, a qa, b qb, c qc, d qd);
sums!(eight, 8, a qa, b qb, c qc, d qd, e qe, f qf, g qg, h qh);
sums!(sixteen, 16, a qa, b qb, c qc, d qd, e qe, f qf, g qg, h qh, i qi, j qj, k qk, l ql, m qm, n qn, o qo, p qp);

/// Takes offsets and biases from the sums, keeps the scores, and compares them with the cuts.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn finish<const N: usize>(tile: &Tile<'_>, scores: &mut Scores, sums: [__m512i; N]) -> u32 {
    // SAFETY: `biases` is an array of 16 i32, 64 bytes, of any alignment.
    let biases = unsafe { _mm512_loadu_si512(tile.biases.as_ptr().cast()) };
    let mut reached = 0;
    let each = sums.iter().zip(&mut scores.0).zip(tile.offsets.iter().zip(tile.cuts));
    for (query, ((sum, scores), (offset, cut))) in each.enumerate() {
        let score = _mm512_sub_epi32(*sum, _mm512_add_epi32(biases, _mm512_set1_epi32(*offset)));
        // SAFETY: `Scores` lies on a boundary of 64 and each query's 16 scores are 64 bytes.
        unsafe { _mm512_store_si512(scores.as_mut_ptr().cast(), score) };
        let rows = _mm512_mask_cmpge_epi32_mask(tile.live, score, _mm512_set1_epi32(*cut));
        reached |= u32::from(rows != 0) << query;
    }
    reached
}
