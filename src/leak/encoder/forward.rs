//! The encoder on the processor, in f32: the reference that the GPU is compared with.
#![expect(clippy::cast_precision_loss, reason = "counts of tokens and dimensions, below 2^24")]

use super::weights::{Norm, Product, Weights};
use super::{Batch, Config, ModelError, Pooling};
use crate::leak::simd::{Panels, Path};

/// A layer laid out for products.
#[derive(Debug)]
struct Layer {
    attention: Panels,
    output: Panels,
    first_norm: Norm,
    up: Panels,
    down: Panels,
    second_norm: Norm,
}

/// A model ready to compute vectors.
#[derive(Debug)]
pub struct Encoder {
    config: Config,
    words: Vec<f32>,
    places: Vec<f32>,
    types: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    path: Path,
}

impl Encoder {
    /// Lays out a model's weights for the widest instructions of this processor.
    pub fn new(weights: &Weights) -> Self {
        Self::with(weights, Path::widest())
    }

    /// The same with given instructions.
    pub fn with(weights: &Weights, path: Path) -> Self {
        let panels = |product: &Product| Panels::new(product.outputs, product.inputs, &product.weight, &product.bias);
        let layers = weights.layers.iter().map(|layer| Layer {
            attention: panels(&layer.attention),
            output: panels(&layer.output),
            first_norm: layer.first_norm.clone(),
            up: panels(&layer.up),
            down: panels(&layer.down),
            second_norm: layer.second_norm.clone(),
        });
        Self {
            config: weights.config.clone(),
            words: weights.words.clone(),
            places: weights.places.clone(),
            types: weights.types.clone(),
            norm: weights.norm.clone(),
            layers: layers.collect(),
            path,
        }
    }

    /// What the model is shaped by.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Computes the unit vectors of a batch, `hidden` values each.
    ///
    /// # Errors
    /// Ids outside the vocabulary, a sequence longer than the model has positions for.
    pub fn encode(&self, batch: &Batch) -> Result<Vec<Vec<f32>>, ModelError> {
        batch.check(&self.config)?;
        let mut rows = self.embed(batch);
        let (mut wide, mut sums) = (Vec::new(), Vec::new());
        let mut heads = vec![0.0; rows.len()];
        for layer in &self.layers {
            layer.attention.multiply(self.path, &rows, &mut wide);
            self.attend(batch, &wide, &mut heads);
            layer.output.multiply(self.path, &heads, &mut sums);
            self.add_and_normalise(&mut rows, &sums, &layer.first_norm);
            layer.up.multiply(self.path, &rows, &mut wide);
            self.path.gelu(&mut wide);
            layer.down.multiply(self.path, &wide, &mut sums);
            self.add_and_normalise(&mut rows, &sums, &layer.second_norm);
        }
        Ok(batch.spans().map(|(start, end)| self.pool(&rows, start, end)).collect())
    }

    /// Word, position and type of each token, normalised.
    fn embed(&self, batch: &Batch) -> Vec<f32> {
        let hidden = self.config.hidden;
        let mut rows = Vec::with_capacity(batch.ids().len() * hidden);
        for (start, end) in batch.spans() {
            for (at, id) in batch.ids().iter().skip(start).take(end - start).enumerate() {
                let word = self.words.iter().skip(*id as usize * hidden).take(hidden);
                let place = self.places.iter().skip((at + self.config.position_offset) * hidden);
                rows.extend(word.zip(place).zip(&self.types).map(|((word, place), kind)| word + place + kind));
            }
        }
        rows.chunks_exact_mut(hidden).for_each(|row| self.normalise(row, &self.norm));
        rows
    }

    /// Attention of each sequence, head by head: `heads` becomes rows of `hidden` values.
    fn attend(&self, batch: &Batch, wide: &[f32], heads: &mut [f32]) {
        let (hidden, width) = (self.config.hidden, self.config.width());
        let factor = 1.0 / (width as f32).sqrt();
        for (start, end) in batch.spans() {
            let length = end - start;
            let sequence = || wide.chunks_exact(3 * hidden).skip(start).take(length);
            for head in 0..self.config.heads {
                // Keys turned, so that scores of one query are sums of whole rows.
                let mut keys = vec![0.0; width * length];
                for (at, row) in sequence().enumerate() {
                    let key = row.iter().skip(hidden + head * width).take(width);
                    key.zip(keys.iter_mut().skip(at).step_by(length)).for_each(|(from, to)| *to = *from);
                }
                let outputs = heads.chunks_exact_mut(hidden).skip(start).take(length);
                let mut scores = vec![0.0; length];
                for (row, out) in sequence().zip(outputs) {
                    scores.fill(0.0);
                    let query = row.iter().skip(head * width).take(width);
                    for (value, keys) in query.zip(keys.chunks_exact(length)) {
                        self.path.add_scaled(&mut scores, keys, value * factor);
                    }
                    let most = scores.iter().copied().fold(f32::MIN, f32::max);
                    let total = self.path.powers(&mut scores, most);
                    let Some(out) = out.get_mut(head * width..(head + 1) * width) else { continue };
                    out.fill(0.0);
                    for (score, row) in scores.iter().zip(sequence()) {
                        let value = row.get(2 * hidden + head * width..).unwrap_or_default();
                        self.path.add_scaled(out, value, score / total);
                    }
                }
            }
        }
    }

    fn add_and_normalise(&self, rows: &mut [f32], sums: &[f32], norm: &Norm) {
        self.path.add_scaled(rows, sums, 1.0);
        rows.chunks_exact_mut(self.config.hidden).for_each(|row| self.normalise(row, norm));
    }

    fn normalise(&self, row: &mut [f32], norm: &Norm) {
        let count = row.len() as f32;
        let mean = row.iter().sum::<f32>() / count;
        let variance = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / count;
        let factor = 1.0 / (variance + self.config.epsilon).sqrt();
        for (x, (scale, shift)) in row.iter_mut().zip(norm.scale.iter().zip(&norm.shift)) {
            *x = (*x - mean) * factor * scale + shift;
        }
    }

    /// The vector of a sequence, of length one.
    fn pool(&self, rows: &[f32], start: usize, end: usize) -> Vec<f32> {
        let hidden = self.config.hidden;
        let taken = match self.config.pooling {
            Pooling::Mean => end - start,
            Pooling::First => 1,
        };
        let mut vector = vec![0.0; hidden];
        for row in rows.chunks_exact(hidden).skip(start).take(taken) {
            self.path.add_scaled(&mut vector, row, 1.0 / taken as f32);
        }
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-12);
        for x in &mut vector {
            *x /= length;
        }
        vector
    }
}
