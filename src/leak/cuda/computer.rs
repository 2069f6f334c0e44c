//! The device as the one that computes batches: brought up on the batcher's own thread, and believed only once it has computed a
//! passage as the processor does.

use std::path::Path;

use super::{Device, DeviceEncoder, WhyNot, open};
use crate::leak::encoder::Batch;
use crate::leak::meaning::Embedder as _;
use crate::leak::meaning::batch::Computer;
use crate::leak::model::Model;

/// The least cosine between a vector of the device, in bf16, and the processor's, in eight bits where it has such instructions.
const COSINE_MIN: f32 = 0.99;
/// What both compute before the device is believed.
const PROBE: &str = "The plant will close in March, says the memo of the board, and nobody is to know before.";

/// A model on the first device.
#[derive(Debug)]
pub struct DeviceComputer {
    // Freed before the device that holds it.
    encoder: DeviceEncoder,
    device: Device,
}

impl DeviceComputer {
    /// Brings the device up and puts a model on it, whose folder is read again for its exact weights.
    ///
    /// # Errors
    /// One closed word: why the device cannot be used.
    pub fn bring_up(model: &Model, folder: &Path) -> Result<Self, &'static str> {
        let device = open(false).map_err(WhyNot::word)?;
        let weights = Model::weights(folder, model.digest()).map_err(|_| "model")?;
        let encoder = DeviceEncoder::upload(&device, &weights).map_err(WhyNot::word)?;
        let mut computer = Self { encoder, device };
        let mut batch = Batch::new();
        batch.push(&model.ids(PROBE)).map_err(|_| "model")?;
        let found = computer.vectors(&batch)?;
        let expected = model.vectors(&[PROBE]).map_err(|_| "model")?;
        let cosine = |one: &[f32], other: &[f32]| one.iter().zip(other).map(|(one, other)| one * other).sum::<f32>();
        let is_near = found.iter().zip(&expected).all(|(one, other)| cosine(one, other) >= COSINE_MIN);
        if is_near && found.len() == expected.len() { Ok(computer) } else { Err(WhyNot::Wrong.word()) }
    }
}

impl Computer for DeviceComputer {
    fn vectors(&mut self, batch: &Batch) -> Result<Vec<Vec<f32>>, &'static str> {
        match self.encoder.encode(&self.device, batch) {
            Ok(Ok(vectors)) => Ok(vectors),
            Ok(Err(_)) => Err("model"),
            Err(why) => Err(why.word()),
        }
    }
}
