//! The encoder on the processor: in f32 the reference that the GPU is compared with, and in bytes the one that is fast.
#![expect(clippy::cast_precision_loss, reason = "counts of tokens and dimensions, below 2^24")]

use super::weights::{Norm, Product, Weights};
use super::{Batch, Config, ModelError, Pooling};
use crate::leak::simd::{BytePanels, ByteRows, Head, Panels, Path, Work};

/// A linear layer laid out for products: exact in f32, or in bytes.
#[derive(Debug)]
enum Linear {
    Exact(Panels),
    Bytes(BytePanels),
}

impl Linear {
    fn new(product: &Product, in_bytes: bool) -> Self {
        let Product { outputs, inputs, weight, bias } = product;
        if in_bytes {
            Self::Bytes(BytePanels::new(*outputs, *inputs, weight, bias))
        } else {
            Self::Exact(Panels::new(*outputs, *inputs, weight, bias))
        }
    }

    fn multiply(&self, path: Path, rows: &[f32], (bytes, out): (&mut ByteRows, &mut Vec<f32>)) {
        match self {
            Self::Exact(panels) => panels.multiply(path, rows, out),
            Self::Bytes(panels) => {
                bytes.fill(path, rows, panels.inputs());
                panels.multiply(path, bytes, out);
            }
        }
    }
}

/// A layer laid out for products.
#[derive(Debug)]
struct Layer {
    attention: Linear,
    output: Linear,
    first_norm: Norm,
    up: Linear,
    down: Linear,
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
    /// Lays out a model's weights for the widest instructions of this processor, exact in f32.
    pub fn new(weights: &Weights) -> Self {
        Self::with(weights, Path::widest(), false)
    }

    /// The same with products in bytes where that is faster: vectors stay within a cosine of 0.99 of the exact ones.
    pub fn quick(weights: &Weights) -> Self {
        let path = Path::widest();
        Self::with(weights, path, BytePanels::pays(path))
    }

    /// The same with given instructions, in bytes or not.
    pub fn with(weights: &Weights, path: Path, in_bytes: bool) -> Self {
        let layers = weights.layers.iter().map(|layer| Layer {
            attention: Linear::new(&layer.attention, in_bytes),
            output: Linear::new(&layer.output, in_bytes),
            first_norm: layer.first_norm.clone(),
            up: Linear::new(&layer.up, in_bytes),
            down: Linear::new(&layer.down, in_bytes),
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
        let (mut bytes, mut work) = (ByteRows::default(), Work::default());
        let mut heads = vec![0.0; rows.len()];
        for layer in &self.layers {
            layer.attention.multiply(self.path, &rows, (&mut bytes, &mut wide));
            self.attend(batch, &wide, &mut work, &mut heads);
            layer.output.multiply(self.path, &heads, (&mut bytes, &mut sums));
            self.add_and_normalise(&mut rows, &sums, &layer.first_norm);
            layer.up.multiply(self.path, &rows, (&mut bytes, &mut wide));
            self.path.gelu(&mut wide);
            layer.down.multiply(self.path, &wide, (&mut bytes, &mut sums));
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
    fn attend(&self, batch: &Batch, wide: &[f32], work: &mut Work, heads: &mut [f32]) {
        let (hidden, width) = (self.config.hidden, self.config.width());
        let factor = 1.0 / (width as f32).sqrt();
        for (start, end) in batch.spans() {
            let rows = wide.get(3 * hidden * start..3 * hidden * end).unwrap_or_default();
            let Some(out) = heads.get_mut(hidden * start..hidden * end) else { continue };
            for head in 0..self.config.heads {
                self.path.attend(&Head { rows, hidden, start: head * width, width, factor }, work, out);
            }
        }
    }

    fn add_and_normalise(&self, rows: &mut [f32], sums: &[f32], norm: &Norm) {
        self.path.add_scaled(rows, sums, 1.0);
        rows.chunks_exact_mut(self.config.hidden).for_each(|row| self.normalise(row, norm));
    }

    fn normalise(&self, row: &mut [f32], norm: &Norm) {
        self.path.normalise(row, &norm.scale, &norm.shift, self.config.epsilon);
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
