//! Where passages are read for their meaning: the operator sees when a GPU gave up and the processor does its work.

use std::sync::{Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Telemetry;
use crate::model::Word;

/// Labels of `octroi_encoder_passages`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    place: Word,
}

/// The families of the encoder.
#[derive(Debug, Default)]
pub(super) struct Encoders {
    on_device: Gauge<i64>,
    passages: Family<Labels, Counter>,
    /// What the encoder in use had read, by place, when it was looked at last.
    seen: Mutex<[u64; 2]>,
}

impl Encoders {
    pub(super) fn register(&self, r: &mut Registry) {
        r.register("encoder_on_gpu", "Whether a GPU computes for the encoder", self.on_device.clone());
        r.register("encoder_passages", "Passages that the encoder has read, by where", self.passages.clone());
    }
}

impl Telemetry {
    /// What the encoder does and has done since it was opened.
    pub fn encoder(&self, on_device: bool, passages_on_device: u64, passages_on_processor: u64) {
        self.encoders.on_device.set(i64::from(on_device));
        let mut seen = self.encoders.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let read = [("gpu", passages_on_device), ("processor", passages_on_processor)];
        for ((place, passages), seen) in read.into_iter().zip(seen.iter_mut()) {
            // An encoder that was opened anew begins at none.
            let more = passages.checked_sub(*seen).unwrap_or(passages);
            *seen = passages;
            self.encoders.passages.get_or_create(&Labels { place: Word::fixed(place) }).inc_by(more);
        }
    }
}
