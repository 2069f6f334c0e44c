//! The reference: plain code that every other path must equal.

use super::{Scores, Tile};

/// Scores of a tile; see [`Path::scores`](super::Path::scores).
pub(super) fn scores(tile: &Tile<'_>, scores: &mut Scores) -> u32 {
    let mut reached = 0;
    for (query, scores) in scores.0.iter_mut().enumerate().take(tile.width) {
        let (Some(&offset), Some(&cut)) = (tile.offsets.get(query), tile.cuts.get(query)) else { continue };
        let mut sums = [0_i32; 16];
        for (line, queries) in tile.lines.iter().zip(tile.queries) {
            let Some(four) = queries.get(query).map(|four| four.to_ne_bytes()) else { continue };
            for (sum, row) in sums.iter_mut().zip(line.0.chunks_exact(4)) {
                *sum += row.iter().zip(four).map(|(x, q)| i32::from(*x) * i32::from(q.cast_signed())).sum::<i32>();
            }
        }
        for (row, ((score, sum), bias)) in scores.iter_mut().zip(sums).zip(tile.biases).enumerate() {
            *score = sum - offset - bias;
            reached |= u32::from(tile.live >> row & 1 == 1 && *score >= cut) << query;
        }
    }
    reached
}
