//! What the gateway says of itself: one struct per event, each giving a log line and the metrics that belong to it.
//!
//! Labels and log fields are [`Word`]s, numbers and fixed text: by type no byte of a request can enter (law 6). Spans carry
//! the names of OpenTelemetry's semantic conventions for generative AI; content attributes are never set. Exporters are
//! wired in `app.rs`.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod encoder;
pub mod events;
mod quota;
mod sealing;
pub mod shadow;
pub mod waiting;
pub mod witness;

use std::fmt::Write as _;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram as OtelHistogram, Meter};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::model::Word;

impl EncodeLabelValue for Word {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        encoder.write_str(self.as_str())
    }
}

/// Labels of `octroi_requests`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    operation: Word,
    app: Word,
    status: u32,
    code: Word,
}

/// Labels of `octroi_attempts`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    backend: Word,
    cause: Word,
}

/// One label: a backend.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BackendLabel {
    backend: Word,
}

/// Labels of `octroi_findings` and `octroi_changes`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EntityLabels {
    entity: Word,
    action: Word,
}

/// Labels of `octroi_unknown_leaves`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LeafLabels {
    dialect: Word,
    /// A place of the dialect's table, never a key of the caller's.
    path: Word,
}

/// Labels of `octroi_reloads`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    what: Word,
    result: Word,
}

/// One label: an operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabel {
    operation: Word,
}

/// Every metric of the gateway, and the registry they are scraped from.
pub struct Telemetry {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    duration: Family<OperationLabel, Histogram>,
    first_byte: Family<OperationLabel, Histogram>,
    added: Family<OperationLabel, Histogram>,
    attempts: Family<AttemptLabels, Counter>,
    findings: Family<EntityLabels, Counter>,
    changes: Family<EntityLabels, Counter>,
    unknown_leaves: Family<LeafLabels, Counter>,
    restored: Counter,
    foreign: Counter,
    withheld: Counter,
    backend_up: Family<BackendLabel, Gauge>,
    endpoints_up: Family<BackendLabel, Gauge>,
    endpoints: Family<BackendLabel, Gauge>,
    audit_up: Gauge,
    audit_entries: Gauge<i64>,
    audit_epoch: Gauge<i64>,
    reloads: Family<ReloadLabels, Counter>,
    panics: Counter,
    in_work: Gauge<i64>,
    body_bytes: Gauge<i64>,
    body_bytes_max: Gauge<i64>,
    policy_valid_until: Gauge<f64, AtomicU64>,
    policy_frozen_until: Gauge<f64, AtomicU64>,
    policy_rejected: Gauge,
    policy_scenarios_failing: Gauge,
    shadow: shadow::Shadow,
    waiting: waiting::Waiting,
    quota: quota::Quota,
    witnesses: witness::Witnesses,
    sealing: sealing::Sealing,
    encoders: encoder::Encoders,
    certificate_valid_until: Gauge<f64, AtomicU64>,
    gen_ai_duration: OtelHistogram<f64>,
    gen_ai_first_token: OtelHistogram<f64>,
    gen_ai_tokens: OtelHistogram<u64>,
}

impl std::fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Telemetry(..)")
    }
}

/// Bounds of durations in seconds: 50 µs, where the gateway's own work lies, to two minutes, where long answers end.
const SECONDS: [f64; 16] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 20.0, 60.0, 120.0];

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

impl Telemetry {
    /// Makes the families; `meter` also receives those that OpenTelemetry's conventions name.
    pub fn new(meter: &Meter) -> Self {
        let histogram = |name: &'static str, unit: &'static str, about: &'static str| {
            meter.f64_histogram(name).with_unit(unit).with_description(about).build()
        };
        let mut telemetry = Self {
            registry: Registry::with_prefix("octroi"),
            requests: Family::default(),
            duration: Family::new_with_constructor(seconds),
            first_byte: Family::new_with_constructor(seconds),
            added: Family::new_with_constructor(seconds),
            attempts: Family::default(),
            findings: Family::default(),
            changes: Family::default(),
            unknown_leaves: Family::default(),
            restored: Counter::default(),
            foreign: Counter::default(),
            withheld: Counter::default(),
            backend_up: Family::default(),
            endpoints_up: Family::default(),
            endpoints: Family::default(),
            audit_up: Gauge::default(),
            audit_entries: Gauge::default(),
            audit_epoch: Gauge::default(),
            reloads: Family::default(),
            panics: Counter::default(),
            in_work: Gauge::default(),
            body_bytes: Gauge::default(),
            body_bytes_max: Gauge::default(),
            policy_valid_until: Gauge::default(),
            policy_frozen_until: Gauge::default(),
            policy_rejected: Gauge::default(),
            policy_scenarios_failing: Gauge::default(),
            shadow: shadow::Shadow::default(),
            waiting: waiting::Waiting::default(),
            quota: quota::Quota::default(),
            witnesses: witness::Witnesses::default(),
            sealing: sealing::Sealing::default(),
            encoders: encoder::Encoders::default(),
            certificate_valid_until: Gauge::default(),
            gen_ai_duration: histogram("gen_ai.server.request.duration", "s", "Duration of a request"),
            gen_ai_first_token: histogram(
                "gen_ai.server.time_to_first_token",
                "s",
                "Time to the first byte of an answer",
            ),
            gen_ai_tokens: meter.u64_histogram("gen_ai.client.token.usage").with_unit("{token}").build(),
        };
        telemetry.register();
        telemetry.register_bounds();
        telemetry
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("requests", "Requests by app, status and refusal code", self.requests.clone());
        r.register_with_unit(
            "request_duration",
            "Accept to the end of the answer",
            Unit::Seconds,
            self.duration.clone(),
        );
        r.register_with_unit(
            "first_byte",
            "Accept to the first byte of the answer",
            Unit::Seconds,
            self.first_byte.clone(),
        );
        r.register_with_unit("added", "Accept to dispatch: the gateway's own work", Unit::Seconds, self.added.clone());
        r.register("attempts", "Backends tried, by how the attempt ended", self.attempts.clone());
        r.register("findings", "Values found, by type", self.findings.clone());
        r.register("changes", "Values changed before sending, by type and action", self.changes.clone());
        r.register(
            "unknown_leaves",
            "Leaves of requests, and texts of answers, that no table of their API names, by its nearest place",
            self.unknown_leaves.clone(),
        );
        r.register("restored", "Pseudonyms restored in answers", self.restored.clone());
        r.register(
            "foreign_tokens",
            "Strings in answers that look like pseudonyms of another request",
            self.foreign.clone(),
        );
        r.register("withheld_tokens", "Pseudonyms left in addresses of answers", self.withheld.clone());
        r.register("backend_up", "1 while the backend is in use", self.backend_up.clone());
        r.register("endpoints_up", "Servers of a backend that are in use", self.endpoints_up.clone());
        r.register("endpoints", "Servers of a backend, in use or not", self.endpoints.clone());
        r.register("audit_up", "1 while the audit log can write", self.audit_up.clone());
        r.register("audit_entries", "Entries in the audit log", self.audit_entries.clone());
        r.register("audit_epoch", "Epoch of the audit log: another one begins at no entries", self.audit_epoch.clone());
        r.register("reloads", "Reloads of policy, configuration and certificates", self.reloads.clone());
        r.register("panics", "Requests refused because the gateway failed inside", self.panics.clone());
        r.register("requests_in_work", "Requests being served", self.in_work.clone());
        r.register("body_bytes_held", "Memory that bodies of requests and answers take", self.body_bytes.clone());
    }

    /// What the operator compares the others with: bounds and dates.
    fn register_bounds(&mut self) {
        // Without TLS no certificate ends.
        self.certificate_valid_until.set(f64::INFINITY);
        let r = &mut self.registry;
        r.register("body_bytes_max", "Memory that bodies may take", self.body_bytes_max.clone());
        r.register(
            "certificate_valid_until",
            "Time at which the first of the listeners' certificates ends",
            self.certificate_valid_until.clone(),
        );
        r.register(
            "policy_valid_until",
            "Time past which only backends on premises are used",
            self.policy_valid_until.clone(),
        );
        r.register(
            "policy_frozen_until",
            "Time until which only backends on premises are used because of an emergency freeze; 0 without one",
            self.policy_frozen_until.clone(),
        );
        r.register(
            "policy_rejected",
            "1 while the newest files are not in force because something is wrong with them",
            self.policy_rejected.clone(),
        );
        r.register(
            "policy_scenarios_failing",
            "Scenarios that the policy in force does not do",
            self.policy_scenarios_failing.clone(),
        );
        self.shadow.register(r);
        self.waiting.register(r);
        self.quota.register(r);
        self.witnesses.register(r);
        self.sealing.register(r);
        self.encoders.register(r);
    }

    /// The page that Prometheus scrapes, in `OpenMetrics` text format.
    pub fn page(&self) -> String {
        let mut page = String::new();
        if text::encode(&mut page, &self.registry).is_err() {
            page.clear();
            page.push_str("# EOF\n");
        }
        page
    }

    /// A request is being served until the guard is dropped.
    pub fn in_work(&self) -> InWork {
        self.in_work.inc();
        InWork(self.in_work.clone())
    }

    /// How many requests are being served.
    pub fn requests_in_work(&self) -> i64 {
        self.in_work.get()
    }

    /// Time from accept to dispatch.
    pub fn added(&self, operation: &Word, time: Duration) {
        self.added.get_or_create(&OperationLabel { operation: operation.clone() }).observe(time.as_secs_f64());
    }

    fn gen_ai(&self, ended: &events::RequestEnded<'_>) {
        let name = |key, word: &Word| KeyValue::new(key, word.to_string());
        let mut attributes = vec![
            name("gen_ai.operation.name", &ended.operation),
            name("gen_ai.request.model", &ended.model),
            KeyValue::new("gen_ai.provider.name", "openai"),
        ];
        if let Some(backend) = ended.backend {
            attributes.push(name("server.address", backend));
        }
        self.gen_ai_duration.record(ended.total.as_secs_f64(), &attributes);
        self.gen_ai_first_token.record(ended.first_byte.as_secs_f64(), &attributes);
        for (kind, count) in [("input", ended.input_tokens), ("output", ended.output_tokens)] {
            if let Some(count) = count {
                let mut attributes = attributes.clone();
                attributes.push(KeyValue::new("gen_ai.token.type", kind));
                self.gen_ai_tokens.record(count, &attributes);
            }
        }
    }
}

/// Counts a request as in work until dropped.
#[derive(Debug)]
pub struct InWork(Gauge<i64>);

impl Drop for InWork {
    fn drop(&mut self) {
        self.0.dec();
    }
}
