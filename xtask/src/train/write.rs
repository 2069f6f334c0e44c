//! Writes a model: weights become bytes, the weightiest features get their place in the table.

use anyhow::{Context, ensure};

use super::crf::{Set, Weights};
use super::judge::Kept;
use crate::names::decode::TAGS;
use crate::names::model::{HEADER_BYTES, MAGIC};
use crate::names::table::{BUCKET_ROWS, place};

/// Buckets of the table: four megabytes.
const BUCKETS: usize = 1 << 17;
/// Bytes of a model at most.
const BYTES_MAX: usize = 6_000_000;
/// The weight that the largest byte stands for; the few beyond it are cut.
const WEIGHT_MAX: f32 = 4.0;
/// How much likelier than a name its absence may be before the name is dropped.
const DOUBT: f32 = 0.5;

/// The bytes of a model.
pub(super) fn model(set: &Set, weights: &Weights, lexicon: &[u8], kept: &Kept) -> anyhow::Result<Vec<u8>> {
    let scale = WEIGHT_MAX / 127.0;
    // Only differences between tags matter: the mean is taken out, so that small numbers suffice.
    let mut features: Vec<(f32, u64, [u8; TAGS])> = Vec::new();
    for (key, weights) in set.keys.iter().zip(&weights.features) {
        let mean = weights.iter().sum::<f32>() / 7.0;
        let centred = weights.map(|weight| weight - mean);
        let size = centred.iter().fold(0.0_f32, |size, weight| size.max(weight.abs()));
        #[expect(clippy::cast_possible_truncation, reason = "clamped to a byte")]
        let bytes = centred.map(|weight| ((weight / scale).round().clamp(-127.0, 127.0) as i8).cast_unsigned());
        if bytes.iter().any(|byte| *byte != 0) {
            features.push((size, *key, bytes));
        }
    }
    features.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut buckets = vec![[[0_u8; 8]; BUCKET_ROWS]; BUCKETS];
    let mut left_out = 0;
    for (_, key, bytes) in &features {
        let (bucket, print) = place(*key, BUCKETS);
        let rows = buckets.get_mut(bucket).context("a bucket beyond the table")?;
        // A second feature of the same print could never be told from the first.
        let taken = rows.iter().any(|row| row.first() == Some(&print));
        match rows.iter_mut().find(|row| row.first() == Some(&0)).filter(|_| !taken) {
            Some([own, weights @ ..]) => {
                *own = print;
                *weights = *bytes;
            }
            None => left_out += 1,
        }
    }
    super::say(&format!("  {} features, {left_out} found no place", features.len()));
    let mut out = Vec::with_capacity(BYTES_MAX);
    out.extend(MAGIC);
    out.extend(u32::try_from(lexicon.len())?.to_le_bytes());
    out.extend(u32::try_from(BUCKETS * BUCKET_ROWS * 8)?.to_le_bytes());
    out.extend(scale.to_le_bytes());
    out.extend(DOUBT.to_le_bytes());
    out.extend(weights.transitions.iter().flatten().flat_map(|weight| weight.to_le_bytes()));
    out.extend(kept.bytes());
    ensure!(out.len() == HEADER_BYTES, "the header has {} bytes", out.len());
    out.extend(lexicon);
    out.extend(buckets.iter().flatten().flatten());
    ensure!(out.len() <= BYTES_MAX, "the model has {} bytes", out.len());
    Ok(out)
}
