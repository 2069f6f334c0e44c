//! What health, readiness and the gauges are told from.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::console;
use crate::gateway::Gate;
use crate::model::Word;

/// What health and readiness are told from.
#[derive(Debug)]
pub struct Status {
    pub(super) gate: Arc<Gate>,
    rejected: Mutex<Option<String>>,
    scenarios: Mutex<Vec<String>>,
    keys: Mutex<Option<String>>,
    pub(super) draining: AtomicBool,
}

impl Status {
    /// The status of a gate.
    pub fn new(gate: Arc<Gate>) -> Self {
        let (rejected, scenarios, keys) = Default::default();
        Self { gate, rejected, scenarios, keys, draining: AtomicBool::new(false) }
    }

    /// What is wrong with the newest files, each in full; nothing when they are in force.
    pub(super) fn set_rejected(&self, problems: &[String]) {
        self.gate.telemetry.policy_rejected(!problems.is_empty());
        *self.rejected.lock().unwrap_or_else(PoisonError::into_inner) =
            (!problems.is_empty()).then(|| problems.join("\n\n"));
    }

    /// The scenarios that the policy now in force does not do.
    pub(super) fn set_scenarios(&self, untrue: Vec<String>) {
        self.gate.telemetry.policy_scenarios_failing(untrue.len());
        *self.scenarios.lock().unwrap_or_else(PoisonError::into_inner) = untrue;
    }

    /// What is wrong with the file of keys; nothing when it is in force.
    pub(super) fn set_keys_problem(&self, problem: Option<String>) {
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    }

    /// The same, as it was told last.
    pub(super) fn keys_problem(&self) -> Option<String> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Brings the gauges up to date.
    pub(super) fn observe(&self) {
        let telemetry = &self.gate.telemetry;
        let audit = &self.gate.audit;
        telemetry.audit(audit.head().size, audit.epoch(), audit.healthy());
        telemetry.body_bytes(self.gate.budget.bytes(), self.gate.budget.bound());
        let (in_work, most) = self.gate.overload.load();
        telemetry.own_work(in_work, most);
        let snapshot = self.gate.snapshot();
        telemetry.quota_store_up(snapshot.quota.store.is_up());
        if let Some(work) = snapshot.scanner.encoder() {
            telemetry.encoder(work.on_device, work.passages_on_device, work.passages_on_processor);
        }
        for backend in snapshot.pool.backends() {
            telemetry.backend_up(backend.name(), backend.available());
            telemetry.endpoints(backend.name(), backend.endpoints_up(), backend.endpoints());
        }
        let freeze = snapshot.freeze.as_ref().filter(|freeze| self.gate.now() < freeze.until);
        telemetry.policy_frozen_until(freeze.map_or(0.0, |freeze| freeze.until.as_duration().as_secs_f64()));
    }
}

impl console::Facts for Status {
    fn metrics(&self) -> String {
        self.observe();
        self.gate.telemetry.page()
    }

    fn readiness(&self) -> console::Readiness {
        let snapshot = self.gate.snapshot();
        let backends = snapshot.pool.backends().map(|backend| console::BackendState {
            name: backend.name().clone(),
            up: backend.available(),
            why: backend.why().map(|why| why.to_string()),
        });
        let policy = &snapshot.policy;
        let freeze = snapshot.freeze.as_ref().filter(|freeze| self.gate.now() < freeze.until);
        console::Readiness {
            draining: self.draining.load(Ordering::Relaxed),
            audit: self.gate.audit.healthy(),
            policy: format!("{} version {}", policy.name(), policy.version()),
            policy_digest: policy.digest().to_string(),
            policy_valid_until: policy.valid_until().map(|until| until.to_string()),
            freeze: freeze.map(|freeze| console::Freeze {
                until: freeze.until.to_string(),
                by: freeze.by.clone(),
                because: freeze.because.clone(),
                order: freeze.order.to_string(),
            }),
            shadow: snapshot.shadow.as_ref().map(|policy| format!("{} version {}", policy.name(), policy.version())),
            shadow_digest: snapshot.shadow.as_ref().map(|policy| policy.digest().to_string()),
            rejected: self.rejected.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            scenarios: self.scenarios.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            keys: self.keys_problem(),
            encoder: snapshot.scanner.encoder().map(|work| console::EncoderState {
                place: Word::fixed(if work.on_device { "gpu" } else { "processor" }),
                why: work.why.map(Word::fixed),
            }),
            backends: backends.collect(),
        }
    }
}
