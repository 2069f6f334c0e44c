//! Limits of callers: what they refused, and whether they are counted together.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Telemetry;
use crate::model::Word;

/// Labels of `octroi_quota_refusals`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    of: Word,
    what: Word,
    app: Word,
}

/// The metrics of limits.
#[derive(Debug, Default)]
pub(super) struct Quota {
    refusals: Family<RefusalLabels, Counter>,
    store_up: Gauge,
}

impl Quota {
    pub(super) fn register(&self, registry: &mut Registry) {
        let about = "Requests refused by a limit, by whose limit it is, of what, and app";
        registry.register("quota_refusals", about, self.refusals.clone());
        registry.register("quota_store_up", "1 while the store of limits answers", self.store_up.clone());
    }
}

impl Telemetry {
    /// A limit refused a request.
    pub fn exceeded(&self, of: &Word, what: &Word, app: &Word) {
        let labels = RefusalLabels { of: of.clone(), what: what.clone(), app: app.clone() };
        self.quota.refusals.get_or_create(&labels).inc();
    }

    /// Whether the store of limits answers.
    pub fn quota_store_up(&self, up: bool) {
        self.quota.store_up.set(i64::from(up));
    }
}
