//! Waiting at home, tiers that are left, and smaller models: what an operator watches to see why data goes farther.

use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::Telemetry;
use crate::model::Word;
use crate::model::entry::{Crossed, RequestId};

/// One label: a tier.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TierLabel {
    tier: Word,
}

/// Labels of `octroi_waited`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WaitedLabels {
    tier: Word,
    end: Word,
}

/// Labels of `octroi_crossings`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CrossingLabels {
    from: Word,
    to: Word,
    cause: Word,
}

/// Labels of `octroi_smaller`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SmallerLabels {
    model: Word,
    smaller: Word,
}

/// The families.
#[derive(Debug)]
pub(super) struct Waiting {
    requests: Family<TierLabel, Gauge<i64>>,
    waited: Family<WaitedLabels, Histogram>,
    crossings: Family<CrossingLabels, Counter>,
    smaller: Family<SmallerLabels, Counter>,
    own_work: Gauge<i64>,
    own_work_max: Gauge<i64>,
}

/// Bounds of waits in seconds.
const SECONDS: [f64; 9] = [0.01, 0.05, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0];

impl Default for Waiting {
    fn default() -> Self {
        let waited = Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        let (requests, crossings, smaller) = Default::default();
        let (own_work, own_work_max) = Default::default();
        Self { requests, waited, crossings, smaller, own_work, own_work_max }
    }
}

impl Waiting {
    pub(super) fn register(&self, r: &mut Registry) {
        r.register("requests_waiting", "Requests that wait for room at a backend, by tier", self.requests.clone());
        r.register_with_unit("waited", "Time that requests waited for room", Unit::Seconds, self.waited.clone());
        r.register(
            "crossings",
            "Requests sent to a farther tier than the one that did not serve",
            self.crossings.clone(),
        );
        r.register("own_work", "Requests that are being read, inspected and decided on", self.own_work.clone());
        r.register("own_work_max", "Those that may be; falls when the work is late", self.own_work_max.clone());
        r.register("smaller", "Requests that a smaller model at home served", self.smaller.clone());
        // An operator sees that nobody waits, and not that nothing is known.
        for tier in ["on premises", "domestic"] {
            let label = TierLabel { tier: Word::fixed(tier) };
            self.requests.get_or_create(&label).set(0);
            drop(self.waited.get_or_create(&WaitedLabels { tier: label.tier, end: Word::fixed("served") }));
        }
    }
}

/// A request that waits, until it is dropped.
#[derive(Debug)]
pub struct Waits<'t> {
    telemetry: &'t Telemetry,
    tier: Word,
    began: Instant,
    end: &'static str,
}

impl Waits<'_> {
    /// How the wait ended; without this its client left.
    pub fn ended(mut self, end: &'static str) {
        self.end = end;
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let (tier, took): (_, Duration) = (self.tier.clone(), self.began.elapsed());
        self.telemetry.waiting.requests.get_or_create(&TierLabel { tier: tier.clone() }).dec();
        let labels = WaitedLabels { tier, end: Word::fixed(self.end) };
        self.telemetry.waiting.waited.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

impl Telemetry {
    /// A request begins to wait for room in a tier.
    #[expect(clippy::disallowed_methods, reason = "a duration for a metric: nothing depends on it")]
    pub fn waits(&self, tier: &Word) -> Waits<'_> {
        self.waiting.requests.get_or_create(&TierLabel { tier: tier.clone() }).inc();
        Waits { telemetry: self, tier: tier.clone(), began: Instant::now(), end: "left" }
    }

    /// Requests that the gateway works on itself, and that it may.
    pub fn own_work(&self, in_work: usize, most: usize) {
        self.waiting.own_work.set(i64::try_from(in_work).unwrap_or(i64::MAX));
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let before = self.waiting.own_work_max.set(most);
        if before > most {
            tracing::warn!(most, "Own work is late: fewer requests are taken on at one time");
        }
    }

    /// A request is about to be sent to a farther tier than the one that did not serve.
    pub fn crossed(&self, id: RequestId, crossed: &Crossed) {
        let Crossed { from, to, cause } = crossed.clone();
        tracing::warn!(request = %id, from = %from, to = %to, cause = %cause, "Request fell back to another tier");
        self.waiting.crossings.get_or_create(&CrossingLabels { from, to, cause }).inc();
    }

    /// A request is about to be sent to the smaller model.
    pub fn took_smaller(&self, id: RequestId, model: &Word, smaller: &Word) {
        tracing::info!(request = %id, model = %model, smaller = %smaller, "Smaller model taken at home");
        let labels = SmallerLabels { model: model.clone(), smaller: smaller.clone() };
        self.waiting.smaller.get_or_create(&labels).inc();
    }
}
