//! Who reads passages for their meaning: the configured model, on a GPU of the machine where there is one.

use std::sync::Arc;

use crate::config::ModelConfig;
use crate::leak::cuda::DeviceComputer;
use crate::leak::guard::Encoder;
use crate::leak::meaning::batch::Batcher;
use crate::leak::model::{Model, ModelDigest};

/// The configured encoder with its budget.
pub(super) fn open(model: &ModelConfig) -> Result<Encoder, String> {
    let opened = Model::open(&model.folder, model.sha256.map(ModelDigest));
    let opened = Arc::new(opened.map_err(|error| format!("[corpus] model: {error}"))?);
    if !model.gpu {
        return Ok((opened, model.budget));
    }
    let (read, folder) = (Arc::clone(&opened), model.folder.clone());
    let batcher = Batcher::start(opened, move || DeviceComputer::bring_up(&read, &folder));
    let batcher = batcher.map_err(|error| format!("[corpus] model: no thread for it: {error}"))?;
    Ok((Arc::new(batcher), model.budget))
}
